"""A disk of the worker's own: a task's folder there, which the next task removes if this one is killed; and, of a database on a network's
disk or a bucket, a copy there, since SQLite's locks are none in such a place."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
import time

PREFIX = "athlete-fleet-"
YOUNG_S = 60  # of one just made, which is not locked yet
# Where locks or renames are not those of a disk, databases are damaged or stop.
REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs"}
REMOTE_PREFIXES = ("/dbfs", "/Volumes", "/mnt/gcs", "/mnt/s3")


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


@contextlib.contextmanager
def at_hand(path, folder=None, writes=False):
    """A path at which a database can be opened, and what was written there is put back whole."""
    if not remote(path.parent):
        yield path
        return
    with scratch_in(folder or tempfile.gettempdir()) as own:
        near = own / path.name
        if path.exists():
            shutil.copyfile(path, near)
        yield near
        if writes:
            fresh = path.with_name(f".{path.name}-{os.getpid()}")
            shutil.copyfile(near, fresh)
            os.replace(fresh, path)


def _swept(folder):
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # at work, another user's, a link, or gone
            told = left.lstat()
            if told.st_uid == os.geteuid() and time.time() - told.st_mtime > YOUNG_S:
                with _locked(left):
                    shutil.rmtree(left)


def remote(folder):
    """On what a folder is where it is on no disk of this machine; empty on one of its own."""
    kind = _file_system(folder)
    if kind in REMOTE or kind.startswith("fuse"):
        return kind
    return next((prefix for prefix in REMOTE_PREFIXES if f"{folder.resolve()}/".startswith(f"{prefix}/")), "")


def _file_system(folder):
    """Its type as the kernel says; empty where it says nothing."""
    mounts = pathlib.Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    best, resolved = ("", ""), str(folder.resolve())
    for line in mounts.read_text().splitlines():
        _, at, kind, *_ = line.split()
        at = at.encode().decode("unicode_escape")
        if (resolved == at or resolved.startswith(at.rstrip("/") + "/")) and len(at) >= len(best[0]):
            best = (at, kind)
    return best[1]
