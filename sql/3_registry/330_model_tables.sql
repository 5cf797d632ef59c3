-- stage:    330_model_tables
-- purpose:  where models are kept: definitions, runs with parameters and metrics, versions, aliases and decisions
-- reads:    -
-- writes:   -; ml_models, ml_model_rejects, ml_runs, ml_run_params, ml_run_metrics, ml_run_tags, ml_run_artifacts, ml_run_predictions, ml_model_versions, ml_aliases, ml_looks, ml_decisions, ml_decision_rows, ml_validation_predictions, ml_intervals, ml_metrics
-- follows:  -
-- grain:    -
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '330_model_tables',
    'where models are kept: definitions, runs with parameters and metrics, versions, aliases and decisions',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Every definition of a model ever registered, as it was written.
CREATE TABLE IF NOT EXISTS ml_models (
    bronze_id     INTEGER PRIMARY KEY,
    model         TEXT NOT NULL,
    version       TEXT NOT NULL, -- of the definition
    entity        TEXT NOT NULL, -- the column of its rows that says whose they are
    learner       TEXT NOT NULL,
    definition    TEXT NOT NULL, -- JSON
    registered_at TEXT NOT NULL,
    -- What stages ask of it: the SELECT of its rows, the lookups and expressions of training_rows(), its features as columns
    -- of a row of those (names are letters, digits and _), the learner's options, and whether it answers yes or no.
    rows_sql      TEXT NOT NULL,
    lookups       TEXT NOT NULL,
    computed      TEXT NOT NULL,
    columns_sql   TEXT NOT NULL,
    options       TEXT NOT NULL,
    is_binary     INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS ml_models_by_name ON ml_models (model, bronze_id);

-- Those that may not be registered, with the sentence that says why.
CREATE TABLE IF NOT EXISTS ml_model_rejects (
    bronze_id  INTEGER PRIMARY KEY,
    model      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    definition TEXT NOT NULL
);

-- The definition of each model that holds: the last.
CREATE VIEW IF NOT EXISTS ml_models_current AS
SELECT * FROM ml_models AS m
WHERE bronze_id = (SELECT MAX(o.bronze_id) FROM ml_models AS o WHERE o.model = m.model);

-- Each training, also one that failed.
CREATE TABLE IF NOT EXISTS ml_runs (
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
    CHECK ((status = 'failed') = (reason IS NOT NULL) AND (status = 'failed') = (version IS NULL))
);
CREATE INDEX IF NOT EXISTS ml_runs_by_model ON ml_runs (model, run_id);
CREATE TABLE IF NOT EXISTS ml_run_params (
    run_id INTEGER NOT NULL,
    name   TEXT NOT NULL,
    value,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ml_run_metrics (
    run_id     INTEGER NOT NULL,
    evaluation TEXT NOT NULL,    -- time: on days after those that trained; group: on athletes that did not train
    predictor  TEXT NOT NULL,    -- model, or a baseline by its name
    metric     TEXT NOT NULL,
    step       INTEGER NOT NULL, -- the fold, from 1; 0 is all of them together
    value      REAL NOT NULL CHECK (typeof(value) = 'real' AND abs(value) < 9e999), -- no other is a number
    n          INTEGER NOT NULL, -- rows that it was measured on
    PRIMARY KEY (run_id, evaluation, metric, predictor, step)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ml_run_tags (
    run_id INTEGER NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ml_run_artifacts (
    run_id  INTEGER NOT NULL,
    name    TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
-- What the run said of rows that the predicting model had not seen.
CREATE TABLE IF NOT EXISTS ml_run_predictions (
    run_id     INTEGER NOT NULL,
    evaluation TEXT NOT NULL,
    entity     TEXT NOT NULL,
    as_of_date TEXT NOT NULL,
    item       TEXT NOT NULL,
    fold       INTEGER NOT NULL,
    label      REAL NOT NULL,
    predicted  REAL NOT NULL,
    PRIMARY KEY (run_id, evaluation, entity, as_of_date, item)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ml_model_versions (
    model          TEXT NOT NULL,
    version        INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('accepted', 'refused')),
    reason         TEXT NOT NULL,
    specification  TEXT NOT NULL, -- JSON, as in schemas/models
    model_json     TEXT NOT NULL, -- XGBoost's format
    training_rows  INTEGER NOT NULL,
    training_hash  TEXT NOT NULL, -- of specification, settings and rows: the same hash, the same model
    trained_at     TEXT NOT NULL,
    PRIMARY KEY (model, version)
) WITHOUT ROWID;

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
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_keep BEFORE UPDATE ON ml_validation_predictions
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_stay BEFORE DELETE ON ml_validation_predictions
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_validation_predictions_once BEFORE INSERT ON ml_validation_predictions
WHEN EXISTS (SELECT 1 FROM ml_validation_predictions WHERE (model, version, source, subject, as_of_date, distance_class) = (new.model, new.version, new.source, new.subject, new.as_of_date, new.distance_class))
BEGIN SELECT RAISE(ABORT, 'ml_validation_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_keep BEFORE UPDATE ON ml_intervals
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_stay BEFORE DELETE ON ml_intervals
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_intervals_once BEFORE INSERT ON ml_intervals
WHEN EXISTS (SELECT 1 FROM ml_intervals WHERE (model, version, distance_class, evidence) = (new.model, new.version, new.distance_class, new.evidence))
BEGIN SELECT RAISE(ABORT, 'ml_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_keep BEFORE UPDATE ON ml_metrics
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_stay BEFORE DELETE ON ml_metrics
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_metrics_once BEFORE INSERT ON ml_metrics
WHEN EXISTS (SELECT 1 FROM ml_metrics WHERE (model, version, source, distance_class) = (new.model, new.version, new.source, new.distance_class))
BEGIN SELECT RAISE(ABORT, 'ml_metrics is append-only'); END;

-- champion: the version that is asked for predictions; challenger: the one that would take its place.
CREATE TABLE IF NOT EXISTS ml_aliases (
    model   TEXT NOT NULL,
    alias   TEXT NOT NULL CHECK (alias IN ('champion', 'challenger')),
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias)
) WITHOUT ROWID;

-- An alias names a version that exists and was accepted, or nothing; a version stays as it was judged.
CREATE TRIGGER IF NOT EXISTS ml_aliases_added BEFORE INSERT ON ml_aliases
WHEN NOT EXISTS (SELECT 1 FROM ml_model_versions WHERE model = new.model AND version = new.version AND status = 'accepted')
BEGIN SELECT RAISE(ABORT, 'ml_aliases: an alias names an accepted version of its model'); END;
CREATE TRIGGER IF NOT EXISTS ml_aliases_moved BEFORE UPDATE ON ml_aliases
WHEN NOT EXISTS (SELECT 1 FROM ml_model_versions WHERE model = new.model AND version = new.version AND status = 'accepted')
BEGIN SELECT RAISE(ABORT, 'ml_aliases: an alias names an accepted version of its model'); END;
CREATE TRIGGER IF NOT EXISTS ml_aliases_added_audit AFTER INSERT ON ml_aliases
BEGIN
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'alias', new.model || '@' || new.alias, json_object('version', new.version));
END;
CREATE TRIGGER IF NOT EXISTS ml_aliases_moved_audit AFTER UPDATE ON ml_aliases
WHEN (old.model, old.alias, old.version) IS NOT (new.model, new.alias, new.version)
BEGIN
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'alias', new.model || '@' || new.alias,
            json_object('version', new.version, 'before', old.version));
END;
CREATE TRIGGER IF NOT EXISTS ml_aliases_gone_audit AFTER DELETE ON ml_aliases
BEGIN
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'alias', old.model || '@' || old.alias,
            json_object('version', NULL, 'before', old.version));
END;
-- What gbdt_score and its like take by name, for what takes a text: a function that may stand in an index reads no table.
CREATE VIEW IF NOT EXISTS ml_references (reference, model, version, model_json) AS
SELECT a.model || '@' || a.alias, v.model, v.version, v.model_json FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version)
UNION ALL
SELECT model || '/' || version, model, version, model_json FROM ml_model_versions;
CREATE TRIGGER IF NOT EXISTS ml_model_versions_keep BEFORE UPDATE ON ml_model_versions
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_model_versions_stay BEFORE DELETE ON ml_model_versions
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_model_versions_once BEFORE INSERT ON ml_model_versions
WHEN EXISTS (SELECT 1 FROM ml_model_versions WHERE (model, version) = (new.model, new.version))
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;

-- When a stage last looked at a model, and what it saw then that would be news if it were otherwise.
CREATE TABLE IF NOT EXISTS ml_looks (
    stage     TEXT NOT NULL,
    model     TEXT NOT NULL,
    seen      TEXT NOT NULL, -- JSON list
    looked_at TEXT NOT NULL,
    PRIMARY KEY (stage, model)
) WITHOUT ROWID;

-- Whether a challenger takes the champion's place, with every number that it was decided by.
CREATE TABLE IF NOT EXISTS ml_decisions (
    decision_id INTEGER PRIMARY KEY,
    model       TEXT NOT NULL,
    champion    INTEGER,          -- NULL: there was none
    challenger  INTEGER NOT NULL,
    decided_at  TEXT NOT NULL,
    decision    TEXT NOT NULL CHECK (decision IN ('PROMOTE', 'HOLD', 'REJECT')),
    reason      TEXT NOT NULL,
    rows_hash   TEXT NOT NULL,    -- of the rows that both were asked
    after_date  TEXT,             -- they are later than this day
    n_rows      INTEGER NOT NULL,
    unit        TEXT,             -- athlete, or block of 28 days
    n_units     INTEGER NOT NULL,
    champion_loss    REAL,        -- mean over units
    challenger_loss  REAL,
    mean_difference  REAL,        -- champion less challenger; above 0 the challenger is better
    p_value     REAL              -- one-sided, by bootstrap over the units
);
CREATE INDEX IF NOT EXISTS ml_decisions_by_model ON ml_decisions (model, challenger);
CREATE TABLE IF NOT EXISTS ml_decision_rows (
    decision_id INTEGER NOT NULL,
    entity      TEXT NOT NULL,
    as_of_date  TEXT NOT NULL,
    item        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    label       REAL NOT NULL,
    champion    REAL NOT NULL,    -- its prediction
    challenger  REAL NOT NULL,
    PRIMARY KEY (decision_id, entity, as_of_date, item)
) WITHOUT ROWID;

-- What was registered, tried and decided stays as it was. Tags are anyone's.
CREATE TRIGGER IF NOT EXISTS ml_runs_keep BEFORE UPDATE ON ml_runs
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_runs_stay BEFORE DELETE ON ml_runs
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_runs_once BEFORE INSERT ON ml_runs
WHEN EXISTS (SELECT 1 FROM ml_runs WHERE (run_id) = (new.run_id))
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_keep BEFORE UPDATE ON ml_run_params
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_stay BEFORE DELETE ON ml_run_params
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_once BEFORE INSERT ON ml_run_params
WHEN EXISTS (SELECT 1 FROM ml_run_params WHERE (run_id, name) = (new.run_id, new.name))
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_keep BEFORE UPDATE ON ml_run_metrics
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_stay BEFORE DELETE ON ml_run_metrics
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_once BEFORE INSERT ON ml_run_metrics
WHEN EXISTS (SELECT 1 FROM ml_run_metrics WHERE (run_id, evaluation, metric, predictor, step) = (new.run_id, new.evaluation, new.metric, new.predictor, new.step))
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_keep BEFORE UPDATE ON ml_run_artifacts
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_stay BEFORE DELETE ON ml_run_artifacts
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_once BEFORE INSERT ON ml_run_artifacts
WHEN EXISTS (SELECT 1 FROM ml_run_artifacts WHERE (run_id, name) = (new.run_id, new.name))
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_keep BEFORE UPDATE ON ml_run_predictions
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_stay BEFORE DELETE ON ml_run_predictions
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_once BEFORE INSERT ON ml_run_predictions
WHEN EXISTS (SELECT 1 FROM ml_run_predictions WHERE (run_id, evaluation, entity, as_of_date, item) = (new.run_id, new.evaluation, new.entity, new.as_of_date, new.item))
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_keep BEFORE UPDATE ON ml_models
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_stay BEFORE DELETE ON ml_models
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_once BEFORE INSERT ON ml_models
WHEN EXISTS (SELECT 1 FROM ml_models WHERE (bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_keep BEFORE UPDATE ON ml_decisions
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_stay BEFORE DELETE ON ml_decisions
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_once BEFORE INSERT ON ml_decisions
WHEN EXISTS (SELECT 1 FROM ml_decisions WHERE (decision_id) = (new.decision_id))
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_keep BEFORE UPDATE ON ml_decision_rows
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_stay BEFORE DELETE ON ml_decision_rows
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_once BEFORE INSERT ON ml_decision_rows
WHEN EXISTS (SELECT 1 FROM ml_decision_rows WHERE (decision_id, entity, as_of_date, item) = (new.decision_id, new.entity, new.as_of_date, new.item))
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '330_model_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
