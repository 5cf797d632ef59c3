"""A signal at any moment ends a tool at once and leaves the database as it was before or after a step, and no other file."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from helpers.athletes.demo import REFERENCE, RUNNER, STAGES
from helpers.extension import ROOT
from helpers.machine.soak import sized, soak
from helpers.tools import command, environment, tool


def dump(path):
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'ops_%' AND name <> 'bronze_landings'")]
        return {t: sorted(map(repr, db.execute(f'SELECT * FROM "{t}"'))) for t in tables}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    assert tool("import", folder / "athlete.db", *RUNNER, *REFERENCE).returncode == 0
    return folder / "athlete.db"


def wait_until_open(process, path):
    """Before, while Python starts, there is nothing that a signal could leave."""
    while process.poll() is None and not any(is_open(process, number, path) for number in range(3, 9)):
        time.sleep(0.002)


def is_open(process, number, path):
    try:
        return os.readlink(f"/proc/{process.pid}/fd/{number}") == str(path)
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, soak(signal.SIGHUP)])
@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 30))])
def test_a_signal_leaves_whole_stages_and_no_other_file(tmp_path, imported, seed, number):
    rng = random.Random(f"{seed} {number}")
    shutil.copy(imported, tmp_path / "athlete.db")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for _ in range(sized(1, 3)):
        process = subprocess.Popen(command("run", tmp_path / "athlete.db", *STAGES), env=environment(TMPDIR=temporary, SQLITE_TMPDIR=temporary), stderr=subprocess.PIPE, text=True)
        wait_until_open(process, tmp_path / "athlete.db")
        time.sleep(rng.uniform(0, 1.2))
        process.send_signal(number)
        _, error = process.communicate()
        assert process.returncode in (-number, 0) and "Traceback" not in error
        assert sorted(file.name for file in tmp_path.iterdir()) == ["athlete.db", "temporary"] and list(temporary.iterdir()) == []
        with sqlite3.connect(tmp_path / "athlete.db") as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert {outcome for (outcome,) in db.execute("SELECT message FROM ops_runs WHERE outcome = 'failed'")} <= {"interrupted"}
    assert tool("run", tmp_path / "athlete.db", *STAGES).returncode == 0
    with sqlite3.connect(tmp_path / "athlete.db") as db:
        assert db.execute("SELECT COUNT(*) FROM activity_features").fetchone()[0] > 1000


def test_a_tool_that_waits_ends_at_a_signal(tmp_path):
    """For a pipe that says nothing, and for a lock."""
    db = sqlite3.connect(tmp_path / "athlete.db", isolation_level=None)
    db.execute("CREATE TABLE t (x)")
    db.execute("BEGIN EXCLUSIVE")
    for name, *arguments in (["import", "-"], ["run", STAGES[0]]):
        process = subprocess.Popen(command(name, tmp_path / "athlete.db", *arguments), env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.5)
        process.terminate()
        assert process.wait(timeout=60) == -signal.SIGTERM  # the lock is held for longer, and the pipe says nothing ever
    db.execute("ROLLBACK")
    db.close()
    assert [file.name for file in tmp_path.iterdir()] == ["athlete.db"]


def test_one_statement_of_minutes_stops_at_ctrl_c(tmp_path):
    stage = tmp_path / "endless.sql"
    stage.write_text("BEGIN IMMEDIATE; CREATE TABLE half (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n; COMMIT;")
    assert tool("run", tmp_path / "athlete.db", ROOT / "sql" / "0_ops/000_ops_tables.sql").returncode == 0
    process = subprocess.Popen(command("run", tmp_path / "athlete.db", stage), env=environment())
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == -signal.SIGINT
    with sqlite3.connect(tmp_path / "athlete.db") as db:
        assert db.execute("SELECT stage, message FROM ops_runs WHERE outcome = 'failed'").fetchall() == [("endless", "interrupted")]
        assert db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)
