"""The database that `make demo` leaves, made by the same two scripts, once for all tests that read it."""

import functools
import os
import subprocess

from helpers import stages
from helpers.athletes import crowd
from helpers.extension import DATA, EXTENSION, ROOT
from helpers.machine import shared

RUNNER = sorted((DATA / "strava-api" / "runner").glob("*.json"))
SPECIFICATION = ROOT / "schemas" / "models" / "time_estimator.json"
SURVEY = ROOT / "sql" / "data" / "race-times" / "runners.csv"
REFERENCE = [*sorted((ROOT / "schemas" / "models").glob("*.json")), *sorted((ROOT / "schemas" / "features").glob("*.json")), SURVEY]
STAGES = list(stages.PATHS.values())
MAY_TRAIN = "UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'"


ENVIRONMENT = os.environ | {"ATHLETE_EXTENSION": EXTENSION}


def build(path, *files):
    """Imports files and runs all stages, as `make demo` does."""
    for command in (["sql/tools/import", path, *files], ["sqlite3", path, MAY_TRAIN], ["sql/tools/run", path, *STAGES]):
        subprocess.run([str(c) for c in command], cwd=ROOT, env=ENVIRONMENT, check=True)
    return path


@functools.lru_cache(maxsize=None)
def database():
    return shared.made("demo.db", lambda path: build(path, *RUNNER, *REFERENCE))


@functools.lru_cache(maxsize=None)
def few():
    """The same of three athletes of the crowd."""

    def make(path):
        lines = path.with_suffix(".jsonl")
        lines.write_text("\n".join(crowd.lines(crowd.MIXED, 3)))
        build(path, lines, *REFERENCE)

    return shared.made("few.db", make)


def shell(path, sql, *options, cwd=ROOT):
    """What the sqlite3 shell prints; an error of a statement or of a command is a failure."""
    command = ["sqlite3", "-bail", *options, "-cmd", f".load {EXTENSION}", str(path)]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout
