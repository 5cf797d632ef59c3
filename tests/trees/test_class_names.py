"""Labels that are text are classes with names: the model of their places in order, which answers with the names."""

import json
import random
import sqlite3

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.preprocessing import LabelEncoder

from helpers.models.tables import feature_list, fill, rows, train

NAMES = ["easy run", "Rückenwind", "été", "", " ", "it's", 'a "b"', "\\\\n", "ab", "abc", "Z", "a", "🏃", "long\nrun", "x" * 300, "1:30", "12 km", "NULL", "[1]"]
OBJECTIVES = {"multi:softprob": {}, "binary:logistic": {}, "multiclass": {"max_leaves": 9, "grow_policy": "lossguide"}, "binary": {"scale_pos_weight": 2}}


def table(seed, objective, n=600):
    """Features, names by row, and their places in the order of their bytes."""
    rng = random.Random(f"{seed} {objective}")
    x, y = rows(rng.randrange(1000), n=n)
    names = rng.sample(NAMES, 2 if objective.startswith("binary") else rng.randint(2, 9))
    found = [names[k] for k in np.argsort(np.argsort(y)) * len(names) // n]  # from the lowest to the highest
    order = sorted(set(found), key=str.encode)
    return x, found, [order.index(name) for name in found], order


def train_by_name(db, x, names, indices=None, **options):
    fill(db, x, np.zeros(len(x)))
    db.execute("ALTER TABLE t ADD COLUMN name")
    db.executemany("UPDATE t SET name = ? WHERE rowid = ?", [(name, i + 1) for i, name in enumerate(names)])
    return db.execute(f"SELECT gbdt_train(?, name, {feature_list(x.shape[1])}) FROM (SELECT * FROM t ORDER BY {indices or 'rowid'})", (json.dumps(options),)).fetchone()[0]


def without_names(model):
    learner = json.loads(model)["learner"]
    return learner["attributes"].pop("athlete_classes"), learner


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_a_model_of_names_is_the_model_of_their_places_and_answers_with_the_names(db, objective, seed):
    x, names, places, order = table(seed, objective)
    options = {"objective": objective, "num_boost_round": 6, "max_depth": 4, **OBJECTIVES[objective]}
    model = train_by_name(db, x, names, **options)
    assert model == train_by_name(db, x, names, "random()", **options)
    counted = {} if objective.startswith("binary") else {"num_class": len(order)}
    by_number = train(db, x, np.array(places, float), **options, **counted)
    said, learner = without_names(model)
    encoder = LabelEncoder().fit([name.encode() for name in names])
    assert json.loads(said) == order == [name.decode() for name in encoder.classes_] and places == encoder.transform([n.encode() for n in names]).tolist()
    assert learner == json.loads(by_number)["learner"]
    booster = xgboost.Booster(model_file=bytearray(model.encode()))
    expected = booster.predict(xgboost.DMatrix(x, nthread=1))
    fill(db, x, np.zeros(len(x)))
    query = f"SELECT rowid, {feature_list(x.shape[1])} FROM t ORDER BY rowid"
    scored = db.execute("SELECT key, class, value FROM gbdt_score(?, ?, '{\"output\": \"probabilities\", \"match\": \"position\"}')", (model, query)).fetchall()
    assert [c for _, c, _ in scored] == order * len(x)
    if objective.startswith("binary"):
        assert [v for _, c, v in scored if c == order[1]] == expected.astype(float).tolist()
        return
    assert [v for _, _, v in scored] == expected.astype(float).ravel().tolist()
    answers = [value for _, value, *_ in db.execute("SELECT * FROM gbdt_score(?, ?, '{\"match\": \"position\"}')", (model, query))]
    assert answers == [order[k] for k in expected.argmax(1)]
    alone = [a for (a,) in db.execute(f"SELECT gbdt_predict(?, {feature_list(x.shape[1])}) FROM t ORDER BY rowid LIMIT 40", (model,))]
    assert alone == answers[:40] and len(set(alone)) > 1


def test_it_is_as_right_as_the_classifier_of_lightgbm_that_takes_names_too(db):
    x, names, _, order = table(5, "multiclass", n=3000)
    model = train_by_name(db, x[:2000], names[:2000], objective="multiclass", num_boost_round=20)
    fill(db, x[2000:], np.zeros(1000))
    query = f"SELECT rowid, {feature_list(x.shape[1])} FROM t ORDER BY rowid"
    ours = [value for _, value, *_ in db.execute("SELECT * FROM gbdt_score(?, ?, '{\"match\": \"position\"}')", (model, query))]
    theirs = lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1).fit(x[:2000], names[:2000]).predict(x[2000:])
    right = [np.mean([a == b for a, b in zip(found, names[2000:])]) for found in (ours, theirs)]
    assert set(ours) <= set(order) and right[0] > right[1] - 0.03 and right[0] > 1.5 / len(order)


def test_training_goes_on_by_name_whatever_names_the_rows_have_left(db):
    x, names, _, order = table(7, "multi:softprob")
    options = {"objective": "multi:softprob", "max_depth": 3}
    whole = train_by_name(db, x, names, num_boost_round=5, **options)
    begun = train_by_name(db, x, names, num_boost_round=2, **options)
    fill_again = {"objective": "multi:softprob", "max_depth": 3, "num_boost_round": 3, "previous": json.loads(begun)}
    ended = train_by_name(db, x, names, **fill_again)
    trees = [json.loads(m)["learner"]["gradient_booster"] for m in (whole, ended)]
    assert trees[0] == trees[1] and without_names(ended)[0] == without_names(whole)[0]
    some = [i for i, name in enumerate(names) if name in order[:2]]
    fewer = train_by_name(db, x[some], [names[i] for i in some], **fill_again)
    assert json.loads(without_names(fewer)[0]) == order
    with pytest.raises(sqlite3.OperationalError, match="the label 'new' is none that the previous model knows"):
        train_by_name(db, x, ["new", *names[1:]], **fill_again)
    by_number = train(db, x, np.array([order.index(n) for n in names], float), num_boost_round=1, num_class=len(order), **options)
    with pytest.raises(sqlite3.OperationalError, match="the classes are texts, in the previous model numbers"):
        train_by_name(db, x, names, **fill_again | {"previous": json.loads(by_number)})
    with pytest.raises(sqlite3.OperationalError, match="the classes are numbers, in the previous model texts"):
        train(db, x, np.zeros(len(x)), **fill_again)


@pytest.mark.parametrize(
    "objective, label, sentence",
    [
        ("multi:softprob", "CASE i WHEN 7 THEN 3 ELSE 'a' || (i % 3) END", "row 7: the label must be text that is no number, as in the rows before, got 3"),
        ("binary", "CASE i WHEN 7 THEN '3' ELSE 'a' || (i % 2) END", "row 7: the label must be text that is no number, as in the rows before, got 3"),
        ("binary", "CASE i WHEN 7 THEN 'x' ELSE i % 2 END", "row 7: the label must be a finite number, as in the rows before, got text 'x'"),
        ("multi:softprob", "i % 3", 'multi:softprob needs option "num_class" where classes are numbers'),
        ("multi:softprob", "'all'", "all labels are 'all': there is nothing to tell apart"),
        ("binary:logistic", "'a' || (i % 3)", "the labels are 3 different texts, binary:logistic is for two: multi:softprob is for more"),
        ('multiclass", "num_class": 4, "eta": 0.1, "seed": 1, "grow_policy": "depthwise', "'a' || (i % 3)", 'option "num_class" is 4, the labels are 3 different texts'),
        ("multi:softprob", "'n' || i", "the labels are more than 1000 different texts"),
        ("reg:squarederror", "'a'", "row 1: the label must be a finite number, got text 'a'"),
        ("count:poisson", "'a'", "row 1: the label must be a finite number, got text 'a'"),
        ("multi:softprob", "x'00'", "row 1: the label must be a finite number, got a blob"),
        ("multi:softprob", "'a' || char(0) || (i % 2)", "row 1: the label must be UTF-8 text without zero bytes"),
        ("multi:softprob", "CAST(x'ff' AS TEXT)", "row 1: the label must be UTF-8 text without zero bytes"),
        ("multi:softprob", "CASE i WHEN 9 THEN NULL ELSE 'a' END", "row 9: the label is NULL"),
    ],
)  # fmt: skip
def test_labels_that_are_no_classes_end_with_a_sentence(db, objective, label, sentence):
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT gbdt_train('{{\"objective\": \"{objective}\"}}', {label}, i) FROM n")
    assert sentence in str(caught.value)


def test_what_only_validation_rows_are_called_is_refused_by_name(db):
    with pytest.raises(sqlite3.OperationalError, match="the label 'c' is of validation rows only: no row teaches it"):
        db.execute("SELECT gbdt_train('{\"objective\": \"multiclass\", \"validation\": 1}', column1, column2, column3) FROM (VALUES ('a', 0, 1), ('b', 0, 2), ('c', 1, 3))")


@pytest.mark.parametrize(
    "damaged, sentence",
    [
        ('["a"]', "is not a list of 3 names, one per class"),
        ('["a","b","c","d"]', "is not a list of 3 names, one per class"),
        ('{"a":1}', "is not a list of 3 names, one per class"),
        ('["a","b",3]', "[2] is not a name"),
        ('["a","c","b"]', "[2] is not after the name before it"),
        ('["a","a","b"]', "[1] is not after the name before it"),
        ('["a","b"', "is not JSON"),
        ("", "is not JSON"),
    ],
)
def test_names_that_came_from_anywhere_are_checked(db, damaged, sentence):
    x, names, _, _ = table(1, "multi:softprob")
    names = [n if n in (one := sorted(set(names), key=str.encode)[:3]) else one[0] for n in names]
    model = json.loads(train_by_name(db, x, names, objective="multi:softprob", num_boost_round=1))
    model["learner"]["attributes"]["athlete_classes"] = damaged
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("SELECT gbdt_importance.* FROM gbdt_importance(?)", (json.dumps(model),)).fetchall()
    assert f"learner.attributes.athlete_classes{sentence if sentence[0] == '[' else ' ' + sentence}" in str(caught.value)
    numbers = json.loads(train(db, *rows(3, n=50), num_boost_round=1))
    numbers["learner"]["attributes"]["athlete_classes"] = '["a","b"]'
    with pytest.raises(sqlite3.OperationalError, match="athlete_classes is of a model that has no classes"):
        db.execute("SELECT * FROM gbdt_importance(?)", (json.dumps(numbers),)).fetchall()
