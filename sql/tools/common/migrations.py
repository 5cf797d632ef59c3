"""Brings a database that an earlier athlete made to the schema that the stages of this one know.

A file says its version in PRAGMA user_version. Each sql/migrations/*/N_….sql makes version N of the one before, or the steps 1_….sql, 2_….sql
… in a folder sql/migrations/*/N_… do, in a transaction in which the views and triggers of the feature groups are made anew, too. One
that begins with "-- needs:" has nothing to do in a file
without these tables, or columns of tables, and after "-- unless:" in one that has them. One that says "-- for each group:
feature_group_times" writes their times anew, too.
"""

import contextlib
import re

from . import database
from .database import SQL, Failure, sqlite3

FOLDER = SQL / "migrations"
NUMBERED = re.compile(r"([1-9]\d*)_\w+(?:\.sql)?")
TIMES = "-- for each group: feature_group_times\n"

# What each group's table looks like now is the highest version that has no column which it lacks, of those that are registered
# and of our own, which may come after the migration that makes their columns.
VIEWS_AND_TRIGGERS = """
    WITH ours AS (
        SELECT value AS definition, json('[' || replace(value ->> '$.version', '.', ',') || ']') AS version FROM json_each(?)
    ),
    known AS (
        SELECT table_name, major, minor, patch, definition FROM feature_groups
        UNION
        SELECT COALESCE(definition ->> '$.table', definition ->> '$.feature_group'), version ->> 0, version ->> 1, version ->> 2, definition FROM ours
    ),
    there AS (
        SELECT k.*, ROW_NUMBER() OVER (PARTITION BY table_name ORDER BY major DESC, minor DESC, patch DESC) AS age
        FROM known AS k
        WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = k.table_name || '_history')
          AND NOT EXISTS (SELECT 1 FROM json_each(k.definition, '$.features') AS f
                          WHERE f.value ->> '$.name' NOT IN (SELECT name FROM pragma_table_info(k.table_name)))
    )
    SELECT definition FROM there WHERE age = 1 AND definition IS NOT NULL"""
TEXTS = "SELECT feature_group_ddl(?1, NULL, ?1), feature_group_times(?1)"


def bring_up_to_date(db, path):
    """Needs the extension. Changes nothing in a file that no stage has run over."""
    try:
        if not database.has(db, "ops_config"):
            return
        version = database.value(db, "PRAGMA user_version")
        made = {}
        for number, text in texts(FOLDER).items():
            if number > version:
                db.execute("PRAGMA secure_delete = ON")  # what a migration takes out is not left on free pages
                _migrate(db, number, text, made)
    except sqlite3.Error as error:
        raise Failure(f"{path} cannot be brought to this schema:\n{database.sentence(error, path)}") from error


def texts(folder):
    """Of each version, in their order, the text that makes it of the one before. One that is told twice, or not at all, stops all: which
    of the two would run, and what a file would be that has missed one?"""
    found = {}
    for number, path in _numbered(folder.glob("*/*")):
        steps = [step for _, step in _numbered(path.glob("*"))] if path.is_dir() else [path]
        found[number] = "".join(step.read_text(encoding="utf-8") for step in steps)
    return found


def _numbered(paths):
    """Paths by the numbers that they begin with, which are 1, 2, 3 …"""
    found = sorted((int(m[1]), path) if (m := NUMBERED.fullmatch(path.name)) else (0, path) for path in paths if path.name[0] != ".")
    for expected, (number, path) in enumerate(found, 1):
        if number == 0:
            raise Failure(f"{path} is not called N_topic.sql, or N_topic for a folder of such, as migrations and their steps are")
        if number < expected:
            raise Failure(f"{path} has the number of {found[expected - 2][1]}: each migration, and each step of one, has its own")
        if number > expected:
            raise Failure(f"{path} comes where number {expected} belongs: migrations, and the steps of one, leave no number out")
    return found


def _is_there(db, table, column=None):
    return database.has(db, table) and (
        column is None or database.value(db, "SELECT COUNT(*) FROM pragma_table_xinfo(?) WHERE name = ?", table, column) == 1)


def _has(db, text, word, if_none):
    """Whether all is there that a migration lists after a word of its head."""
    named = re.search(rf"\A(?:--.*\n)*?-- {word}: *(.*)\n", text)
    return if_none if named is None else all(_is_there(db, *what.split(".")) for what in named[1].split(", "))


def _our_definitions():
    return "[" + ",".join(file.read_text(encoding="utf-8") for file in sorted((SQL.parent / "schemas" / "features").glob("*.json"))) + "]"


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


def _texts_of_groups(db, made):
    """What makes the views and triggers of each group, and what writes its times anew. `made` keeps what has been told of a definition with
    the types that it may use."""
    types = tuple(db.execute("SELECT * FROM feature_types ORDER BY 1")) if database.has(db, "feature_types") else ()
    for (definition,) in db.execute(VIEWS_AND_TRIGGERS, (_our_definitions(),)).fetchall():
        if (definition, types) not in made:
            made[definition, types] = db.execute(TEXTS, (definition,)).fetchone()
        yield made[definition, types]


def _migrate(db, number, text, made):
    with database.transaction(db):
        if _has(db, text, "needs", True) and not _has(db, text, "unless", False):
            with _without_unreadable_views(db, set(re.findall(r"DROP VIEW IF EXISTS (\w+)", text))):
                database.run_script(db, text)
        if database.has(db, "features"):
            for ddl, times in list(_texts_of_groups(db, made)):
                database.run_script(db, times + ddl if TIMES in text else ddl)
        db.execute(f"PRAGMA user_version = {number:d}")
