"""Models pass between this extension and XGBoost, and predict the same float32 bits on both sides."""

import json

import numpy as np
import pandas as pd
import pytest
import xgboost

from helpers.models.tables import MIXED_TYPES, margins, mixed_rows, rows, score, train

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


# --- classes, rates, ranks and categories ------------------------------------------------------------------------

KINDS = {
    "multi:softprob": ({"num_class": 4}, lambda y: np.floor(y) % 4),
    "multi:softmax": ({"num_class": 3, "num_parallel_tree": 2}, lambda y: np.floor(y) % 3),
    "count:poisson": ({}, lambda y: np.floor(np.abs(y))),
    "reg:gamma": ({}, lambda y: np.abs(y) + 1),
    "reg:tweedie": ({"tweedie_variance_power": 1.3}, lambda y: np.abs(y)),
    "rank:ndcg": ({}, lambda y: np.floor(np.abs(y)) % 4),
    "rank:pairwise": ({}, lambda y: np.floor(np.abs(y)) % 4),
    "binary:logistic": ({}, lambda y: y > 4),
    "binary:logitraw": ({"base_score": 0.3}, lambda y: y > 4),
    "reg:squaredlogerror": ({}, lambda y: np.abs(y)),
    "reg:squarederror": ({}, lambda y: y),
}


def mixed_matrix(x, y=None, names=None):
    return xgboost.DMatrix(x, y, feature_types=MIXED_TYPES, feature_names=names, enable_categorical=True)


def strange_rows(seed):
    """Rows with categories that no training row had, also none that there can be."""
    x, _ = mixed_rows(seed, n=800, missing=0.2)
    x[:8, 3] = [77, 1000, -1, 16777215, 16777216, 3e7, -0.5, 2.7]
    return x


def assert_same_margins(db, model, loaded, seed):
    x = strange_rows(seed)
    theirs = loaded.predict(mixed_matrix(x, names=loaded.feature_names), output_margin=True).reshape(len(x), -1)
    ours = margins(db, model, x)
    assert ours.shape == theirs.shape and (ours == theirs.astype(float)).all()


@pytest.mark.parametrize("objective", KINDS)
@pytest.mark.parametrize(
    "shape",
    [{}, {"max_cat_to_onehot": 1000, "max_depth": 4}, {"max_depth": 0, "max_leaves": 20, "grow_policy": "lossguide", "gamma": 1}, {"tree_method": "approx", "gamma": 2}],
    ids=["sets", "single categories", "lossguide", "pruned"],
)  # fmt: skip
def test_models_of_every_kind_that_xgboost_trains_give_the_same_bits(db, objective, shape):
    options, label = KINDS[objective]
    x, y = mixed_rows(11)
    matrix = mixed_matrix(x, label(y))
    if objective.startswith("rank"):
        matrix.set_group([500, 400, 600])
    settings = {"objective": objective, "tree_method": "hist", "nthread": 1, **options, **shape}
    trained = xgboost.train(settings, matrix, 6)
    assert_same_margins(db, trained.save_raw("json").decode(), trained, 12)


@pytest.mark.parametrize("objective", ["multi:softprob", "count:poisson", "reg:gamma", "reg:tweedie", "binary:logistic", "reg:squarederror"])
@pytest.mark.parametrize("shape", [{}, {"max_depth": 0, "max_leaves": 20, "grow_policy": "lossguide"}], ids=["depthwise", "lossguide"])
def test_xgboost_gives_the_bits_of_our_models_with_classes_rates_and_categories(db, objective, shape):
    options, label = KINDS[objective]
    x, y = mixed_rows(13)
    model = train(db, x, label(y), objective=objective, num_boost_round=8, categorical_features=["f3", "f4", "f5"], feature_names=[f"f{i}" for i in range(6)], **options, **shape)  # fmt: skip
    assert_same_margins(db, model, booster(model), 14)


def test_probabilities_of_classes_are_those_of_xgboost(db):
    x, y = mixed_rows(15)
    trained = xgboost.train({"objective": "multi:softprob", "num_class": 5, "nthread": 1}, mixed_matrix(x, np.floor(y) % 5), 8)
    x = strange_rows(16)
    ours = margins(db, trained.save_raw("json").decode(), x, "probabilities")
    np.testing.assert_allclose(ours, trained.predict(mixed_matrix(x)), rtol=3e-7)


def test_a_base_score_for_each_class_is_read(db):
    x, y = mixed_rows(17, n=300)
    trained = xgboost.train({"objective": "multi:softprob", "num_class": 3}, mixed_matrix(x, np.floor(y) % 3), 2)
    model = json.loads(trained.save_raw("json"))
    for score_text in ("[1E-1,-2E0,3.5E0]", "2.5E-1", "[7E-1]"):
        model["learner"]["learner_model_param"]["base_score"] = score_text
        text = json.dumps(model)
        assert_same_margins(db, text, booster(text), 18)


def frame(seed, names, n=600):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"pace": rng.normal(5, 1, n).astype(np.float32), "sport": rng.choice(names, n)})
    data.loc[rng.random(n) < 0.1, "pace"] = np.nan
    return data


@pytest.mark.parametrize(
    "names", [["ride", "run", "swim"], ["swim", "ride", "run", "walk", "ski"], [3, 1, 70, 20], [0, 1, 2, 3]],
    ids=["names in order", "names in another order", "numbers", "small numbers"],
)  # fmt: skip
def test_categories_of_a_data_frame_are_the_values_of_the_column(db, names):
    data = frame(19, names)
    label = np.nan_to_num(data["pace"]) + data["sport"].map({name: i % 3 for i, name in enumerate(names)})
    categories = pd.CategoricalDtype(names)
    coded = data.astype({"sport": categories})
    trained = xgboost.train({"max_depth": 4, "nthread": 1}, xgboost.DMatrix(coded, label, enable_categorical=True), 10)
    db.execute("CREATE TABLE t (pace, sport)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [(None if np.isnan(p) else float(p), s) for p, s in data.itertuples(index=False)])
    model = trained.save_raw("json").decode()
    assert json.loads(model)["learner"]["gradient_booster"]["model"]["cats"]["enc"]
    ours = [v for v, in db.execute("SELECT value FROM gbdt_score(?, 'SELECT rowid, pace, sport FROM t')", (model,))]
    theirs = trained.predict(xgboost.DMatrix(coded, enable_categorical=True))
    assert (np.array(ours) == theirs.astype(float)).all()


def test_our_text_categories_are_xgboosts_codes_in_the_order_of_names(db):
    names = ["swim", "ride", "läufe", "run"]
    data = frame(20, names)
    label = np.nan_to_num(data["pace"]) + data["sport"].map({name: i % 3 for i, name in enumerate(names)})
    db.execute("CREATE TABLE t (pace, sport, y)")
    values = [(None if np.isnan(p) else float(p), s, float(y)) for (p, s), y in zip(data.itertuples(index=False), label)]
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", values)
    options = json.dumps({"num_boost_round": 10, "feature_names": ["pace", "sport"]})
    model = db.execute("SELECT gbdt_train(?, y, pace, sport) FROM t", (options,)).fetchone()[0]
    in_order = sorted(names, key=str.encode)
    assert json.loads(json.loads(model)["learner"]["attributes"]["athlete_categories"]) == [[], in_order]
    codes = np.column_stack([data["pace"], data["sport"].map(in_order.index)]).astype(float)
    theirs = booster(model).predict(xgboost.DMatrix(codes, feature_names=["pace", "sport"], feature_types=["q", "c"], enable_categorical=True))
    ours = [v for v, in db.execute("SELECT value FROM gbdt_score(?, 'SELECT rowid, pace, sport FROM t')", (model,))]
    assert (np.array(ours) == theirs.astype(float)).all()


def test_names_that_xgboost_stores_damaged_are_refused(db, error):
    data = frame(21, ["swim", "läufe", "ride"])
    coded = data.astype({"sport": "category"})
    trained = xgboost.train({"max_depth": 2}, xgboost.DMatrix(coded, np.nan_to_num(data["pace"]), enable_categorical=True), 2)
    assert "cats.enc[1].values[1] is not ASCII" in error("gbdt_predict(?, 1, 'ride')", trained.save_raw("json").decode())


def test_best_iteration_is_kept_and_all_trees_are_used_as_by_booster_predict(db):
    x, y = rows(22)
    trained = xgboost.train({"max_depth": 3, "nthread": 1}, xgboost.DMatrix(x, y), 20)
    trained.set_attr(best_iteration="4")
    assert_same_bits(db, trained.save_raw("json").decode(), trained, 23, x.shape[1])
