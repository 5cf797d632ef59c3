-- stage:    620_metrics_summary
-- purpose:  what a person wants to know of an athlete's day in one row: form, load, volume, trend, risk, race times, cluster
-- reads:    -
-- writes:   -
-- follows:  -
-- grain:    athlete_id, summary_date
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '620_metrics_summary',
    'what a person wants to know of an athlete''s day in one row: form, load, volume, trend, risk, race times, cluster',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- A view: it cannot be out of date. What was foretold for a day is what was foretold last.
CREATE VIEW IF NOT EXISTS gold_athlete_metrics_summary AS
SELECT f.athlete_id, f.as_of_date AS summary_date,
       f.tsb AS form_tsb, f.ctl_42d AS fitness_ctl, f.atl_7d AS fatigue_atl, f.daily_tss, f.acwr,
       f.total_distance_7d_km, f.total_distance_30d_km, f.activities_7d, f.activities_30d, f.rest_days_14d,
       f.pace_trend_30d, f.consistency_score, f.is_overtraining_risk,
       (SELECT g.predicted FROM inference_log AS g
        WHERE (g.model, g.entity, g.prediction_date, g.item) = ('overtraining_detector', f.athlete_id, f.as_of_date, '')) AS break_ahead_p,
       (SELECT g.predicted_s FROM gold_athlete_predictions AS g
        WHERE (g.athlete_id, g.prediction_date, g.distance_class, g.model) = (f.athlete_id, date(f.as_of_date, '+1 day'), '5k', 'time_estimator')
        ORDER BY g.prediction_id DESC LIMIT 1) AS race_5k_s,
       (SELECT g.predicted_s FROM gold_athlete_predictions AS g
        WHERE (g.athlete_id, g.prediction_date, g.distance_class, g.model) = (f.athlete_id, date(f.as_of_date, '+1 day'), '10k', 'time_estimator')
        ORDER BY g.prediction_id DESC LIMIT 1) AS race_10k_s,
       (SELECT g.predicted_s FROM gold_athlete_predictions AS g
        WHERE (g.athlete_id, g.prediction_date, g.distance_class, g.model) = (f.athlete_id, date(f.as_of_date, '+1 day'), '21k', 'time_estimator')
        ORDER BY g.prediction_id DESC LIMIT 1) AS race_21k_s,
       (SELECT g.predicted_s FROM gold_athlete_predictions AS g
        WHERE (g.athlete_id, g.prediction_date, g.distance_class, g.model) = (f.athlete_id, date(f.as_of_date, '+1 day'), '42k', 'time_estimator')
        ORDER BY g.prediction_id DESC LIMIT 1) AS race_42k_s,
       (SELECT CAST(g.predicted AS INTEGER) FROM inference_log AS g
        WHERE (g.model, g.entity) = ('athlete_clustering', f.athlete_id) AND g.prediction_date <= f.as_of_date
        ORDER BY g.prediction_date DESC LIMIT 1) AS cluster_id,
       (SELECT MAX(d.activity_date) FROM athlete_daily_features AS d WHERE d.athlete_id = f.athlete_id AND d.activity_date <= f.as_of_date) AS last_activity_date,
       f.available_at
FROM athlete_rolling_features AS f;

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '620_metrics_summary', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
