"""A model's definition with an odd value in any field is refused with a sentence that names the field, or it is trained, promoted and
asked as every other, or fails with a reason of its own; no stage stops, and the models beside it go on."""

import json
import shutil

import pytest

from helpers.athletes import demo
from helpers.athletes.odd_documents import grid, odd
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.models.modelled import ROWS, binary, days, definition
from helpers.stages import STAGES, new_database, put, rows, run

NUMBER = definition(
    description="of a day", label="what it was", owner="a coach", base="y", link="identity", label_clip=5, computed={"double": "2 * x"}, features=["x", "double", {"name": "noise"}],
    interval={"level": 0.8, "by": "kind", "scale": "y", "spread_power": 1, "evaluation": "time"}, promotion={"min_rows": 30},
    evaluation={"by": ["time", "group"], "splits": 3, "after": 0.5, "gap_days": 3, "slice": "kind", "api_rows": "judge"},
    schedule={"every_days": 28, "new_rows": 1, "cooling_off_days": 7, "loss_days": 7}, card={"use": "to try", "limits": ["none"]},
    search={"runs": 10, "seed": 1, "space": {"eta": [0.1, 0.2, 0.3, 0.4], "max_depth": [1, 2, 3]}},
    rows=["SELECT athlete_id, day AS as_of_date, day || 'T20:00:00Z' AS known_at, label, date(day, '+3 days') AS label_at,", "CASE WHEN x > 0 THEN 'high' ELSE 'low' END AS kind,", "x, y, noise FROM days"],
)  # fmt: skip
SHARE = binary(evaluation={"by": ["time", "group"], "fold": "parted", "period": "year", "gap_days": 3})
SHARE["learner"]["calibrator"] = "platt"
SHARE["rows"] = SHARE["rows"].replace("label, date", "label > 0 AS label, date").replace("x, y", "substr(athlete_id, -1) % 3 AS parted, x, y")
BUNDLED = {name: json.loads((ROOT / "schemas" / "models" / f"{name}.json").read_text()) for name in ("athlete_clustering", "training_recommender")}
LOOKED_UP = definition(features=["x", {"name": "ctl_42d", "group": "athlete_rolling_features"}], evaluation={"by": ["group"], "splits": 2}, gate=[{"evaluation": "group", "metric": "mae", "below": 9}])
CLUSTERED = BUNDLED["athlete_clustering"] | {
    "rows": "SELECT athlete_id, MAX(day) AS as_of_date, MAX(day) AS known_at, NULL AS label, avg(x) AS x, avg(y) AS y, avg(noise) AS noise, max(x) AS fast_pct, min(y) AS least FROM days GROUP BY athlete_id",
    "features": ["x", "y", {"name": "noise"}, "fast_pct", "least"],
}  # fmt: skip
CLUSTERED["learner"]["options"] |= {"names": [{"feature": "x", "high": "far", "low": "near"}], "min_stability": 0, "min_silhouette": 0, "resamples": 5}
RULE = {k: v for k, v in NUMBER.items() if k not in ("label_clip", "search")} | {"learner": {"kind": "rule", "options": {"objective": "reg:squarederror"}}}
KINDS = {"number": NUMBER, "rule": RULE, "share": SHARE, "looked up": LOOKED_UP, "clustered": CLUSTERED, **BUNDLED}
GOOD = definition(model="good", rows=ROWS.replace("label,", "CASE WHEN day < '2024-12-13' THEN label END AS label,", 1))
TRAINED = [s for s in STAGES if "530" <= s < "700" and not s.startswith("535")]


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """The demo's file with days of other athletes, a good model's answers beside none."""
    path = shutil.copy(demo.database(), tmp_path_factory.mktemp("odd") / "a.db")
    db = new_database(path)
    db.execute("CREATE TABLE days (athlete_id TEXT, day TEXT, label REAL, x REAL, y REAL, noise REAL, PRIMARY KEY (athlete_id, day))")
    db.executemany("INSERT INTO days VALUES (?, date('2024-11-20', ? || ' days'), ?, ?, ?, ?)", days(1, 24, 24))
    db.close()
    return path


def answered(db):
    return rows(db, "SELECT entity, prediction_date, prediction FROM inference_log WHERE model = 'good' ORDER BY entity, prediction_date")


@pytest.mark.parametrize("share", [0.02, soak(1)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_with_an_odd_value_anywhere_is_refused_with_a_sentence_or_becomes_a_model(beside, tmp_path, kind, share):
    cases = [(path, value, odd(KINDS[kind] | {"model": f"odd_{i}"}, path, value)) for i, (path, value) in enumerate(grid(KINDS[kind], share))]
    db = new_database(shutil.copy(beside, tmp_path / "a.db"))
    put(db, GOOD)
    for number, (_, _, text) in enumerate(cases):
        db.execute("INSERT INTO bronze_inbox (source, body) VALUES (?, CAST(? AS TEXT))", (f"case {number}", text))
    run(db, ["100_bronze_strava", *TRAINED])
    refused = became = 0
    for number, (path, value, _) in enumerate(cases):
        landed = rows(db, "SELECT bronze_id FROM bronze_documents WHERE source = ?", f"case {number}")
        reasons = [r["reason"] for r in rows(db, "SELECT reason FROM bronze_rejects WHERE source = ?", f"case {number}")]
        if landed:
            reasons = [r["reason"] for r in rows(db, "SELECT reason FROM ml_model_rejects WHERE bronze_id = ?", landed[0]["bronze_id"])]
            registered = rows(db, "SELECT 1 FROM ml_models WHERE bronze_id = ?", landed[0]["bronze_id"])
            later = rows(db, "SELECT 1 FROM bronze_documents WHERE kind = 'model_specification' AND document_id = (SELECT document_id FROM bronze_documents WHERE bronze_id = ?1) AND bronze_id > ?1", landed[0]["bronze_id"])
            assert bool(registered) != bool(reasons) or later, (path, value, reasons)
            became += bool(registered)
        refused += bool(reasons)
        assert landed or reasons, (path, value)
        assert all(10 < len(reason) < 2500 for reason in reasons), (path, value, reasons)
    assert refused > len(cases) / 3 and became
    assert rows(db, "SELECT status FROM ml_runs WHERE model = 'good'") == [{"status": "finished"}]
    assert len(answered(db)) == 24
    assert rows(db, "SELECT reason FROM ml_runs WHERE status = 'failed' AND (reason IS NULL OR length(reason) < 10)") == []
    run(db, TRAINED)
    db.close()
