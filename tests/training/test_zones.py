"""Heart rate zones: edges, shares of time, and windows that are exact."""

import random
from fractions import Fraction

import pytest


@pytest.mark.parametrize("top", [150, 173, 180, 185, 190, 200, 212.5])
def test_a_zone_holds_its_lower_bound_and_not_its_upper(value, top):
    for zone, tenths in enumerate(range(5, 10), start=1):
        bound = top * tenths / 10
        if Fraction(bound) == Fraction(top) * tenths / 10:
            assert value("hr_zone(?, ?)", bound, top) == zone
        assert value("hr_zone(?, ?)", bound + 1e-6, top) == zone
        assert value("hr_zone(?, ?)", bound - 1e-6, top) == zone - 1


def test_whole_heart_rates_fall_where_exact_arithmetic_puts_them(db):
    pairs = [(hr, top) for top in range(140, 221) for hr in range(1, 256)]
    for hr, top in pairs:
        expected = sum(10 * hr >= tenths * top for tenths in range(5, 10))
        assert db.execute("SELECT hr_zone(?, ?)", (hr, top)).fetchone() == (expected,)


def test_below_zone_1_is_zone_0_and_above_the_maximum_zone_5(value):
    assert [value("hr_zone(?, 200)", hr) for hr in (1, 99, 100, 200, 230, 1e308)] == [0, 0, 1, 5, 5, 5]
    assert value("typeof(hr_zone(150, 200))") == "integer"


def test_no_signal_and_no_maximum_are_null(value):
    assert value("hr_zone(0, 190)") is None
    assert value("hr_zone(150, 0)") is None


def test_the_maximum_for_an_age(value):
    assert [value("max_hr_estimate(?)", age) for age in (0, 20, 40, 62.5, 130)] == [220, 200, 180, 157.5, 90]


# --- shares of time ------------------------------------------------------------------------------------------


def laps(rng, n):
    rows = []
    for i in range(n):
        hr = rng.choice([None, 0, rng.uniform(60, 210), rng.randint(80, 200)])
        seconds = rng.choice([None, 0, rng.randint(1, 900), rng.uniform(0, 400), 0.1, 1e-9, 1e9])
        rows.append((i, hr, seconds, rng.choice([190, 188.5, None, 0])))
    return rows


def load(db, rows):
    db.execute("CREATE TABLE lap(i, hr, seconds, max_hr)")
    db.executemany("INSERT INTO lap VALUES (?, ?, ?, ?)", rows)


def share(rows, zone):
    """The same in exact rational arithmetic; None where there is no valid second."""
    valid = inside = Fraction(0)
    for _, hr, seconds, top in rows:
        if hr and top and seconds is not None:
            valid += Fraction(seconds)
            if sum(Fraction(hr) / Fraction(top) >= Fraction(t, 10) for t in range(5, 10)) == zone:
                inside += Fraction(seconds)
    return None if valid == 0 else float(100 * inside / valid)


def test_shares_of_time_are_those_of_exact_arithmetic(db):
    rng = random.Random(7)
    for n in (1, 2, 10, 300):
        rows = laps(rng, n)
        db.execute("DROP TABLE IF EXISTS lap")
        load(db, rows)
        for zone in range(6):
            found = db.execute("SELECT hr_zone_pct(hr, seconds, max_hr, ?) FROM lap", (zone,)).fetchone()[0]
            assert found == (None if share(rows, zone) is None else pytest.approx(share(rows, zone), rel=1e-14, abs=1e-20))


def test_the_six_zones_together_are_all_of_the_time(db):
    load(db, laps(random.Random(8), 500))
    total = sum(db.execute("SELECT hr_zone_pct(hr, seconds, max_hr, ?) FROM lap", (z,)).fetchone()[0] for z in range(6))
    assert total == pytest.approx(100, abs=1e-12)


def test_the_order_of_the_rows_changes_no_bit(db):
    rng = random.Random(9)
    rows = laps(rng, 400)
    answers = set()
    for _ in range(10):
        rng.shuffle(rows)
        db.execute("DROP TABLE IF EXISTS lap")
        load(db, rows)
        answers.add(db.execute("SELECT hr_zone_pct(hr, seconds, max_hr, 3) FROM lap").fetchone()[0])
    assert len(answers) == 1


@pytest.mark.parametrize("width", [0, 1, 6, 50])
def test_a_moving_window_equals_the_plain_aggregate_bit_for_bit(db, width):
    """Among the durations are 1e9 s and 1e-9 s: a sum of doubles would never recover from the first."""
    rows = laps(random.Random(10), 300)
    load(db, rows)
    moving = db.execute(
        f"""SELECT i, hr_zone_pct(hr, seconds, max_hr, 2) OVER (ORDER BY i ROWS {width} PRECEDING) FROM lap ORDER BY i"""
    ).fetchall()
    for i, found in moving:
        plain = db.execute(
            "SELECT hr_zone_pct(hr, seconds, max_hr, 2) FROM lap WHERE i BETWEEN ? AND ?", (i - width, i)
        ).fetchone()[0]
        assert found == plain
    assert any(found is not None for _, found in moving)


def test_no_rows_and_no_valid_second_are_null(value):
    assert value("hr_zone_pct(150, 60, 190, 3) FROM (SELECT 1) WHERE 0") is None
    for row in ("NULL, 60, 190, 3", "0, 60, 190, 3", "150, 0, 190, 3", "150, 60, NULL, 3", "150, 60, 0, 3", "150, 60, 190, NULL"):
        assert value(f"hr_zone_pct({row})") is None


def test_a_zone_that_changes_between_rows_is_an_error(error):
    sentence = error("hr_zone_pct(150, 60, 190, column1) FROM (VALUES (2), (2), (3))")
    assert sentence == "hr_zone_pct: argument 4 (zone) must be the same in every row, got 3 after 2"
    sentence = error("hr_zone_pct(150, 60, 190, column1) OVER (ROWS 1 PRECEDING) FROM (VALUES (2), (2), (3))")
    assert sentence == "hr_zone_pct: argument 4 (zone) must be the same in every row, got 3 after 2"


def test_groups_may_ask_for_different_zones(db):
    rows = db.execute(
        "SELECT column1, hr_zone_pct(column2, 60, 200, column1) FROM (VALUES (1, 110), (1, 130), (5, 190), (5, 185)) GROUP BY 1"
    ).fetchall()
    assert rows == [(1, 50.0), (5, 100.0)]
