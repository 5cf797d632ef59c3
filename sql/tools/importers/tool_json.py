"""JSON that other tools write of activities, told apart by its members: Garmin's account export and intervals.icu's API.

    Garmin          [{"summarizedActivitiesExport": [{"activityId": …, "beginTimestamp": ms, "distance": cm, "duration": ms, …}]}]
    intervals.icu   [{"id": "i123", "start_date": …, "icu_training_load": …, …}]; what it had from Strava it may not hand on, and does not
"""

import datetime
import json
import math

from importers import device_files, sports
from importers.recording import Unreadable

GARMIN = "summarizedActivitiesExport"
GARMIN_RACE = 1  # of eventTypeId
FROM_STRAVA = "it came to intervals.icu from Strava, which lets it hand nothing on: bring the watch's file or Strava's export"


def documents(content, athlete, zone):
    """(documents or why there is none, of each activity); None where the text is something else."""
    if GARMIN.encode() not in content and b'"icu_' not in content and b'"_note"' not in content:
        return None
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    found = told if isinstance(told, list) else [told]
    if any(isinstance(one, dict) and isinstance(one.get(GARMIN), list) for one in found):
        rows, read = [row for one in found if isinstance(one, dict) for row in one.get(GARMIN) or []], _garmin
    elif found and all(isinstance(one, dict) and ("icu_training_load" in one or "icu_athlete_id" in one or "_note" in one) for one in found):
        rows, read = found, _intervals
    else:
        return None
    return [_tried(read, row, athlete, zone) for row in rows]


def _tried(read, row, athlete, zone):
    try:
        told = read(row, zone)
    except Unreadable as error:
        return error
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        return Unreadable(f"an activity has no value, or an odd one, where one belongs: {error}")
    number = device_files.number(told.pop("key").encode(), athlete, 0)
    return {"id": number, "athlete": {"id": int(athlete)}, "provenance": "device_file", **{name: value for name, value in told.items() if value is not None}}


def _number(row, name, unit=1):
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}")
    return round(value / unit, 3)


def _instant(milliseconds):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)).isoformat(timespec="seconds") + "Z"


def _garmin(row, zone):
    kind = row.get("activityType")
    kind = kind.get("typeKey") if isinstance(kind, dict) else kind
    begin = row.get("beginTimestamp", row.get("startTimeGmt"))
    sport = sports.named(kind) or "Workout"
    moving, elapsed = _number(row, "movingDuration", 1000), _number(row, "elapsedDuration", 1000)
    whole = _number(row, "duration", 1000)
    elapsed = whole if elapsed is None else elapsed
    # a moving duration of 0 is one that was not measured
    moving = moving or whole
    local = row.get("startTimeLocal")
    return {"key": f"garmin/{row['activityId']}", "name": row.get("name"), "type": sport, "sport_type": sport, "resource_state": 2, "start_date": _instant(begin),
            "utc_offset": round((local - begin) / 1000) if local is not None else _offset_s(_instant(begin), zone),
            "distance": _number(row, "distance", 100) or 0.0, "elapsed_time": round(elapsed), "moving_time": min(round(elapsed), round(moving)),
            "total_elevation_gain": _number(row, "elevationGain", 100), "average_heartrate": _number(row, "avgHr"), "max_heartrate": _number(row, "maxHr"),
            "average_cadence": _number(row, "avgRunCadence"), "average_watts": _number(row, "avgPower"), "weighted_average_watts": _number(row, "normPower"),
            "device_watts": True if row.get("avgPower") else None, "trainer": kind in ("treadmill_running", "indoor_cycling", "virtual_ride", "indoor_running"),
            "workout_type": 1 if row.get("eventTypeId") == GARMIN_RACE else None}  # fmt: skip


def _intervals(row, zone):
    if "_note" in row and "type" not in row or row.get("source") == "STRAVA" and "moving_time" not in row:
        raise Unreadable(FROM_STRAVA)
    local = row["start_date_local"].rstrip("Z")
    start = row.get("start_date")
    offset_s = _between(start, local) if start else _offset_s(local + "Z", zone)
    start = start or (datetime.datetime.fromisoformat(local) - datetime.timedelta(seconds=offset_s)).isoformat(timespec="seconds") + "Z"
    elapsed = _number(row, "elapsed_time")
    moving = _number(row, "moving_time")
    elapsed = moving if elapsed is None else elapsed
    is_api = row.get("source") == "STRAVA"
    watts = _number(row, "icu_average_watts")
    return {"key": f"intervals.icu/{row['id']}", "name": row.get("name"), "type": row["type"], "sport_type": row["type"], "resource_state": 2, "start_date": start,
            "utc_offset": offset_s, "distance": _number(row, "distance") or 0.0, "elapsed_time": round(elapsed),
            "moving_time": min(round(elapsed), round(elapsed if moving is None else moving)), "total_elevation_gain": _number(row, "total_elevation_gain"),
            "average_heartrate": _number(row, "average_heartrate"), "max_heartrate": _number(row, "max_heartrate"), "average_cadence": _number(row, "average_cadence"),
            "average_watts": watts, "weighted_average_watts": _number(row, "icu_weighted_avg_watts"), "device_watts": row.get("device_watts") if watts else None,
            "average_temp": _number(row, "average_temp"), "trainer": bool(row.get("trainer")), "workout_type": 1 if row.get("race") is True else None,
            "provenance": "api" if is_api else "device_file"}  # fmt: skip


def _between(start, local):
    first, second = (datetime.datetime.fromisoformat(text.replace("Z", "")) for text in (start, local))
    return round((second.replace(tzinfo=None) - first.replace(tzinfo=None)).total_seconds())


def _offset_s(text, zone):
    if zone is None:
        return 0
    return int(datetime.datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=zone).utcoffset().total_seconds())
