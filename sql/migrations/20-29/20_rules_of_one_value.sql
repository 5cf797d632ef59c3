-- needs: silver_strava_activities, ops_audit, ops_actor
--
-- A rule judges the value that it empties, and what is 0 is not called fast. A rule that its owner has changed stays as it is and
-- goes on emptying what it emptied; the others are dropped here and come anew with all activities, which get their power, too.
CREATE TABLE IF NOT EXISTS silver_rule_empties (
    table_name  TEXT NOT NULL,
    rule        TEXT NOT NULL,
    column_name TEXT NOT NULL CHECK (column_name IN ('elevation_gain_m', 'avg_hr', 'max_hr', 'avg_power_w', 'weighted_power_w')),
    PRIMARY KEY (table_name, rule, column_name)
) WITHOUT ROWID;
CREATE TEMP TABLE ours (table_name TEXT, rule TEXT, predicate TEXT);
INSERT INTO ours VALUES
    ('silver_strava_activities', 'running_speed_is_human', 'NOT is_run OR distance_m <= 400 OR distance_m <= 6.5 * max(moving_s, 1)'),
    ('silver_strava_activities', 'climb_rate_is_human', 'NOT is_run OR elevation_gain_m <= 2200.0 * max(moving_s, 600) / 3600'),
    ('silver_strava_activities', 'heart_rate_is_human', 'avg_hr BETWEEN 30 AND 230 AND coalesce(max_hr, 100) BETWEEN 30 AND 250'),
    ('silver_strava_sub_activity', 'heart_rate_is_human', 'avg_hr BETWEEN 30 AND 230 AND coalesce(max_hr, 100) BETWEEN 30 AND 250'),
    ('silver_strava_sub_activity', 'has_a_duration', 'elapsed_s IS NOT NULL AND elapsed_s >= 0 AND moving_s IS NOT NULL AND moving_s >= 0'),
    ('silver_strava_sub_activity', 'effort_speed_is_human', 'kind <> ''best_effort'' OR distance_m <= 400 OR distance_m <= 7 * max(elapsed_s, 1)'),
    ('silver_survey_races', 'speed_is_human', 'seconds > 0 AND distance_m / seconds BETWEEN 1 AND 7');
DELETE FROM silver_rules WHERE (table_name, rule, predicate) IN (SELECT table_name, rule, predicate FROM temp.ours);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'silver_rules', json_object('rules_of_one_value', changes())
WHERE changes() > 0;
DROP TABLE temp.ours;
INSERT OR IGNORE INTO silver_rule_empties (table_name, rule, column_name)
SELECT r.table_name, r.rule, c.column1
FROM silver_rules AS r
CROSS JOIN (VALUES ('avg_hr'), ('max_hr')) AS c
WHERE r.rule = 'heart_rate_is_human' AND r.table_name IN ('silver_strava_activities', 'silver_strava_sub_activity');

DROP VIEW IF EXISTS run_evidence;
DROP VIEW IF EXISTS silver_trainings;
DROP TRIGGER IF EXISTS silver_same_training_due_410_added;
DROP TRIGGER IF EXISTS silver_same_training_due_410_changed;
DROP TRIGGER IF EXISTS silver_same_training_due_410_gone;
CREATE TEMP TABLE activity AS
SELECT athlete_id, activity_id, start_time, end_time, local_date, local_start_time, utc_offset_s, name, sport_type, workout_type, is_run, is_race, is_indoor,
       is_manual, is_flagged, distance_m, moving_s, elapsed_s, elevation_gain_m, speed_m_s, pace_min_km, max_speed_m_s, avg_hr, max_hr, cadence_spm,
       avg_temp_c, 0 AS has_power_meter, NULL AS avg_power_w, NULL AS weighted_power_w, quality_flags, n_versions, bronze_id, available_at
FROM silver_strava_activities;
DROP TABLE silver_strava_activities;
CREATE TABLE silver_strava_activities (
    athlete_id       TEXT NOT NULL,
    activity_id      TEXT NOT NULL,
    start_time       TEXT NOT NULL,   -- UTC
    end_time         TEXT NOT NULL,   -- UTC, start and elapsed time
    local_date       TEXT NOT NULL,   -- the day of training: where the athlete was
    local_start_time TEXT NOT NULL,   -- wall clock, no zone
    utc_offset_s     INTEGER NOT NULL,
    name             TEXT,
    sport_type       TEXT NOT NULL,
    workout_type     TEXT NOT NULL,   -- default, race, long_run, workout, other
    is_run           INTEGER NOT NULL,
    is_race          INTEGER NOT NULL,
    is_indoor        INTEGER NOT NULL, -- treadmill or trainer
    is_manual        INTEGER NOT NULL,
    is_flagged       INTEGER NOT NULL,
    distance_m       REAL NOT NULL,
    moving_s         INTEGER NOT NULL,
    elapsed_s        INTEGER NOT NULL,
    elevation_gain_m REAL,            -- NULL when it is impossible
    speed_m_s        REAL,            -- distance over moving time; NULL without distance
    pace_min_km      REAL,            -- the same, for runs
    max_speed_m_s    REAL,
    avg_hr           REAL,            -- bpm; NULL without a sensor, or with an impossible reading
    max_hr           REAL,
    cadence_spm      REAL,            -- steps per minute of both feet, for runs
    avg_temp_c       REAL,
    has_power_meter  INTEGER NOT NULL, -- else Strava's estimate from speed and climb is what stands here
    avg_power_w      REAL,
    weighted_power_w REAL,            -- as the body feels it, on which normalized power is modelled
    quality_flags    TEXT,            -- names of broken 'warn' rules
    n_versions       INTEGER NOT NULL,
    bronze_id        INTEGER NOT NULL,
    available_at     TEXT NOT NULL,   -- the end, or when a correction of it arrived
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
INSERT INTO silver_strava_activities SELECT * FROM temp.activity;
DROP TABLE temp.activity;
-- All are read again, by fields and rules that cannot be those of before.
UPDATE ops_watermarks SET position = json_set(position, '$[1]', '') WHERE stage = '200_silver_activities' AND json_valid(position);
