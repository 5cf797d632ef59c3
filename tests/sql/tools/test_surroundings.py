"""The user's own shell, machine and habits: settings of the sqlite3 shell, locks, full disks, folders one may not write to, pipes
that close, names with anything in them. What is asked for happens, or a sentence says why not."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest

from helpers.athletes.demo import STAGES
from helpers.extension import DATA, EXTENSION, ROOT
from helpers.machine.soak import soak
from helpers.tools import command, environment, tool


RUNNER = DATA / "strava-api" / "runner"
ACTIVITIES = [RUNNER / "activity_marathon_detail.json", RUNNER / "activity_laps.json"]
DEFINITION = '{"feature_group": "sleep", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "features": [{"name": "hours", "type": "numerical"}]}'
NIGHT = "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, 8 AS hours"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    for name, *arguments in (["import", *ACTIVITIES], ["run", *STAGES]):
        assert tool(name, folder / "athlete.db", *arguments).returncode == 0
    return folder / "athlete.db"


@pytest.fixture
def files(tmp_path, finished):
    """A finished database, a definition and a specification, in a folder of their own."""
    folder = tmp_path / "it's \"mine\""
    folder.mkdir()
    shutil.copy(finished, folder / "athlete.db")
    (folder / "sleep.json").write_text(DEFINITION)
    (folder / "spec.json").write_text('{"labels": "SELECT 1 AS x, \'2024-01-01\' AS at", "as_of": "at", "lookups": []}')
    return folder


def steps(folder, database="athlete.db"):
    """Every tool once, in an order in which each has what it needs."""
    path = folder / database
    return [("import", path, *ACTIVITIES), ("run", path, *STAGES), ("define", path, folder / "sleep.json"), ("ingest", path, "sleep", NIGHT), ("migrate", path),
            ("training-set", path, folder / "spec.json"), ("training-set", path, "--rebuild", "1"), ("tell", path, "name", "Ann", "--athlete=4001"), ("page", path), ("serve/token", path, "--list")]  # fmt: skip


def is_a_sentence(text):
    return text.strip() and "Traceback" not in text and "Error" not in text and len(text.splitlines()) <= 2


# --- settings of the shell ---------------------------------------------------------------------------------------------------


def test_settings_of_the_sqlite3_shell_change_nothing(files):
    home = files / "home"
    home.mkdir()
    (home / ".sqliterc").write_text(f".headers on\n.mode box\n.nullvalue nothing\n.shell touch '{home}/made'\n.bail on\nSELECT 'printed';\n")
    (home / ".config" / "sqlite3").mkdir(parents=True)
    shutil.copy(home / ".sqliterc", home / ".config" / "sqlite3" / "sqliterc")
    shutil.copytree(files, files.parent / "plain", ignore=lambda *_: ["home"])
    for (name, *ours), (_, *theirs) in zip(steps(files), steps(files.parent / "plain")):
        here, there = tool(name, *ours, HOME=home, XDG_CONFIG_HOME=home / ".config"), tool(name, *theirs)
        assert (here.returncode, here.stderr) == (0, "")
        if name not in ("page", "training-set"):  # which say how long something took, or when
            assert here.stdout == there.stdout
        assert here.stdout.count("\n") == there.stdout.count("\n")
    assert not (home / "made").exists()


# --- locks -------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(path, seconds):
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(seconds, lambda: db.execute("ROLLBACK"))
    timer.start()
    yield
    timer.join()
    db.close()


def test_a_lock_of_three_seconds_is_waited_for(files):
    """All tools at once: they wait for each other, too."""
    for name, *arguments in steps(files)[:6]:
        assert tool(name, *arguments).returncode == 0
    with locked(files / "athlete.db", 3):
        started = time.monotonic()
        running = [subprocess.Popen(command(*step), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for step in steps(files)]
        ended = [process.communicate() for process in running]
        assert time.monotonic() - started > 2
    assert [(process.returncode, error) for process, (_, error) in zip(running, ended)] == [(0, "")] * len(running)


def test_a_lock_that_stays_is_told_with_the_time_it_was_waited_for(files):
    with locked(files / "athlete.db", 0.01):
        pass
    db = sqlite3.connect(files / "athlete.db", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    for name, *arguments in steps(files):
        done = tool(name, *arguments, ATHLETE_LOCK_TIMEOUT_S="0.1")
        assert done.returncode == 1 and "database is locked: another program has kept it for 0.1 seconds" in done.stderr, (name, done.stderr)
    db.close()
    done = tool("page", files / "athlete.db", ATHLETE_LOCK_TIMEOUT_S="soon")
    assert done.stderr == "ATHLETE_LOCK_TIMEOUT_S is 'soon' where a number of seconds from 0 to 3600 belongs\n"


# --- disks and folders -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def full_disk(folder, free_kb):
    """A file system of its own with so much room; mounting takes a superuser, as in a container."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={free_kb}k", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("temporary", ["full", *map(soak, ("absent", "a file", "read-only"))])
def test_no_tool_needs_a_folder_for_temporary_files(files, temporary):
    folder = files / "temporary"
    if temporary == "a file":
        folder.touch()
    elif temporary != "absent":
        folder.mkdir()
    with contextlib.ExitStack() as stack:
        if temporary == "full":
            stack.enter_context(full_disk(folder, 16))
            (folder / "filling").write_bytes(bytes(12288))
        elif temporary == "read-only":
            folder.chmod(0o500)
        for name, *arguments in steps(files):
            done = tool(name, *arguments, TMPDIR=folder, SQLITE_TMPDIR=folder)
            assert (done.returncode, done.stderr) == (0, ""), (name, done.stderr)
        assert temporary not in ("full", "read-only") or {f.name for f in folder.iterdir()} <= {"filling"}


def test_a_full_disk_is_told_with_how_much_is_free_and_leaves_the_database_as_it_was(tmp_path, finished):
    disk = tmp_path / "disk"
    disk.mkdir()
    with full_disk(disk, finished.stat().st_size // 1024 + 64):
        shutil.copy(finished, disk / "athlete.db")
        before = list(sqlite3.connect(disk / "athlete.db").iterdump())
        (tmp_path / "more.ndjson").write_text("\n".join('{"id": %d, "note": "%s"}' % (i, "x" * 900) for i in range(300)))
        done = tool("import", disk / "athlete.db", tmp_path / "more.ndjson")
        assert done.returncode == 1 and "database or disk is full; free are 0." in done.stderr and str(disk) in done.stderr
        assert list(sqlite3.connect(disk / "athlete.db").iterdump()) == before


def test_in_a_folder_one_may_not_write_to_the_page_is_shown_and_the_rest_says_why_not(tmp_path, finished):
    """As another user than the superuser, whom no folder keeps out."""
    shut = tmp_path / "shut"
    shut.mkdir()
    shutil.copy(finished, shut / "athlete.db")
    subprocess.run(["mount", "--bind", "-o", "ro", shut, shut], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", shut], check=True)
    try:
        (tmp_path / "sleep.json").write_text(DEFINITION)
        assert tool("page", shut / "athlete.db").stdout == tool("page", finished).stdout
        for name, *arguments in (["import", *ACTIVITIES], ["run", *STAGES], ["define", tmp_path / "sleep.json"], ["serve/token", "--list"]):
            done = tool(name, shut / "athlete.db", *arguments)
            assert done.returncode == 1 and "readonly" in done.stderr and is_a_sentence(done.stderr), (name, done.stderr)
        assert is_a_sentence(tool("import", shut / "new.db", *ACTIVITIES).stderr)
    finally:
        subprocess.run(["umount", shut], check=True)


@pytest.mark.parametrize("step", range(9))
def test_a_database_that_is_not_there_or_is_none_is_named_and_not_made(files, step):
    name, _, *arguments = steps(files)[step]
    makes = name in ("import", "run", "define")
    places = {"nowhere/athlete.db": "there is no folder" if makes else "there is no database", "": "is a folder", ".": "is a folder", "sleep.json": "file is not a database"}
    places |= {} if makes else {"missing.db": "there is no database"}
    for place, sentence in places.items():
        done = tool(name, files / place if place else "", *arguments)
        assert done.returncode == 1 and sentence in done.stderr and is_a_sentence(done.stderr), (place, done.stderr)
    assert sorted(f.name for f in files.iterdir()) == ["athlete.db", "sleep.json", "spec.json"] and (files / "sleep.json").read_text() == DEFINITION


# --- pipes and names ----------------------------------------------------------------------------------------------------------


def test_a_reader_that_has_seen_enough_is_no_failure(files):
    for name, *arguments in (["page"], ["define", files / "sleep.json"]):
        with open(files / "errors", "w") as errors:
            process = subprocess.Popen(command(name, files / "athlete.db", *arguments), env=environment(), stdout=subprocess.PIPE, stderr=errors)
            process.stdout.close()
            assert process.wait() == 0
        assert (files / "errors").read_text() == ""
    shown = subprocess.run(["bash", "-o", "pipefail", "-c", f'make -s page DB="{"$"}PLACE" EXTENSION={extension_file()} | head -1'], cwd=ROOT,
                           env=environment(PLACE=files / "athlete.db"), capture_output=True, text=True)  # fmt: skip
    assert shown.stdout.startswith("Athlete 4001: ") and "roken" not in shown.stderr and "Error" not in shown.stderr


@pytest.mark.parametrize("megabytes", [150, soak(110), soak(220)])
def test_with_little_memory_a_tool_works_or_says_so(files, megabytes):
    for name, *arguments in steps(files):
        limited = ["prlimit", f"--as={megabytes * 1_000_000}", *command(name, *arguments)]
        done = subprocess.run(limited, cwd=ROOT, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0 or is_a_sentence(done.stderr), (name, done.stderr)


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", *map(soak, ("<&-", ">&-", "2>&-"))])
def test_a_stream_that_is_closed_harms_nothing(files, closed):
    for name, *arguments in steps(files):
        done = subprocess.run(["bash", "-c", f'"$@" {closed}', "bash", *command(name, *arguments)], cwd=ROOT, env=environment(), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), name
    done = subprocess.run(["bash", "-c", '"$@" <&-', "bash", *command("import", files / "athlete.db", "-")], env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "standard input is closed\n")


def test_a_files_name_that_is_no_utf8_is_told_without_all_that_it_stands_in(files):
    path = os.fsencode(files) + b"/\xff\xfe.db"
    shutil.copy(files / "athlete.db", path)
    done = tool("metadata", os.fsdecode(path), files / "metadata.json")
    assert done.returncode == 1 and done.stderr.startswith("a text that is not UTF-8: ") and len(done.stderr) < 200


def extension_file():
    return EXTENSION if os.path.exists(EXTENSION) else f"{EXTENSION}.so"


@pytest.mark.parametrize("name", ["a b.json", "it's.json", 'the "best".json', "a\nb.json", "back\\slash.json", "$HOME.json", "`x`.json", "-n.json", "é;&|.json"])
def test_make_hands_over_names_as_they_are(tmp_path, name):
    folder = tmp_path / name.removesuffix(".json")
    folder.mkdir()
    (tmp_path / name).write_text('{"id": 1, "athlete": {"id": 2}, "start_date": "2024-01-01T00:00:00Z", "sport_type": "Run"}')
    make = ["make", "-s", "-C", str(ROOT), "-o", extension_file(), f"EXTENSION={extension_file()}"]
    done = subprocess.run([*make, "import", f"DB={folder / 'a.db'}", f"SRC={tmp_path / name}"], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(folder / "a.db") as db:
        assert db.execute("SELECT source FROM bronze_strava_activities").fetchall() == [(name,)]


@pytest.mark.parametrize("home", ["home", "h o$m'e", "h~/e"])
def test_make_finds_what_lies_at_home_where_the_shell_leaves_that_to_it(tmp_path, home):
    """As zsh and dash do with SRC=~/x."""
    folder = tmp_path / home
    (folder / "d~").mkdir(parents=True)
    (folder / "d~" / "x y.json").write_text('{"id": 1, "athlete": {"id": 2}, "start_date": "2024-01-01T00:00:00Z", "sport_type": "Run"}')
    make = ["make", "-s", "-C", str(ROOT), "-o", extension_file(), f"EXTENSION={extension_file()}"]
    done = subprocess.run([*make, "import", "DB=~/a.db", "SRC=~/d~/x y.json"], capture_output=True, text=True, env=environment(HOME=str(folder)))
    assert done.returncode == 0 and (folder / "a.db").exists(), done.stderr


@pytest.mark.parametrize("as_of", ["2024-01-01'; DROP TABLE ops_config; --", "$(touch made)", "tomorrow", "2024-13-01", '"'])
def test_a_day_that_is_none_is_refused_as_it_was_said(files, as_of):
    def told():
        return [line for line in sqlite3.connect(files / "athlete.db").iterdump() if "ops_runs" not in line and "ops_rests" not in line]

    before = told()
    done = tool("run", f"--as-of={as_of}", files / "athlete.db", STAGES[0])
    assert done.returncode == 1 and done.stderr == f"--as-of is {as_of!r} where a day such as 2025-10-20, or today, belongs\n"
    assert told() == before


def test_a_day_is_set_and_every_calendar_goes_on_to_it(files):
    assert tool("run", "--as-of", "2030-01-05", files / "athlete.db", *STAGES).returncode == 0
    assert sqlite3.connect(files / "athlete.db").execute("SELECT MAX(as_of_date) FROM athlete_rolling_features").fetchone() == ("2030-01-05",)
