-- needs: ml_model_versions
--
-- A version names the run that trained it, which those before runs were kept do not have; and who is asked for predictions has a
-- name: the last accepted version, as it was.
DROP TRIGGER IF EXISTS ml_aliases_added;
DROP TRIGGER IF EXISTS ml_aliases_moved;
CREATE TABLE ml_model_versions_18 (
    model          TEXT NOT NULL,
    version        INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('accepted', 'refused')),
    reason         TEXT NOT NULL,
    specification  TEXT NOT NULL, -- JSON, as in schemas/models
    model_json     TEXT NOT NULL, -- XGBoost's format
    training_rows  INTEGER NOT NULL,
    training_hash  TEXT NOT NULL, -- of specification, settings and rows: the same hash, the same model
    trained_at     TEXT NOT NULL,
    run_id         INTEGER,       -- NULL: trained before there were runs, or by a stage of its own
    PRIMARY KEY (model, version)
) WITHOUT ROWID;
INSERT INTO ml_model_versions_18
SELECT model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at, NULL FROM ml_model_versions;
DROP TABLE ml_model_versions;
ALTER TABLE ml_model_versions_18 RENAME TO ml_model_versions;

CREATE TABLE IF NOT EXISTS ml_aliases (
    model   TEXT NOT NULL,
    alias   TEXT NOT NULL CHECK (alias IN ('champion', 'challenger')),
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias)
) WITHOUT ROWID;
INSERT OR IGNORE INTO ml_aliases SELECT model, 'champion', MAX(version) FROM ml_model_versions WHERE status = 'accepted' GROUP BY model;
