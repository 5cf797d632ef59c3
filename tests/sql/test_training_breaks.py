"""How an athlete has paused, day by day: against pandas, without a look ahead, and as it was known."""

import datetime
import random

import numpy as np
import pandas as pd
import pytest

from helpers import stages
from helpers.athletes import break_days
from helpers.athletes.activities import new_database, put, run
from helpers.machine.soak import soak

NAMES = [name for name in stages.STAGES if name < "48"]
SAME = {
    "active_days_7d": "run_days_7d", "active_days_28d": "run_days_28d", "active_days_90d": "run_days_90d", "active_share_14d": "run_share_14d",
    "active_share_28d": "run_share_28d", "days_since_activity": "days_since_run", "longest_gap_28d": "gap_max_28d", "longest_gap_90d": "gap_max_90d",
    "gap_spread_56d": "gap_sd_56d", "breaks_365d": "breaks_known_365d", "days_since_break": "days_since_break", "break_last_year": "break_last_year",
}  # fmt: skip


def life(rng, athlete, n_days):
    """Days of activities (some have two) that come by phases of habit, with breaks of any length between them."""
    day, days = datetime.date(2019, 1, 1) + datetime.timedelta(rng.randint(0, 365)), []
    end = day + datetime.timedelta(n_days)
    while day < end:
        share, length = rng.choice([0.15, 0.4, 0.7, 1.0]), rng.randint(5, 120)
        for _ in range(length):
            days += [day] * ((rng.random() < share) * rng.choice([1, 1, 1, 2]))
            day += datetime.timedelta(1)
        day += datetime.timedelta(rng.choice([0, 0, 5, 6, 7, 8, 20, 200]))
    return [activity(athlete, i, d, rng.choice(["Run", "Ride", "Walk"])) for i, d in enumerate(days)]


def activity(athlete, number, day, sport="Run"):
    start = f"{day.isoformat()}T{8 + number % 8:02d}:00:00Z"
    return {"resource_state": 2, "id": 10_000 * athlete + number, "athlete": {"id": athlete}, "name": "x", "sport_type": sport, "type": sport, "start_date": start,
            "start_date_local": start, "utc_offset": 0, "distance": 5000.0, "moving_time": 1800, "elapsed_time": 1800, "total_elevation_gain": 0.0}  # fmt: skip


def database(bodies):
    db = new_database()
    run(db, NAMES)
    for body in bodies:
        put(db, body)
    run(db, NAMES)
    return db


def table(db):
    return {(r["athlete_id"], r["as_of_date"]): r for r in stages.rows(db, "SELECT * FROM training_breaks")}


def by_pandas(bodies):
    """The columns that the reference has, for each athlete and day."""
    frame = pd.DataFrame({"athlete": str(b["athlete"]["id"]), "day": pd.Timestamp(b["start_date"][:10]), "km": 5.0, "tss": 1.0, "gender": "M"} for b in bodies)
    every = pd.concat([break_days.days_of(x) for _, x in frame.groupby("athlete")])
    angle = 2 * np.pi * every.day.dt.day_of_year / 365.25
    for k in (1, 2, 3):
        every[f"season_sin{k}"], every[f"season_cos{k}"] = np.sin(k * angle), np.cos(k * angle)
    return every


@pytest.mark.parametrize("seed", [0, 1, *map(soak, range(2, 4))])
def test_each_day_is_what_pandas_says_of_it(seed):
    rng = random.Random(seed)
    bodies = [b for athlete in (1, 2) for b in life(rng, athlete, rng.choice([3, 100, 900, 1200]))]
    db = database(bodies)
    found, expected = table(db), by_pandas(bodies)
    assert found.keys() == {(a, d.date().isoformat()) for a, d in zip(expected.athlete, expected.day)}
    names = SAME | {f"season_{f}{k}": f"season_{f}{k}" for f in ("sin", "cos") for k in (1, 2, 3)}
    for ours, theirs in names.items():
        for athlete, day, value in zip(expected.athlete, expected.day, expected[theirs]):
            told = found[athlete, day.date().isoformat()][ours]
            assert told is None if np.isnan(value) else told == pytest.approx(value, rel=1e-9, abs=1e-9), (ours, athlete, day)
    db.close()


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_no_day_moves_when_what_comes_after_it_does(seed):
    rng = random.Random(seed)
    bodies = life(rng, 1, 800)
    whole = table(database(bodies))
    for cut in rng.sample(range(1, len(bodies)), 3):
        for key, row in table(database(bodies[:cut])).items():
            assert whole[key] == row


@pytest.mark.parametrize("seed", range(2))
def test_a_late_activity_ends_a_break_from_when_it_came_and_not_before(seed):
    rng = random.Random(seed)
    bodies = life(rng, 1, 600)
    late = bodies.pop(rng.randrange(len(bodies) // 3, len(bodies) // 2))
    db = database(bodies)
    before = table(db)
    put(db, late, "2026-01-05T00:00:00Z")
    run(db, NAMES)
    after, whole = table(db), table(database([*bodies, late]))
    values = [c for c in next(iter(whole.values())) if c != "available_at"]
    assert {k: [r[c] for c in values] for k, r in after.items()} == {k: [r[c] for c in values] for k, r in whole.items()}
    moved = {k for k in after if [after[k][c] for c in values] != [before[k][c] for c in values]}
    for key, row in after.items():
        assert row["available_at"] == ("2026-01-05T00:00:00Z" if key in moved else before[key]["available_at"])
    history = {(r["athlete_id"], r["as_of_date"]): r for r in stages.rows(db, "SELECT * FROM training_breaks_history")}
    assert history.keys() == moved and all([history[k][c] for c in values] == [before[k][c] for c in values] for k in moved)
    db.close()
