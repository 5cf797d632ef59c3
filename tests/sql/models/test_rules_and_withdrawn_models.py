"""A rule is a model that learns nothing and says its base; a model that is withdrawn is asked no more, and what it said stays."""

import json

import pytest
from sklearn import isotonic, metrics

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.models import modelled
from helpers.models.modelled import PROMOTE, ROWS, SCORE, days, define, definition, train
from helpers.stages import STAGES, new_database, one, rows, run
from helpers.tools import tool

LAST = "2024-02-28"
OPEN = ROWS.replace("label,", f"CASE WHEN day < '{LAST}' THEN label END AS label,", 1)
LATER = [s for s in STAGES if "540" <= s < "620" and s[:3] not in ("548", "600")]
BINARY = {"objective": "binary:logistic"}


def rule(base, options=None, **changes):
    learner = {"kind": "rule"} | ({} if options is None else {"options": options})
    return definition(**({"learner": learner, "base": base, "features": [base], "baselines": [], "rows": OPEN, "gate": [{"evaluation": "time", "metric": "mae", "below": 1000}]} | changes))


def said(db, evaluation):
    return rows(db, "SELECT p.*, d.x, d.y FROM ml_run_predictions AS p JOIN days AS d ON (d.athlete_id, d.day) = (p.entity, p.as_of_date) WHERE evaluation = ? ORDER BY p.entity, p.as_of_date", evaluation)


@pytest.mark.parametrize("evaluation", ["time", "group"])
def test_a_rule_says_its_base_and_its_metrics_are_those_of_scikit_learn(evaluation):
    db = modelled.database(days(1))
    train(db, rule("x"))
    found = said(db, evaluation)
    assert len(found) > 100 and all(r["predicted"] == r["x"] for r in found)
    kept = {r["metric"]: r["value"] for r in rows(db, "SELECT metric, value FROM ml_run_metrics WHERE (evaluation, predictor, step) = (?, 'model', 0)", evaluation)}
    label, predicted = [r["label"] for r in found], [r["predicted"] for r in found]
    assert kept["mae"] == pytest.approx(metrics.mean_absolute_error(label, predicted), rel=1e-12)
    assert kept["rmse"] == pytest.approx(metrics.root_mean_squared_error(label, predicted), rel=1e-12)
    run(db, [PROMOTE, SCORE])
    answered = rows(db, "SELECT g.predicted, d.x FROM inference_log AS g JOIN days AS d ON (d.athlete_id, d.day) = (g.entity, g.prediction_date)")
    assert len(answered) == 6 and all(r["predicted"] == r["x"] for r in answered)
    assert modelled.replay(db) == []
    db.close()


def test_a_rule_on_the_scale_of_a_logarithm_says_the_number():
    db = modelled.database(days(1))
    text = ROWS.replace("label,", "abs(label) + 1 AS label,", 1).replace("x, y", "x, portable_ln(y + 1) AS ln_y, y")
    train(db, rule("ln_y", rows=text, link="log"))
    assert all(r["predicted"] == pytest.approx(r["y"] + 1, rel=1e-12) for r in said(db, "time"))
    db.close()


def test_what_a_calibrator_makes_of_a_rule_is_what_scikit_learn_makes_of_it():
    db = modelled.database(days(1, is_binary=True))
    text = rule("high", BINARY, rows=OPEN.replace("x, y", "x > 0.5 AS high, x, y"), gate=[{"evaluation": "time", "metric": "auc", "above": 0.5}])
    train(db, text)
    plain = said(db, "time")
    assert {r["predicted"] for r in plain} == {0, 1} and all(r["predicted"] == (r["x"] > 0.5) for r in plain)
    auc = one(db, "SELECT value FROM ml_run_metrics WHERE (evaluation, predictor, metric, step) = ('time', 'model', 'auc', 0)")
    assert auc == pytest.approx(metrics.roc_auc_score([r["label"] for r in plain], [r["predicted"] for r in plain]), rel=1e-12)
    train(db, text | {"version": "1.0.1", "learner": {"kind": "rule", "options": BINARY, "calibrator": "isotonic"}})
    run(db, [PROMOTE, SCORE])
    peer = isotonic.IsotonicRegression(out_of_bounds="clip").fit([r["predicted"] for r in plain], [r["label"] for r in plain])
    content = one(db, "SELECT content FROM ml_run_artifacts WHERE name = 'calibrator'")
    for raw in (0, 1):
        assert one(db, "SELECT calibrate(?, ?)", content, raw) == pytest.approx(peer.predict([raw])[0], abs=1e-9)
    db.close()


def test_a_model_that_learns_takes_the_place_of_a_rule_that_is_worse_and_not_the_other_way():
    for first, second, decision in ((rule("x"), definition(version="1.0.1"), "PROMOTE"), (definition(), rule("x", version="1.0.1"), "REJECT")):
        db = modelled.database(days(1))
        train(db, first | {"rows": ROWS})
        run(db, [PROMOTE])
        train(db, second | {"rows": ROWS})
        db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", [(a, d + 90, *rest) for a, d, *rest in days(3, n_days=40)])
        run(db, [PROMOTE])
        assert one(db, "SELECT decision FROM ml_decisions ORDER BY decision_id DESC LIMIT 1") == decision
        db.close()


@pytest.mark.parametrize("changes, reason", [
    ({"base": None}, "base is missing: it is what a rule says"),
    ({"gate": None}, "gate: a model without one is accepted whatever it does"),
    ({"label_clip": 2}, "label_clip is not a rule's to say: it learns nothing"),
    ({"search": {"runs": 10}}, "search is not a rule's to say: it learns nothing"),
    ({"learner": {"kind": "rule", "options": {"eta": 0.1}}}, "learner.options: a rule has no eta; it may have objective"),
    ({"learner": {"kind": "rule", "calibrator": "platt"}}, "learner.calibrator: expected isotonic, platt or logit, beside the objective binary:logistic"),
    ({"features": []}, "features: there is none"),
])  # fmt: skip
def test_what_is_no_rule_is_refused_with_a_sentence(changes, reason):
    db = modelled.database(days(1), {k: v for k, v in (rule("x") | changes).items() if v is not None})
    assert [r["reason"] for r in rows(db, "SELECT reason FROM ml_model_rejects")] == [reason]
    db.close()


def versions(db):
    return rows(db, "SELECT model, version, status FROM ml_model_versions ORDER BY model, version"), rows(db, "SELECT * FROM inference_log ORDER BY inference_id")


@pytest.mark.parametrize("what", [definition(rows=OPEN), rule("x")], ids=["gbdt", "rule"])
@pytest.mark.parametrize("left", ["little", "all"])
def test_a_model_that_is_withdrawn_is_asked_no_more_and_comes_back(what, left):
    db = modelled.database(days(1))
    beside = what | {"model": "beside"}
    train(db, what, beside)
    run(db, [PROMOTE, SCORE])
    before = versions(db)
    assert len(before[1]) == 12
    gone = {"learner": {"kind": "none"}, "version": "2.0.0", "features": []}
    define(db, {"model": what["model"]} | gone if left == "little" else what | gone)
    assert rows(db, "SELECT * FROM ml_model_rejects") == []
    db.execute("INSERT INTO days SELECT athlete_id, date(day, '+1 day'), label, x, y, noise FROM days WHERE day = (SELECT MAX(day) FROM days)")
    db.execute("UPDATE ml_looks SET looked_at = '2024-01-01T00:00:00Z'")
    run(db, LATER)
    assert {r["model"] for r in versions(db)[1][12:]} == {"beside"} and [r for r in versions(db)[0] if r["model"] == what["model"]] == before[0][1:]
    define(db, what)
    db.execute("UPDATE ml_looks SET looked_at = '2024-01-01T00:00:00Z'")
    run(db, LATER)
    assert {r["model"] for r in versions(db)[1][18:]} == {what["model"]} and len(versions(db)[1]) == 24
    db.close()


def test_somebodys_own_definition_of_a_bundled_model_holds_until_the_bundled_one_is_imported_again(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(demo.database().read_bytes())
    bundled = ROOT / "schemas" / "models" / "training_recommender.json"
    mine = json.loads(bundled.read_text())
    mine["version"] = "9.0.0"
    mine["learner"]["options"]["days_in_a_row"] = 3
    (tmp_path / "mine.json").write_text(json.dumps(mine))
    held = "SELECT version FROM ml_models_current WHERE model = 'training_recommender'"
    for brought, expected in ((tmp_path / "mine.json", "9.0.0"), (bundled, json.loads(bundled.read_text())["version"])):
        assert tool("import", path, brought).returncode == 0
        for _ in range(2):
            done = tool("pipeline", path)
            assert done.returncode == 0, done.stderr
            db = new_database(path)
            assert one(db, held) == expected
            db.close()
