-- answer: activities, from silver_strava_activities by athlete_id, activity_id
SELECT a.athlete_id, a.activity_id, a.local_date, a.name, a.sport_type, a.workout_type, a.distance_m, a.moving_s, hms(a.moving_s) AS moving_time, a.pace_min_km, hms(60 * a.pace_min_km) AS pace_text,
       a.elevation_gain_m, a.avg_hr, f.estimated_tss, f.load_source
FROM silver_trainings AS a LEFT JOIN activity_features AS f USING (athlete_id, activity_id)
WHERE a.athlete_id = :athlete AND a.local_date >= COALESCE(:since, a.local_date) AND a.local_date <= COALESCE(:until, a.local_date)
  AND (:sport IS NULL OR lower(a.sport_type) = lower(:sport)) AND (:text IS NULL OR instr(lower(a.name), lower(:text)) > 0)
  AND (:min_km IS NULL OR a.distance_m >= 1000 * :min_km) AND (:max_km IS NULL OR a.distance_m <= 1000 * :max_km) AND (NOT :races_only OR a.is_race)
ORDER BY CASE :order WHEN 'longest' THEN -a.distance_m WHEN 'fastest' THEN a.pace_min_km WHEN 'hardest' THEN -f.estimated_tss WHEN 'steepest' THEN -a.elevation_gain_m END IS NULL,
         CASE :order WHEN 'longest' THEN -a.distance_m WHEN 'fastest' THEN a.pace_min_km WHEN 'hardest' THEN -f.estimated_tss WHEN 'steepest' THEN -a.elevation_gain_m END,
         a.start_time DESC LIMIT :limit;

-- answer: of_all, from nothing
SELECT COUNT(*) AS activities, MIN(local_date) AS first, MAX(local_date) AS last FROM silver_trainings WHERE athlete_id = :athlete;
