"""One typed current row per activity; what breaks a rule is kept apart with the rule, and comes back when it is mended."""

import collections
import datetime
import json

import pytest

from helpers.athletes.activities import (BRONZE, RUNNER, SHAPES, assert_same, deletion, dump, make_activity, make_detail, make_laps, new_database, one, pipeline, put, rows, run,
                                runner_objects, seeded)
from helpers.athletes.lab import survey

OBJECTS = json.loads((RUNNER / "activities.json").read_text())
BY_ID = {str(a["id"]): a for a in OBJECTS}


@pytest.fixture(scope="module")
def runner():
    db = pipeline(*runner_objects())
    yield db
    db.close()


def silver(db, where="1"):
    return rows(db, f"SELECT * FROM silver_strava_activities WHERE {where}")


def plain(number=1, **given):
    """A run that breaks no rule."""
    base = make_activity(seeded(number), 4001, number, number, offset=3600) | {
        "sport_type": "Run", "distance": 10000.0, "moving_time": 3000, "elapsed_time": 3100, "total_elevation_gain": 50.0, "average_heartrate": 150.0,
        "max_heartrate": 170.0, "flagged": False, "trainer": False, "manual": False, "max_speed": 5.0}
    return {k: v for k, v in (base | given).items() if v is not ...}


def later(db, *bodies, at="2025-12-05T00:00:00Z"):
    for body in bodies:
        put(db, body, at)
    run(db)


# --- the facts of the bundled data ---------------------------------------------------------------------------------------


def test_every_activity_of_the_bundled_runner_is_current(runner):
    assert {r["activity_id"] for r in silver(runner)} == set(BY_ID) and len(BY_ID) == 1132
    assert one(runner, "SELECT COUNT(*) FROM silver_rejects") == 0
    assert one(runner, "SELECT COUNT(*), SUM(is_run), COUNT(avg_hr) FROM silver_strava_activities") == (1132, 908, 1032)


def test_the_false_z_of_local_times_is_not_believed(runner):
    """start_date_local is wall time: 32 local days differ from the UTC day."""
    for r in silver(runner):
        a = BY_ID[r["activity_id"]]
        assert r["start_time"] == a["start_date"]
        assert r["local_start_time"] + "Z" == a["start_date_local"] and r["local_date"] == a["start_date_local"][:10]
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE local_date <> date(start_time)") == 32


def test_the_offset_is_utc_offset_and_not_the_label(runner):
    differ = 0
    for r in silver(runner):
        a = BY_ID[r["activity_id"]]
        sign, hours, minutes = a["timezone"][4], int(a["timezone"][5:7]), int(a["timezone"][8:10])
        differ += (hours * 3600 + minutes * 60) * (-1 if sign == "-" else 1) != r["utc_offset_s"]
        assert r["utc_offset_s"] == a["utc_offset"]
    assert differ == 722


def test_heart_rate_keys_that_are_absent_are_null(runner):
    assert sum("average_heartrate" not in a for a in OBJECTS) == 100
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE is_run AND avg_hr IS NULL AND max_hr IS NULL") == 86
    assert one(runner, "SELECT COUNT(*) FROM activity_features WHERE is_run AND avg_hr IS NULL AND hr_zone_1_pct IS NULL AND efficiency_index IS NULL") == 86


def test_moving_time_a_second_longer_than_elapsed_is_clipped(runner):
    longer = [a for a in OBJECTS if a["moving_time"] > a["elapsed_time"]]
    assert [a["moving_time"] - a["elapsed_time"] for a in longer] == [1, 1]
    for a in longer:
        r, = silver(runner, f"activity_id = '{a['id']}'")
        assert r["moving_s"] == r["elapsed_s"] == a["elapsed_time"]


def test_zero_distance_has_no_pace_and_no_speed(runner):
    zero = silver(runner, "distance_m = 0")
    assert len(zero) == 7 and {(r["pace_min_km"], r["speed_m_s"]) for r in zero} == {(None, None)}
    assert one(runner, "SELECT COUNT(*) FROM activity_features WHERE distance_km = 0 AND pace_min_km IS NULL AND elevation_per_km IS NULL") == 7


def test_treadmill_manual_and_flagged_activities_are_marked(runner):
    assert one(runner, "SELECT SUM(is_indoor), SUM(is_manual), SUM(is_flagged) FROM silver_strava_activities") == (157, 10, 1)
    flagged, = silver(runner, "is_flagged")
    assert BY_ID[flagged["activity_id"]]["flagged"] and "not_flagged" in flagged["quality_flags"].split(",")


def test_gps_spikes_are_flagged_and_do_not_reject(runner):
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE quality_flags LIKE '%speed_without_spikes%'") == 151
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE is_run AND max_speed_m_s > 9") == 151


def test_missing_null_and_zero_workout_types_all_mean_default(runner):
    kinds = collections.Counter((a.get("workout_type", "missing"), r["workout_type"]) for r in silver(runner) for a in [BY_ID[r["activity_id"]]])
    assert {k: v for k, v in kinds.items() if k[0] in ("missing", None, 0, 1)} == {("missing", "default"): 217, (None, "default"): 98, (0, "default"): 725, (1, "race"): 84}
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE is_race") == 84


def test_days_with_several_activities_leap_days_and_iso_years_of_the_runner(runner):
    assert one(runner, "SELECT COUNT(*) FROM athlete_daily_features WHERE activities > 1") == 39
    assert one(runner, "SELECT COUNT(*) FROM silver_strava_activities WHERE local_date LIKE '%-02-29'") == 1
    days = [datetime.date.fromisoformat(r["local_date"]) for r in silver(runner)]
    assert sum((d.month, d.day) >= (12, 29) or (d.month, d.day) <= (1, 3) for d in days) == 18
    for d in days:
        assert one(runner, "SELECT weekly_activities > 0 FROM athlete_weekly_features WHERE week_start = ?", str(d - datetime.timedelta(d.weekday()))) == 1


def test_parts_of_the_detailed_marathon_and_the_lap_are_typed(runner):
    assert runner.execute("SELECT kind, COUNT(*), MIN(item), MAX(item) FROM silver_strava_sub_activity GROUP BY 1").fetchall() == [
        ("best_effort", 13, 1, 13), ("lap", 2, 1, 1), ("split", 43, 1, 43)]
    assert one(runner, "SELECT bronze_table, bronze_id, avg_hr FROM silver_strava_sub_activity WHERE activity_id = '15605032352'") == ("bronze_strava_sub_activity", 1, 124.9)
    assert one(runner, "SELECT elapsed_s FROM silver_strava_sub_activity WHERE kind = 'best_effort' AND name = 'Marathon'") == 13322


@pytest.mark.parametrize("shape", ["detailed_ride", "detailed_run", "detailed_swim", "summary_activity", "stravalib_activity", "stravalib_activity_manual"])
def test_every_activity_of_the_api_has_features(shape):
    db = pipeline((SHAPES / f"{shape}.json").read_text())
    assert one(db, "SELECT COUNT(*) FROM activity_features") == 1


# --- rules ---------------------------------------------------------------------------------------------------------------

REJECTED = {
    "start_is_an_instant": [{"start_date": "yesterday"}, {"start_date": "now"}, {"start_date": 2460000}, {"start_date": "12:00"}, {"start_date": "2024-13-41T00:00:00Z"}],
    "start_is_in_living_memory": [{"start_date": day} for day in ("0001-01-01T00:00:00Z", "1930-05-01T10:00:00Z", "1970-01-01T00:00:07Z", "1980-01-06T00:03:00Z",
                                                                  "1989-12-31T23:00:00Z")],
    "sport_is_known": [{"sport_type": None}, {"sport_type": 7}],
    "offset_is_on_earth": [{"utc_offset": 90000}, {"utc_offset": ..., "start_date_local": ...}],
    "has_a_duration": [{"elapsed_time": 0, "moving_time": 0}, {"elapsed_time": ...}, {"elapsed_time": None}],
    "moving_time_is_known": [{"moving_time": ...}, {"moving_time": -1}],
    "moving_within_elapsed": [{"moving_time": 3106}],
    "shorter_than_ten_days": [{"elapsed_time": 864001}, {"elapsed_time": 1e300}],
    "distance_not_negative": [{"distance": -0.1}],
    "distance_fits_the_earth": [{"distance": 1e300, "sport_type": "Ride"}],
    "not_from_the_future": [{"start_date": "2025-12-02T01:00:00Z"}],
    "a_run_takes_time": [{"moving_time": 0}],
    "running_speed_is_human": [{"distance": 19501.0}],
}
WARNED = {
    "average_heart_rate_is_human": [{"average_heartrate": 0}, {"average_heartrate": 234.0}],
    "maximum_heart_rate_is_human": [{"max_heartrate": 255}, {"average_heartrate": ..., "max_heartrate": 999}, {"max_heartrate": 0}],
    "average_power_is_human": [{"average_watts": -1}, {"average_watts": 2001.5}],
    "weighted_power_is_human": [{"weighted_average_watts": -0.5}, {"weighted_average_watts": 65535}],
    "climb_is_possible": [{"total_elevation_gain": -5.0}, {"total_elevation_gain": 1e9, "sport_type": "Ride"}],
    "climb_rate_is_human": [{"total_elevation_gain": 2200.0}],
    "speed_without_spikes": [{"max_speed": 9.1}],
    "not_flagged": [{"flagged": True}],
}


def test_every_rule_has_an_activity_that_breaks_it():
    db = pipeline()
    rules = db.execute("SELECT rule, severity FROM silver_rules WHERE table_name = 'silver_strava_activities'").fetchall()
    assert sorted(rules) == sorted([(r, "reject") for r in REJECTED] + [(r, "warn") for r in WARNED])


@pytest.mark.parametrize("rule, fault", [(r, f) for r, faults in REJECTED.items() for f in faults])
def test_an_activity_that_breaks_a_rule_is_rejected_with_the_reason_and_comes_back_when_mended(rule, fault):
    db = pipeline([plain(1, **fault), plain(2)])
    assert [r["activity_id"] for r in silver(db)] == ["2"]
    reject = next(r for r in rows(db, "SELECT * FROM silver_rejects") if r["rule"] == rule)
    assert (reject["activity_id"], reject["item"]) == ("1", "")
    assert reject["reason"] == one(db, "SELECT reason FROM silver_rules WHERE table_name = 'silver_strava_activities' AND rule = ?", rule)
    assert json.loads(reject["payload"])["id"] == 1
    assert one(db, "SELECT rows_rejected FROM ops_runs WHERE stage = '200_silver_activities' ORDER BY run_id DESC LIMIT 1") == 1
    later(db, plain(1))
    assert [r["activity_id"] for r in silver(db)] == ["1", "2"]
    assert one(db, "SELECT COUNT(*) FROM silver_rejects") == 0
    assert one(db, "SELECT available_at FROM activity_features WHERE activity_id = '1'") == "2025-12-05T00:00:00Z"


@pytest.mark.parametrize("rule, fault", [(r, f) for r, faults in WARNED.items() for f in faults])
def test_an_activity_that_breaks_a_warning_is_current_and_says_so(rule, fault):
    db = pipeline([plain(1, **fault), plain(2)])
    first, second = silver(db)
    assert rule in first["quality_flags"].split(",") and second["quality_flags"] is None
    emptied = [c for c, in db.execute("SELECT column_name FROM silver_rule_empties WHERE table_name = 'silver_strava_activities' AND rule = ?", (rule,))]
    assert [first[c] for c in emptied] == [None] * len(emptied)
    assert one(db, "SELECT COUNT(*) FROM athlete_rolling_features") > 0
    later(db, plain(1))
    assert {r["quality_flags"] for r in silver(db)} == {None}


@pytest.mark.parametrize("fault, rule", [
    ({"elapsed_time": None}, "has_a_duration"), ({"moving_time": None}, "moving_time_is_known"), ({"moving_time": -1}, "moving_time_is_known"),
    ({"distance": None}, "distance_not_negative"), ({"distance": -1}, "distance_not_negative"), ({"lap_index": None}, "has_a_number")])
def test_a_lap_that_breaks_a_rule_is_rejected_and_comes_back_when_mended(fault, rule):
    good = make_laps(seeded(1), plain(1), 3)
    db = pipeline(plain(1), [good[0], good[1] | fault, good[2]])
    assert [r[0] for r in db.execute("SELECT item FROM silver_strava_sub_activity")] == [1, 3]
    assert one(db, "SELECT table_name, rule FROM silver_rejects") == ("silver_strava_sub_activity", rule)
    later(db, good[1] | {"name": "mended"})
    assert [r[0] for r in db.execute("SELECT item FROM silver_strava_sub_activity")] == [1, 2, 3]
    assert one(db, "SELECT COUNT(*) FROM silver_rejects") == 0


@pytest.mark.parametrize("hr", [-5, 0, 300])
def test_an_impossible_heart_rate_of_a_lap_is_none_and_stops_nothing(hr):
    laps = make_laps(seeded(1), plain(1), 2)
    laps = [laps[0] | {"average_heartrate": hr}, laps[1] | {"average_heartrate": 140.0}]
    db = pipeline({"id": 4001, "firstname": "A", "birthdate": "1980-01-01"}, plain(1), laps)
    assert db.execute("SELECT avg_hr, quality_flags FROM silver_strava_sub_activity").fetchall() == [(None, "average_heart_rate_is_human"), (140.0, None)]
    assert one(db, "SELECT hr_zone_3_pct FROM activity_features") == 100


def test_laps_without_a_number_are_all_kept_among_the_rejects():
    laps = [lap | {"lap_index": None} for lap in make_laps(seeded(1), plain(1), 3)]
    db = pipeline(plain(1), laps, make_detail(seeded(2), plain(2)) | {"laps": [{"distance": 1}, {"distance": 2}]})
    assert one(db, "SELECT COUNT(*) FROM silver_rejects WHERE rule = 'has_a_number'") == 5


def test_a_lap_that_changes_its_number_or_its_activity_leaves_its_old_place():
    first, second = make_laps(seeded(1), plain(1), 2)
    db = pipeline([plain(1), plain(2)], [first, second])
    before = one(db, "SELECT MAX(available_at) FROM silver_strava_sub_activity")
    later(db, first | {"lap_index": 7})
    later(db, second | {"activity": {"id": 2}}, at="2025-12-06T00:00:00Z")
    assert db.execute("SELECT activity_id, item, available_at FROM silver_strava_sub_activity").fetchall() == [
        ("1", 7, "2025-12-06T00:00:00Z"), ("2", 2, "2025-12-06T00:00:00Z")]
    assert before < "2025-12-01"


def test_laps_wait_among_the_rejects_until_their_activity_is_current():
    laps = make_laps(seeded(1), plain(1), 2)
    db = pipeline(laps)
    assert {r["rule"] for r in rows(db, "SELECT rule FROM silver_rejects")} == {"activity_is_current"}
    later(db, plain(1))
    assert one(db, "SELECT COUNT(*) FROM silver_strava_sub_activity") == 2
    later(db, deletion(1))
    assert one(db, "SELECT COUNT(*) FROM silver_strava_sub_activity") == 0
    later(db, plain(1))
    assert one(db, "SELECT COUNT(*) FROM silver_strava_sub_activity") == 2


@pytest.mark.parametrize("change", [
    "INSERT INTO silver_rules VALUES ('silver_strava_activities', 'no_tens', 'reject', 'distance_m <> 10000', 'ten kilometres')",
    "UPDATE silver_rules SET predicate = 'distance_m <> 10000' WHERE rule = 'distance_not_negative' AND table_name = 'silver_strava_activities'",
    "UPDATE silver_rules SET severity = 'reject' WHERE rule = 'not_flagged'",
    "UPDATE silver_rules SET predicate = 'avg_hr < 150' WHERE rule = 'average_heart_rate_is_human' AND table_name = 'silver_strava_activities'"])
def test_a_rule_that_a_user_adds_or_changes_judges_everything_again(change):
    landed = [plain(1), plain(2, distance=9000.0), plain(3, flagged=True, distance=8000.0), plain(4, average_heartrate=140.0, distance=7000.0)]
    db = pipeline(landed, make_laps(seeded(1), plain(1), 2))
    before = dump(db)
    db.execute(change)
    run(db)
    assert dump(db)["silver_strava_activities"] != before["silver_strava_activities"]
    fresh = new_database()
    run(fresh)
    fresh.execute(change)
    for body in (landed, make_laps(seeded(1), plain(1), 2)):
        put(fresh, body)
    run(fresh)
    values = {"without": ("available_at", "at")}  # what a rule changes is known from now on
    assert_same(dump(db, **values), dump(fresh, **values))


def test_a_rule_that_is_no_rule_stands_with_its_reason_and_everything_else_goes_on():
    body = [plain(1), plain(2, distance=-1.0)]
    honest, db = pipeline(body), new_database()
    run(db, [*BRONZE, "200_silver_activities"])
    refused = {
        "no SQL": ("distance_m >", 'the predicate: near ")": syntax error'),
        "another table": ("distance_m > (SELECT MAX(bronze_id) FROM bronze_strava_activities)",
                          "the predicate reads bronze_strava_activities, and may read only its own row"),
        "the time now": ("start_time < datetime('now')",
                         "the predicate asks for the time now, or of this machine's zone, and may call only what is deterministic"),
        "chance": ("random() > 0", "the predicate calls random, and may call only deterministic functions of SQLite"),
    }  # fmt: skip
    db.executemany("INSERT INTO silver_rules VALUES ('silver_strava_activities', ?, 'reject', ?, 'x')", [(k, p) for k, (p, _) in refused.items()])
    put(db, body)
    run(db)
    assert dict(db.execute("SELECT rule, reason FROM silver_rule_rejects").fetchall()) == {k: reason for k, (_, reason) in refused.items()}
    for table in ("silver_strava_activities", "silver_rejects", "athlete_daily_features"):
        assert rows(db, f"SELECT * FROM {table}") == rows(honest, f"SELECT * FROM {table}")
    before = rows(db, "SELECT * FROM silver_rule_rejects")
    run(db)
    assert rows(db, "SELECT * FROM silver_rule_rejects") == before
    db.execute("UPDATE silver_rules SET predicate = 'distance_m > 0' WHERE rule = 'no SQL'")
    db.execute("DELETE FROM silver_rules WHERE rule = 'chance'")
    run(db)
    assert {r["rule"] for r in rows(db, "SELECT rule FROM silver_rule_rejects")} == {"another table", "the time now"}


def test_a_rule_of_any_table_that_may_not_be_asked_judges_nothing_and_says_so():
    body = [*runner_objects(), survey()]
    honest = pipeline(*body)
    tables = [t for (t,) in honest.execute("SELECT DISTINCT table_name FROM silver_rules ORDER BY 1")]
    assert {"silver_survey_races", "athlete_profile", "silver_strava_sub_activity"} < set(tables)
    db = new_database()
    run(db, [*BRONZE, "200_silver_activities"])
    for severity in ("reject", "warn"):
        db.executemany("INSERT INTO silver_rules VALUES (?, ?, ?, 'random() < 0', 'x')", [(t, f"chance {severity}", severity) for t in tables])
    for one_body in body:
        put(db, one_body)
    run(db)
    assert sorted(db.execute("SELECT table_name, rule FROM silver_rule_rejects")) == sorted((t, f"chance {s}") for t in tables for s in ("reject", "warn"))
    assert one(db, "SELECT COUNT(*) > 1000 FROM silver_survey_races") == 1
    for table in (*tables, "silver_rejects"):
        assert rows(db, f"SELECT * FROM {table}") == rows(honest, f"SELECT * FROM {table}")
    db.execute("DELETE FROM silver_rules WHERE rule GLOB 'chance *'")
    run(db)
    assert rows(db, "SELECT * FROM silver_rule_rejects") == []


def test_a_value_for_which_a_rule_has_no_answer_breaks_it_and_stops_nobody():
    db = pipeline(plain(1, name="{}"), plain(2, name="no JSON"))
    db.execute("INSERT INTO silver_rules VALUES ('silver_strava_activities', 'named', 'reject', 'json_extract(name, ''$.x'') IS NULL', 'has an x')")
    run(db)
    assert [r["activity_id"] for r in silver(db)] == ["1"]
    assert one(db, "SELECT activity_id, rule, reason FROM silver_rejects") == ("2", "named", "has an x (or has no answer)")


def test_nothing_is_lost():
    """Every activity that ever landed is current, rejected or deleted, and only one of these."""
    rng = seeded(8)
    faults = [f for faults in REJECTED.values() for f in faults]
    db = pipeline([plain(i, **(rng.choice(faults) if rng.random() < 0.4 else {})) for i in range(1, 80)])
    later(db, [deletion(i) for i in range(1, 80, 7)], [plain(i, **rng.choice(faults)) for i in range(2, 80, 5)])
    current = {r["activity_id"] for r in silver(db)}
    rejected = {r[0] for r in db.execute("SELECT activity_id FROM silver_rejects")}
    deleted = {r[0] for r in db.execute("SELECT activity_id FROM bronze_strava_activities GROUP BY 1 HAVING MAX(bronze_id) FILTER (WHERE stream = 'tombstone') = MAX(bronze_id)")}
    assert len(current) + len(rejected) + len(deleted) == 79
    assert current | rejected | deleted == {str(i) for i in range(1, 80)}


# --- corrections -----------------------------------------------------------------------------------------------------------


def test_an_edit_is_a_correction_from_the_earlier_of_both_days_and_a_new_name_is_none():
    db = pipeline(plain(1), plain(9))
    later(db, plain(9, name="other name"))
    assert one(db, "SELECT COUNT(*) FROM silver_corrections") == 0
    later(db, plain(9, start_date=plain(5)["start_date"]), at="2025-12-07T00:00:00Z")
    day = one(db, "SELECT local_date FROM silver_strava_activities WHERE activity_id = '9'")
    assert one(db, "SELECT from_date, corrected_at FROM silver_corrections") == (day, "2025-12-07T00:00:00Z")
    assert one(db, "SELECT MIN(available_at) FROM athlete_rolling_features WHERE as_of_date >= ?", day) == "2025-12-07T00:00:00Z"
    assert one(db, "SELECT MAX(available_at) FROM athlete_rolling_features WHERE as_of_date < ?", day) < "2025-12-07"


def test_an_edit_that_gives_an_activity_to_another_athlete_corrects_both():
    db = pipeline(plain(1), plain(2))
    later(db, plain(1, athlete={"id": 77}))
    assert [r[0] for r in db.execute("SELECT athlete_id FROM silver_corrections ORDER BY 1")] == ["4001", "77"]


def test_a_deleted_first_activity_corrects_the_profile():
    db = pipeline(plain(1), plain(2))
    assert one(db, "SELECT available_at FROM athlete_profile") < "2025-12-01"
    later(db, deletion(1))
    assert one(db, "SELECT first_activity_date, available_at FROM athlete_profile") == (silver(db)[0]["local_date"], "2025-12-05T00:00:00Z")


def test_the_first_values_of_a_profile_stay():
    db = pipeline(plain(1), {"id": 4001, "firstname": "A"}, {"id": 4001, "firstname": "A", "sex": "F", "birthdate": "2080-01-01"},
                  {"id": 4001, "firstname": "A", "sex": "M", "birthdate": "1980-02-03"}, {"id": 4001, "firstname": "A", "birthdate": "1990-02-03"})
    assert one(db, "SELECT sex, birth_year FROM athlete_profile") == ("F", 1980)
