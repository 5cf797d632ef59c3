"""Parquet into a group: staged row group by row group, then one validated ingest, all or nothing.

A folder of ours may hold superseded versions as well. Those of rows that the database knows nothing of go to the history, valid
ones as they are and the others to feature_rejects; where it has its own history of a row, that stays.
"""

import contextlib
import json
import os
import pathlib

import adbc_driver_sqlite.dbapi as adbc
import kinds
import pyarrow as pa
import pyarrow.dataset as ds
from common import database as common
from common import definitions
from common.database import quoted
from groups import ExchangeError, choose, in_words, registered, uri
from snapshot import ask

EXTENSION = os.environ.get("ATHLETE_EXTENSION", "build/athlete")
BATCH_ROWS = 16384


def read(database, folder, names):
    for name in names:
        with in_words(database):
            data = _open(folder / name)
            if name not in _known(database):
                _define(database, folder / name, data.schema)
            with _connect(database) as db:
                (group,) = choose(registered(lambda sql: ask(db, sql)), [name])
                print(_take(db, group, data))


# --- the database ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _connect(database):
    with adbc.connect(uri(database, "rw"), autocommit=True) as db:
        for name, value in (("enabled", "true"), ("path", str(pathlib.Path(EXTENSION).resolve())), ("entrypoint", "sqlite3_athlete_init")):
            db.adbc_connection.set_options(**{f"adbc.sqlite.load_extension.{name}": value})
        db.adbc_connection.set_options(**{"adbc.sqlite.load_extension.enabled": "false"})  # SQL loads no other
        yield db


def _known(database):
    if not database.is_file():
        return {}
    with _connect(database) as db:
        return registered(lambda sql: ask(db, sql))


def _define(database, path, schema):
    """A group that is not registered is, as its files say."""
    definition = (schema.metadata or {}).get(b"athlete.definition")
    if definition is None:
        raise ExchangeError(f"{path.name} is not registered in {database}, and its files hold no definition; sql/tools/define registers one")
    try:
        found = definitions.read(path.name, definition)
        with common.opened(database, creates=True) as db:
            known = definitions.register(db, database, found)
            for each in found:
                print(definitions.make_table(db, each, each in known))
    except common.Failure as failure:
        raise ExchangeError(f"{path.name} could not be registered: {failure}") from failure


# --- files -------------------------------------------------------------------------------------------------------------


def _open(path):
    if not path.exists():
        raise ExchangeError(f"there is no folder {path}")
    try:
        return ds.dataset(path, format="parquet", partitioning="hive")
    except (pa.ArrowException, OSError) as error:
        raise ExchangeError(f"{path} cannot be read as Parquet: {error}") from error


def _forms(data, names):
    """Of each timestamp column: as its files say, or found out."""
    forms = {}
    for field in data.schema:
        if field.name in names and pa.types.is_timestamp(field.type):
            told = (field.metadata or {}).get(b"form", b"").decode()
            if told in kinds.FORMS or told == kinds.MIXED and f"{field.name}_text" in data.schema.names:
                forms[field.name] = told
                continue
            found = {kinds.finest_form(b.column(0)) for b in data.to_batches([field.name], batch_readahead=1, fragment_readahead=1)}
            forms[field.name] = max(found, key=list(kinds.FORMS).index, default="second")
    return forms


def _stage(db, data, table, names, belief):
    """Rows into a temporary table that has a column for each of `names` that the files have; returns those."""
    where = None if belief is None else ds.field("belief") == belief
    there = [n for n in names if n in data.schema.names]
    forms = _forms(data, there)
    source = [f"{n}_text" if forms.get(n) == kinds.MIXED else n for n in there]
    types = [kinds.to_stored(pa.nulls(0, data.schema.field(s).type), forms.get(n)).type for n, s in zip(there, source)]
    schema = pa.schema(list(zip(there, types)))

    def stored():
        for batch in data.to_batches(source, filter=where, batch_size=BATCH_ROWS, batch_readahead=1, fragment_readahead=1):
            yield pa.record_batch([kinds.to_stored(array, forms.get(n)) for n, array in zip(there, batch.columns)], schema=schema)

    with db.cursor() as cursor:
        cursor.adbc_ingest(table, pa.RecordBatchReader.from_batches(schema, stored()), mode="create", temporary=True)
    return there


# --- rows --------------------------------------------------------------------------------------------------------------


def _take(db, group, data):
    names = [c.name for c in group.columns]
    is_ours = "belief" in data.schema.names and "belief" not in names
    try:
        ask(db, "BEGIN IMMEDIATE")
        _stage(db, data, "parquet_current", names, "current" if is_ours else None)
        kept = _take_superseded(db, group, data) if is_ours else 0
        before = ask(db, "SELECT COALESCE(MAX(audit_id), 0) AS n FROM ops_audit")[0]["n"]
        _ingest(db, group, "parquet_current")
        done = ask(db, "SELECT detail FROM ops_audit WHERE audit_id > ? AND object = ? AND action = 'ingest'", before, group.name)
        rows = ask(db, "SELECT COUNT(*) AS n FROM temp.parquet_current")[0]["n"]
        ask(db, "COMMIT")
    except (adbc.Error, pa.ArrowException, TypeError) as error:
        raise ExchangeError(f"{group.name}: {error}") from error
    detail = json.loads(done[0]["detail"]) if done else {"new": 0, "changed": 0, "rejected": 0}
    return (f"{group.name} {group.version}: {rows} rows, {detail['new']} new, {detail['changed']} changed, {detail['rejected']} rejected; "
            f"{kept} superseded versions")  # fmt: skip


def _ingest(db, group, source, **options):
    """A validated ingest in the transaction at hand."""
    script = ask(db, "SELECT feature_group_ingest(?, ?, ?) AS script", group.definition, source, json.dumps(options))[0]["script"]
    begin, *statements, commit = map(str.strip, common.statements(script))
    assert begin.endswith("BEGIN IMMEDIATE;") and commit == "COMMIT;"
    for statement in statements:
        ask(db, statement)


def _take_superseded(db, group, data):
    names = [c.name for c in group.columns]
    there = _stage(db, data, "parquet_superseded", [*names, "superseded_at", "superseded_by"], "superseded")
    columns, all_columns = ", ".join(quoted(n) for n in there if n in names), ", ".join(map(quoted, there))
    key = ", ".join(map(quoted, group.row_key))
    history = quoted(f"{group.table}_history")
    versions = f"SELECT {columns} FROM temp.parquet_superseded"
    ask(db, "CREATE TEMP TABLE parquet_broken AS SELECT seq FROM feature_validate(?, ?) WHERE verdict = 'reject' AND rule NOT IN ('one_row_per_key', 'unique')",
        group.name, f"{versions} ORDER BY rowid")  # fmt: skip
    if ask(db, "SELECT 1 AS there FROM temp.parquet_broken LIMIT 1"):
        _ingest(db, group, f"{versions} WHERE rowid IN (SELECT seq FROM temp.parquet_broken)", reject_limit=1)  # rejects, all of them
    ask(db, f"""
        CREATE TEMP TABLE parquet_unknown AS
        SELECT {key} FROM temp.parquet_superseded EXCEPT SELECT {key} FROM {quoted(group.table)} EXCEPT SELECT {key} FROM {history}""")
    ask(db, f"""
        INSERT INTO {history} ({all_columns})
        SELECT {all_columns} FROM temp.parquet_superseded
        WHERE rowid NOT IN (SELECT seq FROM temp.parquet_broken) AND superseded_at > {quoted(group.available)}
          AND ({key}) IN (SELECT * FROM temp.parquet_unknown)
        ORDER BY rowid""")
    return ask(db, "SELECT changes() AS n")[0]["n"]
