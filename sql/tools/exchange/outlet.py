"""Groups out of a database into Parquet, the values of one moment, a folder at a time: all of a group or nothing."""

import dataclasses
import json
import os
import pathlib
import shutil

import kinds
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from common.database import quoted
from groups import ExchangeError, choose, in_words, registered
from snapshot import ask, batches, batches_in_turn, open_snapshots

PERIODS = {"day": ("event_date", 10), "month": ("event_month", 7), "year": ("event_year", 4)}  # directory, letters of the day
BELIEF = "belief"
BATCH_ROWS = 65536
ROW_GROUP = 1 << 17
OPEN_FILES = 400
FEAST = pathlib.Path(__file__).parent / "feast_repository"


def write(database, folder, names, by):
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own gives pages back between batches, and takes a fifth longer for it
    with in_words(database), open_snapshots(database) as readers:
        for group in choose(registered(lambda sql: ask(readers[0], sql)), names):
            print(_write_group(readers, group, folder, by))
    shutil.copyfile(FEAST / "features.py", folder / "features.py")
    if not (folder / "feature_store.yaml").exists():  # it may have been changed to the reader's needs
        shutil.copyfile(FEAST / "feature_store.yaml", folder / "feature_store.yaml")


@dataclasses.dataclass(frozen=True)
class Table:
    """What goes into one belief=… directory. Current rows have no end, but its columns: all files are alike."""

    belief: str
    name: str
    columns: list
    rows: int


def _write_group(readers, group, folder, by):
    reader = readers[0]
    for name in (BELIEF, PERIODS[by][0]):
        if any(c.name.lower() == name for c in group.columns):
            raise ExchangeError(f"{group.name}.{name} has the name of a directory of the layout")
    since = dataclasses.replace(next(c for c in group.columns if c.name == group.available), name="superseded_at", facts={})
    who = dataclasses.replace(since, name="superseded_by", type="text", storage="TEXT", is_time=False)
    ended = [since, who]
    tables = [Table("current", group.table, group.columns, 0), Table("superseded", f"{group.table}_history", [*group.columns, *ended], 0)]
    tables = [dataclasses.replace(t, rows=ask(reader, f"SELECT COUNT(*) AS n FROM {quoted(t.name)}")[0]["n"]) for t in tables]
    forms = {c.name: kinds.form_of(_first(reader, tables, c)) for c in [*group.columns, *ended] if c.type == "timestamp" and c.storage == "TEXT"}

    folder.mkdir(parents=True, exist_ok=True)
    target, fresh, old = (folder / (start + group.name) for start in ("", f".new-{os.getpid()}-", f".old-{os.getpid()}-"))
    _check_ours(target)
    fresh.mkdir()
    try:
        while True:
            try:
                written = [_write_table(readers, group, table, [*group.columns, *ended], forms, fresh, by) for table in tables]
                break
            except kinds.OtherForm as other:
                column = other.args[0]
                forms[column.name] = kinds.next_form(column, forms[column.name])
                shutil.rmtree(fresh, ignore_errors=True)
        for table, files in zip(tables, written):
            if sum(rows for rows, _ in files) != table.rows:
                raise ExchangeError(f"{table.name}: {sum(rows for rows, _ in files)} of {table.rows} rows were written")
        _replace(target, fresh, old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    files = [f for part in written for f in part]
    return (f"{group.name} {group.version}: {tables[0].rows} rows and {tables[1].rows} superseded, "
            f"{len(files)} files, {sum(size for _, size in files) / 1e6:.1f} MB")  # fmt: skip


def _replace(target, fresh, old):
    if target.exists():
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _check_ours(target):
    strangers = [p for p in target.rglob("*") if p.is_file() and p.suffix != ".parquet"]
    if strangers:
        raise ExchangeError(f"{target} would be replaced, but holds {strangers[0].relative_to(target)}, which is no Parquet file")


def _first(reader, tables, column):
    for table in tables:
        if column in table.columns and table.rows:
            name = quoted(column.name)
            found = ask(reader, f"SELECT {name} AS value FROM {quoted(table.name)} WHERE {name} IS NOT NULL LIMIT 1")
            if found:
                return str(found[0]["value"])
    return None


# --- schema --------------------------------------------------------------------------------------------------------


def schema_of(group, columns, forms, directory):
    """Types, and what is known of each column, in the places where pyarrow, pandas, Spark and DuckDB look for it."""
    fields = []
    for column in columns:
        form = forms.get(column.name)
        told = {"type": column.type, **column.facts, **({"form": form} if form else {})}
        fields.append(pa.field(column.name, kinds.arrow_type(column, form), metadata=told))
        if form == kinds.MIXED:
            fields.append(pa.field(f"{column.name}_text", pa.string(), metadata={"description": f"{column.name} as it is written in the database"}))
    about = {"feature_group": group.name, "version": group.version, "description": group.description, "owner": group.owner, "keys": group.keys,
             "row_key": group.row_key, "timestamp": group.timestamp, "available": group.available, "lookback_days": group.lookback_days}  # fmt: skip
    units = {c.name: c.facts["unit"] for c in columns if "unit" in c.facts}
    metadata = {
        "athlete.group": json.dumps(about),
        "athlete.definition": group.definition,
        "PANDAS_ATTRS": json.dumps({**about, "units": units}),  # DataFrame.attrs
        "org.apache.spark.sql.parquet.row.metadata": json.dumps({"type": "struct", "fields": [_spark(f) for f in fields]}),
    }
    return pa.schema([*fields, pa.field(directory, pa.string())], metadata)


def _spark(field):
    kind = field.type
    name = ("date" if pa.types.is_date(kind) else "timestamp" if pa.types.is_timestamp(kind) else "double" if pa.types.is_floating(kind)
            else "long" if pa.types.is_integer(kind) else "boolean" if pa.types.is_boolean(kind) else "binary" if pa.types.is_binary(kind)
            else {"type": "array", "elementType": "float", "containsNull": True} if pa.types.is_list(kind) else "string")  # fmt: skip
    facts = {k.decode(): v.decode() for k, v in field.metadata.items()}
    comment = {"comment": facts["description"]} if "description" in facts else {}
    return {"name": field.name, "type": name, "nullable": True, "metadata": {**facts, **comment}}


# --- rows ----------------------------------------------------------------------------------------------------------


def _write_table(readers, group, table, all_columns, forms, folder, by):
    """(rows, bytes) of each file."""
    if not table.rows:
        return []
    directory, letters = PERIODS[by]
    schema = schema_of(group, all_columns, forms, directory)
    keys = group.row_key if table.belief == "current" else ["rowid"]
    written = []
    rows = BATCH_ROWS if all(c.type != "embedding" for c in table.columns) else BATCH_ROWS // 16
    wanted = [(c.name, c.storage) for c in table.columns]
    if by == "day":  # may be thousands of directories: one after the other, not all open at once
        found = batches(readers[0], wanted, f"{quoted(table.name)} ORDER BY {_day(group)}, {', '.join(map(quoted, keys))}", rows)
    else:
        found = batches_in_turn(readers, wanted, table.name, keys, rows)
    converted = (_convert(b, table.columns, forms, schema, group, letters) for b in found)
    ds.write_dataset(
        pa.RecordBatchReader.from_batches(schema, converted), folder / f"{BELIEF}={table.belief}", format="parquet",
        partitioning=ds.partitioning(pa.schema([schema.field(directory)]), flavor="hive"), basename_template="part-{i}.parquet",
        existing_data_behavior="error", max_partitions=1 << 20, max_open_files=OPEN_FILES,
        use_threads=False, preserve_order=True,  # without the second, batches overtake one another even so
        min_rows_per_group=rows // 4, max_rows_per_group=ROW_GROUP,  # or what a batch has of a directory were a row group of its own
        file_options=ds.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1),
        file_visitor=lambda file: written.append((file.metadata.num_rows, file.size)))  # fmt: skip
    return written


def _day(group):
    column = next(c for c in group.columns if c.name == group.timestamp)
    return f"substr({quoted(column.name)}, 1, 10)" if column.storage == "TEXT" else f"date({quoted(column.name)}, 'unixepoch')"


def _convert(batch, columns, forms, schema, group, letters):
    arrays = {}
    for column in columns:
        form, array = forms.get(column.name), batch.column(column.name)
        try:
            arrays[column.name] = kinds.to_arrow(array, schema.field(column.name).type, form)
        except kinds.OtherForm:
            raise kinds.OtherForm(column) from None
        if form == kinds.MIXED:
            arrays[f"{column.name}_text"] = array
    days = batch.column(group.timestamp)
    if not pa.types.is_string(days.type):
        days = days.cast(pa.int64(), safe=False).cast(pa.timestamp("s")).cast(pa.date32()).cast(pa.string())
    arrays[schema.names[-1]] = pc.utf8_slice_codeunits(days, 0, letters)
    nothing = lambda field: pa.nulls(batch.num_rows, field.type)  # noqa: E731
    return pa.record_batch([arrays[f.name] if f.name in arrays else nothing(f) for f in schema], schema=schema)
