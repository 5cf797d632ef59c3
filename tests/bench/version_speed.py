"""Speed beside another version of athlete: work that both do, in turn, each in a process of its own.

    PYTHONPATH=tests tests/bench/version_speed.py ../before                   medians of 15 runs each, seconds of CPU
    PYTHONPATH=tests tests/bench/version_speed.py ../before --instructions    counted by valgrind, one run each

The other version is a checkout that `make` has built. The first column is what it took, the second what this one takes.
"""

import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys

from helpers.extension import ROOT, connect

NUMBERS = ("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < {n} - 1)"
           " SELECT {columns} FROM n")  # fmt: skip
FEATURES = ", ".join(f"f{k}" for k in range(10))
DEFINITION = """{"feature_group": "load", "version": "1.0.0", "description": "of the benchmark", "entity": "athlete", "keys": ["athlete_id"], "features": [
    {"name": "x", "type": "numerical", "min": 0, "max": 1e6, "not_null": true}, {"name": "kind", "type": "categorical", "allowed": ["run", "ride"]}]}"""
DAY = "strftime('%Y-%m-%dT%H:%M:%SZ', 1600000000 + i % 1000 * 86400, 'unixepoch')"


def rows(db, table, n, *columns):
    db.execute(f"CREATE TABLE {table} AS {NUMBERS.format(n=n, columns=', '.join(columns))}")


def table(db, n):
    rows(db, "t", n, "i AS id", *(f"(i * {7919 + 2 * k} % 10007) / 100.0 AS f{k}" for k in range(10)))
    db.execute("ALTER TABLE t ADD COLUMN y")
    db.execute("UPDATE t SET y = f0 * 0.1 + f1 * f2 * 0.01 - f3 * 0.2")


def model(db):
    return db.execute(f"SELECT gbdt_train('{{\"num_boost_round\": 50, \"max_depth\": 5}}', y, {FEATURES}) FROM t").fetchone()[0]


def train(db):
    table(db, 100_000)
    yield
    model(db)


def score(db):
    table(db, 400_000)
    made = model(db)
    yield
    db.execute(f"SELECT COUNT(*) FROM gbdt_score(?, 'SELECT id, {FEATURES} FROM t')", (made,)).fetchall()


def explain(db):
    table(db, 60_000)
    made = model(db)
    yield
    db.execute(f"SELECT COUNT(*) FROM gbdt_explain(?, 'SELECT id, {FEATURES} FROM t LIMIT 10000')", (made,)).fetchall()


def group(db, n):
    db.executescript("""CREATE TABLE ops_actor (who TEXT); INSERT INTO ops_actor VALUES ('local');
        CREATE TABLE ops_config (name TEXT PRIMARY KEY, value) WITHOUT ROWID; INSERT INTO ops_config VALUES ('arrivals', NULL);
        CREATE TABLE athlete_utc_offsets (athlete_id TEXT, local_date TEXT, utc_offset_s INTEGER, PRIMARY KEY (athlete_id, local_date)) WITHOUT ROWID;
        CREATE TABLE ops_audit (audit_id INTEGER PRIMARY KEY, at, who, action, object, detail);
        CREATE TABLE feature_rejects (reject_id INTEGER PRIMARY KEY, group_name, feature, rule, value, reason, row, rejected_at,
                                      UNIQUE (group_name, feature, rule, row));""")
    db.executescript(db.execute("SELECT feature_group_ddl(?)", (DEFINITION,)).fetchone()[0])
    rows(db, "staging", n, "printf('%06d', i / 1000) AS athlete_id", f"{DAY} AS event_timestamp", "i % 977 + 0.5 AS x",
         "CASE i % 2 WHEN 0 THEN 'run' ELSE 'ride' END AS kind", f"{DAY} AS available_at")  # fmt: skip


def ingest(db):
    group(db, 200_000)
    yield
    db.executescript(db.execute("SELECT feature_group_ingest(?, 'SELECT * FROM staging')", (DEFINITION,)).fetchone()[0])


def ingest_single_rows(db):
    group(db, 20_000)
    found = db.execute("SELECT athlete_id, event_timestamp, x, kind, available_at FROM staging").fetchall()
    yield
    db.execute("BEGIN")
    for row in found:
        db.execute("INSERT INTO load_ingest (athlete_id, event_timestamp, x, kind, available_at) VALUES (?, ?, ?, ?, ?)", row)
    db.execute("COMMIT")


def asof(db):
    rows(db, "g", 200_000, "printf('%06d', i / 1000) AS k", f"{DAY} AS at", f"{DAY} AS available_at", "i AS x")
    db.execute("CREATE INDEX g_by_key ON g (k, at)")
    rows(db, "r", 100_000, "printf('%06d', i * 7919 % 200) AS k", f"{DAY} AS at")
    yield
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity='k', timestamp='at', available='available_at')")
    db.execute("SELECT SUM(f.x) FROM r JOIN f ON f.k = r.k AND f.as_of = r.at").fetchall()


def training_load(db):
    rows(db, "a", 60_000, "printf('%04d', i / 1500) AS athlete_id", "date('2015-01-01', (i % 1500 * 2) || ' days') AS day", "i % 97 + 20.5 AS tss")
    yield
    db.execute("SELECT COUNT(*), SUM(ctl_ewma) FROM training_load('SELECT athlete_id, day, tss, 10, 60, 150, 5 FROM a ORDER BY 1, 2')").fetchall()


WORK = {w.__name__: w for w in (train, score, explain, ingest, ingest_single_rows, asof, training_load)}


def child(name, only_prepares):
    """What the work takes beyond its preparation, in seconds of CPU."""
    db = connect(isolation_level=None)
    steps = WORK[name](db)
    next(steps)
    if only_prepares:
        return
    begun = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    next(steps, None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_utime - begun)


def run(checkout, name, *more, valgrind=()):
    environment = os.environ | {"ATHLETE_EXTENSION": str(checkout / "build" / "athlete")}
    return subprocess.run([*valgrind, sys.executable, __file__, "--work", name, *more], env=environment, capture_output=True, text=True, check=True)


def instructions(checkout, name):
    counts = [int(re.search(r"I +refs: +([\d,]+)", run(checkout, name, *more, valgrind=("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")).stderr)[1]
                  .replace(",", "")) for more in ((), ("--only-prepares",))]  # fmt: skip
    return counts[0] - counts[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", nargs="?", type=pathlib.Path)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", choices=WORK, action="append")
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    parser.add_argument("--only-prepares", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.work:
        return child(told.work, told.only_prepares)
    if told.before is None:
        print(__doc__)
        return
    versions = told.before.resolve(), ROOT
    for name in told.only or WORK:
        if told.instructions:
            before, now = (instructions(checkout, name) / 1e6 for checkout in versions)
            print(f"{name:20} {before:12.1f} {now:12.1f} million instructions, {now / before:.3f}", flush=True)
            continue
        spent = [[float(run(checkout, name).stdout) for checkout in versions] for _ in range(told.runs)]
        before, now = (statistics.median(column) for column in zip(*spent))
        print(f"{name:20} {before:9.3f} {now:9.3f} s, {statistics.median(b / a for a, b in spent):.3f} in the median pair", flush=True)


if __name__ == "__main__":
    main()
