"""What a LightGBM text may not say is refused with a sentence that has the place in it."""

import json
import re
import sqlite3

import numpy as np
import pytest
import xgboost

from helpers.models.lightgbm_texts import field, fit, imported, set_field, text_of
from helpers.models.tables import mixed_rows, rows

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case


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
        ("threshold", "infinite 0 0 0 0 0 0", "threshold[0] is not a number"),
        ("leaf_value", "inf 0 0 0 0 0 0 0", "leaf_value[0] is not a finite float32"),
        ("left_child", "inf 0 0 0 0 0 0", "neither a split nor a leaf"),
        ("split_feature", "-inf 0 0 0 0 0 0", "split_feature[0] is not a feature"),
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


@pytest.mark.parametrize("seed", range(6))
def test_thresholds_that_are_one_float32_are_told_at_import(db, error, seed):
    """Numbers with a large constant: LightGBM tells values apart that are one float32. Less the constant, they are read."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=400), rng.integers(0, 300, 400).astype(float)])
    constant = float(rng.choice([1.7e9, 6e9, -4e9]))
    y = (x[:, 1] % 50 < 25) + 0.1 * rng.normal(size=400)
    options = {"rounds": 4, "categorical": (), "objective": "regression", "num_leaves": 30, "min_data_in_leaf": 2}
    text = text_of(fit(x + [0, constant], y, **options))
    sentence = error("gbdt_import(?)", text)
    first, second = map(float, re.findall(r"is (\S+), the same float32 as its threshold (\S+):", sentence)[0])
    assert first != second and np.isclose(first, second, rtol=2**-23) and "of feature 1" in sentence
    assert imported(db, text_of(fit(x, y, **options)))


def test_several_outputs_that_are_no_classes_have_no_form_in_lightgbms_text(error):
    x, y = rows(5, n=200)
    settings = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9], "max_depth": 2}
    booster = xgboost.train(settings, xgboost.DMatrix(x, y), 2)
    assert "the model has 2 outputs that are no classes" in error("gbdt_export(?, 'lightgbm')", booster.save_raw("json").decode())
