"""Marathons of real runners, foretold the day before: the estimator's own rows beside Riegel, Tanda and both together.

    PYTHONPATH=tests tests/bench/marathons.py FOLDER

FOLDER has runs78.csv.gz (helpers/athletes/break_days.py says what is in it). A marathon is a run of 41.9 to 43.4 km with less than 12 m of climb a km in
less than six hours, after eight runs in eight weeks; its time is brought to 42.195 km. Every run goes through the inbox and the stages up to
500_time_estimator_rows. Riegel takes the best of the runs of 4.5 km and more in 180 days, Tanda the eight weeks. The trees of schemas/models/time_estimator.json
are trained on the survey and the marathons of other runners, in ten folds of runners, and ridge of both formulas, climb and sex on the latter.
"""

import json
import sqlite3
import sys

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from helpers.athletes import break_days, lab, recorded


def marathons(d):
    """Which of the runs, which are in order of runner and time."""
    near = d.km.between(41.9, 43.4) & (d.climb / d.km < 12) & (d.s < 6 * 3600)
    before = d.groupby("athlete").start.transform(lambda t: np.arange(len(t)) - t.searchsorted(t - pd.Timedelta(days=56)))
    return near & (before >= 8)


def formulas(d, race):
    """Riegel's and Tanda's seconds for a marathon, from what its runner ran before."""
    h = d[(d.athlete == race.athlete) & (d.start < race.start)]
    week8, best = h[h.start >= race.start - pd.Timedelta(days=56)], h[h.km.between(4.5, 41.5) & (h.start >= race.start - pd.Timedelta(days=180)) & (h.climb / h.km < 15)]
    riegel = (best.s * (42.195 / best.km) ** 1.06).min()
    return riegel, 42.195 * (17.1 + 140 * np.exp(-0.0053 * week8.km.sum() / 8) + 0.55 * week8.s.sum() / week8.km.sum())


def database(d, is_marathon):
    runners = d[d.athlete.isin(d.athlete[is_marathon])].reset_index(drop=True)
    bodies = list(recorded.bodies(runners))
    for body, run, marathon in zip(bodies[runners.athlete.nunique():], runners.itertuples(), marathons(runners)):  # fmt: skip
        if marathon:
            body |= {"workout_type": 1, "distance": 42195.0, "moving_time": round(run.s * 42.195 / run.km), "elapsed_time": round(run.s * 42.195 / run.km)}
    return lab.database(bodies, lab.specification(), lab.survey(), names=lab.EVIDENCE)


def estimated(db, fold):
    """Seconds of each marathon by trees that know none of its runner's."""
    specification, columns = lab.specification(), ", ".join(lab.FEATURES)
    db.execute("CREATE TEMP TABLE training AS SELECT *, portable_ln(seconds) - base_ln_s AS label FROM time_estimator_rows WHERE seconds > 0 AND evidence <> 'none'")
    db.execute("CREATE TEMP TABLE tested (subject, fold)")
    db.executemany("INSERT INTO tested VALUES (?, ?)", fold.items())
    told = {}
    for f in set(fold.values()):
        mine = "source = 'history' AND (distance_class <> '42k' OR subject IN (SELECT subject FROM tested WHERE fold = ?))"
        middle = lab.one(db, f"SELECT quantile(label, 0.5) FROM training WHERE NOT ({mine})", f)
        options = json.dumps(specification["learner"]["options"] | {"base_score": middle})
        model = lab.one(db, f"SELECT gbdt_train(?, min(max(label, ?), ?), {columns}) FROM training WHERE NOT ({mine})", options, middle - specification["label_clip"],
                        middle + specification["label_clip"], f)
        told |= {tuple(r[:2]): r[2] for r in db.execute(
            f"SELECT subject, as_of_date, portable_exp(base_ln_s + gbdt_predict(?, {columns})) FROM training WHERE {mine} AND distance_class = '42k'", (model, f))}
    return told


def main():
    d = break_days.runs(sys.argv[1])
    found = d[marathons(d)].copy()
    found["y"] = found.s * 42.195 / found.km
    found["riegel"], found["tanda"] = zip(*(formulas(d, r) for r in found.itertuples()))
    print(f"SQLite {sqlite3.sqlite_version}, scikit-learn {sklearn.__version__}; {len(found)} marathons of {found.athlete.nunique()} runners")
    x = np.column_stack([np.log(found.riegel), np.log(found.tanda), found.climb / found.km, found.gender == "M"])
    fold, both = {}, np.empty(len(found))
    for n, (train, test) in enumerate(GroupKFold(10).split(found, groups=found.athlete)):
        both[test] = np.exp(Ridge(0.1).fit(x[train], np.log(found.y)[found.index[train]]).predict(x[test]))
        fold |= {str(a): n for a in found.athlete.iloc[test]}
    db = database(d, marathons(d))
    said, keys = estimated(db, fold), list(zip(found.athlete.astype(str), found.day.dt.strftime("%Y-%m-%d")))
    base = {tuple(r[:2]): r[2] for r in db.execute("SELECT subject, as_of_date, portable_exp(base_ln_s) FROM training WHERE source = 'history' AND distance_class = '42k'")}
    predictors = {"Riegel": found.riegel, "Tanda": found.tanda, "ridge of both": both, "line alone": [base[k] for k in keys], "time_estimator": [said[k] for k in keys]}
    for name, seconds in predictors.items():
        error = np.asarray(seconds) - found.y
        print(f"  {name:16} MAE {error.abs().mean():6.0f} s   bias {error.mean():+6.0f} s   MAPE {100 * (error.abs() / found.y).mean():5.2f} %")


if __name__ == "__main__":
    main()
