"""psi, js_distance, chi2_test, total_variation and linf of random tables of categories and of binned numbers, beside scipy and closed forms."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from helpers.extension import connect

FORMS = "psi(value, is_reference, {b}), js_distance(value, is_reference, {b}), js_distance(value, is_reference, {b}, 2), total_variation(value, is_reference, {b}), linf(value, is_reference, {b})"


@pytest.fixture(scope="module")
def rows():
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE sample(value, is_reference)")
        yield connection


def ours(db, reference, current, forms=FORMS, bins="NULL"):
    db.execute("DELETE FROM sample")
    db.executemany("INSERT INTO sample VALUES (?, 1)", ((x,) for x in reference))
    db.executemany("INSERT INTO sample VALUES (?, 0)", ((x,) for x in current))
    return db.execute(f"SELECT {forms.format(b=bins)} FROM sample").fetchone()


def chi2(db, reference, current):
    ours(db, reference, current, "0")
    return db.execute("SELECT * FROM chi2_test('SELECT value FROM sample WHERE is_reference', 'SELECT value FROM sample WHERE NOT is_reference')").fetchone()


def shares(reference, current):
    """By whatever tells cells apart, in one order."""
    r, c = Counter(reference), Counter(current)
    cells = list(r | c)
    return np.array([r[x] for x in cells]), np.array([c[x] for x in cells])


def expected(r, c):
    p, q = r / r.sum(), c / c.sum()
    little = [min(0.0001, 0.5 / n.sum()) for n in (r, c)]
    filled = [np.where(x > 0, x, y) for x, y in zip((p, q), little)]
    psi = math.fsum((filled[1] - filled[0]) * np.log(filled[1] / filled[0]))
    return psi, jensenshannon(p, q), jensenshannon(p, q, base=2), abs(p - q).sum() / 2, abs(p - q).max()


def drawn(chance):
    """Texts, blobs, numbers and missing values, of which each sample may have some that the other has not."""
    known = ["road", "trail", "", "1", b"1", b"road", 1, 2.5, -3, None, "ünï", "x" * 300] + [f"c{i}" for i in range(int(chance.choice([0, 0, 200])))]
    some = [known[i] for i in chance.permutation(len(known))[: chance.integers(1, len(known) + 1)]]
    return [[some[i] for i in chance.integers(int(chance.integers(len(some))), len(some), n)] for n in chance.integers(1, 1500, 2)]


def test_random_tables_have_the_distances_of_scipy_and_of_their_definitions(rows):
    chance = np.random.default_rng(1)
    for _ in range(300):
        a, b = drawn(chance)
        found = ours(rows, a, b)
        assert found == pytest.approx(expected(*shares(a, b)), rel=1e-10, abs=2e-8), (found, shares(a, b))
        assert all(math.isfinite(x) for x in found)


def test_random_tables_have_the_chi_squared_test_of_scipy(rows):
    chance = np.random.default_rng(2)
    single = 0
    for _ in range(300):
        a, b = drawn(chance)
        table = np.array(shares(a, b))
        statistic, p, degrees, n_reference, n_current, reason = chi2(rows, a, b)
        truth = stats.chi2_contingency(table)
        assert (degrees, n_reference, n_current, reason) == (truth.dof, len(a), len(b), None)
        assert statistic == pytest.approx(truth.statistic, rel=1e-12, abs=1e-12)
        assert p == pytest.approx(truth.pvalue, rel=1e-11, abs=1e-300)
        single += degrees == 0 and p == 1
    assert single > 3


def test_the_tail_of_chi_squared_is_scipys_for_few_and_many_degrees(rows):
    """Two samples of many categories; the farther they are apart the farther out the statistic."""
    for k in (2, 3, 4, 5, 10, 31, 32, 100, 1000, 5000):
        for rest in (0, 1, k // 4, k // 2, k - 1):
            a = [i for i in range(k) for _ in range(3)]
            b = [i for i in range(k - rest) for _ in range(4)] + list(range(k))
            truth = stats.chi2_contingency(np.array(shares(a, b)))
            assert chi2(rows, a, b)[:2] == pytest.approx((truth.statistic, truth.pvalue), rel=1e-11, abs=1e-300)


def edges(values, bins):
    """Quantiles of type 7 in exact fractions, rounded once."""
    v = sorted(values)
    for k in range(1, bins):
        at = Fraction((len(v) - 1) * k, bins)
        i = math.floor(at)
        yield v[i] if at == i else float(Fraction(v[i]) + (Fraction(v[i + 1]) - Fraction(v[i])) * (at - i))


def test_numbers_are_cut_at_the_references_quantiles_when_there_are_many(rows):
    chance = np.random.default_rng(3)
    cut = 0
    for _ in range(200):
        bins, m, n = (int(x) for x in chance.integers((2, 1, 1), (30, 400, 400)))
        make = [chance.standard_normal, lambda k: chance.integers(0, 12, k), lambda k: chance.integers(0, 60, k)][chance.integers(3)]
        a, b = make(m).tolist(), make(n).tolist() + [None, "new"][: chance.integers(3)]
        cell = lambda x: x
        if len(set(a)) > bins:
            inner = list(edges(a, bins))
            cell = lambda x: x if x is None or isinstance(x, str) else f"bin {np.searchsorted(inner, x)}"
            cut += 1
        found = ours(rows, a, b, bins=bins)
        assert found == pytest.approx(expected(*shares(map(cell, a), map(cell, b))), rel=1e-10, abs=2e-8)
        if bins == 10:
            assert ours(rows, a, b, "psi(value, is_reference)")[0] == found[0]
    assert 50 < cut < 200


def test_the_smallest_tables(rows):
    assert ours(rows, ["a"], ["a"]) == (0, 0, 0, 0, 0)
    assert ours(rows, ["a"], [None])[1:] == pytest.approx((math.sqrt(math.log(2)), 1, 1, 1))
    assert ours(rows, [7] * 9, [7] * 4, bins=10) == (0, 0, 0, 0, 0)
    assert chi2(rows, [7] * 9, [7] * 4) == (0, 1, 0, 9, 4, None)
    assert ours(rows, [0.0, -0.0], [-0.0]) == (0, 0, 0, 0, 0)


def test_an_empty_sample_has_no_distance_and_the_test_says_which(rows):
    for a, b, reason in (([], ["a"], "the reference query has no values"), (["a"], [], "the current query has no values"), ([], [], "neither query has values")):
        assert ours(rows, a, b) == (None,) * 5
        assert chi2(rows, a, b) == (None, None, None, len(a), len(b), reason)
