"""sql/tools/doctor: what it finds is what is there, in environments planted for it; and what it advises brings what is missing."""

import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

from common import machine
from helpers.extension import EXTENSION, ROOT

LIBRARY = EXTENSION if os.path.exists(EXTENSION) else f"{EXTENSION}.so"
RELEASES = {
    "debian": ['ID=debian\nVERSION_ID="12"\n', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'ID="raspbian"\nID_LIKE="debian"\n'],
    "fedora": ["ID=fedora\nVERSION_ID=41\n", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'ID="rhel"\nID_LIKE="fedora"\n'],
    "other": ["", "ID=arch\n", "garbage \x00 = \n", "ID_LIKE=suse\nID=opensuse\n"],
}
WSL = ["Linux version 5.15.90.1-microsoft-standard-WSL2 (gcc)", "Linux version 4.4.0-19041-Microsoft"]


@pytest.mark.parametrize("seed", range(20))
def test_a_system_is_known_by_what_it_says_of_itself(seed):
    rng = random.Random(f"system {seed}")
    kind, releases = rng.choice(list(RELEASES.items()))
    below = rng.random() < 0.5
    assert machine.system("Linux", rng.choice(releases), rng.choice(WSL) if below else "Linux version 6.1.0 (debian)") == (kind, below)
    assert machine.system("Darwin", "", "") == ("macos", False)
    assert machine.system(rng.choice(["MINGW64_NT-10.0", "MSYS_NT-10.0", "CYGWIN_NT-10.0", "Windows"]), "", "")[0] == "windows"


def program(folder, name, text):
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def real(folder, name):
    (folder / name).symlink_to(shutil.which(name))


def plant(folder, rng):
    """A folder of programs and what the doctor has to find wrong with each part: (its words, what brings it)."""
    folder.mkdir()
    wrong = []
    for name in ("env", "sh", "uname"):
        real(folder, name)

    def part(choices):
        fault, words, needs = rng.choice(choices)
        fault()
        wrong.extend([(words, needs)] if words else [])

    own = lambda name, text: lambda: program(folder, name, text)
    version = f"3.{rng.randrange(7, 38)}.{rng.randrange(4)}"
    part([
        (lambda: real(folder, "sqlite3"), None, None), (lambda: None, "the sqlite3 shell is not there", "sqlite3"), (own("sqlite3", "exit 127"), "does not run", "sqlite3"),
        (own("sqlite3", f"echo {version} 2020-01-01"), f"is SQLite {version} where at least 3.38.0 is needed", "sqlite3"),
        (own("sqlite3", 'case "$*" in *compile_options*) echo OMIT_LOAD_EXTENSION;; *) echo 3.43.2 2023;; esac'), "is SQLite 3.43.2 and can load no extension", "sqlite3"),
        (own("sqlite3", 'case "$*" in *athlete_version*) exit 1;; *compile_options*) echo THREADSAFE=1;; *) echo 3.45.1;; esac'), "cannot load", "build it anew"),
    ])  # fmt: skip
    part([
        (lambda: (folder / "python3").symlink_to(sys.executable), None, None), (own("python3", "echo 3 8 3.40.1 True"), "where at least Python 3.9 is needed", "python"),
        (own("python3", f"echo 3 11 {version} True"), "where at least 3.38.0 is needed", "python"), (own("python3", "echo 3 11 3.43.2 False"), "which can load no extension", "PYTHON="),
        (own("python3", "echo No module named sqlite3 >&2; exit 1"), "has no sqlite3", "python"),
    ])  # fmt: skip
    part([(own("cc", "echo x86_64-linux-gnu"), None, None), (lambda: None, "there is no compiler cc", "cc"), (own("cc", "exit 1"), "there is no compiler cc", "cc")])
    lacks = rng.choice([[], [], ["sqlite3"], ["libcjson"], ["sqlite3", "libcjson"]])
    if rng.random() < 0.8:
        program(folder, "pkg-config", f'case "$2" in {"|".join(lacks) or "none"}) exit 1;; *) echo 1.0;; esac')
        wrong += [(f"the headers of {name} are not there", {"sqlite3": "sqlite.h", "libcjson": "cjson.h"}[name]) for name in lacks]
    else:
        wrong += [(f"without pkg-config nobody finds {name}", "pkg-config") for name in ("sqlite3", "libcjson")]
    return wrong


@pytest.mark.parametrize("seed", range(30))
def test_what_is_wrong_with_a_planted_machine_is_said_and_so_is_the_way_out(tmp_path, seed):
    rng = random.Random(f"planted {seed}")
    wrong = plant(tmp_path / "bin", rng)
    command = [sys.executable, ROOT / "sql/tools/doctor", f"--python={tmp_path / 'bin' / 'python3'}", "--compiler=cc", f"--extension={LIBRARY}"]
    done = subprocess.run(command, env={"PATH": str(tmp_path / "bin"), "LANG": "C.UTF-8"}, capture_output=True, text=True)
    assert done.stderr == "" and "Traceback" not in done.stdout
    found = [line for line in done.stdout.splitlines() if line.startswith("  NO")]
    assert len(found) == len(wrong) and all(any(words in line for line in found) for words, _ in wrong), (wrong, done.stdout)
    told = done.stdout.partition("What to do:\n")[2]
    kind, _ = machine.this_system()
    for _, needs in wrong:
        assert machine.PACKAGES.get(kind, ("", {}))[1].get(needs, needs) in told, (needs, told)
    assert (done.returncode, "Nothing is missing" in done.stdout) == ((1, False) if wrong else (0, True))


@pytest.mark.parametrize("kind", ["debian", "fedora", "macos", "other"])
def test_everything_that_may_be_missing_has_its_way_on_every_system(kind):
    rng = random.Random(kind)
    every = list(machine.PACKAGES["debian"][1])
    for _ in range(30):
        missing = rng.sample(every, rng.randrange(1, len(every)))
        lines = machine.advice(kind, missing)
        command, names = machine.PACKAGES.get(kind, ("install", {}))
        assert all(names.get(each, each) in lines[0].replace(",", " ").split() for each in missing) and lines[0].startswith(command.split()[0])
        assert any("brew --prefix sqlite" in line for line in lines) == (kind == "macos" and bool({"sqlite3", "sqlite.h"} & set(missing)))
    assert machine.advice(kind, []) == []
    assert set(names or every) == set(every)


def test_the_packages_of_debian_are_those_that_make_installs():
    done = subprocess.run(["make", "-s", "-C", ROOT, "--eval", "told:\n\t@echo $(RUN_PACKAGES)", "told"], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(machine.PACKAGES["debian"][1].values())


def test_a_folder_on_a_drive_of_windows_is_no_place_for_a_database():
    for folder, below, is_well in (("/mnt/c/Users/ann/runs", True, False), ("/mnt/d", True, False), ("/mnt/c/runs", False, True), ("/home/ann", True, True), ("/mnt/data", True, True)):
        assert machine.place(pathlib.Path(folder), below)[0] == is_well, folder


def test_make_doctor_runs_without_a_build_and_says_which_python_is_missing(tmp_path):
    done = subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={tmp_path / 'build'}", "doctor"], capture_output=True, text=True)
    assert done.returncode == 0 and "is not built yet: make does it" in done.stdout and not (tmp_path / "build").exists(), done
    done = subprocess.run(["make", "-s", "-C", ROOT, "PYTHON=no-such-python", "doctor"], capture_output=True, text=True)
    assert done.returncode != 0 and "There is no no-such-python: install Python 3, or say which" in done.stderr
