"""SQLite files of other tools, told apart by their tables and columns. Nothing but these tables is read: some hold tokens.

What a tool had from Strava's API stays the API's; what it had from a watch or a phone is the athlete's own.
"""

import bisect
import contextlib
import datetime
import json
import os
import pathlib
import sqlite3
import zoneinfo

from common import numbers
from importers import device_files, sports, strava_streams, streams, tracks
from importers.recording import Recording, Sample, Unreadable, checked

MARK = b"SQLite format 3\0"
MILE_M, FOOT_M = 1609.344, 0.3048
# Columns of geekodour's and ghing's tables that are the API's fields.
FIELDS = ("id", "name", "type", "sport_type", "distance", "moving_time", "elapsed_time", "total_elevation_gain", "start_date", "start_date_local", "utc_offset",
          "workout_type", "trainer", "manual", "flagged", "average_heartrate", "max_heartrate", "average_cadence", "average_watts", "weighted_average_watts",
          "device_watts", "average_temp", "max_speed", "average_speed")
FLAGS = ("trainer", "manual", "flagged", "device_watts")
FITOPS = {"strava_id": "id", "name": "name", "sport_type": "sport_type", "workout_type": "workout_type", "start_date": "start_date",
          "start_date_local": "start_date_local", "distance_m": "distance", "moving_time_s": "moving_time", "elapsed_time_s": "elapsed_time",
          "total_elevation_gain_m": "total_elevation_gain", "max_speed_ms": "max_speed", "average_heartrate": "average_heartrate",
          "max_heartrate": "max_heartrate", "average_cadence": "average_cadence", "average_watts": "average_watts",
          "weighted_average_watts": "weighted_average_watts", "trainer": "trainer", "manual": "manual"}  # fmt: skip
GARMIN_SPORTS = {"running": "Run", "cycling": "Ride", "swimming": "Swim", "walking": "Walk", "hiking": "Hike", "rowing": "Rowing"}
HEALTH_SPORTS = {"Running": "Run", "Walking": "Walk", "Cycling": "Ride", "Hiking": "Hike", "Swimming": "Swim", "Rowing": "Rowing", "Yoga": "Yoga",
                 "TraditionalStrengthTraining": "WeightTraining", "Elliptical": "Elliptical"}


def is_one(path):
    try:
        with open(path, "rb") as file:
            return file.read(16) == MARK
    except OSError:
        return False


def of_folder(folder, names):
    """(those of a tool that is known, and what lies beside them and says nothing: a tool's other databases, and journals). Both are empty
    where there is none that is known."""
    found = [name for name in names if not name.endswith("/") and is_one(os.path.join(folder, name))]
    known = [name for name in found if _is_known(os.path.join(folder, name))]
    journals = {name + ending for name in found for ending in ("-wal", "-shm", "-journal")}
    return (known, [name for name in names if name in found or name in journals]) if known else ([], [])


def _is_known(path):
    try:
        with contextlib.closing(_opened(path)) as db:
            return any(columns <= _columns(db, table) for table, columns, _ in TOOLS)
    except (sqlite3.Error, UnicodeError):
        return False


def lines(path, athlete, zone):
    """What sql/tools/import is told: one line for each activity, or why it gives none."""
    source = os.path.basename(path)
    try:
        with contextlib.closing(_opened(path)) as db:
            for table, columns, read in TOOLS:
                if columns <= _columns(db, table):
                    yield from _told(source, read(db, path, zone), athlete)
                    return
        raise Unreadable(f"it is a database of no tool that is known here; please report what `sqlite3 {source} .schema` prints, which holds nothing personal")
    except (sqlite3.Error, UnicodeError) as error:
        raise Unreadable(f"it is a database that cannot be read: {error}") from error


def _told(source, documents, athlete):
    for number, told in enumerate(documents, 1):
        if isinstance(told, Unreadable):
            yield {"source": f"{source} row {number}", "fault": str(told)}
            continue
        owner = athlete if "athlete" not in told else told["athlete"].get("id")
        if owner is None:
            yield {"source": source, "asks": True}
            return
        if "key" in told:  # a number of another tool may be one of Strava's, too
            told["id"] = device_files.number(told.pop("key").encode(), owner, 0)
        told["athlete"], channels = {"id": int(owner)}, told.pop("channels", None)
        yield {"source": source, "documents": 1, "text": json.dumps({name: value for name, value in told.items() if value is not None}, allow_nan=False)} | (
            {"streams": [streams.recorded(told["id"], owner, channels)]} if channels else {})


def _opened(path):
    db = sqlite3.connect(f"{pathlib.Path(path).absolute().as_uri()}?mode=ro", uri=True)
    db.execute("PRAGMA trusted_schema = OFF")
    db.row_factory = sqlite3.Row
    return db


def _columns(db, table):
    return {row["name"] for row in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _rows(db, table):
    quoted = '"' + table.replace('"', '""') + '"'
    for row in db.execute(f"SELECT * FROM {quoted} ORDER BY rowid"):
        yield {name: row[name] for name in row.keys()}


def _each(rows, document):
    """A document of each row, or why it is none."""
    for row in rows:
        try:
            yield document(row)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, OSError) as error:  # OSError: a zone that is a folder
            yield Unreadable(f"it has no value, or an odd one, where one belongs: {error}")


# --- from Strava's API ---------------------------------------------------------------------------------------------------


def _strava_offline(db, _path, _zone):
    """It keeps what the API sent."""
    return _each(_rows(db, "activity"), lambda row: json.loads(row["json"]))


def _strava_to_sqlite(db, _path, _zone):
    """Either of the two tools of this name: one has user_id and no heart rate, the other whatever the API sent."""

    def document(row):
        told = {name: row[name] for name in FIELDS if row.get(name) is not None}
        told |= {name: bool(told[name]) for name in FLAGS if name in told}
        owner = json.loads(row["athlete"]) if row.get("athlete") else {"id": row["user_id"]} if row.get("user_id") else None
        return told | {"id": int(row["id"]), "sport_type": row.get("sport_type") or row["type"]} | ({"athlete": owner} if owner else {})

    return _each(_rows(db, "activities"), document)


def _fitops(db, _path, _zone):
    def document(row):
        told = {name: row[column] for column, name in FITOPS.items() if row.get(column) is not None}
        told |= {name: bool(told[name]) for name in FLAGS if name in told}
        told["channels"] = _channels(_lists(db, "activity_streams", "stream_type", "data_json", row["id"]))
        return told | {"id": int(row["strava_id"])} | ({"athlete": {"id": row["athlete_id"]}} if row.get("athlete_id") else {})

    return _each(_rows(db, "activities"), document)


def _lists(db, table, type_column, data_column, activity):
    """Streams of an activity as lists by Strava's names, of those that are kept as text."""
    if not {type_column, data_column} <= _columns(db, table):
        return {}
    return {row[0]: json.loads(row[1]) for row in db.execute(
        f"SELECT {type_column}, {data_column} FROM {table} WHERE {'activityId' if table == 'ActivityStream' else 'activity_id'} = ? AND typeof({data_column}) = 'text'", (activity,))}


def _channels(lists):
    """None where there are none that could be read: the activity is worth having without."""
    try:
        return strava_streams.channels(lists) if lists else None
    except (Unreadable, TypeError, AttributeError, IndexError):
        return None


def _running_page(db, _path, zone):
    """running_page: times of day since 1970 as durations. It does not say which service it had a run from, so that all stay an API's."""

    def document(row):
        start, local = _in_utc(row["start_date"]), _in_utc(row["start_date_local"]) if row.get("start_date_local") else None
        sport = sports.named(row.get("type")) or "Run"
        moving = _duration(row["moving_time"])
        return {"key": f"running_page/{row['run_id']}", "name": row.get("name"), "type": sport, "sport_type": sport, "resource_state": 2, "start_date": _zulu(start),
                "utc_offset": round((local - start).total_seconds()) if local else _offset_s(start, zone, None), "distance": row["distance"] or 0.0, "moving_time": moving,
                "elapsed_time": max(moving, _duration(row["elapsed_time"]) if row.get("elapsed_time") else 0), "average_heartrate": row.get("average_heartrate")}  # fmt: skip

    return _each(_rows(db, "activities"), document)


def _geo_activity_playground(db, _path, zone):
    """geo-activity-playground: UTC, and durations as running_page has them. What it read from a file is the athlete's own."""
    kinds = {row["id"]: row["name"] for row in _rows(db, "kinds")} if _columns(db, "kinds") else {}

    def document(row):
        start = _in_utc(row["start"])
        sport = sports.named(kinds.get(row.get("kind_id"))) or "Workout"
        elapsed = _duration(row["elapsed_time"])
        own_zone = zoneinfo.ZoneInfo(row["iana_timezone"]) if row.get("iana_timezone") else zone
        return {"key": f"geo-activity-playground/{row['id']}", "name": row.get("name"), "type": sport, "sport_type": sport, "resource_state": 2, "start_date": _zulu(start),
                "utc_offset": _offset_s(start, own_zone, row.get("start_longitude")), "distance": round(1000 * (row["distance_km"] or 0.0), 2), "elapsed_time": elapsed,
                "moving_time": min(elapsed, _duration(row["moving_time"])) if row.get("moving_time") else elapsed, "total_elevation_gain": row.get("elevation_gain"),
                "provenance": "device_file" if row.get("path") else None}  # fmt: skip

    return _each(_rows(db, "activities"), document)


def _in_utc(text):
    """Such as 2024-02-03 07:00:00, with a zone or without."""
    moment = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def _zulu(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(text):
    """1970-01-02 06:00:00 is 30 hours."""
    return round((datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)).total_seconds())


def _offset_s(start, zone, longitude):
    if zone is not None:
        return int(start.replace(tzinfo=datetime.timezone.utc).astimezone(zone).utcoffset().total_seconds())
    return round((longitude or 0) / 15) * 3600


DREEVE_KINDS = {"race": 1, "longRun": 2, "workout": 3}
DREEVE_OWN = {"fitFile": "device_file", "tcxFile": "device_file", "gpxFile": "device_file", "manual": "device_file"}


def _dreeve(db, _path, zone):
    """Dreeve, once Statistics for Strava: local times, km/h, and streams that are text before version 5 and zstd since, which are left."""
    efforts, laps = {}, {}
    if _columns(db, "ActivityBestEffort"):
        for row in _rows(db, "ActivityBestEffort"):
            efforts.setdefault(row["activityId"], []).append(
                {"name": EFFORT_NAMES.get(row["distanceInMeter"], f"{row['distanceInMeter']} m"), "distance": row["distanceInMeter"], "elapsed_time": row["timeInSeconds"],
                 "moving_time": row["timeInSeconds"]})  # fmt: skip
    if _columns(db, "ActivityLap"):
        for row in _rows(db, "ActivityLap"):
            laps.setdefault(row["activityId"], []).append(
                {"lap_index": row["lapNumber"], "name": row["name"], "elapsed_time": row["elapsedTimeInSeconds"], "moving_time": row["movingTimeInSeconds"],
                 "distance": row["distance"], "average_heartrate": row.get("averageHeartRate")})  # fmt: skip

    def document(row):
        number, own = row["activityId"].removeprefix("activity-"), DREEVE_OWN.get(row.get("importSource"))
        raw = json.loads(row["data"]) if row.get("data") else {}
        local = datetime.datetime.fromisoformat(row["startDateTime"])
        start = raw.get("start_date")
        if start:
            offset_s = round((local - datetime.datetime.fromisoformat(start.replace("Z", ""))).total_seconds())
        else:
            offset_s = int(local.replace(tzinfo=zone).utcoffset().total_seconds()) if zone else round((row.get("startingCoordinateLongitude") or 0) / 15) * 3600
        told = {"name": row.get("name"), "type": row["sportType"], "sport_type": row["sportType"], "utc_offset": offset_s, "resource_state": 3,
                "start_date": (local - datetime.timedelta(seconds=offset_s)).strftime("%Y-%m-%dT%H:%M:%SZ"), "distance": row["distance"] or 0,
                "moving_time": row["movingTimeInSeconds"], "elapsed_time": row.get("elapsedTimeInSeconds") or raw.get("elapsed_time") or row["movingTimeInSeconds"],
                "total_elevation_gain": row.get("elevation"), "average_heartrate": row.get("averageHeartRate"), "max_heartrate": row.get("maxHeartRate"),
                "average_cadence": row.get("averageCadence"), "average_watts": row.get("averagePower"), "workout_type": DREEVE_KINDS.get(row.get("workoutType")),
                "trainer": raw.get("trainer"), "device_watts": raw.get("device_watts"),
                "max_speed": row["maxSpeed"] / 3.6 if row.get("maxSpeed") is not None else None, "provenance": own,
                "laps": laps.get(row["activityId"]), "best_efforts": efforts.get(row["activityId"]),
                "channels": _channels(_lists(db, "ActivityStream", "streamType", "data", row["activityId"]))}  # fmt: skip
        owner = {"athlete": {"id": raw["athlete"]["id"]}} if isinstance(raw.get("athlete"), dict) and raw["athlete"].get("id") else {}
        return told | owner | ({"key": f"dreeve/{number}"} if own or not numbers.is_whole(number) else {"id": int(number)})

    return _each((row for row in _rows(db, "Activity") if not row.get("markedForDeletion")), document)


EFFORT_NAMES = {400: "400m", 805: "1/2 mile", 1000: "1K", 1609: "1 mile", 3219: "2 mile", 5000: "5K", 10000: "10K", 15000: "15K", 16093: "10 mile", 20000: "20K",
                21097: "Half-Marathon", 21098: "Half-Marathon", 30000: "30K", 42195: "Marathon", 50000: "50K"}


# --- of a watch ----------------------------------------------------------------------------------------------------------


def _garmin(db, path, zone):
    """GarminDB: miles or kilometres as garmin.db beside it says, and local times that do not say where."""
    metres, climb = _garmin_units(db, path)
    laps = {}
    if _columns(db, "activity_laps"):
        for row in _rows(db, "activity_laps"):
            laps.setdefault(row["activity_id"], []).append(row)

    def part(row):
        return {"distance": round((row["distance"] or 0) * metres, 2), "elapsed_time": _seconds(row["elapsed_time"]),
                "moving_time": _seconds(row["moving_time"] or row["elapsed_time"]), "average_heartrate": row["avg_hr"], "max_heartrate": row["max_hr"],
                "total_elevation_gain": None if row.get("ascent") is None else round(row["ascent"] * climb, 1)}  # fmt: skip

    def document(row):
        local = datetime.datetime.fromisoformat(row["start_time"])
        longitude = row.get("start_long")
        offset_s = int(local.replace(tzinfo=zone).utcoffset().total_seconds()) if zone else round((longitude or 0) / 15) * 3600
        sport = "TrailRun" if row.get("sub_sport") == "trail" else GARMIN_SPORTS.get(row["sport"], "Workout")
        return {"key": f"garmin/{row['activity_id']}", "name": row.get("name"), "type": sport, "sport_type": sport, "utc_offset": offset_s, "resource_state": 3,
                "start_date": (local - datetime.timedelta(seconds=offset_s)).strftime("%Y-%m-%dT%H:%M:%SZ"), "provenance": "device_file",
                "trainer": row.get("sub_sport") in ("treadmill", "indoor_cycling"), **part(row),
                "laps": [{"lap_index": i, **part(lap)} for i, lap in enumerate(laps.get(row["activity_id"], []), 1)] or None,
                "channels": _garmin_channels(db, row["activity_id"], metres, climb)}  # fmt: skip

    return _each(_rows(db, "activities"), document)


def _garmin_channels(db, activity, metres, climb):
    """Of its records, a second or so each. Degrees are Fahrenheit where feet are feet."""
    if not {"activity_id", "timestamp", "distance", "hr"} <= _columns(db, "activity_records"):
        return None
    samples = []
    for row in db.execute("SELECT * FROM activity_records WHERE activity_id = ? ORDER BY record", (activity,)):
        told = {name: row[name] for name in row.keys()}
        seconds = datetime.datetime.fromisoformat(told["timestamp"]).replace(tzinfo=datetime.timezone.utc).timestamp()
        distance, altitude, celsius = told.get("distance"), told.get("altitude"), told.get("temperature")
        samples.append(Sample(seconds, None if distance is None else distance * metres, None if altitude is None else altitude * climb, told.get("hr"), told.get("cadence"),
                              celsius=celsius if celsius is None or climb == 1 else (celsius - 32) / 1.8))
    try:
        return streams.channels(tracks.Track(Recording(checked(samples)))) if samples else None
    except Unreadable:
        return None


def _garmin_units(db, path):
    """(metres of a unit of distance, of a unit of climb)."""
    beside = pathlib.Path(path).parent / "garmin.db"
    for found in (db, _opened(beside) if is_one(beside) else None):
        if found is None or not {"key", "value"} <= _columns(found, "attributes"):
            continue
        for row in found.execute("SELECT value FROM attributes WHERE key = 'measurement_system'"):
            return (1000, 1) if "metric" in str(row["value"]).casefold() else (MILE_M, FOOT_M)
    raise Unreadable("it does not say whether it is in kilometres or miles; garmin.db, beside it, does")


def _seconds(text):
    hours, minutes, seconds = text.split(" ")[-1].split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds))


def _health(db, _path, _zone):
    """healthkit-to-sqlite: texts, each with its unit."""
    beats = sorted((_moment(row["startDate"]).timestamp(), float(row["value"])) for row in _rows(db, "rHeartRate")) if _columns(db, "rHeartRate") else []
    metres = {"km": 1000, "mi": MILE_M, "m": 1, "yd": 0.9144, "ft": FOOT_M}
    seconds = {"min": 60, "s": 1, "sec": 1, "hr": 3600, "h": 3600}

    def document(row):
        start, end = _moment(row["startDate"]), _moment(row["endDate"])
        sport = HEALTH_SPORTS.get(row["workoutActivityType"].removeprefix("HKWorkoutActivityType"), "Workout")
        rates = [rate for _, rate in beats[bisect.bisect_left(beats, (start.timestamp(), 0)):bisect.bisect_right(beats, (end.timestamp(), 1e9))]]
        elapsed = round((end - start).total_seconds())
        return {"key": f"healthkit/{row['id']}", "type": sport, "sport_type": sport, "start_date": start.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "utc_offset": int(start.utcoffset().total_seconds()), "elapsed_time": elapsed, "provenance": "device_file",
                "moving_time": min(elapsed, round(float(row["duration"]) * seconds[row["durationUnit"]])) if row.get("duration") else elapsed,
                "distance": round(float(row["totalDistance"]) * metres[row["totalDistanceUnit"]], 2) if row.get("totalDistance") else 0.0,
                "average_heartrate": round(sum(rates) / len(rates), 2) if rates else None, "max_heartrate": max(rates, default=None)}  # fmt: skip

    return _each(_rows(db, "workouts"), document)


def _moment(text):
    """Such as 2019-06-01 07:00:00 +0100."""
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")


TOOLS = (
    ("activity", {"id", "upload_id", "start_date", "sport_type", "json"}, _strava_offline),
    ("Activity", {"activityId", "startDateTime", "sportType", "movingTimeInSeconds"}, _dreeve),
    ("activities", {"strava_id", "distance_m", "moving_time_s"}, _fitops),
    ("activities", {"activity_id", "start_time", "sport", "hrz_1_time", "moving_time"}, _garmin),
    ("activities", {"id", "type", "distance", "moving_time", "start_date"}, _strava_to_sqlite),
    ("activities", {"run_id", "distance", "moving_time", "start_date"}, _running_page),
    ("activities", {"id", "distance_km", "elapsed_time", "start"}, _geo_activity_playground),
    ("workouts", {"id", "workoutActivityType", "startDate", "endDate"}, _health),
)
