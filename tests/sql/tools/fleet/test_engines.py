"""Every engine gives the rows that xargs gives, by workers of its own; a soak, since Spark alone is half a gigabyte."""

import gzip
import json

import pytest

from helpers.extension import BUILD
from helpers.stores import fleets

ATHLETES = range(1, 9)
ENGINES = {"dask": "engines", "spark": "engines", "sail": "sail"}  # and the environment of each

pytestmark = [pytest.mark.soak, pytest.mark.unsanitized]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Files in no order of their names, of which the second, a gzip that is not called one, says again and otherwise what the first
    says; with lines that engines may cut or read otherwise than Python does."""
    folder = tmp_path_factory.mktemp("raw [1] {a,b} *")
    lines = fleets.objects(ATHLETES)
    odd = [line.replace(b", ", b",\r", 1) if number % 7 == 0 else line for number, line in enumerate(line.encode() for line in lines)]
    odd += [b'{"athlete": {"id": 1}, "id": 98, "name": "\xff\xfe", "sport_type": "Run"}', b'\x1c{"athlete": {"id": 2}}', '{"athlete": {"id": 3}, "name": "\u2028"}\u00a0'.encode(), b"no JSON"]
    (folder / "z.ndjson").write_bytes(b"\n".join(odd))
    again = [json.dumps(one | {"distance": one["distance"] + 500.0}) for line in lines if "distance" in (one := json.loads(line)) and one["id"] % 5 == 0]
    (folder / "a.ndjson").write_bytes(gzip.compress("\n".join(again).encode()))
    return [folder / "z.ndjson", folder / "a.ndjson"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory, sources):
    folder = tmp_path_factory.mktemp("processes") / "out"
    fleets.ran(folder, *sources, partitions=4)
    return rows(folder)


def rows(folder):
    found = fleets.tables_of_fleet(folder)
    told = {name: fleets.rows(table) for name, table in found.items() if name not in ("athletes", "rejects") and "predict" not in name and "recommend" not in name and name != "inference_log"}
    return told | {"rejects": fleets.rows(found["rejects"])}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_gives_the_rows_of_xargs_and_the_models_of_all(tmp_path, sources, expected, engine):
    python = BUILD / ENGINES[engine] / "bin" / "python"
    done = fleets.fleet("run", f"--engine={engine}", "--workers=2", "--partitions=4", f"--delta={tmp_path / 'delta'}", tmp_path / "out", *sources, python=python)
    assert done.returncode == 0 and done.stdout.startswith("8 athletes advanced"), done.stderr[-4000:]
    assert rows(tmp_path / "out") == expected and len(expected) > 15
    again = fleets.fleet("run", f"--engine={engine}", "--workers=2", tmp_path / "out", *sources, python=python)
    assert again.returncode == 0, again.stderr[-4000:]
    delta = tmp_path / "delta" / "athlete_rolling_features"
    parts = len(list((tmp_path / "out").glob("partition=*")))
    assert parts > 1 and len(list(delta.glob("_delta_log/*.json"))) == len(list(delta.glob("partition=*"))) == parts
    pooled = fleets.fleet("pool", f"--engine={engine}", "--workers=2", tmp_path / "out", python=python)
    assert pooled.returncode == 0 and "pace_predictor" in pooled.stdout, pooled.stderr[-4000:]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_worker_lacks_is_one_sentence(tmp_path, sources, engine):
    python, nowhere = BUILD / ENGINES[engine] / "bin" / "python", tmp_path / "nowhere"
    code = f"""
import sys
sys.dont_write_bytecode = True
sys.path[:0] = [{str(fleets.TOOL)!r}, {str(fleets.TOOL.parent)!r}]
import importlib, job
from common.database import Failure
if __name__ == "__main__":
    told = job.made({str(fleets.with_pool(tmp_path / "out"))!r}, partitions=2) | {{"scratch": {str(nowhere)!r}}}
    try:
        list(importlib.import_module("engines.on_{engine}").run(told, list(job.pieces([{str(sources[0])!r}])), set(), workers=2))
    except Failure as failure:
        print("told:", failure)
"""
    (tmp_path / "run.py").write_text(code)
    done = fleets.python(tmp_path / "run.py", python=python)
    assert f"told: scratch is {nowhere}, where this worker cannot write" in done.stdout.splitlines(), done.stdout + done.stderr[-4000:]
