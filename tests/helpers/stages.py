"""Runs the stages of sql/ inside a test: on any connection, cut into statements, with texts replaced if asked."""

import contextlib
import functools
import json
import sqlite3

from helpers.extension import ROOT, connect

PATHS = {p.stem: p for p in sorted((ROOT / "sql").glob("[0-9]_*/**/*.sql"))}
STAGES = {name: path.read_text() for name, path in PATHS.items()}
BRONZE = [s for s in STAGES if s < "2"]
ARRIVED = "2025-12-01T00:00:00Z"


@functools.lru_cache(maxsize=None)
def statements(text):
    found, start = [], 0
    while (end := text.find(";", start)) >= 0:
        while not sqlite3.complete_statement(text[start : end + 1]):
            end = text.index(";", end + 1)
        found.append(text[start : end + 1])
        start = end + 1
    assert not text[start:].strip()
    return tuple(found)


def new_database(path=":memory:", **options):
    """Without waiting for the disk at each commit: no test takes the power away. Few statements are kept: the stages have more than
    any cache, and every table that one makes or drops expires all that are kept."""
    db = connect(path, isolation_level=None, cached_statements=16, **options)
    if path != ":memory:":
        with contextlib.suppress(sqlite3.Error):  # such as of a file that is locked, or none
            db.execute("PRAGMA synchronous = OFF")
    return db


def run(db, names=None, changed=None):
    """Runs stages as the shell would: one that fails leaves the database as it was. `changed` replaces texts of stages. In a new
    database in memory they begin as a copy of one in which they have run."""
    names = tuple(names or STAGES)
    if changed is None and _is_new(db):
        with contextlib.suppress(sqlite3.Error):
            _begun(names).backup(db)
            return
    _run(db, names, changed)


def _is_new(db):
    """Nothing is in it, nor beside it, nor waits to be."""
    if not isinstance(db, sqlite3.Connection) or db.in_transaction:
        return False
    files = [(row[1], row[2]) for row in db.execute("PRAGMA database_list")]
    there = "SELECT (SELECT COUNT(*) FROM sqlite_schema) + (SELECT COUNT(*) FROM temp.sqlite_schema)"
    told = [db.execute(question).fetchone()[0] for question in (there, "PRAGMA user_version", "PRAGMA encoding")]
    return files[0] == ("main", "") and all(name in ("main", "temp") for name, _ in files) and told == [0, 0, "UTF-8"]


@functools.lru_cache(maxsize=None)
def _begun(names):
    db = new_database(check_same_thread=False)
    _run(db, names, None)
    return db


def _run(db, names, changed):
    for name in names:
        try:
            for statement in statements((changed or {}).get(name, STAGES[name])):
                db.execute(statement).fetchall()
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            for (table,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
                db.execute(f"DROP TABLE temp.{table}")
            raise


def put(db, body, received_at=ARRIVED, source="test"):
    """Into the inbox: text as it is, anything else as JSON."""
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    db.execute("INSERT INTO bronze_inbox (source, body, received_at) VALUES (?, ?, ?)", (source, body, received_at))


def rows(db, sql, *parameters):
    """Rows as dictionaries."""
    cursor = db.execute(sql, parameters)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def one(db, sql, *parameters):
    found = db.execute(sql, parameters).fetchall()
    assert len(found) == 1, found
    return found[0] if len(found[0]) > 1 else found[0][0]
