"""training_load against a virtual table that computes nothing, DuckDB and pandas: same activities, same columns, one run.

    python tests/bench/training_load.py [--athletes 4000] [--days 2500] [--without pandas,duckdb] [--folder DIR]

Needs the built extension (ATHLETE_EXTENSION or build/athlete), a C compiler, and from PyPI: numpy, pandas, duckdb.
Every contender runs in a process of its own and stores its table on disk, except pandas, which keeps it in memory,
500 athletes at a time. Peak memory is that process's ru_maxrss (this one imports nothing large, since a child
starts with its parent's peak); training_load is also run on a quarter of the
athletes to show that it does not depend on their number. 60 % of the days have an activity.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXTENSION = os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete"))
SAMPLE_DAYS = ("2018-01-01", "2018-01-20", "2018-03-05", "2018-07-01")
QUERY = "SELECT athlete_id, day, tss, distance_km, moving_min, pace_min_km, elevation_gain_m FROM activity"


def activities(athletes, days, first=0):
    """A data frame of activities of athletes first+1.. ; the same athlete is the same in every size."""
    import numpy as np
    import pandas as pd

    calendar = (np.datetime64("2018-01-01") + np.arange(days)).astype(str)
    frames = []
    for athlete in range(first + 1, first + athletes + 1):
        rng = np.random.default_rng(athlete)
        day = np.flatnonzero(rng.random(days) < 0.6)
        day[0], day[-1] = 0, days - 1
        n = len(day)
        km, pace = np.round(rng.gamma(4, 2.5, n) + 1, 2), np.round(rng.normal(5.5, 0.5, n).clip(3.5, 9), 3)
        tss = np.where(rng.random(n) < 0.05, np.nan, np.round(km * rng.normal(6, 1, n).clip(2, 10), 1))
        frames.append(
            pd.DataFrame(
                {
                    "athlete_id": athlete,
                    "day": calendar[day],
                    "n": 0,
                    "tss": tss,
                    "distance_km": km,
                    "moving_min": np.round(km * pace, 2),
                    "pace_min_km": np.where(rng.random(n) < 0.1, np.nan, pace),
                    "elevation_gain_m": np.round(rng.gamma(2, 60, n)),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


# --- SQLite -----------------------------------------------------------------------------------------------------


def extension_connection(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    return connection


def run_prepare(folder, athletes, days):
    """The activities in a file, in the order of their primary key; not part of any time."""
    path = f"{folder}/activity.db"
    connection = extension_connection(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE activity(athlete_id INTEGER, day TEXT, n INTEGER, tss REAL, distance_km REAL, moving_min REAL, "
        "pace_min_km REAL, elevation_gain_m REAL, PRIMARY KEY(athlete_id, day, n)) WITHOUT ROWID"
    )
    connection.execute("BEGIN")
    for first in range(0, athletes, 100):
        frame = activities(min(100, athletes - first), days, first)
        columns = [[None if x != x else x for x in frame[name].tolist()] for name in frame.columns]
        connection.executemany("INSERT INTO activity VALUES(?, ?, ?, ?, ?, ?, ?, ?)", zip(*columns))
    connection.execute("COMMIT")
    connection.close()
    return {"seconds": 0, "rows": 0, "bytes": os.path.getsize(path)}


def stored_columns(connection):
    columns = [(r[1], r[2]) for r in connection.execute("PRAGMA table_xinfo(training_load)") if r[6] == 0]
    return columns, ", ".join(f"{name} {kind}".strip() for name, kind in columns)


def store(connection, target, select, parameters):
    _, declaration = stored_columns(connection)
    for statement in (f"ATTACH '{target}' AS target", f"CREATE TABLE target.load({declaration})"):
        connection.execute(statement)
    started, cpu_started = time.perf_counter(), time.process_time()
    connection.execute(f"INSERT INTO target.load SELECT * FROM {select}", parameters)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    rows = connection.execute("SELECT max(rowid) FROM target.load").fetchone()[0]
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "rows": rows, "bytes": os.path.getsize(target), "sample": sample(connection, "target.load")}


def sample(connection, table):
    """Some days of athlete 1 as {day: {column: value}}, to see that the contenders compute the same."""
    cursor = connection.execute(f"SELECT * FROM {table} WHERE athlete_id = 1 AND as_of_date IN {SAMPLE_DAYS}")
    names = [c[0] for c in cursor.description]
    return {row[1]: dict(zip(names[2:], row[2:])) for row in cursor.fetchall()}


def largest_difference(ours, other):
    """Over all sampled values, relative to the larger of 1 and ours; NULL must meet NULL."""
    worst = 0.0
    for day, row in ours.items():
        for name, value in row.items():
            peer = other[day][name]
            if value is None or peer is None or peer != peer:
                assert value is None and (peer is None or peer != peer), (day, name, value, peer)
            else:
                worst = max(worst, abs(value - float(peer)) / max(1.0, abs(value)))
    return worst


def run_ours(folder, athletes, days):
    connection = extension_connection(f"{folder}/activity.db")
    everyone = connection.execute("SELECT max(athlete_id) FROM activity").fetchone()[0]
    query = QUERY if athletes == everyone else f"{QUERY} WHERE athlete_id <= {athletes}"
    return store(connection, f"{folder}/ours.db", "training_load(?)", (query,))


def run_noop(folder, athletes, days):
    connection = extension_connection(":memory:")
    columns, _ = stored_columns(connection)
    library = f"{folder}/noop.so"
    subprocess.run(
        ["cc", "-O2", "-shared", "-fPIC", "-o", library, str(pathlib.Path(__file__).with_name("noop_table.c")),
         '-DCOLUMNS="%s"' % ", ".join(f"{name} {kind}".strip() for name, kind in columns),
         '-DINTEGERS="%s"' % "".join("01"[kind == "INTEGER"] for _, kind in columns)],
        check=True,
    )  # fmt: skip
    connection.load_extension(library)
    return store(connection, f"{folder}/noop.db", "noop_load(?, ?)", (athletes, days))


def run_read(folder, athletes, days):
    """What reading the activities in order costs on its own."""
    connection = extension_connection(f"{folder}/activity.db")
    started = time.perf_counter()
    sums = ", ".join(f"sum({c})" for c in ("athlete_id", "length(day)", "tss", "distance_km", "moving_min", "pace_min_km", "elevation_gain_m"))
    connection.execute(f"SELECT {sums} FROM activity").fetchall()
    return {"seconds": time.perf_counter() - started, "rows": athletes * days, "bytes": 0}


# --- DuckDB -----------------------------------------------------------------------------------------------------


def duckdb_sql():
    """The same columns with window functions. The weighted means are the closed form
    alpha * e^(-d/N) * sum(x_i * e^(i/N)), a running sum; trends are made of window sums of powers of the day."""
    windows = {7: "w7", 14: "w14", 28: "w28", 30: "w30", 42: "w42", 90: "w90"}
    named = ", ".join(f"{w} AS (PARTITION BY athlete_id ORDER BY d ROWS BETWEEN {n - 1} PRECEDING AND CURRENT ROW)" for n, w in windows.items())

    def trend(n, count, t, tt, y, ty):
        num = f"({count} * {ty} - {t} * {y})"
        den = f"({count} * {tt} - {t} * {t})"
        return f"CASE WHEN {den} > 0 THEN {num} / {den} END"

    def paced(n):
        s = f"OVER w{n}"
        return trend(n, f"sum(pn) {s}", f"sum(pn * d) {s}", f"sum(pn * d * d) {s}", f"sum(p) {s}", f"sum(p * d) {s}")

    def distance(n):
        s = f"OVER w{n}"
        return trend(n, f"count(*) {s}", f"sum(d) {s}", f"sum(d * d) {s}", f"sum(km) {s}", f"sum(km * d) {s}")

    return f"""
    CREATE TABLE load AS
    WITH daily AS (
        SELECT athlete_id, day, sum(coalesce(tss, 0)) AS tss, sum(distance_km) AS km, max(distance_km) AS longest,
               sum(elevation_gain_m) AS climb, count(*) AS n, count(*) - count(tss) AS unknown, count(pace_min_km) AS pn,
               coalesce(sum(pace_min_km), 0) AS p, min(pace_min_km) AS best,
               coalesce(sum(moving_min) FILTER (pace_min_km IS NOT NULL), 0) AS pmin,
               coalesce(sum(distance_km) FILTER (pace_min_km IS NOT NULL), 0) AS pkm
        FROM activity GROUP BY athlete_id, day),
    spine AS (
        SELECT athlete_id, unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day, min(day) AS first
        FROM activity GROUP BY athlete_id),
    dense AS (
        SELECT s.athlete_id, s.day, (s.day - s.first)::DOUBLE AS d, coalesce(tss, 0) AS tss, coalesce(km, 0) AS km,
               coalesce(longest, 0) AS longest, coalesce(climb, 0) AS climb, coalesce(n, 0) AS n, coalesce(unknown, 0) AS unknown,
               coalesce(pn, 0) AS pn, coalesce(p, 0) AS p, best, coalesce(pmin, 0) AS pmin, coalesce(pkm, 0) AS pkm
        FROM spine s LEFT JOIN daily a ON a.athlete_id = s.athlete_id AND a.day = s.day),
    rolled AS (
        SELECT athlete_id, strftime(day, '%Y-%m-%d') AS as_of_date, tss AS daily_tss,
            avg(tss) OVER w42 AS ctl_42d, avg(tss) OVER w7 AS atl_7d,
            (1 - exp(-1 / 42.0)) * exp(-d / 42) * sum(tss * exp(d / 42)) OVER (PARTITION BY athlete_id ORDER BY d ROWS UNBOUNDED PRECEDING) AS ctl_ewma,
            (1 - exp(-1 / 7.0)) * exp(-d / 7) * sum(tss * exp(d / 7)) OVER (PARTITION BY athlete_id ORDER BY d ROWS UNBOUNDED PRECEDING) AS atl_ewma,
            sum(tss) OVER w7 AS total_tss_7d, sum(tss) OVER w28 AS total_tss_28d, sum(tss) OVER w90 AS total_tss_90d,
            sum(n) OVER w7 AS activities_7d, sum(n) OVER w28 AS activities_28d, sum(n) OVER w30 AS activities_30d,
            sum(n) OVER w42 AS activities_42d, sum(n) OVER w90 AS activities_90d,
            sum(km) OVER w7 AS total_distance_7d_km, sum(km) OVER w28 AS total_distance_28d_km, sum(km) OVER w30 AS total_distance_30d_km,
            sum(km) OVER w42 AS total_distance_42d_km, sum(km) OVER w90 AS total_distance_90d_km,
            max(longest) OVER w30 AS longest_distance_30d_km, max(longest) OVER w90 AS longest_distance_90d_km,
            sum(climb) OVER w30 AS total_elevation_30d_m,
            sum(pmin) OVER w30 / nullif(sum(pkm) OVER w30, 0) AS avg_pace_30d, min(best) OVER w30 AS best_pace_30d,
            sum(pmin) OVER w90 / nullif(sum(pkm) OVER w90, 0) AS avg_pace_90d, min(best) OVER w90 AS best_pace_90d,
            {paced(30)} AS pace_trend_30d, {distance(30)} AS distance_trend_30d,
            {paced(90)} AS pace_trend_90d, {distance(90)} AS distance_trend_90d,
            sum((n > 0)::INT) OVER w30 AS active_30d, d + 1 AS history,
            CASE WHEN d >= 6 AND max(tss) OVER w7 > min(tss) OVER w7 THEN avg(tss) OVER w7 / stddev_pop(tss) OVER w7 END AS training_monotony_7d,
            d >= 6 AND max(tss) OVER w7 = min(tss) OVER w7 AND tss > 0 AS is_equal_week,
            sum((n = 0)::INT) OVER w14 AS rest_days_14d, sum(unknown) OVER w42 AS unknown_load_42d
        FROM dense WINDOW {named})
    SELECT athlete_id, as_of_date, daily_tss, ctl_42d, atl_7d, ctl_42d - atl_7d AS tsb,
        CASE WHEN ctl_42d > 0 THEN atl_7d / ctl_42d ELSE 0 END AS acwr, ctl_ewma, atl_ewma, ctl_ewma - atl_ewma AS tsb_ewma,
        CASE WHEN ctl_ewma > 0 THEN atl_ewma / ctl_ewma ELSE 0 END AS acwr_ewma,
        total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d,
        total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km,
        longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d,
        best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d,
        100 * least(1, active_30d / (least(30, history) * 4 / 7)) AS consistency_score,
        training_monotony_7d, total_tss_7d * training_monotony_7d AS training_strain_7d, rest_days_14d, unknown_load_42d,
        history::INT AS history_days,
        ((acwr > 1.5 AND history >= 28) OR coalesce(training_monotony_7d > 2, false) OR is_equal_week)::INT AS is_overtraining_risk
    FROM rolled ORDER BY athlete_id, as_of_date
    """


def run_duckdb(folder, athletes, days):
    import duckdb

    connection = duckdb.connect(f"{folder}/duck.db")
    connection.execute("SET threads = 2")
    connection.execute(f"SET temp_directory = '{folder}/duck.tmp'")
    connection.execute(
        "CREATE TABLE activity(athlete_id INTEGER, day DATE, n INTEGER, tss DOUBLE, distance_km DOUBLE, moving_min DOUBLE, "
        "pace_min_km DOUBLE, elevation_gain_m DOUBLE)"
    )
    for first in range(0, athletes, 500):
        frame = activities(min(500, athletes - first), days, first)
        connection.register("frame", frame)
        nan = ", ".join(f"CASE WHEN isnan({c}) THEN NULL ELSE {c} END" for c in ("tss", "distance_km", "moving_min", "pace_min_km", "elevation_gain_m"))
        connection.execute(f"INSERT INTO activity SELECT athlete_id, day::DATE, n, {nan} FROM frame")
        connection.unregister("frame")
    connection.execute("CHECKPOINT")
    started = time.perf_counter()
    connection.execute(duckdb_sql())
    connection.execute("CHECKPOINT")
    seconds = time.perf_counter() - started
    rows = connection.execute("SELECT count(*) FROM load").fetchone()[0]
    return {"seconds": seconds, "rows": rows, "bytes": os.path.getsize(f"{folder}/duck.db"), "sample": sample(connection, "load")}


# --- pandas -----------------------------------------------------------------------------------------------------


def pandas_block(a):
    """The features of some athletes; groupby.rolling over a dense calendar, as one would write it."""
    import numpy as np
    import pandas as pd

    a = a.assign(day=pd.to_datetime(a["day"]), tss0=a["tss"].fillna(0), unknown=a["tss"].isna().astype(float), n=1.0)
    paced = a["pace_min_km"].notna()
    a["pn"], a["p"] = paced.astype(float), a["pace_min_km"].fillna(0)
    a["pmin"], a["pkm"] = a["moving_min"].where(paced, 0), a["distance_km"].where(paced, 0)
    daily = a.groupby(["athlete_id", "day"]).agg(
        tss=("tss0", "sum"), km=("distance_km", "sum"), longest=("distance_km", "max"), climb=("elevation_gain_m", "sum"), n=("n", "sum"),
        unknown=("unknown", "sum"), pn=("pn", "sum"), p=("p", "sum"), best=("pace_min_km", "min"), pmin=("pmin", "sum"), pkm=("pkm", "sum"),
    )  # fmt: skip
    span = a.groupby("athlete_id")["day"].agg(["min", "max"])
    index = pd.MultiIndex.from_tuples([(i, d) for i, (x, y) in zip(span.index, span.to_numpy()) for d in pd.date_range(x, y)], names=["athlete_id", "day"])
    best = daily["best"].reindex(index)
    f = daily.reindex(index, fill_value=0.0)
    f["best"] = best
    f["d"] = f.groupby(level=0).cumcount().astype(float)
    f["active"] = (f["n"] > 0).astype(float)
    for name, left, right in (("pd", "pn", "d"), ("pdd", "pd", "d"), ("ptd", "p", "d"), ("kmd", "km", "d"), ("dd", "d", "d")):
        f[name] = f[left] * f[right]

    def rolling(columns, days):
        return f[columns].groupby(level=0).rolling(days, min_periods=1)

    total = {
        7: rolling(["tss", "n", "km"], 7).sum(),
        14: rolling(["active"], 14).sum(),
        28: rolling(["tss", "n", "km"], 28).sum(),
        42: rolling(["tss", "n", "km", "unknown"], 42).sum(),
    }
    trend = ["pn", "pd", "pdd", "p", "ptd", "km", "kmd", "d", "dd", "pmin", "pkm"]
    total[30] = rolling(["n", "climb", "active", *trend], 30).sum()
    total[90] = rolling(["tss", "n", *trend], 90).sum()
    out = pd.DataFrame(index=index)
    values = lambda days, name: total[days][name].to_numpy()  # noqa: E731
    history = f["d"].to_numpy() + 1
    out["daily_tss"] = f["tss"]
    out["ctl_42d"], out["atl_7d"] = values(42, "tss") / np.minimum(history, 42), values(7, "tss") / np.minimum(history, 7)
    out["tsb"] = out["ctl_42d"] - out["atl_7d"]
    out["acwr"] = np.where(out["ctl_42d"] > 0, out["atl_7d"] / out["ctl_42d"], 0)
    for name, days in (("ctl_ewma", 42), ("atl_ewma", 7)):
        alpha = 1 - np.exp(-1 / days)
        seeded = f["tss"].where(f["d"] > 0, f["tss"] * alpha)  # adjust=False starts at the first value
        out[name] = seeded.groupby(level=0).ewm(alpha=alpha, adjust=False).mean().to_numpy()
    out["tsb_ewma"] = out["ctl_ewma"] - out["atl_ewma"]
    out["acwr_ewma"] = np.where(out["ctl_ewma"] > 0, out["atl_ewma"] / out["ctl_ewma"], 0)
    for days in (7, 28, 90):
        out[f"total_tss_{days}d"] = values(days, "tss")
    for days in (7, 28, 30, 42, 90):
        out[f"activities_{days}d"] = values(days, "n").astype(int)
    for days in (7, 28, 30, 42, 90):
        out[f"total_distance_{days}d_km"] = values(days, "km")
    for days in (30, 90):
        w = f[["longest", "best"]].groupby(level=0).rolling(days, min_periods=1)
        out[f"longest_distance_{days}d_km"] = w["longest"].max().to_numpy()
        out[f"best_pace_{days}d"] = w["best"].min().to_numpy()
        t = {name: values(days, name) for name in trend}
        out[f"avg_pace_{days}d"] = t["pmin"] / np.where(t["pkm"] > 0, t["pkm"], np.nan)
        den = t["pn"] * t["pdd"] - t["pd"] ** 2
        out[f"pace_trend_{days}d"] = (t["pn"] * t["ptd"] - t["pd"] * t["p"]) / np.where(den > 0, den, np.nan)
        n = np.minimum(history, days)
        den = n * t["dd"] - t["d"] ** 2
        out[f"distance_trend_{days}d"] = (n * t["kmd"] - t["d"] * t["km"]) / np.where(den > 0, den, np.nan)
    out["total_elevation_30d_m"] = values(30, "climb")
    out["consistency_score"] = 100 * np.minimum(1, values(30, "active") / (np.minimum(history, 30) * 4 / 7))
    week = f["tss"].groupby(level=0).rolling(7)
    sd = week.std(ddof=0).to_numpy()
    out["training_monotony_7d"] = out["atl_7d"] / np.where(sd > 0, sd, np.nan)
    out["training_strain_7d"] = out["training_monotony_7d"] * out["total_tss_7d"]
    out["rest_days_14d"] = (np.minimum(history, 14) - values(14, "active")).astype(int)
    out["unknown_load_42d"] = values(42, "unknown").astype(int)
    out["history_days"] = history.astype(int)
    out["is_overtraining_risk"] = (
        ((out["acwr"] > 1.5) & (history >= 28)) | (out["training_monotony_7d"] > 2) | ((sd == 0) & (out["total_tss_7d"] > 0))
    ).astype(int)
    return out


def run_pandas(folder, athletes, days):
    seconds, rows = 0.0, 0
    for first in range(0, athletes, 500):
        frame = activities(min(500, athletes - first), days, first)
        started = time.perf_counter()
        block = pandas_block(frame)
        seconds += time.perf_counter() - started
        rows += len(block)
        if first == 0:
            days_seen = {day: block.loc[(1, day)].to_dict() for day in SAMPLE_DAYS}
    return {"seconds": seconds, "rows": rows, "bytes": 0, "sample": days_seen}


# --- the run ----------------------------------------------------------------------------------------------------

RUNS = {"prepare": run_prepare, "ours": run_ours, "noop": run_noop, "read": run_read, "duckdb": run_duckdb, "pandas": run_pandas}


def child(name, folder, athletes, days):
    answer = RUNS[name](folder, athletes, days)
    answer["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer, default=str))


def measure(name, folder, athletes, days):
    command = [sys.executable, __file__, "--child", name, "--folder", folder, "--athletes", str(athletes), "--days", str(days)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    for leftover in ("ours.db", "noop.db", "duck.db"):
        if os.path.exists(f"{folder}/{leftover}"):
            os.remove(f"{folder}/{leftover}")
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--athletes", type=int, default=4000)
    parser.add_argument("--days", type=int, default=2500)
    parser.add_argument("--without", default="", help="contenders to leave out, with commas")
    parser.add_argument("--folder", help="where to work; a temporary folder by default")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options.folder, options.athletes, options.days)

    folder = tempfile.mkdtemp(prefix="training_load_", dir=options.folder)
    try:
        print(f"{platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
              f"DuckDB {importlib.metadata.version('duckdb')} (2 threads), pandas {importlib.metadata.version('pandas')}")  # fmt: skip
        prepared = measure("prepare", folder, options.athletes, options.days)
        print(f"{options.athletes} athletes x {options.days} days = {options.athletes * options.days:,} rows of 42 columns; "
              f"activities {prepared['bytes'] / 2**20:,.0f} MiB")  # fmt: skip
        print(f"{'':24} {'seconds':>9} {'rows/s':>12} {'stored MiB':>11} {'peak MiB':>9}")
        results = {}
        runs = [("ours, a quarter", "ours", options.athletes // 4), ("noop", "noop", options.athletes), ("ours", "ours", options.athletes),
                ("reading alone", "read", options.athletes), ("noop again", "noop", options.athletes), ("ours again", "ours", options.athletes),
                ("duckdb", "duckdb", options.athletes), ("pandas (not stored)", "pandas", options.athletes)]  # fmt: skip
        for label, name, athletes in runs:
            if name in options.without.split(","):
                continue
            r = results[label] = measure(name, folder, athletes, options.days)
            print(f"{label:24} {r['seconds']:9.2f} {r['rows'] / r['seconds']:12,.0f} {r['bytes'] / 2**20:11,.0f} {r['peak_mib']:9.0f}", flush=True)
        for label in ("duckdb", "pandas (not stored)"):
            if label in results:
                print(f"{label}: largest difference to ours {largest_difference(results['ours']['sample'], results[label]['sample']):.1e}")
        ours = min(results["ours"]["seconds"], results["ours again"]["seconds"])
        noop = min(results["noop"]["seconds"], results["noop again"]["seconds"])
        cpu_ours, cpu_noop = (min(results[label]["cpu_seconds"], results[label + " again"]["cpu_seconds"]) for label in ("ours", "noop"))
        print(f"ours / noop {ours / noop:.2f}, in processor time {cpu_ours / cpu_noop:.2f} (which a busy machine disturbs less)", *(f"; {name.split()[0]} / ours {results[name]['seconds'] / ours:.2f}"
              for name in ("duckdb", "pandas (not stored)") if name in results))  # fmt: skip
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
