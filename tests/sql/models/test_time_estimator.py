"""The time estimator: its evidence, its errors beside other learners, its intervals, and its versions."""

import functools
import json
import math

import numpy as np
import pytest
import threadpoolctl
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor

from helpers.athletes import evidence, lab


DISTANCES = ["5k", "10k", "21k", "42k"]
BOUNDS_S = {"10k": 162, "21k": 314, "42k": 746}
ROW_SQL = f"SELECT subject, distance_class, fold, seconds, base_ln_s, {', '.join(lab.FEATURES)} FROM time_estimator_rows WHERE source = 'survey'"


@functools.lru_cache(maxsize=None)
def survey_rows():
    """Keys, folds, seconds, base and features of the survey, in one order."""
    db = lab.copy()
    found = db.execute(ROW_SQL + " ORDER BY subject, distance_class").fetchall()
    db.close()
    table = np.array([r[2:] for r in found], dtype=float)
    return [r[:2] for r in found], table[:, 0].astype(int), table[:, 1], table[:, 2], table[:, 3:]


@functools.lru_cache(maxsize=None)
def stored_predictions():
    """seconds, prediction, lower, upper, 1 where several races were known: in the order of survey_rows()."""
    db = lab.copy()
    found = {tuple(r[:2]): r[2:] for r in db.execute(
        "SELECT subject, distance_class, actual_s, predicted_s, lower_s, upper_s, evidence = 'races' FROM ml_validation_predictions"
        " WHERE model = 'time_estimator' AND version = 1 AND source = 'survey'")}
    db.close()
    keys = survey_rows()[0]
    assert found.keys() == set(keys)
    return np.array([found[k] for k in keys], dtype=float)


def errors(predicted):
    """Mean absolute error per distance, seconds."""
    keys, _, seconds, _, _ = survey_rows()
    distance = np.array([k[1] for k in keys])
    return {d: np.abs(predicted - seconds)[distance == d].mean() for d in DISTANCES}


def out_of_fold(fit):
    """Seconds predicted for each row by fit(features, label) on the rows of the other folds."""
    _, fold, seconds, base, features = survey_rows()
    label, predicted = np.log(seconds) - base, np.empty(len(seconds))
    with threadpoolctl.threadpool_limits(1):  # threads that wait for each other are slower than one
        for f in np.unique(fold):
            predicted[fold == f] = fit(features[fold != f], label[fold != f])(features[fold == f])
    return np.exp(base + predicted)


def fit_xgboost(features, label):
    specification = lab.specification()
    options, centre = dict(specification["learner"]["options"]), np.quantile(label, 0.5)
    rounds = options.pop("num_boost_round")
    clipped = np.clip(label, centre - specification["label_clip"], centre + specification["label_clip"])
    data = xgboost.QuantileDMatrix(features, clipped, max_bin=options["max_bin"])
    booster = xgboost.train(options | {"base_score": float(centre), "tree_method": "hist", "nthread": 1}, data, rounds)
    return lambda asked: booster.predict(xgboost.DMatrix(asked))


# --- evidence ------------------------------------------------------------------------------------------------------


def test_every_survey_row_is_what_the_mixed_model_says_by_matrices():
    db = lab.copy()
    stored = {(r["subject"], r["distance_class"]): r for r in lab.rows(db, "SELECT * FROM time_estimator_rows WHERE source = 'survey'")}
    expected = {(r["id"], d): evidence.row(r, d) for r in lab.survey() for d in evidence.TARGETS
                if evidence.number(r[f"{evidence.DISTANCES[d][1]}_ti"])}
    expected = {key: row for key, row in expected.items() if row is not None}
    assert stored.keys() == expected.keys()
    assert len(stored) == 3321
    assert set(lab.FEATURES) <= next(iter(expected.values())).keys()
    worst = {}
    for key, row in expected.items():
        for column, value in row.items():
            found = stored[key][column]
            assert (found is None) == (value is None), (key, column)
            if value is not None:
                difference = abs(found - value) / max(1.0, abs(value))
                worst[column] = max(worst.get(column, 0.0), difference)
    print("largest difference of each column (relative above 1):", {c: f"{d:.1e}" for c, d in worst.items()})
    assert max(worst.values()) <= 1e-9, worst


def test_all_rows_of_a_runner_share_a_fold_and_the_folds_are_tenths():
    keys, fold, *_ = survey_rows()
    by_runner = {}
    for (runner, _), f in zip(keys, fold):
        by_runner.setdefault(runner, set()).add(f)
    assert {len(f) for f in by_runner.values()} == {1}
    sizes = np.bincount([f for (f,) in by_runner.values()])
    assert len(sizes) == 10 and sizes.max() <= 1.2 * sizes.min()


# --- errors --------------------------------------------------------------------------------------------------------


def test_the_stored_metrics_are_those_of_the_stored_predictions():
    db = lab.copy()
    predictions = lab.rows(db, "SELECT * FROM ml_validation_predictions")
    metrics = lab.rows(db, "SELECT * FROM ml_metrics")
    groups = {}
    for p in predictions:
        groups.setdefault((p["model"], p["version"], p["source"], p["distance_class"]), []).append(p)
    assert groups.keys() == {(m["model"], m["version"], m["source"], m["distance_class"]) for m in metrics}
    for m in metrics:
        group = groups[m["model"], m["version"], m["source"], m["distance_class"]]
        actual, predicted = (np.array([p[c] for p in group]) for c in ("actual_s", "predicted_s"))
        error = predicted - actual
        assert m["n"] == len(group)
        assert m["mae_s"] == pytest.approx(np.abs(error).mean(), rel=1e-12)
        assert m["rmse_s"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-12)
        assert m["mape_pct"] == pytest.approx(100 * np.abs(error / actual).mean(), rel=1e-12)
        assert m["bias_pct"] == pytest.approx(100 * (error / actual).mean(), rel=1e-9, abs=1e-12)
        inside = [p["lower_s"] <= p["actual_s"] <= p["upper_s"] for p in group if p["lower_s"] is not None]
        assert m["coverage_pct"] == (pytest.approx(100 * np.mean(inside), rel=1e-12) if inside else None)


def test_errors_on_unseen_runners_are_within_the_promised_bounds():
    ours = errors(stored_predictions()[:, 1])
    lab.report("mean absolute error, s", DISTANCES, [[ours[d] for d in DISTANCES]])
    for distance, bound in BOUNDS_S.items():
        assert ours[distance] <= bound, distance


@pytest.mark.parametrize(
    "setting",
    [{}, dict(max_iter=120, learning_rate=0.05, max_depth=3, min_samples_leaf=20, l2_regularization=20)],
    ids=["default", "tuned"],
)
def test_errors_are_no_worse_than_those_of_scikit_learn(setting):
    def fit(features, label):
        asked = ~np.isnan(features).all(axis=0)  # it refuses the form, which the survey has not
        model = HistGradientBoostingRegressor(random_state=0, **setting).fit(features[:, asked], label)
        return lambda other: model.predict(other[:, asked])

    ours, theirs = errors(stored_predictions()[:, 1]), errors(out_of_fold(fit))
    lab.report("mean absolute error, s", ["", *DISTANCES], [["athlete", *ours.values()], ["scikit-learn", *theirs.values()]])
    for distance in DISTANCES:
        assert ours[distance] <= theirs[distance], distance


def test_errors_are_those_of_xgboost_with_the_same_options_and_labels():
    ours, theirs = errors(stored_predictions()[:, 1]), errors(out_of_fold(fit_xgboost))
    lab.report("mean absolute error, s", ["", *DISTANCES], [["athlete", *ours.values()], ["xgboost", *theirs.values()]])
    for distance in DISTANCES:
        assert ours[distance] == pytest.approx(theirs[distance], rel=0.01), distance


def test_xgboost_loads_the_champion_and_predicts_the_same():
    db = lab.copy()
    model, = db.execute("SELECT model_json FROM ml_model_versions WHERE version = 1").fetchone()
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.encode()))
    assert booster.feature_names == lab.FEATURES
    columns = ", ".join(lab.FEATURES)
    found = db.execute(f"SELECT gbdt_predict((SELECT model_json FROM ml_model_versions WHERE version = 1), {columns}), {columns}"
                       " FROM time_estimator_rows").fetchall()
    table = np.array(found, dtype=float)
    theirs = booster.predict(xgboost.DMatrix(table[:, 1:], feature_names=lab.FEATURES))
    assert len(table) == 3360 + 3321 and (table[:, 0].astype(np.float32) == theirs).all()
    served = dict(db.execute("SELECT distance_class, predicted_s FROM gold_athlete_predictions WHERE model = 'time_estimator'"))
    for row in lab.rows(db, "SELECT * FROM time_estimator_rows WHERE source = 'today'"):
        features = np.array([[row[f] for f in lab.FEATURES]], dtype=float)
        value = float(booster.predict(xgboost.DMatrix(features, feature_names=lab.FEATURES))[0])
        assert served[row["distance_class"]] == pytest.approx(np.exp(row["base_ln_s"] + value), rel=1e-12)


# --- intervals -----------------------------------------------------------------------------------------------------


METRES = {"5k": 5000, "10k": 10000, "21k": 21097.5, "42k": 42195}


def spread_of(distance, predicted, kinds):
    """How much wider errors are than those at 5:00 min/km, over a long race more so."""
    interval = lab.specification()["interval"]
    power = [interval["spread_powers"].get(f"{d} {k}", interval["spread_power"]) for d, k in zip(distance, kinds)]
    return (predicted / (0.3 * np.array([METRES[d] for d in distance]))) ** np.array(power)


def conformal(scores):
    """The bounds of 80 % of new cases by their ranks."""
    ordered, n = np.sort(scores), len(scores)
    return ordered[math.floor((n + 1) * 0.1 + 1e-9) - 1], ordered[math.ceil((n + 1) * 0.9 - 1e-9) - 1]


def crossed_intervals(distance, fold, group, seconds, predicted):
    """Lower and upper times from the residuals of the other folds."""
    residual, lower, upper = np.log(seconds / predicted), np.empty(len(seconds)), np.empty(len(seconds))
    spread = spread_of(distance, predicted, np.where(group == 1, "races", "race"))
    for key in set(zip(distance, fold, group)):
        judged = (distance == key[0]) & (fold == key[1]) & (group == key[2])
        others = (distance == key[0]) & (fold != key[1]) & (group == key[2])
        low, high = conformal(residual[others] / spread[others])
        lower[judged], upper[judged] = predicted[judged] * np.exp(low * spread[judged]), predicted[judged] * np.exp(high * spread[judged])
    return lower, upper


def coverage(distance, seconds, lower, upper):
    inside = (seconds >= lower) & (seconds <= upper)
    return {d: 100 * inside[distance == d].mean() for d in DISTANCES}


def test_stored_intervals_are_quantiles_of_the_errors_on_other_runners_and_cover_as_promised():
    keys, fold, _, _, _ = survey_rows()
    seconds, predicted, lower, upper, group = stored_predictions().T
    distance = np.array([k[1] for k in keys])
    expected_lower, expected_upper = crossed_intervals(distance, fold, group, seconds, predicted)
    assert np.abs(lower / expected_lower - 1).max() <= 1e-9
    assert np.abs(upper / expected_upper - 1).max() <= 1e-9
    found = coverage(distance, seconds, lower, upper)
    lab.report("covered by the 80 % interval, %", DISTANCES, [[found[d] for d in DISTANCES]])
    assert all(78 <= c <= 82 for c in found.values()), found


def test_served_intervals_are_quantiles_of_all_errors_of_the_survey():
    keys, _, _, _, _ = survey_rows()
    seconds, predicted, _, _, group = stored_predictions().T
    distance, residual = np.array([k[1] for k in keys]), np.log(seconds / predicted)
    db = lab.copy()
    stored = lab.rows(db, "SELECT * FROM ml_intervals WHERE model = 'time_estimator' AND version = 1")
    assert len(stored) == 16
    spread = spread_of(distance, predicted, np.where(group == 1, "races", "race"))
    for row in stored:
        if row["evidence"] in ("race", "races"):
            of = ((distance == row["distance_class"]) & (group == (row["evidence"] == "races")))
            expected = residual[of] / spread[of]
        else:  # volume alone, which is all that a training run is better than
            asked = np.array(db.execute(
                "SELECT predicted_s, ln(actual_s / predicted_s) FROM ml_validation_predictions WHERE model = 'time_estimator'"
                " AND source = 'prior' AND distance_class = ?", (row["distance_class"],)).fetchall())
            expected = asked[:, 1] / spread_of([row["distance_class"]] * len(asked), asked[:, 0], ["none"] * len(asked))
        assert row["n"] == len(expected)
        assert [row["lower_ln"], row["upper_ln"]] == pytest.approx(conformal(expected), abs=1e-12)


def quartile_cells():
    """(distance, evidence, quartile) -> inside or not, of every judged runner; the quartiles are of the predicted time."""
    db = lab.copy()
    found = db.execute("SELECT distance_class, evidence, predicted_s, actual_s BETWEEN lower_s AND upper_s FROM ml_validation_predictions"
                       " WHERE model = 'time_estimator' AND version = 1 AND source IN ('survey', 'prior')").fetchall()
    cells = {}
    for distance in DISTANCES:
        for evidence_kinds in (("none",), ("race",), ("races",), ("race", "races")):
            of = np.array([(p, i) for d, e, p, i in found if d == distance and e in evidence_kinds])
            quartile = np.searchsorted(np.quantile(of[:, 0], [0.25, 0.5, 0.75]), of[:, 0])
            for q in range(4):
                cells[distance, evidence_kinds, q] = of[quartile == q, 1]
    return cells


def test_intervals_are_as_honest_for_the_slow_as_for_the_fast():
    """Each quartile of the predicted time within each distance and kind of evidence; one of fewer than 150 runners is held to two
    standard errors."""
    cells, outside = quartile_cells(), []
    assert min(map(len, cells.values())) >= 60
    for key, inside in cells.items():
        allowed = 0.06 if len(inside) >= 150 else max(0.06, 2 * math.sqrt(0.16 / len(inside)))
        if abs(inside.mean() - 0.8) > allowed:
            outside.append((key, len(inside), round(100 * inside.mean(), 1)))
    print("outside:", outside)
    assert not outside
    for distance in DISTANCES:
        for kinds in {key[1] for key in cells}:
            together = np.concatenate([inside for key, inside in cells.items() if key[:2] == (distance, kinds)])
            assert 0.78 <= together.mean() <= 0.82, (distance, kinds)


@pytest.mark.parametrize("rule", ["subject / 10 % 10", "subject % 7", "(subject / 100 + subject * 31) % 12"])
def test_intervals_cover_as_promised_and_errors_stay_under_other_folds(rule):
    db = lab.copy("survey")
    db.execute(f"UPDATE time_estimator_rows SET fold = {rule.replace('subject', 'CAST(subject AS INTEGER)')}")
    lab.run(db, lab.TRAIN)
    found = {r["distance_class"]: r for r in lab.rows(
        db, "SELECT * FROM ml_metrics WHERE model = 'time_estimator' AND source = 'survey'")}
    lab.report(f"folds by {rule}", ["", *DISTANCES], [["MAE, s", *(found[d]["mae_s"] for d in DISTANCES)],
                                                     ["coverage, %", *(found[d]["coverage_pct"] for d in DISTANCES)]])
    assert all(78 <= found[d]["coverage_pct"] <= 82 for d in DISTANCES)
    assert all(found[d]["mae_s"] <= bound for d, bound in BOUNDS_S.items())


# --- versions ------------------------------------------------------------------------------------------------------


def test_training_on_two_copies_gives_the_same_bytes():
    results = []
    for _ in range(2):
        db = lab.copy("survey")
        lab.run(db, lab.TRAIN)
        results.append([db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3, 4, 5").fetchall() for table, columns in [
            ("ml_model_versions", "model, version, status, reason, model_json, training_rows, training_hash"),
            ("ml_validation_predictions", "*"), ("ml_intervals", "*"), ("ml_metrics", "*")]])
        db.close()
    assert results[0] == results[1]
    assert len(results[0][0][0][4]) > 10000


def test_rows_in_another_order_give_the_same_model():
    db = lab.copy("survey")
    db.execute("CREATE TABLE other AS SELECT * FROM time_estimator_rows")
    db.execute("DELETE FROM time_estimator_rows")
    db.execute("INSERT INTO time_estimator_rows SELECT * FROM other ORDER BY seconds DESC")
    lab.run(db, lab.TRAIN)
    survey_only = lab.copy("survey")
    lab.run(survey_only, lab.TRAIN)
    model = "SELECT model_json FROM ml_model_versions"
    assert lab.one(db, model) == lab.one(survey_only, model)


def older(db, days):
    """A month is not waited for."""
    for table, column in (("ml_runs", "started_at"), ("ml_looks", "looked_at")):
        db.execute(f"DROP TRIGGER IF EXISTS {table}_keep")
        db.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%SZ', {column}, ? || ' days')", (-days,))


def test_training_again_without_new_data_adds_no_version():
    db = lab.copy("quick")
    before = {t: db.execute(f"SELECT * FROM {t}").fetchall() for t in
              ("ml_model_versions", "ml_validation_predictions", "ml_intervals", "ml_metrics", "gold_athlete_predictions")}
    lab.run(db)
    lab.run(db, [*lab.TRAIN, lab.PREDICT])
    for table, contents in before.items():
        assert db.execute(f"SELECT * FROM {table}").fetchall() == contents, table


def test_a_new_race_adds_a_version_within_the_month_and_leaves_the_first():
    db = lab.copy("quick")
    first = db.execute("SELECT * FROM ml_model_versions").fetchall()
    race = dict(lab.runner_activities()[0], id=99, start_date="2025-11-02T14:00:00Z", workout_type=1, distance=10050.0,
                moving_time=2900, elapsed_time=2900, total_elevation_gain=20)
    lab.put(db, race)
    lab.run(db)
    assert db.execute("SELECT * FROM ml_model_versions").fetchall() == first
    older(db, 28)
    lab.run(db)
    versions = db.execute("SELECT * FROM ml_model_versions ORDER BY version").fetchall()
    assert len(versions) == 2 and versions[:1] == first
    trained = [r["training_rows"] for r in lab.rows(db, "SELECT training_rows FROM ml_model_versions ORDER BY version")]
    assert trained == [3356, 3357]
    assert lab.one(db, "SELECT COUNT(DISTINCT version) FROM ml_metrics") == 2
    newest = lab.one(db, "SELECT MAX(version) FROM gold_athlete_predictions WHERE prediction_date = '2025-11-03'")
    assert newest == 2


def test_a_changed_specification_adds_a_version():
    db = lab.copy("quick")
    lab.put(db, lab.specification(num_boost_round=12))
    lab.run(db)
    trees = [json.loads(m)["learner"]["gradient_booster"]["model"]["gbtree_model_param"]["num_trees"]
             for (m,) in db.execute("SELECT model_json FROM ml_model_versions ORDER BY version")]
    assert [int(t) for t in trees] == [10, 12]


def test_the_features_are_those_that_the_definition_lists_in_its_order():
    """Of training, prediction, explanation and a race under a plan: none of them has a list of its own."""
    db = lab.copy("quick")
    names = ["weekly_km", "ln_speed", "from_longer", "ln_distance", "uncertainty"]
    lab.put(db, lab.specification(num_boost_round=10) | {"features": names})
    lab.run(db)
    model, = db.execute("SELECT model_json FROM ml_model_versions WHERE version = 2 AND status = 'accepted'").fetchone()
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.encode()))
    assert booster.feature_names == names
    served = lab.rows(db, "SELECT * FROM gold_athlete_predictions WHERE model = 'time_estimator' AND version = 2")
    assert len(served) == 4
    for row in served:
        inputs = json.loads(row["inputs"])
        assert list(inputs)[4:] == names
        value = float(booster.predict(xgboost.DMatrix(np.array([[inputs[n] for n in names]], dtype=float), feature_names=names))[0])
        assert row["predicted_s"] == pytest.approx(math.exp(inputs["base_ln_s"] + value), rel=1e-12)
    db.execute("CREATE TEMP TABLE asked AS SELECT prediction_id FROM gold_athlete_predictions WHERE version = 2 AND model = 'time_estimator' LIMIT 1")
    for statement in lab.statements((lab.ROOT / "sql" / "reports" / "explained.sql").read_text()):
        db.execute(statement)
    assert {r["feature"] for r in lab.rows(db, "SELECT feature FROM explained")} == {"", *names}
