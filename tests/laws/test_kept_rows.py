"""What triggers promise of the tables of a file, tried on each table that has them: a kept row stays, and a changed one is looked at."""

import json
import shutil
import sqlite3

import pytest

from helpers.athletes import demo
from helpers.extension import connect

POLICIES = ["", "OR ABORT", "OR FAIL", "OR ROLLBACK", "OR REPLACE"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return shutil.copy(demo.database(), tmp_path_factory.mktemp("kept"))


@pytest.fixture
def db(path):
    db = connect(path, isolation_level=None)
    yield db
    db.close()


def tables(db, pattern, body):
    """Tables with a trigger of such a name and such a text."""
    return [name for (name,) in db.execute("SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ? AND sql GLOB ? ORDER BY 1", (pattern, body))]


def columns(db, table):
    return db.execute("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", (table,)).fetchall()


def keys(db, table):
    """Each list of columns of which two rows may not agree, by the indexes that hold them to it, and the row id where it has a name."""
    indexes = db.execute("SELECT name FROM pragma_index_list(?) WHERE \"unique\"", (table,)).fetchall()
    found = [[c for (c,) in db.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", index)] for index in indexes]
    alone = [name for name, kind, pk in columns(db, table) if pk and kind == "INTEGER"]
    return found + ([alone] if len(alone) == 1 and alone not in found and sum(pk > 0 for *_, pk in columns(db, table)) == 1 else [])


def test_a_row_of_an_append_only_table_is_not_changed_deleted_or_replaced_by_any_of_its_keys(db):
    kept = tables(db, "*_keep", "*is append-only*")
    tried = 0
    assert len(kept) >= 20
    for table in kept:
        names = [name for name, *_ in columns(db, table)]
        db.execute("BEGIN")
        row = db.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone()
        if row is None:  # one of its own, which asks nothing of what it says
            db.execute("PRAGMA ignore_check_constraints = 1")
            db.execute(f'INSERT INTO "{table}" VALUES ({", ".join("1" for _ in names)})')
            row = db.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone()
        before = db.execute(f'SELECT * FROM "{table}"').fetchall()
        statements = [(f'UPDATE "{table}" SET "{names[-1]}" = "{names[-1]}"', ()), (f'DELETE FROM "{table}"', ())]
        assert keys(db, table)
        for key in keys(db, table):  # another row but for the key
            other = [v if n in key else None if n in ("bronze_id",) else (v + 10**9 if isinstance(v, int) else f"{v} other") for n, v in zip(names, row)]
            statements.append((f'REPLACE INTO "{table}" VALUES ({", ".join("?" * len(names))})', other))
        for statement, values in statements:
            with pytest.raises(sqlite3.IntegrityError, match=f"^{table} is append-only$"):
                db.execute(statement, values)
            tried += 1
        assert db.execute(f'SELECT * FROM "{table}"').fetchall() == before
        db.execute("ROLLBACK")
        db.execute("PRAGMA ignore_check_constraints = 0")
    assert tried >= 60


def test_whatever_a_statement_says_of_conflicts_its_rows_change_and_their_athletes_are_marked(db):
    """A mark that stands already is no conflict of the statement."""
    once = set(tables(db, "*_once", "*"))  # those have a sentence of their own for it
    marking = [table for table in tables(db, "*_due_*", "*INTO ops_due*") if table not in once]
    assert len(marking) >= 10
    for table in marking:
        names = [name for name, *_ in columns(db, table)]
        key = keys(db, table)[0]
        other = next((n for n in reversed(names) if n not in key), key[-1])
        for policy in POLICIES:
            db.execute("BEGIN")
            if not db.execute(f'SELECT 1 FROM "{table}"').fetchone():
                db.execute("PRAGMA ignore_check_constraints = 1")
                db.execute(f'INSERT INTO "{table}" VALUES ({", ".join("1" for _ in names)})')
            n = db.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()
            for _ in range(2):  # the first marks, the second finds the mark
                db.execute(f'UPDATE {policy} "{table}" SET "{other}" = "{other}"')
                marks = db.execute("SELECT json_group_array(stage || ' ' || athlete_id) FROM ops_due").fetchone()[0]
            row = db.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone()
            places = ", ".join("?" * len(names))
            db.execute(f'INSERT INTO "{table}" VALUES ({places}) ON CONFLICT ({", ".join(key)}) DO UPDATE SET "{other}" = excluded."{other}"', row)
            db.execute(f'REPLACE INTO "{table}" VALUES ({places})', row)
            assert db.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone() == n
            assert set(json.loads(marks)) <= {f"{s} {a}" for s, a in db.execute("SELECT stage, athlete_id FROM ops_due")}
            db.execute("ROLLBACK")
            db.execute("PRAGMA ignore_check_constraints = 0")
