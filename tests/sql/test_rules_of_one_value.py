"""A rule judges one value: what is wrong with one sensor takes no other value with it, and what is 0 is not called fast."""

import itertools

import pytest

from helpers.athletes.activities import make_laps, pipeline, rows, seeded

from .test_silver import plain

AVERAGES, MAXIMA = [None, 0, 29.9, 30, 150.0, 230, 230.1, 255], [None, 0, 29, 30, 171.0, 250, 250.5, 255]
POWERS = [None, -1, 0, 180.5, 2000, 2000.5, 65535]


def kept(value, low, high):
    return value if value is not None and low <= value <= high else None


def grid(rng):
    """Every pair of an average and a maximum heart rate, each with powers drawn."""
    for number, (average, maximum) in enumerate(itertools.product(AVERAGES, MAXIMA), 1):
        yield plain(number, average_heartrate=average, max_heartrate=maximum, average_watts=rng.choice(POWERS), weighted_average_watts=rng.choice(POWERS),
                    device_watts=rng.choice([True, False, None]), sport_type=rng.choice(["Run", "Ride"]))


@pytest.mark.parametrize("seed", range(3))
def test_each_sensor_loses_its_own_impossible_value_and_no_other(seed):
    rng = seeded(seed)
    activities = list(grid(rng))
    db = pipeline(activities)
    found = {int(r["activity_id"]): r for r in rows(db, "SELECT * FROM silver_strava_activities")}
    limits = {"avg_hr": ("average_heartrate", 30, 230), "max_hr": ("max_heartrate", 30, 250), "avg_power_w": ("average_watts", 0, 2000),
              "weighted_power_w": ("weighted_average_watts", 0, 2000)}
    said = {(int(a), rule) for a, rule in db.execute("SELECT activity_id, rule FROM silver_rejects WHERE severity = 'warn'")}
    names = {"avg_hr": "average_heart_rate_is_human", "max_hr": "maximum_heart_rate_is_human", "avg_power_w": "average_power_is_human",
             "weighted_power_w": "weighted_power_is_human"}
    for a in activities:
        for column, (field, low, high) in limits.items():
            assert found[a["id"]][column] == kept(a[field], low, high), (a["id"], column, a[field])
            is_broken = a[field] is not None and kept(a[field], low, high) is None
            assert ((a["id"], names[column]) in said) == is_broken
        assert found[a["id"]]["has_power_meter"] == bool(a["device_watts"])


def test_a_lap_keeps_its_average_beside_an_impossible_maximum():
    laps = [lap | {"lap_index": i, "average_heartrate": average, "max_heartrate": maximum}
            for i, ((average, maximum), lap) in enumerate(zip(itertools.product(AVERAGES, MAXIMA), make_laps(seeded(1), plain(1), 64)), 1)]
    db = pipeline(plain(1), laps)
    found = {r["item"]: (r["avg_hr"], r["max_hr"]) for r in rows(db, "SELECT * FROM silver_strava_sub_activity")}
    assert found == {l["lap_index"]: (kept(l["average_heartrate"], 30, 230), kept(l["max_heartrate"], 30, 250)) for l in laps}


def reasons(moving, distance, sport):
    """What is wrong with a moving time, by the meaning of each rule."""
    wrong = set()
    if moving is None or moving < 0:
        wrong.add("moving_time_is_known")
    elif sport == "Run" and distance > 400:
        if moving == 0:
            wrong.add("a_run_takes_time")
        elif distance / moving > 6.5:
            wrong.add("running_speed_is_human")
    return wrong


@pytest.mark.parametrize("seed", range(3))
def test_a_moving_time_of_nothing_is_told_from_a_speed_that_nobody_runs(seed):
    rng = seeded(f"moving {seed}")
    activities = [plain(i, moving_time=rng.choice([0, 0, -1, None, 1, 60, 1500, 3000]), distance=rng.choice([0, 5.0, 400, 400.5, 5000.0, 9800.0]),
                        sport_type=rng.choice(["Run", "Run", "Ride"])) for i in range(1, 121)]
    db = pipeline(activities)
    for a in activities:
        got = {r for r, in db.execute("SELECT rule FROM silver_rejects WHERE activity_id = ? AND severity = 'reject'", (str(a["id"]),))}
        assert got == reasons(a["moving_time"], a["distance"], a["sport_type"]), a


def test_an_effort_or_a_part_of_no_time_has_the_reason_that_is_its_own():
    efforts = [(5000, 0, 0, "an_effort_takes_time"), (5000, 700, 700, "effort_speed_is_human"), (5000, -1, 1, "has_a_duration"), (5000, 1300, None, "moving_time_is_known"),
               (400, 0, 0, None), (5000, 1200, 1200, None)]
    detail = plain(1) | {"resource_state": 3, "best_efforts": [
        {"name": f"effort {i}", "distance": d, "elapsed_time": e, "moving_time": m} for i, (d, e, m, _) in enumerate(efforts)]}
    db = pipeline(detail)
    got = {item: set(r.split(",")) for item, r in db.execute(
        "SELECT item, group_concat(rule) FROM silver_rejects WHERE table_name = 'silver_strava_sub_activity' GROUP BY item")}
    assert {i for i, (*_, rule) in enumerate(efforts) if rule} == {int(k.split()[-1]) - 1 for k in got}
    for i, (*_, rule) in enumerate(efforts):
        assert rule is None or rule in got[f"best_effort {i + 1}"] and "effort_speed_is_human" not in got[f"best_effort {i + 1}"] - {rule}
