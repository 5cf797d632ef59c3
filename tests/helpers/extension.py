"""Where things are, and a connection with the extension.

ATHLETE_EXTENSION names the shared library under test, ATHLETE_BUILD the folder it was built in; `tests/run` sets both.
"""

import os
import pathlib
import sqlite3

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data"
BUILD = pathlib.Path(os.environ.get("ATHLETE_BUILD", ROOT / "build")).resolve()
EXTENSION = os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete"))


def connect(path=":memory:", **options):
    """A connection that has loaded the extension."""
    connection = sqlite3.connect(path, **options)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    connection.enable_load_extension(False)
    return connection
