"""All partitions as one table each, in DuckDB; a page of any athlete; and an athlete taken out of all of it."""

import os
import pathlib
import shutil
import subprocess

import place
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tables
from advancing import name_of
from common import database
from common.database import Failure
from keys import partition_of


def connection(folder):
    """DuckDB with a view for each table of the fleet. It reads this folder and nothing else."""
    import duckdb

    here = place.Place(folder)
    found = next(here.folder.glob("partition=*"), None)
    if found is None:
        raise Failure(f"{here.folder} has no athletes yet")
    db = duckdb.connect()
    for file in sorted(found.glob("*.parquet")):
        db.read_parquet(str(here.folder / "partition=*" / file.name), hive_partitioning=True, union_by_name=True).create_view(file.stem)
    db.execute("SET allowed_directories = $folders", {"folders": [str(here.folder)]})
    db.execute("SET enable_external_access = false")
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET lock_configuration = true")
    return db


def rows(folder, query):
    """Lines of a query's result, names first."""
    import duckdb

    with connection(folder) as db:
        try:
            told = db.sql(query)
        except duckdb.Error as error:
            raise Failure(str(error)) from error
        if told is None:
            return
        found = told.to_arrow_reader(1000)  # DuckDB's own rows want pytz for an instant
        yield "|".join(found.schema.names)
        for batch in found:
            yield from ("|".join("" if value is None else str(value) for value in row.values()) for row in batch.to_pylist())


def page(folder, athlete):
    file = place.Place(folder).file_of(athlete)
    done = subprocess.run([str(database.ROOT / "sql" / "tools" / "page"), "--", str(file), athlete], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return done.stdout.rstrip("\n")


def forget(folder, athlete):
    """Writes the athlete's partition without them, and removes every version that had them. Sentences about models that they trained."""
    here = place.Place(folder)
    number = partition_of(athlete, here.partitions)
    with here.alone():
        before = here.version(number)
        if before is None or not any((before / room).exists() for room in (pathlib.Path("files") / name_of(athlete), pathlib.Path("refused") / f"{athlete}.ndjson")):
            raise Failure(f"there is no athlete {athlete} in {here.folder}")
        version = here.begin(number)
        for room in ("files", "refused"):
            for file in (before / room).iterdir():
                if file.stem != athlete:
                    os.link(file, version / room / file.name)
        for file in before.glob("*.parquet"):
            table = pq.read_table(file)
            kept = table.filter(pc.fill_null(pc.not_equal(table[tables.owner_of(table.schema)], athlete), True))
            pq.write_table(kept, version / file.name, compression="zstd", compression_level=1)
        shutil.copyfile(before / "made_by", version / "made_by")
        here.publish(number, version)
        shutil.rmtree(before)
        yield f"athlete {athlete} is in no file, table or reject of partition {number} any more"
        yield from _pool(here, athlete)


def _pool(here, athlete):
    """Trained models stay, and are named: what they learned of one among many cannot be taken out."""
    with database.opened(here.pool) as db:
        names = [name for (name,) in db.execute("SELECT DISTINCT model FROM ml_pooled_rows WHERE entity = ?", (athlete,))]
        with database.transaction(db):
            db.execute("DELETE FROM ml_pooled_rows WHERE entity = ?", (athlete,))
        for name in names:
            version = database.value(db, "SELECT MAX(version) FROM ml_model_versions WHERE model = ?", name)
            yield f"{name}, version {version}, was trained with rows of theirs; its next training has none"
