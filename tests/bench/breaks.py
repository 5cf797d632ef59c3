"""Is a break ahead? On real runners, our learner beside logistic regression, LightGBM and rules; and whether injuries can be told at all.

    PYTHONPATH=tests tests/bench/breaks.py FOLDER

FOLDER has runs78.csv.gz (helpers/athletes/break_days.py says what is in it) and soccermon/. All learners get the same rows and the same folds: by time, with
an embargo of 43 days, and on athletes never seen. Brier skill is over the share of positives in the training rows. Without a folder it
does nothing.
"""

import json
import sqlite3
import sys
import warnings

import lightgbm
import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import stages
from helpers.athletes import break_days, recorded
from helpers.extension import connect

OURS = {"objective": "binary:logistic", "num_boost_round": 200, "eta": 0.03, "max_depth": 3, "min_child_weight": 42, "lambda": 50,
        "colsample_bytree": 0.3, "subsample": 0.6, "seed": 1}  # fmt: skip
LIGHTGBM = dict(n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=100, subsample=0.8, subsample_freq=1, colsample_bytree=0.7,
                reg_lambda=10, verbose=-1, n_jobs=1, random_state=0)  # fmt: skip


def peer(frame, features, label, model):
    x, y = frame[features], frame[label].to_numpy()
    return lambda train, test: model.fit(x.iloc[train], y[train]).predict_proba(x.iloc[test])[:, 1]


def logistic(c):
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=c, max_iter=500))


def report(db, frame, label, entity, folds, predictors):
    """predictors: name -> (function of train and test rows, whether it gives probabilities)."""
    y, who = frame[label].to_numpy(), frame[entity].to_numpy()
    test = np.concatenate([t for _, t in folds])
    base = np.concatenate([np.full(len(t), y[train].mean()) for train, t in folds])
    print(f"{len(test)} rows, {y[test].mean():.3f} positive")
    results = {}
    for name, (predict, is_probability) in predictors.items():
        scores = np.concatenate([predict(train, t) for train, t in folds])
        found = results[name] = break_days.judge(db, y[test], scores, base, who[test], is_probability)
        more = f"  skill {found['skill']:+.4f}  ECE {found['ece']:.4f}" if is_probability else ""
        print(f"  {name:44} AUC {found['auc']:.4f}  within an athlete {found['within']:.3f}{more}", flush=True)
    return results


def breaks(db, folder):
    frame = break_days.rows(folder)
    print(f"\nA break within 14 days: {len(frame)} days of {frame.athlete.nunique()} runners")
    history = break_days.LOAD + break_days.HISTORY
    splits = {
        "by time, embargo 43 days": break_days.by_time(frame.day, (0.5, 0.6, 0.7, 0.8, 0.9)),
        "athletes never seen": list(GroupKFold(5).split(frame, groups=frame.athlete)),
    }
    for title, folds in splits.items():
        print(f"\n{title}: ", end="")
        report(db, frame, "label", "athlete", folds, {
            "the rule (ACWR > 1.5 or monotony > 2)": (lambda _, t: frame.rule.to_numpy()[t], False),
            "rest days of 14": (lambda _, t: frame.rest_days_14d.to_numpy()[t], False),
            "logistic regression": (peer(frame, history, "label", logistic(0.1)), True),
            "LightGBM": (peer(frame, history, "label", lightgbm.LGBMClassifier(**LIGHTGBM)), True),
            "ours, the same features": (lambda a, t: break_days.Learner(db, frame, history, "label", OURS)(a, t), True),
            "ours": (lambda a, t: break_days.Learner(db, frame, history + break_days.MORE, "label", OURS)(a, t), True),
        })  # fmt: skip


def by_definition(db, folder):
    """schemas/models/overtraining_detector.json, trained and judged by the stages as for anyone, on their own rows and folds."""
    made, run = recorded.trained(map(json.dumps, recorded.bodies(break_days.runs(folder))), recorded.definition("overtraining_detector"))
    found = recorded.rows(made, run)
    print(f"\nThe definition: {len(found)} days of {found.athlete_id.nunique()} runners; {stages.one(made, 'SELECT status FROM ml_model_versions')}")
    for evaluation in ("time", "group"):
        part = found[found[evaluation].notna()]
        kept = {p: stages.rows(made, """SELECT metric, value FROM ml_run_metrics WHERE (evaluation, predictor, step) = (?, ?, 0)""", evaluation, p)
                for p in ("model", "rule", "rest_days_14d")}  # fmt: skip
        within = break_days.judge(db, part.label, part[f"by_{evaluation}"], part.label, part.athlete_id, False)["within"]
        print(f"  by {evaluation}: {len(part)} rows, {part.label.mean():.3f} positive, AUC within an athlete {within:.3f}")
        for predictor, metrics in kept.items():
            print(f"    {predictor:16}" + "  ".join(f"{m['metric']} {m['value']:.4f}" for m in metrics), flush=True)


# --- injuries -------------------------------------------------------------------------------------------------------

WELLNESS = ["fatigue", "soreness", "readiness", "stress", "sleep_quality"]
INJURY_LOAD = ["acwr", "atl", "ctl42", "tsb", "monotony", "strain", "weekly_load", "most_7d", "rest_14d", "active_28d"]
INJURY = INJURY_LOAD + [w + s for w in WELLNESS for s in ("_7d", "_from_usual")] + ["reports_14d", "injuries_before"]


def wide(path, name):
    w = pd.read_csv(path)
    w = w.rename(columns={w.columns[0]: "day"})
    w["day"] = pd.to_datetime(w.day, format="%d.%m.%Y")
    return w.melt("day", var_name="player", value_name=name).set_index(["player", "day"])[name]


def injury_rows(folder):
    """Days in training and free of injury for 14 days; label 1 if a new injury is reported within the next 14."""
    series = {f"training-load/{n}": n for n in ("acwr", "atl", "ctl28", "ctl42", "daily_load", "monotony", "strain", "weekly_load")}
    series |= {f"wellness/{n}": n for n in WELLNESS}
    d = pd.concat([wide(f"{folder}/soccermon/{path}.csv", n) for path, n in series.items()], axis=1).sort_index().reset_index()
    reports = pd.read_csv(f"{folder}/soccermon/injury/injury.csv").rename(columns={"player_name": "player"})
    reports["day"] = pd.to_datetime(reports.timestamp, format="%d.%m.%Y")
    reports = reports.sort_values(["player", "day"]).drop_duplicates(["player", "day"])
    apart = reports.groupby("player").day.diff().dt.days
    onsets = reports[apart.isna() | (apart > 14)]
    label, recent, before = np.zeros((3, len(d)))
    for player, at in d.groupby("player").indices.items():
        days = d.day.to_numpy()[at]
        for t in onsets[onsets.player == player].day.to_numpy():
            label[at] += (days < t) & (days >= t - np.timedelta64(14, "D"))
            before[at] += days >= t
        for t in reports[reports.player == player].day.to_numpy():
            recent[at] += (days >= t) & (days <= t + np.timedelta64(14, "D"))
    by = d.groupby("player")

    def over(column, days, what):
        return by[column].transform(lambda s: getattr(s.rolling(days, min_periods=1), what)())

    d["label"], d["injuries_before"], d["tsb"] = (label > 0).astype(int), before, d.ctl42 - d.atl
    d["active_28d"] = by.daily_load.transform(lambda s: (s > 0).rolling(28, min_periods=1).sum())
    d["rest_14d"] = by.daily_load.transform(lambda s: (s == 0).rolling(14, min_periods=1).sum())
    d["most_7d"] = over("daily_load", 7, "max")
    for w in WELLNESS:
        d[f"{w}_7d"] = over(w, 7, "mean")
        d[f"{w}_from_usual"] = d[f"{w}_7d"] - by[w].transform(lambda s: s.shift(1).expanding(20).mean())
    d["reports_14d"] = by.fatigue.transform(lambda s: s.notna().rolling(14, min_periods=1).sum())
    d["rule"] = ((d.acwr > 1.5) | (d.monotony > 2)).astype(int)
    return d[(d.active_28d >= 4) & (recent == 0)].sort_values("day", kind="stable").reset_index(drop=True), len(onsets)


def injuries(db, folder):
    frame, onsets = injury_rows(folder)
    print(f"\nAn injury within 14 days: {len(frame)} days of {frame.player.nunique()} players, {onsets} new injuries")
    options = OURS | {"num_boost_round": 100, "min_child_weight": 20}

    def ours(train, test):
        return break_days.Learner(db, frame, INJURY, "label", options, "platt")(train, test)

    splits = {
        "by time, embargo 43 days": break_days.by_time(frame.day, (0.4, 0.55, 0.7, 0.85)),
        "players never seen": list(GroupKFold(5).split(frame, groups=frame.player)),
        "random rows, which is no evidence": list(KFold(5, shuffle=True, random_state=0).split(frame)),
    }
    for title, folds in splits.items():
        print(f"\n{title}: ", end="")
        found = report(db, frame, "label", "player", folds, {
            "the rule": (lambda _, t: frame.rule.to_numpy()[t], False),
            "logistic regression": (peer(frame, INJURY, "label", logistic(0.01)), True),
            "ours, calibrated": (ours, True),
        })["ours, calibrated"]  # fmt: skip
        if "random" not in title:
            print(f"  a gate that asks for skill above 0: {'passes' if found['skill'] > 0 else 'refuses'} it")


def injuries_by_definition(folder):
    """The same days as rows of a model by definition, with the gate of the detector of breaks."""
    frame, _ = injury_rows(folder)
    db = stages.new_database()
    stages.run(db, [s for s in recorded.NEEDED if s < "4"])
    columns = ["rule", *INJURY]
    db.execute(f"CREATE TABLE injury_days (athlete_id TEXT, as_of_date TEXT, label, {', '.join(columns)}, PRIMARY KEY (athlete_id, as_of_date))")
    values = frame[columns].astype(float).replace([np.inf, -np.inf], np.nan).itertuples(index=False, name=None)
    db.executemany(f"INSERT INTO injury_days VALUES (?, ?, ?{', ?' * len(columns)})",
                   [(p, d.date().isoformat(), int(y), *(None if v != v else v for v in row)) for p, d, y, row in zip(frame.player, frame.day, frame.label, values)])
    detector = recorded.definition("overtraining_detector")
    options = detector["learner"]["options"] | {"num_boost_round": 100, "min_child_weight": 20}
    this = detector | {
        "model": "injury_detector", "prediction": "injury_p", "features": INJURY, "baselines": ["rule"], "learner": detector["learner"] | {"options": options},
        "rows": "SELECT *, as_of_date || 'T23:00:00Z' AS known_at, date(as_of_date, '+14 days') AS label_at FROM injury_days",
        "gate": [g for g in detector["gate"] if g["above"] != "rest_days_14d"],
    }  # fmt: skip
    stages.put(db, json.dumps(this))
    stages.run(db, ["100_bronze_strava", "530_model_definitions", "540_train_models"])
    print("\nInjuries by definition:", *stages.one(db, "SELECT v.status, v.reason FROM ml_runs LEFT JOIN ml_model_versions AS v USING (model, version)"), sep="\n  ", flush=True)


def main():
    warnings.filterwarnings("ignore")
    if len(sys.argv) != 2:
        print("breaks.py: needs a folder of athletes")
        return
    print(f"SQLite {sqlite3.sqlite_version}, scikit-learn {sklearn.__version__}, LightGBM {lightgbm.__version__}; ours {json.dumps(OURS)}")
    db = connect()
    by_definition(db, sys.argv[1])
    breaks(db, sys.argv[1])
    injuries(db, sys.argv[1])
    injuries_by_definition(sys.argv[1])


if __name__ == "__main__":
    main()
