-- stage:    332_time_estimator_tables
-- purpose:  where the judgement of the time estimator is kept: what it said of races, its intervals, its metrics, and what was left out
-- reads:    -
-- writes:   -; ml_validation_predictions, ml_intervals, ml_metrics, estimate_rejects
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '332_time_estimator_tables',
    'where the judgement of the time estimator is kept: what it said of races, its intervals, its metrics, and what was left out',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Predictions of races that the predicting model had not seen: survey runners by fold, an athlete's races by date.
CREATE TABLE IF NOT EXISTS ml_validation_predictions (
    model          TEXT NOT NULL, -- time_estimator, or a classic formula on the same evidence
    version        INTEGER NOT NULL,
    source         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    as_of_date     TEXT NOT NULL,
    distance_class TEXT NOT NULL,
    fold           INTEGER NOT NULL,
    evidence       TEXT NOT NULL,    -- none, training_run, race, races: as in time_estimator_rows
    actual_s       REAL NOT NULL,
    predicted_s    REAL NOT NULL,
    lower_s        REAL,             -- from the residuals of the other folds
    upper_s        REAL,
    PRIMARY KEY (model, version, source, subject, as_of_date, distance_class)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ml_intervals (
    model          TEXT NOT NULL,
    version        INTEGER NOT NULL,
    distance_class TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    lower_ln       REAL NOT NULL, -- bounds of ln(actual / predicted) for a prediction of 5:00 min/km
    upper_ln       REAL NOT NULL,
    spread_power   REAL NOT NULL, -- for another pace they grow with its power
    n              INTEGER NOT NULL,
    PRIMARY KEY (model, version, distance_class, evidence)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ml_metrics (
    model          TEXT NOT NULL,
    version        INTEGER NOT NULL,
    source         TEXT NOT NULL,
    distance_class TEXT NOT NULL,
    n              INTEGER NOT NULL,
    mae_s          REAL NOT NULL,
    rmse_s         REAL NOT NULL,
    mape_pct       REAL NOT NULL,
    bias_pct       REAL NOT NULL, -- above 0: too slow
    coverage_pct   REAL,
    PRIMARY KEY (model, version, source, distance_class)
) WITHOUT ROWID;

-- What a version was judged by stays as it was judged.
-- append-only ml_validation_predictions, ml_intervals, ml_metrics: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_keep BEFORE UPDATE ON ml_validation_predictions
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_stay BEFORE DELETE ON ml_validation_predictions
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_once BEFORE INSERT ON ml_validation_predictions
WHEN EXISTS (SELECT 1 FROM ml_validation_predictions AS o WHERE (o.model, o.version, o.source, o.subject, o.as_of_date, o.distance_class) = (new.model, new.version, new.source, new.subject, new.as_of_date, new.distance_class))
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_keep BEFORE UPDATE ON ml_intervals
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_stay BEFORE DELETE ON ml_intervals
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_once BEFORE INSERT ON ml_intervals
WHEN EXISTS (SELECT 1 FROM ml_intervals AS o WHERE (o.model, o.version, o.distance_class, o.evidence) = (new.model, new.version, new.distance_class, new.evidence))
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_keep BEFORE UPDATE ON ml_metrics
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_stay BEFORE DELETE ON ml_metrics
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_once BEFORE INSERT ON ml_metrics
WHEN EXISTS (SELECT 1 FROM ml_metrics AS o WHERE (o.model, o.version, o.source, o.distance_class) = (new.model, new.version, new.source, new.distance_class))
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;
-- end

-- Estimates that nobody can run: each is left out, and nothing else.
CREATE TABLE IF NOT EXISTS estimate_rejects (
    stage          TEXT NOT NULL,
    model          TEXT NOT NULL, -- line: the base of 500_time_estimator_rows
    source         TEXT NOT NULL, -- as in time_estimator_rows
    subject        TEXT NOT NULL,
    as_of_date     TEXT NOT NULL,
    distance_class TEXT NOT NULL,
    value,                        -- s, or ln(s) of a line
    reason         TEXT NOT NULL,
    PRIMARY KEY (stage, model, source, subject, as_of_date, distance_class)
) WITHOUT ROWID;

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '332_time_estimator_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
