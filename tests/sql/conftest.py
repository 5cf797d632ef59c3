"""Which tests of stages and tools say something under the sanitizers."""

import pathlib

HERE = pathlib.Path(__file__).parent
# Every stage runs in these, over plain and odd values, in UTF-8 and UTF-16, and models by their names. The others run the same stages again and again, or
# look at Python, servers and other programs: their time would go to calls that these make.
SANITIZED = {"test_stages.py", "test_bronze.py", "test_odd_values.py", "test_encodings.py", "test_scoring.py"}


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and item.path.name not in SANITIZED:
            item.add_marker("unsanitized")
