"""The ways in which the first build went wrong, each put back into the stages that train, promote and score any model: what guards
against it passes on the stages as they are and fails on them with the fault. (test_seed_risks.py does it for the race times.)"""

import json
import random
import re
import shutil
import sqlite3

import pytest
from sklearn import metrics

from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.machine.soak import soak
from helpers.models import episodes, modelled
from helpers.models.modelled import binary, days, definition
from helpers.stages import STAGES, one, put, rows, run

TRAIN, PROMOTE, SCORE = modelled.TRAIN, modelled.PROMOTE, modelled.SCORE
SIXTH = json.loads(re.search(r"```json\n(.*?)```", (ROOT / "sql" / "5_models" / "README.md").read_text(), re.S)[1])
MODELS = [s for s in STAGES if "530" <= s < "560" and not s.startswith("548")]
TRAINED = [s for s in MODELS if s >= TRAIN]


def mended(stage, *changes):
    """The stage with these texts replaced, each of which is there."""
    text = STAGES[stage]
    for was, becomes in changes:
        assert was in text, was
        text = text.replace(was, becomes)
    return {stage: text}


@pytest.fixture
def file(tmp_path):
    """The demo with a sixth model, which looks up four features in the store."""
    db = connect(shutil.copy(demo.database(), tmp_path / "demo.db"), isolation_level=None)
    put(db, SIXTH)
    run(db, ["100_bronze_strava", "530_model_definitions"])
    yield db
    db.close()


# --- R1: features that have seen the label -----------------------------------------------------------------------------

CHANGE = "2024-03-01"  # in the last fold but one, and not on its first days
LEAK = ("'as_of', 'known_at'", "'as_of', 'label_at'")


def sees_what_is_later(file, changed=None):
    """Whether what the folds until a day say of days before it is something else if features are other ones from that day on."""
    found = []
    image = file.serialize()
    for moves in (False, True):
        db = connect(isolation_level=None)
        db.deserialize(image)
        if moves:
            db.execute("DROP TRIGGER athlete_rolling_features_replaced")  # as if it had never been otherwise
            db.execute("UPDATE athlete_rolling_features SET tsb = 500, rest_days_14d = 0, total_distance_42d_km = 9 WHERE as_of_date >= ?", (CHANGE,))
        run(db, [TRAIN], changed)
        run_id = one(db, "SELECT run_id FROM ml_runs WHERE model = 'week_ahead_km'")
        starts = db.execute("SELECT fold, MIN(as_of_date), MAX(as_of_date) FROM ml_run_predictions WHERE run_id = ? AND evaluation = 'time' GROUP BY fold", (run_id,)).fetchall()
        fold = next(f for f, first, last in starts if first < CHANGE <= last)
        found.append(db.execute("SELECT as_of_date, predicted FROM ml_run_predictions WHERE run_id = ? AND evaluation = 'time' AND fold <= ? AND as_of_date < ?",
                                (run_id, fold, CHANGE)).fetchall())  # fmt: skip
        db.close()
    assert len(found[0]) == len(found[1]) > 100
    return found[0] != found[1]


def test_r1_no_row_trains_or_is_judged_by_a_feature_of_later(file):
    assert not sees_what_is_later(file)


def test_r1_a_lookup_that_sees_the_label_is_caught(file):
    assert sees_what_is_later(file, mended(TRAIN, LEAK))


# --- R2: judged on what it was trained on ------------------------------------------------------------------------------

BY_TIME = "s.as_of_date < t.train_before AND s.label_until < t.from_date"
SPLITS = {
    "a random split": (BY_TIME, "s.row_id * 7919 % 5 <> t.fold - 1"),
    "no gap": (BY_TIME, "s.as_of_date < t.from_date"),
    "labels of the days that are asked about": (BY_TIME, "s.as_of_date < t.train_before OR s.label_until >= t.from_date AND s.as_of_date < t.from_date"),
    "athletes on both sides": ("WHEN 'group' THEN s.group_fold <> t.fold", "WHEN 'group' THEN s.row_id % 2 = 0"),
}


@pytest.mark.parametrize("split", SPLITS)
def test_r2_any_other_split_is_stopped_by_the_audit_and_leaves_nothing(split):
    db = modelled.database(days(1), definition())
    with pytest.raises(sqlite3.OperationalError, match="a model is judged on an? (day|athlete) that"):
        run(db, [TRAIN], mended(TRAIN, SPLITS[split]))
    assert rows(db, "SELECT * FROM ml_runs") == rows(db, "SELECT * FROM ml_model_versions") == []
    run(db, [TRAIN])
    assert one(db, "SELECT status FROM ml_runs") == "finished"
    db.close()


def by_chance(found, seed):
    """What a split by chance says of the same rows: one fifth asked of the others."""
    db = connect(isolation_level=None)
    order = random.Random(seed).sample(range(len(found)), len(found))
    db.execute("CREATE TABLE learned (label, x, y, noise)")
    db.executemany("INSERT INTO learned VALUES (?, ?, ?, ?)", [found[i][2:] for i in order[len(order) // 5 :]])
    options = json.dumps(binary()["learner"]["options"] | {"num_boost_round": 150, "max_depth": 6})
    model = one(db, "SELECT model FROM gbdt_fit(?, 'SELECT label, x, y, noise FROM learned')", options)
    judged = [found[i] for i in order[: len(order) // 5]]
    return metrics.roc_auc_score([r[2] for r in judged], [one(db, "SELECT gbdt_predict(?, ?, ?, ?)", model, *r[3:]) for r in judged])


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 2))])
def test_r2_what_a_split_by_chance_says_of_days_that_are_alike_is_never_what_is_reported(seed):
    found = episodes.days(seed)
    this = binary(evaluation={"by": ["time", "group"], "splits": 5, "gap_days": 20}) | {"baselines": []}
    this["learner"]["options"] |= {"num_boost_round": 150, "max_depth": 6}
    db = modelled.database(found, this)
    run(db, [TRAIN])
    reported = [v for (v,) in db.execute("SELECT value FROM ml_run_metrics WHERE metric = 'auc' AND predictor = 'model'")]
    honest = {e: v for e, v in db.execute("SELECT evaluation, value FROM ml_run_metrics WHERE metric = 'auc' AND predictor = 'model' AND step = 0")}
    flattering = by_chance(found, seed)
    assert flattering > 0.85 and set(honest) == {"time", "group"} and max(honest.values()) < 0.65, (flattering, honest)
    assert max(reported) < 0.8 and "auc" in one(db, "SELECT reason FROM ml_model_versions")
    # Without its audit and with such a split the stage would say what chance says.
    other = modelled.database(found, this)
    is_judged = "ELSE s.as_of_date >= t.from_date AND s.as_of_date < t.until_date END"
    audit = "r.last_day >= date(j.first_day, -d.gap_days || ' days') OR r.last_label >= j.first_day"
    run(other, [TRAIN], mended(TRAIN, (BY_TIME, "s.row_id * 7919 % 5 <> t.fold - 1"), (is_judged, "ELSE s.row_id * 7919 % 5 = t.fold - 1 END"), (audit, "false")))
    assert one(other, "SELECT value FROM ml_run_metrics WHERE (evaluation, metric, predictor, step) = ('time', 'auc', 'model', 0)") > 0.85
    db.close()
    other.close()


# --- R3: a bad model in service ----------------------------------------------------------------------------------------


def serves_what_missed_its_gate(changed=None):
    """Whether a version that its gate does not let pass is asked by anybody."""
    hopeless = [{"evaluation": "time", "metric": "mae", "below": 0}]
    told = modelled.ROWS.replace("label,", "CASE WHEN day < '2024-02-20' THEN label END AS label,", 1)
    db = modelled.database(days(1), definition(gate=hopeless, rows=told))
    run(db, [*TRAINED, SCORE], changed)
    found = one(db, "SELECT COUNT(*) FROM inference_log"), one(db, "SELECT COUNT(*) FROM ml_aliases"), one(db, "SELECT status FROM ml_model_versions")
    db.close()
    return found


def test_r3_a_version_that_misses_its_gate_is_kept_refused_and_never_asked():
    assert serves_what_missed_its_gate() == (0, 0, "refused")


def test_r3_no_gate_is_caught():
    found = serves_what_missed_its_gate(mended(TRAIN, ("CASE WHEN g.passes THEN 'accepted' ELSE 'refused' END", "'accepted'")))
    assert found[0] > 0 and found[2] == "accepted"
    with pytest.raises(sqlite3.IntegrityError, match="an alias names an accepted version"):  # stopped by the alias itself
        serves_what_missed_its_gate(mended(PROMOTE, (" AND v.status = 'accepted'", "")))


# --- R4: inference around the store ------------------------------------------------------------------------------------

BYPASSES = {
    "joined by hand to what is current": (
        "'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NULL', 'as_of', 'known_at',\n                   'lookups', json(m.lookups)",
        "'SELECT n.*, f.total_distance_7d_km, f.total_distance_42d_km, f.rest_days_14d, f.tsb FROM (' || m.rows_sql || char(10) || ') AS n JOIN athlete_rolling_features AS f USING (athlete_id, as_of_date) WHERE n.label IS NULL',\n"
        "                   'as_of', 'known_at', 'lookups', json('[]')"),
    "looked up at another moment": ("'as_of', 'known_at'", "'as_of', 'as_of_date'"),
}  # fmt: skip


def around_the_store(file, changed=None):
    """Whether what was asked of the champion is not what training would have looked up for the same key, or not by rows of the store."""
    run(file, [*MODELS, SCORE], changed)
    asked = rows(file, "SELECT * FROM inference_log WHERE model = 'week_ahead_km'")
    assert len(asked) == 1
    spec = json.loads(one(file, "SELECT training_spec FROM ml_runs WHERE model = 'week_ahead_km' AND version IS NOT NULL"))
    spec["labels"] = spec["labels"].replace("label IS NOT NULL", "label IS NULL")  # the same text for days whose label is to come
    looked_up = {json.loads(r)["as_of_date"]: (json.loads(r), json.loads(s)) for r, s in file.execute("SELECT row, sources FROM training_rows(?)", (json.dumps(spec),))}
    row, sources = looked_up[asked[0]["prediction_date"]]
    names = [f["name"] for f in SIXTH["features"]]
    used, of = json.loads(asked[0]["features"]), json.loads(asked[0]["sources"])
    return [used.get(n) for n in names] != [row[n] for n in names] or of != sources


def test_r4_what_is_asked_is_what_the_store_gives_to_training_for_the_same_key(file):
    assert not around_the_store(file)


@pytest.mark.parametrize("bypass", BYPASSES)
def test_r4_features_that_come_around_the_store_are_caught(file, bypass):
    assert around_the_store(file, mended(SCORE, BYPASSES[bypass]))


# --- R5: predictions that are written over -----------------------------------------------------------------------------

INSERT = "INSERT INTO inference_log (model, version, entity"
OVERWRITES = {
    "replace": (INSERT, INSERT.replace("INSERT", "INSERT OR REPLACE")),
    "delete first": (INSERT, "DELETE FROM inference_log;\n" + INSERT),
    "update": (INSERT, "UPDATE inference_log SET predicted = predicted + 1;\n" + INSERT.replace("INSERT", "INSERT OR IGNORE")),
}
ASKED_AGAIN = ("      AND NOT EXISTS (SELECT 1 FROM inference_log AS g WHERE (g.model, g.entity, g.prediction_date, g.item) = (d.model, d.entity, d.prediction_date, d.item))\n", "")


@pytest.mark.parametrize("overwrite", OVERWRITES)
def test_r5_a_stage_that_writes_over_what_was_told_is_stopped_and_it_stays(overwrite):
    told = modelled.ROWS.replace("label,", "CASE WHEN day < '2024-02-20' THEN label END AS label,", 1)
    db = modelled.database(days(1), definition(rows=told))
    run(db, [*TRAINED, SCORE])
    before = rows(db, "SELECT * FROM inference_log")
    db.execute("UPDATE ml_looks SET looked_at = '2020-01-01T00:00:00Z'")
    db.execute("UPDATE days SET x = x + 1")
    changed = mended(SCORE, OVERWRITES[overwrite], ASKED_AGAIN)
    with pytest.raises(sqlite3.Error, match="inference_log is append-only"):
        run(db, [SCORE], changed)
    assert rows(db, "SELECT * FROM inference_log") == before and len(before) == 6
    # Without the triggers it would be lost.
    for trigger in ("keep", "stay", "once"):
        db.execute(f"DROP TRIGGER inference_log_{trigger}")
    changed[SCORE] = changed[SCORE].replace("RAISE(ABORT, 'inference_log is append-only')", "1")
    run(db, [SCORE], changed)
    assert {(r["inference_id"], r["predicted"]) for r in before} != {(r["inference_id"], r["predicted"]) for r in rows(db, "SELECT * FROM inference_log")}
    db.close()
