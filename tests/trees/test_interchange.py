"""Models pass between this extension and XGBoost, and predict the same float32 bits on both sides."""

import json

import numpy as np
import pytest
import xgboost

from tables import rows, score, train

OBJECTIVES = ["reg:squarederror", "binary:logistic", "reg:absoluteerror", "reg:quantileerror"]


def labels_for(objective, y):
    return (y > 0.5).astype(float) if objective == "binary:logistic" else y * 40 + 1000


def booster(model):
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    return loaded


def assert_same_bits(db, model, loaded, seed, n_features):
    x, _ = rows(seed, n=3000, n_features=n_features, missing=0.2)
    x[:50] *= 1e6
    theirs = xgboost.DMatrix(x)
    assert (score(db, model, x, "gbdt_margin") == loaded.predict(theirs, output_margin=True).astype(float)).all()
    assert (score(db, model, x) == loaded.predict(theirs).astype(float)).all()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    "shape",
    [
        {"max_depth": 4},
        {"max_depth": 0, "max_leaves": 31, "grow_policy": "lossguide"},
        {"max_depth": 9, "min_child_weight": 0, "lambda": 0, "eta": 1},
        {"subsample": 0.6, "colsample_bytree": 0.5, "alpha": 0.3, "gamma": 0.1},
        {"base_score": 0.25, "num_boost_round": 1},
    ],
    ids=["depthwise", "lossguide", "deep", "sampled", "one tree"],
)
def test_xgboost_loads_our_models_and_predicts_the_same_bits(db, objective, shape):
    x, y = rows(1)
    model = train(db, x, labels_for(objective, y), **{"objective": objective, "num_boost_round": 40, **shape})
    assert_same_bits(db, model, booster(model), 2, x.shape[1])


@pytest.mark.parametrize("objective", OBJECTIVES + ["reg:logistic", "reg:pseudohubererror"])
@pytest.mark.parametrize(
    "shape",
    [
        {"max_depth": 5},
        {"max_depth": 0, "max_leaves": 25, "grow_policy": "lossguide"},
        {"tree_method": "exact", "max_depth": 5, "gamma": 5},
        {"tree_method": "approx", "subsample": 0.7, "colsample_bytree": 0.6},
        {"num_parallel_tree": 3, "subsample": 0.5},
        {"base_score": 0.37},
    ],
    ids=["depthwise", "lossguide", "pruned", "sampled", "forest", "base score"],
)
def test_we_load_xgboost_models_and_predict_the_same_bits(db, objective, shape):
    x, y = rows(3)
    y = labels_for("binary:logistic" if "logistic" in objective else objective, y)
    settings = {"objective": objective, "tree_method": "hist", "nthread": 1, **shape}
    if objective == "reg:quantileerror":
        settings["quantile_alpha"] = 0.8
        if shape.get("tree_method") == "exact":
            settings["tree_method"] = "hist"
    trained = xgboost.train(settings, xgboost.DMatrix(x, y), 15)
    assert_same_bits(db, trained.save_raw("json").decode(), trained, 4, x.shape[1])


def test_every_base_score_gives_the_margin_that_xgboost_computes(db):
    x, y = rows(5, n=50)
    model = json.loads(train(db, x, (y > 0).astype(float), objective="binary:logistic", num_boost_round=1, max_depth=1))
    rng = np.random.default_rng(5)
    for p in [0, 1, 1e-40, 1e-7, 0.4999999, 0.9999999, *rng.random(200)]:
        for form in ("%.9e", "[%.9e]"):
            model["learner"]["learner_model_param"]["base_score"] = form % p
            text = json.dumps(model)
            theirs = booster(text).predict(xgboost.DMatrix(x[:3]), output_margin=True)
            assert (score(db, text, x[:3], "gbdt_margin") == theirs.astype(float)).all()


def test_a_model_keeps_its_feature_names_for_xgboost(db):
    x, y = rows(6)
    names = ["ctl", "atl", "tsb", 'a "quoted" name', "größe"]
    model = train(db, x, y, num_boost_round=5, feature_names=names)
    loaded = booster(model)
    assert loaded.feature_names == names
    ours = score(db, model, x)
    assert (ours == loaded.predict(xgboost.DMatrix(x, feature_names=names)).astype(float)).all()


def test_what_we_add_is_in_the_attributes_alone(db):
    x, y = rows(7)
    model = train(db, x, y, num_boost_round=6, max_depth=3, nthread=2)
    attributes = booster(model).attributes()
    assert attributes["athlete_rows"] == str(len(y))
    options = json.loads(attributes["athlete_options"])
    assert options["max_depth"] == 3 and options["objective"] == "reg:squarederror" and "nthread" not in options
    history = json.loads(attributes["athlete_history"])
    residual = score(db, model, x) - y.astype(np.float32)
    assert history["metric"] == "rmse" and len(history["train"]) == 6
    assert history["train"][-1] == pytest.approx(np.sqrt(np.mean(residual**2)), rel=1e-6)


def test_covers_and_gains_are_those_of_xgboost_on_the_same_splits(db):
    """One tree on a few distinct values: cuts coincide, so sums of hessians and gains must."""
    rng = np.random.default_rng(8)
    x = rng.integers(0, 8, (500, 3)).astype(float)
    y = x[:, 0] * 2 + (x[:, 1] > 3) * 5 + rng.normal(size=500)
    ours = json.loads(train(db, x, y, num_boost_round=1, max_depth=3))
    settings = {"max_depth": 3, "tree_method": "hist", "base_score": float(np.mean(y.astype(np.float32)))}
    theirs = json.loads(xgboost.train(settings, xgboost.DMatrix(x, y), 1).save_raw("json"))
    a, b = (m["learner"]["gradient_booster"]["model"]["trees"][0] for m in (ours, theirs))
    assert a["split_indices"] == b["split_indices"] and a["left_children"] == b["left_children"]
    assert a["sum_hessian"] == b["sum_hessian"]
    np.testing.assert_allclose(a["loss_changes"], b["loss_changes"], rtol=1e-3, atol=1e-3)
