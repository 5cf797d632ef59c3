"""The pace of a run before it begins: the project's own definition on real runners, beside what they usually run and LightGBM.

    PYTHONPATH=tests tests/bench/paces.py FOLDER

FOLDER has runs78.csv.gz (helpers/athletes/break_days.py says what is in it). The runs go through the inbox and every stage that features need;
schemas/models/pace_predictor.json is registered, trained and judged by the stages as for anyone, and what it said of each run is read from
its own run: by time, with an embargo of 43 days, and on athletes never seen. LightGBM gets the same rows and folds. Then the bundled runner:
five folds of equal size, each asked of what is the gap later. Without a folder it does the bundled runner alone.
"""

import json
import sqlite3
import sys
import warnings

import lightgbm
import numpy as np
import pandas as pd

from helpers.athletes import break_days, demo, recorded

DEFINITION = recorded.definition("pace_predictor")
LIGHTGBM = dict(objective="l1", n_estimators=400, learning_rate=0.05, num_leaves=31, min_child_samples=100, subsample=0.8, subsample_freq=1,
                colsample_bytree=0.7, reg_lambda=5, verbose=-1, n_jobs=1, random_state=0)  # fmt: skip


def bodies(folder):
    """Runs of 1 to 60 km at 2.7 to 12 min/km."""
    d = break_days.runs(folder)
    return recorded.bodies(d[d.km.le(60) & d.pace.le(12)])


def features():
    return [f if isinstance(f, str) else f["name"] for f in DEFINITION["features"]]


def peer(found, evaluation):
    """LightGBM on the same rows and folds, as the definition counts from the base."""
    x, base = found[features()].astype(float), found[DEFINITION["base"]]
    told = pd.Series(np.nan, found.index)
    for fold in sorted(found[evaluation].dropna().unique()):
        test = found[evaluation] == fold
        if evaluation == "time":
            train = found.day < found.day[test].min() - pd.Timedelta(days=DEFINITION["evaluation"]["gap_days"])
        else:
            train = found[evaluation].notna() & ~test
        model = lightgbm.LGBMRegressor(**LIGHTGBM).fit(x[train], (found.label - base)[train])
        told[test] = base[test] + model.predict(x[test])
    return told


def report(title, found, evaluation):
    asked = found[evaluation].notna()
    predictors = {"last": found.last_pace_min_km, "mean of ten": found.mean_pace_10, "EWMA": found.pace_ewma_20, "similar runs": found.similar_pace_min_km,
                  "LightGBM": peer(found, evaluation), "ours": found[f"by_{evaluation}"]}  # fmt: skip
    errors = {name: 60 * (told - found.label).abs()[asked] for name, told in predictors.items()}
    print(f"\n{title}: {asked.sum()} runs of {found.athlete_id[asked].nunique()} runners; MAE in s/km")
    for name, error in errors.items():
        print(f"  {name:14}{error.mean():7.2f}")
    gain = (errors["EWMA"] - errors["ours"]).groupby(found.athlete_id[asked]).mean()
    print(f"  better than EWMA for {(gain > 0).sum()} of {len(gain)}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    print(f"SQLite {sqlite3.sqlite_version}, LightGBM {lightgbm.__version__}; ours {json.dumps(DEFINITION['learner']['options'])}")
    if len(sys.argv) == 2:
        found = recorded.rows(*recorded.trained(map(json.dumps, bodies(sys.argv[1])), DEFINITION))
        report("By time, embargo 43 days", found, "time")
        report("Athletes never seen", found, "group")
    folds = {"evaluation": {"by": ["time"], "splits": 5, "gap_days": 43}}
    runner = recorded.trained([p.read_text() for p in demo.RUNNER], DEFINITION | folds)
    report("The bundled runner, five folds, gap 43 days", recorded.rows(*runner), "time")


if __name__ == "__main__":
    main()
