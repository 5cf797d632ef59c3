-- answer: champions, from ml_model_versions by model, version
SELECT v.model, v.version, v.status, v.reason, v.training_rows, v.trained_at FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version) WHERE a.alias = 'champion' ORDER BY v.model;

-- answer: race_time_errors, from ml_metrics by model, version, source, distance_class
SELECT m.model, m.version, m.source, m.distance_class, m.n, m.mae_s, hms(m.mae_s) AS mean_error, m.mape_pct, m.bias_pct, m.coverage_pct
FROM ml_metrics AS m
WHERE m.version = (SELECT version FROM ml_aliases WHERE (model, alias) = ('time_estimator', 'champion')) AND m.source = 'survey'
ORDER BY m.distance_class, m.mae_s;

-- answer: own_races, from ml_validation_predictions by model, version, source, subject, as_of_date, distance_class
SELECT v.model, v.version, v.source, v.subject, v.as_of_date, v.distance_class, v.predicted_s, hms(v.predicted_s) AS foretold, v.actual_s, hms(v.actual_s) AS run, v.actual_s BETWEEN v.lower_s AND v.upper_s AS is_in_interval
FROM ml_validation_predictions AS v
WHERE v.model = 'time_estimator' AND v.version = (SELECT version FROM ml_aliases WHERE (model, alias) = ('time_estimator', 'champion')) AND v.source = 'history'
ORDER BY v.as_of_date DESC LIMIT 12;

-- answer: own_errors, from ml_validation_predictions by model, version, source, distance_class
SELECT v.model, v.version, v.source, v.distance_class, COUNT(*) AS races, quantile(abs(v.predicted_s - v.actual_s), 0.5) AS median_error_s,
       hms(quantile(abs(v.predicted_s - v.actual_s), 0.5)) AS median_error, 100.0 * AVG(v.actual_s BETWEEN v.lower_s AND v.upper_s) AS in_interval_pct
FROM ml_validation_predictions AS v
WHERE v.version = (SELECT version FROM ml_aliases WHERE (model, alias) = ('time_estimator', 'champion')) AND v.source = 'history'
  AND EXISTS (SELECT 1 FROM race_results AS r WHERE (r.athlete_id, r.race_date, r.distance_class) = (v.subject, v.as_of_date, v.distance_class))
GROUP BY v.model, v.version, v.source, v.distance_class ORDER BY v.distance_class, v.model;
