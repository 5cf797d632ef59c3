"""Whoever reads a database while a program writes it reads what was there before, at once, and then what is there after."""

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess

import pytest
from common import database

from helpers.athletes import demo
from helpers.athletes.demo import REFERENCE, RUNNER, STAGES
from helpers.extension import connect
from helpers.tools import command, environment, tool

QUESTIONS = ["SELECT COUNT(*) FROM {}", "SELECT MAX(rowid) FROM {}", "SELECT * FROM {} LIMIT 1"]
TABLES = ["ops_runs", "bronze_documents", "bronze_strava_activities", "sqlite_schema"]


def read_while(process, path, rng, patience_s=60):
    """How often a reader that comes and goes, and one that stays, were answered until the program ended."""
    answered = 0
    staying = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=patience_s)
    while process.poll() is None:
        coming = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=patience_s)
        for db in (coming, staying):
            db.execute(rng.choice(QUESTIONS).format(rng.choice(TABLES))).fetchall()
            answered += 1
        coming.close()
    staying.close()
    return answered


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    path = tmp_path_factory.mktemp("readers") / "athlete.db"
    assert tool("import", path, *RUNNER, *REFERENCE).returncode == 0
    return path


def test_a_reader_is_answered_at_once_in_the_middle_of_a_transaction_that_spilled_to_the_file(tmp_path, imported):
    path = tmp_path / "athlete.db"
    shutil.copy(imported, path)
    with database.opened(path, loads=False) as db, contextlib.closing(sqlite3.connect(path, timeout=0)) as reader:
        before = reader.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone()
        with database.beside_readers(db), database.transaction(db):
            db.execute("PRAGMA cache_size = 10")
            db.execute("CREATE TABLE much AS SELECT * FROM bronze_strava_activities")
            db.execute("UPDATE much SET payload = payload || ' '")
            assert reader.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone() == before
            assert reader.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'much'").fetchone() == (0,)


def test_readers_are_answered_while_every_stage_writes(tmp_path, imported):
    path = tmp_path / "athlete.db"
    shutil.copy(imported, path)
    process = subprocess.Popen(command("run", path, *STAGES), env=environment(), stderr=subprocess.PIPE, text=True)
    answered = read_while(process, path, random.Random(1))
    assert process.returncode == 0, process.stderr.read()
    assert answered > 20
    with contextlib.closing(sqlite3.connect(path)) as last:
        assert last.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert os.listdir(tmp_path) == ["athlete.db"]  # one file again


@pytest.mark.soak
def test_a_feature_is_read_as_of_any_moment_while_every_stage_writes(tmp_path):
    path = tmp_path / "athlete.db"
    shutil.copy(demo.database(), path)
    with contextlib.closing(connect(path)) as db:
        athlete, day = db.execute("SELECT athlete_id, MAX(activity_date) FROM athlete_daily_features").fetchone()
        newest = json.loads(db.execute("SELECT payload FROM bronze_strava_activities ORDER BY payload ->> '$.start_date' DESC LIMIT 1").fetchone()[0])
        more = newest | {"id": 9_000_000_000_000, "start_date": f"{day}T23:00:00Z", "start_date_local": f"{day}T23:00:00Z"}
        db.execute("INSERT INTO bronze_inbox (source, body) VALUES ('test', ?)", (json.dumps(more),))
        db.commit()
    process = subprocess.Popen(command("run", path, *STAGES), env=environment(), stderr=subprocess.PIPE, text=True)
    loads, answered = set(), 0
    while process.poll() is None:
        with contextlib.closing(connect(f"file:{path}?mode=ro", uri=True)) as reader:  # waits as long as Python does unless told otherwise
            reader.execute("CREATE VIRTUAL TABLE temp.daily USING asof(athlete_daily_features)")
            loads.add(reader.execute("SELECT activities FROM daily WHERE athlete_id = ? AND as_of = '9000-01-01'", (athlete,)).fetchone())
            answered += 1
    assert process.returncode == 0, process.stderr.read()
    assert answered > 3 and len(loads) <= 2 and None not in loads  # what was there before, and then what is there after


def test_without_readers_the_database_is_one_file_in_the_mode_that_it_had(tmp_path, imported):
    path = tmp_path / "athlete.db"
    shutil.copy(imported, path)
    assert tool("run", path, *STAGES).returncode == 0
    assert os.listdir(tmp_path) == ["athlete.db"]
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_reader_in_the_middle_of_a_transaction_stops_nobody_and_sees_its_own_moment(tmp_path, imported):
    path = tmp_path / "athlete.db"
    shutil.copy(imported, path)
    early = sqlite3.connect(path, isolation_level=None)
    early.execute("BEGIN")
    before = early.execute("SELECT COUNT(*) FROM ops_runs").fetchone()
    done = tool("run", path, *STAGES, ATHLETE_LOCK_TIMEOUT_S=1)
    # It began in another mode than the one that lets a writer pass, so the program waits for it as before, and says so,
    assert done.returncode == 1 and "locked" in done.stderr
    assert early.execute("SELECT COUNT(*) FROM ops_runs").fetchone() == before
    early.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = wal")
    early = sqlite3.connect(path, isolation_level=None)
    early.execute("BEGIN")
    before = early.execute("SELECT COUNT(*) FROM ops_runs").fetchone()
    # and in WAL mode, which stays where it was set, it does not.
    assert tool("run", path, *STAGES, ATHLETE_LOCK_TIMEOUT_S=1).returncode == 0
    assert early.execute("SELECT COUNT(*) FROM ops_runs").fetchone() == before
    early.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT COUNT(*) FROM ops_runs").fetchone() > before
