"""Parquet out of a group and into an empty store, beside pandas.

    tests/bench/parquet.py [rows]        2 000 000 unless told

A group of 6 features, key and times, 1000 rows for each athlete, by month. pandas reads the table through sqlite3 in pieces, turns times into
timestamps and writes one file without partitions: less than what it stands beside.
"""

import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import feature_ingest  # noqa: E402
from helpers.stores import groups
from helpers.extension import EXTENSION, ROOT


def make(path, n):
    db = groups.store(feature_ingest.GROUP, path=path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    feature_ingest.fill(db, n)
    db.execute(f"INSERT INTO load SELECT {', '.join(feature_ingest.COLUMNS)} FROM staging")
    db.execute("DROP TABLE staging")
    db.execute("COMMIT")
    db.close()


def tool(*arguments):
    """In the environment that `make parquet-out` makes, where it is there: this one's pandas would be loaded by Arrow."""
    own = ROOT / "build" / "exchange" / "bin" / "python"
    environment = os.environ | {"ATHLETE_PYTHON": str(own if own.exists() else sys.executable), "ATHLETE_EXTENSION": EXTENSION}
    start = time.perf_counter()
    subprocess.run([ROOT / "sql" / "tools" / "parquet", *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def by_pandas(path, file):
    start, writer = time.perf_counter(), None
    for piece in pd.read_sql("SELECT * FROM load", sqlite3.connect(path), chunksize=100_000):
        for name in ("event_timestamp", "available_at"):
            piece[name] = pd.to_datetime(piece[name], utc=True, format="%Y-%m-%dT%H:%M:%SZ")
        table = pa.Table.from_pandas(piece, preserve_index=False)
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()
    return time.perf_counter() - start


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make(folder / "a.db", n)
        print(f"{n} rows of {len(feature_ingest.COLUMNS)} columns; pyarrow {pa.__version__}, pandas {pd.__version__}, {os.cpu_count()} processors")
        lines = [("sql/tools/parquet out", lambda: tool("out", folder / "a.db", folder / "out", "load")),
                 ("pandas, read_sql and one file", lambda: by_pandas(folder / "a.db", folder / "one.parquet")),
                 ("sql/tools/parquet in, an empty store", lambda: tool("in", folder / "b.db", folder / "out", "load"))]  # fmt: skip
        for name, work in lines:
            seconds = work()
            print(f"  {name:32s} {seconds:7.2f} s  {n / seconds / 1e6:6.2f} M rows/s")


if __name__ == "__main__":
    main()
