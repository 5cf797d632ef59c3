"""Runs stages over a database, one after the other."""

import contextlib
import datetime
import json
import pathlib

from . import database, migrations, resting
from .database import NOW, SQL, Failure, sqlite3

SCHEMAS = SQL.parent / "schemas"


def of(*names):
    """The files of stages of ours."""
    found = {path.stem: path for path in all_of_them()}
    return [found[name] for name in names]


def all_of_them():
    """In the order in which they run, which is that of their numbers."""
    return sorted(SQL.glob("[0-9]_*/**/*.sql"))


def shipped():
    """What the stages need besides the athlete's own data: definitions of feature groups and models, the race survey."""
    return [*_shipped_models(), *sorted(SCHEMAS.glob("features/*.json")), SQL / "data" / "race-times" / "runners.csv"]


def reference(db):
    """Of that what is to land in this file."""
    replaced = [file for file in _shipped_models() if _is_replaced(db, file)]
    return [file for file in shipped() if file not in replaced]


def _shipped_models():
    return sorted(SCHEMAS.glob("models/*.json"))


def _is_replaced(db, file):
    """Whether somebody's own definition of this model has come after ours, whose place it then keeps."""
    if not database.has(db, "bronze_documents"):
        return False
    landed = [json.loads(text) for (text,) in db.execute(
        "SELECT payload FROM bronze_documents WHERE (kind, document_id) = ('model_specification', ?) ORDER BY bronze_id", (file.stem,))]
    ours = json.loads(_text(file))
    return ours in landed[:-1] and landed[-1] != ours


def run(db, path, files, begins=None):
    """Stops at the first that fails. A stage logs its own success, in its transaction; one that fails leaves the database as it
    was, so that its failure is logged here. Loads the extension: that it cannot be loaded is a failure of the first stage.
    `begins` is told the name of each when it begins."""
    stages = [(_name(file), _text(file)) for file in files]
    if not stages:
        raise Failure("there is no stage to run")
    with _logged(db, path, stages[0][0]):
        database.load(db)
    with database.beside_readers(db):
        migrations.bring_up_to_date(db, path)
        for name, text in stages:
            if begins:
                begins(name)
            with _logged(db, path, name), database.undone_on_failure(db):
                resting.run(db, name, text)


def set_as_of(db, text):
    """Every calendar goes on to that day; `today` is the day of this machine."""
    try:
        day = datetime.date.today() if text == "today" else datetime.date.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--as-of is {text!r} where a day such as 2025-10-20, or today, belongs") from error
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (day.isoformat(),))


def _name(file):
    return pathlib.Path(file).name.removesuffix(".sql")


def _text(file):
    try:
        text = pathlib.Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot read the stage {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Failure(f"the stage {file} is not UTF-8, at byte {error.start}") from error
    if "\0" in text:
        raise Failure(f"the stage {file} has a NUL, at character {text.index(chr(0))}")
    return text


@contextlib.contextmanager
def _logged(db, path, stage):
    started_at = database.value(db, f"SELECT {NOW}")
    try:
        yield
    except (sqlite3.Error, Failure) as error:
        message = database.sentence(error, path)
        with contextlib.suppress(sqlite3.Error):  # a file that cannot be written to has no log either
            db.execute(
                "INSERT INTO ops_runs (stage, started_at, duration_ms, outcome, message)"
                " VALUES (?1, ?2, max(0, julianday('now') - julianday(?2)) * 86400000, 'failed', ?3)",
                (stage, started_at, message))  # fmt: skip
        raise Failure(f"{stage} failed:\n{message}") from error
