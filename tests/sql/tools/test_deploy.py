"""`make deploy` into an empty prefix, and again over what it made."""

import configparser
import os
import shlex
import sqlite3
import subprocess

import pytest

from helpers.extension import EXTENSION, ROOT

RUNNER = ROOT / "tests" / "data" / "strava-api" / "runner" / "activities.json"
ODD = "a b'c\"d$e%f\\g"


def run(*command, fails=False, **environment):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd="/", env={**os.environ, "ATHLETE_EXTENSION": EXTENSION, **environment})
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def contents(path):
    db = sqlite3.connect(path)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('ops_runs', 'ops_rests') ORDER BY name")]
    found = {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    db.close()
    return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deploy") / ODD
    folder.mkdir()
    told = run(ROOT / "sql" / "tools" / "deploy", folder / "prefix", folder / "athlete.db", folder / "inbox")
    return folder, told


def test_what_is_installed_runs_alone(deployed):
    folder, told = deployed
    athlete = folder / "prefix" / "bin" / "athlete"
    assert "athlete.db is of this schema" in told and "athlete-daily.timer" in told
    run(athlete, "import", folder / "athlete.db", RUNNER)
    run(athlete, "pipeline", folder / "athlete.db")
    assert "Athlete 4001: 1132 activities" in run(athlete, "page", folder / "athlete.db", ATHLETE_EXTENSION="/nowhere")


def test_deploying_again_keeps_every_row_and_leaves_no_trace_of_what_it_replaced(deployed):
    folder, _ = deployed
    (folder / "prefix" / "lib" / "athlete" / "sql" / "of_before").write_text("")
    before = contents(folder / "athlete.db")
    run(ROOT / "sql" / "tools" / "deploy", folder / "prefix", folder / "athlete.db", folder / "inbox")
    assert contents(folder / "athlete.db") == before
    assert not (folder / "prefix" / "lib" / "athlete" / "sql" / "of_before").exists()
    assert sorted(p.name for p in (folder / "prefix" / "lib").iterdir() if p.name.startswith((".", "athlete"))) == ["athlete"]


def test_the_units_name_the_program_and_the_file_as_systemd_reads_them(deployed):
    folder, _ = deployed
    (service,) = (folder / "prefix").glob("*/systemd/*/athlete-daily.service")
    (timer,) = (folder / "prefix").glob("*/systemd/*/athlete-daily.timer")
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read([service, timer])
    words = shlex.split(unit["Service"]["ExecStart"])  # quotes and backslashes are a shell's there; percents and dollars are doubled
    assert [w.replace("%%", "%").replace("$$", "$") for w in words] == [
        str(folder / "prefix" / "bin" / "athlete"), "daily", "--scheduled=yes", "--", str(folder / "athlete.db"), str(folder / "inbox")]
    assert unit["Timer"]["OnCalendar"] == "*-*-* 05:00:00 America/Sao_Paulo"


def test_the_crontab_runs_the_same_command_in_the_same_zone_as_a_shell_reads_it(deployed):
    folder, _ = deployed
    lines = (folder / "prefix" / "share" / "athlete" / "athlete.cron").read_text().splitlines()
    assert "CRON_TZ=America/Sao_Paulo" in lines and lines[-1].startswith("0 5 * * * ")
    command = lines[-1].removeprefix("0 5 * * * ")
    assert "%" not in command.replace("\\%", "")
    assert shlex.split(command.replace("\\%", "%")) == [str(folder / "prefix" / "bin" / "athlete"), "daily", "--scheduled=yes", "--", str(folder / "athlete.db"), str(folder / "inbox")]


@pytest.mark.parametrize("tool", ["", "../tools/run", ".", "nothing"])
def test_a_tool_that_is_not_there_is_refused_with_a_sentence(deployed, tool):
    folder, _ = deployed
    assert "athlete: " in run(folder / "prefix" / "bin" / "athlete", tool, fails=True)


def test_a_prefix_that_cannot_be_written_to_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    told = run(ROOT / "sql" / "tools" / "deploy", tmp_path / "file", fails=True)
    assert "Not a directory" in told or "File exists" in told
    assert "Traceback" not in told
