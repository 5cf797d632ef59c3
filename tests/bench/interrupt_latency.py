"""How long a call runs on after it was asked to stop: the worst of several runs for each workload.

    python tests/bench/interrupt_latency.py
"""

import pathlib
import sqlite3
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "checks")]

import test_interrupt  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

RUNS = 5

print(f"SQLite {sqlite3.sqlite_version}, worst of {RUNS} runs")
print(f"{'workload':50}{'interrupt':>12}{'handler':>12}")
for name in WORKLOADS:
    interrupt = max(test_interrupt.interrupted(name)[1] for _ in range(RUNS))
    handler = max(test_interrupt.timed_out(name)[1] for _ in range(RUNS))
    print(f"{name:50}{interrupt * 1000:>9.0f} ms{handler * 1000:>9.0f} ms")
