"""xargs -P: nothing to install. It starts as many processes as work at once, and each takes the next number that no other has taken."""

import json
import os
import pathlib
import subprocess
import sys

import job as jobs
from common.database import Failure

WORKER_FAILED = 124  # of xargs: one ended with 255, after its sentence
TOOL = pathlib.Path(__file__).resolve().parents[1]


def run(job, pieces, due, workers=None):
    workers = workers or os.cpu_count()
    with jobs.scratch_of(job) as folder:
        (pathlib.Path(folder) / "job.json").write_text(json.dumps({"job": job, "pieces": pieces}))
        touched = {partition for found in _each("split", folder, range(len(pieces)), workers) for partition in found}
        yield from (outcome for outcomes in _each("task", folder, sorted(touched | due), workers) for outcome in outcomes)


def rows(job, numbers, folder, workers=None):
    (pathlib.Path(folder) / "job.json").write_text(json.dumps({"job": job, "pieces": []}))
    list(_each("rows", folder, numbers, workers or os.cpu_count()))


def _each(what, folder, numbers, workers):
    """What was written for each. A worker that fails stops the others at the next that they would take."""
    if not numbers:
        return
    (pathlib.Path(folder) / f"{what}.json").write_text(json.dumps(list(numbers)))
    command = ["xargs", "-0", "-n", "1", "-P", str(workers), sys.executable, str(TOOL), what, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        told, complaint = started.communicate("".join(f"{worker}\0" for worker in range(min(workers, len(numbers)))).encode())
    if started.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines() or [f"a worker ended with {started.returncode}"]
        raise Failure(lines[0] if started.returncode == WORKER_FAILED else lines[-1])  # an error that nobody foresaw ends with what it is
    for number in numbers:
        yield json.loads((pathlib.Path(folder) / f"{what}-{number}.json").read_text())


def work(what, folder):
    """One process of xargs."""
    import partition
    import pool

    folder = pathlib.Path(folder)
    told = json.loads((folder / "job.json").read_text())
    ways = {
        "split": lambda number: jobs.spooled(told["job"], number, told["pieces"][number], folder),
        "task": lambda number: partition.run(told["job"], number, jobs.arrived(number, folder)),
        "rows": lambda number: pool.task(told["job"], number, folder),
    }
    try:
        for number in json.loads((folder / f"{what}.json").read_text()):
            if _is_mine(folder / f"{what}-{number}.taken") and not (folder / "failed").exists():
                (folder / f"{what}-{number}.json").write_text(json.dumps(ways[what](number)))
    except BaseException:
        (folder / "failed").touch()
        raise


def _is_mine(path):
    """Whether this process makes the file, as one alone does."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
