"""Where an athlete was is in no byte of the file unless it was asked for, by whichever door it came, and goes out of older files."""

import csv
import io
import json
import pathlib
import sqlite3
import struct
import zipfile

import pytest

from helpers.extension import EXTENSION
from helpers.stages import PATHS, STAGES
from helpers.stores import device_files
from helpers.tools import tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

LATITUDE, LONGITUDE = 47.8123457, 13.0456789
LINE, GEOJSON, CITY, STATE, COUNTRY = "secretly_drawn~line", "geojsonsecret", "Secretburg", "Secretshire", "Secretania"
WORDS = (LINE, GEOJSON, CITY, STATE, COUNTRY)
PLACES = {"map": {"id": "a1", "polyline": LINE, "summary_polyline": LINE}, "start_latlng": [LATITUDE, LONGITUDE], "end_latlng": [LATITUDE, LONGITUDE], "start_latitude": LATITUDE,
          "start_longitude": LONGITUDE, "location_city": CITY, "location_state": STATE, "location_country": COUNTRY, "summary_polyline": LINE,
          "segment_efforts": [{"id": 1, "name": CITY, "segment": {"start_latlng": [LATITUDE, LONGITUDE], "city": CITY}}], "photos": {"primary": {"location": [LATITUDE, LONGITUDE]}}}
SUMMARY = {"id": 77, "athlete": {"id": 4001, "city": CITY, "state": STATE, "country": COUNTRY}, "name": "Morning", "type": "Run", "sport_type": "Run", "start_date": "2024-02-03T07:00:00Z",
           "utc_offset": 3600.0, "distance": 5000.5, "moving_time": 1600, "elapsed_time": 1700} | PLACES
PERSON = {"id": 4001, "firstname": "A", "sex": "F", "city": CITY, "state": STATE, "country": COUNTRY}


def points(seconds=240):
    return [(at, metres, altitude, rate, LATITUDE + metres / 1e6, LONGITUDE) for at, metres, altitude, rate, *_ in device_files.run(seconds)]


def lists(seconds=240):
    return {"time": list(range(seconds)), "distance": [3.0 * i for i in range(seconds)], "latlng": [[LATITUDE + i / 1e6, LONGITUDE] for i in range(seconds)]}


def database(folder, script, *rows):
    with sqlite3.connect(folder / "x") as db:
        db.executescript(script)
        for table, row in rows:
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [json.dumps(v) if isinstance(v, (dict, list)) else v for v in row.values()])
    return folder / "x"


def file(folder, content, name="x"):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def table_of(columns):
    return ", ".join(columns)


def export(folder):
    """The account's own table of itself has where it lives; folders beside it hold routes."""
    text = io.StringIO()
    head = ["Activity ID", "Activity Date", "Activity Name", "Activity Type", "Elapsed Time", "Distance", "Filename", "Moving Time", "Start Latitude", "Start Longitude", "City"]
    csv.writer(text).writerows([head, ["77", "Feb 3, 2024, 7:00:00 AM", "Morning", "Run", "240", "0.7", "activities/77.gpx", "240", LATITUDE, LONGITUDE, CITY]])
    with zipfile.ZipFile(folder / "x", "w") as archive:
        archive.writestr("activities.csv", text.getvalue())
        archive.writestr("profile.csv", f"Athlete ID,City,State,Country\n4001,{CITY},{STATE},{COUNTRY}\n")
        archive.writestr("activities/77.gpx", device_files.as_gpx(points()))
    return folder / "x"


GARMIN = {"activity_id": "77", "name": "n", "sport": "running", "start_time": "2024-07-03 08:00:00.000000", "elapsed_time": "00:10:00", "moving_time": "00:10:00", "distance": 1.0, "avg_hr": 150,
          "max_hr": 170, "hrz_1_time": "00:01:00", "start_lat": LATITUDE, "start_long": LONGITUDE, "stop_lat": LATITUDE, "stop_long": LONGITUDE}
OFFLINE = {"id": 77, "upload_id": "1", "start_date": "2024-02-03T07:00:00Z", "sport_type": "Run", "start_lat": LATITUDE, "location_city": CITY, "json": SUMMARY}
FIRST = {"id": "77", "type": "Run", "name": "n", "distance": 5000.5, "moving_time": 1600, "elapsed_time": 1700, "start_date": "2024-02-03T07:00:00Z", "start_date_local": "2024-02-03T08:00:00Z", "country": COUNTRY, "city": CITY, "state": STATE,
         "summary_polyline": LINE, "summary_geojson": GEOJSON, "user_id": "4001"}
FITOPS = {"id": 1, "strava_id": 77, "athlete_id": 4001, "sport_type": "Run", "start_date": "2024-02-03T07:00:00Z", "start_date_local": "2024-02-03T08:00:00Z", "distance_m": 717.0,
          "moving_time_s": 239, "elapsed_time_s": 239, "start_latlng": [LATITUDE, LONGITUDE], "map_summary_polyline": LINE, "location_city": CITY}
DREEVE = {"activityId": "activity-77", "startDateTime": "2024-02-03 08:00:00", "sportType": "Run", "importSource": "stravaApi", "distance": 717, "movingTimeInSeconds": 239, "elapsedTimeInSeconds": 239,
          "startingCoordinateLatitude": LATITUDE, "startingCoordinateLongitude": LONGITUDE, "polyline": LINE, "routeGeography": {"country_code": COUNTRY}, "location": {"city": CITY}, "data": SUMMARY}
RUNNING_PAGE = {"run_id": 77, "name": "n", "distance": 5000.5, "moving_time": "1970-01-01 00:26:40.000000", "elapsed_time": "1970-01-01 00:28:20.000000", "type": "Run",
                "start_date": "2024-02-03 07:00:00", "start_date_local": "2024-02-03 08:00:00", "location_country": COUNTRY, "summary_polyline": LINE}
PLAYGROUND = {"id": 1, "name": "n", "path": f"Activities/{CITY}.gpx", "distance_km": 5.0, "start": "2024-02-03 07:00:00", "elapsed_time": "1970-01-01 00:28:20.000000",
              "moving_time": "1970-01-01 00:26:40.000000", "start_latitude": LATITUDE, "start_longitude": LONGITUDE, "end_latitude": LATITUDE, "end_longitude": LONGITUDE, "start_country": COUNTRY}
HEALTH = {"id": "a1", "workoutActivityType": "HKWorkoutActivityTypeRunning", "duration": "50", "durationUnit": "min", "totalDistance": "10", "totalDistanceUnit": "km",
          "startDate": "2024-07-03 08:00:00 +0100", "endDate": "2024-07-03 08:52:00 +0100", "metadata_HKTimeZone": CITY}
ACCOUNT = {"activityId": 77, "name": "n", "activityType": "running", "beginTimestamp": 1706943600000, "distance": 500000.0, "duration": 1600000.0, "elapsedDuration": 1700000.0,
           "startLatitude": LATITUDE, "startLongitude": LONGITUDE, "endLatitude": LATITUDE, "locationName": CITY}
ICU = {"id": "i77", "start_date_local": "2024-02-03T08:00:00", "start_date": "2024-02-03T07:00:00Z", "type": "Run", "distance": 5000.0, "moving_time": 1600, "elapsed_time": 1700,
       "icu_training_load": 50, "icu_athlete_id": "i9", "start_latlng": [LATITUDE, LONGITUDE], "latlngs": [[LATITUDE, LONGITUDE]], "country": COUNTRY, "locality": CITY, "polyline": LINE}
IMPORTERS = {
    "a FIT": lambda f: file(f, device_files.as_fit(points())), "a GPX": lambda f: file(f, device_files.as_gpx(points())), "a TCX": lambda f: file(f, device_files.as_tcx(points())),
    "Strava's export": export,
    "objects of the API": lambda f: file(f, json.dumps([SUMMARY, SUMMARY | {"id": 78, "resource_state": 3}, PERSON, {"lap_index": 1, "id": 5, "activity": {"id": 78}} | PLACES,
                                                         {k: v for k, v in SUMMARY.items() if k != "start_date"} | {"id": 79}])),
    "objects a line": lambda f: file(f, "\n".join(map(json.dumps, [SUMMARY, PERSON]))),
    "strava-offline": lambda f: database(f, f"CREATE TABLE activity ({table_of(OFFLINE)})", ("activity", OFFLINE)),
    "strava-to-sqlite of the index": lambda f: database(f, f"CREATE TABLE activities ({table_of(FIRST)})", ("activities", FIRST)),
    "strava-to-sqlite of GitHub": lambda f: database(f, f"CREATE TABLE activities ({table_of(SUMMARY)})", ("activities", SUMMARY)),
    "FitOps": lambda f: database(f, f"CREATE TABLE activities ({table_of(FITOPS)}); CREATE TABLE activity_streams (activity_id, stream_type, data_json)", ("activities", FITOPS),
                                 *[("activity_streams", {"activity_id": 1, "stream_type": name, "data_json": values}) for name, values in lists().items()]),
    "running_page": lambda f: database(f, f"CREATE TABLE activities ({table_of(RUNNING_PAGE)})", ("activities", RUNNING_PAGE)),
    "geo-activity-playground": lambda f: database(f, f"CREATE TABLE activities ({table_of(PLAYGROUND)})", ("activities", PLAYGROUND)),
    "Dreeve": lambda f: database(f, f"CREATE TABLE Activity ({table_of(DREEVE)}); CREATE TABLE ActivityStream (activityId, streamType, data)", ("Activity", DREEVE),
                                 *[("ActivityStream", {"activityId": "activity-77", "streamType": name, "data": values}) for name, values in lists().items()]),
    "GarminDB": lambda f: database(f, f"CREATE TABLE activities ({table_of(GARMIN)}); CREATE TABLE attributes (key, value); INSERT INTO attributes VALUES ('measurement_system', 'metric');"
                                   "CREATE TABLE activity_records (activity_id, record, timestamp, position_lat, position_long, distance, hr)", ("activities", GARMIN),
                                   *[("activity_records", {"activity_id": "77", "record": i, "timestamp": f"2024-07-03 08:{i // 60:02}:{i % 60:02}.000000", "position_lat": LATITUDE, "position_long": LONGITUDE,
                                                           "distance": i * 0.003, "hr": 140}) for i in range(240)]),
    "healthkit-to-sqlite": lambda f: database(f, f"CREATE TABLE workouts ({table_of(HEALTH)}); CREATE TABLE workout_points (workout_id, latitude, longitude)", ("workouts", HEALTH),
                                              ("workout_points", {"workout_id": "a1", "latitude": LATITUDE, "longitude": LONGITUDE})),
    "Garmin's account": lambda f: file(f, json.dumps([{"summarizedActivitiesExport": [ACCOUNT]}])),
    "intervals.icu": lambda f: file(f, json.dumps([ICU])),
}  # fmt: skip


def found(path):
    """What a search of the bytes finds: words, and coordinates as text, as SQLite keeps a number, and as a FIT does."""
    content = b"".join(p.read_bytes() for p in pathlib.Path(path).parent.glob(pathlib.Path(path).name + "*"))
    numbers = [form for value in (LATITUDE, LONGITUDE) for form in (repr(value).encode(), struct.pack(">d", value), struct.pack(">i", round(value * 2**31 / 180)), b"%.5f" % value)]
    return [one for one in [*(word.encode() for word in WORDS), *numbers] if one in content]


def vacuumed(path):
    with sqlite3.connect(path) as db:
        channels = {c for (c,) in db.execute("SELECT channel FROM activity_streams")} if db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'activity_streams'").fetchone()[0] else set()
        n_activities = db.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone()[0]
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("VACUUM")
    return n_activities, channels


@pytest.mark.parametrize("importer", IMPORTERS)
def test_no_importer_brings_where_an_athlete_was(tmp_path, importer):
    path = tmp_path / "a.db"
    (tmp_path / "given").mkdir()
    given = IMPORTERS[importer](tmp_path / "given")
    assert found(given) or importer in ("Strava's export", "a GPX", "a TCX", "a FIT"), "the fixture has a place"
    done = device_files.imported(path, given, athlete="4001")
    assert done.returncode == 0, done.stdout + done.stderr
    n_activities, channels = vacuumed(path)
    assert n_activities > 0 and channels.isdisjoint({"latitude", "longitude"})
    assert found(path) == []


def test_streams_of_the_api_bring_none(tmp_path):
    path = tmp_path / "a.db"
    assert device_files.imported(path, file(tmp_path, json.dumps(SUMMARY))).returncode == 0
    done = device_files.imported(path, file(tmp_path, json.dumps({name: {"data": data} for name, data in lists().items()}), "77.json"))
    assert done.returncode == 0, done.stdout
    assert vacuumed(path) == (1, {"time", "distance"}) and found(path) == []


def test_what_an_earlier_version_kept_of_places_is_taken_out_and_nothing_else(tmp_path):
    path = tmp_path / "a.db"
    assert tool("import", path, file(tmp_path, json.dumps([{**SUMMARY, "id": n, "name": f"n{n}"} for n in range(9)] + [PERSON, {"id": 3, "start_date": "2024", "type": "Run"}]))).returncode == 0
    assert tool("run", path, *(PATHS[name] for name in STAGES if name < "3")).returncode == 0
    tables = {"bronze_strava_activities": "payload", "bronze_strava_athlete": "payload", "bronze_strava_sub_activity": "payload", "bronze_rejects": "object", "silver_rejects": "payload"}
    places = json.dumps({name: value for name, value in PLACES.items()})
    with sqlite3.connect(path) as db:
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        db.execute("INSERT INTO bronze_strava_sub_activity (activity_id, lap_id, payload, content_hash, source, ingested_at) VALUES ('1', '5', '{\"id\":5}', sha256('{\"id\":5}'), 's', '2024-01-01T00:00:00Z')")
        db.execute("INSERT INTO bronze_rejects (source, ingested_at, line, byte_offset, reason, object, content_hash) VALUES ('s', 'x', 1, 1, 'r', '{\"id\":5}', sha256('{\"id\":5}'))")
        db.execute("INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload) VALUES ('t', '1', '', 'r', 'r', 1, '{\"id\":5}')")
        db.commit()
        before = {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables}
        keeps = {table: db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (f"{table}_keep",)).fetchone() for table in tables}
        raw = db.execute("SELECT json_patch(payload, ?) FROM bronze_strava_activities WHERE stream <> 'tombstone' ORDER BY bronze_id DESC LIMIT 1", (places,)).fetchone()[0]
        for table, column in tables.items():
            db.execute(f"DROP TRIGGER IF EXISTS {table}_keep")
            # as it was: the places stand after what was there
            hashed = f", content_hash = sha256(json_patch({column}, ?1))" if table.startswith("bronze") else ""
            db.execute(f"UPDATE {table} SET {column} = json_patch({column}, ?1){hashed} WHERE {column} = json({column})", (places,))
            if keeps[table]:
                db.execute(keeps[table][0])
        db.execute("PRAGMA user_version = 42")
    assert len(found(path)) > 4
    assert tool("migrate", path).returncode == 0
    assert found(path) == []
    with sqlite3.connect(path) as db:
        assert {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables} == before
        assert {table: db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (f"{table}_keep",)).fetchone() for table in tables} == keeps
    (tmp_path / "again.json").write_text(raw)
    done = tool("import", path, tmp_path / "again.json")
    assert done.stdout == "landed nothing new; 1 known already\n", done.stdout + done.stderr
