"""What advancing.py does, where this Python's sqlite3 loads no extensions: the stages run in the sqlite3 shell."""

import os
import pathlib
import shutil
import subprocess

from advancing import stages_of_one
from common import database
from common.database import Failure, sqlite3
from template import adopt, champions_of_template

MARK = "stage:"


def is_needed():
    return not hasattr(sqlite3.Connection, "enable_load_extension")


def advance(template, objects, earlier, path, begins=None):
    shutil.copyfile(earlier or template, path)
    with database.opened(path, loads=False) as db:
        if earlier:
            here, ours = (database.value(one, "PRAGMA user_version") for one in (db, _opened(template)))
            if here != ours:
                raise Failure(f"{path} has schema {here} where this athlete has {ours}: a Python that loads extensions brings it there (sql/tools/migrate)")
            adopt(db, champions_of_template(template))
        if objects:
            db.execute("INSERT INTO bronze_inbox (source, body) VALUES ('fleet', CAST(? AS TEXT))", (objects,))
    _run(path, begins)


def _opened(path):
    return sqlite3.connect(f"{pathlib.Path(path).absolute().as_uri()}?mode=ro", uri=True)


def _run(path, begins):
    extension = os.environ.get("ATHLETE_EXTENSION") or str(database.ROOT / "build" / "athlete")
    if set(extension) & set("'\"\n\\"):
        raise Failure(f"the extension {extension} has a name that the sqlite3 shell cannot be told")
    script = "PRAGMA journal_mode = memory;\nPRAGMA synchronous = off;\n" + "".join(f".print {MARK}{file.stem}\n{file.read_text()}\n" for file in stages_of_one())
    command = ["sqlite3", "-init", "/dev/null", "-bail", "-batch", "-cmd", f".load '{extension}'", str(path)]
    done = subprocess.run(command, input=script, capture_output=True, text=True)
    told = [line.removeprefix(MARK) for line in done.stdout.splitlines() if line.startswith(MARK)]
    for stage in told if begins else ():
        begins(stage)
    if done.returncode:
        raise Failure(f"{told[-1] if told else 'the first stage'} failed:\n{done.stderr.strip()}")
