"""What the devices make of an outing: an activity as Strava's API gives it, when it arrived, and its second recording."""

import dataclasses

from helpers.athletes.activities import instant
from helpers.simulated.numbers import between, chance, normal, pick
from helpers.simulated.world import DAY_S

WORKOUT_TYPES = {"race": 1, "long": 2, "tempo": 3, "intervals": 3}
NAMES = {"recovery": "Recovery Run", "easy": "Easy Run", "long": "Long Run", "tempo": "Tempo", "intervals": "Intervals", "ride": "Ride"}
ZONES = {0: "(GMT+00:00) Europe/London", 3600: "(GMT+01:00) Europe/Berlin", -18000: "(GMT-05:00) America/New_York",
         -28800: "(GMT-08:00) America/Los_Angeles", 19800: "(GMT+05:30) Asia/Kolkata", 36000: "(GMT+10:00) Australia/Sydney"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Recording:
    received_at: str
    activity: dict
    original_id: int | None = None  # of which it is the second recording


def record(world, athlete, outing):
    """The recordings of an outing, the one that counts first."""
    rng = world.rng("record", athlete.id, outing.day)
    hour = 8.5 + between(rng, 0, 2) if outing.race else athlete.hour + normal(rng, 0, 0.7)
    start = world.begin_s + outing.day * DAY_S + int(3600 * min(21.0, max(4.0, hour))) - athlete.utc_offset_s
    first = activity(rng, world, athlete, outing, start)
    found = [Recording(received(rng, world, first, start), first)]
    if chance(rng, world.duplicated):
        again = second(rng, first, start)
        found.append(Recording(received(rng, world, again, start), again, first["id"]))
    return found


def activity(rng, world, athlete, outing, start):
    moving = max(1, round(outing.seconds))
    paused = 0 if outing.race else int(between(rng, 0, 0.06) * moving)
    distance = outing.distance_m * (between(rng, 1.001, 1.012) if outing.race else normal(rng, 1, 0.004))
    ride = outing.kind == "ride"
    made = {
        "resource_state": 2, "athlete": {"id": athlete.id, "resource_state": 1},
        "name": f"Race {outing.race}" if outing.race else NAMES[outing.kind], "distance": round(distance, 1),
        "moving_time": moving, "elapsed_time": moving + paused, "total_elevation_gain": round(outing.climb_m, 1),
        "type": "Ride" if ride else "Run", "sport_type": "Ride" if ride else pick(rng, {"Run": 30, "TrailRun": outing.climb_m / 100}),
        "workout_type": None if ride else WORKOUT_TYPES.get(outing.kind, pick(rng, {None: 1, 0: 1})),
        "id": 1_000_000 * athlete.id + 10 * outing.day, "start_date": instant(start),
        "start_date_local": instant(start + athlete.utc_offset_s), "timezone": ZONES[athlete.utc_offset_s], "utc_offset": float(athlete.utc_offset_s),
        "trainer": False, "commute": False, "manual": False, "private": False, "visibility": "everyone", "flagged": False,
        "average_speed": round(distance / moving, 3), "max_speed": round(distance / moving * between(rng, 1.15, 1.6), 3),
        "average_temp": round(outing.temperature_c), "has_heartrate": False, "heartrate_opt_out": False,
    }  # fmt: skip
    if not ride:
        made["average_cadence"] = round(normal(rng, 84, 2), 1)
    if athlete.has_strap and not chance(rng, world.without_heart_rate):
        highest = min(athlete.max_hr, outing.heart_rate + between(rng, 6, 22))
        made |= {"has_heartrate": True, "average_heartrate": round(outing.heart_rate, 1), "max_heartrate": float(round(highest))}
    return made


def second(rng, first, start):
    """The phone beside the watch: it begins and measures a little otherwise and knows no heart; or the same file once more."""
    again = first | {"id": first["id"] + 1}
    if chance(rng, 0.4):
        return again
    shift = int(between(rng, -90, 90))
    distance, moving = round(first["distance"] * normal(rng, 1.0, 0.008), 1), max(1, first["moving_time"] + int(between(rng, -40, 40)))
    again |= {"distance": distance, "moving_time": moving, "elapsed_time": max(moving, first["elapsed_time"] + int(between(rng, -60, 60))),
              "start_date": instant(start + shift), "start_date_local": instant(start + shift + int(first["utc_offset"])),
              "average_speed": round(distance / moving, 3), "has_heartrate": False}  # fmt: skip
    return {k: v for k, v in again.items() if k not in ("average_heartrate", "max_heartrate", "average_temp", "average_cadence")}


def received(rng, world, made, start):
    """Minutes after the end, or when the watch found its computer again."""
    delay = int(DAY_S * between(rng, 0.5, 40)) if chance(rng, world.late) else int(between(rng, 20, 1800))
    return instant(start + made["elapsed_time"] + delay)
