"""A batch that tells several versions of its rows, each with the moment from which it was believed.

A row that replaces another is believed from one moment on. Where a column of the batch says which, the rows come in one moment
after the other, so that every version of a key is kept: the last in the table, those before it in the history.
"""

from . import database
from .database import Failure

BATCH, NOW = "temp.feature_versions", "temp.feature_version"
INGEST = "SELECT feature_group_ingest(?, ?, json_object('known_at', ?))"
TOLD = "SELECT as_of_instant(moment, 'millisecond'), moment FROM (SELECT DISTINCT {column} AS moment FROM {batch}) ORDER BY 1"


def ingest(db, definition, source, column):
    """Brings `source`, a table or a SELECT, into the group of the definition, all moments or none."""
    asked = database.quoted(source) if database.has(db, source) else f"({source})"
    with database.transaction(db):
        db.execute(f"CREATE TEMP TABLE feature_versions AS SELECT * FROM {asked}")
        moments = _moments(db, column)
        version = _version(db, definition, column)
        db.execute("CREATE TEMP TABLE feature_version (moment)")
        for _, moment in moments:
            db.execute(f"DELETE FROM {NOW}")
            db.execute(f"INSERT INTO {NOW} VALUES (?)", (moment,))
            script = database.value(db, INGEST, definition, version, str(moment))
            for statement in database.statements(script):
                if not statement.rstrip().endswith(("BEGIN IMMEDIATE;", "COMMIT;")):  # it is one transaction for all of them
                    db.execute(statement).fetchall()
        db.execute(f"DROP TABLE {BATCH}")
        db.execute(f"DROP TABLE {NOW}")


def _columns(db):
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info('feature_versions', 'temp')")]


def _moments(db, column):
    """The batch's moments, in order."""
    if column not in _columns(db):
        raise Failure(f"--known-at-column: the source has no column {column}.")
    if database.value(db, f"SELECT COUNT(*) FROM {BATCH} WHERE {database.quoted(column)} IS NULL"):
        raise Failure(f"--known-at-column: a row of the source has no {column}.")
    return db.execute(TOLD.format(column=database.quoted(column), batch=BATCH)).fetchall()


def _version(db, definition, column):
    """The rows of the moment at hand, as a SELECT; they are known from it unless they say for themselves from when."""
    available = database.value(db, "SELECT coalesce(json_extract(?, '$.available'), 'available_at')", definition)
    names = _columns(db)
    told = [database.quoted(name) for name in names if name != column or name == available]
    if available not in names:
        told.append(f"{database.quoted(column)} AS {database.quoted(available)}")
    return f"SELECT {', '.join(told)} FROM {BATCH} WHERE {database.quoted(column)} = (SELECT moment FROM {NOW}) ORDER BY rowid"
