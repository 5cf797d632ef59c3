-- stage:    520_time_estimator_search
-- purpose:  compare configurations of the time estimator on runners and years that they were not trained on
-- reads:    -; time_estimator_rows, silver_from_api, bronze_documents, silver_rejects, ops_config, ml_search_configurations, ml_search_results
-- writes:   ml_search_results; ml_search_configurations
-- follows:  -
-- grain:    model, search_hash, configuration, fold
-- params:   cv_gap_days, search_time_estimator, train_on_api_rows

-- It tells; it decides nothing: what wins is written into schemas/models/time_estimator.json by a person, and passes the
-- gate of 510_time_estimator_train like any other specification. With search_time_estimator = 0 nothing is searched.

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '520_time_estimator_search',
    'compare configurations of the time estimator on runners and years that they were not trained on',
    '[]',
    '["ml_search_results"]',
    '[]');
-- end

-- What is tried, as changes (RFC 7396) to the options of the specification. Rows of your own are tried as well.
CREATE TABLE IF NOT EXISTS ml_search_configurations (
    model         TEXT NOT NULL,
    configuration TEXT NOT NULL,
    changes       TEXT NOT NULL CHECK (changes LIKE '{%}'),
    PRIMARY KEY (model, configuration)
) WITHOUT ROWID;

INSERT OR IGNORE INTO ml_search_configurations VALUES
    ('time_estimator', 'as specified',         '{}'),
    ('time_estimator', 'stumps',               '{"max_depth": 1, "num_boost_round": 240}'),
    ('time_estimator', 'depth 2',              '{"max_depth": 2}'),
    ('time_estimator', 'depth 4',              '{"max_depth": 4}'),
    ('time_estimator', 'depth 6',              '{"max_depth": 6}'),
    ('time_estimator', 'best gain first',      '{"max_depth": 0, "max_leaves": 8, "grow_policy": "lossguide"}'),
    ('time_estimator', 'slower',               '{"eta": 0.04, "num_boost_round": 240}'),
    ('time_estimator', 'faster',               '{"eta": 0.2, "num_boost_round": 50}'),
    ('time_estimator', 'hardly penalised',     '{"lambda": 1, "min_child_weight": 5}'),
    ('time_estimator', 'strongly penalised',   '{"lambda": 100, "min_child_weight": 50}'),
    ('time_estimator', 'half of the rows',     '{"subsample": 0.5, "seed": 1}'),
    ('time_estimator', 'half of the features', '{"colsample_bytree": 0.5, "seed": 1}'),
    ('time_estimator', 'pseudo-Huber',         '{"objective": "reg:pseudohubererror", "huber_slope": 0.03}'),
    ('time_estimator', 'absolute error',       '{"objective": "reg:absoluteerror"}');

-- Losses are of the logarithm of a race's time, unclipped, in the metric of the configuration's objective; mape_pct is the same
-- measure for all. The same hash: the same rows, specification and changes.
CREATE TABLE IF NOT EXISTS ml_search_results (
    model            TEXT NOT NULL,
    search_hash      TEXT NOT NULL,
    configuration    TEXT NOT NULL,
    fold             INTEGER NOT NULL, -- 0, 1, 2: a third of the survey's runners; else the year of races
    options          TEXT NOT NULL,
    training_rows    INTEGER NOT NULL,
    validation_rows  INTEGER NOT NULL,
    metric           TEXT NOT NULL,
    training_loss    REAL NOT NULL,
    validation_loss  REAL NOT NULL,    -- after the last round
    best_iteration   INTEGER NOT NULL, -- the round, from 0, after which it was lowest
    mape_pct         REAL NOT NULL,    -- mean absolute percentage error of the seconds of validation races
    searched_at      TEXT NOT NULL,
    PRIMARY KEY (model, search_hash, configuration, fold)
) WITHOUT ROWID;

CREATE TEMP TABLE stage_clock AS
WITH specified AS (
    SELECT payload,
           -- Its features as columns, by names that 510_time_estimator_train has looked up; the distance is in the class already.
           (SELECT group_concat('r."' || value || '"', ', ') FROM (SELECT value FROM json_each(payload, '$.features') ORDER BY key)) AS columns_sql,
           (SELECT COALESCE(group_concat(', "' || value || '"', ''), '') FROM (SELECT value FROM json_each(payload, '$.features') WHERE value <> 'ln_distance' ORDER BY key)) AS hashed_sql
    FROM bronze_documents
    WHERE kind = 'model_specification' AND document_id = 'time_estimator'
      AND bronze_id NOT IN (SELECT bronze_id FROM silver_rejects WHERE table_name = 'ml_model_versions')
    ORDER BY bronze_id DESC LIMIT 1
)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started, payload AS specification, columns_sql,
       (SELECT value FROM ops_config WHERE name = 'cv_gap_days') AS gap_days,
       (SELECT value FROM ops_config WHERE name = 'search_time_estimator') AS is_wanted,
       CASE WHEN (SELECT value FROM ops_config WHERE name = 'search_time_estimator')
            THEN row_hash(payload,
                          (SELECT value FROM ops_config WHERE name = 'cv_gap_days'),
                          (SELECT rows_hash(configuration, changes)
                           FROM (SELECT * FROM ml_search_configurations WHERE model = 'time_estimator' ORDER BY configuration)),
                          (SELECT c1 FROM stored_query('SELECT rows_hash(source, subject, as_of_date, distance_class, seconds, base_ln_s' || hashed_sql || ')
                                                        FROM (SELECT * FROM time_estimator_rows WHERE seconds IS NOT NULL AND evidence <> ''none''
                                                              ORDER BY source, subject, as_of_date, distance_class)'))) END AS search_hash
FROM specified;

-- Rows with a label, as long as this search has not been made before.
CREATE TEMP TABLE labelled AS
SELECT CAST(ROW_NUMBER() OVER (ORDER BY r.source, r.subject, r.as_of_date, r.distance_class) AS INTEGER) AS row_id, r.*,
       portable_ln(r.seconds) - r.base_ln_s AS label,
       COALESCE(r.fold % 3, CAST(substr(r.as_of_date, 1, 4) AS INTEGER)) AS judged_in
FROM stage_clock AS c
CROSS JOIN time_estimator_rows AS r
WHERE r.seconds IS NOT NULL AND r.evidence <> 'none' AND c.is_wanted
  AND c.search_hash NOT IN (SELECT search_hash FROM ml_search_results WHERE model = 'time_estimator');
CREATE UNIQUE INDEX temp.labelled_by_id ON labelled (row_id);

-- from-api subject of labelled WHERE source = 'history': printed by `make stages`
CREATE TEMP TABLE from_api (athlete_id TEXT PRIMARY KEY, from_date TEXT) WITHOUT ROWID;
INSERT INTO from_api
SELECT e.athlete_id, (SELECT f.from_date FROM silver_from_api AS f WHERE f.athlete_id = e.athlete_id)
FROM (SELECT DISTINCT subject AS athlete_id FROM labelled WHERE source = 'history') AS e;
-- end

-- Time goes forward: a year is judged after training on the survey and on what was raced before the gap; rows in the gap
-- do neither. The survey has no dates: its runners are parted.
CREATE TEMP TABLE member AS
SELECT f.fold, r.row_id, r.judged_in = f.fold AND r.source = f.source AS validates
FROM (SELECT DISTINCT source, judged_in AS fold FROM labelled) AS f
JOIN labelled AS r
  ON (r.judged_in = f.fold AND r.source = f.source)
  OR CASE f.source WHEN 'survey' THEN r.source = 'survey'
                   ELSE r.source = 'survey' OR r.as_of_date < date(f.fold || '-01-01', -(SELECT gap_days FROM stage_clock) || ' days')
                                 AND ((SELECT value FROM ops_config WHERE name = 'train_on_api_rows') = 1
                                      OR NOT EXISTS (SELECT 1 FROM from_api AS a WHERE a.athlete_id = r.subject AND a.from_date <= r.as_of_date)) END;

-- Training labels are clipped around their median, as 510_time_estimator_train clips them.
CREATE TEMP TABLE centre AS
SELECT m.fold, quantile(r.label, 0.5) AS label, (SELECT exact_real(specification -> '$.label_clip') FROM stage_clock) AS clip
FROM member AS m JOIN labelled AS r USING (row_id)
WHERE NOT m.validates
GROUP BY m.fold;

CREATE TEMP TABLE trained AS
WITH tried AS MATERIALIZED (
    SELECT s.configuration,
           json_set(json_patch(json_extract(c.specification, '$.options'), s.changes), '$.validation', 'validates',
                    '$.feature_names', json_insert(json_extract(c.specification, '$.features'), '$[#]', 'validates')) AS options
    FROM stage_clock AS c
    JOIN ml_search_configurations AS s ON s.model = 'time_estimator'
)
SELECT t.configuration, m.fold, t.options, m.validation_rows, m.training_rows, f.model AS model_json
FROM tried AS t
CROSS JOIN stage_clock AS c
CROSS JOIN (SELECT fold, COUNT(*) FILTER (WHERE validates) AS validation_rows, COUNT(*) FILTER (WHERE NOT validates) AS training_rows FROM member GROUP BY fold) AS m
CROSS JOIN gbdt_fit(t.options, 'SELECT CASE WHEN m.validates THEN r.label ELSE min(max(r.label, k.label - k.clip), k.label + k.clip) END, ' || c.columns_sql || ', m.validates
                                FROM temp.member AS m CROSS JOIN temp.labelled AS r USING (row_id) CROSS JOIN temp.centre AS k USING (fold)
                                WHERE m.fold = ' || m.fold || ' ORDER BY m.rowid') AS f;

CREATE TEMP TABLE judged AS
SELECT t.configuration, t.fold, exact_avg(100 * abs(portable_exp(s.value - r.label) - 1)) AS mape_pct
FROM stage_clock AS c
CROSS JOIN trained AS t
CROSS JOIN gbdt_score(t.model_json, 'SELECT m.row_id, ' || c.columns_sql || ' FROM temp.member AS m CROSS JOIN temp.labelled AS r USING (row_id) WHERE m.validates AND m.fold = ' || t.fold) AS s
CROSS JOIN labelled AS r ON r.row_id = s.key
GROUP BY t.configuration, t.fold;

-- Audit: nothing is judged that was trained on, and every configuration is judged on the same rows.
SELECT assert_that(
    NOT EXISTS (SELECT 1 FROM member GROUP BY fold, row_id HAVING COUNT(*) > 1),
    '520_time_estimator_search: a row both trains and validates');
SELECT assert_that(
    NOT EXISTS (SELECT 1 FROM member AS m JOIN labelled AS r USING (row_id)
                WHERE NOT m.validates AND m.fold > 1000 AND r.source = 'history'
                  AND r.as_of_date >= (SELECT date(m.fold || '-01-01', -gap_days || ' days') FROM stage_clock)),
    '520_time_estimator_search: a row of the gap or later trains');
SELECT assert_that(
    (SELECT COUNT(*) FROM trained) = (SELECT COUNT(*) FROM ml_search_configurations WHERE model = 'time_estimator')
                                     * (SELECT COUNT(DISTINCT fold) FROM member),
    '520_time_estimator_search: a configuration was not judged on every fold');

INSERT INTO ml_search_results
SELECT 'time_estimator', c.search_hash, t.configuration, t.fold, t.options, t.training_rows, t.validation_rows,
       json_extract(t.history, '$.metric'), exact_real(t.history -> '$.train[#-1]'), exact_real(t.history -> '$.validation[#-1]'),
       (SELECT h.key FROM json_each(t.history, '$.validation') AS h ORDER BY h.value, h.key LIMIT 1),
       j.mape_pct, c.started_at
FROM stage_clock AS c
CROSS JOIN (SELECT *, json_extract(model_json, '$.learner.attributes.athlete_history') AS history FROM trained) AS t
JOIN judged AS j USING (configuration, fold);

-- The latest search, best first: what the races of all folds together say.
CREATE VIEW IF NOT EXISTS ml_search_ranking AS
WITH latest AS (
    SELECT model, search_hash FROM ml_search_results GROUP BY model HAVING searched_at = MAX(searched_at)
)
SELECT r.model, RANK() OVER (PARTITION BY r.model ORDER BY SUM(r.validation_rows * r.mape_pct) / SUM(r.validation_rows)) AS place,
       r.configuration,
       SUM(r.validation_rows * r.mape_pct) / SUM(r.validation_rows) AS mape_pct,
       r.metric,
       SUM(r.validation_rows * r.validation_loss) / SUM(r.validation_rows) AS validation_loss,
       SUM(r.validation_rows * r.training_loss) / SUM(r.validation_rows) AS training_loss,
       SUM(r.validation_rows) AS validation_rows, COUNT(*) AS folds, AVG(r.best_iteration + 1) AS best_rounds
FROM ml_search_results AS r
JOIN latest USING (model, search_hash)
GROUP BY r.model, r.configuration;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM labelled) AS rows_in,
       (SELECT COUNT(*) FROM trained) AS rows_out,
       0 AS rows_rejected,
       CASE WHEN NOT is_wanted THEN 'search_time_estimator is 0: nothing is searched' END AS message
FROM stage_clock;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '520_time_estimator_search', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.judged;
DROP TABLE temp.trained;
DROP TABLE temp.centre;
DROP TABLE temp.member;
DROP TABLE temp.from_api;
DROP TABLE temp.labelled;
DROP TABLE temp.stage_clock;

COMMIT;
