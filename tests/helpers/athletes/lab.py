"""What the tests of the models share: the whole pipeline built once in memory, copies of it, and stages run on them."""

import csv
import functools
import json

from helpers.athletes.demo import MAY_TRAIN
from helpers.extension import DATA, ROOT
from helpers.machine import shared
from helpers.stages import BRONZE, STAGES, new_database, one, put, rows, run, statements  # noqa: F401, for the tests beside this

RUNNER = DATA / "strava-api" / "runner"
SURVEY = ROOT / "sql" / "data" / "race-times" / "runners.csv"
SPECIFICATION = ROOT / "schemas" / "models" / "time_estimator.json"

ROWS, PREDICT = "500_time_estimator_rows", "600_predict_race_times"
TRAIN = ["530_model_definitions", "540_train_models", "547_model_intervals", "548_race_record", "550_promote_models"]
EVIDENCE = [s for s in STAGES if s <= ROWS]

FEATURES = json.loads(SPECIFICATION.read_text())["features"]


def replaced(name, was, becomes):
    """A stage in which one text stands for another; the text must be there once."""
    assert STAGES[name].count(was) == 1, (name, was)
    return {name: STAGES[name].replace(was, becomes)}


def survey():
    """The runners as sql/tools/import brings them: every value a text."""
    with SURVEY.open(newline="") as lines:
        return list(csv.DictReader(lines))


def specification(**options):
    """The time estimator's specification, with other training options."""
    found = json.loads(SPECIFICATION.read_text())
    found["learner"]["options"] |= options
    return found


def database(*bodies, names=None):
    """A new database to which bodies have come, with the stages run."""
    db = new_database()
    run(db, BRONZE)
    db.execute(MAY_TRAIN)
    for body in bodies:
        put(db, body)
    run(db, names)
    return db


@functools.lru_cache(maxsize=None)
def image(what):
    """A built database as bytes: 'whole' is what `make demo` has, 'quick' the same with ten small trees, 'survey' the
    survey alone with its evidence, 'untrained' the evidence of both."""
    return shared.made(f"{what}.db", lambda path: path.write_bytes(_image(what))).read_bytes()


def _image(what):
    runner = [p.read_text() for p in sorted(RUNNER.glob("*.json"))]
    db = {
        "whole": lambda: database(*runner, specification(), survey()),
        "quick": lambda: database(*runner, specification(num_boost_round=10), survey()),
        "survey": lambda: database(specification(), survey(), names=EVIDENCE),
        "untrained": lambda: database(*runner, specification(num_boost_round=10), survey(), names=EVIDENCE),
    }[what]()
    found = db.serialize()
    db.close()
    return found


def copy(what="whole"):
    """A database of one's own that starts as the one built."""
    db = new_database()
    db.deserialize(image(what))
    return db


def runner_activities():
    return json.loads((RUNNER / "activities.json").read_text())


def report(title, header, table):
    """Prints measured numbers; `pytest -rP` shows them."""
    print(f"\n{title}\n" + "  ".join(f"{h:>16}" for h in header))
    for line in table:
        print("  ".join(f"{v:>16.2f}" if isinstance(v, float) else f"{str(v):>16}" for v in line))
