"""A file of athletes whose days have a label that can be told, and definitions of models of them."""

import random

from helpers.extension import ROOT
from helpers.stages import BRONZE, new_database, put, rows, run, statements

DEFINE, TRAIN = "530_model_definitions", "540_train_models"
ROWS = "SELECT athlete_id, day AS as_of_date, day || 'T20:00:00Z' AS known_at, label, date(day, '+3 days') AS label_at, x, y, noise FROM days"


def definition(**changes):
    """A model of the days' label; what is None is left out."""
    found = {
        "model": "days_model", "version": "1.0.0", "entity": "athlete_id", "prediction": "label_told", "rows": ROWS, "features": ["x", "y", "noise"],
        "learner": {"kind": "gbdt", "options": {"num_boost_round": 20, "max_depth": 3, "eta": 0.3}},
        "baselines": ["x"], "evaluation": {"by": ["time", "group"], "splits": 4, "gap_days": 10},
        "gate": [{"evaluation": "time", "metric": "mae", "below": "constant"}],
    }  # fmt: skip
    return {name: value for name, value in (found | changes).items() if value is not None}


def binary(**changes):
    return definition(learner={"kind": "gbdt", "options": {"objective": "binary:logistic", "num_boost_round": 20, "max_depth": 3, "min_child_weight": 0.1}},
                      gate=[{"evaluation": "time", "metric": "auc", "above": 0.5}], **changes)  # fmt: skip


def days(seed, n_athletes=6, n_days=60, is_binary=False, gap=1):
    """(athlete, day, label, x, y, noise): what x and y say of the label, and how much is chance, stays the same."""
    chance = random.Random(seed)
    found = []
    for a in range(n_athletes):
        level = chance.gauss(0, 1)
        for d in range(0, n_days * gap, gap):
            x, y, noise = chance.gauss(level, 1), chance.uniform(0, 1), chance.gauss(0, 1)
            label = 2 * x - 3 * y + chance.gauss(0, 0.5)
            found.append((f"athlete {a}", d, float(label > 0) if is_binary else label, x, y, noise))
    return found


def database(found, *definitions):
    """With these days, and the definitions come and registered."""
    db = new_database()
    run(db, [*BRONZE, "200_silver_activities", "210_silver_sub_activity", "230_silver_trainings", "260_silver_provenance", "330_model_tables"])
    db.execute("CREATE TABLE days (athlete_id TEXT, day TEXT, label REAL, x REAL, y REAL, noise REAL, PRIMARY KEY (athlete_id, day))")
    db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", found)
    define(db, *definitions)
    return db


def define(db, *definitions):
    for each in definitions:
        put(db, each)
    run(db, ["100_bronze_strava", DEFINE])


def train(db, *definitions):
    define(db, *definitions)
    run(db, [TRAIN])
    return rows(db, "SELECT * FROM ml_runs ORDER BY run_id")


PROMOTE, SCORE = "550_promote_models", "610_score_models"


def replay(db):
    """What the report says: of each answer that is another one now, a row."""
    return [r for s in statements((ROOT / "sql" / "reports" / "replay.sql").read_text()) for r in db.execute(s).fetchall()]


def contests(seed, n, champion_errs, challenger_errs, n_athletes=12, n_days=15):
    """Models 'contest 0', …, each with a champion and a challenger that err as often as these say, athlete by athlete not alike; the
    label is 0, and what a version answers is its own feature."""
    chance = random.Random(seed)
    db = new_database()
    run(db, [*BRONZE, "200_silver_activities", "210_silver_sub_activity", "230_silver_trainings", "260_silver_provenance", "330_model_tables", DEFINE])
    db.execute("CREATE TABLE said (contest INTEGER, athlete_id TEXT, day TEXT, u INTEGER, v INTEGER, PRIMARY KEY (contest, athlete_id, day))")
    for c in range(n):
        for a in range(n_athletes):
            shift = chance.gauss(0, 0.1)
            for d in range(n_days):
                u, v = (int(chance.random() < min(max(p + shift + chance.gauss(0, 0.05), 0), 1)) for p in (champion_errs, challenger_errs))
                db.execute("INSERT INTO said VALUES (?, ?, date('2025-03-01', ? || ' days'), ?, ?)", (c, f"athlete {a}", d * 7, u, v))
    step = "SELECT model FROM gbdt_fit('{\"num_boost_round\": 1, \"eta\": 1, \"lambda\": 0, \"min_child_weight\": 0, \"base_score\": 0}', 'SELECT column1 AS y, column1 AS %s FROM (VALUES (0), (1))')"
    for c in range(n):
        rows_sql = f"SELECT athlete_id, day AS as_of_date, day AS known_at, 0.0 AS label, day AS label_at, u, v FROM said WHERE contest = {c}"
        for version, feature in ((1, "u"), (2, "v")):
            text = definition(model=f"contest_{c}", version=f"1.0.{version}", rows=rows_sql, features=[feature], baselines=[])
            put(db, text)
    run(db, ["100_bronze_strava", DEFINE])
    db.execute("INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until) SELECT bronze_id, model, bronze_id, '2025-01-01T00:00:00Z', 'finished', NULL, substr(version, 5) + 0, 1, 1, '{}', '', '2025-01-01' FROM ml_models")
    for version, feature in ((1, "u"), (2, "v")):
        db.execute(f"INSERT INTO ml_model_versions SELECT model, ?1, 'accepted', '', definition, ({step % feature}), 1, '', '2025-01-01T00:00:00Z' FROM ml_models WHERE substr(version, 5) + 0 = ?1", (version,))
    db.execute("INSERT INTO ml_aliases SELECT DISTINCT model, 'champion', 1 FROM ml_models")
    run(db, [PROMOTE])
    return db
