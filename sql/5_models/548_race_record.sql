-- stage:    548_race_record
-- purpose:  what the time estimator and the classic formulas said of races that they had not seen, with intervals and errors by distance and evidence
-- reads:    time_estimator_rows; ml_runs, ml_models, ml_run_predictions, ml_run_intervals, ml_metrics, race_distances, ops_config
-- writes:   ml_metrics; ml_validation_predictions, ml_intervals
-- follows:  -
-- grain:    model, version, source, distance_class
-- params:   interval_level
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '548_race_record',
    'what the time estimator and the classic formulas said of races that they had not seen, with intervals and errors by distance and evidence',
    '["time_estimator_rows"]',
    '["ml_metrics"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- The last training, once.
CREATE TEMP TABLE due AS
SELECT r.run_id, r.version, COALESCE(exact_real(m.definition -> '$.interval.spread_power'), 0.0) AS spread_power, (SELECT value FROM ops_config WHERE name = 'interval_level') AS interval_level
FROM (SELECT MAX(run_id) AS run_id FROM ml_runs WHERE (model, status) = ('time_estimator', 'finished') AND search_id IS NULL) AS l
JOIN ml_runs AS r USING (run_id)
JOIN ml_models AS m USING (bronze_id)
WHERE NOT EXISTS (SELECT 1 FROM ml_metrics AS o WHERE (o.model, o.version) = (r.model, r.version));

-- rests here without due
-- Each race that the run was judged by, and what the formulas make of the same evidence.
CREATE TEMP TABLE predicted AS
WITH mine AS MATERIALIZED (
    SELECT r.source, r.subject, r.as_of_date, r.distance_class, r.distance_m, r.seconds, COALESCE(r.fold, CAST(substr(r.as_of_date, 1, 4) AS INTEGER)) AS judged_by, r.evidence,
           r.riegel_s, r.vdot_s, r.vickers_one_race_s, r.vickers_two_races_s, r.tanda_s, p.predicted AS mine_s
    FROM due AS d
    CROSS JOIN time_estimator_rows AS r
    CROSS JOIN ml_run_predictions AS p
         ON (p.run_id, p.evaluation, p.entity, p.as_of_date, p.item)
          = (d.run_id, CASE r.source WHEN 'history' THEN 'time' ELSE 'group' END, CASE r.source WHEN 'history' THEN r.subject ELSE 'survey ' || r.subject END, r.as_of_date,
             CASE r.source WHEN 'prior' THEN r.distance_class || ' without races' ELSE r.distance_class END)
    WHERE r.seconds IS NOT NULL AND p.label = r.seconds
),
each_model AS (
    SELECT 'time_estimator' AS model, mine_s AS predicted_s, * FROM mine
    UNION ALL SELECT 'riegel', riegel_s, * FROM mine WHERE riegel_s IS NOT NULL
    UNION ALL SELECT 'vdot', vdot_s, * FROM mine WHERE vdot_s IS NOT NULL
    UNION ALL SELECT 'vickers_one_race', vickers_one_race_s, * FROM mine WHERE vickers_one_race_s IS NOT NULL
    UNION ALL SELECT 'vickers_two_races', vickers_two_races_s, * FROM mine WHERE vickers_two_races_s IS NOT NULL
    UNION ALL SELECT 'tanda', tanda_s, * FROM mine WHERE tanda_s IS NOT NULL
)
SELECT CAST(e.model AS TEXT) AS model, e.source, e.subject, e.as_of_date, e.distance_class, e.judged_by AS fold,
       CAST(CASE WHEN e.model = 'vickers_two_races' THEN 'races' ELSE e.evidence END AS TEXT) AS evidence,
       e.seconds AS actual_s, e.predicted_s, d.interval_class, portable_ln(e.seconds / e.predicted_s) AS residual,
       COALESCE(i.spread_power, c.spread_power) AS spread_power,
       portable_exp(COALESCE(i.spread_power, c.spread_power) * portable_ln(e.predicted_s / (0.3 * e.distance_m))) AS spread
FROM due AS c
CROSS JOIN each_model AS e
JOIN race_distances AS d USING (distance_class)
LEFT JOIN ml_run_intervals AS i
       ON i.run_id = c.run_id
      AND i.interval_group = d.interval_class || CASE WHEN e.model = 'vickers_two_races' THEN ' races' WHEN e.evidence IN ('race', 'races') THEN ' ' || e.evidence ELSE '' END;

-- In groups and by folds in their order, so that nothing is sorted for each fold.
CREATE TEMP TABLE score (model TEXT, distance_class TEXT, evidence TEXT, fold INTEGER, score REAL, spread_power REAL);
INSERT INTO score (model, distance_class, evidence, fold, score, spread_power)
SELECT model, distance_class, evidence, fold, residual / spread, spread_power FROM predicted WHERE source IN ('survey', 'prior');
CREATE INDEX temp.score_by_group ON score (model, distance_class, evidence, fold, score);
CREATE TEMP TABLE fold (fold INTEGER PRIMARY KEY);
INSERT INTO fold SELECT DISTINCT fold FROM score UNION SELECT -1 FROM due;

-- Intervals, split-conformal: for the survey from the other folds only; fold -1 holds those that are served. Errors grow with
-- the time that is predicted, so they are compared after division by their spread (normalised as in Papadopoulos et al. 2002).
CREATE TEMP TABLE interval AS
WITH bound AS (
    SELECT s.model, f.fold, s.distance_class, s.evidence,
           conformal_quantile(s.score, (SELECT (1 - interval_level) / 2 FROM due)) AS lower_ln,
           conformal_quantile(s.score, (SELECT (1 + interval_level) / 2 FROM due)) AS upper_ln,
           MAX(s.spread_power) AS spread_power, COUNT(*) AS n
    FROM fold AS f
    CROSS JOIN score AS s ON s.fold <> f.fold
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

INSERT INTO ml_validation_predictions
SELECT v.model, c.version, v.source, v.subject, v.as_of_date, v.distance_class, v.fold, v.evidence,
       v.actual_s, v.predicted_s, v.lower_s, v.upper_s
FROM validated AS v, due AS c;

INSERT INTO ml_intervals
SELECT i.model, c.version, i.distance_class, i.evidence, i.lower_ln, i.upper_ln, i.spread_power, i.n
FROM interval AS i, due AS c
WHERE i.fold = -1;

INSERT INTO ml_metrics
SELECT m.model, c.version, m.source, m.distance_class, m.n, m.mae_s, COALESCE(portable_exp(portable_ln(NULLIF(m.mse, 0)) / 2), 0), m.mape_pct, m.bias_pct, m.coverage_pct
FROM metric AS m, due AS c;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM predicted) AS rows_in, (SELECT COUNT(*) FROM metric) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '548_race_record', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.metric;
DROP TABLE temp.validated;
DROP TABLE temp.interval;
DROP TABLE temp.fold;
DROP TABLE temp.score;
DROP TABLE temp.predicted;
DROP TABLE temp.due;
DROP TABLE temp.stage_clock;

COMMIT;
