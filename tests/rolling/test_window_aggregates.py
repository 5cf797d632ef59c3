"""ewma, linear_trend, training_monotony, training_strain, quantile: against numpy, scipy and published weeks."""

import math
import random

import numpy as np
import pytest
import scipy.stats

from helpers.machine.soak import soak

CALLS = ["ewma(x, 42)", "linear_trend(x, t)", "training_monotony(x)", "training_strain(x)", "quantile(x, 0.3)"]


@pytest.fixture
def series(db):
    """series([(t, x), ...]) fills the table s."""
    db.execute("CREATE TABLE s(n INTEGER PRIMARY KEY, t REAL, x REAL)")

    def fill(rows):
        db.execute("DELETE FROM s")
        db.executemany("INSERT INTO s(t, x) VALUES(?, ?)", rows)

    return fill


def one(db, call):
    return db.execute(f"SELECT {call} FROM (SELECT * FROM s ORDER BY n)").fetchone()[0]


def random_rows(rng, n, null_share=0.2):
    return [
        (rng.randint(0, 30), None if rng.random() < null_share else rng.choice([0.0, -0.0, 10.0, rng.gauss(50, 30), 1e9 * rng.random()]))
        for _ in range(n)
    ]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("frame", ["6 PRECEDING AND CURRENT ROW", "3 PRECEDING AND 2 FOLLOWING", "UNBOUNDED PRECEDING AND CURRENT ROW", "89 PRECEDING AND 80 PRECEDING"])
def test_a_moving_frame_gives_the_bits_of_the_plain_aggregate(db, series, call, frame):
    rng = random.Random(len(frame))
    rows = random_rows(rng, 150)
    series(rows)
    moving = [r[0] for r in db.execute(f"SELECT {call} OVER (ORDER BY n ROWS BETWEEN {frame}) FROM s ORDER BY n")]
    low, high = {"6": (6, 0), "3": (3, 2), "U": (1000, 0), "8": (89, -80)}[frame[0]][0:2]
    for i, got in enumerate(moving):
        first, last = i - low + 1, i + high + 1
        plain = db.execute(f"SELECT {call} FROM (SELECT * FROM s WHERE n BETWEEN ? AND ? ORDER BY n)", (first, last)).fetchone()[0]
        assert repr(got) == repr(plain)


@pytest.mark.parametrize("call", CALLS)
def test_a_huge_value_that_has_left_the_frame_leaves_no_trace(db, series, call):
    series([(i, 1e300 if i == 3 and "quantile" in call or i == 3 and "ewma" in call else 1e15 if i == 3 else i % 4 + 0.1) for i in range(40)])
    moving = [r[0] for r in db.execute(f"SELECT {call} OVER (ORDER BY n ROWS 6 PRECEDING) FROM s ORDER BY n")]
    tail = db.execute(f"SELECT {call} FROM (SELECT * FROM s WHERE n > 33 ORDER BY n)").fetchone()[0]
    assert moving[-1] == tail


def test_a_week_of_equal_loads_never_has_a_monotony(db, series):
    rng = random.Random(5)
    rows = []
    for _ in range(200):
        rows += [(0, rng.random() * 100) for _ in range(5)] + [(0, rng.random() * 100)] * 7
    series(rows)
    got = [r[0] for r in db.execute("SELECT training_monotony(x) OVER (ORDER BY n ROWS 6 PRECEDING) FROM s ORDER BY n")]
    for i in range(6, len(rows)):
        week = [x for _, x in rows[i - 6 : i + 1]]
        assert (got[i] is None) == (min(week) == max(week))


def test_ewma_is_the_recursion_from_zero(db, series):
    rng = random.Random(1)
    for days in (0.5, 1, 3.5, 7, 28, 42, 365, 100000):
        rows = random_rows(rng, 60)
        series(rows)
        alpha, y = -math.expm1(-1 / days), 0.0
        for _, x in rows:
            y += alpha * (x - y) if x is not None else 0
        assert one(db, f"ewma(x, {days})") == pytest.approx(y, rel=1e-12)


def test_ewma_of_a_constant_load_and_of_an_impulse_are_the_closed_forms(db, series):
    alpha = 1 - math.exp(-1 / 42)
    series([(0, 80.0)] * 100)
    for n, (got,) in enumerate(db.execute("SELECT ewma(x, 42) OVER (ORDER BY n) FROM s ORDER BY n"), 1):
        assert got == pytest.approx(80 * (1 - (1 - alpha) ** n), rel=1e-13)
    series([(0, 1000.0)] + [(0, 0.0)] * 99)
    for k, (got,) in enumerate(db.execute("SELECT ewma(x, 42) OVER (ORDER BY n) FROM s ORDER BY n")):
        assert got == pytest.approx(1000 * alpha * (1 - alpha) ** k, rel=1e-13)


def test_ewma_is_linear(db, series):
    rng = random.Random(2)
    a, b = [rng.random() for _ in range(50)], [rng.random() for _ in range(50)]
    answers = []
    for xs in (a, b, [2 * p + 3 * q for p, q in zip(a, b)]):
        series([(0, x) for x in xs])
        answers.append(one(db, "ewma(x, 7)"))
    assert answers[2] == pytest.approx(2 * answers[0] + 3 * answers[1], rel=1e-13)


def test_linear_trend_is_the_slope_of_scipy(db, series):
    rng = random.Random(3)
    for n in (2, 3, 10, 500):
        rows = [(i + 0.25, rng.gauss(5, 1) - 0.01 * i) for i in range(n)]
        series(rows)
        assert one(db, "linear_trend(x, t)") == pytest.approx(scipy.stats.linregress(*zip(*rows)).slope, rel=1e-10)


def test_linear_trend_far_from_the_origin_keeps_its_digits(db, series):
    series([(2460000.5 + i, 1e6 + 0.25 * i) for i in range(30)])
    assert one(db, "linear_trend(x, t)") == pytest.approx(0.25, rel=1e-14)


def test_linear_trend_needs_two_distinct_x(db, series):
    for rows in ([], [(1, 5)], [(1, 5), (1, 6)], [(1, 5), (2, None), (None, 3)]):
        series(rows)
        assert one(db, "linear_trend(x, t)") is None


@pytest.mark.parametrize(
    "week, monotony, strain",
    [  # Runalyze's MonotonyTest weeks
        ([0, 20, 10, 10, 10, 10, 10], 1.87083, 130.958),
        ([5, 15, 20, 20, 20, 25, 35], 2.36643, 331.30),
        ([0, 0, 0, 10, 20, 30, 40], 0.95346, 95.346),
    ],
)
def test_published_weeks_have_their_monotony_and_strain(db, series, week, monotony, strain):
    series([(0, x) for x in week])
    assert one(db, "training_monotony(x)") == pytest.approx(monotony, abs=5e-6)
    assert one(db, "training_strain(x)") == pytest.approx(strain, abs=5e-3)


def test_monotony_and_strain_equal_numpy(db, series):
    rng = random.Random(4)
    for n in (2, 7, 1000):
        xs = [rng.choice([0, rng.random() * 200]) for _ in range(n)] + [50.0]
        series([(0, x) for x in xs])
        monotony = np.mean(xs) / np.std(xs)
        assert one(db, "training_monotony(x)") == pytest.approx(monotony, rel=1e-12)
        assert one(db, "training_strain(x)") == pytest.approx(np.sum(xs) * monotony, rel=1e-12)


def test_monotony_needs_two_values_and_a_spread(db, series):
    for xs in ([], [5], [0] * 7, [0.1] * 7, [None, 4]):
        series([(0, x) for x in xs])
        assert one(db, "training_monotony(x)") is None
        assert one(db, "training_strain(x)") is None


def test_quantile_equals_numpy_for_every_shape_of_input(db, series):
    rng = random.Random(6)
    for n in (1, 2, 3, 4, 5, 17, 100, 1001):
        for xs in (
            [rng.gauss(0, 1) for _ in range(n)],
            [float(rng.randint(0, 3)) for _ in range(n)],
            list(map(float, range(n))),
            list(map(float, range(n, 0, -1))),
            [7.0] * n,
        ):
            series([(0, x) for x in xs])
            for q in (0, 0.01, 0.25, 0.5, 0.9, 1):
                assert one(db, f"quantile(x, {q})") == np.quantile(xs, q)


def test_quantile_does_not_depend_on_the_order_of_the_rows(db, series):
    rng = random.Random(7)
    xs = [rng.choice([0.0, -0.0, 1.0, rng.random()]) for _ in range(300)]
    answers = set()
    for _ in range(20):
        rng.shuffle(xs)
        series([(0, x) for x in xs])
        answers.add(repr(one(db, "quantile(x, 0.37)")))
    assert len(answers) == 1


def test_numbers_may_arrive_as_text(db, series):
    series([(0, 1), (1, 2)])
    assert db.execute("SELECT quantile(CAST(x AS TEXT), '0.5') FROM s").fetchone()[0] == 1.5


def calls_after_the_last_row(db, call, stop_at=None):
    """How often the progress handler is asked once the aggregate has all rows; it says stop at the call `stop_at`."""
    calls = []

    def handler():
        if calls:
            calls.append(1)
        return stop_at is not None and len(calls) > stop_at

    db.create_function("noted", 1, lambda n: calls.append(0) if n == 400000 else None)
    db.set_progress_handler(handler, 1)
    try:
        db.execute(f"SELECT {call} FROM long WHERE noted(n) IS NULL").fetchall()
    finally:
        db.set_progress_handler(None, 0)
    return len(calls)


@pytest.mark.parametrize("call", ["ewma(x, 42)", "quantile(x, 0.5)", soak("linear_trend(x, n)"), soak("training_monotony(x)")])
def test_a_long_frame_can_be_stopped_inside_the_aggregate(db, call):
    db.execute("CREATE TABLE long(n INTEGER PRIMARY KEY, x REAL)")
    db.executemany("INSERT INTO long VALUES(?, ?)", ((i, (i * 7919) % 400009) for i in range(1, 400001)))
    outside = calls_after_the_last_row(db, "count(x)")
    assert calls_after_the_last_row(db, call) > outside
    with pytest.raises(Exception, match="interrupted"):
        calls_after_the_last_row(db, call, stop_at=outside)


@pytest.mark.parametrize(
    "call, sentence",
    [
        ("ewma(x, 0)", "ewma: argument 2 (days) must be a number at least 0.01 and at most 1000000, got 0"),
        ("ewma(x, n)", "ewma: argument 2 (days) must be the same for all rows"),
        ("ewma(x)", "ewma: called with 1 argument, the form is ewma(x, days)"),
        ("ewma('a', 7)", "ewma: argument 1 (x) must be a number, got text 'a'"),
        ("linear_trend(x, 'b')", "linear_trend: argument 2 (x) must be a number, got text 'b'"),
        ("linear_trend(n * 1e308, n * 1e-10)", "linear_trend: argument 1 (y) must be a number, got Inf"),
        ("linear_trend((n - 1.5) * 3e307, n * 1e-10)", "linear_trend: the result is too large for a number"),
        ("training_monotony(9e999)", "training_monotony: argument 1 (x) must be a number, got Inf"),
        ("training_monotony((n - 1) * 1e200)", "training_monotony: the result is too large for a number"),
        ("training_strain(x'00')", "training_strain: argument 1 (x) must be a number, got a blob of 1 bytes"),
        ("quantile(x, 1.5)", "quantile: argument 2 (q) must be a number at least 0 and at most 1, got 1.5"),
        ("quantile(x, n / 10.0)", "quantile: argument 2 (q) must be the same for all rows"),
    ],
)
def test_wrong_calls_are_sentences(db, series, call, sentence):
    series([(0, 1.0), (0, 2.0), (0, 4.0)])
    with pytest.raises(Exception) as caught:
        db.execute(f"SELECT {call} FROM s").fetchall()
    assert str(caught.value) == sentence
