"""What the stage 100_bronze_strava made of what came, told to the person who brought it."""

from . import database, stages
from .database import Failure

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


# The names, which hold nothing personal, of the first object that no importer knows.
UNKNOWN = """
    SELECT source, (SELECT COALESCE(group_concat(key, ', '), 'none') FROM json_each(object))
    FROM bronze_rejects WHERE reject_id > ? AND reason = 'no known kind of object' AND json_valid(object) ORDER BY reject_id LIMIT 1"""


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
    if not any(landed.values()) and (unknown := db.execute(UNKNOWN, (since["bronze_rejects"],)).fetchone()):
        yield f"  {unknown[0]}: nobody has sent such objects yet; please report what wrote them, and the names in them: {unknown[1][:1000]}"
    if refused:
        yield "  nothing is lost: what was refused is in bronze_rejects"
    if refused and not known and not any(landed.values()):
        yield "  what can be imported, and where it is to be had: sql/tools/importers/README.md"
        raise Failure("nothing that came could be used")


# --- files of the athlete's own ------------------------------------------------------------------------------------------

# Of each activity that came: whether it is its first version, a later one, or the end of it.
CAME = """
    SELECT activity_id, CASE WHEN stream = 'tombstone' THEN 'removed'
                             WHEN EXISTS (SELECT 1 FROM bronze_strava_activities AS o WHERE o.activity_id = b.activity_id AND o.bronze_id <= ?1) THEN 'changed'
                             ELSE 'new' END
    FROM bronze_strava_activities AS b WHERE bronze_id > ?1"""
TRAININGS = ["000_ops_tables", "010_quality_rules", "110_told", "200_silver_activities", "210_silver_sub_activity", "230_silver_trainings", "260_silver_provenance"]
REFUSED = """
    SELECT r.activity_id, r.reason, b.source FROM silver_rejects AS r JOIN bronze_strava_activities AS b USING (bronze_id)
    WHERE r.table_name = 'silver_strava_activities' AND r.severity = 'reject' AND r.bronze_id > ? ORDER BY r.bronze_id"""


def told_of_own(db, path, since, n_documents, n_streams, faults):
    """Of so many documents in sentences: how many are new, which are of a training that is here already, and which files gave nothing and why."""
    mark, n_unreadable = since["bronze_strava_activities"], len(faults)
    came = dict(db.execute(CAME, (mark,)).fetchall())
    if came:
        stages.run(db, path, stages.of(*TRAININGS))
    same = {row[0] for row in db.execute("SELECT activity_id FROM silver_same_training")} & came.keys() if came else set()
    refused = db.execute(REFUSED, (mark,)).fetchall() if came else []
    kinds = list(came.values())
    brought, rejected = _brought(db, since)
    known = max(brought - rejected, n_documents) - len(came)  # the same texts as before are not even read
    faults = [*faults, *(row for row in db.execute("SELECT DISTINCT source, reason FROM bronze_rejects WHERE reject_id > ?", (since["bronze_rejects"],))
                         if row not in faults)]
    parts = [f"{kinds.count('new')} new", *(f"{kinds.count(kind)} {kind}" for kind in ("changed", "removed") if kind in kinds)]
    parts += [f"{known} known already"] if known > 0 else []
    parts += [f"streams of {_counted(n_streams, 'activity', 'activities')}"] if n_streams else []
    parts += [f"{len(same)} the same training from another device"] if same else []
    parts += [f"{rejected} refused"] if rejected else []
    parts += [f"{len({row[0] for row in refused})} not believed"] if refused else []
    yield ", ".join([*parts, *([f"{n_unreadable} unreadable"] if n_unreadable else [])]) + (":" if faults or refused else "")
    yield from unread([*faults, *((source, reason) for _, reason, source in refused)])


    if kinds.count("removed") == len(kinds) and known <= 0 and not n_streams:
        raise Failure("nothing that came could be used")


# A file is no text that could be kept; what it was and why it gave nothing can.
UNREADABLE = """
    INSERT OR IGNORE INTO bronze_rejects (source, ingested_at, line, byte_offset, reason, object, content_hash)
    VALUES (?1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 1, 0, ?2, '', sha256(?2))"""


def keep(db, faults):
    with database.transaction(db):
        db.executemany(UNREADABLE, faults)


def unread(faults):
    for source, reason in faults[:REASONS]:
        yield f"  {source}: {reason}"
    if len(faults) > REASONS:
        yield f"  and {len(faults) - REASONS} more"


def name(db, path, athlete, text):
    """What an athlete is called, unless it is that already."""
    stages.run(db, path, stages.of("000_ops_tables", "110_told"))
    last = "SELECT name FROM athlete_names WHERE athlete_id = ? ORDER BY told_id DESC LIMIT 1"
    if athlete is not None and database.value(db, last, athlete) != text:
        db.execute("INSERT INTO athlete_names (athlete_id, name) VALUES (?, ?)", (athlete, text))


def _brought(db, since):
    """(objects that came, those of them that were refused)"""
    return db.execute("SELECT COALESCE(SUM(rows_in), 0), COALESCE(SUM(rows_rejected), 0) FROM ops_runs WHERE run_id > ? AND stage = '100_bronze_strava' AND outcome = 'ok'",
                      (since["ops_runs"],)).fetchone()


def _counted(n, one, several):
    return f"{n} {one if n == 1 else several}"
