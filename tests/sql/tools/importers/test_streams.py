"""A recording by the second gives the grade-adjusted paces that Strava shows, whatever format it is in, and is not read twice."""

import datetime
import gzip
import json
import math
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile

import pytest

from helpers.machine.soak import sized, soak
from helpers.stages import PATHS, STAGES
from helpers.stores import device_files
from helpers.tools import command, environment, tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

SHOWN = {"sloatsburg": (297, 306), "portland": (335, 345), "trosku": (263, 266), "loup-blanc": (335, 360)}  # s/km by Strava's curve and by Minetti's


def rows(path, sql, *given):
    with sqlite3.connect(path) as db:
        return db.execute(sql, given).fetchall()


def features(path):
    done = tool("run", path, *(PATHS[name] for name in STAGES if name < "42"))
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder, path = tmp_path_factory.mktemp("watch"), tmp_path_factory.mktemp("db") / "a.db"
    for name in [*SHOWN, "flagged-hr"]:
        (folder / name).write_bytes(device_files.real(f"{name}.fit"))
    assert device_files.imported(path, folder, athlete="me").returncode == 0
    return folder, features(path)


def test_graded_paces_are_within_two_percent_of_what_strava_shows(real):
    found = dict((source, paces) for source, *paces in rows(real[1], """
        SELECT b.source, 60 * graded_pace_min_km, 60 * minetti_pace_min_km FROM activity_stream_features AS f
        JOIN silver_strava_activities AS s USING (athlete_id, activity_id) JOIN bronze_strava_activities AS b USING (bronze_id)"""))
    for name, (strava, minetti) in SHOWN.items():
        assert found[name] == pytest.approx([strava, minetti], rel=0.02), name


def test_a_strap_that_fails_gives_no_load_by_heart_rate_and_says_how_much_it_lost(real):
    share, average = rows(real[1], "SELECT heart_rate_share, recorded_avg_hr FROM activity_stream_features ORDER BY heart_rate_share LIMIT 1")[0]
    assert share < 0.1 and average < 230
    assert rows(real[1], "SELECT load_basis FROM activity_stream_features ORDER BY heart_rate_share LIMIT 1") == [("none",)]


def test_a_second_costs_less_than_ten_bytes_and_no_position_is_kept_unless_asked_for(real, tmp_path):
    path, asked = real[1], tmp_path / "b.db"
    seconds, size = rows(path, "SELECT SUM(elapsed_s), (SELECT SUM(length(samples)) FROM activity_streams) FROM silver_strava_activities")[0]
    assert size < 4 * seconds
    assert {c for (c,) in rows(path, "SELECT DISTINCT channel FROM activity_streams")}.isdisjoint({"latitude", "longitude"})
    assert device_files.imported(asked, real[0] / "trosku", athlete="me", positions="1").returncode == 0
    assert {c for (c,) in rows(asked, "SELECT DISTINCT channel FROM activity_streams")} >= {"latitude", "longitude"}
    seconds, size = rows(asked, "SELECT 2922, SUM(length(samples)) FROM activity_streams")[0]
    assert size < 10 * seconds
    done = device_files.imported(asked, real[0] / "trosku", positions="maybe")
    assert done.returncode != 0 and "POSITIONS is 'maybe' where 1" in done.stderr


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_a_run_as_fit_tcx_and_gpx_has_the_same_stream_features_and_one_load(tmp_path, seed):
    rng = random.Random(seed)
    points = device_files.run(rng.randrange(1300, 2600), speed=rng.uniform(2.4, 4.5), pause=rng.choice([None, (300, 420)]), hills=rng.uniform(5, 30))
    found = []
    for kind, content in (("a", device_files.as_fit(points)), ("b", device_files.as_tcx(points)), ("c", device_files.as_gpx(points))):
        (tmp_path / kind).write_bytes(content)
        path = tmp_path / f"{kind}.db"
        assert device_files.imported(path, tmp_path / kind, athlete="me").returncode == 0
        found.append(rows(features(path), "SELECT graded_pace_min_km, minetti_pace_min_km, normalized_graded_pace_min_km, recorded_avg_hr, heart_rate_share, load_basis FROM activity_stream_features")[0])
    for other in found[1:]:
        assert other[:-1] == pytest.approx(found[0][:-1], rel=0.01) and other[-1] == "seconds"
    (tmp_path / "all").mkdir()
    for kind in "abc":
        (tmp_path / kind).rename(tmp_path / "all" / kind)
    path = tmp_path / "all.db"
    assert "2 the same training" in device_files.imported(path, tmp_path / "all", athlete="me").stdout
    assert rows(features(path), "SELECT COUNT(*), (SELECT COUNT(*) FROM activity_features) FROM activity_stream_features") == [(1, 1)]


def hilly(rng, n=2400):
    """Uneven: fast and slow by turns, so that the mean says less than the seconds."""
    points, metres = [], 0.0
    for i, (t, _, altitude, _, lat, lon) in enumerate(device_files.run(n)):
        fast = i // 120 % 2
        points.append((t, metres, altitude, 120 + 55 * fast, 38.7 + metres / 111194.93, lon))
        metres += 5.0 if fast else 2.0
    return points


def test_an_uneven_run_is_harder_than_its_average_and_an_athletes_word_is_the_last(tmp_path):
    path = tmp_path / "a.db"
    (tmp_path / "run").write_bytes(device_files.as_fit(hilly(random.Random(1))))
    assert device_files.imported(path, tmp_path / "run", athlete="me").returncode == 0
    features(path)
    load, average, activity = rows(path, "SELECT estimated_tss, moving_time_min / 60 * 100 * (threshold_pace_min_km / pace_min_km) * (threshold_pace_min_km / pace_min_km), activity_id FROM activity_features")[0]
    assert load > 1.1 * average and rows(path, "SELECT load_basis FROM activity_stream_features") == [("seconds",)]
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('1', ?, 'load_tss', 33)", (activity,))
    features(path)
    assert rows(path, "SELECT f.estimated_tss, f.load_source, s.load_basis FROM activity_features AS f JOIN activity_stream_features AS s USING (activity_id)") == [(33, "told", "told")]


def test_load_by_heart_rate_is_that_of_every_second(tmp_path):
    """A ride has no pace to go by: against the sum over its seconds by the formula."""
    path = tmp_path / "a.db"
    (tmp_path / "ride").write_bytes(device_files.as_fit(hilly(random.Random(2)), sport=2))
    assert device_files.imported(path, tmp_path / "ride", athlete="me").returncode == 0
    features(path)
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO athlete_profile_settings VALUES ('1', ?, '2000-01-01', ?)", [("max_hr", 190), ("resting_hr", 50), ("threshold_hr", 170)])
    features(path)
    trimp = lambda minutes, hr: minutes * 0.64 * (hr - 50) / 140 * math.exp(1.92 * (hr - 50) / 140)  # noqa: E731
    wanted = 100 * sum(trimp(1 / 60, point[3]) for point in hilly(random.Random(2))[1:]) / trimp(60, 170)
    assert rows(path, "SELECT load_source, estimated_tss FROM activity_features")[0] == ("heart_rate", pytest.approx(wanted, rel=1e-9))
    zones = rows(path, "SELECT hr_zone_2_pct, hr_zone_5_pct FROM activity_features")[0]
    assert zones == pytest.approx((50, 50), abs=0.1)


# --- Strava's streams ----------------------------------------------------------------------------------------------------


def as_streams(points, form):
    columns = {"time": [t - points[0][0] for t, *_ in points], "distance": [p[1] for p in points], "altitude": [p[2] for p in points],
               "heartrate": [p[3] for p in points], "latlng": [[p[4], p[5]] for p in points], "grade_smooth": [0.0] * len(points)}
    if form == "list":
        return [{"type": name, "data": data, "series_type": "time", "original_size": len(points), "resolution": "high"} for name, data in columns.items()]
    told = {name: {"data": data, "series_type": "time"} for name, data in columns.items()}
    return {"activity_id": 77, **told} if form == "told" else told


@pytest.mark.parametrize("form", ["list", "keyed", "told"])
def test_streams_of_the_api_are_put_beside_their_activity(tmp_path, form):
    path, points = tmp_path / "a.db", device_files.run(1500, hills=12)
    activity = {"id": 77, "athlete": {"id": 7}, "start_date": "2024-05-12T07:00:00Z", "utc_offset": 0, "sport_type": "Run", "distance": points[-1][1],
                "moving_time": 1499, "elapsed_time": 1499, "average_heartrate": 149}
    file = tmp_path / ("streams.json" if form == "told" else "77.json")
    file.write_text(json.dumps(as_streams(points, form)))
    done = device_files.imported(path, file)
    assert done.returncode != 0 and "it is of the activity 77, which is not here: import that first" in done.stdout
    (tmp_path / "activity.json").write_text(json.dumps(activity))
    assert tool("import", path, tmp_path / "activity.json").returncode == 0
    done = device_files.imported(path, file)
    assert done.returncode == 0, (done.stdout, done.stderr)
    (tmp_path / "fit").write_bytes(device_files.as_fit(points))
    assert device_files.imported(tmp_path / "b.db", tmp_path / "fit", athlete="7").returncode == 0
    seen = "SELECT graded_pace_min_km, normalized_graded_pace_min_km, recorded_avg_hr FROM activity_stream_features WHERE athlete_id = '7'"
    assert rows(features(path), seen)[0] == pytest.approx(rows(features(tmp_path / "b.db"), seen)[0], rel=0.01)


@pytest.mark.parametrize("told, sentence", [
    ([{"type": "time", "data": [0, 1, 2]}, {"type": "distance", "data": [0, 1]}], "its stream distance has 2 samples where the time has 3"),
    ({"distance": {"data": [0, 1]}}, "streams without a time"),
    ({"time": {"data": [0]}, "distance": {"data": [0]}}, "it has fewer than two points with a time"),
])  # fmt: skip
def test_streams_that_are_none_end_as_a_sentence(tmp_path, told, sentence):
    (tmp_path / "77.json").write_text(json.dumps(told))
    done = device_files.imported(tmp_path / "a.db", tmp_path / "77.json")
    assert done.returncode != 0 and sentence in done.stdout, (done.stdout, done.stderr)


# --- again, and after an interruption ------------------------------------------------------------------------------------


def folder_of(tmp_path, n, seed=0):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(n):
        points = device_files.run(120 + i, start=datetime.datetime(2022, 1, 1, 7, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=i))
        content = [device_files.as_fit, device_files.as_tcx, device_files.as_gpx][(i + seed) % 3](points)
        (folder / f"{i:03}").write_bytes(gzip.compress(content) if i % 2 else content)
    return folder


def test_the_same_files_again_are_not_decoded_and_an_activity_that_was_deleted_comes_back(tmp_path):
    folder, path = folder_of(tmp_path, 12), tmp_path / "a.db"
    assert device_files.imported(path, folder, athlete="me").stdout == "12 new\n"
    before = rows(path, "SELECT * FROM activity_streams ORDER BY 1, 2")
    broken = tmp_path / "broken"  # a reader of files that fails whatever it is given
    broken.mkdir()
    for name in ("garmin_fit_sdk", "gpxpy"):
        (broken / name).mkdir()
        (broken / name / "__init__.py").write_text("class Stream:\n    pass\nclass Decoder:\n    pass\ndef __getattr__(name):\n    raise SystemExit('decoded')\n")
    (broken / "gpxpy" / "gpx.py").write_text("class GPXException(Exception):\n    pass\n")
    again = subprocess.run([*command("import", "--", path, folder)], env=environment(ATHLETE_PYTHON=sys.executable, PYTHONPATH=str(broken)), capture_output=True, text=True)
    assert again.stdout == "0 new, 12 known already\n", again.stdout + again.stderr
    assert rows(path, "SELECT * FROM activity_streams ORDER BY 1, 2") == before
    gone = rows(path, "SELECT activity_id FROM bronze_strava_activities ORDER BY bronze_id LIMIT 1")[0][0]
    (tmp_path / "gone.json").write_text(json.dumps({"object_type": "activity", "aspect_type": "delete", "object_id": int(gone)}))
    assert tool("import", path, tmp_path / "gone.json").returncode == 0
    assert device_files.imported(path, folder).stdout == "0 new, 1 changed, 11 known already\n"


def test_another_place_or_reader_or_content_is_read_again(tmp_path):
    folder, path = folder_of(tmp_path, 3), tmp_path / "a.db"
    assert device_files.imported(path, folder, athlete="me").stdout == "3 new\n"
    assert device_files.imported(path, folder, zone="Asia/Tokyo").stdout == "0 new, 2 changed, 1 known already\n"  # FIT tells its offset itself
    points = device_files.run(500)
    (folder / "000").write_bytes(device_files.as_fit(points))
    assert device_files.imported(path, folder, zone="Asia/Tokyo").stdout == "1 new, 2 known already\n"


def test_when_its_reader_is_killed_an_import_says_so_and_leaves_no_process(tmp_path):
    """As a machine without memory kills the largest."""
    (tmp_path / "x").mkdir()
    for i in range(8):
        (tmp_path / "x" / str(i)).write_bytes(device_files.real("portland.fit"))
    process = subprocess.Popen(command("import", "--athlete=7", "--", tmp_path / "a.db", tmp_path / "x"), env=environment(ATHLETE_PYTHON=sys.executable), stderr=subprocess.PIPE, text=True)
    while len(family := offspring(process.pid)) < 2 and process.poll() is None:  # its reader, and one of the readers of that
        time.sleep(0.01)
    os.kill(offspring(process.pid)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and said.endswith("could not be read: its reader ended with -9\n"), said
    while any(os.path.exists(f"/proc/{pid}") and b"importers" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family):
        time.sleep(0.01)


def offspring(pid):
    """Children, and theirs after them."""
    found = [int(child) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
    return found + [one for child in found for one in offspring(child)]


@pytest.mark.parametrize("seed", [0, soak(1)])
def test_an_import_that_is_killed_and_goes_on_loses_and_doubles_nothing(tmp_path, seed):
    rng = random.Random(seed)
    folder, path, whole = folder_of(tmp_path, 40, seed), tmp_path / "a.db", tmp_path / "whole.db"
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in sorted(folder.iterdir()):
            zipped.write(file, file.name)
    assert device_files.imported(whole, archive, athlete="me").returncode == 0
    landed = []
    for _ in range(sized(2, 4)):
        process = subprocess.Popen(command("import", "--athlete=me", "--", path, archive), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                   env=environment(ATHLETE_PYTHON=sys.executable, ATHLETE_BATCH="3"))
        time.sleep(rng.uniform(0.4, 2.2))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        landed.append(rows(path, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'bronze_files'")[0][0] and rows(path, "SELECT COUNT(*) FROM bronze_files")[0][0] if path.exists() else 0)
    assert device_files.imported(path, archive, athlete="me").returncode == 0
    assert landed == sorted(landed)
    for table, columns in (("bronze_strava_activities", "activity_id, stream, content_hash"), ("activity_streams", "activity_id, channel, content_hash"), ("bronze_files", "file_hash, activities")):
        assert rows(path, f"SELECT {columns} FROM {table} ORDER BY 1, 2") == rows(whole, f"SELECT {columns} FROM {table} ORDER BY 1, 2"), table
