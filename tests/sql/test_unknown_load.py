"""Unknown is not zero: what is not known of the load makes the ratio, the form and the flag unknown, and no day a rest day."""

import json
import re
import sqlite3

import numpy as np
import pytest

from helpers.athletes.activities import deletion, dump, epoch, instant, make_activity, make_history, new_database, one, pipeline, put, rows, run, seeded
from helpers.athletes.oracle import all_features
from helpers.machine.soak import soak
from helpers.stages import STAGES

from .test_features_against_pandas import assert_equal_features, known_at, with_known_at
from .test_page import page as page_of, section

FACTS = ("tsb", "acwr", "tsb_ewma", "acwr_ewma", "is_overtraining_risk")
POINTS_AN_HOUR = [0, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140]  # by RPE: Friel
LATER = ("2026-01-01T08:00:00Z", "2026-02-01T08:00:00Z")


def activity(number, day, minutes=60, athlete=7, **given):
    """A run of 5 min/km on the day-th day, in UTC; `given` makes something else of it."""
    rng = seeded(number)
    seconds = round(60 * minutes)
    plain = {"sport_type": "Run", "distance": seconds / 0.3, "moving_time": seconds, "elapsed_time": seconds, "total_elevation_gain": 0, "workout_type": 0,
             "trainer": False, "manual": False, "flagged": False, "average_heartrate": None, "max_heartrate": None}
    made = make_activity(rng, athlete, 1000 + number, day, offset=0) | plain
    return made | {"start_date": made["start_date"][:11] + "06:00:00Z", "start_date_local": made["start_date"][:11] + "06:00:00Z"} | given


def ride(number, day, minutes=60, **given):
    return activity(number, day, minutes, sport_type="Ride", **given)


def rolling(db, day=None):
    return rows(db, "SELECT * FROM athlete_rolling_features WHERE as_of_date = date('2023-11-01', ? || ' days') OR ? IS NULL ORDER BY as_of_date DESC LIMIT 1", day, day)[0]


def page(db):
    run(db, [s for s in STAGES if s >= "45"])
    return page_of(db)


def told(row):
    return [name for name in FACTS if row[name] is not None]


def broken(rng, good):
    """An activity that a rule keeps out, though it is known when it was and how long."""
    elapsed = good["elapsed_time"]
    return good | rng.choice([
        lambda: {"sport_type": "Run", "distance": 60.0 * good["moving_time"] + 5000},
        lambda: {"distance": -rng.uniform(1, 1e4)},
        lambda: {"distance": 3e7, "elapsed_time": -elapsed, "sport_type": None, "type": None},
        lambda: {"moving_time": elapsed + rng.randint(100, 5000)},
        lambda: {"moving_time": None},
        lambda: {"moving_time": -rng.randint(1, 500), "distance": -1.0},
        lambda: {"elapsed_time": None},
        lambda: {"elapsed_time": rng.choice([0, -5, 864001, 10 ** 8])},
        lambda: {"utc_offset": rng.choice([999999, -60000])},
        lambda: {"elapsed_time": "an hour", "distance": "far"},
    ])()


def lost(rng, good):
    """One of which it is not known."""
    return good | rng.choice([
        lambda: {"start_date": rng.choice([None, "yesterday", "2024-02-30T10:00:00Z"])},
        lambda: {"start_date": rng.choice(["1970-01-01T00:00:10Z", "1980-01-06T12:00:00Z", "2030-01-01T00:00:00Z"])},
        lambda: {"elapsed_time": rng.choice([None, 0, -7]), "moving_time": rng.choice([None, 0, -7, 864001])},
        lambda: {"elapsed_time": 10 ** 7, "moving_time": 10 ** 7},
    ])()


def mixture(seed):
    """Good activities, such as no load is known of, such as a rule keeps out and such as nobody can place."""
    rng = seeded(f"mixture {seed}")
    good = make_history(rng, 7, 70, 150)
    for a in good:
        if rng.random() < 0.1 * (seed % 3):
            a |= {"sport_type": rng.choice(["Ride", "WeightTraining"]), "average_heartrate": None, "max_heartrate": None}
    kept_out = [broken(rng, a) for a in make_history(rng, 7, [6, 20, 3, 50][seed % 4], 160, first_number=1000)]
    return rng, good, kept_out, [lost(rng, a) for a in make_history(rng, 7, 15, 200, first_number=2000)]


@pytest.mark.parametrize("seed", [0, 1, *map(soak, range(2, 4))])
def test_every_feature_of_a_mixture_of_known_unknown_and_kept_out_activities_equals_pandas(seed):
    _, good, kept_out, gone = mixture(seed)
    db = pipeline(good, kept_out + gone)
    assert_equal_features(db, all_features(good, {}, kept_out=kept_out))
    refused = "SELECT COUNT(DISTINCT activity_id) FROM silver_rejects WHERE severity = 'reject' AND table_name = 'silver_strava_activities'"
    assert one(db, refused) == len(kept_out) + len(gone)
    assert {r["activity_id"] for r in rows(db, "SELECT activity_id FROM silver_unusable_activities")} == {str(a["id"]) for a in kept_out}
    calendar = rows(db, "SELECT * FROM athlete_rolling_features")
    assert all(told(r) == ([] if r["load_reason"] else list(FACTS)) for r in calendar) and any(r["load_reason"] for r in calendar)
    assert all((r["unknown_load_share_42d"] > 0.2) == bool(r["load_reason"]) for r in calendar)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_what_is_mended_broken_or_deleted_later_leaves_no_trace_but_its_history(seed):
    rng, good, kept_out, _ = mixture(seed)
    db = new_database()
    run(db)
    put(db, good + kept_out)
    run(db)
    for received_at in LATER:
        mended = [make_activity(rng, 7, a["id"], rng.randint(0, 150)) for a in rng.sample(kept_out, min(5, len(kept_out)))]
        spoiled = [broken(rng, a) for a in rng.sample(good, 5)]
        deleted = [a for a in rng.sample(kept_out, 3) if a["id"] not in {m["id"] for m in mended}]
        put(db, mended + spoiled + [deletion(a["id"]) for a in deleted], received_at)
        run(db)
        away = {a["id"] for a in mended + spoiled + deleted}
        good = [a for a in good if a["id"] not in away] + mended
        kept_out = [a for a in kept_out if a["id"] not in away] + spoiled
    expected = all_features(good, {}, kept_out=kept_out)
    for table in expected:  # when a row was known is for the tests of the history
        known = known_at(db, table)[1]
        expected = with_known_at(db, expected, table, lambda key, at, known=known: known[key][0] if key in known else at)
    assert_equal_features(db, expected)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_a_load_told_of_what_a_rule_keeps_out_is_known_and_unknown_again_when_it_is_taken_back(seed):
    rng, good, kept_out, gone = mixture(seed)
    db = pipeline(good, kept_out + gone)
    untold = dump(db, without=("available_at",))
    words, loads = [], {}
    copies = {r["activity_id"] for r in rows(db, "SELECT activity_id FROM silver_same_training")}  # what is told of these is told of another
    alone = [a for a in kept_out if str(a["id"]) not in copies]
    for a in rng.sample(alone, len(alone) // 2 + 1):
        elapsed, moving = ((x if isinstance(x, (int, float)) and 1 <= x <= 864000 else None) for x in (a["elapsed_time"], a["moving_time"]))
        minutes = (elapsed if moving is None else moving if elapsed is None else min(moving, elapsed)) / 60
        rpe, load = rng.choice([(rng.randint(0, 10), None), (None, rng.uniform(0, 300)), (rng.uniform(0, 10), rng.uniform(0, 300))])
        words += [(str(a["id"]), name, value) for name, value in (("rpe", rpe), ("load_tss", load)) if value is not None]
        loads[str(a["id"])] = load if load is not None else minutes / 60 * float(np.interp(rpe, range(11), POINTS_AN_HOUR))
    for activity, name, value in [*words, *((str(a["id"]), "rpe", 5) for a in gone)]:  # of these nobody knows the day
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('7', ?, ?, ?)", (activity, name, value))
    run(db)
    expected = all_features(good, {}, kept_out=kept_out, told_loads=loads)
    for table in expected:
        known = known_at(db, table)[1]
        expected = with_known_at(db, expected, table, lambda key, at, known=known: known[key][0] if key in known else at)
    assert_equal_features(db, expected)
    reasons = re.findall(r"^ +(\d+)  (.+)$", section(page(db), "RISK"), re.M)
    last = one(db, "SELECT MAX(as_of_date) FROM athlete_rolling_features")
    silent = one(db, "SELECT COUNT(*) FROM silver_unusable_trainings WHERE local_date > date(?, '-42 days') AND activity_id NOT IN (SELECT value FROM json_each(?))",
                 last, json.dumps(list(loads)))
    assert sum(int(n) for n, reason in reasons if reason.startswith("not used")) == silent
    for activity, name, _ in words:
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('7', ?, ?, NULL)", (activity, name))
    run(db)
    for table in expected:
        assert dump(db, without=("available_at",))[table] == untold[table], table


# --- the small inputs ----------------------------------------------------------------------------------------------


def test_rides_without_heart_rate_are_no_rest_from_which_four_runs_are_a_leap():
    db = pipeline([ride(i, i) for i in range(42)] + [activity(100 + i, 42 + i) for i in range(4)])
    row = rolling(db)
    assert told(row) == [] and row["ctl_42d"] > 0 and row["unknown_load_42d"] == 38 and row["unknown_load_share_42d"] == 38 / 42
    assert row["load_reason"] == "no load is known for 38 of the 42 activities of 42 days, 90 % of the moving time"
    assert one(db, "SELECT COUNT(*) FROM athlete_rolling_features WHERE is_overtraining_risk") == 0
    assert (row["rest_days_14d"], row["consistency_score"], row["activities_42d"]) == (0, 100.0, 42)
    later = pipeline([ride(i, i) for i in range(42)] + [activity(100 + i, 42 + i) for i in range(34)])
    assert told(rolling(later)) == list(FACTS) and rolling(later)["unknown_load_share_42d"] == 8 / 42


def test_a_run_that_is_kept_out_makes_no_day_of_rest():
    runs = [activity(i, i, 55) for i in range(60)]
    runs[57] |= {"distance": 30000.0}  # 9 m/s
    db = pipeline(runs)
    row, day = rolling(db, 57), rows(db, "SELECT * FROM athlete_daily_features WHERE activity_date = date('2023-11-01', '57 days')")[0]
    assert (row["rest_days_14d"], row["activities_7d"], row["unknown_load_42d"], row["unknown_load_share_42d"]) == (0, 7, 1, 1 / 42)
    assert (day["activities"], day["runs"], day["moving_time_min"], day["daily_tss"], day["unknown_load"], day["unknown_load_min"]) == (1, 1, 55.0, 0.0, 1, 55.0)
    assert told(row) == list(FACTS) and rolling(db, 59)["training_monotony_7d"] is not None


def test_a_week_of_which_too_little_is_known_has_no_monotony_though_the_six_weeks_are_told():
    days = {i: activity(i, i) for i in range(70)}
    for i in range(63, 70):
        days[i] = ride(i, i) if i % 2 else days[i] | {"moving_time": 3600 + 60 * i, "elapsed_time": 3600 + 60 * i}
    db = pipeline(list(days.values()))
    assert told(rolling(db)) == list(FACTS)
    monotony = dict(db.execute("SELECT as_of_date, training_monotony_7d FROM athlete_rolling_features"))
    assert monotony["2024-01-09"] is None and monotony["2024-01-03"] is not None  # one day of seven is less than the share
    weeks = dict(db.execute("SELECT week_start, training_monotony FROM athlete_weekly_features"))
    assert weeks["2024-01-01"] is None and one(db, "SELECT weekly_activities FROM athlete_weekly_features WHERE week_start = '2024-01-01'") == 7


@pytest.mark.parametrize("seed", range(3))
def test_the_share_is_exact_and_what_reaches_it_is_told(seed):
    rng = seeded(f"share {seed}")
    share, parts = rng.choice([(0.2, 5), (0.25, 4), (0.1, 10), (0.05, 20)])
    unknown = [rng.randint(7, 5000) for _ in range(rng.randint(1, 6))]
    total = parts * sum(unknown)
    known = []
    while sum(known) < total - sum(unknown):
        known.append(min(rng.randint(600, 12000), total - sum(unknown) - sum(known)))
    made = [ride(i, 0, seconds / 60) for i, seconds in enumerate(unknown)] + [activity(100 + i, 0, seconds / 60) for i, seconds in enumerate(known)]
    clock, pause = epoch("2023-11-01T00:00:00Z"), (40 * 86400 - total) // len(made)
    for a in rng.sample(made, len(made)):  # one after the other, on any of the days
        a["start_date"] = a["start_date_local"] = instant(clock)
        clock += a["elapsed_time"] + rng.randint(1, pause)
    last = activity(999, 41, 10, moving_time=0, elapsed_time=60, distance=0.0)  # so that the window holds them all, and no more
    for longer, is_told in ((0, True), (1, False)):
        db = new_database()
        run(db)
        db.execute("UPDATE ops_config SET value = ? WHERE name = 'unknown_load_max_share'", (share,))
        put(db, [made[0] | {"moving_time": unknown[0] + longer, "elapsed_time": unknown[0] + longer}] + made[1:] + [last])
        run(db)
        row = rolling(db)
        assert row["as_of_date"] == "2023-12-12" and (told(row) == list(FACTS)) == is_told, row["unknown_load_share_42d"]
        assert row["unknown_load_share_42d"] == (sum(unknown) + longer) / (total + longer)


def test_activities_whose_time_nobody_knows_are_not_a_rest_either():
    db = pipeline([activity(i, i, 10, moving_time=0, elapsed_time=600, distance=0.0) for i in range(30)])
    assert rolling(db)["unknown_load_share_42d"] == 1 and told(rolling(db)) == []


def test_an_activity_that_breaks_many_rules_is_there_once_and_leaves_when_it_is_mended():
    runs = [activity(i, i, 55) for i in range(40)]
    bad = runs[20] | {"distance": -1.0, "moving_time": -5, "sport_type": None, "type": None}
    db = pipeline(runs[:20] + [bad] + runs[21:])
    assert one(db, "SELECT COUNT(*) FROM silver_rejects WHERE activity_id = '1020' AND severity = 'reject'") >= 3
    unusable = "SELECT activity_id, local_date, moving_s, elapsed_s, is_run FROM silver_unusable_activities"
    day = "SELECT activities, unknown_load, distance_km, available_at FROM athlete_daily_features WHERE activity_date = '2023-11-21'"
    assert rows(db, unusable) == [{"activity_id": "1020", "local_date": "2023-11-21", "moving_s": 3300, "elapsed_s": 3300, "is_run": 0}]
    assert one(db, day) == (1, 1, 0.0, "2023-11-22T00:00:00Z")
    put(db, runs[20], LATER[0])
    run(db)
    assert rows(db, unusable) == [] and one(db, day) == (1, 0, 11.0, LATER[0])
    history = "SELECT activities, unknown_load, available_at, superseded_at FROM athlete_daily_features_history WHERE activity_date = '2023-11-21'"
    assert one(db, history) == (1, 1, "2023-11-22T00:00:00Z", LATER[0])
    put(db, bad, LATER[1])
    run(db)
    assert len(rows(db, unusable)) == 1 and one(db, day) == (1, 1, 0.0, LATER[1])
    put(db, deletion(1020), "2026-03-01T08:00:00Z")
    run(db)
    assert rows(db, unusable) == [] and rows(db, day) == []
    assert rolling(db)["rest_days_14d"] == 0 and rolling(db, 25)["rest_days_14d"] == 1


def test_a_reject_that_comes_late_is_known_from_its_arrival():
    runs = [activity(i, i, 55) for i in range(40) if i != 20]
    db = pipeline(runs)
    assert rolling(db, 25)["rest_days_14d"] == 1
    put(db, activity(20, 20, 55, distance=-1.0), LATER[0])
    run(db)
    row = rolling(db, 25)
    assert (row["rest_days_14d"], row["unknown_load_42d"], row["available_at"]) == (0, 1, LATER[0])
    assert one(db, "SELECT rest_days_14d, superseded_at FROM athlete_rolling_features_history WHERE as_of_date = ?", row["as_of_date"]) == (1, LATER[0])
    assert rolling(db, 19)["available_at"] < LATER[0]


def test_an_athlete_of_whom_everything_is_kept_out_has_trained():
    db = pipeline([activity(i, i, 55, distance=-1.0) for i in range(10)])
    row = rolling(db)
    assert (row["activities_7d"], row["rest_days_14d"], row["ctl_42d"]) == (7, 0, 0.0) and told(row) == []
    assert one(db, "SELECT COUNT(*) FROM activity_features") == 0 and one(db, "SELECT COUNT(*) FROM ops_published") == 1
    text = page(db)
    assert "Athlete 7 has no activities here that can be used." in text and "the last activity was" in section(text, "DATA")
    put(db, [deletion(1000 + i) for i in range(10)], LATER[0])
    run(db)
    assert one(db, "SELECT COUNT(*) FROM athlete_rolling_features") == 0


def test_a_setting_that_is_compared_is_never_null():
    db = new_database()
    run(db)
    settings = rows(db, "SELECT * FROM ops_config WHERE kind = 'setting'")
    assert len(settings) > 20
    for s in settings:
        for statement in ("UPDATE ops_config SET value = NULL WHERE name = :name",
                          "REPLACE INTO ops_config (name, value, kind, unit, note) VALUES (:name, NULL, :kind, :unit, :note)"):
            if s["name"] in ("as_of_date", "arrivals"):
                db.execute(statement, s)
                continue
            with pytest.raises(sqlite3.IntegrityError, match="ops_config: only as_of_date and arrivals may be NULL; without its row a setting has its default again"):
                db.execute(statement, s)
        db.execute("DELETE FROM ops_config WHERE name = ?", (s["name"],))
    run(db)
    assert rows(db, "SELECT * FROM ops_config WHERE kind = 'setting'") == settings


def test_another_limit_tells_more_or_less():
    db = pipeline([activity(i, i) if i % 3 else ride(i, i) for i in range(60)])
    assert told(rolling(db)) == []
    db.execute("UPDATE ops_config SET value = 0.34 WHERE name = 'unknown_load_max_share'")
    run(db)
    assert told(rolling(db)) == list(FACTS) and rolling(db)["load_reason"] is None


# --- reasons -------------------------------------------------------------------------------------------------------

REASONS = [
    (ride(1, 5), "no heart rate"),
    (activity(2, 5, distance=0.0), "no distance and no heart rate"),
    (activity(3, 5, distance=0.0, trainer=True), "indoors without distance and no heart rate"),
    (activity(4, 5, moving_time=0, distance=0.0), "no moving time and no heart rate"),
    (ride(5, 5, average_heartrate=20.0, max_heartrate=22), "a heart rate that no heart has"),
    (activity(6, 5, distance=0.0, average_heartrate=240.0, max_heartrate=241), "no distance and a heart rate that no heart has"),
    (ride(7, 5, average_heartrate=150.0, max_heartrate=171), "heart rate, but no maximum to hold it against"),
]


@pytest.mark.parametrize("made, reason", REASONS)
def test_each_activity_says_why_its_load_is_unknown(made, reason):
    db = pipeline([made])
    assert one(db, "SELECT estimated_tss, load_source, load_reason FROM activity_features") == (None, None, reason)
    assert f"     1  {reason}\n" in section(page(db), "RISK") + "\n"


def walks(n, **given):
    return [activity(i, i, sport_type="Walk", **{"average_heartrate": 95.0, "max_heartrate": 110, **given}) for i in range(n)]


@pytest.mark.parametrize("limit, average, is_wrong", [(110, 150.0, True), (110, 110.5, True), (110, 110.0, False), (160, 150.0, False)])
def test_zones_against_a_maximum_that_the_average_proves_wrong_are_none(limit, average, is_wrong):
    """Three walks, then the first run."""
    db = pipeline(walks(3, max_heartrate=limit) + [activity(9, 9, average_heartrate=average, max_heartrate=200), ride(10, 9, average_heartrate=average, max_heartrate=200)])
    found = rows(db, "SELECT * FROM activity_features WHERE activity_id IN ('1009', '1010') ORDER BY activity_id")
    assert {r["reference_max_hr"] for r in found} == {limit}
    for r in found:
        assert [r[f"hr_zone_{i}_pct"] is None for i in range(1, 6)] == [is_wrong] * 5
    assert found[0]["load_reason"] is None
    assert found[1]["load_reason"] == ("heart rate above the maximum known before, which it proves wrong" if is_wrong else None)


def test_zones_of_laps_hold_against_the_maximum_by_their_mean():
    laps = [{"id": 900 + i, "lap_index": i, "activity": {"id": 1009}, "distance": 3000.0, "moving_time": 900, "elapsed_time": 900, "average_heartrate": hr}
            for i, hr in enumerate((120.0, 150.0), 1)]
    for limit, is_wrong in ((134, True), (135, False)):
        db = pipeline(walks(3, max_heartrate=limit) + [activity(9, 9)], laps)
        zone = one(db, "SELECT hr_zone_5_pct FROM activity_features WHERE activity_id = '1009'")
        assert zone is None if is_wrong else zone == 50


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_page_says_what_is_not_told_and_why():
    db = pipeline([ride(i, i, average_heartrate=150.0, max_heartrate=160 + i) for i in range(2)] + [ride(i, i) for i in range(2, 30)]
                  + [activity(100 + i, 30 + i) for i in range(4)] + [activity(200, 34, distance=-1.0)])
    text = page(db)
    form, risk = section(text, "FORM"), section(text, "RISK")
    assert len(form.split("known daily load of")) == 3 and form.count("not told") == 2
    assert re.search(r"TSB +- +- +not told", form) and re.search(r"ACWR +- +- +not told", form) and "no load is known for 31 of the 35 activities of 35 days" in form and "the evening before" not in form
    assert "0 of the last 28 days flagged (28 cannot be judged), 0 rest days in the last 14" in risk
    assert "the load of 31 activities in 35 days is unknown, 88 % of the moving time:" in risk
    assert [line.strip() for line in risk.split("\n")[-5:-2]] == ["28  no heart rate", "2  heart rate, but no maximum to hold it against", "1  not used: distance is negative"]


def test_how_good_an_estimate_was_for_an_athlete_is_the_median_of_races():
    db = pipeline([activity(i, i) for i in range(3)])
    page(db)
    errors = [30, 45, 2400]  # one is a jog
    insert(db, "ml_model_versions", model="time_estimator", version=1, status="accepted", reason="as it is")
    db.execute("INSERT INTO ml_aliases VALUES ('time_estimator', 'champion', 1)")
    for i, error in enumerate(errors):
        insert(db, "race_results", athlete_id="7", activity_id=f"race {i}", race_date=f"2024-0{i + 1}-01", distance_class="10k", source="race_tag",
               event_timestamp="2024-01-01T09:00:00Z", available_at="2024-01-01T09:00:00Z")
        insert(db, "ml_validation_predictions", model="time_estimator", version=1, source="history", subject="7", as_of_date=f"2024-0{i + 1}-01", distance_class="10k",
               fold=0, evidence="races", actual_s=3000.0, predicted_s=3000.0 - error, lower_s=2900.0, upper_s=3100.0)
    assert re.search(r"this athlete 10 km +3 +0:45 ", section(page_of(db), "HOW GOOD"))


def insert(db, table, **given):
    """A row with something in every column that must not be empty."""
    for column in rows(db, f"PRAGMA table_info({table})"):
        if column["notnull"] and column["dflt_value"] is None and column["name"] not in given:
            given[column["name"]] = 0 if column["type"] in ("INTEGER", "REAL") else "{}"
    db.execute(f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join('?' * len(given))})", tuple(given.values()))
