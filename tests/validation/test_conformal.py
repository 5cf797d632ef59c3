"""Split-conformal quantiles: the rank by exact fractions, coverage by drawing new cases, refusals."""

import math
import random
import sqlite3
from fractions import Fraction

import numpy as np
import pytest

QUANTILE = "SELECT conformal_quantile(value, ?2) FROM json_each(?1)"


def quantile(db, scores, q):
    return db.execute(QUANTILE, ("[" + ",".join(map(repr, scores)) + "]", q)).fetchone()[0]


def expected(scores, decimal):
    """By the definition, with q as the decimal that was written and not as the double nearest to it."""
    q, ordered = Fraction(decimal), sorted(scores)
    rank = math.floor((len(scores) + 1) * q) if q < Fraction(1, 2) else math.ceil((len(scores) + 1) * q)
    return ordered[rank - 1] if 1 <= rank <= len(scores) else None


def test_the_rank_is_the_one_of_exact_arithmetic(db):
    chance = random.Random(1)
    missing = 0
    for hundredths in range(1, 100):
        for n in list(range(1, 25)) + [49, 99, 100, 199, 499, 999]:
            scores = [chance.choice([chance.gauss(0, 1), chance.randint(-3, 3)]) for _ in range(n)]
            decimal = f"0.{hundredths:02}"
            exact, computed = float(decimal), (1 - (1 - 2 * float(decimal))) / 2
            found = quantile(db, scores, chance.choice([exact, computed]))
            assert found == expected(scores, decimal), (n, decimal)
            missing += found is None
    assert missing > 100


def test_a_tail_needs_one_row_less_than_the_reciprocal_of_its_share(db):
    for tail, decimal in ((10, "0.9"), (10, "0.1"), (20, "0.95"), (20, "0.05"), (4, "0.75"), (100, "0.99")):
        assert quantile(db, range(tail - 2), float(decimal)) is None
        assert quantile(db, range(tail - 1), float(decimal)) == (0 if float(decimal) < 0.5 else tail - 2)


def test_new_cases_lie_inside_as_often_as_promised(db):
    """Whatever the distribution: with n = 19 rows and tails of 0.1 exactly 16 of 20 places are inside."""
    chance = np.random.default_rng(2)
    inside, draws = 0, 4000
    for _ in range(draws):
        scores = chance.standard_cauchy(20)
        low, high = (quantile(db, scores[:19].tolist(), q) for q in (0.1, 0.9))
        inside += low <= scores[19] <= high
    assert abs(inside / draws - 0.8) < 4 * math.sqrt(0.16 / draws)


def test_nulls_are_skipped_and_no_row_has_no_quantile(db):
    assert db.execute("SELECT conformal_quantile(column1, 0.5) FROM (VALUES (NULL), (1), (NULL), (2), (3))").fetchone() == (2.0,)
    assert db.execute("SELECT conformal_quantile(1, 0.5) WHERE 0").fetchone() == (None,)
    assert db.execute("SELECT conformal_quantile(NULL, 0.5)").fetchone() == (None,)


@pytest.mark.parametrize("call, sentence", [
    ("conformal_quantile(1, 0)", "argument 2 (q) must be"),
    ("conformal_quantile(1, 1)", "argument 2 (q) must be"),
    ("conformal_quantile('x', 0.5)", "argument 1 (score) must be"),
    ("conformal_quantile(1e999, 0.5)", "argument 1 (score) must be"),
    ("conformal_quantile(1, column1)", "argument 2 (q) must be the same for all rows"),
])
def test_what_is_wrong_is_said(db, call, sentence):
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"SELECT {call} FROM (VALUES (0.25), (0.75))").fetchall()
    assert str(caught.value).startswith("conformal_quantile: " + sentence)
