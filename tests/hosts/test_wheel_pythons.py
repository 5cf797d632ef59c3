"""The wheel in Pythons that are not this one: older, and with a sqlite3 that loads no extensions."""

import ast
import inspect
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unsanitized  # it holds a build of its own

OLDEST = (3, 9)

# A sqlite3 as it is built without loading, and an import of pysqlite3 that fails if told so.
WITHOUT = """
import sqlite3, sys
sys.path.insert(0, sys.argv[1])

def absent(self):
    raise AttributeError("enable_load_extension")

class Connection(sqlite3.Connection):
    enable_load_extension = load_extension = property(absent)

class Class(type(Connection)):
    def __getattribute__(cls, name):
        if name in ("enable_load_extension", "load_extension"):
            raise AttributeError(name)
        return super().__getattribute__(name)

sqlite3.Connection = Class("Connection", (Connection,), {})
if sys.argv[2] == "alone":
    sys.modules["pysqlite3"] = None
import athlete
try:
    athlete.create(sys.argv[3])
    print(athlete.Store(sys.argv[3]).list_features().num_rows)
except athlete.Failure as failure:
    sys.exit(str(failure))
"""


def modules(site):
    return sorted((site[0] / "athlete").rglob("*.py"))


def is_judged_later(tree):
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" and "annotations" in [name.name for name in node.names] for node in tree.body)


def annotations(tree):
    for node in ast.walk(tree):
        yield from filter(None, (getattr(node, name, None) for name in ("annotation", "returns")))


def of_newer_pythons(text):
    """What of a module Python 3.9 does not read, or cannot compute when it is imported."""
    try:
        tree = ast.parse(text, feature_version=OLDEST)
    except SyntaxError as error:
        return [error.msg]
    unions = [ast.unparse(told) for told in annotations(tree) if any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr) for part in ast.walk(told))]
    return [] if is_judged_later(tree) else unions


def test_every_module_is_read_and_imported_by_the_oldest_python_that_the_wheel_names(site):
    found = {path.name: of_newer_pythons(path.read_text(encoding="utf-8")) for path in modules(site)}
    assert len(found) > 25 and {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("text", ["class F:\n    about: dict | None = None", "def f(x: int | None): pass", "def f() -> 'x' | None: pass", "match x:\n    case 1: pass"])
def test_what_the_oldest_python_cannot_read_is_found(text):
    assert of_newer_pythons(text)


def test_every_public_call_says_what_it_takes_and_gives(athlete):
    calls = [getattr(athlete, name) for name in athlete.__all__ if name not in ("Failure", "Store")]
    calls += [call for name, call in vars(athlete.Store).items() if inspect.isfunction(call) and (name == "__init__" or not name.startswith("_"))]
    for call in calls:
        told = inspect.signature(call)
        unsaid = [name for name, parameter in told.parameters.items() if name != "self" and parameter.annotation is parameter.empty]
        assert unsaid == [] and told.return_annotation is not told.empty, call.__qualname__
    assert len(calls) >= 12


def without(site, kind, path):
    return subprocess.run([sys.executable, "-c", WITHOUT, site[0], kind, path], capture_output=True, text=True)


def test_where_python_loads_no_extensions_pysqlite3_does(site, tmp_path):
    done = without(site, "beside pysqlite3", tmp_path / "athlete.db")
    assert done.returncode == 0 and int(done.stdout) > 60, done.stderr


def test_where_nothing_does_it_is_said(site, tmp_path):
    done = without(site, "alone", tmp_path / "athlete.db")
    assert done.returncode == 1 and "this Python's sqlite3 loads no extensions" in done.stderr and "pysqlite3-binary" in done.stderr and "Traceback" not in done.stderr
