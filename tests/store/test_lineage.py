"""Lineage, freshness and their export: what the edges say is what the stages do."""

import csv
import datetime
import json
import re
import sys

import pytest
from groups import BUNDLED, SLEEP, store

from conftest import DATA, ROOT
from stages import STAGES, new_database, one, put, rows, run

sys.path.insert(0, str(ROOT / "tests" / "checks"))
import stage_headers  # noqa: E402

RUNNER = DATA / "strava-api" / "runner"


@pytest.fixture(scope="module")
def built():
    db = new_database()
    run(db, [s for s in STAGES if s < "2"])
    specification = json.loads((ROOT / "schemas" / "models" / "time_estimator.json").read_text())
    specification["options"]["num_boost_round"] = 10
    with (ROOT / "sql" / "data" / "race-times" / "runners.csv").open(newline="") as lines:
        survey = list(csv.DictReader(lines))
    for body in [*(p.read_text() for p in sorted(RUNNER.glob("*.json"))), *BUNDLED.values(), specification, survey]:
        put(db, body)
    run(db)
    yield db
    db.close()


def test_every_edge_between_tables_is_what_the_header_of_its_stage_says(built):
    edges = rows(built, "SELECT * FROM feature_lineage WHERE from_kind = 'table'")
    assert len(edges) > 20
    for edge in edges:
        header = stage_headers.parse(STAGES[edge["stage"]])
        assert edge["from_name"] in header.reads, edge
        assert edge["to_name"] in header.writes, edge


def test_features_are_traced_through_models_to_predictions_and_predictions_to_activities(built):
    touched = {r["to_name"] for r in rows(built, "SELECT * FROM feature_lineage_paths WHERE from_name = 'athlete_rolling_features.ctl_42d'")}
    assert touched == {"time_estimator_rows.ctl_42d", "time_estimator/1", "gold_athlete_predictions/time_estimator/1"}
    prediction = one(built, "SELECT prediction_id FROM gold_athlete_predictions WHERE model = 'time_estimator' LIMIT 1")
    behind = one(built, "SELECT COUNT(*), MAX(available_at) FROM prediction_activities WHERE prediction_id = ?", prediction)
    known_at = one(built, "SELECT known_at FROM gold_athlete_predictions WHERE prediction_id = ?", prediction)
    assert behind[0] == one(built, "SELECT COUNT(*) FROM activity_features WHERE available_at <= ?", known_at) and behind[1] <= known_at


def test_every_group_feature_comes_from_columns_that_exist(built):
    for edge in rows(built, "SELECT * FROM feature_lineage WHERE to_kind = 'column'"):
        for name in (edge["from_name"], edge["to_name"]):
            table, column = name.split(".")
            assert column in [c["name"] for c in rows(built, f"SELECT name FROM pragma_table_info('{table}')")], name


def test_the_paths_walk_both_ways(built):
    down = {r["to_name"] for r in rows(built, "SELECT * FROM feature_lineage_paths WHERE from_name = 'bronze_strava_activities'")}
    assert {"silver_strava_activities", "activity_features", "athlete_weekly_features", "gold_athlete_predictions"} <= down
    up = {r["from_name"] for r in rows(built, "SELECT * FROM feature_lineage_paths WHERE to_name = 'gold_athlete_predictions'")}
    assert {"bronze_strava_activities", "athlete_rolling_features", "time_estimator_rows"} <= up
    load = {r["to_name"] for r in rows(built, "SELECT * FROM feature_lineage_paths WHERE from_name = 'activity_features.estimated_tss'")}
    assert {"athlete_rolling_features.ctl_42d", "athlete_weekly_features.weekly_tss", "time_estimator_rows.ctl_42d"} <= load


def test_events_have_every_field_that_openlineage_requires(built):
    """RunEvent of OpenLineage 2-0-2: https://openlineage.io/spec/2-0-2/OpenLineage.json"""
    events = [json.loads(e) for (e,) in built.execute("SELECT event FROM openlineage_events")]
    assert {e["job"]["name"] for e in events} >= {"31_activity_features", "33_rolling_features"}
    for event in events:
        assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
        assert datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).tzinfo
        assert re.fullmatch(r"https://\S+", event["producer"]) and event["schemaURL"].endswith("#/$defs/RunEvent")
        assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event["run"]["runId"])
        for data_set in [event["job"], *event["inputs"], *event["outputs"]]:
            assert set(data_set) == {"namespace", "name"} and all(isinstance(v, str) and v for v in data_set.values())
    assert len({e["run"]["runId"] for e in events}) == len(events)


def test_lineage_and_freshness_of_unchanged_data_write_nothing(built):
    before = [built.execute(f"SELECT * FROM {t}").fetchall() for t in ("feature_lineage", "feature_extent")]
    changes = built.total_changes
    run(built, ["36_feature_freshness", "60_feature_lineage"])
    assert [built.execute(f"SELECT * FROM {t}").fetchall() for t in ("feature_lineage", "feature_extent")] == before
    assert one(built, "SELECT COUNT(*) FROM feature_extent") == len(BUNDLED)
    assert built.total_changes > changes  # the run log


def test_a_group_is_late_when_its_newest_row_is_older_than_expected(built):
    state = dict(built.execute("SELECT group_name, state FROM feature_freshness").fetchall())
    assert state["race_results"] == "not expected" and state["athlete_daily_features"] == "late"
    now = datetime.datetime.now(datetime.timezone.utc)
    for hours, expected in ((1, "fresh"), (23, "fresh"), (25, "late"), (None, "empty")):
        definition = SLEEP | {"expected_every_hours": 24}
        db = store(definition)
        run(db)
        if hours is not None:
            at = (now - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr) VALUES ('a', ?, 50)", (at,))
        run(db, ["36_feature_freshness"])
        assert one(db, "SELECT state FROM feature_freshness WHERE group_name = 'athlete_sleep'") == expected
