"""gbdt_importance and gbdt_trees say what XGBoost's get_score and trees_to_dataframe say."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import xgboost

from helpers.models import trees_by_hand as by_hand
from helpers.models.explained import SHAPES, fill, text_of, trained
from helpers.models.tables import rows

MEASURES = ["weight", "gain", "cover", "total_gain", "total_cover"]


def importance(db, model, *query):
    sql = f"SELECT * FROM gbdt_importance(?{', ?' * len(query)})"
    return pd.DataFrame(db.execute(sql, (model, *query)).fetchall(), columns=["feature", *MEASURES, "mean_abs_shap"]).set_index("feature")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_importance_is_that_of_xgboost(db, shape):
    booster, _ = trained(shape)
    ours = importance(db, text_of(booster))
    for measure in MEASURES:
        theirs = booster.get_score(importance_type=measure)
        assert list(ours.index) == sorted(theirs)
        np.testing.assert_allclose(ours[measure].astype(float), [theirs[f] for f in ours.index], rtol=1e-4)  # it adds float32
    assert ours.mean_abs_shap.isna().all()


@pytest.mark.parametrize("shape", [{"max_depth": 4}, {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}], ids=str)
def test_mean_abs_shap_is_the_mean_over_rows_of_the_sum_over_outputs(db, shape):
    booster, x = trained(shape)
    fill(db, x)
    ours = importance(db, text_of(booster), "SELECT * FROM x").mean_abs_shap
    theirs = booster.predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True).reshape(len(x), shape.get("num_class", 1), -1)
    expected = np.abs(theirs).sum(axis=1).mean(axis=0)[:-1]
    np.testing.assert_allclose(ours, [expected[int(f[1:])] for f in ours.index], rtol=1e-5)


def test_mean_abs_shap_does_not_depend_on_the_order_of_rows(db):
    booster, x = trained({"max_depth": 6})
    fill(db, x)
    forwards, backwards = (importance(db, text_of(booster), f"SELECT * FROM x ORDER BY id {way}") for way in ("ASC", "DESC"))
    assert (forwards.mean_abs_shap == backwards.mean_abs_shap).all()


def test_importance_goes_by_the_model_s_names(db):
    x, y = rows(7, n=300, n_features=3)
    data = xgboost.DMatrix(x, y, feature_names=["pace", "hr", "grade"], nthread=1)
    booster = xgboost.train({"max_depth": 3, "nthread": 1}, data, 4)
    ours = importance(db, text_of(booster))
    assert dict(ours.weight) == booster.get_score(importance_type="weight")


def nodes(db, model):
    columns = ["tree", "output", "node", "id", "feature", "split", "yes", "no", "missing", "gain", "cover", "category", "leaf", "parent", "depth"]
    answer = db.execute(f"SELECT {', '.join(columns)} FROM gbdt_trees(?)", (model,)).fetchall()
    frame = pd.DataFrame(answer, columns=columns, dtype=object)  # NULL stays None
    return frame.astype({name: float for name in ("split", "gain", "cover", "leaf", "parent")})


def assert_same_nodes(ours, theirs):
    """XGBoost has the value of a leaf in its column of gains."""
    assert list(ours.tree) == list(theirs.Tree) and list(ours.node) == list(theirs.Node) and list(ours.id) == list(theirs.ID)
    assert [v or "Leaf" for v in ours.feature] == list(theirs.Feature)
    for mine, other in [("yes", "Yes"), ("no", "No"), ("missing", "Missing")]:
        assert [v or "" for v in ours[mine]] == [v if isinstance(v, str) else "" for v in theirs[other]]
    np.testing.assert_allclose(ours.split.astype(float), theirs.Split.astype(float), rtol=1e-6)
    np.testing.assert_allclose(ours.cover, theirs.Cover, rtol=1e-6)
    np.testing.assert_allclose(ours.gain.fillna(ours.leaf), theirs.Gain, rtol=1e-5, atol=1e-8)
    assert (ours.gain.isna() == (theirs.Feature == "Leaf")).all() and (ours.leaf.isna() == (theirs.Feature != "Leaf")).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nodes_are_those_of_xgboost(db, shape):
    booster, _ = trained(shape)
    ours = nodes(db, text_of(booster))
    assert_same_nodes(ours, booster.trees_to_dataframe())
    assert list(ours.output) == list(ours.tree % shape.get("num_class", 1))


def test_nodes_know_their_parents_and_depths(db):
    booster, _ = trained({"max_depth": 0, "max_leaves": 31, "grow_policy": "lossguide"})
    ours = nodes(db, text_of(booster))
    depth = {}
    for row in ours.itertuples():
        if row.node == 0:
            assert row.depth == 0 and math.isnan(row.parent)
        else:
            above = ours[(ours.tree == row.tree) & (ours.node == row.parent)].iloc[0]
            assert row.id in (above.yes, above.no)
            assert row.depth == depth[row.tree, row.parent] + 1
        depth[row.tree, row.node] = row.depth


def test_a_split_by_category_lists_those_that_answer_yes(db):
    rng = np.random.default_rng(1)
    c = rng.integers(0, 8, 500)
    y = np.isin(c, [1, 4, 6]) * 5.0 + rng.normal(size=500) * 0.1
    data = xgboost.DMatrix(pd.DataFrame({"c": pd.Categorical(c)}), y, enable_categorical=True, nthread=1)
    booster = xgboost.train({"max_depth": 3, "max_cat_to_onehot": 1, "nthread": 1}, data, 3)
    ours, theirs = nodes(db, text_of(booster)), booster.trees_to_dataframe()
    assert_same_nodes(ours, theirs)
    lists = [v and [str(c) for c in json.loads(v)] for v in ours.category]
    assert lists == [None if not isinstance(v, list) else [str(c) for c in v] for v in theirs.Category]
    assert any(lists)


def test_nodes_that_no_path_reaches_are_not_shown(db):
    """Pruning leaves them behind: XGBoost's gamma."""
    booster, _ = trained({"max_depth": 6, "gamma": 3, "tree_method": "exact"})
    model = json.loads(text_of(booster))
    tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["left_children"][0] = tree["right_children"][0] = -1  # the root becomes a leaf, and all others are left behind
    ours = nodes(db, json.dumps(model))
    assert list(ours[ours.tree == 0].node) == [0]


def test_a_feature_whose_covers_are_zero_is_still_listed(db):
    tree = (1, 0.0, False, (0, 1.0), (0, 2.0))
    ours = importance(db, by_hand.model_text([tree], 2), "SELECT 1, 0, -1 UNION ALL SELECT 2, 0, 1")
    assert list(ours.index) == ["f1"] and ours.cover.iloc[0] == 0
    assert ours.mean_abs_shap.iloc[0] == 0.5
