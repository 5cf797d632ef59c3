"""SQLite in many versions: wheels of apsw, a crate that carries its source, and the hosts of JavaScript.

Each is brought by the ordinary client of its registry, once, into build/sqlite.
"""

import contextlib
import fcntl
import functools
import json
import os
import subprocess
import sys

from helpers.extension import EXTENSION, ROOT

FOLDER = ROOT / "build" / "sqlite"
HOSTS = ROOT / "tests" / "sql" / "hosts"
CRATE = """[package]
name = "sqlite-source"
version = "0.0.0"
edition = "2021"
[lib]
path = "empty.rs"
[dependencies]
libsqlite3-sys = "={version}"
"""


def sh(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def alone(path):
    """One process of all that ask for this lock, such as workers whose makes would build in one folder."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(bring):
    """Decorates bring(folder, …), which fills a new folder named after its arguments."""

    @functools.wraps(bring)
    def brought(*arguments):
        folder = FOLDER / "-".join([bring.__name__, *arguments])
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / "lock"):
            if not (folder / "done").exists():
                bring(folder, *arguments)
                (folder / "done").touch()
        return folder

    return functools.lru_cache(maxsize=None)(brought)


@once
def apsw(folder, version):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    sh(*pip, "--only-binary", ":all:", "--no-deps", "--target", folder, f"apsw=={version}")


@once
def crate(folder, version):
    """libsqlite3.so.0 from the source in a version of the crate libsqlite3-sys."""
    (folder / "Cargo.toml").write_text(CRATE.replace("{version}", version))
    (folder / "empty.rs").touch()
    sh("cargo", "vendor", "--quiet", "vendor", cwd=folder)
    source = folder / "vendor" / "libsqlite3-sys" / "sqlite3" / "sqlite3.c"
    sh("gcc", "-O1", "-w", "-shared", "-fPIC", "-DSQLITE_ENABLE_COLUMN_METADATA", "-DSQLITE_ENABLE_LOAD_EXTENSION", "-Wl,-soname,libsqlite3.so.0",
       source, "-o", folder / "libsqlite3.so.0", "-lm", "-lpthread", "-ldl")  # fmt: skip


@once
def npm(folder, *packages):
    (folder / "package.json").write_text("{}")
    sh("npm", "install", "--no-audit", "--no-fund", "--no-save", *packages, cwd=folder)


def command(name):
    """What starts the host of a name such as "apsw 3.46.1.0", "crate 0.24.2", "better-sqlite3 12" or "node:sqlite 24"; and its
    environment."""
    kind, _, version = name.partition(" ")
    python = [sys.executable, HOSTS / "under_sqlite.py"]
    if kind == "system":
        return [*python, "sqlite3"], {}
    if kind == "apsw":
        return [*python, kind], {"PYTHONPATH": str(apsw(version))}
    if kind == "crate":
        return [*python, "sqlite3"], {"LD_LIBRARY_PATH": str(crate(version))}
    node = npm("better-sqlite3@12", "node@24") / "node_modules"
    started = "node" if kind == "better-sqlite3" else node / "node" / "bin" / "node"
    return [started, HOSTS / "under_sqlite.cjs", kind], {"NODE_PATH": str(node)}


def run(name, path, steps):
    """Runs steps (see under_sqlite.py) over a database; the version of SQLite that did, and the rows of the last step."""
    start, environment = command(name)
    file = path.with_suffix(".json")
    file.write_text(json.dumps(steps), encoding="utf-8")
    library = EXTENSION if start[-1] == "sqlite3" or start[-1] == "apsw" else f"{EXTENSION.removesuffix('.so')}.so"
    done = sh(*start, path, library, file, env={**os.environ, **environment})
    answer = json.loads(done)
    return answer["version"], answer["rows"]
