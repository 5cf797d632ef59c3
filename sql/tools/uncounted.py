"""To be imported before sqlite3 by a program that runs stages: SQLite counts its memory under a lock, for limits that such a program
does not set, and without that the stages cost a seventh less. Where Python has a SQLite of its own, nothing happens."""

import contextlib
import ctypes

MEMSTATUS = 9  # SQLITE_CONFIG_MEMSTATUS

with contextlib.suppress(OSError, AttributeError):
    ctypes.CDLL("libsqlite3.so.0").sqlite3_config(MEMSTATUS, ctypes.c_int(0))
