"""Reading a database as it is at one moment, as Arrow batches."""

import concurrent.futures
import contextlib

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa
from common.database import quoted
from groups import ExchangeError, first_line, uri

# The driver guesses the type of each column from what comes first.
TYPES = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64(), "BLOB": pa.binary()}
SAMPLES = {"TEXT": "''", "INTEGER": "0", "REAL": "0.0", "BLOB": "x''"}


@contextlib.contextmanager
def open_snapshot(path):
    """A read-only connection in one transaction."""
    with adbc.connect(uri(path, "ro")) as reader:
        yield reader


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


def _batches(reader, columns, source, batch_rows):
    names = ", ".join(quoted(name) for name, _ in columns)
    samples = ", ".join(f"{SAMPLES[storage]} AS {quoted(name)}" for name, storage in columns)
    with reader.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": batch_rows})
        try:
            cursor.execute(f"SELECT {names} FROM {source}")
            skip, found = 0, cursor.fetch_record_batch()
            if any(field.type != TYPES[storage] for field, (_, storage) in zip(found.schema, columns)):
                # A column that begins with NULLs: a row before them tells what it is, and costs a third of the speed.
                cursor.execute(f"SELECT {samples} UNION ALL SELECT * FROM (SELECT {names} FROM {source})")
                skip, found = 1, cursor.fetch_record_batch()
            for batch in found:
                if batch.num_rows > skip:
                    yield batch.slice(skip)
                skip = 0
        except (adbc.Error, pa.ArrowException, OSError) as error:
            raise ExchangeError(f"{source.split()[0]} holds a value that is not of its column's type: {first_line(error)}") from error
