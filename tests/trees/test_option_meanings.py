"""An option means what its name means in XGBoost, LightGBM and scikit-learn's wrappers, or is refused with a sentence."""

import itertools
import json
import random
import re
import sqlite3

import lightgbm
import numpy as np
import pytest
import xgboost
from xgboost import XGBRegressor

from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.models.tables import fill, rows, score, train

FEW = {"num_boost_round": 4, "max_depth": 3}
OBJECTIVES = ["reg:squarederror", "reg:absoluteerror", "reg:quantileerror", "reg:pseudohubererror", "huber", "count:poisson", "reg:gamma", "reg:tweedie", "binary:logistic", "multi:softprob"]
OWNED = {
    "quantile_alpha": (0.3, {"reg:quantileerror"}),
    "huber_slope": (0.3, {"reg:pseudohubererror", "huber"}),
    "scale_pos_weight": (2, {"binary:logistic"}),
    "tweedie_variance_power": (1.3, {"reg:tweedie"}),
    "num_class": (3, {"multi:softprob"}),
}


def trees_of(model):
    return json.loads(model)["learner"]["gradient_booster"]


@pytest.mark.parametrize("option", OWNED)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_option_of_another_objective_is_refused_and_not_forgotten(db, error, objective, option):
    value, owners = OWNED[option]
    options = {"objective": objective, option: value, **({"num_class": 3} if "softprob" in objective else {})}
    if objective in owners:
        assert train(db, np.arange(9.0)[:, None], np.arange(9) % 2.0, **options, **FEW)
    else:
        assert f'option "{option}" is for ' in error(f"gbdt_train('{json.dumps(options)}', 1, 2)")


@pytest.mark.parametrize("option", ["max_cat_to_onehot", "max_cat_threshold", "cat_smooth", "cat_l2"])
def test_an_option_about_names_is_refused_where_there_are_none(db, error, option):
    assert f'option "{option}" is for features of names, there is none' in error(f"gbdt_train('{json.dumps({option: 5})}', 1, 2)")
    assert db.execute(f"SELECT gbdt_train('{json.dumps({option: 5})}', 1, 'a')").fetchone()[0]


@pytest.mark.parametrize("level", [0.1, 0.35, 0.9])
def test_alpha_is_lightgbms_level_under_lightgbms_quantile_and_its_slope_under_huber(db, level):
    x, y = rows(3, n=500)
    named = train(db, x, y, objective="quantile", alpha=level, lambda_l1=0.5, **FEW)
    assert trees_of(named) == trees_of(train(db, x, y, objective="reg:quantileerror", quantile_alpha=level, alpha=0.5, **FEW))
    slope = train(db, x, y, objective="huber", alpha=level, **FEW)
    assert trees_of(slope) == trees_of(train(db, x, y, objective="huber", huber_slope=level, **FEW))
    data = lightgbm.Dataset(x, y)
    peer = lightgbm.train({"objective": "quantile", "alpha": level, "verbose": -1, "num_threads": 1}, data, 50)
    ours = train(db, x, y, objective="quantile", alpha=level, num_boost_round=50, learning_rate=0.1, min_data_in_leaf=20)
    assert abs(np.mean(y <= score(db, ours, x)) - np.mean(y <= peer.predict(x))) < 0.08


def test_the_same_thing_under_two_names_is_refused(error):
    for objective, pair in (("quantile", ("alpha", "quantile_alpha")), ("huber", ("alpha", "huber_slope")), ("binary", ("alpha", "reg_alpha"))):
        options = json.dumps({"objective": objective, pair[0]: 0.5, pair[1]: 0.5})
        assert '" are the same one' in error(f"gbdt_train('{options}', 1, 2)")
    assert '"alpha" is the quantile of the objective quantile and must be above 0 and below 1, got 2' in error(
        """gbdt_train('{"objective": "quantile", "alpha": 2}', 1, 2)"""
    )


def test_positions_count_from_0_under_names_that_do_so_elsewhere(db):
    """XGBoost's and LightGBM's numbers give the same trees as names; the options that are ours count from 1, as SQL does."""
    rng = np.random.default_rng(4)
    x, y = rows(4, n=600)
    x[:, 2], x[:, 4] = rng.integers(0, 9, 600), rng.integers(1, 4, 600)
    names = {"feature_names": ["a", "b", "c", "d", "w"]}
    by_name = train(db, x, y, weight="w", categorical_features=["c"], interaction_constraints=[["a", "b"], ["c", "d"]], **names, **FEW)
    theirs = train(db, x, y, weight_column=4, categorical_feature=[2], interaction_constraints=[[0, 1], [2, 3]], **names, **FEW)
    ours = train(db, x, y, weight=5, categorical_features=[3], interaction_constraints=[[0, 1], [2, 3]], **names, **FEW)
    assert trees_of(by_name) == trees_of(theirs) == trees_of(ours)
    booster = xgboost.train({"interaction_constraints": "[[0, 1], [2, 3]]", "max_depth": 4}, xgboost.DMatrix(x, y), 3)
    for model in (theirs, booster.save_raw("json").decode()):
        for tree in trees_of(model)["model"]["trees"]:
            used = {feature for feature, left in zip(tree["split_indices"], tree["left_children"]) if left >= 0}
            assert used <= {0, 1} or used <= {2, 3}


def test_every_alias_gives_the_model_of_its_option(db):
    x, y = rows(5, n=300)
    listed = db.execute("SELECT name, alias, type, min, max, choices FROM athlete_options WHERE function = 'gbdt_train' AND alias IS NOT NULL").fetchall()
    assert len(listed) > 12
    for name, aliases, kind, least, most, _ in listed:
        if kind not in ("number", "integer") or name in ("early_stopping_rounds", "memory_limit_mb"):
            continue
        value = {"num_boost_round": 3, "max_leaves": 5, "max_bin": 20, "min_data_in_leaf": 4}.get(name, 0.5 if kind == "number" else 1)
        expected = train(db, x, y, **{**FEW, name: value})
        for alias in aliases.split("|"):
            settings = {k: v for k, v in FEW.items() if k != name}
            assert train(db, x, y, **{**settings, alias: value}) == expected, alias


def wrong_by_a_letter(name, rng):
    at = rng.randrange(len(name))
    return rng.choice([name[:at] + name[at + 1 :], name[:at] + "q" + name[at:], name[:at] + "q" + name[at + 1 :]])


@pytest.mark.parametrize("seed", range(4))
def test_a_slip_of_one_letter_is_answered_with_the_name_that_was_meant(db, error, seed):
    rng = random.Random(seed)
    listed = db.execute("SELECT name || COALESCE('|' || alias, '') FROM athlete_options WHERE function = 'gbdt_train'").fetchall()
    known = [name for (names,) in listed for name in names.split("|")]
    for name in known:
        wrong = wrong_by_a_letter(name, rng)
        if len(name) < 5 or wrong in known:
            continue
        sentence = error(f"gbdt_train('{json.dumps({wrong: 1})}', 1, 2)")
        meant = re.search('; did you mean "(.*)"\\?', sentence)
        assert meant and (meant[1] == name or meant[1] in known), (wrong, sentence)
    assert "did you mean" not in error("""gbdt_train('{"colour": 1}', 1, 2)""")


def test_more_leaves_than_the_depth_has_that_nobody_asked_for_are_refused(db, error):
    """LightGBM's num_leaves comes without a depth there, and would be cut off silently here."""
    for name in ("max_leaves", "num_leaves", "max_leaf_nodes"):
        sentence = error(f"gbdt_train('{json.dumps({name: 127})}', 1, 2)")
        assert 'option "max_leaves" is 127, trees have 64 at most without "max_depth", 0 is no limit' in sentence
    x, y = rows(6, n=3000)
    leaves = {depth: max(tree["left_children"].count(-1) for tree in trees_of(train(db, x, y, num_leaves=127, num_boost_round=2, grow_policy="lossguide", max_depth=depth))["model"]["trees"])
              for depth in (0, 6)}  # fmt: skip
    assert leaves[0] == 127 and leaves[6] <= 64
    assert train(db, x, y, num_leaves=64, num_boost_round=1)


def test_256_bins_and_no_limits_are_read_as_elsewhere(db):
    x, y = rows(6, n=2000)
    plain = train(db, x, y, num_boost_round=3)
    assert trees_of(train(db, x, y, num_boost_round=3, max_bin=256, n_jobs=-1)) == trees_of(plain)
    assert trees_of(train(db, x, y, num_boost_round=2, max_depth=-1)) == trees_of(train(db, x, y, num_boost_round=2, max_depth=0))


def test_the_options_that_a_model_has_kept_train_it_again(db):
    x, y = rows(7, n=400)
    for options in ({}, {"objective": "quantile", "alpha": 0.8}, {"objective": "huber", "alpha": 0.8, "reg_alpha": 1}, {"categorical_feature": [4]}):
        x[:, 4] = np.nan_to_num(x[:, 4])
        model = train(db, x, y, **options, **FEW)
        kept = json.loads(json.loads(model)["learner"]["attributes"]["athlete_options"])
        fill(db, x, y)
        again = db.execute("SELECT gbdt_train(?, y, f0, f1, f2, f3, f4) FROM t", (json.dumps(kept),)).fetchone()[0]
        assert trees_of(again) == trees_of(model)


def test_the_table_of_options_has_each_of_them_and_names_that_the_others_know(db):
    """The README's table: here, XGBoost, LightGBM, scikit-learn's wrapper of XGBoost."""
    text = (ROOT / "ext" / "trees" / "README.md").read_text(encoding="utf-8")
    table = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in text.split("## Options")[1].split("\n\n")[2].splitlines()[2:]]
    listed = [name for (name,) in db.execute("SELECT name FROM athlete_options WHERE function = 'gbdt_train'")]
    assert [row[0] for row in table] == listed
    wrapper = set(XGBRegressor().get_params()) | {"early_stopping_rounds", "num_class"}
    aliases = lightgbm.basic._ConfigAliases._get_all_param_aliases()
    theirs = set(aliases) | {alias for names in aliases.values() for alias in names}
    for here, _, light, sklearn in table:
        assert not light or light in theirs, light
        assert not sklearn or sklearn.split(" ")[0] in wrapper, sklearn


# A value for each option that is not its default.
TOLD = {
    "num_boost_round": 3, "eta": 0.1, "max_depth": 2, "max_leaves": 3, "min_child_weight": 30, "min_data_in_leaf": 40, "lambda": 30, "alpha": 20,
    "lambda_l1": 20, "gamma": 20, "max_delta_step": 0.05, "subsample": 0.5, "colsample_bytree": 0.5, "colsample_bynode": 0.4, "max_bin": 5,
    "base_score": 0.3, "weight": "w", "validation": "v", "early_stopping_rounds": 2, "categorical_features": ["c"], "max_cat_to_onehot": 30,
    "max_cat_threshold": 2, "cat_smooth": 300, "cat_l2": 300, "monotone_constraints": {"a": -1}, "interaction_constraints": [["a"], ["b", "c"]],
    "grow_policy": "lossguide", "eval_metric": "mae", **{name: value for name, (value, _) in OWNED.items()},
}  # fmt: skip
CHANGES_NO_TREE = {"seed", "nthread", "memory_limit_mb", "feature_names", "objective", "previous"}
CLASSES = "(y > 1) + (y > 4)"
LABELS = {"binary:logistic": "y > 1", "multi:softprob": CLASSES, "multiclass": CLASSES, "count:poisson": "ABS(CAST(y AS INTEGER))", "reg:gamma": "ABS(y) + 0.1", "reg:tweedie": "MAX(y, 0)"}


SHAPES = [{}, {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 9}, {"max_depth": 0, "max_leaves": 0}]
KINDS = list(itertools.product([*OBJECTIVES, "multiclass"], range(len(SHAPES))))


@pytest.mark.parametrize("objective, shape", [pytest.param(*kind) if i % 3 == i // 3 % 3 else soak(*kind) for i, kind in enumerate(KINDS)])
def test_every_option_changes_the_model_or_is_refused(db, objective, shape):
    """On rows where each has something to do; what is refused is refused by its name."""
    rng = random.Random(5)
    db.execute("CREATE TABLE told (y, a, b, c, d, w, v)")
    for row in range(600):
        a, b, c, level = rng.gauss(0, 1), rng.gauss(0, 1), rng.randrange(6), rng.randrange(25)
        y = a + np.sin(3 * b) + 2 * (c in (1, 4)) + level % 5 + rng.gauss(0, 1)
        db.execute("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?)", (y, a, b, c, f"n{level}", rng.uniform(0.1, 3), row % 4 == 0))
    listed = {name for (name,) in db.execute("SELECT name FROM athlete_options WHERE function = 'gbdt_train'")}
    assert listed == set(TOLD) | CHANGES_NO_TREE

    def learned(options):
        sql = f"SELECT gbdt_train(?, {LABELS.get(objective, 'y')}, a, b, c, d, w, v) FROM told"
        learner = json.loads(db.execute(sql, (json.dumps(options),)).fetchone()[0])["learner"]
        del learner["attributes"]["athlete_options"]
        return learner

    several = objective in ("multi:softprob", "multiclass")
    base = {"objective": objective, "num_boost_round": 5, "feature_names": ["a", "b", "c", "d", "w", "v"], **SHAPES[shape]} | ({"num_class": 3} if several else {})
    plain, refused = learned(base), set()
    for name, value in TOLD.items():
        if base.get(name) == value or (name, objective) == ("eval_metric", "reg:absoluteerror"):
            continue
        try:
            assert learned(base | {name: value}) != plain, name
        except sqlite3.OperationalError as refusal:
            assert f'option "{name}"' in str(refusal)
            refused.add(name)
    others = {name for name, (_, owners) in OWNED.items() if objective not in owners and not (several and name == "num_class")}
    assert refused == others | {"early_stopping_rounds"} | ({"eval_metric", "base_score"} if several else set())
