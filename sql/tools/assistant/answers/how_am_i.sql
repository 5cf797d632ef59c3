-- answer: evening, from athlete_rolling_features by athlete_id, as_of_date
SELECT f.athlete_id, f.as_of_date, f.ctl_42d, f.atl_7d, f.tsb, (SELECT z.form FROM gold_form_zones AS z WHERE f.tsb > z.above ORDER BY z.above DESC LIMIT 1) AS form,
       f.ctl_ewma, f.atl_ewma, f.tsb_ewma, (SELECT z.form FROM gold_form_zones AS z WHERE f.tsb_ewma > z.above ORDER BY z.above DESC LIMIT 1) AS form_weighted,
       f.acwr, f.acwr_ewma, f.daily_tss, f.training_monotony_7d, f.rest_days_14d, f.total_distance_7d_km, f.total_distance_28d_km, f.consistency_score,
       f.is_overtraining_risk, f.history_days, f.unknown_load_42d, f.unknown_load_share_42d, f.load_reason
FROM athlete_rolling_features AS f
WHERE f.athlete_id = :athlete AND f.as_of_date <= COALESCE(:as_of, f.as_of_date)
ORDER BY f.as_of_date DESC LIMIT 1;

-- answer: limits, from ops_config by name
SELECT name, value, unit, note FROM ops_config
WHERE name IN ('acwr_steady_threshold', 'acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'unknown_load_max_share') ORDER BY name;

-- answer: last_activity, from silver_strava_activities by athlete_id, activity_id
SELECT athlete_id, activity_id, local_date, name, sport_type, distance_m, moving_s, hms(moving_s) AS moving_time
FROM silver_trainings WHERE athlete_id = :athlete AND local_date <= COALESCE(:as_of, local_date)
ORDER BY start_time DESC LIMIT 1;
