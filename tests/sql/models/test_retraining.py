"""Whether a model is trained again is decided in rows: by its schedule, by its labels, and by what became of what its champion said."""

import random

import numpy
import pandas
import pytest
from scipy import stats

from helpers.models import modelled
from helpers.models.modelled import binary, days, definition
from helpers.stages import STAGES, one, rows, run

LOSSES = "615_realised_losses"
SERVED = [*(s for s in STAGES if modelled.TRAIN <= s <= modelled.PROMOTE and not s.startswith("548")), modelled.SCORE]


def decisions(db):
    return [(d["decision"], d["kind"]) for d in rows(db, "SELECT * FROM ml_training_decisions ORDER BY decision_id")]


def older(db, n):
    """A month is not waited for: what was done before is made so many days older."""
    for table, column in (("ml_runs", "started_at"), ("ml_looks", "looked_at"), ("ml_training_requests", "asked_at"), ("ml_realised_losses", "judged_at")):
        db.execute(f"DROP TRIGGER IF EXISTS {table}_keep")
        db.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%SZ', {column}, ? || ' days')", (-n,))


def arrive(db, n, years):
    db.execute("INSERT INTO days SELECT athlete_id, date(day, ? || ' years'), label, x, y, noise FROM days LIMIT ?", (years, n))


def test_every_training_has_a_decision_with_its_kind_and_numbers():
    db = modelled.database(days(1), definition(schedule={"every_days": 28, "new_rows": 10}))
    run(db, [modelled.TRAIN, modelled.TRAIN])
    older(db, 29)
    arrive(db, 9, 1)
    run(db, [modelled.TRAIN])
    assert decisions(db) == [("TRAIN", "never_trained"), ("WAIT", "schedule")] and one(db, "SELECT COUNT(*) FROM ml_runs") == 1
    told = "29 days since the last training, and 9 new labels of 10 asked for"
    assert one(db, "SELECT reason, days_since, labels, new_labels FROM ml_training_decisions WHERE decision = 'WAIT'") == (told, 29, 369, 9)
    older(db, 29)
    run(db, [modelled.TRAIN])
    assert len(decisions(db)) == 2, "who waits for the same says so once"
    older(db, 29)
    arrive(db, 5, 2)
    run(db, [modelled.TRAIN])
    modelled.define(db, definition(version="1.0.1"))
    run(db, [modelled.TRAIN])
    assert decisions(db)[2:] == [("TRAIN", "schedule"), ("TRAIN", "definition")]
    assert [r["training_rows"] for r in rows(db, "SELECT training_rows FROM ml_runs ORDER BY run_id")] == [360, 374, 374]
    with pytest.raises(Exception, match="append-only"):
        db.execute("DELETE FROM ml_training_decisions")
    db.close()


def test_a_failure_is_tried_each_day_and_told_once():
    db = modelled.database(days(1), definition(rows=modelled.ROWS.replace("label,", "NULL AS label,", 1)))
    for _ in range(3):
        run(db, [modelled.TRAIN])
        older(db, 1)
    assert decisions(db) == [("TRAIN", "never_trained"), ("TRAIN", "failure")] and one(db, "SELECT COUNT(*) FROM ml_runs") == 1
    db.close()


@pytest.mark.parametrize("kind", ["realised_loss", "estimated_loss", "drift", "person"])
def test_a_reason_waits_until_the_model_has_cooled_off_and_has_new_labels(kind):
    db = modelled.database(days(1), definition(schedule={"every_days": 365, "new_rows": 10, "cooling_off_days": 5}))
    run(db, [modelled.TRAIN])
    older(db, 3)
    db.execute("INSERT INTO ml_training_requests (model, kind, told) VALUES ('days_model', ?, 'something moved')", (kind,))
    arrive(db, 12, 1)
    run(db, [modelled.TRAIN])
    assert decisions(db)[1:] == [("WAIT", kind)]
    assert one(db, "SELECT reason FROM ml_training_decisions WHERE decision = 'WAIT'") == "something moved; it was trained 3 days ago, and 5 are waited"
    run(db, [modelled.TRAIN])
    older(db, 1)
    run(db, [modelled.TRAIN])
    assert decisions(db)[1:] == [("WAIT", kind)] and one(db, "SELECT COUNT(*) FROM ml_training_requests") == 1
    older(db, 1)
    run(db, [modelled.TRAIN])
    assert decisions(db)[1:] == [("WAIT", kind), ("TRAIN", kind)] and rows(db, "SELECT * FROM ml_training_requests") == []
    assert [r["training_rows"] for r in rows(db, "SELECT training_rows FROM ml_runs ORDER BY run_id")] == [360, 372]
    # Without new labels it would be the same model again.
    older(db, 9)
    db.execute("INSERT INTO ml_training_requests (model, kind, told) VALUES ('days_model', ?, 'it moved again')", (kind,))
    run(db, [modelled.TRAIN])
    assert decisions(db)[3:] == [("WAIT", kind)]
    assert one(db, "SELECT reason FROM ml_training_decisions ORDER BY decision_id DESC LIMIT 1") == "it moved again; it has 0 new labels of 10 asked for"
    db.close()


def served(seed, shift, is_binary=False, n_athletes=12, n_days=40):
    """A champion that was trained on half of the days and has answered for the others, whose labels have since come, with something added
    that it knows nothing of."""
    chance = random.Random(seed)
    found = days(seed, n_athletes=n_athletes, n_days=2 * n_days, is_binary=is_binary)
    this = (binary if is_binary else definition)(evaluation={"by": ["time"], "splits": 4, "after": 0.3, "gap_days": 5})
    db = modelled.database([r for r in found if r[1] < n_days], this)
    run(db, SERVED)
    assert one(db, "SELECT version FROM ml_aliases") == 1
    for athlete, day, label, x, y, noise in found:
        if day >= n_days + 5:
            label = float(chance.random() < 0.5) if is_binary and chance.random() < shift else label + (0 if is_binary else shift)
            db.execute("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", (athlete, day, label, x, y, noise))
    query = "SELECT rowid, x, y, noise FROM days WHERE day >= date('2024-01-01', '" + str(n_days + 5) + " days')"
    db.execute("INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)"
               " SELECT 'days_model', 1, d.athlete_id, d.day, '', 'label_told', s.value, d.day, '{}', '[]', d.day"
               " FROM gbdt_score('days_model@champion', ?) AS s JOIN days AS d ON d.rowid = s.key", (query,))  # fmt: skip
    run(db, [LOSSES])
    return db


def losses(db, is_binary):
    """By athlete, of what was said in service and of what the folds said."""
    loss = lambda f: (f.predicted - f.label) ** 2 if is_binary else (f.predicted - f.label).abs()  # noqa: E731
    said = pandas.read_sql_query("SELECT g.entity, g.predicted, d.label FROM inference_log AS g JOIN days AS d ON (d.athlete_id, d.day) = (g.entity, g.prediction_date)", db)
    promised = pandas.read_sql_query("SELECT entity, predicted, label FROM ml_run_predictions WHERE evaluation = 'time'", db)
    return loss(said).groupby(said.entity).mean(), loss(promised).groupby(promised.entity).mean()


@pytest.mark.parametrize("is_binary, shift", [(False, 1.5), (True, 0.7)])
@pytest.mark.parametrize("seed", range(2))
def test_a_champion_that_loses_more_than_its_folds_promised_asks_for_a_training(seed, is_binary, shift):
    db = served(seed, shift, is_binary)
    realised, promised = losses(db, is_binary)
    found, = rows(db, "SELECT * FROM ml_realised_losses")
    assert (found["version"], found["unit"], found["n_units"], found["n_rows"]) == (1, "athlete", 12, 12 * 35)
    assert found["realised_loss"] == pytest.approx(realised.mean(), rel=1e-9) and found["promised_loss"] == pytest.approx(promised.mean(), rel=1e-9)
    assert found["p_value"] < 0.05 and stats.ttest_1samp(realised, promised.mean(), alternative="greater").pvalue < 0.05
    request, = rows(db, "SELECT * FROM ml_training_requests")
    assert request["kind"] == "realised_loss" and request["told"].startswith("error ") and "on 420 labels that came since, of 12 units (athlete)" in request["told"]
    older(db, 8)
    run(db, [modelled.TRAIN])
    assert decisions(db)[-1] in (("TRAIN", "realised_loss"), ("TRAIN", "labels")) and rows(db, "SELECT * FROM ml_training_requests") == []
    db.close()


def test_one_that_keeps_its_word_asks_for_nothing_more_often_than_by_chance():
    asked = 0
    for seed in range(16):
        db = served(seed, 0.0, n_athletes=8, n_days=24)
        found, = rows(db, "SELECT * FROM ml_realised_losses")
        realised, promised = losses(db, False)
        assert (found["p_value"] < 0.05) == (rows(db, "SELECT * FROM ml_training_requests") != [])
        assert found["p_value"] == pytest.approx(stats.ttest_1samp(realised, promised.mean(), alternative="greater").pvalue, abs=0.12)
        asked += found["p_value"] < 0.05
        db.close()
    assert asked <= stats.binom.ppf(0.999, 16, 0.05)


def test_labels_are_looked_for_once_a_week_or_of_another_champion_and_a_look_is_kept_where_it_saw_more():
    db = served(1, 0.0)
    looks = lambda: one(db, "SELECT rows_in FROM ops_runs WHERE stage = ? ORDER BY run_id DESC LIMIT 1", LOSSES)  # noqa: E731
    assert looks() > 0
    run(db, [LOSSES])
    assert looks() == 0
    for n, reads in ((6, False), (1, True)):
        older(db, n)
        run(db, [LOSSES])
        assert (looks() > 0) == reads
    assert one(db, "SELECT COUNT(*) FROM ml_realised_losses") == 1
    db.close()


def test_rows_that_fail_stop_nobody_and_few_labels_ask_for_nothing():
    db = served(2, 3.0, n_athletes=6, n_days=24)
    db.execute("DELETE FROM ml_training_requests")
    older(db, 8)
    db.execute("DELETE FROM days WHERE day > date('2024-01-01', '32 days')")
    run(db, [LOSSES])
    assert rows(db, "SELECT * FROM ml_training_requests") == []  # 24 labels, asked for are 30
    older(db, 8)
    db.execute("ALTER TABLE days RENAME TO gone")
    run(db, [LOSSES])
    assert "days_model: " in one(db, "SELECT message FROM ops_runs WHERE stage = ? ORDER BY run_id DESC LIMIT 1", LOSSES) and numpy.isfinite(one(db, "SELECT MAX(n_rows) FROM ml_realised_losses"))
    db.close()
