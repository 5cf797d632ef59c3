"""exact_sum and exact_avg are the sums and means of exact arithmetic, rounded once: math.fsum, and fractions."""

import itertools
import math
import random
import struct
from fractions import Fraction

import pytest

SEEDS = range(40)


def numbers(rng, n):
    """Doubles whose sum is hard: all sizes, cancelling, subnormal, halves of a last bit."""
    kinds = [
        lambda: struct.unpack("d", struct.pack("Q", rng.getrandbits(64) & ~(1 << 62) | rng.getrandbits(1) << 61))[0],
        lambda: rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12),
        lambda: rng.choice([1.0, -1.0, 2**53.0, -(2**53.0), 2**-1074, 2.0**-53, 2.0**-54, 1e308, -1e308, 0.1, -0.0]),
        lambda: round(rng.uniform(0, 50000), rng.randint(0, 3)),
        lambda: rng.randint(-(2**63), 2**63 - 1),
        lambda: rng.randint(-1000, 1000),
    ]
    chosen = rng.sample(kinds, rng.randint(1, len(kinds)))
    found = [x for x in (rng.choice(chosen)() for _ in range(n)) if not isinstance(x, float) or math.isfinite(x)]
    return found + [-x for x in rng.sample(found, rng.randint(0, len(found))) if x != -(2**63)]


def nearest(exact):
    """A fraction as the nearest double."""
    try:
        return exact.numerator / exact.denominator
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def same(a, b):
    return type(a) is type(b) and (a == b or a is None)


def put(db, values):
    db.execute("CREATE TEMP TABLE IF NOT EXISTS n(i INTEGER PRIMARY KEY, x)")
    db.execute("DELETE FROM n")
    db.executemany("INSERT INTO n VALUES (?, ?)", enumerate(values))


def expected_sum(values):
    exact = sum(map(Fraction, values))
    if all(isinstance(x, int) for x in values) and -(2**63) <= exact < 2**63:
        return int(exact)
    return nearest(exact)


@pytest.mark.parametrize("seed", SEEDS)
def test_sum_and_mean_are_the_exact_ones_rounded_once_in_any_order(db, seed):
    rng = random.Random(seed)
    for n in (1, 2, 3, 10, 300):
        values = numbers(rng, n) or [1]
        for _ in range(3):
            put(db, values)
            total, mean = db.execute("SELECT exact_sum(x), exact_avg(x) FROM (SELECT x FROM n ORDER BY i)").fetchone()
            assert same(total, expected_sum(values)), values
            assert same(mean, nearest(sum(map(Fraction, values)) / len(values))), values
            rng.shuffle(values)
        reals = [float(x) for x in values]
        put(db, reals)
        try:
            assert same(db.execute("SELECT exact_sum(x) FROM n").fetchone()[0], math.fsum(reals))
        except OverflowError:
            pass  # fsum gives up where a part of the sum is too large


@pytest.mark.parametrize("seed", range(12))
def test_a_moving_frame_has_the_sum_of_its_own_rows_alone(db, seed):
    rng = random.Random(seed)
    values = [rng.choice([None, x]) if rng.random() < 0.2 else x for x in numbers(rng, 60)]
    put(db, values)
    width = rng.randint(0, 12)
    found = db.execute(f"SELECT exact_sum(x) OVER w, exact_avg(x) OVER w FROM n WINDOW w AS (ORDER BY i ROWS {width} PRECEDING) ORDER BY i").fetchall()
    for i, (total, mean) in enumerate(found):
        frame = [x for x in values[max(0, i - width) : i + 1] if x is not None]
        assert same(total, expected_sum(frame) if frame else None)
        assert same(mean, nearest(sum(map(Fraction, frame)) / len(frame)) if frame else None)


def test_nulls_are_skipped_and_nothing_has_no_sum(db):
    assert db.execute("SELECT exact_sum(x), exact_avg(x) FROM (SELECT 1 AS x WHERE 0)").fetchone() == (None, None)
    assert db.execute("SELECT exact_sum(NULL), exact_avg(NULL)").fetchone() == (None, None)
    put(db, [None, 1, None, 2.5])
    assert db.execute("SELECT exact_sum(x), exact_avg(x) FROM n").fetchone() == (3.5, 1.75)


def test_infinities_count_as_in_sqlite_and_leave_a_frame_with_their_row(db):
    for values in itertools.product([math.inf, -math.inf, 0.5, None, 1], repeat=3):
        put(db, values)
        ours, theirs = db.execute("SELECT exact_sum(x), SUM(x) FROM n").fetchone()
        assert ours == theirs, values
        frame = db.execute("SELECT exact_sum(x) OVER (ORDER BY i ROWS 1 PRECEDING) FROM n ORDER BY i").fetchall()[2][0]
        put(db, values[1:])
        assert frame == db.execute("SELECT SUM(x) FROM n").fetchone()[0]
    put(db, [1e308, 1e308, -1e308])
    assert db.execute("SELECT exact_sum(x) FROM n").fetchone() == (1e308,)
    put(db, [1e308, 1e308])
    assert db.execute("SELECT exact_sum(x), exact_avg(x) FROM n").fetchone() == (math.inf, 1e308)


def test_integers_keep_every_digit_where_sqlite_stops(db):
    put(db, [2**63 - 1, 5, -5])
    assert db.execute("SELECT exact_sum(x) FROM n").fetchone() == (2**63 - 1,)
    put(db, [2**63 - 1, 1])
    assert db.execute("SELECT exact_sum(x) FROM n").fetchone() == (2.0**63,)
    put(db, [-(2**63), 2**62, -(2**62)])
    assert db.execute("SELECT exact_sum(x) FROM n").fetchone() == (-(2**63),)


def test_what_is_no_number_is_refused_with_a_sentence(error):
    assert error("exact_sum('1 km')") == "exact_sum: argument 1 (x) must be a number, got text '1 km'"
    assert error("exact_avg(x'00')") == "exact_avg: argument 1 (x) must be a number, got a blob of 1 bytes"
