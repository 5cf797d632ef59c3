"""A feature store with training load, race times and models for endurance athletes, inside one SQLite file.

    athlete.create("athlete.db")                                    what the file needs before it has data
    athlete.run("athlete.db", "activities.json")                    bring files in, run the stages
    athlete.load(connection)                                        the SQL functions, in sqlite3, apsw or pysqlite3
    athlete.Store("athlete.db").get_online_features(…)              the verbs of a feature store, with frames in and out
"""

from __future__ import annotations

import os
import typing

from .project.sql.tools.common import database, pipeline
from .project.sql.tools.common.database import Failure
from .store import Store

__all__ = ["Failure", "Store", "create", "extension", "load", "run"]
Path = typing.Union[str, "os.PathLike[str]"]


def extension() -> str:
    """The library's file, for a host that loads it itself; without the ending, as SQLite takes it on every system."""
    return str(database.ROOT / "build" / "athlete")


def load(connection: typing.Any) -> None:
    """The SQL functions into a connection of sqlite3, pysqlite3 or apsw. SQL itself can load nothing afterwards."""
    allow, take = ((connection.enable_load_extension, connection.load_extension) if hasattr(connection, "load_extension")
                   else (connection.enableloadextension, connection.loadextension))  # fmt: skip
    allow(True)
    try:
        take(extension())
    finally:
        allow(False)


def create(path: Path) -> None:
    """A database with every table, the definitions of groups and models, and the race survey; one that is there is brought up to date."""
    run(path)


def run(path: Path, *files: Path, as_of: str | None = None) -> None:
    """Lands files, all or none, and runs the stages. Days without activity go on to `as_of`, a day or "today"."""
    with database.opened(path, creates=True, loads=False) as db:
        pipeline.run(db, path, files, as_of)
