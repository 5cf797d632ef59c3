"""An id is the same entity as number and as text, with all its digits; what has lost digits is refused with a sentence."""

import json
import random

import pytest

from helpers.stores import groups, served
from helpers.extension import connect
from helpers.stores.served import sleep_row


STREAMS = {
    "feature_group": "streams", "version": "1.0.0", "description": "Of an activity", "entity": "athlete", "keys": ["athlete_id"], "row_key": ["athlete_id", "activity_id"],
    "reject_limit": 0.9, "features": [{"name": "activity_id", "type": "text", "not_null": True}, {"name": "load", "type": "numerical"}],
}
IDS = [0, 1, 4001, 2**53 - 1, 2**53, 2**53 + 1, 15752304211, 2**63 - 1, 2**63, 10**30 + 7]
FLOATS = ["4001.0", "4001.5", "4.001e3", "1e400", "-0.0", "9007199254740993.0", "1E3"]
OTHERS = ["true", "false", "null", "[]", "{}", '""', "[4001]"]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    path = served.database(tmp_path_factory.mktemp("ids") / "athlete.db")
    db = connect(str(path), isolation_level=None)
    groups.register(db, STREAMS)
    groups.script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(STREAMS),)).fetchone()[0])
    db.close()
    opened = served.Served(path)
    opened.write_fast()
    opened.token = served.token(path, "all", "--athlete", "all", "--write", "*")
    yield opened
    opened.close()


def sent(api, path, text):
    return api.request("POST", path, api.token, content=text.encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("number", IDS)
def test_a_number_and_its_digits_are_one_entity_in_paths_lookups_and_rows(api, number):
    day = IDS.index(number) + 1
    row = json.dumps(sleep_row(day, sleep_h=day, athlete_id=random.Random(number).choice([number, str(number)])))
    told = sent(api, f"/ingest/athlete_sleep/{number}", f'{{"rows": [{row}]}}')
    assert told.status_code == 200 and told.json()["new"] == 1, told.text
    assert api.select("SELECT athlete_id, typeof(athlete_id) AS t FROM athlete_sleep WHERE sleep_h = ? AND event_timestamp LIKE '2026-01-%'", day) == [{"athlete_id": str(number), "t": "text"}]
    answer = sent(api, "/features/athlete_sleep", f'{{"entities": [{number}, "{number}"]}}').json()
    as_number, as_text = answer["rows"]
    assert as_number == as_text and as_number["entity"] == {"athlete_id": str(number)} and as_number["features"]["sleep_h"] == day
    assert api.get(f"/features/athlete_sleep/{number}", api.token).json()["features"] == as_number["features"]
    same = sent(api, f"/ingest/athlete_sleep/{number}", f'{{"rows": [{row}]}}').json()
    assert (same["new"], same["changed"], same["same"]) == (0, 0, 1)


@pytest.mark.parametrize("key", ['7, "42k"', '"7", "42k"'])
def test_a_key_that_is_kept_as_a_number_is_found_by_number_and_by_text(api, key):
    answer = sent(api, "/features/race_scores", f'{{"entities": [[{key}]], "as_of": "2025-11-01"}}').json()
    assert answer["rows"][0]["entity"] == {"race_id": 7, "class": "42k"} and answer["rows"][0]["features"]["score"] == 12.5


@pytest.mark.parametrize("value", FLOATS + OTHERS)
def test_a_float_or_what_is_no_id_is_refused_with_a_sentence_that_shows_it(api, value):
    for path, key in [("/features/athlete_sleep", value), ("/features/race_scores", f'[{value}, "42k"]')]:
        answer = sent(api, path, f'{{"entities": [{key}]}}')
        assert answer.status_code == (422 if value in FLOATS else 400), answer.text
        assert "entities[0]" in answer.json()["error"] and "_id" in answer.json()["error"]
    row = json.dumps(sleep_row(20))[:-1] + f', "athlete_id": {value}}}'
    answer = sent(api, "/ingest/athlete_sleep/4001", f'{{"rows": [{row}]}}')
    assert answer.status_code == 422 and "athlete_id is another than in the path" in answer.json()["error"]


def test_an_activitys_number_in_a_row_is_kept_as_its_digits_and_a_float_is_rejected(api):
    def row(activity, load):
        return f'{{"event_timestamp": "2026-01-01T06:00:00Z", "activity_id": {activity}, "load": {load}}}'

    told = sent(api, "/ingest/streams/4001", '{"rows": [%s]}' % ", ".join([row(15752304211, 1), row('"15752304212"', 2), row(2**53 + 1, 3), row("15752304213.0", 4), row("true", 5)])).json()
    assert (told["new"], told["rejected"]) == (3, 2) and {reject["row"] for reject in told["rejects"]} == {3, 4}
    kept = api.select("SELECT activity_id, typeof(activity_id) AS t, load FROM streams ORDER BY load")
    assert kept == [{"activity_id": text, "t": "text", "load": load} for load, text in enumerate(["15752304211", "15752304212", "9007199254740993"], 1)]
    again = sent(api, "/ingest/streams/4001", '{"rows": [%s]}' % row('"15752304211"', 1)).json()
    assert (again["new"], again["same"]) == (0, 1)
