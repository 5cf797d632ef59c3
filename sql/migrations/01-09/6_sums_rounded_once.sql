-- needs: activity_features, athlete_daily_features, athlete_rolling_features, athlete_weekly_features, ops_audit, ops_actor
--
-- Sums are rounded once, where SUM rounded at each step and its last bits depended on the version of SQLite. The rows that
-- are there get the sums of today in their place: a formula that became exact is no late arrival, so that nothing goes to the
-- history. Only what differs by rounding is taken; the rest is for the stages to correct. The triggers dropped here are made
-- anew with all others. The time estimator, whose rows are computed anew by their stage, is trained once more.

DROP TRIGGER IF EXISTS athlete_daily_features_replaced;
DROP TRIGGER IF EXISTS athlete_weekly_features_replaced;

CREATE TEMP TABLE exact_day AS
SELECT athlete_id, activity_date,
       exact_sum(distance_km) AS distance_km,
       COALESCE(exact_sum(distance_km) FILTER (WHERE is_run), 0.0) AS run_distance_km,
       exact_sum(moving_time_min) AS moving_time_min,
       COALESCE(exact_sum(elevation_gain_m), 0.0) AS elevation_gain_m,
       COALESCE(exact_sum(estimated_tss), 0.0) AS daily_tss,
       exact_sum(moving_time_min) FILTER (WHERE is_run AND pace_min_km IS NOT NULL)
           / exact_sum(distance_km) FILTER (WHERE is_run AND pace_min_km IS NOT NULL) AS avg_pace,
       exact_sum(avg_hr * moving_time_min) / exact_sum(moving_time_min) FILTER (WHERE avg_hr IS NOT NULL) AS avg_hr
FROM activity_features
GROUP BY athlete_id, activity_date;
DELETE FROM temp.exact_day WHERE NOT EXISTS (
    SELECT 1 FROM athlete_daily_features AS o
    WHERE (o.athlete_id, o.activity_date) = (exact_day.athlete_id, exact_day.activity_date)
      AND abs(o.distance_km - exact_day.distance_km) <= 1e-9 * abs(o.distance_km)
      AND abs(o.run_distance_km - exact_day.run_distance_km) <= 1e-9 * abs(o.run_distance_km)
      AND abs(o.moving_time_min - exact_day.moving_time_min) <= 1e-9 * abs(o.moving_time_min)
      AND abs(o.elevation_gain_m - exact_day.elevation_gain_m) <= 1e-9 * abs(o.elevation_gain_m)
      AND abs(o.daily_tss - exact_day.daily_tss) <= 1e-9 * abs(o.daily_tss)
      AND COALESCE(abs(o.avg_pace - exact_day.avg_pace) <= 1e-9 * abs(o.avg_pace), o.avg_pace IS exact_day.avg_pace)
      AND COALESCE(abs(o.avg_hr - exact_day.avg_hr) <= 1e-9 * abs(o.avg_hr), o.avg_hr IS exact_day.avg_hr));
UPDATE athlete_daily_features AS o
SET (distance_km, run_distance_km, moving_time_min, elevation_gain_m, daily_tss, avg_pace, avg_hr)
  = (e.distance_km, e.run_distance_km, e.moving_time_min, e.elevation_gain_m, e.daily_tss, e.avg_pace, e.avg_hr)
FROM temp.exact_day AS e
WHERE (o.athlete_id, o.activity_date) = (e.athlete_id, e.activity_date)
  AND (o.distance_km, o.run_distance_km, o.moving_time_min, o.elevation_gain_m, o.daily_tss, o.avg_pace, o.avg_hr)
      IS NOT (e.distance_km, e.run_distance_km, e.moving_time_min, e.elevation_gain_m, e.daily_tss, e.avg_pace, e.avg_hr);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_daily_features',
       json_object('sums_rounded_once', changes());

CREATE TEMP TABLE exact_week AS
WITH paced AS (
    SELECT athlete_id, activity_date, exact_sum(moving_time_min) AS moving_time_min, exact_sum(distance_km) AS distance_km
    FROM activity_features
    WHERE is_run AND pace_min_km IS NOT NULL
    GROUP BY athlete_id, activity_date
)
SELECT r.athlete_id, week_start(r.as_of_date) AS week_start,
       COALESCE(exact_sum(d.distance_km), 0.0) AS weekly_distance_km,
       exact_sum(r.daily_tss) AS weekly_tss,
       COALESCE(exact_sum(d.elevation_gain_m), 0.0) AS weekly_elevation_m,
       exact_sum(p.moving_time_min) / exact_sum(p.distance_km) AS avg_pace_week
FROM athlete_rolling_features AS r
LEFT JOIN athlete_daily_features AS d ON d.athlete_id = r.athlete_id AND d.activity_date = r.as_of_date
LEFT JOIN paced AS p ON p.athlete_id = r.athlete_id AND p.activity_date = r.as_of_date
GROUP BY r.athlete_id, week_start(r.as_of_date);
DELETE FROM temp.exact_week WHERE NOT EXISTS (
    SELECT 1 FROM athlete_weekly_features AS o
    WHERE (o.athlete_id, o.week_start) = (exact_week.athlete_id, exact_week.week_start)
      AND abs(o.weekly_distance_km - exact_week.weekly_distance_km) <= 1e-9 * abs(o.weekly_distance_km)
      AND abs(o.weekly_tss - exact_week.weekly_tss) <= 1e-9 * abs(o.weekly_tss)
      AND abs(o.weekly_elevation_m - exact_week.weekly_elevation_m) <= 1e-9 * abs(o.weekly_elevation_m)
      AND COALESCE(abs(o.avg_pace_week - exact_week.avg_pace_week) <= 1e-9 * abs(o.avg_pace_week), o.avg_pace_week IS exact_week.avg_pace_week));
UPDATE athlete_weekly_features AS o
SET (weekly_distance_km, weekly_tss, weekly_elevation_m, avg_pace_week)
  = (e.weekly_distance_km, e.weekly_tss, e.weekly_elevation_m, e.avg_pace_week)
FROM temp.exact_week AS e
WHERE (o.athlete_id, o.week_start) = (e.athlete_id, e.week_start)
  AND (o.weekly_distance_km, o.weekly_tss, o.weekly_elevation_m, o.avg_pace_week)
      IS NOT (e.weekly_distance_km, e.weekly_tss, e.weekly_elevation_m, e.avg_pace_week);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_weekly_features',
       json_object('sums_rounded_once', changes());

DROP TABLE temp.exact_week;
DROP TABLE temp.exact_day;
