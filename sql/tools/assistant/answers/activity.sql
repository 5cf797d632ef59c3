-- answer: activity, from silver_strava_activities by athlete_id, activity_id
SELECT *, hms(moving_s) AS moving_time, hms(60 * pace_min_km) AS pace_text FROM silver_strava_activities WHERE athlete_id = :athlete AND activity_id = :activity_id;

-- answer: features, from activity_features by athlete_id, activity_id
SELECT * FROM activity_features WHERE athlete_id = :athlete AND activity_id = :activity_id;

-- answer: expected_by_similar_runs, from similar_runs by athlete_id, activity_id
SELECT athlete_id, activity_id, similar_pace_min_km, hms(60 * similar_pace_min_km) AS similar_pace_text, similar_spread_min_km, similar_runs, pace_ewma_20 FROM similar_runs WHERE athlete_id = :athlete AND activity_id = :activity_id;

-- answer: race, from race_results by athlete_id, activity_id
SELECT *, hms(seconds) AS time FROM race_results WHERE athlete_id = :athlete AND activity_id = :activity_id;

-- answer: same_training_as, from silver_same_training by athlete_id, activity_id
SELECT * FROM silver_same_training WHERE athlete_id = :athlete AND activity_id = :activity_id;
