"""What MLflow itself says of the mlflow.db in the working folder; run by a Python that has it. Reads a list of what to do as JSON, prints
what came of each."""

import json
import logging
import sys
import warnings

import mlflow
import pandas
from mlflow.entities import ViewType

warnings.simplefilter("ignore")
for name in ("mlflow", "alembic"):
    logging.getLogger(name).setLevel(logging.ERROR)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = mlflow.MlflowClient()


def predictions(uri, rows):
    """Each number as its hexadecimal digits, of each column that comes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame(rows))
    columns = found.items() if isinstance(found, pandas.DataFrame) else [("value", found)]
    return {name: [float(x).hex() for x in values] for name, values in columns}


def run(found):
    mine = found.info.run_id
    curves = {key: sorted((m.step, m.value) for m in client.get_metric_history(mine, key)) for key in found.data.metrics}
    return {
        "name": found.info.run_name, "status": found.info.status, "params": found.data.params, "metrics": curves,
        "tags": {k: v for k, v in found.data.tags.items() if not k.startswith("mlflow.")},
        "datasets": [[d.dataset.name, d.dataset.digest, d.dataset.source_type, [t.value for t in d.tags]] for d in found.inputs.dataset_inputs],
    }  # fmt: skip


def tell(_):
    experiments = {e.experiment_id: e.name for e in client.search_experiments()}
    versions = [v for m in client.search_registered_models() for v in client.search_model_versions(f"name = '{m.name}'")]
    names = {r.info.run_id: r.info.run_name for r in client.search_runs([*experiments], run_view_type=ViewType.ALL)}
    return {
        "experiments": {name: sorted((run(r) for r in client.search_runs([number])), key=lambda told: told["name"]) for number, name in experiments.items()},
        "versions": sorted([v.name, str(v.version), v.description, dict(v.tags), names.get(v.run_id)] for v in versions),
        "aliases": {m.name: {alias: str(number) for alias, number in client.get_registered_model(m.name).aliases.items()} for m in client.search_registered_models()},
    }  # fmt: skip


def search(asked):
    numbers = [e.experiment_id for e in client.search_experiments()]
    return sorted(r.info.run_name for r in client.search_runs(numbers, asked["filter"]))


def plant(asked):
    """What somebody else keeps there."""
    number = client.create_experiment(asked["experiment"])
    theirs = client.create_run(number, run_name="theirs")
    client.log_metric(theirs.info.run_id, "mae", 0.05)
    client.create_registered_model(asked["model"])
    client.create_model_version(asked["model"], "file:///nowhere", theirs.info.run_id)
    client.set_registered_model_alias(asked["model"], "champion", "1")


WHAT = {"tell": tell, "search": search, "plant": plant, "predict": lambda asked: predictions(asked["uri"], asked["rows"])}
print(json.dumps([WHAT[asked["do"]](asked) for asked in json.load(sys.stdin)]))
