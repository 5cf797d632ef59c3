"""Lineage, freshness and their export: what the edges say is what the stages do."""

import csv
import datetime
import json
import urllib.parse
import uuid

import pytest
from openlineage.client import event_v2, serde
from openlineage.client.generated import column_lineage_dataset

from helpers import stage_headers
from helpers.extension import DATA, ROOT
from helpers.machine.soak import sized
from helpers.stores.groups import BUNDLED, SLEEP, store
from helpers.stages import STAGES, new_database, one, put, rows, run

RUNNER = DATA / "strava-api" / "runner"
pytestmark = sized(pytest.mark.unsanitized, [])  # the stages over what tests/laws/test_kept_rows.py has run them over


@pytest.fixture(scope="module")
def built():
    db = new_database()
    run(db, [s for s in STAGES if s < "2"])
    specification = json.loads((ROOT / "schemas" / "models" / "time_estimator.json").read_text())
    specification["learner"]["options"]["num_boost_round"] = 10
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


def as_openlineage(event):
    """The event in the classes of OpenLineage's own client, whose validators look at ids, times and URIs."""
    def output(data):
        fields = data["facets"]["columnLineage"]["fields"]
        fields = {n: column_lineage_dataset.Fields(inputFields=[column_lineage_dataset.InputField(**i) for i in f["inputFields"]]) for n, f in fields.items()}
        facet = column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields, producer=data["facets"]["columnLineage"]["_producer"])
        return event_v2.OutputDataset(namespace=data["namespace"], name=data["name"], facets={"columnLineage": facet})

    return event_v2.RunEvent(
        eventType=event_v2.RunState[event["eventType"]], eventTime=event["eventTime"], producer=event["producer"], run=event_v2.Run(**event["run"]),
        job=event_v2.Job(**event["job"]), inputs=[event_v2.InputDataset(**i) for i in event["inputs"]], outputs=[output(o) for o in event["outputs"]])  # fmt: skip


def without_empty(value):
    if isinstance(value, dict):
        return {k: without_empty(v) for k, v in value.items() if v not in ({}, [], None) or k in ("inputs", "outputs", "fields")}
    return [without_empty(v) for v in value] if isinstance(value, list) else value


def test_events_are_what_openlineages_own_client_would_send(built):
    """The same fields with the same schema addresses, and no other: RunEvent of OpenLineage 2-0-2 with its column lineage facet."""
    events = [json.loads(e) for (e,) in built.execute("SELECT event FROM openlineage_events")]
    assert {e["job"]["name"] for e in events} >= {"410_activity_features", "430_rolling_features"}
    for event in events:
        assert without_empty(serde.Serde.to_dict(as_openlineage(event))) == event
        assert urllib.parse.urlparse(event["producer"]).scheme and urllib.parse.urlparse(event["schemaURL"]).fragment == "/$defs/RunEvent"
        assert uuid.UUID(event["run"]["runId"]).version == 8 and uuid.UUID(event["run"]["runId"]).variant == uuid.RFC_4122
        assert datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).tzinfo


def test_every_run_starts_and_ends_once_under_one_id_of_its_own(built):
    runs = {}
    for event in (json.loads(e) for (e,) in built.execute("SELECT event FROM openlineage_events")):
        runs.setdefault(event["run"]["runId"], []).append((event["eventTime"], event["eventType"], event["job"]["name"]))
    assert len(runs) == one(built, "SELECT COUNT(*) FROM ops_runs WHERE stage IN (SELECT stage FROM feature_lineage)")
    for events in runs.values():
        (started, start, job), (ended, end, same) = events
        assert (start, end in ("COMPLETE", "FAIL"), job == same, started <= ended) == ("START", True, True, True)


def test_events_tell_what_each_feature_comes_from(built):
    outputs = [o for (e,) in built.execute("SELECT event FROM openlineage_events") for o in json.loads(e)["outputs"] if o["name"] == "athlete_rolling_features"]
    fields = outputs[0]["facets"]["columnLineage"]["fields"]
    assert {"namespace": "athlete.db", "name": "activity_features", "field": "estimated_tss"} in fields["ctl_42d"]["inputFields"]
    told = {(f"athlete_rolling_features.{n}", f"{i['name']}.{i['field']}") for n, f in fields.items() for i in f["inputFields"]}
    assert told == set(built.execute("SELECT to_name, from_name FROM feature_lineage WHERE to_name LIKE 'athlete_rolling_features.%' AND to_kind = 'column'"))


def test_a_prediction_keeps_its_activities_when_one_is_corrected_later(built):
    prediction = one(built, "SELECT prediction_id FROM gold_athlete_predictions WHERE model = 'time_estimator' LIMIT 1")
    behind = "SELECT activity_id FROM prediction_activities WHERE prediction_id = ? ORDER BY 1"
    before = built.execute(behind, (prediction,)).fetchall()
    built.execute("SAVEPOINT corrected")
    built.execute("UPDATE activity_features SET distance_km = distance_km + 1, available_at = '2099-01-01T00:00:00Z' WHERE activity_id = ?", before[7])
    built.execute("DELETE FROM activity_features WHERE activity_id = ?", before[9])
    after = built.execute(behind, (prediction,)).fetchall()
    built.execute("ROLLBACK TO corrected")
    built.execute("RELEASE corrected")
    assert after == before and len(before) > 1000


@pytest.mark.parametrize("version", ["", "@1", "@1.0.0", "@12.3.4+2"])
def test_who_breaks_if_a_feature_goes_is_one_query(built, version):
    lookups = [{"group": f"athlete_rolling_features{version}", "features": ["ctl_42d"]}, {"group": f"athlete_weekly_features{version}"}]
    spec = {"labels": "SELECT 1", "as_of": "x", "lookups": lookups}
    built.execute("SAVEPOINT stored")
    built.execute("INSERT INTO ml_training_sets (name, spec, columns, definitions, made_at, n_rows, rows_sha256) VALUES ('mine', ?, '[]', '{}', '2026-01-01T00:00:00Z', 5, '')", (json.dumps(spec),))
    found = {f: rows(built, "SELECT kind, name, owner, status FROM feature_dependents WHERE feature = ? ORDER BY distance, kind, name", f)
             for f in ("athlete_rolling_features.ctl_42d", "athlete_rolling_features.tsb", "athlete_weekly_features.weekly_tss", "activity_features.estimated_tss")}  # fmt: skip
    built.execute("ROLLBACK TO stored")
    built.execute("RELEASE stored")
    n = one(built, "SELECT COUNT(*) FROM gold_athlete_predictions WHERE model = 'time_estimator'")
    status = one(built, "SELECT status FROM ml_model_versions")
    kinds = lambda feature: [(d["kind"], d["status"]) for d in found[feature]]  # noqa: E731
    assert kinds("athlete_rolling_features.ctl_42d") == [("column", None), ("training set", "5 rows"), ("model", status), ("predictions", f"{n} predictions")]
    assert kinds("athlete_rolling_features.tsb") == []
    assert kinds("athlete_weekly_features.weekly_tss") == [("training set", "5 rows")]
    load = {d["name"]: d for d in found["activity_features.estimated_tss"]}
    assert load["athlete_rolling_features.ctl_42d"]["owner"] == "athlete" and load["time_estimator/1"]["kind"] == "model"


def test_lineage_and_freshness_of_unchanged_data_write_nothing(built):
    before = [built.execute(f"SELECT * FROM {t}").fetchall() for t in ("feature_lineage", "feature_extent")]
    changes = built.total_changes
    run(built, ["490_feature_freshness", "800_feature_lineage"])
    assert [built.execute(f"SELECT * FROM {t}").fetchall() for t in ("feature_lineage", "feature_extent")] == before
    assert one(built, "SELECT COUNT(*) FROM feature_extent") == len(BUNDLED)
    assert built.total_changes > changes  # the run log


def test_a_run_leaves_the_schema_as_it_is_so_that_nobody_who_reads_the_file_reads_it_anew():
    db = new_database()
    run(db)
    before = db.execute("PRAGMA schema_version").fetchone()
    run(db)
    assert db.execute("PRAGMA schema_version").fetchone() == before


NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(hours):
    return (NOW - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def freshness(definition, *inserted):
    """What is said of a group into which rows of the columns athlete_id, event_timestamp, available_at came."""
    db = store(definition)
    for i, row in enumerate(inserted):
        db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, available_at, resting_hr) VALUES (?, ?, ?, ?)", (*row, 50 + i))
    run(db, ["490_feature_freshness"])
    return rows(db, "SELECT * FROM feature_freshness WHERE group_name = 'athlete_sleep'")[0]


DAILY = SLEEP | {"expected_every_hours": 24}
DELAYED = DAILY | {"availability_delay_hours": 6}


def test_a_group_is_late_when_its_newest_event_is_older_than_expected(built):
    state = dict(built.execute("SELECT group_name, state FROM feature_freshness").fetchall())
    assert state["race_results"] == "not expected" and state["athlete_daily_features"] == "late"
    for hours, expected in ((1, "fresh"), (23, "fresh"), (25, "late")):
        found = freshness(DAILY, ("a", ago(hours), None))
        assert (found["state"], found["newest_timestamp"], found["age_hours"]) == (expected, ago(hours), pytest.approx(hours, abs=0.5))
    assert freshness(DAILY)["state"] == "empty"


def test_a_correction_of_an_old_row_leaves_a_late_group_late():
    found = freshness(DAILY, ("a", ago(72), None), ("a", ago(48), None), ("a", ago(72), ago(0)))
    assert (found["state"], found["newest_timestamp"]) == ("late", ago(48)) and found["newest_available"] >= ago(0)


def test_a_delay_is_waited_for_and_no_longer():
    """An event becomes known after the delay, so that the one before it may be the newest for that much longer."""
    assert freshness(DELAYED, ("a", ago(29), None))["state"] == "fresh"
    assert freshness(DELAYED, ("a", ago(31), None))["state"] == "late"
    assert freshness(DELAYED, ("a", ago(48), None), ("a", ago(3), None))["newest_timestamp"] == ago(3)  # is here, and known in three hours


def test_a_row_of_the_future_or_held_back_makes_no_group_fresh():
    of_the_future, held_back = ("a", "2999-01-01T00:00:00Z", None), ("a", ago(1), "2999-01-01T00:00:00Z")
    assert freshness(DAILY, of_the_future, held_back)["state"] == "empty"
    found = freshness(DAILY, ("b", ago(30), None), of_the_future, held_back)
    assert (found["state"], found["newest_timestamp"], found["n_rows"]) == ("late", ago(30), 3)


def test_times_that_are_numbers_are_seconds():
    seconds = {"features": [*SLEEP["features"], {"name": "event_timestamp", "type": "integer"}, {"name": "available_at", "type": "integer"}]}
    at = lambda hours: int(NOW.timestamp()) - hours * 3600  # noqa: E731
    for hours, expected in ((23, "fresh"), (25, "late")):
        found = freshness(DAILY | seconds, ("a", at(hours), at(hours)), ("a", at(-9999), None))
        assert (found["state"], found["newest_timestamp"]) == (expected, at(hours))
