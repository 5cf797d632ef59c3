"""Sail: Spark's protocol without a JVM, by a server of this machine."""

import contextlib
import os

from engines import on_spark
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession


def run(job, pieces, due, workers=None):
    with _session(workers) as spark:
        return on_spark.run(job, pieces, due, session=spark)


def rows(job, numbers, folder, workers=None):
    with _session(workers) as spark:
        on_spark.rows(job, numbers, folder, session=spark)


@contextlib.contextmanager
def _session(workers):
    os.environ["SAIL_EXECUTION__DEFAULT_PARALLELISM"] = str(workers or os.cpu_count())
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
        server.stop()
