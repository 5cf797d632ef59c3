"""A watch's file gives the numbers that Strava gave for it, whatever it is called, and the same run counts once."""

import gzip
import json
import random
import sqlite3

import pytest

from helpers.machine.soak import soak
from helpers.stores import device_files
from helpers.tools import tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

# As Strava and Elevate show them: pace s/km, climb m, average heart rate, moving s, elapsed s.
SHOWN = {
    "sloatsburg": {"pace": 356, "elevation_gain_m": 363, "avg_hr": 137},
    "portland": {"pace": 382, "elevation_gain_m": 571, "moving_s": 6133, "elapsed_s": 6791},
    "trosku": {"pace": 270, "elevation_gain_m": 136, "moving_s": 2903, "elapsed_s": 2922},
    "loup-blanc": {"pace": 473, "elevation_gain_m": 2578, "moving_s": 17493, "elapsed_s": 18791},
}


def rows(path, sql, *given):
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql, given)]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The bundled files under names that say nothing, and one that is empty."""
    folder, path = tmp_path_factory.mktemp("watch"), tmp_path_factory.mktemp("db") / "a.db"
    for i, name in enumerate(SHOWN):
        content = device_files.real(f"{name}.fit")
        (folder / f"{i}.{'json' if i % 2 else 'bin'}").write_bytes(gzip.compress(content) if i < 2 else content)
    (folder / "strap").write_bytes(device_files.real("flagged-hr.fit"))
    (folder / "t").write_bytes(device_files.real("run_with_hr.tcx"))
    (folder / "empty.fit").write_bytes(b"")
    return folder, path, device_files.imported(path, folder, athlete="me", name="Ann")


def test_a_folder_of_files_gives_within_two_percent_what_strava_showed(real):
    folder, path, done = real
    assert done.returncode == 0 and done.stdout.splitlines()[:2] == ["6 new, 1 unreadable:", "  empty.fit: it is empty"], (done.stdout, done.stderr)
    for i, shown in enumerate(SHOWN.values()):
        source = f"{i}.{'json' if i % 2 else 'bin'}"
        (found,) = rows(path, "SELECT s.*, moving_s / (distance_m / 1000) AS pace FROM silver_strava_activities AS s JOIN bronze_strava_activities AS b USING (bronze_id)"
                              " WHERE b.source = ?", source)
        assert {name: found[name] for name in shown} == pytest.approx(shown, rel=0.02), source


def test_a_strap_that_shows_234_beats_is_flagged_and_gives_no_heart_rate(real):
    (found,) = rows(real[1], "SELECT quality_flags, avg_hr FROM silver_strava_activities WHERE sport_type = 'WeightTraining'")
    assert found == {"quality_flags": "average_heart_rate_is_human", "avg_hr": None} or "average_heart_rate_is_human" in found["quality_flags"]
    assert found["avg_hr"] is None


def test_the_same_folder_again_adds_nothing_and_the_athlete_is_not_asked_for_again(real):
    folder, path, _ = real
    before = rows(path, "SELECT COUNT(*) AS n, MAX(bronze_id) AS last FROM bronze_strava_activities")
    done = device_files.imported(path, folder)
    assert done.returncode == 0 and done.stdout.startswith("0 new, 6 known already, 1 unreadable:"), done.stdout
    assert rows(path, "SELECT COUNT(*) AS n, MAX(bronze_id) AS last FROM bronze_strava_activities") == before
    assert rows(path, "SELECT athlete_id, name FROM athlete_names") == [{"athlete_id": "1", "name": "Ann"}]


def test_no_position_and_no_file_name_is_in_what_lands(real):
    for row in rows(real[1], "SELECT payload FROM bronze_strava_activities"):
        names = set()
        json.loads(row["payload"], object_pairs_hook=lambda pairs: names.update(name for name, _ in pairs))
        assert not {name for name in names if any(word in name for word in ("lat", "lng", "lon", "polyline", "map")) and name not in ("total_elevation_gain", "elevation_difference")}


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_a_run_as_fit_tcx_and_gpx_gives_the_same_features_and_counts_once(tmp_path, seed):
    rng = random.Random(seed)
    points = device_files.run(rng.randrange(900, 3600), speed=rng.uniform(2.4, 4.5), pause=rng.choice([None, (300, 420)]), hills=rng.uniform(15, 60))
    found = {}
    for kind, content in (("a", device_files.as_fit(points)), ("b", device_files.as_tcx(points)), ("c", device_files.as_gpx(points))):
        (tmp_path / kind).write_bytes(rng.choice([gzip.compress, bytes])(content))
        assert device_files.imported(tmp_path / f"{kind}.db", tmp_path / kind, athlete=7).returncode == 0
        (found[kind],) = rows(tmp_path / f"{kind}.db", "SELECT distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr, start_time, sport_type FROM silver_strava_activities")
    for kind in "bc":
        for name, value in found["a"].items():
            assert found[kind][name] == (value if isinstance(value, str) else pytest.approx(value, rel=0.01)), (kind, name)
    # a closed form: it runs at one speed along a meridian
    moving = len(points) - 1
    assert found["a"]["distance_m"] == pytest.approx(points[-1][1], rel=1e-4) and moving <= found["a"]["moving_s"] <= moving + 20
    done = device_files.imported(tmp_path / "all.db", *(tmp_path / kind for kind in "abc"), athlete=7)
    assert done.stdout == "3 new, 2 the same training from another device\n", done.stdout
    assert rows(tmp_path / "all.db", "SELECT COUNT(*) AS n FROM silver_trainings") == [{"n": 1}]


def test_who_has_told_nobody_is_asked_for_the_athlete_once(tmp_path):
    (tmp_path / "x").write_bytes(device_files.as_fit(device_files.run(600)))
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x")
    assert (done.returncode, done.stderr) == (1, 'x does not say whose it is; say it once: ATHLETE=me NAME="…"\n')
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="Ann").stderr == "ATHLETE is 'Ann' where `me` or a number, such as Strava's, belongs; who has none gets one: ATHLETE=1 NAME=\"Ann\"\n"
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="me").returncode == 0
    assert "ATHLETE=2 NAME" in device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="Ann").stderr
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x").stdout == "0 new, 1 known already\n"


def test_who_has_a_name_here_is_meant_by_it(tmp_path):
    for number, name in ((1, "Ann"), (2, "Bea"), (3, "Cai"), (4, "Cai")):
        (tmp_path / name).write_bytes(device_files.as_fit(device_files.run(600 + number)))
        assert device_files.imported(tmp_path / "a.db", tmp_path / name, athlete=number, name=name).returncode == 0
    (tmp_path / "more").write_bytes(device_files.as_fit(device_files.run(900)))
    assert device_files.imported(tmp_path / "a.db", tmp_path / "more", athlete="bea").returncode == 0
    assert rows(tmp_path / "a.db", "SELECT payload ->> '$.athlete.id' AS id, COUNT(*) AS n FROM bronze_strava_activities GROUP BY 1 HAVING n > 1") == [{"id": 2, "n": 2}]
    assert device_files.imported(tmp_path / "a.db", tmp_path / "more", athlete="Cai").stderr == "ATHLETE is 'Cai' where `me` or a number, such as Strava's, belongs\n"


@pytest.mark.parametrize("own, trains", [("device_file", True), ("bulk_export", True), (None, False)])
def test_only_what_came_from_the_api_waits_for_the_switch(tmp_path, own, trains):
    """By the view that the training stages ask."""
    activity = {"id": 5, "athlete": {"id": 7}, "start_date": "2024-01-02T08:00:00Z", "utc_offset": 0, "sport_type": "Run", "distance": 5000, "moving_time": 1500, "elapsed_time": 1500}
    (tmp_path / "a.json").write_text(json.dumps(activity | ({"provenance": own} if own else {})))
    assert tool("import", tmp_path / "a.db", tmp_path / "a.json").returncode == 0
    stages = [f"sql/{name}.sql" for name in ("0_ops/000_ops_tables", "0_ops/010_quality_rules", "1_bronze/110_told", "2_silver/200_silver_activities", "2_silver/210_silver_sub_activity",
                                             "2_silver/230_silver_trainings", "2_silver/260_silver_provenance")]
    assert tool("run", tmp_path / "a.db", *stages).returncode == 0
    assert rows(tmp_path / "a.db", "SELECT * FROM silver_from_api") == ([] if trains else [{"athlete_id": "7", "from_date": "2024-01-02"}])
