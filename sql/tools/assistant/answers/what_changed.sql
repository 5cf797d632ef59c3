-- answer: evenings, from athlete_rolling_features by athlete_id, as_of_date
SELECT f.athlete_id, f.as_of_date, f.ctl_42d, f.atl_7d, f.tsb, f.ctl_ewma, f.tsb_ewma, f.acwr, f.total_distance_7d_km, f.activities_7d, f.avg_pace_30d, hms(60 * f.avg_pace_30d) AS avg_pace_30d_text,
       f.training_monotony_7d, f.is_overtraining_risk
FROM athlete_rolling_features AS f
WHERE f.athlete_id = :athlete AND f.as_of_date IN (SELECT MAX(as_of_date) FROM athlete_rolling_features WHERE athlete_id = :athlete
    UNION SELECT date(MAX(as_of_date), '-' || :days || ' days') FROM athlete_rolling_features WHERE athlete_id = :athlete)
ORDER BY f.as_of_date;

-- answer: activities_since, from silver_strava_activities by athlete_id, activity_id
SELECT athlete_id, activity_id, local_date, name, sport_type, workout_type, distance_m, moving_s, hms(moving_s) AS moving_time, n_versions
FROM silver_trainings
WHERE athlete_id = :athlete AND local_date > (SELECT date(MAX(as_of_date), '-' || :days || ' days') FROM athlete_rolling_features WHERE athlete_id = :athlete)
ORDER BY start_time;

-- answer: estimates_before_and_now, from gold_athlete_predictions by prediction_id
SELECT prediction_id, prediction_date, distance_class, version, predicted_s, hms(predicted_s) AS time
FROM (SELECT g.*, ROW_NUMBER() OVER (PARTITION BY g.distance_class, g.prediction_date <= day.before ORDER BY g.prediction_date DESC, g.prediction_id DESC) AS age
      FROM gold_athlete_predictions AS g
      CROSS JOIN (SELECT date(MAX(as_of_date), '-' || :days || ' days') AS before FROM athlete_rolling_features WHERE athlete_id = :athlete) AS day
      WHERE g.athlete_id = :athlete AND g.model = 'time_estimator')
WHERE age = 1 ORDER BY distance_class, prediction_date, prediction_id;

-- answer: corrections_that_arrived, from silver_corrections by athlete_id, from_date, bronze_id
SELECT athlete_id, bronze_id, activity_id, from_date, corrected_at FROM silver_corrections
WHERE athlete_id = :athlete AND corrected_at > (SELECT date(MAX(as_of_date), '-' || :days || ' days') FROM athlete_rolling_features WHERE athlete_id = :athlete)
ORDER BY corrected_at DESC LIMIT 20;
