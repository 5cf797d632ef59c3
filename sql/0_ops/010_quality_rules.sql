-- stage:    010_quality_rules
-- purpose:  what the stages believe, as data: rules of quality, the fields that are read of each kind of object, and a place for what breaks them
-- reads:    -; silver_fields, silver_field_lists
-- writes:   -; silver_rules, silver_rule_empties, silver_rule_rejects, silver_fields, silver_field_lists, silver_rejects
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -; silver_field_lists, silver_fields, silver_rule_empties, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '010_quality_rules',
    'what the stages believe, as data: rules of quality, the fields that are read of each kind of object, and a place for what breaks them',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
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
     'flagged as not credible: on Strava, or since its file is cut off'),
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

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '010_quality_rules', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.field_list;
DROP TABLE temp.stage_clock;

COMMIT;
