"""Models pass between this extension and LightGBM: every value goes the same way, and sums differ by rounding alone."""

import json
import sqlite3

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

from helpers.models.lightgbm_texts import exported, field, fit, imported, text_of
from helpers.models.tables import MIXED_TYPES, margins, mixed_rows, rows, score, train

KINDS = {
    "regression": ({}, lambda y: y),
    "regression_l1": ({}, lambda y: y),
    "huber": ({}, lambda y: y),
    "quantile": ({"alpha": 0.8}, lambda y: y),
    "binary": ({}, lambda y: y > 4),
    "cross_entropy": ({}, lambda y: (y > 4) * 0.9),
    "poisson": ({}, lambda y: np.floor(np.abs(y))),
    "gamma": ({}, lambda y: np.abs(y) + 1),
    "tweedie": ({}, lambda y: np.abs(y)),
    "multiclass": ({"num_class": 4}, lambda y: np.floor(y) % 4),
    "lambdarank": ({}, lambda y: np.floor(np.abs(y)) % 4),
}


def raw(trained, x):
    return trained.predict(np.atleast_2d(x), raw_score=True).reshape(len(x), -1)


def assert_close(ours, theirs, trees):
    """n sums in float32, each of a size below the largest margin's and so off by half a unit in its last place."""
    bound = (trees + 1) * 2.0**-24 * np.abs(theirs).max() * 2
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() <= bound


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", KINDS)
@pytest.mark.parametrize("shape", [{}, {"max_cat_to_onehot": 100, "num_leaves": 6}], ids=["sets", "single categories"])
def test_models_of_every_objective_that_lightgbm_trains_are_read(db, objective, shape):
    options, label = KINDS[objective]
    x, y = mixed_rows(1)
    trained = fit(x, label(y), objective=objective, group=[500, 1000] if objective == "lambdarank" else None, **options, **shape)
    model = imported(db, text_of(trained))
    x, _ = mixed_rows(2, missing=0.2)
    ours = margins(db, model, x)
    assert_close(ours, raw(trained, x), 10)
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    theirs = loaded.predict(xgboost.DMatrix(x, feature_types=MIXED_TYPES, enable_categorical=True), output_margin=True)
    assert (ours == theirs.reshape(ours.shape).astype(float)).all()


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "regression", "boosting": "dart"},
        {"objective": "binary", "sigmoid": 2.5},
        {"objective": "poisson"},
        {"objective": "regression", "use_missing": False},
        {"objective": "regression", "num_leaves": 2},
    ],
    ids=["averaged", "averaged probability", "dart", "steep sigmoid", "rate", "nan is zero", "stumps"],
)
def test_the_output_is_that_of_lightgbm(db, options):
    x, y = mixed_rows(3)
    y = y > 4 if options["objective"] == "binary" else np.abs(y)
    trained = fit(x, y, **options)
    x, _ = mixed_rows(4, missing=0.2)
    np.testing.assert_allclose(score(db, imported(db, text_of(trained)), x), trained.predict(x), rtol=2e-6, atol=2e-6)


def test_probabilities_of_classes_are_those_of_lightgbm(db):
    x, y = mixed_rows(5)
    trained = fit(x, np.floor(y) % 5, objective="multiclass", num_class=5)
    x, _ = mixed_rows(6)
    ours = margins(db, imported(db, text_of(trained)), x, "probabilities")
    np.testing.assert_allclose(ours, trained.predict(x), rtol=3e-6)


def next_to(thresholds):
    """Each float32 around each threshold: the nearest and both of its neighbours."""
    nearest = np.array(thresholds).astype(np.float32)
    around = [nearest, np.nextafter(nearest, np.float32(-np.inf)), np.nextafter(nearest, np.float32(np.inf))]
    return np.concatenate(around)


AWKWARD = [0.0, -0.0, 1e-45, -1e-45, 1e-35, 0.1, -0.1, 1 / 3, 16777217, 16777219, 1e300, -1e300, 3.4028235e38, 3.4028234663852886e38, -3.4028234663852886e38, -3.5e38, 1.17549435e-38]  # fmt: skip


def stump(threshold, decision):
    """LightGBM's text of one split of one feature."""
    return f"""tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=0
objective=regression
feature_names=x
feature_infos=[-1:1]

Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold={threshold!r}
decision_type={decision}
left_child=-1
right_child=-2
leaf_value=-1.5 2.5
leaf_weight=10 20
leaf_count=10 20
internal_value=0
internal_weight=30
internal_count=30
is_linear=0
shrinkage=1


end of trees
"""


def test_every_float32_goes_the_way_it_goes_in_lightgbm(db):
    """One split at thresholds between, on and beyond the float32 numbers; what is missing goes both ways.

    LightGBM takes numbers of a size up to 1e-35 for zero before it looks at a tree.
    """
    values = next_to([t for t in AWKWARD if abs(t) < 3.4e38])
    values = values[np.abs(values) > 1.1e-35]
    limit = np.finfo(np.float32).max
    rows_tried = np.concatenate([values[np.isfinite(values)], [limit, -limit, 0, np.nan, 5]]).astype(float)[:, None]
    for threshold in AWKWARD:
        for decision in (0, 2, 8, 10):
            text = stump(threshold, decision)
            theirs = raw(lightgbm.Booster(model_str=text), rows_tried)
            ours = margins(db, imported(db, text), rows_tried)
            assert (ours == theirs.astype(np.float32)).all(), (threshold, decision)


def test_zeros_that_are_missing_are_read_where_they_go_with_their_neighbours(db):
    tried = np.array([[0], [1], [-1], [np.nan], [0.5], [-0.5], [1e-34], [-1e-34]], dtype=np.float32).astype(float)
    taken = 0
    for threshold in (0.5, -0.5, 0.0, 1.0000000180025095e-35, -1.0000000180025095e-35):
        for decision in (4, 6):
            text = stump(threshold, decision)
            try:
                ours = margins(db, imported(db, text), tried)
            except sqlite3.OperationalError as error:
                assert "zero counts as missing and goes the other way" in str(error)
            else:
                taken += 1
                assert (ours == raw(lightgbm.Booster(model_str=text), tried).astype(np.float32)).all()
    assert taken == 3


def test_covers_are_lightgbms_counts_of_rows(db):
    x, y = mixed_rows(9)
    trained = fit(x, y > 4, objective="binary", rounds=3)
    model = json.loads(imported(db, text_of(trained)))["learner"]["gradient_booster"]["model"]["trees"]
    for number, tree in enumerate(model):
        counts = [int(c) for name in ("internal_count", "leaf_count") for c in field(text_of(trained), number, name).split()]
        assert sorted(tree["sum_hessian"]) == sorted(counts)


def frame(seed, n=600):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"my pace": rng.normal(5, 1, n).astype(np.float32), "sport": rng.choice(["swim", "läufe", "ride"], n), "zone": rng.choice([3, 10, 7], n)})
    label = data["my pace"] + data["sport"].map({"swim": 1, "läufe": 5, "ride": 3}) + data["zone"] % 4
    return data, label


@pytest.mark.parametrize("order", [["swim", "läufe", "ride"], ["läufe", "ride", "swim"]])
def test_categories_of_a_data_frame_are_the_values_of_the_column(db, order):
    data, label = frame(10)
    coded = data.astype({"sport": pd.CategoricalDtype(order), "zone": "category"})
    trained = lightgbm.train({"objective": "regression", "verbose": -1, "min_data_per_group": 5}, lightgbm.Dataset(coded, label), 10)
    model = imported(db, text_of(trained))
    assert json.loads(model)["learner"]["feature_names"] == ["my_pace", "sport", "zone"]
    db.execute("CREATE TABLE t (my_pace, sport, zone)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", [(float(p), s, int(z)) for p, s, z in data.itertuples(index=False)])
    ours = [v for v, in db.execute("SELECT value FROM gbdt_score(?, 'SELECT rowid, * FROM t')", (model,))]
    np.testing.assert_allclose(ours, trained.predict(coded), rtol=2e-6)


# --- writing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "count:poisson", "multi:softprob", "reg:absoluteerror"])
def test_lightgbm_predicts_what_our_models_predict(db, objective):
    x, y = rows(11)
    y = {"binary:logistic": y > 0, "count:poisson": np.floor(np.abs(y)), "multi:softprob": np.floor(np.abs(y)) % 3}.get(objective, y)
    classes = {"num_class": 3} if objective == "multi:softprob" else {}
    model = train(db, x, y.astype(float), objective=objective, num_boost_round=15, **classes)
    loaded = lightgbm.Booster(model_str=exported(db, model))
    x, _ = rows(12, n=2000, missing=0.2)
    ours = margins(db, model, x)
    assert_close(ours, raw(loaded, x), 15)
    if not classes:
        np.testing.assert_allclose(score(db, model, x), loaded.predict(x), rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_names_that_lightgbm_would_take_for_one_are_told_apart(db, seed):
    """Characters that it has no place for become _; a name without any stays as it is."""
    rng, names = np.random.default_rng(seed), ["a 1", "a_1", "a:1", "a_1_0", "a_1_2_"]
    while len(names) < 12:
        names = list(dict.fromkeys([*names, "a" + "".join(rng.choice(list("_ :1="), rng.integers(1, 4)))]))
    names = [str(name) for name in rng.permutation(names)]
    x, y = rows(18, n=200, n_features=len(names))
    model = train(db, x, y, num_boost_round=3, feature_names=names)
    text = exported(db, model)
    loaded = lightgbm.Booster(model_str=text)
    told = loaded.feature_name()
    assert len(set(told)) == len(names) and all(ours == theirs for ours, theirs in zip(names, told) if not set(ours) & set(" :="))
    assert_close(margins(db, model, x), raw(loaded, x), 3)
    assert imported(db, text)


def test_lightgbm_sends_every_double_the_way_it_goes_here(db):
    """Doubles on, next to and between the thresholds, which are float32, and their rounded neighbours."""
    x, y = rows(13, n=800, n_features=2, missing=0)
    model = train(db, x, y, num_boost_round=8)
    trees = json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]
    pairs = [(c, f) for t in trees for c, f, left in zip(t["split_conditions"], t["split_indices"], t["left_children"]) if left >= 0]
    tried = []
    for condition, feature in pairs:
        t = np.float32(condition)
        below = np.nextafter(t, np.float32(-np.inf))
        middle = (float(t) + float(below)) / 2
        for value in (t, below, middle, np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf), np.nextafter(float(t), -np.inf)):
            for other in (-1.0, 0.5):
                tried.append([value, other] if feature == 0 else [other, value])
    tried = np.array(tried, dtype=float)
    ours = margins(db, model, tried)
    theirs = raw(lightgbm.Booster(model_str=exported(db, model)), tried)
    assert_close(ours, theirs, 8)
    leaves = np.sort(np.concatenate([[c for c, left in zip(t["split_conditions"], t["left_children"]) if left < 0] for t in trees]))
    assert np.diff(np.unique(leaves)).max() > 1e-3, "another leaf would be seen"


@pytest.mark.parametrize("options", [{}, {"max_depth": 0, "max_leaves": 12, "grow_policy": "lossguide", "gamma": 1}, {"max_cat_to_onehot": 1000}])
def test_splits_by_category_of_xgboost_reach_lightgbm_with_missing_values_on_either_side(db, options):
    x, y = mixed_rows(14, missing=0.3)
    matrix = xgboost.DMatrix(x, y, feature_types=MIXED_TYPES, enable_categorical=True)
    trained = xgboost.train({"max_depth": 5, "nthread": 1, **options}, matrix, 6)
    model = trained.save_raw("json").decode()
    trees = json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]
    assert {d for t in trees for d, s in zip(t["default_left"], t["split_type"]) if s} == {0, 1}
    loaded = lightgbm.Booster(model_str=exported(db, model))
    x, _ = mixed_rows(15, missing=0.3)
    x[:4, 3] = [77, 1000, 16777215, -1]
    assert_close(margins(db, model, x), raw(loaded, x), 6)


def test_classes_with_different_numbers_of_trees_are_evened_out(db):
    x, y = rows(16)
    trained = xgboost.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 3}, xgboost.DMatrix(x, np.floor(np.abs(y)) % 3), 4)
    model = json.loads(trained.save_raw("json"))
    model["learner"]["gradient_booster"]["model"]["tree_info"] = [0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 2, 0]
    text = json.dumps(model)
    assert_close(margins(db, text, x), raw(lightgbm.Booster(model_str=exported(db, text)), x), 10)


def test_a_model_without_trees_is_its_base_score_in_lightgbm(db):
    x, y = rows(17, n=50)
    trained = xgboost.train({"base_score": 2.5}, xgboost.DMatrix(x, y), 0)
    loaded = lightgbm.Booster(model_str=exported(db, trained.save_raw("json").decode()))
    assert (raw(loaded, x) == 2.5).all()


def test_text_categories_and_names_reach_lightgbm(db):
    data, label = frame(18)
    db.execute("CREATE TABLE t (pace, sport, zone, y)")
    rows_ = [(float(p), s, int(z), float(y)) for (p, s, z), y in zip(data.itertuples(index=False), label)]
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows_)
    options = json.dumps({"num_boost_round": 10, "feature_names": ["my pace", "sport", "zone"]})
    model = db.execute("SELECT gbdt_train(?, y, pace, sport, zone) FROM t", (options,)).fetchone()[0]
    loaded = lightgbm.Booster(model_str=exported(db, model))
    assert loaded.feature_name() == ["my_pace", "sport", "zone"]
    coded = data.astype({"sport": pd.CategoricalDtype(["swim", "ride", "läufe"])})
    ours = [v for v, in db.execute("SELECT gbdt_predict(?, pace, sport, zone) FROM t", (model,))]
    np.testing.assert_allclose(ours, loaded.predict(coded), rtol=2e-6)


def test_lightgbm_explains_our_models_by_the_covers_they_have(db):
    x, y = rows(19)
    model = train(db, x, y, num_boost_round=5)
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    theirs = loaded.predict(xgboost.DMatrix(x), pred_contribs=True)
    np.testing.assert_allclose(lightgbm.Booster(model_str=exported(db, model)).predict(x, pred_contrib=True), theirs, atol=1e-4)


def test_a_model_that_goes_out_and_comes_back_has_the_same_bits(db):
    x, y = rows(20)
    model = train(db, x, y, num_boost_round=12, base_score=0)
    again = imported(db, exported(db, model))
    x, _ = rows(21, n=1000)
    assert (margins(db, again, x) == margins(db, model, x)).all()


def test_xgboost_format_is_the_model_itself(db):
    x, y = rows(22, n=50)
    model = train(db, x, y, num_boost_round=1)
    assert db.execute("SELECT gbdt_export(?, 'xgboost')", (model,)).fetchone()[0] == model


@pytest.mark.parametrize("objective, power", [("reg:gamma", None), ("reg:tweedie", 1.2), ("reg:tweedie", 1.85), ("reg:tweedie", 1), ("count:poisson", None)])
def test_rates_go_out_and_come_back_under_their_own_objective(db, objective, power):
    """LightGBM says Tweedie's power among the parameters alone, in its texts as in ours; XGBoost reads what came back."""
    x, y = rows(23)
    options = {"tweedie_variance_power": power} if power else {}
    model = train(db, x, np.abs(y) + 0.1, objective=objective, num_boost_round=6, **options)
    text = exported(db, model)
    loaded = lightgbm.Booster(model_str=text)
    assert f"\nobjective={objective.split(':')[1]}\n" in text and f"\nobjective={objective.split(':')[1]}\n" in loaded.model_to_string()
    np.testing.assert_allclose(score(db, model, x), loaded.predict(x), rtol=3e-6)
    again = json.loads(imported(db, text))["learner"]["objective"]
    assert again["name"] == objective
    assert power is None or float(again["tweedie_regression_param"]["tweedie_variance_power"]) == pytest.approx(power, rel=1e-7)
    booster = xgboost.Booster()
    booster.load_model(bytearray(imported(db, text).encode()))
    assert json.loads(booster.save_config())["learner"]["objective"]["name"] == objective
    back = exported(db, imported(db, text))
    assert [line for line in back.splitlines() if line[:9] in ("objective", "[tweedie_")] == [line for line in text.splitlines() if line[:9] in ("objective", "[tweedie_")]
    assert (margins(db, imported(db, text), x) == margins(db, model, x)).all()


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9])
def test_the_power_of_a_tweedie_model_of_lightgbm_is_read(db, power):
    x, y = rows(24)
    trained = fit(x, np.abs(y), objective="tweedie", tweedie_variance_power=power)
    read = json.loads(imported(db, text_of(trained)))["learner"]["objective"]
    assert read == {"name": "reg:tweedie", "tweedie_regression_param": {"tweedie_variance_power": read["tweedie_regression_param"]["tweedie_variance_power"]}}
    assert float(read["tweedie_regression_param"]["tweedie_variance_power"]) == pytest.approx(power, rel=1e-6)
    for broken in ("x", "", "3", "-1", "1e999"):
        text = text_of(trained).replace(f"[tweedie_variance_power: {power:g}]", f"[tweedie_variance_power: {broken}]")
        assert text != text_of(trained)
        assert json.loads(imported(db, text))["learner"]["objective"]["tweedie_regression_param"] == {"tweedie_variance_power": "1.5E0"}
