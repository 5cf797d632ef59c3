"""What gbdt_train learns, on cases whose answer is known."""

import json
import sqlite3
import time

import numpy as np
import pytest
import xgboost

from helpers.models.tables import feature_list, fill, rows, score, train, tree_of

PLAIN = {"num_boost_round": 1, "eta": 1, "lambda": 0, "min_child_weight": 0}


def test_one_split_finds_the_step(db):
    x = np.arange(10.0).reshape(-1, 1)
    y = np.where(x[:, 0] < 6, 2.0, 10.0)
    model = train(db, x, y, max_depth=1, **PLAIN)
    tree = tree_of(model)
    assert tree["left_children"] == [1, -1, -1] and tree["split_conditions"] == [5.5, 2, 10]
    assert tree["sum_hessian"] == [10, 6, 4]
    assert score(db, model, x).tolist() == y.tolist()


def test_leaves_and_gain_follow_the_formulas_of_the_paper(db):
    x = np.array([[0.0], [0.0], [1.0], [1.0], [1.0]])
    y = np.array([1.0, 2.0, 10.0, 11.0, 12.0])
    model = train(db, x, y, num_boost_round=1, eta=0.5, **{"lambda": 2, "base_score": 4, "max_depth": 1, "alpha": 1})
    left, right = 3 + 2 - 1, -(6 + 7 + 8) + 1  # soft-thresholded sums of gradients: prediction minus label
    weights = -left / (2 + 2), -right / (3 + 2)
    tree = tree_of(model)
    assert tree["split_conditions"][1:] == pytest.approx([4 + 0.5 * w for w in weights])
    whole = (5 - 21) + 1
    assert tree["loss_changes"][0] == pytest.approx(left**2 / 4 + right**2 / 5 - whole**2 / 7)


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:absoluteerror", "reg:quantileerror"])
def test_a_constant_label_is_predicted_exactly(db, objective):
    x, _ = rows(1)
    model = train(db, x, np.full(len(x), 3.25), objective=objective, num_boost_round=5)
    assert set(score(db, model, x)) == {3.25}


def test_a_constant_class_is_predicted_with_near_certainty(db):
    x, _ = rows(1)
    assert score(db, train(db, x, np.ones(len(x)), objective="binary:logistic"), x).min() > 0.999
    assert score(db, train(db, x, np.zeros(len(x)), objective="binary:logistic"), x).max() < 0.001


def test_a_single_row_predicts_its_label(db):
    model = train(db, np.array([[1.0, np.nan]]), np.array([7.5]))
    assert score(db, model, np.array([[9.0, 9.0]])).tolist() == [7.5]


def test_no_rows_give_no_model(db):
    fill(db, np.zeros((1, 1)), np.zeros(1))
    assert db.execute("SELECT gbdt_train('{}', y, f0) FROM t WHERE y > 5").fetchone() == (None,)


def test_a_column_that_is_all_missing_is_never_split_on(db):
    x, y = rows(2)
    x[:, 2] = np.nan
    model = train(db, x, y, num_boost_round=20)
    used = set()
    for tree in json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]:
        used |= {f for f, left in zip(tree["split_indices"], tree["left_children"]) if left >= 0}
    assert 0 in used and 2 not in used


def test_missing_against_present_can_be_a_split(db):
    x = np.array([[1.0]] * 5 + [[np.nan]] * 5)
    y = np.array([1.0] * 5 + [9.0] * 5)
    model = train(db, x, y, max_depth=1, **PLAIN)
    assert score(db, model, np.array([[1.0], [-1e9], [1e9], [np.nan]])).tolist() == [1, 1, 1, 9]


def test_missing_values_take_the_side_that_fits_them(db):
    for label_of_missing in (0.0, 5.0):
        x = np.array([[1.0], [2.0], [8.0], [9.0], [np.nan], [np.nan]])
        y = np.array([0.0, 0.0, 5.0, 5.0, label_of_missing, label_of_missing])
        model = train(db, x, y, max_depth=1, **PLAIN)
        assert score(db, model, np.array([[1.5], [8.5], [np.nan]])).tolist() == [0, 5, label_of_missing]


def test_missing_values_never_seen_in_training_follow_the_majority(db):
    x = np.arange(10.0).reshape(-1, 1)
    for cut, majority in ((3, 1.0), (7, 0.0)):
        model = train(db, x, (x[:, 0] >= cut).astype(float), max_depth=1, **PLAIN)
        assert score(db, model, np.array([[np.nan]])).tolist() == [majority]


def test_few_distinct_values_are_all_told_apart(db):
    x = np.repeat(np.arange(7.0), 3).reshape(-1, 1)
    y = np.repeat(np.array([3.0, -1.0, 4.0, -1.0, 5.0, -9.0, 2.0]), 3)
    model = train(db, x, y, max_depth=7, max_bin=7, **PLAIN)
    np.testing.assert_allclose(score(db, model, x), y, rtol=1e-6)


def test_neighbouring_floats_are_told_apart(db):
    low = np.float32(1.0)
    high = np.nextafter(low, np.float32(2))
    x = np.array([[float(low)], [float(high)]])
    model = train(db, x, np.array([0.0, 1.0]), max_depth=1, **PLAIN)
    assert score(db, model, x).tolist() == [0, 1]


def test_a_monotone_transformation_of_a_feature_changes_no_prediction(db):
    x, y = rows(4)
    warped = x.copy()
    warped[:, 0] = np.ldexp(x[:, 0], 5) + 0.0
    warped[:, -1] = x[:, -1] ** 3
    options = {"num_boost_round": 30, "max_depth": 5}
    before, after = (score(db, train(db, v, y, **options), v) for v in (x, warped))
    assert (before == after).all()


@pytest.mark.parametrize("policy", ["depthwise", "lossguide"])
def test_limits_on_trees_hold(db, policy):
    x, y = rows(5, n=800)
    model = train(db, x, y, num_boost_round=10, max_depth=0, max_leaves=9, min_data_in_leaf=20, grow_policy=policy)
    for tree in json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]:
        leaves = [c for c, left in zip(tree["sum_hessian"], tree["left_children"]) if left < 0]
        assert len(leaves) == 9 and min(leaves) >= 20


def test_best_gain_first_spends_its_leaves_better_than_level_by_level(db):
    x, y = rows(6, n=2000)
    loss = {}
    for policy in ("depthwise", "lossguide"):
        model = train(db, x, y, num_boost_round=10, max_depth=0, max_leaves=12, grow_policy=policy)
        loss[policy] = json.loads(json.loads(model)["learner"]["attributes"]["athlete_history"])["train"][-1]
    assert loss["lossguide"] < loss["depthwise"]


def test_dropped_histograms_change_nothing(db):
    """An unlimited tree over wide rows holds more histograms than are kept, so some are summed again."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3000, 100)).astype(np.float32).astype(float)
    y = rng.normal(size=3000)
    model = train(db, x, y, max_depth=0, **PLAIN)
    np.testing.assert_allclose(score(db, model, x), y, atol=1e-3)  # a split must gain 1e-6


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_quantile_model_covers_its_quantile_and_loses_no_more_than_xgboost(db, q):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(4000, 2))
    y = x[:, 0] + rng.normal(size=4000) * (1 + (x[:, 1] > 0))
    options = {"objective": "reg:quantileerror", "quantile_alpha": q, "max_depth": 3, "eta": 0.1, "min_child_weight": 20}
    model = train(db, x[:2000], y[:2000], num_boost_round=60, **options)
    assert np.mean(y[:2000] <= score(db, model, x[:2000])) == pytest.approx(q, abs=0.01)
    theirs = xgboost.train({**options, "tree_method": "hist"}, xgboost.DMatrix(x[:2000], y[:2000]), 60)

    def loss(prediction):
        error = y[2000:] - prediction
        return np.mean(np.maximum(q * error, (q - 1) * error))

    assert loss(score(db, model, x[2000:])) < 1.01 * loss(theirs.predict(xgboost.DMatrix(x[2000:])))


def test_the_median_of_each_side_is_the_absolute_error_model(db):
    x = np.array([[0.0]] * 5 + [[1.0]] * 5)
    y = np.array([1.0, 2.0, 3.0, 4.0, 100.0, -50.0, 11.0, 12.0, 13.0, 14.0])
    model = train(db, x, y, objective="reg:absoluteerror", max_depth=1, **PLAIN)
    assert score(db, model, np.array([[0.0], [1.0]])).tolist() == [3, 12]


def test_sampling_sees_a_part_and_follows_the_seed(db):
    x, y = rows(9, n=1000)
    options = {"num_boost_round": 5, "subsample": 0.3}
    first, again, other = (train(db, x, y, seed=s, **options) for s in (1, 1, 2))
    assert first == again != other
    covers = [tree_of(first, t)["sum_hessian"][0] for t in range(5)]
    assert len(set(covers)) > 1 and all(230 < c < 370 for c in covers)


def test_equal_rows_are_sampled_each_on_their_own(db):
    model = train(db, np.zeros((1000, 1)), np.zeros(1000), num_boost_round=1, subsample=0.5)
    assert 430 < tree_of(model)["sum_hessian"][0] < 570


def test_each_tree_sees_its_share_of_the_features(db):
    rng = np.random.default_rng(10)
    x = rng.normal(size=(300, 10))
    model = train(db, x, x.sum(1), num_boost_round=30, colsample_bytree=0.3, max_depth=6)
    seen = set()
    for tree in json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]:
        used = {f for f, left in zip(tree["split_indices"], tree["left_children"]) if left >= 0}
        assert len(used) <= 3
        seen |= used
    assert seen == set(range(10))


def test_text_and_integers_are_numbers_like_any(db):
    x, y = rows(11, n=100)
    plain = train(db, x, y, num_boost_round=5)
    db.execute("UPDATE t SET f0 = printf('%.17g', f0) WHERE f0 IS NOT NULL")
    db.execute("UPDATE t SET f4 = CAST(f4 AS INTEGER) WHERE f4 IS NOT NULL")
    options = json.dumps({"num_boost_round": 5})
    assert db.execute(f"SELECT gbdt_train(?, y, {feature_list(5)}) FROM t", (options,)).fetchone()[0] == plain


def test_lightgbm_names_mean_the_same(db):
    x, y = rows(12)
    ours = train(db, x, y, objective="reg:squarederror", num_boost_round=4, eta=0.2, max_leaves=7, gamma=0.5, **{"lambda": 3})
    alias = {"objective": "regression", "num_iterations": 4, "learning_rate": 0.2, "num_leaves": 7, "min_gain_to_split": 0.5}
    assert train(db, x, y, lambda_l2=3, **alias) == ours


@pytest.mark.parametrize(
    "sql, sentence",
    [
        ("gbdt_train('{\"depth\": 3}', 1, 2)", 'gbdt_train: unknown option "depth"; known are objective, num_boost_round'),
        ("gbdt_train('{\"eta\": 3}', 1, 2)", 'gbdt_train: option "eta" must be a number from 1e-06 to 1, got 3'),
        ("gbdt_train('[]', 1, 2)", "gbdt_train: options must be a JSON object"),
        ("gbdt_train(7, 1, 2)", "gbdt_train: argument 1 (options) must be a JSON object, got 7"),
        ("gbdt_train('{}', 1)", "gbdt_train: called with 2 arguments, the form is"),
        ("gbdt_train('{}', NULL, 2)", "gbdt_train: row 1: the label is NULL; leave such rows out with WHERE"),
        ("gbdt_train('{}', 'x', 2)", "gbdt_train: row 1: the label must be a finite number, got text 'x'"),
        ("gbdt_train('{}', 1e31, 2)", "gbdt_train: row 1: the label must be at most 1e30 in size"),
        ("gbdt_train('{}', 1, 2, 9e999)", "gbdt_train: row 1: feature 2 must be a finite number or NULL, got"),
        ("gbdt_train('{}', 1, 2, x'00')", "gbdt_train: row 1: feature 2 must be a finite number, text or NULL, got a blob of 1 bytes"),
        ("gbdt_train('{}', 1, 1e39)", "gbdt_train: row 1: feature 1 must be within the range of float32"),
        ("gbdt_train('{\"objective\": \"binary\"}', 2, 2)", "row 1: the label must be from 0 to 1 for binary:logistic, got 2"),
        ("gbdt_train('{\"feature_names\": [\"a\"]}', 1, 2, 3)", "must be a list of 2 names, one per column after the label"),
        ("gbdt_train('{\"feature_names\": [\"a\", \"a\"]}', 1, 2, 3)", "name 2 must be text without [, ] or < and unlike"),
        ("gbdt_train('{\"objective\": \"binary\", \"base_score\": 2}', 1, 2)", '"base_score" must be a probability'),
        ("gbdt_train('{\"feature_names\": \"a\"}', 1, 2)", 'option "feature_names" must be a list or an object'),
    ],
)
def test_a_wrong_call_ends_with_a_sentence(error, sql, sentence):
    assert sentence in error(sql)


def test_a_bad_row_is_named_by_its_number(db):
    x, y = rows(13, n=20, missing=0)
    fill(db, x, y)
    db.execute("UPDATE t SET f3 = 'fast' WHERE rowid = 17")
    with pytest.raises(sqlite3.OperationalError, match="row 17: feature 4 must be a finite number or NULL, as in the rows before, got text 'fast'"):
        db.execute(f"SELECT gbdt_train('{{}}', y, {feature_list(5)}) FROM t").fetchall()


def test_options_that_change_within_a_group_are_refused(db):
    with pytest.raises(sqlite3.OperationalError, match="row 2: the options differ from those of the first row"):
        db.execute("SELECT gbdt_train(o, 1, 2) FROM (SELECT '{}' AS o UNION ALL SELECT '{ }')").fetchall()


def test_the_memory_limit_is_kept(db):
    fill(db, np.random.default_rng(1).normal(size=(30000, 20)), np.zeros(30000))
    with pytest.raises(sqlite3.OperationalError, match="needs more memory than its limit: .* rows of 20 features, memory_limit_mb is 1"):
        db.execute(f"SELECT gbdt_train('{{\"memory_limit_mb\": 1}}', y, {feature_list(20)}) FROM t").fetchall()


def test_a_progress_handler_stops_training_long_before_its_end(db):
    x, y = rows(14, n=4000, n_features=20)
    fill(db, x, y)
    options = json.dumps({"num_boost_round": 100000, "max_depth": 8})  # hours
    begun = time.monotonic()
    db.set_progress_handler(lambda: time.monotonic() - begun > 0.3, 1000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute(f"SELECT gbdt_train(?, y, {feature_list(20)}) FROM t", (options,)).fetchall()
    db.set_progress_handler(None, 0)
    assert db.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("n", [12, 15, 500, 1000])
def test_a_first_prediction_far_from_all_labels_leaves_nothing_to_split(db, n):
    """All gradients are then the same float32, and their sum the largest that n rows can have."""
    x, y = rows(5, n=n)
    model = train(db, x, y, num_boost_round=6, base_score=-2147483648.0, max_depth=3)
    assert {len(tree_of(model, i)["left_children"]) for i in range(3)} == {1}
