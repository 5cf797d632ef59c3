"""The watch over a month's values: pandas' profile, scipy's distances, a verdict from the athlete's own months."""

import contextlib
import datetime
import math
import sqlite3

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import stages
from helpers.athletes import demo
from helpers.extension import connect

STAGE = "700_watch"
GROUP = "athlete_rolling_features"
ODD = "o'b\"; DROP TABLE mon_monitors; --"


def unwatched():
    """The runner's file as it was before anybody watched."""
    db = connect()
    with contextlib.closing(sqlite3.connect(demo.database())) as file:
        file.backup(db)
    db.executescript("DELETE FROM mon_profile_metrics; DELETE FROM mon_drift_metrics")
    due(db)
    return db


def due(db):
    """Everyone has news."""
    db.execute("INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT ?, athlete_id FROM feature_extent_athletes", (STAGE,))


def watch(db):
    db.commit()
    stages.run(db, [STAGE])
    return db


def frame(db, sql, *values):
    found = db.execute(sql, values)
    return pd.DataFrame(found.fetchall(), columns=[c[0] for c in found.description])


def drift_of(db, monitor=GROUP, kind="BASELINE"):
    return frame(db, "SELECT * FROM mon_drift_metrics WHERE monitor = ? AND drift_type = ?", monitor, kind).set_index("column_name")


@pytest.fixture(scope="module")
def watched():
    return watch(unwatched())


@pytest.fixture(scope="module")
def month(watched):
    """The rows of the window, of the month before and of the year before."""
    (start, end) = watched.execute("SELECT window_start, window_end FROM mon_profile_metrics WHERE monitor = ? AND column_name = ':table'", (GROUP,)).fetchone()
    rows = frame(watched, f"SELECT * FROM {GROUP} ORDER BY event_timestamp")
    before = (datetime.date.fromisoformat(start) - datetime.timedelta(days=1)).replace(day=1).isoformat()
    year = (datetime.date.fromisoformat(start) - datetime.timedelta(days=365)).isoformat()
    return {name: rows[(rows.event_timestamp >= a) & (rows.event_timestamp < b)] for name, a, b in (("window", start, end), ("CONSECUTIVE", before, start), ("BASELINE", year, start))}


def test_the_window_is_the_last_month_that_is_over(watched, month):
    newest = watched.execute(f"SELECT MAX(event_timestamp) FROM {GROUP}").fetchone()[0]
    start, end = watched.execute("SELECT DISTINCT window_start, window_end FROM mon_profile_metrics WHERE monitor = ?", (GROUP,)).fetchone()
    assert end == newest[:7] + "-01" and start[8:] == "01" and 28 <= len(month["window"]) <= 31


def test_a_profile_is_that_of_pandas(watched, month):
    profile = frame(watched, "SELECT * FROM mon_profile_metrics WHERE monitor = ? AND column_name <> ':table'", GROUP).set_index("column_name")
    assert len(profile) > 35
    for name, told in profile.iterrows():
        x = month["window"][name]
        assert (told["count"], told.num_nulls, told.distinct_count) == (len(x), x.isna().sum(), x.nunique())
        if told.data_type in ("numerical", "integer", "boolean"):
            x = x.astype(float)
            assert told.num_zeros == (x == 0).sum()
            for column, value in {"avg": x.mean(), "stddev": x.std(), "min": x.min(), "max": x.max(), "median": x.median(), **{f"quantile_{q:02d}": x.quantile(q / 100) for q in (5, 25, 75, 95)}}.items():
                assert math.isclose(told[column], value, rel_tol=1e-9, abs_tol=1e-12) or (pd.isna(told[column]) and pd.isna(value)), (name, column)
        assert told.percent_null == pytest.approx(100 * x.isna().mean())


@pytest.mark.parametrize("kind", ["BASELINE", "CONSECUTIVE"])
def test_distances_and_p_values_are_those_of_scipy_and_corrected_over_the_columns_of_a_run(watched, month, kind):
    drift = drift_of(watched, kind=kind)
    for name, told in drift[drift.ks_statistic.notna()].iterrows():
        reference, current = (month[k][name].dropna().astype(float) for k in (kind, "window"))
        expected = stats.ks_2samp(reference, current)
        assert (told.n_reference, told.n_current) == (len(month[kind]), len(month["window"]))
        assert told.ks_statistic == pytest.approx(expected.statistic, rel=1e-12)
        assert told.ks_pvalue == pytest.approx(expected.pvalue, rel=1e-9)
        assert told.wasserstein_distance == pytest.approx(stats.wasserstein_distance(reference, current), rel=1e-9, abs=1e-12)
    p = drift.ks_pvalue.fillna(drift.chi2_pvalue).dropna()
    assert len(p) > 30
    assert drift.adjusted_pvalue[p.index].to_numpy() == pytest.approx(stats.false_discovery_control(p.to_numpy()), rel=1e-12)


def test_the_verdict_is_that_of_the_athletes_own_months_and_says_why_there_is_none(watched, month):
    drift = drift_of(watched)
    assert ((drift.is_drift.isna()) == drift.reason.notna()).all()
    for name, told in drift[drift.is_drift.notna()].iterrows():
        samples = [f"SELECT value FROM json_each('{month[k][name].astype(float).dropna().tolist()}')" for k in ("BASELINE", "window")]
        shift, limit, is_drift = watched.execute("SELECT shift, own_limit, is_drift FROM mean_shift_test(?, ?)", samples).fetchone()
        assert (told["shift"], told.own_limit, told.is_drift) == (pytest.approx(shift), pytest.approx(limit), is_drift)
        assert told.is_drift == (abs(told["shift"]) > told.own_limit)
    assert (drift.adjusted_pvalue < 0.05).mean() > 0.5 > 0.2 > drift.is_drift.mean()  # p-values cry wolf over days that are alike
    assert drift_of(watched, kind="CONSECUTIVE").is_drift.isna().all()


def test_a_planted_shift_is_found_and_hardly_anything_else():
    db = unwatched()
    rows = frame(db, f"SELECT rest_days_14d AS x, event_timestamp AS t FROM {GROUP}")
    start = db.execute(f"SELECT date(MAX(event_timestamp), 'start of month', '-1 month') FROM {GROUP}").fetchone()[0]
    calm = drift_of(watch(db)).is_drift.fillna(0)
    again = unwatched()
    spread = float(rows.x.std())
    again.execute(f"UPDATE {GROUP} SET ctl_ewma = 20 + (CAST(strftime('%j', event_timestamp) AS INTEGER) * 7919 % 13) / 13.0 + CASE WHEN event_timestamp >= ? THEN ? ELSE 0 END", (start, 3 * spread))
    found = drift_of(watch(again)).is_drift.fillna(0)
    assert found["ctl_ewma"] == 1
    assert found.drop("ctl_ewma").equals(calm.drop("ctl_ewma"))


def test_a_month_is_watched_once_and_the_next_when_it_is_over():
    db = watch(unwatched())
    before = [db.execute(f"SELECT * FROM {t}").fetchall() for t in ("mon_profile_metrics", "mon_drift_metrics")]
    due(db)
    watch(db)
    assert before == [db.execute(f"SELECT * FROM {t}").fetchall() for t in ("mon_profile_metrics", "mon_drift_metrics")]
    windows = lambda: [w for (w,) in db.execute("SELECT window_start FROM mon_profile_metrics WHERE monitor = ? AND column_name = ':table' ORDER BY 1", (GROUP,))]
    (first,) = windows()
    db.execute("UPDATE feature_extent_athletes SET newest_timestamp = strftime('%Y-%m-%dT00:00:00Z', newest_timestamp, 'start of month', '+1 month', '+3 days') WHERE group_name = ?", (GROUP,))
    watch(db)
    assert windows() == [first]  # nobody has news
    due(db)
    watch(db)
    assert windows() == [first, db.execute("SELECT date(?, '+1 month')", (first,)).fetchone()[0]]


def test_what_is_watched_is_a_row_that_stays_as_it_was_set():
    db = unwatched()
    assert {m for (m,) in db.execute("SELECT monitor FROM mon_monitors")} == {m for (m,) in db.execute("SELECT name FROM feature_groups_current WHERE status = 'active'")} | {"inference_log"}
    db.execute("UPDATE mon_monitors SET is_active = 0 WHERE monitor <> ?", (GROUP,))
    db.execute("UPDATE mon_monitors SET baseline_days = 90 WHERE monitor = ?", (GROUP,))
    watch(db)
    assert db.execute("SELECT DISTINCT monitor FROM mon_profile_metrics").fetchall() == [(GROUP,)]
    assert db.execute("SELECT DISTINCT julianday(window_cmp_end) - julianday(window_cmp_start) FROM mon_drift_metrics WHERE drift_type = 'BASELINE'").fetchall() == [(90,)]


def test_each_athlete_is_watched_and_all_together_whatever_an_athlete_is_called():
    db = unwatched()
    names = [c[1] for c in db.execute(f"PRAGMA table_info({GROUP})") if c[1] != "athlete_id"]
    columns = ", ".join(names)
    db.execute(f"INSERT INTO {GROUP} (athlete_id, {columns}) SELECT ?, {columns} FROM {GROUP}", (ODD,))
    db.execute("INSERT INTO feature_extent_athletes SELECT group_name, ?, newest_timestamp, newest_available, n_rows, held_back_until FROM feature_extent_athletes WHERE group_name = ?", (ODD, GROUP))
    db.execute("UPDATE mon_monitors SET watches_all = 1 WHERE monitor = ?", (GROUP,))
    due(db)
    watch(db)
    one = drift_of(db)
    slices = {key: rows.drop(columns=["drift_id", "slice_key", "slice_value"]) for key, rows in one.groupby(one.slice_value.fillna("all"))}
    assert {ODD, "all"} < {*slices} and len(slices) == 3
    (other,) = {*slices} - {ODD, "all"}
    pd.testing.assert_frame_equal(slices[ODD], slices[other])
    assert np.allclose(slices["all"].ks_statistic.dropna(), slices[ODD].ks_statistic.dropna()) and (slices["all"].n_current == 2 * slices[ODD].n_current).all()


def test_a_window_may_be_a_week_from_monday_to_sunday():
    db = unwatched()
    db.execute("UPDATE mon_monitors SET granularity = '1 week' WHERE monitor = ?", (GROUP,))
    watch(db)
    newest = datetime.date.fromisoformat(db.execute(f"SELECT MAX(event_timestamp) FROM {GROUP}").fetchone()[0][:10])
    monday = newest - datetime.timedelta(days=newest.weekday())
    (found,) = db.execute("SELECT DISTINCT window_start, window_end, granularity FROM mon_profile_metrics WHERE monitor = ?", (GROUP,))
    assert found == ((monday - datetime.timedelta(days=7)).isoformat(), monday.isoformat(), "1 week")
    (before,) = db.execute("SELECT DISTINCT window_cmp_start FROM mon_drift_metrics WHERE monitor = ? AND drift_type = 'CONSECUTIVE'", (GROUP,))
    assert before == ((monday - datetime.timedelta(days=14)).isoformat(),)


def test_a_group_of_which_no_stage_tells_who_has_news_is_watched_as_a_whole():
    db = unwatched()
    db.execute("DELETE FROM ops_upstreams WHERE stage = ? AND upstream = '470_training_breaks'", (STAGE,))
    db.execute("DELETE FROM mon_monitors WHERE monitor = 'training_breaks'")
    watch(db)
    assert db.execute("SELECT slice_key, watches_all FROM mon_monitors WHERE monitor = 'training_breaks'").fetchall() == [(None, 1)]
    assert db.execute("SELECT DISTINCT slice_value, slice_key FROM mon_drift_metrics WHERE monitor = 'training_breaks'").fetchall() == [(None, None)]


def test_predictions_are_watched_model_by_model():
    db = unwatched()
    (model,) = db.execute("SELECT MIN(model) FROM ml_models_current").fetchone()
    days = [(model, f"{datetime.date(2023, 1, 1) + datetime.timedelta(days=n)}", 10 + n * 7919 % 13 / 13 + 5 * (n >= 365)) for n in range(400)]
    db.executemany("INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)"
                   " VALUES (?, 1, 'a', ?, '', 'p', ?, '', '{}', '[]', '')", days)  # fmt: skip
    watch(db)
    (found,) = db.execute("SELECT slice_value, window_start, column_name, n_reference, n_current, is_drift FROM mon_drift_metrics WHERE monitor = 'inference_log' AND drift_type = 'BASELINE'")
    assert found == (model, "2024-01-01", "predicted", 365, 31, 1)


def test_a_table_that_is_gone_is_said_in_the_log_and_the_others_are_watched():
    db = unwatched()
    db.execute("UPDATE mon_monitors SET table_name = 'gone \"table\"' WHERE monitor = 'similar_runs'")
    watch(db)
    rejected, message = db.execute("SELECT rows_rejected, message FROM ops_runs WHERE stage = ? ORDER BY run_id DESC", (STAGE,)).fetchone()
    assert rejected == 1 and message.startswith("similar_runs: ") and "no such table" in message
    assert len(drift_of(db)) > 30 and len(drift_of(db, "similar_runs")) == 0


@pytest.mark.parametrize("statement, reason", [
    ("INSERT INTO mon_monitors (monitor, table_name, timestamp_key) VALUES ('ops_runs', 'ops_runs', 'started_at')", "what is watched is a registered feature group"),
    ("INSERT INTO mon_monitors (monitor, table_name, timestamp_key) VALUES ('', 'similar_runs', 'event_timestamp')", "what is watched is a registered feature group"),
    *((f"UPDATE mon_monitors SET baseline_days = {days}", "baseline_days is a whole number from 1 to 36500") for days in ("'a year'", "0.5", "36501", "9e999", "x'00'"))])  # fmt: skip
def test_what_cannot_be_watched_is_refused_at_once(watched, statement, reason):
    before = watched.execute("SELECT * FROM mon_monitors").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        watched.execute(statement)
    assert watched.execute("SELECT * FROM mon_monitors").fetchall() == before


def test_columns_that_no_longer_go_together_are_told_in_a_row_of_their_own_as_the_function_says(watched):
    """Of the runner's month as it was; and with one column turned upside down within its own range, which moves no mean beyond it."""
    kinds = "monitor = ? AND slice_value = '4001' AND drift_type = 'JOINT'"
    told = frame(watched, f"SELECT * FROM mon_drift_metrics WHERE {kinds}", GROUP)
    assert list(told.column_name) == [":table"] and told.is_drift[0] in (0, 1) and told.n_current[0] >= 28
    numbers = [c for (c,) in watched.execute("SELECT name FROM features_current WHERE group_name = ? AND type IN ('numerical', 'integer', 'boolean') ORDER BY position", (GROUP,))]
    start, end, baseline = told.window_start[0], told.window_end[0], told.window_cmp_start[0]
    sql = f"SELECT {', '.join(numbers)} FROM {GROUP} WHERE event_timestamp >= '{{}}' AND event_timestamp < '{{}}' ORDER BY event_timestamp"
    assert tuple(told.loc[0, ["shift", "own_limit", "is_drift"]]) == pytest.approx(
        watched.execute("SELECT shift, own_limit, is_drift FROM reconstruction_test(?, ?)", (sql.format(baseline, start), sql.format(start, end))).fetchone())
    db = unwatched()
    db.execute(f"DROP TRIGGER {GROUP}_replaced")
    low, high = db.execute(f"SELECT MIN(ctl_42d), MAX(ctl_42d) FROM {GROUP} WHERE event_timestamp >= ?", (baseline,)).fetchone()
    db.execute(f"UPDATE {GROUP} SET ctl_42d = ? - ctl_42d WHERE event_timestamp >= ?", (low + high, start))
    turned = frame(watch(db), f"SELECT * FROM mon_drift_metrics WHERE {kinds}", GROUP)
    assert abs(turned["shift"][0]) > 1.3 * abs(told["shift"][0])
    # the other queries of what has drifted go by columns, and do not count it
    assert watched.execute("SELECT COUNT(*) FROM mon_drift_metrics WHERE column_name = ':table' AND drift_type <> 'JOINT'").fetchone() == (0,)
