"""A race that is ahead of its runner's estimates moves them at once, one that was jogged or went wrong does not."""

import pytest

from helpers.athletes.activities import seeded
from helpers.athletes.formulas import vdot, vdot_time
from helpers.machine.soak import soak

from ..test_fitness_evidence import SHARE, estimates, pipeline, run_of

OFFICIAL = {"5k": 5000, "10k": 10000, "21k": 21097.5, "42k": 42195}


def raced(rng, athlete, number, day, metres, seconds, **given):
    """A race as a watch sees it, a little longer than it was."""
    return run_of(rng, athlete, number, day, metres / seconds) | {
        "distance": round(metres * rng.uniform(1, 1.008), 1), "moving_time": round(seconds), "elapsed_time": round(seconds), "workout_type": 1} | given


def season(rng, athlete):
    """Half a year or more of training at one level, with as many races at it as this runner runs."""
    speed, spread, every, found, day = rng.uniform(2.3, 4.2), rng.uniform(0.005, 0.07), rng.choice([1, 2, 3, 5]), [], 0
    level, often = vdot(10000, 10000 / speed) * rng.uniform(1.04, 1.1), rng.choice([0, 0, 0.03, 0.1])
    minutes = rng.choice([(25, 40), (30, 70), (40, 90)])
    for i in range(rng.randint(25, 90)):
        if rng.random() < often:
            metres = rng.choice([*OFFICIAL.values()])
            found.append(raced(rng, athlete, 10_000 * athlete + i, day, metres, vdot_time(level, metres) * rng.uniform(0.98, 1.03)))
        else:
            found.append(run_of(rng, athlete, 10_000 * athlete + i, day, speed * rng.uniform(1 - spread, 1 + spread), minutes=rng.uniform(*minutes)))
        day += rng.randint(1, 2 * every - 1)
    return found, day


def after(seed, n, factor):
    """Estimates of n runners before and after a race of each that took `factor` of what was expected of it: {(athlete, distance): (raced, ratio)}.
    A first marathon is believed, however slow: of those only that it is ahead is asked."""
    rng = seeded(f"race {seed}")
    lives = {a: season(rng, a) for a in range(1, n + 1)}
    last = {a: [run_of(rng, a, 10_000 * a + 9_999, day + 9, 2.0)] for a, (_, day) in lives.items()}
    plain = estimates(pipeline(*(history + last[a] for a, (history, _) in lives.items())))
    distances = {a: rng.choice([*OFFICIAL]) for a in lives}
    races = {a: raced(rng, a, 10_000 * a + 9_998, day + rng.randint(1, 6), OFFICIAL[distances[a]], plain[str(a), distances[a]] * factor(rng)) for a, (_, day) in lives.items()}
    moved = estimates(pipeline(*(history + [races[a]] + last[a] for a, (history, _) in lives.items())))
    assert len(plain) == 4 * n == len(moved)
    first = {a for a, (history, _) in lives.items() if distances[a] == "42k" and not any(r["workout_type"] and r["distance"] > 42000 for r in history)}
    return {key: (distances[int(key[0])], moved[key] / seconds) for key, seconds in plain.items() if factor(rng) < 1 or int(key[0]) not in first}


@pytest.mark.parametrize("seed", [0, soak(1)])
def test_a_race_ahead_of_its_runner_moves_the_estimates_at_once(seed):
    found = after(seed, 16, lambda rng: rng.uniform(0.84, 0.86))
    assert all(ratio < 1 for _, ratio in found.values())
    assert sum(ratio < 0.96 for _, ratio in found.values()) >= 0.8 * len(found), found  # of a marathon a race of 5 km tells little
    assert sum(ratio < 0.96 for (_, asked), (distance, ratio) in found.items() if asked == distance) >= 15, found


@pytest.mark.parametrize("seed", [0, soak(1), *(soak(seed) for seed in range(100, 120))])
def test_a_race_that_was_jogged_moves_no_estimate(seed):
    found = after(seed, 16, lambda rng: rng.uniform(1.15, 1.4))
    assert len(found) > 30 and len({athlete for (athlete, _), (_, ratio) in found.items() if abs(ratio - 1) > SHARE}) <= 1, found


def test_of_runs_that_show_the_same_the_newest_is_the_evidence():
    history = [run_of(seeded("ties"), 1, 100 - i, 2 * i, 8000 / 2640, minutes=44) for i in range(30)]
    assert {a for (a,) in pipeline(history).execute("SELECT evidence_activity_id FROM time_estimator_rows WHERE source = 'today'")} == {"71"}
