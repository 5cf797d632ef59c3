"""build/athlete-cli: a sqlite3 shell that has the extension, built in or loaded."""

import os
import random
import shutil
import sqlite3
import subprocess

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.machine.sqlites import alone

BUILD = ROOT / "build"
pytestmark = pytest.mark.unsanitized  # make and a compiler run in it


def make(*arguments):
    return subprocess.run(["make", "-s", "-C", ROOT, *arguments], capture_output=True, text=True)


@pytest.fixture(scope="module", params=["of the package", "loaded", pytest.param("of the amalgamation", marks=pytest.mark.soak)])
def shell(request, tmp_path_factory):
    made = BUILD / "athlete-cli" if request.param == "of the package" else tmp_path_factory.mktemp("shell") / "athlete-cli"
    more = {"of the package": [], "loaded": ["CLI_SOURCE="], "of the amalgamation": [f"SQLITE_SRC={BUILD / 'cli' / 'source'}"]}[request.param]
    with alone(BUILD / "cli.lock"):
        if request.param == "of the amalgamation":
            assert make("build/cli/source/shell.c").returncode == 0
        done = make(f"CLI={made}", *more, "cli")
    assert done.returncode == 0, done.stderr
    return str(made)


def said(shell, *arguments, sql=None, **changes):
    return subprocess.run([shell, *map(str, arguments)], input=sql, capture_output=True, text=True, env=os.environ | changes)


def test_every_function_is_there_without_being_loaded(shell):
    names = {row[0] for row in connect(":memory:").execute("SELECT name FROM athlete_functions")}
    done = said(shell, "-batch", ":memory:", "SELECT name FROM athlete_functions")
    assert (done.returncode, done.stderr) == (0, "") and set(done.stdout.split()) == names


def test_it_answers_as_the_extension_does_over_a_real_file(shell):
    rng = random.Random("cli")
    db = connect(str(demo.database()))
    days = [day for (day,) in db.execute("SELECT as_of_date FROM athlete_rolling_features")]
    for day in rng.sample(days, 5):
        sql = f"SELECT hms(ctl_42d * 60), bar(atl_7d, 0, 150, 14), typeof(tsb) FROM athlete_rolling_features WHERE as_of_date = '{day}'"
        done = said(shell, "-batch", "-bail", demo.database(), sql=sql)
        assert (done.returncode, done.stdout) == (0, "|".join(map(str, db.execute(sql).fetchone())) + "\n")


def test_a_second_database_of_the_same_shell_has_it_too(shell, tmp_path):
    other = tmp_path / "it's other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE x (s)")
        db.execute("INSERT INTO x VALUES (3723)")
    done = said(shell, "-batch", ":memory:", sql=f"SELECT hms(61);\nATTACH '{str(other).replace(chr(39), chr(39) * 2)}' AS o;\nSELECT hms(s) FROM o.x;\n")
    assert done.stdout.split() == ["1:01", "1:02:03"] and done.returncode == 0


def test_an_error_is_an_exit_code_and_the_sentence_of_the_function(shell):
    done = said(shell, "-batch", "-bail", ":memory:", "SELECT hms(1, 2, 3)")
    assert done.returncode != 0 and "hms" in done.stderr


def test_where_neither_source_nor_a_shell_is_there_a_sentence_says_what_to_do(tmp_path):
    for name in ("sh", "make", "uname", "gcc", "python3", "printf", "mkdir", "echo"):
        (tmp_path / name).symlink_to(shutil.which(name))
    (tmp_path / "sqlite3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sqlite3").chmod(0o755)
    done = subprocess.run([shutil.which("make"), "-s", "-o", str(BUILD / "athlete.so"), "-C", ROOT, f"BUILD={BUILD}", "CLI_SOURCE=", f"CLI={tmp_path / 'athlete-cli'}", "-o", "build/athlete.so", "cli"],
                          capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode != 0 and "make doctor says why" in done.stderr and not (tmp_path / "athlete-cli").exists(), done
