-- needs: ml_runs, ml_run_predictions
-- unless: ml_runs.search_id
--
-- A search's runs are runs, too, and make no version. A rule of a table cannot be changed; triggers and the index are made anew
-- by their stage, as are the views.
CREATE TEMP TABLE kept AS SELECT * FROM ml_runs;
DROP TABLE ml_runs;
CREATE TABLE ml_runs (
    run_id         INTEGER PRIMARY KEY,
    model          TEXT NOT NULL,
    bronze_id      INTEGER NOT NULL, -- of its definition
    started_at     TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('finished', 'failed')),
    reason         TEXT,             -- of a failed one
    version        INTEGER,          -- of the model that it made
    labelled_rows  INTEGER NOT NULL,
    training_rows  INTEGER NOT NULL,
    training_spec  TEXT NOT NULL,    -- JSON: what training_rows() was asked for
    training_hash  TEXT NOT NULL,    -- of definition, settings and rows: the same hash, the same model
    trained_until  TEXT,             -- the last day that a label of these rows tells of
    search_id      INTEGER,          -- the search that it is a run of
    CHECK ((status = 'failed') = (reason IS NOT NULL) AND (status = 'failed' OR search_id IS NOT NULL) = (version IS NULL))
);
INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until)
SELECT run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until
FROM temp.kept;
DROP TABLE temp.kept;
-- What the baselines said of the rows that a run was judged by is kept from now on.
ALTER TABLE ml_run_predictions ADD COLUMN baselines TEXT;
