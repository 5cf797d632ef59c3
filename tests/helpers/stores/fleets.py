"""A fleet of a few seeded athletes, and the one file of all of them that it must equal."""

import functools
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from helpers.athletes import crowd, demo
from helpers.extension import EXTENSION, ROOT
from helpers.machine import shared
from helpers.tools import environment

TOOL = ROOT / "sql" / "tools" / "fleet"
os.environ.setdefault("ATHLETE_EXTENSION", EXTENSION)
KIND = crowd.MIXED
EXTENSION_FILE = f"{EXTENSION.removesuffix('.so')}.so"


def objects(athletes, kind=KIND):
    return [line for athlete in athletes for line in (json.dumps(crowd.person(athlete)), *map(json.dumps, crowd.life(kind, athlete)))]


def written(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def fleet(*arguments, python=sys.executable, **changes):
    """What the tool did."""
    return subprocess.run([python, str(TOOL), *map(str, arguments)], capture_output=True, text=True, env=environment(**changes))


def python(script, *arguments, python=sys.executable):
    """What a script did."""
    return subprocess.run([python, *map(str, (script, *arguments))], capture_output=True, text=True, env=environment())


@functools.cache
def pool():
    """The pool that a fleet begins with, made once."""
    import template

    def make(path):
        with tempfile.TemporaryDirectory() as folder:
            template.make(path, pathlib.Path(folder) / "template.db")

    return shared.made("pool.db", make)


def with_pool(folder):
    """A folder in which a fleet begins with a pool that is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(pool(), folder / "pool.db")
    return folder


def ran(folder, *sources, makes_pool=False, **options):
    if not makes_pool and not (folder / "pool.db").exists():
        with_pool(folder)
    told = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = fleet("run", *told, folder, *sources)
    assert done.returncode == 0, done.stderr
    return done.stdout


def one_file(folder, lines):
    """A database of all athletes, made by the ordinary tools."""
    return demo.build(folder / "one.db", written(folder / "one.ndjson", lines), *[f for f in demo.REFERENCE if f.parent.name == "features"])


def tables_of(path):
    """{table: rows} of a file, and the layouts that they were read by."""
    import tables

    layouts = tables.layouts(path)
    return tables.read(path, layouts), layouts


def tables_of_fleet(folder):
    """{table: rows} of all partitions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {}
    for part in sorted(pathlib.Path(folder).glob("partition=*")):
        for file in part.glob("*.parquet"):
            found.setdefault(file.stem, []).append(pq.read_table(file, partitioning=None))
    return {name: pa.concat_tables(parts) for name, parts in found.items()}


def rows(table, without=()):
    """Rows in some order that depends on nothing but the rows; doubles by their bytes."""
    columns = [table[name].to_pylist() for name in sorted(table.column_names) if name not in without]
    return sorted(tuple(repr(value) if not isinstance(value, float) else value.hex() for value in row) for row in zip(*columns))


def in_sqlite(fleet, table, columns):
    found = []
    for file in fleet.glob("partition=*/files/*.db"):
        with sqlite3.connect(file) as db:
            found += db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        db.close()
    return found


def as_text(value):
    """A value of an engine's, as the files' is told; numbers by their bytes."""
    return float(value).hex() if isinstance(value, float) else int(value) if isinstance(value, bool) else value
