"""TreeSHAP on one thread: gbdt_explain beside XGBoost's and LightGBM's own, 100 trees of 31 leaves, 28 features.

    python tests/bench/trees_explain.py [rows]

Needs the built extension (ATHLETE_EXTENSION or build/athlete), a C compiler, and from PyPI: numpy, lightgbm, xgboost-cpu.
Five of the features have 10 % missing values. XGBoost trains the model, LightGBM one of the same shape. The kernel alone is timed by a C program (shap_kernel.c) that is
linked to parts.a; gbdt_explain gets its rows from a table, and a sum consumes what it gives. Peers get their rows
as arrays in memory. Runs are interleaved, medians of five.
"""

import os
import pathlib
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
import lightgbm
import numpy as np
import xgboost

from helpers.extension import connect

RUNS = 5
N_FEATURES = 28
TREES = 100
LEAVES = 31


def data(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    y = 2 * x[:, 0] + np.sin(3 * x[:, 1]) * x[:, 2] + x[:, 5] * x[:, 6] + np.abs(x[:, 7:20]).sum(axis=1) / 3
    y += rng.normal(size=n) * 0.5
    x[:, :5][rng.random((n, 5)) < 0.1] = np.nan
    return x, y


def kernel_program(folder):
    packages = subprocess.run(["pkg-config", "--cflags", "--libs", "sqlite3", "libcjson"], capture_output=True, text=True, check=True)
    subprocess.run(["make", "-s", "-C", ROOT, "parts"], check=True)
    program = pathlib.Path(folder) / "shap_kernel"
    source = ROOT / "tests" / "bench" / "shap_kernel.c"
    flags = ["-std=c11", "-O3", "-ffp-contract=off", "-DSQLITE_CORE", f"-I{ROOT / 'ext'}"]
    library = ROOT / "build" / "parts.a"
    subprocess.run(["cc", *flags, source, library, "-o", program, *packages.stdout.split(), "-lm", "-pthread"], check=True)
    return program


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    n_slow = n // 20  # of the peers, which are slower
    x, y = data(50_000, 1)
    settings = {"max_leaves": LEAVES, "max_depth": 0, "grow_policy": "lossguide", "eta": 0.1, "nthread": 1, "tree_method": "hist"}
    booster = xgboost.train(settings, xgboost.DMatrix(x, y, nthread=1), TREES)
    light = lightgbm.train(
        {"num_leaves": LEAVES, "learning_rate": 0.1, "num_threads": 1, "verbose": -1}, lightgbm.Dataset(x, y), TREES
    )
    x, _ = data(n, 2)
    model = booster.save_raw("json").decode()
    db = connect()
    columns = ", ".join(f"f{i}" for i in range(N_FEATURES))
    db.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")
    db.executemany(f"INSERT INTO t VALUES (NULL{', ?' * N_FEATURES})", [[None if np.isnan(v) else float(v) for v in row] for row in x])
    few, few_arrays = xgboost.DMatrix(x[:n_slow], nthread=1), x[:n_slow]
    fewest = xgboost.DMatrix(x[: n_slow // 50], nthread=1)
    sql = "SELECT sum(contribution) FROM {}(?, 'SELECT * FROM t WHERE id <= {}')"
    folder = tempfile.TemporaryDirectory()
    program = kernel_program(folder.name)
    (pathlib.Path(folder.name) / "model.json").write_text(model)
    x.tofile(pathlib.Path(folder.name) / "rows.f32")
    kernel_seconds = []

    def kernel(what, rows):
        command = [program, what, f"{folder.name}/model.json", f"{folder.name}/rows.f32", str(rows)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        kernel_seconds.append(float(run.stdout))

    works = {
        "gbdt_explain, kernel": (n, lambda: kernel("values", n)),
        "gbdt_explain, SQL": (n, lambda: db.execute(sql.format("gbdt_explain", n), (model,)).fetchall()),
        "XGBoost pred_contribs": (n_slow, lambda: booster.predict(few, pred_contribs=True)),
        "LightGBM pred_contrib": (n_slow, lambda: light.predict(few_arrays, pred_contrib=True, num_threads=1)),
        "interactions, kernel": (n_slow, lambda: kernel("interactions", n_slow)),
        "gbdt_interactions, SQL": (n_slow, lambda: db.execute(sql.format("gbdt_interactions", n_slow), (model,)).fetchall()),
        "XGBoost pred_interactions": (n_slow // 50, lambda: booster.predict(fewest, pred_interactions=True)),
    }
    seconds = {name: [] for name in works}
    for _ in range(RUNS):
        for name, (_, work) in works.items():
            elapsed = timed(work)
            seconds[name].append(kernel_seconds.pop() if kernel_seconds else elapsed)
    rate = {name: works[name][0] / statistics.median(s) for name, s in seconds.items()}

    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, XGBoost {xgboost.__version__}, LightGBM {lightgbm.__version__}")
    print(f"{TREES} trees of {LEAVES} leaves, {N_FEATURES} features, one thread, {n} rows, medians of {RUNS}")
    print(f"{'':28}{'rows/s':>12}{'us/row':>10}{'x XGBoost':>11}{'x LightGBM':>12}")
    for name in works:
        pairs = "interactions" in name
        xgb = rate[name] / rate["XGBoost pred_interactions" if pairs else "XGBoost pred_contribs"]
        lgb = "" if pairs else f"{rate[name] / rate['LightGBM pred_contrib']:>12.1f}"
        print(f"{name:28}{rate[name]:>12,.0f}{1e6 / rate[name]:>10.1f}{xgb:>11.1f}{lgb}")

    contributions = [row[0] for row in db.execute("SELECT contribution FROM gbdt_explain(?, ?)", (model, f"SELECT * FROM t WHERE id <= {n_slow}"))]
    ours = np.array(contributions).reshape(n_slow, -1)
    theirs = booster.predict(few, pred_contribs=True)
    margins = booster.predict(few, output_margin=True)
    print(f"largest difference from XGBoost {np.abs(ours - theirs).max():.1e}; of the sums from the margins"
          f" {np.abs(ours.sum(axis=1) - margins).max():.1e}, XGBoost's own {np.abs(theirs.sum(axis=1) - margins).max():.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
