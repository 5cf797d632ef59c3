"""Brings a database that an earlier athlete made to the schema that the stages of this one know.

A file says its version in PRAGMA user_version. Each sql/migrations/N_….sql makes version N of the one before, in a transaction in
which the views and triggers of the feature groups are made anew, too. One that begins with "-- needs:" has nothing to do in a file
without these tables, or columns of tables. One that says "-- for each group: feature_group_times" writes their times anew, too.
"""

import contextlib
import re
import sqlite3

from common import database
from common.database import SQL, Failure

TIMES = "-- for each group: feature_group_times\n"

# What each group's table looks like now is the highest version that has no column which it lacks.
VIEWS_AND_TRIGGERS = """
    WITH there AS (
        SELECT g.*, ROW_NUMBER() OVER (PARTITION BY table_name ORDER BY major DESC, minor DESC, patch DESC) AS age
        FROM feature_groups AS g
        WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = g.table_name || '_history')
          AND NOT EXISTS (SELECT 1 FROM features AS f
                          WHERE (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch)
                            AND f.name NOT IN (SELECT name FROM pragma_table_info(g.table_name)))
    )
    SELECT feature_group_ddl(definition, NULL, definition), feature_group_times(definition)
    FROM there WHERE age = 1 AND definition IS NOT NULL"""


def bring_up_to_date(db, path):
    """Needs the extension. Changes nothing in a file that no stage has run over."""
    try:
        if not database.has(db, "ops_config"):
            return
        version = database.value(db, "PRAGMA user_version")
        for number, file in sorted((int(file.name.partition("_")[0]), file) for file in (SQL / "migrations").glob("*.sql")):
            if number > version:
                _migrate(db, number, file.read_text(encoding="utf-8"))
    except sqlite3.Error as error:
        raise Failure(f"{path} cannot be brought to this schema:\n{database.sentence(error, path)}") from error


def _is_there(db, table, column=None):
    return database.has(db, table) and (
        column is None or database.value(db, "SELECT COUNT(*) FROM pragma_table_xinfo(?) WHERE name = ?", table, column) == 1)


@contextlib.contextmanager
def _without_unreadable_views(db, dropped):
    """A view may wait for a stage that has not run yet, or for a function of somebody else's. It would stop ALTER TABLE, so it is away
    meanwhile, with its triggers; and for good, if the migration drops it."""
    away = []
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
        try:
            db.execute(f"EXPLAIN SELECT * FROM {database.quoted(name)}").fetchall()
        except sqlite3.Error:
            away.append((name, db.execute("SELECT sql FROM sqlite_schema WHERE tbl_name = ? ORDER BY type = 'view' DESC", (name,)).fetchall()))
            db.execute(f"DROP VIEW {database.quoted(name)}")
    yield
    for name, definitions in away:
        if name not in dropped and not database.has(db, name):
            for (definition,) in definitions:
                db.execute(definition)


def _migrate(db, number, text):
    with database.transaction(db):
        needs = re.match(r"-- needs: *(.*)\n", text)
        if needs is None or all(_is_there(db, *what.split(".")) for what in needs[1].split(", ")):
            with _without_unreadable_views(db, set(re.findall(r"DROP VIEW IF EXISTS (\w+)", text))):
                database.run_script(db, text)
        if database.has(db, "features"):
            for ddl, times in db.execute(VIEWS_AND_TRIGGERS).fetchall():
                database.run_script(db, times + ddl if TIMES in text else ddl)
        db.execute(f"PRAGMA user_version = {number:d}")
