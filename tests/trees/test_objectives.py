"""Each objective learns as well as the peers do with it: held-out loss over several seeds, beside the better of XGBoost and
LightGBM with the same settings."""

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import make_classification, make_friedman1

from helpers.tables import rows, score, train

SETTINGS = {"max_depth": 5, "eta": 0.1, "min_child_weight": 3, "lambda": 1}
LIGHTGBM = {"max_depth": 5, "num_leaves": 32, "learning_rate": 0.1, "min_sum_hessian_in_leaf": 3, "lambda_l2": 1, "min_data_in_leaf": 1}
ROUNDS = 60


def friedman(seed):
    return make_friedman1(2000, n_features=10, noise=1, random_state=seed)


def outliers(seed):
    x, y = friedman(seed)
    return x, y + 2 * np.random.default_rng(seed).standard_t(1.5, len(y))


def counts(seed):
    x, y = friedman(seed)
    return x, np.random.default_rng(seed).poisson(np.exp(y / 10)).astype(float)


def classes(seed):
    return make_classification(2000, n_features=15, n_informative=8, n_classes=4, flip_y=0.05, random_state=seed)


def absolute(y, margin):
    return np.mean(np.abs(y - margin))


def pinball(y, margin):
    return np.mean(np.maximum(0.8 * (y - margin), -0.2 * (y - margin)))


def poisson_deviance(y, margin):
    return 2 * np.mean(np.exp(margin) - y * margin - y + y * np.log(np.maximum(y, 1)))


def mlogloss(y, margin):
    above = margin - margin.max(1, keepdims=True)
    return -np.mean(above[np.arange(len(y)), y.astype(int)] - np.log(np.exp(above).sum(1)))


# name: (data, loss, our options, XGBoost's or None where it has no such objective or does not converge, LightGBM's)
CASES = {
    "quantile": (outliers, pinball, {"objective": "reg:quantileerror", "quantile_alpha": 0.8}, {}, {"objective": "quantile", "alpha": 0.8}),
    "absolute": (outliers, absolute, {"objective": "reg:absoluteerror"}, {}, {"objective": "regression_l1"}),
    "pseudo-huber": (outliers, absolute, {"objective": "reg:pseudohubererror"}, None, {"objective": "huber", "alpha": 1}),
    "huber": (outliers, absolute, {"objective": "huber"}, None, {"objective": "huber", "alpha": 1}),
    "poisson": (counts, poisson_deviance, {"objective": "count:poisson"}, {}, {"objective": "poisson"}),
    "softmax": (classes, mlogloss, {"objective": "multi:softprob", "num_class": 4}, {}, {"objective": "multiclass", "num_class": 4}),
}


def booster(model):
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    return loaded


def losses(db, case, seed):
    """(ours, the peers')"""
    make, loss, ours, xgboosts, lightgbms = CASES[case]
    x, y = make(seed)
    (x, held_x), (y, held_y) = np.split(x, [1400]), np.split(y, [1400])
    held = xgboost.DMatrix(held_x)
    mine = booster(train(db, x, y, num_boost_round=ROUNDS, **SETTINGS, **ours)).predict(held, output_margin=True)
    theirs = lightgbm.train({**LIGHTGBM, **lightgbms, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), ROUNDS)
    peers = [loss(held_y, theirs.predict(held_x, raw_score=True))]
    if xgboosts is not None:
        settings = {**SETTINGS, **ours, "tree_method": "hist", "nthread": 1}
        peers.append(loss(held_y, xgboost.train(settings, xgboost.DMatrix(x, y), ROUNDS).predict(held, output_margin=True)))
    return loss(held_y, mine), np.array(peers)


@pytest.mark.unsanitized
@pytest.mark.parametrize("case", CASES)
def test_held_out_loss_is_near_that_of_the_better_peer(db, case):
    ours, peers = zip(*(losses(db, case, seed) for seed in range(4)))
    assert np.mean(ours) < 1.01 * np.mean(peers, axis=0).min()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("q", [0.1, 0.8])
def test_a_quantile_covers_its_share_of_the_weight(db, q, weighted):
    x, y = outliers(5)
    weights = np.random.default_rng(5).random(len(y)) + 0.1 if weighted else np.ones(len(y))
    options = {"objective": "quantile", "quantile_alpha": q, "num_boost_round": 40, "max_depth": 3, "min_data_in_leaf": 20}
    model = train(db, np.column_stack([x, weights]), y, weight=11, **options)
    assert weights[y <= score(db, model, x)].sum() / weights.sum() == pytest.approx(q, abs=0.02)


def test_one_leaf_is_the_quantile_of_numpy(db):
    rng = np.random.default_rng(6)
    for n in (1, 2, 7, 10, 101):
        y = rng.normal(size=n).astype(np.float32).astype(float)
        for q in (0.1, 0.3, 0.5, 0.75, 0.9):
            model = train(db, np.zeros((n, 1)), y, objective="quantile", quantile_alpha=q, num_boost_round=1, eta=1, base_score=0)
            expected = np.quantile(y, q)
            assert score(db, model, np.zeros((1, 1)))[0] == pytest.approx(expected, rel=1e-6)


def test_leaf_values_are_newton_steps_of_the_losses(db):
    """One leaf, from a base score: minus the sum of gradients over the sum of hessians, as XGBoost finds it."""
    _, y = rows(7)
    x = np.zeros((len(y), 1))
    for extra, labels in [
        ({"objective": "reg:pseudohubererror", "huber_slope": 0.7, "base_score": 0.5}, y),
        ({"objective": "count:poisson", "base_score": 2}, np.round(np.abs(y))),
        ({"objective": "binary:logistic", "scale_pos_weight": 3, "base_score": 0.3}, (y > 0).astype(float)),
    ]:
        ours = booster(train(db, x, labels, num_boost_round=1, eta=1, **extra))
        theirs = xgboost.train({"eta": 1, "lambda": 1, **extra, "tree_method": "hist"}, xgboost.DMatrix(x, labels), 1)
        one = xgboost.DMatrix(x[:1])
        assert ours.predict(one, output_margin=True) == pytest.approx(theirs.predict(one, output_margin=True), rel=1e-5)


def test_no_leaf_moves_further_than_max_delta_step(db):
    x, y = rows(8)
    model = train(db, x, 100 * y, num_boost_round=1, eta=1, max_delta_step=0.5, base_score=0)
    assert np.abs(score(db, model, x)).max() == 0.5


def test_probabilities_of_classes_add_up_to_one_and_follow_their_shares(db):
    x, _ = rows(9)
    y = np.random.default_rng(9).choice(3, len(x), p=[0.6, 0.3, 0.1]).astype(float)
    model = booster(train(db, x, y, objective="multi:softprob", num_class=3, num_boost_round=1, eta=1e-6))
    shares = model.predict(xgboost.DMatrix(x))
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(shares[0], np.bincount(y.astype(int)) / len(y), atol=1e-5)


def test_a_class_that_never_comes_is_improbable(db):
    x, y = rows(10)
    model = booster(train(db, x, (y > 0) * 2.0, objective="multi:softprob", num_class=4, num_boost_round=10))
    assert model.predict(xgboost.DMatrix(x))[:, [1, 3]].max() < 1e-4


def test_two_classes_are_as_good_as_the_logistic_loss(db):
    x, y = rows(11, n=1500)
    y = (y > 0.5).astype(float)
    held = xgboost.DMatrix(x[1000:])
    two = booster(train(db, x[:1000], y[:1000], objective="multi:softprob", num_class=2, num_boost_round=30)).predict(held)[:, 1]
    one = booster(train(db, x[:1000], y[:1000], objective="binary:logistic", num_boost_round=30)).predict(held)
    assert np.mean((two > 0.5) == y[1000:]) > np.mean((one > 0.5) == y[1000:]) - 0.02
