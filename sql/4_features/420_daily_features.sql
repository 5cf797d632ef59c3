-- stage:    420_daily_features
-- purpose:  the activities of each local day, added up; one that a rule keeps out is training of unknown load
-- reads:    activity_features; silver_unusable_trainings, unusable_training_loads, silver_corrections, ops_stale, ops_actor, athlete_daily_features, athlete_daily_features_history, ops_watermarks, ops_due, athlete_utc_offsets, feature_upgrades, athlete_daily_features_versions, ops_upstreams
-- writes:   athlete_daily_features; athlete_daily_features_history, athlete_daily_features_earlier, feature_publications, athlete_utc_offsets, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, activity_date
-- params:   -
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '420_daily_features',
    'the activities of each local day, added up; one that a rule keeps out is training of unknown load',
    '["activity_features"]',
    '["athlete_daily_features"]',
    '["410_activity_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '420_daily_features'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '420_daily_features'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'athlete_daily_features' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

CREATE TEMP TABLE computed AS
WITH training AS (
    SELECT athlete_id, activity_date, utc_offset_s, is_run, distance_km, moving_time_min, elevation_gain_m, estimated_tss, pace_min_km, avg_hr, max_hr, available_at
    FROM changed
    CROSS JOIN activity_features USING (athlete_id)
    WHERE activity_date >= since
    UNION ALL
    SELECT athlete_id, local_date, utc_offset_s, is_run, 0.0, moving_s / 60.0, NULL, l.estimated_tss, NULL, NULL, NULL, available_at
    FROM changed
    CROSS JOIN silver_unusable_trainings USING (athlete_id)
    LEFT JOIN unusable_training_loads AS l USING (athlete_id, activity_id)
    WHERE local_date >= since
),
day AS (
    SELECT athlete_id, activity_date,
           strftime('%Y-%m-%dT%H:%M:%SZ', activity_date, '+1 day', -COALESCE(MIN(utc_offset_s), 0) || ' seconds') AS event_timestamp,
           COUNT(*) AS activities,
           COUNT(*) FILTER (WHERE is_run) AS runs,
           exact_sum(distance_km) AS distance_km,
           COALESCE(exact_sum(distance_km) FILTER (WHERE is_run), 0.0) AS run_distance_km,
           exact_sum(moving_time_min) AS moving_time_min,
           COALESCE(exact_sum(elevation_gain_m), 0.0) AS elevation_gain_m,
           COALESCE(exact_sum(estimated_tss), 0.0) AS daily_tss,
           COUNT(*) - COUNT(estimated_tss) AS unknown_load,
           COALESCE(exact_sum(moving_time_min) FILTER (WHERE estimated_tss IS NULL), 0.0) AS unknown_load_min,
           exact_sum(moving_time_min) FILTER (WHERE is_run AND pace_min_km IS NOT NULL)
               / exact_sum(distance_km) FILTER (WHERE is_run AND pace_min_km IS NOT NULL) AS avg_pace,
           exact_sum(avg_hr * moving_time_min) / exact_sum(moving_time_min) FILTER (WHERE avg_hr IS NOT NULL) AS avg_hr,
           MAX(max_hr) AS max_hr,
           MAX(available_at) AS available_at
    FROM training
    GROUP BY athlete_id, activity_date
)
SELECT athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m,
       daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr,
       max(event_timestamp, available_at,
           COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c
                     WHERE c.athlete_id = day.athlete_id AND c.from_date <= day.activity_date), '')) AS available_at
FROM day;
CREATE UNIQUE INDEX temp.computed_by_day ON computed (athlete_id, activity_date);

SELECT assert_that(
    (SELECT COALESCE(SUM(activities), 0) FROM computed)
    = (SELECT COUNT(*) FROM changed CROSS JOIN activity_features USING (athlete_id) WHERE activity_date >= since)
    + (SELECT COUNT(*) FROM changed CROSS JOIN silver_unusable_trainings USING (athlete_id) WHERE local_date >= since),
    '420_daily_features: an activity belongs to no day, or to two');

-- A day that is told of this athlete ends by the clock of the day's first activity.
CREATE TEMP TABLE day_offset AS
SELECT athlete_id, local_date, MIN(utc_offset_s) AS utc_offset_s
FROM (SELECT athlete_id, activity_date AS local_date, utc_offset_s FROM changed CROSS JOIN activity_features USING (athlete_id) WHERE activity_date >= since
      UNION ALL
      SELECT athlete_id, local_date, utc_offset_s FROM changed CROSS JOIN silver_unusable_trainings USING (athlete_id)
      WHERE utc_offset_s IS NOT NULL AND local_date >= since)
GROUP BY athlete_id, local_date;
CREATE UNIQUE INDEX temp.day_offset_by_day ON day_offset (athlete_id, local_date);
DELETE FROM athlete_utc_offsets
WHERE (athlete_id, local_date) IN (
    SELECT o.athlete_id, o.local_date
    FROM changed AS c
    CROSS JOIN athlete_utc_offsets AS o ON o.athlete_id = c.athlete_id AND o.local_date >= c.since
    WHERE NOT EXISTS (SELECT 1 FROM day_offset AS d WHERE d.athlete_id = o.athlete_id AND d.local_date = o.local_date));
INSERT INTO athlete_utc_offsets (athlete_id, local_date, utc_offset_s)
SELECT athlete_id, local_date, utc_offset_s FROM day_offset WHERE true
ON CONFLICT DO UPDATE SET utc_offset_s = excluded.utc_offset_s WHERE utc_offset_s <> excluded.utc_offset_s;

-- publish athlete_daily_features, corrected from o.activity_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to athlete_daily_features_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '420_daily_features' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_date, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN athlete_daily_features AS o USING (athlete_id, activity_date);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_date);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_date) = (s.athlete_id, s.activity_date) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.activity_date, n.event_timestamp, n.activities, n.runs, n.distance_km, n.run_distance_km, n.moving_time_min, n.elevation_gain_m, n.daily_tss, n.unknown_load, n.unknown_load_min, n.avg_pace, n.avg_hr, n.max_hr, n.available_at
FROM computed AS n
LEFT JOIN athlete_daily_features AS o ON (o.athlete_id, o.activity_date) = (n.athlete_id, n.activity_date)
WHERE (n.athlete_id, n.activity_date, n.event_timestamp, n.activities, n.runs, n.distance_km, n.run_distance_km, n.moving_time_min, n.elevation_gain_m, n.daily_tss, n.unknown_load, n.unknown_load_min, n.avg_pace, n.avg_hr, n.max_hr, n.available_at) IS NOT (o.athlete_id, o.activity_date, o.event_timestamp, o.activities, o.runs, o.distance_km, o.run_distance_km, o.moving_time_min, o.elevation_gain_m, o.daily_tss, o.unknown_load, o.unknown_load_min, o.avg_pace, o.avg_hr, o.max_hr, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, activity_date)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN athlete_daily_features AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_date) = (o.athlete_id, o.activity_date))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'athlete_daily_features';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.activity_date) = (s.athlete_id, s.activity_date);
INSERT INTO athlete_daily_features_earlier (publication_id, athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m, daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.activity_date, o.event_timestamp, o.activities, o.runs, o.distance_km, o.run_distance_km, o.moving_time_min, o.elevation_gain_m, o.daily_tss, o.unknown_load, o.unknown_load_min, o.avg_pace, o.avg_hr, o.max_hr, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN athlete_daily_features_versions AS o;
DELETE FROM athlete_daily_features_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM athlete_daily_features_history AS h WHERE (h.athlete_id, h.activity_date) = (n.athlete_id, n.activity_date)), ''))
WHERE EXISTS (SELECT 1 FROM athlete_daily_features_history AS h WHERE (h.athlete_id, h.activity_date) = (n.athlete_id, n.activity_date));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.activity_date, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN athlete_daily_features AS o USING (athlete_id, activity_date)
UNION ALL
SELECT o.athlete_id, o.activity_date,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN athlete_daily_features AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.activity_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_date) = (o.athlete_id, o.activity_date));
INSERT INTO athlete_daily_features_history (athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m, daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.activity_date, o.event_timestamp, o.activities, o.runs, o.distance_km, o.run_distance_km, o.moving_time_min, o.elevation_gain_m, o.daily_tss, o.unknown_load, o.unknown_load_min, o.avg_pace, o.avg_hr, o.max_hr, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN athlete_daily_features AS o USING (athlete_id, activity_date);
DELETE FROM athlete_daily_features
WHERE (athlete_id, activity_date) IN (SELECT athlete_id, activity_date FROM outdated);
DELETE FROM athlete_daily_features_history -- what was never believed leaves no version
WHERE (athlete_id, activity_date) IN (SELECT athlete_id, activity_date FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO athlete_daily_features (athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m, daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at) SELECT athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m, daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COALESCE(SUM(activities), 0) FROM computed) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '420_daily_features', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '420_daily_features', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '420_daily_features';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.day_offset;
DROP TABLE temp.computed;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
