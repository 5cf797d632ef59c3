"""A job on an engine of many processes, one or all of which are killed at a random moment: partitions are whole, and the next job leaves
the rows of one file; so do Delta Lake tables."""

import contextlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from helpers.extension import BUILD
from helpers.stores import fleets
from helpers.tools import environment

ATHLETES = range(1, 7)
PARTITIONS = 4
FEATURES = ("activity_features", "athlete_daily_features", "athlete_profile", "athlete_rolling_features", "athlete_weekly_features", "race_results", "similar_runs",
            "training_breaks")  # fmt: skip
PYTHON = BUILD / "engines" / "bin" / "python"
# What is killed, by a word of its command: an executor or a worker has the engine start another and repeat its task.
KILLED = {"processes": ("all", "driver", " task "), "dask": ("driver", "spawn_main", "all"), "spark": ("CoarseGrainedExecutorBackend", "driver", "pyspark.daemon", "all", "SparkSubmit")}

pytestmark = [pytest.mark.soak, pytest.mark.unsanitized]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return fleets.written(tmp_path_factory.mktemp("raw") / "all.ndjson", fleets.objects(ATHLETES))


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    found, _ = fleets.tables_of(fleets.one_file(tmp_path_factory.mktemp("one"), fleets.objects(ATHLETES)))
    return {name: fleets.rows(found[name]) for name in FEATURES}


def features(folder):
    found = fleets.tables_of_fleet(folder)
    return {name: fleets.rows(found[name]) for name in FEATURES}


def processes(mark):
    """{number: command} of those that a job has started, whoever their parent is by now."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def killed_at_random(rng, job, mark, what, has_begun):
    """Waits until the job has begun and as many partitions as chance says are there, and a moment more."""
    until = time.monotonic() + 120
    while job.poll() is None and not has_begun() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(rng.uniform(0, 1.5))
    victims = []
    while job.poll() is None and not victims and time.monotonic() < until:
        victims = [number for number, command in sorted(processes(mark).items()) if what == "all" or (number == job.pid if what == "driver" else what in command)]
    victims = victims if what == "all" else victims[:1]
    for number in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return bool(victims)


CASES = [(engine, KILLED[engine][n % len(KILLED[engine])], n) for engine, n_kills in (("spark", 10), ("dask", 6), ("processes", 10)) for n in range(n_kills)]


@pytest.mark.parametrize("engine, what, seed", CASES, ids=lambda value: str(value).strip())
def test_what_is_killed_leaves_the_rows_of_one_file_in_parquet_and_in_delta(tmp_path, source, one, engine, what, seed):
    rng, mark = random.Random(f"{engine} {seed}"), f"ATHLETE_FLEET_TESTED={tmp_path}".encode()
    out, delta = fleets.with_pool(tmp_path / "out"), tmp_path / "delta"
    command = [str(PYTHON), str(fleets.TOOL), "run", f"--engine={engine}", "--workers=2", f"--partitions={PARTITIONS}", f"--delta={delta}", str(out), str(source)]
    wanted = rng.randrange(PARTITIONS - 1)
    with open(tmp_path / "told", "w") as told:
        job = subprocess.Popen(command, env=environment(ATHLETE_FLEET_TESTED=tmp_path), stdout=told, stderr=told, start_new_session=True)
    was_killed = killed_at_random(rng, job, mark, what, lambda: (out / "template.db").exists() and len(list(out.glob("partition=*"))) >= wanted)
    code = job.wait(300)
    if what in ("CoarseGrainedExecutorBackend", "pyspark.daemon", "spawn_main"):  # which the engine repeats
        assert code == 0 and features(out) == one, (tmp_path / "told").read_text()[-3000:]
    for part in out.glob("partition=*"):
        assert {file.name for file in part.glob("*.parquet")} >= {f"{name}.parquet" for name in FEATURES}
    done = fleets.fleet("run", f"--delta={delta}", out, source, python=PYTHON)  # beside what the killed one may have left at work
    assert done.returncode == 0, done.stderr
    for number in processes(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    assert features(out) == one
    assert delta_rows(tmp_path, delta) == one
    print(f"{engine}, {what.strip()} killed ({'at work' if was_killed else 'it had ended'}), {wanted} partitions or more: exit code {code}", file=sys.stderr)


READS = """
import pathlib, sys
import deltalake, pyarrow.parquet as pq
folder, out = map(pathlib.Path, sys.argv[1:])
for table in folder.iterdir():
    pq.write_table(deltalake.DeltaTable(str(table)).to_pyarrow_table(), out / f"{table.name}.parquet")
"""


def delta_rows(tmp_path, delta, names=FEATURES):
    import pyarrow.parquet as pq

    out = tmp_path / "read"
    out.mkdir(exist_ok=True)
    (tmp_path / "read.py").write_text(READS)
    done = fleets.python(tmp_path / "read.py", delta, out, python=PYTHON)
    assert done.returncode == 0, done.stderr
    return {name: fleets.rows(pq.read_table(out / f"{name}.parquet", partitioning=None), ("partition",)) for name in names}


ALL_BYTES = """
import pathlib, sys
import pyarrow.parquet as pq
for file in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if file.is_file():
        text = repr(pq.ParquetFile(file).read().to_pylist()).encode() if file.suffix == ".parquet" else file.read_bytes()
        text += repr(pq.read_metadata(file).to_dict()).encode() if file.suffix == ".parquet" else b""
        print(file) if sys.argv[2].encode() in text else None
"""


def test_a_forgotten_athlete_is_in_no_version_of_delta_and_the_others_stay(tmp_path):
    out, delta = fleets.with_pool(tmp_path / "out"), tmp_path / "delta"
    told = fleets.fleet("run", f"--delta={delta}", "--partitions=2", out, fleets.written(tmp_path / "all.ndjson", fleets.objects((1, 2, 31415926))), python=PYTHON)
    assert told.returncode == 0, told.stderr
    more = fleets.written(tmp_path / "more.ndjson", [fleets.objects([31415926])[3].replace('"name": "', '"name": "x')])
    assert fleets.fleet("run", f"--delta={delta}", out, more, python=PYTHON).returncode == 0
    (tmp_path / "bytes.py").write_text(ALL_BYTES)
    assert fleets.python(tmp_path / "bytes.py", delta, "31415926", python=PYTHON).stdout
    before = delta_rows(tmp_path, delta)
    unnamed = fleets.fleet("forget", out, 31415926, python=PYTHON)
    assert unnamed.returncode == 1 and f"are in Delta Lake tables, too: name them by --delta={delta}" in unnamed.stderr
    for _ in range(2):  # again, as after one that was killed
        done = fleets.fleet("forget", f"--delta={delta}", out, 31415926, python=PYTHON)
        assert done.returncode == 0 and f"the tables in {delta} have them neither, and no earlier version" in done.stdout, done.stderr
    left = fleets.python(tmp_path / "bytes.py", delta, "31415926", python=PYTHON)
    assert left.returncode == 0 and left.stdout == "", left.stdout + left.stderr
    after = delta_rows(tmp_path, delta)
    assert all(after[name] == [row for row in before[name] if "'31415926'" not in row] for name in FEATURES) and len(after["activity_features"]) == 2 * fleets.KIND.activities
    assert fleets.fleet("run", f"--delta={delta}", out, fleets.written(tmp_path / "two.ndjson", fleets.objects([2])), python=PYTHON).returncode == 0
