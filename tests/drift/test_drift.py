"""drift(reference_query, current_query): one row for each column and metric, each what its own function says."""

import math

import numpy as np
import pytest

BINNED = {"psi": "psi(x, r, 10)", "js_distance": "js_distance(x, r, 10)", "total_variation": "total_variation(x, r, 10)", "linf": "linf(x, r, 10)"}
NUMERIC = {"ks_test": "ks_statistic(x, r)", "wasserstein": "wasserstein(x, r)"}


def drift(db, reference="SELECT * FROM reference", current="SELECT * FROM current"):
    rows = db.execute("SELECT * FROM drift(?, ?)", (reference, current)).fetchall()
    return {(column, metric): rest for column, metric, *rest in rows}


def both(db, column):
    return f"(SELECT {column} AS x, 1 AS r FROM reference UNION ALL SELECT {column}, 0 FROM current)"


@pytest.fixture
def samples(db):
    """Columns of every kind, in another order in the current sample."""
    chance = np.random.default_rng(1)
    db.executescript("CREATE TABLE reference(n, few, named, mixed, gone, empty); CREATE TABLE current(mixed, empty, named, n, gone, few)")
    for table, rows in (("reference", 400), ("current", 150)):
        for _ in range(rows):
            db.execute(
                f"INSERT INTO {table}(n, few, named, mixed, gone) VALUES (?, ?, ?, ?, ?)",
                (
                    chance.normal() if chance.random() < 0.9 else None,
                    int(chance.integers(4)),
                    ["road", "trail", "track", None][chance.integers(4)] if table == "reference" else ["road", "new"][chance.integers(2)],
                    [1, 2.5, "a", b"a", None][chance.integers(5)],
                    chance.normal() if table == "reference" else None,
                ),
            )
    return db


def test_every_metric_is_that_of_its_own_function(samples):
    found = drift(samples)
    for column, is_number in (("n", True), ("few", True), ("named", False), ("mixed", False), ("gone", True), ("empty", False)):
        metrics = {m for c, m in found if c == column}
        assert metrics == {*BINNED, "chi2_test", *(NUMERIC if is_number else ())}
        for metric in metrics - {"chi2_test"}:
            value, p, n_reference, n_current, reason = found[column, metric]
            assert value == samples.execute(f"SELECT {(BINNED | NUMERIC)[metric]} FROM {both(samples, column)}").fetchone()[0], (column, metric)
            counted = f"count({column})" if metric in NUMERIC else "count(*)"
            assert (n_reference, n_current) == tuple(samples.execute(f"SELECT {counted} FROM {t}").fetchone()[0] for t in ("reference", "current"))
            assert (value is None) == (reason is not None)
            assert p == (samples.execute(f"SELECT ks_pvalue(x, r) FROM {both(samples, column)}").fetchone()[0] if metric == "ks_test" else None)
    for column in ("few", "named", "mixed", "empty"):  # these are not cut into bins
        expected = samples.execute("SELECT statistic, pvalue, n_reference, n_current, reason FROM chi2_test(?, ?)", (f"SELECT {column} FROM reference", f"SELECT {column} FROM current")).fetchone()
        assert tuple(found[column, "chi2_test"]) == expected
    assert found["gone", "ks_test"] == [None, None, 400, 0, "the current sample has no values"]
    assert found["gone", "total_variation"][0] == 1 and found["empty", "psi"][0] == 0


def test_no_metric_is_ever_nan_and_an_empty_sample_says_so(samples):
    for reference, current in (("SELECT * FROM reference WHERE 0", "SELECT * FROM current"), ("SELECT * FROM reference", "SELECT * FROM current WHERE 0"), ("SELECT 9e999 AS x", "SELECT -9e999 AS x"), ("SELECT 1e308 AS x", "SELECT -1e308 AS x")):
        for (column, metric), (value, p, _, _, reason) in drift(samples, reference, current).items():
            assert value is None or math.isfinite(value)
            assert (value is None) == (reason is not None), (column, metric)
    for reference, current, reason in ((0, 1, "the reference sample has no values"), (1, 0, "the current sample has no values"), (0, 0, "neither sample has values")):
        found = drift(samples, f"SELECT n, named FROM reference WHERE {reference}", f"SELECT n, named FROM current WHERE {current}")
        assert {rest[-1] for rest in found.values()} == {reason}


def test_columns_that_do_not_match_are_named(error):
    assert error("* FROM drift('SELECT 1 AS a, 2 AS b', 'SELECT 1 AS a')") == "drift: the current query has no column b, which the reference has"
    assert error("* FROM drift('SELECT 1 AS a', 'SELECT 1 AS a, 2 AS c')") == "drift: the reference query has no column c, which the current one has"
    assert error("* FROM drift('SELECT 1 AS a, 2 AS A', 'SELECT 1 AS a')") == "drift: the reference query has two columns A"
    assert error("* FROM drift('SELECT 1 AS a', 'SELECT 1 AS a, 2 AS A')") == "drift: the current query has two columns A"
    assert "the query failed" in error("* FROM drift('SELECT abs(-9223372036854775807 - 1) AS a', 'SELECT 1 AS a')")
