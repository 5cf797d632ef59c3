"""A batch that tells several versions of its rows, each with the moment from which it was believed.

A row that replaces another is believed from one moment on. Where a column of the batch says which, the rows come in one moment
after the other, so that every version of a key is kept: the last in the table, those before it in the history.
"""

from . import database
from .database import Failure

BATCH, NOW = "temp.feature_versions", "temp.feature_version"
INGEST = "SELECT feature_group_ingest(?, ?, json_object('known_at', ?))"

# The moments as the group writes its times, where two that are written differently may be one: a day is its end, and what the group's
# form has no digits for rounds up. Of the versions of one such moment the last counts.
INSTANTS = "SELECT row_instant(?, ?)"
SECONDS = "SELECT iif(typeof(?1) = 'integer', ?1, CAST(strftime('%s', row_instant(?1)) AS INTEGER))"
FINEST = "SELECT iif(typeof(?1) = 'integer', ?1, row_instant(?1, 'millisecond'))"
FORM = """
    SELECT coalesce(json_extract(?1, '$.time_precision'), 'second'),
           EXISTS (SELECT 1 FROM json_each(?1, '$.features') AS f JOIN feature_types AS t ON t.type = json_extract(f.value, '$.type')
                   WHERE json_extract(f.value, '$.name') = coalesce(json_extract(?1, '$.timestamp'), 'event_timestamp') AND t.storage <> 'TEXT')"""


def ingest(db, definition, source, column):
    """Brings `source`, a table or a SELECT, into the group of the definition, all moments or none."""
    asked = database.quoted(source) if database.has(db, source) else f"({source})"
    with database.transaction(db):
        db.execute(f"CREATE TEMP TABLE feature_versions AS SELECT * FROM {asked}")
        moments = _moments(db, definition, column)
        version = _version(db, definition, column)
        db.execute("CREATE TEMP TABLE feature_version (place, moment)")
        for known_at, told in moments:
            db.execute(f"DELETE FROM {NOW}")
            db.executemany(f"INSERT INTO {NOW} VALUES (?, ?)", enumerate(told))
            script = database.value(db, INGEST, definition, version, str(known_at))
            for statement in database.statements(script):
                if not statement.rstrip().endswith(("BEGIN IMMEDIATE;", "COMMIT;")):  # it is one transaction for all of them
                    db.execute(statement).fetchall()
        db.execute(f"DROP TABLE {BATCH}")
        db.execute(f"DROP TABLE {NOW}")


def _columns(db):
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info('feature_versions', 'temp')")]


def _moments(db, definition, column):
    """The batch's moments in order, each with the texts or numbers that tell it, the last first."""
    if column not in _columns(db):
        raise Failure(f"--known-at-column: the source has no column {column}.")
    if database.value(db, f"SELECT COUNT(*) FROM {BATCH} WHERE {database.quoted(column)} IS NULL"):
        raise Failure(f"--known-at-column: a row of the source has no {column}.")
    precision, are_numbers = db.execute(FORM, (definition,)).fetchone()
    found = {}
    for (told,) in db.execute(f"SELECT DISTINCT {database.quoted(column)} FROM {BATCH}").fetchall():
        known_at = database.value(db, SECONDS, told) if are_numbers else database.value(db, INSTANTS, told, precision)
        found.setdefault(known_at, []).append((database.value(db, FINEST, told), told))
    return [(known_at, [told for _, told in sorted(tellings, key=lambda t: (str(t[0]), str(t[1])), reverse=True)])
            for known_at, tellings in sorted(found.items())]


def _version(db, definition, column):
    """The rows of the moment at hand, as a SELECT; they are known from it unless they say for themselves from when."""
    available = database.value(db, "SELECT coalesce(json_extract(?, '$.available'), 'available_at')", definition)
    names, moment = _columns(db), database.quoted(column)
    told = [database.quoted(name) for name in names if name not in (column, available)]
    told.append(f"coalesce({database.quoted(available)}, {moment}) AS {database.quoted(available)}" if available in names else
                f"{moment} AS {database.quoted(available)}")
    return f"SELECT {', '.join(told)} FROM {BATCH} AS b JOIN {NOW} AS n ON n.moment = b.{moment} ORDER BY n.place, b.rowid"
