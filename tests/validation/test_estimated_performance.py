"""cbpe and dle: closed forms, scikit-learn on weighted cases, and NannyML on the same inputs (`make soak`)."""

import json
import math
import pathlib
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from helpers.machine.soak import soak
from sklearn import metrics

NANNYML = pathlib.Path(sys.prefix).parent / "nannyml" / "bin" / "python"
COLUMNS = {
    "estimated": "value", "sampling_error": "sampling_error", "realized": "realized", "lower_confidence": "lower_confidence_boundary",
    "upper_confidence": "upper_confidence_boundary", "lower_threshold": "lower_threshold", "upper_threshold": "upper_threshold", "is_alert": "alert",
}  # fmt: skip
CLASS_METRICS = ["roc_auc", "accuracy", "precision", "recall", "specificity", "f1"]


def ask(db, function, reference, current, **options):
    """The rows as dictionaries; samples are lists of rows."""
    for name, sample in (("reference", reference), ("current", current)):
        width = len(sample[0]) if sample else 4
        db.execute(f"DROP TABLE IF EXISTS temp.{name}_sample")
        db.execute(f"CREATE TEMP TABLE {name}_sample({', '.join(f'c{i}' for i in range(width))})")
        db.executemany(f"INSERT INTO {name}_sample VALUES ({', '.join('?' * width)})", sample)
    found = db.execute(f"SELECT * FROM {function}('SELECT * FROM temp.reference_sample', 'SELECT * FROM temp.current_sample', ?)", (json.dumps(options),))
    names = [c[0] for c in found.description]
    return [dict(zip(names, row)) for row in found]


def same(one, other, tolerance):
    return one is other is None or None not in (one, other) and abs(one - other) <= tolerance * max(1, abs(other))


def class_cases(chance, n, decimals=None, ties=False):
    """p, decision, label, score; without ties the p are different ones."""
    p = chance.choice(999, n, replace=ties) / 999 if decimals is None else (1 + chance.choice(10**decimals - 1, n, replace=ties)) / 10**decimals
    score = np.round(p + chance.normal(0, 0.2, n), 1 if ties else 9)
    return [(float(a), int(a > 0.5), int(chance.random() < a), float(s)) for a, s in zip(p, score)]


def expected(metric, p, decision, score):
    """scikit-learn's answer where each case is there twice, as a positive one of weight p and a negative one of weight 1 - p."""
    n = len(p)
    label, weight = np.repeat([1, 0], n), np.r_[p, 1 - np.asarray(p)]
    decision, score = np.tile(decision, 2), np.tile(score, 2)
    if metric == "roc_auc":
        return metrics.roc_auc_score(label, score, sample_weight=weight)
    if metric == "specificity":
        return metrics.recall_score(1 - label, 1 - decision, sample_weight=weight, zero_division=0)
    options = {} if metric == "accuracy" else {"zero_division": 0}
    return getattr(metrics, f"{metric}_score")(label, decision, sample_weight=weight, **options)


def test_six_probabilities_are_worth_what_pencil_and_paper_say(db):
    rows = ask(db, "cbpe", [(0.9, 1, 1), (0.1, 0, 0)], [(p, int(p > 0.5), None) for p in (0.9, 0.8, 0.6, 0.4, 0.3, 0.1)], chunks=1)
    found = {row["metric"]: row["estimated"] for row in rows if row["period"] == "current"}
    assert found["accuracy"] == pytest.approx(0.75, abs=1e-15)
    assert found["roc_auc"] == pytest.approx(7.345 / 8.99, abs=1e-15)  # 0.8170189
    assert found["precision"] == pytest.approx(2.3 / 3, abs=1e-15)
    assert found["recall"] == pytest.approx(2.3 / 3.1, abs=1e-15)
    assert found["specificity"] == pytest.approx(2.2 / 2.9, abs=1e-15)
    assert found["f1"] == pytest.approx(2.3 / (2.3 + 0.5 * (0.7 + 0.8)), abs=1e-15)


@pytest.mark.parametrize("seed", range(8))
def test_estimates_and_what_came_are_those_of_scikit_learn_on_weighted_cases(db, seed):
    chance = np.random.default_rng(seed)
    reference, current = class_cases(chance, 60, ties=seed % 2 == 1), class_cases(chance, int(chance.integers(20, 400)), ties=seed % 2 == 1)
    size = int(chance.integers(15, 60))
    for row in ask(db, "cbpe", reference, current, chunk_size=size):
        rows = (reference if row["period"] == "reference" else current)[row["start_index"] : row["end_index"] + 1]
        assert row["start_index"] == row["chunk"] * size and len(rows) <= size
        p, decision, label, score = zip(*rows)
        assert row["estimated"] == pytest.approx(expected(row["metric"], p, decision, score), rel=1e-12)
        if len({*label}) == 2 and len({*decision}) == 2:
            assert row["realized"] == pytest.approx(expected(row["metric"], label, decision, score), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_losses_are_numpys_means_errors_and_thresholds(db, seed, root):
    chance = np.random.default_rng(seed)
    reference, current = (np.c_[chance.normal(1, 1, n), chance.exponential(1, n)] for n in (120, 77))
    known = chance.random(77) < 0.6
    rows = ask(db, "dle", reference.tolist(), [(e, l if k else None) for (e, l), k in zip(current.tolist(), known)], chunk_size=17, metric="rmse" if root else "mae")
    shape = math.sqrt if root else float
    chunks = [shape(reference[i : i + 17, 1].mean()) for i in range(0, 120, 17)]
    lower, upper = max(0, np.mean(chunks) - 3 * np.std(chunks)), np.mean(chunks) + 3 * np.std(chunks)
    spread = reference[:, 1].std() / (2 * math.sqrt(reference[:, 1].mean()) if root else 1)
    assert [row["metric"] for row in rows] == ["rmse" if root else "mae"] * (8 + 5)
    for row in rows:
        part = slice(row["start_index"], row["end_index"] + 1)
        sample, came = (reference[part], [True] * 120) if row["period"] == "reference" else (current[part], known[part])
        losses = [l for l, k in zip(sample[:, 1], came) if k]
        value, error = shape(np.maximum(sample[:, 0], 0).mean()), spread / math.sqrt(len(sample))
        wanted = [value, error, shape(np.mean(losses)), max(0, value - 3 * error), value + 3 * error, lower, upper, int(not lower <= value <= upper)]
        assert [row[c] for c in COLUMNS] == pytest.approx(wanted, rel=1e-12)


def test_a_chunk_of_one_class_has_no_area_and_all_else(db):
    chance = np.random.default_rng(3)
    reference = class_cases(chance, 200)
    current = [(p, decision, 1, score) for p, decision, _, score in class_cases(chance, 20)]
    found = {row["metric"]: row for row in ask(db, "cbpe", reference, current, chunk_size=20) if row["period"] == "current"}
    assert found["roc_auc"]["realized"] is None and found["roc_auc"]["estimated"] is not None
    assert found["accuracy"]["realized"] == pytest.approx(np.mean([d for _, d, _, _ in current]))
    certain = [(1, 1, None, 0.9), (1, 1, None, 0.8)]
    found = {row["metric"]: row for row in ask(db, "cbpe", reference, certain, chunk_size=20) if row["period"] == "current"}
    assert (found["roc_auc"]["estimated"], found["roc_auc"]["is_alert"], found["roc_auc"]["reason"]) == (None, None, "what is expected is of one class")
    assert [found[m]["estimated"] for m in ("accuracy", "precision", "recall", "f1")] == [1, 1, 1, 1]


def test_chunks_are_as_long_as_asked_for_or_a_tenth_and_the_rest_is_one_of_its_own(db):
    cases = class_cases(np.random.default_rng(1), 91)
    for options, size in (({"chunk_size": 10}, 10), ({"chunks": 9}, 10), ({}, 9), ({"chunks": 200}, 1)):
        rows = [row for row in ask(db, "cbpe", cases, cases, **options) if row["metric"] == "f1" and row["period"] == "current"]
        assert [(row["start_index"], row["end_index"]) for row in rows] == [(i, min(i + size, 91) - 1) for i in range(0, 91, size)]
    assert len([row for row in ask(db, "dle", [[1, 1]] * 91, [[1, 1]] * 91, chunk_size=10)]) == 20


def test_nothing_is_nan_and_what_is_missing_has_a_reason(db):
    cases = class_cases(np.random.default_rng(2), 60)
    assert ask(db, "cbpe", [], []) == [] and ask(db, "dle", [], []) == []
    for reference, reason in (([], "the reference query has no rows that have come"), (cases[:5], "fewer than 6 chunks of the reference have a realized value")):
        for row in ask(db, "cbpe", reference, cases, chunk_size=10):
            assert row["is_alert"] is None and row["reason"] == reason
            assert not any(isinstance(v, float) and math.isnan(v) for v in row.values())
    rows = ask(db, "cbpe", [(p, d, None, s) for p, d, _, s in cases], [(None, 1, 1, 1), *cases[:2]], chunk_size=5)
    assert {row["period"] for row in rows} == {"current"} and {row["end_index"] for row in rows} == {1}  # of one without p nothing is expected


def test_the_order_of_rows_of_a_chunk_changes_nothing(db):
    chance = np.random.default_rng(5)
    reference, current = class_cases(chance, 100, decimals=2, ties=True), class_cases(chance, 50, decimals=2, ties=True)
    found = ask(db, "cbpe", reference, current, chunks=1)
    for row, other in zip(found, ask(db, "cbpe", reference[::-1], current[::-1], chunks=1)):
        for column in COLUMNS:
            assert same(row[column], other[column], 1e-13), (row["metric"], column)


@pytest.mark.parametrize("function, sample, sentence", [
    ("cbpe", [(1.5, 1, 1)], "row 1 of the reference query: p must be a number from 0 to 1, got 1.5"),
    ("cbpe", [(0.5, 2, 1)], "row 1 of the reference query: decision must be 0 or 1, got 2"),
    ("cbpe", [(0.5, 1, 0), (0.5, 1, "x")], "row 2 of the reference query: label must be 0, 1 or NULL, got text 'x'"),
    ("cbpe", [(0.5, 1, 0, "high")], "row 1 of the reference query: score must be a number, got text 'high'"),
    ("dle", [(1, -2)], "row 1 of the reference query: loss must be a number from 0 to 1e150 or NULL, got -2"),
    ("dle", [("much", 1)], "row 1 of the reference query: estimated_loss must be a number of at most 1e150 from 0 or NULL, got text 'much'"),
])  # fmt: skip
def test_what_is_no_probability_label_or_loss_is_refused_by_its_row(db, function, sample, sentence):
    with pytest.raises(sqlite3.OperationalError) as refused:
        ask(db, function, sample, [])
    assert str(refused.value) == f"{function}: {sentence}"


def test_alarms_come_with_planted_shift_and_hardly_without(db):
    """Current rows as the reference's: at most 3 of 100 alarm. Twice as many hard cases: every one."""
    chance = np.random.default_rng(9)

    def sample(n, hard):
        p = np.where(chance.random(n) < hard, chance.uniform(0.35, 0.65, n), chance.choice([0.05, 0.95], n))
        return [(float(x), int(x > 0.5), int(chance.random() < x)) for x in p]

    reference = sample(20000, 0.3)
    for hard, most, least in ((0.3, 3, 0), (0.6, 100, 100)):
        rows = [r for r in ask(db, "cbpe", reference, sample(20000, hard), chunk_size=200) if r["metric"] == "accuracy" and r["period"] == "current"]
        assert len(rows) == 100 and least <= sum(row["is_alert"] for row in rows) <= most


# --- NannyML -------------------------------------------------------------------------------------------------


def made(seed):
    """A case for NannyML. Its area rounds to 5 digits, orders ties by chance and forgets a positive case at the lowest score: p has three digits,
    no ties, and neither end is of the wrong label."""
    chance = np.random.default_rng(seed)
    chunks = {"chunk_size": int(chance.integers(20, 60))} if seed % 3 else {"chunk_number": int(chance.integers(6, 12))}
    n, m = int(chance.integers(150, 900)), int(chance.integers(12, 900))
    if seed % 2:
        names = ("p", "decision", "label")
        reference, current = (class_cases(chance, k, decimals=3) for k in (n, m))
        ends = sorted(range(n), key=lambda i: reference[i][0])
        for at, label in ((ends[0], 0), (ends[-1], 1)):
            reference[at] = (*reference[at][:2], label, reference[at][3])
        samples = [{name: [row[i] for row in sample] for i, name in enumerate(names)} for sample in (reference, current)]
        return {"metrics": CLASS_METRICS, "chunks": chunks, "reference": samples[0], "current": samples[1]}
    samples = []
    for k in (n, m):
        actual = chance.gamma(5, 2, k)
        samples.append({"actual": actual.tolist(), "predicted": (actual * chance.lognormal(0, 0.2, k)).tolist(), "expected": chance.normal(1, 0.6, k).tolist()})
    return {"metric": ["mae", "mse", "rmse", "msle", "rmsle"][seed // 2 % 5], "chunks": chunks, "reference": samples[0], "current": samples[1]}


def our_rows(case, sample):
    if "metrics" in case:
        return list(zip(sample["p"], sample["decision"], sample["label"]))
    actual, predicted = np.array(sample["actual"]), np.array(sample["predicted"])
    loss = np.abs(actual - predicted) if case["metric"] == "mae" else (np.log1p(actual) - np.log1p(predicted)) ** 2 if "l" in case["metric"] else (actual - predicted) ** 2
    return list(zip(sample["expected"], loss.tolist()))


@pytest.mark.parametrize("n_cases", [soak(24)])
def test_nannyml_says_the_same_of_the_same_scores_and_losses(db, n_cases):
    cases = [made(seed) for seed in range(n_cases)]
    done = subprocess.run([NANNYML, pathlib.Path(__file__).with_name("nannyml_estimates.py")], input="\n".join(map(json.dumps, cases)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compared = 0
    for case, line in zip(cases, done.stdout.splitlines(), strict=True):
        options = {"chunks" if k == "chunk_number" else k: v for k, v in case["chunks"].items()}
        function, more = ("dle", {"metric": case["metric"]}) if "metric" in case else ("cbpe", {})
        ours = ask(db, function, *(our_rows(case, case[k]) for k in ("reference", "current")), **options, **more)
        theirs = [(chunk, metric) for chunk in json.loads(line) for metric in case.get("metrics", [case.get("metric")])]
        assert len(ours) == len(theirs)
        for row, (chunk, metric) in zip(ours, theirs):
            period = {"reference": "reference", "analysis": "current"}[chunk["chunk/period"]]
            assert (row["period"], row["start_index"], row["end_index"], row["metric"]) == (period, chunk["chunk/start_index"], chunk["chunk/end_index"], metric)
            for column, name in COLUMNS.items():
                assert same(row[column], chunk[f"{metric}/{name}"], 1e-9), (case["chunks"], row, column)
                compared += 1
    assert compared > 100 * n_cases
