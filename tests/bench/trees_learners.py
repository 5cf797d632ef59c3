"""The rows on which every learner of trees_train.py trains, and the learners that it is compared with."""

import json
import os
import pathlib
import sqlite3

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXTENSION = os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete"))
COLUMNS = 28
MISSING = (3, 8, 13, 18, 23)
HELD_OUT = 50_000
THREADS = 2
PEERS = ["LightGBM", "LightGBM by row", "LightGBM by column", "XGBoost", "scikit-learn"]
OTHER_ALGORITHM = "LightGBM quantised"
OPTIONS = {"num_boost_round": 100, "eta": 0.1, "max_leaves": 31, "max_depth": 0, "grow_policy": "lossguide", "max_bin": 255,
           "min_data_in_leaf": 20, "min_child_weight": 1e-3, "lambda": 0}  # fmt: skip
OBJECTIVES = {"squared": "reg:squarederror", "logistic": "binary:logistic"}



def options_text(objective):
    return json.dumps({**OPTIONS, "objective": OBJECTIVES[objective], "nthread": THREADS})


# --- data -------------------------------------------------------------------------------------------------------


def make_rows(n, objective, seed=20240601):
    """float32 values and labels: normal, lognormal, uniform, whole, exponential, heavy-tailed and rounded columns."""
    import numpy as np

    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, COLUMNS)).astype(np.float32)
    x[:, 4:8] = np.exp(x[:, 4:8])
    x[:, 8:12] = rng.random((n, 4), dtype=np.float32)
    x[:, 12:16] = rng.integers(0, (2, 12, 100, 5000), (n, 4))
    x[:, 16:20] = rng.standard_exponential((n, 4), dtype=np.float32)
    x[:, 20:24] = np.clip(rng.standard_t(2, (n, 4)), -1e4, 1e4)
    x[:, 24:28] = np.round(x[:, 24:28], 1)
    y = 2 * x[:, 0] + np.sin(3 * x[:, 1]) * x[:, 2] + np.log(x[:, 4]) * x[:, 9] + (x[:, 13] > 6) * x[:, 16]
    y += np.minimum(x[:, 17], 2) ** 2 - np.abs(np.tanh(x[:, 20])) * 3 + 0.5 * x[:, 25] + (x[:, 5] > 1.5)
    y += rng.standard_normal(n, dtype=np.float32) * 3
    if objective == "logistic":
        y = (y > np.median(y)).astype(np.float32)
    for column in MISSING:
        x[rng.random(n) < 0.1, column] = np.nan
    return x, y.astype(np.float32)


def write_rows(folder, n, objective, held_out=HELD_OUT):
    x, y = make_rows(n + held_out, objective)
    with open(f"{folder}/{objective}{n}.bin", "wb") as file:
        x.tofile(file)
        y.tofile(file)


def read_rows(folder, n, objective):
    """(values, labels) of the training rows, and of the held-out rows."""
    import numpy as np

    data = np.fromfile(f"{folder}/{objective}{n}.bin", dtype=np.float32)
    x, y = data[: -(n + HELD_OUT)].reshape(-1, COLUMNS), data[-(n + HELD_OUT) :]
    return x[:n].copy(), y[:n].copy(), x[n:].copy(), y[n:].copy()


def write_table(folder, n, groups=1):
    """A table of groups x n rows in SQLite, NULL where a value is missing."""
    x, y = make_rows(n * groups, "squared")
    names = ", ".join(f"f{i} REAL" for i in range(COLUMNS))
    pathlib.Path(f"{folder}/table.db").unlink(missing_ok=True)
    db = sqlite3.connect(f"{folder}/table.db", isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute(f"CREATE TABLE t(g INTEGER, y REAL, {names})")
    db.execute("BEGIN")
    for start in range(0, len(x), 50_000):
        part = x[start : start + 50_000]
        columns = [[None if v != v else v for v in part[:, f].tolist()] for f in range(COLUMNS)]
        group = [(start + i) // n for i in range(len(part))]
        db.executemany(f"INSERT INTO t VALUES(?{', ?' * (COLUMNS + 1)})", zip(group, y[start : start + 50_000].tolist(), *columns))
    db.execute("COMMIT")
    db.close()


def connect(folder):
    db = sqlite3.connect(f"file:{folder}/table.db?mode=ro", uri=True)
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    return db


def read_table(folder, where=""):
    """A table in numpy, the fastest way that Python's sqlite3 has."""
    import numpy as np

    db = sqlite3.connect(f"file:{folder}/table.db?mode=ro", uri=True)
    cursor = db.execute(f"SELECT y, {', '.join(f'f{i}' for i in range(COLUMNS))} FROM t {where}")
    parts = []
    while rows := cursor.fetchmany(10_000):
        parts.append(np.array(rows, dtype=np.float32))
    data = np.concatenate(parts)
    return np.ascontiguousarray(data[:, 1:]), np.ascontiguousarray(data[:, 0])


# --- learners ---------------------------------------------------------------------------------------------------


def lightgbm_learner(objective, threads, **extra):
    import lightgbm

    settings = {"objective": {"squared": "regression", "logistic": "binary"}[objective], "num_threads": threads, "verbosity": -1,
                "num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": 20, **extra}  # fmt: skip
    return lambda x, y: lightgbm.train(settings, lightgbm.Dataset(x, y, params=settings), 100).predict


def xgboost_learner(objective, threads):
    import xgboost

    # It knows no least number of rows: with squared error, min_child_weight is the same.
    settings = {"objective": OBJECTIVES[objective], "nthread": threads, "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 31,
                "max_depth": 0, "eta": 0.1, "max_bin": 255, "lambda": 0, "min_child_weight": 20 if objective == "squared" else 1}  # fmt: skip

    def train(x, y):
        booster = xgboost.train(settings, xgboost.QuantileDMatrix(x, y, max_bin=255, nthread=threads), 100)
        return lambda other: booster.inplace_predict(other)

    return train


def sklearn_learner(objective, threads):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    kind = HistGradientBoostingClassifier if objective == "logistic" else HistGradientBoostingRegressor

    def train(x, y):
        with threadpool_limits(threads):
            model = kind(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, min_samples_leaf=20, early_stopping=False).fit(x, y)
        return (lambda other: model.predict_proba(other)[:, 1]) if objective == "logistic" else model.predict

    return train


def learner(name, objective, threads):
    if name.startswith("LightGBM"):
        extra = {"by row": {"force_row_wise": True}, "by column": {"force_col_wise": True}, "quantised": {"use_quantized_grad": True}}
        return lightgbm_learner(objective, threads, **extra.get(name.partition(" ")[2], {}))
    return {"XGBoost": xgboost_learner, "scikit-learn": sklearn_learner}[name](objective, threads)


def held_out_loss(objective, predicted, y):
    import numpy as np

    if objective == "squared":
        return float(np.sqrt(np.mean((predicted - y) ** 2)))
    p = np.clip(np.asarray(predicted, dtype=float), 1e-9, 1 - 1e-9)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
