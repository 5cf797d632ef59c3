"""What a definition may say of its label, its rows and how they are judged: each is what the same rule gives when it is followed by hand."""

import functools
import json
import random

import numpy
import pandas
import pytest
from sklearn import metrics

from helpers.extension import ROOT
from helpers.models import modelled
from helpers.models.modelled import definition, train
from helpers.stages import one, rows, run, statements

INTERVALS = "547_model_intervals"
REPLAY, CARD = ((ROOT / "sql" / "reports" / name).read_text() for name in ("replay.sql", "card.sql"))
SHOWN = """SELECT athlete_id, day AS as_of_date, CASE day WHEN '' THEN NULL ELSE day || 'T20:00:00Z' END AS known_at, label, item, trains, part AS asked_with, kind AS of_kind,
                  CASE WHEN is_api THEN 'strava_api' END AS origin, ln(scale) AS level, scale, x, y, noise FROM shown"""


@functools.lru_cache(maxsize=None)
def shown(seed):
    """Of athletes and of a survey without dates: what x and y say of a positive label, which is about the size of its scale."""
    chance = random.Random(seed)
    found = []
    for i in range(24):
        is_survey = i < 14
        scale = chance.uniform(100, 3000)
        for d in range(chance.randint(4, 8) if is_survey else chance.randint(8, 20)):
            x, y, noise = chance.gauss(0, 1), chance.uniform(0, 1), chance.gauss(0, 1)
            label = scale * float(numpy.exp(0.1 * x - 0.2 * y + chance.gauss(0, 0.03) + (0.8 if chance.random() < 0.02 else 0)))
            day = "" if is_survey else str(pandas.Timestamp("2021-03-01") + pandas.Timedelta(days=chance.randint(0, 1500)))[:10]
            found.append({"athlete_id": f"athlete {i}", "day": day, "label": label, "item": str(d), "trains": chance.choice([1, 1, 1, None, 0]),
                          "part": f"tenth {i % 5}" if is_survey else None, "kind": chance.choice(["short", "long"]), "is_api": int(not is_survey and i % 4 == 0),
                          "scale": scale, "x": x, "y": y, "noise": noise})  # fmt: skip
    return pandas.DataFrame(found).astype({"trains": object})


def database(table, *definitions):
    db = modelled.database([])
    db.execute("CREATE TABLE shown (athlete_id, day, label REAL, item, trains INTEGER, part, kind, is_api, scale REAL, x REAL, y REAL, noise REAL)")
    db.executemany(f"INSERT INTO shown VALUES ({', '.join('?' * 12)})", table.where(table.notna(), None).values.tolist())
    modelled.define(db, *definitions)
    return db


def told(**changes):
    """A definition with all of it; the survey has no dates and is parted by a column, the athletes' days are judged by their year."""
    found = {
        "rows": SHOWN, "link": "log", "base": "level", "label_clip": 0.08, "baselines": ["scale"],
        "evaluation": {"by": ["time", "group"], "fold": "asked_with", "period": "year", "slice": "of_kind", "gap_days": 20},
        "gate": [{"evaluation": "group", "slice": "long", "metric": "mae", "below": "level"}],
    }  # fmt: skip
    return definition(**(found | changes))


def judging(table, evaluation, judges_api=False):
    """(fold, indices that train, indices that are judged) by the rule as the README says it."""
    rows_of = table[(table.is_api == 0) | judges_api]
    trains = rows_of[(rows_of.trains != 0) & (rows_of.is_api == 0)]
    if evaluation == "group":
        for fold, part in enumerate(sorted(rows_of.part.dropna().unique()), 1):
            yield fold, trains[trains.part.notna() & (trains.part != part)].index, rows_of[rows_of.part == part].index
    else:
        for year in sorted(rows_of[rows_of.day != ""].day.str[:4].unique()):
            before = str(pandas.Timestamp(f"{year}-01-01") - pandas.Timedelta(days=20))[:10]
            yield int(year), trains[(trains.day == "") | (trains.day < before)].index, rows_of[rows_of.day.str[:4] == year].index


def predicted_by_hand(db, table, trains, judged, clip, is_log=True):
    """Labels that numpy makes, trained on and asked about in one statement each."""
    label = numpy.log(table.label) - numpy.log(table.scale) if is_log else table.label - numpy.log(table.scale)
    of = label[trains]
    options = dict(definition()["learner"]["options"])
    if clip is not None:
        middle = float(numpy.median(of))
        of, options = of.clip(middle - clip, middle + clip), options | {"base_score": middle}
    features = table[["x", "y", "noise"]]
    db.execute("CREATE TEMP TABLE IF NOT EXISTS lesson (label REAL, x REAL, y REAL, noise REAL)")
    db.execute("DELETE FROM lesson")
    db.executemany("INSERT INTO lesson VALUES (?, ?, ?, ?)", [(float(t), *map(float, features.loc[i])) for i, t in of.items()])
    model = one(db, "SELECT model FROM gbdt_fit(?, 'SELECT label, x, y, noise FROM temp.lesson')", json.dumps(options))
    value = numpy.array([one(db, "SELECT gbdt_predict(?, ?, ?, ?)", model, *map(float, features.loc[i])) for i in judged])
    return numpy.exp(numpy.log(table.scale[judged]) + value) if is_log else numpy.log(table.scale[judged]) + value


@pytest.mark.parametrize("seed", range(4))
def test_folds_labels_and_predictions_are_those_of_the_rule_followed_by_hand(seed):
    table, chance = shown(seed), random.Random(seed)
    is_log, clip, api = chance.random() < 0.7, chance.choice([None, 0.05, 0.2]), chance.choice([None, "judge", "omit"])
    this = told(link="log" if is_log else chance.choice([None, "identity"]), label_clip=clip)
    this["evaluation"] |= {} if api is None else {"api_rows": api}
    db = database(table, this)
    (made,) = train(db)
    assert made["status"] == "finished", made["reason"]
    trained = table[(table.trains != 0) & (table.is_api == 0)]
    assert made["training_rows"] == len(trained) and made["trained_until"] == trained.day.max()
    said = pandas.DataFrame(rows(db, "SELECT * FROM ml_run_predictions")).merge(table.reset_index(), left_on=["entity", "item"], right_on=["athlete_id", "item"], suffixes=("", "_shown"))
    for evaluation in ("time", "group"):
        expected = {}
        for fold, trains, judged in judging(table, evaluation, api == "judge"):
            if len(trains):
                expected |= dict(zip(judged, zip([fold] * len(judged), predicted_by_hand(db, table, trains, judged, clip, is_log))))
        found = said[said.evaluation == evaluation].set_index("index")
        assert found.fold.to_dict() == {i: fold for i, (fold, _) in expected.items()} and len(found) > 60
        assert found.predicted.sort_index().to_numpy() == pytest.approx([expected[i][1] for i in sorted(expected)], rel=1e-5)
        assert (found.label == table.label[found.index]).all()
        assert set(found.trains[found.trains.notna()]) == {0, 1}, "what only judges is judged"
    for predictor, value in (("model", said.predicted), ("scale", said.scale), ("level", numpy.exp(numpy.log(said.scale)) if is_log else numpy.log(said.scale))):
        for evaluation in ("time", "group"):
            for kind in ("short", "long", None):
                of = (said.evaluation == evaluation) & ((said.kind == kind) | (kind is None))
                kept = dict(db.execute("SELECT metric, value FROM ml_run_slices WHERE (evaluation, slice, predictor) = (?, ?, ?)", (evaluation, kind, predictor)) if kind else
                            db.execute("SELECT metric, value FROM ml_run_metrics WHERE (evaluation, step, predictor) = (?, 0, ?)", (evaluation, predictor)))
                assert kept["mae"] == pytest.approx(metrics.mean_absolute_error(said.label[of], value[of]), rel=1e-12)
                assert kept["rmse"] == pytest.approx(metrics.mean_squared_error(said.label[of], value[of]) ** 0.5, rel=1e-12)
    long = dict(db.execute("SELECT predictor, value FROM ml_run_slices WHERE (evaluation, slice, metric) = ('group', 'long', 'mae')"))
    version, = rows(db, "SELECT status, reason FROM ml_model_versions")
    assert version["status"] == ("accepted" if long["model"] < long["level"] else "refused")
    assert version["reason"].startswith("mae by group of long is ") and "asked for is less than level" in version["reason"]
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_gate_holds_for_its_slice_and_not_for_the_rest(seed):
    db = database(shown(seed), told())
    train(db)
    kept = dict(db.execute("SELECT slice, value FROM ml_run_slices WHERE (evaluation, predictor, metric) = ('group', 'model', 'mae')"))
    worse = max(kept, key=kept.get)
    between = sum(kept.values()) / 2
    for i, slice_ in enumerate(kept, 1):
        train(db, told(version=f"1.0.{i}", gate=[{"evaluation": "group", "slice": slice_, "metric": "mae", "below": between}]))
        assert one(db, "SELECT status FROM ml_model_versions ORDER BY version DESC LIMIT 1") == ("refused" if slice_ == worse else "accepted")
    train(db, told(version="1.0.9", gate=[{"evaluation": "time", "slice": "nobody", "metric": "mae", "below": 1e9}]))
    assert one(db, "SELECT reason FROM ml_model_versions ORDER BY version DESC LIMIT 1") == "mae by time of nobody could not be measured"
    for statement in ("DELETE FROM ml_run_slices", "UPDATE ml_run_slices SET n = 0"):
        with pytest.raises(Exception, match="append-only"):
            db.execute(statement)
    db.close()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by", ["time", "group"])
def test_intervals_of_a_logarithm_are_ranks_of_ratios_within_the_scale_and_the_evaluation_that_was_asked_for(seed, by):
    table = shown(seed)
    db = database(table, told(interval={"level": 0.7, "by": "of_kind", "scale": "scale", "spread_power": 1.3, "evaluation": by}))
    db.execute("INSERT INTO shown SELECT athlete_id, '2026-01-01', NULL, 'next', NULL, NULL, kind, 0, scale * 1.1, x, y, noise FROM shown WHERE day <> '' GROUP BY athlete_id")
    train(db)
    run(db, [INTERVALS, modelled.PROMOTE, modelled.SCORE])
    said = pandas.read_sql_query("SELECT p.label, p.predicted, p.interval_group, p.interval_scale, s.kind, s.scale FROM ml_run_predictions AS p JOIN shown AS s ON (s.athlete_id, s.item) = (p.entity, p.item)"
                               " WHERE evaluation = ?", db, params=(by,))
    assert (said.interval_group == said.kind).all() and (said.interval_scale == said.scale).all()
    spread = (said.predicted / said.scale) ** 1.3
    stored = {r["interval_group"]: r for r in rows(db, "SELECT * FROM ml_run_intervals")}
    for kind, of in said.groupby("kind").groups.items():
        score, n = numpy.sort(numpy.log(said.label[of] / said.predicted[of]) / spread[of]), len(of)
        low, high = int(numpy.floor((n + 1) * 0.15 + 1e-9)), int(numpy.ceil((n + 1) * 0.85 - 1e-9))
        assert (stored[kind]["lower"], stored[kind]["upper"]) == pytest.approx((score[low - 1], score[high - 1]), rel=1e-9)
        assert (stored[kind]["evaluation"], stored[kind]["n"]) == (by, n)
    answers = rows(db, "SELECT g.*, s.kind, s.scale FROM gold_model_predictions AS g JOIN shown AS s ON (s.athlete_id, s.item) = (g.athlete_id, g.item)")
    assert len(answers) == 10
    for a in answers:
        bound, width = stored[a["kind"]], (a["predicted"] / a["scale"]) ** 1.3
        assert (a["lower"], a["upper"]) == pytest.approx(tuple(a["predicted"] * numpy.exp(bound[side] * width) for side in ("lower", "upper")))
    assert [r for s in statements(REPLAY) for r in db.execute(s).fetchall()] == [], "asked again, each says the same"
    db.execute("DROP TRIGGER inference_log_keep")
    db.execute("UPDATE inference_log SET predicted = ln(predicted) WHERE inference_id = 1")
    assert [r[0] for s in statements(REPLAY) for r in db.execute(s).fetchall()] == [1]
    db.close()


def test_an_answer_is_the_base_times_what_the_trees_say_and_a_contest_asks_in_the_same_way():
    table = shown(1)
    known = table[(table.day < "2024-01-01")]
    db = database(known, told(evaluation={"by": ["group"], "fold": "asked_with", "gap_days": 5}, gate=[{"evaluation": "group", "metric": "mae", "below": "scale"}]))
    train(db)
    run(db, [modelled.PROMOTE])
    still = {"kind": "gbdt", "options": {"num_boost_round": 1, "eta": 1e-6}}
    train(db, told(version="1.0.1", learner=still, evaluation={"by": ["group"], "fold": "asked_with", "gap_days": 5}, gate=[{"evaluation": "group", "metric": "mae", "below": 1e9}]))
    later = table[table.day >= "2024-02-01"]
    db.executemany(f"INSERT INTO shown VALUES ({', '.join('?' * 12)})", later.where(later.notna(), None).values.tolist())
    run(db, [modelled.PROMOTE])
    kept = rows(db, "SELECT r.*, s.x, s.y, s.noise, s.scale FROM ml_decision_rows AS r JOIN shown AS s ON (s.athlete_id, s.item) = (r.entity, r.item)")
    assert len(kept) >= 30 and all(k["as_of_date"] for k in kept), "a row without a date was known when either trained"
    for k in kept:
        for role, version in (("champion", 1), ("challenger", 2)):
            text = one(db, "SELECT model_json FROM ml_model_versions WHERE version = ?", version)
            assert k[role] == pytest.approx(k["scale"] * numpy.exp(one(db, "SELECT gbdt_predict(?, ?, ?, ?)", text, k["x"], k["y"], k["noise"])), rel=1e-9)
    db.close()


def test_rows_without_a_date_alone_have_a_champion_whose_challenger_is_asked_about_every_day_that_comes():
    table = shown(2)
    this = told(evaluation={"by": ["group"], "fold": "asked_with"}, gate=[{"evaluation": "group", "metric": "mae", "below": 1e9}])
    db = database(table[table.day == ""], this)
    (made,) = train(db)
    assert (made["status"], made["trained_until"]) == ("finished", None)
    run(db, [modelled.PROMOTE])
    train(db, this | {"version": "1.0.1", "features": ["x", "y"]})
    run(db, [modelled.PROMOTE])
    assert rows(db, "SELECT decision, n_rows FROM ml_decisions ORDER BY decision_id") == [{"decision": "PROMOTE", "n_rows": 0}, {"decision": "HOLD", "n_rows": 0}]
    assert one(db, "SELECT reason FROM ml_decisions ORDER BY decision_id DESC LIMIT 1") == "0 rows that neither has seen, asked for are 30"
    db.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_search_of_a_model_with_folds_of_its_own_is_judged_by_them_and_by_the_slice_of_its_gate(seed):
    table = shown(seed)
    db = database(table, told(search={"runs": 10, "space": {"max_depth": [1, 2], "eta": [0.1, 0.2, 0.3, 0.4, 0.5]}}))
    db.execute("INSERT INTO ml_search_requests (model) VALUES ('days_model')")
    run(db, ["535_search_models"])
    found, = rows(db, "SELECT * FROM ml_searches")
    n_rows = sum(len(judged) for _, _, judged in judging(table, "group"))
    assert (found["n_runs"], found["n_failed"], found["n_rows"], found["before_date"]) == (10, 0, n_rows, None)
    assert found["told"].split("; read")[0].endswith(f" of long, on {n_rows} rows parted by asked_with")
    errors = []
    for _, trains, judged in judging(table, "group"):
        of = [i for i in judged if table.kind[i] == "long"]
        errors += list(abs(predicted_by_hand(db, table, trains, of, 0.08) - table.label[of]))
    assert found["own_value"] == pytest.approx(numpy.mean(errors), rel=1e-5)
    value, n = one(db, "SELECT value, n FROM ml_run_metrics WHERE run_id = ? AND (metric, predictor, step) = ('mae', 'model', 0)", found["run_id"])
    assert (value, n) == (found["value"], len(errors)) and value <= found["own_value"]
    db.close()


@pytest.mark.parametrize("n_athletes", [4, 24])
def test_a_card_tells_of_the_link_of_each_slice_and_of_the_gate_that_asks_for_one(n_athletes):
    table = shown(1)
    table = table[[int(a.split()[1]) % (24 // n_athletes) == 0 for a in table.athlete_id]]
    db = database(table, told(gate=[{"evaluation": "group", "slice": "long", "metric": "mae", "below": "level"}, {"evaluation": "group", "metric": "mae", "below": 1e9}]))
    (made,) = train(db)
    assert made["status"] == "finished", made["reason"]
    run(db, ["300_feature_registry", "332_time_estimator_tables", "544_cluster_models"])
    db.execute("CREATE TEMP TABLE card AS SELECT 'days_model' AS model, NULL AS version")
    lines = [line for s in statements(CARD) for (said,) in db.execute(s).fetchall() for line in said.split("\n")]
    assert "| learner | gbdt, of the logarithm, counted from level |" in lines
    for r in rows(db, "SELECT * FROM ml_run_slices"):
        assert f"| {r['evaluation']} | {r['slice']} | {r['metric']} | {r['predictor']} | {r['value']:.4g} | {r['n']} |" in lines
    value, bound = (one(db, "SELECT value FROM ml_run_slices WHERE (evaluation, slice, metric, predictor) = ('group', 'long', 'mae', ?)", p) for p in ("model", "level"))
    assert f"| group of long | mae | {value:.4g} | less than level, {bound:.4g} | {'yes' if value < bound else 'no'} |" in lines
    everybody = one(db, "SELECT value FROM ml_run_metrics WHERE (evaluation, step, metric, predictor) = ('group', 0, 'mae', 'model')")
    shown_as = [line for line in lines if line.startswith("| group | mae | model |")]
    assert len(shown_as) == 1 and f"| {everybody:.4g} |" in shown_as[0] and ("| - |" in shown_as[0]) == (n_athletes == 4)
    db.close()


def test_twice_the_athletes_are_parted_into_folds_with_about_twice_the_steps():
    def steps(n):
        """Of SQLite's machine, in thousands."""
        db = modelled.database([(f"athlete {i}", d, float(i % 7 + d), float(d), 0.5, 0.5) for i in range(n) for d in (0, 40)])
        count = [0]
        db.set_progress_handler(lambda: count.__setitem__(0, count[0] + 1), 1000)
        still = {"kind": "gbdt", "options": {"num_boost_round": 1}}
        (made,) = train(db, definition(learner=still, evaluation={"by": ["group"], "splits": 2}, gate=[{"evaluation": "group", "metric": "mae", "below": 1e9}], baselines=[]))
        assert made["status"] == "finished" and made["training_rows"] == 2 * n
        db.close()
        return count[0]

    assert steps(1200) < 3 * steps(600)


ODD = {
    "a label that has no logarithm": ({"label": "-label"}, "rows: label has no logarithm: -"),
    "a label of nothing": ({"label": "0 * label"}, "rows: label has no logarithm: 0"),
    "a row that half trains": ({"trains": "0.5"}, "rows: trains is neither 0 nor 1: 0.5"),
    "a row that says yes": ({"trains": "'yes'"}, 'rows: trains is neither 0 nor 1: "yes"'),
    "a random split": ({"part": "CAST(item AS INTEGER) % 5"}, "rows: athlete [0-9]+ is in the folds [0-9] and [0-9] of asked_with, so that one would be asked what another was told$"),
    "a fold for everybody": ({"part": "athlete_id || ' ' || label", "athlete_id": "athlete_id || label"}, "rows: asked_with has more than 50 values"),
    "a slice for everybody": ({"kind": "athlete_id || label"}, "rows: of_kind has more than 50 values"),
    "no date and no word of it": ({"day": "NULLIF(day, '')"}, "rows: as_of_date is no day: NULL"),
    "nobody trains": ({"trains": "0"}, "rows: [0-9]+ have a label, and none of them trains"),
    "no fold": ({"part": "NULL", "day": "''"}, "evaluation: no row by time or group could be asked of a model that had not seen it"),
}


@pytest.mark.parametrize("odd", ODD)
def test_rows_that_cannot_be_judged_so_fail_with_their_reason_and_the_others_go_on(odd):
    changes, reason = ODD[odd]
    db = database(shown(1))
    columns = ", ".join(f"{changes.get(c, c)} AS {c}" for c in shown(1).columns)
    runs = train(db, told(rows=SHOWN.replace("FROM shown", f"FROM (SELECT {columns} FROM shown)")), told(model="good"))
    assert [(r["model"], r["status"]) for r in runs] == [("days_model", "failed"), ("good", "finished")]
    assert pandas.Series([runs[0]["reason"]]).str.match(reason).all(), runs[0]["reason"]
    db.close()


FAULTS = {
    "link: expected identity or log, found logit": {"link": "logit"},
    "link: expected a text": {"link": 3},
    "label_clip: expected a number from": {"label_clip": 0},
    "label_clip: expected a number": {"label_clip": "much"},
    "learner.options: base_score is not a definition's to say": {"learner": {"kind": "gbdt", "options": {"base_score": 1}}},
    "evaluation.fold: expected the name of a column of its rows, found x) --": {"evaluation": {"by": ["group"], "fold": "x) --"}},
    "evaluation.fold: expected the name of a column of its rows, found label": {"evaluation": {"by": ["group"], "fold": "label"}},
    "evaluation.slice: expected the name of a column of its rows, found 1a": {"evaluation": {"slice": "1a"}},
    "evaluation.fold: it parts athletes, and nothing is judged by group": {"evaluation": {"by": ["time"], "fold": "part"}},
    "evaluation.period: expected year, found month": {"evaluation": {"period": "month"}},
    "evaluation.period: it makes folds by time, and nothing is judged by time": {"evaluation": {"by": ["group"], "period": "year"}},
    "evaluation.api_rows: expected judge or omit, found train": {"evaluation": {"api_rows": "train"}},
    "evaluation has no folds; it may have after, api_rows, by, fold, gap_days, period, slice, splits": {"evaluation": {"folds": 3}},
    "interval.scale: expected the name of a column of its rows or of a feature, found a b": {"interval": {"scale": "a b"}},
    "interval.evaluation: expected time or group, by which it is judged, found time": {"interval": {"evaluation": "time"}, "evaluation": {"by": ["group"], "slice": "of_kind"}},
    "promotion.by: expected rows, on which both are compared, or gate, found luck": {"promotion": {"by": "luck"}},
    "gate[0]: a slice is a text, a value of the column that evaluation.slice names": {"evaluation": {"by": ["group"]}},
    "features: asked_with is no feature": {"features": ["x", "asked_with"]},
    "features: trains is no feature": {"features": ["x", "trains"]},
}  # fmt: skip


@pytest.mark.parametrize("sentence", FAULTS)
def test_what_cannot_be_said_of_a_label_or_of_how_it_is_judged_is_refused_with_its_sentence(sentence):
    db = database(shown(1), told(**FAULTS[sentence]))
    assert one(db, "SELECT reason FROM ml_model_rejects").startswith(sentence)
    db.close()


@pytest.mark.parametrize("field", ["link", "label_clip"])
def test_yes_and_no_have_neither_link_nor_clip_and_kinds_without_a_label_neither(field):
    value = {"link": "log", "label_clip": 0.1}[field]
    db = modelled.database(modelled.days(1, is_binary=True), modelled.binary(**{field: value}))
    assert one(db, "SELECT reason FROM ml_model_rejects") == f"{field}: yes and no are no numbers that have one"
    modelled.define(db, definition(model="grouped", **{field: value}, learner={"kind": "kmeans"}, baselines=None, evaluation=None, gate=None))
    assert f"{field} is not a clustering's to say: it has no label to be judged by" in [r["reason"] for r in rows(db, "SELECT reason FROM ml_model_rejects")]
    db.close()
