"""All partitions as one table each, in DuckDB; a page of any athlete; and an athlete taken out of all of it."""

import os
import pathlib
import shutil
import subprocess

import place
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tables
from common import database
from common.database import Failure
from keys import is_id, partition_of
from scratch import at_hand


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
    with at_hand(file) as near:
        done = subprocess.run([str(database.ROOT / "sql" / "tools" / "page"), "--", str(near), athlete], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return done.stdout.rstrip("\n")


def forget(folder, athlete, deltas=()):
    """Writes the athlete's partition without them, and removes every version that had them, in Delta Lake tables, too, each folder of
    which must be named: what a fleet that somebody else wrote may tell is not followed. Sentences about models that they trained.
    One that was ended before its end is begun again."""
    here = place.Place(folder)
    number = partition_of(athlete, here.partitions)
    deltas = {str(pathlib.Path(delta).absolute()) for delta in deltas}
    if unnamed := [delta for delta in here.deltas() if delta not in deltas]:
        raise Failure(f"rows of {here.folder} are in Delta Lake tables, too: name them by --delta={unnamed[0]}")
    _check_known(here, number, athlete, deltas)
    with here.alone():
        _check_known(here, number, athlete, deltas)
        before = here.version(number)
        if before is not None:
            version = _without(athlete, before, here.begin(number))
            here.publish(number, version, before)
            shutil.rmtree(before)
        yield f"athlete {athlete} is in no file, table or reject of partition {number} any more"
        for delta in sorted(deltas):
            yield _from_delta(here, number, delta)
        yield from _pool(here, athlete)


def _check_known(here, number, athlete, deltas):
    is_here = any(athlete in own for own in _rooms(here.version(number)).values())
    if not is_here and not deltas and not (is_id(athlete) and _models_of(here, athlete)):
        raise Failure(f"there is no athlete {athlete} in {here.folder}")


def _rooms(version):
    """{folder: {athlete: file}} of a partition."""
    return {room: place.athletes_in(version, room, end) for room, end in (("files", ".db"), ("refused", ".ndjson"))}


def _without(athlete, before, version):
    for room, own in _rooms(before).items():
        for whose, file in own.items():
            if whose != athlete:
                os.link(file, version / room / file.name)
    for file in place.parquet_in(before).values():
        with tables.readable(file):
            table = pq.read_table(file, partitioning=None)
            kept = table.filter(pc.fill_null(pc.not_equal(tables.owners(table), athlete), True))
        pq.write_table(kept, version / file.name, compression="zstd", compression_level=1)
    (version / "made_by").write_text(place.made_by(before))
    return version


def _from_delta(here, number, folder):
    import delta

    if here.version(number) is not None:
        delta.write(here, folder, number)
    delta.only_now(folder)
    return f"the tables in {folder} have them neither, and no earlier version"


def _models_of(here, athlete):
    if not place.is_plain(here.pool):
        return []
    with at_hand(here.pool) as near, database.opened(near, reads_only=True, loads=False) as db:
        if not database.has(db, "ml_pooled_rows"):
            return []
        return [name for (name,) in db.execute("SELECT DISTINCT model FROM ml_pooled_rows WHERE entity = ?", (athlete,))]


def _pool(here, athlete):
    """Trained models stay, and are named: what they learned of one among many cannot be taken out."""
    names = _models_of(here, athlete)
    with at_hand(here.pool, writes=True) as near, database.opened(near) as db:
        with database.transaction(db):
            db.execute("DELETE FROM ml_pooled_rows WHERE entity = ?", (athlete,))
        for name in names:
            version = database.value(db, "SELECT MAX(version) FROM ml_model_versions WHERE model = ?", name)
            yield f"{name}, version {version}, was trained with rows of theirs; its next training has none"
