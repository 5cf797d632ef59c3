-- stage:    430_rolling_features
-- purpose:  load, form, trends and risk for every calendar day, looking back from the end of that day
-- reads:    activity_features; silver_unusable_trainings, unusable_training_loads, silver_rejects, silver_trainings, athlete_daily_features, silver_corrections, ops_config, ops_stale, ops_actor, athlete_rolling_features, athlete_rolling_features_history, ops_watermarks, ops_due, feature_upgrades, athlete_rolling_features_versions, ops_upstreams
-- writes:   athlete_rolling_features; silver_rejects, athlete_rolling_features_history, athlete_rolling_features_earlier, feature_publications, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, as_of_date
-- params:   as_of_date, acwr_risk_threshold, acwr_min_history_days, monotony_risk_threshold, expected_days_per_week, unknown_load_max_share
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '430_rolling_features',
    'load, form, trends and risk for every calendar day, looking back from the end of that day',
    '["activity_features"]',
    '["athlete_rolling_features"]',
    '["410_activity_features"]');

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '430_rolling_features'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '430_rolling_features'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'athlete_rolling_features' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

-- The columns are those of training_load(): SELECT returns FROM athlete_functions WHERE name = 'training_load'.
CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       (SELECT json_group_object(CASE name WHEN 'as_of_date' THEN 'end_date' ELSE name END,
                                 json(CASE typeof(value) WHEN 'text' THEN json_quote(value) ELSE number_text(value) END))
        FROM ops_config
        WHERE name IN ('as_of_date', 'acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'expected_days_per_week', 'unknown_load_max_share')
          AND (name <> 'as_of_date' OR value IS NOT NULL)) AS options;

-- How far from UTC the athlete was on the last day with an activity, from that day on; and when all that had started
-- by then was over, which for a race through two nights is not that day.
CREATE TEMP TABLE zone AS
SELECT a.athlete_id, a.local_date AS activity_date, COALESCE(MIN(a.utc_offset_s), 0) AS utc_offset_s,
       MAX(MAX(a.end_time)) OVER (PARTITION BY a.athlete_id ORDER BY a.local_date) AS over_at
FROM (SELECT athlete_id, local_date, utc_offset_s, end_time FROM changed CROSS JOIN silver_trainings USING (athlete_id)
      WHERE local_date >= date(since, '-1 day') OR end_time > since
      UNION ALL SELECT athlete_id, local_date, utc_offset_s, end_time FROM changed CROSS JOIN silver_unusable_trainings USING (athlete_id)
      WHERE local_date >= date(since, '-1 day') OR end_time > since) AS a
GROUP BY a.athlete_id, a.local_date;
CREATE UNIQUE INDEX temp.zone_by_day ON zone (athlete_id, activity_date);

-- A day that nobody has is a fault of the import, and training_load would stop at it: its athlete has no calendar until
-- it is mended.
CREATE TEMP TABLE crowded AS
SELECT athlete_id, MIN(activity_date) AS activity_date
FROM (SELECT athlete_id, activity_date
      FROM (SELECT athlete_id, activity_date FROM changed CROSS JOIN activity_features USING (athlete_id) WHERE activity_date >= since
            UNION ALL SELECT athlete_id, local_date FROM changed CROSS JOIN silver_unusable_trainings USING (athlete_id) WHERE local_date >= since)
      GROUP BY athlete_id, activity_date HAVING COUNT(*) > 1000)
GROUP BY athlete_id;
DELETE FROM silver_rejects
WHERE table_name = 'athlete_rolling_features' AND activity_id = '' AND item IN (SELECT 'athlete ' || athlete_id FROM changed);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'athlete_rolling_features', '', 'athlete ' || athlete_id, 'day_is_possible', 'more than 1000 activities on one day', 0, '', 'reject', 'start_date', activity_date
FROM crowded;

-- A calendar that was published ended on a day. That it goes on is known when an activity from then on has arrived, or, where
-- nothing has, now.
CREATE TEMP TABLE reach AS
SELECT athlete_id, since, (SELECT MAX(as_of_date) FROM athlete_rolling_features AS r WHERE r.athlete_id = c.athlete_id) AS published_to
FROM changed AS c;
CREATE UNIQUE INDEX temp.reach_by_athlete ON reach (athlete_id);

CREATE TEMP TABLE computed AS
WITH day AS (
    SELECT CAST(r.athlete_id AS TEXT) AS athlete_key, r.*,
           (SELECT MAX(z.activity_date) FROM zone AS z
            WHERE z.athlete_id = r.athlete_id AND z.activity_date <= r.as_of_date) AS last_active_date, p.published_to
    FROM stage_clock,
         training_load('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min,
                               CASE WHEN is_run AND pace_min_km <= 1000 THEN pace_min_km END, elevation_gain_m
                        FROM activity_features
                        WHERE athlete_id IN (SELECT athlete_id FROM temp.changed EXCEPT SELECT athlete_id FROM temp.crowded)
                        UNION ALL
                        SELECT athlete_id, local_date, l.estimated_tss, NULL, moving_s / 60.0, NULL, NULL
                        FROM silver_unusable_trainings LEFT JOIN unusable_training_loads AS l USING (athlete_id, activity_id)
                        WHERE athlete_id IN (SELECT athlete_id FROM temp.changed EXCEPT SELECT athlete_id FROM temp.crowded)', stage_clock.options) AS r
    CROSS JOIN reach AS p ON p.athlete_id = r.athlete_id AND r.as_of_date >= p.since
)
SELECT r.athlete_key AS athlete_id, r.as_of_date,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.as_of_date, '+1 day', -z.utc_offset_s || ' seconds') AS event_timestamp,
       r.daily_tss, r.ctl_42d, r.atl_7d, r.tsb, r.acwr, r.ctl_ewma, r.atl_ewma, r.tsb_ewma, r.acwr_ewma, r.total_tss_7d,
       r.total_tss_28d, r.total_tss_90d, r.activities_7d, r.activities_28d, r.activities_30d, r.activities_42d,
       r.activities_90d, r.total_distance_7d_km, r.total_distance_28d_km, r.total_distance_30d_km, r.total_distance_42d_km,
       r.total_distance_90d_km, r.longest_distance_30d_km, r.longest_distance_90d_km, r.total_elevation_30d_m, r.avg_pace_30d,
       r.best_pace_30d, r.avg_pace_90d, r.best_pace_90d, r.pace_trend_30d, r.distance_trend_30d, r.pace_trend_90d,
       r.distance_trend_90d, r.consistency_score, r.training_monotony_7d, r.training_strain_7d, r.rest_days_14d,
       r.unknown_load_42d, r.unknown_load_share_42d,
       CASE WHEN r.tsb IS NULL
            THEN 'no load is known for ' || r.unknown_load_42d || ' of the ' || r.activities_42d || ' activities of ' || min(42, r.history_days) || ' days, '
                 || CAST(100 * r.unknown_load_share_42d AS INTEGER) || ' % of the moving time' END AS load_reason,
       r.history_days, r.is_overtraining_risk,
       max(strftime('%Y-%m-%dT%H:%M:%SZ', r.as_of_date, '+1 day', -z.utc_offset_s || ' seconds'), z.over_at,
           COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c
                     WHERE c.athlete_id = r.athlete_id AND c.from_date <= r.as_of_date), ''),
           CASE WHEN r.as_of_date > r.published_to
                THEN COALESCE((SELECT MIN(available_at)
                               FROM (SELECT a.available_at FROM silver_trainings AS a
                                     WHERE a.athlete_id = r.athlete_id AND a.local_date >= r.as_of_date
                                     UNION ALL
                                     SELECT u.available_at FROM silver_unusable_trainings AS u
                                     WHERE u.athlete_id = r.athlete_id AND u.local_date >= r.as_of_date)), k.started_at)
                ELSE '' END) AS available_at
FROM stage_clock AS k
CROSS JOIN day AS r
JOIN zone AS z ON z.athlete_id = r.athlete_id AND z.activity_date = r.last_active_date;
CREATE UNIQUE INDEX temp.computed_by_day ON computed (athlete_id, as_of_date);

-- Audit: no day is missing, and the loads are those of the daily table.
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM (SELECT athlete_id, COUNT(*) AS n, julianday(MAX(as_of_date)) - julianday(MIN(as_of_date)) + 1 AS days
                   FROM computed GROUP BY athlete_id)
    WHERE n <> days), '430_rolling_features: a calendar has a gap');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM changed AS c
    CROSS JOIN athlete_daily_features AS d ON d.athlete_id = c.athlete_id AND d.activity_date >= c.since
    LEFT JOIN computed AS r ON r.athlete_id = d.athlete_id AND r.as_of_date = d.activity_date
    WHERE c.athlete_id NOT IN (SELECT athlete_id FROM crowded)
      AND (r.daily_tss IS NULL OR abs(r.daily_tss - d.daily_tss) > 1e-6)),
    '430_rolling_features: a day''s load differs from athlete_daily_features');

-- publish athlete_rolling_features, corrected from o.as_of_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to athlete_rolling_features_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '430_rolling_features' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.as_of_date, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN athlete_rolling_features AS o USING (athlete_id, as_of_date);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, as_of_date);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.as_of_date) = (s.athlete_id, s.as_of_date) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.as_of_date, n.event_timestamp, n.daily_tss, n.ctl_42d, n.atl_7d, n.tsb, n.acwr, n.ctl_ewma, n.atl_ewma, n.tsb_ewma, n.acwr_ewma, n.total_tss_7d, n.total_tss_28d, n.total_tss_90d, n.activities_7d, n.activities_28d, n.activities_30d, n.activities_42d, n.activities_90d, n.total_distance_7d_km, n.total_distance_28d_km, n.total_distance_30d_km, n.total_distance_42d_km, n.total_distance_90d_km, n.longest_distance_30d_km, n.longest_distance_90d_km, n.total_elevation_30d_m, n.avg_pace_30d, n.best_pace_30d, n.avg_pace_90d, n.best_pace_90d, n.pace_trend_30d, n.distance_trend_30d, n.pace_trend_90d, n.distance_trend_90d, n.consistency_score, n.training_monotony_7d, n.training_strain_7d, n.rest_days_14d, n.unknown_load_42d, n.unknown_load_share_42d, n.load_reason, n.history_days, n.is_overtraining_risk, n.available_at
FROM computed AS n
LEFT JOIN athlete_rolling_features AS o ON (o.athlete_id, o.as_of_date) = (n.athlete_id, n.as_of_date)
WHERE (n.athlete_id, n.as_of_date, n.event_timestamp, n.daily_tss, n.ctl_42d, n.atl_7d, n.tsb, n.acwr, n.ctl_ewma, n.atl_ewma, n.tsb_ewma, n.acwr_ewma, n.total_tss_7d, n.total_tss_28d, n.total_tss_90d, n.activities_7d, n.activities_28d, n.activities_30d, n.activities_42d, n.activities_90d, n.total_distance_7d_km, n.total_distance_28d_km, n.total_distance_30d_km, n.total_distance_42d_km, n.total_distance_90d_km, n.longest_distance_30d_km, n.longest_distance_90d_km, n.total_elevation_30d_m, n.avg_pace_30d, n.best_pace_30d, n.avg_pace_90d, n.best_pace_90d, n.pace_trend_30d, n.distance_trend_30d, n.pace_trend_90d, n.distance_trend_90d, n.consistency_score, n.training_monotony_7d, n.training_strain_7d, n.rest_days_14d, n.unknown_load_42d, n.unknown_load_share_42d, n.load_reason, n.history_days, n.is_overtraining_risk, n.available_at) IS NOT (o.athlete_id, o.as_of_date, o.event_timestamp, o.daily_tss, o.ctl_42d, o.atl_7d, o.tsb, o.acwr, o.ctl_ewma, o.atl_ewma, o.tsb_ewma, o.acwr_ewma, o.total_tss_7d, o.total_tss_28d, o.total_tss_90d, o.activities_7d, o.activities_28d, o.activities_30d, o.activities_42d, o.activities_90d, o.total_distance_7d_km, o.total_distance_28d_km, o.total_distance_30d_km, o.total_distance_42d_km, o.total_distance_90d_km, o.longest_distance_30d_km, o.longest_distance_90d_km, o.total_elevation_30d_m, o.avg_pace_30d, o.best_pace_30d, o.avg_pace_90d, o.best_pace_90d, o.pace_trend_30d, o.distance_trend_30d, o.pace_trend_90d, o.distance_trend_90d, o.consistency_score, o.training_monotony_7d, o.training_strain_7d, o.rest_days_14d, o.unknown_load_42d, o.unknown_load_share_42d, o.load_reason, o.history_days, o.is_overtraining_risk, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, as_of_date)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN athlete_rolling_features AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.as_of_date) = (o.athlete_id, o.as_of_date))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.as_of_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'athlete_rolling_features';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.as_of_date) = (s.athlete_id, s.as_of_date);
INSERT INTO athlete_rolling_features_earlier (publication_id, athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score, training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days, is_overtraining_risk, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.as_of_date, o.event_timestamp, o.daily_tss, o.ctl_42d, o.atl_7d, o.tsb, o.acwr, o.ctl_ewma, o.atl_ewma, o.tsb_ewma, o.acwr_ewma, o.total_tss_7d, o.total_tss_28d, o.total_tss_90d, o.activities_7d, o.activities_28d, o.activities_30d, o.activities_42d, o.activities_90d, o.total_distance_7d_km, o.total_distance_28d_km, o.total_distance_30d_km, o.total_distance_42d_km, o.total_distance_90d_km, o.longest_distance_30d_km, o.longest_distance_90d_km, o.total_elevation_30d_m, o.avg_pace_30d, o.best_pace_30d, o.avg_pace_90d, o.best_pace_90d, o.pace_trend_30d, o.distance_trend_30d, o.pace_trend_90d, o.distance_trend_90d, o.consistency_score, o.training_monotony_7d, o.training_strain_7d, o.rest_days_14d, o.unknown_load_42d, o.unknown_load_share_42d, o.load_reason, o.history_days, o.is_overtraining_risk, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN athlete_rolling_features_versions AS o;
DELETE FROM athlete_rolling_features_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM athlete_rolling_features_history AS h WHERE (h.athlete_id, h.as_of_date) = (n.athlete_id, n.as_of_date)), ''))
WHERE EXISTS (SELECT 1 FROM athlete_rolling_features_history AS h WHERE (h.athlete_id, h.as_of_date) = (n.athlete_id, n.as_of_date));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.as_of_date, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN athlete_rolling_features AS o USING (athlete_id, as_of_date)
UNION ALL
SELECT o.athlete_id, o.as_of_date,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.as_of_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN athlete_rolling_features AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.as_of_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.as_of_date) = (o.athlete_id, o.as_of_date));
INSERT INTO athlete_rolling_features_history (athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score, training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days, is_overtraining_risk, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.as_of_date, o.event_timestamp, o.daily_tss, o.ctl_42d, o.atl_7d, o.tsb, o.acwr, o.ctl_ewma, o.atl_ewma, o.tsb_ewma, o.acwr_ewma, o.total_tss_7d, o.total_tss_28d, o.total_tss_90d, o.activities_7d, o.activities_28d, o.activities_30d, o.activities_42d, o.activities_90d, o.total_distance_7d_km, o.total_distance_28d_km, o.total_distance_30d_km, o.total_distance_42d_km, o.total_distance_90d_km, o.longest_distance_30d_km, o.longest_distance_90d_km, o.total_elevation_30d_m, o.avg_pace_30d, o.best_pace_30d, o.avg_pace_90d, o.best_pace_90d, o.pace_trend_30d, o.distance_trend_30d, o.pace_trend_90d, o.distance_trend_90d, o.consistency_score, o.training_monotony_7d, o.training_strain_7d, o.rest_days_14d, o.unknown_load_42d, o.unknown_load_share_42d, o.load_reason, o.history_days, o.is_overtraining_risk, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN athlete_rolling_features AS o USING (athlete_id, as_of_date);
DELETE FROM athlete_rolling_features
WHERE (athlete_id, as_of_date) IN (SELECT athlete_id, as_of_date FROM outdated);
DELETE FROM athlete_rolling_features_history -- what was never believed leaves no version
WHERE (athlete_id, as_of_date) IN (SELECT athlete_id, as_of_date FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO athlete_rolling_features (athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score, training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days, is_overtraining_risk, available_at) SELECT athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score, training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days, is_overtraining_risk, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM activity_features WHERE athlete_id IN (SELECT athlete_id FROM changed)) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '430_rolling_features', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '430_rolling_features', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '430_rolling_features';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.reach;
DROP TABLE temp.crowded;
DROP TABLE temp.zone;
DROP TABLE temp.stage_clock;
DROP TABLE temp.changed;

COMMIT;
