-- stage:    547_model_intervals
-- purpose:  bound the answers of every registered model that asks for intervals, by what its run said of rows that it had not seen
-- reads:    -; ml_looks, ml_models, ml_run_predictions, ml_runs, ops_config
-- writes:   ml_run_intervals; ml_looks, ml_run_metrics
-- follows:  -
-- grain:    run_id, interval_group
-- params:   -
-- rests:    -; ml_looks, ml_models, ml_runs

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '547_model_intervals',
    'bound the answers of every registered model that asks for intervals, by what its run said of rows that it had not seen',
    '[]',
    '["ml_run_intervals"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Split-conformal intervals (Vovk et al. 2005; conformal_quantile): of a row like those that the run was judged by, the label lies within
-- them with the chance that is the level, whatever the distribution. Errors are compared after division by spread, |predicted| to the
-- power of the definition (normalised as in Papadopoulos et al. 2002), and, if it says so, within the group that a column of the row names,
-- of predictions that a column is the scale of, and by the logarithm of what came to what was said.

-- The last finished training of each, once.
CREATE TEMP TABLE due AS
WITH last AS (SELECT model, MAX(run_id) AS run_id FROM ml_runs WHERE status = 'finished' AND search_id IS NULL GROUP BY model)
SELECT r.run_id, r.model, m.definition ->> '$.interval.by' AS by_name, m.definition ->> '$.interval.scale' AS scale_name,
       m.definition ->> '$.link' IS 'log' AS is_log, COALESCE(m.definition ->> '$.interval.evaluation',
           CASE WHEN EXISTS (SELECT 1 FROM ml_run_predictions AS p WHERE (p.run_id, p.evaluation) = (r.run_id, 'time')) THEN 'time' ELSE 'group' END) AS evaluation,
       COALESCE(exact_real(m.definition -> '$.interval.spread_power'), 0.0) AS spread_power,
       CAST(CASE json_type(m.definition, '$.interval.level') WHEN 'real' THEN exact_real(m.definition -> '$.interval.level')
                 ELSE (SELECT value FROM ops_config WHERE name = COALESCE(m.definition ->> '$.interval.level', 'interval_level')) END AS REAL) AS level
FROM last AS l
JOIN ml_runs AS r USING (run_id)
JOIN ml_models AS m USING (bronze_id)
LEFT JOIN ml_looks AS w ON w.stage = '547_model_intervals' AND w.model = r.model
WHERE json_type(m.definition, '$.interval') = 'object' AND (w.seen IS NULL OR w.seen ->> '$[0]' < r.run_id);

-- rests here without due
-- Of some groups errors grow by another power.
CREATE TEMP TABLE power (run_id INTEGER, interval_group TEXT, spread_power REAL, PRIMARY KEY (run_id, interval_group)) WITHOUT ROWID;
INSERT INTO power
SELECT d.run_id, g.key, exact_real(m.definition -> ('$.interval.spread_powers."' || g.key || '"'))
FROM due AS d
JOIN ml_runs AS r USING (run_id)
JOIN ml_models AS m USING (bronze_id)
CROSS JOIN json_each(m.definition, '$.interval.spread_powers') AS g;

CREATE TEMP TABLE score (run_id INTEGER, evaluation TEXT, fold INTEGER, interval_group TEXT, label REAL, predicted REAL, spread REAL, score REAL);
INSERT INTO score (run_id, evaluation, fold, interval_group, label, predicted, spread, score)
WITH told AS (
    SELECT d.run_id, d.evaluation, d.is_log, p.fold, p.label, p.predicted, COALESCE(p.interval_group, '') AS interval_group,
           CASE WHEN COALESCE(g.spread_power, d.spread_power) = 0 THEN 1.0
                WHEN p.predicted <> 0 THEN portable_exp(COALESCE(g.spread_power, d.spread_power) * portable_ln(abs(p.predicted / CASE WHEN d.scale_name IS NULL THEN 1.0 ELSE NULLIF(p.interval_scale, 0) END))) END AS spread
    FROM due AS d
    JOIN ml_run_predictions AS p USING (run_id, evaluation)
    LEFT JOIN power AS g ON g.run_id = p.run_id AND g.interval_group = COALESCE(p.interval_group, '')
    WHERE d.by_name IS NULL OR p.interval_group IS NOT NULL
)
SELECT run_id, evaluation, fold, interval_group, label, predicted, spread,
       CAST(CASE WHEN is_log THEN portable_ln(label / predicted) ELSE label - predicted END / spread AS REAL) AS score
FROM told WHERE spread > 0 AND (NOT is_log OR predicted > 0);
CREATE INDEX temp.score_by_group ON score (run_id, interval_group, fold, score);

-- Fold 0 are those that are served; the others are what could be known of a fold: by time its earlier ones, by group its other ones.
-- In their order, so that nothing is sorted for each of them.
CREATE TEMP TABLE asked (question INTEGER PRIMARY KEY, run_id INTEGER, fold INTEGER, evaluation TEXT, level REAL);
INSERT INTO asked (run_id, fold, evaluation, level)
SELECT q.run_id, q.fold, q.evaluation, d.level
FROM (SELECT DISTINCT run_id, evaluation, fold FROM score UNION SELECT run_id, evaluation, 0 FROM score) AS q
JOIN due AS d USING (run_id);
CREATE TEMP TABLE interval (run_id INTEGER, fold INTEGER, interval_group TEXT, evaluation TEXT, lower REAL, upper REAL, n INTEGER);
INSERT INTO interval (run_id, fold, interval_group, evaluation, lower, upper, n)
SELECT q.run_id, q.fold, s.interval_group, q.evaluation, conformal_quantile(s.score, (1 - q.level) / 2), conformal_quantile(s.score, (1 + q.level) / 2), COUNT(*)
FROM asked AS q
CROSS JOIN score AS s ON s.run_id = q.run_id AND CASE WHEN q.fold = 0 THEN 1 WHEN q.evaluation = 'time' THEN s.fold < q.fold ELSE s.fold <> q.fold END
GROUP BY q.question, s.interval_group;
CREATE UNIQUE INDEX temp.interval_by_group ON interval (run_id, fold, interval_group);

INSERT INTO ml_run_intervals (run_id, interval_group, evaluation, level, spread_power, lower, upper, n)
SELECT i.run_id, i.interval_group, i.evaluation, d.level, COALESCE(g.spread_power, d.spread_power), i.lower, i.upper, i.n
FROM interval AS i
JOIN due AS d USING (run_id)
LEFT JOIN power AS g ON g.run_id = i.run_id AND g.interval_group = i.interval_group
WHERE i.fold = 0 AND i.lower IS NOT NULL AND i.upper IS NOT NULL;

-- How often the label came to lie within, and how wide that was.
CREATE TEMP TABLE bounded (run_id INTEGER, evaluation TEXT, fold INTEGER, label REAL, lower REAL, upper REAL);
INSERT INTO bounded (run_id, evaluation, fold, label, lower, upper)
SELECT s.run_id, s.evaluation, s.fold, s.label,
       CASE WHEN d.is_log THEN s.predicted * portable_exp(i.lower * s.spread) ELSE s.predicted + i.lower * s.spread END,
       CASE WHEN d.is_log THEN s.predicted * portable_exp(i.upper * s.spread) ELSE s.predicted + i.upper * s.spread END
FROM score AS s
JOIN due AS d USING (run_id)
JOIN interval AS i ON i.run_id = s.run_id AND i.fold = s.fold AND i.interval_group = s.interval_group
WHERE i.lower IS NOT NULL AND i.upper IS NOT NULL;
INSERT INTO ml_run_metrics (run_id, evaluation, predictor, metric, step, value, n)
WITH measured AS (
    SELECT run_id, evaluation, 0 AS step, 100 * exact_avg(label BETWEEN lower AND upper) AS coverage_pct, exact_avg(upper - lower) AS width, COUNT(*) AS n
    FROM bounded GROUP BY run_id, evaluation
    UNION ALL
    SELECT run_id, evaluation, fold, 100 * exact_avg(label BETWEEN lower AND upper), exact_avg(upper - lower), COUNT(*) FROM bounded GROUP BY run_id, evaluation, fold
)
SELECT run_id, evaluation, 'model', m.column1, step, CAST(CASE m.column1 WHEN 'coverage_pct' THEN coverage_pct ELSE width END AS REAL), n
FROM measured
CROSS JOIN (VALUES ('coverage_pct'), ('interval_width')) AS m;

INSERT INTO ml_looks (stage, model, seen, looked_at) SELECT '547_model_intervals', model, json_array(run_id), started_at FROM due, stage_clock WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM score) AS rows_in, (SELECT COUNT(*) FROM interval WHERE fold = 0 AND lower IS NOT NULL AND upper IS NOT NULL) AS rows_out,
       (SELECT COUNT(*) FROM interval WHERE fold = 0 AND (lower IS NULL OR upper IS NULL)) AS rows_rejected,
       (SELECT group_concat(told, '; ')
        FROM (SELECT d.model || ' has no interval' || CASE i.interval_group WHEN '' THEN '' ELSE ' for ' || i.interval_group END || ': ' || i.n || ' rows are too few' AS told
              FROM interval AS i JOIN due AS d USING (run_id) WHERE i.fold = 0 AND (i.lower IS NULL OR i.upper IS NULL) ORDER BY d.model, i.interval_group)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '547_model_intervals', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.bounded;
DROP TABLE temp.interval;
DROP TABLE temp.asked;
DROP TABLE temp.score;
DROP TABLE temp.power;
DROP TABLE temp.due;
DROP TABLE temp.stage_clock;

COMMIT;
