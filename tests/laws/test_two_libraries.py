"""Two SQLite libraries in one process, as where an app brings its own: the extension serves the first and refuses the other."""

import ctypes.util
import pathlib
import shutil
import subprocess
import sys

import pytest

from helpers.extension import EXTENSION
from helpers.machine.programs import compiled

SENTENCE = "athlete is in use by another SQLite library of this process; for this one load a copy of its file under another name"
LIBRARY = pathlib.Path(EXTENSION).with_suffix(".so")


def loaded_path(name):
    """The file that the name of a shared library leads to in this process."""
    ctypes.CDLL(name)
    return next(line.split()[-1] for line in open("/proc/self/maps") if name.partition(".so")[0] in line)


@pytest.mark.unsanitized
def test_threads_of_two_libraries_load_it_at_once_and_one_of_them_has_it(tmp_path):
    """RTLD_DEEPBIND keeps the libraries apart; the sanitizers refuse it."""
    system = loaded_path(ctypes.util.find_library("sqlite3"))
    other = shutil.copy(system, tmp_path / "libanother.so")
    program = compiled(tmp_path, "laws/libraries/two_libraries", [], "gcc", "-D_GNU_SOURCE", needs=["-ldl", "-pthread"])
    for pair in ((system, other), (other, system)):
        done = subprocess.run([program, *pair, LIBRARY], capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, "error during initialization: " + SENTENCE), done.stderr


HOST = """
import importlib, sys
first, second = (importlib.import_module(name) for name in sys.argv[2:4])
def connection(module):
    db = (module.connect if module.__name__ == "sqlite3" else module.Connection)(":memory:")
    (db.enable_load_extension if module.__name__ == "sqlite3" else db.enableloadextension)(True)
    return db
def load(db, path):
    (db.load_extension if hasattr(db, "load_extension") else db.loadextension)(path)
one, two = connection(first), connection(second)
load(one, sys.argv[1])
for attempt in range(3):
    try:
        load(two, sys.argv[1])
        print("loaded")
    except Exception as error:
        print(str(error).partition("during initialization: ")[2])
    print(one.execute("SELECT count(*) > 9 FROM athlete_functions").fetchall())
load(two, sys.argv[4])
print(two.execute("SELECT count(*) > 9 FROM athlete_functions").fetchall(), one.execute("SELECT tss(60, 5, 5)").fetchall())
"""


@pytest.mark.parametrize("order", [("sqlite3", "apsw"), ("apsw", "sqlite3")])
def test_python_with_two_libraries_is_told_so_and_a_copy_serves_the_other(tmp_path, order):
    copy = shutil.copy(LIBRARY, tmp_path / "athlete.so")
    done = subprocess.run([sys.executable, "-c", HOST, LIBRARY, *order, copy], capture_output=True, text=True)
    assert done.stdout.splitlines() == [SENTENCE, "[(1,)]"] * 3 + ["[(1,)] [(100.0,)]"], done.stderr
