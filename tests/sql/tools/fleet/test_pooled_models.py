"""A model of all athletes is the same to the byte, in however many files their rows were, and goes back to each athlete's file."""

import hashlib
import json
import sqlite3

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.machine.soak import sized
from helpers.stores import fleets
from helpers.tools import tool

ATHLETES = range(1, sized(4, 9))
MODELS = "SELECT v.model, v.model_json, v.training_hash, v.training_rows FROM ml_model_versions AS v JOIN ml_runs USING (model, version) ORDER BY model, version"

pytestmark = pytest.mark.unsanitized  # the stages again


def trained(db):
    """Of each model the newest version: its bytes by their hash, since what differs would be megabytes to show, and what it learned from."""
    return {model: [hashlib.sha256(text.encode()).hexdigest(), *rest] for model, text, *rest in db.execute(MODELS)}


def written(folder):
    return fleets.written(folder / "all.ndjson", fleets.objects(ATHLETES))


def estimator(folder):
    """Its definition by another owner: a pool has trained it on the survey, and does it again with the rows of all."""
    told = json.loads((ROOT / "schemas" / "models" / "time_estimator.json").read_text()) | {"owner": "everybody"}
    (folder / "estimator.json").write_text(json.dumps(told))
    return folder / "estimator.json"


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """All in one file, by the ordinary tools."""
    folder = tmp_path_factory.mktemp("one")
    path = demo.build(folder / "one.db", written(folder), *demo.REFERENCE, estimator(folder))
    with sqlite3.connect(path) as db:
        return trained(db)


def pooled(folder, partitions):
    fleets.ran(folder / "out", written(folder), partitions=partitions)
    with sqlite3.connect(folder / "out" / "pool.db") as db:
        db.execute(demo.MAY_TRAIN)
    db.close()
    assert tool("import", folder / "out" / "pool.db", estimator(folder)).returncode == 0
    done = fleets.fleet("pool", folder / "out")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(folder / "out" / "pool.db") as db:
        return trained(db), done.stdout


@pytest.mark.parametrize("partitions", [7, pytest.param(1, marks=pytest.mark.soak), pytest.param(64, marks=pytest.mark.soak)])
def test_shards_change_no_byte_of_a_model_and_no_row_of_its_training(tmp_path, one, partitions):
    found, told = pooled(tmp_path, partitions)
    assert "pace_predictor: version 1" in told
    assert found["pace_predictor"] == one["pace_predictor"] and one["pace_predictor"][2] > 30 * len(ATHLETES)
    assert {name: found[name] for name in one} == one
    # and back: each file is asked by the model of all
    assert fleets.ran(tmp_path / "out").startswith(f"{len(ATHLETES)} athletes advanced")
    files = sorted((tmp_path / "out").glob("partition=*/files/*.db"))
    assert len(files) == len(ATHLETES)
    aliases = "SELECT model, alias, version FROM ml_aliases ORDER BY 1, 2"
    with sqlite3.connect(tmp_path / "out" / "pool.db") as db:
        champions = db.execute(aliases).fetchall()
    db.close()
    assert "time_estimator" in {model for model, *_ in champions}
    for file in files:
        with sqlite3.connect(file) as db:
            assert trained(db) == found and db.execute(aliases).fetchall() == champions
            asked = db.execute("SELECT DISTINCT athlete_id FROM gold_athlete_predictions JOIN ml_aliases USING (model, version)").fetchall()
            assert asked == [(file.stem,)]
        db.close()


def test_above_the_limit_whole_athletes_train_and_the_run_says_so(tmp_path):
    import pool
    import pyarrow.parquet as pq

    fleets.ran(tmp_path / "out", written(tmp_path), partitions=2)
    with sqlite3.connect(tmp_path / "out" / "pool.db") as db:
        db.execute(demo.MAY_TRAIN)
    db.close()
    rows = []
    for number in range(2):
        pool.task({"folder": str(tmp_path / "out"), "extension": fleets.EXTENSION_FILE}, number, tmp_path)
        rows.append(tmp_path / f"{number:05d}.parquet")
    whole = [row for file in rows for row in pq.read_table(file).to_pylist()]
    list(pool.train(tmp_path / "out" / "pool.db", rows, limit=len(whole) // 2))
    with sqlite3.connect(tmp_path / "out" / "pool.db") as db:
        kept = db.execute("SELECT model, entity, origin, row FROM ml_pooled_rows").fetchall()
        tags = [value for (value,) in db.execute("SELECT value FROM ml_run_tags WHERE name = 'sampled'")]
    athletes = {entity for _, entity, *_ in kept}
    assert 0 < len(athletes) < len(ATHLETES)
    assert sorted(kept) == sorted(tuple(row.values()) for row in whole if row["entity"] in athletes)
    assert tags and all(tag.startswith(f"{len(kept)} of {len(whole)} rows") for tag in tags)
