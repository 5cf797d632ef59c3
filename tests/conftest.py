"""What every test uses: a connection with the extension, and ways to evaluate one expression on it."""

import collections
import os
import sqlite3

import pytest

from helpers.machine import times
from helpers.extension import ROOT, connect


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


# --- how long tests take --------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items):
    """The longest files first, so that no worker waits for another at the end; tests of a second or more are marked slow."""
    known = times.listed()
    files = collections.Counter()
    for item in items:
        if known.get(times.function_of(item.nodeid), (0, 0))[1] >= 1:
            item.add_marker("slow")
    for name, (total, _) in known.items():
        files[ROOT / name.partition("::")[0]] += total
    items.sort(key=lambda item: -files[item.path])  # stable: within a file as they stand


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("ATHLETE_WRITE_TIMES"):
        seconds = collections.Counter()
        for report in (r for reports in terminalreporter.stats.values() for r in reports if hasattr(r, "duration")):
            seconds[report.nodeid] += report.duration
        times.write(seconds)
