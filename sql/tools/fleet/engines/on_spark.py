"""Spark, or what speaks its protocol (Sail): raw lines to groupBy and applyInPandas, stored files to binaryFile and mapInArrow."""

import json
import os
import pathlib
import sys
import tempfile

import pyarrow as pa
from pyspark import cloudpickle

COLUMNS = "athlete_id string, partition int, outcome string, stage string, message string, objects long, seconds double"
NAMES = [column.split()[0] for column in COLUMNS.split(", ")]
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # a worker may not find this file before it was told where
LINES = "partition int, source string, place long, line string"


def run(job, pieces, due, workers=None, session=None):
    import place
    from pyspark.sql import functions as F

    spark = session or _local(workers)
    partitions = place.Place(job["folder"]).partitions
    files = sorted({file for file, _, _ in pieces})
    frames = [spark.createDataFrame([(number, "", -1, "") for number in sorted(due)], LINES)] if due else []
    if files:
        raw = spark.read.text(files).select("value", F.col("_metadata.file_path").alias("source"), F.monotonically_increasing_id().alias("place"))
        frames.append(raw.mapInArrow(_keyed(job, partitions), LINES))
    lines = frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])
    outcomes = lines.groupBy("partition").applyInPandas(_task(job), COLUMNS).collect()
    if session is None:
        spark.stop()
    return [outcome.asDict() for outcome in outcomes]


def rows(job, numbers, folder, workers=None, session=None):
    """Each file is one row of binaryFile, and comes to a worker as bytes: SQLite opens none on a bucket."""
    spark = session or _local(workers)
    import place

    files = [str(file) for number in numbers for file in place.athletes_in(place.Place(job["folder"]).version(number)).values()]
    stored = spark.read.format("binaryFile").load(files).select("path", "content")
    stored.mapInArrow(_rows(job), "model string, entity string, origin string, row string").write.parquet(f"{folder}/rows")
    for number, file in enumerate(sorted(pathlib.Path(f"{folder}/rows").glob("*.parquet"))):
        os.replace(file, f"{folder}/{number:05d}.parquet")
    if session is None:
        spark.stop()


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


def _local(workers):
    """Worker processes of their own, so that one that ends is repeated, as in a cluster."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (SparkSession.builder.master(f"local-cluster[{workers or 2},1,1024]").appName("athlete")
            .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "32")
            .config("spark.io.compression.codec", "zstd").config("spark.speculation", "true").getOrCreate())  # fmt: skip


def _keyed(job, partitions):
    def keyed(batches):
        _import(job)
        from keys import athlete_of, partition_of

        for batch in batches:
            lines = [line.strip() for line in batch.column("value").to_pylist()]
            numbers = [partition_of(athlete_of(line.encode()) or "", partitions) for line in lines]
            found = pa.record_batch([pa.array(numbers, pa.int32()), batch.column("source"), batch.column("place"), pa.array(lines)], ["partition", "source", "place", "line"])
            yield found.filter(pa.compute.not_equal(found["line"], ""))

    return keyed


def _task(job):
    def task(frame):
        _import(job)
        import pandas
        import partition

        ordered = frame[frame["line"] != ""].sort_values(["source", "place"])
        outcomes = partition.run(job, int(frame["partition"].iloc[0]), [line.encode() for line in ordered["line"]])
        return pandas.DataFrame([[json.loads(json.dumps(outcome.get(name))) for name in NAMES] for outcome in outcomes], columns=NAMES)

    return task


def _import(job):
    for room in (job["tools"], f"{job['tools']}/fleet"):
        if room not in sys.path:
            sys.path.insert(0, room)
