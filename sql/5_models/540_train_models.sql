-- stage:    540_train_models
-- purpose:  train every registered model that is due, judge it on days and athletes that it has not seen, and let its gate accept or refuse it
-- reads:    ml_models_current; ml_looks, bronze_strava_activities, ml_run_metrics, ml_runs, ml_model_versions, ops_audit, ops_config, silver_strava_activities
-- writes:   ml_runs; ml_model_versions, ml_run_params, ml_run_metrics, ml_run_artifacts, ml_run_predictions, ml_looks
-- follows:  -
-- grain:    model, version
-- params:   train_on_api_rows

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '540_train_models',
    'train every registered model that is due, judge it on days and athletes that it has not seen, and let its gate accept or refuse it',
    '["ml_models_current"]',
    '["ml_runs"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Nobody's rows are counted at each run: a model is asked whether it is due when its definition or the setting is another, when
-- twice as much has arrived, and when its time has come; after a failure that is the next day.
CREATE TEMP TABLE asked AS
WITH last AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY model ORDER BY run_id DESC) AS age FROM ml_runs
),
now AS (
    SELECT c.started_at, julianday(c.started_at) AS day, (SELECT value FROM ops_config WHERE name = 'train_on_api_rows') AS may_train,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit) AS news
    FROM stage_clock AS c
)
SELECT m.model, m.bronze_id, m.entity, m.definition, m.rows_sql, m.lookups, m.computed, m.columns_sql, m.options, m.is_binary, n.started_at, n.may_train, n.news, l.run_id AS run_before, l.bronze_id AS bronze_before, l.status AS status_before, l.labelled_rows AS labelled_before,
       l.training_hash AS hash_before, l.reason AS reason_before, n.day - julianday(l.started_at) AS days_since,
       COALESCE(m.definition ->> '$.schedule.every_days', 28) AS every_days, COALESCE(m.definition ->> '$.schedule.new_rows', 1) AS new_rows
FROM ml_models_current AS m
CROSS JOIN now AS n
LEFT JOIN last AS l ON l.model = m.model AND l.age = 1
LEFT JOIN ml_looks AS w ON w.stage = '540_train_models' AND w.model = m.model
WHERE w.seen IS NULL
   OR (m.bronze_id, n.may_train) IS NOT (w.seen ->> '$[0]', w.seen ->> '$[1]')
   OR n.news >= 2 * (w.seen ->> '$[2]') AND n.news > w.seen ->> '$[2]'
   OR n.day - julianday(w.looked_at) >= CASE WHEN l.status = 'finished' THEN COALESCE(m.definition ->> '$.schedule.every_days', 28) ELSE 1 END;

-- Due is one that was never trained, or by another definition, or without success; one with twice the labels; and one whose time
-- has come and that has so many new labels as its schedule says.
CREATE TEMP TABLE due AS
SELECT q.*, a.fault, COALESCE(a.c1, 0) AS labelled_rows,
       json_object('labels', 'SELECT * FROM (' || q.rows_sql || char(10) || ') WHERE label IS NOT NULL', 'as_of', 'known_at',
                   'lookups', json(q.lookups), 'computed', json(q.computed)) AS spec,
       COALESCE(q.definition ->> '$.evaluation.splits', 5) AS splits,
       COALESCE(q.definition ->> '$.evaluation.after', 1.0 / (1 + COALESCE(q.definition ->> '$.evaluation.splits', 5))) AS after,
       COALESCE(q.definition ->> '$.evaluation.gap_days', (SELECT value FROM ops_config WHERE name = 'cv_gap_days')) AS gap_days,
       COALESCE(q.definition -> '$.evaluation.by', '["time", "group"]') AS evaluations
FROM asked AS q
CROSS JOIN attempt('SELECT c1 FROM stored_query(?1)', 'SELECT COUNT(label) FROM (' || q.rows_sql || char(10) || ')') AS a
WHERE q.run_before IS NULL OR q.bronze_id <> q.bronze_before OR q.status_before = 'failed' OR a.fault IS NOT NULL
   OR a.c1 >= 2 * q.labelled_before AND a.c1 > q.labelled_before
   OR q.days_since >= q.every_days AND a.c1 - q.labelled_before >= q.new_rows;

-- Rows with a label, each with what was known at its time.
CREATE TEMP TABLE found AS
SELECT d.model, a.fault, a.c1 AS position, a.c2 AS row, a.c2 ->> ('$."' || d.entity || '"') AS entity, a.c2 ->> '$.as_of_date' AS as_of_date,
       COALESCE(a.c2 ->> '$.item', '') AS item, a.c2 ->> '$.known_at' AS known_at, json_type(a.c2, '$.label') AS label_type,
       CASE WHEN json_type(a.c2, '$.label') IN ('integer', 'real') THEN exact_real(a.c2 -> '$.label') END AS label,
       COALESCE(date(a.c2 ->> '$.label_at'), a.c2 ->> '$.as_of_date') AS label_until, a.c2 ->> '$.origin' AS origin
FROM due AS d
CROSS JOIN attempt('SELECT position, row FROM training_rows(?1)', d.spec) AS a
WHERE d.fault IS NULL;

CREATE TEMP TABLE odd AS
SELECT f.model, CASE WHEN f.fault IS NOT NULL THEN 'rows: ' || f.fault
                   WHEN f.entity IS NULL THEN 'rows: one has no ' || d.entity
                   WHEN f.as_of_date IS NOT date(f.as_of_date) THEN 'rows: as_of_date is no day: ' || COALESCE(f.as_of_date, 'NULL')
                   WHEN julianday(f.known_at) IS NULL THEN 'rows: known_at is no time: ' || COALESCE(f.known_at, 'NULL')
                   WHEN f.label IS NULL THEN 'rows: label is no number'
                   WHEN d.is_binary AND f.label NOT IN (0, 1) THEN 'rows: label is neither 0 nor 1: ' || number_text(f.label)
                   ELSE 'rows: two of ' || f.entity || ' on ' || f.as_of_date || ' are told apart by no item' END AS reason
FROM (SELECT *, COUNT(*) OVER (PARTITION BY model, entity, as_of_date, item) AS alike FROM found) AS f
JOIN due AS d USING (model)
WHERE f.fault IS NOT NULL OR f.entity IS NULL OR f.as_of_date IS NULL OR f.as_of_date IS NOT date(f.as_of_date) OR julianday(f.known_at) IS NULL OR f.label IS NULL
   OR d.is_binary AND f.label NOT IN (0, 1) OR f.alike > 1;

-- An athlete's rows come from Strava's API unless they say where else from, and train only if that was allowed.
CREATE TEMP TABLE sample (
    row_id INTEGER PRIMARY KEY, model TEXT, entity TEXT, as_of_date TEXT, item TEXT, known_at TEXT, label REAL, label_until TEXT, row TEXT, group_fold INTEGER
);
INSERT INTO sample (model, entity, as_of_date, item, known_at, label, label_until, row)
SELECT model, entity, as_of_date, item, known_at, label, max(label_until, as_of_date), row
FROM found
WHERE model NOT IN (SELECT model FROM odd)
  AND ((SELECT MAX(may_train) FROM due) = 1
       OR COALESCE(origin, CASE WHEN entity IN (SELECT athlete_id FROM silver_strava_activities) THEN 'strava_api' ELSE '' END) <> 'strava_api')
ORDER BY model, entity, as_of_date, item;
CREATE INDEX temp.sample_by_model ON sample (model, as_of_date);

CREATE TEMP TABLE entity_fold AS
SELECT e.model, e.entity, 1 + (ROW_NUMBER() OVER (PARTITION BY e.model ORDER BY sha256(e.entity)) - 1) % d.splits AS fold
FROM (SELECT DISTINCT model, entity FROM sample) AS e
JOIN due AS d USING (model);
UPDATE sample SET group_fold = f.fold FROM entity_fold AS f WHERE (f.model, f.entity) = (sample.model, sample.entity);

-- By time each fold is asked of days after those that trained, with a gap between; by group, of athletes that did not train.
-- The last task trains on all.
CREATE TEMP TABLE task (task_id INTEGER PRIMARY KEY, model TEXT, evaluation TEXT, fold INTEGER, from_date TEXT, until_date TEXT, train_before TEXT);
INSERT INTO task (model, evaluation, fold, from_date, until_date, train_before)
WITH RECURSIVE counter (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counter WHERE i < 50),
place AS (
    SELECT model, as_of_date, ROW_NUMBER() OVER (PARTITION BY model ORDER BY as_of_date, row_id) - 1 AS place, COUNT(*) OVER (PARTITION BY model) AS n FROM sample
),
start AS (
    SELECT p.model, c.i, MIN(p.as_of_date) AS from_date
    FROM due AS d
    JOIN counter AS c ON c.i <= d.splits
    JOIN place AS p ON p.model = d.model AND p.place >= p.n * (d.after + (1 - d.after) * (c.i - 1) / d.splits)
    WHERE EXISTS (SELECT 1 FROM json_each(d.evaluations) WHERE value = 'time')
    GROUP BY p.model, c.i
),
fold AS (
    SELECT model, MIN(i) AS fold, from_date, COALESCE(LEAD(from_date) OVER (PARTITION BY model ORDER BY from_date), '9999-12-31') AS until_date
    FROM start GROUP BY model, from_date
)
SELECT f.model, 'time', f.fold, f.from_date, f.until_date, date(f.from_date, -d.gap_days || ' days')
FROM fold AS f
JOIN due AS d USING (model)
UNION ALL
SELECT DISTINCT e.model, 'group', e.fold, NULL, NULL, NULL
FROM entity_fold AS e
JOIN due AS d USING (model)
WHERE EXISTS (SELECT 1 FROM json_each(d.evaluations) WHERE value = 'group')
UNION ALL
SELECT DISTINCT model, 'all', 0, NULL, NULL, NULL FROM sample
ORDER BY 1, 2, 3;

CREATE TEMP TABLE trains (task_id INTEGER, row_id INTEGER, PRIMARY KEY (task_id, row_id)) WITHOUT ROWID;
INSERT INTO trains
SELECT t.task_id, s.row_id
FROM task AS t
JOIN sample AS s USING (model)
WHERE CASE t.evaluation WHEN 'all' THEN 1 WHEN 'group' THEN s.group_fold <> t.fold ELSE s.as_of_date < t.train_before AND s.label_until < t.from_date END;
CREATE TEMP TABLE judges (task_id INTEGER, row_id INTEGER, PRIMARY KEY (task_id, row_id)) WITHOUT ROWID;
INSERT INTO judges
SELECT t.task_id, s.row_id
FROM task AS t
JOIN sample AS s USING (model)
WHERE CASE t.evaluation WHEN 'all' THEN 0 WHEN 'group' THEN s.group_fold = t.fold ELSE s.as_of_date >= t.from_date AND s.as_of_date < t.until_date END
  AND t.task_id IN (SELECT task_id FROM trains);

-- Audit: the rule is told again here, by athletes and days.
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    JOIN (SELECT j.task_id, MIN(s.as_of_date) AS first_day FROM judges AS j JOIN sample AS s USING (row_id) GROUP BY j.task_id) AS j USING (task_id)
    JOIN (SELECT r.task_id, MAX(s.as_of_date) AS last_day, MAX(s.label_until) AS last_label FROM trains AS r JOIN sample AS s USING (row_id) GROUP BY r.task_id) AS r USING (task_id)
    JOIN due AS d USING (model)
    WHERE t.evaluation = 'time' AND (r.last_day >= date(j.first_day, -d.gap_days || ' days') OR r.last_label >= j.first_day)),
    '540_train_models: a model is judged on a day that its training knew');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    WHERE t.evaluation = 'group'
      AND EXISTS (SELECT s.entity FROM judges AS j JOIN sample AS s USING (row_id) WHERE j.task_id = t.task_id
                  INTERSECT SELECT s.entity FROM trains AS r JOIN sample AS s USING (row_id) WHERE r.task_id = t.task_id)),
    '540_train_models: a model is judged on an athlete that trained it');

CREATE TEMP TABLE fitted AS
SELECT t.task_id, a.fault, a.c1 AS model_json
FROM task AS t
JOIN due AS d USING (model)
CROSS JOIN attempt('SELECT model FROM gbdt_fit(?1, ?2)', d.options,
                   'SELECT s.label, ' || d.columns_sql || ' FROM temp.trains AS r CROSS JOIN temp.sample AS s USING (row_id) WHERE r.task_id = ' || t.task_id || ' ORDER BY r.row_id') AS a
WHERE t.task_id IN (SELECT task_id FROM trains);

CREATE TEMP TABLE answered AS
SELECT t.model, t.task_id, t.evaluation, t.fold, a.fault, a.c1 AS row_id, a.c2 AS predicted
FROM fitted AS f
JOIN task AS t USING (task_id)
JOIN due AS d USING (model)
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', f.model_json,
                   'SELECT s.row_id, ' || d.columns_sql || ' FROM temp.judges AS j CROSS JOIN temp.sample AS s USING (row_id) WHERE j.task_id = ' || t.task_id || ' ORDER BY j.row_id') AS a
WHERE f.model_json IS NOT NULL AND t.evaluation <> 'all';

-- A calibrator learns from what models have said of rows that they had not seen; by time from what was known when the fold began.
CREATE TEMP TABLE calibrator AS
SELECT t.task_id, calibration_fit(d.definition ->> '$.learner.calibrator', a.predicted, s.label) AS content
FROM (SELECT a.*, MAX(a.evaluation = 'time') OVER (PARTITION BY a.model) AS has_time FROM answered AS a WHERE a.fault IS NULL) AS a
JOIN sample AS s USING (row_id)
JOIN due AS d ON d.model = a.model
JOIN task AS t ON t.model = a.model
WHERE d.definition ->> '$.learner.calibrator' IS NOT NULL
  AND CASE t.evaluation WHEN 'all' THEN a.evaluation = 'time' OR NOT a.has_time
                        WHEN 'group' THEN a.evaluation = 'group' AND a.fold <> t.fold
                        ELSE a.evaluation = 'time' AND s.label_until < t.from_date END
GROUP BY t.task_id
HAVING MIN(s.label) < MAX(s.label);

CREATE TEMP TABLE told AS
SELECT a.model, a.task_id, a.evaluation, a.fold, a.row_id, CASE WHEN k.content IS NULL THEN a.predicted ELSE calibrate(k.content, a.predicted) END AS predicted
FROM answered AS a
LEFT JOIN calibrator AS k USING (task_id)
WHERE a.fault IS NULL;

-- Beside the model the mean of what trained it, and each baseline; step 0 has all folds.
CREATE TEMP TABLE judged AS
WITH base AS (SELECT r.task_id, exact_avg(s.label) AS label FROM trains AS r JOIN sample AS s USING (row_id) GROUP BY r.task_id),
said AS (
    SELECT model, evaluation, fold, task_id, row_id, 'model' AS predictor, predicted FROM told
    UNION ALL
    SELECT a.model, a.evaluation, a.fold, a.task_id, a.row_id, 'constant', b.label FROM told AS a JOIN base AS b USING (task_id)
    UNION ALL
    SELECT a.model, a.evaluation, a.fold, a.task_id, a.row_id, n.value,
           CASE WHEN json_type(s.row, '$.' || n.value) IN ('integer', 'real') THEN exact_real(s.row -> ('$.' || n.value)) END
    FROM told AS a
    JOIN due AS d USING (model)
    CROSS JOIN json_each(d.definition, '$.baselines') AS n
    JOIN sample AS s USING (row_id)
)
SELECT s.model, s.evaluation, s.predictor, z.is_fold * s.fold AS step, s.row_id, r.label, s.predicted, d.is_binary
FROM said AS s
JOIN sample AS r USING (row_id)
JOIN due AS d ON d.model = s.model
CROSS JOIN (SELECT 0 AS is_fold UNION ALL SELECT 1) AS z
WHERE s.predicted IS NOT NULL
ORDER BY 1, 2, 3, 4, 5;

CREATE TEMP TABLE metric AS
WITH share AS (
    SELECT model, evaluation, predictor, step, COUNT(*) AS n, roc_auc(predicted, label) AS auc, MIN(predicted) >= 0 AND MAX(predicted) <= 1 AS is_share
    FROM judged WHERE is_binary GROUP BY model, evaluation, predictor, step
),
sure AS (
    SELECT j.model, j.evaluation, j.predictor, j.step, COUNT(*) AS n, brier_score(j.predicted, j.label) AS brier,
           expected_calibration_error(j.predicted, j.label, 10, 'quantile') AS ece
    FROM share AS s
    JOIN judged AS j USING (model, evaluation, predictor, step)
    WHERE s.is_share
    GROUP BY j.model, j.evaluation, j.predictor, j.step
),
skilled AS (
    SELECT s.*, 1 - s.brier / NULLIF(c.brier, 0) AS skill
    FROM sure AS s
    JOIN sure AS c ON c.predictor = 'constant' AND (c.model, c.evaluation, c.step) = (s.model, s.evaluation, s.step)
),
size AS (
    SELECT model, evaluation, predictor, step, COUNT(*) AS n, mean_absolute_error(label, predicted) AS mae, root_mean_squared_error(label, predicted) AS rmse,
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted) AS mape_pct
    FROM judged WHERE NOT is_binary GROUP BY model, evaluation, predictor, step
)
SELECT model, evaluation, predictor, step, n, 'mae' AS metric, mae AS value FROM size
UNION ALL SELECT model, evaluation, predictor, step, n, 'rmse', rmse FROM size
UNION ALL SELECT model, evaluation, predictor, step, n, 'mape_pct', mape_pct FROM size WHERE mape_pct IS NOT NULL
UNION ALL SELECT model, evaluation, predictor, step, n, 'auc', auc FROM share WHERE predictor <> 'constant'
UNION ALL SELECT model, evaluation, predictor, step, n, 'brier', brier FROM sure
UNION ALL SELECT model, evaluation, predictor, step, n, 'brier_skill', skill FROM skilled WHERE predictor <> 'constant'
UNION ALL SELECT model, evaluation, predictor, step, n, 'ece', ece FROM sure;

-- What became of each: the first reason why there is no model, or none.
CREATE TEMP TABLE outcome AS
WITH reason AS (
    SELECT model, 1 AS place, 'rows: ' || fault AS reason FROM due WHERE fault IS NOT NULL
    UNION ALL SELECT model, 2, reason FROM odd
    UNION ALL
    SELECT d.model, 3, CASE WHEN COUNT(f.model) = 0 THEN 'rows: none has a label'
                            ELSE 'rows: all ' || COUNT(f.model) || ' come from Strava''s API, and train_on_api_rows is not 1' END
    FROM due AS d LEFT JOIN found AS f USING (model)
    WHERE d.fault IS NULL AND d.model NOT IN (SELECT model FROM sample) AND d.model NOT IN (SELECT model FROM odd)
    GROUP BY d.model
    UNION ALL
    SELECT t.model, 4, 'training: ' || f.fault FROM fitted AS f JOIN task AS t USING (task_id) WHERE f.fault IS NOT NULL
    UNION ALL SELECT model, 5, 'scoring: ' || fault FROM answered WHERE fault IS NOT NULL
    UNION ALL
    SELECT d.model, 6, 'evaluation: no row by time or group could be asked of a model that had not seen it'
    FROM due AS d WHERE d.model IN (SELECT model FROM sample) AND d.model NOT IN (SELECT model FROM answered)
    UNION ALL
    SELECT model, 7, metric || ' by ' || evaluation || ' is no finite number'
    FROM metric
    WHERE predictor = 'model' AND step = 0 AND (value IS NULL OR abs(value) >= 9e999)
)
SELECT d.*, (SELECT r.reason FROM reason AS r WHERE r.model = d.model ORDER BY r.place, r.reason LIMIT 1) AS reason,
       (SELECT COUNT(*) FROM sample AS s WHERE s.model = d.model) AS training_rows,
       (SELECT MAX(label_until) FROM sample AS s WHERE s.model = d.model) AS trained_until,
       row_hash(d.definition, d.gap_days, d.may_train,
                (SELECT rows_hash(entity, as_of_date, item, known_at, label, label_until, row)
                 FROM (SELECT * FROM sample AS s WHERE s.model = d.model ORDER BY row_id))) AS training_hash
FROM due AS d;

-- The same failure again, or the same rows, is no other run.
CREATE TEMP TABLE run AS
SELECT o.*, (SELECT COALESCE(MAX(run_id), 0) FROM ml_runs) + ROW_NUMBER() OVER (ORDER BY o.model) AS run_id,
       (SELECT COALESCE(MAX(version), 0) + 1 FROM ml_model_versions AS v WHERE v.model = o.model) AS version
FROM outcome AS o
WHERE (o.hash_before, o.reason_before) IS NOT (o.training_hash, o.reason);

INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until)
SELECT r.run_id, r.model, r.bronze_id, c.started_at, CASE WHEN r.reason IS NULL THEN 'finished' ELSE 'failed' END, r.reason,
       CASE WHEN r.reason IS NULL THEN r.version END,
       r.labelled_rows, r.training_rows, r.spec, r.training_hash, r.trained_until
FROM run AS r, stage_clock AS c
ORDER BY r.run_id;

INSERT INTO ml_run_params (run_id, name, value)
SELECT r.run_id, p.key, CASE p.type WHEN 'real' THEN exact_real(r.options -> p.fullkey) ELSE p.value END
FROM run AS r
CROSS JOIN json_each(r.options) AS p
UNION ALL
SELECT r.run_id, 'evaluation.' || p.column1, p.column2
FROM run AS r
CROSS JOIN (SELECT run_id, 'splits' AS column1, splits AS column2 FROM run UNION ALL SELECT run_id, 'after', after FROM run
            UNION ALL SELECT run_id, 'gap_days', gap_days FROM run) AS p ON p.run_id = r.run_id;

INSERT INTO ml_run_metrics (run_id, evaluation, predictor, metric, step, value, n)
SELECT r.run_id, m.evaluation, m.predictor, m.metric, m.step, CAST(m.value AS REAL), m.n
FROM run AS r
JOIN metric AS m USING (model)
WHERE abs(m.value) < 9e999;

INSERT INTO ml_run_predictions (run_id, evaluation, entity, as_of_date, item, fold, label, predicted)
SELECT r.run_id, a.evaluation, s.entity, s.as_of_date, s.item, a.fold, s.label, a.predicted
FROM run AS r
JOIN told AS a USING (model)
JOIN sample AS s USING (row_id)
WHERE r.reason IS NULL;

-- Each condition of the gate, and what it was compared with: a number, a baseline's metric, or a setting.
CREATE TEMP TABLE gated AS
WITH condition AS (
    SELECT r.run_id, g.key AS position, g.value ->> '$.evaluation' AS evaluation, g.value ->> '$.metric' AS metric,
           json_type(g.value, '$.above') IS NOT NULL AS is_above, COALESCE(g.value ->> '$.above', g.value ->> '$.below') AS than,
           COALESCE(json_type(g.value, '$.above'), json_type(g.value, '$.below')) AS type
    FROM run AS r
    CROSS JOIN json_each(r.definition, '$.gate') AS g
    WHERE r.reason IS NULL
)
SELECT c.*, m.value,
       CASE c.type WHEN 'text' THEN COALESCE((SELECT b.value FROM ml_run_metrics AS b WHERE (b.run_id, b.evaluation, b.metric, b.predictor, b.step)
                                                                                     = (c.run_id, c.evaluation, c.metric, c.than, 0)),
                                             (SELECT value FROM ops_config WHERE name = c.than))
            ELSE c.than END AS bound
FROM condition AS c
LEFT JOIN ml_run_metrics AS m ON (m.run_id, m.evaluation, m.metric, m.predictor, m.step) = (c.run_id, c.evaluation, c.metric, 'model', 0);

CREATE TEMP TABLE sentence AS
SELECT run_id, position, COALESCE(CASE WHEN is_above THEN value > bound ELSE value < bound END, 0) AS passes,
       metric || ' by ' || evaluation
       || CASE WHEN value IS NULL THEN ' could not be measured'
               WHEN bound IS NULL THEN ' has nothing to be compared with: there is no ' || than
               ELSE ' is ' || number_text(CAST(1000 * value + (value >= 0) - 0.5 AS INTEGER) / 1000.0) || ', asked for is ' || CASE WHEN is_above THEN 'more than ' ELSE 'less than ' END
                    || CASE type WHEN 'text' THEN than || ', ' ELSE '' END || number_text(CAST(1000 * bound + (bound >= 0) - 0.5 AS INTEGER) / 1000.0) END AS told
FROM gated;

INSERT INTO ml_model_versions (model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at)
SELECT r.model, r.version, CASE WHEN g.passes THEN 'accepted' ELSE 'refused' END,
       (SELECT group_concat(told, '; ') FROM (SELECT told FROM sentence AS s WHERE s.run_id = r.run_id AND s.passes = g.passes ORDER BY s.position)),
       r.definition, f.model_json, r.training_rows, r.training_hash, c.started_at
FROM run AS r
JOIN (SELECT run_id, MIN(passes) AS passes FROM sentence GROUP BY run_id) AS g USING (run_id)
JOIN task AS t ON t.model = r.model AND t.evaluation = 'all'
JOIN fitted AS f USING (task_id), stage_clock AS c
WHERE r.reason IS NULL
ORDER BY r.model;

INSERT INTO ml_run_artifacts (run_id, name, content)
SELECT r.run_id, 'calibrator', k.content
FROM run AS r
JOIN task AS t ON t.model = r.model AND t.evaluation = 'all'
JOIN calibrator AS k USING (task_id)
WHERE r.reason IS NULL;

-- What the model asks for most.
INSERT INTO ml_run_artifacts (run_id, name, content)
SELECT r.run_id, 'importance',
       (SELECT json_group_array(json_object('feature', feature, 'gain', json(number_text(total_gain)), 'splits', weight))
        FROM (SELECT * FROM gbdt_importance(v.model_json) ORDER BY total_gain DESC, feature))
FROM run AS r
JOIN ml_model_versions AS v USING (model, version)
WHERE r.reason IS NULL;

INSERT INTO ml_looks (stage, model, seen, looked_at)
SELECT '540_train_models', model, json_array(bronze_id, may_train, news), started_at FROM asked WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM found WHERE fault IS NULL) AS rows_in,
       (SELECT COUNT(*) FROM run WHERE reason IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM run WHERE reason IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(told, '; ')
        FROM (SELECT r.model || COALESCE(' version ' || v.version || ' ' || v.status || ': ' || v.reason, ' failed: ' || r.reason) AS told
              FROM run AS r LEFT JOIN ml_model_versions AS v USING (model, version) ORDER BY r.model)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '540_train_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.sentence;
DROP TABLE temp.gated;
DROP TABLE temp.run;
DROP TABLE temp.outcome;
DROP TABLE temp.metric;
DROP TABLE temp.judged;
DROP TABLE temp.told;
DROP TABLE temp.calibrator;
DROP TABLE temp.answered;
DROP TABLE temp.fitted;
DROP TABLE temp.judges;
DROP TABLE temp.trains;
DROP TABLE temp.task;
DROP TABLE temp.entity_fold;
DROP TABLE temp.sample;
DROP TABLE temp.odd;
DROP TABLE temp.found;
DROP TABLE temp.due;
DROP TABLE temp.asked;
DROP TABLE temp.stage_clock;

COMMIT;
