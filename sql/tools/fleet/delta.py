"""The tables of a partition as Delta Lake tables: one commit each that puts them in place of what the partition had."""

import pathlib
import time

import deltalake
import place
import pyarrow as pa
import pyarrow.parquet as pq

LOG = "delta.logRetentionDuration"
TRIES = 20  # of a commit that another partition's came before


def write(here, folder, number, job=None):
    """Commits the version that holds, of which another task may have done so."""
    with here.committing(number, job) as version:
        if place.in_delta(version) == folder:
            return
        for file in sorted(place.parquet_in(version).values()):
            table = pq.read_table(file, partitioning=None)
            table = table.append_column("partition", pa.array([number] * table.num_rows, pa.int32()))
            _replace(f"{folder}/{file.stem}", table, number)
        (version / "in_delta").write_text(folder)  # a job that ends before is done again


def _tables(folder):
    return [deltalake.DeltaTable(path) for path in sorted(pathlib.Path(folder).iterdir()) if deltalake.DeltaTable.is_deltatable(str(path))]


def only_now(folder):
    """Removes every earlier version of the tables, their files and what the log tells of them: none can be asked for any more."""
    for table in _tables(folder):
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
        kept = table.metadata().configuration.get(LOG, "interval 30 days")
        table.alter.set_table_properties({LOG: "interval 0 days"})
        table.create_checkpoint()
        time.sleep(0.002)  # the log is older than now
        table.cleanup_metadata()
        table.alter.set_table_properties({LOG: kept})


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
