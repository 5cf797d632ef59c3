"""The time estimator beside scikit-learn, XGBoost and the classic formulas: errors on runners that none of them had seen.

    python tests/bench/time_estimator.py

Needs the built extension (ATHLETE_EXTENSION or build/athlete), and from PyPI: numpy, scikit-learn, xgboost-cpu. All
learners get the same features and the same ten folds of the survey's runners; XGBoost also the same options and clipped
labels. Intervals of all of them are split-conformal, from their log errors in the other folds. Then: the seconds that the
training statement takes for the 19 models of the bundled data, with XGBoost on the same rows.
"""

import math
import pathlib
import platform
import sqlite3
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
import numpy as np
import sklearn
import threadpoolctl
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor

from helpers.athletes import lab

DISTANCES = ["5k", "10k", "21k", "42k"]
TUNED = dict(max_iter=120, learning_rate=0.05, max_depth=3, min_samples_leaf=20, l2_regularization=20)


def scikit_learn(**setting):
    def fit(features, label):
        asked = ~np.isnan(features).all(axis=0)
        model = HistGradientBoostingRegressor(random_state=0, **setting).fit(features[:, asked], label)
        return lambda other: model.predict(other[:, asked])

    return fit


def xgboost_same(features, label):
    specification = lab.specification()
    options, centre = dict(specification["learner"]["options"]), np.quantile(label, 0.5)
    rounds = options.pop("num_boost_round")
    clipped = np.clip(label, centre - specification["label_clip"], centre + specification["label_clip"])
    data = xgboost.QuantileDMatrix(features, clipped, max_bin=options["max_bin"])
    booster = xgboost.train(options | {"base_score": float(centre), "tree_method": "hist", "nthread": 1}, data, rounds)
    return lambda other: booster.predict(xgboost.DMatrix(other))


def table(title, rows):
    print(f"\n{title}\n{'':30}" + "".join(f"{d:>10}" for d in DISTANCES))
    for name, values in rows:
        print(f"{name:30}" + "".join(f"{'-':>10}" if v is None or np.isnan(v) else f"{v:10.2f}" for v in values))


def main():
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, scikit-learn {sklearn.__version__},"
          f" XGBoost {xgboost.__version__}, one thread each")
    db = lab.copy()
    columns = ", ".join(f"r.{f}" for f in lab.FEATURES)
    found = db.execute(
        f"SELECT r.distance_class, r.fold, v.evidence = 'races', r.seconds, r.base_ln_s, v.predicted_s, r.riegel_s, r.vdot_s, r.vickers_one_race_s,"
        f" r.vickers_two_races_s, {columns} FROM time_estimator_rows AS r JOIN ml_validation_predictions AS v USING (source, subject, as_of_date,"
        " distance_class) WHERE r.source = 'survey' AND v.model = 'time_estimator' AND v.version = 1 ORDER BY r.subject, r.distance_class").fetchall()
    distance = np.array([r[0] for r in found])
    metres = np.array([{"5k": 5000, "10k": 10000, "21k": 21097.5, "42k": 42195}[d] for d in distance])
    numbers = np.array([r[1:] for r in found], dtype=float)
    fold, group, seconds, base, ours, riegel, vdot, one_race, two_races = numbers[:, :9].T
    features, label = numbers[:, 9:], np.log(seconds) - base

    def out_of_fold(fit):
        predicted = np.empty(len(seconds))
        for f in np.unique(fold):
            predicted[fold == f] = fit(features[fold != f], label[fold != f])(features[fold == f])
        return np.exp(base + predicted)

    def covered(predicted):
        interval = lab.specification()["interval"]
        power = [interval["spread_powers"].get(f"{d} {'races' if several else 'race'}", interval["spread_power"]) for d, several in zip(distance, group)]
        spread = (predicted / (0.3 * metres)) ** np.array(power)
        residual, inside = np.log(seconds / predicted) / spread, np.full(len(seconds), np.nan)
        known = ~np.isnan(predicted)
        for key in set(zip(distance[known], fold[known], group[known])):
            of = known & (distance == key[0]) & (group == key[2])
            others = np.sort(residual[of & (fold != key[1])])
            low, high = others[math.floor((len(others) + 1) * 0.1 + 1e-9) - 1], others[math.ceil((len(others) + 1) * 0.9 - 1e-9) - 1]
            judged = of & (fold == key[1])
            inside[judged] = (residual[judged] >= low) & (residual[judged] <= high)
        return 100 * inside

    with threadpoolctl.threadpool_limits(1):
        contenders = {
            "athlete": ours, "XGBoost, same options": out_of_fold(xgboost_same), "HistGradientBoosting, default": out_of_fold(scikit_learn()),
            "HistGradientBoosting, tuned": out_of_fold(scikit_learn(**TUNED)), "base line alone": np.exp(base), "Riegel": riegel, "VDOT": vdot,
            "Vickers, one race": one_race, "Vickers, two races": two_races,
        }
    print(f"{len(seconds)} races of {len({r for (r,) in db.execute('SELECT subject FROM time_estimator_rows WHERE fold IS NOT NULL')})} runners")
    measures = {
        "mean absolute error, s": lambda p: np.abs(p - seconds),
        "root of the mean squared error, s": lambda p: (p - seconds) ** 2,
        "mean absolute error, %": lambda p: 100 * np.abs(p / seconds - 1),
        "inside the 80 % interval, %": covered,
    }
    for title, measure in measures.items():
        rows = []
        for name, predicted in contenders.items():
            each = measure(predicted)
            means = [np.nanmean(each[distance == d]) if (~np.isnan(each[distance == d])).any() else None for d in DISTANCES]
            rows.append((name, [m if m is None or "squared" not in title else m**0.5 for m in means]))
        table(title, rows)

    # The statement of the stage that trains: everything before it is run, then it is timed alone.
    db.execute("DELETE FROM ml_looks")
    lab.put(db, lab.specification() | {"version": "99.0.0"})
    lab.run(db, ["100_bronze_strava", "530_model_definitions"])
    models = 0
    for statement in lab.statements(lab.STAGES["540_train_models"]):
        began = time.perf_counter()
        db.execute(statement).fetchall()
        took = time.perf_counter() - began
        if "CREATE TEMP TABLE fitted AS" in statement:
            models, own = db.execute("SELECT COUNT(*) FROM fitted").fetchone()[0], took
            columns = ", ".join(f"c{i + 2}" for i in range(len(lab.FEATURES)))
            folds = [np.array(db.execute(f"SELECT target, {columns} FROM trains JOIN aim USING (row_id) JOIN measure USING (row_id) WHERE task_id = ?",
                                         (f,)).fetchall(), dtype=float) for (f,) in db.execute("SELECT DISTINCT task_id FROM trains").fetchall()]
            break
    db.execute("ROLLBACK")
    began = time.perf_counter()
    for rows in folds:
        xgboost_same(rows[:, 1:], rows[:, 0])
    peer = time.perf_counter() - began
    print(f"\ntraining {models} models of about {int(np.mean([len(f) for f in folds]))} rows: athlete {own:.2f} s, XGBoost {peer:.2f} s")


if __name__ == "__main__":
    main()
