"""Several quantiles in one model: each covers its share, none crosses the next, and every XGBoost reads them."""

import json

import numpy as np
import pytest
import xgboost

from helpers.models.tables import margins, train

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
SETTINGS = {"objective": "reg:quantileerror", "num_boost_round": 120, "eta": 0.1, "max_depth": 4, "min_data_in_leaf": 20}


def spread_rows(seed, n=4000, digits=None, constant=0.0):
    """The spread depends on one feature and the middle on another; with `digits`, labels have ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    y = constant + 2 * x[:, 0] + np.exp(0.8 * x[:, 1]) * rng.normal(size=n)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x.astype(np.float32).astype(float), y if digits is None else y.round(digits)


def far_rows(x, seed):
    """Rows unlike any that were trained on."""
    rng = np.random.default_rng(seed)
    strange = x[rng.integers(0, len(x), (3000, x.shape[1])), np.arange(x.shape[1])] * rng.choice([1, 1, 30, -4], (3000, x.shape[1]))
    strange[rng.random(strange.shape) < 0.2] = np.nan
    return strange


@pytest.mark.parametrize("seed", range(3))
def test_each_level_covers_its_share_of_rows_that_were_held_back(db, seed):
    x, y = spread_rows(seed, 8000)
    found = margins(db, train(db, x[:5000], y[:5000], quantile_alpha=LEVELS, **SETTINGS), x[5000:])
    covered = (y[5000:, None] <= found).mean(axis=0)
    assert np.abs(covered - LEVELS).max() < 0.035
    wide, narrow = x[5000:, 1] > 1, x[5000:, 1] < -1
    assert (found[wide, 4] - found[wide, 0]).mean() > 2.5 * (found[narrow, 4] - found[narrow, 0]).mean()


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_is_that_of_models_of_one_level_each(db, seed):
    x, y = spread_rows(seed, 6000)

    def pinball(found, q):
        excess = y[4000:] - found
        return np.maximum(q * excess, (q - 1) * excess).mean()

    together = margins(db, train(db, x[:4000], y[:4000], quantile_alpha=LEVELS, **SETTINGS), x[4000:])
    ours = np.mean([pinball(together[:, k], q) for k, q in enumerate(LEVELS)])
    alone = [margins(db, train(db, x[:4000], y[:4000], quantile_alpha=q, **SETTINGS), x[4000:])[:, 0] for q in LEVELS]
    theirs = np.mean([pinball(found, q) for found, q in zip(alone, LEVELS)])
    assert ours < 1.03 * theirs


@pytest.mark.parametrize(
    "made, options",
    [
        ({}, {}),
        ({"digits": 0}, {"eta": 1.0}),
        ({"constant": 1e6}, {}),
        ({"constant": -3e4, "digits": 1}, {"subsample": 0.5, "colsample_bytree": 0.5, "grow_policy": "lossguide", "max_leaves": 9}),
        ({}, {"base_score": 1, "eta": 0.5}),
        ({}, {"quantile_alpha": [0.5, 0.500001]}),
        ({}, {"quantile_alpha": [k / 17 for k in range(1, 17)], "min_data_in_leaf": 1, "max_depth": 8}),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_no_level_crosses_the_next_for_any_row(db, seed, made, options):
    x, y = spread_rows(seed, 1200, **made)
    model = train(db, x, y, **{"quantile_alpha": LEVELS, **SETTINGS, "num_boost_round": 60, **options})
    for rows in (x, far_rows(x, seed)):
        assert (np.diff(margins(db, model, rows), axis=1) >= 0).all()


def test_xgboost_reads_the_model_and_predicts_the_same_bits(db):
    x, y = spread_rows(1, 1500)
    model = train(db, x, y, quantile_alpha=[0.1, 0.5, 0.9], **SETTINGS)
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.encode()))
    assert (booster.predict(xgboost.DMatrix(x)) == margins(db, model, x)).all()
    again = booster.save_raw("json").decode()
    assert (margins(db, again, x) == margins(db, model, x)).all()


@pytest.mark.parametrize("levels", [[0.2, 0.8], [0.1, 0.5, 0.9]])
def test_models_of_xgboosts_own_have_its_bits(db, levels):
    x, y = spread_rows(2, 1000)
    booster = xgboost.train({"objective": "reg:quantileerror", "quantile_alpha": levels, "max_depth": 3}, xgboost.DMatrix(x, y), 10)
    found = margins(db, booster.save_raw("json").decode(), x)
    assert (found == booster.predict(xgboost.DMatrix(x))).all()


def test_threads_weights_and_early_stopping_go_with_levels(db):
    x, y = spread_rows(3, 3000)
    x = np.column_stack([x, np.arange(3000) % 3 + 1, np.arange(3000) % 5 == 0])
    options = {**SETTINGS, "quantile_alpha": LEVELS, "weight": 5, "validation": 6, "early_stopping_rounds": 5, "eta": 0.3}
    one = train(db, x, y, **options, nthread=1)
    assert train(db, x, y, **options, nthread=4) == one
    learner = json.loads(one)["learner"]
    history = json.loads(learner["attributes"]["athlete_history"])
    assert history["metric"] == "quantile" and len(learner["gradient_booster"]["model"]["trees"]) % len(LEVELS) == 0
    assert np.argmin(history["validation"]) == int(learner["attributes"]["best_iteration"])


@pytest.mark.parametrize("levels", [[0.9, 0.1], [0.5, 0.5], [], [0, 0.5], ["0.5"], [0.1] * 17])
def test_levels_that_do_not_ascend_are_refused(error, levels):
    options = json.dumps({"objective": "reg:quantileerror", "quantile_alpha": levels})
    assert 'option "quantile_alpha" must be a number from ' in error(f"gbdt_train('{options}', 1, 2)")


def test_one_level_in_a_list_is_that_level(db):
    x, y = spread_rows(4, 600)
    assert train(db, x, y, quantile_alpha=[0.3], **SETTINGS) == train(db, x, y, quantile_alpha=0.3, **SETTINGS)
