"""Brings a batch of rows into a registered feature group: good rows in, what they replace to its history, the others to feature_rejects."""

import json

from . import database, versions
from .database import Failure

DEFINITION = "SELECT definition FROM feature_groups_current WHERE name = ?"
SOURCE = "SELECT coalesce(?, json_extract(?, '$.source'))"
SCRIPT = "SELECT feature_group_ingest(?, ?, json_patch('{}', json_object('known_at', ?, 'arrivals', ?)))"  # a NULL is left out
LAST = "SELECT coalesce(MAX(audit_id), 0) FROM ops_audit"
COUNTS = """
    SELECT json_group_object(name, n)
    FROM (SELECT c.column1 AS name, coalesce(SUM(json_extract(a.detail, '$.' || c.column1)), 0) AS n
          FROM (VALUES ('rows'), ('new'), ('changed'), ('rejected')) AS c
          LEFT JOIN ops_audit AS a ON a.object = ? AND a.action = 'ingest' AND a.audit_id > ?
          GROUP BY c.column1)"""


def definition_of(db, group):
    found = database.value(db, DEFINITION, group) if database.has(db, "feature_groups_current") else None
    if found is None:
        raise Failure(f"There is no feature group {group}.")
    return found


def ingest(db, group, source=None, known_at=None, known_at_column=None, arrivals=None):
    """In one transaction, from a table or a SELECT, or the source that its definition names; how many rows came, and were new, changed and
    rejected. What they replace was believed until known_at, or each until the moment in a column of its own, or else until now; `arrivals`
    says since when new ones are known that do not say it."""
    definition = definition_of(db, group)
    last = database.value(db, LAST)
    with database.beside_readers(db), database.undone_on_failure(db):
        if known_at_column is not None:
            versions.ingest(db, definition, _source_of(db, group, source, definition), known_at_column)
        else:
            database.run_script(db, database.value(db, SCRIPT, definition, source, known_at, arrivals))
    return json.loads(database.value(db, COUNTS, group, last))


def _source_of(db, group, source, definition):
    found = database.value(db, SOURCE, source, definition)
    if found is None:
        raise Failure(f"{group} names no source of its own: say which table, or a SELECT.")
    return found
