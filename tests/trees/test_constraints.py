"""What a rule forbids does not happen, and sets of categories are parted as well as LightGBM parts them."""

import json

import lightgbm
import numpy as np
import pytest

from helpers.models.tables import fill, rows, score, train

SETTINGS = {"num_boost_round": 40, "max_depth": 0, "max_leaves": 31, "grow_policy": "lossguide", "eta": 0.1, "lambda": 0, "min_data_in_leaf": 20}


def trees_of(model):
    return json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]


def paths(tree):
    """The set of features on the way to each leaf."""
    found, open_nodes = [], [(0, frozenset())]
    while open_nodes:
        node, used = open_nodes.pop()
        if tree["left_children"][node] < 0:
            found.append(used)
        else:
            used = used | {tree["split_indices"][node]}
            open_nodes += [(tree["left_children"][node], used), (tree["right_children"][node], used)]
    return found


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "reg:absoluteerror"])
@pytest.mark.parametrize("direction", [1, -1])
def test_predictions_never_move_against_a_monotone_constraint(db, objective, direction):
    x, y = rows(5, n=1500, missing=0)
    y = 1 / (1 + np.exp(np.sin(3 * x[:, 0]) + x[:, 1]))  # neither rises nor falls with the first feature
    model = train(db, x, y, objective=objective, monotone_constraints=[direction, 0, 0, 0, 0], **SETTINGS)
    assert any(0 in tree["split_indices"] for tree in trees_of(model))
    grid = np.repeat(x[:40], 60, axis=0)
    grid[:, 0] = np.tile(np.linspace(-3, 3, 60), 40)
    steps = np.diff(score(db, model, grid, "gbdt_margin").reshape(40, 60), axis=1) * direction
    assert steps.min() >= 0 and steps.max() > 0


def test_features_meet_on_a_path_only_within_a_set(db):
    x, y = rows(6, n=2000)
    y = np.nan_to_num(y) + np.nan_to_num(x[:, 2] * x[:, 3])
    model = train(db, x, y, interaction_constraints=[[0, 1], [2, 3, 4]], **SETTINGS)
    met = {path for tree in trees_of(model) for path in paths(tree)}
    assert all(path <= {0, 1} or path <= {2, 3, 4} for path in met)
    assert any(len(path) > 1 for path in met)


def test_nodes_draw_their_own_features(db):
    x, y = rows(7, n=2000)
    options = {**SETTINGS, "colsample_bynode": 0.2, "seed": 3}
    model = train(db, x, y, **options)
    roots = {tree["split_indices"][0] for tree in trees_of(model)}
    assert len(roots) == 5  # without, the strongest feature is nearly always the first
    assert train(db, x, y, **options) == model
    assert train(db, x, y, **{**options, "seed": 4}) != model


def categorical_rows(seed, n, n_categories):
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=n_categories)
    category = np.minimum(rng.geometric(3 / n_categories, n) - 1, n_categories - 1)
    x = np.column_stack([rng.normal(size=n), category]).astype(float)
    y = x[:, 0] + 3 * effect[category] + rng.normal(size=n)
    x[rng.random(n) < 0.05, 1] = np.nan
    return x, y


@pytest.mark.parametrize("n_categories", [4, 30, 200])
def test_held_out_error_with_categories_is_within_two_percent_of_lightgbm(db, n_categories):
    ours, theirs = [], []
    for seed in range(4):
        x, y = categorical_rows(seed, 4000, n_categories)
        options = {**SETTINGS, "categorical_features": [2]}
        ours.append(np.mean((score(db, train(db, x[:3000], y[:3000], **options), x[3000:]) - y[3000:]) ** 2))
        data = lightgbm.Dataset(x[:3000], y[:3000], categorical_feature=[1])
        booster = lightgbm.train({"num_leaves": 31, "learning_rate": 0.1, "num_threads": 1, "verbose": -1}, data, 40)
        theirs.append(np.mean((booster.predict(x[3000:]) - y[3000:]) ** 2))
    assert np.sqrt(np.mean(ours)) < 1.02 * np.sqrt(np.mean(theirs))


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
@pytest.mark.parametrize("least", [1, 40])
def test_no_leaf_has_fewer_rows_than_allowed(db, objective, least):
    x, y = rows(8, n=1200)
    options = {"objective": objective, "min_data_in_leaf": least, "min_child_weight": 0, "num_boost_round": 30}
    model = train(db, x, (y > 0).astype(float), **{**SETTINGS, **options})
    fill(db, x, np.zeros(len(x)), "scored")
    for tree in trees_of(model):
        counts = np.zeros(len(tree["left_children"]), int)
        for row in x:
            node = 0
            while tree["left_children"][node] >= 0:
                value = row[tree["split_indices"][node]]
                left = tree["default_left"][node] if np.isnan(value) else value < tree["split_conditions"][node]
                node = tree["left_children"][node] if left else tree["right_children"][node]
            counts[node] += 1
        leaves = np.array(tree["left_children"]) < 0
        assert counts[leaves].min() >= least
