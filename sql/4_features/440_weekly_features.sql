-- stage:    440_weekly_features
-- purpose:  volume, load, monotony and strain of every week from Monday to Sunday
-- reads:    activity_features, athlete_daily_features, athlete_rolling_features; ops_config, ops_stale, silver_corrections, ops_actor, athlete_weekly_features, athlete_weekly_features_history, ops_watermarks, ops_due, feature_upgrades, athlete_weekly_features_versions, ops_upstreams
-- writes:   athlete_weekly_features; athlete_weekly_features_history, athlete_weekly_features_earlier, feature_publications, ops_seen, ops_due
-- follows:  430_rolling_features
-- grain:    athlete_id, week_start
-- params:   unknown_load_max_share
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '440_weekly_features',
    'volume, load, monotony and strain of every week from Monday to Sunday',
    '["activity_features", "athlete_daily_features", "athlete_rolling_features"]',
    '["athlete_weekly_features"]',
    '["430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '440_weekly_features'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '440_weekly_features'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'athlete_weekly_features' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

CREATE TEMP TABLE computed AS
WITH anew AS (
    SELECT athlete_id, COALESCE(date(since, 'weekday 0', '-6 days'), '') AS monday FROM changed
),
paced AS (
    SELECT athlete_id, activity_date, exact_sum(moving_time_min) AS moving_time_min, exact_sum(distance_km) AS distance_km
    FROM anew
    CROSS JOIN activity_features USING (athlete_id)
    WHERE activity_date >= monday AND is_run AND pace_min_km IS NOT NULL
    GROUP BY athlete_id, activity_date
),
day AS (
    SELECT r.athlete_id, r.as_of_date, CAST(week_start(r.as_of_date) AS TEXT) AS week_start, r.event_timestamp, r.available_at, r.daily_tss,
           d.distance_km, d.activities, d.elevation_gain_m, d.unknown_load,
           CAST(60 * d.moving_time_min + 0.5 AS INTEGER) AS moving_s, CAST(60 * d.unknown_load_min + 0.5 AS INTEGER) AS unknown_load_s,
           p.moving_time_min AS paced_min, p.distance_km AS paced_km
    FROM anew
    CROSS JOIN athlete_rolling_features AS r ON r.athlete_id = anew.athlete_id AND r.as_of_date >= monday
    LEFT JOIN athlete_daily_features AS d ON d.athlete_id = r.athlete_id AND d.activity_date = r.as_of_date
    LEFT JOIN paced AS p ON p.athlete_id = r.athlete_id AND p.activity_date = r.as_of_date
),
week AS (
    SELECT athlete_id, week_start, COUNT(*) AS days,
           -- a week that is still running ends as far ahead as days are missing
           strftime('%Y-%m-%dT%H:%M:%SZ', MAX(event_timestamp),
                    (julianday(week_start, '+6 days') - julianday(MAX(as_of_date))) || ' days') AS event_timestamp,
           COALESCE(exact_sum(distance_km), 0.0) AS weekly_distance_km,
           COALESCE(SUM(activities), 0) AS weekly_activities,
           exact_sum(daily_tss) AS weekly_tss,
           COALESCE(exact_sum(elevation_gain_m), 0.0) AS weekly_elevation_m,
           exact_sum(paced_min) / exact_sum(paced_km) AS avg_pace_week,
           -- loads of which too few are known are not compared; where nobody knows the time, none is known
           COUNT(*) = 7 AND CASE WHEN exact_sum(moving_s) > 0 THEN 1.0 * exact_sum(unknown_load_s) / exact_sum(moving_s) ELSE COALESCE(MAX(unknown_load), 0) > 0 END
               <= (SELECT value FROM ops_config WHERE name = 'unknown_load_max_share') AS is_known,
           training_monotony(daily_tss) AS training_monotony,
           training_strain(daily_tss) AS training_strain,
           max(MAX(available_at),
               COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c -- a day may be gone
                         WHERE c.athlete_id = day.athlete_id AND c.from_date <= date(day.week_start, '+6 days')), '')) AS available_at
    FROM day
    GROUP BY athlete_id, week_start
)
SELECT athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m,
       avg_pace_week, CASE WHEN is_known THEN training_monotony END AS training_monotony, CASE WHEN is_known THEN training_strain END AS training_strain,
       max(event_timestamp, available_at) AS available_at
FROM week;
CREATE UNIQUE INDEX temp.computed_by_week ON computed (athlete_id, week_start);

SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE days > 7 OR strftime('%w', week_start) <> '1'),
                   '440_weekly_features: a week has more than seven days or does not start on Monday');
SELECT assert_that(
    (SELECT COALESCE(SUM(days), 0) FROM computed)
    = (SELECT COUNT(*) FROM changed AS c
       CROSS JOIN athlete_rolling_features AS r ON r.athlete_id = c.athlete_id AND r.as_of_date >= COALESCE(date(c.since, 'weekday 0', '-6 days'), '')),
    '440_weekly_features: a day belongs to no week, or to two');

-- publish athlete_weekly_features, corrected from date(o.week_start, '+6 days'): printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to athlete_weekly_features_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '440_weekly_features' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.week_start, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN athlete_weekly_features AS o USING (athlete_id, week_start);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, week_start);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.week_start) = (s.athlete_id, s.week_start) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.week_start, n.event_timestamp, n.days, n.weekly_distance_km, n.weekly_activities, n.weekly_tss, n.weekly_elevation_m, n.avg_pace_week, n.training_monotony, n.training_strain, n.available_at
FROM computed AS n
LEFT JOIN athlete_weekly_features AS o ON (o.athlete_id, o.week_start) = (n.athlete_id, n.week_start)
WHERE (n.athlete_id, n.week_start, n.event_timestamp, n.days, n.weekly_distance_km, n.weekly_activities, n.weekly_tss, n.weekly_elevation_m, n.avg_pace_week, n.training_monotony, n.training_strain, n.available_at) IS NOT (o.athlete_id, o.week_start, o.event_timestamp, o.days, o.weekly_distance_km, o.weekly_activities, o.weekly_tss, o.weekly_elevation_m, o.avg_pace_week, o.training_monotony, o.training_strain, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, week_start)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN athlete_weekly_features AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.week_start) = (o.athlete_id, o.week_start))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= date(o.week_start, '+6 days') AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'athlete_weekly_features';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.week_start) = (s.athlete_id, s.week_start);
INSERT INTO athlete_weekly_features_earlier (publication_id, athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m, avg_pace_week, training_monotony, training_strain, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.week_start, o.event_timestamp, o.days, o.weekly_distance_km, o.weekly_activities, o.weekly_tss, o.weekly_elevation_m, o.avg_pace_week, o.training_monotony, o.training_strain, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN athlete_weekly_features_versions AS o;
DELETE FROM athlete_weekly_features_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM athlete_weekly_features_history AS h WHERE (h.athlete_id, h.week_start) = (n.athlete_id, n.week_start)), ''))
WHERE EXISTS (SELECT 1 FROM athlete_weekly_features_history AS h WHERE (h.athlete_id, h.week_start) = (n.athlete_id, n.week_start));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.week_start, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN athlete_weekly_features AS o USING (athlete_id, week_start)
UNION ALL
SELECT o.athlete_id, o.week_start,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= date(o.week_start, '+6 days') AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN athlete_weekly_features AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE date(o.week_start, '+6 days') >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.week_start) = (o.athlete_id, o.week_start));
INSERT INTO athlete_weekly_features_history (athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m, avg_pace_week, training_monotony, training_strain, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.week_start, o.event_timestamp, o.days, o.weekly_distance_km, o.weekly_activities, o.weekly_tss, o.weekly_elevation_m, o.avg_pace_week, o.training_monotony, o.training_strain, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN athlete_weekly_features AS o USING (athlete_id, week_start);
DELETE FROM athlete_weekly_features
WHERE (athlete_id, week_start) IN (SELECT athlete_id, week_start FROM outdated);
DELETE FROM athlete_weekly_features_history -- what was never believed leaves no version
WHERE (athlete_id, week_start) IN (SELECT athlete_id, week_start FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO athlete_weekly_features (athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m, avg_pace_week, training_monotony, training_strain, available_at) SELECT athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m, avg_pace_week, training_monotony, training_strain, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COALESCE(SUM(days), 0) FROM computed) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '440_weekly_features', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '440_weekly_features', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '440_weekly_features';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
