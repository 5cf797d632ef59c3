"""xargs -P: nothing to install."""

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
    """What each call wrote. A worker that fails stops the job: xargs starts no other after an exit code of 255."""
    if not numbers:
        return
    command = ["xargs", "-0", "-n", "1", "-P", str(workers), sys.executable, str(TOOL), what, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        told, complaint = started.communicate("".join(f"{number}\0" for number in numbers).encode())
    if started.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines() or [f"a worker ended with {started.returncode}"]
        raise Failure(lines[0] if started.returncode == WORKER_FAILED else lines[-1])  # an error that nobody foresaw ends with what it is
    for number in numbers:
        yield json.loads((pathlib.Path(folder) / f"{what}-{number}.json").read_text())


def work(what, folder, number):
    """One call of xargs."""
    import partition
    import pool

    told = json.loads((pathlib.Path(folder) / "job.json").read_text())
    ways = {
        "split": lambda: jobs.spooled(told["job"], number, told["pieces"][number], folder),
        "task": lambda: partition.run(told["job"], number, jobs.arrived(number, folder)),
        "rows": lambda: pool.task(told["job"], number, folder),
    }
    found = ways[what]()
    (pathlib.Path(folder) / f"{what}-{number}.json").write_text(json.dumps(found))
