"""iteration_range of scoring and explaining is that of XGBoost's predict, and of the slices of a Booster where predict refuses it."""

import json
import random

import lightgbm
import numpy as np
import pytest
import xgboost

from helpers.models.explained import fill, text_of
from helpers.models.tables import rows, train

ROUNDS = 7
FORESTS = {
    "numbers": ({}, lambda y: y),
    "probabilities": ({"objective": "binary:logistic", "max_depth": 9}, lambda y: y > 0),
    "rates": ({"objective": "count:poisson"}, lambda y: np.floor(np.abs(y))),
    "classes": ({"objective": "multi:softprob", "num_class": 3}, lambda y: np.floor(np.abs(y)) % 3),
    "forests": ({"num_parallel_tree": 3, "subsample": 0.6, "max_leaves": 300, "max_depth": 0, "grow_policy": "lossguide"}, lambda y: y),
    "forests of classes": ({"objective": "multi:softprob", "num_class": 4, "num_parallel_tree": 2, "subsample": 0.6}, lambda y: np.floor(np.abs(y)) % 4),
    "quantiles": ({"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.5, 0.9]}, lambda y: y),
}


def ranges(seed):
    """All that begin and end at the ends, and some in between; an end of 0 is after the last round."""
    rng = random.Random(seed)
    within = [sorted(rng.choices(range(ROUNDS + 1), k=2)) for _ in range(6)]
    return [(0, 0), (0, 1), (0, ROUNDS), (3, 0), (ROUNDS - 1, ROUNDS), (ROUNDS, 0), (2, 2), *((b, e) for b, e in within if e > 0)]


def forest_of(name):
    options, label = FORESTS[name]
    x, y = rows(17, n=900)
    booster = xgboost.train({"max_depth": 4, "nthread": 1, **options}, xgboost.DMatrix(x, label(y)), ROUNDS)
    return booster, x[:100]


def asked(db, function, model, bounds, **options):
    options = json.dumps({"match": "position", "iteration_range": bounds, **options})
    return db.execute(f"SELECT * FROM {function}(?, 'SELECT * FROM x', ?)", (model, options)).fetchall()


@pytest.mark.parametrize("name", FORESTS)
def test_scores_of_a_range_have_the_bits_of_xgboost(db, name):
    booster, x = forest_of(name)
    fill(db, x)
    data = xgboost.DMatrix(x, nthread=1)
    for bounds in ranges(name):
        margins = [value for _, value, *_ in asked(db, "gbdt_score", text_of(booster), bounds, output="margin")]
        assert margins == booster.predict(data, output_margin=True, iteration_range=bounds).astype(float).ravel().tolist()
        if "classes" not in name:
            found = [value for _, value, *_ in asked(db, "gbdt_score", text_of(booster), bounds)]
            assert found == booster.predict(data, iteration_range=bounds).astype(float).ravel().tolist()


@pytest.mark.parametrize("name", FORESTS)
def test_leaves_and_contributions_of_a_range_are_those_of_the_slice(db, name):
    booster, x = forest_of(name)
    x = x[:20]
    fill(db, x)
    data = xgboost.DMatrix(x, nthread=1)
    per_round = len(json.loads(text_of(booster))["learner"]["gradient_booster"]["model"]["trees"]) // ROUNDS
    for begin, end in ranges(name):
        if begin == (end or ROUNDS):
            continue
        piece = booster[begin : end or ROUNDS]
        leaves = asked(db, "gbdt_score", text_of(booster), (begin, end), output="leaf")
        assert [value for _, value, *_ in leaves] == piece.predict(data, pred_leaf=True).ravel().tolist()
        assert {tree for *_, tree in leaves} == set(range(begin * per_round, (end or ROUNDS) * per_round))
        for function, kind in (("gbdt_explain", "pred_contribs"), ("gbdt_interactions", "pred_interactions")):
            ours = asked(db, function, text_of(booster), (begin, end))
            assert ours == db.execute(f"SELECT * FROM {function}(?, 'SELECT * FROM x', ?)", (text_of(piece), '{"match": "position"}')).fetchall()
            if kind == "pred_contribs":
                np.testing.assert_allclose([row[-1] for row in ours], piece.predict(data, pred_contribs=True).ravel(), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["numbers", "forests of classes"])
@pytest.mark.parametrize("query", [None, "SELECT * FROM x"])
def test_importance_of_a_range_is_that_of_the_slice(db, name, query):
    booster, x = forest_of(name)
    fill(db, x)
    for bounds in ((0, 3), (2, 5), (4, 0)):
        options = json.dumps({"match": "position", "iteration_range": bounds})
        ours = db.execute("SELECT * FROM gbdt_importance(?, ?, ?)", (text_of(booster), query, options)).fetchall()
        piece = booster[bounds[0] : bounds[1] or ROUNDS]
        assert ours == db.execute("SELECT * FROM gbdt_importance(?, ?, ?)", (text_of(piece), query, '{"match": "position"}')).fetchall()
        assert {row[0]: row[1] for row in ours} == piece.get_score(importance_type="weight")


def test_the_first_rounds_of_a_model_are_the_model_of_fewer_rounds(db):
    x, y = rows(18, n=400)
    fill(db, x[:50])
    for options in ({}, {"objective": "multi:softprob", "num_class": 3}, {"objective": "reg:tweedie"}):
        label = np.floor(np.abs(y)) % 3 if "num_class" in options else np.abs(y)
        long, short = (train(db, x, label, num_boost_round=n, **options) for n in (9, 4))
        assert asked(db, "gbdt_score", long, (0, 4)) == asked(db, "gbdt_score", short, (0, 0))


def test_a_range_of_a_lightgbm_model_is_its_predict_with_start_and_number(db):
    x, y = rows(19, n=800)
    booster = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, np.floor(np.abs(y)) % 3), ROUNDS)
    model = db.execute("SELECT gbdt_import(?)", (booster.model_to_string(),)).fetchone()[0]
    fill(db, x[:50])
    for begin, end in ((0, 2), (2, 6), (5, 0)):
        ours = [value for _, value, *_ in asked(db, "gbdt_score", model, (begin, end), output="margin")]
        theirs = booster.predict(x[:50], raw_score=True, start_iteration=begin, num_iteration=(end or ROUNDS) - begin)
        np.testing.assert_allclose(ours, theirs.ravel(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", ["gbdt_score", "gbdt_explain", "gbdt_interactions", "gbdt_importance"])
def test_a_range_that_is_none_is_refused_with_a_sentence(db, function):
    booster, x = forest_of("forests of classes")
    fill(db, x)

    def refusal(model, bounds):
        with pytest.raises(Exception) as caught:
            asked(db, function, model, bounds)
        return str(caught.value)

    model = text_of(booster)
    assert f'iteration_range ends at {ROUNDS + 1}, the model has {ROUNDS} rounds' in refusal(model, (0, ROUNDS + 1))
    assert 'iteration_range begins at 3, after its end, 2' in refusal(model, (3, 2))
    assert f'iteration_range begins at {ROUNDS + 1}, after its end, {ROUNDS}' in refusal(model, (ROUNDS + 1, 0))
    for odd in ([], [1], [1, 2, 3], [-1, 2], [0, 1.5], ["0", 2], [[0], 2], [None, 2], [0, 1e300]):
        assert 'iteration_range must be a list of two whole numbers, the first round and the one after the last, got [' in refusal(model, odd)
    assert 'option "iteration_range" must be a list, got 3' in refusal(model, 3)
    uneven = json.loads(model)
    ends = uneven["learner"]["gradient_booster"]["model"]["iteration_indptr"]
    ends[1] -= 1
    assert "needs rounds of equally many trees" in refusal(json.dumps(uneven), (0, 2))


@pytest.mark.parametrize("name", FORESTS)
def test_a_slice_is_the_slice_of_xgboost_here_and_there(db, name):
    booster, x = forest_of(name)
    fill(db, x)
    data = xgboost.DMatrix(x, nthread=1)
    for begin, end in ranges(f"slices {name}"):
        if (end or ROUNDS) == begin:
            continue
        (text,) = db.execute("SELECT gbdt_slice(?, ?)", (text_of(booster), json.dumps([begin, end]))).fetchone()
        expected = booster[begin : end or ROUNDS].predict(data, output_margin=True)
        assert [value for _, value, *_ in asked(db, "gbdt_score", text, (0, 0), output="margin")] == expected.astype(float).ravel().tolist()
        loaded = xgboost.Booster(model_file=bytearray(text.encode()))
        assert (loaded.predict(data, output_margin=True) == expected).all() and loaded.num_boosted_rounds() == (end or ROUNDS) - begin


def test_a_slice_keeps_names_and_attributes_and_goes_on_where_it_ends(db):
    x, y = rows(3, n=400)
    fill(db, x)
    sql = "SELECT gbdt_train(?, CASE WHEN c0 > 0 THEN 'up' ELSE 'down' END, c1, 'k' || (rowid % 3)) FROM x"
    columns = [r[1] for r in db.execute("PRAGMA table_info(x)")]
    sql = sql.replace("c0", columns[1]).replace("c1", columns[2])
    whole = db.execute(sql, (json.dumps({"objective": "binary:logistic", "num_boost_round": 5}),)).fetchone()[0]
    half = db.execute("SELECT gbdt_slice(?, '[0, 2]')", (whole,)).fetchone()[0]
    kept, before = (json.loads(m)["learner"]["attributes"] for m in (half, whole))
    assert kept == {k: v for k, v in before.items() if k not in ("athlete_history", "best_score", "best_iteration")} and {"athlete_classes", "athlete_categories"} <= kept.keys()
    again = db.execute(sql, (json.dumps({"objective": "binary:logistic", "num_boost_round": 3, "previous": json.loads(half)}),)).fetchone()[0]
    assert json.loads(again)["learner"]["gradient_booster"] == json.loads(whole)["learner"]["gradient_booster"]
    assert db.execute("SELECT gbdt_slice(?, '[0, 0]')", (half,)).fetchone()[0] == half


def test_a_slice_without_a_round_and_a_range_of_none_end_with_a_sentence(db, error):
    model = text_of(forest_of("numbers")[0])
    assert "gbdt_slice: iteration_range has no round, got [2, 2]" in error("gbdt_slice(?, '[2, 2]')", model)
    assert f"gbdt_slice: iteration_range ends at 9, the model has {ROUNDS} rounds" in error("gbdt_slice(?, '[2, 9]')", model)
    assert "iteration_range must be a list of two whole numbers" in error("gbdt_slice(?, '[2]')", model)
    assert db.execute("SELECT gbdt_slice(NULL, '[0, 1]')").fetchone() == (None,)
