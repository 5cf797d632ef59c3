"""Which errors of SQLite are of the file and not of the server: they pass when the file is free, or there, or whole again."""

import sqlite3

from common.database import code

BUSY = "the database is being written to"
UNREADABLE = "the database cannot be read: it is damaged, or no database"
OUT_OF_REACH = "the database cannot be reached: its file or folder was moved, is closed to the server, or its disk is full"

SENTENCES = {
    sqlite3.SQLITE_BUSY: BUSY, sqlite3.SQLITE_LOCKED: BUSY, sqlite3.SQLITE_PROTOCOL: BUSY,
    sqlite3.SQLITE_CORRUPT: UNREADABLE, sqlite3.SQLITE_NOTADB: UNREADABLE, sqlite3.SQLITE_FORMAT: UNREADABLE,
    sqlite3.SQLITE_CANTOPEN: OUT_OF_REACH, sqlite3.SQLITE_IOERR: OUT_OF_REACH, sqlite3.SQLITE_READONLY: OUT_OF_REACH,
    sqlite3.SQLITE_PERM: OUT_OF_REACH, sqlite3.SQLITE_FULL: OUT_OF_REACH,
}


def of_file(error):
    """The sentence for the one who asks, or None."""
    return SENTENCES.get(code(error))


def is_busy(error):
    return of_file(error) is BUSY
