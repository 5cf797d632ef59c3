"""Are there kinds of runners? kmeans_choose beside scikit-learn's k-means on real runners, and the inertia and the time of both on generated tables.

    PYTHONPATH=tests tests/bench/clusters.py FOLDER

FOLDER has runs78.csv.gz (helpers/athletes/break_days.py). A runner with 100 runs or more is seven numbers: volume and frequency per week, median pace, shares
of long and of easy runs, climb, and how much the weeks vary. Without a folder only the generated tables are measured.
"""

import json
import sqlite3
import sys
import time
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from helpers.athletes import break_days
from helpers.extension import connect


def runners(folder):
    d = break_days.runs(folder)
    d = d[d.groupby("athlete").km.transform("size") >= 100]
    by = d.groupby("athlete")
    weeks = (by.start.max() - by.start.min()).dt.days.clip(lower=28) / 7
    easy = d.pace > by.pace.transform("quantile", 0.1) * 1.15
    weekly = by.apply(lambda x: x.set_index("start").km.resample("7D").sum().agg(lambda w: w.std() / w.mean()))
    return pd.DataFrame({"km_week": by.km.sum() / weeks, "runs_week": by.size() / weeks, "pace": by.pace.median(), "long_share": (d.km >= 15).groupby(d.athlete).mean(),
                         "easy_share": easy.groupby(d.athlete).mean(), "climb": by.climb.sum() / by.km.sum(), "variation": weekly})  # fmt: skip


def store(db, x):
    columns = [f"f{j}" for j in range(x.shape[1])]
    db.execute("DROP TABLE IF EXISTS temp.bench_points")
    db.execute(f"CREATE TEMP TABLE bench_points (key INTEGER PRIMARY KEY, {', '.join(columns)})")
    db.executemany(f"INSERT INTO bench_points VALUES (?{', ?' * len(columns)})", [(i, *map(float, row)) for i, row in enumerate(x)])
    return "SELECT * FROM temp.bench_points"


def kinds(db, folder):
    table = runners(folder)
    x = StandardScaler().fit_transform(table)
    query = store(db, table.to_numpy())
    started = time.perf_counter()
    rows = db.execute("SELECT * FROM kmeans_choose('{\"resamples\": 50}', ?)", (query,)).fetchall()
    print(f"\n{len(table)} runners, {table.shape[1]} numbers each; kmeans_choose of 7 k with 50 resamples: {time.perf_counter() - started:.2f} s")
    print(f"{'':4}{'inertia':>18}{'silhouette':>18}{'stability':>18}   (ours, scikit-learn)")
    draws = np.random.default_rng(0)
    for k, inertia, silhouette, stability, chosen, reason in rows:
        whole = KMeans(k, n_init=20, random_state=0).fit(x)
        again = [adjusted_rand_score(whole.labels_, KMeans(k, n_init=10, random_state=b).fit(x[draws.integers(0, len(x), len(x))]).predict(x)) for b in range(20)]
        pairs = ((inertia, whole.inertia_), (silhouette, silhouette_score(x, whole.labels_)), (stability, np.mean(again)))
        print(f"{k:3} " + "".join(f"{a:9.3f}{b:9.3f}" for a, b in pairs) + f"   {'* ' if chosen else ''}{reason}")
    chosen = [row[0] for row in rows if row[4]]
    if chosen:
        model = db.execute("SELECT model FROM kmeans_fit(?, ?)", (json.dumps({"k": chosen[0]}), query)).fetchone()[0]
        for cluster, size, feature, center, standardized in db.execute("SELECT * FROM kmeans_centers(?)", (model,)):
            print(f"  cluster {cluster} of {size:3} runners  {table.columns[int(feature[1:])]:12}{center:9.2f} {standardized:+6.2f} sd")


def generated(db):
    chance = np.random.default_rng(1)
    tables = {
        "300 x 2, 5 blobs": (datasets.make_blobs(300, 2, centers=5, random_state=1)[0], 5),
        "2000 x 5, 25 blobs": (datasets.make_blobs(2000, 5, centers=25, random_state=2)[0], 25),
        "1000 x 8, noise": (chance.normal(0, 1, (1000, 8)), 10),
        "5000 x 3, heavy tails": (chance.standard_t(2, (5000, 3)), 8),
        "20000 x 10, noise": (chance.normal(0, 1, (20000, 10)), 8),
    }
    print(f"\n{'':26}{'inertia / theirs':>18}{'seconds':>10}{'theirs':>10}   (scikit-learn: the best of ten starts)")
    for name, (x, k) in tables.items():
        query, standardised = store(db, x), StandardScaler().fit_transform(x)
        started = time.perf_counter()
        inertia = db.execute("SELECT inertia FROM kmeans_fit(?, ?)", (json.dumps({"k": k}), query)).fetchone()[0]
        middle = time.perf_counter()
        theirs = KMeans(k, n_init=10, random_state=0).fit(standardised).inertia_
        print(f"{name:26}{inertia / theirs:18.6f}{middle - started:10.2f}{time.perf_counter() - middle:10.2f}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    print(f"SQLite {sqlite3.sqlite_version}, scikit-learn {sklearn.__version__}")
    db = connect()
    if len(sys.argv) == 2:
        kinds(db, sys.argv[1])
    generated(db)


if __name__ == "__main__":
    main()
