"""What the pipeline tests share: stages run in-process, random Strava activities, whole databases compared."""

import datetime
import json
import random

from helpers import stages
from helpers.extension import DATA
from helpers.stages import ARRIVED, BRONZE, new_database, one, put, rows  # noqa: F401, for the tests beside this

RUNNER = DATA / "strava-api" / "runner"
SHAPES = DATA / "strava-api" / "shapes"

# The stages from the inbox to the weekly features.
STAGES = {name: text for name, text in stages.STAGES.items() if name < "45"}
FEATURES = ["activity_features", "athlete_daily_features", "athlete_weekly_features", "athlete_rolling_features"]


def run(db, names=None, changed=None):
    stages.run(db, names or STAGES, changed)


def pipeline(*bodies, received_at=ARRIVED):
    """A new database to which the bodies have come one after the other, with every stage run once at the end."""
    db = new_database()
    run(db, BRONZE)
    for body in bodies:
        put(db, body, received_at)
    run(db)
    return db


def file_of(path, first, *waiting, run=run):
    """A file in which every stage has run over a history, and others wait in the inbox."""
    db = new_database(path)
    run(db)
    put(db, first)
    run(db)
    for history in waiting:
        put(db, history)
    db.close()
    return path


def runner_objects():
    return [json.loads((RUNNER / f).read_text()) for f in ("activities.json", "activity_marathon_detail.json", "activity_laps.json")]


def table_names(db):
    return [r[0] for r in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")]


def dump(db, leave_out=("ops_runs", "ops_rests", "bronze_landings"), with_history=False, without=()):
    """Every table as sorted texts of its rows, in which a type or a bit that differs is a difference. What landed together,
    and what was believed before, depends on when the stages ran, so it is left out or waits to be asked for."""
    return {t: sorted(map(repr, db.execute(f"SELECT {listed(db, t, without)} FROM {t}"))) for t in table_names(db)
            if t not in leave_out and (with_history or not t.endswith("_history"))}


def listed(db, table, without):
    return ", ".join(f'"{r[1]}"' for r in db.execute(f"PRAGMA table_info({table})") if r[1] not in without)


def assert_same(a, b):
    assert a.keys() == b.keys()
    for table in a:
        if a[table] != b[table]:
            only_a, only_b = sorted(set(a[table]) - set(b[table])), sorted(set(b[table]) - set(a[table]))
            raise AssertionError(f"{table}: {len(only_a)} and {len(only_b)} rows differ\n{only_a[:2]}\n{only_b[:2]}")


# --- random data -------------------------------------------------------------------------------------------------

SPORTS = ["Run"] * 10 + ["TrailRun", "VirtualRun", "Ride", "Ride", "Walk", "WeightTraining", "Swim"]
OFFSETS = [-36000, -18000, -14400, 0, 3600, 19800, 46800]


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def make_facts(rng, sport):
    """Distance, times and heart rate of an activity that no rule rejects."""
    moving = rng.choice([rng.randint(60, 1500), rng.randint(1200, 5400), rng.randint(5400, 16000)])
    speed = {"Ride": 8, "Walk": 1.4, "WeightTraining": 0, "Swim": 0.9}.get(sport, rng.uniform(2.2, 4.3))
    facts = {
        "distance": rng.choice([0, 0, 5.5]) if rng.random() < 0.04 else round(speed * moving * rng.uniform(0.9, 1.1), 1),
        "moving_time": moving,
        "elapsed_time": moving + rng.choice([0, 0, rng.randint(-1, 2), rng.randint(0, 900)]),
    }
    if rng.random() < 0.9:
        facts["total_elevation_gain"] = rng.choice([0, round(rng.uniform(0, moving / 20), 1)])
    if rng.random() < 0.8:
        facts["average_heartrate"] = round(rng.uniform(95, 175), 1)
        facts["max_heartrate"] = round(facts["average_heartrate"] + rng.uniform(0, 40) + rng.choice([0] * 30 + [60]))
    return facts


def make_activity(rng, athlete, number, day, **given):
    """A SummaryActivity of the athlete, `number` is its id, `day` counts from 2023-11-01."""
    sport = rng.choice(SPORTS)
    offset = given.pop("offset", None)
    if offset is None:
        offset = rng.choice(OFFSETS)
    start = epoch("2023-11-01T00:00:00Z") + 86400 * day + rng.randint(0, 86399)
    activity = {
        "resource_state": 2, "id": number, "athlete": {"id": athlete}, "name": f"activity {number}", "sport_type": sport,
        "start_date": instant(start), "start_date_local": instant(start + offset),
        "timezone": "(GMT-05:00) America/New_York", "utc_offset": rng.choice([offset, float(offset)]),
        "flagged": rng.random() < 0.03, "trainer": rng.random() < 0.1, "manual": rng.random() < 0.05,
    } | make_facts(rng, sport)
    if rng.random() < 0.6:
        activity["workout_type"] = rng.choice([None, 0, 1, 2, 3])
    return activity | given


def make_laps(rng, activity, n, first_id=None):
    """Laps of their own (with ids) or for a detailed activity."""
    laps = []
    for i in range(1, n + 1):
        lap = {"lap_index": i, "name": f"Lap {i}", "distance": round(activity["distance"] / n, 1),
               "moving_time": activity["moving_time"] // n, "elapsed_time": activity["elapsed_time"] // n}
        if rng.random() < 0.9:
            lap["average_heartrate"] = round(rng.uniform(90, 185), 1)
        lap |= {"id": (first_id or 10 ** 9 * activity["id"]) + i, "activity": {"id": activity["id"]}}
        laps.append(lap)
    return laps


def make_detail(rng, activity):
    splits = [{"split": i + 1, "distance": 1000.0, "moving_time": 300, "elapsed_time": 301, "elevation_difference": rng.uniform(-9, 9),
               "average_heartrate": rng.uniform(90, 185)} for i in range(rng.randint(1, 5))]
    return activity | {"resource_state": 3, "laps": make_laps(rng, activity, rng.randint(1, 4)), "splits_metric": splits,
                       "best_efforts": [{"name": "5K", "distance": 5000, "elapsed_time": rng.randint(1100, 1900), "moving_time": 1100}]}


def deletion(activity_id):
    return {"object_type": "activity", "object_id": activity_id, "aspect_type": "delete", "owner_id": 1, "event_time": 1}


def make_history(rng, athlete, n, days, first_number=1):
    return [make_activity(rng, athlete, first_number + i, rng.randint(0, days)) for i in range(n)]


def seeded(seed):
    return random.Random(seed)
