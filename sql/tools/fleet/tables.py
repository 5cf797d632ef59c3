"""What an athlete's file says, as Arrow tables whose columns are the same for every athlete.

Types are those of sql/tools/exchange/kinds.py. A group's own times are instants and, beside them in <name>_text, the texts as the file has
them: of one athlete all may be days, of the next one instants too. Any other time stays text.
"""

import contextlib
import dataclasses
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "exchange"))

import groups  # noqa: E402
import kinds  # noqa: E402
import outlet  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import snapshot  # noqa: E402
from common.database import Failure, quoted  # noqa: E402

BATCH_ROWS = 65536
# Besides the groups: what was predicted and recommended.
OTHERS = """
    SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'gold~_%' ESCAPE '~' OR name = 'inference_log') ORDER BY name"""
COLUMNS = "SELECT name, type, pk FROM pragma_table_info(?)"


@dataclasses.dataclass(frozen=True)
class Layout:
    """One table of every file."""

    name: str
    columns: list  # groups.Column
    forms: dict  # of texts that are times
    schema: pa.Schema
    order: str


def layouts(template):
    """Of all tables that every file has."""
    with snapshot.open_snapshot(template) as reader:
        registered = groups.registered(lambda sql: snapshot.ask(reader, sql))
        others = [(row["name"], snapshot.ask(reader, COLUMNS, row["name"])) for row in snapshot.ask(reader, OTHERS)]
    found = []
    for group in groups.choose(registered, []):
        since = dataclasses.replace(next(c for c in group.columns if c.name == group.available), name="superseded_at", facts={})
        ended = [since, dataclasses.replace(since, name="superseded_by", type="text", storage="TEXT", is_time=False)]
        keys = ", ".join(map(quoted, group.row_key))
        found.append(_layout(group.table, group.columns, group, keys))
        found.append(_layout(f"{group.table}_history", [*group.columns, *ended], group, "rowid"))
    for name, columns in others:
        keys = ", ".join(quoted(c["name"]) for c in sorted(columns, key=lambda c: c["pk"]) if c["pk"])
        found.append(_layout(name, [groups.Column(c["name"], "text", c["type"], {}) for c in columns], None, keys or "rowid"))
    return sorted(found, key=lambda layout: layout.name)


def _layout(name, columns, group, order):
    forms = {c.name: kinds.MIXED if c.is_time else None for c in columns if c.type == "timestamp" and c.storage == "TEXT"}
    if group:
        schema = outlet.schema_of(group, columns, forms, "partition")
        schema = schema.remove(len(schema) - 1)
    else:
        schema = pa.schema([pa.field(c.name, kinds.STORED[c.storage]) for c in columns])
    plain = [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in schema]
    return Layout(name, columns, forms, pa.schema(plain, schema.metadata), order)


def owner_of(schema):
    """The column that says whose a row is."""
    return "athlete_id" if "athlete_id" in schema.names else "entity"


def owners(table):
    """Of a table of Parquet: a column of texts, or Failure."""
    name = owner_of(table.schema)
    if name not in table.schema.names or not pa.types.is_string(table.schema.field(name).type):
        raise Failure(f"it has no text {name}")
    return table[name]


@contextlib.contextmanager
def readable(path):
    """What Arrow says of a file that somebody else may have written, as a sentence."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, Failure) as error:
        raise Failure(f"{path} is no table of this fleet: {groups.first_line(error)}") from error


def read(path, layout_of_all, athlete=None):
    """{name: table} of a file, which may have rows of its athlete alone."""
    with groups.in_words(path.name), snapshot.open_snapshot(path) as reader:
        found = {layout.name: _table(reader, layout) for layout in layout_of_all}
    for name, table in found.items() if athlete else ():
        others = pc.filter(column := owners(table), pc.not_equal(column, athlete))
        if len(others):
            raise groups.ExchangeError(f"{name} has rows of athlete {others[0].as_py()[:40]}")
    return found


def _table(reader, layout):
    wanted = [(c.name, c.storage) for c in layout.columns]
    source = f"{quoted(layout.name)} ORDER BY {layout.order}"
    return pa.Table.from_batches([_typed(batch, layout) for batch in snapshot.batches(reader, wanted, source, BATCH_ROWS)], layout.schema)


def _typed(batch, layout):
    arrays = {}
    for column in layout.columns:
        array, form = batch.column(column.name), layout.forms.get(column.name)
        arrays[column.name] = kinds.to_arrow(array, layout.schema.field(column.name).type, form)
        if form == kinds.MIXED:
            arrays[f"{column.name}_text"] = array
    return pa.record_batch([arrays[field.name] for field in layout.schema], schema=layout.schema)
