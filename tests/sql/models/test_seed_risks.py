"""The four ways in which such a system is known to go wrong, each put back into a stage: the check that guards against it
passes on the stage as it is and fails on the stage with the fault."""

import functools
import re
import sqlite3

import pytest

from helpers.athletes import future, lab

# --- R1: features that have seen the race ----------------------------------------------------------------------------

RACE_DATE = "2023-12-09"  # after a marathon within the 90 days, and far from the runner's usual times
LEAKS = {
    "form of the race day": (
        "f.as_of_date = date(q.as_of_date, '-1 day') AND f.available_at <= q.known_at",
        "f.as_of_date = q.as_of_date"),
    "a race that sees itself": (
        "r.race_date < q.as_of_date AND r.race_date >= date(q.as_of_date, '-730 days')\n                          AND r.available_at <= q.known_at",
        "r.race_date <= q.as_of_date"),
    "runs to come": (
        "past_run AS e ON e.athlete_id = q.subject AND e.local_date < q.as_of_date AND e.local_date >= q.since\n"
        "                          AND e.available_at <= q.known_at",
        "past_run AS e ON e.athlete_id = q.subject AND e.local_date <> q.as_of_date"),
    "kilometres of the week after": (
        "y.activity_date < m.as_of_date\n      AND y.available_at <= m.known_at",
        "y.activity_date < date(m.as_of_date, '+7 days')"),
}


@pytest.fixture(scope="module")
def worlds():
    """Databases of the world as it was and of the one with garbage from the race on, before stage 40, as bytes."""
    return [lab.database(w, names=[s for s in lab.EVIDENCE if s != lab.ROWS]).serialize() for w in future.worlds(RACE_DATE)]


def sees_the_future(worlds, changed=None):
    found = []
    for world in worlds:
        db = lab.database(names=lab.BRONZE)
        db.deserialize(world)
        lab.run(db, [lab.ROWS], changed)
        found.append([{k: v for k, v in r.items() if k != "seconds"} for r in lab.rows(
            db, "SELECT * FROM time_estimator_rows WHERE source = 'history' AND as_of_date = ?", RACE_DATE)])
        db.close()
    assert len(found[0]) == 1
    return found[0] != found[1]


def test_r1_the_evidence_does_not_see_the_race(worlds):
    assert not sees_the_future(worlds)


@pytest.mark.parametrize("leak", LEAKS)
def test_r1_a_leaking_join_is_caught(worlds, leak):
    assert sees_the_future(worlds, lab.replaced(lab.ROWS, *LEAKS[leak]))


# --- R2: judged on what it was trained on ----------------------------------------------------------------------------

TRAIN, PROMOTE = "540_train_models", "550_promote_models"
BY_TIME = "ELSE s.as_of_date < t.train_before AND s.label_until < t.from_date END;"
SPLITS = {
    "a random tenth": ("THEN s.group_fold <> t.fold", "THEN s.row_id * 7919 % 10 + 1 <> t.fold", "an athlete that trained it"),
    "no gap before the year": ("date(f.from_date, -d.gap_days || ' days')", "f.from_date", "a day that its training knew"),
    "the year itself": (BY_TIME, "ELSE s.as_of_date < t.until_date END;", "a day that its training knew"),
    "races of all years": (BY_TIME, "ELSE 1 END;", "a day that its training knew"),
}


def trained(changed=None):
    """The runner and the survey with ten small trees, trained for the first time, with a gap in which there are races."""
    db = lab.copy("untrained")
    db.execute("UPDATE ops_config SET value = 200 WHERE name = 'cv_gap_days'")
    if changed and lab.ROWS in changed:
        db.execute("DELETE FROM time_estimator_rows")
        db.execute("DELETE FROM ops_watermarks WHERE stage = ?", (lab.ROWS,))
        lab.run(db, [lab.ROWS], changed)
    lab.run(db, lab.TRAIN, changed)
    return db


def test_r2_training_passes_its_own_audit():
    assert lab.one(trained(), "SELECT COUNT(*) FROM ml_model_versions") == 1


@pytest.mark.parametrize("split", SPLITS)
def test_r2_a_random_split_is_stopped_by_the_audit(split):
    was, becomes, told = SPLITS[split]
    with pytest.raises(sqlite3.OperationalError, match=f"a model is judged on {told}"):
        trained(lab.replaced(TRAIN, was, becomes))


def test_r2_rows_of_a_runner_in_several_folds_train_nothing():
    db = trained(lab.replaced(lab.ROWS, "(r.runner_id * 7919) % 10", "CAST(r.seconds AS INTEGER) % 10"))
    assert lab.one(db, "SELECT COUNT(*) FROM ml_model_versions") == 0
    assert re.fullmatch(r"rows: survey \d+ is in the folds \d and \d of survey_fold, so that .*", lab.one(db, "SELECT reason FROM ml_runs WHERE status = 'failed'"))


# --- R3: a bad model in service --------------------------------------------------------------------------------------


def again(db, version):
    """The definition of the same model comes again, to be trained and judged by the gate of today."""
    lab.put(db, lab.specification(num_boost_round=10) | {"version": version})


def tighten(db, gate_s, changed=None):
    """Another gate, and a new day with activities."""
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'gate_mae_10k_s'", (gate_s,))
    again(db, "2.0.2")
    lab.put(db, dict(lab.runner_activities()[0], id=99, start_date="2025-11-02T14:00:00Z"))
    lab.run(db, changed=changed)
    return db


def serves_a_model_that_missed_the_gate(changed=None):
    db = tighten(lab.copy("quick"), 100, changed)
    missed = "SELECT MAX(version) FROM ml_metrics WHERE model = 'time_estimator' AND source = 'survey' AND distance_class = '10k' AND mae_s >= 100"
    return lab.one(db, f"SELECT COUNT(*) FROM gold_athlete_predictions WHERE prediction_date = '2025-11-03' AND version = ({missed})") > 0


def test_r3_a_version_that_misses_the_gate_is_refused_with_its_reason_and_the_one_before_stays_in_service():
    db = tighten(lab.copy("quick"), 100)
    first, second = lab.rows(db, "SELECT version, status, reason FROM ml_model_versions ORDER BY version")
    error = lab.one(db, "SELECT mae_s FROM ml_metrics WHERE version = 2 AND model = 'time_estimator' AND source = 'survey' AND distance_class = '10k'")
    assert (first["status"], second["status"]) == ("accepted", "refused")
    told = re.fullmatch(r"mae by group of survey 10k is ([\d.]+), asked for is less than gate_mae_10k_s, 100\.0", second["reason"])
    assert float(told[1]) == pytest.approx(error, abs=6e-4)
    assert lab.one(db, "SELECT message FROM ops_runs WHERE stage = ? ORDER BY run_id DESC LIMIT 1", TRAIN) == f"time_estimator version 2 refused: {second['reason']}"
    assert lab.one(db, "SELECT COUNT(*), MIN(version), MAX(version) FROM gold_athlete_predictions WHERE prediction_date = '2025-11-03'") == (15, 1, 1)


def test_r3_without_any_accepted_version_nothing_is_predicted():
    db = lab.copy("untrained")
    db.execute("UPDATE ops_config SET value = 100 WHERE name = 'gate_mae_10k_s'")
    lab.put(db, dict(lab.runner_activities()[0], id=99, start_date="2025-11-02T14:00:00Z"))
    lab.run(db)
    assert lab.one(db, "SELECT group_concat(status) FROM ml_model_versions") == "refused"
    assert lab.one(db, "SELECT COUNT(*) FROM gold_athlete_predictions WHERE prediction_date = '2025-11-03'") == 0


def test_r3_a_wider_gate_accepts_the_same_model_as_a_new_version():
    db = tighten(lab.copy("quick"), 100)
    db.execute("UPDATE ops_config SET value = 180 WHERE name = 'gate_mae_10k_s'")
    again(db, "2.0.3")
    lab.run(db)
    assert lab.one(db, "SELECT group_concat(status) FROM (SELECT status FROM ml_model_versions ORDER BY version)") == "accepted,refused,accepted"
    assert lab.one(db, "SELECT COUNT(DISTINCT model_json) FROM ml_model_versions") == 1
    assert lab.one(db, "SELECT MAX(version) FROM gold_athlete_predictions") == 3


def test_r3_no_gate_is_caught():
    assert not serves_a_model_that_missed_the_gate()
    assert serves_a_model_that_missed_the_gate(lab.replaced(TRAIN, "CASE WHEN g.passes THEN 'accepted' ELSE 'refused' END", "'accepted'"))
    # A champion that was refused is stopped by the alias itself; without that it would be asked.
    whoever = lab.replaced(PROMOTE, " AND v.status = 'accepted'", "")
    with pytest.raises(sqlite3.IntegrityError, match="an alias names an accepted version"):
        serves_a_model_that_missed_the_gate(whoever)
    names_what_is_refused = {PROMOTE: whoever[PROMOTE].replace("INSERT INTO ml_aliases", "DROP TRIGGER ml_aliases_added;\nDROP TRIGGER ml_aliases_moved;\nINSERT INTO ml_aliases")}
    assert serves_a_model_that_missed_the_gate(names_what_is_refused)


# --- R5: predictions that are written over ---------------------------------------------------------------------------

APPEND = lab.STAGES[lab.PREDICT][lab.STAGES[lab.PREDICT].index("INSERT INTO gold_athlete_predictions"):]
APPEND = APPEND[: APPEND.index(";") + 1]
SELECT = "(athlete_id, prediction_date, distance_class, model, version, predicted_s, lower_s, upper_s, known_at, inputs) SELECT athlete_id," \
         " prediction_date, distance_class, model, version, predicted_s + 1, lower_s, upper_s, known_at, inputs FROM computed WHERE true"
OVERWRITES = {
    "replace": f"INSERT OR REPLACE INTO gold_athlete_predictions {SELECT};",
    "replace by number": "INSERT OR REPLACE INTO gold_athlete_predictions SELECT prediction_id, athlete_id, prediction_date, distance_class, model,"
                         " version, 1.0, NULL, NULL, known_at, '' FROM gold_athlete_predictions;",
    "upsert": f"INSERT INTO gold_athlete_predictions {SELECT}"
              " ON CONFLICT (athlete_id, prediction_date, distance_class, model, version, inputs) DO UPDATE SET predicted_s = excluded.predicted_s;",
    "update": "UPDATE gold_athlete_predictions SET predicted_s = predicted_s + 1;",
    "delete the day": "DELETE FROM gold_athlete_predictions WHERE prediction_date IN (SELECT prediction_date FROM computed);" + APPEND,
    "delete all": "DELETE FROM gold_athlete_predictions;" + APPEND,
}
PREDICTIONS = "SELECT * FROM gold_athlete_predictions ORDER BY prediction_id"


@functools.lru_cache(maxsize=None)
def twice_predicted():
    """A database with two predictions for one day, the second after a race was corrected, as bytes."""
    db = lab.copy("quick")
    race = next(a for a in lab.runner_activities() if a.get("workout_type") == 1 and a["start_date"].startswith("2025-05-17"))
    lab.put(db, dict(race, elapsed_time=race["elapsed_time"] - 120, moving_time=race["moving_time"] - 120))
    lab.run(db)
    return db.serialize()


def twice_predicted_copy():
    db = lab.copy("quick")
    db.deserialize(twice_predicted())
    db.execute("DELETE FROM ops_watermarks WHERE stage = ?", (lab.PREDICT,))  # so that everyone is predicted anew
    return db


def test_r5_other_evidence_for_the_same_day_is_a_new_prediction_beside_the_old():
    before, after = lab.copy("quick").execute(PREDICTIONS).fetchall(), twice_predicted_copy().execute(PREDICTIONS).fetchall()
    assert after[: len(before)] == before and len(before) == 15 and len(after) == 30
    assert {r[2] for r in after} == {"2025-10-20"}


@pytest.mark.parametrize("overwrite", OVERWRITES)
def test_r5_a_stage_that_overwrites_predictions_is_stopped_and_they_stay(overwrite):
    db = twice_predicted_copy()
    before = db.execute(PREDICTIONS).fetchall()
    with pytest.raises(sqlite3.Error, match="gold_athlete_predictions is append-only"):
        lab.run(db, [lab.PREDICT], lab.replaced(lab.PREDICT, APPEND, OVERWRITES[overwrite]))
    assert db.execute(PREDICTIONS).fetchall() == before
    lab.run(db, [lab.PREDICT])
    assert db.execute(PREDICTIONS).fetchall() == before


@pytest.mark.parametrize("overwrite", OVERWRITES)
def test_r5_without_the_triggers_the_predictions_would_be_lost(overwrite):
    db = twice_predicted_copy()
    before = db.execute(PREDICTIONS).fetchall()
    changed = lab.replaced(lab.PREDICT, APPEND, OVERWRITES[overwrite])
    changed[lab.PREDICT] = changed[lab.PREDICT].replace("RAISE(ABORT, 'gold_athlete_predictions is append-only')", "1")
    for trigger in ("keep", "stay", "once"):
        db.execute(f"DROP TRIGGER gold_athlete_predictions_{trigger}")
    lab.run(db, [lab.PREDICT], changed)
    assert not set(before) <= set(db.execute(PREDICTIONS).fetchall())


def test_r5_predictions_of_two_days_both_stay():
    db = lab.copy("quick")
    before = db.execute(PREDICTIONS).fetchall()
    db.execute("UPDATE ops_config SET value = '2025-10-26' WHERE name = 'as_of_date'")
    lab.run(db)
    after = db.execute(PREDICTIONS).fetchall()
    assert after[: len(before)] == before and len(after) == 2 * len(before)
    assert {r[2] for r in after} == {"2025-10-20", "2025-10-27"}


@pytest.mark.parametrize("table", ["ml_validation_predictions", "ml_intervals", "ml_metrics"])
def test_r5_what_a_version_was_judged_by_is_append_only(table):
    db = lab.copy("quick")
    before = lab.rows(db, f"SELECT * FROM {table}")
    for statement in (f"UPDATE {table} SET version = version + 1", f"DELETE FROM {table}", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            db.execute(statement)
    assert before and lab.rows(db, f"SELECT * FROM {table}") == before
