-- stage:    650_shown_numbers
-- purpose:  a name for every number that page, report and squad show and no table holds: of an athlete, of weeks, of stretches of risk, of estimates, of what the watch saw
-- reads:    -
-- writes:   -
-- follows:  -
-- grain:    athlete_id; athlete_id, week_start; athlete_id, first_date; prediction_id; cause
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '650_shown_numbers',
    'a name for every number that page, report and squad show and no table holds: of an athlete, of weeks, of stretches of risk, of estimates, of what the watch saw',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Views: they cannot be out of date. Each is asked of one athlete at a time, so what they count is counted for that athlete alone.

-- What there is of an athlete, and how old it is by the clock.
CREATE VIEW IF NOT EXISTS gold_athlete_records AS
SELECT m.athlete_id,
       (SELECT COUNT(*) FROM activity_features AS a WHERE a.athlete_id = m.athlete_id) AS activities,
       (SELECT MIN(a.activity_date) FROM activity_features AS a WHERE a.athlete_id = m.athlete_id) AS first_date,
       (SELECT MAX(a.activity_date) FROM activity_features AS a WHERE a.athlete_id = m.athlete_id) AS last_date,
       (SELECT COUNT(*) FROM activity_features AS a WHERE a.athlete_id = m.athlete_id AND a.is_run) AS runs,
       (SELECT SUM(a.distance_km) FROM activity_features AS a WHERE a.athlete_id = m.athlete_id AND a.is_run) AS run_km,
       (SELECT COUNT(*) FROM race_results AS r WHERE r.athlete_id = m.athlete_id) AS races,
       (SELECT COUNT(*) FROM silver_same_training AS t WHERE t.athlete_id = m.athlete_id) AS recorded_twice,
       julianday('now') - julianday((SELECT MAX(e.end_time) FROM (SELECT athlete_id, end_time FROM silver_strava_activities
                                                                  UNION ALL SELECT athlete_id, end_time FROM silver_unusable_activities) AS e
                                     WHERE e.athlete_id = m.athlete_id)) AS days_since_activity,
       julianday('now') - julianday((SELECT MAX(b.ingested_at) FROM bronze_strava_activities AS b)) AS days_since_import
FROM (SELECT athlete_id FROM athlete_profile UNION SELECT athlete_id FROM silver_unusable_activities) AS m;

-- What each week held. Minutes in zones are of the activities with a heart rate; energy of those that tell it, intensity of those of which it is known.
CREATE VIEW IF NOT EXISTS gold_athlete_weeks AS
SELECT w.athlete_id, w.week_start, w.weekly_tss, w.weekly_activities, w.weekly_distance_km, w.avg_pace_week, w.training_monotony,
       total(d.run_distance_km) AS run_km, w.weekly_distance_km - total(d.run_distance_km) AS other_km
FROM athlete_weekly_features AS w
LEFT JOIN athlete_daily_features AS d ON d.athlete_id = w.athlete_id AND d.activity_date >= w.week_start AND d.activity_date < date(w.week_start, '+7 days')
GROUP BY w.athlete_id, w.week_start;

CREATE VIEW IF NOT EXISTS gold_zone_weeks AS
SELECT w.athlete_id, w.week_start,
       SUM(f.moving_time_min * f.hr_zone_1_pct) / 100 AS zone_1_min, SUM(f.moving_time_min * f.hr_zone_2_pct) / 100 AS zone_2_min,
       SUM(f.moving_time_min * f.hr_zone_3_pct) / 100 AS zone_3_min, SUM(f.moving_time_min * f.hr_zone_4_pct) / 100 AS zone_4_min,
       SUM(f.moving_time_min * f.hr_zone_5_pct) / 100 AS zone_5_min
FROM athlete_weekly_features AS w
LEFT JOIN silver_strava_activities AS a ON a.athlete_id = w.athlete_id AND a.local_date BETWEEN w.week_start AND date(w.week_start, '+6 days')
LEFT JOIN activity_features AS f ON f.athlete_id = a.athlete_id AND f.activity_id = a.activity_id
GROUP BY w.athlete_id, w.week_start;

CREATE VIEW IF NOT EXISTS gold_energy_days AS
SELECT d.athlete_id, d.activity_date, COUNT(*) AS trainings, COUNT(*) - COUNT(e.energy_kcal) AS trainings_untold, total(e.energy_kcal) AS energy_kcal
FROM athlete_daily_features AS d
JOIN gold_training_energy AS e ON e.athlete_id = d.athlete_id AND e.local_date = d.activity_date
GROUP BY d.athlete_id, d.activity_date
UNION ALL
SELECT d.athlete_id, d.activity_date, 0, 0, 0.0
FROM athlete_daily_features AS d
WHERE NOT EXISTS (SELECT 1 FROM activity_features AS f WHERE f.athlete_id = d.athlete_id AND f.activity_date = d.activity_date);

CREATE VIEW IF NOT EXISTS gold_energy_weeks AS
SELECT e.athlete_id, date(e.local_date, 'weekday 0', '-6 days') AS week_start, COUNT(*) AS trainings, COUNT(*) - COUNT(e.energy_kcal) AS trainings_untold,
       total(e.energy_kcal) AS energy_kcal, SUM(e.moving_s) / 3600.0 AS hours,
       SUM(e.intensity_factor * e.moving_s) / SUM(e.moving_s) FILTER (WHERE e.intensity_factor IS NOT NULL) AS intensity
FROM gold_training_energy AS e
GROUP BY e.athlete_id, 2
UNION ALL
SELECT w.athlete_id, w.week_start, 0, 0, 0.0, NULL, NULL
FROM athlete_weekly_features AS w
LEFT JOIN activity_features AS f ON f.athlete_id = w.athlete_id AND f.activity_date >= w.week_start AND f.activity_date < date(w.week_start, '+7 days')
WHERE f.athlete_id IS NULL;

-- Why days are flagged: what was above its limit, and how far. Neither: seven days of the same load.
CREATE VIEW IF NOT EXISTS gold_risk_days AS
SELECT f.athlete_id, f.as_of_date, CASE WHEN f.acwr > c.acwr AND f.history_days >= c.history THEN f.acwr END AS acwr, c.acwr AS acwr_limit,
       CASE WHEN f.training_monotony_7d > c.monotony THEN f.training_monotony_7d END AS monotony, c.monotony AS monotony_limit
FROM athlete_rolling_features AS f
CROSS JOIN (SELECT MAX(value) FILTER (WHERE name = 'acwr_risk_threshold') AS acwr, MAX(value) FILTER (WHERE name = 'acwr_min_history_days') AS history,
                   MAX(value) FILTER (WHERE name = 'monotony_risk_threshold') AS monotony FROM ops_config) AS c
WHERE f.is_overtraining_risk;

-- Flagged days that follow one another, with the highest of what was above its limit.
CREATE VIEW IF NOT EXISTS gold_risk_stretches AS
WITH flagged AS (
    SELECT athlete_id, as_of_date, julianday(as_of_date) - ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY as_of_date) AS stretch
    FROM athlete_rolling_features
    WHERE is_overtraining_risk
)
SELECT f.athlete_id, MIN(f.as_of_date) AS first_date, MAX(f.as_of_date) AS last_date, COUNT(*) AS days, MAX(r.acwr) AS highest_acwr, MAX(r.monotony) AS highest_monotony,
       COUNT(*) FILTER (WHERE r.athlete_id IS NOT NULL AND r.acwr IS NULL AND r.monotony IS NULL) AS days_alike
FROM flagged AS f
LEFT JOIN gold_risk_days AS r ON r.athlete_id = f.athlete_id AND r.as_of_date = f.as_of_date
GROUP BY f.athlete_id, f.stretch;

-- The coach's list on the evening of the last of all days: how long everybody has been silent by then.
CREATE VIEW IF NOT EXISTS gold_squad_evening AS
SELECT s.*, MAX(s.as_of_date) OVER () AS evening, CAST(julianday(MAX(s.as_of_date) OVER ()) - julianday(s.last_activity_date) AS INTEGER) AS days_without
FROM gold_squad AS s;

-- Of the four weeks to each day: how many days are flagged, and of how many nobody can tell.
CREATE VIEW IF NOT EXISTS gold_risk_counts AS
SELECT t.athlete_id, t.as_of_date, t.rest_days_14d,
       (SELECT COUNT(nullif(f.is_overtraining_risk, 0)) FROM athlete_rolling_features AS f
        WHERE f.athlete_id = t.athlete_id AND f.as_of_date BETWEEN t.since AND t.as_of_date) AS risk_days_28d,
       (SELECT COUNT(*) - COUNT(f.is_overtraining_risk) FROM athlete_rolling_features AS f
        WHERE f.athlete_id = t.athlete_id AND f.as_of_date BETWEEN t.since AND t.as_of_date) AS untold_days_28d,
       min(28, t.history_days) AS days_28d, min(14, t.history_days) AS days_14d, min(42, t.history_days) AS days_42d
FROM (SELECT athlete_id, as_of_date, rest_days_14d, history_days, date(as_of_date, '-27 days') AS since FROM athlete_rolling_features) AS t;

-- Activities whose load is not known, why, and which setting would make it known.
CREATE VIEW IF NOT EXISTS gold_unknown_loads AS
SELECT f.athlete_id, f.activity_id, f.activity_date, f.event_timestamp, f.load_reason,
       CASE WHEN instr(f.load_reason, 'ftp_w') THEN 'ftp_w' WHEN f.avg_hr IS NOT NULL AND f.reference_max_hr IS NULL THEN 'max_hr' END AS setting, 1 AS is_usable
FROM activity_features AS f WHERE f.load_reason IS NOT NULL
UNION ALL
SELECT u.athlete_id, u.activity_id, u.local_date, u.start_time, u.reason, NULL, 0
FROM silver_unusable_trainings AS u
WHERE NOT EXISTS (SELECT 1 FROM unusable_training_loads AS l WHERE l.athlete_id = u.athlete_id AND l.activity_id = u.activity_id);

-- A plan in one row.
CREATE VIEW IF NOT EXISTS gold_plan_summaries AS
SELECT athlete_id, MAX(plan_date) AS until_date, COUNT(*) FILTER (WHERE planned <> 'rest') AS training_days, COUNT(*) FILTER (WHERE is_overtraining_risk) AS risk_days
FROM gold_plan_outlook
GROUP BY athlete_id;

-- What the evidence of an estimate is: the best of the results that it rests on, and how much training there was since.
CREATE VIEW IF NOT EXISTS gold_estimate_evidence AS
SELECT e.prediction_id, e.athlete_id, e.prediction_date, e.distance_class, e.evidence, e.n_evidence, e.activity_id, e.is_race, e.result_date, e.distance_m, e.seconds,
       julianday(e.prediction_date) - julianday(e.result_date) AS days_before,
       MAX(f.activities_90d) AS most_activities_90d, MAX(f.activities_90d) FILTER (WHERE f.as_of_date = date(e.prediction_date, '-1 day')) AS activities_90d
FROM (SELECT p.prediction_id, p.athlete_id, p.prediction_date, p.distance_class, p.evidence, p.n_evidence, p.evidence_id AS activity_id,
             t.activity_id IS NOT NULL AS is_race, COALESCE(t.race_date, a.local_date) AS result_date,
             COALESCE(t.official_m, r.measured_m, a.distance_m) AS distance_m, COALESCE(r.seconds, t.official_s, a.elapsed_s) AS seconds
      FROM (SELECT g.prediction_id, g.athlete_id, g.prediction_date, g.distance_class, MAX(i.value) FILTER (WHERE i.key = 'evidence') AS evidence,
                   MAX(i.value) FILTER (WHERE i.key = 'n_evidence') AS n_evidence, MAX(i.value) FILTER (WHERE i.key = 'evidence_activity_id') AS evidence_id
            FROM gold_athlete_predictions AS g
            LEFT JOIN json_each(g.inputs) AS i
            WHERE g.model = 'time_estimator'
            GROUP BY g.prediction_id) AS p
      LEFT JOIN silver_strava_activities AS a ON a.athlete_id = p.athlete_id AND a.activity_id = p.evidence_id
      LEFT JOIN silver_races AS t ON t.athlete_id = p.athlete_id AND t.activity_id = p.evidence_id
      LEFT JOIN race_results AS r ON r.athlete_id = p.athlete_id AND r.activity_id = p.evidence_id) AS e
LEFT JOIN athlete_rolling_features AS f ON f.athlete_id = e.athlete_id AND f.as_of_date >= e.result_date AND f.as_of_date < e.prediction_date
GROUP BY e.prediction_id;

-- Estimates and past races as paces.
CREATE VIEW IF NOT EXISTS gold_estimate_paces AS
SELECT g.prediction_id, g.athlete_id, g.prediction_date, g.model, g.distance_class, d.name, d.distance_m,
       1000 * g.predicted_s / d.distance_m AS s_per_km, 1000 * g.lower_s / d.distance_m AS lower_s_per_km, 1000 * g.upper_s / d.distance_m AS upper_s_per_km
FROM gold_athlete_predictions AS g
JOIN race_distances AS d USING (distance_class);
CREATE VIEW IF NOT EXISTS gold_race_paces AS
SELECT r.athlete_id, r.activity_id, r.race_date, r.distance_class, d.name, d.distance_m, 1000 * r.seconds / d.distance_m AS s_per_km
FROM race_results AS r
JOIN race_distances AS d USING (distance_class);

-- Why an answer is what it is. SHAP values are kept nowhere, they follow from a model and a row; what gbdt_explain is to be asked for those of
-- an answer stands here, and their names are its columns:
--     SELECT e.feature, e.contribution FROM gold_explanations AS q CROSS JOIN gbdt_explain(q.reference, q.question) AS e WHERE q.prediction_id = 5
CREATE VIEW IF NOT EXISTS gold_explanations AS
SELECT g.athlete_id, g.model, g.version, g.prediction_id, NULL AS inference_id, g.model || '/' || g.version AS reference,
       'SELECT s.prediction_id, ' || k.columns_sql || ' FROM (SELECT prediction_id, inputs AS row FROM gold_athlete_predictions WHERE prediction_id = ' || g.prediction_id || ') AS s' AS question
FROM gold_athlete_predictions AS g
JOIN ml_models_current AS k ON k.model = g.model AND k.learner = 'gbdt'
UNION ALL
SELECT i.entity, i.model, i.version, NULL, i.inference_id, i.model || '/' || i.version,
       'SELECT s.inference_id, ' || k.columns_sql || ' FROM (SELECT inference_id, features AS row FROM inference_log WHERE inference_id = ' || i.inference_id || ') AS s'
FROM inference_log AS i
JOIN ml_models_current AS k ON k.model = i.model AND k.learner = 'gbdt';

-- Races as they were foretold by the champion, and by the formulas beside it, from what was known before them, in models that had not seen them.
CREATE VIEW IF NOT EXISTS gold_race_forecasts AS
SELECT v.source, v.subject, v.as_of_date, v.distance_class, v.model, v.version,
       v.actual_s, v.predicted_s, v.lower_s, v.upper_s, abs(v.predicted_s - v.actual_s) AS error_s, v.actual_s BETWEEN v.lower_s AND v.upper_s AS is_inside,
       100 * (v.lower_s / v.predicted_s - 1) AS lower_pct, 100 * (v.upper_s / v.predicted_s - 1) AS upper_pct, 100 * (v.actual_s / v.predicted_s - 1) AS actual_pct
FROM ml_validation_predictions AS v
JOIN ml_aliases AS c ON (c.model, c.alias) = ('time_estimator', 'champion') AND c.version = v.version
LEFT JOIN (SELECT DISTINCT athlete_id, race_date, distance_class FROM race_results) AS r
       ON (r.athlete_id, r.race_date, r.distance_class) = (v.subject, v.as_of_date, v.distance_class)
WHERE v.source <> 'history' OR r.athlete_id IS NOT NULL;

-- How far they were off: the median of an athlete's own races, the mean of the survey's.
CREATE VIEW IF NOT EXISTS gold_race_errors AS
SELECT source, subject, distance_class, model, COUNT(*) AS races, 100.0 * AVG(is_inside) AS inside_pct, AVG(error_s) AS mean_error_s,
       AVG(error_s) FILTER (WHERE source <> 'history' OR 2 * place BETWEEN n AND n + 2) AS typical_error_s
FROM (SELECT f.source, f.subject, f.distance_class, f.model, f.is_inside, f.error_s,
             ROW_NUMBER() OVER (PARTITION BY f.source, f.subject, f.distance_class, f.model ORDER BY f.error_s) AS place,
             COUNT(*) OVER (PARTITION BY f.source, f.subject, f.distance_class, f.model) AS n
      FROM (SELECT o.source, CASE o.source WHEN 'history' THEN o.subject END AS subject, o.distance_class, o.model, o.is_inside, o.error_s FROM gold_race_forecasts AS o) AS f)
GROUP BY source, subject, distance_class, model;

-- What the watch saw of an athlete's last month: how far each column has moved, as a multiple of what it moves by itself.
CREATE VIEW IF NOT EXISTS gold_moved_features AS
SELECT d.slice_value AS athlete_id, d.monitor, d.window_start, d.column_name, d.is_drift, d.shift, abs(d.shift) / nullif(d.own_limit, 0) AS times_own
FROM mon_drift_metrics AS d
JOIN (SELECT monitor, slice_value, MAX(window_start) AS newest FROM mon_drift_metrics WHERE slice_key = 'athlete_id' GROUP BY monitor, slice_value) AS o
  ON d.monitor = o.monitor AND d.window_start = o.newest AND COALESCE(d.slice_value, '') = o.slice_value -- as its index has it
WHERE d.slice_key = 'athlete_id' AND d.drift_type = 'BASELINE' AND d.is_drift IS NOT NULL;

-- What asks for somebody, one row for each cause: groups of features that were in time when the last activity came, and are late since, are late of one.
CREATE VIEW IF NOT EXISTS gold_open_alerts AS
WITH alert AS (
    SELECT a.*, date(l.newest_timestamp) AS last_day,
           (julianday(date(l.newest_timestamp), '+1 day')
            - CASE typeof(e.newest_timestamp) WHEN 'text' THEN julianday(e.newest_timestamp) ELSE julianday(e.newest_timestamp, 'unixepoch') END) * 24
           <= c.value * g.expected_every_hours + g.delay_hours AS is_silence
    FROM ops_alerts AS a
    JOIN ops_config AS c ON c.name = 'late_alert_periods'
    LEFT JOIN feature_extent AS l ON a.kind = 'freshness' AND l.group_name = 'activity_features'
    LEFT JOIN feature_extent AS e ON a.kind = 'freshness' AND e.group_name = a.subject
    LEFT JOIN feature_groups_current AS g ON g.name = e.group_name
    WHERE a.closed_at IS NULL
    ORDER BY a.subject
)
SELECT CASE WHEN is_silence THEN 'freshness:nothing since ' || last_day ELSE fingerprint END AS cause, kind, MIN(subject) AS subject, MIN(message) AS message,
       MIN(last_day) AS last_day, COUNT(*) AS alerts, MIN(opened_at) AS opened_at, MAX(n_bad) AS n_bad, group_concat(subject, ', ') AS subjects
FROM alert
GROUP BY 1, kind;

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '650_shown_numbers', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
