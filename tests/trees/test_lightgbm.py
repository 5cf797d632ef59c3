"""Models pass between this extension and LightGBM: every value goes the same way, and sums differ by rounding alone."""

import json
import sqlite3

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

from tables import MIXED_TYPES, feature_list, margins, mixed_rows, rows, score, train

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


def fit(x, y, rounds=10, categorical=(3, 4, 5), group=None, **options):
    settings = {"verbose": -1, "num_threads": 1, "min_data_per_group": 5, "deterministic": True, **options}
    return lightgbm.train(settings, lightgbm.Dataset(x, y, categorical_feature=list(categorical), group=group), rounds)


def text_of(trained):
    return trained.model_to_string()


def imported(db, text):
    return db.execute("SELECT gbdt_import(?)", (text,)).fetchone()[0]


def exported(db, model):
    return db.execute("SELECT gbdt_export(?, 'lightgbm')", (model,)).fetchone()[0]


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


def set_field(text, tree, name, values):
    sections = text.split("\nTree=")
    lines = sections[tree + 1].split("\n")
    lines = [f"{name}={values}" if line.startswith(name + "=") else line for line in lines]
    sections[tree + 1] = "\n".join(lines)
    return "\nTree=".join(line for line in sections).replace("tree_sizes", "no_sizes")


def field(text, tree, name):
    lines = text.split("\nTree=")[tree + 1].split("\n")
    return next(line.partition("=")[2] for line in lines if line.startswith(name + "="))


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


# --- what is refused ----------------------------------------------------------------------------------------------


def test_a_lightgbm_text_is_no_model_until_it_is_imported(db, error):
    x, y = rows(23, n=100)
    text = text_of(fit(x, y, rounds=1, categorical=(), objective="regression"))
    assert "the model is a LightGBM text: convert it with gbdt_import" in error("gbdt_predict(?, 1, 2, 3, 4, 5)", text)
    assert 'which starts with a line "tree"' in error("gbdt_import(?)", imported(db, text))
    assert "must be 'xgboost' or 'lightgbm', got text 'onnx'" in error("gbdt_export(?, 'onnx')", imported(db, text))


@pytest.fixture(scope="module")
def text():
    x, y = mixed_rows(24, n=800)
    return text_of(fit(x, y, rounds=2, objective="regression", num_leaves=8))


@pytest.mark.parametrize(
    "before, after, sentence",
    [
        ("objective=regression", "objective=regression sqrt", 'header: objective "regression sqrt" is not supported'),
        ("objective=regression", "objective=multiclassova num_class:3 sigmoid:1", "is not supported"),
        ("objective=regression", "objective=multiclass num_class:3", "num_tree_per_iteration is 1, which does not go"),
        ("objective=regression", "objective=binary", "objective has no sigmoid"),
        ("objective=regression", "objective=binary sigmoid:0", "sigmoid is not above 0"),
        ("num_class=1", "num_class=2", "num_class is not num_tree_per_iteration"),
        ("num_class=1", "num_class=1\nnum_class=1", "header: num_class is there twice"),
        ("num_class=1", "num_class=99999999", "header: num_class is not a whole number from 1 to 1024"),
        ("max_feature_idx=5", "max_feature_idx=65536", "max_feature_idx is not a whole number"),
        ("max_feature_idx=5", "max_feature_idx=6", "header: feature_names has not 7 names"),
        ("max_feature_idx=5", "max_feature_idx=4", "header: feature_names has not 5 names"),
        ("Column_0 Column_1", "a a", "header: feature_names[1] is there twice"),
        ("is_linear=0", "is_linear=1", "Tree=0: is_linear is not 0: linear trees are not supported"),
        ("end of trees", "", 'end: "end of trees" is missing'),
        ("pandas_categorical:null", 'pandas_categorical:[["a","b"]]', "fewer lists than features"),
        ("pandas_categorical:null", "pandas_categorical:[1]", "is not a list of lists"),
        ("pandas_categorical:null", "pandas_categorical:[[", "header: pandas_categorical: "),
        ("pandas_categorical:null", 'pandas_categorical:[["a"],["b"],["c"]]', "has category"),
        ("pandas_categorical:null", 'pandas_categorical:[["a","a"],[],[]]', 'the name "a" is there twice'),
        ("pandas_categorical:null", "pandas_categorical:[[-1,2],[],[]]", "neither a name nor a whole number"),
    ],
)
def test_what_a_text_may_not_say_is_named(text, error, before, after, sentence):
    assert before in text
    assert sentence in error("gbdt_import(?)", text.replace(before, after, 1))


@pytest.mark.parametrize(
    "name, values, sentence",
    [
        ("num_leaves", "0", "Tree=0: num_leaves is not a whole number from 1"),
        ("num_leaves", "2147483647", "num_leaves is not a whole number"),
        ("num_leaves", "1073741823", "leaf_value has 8 items, expected are 1073741823"),
        ("num_leaves", "7", "leaf_value has more than 7 items"),
        ("left_child", "99 2 3 4 5 6 1", "child 99 is neither a split nor a leaf of the tree"),
        ("left_child", "0 0 0 0 0 0 0", "child 0 is reached twice"),
        ("left_child", "-1 -1 -1 -1 -1 -1 -1", "is reached twice"),
        ("left_child", "1 2 3 4 5 6", "left_child has 6 items, expected are 7"),
        ("left_child", "1 2 3 4 5 6 x", "left_child[6] is not a number"),
        ("left_child", "0.5 2 3 4 5 6 1", "child 0.5 is neither"),
        ("split_feature", "6 6 6 6 6 6 6", "split_feature[0] is not a feature of the model"),
        ("decision_type", "12 12 12 12 12 12 12", "decision_type[0] is not a known one"),
        ("threshold", "nan 0 0 0 0 0 0", "threshold[0] is not a number"),
        ("threshold", "inf 0 0 0 0 0 0", "threshold[0] is not a number"),
        ("leaf_value", "1 2 3 4 5 6 7 1e39", "is not a finite float32"),
        ("leaf_value", "", "leaf_value has 0 items, expected are 8"),
    ],
)
def test_what_a_tree_may_not_say_is_named(text, error, name, values, sentence):
    assert field(text, 0, "num_leaves") == "8"
    assert sentence in error("gbdt_import(?)", set_field(text, 0, name, values))


@pytest.mark.parametrize(
    "name, values, sentence",
    [
        ("cat_boundaries", "0 0", "cat_boundaries[1] is not above the one before"),
        ("cat_boundaries", "0 99999999999", "cat_boundaries[1] is not above the one before"),
        ("cat_boundaries", "1 2", "cat_boundaries[0] is not above the one before"),
        ("cat_threshold", "4294967296", "cat_threshold"),
        ("cat_threshold", "-1", "cat_threshold"),
    ],
)
def test_what_a_set_may_not_say_is_named(text, error, name, values, sentence):
    assert field(text, 0, "num_cat") == "1"
    assert sentence in error("gbdt_import(?)", set_field(text, 0, name, values))


def test_every_truncation_of_a_text_is_refused(db, text):
    for end in range(0, text.index("end of trees") + 11, 31):
        with pytest.raises(sqlite3.OperationalError, match="^gbdt_import: "):
            db.execute("SELECT gbdt_import(?)", (text[:end],)).fetchall()


def test_random_damage_to_a_text_gives_a_model_or_a_sentence(db, text):
    rng = np.random.default_rng(25)
    text = text[: text.index("feature_importances")] + "\npandas_categorical:null\n"
    alphabet = "0123456789-.eE=: \n[]TtreXx"
    outcomes = {"model": 0, "sentence": 0}
    for _ in range(1500):
        damaged = list(text)
        for _ in range(rng.integers(1, 4)):
            i = rng.integers(len(damaged))
            damaged[i : i + rng.choice([0, 1, 1, 1, 5, 60])] = str(rng.choice(list(alphabet))) * int(rng.integers(0, 3))
        try:
            model = db.execute("SELECT gbdt_import(?)", ("".join(damaged),)).fetchone()[0]
        except sqlite3.OperationalError as error:
            assert str(error).startswith("gbdt_import: ")
            outcomes["sentence"] += 1
            continue
        width = json.loads(model)["learner"]["learner_model_param"]["num_feature"]
        (value,) = db.execute(f"SELECT gbdt_margin(?{', 1' * int(width)})", (model,)).fetchone()
        assert isinstance(value, float)
        outcomes["model"] += 1
    assert min(outcomes.values()) > 100


def test_a_tree_that_would_have_to_be_repeated_without_end_is_refused(db, error):
    """Forty splits by category on one another's set side: 2^40 nodes in LightGBM."""
    n = 40
    size = 2 * n + 1
    left = [2 * (i // 2) + 1 if i % 2 == 0 and i < 2 * n else -1 for i in range(size)]
    parents = [2147483647] + [2 * ((i - 1) // 2) for i in range(1, size)]
    inner = [i for i in range(size) if left[i] >= 0]
    zero = [0] * size
    tree = {
        "id": 0, "left_children": left, "right_children": [c + 1 if c >= 0 else -1 for c in left], "parents": parents,
        "split_indices": zero, "split_conditions": zero, "default_left": zero, "split_type": [int(c >= 0) for c in left],
        "loss_changes": zero, "sum_hessian": zero, "base_weights": zero,
        "categories": [1] * n, "categories_nodes": inner, "categories_segments": list(range(n)), "categories_sizes": [1] * n,
        "tree_param": {"num_nodes": str(size), "num_feature": "1", "size_leaf_vector": "1", "num_deleted": "0"},
    }  # fmt: skip
    booster = {"name": "gbtree", "model": {"gbtree_model_param": {"num_trees": "1"}, "tree_info": [0], "trees": [tree]}}
    parameters = {"base_score": "0", "num_class": "0", "num_feature": "1", "num_target": "1"}
    model = json.dumps({"learner": {"gradient_booster": booster, "learner_model_param": parameters, "objective": {"name": "reg:squarederror"}}})
    assert db.execute("SELECT gbdt_predict(?, 1)", (model,)).fetchone() == (0.0,)
    assert "tree 0 has too many splits by category under one another" in error("gbdt_export(?, 'lightgbm')", model)
