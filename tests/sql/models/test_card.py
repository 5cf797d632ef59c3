"""A model's card is printed from the registry: its numbers can be computed again from what the run said, and any text keeps its form."""

import json
import random
import re
import shutil
import subprocess

import numpy
import pandas
import pytest
from sklearn import metrics

from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.machine.soak import soak
from helpers.models import modelled
from helpers.models.modelled import binary, days, definition, train
from helpers.stages import STAGES, one, rows, run, statements

CARD = (ROOT / "sql" / "reports" / "card.sql").read_text()
PAGE = (ROOT / "sql" / "reports" / "page.sql").read_text()
TO_REGISTRY = [*(s for s in STAGES if s < "400"), "544_cluster_models"]


def card(db, model, version=None):
    db.execute("CREATE TEMP TABLE card AS SELECT ? AS model, ? AS version", (model, version))
    lines = [line for s in statements(CARD) for (said,) in db.execute(s).fetchall() for line in said.split("\n")]
    for (name,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
        db.execute(f"DROP TABLE temp.{name}")
    return lines


def cells(line):
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(lines):
    """{first line of its header: its rows}; every row has as many cells as its header."""
    found, header = {}, None
    for i, line in enumerate(lines):
        if line.startswith("|") and i + 1 < len(lines) and re.fullmatch(r"(\|---)+\|", lines[i + 1]):
            header = tuple(cells(line))
            found[header] = []
        elif line.startswith("|") and not line.startswith("|---"):
            assert len(cells(line)) == len(header), line
            found[header].append(dict(zip(header, cells(line))))
        elif not line.startswith("|"):
            header = None
    return found


def table(lines, column):
    return next(r for h, r in tables(lines).items() if column in h)


def answers(db):
    found = pandas.read_sql_query("SELECT * FROM ml_run_predictions", db)
    said = pandas.DataFrame([json.loads(b) for b in found.baselines], index=found.index)
    return found.drop(columns="baselines").rename(columns={"predicted": "model"}).join(said)


def drawn(part, statistic, n, seed=0):
    """The statistic of as many athletes as there are, drawn again with replacement."""
    chance = numpy.random.default_rng(seed)
    label, model = part.label.to_numpy(), part.model.to_numpy()
    groups = [numpy.flatnonzero(part.entity == entity) for entity in sorted(set(part.entity))]
    found = []
    for _ in range(n):
        again = numpy.concatenate([groups[i] for i in chance.integers(0, len(groups), len(groups))])
        if len(numpy.unique(label[again])) > 1:
            found.append(statistic(label[again], model[again]))
    return numpy.quantile(found, [0.025, 0.975])


def numbers(text):
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("seed, n", [(0, 300), soak(0, 1500), soak(1, 1500)])
def test_metrics_and_intervals_are_those_of_scikit_learn_and_of_athletes_drawn_again(seed, n, is_binary):
    db = modelled.database(days(seed, n_athletes=25, is_binary=is_binary))
    run(db, TO_REGISTRY)
    train(db, binary() if is_binary else definition())
    shown = {(r["evaluation"], r["metric"], r["who says it"]): r for r in table(card(db, "days_model"), "who says it")}
    said = answers(db)
    for evaluation, part in said.groupby("evaluation"):
        measures = {"auc": metrics.roc_auc_score, "brier": metrics.brier_score_loss} if is_binary else {
            "mae": metrics.mean_absolute_error, "rmse": lambda a, b: metrics.mean_squared_error(a, b) ** 0.5}  # fmt: skip
        for name, measure in measures.items():
            told = shown[evaluation, name, "model"]
            value, (low, high) = measure(part.label, part.model), drawn(part, measure, n)
            lower, upper = numbers(told["95 %"].replace(" to ", " "))
            assert float(told["value"]) == pytest.approx(value, rel=2e-3)
            assert lower < value < upper and upper - lower == pytest.approx(high - low, rel=0.5)
            assert (lower, upper) == (pytest.approx(low, abs=0.35 * (high - low)), pytest.approx(high, abs=0.35 * (high - low)))
        if not is_binary:
            assert float(shown[evaluation, "mae", "x"]["value"]) == pytest.approx(metrics.mean_absolute_error(part.label, part.x), rel=2e-3)
    db.close()


@pytest.mark.parametrize("seed", range(2))
def test_what_it_is_better_by_is_the_mean_over_athletes_of_what_each_gains(seed):
    db = modelled.database(days(seed, n_athletes=20))
    run(db, TO_REGISTRY)
    train(db, definition())
    shown = {(r["evaluation"], r["than"]): r for r in table(card(db, "days_model"), "than")}
    for evaluation, part in answers(db).groupby("evaluation"):
        for other in ("x", "constant"):
            gains = ((part[other] - part.label).abs() - (part.model - part.label).abs()).groupby(part.entity).mean()
            told = shown[evaluation, other]
            assert float(told["difference"]) == pytest.approx(gains.mean(), rel=2e-3)
            assert (int(told["units"]), int(told["better for"])) == (len(gains), (gains > 0).sum())
    db.close()


def test_gate_options_features_and_decisions_are_those_of_the_registry():
    db = connect(demo.database(), isolation_level=None)
    lines = card(db, "pace_predictor")
    text = json.loads(one(db, "SELECT specification FROM ml_model_versions WHERE model = 'pace_predictor'"))
    assert lines[0] == "# pace_predictor, version 1 (@champion)" and text["description"] in lines
    facts = {r[""]: "" for r in table(lines, "") if r}
    assert facts is not None and one(db, "SELECT training_hash FROM ml_model_versions WHERE model = 'pace_predictor'") in "\n".join(lines)
    current = dict(db.execute("SELECT name, major || '.' || minor || '.' || patch FROM feature_groups_current"))
    expected = [(f, "its rows") if isinstance(f, str) else (f["name"], f"{f['group']}@{current[f['group']]}") for f in text["features"]]
    assert [(r["feature"], r["group"]) for r in table(lines, "feature")] == expected
    assert {r["option"]: r["value"] for r in table(lines, "option")} == {k: str(v) for k, v in text["learner"]["options"].items()}
    gate = table(lines, "asked for")
    kept = lambda p: one(db, "SELECT value FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE (model, evaluation, metric, predictor, step) = ('pace_predictor', 'time', 'mae', ?, 0)", p)  # noqa: E731
    assert [(g["passes"], numbers(g["asked for"])[-1]) for g in gate] == [("yes", pytest.approx(kept(g["below"]), rel=1e-3)) for g in text["gate"]]
    assert [(r["challenger"], r["decision"]) for r in table(lines, "decision")] == [("1", "PROMOTE")]
    assert all(f"- {limit}" in lines for limit in text["card"]["limits"]) and text["card"]["use"] in lines
    assert "- Nobody but one athlete is among its rows: what it says of another was never measured." in lines
    db.close()


def test_every_model_of_the_demo_has_a_card_and_one_that_failed_says_why():
    db = connect(demo.database(), isolation_level=None)
    models = [m for (m,) in db.execute("SELECT model FROM ml_models UNION SELECT model FROM ml_model_versions")]
    assert len(models) >= 5
    for model in models:
        lines = card(db, model)
        assert lines[0].startswith(f"# {model}, ") and tables(lines) and "## What it cannot see, and is not for" in lines, model
    lines = card(db, "overtraining_detector")
    failure, = [line for line in lines if line.startswith("The last training failed on ")]
    assert re.search(r"all labels that it was judged by, from 20\d\d-\d\d-\d\d to 2025-\d\d-\d\d, are 0\. Nothing is foretold until one succeeds", failure)
    assert any("c-statistic 0.574" in line for line in lines if line.startswith("- ")) and lines[0] == "# overtraining_detector, no version yet"
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_no_text_of_a_definition_breaks_a_card(seed):
    chance = random.Random(seed)
    weapons = ["a | b", "|---|", "line\nline", "# heading", "\\|", "`x` | \n| y |", "é|ü"]
    db = modelled.database(days(seed, n_athletes=3))
    run(db, TO_REGISTRY)
    train(db, definition(description=chance.choice(weapons), label=chance.choice(weapons), owner=chance.choice(weapons), version=chance.choice(weapons),
                         card={"use": "as told", "limits": ["one"]}))  # fmt: skip
    assert rows(db, "SELECT reason FROM ml_model_rejects") == []
    found = tables(card(db, "days_model"))
    assert {h[0] for h in found} == {"", "feature", "option", "evaluation", "by"} and all(found.values())
    db.close()


@pytest.mark.unsanitized
def test_the_program_prints_text_or_writes_markdown(tmp_path):
    path = demo.database()
    program = lambda *given: subprocess.run([ROOT / "sql" / "tools" / "card", path, *given], env=demo.ENVIRONMENT, capture_output=True, text=True)  # noqa: E731
    printed = program("pace_predictor").stdout.splitlines()
    assert printed[0] == "pace_predictor, version 1 (@champion)" and not any("|" in line or line.startswith("#") for line in printed)
    assert max(map(len, printed)) <= 124
    assert program("pace_predictor/1", tmp_path / "card.md").returncode == 0
    db = connect(path, isolation_level=None)
    assert (tmp_path / "card.md").read_text().splitlines() == card(db, "pace_predictor", 1)
    db.close()
    for given, sentence in (("nobody", "has no model nobody; it has athlete_clustering, "), ("pace_predictor/7", "pace_predictor has no version 7"), ("pace_predictor/x", "has no version x")):
        refused = program(given)
        assert refused.returncode == 1 and sentence in refused.stderr


def page(db):
    lines = [row[0] for s in statements(PAGE) for row in db.execute(s).fetchall() if row and row[0] is not None]
    for (name,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
        db.execute(f"DROP TABLE temp.{name}")
    return "\n".join(lines).splitlines()


def test_the_page_says_what_each_model_says_and_most_because_of_what_or_why_it_says_nothing(tmp_path):
    db = connect(shutil.copy(demo.database(), tmp_path / "demo.db"), isolation_level=None)
    athlete, day = one(db, "SELECT athlete_id, MAX(as_of_date) FROM athlete_rolling_features")
    before = "\n".join(page(db))
    assert "auc by time is no finite number: all labels that it was judged by, from " in before and "no clusters worth naming: 1 row is whole" in before
    features = json.loads(one(db, "SELECT features FROM inference_log WHERE model = 'pace_predictor'"))
    names = [f if isinstance(f, str) else f["name"] for f in json.loads(one(db, "SELECT definition FROM ml_models_current WHERE model = 'pace_predictor'"))["features"]]
    db.execute(f"CREATE TABLE asked_about ({', '.join(names)})")
    db.execute(f"INSERT INTO asked_about VALUES ({', '.join('?' * len(names))})", [features[n] for n in names])
    told = db.execute("SELECT feature, contribution FROM gbdt_explain('pace_predictor@champion', 'SELECT 1, * FROM asked_about') WHERE feature IS NOT NULL").fetchall()
    most = sorted(told, key=lambda f: -abs(f[1]))[:3]
    assert "    most because of " + ", ".join(f"{name} ({value:+.2f})" for name, value in most) in before
    # In a cluster, and in another one later.
    db.execute("INSERT INTO ml_clusters VALUES ('athlete_clustering', 1, 0, 'high volume, regular', 9), ('athlete_clustering', 1, 1, 'low volume', 9)")
    for cluster, date in ((1, "2025-01-05"), (0, "2025-06-01")):
        db.execute("INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)"
                   " VALUES ('athlete_clustering', 1, ?, ?, '', 'cluster_id', ?, '', '{}', '[]', '')", (athlete, date, float(cluster)))
    summary = {d: (i, n) for d, i, n in db.execute("SELECT summary_date, cluster_id, cluster_name FROM gold_athlete_metrics_summary WHERE athlete_id = ?", (athlete,))}
    assert [summary[d] for d in ("2025-01-04", "2025-01-05", "2025-05-31", "2025-06-01", day)] == [
        (None, None), (1, "low volume"), (1, "low volume"), (0, "high volume, regular"), (0, "high volume, regular")]
    assert any(re.fullmatch(r"  athlete_clustering +cluster 0, high volume, regular, on 2025-06-01", line) for line in page(db))
    db.close()
