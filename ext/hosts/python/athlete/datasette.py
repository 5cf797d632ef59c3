"""With the wheel installed, Datasette's queries have the SQL functions: datasette athlete.db."""

from datasette import hookimpl

from . import load


@hookimpl
def prepare_connection(conn):
    load(conn)
