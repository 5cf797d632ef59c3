"""The time estimator told as a definition: what the stages of all models make of it is, to the bit, what its own stages make."""

import json
import random

import pytest

from helpers.athletes import lab
from helpers.machine.soak import soak

STAGES = ["100_bronze_strava", "530_model_definitions", "540_train_models", "547_model_intervals"]
KEYS = "CASE WHEN r.source IN ('history', 'today') THEN r.subject ELSE 'survey ' || r.subject END"
ITEM = "r.distance_class || CASE r.source WHEN 'prior' THEN ' without races' ELSE '' END"
FORMULAS = ["riegel", "vdot", "vickers_one_race", "vickers_two_races", "tanda"]
SELECT = f"""SELECT {KEYS} AS athlete_id, r.as_of_date, {ITEM} AS item, r.event_timestamp AS known_at, r.seconds AS label,
                    CASE WHEN r.source IN ('survey', 'prior') THEN 'survey' END AS origin, r.evidence <> 'none' AS trains, r.fold AS survey_fold,
                    r.source || ' ' || r.distance_class AS races, d.interval_class || CASE WHEN r.evidence IN ('race', 'races') THEN ' ' || r.evidence ELSE '' END AS kind,
                    0.3 * r.distance_m AS scale_s, {', '.join(f'r.{f}_s AS {f}' for f in FORMULAS)}, r.base_ln_s, {', '.join(f'r.{f}' for f in lab.FEATURES)}
             FROM time_estimator_rows AS r JOIN race_distances AS d USING (distance_class)"""


def told(specification):
    """The same as what a specification of the time estimator says."""
    return {
        "model": "race_times", "version": specification["version"], "entity": "athlete_id", "prediction": "predicted_time_seconds", "rows": SELECT,
        "features": specification["features"], "link": "log", "base": "base_ln_s", "label_clip": specification["label_clip"],
        "learner": {"kind": "gbdt", "options": specification["options"]}, "baselines": FORMULAS,
        "evaluation": {"by": ["group", "time"], "fold": "survey_fold", "period": "year", "slice": "races", "api_rows": "judge"},
        "interval": {"level": "interval_level", "by": "kind", "scale": "scale_s", "spread_power": specification["spread_power"], "evaluation": "group"},
        "gate": [{"evaluation": "group", "slice": "survey 10k", "metric": "mae", "below": "gate_mae_10k_s"}],
    }  # fmt: skip


def asked(seed):
    """Other options, folds, settings and gates than ours."""
    chance = random.Random(seed)
    specification = lab.specification(num_boost_round=chance.randint(5, 15), max_depth=chance.randint(1, 4), eta=round(chance.uniform(0.05, 0.3), 3), max_bin=chance.choice([16, 64]))
    return specification | {"label_clip": chance.choice([0.02, 0.05, 0.1]), "spread_power": round(chance.uniform(0, 2), 2)}, {
        "train_on_api_rows": seed % 2, "cv_gap_days": chance.choice([0, 43, 200]), "gate_mae_10k_s": chance.choice([150, 1000]), "interval_level": chance.choice([0.7, 0.8, 0.9])}


@pytest.mark.parametrize("seed", [1, soak(0)])
def test_models_predictions_errors_intervals_and_verdict_are_those_of_its_own_stages(seed):
    specification, settings = asked(seed)
    db = lab.copy("quick")
    for name, value in settings.items():
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    db.execute("UPDATE time_estimator_rows SET fold = (CAST(subject AS INTEGER) * 31 + ?) % 6 WHERE fold IS NOT NULL", (seed,))
    lab.put(db, specification)
    lab.put(db, told(specification))
    lab.run(db, ["100_bronze_strava", lab.TRAIN, *STAGES[1:]])
    assert lab.rows(db, "SELECT * FROM ml_model_rejects") == []
    run_id, = (r["run_id"] for r in lab.rows(db, "SELECT * FROM ml_runs WHERE model = 'race_times' AND status = 'finished'"))
    mine, own = (lab.rows(db, "SELECT * FROM ml_model_versions WHERE model = ? ORDER BY version DESC LIMIT 1", name)[0] for name in ("race_times", "time_estimator"))
    assert (mine["model_json"], mine["training_rows"], mine["status"]) == (own["model_json"], own["training_rows"], own["status"]) and len(mine["model_json"]) > 1000
    said = db.execute(f"""SELECT r.source, r.subject, r.as_of_date, r.distance_class, p.label, p.predicted, p.baselines FROM ml_run_predictions AS p
                          JOIN time_estimator_rows AS r ON ({KEYS}, r.as_of_date, {ITEM}) = (p.entity, p.as_of_date, p.item) WHERE p.run_id = ?""", (run_id,)).fetchall()
    kept = db.execute("SELECT source, subject, as_of_date, distance_class, actual_s, predicted_s, model FROM ml_validation_predictions WHERE version = ?", (own["version"],)).fetchall()
    assert {row[:6] for row in said} == {row[:6] for row in kept if row[6] == "time_estimator"} and len(said) > 6000
    formulas = {(*row[:4], name): value for row in said for name, value in json.loads(row[6]).items() if name in FORMULAS}
    assert formulas == {(*row[:4], row[6]): row[5] for row in kept if row[6] in FORMULAS}
    metrics = {(r["model"], r["source"], r["distance_class"]): (r["mae_s"], r["mape_pct"], r["n"]) for r in lab.rows(db, "SELECT * FROM ml_metrics WHERE version = ?", own["version"])}
    slices = {(r["predictor"], r["slice"], r["metric"]): (r["value"], r["n"]) for r in lab.rows(db, "SELECT * FROM ml_run_slices WHERE run_id = ?", run_id)}
    for (model, source, distance), (mae, mape, n) in metrics.items():
        key = "model" if model == "time_estimator" else model, f"{source} {distance}"
        assert slices[*key, "mae"] == (pytest.approx(mae, rel=1e-12), n) and slices[*key, "mape_pct"] == (pytest.approx(mape, rel=1e-12), n)
    bounds = {r["interval_group"]: (r["lower"], r["upper"], r["n"], r["level"]) for r in lab.rows(db, "SELECT * FROM ml_run_intervals WHERE run_id = ?", run_id)}
    served = {f"{r['distance_class']} {r['evidence']}".removesuffix(" none"): (r["lower_ln"], r["upper_ln"], r["n"], settings["interval_level"])
              for r in lab.rows(db, "SELECT * FROM ml_intervals WHERE model = 'time_estimator' AND evidence <> 'training_run' AND version = ?", own["version"])}
    assert bounds == served and len(bounds) == 12
    db.close()
