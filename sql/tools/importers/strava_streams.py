"""Streams as Strava's API sends them: {"time": {"data": […]}, …}, or a list of {"type": "time", "data": […]}.

They do not say whose activity they are of: an "activity_id" beside them does, or the digits of their file's name."""

import json
import math
import pathlib
import re

from common import numbers
from importers import streams
from importers.recording import Recording, Sample, Unreadable, checked
from importers.tracks import Track

FIELDS = {"distance": "distance_m", "altitude": "altitude_m", "heartrate": "heart_rate", "cadence": "cadence", "watts": "power_w", "temp": "celsius"}
NAMES = FIELDS.keys() | {"time", "latlng"}  # besides those there are others, which are computed from them


def read(content, source, with_positions=False):
    """(number of the activity, channels); None where the text is something else."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    number = str(told.pop("activity_id", "")) if isinstance(told, dict) else ""
    sets = _by_name(told)
    if sets is None:
        return None
    number = number or (re.findall(r"\d+", pathlib.PurePosixPath(source).stem) or [""])[0]
    if not numbers.is_whole(number):
        raise Unreadable("streams do not say which activity they are of: name their file by its number, such as 1234567890.json")
    return number, channels(sets, with_positions)


def _by_name(told):
    """{name: list of values}, or None."""
    if isinstance(told, list) and told and all(isinstance(one, dict) and {"type", "data"} <= one.keys() for one in told):
        told = {one["type"]: one for one in told if isinstance(one["type"], str)}
    if not isinstance(told, dict) or not told.keys() & NAMES:
        return None
    lists = {name: one.get("data") if isinstance(one, dict) else one for name, one in told.items()}
    return lists if all(isinstance(values, list) for values in lists.values()) else None


def channels(lists, with_positions=False):
    """Of lists of numbers by Strava's names, all as long as that of the time."""
    times = lists.get("time")
    if not times:
        raise Unreadable("streams without a time")
    short = [name for name, values in lists.items() if len(values) != len(times)]
    if short:
        raise Unreadable(f"its stream {short[0]} has {len(lists[short[0]])} samples where the time has {len(times)}")
    samples = [Sample(_number(time), **{field: _number(lists[name][i]) for name, field in FIELDS.items() if name in lists}, **_place(lists, i))
               for i, time in enumerate(times) if _number(time) is not None]
    return streams.channels(Track(Recording(checked(samples))), with_positions)


def _number(value):
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) else None


def _place(lists, i):
    pair = lists["latlng"][i] if "latlng" in lists else None
    if not (isinstance(pair, list) and len(pair) == 2) or None in map(_number, pair):
        return {}
    return {"latitude": pair[0], "longitude": pair[1]}
