"""The tables of a partition as Delta Lake tables: one commit each that puts them in place of what the partition had."""

import time

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

TRIES = 20  # of a commit that another partition's came before


def write(folder, number, version):
    for file in sorted(version.glob("*.parquet")):
        table = pq.read_table(file)
        table = table.append_column("partition", pa.array([number] * table.num_rows, pa.int32()))
        _replace(f"{folder}/{file.stem}", table, number)
    (version / "in_delta").write_text(folder)  # a job that ends before is done again


def _replace(path, table, number):
    for left in reversed(range(TRIES)):
        try:
            predicate = f"partition = {number:d}" if deltalake.DeltaTable.is_deltatable(path) else None
            deltalake.write_deltalake(path, table, mode="overwrite", partition_by=["partition"], predicate=predicate)
            return
        except deltalake.exceptions.DeltaError:
            if not left:
                raise
            time.sleep(0.1)
