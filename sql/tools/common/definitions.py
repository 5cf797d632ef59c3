"""Registers feature groups from their definitions and makes their tables, or gives those that are there new columns."""

import dataclasses
import pathlib

from . import database, inbox, stages
from .database import Failure, sqlite3

# What a table looks like now is the highest version that has no column which it lacks.
DDL = """
    WITH there AS (
        SELECT g.* FROM feature_groups AS g
        WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = g.table_name)
          AND NOT EXISTS (SELECT 1 FROM features AS f
                          WHERE (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch)
                            AND f.name NOT IN (SELECT name FROM pragma_table_info(g.table_name)))
    ),
    latest AS (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY table_name ORDER BY major DESC, minor DESC, patch DESC) AS age FROM feature_groups
    )
    SELECT feature_group_ddl(
        l.definition,
        NULL,
        (SELECT t.definition FROM there AS t WHERE t.name = l.name AND t.table_name = l.table_name
         ORDER BY t.major DESC, t.minor DESC, t.patch DESC LIMIT 1))
    FROM latest AS l
    WHERE l.age = 1 AND l.name = ? AND l.definition IS NOT NULL"""
REGISTERED = """
    SELECT name || ' ' || major || '.' || minor || '.' || patch, table_name, definition = ?2 FROM feature_groups
    WHERE name = ?1 AND major || '.' || minor || '.' || patch = json_extract(?2, '$.version')"""
# The same text that is there already does not land again.
LANDED = "SELECT bronze_id FROM bronze_documents WHERE kind = 'feature_group' AND document_id = ? AND payload = ?"
REFUSED = f"SELECT reason FROM feature_definition_rejects WHERE bronze_id IN ({LANDED}) ORDER BY bronze_id DESC"
OBJECTS = """
    SELECT line, fault, fault_offset, json, json_extract(json, '$.feature_group'), json_type(json, '$.feature_group'), json_type(json, '$.features')
    FROM (SELECT *, CASE WHEN fault IS NULL THEN json_plain_names(object) END AS json FROM json_objects(CAST(? AS TEXT)))"""


@dataclasses.dataclass(frozen=True)
class Definition:
    file: str
    group: str
    text: str


def read(file, text):
    """The definitions in a file's text, cut into objects as the stage 100_bronze_strava does."""
    with database.in_memory() as db:
        objects = db.execute(OBJECTS, (text,)).fetchall()
    if not objects:
        raise Failure(f"{file}: the file is empty where the definition of a feature group belongs")
    for line, fault, offset, _, group, kind, features in objects:
        if fault is not None:
            raise Failure(f"{file}, line {line}: {fault}, at byte {offset}")
        if kind != "text" or not group:
            raise Failure(f"{file}, line {line}: feature_group is {_found(kind, group)} where the name of a feature group belongs")
        if features != "array":
            raise Failure(f"{file}, line {line}: features is {_found(features)} where a list belongs")
    return [Definition(file, group, text) for _, _, _, text, group, *_ in objects]


def _found(kind, value=None):
    return "missing" if kind is None else "empty" if value == "" else kind


def register(db, path, definitions):
    """Through the inbox into the registry, but for those that are there; which ones these are. One that was refused before is
    judged again: what it lacked may be there now."""
    known = [each for each in definitions if (_registered(db, each) or (None, None, False))[2]]
    new = [each for each in definitions if each not in known]
    inbox.put(db, path, [[(pathlib.Path(each.file).name, each.text.encode())] for each in new])
    if database.has(db, "feature_definition_rejects"):
        for each in new:
            db.execute(f"DELETE FROM feature_definition_rejects WHERE bronze_id IN ({LANDED})", (each.group, each.text))
    stages.run(db, path, stages.of("000_ops_tables", "100_bronze_strava", "300_feature_registry"))
    return known


def _registered(db, definition):
    """Name with version, table, and whether it is this text; None without such a version."""
    if database.has(db, "feature_groups"):
        return db.execute(REGISTERED, (definition.group, definition.text)).fetchone()


def make_table(db, definition, is_known):
    """What was done, for a definition that is registered or was to be."""
    found = _registered(db, definition)
    reason = None if is_known else database.value(db, REFUSED, definition.group, definition.text)
    if reason is not None or found is None:
        raise Failure(f"{definition.file}: {reason or 'it was not registered'}")
    version, table, _ = found
    before = _columns(db, table)
    try:
        with database.transaction(db):
            for (ddl,) in db.execute(DDL, (definition.group,)).fetchall():
                database.run_script(db, ddl)
    except sqlite3.Error as error:
        raise Failure(f"{definition.file}: {version} is registered, but its table {table} cannot be made: {error}") from error
    added = [name for name in _columns(db, table) if name not in before]
    what = "made" if added and not before else f"has new columns: {', '.join(added)}" if added else "unchanged"
    return f"{f'{version} is registered' if is_known else f'registered {version}'}: table {table} {what}"


def _columns(db, table):
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
