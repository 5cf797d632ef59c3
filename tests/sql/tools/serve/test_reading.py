"""Values over HTTP are those of asof, read directly from the file."""

import datetime
import json
import random
import time

import pytest

from helpers.stores import groups, served
from helpers.extension import connect
from helpers.stores.served import segment
from helpers.stages import new_database


SLEEP_FEATURES = ["sleep_h", "resting_hr", "quality", "device"]


def of_asof(api, group, keys, as_of):
    """The row that the virtual table gives for these keys, or None."""
    db = connect(str(api.path))
    db.execute(f"CREATE VIRTUAL TABLE temp.direct USING asof({group})")
    condition = " AND ".join(f"{name} = ?" for name in keys)
    cursor = db.execute(f"SELECT *, row_timestamp, row_available, row_age_days FROM direct WHERE {condition} AND as_of = ?", (*keys.values(), as_of))
    row = cursor.fetchone()
    found = dict(zip((d[0] for d in cursor.description), row)) if row else None
    db.close()
    return found


def test_an_entity_at_any_moment_is_what_asof_says(api):
    random.seed(1)
    found = 0
    for athlete in ("4001", "4002", "4003", "Zoë/ü 1%?", "nobody"):
        for _ in range(12):
            moment = datetime.datetime(2025, 10, 17) + datetime.timedelta(hours=random.randrange(72))
            as_of = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            answer = api.get(f"/features/athlete_sleep/{segment(athlete)}?as_of={as_of}", api.tokens["coach"])
            row = of_asof(api, "athlete_sleep", {"athlete_id": athlete}, as_of)
            if row is None:
                assert answer.status_code == 404 and athlete in answer.json()["error"]
                continue
            found += 1
            assert answer.json() == {
                "group": "athlete_sleep", "version": "1.0.0", "as_of": as_of, "entity": {"athlete_id": athlete},
                "event_timestamp": row["row_timestamp"], "available_at": row["row_available"], "age_days": row["row_age_days"],
                "features": {name: row[name] for name in SLEEP_FEATURES},
            }
    assert found > 15


def test_without_a_moment_it_is_now_and_nothing_that_becomes_known_later_is_an_answer(api):
    before = time.time()
    answer = api.get("/features/athlete_sleep/4001", api.tokens["coach"]).json()
    after = time.time()
    asked = datetime.datetime.fromisoformat(answer["as_of"]).timestamp()
    assert before - 1 <= asked <= after + 1  # whole seconds
    assert answer["event_timestamp"] == "2025-10-19T06:00:00Z"
    event = datetime.datetime.fromisoformat(answer["event_timestamp"]).timestamp()
    assert answer["age_days"] == pytest.approx((asked - event) / 86400)
    assert api.get("/features/athlete_sleep/4003", api.tokens["coach"]).status_code == 404
    assert api.get("/features/athlete_sleep/4003?as_of=2099-01-02T00:00:00Z", api.tokens["coach"]).status_code == 200


def test_every_type_comes_as_json_has_it_and_null_is_null(api):
    answer = api.get("/features/race_scores/7/42k?as_of=2025-11-01", api.tokens["judge"]).json()
    assert answer["entity"] == {"race_id": 7, "class": "42k"}
    assert answer["event_timestamp"] == "2025-10-01T00:00:00Z" and answer["age_days"] == 31
    assert answer["features"] == {
        "score": 12.5, "is_final": True, "finishers": 9007199254740993, "shape": [1.0, -1.5], "note": 'a "b" ü'}
    empty = api.get("/features/race_scores/7/10k?as_of=2025-11-01", api.tokens["judge"]).json()["features"]
    assert empty == {"score": None, "is_final": False, "finishers": None, "shape": None, "note": None}


def test_the_lookback_of_a_group_holds(api):
    assert api.get("/features/race_scores/7/42k?as_of=2026-11-05", api.tokens["coach"]).status_code == 200
    assert api.get("/features/race_scores/7/42k?as_of=2026-11-06", api.tokens["coach"]).status_code == 404


@pytest.mark.parametrize("as_of", ["2025-10-18T10:00:00+02:00", "2025-10-18T08:00:00Z", "2025-10-18t08:00:00.999z", "2025-10-18 08:00", "2025-10-18T08:00:00"])
def test_a_moment_may_be_written_in_other_forms_than_the_groups_own(api, as_of):
    answer = api.get(f"/features/athlete_sleep/4001?as_of={segment(as_of)}", api.tokens["coach"]).json()
    assert answer["as_of"] == "2025-10-18T08:00:00Z" and answer["event_timestamp"] == "2025-10-18T06:00:00Z"


@pytest.mark.parametrize("as_of", ["", "yesterday", "2025-13-01", "2025-10-18T25:00:00Z", "20251018", "now", "2025-10-18T06:00:00Z;", "٢٠٢٥-١٠-١٨",
                                   "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-12:00", "2025-10-18T06:00:60Z"])
def test_what_is_no_moment_is_refused_with_a_sentence(api, as_of):
    answer = api.get(f"/features/athlete_sleep/4001?as_of={segment(as_of)}", api.tokens["coach"])
    assert answer.status_code == 400 and "as_of is" in answer.json()["error"]


@pytest.mark.parametrize("kind, first, second, before_second", [
    ("timestamp", "'2025-10-18 06:00'", "'2025-10-18 07:30'", "2025-10-18T07:29:59Z"),
    ("timestamp", "'2025-10-18T06:00:00.250Z'", "'2025-10-18T06:00:00.500Z'", "2025-10-18T06:00:00.4999Z"),
    ("timestamp", "'2025-10-18'", "'2025-10-20'", "2025-10-19"),
    ("integer", "1760767200", "1760772600", "2025-10-18T07:29:59Z"),
])
def test_a_moment_takes_the_form_of_the_groups_times(tmp_path, kind, first, second, before_second):
    timed = {"feature_group": "timed", "version": "1.0.0", "time_precision": "millisecond" if ".250" in first else "second", "description": "d", "entity": "athlete", "keys": ["athlete_id"],
             "features": [{"name": name, "type": kind, "not_null": True} for name in ("event_timestamp", "available_at")] + [{"name": "x", "type": "integer"}]}
    path = tmp_path / "timed.db"
    db = groups.store(timed, path=str(path))
    db.execute(f"INSERT INTO timed_ingest (athlete_id, event_timestamp, available_at, x) VALUES ('1', {first}, {first}, 1), ('1', {second}, {second}, 2)")
    db.close()
    opened = served.Served(path, {"anonymous_reads": True})
    assert opened.get("/features/timed/1").json()["features"] == {"x": 2}
    assert opened.get(f"/features/timed/1?as_of={before_second}").json()["features"] == {"x": 1}
    if kind == "integer":
        assert opened.get("/features/timed/1?as_of=1760772599").json()["features"] == {"x": 1}
    opened.close()


def test_some_features_come_in_the_order_in_which_they_were_asked(api):
    answer = api.get("/features/athlete_sleep/4001?features=device,sleep_h", api.tokens["coach"]).json()
    assert list(answer["features"]) == ["device", "sleep_h"]


@pytest.mark.parametrize("path, status, words", [
    ("/features/athlete_sleep/4001?features=sleep_h,slep", 400, "no feature 'slep'; it has sleep_h, resting_hr, quality, device"),
    ("/features/athlete_sleep/4001?features=", 400, "no feature ''"),
    ("/features/athlete_sleep/4001?feature=sleep_h", 400, "no parameter 'feature' here; there are as_of, features"),
    ("/features/athlete_sleep/4001?as_of=2025-10-18&as_of=2025-10-19", 400, "as_of is there twice"),
    ("/features/athlete_sleeps/4001", 404, "no feature group 'athlete_sleeps'"),
    ("/features/athlete_sleep/4001/2", 404, "is kept by athlete_id"),
    ("/features/race_scores/7", 404, "is kept by race_id and class: the path has 1"),
    ("/features/race_scores", 405, "POST is"),
    ("/features/race_scores/seven/42k", 400, "race_id of race_scores is integer, which 'seven' is not"),
    ("/features/race_scores/99999999999999999999/42k", 400, "race_id"),
    ("/features/race_scores/8/42k", 404, "no row of race_id 8, class 42k"),
    ("/features/athlete_sleep/", 400, "athlete_id"),
    ("/features/athlete_sleep/%ff", 400, "UTF-8"),
    ("/features/athlete_sleep/4001?as_of=%ff", 400, "UTF-8"),
    ("/ingest", 404, "openapi"),
])
def test_a_wrong_request_is_refused_with_a_sentence(api, path, status, words):
    answer = api.get(path, api.tokens["coach"])
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert words in answer.json()["error"]


def test_many_entities_come_in_their_order_and_equal_each_alone(api):
    athletes = ["4002", "4001", "nobody", "4001", "Zoë/ü 1%?"]
    asked = {"entities": athletes, "as_of": "2025-10-19T00:00:00Z", "features": ["resting_hr"]}
    answer = api.post("/features/athlete_sleep", asked, api.tokens["coach"]).json()
    assert answer["as_of"] == asked["as_of"] and [row["entity"]["athlete_id"] for row in answer["rows"]] == athletes
    for athlete, row in zip(athletes, answer["rows"]):
        alone = api.get(f"/features/athlete_sleep/{segment(athlete)}?as_of={asked['as_of']}&features=resting_hr", api.tokens["coach"])
        if alone.status_code == 404:
            assert row["features"] is None and row["event_timestamp"] is None
        else:
            assert row == {name: alone.json()[name] for name in row}
    races = api.post("/features/race_scores", {"entities": [[7, "10k"], [7, "42k"]], "as_of": "2025-11-01"}, api.tokens["judge"]).json()["rows"]
    assert [row["features"]["score"] for row in races] == [None, 12.5]


def test_a_group_and_a_feature_registered_while_the_server_runs_are_there_at_once(own_api):
    api, nap = own_api, {"feature_group": "naps", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"],
                         "features": [{"name": "minutes", "type": "integer"}]}
    assert api.get("/features/naps/1", api.tokens["coach"]).status_code == 404
    assert api.get("/features/athlete_sleep/4001", api.tokens["coach"]).status_code == 200
    db = new_database(str(api.path))
    groups.register(db, nap)
    answer = api.get("/features/naps/1", api.tokens["coach"])
    assert answer.status_code == 404 and "its table is not made yet" in answer.json()["error"]
    grown = served.SLEEP | {"version": "1.1.0", "features": [*served.SLEEP["features"], {"name": "snoring", "type": "boolean"}]}
    groups.register(db, grown)
    for after, before in ((nap, None), (grown, served.SLEEP)):
        text = db.execute("SELECT feature_group_ddl(?, NULL, ?)", (json.dumps(after), before and json.dumps(before))).fetchone()[0]
        groups.script(db, text)
    db.execute("INSERT INTO naps VALUES ('1', '2025-01-01T00:00:00Z', 20, '2025-01-01T00:00:00Z')")
    db.close()
    assert api.get("/features/naps/1", api.tokens["coach"]).json()["features"] == {"minutes": 20}
    answer = api.get("/features/athlete_sleep/4001", api.tokens["coach"]).json()
    assert answer["version"] == "1.1.0" and answer["features"]["snoring"] is None
    assert [f["name"] for f in api.get("/features?group=naps").json()["features"]] == ["minutes"]


def test_the_registry_is_searched_by_name_tag_owner_and_status(api):
    def found(query):
        return [f"{f['group']}.{f['name']}" for f in api.get(f"/features?{query}").json()["features"]]

    assert found("name=SLEEP") == ["athlete_sleep.sleep_h"]
    assert found("tag=recovery") == [f"athlete_sleep.{name}" for name in SLEEP_FEATURES]
    assert found("tag=judged") == ["race_scores.score"]
    assert found("owner=jury") == ["race_scores.note"] == found("status=deprecated")
    assert found("owner=watch&name=h") == ["athlete_sleep.sleep_h", "athlete_sleep.resting_hr"]
    assert found("name=nothing") == [] and len(found("")) == 4 + 5 + 1
    assert api.get("/features?status=old").status_code == 400
    (score,) = api.get("/features?tag=judged").json()["features"]
    assert score["unit"] == "points" and score["type"] == "numerical"
    (hr,) = api.get("/features?name=resting_hr").json()["features"]
    assert hr["rules"] == {"min": 25, "max": 120, "not_null": True}


def test_the_groups_say_how_they_are_kept(api):
    listed = {group["name"]: group for group in api.get("/groups").json()["groups"]}
    assert listed["race_scores"] == {
        "name": "race_scores", "version": "1.2.0", "status": "active", "description": "Of a race", "entity": "race", "keys": ["race_id", "class"],
        "owner": None, "tags": [], "stage": None, "expected_every_hours": None, "features": ["score", "is_final", "finishers", "shape", "note"]}
    assert listed["computed_load"]["stage"] == "own_load"
