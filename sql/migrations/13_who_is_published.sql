-- Whoever has features has been published: what arrives for them from now on is late.
CREATE TABLE IF NOT EXISTS ops_published (
    athlete_id   TEXT PRIMARY KEY,
    published_at TEXT NOT NULL
) WITHOUT ROWID;
INSERT OR IGNORE INTO ops_published (athlete_id, published_at)
SELECT athlete_id, strftime('%Y-%m-%dT%H:%M:%SZ', 'now') FROM ops_watermarks WHERE stage = '410_activity_features';
