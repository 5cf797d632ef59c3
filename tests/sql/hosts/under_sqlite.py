"""Runs SQL over a database with another SQLite than this process has, of which it can have one:

    python under_sqlite.py apsw|sqlite3 athlete.db build/athlete steps.json

The SQLite is that of the apsw on PYTHONPATH, or Python's own, which LD_LIBRARY_PATH may lead elsewhere. A step is a list:
"run", a statement and its parameters; "script", a query and its parameters, whose answers are run in their turn; or, for hosts
of Python, "limit", the name of one of SQLite's and its value. What it prints is JSON: the version, and the rows of the last step. under_sqlite.cjs is the same for the hosts of JavaScript.
"""

import json
import sys


def connect(kind, path, extension):
    """Version, a function that runs a statement, one that runs several, and one that sets a limit."""
    if kind == "apsw":
        import apsw

        db = apsw.Connection(path)
        db.enableloadextension(True)
        db.loadextension(extension)
        return (apsw.sqlitelibversion(), lambda sql, values: list(db.cursor().execute(sql, values)), lambda sql: list(db.cursor().execute(sql)),
                lambda name, value: db.limit(getattr(apsw, name), value))  # fmt: skip
    import sqlite3

    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return (sqlite3.sqlite_version, lambda sql, values: db.execute(sql, values).fetchall(), db.executescript,
            lambda name, value: db.setlimit(getattr(sqlite3, name), value))  # fmt: skip


def main(kind, path, extension, steps):
    version, run, run_script, limit = connect(kind, path, extension)
    found = []
    with open(steps, encoding="utf-8") as file:
        for what, sql, *values in json.load(file):
            if what == "limit":
                limit(sql, *values)
                continue
            found = run(sql, values)
            if what == "script":
                for (script,) in found:
                    run_script(script)
    print(json.dumps({"version": version, "rows": found}))


main(*sys.argv[1:])
