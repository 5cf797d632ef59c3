-- stage:    620_metrics_summary
-- purpose:  what a person wants to know of an athlete's day in one row, and what a coach wants to know of each athlete's last day
-- reads:    -
-- writes:   -
-- follows:  -
-- grain:    athlete_id, summary_date; athlete_id
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '620_metrics_summary',
    'what a person wants to know of an athlete''s day in one row, and what a coach wants to know of each athlete''s last day',
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
       f.pace_trend_30d, f.consistency_score, f.is_overtraining_risk, f.unknown_load_share_42d, f.load_reason,
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
       (SELECT c.cluster_name FROM inference_log AS g JOIN ml_clusters AS c ON (c.model, c.version, c.cluster_id) = (g.model, g.version, CAST(g.predicted AS INTEGER))
        WHERE (g.model, g.entity) = ('athlete_clustering', f.athlete_id) AND g.prediction_date <= f.as_of_date
        ORDER BY g.prediction_date DESC LIMIT 1) AS cluster_name,
       (SELECT MAX(d.activity_date) FROM athlete_daily_features AS d WHERE d.athlete_id = f.athlete_id AND d.activity_date <= f.as_of_date) AS last_activity_date,
       f.available_at
FROM athlete_rolling_features AS f;

-- What each training took, for who plans meals. Calories are the device's own; a cyclist's muscles turn about a quarter of what they burn into
-- work, so that a kilojoule of work stands for a kilocalorie burnt. Neither: unknown, which is no zero.
CREATE VIEW IF NOT EXISTS gold_training_energy AS
SELECT f.athlete_id, f.activity_id, f.activity_date AS local_date, f.sport_type, a.moving_s, f.intensity_factor, f.estimated_tss,
       COALESCE(c.value, j.value) AS energy_kcal, CASE WHEN c.value IS NOT NULL THEN 'calories' WHEN j.value IS NOT NULL THEN 'kilojoules' END AS energy_source
FROM activity_features AS f
JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
JOIN bronze_strava_activities AS b USING (bronze_id)
LEFT JOIN json_each(b.payload, '$.calories') AS c ON c.type IN ('integer', 'real') AND c.value > 0 AND c.value < 30000
LEFT JOIN json_each(b.payload, '$.kilojoules') AS j ON j.type IN ('integer', 'real') AND j.value > 0 AND j.value < 30000;

-- How form is called that is above a number, and above none of the higher ones.
CREATE VIEW IF NOT EXISTS gold_form_zones (above, form, tone) AS
SELECT value, 'training hard', 'warn' FROM ops_config WHERE name = 'form_risk_threshold'
UNION ALL
VALUES (25, 'losing fitness', 'warn'), (5, 'fresh', 'good'), (-10, 'neutral', 'none'), (-1000, 'overloaded', 'bad');

-- A coach's list: everyone's own last day, and the race that is planned next, or 10 km.
CREATE VIEW IF NOT EXISTS gold_squad AS
WITH last_day AS (
    SELECT m.athlete_id AS member, n.name, f.*
    FROM (SELECT athlete_id FROM athlete_profile UNION SELECT athlete_id FROM silver_unusable_activities) AS m
    LEFT JOIN athlete_names_now AS n ON n.athlete_id = m.athlete_id
    LEFT JOIN athlete_rolling_features AS f ON f.athlete_id = m.athlete_id
          AND f.as_of_date = (SELECT MAX(l.as_of_date) FROM athlete_rolling_features AS l WHERE l.athlete_id = m.athlete_id)
),
next_race AS MATERIALIZED ( -- MIN: the distance is of its row
    SELECT l.*, MIN(r.plan_date) AS race_date, COALESCE(r.distance_m, 10000.0) AS race_m, date(l.as_of_date, '-27 days') AS since
    FROM last_day AS l
    LEFT JOIN athlete_plan_now AS r ON r.athlete_id = l.member AND r.workout_type = 'race' AND r.plan_date > l.as_of_date
    GROUP BY l.member
)
SELECT r.member AS athlete_id, r.name, r.as_of_date,
       (SELECT MAX(a.local_date) FROM (SELECT athlete_id, local_date FROM silver_strava_activities
                                       UNION ALL SELECT athlete_id, local_date FROM silver_unusable_activities) AS a
        WHERE a.athlete_id = r.member) AS last_activity_date,
       r.ctl_42d, r.atl_7d, r.tsb, r.tsb_ewma, (SELECT z.form FROM gold_form_zones AS z WHERE r.tsb > z.above ORDER BY z.above DESC LIMIT 1) AS form,
       r.acwr, r.acwr_ewma, r.training_monotony_7d, r.is_overtraining_risk,
       (SELECT COUNT(nullif(o.is_overtraining_risk, 0)) FROM athlete_rolling_features AS o WHERE o.athlete_id = r.member AND o.as_of_date >= r.since) AS risk_days_28d,
       r.rest_days_14d, r.history_days, r.unknown_load_share_42d, r.load_reason,
       r.race_date, r.race_m, d.distance_class, g.prediction_id, g.predicted_s, g.lower_s, g.upper_s
FROM next_race AS r
LEFT JOIN race_distances AS d ON d.distance_m BETWEEN r.race_m / 1.03 AND r.race_m / 0.97
LEFT JOIN gold_athlete_predictions AS g ON g.prediction_id = (SELECT MAX(p.prediction_id) FROM gold_athlete_predictions AS p
      WHERE (p.athlete_id, p.prediction_date, p.distance_class, p.model) = (r.member, date(r.as_of_date, '+1 day'), d.distance_class, 'time_estimator'));

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '620_metrics_summary', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
