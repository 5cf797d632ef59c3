"""Runs SQL texts over a database with the SQLite at hand: apsw's own when the first argument is "apsw", the system's or the
one that LD_LIBRARY_PATH names when it is "sqlite3". A program, since a process has one SQLite:

    python under_sqlite.py apsw athlete.db build/athlete stages.json

stages.json is a list of statements; those that end with a question mark's parameters are lists [sql, parameter, …]. It
prints a JSON object: the version, and the rows of the last statement.
"""

import json
import sys


def connect(kind, path, extension):
    """(version, execute) of a connection that has loaded the extension."""
    if kind == "apsw":
        import apsw

        db = apsw.Connection(path)
        db.enableloadextension(True)
        db.loadextension(extension)
        return apsw.sqlitelibversion(), lambda sql, parameters: list(db.cursor().execute(sql, parameters))
    import sqlite3

    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return sqlite3.sqlite_version, lambda sql, parameters: db.execute(sql, parameters).fetchall()


def main(kind, path, extension, statements):
    version, execute = connect(kind, path, extension)
    found = []
    for statement in json.load(open(statements)):
        sql, *parameters = [statement] if isinstance(statement, str) else statement
        found = execute(sql, parameters)
    print(json.dumps({"version": version, "rows": found}))


main(*sys.argv[1:])
