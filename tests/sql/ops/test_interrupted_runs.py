"""The stage runner, killed at a random moment or out of disk, leaves a database from which running again gives the same bytes."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

from helpers.athletes.activities import STAGES, assert_same, dump, file_of, make_history, new_database, seeded
from helpers.extension import EXTENSION, ROOT
from helpers.machine.soak import soak
from helpers.stages import PATHS


def runner(path, **options):
    command = [ROOT / "sql" / "tools" / "run", path, *(PATHS[stage] for stage in STAGES)]
    return subprocess.Popen(command, env=os.environ | {"ATHLETE_EXTENSION": str(EXTENSION)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


def finished(process):
    _, said = process.communicate()
    return process.returncode, said


INSTANT = re.compile(r"'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'")
BEGAN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def without_clock(row):
    """Instants at which this test ran are one instant."""
    return INSTANT.sub(lambda found: "'now'" if found[1] >= BEGAN else found[0], row)


def contents(path):
    db = new_database(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)] and db.execute("PRAGMA foreign_key_check").fetchall() == []
    result = {table: sorted(map(without_clock, rows)) for table, rows in dump(db, with_history=True).items()}
    db.close()
    return result


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A database with an athlete's history, and more of it and another athlete in the inbox; what all stages make of it."""
    more, another = make_history(seeded(2), 1, 30, 40, first_number=1000), make_history(seeded(3), 2, 150, 300, first_number=5000)
    path = file_of(tmp_path_factory.mktemp("runs") / "waiting.db", make_history(seeded(1), 1, 40, 80), more, another)
    whole = path.with_name("whole.db")
    shutil.copy(path, whole)
    began = time.monotonic()
    assert finished(runner(whole))[0] == 0
    return path, contents(whole), time.monotonic() - began, whole.stat().st_size


@pytest.mark.parametrize("kills, seed", [(4, 0), soak(100, 1)])
def test_after_a_kill_at_any_moment_running_again_gives_the_same_bytes(waiting, tmp_path, kills, seed):
    original, expected, duration_s, _ = waiting
    rng, path, n_killed, n_begun = random.Random(seed), tmp_path / "killed.db", 0, 0
    before = {row for rows in contents(original).values() for row in rows}
    while n_killed < kills:
        shutil.copy(original, path)
        process = runner(path)
        time.sleep(rng.uniform(0.3 * duration_s, duration_s))
        process.send_signal(signal.SIGKILL)
        n_killed += finished(process)[0] == -signal.SIGKILL
        n_begun += {row for rows in contents(path).values() for row in rows} != before
        assert finished(runner(path))[0] == 0
        assert_same(expected, contents(path))
    assert n_begun > 0


@pytest.mark.parametrize("times, seed", [(2, 0), soak(20, 1)])
def test_after_a_full_disk_running_again_gives_the_same_bytes(waiting, tmp_path, times, seed):
    """The file may not grow beyond a size between that before and that after: a write fails as on a full disk."""
    original, expected, _, whole_size = waiting
    rng, path = random.Random(seed), tmp_path / "full.db"
    for _ in range(times):
        shutil.copy(original, path)
        limit = rng.randrange(original.stat().st_size, whole_size - 8192)
        code, said = finished(runner(path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))))
        assert code != 0 and ("disk I/O error" in said or "full" in said), said
        assert "Traceback" not in said
        assert finished(runner(path))[0] == 0
        assert_same(expected, contents(path))
