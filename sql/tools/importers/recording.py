"""What a device recorded, whatever format it was written in."""

import dataclasses
import datetime
import typing



class Unreadable(Exception):
    """Why a file gives nothing: a sentence for whoever brought it."""


class NoActivity(Unreadable):
    """It is whole, and of something else."""


class Sample(typing.NamedTuple):
    seconds: float  # since 1970
    distance_m: float | None = None  # since the start
    altitude_m: float | None = None
    heart_rate: float | None = None
    cadence: float | None = None  # revolutions per minute; of one leg
    power_w: float | None = None
    celsius: float | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclasses.dataclass
class Recording:
    samples: list  # in the order of time, no two of one time
    sport: str | None = None  # by Strava's names; None: the format does not say
    is_indoor: bool = False
    name: str | None = None
    utc_offset_s: int | None = None
    lap_starts: list = dataclasses.field(default_factory=list)  # seconds since 1970
    totals: dict = dataclasses.field(default_factory=dict)  # what the file says of the whole, as summary.document names it; "start" in seconds since 1970


LONGEST_S = 10 * 86400


def on_earth(latitude, longitude):
    return abs(latitude) <= 90 and abs(longitude) <= 180


def checked(samples, totals=None):
    """Those that go forward in time; clocks step back when a satellite corrects them. Where most go back, they were written in another order.
    None are needed where the file says how long it was."""
    kept = _forward(samples)
    if 2 * len(kept) < len(samples):
        kept = _forward(sorted(samples, key=lambda sample: sample.seconds))
    if len(kept) < 2 and totals and totals.get("elapsed_time"):
        return []
    if len(kept) < 2:
        raise Unreadable("it has fewer than two points with a time")
    if kept[-1].seconds - kept[0].seconds > LONGEST_S:
        raise Unreadable(f"its times go from {day(kept[0].seconds)} to {day(kept[-1].seconds)}, more than ten days")
    return kept


def _forward(samples):
    kept = []
    for sample in samples:
        if not kept or sample.seconds > kept[-1].seconds:
            kept.append(sample)
    return kept


def day(seconds):
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "a day that no calendar has"
