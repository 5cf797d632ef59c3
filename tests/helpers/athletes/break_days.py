"""Days of real runners and whether a break follows: rows, features, folds, and a judge that speaks SQL.

A folder has runs78.csv.gz (athlete, gender, local start, metres, seconds, climb, heart rate). A day counts that is no rest of seven days already,
after 60 days with 8 running days in the last 28, and 21 days before the end; its label is 1 if a break of seven days or more begins on it
or within the next 14. Every third such day is taken. Features look back alone.
"""

import json

import numpy as np
import pandas as pd

LOAD = ["acwr", "atl", "ctl", "tsb", "monotony", "strain", "km_7d", "km_42d", "longest_28d", "rest_days_14d", "days_since_run", "run_days_28d", "run_days_90d"]
HISTORY = ["breaks_365d", "is_male", "season_sin1", "season_cos1"]  # with LOAD, what the reference learners have
MORE = ["season_sin2", "season_cos2", "season_sin3", "season_cos3", "break_last_year", "gap_max_28d", "gap_max_90d", "gap_sd_56d",
        "run_share_14d", "run_share_28d", "run_days_7d", "breaks_known_365d", "days_since_break"]  # fmt: skip
HORIZON, BREAK, EMBARGO = 14, 7, 43


def runs(folder):
    d = pd.read_csv(f"{folder}/runs78.csv.gz")
    d.columns = ["athlete", "gender", "start", "m", "s", "climb", "hr"]
    d["start"] = pd.to_datetime(d.start, format="%d/%m/%Y %H:%M")
    d = d.drop_duplicates(["athlete", "start"])
    d["km"], d["pace"] = d.m / 1000, d.s / 60 / (d.m / 1000)
    d = d[d.km.between(1, 120) & d.pace.between(2.7, 15)].sort_values(["athlete", "start"]).reset_index(drop=True)
    d["day"] = d.start.dt.normalize()
    threshold = d.groupby("athlete").pace.transform(lambda p: p.shift(1).expanding(5).quantile(0.1)).fillna(5.5)
    d["tss"] = d.s / 36 * np.minimum(threshold / d.pace, 1.2) ** 2
    return d


def starts_of_breaks(active):
    """1 on each day of running that a break follows; what follows the last day is not known, and counts as one."""
    at = np.flatnonzero(active)
    rests = np.diff(np.append(at, len(active))) - 1
    found = np.zeros(len(active))
    found[at[rests >= BREAK]] = 1
    return found


def days_of(x):
    """Each calendar day of one athlete."""
    g = x.groupby("day").agg(km=("km", "sum"), tss=("tss", "sum"), n=("km", "size"))
    g = g.reindex(pd.date_range(g.index.min(), g.index.max()), fill_value=0.0)
    n, active = len(g), (g.n > 0).astype(float)
    at = np.arange(n)

    def over(column, days):
        return column.rolling(days, min_periods=1)

    f = pd.DataFrame(index=g.index)
    f["ctl"], f["atl"] = over(g.tss, 42).mean(), over(g.tss, 7).mean()
    f["tsb"], f["acwr"] = f.ctl - f.atl, np.where(f.ctl > 0, f.atl / f.ctl.replace(0, np.nan), 0)
    spread = g.tss.rolling(7).std(ddof=0)
    f["monotony"] = np.where(spread > 0, g.tss.rolling(7).mean() / spread.replace(0, np.nan), np.nan)
    f["strain"] = g.tss.rolling(7).sum() * f.monotony
    for days in (7, 28, 90):
        f[f"run_days_{days}d"] = over(active, days).sum()
    f["rest_days_14d"] = 14 - over(active, 14).sum()
    f["km_7d"], f["km_42d"], f["longest_28d"] = over(g.km, 7).sum(), over(g.km, 42).sum(), over(g.km, 28).max()
    f["days_since_run"] = at - pd.Series(np.where(active > 0, at, np.nan), g.index).ffill()
    for half_life in (14, 28):
        f[f"run_share_{half_life}d"] = active.ewm(halflife=half_life).mean()
    gap = pd.Series(np.nan, g.index)
    gap.iloc[np.flatnonzero(active)[1:]] = np.diff(np.flatnonzero(active))
    for days in (28, 90):
        f[f"gap_max_{days}d"] = np.fmax(over(gap, days).max(), f.days_since_run)
    f["gap_sd_56d"] = gap.rolling(56, min_periods=3).std()
    began = starts_of_breaks(active.to_numpy())
    known = pd.Series((f.days_since_run == BREAK).astype(float), g.index)  # a break is one on its seventh day
    f["breaks_365d"] = over(pd.Series(began, g.index).shift(BREAK + 1), 365).sum()
    f["breaks_known_365d"] = over(known, 365).sum()
    f["days_since_break"] = (at - pd.Series(np.where(known > 0, at, np.nan), g.index).ffill()).fillna(pd.Series(at + 1.0, g.index))
    f["break_last_year"] = over(pd.Series(began, g.index), HORIZON + 1).max().shift(364 - HORIZON)  # on these days of last year
    f["is_male"] = float(x.gender.iloc[0] == "M")
    ahead = np.convolve(began, np.ones(HORIZON + 1))[HORIZON:]  # on this day or the next 14
    f["label"] = (ahead > 0).astype(int)
    f["counts"] = (f.days_since_run < BREAK) & (f.run_days_28d >= 8) & (at >= 60) & (at < n - 21)
    return f.assign(athlete=x.athlete.iloc[0], day=g.index)


def rows(folder):
    every = pd.concat([days_of(x) for _, x in runs(folder).groupby("athlete")])
    every = every[every.counts].reset_index(drop=True)
    angle = 2 * np.pi * every.day.dt.day_of_year / 365.25
    for k in (1, 2, 3):
        every[f"season_sin{k}"], every[f"season_cos{k}"] = np.sin(k * angle), np.cos(k * angle)
    every["rule"] = ((every.acwr > 1.5) | (every.monotony > 2)).astype(int)
    return every.iloc[::3].reset_index(drop=True)


def by_time(day, shares):
    """Trains on what is the embargo older than the days it is tested on."""
    edges = [day.quantile(q) for q in shares] + [day.max() + pd.Timedelta(days=1)]
    return [(np.flatnonzero(day < a - pd.Timedelta(days=EMBARGO)), np.flatnonzero((day >= a) & (day < b))) for a, b in zip(edges, edges[1:])]


class Learner:
    """gbdt_fit and gbdt_score on rows that are in a table, each a list of numbers."""

    def __init__(self, db, frame, features, label, options, calibration=None):
        self.db, self.features, self.options, self.calibration = db, features, options, calibration
        columns = ", ".join(f'"{c}"' for c in features)
        db.execute("DROP TABLE IF EXISTS temp.bench_rows")
        db.execute(f"CREATE TEMP TABLE bench_rows (i INTEGER PRIMARY KEY, label, {columns})")
        values = frame[[label, *features]].astype(float).replace([np.inf, -np.inf], np.nan).itertuples(name=None)
        db.executemany(f"INSERT INTO bench_rows VALUES (?{', ?' * (len(features) + 1)})", [[int(i), *(None if v != v else v for v in row)] for i, *row in values])
        self.columns = columns

    def fit_score(self, train, test):
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS bench_part (i INTEGER PRIMARY KEY)")
        self.db.execute("DELETE FROM temp.bench_part")
        self.db.executemany("INSERT INTO bench_part VALUES (?)", [(int(i),) for i in train])
        query = f"SELECT label, {self.columns} FROM temp.bench_rows WHERE i IN (SELECT i FROM temp.bench_part)"
        model = self.db.execute("SELECT model FROM gbdt_fit(?, ?)", (json.dumps(self.options), query)).fetchone()[0]
        query = f"SELECT i, {self.columns} FROM temp.bench_rows"
        scores = dict(self.db.execute("SELECT key, value FROM gbdt_score(?, ?)", (model, query)))
        return np.array([scores[int(i)] for i in test])

    def __call__(self, train, test):
        """With a calibration: fitted to what models of three quarters of the training rows say of the other, a block of days."""
        scores = self.fit_score(train, test)
        if not self.calibration:
            return scores
        blocks = np.array_split(np.sort(train), 4)
        unseen = np.concatenate([self.fit_score(np.concatenate(blocks[:k] + blocks[k + 1 :]), blocks[k]) for k in range(4)])
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS bench_unseen (i INTEGER PRIMARY KEY, score)")
        self.db.execute("DELETE FROM temp.bench_unseen")
        self.db.executemany("INSERT INTO bench_unseen VALUES (?, ?)", [(int(i), float(p)) for i, p in zip(np.sort(train), unseen)])
        fit = "SELECT calibration_fit(?, score, label) FROM temp.bench_unseen JOIN temp.bench_rows USING (i)"
        model = self.db.execute(fit, (self.calibration,)).fetchone()[0]
        return np.array([p for (p,) in self.db.execute("SELECT calibrate(?1, value) FROM json_each(?2) ORDER BY key", (model, json.dumps(scores.tolist())))])


def judge(db, label, scores, base, who, is_probability=True):
    """AUC, mean AUC within athletes, and of probabilities Brier skill over the training rows' share and ECE of ten bins of equal counts."""
    table = json.dumps([list(row) for row in zip(np.asarray(scores, float).tolist(), np.asarray(label, float).tolist(), np.asarray(base, float).tolist(), map(str, who))])
    source = "(SELECT value ->> 0 AS p, value ->> 1 AS y, value ->> 2 AS base, value ->> 3 AS who FROM json_each(?))"
    found = {"auc": db.execute(f"SELECT roc_auc(p, y) FROM {source}", (table,)).fetchone()[0],
             "within": db.execute(f"SELECT exact_avg(auc) FROM (SELECT roc_auc(p, y) AS auc FROM {source} GROUP BY who)", (table,)).fetchone()[0]}  # fmt: skip
    if is_probability:
        found["skill"], found["ece"] = db.execute(f"SELECT brier_skill(p, y, base), expected_calibration_error(p, y, 10, 'quantile') FROM {source}", (table,)).fetchone()
    return found
