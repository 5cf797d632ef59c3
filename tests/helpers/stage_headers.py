"""Checks the header of a stage (sql/NN_….sql) against what the stage does.

What stands in it is told in sql/tools/stages/stage_header.py.

A table is read when a query takes a value or a row of it (also in the WHERE of an UPDATE), and written when rows are
inserted, updated or deleted or when it is created. A view counts by its own name, not by the tables behind it.
Temporary tables do not count, nor do the run log and the announcement, which every stage writes.
A stage is one transaction without dot-commands, and no view, trigger or index that it leaves behind calls a function
of the extension, so that the file opens without it.

`check` reads the text alone (make lint); `observe` runs the stages under SQLite's authorizer and reports what they
really touch (test_stage_headers.py).
"""

import dataclasses
import pathlib
import re
import sqlite3
import sys

from stage_header import parse

NOT_COUNTED = {"ops_runs", "ops_announced"}


def statements(text):
    """The statements of a stage, as the shell cuts them."""
    found, pending = [], ""
    for line in text.splitlines(keepends=True):
        pending += line
        if pending.rstrip().endswith(";") and sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    if bare(pending).strip():
        raise ValueError(f"the last statement is not finished: {pending.strip()[:60]}")
    return found


def bare(sql):
    """Without comments, and with empty strings."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", lambda m: "''" if m[0][0] == "'" else " ", sql, flags=re.S)


# Conditions in a definition (CHECK, WHEN, the WHERE of an index) are resolved like reads and are none.
DEFINITION = re.compile(r"\s*(?:CREATE(?!.*\bAS\s+(?:SELECT|WITH|VALUES)\b)|ALTER|DROP)\b", re.I | re.S)
PERSISTENT = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?(VIEW|TRIGGER|INDEX)\b", re.I)


def check(text, stage, functions=()):
    """What is wrong with a stage, as a list of sentences; what can be told from its text."""
    try:
        header = parse(text)
        cut = statements(text)
    except ValueError as error:
        return [str(error)]
    problems = []
    if header.stage != stage:
        problems.append(f"the header says stage {header.stage}")
    for line in text.splitlines():
        if line.startswith("."):
            problems.append(f"a dot-command: {line}")
    words = [" ".join(bare(s).upper().split()).rstrip("; ") for s in cut]
    if not words or words[0] != "BEGIN IMMEDIATE" or words[-1] not in ("COMMIT", "END"):
        problems.append("the stage is not one transaction from BEGIN IMMEDIATE to COMMIT")
    for inner in words[1:-1]:
        if re.match(r"(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ATTACH|DETACH|VACUUM)\b", inner):
            problems.append(f"inside the transaction stands {inner[:40]}")
    body = bare(text)
    # A table may also stand in the text of a query, in a string: look there too.
    everything = re.sub(r"--[^\n]*", " ", text)
    for name in sorted(header.reads | header.writes):
        if not re.search(rf"\b{name}\b", everything):
            problems.append(f"{name} is in the header and nowhere else")
    changes = r"\b(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM"
    changes += r"|CREATE\s+TABLE(?:\s+IF\s+NOT\s+EXISTS)?)\s+(?:main\.)?\"?([a-z]\w*)"
    temporary = set(re.findall(r"\bCREATE\s+TEMP(?:ORARY)?\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", body, re.I))
    at_once = re.sub(r"\bCREATE\s+TRIGGER\b.*?\bEND;", "", body, flags=re.I | re.S)  # not when somebody else writes
    written = {n.lower() for n in re.findall(changes, at_once, re.I)} - temporary - NOT_COUNTED
    written -= {"set", "of", "on", "temp"}  # ON CONFLICT DO UPDATE SET, BEFORE UPDATE OF … ON, INTO temp.x
    problems += [f"{name} is written and not in writes:" for name in sorted(written - header.writes)]
    for name in sorted(header.params):
        if f"'{name}'" not in text:
            problems.append(f"the parameter {name} is in the header and nowhere else")
    for statement in cut:
        if PERSISTENT.match(bare(statement)):
            used = [f for f in functions if re.search(rf"\b{f}\s*\(", bare(statement), re.I)]
            problems += [f"what stays in the file uses {f}()" for f in used]
    return problems


@dataclasses.dataclass
class Observed:
    reads: set
    writes: set


def observe(db, text):
    """Runs a stage and returns the tables of the file that it read and wrote."""
    touched = {"reads": set(), "writes": set()}
    defining = False
    behind = set()  # views and triggers, whose own doings do not count

    def authorize(action, first, second, database, inside):
        if database == "main" and inside not in behind - {first}:
            if action == sqlite3.SQLITE_READ and not defining:
                touched["reads"].add(first)
            elif action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_CREATE_TABLE):
                touched["writes"].add(first)
        return sqlite3.SQLITE_OK

    try:
        for statement in statements(text):
            db.set_authorizer(None)
            behind = {n for (n,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type IN ('view', 'trigger')")}
            db.set_authorizer(authorize)
            defining = DEFINITION.match(bare(statement)) is not None
            db.execute(statement).fetchall()
    finally:
        db.set_authorizer(None)
    tables = {n for (n,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view')")}
    counted = {n for n in tables if not n.startswith("sqlite_")} - NOT_COUNTED
    return Observed(touched["reads"] & counted, touched["writes"] & counted)


def disagreements(header, observed):
    """Where the header and the stage's deeds differ."""
    problems = []
    for what in ("reads", "writes"):
        said, done = getattr(header, what) - NOT_COUNTED, getattr(observed, what)
        problems += [f"{name} is not in {what}:" for name in sorted(done - said)]
        problems += [f"{name} is in {what}: and is not touched so" for name in sorted(said - done)]
    return problems


def main(paths):
    failed = 0
    for path in map(pathlib.Path, paths):
        for problem in check(path.read_text(), path.stem):
            print(f"{path}: {problem}")
            failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
