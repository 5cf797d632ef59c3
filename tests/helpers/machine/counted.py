"""What SQLite says a statement took: steps of its machine and rows that were passed by in search of others. Both are exact and the
same on every machine, as seconds are not. Of nested statements, too, which functions run."""

import collections
import ctypes
import ctypes.util
import dataclasses

from helpers.extension import EXTENSION

FULLSCAN_STEP, VM_STEP = 1, 4  # of sqlite3_stmt_status()
ENABLE_LOAD_EXTENSION = 1005  # of sqlite3_db_config()
TRACE_PROFILE = 2  # of sqlite3_trace_v2()
ROW, DONE = 100, 101
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@dataclasses.dataclass
class Steps:
    machine: int = 0
    scanned: int = 0


class Counter:
    """A connection that counts. `steps` has a Steps of every text of a statement."""

    def __init__(self, path=":memory:"):
        self._sqlite = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
        self._sqlite.sqlite3_errmsg.restype = self._sqlite.sqlite3_sql.restype = ctypes.c_char_p
        self._db = ctypes.c_void_p()
        self._check(self._sqlite.sqlite3_open(str(path).encode(), ctypes.byref(self._db)))
        self._check(self._sqlite.sqlite3_db_config(self._db, ENABLE_LOAD_EXTENSION, ctypes.c_int(1), None))
        self._check(self._sqlite.sqlite3_load_extension(self._db, EXTENSION.encode(), None, None))
        self._callback = CALLBACK(self._ended)
        self._check(self._sqlite.sqlite3_trace_v2(self._db, TRACE_PROFILE, self._callback, None))
        self.steps = collections.defaultdict(Steps)

    def _check(self, code):
        assert code in (0, ROW, DONE), (code, self._sqlite.sqlite3_errmsg(self._db))
        return code

    def _ended(self, _kind, _context, statement, _nanoseconds):
        statement = ctypes.c_void_p(statement)
        steps = self.steps[self._sqlite.sqlite3_sql(statement).decode()]
        steps.machine += self._sqlite.sqlite3_stmt_status(statement, VM_STEP, 1)
        steps.scanned += self._sqlite.sqlite3_stmt_status(statement, FULLSCAN_STEP, 1)
        return 0

    def execute(self, text):
        """All statements of a text; their rows go nowhere."""
        rest = ctypes.c_char_p(text.encode())
        while rest.value:
            statement = ctypes.c_void_p()
            self._check(self._sqlite.sqlite3_prepare_v2(self._db, rest, -1, ctypes.byref(statement), ctypes.byref(rest)))
            while statement and self._check(self._sqlite.sqlite3_step(statement)) == ROW:
                pass
            self._check(self._sqlite.sqlite3_finalize(statement))

    def put(self, body, received_at):
        quoted = body.replace("'", "''")
        self.execute(f"INSERT INTO bronze_inbox (source, body, received_at) VALUES ('test', '{quoted}', '{received_at}')")

    def close(self):
        self._check(self._sqlite.sqlite3_close(self._db))
