"""What a race would take on its day: today's evidence, asked of the champion with the kilometres and the form that the plan leads to."""

import datetime
import math
import random
import re

import numpy as np
import pytest
import xgboost

from helpers.athletes import lab
from helpers.extension import ROOT
from helpers.stages import statements

ATHLETE, LAST = "4001", datetime.date(2025, 10, 19)
METRES = {"5k": 5000.0, "10k": 10000.0, "21k": 21097.5, "42k": 42195.0}


def day(ahead):
    return (LAST + datetime.timedelta(ahead)).isoformat()


def planned(seed):
    """(day ahead, minutes, intensity) of workouts, and (day ahead, metres) of races."""
    chance = random.Random(seed)
    workouts = [(d, float(chance.randint(20, 150)), chance.uniform(0.6, 1)) for d in sorted(chance.sample(range(1, 100), chance.randint(5, 60)))]
    return workouts, [(d, chance.choice([3000.0, 5000.0, 12000.0, 15000.0, 21097.5, 30000.0, 42195.0])) for d in sorted(chance.sample(range(1, 110), 3))]


def database(workouts, races):
    db = lab.copy("quick")
    add = "INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, distance_m) VALUES (?, ?, ?, ?, ?, ?)"
    db.executemany(add, [(ATHLETE, day(d), "easy", minutes, intensity, None) for d, minutes, intensity in workouts])
    db.executemany(add, [(ATHLETE, day(d), "race", None, None, metres) for d, metres in races])
    lab.run(db)
    return db


def champion(db):
    model, version = lab.one(db, "SELECT model_json, version FROM ml_model_versions JOIN ml_aliases USING (model, version) WHERE model = 'time_estimator' AND alias = 'champion'")
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.encode()))
    return booster, version


def run_km(db, before):
    """Kilometres run on each day of the 90 before."""
    since = (datetime.date.fromisoformat(before) - datetime.timedelta(90)).isoformat()
    return sum(m for d, m in db.execute("SELECT local_date, distance_m FROM silver_strava_activities WHERE is_run") if since <= d < before) / 1000


def expected(db, ahead, metres, planned_km, eve):
    """Seconds and bounds; planned_km are of (day ahead), eve is the form of the evening before, or None."""
    booster, version = champion(db)
    name = min(METRES, key=lambda n: abs(math.log(METRES[n] / metres)))
    row, = lab.rows(db, "SELECT * FROM time_estimator_rows WHERE source = 'today' AND distance_class = ?", name)
    weekly = (run_km(db, day(ahead)) + sum(km for d, km in planned_km.items() if ahead - 90 <= d < ahead)) * 7 / 90
    moved = row["volume_effect"] * math.log((weekly + 10) / (row["weekly_km"] + 10))
    asked = row | {"weekly_km": weekly, "ln_speed": row["ln_speed"] - moved, "from_shorter": row["from_shorter"] - moved if row["from_shorter"] is not None else None,
                   "from_longer": row["from_longer"] - moved if row["from_longer"] is not None else None}  # fmt: skip
    if eve is not None:
        asked |= {n: eve[n] for n in ("ctl_42d", "pace_trend_30d", "longest_distance_90d_km")}
        asked["climb_m_per_km_30d"] = eve["total_elevation_30d_m"] / eve["total_distance_30d_km"] if eve["total_distance_30d_km"] else None
    features = np.array([[asked[f] for f in lab.FEATURES]], dtype=float)
    seconds = math.exp(row["base_ln_s"] + moved + float(booster.predict(xgboost.DMatrix(features, feature_names=lab.FEATURES))[0]))
    interval, = lab.rows(db, "SELECT * FROM ml_intervals WHERE model = 'time_estimator' AND version = ? AND distance_class = ? AND evidence = ?", version, name, row["evidence"])
    spread = (seconds / (0.3 * METRES[name])) ** interval["spread_power"]
    return [s * (metres / METRES[name]) ** 1.06 for s in (seconds, seconds * math.exp(interval["lower_ln"] * spread), seconds * math.exp(interval["upper_ln"] * spread))]


@pytest.mark.parametrize("seed", range(3))
def test_a_race_of_the_plan_takes_what_the_champion_says_of_the_plans_kilometres_and_form(seed):
    workouts, races = planned(seed)
    db = database(workouts, races)
    threshold = lab.one(db, "SELECT threshold_pace_min_km FROM activity_features WHERE is_run ORDER BY event_timestamp DESC LIMIT 1")
    outlook = {r["plan_date"]: r for r in lab.rows(db, "SELECT * FROM gold_plan_outlook")}
    today = {n: lab.one(db, "SELECT predicted_s FROM gold_athlete_predictions WHERE model = 'time_estimator' AND distance_class = ?", n) for n in METRES}
    lasts = {d: today[n] * (metres / METRES[n]) ** 1.06 / 60 for d, metres in races for n in [min(METRES, key=lambda n: abs(METRES[n] - metres))]}
    km = {d: minutes * intensity / threshold for d, minutes, intensity in workouts}
    planned_rows = [(day(d), minutes, minutes / 60 * intensity**2 * 100, minutes * intensity / threshold, threshold / intensity) for d, minutes, intensity in workouts]
    for d, metres in races:
        intensity = min(1.2, threshold * metres / 1000 / lasts[d])
        km[d] = km.get(d, 0) + lasts[d] * intensity / threshold
        planned_rows.append((day(d), lasts[d], lasts[d] / 60 * intensity**2 * 100, lasts[d] * intensity / threshold, threshold / intensity))
    db.execute("CREATE TABLE meant (plan_date, minutes, tss, km, pace)")
    db.executemany("INSERT INTO meant VALUES (?, ?, ?, ?, ?)", planned_rows)
    forecast = {r["as_of_date"]: r for r in lab.rows(db, """
        SELECT * FROM training_forecast('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, pace_min_km, elevation_gain_m, NULL FROM training_done
                                         UNION ALL SELECT ''4001'', plan_date, tss, km, minutes, pace, 0, ''meant'' FROM meant')""")}
    for ahead, metres in races:
        found = outlook[day(ahead)]
        assert [found["race_s"], found["race_lower_s"], found["race_upper_s"]] == pytest.approx(expected(db, ahead, metres, km, forecast.get(day(ahead - 1))), rel=1e-6)
    assert {d for d, r in outlook.items() if r["race_s"] is not None} == {day(d) for d, _ in races}
    tapers = lab.rows(db, "SELECT * FROM gold_race_tapers")
    first = outlook[day(races[0][0])]["race_s"]
    assert tapers and all(t["race_s"] is not None for t in tapers)
    assert [t["race_s"] for t in tapers if t["share"] == 1] == pytest.approx([first], rel=1e-12)
    shown = "".join(r[0] or "" for s in statements((ROOT / "sql" / "reports" / "page.sql").read_text()) for r in db.execute(s).fetchall() if r and isinstance(r[0], str))
    assert re.search(r"it would take \d+:\d\d.* \(\d.* to \d.*\)", shown)


def test_another_champion_and_a_new_result_are_asked_again():
    db = database([(d, 60.0, 0.75) for d in range(1, 60, 2)], [(60, 42195.0)])
    race = "SELECT race_s FROM gold_plan_outlook WHERE plan_date = ?"
    before = lab.one(db, race, day(60))
    lab.put(db, lab.specification(num_boost_round=30))
    lab.run(db)
    assert champion(db)[1] == 2
    other = lab.one(db, race, day(60))
    assert other != before
    fast = dict(lab.runner_activities()[0], id=99, start_date="2025-11-02T14:00:00Z", workout_type=1, distance=10050.0, moving_time=2520, elapsed_time=2520, total_elevation_gain=20)
    lab.put(db, fast)
    lab.run(db)
    assert lab.one(db, race, day(60)) < 0.97 * other


def test_without_a_champion_a_plan_has_form_and_no_race_time():
    db = lab.copy("quick")
    db.execute("DELETE FROM ml_aliases WHERE model = 'time_estimator'")
    db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, distance_m) VALUES (?, ?, 'race', 10000.0)", (ATHLETE, day(20)))
    lab.run(db, ["640_plan_outlook"])
    assert lab.rows(db, "SELECT race_s, ctl_42d IS NULL AS lost FROM gold_plan_outlook WHERE plan_date = ?", day(20)) == [{"race_s": None, "lost": 0}]
