"""The example of an application: what a phone would do with the bundled runner, in bounded memory, and on its processors."""

import math
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

from helpers.athletes.activities import RUNNER
from helpers.extension import BUILD, ROOT
from helpers.machine.programs import libraries
from helpers.machine.soak import soak
from helpers.machine.sqlites import alone
from helpers.stores.device_files import PEAK
from helpers.stores.file_rows import differences, rows_apart_from_arrivals

pytestmark = pytest.mark.unsanitized  # it is a process of its own

HOST = ROOT / "ext" / "hosts" / "app"
MEMORY_BYTES, LIBRARY_BYTES = 50e6, 2e6
FILES = sorted(RUNNER.glob("*.json"))
# What runs a program of a target.
PROCESSORS = {"x86_64-linux-gnu": ("gcc", []), "aarch64-linux-gnu": ("aarch64-linux-gnu-gcc", ["qemu-aarch64"]), "arm-linux-gnueabihf": ("arm-linux-gnueabihf-gcc", ["qemu-arm"]),
              "s390x-linux-gnu": ("s390x-linux-gnu-gcc", ["qemu-s390x"])}  # fmt: skip


def started(*command):
    """(exit code, what a program prints, its errors, the most memory that it had, in bytes)"""
    done = subprocess.run([sys.executable, "-S", "-c", PEAK, *map(str, command)], capture_output=True, text=True)
    *lines, peak = done.stdout.splitlines()
    return done.returncode, "\n".join(lines), done.stderr, int(peak) * 1024


def told(out):
    """[(what, {name: value})]"""
    return [(line.split("\t")[0], dict(part.split("=", 1) for part in line.split("\t")[1:])) for line in out.splitlines()]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The example with this machine's libraries, and its assets."""
    folder = tmp_path_factory.mktemp("app")
    subprocess.run([sys.executable, HOST / "assets.py", folder / "assets"], check=True)
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", f"BUILD={BUILD.relative_to(ROOT)}", "static"], cwd=ROOT, check=True)
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-DSQLITE_CORE", f"-I{ROOT}/ext", "-o", folder / "app", HOST / "app.c", BUILD / "libathlete.a",
                    *libraries("sqlite3", "libcjson"), "-lm", "-pthread"], check=True)  # fmt: skip
    return folder / "app", folder / "assets"


@pytest.fixture(scope="module")
def day(program, tmp_path_factory):
    """The file after the first day, and what was printed."""
    path = tmp_path_factory.mktemp("day") / "athlete.db"
    return path, started(*program, path, *FILES)


def test_a_day_of_the_app_prints_what_the_stages_store_within_its_memory(day):
    path, (code, out, err, memory) = day
    assert code == 0 and err == "" and memory < MEMORY_BYTES, (err, memory)
    db, rows = sqlite3.connect(path), told(out)
    date, ctl, tsb = db.execute("SELECT as_of_date, ctl_42d, tsb FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1").fetchone()
    assert rows[0] == ("features", rows[0][1]) and (rows[0][1]["as_of_date"], float(rows[0][1]["ctl"]), float(rows[0][1]["tsb"])) == (date, ctl, tsb)
    estimates = [values for what, values in rows if what == "estimate"]
    stored = dict(db.execute("SELECT distance_class, predicted_s FROM gold_athlete_predictions WHERE model = 'time_estimator'"))
    assert {values["distance_class"]: float(values["estimate_s"]) for values in estimates} == stored and len(stored) == 4
    assert all(math.isclose(float(values["model_says_s"]), float(values["estimate_s"]), rel_tol=1e-12) for values in estimates)
    (workout,) = [values["workout"] for what, values in rows if what == "workout"]
    assert (workout,) == db.execute("SELECT recommended_workout_type FROM gold_training_recommendations").fetchone()


def test_the_next_day_lands_nothing_twice_and_stays_within_its_memory(program, day, tmp_path):
    path = shutil.copy(day[0], tmp_path)
    before, (_, first, _, _) = rows_apart_from_arrivals(path), day[1]
    code, out, err, memory = started(*program, path, *FILES)
    assert code == 0 and told(out)[:-1] == told(first)[:-1] and memory < MEMORY_BYTES, (err, memory)
    assert differences(before, rows_apart_from_arrivals(path)) == {}


def test_a_file_of_a_newer_athlete_broken_json_and_a_missing_folder_are_sentences(program, day, tmp_path):
    path = shutil.copy(day[0], tmp_path / "newer.db")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9999")
    code, _, err, _ = started(*program, path)
    assert code == 1 and "000_ops_tables.sql failed: " in err and "it was made by a newer athlete" in err
    (tmp_path / "broken.json").write_text('[{"id": 1}, {"id": ')
    code, _, err, _ = started(*program, tmp_path / "new.db", tmp_path / "broken.json")
    assert (code, err) == (0, "") and sqlite3.connect(tmp_path / "new.db").execute("SELECT COUNT(*) FROM bronze_rejects").fetchone()[0] > 0
    assert started(program[0], tmp_path, tmp_path / "x.db")[2] == f"{tmp_path} holds no assets: make them by assets.py\n"
    assert started(*program, tmp_path / "x.db", tmp_path / "none.json")[2].endswith(f"cannot read {tmp_path}/none.json\n")


@pytest.mark.parametrize("target", [soak(target) for target in PROCESSORS])
def test_on_other_processors_it_makes_the_same_rows_and_its_library_is_small(day, tmp_path, target):
    compiler, runner = PROCESSORS[target]
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", "app", f"CC={compiler}", f"BUILD={BUILD.relative_to(ROOT)}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    folder = BUILD / "app" / target
    code, out, err, memory = started(*runner, folder / "app", BUILD / "app" / "assets", tmp_path / "athlete.db", *FILES)
    assert code == 0, err
    assert told(out)[:-1] == told(day[1][1])[:-1] and differences(rows_apart_from_arrivals(day[0]), rows_apart_from_arrivals(tmp_path / "athlete.db")) == {}
    library = folder / "libathlete.so"
    assert library.stat().st_size < LIBRARY_BYTES
    segments = subprocess.run(["readelf", "-lW", library], capture_output=True, text=True, check=True).stdout
    assert {int(align, 16) for align in re.findall(r"^  LOAD .*?(0x\w+)$", segments, re.M)} == {16384}
    # What the emulator needs itself comes on top.
    assert memory < MEMORY_BYTES * (2 if runner else 1) and float(told(out)[-1][1]["sqlite_mb"]) * 1e6 < MEMORY_BYTES
