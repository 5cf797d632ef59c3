"""Asks Feast, in an environment of its own, for historical features of folders that sql/tools/parquet wrote.

    feast_lookup.py questions.json answers.json

questions.json is {folder: [question]}; a question is {"requests": [{…keys, "event_timestamp": …}], "features": ["group:feature"], "filter": true}.
The answers are the views of each folder, and for each question its rows, times as text.
"""

import json
import os
import pathlib
import sys
import warnings

import pandas as pd
from feast import FeatureStore
from feast.repo_operations import parse_repo

warnings.simplefilter("ignore")


def open_store(folder):
    os.chdir(folder)  # parse_repo imports what is below the working directory
    sys.path[0] = str(folder)
    sys.modules.pop("features", None)
    store, contents = FeatureStore(repo_path=str(folder)), parse_repo(folder)
    store.apply([*contents.entities, *contents.data_sources, *contents.feature_views])
    return store, contents.feature_views


def answer(store, question):
    requests = pd.DataFrame(question["requests"])
    requests["event_timestamp"] = pd.to_datetime(requests["event_timestamp"], utc=True)
    requests["request"] = range(len(requests))
    job = store.get_historical_features(requests, features=question["features"], filter_by_created_timestamp=question["filter"])
    rows = job.to_df().sort_values("request", kind="stable")
    names = ["request", *(name.split(":")[1] for name in question["features"])]
    return [[None if pd.isna(v) else v for v in row] for row in rows[names].astype(object).values.tolist()]


def describe(view):
    features = {f.name: [str(f.dtype), f.description, f.tags.get("unit")] for f in view.features}
    return {"name": view.name, "owner": view.owner, "ttl_s": view.ttl.total_seconds() if view.ttl else None, "keys": view.join_keys, "features": features}


def main():
    questions, answers = (pathlib.Path(a).resolve() for a in sys.argv[1:])
    found = {}
    for folder, asked in json.loads(questions.read_text()).items():
        store, views = open_store(pathlib.Path(folder))
        found[folder] = {"views": [describe(v) for v in views], "answers": [answer(store, q) for q in asked]}
    answers.write_text(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
