-- Databricks notebook source
-- MAGIC %md
-- MAGIC # The feature store on a real runner
-- MAGIC
-- MAGIC What is registered, a group of one's own, rejects, corrections, lookups that never see the future, training sets that come out
-- MAGIC the same, leaks, lineage, freshness and audit. It writes, hence works on a copy of what `make demo` leaves:
-- MAGIC
-- MAGIC     make demo && cp demo.db store.db
-- MAGIC     sqlite3 -bail -box -cmd '.load build/athlete' store.db < notebooks/02_feature_store.sql
-- MAGIC
-- MAGIC A line that starts with `.shell` is a command that you can as well type into a terminal.

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 1. What is registered
-- MAGIC A feature group is one table whose rows belong to an entity (here an athlete), describe a moment and became known at one. The
-- MAGIC registry says who answers for it and how often a new row is expected.

-- COMMAND ----------

SELECT name, major || '.' || minor || '.' || patch AS version, status, owner, entity_keys, timestamp_key, expected_every_hours AS every_h,
       (SELECT COUNT(*) FROM features_current WHERE group_name = g.name) AS features
FROM feature_groups_current AS g ORDER BY name;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Every feature has a type, a unit, a meaning and the columns that it is computed from.

-- COMMAND ----------

SELECT name, type, unit, description, status, comes_from FROM features_current
WHERE group_name = 'athlete_rolling_features' AND name IN ('ctl_42d', 'tsb', 'pace_trend_30d', 'rest_days_14d') ORDER BY position;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 2. A group of one's own
-- MAGIC The watch also counts steps and measures the temperature, which no bundled group has. Ten lines say all that there is to say:
-- MAGIC where the rows come from, what a valid value is, and that a value older than 30 days answers nothing.

-- COMMAND ----------

.shell cat notebooks/run_sensors.json

-- COMMAND ----------

.shell sql/tools/define store.db notebooks/run_sensors.json

-- COMMAND ----------

-- MAGIC %md
-- MAGIC The definition is kept byte for byte, and from it come the table, its history, the triggers that keep the history, and the views
-- MAGIC to write and read through. `feature_group_ddl` returns the statements, here the first; `sql/tools/define` has run them.

-- COMMAND ----------

SELECT substr(ddl, 1, instr(ddl, ' WITHOUT ROWID')) AS ddl
FROM (SELECT feature_group_ddl(definition) AS ddl FROM feature_groups WHERE name = 'run_sensors');

-- COMMAND ----------

-- MAGIC %md
-- MAGIC A definition never changes. What would break those who read it needs a new major version, with a table of its own.

-- COMMAND ----------

SELECT feature_group_fault(json_set(definition, '$.version', '1.1.0', '$.features[0].type', 'integer'), definition) AS fault
FROM feature_groups WHERE name = 'run_sensors';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 3. Rows in, and those that break a rule
-- MAGIC `feature_validate` shows what an ingest would do with each row, and does nothing. Seven runs have too few steps to be runs.

-- COMMAND ----------

SELECT verdict, feature, rule, COUNT(*) AS n, MIN(value) AS lowest, MAX(value) AS highest, MIN(reason) AS reason
FROM feature_validate('run_sensors') GROUP BY verdict, feature, rule;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC The ingest is one transaction: good rows, rejects and an entry in the audit. Had more than a tenth broken a rule (`reject_limit`), it
-- MAGIC would have refused the batch. The same batch again changes nothing.

-- COMMAND ----------

.shell sql/tools/ingest store.db run_sensors

-- COMMAND ----------

.shell sql/tools/ingest store.db run_sensors

-- COMMAND ----------

SELECT feature, rule, value, reason, json_extract(row, '$.start_time') AS start_time FROM feature_rejects WHERE group_name = 'run_sensors'
ORDER BY value;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 4. Corrections
-- MAGIC Say that the wrist warmed the watch, and that the marathon of 2023 had 16 degrees, not 23. Single rows go through the view
-- MAGIC `run_sensors_ingest`, by the same rules. The table has the new row; the old one is in the history, with the interval in which it was
-- MAGIC believed, and the name of who ended that.

-- COMMAND ----------

UPDATE ops_actor SET who = 'coach@example.org';

-- COMMAND ----------

INSERT INTO run_sensors_ingest (athlete_id, start_time, cadence_spm, avg_temp_c) VALUES ('4001', '2023-11-05T14:48:15Z', 155.6, 16);

-- COMMAND ----------

SELECT start_time, cadence_spm, avg_temp_c, available_at AS believed_from, superseded_at AS believed_until, superseded_by
FROM run_sensors_versions WHERE start_time = '2023-11-05T14:48:15Z' ORDER BY available_at;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC A row that is deleted stops being believed as well, and is not forgotten. What was believed at a moment is one condition.

-- COMMAND ----------

DELETE FROM run_sensors WHERE start_time = '2025-10-19T20:00:00Z';

-- COMMAND ----------

SELECT 'current' AS rows, COUNT(*) AS n, MAX(start_time) AS newest FROM run_sensors
UNION ALL
SELECT 'believed on 2025-10-20', COUNT(*), MAX(start_time) FROM run_sensors_versions
WHERE available_at <= '2025-10-20' AND (superseded_at IS NULL OR superseded_at > '2025-10-20')
UNION ALL
SELECT 'ever', COUNT(*), MAX(start_time) FROM run_sensors_versions;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 5. What was known then
-- MAGIC `asof` answers for an entity and a moment with the newest row that was known at that moment: one search in the index, hidden
-- MAGIC columns tell the row's own time and age. An hour into the marathon the watch knows only the run of the day before; the next day
-- MAGIC it knows 23 degrees, as it was believed then; today it knows the correction. Both stay reproducible.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.sensors USING asof(run_sensors);

-- COMMAND ----------

WITH moment(as_of) AS (VALUES ('2023-11-05T15:48:15Z'), ('2023-11-06T00:00:00Z'))
SELECT m.as_of, s.start_time, s.cadence_spm, s.avg_temp_c, round(s.row_age_days, 1) AS age_days, s.row_available, s.row_superseded
FROM moment AS m LEFT JOIN sensors AS s ON s.athlete_id = '4001' AND s.as_of = m.as_of;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC `backfill` takes what became known later, too: right for a chart of the past, wrong for training. It must be asked for.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.hindsight USING asof(run_sensors, backfill=1);

-- COMMAND ----------

SELECT as_of, start_time, avg_temp_c, row_available FROM hindsight WHERE athlete_id = '4001' AND as_of = '2023-11-05T15:48:15Z';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Without a moment it means now: the read that serves and the read that trains are the same read of the same table.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.form USING asof(athlete_rolling_features);

-- COMMAND ----------

SELECT as_of_date, round(ctl_42d, 1) AS ctl, round(atl_7d, 1) AS atl, round(tsb, 1) AS tsb, row_available FROM form WHERE athlete_id = '4001';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 6. How far back, how strictly, and what of NULL
-- MAGIC `lookback`: on 2021-02-24 the last run with a sensor was 39 days ago. By the definition that is no answer; 60 days can be asked for.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.patient USING asof(run_sensors, lookback='60 days');

-- COMMAND ----------

SELECT m.column1 AS as_of, s.cadence_spm AS within_30_days, p.cadence_spm AS within_60_days, p.start_time, round(p.row_age_days, 1) AS age_days
FROM (VALUES ('2021-02-24T12:00:00Z')) AS m
LEFT JOIN sensors AS s ON s.athlete_id = '4001' AND s.as_of = m.column1
LEFT JOIN patient AS p ON p.athlete_id = '4001' AND p.as_of = m.column1;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC `strict`: on the stroke of midnight, when a day's row becomes known, the row counts; strictly before, it is the day before's.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.strictly USING asof(athlete_rolling_features, strict=1);

-- COMMAND ----------

SELECT f.as_of, f.as_of_date, round(f.tsb, 1) AS tsb, s.as_of_date AS strict_as_of_date, round(s.tsb, 1) AS strict_tsb
FROM form AS f JOIN strictly AS s ON s.athlete_id = '4001' AND s.as_of = '2025-10-20T04:00:00Z'
WHERE f.athlete_id = '4001' AND f.as_of = '2025-10-20T04:00:00Z';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC `ignore_nulls`: the run of 2025-02-27 has no heart rate. Of each feature the newest value that is one comes from the run before.

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.newest USING asof(activity_features);

-- COMMAND ----------

CREATE VIRTUAL TABLE temp.newest_known USING asof(activity_features, ignore_nulls=1);

-- COMMAND ----------

SELECT n.as_of, n.activity_date, round(n.pace_min_km, 2) AS pace_min_km, COALESCE(n.avg_hr, 'none') AS avg_hr, k.avg_hr AS avg_hr_ignoring_nulls
FROM newest AS n JOIN newest_known AS k ON k.athlete_id = '4001' AND k.as_of = '2025-02-28T00:00:00Z'
WHERE n.athlete_id = '4001' AND n.as_of = '2025-02-28T00:00:00Z';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 7. A training set, and the proof that it comes out the same
-- MAGIC Labels, a moment for each, and what was known at that moment from any number of groups. A label without an answer stays, with
-- MAGIC NULL or a default.

-- COMMAND ----------

.shell cat notebooks/races.json

-- COMMAND ----------

.shell sql/tools/training-set store.db notebooks/races.json

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Stored are the question, the versions of the definitions, the rows, and the row of each group that each value was read from.

-- COMMAND ----------

SELECT name, n_rows, json_array_length(columns) AS columns, definitions, substr(rows_sha256, 1, 16) || '…' AS sha256 FROM ml_training_sets;

-- COMMAND ----------

SELECT r.position, json_extract(s.value, '$.group') AS "group", json_extract(s.value, '$.timestamp') AS row_timestamp,
       json_extract(s.value, '$.available') AS row_available
FROM ml_training_set_rows AS r, json_each(r.sources) AS s WHERE r.position = 35;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Now correct the past: the run before the last race gets 160 steps a minute. What is built again for the same moments does not see
-- MAGIC what nobody knew then, and is the same to the bit.

-- COMMAND ----------

INSERT INTO run_sensors_ingest (athlete_id, start_time, cadence_spm, avg_temp_c)
SELECT athlete_id, start_time, 160, avg_temp_c FROM run_sensors WHERE start_time < '2025-05-17T11:00:00Z' ORDER BY start_time DESC LIMIT 1;

-- COMMAND ----------

.shell sql/tools/training-set store.db --rebuild 1

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 8. A leak, planted and found
-- MAGIC The usual mistake: to join a race with the form of its day. That row ends with the day, and the race is in it. `leakage_report` finds
-- MAGIC every one of the 35 labels inside its own window, and values that nobody had when the gun went off.

-- COMMAND ----------

SELECT feature, n_values, n_unavailable, n_inside_window, round(strength, 2) AS strength, is_suspicious, reason FROM leakage_report(
    'SELECT r.seconds, a.start_time, f.ctl_42d, f.atl_7d, f.tsb, f.available_at, f.event_timestamp
     FROM race_results AS r JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
     JOIN athlete_rolling_features AS f ON f.athlete_id = r.athlete_id AND f.as_of_date = r.race_date',
    '{"label": "seconds", "as_of": "start_time", "available": {"*": "available_at"},
      "window_end": {"ctl_42d": "event_timestamp", "atl_7d": "event_timestamp", "tsb": "event_timestamp"}}');

-- COMMAND ----------

-- MAGIC %md
-- MAGIC The same question, looked up as of the start.

-- COMMAND ----------

SELECT feature, n_values, n_unavailable, n_inside_window, round(strength, 2) AS strength, is_suspicious FROM leakage_report(
    'SELECT r.seconds, a.start_time, f.ctl_42d, f.atl_7d, f.tsb, f.available_at, f.event_timestamp
     FROM race_results AS r JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
     JOIN form AS f ON f.athlete_id = r.athlete_id AND f.as_of = a.start_time',
    '{"label": "seconds", "as_of": "start_time", "available": {"*": "available_at"},
      "window_end": {"ctl_42d": "event_timestamp", "atl_7d": "event_timestamp", "tsb": "event_timestamp"}}');

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 9. What came from what, and how late it is
-- MAGIC The stages say what they compute from what; these two take in the new group.

-- COMMAND ----------

.shell sql/tools/run store.db sql/4_features/490_feature_freshness.sql sql/8_lineage/800_feature_lineage.sql

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Downwards: who is touched if the watch's moving time turns out to be wrong?

-- COMMAND ----------

SELECT to_kind, COUNT(*) AS n, MIN(distance) AS nearest, MAX(distance) AS farthest, MAX(to_name) AS for_example
FROM feature_lineage_paths WHERE from_name = 'silver_strava_activities.moving_s' GROUP BY to_kind;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Upwards: what does fitness come from, and which activities stand behind the estimate for a marathon?

-- COMMAND ----------

SELECT from_name, distance FROM feature_lineage_paths WHERE to_name = 'athlete_rolling_features.ctl_42d' ORDER BY distance, from_name;

-- COMMAND ----------

SELECT p.model, p.version, hms(p.predicted_s) AS estimate, COUNT(*) AS activities, MIN(a.activity_date) AS first, MAX(a.activity_date) AS last
FROM gold_athlete_predictions AS p JOIN prediction_activities AS a USING (prediction_id)
WHERE p.model = 'time_estimator' AND p.distance_class = '42k' GROUP BY p.prediction_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC The runner's export ends in October 2025, so a group that expects a row every day is late, and says by how much. That the group
-- MAGIC of one's own heard of corrections a moment ago does not make it fresh: its newest event is as old.

-- COMMAND ----------

SELECT group_name, n_rows, newest_timestamp, expected_every_hours AS every_h, round(age_hours / 24) AS age_days, state FROM feature_freshness;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 10. Who did what
-- MAGIC A group that nobody should build upon any more is deprecated: a status moves one step at a time, and never back. The audit has
-- MAGIC every registration, batch and step, with name and time, and can only grow. Versions in the history have their names, too.

-- COMMAND ----------

UPDATE feature_groups SET status = 'deprecated' WHERE name = 'run_sensors';

-- COMMAND ----------

SELECT at, who, action, object, detail FROM ops_audit WHERE object = 'run_sensors' ORDER BY audit_id;

-- COMMAND ----------

SELECT superseded_at, superseded_by, start_time, cadence_spm, avg_temp_c FROM run_sensors_history ORDER BY start_time;
