-- Whoever has features has been published: what arrives for them from now on is late.
CREATE TABLE IF NOT EXISTS ops_published (
    athlete_id TEXT PRIMARY KEY
) WITHOUT ROWID;
INSERT OR IGNORE INTO ops_published (athlete_id)
SELECT athlete_id FROM ops_watermarks WHERE stage = '410_activity_features';
