"""What a champion is worth before labels come: XGBoost and scikit-learn on the same rows, planted shifts, labels that come late."""

import json

import numpy as np
import pytest
import xgboost
from sklearn import metrics

from helpers.machine.soak import soak
from helpers.models import modelled, watched
from helpers.stages import one, rows, run

CALM, HARDER, OTHERWISE = {}, {"is_harder": True}, {"is_otherwise": True}
N_DAYS = 60


def story(seed, is_binary, rows_sql=watched.WAITS, **later):
    """Ten athletes, 60 days after training; what comes then is as it was, or not."""
    db = watched.champion(seed, is_binary, rows_sql=rows_sql)
    watched.put_days(db, 100, watched.cases(np.random.default_rng(1000 + seed), 10 * N_DAYS, is_binary, **later))
    watched.predict(db, 100, N_DAYS)
    return db


def test_the_expected_error_is_what_xgboost_says_with_the_loss_model_that_is_stored_with_the_version():
    db = story(1, False)
    found = watched.estimate(db)
    booster = xgboost.Booster()
    booster.load_model(bytearray(one(db, "SELECT content FROM ml_run_artifacts WHERE name = 'loss_model'").encode()))
    assert booster.feature_names == ["x", "y", "noise", "predicted value"]
    said = rows(db, "SELECT * FROM inference_log WHERE version = 1 AND prediction_date >= '2024-04-10' ORDER BY inference_id")
    features = np.array([[*map(json.loads(s["features"]).get, ("x", "y", "noise")), s["predicted"]] for s in said])
    expected = np.maximum(booster.predict(xgboost.DMatrix(features, feature_names=booster.feature_names)).astype(float), 0)
    size = found[0]["n"]
    assert len(found) == len(said) // size > 5 and {f["method"] for f in found} == {"dle"}
    for f in found:
        part = slice(f["chunk"] * size, (f["chunk"] + 1) * size)
        assert f["estimated"] == pytest.approx(expected[part].mean(), rel=1e-9)
        assert (f["first_inference_id"], f["end_date"]) == (said[part][0]["inference_id"], said[part][-1]["prediction_date"])
        assert (f["realized"], f["n_realized"], f["is_final"]) == (None, 0, 0)


def test_the_loss_model_is_judged_on_blocks_of_days_that_it_has_not_seen_and_errors_are_those_of_unseen_rows():
    db = story(2, False)
    found = rows(db, "SELECT l.*, abs(p.label - p.predicted) AS error FROM ml_run_losses AS l JOIN ml_run_predictions AS p USING (run_id, entity, as_of_date, item) WHERE p.evaluation = 'time'")
    assert len(found) == one(db, "SELECT COUNT(*) FROM ml_run_predictions WHERE evaluation = 'time'") > 500
    loss, estimated = (np.array([f[name] for f in found]) for name in ("loss", "estimated_loss"))
    assert (loss == [f["error"] for f in found]).all()
    assert abs(estimated.mean() / loss.mean() - 1) < 0.1
    assert np.corrcoef(loss, estimated)[0, 1] > 0.3  # the error grows with y, and that is what it has learned
    booster = xgboost.Booster()
    booster.load_model(bytearray(one(db, "SELECT content FROM ml_run_artifacts WHERE name = 'loss_model'").encode()))
    day = {(r["athlete_id"], r["day"]): r for r in rows(db, "SELECT * FROM days")}
    predicted = {(p["entity"], p["as_of_date"]): p["predicted"] for p in rows(db, "SELECT * FROM ml_run_predictions WHERE evaluation = 'time'")}
    keys = [(f["entity"], f["as_of_date"]) for f in found]
    told = booster.predict(xgboost.DMatrix(np.array([[day[k]["x"], day[k]["y"], day[k]["noise"], predicted[k]] for k in keys]), feature_names=booster.feature_names))
    assert np.abs(loss - told).mean() < np.abs(loss - estimated).mean()  # who has seen a row tells it better: the reference's were not seen


@pytest.mark.parametrize("is_binary", [False, True])
def test_what_came_is_told_beside_what_was_expected_as_labels_come_and_a_chunk_is_final_with_its_last(is_binary):
    db = story(3, is_binary)
    first = watched.estimate(db)
    watched.labels_come(db, 130)
    half = watched.estimate(db)
    watched.labels_come(db, 900)
    last = watched.estimate(db)
    assert [[f["estimated"] for f in found] for found in (first, half)] == [[f["estimated"] for f in last]] * 2
    assert {f["n_realized"] for f in first} == {0} and 0 < sum(f["n_realized"] for f in half) < sum(f["n_realized"] for f in last)
    assert [f["is_final"] for f in half] == sorted((f["is_final"] for f in half), reverse=True) and 0 < sum(f["is_final"] for f in half) < len(half)
    assert all(f["is_final"] and f["n_realized"] == f["n"] for f in last)
    for f in last:
        came = rows(db, "SELECT g.predicted, d.label FROM inference_log AS g JOIN days AS d ON (d.athlete_id, d.day) = (g.entity, g.prediction_date) WHERE g.inference_id BETWEEN ? AND ?",
                    f["first_inference_id"], f["last_inference_id"])  # fmt: skip
        predicted, label = (np.array([c[name] for c in came]) for name in ("predicted", "label"))
        score = {"mae": lambda: metrics.mean_absolute_error(label, predicted), "roc_auc": lambda: metrics.roc_auc_score(label, predicted),
                 "accuracy": lambda: metrics.accuracy_score(label, predicted > 0.5), "f1": lambda: metrics.f1_score(label, predicted > 0.5),
                 "precision": lambda: metrics.precision_score(label, predicted > 0.5), "recall": lambda: metrics.recall_score(label, predicted > 0.5),
                 "specificity": lambda: metrics.recall_score(1 - label, predicted <= 0.5)}  # fmt: skip
        assert f["realized"] == pytest.approx(score[f["metric"]](), rel=1e-9)
    assert watched.estimate(db) == last


METRIC = {False: "mae", True: "roc_auc"}


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("stories", [1, soak(40)])
def test_rows_that_are_harder_to_tell_raise_an_alarm_without_a_label_and_rows_as_before_hardly_ever(is_binary, stories):
    calm, harder = ([f for seed in range(stories) for f in watched.estimate(story(40 + seed, is_binary, **later), METRIC[is_binary])] for later in (CALM, HARDER))
    assert len(calm) == len(harder) > 5 * stories
    assert np.mean([f["is_worse"] for f in calm]) <= 0.01
    assert np.mean([f["is_worse"] for f in harder]) > 0.95


@pytest.mark.parametrize("is_binary", [False, True])
def test_rows_that_mean_something_else_are_not_seen_until_their_labels_come(is_binary):
    db = story(5, is_binary, **OTHERWISE)
    watched.labels_come(db, 900)
    found = watched.estimate(db, METRIC[is_binary])
    assert not any(f["is_worse"] for f in found)
    assert all(f["realized"] < f["lower_threshold"] if is_binary else f["realized"] > f["upper_threshold"] for f in found)


def test_a_label_that_is_corrected_while_it_is_waited_for_is_corrected():
    db = story(6, False)
    watched.labels_come(db, 110)
    watched.estimate(db)
    day = "2024-04-15"
    db.execute("UPDATE days SET label = label + 100 WHERE day = ?", (day,))
    watched.estimate(db)
    came = rows(db, "SELECT l.label, d.label AS now FROM mon_labels AS l JOIN inference_log AS g USING (inference_id) JOIN days AS d ON (d.athlete_id, d.day) = (g.entity, g.prediction_date)")
    assert len(came) == 100 and all(c["label"] == c["now"] for c in came)


def test_a_prediction_without_a_row_of_its_own_is_held_against_the_only_one_of_its_day():
    named = watched.WAITS.replace("SELECT athlete_id,", "SELECT athlete_id, CASE WHEN athlete_id IN ('athlete 0', 'athlete 1') THEN 'run' ELSE '' END AS item,", 1)
    again = " UNION ALL SELECT athlete_id, 'again', day, day || 'T20:00:00Z', label, day, x, y, noise FROM days WHERE athlete_id = 'athlete 1'"
    db = story(7, False, rows_sql=named + again)
    watched.labels_come(db, 900)
    watched.estimate(db)
    labelled = {r["entity"] for r in rows(db, "SELECT DISTINCT g.entity FROM mon_labels AS l JOIN inference_log AS g USING (inference_id)")}
    assert labelled == {f"athlete {n}" for n in range(10)} - {"athlete 1"}  # of two rows of a day neither is the prediction's


def test_a_model_with_too_few_unseen_rows_has_no_loss_model_and_says_why():
    db = watched.champion(8, False, n=150)
    unseen = one(db, "SELECT COUNT(*) FROM ml_run_predictions WHERE evaluation = 'time'")
    assert 0 < unseen < 60
    assert rows(db, "SELECT name, content FROM ml_run_artifacts WHERE name LIKE '%loss_model'") == [
        {"name": "no_loss_model", "content": f"{unseen} rows that it had not seen are fewer than 60"}]
    assert watched.estimate(db) == [] and one(db, "SELECT rows_rejected FROM ops_runs WHERE stage = '546_loss_models'") == 1


def test_labels_that_cannot_be_read_are_said_in_the_log_and_estimates_go_on():
    db = story(9, False)
    db.execute("DROP TABLE labels_until")
    found = watched.estimate(db)
    rejected, message = db.execute("SELECT rows_rejected, message FROM ops_runs WHERE stage = ? ORDER BY run_id DESC LIMIT 1", (watched.ESTIMATE,)).fetchone()
    assert len(found) > 5 and rejected == 1 and message.startswith("days_model: labels: ") and "labels_until" in message


def test_a_look_is_put_off_until_something_is_new():
    db = story(10, True)
    found = watched.estimate(db)
    watched.labels_come(db, 900)
    run(db, [watched.ESTIMATE])
    assert rows(db, "SELECT * FROM mon_performance_estimates ORDER BY version, chunk, metric") == found
    db.execute("UPDATE ml_looks SET looked_at = '2020-01-01T00:00:00Z' WHERE stage = ?", (watched.ESTIMATE,))
    run(db, [watched.ESTIMATE])
    assert one(db, "SELECT COUNT(*) FROM mon_labels") == 10 * N_DAYS


@pytest.mark.parametrize("is_binary", [False, True])
def test_what_a_version_said_that_was_replaced_meanwhile_is_judged_as_its_labels_come(is_binary):
    """And what is left of it, too, which fills no chunk."""
    db = story(13, is_binary, **OTHERWISE)
    size = watched.estimate(db)[0]["n"]
    watched.replace(db)
    n_said = one(db, "SELECT COUNT(*) FROM inference_log WHERE version = 1")
    watched.labels_come(db, 900)
    for _ in range(2):
        found = [f for f in watched.estimate(db, METRIC[is_binary]) if f["version"] == 1]
    left = n_said % size
    assert [f["n"] for f in found] == [size] * (n_said // size) + [left] * (left >= 10)
    assert [f["chunk"] for f in found] == list(range(len(found))) and all(f["is_final"] for f in found)
    assert all(f["realized"] < f["lower_threshold"] if is_binary else f["realized"] > f["upper_threshold"] for f in found)
    assert [f for f in watched.estimate(db, METRIC[is_binary]) if f["version"] == 1] == found
