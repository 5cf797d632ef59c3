"""Files that take long to make and that every worker of a run reads: the first that asks makes one, and the others wait for it.

ATHLETE_SHARED names the folder of the run, which `tests/run` makes and removes; without, a process has one of its own."""

import atexit
import functools
import os
import pathlib
import tempfile

from helpers.machine.sqlites import alone


@functools.lru_cache(maxsize=None)
def folder():
    if told := os.environ.get("ATHLETE_SHARED"):
        return pathlib.Path(told)
    own = tempfile.TemporaryDirectory()
    atexit.register(own.cleanup)
    return pathlib.Path(own.name)


def made(name, make):
    """The path of a file that make(path) has made."""
    path = folder() / name
    with alone(folder() / f"{name}.lock"):
        if not path.exists():
            make(folder() / f"new-{name}")
            (folder() / f"new-{name}").rename(path)
    return path
