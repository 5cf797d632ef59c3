"""A file that an earlier athlete made goes on: no row is lost, and what is new works in it."""

import json
import math
import os
import random
import re
import shutil
import sqlite3
import subprocess

import pytest
from common import migrations
from common.database import Failure
from common.migrations import texts

from helpers.athletes import demo
from helpers.machine.soak import soak
from helpers.stores import before_reasons, groups
from helpers.athletes.activities import FEATURES, RUNNER, dump, new_database, one, put, rows, run
from helpers.extension import EXTENSION, ROOT
from helpers.stages import PATHS, STAGES

# As they were before feature groups were documents.
BEFORE = """
CREATE TABLE ops_config (name TEXT PRIMARY KEY, value, kind TEXT NOT NULL CHECK (kind IN ('setting', 'definition')), unit TEXT NOT NULL, note TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE bronze_inbox (inbox_id INTEGER PRIMARY KEY, source TEXT NOT NULL, body NOT NULL,
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
CREATE TABLE bronze_documents (
    bronze_id    INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('race_survey', 'model_specification')),
    document_id  TEXT NOT NULL,
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
CREATE INDEX bronze_documents_by_id ON bronze_documents (kind, document_id, bronze_id);
CREATE TRIGGER bronze_documents_keep BEFORE UPDATE ON bronze_documents BEGIN SELECT RAISE(ABORT, 'bronze_documents is append-only'); END;
CREATE TRIGGER bronze_documents_stay BEFORE DELETE ON bronze_documents BEGIN SELECT RAISE(ABORT, 'bronze_documents is append-only'); END;
CREATE VIEW of_a_reader AS SELECT document_id FROM bronze_documents;
"""
LAST = max(texts(migrations.FOLDER))


def shell(name, *arguments):
    return subprocess.run([str(ROOT / "sql" / "tools" / name), *map(str, arguments)], cwd=ROOT, text=True, capture_output=True,
                          env=os.environ | {"ATHLETE_EXTENSION": str(EXTENSION), "ATHLETE_LOCK_TIMEOUT_S": "0.2"})


def stages():
    return [PATHS[s] for s in STAGES]


@pytest.fixture
def old(tmp_path):
    db = sqlite3.connect(tmp_path / "athlete's.db")
    db.executescript(BEFORE)
    db.execute("INSERT INTO ops_config VALUES ('default_threshold_pace', 6.25, 'setting', 'min/km', 'as a user set it')")
    for number in (1, 2, 7):
        payload = json.dumps({"id": number, "k5_ti": "1500", "mf_ti": "", "age": "4\u00e90"}, ensure_ascii=False)
        db.execute("INSERT INTO bronze_documents VALUES (?, 'race_survey', ?, ?, ?, 'runners.csv', '2025-01-01T00:00:00Z')", (number * 10, str(number), payload, f"hash {number}"))
    db.commit()
    db.close()
    return tmp_path / "athlete's.db"


def turn_back(db, version):
    """Takes a file of today for one of an earlier schema, as far as its migrations ask."""
    db.executescript(f"DROP VIEW IF EXISTS feature_dependents; DROP TABLE IF EXISTS silver_field_lists; DROP TABLE IF EXISTS feature_lineage_paths; PRAGMA user_version = {version}")


def contents(db):
    """Of each table that is no log its columns, and its rows in some order."""
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('ops_runs', 'ops_rests', 'ops_audit', 'ops_alert_positions', 'ml_looks')").fetchall()
    cursors = {name: db.execute(f'SELECT * FROM "{name}"') for (name,) in names}
    return {name: ([d[0] for d in cursor.description], sorted(map(repr, cursor))) for name, cursor in cursors.items()}


def chosen(db, table, columns):
    return sorted(map(repr, db.execute(f"SELECT {', '.join(columns)} FROM {table}")))


def documents(path, kinds="kind = 'race_survey'"):
    db = sqlite3.connect(path)
    found = db.execute(f"SELECT * FROM bronze_documents WHERE {kinds} ORDER BY bronze_id").fetchall()
    db.close()
    return found


def test_a_file_of_an_earlier_schema_keeps_every_row_and_takes_what_is_new(old):
    before = documents(old)
    for _ in range(2):
        done = shell("import", old, *sorted((ROOT / "schemas" / "features").glob("*.json")), RUNNER / "activities.json")
        assert done.returncode == 0, done.stderr
        done = shell("run", old, *stages())
        assert done.returncode == 0, done.stderr
        assert documents(old) == before and len(documents(old, "kind = 'feature_group'")) == len(groups.BUNDLED)
    db = new_database(old)
    assert one(db, "SELECT value FROM ops_config WHERE name = 'default_threshold_pace'") == 6.25
    assert one(db, "SELECT COUNT(*) FROM feature_groups") == len(groups.BUNDLED) and one(db, "SELECT COUNT(*) FROM activity_features") > 1000
    assert one(db, "SELECT COUNT(*) FROM of_a_reader") == len(groups.BUNDLED) + 3  # that were there
    assert one(db, "PRAGMA user_version") == LAST
    for statement in ("UPDATE bronze_documents SET kind = 'x'", "DELETE FROM bronze_documents", "REPLACE INTO bronze_documents SELECT * FROM bronze_documents"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_no_setting_of_a_file_that_goes_on_speaks_of_a_stage_by_a_name_that_none_has(old):
    db = sqlite3.connect(old)
    db.execute("INSERT INTO ops_config VALUES ('search_time_estimator', 0, 'setting', 'flag', '1: 42_time_estimator_search tries configurations of the time estimator')")
    db.commit()
    assert shell("run", old, *stages()).returncode == 0
    notes = [note for (note,) in db.execute("SELECT note FROM ops_config")]
    named = {name for note in notes for name in re.findall(r"\b\d{2,3}_\w+", note)}
    assert named and named <= set(STAGES)
    db.close()


def test_stages_that_were_parted_announce_themselves_and_what_ran_before_keeps_its_name(tmp_path):
    db = new_database(tmp_path / "a.db")
    run(db)
    db.execute("INSERT INTO ops_stages VALUES ('310_feature_tables', 'tables', '[]', '[]', '[]')")
    db.execute("UPDATE ops_runs SET stage = '310_feature_tables' WHERE stage = '310_activity_tables'")
    turn_back(db, 36)
    db.close()
    assert shell("run", tmp_path / "a.db", *stages()).returncode == 0
    db = new_database(tmp_path / "a.db")
    assert {stage for (stage,) in db.execute("SELECT stage FROM ops_stages")} == set(STAGES)
    assert {stage for (stage,) in db.execute("SELECT stage FROM ops_runs")} >= {"310_feature_tables", "310_activity_tables"}
    db.close()


def test_the_stages_refuse_a_file_whose_schema_they_do_not_know_and_leave_it_as_it_was(old):
    db = new_database(old)
    with pytest.raises(sqlite3.OperationalError, match=f"000_ops_tables: the file has schema version 0 and the stages know version {LAST}: run sql/tools/migrate"):
        run(db, ["000_ops_tables"])
    assert one(db, "PRAGMA user_version") == 0
    db.execute(f"PRAGMA user_version = {LAST + 1}")
    with pytest.raises(sqlite3.OperationalError, match=f"schema version {LAST + 1} and the stages know version {LAST}: it was made by a newer athlete"):
        run(db, ["000_ops_tables"])
    db.close()
    assert shell("run", old, *stages()).returncode != 0
    assert len(documents(old)) == 3


def test_a_migration_that_fails_changes_nothing_and_says_why(old):
    db = sqlite3.connect(old)
    db.execute("BEGIN IMMEDIATE")
    done = shell("run", old, *stages())
    assert done.returncode != 0 and "cannot be brought to this schema" in done.stderr and "locked" in done.stderr
    db.execute("ROLLBACK")
    db.close()
    assert len(documents(old)) == 3 and shell("run", old, *stages()).returncode == 0


def test_a_migration_gives_the_groups_of_users_the_triggers_of_today(tmp_path):
    definition = {"feature_group": "sleep", "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"],
                  "features": [{"name": "hours", "type": "numerical", "min": 0}]}
    (tmp_path / "sleep.json").write_text(json.dumps(definition))
    path = tmp_path / "athlete.db"
    assert shell("define", path, tmp_path / "sleep.json").returncode == 0
    db = new_database(path)
    db.execute("INSERT INTO sleep_ingest VALUES ('a', '2024-01-01', 8, NULL)")
    of_today = rows(db, "SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view') AND tbl_name LIKE 'sleep%' ORDER BY 1")
    db.execute("DROP TRIGGER sleep_once")
    db.execute("DROP TRIGGER sleep_replaced")
    db.execute("CREATE TRIGGER sleep_replaced AFTER UPDATE ON sleep BEGIN SELECT 'of another time'; END")
    db.execute("ALTER TABLE feature_groups ADD COLUMN stage TEXT")
    db.execute("PRAGMA user_version = 0")
    done = shell("run", path, ROOT / "sql" / "0_ops/000_ops_tables.sql")
    assert done.returncode == 0, done.stderr
    assert rows(db, "SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view') AND tbl_name LIKE 'sleep%' ORDER BY 1") == of_today
    assert db.execute("SELECT * FROM sleep").fetchall() == [("a", "2024-01-02T00:00:00Z", 8.0, "2024-01-02T00:00:00Z")]
    db.close()


def test_a_new_file_is_of_the_schema_that_the_last_migration_makes():
    db = new_database()
    run(db)
    assert one(db, "PRAGMA user_version") == LAST
    put(db, {"feature_group": "x"})
    run(db)


@pytest.mark.parametrize("version", [4, soak(10)])
def test_a_file_that_is_brought_up_to_date_keeps_every_row_and_every_column(tmp_path, version):
    path = shutil.copy(demo.database(), tmp_path / "athlete.db")
    db = sqlite3.connect(path)
    before = contents(db)
    if version < 5:
        db.execute("ALTER TABLE feature_groups ADD COLUMN stage TEXT")
    turn_back(db, version)
    db.close()
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr
    db = sqlite3.connect(path)
    after = contents(db)
    assert [t for t in before if after[t] != before[t]] == []
    assert db.execute("SELECT DISTINCT detail FROM ops_audit WHERE action = 'migrate'").fetchall() == ([('{"sums_rounded_once":0}',)] if version < 6 else [])
    db.close()


@pytest.mark.parametrize("last", ["310", *map(soak, ("000", "200", "320", "510", "600"))])
def test_a_file_in_which_not_every_stage_has_run_is_brought_up_to_date(tmp_path, last):
    path = tmp_path / "athlete.db"
    assert shell("import", path, *sorted((ROOT / "schemas" / "features").glob("*.json"))).returncode == 0
    assert shell("run", path, *(PATHS[s] for s in STAGES if s[:3] <= last)).returncode == 0
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE IF EXISTS silver_field_lists; PRAGMA user_version = 4")
    if db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'feature_groups'").fetchone()[0]:
        db.execute("ALTER TABLE feature_groups ADD COLUMN stage TEXT")
    db.executescript("""CREATE VIEW "a reader's" AS SELECT a_function_of_his(name) FROM ops_config;
                        CREATE TRIGGER "when he writes" INSTEAD OF INSERT ON "a reader's" BEGIN SELECT 1; END;""")
    his = db.execute("SELECT * FROM sqlite_schema WHERE tbl_name = 'a reader''s'").fetchall()
    done = shell("migrate", path)
    assert done.returncode == 0, done.stderr
    assert [r[:3] + r[4:] for r in db.execute("SELECT * FROM sqlite_schema WHERE tbl_name = 'a reader''s'")] == [r[:3] + r[4:] for r in his]
    db.close()
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr


@pytest.mark.soak
def test_a_setting_that_was_null_has_its_default_again(tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "athlete.db")
    db = sqlite3.connect(path)
    before = contents(db)
    db.executescript("DROP TRIGGER ops_config_numbers_are_there; DROP TRIGGER ops_config_numbers_are_told")
    db.execute("UPDATE ops_config SET value = NULL WHERE name IN ('unknown_load_max_share', 'acwr_risk_threshold', 'as_of_date')")
    db.commit()
    turn_back(db, 30)
    db.close()
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr
    db = sqlite3.connect(path)
    after = contents(db)
    assert [t for t in before if after[t] != before[t]] == []
    db.close()


@pytest.mark.soak
def test_a_migration_lets_freshness_be_judged_anew(tmp_path):
    path = tmp_path / "athlete.db"
    assert shell("run", path, *stages()).returncode == 0
    db = new_database(path)
    of_today = one(db, "SELECT sql FROM sqlite_schema WHERE name = 'feature_freshness'")
    db.execute("DROP VIEW feature_freshness")
    db.execute("DROP VIEW feature_extent_queries")
    db.execute("CREATE VIEW feature_freshness AS SELECT 'of another time' AS state FROM feature_extent")
    db.execute("ALTER TABLE feature_groups ADD COLUMN stage TEXT")
    turn_back(db, 1)
    assert shell("run", path, *stages()).returncode == 0
    assert one(db, "SELECT sql FROM sqlite_schema WHERE name = 'feature_freshness'") == of_today
    assert rows(db, "SELECT state FROM feature_freshness") == []
    db.close()


@pytest.mark.parametrize("seed", [soak(1), soak(2)])
def test_sums_that_become_exact_take_their_place_without_a_history_and_corrections_do_not(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "athlete.db"
    assert shell("import", path, *sorted((ROOT / "schemas" / "features").glob("*.json")), RUNNER / "activities.json").returncode == 0
    assert shell("run", path, *stages()).returncode == 0
    db = new_database(path)
    exact = {t: rows for t, rows in dump(db, with_history=True).items() if t.removesuffix("_history") in FEATURES}
    replaced = {t: one(db, "SELECT sql FROM sqlite_schema WHERE name = ?", f"{t}_replaced") for t in FEATURES}
    for table, day, columns in (("athlete_daily_features", "activity_date", ("distance_km", "daily_tss", "avg_pace", "avg_hr")),
                                ("athlete_weekly_features", "week_start", ("weekly_distance_km", "weekly_tss", "avg_pace_week"))):  # fmt: skip
        db.execute(f"DROP TRIGGER {table}_replaced")
        for when, *values in db.execute(f"SELECT {day}, {', '.join(columns)} FROM {table}").fetchall():
            off = [v if not v or rng.random() < 0.5 else math.nextafter(v, rng.choice([0, math.inf])) for v in values]
            db.execute(f"UPDATE {table} SET ({', '.join(columns)}) = ({', '.join('?' * len(columns))}) WHERE {day} = ?", (*off, when))
    wrong = one(db, "SELECT activity_date FROM athlete_daily_features WHERE distance_km > 1 ORDER BY activity_date LIMIT 1")
    db.execute("UPDATE athlete_daily_features SET distance_km = distance_km * 1.001 WHERE activity_date = ?", (wrong,))
    db.execute("DELETE FROM ops_watermarks WHERE stage > '3'")
    turn_back(db, 5)
    assert {t: rows for t, rows in dump(db, with_history=True).items() if t in exact} != exact
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr
    history = [r["activity_date"] for r in rows(db, "SELECT activity_date FROM athlete_daily_features_history")]
    assert history == [wrong], "a correction goes to the history, and nothing else"
    assert one(db, "SELECT COUNT(*) FROM athlete_weekly_features_history WHERE week_start <> date(?, 'weekday 0', '-6 days')", wrong) == 0
    for table, day in (("athlete_daily_features", "activity_date"), ("athlete_weekly_features", "week_start")):
        since = rows(db, f"SELECT t.available_at, h.superseded_at FROM {table} AS t JOIN {table}_history AS h USING ({day})")
        assert all(r["available_at"] == r["superseded_at"] for r in since), "nothing arrived, so that it is known from now on"
        keeps = one(db, "SELECT sql FROM sqlite_schema WHERE name = ?", f"{table}_replaced")
        db.execute(f"DROP TRIGGER {table}_replaced")  # it takes a change by hand for one that is known from now on
        db.execute(f"UPDATE {table} AS t SET available_at = h.available_at FROM {table}_history AS h WHERE t.{day} = h.{day}")
        db.execute(f"DELETE FROM {table}_history")
        db.execute(keeps)
    assert {t: rows for t, rows in dump(db, with_history=True).items() if t in exact} == exact
    assert {t: one(db, "SELECT sql FROM sqlite_schema WHERE name = ?", f"{t}_replaced") for t in FEATURES} == replaced
    said = [json.loads(r["detail"]) for r in rows(db, "SELECT detail FROM ops_audit WHERE action = 'migrate' AND object LIKE '%features'")]
    assert len(said) == 2 and all(d["sums_rounded_once"] > 30 for d in said)
    db.close()


def test_intervals_that_were_by_number_of_races_are_kept_by_kind_of_evidence(old):
    db = sqlite3.connect(old)
    db.executescript("""
        PRAGMA user_version = 9;
        CREATE TABLE ops_watermarks (stage TEXT NOT NULL, athlete_id TEXT NOT NULL, position TEXT NOT NULL, PRIMARY KEY (stage, athlete_id)) WITHOUT ROWID;
        INSERT INTO ops_watermarks VALUES ('500_time_estimator_rows', '', 'x'), ('430_rolling_features', '7', 'y');
        CREATE TABLE time_estimator_rows (source TEXT PRIMARY KEY);
        CREATE TABLE ops_actor (who TEXT);
        INSERT INTO ops_actor VALUES ('local');
        CREATE TABLE ops_audit (audit_id INTEGER PRIMARY KEY, at TEXT, who TEXT, action TEXT, object TEXT, detail TEXT);
        CREATE TABLE ml_intervals (model TEXT, version INTEGER, distance_class TEXT, evidence_group INTEGER, lower_ln REAL, upper_ln REAL, n INTEGER,
                                   PRIMARY KEY (model, version, distance_class, evidence_group)) WITHOUT ROWID;
        INSERT INTO ml_intervals VALUES ('riegel', 1, '5k', 1, -0.1, 0.2, 40), ('riegel', 1, '5k', 2, -0.05, 0.1, 50);
        CREATE TRIGGER ml_intervals_keep BEFORE UPDATE ON ml_intervals BEGIN SELECT RAISE(ABORT, 'append-only'); END;
        CREATE TRIGGER ml_intervals_stay BEFORE DELETE ON ml_intervals BEGIN SELECT RAISE(ABORT, 'append-only'); END;
        CREATE TABLE ml_validation_predictions (model TEXT, version INTEGER, source TEXT, subject TEXT, as_of_date TEXT, distance_class TEXT,
            fold INTEGER, evidence_group INTEGER, actual_s REAL, predicted_s REAL, lower_s REAL, upper_s REAL,
            PRIMARY KEY (model, version, source, subject, as_of_date, distance_class)) WITHOUT ROWID;
        INSERT INTO ml_validation_predictions VALUES ('riegel', 1, 'survey', '3', '', '5k', 4, 2, 1500.5, 1490.25, NULL, 1600.125);
    """)
    db.close()
    assert shell("migrate", old).returncode == 0
    db = sqlite3.connect(old)
    assert db.execute("SELECT * FROM ml_intervals ORDER BY evidence").fetchall() == [
        ("riegel", 1, "5k", "race", -0.1, 0.2, 0.0, 40), ("riegel", 1, "5k", "races", -0.05, 0.1, 0.0, 50)]
    assert db.execute("SELECT * FROM ml_validation_predictions").fetchall() == [
        ("riegel", 1, "survey", "3", "", "5k", 4, "races", 1500.5, 1490.25, None, 1600.125)]
    assert db.execute("SELECT stage FROM ops_watermarks").fetchall() == [("430_rolling_features",)]  # the rows of evidence come anew
    assert db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'time_estimator_rows'").fetchone() == (0,)
    assert db.execute("SELECT object, detail FROM ops_audit WHERE action = 'migrate' ORDER BY 1").fetchall() == [
        ("time_estimator", '{"intervals_by_evidence":2,"is_trained_once_more":1}'), ("time_estimator_rows", '{"rows_computed_anew":0}')]


@pytest.mark.parametrize("predicate, is_ours", [("start_time >= '1930'", True), ("start_time >= '1950'", False)])
def test_a_rule_follows_ours_unless_its_owner_has_changed_it(tmp_path, predicate, is_ours):
    path = shutil.copy(demo.database(), tmp_path / "athlete.db")
    rule = "SELECT predicate, reason FROM silver_rules WHERE rule = 'start_is_in_living_memory'"
    db = sqlite3.connect(path)
    of_today = db.execute(rule).fetchall()
    db.execute("UPDATE silver_rules SET predicate = ?, reason = 'theirs' WHERE rule = 'start_is_in_living_memory'", (predicate,))
    db.commit()
    turn_back(db, 11)
    assert shell("migrate", path).returncode == 0
    assert db.execute(rule).fetchall() == (of_today if is_ours else [(predicate, "theirs")])
    assert db.execute("SELECT COUNT(*) FROM ops_audit WHERE object = 'silver_rules'").fetchone() == (int(is_ours),)
    db.close()


WIDENED = {"activity_features": ("load_source", ["pace", "heart_rate"], "rpe"), "race_results": ("source", ["best_effort", "race_tag"], "told")}


@pytest.mark.soak
def test_groups_whose_features_may_have_more_values_than_their_tables_allowed_go_on_as_the_same_groups(tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "athlete.db")
    db = sqlite3.connect(path)
    before_reasons.take_back(db)
    turn_back(db, 21)
    for table, (column, allowed, _) in WIDENED.items():
        rows_before = db.execute(f"SELECT * FROM {table}").fetchall()
        definition = json.loads(db.execute("SELECT definition FROM feature_groups WHERE name = ?", (table,)).fetchone()[0]) | {"version": "1.0.1"}
        next(f for f in definition["features"] if f["name"] == column)["allowed"] = allowed
        db.execute("UPDATE feature_groups SET minor = 0, patch = 1, definition = ? WHERE name = ?", (json.dumps(definition, indent=2), table))
        db.execute("UPDATE features SET minor = 0, patch = 1 WHERE group_name = ?", (table,))
        db.execute("UPDATE features SET rules = json_set(rules, '$.allowed', json(?)) WHERE group_name = ? AND name = ?", (json.dumps(allowed), table, column))
        made = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        made = re.sub(rf'("{column}" \w+)( NOT NULL)? CHECK \(CASE.*? END\)', rf'\1\2 CHECK ("{column}" IN ({", ".join(map(repr, allowed))}))', made)
        db.execute(f"DROP TABLE {table}")
        db.execute(made)
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows_before[0]))})", rows_before)
    db.commit()
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE activity_features SET load_source = 'rpe'")
    db.rollback()
    before = contents(db)
    db.close()
    for table in WIDENED:  # of today, with a number that it has not been registered by
        definition = json.loads((ROOT / "schemas" / "features" / f"{table}.json").read_text()) | {"version": "1.99.0"}
        (tmp_path / f"{table}.json").write_text(json.dumps(definition))
    assert shell("import", path, *(tmp_path / f"{table}.json" for table in WIDENED)).returncode == 0
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr
    db = sqlite3.connect(path)
    assert db.execute("SELECT COUNT(*) FROM feature_definition_rejects").fetchone() == (0,)
    for table, (column, _, value) in WIDENED.items():
        assert chosen(db, table, before[table][0]) == before[table][1]
        assert db.execute("SELECT major, table_name FROM feature_groups_current WHERE name = ?", (table,)).fetchone() == (1, table)
        assert db.execute("SELECT COUNT(*) FROM feature_groups WHERE name = ?", (table,)).fetchone() == (2,)
        db.execute(f"UPDATE {table} SET {column} = ?", (value,))
    with pytest.raises(sqlite3.IntegrityError, match="a definition stays as it was registered"):
        db.execute("UPDATE feature_groups SET definition = '{}'")
    db.close()


@pytest.mark.soak
def test_rules_that_judged_two_values_give_way_and_one_that_its_owner_changed_goes_on_emptying_both(tmp_path):
    for predicate, is_ours in (("avg_hr BETWEEN 30 AND 230 AND coalesce(max_hr, 100) BETWEEN 30 AND 250", True), ("avg_hr < 120", False)):
        path = tmp_path / f"{is_ours}.db"
        db = sqlite3.connect(shutil.copy(demo.database(), path))
        turn_back(db, 19)
        db.execute("DELETE FROM silver_rules WHERE rule IN ('average_heart_rate_is_human', 'maximum_heart_rate_is_human')")
        db.execute("DELETE FROM silver_rule_empties")
        db.execute("INSERT INTO silver_rules VALUES ('silver_strava_activities', 'heart_rate_is_human', 'warn', ?, 'why')", (predicate,))
        high = db.execute("SELECT COUNT(*) FROM silver_strava_activities WHERE avg_hr >= 120").fetchone()
        db.commit()
        db.close()
        assert shell("run", path, *stages()).returncode == 0
        db = sqlite3.connect(path)
        left = db.execute("SELECT rule FROM silver_rules WHERE table_name = 'silver_strava_activities' AND rule GLOB '*heart_rate*' ORDER BY 1").fetchall()
        assert left == [("average_heart_rate_is_human",), *([] if is_ours else [("heart_rate_is_human",)]), ("maximum_heart_rate_is_human",)]
        assert db.execute("SELECT COUNT(*) FROM silver_strava_activities WHERE avg_hr >= 120").fetchone() == (high if is_ours else (0,)) and high > (0,)
        db.close()


@pytest.mark.soak
def test_features_of_a_model_may_be_null_in_a_file_of_before(tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "athlete.db")
    db = sqlite3.connect(path)
    of_today = db.execute("SELECT columns_sql FROM ml_models").fetchall()
    of_then = [(re.sub(r"nullif\((.*?), 'null'\)", r"\1", columns),) for columns, in of_today]
    assert of_then != of_today and "null" not in str(of_then)
    db.execute("DROP TRIGGER ml_models_keep")
    db.executemany("UPDATE ml_models SET columns_sql = ? WHERE columns_sql = ?", [(a, b) for (a,), (b,) in zip(of_then, of_today)])
    db.commit()
    turn_back(db, 26)
    assert shell("run", path, *stages()).returncode == 0
    assert db.execute("SELECT columns_sql FROM ml_models").fetchall() == of_today
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("UPDATE ml_models SET columns_sql = ''")
    db.close()


# --- numbers ---------------------------------------------------------------------------------------------------------


def written(folder, paths):
    """Migrations whose text is their own path."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    return folder


def test_each_migration_stands_in_the_folder_of_its_ten():
    for room in (ROOT / "sql" / "migrations").iterdir():
        first, last = map(int, room.name.split("-"))
        assert first % 10 == (first == 1) and last == first // 10 * 10 + 9
        assert {int(path.name.partition("_")[0]) for path in room.iterdir()} <= set(range(first, last + 1)), room


@pytest.mark.parametrize("seed", range(30))
def test_a_number_that_stands_twice_or_nowhere_stops_all_migrations_with_a_sentence(tmp_path, seed):
    """Of migrations, and of the steps of one."""
    chance = random.Random(seed)
    numbers = [chance.choice([n, n, n, n, n, n, n, n, n, n, n + 1, n + 10]) for n in range(1, chance.randint(4, 25))]
    stepped = chance.sample(range(len(numbers)), 2)
    steps = [chance.choice([[1, 2], [1], [1, 2, 3], [2, 3], [1, 1], [1, 3]]) for _ in stepped]
    paths = {}
    for place, number in enumerate(numbers):
        path = f"{number // 10 * 10:02d}/{number}_topic_{place}"
        inside = [f"/{step}_step_{k}.sql" for k, step in enumerate(steps[stepped.index(place)])] if place in stepped else [".sql"]
        paths[place] = [path + name for name in inside]
    folder = written(tmp_path / "of", [path for found in paths.values() for path in found])
    if sorted(numbers) == list(range(1, len(numbers) + 1)) and all(s == list(range(1, len(s) + 1)) for s in steps):
        assert texts(folder) == {number: "".join(paths[place]) for place, number in enumerate(numbers)}
    else:
        with pytest.raises(Failure, match=r"has the number of .*: each migration|comes where number \d+ belongs"):
            texts(folder)


@pytest.mark.parametrize("name", ["topic.sql", "0_zero.sql", "02_two.sql", "2-two.sql", "2_two.sql.orig"])
def test_a_migration_is_called_by_its_number(tmp_path, name):
    with pytest.raises(Failure, match=f"{re.escape(name)} is not called N_topic.sql"):
        texts(written(tmp_path, ["01-09/1_one.sql", f"01-09/{name}"]))


def test_two_migrations_of_one_number_leave_the_file_as_it_was(old, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "sql" / "migrations", tmp_path / "of")
    shutil.copy(next((tmp_path / "of").glob("*/1_*.sql")), tmp_path / "of" / "40-49" / f"{LAST}_again.sql")
    db = new_database(old)
    before = db.serialize()
    monkeypatch.setattr(migrations, "FOLDER", tmp_path / "of")
    with pytest.raises(Failure, match="each migration, and each step of one, has its own"):
        migrations.bring_up_to_date(db, old)
    assert db.serialize() == before
    db.close()
