"""Which tests of stages and tools say something under the sanitizers."""

import pathlib

from helpers.machine.soak import sized

HERE = pathlib.Path(__file__).parent
# Every stage runs in these, over plain and odd values, in UTF-8 and UTF-16, and in `make soak` models by their names; all models are trained for
# tests/laws/test_kept_rows.py, too. The others run the same stages again and again, or look at Python, servers and other programs: their time would
# go to calls that these make.
SANITIZED = {"test_stages.py", "test_bronze.py", "test_odd_values.py", "test_encodings.py", *sized((), ("test_scoring.py",))}


def _says_nothing(path):
    return HERE in path.parents and path.name.startswith("test_") and path.name not in SANITIZED


def pytest_ignore_collect(collection_path, config):
    if config.getoption("sanitized") and _says_nothing(collection_path):
        return True


def pytest_collection_modifyitems(items):
    for item in items:
        if _says_nothing(item.path):
            item.add_marker("unsanitized")
