-- stage:    510_time_estimator_train
-- purpose:  train, validate and gate the time estimator; every attempt is a version, accepted or refused with a reason
-- reads:    time_estimator_rows; silver_from_api, ml_aliases, silver_rejects, race_distances, bronze_documents, ops_config, ml_model_versions, ops_due, ops_watermarks
-- writes:   ml_model_versions; ml_aliases, ml_validation_predictions, ml_intervals, ml_metrics, silver_rejects, ops_due, ops_seen
-- follows:  -
-- grain:    model, version
-- params:   interval_level, gate_mae_10k_s, cv_gap_days, train_on_api_rows

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '510_time_estimator_train',
    'train, validate and gate the time estimator; every attempt is a version, accepted or refused with a reason',
    '["time_estimator_rows"]',
    '["ml_model_versions"]',
    '[]');
-- end

-- A specification that cannot be trained is refused; the newest of the others holds.
CREATE TEMP TABLE specification AS
WITH evidence_column AS ( -- what time_estimator_rows knows of a race before it is run, in numbers
    SELECT name FROM pragma_table_info('time_estimator_rows')
    WHERE type IN ('REAL', 'INTEGER') AND name NOT IN ('seconds', 'fold', 'base_ln_s')
),
arrived AS (
    SELECT bronze_id, payload, json_fields(payload, '[{"field": "label_clip", "type": "number", "min": 0.001, "max": 10},
                                            {"field": "spread_power", "type": "number", "min": 0, "max": 4},
                                            {"field": "features", "type": "list"}, {"field": "options", "type": "object"}]') AS p,
           CASE WHEN json_type(payload, '$.options') = 'object' THEN payload -> '$.options' END AS options
    FROM bronze_documents
    WHERE kind = 'model_specification' AND document_id = 'time_estimator'
),
judged AS (
    SELECT *,
           p ->> '$.faults[0].field' AS odd_field, p ->> '$.faults[0].reason' AS odd_reason,
           CASE WHEN json_type(payload, '$.features') = 'array'
                THEN (SELECT COUNT(*) = COUNT(DISTINCT f.value) AND COUNT(*) > 0 AND MIN(f.value IN (SELECT name FROM evidence_column))
                      FROM json_each(payload, '$.features') AS f) END AS has_features,
           COALESCE(options ->> '$.objective', '') IN ('reg:squarederror', 'reg:pseudohubererror', 'reg:absoluteerror', 'reg:quantileerror') AS has_objective,
           gbdt_options_fault(json_remove(options, '$.base_score', '$.feature_names'), CASE json_type(payload, '$.features') WHEN 'array' THEN max(json_array_length(payload, '$.features'), 1) ELSE 1 END) AS options_fault
    FROM arrived
)
SELECT bronze_id, payload,
       CASE WHEN odd_field IS NOT NULL THEN odd_field WHEN p ->> '$.values.label_clip' IS NULL THEN 'label_clip'
            WHEN has_features IS NOT 1 THEN 'features' ELSE 'options' END AS field,
       CASE WHEN odd_reason IS NOT NULL THEN odd_reason
            WHEN p ->> '$.values.label_clip' IS NULL THEN 'label_clip is missing'
            WHEN has_features IS NOT 1 THEN 'features are no columns of numbers of time_estimator_rows, each once'
            WHEN options IS NULL THEN 'options are no object'
            WHEN options_fault IS NOT NULL THEN options_fault
            WHEN NOT has_objective THEN 'options: the objective is none for a number'
            WHEN json_type(options, '$.weight') IS NOT NULL OR json_type(options, '$.validation') IS NOT NULL THEN 'options: no feature is a weight or says what validates'
       END AS fault
FROM judged;

DELETE FROM silver_rejects WHERE table_name = 'ml_model_versions';
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'ml_model_versions', '', 'specification ' || bronze_id, 'can_be_trained', fault, bronze_id, payload, 'reject', field, substr(payload -> field, 1, 60)
FROM specification
WHERE fault IS NOT NULL;

CREATE TEMP TABLE stage_clock AS
WITH specified AS (
    SELECT payload,
           -- Its features as columns, by the names that were looked up above; the distance is in the class already.
           (SELECT group_concat('r."' || value || '"', ', ') FROM (SELECT value FROM json_each(payload, '$.features') ORDER BY key)) AS columns_sql,
           (SELECT COALESCE(group_concat(', "' || value || '"', ''), '') FROM (SELECT value FROM json_each(payload, '$.features') WHERE value <> 'ln_distance' ORDER BY key)) AS hashed_sql,
           (SELECT rows_hash(name, value)
            FROM (SELECT * FROM ops_config WHERE name IN ('cv_gap_days', 'interval_level', 'gate_mae_10k_s')
                                                    OR name = 'train_on_api_rows' AND value IS NOT 1 ORDER BY name)) AS settings,
           (SELECT training_hash FROM ml_model_versions WHERE model = 'time_estimator' ORDER BY version DESC LIMIT 1) AS hash_before,
           EXISTS (SELECT 1 FROM ops_due WHERE stage = '510_time_estimator_train') AS has_other_rows
    FROM specification WHERE fault IS NULL ORDER BY bronze_id DESC LIMIT 1
)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started, payload AS specification,
       (SELECT COALESCE(MAX(version), 0) + 1 FROM ml_model_versions WHERE model = 'time_estimator') AS version,
       (SELECT value FROM ops_config WHERE name = 'cv_gap_days') AS gap_days,
       (SELECT value FROM ops_config WHERE name = 'interval_level') AS interval_level,
       COALESCE(exact_real(payload -> '$.spread_power'), 0.0) AS spread_power,
       (SELECT value FROM ops_config WHERE name = 'gate_mae_10k_s') AS gate_mae_10k_s,
       settings, hash_before, columns_sql,
       -- read anew only when any of it has changed
       CASE WHEN NOT has_other_rows
             AND row_hash(payload, settings, hash_before) IS (SELECT position FROM ops_watermarks WHERE stage = '510_time_estimator_train') THEN hash_before
            ELSE row_hash(payload, settings,
                (SELECT c1 FROM stored_query('SELECT rows_hash(source, subject, as_of_date, distance_class, seconds, evidence, n_evidence, base_ln_s' || hashed_sql || ')
                                              FROM (SELECT * FROM time_estimator_rows WHERE seconds IS NOT NULL ORDER BY source, subject, as_of_date, distance_class)'))) END AS training_hash
FROM specified;

-- Rows with a label, as long as this version has not been trained before.
CREATE TEMP TABLE labelled AS
SELECT CAST(ROW_NUMBER() OVER (ORDER BY r.source, r.subject, r.as_of_date, r.distance_class) AS INTEGER) AS row_id, r.*, portable_ln(r.seconds) - r.base_ln_s AS label,
       CAST(substr(r.as_of_date, 1, 4) AS INTEGER) AS year,
       CAST(COALESCE(r.fold, substr(r.as_of_date, 1, 4)) AS INTEGER) AS judged_by
FROM stage_clock AS c
CROSS JOIN time_estimator_rows AS r
WHERE r.seconds IS NOT NULL AND c.training_hash IS NOT c.hash_before;
CREATE UNIQUE INDEX temp.labelled_by_id ON labelled (row_id);
CREATE INDEX temp.labelled_by_judge ON labelled (judged_by);

-- Which rows train which fold: 0 to 9 leave a tenth of the runners out; a year trains on the survey and on what was
-- raced before the gap; -1 is the model that is served, and trains on all. Rows without evidence only tell how wide
-- an interval must be.
CREATE TEMP TABLE fold (fold INTEGER PRIMARY KEY, source TEXT, before_date TEXT);
INSERT INTO fold (source, fold, before_date)
SELECT DISTINCT 'survey', fold, NULL FROM labelled WHERE source = 'survey'
UNION ALL
SELECT DISTINCT 'history', year, date(year || '-01-01', -(SELECT gap_days FROM stage_clock) || ' days') FROM labelled WHERE source = 'history'
UNION ALL
SELECT 'all', -1, '9999-12-31' WHERE EXISTS (SELECT 1 FROM labelled);

-- from-api subject of labelled WHERE source = 'history': printed by `make stages`
CREATE TEMP TABLE from_api (athlete_id TEXT PRIMARY KEY, from_date TEXT) WITHOUT ROWID;
INSERT INTO from_api
SELECT e.athlete_id, (SELECT f.from_date FROM silver_from_api AS f WHERE f.athlete_id = e.athlete_id)
FROM (SELECT DISTINCT subject AS athlete_id FROM labelled WHERE source = 'history') AS e;
-- end
CREATE TEMP TABLE trains (fold INTEGER, row_id INTEGER, PRIMARY KEY (fold, row_id)) WITHOUT ROWID;
INSERT INTO trains (fold, row_id)
SELECT f.fold, r.row_id
FROM fold AS f
CROSS JOIN labelled AS r
WHERE r.evidence <> 'none'
  AND (r.source <> 'history' OR (SELECT value FROM ops_config WHERE name = 'train_on_api_rows') = 1
       OR NOT EXISTS (SELECT 1 FROM from_api AS a WHERE a.athlete_id = r.subject AND a.from_date <= r.as_of_date))
  AND CASE f.source WHEN 'survey' THEN r.source = 'survey' AND r.fold <> f.fold
                    ELSE r.source = 'survey' OR r.as_of_date < f.before_date END;

-- The loss: squared error on labels clipped around their median, so that a race that went wrong does not pull.
CREATE TEMP TABLE centre AS
SELECT c.fold, c.label, exact_real(s.specification -> '$.label_clip') AS clip,
       json_set(json_extract(s.specification, '$.options'), '$.base_score', json(number_text(c.label)),
                '$.feature_names', json_extract(s.specification, '$.features')) AS options
FROM (SELECT t.fold, quantile(r.label, 0.5) AS label FROM trains AS t JOIN labelled AS r USING (row_id) GROUP BY t.fold) AS c,
     stage_clock AS s;

CREATE TEMP TABLE model AS
SELECT m.fold, f.model AS model_json
FROM stage_clock AS c
CROSS JOIN centre AS m
CROSS JOIN gbdt_fit(m.options, 'SELECT min(max(r.label, m.label - m.clip), m.label + m.clip), ' || c.columns_sql
                               || ' FROM temp.centre AS m CROSS JOIN temp.trains AS t USING (fold) CROSS JOIN temp.labelled AS r USING (row_id) WHERE m.fold = ' || m.fold || ' ORDER BY t.row_id') AS f;

CREATE TEMP TABLE answer (row_id INTEGER PRIMARY KEY, value REAL);
INSERT INTO answer
SELECT s.key, s.value
FROM stage_clock AS c
CROSS JOIN (SELECT fold, model_json FROM model LIMIT -1) AS m
CROSS JOIN gbdt_score(m.model_json, 'SELECT r.row_id, ' || c.columns_sql || ' FROM temp.labelled AS r WHERE r.judged_by = ' || m.fold) AS s;

-- Each labelled race predicted by the model that has not seen it, and by the formulas.
CREATE TEMP TABLE predicted AS
WITH mine AS MATERIALIZED (
    SELECT r.source, r.subject, r.as_of_date, r.distance_class, r.distance_m, r.seconds, r.judged_by, r.evidence,
           r.riegel_s, r.vdot_s, r.vickers_one_race_s, r.vickers_two_races_s, r.tanda_s,
           portable_exp(r.base_ln_s + a.value) AS mine_s
    FROM answer AS a
    CROSS JOIN labelled AS r USING (row_id)
),
each_model AS (
    SELECT 'time_estimator' AS model, mine_s AS predicted_s, * FROM mine
    UNION ALL SELECT 'riegel', riegel_s, * FROM mine
    UNION ALL SELECT 'vdot', vdot_s, * FROM mine
    UNION ALL SELECT 'vickers_one_race', vickers_one_race_s, * FROM mine
    UNION ALL SELECT 'vickers_two_races', vickers_two_races_s, * FROM mine
    UNION ALL SELECT 'tanda', tanda_s, * FROM mine
)
SELECT CAST(e.model AS TEXT) AS model, e.source, e.subject, e.as_of_date, e.distance_class, e.judged_by AS fold,
       CAST(CASE WHEN e.model = 'vickers_two_races' THEN 'races' ELSE e.evidence END AS TEXT) AS evidence,
       e.seconds AS actual_s, e.predicted_s, d.interval_class, portable_ln(e.seconds / e.predicted_s) AS residual,
       portable_exp(c.spread_power * portable_ln(e.predicted_s / (0.3 * e.distance_m))) AS spread
FROM each_model AS e
JOIN race_distances AS d USING (distance_class)
CROSS JOIN stage_clock AS c
WHERE e.predicted_s IS NOT NULL;

-- In groups, so that nothing is sorted for each fold.
CREATE TEMP TABLE score AS
SELECT model, distance_class, evidence, fold, CAST(residual / spread AS REAL) AS score FROM predicted WHERE source IN ('survey', 'prior');
CREATE INDEX temp.score_by_group ON score (model, distance_class, evidence, fold, score);

-- Intervals, split-conformal: for the survey from the other folds only; fold -1 holds those that are served. Errors grow with
-- the time that is predicted, so they are compared after division by their spread (normalised as in Papadopoulos et al. 2002).
CREATE TEMP TABLE interval AS
WITH bound AS (
    SELECT s.model, f.fold, s.distance_class, s.evidence,
           conformal_quantile(s.score, (SELECT (1 - interval_level) / 2 FROM stage_clock)) AS lower_ln,
           conformal_quantile(s.score, (SELECT (1 + interval_level) / 2 FROM stage_clock)) AS upper_ln,
           (SELECT spread_power FROM stage_clock) AS spread_power, COUNT(*) AS n
    FROM fold AS f
    CROSS JOIN score AS s ON s.fold <> f.fold
    WHERE f.source <> 'history'
    GROUP BY f.fold, s.model, s.distance_class, s.evidence
)
SELECT * FROM bound
WHERE lower_ln IS NOT NULL AND upper_ln IS NOT NULL
UNION ALL
-- A training run says little more than volume alone: nobody knows how hard it was.
SELECT model, fold, distance_class, 'training_run', lower_ln, upper_ln, spread_power, n FROM bound
WHERE evidence = 'none' AND lower_ln IS NOT NULL AND upper_ln IS NOT NULL;
CREATE UNIQUE INDEX temp.interval_by_group ON interval (model, fold, distance_class, evidence);

CREATE TEMP TABLE validated AS
SELECT p.model, p.source, p.subject, p.as_of_date, p.distance_class, p.fold, p.evidence, p.actual_s, p.predicted_s,
       p.predicted_s * portable_exp(i.lower_ln * p.spread) AS lower_s, p.predicted_s * portable_exp(i.upper_ln * p.spread) AS upper_s
FROM predicted AS p
LEFT JOIN interval AS i
       ON i.model = p.model AND i.fold = CASE WHEN p.source = 'history' THEN -1 ELSE p.fold END
      AND i.distance_class = p.interval_class AND i.evidence = p.evidence;

CREATE TEMP TABLE metric AS
SELECT model, source, distance_class, COUNT(*) AS n,
       exact_avg(abs(predicted_s - actual_s)) AS mae_s,
       exact_avg((predicted_s - actual_s) * (predicted_s - actual_s)) AS mse,
       exact_avg(100 * abs(predicted_s - actual_s) / actual_s) AS mape_pct,
       exact_avg(100 * (predicted_s - actual_s) / actual_s) AS bias_pct,
       exact_avg(CASE WHEN lower_s IS NOT NULL THEN 100.0 * (actual_s BETWEEN lower_s AND upper_s) END) AS coverage_pct
FROM validated
GROUP BY model, source, distance_class;

-- Audit: every labelled race was predicted, by a model trained without it, wherever there is anything else to train on.
SELECT assert_that(
    (SELECT COUNT(*) FROM predicted WHERE model = 'time_estimator') = (SELECT COUNT(*) FROM labelled WHERE judged_by IN (SELECT fold FROM trains)),
    '510_time_estimator_train: a labelled race has no out-of-fold prediction');
-- The rule is told again here, by runners and days, and not read from the tables that carry it out.
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM (SELECT DISTINCT judged_by, subject FROM labelled WHERE source = 'survey') AS j
    CROSS JOIN labelled AS r ON r.source = 'survey' AND r.subject = j.subject
    CROSS JOIN trains AS t ON t.fold = j.judged_by AND t.row_id = r.row_id
    UNION ALL
    SELECT 1 FROM (SELECT DISTINCT judged_by FROM labelled WHERE source = 'history') AS j
    CROSS JOIN labelled AS r ON r.source = 'history' AND r.as_of_date >= (SELECT date(j.judged_by || '-01-01', -gap_days || ' days') FROM stage_clock)
    CROSS JOIN trains AS t ON t.fold = j.judged_by AND t.row_id = r.row_id),
    '510_time_estimator_train: a model is judged on rows it was trained on');

INSERT INTO ml_model_versions (model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at)
SELECT 'time_estimator', c.version,
       CASE WHEN t.mae_s < c.gate_mae_10k_s THEN 'accepted' ELSE 'refused' END,
       COALESCE('10 km error of ' || number_text(CAST(10 * t.mae_s + 0.5 AS INTEGER) / 10.0) || ' s on runners it had not seen, the gate is '
                    || number_text(c.gate_mae_10k_s) || ' s',
                'no 10 km of a runner that it had not seen to judge it by'),
       c.specification, m.model_json, (SELECT COUNT(*) FROM trains WHERE fold = -1), c.training_hash, c.started_at
FROM stage_clock AS c
JOIN model AS m ON m.fold = -1
LEFT JOIN metric AS t ON t.model = 'time_estimator' AND t.source = 'survey' AND t.distance_class = '10k';

-- An accepted one is asked from now on; the one before is asked again by UPDATE ml_aliases.
INSERT INTO ml_aliases (model, alias, version)
SELECT v.model, 'champion', v.version FROM ml_model_versions AS v, stage_clock AS c
WHERE v.model = 'time_estimator' AND v.version = c.version AND v.status = 'accepted'
ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version;

INSERT INTO ml_validation_predictions
SELECT v.model, c.version, v.source, v.subject, v.as_of_date, v.distance_class, v.fold, v.evidence,
       v.actual_s, v.predicted_s, v.lower_s, v.upper_s
FROM validated AS v, stage_clock AS c;

INSERT INTO ml_intervals
SELECT i.model, c.version, i.distance_class, i.evidence, i.lower_ln, i.upper_ln, i.spread_power, i.n
FROM interval AS i, stage_clock AS c
WHERE i.fold = -1;

INSERT INTO ml_metrics
SELECT m.model, c.version, m.source, m.distance_class, m.n, m.mae_s, COALESCE(portable_exp(portable_ln(NULLIF(m.mse, 0)) / 2), 0), m.mape_pct, m.bias_pct, m.coverage_pct
FROM metric AS m, stage_clock AS c;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM labelled) AS rows_in,
       (SELECT COUNT(*) FROM model) AS rows_out,
       0 AS rows_rejected,
       (SELECT 'version ' || version || ' ' || status || ': ' || reason FROM ml_model_versions AS v
        WHERE v.model = 'time_estimator' AND v.version = stage_clock.version) AS message
FROM stage_clock;

INSERT INTO ops_seen (stage, athlete_id, position)
SELECT '510_time_estimator_train', '', row_hash(specification, settings, (SELECT training_hash FROM ml_model_versions WHERE model = 'time_estimator'
                                                                          ORDER BY version DESC LIMIT 1))
FROM stage_clock;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '510_time_estimator_train', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '510_time_estimator_train';

DROP TABLE temp.counted;
DROP TABLE temp.metric;
DROP TABLE temp.validated;
DROP TABLE temp.interval;
DROP TABLE temp.score;
DROP TABLE temp.predicted;
DROP TABLE temp.answer;
DROP TABLE temp.model;
DROP TABLE temp.centre;
DROP TABLE temp.trains;
DROP TABLE temp.from_api;
DROP TABLE temp.fold;
DROP TABLE temp.labelled;
DROP TABLE temp.stage_clock;
DROP TABLE temp.specification;

COMMIT;
