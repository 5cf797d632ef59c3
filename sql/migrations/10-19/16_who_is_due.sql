-- A stage looked for everyone whose input had moved among all; now whoever changes a row says for which stages its athlete is due.
-- In an earlier file everyone is due once: who has not changed is found so.
DROP VIEW IF EXISTS ops_stale;
DROP VIEW IF EXISTS ops_follows;
DROP VIEW IF EXISTS feature_extent_queries;
DROP TRIGGER IF EXISTS ops_announced_anew;
CREATE TABLE IF NOT EXISTS ops_watermarks (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    position   TEXT NOT NULL,
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ops_stages (
    stage    TEXT PRIMARY KEY,
    purpose  TEXT NOT NULL,
    inputs   TEXT NOT NULL,
    products TEXT NOT NULL,
    follows  TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ops_upstreams (
    upstream TEXT NOT NULL,
    stage    TEXT NOT NULL,
    PRIMARY KEY (upstream, stage)
) WITHOUT ROWID;
INSERT OR IGNORE INTO ops_upstreams SELECT f.value, s.stage FROM ops_stages AS s, json_each(s.follows) AS f;
CREATE TABLE IF NOT EXISTS ops_due (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;
INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT stage, athlete_id FROM ops_watermarks;
INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT u.stage, w.athlete_id FROM ops_upstreams AS u JOIN ops_watermarks AS w ON w.stage = u.upstream;
