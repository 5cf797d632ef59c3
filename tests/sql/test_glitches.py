"""Random lives with breaks and one thing that went wrong in each: a device, a unit, a hand. It moves nothing of what the runner is believed to be able to."""

import pytest

from helpers.athletes.activities import epoch, instant, seeded
from helpers.athletes.formulas import vdot
from helpers.machine.soak import soak

from .test_fitness_evidence import DAY, SHARE, day_of, estimates, pipeline, run_of, thresholds, training

FASTEST = 6.4  # m/s: what is faster is kept out anyway
LAST_DAY = 650  # in October 2025; everything is received in December


def life(rng, athlete):
    """Blocks of training with pauses of days to months between them, a few races, a heart rate and some climb; over before it is received."""
    speed, spread, found, day = rng.uniform(2.4, 4.2), rng.uniform(0.005, 0.08), [], 0
    for _ in range(rng.randint(1, 3)):
        for run in training(rng, athlete, speed, n=rng.randint(12, 45), spread=spread):
            rate = rng.gauss(148, 5)
            found.append(run | {"id": 100_000 * athlete + len(found), "start_date": instant(epoch(run["start_date"]) + DAY * day), "average_heartrate": rate,
                                "max_heartrate": rate + rng.uniform(12, 25), "total_elevation_gain": round(run["distance"] * rng.uniform(0, 0.012)),
                                "workout_type": int(rng.random() < 0.04)})
        day = day_of(found[-1]) + rng.choice([5, 20, 60, 120, 250])
    return [run for run in found if day_of(run) <= LAST_DAY]


def faster(rng, run, low, high, **given):
    return given | {"distance": min(FASTEST * run["moving_time"], run["distance"] * rng.uniform(low, high))}


WRONG = {
    "a leap of the satellites": lambda rng, run: faster(rng, run, 1.1, 2, max_speed=rng.uniform(9.1, 40)),
    "a leap that shows in nothing": lambda rng, run: faster(rng, run, 1.05, 2, workout_type=0),
    "miles for kilometres": lambda rng, run: faster(rng, run, 1.609344, 1.609344, workout_type=0),
    "yards for metres": lambda rng, run: {"distance": run["distance"] * 0.9144},
    "entered by hand": lambda rng, run: {"manual": True, "distance": rng.choice([5000, 10000, 21097.5, 42195]), "moving_time": rng.choice([1200, 1800, 3600, 7200])},
    "a belt that is too slow": lambda rng, run: faster(rng, run, 1.1, 1.6, trainer=True),
    "paused": lambda rng, run: {"moving_time": max(1200, round(run["moving_time"] * rng.uniform(0.4, 0.95))), "workout_type": rng.choice([0, 1])},
    "a jog with a child": lambda rng, run: {"distance": run["distance"] * rng.uniform(0.3, 0.8), "workout_type": rng.choice([0, 1])},
    "the friend's watch": lambda rng, run: {"start_date": instant(epoch(run["start_date"]) + rng.randint(1, 900)), "distance": run["distance"] * rng.uniform(0.97, 1.03)},
    "not stopped until home": lambda rng, run: {"elapsed_time": run["elapsed_time"] + rng.randint(3600, 40000)},
    "a strap that fails": lambda rng, run: {"average_heartrate": rng.choice([0, 255, 20, 240, None]), "max_heartrate": rng.choice([0, 255, 250, 219, None])},
    "a barometer in the wind": lambda rng, run: {"total_elevation_gain": rng.uniform(100, 9000)},
    "on a bicycle": lambda rng, run: {"distance": FASTEST * run["moving_time"], "max_speed": 13, "workout_type": 0},
    "tagged over a wrong distance": lambda rng, run: {"distance": rng.choice([1000, 3000, 5010, 10010]), "moving_time": rng.randint(1300, 4000), "elapsed_time": 4000, "workout_type": 1},
}


def is_borne_out(wrong, run, history):
    """Whether another run is so near it that the two of them may be true."""
    shown = lambda a: vdot(a["distance"], a["moving_time"])
    return shown(wrong) > shown(run) and any(abs(shown(wrong) / shown(a) - 1) <= SHARE for a in history)


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in (1, 2, 3, *range(100, 300)))])
def test_one_thing_that_went_wrong_in_a_life_moves_no_threshold_and_no_race_estimate(seed):
    rng = seeded(f"wrong {seed}")
    without, within, what = [], [], {}
    for athlete in range(1, 9):
        history = life(rng, athlete)
        kind, run = rng.choice(sorted(WRONG)), rng.choice(history[3:])
        plain = run | {"id": 100_000 * athlete + 99_999, "start_date": instant(epoch(run["start_date"]) + rng.choice([11, 13]) * 3600)}
        wrong = plain | WRONG[kind](rng, run)
        wrong["elapsed_time"] = max(wrong["elapsed_time"], wrong["moving_time"])
        last = run_of(rng, athlete, 100_000 * athlete + 99_998, day_of(history[-1]) + 3, 2.4)
        what[str(athlete)] = kind
        without.append([*history, last])
        within.append([*history, last] if is_borne_out(wrong, run, history) else [*history, wrong, last])
    plain, moved = pipeline(*without), pipeline(*within)
    for of in (thresholds, estimates):
        for key, value in of(plain).items():
            assert abs(of(moved)[key] / value - 1) <= SHARE, (of.__name__, key, what)
    paces = "SELECT activity_id, threshold_pace_min_km FROM activity_features WHERE is_run"
    before, after = dict(plain.execute(paces)), dict(moved.execute(paces))
    assert all(abs(after[activity] / pace - 1) <= SHARE for activity, pace in before.items() if activity in after), what
    assert len(before.keys() - after.keys()) <= sum(kind == "the friend's watch" for kind in what.values())  # which may be the longer recording
