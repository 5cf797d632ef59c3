-- stage:    330_model_tables
-- purpose:  where models are kept: definitions, searches, runs with parameters and metrics, versions, aliases and decisions
-- reads:    -
-- writes:   -; ml_models, ml_model_rejects, ml_runs, ml_run_params, ml_run_metrics, ml_run_slices, ml_run_tags, ml_run_artifacts, ml_run_predictions, ml_searches, ml_search_requests, ml_run_intervals, ml_training_requests, ml_training_decisions, ml_realised_losses, ml_model_versions, ml_aliases, ml_looks, ml_pooled_rows, ml_decisions, ml_decision_rows
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '330_model_tables',
    'where models are kept: definitions, searches, runs with parameters and metrics, versions, aliases and decisions',
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

-- Each training, also one that failed, and each run of a search, which makes no version.
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
    search_id      INTEGER,          -- the search that it is a run of
    CHECK ((status = 'failed') = (reason IS NOT NULL) AND (status = 'failed' OR search_id IS NOT NULL) = (version IS NULL))
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
    evaluation TEXT NOT NULL,    -- time: on days after those that trained; group: on athletes that did not train; search: as by time, before both
    predictor  TEXT NOT NULL,    -- model, or a baseline by its name
    metric     TEXT NOT NULL,
    step       INTEGER NOT NULL, -- the fold, from 1; 0 is all of them together
    value      REAL NOT NULL CHECK (typeof(value) = 'real' AND abs(value) < 9e999), -- no other is a number
    n          INTEGER NOT NULL, -- rows that it was measured on
    PRIMARY KEY (run_id, evaluation, metric, predictor, step)
) WITHOUT ROWID;
-- The same of a part of the rows, by the value of the column that the definition names.
CREATE TABLE IF NOT EXISTS ml_run_slices (
    run_id     INTEGER NOT NULL,
    evaluation TEXT NOT NULL,
    slice      TEXT NOT NULL,
    predictor  TEXT NOT NULL,
    metric     TEXT NOT NULL,
    value      REAL NOT NULL CHECK (typeof(value) = 'real' AND abs(value) < 9e999),
    n          INTEGER NOT NULL,
    PRIMARY KEY (run_id, evaluation, slice, metric, predictor)
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
-- What the run said of rows that the predicting model had not seen, and what its baselines and the mean of what trained it did.
CREATE TABLE IF NOT EXISTS ml_run_predictions (
    run_id     INTEGER NOT NULL,
    evaluation TEXT NOT NULL,
    entity     TEXT NOT NULL,
    as_of_date TEXT NOT NULL,
    item       TEXT NOT NULL,
    fold       INTEGER NOT NULL,
    label      REAL NOT NULL,
    predicted  REAL NOT NULL,
    baselines  TEXT,             -- JSON: what each of them said
    interval_group TEXT,         -- which rows its interval is told by, of a definition that tells them apart
    interval_scale REAL,         -- what its error is compared with, of a definition that says so
    PRIMARY KEY (run_id, evaluation, entity, as_of_date, item)
) WITHOUT ROWID;

-- Bounds of what a run's model answers, by 547_model_intervals.
CREATE TABLE IF NOT EXISTS ml_run_intervals (
    run_id         INTEGER NOT NULL,
    interval_group TEXT NOT NULL,    -- the value of the column that the definition names; '' where it names none
    evaluation     TEXT NOT NULL,    -- whose errors these are: time, or group where nothing is judged by time
    level          REAL NOT NULL,
    spread_power   REAL NOT NULL,
    lower          REAL NOT NULL,    -- bounds of (label - predicted) / spread
    upper          REAL NOT NULL,
    n              INTEGER NOT NULL, -- rows that they rest on
    PRIMARY KEY (run_id, interval_group)
) WITHOUT ROWID;

-- Why a model should be trained again, for as long as nobody has decided. Whoever has a reason says so here: INSERT OR IGNORE INTO
-- ml_training_requests (model, kind, told) VALUES ('pace_predictor', 'drift', 'tsb has moved since June').
CREATE TABLE IF NOT EXISTS ml_training_requests (
    model    TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('realised_loss', 'estimated_loss', 'drift', 'person')),
    told     TEXT NOT NULL,
    asked_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    PRIMARY KEY (model, kind)
) WITHOUT ROWID;
-- Whether it was trained again, and why, or why not yet.
CREATE TABLE IF NOT EXISTS ml_training_decisions (
    decision_id INTEGER PRIMARY KEY,
    model       TEXT NOT NULL,
    decided_at  TEXT NOT NULL,
    decision    TEXT NOT NULL CHECK (decision IN ('TRAIN', 'WAIT')),
    kind        TEXT NOT NULL,    -- never_trained, definition, failure, search, labels, schedule, or of a request
    reason      TEXT NOT NULL,
    days_since  INTEGER,          -- the last training
    labels      INTEGER NOT NULL,
    new_labels  INTEGER NOT NULL  -- since then
);
CREATE INDEX IF NOT EXISTS ml_training_decisions_by_model ON ml_training_decisions (model, decision_id);
-- What became of what a champion said, beside what its folds had promised.
CREATE TABLE IF NOT EXISTS ml_realised_losses (
    model         TEXT NOT NULL,
    version       INTEGER NOT NULL,
    judged_at     TEXT NOT NULL,
    n_rows        INTEGER NOT NULL, -- of what it said, that have a label by now
    unit          TEXT NOT NULL,    -- athlete, or block of 28 days
    n_units       INTEGER NOT NULL,
    realised_loss REAL NOT NULL,    -- mean over units: the error's size, or the square of a probability's
    promised_loss REAL NOT NULL,    -- the same of its folds
    p_value       REAL,             -- one-sided, of a loss that is not larger
    PRIMARY KEY (model, version, judged_at)
) WITHOUT ROWID;

-- What was tried to find better options, on days before those that the gate asks about, and what came of it.
CREATE TABLE IF NOT EXISTS ml_searches (
    search_id        INTEGER PRIMARY KEY,
    model            TEXT NOT NULL,
    bronze_id        INTEGER NOT NULL, -- of its definition
    searched_at      TEXT NOT NULL,
    metric           TEXT NOT NULL,    -- the gate's, by which the best is the best
    larger_is_better INTEGER NOT NULL,
    search_hash      TEXT NOT NULL,    -- of definition, settings and rows: the same hash, the same runs
    n_rows           INTEGER NOT NULL,
    before_date      TEXT,             -- all labels were known before this day
    n_runs           INTEGER NOT NULL,
    n_failed         INTEGER NOT NULL,
    run_id           INTEGER,          -- the best; NULL: none could be measured
    options          TEXT,             -- JSON: its own; the next training takes them
    value            REAL,             -- its metric over all folds
    own_value        REAL,             -- the same of the definition's options
    told             TEXT NOT NULL,
    CHECK ((run_id IS NULL) = (options IS NULL))
);
CREATE INDEX IF NOT EXISTS ml_searches_by_definition ON ml_searches (bronze_id, search_id);
-- A model in here is searched when the stages run next: INSERT INTO ml_search_requests (model) VALUES ('pace_predictor').
CREATE TABLE IF NOT EXISTS ml_search_requests (
    model    TEXT PRIMARY KEY,
    asked_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ml_search_requests_of_models BEFORE INSERT ON ml_search_requests
WHEN NOT EXISTS (SELECT 1 FROM ml_models WHERE model = new.model)
BEGIN SELECT RAISE(ABORT, 'ml_search_requests: a search is asked for by the name of a registered model'); END;

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
-- append-only ml_model_versions: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_model_versions_keep BEFORE UPDATE ON ml_model_versions
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_model_versions_stay BEFORE DELETE ON ml_model_versions
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_model_versions_once BEFORE INSERT ON ml_model_versions
WHEN EXISTS (SELECT 1 FROM ml_model_versions AS o WHERE (o.model, o.version) = (new.model, new.version))
BEGIN SELECT RAISE(ABORT, 'ml_model_versions is append-only'); END;
-- end

-- Rows of athletes of other files, each as training_rows() made it there, that models of this file train with (sql/tools/fleet).
CREATE TABLE IF NOT EXISTS ml_pooled_rows (
    pooled_id INTEGER PRIMARY KEY,
    model     TEXT NOT NULL,
    entity    TEXT NOT NULL,
    origin    TEXT NOT NULL, -- strava_api: trains only if train_on_api_rows is 1
    row       TEXT NOT NULL  -- JSON
);
CREATE INDEX IF NOT EXISTS ml_pooled_rows_by_model ON ml_pooled_rows (model);

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
-- append-only ml_runs, ml_run_slices, ml_run_intervals, ml_searches, ml_training_decisions, ml_realised_losses, ml_run_params, ml_run_metrics, ml_run_artifacts, ml_run_predictions, ml_models, ml_decisions, ml_decision_rows: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_runs_keep BEFORE UPDATE ON ml_runs
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_runs_stay BEFORE DELETE ON ml_runs
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_runs_once BEFORE INSERT ON ml_runs
WHEN EXISTS (SELECT 1 FROM ml_runs AS o WHERE (o.run_id) = (new.run_id))
BEGIN SELECT RAISE(ABORT, 'ml_runs is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_slices_keep BEFORE UPDATE ON ml_run_slices
BEGIN SELECT RAISE(ABORT, 'ml_run_slices is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_slices_stay BEFORE DELETE ON ml_run_slices
BEGIN SELECT RAISE(ABORT, 'ml_run_slices is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_slices_once BEFORE INSERT ON ml_run_slices
WHEN EXISTS (SELECT 1 FROM ml_run_slices AS o WHERE (o.run_id, o.evaluation, o.slice, o.metric, o.predictor) = (new.run_id, new.evaluation, new.slice, new.metric, new.predictor))
BEGIN SELECT RAISE(ABORT, 'ml_run_slices is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_intervals_keep BEFORE UPDATE ON ml_run_intervals
BEGIN SELECT RAISE(ABORT, 'ml_run_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_intervals_stay BEFORE DELETE ON ml_run_intervals
BEGIN SELECT RAISE(ABORT, 'ml_run_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_intervals_once BEFORE INSERT ON ml_run_intervals
WHEN EXISTS (SELECT 1 FROM ml_run_intervals AS o WHERE (o.run_id, o.interval_group) = (new.run_id, new.interval_group))
BEGIN SELECT RAISE(ABORT, 'ml_run_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_searches_keep BEFORE UPDATE ON ml_searches
BEGIN SELECT RAISE(ABORT, 'ml_searches is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_searches_stay BEFORE DELETE ON ml_searches
BEGIN SELECT RAISE(ABORT, 'ml_searches is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_searches_once BEFORE INSERT ON ml_searches
WHEN EXISTS (SELECT 1 FROM ml_searches AS o WHERE (o.search_id) = (new.search_id))
BEGIN SELECT RAISE(ABORT, 'ml_searches is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_decisions_keep BEFORE UPDATE ON ml_training_decisions
BEGIN SELECT RAISE(ABORT, 'ml_training_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_decisions_stay BEFORE DELETE ON ml_training_decisions
BEGIN SELECT RAISE(ABORT, 'ml_training_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_decisions_once BEFORE INSERT ON ml_training_decisions
WHEN EXISTS (SELECT 1 FROM ml_training_decisions AS o WHERE (o.decision_id) = (new.decision_id))
BEGIN SELECT RAISE(ABORT, 'ml_training_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_realised_losses_keep BEFORE UPDATE ON ml_realised_losses
BEGIN SELECT RAISE(ABORT, 'ml_realised_losses is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_realised_losses_stay BEFORE DELETE ON ml_realised_losses
BEGIN SELECT RAISE(ABORT, 'ml_realised_losses is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_realised_losses_once BEFORE INSERT ON ml_realised_losses
WHEN EXISTS (SELECT 1 FROM ml_realised_losses AS o WHERE (o.model, o.version, o.judged_at) = (new.model, new.version, new.judged_at))
BEGIN SELECT RAISE(ABORT, 'ml_realised_losses is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_keep BEFORE UPDATE ON ml_run_params
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_stay BEFORE DELETE ON ml_run_params
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_params_once BEFORE INSERT ON ml_run_params
WHEN EXISTS (SELECT 1 FROM ml_run_params AS o WHERE (o.run_id, o.name) = (new.run_id, new.name))
BEGIN SELECT RAISE(ABORT, 'ml_run_params is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_keep BEFORE UPDATE ON ml_run_metrics
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_stay BEFORE DELETE ON ml_run_metrics
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_metrics_once BEFORE INSERT ON ml_run_metrics
WHEN EXISTS (SELECT 1 FROM ml_run_metrics AS o WHERE (o.run_id, o.evaluation, o.metric, o.predictor, o.step) = (new.run_id, new.evaluation, new.metric, new.predictor, new.step))
BEGIN SELECT RAISE(ABORT, 'ml_run_metrics is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_keep BEFORE UPDATE ON ml_run_artifacts
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_stay BEFORE DELETE ON ml_run_artifacts
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_artifacts_once BEFORE INSERT ON ml_run_artifacts
WHEN EXISTS (SELECT 1 FROM ml_run_artifacts AS o WHERE (o.run_id, o.name) = (new.run_id, new.name))
BEGIN SELECT RAISE(ABORT, 'ml_run_artifacts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_keep BEFORE UPDATE ON ml_run_predictions
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_stay BEFORE DELETE ON ml_run_predictions
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_predictions_once BEFORE INSERT ON ml_run_predictions
WHEN EXISTS (SELECT 1 FROM ml_run_predictions AS o WHERE (o.run_id, o.evaluation, o.entity, o.as_of_date, o.item) = (new.run_id, new.evaluation, new.entity, new.as_of_date, new.item))
BEGIN SELECT RAISE(ABORT, 'ml_run_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_keep BEFORE UPDATE ON ml_models
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_stay BEFORE DELETE ON ml_models
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_models_once BEFORE INSERT ON ml_models
WHEN EXISTS (SELECT 1 FROM ml_models AS o WHERE (o.bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'ml_models is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_keep BEFORE UPDATE ON ml_decisions
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_stay BEFORE DELETE ON ml_decisions
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decisions_once BEFORE INSERT ON ml_decisions
WHEN EXISTS (SELECT 1 FROM ml_decisions AS o WHERE (o.decision_id) = (new.decision_id))
BEGIN SELECT RAISE(ABORT, 'ml_decisions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_keep BEFORE UPDATE ON ml_decision_rows
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_stay BEFORE DELETE ON ml_decision_rows
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_decision_rows_once BEFORE INSERT ON ml_decision_rows
WHEN EXISTS (SELECT 1 FROM ml_decision_rows AS o WHERE (o.decision_id, o.entity, o.as_of_date, o.item) = (new.decision_id, new.entity, new.as_of_date, new.item))
BEGIN SELECT RAISE(ABORT, 'ml_decision_rows is append-only'); END;
-- end

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '330_model_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
