"""Metrics and calibration: scikit-learn's answers, invariants of order and of windows, refusals."""

import json
import sqlite3

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression


def over(db, call, *columns, more=()):
    """The aggregate over rows of JSON; value ->> 0, value ->> 1, … are their columns."""
    rows = json.dumps([[float(v) for v in row] for row in zip(*columns)])
    return db.execute(f"SELECT {call} FROM json_each(?1)", (rows, *more)).fetchone()[0]


def cases(seed, n, ties=False):
    chance = np.random.default_rng(seed)
    p = chance.beta(0.8, 2, n)
    if ties:
        p = np.round(p, 1)
    label = (chance.random(n) < p**1.5).astype(float)
    label[:2] = 0, 1
    return p, label


SIZES = [(2, False), (7, True), (40, True), (300, False), (5000, True)]


@pytest.mark.parametrize("n, ties", SIZES)
def test_metrics_of_probabilities_are_those_of_scikit_learn(db, n, ties):
    p, label = cases(n, n, ties)
    assert over(db, "roc_auc(value ->> 0, value ->> 1)", p, label) == pytest.approx(metrics.roc_auc_score(label, p), rel=4e-16)
    assert over(db, "roc_auc(value ->> 0, value ->> 1)", -1000 * p, label) == pytest.approx(metrics.roc_auc_score(label, -p), rel=4e-16)
    assert over(db, "brier_score(value ->> 0, value ->> 1)", p, label) == pytest.approx(metrics.brier_score_loss(label, p), rel=1e-14)
    assert over(db, "log_loss(value ->> 0, value ->> 1)", p, label) == pytest.approx(metrics.log_loss(label, p, labels=[0, 1]), rel=1e-14)
    skill = over(db, "brier_skill(value ->> 0, value ->> 1)", p, label)
    assert skill == pytest.approx(1 - metrics.brier_score_loss(label, p) / metrics.brier_score_loss(label, np.full(n, label.mean())), rel=1e-12, abs=1e-14)
    reference = over(db, "brier_skill(value ->> 0, value ->> 1, 0.3)", p, label)
    assert reference == pytest.approx(1 - ((p - label) ** 2).sum() / ((0.3 - label) ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize("n, ties", SIZES)
def test_errors_of_numbers_are_those_of_scikit_learn(db, n, ties):
    chance = np.random.default_rng(n)
    actual = chance.normal(0, 100, n) * 10.0 ** chance.integers(-5, 6, n)
    actual[0] = 0
    predicted = actual + chance.standard_cauchy(n)
    if ties:
        predicted[::2] = actual[::2]
    for name, theirs in [("mean_absolute_error", metrics.mean_absolute_error), ("root_mean_squared_error", metrics.root_mean_squared_error), ("mean_absolute_percentage_error", metrics.mean_absolute_percentage_error)]:
        assert over(db, f"{name}(value ->> 0, value ->> 1)", actual, predicted) == pytest.approx(theirs(actual, predicted), rel=1e-14)


def by_bins(p, label, edges):
    bins = np.searchsorted(edges[1:-1], p)
    return sum(abs(p[bins == b].sum() - label[bins == b].sum()) for b in range(len(edges) - 1)) / len(p)


@pytest.mark.parametrize("bins", [1, 2, 10, 37])
@pytest.mark.parametrize("n, ties", SIZES)
def test_the_calibration_error_has_the_bins_of_scikit_learn(db, n, ties, bins):
    p, label = cases(n + bins, n, ties)
    uniform, quantiles = np.linspace(0, 1, bins + 1), np.percentile(p, np.linspace(0, 1, bins + 1) * 100)
    assert over(db, f"expected_calibration_error(value ->> 0, value ->> 1, {bins})", p, label) == pytest.approx(by_bins(p, label, uniform), rel=1e-12, abs=1e-14)
    found = over(db, f"expected_calibration_error(value ->> 0, value ->> 1, {bins}, 'quantile')", p, label)
    if not ties:  # where scores are edges, the last bit of numpy's percentile decides
        assert found == pytest.approx(by_bins(p, label, quantiles), rel=1e-12, abs=1e-14)
    assert 0 <= found <= 1


def test_rows_in_any_order_have_the_same_metrics_to_the_last_bit(db):
    p, label = cases(1, 400, True)
    order = np.random.default_rng(2).permutation(400)
    for call in ("roc_auc(value ->> 0, value ->> 1)", "log_loss(value ->> 0, value ->> 1)", "brier_skill(value ->> 0, value ->> 1)", "mean_absolute_error(value ->> 0, value ->> 1)",
                 "root_mean_squared_error(value ->> 0, value ->> 1)", "expected_calibration_error(value ->> 0, value ->> 1)", "calibration_fit('isotonic', value ->> 0, value ->> 1)",
                 "calibration_fit('platt', value ->> 0, value ->> 1)"):  # fmt: skip
        assert over(db, call, p, label) == over(db, call, p[order], label[order])


def test_over_a_window_each_answer_is_that_of_its_rows_alone(db):
    p, label = cases(3, 60)
    p[20] = 1e-300
    rows = json.dumps(list(zip(p.tolist(), label.tolist())))
    for name, arguments in [("mean_absolute_error", "b, a"), ("root_mean_squared_error", "b, a"), ("mean_absolute_percentage_error", "a, b"), ("log_loss", "a, b"), ("brier_score", "a, b"), ("brier_skill", "a, b, 0.3")]:
        source = "(SELECT key AS i, value ->> 0 AS a, value ->> 1 AS b FROM json_each(?1))"
        moving = db.execute(f"SELECT {name}({arguments}) OVER (ORDER BY i ROWS 9 PRECEDING) FROM {source}", (rows,)).fetchall()
        for i in range(60):
            alone = db.execute(f"SELECT {name}({arguments}) FROM {source} WHERE i BETWEEN ?2 - 9 AND ?2", (rows, i)).fetchone()
            assert moving[i] == alone


def test_nulls_are_skipped_and_nothing_is_null(db):
    for call in ("mean_absolute_error(a, b)", "root_mean_squared_error(a, b)", "mean_absolute_percentage_error(a, b)", "log_loss(a, b)", "brier_score(a, b)", "brier_skill(a, b)", "roc_auc(a, b)", "expected_calibration_error(a, b)", "calibration_fit('platt', a, b)"):
        whole = db.execute(f"SELECT {call} FROM (SELECT 0.25 AS a, 0 AS b UNION ALL SELECT 0.5, 1)").fetchone()
        assert whole[0] is not None
        assert db.execute(f"SELECT {call} FROM (SELECT 0.25 AS a, 0 AS b UNION ALL SELECT 0.5, 1 UNION ALL SELECT NULL, 1 UNION ALL SELECT 0.75, NULL)").fetchone() == whole
        assert db.execute(f"SELECT {call} FROM (SELECT NULL AS a, 0 AS b)").fetchone() == (None,)
        assert db.execute(f"SELECT {call} FROM (SELECT 1 AS a, 0 AS b) WHERE 0").fetchone() == (None,)
    assert db.execute("SELECT roc_auc(0.5, 1)").fetchone() == (None,)


# --- calibration ----------------------------------------------------------------------------------------------------


def calibrated(db, model, scores):
    return np.array([db.execute("SELECT calibrate(?, ?)", (model, float(s))).fetchone()[0] for s in scores])


@pytest.mark.parametrize("n, ties", SIZES)
def test_isotonic_calibration_is_that_of_scikit_learn(db, n, ties):
    p, label = cases(n + 1, n, ties)
    model = over(db, "calibration_fit('isotonic', value ->> 0, value ->> 1)", p, label)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(p, label)
    asked = np.r_[p[:200], np.random.default_rng(n).uniform(-1, 2, 200)]
    assert calibrated(db, model, asked) == pytest.approx(theirs.predict(asked), rel=1e-12, abs=1e-15)
    parsed = json.loads(model)
    assert parsed["x"] == sorted(set(parsed["x"])) and parsed["y"] == sorted(parsed["y"])
    assert (parsed["rows"], parsed["positives"]) == (n, label.sum())


@pytest.mark.parametrize("n", [7, 40, 300, 5000])
@pytest.mark.parametrize("scale", [1, 1000])
def test_platts_sigmoid_is_that_of_scikit_learn(db, n, scale):
    p, label = cases(n + 2, n)
    score = scale * (p - 0.3)
    model = over(db, "calibration_fit('platt', value ->> 0, value ->> 1)", score, label)
    theirs = _SigmoidCalibration().fit(score, label)
    asked = np.linspace(score.min() - 1, score.max() + 1, 50)
    assert calibrated(db, model, asked) == pytest.approx(theirs.predict(asked), abs=2e-4)  # as far as their optimiser goes

    def loss(a, b):
        targets = np.where(label == 1, (label.sum() + 1) / (label.sum() + 2), 1 / (n - label.sum() + 2))
        z = a * score + b
        return np.sum(np.logaddexp(0, -z) * (1 - targets) + np.logaddexp(0, z) * targets)

    ours = json.loads(model)
    assert loss(ours["a"], ours["b"]) <= loss(theirs.a_, theirs.b_) * (1 + 1e-12)


def test_calibrated_log_odds_are_a_logistic_regression_of_them(db):
    p, label = cases(9, 4000)
    model = over(db, "calibration_fit('logit', value ->> 0, value ->> 1)", p, label)
    odds = np.log(p / (1 - p))
    targets = np.where(label == 1, (label.sum() + 1) / (label.sum() + 2), 1 / (4000 - label.sum() + 2))
    doubled = LogisticRegression(C=np.inf, tol=1e-10).fit(np.r_[odds, odds][:, None], np.r_[np.ones(4000), np.zeros(4000)], sample_weight=np.r_[targets, 1 - targets])
    assert calibrated(db, model, p[:100]) == pytest.approx(doubled.predict_proba(odds[:100, None])[:, 1], abs=1e-5)
    assert calibrated(db, model, [0, 1]).tolist() == [0, 1]


def test_scores_that_separate_the_labels_still_fit(db):
    for method in ("platt", "isotonic"):
        model = over(db, f"calibration_fit('{method}', value ->> 0, value ->> 1)", [1, 2, 3, 8, 9], [0, 0, 0, 1, 1])
        found = calibrated(db, model, [0, 2, 5, 8.5, 1e300])
        assert np.all(np.diff(found) >= 0) and found[0] < 0.3 and found[-1] > 0.7
    same = over(db, "calibration_fit('platt', value ->> 0, value ->> 1)", [4, 4, 4], [0, 1, 1])
    assert 0 < calibrated(db, same, [4])[0] < 1


def test_calibration_mends_what_it_is_given(db):
    p, label = cases(11, 8000)
    half, rest = slice(0, 4000), slice(4000, 8000)
    before = over(db, "expected_calibration_error(value ->> 0, value ->> 1)", p[rest], label[rest])
    for method in ("isotonic", "platt", "logit"):
        model = over(db, f"calibration_fit('{method}', value ->> 0, value ->> 1)", p[half], label[half])
        after = over(db, "expected_calibration_error(calibrate(?2, value ->> 0), value ->> 1)", p[rest], label[rest], more=(model,))
        assert after < before / 2


@pytest.mark.parametrize("call, sentence", [
    ("roc_auc(0.5, 2)", "roc_auc: argument 2 (label) must be"),
    ("roc_auc(0.5, 0.5)", "roc_auc: argument 2 (label) must be 0 or 1, got 0.5"),
    ("brier_score(1.5, 1)", "brier_score: argument 1 (p) must be"),
    ("log_loss(0.5, 0.5)", "log_loss: argument 2 (label) must be 0 or 1, got 0.5"),
    ("expected_calibration_error(0.5, 1, 0)", "expected_calibration_error: argument 3 (bins) must be"),
    ("expected_calibration_error(0.5, 1, 5, 'equal')", "expected_calibration_error: argument 4 (strategy) must be 'uniform' or 'quantile', got 'equal'"),
    ("expected_calibration_error(0.5, 1, column1)", "expected_calibration_error: argument 3 (bins) must be the same for all rows"),
    ("calibration_fit('beta', 0.5, 1)", "calibration_fit: argument 1 (method) must be 'isotonic', 'platt' or 'logit', got 'beta'"),
    ("calibration_fit('platt', 0.5, 1)", "calibration_fit: there are no rows with label 0"),
    ("calibration_fit('logit', column1 - 1, column1 - 1)", "calibration_fit: log odds are of probabilities above 0 and below 1, there is a score of 0"),
    ("calibrate('{}', 0.5)", 'calibrate: argument 1 (model) is no calibration: "model" is missing'),
    ("calibrate('{\"model\": \"calibration\", \"method\": \"isotonic\", \"rows\": 1, \"positives\": 1, \"x\": [1, 1], \"y\": [0, 1]}', 0.5)", 'calibrate: argument 1 (model) is no calibration: "x" must ascend and "y" not descend'),
    ("calibrate('{\"model\": \"calibration\", \"method\": \"logit\", \"rows\": 1, \"positives\": 1, \"a\": -1, \"b\": 0}', 7)", "calibrate: argument 2 (p) must be a probability, from 0 to 1"),
    ("root_mean_squared_error(1e200, 1)", "root_mean_squared_error: an error is too large for a number"),
])
def test_what_is_wrong_is_said(db, call, sentence):
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"SELECT {call} FROM (VALUES (1), (2))").fetchall()
    assert str(caught.value).startswith(sentence)
