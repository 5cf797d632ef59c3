"""A model may count from a number that is known: it learns the difference, and wherever it answers the number is added again."""

import json
import random

import pytest
from sklearn import metrics

from helpers import stages
from helpers.athletes import demo
from helpers.athletes.activities import new_database
from helpers.extension import ROOT, connect
from helpers.models import modelled
from helpers.models.modelled import ROWS, days, definition, train
from helpers.simulated import World, simulate
from helpers.stages import one, rows, run

TOLD = ROWS.replace("label,", "CASE WHEN day < '2024-02-20' THEN label END AS label,", 1)
LESS = TOLD.replace("THEN label", "THEN label - x")
SAID = "SELECT evaluation, entity, as_of_date, p.label, predicted FROM ml_run_predictions AS p JOIN ml_runs USING (run_id) WHERE model = ? ORDER BY 1, 2, 3"


def both(seed, found=None, **changes):
    """The same model twice: one counts from x, the other is told the difference as its label."""
    db = modelled.database(found or days(seed))
    runs = train(db, definition(model="counts", rows=TOLD, base="x", baselines=[], **changes), definition(model="told", rows=LESS, **changes))
    assert [r["status"] for r in runs] == ["finished", "finished"]
    return db


@pytest.mark.parametrize("seed", range(3))
def test_each_answer_is_the_base_and_what_a_model_of_the_difference_says(seed):
    db = both(seed)
    x = {(a, d): v for a, d, v in db.execute("SELECT athlete_id, day, x FROM days")}
    counts, told = (db.execute(SAID, (name,)).fetchall() for name in ("counts", "told"))
    assert len(counts) > 400
    for (*key, label, predicted), (*same, less, difference) in zip(counts, told):
        assert key == same and (predicted, label) == (x[tuple(key[1:])] + difference, pytest.approx(x[tuple(key[1:])] + less, rel=1e-12))
    run(db, [modelled.PROMOTE, modelled.SCORE])
    db.execute("INSERT OR IGNORE INTO ml_aliases SELECT model, 'champion', version FROM ml_model_versions WHERE status = 'accepted'")
    db.execute("DELETE FROM ml_looks")
    run(db, [modelled.SCORE])
    score = dict(db.execute("SELECT key, value FROM gbdt_score('counts/1', 'SELECT athlete_id, x, y, noise FROM days WHERE day = ''2024-02-29''')"))
    found = rows(db, "SELECT * FROM inference_log WHERE model = 'counts'")
    assert len(found) == 6
    for g in found:
        assert g["predicted"] == x[g["entity"], "2024-02-29"] + score[g["entity"]]
    assert modelled.replay(db) == []
    db.close()


@pytest.mark.parametrize("seed", range(2))
def test_the_base_is_measured_beside_the_model_whether_or_not_it_is_named(seed):
    db = both(seed)
    train(db, definition(model="named", rows=TOLD, base="x", baselines=["y", "x"], gate=[{"evaluation": "time", "metric": "mae", "below": "x"}]))
    for model, expected in (("counts", {"constant", "model", "x"}), ("named", {"constant", "model", "x", "y"})):
        kept = rows(db, "SELECT predictor, evaluation, value, n FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE model = ? AND step = 0 AND metric = 'mae'", model)
        assert {k["predictor"] for k in kept} == expected
        for k in (k for k in kept if k["predictor"] in ("model", "x")):
            said = rows(db, """SELECT p.label, p.predicted AS model, x FROM ml_run_predictions AS p JOIN ml_runs AS r USING (run_id)
                               JOIN days AS d ON (d.athlete_id, d.day) = (p.entity, p.as_of_date) WHERE r.model = ? AND evaluation = ?""", model, k["evaluation"])
            assert k["n"] == len(said) and k["value"] == pytest.approx(metrics.mean_absolute_error(*([s[c] for s in said] for c in ("label", k["predictor"]))), rel=1e-12)
    assert "mae by time is" in one(db, "SELECT reason FROM ml_model_versions WHERE model = 'named'")
    db.close()


def test_a_contest_is_of_whole_answers_whatever_each_counts_from():
    """A challenger that counts from what is nearly the label wins over a champion that learned nothing."""
    db = modelled.database(days(1))
    still = {"kind": "gbdt", "options": {"num_boost_round": 1, "eta": 1e-6, "base_score": 0}}
    gate = [{"evaluation": "time", "metric": "mae", "below": 100}]
    near = ROWS.replace("x, y", "label + 0.1 * noise AS near, x, y")
    train(db, definition(version="1.0.0", rows=near, base="x", learner=still, gate=gate))
    run(db, [modelled.PROMOTE])
    train(db, definition(version="1.0.1", rows=near, base="near", learner=still, gate=gate))
    db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", [(a, d + 90, *rest) for a, d, *rest in days(3, n_days=40)])
    run(db, [modelled.PROMOTE])
    assert one(db, "SELECT decision FROM ml_decisions ORDER BY decision_id DESC LIMIT 1") == "PROMOTE"
    kept = rows(db, "SELECT r.*, x, noise FROM ml_decision_rows AS r JOIN days AS d ON (d.athlete_id, d.day) = (r.entity, r.as_of_date)")
    assert len(kept) > 100
    for k in kept:
        assert k["champion"] == pytest.approx(k["x"], abs=1e-4) and k["challenger"] == pytest.approx(k["label"] + 0.1 * k["noise"], abs=1e-4)
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_row_whose_base_is_no_number_neither_trains_nor_is_asked_about_and_it_is_said_of_whom(seed):
    chance = random.Random(seed)
    lost = {f"athlete {a}" for a in chance.sample(range(6), 2)}
    nothing = chance.choice(["NULL", "'fast'", "''", "'3'"])
    names = ", ".join(f"'{a}'" for a in lost)
    these = TOLD.replace("x, y", f"CASE WHEN athlete_id IN ({names}) THEN {nothing} ELSE x END AS level, x, y")
    db = modelled.database(days(seed))
    (made,) = train(db, definition(rows=these, base="level"))
    assert made["training_rows"] == 4 * 50 and made["labelled_rows"] == 6 * 50
    run(db, [modelled.PROMOTE, modelled.SCORE])
    assert {g["entity"] for g in rows(db, "SELECT * FROM inference_log")} == {f"athlete {a}" for a in range(6)} - lost
    assert one(db, "SELECT reason FROM inference_faults") == f"rows: the base, a number level, is missing for {min(lost)} on 2024-02-29"
    runs = train(db, definition(version="1.0.1", rows=ROWS, base="nowhere"))
    assert (runs[-1]["status"], runs[-1]["reason"]) == ("failed", "rows: none has its base, a number nowhere")
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_feature_that_is_not_known_is_one_that_the_trees_know_as_missing(seed):
    """As much as a model that is told a number beyond all others where nothing is known, on trees that may put it on either side."""
    chance = random.Random(seed)
    found = [(a, d, label, x, None if chance.random() < 0.3 else y, noise) for a, d, label, x, y, noise in days(seed)]
    db = modelled.database(found)
    (made,) = train(db, definition(rows=TOLD))
    assert made["status"] == "finished" and made["training_rows"] == 300
    run(db, [modelled.PROMOTE, modelled.SCORE])
    expected = db.execute("SELECT value FROM gbdt_score('days_model/1', 'SELECT athlete_id, x, y, noise FROM days WHERE day = ''2024-02-29'' ORDER BY athlete_id')").fetchall()
    assert db.execute("SELECT predicted FROM inference_log ORDER BY entity").fetchall() == expected and len(expected) == 6
    db.close()


# --- the pace of a run ---------------------------------------------------------------------------------------------------

PACE = json.loads((ROOT / "schemas" / "models" / "pace_predictor.json").read_text())
FEATURES = [s for s in stages.STAGES if s < "47"]


def asked(db):
    """The rows that the definition asks for, with all its features, by run."""
    (model,) = rows(db, "SELECT * FROM ml_models WHERE model = 'pace_predictor'")
    spec = {"labels": model["rows_sql"], "as_of": "known_at", "lookups": json.loads(model["lookups"]), "computed": json.loads(model["computed"])}
    found = (json.loads(r) for (r,) in db.execute("SELECT row FROM training_rows(?)", (json.dumps(spec),)))
    names = [f if isinstance(f, str) else f["name"] for f in PACE["features"]] + [PACE["base"], "known_at", "label", "as_of_date"]
    return {(r["athlete_id"], r["item"]): {n: r[n] for n in names} for r in found}


@pytest.mark.parametrize("seed", range(2))
def test_what_is_asked_of_a_run_is_what_was_known_when_it_came_whatever_came_later(seed):
    rng = random.Random(seed)
    bodies = [a.body for a in simulate(World(seed=seed), 3, 200)[0]]
    runs = sorted((b for b in bodies if b.get("type") == "Run"), key=lambda b: b["start_date"])
    late = [runs[i] for i in rng.sample(range(len(runs) // 2), 5)]
    db = new_database()
    run(db, FEATURES)
    for body in [*bodies, PACE, *(json.loads(p.read_text()) for p in sorted((ROOT / "schemas" / "features").glob("*.json")))]:
        if body not in late:
            stages.put(db, body)
    run(db, [*FEATURES, "530_model_definitions"])
    before = asked(db)
    assert len(before) > 100
    for body in late:
        stages.put(db, body, "2026-01-05T00:00:00Z")
    run(db, FEATURES)
    after, now = asked(db), {(r["athlete_id"], r["activity_id"]): r["similar_pace_min_km"] for r in rows(db, "SELECT * FROM similar_runs")}
    old = {key for key in before if key[1] != "next"}
    assert old <= after.keys() and len(after.keys() - before.keys()) >= 1
    assert {key: after[key] for key in old} == {key: before[key] for key in old}
    assert any(now[key] != before[key][PACE["base"]] for key in old)  # the table itself has other values today
    for (_, item), row in after.items():
        assert (row["label"] is None) == (item == "next")
    db.close()


def test_the_runner_of_the_demo_has_a_pace_for_his_next_run_from_a_model_that_beats_what_he_usually_runs():
    db = connect(demo.database())
    version = rows(db, "SELECT * FROM ml_model_versions WHERE model = 'pace_predictor'")[0]
    kept = dict(db.execute("SELECT predictor, value FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE model = 'pace_predictor' AND (evaluation, metric, step) = ('time', 'mae', 0)"))
    usual = kept.keys() - {"model"}
    assert usual == {*PACE["baselines"], "constant"}
    assert (version["status"] == "accepted") == all(kept["model"] < kept[u] for u in (g["below"] for g in PACE["gate"]))
    told = rows(db, "SELECT * FROM gold_model_predictions WHERE model = 'pace_predictor'")
    assert version["status"] == "accepted" and len(told) == 1
    last = one(db, "SELECT MAX(local_date) FROM silver_trainings WHERE is_run")
    (row,) = (json.loads(f) for (f,) in db.execute("SELECT features FROM inference_log WHERE model = 'pace_predictor'"))
    assert (told[0]["item"], told[0]["prediction"], told[0]["prediction_date"]) == ("next", "predicted_pace_min_km", one(db, "SELECT date(?, '+1 day')", last))
    assert abs(told[0]["predicted"] - row["mean_pace_10"]) < 1 and told[0]["known_at"] > last
    db.close()


def test_what_stands_behind_a_feature_counts_the_predictions_of_every_model():
    db = connect(demo.database())
    told = rows(db, "SELECT DISTINCT name, status FROM feature_dependents WHERE kind = 'predictions'")
    kept = {f"{t}/{m}/{v}": f"{n} predictions" for t in ("inference_log", "gold_athlete_predictions")
            for m, v, n in db.execute(f"SELECT model, version, COUNT(*) FROM {t} GROUP BY 1, 2")}
    assert "inference_log/pace_predictor/1" in kept and {t["name"]: t["status"] for t in told}.items() <= kept.items() and len(told) >= 2
    db.close()
