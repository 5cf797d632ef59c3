"""Spark, or what speaks its protocol: pieces of raw lines to groupBy and applyInPandas, stored files to binaryFile and mapInArrow."""

import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile

import place
import pyarrow as pa
from common.database import Failure
from pyspark import cloudpickle
from pyspark.errors import PySparkException

COLUMNS = "athlete_id string, partition int, outcome string, stage string, message string, objects long, seconds double"
NAMES = [column.split()[0] for column in COLUMNS.split(", ")]
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # a worker may not find this file before it was told where
LINES = "partition int, piece int, place long, line binary"
BATCH_LINES = 10_000
MOST_TASKS = 10_000


def run(job, pieces, due, workers=None, session=None):
    with _session(workers, session) as spark:
        frames = [spark.createDataFrame([(number, -1, -1, bytearray()) for number in sorted(due)], LINES)] if due else []
        if pieces:  # which the workers read themselves, so that a line and its place are those of every engine
            told = spark.createDataFrame([(number, *piece) for number, piece in enumerate(pieces)], "piece int, file string, first long, last long")
            frames.append(told.repartition(len(pieces)).mapInArrow(_keyed(job), LINES))
        if not frames:
            return []
        lines = frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])
        # A number that is told is kept: of little data Spark would make one task for all.
        parts = min(2 * place.Place(job["folder"]).partitions, MOST_TASKS)
        return [outcome.asDict() for outcome in lines.repartition(parts, "partition").groupBy("partition").applyInPandas(_task(job), COLUMNS).collect()]


def rows(job, numbers, folder, workers=None, session=None):
    """Each file is one row of binaryFile, and comes to a worker as bytes: SQLite opens none on a bucket."""
    files = [str(file) for number in numbers for file in place.athletes_in(place.Place(job["folder"]).version(number)).values()]
    with _session(workers, session) as spark:
        stored = spark.read.format("binaryFile").load(files).select("path", "content")
        stored.mapInArrow(_rows(job), "model string, entity string, origin string, row string").write.parquet(f"{folder}/rows", compression="zstd")
    for number, file in enumerate(sorted(pathlib.Path(f"{folder}/rows").glob("*.parquet"))):
        os.replace(file, f"{folder}/{number:05d}.parquet")


def _rows(job):
    def rows(batches):
        _import(job)
        import pool

        os.environ["ATHLETE_EXTENSION"] = job["extension"]
        for batch in batches:
            for path, content in zip(batch.column("path").to_pylist(), batch.column("content")):
                with tempfile.NamedTemporaryFile(dir=job["scratch"], suffix=".db") as file:
                    file.write(content.as_buffer())
                    file.flush()
                    yield from pool.rows_of(file.name, pathlib.Path(path).stem).to_batches()

    return rows


@contextlib.contextmanager
def _session(workers, session):
    """The one that is given or is there already, as in a notebook, or one of this machine that ends with the job. What a worker failed
    with is told as its own sentence."""
    from pyspark.sql import SparkSession

    spark = session = session or SparkSession.getActiveSession()
    try:
        spark = session or _local(workers)
        yield spark
    except Exception as error:
        if not isinstance(error, PySparkException | ConnectionError) and type(error).__module__.split(".")[0] != "py4j":
            raise
        found = re.findall(r"^(?:\w+\.)*Failure: (.*)", str(error), re.M)
        raise Failure(found[-1] if found else f"Spark: {(str(error).strip() or type(error).__name__).splitlines()[0]}") from error
    finally:
        if session is None and spark is not None:
            with contextlib.suppress(Exception):  # it may have ended
                spark.stop()


def _local(workers):
    """Worker processes of their own, so that one that ends is repeated, as in a cluster."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (SparkSession.builder.master(f"local-cluster[{workers or 2},1,1024]").appName("athlete")
            .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "32")
            .config("spark.io.compression.codec", "zstd").config("spark.speculation", "true").getOrCreate())  # fmt: skip


def _keyed(job):
    def keyed(batches):
        _import(job)
        import itertools

        import place
        from job import lines_of
        from keys import athlete_of, partition_of

        partitions = place.Place(job["folder"]).partitions
        for batch in batches:
            for told in batch.to_pylist():
                lines, at = lines_of((told["file"], told["first"], told["last"])), 0
                while own := list(itertools.islice(lines, BATCH_LINES)):
                    numbers = [partition_of(athlete_of(line) or "", partitions) for line in own]
                    columns = [pa.array(numbers, pa.int32()), pa.array([told["piece"]] * len(own), pa.int32()), pa.array(range(at, at + len(own)), pa.int64()), pa.array(own, pa.binary())]
                    yield pa.record_batch(columns, ["partition", "piece", "place", "line"])
                    at += len(own)

    return keyed


def _task(job):
    def task(frame):
        _import(job)
        import pandas
        import partition

        ordered = frame[frame["piece"] >= 0].sort_values(["piece", "place"])
        outcomes = partition.run(job, int(frame["partition"].iloc[0]), [bytes(line) for line in ordered["line"]])
        return pandas.DataFrame([[json.loads(json.dumps(outcome.get(name))) for name in NAMES] for outcome in outcomes], columns=NAMES)

    return task


def _import(job):
    for room in (job["tools"], f"{job['tools']}/fleet"):
        if room not in sys.path:
            sys.path.insert(0, room)
