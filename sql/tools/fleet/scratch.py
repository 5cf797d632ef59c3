"""A task's own folder on a disk of its worker, which it removes at its end. Of a task that was killed the next one removes it."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
import time

PREFIX = "athlete-fleet-"
YOUNG_S = 60  # of one just made, which is not locked yet


@contextlib.contextmanager
def scratch_in(folder):
    _swept(pathlib.Path(folder))
    with tempfile.TemporaryDirectory(dir=folder, prefix=PREFIX) as own, _locked(own):
        yield pathlib.Path(own)


@contextlib.contextmanager
def _locked(folder):
    """A lock that ends with this process, however that ends."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _swept(folder):
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # at work, another user's, a link, or gone
            told = left.lstat()
            if told.st_uid == os.geteuid() and time.time() - told.st_mtime > YOUNG_S:
                with _locked(left):
                    shutil.rmtree(left)
