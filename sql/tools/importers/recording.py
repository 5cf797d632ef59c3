"""What a device recorded, whatever format it was written in."""

import bisect
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
    is_cut: bool = False  # the file ends before it does
    notes: list = dataclasses.field(default_factory=list)  # what was left out and why, for whoever brought it
    totals: dict = dataclasses.field(default_factory=dict)  # what the file says of the whole, as summary.document names it; "start" in seconds since 1970


LONGEST_S = 10 * 86400
STRAYS, STRAY_SHARE = 3, 0.01  # points that a wild clock may have, of any file and of a long one


def on_earth(latitude, longitude):
    return abs(latitude) <= 90 and abs(longitude) <= 180


def checked(samples, totals=None, notes=None):
    """Those that go forward in time; clocks step back when a satellite corrects them. Where most go back, they were written in another order.
    None are needed where the file says how long it was. What a few points say of another time is left out, and told to `notes`."""
    near = _without_strays(samples)
    kept = _forward(near)
    if len(kept) < len(near) and len(most := _most_forward(near)) > len(kept) and _are_strays(len(near) - len(most), near):
        left = set(map(id, most))
        kept = most
        near = [sample for sample in near if id(sample) in left]
    if notes is not None and len(near) < len(samples):
        left = set(map(id, near))
        strays = [sample.seconds for sample in samples if id(sample) not in left]
        notes.append(f"{len(strays)} of {len(samples)} points left out: a clock that says {_moment(strays[0])} among points that say {_moment(near[0].seconds)} and later")
    if 2 * len(kept) < len(samples):
        kept = _forward(sorted(near, key=lambda sample: sample.seconds))
    if len(kept) < 2 and totals and totals.get("elapsed_time"):
        return []
    if len(kept) < 2:
        raise Unreadable("it has fewer than two points with a time")
    if kept[-1].seconds - kept[0].seconds > LONGEST_S:
        raise Unreadable(f"its times go from {day(kept[0].seconds)} to {day(kept[-1].seconds)}, more than ten days")
    return kept


def each(pieces, make, notes=None):
    """The recordings of the pieces of one file. One that gives none, and why, is told beside the others; where none gives any, that is why."""
    found, faults = [], []
    for place, piece in enumerate(pieces, 1):
        try:
            found += made if isinstance(made := make(piece), list) else [made]
        except Unreadable as fault:
            faults.append((place, fault))
    if not found and not faults:
        raise Unreadable("it holds no activity")
    if not found:
        raise next((fault for _, fault in faults if not isinstance(fault, NoActivity)), faults[0][1])
    found[0].notes += [*(notes or []), *(f"part {place} is not in: {fault}" for place, fault in faults if not isinstance(fault, NoActivity))]
    return found


def _are_strays(n, samples):
    return n <= max(STRAYS, STRAY_SHARE * len(samples))


def _without_strays(samples):
    """Without the few that are of another week or year than the one in the middle of all."""
    if len(samples) < 2 * STRAYS:
        return samples
    middle = sorted(sample.seconds for sample in samples)[len(samples) // 2]
    near = [sample for sample in samples if abs(sample.seconds - middle) <= LONGEST_S]
    return near if _are_strays(len(samples) - len(near), samples) else samples


def _most_forward(samples):
    """The most that go forward: of a clock that leaps ahead and comes back those that leapt are left out, and not all that it overtook."""
    ends, before, last = [], [], []
    for i, sample in enumerate(samples):
        place = bisect.bisect_left(ends, sample.seconds)
        before.append(last[place - 1] if place else None)
        ends[place : place + 1], last[place : place + 1] = [sample.seconds], [i]
    kept, i = [], last[-1] if last else None
    while i is not None:
        kept.append(samples[i])
        i = before[i]
    return kept[::-1]


def _forward(samples):
    kept = []
    for sample in samples:
        if not kept or sample.seconds > kept[-1].seconds:
            kept.append(sample)
    return kept


def day(seconds):
    return _moment(seconds).split("T")[0]


def _moment(seconds):
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "a day that no calendar has"
