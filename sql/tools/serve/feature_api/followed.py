"""Connections to the file that a path names now. A backup that is restored, rsync and `mv new.db athlete.db` put another file
there, and a connection stays with the file that it opened, with its rows and its tokens."""

import asyncio
import contextlib
import dataclasses
import os
import sqlite3
import stat
import sys
import threading
import types

from datasette.database import Database

from feature_api.refusal import Refusal

MISSING = "the database is not there; it is looked for again at each request"
NO_FILE = "what stands where the database was is no file"
MOVING = "the database is just being replaced; try again"
FOREIGN_LOG = (
    "the database was replaced while the write-ahead log of the one before is still beside it, which must not be read into"
    " this one: remove the files that end in -wal and -shm, or put the former database back"
)


@dataclasses.dataclass(eq=False)
class Opened:
    conn: sqlite3.Connection
    file: tuple  # device and inode
    log: tuple | None  # of the write-ahead log; it comes with the first statement
    is_used: bool = True
    is_over: bool = False

    def is_of(self, file, log):
        return not self.is_over and self.file == file and self.log in (None, log)


def file_at(path):
    try:
        found = os.stat(path)
    except OSError:
        raise Refusal(503, MISSING, {"Retry-After": "1"}) from None
    if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for ever
        raise Refusal(503, NO_FILE, {"Retry-After": "1"})
    return found.st_dev, found.st_ino


def log_of(path):
    try:
        found = os.stat(f"{path}-wal")
    except OSError:
        return None
    return found.st_dev, found.st_ino


class FollowedDatabase(Database):
    """A database of Datasette's that looks at its path before each use."""

    def __init__(self, original):
        super().__init__(original.ds, original.path, original.is_mutable, original.is_memory, original.memory_name)
        self.name, self.route = original.name, original.route
        self._lock = threading.Lock()  # over what follows, and over the opening of connections
        self._opened = set()
        self._foreign_log = None
        self._of_thread = threading.local()
        self._of_writes = types.SimpleNamespace()

    @contextlib.contextmanager
    def using(self, holder, write=False):
        """The connection that `holder.opened` keeps, or a new one once its file is no longer the path's."""
        opened = holder.opened = self._take(getattr(holder, "opened", None), write)
        try:
            yield opened.conn
        finally:
            with self._lock:
                opened.is_used = False
                if opened.log is None and self.path is not None:
                    opened.log = log_of(self.path)
                if opened.is_over:
                    self._close(opened)

    def _take(self, opened, write):
        with self._lock:
            file, log = (file_at(self.path), log_of(self.path)) if self.path is not None else (None, None)
            if opened is not None and opened.is_of(file, log):
                opened.is_used, opened.log = True, log
                return opened
            self._end_former(file, log)
            conn = self.connect(write)
            try:
                self.ds._prepare_connection(conn, self.name)  # the extension and the authorizer
                if self.path is not None and file_at(self.path) != file:
                    raise Refusal(503, MOVING, {"Retry-After": "1"})
            except BaseException:
                self._forget(conn)
                raise
            opened = Opened(conn, file, log)
            self._opened.add(opened)
            return opened

    def _end_former(self, file, log):
        """Closes what is open to another file: now, or when the thread that uses it is done."""
        for each in [each for each in self._opened if not each.is_of(file, log)]:
            each.is_over = True
            if each.file != file and each.log is not None:
                self._foreign_log = each.log
            if not each.is_used:
                self._close(each)
        if log is None or log != self._foreign_log:
            self._foreign_log = None
        elif os.path.getsize(f"{self.path}-wal"):
            raise Refusal(503, FOREIGN_LOG)
        # Connections to one file share the index of its log: that of another log can be read when nobody is left with it.
        if any(each.file == file for each in self._opened if each.is_over):
            raise Refusal(503, MOVING, {"Retry-After": "1"})

    def _close(self, opened):
        self._opened.discard(opened)
        self._forget(opened.conn)

    def _forget(self, conn):
        conn.close()
        if conn in self._all_file_connections:
            self._all_file_connections.remove(conn)

    # --- what Datasette calls ---

    def close(self):
        with self._lock:
            for each in list(self._opened):
                self._close(each)
        super().close()

    async def execute_fn(self, fn):
        def in_thread():
            with self.using(self._of_thread) as conn:
                return fn(conn)

        if self.ds.executor is None:
            return in_thread()
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)

    async def execute_write_fn(self, fn, block=True):
        if self.ds.executor is not None:
            return await super().execute_write_fn(fn, block)
        with self.using(self._of_writes, write=True) as conn:
            return fn(conn)

    def _execute_writes(self):
        """The one thread that writes."""
        while True:
            task = self._write_queue.get()
            try:
                with self.using(self._of_writes, write=True) as conn:
                    result = task.fn(conn)
            except Exception as error:
                print(error, file=sys.stderr, flush=True)
                result = error
            task.reply_queue.sync_q.put(result)


def follow(datasette):
    """Lets the databases that Datasette was given be followed; its own is in memory."""
    for name, original in list(datasette.databases.items()):
        if name != "_internal" and not isinstance(original, FollowedDatabase):
            datasette.databases[name] = FollowedDatabase(original)
            original.close()
