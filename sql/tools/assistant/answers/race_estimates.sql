-- answer: estimates, from gold_athlete_predictions by prediction_id
SELECT g.prediction_id, g.prediction_date, g.distance_class, d.name AS distance, d.distance_m, g.model, g.version, g.predicted_s, hms(g.predicted_s) AS time,
       g.lower_s, hms(g.lower_s) AS lower, g.upper_s, hms(g.upper_s) AS upper, hms(1000 * g.predicted_s / d.distance_m) AS pace_min_km, g.known_at
FROM gold_athlete_predictions AS g JOIN race_distances AS d USING (distance_class)
WHERE g.prediction_id IN (SELECT MAX(n.prediction_id) FROM gold_athlete_predictions AS n
                          WHERE n.athlete_id = :athlete AND n.prediction_date = (SELECT MAX(m.prediction_date) FROM gold_athlete_predictions AS m WHERE m.athlete_id = :athlete)
                          GROUP BY n.distance_class, n.model)
  AND (:distance IS NULL OR :distance IN (d.distance_class, d.name))
ORDER BY d.distance_m, g.model <> 'time_estimator', g.model;
