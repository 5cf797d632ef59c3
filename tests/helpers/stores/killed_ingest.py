"""A process that ingests, killed with SIGKILL at random moments again and again, and the database looked at after each kill.

Each batch changes every row of a group, so that the old versions move to the history, and has rows that are rejected. A batch
whose end the process has printed is acknowledged: it must be there. Any other is there whole or not at all, with its values,
its history, its rejects and its line in the audit.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

from helpers.extension import EXTENSION, ROOT
from helpers.stores.groups import SLEEP, store

N_GOOD, N_BAD = 300, 5

WRITER = """
from helpers.stores import groups
from helpers.extension import connect
db = connect({path!r}, isolation_level=None, timeout=30)
db.execute("PRAGMA journal_mode = {journal}")
batch = db.execute("SELECT COALESCE(MAX(sleep_h), 0) FROM athlete_sleep").fetchone()[0]
while True:
    batch += 0.001
    source = (f"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < {n}) SELECT 'a' || i AS athlete_id, "
              f"'2024-01-01' AS event_timestamp, CASE WHEN i > {good} THEN 25 + {{batch}} ELSE {{batch}} END AS sleep_h, 50 AS resting_hr FROM n")
    groups.ingest(db, groups.SLEEP, source)
    print(batch, flush=True)
"""


def killed_ingest(path, kills, seed, journal):
    """Kills a process that ingests at random moments; after each kill everything that it acknowledged is there, and no half."""
    rng = random.Random(seed)
    store(SLEEP, path=path).close()
    code = WRITER.format(path=str(path), journal=journal, n=N_GOOD + N_BAD, good=N_GOOD)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "ATHLETE_EXTENSION": EXTENSION}
    acknowledged, batches = 0.0, 0
    for _ in range(kills):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        first = writer.stdout.readline()  # it writes; from now on any moment will do
        time.sleep(rng.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        seen = (first + writer.stdout.read()).split("\n")[:-1]
        writer.wait()
        acknowledged = max([acknowledged, *map(float, seen)])
        db = sqlite3.connect(path)
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        values = db.execute("SELECT DISTINCT sleep_h FROM athlete_sleep").fetchall()
        assert len(values) == 1, "half a batch"
        batch, rows_there = values[0][0], db.execute("SELECT COUNT(*) FROM athlete_sleep").fetchone()[0]
        assert rows_there == N_GOOD and batch >= acknowledged - 1e-9
        done = db.execute("SELECT COUNT(*) FROM ops_audit WHERE action = 'ingest'").fetchone()[0]
        assert abs(done * 0.001 - batch) < 1e-6, "a batch without its line in the audit"
        assert db.execute("SELECT COUNT(*) FROM feature_rejects").fetchone()[0] == done * N_BAD
        halves = "SELECT COUNT(*) FROM (SELECT 1 FROM athlete_sleep_history GROUP BY sleep_h HAVING COUNT(*) <> ?)"
        assert db.execute(halves, (N_GOOD,)).fetchone()[0] == 0, "half a batch in the history"
        assert db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'athlete_sleep_once'").fetchone()[0] == 1
        batches = done
        db.close()
    return batches
