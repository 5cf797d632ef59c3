"""The database that an athlete's file begins as: every table and definition, nobody's rows, and the models of the pool."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from common import database, inbox, pipeline, stages
from common.database import Failure, sqlite3
from scratch import at_hand, scratch_in

# What a file needs of a model that was trained elsewhere: how it came to be, and not the rows that it was judged by.
OF_MODELS = ("ml_models", "ml_runs", "ml_run_params", "ml_run_metrics", "ml_run_slices", "ml_run_tags", "ml_run_artifacts", "ml_model_versions", "ml_intervals", "ml_metrics", "ml_clusters",
             "ml_decisions", "ml_aliases")  # fmt: skip


def make(pool, path, scratch=None):
    """Writes the template of a pool's models. A pool that is not there begins with the models of the bundled race survey."""
    from advancing import stages_of_one

    if not pathlib.Path(pool).exists():
        with at_hand(pathlib.Path(pool), scratch, writes=True) as near, database.opened(near, creates=True, loads=False) as db:
            pipeline.run(db, near)
    beside = pathlib.Path(f"{path}.{os.getpid()}")
    with scratch_in(scratch or tempfile.gettempdir()) as own, at_hand(pathlib.Path(pool), scratch) as near:
        fresh = own / "template.db"
        with database.opened(fresh, creates=True, loads=False) as db:
            inbox.put(db, fresh, [inbox.opened(str(file)) for file in sorted(stages.SCHEMAS.glob("features/*.json"))])
            stages.run(db, fresh, stages.all_of_them())  # also those that train, which have nothing to train yet, for their tables
            with _adopting(pool):
                adopt(db, champions(near))
            stages.run(db, fresh, stages_of_one())  # so that what a new champion makes due is done
            db.execute("DELETE FROM ops_runs")
        try:
            shutil.copyfile(fresh, beside)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _adopting(pool):
    """Of models that are not as ours are, the file that they are of."""
    try:
        yield
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise Failure(f"the models of {pool} are none of ours: {error}") from error


def champions(path):
    """(columns, keys, rows) of each table that is there."""
    found = {}
    with database.opened(path, reads_only=True, loads=False) as db:
        for table in OF_MODELS:
            columns = db.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
            if columns:
                names = ", ".join(database.quoted(name) for name, _ in columns)
                found[table] = ([name for name, _ in columns], [name for name, pk in columns if pk], db.execute(f"SELECT {names} FROM {table}").fetchall())
    return found


_last = {}  # (file, as it was): of the last one that was asked for


def champions_of_template(path):
    """Those of a file, which is read again where it is another than the last."""
    at = os.stat(path)
    whose = (str(path), at.st_ino, at.st_mtime_ns)
    if whose not in _last:
        _last.clear()
        _last[whose] = champions(path)
    return _last[whose]


def adopt(db, models):
    """Gives a file the models that it does not have yet, and their aliases as they are."""
    for table, (columns, keys, rows) in models.items():
        if not database.has(db, table):
            continue
        here = {name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        names = [name for name in columns if name in here]
        known = set(db.execute(f"SELECT {', '.join(map(database.quoted, keys))} FROM {table}"))
        places = [columns.index(name) for name in names]
        new = [tuple(row[i] for i in places) for row in rows if tuple(row[columns.index(key)] for key in keys) not in known]
        marks = ", ".join("?" * len(names))
        db.executemany(f"INSERT INTO {table} ({', '.join(map(database.quoted, names))}) VALUES ({marks})", new)
        if table == "ml_aliases":
            db.executemany("UPDATE ml_aliases SET version = ?3 WHERE model = ?1 AND alias = ?2 AND version <> ?3",
                           [tuple(row[columns.index(name)] for name in ("model", "alias", "version")) for row in rows])
