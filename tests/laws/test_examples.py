"""Every function's row has an example, which runs by itself; the reference prints it with its result (test_readme.py)."""

import sqlite3

import pytest

from helpers.extension import connect

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case


def examples():
    db = connect()
    found = db.execute("SELECT name, example FROM athlete_functions").fetchall()
    db.close()
    return found


def run(example):
    """The rows of an example's last statement, in an empty database."""
    db = connect()
    text, rows = "", []
    for part in (example + ";").split(";")[:-1]:
        text += part + ";"
        if sqlite3.complete_statement(text):
            rows, text = db.execute(text).fetchall(), ""
    assert text == "", "the example ends amid a statement"
    db.close()
    return rows


# Answers of NULL that say something: nothing speaks against it, or there is nothing to return.
MAY_BE_NULL = {"feature_group_trial", "row_feed"}


@pytest.mark.parametrize("name, example", examples(), ids=[name for name, _ in examples()])
def test_an_example_shows_its_function(name, example):
    assert example and name in example
    rows = run(example)
    assert rows and (name in MAY_BE_NULL or any(value is not None for row in rows for value in row))
    assert run(example) == rows


@pytest.mark.parametrize("name, example", examples(), ids=[name for name, _ in examples()])
def test_an_example_does_not_work_without_it(name, example):
    """The function takes part in the answer: called by another name there is none."""
    if name in ("asof", "training_set"):
        pytest.raises(sqlite3.OperationalError, run, example.replace(f"USING {name}", f"USING no_{name}"))
    else:
        pytest.raises(sqlite3.OperationalError, run, example.replace(f"{name}(", f"no_{name}(").replace(f"FROM {name}", f"FROM no_{name}"))
