"""A search tries options on days before those that the gate asks about, each as a run that can be computed again by hand."""

import json
import random
import shutil
import subprocess

import numpy
import pandas
import pytest
from sklearn import metrics

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.models import modelled
from helpers.models.modelled import binary, days, definition, train
from helpers.stages import new_database, one, rows, run

SEARCH = "535_search_models"
STAGES = [SEARCH, modelled.TRAIN, modelled.PROMOTE]
SPACE = {"eta": [0.1, 0.3, 0.5], "max_depth": [1, 2, 3, 4], "lambda": [0.5, 1, 4], "min_child_weight": [0.1, 2]}
FEATURES = ["x", "y", "noise"]


def asked(found, this):
    """A database in which the model is registered, and a search for it asked for."""
    db = modelled.database(found, this)
    db.execute("INSERT INTO ml_search_requests (model) VALUES (?)", (this["model"],))
    return db


def searched(found, this):
    db = asked(found, this)
    run(db, [SEARCH])
    return db


def runs(db):
    """Of each run of a search its options, status and reason."""
    params = {}
    for run_id, name, value in db.execute("SELECT run_id, name, value FROM ml_run_params ORDER BY run_id, name"):
        params.setdefault(run_id, {})[name] = value
    return [r | {"options": params.get(r["run_id"], {})} for r in rows(db, "SELECT * FROM ml_runs WHERE search_id IS NOT NULL ORDER BY run_id")]


def measured(db):
    return {(r, m, s): (v, n) for r, m, s, v, n in db.execute("SELECT run_id, metric, step, value, n FROM ml_run_metrics WHERE evaluation = 'search' AND predictor = 'model'")}


def by_hand(db, this, options, gap_days, after):
    """What a model of these options says of the search's folds, from the days alone: (fold, label, told)."""
    found = pandas.read_sql_query("SELECT * FROM days ORDER BY day, athlete_id", db)
    found["day"] = pandas.to_datetime(found.day)
    known = found.day + pandas.Timedelta(days=3)
    gap = pandas.Timedelta(days=gap_days)
    gate_begins = found.day.iloc[int(numpy.ceil(len(found) * after))]
    early = found[(found.day < gate_begins - gap) & (known < gate_begins)].reset_index(drop=True)
    starts = sorted({early.day.iloc[int(numpy.ceil(len(early) * share - 1e-9))] for share in (0.4, 0.6, 0.8)})
    told = []
    for fold, start in enumerate(starts, 1):
        end = starts[fold] if fold < len(starts) else early.day.max() + pandas.Timedelta(days=1)
        trains = early[(early.day < start - gap) & (early.day + pandas.Timedelta(days=3) < start)]
        judges = early[(early.day >= start) & (early.day < end)]
        if len(trains) == 0:
            continue
        order = trains.sort_values(["athlete_id", "day"])
        db.execute("CREATE TEMP TABLE learned (n INTEGER PRIMARY KEY, label, x, y, noise)")
        db.executemany("INSERT INTO learned (label, x, y, noise) VALUES (?, ?, ?, ?)", order[["label", *FEATURES]].to_numpy().tolist())
        model = one(db, "SELECT model FROM gbdt_fit(?, 'SELECT label, x, y, noise FROM temp.learned ORDER BY n')", json.dumps(options))
        db.execute("DROP TABLE temp.learned")
        told += [(fold, label, one(db, "SELECT gbdt_predict(?, ?, ?, ?)", model, *map(float, values))) for label, *values in judges[["label", *FEATURES]].to_numpy()]
    return early, pandas.DataFrame(told, columns=["fold", "label", "told"])


def test_nothing_is_searched_that_nobody_asked_for_and_no_row_is_looked_at():
    db = modelled.database(days(1, n_days=200), definition())
    db.execute("CREATE TABLE counted (n)")
    db.execute("INSERT INTO counted VALUES (0)")
    run(db, [SEARCH, modelled.TRAIN, SEARCH])
    assert rows(db, "SELECT * FROM ml_searches") == runs(db) == []
    assert {r["rows_in"] for r in rows(db, "SELECT rows_in FROM ops_runs WHERE stage = ?", SEARCH)} == {0}
    db.close()


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_each_run_is_what_training_on_the_days_before_the_gates_gives_by_hand(seed, is_binary):
    chance = random.Random(seed)
    gap_days, after = chance.choice([0, 5, 12]), chance.choice([0.4, 0.6])
    evaluation = {"by": ["time", "group"], "splits": chance.randint(2, 5), "after": after, "gap_days": gap_days}
    this = (binary if is_binary else definition)(evaluation=evaluation, search={"runs": 10, "seed": seed, "space": SPACE})
    db = searched(days(seed, n_days=chance.choice([120, 200]), is_binary=is_binary), this)
    found, kept = runs(db), measured(db)
    assert len(found) == 10 and {r["status"] for r in found} == {"finished"}
    for r in chance.sample(found, 3):
        early, told = by_hand(db, this, r["options"], gap_days, after)
        assert r["training_rows"] == len(early)
        for step in (0, *told.fold.unique()):
            part = told[(told.fold == step) | (step == 0)]
            if is_binary and part.label.nunique() < 2:
                continue
            name, value = ("auc", metrics.roc_auc_score(part.label, part.told)) if is_binary else ("mae", metrics.mean_absolute_error(part.label, part.told))
            assert kept[r["run_id"], name, step] == (pytest.approx(value, rel=1e-6), len(part)), (r["run_id"], step)
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_no_run_moves_when_labels_of_the_gates_days_do(seed):
    chance = random.Random(seed)
    gap_days = chance.choice([0, 7])
    this = definition(evaluation={"by": ["time"], "splits": 3, "after": 0.5, "gap_days": gap_days}, search={"seed": seed, "space": SPACE})
    found = days(seed, n_days=150)
    db = searched(found, this)
    begins = one(db, "SELECT julianday(before_date) - julianday('2024-01-01') FROM ml_searches")
    train(db)
    assert one(db, "SELECT MIN(as_of_date) FROM ml_run_predictions") == one(db, "SELECT before_date FROM ml_searches")
    for first, moves in ((begins - max(gap_days, 3), False), (begins - max(gap_days, 3) - 20, True)):
        other = searched([(a, d, label + (chance.gauss(0, 50) if d >= first else 0), *rest) for a, d, label, *rest in found], this)
        assert (measured(other) != measured(db)) == moves
        assert moves or one(other, "SELECT told, search_hash FROM ml_searches") == one(db, "SELECT told, search_hash FROM ml_searches")
        other.close()
    db.close()


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_the_best_by_the_gates_metric_is_what_the_next_training_takes(seed, is_binary):
    poor = {"num_boost_round": 2, "eta": 0.01, "max_depth": 1} | ({"objective": "binary:logistic"} if is_binary else {})
    this = (binary if is_binary else definition)(search={"seed": seed, "space": SPACE | {"num_boost_round": [10, 40]}}) | {"learner": {"kind": "gbdt", "options": poor}}
    db = asked(days(seed, n_days=200, is_binary=is_binary), this)
    run(db, [modelled.TRAIN, *STAGES])
    search = rows(db, "SELECT * FROM ml_searches")[0]
    kept, metric = measured(db), "auc" if is_binary else "mae"
    values = {r["run_id"]: kept[r["run_id"], metric, 0][0] for r in runs(db)}
    assert search["metric"] == metric and len(values) == 12
    assert search["value"] == values[search["run_id"]] == (max if is_binary else min)(values.values())
    assert search["own_value"] == values[min(values)] and search["run_id"] != min(values)
    chosen = next(r["options"] for r in runs(db) if r["run_id"] == search["run_id"])
    assert json.loads(search["options"]) == chosen and chosen.keys() == poor.keys() | SPACE.keys()
    first, second = rows(db, "SELECT * FROM ml_model_versions ORDER BY version")
    assert [json.loads(v["specification"])["learner"]["options"] for v in (first, second)] == [poor, chosen]
    trained = "SELECT model FROM gbdt_fit(?, 'SELECT label, x, y, noise FROM days ORDER BY athlete_id, day')"
    assert second["model_json"] == one(db, trained, json.dumps(chosen)) != first["model_json"]
    assert f"run {search['run_id']} is the best of 12: {metric} " in search["told"] and "by group as optimistic" in search["told"]
    assert [d["challenger"] for d in rows(db, "SELECT challenger FROM ml_decisions ORDER BY decision_id")][-1] == 2
    before = rows(db, "SELECT * FROM ml_runs"), rows(db, "SELECT * FROM ml_searches")
    db.execute("INSERT INTO ml_search_requests (model) VALUES ('days_model')")
    run(db, STAGES)
    assert (rows(db, "SELECT * FROM ml_runs"), rows(db, "SELECT * FROM ml_searches")) == before, "the same rows are searched once"
    db.close()


def test_a_new_definition_is_trained_by_its_own_options_until_it_is_searched_itself():
    this = definition(search={"space": SPACE})
    db = searched(days(2, n_days=200), this)
    train(db, this | {"version": "1.0.1"})
    options = one(db, "SELECT specification FROM ml_model_versions")
    assert json.loads(options)["learner"] == this["learner"]
    db.close()


@pytest.mark.parametrize("seed", [0, 1, *map(soak, range(2, 4))])
def test_what_is_tried_is_of_its_space_is_no_two_alike_and_comes_again_from_its_seed(seed):
    chance = random.Random(seed)
    values = {"eta": [0.05, 0.1, 0.2, 0.4], "max_depth": [1, 2, 3, 4, 5], "lambda": [0.1, 1, 10], "subsample": [0.5, 0.8, 1], "grow_policy": ["depthwise", "lossguide"]}
    space = {name: chance.sample(values[name], len(values[name])) for name in chance.sample(sorted(values), 3)}
    combinations = numpy.prod([len(v) for v in space.values()])
    asks = chance.choice([10, 15, 30])
    this = definition(search={"runs": asks, "seed": seed, "space": space})
    db, again, other = (searched(days(seed, 3, 120), d) for d in (this, this, this | {"search": this["search"] | {"seed": seed + 99}}))
    tried, same, different = ([r["options"] for r in runs(each)] for each in (db, again, other))
    assert tried == same and len({json.dumps(o, sort_keys=True) for o in tried}) == len(tried)
    assert len(tried) == asks if combinations >= 1.5 * asks else 10 <= len(tried) <= asks
    assert tried[0] == this["learner"]["options"] and all(o[name] in space[name] for o in tried[1:] for name in space)
    if combinations < asks:
        own = any(all(this["learner"]["options"].get(n) == o[n] for n in space) for o in tried[1:])
        assert len(tried) == combinations + (not own)
    elif combinations > 2 * asks:
        assert tried != different
    for each in (db, again, other):
        each.close()


def test_a_run_that_fails_says_why_and_the_others_are_compared():
    this = binary(search={"runs": 40, "space": {"base_score": [0.5, 3], "max_depth": [1, 2, 3], "eta": [0.1, 0.2, 0.3]}})
    db = searched(days(3, n_days=200, is_binary=True), this)
    search, found = rows(db, "SELECT * FROM ml_searches")[0], runs(db)
    failed = [r["run_id"] for r in found if r["status"] == "failed"]
    assert failed == [r["run_id"] for r in found if r["options"].get("base_score") == 3] and len(failed) == 9 and len(found) == 19
    assert all(r["reason"].startswith("training: ") and "base_score" in r["reason"] for r in found if r["status"] == "failed")
    assert search["n_failed"] == 9 and search["run_id"] not in (None, *failed)
    db.close()


FAILURES = {
    "labels of one kind": (binary(), [(a, d, 1.0, *rest) for a, d, _, *rest in days(1, n_days=200)], "auc is no finite number"),
    "few days": (definition(), days(1, n_days=30), "rows: the days before those that the gate asks about are too few"),
    "a text as label": (definition(rows=modelled.ROWS.replace("label,", "'a' AS label,", 1)), days(1, n_days=200), "rows: label is no number"),
    "no label": (definition(rows=modelled.ROWS.replace("label,", "NULL AS label,", 1)), days(1, n_days=200), "rows: the days before those"),
    "rows that fail": (definition(rows=modelled.ROWS.replace("label,", "abs(-9223372036854775807 - (x > 2)) AS label,", 1)), days(1, n_days=200), "rows: "),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_search_that_can_measure_nothing_is_ten_failed_runs_with_their_reason_and_chooses_nothing(case):
    this, found, reason = FAILURES[case]
    db = modelled.database(found, this, definition(model="good"))
    db.executemany("INSERT INTO ml_search_requests (model) VALUES (?)", [(this["model"],), ("good",)])
    run(db, [SEARCH, modelled.TRAIN])
    mine = [r for r in runs(db) if r["model"] == this["model"]]
    assert len(mine) == 12 and all(r["status"] == "failed" and r["reason"].startswith(reason) for r in mine), mine[0]
    search = rows(db, "SELECT * FROM ml_searches WHERE model = ?", this["model"])[0]
    assert search["run_id"] is search["options"] is None and reason in search["told"]
    assert len([r for r in runs(db) if r["model"] == "good"]) == 12 and rows(db, "SELECT * FROM ml_search_requests") == []
    db.close()


def test_a_model_is_searched_each_month_where_the_setting_says_so():
    db = modelled.database(days(4, n_days=200), definition(search={"space": SPACE}))
    db.execute("UPDATE ops_config SET value = 30 WHERE name = 'search_every_days'")
    run(db, [SEARCH])
    assert one(db, "SELECT COUNT(*) FROM ml_searches") == 1
    db.execute("DROP TRIGGER ml_searches_keep")
    for age, searches in ((29, 1), (31, 2)):
        db.execute("UPDATE ml_searches SET searched_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ?)", (f"-{age} days",))
        db.executemany("INSERT INTO days VALUES ('new', date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", [(d, 0.5, 0.5, 0.5, age) for d in range(60)] if age == 31 else [])
        run(db, [SEARCH])
        assert one(db, "SELECT COUNT(*) FROM ml_searches") == searches
    db.close()


def test_a_search_is_asked_for_by_the_name_of_a_model():
    db = modelled.database(days(1), definition())
    with pytest.raises(Exception, match="ml_search_requests: a search is asked for by the name of a registered model"):
        db.execute("INSERT INTO ml_search_requests (model) VALUES ('nobody')")
    db.close()


@pytest.mark.unsanitized
def test_the_program_prints_every_run_and_what_was_decided(tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "demo.db")
    search = lambda *names: subprocess.run([ROOT / "sql" / "tools" / "search", path, *names], env=demo.ENVIRONMENT, capture_output=True, text=True)  # noqa: E731
    done = search("pace_predictor")
    assert done.returncode == 0, done.stderr
    db = new_database(path)
    told = one(db, "SELECT told FROM ml_searches WHERE model = 'pace_predictor'")
    lines = done.stdout.splitlines()
    assert lines[0] == f"pace_predictor: {told}" and len([line for line in lines if line[:6] in ("* run ", "  run ")]) == len(runs(db)) >= 10
    assert [line[0] for line in lines[1:13]].count("*") == 1
    db.close()
    refused = search("nobody")
    assert refused.returncode == 1 and "nothing to search: nobody is registered as one that learns by trees; there are overtraining_detector, pace_predictor" in refused.stderr
