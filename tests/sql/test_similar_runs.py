"""What the runs before a run say of its pace: against loops over numpy, and without a look at what was not over."""

import datetime
import json
import random

import numpy as np
import pytest

from helpers import stages
from helpers.athletes.activities import assert_same, dump, new_database, put, run
from helpers.machine.soak import soak
from helpers.simulated import World, simulate

NAMES = [name for name in stages.STAGES if name < "47"]
KEY = ("athlete_id", "activity_id")
WHEN = ("available_at",)


def database(bodies, received_at=stages.ARRIVED):
    db = new_database()
    run(db, NAMES)
    for body in bodies:
        put(db, body, received_at)
    run(db, NAMES)
    return db


def table(db, name="similar_runs"):
    return {tuple(row[k] for k in KEY): row for row in stages.rows(db, f"SELECT * FROM {name}")}


def bodies_of(world, athletes=3, days=200):
    return [arrival.body for arrival in simulate(world, athletes, days)[0]]


def is_run(body):
    return body.get("type") == "Run"


# --- the same by hand -----------------------------------------------------------------------------------------------


def seconds(instant):
    return datetime.datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp()


class Run:
    def __init__(self, row):
        self.start, self.end = seconds(row["start_time"]), seconds(row["end_time"])
        self.key, self.date = (row["athlete_id"], row["activity_id"]), datetime.date.fromisoformat(row["local_date"])
        self.km, self.pace = row["distance_m"] / 1000, row["moving_s"] / 60 / (row["distance_m"] / 1000) if row["distance_m"] else None
        self.told_climb = None if row["elevation_gain_m"] is None else row["elevation_gain_m"] / self.km
        self.climb = min(self.told_climb or 0, 300)
        self.hour = int(row["local_start_time"][11:13]) + int(row["local_start_time"][14:16]) / 60
        self.weekday = (self.date.weekday() + 1) % 7
        self.counts = not row["is_flagged"] and 2.5 <= self.pace <= 15


def by_hand(db):
    """Each row by loops, straight from the definition."""
    found = {}
    for athlete in {key for (key,) in db.execute("SELECT athlete_id FROM silver_strava_activities")}:
        rows = stages.rows(db, "SELECT * FROM silver_trainings WHERE is_run AND distance_m >= 1000 AND athlete_id = ?", athlete)
        runs = sorted(map(Run, rows), key=lambda r: (r.end, r.key))
        for asked in runs:
            if known := [r for r in runs if r.end <= asked.start and r.counts]:
                found[asked.key] = row_by_hand(asked, known)
    return found


def row_by_hand(asked, known):
    last, fifth, tenth, twenty = known[-1], known[-5:], known[-10:], known[-20:]
    near = known[-100:]
    longer = np.array([np.log(asked.km / r.km) for r in near])
    steeper = np.array([asked.climb - r.climb for r in near])
    age = np.array([(asked.start - r.start) / 86400 for r in near])
    hours = np.array([abs(asked.hour - r.hour) for r in near])
    other_day = np.array([asked.weekday != r.weekday for r in near])
    w = 1e-12 + np.exp(-abs(longer) / 0.3 - age / 120 - abs(steeper) / 10 - np.minimum(hours, 24 - hours) / 3 - 0.7 * other_day)
    level = np.array([r.pace * (200 + asked.climb) / (200 + r.climb) for r in near])
    mean = np.average(level, weights=w)
    fading = 0.5 ** (np.arange(len(known))[::-1] / 20)
    return {
        "activity_date": asked.date.isoformat(), "distance_km": asked.km, "elevation_per_km": asked.told_climb, "start_hour": asked.hour,
        "weekday": asked.weekday, "earlier_runs": len(known), "similar_pace_min_km": mean,
        "similar_spread_min_km": np.sqrt(np.average((level - mean) ** 2, weights=w)), "similar_runs": w.sum() ** 2 / (w**2).sum(),
        "similar_age_days": np.average(age, weights=w), "longer_than_similar": np.average(longer, weights=w),
        "steeper_than_similar": np.average(steeper, weights=w), "pace_ewma_20": np.average([r.pace for r in known], weights=fading),
        "last_pace_min_km": last.pace, "mean_pace_5": np.mean([r.pace for r in fifth]), "mean_pace_10": np.mean([r.pace for r in tenth]),
        "best_pace_20": min(r.pace for r in twenty), "pace_spread_20": np.std([r.pace for r in twenty]),
        "usual_distance_km": np.exp(np.mean([np.log(r.km) for r in twenty])), "usual_elevation_per_km": np.mean([r.climb for r in twenty]),
        "last_distance_km": last.km, "days_since_run": (asked.date - last.date).days,
    }  # fmt: skip


def assert_by_hand(db):
    rows, expected = table(db), by_hand(db)
    assert {key for key in rows if key[1] != "next"} == expected.keys()
    for key, row in expected.items():
        for column, value in row.items():
            exact = value is None or isinstance(value, (str, int))
            assert rows[key][column] == (value if exact else pytest.approx(value, rel=1e-9, abs=1e-6)), (key, column)
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_every_row_is_what_loops_over_the_runs_before_it_give(seed):
    assert len(assert_by_hand(database(bodies_of(World(seed=seed, duplicated=0.2))))) > 150


def odd(rng, body):
    change = rng.choice([{"total_elevation_gain": 1e5}, {"total_elevation_gain": None}, {"distance": 1000.0}, {"distance": 0}, {"distance": 5.0},
                         {"moving_time": 1}, {"moving_time": 0}, {"elapsed_time": 800_000, "moving_time": 700_000}, {"flagged": True},
                         {"distance": 999_999.0, "moving_time": 400_000, "elapsed_time": 400_000}, {"start_date": "2021-03-01T06:00:00Z"},
                         {"total_elevation_gain": 0.0}, {"utc_offset": 50400}, {"start_date_local": "2021-02-28T23:59:59Z"}])  # fmt: skip
    return body | change if is_run(body) and rng.random() < 0.4 else body


@pytest.mark.parametrize("seed", range(3))
def test_odd_runs_weigh_what_they_weigh_and_stop_nobody(seed):
    rng = random.Random(seed)
    assert_by_hand(database([odd(rng, body) for body in bodies_of(World(seed=seed), 2, 120)]))


# --- nothing sees the future ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_a_row_stays_when_its_own_pace_and_all_that_ends_later_is_another(seed):
    rng, bodies = random.Random(seed), bodies_of(World(seed=10 + seed, duplicated=0.3, late=0), 2, 100)
    rows = table(database(bodies))
    for row in rng.sample([row for row in rows.values() if row["activity_id"] != "next"], 3):
        began = row["event_timestamp"]
        ends = lambda b: seconds(b["start_date"]) + b["elapsed_time"]
        garbled = [b | ({"moving_time": b["moving_time"] * 4 // 5} if str(b["id"]) == row["activity_id"] else
                        {"moving_time": min(rng.randint(600, 900), b["elapsed_time"]), "distance": 3456.7, "total_elevation_gain": 9.0})
                   if "distance" in b and ends(b) > seconds(began) else b for b in bodies]
        key = tuple(row[k] for k in KEY)
        there = table(database(garbled))[key]
        assert {k: v for k, v in there.items() if k not in WHEN} == {k: v for k, v in row.items() if k not in WHEN}


def test_the_next_run_is_an_ordinary_one_on_the_day_after_the_last_and_moves_with_each():
    bodies = [b for b in bodies_of(World(seed=5, late=0, duplicated=0), 1, 80) if not b.get("type") == "Ride"]
    few, all_of_them = table(database(bodies[:-1])), table(database(bodies))
    for rows, last in ((few, bodies[-2]), (all_of_them, bodies[-1])):
        row = rows["1", "next"]
        assert row["activity_date"] == str(datetime.date.fromisoformat(last["start_date_local"][:10]) + datetime.timedelta(1))
        assert row["distance_km"] == row["usual_distance_km"] and row["elevation_per_km"] == row["usual_elevation_per_km"]
        assert row["last_distance_km"] == last["distance"] / 1000 and row["days_since_run"] == 1
        assert row["earlier_runs"] == len(rows)  # all but the first have a row, and so has the next


# --- arrivals -------------------------------------------------------------------------------------------------------


def believed(db, at):
    rows = stages.rows(db, "SELECT * FROM similar_runs_versions WHERE available_at <= ?1 AND (superseded_at IS NULL OR superseded_at > ?1)", at)
    return sorted(repr([v for k, v in row.items() if k not in (*WHEN, "superseded_at", "superseded_by")]) for row in rows)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_what_arrives_late_is_weighed_from_its_arrival_on_and_what_was_believed_stays(seed):
    arrivals = simulate(World(seed=20 + seed, late=0.3, duplicated=0.1), 2, 90)[0]
    db, snapshots = new_database(), []
    run(db, NAMES)
    cuts = sorted(random.Random(seed).sample(range(20, len(arrivals)), 4)) + [len(arrivals)]
    for begin, end in zip([0, *cuts], cuts):
        for arrival in arrivals[begin:end]:
            put(db, arrival.body, arrival.received_at)
        run(db, NAMES)
        snapshots.append((arrivals[end - 1].received_at, believed(db, "9999")))
    fresh = new_database()
    run(fresh, NAMES)
    for arrival in arrivals:
        put(fresh, arrival.body, arrival.received_at)
    run(fresh, NAMES)
    only = lambda d: {"similar_runs": dump(d, without=WHEN)["similar_runs"]}
    assert_same(only(db), only(fresh))
    for at, then in snapshots[1:]:
        assert believed(db, at) == then
    assert db.execute("SELECT COUNT(*) FROM similar_runs_history").fetchone()[0] > 10


def test_who_has_nothing_new_keeps_the_rows_to_the_bit_and_is_not_looked_at():
    bodies = bodies_of(World(seed=7), 3, 100)
    db = database([b for b in bodies if b.get("athlete", b)["id"] != 2] + [b for b in bodies if b.get("athlete", b)["id"] == 2][:-1])
    before = [repr(r) for k, r in table(db).items() if k[0] != "2"]
    put(db, json.dumps(bodies[-1] | {"id": 999, "athlete": {"id": 2}, "start_date": "2021-07-01T08:00:00Z", "start_date_local": "2021-07-01T08:00:00Z", "utc_offset": 0}))
    run(db, NAMES)
    assert [repr(r) for k, r in table(db).items() if k[0] != "2"] == before
    rows_in = stages.one(db, "SELECT rows_in FROM ops_runs WHERE stage = '460_similar_runs' ORDER BY rowid DESC LIMIT 1")
    assert 0 < rows_in <= stages.one(db, "SELECT COUNT(*) + 1 FROM silver_strava_activities WHERE athlete_id = '2' AND is_run")


# --- what it is worth -----------------------------------------------------------------------------------------------


def test_similar_runs_foretell_the_pace_of_simulated_athletes_better_than_their_usual_pace():
    db = database(bodies_of(World(seed=1), 6, 300))
    error = "AVG(abs(s.{} - a.pace_min_km))"
    similar, usual, last = stages.one(db, f"""
        SELECT {error.format('similar_pace_min_km')}, {error.format('pace_ewma_20')}, {error.format('last_pace_min_km')}
        FROM similar_runs AS s JOIN activity_features AS a USING (athlete_id, activity_id) WHERE s.earlier_runs >= 20""")
    assert similar < 0.9 * usual and similar < 0.9 * last
