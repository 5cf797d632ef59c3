"""Each objective learns as well as the peers do with it: held-out loss over several seeds, beside the better of XGBoost and
LightGBM with the same settings."""

import json

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import make_classification, make_friedman1
from sklearn.metrics import mean_gamma_deviance, mean_tweedie_deviance

from helpers.machine.soak import soak
from helpers.models.tables import rows, score, train

SETTINGS = {"max_depth": 5, "eta": 0.1, "min_child_weight": 3, "lambda": 1}
LIGHTGBM = {"max_depth": 5, "num_leaves": 32, "learning_rate": 0.1, "min_sum_hessian_in_leaf": 3, "lambda_l2": 1, "min_data_in_leaf": 1}
ROUNDS = 60
TWEEDIE = {"objective": "reg:tweedie", "tweedie_variance_power": 1.3}


def friedman(seed):
    return make_friedman1(2000, n_features=10, noise=1, random_state=seed)


def outliers(seed):
    x, y = friedman(seed)
    return x, y + 2 * np.random.default_rng(seed).standard_t(1.5, len(y))


def counts(seed):
    x, y = friedman(seed)
    return x, np.random.default_rng(seed).poisson(np.exp(y / 10)).astype(float)


def amounts(seed):
    """Gamma distributed around means that differ a hundredfold."""
    x, y = friedman(seed)
    return x, np.random.default_rng(seed).gamma(2, np.exp(y / 5) / 2)


def claims(seed):
    """Sums of a random number of amounts: many are 0."""
    x, y = friedman(seed)
    rng = np.random.default_rng(seed)
    number = rng.poisson(np.exp(y / 10) / 5)
    return x, np.array([rng.gamma(2, np.exp(score / 20), n).sum() for n, score in zip(number, y)])


def classes(seed):
    return make_classification(2000, n_features=15, n_informative=8, n_classes=4, flip_y=0.05, random_state=seed)


def absolute(y, margin):
    return np.mean(np.abs(y - margin))


def pinball(y, margin):
    return np.mean(np.maximum(0.8 * (y - margin), -0.2 * (y - margin)))


def poisson_deviance(y, margin):
    return 2 * np.mean(np.exp(margin) - y * margin - y + y * np.log(np.maximum(y, 1)))


def gamma_deviance(y, margin):
    return mean_gamma_deviance(y, np.exp(margin))


def tweedie_deviance(y, margin):
    return mean_tweedie_deviance(y, np.exp(margin), power=1.3)


def mlogloss(y, margin):
    above = margin - margin.max(1, keepdims=True)
    return -np.mean(above[np.arange(len(y)), y.astype(int)] - np.log(np.exp(above).sum(1)))


# name: (data, loss, our options, XGBoost's or None where it has no such objective or does not converge, LightGBM's or None where it
# means something else)
CASES = {
    "quantile": (outliers, pinball, {"objective": "reg:quantileerror", "quantile_alpha": 0.8}, {}, {"objective": "quantile", "alpha": 0.8}),
    "absolute": (outliers, absolute, {"objective": "reg:absoluteerror"}, {}, {"objective": "regression_l1"}),
    "pseudo-huber": (outliers, absolute, {"objective": "reg:pseudohubererror"}, None, {"objective": "huber", "alpha": 1}),
    "huber": (outliers, absolute, {"objective": "huber"}, None, {"objective": "huber", "alpha": 1}),
    "poisson": (counts, poisson_deviance, {"objective": "count:poisson"}, {}, {"objective": "poisson"}),
    "gamma": (amounts, gamma_deviance, {"objective": "reg:gamma"}, {}, {"objective": "gamma"}),
    "tweedie": (claims, tweedie_deviance, TWEEDIE, {}, {**TWEEDIE, "objective": "tweedie"}),
    "softmax": (classes, mlogloss, {"objective": "multi:softprob", "num_class": 4}, {}, None),
    "multiclass": (classes, mlogloss, {"objective": "multiclass", "num_class": 4}, None, {"objective": "multiclass", "num_class": 4}),
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
    peers = []
    if lightgbms is not None:
        theirs = lightgbm.train({**LIGHTGBM, **lightgbms, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), ROUNDS)
        peers.append(loss(held_y, theirs.predict(held_x, raw_score=True)))
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
        ({"objective": "reg:gamma", "base_score": 2}, np.abs(y) + 0.01),
        ({"objective": "reg:tweedie", "base_score": 2}, np.maximum(y, 0)),
        ({"objective": "reg:tweedie", "base_score": 2, "tweedie_variance_power": 1}, np.maximum(y, 0)),
        ({"objective": "reg:tweedie", "base_score": 2, "tweedie_variance_power": 1.9}, np.maximum(y, 0)),
        ({"objective": "binary:logistic", "scale_pos_weight": 3, "base_score": 0.3}, (y > 0).astype(float)),
    ]:
        ours = booster(train(db, x, labels, num_boost_round=1, eta=1, **extra))
        theirs = xgboost.train({"eta": 1, "lambda": 1, **extra, "tree_method": "hist"}, xgboost.DMatrix(x, labels), 1)
        one = xgboost.DMatrix(x[:1])
        assert ours.predict(one, output_margin=True) == pytest.approx(theirs.predict(one, output_margin=True), rel=1e-5)


def on_a_grid(seed, n=600):
    """Few distinct values, so that cuts are those of XGBoost, and labels that are above 0 or 0."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 8, (n, 3)).astype(float)
    y = rng.gamma(1.5, np.exp(x[:, 0] / 4 - (x[:, 1] > 3))) + 1e-3
    return x, y.astype(np.float32).astype(float)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
@pytest.mark.parametrize("power", [None, 1.0, 1.1, 1.5, 1.95])
def test_predictions_and_history_of_gamma_and_tweedie_are_those_of_xgboost(db, seed, power):
    x, y = on_a_grid(seed)
    weights = np.random.default_rng(seed).integers(1, 4, len(y)).astype(float)
    options = {"objective": "reg:gamma"} if power is None else {"objective": "reg:tweedie", "tweedie_variance_power": power}
    y = y if power is None else np.where(y < 0.6, 0, y)
    model = train(db, np.column_stack([x, weights]), y, weight=4, num_boost_round=8, max_depth=3, **options)
    said = {}
    settings = {**options, "max_depth": 3, "tree_method": "hist", "nthread": 1}
    data = xgboost.DMatrix(x, y, weight=weights)
    theirs = xgboost.train(settings, data, 8, evals=[(data, "train")], evals_result=said, verbose_eval=False)
    np.testing.assert_allclose(score(db, model, x), theirs.predict(xgboost.DMatrix(x)), rtol=2e-4)
    history = json.loads(json.loads(model)["learner"]["attributes"]["athlete_history"])
    ((name, losses),) = said["train"].items()
    assert history["metric"] == name.split("@")[0]
    if power != 1:  # where XGBoost divides by 0
        np.testing.assert_allclose(history["train"], losses, rtol=1e-4)
    else:
        counted = json.loads(train(db, np.column_stack([x, weights]), y, weight=4, num_boost_round=8, max_depth=3, objective="count:poisson", max_delta_step=0))
        assert history["train"] == json.loads(counted["learner"]["attributes"]["athlete_history"])["train"]


@pytest.mark.parametrize("power", [1.0, 1.25, 1.5, 1.9])
def test_xgboost_evaluates_and_goes_on_with_the_variance_power_of_our_model(db, power):
    x, y = on_a_grid(5)
    model = train(db, x, y, objective="tweedie", tweedie_variance_power=power, num_boost_round=4)
    loaded = booster(model)
    assert (loaded.predict(xgboost.DMatrix(x)) == score(db, model, x)).all()
    kept = json.loads(loaded.save_config())["learner"]["objective"]
    assert kept["name"] == "reg:tweedie"
    assert float(kept["tweedie_regression_param"]["tweedie_variance_power"]) == np.float32(power)


@pytest.mark.parametrize("objective, size", [("reg:gamma", 1e-25), ("reg:gamma", 1e25), *(("reg:tweedie", size) for size in (1e-8, 1e8, 1e25))])
def test_labels_of_any_size_are_learnt_in_proportion(db, objective, size):
    """Of the gamma deviance each size is as good as another; Tweedie's gains shrink with the labels, to less than the least gain of a split."""
    x, y = on_a_grid(6)
    options = {"objective": objective, "num_boost_round": 30, "min_child_weight": 0, "lambda": 0, "max_depth": 3}
    found = score(db, train(db, x, size * y, **options), x) / size
    np.testing.assert_allclose(found, score(db, train(db, x, y, **options), x), rtol=2e-2)


def test_labels_that_gamma_and_tweedie_cannot_have_are_refused_with_a_sentence(error):
    for name in ("reg:gamma", "gamma"):
        for label in ("0", "-1e-30", "-3", "1e-50", "-0.0"):
            found = error(f"gbdt_train('{{\"objective\": \"{name}\"}}', {label}, 2)")
            assert "the label must be above 0 in float32 for reg:gamma, got " in found
    for name in ("reg:tweedie", "tweedie"):
        assert "the label must be at least 0 for reg:tweedie, got -0.5" in error(f"gbdt_train('{{\"objective\": \"{name}\"}}', -0.5, 2)")
    for power in ("2", "0.99", "-1"):
        sentence = error(f"gbdt_train('{{\"objective\": \"reg:tweedie\", \"tweedie_variance_power\": {power}}}', 1, 2)")
        assert 'option "tweedie_variance_power"' in sentence and power in sentence
    for name in ("reg:gamma", "reg:tweedie"):
        sentence = error(f"gbdt_train('{{\"objective\": \"{name}\", \"base_score\": 0}}', 1, 2)")
        assert f'option "base_score" must be a rate above 1e-30 for {name}, got 0' in sentence


def test_nothing_but_zeros_and_tiny_labels_end_in_a_finite_model(db):
    x, _ = on_a_grid(7, n=50)
    for objective, labels in (("reg:tweedie", np.zeros(50)), ("reg:gamma", np.full(50, 1e-42)), ("reg:gamma", np.geomspace(1e-44, 1e30, 50)), ("reg:tweedie", np.geomspace(1e-44, 1e30, 50))):  # fmt: skip
        found = score(db, train(db, x, labels, objective=objective, num_boost_round=5), x)
        assert np.isfinite(found).all() and (found >= 0).all()


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
