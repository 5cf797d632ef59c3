"""A report of a file that is not ready is a sentence that says what to do, at every stage of being run."""

import random
import shutil
import sqlite3
import subprocess

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.tools import environment, tool

REPORTS = {"page": [], "squad": [], "report": ["report.html"], "card": ["pace_predictor"]}
FIRST = ROOT / "sql/0_ops/000_ops_tables.sql"


def asked(path, *athlete):
    """What each report says of a file."""
    for name, arguments in REPORTS.items():
        if athlete and name in ("squad", "card"):
            continue
        out = [path.parent / each if each.endswith(".html") else each for each in arguments]
        yield name, tool(name, path, *out, *athlete)
        assert not (path.parent / "report.html").exists() or name == "report"


def is_a_sentence_with(done, *parts):
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.count("\n") == 1 and "no such" not in done.stderr and "Error" not in done.stderr, done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_a_file_over_which_some_stages_have_run_says_which_wait_and_how_to_run_them(tmp_path, seed):
    """A prefix of the stages, over runs or nothing, or all but some at random."""
    rng = random.Random(f"stages {seed}")
    path = tmp_path / rng.choice(["athlete.db", "my runs.db", "it's $HOME.db"])
    some = demo.STAGES[: rng.randrange(1, len(demo.STAGES))]
    assert tool("import", path, *rng.choice([demo.RUNNER[:1], demo.REFERENCE])).returncode == 0
    assert tool("run", path, *some).returncode == 0
    waiting = [stage.stem for stage in demo.STAGES if stage not in some and stage != FIRST and stage.stem != "100_bronze_strava"]
    for _, done in asked(path):
        is_a_sentence_with(done, f"{len(waiting)} of {len(demo.STAGES) - 1} stages have not run over it yet ({waiting[0]}", "make pipeline DB=")
        said = done.stderr.partition("make pipeline ")[2].partition(" runs them")[0]
        assert subprocess.run(["sh", "-c", f"printf %s {said}"], capture_output=True, text=True, check=True).stdout == f"DB={path}"


@pytest.mark.parametrize("seed", [0, soak(1)])
def test_a_stage_that_never_ended_well_is_named_with_its_reason(tmp_path, seed):
    rng = random.Random(f"failed {seed}")
    path = tmp_path / "athlete.db"
    shutil.copy(demo.database(), path)
    stage = rng.choice(demo.STAGES[1:]).stem  # the only one that waits
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM ops_stages WHERE stage = ?", (stage,))
        db.execute("INSERT INTO ops_runs (stage, started_at, duration_ms, outcome, message) VALUES (?, '2026-01-01T00:00:00Z', 1, 'failed', 'the disk' || char(10) || 'is full')", (stage,))
    for _, done in asked(path):
        is_a_sentence_with(done, f"because {stage} failed: the disk is full", "make pipeline DB=")


def test_an_empty_file_one_of_somebody_elses_and_an_older_one_say_what_to_do(tmp_path):
    empty, other, older = (tmp_path / f"{name}.db" for name in ("empty", "other", "older"))
    empty.touch()
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    shutil.copy(demo.database(), older)
    with sqlite3.connect(older) as db:
        db.execute(f"PRAGMA user_version = {random.Random('older').randrange(1, 30)}")
    for path, words in ((empty, "is empty: make import DB="), (other, "none of ours"), (older, "make pipeline DB=")):
        for _, done in asked(path):
            is_a_sentence_with(done, words)


def test_without_an_athlete_or_of_another_the_way_on_is_told(tmp_path):
    nobody = demo.build(tmp_path / "nobody.db", *demo.REFERENCE[:1])
    is_a_sentence_with(tool("squad", nobody), "make import DB=")
    is_a_sentence_with(tool("report", nobody, tmp_path / "report.html"), "make import DB=")
    is_a_sentence_with(tool("page", nobody), "make import DB=")
    for _, done in asked(nobody, "7"):
        is_a_sentence_with(done, "make import DB=")
    assert tool("import", nobody, *demo.RUNNER[:1]).returncode == 0  # waits in the inbox
    is_a_sentence_with(tool("squad", nobody), "what was imported waits: make pipeline DB=")
    is_a_sentence_with(tool("page", nobody), "what was imported waits: make pipeline DB=")
    for athlete in ("77", "<b>", "4001 ", "-1"):
        done = tool("page", "--", demo.database(), athlete)
        is_a_sentence_with(done, f"has no activities of athlete {athlete}; here are 4001")


def test_an_assistant_is_refused_with_the_same_sentences(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    python = ROOT / "build" / "venv" / "bin" / "python"
    done = subprocess.run([python, ROOT / "sql/tools/assistant", path], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment())
    is_a_sentence_with(done, "is empty: make import DB=")
