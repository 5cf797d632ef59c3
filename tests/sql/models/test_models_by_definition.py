"""Models are definitions: trained, judged and refused by the same stages, whatever they foretell."""

import json
import random
import re
import shutil
import sqlite3
import subprocess

import numpy
import pandas
import pytest
from sklearn import isotonic, metrics

from helpers.athletes import demo
from helpers.machine.soak import soak
from helpers.models import modelled
from helpers.extension import ROOT, connect
from helpers.models.modelled import ROWS, binary, days, definition, train
from helpers.stages import PATHS, one, rows, run

README = (ROOT / "sql" / "5_models" / "README.md").read_text()


def table(db, sql, *parameters):
    return pandas.read_sql_query(sql, db, params=parameters)


def error(truth, told):
    """Each metric as scikit-learn or numpy has it."""
    return {
        "mae": metrics.mean_absolute_error(truth, told),
        "rmse": metrics.mean_squared_error(truth, told) ** 0.5,
        "mape_pct": 100 * numpy.mean(abs((told - truth) / truth)),
    }


def share_error(truth, told, constant):
    order = numpy.argsort(told, kind="stable")
    parts = numpy.array_split(order, 10)
    return {
        "auc": metrics.roc_auc_score(truth, told),
        "brier": metrics.brier_score_loss(truth, told),
        "brier_skill": 1 - metrics.brier_score_loss(truth, told) / numpy.mean((constant - truth) ** 2),
        "ece": sum(abs(numpy.sum(told[p] - truth[p])) for p in parts) / len(truth),
    }


def test_a_sixth_model_takes_what_its_readme_says_and_nothing_else(tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "demo.db")
    block, commands = (re.search(rf"```{kind}\n(.*?)```", README, re.S)[1] for kind in ("json", "sh"))
    (tmp_path / "week_ahead_km.json").write_text(block)
    db = connect(path, isolation_level=None)
    db.execute("UPDATE ops_config SET value = 0 WHERE name = 'train_on_api_rows'")
    run(db, ["540_train_models"])
    reason = "rows: all [0-9]{3} come from Strava's API, and train_on_api_rows is not 1"
    assert re.fullmatch(reason, one(db, "SELECT reason FROM ml_runs WHERE model = 'overtraining_detector' ORDER BY run_id DESC LIMIT 1"))
    db.execute(demo.MAY_TRAIN)
    db.close()
    assert "sql/tools/import demo.db week_ahead_km.json\nsql/tools/pipeline demo.db\n" in commands
    for command in (["import", path, tmp_path / "week_ahead_km.json"], ["run", path, *(p for s, p in PATHS.items() if "530" <= s)]):
        subprocess.run([ROOT / "sql" / "tools" / command[0], *command[1:]], check=True, env=demo.ENVIRONMENT)
    db = connect(path, isolation_level=None)
    assert rows(db, "SELECT * FROM ml_model_rejects") == []
    features = [f["name"] for f in json.loads(block)["features"]]
    said = table(db, f"""SELECT p.*, {', '.join(features)} FROM ml_run_predictions AS p
                         JOIN ml_runs AS r USING (run_id)
                         JOIN athlete_rolling_features AS f ON (f.athlete_id, f.as_of_date) = (p.entity, p.as_of_date)
                         WHERE r.model = 'week_ahead_km'""")
    # The label is looked up once more, a week later.
    week = table(db, "SELECT date(as_of_date, '-7 days') AS as_of_date, total_distance_7d_km AS km FROM athlete_rolling_features")
    assert len(said) > 1000 and (said.merge(week, on="as_of_date").eval("km - label") == 0).all()
    truth, told, last = (said[c].to_numpy() for c in ("label", "predicted", "total_distance_7d_km"))
    kept = {(p, m): v for p, m, v in db.execute("SELECT predictor, metric, value FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE model = 'week_ahead_km' AND step = 0")}
    for predictor, values in (("model", told), ("total_distance_7d_km", last)):
        assert kept[predictor, "mae"] == pytest.approx(error(truth, values)["mae"], rel=1e-12)
        assert kept[predictor, "rmse"] == pytest.approx(error(truth, values)["rmse"], rel=1e-12)
    version = one(db, "SELECT status FROM ml_model_versions WHERE model = 'week_ahead_km'")
    assert version == ("accepted" if kept["model", "mae"] < kept["total_distance_7d_km", "mae"] else "refused")
    db.close()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_binary", [False, True])
def test_metrics_are_those_of_scikit_learn_for_the_model_and_for_its_baselines(seed, is_binary):
    db = modelled.database(days(seed, is_binary=is_binary))
    assert [r["status"] for r in train(db, binary() if is_binary else definition())] == ["finished"]
    for evaluation in ("time", "group"):
        said = table(db, "SELECT p.*, d.x FROM ml_run_predictions AS p JOIN days AS d ON (d.athlete_id, d.day) = (p.entity, p.as_of_date) WHERE evaluation = ?", evaluation)
        for step in (0, *said.fold.unique()):
            part = said[(said.fold == step) | (step == 0)].sort_values("predicted", kind="stable")
            truth, told = part.label.to_numpy(), part.predicted.to_numpy()
            kept = {(p, m): (v, n) for p, m, v, n in db.execute("SELECT predictor, metric, value, n FROM ml_run_metrics WHERE evaluation = ? AND step = ?", (evaluation, int(step)))}
            if is_binary:
                if len(set(truth)) < 2:
                    assert not kept.keys() & {("model", "auc"), ("x", "auc")}
                    continue
                constant = numpy.sqrt(kept["constant", "brier"][0])  # no other way to the mean of what trained than its error
                expected = share_error(truth, told, constant + truth)
                expected.pop("ece")
                assert kept["x", "auc"][0] == pytest.approx(metrics.roc_auc_score(truth, part.x), rel=1e-12)
            else:
                expected = error(truth, told)
                assert kept["x", "mae"][0] == pytest.approx(metrics.mean_absolute_error(truth, part.x), rel=1e-12)
            for name, value in expected.items():
                assert kept["model", name] == (pytest.approx(value, rel=1e-9), len(part)), (evaluation, step, name)
    db.close()


@pytest.mark.parametrize("seed", range(4))
def test_no_prediction_by_time_moves_when_a_label_of_its_day_or_later_does(seed):
    """Nor with one of the gap before the fold, or one that was not known when the fold began."""
    chance = random.Random(seed)
    found = days(seed, gap=chance.choice([1, 2, 5]))
    gap_days = chance.choice([0, 7, 30])
    this = definition(evaluation={"by": ["time"], "splits": chance.randint(2, 6), "after": chance.choice([0.2, 0.5]), "gap_days": gap_days})
    db = modelled.database(found)
    train(db, this)
    before = table(db, "SELECT * FROM ml_run_predictions")
    starts = before.groupby("fold").as_of_date.min()
    for fold, start in starts.items():
        first = one(db, "SELECT julianday(?) - julianday('2024-01-01')", start)
        moved = [(a, d, label + (chance.gauss(0, 50) if d >= first - max(gap_days, 3) else 0), *rest) for a, d, label, *rest in found]
        other = modelled.database(moved)
        train(other, this)
        after = table(other, "SELECT * FROM ml_run_predictions")
        assert (after[after.fold <= fold].predicted.to_numpy() == before[before.fold <= fold].predicted.to_numpy()).all()
        assert fold == max(starts.index) or (after[after.fold == max(starts.index)].predicted.to_numpy() != before[before.fold == max(starts.index)].predicted.to_numpy()).any()
        other.close()
    db.close()


def test_no_prediction_by_group_moves_when_labels_of_its_own_athlete_do():
    found = days(1)
    db = modelled.database(found, definition())
    train(db)
    before = table(db, "SELECT * FROM ml_run_predictions WHERE evaluation = 'group'")
    assert before.fold.nunique() == 4 and before.groupby("entity").fold.nunique().max() == 1
    for athlete in before.entity.unique():
        other = modelled.database([(a, d, label + 40 * (a == athlete), *rest) for a, d, label, *rest in found], definition())
        train(other)
        after = table(other, "SELECT * FROM ml_run_predictions WHERE evaluation = 'group'")
        own = (before.fold == before.fold[before.entity == athlete].iloc[0]).to_numpy()
        assert (after.predicted.to_numpy() == before.predicted.to_numpy())[own].all() and (after.predicted.to_numpy() != before.predicted.to_numpy())[~own].any()
        other.close()
    db.close()


FAULTS = {
    "a random split": ({"evaluation": {"by": ["random"]}}, "evaluation.by: a random split is refused"),
    "a shuffled split": ({"evaluation": {"by": ["time", "ShuffleSplit"]}}, "evaluation.by: a random split is refused"),
    "a split that nobody knows": ({"evaluation": {"by": ["moon"]}}, "evaluation.by: expected time or group, found moon"),
    "rows that write": ({"rows": "DELETE FROM days"}, "rows: the query must be one SELECT, it starts with 'DELETE FROM days'"),
    "rows and a write behind": ({"rows": ROWS + "; DROP TABLE days"}, "rows: the query must be one SELECT, more follows it"),
    "rows that leave their bracket": ({"rows": "SELECT 1) UNION ALL SELECT (2"}, "rows: the query cannot be run"),
    "rows by chance": ({"rows": "SELECT random() AS label FROM days"}, "rows: the query calls random"),
    "rows of no table": ({"rows": "SELECT * FROM nowhere"}, "rows: the query cannot be run: no such table: nowhere"),
    "rows that are a number": ({"rows": 5}, "rows: expected one SELECT as a text"),
    "no rows": ({"rows": None}, "rows is missing"),
    "a feature that is SQL": ({"features": ["x", 'y" FROM days; --']}, 'features[1]: expected a name of letters, digits and _, or {"name", "group"} of such, found y" FROM days; --'),
    "a feature that is a number": ({"features": [3]}, "features[0]: expected a name"),
    "a feature twice": ({"features": ["x", "y", "X"]}, "features: "),
    "no features": ({"features": []}, "features: there is none"),
    "the label as a feature": ({"features": ["x", "label"]}, "features: label is no feature"),
    "whose it is as a feature": ({"features": ["x", "athlete_id"]}, "features: athlete_id is no feature"),
    "an option that there is not": ({"learner": {"kind": "gbdt", "options": {"etta": 1}}}, 'learner.options: unknown option "etta"'),
    "an option out of range": ({"learner": {"kind": "gbdt", "options": {"eta": 7}}}, 'learner.options: option "eta" must be a number from'),
    "an option that looks ahead": ({"learner": {"kind": "gbdt", "options": {"validation": "x"}}}, "learner.options: "),
    "a learner that there is not": ({"learner": {"kind": "oracle"}}, "learner.kind: expected "),
    "a learner that is a text": ({"learner": "gbdt"}, "learner: expected an object"),
    "another objective": ({"learner": {"kind": "gbdt", "options": {"objective": "multi:softprob", "num_class": 3}}}, "learner.options: the objective must be"),
    "a baseline that is SQL": ({"baselines": ["x'); --"]}, "baselines[0]: expected the name of a column"),
    "a base that is SQL": ({"base": "x') --"}, "base: expected the name of a column"),
    "the label as its base": ({"base": "Label"}, "base: expected the name of a column of its rows or of a feature that is known at the time, found Label"),
    "a base that is a number": ({"base": 3}, "base: expected a text"),
    "a probability with a base": (binary(base="x"), "base: a probability has no number that it is counted from"),
    "no gate": ({"gate": []}, "gate: a model without one is accepted whatever it does"),
    "a gate without a bound": ({"gate": [{"evaluation": "time", "metric": "mae"}]}, "gate[0]: expected"),
    "a member that there is not": ({"gaet": []}, "a definition has no gaet; it may have"),
    "an entity that is SQL": ({"entity": "athlete_id\" --"}, "entity and prediction: expected names"),
    "too many splits": ({"evaluation": {"splits": 1000}}, "evaluation.splits"),
    "a search by chance alone": ({"search": {"luck": 1}}, "search has no luck; it may have runs, seed, space"),
    "a search of three runs": ({"search": {"runs": 3}}, "search.runs: expected a whole number from 10"),
    "a search of few options": ({"search": {"space": {"eta": [0.1, 0.2, 0.3]}}}, "search.space: a search makes at least ten runs, and there are 3 to choose from"),
    "a search of an option that there is not": ({"search": {"space": {"etta": list(range(10))}}}, 'search.space.etta[0]: unknown option "etta"'),
    "a search out of range": ({"search": {"space": {"eta": [0.1, 7], "max_depth": [1, 2, 3, 4, 5]}}}, 'search.space.eta[1]: option "eta" must be a number from'),
    "a search of a number": ({"search": {"space": {"eta": 0.1}}}, "search.space.eta: expected a list of 1 to 50 values, found real"),
    "a search of nothing": ({"search": {"space": {"eta": []}}}, "search.space.eta: expected a list of 1 to 50 values, found 0 of them"),
    "a search of what is foretold": ({"search": {"space": {"objective": ["reg:squarederror"] * 10}}}, "search.space: objective is not a search's to say"),
    "a card of another kind": ({"card": {"uses": "a"}}, "card has no uses; it may have limits, use"),
    "a card with a number": ({"card": {"limits": ["a", 3]}}, "card.limits[1]: expected a text, found integer"),
    "a search that is a list": ({"search": [1]}, "search: expected an object"),
    "a name that is SQL": ({"model": "x'; DROP TABLE days; --"}, "model: expected a name"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_a_model_is_refused_with_a_sentence_and_the_others_go_on(fault):
    changes, sentence = FAULTS[fault]
    db = modelled.database(days(1))
    there = rows(db, "SELECT type, name, sql FROM sqlite_schema"), rows(db, "SELECT * FROM days")
    runs = train(db, definition(**changes), definition(model="good"))
    assert rows(db, "SELECT reason FROM ml_model_rejects")[0]["reason"].startswith(sentence)
    assert [(r["model"], r["status"]) for r in runs] == [("good", "finished")]
    assert (rows(db, "SELECT type, name, sql FROM sqlite_schema"), rows(db, "SELECT * FROM days")) == there
    db.close()


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_no_value_of_a_definition_reaches_the_file_as_a_statement(seed):
    """Every text of a definition in turn is one that would write if it were pasted."""
    chance = random.Random(seed)
    weapons = ["'; DROP TABLE days; --", '"); DELETE FROM days; --', "x') FROM days; UPDATE days SET label = 0; --", "\n) WHERE 1; DELETE FROM days; --",
               "1 UNION ALL SELECT load_extension('x')", "$.x'') AS y; DELETE FROM days; --", "/*", "]"]  # fmt: skip
    db = modelled.database(days(seed, 3, 20))
    there = rows(db, "SELECT * FROM days")

    def armed(value):
        if isinstance(value, dict):
            return {k if chance.random() > 0.05 else chance.choice(weapons): armed(v) for k, v in value.items()}
        if isinstance(value, list):
            return [armed(v) for v in value]
        return chance.choice(weapons) if isinstance(value, str) and chance.random() < 0.3 else value

    for i in range(40):
        put = armed(definition(version=f"1.0.{i}"))
        if isinstance(put.get("model"), str) and "features" in put:
            modelled.define(db, put)
    run(db, [modelled.TRAIN])
    assert rows(db, "SELECT * FROM days") == there and one(db, "SELECT COUNT(*) FROM ml_model_rejects") > 10
    db.close()


FAILURES = {
    "a SELECT that fails on a row": ({"rows": ROWS.replace("label,", "abs(-9223372036854775807 - (x > 2)) AS label,", 1)}, "rows: .*integer overflow"),
    "rows without a label": ({"rows": ROWS.replace("label,", "NULL AS label,", 1)}, "rows: none has a label"),
    "rows that forget the label": ({"rows": ROWS.replace("label,", "label AS lable,", 1)}, "rows: .*no such column: label"),
    "a label that is a text": ({"rows": ROWS.replace("label,", "'a' AS label,", 1)}, "rows: label is no number"),
    "rows of nobody": ({"rows": ROWS.replace("athlete_id", "NULL AS athlete_id")}, "rows: one has no athlete_id"),
    "a feature that is no column": ({"features": ["misspelled"]}, "features: misspelled is no column of the rows, nor computed"),
    "a day that is none": ({"rows": ROWS.replace("day AS", "'soon' AS", 1)}, "rows: as_of_date is no day: soon"),
    "a day that is missing": ({"rows": ROWS.replace("day AS", "NULL AS", 1)}, "rows: as_of_date is no day: NULL"),
    "a moment that is none": ({"rows": ROWS.replace("day || 'T20:00:00Z'", "'soon'")}, "rows: known_at is no time: soon"),
    "two rows of one day": ({"rows": ROWS.replace("FROM days", "FROM days, (VALUES (1), (2))")}, "rows: two of athlete . on 2024-.* are told apart by no item"),
    "a feature that is a text": ({"rows": ROWS.replace("noise", "'a' AS noise")}, "training: .*must be the text of a number"),
    "a feature beyond float32": ({"rows": ROWS.replace("noise", "1e300 AS noise")}, "training: "),
    "a group that there is not": ({"features": ["x", {"name": "z", "group": "nothing"}]}, "rows: .*lookup nothing"),
    "history for no fold": ({"evaluation": {"by": ["time"], "gap_days": 3000}}, "evaluation: no row by time or group could be asked"),
    "a label of yes that nobody has": (binary() | {"rows": ROWS.replace("label,", "0 AS label,", 1)}, "auc by group is no finite number: all labels that it was judged by, from 2024-01-01 to 2024-02-29, are 0$"),
    "a label beyond what can be squared": ({"rows": ROWS.replace("label,", "1e30 * label * 1e200 AS label,", 1)}, "(training: |mae|rmse)"),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_a_training_that_fails_is_a_failed_run_with_its_reason_once_and_the_others_go_on(failure):
    changes, reason = FAILURES[failure]
    db = modelled.database(days(1))
    for _ in range(2):
        runs = train(db, definition(**changes), definition(model="good"))
        assert [(r["model"], r["status"]) for r in runs] == [("days_model", "failed"), ("good", "finished")]
    assert re.match(reason, runs[0]["reason"]), runs[0]["reason"]
    assert one(db, "SELECT group_concat(model) FROM ml_model_versions") == "good"
    assert one(db, "SELECT COUNT(*) FROM ml_run_metrics WHERE value IS NULL OR abs(value) >= 9e999") == 0
    db.close()


def test_a_metric_that_is_no_finite_number_cannot_be_stored():
    db = modelled.database(days(1))
    for value in (float("inf"), float("-inf"), float("nan"), None, "five", b"5"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("INSERT INTO ml_run_metrics VALUES (1, 'time', 'model', 'mae', 0, ?, 1)", (value,))
    db.close()


def test_an_alias_names_an_accepted_version_or_nothing_and_going_back_is_one_statement():
    db = modelled.database(days(1))
    hopeless = [{"evaluation": "time", "metric": "mae", "below": 0}]
    train(db, definition(version="1.0.0"))
    train(db, definition(version="1.0.1", gate=hopeless))
    train(db, definition(version="1.0.2", features=["x", "y"]))
    assert [r["status"] for r in rows(db, "SELECT status FROM ml_model_versions ORDER BY version")] == ["accepted", "refused", "accepted"]
    assert "mae by time is" in one(db, "SELECT reason FROM ml_model_versions WHERE version = 2") and ", asked for is less than 0" in one(db, "SELECT reason FROM ml_model_versions WHERE version = 2")
    db.execute("DELETE FROM ml_aliases")
    db.execute("INSERT INTO ml_aliases VALUES ('days_model', 'champion', 3)")
    for version in (2, 4, 0, None, "x"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE ml_aliases SET version = ?", (version,))
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("REPLACE INTO ml_aliases VALUES ('days_model', 'champion', ?)", (version,))
    for statement in ("DELETE FROM ml_model_versions", "UPDATE ml_model_versions SET status = 'refused'", "REPLACE INTO ml_model_versions SELECT * FROM ml_model_versions"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    query = "SELECT day, x, y, noise FROM days"

    def score(reference):
        return db.execute("SELECT key, value FROM gbdt_score(?, ?)", (reference, query)).fetchall()

    assert score("days_model@champion") == score("days_model/3") == score(one(db, "SELECT model_json FROM ml_references WHERE reference = 'days_model@champion'"))
    db.execute("UPDATE ml_aliases SET version = 1 WHERE (model, alias) = ('days_model', 'champion')")
    assert score("days_model@champion") == score("days_model/1") != score("days_model/3")
    assert json.loads(one(db, "SELECT detail FROM ops_audit WHERE action = 'alias' ORDER BY audit_id DESC LIMIT 1")) == {"version": 1, "before": 3}
    for reference in ("days_model@challenger", "days_model/9", "other@champion", "days_model/99999999999"):
        with pytest.raises(sqlite3.OperationalError):
            score(reference)
    db.close()


def test_rows_of_stravas_api_train_only_where_that_is_allowed():
    db = modelled.database(days(1))
    this = definition(rows=ROWS.replace("label,", "label, CASE WHEN athlete_id <> 'athlete 5' THEN 'strava_api' END AS origin,", 1))
    assert [r["training_rows"] for r in train(db, this)] == [60]
    db.execute("UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'")
    db.execute("INSERT INTO days SELECT athlete_id || ' too', day, label, x, y, noise FROM days")
    assert [r["training_rows"] for r in train(db)] == [60, 720]
    db.close()


def test_a_model_is_trained_again_when_its_time_has_come_or_its_labels_have_doubled_and_not_otherwise():
    db = modelled.database(days(1), definition(schedule={"every_days": 28, "new_rows": 10}))
    db.execute("DROP TRIGGER ml_runs_keep")

    def trained(days_later):
        """A month is not waited for: what was done before is made older."""
        db.execute("UPDATE ml_runs SET started_at = strftime('%Y-%m-%dT%H:%M:%SZ', started_at, ? || ' days')", (-days_later,))
        db.execute("UPDATE ml_looks SET looked_at = strftime('%Y-%m-%dT%H:%M:%SZ', looked_at, ? || ' days')", (-days_later,))
        return [r["training_rows"] for r in train(db)]

    def arrive(n, years):
        db.execute("INSERT INTO days SELECT athlete_id, date(day, ? || ' years'), label, x, y, noise FROM days LIMIT ?", (years, n))

    assert trained(0) == [360] and trained(27) == [360]
    arrive(9, 1)
    assert trained(20) == [360]
    arrive(1, 2)
    assert trained(20) == [360] and trained(8) == [360, 370] and trained(8) == [360, 370]
    arrive(370, 4)
    assert trained(0) == [360, 370]
    db.execute("INSERT INTO ops_audit (at, who, action, object, detail) SELECT day, 'x', 'ingest', 'days', '{}' FROM days")
    assert trained(0) == [360, 370, 740] and trained(0) == [360, 370, 740]
    db.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_calibrator_learns_from_folds_before_and_is_what_scikit_learn_would_learn(seed):
    raw = binary()
    calibrated = raw | {"model": "calibrated", "learner": raw["learner"] | {"calibrator": "isotonic"}}
    db = modelled.database(days(seed, is_binary=True))
    train(db, raw, calibrated)
    sql = "SELECT p.* FROM ml_run_predictions AS p JOIN ml_runs USING (run_id) WHERE model = ? AND evaluation = 'time' ORDER BY entity, as_of_date"
    before, after = table(db, sql, "days_model"), table(db, sql, "calibrated")
    day = pandas.to_datetime(before.as_of_date)
    n_learned = 0
    for fold in before.fold.unique():
        own = before.fold == fold
        known = (day + pandas.Timedelta(days=3) < day[own].min()) & (before.fold < fold)
        expected = before.predicted[own].to_numpy()
        if before.label[known].nunique() == 2:
            learned = isotonic.IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(before.predicted[known], before.label[known])
            expected, n_learned = learned.predict(expected), n_learned + 1
        assert after.predicted[own].to_numpy() == pytest.approx(expected, abs=1e-9)
    assert n_learned == 3
    served = isotonic.IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(before.predicted, before.label)
    kept = one(db, "SELECT content FROM ml_run_artifacts JOIN ml_runs USING (run_id) WHERE model = 'calibrated' AND name = 'calibrator'")
    for p in numpy.linspace(0, 1, 41):
        assert one(db, "SELECT calibrate(?, ?)", kept, p) == pytest.approx(served.predict([p])[0], abs=1e-9)
    db.close()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("first", [0, 1])
def test_a_calibrator_waits_until_both_answers_were_seen(seed, first):
    """Where a first fold has one kind of label alone, the fold after it is told as the model says, and no other model stops."""
    chance = random.Random(seed)
    raw = binary(evaluation={"by": ["time"], "splits": 4, "after": 0.4, "gap_days": 2})
    found = [(a, d, float(first) if 20 <= d < chance.randint(38, 50) else label, *rest) for a, d, label, *rest in days(seed, is_binary=True)]
    db = modelled.database(found)
    runs = train(db, raw, raw | {"model": "calibrated", "learner": raw["learner"] | {"calibrator": "logit"}}, definition(model="good"))
    assert [r["status"] for r in runs] == ["finished"] * 3
    sql = "SELECT predicted, fold FROM ml_run_predictions JOIN ml_runs USING (run_id) WHERE model = ? ORDER BY entity, as_of_date"
    before, after = table(db, sql, "days_model"), table(db, sql, "calibrated")
    assert (before.predicted == after.predicted)[before.fold <= 2].all() and (before.predicted != after.predicted)[before.fold == 4].any()
    db.close()
