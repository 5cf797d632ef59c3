-- stage:    800_feature_lineage
-- purpose:  what stands behind what: from the bronze tables over features and models to predictions, walked both ways
-- reads:    -; ops_stages, feature_groups_current, features, ml_model_versions, ml_runs, predicted_versions, feature_lineage, feature_lineage_paths, openlineage_stages
-- writes:   feature_lineage; feature_lineage_paths, openlineage_stages
-- follows:  -
-- grain:    from_kind, from_name, to_kind, to_name
-- params:   -
-- rests:    -; feature_groups, feature_lineage, feature_lineage_paths, ml_model_versions, ml_runs, openlineage_stages, ops_stages, predicted_versions

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '800_feature_lineage',
    'what stands behind what: from the bronze tables over features and models to predictions, walked both ways',
    '[]',
    '["feature_lineage"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- One edge of the graph. Names: a table; group.feature, which is also table.column; model/version; a prediction's id.
CREATE TABLE IF NOT EXISTS feature_lineage (
    from_kind TEXT NOT NULL CHECK (from_kind IN ('table', 'column', 'model')),
    from_name TEXT NOT NULL,
    to_kind   TEXT NOT NULL CHECK (to_kind IN ('table', 'column', 'model', 'predictions')),
    to_name   TEXT NOT NULL,
    stage     TEXT NOT NULL, -- that computes the one from the other
    PRIMARY KEY (from_kind, from_name, to_kind, to_name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS feature_lineage_by_target ON feature_lineage (to_kind, to_name);

-- Everything downstream of everything: which models and predictions does this feature touch, who breaks if it goes?
--     SELECT to_kind, to_name, distance FROM feature_lineage_paths WHERE from_name = 'athlete_rolling_features.ctl_42d';
-- and with to_name given everything upstream.
CREATE TABLE IF NOT EXISTS feature_lineage_paths (
    from_kind TEXT NOT NULL,
    from_name TEXT NOT NULL,
    to_kind   TEXT NOT NULL,
    to_name   TEXT NOT NULL,
    distance  INTEGER NOT NULL, -- edges of the shortest way
    PRIMARY KEY (from_kind, from_name, to_kind, to_name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS feature_lineage_paths_by_target ON feature_lineage_paths (to_kind, to_name);

-- What each stage reads and makes, as OpenLineage says it.
CREATE TABLE IF NOT EXISTS openlineage_stages (
    stage    TEXT PRIMARY KEY,
    job      TEXT NOT NULL, -- JSON object
    inputs   TEXT NOT NULL, -- JSON list
    outputs  TEXT NOT NULL  -- JSON list; of each column what it comes from
) WITHOUT ROWID;

-- The activities that stand behind a prediction: those of the athlete that were known then, as they were believed then.
CREATE VIEW IF NOT EXISTS prediction_activities AS
SELECT p.prediction_id, p.model, p.version, a.athlete_id, a.activity_id, a.activity_date, a.available_at
FROM gold_athlete_predictions AS p
JOIN activity_features_versions AS a ON a.athlete_id = p.athlete_id AND a.available_at <= p.known_at
                                    AND (a.superseded_at IS NULL OR a.superseded_at > p.known_at);

-- Two run events of OpenLineage 2-0-2 for each run of a stage, its start and its end: INSERT the lines into a file, or POST them.
-- The producer names the code by what it is called, since a copy has no address. A run's id is a UUID, version 8: when the run
-- ended, its number, and when the first run in this file ended.
CREATE VIEW IF NOT EXISTS openlineage_events AS
SELECT r.run_id,
       printf('{"eventType":"%s","eventTime":"%s","producer":"urn:athlete:800_feature_lineage",'
              || '"schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",',
              CASE WHEN t.is_end = 0 THEN 'START' WHEN r.outcome = 'ok' THEN 'COMPLETE' ELSE 'FAIL' END,
              strftime('%Y-%m-%dT%H:%M:%fZ', julianday(r.started_at) + t.is_end * (r.duration_ms / 86400000)))
       || printf('"run":{"runId":"%08x-%04x-8%03x-8%03x-%012x"},', r.ended_ms / 65536, r.ended_ms & 65535, r.run_id & 4095, r.run_id / 4096 & 4095, f.first_ms)
       || printf('"job":%s,"inputs":%s,"outputs":%s}', s.job, s.inputs, s.outputs) AS event
FROM (SELECT *, CAST((julianday(started_at) - 2440587.5) * 86400000 + duration_ms AS INTEGER) AS ended_ms FROM ops_runs) AS r
JOIN openlineage_stages AS s ON s.stage = r.stage
CROSS JOIN (SELECT CAST((julianday(started_at) - 2440587.5) * 86400000 + duration_ms AS INTEGER) AS first_ms
            FROM ops_runs ORDER BY run_id LIMIT 1) AS f
CROSS JOIN (SELECT 0 AS is_end UNION ALL SELECT 1) AS t;

-- The versions that were asked for predictions, and where these are.
CREATE VIEW IF NOT EXISTS predicted_versions (model, version, log) AS
SELECT model, version, 'inference_log' FROM ml_model_versions AS v
WHERE EXISTS (SELECT 1 FROM inference_log AS p WHERE p.model = v.model AND p.version = v.version)
UNION ALL
SELECT model, version, 'gold_athlete_predictions' FROM ml_model_versions AS v
WHERE EXISTS (SELECT 1 FROM gold_athlete_predictions AS p WHERE p.model = v.model AND p.version = v.version);

-- Which features of the groups become which input of the time estimator.
CREATE TEMP TABLE input (from_name TEXT, input TEXT);
INSERT INTO temp.input (from_name, input) VALUES
    ('athlete_rolling_features.ctl_42d', 'ctl_42d'),
    ('athlete_rolling_features.pace_trend_30d', 'pace_trend_30d'),
    ('athlete_rolling_features.longest_distance_90d_km', 'longest_distance_90d_km'),
    ('athlete_rolling_features.total_elevation_30d_m', 'climb_m_per_km_30d'),
    ('athlete_rolling_features.total_distance_30d_km', 'climb_m_per_km_30d'),
    ('athlete_daily_features.run_distance_km', 'weekly_km'),
    ('athlete_daily_features.run_distance_km', 'ln_speed'),
    ('athlete_daily_features.avg_pace', 'ln_speed'),
    ('athlete_profile.sex', 'is_female'),
    ('athlete_profile.birth_year', 'ln_speed'),
    ('race_results.seconds', 'ln_speed'),
    ('race_results.seconds', 'endurance'),
    ('race_results.seconds', 'uncertainty'),
    ('race_results.seconds', 'from_shorter'),
    ('race_results.seconds', 'from_longer'),
    ('silver_strava_activities.elapsed_s', 'ln_speed'),
    ('silver_strava_activities.distance_m', 'ln_speed');

CREATE TEMP TABLE computed AS
WITH made AS MATERIALIZED (SELECT name, major, minor, patch, reads, stage FROM feature_groups_current) -- its stage is looked up once
SELECT 'table' AS from_kind, i.value AS from_name, 'table' AS to_kind, p.value AS to_name, s.stage
FROM ops_stages AS s, json_each(s.inputs) AS i, json_each(s.products) AS p
UNION
SELECT 'table', r.value, 'table', g.name, 'ingest'
FROM made AS g, json_each(g.reads) AS r
WHERE g.stage IS NULL
UNION
SELECT 'column', c.value, 'column', f.group_name || '.' || f.name, COALESCE(g.stage, 'ingest')
FROM made AS g
JOIN features AS f ON (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch), json_each(f.comes_from) AS c
UNION
SELECT 'column', from_name, 'column', 'time_estimator_rows.' || input, '500_time_estimator_rows' FROM input
UNION
SELECT 'column', 'time_estimator_rows.' || f.value, 'model', v.model || '/' || v.version,
       CASE WHEN EXISTS (SELECT 1 FROM ml_runs AS r WHERE (r.model, r.version) = (v.model, v.version)) THEN '540_train_models' ELSE '510_time_estimator_train' END -- of files of before
FROM ml_model_versions AS v, json_each(v.specification, '$.features') AS f
WHERE v.model = 'time_estimator'
UNION
-- A model by definition says which group each of its features is of; what has none is a column of its rows.
SELECT 'column', (f.value ->> '$.group') || '.' || (f.value ->> '$.name'), 'model', v.model || '/' || v.version, '540_train_models'
FROM ml_model_versions AS v
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version, json_each(v.specification, '$.features') AS f
WHERE f.type = 'object' AND f.value ->> '$.group' IS NOT NULL
UNION
SELECT 'model', model || '/' || version, 'predictions', log || '/' || model || '/' || version,
       CASE log WHEN 'inference_log' THEN '610_score_models' ELSE '600_predict_race_times' END
FROM predicted_versions;

SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE from_kind = to_kind AND from_name = to_name),
                   '800_feature_lineage: something is said to come from itself');

-- Where nothing comes from elsewhere than before, neither the paths nor what is told of them are made anew.
CREATE TEMP TABLE gone AS
SELECT from_kind, from_name, to_kind, to_name, stage FROM feature_lineage
EXCEPT
SELECT from_kind, from_name, to_kind, to_name, stage FROM computed;
CREATE TEMP TABLE come AS
SELECT from_kind, from_name, to_kind, to_name, stage FROM computed
EXCEPT
SELECT from_kind, from_name, to_kind, to_name, stage FROM feature_lineage;
CREATE TEMP TABLE moved AS
SELECT 1 AS is_moved
WHERE EXISTS (SELECT 1 FROM gone) OR EXISTS (SELECT 1 FROM come)
   OR NOT EXISTS (SELECT 1 FROM feature_lineage_paths) OR NOT EXISTS (SELECT 1 FROM openlineage_stages);
-- rests here without moved, having counted (SELECT COUNT(*) FROM computed), (SELECT COUNT(*) FROM feature_lineage), 0, NULL
DELETE FROM feature_lineage
WHERE (from_kind, from_name, to_kind, to_name, stage) IN (SELECT from_kind, from_name, to_kind, to_name, stage FROM gone);
INSERT INTO feature_lineage SELECT from_kind, from_name, to_kind, to_name, stage FROM come;

CREATE TEMP TABLE path AS
WITH RECURSIVE path AS (
    SELECT from_kind, from_name, to_kind, to_name, 1 AS distance FROM moved CROSS JOIN feature_lineage
    UNION
    SELECT p.from_kind, p.from_name, e.to_kind, e.to_name, p.distance + 1
    FROM path AS p
    JOIN feature_lineage AS e ON e.from_kind = p.to_kind AND e.from_name = p.to_name
    WHERE p.distance < 20
)
SELECT from_kind, from_name, to_kind, to_name, MIN(distance) AS distance
FROM path
GROUP BY from_kind, from_name, to_kind, to_name;

DELETE FROM feature_lineage_paths
WHERE (from_kind, from_name, to_kind, to_name, distance) IN (SELECT from_kind, from_name, to_kind, to_name, distance FROM moved CROSS JOIN feature_lineage_paths
                                                             EXCEPT SELECT from_kind, from_name, to_kind, to_name, distance FROM path);
INSERT INTO feature_lineage_paths
SELECT from_kind, from_name, to_kind, to_name, distance FROM path
EXCEPT
SELECT from_kind, from_name, to_kind, to_name, distance FROM feature_lineage_paths;

CREATE TEMP TABLE described AS
WITH edge AS (
    SELECT stage, to_name, substr(to_name, 1, instr(to_name, '.') - 1) AS table_name, substr(to_name, instr(to_name, '.') + 1) AS column_name,
           substr(from_name, 1, instr(from_name, '.') - 1) AS from_table, substr(from_name, instr(from_name, '.') + 1) AS from_column
    FROM feature_lineage WHERE to_kind = 'column' AND from_kind = 'column'
),
output_column AS (
    SELECT stage, table_name, column_name,
           json_group_array(json_object('namespace', 'athlete.db', 'name', from_table, 'field', from_column)) AS inputs
    FROM edge GROUP BY stage, to_name
),
output_table AS (
    SELECT o.stage, o.to_name AS table_name,
           json_group_object(c.column_name, json_object('inputFields', json(c.inputs))) FILTER (WHERE c.stage IS NOT NULL) AS fields
    FROM (SELECT DISTINCT stage, to_name FROM feature_lineage WHERE to_kind = 'table') AS o
    LEFT JOIN output_column AS c ON c.stage = o.stage AND c.table_name = o.to_name
    GROUP BY o.stage, o.to_name
),
facet AS (
    SELECT stage, table_name, json_object(
               '_producer', 'urn:athlete:800_feature_lineage',
               '_schemaURL', 'https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet',
               'fields', json(fields)) AS lineage
    FROM output_table
),
output AS (
    SELECT stage, json_group_array(json_object('namespace', 'athlete.db', 'name', table_name,
                                               'facets', json_object('columnLineage', json(lineage)))) AS outputs
    FROM facet GROUP BY stage
),
input AS (
    SELECT stage, json_group_array(json_object('namespace', 'athlete.db', 'name', from_name)) AS inputs
    FROM (SELECT DISTINCT stage, from_name FROM feature_lineage WHERE from_kind = 'table')
    GROUP BY stage
)
SELECT s.stage, json_object('namespace', 'athlete', 'name', s.stage) AS job, ifnull(i.inputs, '[]') AS inputs, ifnull(o.outputs, '[]') AS outputs
FROM (SELECT DISTINCT stage FROM moved CROSS JOIN feature_lineage) AS s
LEFT JOIN input AS i ON i.stage = s.stage
LEFT JOIN output AS o ON o.stage = s.stage;

DELETE FROM openlineage_stages
WHERE (stage, job, inputs, outputs) IN (SELECT stage, job, inputs, outputs FROM moved CROSS JOIN openlineage_stages
                                         EXCEPT SELECT stage, job, inputs, outputs FROM described);
INSERT INTO openlineage_stages
SELECT stage, job, inputs, outputs FROM described
EXCEPT
SELECT stage, job, inputs, outputs FROM openlineage_stages;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM computed) AS rows_in,
       (SELECT COUNT(*) FROM feature_lineage) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '800_feature_lineage', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.described;
DROP TABLE temp.path;
DROP TABLE temp.moved;
DROP TABLE temp.come;
DROP TABLE temp.gone;
DROP TABLE temp.computed;
DROP TABLE temp.input;
DROP TABLE temp.stage_clock;

COMMIT;
