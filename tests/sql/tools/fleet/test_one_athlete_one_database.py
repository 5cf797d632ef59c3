"""A database for each athlete gives the rows that one database of all gives, however often, by whom and in whatever parts it is made."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from helpers.athletes import crowd
from helpers.machine.soak import sized, soak
from helpers.stores import fleets
from helpers.tools import environment

ATHLETES = range(1, sized(4, 6))
FEATURES = ("activity_features", "athlete_daily_features", "athlete_profile", "athlete_rolling_features", "athlete_weekly_features", "race_results", "similar_runs",
            "training_breaks")  # fmt: skip

pytestmark = pytest.mark.unsanitized  # the stages again


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    found, _ = fleets.tables_of(fleets.one_file(folder, fleets.objects(ATHLETES)))
    return {name: fleets.rows(found[name]) for name in FEATURES}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    told = fleets.ran(folder / "out", fleets.written(folder / "all.ndjson", fleets.objects(ATHLETES)), partitions=4, makes_pool=True)
    assert told.startswith(f"{len(ATHLETES)} athletes advanced, 0 had nothing new, 0 refused")
    return folder / "out"


def features(folder):
    found = fleets.tables_of_fleet(folder)
    return {name: fleets.rows(found[name]) for name in FEATURES}


def in_parts(rng, folder, parts):
    """Each athlete's objects in their order, dealt to files, those of each file in any order of athletes."""
    cut = [[] for _ in range(parts)]
    for athlete in ATHLETES:
        lines = fleets.objects([athlete])
        places = sorted(rng.randrange(parts) for _ in lines)
        for place, line in zip(places, lines):
            cut[place].append((rng.random(), athlete, line))
    files = []
    for number, lines in enumerate(cut):
        order = {athlete: rng.random() for athlete in ATHLETES}
        kept = [line for *_, line in sorted(((order[athlete], place, line) for place, (_, athlete, line) in enumerate(lines)))]
        if kept:
            files.append(fleets.written(folder / f"{number}.ndjson", kept))
    return files


def test_every_feature_of_every_athlete_is_that_of_one_file(fleet, one):
    assert all(len(one[name]) >= len(ATHLETES) for name in FEATURES) and len(one["athlete_rolling_features"]) > 100 * len(ATHLETES)
    assert features(fleet) == one


def test_the_parts_that_objects_come_in_and_the_number_of_partitions_change_no_row(tmp_path, one):
    rng = random.Random(1)
    files = in_parts(rng, tmp_path, 3)
    fleets.ran(tmp_path / "out", *files, partitions=rng.randrange(1, 9))
    assert features(tmp_path / "out") == one


def test_the_same_objects_again_change_no_row(fleet, one, tmp_path):
    fleets.ran(fleet, fleets.written(tmp_path / "again.ndjson", fleets.objects(ATHLETES)))
    assert features(fleet) == one
    assert fleets.ran(fleet).startswith("0 athletes advanced, 0 had nothing new")


def test_what_is_new_of_some_is_the_work_of_those(fleet, tmp_path):
    before = {file.name: file.stat().st_ino for file in fleet.glob("partition=*/files/*.db")}
    told = fleets.ran(fleet, fleets.written(tmp_path / "more.ndjson", [json.dumps(crowd.one_more(fleets.KIND, 3))]))
    assert told.startswith("1 athletes advanced,")
    after = {file.name: file.stat().st_ino for file in fleet.glob("partition=*/files/*.db")}
    assert {name for name in before if before[name] != after[name]} == {"3.db"}
    rows = fleets.tables_of_fleet(fleet)["activity_features"]
    assert sorted(map(int, rows["athlete_id"].to_pylist())) == sorted([athlete for athlete in ATHLETES for _ in range(fleets.KIND.activities)] + [3])


KILLED = ("all", "driver", "worker")  # a driver's workers go on for a while, beside the next job


def processes_of(group):
    """The numbers of those in a process group, its leader first."""
    found = subprocess.run(["ps", "-o", "pid=", "-g", str(group)], capture_output=True, text=True).stdout.split()
    return sorted(map(int, found))


def ended_at_random(rng, killed, what):
    time.sleep(rng.uniform(0, 3))
    if what == "worker":
        _, *others = processes_of(killed.pid)
        victim = rng.choice(others or [killed.pid])
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        killed.wait()  # a job whose worker is killed ends by itself
    elif what == "driver":
        killed.kill()
    else:
        os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()


@pytest.mark.parametrize("what, seed", [("all", 0), *[soak(KILLED[n % 3], n) for n in range(1, 11)]])
def test_a_job_that_is_killed_leaves_whole_partitions_and_is_finished_by_the_next(tmp_path, one, what, seed):
    rng = random.Random(seed)
    source = fleets.written(tmp_path / "all.ndjson", fleets.objects(ATHLETES))
    command = [sys.executable, str(fleets.TOOL), "run", "--partitions=4", str(fleets.with_pool(tmp_path / "out")), str(source)]
    killed = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "template.db").exists() and time.monotonic() < until:
        time.sleep(0.02)
    ended_at_random(rng, killed, what)
    for part in (tmp_path / "out").glob("partition=*"):
        assert {file.name for file in part.glob("*.parquet")} >= {f"{name}.parquet" for name in FEATURES} and len(list((part / "files").glob("*.db"))) > 0
    fleets.ran(tmp_path / "out", source)
    assert features(tmp_path / "out") == one
    with contextlib.suppress(ProcessLookupError):
        os.killpg(killed.pid, signal.SIGKILL)
    held = {os.readlink(link).split("/")[1] for link in (tmp_path / "out").glob("partition=*")}
    assert held <= {version.name for version in (tmp_path / "out" / ".versions").iterdir()}


def test_two_tasks_at_one_partition_leave_what_one_leaves(tmp_path, one, monkeypatch):
    import job
    import partition

    lines = [line.encode() for line in fleets.objects(ATHLETES)]
    told = job.made(fleets.with_pool(tmp_path / "out"), partitions=1)
    for _ in range(2):  # the second began before the first was through: it takes the same objects for new
        partition.run(told, 0, lines)
    assert features(tmp_path / "out") == one
