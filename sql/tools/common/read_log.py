"""Who read what of whom over HTTP, and when: a line of JSON for each answer with values, in a file beside the database.

It is no table, because a database that is only read is not written to. A line has no values.
"""

import contextlib
import datetime
import fcntl
import json
import os
import re


def path_of(database):
    return f"{database}-reads.ndjson"


def add(database, who, **what):
    """Raises OSError where it cannot be written: then nothing is to be answered."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = json.dumps({"at": now, "who": who, **what}, ensure_ascii=False).encode(errors="replace") + b"\n"
    file = os.open(path_of(database), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_SH)  # not while somebody is taken out of it
        os.write(file, line)
    finally:
        os.close(file)


def forget(database, athlete):
    """Writes the log anew without the lines that tell of one athlete; how many these were."""
    with contextlib.suppress(FileNotFoundError), open(path_of(database), "r+b") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        lines = log.readlines()
        kept = [line for line in lines if not _tells(line, athlete)]
        if len(kept) < len(lines):
            size = log.tell()
            log.seek(0)
            log.write(b"".join(kept).ljust(size, b"\n"))  # over the bytes that were there, before the file is cut
            log.flush()
            os.fsync(log.fileno())
            log.truncate(sum(map(len, kept)))
        return len(lines) - len(kept)
    return 0


def _tells(line, athlete):
    try:
        told = json.loads(line)
    except ValueError:
        told = {"path": line.decode(errors="replace")}
    return any(athlete in map(str, entity) for entity in told.get("entities", [])) or re.search(
        rf"(?<!\w){re.escape(athlete)}(?!\w)", str(told.get("path", ""))) is not None
