"""The sqlite3 that the programs open databases with: Python's own, or pysqlite3 where Python's was built to load no extensions, as those of
pyenv, python.org and many systems are."""

import sqlite3

if not hasattr(sqlite3.Connection, "enable_load_extension"):
    try:
        from pysqlite3 import dbapi2 as sqlite3  # noqa: F811
    except ImportError:
        pass

# As SQLite numbers what went wrong; Python tells of them from 3.11 on.
BUSY, IOERR, FULL = 5, 10, 13


def code(error):
    """What SQLite says went wrong, without its details; 0 where Python does not tell."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_busy(error):
    """Whether another connection was in the way."""
    return code(error) == BUSY or (code(error) == 0 and str(error).startswith("database is locked"))
