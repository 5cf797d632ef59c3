"""What devices recorded by the second, put beside the activities that it is of, and the files that need not be read again."""

import base64
import hashlib

from . import database, stages

KNOWN = """
    SELECT file_hash, json_array_length(activities) FROM bronze_files AS f
    WHERE NOT EXISTS (
        SELECT 1 FROM json_each(f.activities) AS e
        WHERE COALESCE((SELECT stream FROM bronze_strava_activities AS b WHERE b.activity_id = e.value ORDER BY bronze_id DESC LIMIT 1), 'tombstone') = 'tombstone')"""
OWNER = """
    SELECT trim(payload -> '$.athlete.id', '"') FROM bronze_strava_activities WHERE activity_id = ? AND stream <> 'tombstone' ORDER BY bronze_id DESC LIMIT 1"""
CHANNEL = """
    INSERT INTO activity_streams (activity_id, channel, athlete_id, content_hash, source, ingested_at, samples)
    VALUES (?1, ?2, ?3, ?4, ?5, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?6)
    ON CONFLICT (activity_id, channel) DO UPDATE
    SET athlete_id = excluded.athlete_id, content_hash = excluded.content_hash, source = excluded.source, ingested_at = excluded.ingested_at, samples = excluded.samples
    WHERE (content_hash, athlete_id) IS NOT (excluded.content_hash, excluded.athlete_id)"""


def known(db):
    """{hash of a file that has been read: of how many activities}, but of none that has been deleted since."""
    return dict(db.execute(KNOWN)) if database.has(db, "bronze_files") else {}


def keep(db, path, recordings, files):
    """Faults, as (source, why). Files are known once all that they hold has landed, so after that, in one transaction with their channels."""
    if not recordings and not files:
        return []
    stages.run(db, path, stages.of("000_ops_tables", "120_activity_streams"))
    faults = []
    with database.beside_readers(db), database.transaction(db):
        for source, told in recordings:
            activity = told["activity"]
            owner = told["athlete"] or database.value(db, OWNER, activity)
            if owner is None:
                faults.append((source, f"it is of the activity {activity}, which is not here: import that first"))
                continue
            _keep(db, activity, owner, source, {name: base64.b64decode(text) for name, text in told["channels"].items()})
        unheard = {source for source, _ in faults}
        db.executemany("INSERT OR REPLACE INTO bronze_files (file_hash, activities, source, ingested_at) VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                       [file for file in files if file[2] not in unheard])
    return faults


def _keep(db, activity, owner, source, channels):
    for (channel,) in db.execute("SELECT channel FROM activity_streams WHERE activity_id = ?", (activity,)).fetchall():
        if channel not in channels:
            db.execute("DELETE FROM activity_streams WHERE activity_id = ? AND channel = ?", (activity, channel))
    for channel, samples in channels.items():
        db.execute(CHANNEL, (activity, channel, owner, hashlib.sha256(samples).hexdigest(), source, samples))
