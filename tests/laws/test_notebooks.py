"""The notebooks and the page run wherever SQLite runs, and every part of them has something to say."""

import json
import os
import re
import subprocess
import sys

import pytest

from helpers.athletes import demo, lab
from helpers.extension import EXTENSION, ROOT, connect
from helpers.machine.soak import soak
from helpers.stage_headers import statements
from helpers.stages import put

pytestmark = pytest.mark.unsanitized  # stages that run under the sanitizers elsewhere, and the shell

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.sql"))
IN_PYTHON = sorted((ROOT / "notebooks").glob("*.py"))
PAGE = (ROOT / "sql" / "reports" / "page.sql").read_text()


# --- notebooks -----------------------------------------------------------------------------------------------------

COMMAND = ".shell "
MARK = {".sql": "--", ".py": "#"}  # of a comment


def cells(path):
    """The contents between COMMAND lines, after the first line; each the lines that are not empty."""
    lines, mark = path.read_text().splitlines(), MARK[path.suffix]
    assert lines[0] == f"{mark} Databricks notebook source"
    for cell in "\n".join(lines[1:]).split(f"\n{mark} COMMAND ----------\n"):
        yield [line for line in cell.splitlines() if line.strip()]


def is_magic(line):
    return line.startswith(("-- MAGIC", "# MAGIC"))


def is_prose(cell):
    return is_magic(cell[0])


def steps(path):
    """What a notebook does: statements, and commands for a terminal."""
    return ["\n".join(cell) for cell in cells(path) if not is_prose(cell)]


def is_query(step):
    return step.startswith(("SELECT", "WITH"))


@pytest.fixture
def workplace(tmp_path):
    """Makes a folder in which a notebook runs as it says: with the demo's database, or a copy of it that it may write to."""

    def prepare(path):
        name = re.search(rf"(\w+\.db) < notebooks/{path.name}$", path.read_text(), re.M)[1]
        (tmp_path / name).write_bytes(demo.database().read_bytes())
        for folder in ("sql", "notebooks"):
            (tmp_path / folder).symlink_to(ROOT / folder)
        return tmp_path / name

    return prepare


def run_in_python(path, database):
    """What each statement answers, and what each command prints."""
    found = {}
    mode = "ro" if database.name == "demo.db" else "rw"
    with connect(f"file:{database}?mode={mode}", uri=True, isolation_level=None) as db:
        for step in steps(path):
            if step.startswith(COMMAND):
                command = step.removeprefix(COMMAND)
                found[command] = subprocess.run(command, shell=True, check=True, capture_output=True, text=True, cwd=database.parent, env=demo.ENVIRONMENT).stdout
            else:
                found[step] = db.execute(step).fetchall()
    db.close()
    return found


def test_there_are_notebooks():
    assert [p.name for p in NOTEBOOKS] == ["01_first_look.sql", "02_feature_store.sql", "03_trees.sql", "05_models.sql", "06_monitoring.sql"]
    assert [p.name for p in IN_PYTHON] == ["04_scikit_learn.py", "fleet.py"]


@pytest.mark.parametrize("path", [*NOTEBOOKS, *IN_PYTHON], ids=lambda p: p.stem)
def test_a_notebook_opens_in_databricks(path):
    """Its source format: the first line, cells between COMMAND lines, and prose in lines of MAGIC; one statement or command a cell."""
    for cell in cells(path):
        assert cell
        prose = [is_magic(line) for line in cell]
        assert all(prose) or not any(prose), cell
        if all(prose):
            assert cell[0] == f"{MARK[path.suffix]} MAGIC %md"
        elif path in IN_PYTHON:
            compile("\n".join(cell), path.name, "exec")
        elif cell[0].startswith(COMMAND):
            assert len(cell) == 1, cell
        else:
            assert len(statements("\n".join(cell))) == 1, cell


def test_models_of_scikit_learn_predict_in_sql_what_they_predict_in_python():
    environment = os.environ | {"ATHLETE_DB": str(demo.database()), "ATHLETE_EXTENSION": EXTENSION}
    command = [sys.executable, ROOT / "notebooks" / "04_scikit_learn.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    differences = [float(d) for d in re.findall(r"largest difference of the pace: (\S+) min/km", done.stdout)]
    assert len(differences) == 3 and max(differences) < 1e-5
    assert "on average" in done.stdout


@pytest.mark.parametrize("path", [*NOTEBOOKS[:1], *NOTEBOOKS[3:], *map(soak, NOTEBOOKS[1:3])], ids=lambda p: p.stem)
def test_a_notebook_runs_under_the_shell_and_every_query_has_rows(path, workplace):
    database = workplace(path)
    printed = demo.shell(database, path.read_text(), "-box", cwd=database.parent)
    assert printed.count("┌") == len([step for step in steps(path) if is_query(step)]) > 0
    assert (database.name == "demo.db") == (database.read_bytes() == demo.database().read_bytes())


@pytest.mark.parametrize("path", [*NOTEBOOKS[1:3], *map(soak, [*NOTEBOOKS[:1], *NOTEBOOKS[3:]])], ids=lambda p: p.stem)
def test_a_notebook_runs_statement_by_statement_in_python_and_changes_the_demo_in_nothing(path, workplace):
    database = workplace(path)
    writes = database.name != "demo.db"
    for step, rows in run_in_python(path, database).items():
        if is_query(step):
            assert rows, step
            assert any(value is not None for row in rows for value in row), step
        else:
            assert writes, step


def test_the_feature_store_notebook_shows_what_it_says(workplace):
    """Its numbers against the silver rows that the group is made of, and against what was corrected."""
    path = ROOT / "notebooks" / "02_feature_store.sql"
    database = workplace(path)
    found = run_in_python(path, database)

    def rows(part):
        (answer,) = [answer for step, answer in found.items() if part in step]
        return answer

    with connect(database) as db:
        one = lambda sql: db.execute(sql).fetchone()[0]  # noqa: E731
        walked = {cadence for (cadence,) in db.execute("SELECT cadence_spm FROM silver_strava_activities WHERE is_run AND cadence_spm < 140")}
        measured = one("SELECT COUNT(cadence_spm) FROM silver_strava_activities WHERE is_run")
        races = one("SELECT COUNT(*) FROM race_results")
        told_of = {day: one(f"SELECT COUNT(tsb) FROM race_results JOIN athlete_rolling_features USING (athlete_id) WHERE {day}")
                   for day in ("as_of_date = race_date", "as_of_date = date(race_date, '-1 day')")}.get
        before = one("SELECT cadence_spm FROM silver_strava_activities WHERE is_run AND start_time < '2021-02-24T12:00' ORDER BY start_time DESC LIMIT 1")
        felt = one("SELECT avg_temp_c FROM silver_strava_activities WHERE start_time = '2023-11-05T14:48:15Z'")
    db.close()
    assert len(walked) == 7 and {row[2] for row in rows("FROM feature_rejects")} == walked
    assert [(row[0], row[3]) for row in rows("FROM feature_validate")] == [("new", measured - 7), ("reject", 7)]
    assert rows("sql/tools/ingest store.db run_sensors") == f"{measured} rows: 0 new, 0 changed, 7 rejected\n"
    assert (rows("FROM moment AS m")[1][3], rows("FROM hindsight")[0][2], felt) == (felt, 16, 23)
    assert rows("LEFT JOIN patient")[0][1:3] == (None, before)
    assert rows("--rebuild 1").startswith(f"training set 1: {races} rows, the same to the bit")
    told = [told_of("as_of_date = race_date"), told_of("as_of_date = date(race_date, '-1 day')")]  # of the form, where enough load is known
    assert races == 35 and all(30 < n <= races for n in told)
    assert [row[1:4] for row in rows("f.as_of_date = r.race_date")] == [(n, n, n) for n in (races, races, told[0])]
    assert [row[1:4] for row in rows("f.as_of = a.start_time")] == [(n, 0, 0) for n in (races, races, told[1])]
    assert [row[2] for row in rows("FROM ops_audit")] == ["register", "ingest", "ingest", "status"]
    assert {row[1] for row in rows("FROM run_sensors_history")} == {"coach@example.org"}


def test_the_models_notebook_shows_what_it_says(workplace):
    """A model that is registered, judged beside its baselines, promoted, asked, searched, gone back from and told again to the bit."""
    path = ROOT / "notebooks" / "05_models.sql"
    found = run_in_python(path, workplace(path))

    def rows(part):
        (answer,) = [answer for step, answer in found.items() if part in step]
        return answer

    assert rows("FROM ml_runs WHERE model = 'long_run_ahead'")[0][1:4] == ("finished", None, 1)
    metrics = {row[0]: row[1:] for row in rows("GROUP BY metric")}
    assert metrics["auc"][0] > max(metrics["auc"][2:4]) and metrics["brier_skill"][0] > 0 and metrics["brier"][0] < metrics["brier"][1]
    assert rows("SELECT version, status, reason")[0][1] == "accepted" and rows("SELECT decided_at")[0][2:4] == (1, "PROMOTE")
    assert {row[0] for row in rows("json_each(sources)")} == {"athlete_rolling_features", "training_breaks"}
    told, = rows("FROM gold_model_predictions")
    assert 0 < told[3] < 1 and len(rows("FROM gbdt_explain")) == 8
    searched, = rows("FROM ml_searches")
    assert searched[1] == 12 and searched[5] >= searched[6]
    assert [row[2] for row in rows("SELECT challenger, champion")][-1] == "HOLD"
    assert [json.loads(row[3])["version"] for row in rows("FROM ops_audit")][-2:] == [2, 1]
    assert [(row[1], row[4]) for row in rows("told_again")] == [(1, 1)] and rows("told_again")[0][2] == told[3]
    assert rows("sql/tools/card").startswith("long_run_ahead, version 1 (@champion)")


# --- the page ------------------------------------------------------------------------------------------------------


def activity(athlete, number, date, **given):
    return {
        "resource_state": 2, "id": number, "athlete": {"id": athlete}, "name": "run", "sport_type": "Run", "workout_type": 0,
        "start_date": f"{date}T12:00:00Z", "utc_offset": 0, "distance": 8000.0, "moving_time": 2700, "elapsed_time": 2700,
        "total_elevation_gain": 40.0, "trainer": False, "manual": False, "flagged": False, "average_heartrate": 140.0, "max_heartrate": 165.0,
    } | given


def without_heart_rate(found):
    return {k: v for k, v in found.items() if not k.endswith("heartrate")}


def weeks(athlete, first=1, **given):
    """Three runs a week for fifty weeks of 2024, without a race."""
    dates = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (2, 4, 7, 9, 11, 14, 16, 18, 21, 23, 25, 28)]
    return [activity(athlete, first + i, d, **{"distance": 5000.0 + 137 * (i % 40)} | given) for i, d in enumerate(dates)]


WALK = dict(sport_type="Walk", distance=3000.0)
def years_ago(activities, years):
    return [a | {name: f"{int(a[name][:4]) - years}{a[name][4:]}" for name in a if name.startswith("start_date")} for a in activities]


CASES = {
    "a single activity": [activity(5, 1, "2024-05-05")],
    "a single walk": [without_heart_rate(activity(5, 1, "2024-05-05", **WALK))],
    "a single activity without distance": [activity(5, 1, "2024-05-05", sport_type="WeightTraining", distance=0.0)],
    "no heart rate": [without_heart_rate(a) for a in weeks(5)],
    "no race": weeks(5),
    "one race": weeks(5) + [activity(5, 900, "2024-11-30", workout_type=1, distance=10100.0)],
    "walks only": [without_heart_rate(a) for a in weeks(5, **WALK)],
    "before a break": weeks(5) + [activity(5, 900, "2025-11-30", **WALK)],
    "long ago": years_ago(weeks(5), 3) + [activity(5, 900, "2025-11-30", **WALK)],
    "a long identifier": [activity(9007199254740993123, 9007199254740993125, "2024-05-05")],
}
FEW = ("a single walk", "no race", "one race", "long ago")
HEADINGS = ["FORM", "LAST WEEKS", "RISK", "RACE TIMES", "HOW GOOD", "SECONDS"]


def page_lines(path, sql=""):
    return demo.shell(path, sql + PAGE).splitlines()


def assert_readable(lines):
    """No line too wide, no heading without lines below, nothing that is empty where a value belongs."""
    wide = [line for line in lines if len(line) > 100]
    assert not wide, wide
    text = "\n".join(lines)
    assert not re.search(r"NULL|\bnan\b|\binf\b|None\b(?!:)", text), text
    assert lines[0].strip() and "\n\n\n" not in text, text
    for block in text.split("\n\n"):
        assert len(block.splitlines()) > 1, block
        assert not re.search(r"(\bfrom|\bto|\bfor|\bof|:|,)\s*$", block), block
    assert "  to  " not in re.sub(r"\d to +\d", "", text)


@pytest.fixture(scope="module")
def survey_only(tmp_path_factory):
    """The survey and a model with ten small trees, no athlete yet."""
    folder = tmp_path_factory.mktemp("survey")
    quick = folder / "quick.json"
    specification = json.loads(demo.SPECIFICATION.read_text())
    specification["learner"]["options"]["num_boost_round"] = 10
    quick.write_text(json.dumps(specification))
    return demo.build(folder / "survey.db", quick, demo.SURVEY)


def with_activities(base, tmp_path, activities):
    path, source = tmp_path / "athlete.db", tmp_path / "activities.json"
    path.write_bytes(base.read_bytes())
    source.write_text(json.dumps(activities))
    return demo.build(path, source)


def test_the_page_of_the_demo_is_readable_and_complete():
    lines = page_lines(demo.database())
    assert_readable(lines)
    assert [h for h in [*HEADINGS, "NOT USED"] if not any(line.startswith(h) for line in lines)] == []
    assert lines[:2] == ["Athlete 4001: 1132 activities from 2017-10-01 to 2025-10-19", "  908 runs over 9423 km, 35 race results"]


@pytest.mark.parametrize("case", [case if case in FEW else soak(case) for case in CASES])
def test_the_page_is_readable_for(case, survey_only, tmp_path):
    path = with_activities(survey_only, tmp_path, CASES[case])
    lines = page_lines(path)
    assert_readable(lines)
    text = "\n".join(lines)
    shows_times = any(re.match(r"  marathon +\d:\d\d:\d\d +\d:\d\d:\d\d to +\d:\d\d:\d\d +\d:\d\d:\d\d +\d:\d\d:\d\d ", line) for line in lines)
    can_estimate = case in ("a single activity", "no heart rate", "no race", "one race", "before a break", "a long identifier")
    assert shows_times == can_estimate, text
    assert [h for h in HEADINGS if not any(line.startswith(h) for line in lines)] == ([] if can_estimate else ["HOW GOOD"]), text
    assert ("None: they need a race, or runs" in text) == (not can_estimate), text
    assert bool(re.search("days are too few to tell|one day is too little to tell", text)) == case.startswith("a "), text


def test_the_page_of_a_database_without_the_survey_says_that_no_model_has_passed(tmp_path):
    source = tmp_path / "activities.json"
    source.write_text(json.dumps(CASES["no race"]))
    lines = page_lines(demo.build(tmp_path / "athlete.db", source))
    assert_readable(lines)
    assert any("no model has passed its gate yet" in line for line in lines)
    assert not any(line.startswith("HOW GOOD") for line in lines)


def test_the_page_of_an_empty_database_says_what_to_do(tmp_path):
    path = demo.build(tmp_path / "athlete.db")
    assert page_lines(path) == ["No activities yet: make import SRC=activities.json"]


def test_the_page_shows_the_athlete_with_most_activities_or_the_one_asked_for(survey_only, tmp_path):
    path = with_activities(survey_only, tmp_path, weeks(5) + [activity(8, 901, "2024-05-05")])
    asked = "CREATE TEMP TABLE page AS SELECT '{}' AS athlete_id;"
    most, other, nobody = page_lines(path), page_lines(path, asked.format(8)), page_lines(path, asked.format(77))
    for lines in (most, other):
        assert_readable(lines)
    assert most[0] == "Athlete 5: 144 activities from 2024-01-02 to 2024-12-28"
    assert other[0] == "Athlete 8: 1 activity from 2024-05-05 to 2024-05-05"
    assert not any("2024-12" in line for line in other)
    assert nobody[:2] == ["Athlete 77 has no activities here.", "  Here are: 5, 8"]
    assert not any(line.startswith(("FORM", "RISK", "RACE TIMES")) for line in nobody)


def test_the_page_tells_of_a_refused_model_and_of_failures_within_its_width(survey_only, tmp_path):
    path = with_activities(survey_only, tmp_path, CASES["no race"])
    with connect(path, isolation_level=None) as db:
        db.execute("UPDATE ops_config SET value = 100 WHERE name = 'gate_mae_10k_s'")
        put(db, lab.specification() | {"version": "99.0.0"})
        db.execute("INSERT INTO ops_runs (stage, started_at, duration_ms, outcome, message)"
                   " VALUES ('540_train_models', '2025-01-01T00:00:00Z', 1, 'failed', ?)", ("Runtime error\nnear line 7 ü" * 9,))
        db.execute("INSERT INTO bronze_rejects (source, ingested_at, line, byte_offset, reason, object, content_hash)"
                   " VALUES ('x', '2025-01-01T00:00:00Z', 1, 0, ?, '', '')", ("ä" * 200,))
    db.close()
    demo.build(path)
    lines = page_lines(path)
    assert_readable(lines)
    assert any(line.startswith("  model version 2 refused: 10K error of") for line in lines)
    assert any(line.startswith("  540_train_models failed on 2025-01-01") for line in lines)


def test_the_page_shows_no_number_where_there_is_none(survey_only, tmp_path):
    """The week of 2024-12-23 ends on its sixth day: its monotony is not known."""
    lines = page_lines(with_activities(survey_only, tmp_path, CASES["no race"]))
    assert re.search(r"^  2024-12-23 .* -  +-$", "\n".join(lines), re.M)
    assert re.search(r"^  2024-12-16 .* 0\.\d\d +-$", "\n".join(lines), re.M)


def test_the_page_runs_statement_by_statement_in_python():
    printed = []
    with connect(demo.database()) as db:
        for statement in statements(PAGE):
            printed += [row[0] for row in db.execute(statement) if row]
    db.close()
    assert "\n".join(printed).splitlines() == page_lines(demo.database())


def test_the_page_writes_nothing_into_the_file():
    before = demo.database().read_bytes()
    with connect(f"file:{demo.database()}?mode=ro", uri=True) as db:
        for statement in statements(PAGE):
            db.execute(statement).fetchall()
    db.close()
    assert demo.database().read_bytes() == before
