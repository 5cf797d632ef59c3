"""The bundled runner in two worlds that are the same until the evening before a race."""

import datetime
import json
import random

from helpers.athletes import lab


def end_time(activity):
    start = datetime.datetime.fromisoformat(activity["start_date"].replace("Z", "+00:00"))
    return (start + datetime.timedelta(seconds=activity["elapsed_time"])).strftime("%Y-%m-%dT%H:%M:%SZ")


def garbage(rng, activity, is_the_race):
    """Other facts on the same day; of the race itself other than tag and distance, which say that it is to be predicted."""
    moving = rng.randint(2000, 20000)
    wrong = dict(activity, name="garbage", moving_time=moving, elapsed_time=moving, total_elevation_gain=rng.uniform(0, 90),
                 average_heartrate=rng.uniform(90, 190), max_heartrate=rng.uniform(190, 215))
    if is_the_race:
        wrong["moving_time"] = wrong["elapsed_time"] = int(activity["distance"] / rng.uniform(2, 5.5))
        return wrong
    wrong |= dict(sport_type=rng.choice(["Run", "Run", "Ride", "Swim"]), distance=moving * rng.uniform(1.5, 6), flagged=rng.random() < 0.2,
                  trainer=rng.random() < 0.2, manual=rng.random() < 0.2, workout_type=rng.choice([0, 1, 2, 3, None]))
    return wrong


def worlds(race_date):
    """What each of the two worlds brings: as it was, and with garbage for all that was not over when the day before the
    race was; a fifth of it did not happen at all."""
    db = lab.copy()
    known_at = lab.one(db, "SELECT event_timestamp FROM athlete_rolling_features WHERE as_of_date = date(?, '-1 day')", race_date)
    races = {i for (i,) in db.execute("SELECT activity_id FROM race_results WHERE race_date = ?", (race_date,))}
    db.close()
    assert races
    rng, activities = random.Random(race_date), lab.runner_activities()
    activities.append(json.loads((lab.RUNNER / "activity_marathon_detail.json").read_text()))
    known = [a for a in activities if end_time(a) <= known_at]
    later = [a for a in activities if end_time(a) > known_at]
    assert len(later) > 20 and races <= {str(a["id"]) for a in later}
    wrong = [garbage(rng, a, str(a["id"]) in races) for a in later
             if a["resource_state"] == 2 and (str(a["id"]) in races or rng.random() < 0.8)]
    return known + later, known + wrong
