"""Stages that rest, and those that end early, leave the file and the log that stages leave of which every statement runs."""

import contextlib
import json
import random
import re
import shutil
import sqlite3
import time

import pytest

import stage_header
from common import resting
from common.resting import state
from helpers import stages
from helpers.athletes import demo
from helpers.athletes.activities import epoch, instant
from helpers.athletes.lives import arrive
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.stores.file_rows import CLOCKS, LOGS
from sql.ops.test_since import Latest

CLOCK = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
HELD = re.compile(r"'\d{4}-[^']*' AS started_at")
RESTED = []
LEFT_OUT = LOGS | {"ops_rests", "bronze_landings"}
MODEL = {"model": "flat_pace", "version": "1.0.0", "description": "The pace of similar runs", "entity": "athlete_id", "label": "min/km", "prediction": "flat_pace_min_km",
         "rows": "SELECT athlete_id, activity_date AS as_of_date, activity_id AS item, event_timestamp AS known_at, similar_pace_min_km, NULL AS label FROM similar_runs",
         "features": ["similar_pace_min_km"], "learner": {"kind": "rule", "options": {"objective": "reg:absoluteerror"}}, "base": "similar_pace_min_km",
         "gate": [{"evaluation": "time", "metric": "mae", "below": 1}]}


class Whole(Latest):
    """What happens to the demo's file besides: settings, rules, models, plans, days that pass, and rows that come late."""

    def __init__(self, seed, now):
        super().__init__(seed)
        self.athletes = [4001, *self.athletes]
        self.now = now

    def settings(self):
        return self.rng.choice([
            ("UPDATE ops_config SET value = 1.3 + value WHERE name = 'acwr_risk_threshold'", ()),
            ("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (instant(self.now)[:10],)),
            ("UPDATE ops_config SET value = 1 - value WHERE name = 'train_on_api_rows'", ()),
            ("DELETE FROM ops_config WHERE name = 'monotony_risk_threshold'", ()),
            ("UPDATE ops_config SET value = 30 WHERE name = 'label_wait_days'", ()),
            ("UPDATE ops_actor SET who = 'coach'", ())])  # fmt: skip

    def rules(self):
        return self.rng.choice([
            ("UPDATE silver_rules SET severity = 'reject' WHERE rule = 'not_flagged'", ()),
            ("UPDATE silver_rules SET severity = 'warn' WHERE rule = 'not_flagged'", ()),
            ("DELETE FROM silver_rules WHERE rule = 'max_hr_possible'", ()),
            ("UPDATE silver_fields SET max = 240 WHERE column_name = 'max_hr'", ()),
            ("DELETE FROM silver_rule_empties WHERE column_name = 'avg_power_w'", ())])  # fmt: skip

    def models(self):
        return self.rng.choice([
            ("DELETE FROM ml_aliases WHERE model = 'training_recommender'", ()),
            ("UPDATE ml_aliases SET version = version WHERE model = 'pace_predictor'", ()),
            ("DELETE FROM ml_looks WHERE stage = ?", (self.rng.choice(["540_train_models", "630_recommend_workouts", "610_score_models"]),)),
            ("INSERT OR IGNORE INTO ml_search_requests (model) VALUES ('training_recommender')", ()), # which cannot be searched
            ("INSERT INTO bronze_inbox (source, body, received_at) VALUES ('test', ?, ?)", (json.dumps(MODEL | {"description": f"{self.rng.random()}"}), instant(self.now))),
            ("UPDATE mon_monitors SET is_active = 1 - is_active WHERE monitor = 'similar_runs'", ()),
            ("DELETE FROM mon_monitors WHERE monitor = 'race_results'", ()),
            ("DELETE FROM openlineage_stages", ())])  # fmt: skip

    def plans(self):
        day = instant(self.now + 86400 * self.rng.randint(-400, 40))[:10]
        return ("INSERT OR REPLACE INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, told_at) VALUES ('4001', ?, 'easy', 40, 0.7, ?)", (day, instant(self.now)))

    def arrives(self):
        chosen = self.rng.choice([super().arrives, super().arrives, self.settings, self.rules, self.models, self.plans, lambda: None])()
        if isinstance(chosen, list):
            return chosen
        self.now += self.rng.choice([60, 86400, 9 * 86400])
        return [(chosen, instant(self.now))] if chosen else []


def at(now):
    """The stages as they would run at that moment, but for their triggers, which would then be others each time."""
    return {name: text.replace(f"{CLOCK} AS started_at", f"'{now}' AS started_at").replace("julianday('now') AS started", f"julianday('{now}') AS started")
            for name, text in stages.STAGES.items()}


def rest(db, names, texts):
    for name in names:
        resting.run(db, name, texts[name])


def hashes(db, since):
    """Of each table its rows, without the moments at which something ran in this test."""
    found = {}
    for table, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        if table in LEFT_OUT:
            continue
        columns = [f"""CASE WHEN "{c}" >= '{since}' THEN '' ELSE "{c}" END""" if (table, c) in CLOCKS else f'"{c}"'
                   for c, in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        numbered = ", ".join(map(str, range(1, len(columns) + 1)))
        names = ", ".join(f"c{n}" for n in range(len(columns)))
        rows = f"WITH r ({names}) AS (SELECT {', '.join(columns)} FROM \"{table}\") SELECT rows_hash({names}) FROM (SELECT * FROM r ORDER BY {numbered})"
        found[table], = db.execute(rows).fetchone()
    found["sqlite_schema"] = db.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT IN ('ops_rests') ORDER BY 1, 2").fetchall()
    return found


def told(db, after):
    """What the stages told since: neither their clocks nor their numbers, but in what order."""
    return db.execute("SELECT stage, rows_in, rows_out, rows_rejected, outcome, message FROM ops_runs WHERE run_id > ? ORDER BY run_id", (after,)).fetchall()


def live(seed, steps, folder, changed=lambda texts: texts):
    """Two files to which the same happens, of which one rests: how often it did."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    life, rng = Whole(seed, epoch(since) + 86400), random.Random(seed)
    files = []
    for name in ("rests", "runs"):
        path = shutil.copyfile(demo.database(), folder / f"{name} {seed}.db")
        files.append(stages.new_database(path))
    names = list(stages.STAGES)
    stages.run(files[0], changed=at(instant(life.now)))
    stages.run(files[1], changed=at(instant(life.now)))
    for step in range(steps):
        landed = life.arrives() if step > 2 and rng.random() < 0.8 else []
        some = names if rng.random() < 0.8 else names[: rng.randint(5, len(names))]
        clock = changed(at(instant(life.now)))
        by_hand = rng.random() < 0.1  # through a pipe
        before = [db.execute("SELECT MAX(run_id) FROM ops_runs").fetchone()[0] for db in files]
        for db, way in zip(files, [stages.run if by_hand else rest, stages.run]):
            arrive(db, landed)
            way(db, some, clock)
        a, b = (hashes(db, since) for db in files)
        assert {t for t in a if a[t] != b.get(t)} == set() and a.keys() == b.keys(), (step, landed)
        assert told(files[0], before[0]) == told(files[1], before[1]), (step, landed)
        life.now += rng.choice([10, 10, 3700, 86400, 8 * 86400, 30 * 86400])
    for db in files:
        db.close()
    return len(RESTED)


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """A stage's text is the same whatever the moment that this test puts into it; who rests is told."""
    digest = state.hashlib.sha256
    monkeypatch.setattr(state, "text_hash", lambda text: digest(HELD.sub("", re.sub(r"julianday\('\d[^']*'\) AS started", "", text)).encode()).hexdigest())
    log = resting._log
    monkeypatch.setattr(resting, "_log", lambda db, stage: (RESTED.append(stage), log(db, stage)))
    state.state_of.cache_clear()
    RESTED.clear()
    yield
    state.state_of.cache_clear()


@pytest.mark.parametrize("seeds", [range(3, 4), soak(range(2, 30)), *(soak(range(s, s + 25)) for s in range(100, 300, 25))], ids=lambda s: f"from {s[0]}")
def test_a_life_in_which_stages_rest_is_that_of_which_every_statement_runs(seeds, tmp_path):
    for seed in seeds:
        assert live(seed, 5 if len(seeds) == 1 else 20, tmp_path) > 50


def counted(db):
    return db.execute("SELECT COALESCE(MAX(run_id), 0) FROM ops_runs").fetchone()[0]


def resting_ones():
    """Those that rested since this was asked last."""
    found = set(RESTED)
    RESTED.clear()
    return found


ALWAYS = [name for name in stages.STAGES if name[:3] in ("110", "250", "260", "310", "312", "314", "316", "320", "330", "332", "620", "650")]
WOKEN = {  # by what, and whose rest it ends
    "UPDATE ops_config SET value = 31 WHERE name = 'form_risk_threshold'": "530_model_definitions",
    "UPDATE silver_rules SET severity = 'warn'": "220_silver_race_survey",
    "UPDATE silver_fields SET severity = 'warn'": "010_quality_rules",
    "UPDATE race_distances SET name = 'half' WHERE distance_class = '21k'": "600_predict_race_times",
    "DELETE FROM openlineage_stages": "800_feature_lineage",
    "DELETE FROM feature_lineage WHERE to_kind = 'model'": "800_feature_lineage",
    "DELETE FROM ml_aliases": "630_recommend_workouts",
    "INSERT INTO ops_due (stage, athlete_id) VALUES ('470_training_breaks', '4001')": "470_training_breaks",
    "INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity) VALUES ('4001', '2030-01-01', 'easy', 40, 0.7)": "640_plan_outlook",
    "INSERT INTO bronze_inbox (source, body) VALUES ('test', '{}')": "100_bronze_strava",
    "CREATE TABLE others (x)": "330_model_tables",
    "PRAGMA user_version = 999": "110_told",
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The demo's file over which the stages have run twice more; a copy that SQLite makes has another schema version, and wakes all."""
    path = shutil.copyfile(demo.database(), tmp_path_factory.mktemp("begun") / "begun.db")
    with contextlib.closing(stages.new_database(path)) as db:
        for _ in range(2):
            rest(db, list(stages.STAGES), stages.STAGES)
    return path


@pytest.fixture
def copies(begun, tmp_path):
    """Two of them."""
    files = [stages.new_database(shutil.copyfile(begun, tmp_path / name)) for name in ("rests.db", "runs.db")]
    yield files
    for db in files:
        db.close()


@pytest.fixture
def copy(copies):
    return copies[0]


@pytest.mark.parametrize("change", WOKEN)
def test_what_a_stage_reads_wakes_it(copy, change):
    stage = WOKEN[change]
    rest(copy, [stage], stages.STAGES)
    assert resting_ones() == {stage}
    copy.execute(change)
    with contextlib.suppress(sqlite3.Error):  # of a version that is none
        rest(copy, [stage], stages.STAGES)
    assert resting_ones() == set()


def test_most_stages_rest_without_news_and_whoever_runs_one_otherwise_wakes_it(copy):
    rest(copy, list(stages.STAGES), stages.STAGES)
    rested = resting_ones()
    assert len(rested) > 30 and set(ALWAYS) <= rested
    stages.run(copy, ["430_rolling_features"])
    rest(copy, ["420_daily_features", "430_rolling_features"], stages.STAGES)
    assert resting_ones() == {"420_daily_features"}
    changed = stages.STAGES | {"420_daily_features": stages.STAGES["420_daily_features"] + "-- another text\n"}
    rest(copy, ["420_daily_features"], changed)
    assert resting_ones() == set()


@pytest.mark.parametrize("stage, was, becomes, news", [
    ("430_rolling_features", "-- rests:    ops_due;", "-- rests:    -;", True),
    ("640_plan_outlook", "-- rests:    ops_due", "-- rests:    -", True),
    ("010_quality_rules", ", silver_fields, silver_rule_empties", ", silver_rule_empties", False),
    ("610_score_models", "-- rests here without champion", "-- rests here without nobody", True),
    ("800_feature_lineage", "(SELECT COUNT(*) FROM computed), (SELECT COUNT(*) FROM feature_lineage), 0", "0, 0, 0", True),
])  # fmt: skip
def test_a_stage_that_rests_wrongly_is_found(copies, stage, was, becomes, news):
    """As the lives are compared."""
    header = stages.STAGES[stage].replace(was, becomes, 1).replace("-- rests here without nobody", "CREATE TEMP TABLE nobody (x);\n-- rests here without nobody").replace("DROP TABLE temp.champion;", "DROP TABLE temp.champion;\nDROP TABLE IF EXISTS temp.nobody;")
    assert header != stages.STAGES[stage]
    files, texts = copies, stages.STAGES | {stage: header}
    for _ in range(2):
        rest(files[0], [stage], texts)
        stages.run(files[1], [stage], texts)
    for db in files:
        if news:
            life = Latest(1)
            life.athletes, life.now = [4001], epoch("2025-11-01T00:00:00Z")
            arrive(db, [(life.run(), instant(life.now))])
            db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity) VALUES ('4001', '2025-11-10', 'easy', 40, 0.7)")
        else:
            db.execute("UPDATE silver_fields SET max = 241 WHERE column_name = 'max_hr'")
    after = [counted(db) for db in files]
    names = list(stages.STAGES) if news else [stage]
    rest(files[0], names, texts)
    stages.run(files[1], names, texts)
    since = "2026"
    assert hashes(files[0], since) != hashes(files[1], since) or told(files[0], after[0]) != told(files[1], after[1])


def test_a_stage_that_fails_did_not_end(copy):
    text = stages.STAGES["640_plan_outlook"]
    broken = {"640_plan_outlook": text.replace("CREATE TEMP TABLE fallback AS", "SELECT nothing;\nCREATE TEMP TABLE fallback AS")}
    copy.execute("UPDATE ops_rests SET state = '' WHERE stage = '640_plan_outlook'")
    with pytest.raises(sqlite3.Error):
        rest(copy, ["640_plan_outlook"], broken)
    copy.execute("ROLLBACK")
    assert copy.execute("SELECT state FROM ops_rests WHERE stage = '640_plan_outlook'").fetchone() == ("",)


def test_what_headers_name_can_be_told_from_what_it_was(copy):
    """Of a table that is only added to by its newest row, of a small one by all its columns."""
    for text in stages.STAGES.values():
        told = dict(state.HEADER.findall(text))["rests"]
        assert told == stage_header.parse(text).rests  # which reads lines that go on
        for table in (state.names(told) or [[], []])[1]:
            assert table in {*state.NEWEST, *state.ROWS, *state.VERSIONS, *state.MADE}, table
    for table, key in state.NEWEST.items():
        assert copy.execute("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'trigger' AND name IN (?, ?)", (f"{table}_keep", f"{table}_stay")).fetchone() == (2,)
        assert copy.execute("SELECT name FROM pragma_table_info(?) WHERE pk AND type = 'INTEGER'", (table,)).fetchall() == [(key,)]
    for table, columns in state.ROWS.items():
        assert [(name,) for name in columns.split(", ")] == copy.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
