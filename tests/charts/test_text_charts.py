"""bar and sparkline: what is drawn, from an independent drawing of the same, and the edges."""

import math
import random
from fractions import Fraction

import pytest

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = " ▁▂▃▄▅▆▇█"


def py_bar(value, low, high, width):
    share = min(max((Fraction(value) - Fraction(low)) / (Fraction(high) - Fraction(low)), 0), 1)
    full, rest = divmod(math.floor(share * 8 * width), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def py_sparkline(values):
    known = [Fraction(v) for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0, 0)

    def level(v):
        if v is None:
            return " "
        return LEVELS[4] if low == high else LEVELS[1 + math.floor((Fraction(v) - low) / (high - low) * 7 + Fraction(1, 2))]

    return "".join(level(v) for v in values)


def sparkline(db, values):
    db.execute("DROP TABLE IF EXISTS series")
    db.execute("CREATE TABLE series(i INTEGER PRIMARY KEY, y)")
    db.executemany("INSERT INTO series(y) VALUES (?)", [(v,) for v in values])
    return db.execute("SELECT sparkline(y) FROM (SELECT y FROM series ORDER BY i)").fetchone()[0]


# --- bar -----------------------------------------------------------------------------------------------------


def test_a_bar_shows_every_full_eighth(value):
    for width in (1, 3, 20, 200):
        for eighths in range(8 * width + 1):
            drawn = value("bar(?, 0, ?, ?)", eighths, 8 * width, width)
            assert drawn == "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def test_a_bar_equals_an_independent_drawing(value):
    rng = random.Random(1)
    for _ in range(2000):
        low, high = sorted(rng.uniform(-1000, 1000) for _ in range(2))
        v, width = rng.uniform(-1200, 1200), rng.randint(1, 200)
        assert value("bar(?, ?, ?, ?)", v, low, high, width) == py_bar(v, low, high, width)


def test_hundredths_of_a_bar_do_not_lose_their_last_eighth_to_rounding(value):
    for hundredths in range(101):
        drawn = value("bar(?, 0, 1, 100)", hundredths / 100)
        assert drawn == "█" * hundredths


def test_a_bar_is_clamped(value):
    assert value("bar(-5, 0, 10, 4)") == "" and value("bar(0, 0, 10, 4)") == ""
    assert value("bar(10, 0, 10, 4)") == "████" and value("bar(1e308, 0, 10, 4)") == "████"


def test_a_bar_over_all_numbers_is_half_full_at_zero(value):
    assert value("bar(0, -1.7e308, 1.7e308, 10)") == "█████"
    assert value("bar(5e-324, 0, 1e-323, 10)") == "█████"


def test_a_bar_of_null_or_of_an_empty_range_is_null(value):
    for arguments in ("NULL, 0, 10, 5", "3, NULL, 10, 5", "3, 0, NULL, 5", "3, 0, 10, NULL", "3, 10, 10, 5", "3, 11, 10, 5"):
        assert value(f"bar({arguments})") is None


def test_a_bar_takes_numbers_as_text(value):
    assert value("bar('2.5', '0', '10', '4')") == "█"


@pytest.mark.parametrize("width", [0, -1, 201, 10**12, 2.5, "wide", 1e308])
def test_a_width_out_of_range_is_an_error(error, width):
    assert error("bar(1, 0, 10, ?)", width).startswith("bar: argument 4 (width) must be an integer")


# --- sparkline -----------------------------------------------------------------------------------------------


def test_a_sparkline_goes_from_the_lowest_to_the_highest_block(db):
    assert sparkline(db, range(8)) == "▁▂▃▄▅▆▇█"
    assert sparkline(db, [10, -10, 10]) == "█▁█"


def test_a_sparkline_equals_an_independent_drawing(db):
    rng = random.Random(2)
    for _ in range(200):
        values = [rng.choice([None, rng.uniform(-50, 50), rng.randint(0, 9)]) for _ in range(rng.randint(1, 120))]
        assert sparkline(db, values) == py_sparkline(values)


def test_a_gap_is_a_blank_and_a_flat_series_half_high(db):
    assert sparkline(db, [1, None, 2]) == "▁ █"
    assert sparkline(db, [5, 5, None, 5]) == "▄▄ ▄"
    assert sparkline(db, [None, None]) == "  "
    assert sparkline(db, []) is None


def test_a_sparkline_does_not_change_when_the_series_is_shifted_or_scaled(db):
    rng = random.Random(3)
    values = [rng.randint(0, 1000) for _ in range(200)]
    assert sparkline(db, values) == sparkline(db, [v + 4096 for v in values]) == sparkline(db, [v * 0.25 for v in values])


def test_a_sparkline_over_all_numbers(db):
    assert sparkline(db, [-1.7e308, 0, 1.7e308]) == "▁▅█"
    assert sparkline(db, ["1", "2"]) == "▁█"


@pytest.mark.parametrize("width", [0, 1, 7, 100])
def test_a_moving_sparkline_equals_that_of_its_rows(db, width):
    rng = random.Random(4)
    values = [rng.choice([None, rng.uniform(-50, 50)]) for _ in range(400)]
    sparkline(db, values)
    rows = db.execute(f"SELECT sparkline(y) OVER (ORDER BY i ROWS {width} PRECEDING) FROM series ORDER BY i").fetchall()
    assert [r[0] for r in rows] == [py_sparkline(values[max(0, i - width) : i + 1]) for i in range(len(values))]


def test_a_frame_without_rows_is_null(db):
    sparkline(db, [1, 2, 3])
    rows = db.execute("SELECT sparkline(y) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM series")
    assert [r[0] for r in rows] == [None, "▄", "▁█"]


def test_groups_are_scaled_on_their_own(db):
    rows = db.execute("SELECT sparkline(column2) FROM (VALUES (1, 1), (1, 2), (2, 100), (2, 200)) GROUP BY column1").fetchall()
    assert rows == [("▁█",), ("▁█",)]


def test_a_series_beyond_the_memory_limit_is_an_error_and_below_it_is_drawn(db):
    count = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT {} FROM n"
    assert len(db.execute(count.format("sparkline(i)"), (100_000,)).fetchone()[0]) == 100_000
    with pytest.raises(Exception) as caught:
        db.execute(count.format("sparkline(i)"), (2_000_000,)).fetchone()
    assert str(caught.value) == "sparkline: needs more memory than its limit: a series of this length is no line to look at"


@pytest.mark.parametrize("wrong", ["'high'", "x'00'", "9e999"])
def test_what_is_no_number_is_an_error(error, wrong):
    assert error(f"sparkline({wrong})").startswith("sparkline: argument 1 (y) must be a number, got ")


def test_bars_and_sparklines_are_valid_text_of_the_right_length(value):
    for width in range(1, 201):
        assert value("length(bar(1, 0, 1, ?))", width) == width
        assert value("length(CAST(bar(1, 0, 1, ?) AS BLOB))", width) == 3 * width
