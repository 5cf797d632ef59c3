"""What every test uses: a connection with the extension, and ways to evaluate one expression on it."""

import collections
import gc
import os
import re

from helpers.machine import quick  # noqa: F401, before anything opens SQLite

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


# --- under the sanitizers --------------------------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption("--sanitized", choices=("all", "sample"), help="leave out what says nothing under the sanitizers; of the rest all, or a sample of what is quick")


UNSANITIZED = re.compile(r"^pytestmark = pytest\.mark\.unsanitized\b", re.M)


def pytest_ignore_collect(collection_path, config):
    """A file that says nothing there is not read, with all that it imports."""
    if collection_path.name.startswith("test_") and config.getoption("sanitized"):
        return bool(UNSANITIZED.search(collection_path.read_text())) or None


CASES = 12


def sampled(items):
    """Of a test with many cases a dozen, evenly, and of what takes long none: what others say of the same code says little more there.
    Those that are marked are about memory in every case, and `make soak` runs all of all."""
    cases = collections.defaultdict(list)
    for item in items:
        cases[times.function_of(item.nodeid)].append(item)
    for each in cases.values():
        if each[0].get_closest_marker("sanitized"):
            yield from each
        elif not each[0].get_closest_marker("slow"):
            yield from each[:: -(-len(each) // CASES)]


def sanitized_alone(items, which):
    items = [item for item in items if not item.get_closest_marker("unsanitized")]
    return set(items if which == "all" else sampled(items))


# --- how long tests take --------------------------------------------------------------------------------------------


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """What is collected stays to the end, so that to look through it for garbage finds none, and takes as long as the rest."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()
    times.since_last()


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(config, items):
    """The longest files first, so that no worker waits for another at the end; tests of a second or more are marked slow."""
    known = times.listed()
    files = collections.Counter()
    for item in items:
        if known.get(times.function_of(item.nodeid), (0, 0))[1] >= 1:
            item.add_marker("slow")
    for name, (total, _) in known.items():
        files[ROOT / name.partition("::")[0]] += total
    items.sort(key=lambda item: -files[item.path])  # stable: within a file as they stand
    yield
    if which := config.getoption("sanitized"):
        kept = sanitized_alone(items, which)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    outcome.get_result().cpu_s = times.since_last()


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("ATHLETE_WRITE_TIMES"):
        seconds = collections.Counter()
        for report in (r for reports in terminalreporter.stats.values() for r in reports if hasattr(r, "cpu_s")):
            seconds[report.nodeid] += report.cpu_s
        times.write(seconds)
