"""Publishing a computed group with its history: by the block that `make stages` prints into each stage, and by INSTEAD OF triggers
on a view of the group, which would make the block one INSERT.

    tests/bench/publish.py [rows …]      3000 and 1 000 000 unless told

Both publish the weekly group into a file, from the same rows in temp.computed: all of them new; none changed; a tenth corrected and
a hundredth gone. Both must leave the same rows and the same history.
"""

import json
import os
import re
import sqlite3
import sys
import tempfile
import time

from helpers.extension import ROOT, connect
from helpers.stages import STAGES

GROUP = "athlete_weekly_features"
DEFINITION = (ROOT / "schemas" / "features" / f"{GROUP}.json").read_text()
BLOCK = re.search(rf"-- publish {GROUP}.*\n((?:.*\n)*?)-- end", STAGES["440_weekly_features"])[1]
KEY = ("athlete_id", "week_start")
LATER = "date(o.week_start, '+6 days')"


def new_database(path):
    db = connect(path, isolation_level=None)
    db.executescript("CREATE TABLE ops_actor (who TEXT); INSERT INTO ops_actor VALUES ('local');"
                     "CREATE TABLE ops_audit (audit_id INTEGER PRIMARY KEY, at, who, action, object, detail);"
                     "CREATE TABLE silver_corrections (athlete_id TEXT, from_date TEXT, corrected_at TEXT);"
                     "CREATE INDEX silver_corrections_by_day ON silver_corrections (athlete_id, from_date)")  # fmt: skip
    db.executescript(db.execute("SELECT feature_group_ddl(?)", (DEFINITION,)).fetchone()[0])
    return db


def columns(db, prefix=""):
    return [f'{prefix}"{name}"' for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (GROUP,))]


def triggers(db):
    same = " AND ".join(f"o.{k} = new.{k}" for k in KEY)
    listed, new, old = (", ".join(columns(db, prefix)) for prefix in ("", "new.", "o."))
    until = f"""COALESCE(CASE WHEN new.available_at > o.available_at THEN new.available_at END,
        (SELECT MAX(corrected_at) FROM silver_corrections AS s
         WHERE s.athlete_id = o.athlete_id AND s.from_date <= {LATER} AND s.corrected_at > o.available_at), '2030-01-01T00:00:00Z')"""
    db.executescript(f"""
        CREATE VIEW {GROUP}_publish AS SELECT * FROM {GROUP};
        CREATE TRIGGER {GROUP}_publish_row INSTEAD OF INSERT ON {GROUP}_publish
        WHEN NOT EXISTS (SELECT 1 FROM {GROUP} AS o WHERE {same} AND ({old}) IS ({new}))
        BEGIN
            INSERT INTO {GROUP}_history
            SELECT o.*, {until}, (SELECT who FROM ops_actor) FROM {GROUP} AS o WHERE {same} AND {until} > o.available_at;
            DELETE FROM {GROUP} WHERE {same.replace("o.", "")};
            INSERT INTO {GROUP} ({listed}) VALUES ({new});
        END;
        CREATE TRIGGER {GROUP}_publish_gone INSTEAD OF DELETE ON {GROUP}_publish
        BEGIN
            INSERT INTO {GROUP}_history
            SELECT o.*, {until.replace("new.available_at", "NULL")}, (SELECT who FROM ops_actor) FROM {GROUP} AS o
            WHERE {same.replace("new.", "old.")} AND {until.replace("new.available_at", "NULL")} > o.available_at;
            DELETE FROM {GROUP} WHERE {same.replace("new.", "old.").replace("o.", "")};
        END;""")


def by_triggers(db):
    db.execute(f"INSERT INTO {GROUP}_publish SELECT * FROM computed")
    db.execute(f"""DELETE FROM {GROUP}_publish WHERE (athlete_id, week_start) IN
                   (SELECT o.athlete_id, o.week_start FROM changed AS c CROSS JOIN {GROUP} AS o USING (athlete_id)
                    WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.week_start) = (o.athlete_id, o.week_start)))""")


def by_block(db):
    for statement in filter(str.strip, BLOCK.split(";\n")):
        db.execute(statement)
    db.execute("DROP TABLE temp.outdated")
    db.execute("DROP TABLE temp.fresh")


def compute(db, n, changed):
    """n weeks of athletes of 500 weeks each; with `changed` a tenth are others and a hundredth is not there."""
    makers = {"athlete_id": "printf('%06d', i / 500)", "week_start": "date('2001-01-01', (i % 500 * 7) || ' days')",
              "event_timestamp": "date('2001-01-08', (i % 500 * 7) || ' days') || 'T00:00:00Z'",
              "available_at": f"CASE WHEN {int(changed)} AND i % 10 = 3 THEN '2029-01-01T00:00:00Z' ELSE date('2001-01-08', (i % 500 * 7) || ' days') || 'T00:00:00Z' END"}  # fmt: skip
    types = dict(db.execute("SELECT name, type FROM pragma_table_info(?)", (GROUP,)))
    selected = [makers.get(name.strip('"'), f"{'i % 7' if types[name.strip(chr(34))] == 'INTEGER' else f'i % 997 + {k}.5'}") + f" AS {name}" for k, name in enumerate(columns(db))]
    db.execute("DROP TABLE IF EXISTS temp.computed")
    db.execute(f"""CREATE TEMP TABLE computed AS WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < {n - 1})
                   SELECT {", ".join(selected)} FROM n WHERE NOT ({int(changed)} AND i % 100 = 7)""")
    db.execute(f"CREATE UNIQUE INDEX temp.computed_by_key ON computed ({', '.join(KEY)})")
    db.execute("DROP TABLE IF EXISTS temp.changed")
    db.execute("CREATE TEMP TABLE changed AS SELECT DISTINCT athlete_id, 1 AS position FROM computed")
    db.execute("CREATE TEMP TABLE IF NOT EXISTS stage_clock AS SELECT '2030-01-01T00:00:00Z' AS started_at")


def measured(way, path, n):
    """Seconds of CPU for all new, none changed, some changed; and the rows left."""
    db, spent = new_database(path), []
    if way is by_triggers:
        triggers(db)
    for changed in (False, False, True):
        compute(db, n, changed)
        start = time.process_time()
        db.execute("BEGIN IMMEDIATE")
        way(db)
        db.execute("COMMIT")
        spent.append(time.process_time() - start)
    left = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() if n < 100_000 else db.execute(f"SELECT COUNT(*) FROM {table}").fetchall()
            for table in (GROUP, f"{GROUP}_history")]  # fmt: skip
    db.close()
    return spent, left


def main():
    print(f"SQLite {sqlite3.sqlite_version}; {json.loads(DEFINITION)['feature_group']}; seconds of CPU, best of three up to 100 000 rows")
    print(f"{'rows':>9}  {'':9}  {'all new':>9}  {'no change':>9}  {'a tenth':>9}")
    for n in map(int, sys.argv[1:] or ("3000", "1000000")):
        outcomes = {}
        for name, way in (("block", by_block), ("triggers", by_triggers)):
            runs = []
            for _ in range(3 if n <= 100_000 else 1):
                with tempfile.TemporaryDirectory() as folder:
                    runs.append(measured(way, os.path.join(folder, "athlete.db"), n))
            outcomes[name] = runs[0][1]
            print(f"{n:9}  {name:9}  " + "  ".join(f"{min(column):9.4f}" for column in zip(*(spent for spent, _ in runs))))
        assert outcomes["block"] == outcomes["triggers"], "the two ways leave other rows"


if __name__ == "__main__":
    main()
