"""In what state a stage left what it reads: a hash of its text, the schema and the library, and one of the tables that its header names."""

import functools
import hashlib
import re

HEADER = re.compile(r"^-- (stage|rests): +(\S.*)$", re.M)

# Of a table that is only added to, its newest row says all.
NEWEST = {
    "bronze_documents": "bronze_id", "bronze_strava_activities": "bronze_id", "bronze_strava_athlete": "bronze_id",
    "bronze_strava_sub_activity": "bronze_id", "feature_publications": "publication_id", "ml_models": "bronze_id", "ml_runs": "run_id",
}  # fmt: skip
# Of a small one, its rows do.
ROWS = {
    "ml_aliases": "model, alias, version",
    "ml_looks": "stage, model, seen, looked_at",
    "ops_actor": "actor_id, who",
    "ops_config": "name, value, kind, unit, note",
    "ops_config_ranges": "name, type, least, most, choices",
    "ops_watermarks": "stage, athlete_id, position",
    "race_distances": "distance_class, name, distance_m, is_target, interval_class, effort_name",
    "silver_field_lists": "table_name, fields",
    "silver_fields": "table_name, field, column_name, type, unit, min, max, blank_is_null, severity",
    "silver_rule_empties": "table_name, rule, column_name",
    "silver_rules": "table_name, rule, severity, predicate, reason",
    "silver_sport_families": "sport_type, family",
}
# Of a version what is in it never changes.
VERSIONS = {
    "feature_definition_rejects": "bronze_id",
    "feature_groups": "name, major, minor, patch, status, bronze_id, updated_at",
    "feature_types": 'type, storage, "check"',
    "ml_model_versions": "model, version, status",
    "ops_stages": "stage, purpose, inputs, products, follows",
    "predicted_versions": "model, version, log",
}
MADE = {"feature_lineage", "feature_lineage_paths", "openlineage_stages"}  # by the stage itself, which sees that a row is missing
NEVER = "NULL"  # the state of what never rests
OWN = {"ml_looks", "ops_due", "ops_watermarks"}  # of which a stage reads the rows under its own name


def names(told):
    """What a header says after `rests:`: the tables that must be empty, and those that must be as they were; None: it never rests."""
    if told.strip() == "never":
        return None
    return [[name.strip() for name in part.split(",") if name.strip() not in ("", "-")] for part in (told + ";").split(";")[:2]]


@functools.lru_cache(256)
def text_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(256)
def state_of(text):
    """SQL of the state of what a stage reads, of its name ?1; NULL where it has something to do, or never rests."""
    told = names(dict(HEADER.findall(text)).get("rests", "never"))
    if told is None:
        return NEVER
    empty, same = told
    waits = " OR ".join(f"EXISTS (SELECT 1 FROM {_rows(table)})" for table in empty) or "0"
    return f"CASE WHEN NOT ({waits}) THEN row_hash({', '.join(['?1', *map(_part, same)])}) END"


def ground(db, text):
    """What it stands on besides the library: its text and the schema."""
    found = [db.execute(f"PRAGMA {name}").fetchone() for name in ("schema_version", "user_version")]
    return hashlib.sha256(repr((text_hash(text), found)).encode()).hexdigest()


def _rows(table):
    return f"{table} WHERE stage = ?1" if table in OWN else table


def _part(table):
    if table in MADE:
        return f"(SELECT COUNT(*) FROM {table})"
    if table in NEWEST:
        return f"(SELECT MAX({NEWEST[table]}) FROM {table})"
    columns = ROWS.get(table) or VERSIONS[table]
    return f"(SELECT rows_hash({columns}) FROM (SELECT {columns} FROM {_rows(table)} ORDER BY {columns}))"
