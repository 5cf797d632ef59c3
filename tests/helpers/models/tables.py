"""Tables of random rows, and ways to put them through the extension."""

import json

import numpy as np


def feature_list(n):
    return ", ".join(f"f{i}" for i in range(n))


def values_of(x):
    """The rows as lists of Python's numbers; NaN becomes None."""
    numbers = np.asarray(x, float)
    return np.where(np.isnan(numbers), None, numbers).tolist()


def fill(db, x, y, name="t"):
    """Creates table `name` (y, f0, f1, …); NaN becomes NULL."""
    n = x.shape[1]
    db.execute(f"DROP TABLE IF EXISTS {name}")
    db.execute(f"CREATE TABLE {name} (y, {feature_list(n)})")
    db.executemany(f"INSERT INTO {name} VALUES (?{', ?' * n})", [(b, *a) for b, a in zip(np.asarray(y, float).tolist(), values_of(x))])


def train(db, x, y, **options):
    fill(db, x, y)
    return db.execute(f"SELECT gbdt_train(?, y, {feature_list(x.shape[1])}) FROM t", (json.dumps(options),)).fetchone()[0]


def score(db, model, x, function="gbdt_predict"):
    fill(db, x, np.zeros(len(x)), "scored")
    sql = f"SELECT {function}(?, {feature_list(x.shape[1])}) FROM scored ORDER BY rowid"
    return np.array([row[0] for row in db.execute(sql, (model,))])


def margins(db, model, x, output="margin"):
    """Per row and output what the trees add up to, or with output="probabilities" what becomes of it."""
    fill(db, x, np.zeros(len(x)), "scored")
    query = f"SELECT rowid, {feature_list(x.shape[1])} FROM scored"
    options = json.dumps({"output": output, "match": "position"})
    values = [row[0] for row in db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, options))]
    return np.array(values).reshape(len(x), -1)


def mixed_rows(seed, n=1500, missing=0.1):
    """Three numbers and three categories of 50, 5 and 300 values, and a label that depends on some of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6)).astype(np.float32).astype(float)
    for column, size in ((3, 50), (4, 5), (5, 300)):
        x[:, column] = rng.integers(0, size, n)
    y = 2 * x[:, 0] + x[:, 3] % 7 + x[:, 5] % 3 + rng.normal(size=n) * 0.1
    x[rng.random(x.shape) < missing] = np.nan
    return x, y


MIXED_TYPES = ["q", "q", "q", "c", "c", "c"]


def rows(seed, n=400, n_features=5, missing=0.1):
    """Features, some of them with ties, as float32 values, and a label that depends on some of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features))
    x[:, -1] = rng.integers(0, 6, n)
    x = x.astype(np.float32).astype(float)
    y = 3 * x[:, 0] + np.sin(3 * x[:, 1]) + (x[:, -1] > 2) + rng.normal(size=n) * 0.1
    x[rng.random(x.shape) < missing] = np.nan
    return x, y


def tree_of(model, index=0):
    return json.loads(model)["learner"]["gradient_booster"]["model"]["trees"][index]
