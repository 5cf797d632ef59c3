"""ks_statistic, ks_pvalue and ks_test beside scipy's ks_2samp, by every method and across the borders between methods."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from helpers.extension import connect

FORMS = "ks_statistic(value, is_reference), ks_pvalue(value, is_reference), ks_pvalue(value, is_reference, 'exact'), ks_pvalue(value, is_reference, 'asymp')"
METHODS = ("auto", "exact", "asymp")


@pytest.fixture(scope="module")
def rows():
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE sample(value, is_reference)")
        yield connection


def fill(db, reference, current):
    db.execute("DELETE FROM sample")
    db.executemany("INSERT INTO sample VALUES (?, 1)", ((x,) for x in np.asarray(reference).tolist()))
    db.executemany("INSERT INTO sample VALUES (?, 0)", ((x,) for x in np.asarray(current).tolist()))


def ours(db, reference, current, forms=FORMS):
    fill(db, reference, current)
    return db.execute(f"SELECT {forms} FROM sample").fetchone()


def scipys(reference, current, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return stats.ks_2samp(reference, current, method=method)


def close(found, expected, tolerance=1e-12):
    return math.isclose(found, expected, rel_tol=tolerance, abs_tol=1e-300)


def drawn(chance):
    """Two samples: normal, heavy-tailed or with few different values, near each other or apart, of equal or unequal size."""
    m = int(chance.choice([1, 2, 3, 7, 20, 60, 150, 300, 800]))
    n = m if chance.random() < 0.25 else int(chance.integers(1, 900))
    shift = chance.choice([0, 0, 0.1, 0.5, 2, 9])
    kind = chance.integers(3)
    make = [chance.standard_normal, chance.standard_cauchy, lambda k: chance.integers(-3, 4, k)][kind]
    return make(m), make(n) + (round(shift) if kind == 2 else shift)


def test_a_thousand_random_pairs_have_the_statistic_and_the_p_values_of_scipy(rows):
    chance = np.random.default_rng(1)
    for _ in range(1000):
        a, b = drawn(chance)
        d, *found = ours(rows, a, b)
        assert close(d, scipys(a, b, "auto").statistic, 1e-15)
        for method, p in zip(METHODS, found):
            expected = scipys(a, b, method).pvalue
            if math.isnan(expected):
                assert len(a) == len(b) == 1 and p == (1 if a[0] == b[0] else None)
            else:
                assert close(p, expected, 1e-12), (method, len(a), len(b), d, p, expected)


def test_the_method_changes_where_scipys_does(rows):
    chance = np.random.default_rng(2)
    for m, n, is_exact in ((10_000, 9_999, True), (10_000, 10_000, True), (10_000, 10_001, False), (10_001, 3, False)):
        a, b = chance.standard_normal(m), chance.standard_normal(n) + 0.01
        d, auto, exact, asymptotic = ours(rows, a, b)
        assert d == scipys(a, b, "auto").statistic
        assert auto == (exact if is_exact else asymptotic)
        assert close(auto, scipys(a, b, "auto").pvalue) and close(asymptotic, scipys(a, b, "asymp").pvalue)
        found = rows.execute("SELECT * FROM ks_test('SELECT value FROM sample WHERE is_reference', 'SELECT value FROM sample WHERE NOT is_reference')").fetchone()
        assert found == (d, auto, "exact" if is_exact else "asymp", m, n, None)


def test_every_border_between_approximations_is_scipys(rows):
    """Samples of n against n in which d is what is asked for: the first k of the others lie below all."""
    for n in (2, 3, 5, 10, 100, 140, 279, 280, 281, 282, 1000, 4000):
        for k in sorted({1, 2, 3, n - 2, n - 1, n, *(round(math.sqrt(n * x) * 1.4) for x in (0.02, 0.1, 0.37, 0.76, 1.2, 2.1, 2.3, 3.9, 4.2, 17, 19, 150))}):
            if 1 <= k <= n:
                a, b = np.arange(n), np.concatenate([np.full(k, -1), np.arange(n - k)])
                p = ours(rows, a, b, "ks_pvalue(value, is_reference, 'asymp')")[0]
                assert close(p, scipys(a, b, "asymp").pvalue), (n, k, p)


def test_large_samples_have_scipys_tail(rows):
    """Of an effective size of a few hundred the tail is summed, of one beyond a million it is a formula."""
    for n in (20_000, 200_000):
        for d in (0.0006, 0.005, 0.02):
            a = np.arange(n)
            b = a - round(d * n)
            p = ours(rows, a, b, "ks_pvalue(value, is_reference)")[0]
            assert close(p, scipys(a, b, "asymp").pvalue), (n, d, p)


def test_the_example_that_can_be_checked_by_hand(rows):
    assert ours(rows, [1, 2, 2, 3], [2, 2, 2, 5, 6]) == (0.4, 0.7460317460317459, 0.7460317460317459, pytest.approx(0.82, rel=5e-3))


def test_samples_that_do_not_differ_have_p_1(rows):
    for m in (1, 2, 7, 10_001):
        for n in (1, 5, 10_001):
            assert ours(rows, np.full(m, 4.5), np.full(n, 4.5)) == (0, 1, 1, 1)
            assert ours(rows, np.full(m, 4.5), np.full(n, 4.5), "wasserstein(value, is_reference)") == (0,)


def test_an_empty_sample_has_no_answer_and_the_test_says_which(rows):
    every = FORMS + ", wasserstein(value, is_reference)"
    for a, b in (([], [1.0]), ([1.0], []), ([], [])):
        assert ours(rows, a, b, every) == (None,) * 5
    rows.execute("INSERT INTO sample VALUES (NULL, 1), (NULL, 0), (3, NULL), (4, 1)")
    assert rows.execute(f"SELECT {every} FROM sample").fetchone() == (None,) * 5
    for reference, current, reason in (("NULL", "1", "the reference query has no values"), ("1", "NULL", "the current query has no values"), ("NULL", "NULL", "neither query has values")):
        found = rows.execute("SELECT * FROM ks_test('SELECT ' || ?, 'SELECT ' || ?)", (reference, current)).fetchone()
        assert found == (None, None, None, reference == "1", current == "1", reason)


def test_the_order_of_the_rows_and_which_sample_is_the_reference_are_nothing(rows):
    chance = np.random.default_rng(3)
    every = FORMS + ", wasserstein(value, is_reference), js_distance(value, is_reference), total_variation(value, is_reference), linf(value, is_reference)"
    for _ in range(20):
        a, b = drawn(chance)
        first = ours(rows, a, b, every)
        assert ours(rows, chance.permutation(b), chance.permutation(a), every) == first


def test_wasserstein_is_scipys_distance(rows):
    chance = np.random.default_rng(4)
    for _ in range(300):
        a, b = drawn(chance)
        assert close(ours(rows, a, b, "wasserstein(value, is_reference)")[0], stats.wasserstein_distance(a, b), 1e-11)
    assert ours(rows, [0, 1, 3], [5, 6, 8], "wasserstein(value, is_reference)") == (5,)


def test_what_is_no_number_or_no_method_is_refused(error):
    assert error("ks_pvalue(1, 1, 'fast')") == "ks_pvalue: argument 3 (method) must be 'auto', 'exact' or 'asymp', got text 'fast'"
    assert error("ks_statistic('a', 1)") == "ks_statistic: argument 1 (value) must be a number, got text 'a'"
    assert error("ks_pvalue(1, 1, column1) FROM (VALUES ('exact'), ('asymp'))") == "ks_pvalue: argument 3 (method) must be the same for all rows"
    assert error("* FROM ks_test('SELECT 1', 'VALUES (2), (''a'')')") == "ks_test: row 2 of the current query: expected a number or NULL, got text 'a'"
    assert error("* FROM ks_test('DELETE FROM t', 'SELECT 1')").startswith("ks_test: the query must be one SELECT")
