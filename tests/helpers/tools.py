"""Runs the programs of sql/tools, as they are or watched by strace."""

import os
import re
import subprocess

from helpers.extension import EXTENSION, ROOT

# What starts a process, makes, changes or removes a file, or speaks to another machine.
WATCHED = (
    "execve,execveat,fork,vfork,openat,open,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,symlink,symlinkat,link,linkat,truncate,"
    "chmod,fchmodat,chown,fchownat,mknod,mknodat,socket"
)
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
FOR_READING = re.compile(r"O_RDONLY(?!.*O_(?:CREAT|TRUNC))")


def command(name, *arguments):
    return [str(ROOT / "sql" / "tools" / name), *map(str, arguments)]


def environment(**changes):
    return os.environ | {"ATHLETE_EXTENSION": EXTENSION} | {name: str(value) for name, value in changes.items()}


def tool(name, *arguments, stdin=None, cwd=ROOT, **changes):
    """What a program did; `changes` are of its environment."""
    return subprocess.run(command(name, *arguments), input=stdin, cwd=cwd, env=environment(**changes), capture_output=True, text=not isinstance(stdin, bytes))


def watched(name, *arguments, database, log, cwd=ROOT, stdin=None):
    """What a program did, and the calls that touched anything but the database and its journals."""
    trace = ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "400", "-e", f"trace={WATCHED}", "-e", "signal=none", "-o", str(log)]
    done = subprocess.run([*trace, *command(name, *arguments)], input=stdin, cwd=cwd, env=environment(), capture_output=True, text=True, errors="replace")
    calls = [found.groups() for line in log.read_text(errors="replace").splitlines() if (found := CALL.match(line)) and " = -1 " not in line]
    assert calls[0][0] == "execve", "strace saw nothing"
    return done, [f"{call}({rest}" for call, rest in calls[1:] if not _is_own(call, rest, str(database))]


def _is_own(call, rest, database):
    if call in ("openat", "open") and FOR_READING.search(rest):
        return True
    named = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
    own = {database + end for end in ("", "-journal", "-wal", "-shm")} | {"/dev/null", "/dev/tty"}
    return call in ("openat", "open", "unlink") and bool(named) and set(named) <= own
