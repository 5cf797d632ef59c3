"""Runs that real runners recorded, sent through the inbox and every stage that a model by definition needs."""

import json
import sys

import pandas as pd

from helpers import stages
from helpers.extension import ROOT

NEEDED = [s for s in stages.STAGES if s < "44" or "46" <= s < "48" or s in ("530_model_definitions", "540_train_models")]


def definition(model):
    return json.loads((ROOT / "schemas" / "models" / f"{model}.json").read_text())


def bodies(d):
    """Each run of a frame (helpers/athletes/break_days.py) and its runner, as Strava would tell them."""
    for athlete, gender in d.groupby("athlete").gender.first().items():
        yield {"id": int(athlete), "firstname": "A", "sex": gender}
    for i, r in enumerate(d.itertuples()):
        start = r.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield {
            "resource_state": 2, "id": i + 1, "athlete": {"id": int(r.athlete)}, "name": "Run", "sport_type": "Run", "workout_type": 0, "start_date": start,
            "start_date_local": start, "utc_offset": 0, "distance": float(r.m), "moving_time": int(r.s), "elapsed_time": int(r.s),
            "total_elevation_gain": float(r.climb),
        }  # fmt: skip


def trained(texts, model):
    """A database in which this definition was trained, and its run."""
    db = stages.new_database()
    stages.run(db, [s for s in NEEDED if s < "2"])
    db.execute("UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'")
    for text in [*texts, *(p.read_text() for p in sorted((ROOT / "schemas" / "features").glob("*.json"))), json.dumps(model)]:
        stages.put(db, text)
    stages.run(db, NEEDED)
    (run,) = stages.rows(db, "SELECT * FROM ml_runs")
    if run["status"] == "failed":
        sys.exit(run["reason"])
    return db, run


def rows(db, run):
    """What trained it, in a table: label, features, and what it said of each by either evaluation, and in which fold."""
    found = pd.DataFrame([json.loads(r) for (r,) in db.execute("SELECT row FROM training_rows(?)", (run["training_spec"],))])
    if "item" not in found:
        found["item"] = ""
    said = pd.read_sql_query("SELECT * FROM ml_run_predictions WHERE run_id = ?", db, params=(run["run_id"],))
    for evaluation in said.evaluation.unique():
        part = said[said.evaluation == evaluation].rename(columns={"fold": evaluation, "predicted": f"by_{evaluation}", "entity": "athlete_id"})
        found = found.merge(part[["athlete_id", "as_of_date", "item", evaluation, f"by_{evaluation}"]], how="left", on=["athlete_id", "as_of_date", "item"])
    found["day"] = pd.to_datetime(found.as_of_date)
    return found
