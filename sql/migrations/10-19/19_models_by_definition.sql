-- needs: ml_model_versions
--
-- Who is asked for predictions has a name: the last accepted version of each model, as it was.
CREATE TABLE IF NOT EXISTS ml_aliases (
    model   TEXT NOT NULL,
    alias   TEXT NOT NULL CHECK (alias IN ('champion', 'challenger')),
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias)
) WITHOUT ROWID;
INSERT OR IGNORE INTO ml_aliases SELECT model, 'champion', MAX(version) FROM ml_model_versions WHERE status = 'accepted' GROUP BY model;
