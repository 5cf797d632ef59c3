-- stage:    200_silver_activities
-- purpose:  one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule
-- reads:    bronze_strava_activities, athlete_activity_settings_now; athlete_activity_settings, silver_rules, silver_rule_empties, silver_rule_rejects, silver_fields, silver_field_lists, silver_rule_fields, silver_strava_activities, silver_rejects, silver_corrections, silver_arrivals, ops_config, ops_published, ops_actor, ops_watermarks, ops_due
-- writes:   silver_strava_activities; silver_rules, silver_rule_empties, silver_rule_rejects, silver_fields, silver_field_lists, silver_rejects, silver_corrections, silver_arrivals, ops_audit, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   arrivals

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '200_silver_activities',
    'one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule',
    '["bronze_strava_activities", "athlete_activity_settings_now"]',
    '["silver_strava_activities"]',
    '[]');
-- end

-- Quality rules are data. `predicate` is what must hold for a row of the table it names; NULL counts as holding.
-- A row that breaks a 'reject' rule is kept out; one that breaks a 'warn' rule carries the rule's name in quality_flags.
-- It may read the values of the row and call deterministic functions of SQLite; one that needs more judges nothing and
-- stands in silver_rule_rejects with the reason.
CREATE TABLE IF NOT EXISTS silver_rules (
    table_name TEXT NOT NULL,
    rule       TEXT NOT NULL,
    severity   TEXT NOT NULL CHECK (severity IN ('reject', 'warn')),
    predicate  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (table_name, rule)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS silver_rule_rejects (
    table_name  TEXT NOT NULL,
    rule        TEXT NOT NULL,
    predicate   TEXT NOT NULL,
    reason      TEXT NOT NULL,
    rejected_at TEXT NOT NULL,
    PRIMARY KEY (table_name, rule)
) WITHOUT ROWID;

INSERT OR IGNORE INTO silver_rules (table_name, rule, severity, predicate, reason) VALUES
    ('silver_strava_activities', 'start_is_an_instant', 'reject', 'start_time IS NOT NULL',
     'start_date is not an ISO instant'),
    ('silver_strava_activities', 'start_is_in_living_memory', 'reject',
     'start_time >= ''1970-01-02'' AND substr(start_time, 1, 10) NOT IN (''1980-01-06'', ''1989-12-31'')',
     'starts before 1970, or on a day on which the clocks of phones, of GPS or of watches begin: one that was never set'),
    ('silver_strava_activities', 'sport_is_known', 'reject', 'sport_type IS NOT NULL',
     'sport_type and type are missing or not text'),
    ('silver_strava_activities', 'offset_is_on_earth', 'reject', 'utc_offset_s IS NOT NULL AND abs(utc_offset_s) <= 14 * 3600',
     'the offset from UTC is missing or more than 14 hours'),
    ('silver_strava_activities', 'has_a_duration', 'reject', 'elapsed_s IS NOT NULL AND elapsed_s > 0',
     'elapsed_time is missing or not positive'),
    ('silver_strava_activities', 'moving_time_is_known', 'reject', 'moving_s IS NOT NULL AND moving_s >= 0',
     'moving_time is missing or negative'),
    ('silver_strava_activities', 'moving_within_elapsed', 'reject', 'moving_s <= elapsed_s',
     'moving_time is more than a few seconds longer than elapsed_time'),
    ('silver_strava_activities', 'shorter_than_ten_days', 'reject', 'elapsed_s <= 864000',
     'longer than ten days: a recording that was never stopped'),
    ('silver_strava_activities', 'distance_not_negative', 'reject', 'distance_m >= 0',
     'distance is negative'),
    ('silver_strava_activities', 'distance_fits_the_earth', 'reject', 'distance_m <= 10000000',
     'a distance of more than a quarter of the equator'),
    ('silver_strava_activities', 'not_from_the_future', 'reject', 'julianday(start_time) <= julianday(ingested_at) + 1',
     'starts more than a day after it was received'),
    ('silver_strava_activities', 'a_run_takes_time', 'reject', 'NOT is_run OR distance_m <= 400 OR moving_s <> 0',
     'a run of more than 400 m with a moving time of 0'),
    ('silver_strava_activities', 'running_speed_is_human', 'reject', 'NOT is_run OR distance_m <= 400 OR moving_s <= 0 OR distance_m <= 6.5 * moving_s',
     'a run faster than 6.5 m/s on average: another sport, or a GPS fault'),
    ('silver_strava_activities', 'average_heart_rate_is_human', 'warn', 'avg_hr BETWEEN 30 AND 230',
     'an average heart rate that no heart has: a sensor fault'),
    ('silver_strava_activities', 'maximum_heart_rate_is_human', 'warn', 'max_hr BETWEEN 30 AND 250',
     'a maximum heart rate that no heart has: a sensor fault'),
    ('silver_strava_activities', 'average_power_is_human', 'warn', 'avg_power_w BETWEEN 0 AND 2000',
     'an average power that no legs have: a sensor fault'),
    ('silver_strava_activities', 'weighted_power_is_human', 'warn', 'weighted_power_w BETWEEN 0 AND 2000',
     'a weighted average power that no legs have: a sensor fault'),
    ('silver_strava_activities', 'climb_is_possible', 'warn', 'elevation_gain_m BETWEEN 0 AND 100000',
     'an elevation gain that is negative or more than 100 km'),
    ('silver_strava_activities', 'climb_rate_is_human', 'warn', 'NOT is_run OR moving_s <= 0 OR elevation_gain_m <= 2200.0 * max(moving_s, 600) / 3600',
     'a run that climbs more than 2200 m per hour'),
    ('silver_strava_activities', 'speed_without_spikes', 'warn', 'NOT is_run OR max_speed_m_s <= 9',
     'a maximum running speed above 9 m/s: a GPS spike'),
    ('silver_strava_activities', 'not_flagged', 'warn', 'NOT is_flagged',
     'flagged on Strava as not credible'),
    ('silver_strava_sub_activity', 'has_a_duration', 'reject', 'elapsed_s IS NOT NULL AND elapsed_s >= 0',
     'elapsed_time is missing or negative'),
    ('silver_strava_sub_activity', 'moving_time_is_known', 'reject', 'moving_s IS NOT NULL AND moving_s >= 0',
     'moving_time is missing or negative'),
    ('silver_strava_sub_activity', 'average_heart_rate_is_human', 'warn', 'avg_hr BETWEEN 30 AND 230',
     'an average heart rate that no heart has: a sensor fault'),
    ('silver_strava_sub_activity', 'maximum_heart_rate_is_human', 'warn', 'max_hr BETWEEN 30 AND 250',
     'a maximum heart rate that no heart has: a sensor fault'),
    ('silver_strava_sub_activity', 'distance_not_negative', 'reject', 'distance_m IS NOT NULL AND distance_m >= 0',
     'distance is missing or negative'),
    ('silver_strava_sub_activity', 'has_a_number', 'reject', 'item IS NOT NULL',
     'lap_index or split is missing'),
    ('silver_strava_sub_activity', 'activity_is_current', 'reject', 'athlete_id IS NOT NULL',
     'its activity is unknown, deleted or rejected'),
    ('silver_strava_sub_activity', 'shorter_than_ten_days', 'reject', 'elapsed_s <= 864000 AND moving_s <= 864000',
     'longer than ten days: a recording that was never stopped'),
    ('silver_strava_sub_activity', 'distance_fits_the_earth', 'reject', 'distance_m <= 10000000',
     'a distance of more than a quarter of the equator'),
    ('silver_strava_sub_activity', 'number_is_given_once', 'reject', 'NOT is_repeated OR item IS NULL',
     'another one of the same activity has this lap_index or split'),
    ('silver_strava_sub_activity', 'an_effort_takes_time', 'reject', 'kind <> ''best_effort'' OR distance_m <= 400 OR elapsed_s <> 0',
     'a best effort of more than 400 m with an elapsed time of 0'),
    ('silver_strava_sub_activity', 'effort_speed_is_human', 'reject',
     'kind <> ''best_effort'' OR distance_m <= 400 OR elapsed_s <= 0 OR distance_m <= 7 * elapsed_s',
     'a best effort faster than 7 m/s: a GPS fault'),
    ('silver_survey_races', 'a_race_takes_time', 'reject', 'seconds > 0',
     'a race with a time of 0 or less'),
    ('silver_survey_races', 'speed_is_human', 'reject', 'seconds <= 0 OR distance_m / seconds BETWEEN 1 AND 7',
     'a race slower than walking or faster than the world record'),
    ('athlete_profile', 'sex_is_known', 'warn', 'sex IN (''M'', ''F'')',
     'sex is neither M nor F'),
    ('athlete_profile', 'birth_is_plausible', 'warn', 'birth_year BETWEEN first_year - 100 AND first_year',
     'born after the first activity, or more than a hundred years before it');

-- Which value a broken 'warn' rule takes with it: a rule judges what it empties, so that one sensor's fault is not another's.
CREATE TABLE IF NOT EXISTS silver_rule_empties (
    table_name  TEXT NOT NULL,
    rule        TEXT NOT NULL,
    column_name TEXT NOT NULL CHECK (column_name IN ('elevation_gain_m', 'avg_hr', 'max_hr', 'avg_power_w', 'weighted_power_w')),
    PRIMARY KEY (table_name, rule, column_name)
) WITHOUT ROWID;
INSERT OR IGNORE INTO silver_rule_empties (table_name, rule, column_name) VALUES
    ('silver_strava_activities', 'average_heart_rate_is_human', 'avg_hr'),
    ('silver_strava_activities', 'maximum_heart_rate_is_human', 'max_hr'),
    ('silver_strava_activities', 'average_power_is_human', 'avg_power_w'),
    ('silver_strava_activities', 'weighted_power_is_human', 'weighted_power_w'),
    ('silver_strava_activities', 'climb_is_possible', 'elevation_gain_m'),
    ('silver_strava_sub_activity', 'average_heart_rate_is_human', 'avg_hr'),
    ('silver_strava_sub_activity', 'maximum_heart_rate_is_human', 'max_hr');

-- What the stages read of each kind of object, as rows: json_fields() reads by them. `column_name` is the typed column
-- that rules speak of. A value of another type or outside its range is none: 'reject' keeps the row out, with 'warn' it
-- goes on without that value; either way silver_rejects says so. Null, and a field that is not there, are no faults.
CREATE TABLE IF NOT EXISTS silver_fields (
    table_name    TEXT NOT NULL,
    field         TEXT NOT NULL,
    column_name   TEXT NOT NULL,
    type          TEXT NOT NULL, -- number, whole, boolean, id, text, label, instant, date, list
    unit          TEXT,
    min           NUMERIC,       -- of a number, or of the characters of a text; NULL: no limit, a rule judges
    max           NUMERIC,
    blank_is_null INTEGER NOT NULL DEFAULT 0 CHECK (blank_is_null IN (0, 1)),
    severity      TEXT NOT NULL CHECK (severity IN ('reject', 'warn')),
    PRIMARY KEY (table_name, field)
) WITHOUT ROWID;

INSERT OR IGNORE INTO silver_fields (table_name, field, column_name, type, unit, min, max, blank_is_null, severity) VALUES
    ('silver_strava_activities', 'start_date', 'start_time', 'instant', NULL, NULL, NULL, 0, 'reject'),
    ('silver_strava_activities', 'start_date_local', 'utc_offset_s', 'instant', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'utc_offset', 'utc_offset_s', 'whole', 's', -1000000, 1000000, 0, 'reject'),
    ('silver_strava_activities', 'elapsed_time', 'elapsed_s', 'number', 's', NULL, NULL, 0, 'reject'),
    ('silver_strava_activities', 'moving_time', 'moving_s', 'number', 's', NULL, NULL, 0, 'reject'),
    ('silver_strava_activities', 'distance', 'distance_m', 'number', 'm', NULL, NULL, 0, 'reject'),
    ('silver_strava_activities', 'sport_type', 'sport_type', 'label', NULL, 1, 64, 0, 'warn'),
    ('silver_strava_activities', 'type', 'sport_type', 'label', NULL, 1, 64, 0, 'warn'),
    ('silver_strava_activities', 'workout_type', 'workout_type', 'whole', NULL, 0, 1000, 0, 'warn'),
    ('silver_strava_activities', 'name', 'name', 'text', NULL, 0, 1000, 0, 'warn'),
    ('silver_strava_activities', 'trainer', 'is_indoor', 'boolean', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'manual', 'is_manual', 'boolean', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'flagged', 'is_flagged', 'boolean', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'total_elevation_gain', 'elevation_gain_m', 'number', 'm', -1000000000, 1000000000, 0, 'warn'),
    ('silver_strava_activities', 'max_speed', 'max_speed_m_s', 'number', 'm/s', -10000, 10000, 0, 'warn'),
    ('silver_strava_activities', 'average_heartrate', 'avg_hr', 'number', 'bpm', -1000, 1000, 0, 'warn'),
    ('silver_strava_activities', 'max_heartrate', 'max_hr', 'number', 'bpm', -1000, 1000, 0, 'warn'),
    ('silver_strava_activities', 'average_cadence', 'cadence_spm', 'number', 'revolutions per minute', -1000, 1000, 0, 'warn'),
    ('silver_strava_activities', 'average_watts', 'avg_power_w', 'number', 'W', -100000, 100000, 0, 'warn'),
    ('silver_strava_activities', 'weighted_average_watts', 'weighted_power_w', 'number', 'W', -100000, 100000, 0, 'warn'),
    ('silver_strava_activities', 'device_watts', 'has_power_meter', 'boolean', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'average_temp', 'avg_temp_c', 'number', 'degrees Celsius', -1000, 1000, 0, 'warn'),
    ('silver_strava_activities', 'laps', '', 'list', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'splits_metric', '', 'list', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_activities', 'best_efforts', '', 'list', NULL, NULL, NULL, 0, 'warn'),
    ('silver_strava_sub_activity', 'lap_index', 'item', 'whole', NULL, 0, 1000000, 0, 'reject'),
    ('silver_strava_sub_activity', 'split', 'item', 'whole', NULL, 0, 1000000, 0, 'reject'),
    ('silver_strava_sub_activity', 'name', 'name', 'text', NULL, 0, 1000, 0, 'warn'),
    ('silver_strava_sub_activity', 'distance', 'distance_m', 'number', 'm', NULL, NULL, 0, 'reject'),
    ('silver_strava_sub_activity', 'moving_time', 'moving_s', 'number', 's', NULL, NULL, 0, 'reject'),
    ('silver_strava_sub_activity', 'elapsed_time', 'elapsed_s', 'number', 's', NULL, NULL, 0, 'reject'),
    ('silver_strava_sub_activity', 'total_elevation_gain', 'elevation_gain_m', 'number', 'm', -1000000000, 1000000000, 0, 'warn'),
    ('silver_strava_sub_activity', 'elevation_difference', 'elevation_gain_m', 'number', 'm', -1000000000, 1000000000, 0, 'warn'),
    ('silver_strava_sub_activity', 'average_heartrate', 'avg_hr', 'number', 'bpm', -1000, 1000, 0, 'warn'),
    ('silver_strava_sub_activity', 'max_heartrate', 'max_hr', 'number', 'bpm', -1000, 1000, 0, 'warn'),
    ('silver_survey_runners', 'id', 'runner_id', 'whole', NULL, 1, 9007199254740992, 0, 'reject'),
    ('silver_survey_runners', 'age', 'age', 'number', 'years', 5, 120, 1, 'warn'),
    ('silver_survey_runners', 'female', 'is_female', 'whole', NULL, 0, 1, 1, 'warn'),
    ('silver_survey_runners', 'bmi', 'bmi', 'number', 'kg/m2', 8, 100, 1, 'warn'),
    ('silver_survey_runners', 'endurancespeed', 'endurance_speed', 'number', NULL, 1, 10, 1, 'warn'),
    ('silver_survey_runners', 'sprint', 'sprints', 'whole', NULL, 0, 1, 1, 'warn'),
    ('silver_survey_runners', 'tempo', 'tempo_runs', 'whole', NULL, 0, 1, 1, 'warn'),
    ('silver_survey_runners', 'typical', 'weekly_km', 'number', 'miles', 0, 500, 1, 'warn'),
    ('silver_survey_runners', 'max', 'longest_week_km', 'number', 'miles', 0, 500, 1, 'warn'),
    ('athlete_profile', 'sex', 'sex', 'text', NULL, 0, 100, 0, 'warn'),
    ('athlete_profile', 'birthdate', 'birth_year', 'date', NULL, NULL, NULL, 0, 'warn');
INSERT OR IGNORE INTO silver_fields (table_name, field, column_name, type, unit, min, max, blank_is_null, severity)
SELECT 'silver_survey_runners', d.distance || q.suffix, q.column_name, 'number', q.unit, q.min, q.max, 1, q.severity
FROM (SELECT column1 AS distance FROM (VALUES ('k5'), ('m5'), ('k10'), ('m10'), ('mh'), ('mf'))) AS d
CROSS JOIN (SELECT column1 AS suffix, column2 AS column_name, column3 AS unit, column4 AS min, column5 AS max, column6 AS severity
            FROM (VALUES ('_ti', 'seconds', 's', NULL, NULL, 'reject'), ('_tr', 'fitness', NULL, 1, 4, 'warn'),
                         ('_di', 'difficulty', NULL, 1, 5, 'warn'))) AS q;

-- The fields of each kind of object as json_fields() takes them. A table, since SQLite 3.38 to 3.40 let no view of a file that is
-- not trusted call their JSON functions.
CREATE TABLE IF NOT EXISTS silver_field_lists (
    table_name TEXT PRIMARY KEY,
    fields     TEXT NOT NULL -- JSON
) WITHOUT ROWID;
CREATE TEMP TABLE field_list AS
SELECT table_name,
       json_group_array(json(rtrim(json_object('field', field, 'type', type, 'min', min), '}') || ','
                             || substr(json_object('max', max, 'unit', unit, 'blank_is_null', blank_is_null), 2))) AS fields
FROM silver_fields
GROUP BY table_name;
DELETE FROM silver_field_lists
WHERE (table_name, fields) IN (SELECT table_name, fields FROM silver_field_lists EXCEPT SELECT table_name, fields FROM temp.field_list);
INSERT INTO silver_field_lists SELECT table_name, fields FROM temp.field_list EXCEPT SELECT table_name, fields FROM silver_field_lists;

-- Which fields a rule speaks of.
CREATE VIEW IF NOT EXISTS silver_rule_fields AS
SELECT r.table_name, r.rule, f.field
FROM silver_rules AS r
JOIN silver_fields AS f ON f.table_name = r.table_name AND f.column_name <> ''
 AND ' ' || r.predicate || ' ' GLOB '*[^a-zA-Z0-9_]' || f.column_name || '[^a-zA-Z0-9_]*';

CREATE TABLE IF NOT EXISTS silver_strava_activities (
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
CREATE INDEX IF NOT EXISTS silver_strava_activities_by_day ON silver_strava_activities (athlete_id, local_date);
CREATE INDEX IF NOT EXISTS silver_strava_activities_by_activity ON silver_strava_activities (activity_id);
-- due silver_strava_activities for 230_silver_trainings, 240_silver_races, 400_athlete_profile, 410_activity_features: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_added AFTER INSERT ON silver_strava_activities
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('230_silver_trainings', new.athlete_id), ('240_silver_races', new.athlete_id), ('400_athlete_profile', new.athlete_id), ('410_activity_features', new.athlete_id); END;
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_changed AFTER UPDATE ON silver_strava_activities
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('230_silver_trainings', old.athlete_id), ('240_silver_races', old.athlete_id), ('400_athlete_profile', old.athlete_id), ('410_activity_features', old.athlete_id), ('230_silver_trainings', new.athlete_id), ('240_silver_races', new.athlete_id), ('400_athlete_profile', new.athlete_id), ('410_activity_features', new.athlete_id); END;
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_gone AFTER DELETE ON silver_strava_activities
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('230_silver_trainings', old.athlete_id), ('240_silver_races', old.athlete_id), ('400_athlete_profile', old.athlete_id), ('410_activity_features', old.athlete_id); END;
-- end

CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_are_of_the_athlete BEFORE INSERT ON athlete_activity_settings
WHEN EXISTS (SELECT 1 FROM silver_strava_activities AS a WHERE a.activity_id = new.activity_id AND a.athlete_id <> new.athlete_id)
BEGIN SELECT RAISE(ABORT, 'athlete_activity_settings: the activity is another athlete''s than athlete_id says'); END;

CREATE TABLE IF NOT EXISTS silver_rejects (
    table_name  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    item        TEXT NOT NULL,        -- 'lap 3', 'runner 12', 'athlete 4001'; '' for an activity
    rule        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bronze_id   INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    severity    TEXT NOT NULL DEFAULT 'reject', -- 'warn': the row is current without this value
    field       TEXT,                 -- of the payload, or several
    value       TEXT,                 -- JSON, its beginning if it is long
    PRIMARY KEY (table_name, activity_id, item, rule)
) WITHOUT ROWID;

-- Every time a belief about an activity changed: an edit of a fact, a deletion, a mended reject, a late arrival. All that is computed
-- for this athlete from from_date on may differ from what was believed before corrected_at.
CREATE TABLE IF NOT EXISTS silver_corrections (
    athlete_id   TEXT NOT NULL,
    from_date    TEXT NOT NULL,
    bronze_id    INTEGER NOT NULL,
    corrected_at TEXT NOT NULL,
    activity_id  TEXT NOT NULL,
    PRIMARY KEY (athlete_id, from_date, bronze_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_corrections_by_activity ON silver_corrections (activity_id);
-- due silver_corrections for 400_athlete_profile, 410_activity_features: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_added AFTER INSERT ON silver_corrections
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('400_athlete_profile', new.athlete_id), ('410_activity_features', new.athlete_id); END;
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_changed AFTER UPDATE ON silver_corrections
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('400_athlete_profile', old.athlete_id), ('410_activity_features', old.athlete_id), ('400_athlete_profile', new.athlete_id), ('410_activity_features', new.athlete_id); END;
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_gone AFTER DELETE ON silver_corrections
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES ('400_athlete_profile', old.athlete_id), ('410_activity_features', old.athlete_id); END;
-- end

-- What was decided of a version when it was first read, where that is not what goes without saying: 'live' is known from its
-- arrival though it is the first of its kind, 'history' is known when it happened though it corrects an earlier one.
CREATE TABLE IF NOT EXISTS silver_arrivals (
    bronze_table TEXT NOT NULL,
    bronze_id    INTEGER NOT NULL,
    athlete_id   TEXT NOT NULL,
    known        TEXT NOT NULL CHECK (known IN ('history', 'live')),
    PRIMARY KEY (bronze_table, bronze_id)
) WITHOUT ROWID;

SELECT assert_that(value IS NULL OR value IN ('history', 'live'),
                   'ops_config: arrivals is ' || value || ' where ''history'', ''live'' or NULL belongs')
FROM ops_config WHERE name = 'arrivals';

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       json_array((SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities),
                  (SELECT rows_hash(rule, severity, predicate, reason)
                   FROM (SELECT * FROM silver_rules WHERE table_name = 'silver_strava_activities' ORDER BY rule))
                      || (SELECT rows_hash(rule, column_name)
                          FROM (SELECT * FROM silver_rule_empties WHERE table_name = 'silver_strava_activities' ORDER BY rule, column_name))
                      || (SELECT rows_hash(table_name, fields) FROM (SELECT * FROM silver_field_lists ORDER BY table_name))) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '200_silver_activities') AS position_before;

-- Activities with a new version, and those of which it was told whose they are; all of them when a rule has changed.
CREATE TEMP TABLE changed AS
SELECT activity_id
FROM bronze_strava_activities NOT INDEXED -- but by its number: that few are new is worth more than their order
WHERE bronze_id > (SELECT CASE WHEN json_extract(position_before, '$[1]') IS json_extract(position, '$[1]')
                               THEN COALESCE(json_extract(position_before, '$[0]'), 0) ELSE 0 END FROM stage_clock)
UNION
SELECT s.activity_id
FROM ops_due AS d
CROSS JOIN athlete_activity_settings AS s USING (athlete_id)
WHERE d.stage = '200_silver_activities' AND s.setting = 'is_mine' AND EXISTS (SELECT 1 FROM bronze_strava_activities AS b WHERE b.activity_id = s.activity_id)
UNION
SELECT r.activity_id -- it may have been said, and the row be gone
FROM (SELECT athlete_id FROM ops_due WHERE stage = '200_silver_activities') AS d
CROSS JOIN silver_rejects AS r ON r.table_name = 'silver_strava_activities' AND r.rule = 'is_mine' AND trim(r.payload -> '$.athlete.id', '"') = d.athlete_id;
CREATE UNIQUE INDEX temp.changed_by_activity ON changed (activity_id);

-- Every version of a changed activity with the fields that are what they should be, and the faults of the others.
CREATE TEMP TABLE reading AS
SELECT b.bronze_id, b.activity_id, b.stream, b.ingested_at, b.payload,
       CASE WHEN b.stream <> 'tombstone' THEN json_fields(b.payload, l.fields) END AS p
FROM silver_field_lists AS l
CROSS JOIN changed
CROSS JOIN bronze_strava_activities AS b USING (activity_id)
WHERE l.table_name = 'silver_strava_activities';

-- With typed facts. start_date_local carries a false Z and the offset in the label of `timezone` ignores daylight
-- saving, so the local day comes from start_date and utc_offset.
CREATE TEMP TABLE version AS
WITH field AS (
    SELECT bronze_id, activity_id, stream, ingested_at, payload, p,
           trim(payload -> '$.athlete.id', '"') AS athlete_id,
           p ->> '$.values.start_date' AS start_time,
           COALESCE(CAST(p ->> '$.values.utc_offset' AS INTEGER),
                    CAST(strftime('%s', p ->> '$.values.start_date_local') AS INTEGER)
                        - CAST(strftime('%s', p ->> '$.values.start_date') AS INTEGER)) AS utc_offset_s,
           CAST(exact_real(p -> '$.values.elapsed_time') AS INTEGER) AS elapsed_s,
           CAST(exact_real(p -> '$.values.moving_time') AS INTEGER) AS moving_s,
           COALESCE(exact_real(p -> '$.values.distance'), 0.0) AS distance_m,
           COALESCE(p ->> '$.values.sport_type', p ->> '$.values.type') AS sport_type,
           COALESCE(p ->> '$.values.workout_type', 0) AS workout_code
    FROM reading
),
fact AS (
    SELECT *, sport_type IN ('Run', 'TrailRun', 'VirtualRun') AS is_run,
           -- a second or two of rounding between moving and elapsed time is not a fault
           CASE WHEN moving_s BETWEEN elapsed_s AND elapsed_s + 5 THEN elapsed_s ELSE moving_s END AS moving_clipped_s,
           -- the rules have yet to judge these two; a quotient of what they will not let through could be no number
           distance_m BETWEEN 0 AND 1e9 AND moving_s BETWEEN 0 AND 1e9 AS has_pace
    FROM field
)
SELECT bronze_id, activity_id, stream, ingested_at, athlete_id, start_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', start_time, elapsed_s || ' seconds') AS end_time,
       date(start_time, utc_offset_s || ' seconds') AS local_date,
       strftime('%Y-%m-%dT%H:%M:%S', start_time, utc_offset_s || ' seconds') AS local_start_time,
       utc_offset_s,
       p ->> '$.values.name' AS name,
       sport_type,
       CASE WHEN workout_code IN (0, 10) THEN 'default' WHEN workout_code IN (1, 11) THEN 'race'
            WHEN workout_code = 2 THEN 'long_run' WHEN workout_code IN (3, 12) THEN 'workout' ELSE 'other' END AS workout_type,
       is_run,
       workout_code IN (1, 11) AS is_race,
       COALESCE(p ->> '$.values.trainer', 0) OR sport_type = 'VirtualRun' AS is_indoor,
       COALESCE(p ->> '$.values.manual', 0) AS is_manual,
       COALESCE(p ->> '$.values.flagged', 0) AS is_flagged,
       distance_m, moving_clipped_s AS moving_s, elapsed_s,
       exact_real(p -> '$.values.total_elevation_gain') AS elevation_gain_m,
       CASE WHEN distance_m > 0 AND moving_clipped_s > 0 THEN distance_m / moving_clipped_s END AS speed_m_s,
       CASE WHEN is_run AND has_pace THEN pace_min_km(distance_m, moving_clipped_s) END AS pace_min_km,
       exact_real(p -> '$.values.max_speed') AS max_speed_m_s,
       exact_real(p -> '$.values.average_heartrate') AS avg_hr,
       exact_real(p -> '$.values.max_heartrate') AS max_hr,
       CASE WHEN is_run THEN 2.0 * exact_real(p -> '$.values.average_cadence') END AS cadence_spm,
       exact_real(p -> '$.values.average_temp') AS avg_temp_c,
       COALESCE(p ->> '$.values.device_watts', 0) AS has_power_meter,
       exact_real(p -> '$.values.average_watts') AS avg_power_w,
       exact_real(p -> '$.values.weighted_average_watts') AS weighted_power_w,
       payload
FROM fact;
CREATE UNIQUE INDEX temp.version_by_activity ON version (activity_id, bronze_id);

-- Who has been published is live.
CREATE TEMP TABLE arrived AS
SELECT v.bronze_id, v.athlete_id, COALESCE(s.value, CASE WHEN p.athlete_id IS NULL THEN 'history' ELSE 'live' END) AS known,
       s.value IS NOT NULL AS is_told
FROM stage_clock AS c
CROSS JOIN ops_config AS s ON s.name = 'arrivals'
CROSS JOIN version AS v
LEFT JOIN ops_published AS p USING (athlete_id)
WHERE v.bronze_id > COALESCE(json_extract(c.position_before, '$[0]'), 0) AND v.stream <> 'tombstone' AND v.athlete_id IS NOT NULL;
INSERT OR IGNORE INTO silver_arrivals (bronze_table, bronze_id, athlete_id, known)
SELECT 'bronze_strava_activities', bronze_id, athlete_id, known FROM arrived WHERE is_told OR known = 'live';
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT started_at, (SELECT who FROM ops_actor), 'arrive', 'athlete ' || athlete_id,
       json_object('known', known, 'decided_by', CASE WHEN is_told THEN 'ops_config' ELSE 'default' END, 'activities', COUNT(*))
FROM stage_clock, arrived
GROUP BY athlete_id, known, is_told;

-- A value for which a rule has no answer, such as a text that is no JSON, breaks it.
CREATE TEMP TABLE judged AS
SELECT * FROM broken_rules('SELECT bronze_id, * FROM temp.version WHERE stream <> ''tombstone''',
                           'SELECT rule, predicate FROM silver_rules WHERE table_name = ''silver_strava_activities''');
CREATE TEMP TABLE broken AS
SELECT CAST(j.key AS INTEGER) AS bronze_id, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason,
       NULL AS field, NULL AS value
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_activities' AND j.refusal IS NULL
UNION ALL
SELECT r.bronze_id, f.value ->> '$.rule', s.severity, f.value ->> '$.reason', f.value ->> '$.field', f.value ->> '$.value'
FROM reading AS r
CROSS JOIN json_each(r.p, '$.faults') AS f
CROSS JOIN silver_fields AS s ON s.table_name = 'silver_strava_activities' AND s.field = f.value ->> '$.field'
WHERE instr(r.p, '"faults":[')
UNION ALL
SELECT v.bronze_id, 'is_mine', 'reject', 'told to be another person''s', NULL, NULL
FROM version AS v
JOIN athlete_activity_settings_now AS s USING (athlete_id, activity_id)
WHERE s.setting = 'is_mine' AND s.value = 0 AND v.stream <> 'tombstone';
CREATE INDEX temp.broken_by_version ON broken (bronze_id);
CREATE TEMP TABLE emptied AS
SELECT b.bronze_id, ',' || group_concat(DISTINCT e.column_name) || ',' AS columns
FROM broken AS b
JOIN silver_rule_empties AS e ON e.table_name = 'silver_strava_activities' AND e.rule = b.rule
GROUP BY b.bronze_id;
CREATE UNIQUE INDEX temp.emptied_by_version ON emptied (bronze_id);

DELETE FROM silver_rule_rejects
WHERE table_name = 'silver_strava_activities'
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_activities' AND j.refusal IS NOT NULL;

-- What was believed after each version: its facts, or nothing after a deletion or a reject.
CREATE TEMP TABLE belief AS
WITH state AS (
    SELECT v.*,
           CASE WHEN stream <> 'tombstone'
                 AND NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = v.bronze_id AND b.severity = 'reject')
                THEN row_hash(athlete_id, start_time, utc_offset_s, sport_type, workout_type, is_indoor, is_manual, is_flagged,
                                distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr, max_speed_m_s, has_power_meter, avg_power_w, weighted_power_w)
           END AS facts,
           (SELECT known FROM silver_arrivals AS a WHERE a.bronze_table = 'bronze_strava_activities' AND a.bronze_id = v.bronze_id) AS known
    FROM version AS v
)
SELECT *,
       ROW_NUMBER() OVER by_age AS n_versions,
       LEAD(bronze_id) OVER by_age IS NULL AS is_last,
       LAG(facts) OVER by_age AS facts_before,
       LAG(athlete_id) OVER by_age AS athlete_before,
       LAG(local_date) OVER by_age AS date_before
FROM state
WINDOW by_age AS (PARTITION BY activity_id ORDER BY bronze_id);
CREATE UNIQUE INDEX temp.belief_by_activity ON belief (activity_id, bronze_id);

-- What was told stays.
DELETE FROM silver_corrections WHERE activity_id IN (SELECT activity_id FROM changed) AND bronze_id > 0;
INSERT INTO silver_corrections (athlete_id, from_date, corrected_at, activity_id, bronze_id)
WITH differing AS (
    SELECT b.* FROM belief AS b, stage_clock AS c
    WHERE CASE WHEN n_versions > 1 THEN facts IS NOT facts_before AND known IS NOT 'history'
               ELSE known = 'live' AND ingested_at > end_time AND c.started_at >= end_time END
),
touched AS (
    SELECT athlete_before AS athlete_id, date_before AS date, ingested_at, activity_id, bronze_id FROM differing WHERE facts_before IS NOT NULL
    UNION ALL
    SELECT athlete_id, local_date, ingested_at, activity_id, bronze_id FROM differing WHERE facts IS NOT NULL
)
SELECT athlete_id, MIN(date), ingested_at, activity_id, bronze_id
FROM touched
GROUP BY athlete_id, bronze_id;

DELETE FROM silver_strava_activities WHERE activity_id IN (SELECT activity_id FROM changed);
INSERT INTO silver_strava_activities
SELECT v.athlete_id, v.activity_id, v.start_time, v.end_time, v.local_date, v.local_start_time, v.utc_offset_s, v.name, v.sport_type,
       v.workout_type, v.is_run, v.is_race, v.is_indoor, v.is_manual, v.is_flagged, v.distance_m, v.moving_s, v.elapsed_s,
       CASE WHEN NOT instr(emptied, ',elevation_gain_m,') THEN v.elevation_gain_m END, v.speed_m_s, v.pace_min_km, v.max_speed_m_s,
       CASE WHEN NOT instr(emptied, ',avg_hr,') THEN v.avg_hr END, CASE WHEN NOT instr(emptied, ',max_hr,') THEN v.max_hr END, v.cadence_spm, v.avg_temp_c,
       v.has_power_meter, CASE WHEN NOT instr(emptied, ',avg_power_w,') THEN v.avg_power_w END,
       CASE WHEN NOT instr(emptied, ',weighted_power_w,') THEN v.weighted_power_w END,
       (SELECT group_concat(rule, ',') FROM (SELECT rule FROM broken AS b WHERE b.bronze_id = v.bronze_id ORDER BY rule)),
       v.n_versions, v.bronze_id,
       max(v.end_time, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.activity_id = v.activity_id AND c.bronze_id > 0), ''))
FROM (
    SELECT b.*, COALESCE(e.columns, '') AS emptied
    FROM belief AS b
    LEFT JOIN emptied AS e USING (bronze_id)
    WHERE is_last AND facts IS NOT NULL
) AS v;

DELETE FROM silver_rejects
WHERE table_name = 'silver_strava_activities' AND activity_id IN (SELECT activity_id FROM changed);
-- Also of a current activity, where a value was left out.
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'silver_strava_activities', v.activity_id, '', b.rule, b.reason, v.bronze_id, v.payload, b.severity,
       COALESCE(b.field, (SELECT group_concat(r.field, ', ') FROM silver_rule_fields AS r
                          WHERE r.table_name = 'silver_strava_activities' AND r.rule = b.rule)),
       COALESCE(b.value, (SELECT group_concat(COALESCE(substr(v.payload -> r.field, 1, 60), 'null'), ', ') FROM silver_rule_fields AS r
                          WHERE r.table_name = 'silver_strava_activities' AND r.rule = b.rule))
FROM belief AS v
JOIN broken AS b USING (bronze_id)
WHERE v.is_last AND (b.severity = 'reject' OR b.field IS NOT NULL OR b.rule IN (SELECT rule FROM silver_rule_empties WHERE table_name = 'silver_strava_activities'));

-- Audit: every changed activity is current, rejected or deleted, and only one of these.
SELECT assert_that(
    (SELECT COUNT(*) FROM changed)
    = (SELECT COUNT(*) FROM silver_strava_activities WHERE activity_id IN (SELECT activity_id FROM changed))
    + (SELECT COUNT(DISTINCT activity_id) FROM silver_rejects
       WHERE table_name = 'silver_strava_activities' AND severity = 'reject' AND activity_id IN (SELECT activity_id FROM changed))
    + (SELECT COUNT(*) FROM belief WHERE is_last AND stream = 'tombstone'),
    '200_silver_activities: an activity is lost or counted twice');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM version) AS rows_in,
       (SELECT COUNT(*) FROM belief WHERE is_last AND facts IS NOT NULL) AS rows_out,
       (SELECT COUNT(*) FROM belief WHERE is_last AND facts IS NULL AND stream <> 'tombstone') AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '200_silver_activities', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '200_silver_activities', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '200_silver_activities';

DROP TABLE temp.counted;
DROP TABLE temp.belief;
DROP TABLE temp.emptied;
DROP TABLE temp.broken;
DROP TABLE temp.judged;
DROP TABLE temp.arrived;
DROP TABLE temp.version;
DROP TABLE temp.reading;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;
DROP TABLE temp.field_list;

COMMIT;
