"""Training that goes on from a model: on the same rows it ends in the trees of training in one go, elsewhere it adds to what is there."""

import json
import random

import lightgbm
import numpy as np
import pytest
import xgboost

from helpers.machine.soak import soak
from helpers.models.lightgbm_texts import imported, text_of
from helpers.models.tables import feature_list, fill, margins, rows, score, train

SHAPES = [
    {},
    {"max_depth": 0, "max_leaves": 12, "grow_policy": "lossguide", "max_bin": 40},
    {"subsample": 0.6, "colsample_bytree": 0.6, "colsample_bynode": 0.7, "seed": 3},
    {"categorical_features": [5], "subsample": 0.8},
    {"categorical_features": [4, 5], "colsample_bytree": 0.5},
    {"weight": 4},
    {"validation": 5, "early_stopping_rounds": 3, "eta": 0.6},
    {"monotone_constraints": [1, 0, 0, -1, 0], "alpha": 2, "min_data_in_leaf": 9},
]
OBJECTIVES = ["reg:squarederror", "binary:logistic", "reg:absoluteerror", "reg:quantileerror", "reg:pseudohubererror", "huber", "count:poisson", "reg:gamma", "reg:tweedie", "multi:softprob"]


def table(objective, shape, seed, n=500):
    x, y = rows(seed, n=n)
    rng = np.random.default_rng(seed)
    x[:, 3] = rng.integers(0, 7, n) if 4 in shape.get("categorical_features", []) else np.abs(x[:, 3])
    x[:, 4] = rng.integers(0, 2, n) if "validation" in shape else np.nan_to_num(x[:, 4], nan=3)
    if "weight" in shape:
        x[:, 3] = np.nan_to_num(x[:, 3], nan=1.5)
    y = np.abs(y) + 0.1 if objective.split(":")[1:] and objective.split(":")[1] in ("poisson", "gamma", "tweedie") else y
    return x, y > 1 if "logistic" in objective else np.floor(np.abs(y)) % 3 if "softprob" in objective else y


def without_options(model):
    """The model without what it says of the way that it was trained."""
    learner = json.loads(model)["learner"]
    del learner["attributes"]["athlete_options"]
    return learner


def continued(db, model, x, y, **options):
    fill(db, x, y)
    return db.execute(f"SELECT gbdt_train(json_set(?, '$.previous', json(?)), y, {feature_list(x.shape[1])}) FROM t", (json.dumps(options), model)).fetchone()[0]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: " ".join(s))
def test_training_in_pieces_is_training_in_one_go(db, objective, shape):
    rng = random.Random(f"{objective} {shape}")
    options = {"objective": objective, "max_depth": 4, **({"num_class": 3} if "softprob" in objective else {}), **shape}
    x, y = table(objective, shape, rng.randrange(1000))
    whole = train(db, x, y, num_boost_round=12, **options)
    ends = sorted(rng.sample(range(1, 12), rng.choice([1, 2])))
    model, before = train(db, x, y, num_boost_round=ends[0], **options), ends[0]
    for end in [*ends[1:], 12]:
        begun = len(json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]) // (3 if "softprob" in objective else 1)
        model = continued(db, model, x, y, num_boost_round=end - begun, **options)
        before = end
    assert before == 12 and without_options(model) == without_options(whole)


@pytest.mark.parametrize("objective", ["reg:squarederror", soak("binary:logistic")])
def test_so_is_it_where_threads_share_the_rows(db, objective):
    x, y = rows(5, n=60_000)
    y = y > 0 if "logistic" in objective else y
    options = {"objective": objective, "max_depth": 5}
    whole = train(db, x, y, num_boost_round=5, **options)
    for nthread in (1, 2):
        assert without_options(continued(db, train(db, x, y, num_boost_round=2, **options), x, y, num_boost_round=3, nthread=nthread, **options)) == without_options(whole)


def test_names_of_categories_go_on(db):
    rng = np.random.default_rng(2)
    db.execute("CREATE TABLE named (y, sport, shoe, x)")
    sports = ["run", "ride", "swim", "läufe", "walk"]
    table_ = [(float(rng.normal() + i % 5), sports[i % 5], None if i % 11 == 0 else f"shoe {i * 7 % 40}", float(rng.normal())) for i in range(800)]
    db.executemany("INSERT INTO named VALUES (?, ?, ?, ?)", table_)
    sql = "SELECT model FROM gbdt_fit(?, 'SELECT y, sport, shoe, x FROM named')"
    whole = db.execute(sql, ('{"num_boost_round": 9}',)).fetchone()[0]
    part = db.execute(sql, ('{"num_boost_round": 4}',)).fetchone()[0]
    go_on = "SELECT model FROM gbdt_fit(json_set('{\"num_boost_round\": 5}', '$.previous', json(?)), ?)"
    assert without_options(db.execute(go_on, (part, "SELECT y, sport, shoe, x FROM named")).fetchone()[0]) == without_options(whole)
    fewer = db.execute(go_on, (part, "SELECT y, sport, shoe, x FROM named WHERE sport <> 'swim'")).fetchone()[0]
    assert json.loads(fewer)["learner"]["attributes"]["athlete_categories"] == json.loads(part)["learner"]["attributes"]["athlete_categories"]
    for query, sentence in (
        ("SELECT y, 'ski' AS sport, shoe, x FROM named", 'feature 1 has the category "ski", which the previous model does not know'),
        ("SELECT y, x AS sport, shoe, x AS x FROM named", "feature 1 is a number, in the previous model the name of a category"),
        ("SELECT y, sport, shoe, sport AS x FROM named", "feature 3 is the name of a category, in the previous model a number"),
        ("SELECT y, sport, shoe, x AS pace FROM named", 'feature 3 is "pace", in the previous model "x"'),
        ("SELECT y, sport, shoe FROM named", "the previous model has 3 features, 2 are given"),
    ):
        with pytest.raises(Exception, match=sentence):
            db.execute(go_on, (part, query)).fetchone()


FOREIGN = {
    "numbers": ({}, "reg:squarederror", lambda y: y),
    "probabilities": ({"objective": "binary:logistic", "base_score": 0.3}, "binary:logistic", lambda y: y > 0),
    "rates": ({"objective": "count:poisson"}, "reg:tweedie", lambda y: np.floor(np.abs(y))),
    "classes": ({"objective": "multi:softprob", "num_class": 3}, "multi:softprob", lambda y: np.floor(np.abs(y)) % 3),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_model_of_xgboost_keeps_its_bits_and_gains_rounds(db, name):
    theirs, objective, label = FOREIGN[name]
    x, y = rows(31, n=800)
    booster = xgboost.train({"max_depth": 3, "nthread": 1, **theirs}, xgboost.DMatrix(x, label(y)), 4)
    text = booster.save_raw("json").decode()
    classes = {"num_class": 3} if name == "classes" else {}
    model = continued(db, text, x, label(y).astype(float), objective=objective, num_boost_round=6, **classes)
    per_round = 3 if classes else 1
    assert len(json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]) == 10 * per_round
    fill(db, x, y, "scored")
    query = f"SELECT rowid, {feature_list(5)} FROM scored"
    first = db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, '{"output": "margin", "iteration_range": [0, 4]}')).fetchall()
    assert np.array(first).reshape(len(x), -1).tolist() == margins(db, text, x).tolist()
    history = json.loads(json.loads(model)["learner"]["attributes"]["athlete_history"])["train"]
    assert len(history) == 10 and history[-1] < history[3] < history[0]
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    assert loaded.predict(xgboost.DMatrix(x), output_margin=True).astype(float).reshape(len(x), -1).tolist() == margins(db, model, x).tolist()


def test_a_model_of_lightgbm_gains_what_it_would_gain_of_its_own(db):
    x, y = rows(32, n=2000, missing=0)
    train_x, test_x, train_y, test_y = x[:1500], x[1500:], y[:1500], y[1500:]
    data = lightgbm.Dataset(train_x, train_y, free_raw_data=False)
    peer = {"objective": "regression", "verbose": -1, "num_threads": 1, "learning_rate": 0.2}
    begun = lightgbm.train(peer, data, 5)
    theirs = lightgbm.train(peer, data, 40, init_model=begun).predict(test_x)
    model = continued(db, imported(db, text_of(begun)), train_x, train_y, num_boost_round=40, eta=0.2, max_depth=5, min_data_in_leaf=20)
    error = np.sqrt(np.mean((score(db, model, test_x) - test_y) ** 2))
    assert error < 1.1 * np.sqrt(np.mean((theirs - test_y) ** 2)) and error < 0.5 * np.sqrt(np.mean((begun.predict(test_x) - test_y) ** 2))


def test_what_cannot_be_continued_is_refused_with_a_sentence(db, error):
    x, y = rows(33, n=300)
    model = train(db, x, y, num_boost_round=2)

    def refusal(text, **options):
        with pytest.raises(Exception) as caught:
            continued(db, text, x, y > 0, **options)
        return str(caught.value)

    assert "the previous model has 1 outputs that are numbers, those of the objective binary:logistic are 1, probabilities" in refusal(model, objective="binary:logistic")
    assert 'option "base_score" is of the first round, which is in the previous model' in refusal(model, base_score=1)
    assert 'option "previous" is for one quantile: 2 share their distance among all rounds' in refusal(model, objective="quantile", quantile_alpha=[0.1, 0.5])
    forests = xgboost.train({"num_parallel_tree": 2, "nthread": 1}, xgboost.DMatrix(x, y), 2).save_raw("json").decode()
    assert "the previous model has not rounds of one tree for each output" in refusal(forests)
    empty = xgboost.train({"nthread": 1}, xgboost.DMatrix(x, y), 0).save_raw("json").decode()
    assert "the previous model has not rounds of one tree for each output" in refusal(empty)
    assert 'option "previous" is no model: model.learner is missing' in refusal("{}")
    assert 'option "previous" must be an object, got "x"' in error("""gbdt_train('{"previous": "x"}', 1, 2)""")


def test_a_model_says_of_how_many_rounds_it_went_on(db):
    x, y = rows(34, n=300)
    model = continued(db, train(db, x, y, num_boost_round=3), x, y, num_boost_round=2)
    kept = json.loads(json.loads(model)["learner"]["attributes"]["athlete_options"])
    assert kept["previous"] == {"rounds": 3} and kept["num_boost_round"] == 2
