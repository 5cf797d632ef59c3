"""Every engine gives the rows that xargs gives, by workers of its own; a soak, since Spark alone is half a gigabyte."""

import datetime
import gzip
import json

import pytest

from helpers.extension import BUILD
from helpers.stores import fleets

ATHLETES = range(1, 9)
ENGINES = {"dask": "engines", "spark": "engines", "sail": "sail"}  # and the environment of each
CORRECTED = [f"{name}{text}" for name in ("available_at", "superseded_at", "computed_at") for text in ("", "_text")]  # when the second file came

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
    told = {name: fleets.rows(table, CORRECTED) for name, table in found.items() if name not in ("athletes", "rejects") and "predict" not in name and "recommend" not in name and name != "inference_log"}
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
    parts = list((tmp_path / "out").glob("partition=*"))  # one may have nobody's lines alone
    assert len(parts) > 1 and len(list(delta.glob("_delta_log/*.json"))) == len(parts)
    assert len(list(delta.glob("partition=*"))) == sum(any((part / "files").iterdir()) for part in parts)
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


READS = """
import pathlib
import sys

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

fleet, out = map(pathlib.Path, sys.argv[1:])
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
for name in sorted({file.stem for file in fleet.glob("partition=*/*.parquet")}):
    table = spark.read.option("basePath", str(fleet)).parquet(*map(str, fleet.glob(f"partition=*/{name}.parquet"))).toArrow()
    pq.write_table(table, out / f"{name}.parquet")
"""


def test_spark_reads_every_value_type_null_and_time_that_the_files_have(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    fleets.ran(tmp_path / "out", fleets.written(tmp_path / "all.ndjson", fleets.objects((1, 2))), partitions=2)
    (tmp_path / "read.py").write_text(READS)
    (tmp_path / "read").mkdir()
    done = fleets.python(tmp_path / "read.py", tmp_path / "out", tmp_path / "read", python=BUILD / "engines" / "bin" / "python")
    assert done.returncode == 0, done.stderr[-4000:]
    nulls = instants = 0
    tables = [file for file in (tmp_path / "read").glob("*.parquet") if file.stem not in ("athletes", "rejects")]
    assert len(tables) > 15
    for file in tables:
        table = pq.read_table(file, partitioning=None)
        columns = [name for name in table.column_names if name != "partition" and not (name.endswith("_text") and name.removesuffix("_text") in table.column_names)]
        ours = [f"{name}_text" if f"{name}_text" in table.column_names else name for name in columns]
        rows = [tuple(row[name] for name in ours) for row in table.to_pylist()]
        nulls += sum(value is None for row in rows for value in row)
        assert sorted(repr(tuple(map(fleets.as_text, row))) for row in rows) == sorted(repr(tuple(map(fleets.as_text, row))) for row in fleets.in_sqlite(tmp_path / "out", file.stem, columns)), file.stem
        for name in set(columns) - set(ours):
            assert pa.types.is_timestamp(table.schema.field(name).type)
            for at, text in zip(table[name].to_pylist(), table[f"{name}_text"].to_pylist()):
                instants += at is not None
                assert (at is None) == (text is None) and (text is None or at == _instant(text)), (file.stem, name, at, text)
    assert nulls > 100 and instants > 200


def _instant(text):
    told = datetime.datetime.fromisoformat(text)
    return told if told.tzinfo else told.replace(tzinfo=datetime.timezone.utc)


JOBS = """
import json
import sys

import yaml
from databricks.bundles.jobs import Job

found = yaml.safe_load(open(sys.argv[1]))["resources"]["jobs"]
assert all(Job.from_dict(job).as_dict() == job for job in found.values())
for job in found.values():
    for broken in (job | {"tusks": []}, job | {"schedule": job["schedule"] | {"timezone": "UTC"}}, job | {"schedule": job["schedule"] | {"pause_status": "OFF"}}):
        try:
            Job.from_dict(broken)
        except ValueError:
            continue
        raise SystemExit(f"{broken} is taken")
print(json.dumps([job["schedule"]["timezone_id"] for job in found.values()]))
"""


def test_the_jobs_for_databricks_are_what_its_own_package_reads(tmp_path):
    """The bundle as a whole is validated by a program that asks for an account."""
    (tmp_path / "jobs.py").write_text(JOBS)
    done = fleets.python(tmp_path / "jobs.py", fleets.TOOL / "databricks.yml", python=BUILD / "engines" / "bin" / "python")
    assert done.returncode == 0 and json.loads(done.stdout) == ["America/Sao_Paulo"] * 2, done.stderr
