"""gbdt_score as an SQL function: the rows of a query in its order, with the numbers of gbdt_predict and XGBoost."""

import json
import sqlite3

import numpy as np
import pytest
import xgboost

from helpers.models.tables import feature_list, fill, rows, train

FEATURES = feature_list(5)


def booster(model):
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    return loaded


def scored(db, model, query, **options):
    return db.execute("SELECT key, value, class, tree FROM gbdt_score(?, ?, ?)", (model, query, json.dumps(options))).fetchall()


def values(db, model, query, **options):
    return [row[1] for row in scored(db, model, query, **options)]


def refused(db, model, query, **options):
    with pytest.raises(sqlite3.OperationalError) as caught:
        scored(db, model, query, **options)
    return str(caught.value)


@pytest.fixture(scope="module")
def models():
    from helpers.extension import connect

    x, y = rows(1)
    with connect() as db:
        return {
            "squared error": train(db, x, y, num_boost_round=20, max_depth=4),
            "logistic": train(db, x, (y > 0).astype(float), num_boost_round=20, objective="binary:logistic"),
            "named": train(db, x, y, num_boost_round=5, feature_names=["ctl", "atl", "tsb", 'a "name"', "größe"]),
        }


# --- the numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 127, 128, 129, 255, 256, 257, 511, 513, 1500])
def test_every_number_of_rows_is_scored_as_by_xgboost_and_one_by_one(db, models, n):
    x, y = rows(2, n=n, missing=0.2)
    fill(db, x, y)
    for model in (models["squared error"], models["logistic"]):
        theirs = booster(model)
        got = scored(db, model, f"SELECT rowid, {FEATURES} FROM t")
        assert [row[0] for row in got] == list(range(1, n + 1))
        assert [row[1] for row in got] == theirs.predict(xgboost.DMatrix(x)).astype(float).tolist()
        assert [row[1] for row in got] == [r[0] for r in db.execute(f"SELECT gbdt_predict(?, {FEATURES}) FROM t", (model,))]
        margins = values(db, model, f"SELECT rowid, {FEATURES} FROM t", output="margin")
        assert margins == theirs.predict(xgboost.DMatrix(x), output_margin=True).astype(float).tolist()


def test_leaves_are_the_nodes_that_xgboost_finds(db, models):
    x, y = rows(3, n=300)
    fill(db, x, y)
    theirs = booster(models["squared error"]).predict(xgboost.DMatrix(x), pred_leaf=True)
    got = scored(db, models["squared error"], f"SELECT rowid, {FEATURES} FROM t", output="leaf")
    assert [(key - 1, tree) for key, _, _, tree in got] == [(r, t) for r in range(300) for t in range(20)]
    assert [value for _, value, _, _ in got] == theirs.astype(int).ravel().tolist()


def test_probabilities_of_both_classes_add_up_to_one(db, models):
    x, y = rows(4, n=300)
    fill(db, x, y)
    query = f"SELECT rowid, {FEATURES} FROM t"
    got = scored(db, models["logistic"], query, output="probabilities")
    assert [row[2] for row in got] == [0, 1] * 300
    assert [row[1] for row in got[1::2]] == values(db, models["logistic"], query)
    assert all(abs(a[1] + b[1] - 1) < 1e-7 and a[0] == b[0] for a, b in zip(got[::2], got[1::2]))
    assert "the model is not one of classes" in refused(db, models["squared error"], query, output="probabilities")


@pytest.mark.parametrize("n_features", [100, 124, 125, 126, 127, 300])
def test_more_features_than_a_function_has_arguments_are_read(db, n_features):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, n_features)).astype(np.float32).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nan_to_num(x[:, 0] + x[:, n_features - 1] * 2 + x[:, n_features // 2])
    theirs = xgboost.train({"max_depth": 5, "nthread": 1}, xgboost.DMatrix(x, y), 10)
    fill(db, x, y)
    got = values(db, theirs.save_raw("json").decode(), f"SELECT rowid, {feature_list(n_features)} FROM t")
    assert got == theirs.predict(xgboost.DMatrix(x)).astype(float).tolist()


@pytest.mark.parametrize("shape", [{"max_depth": 11, "min_child_weight": 0}, {"max_depth": 7, "max_bin": 4000}], ids=["many leaves", "many thresholds"])
def test_large_trees_are_scored_as_by_xgboost(db, shape):
    x, y = rows(6, n=6000, missing=0.05)
    theirs = xgboost.train({"nthread": 1, "eta": 1, "lambda": 0, **shape}, xgboost.DMatrix(x, y + np.random.default_rng(6).normal(size=6000)), 12)
    fill(db, x, y)
    got = values(db, theirs.save_raw("json").decode(), f"SELECT rowid, {FEATURES} FROM t")
    assert got == theirs.predict(xgboost.DMatrix(x)).astype(float).tolist()


@pytest.fixture(scope="module")
def flowers():
    """Three classes of rows: a model of XGBoost's, the rows, and what it predicts."""
    x, y = rows(12, n=900, missing=0.1)
    classes = np.digitize(y, [-1, 2])
    theirs = xgboost.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 4, "nthread": 1}, xgboost.DMatrix(x, classes), 12)
    return theirs.save_raw("json").decode(), x, theirs


def test_several_classes_are_scored_as_by_xgboost(db, flowers):
    model, x, theirs = flowers
    fill(db, x, np.zeros(len(x)))
    query, data = f"SELECT rowid, {FEATURES} FROM t", xgboost.DMatrix(x)
    for output, expected in {"margin": theirs.predict(data, output_margin=True), "probabilities": theirs.predict(data)}.items():
        got = scored(db, model, query, output=output)
        assert [(row[0], row[2]) for row in got] == [(r + 1, c) for r in range(len(x)) for c in range(3)]
        assert [row[1] for row in got] == expected.astype(float).ravel().tolist()
    likeliest = theirs.predict(data, output_margin=True).argmax(axis=1).tolist()
    assert values(db, model, query) == likeliest
    assert [row[0] for row in db.execute(f"SELECT gbdt_predict(?, {FEATURES}) FROM t", (model,))] == likeliest


def test_one_margin_of_several_is_not_given(db, flowers, error):
    assert error("gbdt_margin(?, 1, 2, 3, 4, 5)", flowers[0]) == "gbdt_margin: the model has 3 outputs: gbdt_score gives them all"


@pytest.mark.parametrize("settings", [{"max_cat_to_onehot": 1}, {"max_cat_to_onehot": 100}], ids=["sets", "one category"])
@pytest.mark.parametrize("n_categories", [3, 40, 200, 400])
def test_categories_are_scored_as_by_xgboost(db, settings, n_categories):
    rng = np.random.default_rng(13)
    x = rng.normal(size=(1500, 5)).astype(np.float32).astype(float)
    x[:, 2] = rng.integers(0, n_categories, 1500)
    x[:, 4] = rng.integers(0, 5, 1500)
    effects = rng.normal(size=n_categories) * 3
    y = x[:, 0] + effects[x[:, 2].astype(int)] + np.array([0, 5, 1, -2, 3])[x[:, 4].astype(int)]
    x[rng.random(x.shape) < 0.05] = np.nan
    kinds = ["q", "q", "c", "q", "c"]
    settings = {"max_depth": 6, "nthread": 1, "tree_method": "hist", **settings}
    theirs = xgboost.train(settings, xgboost.DMatrix(x, y, feature_types=kinds, enable_categorical=True), 12)
    model = theirs.save_raw("json").decode()
    fill(db, x, y)
    expected = theirs.predict(xgboost.DMatrix(x, feature_types=kinds, enable_categorical=True)).astype(float).tolist()
    assert values(db, model, f"SELECT rowid, {FEATURES} FROM t", match="position") == expected
    assert [row[0] for row in db.execute(f"SELECT gbdt_predict(?, {FEATURES}) FROM t", (model,))] == expected


def test_the_name_of_a_category_counts_as_its_number(db):
    names = [f"place {i % 26:02d} {chr(97 + i % 26)}é" for i in range(600)]
    db.execute("CREATE TABLE t (y, place, x)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i % 26 * 7 % 5 + i % 3, name, i % 3) for i, name in enumerate(names)])
    model = db.execute("SELECT model FROM gbdt_fit('{\"num_boost_round\": 20, \"min_child_weight\": 0}', 'SELECT y, place, x FROM t')").fetchone()[0]
    by_name = scored(db, model, "SELECT place, x, place FROM t")
    assert [row[0] for row in by_name] == names and len({row[1] for row in by_name}) > 10
    assert [row[1] for row in by_name] == [row[0] for row in db.execute("SELECT gbdt_predict(?, place, x) FROM t", (model,))]
    numbers = {name: i for i, name in enumerate(sorted(set(names), key=str.encode))}
    loaded = booster(model)
    x = np.array([(numbers[name], i % 3) for i, name in enumerate(names)], float)
    theirs = loaded.predict(xgboost.DMatrix(x, feature_names=["place", "x"], feature_types=["c", "q"], enable_categorical=True))
    assert [row[1] for row in by_name] == theirs.astype(float).tolist()
    unknown, missing = (db.execute("SELECT gbdt_predict(?, ?, 1)", (model, place)).fetchone() for place in ("elsewhere", None))
    assert unknown == missing


# --- the rows ------------------------------------------------------------------------------------------------

QUERIES = {
    "sorted": "SELECT rowid, {f} FROM t ORDER BY f0 * 7919 % 13, rowid DESC",
    "sorted by a key": "SELECT rowid, {f} FROM t ORDER BY rowid DESC",
    "sorted by an index": "SELECT g, {f} FROM t ORDER BY g, rowid",
    "filtered": "SELECT rowid, {f} FROM t WHERE f1 > 0 AND f0 < 1",
    "joined": "SELECT t.rowid, {f} FROM t JOIN s ON s.g = t.g WHERE s.chosen AND f1 > 0",
    "joined to the left": "SELECT t.rowid, {f} FROM t LEFT JOIN s ON s.g = t.g AND s.chosen WHERE s.g IS NULL",
    "limited": "SELECT rowid, {f} FROM t LIMIT 300 OFFSET 17",
    "sorted and limited": "SELECT rowid, {f} FROM t ORDER BY f2 LIMIT 290 OFFSET 3",
    "distinct": "SELECT DISTINCT g, g AS f0, 1 AS f1, 2 AS f2, 3 AS f3, 4 AS f4 FROM t",
    "grouped": "SELECT g, avg(f0), max(f1), min(f2), count(*), max(f4) FROM t GROUP BY g HAVING count(*) > 3",
    "united": "SELECT g, f0, 1, 2, 3, 4 FROM t UNION SELECT g, f0, 1, 2, 3, 4 FROM t",
    "one after the other": "SELECT rowid, {f} FROM t WHERE f0 > 0 UNION ALL SELECT -rowid, {f} FROM t",
    "a view that sorts": "SELECT * FROM sorted",
    "a common table": "WITH q AS (SELECT rowid AS r, * FROM t) SELECT r, {f} FROM q WHERE r % 3 = 1;",
    "a window": "SELECT rowid, lag(f0) OVER (ORDER BY f1), f1, f2, f3, f4 FROM t",
    "a subquery in the list": "SELECT rowid, (SELECT max(chosen) FROM s WHERE s.g = t.g), f1, f2, f3, f4 FROM t WHERE EXISTS (SELECT 1 FROM s WHERE s.g = t.g AND chosen)",
    "values": "VALUES (1, 1, 2, 3, 4, 5), ('b', NULL, 2, 3, 4, 5)",
    "nothing": "SELECT rowid, {f} FROM t WHERE 0",
    "a comment at the end": "SELECT rowid, {f} FROM t -- all of them",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_rows_are_those_of_the_query_in_its_order(db, models, query):
    x, y = rows(7, n=700)
    fill(db, x, y)
    db.execute("ALTER TABLE t ADD COLUMN g")
    db.execute("UPDATE t SET g = rowid * 31 % 23")
    db.execute("CREATE INDEX by_g ON t (g)")
    db.execute("CREATE TABLE s AS SELECT value AS g, value % 2 AS chosen FROM json_each('[0,1,2,3,4,5,6,7,8,9,10,10,11]')")
    db.execute("CREATE VIEW sorted AS SELECT rowid AS r, f0, f1, f2, f3, f4 FROM t ORDER BY f3")
    query = query.format(f=FEATURES)
    expected = db.execute(query).fetchall()
    got = scored(db, models["squared error"], query)
    assert [row[0] for row in got] == [row[0] for row in expected]
    one_by_one = [db.execute("SELECT gbdt_predict(?, ?, ?, ?, ?, ?)", (models["squared error"], *row[1:])).fetchone()[0] for row in expected]
    assert [row[1] for row in got] == one_by_one


def test_keys_keep_their_type_and_value(db, models):
    keys = [1, 2.5, "text", "", b"\x00blob", None, 2**62, -1, "größe"] * 100
    db.execute("CREATE TABLE k (key, x)")
    db.executemany("INSERT INTO k VALUES (?, ?)", [(key, i) for i, key in enumerate(keys)])
    got = scored(db, models["squared error"], "SELECT key, x, x, x, x, x FROM k ORDER BY rowid")
    assert [row[0] for row in got] == keys and [type(row[0]) for row in got] == [type(key) for key in keys]


def test_reading_may_stop_early_and_start_again(db, models):
    x, y = rows(8, n=600)
    fill(db, x, y)
    query = f"SELECT rowid, {FEATURES} FROM t"
    everything = scored(db, models["squared error"], query)
    for _ in range(3):
        assert db.execute("SELECT * FROM gbdt_score(?, ?) LIMIT 3", (models["squared error"], query)).fetchall() == everything[:3]
    twice = db.execute("SELECT a.value = b.value FROM gbdt_score(?1, ?2) a JOIN gbdt_score(?1, ?2) b ON a.key = b.key", (models["squared error"], query)).fetchall()
    assert twice == [(1,)] * 600


def test_a_query_may_score_too(db, models):
    x, y = rows(9, n=300)
    fill(db, x, y)
    db.execute("CREATE TABLE m AS SELECT ? AS model", (models["squared error"],))
    inner = f"SELECT key, value AS f0 FROM gbdt_score((SELECT model FROM m), ''SELECT rowid, {FEATURES} FROM t'')".replace("''", "'")
    expected = [db.execute("SELECT gbdt_predict(?, ?, 1, 2, 3, 4)", (models["squared error"], v)).fetchone()[0] for v in values(db, models["squared error"], f"SELECT rowid, {FEATURES} FROM t")]
    assert values(db, models["squared error"], f"SELECT key, f0, 1, 2, 3, 4 FROM ({inner})") == expected


def test_every_model_of_a_table_scores_the_same_rows(db, models):
    x, y = rows(10, n=50)
    fill(db, x, y)
    db.execute("CREATE TABLE m (name, model)")
    db.executemany("INSERT INTO m VALUES (?, ?)", [(n, models[n]) for n in ("squared error", "logistic")])
    query = f"SELECT rowid, {FEATURES} FROM t"
    got = db.execute("SELECT name, s.value FROM m, gbdt_score(m.model, ?) AS s ORDER BY name DESC, s.key", (query,)).fetchall()
    assert [v for n, v in got if n == "logistic"] == values(db, models["logistic"], query)
    assert [v for n, v in got if n != "logistic"] == values(db, models["squared error"], query)


def test_models_of_a_join_are_each_their_own_when_there_are_more_than_the_cache_holds(db):
    x, y = rows(14, n=120)
    texts = [train(db, x, y, num_boost_round=2, seed=i, subsample=0.5) for i in range(20)]
    db.execute("CREATE TABLE m (id, model)")
    db.executemany("INSERT INTO m VALUES (?, ?)", enumerate(texts))
    query = f"SELECT rowid, {FEATURES} FROM t"
    for function, columns in (("gbdt_score", "key, value"), ("gbdt_explain", "key, feature, contribution")):
        alone = {i: db.execute(f"SELECT {columns} FROM {function}(?, ?)", (text, query)).fetchall() for i, text in enumerate(texts)}
        assert len({str(v) for v in alone.values()}) == 20
        for order in ("id", "id % 10, id", "id % 3, id"):
            joined = db.execute(f"SELECT id, {columns} FROM (SELECT id, m.model AS text FROM m, (VALUES (0), (1)) ORDER BY {order}) CROSS JOIN {function}(text, ?)", (query,))
            got = {}
            for i, *row in joined:
                got.setdefault(i, []).append(tuple(row))
            assert got == {i: rows_ + rows_ for i, rows_ in alone.items()}


def test_a_model_may_score_and_be_scored_with_inside_its_own_query(db, models):
    x, y = rows(15, n=400)
    fill(db, x, y)
    db.execute("CREATE TABLE m AS SELECT ? AS model", (models["logistic"],))
    inner = f"SELECT gbdt_predict((SELECT model FROM m), {FEATURES}) AS p, value AS f0 FROM t JOIN gbdt_score((SELECT model FROM m), 'SELECT rowid, {FEATURES} FROM t') AS s ON s.key = t.rowid"
    expected = values(db, models["logistic"], f"SELECT rowid, {FEATURES} FROM t")
    got = scored(db, models["logistic"], f"SELECT p, f0, 1, 2, 3, 4 FROM ({inner}) ORDER BY 1")
    assert [row[0] for row in got] == sorted(expected)


def test_the_extension_may_be_loaded_once_more_on_a_connection(models):
    from helpers.extension import EXTENSION, connect

    x, y = rows(16, n=300)
    with connect() as db:
        fill(db, x, y)
        query = f"SELECT rowid, {FEATURES} FROM t"
        expected = scored(db, models["logistic"], query)
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)
        assert scored(db, models["logistic"], query) == expected


# --- names ---------------------------------------------------------------------------------------------------


def test_a_model_with_names_finds_its_features_by_name(db, models):
    x, y = rows(11, n=100)
    fill(db, x, y)
    expected = values(db, models["named"], f"SELECT rowid, {FEATURES} FROM t", match="position")
    names = {"f0": "ctl", "f1": "atl", "f2": "tsb", "f3": '"a ""name"""', "f4": '"größe"'}
    ordered = [f"{column} AS {name}" for column, name in names.items()]
    for columns in (ordered, ordered[::-1], ["y", *ordered[2:], "f0 AS other", *ordered[:2], "99 AS more"], [c.replace("atl", "ATL") for c in ordered]):
        assert values(db, models["named"], f"SELECT rowid, {', '.join(columns)} FROM t") == expected


def test_a_name_without_a_column_is_refused_and_so_is_one_with_two(db, models):
    query = "SELECT 1, 2 AS ctl, 3 AS atl, 4 AS {}, 5 AS \"a \"\"name\"\"\", 6 AS größe"
    assert refused(db, models["named"], query.format("tsv")) == "gbdt_score: feature 3 of the model (tsb) is not a column of the query"
    twice = query.format("tsb") + ", 7 AS ctl"
    assert refused(db, models["named"], twice) == "gbdt_score: feature 1 of the model (ctl) is more than one column of the query"
    assert "the model has no feature names" in refused(db, models["logistic"], query.format("tsb"), match="name")


# --- what is refused -----------------------------------------------------------------------------------------


def test_another_number_of_columns_is_refused(db, models):
    message = refused(db, models["logistic"], "SELECT 1, 2, 3")
    assert message == "gbdt_score: the model has 5 features, the query has 2 columns after the key"


def test_a_value_that_is_no_number_is_refused_with_its_row_and_feature(db, models):
    many = "SELECT value, 1, {}, 3, 4, 5 FROM json_each('[" + ",".join(map(str, range(1, 600))) + "]')"
    for expression, expected in {
        "iif(value = 300, 'fast', 2)": "feature 2 must be a number or NULL, got text 'fast'",
        "iif(value = 300, x'00', 2)": "feature 2 must be a number or NULL, got a blob of 1 bytes",
        "iif(value = 300, 1e39, 2)": "feature 2 is 1.0e+39, beyond the range of float32",
        "iif(value = 300, 9e999, 2)": "feature 2 is Inf, beyond the range of float32",
    }.items():
        assert refused(db, models["logistic"], many.format(expression)) == f"gbdt_score: row 300: {expected}"
    named = many.format("'fast'").replace("1, 'fast', 3, 4, 5", "1 AS ctl, 'fast' AS atl, 3 AS tsb, 4 AS \"a \"\"name\"\"\", 5 AS größe")
    assert "row 1: feature 2 (atl) must be" in refused(db, models["named"], named)


def test_text_that_is_wholly_a_number_counts_as_one(db, models):
    numbers = values(db, models["logistic"], "SELECT 1, 0.5, -2, 3, NULL, 1e-3")
    assert values(db, models["logistic"], "SELECT 1, '0.5', '-2', ' 3', NULL, '1e-3'") == numbers


def test_what_is_no_query_or_no_model_is_refused(db, models):
    assert "the query must be one SELECT" in refused(db, models["logistic"], "DELETE FROM t")
    assert "no such table: nowhere" in refused(db, models["logistic"], "SELECT * FROM nowhere")
    assert "the query has parameters" in refused(db, models["logistic"], "SELECT ?, 1, 2, 3, 4, 5")
    assert "more follows it" in refused(db, models["logistic"], "SELECT 1; SELECT 2")
    assert "integer overflow" in refused(db, models["logistic"], "SELECT value, 1, 2, 3, 4, abs(-9223372036854775807 - (value > 400)) FROM json_each('[" + ",".join(map(str, range(600))) + "]')")
    assert "gbdt_score: " in refused(db, "{}", "SELECT 1, 2")
    assert "output" in refused(db, models["logistic"], "SELECT 1, 2, 3, 4, 5, 6", output="leafs")
    assert db.execute("SELECT count(*) FROM gbdt_score(NULL, 'SELECT 1')").fetchone() == (0,)


def test_the_function_inside_does_nothing_when_it_is_called(db):
    assert db.execute("SELECT row_feed(1), row_feed(NULL, 1, 2), row_feed('a', 0, 'b')").fetchone() == (None, None, None)
