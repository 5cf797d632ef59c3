"""Scoring beside XGBoost, LightGBM and scikit-learn, one thread each: a matrix, a table, one row.

    python tests/bench/trees_score.py [--rows 1000000] [--runs 5]

Needs the built extension (ATHLETE_EXTENSION or build/athlete) and build/parts.a (make parts). The model has 100
trees of 31 leaves on 28 columns, five of them with 10 % missing; XGBoost trains it and all but scikit-learn and LightGBM,
which train one of the same size, score that one. Runs are interleaved and the figures are medians.

matrix  a float32 matrix in memory; ours is the C kernel (score_kernel.c), XGBoost's the better of inplace_predict and
        DMatrix
table   a table of SQLite; ours is gbdt_score, the others' reading it into numpy with Python's sqlite3 and scoring
one row ours is gbdt_predict with its model bound, called for every row of a table that is scanned, less the scan; the
        others' are calls from Python, whose own cost they include
"""

import argparse
import os
import pathlib
import platform
import sqlite3
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
import lightgbm
import numpy as np
import sklearn
import threadpoolctl
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor

from helpers.extension import connect

N_FEATURES, TRAINING_ROWS = 28, 50_000
COLUMNS = ", ".join(f"f{i}" for i in range(N_FEATURES))


def make_rows(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    x[:, 5] = rng.integers(0, 10, n)
    x[:, 10:14] = np.exp(x[:, 10:14])
    y = 2 * x[:, 0] + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 4] + np.sqrt(x[:, 11]) + x[:, 6:10].sum(axis=1) / 3 + rng.normal(size=n)
    for f in (3, 7, 12, 15, 20):
        x[rng.random(n) < 0.1, f] = np.nan
    return x, y.astype(np.float32)


def train(x, y):
    xgb = xgboost.train(
        {"max_leaves": 31, "max_depth": 0, "grow_policy": "lossguide", "eta": 0.1, "max_bin": 255, "tree_method": "hist", "nthread": 1},
        xgboost.QuantileDMatrix(x, y, max_bin=255),
        100,
    )
    lgb = lightgbm.train({"num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "num_threads": 1, "verbose": -1}, lightgbm.Dataset(x, y), 100)
    skl = HistGradientBoostingRegressor(max_iter=100, max_leaf_nodes=31, early_stopping=False).fit(x, y)
    return xgb, lgb, skl


def fill(path, x):
    with connect(path) as db:
        db.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {COLUMNS.replace(',', ' REAL,')} REAL)")
        rows = ((i, *(None if v != v else v for v in row)) for i, row in enumerate(x.astype(float).tolist()))
        db.executemany(f"INSERT INTO t VALUES (?{', ?' * N_FEATURES})", rows)


def from_table(db):
    """The table as a matrix, as fast as Python's sqlite3 gives it: NULL becomes NaN."""
    rows = db.execute(f"SELECT {COLUMNS} FROM t ORDER BY id").fetchall()
    return np.array(rows, dtype=np.float32)


def build_kernel(folder):
    program = folder / "score_kernel"
    library = pathlib.Path(os.environ.get("ATHLETE_LIBRARY", ROOT / "build" / "parts.a"))
    options = ["-std=c11", "-O3", "-ffp-contract=off", f"-I{ROOT / 'ext'}"]
    subprocess.run(["gcc", *options, ROOT / "tests/bench/score_kernel.c", library, "-o", program, "-lsqlite3", "-lcjson", "-lm"], check=True)
    return program


def measure(contenders, runs):
    """Name -> median seconds over interleaved runs. A contender may return the seconds itself."""
    seconds = {name: [] for name in contenders}
    for _ in range(runs):
        for name, run in contenders.items():
            started = time.perf_counter()
            own = run()
            seconds[name].append(own if isinstance(own, float) else time.perf_counter() - started)
    return {name: statistics.median(s) for name, s in seconds.items()}


def report(title, seconds, n, ours="athlete"):
    print(f"\n{title}")
    for name, s in seconds.items():
        ratio = "" if name.startswith(ours) else f"{s / seconds[ours]:7.1f} times ours"
        print(f"  {name:34}{s / n * 1e9:12.0f} ns/row{n / s:14,.0f} rows/s {ratio}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    n = arguments.rows
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, XGBoost {xgboost.__version__}, LightGBM {lightgbm.__version__}, "
        f"scikit-learn {sklearn.__version__}; {n} rows of {N_FEATURES} columns, 100 trees of 31 leaves, {arguments.runs} runs"
    )
    threadpoolctl.threadpool_limits(1)
    xgb, lgb, skl = train(*make_rows(TRAINING_ROWS, 1))
    xgb.set_param({"nthread": 1})
    x, _ = make_rows(n, 2)
    text = xgb.save_raw("json").decode()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "model.json").write_text(text)
        x.tofile(folder / "matrix")
        kernel = build_kernel(folder)

        def ours(level):
            command = [kernel, folder / "model.json", folder / "matrix", str(N_FEATURES), str(level), "1"]
            return lambda: float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

        best_xgboost = "XGBoost inplace_predict"
        report(
            "a matrix in memory",
            measure(
                {
                    "athlete": ours(2),
                    "athlete, SSE2 or NEON": ours(1),
                    "athlete, plain C": ours(0),
                    best_xgboost: lambda: xgb.inplace_predict(x),
                    "XGBoost DMatrix": lambda: xgb.predict(xgboost.DMatrix(x, nthread=1)),
                    "LightGBM": lambda: lgb.predict(x, num_threads=1),
                    "scikit-learn": lambda: skl.predict(x),
                },
                arguments.runs,
            ),
            n,
        )
        margins = np.fromfile(folder / "matrix.margins", np.float32)
        print(f"  differing from XGBoost: {(margins != xgb.predict(xgboost.DMatrix(x), output_margin=True)).sum()} of {n}")

        fill(folder / "table.db", x)
        db = connect(folder / "table.db")
        query = f"SELECT id, {COLUMNS} FROM t ORDER BY id"
        report(
            "a table of SQLite",
            measure(
                {
                    "athlete": lambda: db.execute("SELECT sum(value) FROM gbdt_score(?, ?)", (text, query)).fetchall(),
                    "athlete, all rows to Python": lambda: db.execute("SELECT key, value FROM gbdt_score(?, ?)", (text, query)).fetchall(),
                    "athlete, the reading alone": lambda: db.execute(f"SELECT count(row_feed({COLUMNS})) FROM t").fetchall(),
                    "XGBoost": lambda: xgb.inplace_predict(from_table(db)),
                    "LightGBM": lambda: lgb.predict(from_table(db), num_threads=1),
                },
                arguments.runs,
            ),
            n,
        )

        few = min(n, 20_000)
        first = f"FROM t WHERE id < {few}"
        scan = f"SELECT count(row_feed({COLUMNS})) {first}"
        call = f"SELECT count(gbdt_predict(?, {COLUMNS})) {first}"
        one_by_one = measure(
            {
                "scan": lambda: db.execute(scan).fetchall(),
                "athlete": lambda: db.execute(call, (text,)).fetchall(),
                "XGBoost inplace_predict": lambda: [xgb.inplace_predict(x[i : i + 1]) for i in range(few // 20)] and None,
                "LightGBM": lambda: [lgb.predict(x[i : i + 1], num_threads=1) for i in range(few // 20)] and None,
            },
            arguments.runs,
        )
        one_by_one["athlete"] -= one_by_one.pop("scan")
        report("one row at a time", {name: s * (1 if name == "athlete" else 20) for name, s in one_by_one.items()}, few)


if __name__ == "__main__":
    main()
