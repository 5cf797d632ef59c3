-- answer: weeks, from athlete_weekly_features by athlete_id, week_start
SELECT athlete_id, week_start, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m, avg_pace_week, hms(60 * avg_pace_week) AS avg_pace_week_text, training_monotony, training_strain
FROM athlete_weekly_features WHERE athlete_id = :athlete ORDER BY week_start DESC LIMIT :weeks;
