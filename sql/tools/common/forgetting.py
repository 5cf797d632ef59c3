"""Removes one athlete from a database: from every table and every history, so that no byte of the file tells of them.

What belongs to an athlete, the columns of a table say (OF_ATHLETE, OF_ACTIVITY, OF_PREDICTION) or a line of BY_TABLE; SHARED has what is
nobody's. A table of none of these is asked about before anything is removed, so that a new one is not forgotten here.
"""

import contextlib
import json
import mmap
import re

from . import database
from .database import Failure, quoted

OF_ATHLETE = ("athlete_id", "entity")
OF_ACTIVITY = ("activity_id",)
OF_PREDICTION = ("inference_id",)
OURS = ("ml_", "mon_", "ops_", "inference_")  # tables of which a row that tells of them has their number as a text of its own, or in its JSON
# Whose rows, in SQL: temp.whose (id) is the athlete, as text; temp.theirs (id) the numbers of their activities, temp.laps of their laps.
ACTIVITY = "activity_id IN (SELECT id FROM temp.theirs)"
SUBJECT = "subject IN (SELECT id FROM temp.whose UNION ALL SELECT 'athlete ' || id FROM temp.whose)"
TELLS = """(EXISTS (SELECT 1 FROM json_tree(CASE WHEN json_valid({0}) THEN {0} ELSE '[]' END) AS e
                    WHERE e.key IN ('athlete_id', 'athlete', 'entity', 'owner_id', 'subject') AND CAST(e.value AS TEXT) IN (SELECT id FROM temp.whose)
                       OR e.key = 'id' AND CAST(e.value AS TEXT) IN (SELECT id FROM temp.whose)
                          AND (e.path = '$.athlete' OR e.path GLOB '$*.athlete' OR json_type({0}, '$.sport_type') IS NULL AND json_type({0}, '$.type') IS NULL)
                       OR e.key IN ('id', 'object_id', 'activity_id', 'same_training_as', 'evidence_activity_id') AND CAST(e.value AS TEXT) IN (SELECT id FROM temp.theirs)))"""
# Of a column that names what a row is about, such as "risk:4001", each word.
SUBJECTS = ("subject", "object", "key", "fingerprint", "slice_value")
NAMES = "EXISTS (SELECT 1 FROM temp.whose WHERE ' ' || replace(replace(replace({0}, ':', ' '), '/', ' '), ',', ' ') || ' ' GLOB '* ' || id || ' *')"
BY_TABLE = {
    "bronze_inbox": "inbox_id IN (SELECT inbox_id FROM temp.inbox)",
    "bronze_strava_activities": ACTIVITY,
    "bronze_strava_athlete": "athlete_id IN (SELECT id FROM temp.whose)",
    "bronze_strava_sub_activity": f"{ACTIVITY} OR lap_id IN (SELECT id FROM temp.laps)",
    "bronze_rejects": TELLS.format("object") + " OR source IN (SELECT source FROM temp.sources)",
    "bronze_landings": "1",  # hashes of texts that may have been theirs; without them a text is only read once more
    "bronze_files": "EXISTS (SELECT 1 FROM json_each(activities) AS e WHERE e.value IN (SELECT id FROM temp.theirs))",
    "silver_arrivals": "athlete_id IN (SELECT id FROM temp.whose)",
    "silver_rejects": f"{ACTIVITY} OR activity_id IN (SELECT id FROM temp.whose) OR item IN (SELECT 'athlete ' || id FROM temp.whose) OR {TELLS.format('payload')}",
    "feature_rejects": TELLS.format("row") + " OR " + TELLS.format("value"),
    "estimate_rejects": SUBJECT,
    "time_estimator_rows": SUBJECT,
    "ml_validation_predictions": SUBJECT,
    "ml_training_sets": "training_set_id IN (SELECT training_set_id FROM temp.training_sets)",
    "ml_training_set_rows": "training_set_id IN (SELECT training_set_id FROM temp.training_sets)",
    # of all athletes together, with their least and greatest values; the watch counts again
    "mon_profile_metrics": "slice_key IS NOT 'athlete_id' OR CAST(slice_value AS TEXT) IN (SELECT id FROM temp.whose)",
    "mon_drift_metrics": "slice_key IS NOT 'athlete_id' OR CAST(slice_value AS TEXT) IN (SELECT id FROM temp.whose)",
    "mon_performance_estimates": "EXISTS (SELECT 1 FROM temp.inferences WHERE inference_id BETWEEN first_inference_id AND last_inference_id)",
    "feature_extent": "1",  # the newest time of all, which may be theirs; the stage that keeps it counts again
    "ops_audit": "object IN (SELECT id FROM temp.whose UNION ALL SELECT 'athlete ' || id FROM temp.whose UNION ALL SELECT id FROM temp.theirs)"
                 " OR action LIKE 'token %' AND object IN (SELECT name FROM temp.tokens) OR who IN (SELECT name FROM temp.tokens) OR " + TELLS.format("detail"),
    "ops_alert_deliveries": "alert_id IN (SELECT alert_id FROM temp.alerts)",
    "ops_rests": "1",  # so that every stage looks again
    "ops_tokens": "name IN (SELECT name FROM temp.tokens)",
}
SHARED = {
    "bronze_documents", "feature_definition_rejects", "feature_groups", "features", "feature_lineage", "feature_lineage_paths", "feature_publications",
    "feature_types", "inference_faults", "ml_aliases", "ml_clusters", "ml_decisions", "ml_intervals", "ml_looks", "ml_metrics", "ml_model_rejects",
    "ml_model_versions", "ml_models", "ml_run_artifacts", "ml_run_metrics", "ml_run_params", "ml_run_slices", "ml_run_tags", "ml_runs", "ml_searches",
    "ml_search_requests", "mon_monitors", "openlineage_stages", "ops_actor", "ops_config", "ops_runs", "ops_stages", "ops_upstreams", "race_distances", "silver_field_lists",
    "silver_fields", "silver_rule_empties", "silver_rule_rejects", "silver_rules", "silver_sport_families", "silver_survey_races", "silver_survey_runners",
    "sqlite_sequence", "sqlite_stat1", "sqlite_stat4",
}  # fmt: skip
ACTIVITIES = """
    SELECT activity_id FROM bronze_strava_activities WHERE trim(payload -> '$.athlete.id', '"') = ?1 AND json_valid(payload)
    UNION SELECT activity_id FROM silver_strava_activities WHERE athlete_id = ?1
    UNION SELECT activity_id FROM silver_unusable_activities WHERE athlete_id = ?1
    UNION SELECT activity_id FROM activity_streams WHERE athlete_id = ?1
    UNION SELECT activity_id FROM athlete_activity_settings WHERE athlete_id = ?1"""
TRAINED = """
    SELECT v.model || '/' || v.version FROM ml_model_versions AS v
    WHERE EXISTS (SELECT 1 FROM ml_runs AS r JOIN ml_run_predictions AS p USING (run_id) WHERE r.model = v.model AND r.version = v.version AND p.entity = ?1)
       OR EXISTS (SELECT 1 FROM ml_validation_predictions AS p WHERE p.model = v.model AND p.version = v.version AND p.subject IN (?1, 'athlete ' || ?1))
       OR v.training_rows > 0 AND v.trained_at >= ?2
          AND NOT EXISTS (SELECT 1 FROM ml_runs AS r JOIN ml_run_predictions AS p USING (run_id) WHERE r.model = v.model AND r.version = v.version)
          AND NOT EXISTS (SELECT 1 FROM ml_validation_predictions AS p WHERE p.model = v.model AND p.version = v.version)
    ORDER BY v.model, v.version"""


def forget(db, athlete):
    """(how many rows went, names of the model versions that have learned from them, their numbers), in a transaction; the file is written anew."""
    _ask_about_unknown_tables(db)
    with database.transaction(db, "EXCLUSIVE"):
        _collect(db, athlete)
        models, numbers = _models(db, athlete), _numbers(db, athlete)
        triggers = db.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:  # they keep what is removed, or make its athlete due
            db.execute(f"DROP TRIGGER main.{quoted(name)}")
        n_rows = sum(_remove(db, table) for table in _tables(db))
        if database.has(db, "ops_alert_positions"):  # their numbers are given again
            db.execute("UPDATE ops_alert_positions SET position = min(position, (SELECT COALESCE(MAX(drift_id), 0) FROM mon_drift_metrics)) WHERE source = 'mon_drift_metrics'")
        if n_rows:
            db.execute("INSERT INTO ops_audit (at, who, action, object, detail) SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), who, 'forget', 'an athlete', ? FROM ops_actor",
                       (json.dumps({"rows": n_rows, "models": models}),))
        for _, sql in triggers:
            db.execute(sql)
        for (table,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
            db.execute(f"DROP TABLE temp.{quoted(table)}")
    _rewrite(db)
    return n_rows, models, numbers


def still_there(path, numbers):
    """Those of these numbers that a search of the file's bytes still finds, and of its journal and log."""
    found = set()
    for file in (str(path) + end for end in ("", "-journal", "-wal")):
        with contextlib.suppress(FileNotFoundError, ValueError), open(file, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found.update(run[0].decode() for run in re.finditer(rb"\d{8,19}", content) if run[0].decode() in numbers)
    return found


def _numbers(db, athlete):
    """Numbers so long that nothing else has them by chance."""
    return {number for number in [athlete, *(number for (number,) in db.execute("SELECT id FROM temp.theirs"))] if len(number) >= 8}


def _tables(db):
    return [name for (name,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0")]


def _columns(db, table):
    return {name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _whose(db, table):
    """Which rows of a table are the athlete's, in SQL; '' for none, None where nobody has said."""
    columns = _columns(db, table)
    if table in BY_TABLE:
        return BY_TABLE[table]
    named = [f"CAST({quoted(column)} AS TEXT) IN (SELECT id FROM temp.whose)" for column in OF_ATHLETE if column in columns]
    named += [f"CAST({quoted(column)} AS TEXT) IN (SELECT id FROM temp.theirs)" for column in OF_ACTIVITY if column in columns]
    named += [f"{quoted(column)} IN (SELECT inference_id FROM temp.inferences)" for column in OF_PREDICTION if column in columns]
    if not named and table not in SHARED and table.startswith(OURS):
        named = [f"typeof({name}) = 'text' AND ({name} IN (SELECT id FROM temp.whose UNION ALL SELECT id FROM temp.theirs) OR {TELLS.format(name)})"
                 for name in map(quoted, sorted(columns))] + [NAMES.format(quoted(name)) for name in SUBJECTS if name in columns]
    return " OR ".join(named) or ("" if table in SHARED or _is_nobodys(db, table) else None)


def _is_nobodys(db, table):
    """A feature group that is kept by something else than athletes, such as a route."""
    return database.has(db, "feature_groups_current") and database.value(
        db, "SELECT EXISTS (SELECT 1 FROM feature_groups_current WHERE ?1 IN (table_name, table_name || '_history', table_name || '_earlier'))", table) == 1


def _ask_about_unknown_tables(db):
    unknown = [table for table in _tables(db) if _whose(db, table) is None]
    if unknown:
        raise Failure(f"whether rows of {', '.join(unknown)} are of an athlete is not known; nothing was removed. Give such a table a column athlete_id, or remove it")


def _collect(db, athlete):
    """What is theirs: numbers of activities and laps, texts in the inbox, names of files, training sets."""
    db.execute("CREATE TEMP TABLE whose AS SELECT CAST(? AS TEXT) AS id", (athlete,))
    db.execute("CREATE TEMP TABLE tokens (name TEXT)")
    db.execute("CREATE TEMP TABLE inferences (inference_id INTEGER)")
    if database.has(db, "inference_log"):
        db.execute("INSERT INTO temp.inferences SELECT inference_id FROM inference_log WHERE CAST(entity AS TEXT) IN (SELECT id FROM temp.whose)")
    if database.has(db, "ops_tokens"):
        db.execute("""INSERT INTO temp.tokens SELECT name FROM ops_tokens
                      WHERE EXISTS (SELECT 1 FROM json_each(COALESCE(keys, '{}')) AS e WHERE CAST(e.value AS TEXT) IN (SELECT id FROM temp.whose))""")
    there = [part for part in ACTIVITIES.split("UNION") if database.has(db, part.split("FROM ")[1].split()[0])]
    db.execute("CREATE TEMP TABLE theirs (id TEXT PRIMARY KEY) WITHOUT ROWID")
    if there:
        db.execute("INSERT INTO temp.theirs " + "UNION".join(there), (athlete,))
    for table, wanted in (
        ("laps", "SELECT lap_id AS id FROM bronze_strava_sub_activity WHERE activity_id IN (SELECT id FROM temp.theirs)"),
        ("sources", """SELECT source FROM bronze_strava_activities WHERE activity_id IN (SELECT id FROM temp.theirs)
                       EXCEPT SELECT source FROM bronze_strava_activities WHERE activity_id NOT IN (SELECT id FROM temp.theirs)"""),
        ("inbox", "SELECT inbox_id FROM bronze_inbox WHERE instr(CAST(body AS TEXT), (SELECT id FROM temp.whose))"),
        ("training_sets", f"SELECT DISTINCT training_set_id FROM ml_training_set_rows WHERE {TELLS.format('row')} OR {TELLS.format('sources')}"
                          " OR EXISTS (SELECT 1 FROM json_each(row) AS e WHERE CAST(e.value AS TEXT) IN (SELECT id FROM temp.whose))"),
    ):
        if database.has(db, wanted.split("FROM ")[1].split()[0]):
            db.execute(f"CREATE TEMP TABLE {table} AS {wanted}")
    if database.has(db, "ops_alerts"):
        db.execute(f"CREATE TEMP TABLE alerts AS SELECT alert_id FROM ops_alerts WHERE {_whose(db, 'ops_alerts')}")


def _models(db, athlete):
    if not all(database.has(db, table) for table in ("ml_model_versions", "ml_runs", "ml_run_predictions", "ml_validation_predictions")):
        return []
    since = database.value(db, f"SELECT MIN(ingested_at) FROM bronze_strava_activities WHERE {ACTIVITY}") or "9999"
    return [name for (name,) in db.execute(TRAINED, (athlete, since))]


def _remove(db, table):
    whose = _whose(db, table)
    if not whose:
        return 0
    return db.execute(f"DELETE FROM main.{quoted(table)} WHERE {whose}").rowcount * (whose != "1")


def _rewrite(db):
    """No page of the file, of a journal or of a log keeps what was removed."""
    db.execute("PRAGMA secure_delete = ON")
    if database.value(db, "PRAGMA journal_mode") == "wal":
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.vacuum(db)
    if database.value(db, "PRAGMA journal_mode") == "wal":
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
