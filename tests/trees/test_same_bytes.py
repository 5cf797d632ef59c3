"""The same rows give the same bytes: in any order, in any grouping, with any number of threads.

From any compiler and on any processor, too: that is tests/laws/architectures.
"""

import hashlib
import json

import numpy as np
import pytest

from helpers.models.tables import feature_list, fill, rows

pytestmark = pytest.mark.unsanitized

SETTINGS = [
    {"num_boost_round": 25, "max_depth": 5},
    {"num_boost_round": 15, "max_depth": 0, "max_leaves": 20, "grow_policy": "lossguide", "max_bin": 32},
    {"num_boost_round": 15, "subsample": 0.5, "colsample_bytree": 0.5, "seed": 7},
    {"num_boost_round": 15, "objective": "binary:logistic", "subsample": 0.8},
    {"num_boost_round": 15, "objective": "reg:absoluteerror"},
    {"num_boost_round": 15, "objective": "reg:quantileerror", "quantile_alpha": 0.9},
    {"num_boost_round": 15, "objective": "reg:pseudohubererror", "huber_slope": 0.2},
    {"num_boost_round": 15, "objective": "count:poisson", "weight": 5},
    {"num_boost_round": 15, "objective": "reg:gamma", "weight": 5},
    {"num_boost_round": 15, "objective": "reg:tweedie", "tweedie_variance_power": 1.2},
    {"num_boost_round": 15, "objective": "reg:absoluteerror", "weight": 5, "subsample": 0.7},
    {"num_boost_round": 8, "objective": "multi:softprob", "num_class": 3, "colsample_bytree": 0.7},
]


def awkward_rows():
    """Rows with ties, duplicates, missing values and sizes from 1e-3 to 1e6; a label that suits every objective."""
    x, y = rows(21, n=700)
    x[:, 1] *= 1e6
    x[:, 2] *= 1e-3
    x, y = np.vstack([x, x[:60]]), np.concatenate([y, y[:60]])
    x[:, 4] = np.nan_to_num(np.abs(x[:, 4]), nan=0.7)  # can be a weight
    return x, 1 / (1 + np.exp(-y))


def training(settings):
    label = "CAST(3 * y AS INTEGER)" if "num_class" in settings else "y"
    return f"gbdt_train('{json.dumps(settings)}', {label}, {feature_list(5)})"


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
def test_rows_in_any_order_give_the_same_model(db, settings):
    x, y = awkward_rows()
    fill(db, x, y)
    sql = f"SELECT {training(settings)} FROM (SELECT * FROM t ORDER BY %s)"
    orders = ["rowid", "rowid DESC", "f0, rowid", "rowid * 7919 % 1009", "y DESC, f1"]
    models = {db.execute(sql % order).fetchone()[0] for order in orders}
    assert len(models) == 1


def test_a_group_gives_the_model_of_its_rows_alone(db):
    x, y = awkward_rows()
    fill(db, x, y)
    options = json.dumps({"num_boost_round": 10})
    train = f"gbdt_train(?, y, {feature_list(5)})"
    grouped = db.execute(f"SELECT rowid % 7 AS g, {train} FROM t GROUP BY g ORDER BY g", (options,)).fetchall()
    assert len(grouped) == 7
    for group, model in grouped:
        assert db.execute(f"SELECT {train} FROM t WHERE rowid % 7 = ?", (options, group)).fetchone()[0] == model


def test_the_number_of_threads_changes_nothing(db):
    x, y = awkward_rows()
    fill(db, x, y)
    sql = f"SELECT gbdt_train(?, y, {feature_list(5)}) FROM t"
    models = {db.execute(sql, (json.dumps({"num_boost_round": 5, "nthread": n}),)).fetchone()[0] for n in (1, 2, 8)}
    assert len(models) == 1


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
def test_the_number_of_threads_changes_nothing_where_they_share_the_work(db, objective):
    x, y = rows(22, n=80_000)
    fill(db, x, np.nan_to_num(y) > 0)
    sql = f"SELECT gbdt_train(?, y, {feature_list(5)}) FROM t"
    options = {"objective": objective, "num_boost_round": 3, "min_data_in_leaf": 30}
    models = {db.execute(sql, (json.dumps({**options, "nthread": n}),)).fetchone()[0] for n in (1, 2, 3, 8)}
    assert len(models) == 1


# The beginnings of SHA-256 of the trees that came of `counted_rows` in November 2026.
STORED = {
    "squared": "b422b901aac07b8a",
    "lossguide": "784c9418d8f1803b",
    "logistic": "dc4484e9c91de60c",
    "absolute": "644549e5b012ac88",
    "poisson": "d0e993649f7abc71",
    "classes": "67784db84c23a32b",
    "monotone": "fb3ebf302abad886",
}


def counted_rows(n=3000):
    """Rows made of whole numbers alone, the same wherever this runs: three numbers and one that is missing now and then, a label, a weight."""
    state, made = 12345, []
    for _ in range(n):
        row = []
        for _ in range(6):
            state = (1103515245 * state + 12345) % 2**31
            row.append(state >> 8)
        a, b, c, d = row[0] % 1000, row[1] % 50, row[2] % 7, row[3] % 300
        y = (a - 500) // 10 + (b * c) % 23 + row[4] % 20
        made.append((y, a, b, c, None if d > 250 else d, 1 + row[5] % 4))
    return made


STORED_SETTINGS = {
    "squared": {},
    "lossguide": {"max_depth": 0, "max_leaves": 20, "grow_policy": "lossguide", "max_bin": 32},
    "logistic": {"objective": "binary:logistic", "subsample": 0.8},
    "absolute": {"objective": "reg:absoluteerror"},
    "poisson": {"objective": "count:poisson", "weight": 5},
    "classes": {"objective": "multi:softprob", "num_class": 3, "colsample_bytree": 0.7, "colsample_bynode": 0.6},
    "monotone": {"monotone_constraints": [1, 0, 0, -1, 0], "alpha": 3, "min_data_in_leaf": 20},
}
STORED_LABELS = {"logistic": "y > 20", "classes": "abs(y) % 3", "poisson": "abs(y)"}


@pytest.mark.parametrize("name", STORED_SETTINGS)
def test_a_table_of_numbers_gives_the_trees_that_it_always_gave(db, name):
    db.execute("CREATE TEMP TABLE counted (y, a, b, c, d, w)")
    db.executemany("INSERT INTO counted VALUES (?, ?, ?, ?, ?, ?)", counted_rows())
    options = json.dumps({"num_boost_round": 20, **STORED_SETTINGS[name]})
    sql = f"SELECT gbdt_train(?, {STORED_LABELS.get(name, 'y')}, a, b, c, d, w) FROM counted"
    booster = json.loads(db.execute(sql, (options,)).fetchone()[0])["learner"]["gradient_booster"]
    assert hashlib.sha256(json.dumps(booster["model"]["trees"], sort_keys=True).encode()).hexdigest()[:16] == STORED[name]
