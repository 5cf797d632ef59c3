"""Validated ingest with history beside a plain INSERT … SELECT of the same rows, and single online writes.

    tests/bench/feature_ingest.py [rows]        10 000 000 unless told

Both fill a table of the same shape on disk, in a transaction each, from the same staging table: 2 keys, 6 features with
11 rules. The corrections are a second batch in which a tenth of the rows differ, so that their old versions move to the history.
"""

import json
import os
import pathlib
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "store"))

import groups  # noqa: E402

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
    """One entity per transaction in WAL."""
    db = groups.new_database(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    insert = f"INSERT INTO load_ingest VALUES ({', '.join('?' * len(COLUMNS))})"
    rows = [(f"o{i % 5000}", f"2026-01-{1 + i // 5000 % 28:02d}T00:00:00Z", 1.5, 2.5, 3.5, 4.5, "run", i % 50, None) for i in range(n)]
    start = time.perf_counter()
    for row in rows:
        db.execute(f"INSERT INTO plain VALUES ({', '.join('?' * len(COLUMNS))})", (*row[:-1], row[1]))
    bare = n / (time.perf_counter() - start)
    start = time.perf_counter()
    for row in rows:
        db.execute(insert, row)
    new = n / (time.perf_counter() - start)
    start = time.perf_counter()
    for row in rows:
        db.execute(insert, (*row[:2], 9.5, *row[3:]))
    changed = n / (time.perf_counter() - start)
    db.close()
    return bare, new, changed


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        path = f"{folder}/bench.db"
        db = groups.store(GROUP, path=path)
        db.execute("PRAGMA cache_size = -200000")
        db.execute("PRAGMA synchronous = NORMAL")
        shape = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'load'").fetchone()[0]
        db.execute(shape.replace('"load"', '"plain"', 1))
        fill(db, n)
        print(f"SQLite {sqlite3.sqlite_version}, {n} rows of {len(COLUMNS)} columns")
        base = timed(lambda: plain(db))
        ours = timed(lambda: groups.ingest(db, GROUP, "staging"))
        assert db.execute("SELECT COUNT(*) FROM load").fetchone()[0] == n
        print(f"plain INSERT … SELECT   {base:7.2f} s  {n / base:10.0f} rows/s")
        print(f"validated, with history {ours:7.2f} s  {n / ours:10.0f} rows/s   {ours / base:.2f} x")
        again = timed(lambda: groups.ingest(db, GROUP, "staging"))
        print(f"the same batch again    {again:7.2f} s  {n / again:10.0f} rows/s   nothing changes")
        db.execute("UPDATE staging SET x0 = x0 + 1 WHERE rowid % 10 = 0")
        corrections = timed(lambda: groups.ingest(db, GROUP, "staging"))
        moved = db.execute("SELECT COUNT(*) FROM load_history").fetchone()[0]
        print(f"a tenth corrected       {corrections:7.2f} s  {n / corrections:10.0f} rows/s   {moved} versions to the history")
        db.close()
        bare, new, changed = online(path, min(n // 10, 100_000))
        print(f"online, one row per transaction: plain {bare:.0f} rows/s, validated {new:.0f} rows/s, changes {changed:.0f} rows/s")


if __name__ == "__main__":
    main()
