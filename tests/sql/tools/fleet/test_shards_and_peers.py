"""A model of rows that lie in shards: ours is the same to the byte for any number of them, with weights, categories and early stopping;
XGBoost's, whose workers merge sketches of their own rows, is another one for each number of workers."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from helpers.models.tables import feature_list, fill, rows

N = 3000
OPTIONS = {"num_boost_round": 60, "eta": 0.5, "weight": 5, "validation": 6, "early_stopping_rounds": 3, "categorical_features": [4], "subsample": 0.8, "seed": 3}
# Prints the hash of the model of as many workers as it is told, each with the rows of its own shard.
WORKERS = """
import hashlib, multiprocessing, sys
import numpy as np
import xgboost as xgb
from xgboost import collective
from xgboost.tracker import RabitTracker

def work(told, number, n, path, found):
    with np.load(path) as arrays, collective.CommunicatorContext(**told):
        mine = arrays["shard"] % n == number
        matrix = xgb.DMatrix(arrays["x"][mine], arrays["y"][mine])
        model = xgb.train({"tree_method": "hist", "max_bin": 32, "max_depth": 4, "nthread": 1}, matrix, 10)
        if collective.get_rank() == 0:
            found.put(hashlib.sha256(model.save_raw("json")).hexdigest())

if __name__ == "__main__":
    for n in map(int, sys.argv[2:]):
        tracker, found = RabitTracker(n_workers=n, host_ip="127.0.0.1"), multiprocessing.Queue()
        tracker.start()
        crew = [multiprocessing.Process(target=work, args=(tracker.worker_args(), number, n, sys.argv[1], found)) for number in range(n)]
        for one in crew:
            one.start()
        print(n, found.get(timeout=120))
        for one in crew:
            one.join()
"""


def labelled():
    """Rows of athletes; the third feature is a category, the fourth a weight, the fifth says which rows judge."""
    x, y = rows(11, n=N)
    rng = np.random.default_rng(5)
    x[:, 3], x[:, 4] = rng.integers(0, 6, N), rng.uniform(0.5, 2, N)
    return np.column_stack([x, rng.random(N) < 0.2]).astype(float), y, rng.integers(1, 400, N)


def shards(athletes, n):
    import keys

    return np.array([keys.partition_of(str(athlete), n) for athlete in athletes])


def test_a_model_is_the_same_to_the_byte_for_any_number_of_shards(db):
    x, y, athletes = labelled()
    models = set()
    for n in (1, 7, 64):
        order = np.argsort(shards(athletes, n), kind="stable")
        fill(db, x[order], y[order])
        (model,) = db.execute(f"SELECT gbdt_train('{json.dumps(OPTIONS)}', y, {feature_list(6)}) FROM t").fetchone()
        models.add(hashlib.sha256(model.encode()).hexdigest())
        db.execute("DROP TABLE t")
    trees = json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]
    assert len(models) == 1 and 1 < len(trees) < OPTIONS["num_boost_round"] and any(tree["categories"] for tree in trees)


@pytest.mark.soak
def test_xgboosts_model_changes_with_the_number_of_its_workers(tmp_path):
    x, y, athletes = labelled()
    np.savez(tmp_path / "rows.npz", x=x[:, :4], y=y, shard=shards(athletes, 1 << 20))
    (tmp_path / "workers.py").write_text(WORKERS)
    told = subprocess.run([sys.executable, tmp_path / "workers.py", tmp_path / "rows.npz", "1", "2", "3", "1"], capture_output=True, text=True, check=True).stdout
    hashes = [line.split()[1] for line in told.splitlines() if line[:1].isdigit()]  # XGBoost prints lines of its own
    assert hashes[0] == hashes[3] and len(set(hashes)) == 3, told
