"""Training beside LightGBM, XGBoost and scikit-learn: same rows, same settings, runs of all learners in turn.

    python tests/bench/trees_train.py [work ...] [--runs 5] [--rows N] [--log FILE]

work is any of `core`, `sql`, `groups`, `busy` and `memory`; all of them if none is named. `--rows` replaces the sizes,
`--log` keeps the figures of each run in a file and reports the medians of all that it holds, so that a long measurement
can be made in pieces.

Needs the built extension (ATHLETE_EXTENSION or build/athlete), a C compiler, and from PyPI: numpy, scikit-learn,
lightgbm, xgboost-cpu, joblib.

100 trees of 31 leaves, best gain first, eta 0.1, 255 bins, at least 20 rows in a leaf, no penalty, two threads. 28
columns of mixed marginals, 10 % missing in five of them. Each learner lives in a process of its own that holds the data
and trains when it is told to, so that nobody's idle threads disturb another; a first run, of 1000 rows, is not counted.
Every learner starts from the matrix in memory that it likes best (float32; scikit-learn float64), and its binning
counts. XGBoost starts from QuantileDMatrix, its fastest. LightGBM also runs with each of its two histogram layouts
forced, since choosing costs it time, and with quantised gradients, which is another algorithm: that line is shown and
does not count as LightGBM. `athlete` in `core` is the learner without SQL (train_kernel.c), in all others the SELECT.
"""

import argparse
import json
import os
import pathlib
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from trees_learners import (
    COLUMNS,
    EXTENSION,
    HELD_OUT,
    OBJECTIVES,
    OTHER_ALGORITHM,
    PEERS,
    ROOT,
    THREADS,
    connect,
    held_out_loss,
    learner,
    options_text,
    read_rows,
    read_table,
    write_rows,
    write_table,
)

# --- processes that hold a learner and its data -----------------------------------------------------------------


def peak_mib():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024


def serve(spec):
    """Answers each line of input with one run: {"seconds": …, "loss": …}."""
    name, work, folder, n, objective = spec["name"], spec["work"], spec["folder"], spec["rows"], spec["objective"]
    if name == "athlete":
        db = connect(folder)
        features, options = ", ".join(f"f{i}" for i in range(COLUMNS)), options_text(objective)
        grouping = "GROUP BY g" if work == "groups" else ""
        train = lambda: db.execute(f"SELECT count(*), sum(length(m)) FROM (SELECT gbdt_train(?, y, {features}) AS m FROM t {grouping})", (options,)).fetchone()
        loss = lambda: None
        warm = lambda: db.execute(f"SELECT gbdt_train(?, y, {features}) FROM (SELECT * FROM t LIMIT 1000)", (options,)).fetchone()
    elif work == "core":
        fit = learner(name, objective, THREADS)
        x, y, other, truth = read_rows(folder, n, objective)
        if name == "scikit-learn":
            x = x.astype(float)
        predict = []
        train = lambda: predict.append(fit(x, y))
        warm = lambda: fit(x[:1000], y[:1000])
        loss = lambda: held_out_loss(objective, predict.pop()(other), truth)
    elif work == "sql":
        fit = learner(name, objective, THREADS)
        train = lambda: fit(*read_table(folder))
        warm = lambda: fit(*read_table(folder, "LIMIT 1000"))
        loss = lambda: None
    else:  # many models: a joblib loop over groups that are in memory already
        import joblib

        x, y = read_table(folder)
        groups = [(x[i : i + n], y[i : i + n]) for i in range(0, len(x), n)]
        pool = joblib.Parallel(n_jobs=THREADS, batch_size=10)
        train = lambda: pool(joblib.delayed(train_one)(name, objective, *group) for group in groups)
        warm = lambda: pool(joblib.delayed(train_one)(name, objective, *group) for group in groups[:4])
        loss = lambda: None
    warm()
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        train()
        took = time.perf_counter() - began
        print(json.dumps({"seconds": took, "loss": loss()}), flush=True)


def train_one(name, objective, x, y):
    learner(name, objective, 1)(x, y)


class Worker:
    def __init__(self, name, work, folder, rows, objective):
        self.name, environment = name, {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
        self.kernel = name == "athlete" and work in ("core", "busy")
        if self.kernel:
            command = [f"{folder}/train_kernel", f"{folder}/{objective}{rows}.bin", str(rows), str(HELD_OUT), str(COLUMNS), options_text(objective)]
        else:
            spec = {"name": name, "work": "core" if work == "busy" else work, "folder": folder, "rows": rows, "objective": objective}
            command = [sys.executable, __file__, "--serve", json.dumps(spec)]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ready(self):
        assert self.process.stdout.readline().strip() == "ready", self.name
        return self

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return dict(zip(("seconds", "loss"), map(float, line.split()))) if self.kernel else json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def package_flags(which):
    return subprocess.run(["pkg-config", which, "sqlite3", "libcjson"], capture_output=True, text=True, check=True).stdout.split()


def build_kernel(folder):
    library = pathlib.Path(EXTENSION).parent / "parts.a"
    subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={library.parent}", "parts"], check=True)
    source = str(pathlib.Path(__file__).with_name("train_kernel.c"))
    subprocess.run(["cc", "-std=c11", "-O2", f"-I{ROOT}/ext", "-DSQLITE_CORE", *package_flags("--cflags"), "-o", f"{folder}/train_kernel", source, str(library), *package_flags("--libs"), "-lm", "-pthread"],
                   check=True)  # fmt: skip


# --- the report -------------------------------------------------------------------------------------------------


class Report:
    """Figures by (title, learner), kept in a log if there is one; printed as medians."""

    def __init__(self, log):
        self.log, self.figures = log, {}
        for line in open(log) if log and os.path.exists(log) else ():
            self.keep(*json.loads(line))

    def keep(self, title, name, run):
        self.figures.setdefault(title, {}).setdefault(name, []).append(run)

    def add(self, title, name, run):
        self.keep(title, name, run)
        if self.log:
            with open(self.log, "a") as file:
                print(json.dumps([title, name, run]), file=file)

    def median(self, title, name):
        return statistics.median(r["seconds"] for r in self.figures[title][name])

    def print(self, title):
        runs = self.figures[title]
        peers = [p for p in PEERS if p in runs]
        best = min((self.median(title, p) for p in peers), default=None)
        print(f"\n{title}\n{'':22}{'median s':>10}{'least s':>10}{'runs':>6}{'loss':>10}{'beside the fastest peer':>27}")
        for name in ["athlete", *peers, *(n for n in runs if n != "athlete" and n not in peers)]:
            if name not in runs:
                continue
            median, loss = self.median(title, name), runs[name][-1].get("loss")
            ratio = "" if best is None else f"{best / median:.2f} x as fast"
            print(f"{name:22}{median:10.4f}{min(r['seconds'] for r in runs[name]):10.4f}{len(runs[name]):6}"
                  f"{'' if loss is None else f'{loss:.4f}':>10}{ratio:>27}")  # fmt: skip


def in_turn(report, title, workers, runs):
    for _ in range(runs):
        for worker in workers:
            report.add(title, worker.name, worker.run())


def measure(report, title, names, work, folder, rows, objective, options):
    for _ in range(options.runs if options.fresh else 1):
        workers = [Worker(name, work, folder, rows, objective).ready() for name in names]
        in_turn(report, title, workers, 1 if options.fresh else options.runs)
        for worker in workers:
            worker.end()
    report.print(title)


def core(report, folder, sizes, options):
    for n in sizes or [1_000, 100_000, 1_000_000]:
        for objective in options.objective:
            write_rows(folder, n, objective)
            names = ["athlete", *PEERS, OTHER_ALGORITHM]
            measure(report, f"core: {n} rows, {objective}", names, "core", folder, n, objective, options)


def sql(report, folder, sizes, options):
    for n in sizes or [1_000_000]:
        write_table(folder, n)
        measure(report, f"sql: a table of {n} rows, squared, to a model", ["athlete", "LightGBM", "XGBoost", "scikit-learn"], "sql", folder, n, "squared", options)


def groups(report, folder, sizes, options):
    n = (sizes or [1_000])[0]
    write_table(folder, n, options.models)
    title = f"groups: {options.models} models of {n} rows, squared; athlete from a table with GROUP BY, others from memory with joblib"
    measure(report, title, ["athlete", "LightGBM", "XGBoost", "scikit-learn"], "groups", folder, n, "squared", options)


def busy(report, folder, sizes, options):
    """Quiet and beside a process that never rests."""
    n = (sizes or [1_000])[0]
    write_rows(folder, n, "squared")
    workers = [Worker(name, "busy", folder, n, "squared").ready() for name in ["athlete", *PEERS]]
    titles = [f"busy: {n} rows, squared, quiet", f"busy: {n} rows, squared, beside one busy core"]
    for worker in workers:
        worker.run()  # not counted
    in_turn(report, titles[0], workers, options.runs)
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    in_turn(report, titles[1], workers, options.runs)
    neighbour.kill()
    neighbour.wait()
    for worker in workers:
        worker.end()
    for title in titles:
        report.print(title)
    print("\nbeside one busy core, in units of the own quiet time")
    for worker in workers:
        print(f"{worker.name:22}{report.median(titles[1], worker.name) / report.median(titles[0], worker.name):10.2f}")


def memory(report, folder, sizes, options):
    """The peak of a fresh process that loads the rows and trains once."""
    n = (sizes or [1_000_000])[0]
    write_rows(folder, n, "squared", 0)
    write_table(folder, n)
    print(f"\nmemory: {n} rows x {COLUMNS}, MiB. The data alone: {n * COLUMNS * 4 / 2**20:.0f} as float32")
    print(f"{'':36}{'before':>10}{'peak':>10}{'training':>10}")
    for name in ["athlete", "LightGBM", "XGBoost", "scikit-learn"]:
        for way in ("matrix in memory", "table in SQLite"):
            spec = json.dumps({"name": name, "way": way, "folder": folder, "rows": n})
            got = json.loads(subprocess.run([sys.executable, __file__, "--peak", spec], capture_output=True, text=True, check=True).stdout.splitlines()[-1])
            print(f"{name + ', ' + way:36}{got['before']:10.0f}{got['peak']:10.0f}{got['peak'] - got['before']:10.0f}", flush=True)


def peak(spec):
    """`before` is what the process held when training began: the interpreter, the library, the matrix."""
    name, n, folder = spec["name"], spec["rows"], spec["folder"]
    if spec["way"] == "table in SQLite":
        if name == "athlete":
            db = connect(folder)
            features = ", ".join(f"f{i}" for i in range(COLUMNS))
            before = peak_mib()
            db.execute(f"SELECT length(gbdt_train(?, y, {features})) FROM t", (options_text("squared"),)).fetchone()
        else:
            fit = learner(name, "squared", THREADS)
            before = peak_mib()
            fit(*read_table(folder))
        after = peak_mib()
    elif name == "athlete":
        command = [f"{folder}/train_kernel", f"{folder}/squared{n}.bin", str(n), "0", str(COLUMNS), options_text("squared")]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        status = lambda: int(next(line for line in open(f"/proc/{process.pid}/status") if line.startswith("VmHWM")).split()[1]) / 1024
        before = status()
        process.stdin.write("run\n")
        process.stdin.flush()
        process.stdout.readline()
        after = status()
        process.stdin.close()
        process.wait()
    else:
        import numpy as np

        fit = learner(name, "squared", THREADS)
        kind = float if name == "scikit-learn" else np.float32
        x, y = np.empty((n, COLUMNS), kind), np.empty(n, np.float32)
        with open(f"{folder}/squared{n}.bin", "rb") as file:
            for start in range(0, n, 10_000):
                part = np.fromfile(file, np.float32, min(10_000, n - start) * COLUMNS).reshape(-1, COLUMNS)
                x[start : start + len(part)] = part
            y[:] = np.fromfile(file, np.float32, n)
        before = peak_mib()
        fit(x, y)
        after = peak_mib()
    print(json.dumps({"before": before, "peak": after}))


WORK = {"core": core, "sql": sql, "groups": groups, "busy": busy, "memory": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", choices=[[], *WORK], default=[])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="+")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--objective", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    parser.add_argument("--fresh", action="store_true", help="new processes for every run")
    parser.add_argument("--log")
    parser.add_argument("--serve", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--peak", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    if options.peak:
        return peak(options.peak)
    import lightgbm
    import sklearn
    import xgboost

    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, LightGBM {lightgbm.__version__}, XGBoost {xgboost.__version__},"
          f" scikit-learn {sklearn.__version__}; {os.cpu_count()} processors, {THREADS} threads for each learner")  # fmt: skip
    report = Report(options.log)
    with tempfile.TemporaryDirectory() as folder:
        build_kernel(folder)
        for name in options.work or WORK:
            WORK[name](report, folder, options.rows, options)


if __name__ == "__main__":
    main()
