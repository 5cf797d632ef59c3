"""What the stage 100_bronze_strava made of what came, told to the person who brought it."""

from common import database
from common.database import Failure

# What lands where, by the names of one and of several.
KINDS = {
    "bronze_strava_activities": ("activity", "activities"),
    "bronze_strava_athlete": ("athlete", "athletes"),
    "bronze_strava_sub_activity": ("lap", "laps"),
    "bronze_documents": ("document", "documents"),
}
REASONS = 10  # that are told of one import


def marks(db):
    """How far the tables reach: what is above has come since."""
    return {table: database.value(db, f'SELECT COALESCE(MAX({key}), 0) FROM "{table}"') if database.has(db, table) else 0
            for table, key in [*((table, "bronze_id") for table in KINDS), ("bronze_rejects", "reject_id"), ("ops_runs", "run_id")]}


def told(db, since):
    """Lines: what landed, what was known, what was refused and why. Fails where nothing could be used."""
    landed = {table: database.value(db, f'SELECT COUNT(*) FROM "{table}" WHERE bronze_id > ?', since[table]) for table in KINDS}
    brought, refused, seen = db.execute(
        "SELECT SUM(rows_in), SUM(rows_rejected), COUNT(*) FILTER (WHERE message IS NOT NULL) FROM ops_runs"
        " WHERE run_id > ? AND stage = '100_bronze_strava' AND outcome = 'ok'", (since["ops_runs"],)).fetchone()
    known = brought - refused - sum(landed.values())
    yield ("landed " + (", ".join(_counted(n, *KINDS[table]) for table, n in landed.items() if n) or "nothing new")
           + ("; all of it is known already" if seen and not brought else f"; {known} known already" if known else "")
           + (f"; {refused} refused" if refused else ""))
    reasons = db.execute(
        "SELECT source, MIN(line), COUNT(*), reason FROM bronze_rejects WHERE reject_id > ? GROUP BY source, reason ORDER BY 3 DESC, 1, 2",
        (since["bronze_rejects"],)).fetchall()
    for source, line, n, reason in reasons[:REASONS]:
        yield f"  {source} line {line}: {reason}" + (f", and {n - 1} more like it" if n > 1 else "")
    if len(reasons) > REASONS:
        yield f"  and {len(reasons) - REASONS} other reasons"
    if refused:
        yield "  nothing is lost: what was refused is in bronze_rejects"
    if refused and not known and not any(landed.values()):
        raise Failure("nothing that came could be used")


def _counted(n, one, several):
    return f"{n} {one if n == 1 else several}"
