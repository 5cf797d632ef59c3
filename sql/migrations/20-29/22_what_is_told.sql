-- needs: activity_features, race_results, feature_groups, features, ops_audit, ops_actor
-- unless: activity_features.load_reason
--
-- A load may have been told, or come from power or exertion, and the time of a race may have been told. The check that is in a
-- group's table is from its first version, so the table is made anew, and the definitions that are registered allow what it allows;
-- no row changes, and the audit says so. The triggers dropped here are made anew with all others, or by their stages.
DROP TRIGGER IF EXISTS feature_groups_keep;
DROP TRIGGER IF EXISTS features_keep;
CREATE TEMP TABLE old_rows AS SELECT * FROM activity_features;
DROP TABLE activity_features;
CREATE TABLE "activity_features" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL, -- start of the activity, UTC
    "activity_date" TEXT NOT NULL, -- local day
    "utc_offset_s" INTEGER NOT NULL, -- s; local time less UTC
    "sport_type" TEXT NOT NULL, -- Strava's sport type
    "is_run" INTEGER NOT NULL CHECK ("is_run" IN (0, 1)), -- Run, TrailRun or VirtualRun
    "distance_km" REAL NOT NULL, -- km; distance
    "moving_time_min" REAL NOT NULL, -- min; time in motion
    "elapsed_time_min" REAL NOT NULL, -- min; time from start to end
    "pace_min_km" REAL, -- min/km; moving time over distance; NULL without distance
    "elevation_gain_m" REAL, -- m; metres climbed
    "elevation_per_km" REAL, -- m/km; metres climbed per kilometre
    "estimated_tss" REAL, -- TSS; training load; NULL: the load is unknown, which is not a rest
    "load_source" TEXT CHECK (CASE "load_source" WHEN 'told' THEN 1 WHEN 'pace' THEN 1 WHEN 'power' THEN 1 WHEN 'heart_rate' THEN 1 WHEN 'rpe' THEN 1 ELSE "load_source" IS NULL END), -- what the load was computed from
    "intensity_factor" REAL, -- ratio; threshold pace over pace; runs only
    "threshold_pace_min_km" REAL NOT NULL, -- min/km; threshold pace as known before this day
    "threshold_source" TEXT NOT NULL CHECK (CASE "threshold_source" WHEN 'profile' THEN 1 WHEN 'history' THEN 1 WHEN 'default' THEN 1 ELSE "threshold_source" IS NULL END), -- where the threshold pace came from
    "avg_hr" REAL, -- bpm; mean heart rate
    "max_hr" REAL, -- bpm; highest heart rate
    "reference_max_hr" REAL, -- bpm; the athlete's maximum as known before this day
    "hr_zone_1_pct" REAL, -- %; time in zone 1 (50 to 60 % of maximum) of the time with heart rate
    "hr_zone_2_pct" REAL, -- %; time in zone 2 (60 to 70 % of maximum) of the time with heart rate
    "hr_zone_3_pct" REAL, -- %; time in zone 3 (70 to 80 % of maximum) of the time with heart rate
    "hr_zone_4_pct" REAL, -- %; time in zone 4 (80 to 90 % of maximum) of the time with heart rate
    "hr_zone_5_pct" REAL, -- %; time in zone 5 (90 to 100 % of maximum) of the time with heart rate
    "efficiency_index" REAL, -- min/km per bpm; pace over heart rate; runs only
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
INSERT INTO activity_features SELECT * FROM temp.old_rows;
DROP TABLE temp.old_rows;
UPDATE feature_groups
SET definition = json_set(definition, (SELECT f.fullkey || '.allowed' FROM json_each(definition, '$.features') AS f WHERE f.value ->> '$.name' = 'load_source'),
                          json('["told", "pace", "power", "heart_rate", "rpe"]'))
WHERE name = 'activity_features'
  AND EXISTS (SELECT 1 FROM json_each(definition, '$.features') AS f
              WHERE f.value ->> '$.name' = 'load_source' AND f.value -> '$.allowed' = '["pace","heart_rate"]');
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'activity_features.load_source', '{"allows":"told"}'
WHERE changes() > 0;
UPDATE features SET rules = json_set(rules, '$.allowed', json('["told", "pace", "power", "heart_rate", "rpe"]')) WHERE group_name = 'activity_features' AND name = 'load_source' AND rules -> '$.allowed' = '["pace","heart_rate"]';
CREATE TEMP TABLE old_rows AS SELECT * FROM race_results;
DROP TABLE race_results;
CREATE TABLE "race_results" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL, -- local day
    "distance_class" TEXT NOT NULL, -- official distance
    "seconds" REAL NOT NULL, -- s; time over the official distance
    "source" TEXT NOT NULL CHECK (CASE "source" WHEN 'best_effort' THEN 1 WHEN 'race_tag' THEN 1 WHEN 'told' THEN 1 ELSE "source" IS NULL END), -- what the time was read from
    "measured_m" REAL NOT NULL, -- m; distance as the watch said; the class names the official one
    "event_timestamp" TEXT NOT NULL, -- the finish, UTC
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
INSERT INTO race_results SELECT * FROM temp.old_rows;
DROP TABLE temp.old_rows;
UPDATE feature_groups
SET definition = json_set(definition, (SELECT f.fullkey || '.allowed' FROM json_each(definition, '$.features') AS f WHERE f.value ->> '$.name' = 'source'),
                          json('["best_effort", "race_tag", "told"]'))
WHERE name = 'race_results'
  AND EXISTS (SELECT 1 FROM json_each(definition, '$.features') AS f
              WHERE f.value ->> '$.name' = 'source' AND f.value -> '$.allowed' = '["best_effort","race_tag"]');
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'race_results.source', '{"allows":"told"}'
WHERE changes() > 0;
UPDATE features SET rules = json_set(rules, '$.allowed', json('["best_effort", "race_tag", "told"]')) WHERE group_name = 'race_results' AND name = 'source' AND rules -> '$.allowed' = '["best_effort","race_tag"]';
