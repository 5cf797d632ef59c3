"""What is kept of the time estimator by distance and kind of evidence is, to the bit, what the run of all models says of it."""

import random

import pytest

from helpers.athletes import lab
from helpers.machine.soak import soak

KEYS = "CASE WHEN r.source IN ('history', 'today') THEN r.subject ELSE 'survey ' || r.subject END"
ITEM = "r.distance_class || CASE r.source WHEN 'prior' THEN ' without races' ELSE '' END"


def asked(seed):
    """Other options, folds, settings and gates than ours."""
    chance = random.Random(seed)
    specification = lab.specification(num_boost_round=chance.randint(5, 15), max_depth=chance.randint(1, 4), eta=round(chance.uniform(0.05, 0.3), 3), max_bin=chance.choice([16, 64]))
    interval = specification["interval"] | {"spread_power": round(chance.uniform(0, 2), 2)}
    return specification | {"label_clip": chance.choice([0.02, 0.05, 0.1]), "interval": interval}, {
        "train_on_api_rows": seed % 2, "cv_gap_days": chance.choice([0, 43, 200]), "gate_mae_10k_s": chance.choice([150, 1000]), "interval_level": chance.choice([0.7, 0.8, 0.9])}


@pytest.mark.parametrize("seed", [1, soak(0)])
def test_predictions_errors_and_intervals_by_kind_of_evidence_are_those_of_the_run(seed):
    specification, settings = asked(seed)
    db = lab.copy("untrained")
    for name, value in settings.items():
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    db.execute("UPDATE time_estimator_rows SET fold = (CAST(subject AS INTEGER) * 31 + ?) % 6 WHERE fold IS NOT NULL", (seed,))
    lab.put(db, specification | {"version": "2.0.2"})
    lab.run(db, ["100_bronze_strava", *lab.TRAIN])
    assert lab.rows(db, "SELECT * FROM ml_model_rejects") == []
    run, = lab.rows(db, "SELECT * FROM ml_runs WHERE model = 'time_estimator' AND status = 'finished'")
    run_id, version = run["run_id"], run["version"]
    said = db.execute(f"""SELECT r.source, r.subject, r.as_of_date, r.distance_class, p.label, p.predicted FROM ml_run_predictions AS p
                          JOIN time_estimator_rows AS r ON ({KEYS}, r.as_of_date, {ITEM}) = (p.entity, p.as_of_date, p.item) WHERE p.run_id = ?""", (run_id,)).fetchall()
    kept = db.execute("SELECT source, subject, as_of_date, distance_class, actual_s, predicted_s, model FROM ml_validation_predictions WHERE version = ?", (version,)).fetchall()
    assert {row[:6] for row in said} == {row[:6] for row in kept if row[6] == "time_estimator"} and len(said) > 6000
    formulas = {(*row[:4], row[6]): row[5] for row in kept if row[6] != "time_estimator"}
    evidence = lab.rows(db, "SELECT * FROM time_estimator_rows WHERE seconds IS NOT NULL")
    keys = {row[:4] for row in said}
    assert formulas == {(*key, f): r[f"{f}_s"] for r in evidence for f in ("riegel", "vdot", "vickers_one_race", "vickers_two_races", "tanda")
                        if (key := (r["source"], r["subject"], r["as_of_date"], r["distance_class"])) in keys and r[f"{f}_s"] is not None}
    slices = {(r["slice"], r["metric"]): (r["value"], r["n"]) for r in lab.rows(db, "SELECT * FROM ml_run_slices WHERE run_id = ? AND predictor = 'model'", run_id)}
    metrics = lab.rows(db, "SELECT * FROM ml_metrics WHERE version = ? AND model = 'time_estimator'", version)
    assert len(metrics) * 3 == len(slices)
    for r in metrics:
        for metric, value in (("mae", r["mae_s"]), ("rmse", r["rmse_s"]), ("mape_pct", r["mape_pct"])):
            assert slices[f"{r['source']} {r['distance_class']}", metric] == (pytest.approx(value, rel=1e-12), r["n"])
    bounds = {r["interval_group"]: (r["lower"], r["upper"], r["n"], r["level"]) for r in lab.rows(db, "SELECT * FROM ml_run_intervals WHERE run_id = ?", run_id)}
    served = {f"{r['distance_class']} {r['evidence']}".removesuffix(" none"): (r["lower_ln"], r["upper_ln"], r["n"], settings["interval_level"])
              for r in lab.rows(db, "SELECT * FROM ml_intervals WHERE model = 'time_estimator' AND evidence <> 'training_run' AND version = ?", version)}
    assert bounds == served and len(bounds) == 12
    db.close()
