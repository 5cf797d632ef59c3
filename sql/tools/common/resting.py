"""A stage that has nothing to do rests.

What it reads besides its own last rows is told in its header, `-- rests:` (sql/tools/stages/stage_header.py). When it has run,
the state of that is kept in ops_rests, in its transaction: its text, the schema, the library, and what its header names. While
all this is what it was, another run would change nothing, as running twice changes nothing. The first one that finds it so runs all
the same, and what it tells in ops_runs is what each one after it tells that rests. Whoever runs a stage otherwise, as through a
pipe, takes its row out of ops_rests (ops_announced_wakes): what it read is not known.

A stage that runs ends early at a line

    -- rests here without due                           counted nothing
    -- rests here without moved, having counted 3, 2, 0, NULL

above a statement, where the temporary table of that name is empty: then no statement from there to `-- finish` would do anything.
"""

import functools
import hashlib
import re

from . import database
from .database import sqlite3

# Of a table that is only added to, its newest row says all; of a small one, its rows do. Of a version what is in it never changes.
NEWEST = {"bronze_documents": "bronze_id", "bronze_strava_activities": "bronze_id", "bronze_strava_athlete": "bronze_id", "bronze_strava_sub_activity": "bronze_id",
          "feature_publications": "publication_id", "ml_models": "bronze_id", "ml_runs": "run_id"}
ROWS = {"ml_aliases": "model, alias, version", "ml_looks": "stage, model, seen, looked_at",
        "ops_actor": "actor_id, who", "ops_config": "name, value, kind, unit, note", "ops_config_ranges": "name, type, least, most, choices",
        "ops_watermarks": "stage, athlete_id, position", "race_distances": "distance_class, name, distance_m, is_target, interval_class, effort_name",
        "silver_field_lists": "table_name, fields", "silver_fields": "table_name, field, column_name, type, unit, min, max, blank_is_null, severity",
        "silver_rule_empties": "table_name, rule, column_name", "silver_rules": "table_name, rule, severity, predicate, reason"}  # fmt: skip
VERSIONS = {"feature_definition_rejects": "bronze_id", "feature_groups": "name, major, minor, patch, status, bronze_id, updated_at", "feature_types": "type, storage, \"check\"",
            "ml_model_versions": "model, version, status"}
OWN = {"ml_looks", "ops_due", "ops_watermarks"}  # of which a stage reads the rows under its own name

HEADER = re.compile(r"^-- (stage|rests): +(\S.*)$", re.M)
EARLY = re.compile(r"^-- rests here without (\w+)(?:, having counted (.+))?$", re.M)
FINISH = "-- finish: printed"
DROP = re.compile(r"DROP TABLE temp\.(\w+);")
NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"


def run(db, stage, text):
    """Runs a stage as far as there is something to do."""
    script = _script(text)
    state = _state(text) if script.stage == stage else None
    if state is None:
        _perform(db, script)
        return
    known = _known(db, stage, state)
    if known == (1,):
        if script.finish is not None:
            _log(db, stage)
        return
    _perform(db, script, lambda: _remember(db, stage, state, is_quiet=known is not None))


class _Script:
    """A stage's statements, where it may end early, and where its end begins: those of `finish`, the last of which commits."""

    def __init__(self, text):
        self.statements = list(database.statements(text))
        self.early = {i: found for i, statement in enumerate(self.statements) if (found := EARLY.search(statement))}
        self.finish = next((i for i, statement in enumerate(self.statements) if FINISH in statement), None)
        self.stage = dict(HEADER.findall(text)).get("stage")


@functools.lru_cache(256)
def _script(text):
    """Cut once, by a process that runs it over many files."""
    return _Script(text)


def _perform(db, script, at_its_end=None):
    """All statements, or those before a line at which there is nothing left to do; `at_its_end` is within the transaction."""
    rest, skips = script.statements, None
    for i, statement in enumerate(script.statements):
        if i in script.early and not database.value(db, f"SELECT EXISTS (SELECT 1 FROM temp.{script.early[i][1]})"):
            numbers = script.early[i][2] or "0, 0, 0, NULL"
            db.execute("CREATE TEMP TABLE counted (rows_in, rows_out, rows_rejected, message)")
            db.execute(f"INSERT INTO temp.counted VALUES ({numbers})")
            rest, skips = script.statements[script.finish :], {name for (name,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'")}
            break
        if at_its_end and i == len(script.statements) - 1:
            at_its_end()
        _execute(db, statement)
    if skips is None:
        return
    for statement in rest[:-1]:
        dropped = DROP.fullmatch(statement.strip())
        if not dropped or dropped[1] in skips:
            _execute(db, statement)
    if at_its_end:
        at_its_end()
    _execute(db, rest[-1])


def _execute(db, statement):
    for _ in db.execute(statement):
        pass


def names(told):
    """What a header says after `rests:`: the tables that must be empty, and those that must be as they were; None: it never rests."""
    if told.strip() == "never":
        return None
    return [[name.strip() for name in part.split(",") if name.strip() not in ("", "-")] for part in (told + ";").split(";")[:2]]


def text_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(256)
def _state(text):
    """SQL of the state in which a stage left what it reads, of its name ?1; NULL where it has something to do. None: it never rests."""
    told = names(dict(HEADER.findall(text)).get("rests", "never"))
    if told is None:
        return None
    empty, same = told
    waits = " OR ".join(f"EXISTS (SELECT 1 FROM {table}{' WHERE stage = ?1' if table in OWN else ''})" for table in empty) or "0"
    parts = [database.literal(text_hash(text)), "athlete_version()", "(SELECT schema_version FROM pragma_schema_version)",
             "(SELECT user_version FROM pragma_user_version)", *map(_state_of, same)]
    return f"CASE WHEN NOT ({waits}) THEN row_hash({', '.join(parts)}) END"


def _state_of(table):
    if table in NEWEST:
        return f"(SELECT MAX({NEWEST[table]}) FROM {table})"
    columns = ROWS.get(table) or VERSIONS[table]
    return f"(SELECT rows_hash({columns}) FROM (SELECT {columns} FROM {table}{' WHERE stage = ?1' if table in OWN else ''} ORDER BY {columns}))"


def _known(db, stage, state):
    """Whether the stage was quiet when it was last run in this state; None if it was another, or is not known."""
    try:
        return db.execute(f"SELECT is_quiet FROM ops_rests WHERE stage = ?1 AND state = {state}", (stage,)).fetchone()
    except sqlite3.OperationalError as error:
        if str(error).startswith("no such "):  # a new file
            return None
        raise


def _remember(db, stage, state, is_quiet):
    db.execute(
        "INSERT OR REPLACE INTO ops_rests (stage, state, is_quiet, rows_in, rows_out, rows_rejected, message)"
        f" SELECT ?1, s.state, ?2, r.rows_in, r.rows_out, r.rows_rejected, r.message FROM (SELECT {state} AS state) AS s"
        " LEFT JOIN ops_runs AS r ON r.run_id = (SELECT MAX(run_id) FROM ops_runs) AND r.stage = ?1 WHERE s.state IS NOT NULL", (stage, is_quiet))  # fmt: skip


def _log(db, stage):
    db.execute(
        "INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)"
        f" SELECT stage, {NOW}, 0.0, rows_in, rows_out, rows_rejected, 'ok', message FROM ops_rests WHERE stage = ?", (stage,))  # fmt: skip
