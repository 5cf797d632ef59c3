-- Databricks notebook source
-- MAGIC %md
-- MAGIC # Boosted trees inside a SELECT
-- MAGIC
-- MAGIC Training, early stopping, cross-validation, search, learning curve, permutation importance and partial dependence, each
-- MAGIC as one query over the survey of runners that `make demo` leaves: what a race takes, from the distance and what was known of the runner.
-- MAGIC
-- MAGIC     make demo
-- MAGIC     sqlite3 -bail -box -cmd '.load build/athlete' demo.db < notebooks/03_trees.sql
-- MAGIC
-- MAGIC Nothing is written. To keep a model, put the query into `CREATE TABLE … AS` or `INSERT`.

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 1. What can be said
-- MAGIC Every option with its other name, range and default. An unknown or doubled one is an error that lists these.

-- COMMAND ----------

SELECT name, alias, type, min, max, "default", meaning FROM athlete_options WHERE function = 'gbdt_fit';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 2. A model from a query
-- MAGIC `gbdt_fit` takes the label from the first column and the names of features from the others. Rows flagged in `held_out` are not
-- MAGIC trained on: their loss ends the training when it has not fallen for ten rounds, and the model ends with the best round.

-- COMMAND ----------

SELECT rows, validation_rows, rounds, metric, round(loss, 4) AS loss, length(model) AS bytes
FROM gbdt_fit('{"validation": "held_out", "early_stopping_rounds": 10, "num_boost_round": 500, "eta": 0.1, "max_depth": 3}',
              'SELECT portable_ln(seconds) AS label, ln_distance, ln_speed, weekly_km, is_female, endurance, fold = 0 AS held_out
               FROM time_estimator_rows WHERE source = ''survey''');

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 3. The learning curve
-- MAGIC The loss after each round is a JSON attribute of the model, `athlete_history`; Python reads the same with `booster.attributes()`.

-- COMMAND ----------

WITH history AS (
    SELECT json_extract(model, '$.learner.attributes.athlete_history') AS losses
    FROM gbdt_fit('{"validation": "held_out", "num_boost_round": 120, "eta": 0.1, "max_depth": 3}',
                  'SELECT portable_ln(seconds) AS label, ln_distance, ln_speed, weekly_km, is_female, endurance, fold = 0 AS held_out
                   FROM time_estimator_rows WHERE source = ''survey''')
)
SELECT t.key + 1 AS round, round(t.value, 4) AS train, round(v.value, 4) AS validation, bar(v.value, 0, 0.6, 40) AS validation_bar
FROM history, json_each(losses, '$.train') AS t JOIN json_each(losses, '$.validation') AS v ON v.key = t.key
WHERE t.key % 10 = 9 OR t.key < 5;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 4. Cross-validation
-- MAGIC `gbdt_train` is an aggregate: `GROUP BY fold` trains a model per fold in one statement. Each row is joined to every fold, and
-- MAGIC flagged where it is that fold's to judge. Here runners are parted, so that no runner is on both sides.

-- COMMAND ----------

WITH folds(fold) AS (VALUES (0), (1), (2), (3), (4)),
trained AS (
    SELECT f.fold, COUNT(*) FILTER (WHERE r.fold % 5 = f.fold) AS judged,
           json_extract(gbdt_train('{"validation": 6, "num_boost_round": 60, "eta": 0.1, "max_depth": 3}', portable_ln(r.seconds),
               r.ln_distance, r.ln_speed, r.weekly_km, r.is_female, r.endurance, r.fold % 5 = f.fold), '$.learner.attributes.athlete_history') AS history
    FROM folds AS f CROSS JOIN time_estimator_rows AS r
    WHERE r.source = 'survey'
    GROUP BY f.fold
)
SELECT fold, judged, json_extract(history, '$.metric') AS metric, round(json_extract(history, '$.train[#-1]'), 4) AS train,
       round(json_extract(history, '$.validation[#-1]'), 4) AS validation
FROM trained;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC What has a date is judged forward in time. `time_series_split_dates` leaves an embargo between what trains and what judges, so
-- MAGIC that no window of a feature reaches from one side into the other.

-- COMMAND ----------

WITH member AS MATERIALIZED (
    SELECT fold, key AS day, part = 'test' AS judges
    FROM time_series_split_dates('SELECT DISTINCT activity_date, activity_date FROM activity_features WHERE is_run', 4, 43)
),
trained AS (
    SELECT m.fold, MIN(m.day) FILTER (WHERE m.judges) AS judged_from, COUNT(*) FILTER (WHERE m.judges) AS judged,
           json_extract(gbdt_train('{"validation": 4, "num_boost_round": 30, "eta": 0.1, "max_depth": 3, "objective": "reg:absoluteerror"}',
               a.pace_min_km, a.distance_km, a.elevation_gain_m, r.ctl_42d, m.judges), '$.learner.attributes.athlete_history') AS history
    FROM member AS m
    JOIN activity_features AS a ON a.activity_date = m.day AND a.is_run AND a.pace_min_km IS NOT NULL
    LEFT JOIN athlete_rolling_features AS r ON r.athlete_id = a.athlete_id AND r.as_of_date = date(m.day, '-1 day')
    GROUP BY m.fold
)
SELECT fold, judged_from, judged, json_extract(history, '$.metric') AS metric, round(json_extract(history, '$.train[#-1]'), 4) AS train,
       round(json_extract(history, '$.validation[#-1]'), 4) AS validation
FROM trained;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 5. Search
-- MAGIC Options are a value like any other: cross them with folds. `sql/tools/search` does this for every model by definition,
-- MAGIC keeps each try as a run, and trains with the best; the gate decides as ever.

-- COMMAND ----------

WITH configuration(name, options) AS (VALUES
    ('stumps',   '{"validation": 6, "num_boost_round": 60, "eta": 0.1, "max_depth": 1}'),
    ('depth 3',  '{"validation": 6, "num_boost_round": 60, "eta": 0.1, "max_depth": 3}'),
    ('8 leaves', '{"validation": 6, "num_boost_round": 60, "eta": 0.1, "max_depth": 0, "max_leaves": 8, "grow_policy": "lossguide"}')
),
folds(fold) AS (VALUES (0), (1), (2)),
trained AS (
    SELECT c.name, f.fold, json_extract(gbdt_train(c.options, portable_ln(r.seconds),
               r.ln_distance, r.ln_speed, r.weekly_km, r.is_female, r.endurance, r.fold % 3 = f.fold), '$.learner.attributes.athlete_history') AS history
    FROM configuration AS c CROSS JOIN folds AS f CROSS JOIN time_estimator_rows AS r
    WHERE r.source = 'survey'
    GROUP BY c.name, f.fold
)
SELECT name, round(AVG(json_extract(history, '$.train[#-1]')), 4) AS train, round(AVG(json_extract(history, '$.validation[#-1]')), 4) AS validation
FROM trained GROUP BY name ORDER BY validation;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 6. Permutation importance
-- MAGIC How much worse is the model when one feature is taken from another row (Breiman, Machine Learning 2001)? The rows are dealt
-- MAGIC again in the order of a hash, which is as good as chance and the same every time. Judged are runners that it was not trained on.

-- COMMAND ----------

WITH model AS MATERIALIZED (
    SELECT gbdt_train('{"num_boost_round": 60, "eta": 0.1, "max_depth": 3}', portable_ln(seconds),
                      ln_distance, ln_speed, weekly_km, is_female, endurance) AS model
    FROM time_estimator_rows WHERE source = 'survey' AND fold > 1
),
judged AS MATERIALIZED (
    SELECT portable_ln(seconds) AS label, ln_distance, ln_speed, weekly_km, is_female, endurance,
           ROW_NUMBER() OVER (ORDER BY subject, distance_class) AS place,
           ROW_NUMBER() OVER (ORDER BY sha256(subject || '/' || distance_class)) AS dealt
    FROM time_estimator_rows WHERE source = 'survey' AND fold <= 1
),
feature(name) AS (VALUES ('(none)'), ('ln_distance'), ('ln_speed'), ('weekly_km'), ('is_female'), ('endurance')),
error AS (
    SELECT f.name, AVG(abs(a.label - gbdt_predict((SELECT model FROM model),
               CASE f.name WHEN 'ln_distance' THEN b.ln_distance ELSE a.ln_distance END,
               CASE f.name WHEN 'ln_speed' THEN b.ln_speed ELSE a.ln_speed END,
               CASE f.name WHEN 'weekly_km' THEN b.weekly_km ELSE a.weekly_km END,
               CASE f.name WHEN 'is_female' THEN b.is_female ELSE a.is_female END,
               CASE f.name WHEN 'endurance' THEN b.endurance ELSE a.endurance END))) AS mae
    FROM feature AS f CROSS JOIN judged AS a JOIN judged AS b ON b.dealt = a.place
    GROUP BY f.name
)
SELECT name AS permuted, round(mae, 4) AS mae, round(mae - MIN(mae) FILTER (WHERE name = '(none)') OVER (), 4) AS importance
FROM error ORDER BY mae DESC;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 7. Partial dependence
-- MAGIC The mean prediction when one feature is set to a value in every row (Friedman, Annals of Statistics 2001): here the weekly
-- MAGIC distance, as minutes over 10 km, with a constraint that more of it never makes slower.

-- COMMAND ----------

WITH model AS MATERIALIZED (
    SELECT gbdt_train('{"num_boost_round": 60, "eta": 0.1, "max_depth": 3, "monotone_constraints": [0, -1, 0]}', portable_ln(seconds),
                      ln_distance, weekly_km, is_female) AS model
    FROM time_estimator_rows WHERE source = 'survey'
),
grid(weekly_km) AS (VALUES (10), (20), (30), (40), (60), (80), (100), (130))
SELECT g.weekly_km, round(AVG(portable_exp(gbdt_predict((SELECT model FROM model), r.ln_distance, g.weekly_km, r.is_female))) / 60, 1) AS minutes,
       bar(AVG(portable_exp(gbdt_predict((SELECT model FROM model), r.ln_distance, g.weekly_km, r.is_female))) / 60, 0, 60, 30) AS minutes_bar
FROM grid AS g CROSS JOIN time_estimator_rows AS r
WHERE r.source = 'survey' AND r.distance_class = '10k'
GROUP BY g.weekly_km;
