"""calendar and week_start agree with Python's datetime."""

import datetime

import pytest


def test_calendar_gives_every_day_of_a_range_and_both_ends(db):
    days = [row[0] for row in db.execute("SELECT day FROM calendar('1899-12-25', '2101-03-05')")]
    first, last = datetime.date(1899, 12, 25), datetime.date(2101, 3, 5)
    assert days == [(first + datetime.timedelta(i)).isoformat() for i in range((last - first).days + 1)]


def test_calendar_of_one_day_is_that_day_and_a_reversed_one_is_empty(db):
    assert db.execute("SELECT day FROM calendar('2024-02-29', '2024-02-29')").fetchall() == [("2024-02-29",)]
    assert db.execute("SELECT day FROM calendar('2024-03-01', '2024-02-29')").fetchall() == []
    assert db.execute("SELECT day FROM calendar(NULL, '2024-02-29')").fetchall() == []


def test_calendar_takes_the_day_of_a_timestamp(db):
    rows = db.execute("SELECT day FROM calendar('2024-02-28T23:59:59Z', '2024-03-01 00:00')").fetchall()
    assert rows == [("2024-02-28",), ("2024-02-29",), ("2024-03-01",)]


def test_calendar_joins_to_a_table_whose_columns_are_its_arguments(db):
    db.execute("CREATE TABLE block(name, first, last)")
    db.execute("INSERT INTO block VALUES('base', '2024-01-01', '2024-01-03'), ('taper', '2024-02-01', '2024-02-02')")
    rows = db.execute("SELECT name, count(*) FROM block, calendar(first, last) GROUP BY name").fetchall()
    assert rows == [("base", 3), ("taper", 2)]


def test_calendar_can_be_stopped(db):
    db.set_progress_handler(lambda: 1, 1000)
    with pytest.raises(Exception, match="interrupted"):
        db.execute("SELECT count(*) FROM calendar('0001-01-01', '9999-12-31')").fetchall()


def test_week_start_is_the_monday_of_every_day(db):
    for day, monday in db.execute("SELECT day, week_start(day) FROM calendar('1968-01-01', '2032-12-31')"):
        date = datetime.date.fromisoformat(day)
        assert monday == (date - datetime.timedelta(date.weekday())).isoformat()


def test_week_start_of_null_is_null(value):
    assert value("week_start(NULL)") is None


@pytest.mark.parametrize(
    "expression, sentence",
    [
        ("week_start('2023-02-29')", "week_start: argument 1 (date) must be a date 'YYYY-MM-DD', got text '2023-02-29'"),
        ("week_start(20240101)", "week_start: argument 1 (date) must be a date 'YYYY-MM-DD', got 20240101"),
        ("week_start('0000-01-01')", "week_start: the week starts before the year 0"),
        ("week_start()", "week_start: called with 0 arguments, the form is week_start(date)"),
        ("day FROM calendar('2024-01-01')", "calendar: argument 2 (end) is missing"),
        ("day FROM calendar('x', '2024-01-01')", "calendar: argument 1 (start) must be a date 'YYYY-MM-DD', got text 'x'"),
    ],
)
def test_wrong_calls_are_sentences(error, expression, sentence):
    assert error(expression) == sentence
