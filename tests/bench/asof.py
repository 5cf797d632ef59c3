"""As-of lookups beside raw prepared seeks, DuckDB, polars and pandas: same rows, same labels, answers compared.

    python tests/bench/asof.py [--folder build/bench/asof] [--athletes 4000] [--days 2500] [--labels 250] [--only lookup,dense,online,training]
    python tests/bench/asof.py [--folder build/bench/asof] --sizes 1e5,1e6,1e7

Needs the built extension (ATHLETE_EXTENSION or build/athlete), a C compiler with SQLite's headers, and from PyPI duckdb and
pandas; polars and Redis are measured where they are installed. The folder keeps the data for the next run: 10 M rows are 1.1 GB in SQLite.
Every contender is a process of its own, reads its file from the page cache and runs three times; the best counts.

lookup    labels x rows x 6 features, labels in the order of athlete and time, and in random order
dense     a label for each row of the group, in its order: what asof merges
online    the newest 6 features of one of a million entities, a prepared statement in one read transaction; where
          redis-server is installed, HMGET of the same by redis-benchmark beside it, over a socket: what asking a server costs
training  100,000 labels over four groups of a million rows with 6 features each, from disk to a table in memory; pandas
          from the same SQLite file, from Parquet, and from pickles, which are its own frames as they were in memory
"""

import argparse
import csv
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXTENSION = os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete"))
NAMES = ["ctl", "atl", "tsb", "acwr", "monotony", "runs"]
GROUPS = 4
INSTANT = "'%Y-%m-%dT%H:%M:%SZ'"


def feature_expressions(a, d, group=0):
    """The six features as integer arithmetic, the same in every dialect."""
    whole = [f"({a} * 7919 + {d} * 31) % 10007", f"({a} * 104729 + {d} * 17) % 10007", f"({a} + {d} * 7) % 10007",
             f"({a} * 3 + {d}) % 1009", f"({a} * 5 + {d} * 11) % 1013", f"({a} + {d} + {group}) % 14"]  # fmt: skip
    return ", ".join(f"{e} / 4.0 AS {n}" for e, n in zip(whole, NAMES))


# --- the data ---------------------------------------------------------------------------------------------------------

SERIES = "(WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < {} - 1) SELECT i FROM n)"


def build_sqlite(path, athletes, days, labels):
    if path.exists():
        return
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
    db.execute(f"CREATE TEMP TABLE day AS SELECT i, strftime({INSTANT}, '2015-01-01', i || ' days') AS at FROM {SERIES.format(days)}")

    def group(name, n_athletes, n_days, number=0):
        columns = ", ".join(f"{n} REAL" for n in NAMES)
        db.execute(f"CREATE TABLE {name}(athlete_id INTEGER NOT NULL, event_timestamp TEXT NOT NULL, available_at TEXT NOT NULL, {columns},"
                   " PRIMARY KEY (athlete_id, event_timestamp)) WITHOUT ROWID")  # fmt: skip
        db.execute(f"INSERT INTO {name} SELECT a.i + 1, d.at, d.at, {feature_expressions('a.i', 'd.i', number)}"
                   f" FROM {SERIES.format(n_athletes)} AS a CROSS JOIN day AS d WHERE d.i < {n_days}")  # fmt: skip

    def label_table(name, n_athletes, n_labels, order):
        at = f"strftime({INSTANT}, '2015-01-01', ((k.i * {days // n_labels}) + (a.i * k.i) % {days // n_labels}) || ' days', ((a.i * 31 + k.i * 977) % 86400) || ' seconds')"
        db.execute(f"CREATE TABLE {name}(id INTEGER PRIMARY KEY, athlete_id INTEGER NOT NULL, at TEXT NOT NULL)")
        db.execute(f"INSERT INTO {name}(athlete_id, at) SELECT * FROM (SELECT a.i + 1 AS athlete_id, {at} AS at"
                   f" FROM {SERIES.format(n_athletes)} AS a CROSS JOIN {SERIES.format(n_labels)} AS k) ORDER BY {order}")  # fmt: skip

    group("features", athletes, days)
    label_table("labels", athletes, labels, "athlete_id, at")
    db.execute("CREATE TABLE labels_random(id INTEGER PRIMARY KEY, athlete_id INTEGER NOT NULL, at TEXT NOT NULL)")
    db.execute("INSERT INTO labels_random(athlete_id, at) SELECT athlete_id, at FROM labels ORDER BY (id * 2654435761) % 1000003")
    for g in range(GROUPS):
        group(f"g{g}", athletes // 10, days, g)
    label_table("races", athletes // 10, labels, "athlete_id, at")
    group("people", athletes * labels, 1)
    db.execute("COMMIT")
    db.close()


def build_size(folder, rows):
    """A group of so many rows, a tenth as many labels, and as many people as rows up to a million."""
    days, labels = 2500, 250
    path = folder / "ours.db" if rows == 10**7 else folder / f"ours_{rows}.db"
    build_sqlite(path, rows // days, days, labels)
    return path


def build_others(folder, source):
    """DuckDB's file, Parquet for polars and pandas, and pickled frames for pandas, all from SQLite's rows."""
    import duckdb

    path = folder / "duck.db"
    if path.exists():
        return
    duck = duckdb.connect(str(path))
    db = sqlite3.connect(source)
    db.text_factory = str
    import pandas

    for table in ("features", "labels", "labels_random", "races", *(f"g{g}" for g in range(GROUPS))):
        frames = pandas.read_sql(f"SELECT * FROM {table}", db, chunksize=1_000_000)
        for i, frame in enumerate(frames):
            for name in ("event_timestamp", "available_at", "at"):
                if name in frame:
                    frame[name] = pandas.to_datetime(frame[name].str[:19], format="%Y-%m-%dT%H:%M:%S")
            duck.register("frame", frame)
            duck.execute(f"CREATE TABLE {table} AS FROM frame" if i == 0 else f"INSERT INTO {table} FROM frame")
            duck.unregister("frame")
        duck.execute(f"COPY {table} TO '{folder}/{table}.parquet'")
        if table not in ("features", "labels", "labels_random"):
            duck.execute(f"FROM {table}").df().to_pickle(folder / f"{table}.pickle")
    duck.close()


# --- the contenders, each in a process of its own ---------------------------------------------------------------------


def best_of(run, times=3):
    seconds, answer = [], None
    for _ in range(times):
        started = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - started)
    return {"seconds": min(seconds), "sum": answer}


def run_duckdb(folder, threads, labels):
    import duckdb

    duck = duckdb.connect(str(folder / "duck.db"), read_only=True)
    duck.execute(f"SET threads = {threads}")
    if labels.startswith("dense"):
        labels = f'(SELECT athlete_id, event_timestamp AS "at" FROM features WHERE athlete_id <= {labels.split()[1]})'
    sql = f'SELECT sum({" + ".join(NAMES)}) FROM {labels} AS r ASOF LEFT JOIN features AS f ON f.athlete_id = r.athlete_id AND f.event_timestamp <= r."at"'
    return best_of(lambda: duck.execute(sql).fetchone()[0])


def run_polars(folder, labels):
    import polars

    def run():
        features = polars.read_parquet(folder / "features.parquet", columns=["athlete_id", "event_timestamp", *NAMES]).set_sorted("event_timestamp")
        requests = polars.read_parquet(folder / f"{labels}.parquet").sort("at")
        found = requests.join_asof(features.sort("event_timestamp"), left_on="at", right_on="event_timestamp", by="athlete_id")
        return found.select(polars.sum_horizontal(polars.col(n).sum() for n in NAMES)).item()

    return best_of(run)


def read_sqlite(folder, table, at):
    import pandas

    db = sqlite3.connect(f"file:{folder}/ours.db?mode=ro", uri=True)
    columns = ", ".join(["athlete_id", at, *(NAMES if table != "races" else ["id"])])
    frame = pandas.read_sql(f"SELECT {columns} FROM {table}", db)
    frame[at] = pandas.to_datetime(frame[at], format="%Y-%m-%dT%H:%M:%SZ")
    return frame


def run_pandas_training(folder, source):
    import pandas

    def read(table, at):
        if source == "SQLite":
            return read_sqlite(folder, table, at)
        frame = pandas.read_parquet(folder / f"{table}.parquet") if source == "Parquet" else pandas.read_pickle(folder / f"{table}.pickle")
        return frame.drop(columns="available_at", errors="ignore")

    def run():
        table = read("races", "at").sort_values("at", kind="stable")
        for g in range(GROUPS):
            group = read(f"g{g}", "event_timestamp").sort_values("event_timestamp", kind="stable")
            group = group.rename(columns={n: f"g{g}_{n}" for n in NAMES})
            table = pandas.merge_asof(table, group, left_on="at", right_on="event_timestamp", by="athlete_id").drop(columns="event_timestamp")
        return float(sum(table[f"g{g}_{n}"].sum() for g in range(GROUPS) for n in NAMES))

    return best_of(run)


def run_our_training(folder):
    spec = {"labels": "SELECT athlete_id, at FROM races", "as_of": "at",
            "lookups": [{"group": f"g{g}", "keys": {"athlete_id": "athlete_id"}, "features": NAMES, "prefix": f"g{g}_"} for g in range(GROUPS)]}  # fmt: skip

    def run():
        db = sqlite3.connect(f"file:{folder}/ours.db?mode=ro", uri=True)
        db.execute("PRAGMA mmap_size = 4000000000")
        db.execute("PRAGMA temp_store = MEMORY")
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        db.execute(f"CREATE VIRTUAL TABLE temp.ts USING training_set('{json.dumps(spec)}')")
        db.execute("CREATE TEMP TABLE made AS SELECT * FROM ts")
        total = db.execute(f"SELECT {' + '.join(f'sum(g{g}_{n})' for g in range(GROUPS) for n in NAMES)} FROM made").fetchone()[0]
        db.close()
        return total

    return best_of(run)


CONTENDERS = {
    "duckdb": lambda folder, threads, labels: run_duckdb(folder, int(threads), labels),
    "polars": run_polars,
    "pandas": run_pandas_training,
    "ours": run_our_training,
}


def child(name, *arguments, **environment):
    command = [sys.executable, __file__, "--child", name, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}).stdout)


def seeks(folder, mode, argument, times=3, database="ours.db"):
    """The fastest of some runs of asof_seeks.c; its own warm-up is the first."""
    runs = []
    for _ in range(times):
        words = subprocess.run([folder / "seeks", EXTENSION, folder / database, mode, str(argument)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        runs.append([float(w) for w in words])
    return min(runs)


# --- the run ----------------------------------------------------------------------------------------------------------


def show(label, seconds, n, beside=None):
    ratio = f"{beside / seconds:8.2f}" if beside else " " * 8
    print(f"{label:44} {seconds:8.3f} {n / seconds:12,.0f} {ratio}", flush=True)


def lookup(folder, version):
    for labels in ("labels", "labels_random"):
        raw, ours = seeks(folder, "raw", labels), seeks(folder, "join", labels)
        assert abs(raw[2] - ours[2]) < 1e-6 * abs(raw[2])
        n = raw[1]
        print(f"{labels + ', ' + format(int(n), ','):44} {'seconds':>8} {'lookups/s':>12} {'of raw':>8}")
        show("raw prepared seeks", raw[0], n, raw[0])
        show("asof", ours[0], n, raw[0])
        peers = [(f"DuckDB {version}, {t} thread{'s' * (t > 1)}", child("duckdb", folder, t, labels)) for t in (1, 2)]
        if importlib.util.find_spec("polars"):
            peers += [(f"polars {importlib.metadata.version('polars')}, {t} thread{'s' * (t > 1)}",
                       child("polars", folder, labels, POLARS_MAX_THREADS=str(t))) for t in (1, 2)]  # fmt: skip
        for label, peer in peers:
            assert abs(peer["sum"] - raw[2]) < 1e-6 * abs(raw[2]), label
            show(label, peer["seconds"], n, raw[0])


EACH_ROW = "(SELECT athlete_id, event_timestamp AS at FROM features LIMIT 1000000)"


def dense(folder, version):
    import duckdb

    raw, ours = seeks(folder, "raw", EACH_ROW), seeks(folder, "join", EACH_ROW)
    assert abs(raw[2] - ours[2]) < 1e-6 * abs(raw[2])
    n = raw[1]
    print(f"{'a label for each of ' + format(int(n), ',') + ' rows':44} {'seconds':>8} {'lookups/s':>12} {'of raw':>8}")
    show("raw prepared seeks", raw[0], n, raw[0])
    show("asof", ours[0], n, raw[0])
    path = str(folder / "duck.db")
    last = duckdb.connect(path, read_only=True).execute(f"SELECT max(athlete_id) FROM (SELECT athlete_id FROM features ORDER BY athlete_id LIMIT {int(n)})").fetchone()[0]
    for threads in (1, 2):
        show(f"DuckDB {version}, {threads} thread{'s' * (threads > 1)}", child("duckdb", folder, threads, f"dense {last}")["seconds"], n, raw[0])


def redis(entities):
    """Redis with the same people, asked for the six features of one at a time: on one connection, on 50, and pipelined."""
    if not (shutil.which("redis-server") and shutil.which("redis-benchmark")):
        return print("redis-server is not installed", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            while not pathlib.Path(socket).exists():
                time.sleep(0.05)
            load = subprocess.Popen(["redis-cli", "-s", socket, "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            for i in range(entities):
                load.stdin.write(f"HSET f:{i:012d} " + " ".join(f"{name} {(i * 7919 + place) % 10007 / 4}" for place, name in enumerate(NAMES)) + "\r\n")
            load.stdin.close()
            load.wait()
            for label, flags in (("1 connection", ["-c", "1"]), ("50 connections", ["-c", "50"]), ("50 connections, 16 pipelined", ["-c", "50", "-P", "16"])):
                n = 1_000_000 if "-P" in flags else 200_000
                command = ["redis-benchmark", "-s", socket, "--csv", "-n", str(n), "-r", str(entities), *flags, "HMGET", "f:__rand_int__", *NAMES]
                header, row = csv.reader(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines())
                said = dict(zip(header, row))
                rate, p50, p99 = (float(said[k]) for k in ("rps", "p50_latency_ms", "p99_latency_ms"))
                print(f"{'Redis, ' + label:44} {n / rate:8.3f} {rate:12,.0f} {p50 * 1e3:8.2f} {p99 * 1e3:8.2f}", flush=True)
        finally:
            server.terminate()
            server.wait()


def online(folder, entities):
    print(f"{'online, ' + format(entities, ',') + ' entities':44} {'seconds':>8} {'reads/s':>12} {'p50 µs':>8} {'p99 µs':>8}")
    for label, mode in (("plain prepared SELECT", "plain"), ("asof", "online")):
        seconds, n, _, p50, p99 = seeks(folder, mode, entities, 2)
        print(f"{label:44} {seconds:8.3f} {n / seconds:12,.0f} {p50:8.2f} {p99:8.2f}", flush=True)
    redis(entities)


def slopes(folder, sizes):
    """What one lookup costs as the group grows."""
    paths = [build_size(folder, rows) for rows in sizes]
    lines = [
        ("raw prepared seeks, sorted", "raw", "labels"),
        ("asof, sorted", "join", "labels"),
        ("raw prepared seeks, random order", "raw", "labels_random"),
        ("asof, random order", "join", "labels_random"),
        ("raw prepared seeks, a label for each row", "raw", EACH_ROW),
        ("asof, a label for each row", "join", EACH_ROW),
        ("online read, plain prepared SELECT", "plain", None),
        ("online read, asof", "online", None),
        ("offline scan, for each row", "scan", ""),
    ]
    print(f"{'µs each, of rows':44}" + "".join(f"{rows:14,}" for rows in sizes))
    for label, mode, argument in lines:
        costs = []
        for rows, path in zip(sizes, paths):
            run = seeks(folder, mode, rows // 10 if argument is None else argument, 2, path.name)
            costs.append(run[0] / run[1] * 1e6)
        print(f"{label:44}" + "".join(f"{cost:14.3f}" for cost in costs), flush=True)


def training(folder, n):
    print(f"{'training set, ' + format(n, ',') + ' labels, 4 groups':44} {'seconds':>8} {'rows/s':>12} {'of ours':>8}")
    ours = child("ours", folder)
    show("training_set, from SQLite", ours["seconds"], n, ours["seconds"])
    for source in ("SQLite", "Parquet", "pickles"):
        pandas = child("pandas", folder, source)
        assert abs(ours["sum"] - pandas["sum"]) < 1e-6 * abs(pandas["sum"]), source
        show(f"pandas {importlib.metadata.version('pandas')} merge_asof, from {source}", pandas["seconds"], n, ours["seconds"])


def main():
    if sys.argv[1:2] == ["--child"]:
        name, folder, *rest = sys.argv[2:]
        return print(json.dumps(CONTENDERS[name](pathlib.Path(folder), *rest)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "bench" / "asof")
    parser.add_argument("--athletes", type=int, default=4000)
    parser.add_argument("--days", type=int, default=2500)
    parser.add_argument("--labels", type=int, default=250, help="for each athlete")
    parser.add_argument("--only", default="lookup,dense,online,training", help="what to measure, with commas; none: make the data")
    parser.add_argument("--sizes", type=lambda text: [int(float(s)) for s in text.split(",")], help="print what a lookup costs in groups of so many rows, and no more")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    compile_seeks = ["cc", "-O2", "-o", options.folder / "seeks", pathlib.Path(__file__).with_name("asof_seeks.c"), "-lsqlite3"]
    subprocess.run(compile_seeks, check=True)
    if options.sizes:
        return slopes(options.folder, options.sizes)
    build_sqlite(options.folder / "ours.db", options.athletes, options.days, options.labels)
    build_others(options.folder, options.folder / "ours.db")
    version = importlib.metadata.version("duckdb")
    print(f"{platform.machine()}, {os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}; {options.athletes * options.days:,} rows of 6 features")
    wanted = options.only.split(",")
    if "lookup" in wanted:
        lookup(options.folder, version)
    if "dense" in wanted:
        dense(options.folder, version)
    if "online" in wanted:
        online(options.folder, options.athletes * options.labels)
    if "training" in wanted:
        training(options.folder, options.athletes // 10 * options.labels)


if __name__ == "__main__":
    main()
