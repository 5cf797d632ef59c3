-- Which stage computes from which was a table that 00_ops_tables filled; ops_follows is what the stages announce.
DROP TABLE IF EXISTS ops_dependencies;
DROP VIEW IF EXISTS ops_stale;
CREATE TABLE IF NOT EXISTS ops_stages (
    stage    TEXT PRIMARY KEY,
    purpose  TEXT NOT NULL,
    inputs   TEXT NOT NULL,
    products TEXT NOT NULL,
    follows  TEXT NOT NULL
) WITHOUT ROWID;
