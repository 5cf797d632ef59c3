"""Reading a database as it is at one moment, as Arrow batches."""

import collections
import concurrent.futures
import contextlib
import itertools

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa
from common.database import quoted
from groups import ExchangeError, first_line, uri

# The driver guesses the type of each column from what comes first.
TYPES = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64(), "BLOB": pa.binary()}
SAMPLES = {"TEXT": "''", "INTEGER": "0", "REAL": "0.0", "BLOB": "x''"}
ATTEMPTS = 5  # at two connections that see the same moment


@contextlib.contextmanager
def open_snapshot(path):
    """A read-only connection in one transaction."""
    with adbc.connect(uri(path, "ro")) as reader:
        yield reader


@contextlib.contextmanager
def open_snapshots(path):
    """Two read-only connections that see one moment; only one where others commit again and again."""
    with open_snapshot(path) as one, open_snapshot(path) as other:
        for _ in range(ATTEMPTS):
            one.rollback(), other.rollback()
            before = _version(other)
            other.rollback()
            ask(one, "SELECT COUNT(*) FROM sqlite_schema")  # from here on it sees this moment
            if _version(other) == before:  # nobody committed since, so that this is the same
                yield [one, other]
                return
        yield [one]


def _version(connection):
    return ask(connection, "PRAGMA data_version")[0]["data_version"]


def ask(connection, sql, *parameters):
    """Runs a statement; its rows as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetch_arrow_table().to_pylist()


def batches(reader, columns, source, batch_rows):
    """Record batches of (name, storage) columns, of which the next is read while one is used; `source` is what follows SELECT … FROM."""
    found = _batches(reader, columns, source, batch_rows)
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        coming = other.submit(next, found, None)
        try:
            while (batch := coming.result()) is not None:
                coming = other.submit(next, found, None)
                yield batch
        finally:  # also of what is given up: no statement is left open, nor closed by another thread while it runs
            concurrent.futures.wait([coming])
            found.close()


def batches_in_turn(readers, columns, table, keys, batch_rows):
    """The batches of a table in the order of its keys, none of which is NULL. Each reader reads every other one, ahead of its use."""
    with contextlib.ExitStack() as threads:  # no statement is left open, nor closed by another thread while it runs
        turns = itertools.cycle([(reader, threads.enter_context(concurrent.futures.ThreadPoolExecutor(1))) for reader in readers])
        begins = concurrent.futures.Future()
        begins.set_result([])
        coming = collections.deque()
        while True:
            while len(coming) < 2 * len(readers):
                (reader, thread), ends = next(turns), concurrent.futures.Future()
                coming.append(thread.submit(_part, reader, columns, table, keys, batch_rows, begins, ends))
                begins = ends
            part = coming.popleft().result()
            if part is None:
                return
            yield from part


def _part(reader, columns, table, keys, rows, begins, ends):
    """Batches of so many rows from where the part before ends, once where this one ends is told; None behind the last row."""
    try:
        first = begins.result()
        listed = ", ".join(map(quoted, keys))
        source = f"{quoted(table)} WHERE ({listed}) >= ({', '.join('?' * len(keys))})" if first else quoted(table)
        source += f" ORDER BY {listed} LIMIT"
        after = [] if first is None else ask(reader, f"SELECT {listed} FROM {source} 1 OFFSET {rows}", *first)
        ends.set_result([*after[0].values()] if after else None)
    except BaseException as error:
        ends.set_exception(error)
        raise
    return None if first is None else list(_batches(reader, columns, f"{source} {rows}", rows, first, is_one=True))


def _batches(reader, columns, source, batch_rows, parameters=None, is_one=False):
    names = ", ".join(quoted(name) for name, _ in columns)
    samples = ", ".join(f"{SAMPLES[storage]} AS {quoted(name)}" for name, storage in columns)
    schema = pa.schema([(name, TYPES[storage]) for name, storage in columns])
    with reader.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": batch_rows})
        try:
            cursor.execute(f"SELECT {names} FROM {source}", parameters or None)
            skip, found = 0, cursor.fetch_record_batch()
            if found.schema.types != schema.types:
                told = [_with_nulls(batch, schema) for batch in found] if is_one else [None]
                if all(batch is not None for batch in told):
                    yield from told
                    return
                # A column that begins with NULLs: a row before them tells what it is, and costs a third of the speed.
                cursor.execute(f"SELECT {samples} UNION ALL SELECT * FROM (SELECT {names} FROM {source})", parameters or None)
                skip, found = 1, cursor.fetch_record_batch()
            for batch in found:
                if batch.num_rows > skip:
                    yield batch.slice(skip)
                skip = 0
        except (adbc.Error, pa.ArrowException, OSError) as error:
            raise ExchangeError(f"{source.split()[0]} holds a value that is not of its column's type: {first_line(error)}") from error


def _with_nulls(batch, schema):
    """A batch where columns of NULLs have the types of a schema; None where another column has not."""
    told = [pa.nulls(batch.num_rows, field.type) if array.null_count == batch.num_rows else array for array, field in zip(batch.columns, schema)]
    return pa.record_batch(told, schema=schema) if [array.type for array in told] == schema.types else None
