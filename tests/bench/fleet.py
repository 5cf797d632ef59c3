"""What a fleet costs on each engine, beside the same engine with an empty function, and whether its rows are those of one file.

    PYTHONPATH=tests tests/bench/fleet.py engines [--kind light|full|ages] [--athletes 100] [--workers 1,2] [--engines processes,dask,sail,spark]
    PYTHONPATH=tests tests/bench/fleet.py news    [--kind light|full|ages] [--athletes 200]     of K of them, for K = 1, a hundredth, all
    PYTHONPATH=tests tests/bench/fleet.py poison  [--athletes 50]                               one has fifty times the activities
                                                  [--partitions 16]                             of each

Light athletes have 90 activities each, full ones 965 over eight years, and those of all ages 120 a year over one to eight years, every
other one with eight laps a run (helpers/athletes/crowd.py, seeded). Seconds are of CPU, of all
processes that the engine started, the JVM among them; what an athlete costs is what is left without the empty function. `make soak` has
installed the engines into build/engines.
"""

import argparse
import ctypes
import hashlib
import json
import multiprocessing
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "sql" / "tools" / "fleet"), str(ROOT / "sql" / "tools")]

import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
from helpers.athletes import crowd  # noqa: E402
from helpers.extension import BUILD  # noqa: E402
from helpers.stores import fleets  # noqa: E402
from helpers.tools import environment  # noqa: E402

PYTHONS = {engine: BUILD / ("sail" if engine == "sail" else "engines") / "bin" / "python" for engine in ("processes", "dask", "spark", "sail")}
KINDS = {"light": lambda athlete: crowd.LIGHT, "full": lambda athlete: crowd.Kind(965, 8 * 365, False), "ages": lambda athlete: crowd.Kind(120 * years(athlete), 365 * years(athlete), True)}
SUBREAPER = 36  # of prctl: what outlives its parent is ours to wait for, so that its CPU is counted
# With the modules of the function, which each worker imports once.
EMPTY = """import checks, crew, tables
import pyarrow.parquet


def run(job, number, lines):
    return [{"athlete_id": None, "partition": number, "outcome": "kept", "stage": None, "message": None, "objects": len(list(lines)), "seconds": 0.0}]
"""


def years(athlete):
    return 1 + athlete // 2 % 8


def main(given):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=["engines", "news", "poison"])
    parser.add_argument("--kind", choices=KINDS, default="light")
    parser.add_argument("--athletes", type=int, default=100)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--engines", default="processes,dask,sail,spark")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        {"engines": engines, "news": news, "poison": poison}[options.way](pathlib.Path(folder), options)


# --- what a command costs --------------------------------------------------------------------------------------------------


def measured(command):
    """(CPU seconds, wall seconds, what it printed) of a command and of all that it started."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    start = time.perf_counter()
    process = multiprocessing.Process(target=_watch, args=(command, theirs))
    process.start()
    cpu_s, code, told = ours.recv()
    process.join()
    if code:
        raise SystemExit(told)
    return cpu_s, time.perf_counter() - start, told


def _watch(command, theirs):
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment())
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    theirs.send((used.ru_utime + used.ru_stime, done.returncode, done.stdout + done.stderr[-3000:]))


def empty_tool(folder):
    """The tool, whose tasks do nothing."""
    root = folder / "empty"
    shutil.copytree(ROOT / "sql" / "tools", root / "sql" / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "sql" / "tools" / "fleet" / "partition.py").write_text(EMPTY)
    for path in [*(ROOT / "sql").iterdir(), ROOT / "schemas", ROOT / "build"]:
        if path.name != "tools":
            (root / path.relative_to(ROOT)).symlink_to(path)
    return root / "sql" / "tools" / "fleet"


def job(partitions, folder, *sources, tool=fleets.TOOL, engine="processes", workers=2):
    return measured([PYTHONS[engine], tool, "run", f"--engine={engine}", f"--workers={workers}", f"--partitions={partitions}", folder, *sources])


# --- whose rows they are ---------------------------------------------------------------------------------------------------


def is_compared(name):
    """Features, and not what the models of a pool or of a file predict."""
    return name not in ("athletes", "rejects", "inference_log") and not name.startswith("gold_")


def digests(found):
    """{table: ({column: hash}, values)}, of rows in the order of all that is no measured number."""
    told = {}
    for name, table in sorted(found.items()):
        if not is_compared(name):
            continue
        keys = [c for c in table.column_names if not pa.types.is_floating(table.schema.field(c).type)] + [c for c in table.column_names if pa.types.is_floating(table.schema.field(c).type)]
        ordered = table.take(pc.sort_indices(table, [(c, "ascending") for c in keys]))
        told[name] = {c: _digest(ordered[c]) for c in sorted(ordered.column_names)}, table.num_rows * table.num_columns
    return told


def _digest(column):
    whole = hashlib.sha256(pc.is_null(column).cast(pa.uint8()).to_numpy().tobytes())
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        whole.update(pc.fill_null(column, 0).to_numpy().tobytes())
    else:
        texts = pc.fill_null(column.cast(pa.string()), "")
        whole.update(pc.binary_length(texts).to_numpy().tobytes())
        for chunk in texts.chunks:
            whole.update("".join(chunk.to_pylist()).encode())
    return whole.hexdigest()


def told_of(expected, found):
    ours, values = digests(found), sum(n for _, n in expected.values())
    differ = [f"{name}.{column}" for name, (columns, _) in expected.items() for column, digest in columns.items() if ours.get(name, ({}, 0))[0].get(column) != digest]
    whole = hashlib.sha256(json.dumps({name: columns for name, (columns, _) in sorted(ours.items())}).encode()).hexdigest()
    return f"{values:,} values of {len(expected)} tables, columns that differ {len(differ)} {differ[:3] if differ else ''}, hash {whole[:16]}"


# --- measuring -------------------------------------------------------------------------------------------------------------


def written(path, kind, athletes, lines=None):
    with open(path, "w") as file:
        file.writelines(f"{line}\n" for line in lines or (line for athlete in range(1, athletes + 1) for line in fleets.objects([athlete], kind(athlete))))
    return path


def size_of(folder, pattern):
    return sum(file.stat().st_size for file in folder.glob(pattern))


def engines(folder, options):
    kind, n = KINDS[options.kind], options.athletes
    source = written(folder / "raw.ndjson", kind, n)
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    one, _ = fleets.tables_of(fleets.one_file(folder, source.read_text().splitlines()))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"{n} {options.kind} athletes, {source.stat().st_size / 1e6:.0f} MB raw; one file {used.ru_utime + used.ru_stime - start.ru_utime - start.ru_stime:.1f} s,"
        f" {(folder / 'one.db').stat().st_size / 1e6:.0f} MB")  # fmt: skip
    expected = digests(one)
    del one
    (folder / "one.db").unlink()
    tool = empty_tool(folder)
    beginning = folder / "beginning"  # with its pool, which is made once
    job(options.partitions, beginning, written(folder / "nothing.ndjson", kind, 0, ["{}"]))
    for engine in options.engines.split(","):
        for workers in map(int, options.workers.split(",")):
            costs = []
            for name, program in (("idle", tool), ("out", fleets.TOOL)):
                out = folder / name
                out.mkdir()
                shutil.copy(beginning / "pool.db", out / "pool.db")
                costs.append(job(options.partitions, out, source, tool=program, engine=engine, workers=workers)[:2])
            (idle_s, idle_wall_s), (busy_s, busy_wall_s) = costs
            told = told_of(expected, fleets.tables_of_fleet(folder / "out"))
            say(f"{engine}, {workers} workers: empty {idle_s:.1f} s of CPU ({idle_wall_s:.1f} s by the clock), an athlete {(busy_s - idle_s) / n:.4f} s more"
                f" (all {busy_s:.1f} s, {busy_wall_s:.1f} s by the clock); {told}")  # fmt: skip
            if engine == "processes":
                out = folder / "out"
                say(f"  an athlete: {size_of(out, 'partition=*/files/*.db') / n / 1e6:.2f} MB file, {size_of(out, 'partition=*/*.parquet') / n / 1e3:.1f} kB Parquet, of which rolling"
                    f" {size_of(out, 'partition=*/athlete_rolling_features.parquet') / n / 1e3:.1f} kB; raw {source.stat().st_size / n / 1e3:.1f} kB")  # fmt: skip
            for name in ("idle", "out"):
                shutil.rmtree(folder / name)


def news(folder, options):
    kind, n = KINDS[options.kind], options.athletes
    out = folder / "out"
    cost_s, *_ = job(options.partitions, out, written(folder / "raw.ndjson", kind, n))
    say(f"{n} {options.kind} athletes in {options.partitions} partitions made anew: {cost_s:.1f} s")
    idle_s, *_ = job(options.partitions, out)
    say(f"nothing new: {idle_s:.2f} s")
    for k in (1, max(n // 100, 2), n):
        more = [json.dumps(crowd.one_more(kind(athlete), athlete) | {"id": 10_000 * athlete + 9000 + k % 997}) for athlete in range(1, k + 1)]
        cost_s, _, told = job(options.partitions, out, written(folder / "more.ndjson", kind, 0, more))
        say(f"K = {k} of {n}: {cost_s:.2f} s, {(cost_s - idle_s) / k:.3f} s an athlete; {told.splitlines()[0]}")


def poison(folder, options):
    """One with fifty times the activities, of which those before today count, and one of broken JSON."""
    n = options.athletes
    heavy = crowd.Kind(50 * crowd.LIGHT.activities, 50 * crowd.LIGHT.days, False)
    lines = [*crowd.lines(crowd.LIGHT, n), *(json.dumps(one) for one in crowd.life(heavy, n + 1)), f'{{"athlete": {{"id": {n + 2}}}, "id": 1, "distance":']
    out = folder / "out"
    cost_s, wall_s, told = job(options.partitions, out, written(folder / "raw.ndjson", None, 0, lines))
    say(f"{cost_s:.1f} s of CPU, {wall_s:.1f} s by the clock: {told.strip()}")
    rows = fleets.tables_of_fleet(out)["athletes"].to_pylist()
    seconds = sorted(row["seconds"] for row in rows)
    slowest = max(rows, key=lambda row: row["seconds"])
    say(f"median athlete {seconds[len(seconds) // 2]:.2f} s, slowest {slowest['athlete_id']} {slowest['seconds']:.2f} s; counted activities"
        f" {sqlite_count(next(out.glob(f'partition=*/files/{n + 1}.db')))}")  # fmt: skip


def sqlite_count(path):
    db = sqlite3.connect(path)
    (found,) = db.execute("SELECT COUNT(*) FROM activity_features").fetchone()
    db.close()
    return found


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
