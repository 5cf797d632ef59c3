"""Zones of heart rate against a maximum that the activity itself proves wrong are none."""

import pytest

from helpers.athletes.activities import one, pipeline, rows, seeded


def activity(number, day, **given):
    return {"id": number, "athlete": {"id": 7}, "sport_type": "Run", "start_date": f"2024-01-{day:02d}T06:00:00Z", "utc_offset": 0, "distance": 10000.0,
            "moving_time": 3000, "elapsed_time": 3000} | given


def walks(limit):
    return [activity(i, i, sport_type="Walk", distance=4000.0, average_heartrate=95.0, max_heartrate=limit) for i in (1, 2, 3)]


@pytest.mark.parametrize("limit, average, is_wrong", [(110, 150.0, True), (110, 110.5, True), (110, 110.0, False), (160, 150.0, False)])
def test_zones_against_a_maximum_that_the_average_proves_wrong_are_none(limit, average, is_wrong):
    """Three walks, then the first run and the first ride."""
    beaten = {"average_heartrate": average, "max_heartrate": 200}
    db = pipeline(walks(limit) + [activity(9, 9, **beaten), activity(10, 9, sport_type="Ride", **beaten)])
    found = rows(db, "SELECT * FROM activity_features WHERE activity_id IN ('9', '10')")
    assert {r["reference_max_hr"] for r in found} == {limit}
    assert [[r[f"hr_zone_{i}_pct"] is None for i in range(1, 6)] for r in found] == [[is_wrong] * 5] * 2


@pytest.mark.parametrize("seed", range(3))
def test_zones_of_laps_hold_against_the_maximum_by_their_mean(seed):
    rng = seeded(seed)
    seconds, hr = [rng.randint(60, 900) for _ in range(4)], [rng.uniform(100, 190) for _ in range(4)]
    laps = [{"id": 900 + i, "lap_index": i, "activity": {"id": 9}, "distance": 1000.0, "moving_time": s, "elapsed_time": s, "average_heartrate": h}
            for i, (s, h) in enumerate(zip(seconds, hr), 1)]
    mean = sum(s * h for s, h in zip(seconds, hr)) / sum(seconds)
    for limit in (int(mean), int(mean) + 1):
        db = pipeline(walks(limit) + [activity(9, 9)], laps)
        assert (one(db, "SELECT hr_zone_5_pct FROM activity_features WHERE activity_id = '9'") is None) == (mean > limit)
