"""What is asked, is asked of a copy in memory that holds the rows of one athlete and what belongs to nobody. Other athletes' rows are
not there to be found, and nothing that is done to it reaches the file."""

import collections
import contextlib
import os
import sqlite3
import threading
import time

from common import database, readiness
from common.database import Failure, quoted, value

# Whose rows are told by another column than athlete_id; of some the rest is of nobody here: runners of the survey.
OWN = {"inference_log": "entity = ?", "time_estimator_rows": "subject = ? AND source <> 'survey'", "ml_validation_predictions": "subject = ? AND source <> 'survey'"}
# Tables without rows of anyone.
SHARED = {"ops_config", "race_distances", "features", "feature_groups", "feature_types", "feature_publications", "feature_lineage_paths", "ml_models", "ml_model_versions", "ml_aliases", "ml_metrics",
          "ml_intervals", "ml_decisions", "ops_stages", "ops_upstreams", "silver_rules", "silver_fields", "silver_sport_families"}  # fmt: skip
KEPT = 8  # copies in memory

MAX_SECONDS = 2.0
MAX_TEXT = 300_000  # bytes of one value: instr and replace compare each place of one text with another before anyone may stop them
MAX_PATTERN = 1000  # bytes, of LIKE and GLOB, for the same reason
MAX_BYTES = 200_000  # of an answer
HEAP_BYTES = 1_000_000_000  # of all of SQLite in this process

# That fill up texts byte by byte, however long they may be, and so cannot be stopped.
ENDLESS = {"printf", "format"}
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_FUNCTION}


class Refused(Exception):
    """A sentence for who asked."""


class Copy:
    def __init__(self, path, athlete):
        self.athlete = athlete
        self.lock = threading.Lock()
        self.read = set()
        self.db = sqlite3.connect("file::memory:", uri=True, isolation_level=None, check_same_thread=False, factory=database.Connection)
        self.db.text_factory = lambda text: text.decode(errors="replace")
        database.load(self.db)
        self.db.execute("PRAGMA temp_store = MEMORY")
        self.db.execute(f"PRAGMA hard_heap_limit = {HEAP_BYTES}")
        self.db.execute("PRAGMA trusted_schema = OFF")
        self.db.execute("ATTACH ? AS source", (f"{path.absolute().as_uri()}?mode=ro",))
        self._fill()
        self.db.execute("DETACH source")
        self.db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self.db.execute("PRAGMA query_only = ON")

    def close(self):
        self.db.close()

    # --- what it holds ---

    def _fill(self):
        """All in one read transaction. What of a stranger's schema cannot be made is not there."""
        db = self.db
        db.execute("BEGIN")
        schema = db.execute("SELECT type, name, sql FROM source.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
                            " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid").fetchall()  # fmt: skip
        db.set_authorizer(_only_making)
        for kind, name, sql in schema:
            whose = self._whose(name) if kind == "table" else None
            if kind == "table" and whose is not None:
                self._try(sql)
                where, parameters = (f" WHERE {whose}", (self.athlete,)) if whose else ("", ())
                self._try(f"INSERT INTO main.{quoted(name)} SELECT * FROM source.{quoted(name)}{where}", *parameters)
        for wanted in ("index", "view"):
            for kind, _, sql in schema:
                if kind == wanted:
                    self._try(sql)
        self._drop_what_cannot_be_read([name for kind, name, _ in schema if kind == "view"])
        db.set_authorizer(None)
        db.execute("COMMIT")

    def _drop_what_cannot_be_read(self, views):
        """Views of what is not here, or by functions that are not lent."""
        self.db.set_authorizer(lambda action, first, second, *_: reading(action, first, second))
        unreadable = [name for name in views if not self._try(f"SELECT * FROM main.{quoted(name)} LIMIT 0")]
        self.db.set_authorizer(_only_making)
        for name in unreadable:
            self._try(f"DROP VIEW main.{quoted(name)}")

    def _whose(self, table):
        """The condition for the rows of a table that are the athlete's; empty for all, None for none."""
        if table in SHARED:
            return ""
        if table in OWN:
            return OWN[table]
        columns = {name.lower() for (name,) in self.db.execute("SELECT name FROM pragma_table_xinfo(?, 'source')", (table,))}
        return "athlete_id = ?" if "athlete_id" in columns and not table.startswith(("ops_", "bronze_")) else None

    def _try(self, sql, *parameters):
        try:
            self.db.execute(sql, parameters)
        except (sqlite3.Error, sqlite3.Warning):
            return False
        return True

    # --- what it is asked ---

    def ask_all(self, statements, parameters, max_rows, max_seconds):
        """Of statements of ours, which may keep what they prepare in temporary tables: of each the names, the rows, and whether there were more."""
        with self.lock:
            self.db.execute("PRAGMA query_only = OFF")
            try:
                with self._within(max_seconds):
                    return [self._rows(self.db.execute(statement, parameters), max_rows) for statement in statements]
            finally:
                self.db.execute("PRAGMA query_only = ON")

    def ask(self, statement, max_rows, guard):
        """The same of one statement of anyone's, which may do what `guard` lets it."""
        with self.lock:
            self.read = set()
            self.db.set_authorizer(self._noting(guard))
            former = self.db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
            self.db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN)
            try:
                with self._within(MAX_SECONDS):
                    return self._rows(self.db.execute(statement), max_rows)
            finally:
                self.db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, former)
                self.db.set_authorizer(None)

    def tables(self):
        """The columns of each table and view."""
        with self.lock:
            names = [name for (name,) in self.db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")]
            return {name: [column for (column,) in self.db.execute("SELECT name FROM pragma_table_xinfo(?)", (name,))] for name in names}

    @contextlib.contextmanager
    def _within(self, seconds):
        until = time.monotonic() + seconds
        self.db.set_progress_handler(lambda: time.monotonic() > until, 1000)
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
            if time.monotonic() > until:
                raise Refused(f"this took longer than {seconds:g} seconds and was stopped") from error
            if "authoriz" in str(error) and "function" not in str(error):
                raise Refused("only reading is allowed here: one SELECT over the tables of the tool tables") from error
            raise Refused(str(error)) from error
        finally:
            self.db.set_progress_handler(None, 0)

    def _rows(self, cursor, max_rows):
        if cursor.description is None:
            return [], [], False
        names, rows, size = [column[0] for column in cursor.description], [], 0
        for row in cursor:
            size += sum(len(str(each)) for each in row)
            if len(rows) == max_rows or size > MAX_BYTES:
                return names, rows, True
            rows.append(row)
        return names, rows, False

    def _noting(self, guard):
        def noting(action, first, second, schema, source):
            verdict = guard(action, first, second)
            if action == sqlite3.SQLITE_READ and verdict == sqlite3.SQLITE_OK and first:
                self.read.add(first)
            return verdict

        return noting


def _only_making(action, first, second, schema, _source):
    """While the copy is made, the file's own schema may make tables, indexes and views here, and nothing else."""
    if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA) and (first or "").lower() != "table_xinfo":
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in database.REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY if schema == "source" and action in database.CHANGES else sqlite3.SQLITE_OK


def reading(action, first, second):
    """Of a stranger's statement: it reads, and calls functions that reach nothing outside."""
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in database.REFUSED_FUNCTIONS | ENDLESS:
        return sqlite3.SQLITE_DENY
    if action in ALLOWED or action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE) and first in database.SCHEMA or action == sqlite3.SQLITE_CREATE_TABLE:
        return sqlite3.SQLITE_OK  # the last two are table functions telling their columns; query_only forbids the real thing
    return sqlite3.SQLITE_DENY


class Copies:
    """The newest copies, each of what the file held when it was last written."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self._copies = collections.OrderedDict()
        self._watch, self._file = None, None

    def state(self):
        """Another one after each change, by whatever program, and after another file took the path's place."""
        found = os.stat(self.path)
        if self._file != (found.st_dev, found.st_ino):
            if self._watch is not None:
                self._watch.close()
            self._watch = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self._file = found.st_dev, found.st_ino
        return (*self._file, value(self._watch, "PRAGMA data_version"))

    def look(self, sql, *parameters):
        """The first value of a row of the file itself."""
        with self.lock:
            self.state()
            return value(self._watch, sql, *parameters)

    def of(self, athlete):
        with self.lock:
            state = self.state()
            kept, copy = self._copies.get(athlete, (None, None))
            if kept != state:
                if copy is not None:
                    with copy.lock:
                        copy.close()
                copy = Copy(self.path, athlete)
                self._copies[athlete] = state, copy
            self._copies.move_to_end(athlete)
            if len(self._copies) > KEPT:
                _, (_, oldest) = self._copies.popitem(last=False)
                with oldest.lock:
                    oldest.close()
            return copy


def most_active(path):
    with database.opened(path, reads_only=True) as db:
        readiness.check(db, path)
        found = value(db, "SELECT athlete_id FROM silver_strava_activities GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1")
        if found is None:
            raise Failure(readiness.nobody(db, path))
    return found
