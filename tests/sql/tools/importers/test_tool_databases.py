"""The SQLite file of another tool gives its activities in our units, by its schema and never by its name."""

import json
import random
import sqlite3

import pytest

from helpers.extension import EXTENSION
from helpers.stores import device_files

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

COLUMNS = "start_time, utc_offset_s, sport_type, distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr"
GARMIN = ("activity_id TEXT PRIMARY KEY, name, description, type, course_id, laps, sport, sub_sport, start_time, stop_time, elapsed_time TIME, moving_time TIME,"
          " distance FLOAT, avg_hr, max_hr, avg_speed, ascent, start_lat, start_long, hrz_1_hr, hrz_1_time TIME")


def made(path, script, rows=()):
    with sqlite3.connect(path) as db:
        db.executescript(script)
        for sql, values in rows:
            db.execute(sql, values)
    return path


def landed(tmp_path, source, **options):
    done = device_files.imported(tmp_path / "a.db", source, **options)
    assert done.returncode == 0 and done.stdout == "1 new\n", (done.stdout, done.stderr)
    with sqlite3.connect(tmp_path / "a.db") as db:
        return db.execute(f"SELECT athlete_id, {COLUMNS} FROM silver_strava_activities").fetchone(), db.execute("SELECT COUNT(*) FROM silver_from_api").fetchone()[0]


SUMMARY = {"id": 77, "athlete": {"id": 4001}, "name": "é", "type": "Run", "sport_type": "TrailRun", "start_date": "2024-02-03T07:00:00Z", "utc_offset": 3600.0, "distance": 10000.5,
           "moving_time": 3000, "elapsed_time": 3100, "total_elevation_gain": 120.0, "average_heartrate": 150.5, "max_heartrate": 171.0}
SEEN = ("4001", "2024-02-03T07:00:00Z", 3600, "TrailRun", 10000.5, 3000, 3100, 120.0, 150.5, 171.0)


def test_strava_offline_keeps_what_the_api_sent_and_it_stays_the_apis(tmp_path):
    made(tmp_path / "x", "CREATE TABLE bike (id TEXT PRIMARY KEY, name TEXT, json TEXT); CREATE TABLE activity (id INTEGER PRIMARY KEY, upload_id TEXT, name TEXT, start_date TEXT,"
         " moving_time INTEGER, elapsed_time INTEGER, distance REAL, total_elevation_gain REAL, gear_id TEXT, type TEXT, sport_type TEXT, commute BOOLEAN, trainer BOOLEAN,"
         " has_location_data BOOLEAN, json TEXT)", [("INSERT INTO activity (id, json) VALUES (77, ?)", (json.dumps(SUMMARY),))])
    assert landed(tmp_path, tmp_path / "x") == (SEEN, 1)


def test_strava_to_sqlite_of_the_package_index_has_no_heart_rate_and_its_tokens_are_not_read(tmp_path):
    made(tmp_path / "x", "CREATE TABLE users (id TEXT PRIMARY KEY, access_token TEXT, client_secret INTEGER); INSERT INTO users VALUES ('4001', 'a secret', 'b secret');"
         "CREATE TABLE activities (id TEXT PRIMARY KEY, type TEXT, name TEXT, distance FLOAT, moving_time INTEGER, elapsed_time INTEGER, start_date TEXT, start_date_local TEXT,"
         " country TEXT, city TEXT, state TEXT, average_speed FLOAT, summary_polyline TEXT, summary_geojson TEXT, user_id TEXT REFERENCES users (id));"
         "INSERT INTO activities VALUES ('77', 'Run', 'n', 10000.5, 3000, 3100, '2024-02-03T07:00:00Z', '2024-02-03T08:00:00Z', 'PT', 'L', 's', 3.3, 'poly', '{}', '4001')")
    assert landed(tmp_path, tmp_path / "x") == (("4001", "2024-02-03T07:00:00Z", 3600, "Run", 10000.5, 3000, 3100, None, None, None), 1)
    assert not [word for word in (b"secret", b"poly") if word in (tmp_path / "a.db").read_bytes()]


@pytest.mark.parametrize("seed", range(3))
def test_strava_to_sqlite_of_github_has_whichever_columns_the_api_sent(tmp_path, seed):
    rng = random.Random(seed)
    row = SUMMARY | {"athlete": json.dumps(SUMMARY["athlete"]), "map": '{"polyline": "x"}', "kudos_count": 3, "trainer": 0, "start_latlng": "[1, 2]"}
    for name in rng.sample(["average_heartrate", "max_heartrate", "total_elevation_gain", "kudos_count"], 2):
        del row[name]
    names = list(row)
    rng.shuffle(names)
    made(tmp_path / "x", f"CREATE TABLE activities ({', '.join(names)}, PRIMARY KEY (id)); CREATE TABLE activity_gpx_tracks (id INTEGER PRIMARY KEY, geometry BLOB)",
         [(f"INSERT INTO activities ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", [row[name] for name in names])])
    seen = list(SEEN)
    seen[7], seen[8], seen[9] = row.get("total_elevation_gain"), row.get("average_heartrate"), row.get("max_heartrate")
    assert landed(tmp_path, tmp_path / "x") == (tuple(seen), 1)


def test_fitops_names_its_units(tmp_path):
    made(tmp_path / "x", "CREATE TABLE activities (id INTEGER PRIMARY KEY, strava_id INTEGER, athlete_id INTEGER, name, sport_type, workout_type, start_date, start_date_local, distance_m,"
         " moving_time_s, elapsed_time_s, total_elevation_gain_m, average_heartrate, max_heartrate, chip_time_s);"
         "INSERT INTO activities VALUES (1, 77, 4001, 'n', 'TrailRun', 0, '2024-02-03T07:00:00Z', '2024-02-03T08:00:00Z', 10000.5, 3000, 3100, 120.0, 150.5, 171, NULL)")
    assert landed(tmp_path, tmp_path / "x") == (SEEN, 1)


@pytest.mark.parametrize("system, metres, climb", [("DisplayMeasure.metric", 1000, 1), ("statute", 1609.344, 0.3048)])
def test_garmin_is_in_miles_or_kilometres_as_its_other_file_says_and_local_by_the_zone_told(tmp_path, system, metres, climb):
    made(tmp_path / "x", f"CREATE TABLE activities ({GARMIN}); CREATE TABLE activity_laps (activity_id, lap, distance, elapsed_time TIME, moving_time TIME, avg_hr, max_hr, ascent)", [
        ("INSERT INTO activities (activity_id, sport, sub_sport, start_time, elapsed_time, moving_time, distance, avg_hr, max_hr, ascent) VALUES (?,?,?,?,?,?,?,?,?,?)",
         ("77", "running", "trail", "2024-07-03 08:00:00.000000", "01:15:12.000005", "01:10:00.000000", 10.0, 150, 171, 400)),
        *[("INSERT INTO activity_laps VALUES ('77', ?, 5.0, '00:37:36.000000', NULL, 150, 171, 200)", (lap,)) for lap in (0, 1)]])
    refused = device_files.imported(tmp_path / "r.db", tmp_path / "x", athlete=7)
    assert refused.returncode == 1 and refused.stdout.endswith("  x: it does not say whether it is in kilometres or miles; garmin.db, beside it, does\n")
    made(tmp_path / "garmin.db", f"CREATE TABLE attributes (timestamp, key TEXT, value TEXT); INSERT INTO attributes VALUES (NULL, 'measurement_system', '{system}')")
    found, from_api = landed(tmp_path, tmp_path / "x", athlete=7, zone="Europe/Lisbon")
    assert found == ("7", "2024-07-03T07:00:00Z", 3600, "TrailRun", pytest.approx(10 * metres), 4200, 4512, pytest.approx(400 * climb, abs=0.05), 150, 171) and not from_api
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT COUNT(*), SUM(elapsed_s) FROM silver_strava_sub_activity WHERE kind = 'lap'").fetchone() == (2, 4512)


@pytest.mark.parametrize("unit, factor", [("km", 1000), ("mi", 1609.344)])
def test_healthkit_says_its_units_and_its_beats_lie_in_another_table(tmp_path, unit, factor):
    made(tmp_path / "x", "CREATE TABLE workouts (id TEXT PRIMARY KEY, workoutActivityType, duration, durationUnit, totalDistance, totalDistanceUnit, sourceName, startDate, endDate);"
         "CREATE TABLE rHeartRate (startDate, endDate, value TEXT, unit, sourceName);"
         f"INSERT INTO workouts VALUES ('a1', 'HKWorkoutActivityTypeRunning', '50.5', 'min', '10.25', '{unit}', 'w', '2024-07-03 08:00:00 +0100', '2024-07-03 08:52:00 +0100');"
         "INSERT INTO rHeartRate VALUES ('2024-07-03 07:30:00 +0000', '', '150', '', ''), ('2024-07-03 08:40:00 +0100', '', '160', '', ''), ('2024-07-03 09:00:00 +0100', '', '60', '', '')")
    assert landed(tmp_path, tmp_path / "x", athlete="me") == (("1", "2024-07-03T07:00:00Z", 3600, "Run", pytest.approx(10.25 * factor, abs=0.01), 3030, 3120, None, 155.0, 160.0), 0)


DREEVE = ("CREATE TABLE Activity (activityId VARCHAR PRIMARY KEY, startDateTime DATETIME, sportType, importSource, name, distance INTEGER, elevation INTEGER, averagePower, maxSpeed,"
          " averageHeartRate, maxHeartRate, averageCadence, movingTimeInSeconds, elapsedTimeInSeconds, workoutType, startingCoordinateLongitude, data CLOB, markedForDeletion);"
          "CREATE TABLE ActivityBestEffort (activityId, distanceInMeter, sportType, timeInSeconds, PRIMARY KEY (activityId, distanceInMeter));"
          "CREATE TABLE ActivityLap (lapId PRIMARY KEY, activityId, lapNumber, name, elapsedTimeInSeconds, movingTimeInSeconds, distance, averageHeartRate);"
          "CREATE TABLE ActivityStream (activityId, streamType, data BLOB)")
POINTS = {"time": list(range(600)), "distance": [3.0 * i for i in range(600)], "heartrate": [140 + i % 9 for i in range(600)], "altitude": [100 + i / 30 for i in range(600)]}


@pytest.mark.parametrize("source, api, packed", [("stravaApi", 1, True), ("fitFile", 0, False), ("gpxFile", 0, True)])
def test_dreeve_has_local_times_efforts_and_streams_that_are_text_or_left(tmp_path, source, api, packed):
    raw = json.dumps(SUMMARY) if source == "stravaApi" else None
    made(tmp_path / "x", DREEVE, [
        ("INSERT INTO Activity VALUES (?, '2024-02-03 08:00:00', 'TrailRun', ?, 'n', 10001, 120, NULL, 18.0, 150, 171, 85, 3000, 3100, 'race', 15.0, ?, 0)",
         (f"activity-{'77' if api else 'abc'}", source, raw)),
        ("INSERT INTO Activity VALUES ('activity-78', '2024-02-04 08:00:00', 'Run', 'stravaApi', 'n', 1, 1, NULL, 1, 1, 1, 1, 1, 1, NULL, 15.0, NULL, 1)", ()),
        *[("INSERT INTO ActivityBestEffort VALUES (?, ?, 'Run', ?)", (f"activity-{'77' if api else 'abc'}", metres, seconds)) for metres, seconds in ((5000, 1400), (10000, 2900))],
        ("INSERT INTO ActivityLap VALUES ('1', ?, 1, 'Lap 1', 3100, 3000, 10001, 150)", (f"activity-{'77' if api else 'abc'}",)),
        *[("INSERT INTO ActivityStream VALUES (?, ?, ?)", (f"activity-{'77' if api else 'abc'}", name, b"\x28\xb5\x2f\xfd" if packed else json.dumps(values))) for name, values in POINTS.items()]])
    found, from_api = landed(tmp_path, tmp_path / "x", **({} if api else {"athlete": 4001}))
    assert (found, from_api) == (("4001", "2024-02-03T07:00:00Z", 3600, "TrailRun", 10001, 3000, 3100, 120, 150, 171), api)
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT kind, item, elapsed_s FROM silver_strava_sub_activity ORDER BY 1, 2").fetchall() == [("best_effort", 1, 1400), ("best_effort", 2, 2900), ("lap", 1, 3100)]
        has = db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'activity_streams'").fetchone()[0] and [c for (c,) in db.execute("SELECT channel FROM activity_streams ORDER BY 1")]
    assert (has or []) == ([] if packed else ["altitude", "distance", "heart_rate", "time"])


RUNNING_PAGE = ("CREATE TABLE activities (run_id INTEGER PRIMARY KEY, name, distance FLOAT, moving_time DATETIME, elapsed_time DATETIME, type, start_date TEXT, start_date_local TEXT,"
                " location_country, summary_polyline, average_heartrate FLOAT, average_speed FLOAT)")
PLAYGROUND = ("CREATE TABLE activities (id INTEGER PRIMARY KEY, updated, name, path, distance_km FLOAT, start DATETIME, elapsed_time DATETIME, moving_time DATETIME, start_latitude,"
              " start_longitude, elevation_gain, kind_id{}); CREATE TABLE kinds (id, name, consider_for_achievements); INSERT INTO kinds VALUES (3, 'Trail Run', 1)")


@pytest.mark.parametrize("local, zone, offset_s", [("2024-02-03 08:00:00", None, 3600), ("2024-02-03 08:00:00+00:00", None, 3600), (None, "Asia/Kolkata", 19800), (None, None, 0)])
@pytest.mark.parametrize("rate", [150.5, None])
def test_running_page_has_durations_since_1970_and_does_not_say_from_which_service(tmp_path, local, zone, offset_s, rate):
    made(tmp_path / "x", RUNNING_PAGE, [("INSERT INTO activities VALUES (77, 'é', 10000.5, '1970-01-01 00:50:00.000005', '1970-01-02 06:00:00.000000', 'TrailRun', '2024-02-03 07:00:00', ?, '', '', ?, 3.3)",
                                         (local, rate))])
    found, from_api = landed(tmp_path, tmp_path / "x", athlete=4001, **({"zone": zone} if zone else {}))
    assert (found, from_api) == (("4001", "2024-02-03T07:00:00Z", offset_s, "TrailRun", 10000.5, 3000, 108000, None, rate, None), 1)


@pytest.mark.parametrize("path, own_zone, longitude, offset_s", [("Activities/x.fit", None, 15.0, 3600), (None, None, None, 0), ("x.gpx", "Asia/Kolkata", 15.0, 19800)])
def test_geo_activity_playground_is_in_utc_and_its_files_are_the_athletes_own(tmp_path, path, own_zone, longitude, offset_s):
    made(tmp_path / "x", PLAYGROUND.format(", iana_timezone" if own_zone else ""), [
        (f"INSERT INTO activities VALUES (1, '', 'é', ?, 10.0005, '2024-02-03 07:00:00.000000', '1970-01-01 00:51:40.000000', '1970-01-01 00:50:00.000000', 38.0, ?, 120.0, 3{', ?' if own_zone else ''})",
         (path, longitude, *([own_zone] if own_zone else [])))])
    found, from_api = landed(tmp_path, tmp_path / "x", athlete=4001)
    assert (found, from_api) == (("4001", "2024-02-03T07:00:00Z", offset_s, "TrailRun", 10000.5, 3000, 3100, 120.0, None, None), int(path is None))


def test_seconds_of_garmindb_and_fitops_are_kept_in_our_units(tmp_path):
    records = "CREATE TABLE activity_records (activity_id, record, timestamp, distance, cadence, altitude, hr, temperature, PRIMARY KEY (activity_id, record))"
    made(tmp_path / "x", f"CREATE TABLE activities ({GARMIN}); {records}; CREATE TABLE attributes (key, value); INSERT INTO attributes VALUES ('measurement_system', 'statute')", [
        ("INSERT INTO activities (activity_id, sport, start_time, elapsed_time, moving_time, distance) VALUES ('77', 'running', '2024-07-03 08:00:00.000000', '00:10:00', '00:10:00', 1.0)", ()),
        *[("INSERT INTO activity_records VALUES ('77', ?, ?, ?, 85, ?, ?, 68)", (i, f"2024-07-03 08:{i // 60:02}:{i % 60:02}.000000", i * 3 / 1609.344, i / 0.3048 / 50, 140)) for i in range(600)]])
    landed(tmp_path, tmp_path / "x", athlete=7)
    made(tmp_path / "y", "CREATE TABLE activities (id INTEGER PRIMARY KEY, strava_id INTEGER, athlete_id, sport_type, start_date, start_date_local, distance_m, moving_time_s, elapsed_time_s);"
         "CREATE TABLE activity_streams (id, activity_id, stream_type, data_json TEXT, data_length); INSERT INTO activities VALUES (1, 88, 7, 'Run', '2024-02-03T07:00:00Z', '2024-02-03T07:00:00Z', 1797, 599, 599)",
         [("INSERT INTO activity_streams VALUES (NULL, 1, ?, ?, 600)", (name, json.dumps(values))) for name, values in POINTS.items()])
    assert device_files.imported(tmp_path / "a.db", tmp_path / "y").returncode == 0
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        last = ("SELECT s.channel, MAX(v.value) FROM activity_streams AS t JOIN activity_streams AS s USING (activity_id), stream_values(t.samples, s.samples) AS v"
                " WHERE t.channel = 'time' AND t.activity_id {} '88' GROUP BY 1 ORDER BY 1")
        assert dict(db.execute(last.format("<>"))) == {"altitude": 12.0, "cadence": 85, "distance": 1797, "heart_rate": 140, "temperature": 20, "time": 599}
        assert dict(db.execute(last.format("="))) == {"altitude": 120.0, "distance": 1797, "heart_rate": 148, "time": 599}


def test_a_folder_of_databases_gives_what_a_known_tool_has_and_is_silent_about_the_others(tmp_path):
    """As GarminDB keeps them: one has the activities, one the units, and more lie beside."""
    folder = tmp_path / "DBs"
    folder.mkdir()
    made(folder / "garmin_activities.db", f"CREATE TABLE activities ({GARMIN})", [
        ("INSERT INTO activities (activity_id, sport, start_time, elapsed_time, moving_time, distance) VALUES ('77', 'running', '2024-07-03 08:00:00.000000', '00:10:00', '00:10:00', 1.0)", ())])
    made(folder / "garmin.db", "CREATE TABLE attributes (key, value); INSERT INTO attributes VALUES ('measurement_system', 'statute')")
    made(folder / "summary.db", "CREATE TABLE t (a)")
    (folder / "summary.db-wal").write_bytes(b"")
    (folder / "run.fit").write_bytes(device_files.as_fit(device_files.run(200)))
    assert device_files.imported(tmp_path / "a.db", folder, athlete=7).stdout == "2 new\n"
    (folder / "garmin_activities.db").unlink()
    said = device_files.imported(tmp_path / "b.db", folder, athlete=7).stdout
    assert said.startswith("1 new, 3 unreadable:\n") and said.count("it is a database: bring it by itself, SRC=its name") == 2, said


def test_a_database_of_nobody_known_or_a_damaged_one_is_a_sentence(tmp_path):
    made(tmp_path / "x", "CREATE TABLE t (a)")
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete=7)
    assert (done.returncode, done.stdout) == (
        1, "0 new, 1 unreadable:\n  x: it is a database of no tool that is known here; please report what `sqlite3 x .schema` prints, which holds nothing personal\n")
    (tmp_path / "y").write_bytes(b"SQLite format 3\0" + bytes(random.Random(1).choices(range(256), k=3000)))
    done = device_files.imported(tmp_path / "b.db", tmp_path / "y", athlete=7)
    assert done.returncode == 1 and done.stdout.startswith("0 new, 1 unreadable:\n  y: it is a database that cannot be read: ")
