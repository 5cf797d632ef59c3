-- Databricks notebook source
-- MAGIC %md
-- MAGIC # A first look at one runner
-- MAGIC
-- MAGIC The same text is a notebook in Databricks and a script for the `sqlite3` shell:
-- MAGIC
-- MAGIC     make demo
-- MAGIC     sqlite3 -bail -box -cmd '.load build/athlete' demo.db < notebooks/01_first_look.sql
-- MAGIC
-- MAGIC Functions such as `hms`, `bar` and `gbdt_predict` are the extension's: with it the cells run, without it they can be read.

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 1. What came in
-- MAGIC Every object is kept as received, with its source and hash. What could not be used says why.

-- COMMAND ----------

SELECT stream, COUNT(*) AS versions, COUNT(DISTINCT activity_id) AS activities, MIN(source) AS first_source
FROM bronze_strava_activities GROUP BY stream;

-- COMMAND ----------

SELECT source, line, reason FROM bronze_rejects ORDER BY reject_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 2. Clean activities
-- MAGIC One typed, current row per activity: local days from `utc_offset`, SI units, NULL where there was no sensor. A row that broke
-- MAGIC a rule of severity `warn` carries the rule's name.

-- COMMAND ----------

SELECT sport_type, COUNT(*) AS n, round(SUM(distance_m) / 1000) AS km, COUNT(avg_hr) AS with_heart_rate,
       SUM(is_indoor) AS indoor, SUM(is_manual) AS by_hand
FROM silver_strava_activities GROUP BY sport_type ORDER BY n DESC;

-- COMMAND ----------

SELECT r.rule, r.severity, r.reason,
       (SELECT COUNT(*) FROM silver_strava_activities WHERE instr(',' || quality_flags || ',', ',' || r.rule || ',')) AS flagged
FROM silver_rules AS r WHERE r.table_name = 'silver_strava_activities' AND r.severity = 'warn';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 3. What a run costs
-- MAGIC Load is time weighted by the square of intensity, and intensity is the threshold pace over the pace run. The threshold is the
-- MAGIC pace for an hour that the best run of the 90 days before implies, so it moves with fitness and never looks ahead.

-- COMMAND ----------

SELECT activity_date, round(distance_km, 1) AS km, hms(pace_min_km * 60) AS pace, hms(threshold_pace_min_km * 60) AS threshold,
       threshold_source AS source, round(intensity_factor, 2) AS intensity, round(estimated_tss) AS load, bar(estimated_tss, 0, 300, 20) AS load_bar
FROM activity_features WHERE is_run ORDER BY event_timestamp DESC LIMIT 10;

-- COMMAND ----------

SELECT substr(activity_date, 1, 4) AS year, round(AVG(hr_zone_1_pct)) AS z1, round(AVG(hr_zone_2_pct)) AS z2, round(AVG(hr_zone_3_pct)) AS z3,
       round(AVG(hr_zone_4_pct)) AS z4, round(AVG(hr_zone_5_pct)) AS z5
FROM activity_features WHERE is_run AND hr_zone_1_pct IS NOT NULL GROUP BY year;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 4. Form
-- MAGIC One row for every calendar day. Fitness (CTL) is the mean daily load of 42 days, fatigue (ATL) that of 7, form (TSB) what is
-- MAGIC left. The exponentially weighted versions stand beside them.

-- COMMAND ----------

SELECT substr(as_of_date, 1, 4) AS year, sparkline(ctl_42d) FILTER (WHERE substr(as_of_date, 9) = '15') AS fitness_by_month,
       round(MAX(ctl_42d)) AS best, SUM(is_overtraining_risk) AS days_flagged
FROM (SELECT * FROM athlete_rolling_features ORDER BY as_of_date) GROUP BY year;

-- COMMAND ----------

SELECT as_of_date, round(ctl_42d, 1) AS ctl, round(atl_7d, 1) AS atl, round(tsb, 1) AS tsb, round(acwr, 2) AS acwr,
       round(ctl_ewma, 1) AS ctl_ewma, round(training_monotony_7d, 2) AS monotony, rest_days_14d, available_at
FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 7;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 5. Races
-- MAGIC A watch reads a course a little long, and a race-tagged activity may hold its warm-up. The label is the official distance, and
-- MAGIC `source` says how it was found.

-- COMMAND ----------

SELECT race_date, distance_class, hms(seconds) AS time, source, round(measured_m) AS measured_m
FROM race_results ORDER BY race_date DESC LIMIT 8;

-- COMMAND ----------

SELECT v.as_of_date AS race_date, v.distance_class, hms(v.actual_s) AS ran, hms(v.predicted_s) AS estimated_before,
       hms(v.lower_s) AS lower, hms(v.upper_s) AS upper, v.actual_s BETWEEN v.lower_s AND v.upper_s AS inside
FROM ml_validation_predictions AS v
WHERE v.model = 'time_estimator' AND v.source = 'history'
  AND v.version = (SELECT MAX(version) FROM ml_model_versions WHERE model = 'time_estimator' AND status = 'accepted')
ORDER BY v.as_of_date DESC LIMIT 10;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 6. Race times now
-- MAGIC With the classic formulas on the same evidence, and what each of them was off by on runners it had not seen.

-- COMMAND ----------

SELECT g.distance_class, g.model, hms(g.predicted_s) AS estimate, hms(g.lower_s) AS lower, hms(g.upper_s) AS upper,
       round(m.mae_s) AS mae_s_in_survey, round(m.coverage_pct) AS coverage_pct
FROM gold_athlete_predictions AS g
JOIN race_distances AS d USING (distance_class)
JOIN ml_metrics AS m ON m.model = g.model AND m.version = g.version AND m.source = 'survey' AND m.distance_class = g.distance_class
WHERE g.prediction_date = (SELECT MAX(prediction_date) FROM gold_athlete_predictions)
ORDER BY d.distance_m, g.model = 'time_estimator' DESC, g.model;

-- COMMAND ----------

SELECT model, version, status, reason, training_rows FROM ml_model_versions;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 7. What ran

-- COMMAND ----------

SELECT stage, round(duration_ms / 1000, 3) AS seconds, rows_in, rows_out, rows_rejected, outcome
FROM ops_runs WHERE rows_in > 0 ORDER BY run_id;
