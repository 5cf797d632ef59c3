"""All partitions as one table each, in DuckDB; a page of any athlete; and an athlete taken out of all of it."""

import os
import shutil
import subprocess

import place
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tables
from common import database
from common.database import Failure
from keys import partition_of


def connection(folder):
    """DuckDB with a view for each table of the fleet. It reads this folder and nothing else."""
    import duckdb

    here = place.Place(folder)
    here.check()
    parts = [(here.link(number), place.parquet_in(here.version(number))) for number in here.numbers()]
    if not parts:
        raise Failure(f"{here.folder} has no athletes yet")
    db = duckdb.connect()
    for name in parts[0][1]:
        files = [str(link / own[name].name) for link, own in parts if name in own]
        try:
            db.read_parquet(files, hive_partitioning=True, union_by_name=True).create_view(name)
        except duckdb.Error as error:
            raise Failure(f"{name} of {here.folder} is no table of this fleet: {str(error).splitlines()[0]}") from error
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
            if told is None:
                return
            found = told.to_arrow_reader(1000)  # DuckDB's own rows want pytz for an instant
            yield "|".join(found.schema.names)
            for batch in found:
                yield from ("|".join("" if value is None else str(value) for value in row.values()) for row in batch.to_pylist())
        except (duckdb.Error, pa.ArrowException, ValueError, OverflowError) as error:
            raise Failure(str(error)) from error


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
    _rooms(here, number, athlete)
    with here.alone():
        before, rooms = here.version(number), _rooms(here, number, athlete)
        version = here.begin(number)
        for room, own in rooms.items():
            for whose, file in own.items():
                if whose != athlete:
                    os.link(file, version / room / file.name)
        for file in place.parquet_in(before).values():
            with tables.readable(file):
                table = pq.read_table(file, partitioning=None)
                kept = table.filter(pc.fill_null(pc.not_equal(tables.owners(table), athlete), True))
            pq.write_table(kept, version / file.name, compression="zstd", compression_level=1)
        (version / "made_by").write_text(place.made_by(before))
        here.publish(number, version, before)
        shutil.rmtree(before)
        yield f"athlete {athlete} is in no file, table or reject of partition {number} any more"
        yield from _pool(here, athlete)


def _rooms(here, number, athlete):
    """{folder: {athlete: file}} of a partition that has this one."""
    rooms = {room: place.athletes_in(here.version(number), room, end) for room, end in (("files", ".db"), ("refused", ".ndjson"))}
    if not any(athlete in own for own in rooms.values()):
        raise Failure(f"there is no athlete {athlete} in {here.folder}")
    return rooms


def _pool(here, athlete):
    """Trained models stay, and are named: what they learned of one among many cannot be taken out."""
    with database.opened(here.pool) as db:
        names = [name for (name,) in db.execute("SELECT DISTINCT model FROM ml_pooled_rows WHERE entity = ?", (athlete,))]
        with database.transaction(db):
            db.execute("DELETE FROM ml_pooled_rows WHERE entity = ?", (athlete,))
        for name in names:
            version = database.value(db, "SELECT MAX(version) FROM ml_model_versions WHERE model = ?", name)
            yield f"{name}, version {version}, was trained with rows of theirs; its next training has none"
