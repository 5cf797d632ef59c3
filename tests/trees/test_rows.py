"""What the columns of gbdt_train are for: weights, validation rows, categories, names."""

import json
import sqlite3

import numpy as np
import pytest
import xgboost

from helpers.models.tables import feature_list, fill, rows, score, train, tree_of

OBJECTIVES = {
    "reg:squarederror": {},
    "reg:absoluteerror": {},
    "reg:quantileerror": {"quantile_alpha": 0.8},
    "reg:pseudohubererror": {},
    "huber": {},
    "count:poisson": {},
    "reg:gamma": {},
    "reg:tweedie": {"tweedie_variance_power": 1.2},
    "binary:logistic": {"scale_pos_weight": 2},
    "multi:softprob": {"num_class": 3},
}


def label_for(objective, y):
    """A label that the objective takes."""
    if objective == "multi:softprob":
        return np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(float)
    if objective == "binary:logistic":
        return (y > np.median(y)).astype(float)
    if objective == "reg:gamma":
        return np.abs(y) + 0.5
    return np.round(np.abs(y)) if objective in ("count:poisson", "reg:tweedie") else y


def trees_of(model):
    return json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]


def history_of(model):
    return json.loads(json.loads(model)["learner"]["attributes"]["athlete_history"])


def fit(db, query, **options):
    return db.execute("SELECT * FROM gbdt_fit(?, ?)", (json.dumps(options), query)).fetchall()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_whole_weight_is_the_same_as_that_many_rows(db, objective):
    x, y = rows(3, n=150)
    y = label_for(objective, y)
    weights = np.random.default_rng(3).integers(0, 4, len(y)).astype(float)
    settings = {"objective": objective, "num_boost_round": 6, "max_depth": 3, **OBJECTIVES[objective]}
    weighted = train(db, np.column_stack([x, weights]), y, weight=6, **settings)
    repeated = train(db, np.repeat(x, weights.astype(int), 0), np.repeat(y, weights.astype(int)), **settings)
    assert trees_of(weighted) == trees_of(repeated)
    assert history_of(weighted) == history_of(repeated)


def test_fractions_of_weights_count_in_proportion(db):
    x = np.array([[0.0, 0.25], [0.0, 0.75], [1.0, 3.0]])
    model = train(db, x, np.array([1.0, 3.0, 9.0]), weight=2, max_depth=1, num_boost_round=1, eta=1, min_child_weight=0, **{"lambda": 0})
    assert score(db, model, x[:, :1]).tolist() == [2.5, 2.5, 9]
    assert tree_of(model)["sum_hessian"] == [4, 1, 3]


def test_validation_rows_are_not_trained_on(db):
    x, y = rows(4)
    flag = (np.arange(len(y)) % 3 == 0).astype(float)
    both = train(db, np.column_stack([flag, x]), y, validation=1, num_boost_round=5)
    alone = train(db, x[flag == 0], y[flag == 0], num_boost_round=5)
    assert trees_of(both) == trees_of(alone)


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:absoluteerror", "binary:logistic"])
def test_the_history_is_what_xgboost_measures_of_the_same_model(db, objective):
    x, y = rows(5)
    y = label_for(objective, y)
    flag = (np.arange(len(y)) % 3 == 0).astype(float)
    model = train(db, np.column_stack([x, flag]), y, validation=6, num_boost_round=8, objective=objective)
    metric = history_of(model)["metric"]
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    loaded.set_param({"eval_metric": metric})
    for part, rows_of_it in (("train", flag == 0), ("validation", flag == 1)):
        for round_, ours in enumerate(history_of(model)[part]):
            matrix = xgboost.DMatrix(x[rows_of_it], y[rows_of_it])
            theirs = float(loaded[: round_ + 1].eval(matrix).split(":")[1])
            assert ours == pytest.approx(theirs, rel=2e-5)


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_early_stopping_ends_at_the_round_that_xgboosts_rule_picks(db, patience):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(200, 6))
    y = x[:, 0] + rng.normal(size=200)
    flag = (np.arange(200) % 2 == 0).astype(float)
    columns, settings = np.column_stack([x, flag]), {"validation": 7, "num_boost_round": 60, "eta": 0.5}
    losses = history_of(train(db, columns, y, **settings))["validation"]
    rule, stopped_after = xgboost.callback.EarlyStopping(rounds=patience, save_best=False), len(losses)
    booster = xgboost.train({}, xgboost.DMatrix(x, y), 1)
    for round_, loss in enumerate(losses):
        if rule.after_iteration(booster, round_, {"validation": {"rmse": losses[: round_ + 1]}}):
            stopped_after = round_ + 1
            break
    model = train(db, columns, y, early_stopping_rounds=patience, **settings)
    assert history_of(model)["validation"] == losses[:stopped_after]
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    assert loaded.best_iteration == int(booster.attr("best_iteration"))
    assert loaded.num_boosted_rounds() == loaded.best_iteration + 1
    assert loaded.best_score == pytest.approx(losses[loaded.best_iteration], rel=1e-6)


def test_text_is_a_category_numbered_by_its_bytes(db):
    db.execute("CREATE TABLE t (y, sport, km)")
    sports = ["run", "bike", "swim", "été", "Run", "bike"]
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i % 5, sports[i % 6], i) for i in range(60)])
    order = ["rowid", "rowid DESC", "sport, y"]
    sql = "SELECT gbdt_train(?, y, sport, km) FROM (SELECT * FROM t ORDER BY {})"
    models = {db.execute(sql.format(o), ("{}",)).fetchone()[0] for o in order}
    assert len(models) == 1
    names = json.loads(json.loads(models.pop())["learner"]["attributes"]["athlete_categories"])
    assert names == [sorted(set(sports), key=lambda s: s.encode()), []]


def test_what_only_validation_rows_say_is_no_category(db):
    db.execute("CREATE TABLE t (y, sport, v)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", [(1, "a", 0), (2, "c", 0), (3, "b", 1)])
    model = db.execute("SELECT gbdt_train('{\"validation\": 2}', y, sport, v) FROM t").fetchone()[0]
    assert json.loads(json.loads(model)["learner"]["attributes"]["athlete_categories"]) == [["a", "c"]]


def test_in_a_declared_column_numeric_text_is_a_name(db):
    db.execute("CREATE TABLE t (y, shoe)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [(i % 3, ["10", "9", "9.5"][i % 3]) for i in range(9)])
    model = db.execute("SELECT gbdt_train('{\"categorical_features\": [1]}', y, shoe) FROM t").fetchone()[0]
    assert json.loads(json.loads(model)["learner"]["attributes"]["athlete_categories"]) == [["10", "9", "9.5"]]


@pytest.mark.parametrize("first, second, sentence", [("1", "'a'", "a finite number or NULL, as in the rows before, got text 'a'"), ("'a'", "1", "text or NULL, as in the rows before, got 1")])
def test_numbers_and_text_in_one_column_are_refused_in_either_order(db, first, second, sentence):
    with pytest.raises(sqlite3.OperationalError, match=f"row 2: feature 1 must be {sentence}"):
        db.execute(f"SELECT gbdt_train('{{}}', 1, c) FROM (SELECT {first} AS c UNION ALL SELECT {second})").fetchall()


def test_a_fit_is_the_training_with_the_names_of_the_query(db):
    x, y = rows(7)
    fill(db, x, y)
    names = [f"f{i}" for i in range(5)]
    options = {"num_boost_round": 4, "feature_names": names}
    model = db.execute(f"SELECT gbdt_train(?, y, {feature_list(5)}) FROM t", (json.dumps(options),)).fetchone()[0]
    [(fitted, n, n_validation, rounds, best, metric, loss)] = fit(db, f"SELECT y, {feature_list(5)} FROM t", num_boost_round=4)
    assert fitted == model and (n, n_validation, rounds, best, metric) == (len(y), 0, 4, 3, "rmse")
    assert loss == pytest.approx(history_of(model)["train"][-1], rel=1e-6)


def test_a_fit_takes_more_columns_than_a_function_has_arguments(db):
    x, y = rows(8, n=60, n_features=300)
    fill(db, x, y)
    [(model, *_)] = fit(db, "SELECT * FROM t", num_boost_round=3)
    assert len(json.loads(model)["learner"]["feature_names"]) == 300


def test_a_fit_without_rows_gives_no_row(db):
    assert fit(db, "SELECT 1 AS y, 2 AS a WHERE 0") == []


def test_roles_can_be_named(db):
    x, y = rows(9)
    flag, weight = (np.arange(len(y)) % 4 == 0).astype(float), 1.0 + np.arange(len(y)) % 3
    fill(db, np.column_stack([x[:, 0], weight, x[:, 1:], flag]), y)
    [(model, *_)] = fit(db, "SELECT y, f0 AS pace, f1 AS w, f2 AS a, f3 AS b, f4 AS c, f5 AS d, f6 AS v FROM t", weight="w", validation="v", num_boost_round=5)
    assert json.loads(model)["learner"]["feature_names"] == ["pace", "a", "b", "c", "d"]
    plain = train(db, np.column_stack([x, weight, flag]), y, weight=6, validation=7, num_boost_round=5)
    assert trees_of(model) == trees_of(plain)


TWO = '"feature_names": ["a", "b"]'


@pytest.mark.parametrize(
    "options, sentence",
    [
        ('{"weight": "w"}', 'option "weight" must name a column after the label by its name'),
        ('{"weight": 3}', 'option "weight" must name a column after the label by its name'),
        ('{"weight": 1.5}', "position from 1 to 2, got 1.5"),
        ('{"weight": [1]}', 'option "weight" must be a name or a position, got [1]'),
        ('{"weight": 1, "validation": 1}', 'option "validation" names a column that has another role'),
        ('{"weight": 1, "validation": 2}', "no column is left to be a feature"),
        ('{"early_stopping_rounds": 3}', 'option "early_stopping_rounds" needs option "validation"'),
        ('{"weight": 2}', "row 1: the weight must be 0 or from 1e-15 to 1e15, got -5"),
        ('{"validation": 2}', "row 1: the validation flag must be 0 or 1, got -5"),
        ('{"validation": 1}', "every row is a validation row, none is left to train on"),
        ("{%s, \"categorical_features\": [\"c\"]}" % TWO, 'option "categorical_features" must name a column'),
        ("{%s, \"categorical_features\": [\"b\"]}" % TWO, "feature 2 (b) must be text, a whole number from 0 to 16777215"),
        ('{"monotone_constraints": [1]}', 'option "monotone_constraints" must have 2 signs, one per feature'),
        ('{"monotone_constraints": [1, 2]}', 'option "monotone_constraints" must give 1, 0 or -1 for feature 2'),
        ("{%s, \"monotone_constraints\": {\"c\": 1}}" % TWO, 'option "monotone_constraints" must name a column'),
        ('{"monotone_constraints": [1, 0], "categorical_features": [1]}', "feature 1 is categorical, which has no order"),
        ('{"interaction_constraints": [1]}', 'option "interaction_constraints" must be a list of lists'),
        ('{"interaction_constraints": [[0, 9]]}', "position from 0 to 1, got 9"),
        ('{"weight_column": 2}', 'option "weight_column" must name a column after the label by its name (option "feature_names" gives them) or its position from 0 to 1, got 2'),
        ('{"categorical_feature": [2]}', "position from 0 to 1, got 2"),
        ('{"objective": "multi:softprob"}', 'multi:softprob needs option "num_class" where classes are numbers'),
        ('{"num_class": 3}', 'option "num_class" is for multi:softprob, the objective is reg:squarederror'),
        ('{"objective": "multi:softprob", "num_class": 3, "base_score": 1}', '"base_score" must be left out for multi:softprob'),
        ('{"objective": "multi:softprob", "num_class": 7}', "the label must be a whole number from 0 to num_class - 1"),
        ('{"eta": 0.1, "learning_rate": 0.1}', 'option "eta" is given twice'),
    ],
)
def test_a_wrong_option_ends_with_a_sentence(error, options, sentence):
    assert sentence in error("gbdt_train(?, 7, 1, -5)", options)


def test_a_negative_count_is_refused(error):
    assert "the label must be at least 0 for count:poisson, got -1" in error("gbdt_train('{\"objective\": \"poisson\"}', -1, 2)")


def test_the_names_of_a_query_must_differ(db):
    with pytest.raises(sqlite3.OperationalError, match="gbdt_fit: the query: name 2 must be text without .* got 'a'"):
        fit(db, "SELECT 1, 2 AS a, 3 AS a")


def test_what_a_query_fails_with_is_told(db):
    with pytest.raises(sqlite3.OperationalError, match="gbdt_fit: the query failed: integer overflow"):
        fit(db, "SELECT 1 AS y, abs(-9223372036854775808) AS a")
    with pytest.raises(sqlite3.OperationalError, match="gbdt_fit: row 2: the label is NULL"):
        fit(db, "SELECT 1 AS y, 2 AS a UNION ALL SELECT NULL, 3")


def test_every_option_is_listed_with_its_meaning(db):
    listed = db.execute("SELECT name, alias, meaning, \"default\" FROM athlete_options WHERE function = 'gbdt_train'").fetchall()
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("SELECT gbdt_train('{\"?\": 1}', 1, 2)")
    known = str(caught.value).split("known are ")[1].split(", ")
    assert known == [name + (f" ({alias})" if alias else "") for name, alias, *_ in listed]
    assert all(meaning for _, _, meaning, _ in listed)
    assert dict((name, default) for name, _, _, default in listed)["eta"] == "0.3"
