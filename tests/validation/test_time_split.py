"""Folds in the order of time: row by row as scikit-learn cuts them, and by date with an embargo."""

import datetime
import itertools
import sqlite3

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

COMBINATIONS = list(itertools.product([3, 4, 5, 7, 10, 11, 23, 60, 101], [2, 3, 5, 9, 10], [0, 1, 4, 20], [None, 1, 2, 7, 30]))


def test_folds_and_refusals_are_those_of_scikit_learn(db):
    refused = 0
    for n, splits, gap, size in COMBINATIONS:
        try:
            expected = [
                (fold, part, int(row))
                for fold, parts in enumerate(TimeSeriesSplit(splits, gap=gap, test_size=size).split(np.zeros(n)))
                for part, rows in zip(("train", "test"), parts)
                for row in rows
            ]
        except ValueError:
            refused += 1
            with pytest.raises(sqlite3.OperationalError, match="^time_series_split: [0-9]+ (splits need|tests of)"):
                db.execute("SELECT * FROM time_series_split(?, ?, ?, ?)", (n, splits, gap, size)).fetchall()
            continue
        assert db.execute("SELECT * FROM time_series_split(?, ?, ?, ?)", (n, splits, gap, size)).fetchall() == expected
    assert len(COMBINATIONS) - refused > 200 < refused


def test_gap_and_test_size_may_be_left_out(db):
    plain = db.execute("SELECT * FROM time_series_split(20, 3)").fetchall()
    assert plain == db.execute("SELECT * FROM time_series_split(20, 3, 0)").fetchall()
    assert plain == db.execute("SELECT * FROM time_series_split(20, 3, 0, 5)").fetchall()


@pytest.mark.parametrize(
    "call, sentence",
    [
        ("time_series_split(3, 3)", "time_series_split: 3 splits need at least 4 rows, there are 3"),
        ("time_series_split(10, 2, 9, 1)", "2 tests of 1 rows after a gap of 9 leave none of 10 rows to train on"),
        ("time_series_split(10, 2, 0, 9007199254740992)", "leave none of 10 rows"),
        ("time_series_split(10, 1)", "argument 2 (splits) must be an integer at least 2"),
        ("time_series_split(10, 2, -1)", "argument 3 (gap) must be an integer at least 0"),
        ("time_series_split(10, 2, 0, 0)", "argument 4 (test_size) must be an integer at least 1"),
        ("time_series_split('ten', 2)", "argument 1 (n) must be an integer"),
        ("time_series_split_dates('SELECT 1, ''2024-01-01''', 1)", "1 splits need rows of at least 2 days, there are 1"),
        ("time_series_split_dates('SELECT 1, 2 WHERE 0', 1)", "1 splits need rows of at least 2 days, there are 0"),
        ("time_series_split_dates('SELECT 1, ''soon''', 1)", "row 1 of the query: day must be a date 'YYYY-MM-DD', got 'soon'"),
        ("time_series_split_dates('SELECT 1, NULL', 1)", "row 1 of the query: day must be a date 'YYYY-MM-DD', got NULL"),
        ("time_series_split_dates('SELECT 1', 1)", "must have at least 2 columns (key, day)"),
        ("time_series_split_dates('DELETE FROM t', 1)", "the query must be one SELECT"),
    ],
)
def test_a_wrong_call_ends_with_a_sentence(error, call, sentence):
    assert sentence in error(f"fold FROM {call}")


def by_date(db, days, splits, embargo=0):
    """One (train, test) pair of key lists per fold; the key is the row's position in `days`."""
    db.execute("DROP TABLE IF EXISTS runs")
    db.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, day TEXT)")
    db.executemany("INSERT INTO runs VALUES (?, ?)", enumerate(map(str, days)))
    folds = [([], []) for _ in range(splits)]
    query = "SELECT fold, part, key FROM time_series_split_dates('SELECT id, day FROM runs ORDER BY id * 37 % 101', ?, ?)"
    for fold, part, key in db.execute(query, (splits, embargo)):
        folds[fold][part == "test"].append(key)
    return folds


def random_days(rng, n, span):
    return [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, span, n)]


def test_date_folds_agree_with_their_definition(db):
    rng = np.random.default_rng(1)
    for _ in range(40):
        days = random_days(rng, int(rng.integers(40, 200)), int(rng.integers(30, 400)))
        splits, embargo = int(rng.integers(1, 6)), int(rng.integers(0, 4))
        distinct = sorted(set(days))
        edges = [k * len(distinct) // (splits + 1) for k in range(splits + 2)]
        for k, (train, test) in enumerate(by_date(db, days, splits, embargo)):
            block = distinct[edges[k + 1] : edges[k + 2]]
            assert sorted(test) == [i for i, day in enumerate(days) if day in block]
            last = block[0] - datetime.timedelta(days=embargo)
            assert sorted(train) == [i for i, day in enumerate(days) if day < last]


def test_every_day_after_the_first_block_is_tested_once(db):
    days = random_days(np.random.default_rng(2), 300, 90)
    tested = [key for _, test in by_date(db, days, 5) for key in test]
    first_block = sorted(set(days))[: len(set(days)) // 6]
    assert sorted(tested) == [i for i, day in enumerate(days) if day not in first_block]


def test_a_row_on_the_edge_of_the_embargo_is_left_out(db):
    days = [datetime.date(2024, 3, d) for d in range(1, 11)]  # tested from 6 March on
    trained = {embargo: by_date(db, days, 1, embargo)[0][0] for embargo in (0, 1, 2)}
    assert trained == {0: [0, 1, 2, 3, 4], 1: [0, 1, 2, 3], 2: [0, 1, 2]}


def test_an_embargo_that_leaves_nothing_is_refused(db):
    days = [datetime.date(2024, 3, d) for d in range(1, 11)]
    with pytest.raises(sqlite3.OperationalError, match="fold 0 is tested from 2024-03-06 on, and an embargo of 5 days leaves no row"):
        by_date(db, days, 1, 5)


def test_keys_come_back_as_they_were(db):
    sql = "SELECT key FROM time_series_split_dates(?, 1) WHERE part = 'test'"
    query = "SELECT '9007199254740993', '2024-01-01' UNION ALL SELECT x'00ff', '2024-01-02T06:00:00Z'"
    assert db.execute(sql, (query,)).fetchall() == [(b"\x00\xff",)]
