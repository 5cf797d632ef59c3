"""Names that mean nothing are not learned by heart, and names that mean something are learned as well as others learn them."""

import itertools
import json

import numpy as np
import pytest

from helpers.models import named_levels
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized

KINDS, LEVELS = ("noise", "signal", "sparse", "weak"), (12, 30, 100, 250, 1000)
SHAPES = {"plain": {}, "weights": {"weighted": True}, "lossguide": {"lossguide": True}, "skewed": {"skewed": True}}
QUICK = [
    ("noise", "logistic", 100, "weights"),
    ("noise", "classes", 100, "plain"),
    ("noise", "logistic", 30, "lossguide"),
    ("signal", "squared", 250, "skewed"),
    ("sparse", "logistic", 100, "weights"),
]
FULL = itertools.product(KINDS, named_levels.OBJECTIVES, LEVELS, SHAPES)


@pytest.mark.parametrize(
    "kind, objective, levels, shape, seeds", [(*case, 3) for case in QUICK] + [soak(*case, 10) for case in FULL if case not in QUICK]
)
def test_held_out_loss_with_a_column_of_names_is_within_noise_of_the_better_peer(db, kind, objective, levels, shape, seeds):
    table = named_levels.losses(db, kind, objective, levels, range(seeds), **SHAPES[shape])
    behind, error = named_levels.behind_the_better(table)
    assert behind < 2 * error + 0.004 * table[:, 2:].mean(axis=0).min()


def test_rare_names_are_in_sets_only_where_names_mean_something(db):
    """What cat_smooth says for all names, the rows say where it is left out."""
    loss, trees = {}, {}
    for kind in ("noise", "signal"):
        rows = named_levels.rows(kind, "squared", 250, 0, skewed=True)
        named_levels.fill(db, rows)
        for options in ({}, {"cat_smooth": 10}):
            settings = json.dumps({"num_boost_round": 30, "eta": 0.1, "max_depth": 4, "min_data_in_leaf": 20, **options})
            model = db.execute("SELECT gbdt_train(?, y, name, a, b, c) FROM named WHERE learned", (settings,)).fetchone()[0]
            trees[kind, len(options)] = json.loads(model)["learner"]["gradient_booster"]
            sql = "SELECT AVG((y - gbdt_predict(?1, name, a, b, c)) * (y - gbdt_predict(?1, name, a, b, c))) FROM named WHERE NOT learned"
            (loss[kind, len(options)],) = db.execute(sql, (model,)).fetchone()
            assert ("cat_smooth" in model) == bool(options)
    assert trees["noise", 0] == trees["noise", 1] and trees["signal", 0] != trees["signal", 1]
    assert loss["signal", 0] < 0.9 * loss["signal", 1]


@pytest.mark.parametrize("levels, share", [(9, 1 / 8), (33, 1 / 2), (65, 1), (100, 1)])
def test_smoothing_and_penalty_left_out_grow_with_the_number_of_names(db, levels, share):
    """Every name has a hundred rows, so that it is never asked whether rare ones are to have less."""
    rng = np.random.default_rng(levels)
    names = np.repeat(np.arange(levels), 100)
    y = rng.normal(size=levels)[names] + rng.normal(size=len(names))
    db.execute("CREATE TEMP TABLE few (y, name)")
    db.executemany("INSERT INTO few VALUES (?, ?)", [(float(b), f"n{a}") for a, b in zip(names, y)])

    def trees(options):
        settings = json.dumps({"num_boost_round": 10, "max_depth": 4, **options})
        model = json.loads(db.execute("SELECT gbdt_train(?, y, name) FROM few", (settings,)).fetchone()[0])
        assert all(name in model["learner"]["attributes"]["athlete_options"] for name in options)
        return model["learner"]["gradient_booster"]["model"]["trees"]

    told = trees({"cat_smooth": 10 * share, "cat_l2": 10 * share})
    assert trees({}) == told != trees({"cat_smooth": 11 * share, "cat_l2": 100 * share})


@pytest.mark.parametrize("levels", [30, 250])
def test_names_drawn_by_lot_cost_nothing_in_each_group(db, levels):
    """One model per athlete of a few hundred rows, with names and without."""
    rng = np.random.default_rng(levels)
    groups, rows = 8, 600
    db.execute("CREATE TEMP TABLE lots (athlete, y, x, name, learned)")
    for athlete in range(groups):
        x = rng.normal(size=rows)
        y = x + rng.normal(size=rows)
        values = [(athlete, float(b), float(a), f"n{rng.integers(levels)}", i < 400) for i, (a, b) in enumerate(zip(x, y))]
        db.executemany("INSERT INTO lots VALUES (?, ?, ?, ?, ?)", values)
    options = json.dumps({"num_boost_round": 40, "eta": 0.1, "max_depth": 4, "min_data_in_leaf": 10, "nthread": 1})

    def held_out(features):
        sql = f"""WITH model AS MATERIALIZED (SELECT athlete, gbdt_train(?, y, {features}) AS model FROM lots WHERE learned GROUP BY athlete)
            SELECT AVG((y - gbdt_predict(model, {features})) * (y - gbdt_predict(model, {features})))
            FROM lots JOIN model USING (athlete) WHERE NOT learned"""
        return db.execute(sql, (options,)).fetchone()[0]

    assert held_out("x, name") < 1.02 * held_out("x")


def test_a_name_that_means_something_among_a_thousand_is_found(db):
    """Twelve names out of 1,200 carry all; they are not the frequent ones, so the first 254 bins do not hold them."""
    rng = np.random.default_rng(12)
    n, levels = 12000, 1200
    share = np.ones(levels)
    share[:300] = 4
    names = rng.choice(levels, n, p=share / share.sum())
    y = np.where((names >= 600) & (names < 612), 5.0, 0.0) + 0.1 * rng.normal(size=n)
    db.execute("CREATE TEMP TABLE many (y, name)")
    db.executemany("INSERT INTO many VALUES (?, ?)", [(float(b), f"n{a}") for a, b in zip(names, y)])
    model = db.execute("SELECT gbdt_train('{\"num_boost_round\": 30}', y, name) FROM many").fetchone()[0]
    error = db.execute("SELECT AVG((y - gbdt_predict(?1, name)) * (y - gbdt_predict(?1, name))) FROM many", (model,)).fetchone()[0]
    assert error < 0.05 < np.var(y)


@pytest.mark.parametrize("options", [{}, {"colsample_bytree": 0.5, "seed": 3}, {"colsample_bynode": 0.5}, {"interaction_constraints": [["f1", "f3"], ["f2"]]}])
def test_a_column_of_many_names_keeps_its_place_among_the_features(db, options):
    """A thousand names are several columns to the learner and one feature to everybody else."""
    rng = np.random.default_rng(5)
    n = 6000
    names, x = rng.integers(0, 1000, n), rng.normal(size=(n, 2))
    effect = rng.normal(size=1000)
    db.execute("CREATE TEMP TABLE wide (y, f1, f2, f3)")
    values = [(float(effect[c] + a), float(a), f"n{c:04d}", float(b)) for c, (a, b) in zip(names, x)]
    db.executemany("INSERT INTO wide VALUES (?, ?, ?, ?)", values)
    settings = json.dumps({"num_boost_round": 12, **options})
    (model,) = db.execute("SELECT model FROM gbdt_fit(?, 'SELECT y, f1, f2, f3 FROM wide')", (settings,)).fetchone()
    used = set()
    for tree in json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]:
        for node, left in enumerate(tree["left_children"]):
            if left >= 0:
                assert (tree["split_type"][node] == 1) == (tree["split_indices"][node] == 1)
                used.add(tree["split_indices"][node])
        if "interaction_constraints" in options:
            assert not {1} < {f for f, left in zip(tree["split_indices"], tree["left_children"]) if left >= 0}
    assert 1 in used
