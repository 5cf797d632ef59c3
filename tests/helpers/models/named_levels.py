"""Rows with a column of names, what gbdt_train, LightGBM and XGBoost learn from them, and the loss on other rows.

`kind` says what the names mean: "noise" nothing, "signal" an effect of each, "sparse" a large effect of one in ten,
"weak" small effects. Of several classes the hessians of LightGBM and XGBoost differ, and so does what eta means, with names and
without: ours is trained under the objective's name in each of them, and compared with the library whose name it is.
"""

import dataclasses
import json

import lightgbm
import numpy as np
import pandas
import xgboost

EFFECTS = {
    "noise": lambda rng, n: np.zeros(n),
    "signal": lambda rng, n: 1.5 * rng.normal(size=n),
    "sparse": lambda rng, n: np.where(rng.random(n) < 0.1, 3 * rng.normal(size=n), 0),
    "weak": lambda rng, n: 0.4 * rng.normal(size=n),
}
OBJECTIVES = {
    "squared": ("reg:squarederror", "regression"),
    "logistic": ("binary:logistic", "binary"),
    "classes": ("multi:softprob", "multiclass"),
}
ETA, LEAST, CLASSES = 0.1, 20, 3


@dataclasses.dataclass
class Rows:
    names: np.ndarray
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    n_train: int

    def split(self):
        yield slice(0, self.n_train)
        yield slice(self.n_train, len(self.y))


def rows(kind, objective, levels, seed, n=5000, skewed=False, weighted=False):
    rng = np.random.default_rng(1000 * seed + levels)
    x, share = rng.normal(size=(n, 3)), 1 / np.arange(1, levels + 1) if skewed else np.ones(levels)
    names = rng.choice(levels, n, p=share / share.sum())
    told = 1.2 * x[:, 0] + np.sin(2 * x[:, 1]) + EFFECTS[kind](rng, levels)[names]
    if objective == "squared":
        y = told + rng.normal(size=n)
    elif objective == "logistic":
        y = rng.random(n) < 1 / (1 + np.exp(-told))
    else:
        y = np.argmax(np.column_stack([told, -told, x[:, 2]]) + rng.gumbel(size=(n, CLASSES)), axis=1)
    weights = rng.uniform(0.2, 3, n) if weighted else np.ones(n)
    return Rows(names, x, y.astype(float), weights, 3 * n // 4)


def loss(objective, rows, judged, margin):
    y = rows.y[judged]
    if objective == "squared":
        each = (y - margin) ** 2
    elif objective == "logistic":
        each = np.logaddexp(0, margin) - y * margin
    else:
        margin = margin.reshape(len(y), CLASSES)
        each = np.logaddexp.reduce(margin, axis=1) - margin[np.arange(len(y)), y.astype(int)]
    return np.average(each, weights=rows.weights[judged])


def fill(db, rows, name="named"):
    db.execute(f"DROP TABLE IF EXISTS {name}")
    db.execute(f"CREATE TABLE {name} (row INTEGER PRIMARY KEY, y, name, a, b, c, w, learned)")
    learned = np.arange(len(rows.y)) < rows.n_train
    columns = (rows.y.tolist(), [f"name {i}" for i in rows.names], *rows.x.T.tolist(), rows.weights.tolist(), learned.astype(int).tolist())
    db.executemany(f"INSERT INTO {name} (y, name, a, b, c, w, learned) VALUES (?, ?, ?, ?, ?, ?, ?)", zip(*columns))


def athlete_loss(db, rows, objective, rounds, lossguide=False, named=0):
    fill(db, rows)
    options = {"objective": OBJECTIVES[objective][named], "num_boost_round": rounds, "eta": ETA, "min_data_in_leaf": LEAST, "nthread": 1}
    options |= {"num_class": CLASSES} if objective == "classes" else {}
    options |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 31} if lossguide else {}
    weighted = bool(np.any(rows.weights != 1))
    options |= {"weight": 5} if weighted else {}
    sql = f"SELECT gbdt_train(?, y, name, a, b, c{', w' if weighted else ''}) FROM named WHERE learned"
    model = db.execute(sql, (json.dumps(options),)).fetchone()[0]
    query = "SELECT row, name, a, b, c FROM named WHERE NOT learned ORDER BY row"
    values = db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, '{"output": "margin", "match": "position"}'))
    _, judged = rows.split()
    return loss(objective, rows, judged, np.array([value for (value,) in values]))


def _frame(rows):
    return pandas.DataFrame({"name": pandas.Categorical(rows.names), **{f"f{i}": column for i, column in enumerate(rows.x.T)}})


def lightgbm_loss(rows, objective, rounds, lossguide=False):
    learned, judged = rows.split()
    frame = _frame(rows)
    settings = {"objective": OBJECTIVES[objective][1], "learning_rate": ETA, "min_data_in_leaf": LEAST, "num_threads": 1, "verbose": -1}
    settings |= {"num_class": CLASSES} if objective == "classes" else {}
    settings |= {} if lossguide else {"max_depth": 6, "num_leaves": 64}
    data = lightgbm.Dataset(frame[learned], rows.y[learned], weight=rows.weights[learned])
    margin = lightgbm.train(settings, data, rounds).predict(frame[judged], raw_score=True)
    return loss(objective, rows, judged, margin)


def xgboost_loss(rows, objective, rounds, lossguide=False):
    learned, judged = rows.split()
    frame = _frame(rows)
    settings = {"objective": OBJECTIVES[objective][0], "eta": ETA, "tree_method": "hist", "nthread": 1}
    settings |= {"num_class": CLASSES} if objective == "classes" else {}
    settings |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 31} if lossguide else {}
    data = xgboost.DMatrix(frame[learned], rows.y[learned], weight=rows.weights[learned], enable_categorical=True)
    booster = xgboost.train(settings, data, rounds)
    margin = booster.predict(xgboost.DMatrix(frame[judged], enable_categorical=True), output_margin=True)
    return loss(objective, rows, judged, margin)


def losses(db, kind, objective, levels, seeds, rounds=60, lossguide=False, **rest):
    """One row per seed: ours under LightGBM's name of the objective and under XGBoost's, LightGBM's, XGBoost's."""
    table = []
    for seed in seeds:
        made = rows(kind, objective, levels, seed, **rest)
        under_xgboosts = athlete_loss(db, made, objective, rounds, lossguide)
        under_lightgbms = athlete_loss(db, made, objective, rounds, lossguide, 1) if objective == "classes" else under_xgboosts
        table.append((under_lightgbms, under_xgboosts, lightgbm_loss(made, objective, rounds, lossguide), xgboost_loss(made, objective, rounds, lossguide)))
    return np.array(table)


def behind_the_better(table):
    """How far ours is from the better peer, and the standard error of that; below 0 is better."""
    peer = np.argmin(table[:, 2:].mean(axis=0))
    difference = table[:, peer] - table[:, 2 + peer]
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(table))
