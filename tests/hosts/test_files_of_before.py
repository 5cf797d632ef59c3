"""Files that earlier states of this repository made (tests/data/files-of-before): today's tools open them, bring them to this schema and go on,
and what they say then is what a new file of the same activities says."""

import gzip
import json
import shutil
import sqlite3
import struct

import pytest

from helpers.athletes.activities import RUNNER
from helpers.extension import ROOT
from helpers.tools import tool

FOLDER = ROOT / "tests" / "data" / "files-of-before"
FILES = sorted(FOLDER.glob("*.db.gz"), key=lambda file: int(file.name.split("_")[1].partition(".")[0]))
LAST = max(int(p.name.split("_")[0]) for p in (ROOT / "sql" / "migrations").rglob("*.sql"))
GROUPS = ["activity_features", "athlete_daily_features", "athlete_rolling_features", "athlete_weekly_features", "race_results"]

pytestmark = pytest.mark.unsanitized  # its time goes to stages that other tests run


def activities(first, last):
    """Some of the bundled runner's, as they were when the files were made."""
    found = sorted(json.loads((RUNNER / "activities.json").read_text()), key=lambda each: each["start_date"])
    return found[first:last]


def imported(path, name, rows):
    file = path.with_name(name)
    file.write_text(json.dumps(rows))
    for done in (tool("import", path, file), tool("pipeline", path)):
        assert done.returncode == 0, done.stderr


def believed(path):
    """The rows of the feature groups as they hold now, whenever that became known; numbers as their bits."""
    db = sqlite3.connect(path)
    found = {}
    for group in GROUPS:
        cursor = db.execute(f"SELECT * FROM {group}")
        names = [column[0] for column in cursor.description]
        kept = [i for i, name in enumerate(names) if name not in ("available_at", "event_timestamp")]
        found[group] = [names, sorted(tuple(struct.pack(">d", row[i]) if isinstance(row[i], float) else repr(row[i]) for i in kept) for row in cursor)]
    return found


def kept(path):
    """Tables, views, indexes and triggers by name, such as those of stages that came after the file."""
    db = sqlite3.connect(path)
    found = set(db.execute("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"))
    db.close()
    return found


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A new file of the same activities, before and after later ones came."""
    path = tmp_path_factory.mktemp("fresh") / "athlete.db"
    imported(path, "first.json", activities(-90, -5))
    before = believed(path)
    imported(path, "later.json", activities(-8, None))
    return before, believed(path), kept(path)


def test_there_is_a_file_of_each_state_and_none_is_of_today():
    versions = [int(file.name.split("_")[1].partition(".")[0]) for file in FILES]
    assert len(versions) >= 4 and versions == sorted(set(versions)) and versions[0] <= 9 and versions[-1] <= LAST


@pytest.mark.parametrize("file", [pytest.param(file, marks=[pytest.mark.soak] * (file != FILES[0]), id=file.name.partition(".")[0]) for file in FILES])
def test_a_file_of_before_opens_is_brought_up_to_date_and_goes_on(fresh, tmp_path, file):
    path = tmp_path / "athlete.db"
    with gzip.open(file) as packed, path.open("wb") as out:
        shutil.copyfileobj(packed, out)
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    bronze = db.execute("SELECT * FROM bronze_strava_activities ORDER BY bronze_id").fetchall()
    versions = db.execute("SELECT model, version, training_hash FROM ml_model_versions").fetchall()
    columns = ", ".join(column[0] for column in db.execute("SELECT * FROM bronze_strava_activities").description)
    db.close()
    assert f"schema_{version}." in file.name and len(bronze) == 85
    imported(path, "first.json", activities(-90, -5))
    assert believed(path) == fresh[0] and len(fresh[0]["activity_features"][1]) == 85
    imported(path, "later.json", activities(-8, None))
    assert believed(path) == fresh[1]
    assert kept(path) == fresh[2] and ("table", "ml_run_slices") in fresh[2]
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (LAST,) and db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute(f"SELECT {columns} FROM bronze_strava_activities ORDER BY bronze_id LIMIT 85").fetchall() == bronze
    assert db.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone() == (90,)
    assert set(versions) <= set(db.execute("SELECT model, version, training_hash FROM ml_model_versions"))
