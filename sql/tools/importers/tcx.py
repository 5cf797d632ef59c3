"""TCX, Garmin's Training Center XML, an element at a time."""

import datetime
import math

from common import numbers
from importers import sports, xml_texts
from importers.recording import Recording, Sample, Unreadable, checked, each, on_earth

FIELDS = {"DistanceMeters": "distance_m", "AltitudeMeters": "altitude_m", "Cadence": "cadence", "RunCadence": "cadence", "Watts": "power_w",
          "LatitudeDegrees": "latitude", "LongitudeDegrees": "longitude"}

TOTALS = ("TotalTimeSeconds", "DistanceMeters", "AverageHeartRateBpm", "MaximumHeartRateBpm")


def is_one(head):
    return xml_texts.root_of(head) == "TrainingCenterDatabase"


def read(content):
    found, activity = [], None
    for event, element in xml_texts.elements(xml_texts.begun(content)):
        tag = xml_texts.tag(element)
        if event == "start" and tag == "Activity":
            activity = {"sport": element.get("Sport"), "points": [], "laps": [], "offset": None, "totals": []}
        elif event == "start" and tag == "Lap" and activity is not None:
            activity["laps"].append(element.get("StartTime"))
        elif event == "end" and activity is not None and tag == "Trackpoint":
            _add(activity, element)
            element.clear()
        elif event == "end" and activity is not None and tag == "Lap":
            activity["totals"].append({xml_texts.tag(one): number(next(iter(one), one).text) for one in element if xml_texts.tag(one) in TOTALS})
            element.clear()
        elif event == "end" and activity is not None and tag == "Activity":
            found.append(activity)
            activity = None
            element.clear()
    if not found:
        raise Unreadable("it holds no activity")
    return each([activity for activity in found if activity["points"] or activity["totals"]] or found[:1], _recording)


def _add(activity, point):
    values, seconds = {}, None
    for element in point.iter():
        tag = xml_texts.tag(element)
        if tag == "Time":
            seconds, offset_s = instant(element.text)
            activity["offset"] = offset_s if offset_s is not None else activity["offset"]
        elif tag == "HeartRateBpm":
            values["heart_rate"] = number(next(iter(element), element).text)
        elif tag in FIELDS:
            values[FIELDS[tag]] = number(element.text)
    if not on_earth(values.get("latitude") or 0, values.get("longitude") or 0):
        values |= {"latitude": None, "longitude": None}
    if seconds is not None:
        activity["points"].append(Sample(seconds, **values))


def _recording(activity):
    laps = [seconds for seconds, _ in map(instant, filter(None, activity["laps"])) if seconds is not None]
    sport, totals = sports.named(activity["sport"]), _totals(activity["totals"], laps)
    samples = checked(activity["points"], totals, notes := [])
    # the format does not say where it was; what has no place but a distance was on a belt, or on rollers
    is_indoor = sport in ("Run", "Ride") and bool(samples) and all(sample.latitude is None for sample in samples) and any(sample.distance_m for sample in samples)
    return Recording(samples, sport, is_indoor, utc_offset_s=activity["offset"], lap_starts=laps, notes=notes, totals=totals)


def _totals(laps, starts):
    """What the laps say of the whole."""
    if not starts:
        return {}
    seconds, metres = (sum(max(0.0, lap.get(tag) or 0.0) for lap in laps) for tag in ("TotalTimeSeconds", "DistanceMeters"))
    rates = [(lap["AverageHeartRateBpm"], lap.get("TotalTimeSeconds") or 0.0) for lap in laps if lap.get("AverageHeartRateBpm")]
    weight = sum(seconds for _, seconds in rates)
    told = {"elapsed_time": round(seconds), "distance": round(metres, 2), "average_heartrate": round(sum(rate * s for rate, s in rates) / weight, 2) if weight > 0 else None,
            "max_heartrate": max((lap["MaximumHeartRateBpm"] for lap in laps if lap.get("MaximumHeartRateBpm")), default=None)}  # fmt: skip
    return {"start": starts[0]} | {name: value for name, value in told.items() if value}


def instant(text):
    """(seconds since 1970, offset where the text tells one other than Z)."""
    try:
        moment = datetime.datetime.fromisoformat((text or "").strip().replace("Z", "+00:00"))
        seconds = moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc).timestamp()
    except (ValueError, OverflowError):
        return None, None
    tells = moment.tzinfo is not None and not text.strip().endswith("Z") and moment.utcoffset()
    return seconds, int(moment.utcoffset().total_seconds()) if tells else None


def number(text):
    value = text if isinstance(text, float) else numbers.number(text)
    return value if value is not None and math.isfinite(value) else None
