"""Tables of rows between Python and SQLite, by way of Arrow: pandas, Polars, DuckDB and pyarrow all speak it."""

from __future__ import annotations

import datetime
import typing

from .project.sql.tools.common.database import Failure, quoted

Frame = typing.Any  # what pyarrow.table() takes, or a pandas.DataFrame
Table = typing.Any  # pyarrow.Table


def arrow():
    try:
        import pyarrow
    except ImportError as error:
        raise Failure("frames need pyarrow: pip install 'athlete-sqlite[frames]'") from error
    return pyarrow


def table(frame: Frame) -> Table:
    pa = arrow()
    if type(frame).__module__.partition(".")[0] == "pandas":
        return pa.Table.from_pandas(frame, preserve_index=False)
    return frame if isinstance(frame, pa.Table) else pa.table(frame)


def stage(db, name: str, frame: Frame) -> list[str]:
    """The rows of a frame into a temporary table, after their number; its columns."""
    found = table(frame)
    columns = [_plain(found.column(i), name) for i, name in enumerate(found.column_names)]
    names = ", ".join(map(quoted, found.column_names))
    db.execute(f"CREATE TEMP TABLE {quoted(name)} (row_number INTEGER PRIMARY KEY{', ' if names else ''}{names})")
    places = ", ".join("?" * (len(columns) + 1))
    db.executemany(f"INSERT INTO temp.{quoted(name)} VALUES ({places})", zip(range(1, found.num_rows + 1), *columns))
    return found.column_names


def result(cursor) -> Table:
    """The rows of a query as an Arrow table; a column of whole and other numbers is one of numbers."""
    pa = arrow()
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    columns = list(zip(*rows)) if rows else [()] * len(names)
    return pa.Table.from_arrays([_typed(pa, values) for values in columns], names=names)


def _typed(pa, values):
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else str(value) for value in values]) if len(kinds) > 1 else pa.array(values)


def _plain(column, name):
    """Values as SQLite takes them: instants and days as text in the form that the store keeps, the rest as it is."""
    pa = arrow()
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.combine_chunks().dictionary_decode() if column.num_chunks else column
        kind = column.type
    values = column.to_pylist()
    if pa.types.is_timestamp(kind):
        return [None if value is None else _instant(value) for value in values]
    if pa.types.is_date(kind):
        return [None if value is None else value.isoformat() for value in values]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [None if value is None else pa.array(value, pa.float32()).buffers()[1].to_pybytes()[: 4 * len(value)] for value in values]
    if pa.types.is_decimal(kind):
        return [None if value is None else float(value) for value in values]
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return [None if value != value else value for value in values]  # no number is none
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return values
    raise Failure(f"the column {name} is {kind} where numbers, texts, times or lists of numbers belong")


def _instant(value: datetime.datetime) -> str:
    """Without a zone it is UTC."""
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc)
    value = value.replace(tzinfo=None)
    return value.isoformat(timespec="microseconds" if value.microsecond % 1000 else "milliseconds" if value.microsecond else "seconds") + "Z"
