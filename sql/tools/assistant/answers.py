"""Answers are files of SQL in answers/: each statement under a line `-- answer: NAME, from TABLE by KEYS` is a part of the answer, and
TABLE with the values of KEYS says which rows it came from. A statement without such a line prepares the next ones."""

import dataclasses
import functools
import json
import math
import pathlib
import re

from common import database
from copies import Refused

FOLDER = pathlib.Path(__file__).parent / "answers"
HEADER = re.compile(r"^-- answer: (\w+), from (\w+)(?: by ([\w, ]+))?$", re.M)
MAX_ROWS = 200
MAX_SECONDS = 20.0  # ours are short; a machine may be busy


@dataclasses.dataclass(frozen=True)
class Part:
    name: str | None  # None: it prepares
    table: str | None
    keys: tuple
    statement: str


@functools.lru_cache(maxsize=None)
def parts(name):
    return [_part(statement) for statement in database.statements(database.script(FOLDER / f"{name}.sql"))]


def _part(statement):
    found = HEADER.search(statement)
    if found is None:
        return Part(None, None, (), statement)
    table = None if found[2] == "nothing" else found[2]
    return Part(found[1], table, tuple(key.strip() for key in (found[3] or "").split(",") if key.strip()), statement)


def shown(cell):
    """A value as JSON has it."""
    if isinstance(cell, bytes):
        return f"x'{cell[:100].hex()}'" + ("…" if len(cell) > 100 else "")
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return cell


def opened(name, cell):
    """JSON that is kept as a text, as what it says."""
    if name in ("inputs", "candidates", "comes_from", "rules") and isinstance(cell, str):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return shown(cell)


def answer(copy, name, asked):
    """The parts of an answer by their names, and the rows that they came from."""
    found, sources = {}, {}
    for part, (names, rows, has_more) in zip(parts(name), copy.ask_all([part.statement for part in parts(name)], asked | {"athlete": copy.athlete}, MAX_ROWS, MAX_SECONDS)):
        if part.name is None:
            continue
        found[part.name] = [{name: opened(name, cell) for name, cell in zip(names, row)} for row in rows]
        if has_more:
            found[f"{part.name}_has_more"] = True
        if part.table is not None and rows:
            keys = [dict(zip(part.keys, each)) for each in dict.fromkeys(tuple(shown(row[names.index(key)]) for key in part.keys) for row in rows)]
            sources.setdefault(part.table, []).extend(key for key in keys if key not in sources.get(part.table, []))
    return {"athlete": copy.athlete, "answer": found, "sources": [{"table": table, "rows": rows} for table, rows in sources.items()]}


def selected(copy, sql, max_rows, guard):
    """The rows of a statement of the asker's own."""
    if len(sql) > 20_000:
        raise Refused("the statement is longer than 20,000 characters")
    names, rows, has_more = copy.ask(sql, max_rows, guard)
    if not names:
        raise Refused("this is no SELECT")
    rows = [[shown(cell) for cell in row] for row in rows]
    return {"athlete": copy.athlete, "columns": names, "rows": rows, "has_more": has_more, "sources": [{"table": table} for table in sorted(copy.read - database.SCHEMA)]}
