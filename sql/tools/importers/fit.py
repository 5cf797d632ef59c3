"""FIT, by Garmin's own SDK. A file of several sessions, as of a triathlon, gives one recording for each."""

import garmin_fit_sdk

from importers.recording import NoActivity, Recording, Sample, Unreadable, checked, each

EPOCH_S = 631065600  # 1989-12-31T00:00:00Z
DEGREES = 180 / 2**31
ACTIVITY_FILE = 4
TOTALS = {"distance": ("total_distance",), "elapsed_time": ("total_elapsed_time", "total_timer_time"), "moving_time": ("total_timer_time",),
          "average_heartrate": ("avg_heart_rate",), "max_heartrate": ("max_heart_rate",), "total_elevation_gain": ("total_ascent",)}
TRAIL, VIRTUAL = 3, 58
HEAD_BYTES, MOST_PARTS = 12, 100  # of the header that is looked at, and of files in one
SHORTEST_S = 60  # of what is left of a file that was cut off
INDOOR = {1, 5, 6, 14, 15, 16, 45}  # treadmill, spinning, indoor cycling, indoor rowing, elliptical, stairs, indoor running

# By sport and sub-sport of FIT's profile; None is any.
SPORTS = {
    (1, TRAIL): "TrailRun", (1, VIRTUAL): "VirtualRun", (1, None): "Run",
    (2, 8): "MountainBikeRide", (2, 46): "GravelRide", (2, VIRTUAL): "VirtualRide", (2, 28): "EBikeRide", (2, None): "Ride",
    (4, 15): "Elliptical", (4, 14): "Rowing", (4, 16): "StairStepper",
    (5, None): "Swim", (10, 20): "WeightTraining", (10, 43): "Yoga", (11, None): "Walk", (12, None): "NordicSki", (13, None): "AlpineSki",
    (14, None): "Snowboard", (15, None): "Rowing", (17, None): "Hike", (19, None): "Canoeing", (21, None): "EBikeRide",
    (30, None): "InlineSkate", (31, None): "RockClimbing", (32, None): "Sail", (33, None): "IceSkate", (35, None): "Snowshoe",
    (37, None): "StandUpPaddling", (38, None): "Surfing", (41, None): "Kayaking",
}  # fmt: skip


def is_one(head):
    return head[8:12] == b".FIT"


def read(content):
    """Of one after the other, where a file holds several. What follows the last and is none does no harm."""
    parts, rest = _parts(content)
    return each(parts, _read, [f"{len(rest)} bytes that follow its end are left out"] if rest.strip(b"\0") else None)


def _parts(content):
    """(each with its own header, and what is no FIT after them)"""
    parts, at = [], 0
    while is_one(head := content[at : at + HEAD_BYTES]):
        end = at + (_bytes_told(head, len(content) - at) or len(content))
        parts.append(content[at:end])
        at = end
        if len(parts) > MOST_PARTS:
            raise Unreadable(f"it holds more than {MOST_PARTS} files, one after the other")
    return parts, content[at:]


def _read(content):
    whole_bytes = _bytes_told(content, len(content))
    is_cut = whole_bytes is None or whole_bytes > len(content)
    messages = _decoded(_ended(content) if is_cut else content, is_cut)
    kinds = [message["type"] for message in messages.get("file_id_mesgs", []) if "type" in message]
    if kinds and kinds[0] != ACTIVITY_FILE and not messages.get("record_mesgs"):
        raise NoActivity(f"it is a FIT file of another kind ({kinds[0]}), not of an activity")
    samples = [_sample(record) for record in messages.get("record_mesgs", []) if isinstance(record.get("timestamp"), (int, float))]
    offset_s, laps = _offset_s(messages), [EPOCH_S + lap["start_time"] for lap in messages.get("lap_mesgs", []) if "start_time" in lap]
    sessions = sorted((session for session in messages.get("session_mesgs", []) if isinstance(session.get("start_time"), int)), key=lambda session: session["start_time"])
    if is_cut:
        return [_rest(samples, next(iter([*sessions, *messages.get("sport_mesgs", [])]), {}), offset_s, laps, f"it is cut off after {100 * len(content) // whole_bytes} % of its bytes" if whole_bytes else "it was never closed")]
    if len(sessions) < 2:
        session = sessions[0] if sessions else {}
        return [_recording(checked(samples, _totals(session), notes := []), session, offset_s, laps, notes)]
    return each(zip(sessions, [*sessions[1:], {}]), lambda pair: _parted(samples, *pair, offset_s, laps))


def _bytes_told(head, n_bytes):
    """By the header, with the header and the two bytes of the checksum; None where the device never came to write it."""
    told = int.from_bytes(head[4:8], "little")
    if n_bytes < head[0] + 2:
        return 0
    return None if told == 0 and n_bytes > head[0] + 2 else head[0] + told + 2


def _ended(content):
    """With a header that says where it ends, and so no checksum that it could have."""
    return content[:4] + (len(content) - content[0]).to_bytes(4, "little") + content[8:]


def _rest(samples, session, offset_s, laps, fault):
    """What a file tells before it is cut off: when it began and how it went until then. What the whole was nobody knows."""
    if len(samples) < 2:
        raise Unreadable(fault)
    found = _recording(checked(samples, notes=(notes := [])), {name: session.get(name) for name in ("sport", "sub_sport")}, offset_s, laps, notes)
    seconds = round(found.samples[-1].seconds - found.samples[0].seconds)
    if seconds < SHORTEST_S:
        raise Unreadable(f"{fault}, and tells of {seconds} seconds")
    found.is_cut = True
    notes.insert(0, f"{fault}: its first {seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02} is in, and proves nothing")
    return found


def _totals(session):
    """What the session says of the whole."""
    found = {name: _number(session, *fields) for name, fields in TOTALS.items()}
    if "start_time" not in session:
        return {}
    told = {name: round(value, 2) for name, value in found.items() if value is not None and 0 < value < 10**8}
    told |= {name: round(told[name]) for name in ("elapsed_time", "moving_time") if name in told}
    return told | {"start": EPOCH_S + session["start_time"]}


def _decoded(content, is_cut):
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(content))
    decoder = garmin_fit_sdk.Decoder(stream)
    try:
        if not decoder.is_fit():
            raise Unreadable("its header is not that of a FIT file")
        messages, errors = decoder.read(convert_types_to_strings=False, convert_datetimes_to_dates=False, merge_heart_rates=False, expand_sub_fields=False, enable_crc_check=not is_cut)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # whatever a decoder trips over is a fault of the file
        raise Unreadable(f"it cannot be decoded as FIT: {type(error).__name__}") from error
    if errors and isinstance(errors[0], MemoryError):
        raise errors[0]
    if errors and not is_cut:
        raise Unreadable(f"it is cut off or damaged: {' '.join(str(errors[0]).split()) or type(errors[0]).__name__}")
    return messages


def _sample(record):
    latitude, longitude = record.get("position_lat"), record.get("position_long")
    is_placed = isinstance(latitude, int) and isinstance(longitude, int)
    return Sample(
        EPOCH_S + record["timestamp"], _number(record, "distance"), _number(record, "enhanced_altitude", "altitude"), _number(record, "heart_rate"),
        _cadence(record), _number(record, "power"), _number(record, "temperature"),
        latitude * DEGREES if is_placed else None, longitude * DEGREES if is_placed else None)  # fmt: skip


def _cadence(record):
    cadence = _number(record, "cadence")
    return None if cadence is None else cadence + (_number(record, "fractional_cadence") or 0)


def _number(record, *names):
    for name in names:
        value = record.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, (int, float)):
            return value
    return None


def _offset_s(messages):
    """Of the activity's local time, to the quarter of an hour. Some devices write what is none."""
    for activity in messages.get("activity_mesgs", []):
        if isinstance(activity.get("local_timestamp"), int) and isinstance(activity.get("timestamp"), int):
            offset_s = activity["local_timestamp"] - activity["timestamp"]
            if offset_s % 900 == 0 and abs(offset_s) <= 14 * 3600:
                return offset_s
    return None


def _recording(samples, session, offset_s, laps, notes):
    sport, sub_sport = session.get("sport"), session.get("sub_sport")
    name = SPORTS.get((sport, sub_sport)) or SPORTS.get((sport, None)) or (None if sport in (None, 0) else "Workout")
    within = [lap for lap in laps if samples and samples[0].seconds - 1 <= lap < samples[-1].seconds]
    return Recording(samples, name, sub_sport in INDOOR, utc_offset_s=offset_s, lap_starts=within, notes=notes, totals=_totals(session))


def _parted(samples, session, following, offset_s, laps):
    """Of the samples until the next session begins; none of one that is empty."""
    start, end = session["start_time"] + EPOCH_S, following.get("start_time", 2**33) + EPOCH_S
    part = [sample for sample in samples if start <= sample.seconds < end]
    if len(part) < 2 and not _totals(session).get("elapsed_time"):
        return []
    return [_recording(checked(part, _totals(session), notes := []), session, offset_s, laps, notes)]
