-- stage:    542_register_simulations
-- purpose:  give a version to every registered model that simulates: it learns nothing, so it is what its definition says
-- reads:    ml_models_current; ml_model_versions, ml_runs
-- writes:   -; ml_model_versions, ml_runs, ml_run_params
-- follows:  -
-- grain:    model, version
-- params:   -
-- rests:    -; ml_models, ml_runs

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '542_register_simulations',
    'give a version to every registered model that simulates: it learns nothing, so it is what its definition says',
    '["ml_models_current"]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

CREATE TEMP TABLE run AS
SELECT m.*, (SELECT COALESCE(MAX(run_id), 0) FROM ml_runs) + ROW_NUMBER() OVER (ORDER BY m.model) AS run_id,
       (SELECT COALESCE(MAX(version), 0) + 1 FROM ml_model_versions AS v WHERE v.model = m.model) AS number, row_hash(m.definition) AS hash
FROM ml_models_current AS m
WHERE m.learner = 'simulation' AND NOT EXISTS (SELECT 1 FROM ml_runs AS r WHERE r.bronze_id = m.bronze_id);

INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until)
SELECT r.run_id, r.model, r.bronze_id, c.started_at, 'finished', NULL, r.number, 0, 0, '{}', r.hash, NULL
FROM run AS r, stage_clock AS c
ORDER BY r.run_id;

INSERT INTO ml_run_params (run_id, name, value) SELECT r.run_id, o.key, o.value FROM run AS r CROSS JOIN json_each(r.options) AS o;

INSERT INTO ml_model_versions (model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at)
SELECT r.model, r.number, 'accepted', 'a simulation learns nothing that a gate could judge: each of its answers is held against its limits', r.definition, r.options, 0, r.hash,
       c.started_at
FROM run AS r, stage_clock AS c
ORDER BY r.model;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM ml_models_current WHERE learner = 'simulation') AS rows_in, (SELECT COUNT(*) FROM run) AS rows_out, 0 AS rows_rejected,
       (SELECT group_concat(model || ' version ' || number, '; ') FROM run) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '542_register_simulations', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.run;
DROP TABLE temp.stage_clock;

COMMIT;
