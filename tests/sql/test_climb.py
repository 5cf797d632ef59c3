"""Climb is effort: a hilly run has the load, and proves the fitness, of a flat one that is as hard; and a barometer that is wrong proves nothing."""

import functools

import pytest

from helpers.athletes.activities import one, rows, seeded
from helpers.athletes.oracle import flat_km

from .test_fitness_evidence import SHARE, day_of, estimates, pipeline, run_of, thresholds, training


def hilly(rng, activity, climb_per_km=None):
    """A run as hard over hills: it gets less far in its time."""
    share = (rng.uniform(5, 90) if climb_per_km is None else climb_per_km) / 1000
    return activity | {"distance": activity["distance"] / flat_km(1, 1000 * share), "total_elevation_gain": activity["distance"] / flat_km(1, 1000 * share) * share}


@functools.lru_cache(maxsize=None)
def pairs():
    """Athlete n on the flat, and 100 + n as hard in the hills."""
    rng = seeded("pairs")
    flat, hills = [], []
    for athlete in range(1, 7):
        history = training(rng, athlete, rng.uniform(2.4, 3.6), n=30, spread=0.1)
        flat.append(history)
        hills.append([hilly(rng, a) | {"id": 100_000_000 + a["id"], "athlete": {"id": 100 + athlete}} for a in history])
    return pipeline(*flat, *hills)


def test_a_hilly_run_has_the_load_of_a_flat_one_that_is_as_hard():
    db = pairs()
    found = rows(db, "SELECT * FROM activity_features ORDER BY CAST(activity_id AS INTEGER)")
    flat, hills = (found[: len(found) // 2], found[len(found) // 2 :])
    checked = 0
    for a, b in zip(flat, hills):
        a_load, b_load = (r["estimated_tss"] * r["threshold_pace_min_km"] ** -2 for r in (a, b))  # of one threshold
        if a["pace_min_km"] > max(a["threshold_pace_min_km"], b["threshold_pace_min_km"]):
            checked += 1
            assert b_load == pytest.approx(a_load, rel=1e-9), (a, b)
            assert b["intensity_factor"] == pytest.approx(b["threshold_pace_min_km"] / a["pace_min_km"], rel=1e-9)
    assert checked > 100


def test_runners_of_hills_alone_are_as_fit_as_those_who_are_as_fast_on_the_flat():
    found = thresholds(pairs())
    times = estimates(pairs())
    for athlete in range(1, 7):
        assert found[str(100 + athlete)] == pytest.approx(found[str(athlete)], rel=SHARE)
        for distance in ("5k", "10k"):
            assert times[str(100 + athlete), distance] == pytest.approx(times[str(athlete), distance], rel=0.05)


@pytest.mark.parametrize("given", [{}, {"workout_type": 1}, {"sport_type": "TrailRun"}], ids=["run", "race", "trail"])
def test_a_barometer_that_is_wrong_once_moves_no_threshold_and_no_estimate_and_makes_no_load_beyond_threshold(given):
    rng = seeded(f"barometer {given}")
    before, after, wrong = [], [], []
    for athlete in range(1, 9):
        history = training(rng, athlete, rng.uniform(2.4, 4.2), n=rng.randint(12, 60), spread=rng.uniform(0.005, 0.08))
        last = run_of(rng, athlete, 999_000 + athlete, day_of(history[-1]) + 3, 2.5)
        glitch = run_of(rng, athlete, 990_000 + athlete, day_of(rng.choice(history[3:])), rng.uniform(0.85, 0.95) * history[0]["distance"] / history[0]["moving_time"],
                        minutes=40) | given
        glitch["start_date"] = glitch["start_date"].replace("T07", "T18")
        climb = glitch["distance"] * rng.uniform(0.03, 0.5)
        wrong.append(str(glitch["id"]))
        before.append([*history, glitch, last])
        after.append([*history, glitch | {"total_elevation_gain": climb}, last])
    without, moved = pipeline(*before), pipeline(*after)
    for of in (thresholds, estimates):
        for key, value in of(without).items():
            assert abs(of(moved)[key] / value - 1) <= SHARE, (of.__name__, key)
    for activity in wrong:
        load, minutes, pace, threshold = one(moved, "SELECT estimated_tss, moving_time_min, pace_min_km, threshold_pace_min_km FROM activity_features WHERE activity_id = ?", activity)
        assert load <= minutes / 60 * 100 * max(1, threshold / pace) ** 2 * (1 + 1e-9)


def test_two_hard_runs_in_the_hills_within_a_week_move_the_threshold():
    rng = seeded("hills")
    plain, more = [], []
    for athlete in range(1, 7):
        history = training(rng, athlete, rng.uniform(2.6, 3.6), spread=0.02)
        end, fast = day_of(history[-1]), max(a["distance"] / a["moving_time"] for a in history) / 0.88
        pair = [hilly(rng, run_of(rng, athlete, 990_000 + 10 * athlete + i, end + 2 + 4 * i, fast, minutes=45), rng.uniform(35, 70)) for i in range(2)]
        jog = run_of(rng, athlete, 999_000 + athlete, end + 9, 2.5)
        plain.append([*history, jog])
        more.append([*history, *pair, jog])
    was, becomes = thresholds(pipeline(*plain)), thresholds(pipeline(*more))
    for athlete, pace in was.items():
        assert becomes[athlete] < 0.97 * pace, athlete
