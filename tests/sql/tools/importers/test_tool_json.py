"""JSON of Garmin's account export and of intervals.icu gives its activities in our units."""

import datetime
import io
import json
import random
import sqlite3
import zipfile

import garmin_fit_sdk
import pytest

from helpers.machine.soak import soak
from helpers.stores import device_files

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

COLUMNS = "athlete_id, start_time, utc_offset_s, sport_type, distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr, is_indoor, workout_type"
SPORTS = {"running": "Run", "trail_running": "TrailRun", "treadmill_running": "Run", "road_biking": "Ride", "lap_swimming": "Swim", "strength_training": "WeightTraining", "yoga": "Yoga"}


def told(path):
    with sqlite3.connect(path) as db:
        return db.execute(f"SELECT {COLUMNS} FROM silver_strava_activities ORDER BY start_time").fetchall(), db.execute("SELECT COUNT(*) FROM silver_from_api").fetchone()[0]


def facts(rng, day):
    moving = rng.randrange(900, 9000)
    return {"start": datetime.datetime(2023, 1, 1, 7) + datetime.timedelta(days=day, seconds=rng.randrange(3600)), "offset_s": rng.choice([0, 3600, -18000, 20700]), "moving": moving,
            "elapsed": moving + rng.randrange(300), "metres": round(rng.uniform(2.2, 4) * moving, 2), "climb": rng.randrange(500), "hr": rng.choice([None, rng.randrange(120, 170)]),
            "race": rng.random() < 0.3}


def as_garmin(rng, one):
    sport = rng.choice(list(SPORTS))
    begin = int(one["start"].replace(tzinfo=datetime.timezone.utc).timestamp()) * 1000
    row = {"activityId": rng.randrange(10**9, 10**11), "name": "x", "activityType": sport if rng.random() < 0.7 else {"typeKey": sport}, "beginTimestamp": begin,
           "startTimeLocal": float(begin + one["offset_s"] * 1000), "distance": one["metres"] * 100, "duration": one["moving"] * 1000.0, "elapsedDuration": one["elapsed"] * 1000.0,
           "movingDuration": rng.choice([one["moving"] * 1000.0, 0.0]), "elevationGain": one["climb"] * 100.0, "startLatitude": 38.7, "startLongitude": -9.1, "eventTypeId": 1 if one["race"] else 9}
    if one["hr"]:
        row |= {"avgHr": float(one["hr"]), "maxHr": one["hr"] + 15.0}
    return row, SPORTS[sport], sport == "treadmill_running"


def as_intervals(rng, one):
    sport = rng.choice(["Run", "TrailRun", "Ride", "VirtualRide"])
    local = one["start"] + datetime.timedelta(seconds=one["offset_s"])
    row = {"id": f"i{rng.randrange(10**6, 10**8)}", "start_date_local": local.isoformat(), "start_date": one["start"].isoformat() + "Z", "type": sport, "name": "x", "distance": one["metres"],
           "moving_time": one["moving"], "elapsed_time": one["elapsed"], "total_elevation_gain": one["climb"], "icu_training_load": 50, "icu_athlete_id": "i99", "trainer": sport == "VirtualRide",
           "source": "GARMIN_CONNECT", "race": one["race"], "average_heartrate": one["hr"], "max_heartrate": one["hr"] and one["hr"] + 15}
    return row, sport, sport == "VirtualRide"


@pytest.mark.parametrize("tool, wraps", [(as_garmin, lambda rows: [{"summarizedActivitiesExport": rows}]), (as_intervals, lambda rows: rows)])
@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_activities_come_in_our_units_whatever_the_file_is_called(tmp_path, tool, wraps, seed):
    rng = random.Random(seed)
    known = [facts(rng, day) for day in range(rng.randrange(1, 12))]
    made = [tool(rng, one) for one in known]
    (tmp_path / "x.txt").write_text(json.dumps(wraps([row for row, *_ in made]), indent=rng.choice([None, 2])))
    asked = device_files.imported(tmp_path / "r.db", tmp_path / "x.txt")
    assert asked.returncode != 0 and "does not say whose it is" in asked.stderr
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x.txt", athlete="7")
    assert done.returncode == 0 and done.stdout.startswith(f"{len(known)} new"), (done.stdout, done.stderr)
    rows, n_api = told(tmp_path / "a.db")
    assert n_api == 0
    by_start = {row[1]: row for row in rows}
    for one, (_, sport, is_indoor) in zip(known, made):
        if sport in ("Run", "TrailRun", "Ride", "VirtualRide"):
            assert by_start[one["start"].isoformat() + "Z"] == (
                "7", one["start"].isoformat() + "Z", one["offset_s"], sport, pytest.approx(one["metres"]), one["moving"], one["elapsed"], one["climb"], one["hr"], one["hr"] and one["hr"] + 15,
                is_indoor, "race" if one["race"] and sport != "Ride" and sport != "VirtualRide" else by_start[one["start"].isoformat() + "Z"][-1])
    again = device_files.imported(tmp_path / "a.db", tmp_path / "x.txt", athlete="7")
    assert again.stdout == f"0 new, {len(known)} known already\n"
    with open(tmp_path / "a.db", "rb") as file:
        assert b"startLongitude" not in file.read()


def test_what_intervals_had_from_strava_and_odd_values_are_said(tmp_path):
    rng = random.Random(5)
    good = as_intervals(rng, facts(rng, 1))[0]
    (tmp_path / "x").write_text(json.dumps([good, {"id": "1", "start_date_local": "2024-01-01T07:00:00", "source": "STRAVA", "_note": "STRAVA activities are not available via the API"},
                                            as_intervals(rng, facts(rng, 2))[0] | {"elapsed_time": "long"}]))
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="7")
    assert done.returncode == 0 and done.stdout.startswith("1 new, 1 unreadable:\n  x: 2 of 3 activities: it came to intervals.icu from Strava"), done.stdout


def _uploaded(rng):
    """A recording, and what the watch noted on another day: a FIT of another kind."""
    encoder = garmin_fit_sdk.Encoder()
    encoder.write_mesg({"mesg_num": garmin_fit_sdk.Profile["mesg_num"]["FILE_ID"], "type": 32, "manufacturer": 1, "time_created": 1})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("me_1.fit", device_files.as_fit(device_files.run(rng.randrange(200, 400))))
        archive.writestr("me_2.fit", bytes(encoder.close()))
    return out.getvalue()


def test_garmins_account_export_gives_its_activities_and_is_silent_about_the_rest(tmp_path):
    rng = random.Random(6)
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("DI_CONNECT/DI-Connect-Fitness/me_0_summarizedActivities.json", json.dumps([{"summarizedActivitiesExport": [as_garmin(rng, facts(rng, day))[0] for day in range(4)]}]))
        archive.writestr("DI_CONNECT/DI-Connect-Wellness/2024_sleepData.json", json.dumps([{"sleepStartTimestampGMT": "2024-01-01T22:00:00.0"}]))
        archive.writestr("DI_CONNECT/DI-Connect-User/user.json", json.dumps({"emailAddress": "a@b.example"}))
        archive.writestr("DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip", _uploaded(rng))
        archive.writestr("IT_CUSTOMER/photo.png", b"\x89PNG\r\n\x1a\n")
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="7")
    assert (done.returncode, done.stdout) == (0, "5 new\n"), (done.stdout, done.stderr)
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="7").stdout == "0 new, 5 known already\n"
    with open(tmp_path / "a.db", "rb") as file:
        assert b"a@b.example" not in file.read()
