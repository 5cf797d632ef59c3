-- Databricks notebook source
-- MAGIC %md
-- MAGIC # What the watch saw
-- MAGIC
-- MAGIC Profiles and drift of each month, what models are expected to err and what they did, alerts, and the job of each day. It reads what
-- MAGIC `make demo` leaves, of a runner's eight years, and writes to a copy, in which some of it is planted:
-- MAGIC
-- MAGIC     make demo && cp demo.db watch.db
-- MAGIC     sqlite3 -bail -box -cmd '.load build/athlete' watch.db < notebooks/06_monitoring.sql
-- MAGIC
-- MAGIC A line that starts with `.shell` is a command that you can as well type into a terminal.

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 1. What is watched is a row
-- MAGIC Of each athlete, or model, the last month that is over, against the month and the days before it. Set another baseline, a week in place of
-- MAGIC the month, or switch one off: it stays as you left it.

-- COMMAND ----------

SELECT monitor, timestamp_key, slice_key, granularity, baseline_days, is_active FROM mon_monitors ORDER BY monitor;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 2. What a month was like
-- MAGIC The columns are those of Lakehouse Monitoring; `:table` is a row for the whole.

-- COMMAND ----------

SELECT window_start, slice_value, column_name, count, num_nulls AS nulls, round(avg, 2) AS avg, round(stddev, 2) AS sd, round(min, 2) AS min, round(median, 2) AS median, round(max, 2) AS max
FROM mon_profile_metrics
WHERE monitor = 'athlete_rolling_features' AND column_name IN (':table', 'ctl_42d', 'acwr', 'pace_trend_30d', 'rest_days_14d') ORDER BY profile_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 3. Whether it has moved
-- MAGIC A p-value says how likely so large a distance is if days are drawn one by one. An athlete's days are not: today's load is nearly yesterday's. So
-- MAGIC a month of nearly every feature differs from the year before at p < 0.05, also after Benjamini and Hochberg's correction, and a watch that
-- MAGIC believed it would cry every month. `is_drift` asks another question: has the mean moved further than that of any run of as many days in the
-- MAGIC year itself?

-- COMMAND ----------

SELECT monitor, COUNT(*) AS features, COUNT(CASE WHEN adjusted_pvalue < 0.05 THEN 1 END) AS by_p_value, COUNT(CASE WHEN is_drift THEN 1 END) AS by_its_own_windows,
       COUNT(CASE WHEN is_drift IS NULL THEN 1 END) AS no_verdict
FROM mon_drift_metrics WHERE drift_type = 'BASELINE' GROUP BY monitor;

-- COMMAND ----------

SELECT monitor, column_name, round(ks_statistic, 2) AS ks, round(adjusted_pvalue, 4) AS p, round(shift, 2) AS shift_sd, round(own_limit, 2) AS own_limit, is_drift
FROM mon_drift_metrics WHERE drift_type = 'BASELINE' AND is_drift IS NOT NULL ORDER BY abs(shift) / own_limit DESC LIMIT 8;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Where there is no verdict, the reason stands beside it.

-- COMMAND ----------

SELECT reason, COUNT(*) AS features FROM mon_drift_metrics WHERE drift_type = 'BASELINE' AND is_drift IS NULL GROUP BY reason ORDER BY 2 DESC, 1;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 4. A model's error before labels come
-- MAGIC With each accepted version of a model of a number a second model is kept, which has learned how far the first errs on rows that it had not
-- MAGIC seen. It knows easy rows from hard ones:

-- COMMAND ----------

SELECT quarter, COUNT(*) AS runs, round(AVG(estimated_loss), 3) AS expected_min_km, round(AVG(loss), 3) AS came_min_km
FROM (SELECT *, NTILE(4) OVER (ORDER BY estimated_loss) AS quarter FROM ml_run_losses) GROUP BY quarter;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Of predictions in a row, a tenth of the unseen rows each, `mon_performance_estimates` then has the error that is expected, beside the one that came.
-- MAGIC The estimate sees that runs came which are harder to tell. It cannot see that the same run now means another pace: that shows
-- MAGIC in `realized`, when labels come. `cbpe` and `dle` do the same of any two queries:

-- COMMAND ----------

SELECT chunk, metric, round(estimated, 3) AS expected, round(realized, 3) AS came, round(lower_threshold, 3) AS from_usual, round(upper_threshold, 3) AS to_usual, is_alert
FROM dle('SELECT estimated_loss, loss FROM ml_run_losses WHERE as_of_date < ''2024-01-01'' ORDER BY as_of_date, item',
         'SELECT estimated_loss, loss FROM ml_run_losses WHERE as_of_date >= ''2024-01-01'' ORDER BY as_of_date, item', '{"chunk_size": 30}')
WHERE period = 'current' ORDER BY chunk LIMIT 4;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 5. Alerts
-- MAGIC What asks for somebody: overtraining risk, drift, an error that is expected or came, lateness, failures. Of a kind and subject one is open at a
-- MAGIC time. This runner's history ended a while ago, which is late:

-- COMMAND ----------

SELECT kind, subject, n_bad, closed_at IS NULL AS is_open FROM ops_alerts ORDER BY alert_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC A stage fails on the day after his last. The job of the day tries again, leaves out what needed it, and tells.

-- COMMAND ----------

CREATE TRIGGER wet BEFORE INSERT ON athlete_rolling_features BEGIN SELECT RAISE(ABORT, 'the sensor is wet'); END;

-- COMMAND ----------

UPDATE ops_config SET value = 0 WHERE name = 'task_retry_wait_s';

-- COMMAND ----------

.shell sql/tools/daily --as-of=2025-10-21 watch.db 2>&1 || true

-- COMMAND ----------

SELECT task, attempt, outcome, message FROM ops_task_runs WHERE day = '2025-10-21' ORDER BY task_run_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Somebody mends it. Two good days close the alert.

-- COMMAND ----------

DROP TRIGGER wet;

-- COMMAND ----------

.shell sql/tools/daily --as-of=2025-10-22 watch.db && sql/tools/daily --as-of=2025-10-23 watch.db

-- COMMAND ----------

SELECT kind, subject, message, n_bad, n_good, closed_at IS NULL AS is_open FROM ops_alerts WHERE kind = 'failure' ORDER BY alert_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC `sql/tools/notify watch.db channels.txt` tells people of what opened and closed, and writes down to whom; nobody has been told yet.

-- COMMAND ----------

SELECT a.kind, a.subject, COUNT(d.channel) AS told FROM ops_alerts AS a LEFT JOIN ops_alert_deliveries AS d USING (alert_id) GROUP BY a.alert_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC An alert that a model errs, or that what it reads has moved, is a request to train it again:

-- COMMAND ----------

SELECT COUNT(*) AS requests FROM ml_training_requests;
