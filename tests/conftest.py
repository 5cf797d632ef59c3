"""What every test uses: a connection with the extension, and ways to evaluate one expression on it."""

import sqlite3

import pytest

from helpers.extension import DATA, EXTENSION, ROOT, connect  # noqa: F401, until no test asks for them here


@pytest.fixture
def db():
    connection = connect()
    yield connection
    connection.close()


@pytest.fixture
def value(db):
    """value("tss(60, 5, 5)") evaluates one expression; parameters are bound."""

    def evaluate(expression, *parameters):
        return db.execute(f"SELECT {expression}", parameters).fetchone()[0]

    return evaluate


@pytest.fixture
def error(db):
    """error("tss('x', 5, 5)") runs one expression that must fail and returns the sentence."""

    def fail(expression, *parameters):
        with pytest.raises(sqlite3.OperationalError) as caught:
            db.execute(f"SELECT {expression}", parameters).fetchall()
        return str(caught.value)

    return fail
