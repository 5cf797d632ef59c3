"""Experiments, runs, versions and aliases of a database, written through MLflow's own client. What is there already is known by
a tag with our key, so nothing is doubled, and what has no such tag is somebody else's."""

import logging
import re

import mlflow
from common.database import Failure
from common.registry import named
from mlflow import exceptions
from runs import KEY, Run, every

ALIASES = ("champion", "challenger")

# A version without a run is of a training before there were runs.
RUNS = """
    SELECT r.run_id, r.model, r.model || ' run ' || r.run_id || ' of ' || r.started_at AS key, CAST(strftime('%s', r.started_at) AS INTEGER) * 1000 AS started_ms,
           r.status, r.reason, r.version, r.training_rows, r.training_spec, r.training_hash, v.model_json, v.reason AS verdict, v.status AS version_status, m.definition ->> '$.base' AS base, m.definition ->> '$.link' AS link
    FROM ml_runs AS r
    LEFT JOIN ml_model_versions AS v ON (v.model, v.version) = (r.model, r.version)
    LEFT JOIN ml_models AS m USING (bronze_id)
    UNION ALL
    SELECT NULL, v.model, v.model || ' version ' || v.version || ' of ' || v.trained_at, CAST(strftime('%s', v.trained_at) AS INTEGER) * 1000,
           'finished', NULL, v.version, v.training_rows, v.specification, v.training_hash, v.model_json, v.reason, v.status,
           CASE v.model WHEN 'time_estimator' THEN 'base_ln_s' END, NULL
    FROM ml_model_versions AS v WHERE NOT EXISTS (SELECT 1 FROM ml_runs AS r WHERE (r.model, r.version) = (v.model, v.version))
    ORDER BY 2, 4, 1"""


def mirror(db, folder):
    """A sentence of what was added, to mlflow.db in the working folder."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    client = mlflow.MlflowClient()
    found = db.execute(RUNS)
    names = [column[0] for column in found.description]
    experiments, n_runs, n_versions, n_aliases = {}, 0, 0, 0
    for told in [dict(zip(names, row)) for row in found.fetchall()]:
        model = named(told["model"], "ml_model_versions.model")
        _check_place(told)
        if model not in experiments:
            experiments[model] = _experiment(client, folder, model, first_key=told["key"])
            _registered(client, model, first_key=told["key"])
        run = Run(db, client, folder, experiments[model], told)
        n_runs += run.write()
        n_versions += run.write_version()
    for model in experiments:
        n_aliases += _write_aliases(db, client, model)
    return f"mlflow.db: {n_runs} new runs, {n_versions} new versions, {n_aliases} aliases moved"


def _check_place(told):
    """Version and hash are part of a folder's name, and the file may be anyone's."""
    if not isinstance(told["version"], (int, type(None))) or not re.fullmatch("[0-9a-f]{16,}", str(told["training_hash"] or "0" * 16)):
        raise Failure(f"version {str(told['version'])[:60]!r} of {told['model']} with the hash {str(told['training_hash'])[:60]!r} is none that athlete wrote")


def _experiment(client, folder, model, first_key):
    name = f"athlete/{model}"
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name, (folder / "mlruns" / model).as_uri(), {KEY: first_key})
    if found.lifecycle_stage == "deleted":
        raise Failure(f"the experiment {name} was deleted in mlflow.db: restore it, or delete it for good with mlflow gc")
    _check_owner(found.tags, f"an experiment {name}", first_key)
    return found.experiment_id


def _registered(client, model, first_key):
    try:
        found = client.get_registered_model(model)
    except exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(model, {KEY: first_key})
    else:
        _check_owner(found.tags, f"a registered model {model}", first_key)


def _check_owner(tags, what, first_key):
    """Ours are told from another database's by the first run that the model ever had."""
    if KEY not in tags:
        raise Failure(f"mlflow.db has {what} that is somebody else's: rename one of the two")
    if tags[KEY] != first_key:
        raise Failure(f"mlflow.db has {what} of another database ({tags[KEY]}, not {first_key}): each belongs in a folder of its own")


def _write_aliases(db, client, model):
    """How many aliases MLflow had otherwise. One that leads to a version that is not ours is somebody's, and stays."""
    wanted = dict(db.execute("SELECT alias, CAST(version AS TEXT) FROM ml_aliases WHERE model = ?", (model,)))
    ours = {str(v.version): v.tags["athlete.version"] for v in every(client.search_model_versions, f"name = '{model}'") if KEY in v.tags}
    numbers, there, moved = {version: number for number, version in ours.items()}, {alias: str(number) for alias, number in client.get_registered_model(model).aliases.items()}, 0
    for alias in ALIASES:
        number = numbers.get(wanted.get(alias))
        if there.get(alias) == number or there.get(alias, "") not in {"", *ours}:
            continue
        if number is not None:
            client.set_registered_model_alias(model, alias, number)
        else:
            client.delete_registered_model_alias(model, alias)
        moved += 1
    return moved
