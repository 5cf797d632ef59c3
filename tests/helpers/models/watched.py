"""A champion, what it says of days that come after its training, and their labels as they come."""

import json

import numpy as np

from helpers.models import modelled
from helpers.stages import rows, run

ESTIMATE = "710_estimated_performance"
WAITS = modelled.ROWS.replace("label,", "CASE WHEN day < (SELECT day FROM labels_until) THEN label END AS label,", 1)


def cases(chance, n, is_binary, is_harder=False, is_otherwise=False):
    """x, y, noise and label of n rows. Of a number the error grows with y, of a yes or no near x = 0: harder rows have more of these.
    Otherwise: the same rows mean something else."""
    x = chance.normal(0, 0.4 if is_harder and is_binary else 2, n)
    y, noise = chance.uniform(0.8 if is_harder else 0, 1, n), chance.normal(0, 1, n)
    if is_binary:
        label = (chance.random(n) < 1 / (1 + np.exp(-3 * x * (-1 if is_otherwise else 1)))).astype(float)
    else:
        label = 2 * x + 4 * is_otherwise + chance.normal(0, 1, n) * (0.2 + 2 * y**2)
    return [tuple(map(float, row)) for row in zip(label, x, y, noise)]


def put_days(db, first_day, found, n_athletes=10):
    db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)",
                   [(f"athlete {i % n_athletes}", first_day + i // n_athletes, *row) for i, row in enumerate(found)])  # fmt: skip


def champion(seed, is_binary, n=1000, rows_sql=WAITS):
    """A file with a model of 100 days of ten athletes."""
    kind = modelled.binary if is_binary else modelled.definition
    db = modelled.database([])
    db.execute("CREATE TABLE labels_until AS SELECT '9999-12-31' AS day")
    put_days(db, 0, cases(np.random.default_rng(seed), n, is_binary))
    modelled.train(db, kind(rows=rows_sql))
    run(db, ["546_loss_models", "547_model_intervals", modelled.PROMOTE, modelled.SCORE])
    return db


def predict(db, first_day, n_days):
    """The champion says of these days what it would have said one by one; labels are awaited from then on."""
    db.execute("UPDATE labels_until SET day = date('2024-01-01', ? || ' days')", (first_day,))
    known = "FROM days WHERE day >= date('2024-01-01', ?1 || ' days') AND day < date('2024-01-01', (?1 + ?2) || ' days')"
    asked = rows(db, f"SELECT rowid AS key, * {known} ORDER BY day, athlete_id", first_day, n_days)
    db.execute("CREATE TEMP TABLE IF NOT EXISTS to_say (key, x, y, noise)")
    db.execute("DELETE FROM temp.to_say")
    db.executemany("INSERT INTO temp.to_say VALUES (:key, :x, :y, :noise)", asked)
    said = dict(db.execute("SELECT key, value FROM gbdt_score((SELECT model_json FROM ml_references WHERE reference = 'days_model@champion'), 'SELECT * FROM temp.to_say')").fetchall())
    calibrator = db.execute("SELECT content FROM ml_run_artifacts WHERE name = 'calibrator'").fetchone()
    assert calibrator is None
    db.executemany("INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)"
                   " VALUES ('days_model', 1, :athlete_id, :day, '', 'label_told', :said, :day, :row, '[]', :day)",
                   [row | {"said": said[row["key"]], "row": json.dumps({name: row[name] for name in ("x", "y", "noise")})} for row in asked])  # fmt: skip


def replace(db):
    """Another version takes the champion's place, as it does each month."""
    definition = json.loads(db.execute("SELECT definition FROM ml_models_current WHERE model = 'days_model'").fetchone()[0])
    definition["learner"]["options"]["num_boost_round"] += 1
    modelled.train(db, definition | {"version": "1.0.1"})
    run(db, ["546_loss_models"])
    assert db.execute("SELECT MAX(version) FROM ml_model_versions").fetchone() == (2,)
    db.execute("UPDATE ml_aliases SET version = 2 WHERE alias = 'champion'")
    predicted = "SELECT model, 2, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at FROM inference_log WHERE inference_id = (SELECT MAX(inference_id) FROM inference_log)"
    db.execute("INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at) " + predicted.replace("prediction_date,", "date(prediction_date, '+1 day'),", 1))


def labels_come(db, until_day):
    db.execute("UPDATE labels_until SET day = date('2024-01-01', ? || ' days')", (until_day,))


def estimate(db, metric=None):
    """The chunks, after a look that is not put off."""
    db.execute("DELETE FROM ml_looks WHERE stage = ?", (ESTIMATE,))
    run(db, [ESTIMATE])
    return rows(db, "SELECT * FROM mon_performance_estimates WHERE metric = coalesce(?, metric) ORDER BY version, chunk, metric", metric)
