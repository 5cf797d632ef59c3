"""gbdt_predict as an SQL function: where models come from, and what it refuses."""

import numpy as np
import pytest

from helpers.models.tables import feature_list, fill, rows, score, train


def test_null_without_a_model_and_missing_for_a_null_feature(db):
    x, y = rows(1)
    model = train(db, x, y, num_boost_round=3)
    assert db.execute("SELECT gbdt_predict(NULL, 1, 2, 3, 4, 5)").fetchone() == (None,)
    assert isinstance(db.execute("SELECT gbdt_predict(?, NULL, NULL, NULL, NULL, NULL)", (model,)).fetchone()[0], float)


def test_a_wrong_number_of_features_is_refused_with_both_numbers(db, error):
    x, y = rows(1)
    model = train(db, x, y, num_boost_round=2)
    assert error("gbdt_predict(?, 1, 2, 3)", model) == "gbdt_predict: the model has 5 features, 3 are given"
    assert error("gbdt_margin(?, 1, 2, 3, 4, 5, 6)", model) == "gbdt_margin: the model has 5 features, 6 are given"


def test_features_that_float32_cannot_hold_are_refused(db, error):
    x, y = rows(1)
    model = train(db, x, y, num_boost_round=2)
    assert "feature 2 is 1.0e+39, beyond the range of float32" in error("gbdt_predict(?, 1, 1e39, 3, 4, 5)", model)
    assert "feature 1 is Inf, beyond the range of float32" in error("gbdt_predict(?, 9e999, 2, 3, 4, 5)", model)
    assert "feature 2 must be a number or NULL, got text 'x'" in error("gbdt_predict(?, 1, 'x', 3, 4, 5)", model)


def test_a_model_from_anywhere_gives_the_same_numbers(db):
    """A literal, a parameter, a subquery, a column of a join: more models than are kept at a time."""
    x, y = rows(2, n=60)
    fill(db, x, y, "t")
    names = feature_list(5)
    db.execute(
        f"CREATE TABLE models AS SELECT g, gbdt_train('{{\"num_boost_round\": 3}}', y, {names}) AS model"
        " FROM (SELECT *, rowid % 12 AS g FROM t) GROUP BY g"
    )
    joined = db.execute(f"SELECT g, t.rowid, gbdt_predict(model, {names}) FROM t, models ORDER BY t.rowid, g").fetchall()
    assert len(joined) == 12 * 60
    for g, model in db.execute("SELECT g, model FROM models").fetchall():
        bound = [(g, *row) for row in db.execute(f"SELECT rowid, gbdt_predict(?, {names}) FROM t", (model,))]
        assert bound == [row for row in joined if row[0] == g]
        nested = f"SELECT {g}, rowid, gbdt_predict((SELECT model FROM models WHERE g = {g}), {names}) FROM t"
        assert db.execute(nested).fetchall() == bound


def test_two_models_of_equal_length_are_not_taken_for_each_other(db):
    x = np.arange(10.0).reshape(-1, 1)
    model = train(db, x, x[:, 0], num_boost_round=1)
    other = model.replace('"base_score":"0E0"', '"base_score":"5E0"')
    db.execute("CREATE TABLE pair (model)")
    db.executemany("INSERT INTO pair VALUES (?)", [(m,) for m in [model, other] * 5])
    estimates = [row[0] for row in db.execute("SELECT gbdt_predict(model, 9) FROM pair ORDER BY rowid")]
    one = float(score(db, model, np.array([[9.0]]))[0])
    assert len(model) == len(other) and estimates == [one, float(np.float32(one) + np.float32(5))] * 5


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
def test_predictions_may_be_stored_and_indexed(db, objective):
    """The function is pure: SQLite allows it in an index and a generated column."""
    x, y = rows(4, n=50)
    model = train(db, x, (y > 0).astype(float), num_boost_round=2, objective=objective).replace("'", "''")
    db.execute(f"CREATE INDEX by_estimate ON t (gbdt_predict('{model}', {feature_list(5)}))")
    assert db.execute("SELECT count(*) FROM t").fetchone() == (50,)
