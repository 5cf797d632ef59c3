"""Models of XGBoost in several shapes, and what gbdt_explain and gbdt_interactions say of them as arrays."""

import numpy as np
import xgboost

from helpers.models.tables import feature_list, rows, values_of


def fill(db, x):
    n = x.shape[1]
    db.execute("DROP TABLE IF EXISTS x")
    db.execute(f"CREATE TABLE x (id INTEGER PRIMARY KEY, {feature_list(n)})")
    db.executemany(f"INSERT INTO x VALUES (?{', ?' * n})", [(i, *row) for i, row in enumerate(values_of(x))])


def explain(db, model, x, n_outputs=1):
    """rows x outputs x (features + 1), the base value last, as XGBoost has them."""
    fill(db, x)
    n = x.shape[1]
    answer = db.execute("SELECT key, output, feature, contribution FROM gbdt_explain(?, 'SELECT * FROM x')", (model,)).fetchall()
    names = [*(f"f{i}" for i in range(n)), None]
    assert [row[:3] for row in answer] == [(i, o, f) for i in range(len(x)) for o in range(n_outputs) for f in names]
    return np.array([row[3] for row in answer]).reshape(len(x), n_outputs, n + 1)


def interactions(db, model, x, n_outputs=1):
    """rows x outputs x (features + 1) x (features + 1)."""
    fill(db, x)
    n = x.shape[1]
    answer = db.execute(
        "SELECT key, output, feature_1, feature_2, contribution FROM gbdt_interactions(?, 'SELECT * FROM x')", (model,)
    ).fetchall()
    pairs = [(f"f{a}", f"f{b}") for a in range(n) for b in range(n)] + [(None, None)]
    assert [row[:4] for row in answer] == [(i, o, *p) for i in range(len(x)) for o in range(n_outputs) for p in pairs]
    values = np.array([row[4] for row in answer]).reshape(len(x), n_outputs, n * n + 1)
    matrix = np.zeros((len(x), n_outputs, n + 1, n + 1))
    matrix[:, :, :n, :n] = values[:, :, :-1].reshape(len(x), n_outputs, n, n)
    matrix[:, :, n, n] = values[:, :, -1]
    return matrix


def text_of(booster):
    return booster.save_raw("json").decode()


SHAPES = [
    {"max_depth": 4},
    {"max_depth": 0, "max_leaves": 31, "grow_policy": "lossguide"},
    {"max_depth": 12, "min_child_weight": 0, "lambda": 0},
    {"objective": "binary:logistic", "max_depth": 6},
    {"objective": "multi:softprob", "num_class": 3, "max_depth": 5},
    {"max_depth": 1},
    {"gamma": 1e9},  # nothing but leaves
]


def trained(shape, n_features=6, n=600):
    x, y = rows(3, n=n, n_features=n_features, missing=0.15)
    if shape.get("objective") == "binary:logistic":
        y = (y > 0.5).astype(float)
    if shape.get("objective") == "multi:softprob":
        y = np.digitize(y, [-1, 1]).astype(float)
    settings = {"nthread": 1, "eta": 0.3, **shape}
    return xgboost.train(settings, xgboost.DMatrix(x, y, nthread=1), 12), rows(4, n=70, n_features=n_features, missing=0.2)[0]
