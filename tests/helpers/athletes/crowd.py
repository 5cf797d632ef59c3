"""Many athletes, seeded, of one kind: light ones of ninety activities, or long ones of eight years of whom every other has laps."""

import dataclasses
import json
import random

from helpers.athletes.activities import epoch, instant

BEGIN = epoch("2016-01-01T00:00:00Z")


@dataclasses.dataclass(frozen=True)
class Kind:
    activities: int
    days: int
    has_laps: bool  # every other athlete


LIGHT = Kind(90, 180, False)
LONG = Kind(1600, 8 * 365, True)
MIXED = Kind(60, 120, True)


def life(kind, athlete, seed=0):
    """An athlete's activities, one after the other."""
    rng = random.Random(f"{seed} {kind} {athlete}")
    runs = [run(rng, athlete, number, day) for number, day in enumerate(sorted(rng.sample(range(kind.days), kind.activities)))]
    return [with_laps(rng, r) for r in runs] if kind.has_laps and athlete % 2 else runs


def run(rng, athlete, number, day):
    """One of thirty is a race over 10 km; some have a broken sensor, or are flagged."""
    is_race = rng.random() < 1 / 30
    distance = rng.uniform(9950, 10200) if is_race else rng.uniform(4000, 18000)
    seconds = int(distance / rng.uniform(2.6, 4.0))
    heart_rate = rng.uniform(130, 160) if rng.random() < 0.95 else 240.0
    start = instant(BEGIN + 86400 * day + rng.randint(6 * 3600, 20 * 3600))
    return {
        "resource_state": 2, "id": 10_000 * athlete + number, "athlete": {"id": athlete}, "name": f"Run {number}", "sport_type": "Run",
        "workout_type": 1 if is_race else 0, "flagged": rng.random() < 1 / 30, "start_date": start, "start_date_local": start, "utc_offset": 0,
        "distance": round(distance, 1), "moving_time": seconds, "elapsed_time": seconds + rng.randint(0, 60),
        "total_elevation_gain": round(rng.uniform(0, 200), 1), "average_heartrate": round(heart_rate, 1),
        "max_heartrate": round(heart_rate + rng.uniform(10, 30)),
    }  # fmt: skip


def with_laps(rng, run, n=8):
    """The same run in detail, its distance in equal laps; the strap fails in some."""
    laps = [{"lap_index": i + 1, "name": f"Lap {i + 1}", "distance": round(run["distance"] / n, 1), "moving_time": run["moving_time"] // n,
             "elapsed_time": run["moving_time"] // n, "average_heartrate": round(rng.uniform(120, 175), 1) if rng.random() < 0.95 else 250.0}
            for i in range(n)]  # fmt: skip
    return run | {"resource_state": 3, "laps": laps}


def person(athlete):
    return {"id": athlete, "firstname": "A", "sex": "FM"[athlete % 2], "birthdate": f"{1960 + athlete % 40}-01-01"}


def lines(kind, athletes, seed=0):
    """All that is known of athletes 1 to `athletes`, one object a line."""
    for athlete in range(1, athletes + 1):
        yield json.dumps(person(athlete))
        yield from map(json.dumps, life(kind, athlete, seed))


def one_more(kind, athlete, seed=0, after=0):
    """An ordinary run on the day after an athlete's last, or so many days later."""
    rng = random.Random(f"{seed} one more {athlete}")
    return run(rng, athlete, kind.activities + after, kind.days + after) | {"workout_type": 0, "flagged": False}
