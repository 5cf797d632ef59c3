"""A registry that no registration wrote: any text, number or JSON in any column of the tables that tools read it from."""

import contextlib
import sqlite3

NAMES = ["../victim", "../../victim", "..", ".", "", "/tmp/victim", "a/b", "a\nb", "a\"b", "a'b", "é", "x" * 300, "%2e%2e", 7, 1.5, b"x", b"\xff"]
TEXTS = [5, 1e300, b"\x00", "\x1b[2J", "x" * 100_000, "{}", "[]", "null", "[1]", '[["a"]]', '{"a":1}', "[" * 5000, '["../victim"]', '["no_column"]', "9e999"]
COLUMNS = {
    "feature_groups": ["name", "table_name", "entity", "entity_keys", "row_key", "timestamp_key", "available_key", "lookback_days", "expected_every_hours", "reject_limit", "reads",
                       "description", "owner", "tags", "definition", "major", "status"],
    "features": ["group_name", "name", "type", "unit", "description", "owner", "tags", "status", "default_value", "rules", "position"],
    "feature_types": ["type", "storage"],
}  # fmt: skip


def cases():
    return [(table, column, value) for table, columns in COLUMNS.items() for column in columns for value in [*NAMES, *TEXTS]]


@contextlib.contextmanager
def open_registry(path):
    """A connection that may write what the registry's checks and triggers forbid."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('feature_groups', 'features', 'feature_types')").fetchall():
        db.execute(f'DROP TRIGGER "{name}"')
    yield db
    db.close()


WHERE = {"feature_groups": "name = ?2", "features": "group_name = ?2 AND position = (SELECT MAX(position) FROM features WHERE group_name = ?2)", "feature_types": "type = 'numerical' AND ?2 IS NOT NULL"}


@contextlib.contextmanager
def odd(db, group, table, column, value):
    """The value in one row, that of the group; afterwards all is as it was."""
    db.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
    db.execute(f"UPDATE {table} SET {column} = ?1 WHERE {WHERE[table]}", (value, group))
    try:
        yield
    finally:
        db.execute("BEGIN")
        db.execute(f"DELETE FROM {table}")
        db.execute(f"INSERT INTO {table} SELECT * FROM temp.kept")
        db.execute("COMMIT")
        db.execute("DROP TABLE temp.kept")
