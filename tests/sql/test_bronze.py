"""Whatever arrives lands word for word or is among the rejects with its place and the reason."""

import datetime
import hashlib
import json
import os
import pathlib
import random
import sqlite3
import subprocess

import pytest

from helpers.athletes.activities import BRONZE, RUNNER, SHAPES, deletion, make_activity, make_laps, new_database, one, put, rows, run, seeded
from helpers.extension import EXTENSION, ROOT
from helpers.stages import PATHS
from helpers.stores import instants


@pytest.fixture
def bronze():
    db = new_database()
    run(db, BRONZE)
    yield db
    db.close()


def land(db, *bodies, received_at="2025-12-01T00:00:00Z"):
    for body in bodies:
        put(db, body, received_at)
    run(db, BRONZE)


def activity(number=1, **given):
    return make_activity(seeded(number), 4001, number, number) | given


def ids(db):
    return [r[0] for r in db.execute("SELECT activity_id FROM bronze_strava_activities ORDER BY bronze_id")]


def streams(db):
    return [r[0] for r in db.execute("SELECT stream FROM bronze_strava_activities ORDER BY bronze_id")]


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["array", "pretty array", "lines", "windows lines", "concatenated", "single objects", "blob", "lines of arrays"])
def test_the_same_objects_land_from_every_form(bronze, form):
    objects = [activity(i, name='"}, {" é\n') for i in range(1, 6)]
    text = {
        "array": json.dumps(objects), "pretty array": json.dumps(objects, indent=2), "lines": "\n".join(map(json.dumps, objects)),
        "windows lines": "\r\n".join(map(json.dumps, objects)) + "\r\n", "concatenated": "".join(json.dumps(o, indent=1) for o in objects),
        "single objects": None, "blob": json.dumps(objects, ensure_ascii=False).encode(),
        "lines of arrays": json.dumps(objects[:2]) + "\n" + json.dumps(objects[2:])}[form]
    land(bronze, *([json.dumps(o) for o in objects] if text is None else [text]))
    assert [json.loads(r[0]) for r in bronze.execute("SELECT payload FROM bronze_strava_activities ORDER BY bronze_id")] == objects
    assert one(bronze, "SELECT COUNT(*) FROM bronze_rejects") == 0
    assert one(bronze, "SELECT COUNT(*) FROM bronze_inbox") == 0


def test_kinds_may_be_mixed_in_one_text(bronze):
    a = activity(1)
    land(bronze, "\n".join(map(json.dumps, [a, make_laps(seeded(1), a, 2)[0], {"id": 4001, "firstname": "A", "sex": "F"}, a | {"resource_state": 3}, deletion(1)])))
    assert streams(bronze) == ["summary", "detail", "tombstone"]
    assert one(bronze, "SELECT activity_id, lap_id FROM bronze_strava_sub_activity") == ("1", str(10 ** 9 + 1))
    assert one(bronze, "SELECT athlete_id FROM bronze_strava_athlete") == "4001"


def test_a_text_of_every_length_of_a_truncated_file_lands_what_is_whole(bronze):
    objects = [activity(i) for i in range(1, 4)]
    text = json.dumps(objects)
    whole = [text.index(json.dumps(o)) + len(json.dumps(o)) for o in objects]
    for end in list(range(1, len(text), 37)) + [len(text) - 1]:
        db = new_database()
        run(db, BRONZE)
        land(db, text[:end])
        assert ids(db) == [str(i) for i in range(1, 1 + sum(w <= end for w in whole))]
        assert one(db, "SELECT COUNT(*) FROM bronze_rejects WHERE reason LIKE '% at byte %'") >= 1
        db.close()


def test_a_malformed_object_goes_to_rejects_with_its_place_and_reason_and_the_rest_is_in(bronze):
    lines = [json.dumps(activity(1)), '{"id": 2, "sport_type": "Run", "distance": 01}', json.dumps(activity(3)), '{"id": 4, "name": "no end', json.dumps(activity(5))]
    land(bronze, "\n".join(lines))
    assert ids(bronze) == ["1", "3", "5"]
    rejects = rows(bronze, "SELECT line, byte_offset, reason, object FROM bronze_rejects ORDER BY line")
    assert [(r["line"], r["byte_offset"]) for r in rejects] == [(2, len(lines[0]) + 1), (4, sum(map(len, lines[:3])) + 3)]
    assert rejects[0]["reason"].startswith("a number may not start with 0 at byte ") and rejects[0]["object"] == lines[1]
    assert rejects[1]["object"].strip() == lines[3]
    assert one(bronze, "SELECT rows_in, rows_out, rows_rejected FROM ops_runs WHERE stage = '100_bronze_strava' ORDER BY run_id DESC LIMIT 1") == (5, 3, 2)


def test_what_the_extension_calls_an_object_sqlite_can_read(bronze):
    """Otherwise one strange object would stop the stage for all."""
    strange = ['{"id": 1, "x": 1e999}', '{"a": "\\ud800"}', '{"a": "\x01"}', '{"a": ' + "[" * 900 + "]" * 900 + "}", '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
               '{"a": -0}', '{"a": 1.}', '{"a": .5}', '{"a": +1}', '{"a": 1e}', '{a: 1}', "{'a': 1}", '{"a": NaN}', '{"a": 1,}', '{"a": "\\x"}', '{"a": "\\u12"}',
               '{"a":\u00a01}', '\ufeff{"a": 1}', '{"a": 1}\x00', '{"a": "\x00"}', '{"a": tru}', '{"": 1}', '{"a": 1, "a": 2}', "{}", "", "[]", "7", "null", '"{}"']
    for body in strange:
        land(bronze, body, body.encode("utf-8", "replace"))
    rng = random.Random(7)
    good = json.dumps(activity(9, name="naïve \\ \" 東京"), ensure_ascii=False)
    for _ in range(150):
        text = list(good * 2)
        for _ in range(rng.randint(1, 5)):
            i = rng.randrange(len(text))
            text[i : i + rng.randint(0, 3)] = rng.choice(['"', "{", "}", "[", "]", ",", "", "\\", "7", "\n", "é", "\x00", "null", ":", "-", "."])
        put(bronze, "".join(text), source=str(rng.random()))
    put(bronze, bytes(range(256)))
    put(bronze, good.encode("latin-1", "replace"))
    run(bronze)
    assert one(bronze, "SELECT COUNT(*) FROM bronze_rejects") > 100
    assert one(bronze, "SELECT COUNT(*) FROM bronze_inbox") == 0


# --- what the API says -------------------------------------------------------------------------------------------------

SHAPE_LANDS = {  # activities, athletes, laps, rejects with reason
    "activity_stats": (0, 0, 0, ["totals of an athlete, which do not name their athlete"]),
    "activity_zone": (0, 0, 0, ["zones of an activity, which do not name their activity"]),
    "authorization_error": (0, 0, 0, ["an error answer of the API, not data: Authorization Error"]),
    "rate_limit_error": (0, 0, 0, ["an error answer of the API, not data: Too Many Requests"]),
    "detailed_ride": (1, 0, 0, []), "detailed_run": (1, 0, 0, []), "detailed_swim": (1, 0, 0, []), "summary_activity": (1, 0, 0, []),
    "stravalib_activity": (1, 0, 0, []), "stravalib_activity_manual": (1, 0, 0, []),
    "lap": (0, 0, 1, []), "stravalib_athlete": (0, 1, 0, []),
    "stravalib_example_zone_response": (0, 0, 0, ["zones of an activity, which do not name their activity"] * 2),
}


@pytest.mark.parametrize("shape", sorted(p.stem for p in SHAPES.glob("*.json")))
def test_every_shape_of_the_api_is_recognised(bronze, shape):
    land(bronze, (SHAPES / f"{shape}.json").read_text())
    counts = tuple(one(bronze, f"SELECT COUNT(*) FROM bronze_strava_{t}") for t in ("activities", "athlete", "sub_activity"))
    reasons = [r[0] for r in bronze.execute("SELECT reason FROM bronze_rejects ORDER BY reject_id")]
    assert (*counts, reasons) == SHAPE_LANDS[shape]


@pytest.mark.parametrize("broken, reason", [
    ({"id": None}, "an activity without id"), ({"id": ""}, "an activity without id"), ({"id": {"x": 1}}, "an activity without id"),
    ({"athlete": None}, "an activity without athlete.id"), ({"athlete": {"id": None}}, "an activity without athlete.id"), ({"start_date": ...}, "an activity without start_date"),
    ({"hello": 1, "id": ..., "sport_type": ..., "start_date": ...}, "no known kind of object")])
def test_an_object_that_cannot_be_placed_is_a_reject_that_says_why(bronze, broken, reason):
    land(bronze, {k: v for k, v in activity(1, **broken).items() if v is not ...})
    assert one(bronze, "SELECT reason FROM bronze_rejects") == reason
    assert ids(bronze) == []


def test_a_lap_without_its_activity_is_a_reject(bronze):
    lap = make_laps(seeded(1), activity(1), 1)[0]
    land(bronze, [lap | {"activity": {"id": None}}, lap | {"id": None}])
    assert [r[0] for r in bronze.execute("SELECT reason FROM bronze_rejects")] == ["a lap without id or activity.id"] * 2


# --- versions ----------------------------------------------------------------------------------------------------------


def test_an_identical_object_lands_not_at_all_and_an_edited_one_as_a_new_version(bronze):
    a = activity(1)
    land(bronze, a, a, json.dumps(a, indent=3))
    land(bronze, a)
    assert ids(bronze) == ["1"]
    land(bronze, a | {"name": "edited"}, a, received_at="2025-12-02T00:00:00Z")
    assert [r[0] for r in bronze.execute("SELECT ingested_at FROM bronze_strava_activities ORDER BY bronze_id")] == ["2025-12-01T00:00:00Z"] + ["2025-12-02T00:00:00Z"] * 2
    laps, person = make_laps(seeded(1), a, 2), {"id": 5, "firstname": "A"}
    for _ in range(2):
        land(bronze, laps, person)
    land(bronze, laps[0] | {"distance": 1.5}, person | {"sex": "F"})
    assert one(bronze, "SELECT COUNT(*) FROM bronze_strava_sub_activity") == 3
    assert one(bronze, "SELECT COUNT(*) FROM bronze_strava_athlete") == 2


def test_texts_that_landed_are_not_read_again_until_something_else_of_their_kind_has_landed(bronze):
    a, person = activity(1), {"id": 5, "firstname": "A"}
    read = lambda: one(bronze, "SELECT rows_in, rows_out FROM ops_runs WHERE stage = '100_bronze_strava' ORDER BY run_id DESC LIMIT 1")  # noqa: E731
    land(bronze, a, person)
    assert read() == (2, 2)
    land(bronze, a, person)
    assert read() == (0, 0)
    land(bronze, person)
    assert read() == (1, 0)
    land(bronze, make_laps(seeded(1), a, 2))
    land(bronze, a, person)
    assert read() == (0, 0)
    land(bronze, a | {"name": "edited"})
    land(bronze, a, person)
    assert read() == (2, 1)
    assert ids(bronze) == ["1", "1", "1"]


@pytest.mark.parametrize("texts", [[{"name": "b"}, {"name": "c"}], [{"name": "b"}, None], [None, {"name": "b"}], [{"name": "b"}, {"id": None}]])
def test_texts_that_say_two_things_of_one_activity_are_read_each_time(bronze, texts):
    """As if each had landed alone: what the second says follows what the first says, again and again."""
    bodies = [deletion(1) if t is None else activity(1) | t for t in texts]
    alone = new_database()
    run(alone, BRONZE)
    for _ in range(3):
        land(bronze, *bodies)
        for body in bodies:
            land(alone, body)
        assert one(bronze, "SELECT rows_in FROM ops_runs WHERE stage = '100_bronze_strava' ORDER BY run_id DESC LIMIT 1") == 2
    assert list(zip(ids(bronze), streams(bronze))) == list(zip(ids(alone), streams(alone)))


def test_summary_and_detail_are_two_streams_of_versions(bronze):
    a = activity(1)
    for _ in range(3):
        land(bronze, a)
        land(bronze, a | {"resource_state": 3, "laps": []})
    assert streams(bronze) == ["summary", "detail"]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_deletion_is_a_tombstone_and_a_return_lands_again(bronze, one_by_one):
    a = activity(1)
    arrivals = [a, deletion(1), deletion(1) | {"event_time": 2}, a, a, deletion(1), a | {"name": "b"}, deletion(2), deletion(2)]
    if one_by_one:
        for body in arrivals:
            land(bronze, body)
    else:
        land(bronze, *arrivals)
    assert list(zip(ids(bronze), streams(bronze))) == [("1", s) for s in ("summary", "tombstone", "summary", "tombstone", "summary")] + [("2", "tombstone")]


def test_other_webhook_events_are_no_deletions(bronze):
    land(bronze, deletion(1) | {"aspect_type": "update"}, deletion(4001) | {"object_type": "athlete"})
    assert ids(bronze) == []
    assert one(bronze, "SELECT COUNT(*) FROM bronze_rejects") == 2


@pytest.mark.parametrize("number", [2 ** 53 + 1, 2 ** 63 - 1, 2 ** 63 + 1, 12345678901234567890123])
def test_large_identifiers_keep_every_digit(bronze, number):
    a = activity(1, id=number, athlete={"id": number + 2})
    land(bronze, a, make_laps(seeded(1), a, 1, first_id=number + 10), {"id": number + 2, "firstname": "A"})
    run(bronze)
    assert one(bronze, "SELECT athlete_id, activity_id FROM activity_features") == (str(number + 2), str(number))
    assert one(bronze, "SELECT activity_id, lap_id FROM bronze_strava_sub_activity") == (str(number), str(number + 11))
    assert one(bronze, "SELECT activity_id FROM silver_strava_sub_activity") == str(number)
    assert one(bronze, "SELECT athlete_id FROM bronze_strava_athlete") == str(number + 2)
    land(bronze, deletion(number))
    run(bronze)
    assert one(bronze, "SELECT COUNT(*) FROM activity_features") == 0


def test_identifiers_as_text_are_the_same_identifiers(bronze):
    land(bronze, activity(1), activity(1, id="1", name="b"))
    assert ids(bronze) == ["1", "1"]


@pytest.mark.parametrize("table", ["bronze_strava_activities", "bronze_strava_athlete", "bronze_strava_sub_activity"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET payload = '{{}}'", "DELETE FROM {}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_bronze_is_append_only(bronze, table, statement):
    a = activity(1)
    land(bronze, a, make_laps(seeded(1), a, 1), {"id": 4001, "firstname": "A"})
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        bronze.execute(statement.format(table))
    assert one(bronze, f"SELECT COUNT(*) FROM {table}") == 1


def test_the_payload_is_what_was_received_and_the_hash_is_its_own(bronze):
    a = activity(1, name="é\u2028 \\ \"", extra=[1, 2.50, 1e-7, {"deep": None}])
    land(bronze, json.dumps(a, indent=2, ensure_ascii=False))
    payload, digest, source, ingested_at = one(bronze, "SELECT payload, content_hash, source, ingested_at FROM bronze_strava_activities")
    assert json.loads(payload) == a and "2.5" in payload
    assert hashlib.sha256(payload.encode()).hexdigest() == digest
    assert (source, ingested_at) == ("test", "2025-12-01T00:00:00Z")


# --- sql/tools/import ----------------------------------------------------------------------------------------------------------


def shell(*arguments, stdin=None, cwd=ROOT):
    return subprocess.run([str(ROOT / "sql" / "tools" / arguments[0]), *map(str, arguments[1:])], input=stdin, cwd=cwd, text=True, capture_output=True,
                          env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})


def import_and_land(path, *files, stdin=None):
    done = shell("import", path, *files, stdin=stdin)
    assert done.returncode == 0, done.stderr
    done = shell("run", path, *(PATHS[s] for s in BRONZE))
    assert done.returncode == 0, done.stderr
    return sqlite3.connect(path)


def test_import_reads_files_with_quotes_and_blanks_in_every_name(tmp_path):
    folder = tmp_path / "it's \"my\" data"
    folder.mkdir()
    (folder / "a 'b' c.json").write_text(json.dumps([activity(1)]))
    (folder / "-d.ndjson").write_text(json.dumps(activity(2)))
    db = import_and_land(folder / "my athlete's.db", folder / "a 'b' c.json", folder / "-d.ndjson", RUNNER / "athlete_zones.json")
    assert db.execute("SELECT activity_id, source FROM bronze_strava_activities ORDER BY 1").fetchall() == [("1", "a 'b' c.json"), ("2", "-d.ndjson")]
    assert db.execute("SELECT source FROM bronze_rejects").fetchall() == [("athlete_zones.json",)]


def test_import_reads_standard_input(tmp_path):
    db = import_and_land(tmp_path / "athlete.db", "-", stdin=json.dumps(activity(3)))
    assert db.execute("SELECT activity_id, source FROM bronze_strava_activities").fetchall() == [("3", "standard input")]


def test_import_says_which_file_it_cannot_read(tmp_path):
    done = shell("import", tmp_path / "athlete.db", tmp_path / "absent.json")
    assert done.returncode != 0 and "absent.json" in done.stderr


def test_an_empty_file_is_no_data_and_no_failure(tmp_path):
    pathlib.Path(tmp_path / "empty.json").touch()
    db = import_and_land(tmp_path / "athlete.db", tmp_path / "empty.json")
    assert db.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone()[0] == 0


def test_twenty_megabytes_of_lines_land(tmp_path):
    objects = json.loads((RUNNER / "activities.json").read_text())
    with open(tmp_path / "large.ndjson", "w") as file:
        for i in range(13):
            for a in objects:
                file.write(json.dumps(a | {"id": a["id"] + i * 10 ** 11, "description": "x" * 520}) + "\n")
    assert os.path.getsize(tmp_path / "large.ndjson") > 20e6
    db = import_and_land(tmp_path / "athlete.db", tmp_path / "large.ndjson")
    assert db.execute("SELECT COUNT(*), COUNT(DISTINCT activity_id) FROM bronze_strava_activities").fetchone() == (13 * 1132, 13 * 1132)


@pytest.mark.parametrize("seed", range(4))
def test_an_arrival_is_kept_at_the_instant_that_its_text_means_or_else_at_its_landing(seed):
    rng, db, told = random.Random(seed), new_database(), {}
    run(db)
    at = lambda: datetime.datetime(2025, 1, 1, tzinfo=instants.UTC) + datetime.timedelta(seconds=rng.randrange(10**7), microseconds=rng.choice([0, 0, 999999]))  # noqa: E731
    texts = [*rng.sample(instants.BROKEN, 12), *(instants.written(rng, at()) for _ in range(12)), "yesterday", "2460000.5", "2025-01-05", b"\xff2025", 7,
             "2099-01-01T00:00:00Z", "9999-12-31T23:59:59.9Z"]  # by a clock that is wrong
    for i, text in enumerate(texts, start=1):
        told[str(i)] = text
        db.execute("INSERT INTO bronze_inbox (source, body, received_at) VALUES ('f', ?, ?)", (json.dumps(make_activity(seeded(i), 7, i, i % 9)), text))
    before = one(db, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')")
    run(db)
    for number, kept in db.execute("SELECT activity_id, ingested_at FROM bronze_strava_activities"):
        found = instants.read(told[number])
        if found is None or found[1] or found[0].year > 2090:
            assert before <= kept <= one(db, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"), told[number]
        else:
            assert kept == instants.canonical(found[0], 0, True), told[number]  # never before it came
    assert one(db, "SELECT COUNT(*) FROM bronze_strava_activities") == len(texts)
    put(db, make_activity(seeded(99), 7, 99, 3), "2026-02-30T00:00:00Z")
    run(db)  # of an athlete who is published: known from then
    assert one(db, "SELECT COUNT(*) FROM silver_arrivals WHERE known = 'live'") == 1


# --- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_where_an_activity_went_is_in_no_byte_of_the_file_whether_it_lands_or_is_refused(tmp_path, seed):
    rng = random.Random(seed)
    db = new_database(str(tmp_path / "a.db"))
    run(db, BRONZE)
    places, objects, kept = [], [], []

    def place():
        places.append(f"{rng.uniform(-90, 90):.7f}")
        return float(places[-1])

    def line():
        places.append("".join(rng.choices("bcdfghjk_lmnp~qrst", k=24)))
        return places[-1]

    members = {"map": lambda: {"id": "a1", "polyline": line(), "summary_polyline": line()}, "start_latlng": lambda: [place(), place()], "end_latlng": lambda: [place(), place()],
               "start_latitude": place, "start_longitude": place, "segment_efforts": lambda: [{"id": 1, "segment": {"start_latlng": [place(), place()]}}]}
    for number in range(1, 30):
        told = activity(number) | {name: made() for name, made in members.items() if rng.random() < 0.6}
        if rng.random() < 0.3:
            del told["start_date"]
        else:
            kept.append({name: value for name, value in told.items() if name not in members})
        if rng.random() < 0.2 and "map" in told:
            told["m\\u0061p"] = told.pop("map")
        objects.append(json.dumps(told).replace("m\\\\u0061p", "m\\u0061p"))
    land(db, "[" + ",".join(objects) + "]")
    assert [json.loads(payload) for (payload,) in db.execute("SELECT payload FROM bronze_strava_activities ORDER BY bronze_id")] == kept
    assert one(db, "SELECT COUNT(*) FROM bronze_rejects") == 29 - len(kept)
    db.execute("VACUUM")
    db.close()
    content = (tmp_path / "a.db").read_bytes()
    assert places and not [told for told in places if told.encode() in content]
    assert not [told for told in places if told[0].isdigit() and repr(float(told)).encode() in content]
