"""The header of every stage says what the stage does, and the checker notices when it does not."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from helpers import functions, stage_headers, stages
from helpers.extension import EXTENSION, ROOT, connect

pytestmark = pytest.mark.unsanitized  # it reads texts

PRINTED = ROOT / "sql" / "tools" / "stages"
STAGES = list(stages.PATHS.values())

GOOD = """-- stage:    20_silver_example
-- purpose:  one row per thing
-- reads:    bronze_things, ops_config
-- writes:   silver_things
-- follows:  -
-- grain:    thing_id
-- params:   smallest
-- rests:    never
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS silver_things (thing_id INTEGER PRIMARY KEY, size REAL);
CREATE TEMP TABLE found AS
    SELECT thing_id, size FROM bronze_things -- from a comment; nothing is read
    WHERE size > (SELECT value FROM ops_config WHERE name = 'smallest');
INSERT INTO silver_things SELECT thing_id, size FROM temp.found WHERE true;
DROP TABLE temp.found;
INSERT INTO ops_runs VALUES ('a;b');
COMMIT;
"""


def example():
    db = connect(isolation_level=None)
    db.execute("CREATE TABLE bronze_things(thing_id, size)")
    db.execute("CREATE TABLE ops_config(name, value)")
    db.execute("CREATE TABLE ops_runs(x)")
    return db


def all_problems(text):
    """From the text, else from running it."""
    with example() as db:
        names = [f.name for f in functions.declared(db)]
        problems = stage_headers.check(text, "20_silver_example", names)
        if not problems:
            problems = stage_headers.disagreements(stage_headers.parse(text), stage_headers.observe(db, text))
    db.close()
    return problems


def test_a_good_stage_passes():
    assert all_problems(GOOD) == []


@pytest.mark.parametrize(
    "was, becomes, problem",
    [
        ("stage:    20", "stage:    21", "the header says stage 21_silver_example"),
        ("-- grain:    thing_id\n", "", "the header has 'params:' where 'grain' belongs"),
        ("-- params:   smallest\n", "", "the header has 'rests:' where 'params' belongs"),
        ("-- rests:    never\n", "", "the header has no 'rests:'"),
        ("bronze_things, ops_config", "bronze_things", "ops_config is not in reads:"),
        ("reads:    bronze", "reads:    ops_runs, silver_things, bronze", "silver_things is in reads: and is not touched so"),
        ("writes:   silver_things", "writes:   -", "silver_things is written and not in writes:"),
        ("writes:   silver", "writes:   bronze_things, silver", "bronze_things is in writes: and is not touched so"),
        ("writes:   silver", "writes:   gold_things, silver", "gold_things is in the header and nowhere else"),
        ("params:   smallest", "params:   smallest, largest", "the parameter largest is in the header and nowhere else"),
        ("BEGIN IMMEDIATE", "BEGIN", "the stage is not one transaction from BEGIN IMMEDIATE to COMMIT"),
        ("COMMIT;\n", "", "the stage is not one transaction from BEGIN IMMEDIATE to COMMIT"),
        ("DROP TABLE", "COMMIT; BEGIN;\nDROP TABLE", "inside the transaction stands COMMIT; BEGIN"),
        ("COMMIT;", "COMMIT;\n.quit", "the last statement is not finished: .quit"),
        ("DROP TABLE", ".print x\nDROP TABLE", "a dot-command: .print x"),
        ("COMMIT;", "CREATE VIEW v AS SELECT sha256(size) FROM silver_things;\nCOMMIT;", "what stays in the file uses sha256()"),
        ("WHERE true", "WHERE true ON CONFLICT DO UPDATE SET size = silver_things.size + 1", "silver_things is not in reads:"),
    ],
)
def test_a_bad_stage_is_noticed(was, becomes, problem):
    text = GOOD.replace(was, becomes, 1)
    assert text != GOOD
    assert problem in all_problems(text)


def test_every_stage_does_what_its_header_says():
    """The stages run in order on a new database, cut into statements as the shell cuts them."""
    db = connect(isolation_level=None)
    names = [f.name for f in functions.declared(db)]
    problems = []
    for path in STAGES:
        text = path.read_text()
        found = stage_headers.check(text, path.stem, names)
        if not found:
            found = stage_headers.disagreements(stage_headers.parse(text), stage_headers.observe(db, text))
        problems += [f"{path.name}: {p}" for p in found]
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"):
        problems += [f"{kind} {name} uses {f}()" for f in names if stage_headers.re.search(rf"\b{f}\s*\(", stage_headers.bare(sql), 2)]
    db.close()
    assert "\n".join(problems) == ""


def test_what_is_printed_into_a_stage_is_what_its_header_and_the_definitions_say(tmp_path):
    copies = [pathlib.Path(shutil.copy(path, tmp_path)) for path in STAGES]
    subprocess.run([sys.executable, PRINTED, *copies], check=True, cwd=ROOT, env={**os.environ, "ATHLETE_EXTENSION": EXTENSION})
    differing = [path.name for path, copy in zip(STAGES, copies) if path.read_text() != copy.read_text()]
    assert differing == [], "run `make stages`"
    assert all("-- begin: printed" in path.read_text() for path in STAGES[1:])


@pytest.mark.parametrize(
    "block, problem",
    [
        ("-- publish things: printed by `make stages`", "publish needs a group and the day from which a correction reaches a row, not ' things'"),
        ("-- publish things, corrected from o.day: printed by `make stages`", "No such file or directory"),
        ("-- finish: printed by `make stages`", "finish needs a temporary table counted"),
        ("-- tables things: printed by `make stages`", "No such file or directory"),
        ("-- emptied things: printed by `make stages`", "emptied needs a table of rules and the number of a version, not ' things'"),
        ("-- rejected things by id of found: printed by `make stages`", "rejected needs a table of rules, the number of a version, its rows and what names one"),
        ("-- from-api athlete_id: printed by `make stages`", "from-api needs the column of an athlete and the rows that have it, not ' athlete_id'"),
    ],
)
def test_a_block_that_cannot_be_printed_is_refused_with_a_sentence_and_the_stage_stays(tmp_path, block, problem):
    path = tmp_path / "20_silver_example.sql"
    text = GOOD + f"{block}\n-- end\n"
    path.write_text(text)
    done = subprocess.run([sys.executable, PRINTED, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and problem in done.stderr and "Traceback" not in done.stderr
    assert path.read_text() == text


def test_the_tables_of_each_bundled_group_are_made_by_one_stage():
    printed = [name for path in STAGES for names in re.findall(r"^-- tables (.+): printed", path.read_text(), re.M) for name in names.split(", ")]
    assert sorted(printed) == sorted(path.stem for path in (ROOT / "schemas" / "features").glob("*.json"))


def test_what_stages_announce_is_what_their_headers_say_and_lineage_and_staleness_follow_from_it():
    db = connect(isolation_level=None)
    headers = {}
    for path in STAGES:
        headers[path.stem] = stage_headers.parse(path.read_text())
        db.executescript(path.read_text())
    told = {stage: tuple(map(json.loads, lists)) for stage, *lists in db.execute("SELECT stage, inputs, products, follows FROM ops_stages")}
    assert told == {stage: (h.inputs, h.products, h.follows) for stage, h in headers.items()}
    edges = {(i, p, stage) for stage, h in headers.items() for i in h.inputs for p in h.products}
    assert edges == set(db.execute("SELECT from_name, to_name, stage FROM feature_lineage WHERE from_kind = 'table'"))
    followed = {(stage, upstream) for stage, h in headers.items() for upstream in h.follows}
    assert followed == set(db.execute("SELECT stage, upstream FROM ops_follows")) and len(followed) > 5
    makers = [p for h in headers.values() for p in h.products]
    assert len(makers) == len(set(makers)), "two stages say that they make the same table"
    db.close()
