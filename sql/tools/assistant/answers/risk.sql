-- answer: flagged_days, from athlete_rolling_features by athlete_id, as_of_date
SELECT athlete_id, as_of_date, acwr, training_monotony_7d, tsb, is_overtraining_risk, load_reason FROM athlete_rolling_features
WHERE athlete_id = :athlete AND (is_overtraining_risk OR is_overtraining_risk IS NULL)
  AND as_of_date > (SELECT date(MAX(as_of_date), '-' || :days || ' days') FROM athlete_rolling_features WHERE athlete_id = :athlete)
ORDER BY as_of_date;

-- answer: stretches, from gold_risk_stretches by athlete_id, first_date
SELECT athlete_id, first_date, last_date, days, highest_acwr, highest_monotony, days_alike FROM gold_risk_stretches
WHERE athlete_id = :athlete
  AND last_date > (SELECT date(MAX(as_of_date), '-' || :days || ' days') FROM athlete_rolling_features WHERE athlete_id = :athlete)
ORDER BY first_date;

-- answer: today, from athlete_rolling_features by athlete_id, as_of_date
SELECT athlete_id, as_of_date, acwr, training_monotony_7d, training_strain_7d, tsb, rest_days_14d, is_overtraining_risk, history_days, unknown_load_share_42d, load_reason
FROM athlete_rolling_features WHERE athlete_id = :athlete ORDER BY as_of_date DESC LIMIT 1;

-- answer: limits, from ops_config by name
SELECT name, value, unit, note FROM ops_config WHERE name IN ('acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'form_risk_threshold') ORDER BY name;

-- answer: break_ahead, from inference_log by inference_id
SELECT inference_id, model, version, prediction_date, predicted FROM inference_log
WHERE entity = :athlete AND model = 'overtraining_detector' ORDER BY inference_id DESC LIMIT 1;
