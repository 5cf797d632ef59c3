"""SQLite without its own count of the memory that it holds, which takes a seventh of what the stages take over small tables. Programs
that the tests start count as ever, and so do those that look at the count."""

import contextlib
import ctypes

MEMORY_STATUS = 9  # of sqlite3_config(), heard until the first connection is opened


def without_counting():
    with contextlib.suppress(OSError):  # no such library: elsewhere it has another name, and counts
        return ctypes.CDLL("libsqlite3.so.0").sqlite3_config(MEMORY_STATUS, ctypes.c_int(0))


told = without_counting()
