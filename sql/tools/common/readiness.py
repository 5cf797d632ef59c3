"""Whether a database has what a report reads; where not, a sentence that says what to do."""

import shlex

from . import database, stages
from .database import SQL, Failure

FAILED = "SELECT message FROM ops_runs WHERE stage = ? AND outcome = 'failed' ORDER BY run_id DESC LIMIT 1"

# Whether activities have landed, or lie in the inbox, that no stage has read.
WAITING = """
    SELECT EXISTS (SELECT 1 FROM bronze_inbox)
        OR (SELECT MAX(bronze_id) FROM bronze_strava_activities) >
           COALESCE((SELECT CAST(position ->> '$[0]' AS INTEGER) FROM ops_seen WHERE (stage, athlete_id) = ('200_silver_activities', '')), 0)"""


def check(db, path):
    """Fails where a stage has never ended well on this file, or a migration waits."""
    make = f"make pipeline DB={shlex.quote(str(path))}"
    if not database.has(db, "ops_stages"):
        if database.value(db, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!')"):
            raise Failure(f"{path} has tables, and none of ours: no stage has run over it. If that is the file you meant, {_import(path)}")
        raise Failure(f"{path} is empty: {_import(path)}")
    newest = max(int(file.name.partition("_")[0]) for file in (SQL / "migrations").glob("*/*.sql"))
    if database.value(db, "PRAGMA user_version") < newest:
        raise Failure(f"{path} was made by an earlier athlete: {make} brings it up to date")
    names = [file.stem for file in stages.all_of_them()][1:]  # the first makes the list of those that have run to their end
    ended = {name for (name,) in db.execute("SELECT stage FROM ops_stages")}
    waiting = [name for name in names if name not in ended]
    if waiting:
        message = database.value(db, FAILED, waiting[0])
        why = f", because {waiting[0]} failed: {_line(message)}. When that is mended, {make} runs them" if message else f": {make} runs them"
        raise Failure(f"{path} is not ready, {len(waiting)} of {len(names)} stages have not run over it yet ({_some(waiting)}){why}")


def check_athlete(db, path, athlete=None):
    """Fails where this athlete, or anybody at all, has no activities here."""
    found = [str(name) for (name,) in db.execute("SELECT athlete_id FROM gold_squad ORDER BY athlete_id IS NOT ?, athlete_id LIMIT 5", (athlete,))]
    if not found:
        raise Failure(nobody(db, path))
    if athlete not in (None, found[0]):
        raise Failure(f"{path} has no activities of athlete {athlete}; here are {', '.join(found[:4])}" + (" and others" if found[4:] else ""))


def called(db, name):
    """The ids of those who have this name, up to five."""
    return [str(found) for (found,) in db.execute("SELECT athlete_id FROM athlete_names_now WHERE name = ? COLLATE NOCASE ORDER BY athlete_id LIMIT 5", (name,))]


def athlete(db, path, told=None):
    """The id of who is meant: it itself, or a name that one athlete here has. None where nobody was told; fails where nobody is here."""
    if told is not None and not database.value(db, "SELECT EXISTS (SELECT 1 FROM gold_squad WHERE athlete_id = ?)", told):
        ids = called(db, told)
        if ids[1:]:
            raise Failure(f"{path} has several athletes who are called {told}, say the number: {', '.join(ids[:4])}" + (" and others" if ids[4:] else ""))
        told = ids[0] if ids else told
    check_athlete(db, path, told)
    return told


def nobody(db, path):
    """What to do about a file in which nobody has activities."""
    if database.value(db, WAITING):
        return f"{path} has no athletes yet; what was imported waits: make pipeline DB={shlex.quote(str(path))} reads it"
    return f"{path} has no athletes yet: {_import(path)}"


def _import(path):
    said = shlex.quote(str(path))
    return f"make import DB={said} SRC=export.zip brings activities, make pipeline DB={said} computes"


def _some(names):
    return ", ".join(names[:2]) + (" …" if names[2:] else "")


def _line(message):
    return " ".join(str(message).split())
