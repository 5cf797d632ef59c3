"""A recording as the document of an activity, in the shape in which Strava's API tells one, and its channels by the second. No position
goes into the document."""

import datetime

from importers import sports, streams, tracks
from importers.recording import Unreadable, on_earth

CLIMB_S = 5  # altitudes are means over so many seconds to each side …
CLIMB_M = 2.5  # … and a rise counts, whole, between two falls that are as high
OLDEST_S, NEWEST_S = 0, 253402300799  # 1970 to 9999; which of them are believed, the rules say
EFFORTS = (("400m", 400), ("1/2 mile", 804.672), ("1K", 1000), ("1 mile", 1609.344), ("2 mile", 3218.688), ("5K", 5000), ("10K", 10000), ("15K", 15000),
           ("10 mile", 16093.44), ("20K", 20000), ("Half-Marathon", 21097.5), ("30K", 30000), ("Marathon", 42195), ("50K", 50000))
RUNS = {"Run", "TrailRun", "VirtualRun"}
ADDED = ("distance", "average_heartrate", "max_heartrate", "total_elevation_gain")  # by the file's own word where its seconds say nothing


def document(recording, zone=None, with_positions=False):
    """(document, channels), of a file that was cut off flagged, so that it proves nothing of its athlete."""
    start = recording.samples[0].seconds if recording.samples else recording.totals["start"]
    if not OLDEST_S <= start <= NEWEST_S:
        raise Unreadable("it starts before 1970 or after 9999")
    if not recording.samples:
        return _of_totals(recording, start, zone), {}
    track = tracks.Track(recording)
    last = len(track.times) - 1
    whole = _part(track, 0, last)
    whole |= {name: value for name, value in recording.totals.items() if name in ADDED and value and not whole.get(name)}
    speed = whole["distance"] / whole["moving_time"] if whole["moving_time"] else None
    sport = recording.sport or sports.guessed(speed if whole["distance"] else None)
    told = _head(recording, sport, start, zone) | whole | _power(track)
    cadence, celsius = (_mean(track.values(name, 0, last)) for name in ("cadence", "celsius"))
    told |= {"average_cadence": cadence, "average_temp": celsius}
    told["laps"] = [{"lap_index": i, **_part(track, *piece)} for i, piece in enumerate(_laps(track, recording), 1)]
    if track.metres is not None:
        told["splits_metric"] = list(_splits(track))
    if track.metres is not None and sport in RUNS:
        told["best_efforts"] = list(_efforts(track))
    return {name: value for name, value in told.items() if value is not None and value != []}, streams.channels(track, with_positions)


def _head(recording, sport, start, zone):
    offset_s = _offset_s(recording, start, zone)
    return {"name": recording.name, "sport_type": sport, "type": sport, "resource_state": 3,
            "start_date": _text(start) + "Z", "start_date_local": _text(start + offset_s) + "Z", "utc_offset": offset_s,
            "trainer": recording.is_indoor, "manual": False, "flagged": recording.is_cut or None}  # fmt: skip


def _of_totals(recording, start, zone):
    """Of a file that says how long and how far it was, and nothing of its seconds: what was entered by hand, or a watch in a pool."""
    told = recording.totals
    moving = min(told.get("moving_time") or told["elapsed_time"], told["elapsed_time"])
    sport = recording.sport or sports.guessed(told["distance"] / moving if told.get("distance") and moving else None)
    return _without_none(_head(recording, sport, start, zone) | {"distance": 0.0, **{name: value for name, value in told.items() if name != "start"}, "moving_time": moving})


def _text(seconds):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(seconds))).isoformat(timespec="seconds")


def _offset_s(recording, start, zone):
    """The file's own; by the zone that was told; or by the sun, to the hour."""
    if recording.utc_offset_s is not None:
        return recording.utc_offset_s
    if zone is not None:
        return int(datetime.datetime.fromtimestamp(start, zone).utcoffset().total_seconds())
    longitude = next((sample.longitude for sample in recording.samples if sample.longitude is not None), 0.0)
    return round(longitude / 15) * 3600 if on_earth(0, longitude) else 0


def _part(track, first, last):
    """What is told of the whole, and of each lap."""
    rates = [pair for pair in track.values("heart_rate", first, last) if 0 < pair[0] < 255]
    metres = track.metres[last] - track.metres[first] if track.metres is not None else 0.0
    return _without_none({
        "distance": round(metres, 2), "elapsed_time": round(track.times[last] - track.times[first]),
        "moving_time": round(track.moving[last] - track.moving[first]), "total_elevation_gain": _climb(track, first, last),
        "average_heartrate": _mean(rates), "max_heartrate": max((value for value, _ in rates), default=None)})  # fmt: skip


def _mean(pairs):
    total = weight = 0.0
    for value, seconds in pairs:
        total += value * seconds
        weight += seconds
    return round(total / weight, 2) if weight else None


def _climb(track, first, last):
    heights = [(track.times[i], track.samples[i].altitude_m) for i in range(first, last + 1) if track.samples[i].altitude_m is not None]
    if not heights:
        return None
    smooth = tracks.smoothed([time for time, _ in heights], [height for _, height in heights], CLIMB_S)
    gain, low, high = 0.0, smooth[0], None
    for height in smooth:
        if high is None:
            low = min(low, height)
            high = height if height - low >= CLIMB_M else None
        elif high - height >= CLIMB_M:
            gain, low, high = gain + high - low, height, None
        else:
            high = max(high, height)
    return round(gain + (high - low if high is not None else 0.0), 1)


def _laps(track, recording):
    """(first sample, last) of each; one lap is the whole and says nothing more."""
    start = recording.samples[0].seconds
    cuts = sorted({track.at(seconds - start) for seconds in recording.lap_starts if seconds > start} - {0, len(track.times) - 1})
    edges = [0, *cuts, len(track.times) - 1]
    return list(zip(edges, edges[1:])) if cuts else []


def _splits(track):
    """Kilometres; the last may be short."""
    first, number = 0, 1
    for i in range(1, len(track.metres)):
        is_last = i == len(track.metres) - 1
        if track.metres[i] < 1000 * number and not is_last:
            continue
        part = _part(track, first, i)
        if part["distance"] > 10:
            part.pop("total_elevation_gain", None)
            heights = [track.samples[k].altitude_m for k in (first, i)]
            difference = None if None in heights else round(heights[1] - heights[0], 1)
            yield _without_none({"split": number, **part, "elevation_difference": difference})
        first, number = i, max(number + 1, int(track.metres[i] // 1000) + 1)


def _efforts(track):
    """The fastest of each distance, with its ends between two samples where the distance is reached there."""
    for name, metres in EFFORTS:
        if track.metres[-1] < metres:
            return
        best, first = None, 0
        for last in range(1, len(track.metres)):
            while track.metres[last] - track.metres[first + 1] >= metres:
                first += 1
            covered = track.metres[last] - track.metres[first]
            if covered >= metres:
                # only as much of the first step as the distance needs
                step_m = track.metres[first + 1] - track.metres[first]
                spare = (covered - metres) / step_m if step_m > 0 else 0.0
                seconds = track.times[last] - track.times[first] - spare * (track.times[first + 1] - track.times[first])
                if best is None or seconds < best[0]:
                    best = seconds, track.moving[last] - track.moving[first] - spare * track.steps[first]
        if best is not None:
            yield {"name": name, "distance": metres, "elapsed_time": round(best[0]), "moving_time": min(round(best[0]), round(best[1]))}


def _power(track):
    """Mean, and that of the fourth powers of means over 30 s."""
    pairs = [(i, track.samples[i].power_w) for i in range(len(track.samples)) if track.samples[i].power_w is not None and track.samples[i].power_w >= 0]
    if not any(watts for _, watts in pairs):
        return {}
    smooth = tracks.smoothed([track.times[i] for i, _ in pairs], [watts for _, watts in pairs], 15)
    fourth = sum(max(0.0, watts) ** 4 for watts in smooth) / len(smooth)
    return {"device_watts": True, "average_watts": _mean(track.values("power_w", 0, len(track.samples) - 1)), "weighted_average_watts": round(fourth**0.25, 1)}


def _without_none(told):
    return {name: value for name, value in told.items() if value is not None}
