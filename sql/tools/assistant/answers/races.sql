-- answer: races, from race_results by athlete_id, activity_id
SELECT r.athlete_id, r.activity_id, r.race_date, r.distance_class, d.name AS distance, r.seconds, hms(r.seconds) AS time, hms(1000 * r.seconds / d.distance_m) AS pace_min_km, r.source, r.measured_m
FROM race_results AS r JOIN race_distances AS d USING (distance_class)
WHERE r.athlete_id = :athlete AND (:distance IS NULL OR :distance IN (d.distance_class, d.name))
ORDER BY CASE :order WHEN 'fastest' THEN r.seconds / d.distance_m END, r.race_date DESC LIMIT :limit;

-- answer: looks_like_a_race_and_is_not_tagged, from race_candidates by athlete_id, activity_id, distance_class
SELECT athlete_id, activity_id, local_date, distance_class, name, elapsed_s, hms(elapsed_s) AS time FROM race_candidates
WHERE athlete_id = :athlete ORDER BY local_date DESC LIMIT 5;
