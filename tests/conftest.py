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
    parser.addoption("--sanitized", action="store_true", help="leave out what says nothing under the sanitizers")
    parser.addoption("--sample", type=int, help="of each test at most so many cases, evenly; under the sanitizers every case of those that are about memory")


UNSANITIZED = re.compile(r"^pytestmark = pytest\.mark\.unsanitized\b", re.M)


def pytest_ignore_collect(collection_path, config):
    """A file that says nothing there is not read, with all that it imports."""
    if collection_path.name.startswith("test_") and config.getoption("sanitized"):
        return bool(UNSANITIZED.search(collection_path.read_text())) or None


def by_function(items):
    cases = collections.defaultdict(list)
    for item in items:
        cases[times.function_of(item.nodeid)].append(item)
    return cases


def sampled(items, most, whole):
    """Of each function the cases that are kept: all, if `whole` says so of it."""
    for each in by_function(items).values():
        yield from each if whole(each[0]) else each[:: -(-len(each) // most)]


def asked_for(config, items):
    if sanitized := config.getoption("sanitized"):
        items = [item for item in items if not item.get_closest_marker("unsanitized")]
    if most := config.getoption("sample"):
        items = sampled(items, most, lambda item: sanitized and item.get_closest_marker("sanitized"))
    return set(items)


# --- how long tests take --------------------------------------------------------------------------------------------


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """What is collected stays to the end, so that to look through it for garbage finds none, and takes as long as the rest."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()
    times.since_last()


def pytest_sessionfinish():
    """What lives to the end is closed then, as ever."""
    gc.unfreeze()


def fixtures_of(item):
    return [times.fixture_name(each) for name in item.fixturenames for each in item._fixtureinfo.name2fixturedefs.get(name, ())]


def marked_by_time(items, known):
    """What takes a second or more for one case is slow; what takes half a second or more for some cases, or begins with that, is long."""
    for function, cases in by_function(items).items():
        total, longest = known.get(function, (0, 0))
        some = max(longest, total * min(1, times.SOME / len(cases)))
        for item in cases:
            if longest >= times.SLOW_S:
                item.add_marker("slow")
            if any(took >= times.LONG_S for took in (some, *(known.get(name, (0, 0))[1] for name in fixtures_of(item)))):
                item.add_marker("long")


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(config, items):
    """The longest files first, so that no worker waits for another at the end."""
    known = times.listed()
    files = collections.Counter()
    marked_by_time(items, known)
    for name, (total, _) in known.items():
        files[ROOT / name.partition("::")[0]] += total
    items.sort(key=lambda item: -files[item.path])  # stable: within a file as they stand
    yield
    kept = asked_for(config, items)
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]


made = collections.Counter()  # seconds of what several tests begin with, made since the last report


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef):
    before = times.taken()
    yield
    if fixturedef.scope != "function":
        made[times.fixture_name(fixturedef)] += times.taken() - before


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    report = outcome.get_result()
    report.made = dict(made)
    report.cpu_s = max(0, times.since_last() - sum(made.values()))
    made.clear()


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("ATHLETE_WRITE_TIMES"):
        seconds = collections.Counter()
        for report in (r for reports in terminalreporter.stats.values() for r in reports if hasattr(r, "cpu_s")):
            seconds[report.nodeid] += report.cpu_s
            seconds.update({name: max(took - seconds[name], 0) for name, took in report.made.items()})
        times.write(seconds)
