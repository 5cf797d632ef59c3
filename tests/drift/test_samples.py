"""drift_samples beside drift, mean_shift_test and scipy; profile beside pandas and SQLite's own aggregates."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

METRICS = {"ks_statistic": ("ks_test", 0), "ks_pvalue": ("ks_test", 1), "wasserstein": ("wasserstein", 0), "js_distance": ("js_distance", 0), "psi": ("psi", 0), "chi2_statistic": ("chi2_test", 0),
           "chi2_pvalue": ("chi2_test", 1), "total_variation": ("total_variation", 0), "linf": ("linf", 0)}  # fmt: skip


def column(chance, n):
    """n values of one of many kinds; here and there nothing."""
    kinds = [
        lambda: chance.standard_normal(n).tolist(),
        lambda: (1e150 * chance.standard_cauchy(n)).tolist(),
        lambda: chance.integers(-2, 3, n).tolist(),
        lambda: [7.5] * n,
        lambda: chance.choice(["road", "trail", "ö", ""], n).tolist(),
        lambda: [[1, 2.5, -0.0, "a", b"a", "1"][k] for k in chance.integers(0, 6, n)],
        lambda: [None] * n,
        lambda: np.cumsum(chance.standard_normal(n)).tolist(),
    ]
    values, missing = kinds[chance.integers(len(kinds))](), chance.random(n) < chance.choice([0, 0, 0.3])
    return [None if gone else value for gone, value in zip(missing, values)]


@pytest.fixture
def table(db):
    def fill(chance, n, references):
        width = int(chance.integers(1, 6))
        db.execute("DROP TABLE IF EXISTS t")
        names = [f"c{i}" for i in range(width)]
        db.execute(f"CREATE TABLE t(day INTEGER PRIMARY KEY, samples, {', '.join(names)})")
        samples = chance.integers(0, 2 << references, n).tolist()
        columns = [column(chance, n) for _ in names]
        db.executemany(f"INSERT INTO t VALUES (?, ?{', ?' * width})", [(day, samples[day], *(c[day] for c in columns)) for day in range(n)])
        return names

    return fill


@pytest.mark.parametrize("seed", range(60))
def test_each_reference_is_compared_as_drift_and_the_test_of_shifts_compare_it(db, table, seed):
    chance = np.random.default_rng(seed)
    references = int(chance.integers(1, 9))
    names = table(chance, int(chance.integers(0, 400)), references)
    cursor = db.execute("SELECT * FROM drift_samples('SELECT samples, ' || ? || ' FROM t WHERE day >= ?1 ORDER BY day', ?, 3)", (", ".join(names), references))
    found = pd.DataFrame(cursor.fetchall(), columns=[c[0] for c in cursor.description], dtype=object)
    assert list(zip(found.reference, found.column_name)) == [(r, c) for r in range(1, references + 1) for c in names]
    for reference, rows in found.groupby("reference"):
        sides = [f"FROM t WHERE day >= 3 AND samples & {bit} ORDER BY day" for bit in (1 << reference, 1)]
        told = {(c, m): rest for c, m, *rest in db.execute("SELECT * FROM drift(?, ?)", [f"SELECT {', '.join(names)} {side}" for side in sides])}
        for _, row in rows.iterrows():
            for name, (metric, place) in METRICS.items():
                assert row[name] == told.get((row.column_name, metric), (None, None))[place], (name, row.column_name)
            assert [row.n_reference, row.n_current] == told[row.column_name, "psi"][2:4]
            verdict(db, row, sides)
        p = [row.ks_pvalue if row.ks_pvalue is not None else row.chi2_pvalue for _, row in rows.iterrows()]
        expected = iter(stats.false_discovery_control([x for x in p if x is not None]) if any(x is not None for x in p) else [])
        assert rows.adjusted_pvalue.tolist() == [None if x is None else pytest.approx(next(expected), rel=1e-12) for x in p]


def verdict(db, row, sides):
    values = [v for side in sides for (v,) in db.execute(f"SELECT {row.column_name} {side}")]
    assert (row.is_drift is None) == (row.reason is not None)
    if any(isinstance(v, (str, bytes)) for v in values):
        assert row.reason == "not all values are numbers"
    else:
        told = db.execute("SELECT shift, own_limit, is_drift FROM mean_shift_test(?, ?)", [f"SELECT {row.column_name} {side}" for side in sides]).fetchone()
        assert (row["shift"], row.own_limit, row.is_drift) == told


@pytest.mark.parametrize("seed", range(60))
def test_a_profile_is_what_sqlite_and_pandas_say(db, table, seed):
    chance = np.random.default_rng(1000 + seed)
    names = table(chance, int(chance.integers(0, 700)), 1)
    cursor = db.execute(f"SELECT * FROM profile('SELECT {', '.join(names)} FROM t WHERE day >= ?1', 2)")
    found = [dict(zip([c[0] for c in cursor.description], row)) for row in cursor.fetchall()]
    assert [row["column_name"] for row in found] == names
    for row in found:
        x = row["column_name"]
        counted = db.execute(f"SELECT COUNT(*), COUNT({x}), COUNT(DISTINCT {x}), MIN({x}), MAX({x}), MIN(length({x})) FILTER (WHERE typeof({x}) IN ('text', 'blob')),"
                             f" MAX(length({x})) FILTER (WHERE typeof({x}) IN ('text', 'blob')), AVG(length({x})) FILTER (WHERE typeof({x}) IN ('text', 'blob')) FROM t WHERE day >= 2").fetchone()  # fmt: skip
        assert tuple(row[c] for c in ("n", "n_known", "n_distinct", "min", "max", "min_length", "max_length", "mean_length")) == counted
        numbers = pd.Series([v for (v,) in db.execute(f"SELECT {x} FROM t WHERE day >= 2 AND typeof({x}) IN ('integer', 'real')")], dtype=float)
        assert row["n_zeros"] == (numbers == 0).sum()
        expected = {"mean": numbers.mean(), "variance": numbers.var(), "median": numbers.median(), **{f"quantile_{q:02d}": numbers.quantile(q / 100) for q in (5, 25, 75, 95)}}
        for name, value in expected.items():
            told = math.nan if row[name] is None else row[name]
            # beside the greatest: a sum of numbers that cancel has the digits of those, here and there
            scale = numbers.abs().max() ** (2 if name == "variance" else 1) if len(numbers) else 0
            assert (math.isnan(told) and not math.isfinite(value)) or math.isclose(told, value, rel_tol=1e-9, abs_tol=1e-12 * scale), (name, x)


def test_infinite_values_have_no_mean_and_no_verdict(db):
    assert db.execute("SELECT mean, variance, median, min, max, n_distinct FROM profile('VALUES (1), (9e999), (-9e999)')").fetchone() == (None, None, None, -math.inf, math.inf, 3)
    assert db.execute("SELECT is_drift, reason FROM drift_samples('VALUES (1, 9e999), (2, 1), (2, 2), (2, 3)', 1)").fetchone() == (None, "a value is infinite")


@pytest.mark.parametrize("first", ["4", "-1", "1.0", "'1'", "NULL"])
def test_a_row_of_no_sample_that_there_is_is_named(error, first):
    shown = {"'1'": "text '1'"}.get(first, first)
    assert error(f"* FROM drift_samples('SELECT 3, 1 UNION ALL SELECT {first.replace(chr(39), chr(39) * 2)}, 2', 1)") == f"drift_samples: row 2 of the query: its first column must be a whole number from 0 to 3, got {shown}"
