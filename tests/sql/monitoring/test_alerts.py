"""Alerts against the rule told again in Python: open once, count repeats, close after two good windows."""

import contextlib
import datetime
import random
import sqlite3
import time

import pytest

from helpers import stages
from helpers.athletes import demo
from helpers.extension import connect
from helpers.stages import one, rows

STAGE = "720_alerts"
DAY = datetime.date(2025, 10, 20)  # the runner's last
AHEAD = datetime.date(2099, 1, 1)
MODEL, GROUP, LATE = "pace_predictor", "athlete_rolling_features", "athlete_daily_features"


def quiet():
    """The runner's file on his last day, of which nobody has been alarmed; his flag is put down."""
    db = connect(isolation_level=None)
    with contextlib.closing(sqlite3.connect(demo.database())) as file:
        file.backup(db)
    db.executescript("DELETE FROM ops_alerts; DELETE FROM ml_training_requests; UPDATE feature_extent SET newest_timestamp = '2025-10-20T04:00:00Z' WHERE typeof(newest_timestamp) = 'text';"
                     "INSERT OR REPLACE INTO ops_alert_positions SELECT 'ops_runs', MAX(run_id) FROM ops_runs")  # fmt: skip
    db.execute("INSERT OR REPLACE INTO ops_alert_positions SELECT 'mon_drift_metrics', MAX(drift_id) FROM mon_drift_metrics")
    db.execute(f"DELETE FROM {GROUP} WHERE as_of_date > (SELECT date(MAX(as_of_date), '-1 day') FROM {GROUP})")
    return db


def look(db, day):
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (day.isoformat(),))
    stages.run(db, [STAGE])


# How each kind has a window on a day: bad, good, or one that says nothing (None).


def risk(db, day, state, chance):
    db.execute(f"UPDATE {GROUP} SET as_of_date = ?, is_overtraining_risk = ? WHERE as_of_date = (SELECT MAX(as_of_date) FROM {GROUP})", (day.isoformat(), state))
    db.execute("INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT ?, athlete_id FROM athlete_profile", (STAGE,))


def drift(db, day, state, chance):
    """Of eight features half or more drift, or one far; or fewer, none of them far."""
    if state is None and chance.random() < 0.5:
        return
    far = state and chance.random() < 0.5
    n = chance.randint(1, 3) if far else chance.randint(4, 8) if state else chance.randint(0, 3)
    for i in range(8):
        verdict = None if state is None else int(i < n)
        shift = chance.uniform(1.01, 1.9) if verdict else chance.uniform(0, 1)
        db.execute("INSERT INTO mon_drift_metrics (monitor, window_start, window_end, window_cmp_start, window_cmp_end, drift_type, granularity, slice_key, slice_value, column_name,"
                   " data_type, n_reference, n_current, shift, own_limit, is_drift, computed_at) VALUES ('g', ?1, ?1, ?1, ?1, 'BASELINE', '1 month', 'athlete_id', 'a', ?2, 'numerical',"
                   " 9, 9, ?3, ?4, ?5, '')", (day.isoformat(), f"f{i}", chance.choice([-1, 1]) * 2 * (chance.uniform(3, 9) if far and i == 0 else shift), 2.0, verdict))  # fmt: skip


def estimated(db, day, state, chance, is_final=0):
    if state is None and chance.random() < 0.5:
        return
    (version,) = db.execute("SELECT version FROM ml_aliases WHERE model = ? AND alias = 'champion'", (MODEL,)).fetchone()
    chunk = one(db, "SELECT COUNT(*) FROM mon_performance_estimates")
    came = None if not is_final else 9.0 if state else 1.0
    db.execute("INSERT INTO mon_performance_estimates (model, version, chunk, metric, method, first_inference_id, last_inference_id, start_date, end_date, n, n_realized, estimated, realized,"
               " lower_threshold, upper_threshold, is_alert, is_worse, is_final, computed_at) VALUES (?, ?, ?, 'mae', 'dle', 1, 1, ?4, ?4, 1, 0, 1.0, ?, 0.5, 2.0, ?6, ?6, ?7, '')",
               (MODEL, version, chunk, day.isoformat(), came, None if is_final else state, is_final))  # fmt: skip


def realized(db, day, state, chance):
    if state is not None:
        estimated(db, day, state, chance, is_final=1)


def lateness(db, day, state, chance):
    """Three rows of a day each that have not come are late; a group that has none says nothing."""
    newest = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(days=1) - datetime.timedelta(hours=chance.uniform(200, 900) if state else chance.uniform(0, 60))
    db.execute("UPDATE feature_extent SET newest_timestamp = ? WHERE group_name = ?", (None if state is None else newest.strftime("%Y-%m-%dT%H:%M:%SZ"), LATE))


def failure(db, day, state, chance):
    if state is None:
        return
    for outcome in [*chance.choices(["ok", "failed"], k=chance.randint(0, 2)), "failed" if state else "ok"]:  # the last of several is what holds
        db.execute("INSERT INTO ops_runs (stage, started_at, duration_ms, outcome, message) VALUES ('some stage', '', 0, ?, 'of ' || ?)", (outcome, day.isoformat()))


def scoring(db, day, state, chance):
    db.execute("DELETE FROM inference_faults WHERE model = ?", (MODEL,))
    if state:
        db.execute("INSERT INTO inference_faults VALUES (?, 1, 'rows: gone')", (MODEL,))


KINDS = {
    f"risk:{4001}": risk, "drift:g of a": drift, f"estimated_loss:{MODEL}": estimated, f"realized_loss:{MODEL}": realized, f"freshness:{LATE}": lateness,
    "failure:some stage": failure, f"failure:{MODEL}@champion": scoring,
}  # fmt: skip


def told(states):
    """The alerts that a row of windows leaves: bad windows, and whether it is closed."""
    found, good = [], 0
    for state in states:
        if state == 1:
            if not found or found[-1][1]:
                found.append([0, False])
            found[-1][0] += 1
            good = 0
        elif state == 0 and found and not found[-1][1]:
            good += 1
            found[-1][1] = good == 2
    return [tuple(f) for f in found]


def back(db, kind, day, chance):
    """A day that has been is done again, and may look otherwise than it did."""
    kind(db, day, chance.choice([0, 1]), chance)
    look(db, day)


@pytest.mark.parametrize("fingerprint", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_an_alert_opens_once_counts_repeats_and_closes_after_two_good_windows(fingerprint, seed):
    chance, db, states = random.Random(f"{fingerprint} {seed}"), quiet(), []
    for number in range(40):
        day = DAY + datetime.timedelta(days=number)
        states.append(chance.choice([None, 0, 0, 1] if chance.random() < 0.9 else [1, 1, 0]))
        if states[-1] is None and KINDS[fingerprint] is scoring:
            states[-1] = 0
        KINDS[fingerprint](db, day, states[-1], chance)
        look(db, day)
        if chance.random() < 0.3:
            look(db, day)  # the same windows again are no others
        if KINDS[fingerprint] in (risk, drift, lateness, scoring) and number and chance.random() < 0.3:
            back(db, KINDS[fingerprint], DAY + datetime.timedelta(days=-number if KINDS[fingerprint] is drift else chance.randrange(number)), chance)
        found = rows(db, "SELECT n_bad, closed_at IS NOT NULL AS is_closed FROM ops_alerts WHERE fingerprint = ? ORDER BY alert_id", fingerprint)
        assert [(f["n_bad"], bool(f["is_closed"])) for f in found] == told(states), states
    assert len(told(states)) > 2
    assert one(db, "SELECT COUNT(*) = COUNT(DISTINCT key) FROM ops_alerts")
    assert {f for (f,) in db.execute("SELECT DISTINCT fingerprint FROM ops_alerts WHERE kind NOT IN ('freshness')")} <= {fingerprint}


def test_a_message_says_what_is_wrong_in_numbers():
    db = quiet()
    db.execute(f"UPDATE {GROUP} SET acwr = 1.756, training_monotony_7d = 2.5 WHERE as_of_date = (SELECT MAX(as_of_date) FROM {GROUP})")
    for set_up in (risk, drift, estimated, lateness, failure, scoring):
        set_up(db, DAY, 1, random.Random(1))
    look(db, DAY)
    message = {r["kind"] + " " + r["subject"]: r["message"] for r in rows(db, "SELECT * FROM ops_alerts")}
    assert message["risk 4001"] == "on 2025-10-20 the acute load is 1.76 times the chronic one and monotony is 2.5"
    assert " of 8 features have left the range of their own windows: f" in message["drift g of a"]
    assert message[f"estimated_loss {MODEL}"] == "the mae that is expected of 2025-10-20 to 2025-10-20 is 1.0, version 1 had from 0.5 to 2.0"
    assert message[f"freshness {LATE}"].startswith("the newest row is of 20") and message[f"freshness {LATE}"].endswith(", one is expected every 24 hours")
    assert (message["failure some stage"], message[f"failure {MODEL}@champion"]) == ("of 2025-10-20", "rows: gone")


@pytest.mark.parametrize("ratio, is_told", [(2.88, True), (1.9, False)])
def test_a_sensor_that_moves_a_few_features_of_many_far_is_told_of(ratio, is_told):
    db = quiet()
    for i in range(16):
        db.execute("INSERT INTO mon_drift_metrics (monitor, window_start, window_end, window_cmp_start, window_cmp_end, drift_type, granularity, slice_key, slice_value, column_name, data_type,"
                   " n_reference, n_current, shift, own_limit, is_drift, computed_at) VALUES ('g', 'd', 'd', 'd', 'd', 'BASELINE', '1 month', 'athlete_id', 'a', ?, 'numerical', 9, 9, ?, 0.5, ?, '')",
                   (f"f{i}", 0.5 * (ratio if i < 3 else 0.6), i < 3))  # fmt: skip
    look(db, DAY)
    assert [r["message"] for r in rows(db, "SELECT * FROM ops_alerts WHERE kind = 'drift'")] == ["3 of 16 features have left the range of their own windows: f0, f1, f2"] * is_told


def chunks(db, version, chunk, came):
    db.execute("INSERT INTO mon_performance_estimates (model, version, chunk, metric, method, first_inference_id, last_inference_id, start_date, end_date, n, n_realized, estimated, realized,"
               " lower_threshold, upper_threshold, is_alert, is_worse, is_final, computed_at) VALUES (?, ?, ?, 'mae', 'dle', ?4, ?4, 'a', 'b', 1, 1, 1.0, ?5, 0.5, 2.0, 0, 0, 1, '')",
               (MODEL, version, chunk, 100 * version + chunk, came))


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_model_that_grew_worse_is_told_of_although_another_version_is_asked_by_the_time_its_labels_come(bad):
    """The worst of what was judged at once; the other chunks of that day do not close it, good ones of later days do."""
    db, (champion,) = quiet(), rows(quiet(), "SELECT version FROM ml_aliases WHERE model = 'pace_predictor' AND alias = 'champion'")
    before, now = champion["version"] + 10, champion["version"]
    chunks(db, now, 0, 1.0)
    look(db, DAY)
    for chunk in range(3):
        chunks(db, before, chunk, 9.0 if chunk == bad else 1.0)
    chunks(db, now, 1, 1.0)
    for number in range(1, 4):
        look(db, DAY + datetime.timedelta(days=number))
    (alert,) = rows(db, "SELECT * FROM ops_alerts WHERE kind = 'realized_loss'")
    assert (alert["last_window"], alert["n_bad"], alert["closed_at"]) == (f"{before}/{bad}", 1, None)
    assert f"was 9.0, version {before} had from 0.5 to 2.0" in alert["message"]
    for number in (4, 5):
        chunks(db, now, number, 1.0)
        look(db, DAY + datetime.timedelta(days=number))
    assert one(db, "SELECT closed_at IS NOT NULL FROM ops_alerts WHERE kind = 'realized_loss'")


@pytest.mark.parametrize("seed", range(8))
def test_labels_that_have_come_tell_of_a_bad_chunk_before_the_last_ones_do(seed):
    """Many days never have a label; the chance of a false alarm stays that of a whole chunk, as fewer rows have wider limits."""
    chance = random.Random(seed)
    db, method = quiet(), chance.choice(["dle", "cbpe"])
    (champion,) = rows(db, "SELECT version FROM ml_aliases WHERE model = 'pace_predictor' AND alias = 'champion'")
    n, middle, half, sign = chance.randint(60, 500), chance.uniform(0.3, 0.6), chance.uniform(0.02, 0.2), 1 if method == "dle" else -1
    n_realized, times = chance.choice([29, 30, n // 2, n - 1]), chance.choice([0.5, 0.98, 1.02, 1.6])
    off = half * times * (n / n_realized) ** 0.5
    db.execute("INSERT INTO mon_performance_estimates (model, version, chunk, metric, method, first_inference_id, last_inference_id, start_date, end_date, n, n_realized, estimated, realized,"
               " lower_threshold, upper_threshold, is_alert, is_worse, is_final, computed_at) VALUES (?, ?, 0, ?, ?, 1, 1, 'a', 'b', ?, ?, 1.0, ?, ?, ?, 0, 0, 0, '')",
               (MODEL, champion["version"], "mae" if method == "dle" else "roc_auc", method, n, n_realized, middle + sign * off, middle - half, middle + half))  # fmt: skip
    for number in range(3):
        look(db, DAY + datetime.timedelta(days=number))
    found = rows(db, "SELECT * FROM ops_alerts WHERE kind = 'realized_loss'")
    assert [(f["n_bad"], f["closed_at"]) for f in found] == [(1, None)] * (times > 1 and n_realized >= 30)
    assert all(f" by {n_realized} of {n} labels" in f["message"] for f in found)


def test_a_flag_of_more_than_a_week_ago_alarms_nobody():
    db = quiet()
    risk(db, DAY, 1, None)
    look(db, DAY + datetime.timedelta(days=8))
    assert rows(db, "SELECT * FROM ops_alerts WHERE kind = 'risk'") == []


def test_a_better_error_than_before_is_no_alert_and_another_versions_window_is_a_good_one():
    db = quiet()
    chance = random.Random(2)
    estimated(db, DAY, 1, chance)
    look(db, DAY)
    db.execute("UPDATE mon_performance_estimates SET is_worse = 0, chunk = chunk + 1")  # an alarm to the better
    look(db, DAY)
    db.execute("UPDATE mon_performance_estimates SET chunk = chunk + 1")
    look(db, DAY)
    (alert,) = rows(db, "SELECT * FROM ops_alerts WHERE kind = 'estimated_loss'")
    assert alert["closed_at"] is not None and alert["n_bad"] == 1


def test_drift_and_an_expected_error_have_the_models_that_they_touch_trained_again():
    db, chance = quiet(), random.Random(3)
    estimated(db, DAY, 1, chance)
    drift(db, DAY, 1, chance)
    look(db, DAY)
    assert [(r["model"], r["kind"]) for r in rows(db, "SELECT * FROM ml_training_requests")] == [(MODEL, "estimated_loss")]  # nobody reads g
    later = DAY + datetime.timedelta(days=1)
    drift(db, later, 1, chance)
    db.execute("UPDATE mon_drift_metrics SET monitor = ? WHERE monitor = 'g' AND drift_id > (SELECT position FROM ops_alert_positions WHERE source = 'mon_drift_metrics')", (GROUP,))
    look(db, later)
    found = {(r["model"], r["kind"]): r["told"] for r in rows(db, "SELECT * FROM ml_training_requests")}
    readers = {m for (m,) in db.execute("SELECT model FROM ml_models_current JOIN ml_aliases USING (model) WHERE learner = 'gbdt' AND alias = 'champion' AND instr(definition, ?)", (GROUP,))}
    assert MODEL in readers and found.keys() == {(MODEL, "estimated_loss"), *((m, "drift") for m in readers)}
    assert found[MODEL, "drift"].startswith(f"{GROUP} of a: ")


@pytest.mark.parametrize("kind, fingerprint", [(risk, "risk:4001"), (lateness, f"freshness:{LATE}"), (scoring, f"failure:{MODEL}@champion")])
def test_a_clock_that_once_was_years_ahead_holds_up_no_alert(kind, fingerprint):
    db, chance = quiet(), random.Random(4)
    states = "SELECT group_concat(closed_at IS NOT NULL, '') FROM (SELECT * FROM ops_alerts WHERE fingerprint = ? ORDER BY alert_id)"
    found = []
    for day, state in [(AHEAD, 1), (DAY, 0), (DAY + datetime.timedelta(1), 0), (DAY + datetime.timedelta(2), 1)]:
        kind(db, day, state, chance)
        look(db, day)
        found.append(one(db, states, fingerprint))
    assert found == ["0", "0", "1", "10"]


def test_a_key_is_of_the_file_and_of_what_opened_and_not_of_the_moment():
    """A day that is done again after a backup has been put back tells the same; two files that have their trouble on one day do not."""

    def keys(started):
        db, chance = quiet(), random.Random(6)
        db.execute("UPDATE ops_runs SET started_at = ? WHERE run_id = (SELECT MIN(run_id) FROM ops_runs)", (started,))
        for number, state in enumerate([1, 0, 0, 1, 1]):
            day = DAY + datetime.timedelta(days=number)
            for set_up in (risk, drift, estimated, lateness, failure, scoring):
                set_up(db, day, state, chance)
            look(db, day)
        return [r["key"] for r in rows(db, "SELECT key FROM ops_alerts ORDER BY alert_id")]

    first = keys("2025-01-01T00:00:00Z")
    time.sleep(1)
    assert keys("2025-01-01T00:00:00Z") == first and len({*first}) == len(first) > 10
    assert not {*keys("2025-01-01T00:00:01Z")} & {*first}


def test_what_is_watched_no_more_is_over():
    db, chance = quiet(), random.Random(8)
    for number, state in enumerate([1, 1, None, None]):
        day = DAY + datetime.timedelta(days=number)
        lateness(db, day, 1, chance)
        scoring(db, day, state or 0, chance)
        if state is None:
            for status in ("deprecated", "archived"):
                db.execute("UPDATE feature_groups SET status = ? WHERE name = ? AND status <> 'archived'", (status, LATE))
            db.execute("DELETE FROM ml_aliases WHERE model = ? AND alias = 'champion'", (MODEL,))
        look(db, day)
    found = {r["fingerprint"]: (r["n_bad"], r["closed_at"] is not None) for r in rows(db, "SELECT * FROM ops_alerts")}
    assert found[f"freshness:{LATE}"] == found[f"failure:{MODEL}@champion"] == (2, True)
