"""What the tests of the models share: the whole pipeline built once in memory, copies of it, and stages run on them."""

import csv
import functools
import json
import sqlite3

from conftest import DATA, ROOT, connect

RUNNER = DATA / "strava-api" / "runner"
SURVEY = ROOT / "sql" / "data" / "race-times" / "runners.csv"
SPECIFICATION = ROOT / "schemas" / "models" / "time_estimator.json"

STAGES = {p.stem: p.read_text() for p in sorted((ROOT / "sql").glob("[0-9]*.sql"))}
BRONZE = [s for s in STAGES if s < "2"]
ROWS, TRAIN, PREDICT = "40_time_estimator_rows", "41_time_estimator_train", "50_predict_race_times"
EVIDENCE = [s for s in STAGES if s <= ROWS]

FEATURES = json.loads(SPECIFICATION.read_text())["features"]
ARRIVED = "2025-12-01T00:00:00Z"


@functools.lru_cache(maxsize=None)
def statements(text):
    found, start = [], 0
    while (end := text.find(";", start)) >= 0:
        while not sqlite3.complete_statement(text[start : end + 1]):
            end = text.index(";", end + 1)
        found.append(text[start : end + 1])
        start = end + 1
    return tuple(found)


def run(db, names=None, changed=None):
    """Runs stages as the shell would: one that fails leaves the database as it was. `changed` replaces texts of stages."""
    for name in names or STAGES:
        try:
            for statement in statements((changed or {}).get(name, STAGES[name])):
                db.execute(statement).fetchall()
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            for (table,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
                db.execute(f"DROP TABLE temp.{table}")
            raise


def replaced(name, was, becomes):
    """A stage in which one text stands for another; the text must be there once."""
    assert STAGES[name].count(was) == 1, (name, was)
    return {name: STAGES[name].replace(was, becomes)}


def put(db, body, received_at=ARRIVED, source="test"):
    """Into the inbox: text as it is, anything else as JSON."""
    body = body if isinstance(body, str) else json.dumps(body)
    db.execute("INSERT INTO bronze_inbox (source, body, received_at) VALUES (?, ?, ?)", (source, body, received_at))


def survey():
    """The runners as sql/import brings them: every value a text."""
    with SURVEY.open(newline="") as lines:
        return list(csv.DictReader(lines))


def specification(**options):
    """The time estimator's specification, with other training options."""
    found = json.loads(SPECIFICATION.read_text())
    found["options"] |= options
    return found


def database(*bodies, names=None):
    """A new database to which bodies have come, with the stages run."""
    db = connect(isolation_level=None, cached_statements=1024)
    run(db, BRONZE)
    for body in bodies:
        put(db, body)
    run(db, names)
    return db


@functools.lru_cache(maxsize=None)
def image(what):
    """A built database as bytes: 'whole' is what `make demo` has, 'quick' the same with ten small trees, 'survey' the
    survey alone with its evidence."""
    runner = [p.read_text() for p in sorted(RUNNER.glob("*.json"))]
    db = {
        "whole": lambda: database(*runner, specification(), survey()),
        "quick": lambda: database(*runner, specification(num_boost_round=10), survey()),
        "survey": lambda: database(specification(), survey(), names=EVIDENCE),
    }[what]()
    found = db.serialize()
    db.close()
    return found


def copy(what="whole"):
    """A database of one's own that starts as the one built."""
    db = connect(isolation_level=None, cached_statements=1024)
    db.deserialize(image(what))
    return db


def rows(db, sql, *parameters):
    """Rows as dictionaries."""
    cursor = db.execute(sql, parameters)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def one(db, sql, *parameters):
    found = db.execute(sql, parameters).fetchall()
    assert len(found) == 1, found
    return found[0] if len(found[0]) > 1 else found[0][0]


def runner_activities():
    return json.loads((RUNNER / "activities.json").read_text())


def report(title, header, table):
    """Prints measured numbers; `pytest -rP` shows them."""
    print(f"\n{title}\n" + "  ".join(f"{h:>16}" for h in header))
    for line in table:
        print("  ".join(f"{v:>16.2f}" if isinstance(v, float) else f"{str(v):>16}" for v in line))
