"""What every test uses: a connection with the extension, and the bundled data.

ATHLETE_EXTENSION names the shared library under test; `make test` sets it.
"""

import os
import pathlib
import sqlite3

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
EXTENSION = os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete"))


def connect(path=":memory:", **options):
    """A connection that has loaded the extension."""
    connection = sqlite3.connect(path, **options)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    connection.enable_load_extension(False)
    return connection


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
