-- Databricks notebook source
-- MAGIC %md
-- MAGIC # A model of one's own, from a question to a prediction that can be told again
-- MAGIC
-- MAGIC The question: will one of the next seven days have a run of 18 km or more? One file of JSON says what is asked, of whom, and from which
-- MAGIC features; the stages do the rest. It writes, hence works on a copy of what `make demo` leaves:
-- MAGIC
-- MAGIC     make demo && cp demo.db models.db
-- MAGIC     sqlite3 -bail -box -cmd '.load build/athlete' models.db < notebooks/05_models.sql
-- MAGIC
-- MAGIC A line that starts with `.shell` is a command that you can as well type into a terminal.

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 1. Models that are there
-- MAGIC Each is a definition. What came after its rows was the same for all of them: training, judging, a gate, a champion.

-- COMMAND ----------

SELECT m.model, m.version AS definition, m.learner, a.version AS champion,
       (SELECT COALESCE(r.reason, 'finished') FROM ml_runs AS r WHERE r.model = m.model ORDER BY r.run_id DESC LIMIT 1) AS last_run
FROM ml_models_current AS m LEFT JOIN ml_aliases AS a ON a.model = m.model AND a.alias = 'champion' ORDER BY m.model;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 2. The question as a definition
-- MAGIC The rows are one SELECT: whose, which day, when it was known, and the label, which is NULL as long as it is not known. Features are named once,
-- MAGIC with the group they come from; the store looks each of them up as it was known at `known_at`, in training and when it is asked. The gate says what
-- MAGIC the model has to be better than.

-- COMMAND ----------

.shell cat notebooks/long_run_ahead.json

-- COMMAND ----------

.shell sql/tools/import models.db notebooks/long_run_ahead.json

-- COMMAND ----------

.shell sql/tools/pipeline models.db

-- COMMAND ----------

-- MAGIC %md
-- MAGIC What cannot be a model would be a sentence in `ml_model_rejects`; this one was registered.

-- COMMAND ----------

SELECT model, version, entity, learner, is_binary, json_array_length(definition, '$.features') AS features FROM ml_models_current WHERE model = 'long_run_ahead';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 3. The run
-- MAGIC Every training is a run, also one that fails; then `reason` says why. Its hash is that of definition, settings and rows: the same hash, the same model.

-- COMMAND ----------

SELECT run_id, status, reason, version, training_rows, trained_until, substr(training_hash, 1, 12) AS hash FROM ml_runs WHERE model = 'long_run_ahead';

-- COMMAND ----------

SELECT name, value FROM ml_run_params JOIN ml_runs USING (run_id) WHERE model = 'long_run_ahead' ORDER BY name;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Judged is it by days after those that trained it, 43 days later at least, beside what anybody could say without it. A split by chance is refused by
-- MAGIC name: days of one runner are alike, and the model would be asked what it was told.

-- COMMAND ----------

SELECT metric, MAX(value) FILTER (WHERE predictor = 'model') AS model, MAX(value) FILTER (WHERE predictor = 'constant') AS constant,
       MAX(value) FILTER (WHERE predictor = 'ran_long_lately') AS ran_long_lately, MAX(value) FILTER (WHERE predictor = 'longest_distance_30d_km') AS longest_distance, MAX(n) AS rows
FROM ml_run_metrics JOIN ml_runs USING (run_id) WHERE model = 'long_run_ahead' AND evaluation = 'time' AND step = 0 GROUP BY metric ORDER BY metric;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC One fold after the other. Where the model is not better than chance in all of them, the mean above is worth that much less.

-- COMMAND ----------

SELECT step AS fold, n AS days, value AS auc, bar(value, 0, 1, 30) AS of_1 FROM ml_run_metrics JOIN ml_runs USING (run_id)
WHERE model = 'long_run_ahead' AND (evaluation, predictor, metric) = ('time', 'model', 'auc') AND step > 0 ORDER BY step;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 4. Gate and decision
-- MAGIC The gate accepts or refuses the version, in words with its numbers; without a champion it decides who is asked.

-- COMMAND ----------

SELECT version, status, reason FROM ml_model_versions WHERE model = 'long_run_ahead';

-- COMMAND ----------

SELECT decided_at, champion, challenger, decision, reason FROM ml_decisions WHERE model = 'long_run_ahead';

-- COMMAND ----------

SELECT * FROM ml_aliases WHERE model = 'long_run_ahead';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 5. What it says
-- MAGIC The champion is asked about each athlete's last day, once; the log has the row as it was used, the rows of the store that it came from, and until when
-- MAGIC anything was known.

-- COMMAND ----------

SELECT athlete_id, prediction_date, prediction, predicted, version, known_at FROM gold_model_predictions WHERE model = 'long_run_ahead';

-- COMMAND ----------

SELECT s.value ->> '$.group' AS looked_up_in, s.value ->> '$.timestamp' AS row_of, s.value ->> '$.available' AS known_since
FROM inference_log, json_each(sources) AS s WHERE model = 'long_run_ahead';

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Why it says so: what each feature adds to the answer, in log odds (TreeSHAP). A model is called by its name wherever a function takes one.

-- COMMAND ----------

WITH asked AS (SELECT features FROM inference_log WHERE model = 'long_run_ahead')
SELECT e.feature, e.contribution, e.value
FROM gbdt_explain('long_run_ahead@champion',
                  'SELECT 1 AS key, features ->> ''$.longest_distance_30d_km'' AS longest_distance_30d_km, features ->> ''$.total_distance_7d_km'' AS total_distance_7d_km,
                          features ->> ''$.total_distance_42d_km'' AS total_distance_42d_km, features ->> ''$.rest_days_14d'' AS rest_days_14d, features ->> ''$.ctl_42d'' AS ctl_42d,
                          features ->> ''$.tsb'' AS tsb, features ->> ''$.active_days_28d'' AS active_days_28d
                   FROM inference_log WHERE model = ''long_run_ahead''') AS e
ORDER BY abs(e.contribution) DESC;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 6. Better options
-- MAGIC Twelve sets of options, each a run, compared on the days before those that the gate asks about: what is chosen has seen nothing of what will judge it.

-- COMMAND ----------

.shell sql/tools/search models.db long_run_ahead

-- COMMAND ----------

SELECT search_id, n_runs, n_failed, run_id AS best_run, metric, value, own_value, told FROM ml_searches WHERE model = 'long_run_ahead';

-- COMMAND ----------

SELECT version, status, specification ->> '$.learner.options' AS options FROM ml_model_versions WHERE model = 'long_run_ahead' ORDER BY version;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC The new version challenges the champion, on days that neither has seen. There are none yet, so it is held; the pipeline decides when there are.

-- COMMAND ----------

SELECT challenger, champion, decision, reason, n_rows FROM ml_decisions WHERE model = 'long_run_ahead' ORDER BY decision_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 7. A person decides otherwise, and goes back
-- MAGIC Either is one statement, and both are in the audit. An alias names a version that exists and passed its gate, or nothing.

-- COMMAND ----------

UPDATE ml_aliases SET version = 2 WHERE (model, alias) = ('long_run_ahead', 'champion');

-- COMMAND ----------

UPDATE ml_aliases SET version = 1 WHERE (model, alias) = ('long_run_ahead', 'champion');

-- COMMAND ----------

SELECT at, who, object, detail FROM ops_audit WHERE action = 'alias' AND object LIKE 'long_run_ahead%' ORDER BY audit_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 8. Told again
-- MAGIC A year later, after corrections and other champions, what was said can be said again to the bit: from the version and the row in the log, and by
-- MAGIC `sql/reports/replay.sql` from the store itself, which prints what comes out otherwise: nothing.

-- COMMAND ----------

SELECT g.prediction_date, g.version, g.predicted, s.value AS told_again, s.value = g.predicted AS same
FROM inference_log AS g
CROSS JOIN gbdt_score(g.model || '/' || g.version,
                      'SELECT inference_id, features ->> ''$.longest_distance_30d_km'' AS longest_distance_30d_km, features ->> ''$.total_distance_7d_km'' AS total_distance_7d_km,
                              features ->> ''$.total_distance_42d_km'' AS total_distance_42d_km, features ->> ''$.rest_days_14d'' AS rest_days_14d, features ->> ''$.ctl_42d'' AS ctl_42d,
                              features ->> ''$.tsb'' AS tsb, features ->> ''$.active_days_28d'' AS active_days_28d
                       FROM inference_log WHERE model = ''long_run_ahead''') AS s
WHERE g.model = 'long_run_ahead' AND s.key = g.inference_id;

-- COMMAND ----------

-- MAGIC %md
-- MAGIC ## 9. Its card
-- MAGIC What it foretells, how well beside simpler answers with intervals, who decided what, and what it cannot see: printed from the registry.

-- COMMAND ----------

.shell sql/tools/card models.db long_run_ahead
