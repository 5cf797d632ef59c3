DROP TABLE IF EXISTS temp.asked;
DROP TABLE IF EXISTS temp.explained;
CREATE TEMP TABLE asked AS
SELECT MAX(g.prediction_id) AS prediction_id FROM gold_athlete_predictions AS g JOIN race_distances AS d USING (distance_class)
WHERE g.athlete_id = :athlete AND g.model = 'time_estimator' AND :distance IN (d.distance_class, d.name)
  AND g.prediction_date = (SELECT MAX(m.prediction_date) FROM gold_athlete_predictions AS m WHERE m.athlete_id = :athlete);
-- include: reports/explained.sql

-- answer: estimate, from gold_athlete_predictions by prediction_id
SELECT g.prediction_id, g.prediction_date, d.name AS distance, g.model, g.version, g.predicted_s, hms(g.predicted_s) AS time, hms(g.lower_s) AS lower, hms(g.upper_s) AS upper, g.known_at
FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id) JOIN race_distances AS d USING (distance_class);

-- answer: inputs, from gold_athlete_predictions by prediction_id
SELECT prediction_id, inputs FROM temp.asked JOIN gold_athlete_predictions USING (prediction_id);

-- answer: steps, from gold_athlete_predictions by prediction_id
SELECT prediction_id, step, feature, label, value, contribution, seconds, hms(after_s) AS time_after FROM temp.explained ORDER BY step;

-- answer: evidence, from silver_strava_activities by athlete_id, activity_id
SELECT a.athlete_id, a.activity_id, a.local_date, a.name, a.distance_m, a.elapsed_s, hms(a.elapsed_s) AS time
FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id)
JOIN silver_strava_activities AS a ON a.athlete_id = g.athlete_id AND a.activity_id = g.inputs ->> '$.evidence_activity_id';

-- answer: interval_rests_on, from ml_intervals by model, version, distance_class, evidence
SELECT i.model, i.version, i.distance_class, i.evidence, i.lower_ln, i.upper_ln, i.n
FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id) JOIN race_distances AS d USING (distance_class)
JOIN ml_intervals AS i ON (i.model, i.version, i.distance_class, i.evidence) = (g.model, g.version, d.interval_class, g.inputs ->> '$.evidence');

-- answer: record, from ml_metrics by model, version, source, distance_class
SELECT m.model, m.version, m.source, m.distance_class, m.n, m.mae_s, hms(m.mae_s) AS mean_error, m.coverage_pct
FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id)
JOIN ml_metrics AS m ON (m.model, m.version, m.distance_class) = (g.model, g.version, g.distance_class) AND m.source <> 'prior' ORDER BY m.source;
