"""An option's default, as athlete_options tells it, is what holds without the option."""

import json
import sqlite3

import pytest

from helpers.extension import connect

# A call with room for options, of each function that has some with a value for a default.
CALLS = {
    "gbdt_train": "SELECT gbdt_train(?, y, a, b) FROM generated",
    "gbdt_fit": "SELECT * FROM gbdt_fit(?, 'SELECT y, a, b FROM generated')",
    "gbdt_score": "SELECT * FROM gbdt_score((SELECT gbdt_train('{\"num_boost_round\": 2}', y, a, b) FROM generated), 'SELECT rowid, a, b FROM generated', ?)",
    "training_load": "SELECT * FROM training_load('SELECT 1, date(''2024-01-01'', rowid || '' days''), 10, 60, 100, 150, 5 FROM generated', ?)",
    "block_bootstrap": "SELECT block_bootstrap(y - 60, a, ?) FROM generated",
    "kmeans_train": "SELECT kmeans_train(?, y, a, b) FROM generated",
    "kmeans_fit": "SELECT * FROM kmeans_fit(?, 'SELECT rowid, y, a, b FROM generated')",
    "kmeans_choose": "SELECT * FROM kmeans_choose(?, 'SELECT rowid, y, a FROM generated')",
    "leakage_report": "SELECT * FROM leakage_report('SELECT y, ''2024-01-01'' AS t, a, b FROM generated', ?)",
}
ALWAYS = {"kmeans_train": {"k": 3}, "kmeans_fit": {"k": 3}, "kmeans_choose": {"k_max": 3, "resamples": 3}, "leakage_report": {"label": "y", "as_of": "t"}, "gbdt_train": {"num_boost_round": 3}, "gbdt_fit": {"num_boost_round": 3}}


def value_of(kind, text):
    """The default as JSON, or None where it is in words."""
    if kind == "choice":
        return text if " " not in text else None
    try:
        return json.loads(text) if kind in ("number", "integer") else None
    except ValueError:
        return None


def listed():
    db = connect()
    found = db.execute('SELECT function, name, type, min, max, choices, "default", meaning FROM athlete_options').fetchall()
    db.close()
    return found


OPTIONS = [(function, name, value) for function, name, kind, *_, default, _ in listed() if default and (value := value_of(kind, default)) is not None]


@pytest.fixture(scope="module")
def db():
    connection = connect()
    connection.execute("CREATE TEMP TABLE generated AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                       " SELECT i * 7919 % 1009 / 8.0 AS y, i % 7 AS a, i * 31 % 11 AS b FROM n")  # fmt: skip
    yield connection
    connection.close()


def answer(db, function, options):
    return db.execute(CALLS[function], (json.dumps({**ALWAYS.get(function, {}), **options}),)).fetchall()


def test_every_function_with_such_defaults_is_tried():
    assert {function for function, _, _ in OPTIONS} == set(CALLS)
    assert len(OPTIONS) > 50


@pytest.mark.parametrize("function, name, value", OPTIONS, ids=[f"{function} {name}" for function, name, _ in OPTIONS])
def test_giving_the_default_changes_nothing(db, function, name, value):
    if name in ALWAYS.get(function, {}):
        ours = db.execute(CALLS[function], (json.dumps({}),)).fetchall()
        assert db.execute(CALLS[function], (json.dumps({name: value}),)).fetchall() == ours
        return
    try:
        given = answer(db, function, {name: value})
    except sqlite3.OperationalError as refused:  # an option of some objectives, or one that needs another
        pytest.fail(f"{name} = {value} is refused: {refused}")
    assert given == answer(db, function, {})


def test_no_default_hides_in_a_meaning():
    assert [meaning for *_, meaning in listed() if "default" in meaning] == []


def test_a_default_is_in_its_range_and_among_its_choices():
    for function, name, kind, low, high, choices, default, _ in listed():
        value = value_of(kind, default) if default else None
        if kind in ("number", "integer") and value is not None:
            assert low <= value <= high, (function, name)
        if kind == "choice" and value is not None:
            assert value in choices.split("|"), (function, name)
