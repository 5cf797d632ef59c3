"""The one way to a database: it waits for locks, and whatever the file or a definition says does nothing but SQL on that file.

    ATHLETE_EXTENSION       the library to load (build/athlete beside this folder's parent by default)
    ATHLETE_LOCK_TIMEOUT_S  how long another program's lock is waited for (10 seconds by default)
"""

import contextlib
import functools
import os
import pathlib
import re
import sqlite3
import threading
import time

# Python's own was built to load no extensions in pyenv's, python.org's and others.
if not hasattr(sqlite3.Connection, "enable_load_extension"):
    with contextlib.suppress(ImportError):
        from pysqlite3 import dbapi2 as sqlite3

ROOT = pathlib.Path(__file__).resolve().parents[3]
SQL = ROOT / "sql"
OLDEST = (3, 38, 0)
NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
PATIENCE_S = 2  # for a transaction to be rolled back after a signal

# Temporary tables are about as large as the file: of a smaller one they need no folder that may be full.
IN_MEMORY_BYTES = 256_000_000

# What reaches outside the file, whether this SQLite has it or not.
REFUSED_FUNCTIONS = {"load_extension", "readfile", "writefile", "edit", "fsdir", "fts3_tokenizer"}
REFUSED_PRAGMAS = {"writable_schema", "trusted_schema", "temp_store_directory", "data_store_directory"}
HARMLESS = {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT}  # three of four questions that compiling asks
ALLOWED = sqlite3.SQLITE_OK
CHANGES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
SCHEMA = {"sqlite_master", "sqlite_temp_master"}  # which a virtual table seems to change when it tells its columns


class Failure(Exception):
    """What stops a program: a sentence for whoever started it."""


# --- opening -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(path, creates=False, reads_only=False, loads=True):
    """A connection to the database of a path. One that is not there is made only if asked. With reads_only no statement changes
    the file; loads=False leaves the extension to load()."""
    path = pathlib.Path(path)
    _check_path(path, creates)
    try:
        db = _connect(f"{path.absolute().as_uri()}?mode={'rwc' if creates else 'rw'}", reads_only)
    except sqlite3.Error as error:
        raise Failure(f"{path}: {sentence(error, path)}") from error
    try:
        if path.stat().st_size < IN_MEMORY_BYTES:
            db.execute("PRAGMA temp_store = MEMORY")
        if loads:
            load(db)
        yield db
    except sqlite3.Error as error:
        raise Failure(f"{path}: {sentence(error, path)}") from error
    finally:
        _open.discard(db)
        db.close()


@contextlib.contextmanager
def in_memory():
    with contextlib.closing(_connect(":memory:", False)) as db:
        load(db)
        yield db
        _open.discard(db)


_open = set()
has_been_stopped = threading.Event()  # by a signal: nothing new is begun


def _check_path(path, creates):
    if path.is_dir():
        raise Failure(f"{path} is a folder where a database belongs")
    if not path.exists() and not creates:
        raise Failure(f"there is no database {path}")
    if not path.parent.is_dir():
        raise Failure(f"there is no folder {path.parent} for the database {path.name}")


def _connect(uri, reads_only):
    if sqlite3.sqlite_version_info < OLDEST:
        raise Failure(f"this Python has SQLite {sqlite3.sqlite_version} where at least {'.'.join(map(str, OLDEST))} is needed")
    # Another thread interrupts it. The stages have more statements than any cache, and every table that one makes or drops expires
    # all that are kept.
    db = sqlite3.connect(uri, uri=uri != ":memory:", timeout=_timeout_s(), isolation_level=None, check_same_thread=False, factory=Connection, cached_statements=16)
    db.text_factory = lambda text: text.decode(errors="replace")
    db.set_authorizer(_guard(reads_only))
    _open.add(db)
    return db


def _timeout_s():
    told = os.environ.get("ATHLETE_LOCK_TIMEOUT_S", "10")
    try:
        timeout_s = float(told)
        if 0 <= timeout_s <= 3600:
            return timeout_s
    except ValueError:
        pass
    raise Failure(f"ATHLETE_LOCK_TIMEOUT_S is {told!r} where a number of seconds from 0 to 3600 belongs")


def _guard(reads_only):
    def guard(action, first, second, database, _source):
        if action in HARMLESS:
            return ALLOWED
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and second.lower() in REFUSED_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA and first.lower() in REFUSED_PRAGMAS:
            return sqlite3.SQLITE_DENY
        if reads_only and action in CHANGES and database != "temp" and first not in SCHEMA:
            return sqlite3.SQLITE_DENY
        return ALLOWED

    return guard


def vacuum(db):
    """Writes the file anew. SQLite attaches a file of its own for that, which no statement else may."""
    db.set_authorizer(None)
    try:
        db.execute("VACUUM")
    finally:
        db.set_authorizer(_guard(reads_only=False))


class Connection(sqlite3.Connection):
    has_extension = False


def load(db):
    """Loads the extension, once; SQL cannot load another."""
    if db.has_extension:
        return
    if not hasattr(db, "enable_load_extension"):
        raise Failure("this Python's sqlite3 loads no extensions: take one whose does, as Debian's or Homebrew's (make PYTHON=/usr/bin/python3), or install pysqlite3-binary")
    extension = os.environ.get("ATHLETE_EXTENSION") or str(ROOT / "build" / "athlete")
    db.enable_load_extension(True)
    try:
        db.load_extension(extension)
    except sqlite3.Error as error:
        raise Failure(f"the extension {extension} cannot be loaded: {error}") from error
    else:
        db.has_extension = True
    finally:
        db.enable_load_extension(False)


# --- transactions and signals --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def transaction(db, kind="IMMEDIATE"):
    """All or nothing."""
    db.execute(f"BEGIN {kind}")
    with undone_on_failure(db):
        yield
        db.execute("COMMIT")


@contextlib.contextmanager
def undone_on_failure(db):
    """What begins and ends its own transactions leaves none behind."""
    try:
        yield
    except BaseException:
        _open.discard(db)  # what undoes it is not interrupted
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def beside_readers(db):
    """Whoever reads goes on with what was there before, however long and much is written: in WAL mode. Afterwards the database is one
    file again, unless somebody reads it just then, or it was in WAL mode before. What is written reaches the disk at the end, in
    order: where the power fails before, the last transactions have not been, and the next run does them again."""
    if value(db, "PRAGMA journal_mode") != "delete":
        yield
        return
    with contextlib.suppress(sqlite3.OperationalError):  # somebody reads without end: then as it is
        if value(db, "PRAGMA journal_mode = wal") == "wal":
            db.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        _open.discard(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")  # so that the next, which locks readers out, has little to do
        try:
            db.execute("PRAGMA journal_mode = delete")
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise


def interrupt(has_ended):
    """Stops what the connections do and waits until that is undone. Without a connection there is nothing to undo."""
    has_been_stopped.set()
    until = time.monotonic() + PATIENCE_S
    is_at_work = bool(_open)
    while is_at_work and not has_ended.is_set() and time.monotonic() < until:
        for db in tuple(_open):
            db.interrupt()
        has_ended.wait(0.02)


# --- SQL -----------------------------------------------------------------------------------------------------------------


# A semicolon, or what may hold one that ends no statement.
SEMICOLON = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|;""", re.S)


def run_script(db, text):
    """Executes the statements of a text one by one; their rows go nowhere."""
    for statement in _statements(text):
        for _ in db.execute(statement):
            pass


INCLUDE = re.compile(r"^-- include: (\S+)$", re.M)


def script(path):
    """The text of a file below sql, with those that it includes by a line of their own."""
    return INCLUDE.sub(lambda found: script(SQL / found[1]), path.read_text(encoding="utf-8"))


def statements(text):
    """The statements of a text, as SQLite itself tells where one ends."""
    start = 0
    for found in SEMICOLON.finditer(text):
        if found[0] == ";" and sqlite3.complete_statement(text[start : found.end()]):
            yield text[start : found.end()]
            start = found.end()
    if text[start:].strip():
        yield text[start:]


@functools.lru_cache(256)
def _statements(text):
    """Those of a stage are cut once, by a process that runs it over many files."""
    return list(statements(text))


def quoted(name):
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    """A text as a literal of SQL, for the argument of a module, which cannot be a parameter."""
    return "'" + text.replace("'", "''") + "'"


def value(db, sql, *parameters):
    """The first value of the first row, None without one."""
    row = db.execute(sql, parameters).fetchone()
    return None if row is None else row[0]


def has(db, name):
    return value(db, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)", name) == 1


# --- errors --------------------------------------------------------------------------------------------------------------


# As SQLite numbers what went wrong; Python tells of them from 3.11 on.
BUSY, IOERR, FULL = 5, 10, 13


def code(error):
    """What SQLite says went wrong, without its details; 0 where Python does not tell."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_busy(error):
    """Whether another connection was in the way."""
    return code(error) == BUSY or (code(error) == 0 and str(error).startswith("database is locked"))


def sentence(error, path):
    """What SQLite says, and for a full disk and a lock what one needs to know besides."""
    text = str(error)
    if is_busy(error):
        return f"{text}: another program has kept it for {_timeout_s():g} seconds"
    if code(error) in (FULL, IOERR):
        return f"{text}; free are {', '.join(f'{_free_mb(folder):.1f} MB in {folder}' for folder in _folders(path))}"
    return text


def _folders(path):
    """Of the database, and where SQLite keeps temporary files."""
    told = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    candidates = [*filter(None, told), "/var/tmp", "/usr/tmp", "/tmp", "."]
    temporary = next((f for f in candidates if os.path.isdir(f) and os.access(f, os.W_OK | os.X_OK)), ".")
    return dict.fromkeys([str(pathlib.Path(path).absolute().parent), temporary])


def _free_mb(folder):
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize / 1e6
