"""Intervals by definition: bounds are the conformal ranks of errors on rows that had not been seen, and they cover what they promise."""

import math
import random
import shutil

import numpy as np
import pytest

from helpers.athletes import demo
from helpers.extension import connect
from helpers.models import modelled
from helpers.models.modelled import days, definition, train
from helpers.stages import one, rows, run

STAGE = "547_model_intervals"
ROWS = modelled.ROWS.replace("label,", "CASE WHEN day < '2024-02-20' THEN label END AS label,", 1).replace("x, y, noise", "x, y, noise, CASE WHEN y < 0.5 THEN 'low' ELSE 'high' END AS kind")


def bounds(scores, level):
    """The scores of ranks floor((n + 1) (1 - level) / 2) and ceil((n + 1) (1 + level) / 2), or None where there are too few."""
    ordered, n = sorted(scores), len(scores)
    low, high = math.floor((n + 1) * (1 - level) / 2 + 1e-9), math.ceil((n + 1) * (1 + level) / 2 - 1e-9)
    return (ordered[low - 1], ordered[high - 1]) if low >= 1 and high <= n else None


def asked(seed):
    chance = random.Random(seed)
    interval = {"level": round(chance.uniform(0.5, 0.95), 2), "spread_power": chance.choice([0, 0.5, 1, 1.7])} | ({"by": "kind"} if seed % 2 else {})
    return interval, {"by": chance.choice([["time"], ["group"], ["time", "group"]]), "splits": chance.randint(2, 5), "gap_days": 5}


@pytest.mark.parametrize("seed", range(6))
def test_bounds_and_coverage_are_those_of_the_conformal_ranks_of_what_folds_had_not_seen(seed):
    interval, evaluation = asked(seed)
    found = [(a, d, label + 20, x, y, noise) for a, d, label, x, y, noise in days(seed)]
    db = modelled.database(found)
    gate = [{"evaluation": evaluation["by"][0], "metric": "mae", "below": "constant"}]
    (trained,) = train(db, definition(rows=ROWS, interval=interval, evaluation=evaluation, gate=gate))
    run(db, [STAGE, modelled.PROMOTE, modelled.SCORE])
    assert trained["status"] == "finished"
    used = evaluation["by"][0] if len(evaluation["by"]) == 1 else "time"
    kind = {(a, d): "" if "by" not in interval else "low" if y < 0.5 else "high" for a, d, y in db.execute("SELECT athlete_id, day, y FROM days")}
    told = [(f, kind[e, d], label, p, abs(p) ** interval["spread_power"]) for f, e, d, label, p in db.execute(
        "SELECT fold, entity, as_of_date, label, predicted FROM ml_run_predictions WHERE evaluation = ?", (used,))]
    served = {g: bounds([(label - p) / s for _, k, label, p, s in told if k == g], interval["level"]) for g in {k for _, k, *_ in told}}
    stored = {r["interval_group"]: r for r in rows(db, "SELECT * FROM ml_run_intervals")}
    assert stored.keys() == {g for g, b in served.items() if b}
    for g, r in stored.items():
        assert (r["lower"], r["upper"]) == pytest.approx(served[g], rel=1e-12) and (r["evaluation"], r["level"]) == (used, interval["level"])
        assert r["n"] == sum(k == g for _, k, *_ in told)
    within = []
    for f, k, label, p, s in told:
        known = bounds([(b - q) / t for fold, g, b, q, t in told if g == k and (fold < f if used == "time" else fold != f)], interval["level"])
        if known:
            within.append((f, p + known[0] * s <= label <= p + known[1] * s, (known[1] - known[0]) * s))
    metrics = {(r["metric"], r["step"]): (r["value"], r["n"]) for r in rows(db, "SELECT * FROM ml_run_metrics WHERE metric IN ('coverage_pct', 'interval_width')")}
    for step in {0} | {f for f, *_ in within}:
        of = [(w, width) for f, w, width in within if step in (0, f)]
        assert metrics["coverage_pct", step] == (pytest.approx(100 * np.mean([w for w, _ in of])), len(of))
        assert metrics["interval_width", step] == (pytest.approx(np.mean([width for _, width in of])), len(of))
    answers = rows(db, "SELECT * FROM gold_model_predictions")
    assert len(answers) == 6
    for a in answers:
        r = stored[kind[a["athlete_id"], a["prediction_date"]]]
        spread = abs(a["predicted"]) ** interval["spread_power"]
        assert (a["lower"], a["upper"], a["level"]) == pytest.approx((a["predicted"] + r["lower"] * spread, a["predicted"] + r["upper"] * spread, interval["level"]))
    before = rows(db, "SELECT * FROM ml_run_intervals")
    run(db, [STAGE, modelled.SCORE])
    assert rows(db, "SELECT * FROM ml_run_intervals") == before
    db.close()


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_what_is_promised_is_covered_where_errors_grow_with_the_prediction(level):
    chance = random.Random(level)
    found = []
    for a in range(8):
        for d in range(150):
            x = chance.uniform(1, 4)
            found.append((f"athlete {a}", d, 10 * x * (1 + chance.gauss(0, 0.1)), x, chance.random(), chance.random()))
    db = modelled.database(found)
    told = modelled.ROWS
    train(db, definition(rows=told, interval={"level": level, "spread_power": 1}, evaluation={"by": ["group"], "splits": 8}, gate=[{"evaluation": "group", "metric": "mae", "below": "constant"}]))
    run(db, [STAGE])
    error = 100 * math.sqrt(level * (1 - level) / len(found))
    assert abs(one(db, "SELECT value FROM ml_run_metrics WHERE metric = 'coverage_pct' AND step = 0") - 100 * level) < 3 * error
    interval, = rows(db, "SELECT * FROM ml_run_intervals")
    halves = [[lower <= (label - p) / p <= upper for label, p in db.execute(f"SELECT label, predicted FROM ml_run_predictions WHERE predicted {side} 25")]
              for lower, upper in [(interval["lower"], interval["upper"])] for side in ("<", ">=")]  # fmt: skip
    for half in halves:  # the small as well as the large
        assert abs(100 * np.mean(half) - 100 * level) < 5 * error
    db.close()


FAULTS = {
    "interval has no width; it may have by, evaluation, level, scale, spread_power, spread_powers": {"width": 3},
    "interval.spread_powers: expected a number from 0 to 4 for each value of the column that by names, found 5 for a": {"by": "x", "spread_powers": {"a": 5}},
    "interval.spread_powers: expected a number from 0 to 4 for each value of the column that by names, found much for a": {"by": "x", "spread_powers": {"a": "much"}},
    "interval.level: expected a share from 0.5 to 0.99, or a setting that is one, found 1.5": {"level": 1.5},
    "interval.level: expected a share from 0.5 to 0.99, or a setting that is one, found nothing_known": {"level": "nothing_known"},
    "interval.by: expected the name of a column of its rows or of a feature, found x; y": {"by": "x; y"},
    "interval.by: expected the name of a column of its rows or of a feature, found label": {"by": "label"},
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_an_interval_that_cannot_be_is_refused_with_its_sentence(sentence):
    db = modelled.database(days(1), definition(interval=FAULTS[sentence]))
    assert rows(db, "SELECT reason FROM ml_model_rejects") == [{"reason": sentence}]
    db.close()


def test_a_probability_has_no_interval_and_too_few_rows_are_told():
    db = modelled.database(days(1, is_binary=True), modelled.binary(interval={"level": 0.8}))
    assert one(db, "SELECT reason FROM ml_model_rejects") == "interval: a probability says itself how sure it is"
    db.close()
    db = modelled.database(days(1))
    train(db, definition(interval={"level": 0.99, "by": "day"}, rows=modelled.ROWS.replace("x, y, noise", "x, y, noise, day")))
    run(db, [STAGE, modelled.PROMOTE, modelled.SCORE])
    assert rows(db, "SELECT * FROM ml_run_intervals") == []
    assert "days_model has no interval for 2024-02-29: 6 rows are too few" in one(db, "SELECT message FROM ops_runs WHERE stage = ? ORDER BY run_id DESC LIMIT 1", STAGE)
    db.close()


def test_the_pace_of_the_next_run_has_an_interval(tmp_path):
    db = connect(shutil.copy(demo.database(), tmp_path / "demo.db"), isolation_level=None)
    covered, n = one(db, "SELECT value, n FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE model = 'pace_predictor' AND metric = 'coverage_pct' AND step = 0")
    assert n > 300 and 70 <= covered <= 90
    answers = rows(db, "SELECT * FROM gold_model_predictions WHERE model = 'pace_predictor'")
    assert answers and all(a["lower"] < a["predicted"] < a["upper"] and a["level"] == 0.8 for a in answers)
    db.close()
