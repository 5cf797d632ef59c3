"""Validated ingest with history beside a plain INSERT … SELECT of the same rows, and single online writes beside plain ones.

    tests/bench/feature_ingest.py [rows …]      100 000, 1 000 000 and 10 000 000 unless told

Both fill a table of the same shape on disk, in a transaction each, from the same staging table: 2 keys, 6 features with
11 rules. The corrections are a second batch in which a tenth of the rows differ, so that their old versions move to the history.
"""

import os
import sqlite3
import sys
import tempfile
import time

from helpers.stores import groups

GROUP = {
    "feature_group": "load", "version": "1.0.0", "description": "of the benchmark", "entity": "athlete", "keys": ["athlete_id"],
    "features": [{"name": f"x{i}", "type": "numerical", "min": 0, "max": 1e6, "not_null": i < 2} for i in range(4)]
    + [{"name": "kind", "type": "categorical", "allowed": ["run", "ride", "swim"]}, {"name": "count", "type": "integer", "min": 0}],
}
COLUMNS = groups.columns(GROUP)


def fill(db, n):
    db.execute("CREATE TABLE staging (athlete_id TEXT, event_timestamp TEXT, x0 REAL, x1 REAL, x2 REAL, x3 REAL, kind TEXT, count INTEGER, available_at TEXT)")
    db.execute(f"""
        WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < {n - 1})
        INSERT INTO staging SELECT printf('%07d', i / 1000), strftime('%Y-%m-%dT%H:%M:%SZ', 1600000000 + i % 1000 * 86400, 'unixepoch'),
               i % 977 + 0.5, i % 991 * 1.25, i % 1009 + 0.25, CASE WHEN i % 7 THEN i % 13 END, CASE i % 3 WHEN 0 THEN 'run' WHEN 1 THEN 'ride' ELSE 'swim' END,
               i % 50, strftime('%Y-%m-%dT%H:%M:%SZ', 1600086400 + i % 1000 * 86400, 'unixepoch') FROM n""")


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def plain(db):
    db.execute("BEGIN IMMEDIATE")
    db.execute(f"INSERT INTO plain SELECT {', '.join(COLUMNS)} FROM staging")
    db.execute("COMMIT")


def online(path, n):
    """One entity per transaction in WAL: rows/s of plain INSERTs, of new rows through the group, of plain UPSERTs, of changes."""
    db = groups.new_database(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    listed, marks = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
    rows = [(f"o{i % 5000}", f"2026-01-{1 + i // 5000 % 28:02d}T00:00:00Z", 1.5, 2.5, 3.5, 4.5, "run", i % 50, f"2026-01-{1 + i // 5000 % 28:02d}T00:00:00Z")
            for i in range(n)]
    later = [(*row[:2], 9.5, *row[3:]) for row in rows]
    plain_upsert = (f"INSERT INTO plain ({listed}) VALUES ({marks}) ON CONFLICT DO UPDATE SET "
                    + ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[2:]))
    group = f"INSERT INTO load_ingest ({listed}) VALUES ({marks})"
    speeds = []
    for statement, batch in ((f"INSERT INTO plain ({listed}) VALUES ({marks})", rows), (group, rows), (plain_upsert, later), (group, later)):
        speeds.append(n / timed(lambda: [db.execute(statement, row) for row in batch]))  # noqa: B023, called at once
    db.close()
    return speeds


def batches(n, folder):
    path = f"{folder}/{n}.db"
    db = groups.store(GROUP, path=path)
    db.execute("PRAGMA cache_size = -200000")
    db.execute("PRAGMA synchronous = NORMAL")
    shape = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'load'").fetchone()[0]
    db.execute(shape.replace('"load"', '"plain"', 1))
    fill(db, n)
    base = timed(lambda: plain(db))
    ours = timed(lambda: groups.ingest(db, GROUP, "staging"))
    assert db.execute("SELECT COUNT(*) FROM load").fetchone()[0] == n
    again = timed(lambda: groups.ingest(db, GROUP, "staging"))
    db.execute("UPDATE staging SET x0 = x0 + 1 WHERE rowid % 10 = 0")
    corrections = timed(lambda: groups.ingest(db, GROUP, "staging"))
    assert db.execute("SELECT COUNT(*) FROM load_history").fetchone()[0] == n // 10
    db.close()
    print(f"{n:>10} {n / base:14.0f} {n / ours:14.0f} {ours / base:6.2f} x {n / again:14.0f} {n / corrections:14.0f}", flush=True)
    return path


def main():
    sizes = [int(a) for a in sys.argv[1:]] or [100_000, 1_000_000, 10_000_000]
    print(f"SQLite {sqlite3.sqlite_version}, rows of {len(COLUMNS)} columns, rows/s")
    print(f"{'rows':>10} {'plain INSERT':>14} {'validated':>14} {'ratio':>8} {'same again':>14} {'tenth changed':>14}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        for n in sizes:
            path = batches(n, folder)
            single = min(n // 10, 100_000)
            insert, new, upsert, changed = online(path, single)
            print(f"{'':>10} one row per transaction, WAL: plain INSERT {insert:.0f}/s, validated {new:.0f}/s, {insert / new:.2f} x; "
                  f"plain UPSERT {upsert:.0f}/s, change with history {changed:.0f}/s, {upsert / changed:.2f} x", flush=True)
            os.remove(path)


if __name__ == "__main__":
    main()
