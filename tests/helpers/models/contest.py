"""Data sets, learners and losses for comparing accuracy: the same rows and the same settings for everybody.

The data is made or bundled by scikit-learn, or lies in tests/data; nothing needs a network. All values are float32, so
that every learner sees the same numbers.
"""

import csv
import dataclasses
import functools
import json

import lightgbm
import numpy as np
import xgboost
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification, make_friedman1
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, roc_auc_score

from helpers.extension import DATA


@dataclasses.dataclass
class Rows:
    """Rows to learn from and to be judged on. Columns named in `categorical` hold whole numbers from 0."""

    x: np.ndarray
    y: np.ndarray
    judged_x: np.ndarray
    judged_y: np.ndarray
    categorical: tuple = ()


def split(x, y, seed, n_train=None, categorical=()):
    order = np.random.default_rng(1000 + seed).permutation(len(y))
    n_train = n_train or len(y) * 2 // 3
    x, y = np.asarray(x, np.float32).astype(float)[order], np.asarray(y, np.float32).astype(float)[order]
    return Rows(x[:n_train], y[:n_train], x[n_train:], y[n_train:], categorical)


def regression(seed):
    return split(*make_friedman1(12000, n_features=10, noise=1, random_state=seed), seed, n_train=4000)


def binary(seed):
    return split(*make_classification(18000, n_features=20, n_informative=8, n_redundant=4, flip_y=0.1, class_sep=0.7, random_state=seed), seed, n_train=6000)


def classes(seed):
    return split(*load_digits(return_X_y=True), seed)


def categorical(seed):
    """A column of 30 levels without order, of very different frequency, each with an effect of its own on level and slope."""
    rng = np.random.default_rng(seed)
    n = 12000
    level = np.minimum(rng.geometric(0.12, n) - 1, 29)
    x = np.column_stack([level, rng.standard_normal((n, 5)), rng.integers(0, 4, n)])
    effect, slope = rng.standard_normal(30) * 2, rng.standard_normal(30)
    y = effect[level] + slope[level] * x[:, 1] + np.sin(2 * x[:, 2]) + (x[:, 6] == 2) * x[:, 3] + rng.standard_normal(n)
    return split(x, y, seed, 4000, categorical=(0, 6))


def missing(seed):
    """Two in ten values are gone; of one column rather the large ones, so that it says something that it is gone."""
    x, y = make_friedman1(12000, n_features=10, noise=1, random_state=seed)
    rng = np.random.default_rng(seed)
    gone = rng.random(x.shape) < 0.2
    gone[:, 3] = rng.random(len(x)) < 0.4 * x[:, 3]
    return split(np.where(gone, np.nan, x), y, seed, n_train=4000)


def tiny(seed):
    return split(*load_diabetes(return_X_y=True), seed, n_train=60)


def tiny_binary(seed):
    return split(*load_breast_cancer(return_X_y=True), seed, n_train=60)


def race_times(seed):
    """The logarithm of a half marathon's time from the other races that a runner has run, and from the runner."""
    with open(DATA / "race-times" / "runners.csv") as file:
        runners = [r for r in csv.DictReader(file) if r["mh_ti"]]
    names = ["k5_ti", "k10_ti", "m5_ti", "m10_ti", "mf_ti", "age", "bmi", "female", "endurancespeed", "max", "typical", "sprint", "tempo", "injury"]
    x = [[float(r[name] or "nan") for name in names] for r in runners]
    return split(x, np.log([float(r["mh_ti"]) for r in runners]), seed)


def rmse(y, predicted):
    return float(np.sqrt(np.mean((y - predicted) ** 2)))


@dataclasses.dataclass
class Contest:
    make: object
    objective: str  # XGBoost's name
    metric: str  # "rmse", "auc" or "logloss"
    leaf_rows: int = 20

    def loss(self, y, predicted):
        if self.metric == "auc":
            return roc_auc_score(y, predicted)
        if self.metric == "rmse":
            return rmse(y, predicted)
        return log_loss(y, predicted / predicted.sum(axis=1, keepdims=True))  # float32 sums to 1 nearly


CONTESTS = {
    "regression (Friedman 1, 4000 rows)": Contest(regression, "reg:squarederror", "rmse"),
    "binary (20 columns, 6000 rows)": Contest(binary, "binary:logistic", "auc"),
    "10 classes (digits, 1198 rows)": Contest(classes, "multi:softprob", "logloss"),
    "categorical (30 levels, 4000 rows)": Contest(categorical, "reg:squarederror", "rmse"),
    "missing (20 %, 4000 rows)": Contest(missing, "reg:squarederror", "rmse"),
    "tiny (diabetes, 60 rows)": Contest(tiny, "reg:squarederror", "rmse", leaf_rows=5),
    "tiny (breast cancer, 60 rows)": Contest(tiny_binary, "binary:logistic", "auc", leaf_rows=5),
    "race times (half marathon)": Contest(race_times, "reg:squarederror", "rmse"),
}

ROUNDS, LEAVES, ETA, LAMBDA, HESSIAN = 100, 31, 0.1, 1.0, 1e-3  # the least hessian of a leaf is fixed in scikit-learn


def settings(contest, **extra):
    """In XGBoost's terms."""
    return {"objective": contest.objective, "eta": ETA, "max_leaves": LEAVES, "max_depth": 0, "grow_policy": "lossguide", "max_bin": 255,
            "lambda": LAMBDA, "min_child_weight": HESSIAN, "nthread": 1, **extra}  # fmt: skip


def athlete_learns(db, contest, rows, **extra):
    """Trained and scored in SQL. Categorical columns are text there."""
    n = rows.x.shape[1]
    columns = ", ".join(f"f{i}" for i in range(n))

    def fill(name, x, y):
        db.execute(f"DROP TABLE IF EXISTS {name}")
        db.execute(f"CREATE TABLE {name} (y, {columns})")
        cell = lambda f, v: None if np.isnan(v) else f"level {int(v)}" if f in rows.categorical else float(v)
        db.executemany(f"INSERT INTO {name} VALUES (?{', ?' * n})", [(float(b), *(cell(f, v) for f, v in enumerate(a))) for a, b in zip(x, y)])

    fill("learned", rows.x, rows.y)
    fill("judged", rows.judged_x, rows.judged_y)
    options = settings(contest, num_boost_round=ROUNDS, min_data_in_leaf=contest.leaf_rows, **extra)
    if contest.metric == "logloss":  # under LightGBM's name, whose steps are nearer to scikit-learn's than XGBoost's are
        options |= {"objective": "multiclass", "num_class": int(rows.y.max()) + 1}
    model = db.execute(f"SELECT gbdt_train(?, y, {columns}) FROM learned", (json.dumps(options),)).fetchone()[0]
    several = contest.metric == "logloss"
    how = json.dumps({"output": "probabilities" if several else "value", "match": "position"})
    query = f"SELECT rowid, {columns} FROM judged ORDER BY rowid"
    values = np.array([row[0] for row in db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, how))])
    return values.reshape(len(rows.judged_y), -1).astype(float) if several else values


def lightgbm_learns(contest, rows, **extra):
    options = {"objective": {"rmse": "regression", "auc": "binary", "logloss": "multiclass"}[contest.metric], "num_leaves": LEAVES,
               "learning_rate": ETA, "max_bin": 255, "min_data_in_leaf": contest.leaf_rows, "lambda_l2": LAMBDA,
               "min_sum_hessian_in_leaf": HESSIAN, "num_threads": 1, "verbosity": -1, **extra}  # fmt: skip
    if contest.metric == "logloss":
        options["num_class"] = int(rows.y.max()) + 1
    data = lightgbm.Dataset(rows.x, rows.y, params=options, categorical_feature=list(rows.categorical))
    return lightgbm.train(options, data, ROUNDS).predict(rows.judged_x)


def xgboost_learns(contest, rows, **extra):
    """It has no least number of rows in a leaf; for squared error the least hessian is the same."""
    options = settings(contest, tree_method="hist", **extra)
    if contest.metric == "rmse":
        options["min_child_weight"] = contest.leaf_rows
    if contest.metric == "logloss":
        options["num_class"] = int(rows.y.max()) + 1
    kinds = ["c" if f in rows.categorical else "q" for f in range(rows.x.shape[1])]
    data = lambda x, y=None: xgboost.DMatrix(x, y, feature_types=kinds, enable_categorical=True)
    return xgboost.train(options, data(rows.x, rows.y), ROUNDS).predict(data(rows.judged_x)).astype(float)


def sklearn_learns(contest, rows, **extra):
    kind = HistGradientBoostingRegressor if contest.metric == "rmse" else HistGradientBoostingClassifier
    model = kind(max_iter=ROUNDS, max_leaf_nodes=LEAVES, learning_rate=ETA, max_bins=255, min_samples_leaf=contest.leaf_rows, early_stopping=False,
                 l2_regularization=LAMBDA, categorical_features=list(rows.categorical) or None, **extra).fit(rows.x, rows.y)  # fmt: skip
    if contest.metric == "rmse":
        return model.predict(rows.judged_x)
    return model.predict_proba(rows.judged_x)[:, 1] if contest.metric == "auc" else model.predict_proba(rows.judged_x)


PEERS = {"LightGBM": lightgbm_learns, "XGBoost": xgboost_learns, "scikit-learn": sklearn_learns}


@functools.cache
def peer_loss(name, contest_name, seed):
    contest = CONTESTS[contest_name]
    rows = contest.make(seed)
    return contest.loss(rows.judged_y, PEERS[name](contest, rows))


def athlete_loss(db, contest_name, seed, **extra):
    contest = CONTESTS[contest_name]
    rows = contest.make(seed)
    return contest.loss(rows.judged_y, athlete_learns(db, contest, rows, **extra))
