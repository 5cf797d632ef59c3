"""A stage that has nothing to do rests.

What it reads besides its own last rows is told in its header, `-- rests:` (sql/tools/stages/stage_header.py). When it has run,
the state of that is kept in ops_rests, in its transaction: its text, the schema, the library, and what its header names. While
all this is what it was, another run would change nothing, as running twice changes nothing. The first one that finds it so runs all
the same, and what it tells in ops_runs is what each one after it tells that rests. Whoever runs a stage otherwise, as through a
pipe, takes its row out of ops_rests (ops_announced_wakes): what it read is not known.

A stage that runs makes no table, view, trigger or index, and announces nothing, of which the same holds: they are there. It ends early at a line

    -- rests here without due                           counted nothing
    -- rests here without moved, having counted 3, 2, 0, NULL

above a statement, where the temporary table of that name is empty: then no statement from there to `-- finish` would do anything.
"""

import functools
import re

from .. import database
from ..database import NOW, sqlite3
from .state import HEADER, NEVER, ground, state_of

EARLY = re.compile(r"^-- rests here without (\w+)(?:, having counted (.+))?$", re.M)
FINISH = "-- finish: printed"
MADE = re.compile(r"(?:\s|--.*\n)*(?:CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW|TRIGGER) IF NOT EXISTS|INSERT INTO ops_announced)\b")
DROP = re.compile(r"DROP TABLE temp\.(\w+);")


def run(db, stage, text):
    """Runs a stage as far as there is something to do."""
    script = _script(text)
    if script.stage != stage:
        _perform(db, script)
        return
    on, state = ground(db, text), state_of(text)
    known = _known(db, stage, on, state)
    if known == (1, 1, 1):
        if script.finish is not None:
            _log(db, stage)
        return
    stands, is_same, _ = known or (0, 0, 0)

    def at_its_end(now):
        if state != NEVER or not stands or now != on:  # else its row says so already
            _remember(db, stage, now, state, is_quiet=is_same)

    _perform(db, script, text, on if stands else None, at_its_end)


class _Script:
    """A stage's statements, where it may end early, and where its end begins: those of `finish`, the last of which commits."""

    def __init__(self, text):
        self.statements = list(database.statements(text))
        self.early = {i: found for i, statement in enumerate(self.statements) if (found := EARLY.search(statement))}
        self.finish = next((i for i, statement in enumerate(self.statements) if FINISH in statement), None)
        self.stage = dict(HEADER.findall(text)).get("stage")
        self.made = {i for i, statement in enumerate(self.statements) if MADE.match(statement)}


@functools.lru_cache(256)
def _script(text):
    """Cut once, by a process that runs it over many files."""
    return _Script(text)


def _perform(db, script, text=None, stood_on=None, at_its_end=None):
    """All statements, or those before a line at which there is nothing left to do; `at_its_end` is within the transaction. What the
    stage has made and announced is there, where it stands on what it stood on when it ended last."""
    left, tables = script.statements, None
    _execute(db, left[0])
    made = script.made if stood_on and ground(db, text) == stood_on else ()
    for i, statement in enumerate(left[1:-1], 1):
        if i in script.early and not database.value(db, f"SELECT EXISTS (SELECT 1 FROM temp.{script.early[i][1]})"):
            db.execute("CREATE TEMP TABLE counted (rows_in, rows_out, rows_rejected, message)")
            db.execute(f"INSERT INTO temp.counted VALUES ({script.early[i][2] or '0, 0, 0, NULL'})")
            tables = {name for (name,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'")}
            left = left[script.finish :]
            break
        if i not in made:
            _execute(db, statement)
    for statement in left[:-1] if tables else ():
        dropped = DROP.fullmatch(statement.strip())
        if not dropped or dropped[1] in tables:
            _execute(db, statement)
    if at_its_end:
        at_its_end(ground(db, text))
    _execute(db, left[-1])


def _execute(db, statement):
    for _ in db.execute(statement):
        pass


def _known(db, stage, on, state):
    """Whether a stage that ended stands on what it stood on, whether what it reads is as it was, and whether it was quiet then; None of one
    that did not end, or was run otherwise since."""
    try:
        return db.execute(f"SELECT state GLOB ?2 || athlete_version() || ' *', COALESCE(state = ?2 || athlete_version() || ' ' || {state}, 0), is_quiet"
                          " FROM ops_rests WHERE stage = ?1", (stage, on)).fetchone()  # fmt: skip
    except sqlite3.OperationalError as error:
        if str(error).startswith("no such "):  # a new file
            return None
        raise


def _remember(db, stage, on, state, is_quiet):
    db.execute(
        "INSERT OR REPLACE INTO ops_rests (stage, state, is_quiet, rows_in, rows_out, rows_rejected, message)"
        f" SELECT ?1, ?2 || athlete_version() || ' ' || COALESCE({state}, ''), ?3, r.rows_in, r.rows_out, r.rows_rejected, r.message FROM (SELECT 1)"
        " LEFT JOIN ops_runs AS r ON r.run_id = (SELECT MAX(run_id) FROM ops_runs) AND r.stage = ?1", (stage, on, is_quiet))  # fmt: skip


def _log(db, stage):
    db.execute(
        "INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)"
        f" SELECT stage, {NOW}, 0.0, rows_in, rows_out, rows_rejected, 'ok', message FROM ops_rests WHERE stage = ?", (stage,))  # fmt: skip
