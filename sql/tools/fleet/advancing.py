"""One athlete, one database: raw objects and the athlete's file so far become the file that follows it."""

import functools
import pathlib
import re
import shutil

from common import database, inbox, stages
from template import adopt, champions_of_template

# What trains does so where all rows are together, in the pool; what it made is in the template.
TRAINED = {"ml_runs", "ml_model_versions", "ml_aliases"}


@functools.cache
def stages_of_one():
    return [file for file in stages.all_of_them() if "5_models" not in file.parts or not TRAINED & set(_writes(file))]


def _writes(file):
    return re.split(r"[;,]\s*", re.search(r"^-- writes: +(.*)$", file.read_text(encoding="utf-8"), re.M)[1])


def advance(template, objects, earlier, path, begins=None):
    """Writes the file at `path`: a copy of the file `earlier`, or of the empty template without one, in which the objects, lines of
    JSON, have landed and every stage has run. `begins` is told the name of each stage. Raises Failure with the stage's sentence."""
    shutil.copyfile(earlier or template, path)
    with database.opened(path) as db:
        for pragma in ("journal_mode = memory", "synchronous = off", "cache_size = -65536"):  # nobody else sees it before it is whole
            db.execute(f"PRAGMA {pragma}")
        if earlier:
            adopt(db, champions_of_template(template))
        if objects:
            inbox.put(db, path, [[("fleet", objects)]])
        stages.run(db, path, stages_of_one(), begins)


def name_of(athlete):
    """Of an athlete's file in a folder. An id has digits only (keys.py), so that it is a name of a file."""
    return pathlib.Path(f"{athlete}.db")
