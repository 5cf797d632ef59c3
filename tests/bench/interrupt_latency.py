"""How long a call runs on after it was asked to stop: the worst of several runs for each workload.

    python tests/bench/interrupt_latency.py [--rows 1000000] [--moments 6]

First the workloads of tests/helpers/workloads.py, stopped a tenth of a second after their start. Then training, scoring and
explaining over a table of `--rows` x 28, each stopped at moments spread evenly over the time that it takes undisturbed, so
that reading, binning, growing and writing all are met: once by a progress handler, as Datasette does it, and once by
sqlite3_interrupt from another thread, as Ctrl-C does.
"""

import argparse
import pathlib
import sqlite3
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
from laws import test_interrupt
from helpers.extension import connect
from helpers.workloads import WORKLOADS

RUNS = 5
FEATURES = ", ".join(f"f{i}" for i in range(28))


def small_workloads():
    print(f"SQLite {sqlite3.sqlite_version}, worst of {RUNS} runs")
    print(f"{'workload':50}{'interrupt':>12}{'handler':>12}")
    for name in WORKLOADS:
        interrupt = max(test_interrupt.interrupted(name)[1] for _ in range(RUNS))
        handler = max(test_interrupt.timed_out(name)[1] for _ in range(RUNS))
        print(f"{name:50}{interrupt * 1000:>9.0f} ms{handler * 1000:>9.0f} ms", flush=True)


def large_table(rows):
    db = connect()
    columns = ", ".join(f"(i * {7919 + 2 * f} + {f} * i * i) % {100003 - f} / 64.0 AS f{f}" for f in range(28))
    db.execute(
        f"CREATE TABLE t AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
        f"SELECT i, {columns}, (i * 48271 % 65537) / 65537.0 + (i * 7919 % 100003 > 50000) AS y FROM n"
    )
    return db


def large_workloads(db):
    model = db.execute(f"SELECT gbdt_train('{{\"max_leaves\": 31, \"max_depth\": 0}}', y, {FEATURES}) FROM t WHERE i < 20000").fetchone()[0]
    train = f"SELECT length(gbdt_train(?, y, {FEATURES})) FROM t"
    rows = f"SELECT i, {FEATURES} FROM t"
    return {
        "train, squared error": (train, ('{"max_leaves": 31, "max_depth": 0, "num_boost_round": 30}',)),
        "train, absolute error": (train, ('{"max_leaves": 31, "max_depth": 0, "num_boost_round": 10, "objective": "reg:absoluteerror"}',)),
        "train, half of the rows, a deep tree": (train, ('{"max_depth": 12, "subsample": 0.5, "num_boost_round": 10}',)),
        "score": ("SELECT sum(value) FROM gbdt_score(?, ?)", (model, rows)),
        "explain": ("SELECT sum(contribution) FROM gbdt_explain(?, ?)", (model, f"{rows} WHERE i < 50000")),
    }


def stopped_by_handler(db, sql, parameters, moment):
    """Seconds from the wish to the stop, or None if the call had ended before."""
    deadline = time.monotonic() + moment
    db.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
    try:
        db.execute(sql, parameters).fetchall()
        return None
    except sqlite3.OperationalError as stop:
        assert str(stop) == "interrupted"
        return time.monotonic() - deadline
    finally:
        db.set_progress_handler(None, 0)


def stopped_by_interrupt(db, sql, parameters, moment):
    """The same, asked by another thread."""
    asked = []
    timer = threading.Timer(moment, lambda: (asked.append(time.monotonic()), db.interrupt()))
    timer.start()
    try:
        db.execute(sql, parameters).fetchall()
        return None
    except sqlite3.OperationalError as stop:
        assert str(stop) == "interrupted"
        return time.monotonic() - asked[0]
    finally:
        timer.cancel()
        timer.join()


def worst(stopped, db, sql, parameters, moments):
    return max(s for s in (stopped(db, sql, parameters, m) for m in moments) if s is not None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--moments", type=int, default=6)
    parser.add_argument("--only", default="", help="large workloads whose names begin so, without the small ones")
    options = parser.parse_args()
    if not options.only:
        small_workloads()
    db = large_table(options.rows)
    print(f"\n{options.rows} rows x 28, worst of {options.moments} moments\n{'':50}{'undisturbed':>12}{'interrupt':>12}{'handler':>12}")
    for name, (sql, parameters) in large_workloads(db).items():
        if not name.startswith(options.only):
            continue
        began = time.monotonic()
        db.execute(sql, parameters).fetchall()
        whole = time.monotonic() - began
        moments = [whole * (i + 0.5) / options.moments for i in range(options.moments)]
        interrupt = worst(stopped_by_interrupt, db, sql, parameters, moments)
        handler = worst(stopped_by_handler, db, sql, parameters, moments)
        print(f"{name:50}{whole:>10.2f} s{interrupt * 1000:>9.0f} ms{handler * 1000:>9.0f} ms", flush=True)


if __name__ == "__main__":
    main()
