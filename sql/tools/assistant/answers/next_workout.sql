-- answer: workout, from gold_training_recommendations by recommendation_id
SELECT recommendation_id, model, version, recommendation_date, recommended_workout_type, intensity, duration, pace_min_km, hms(60 * pace_min_km) AS pace_text, load_tss, goal, race_date, reason,
       ctl_after, atl_after, tsb_after, acwr_after, monotony_after, is_risk_after
FROM gold_training_recommendations WHERE athlete_id = :athlete ORDER BY recommendation_date DESC, recommendation_id DESC LIMIT 1;

-- answer: candidates, from gold_training_recommendations by recommendation_id
SELECT recommendation_id, candidates FROM gold_training_recommendations WHERE athlete_id = :athlete ORDER BY recommendation_date DESC, recommendation_id DESC LIMIT 1;
