"""Champions are scored through the store: once for each key, with the rows that they were told, and to be told again a year later."""

import json
import re
import shutil
import sqlite3

import pytest

from helpers.athletes import demo
from helpers.models import modelled
from helpers.extension import ROOT, connect
from helpers.models.modelled import ROWS, days, definition, replay, train
from helpers.stages import STAGES, one, put, rows, run

SIXTH = json.loads(re.search(r"```json\n(.*?)```", (ROOT / "sql" / "5_models" / "README.md").read_text(), re.S)[1])
MODELS = [s for s in STAGES if "530" <= s < "600" and not s.startswith("548") or s == modelled.SCORE]


def log(db, model="%"):
    return rows(db, "SELECT * FROM inference_log WHERE model LIKE ? ORDER BY inference_id", model)


@pytest.fixture
def file(tmp_path):
    db = connect(shutil.copy(demo.database(), tmp_path / "demo.db"), isolation_level=None)
    put(db, SIXTH)
    run(db, ["100_bronze_strava", *MODELS])
    yield db
    db.close()


def test_a_prediction_is_told_again_to_the_bit_after_corrections_and_retraining(file):
    first, = log(file, "week_ahead_km")
    assert first["model"] == "week_ahead_km" and first["version"] == 1 and replay(file) == []
    source, = json.loads(first["sources"])
    assert source["group"] == "athlete_rolling_features" and source["timestamp"] <= first["known_at"] and source["superseded"] is None
    # What he ran in his last weeks turns out to be another distance, and a day is added.
    activities = [json.loads(a) for a, in file.execute("SELECT payload FROM bronze_strava_activities ORDER BY payload ->> '$.start_date' DESC LIMIT 12")]
    put(file, [a | {"distance": a["distance"] * 1.7, "moving_time": a["moving_time"] * 1.5, "elapsed_time": a["elapsed_time"] * 1.5} for a in activities], "2026-01-10T00:00:00Z")
    put(file, [activities[0] | {"id": 99, "start_date": "2026-01-08T10:00:00Z", "start_date_local": "2026-01-08T05:00:00Z"}], "2026-01-10T00:00:00Z")
    put(file, SIXTH | {"version": "1.0.1", "features": SIXTH["features"][:2]})
    run(file)
    file.execute("UPDATE ml_aliases SET version = 2 WHERE (model, alias) = ('week_ahead_km', 'champion')")
    run(file, MODELS)
    assert [(g["version"], g["prediction_date"]) for g in log(file, "week_ahead_km")] == [(1, first["prediction_date"]), (1, "2026-01-08")]
    run(file, MODELS)
    assert len(log(file, "week_ahead_km")) == 2 and log(file, "week_ahead_km")[0] == first
    now = one(file, "SELECT json_object('tsb', tsb, 'total_distance_7d_km', total_distance_7d_km) FROM athlete_rolling_features WHERE as_of_date = ?", first["prediction_date"])
    assert json.loads(now)["tsb"] != json.loads(first["features"])["tsb"]
    assert replay(file) == []
    # Without the history the store would give other values, and the report says so.
    file.execute("DELETE FROM athlete_rolling_features_history")
    assert first["inference_id"] in [r[0] for r in replay(file)]


def test_the_summary_has_one_row_for_each_athlete_and_day_and_says_what_the_tables_say(file):
    assert one(file, "SELECT COUNT(*) FROM gold_athlete_metrics_summary") == one(file, "SELECT COUNT(*) FROM athlete_rolling_features") > 2000
    last = rows(file, "SELECT * FROM gold_athlete_metrics_summary ORDER BY summary_date DESC LIMIT 1")[0]
    day = last["summary_date"]
    for d in ("5k", "10k", "21k", "42k"):
        assert last[f"race_{d}_s"] == one(file, "SELECT predicted_s FROM gold_athlete_predictions WHERE model = 'time_estimator' AND distance_class = ? AND prediction_date = date(?, '+1 day')", d, day)
    assert last["last_activity_date"] == one(file, "SELECT MAX(activity_date) FROM athlete_daily_features")
    assert [last[c] for c in ("form_tsb", "fitness_ctl", "acwr", "total_distance_7d_km")] == list(one(file, "SELECT tsb, ctl_42d, acwr, total_distance_7d_km FROM athlete_rolling_features WHERE as_of_date = ?", day))


TOLD = ROWS.replace("label,", "CASE WHEN julianday(day) < julianday('2024-02-20') THEN label END AS label,", 1)


def scored(seed, **changes):
    db = modelled.database(days(seed), definition(rows=TOLD, **changes))
    train(db)
    run(db, MODELS)
    return db


@pytest.mark.parametrize("seed", range(2))
def test_each_athlete_is_asked_about_once_for_a_day_by_the_champion_alone(seed):
    db = scored(seed)
    version, model = db.execute("SELECT version, model_json FROM ml_model_versions").fetchone()
    found = log(db)
    assert [(g["entity"], g["prediction_date"]) for g in found] == [(f"athlete {a}", "2024-02-29") for a in range(6)]
    expected = db.execute("SELECT value FROM gbdt_score(?, 'SELECT athlete_id, x, y, noise FROM days WHERE day = ''2024-02-29'' ORDER BY athlete_id')", (model,)).fetchall()
    assert [(g["predicted"],) for g in found] == expected and {g["version"] for g in found} == {version}
    assert rows(db, "SELECT athlete_id, predicted FROM gold_model_predictions") == [{"athlete_id": g["entity"], "predicted": g["predicted"]} for g in found]
    for features, (x, y) in zip((json.loads(g["features"]) for g in found), db.execute("SELECT x, y FROM days WHERE day = '2024-02-29' ORDER BY athlete_id")):
        assert (features["x"], features["y"]) == (x, y)
    # A second run adds nothing, nor does another champion; a new day does.
    db.execute("DELETE FROM ml_looks")
    run(db, [modelled.SCORE])
    db.execute("INSERT INTO days SELECT athlete_id, '2024-03-01', label, y, x, noise FROM days WHERE day = '2024-02-29' AND athlete_id < 'athlete 3'")
    db.execute("DELETE FROM ml_looks")
    run(db, [modelled.SCORE])
    assert [(g["entity"], g["prediction_date"]) for g in log(db)[6:]] == [(f"athlete {a}", "2024-03-01") for a in range(3)] and log(db)[:6] == found
    for statement in ("DELETE FROM inference_log", "UPDATE inference_log SET predicted = 0", "REPLACE INTO inference_log SELECT * FROM inference_log"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_a_day_that_is_not_over_is_not_asked_about():
    db = modelled.database(days(1), definition(rows=TOLD.replace("day || 'T20:00:00Z'", "CASE WHEN day > '2024-02-25' THEN '2999-01-01T00:00:00Z' ELSE day END")))
    train(db)
    run(db, MODELS)
    assert {g["prediction_date"] for g in log(db)} == {"2024-02-25"}
    db.close()


def test_a_champion_that_cannot_be_asked_says_why_and_the_others_answer():
    db = scored(1)
    train(db, definition(model="other", rows=TOLD))
    run(db, [modelled.PROMOTE])
    db.execute("CREATE TABLE days_2 AS SELECT * FROM days")
    train(db, definition(model="lost", rows=TOLD.replace("FROM days", "FROM days_2")))
    run(db, [modelled.PROMOTE])
    db.execute("DROP TABLE days_2")
    run(db, MODELS)
    assert rows(db, "SELECT model, version FROM inference_faults") == [{"model": "lost", "version": 1}]
    assert "no such table: days_2" in one(db, "SELECT reason FROM inference_faults")
    assert one(db, "SELECT COUNT(*) FROM inference_log WHERE model = 'other'") == 6
    db.execute("CREATE TABLE days_2 AS SELECT * FROM days")
    db.execute("DELETE FROM ml_looks")
    run(db, MODELS)
    assert one(db, "SELECT COUNT(*) FROM inference_faults") == 0 and one(db, "SELECT COUNT(*) FROM inference_log WHERE model = 'lost'") == 6
    db.close()
