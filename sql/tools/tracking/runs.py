"""A run as MLflow has it: parameters, curves, what it learned from, and the version that came of it."""

import json
import pathlib
import re
import shutil
import tempfile

import mlflow
from common import database
from mlflow import entities

KEY = "athlete.key"
FLAVOR = pathlib.Path(__file__).with_name("flavor.py")
BATCH = {"params": 100, "metrics": 900, "tags": 100}  # what one call may hold
TAG_CHARACTERS, SPEC_CHARACTERS, DIGEST_CHARACTERS, NAME_CHARACTERS = 5000, 60000, 36, 120  # and each of these

METRICS = "SELECT evaluation, predictor, metric, step, value FROM ml_run_metrics WHERE run_id = ? ORDER BY evaluation, predictor, metric, step"
SLICES = "SELECT evaluation, slice, predictor, metric, value FROM ml_run_slices WHERE run_id = ? ORDER BY evaluation, slice, predictor, metric"
SURVEY_METRICS = "SELECT source, distance_class, mae_s, rmse_s, mape_pct FROM ml_metrics WHERE model = ? AND version = ? ORDER BY source, distance_class"
# What it is worth since: chunks whose labels have all come.
LIVE = "SELECT chunk, metric, estimated, realized FROM mon_performance_estimates WHERE model = ? AND version = ? AND is_final ORDER BY chunk, metric"


def every(search, *given, **named):
    """All that a search finds, page by page."""
    found = search(*given, **named)
    while True:
        yield from found
        if not found.token:
            return
        found = search(*given, **named, page_token=found.token)


class Run:
    """`told` is a row of mirror.RUNS."""

    def __init__(self, db, client, folder, experiment, told):
        self._db, self._client, self._folder, self._experiment, self._told = db, client, folder, experiment, told
        self._there = None

    def write(self):
        """1 if it is new. One that was left half-written is written to its end: the same again is not another row. One that was
        deleted in MLflow stays so."""
        found = self._client.search_runs([self._experiment], f"tags.`{KEY}` = '{self._told['key']}'", run_view_type=entities.ViewType.ALL)
        is_new = not found or found[0].info.status == "RUNNING"
        self._there = found[0] if found else self._client.create_run(self._experiment, self._told["started_ms"], {KEY: self._told["key"]}, self._told["key"])
        if self._there.info.lifecycle_stage == "deleted":
            return 0
        if is_new:
            self._write_what_stays()
        self._write_what_changes()
        return int(is_new)

    def _write_what_stays(self):
        told, mine, has_finished = self._told, self._there.info.run_id, self._told["status"] == "finished"
        params = [entities.Param(name, str(value)) for name, value in self._db.execute("SELECT name, value FROM ml_run_params WHERE run_id = ? ORDER BY name", (told["run_id"],))]
        self._log(params=params, metrics=self._metrics() if has_finished else [])  # a failed run has nothing that a search could take for a result
        if told["training_hash"]:
            dataset = entities.Dataset(told["model"], told["training_hash"][:DIGEST_CHARACTERS], "sqlite", json.dumps({"table": told["model"]}),
                                       profile=json.dumps({"rows": told["training_rows"], "spec": (told["training_spec"] or "")[:SPEC_CHARACTERS]}))  # fmt: skip
            self._client.log_inputs(mine, [entities.DatasetInput(dataset, [entities.InputTag("mlflow.data.context", "training")])])
        self._client.set_terminated(mine, "FINISHED" if has_finished else "FAILED", told["started_ms"])

    def _write_what_changes(self):
        """Tags, which are anyone's, and what the version is worth since."""
        told, has = self._told, self._there.data.tags
        tags = {"athlete.reason": told["reason"] or told["verdict"], "athlete.training_hash": told["training_hash"], "athlete.version": told["version"]}
        tags |= dict(self._db.execute("SELECT name, value FROM ml_run_tags WHERE run_id = ?", (told["run_id"],)))
        live = self._db.execute(LIVE, (told["model"], told["version"])).fetchall() if told["version"] and database.has(self._db, "mon_performance_estimates") else []
        done = int(has.get("athlete.live_chunks", 0))
        n_chunks = max((chunk + 1 for chunk, *_ in live), default=0)
        if n_chunks > done:
            tags["athlete.live_chunks"] = n_chunks
        metrics = [entities.Metric(f"live.{metric}.{name}", value, told["started_ms"], chunk) for chunk, metric, *both in live if chunk >= done
                   for name, value in zip(("estimated", "realized"), both) if value is not None]  # fmt: skip
        told_tags = {name: str(value)[:TAG_CHARACTERS] for name, value in tags.items() if value is not None}
        self._log(metrics=metrics, tags=[entities.RunTag(name, value) for name, value in told_tags.items() if has.get(name) != value])

    def _log(self, **kinds):
        for kind, rows in kinds.items():
            for start in range(0, len(rows), BATCH[kind]):
                self._client.log_batch(self._there.info.run_id, **{kind: rows[start : start + BATCH[kind]]})

    def _metrics(self):
        """The model's own by their plain names, by time where it was judged so; all of them with evaluation and predictor, folds as
        steps; and what training said round by round."""
        found, plain = [], {}
        for evaluation, predictor, metric, step, value in self._db.execute(METRICS, (self._told["run_id"],)):
            found.append((f"{evaluation}.{metric}" + ("" if predictor == "model" else f".{predictor}"), value, step))
            if predictor == "model" and step == 0 and (evaluation == "time" or metric not in plain):
                plain[metric] = value
        if database.has(self._db, "ml_run_slices"):
            for evaluation, of, predictor, metric, value in self._db.execute(SLICES, (self._told["run_id"],)):
                found.append((f"{evaluation}.{metric}" + ("" if predictor == "model" else f".{predictor}") + f" of {_named(of)}", value, 0))
        if self._told["run_id"] is None:
            for source, distance, mae, rmse, mape in self._db.execute(SURVEY_METRICS, (self._told["model"], self._told["version"])):
                found += [(f"{source}.{distance}.{name}", value, 0) for name, value in (("mae_s", mae), ("rmse_s", rmse), ("mape_pct", mape)) if value is not None]
        history = _member(_member(_learner(self._told["model_json"]), "attributes"), "athlete_history")
        found += [(f"rounds.{name}", value, step) for name, values in history.items() if isinstance(values, list) for step, value in enumerate(values, 1) if isinstance(value, (int, float))]
        found += [(name, value, 0) for name, value in plain.items()]
        return [entities.Metric(name, value, self._told["started_ms"], step) for name, value, step in found]

    def write_version(self):
        """1 if it is new; of what XGBoost does not load there is none."""
        told = self._told
        if told["version"] is None or not _learner(told["model_json"]):
            return 0
        if any(v.tags.get(KEY) == told["key"] for v in every(self._client.search_model_versions, f"name = '{told['model']}'")):
            return 0
        tags = {KEY: told["key"], "athlete.version": str(told["version"]), "athlete.status": told["version_status"]}
        self._client.create_model_version(told["model"], self._stored().as_uri(), self._there.info.run_id, tags, description=told["verdict"])
        return 1

    def _stored(self):
        """The folder that MLflow loads, made beside and moved to its place, so that it is whole or not there."""
        place = self._folder / "mlruns" / self._told["model"] / f"version-{self._told['version']}-{self._told['training_hash'][:16]}"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent) as made:
                (pathlib.Path(made) / "model.json").write_text(self._told["model_json"], encoding="utf-8")
                mlflow.pyfunc.save_model(f"{made}/whole", python_model=str(FLAVOR), artifacts={"model": (pathlib.Path(made) / "model.json").as_uri()},
                                         model_config={"base": self._told["base"], "link": self._told["link"]}, pip_requirements=["mlflow", "numpy", "pandas", "xgboost-cpu"])  # fmt: skip
                shutil.move(f"{made}/whole", place)
        return place


def _named(of):
    """What every MLflow takes in the name of a metric; any other character is its number between dashes, so that no two become one."""
    return re.sub(r"[^A-Za-z0-9_. ]", lambda found: f"-{ord(found[0]):x}-", of)[:NAME_CHARACTERS]


def _learner(model_json):
    """Of trees; nothing of what XGBoost does not load, such as clusters."""
    return _member(_member({"model": model_json}, "model"), "learner")


def _member(found, name):
    """An object within another, also one as text; empty where there is none, since what a file holds may be anything."""
    value = found.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    return value if isinstance(value, dict) else {}
