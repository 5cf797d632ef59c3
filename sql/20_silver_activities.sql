-- stage:    20_silver_activities
-- purpose:  one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule
-- reads:    bronze_strava_activities; silver_rules, silver_strava_activities, silver_rejects, silver_corrections, ops_watermarks
-- writes:   silver_strava_activities; silver_rules, silver_rejects, silver_corrections, ops_seen
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '20_silver_activities',
    'one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule',
    '["bronze_strava_activities"]',
    '["silver_strava_activities"]',
    '[]');
-- end

-- Quality rules are data. `predicate` is what must hold for a row of the table it names; NULL counts as holding.
-- A row that breaks a 'reject' rule is kept out; one that breaks a 'warn' rule carries the rule's name in quality_flags.
CREATE TABLE IF NOT EXISTS silver_rules (
    table_name TEXT NOT NULL,
    rule       TEXT NOT NULL,
    severity   TEXT NOT NULL CHECK (severity IN ('reject', 'warn')),
    predicate  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (table_name, rule)
) WITHOUT ROWID;

INSERT OR IGNORE INTO silver_rules (table_name, rule, severity, predicate, reason) VALUES
    ('silver_strava_activities', 'start_is_an_instant', 'reject', 'start_time IS NOT NULL',
     'start_date is not an ISO instant'),
    ('silver_strava_activities', 'start_is_in_living_memory', 'reject', 'start_time >= ''1930''',
     'starts before 1930: a clock that was never set'),
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
    ('silver_strava_activities', 'running_speed_is_human', 'reject', 'NOT is_run OR distance_m <= 400 OR distance_m <= 6.5 * max(moving_s, 1)',
     'a run faster than 6.5 m/s on average: another sport, or a GPS fault'),
    ('silver_strava_activities', 'heart_rate_is_human', 'warn', 'avg_hr BETWEEN 30 AND 230 AND coalesce(max_hr, 100) BETWEEN 30 AND 250',
     'an average or maximum heart rate that no heart has: a sensor fault'),
    ('silver_strava_activities', 'climb_is_possible', 'warn', 'elevation_gain_m BETWEEN 0 AND 100000',
     'an elevation gain that is negative or more than 100 km'),
    ('silver_strava_activities', 'climb_rate_is_human', 'warn', 'NOT is_run OR elevation_gain_m <= 2200.0 * max(moving_s, 600) / 3600',
     'a run that climbs more than 2200 m per hour'),
    ('silver_strava_activities', 'speed_without_spikes', 'warn', 'NOT is_run OR max_speed_m_s <= 9',
     'a maximum running speed above 9 m/s: a GPS spike'),
    ('silver_strava_activities', 'not_flagged', 'warn', 'NOT is_flagged',
     'flagged on Strava as not credible'),
    ('silver_strava_sub_activity', 'has_a_duration', 'reject', 'elapsed_s IS NOT NULL AND elapsed_s >= 0 AND moving_s IS NOT NULL AND moving_s >= 0',
     'elapsed_time or moving_time is missing or negative'),
    ('silver_strava_sub_activity', 'heart_rate_is_human', 'warn', 'avg_hr BETWEEN 30 AND 230 AND coalesce(max_hr, 100) BETWEEN 30 AND 250',
     'an average or maximum heart rate that no heart has: a sensor fault'),
    ('silver_strava_sub_activity', 'distance_not_negative', 'reject', 'distance_m IS NOT NULL AND distance_m >= 0',
     'distance is missing or negative'),
    ('silver_strava_sub_activity', 'has_a_number', 'reject', 'item IS NOT NULL',
     'lap_index or split is missing'),
    ('silver_strava_sub_activity', 'activity_is_current', 'reject', 'athlete_id IS NOT NULL',
     'its activity is unknown, deleted or rejected');

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
    quality_flags    TEXT,            -- names of broken 'warn' rules
    n_versions       INTEGER NOT NULL,
    bronze_id        INTEGER NOT NULL,
    available_at     TEXT NOT NULL,   -- the end, or when a correction of it arrived
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_strava_activities_by_day ON silver_strava_activities (athlete_id, local_date);
CREATE INDEX IF NOT EXISTS silver_strava_activities_by_activity ON silver_strava_activities (activity_id);

CREATE TABLE IF NOT EXISTS silver_rejects (
    table_name  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    item        TEXT NOT NULL,        -- 'lap 3'; '' for an activity
    rule        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bronze_id   INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    PRIMARY KEY (table_name, activity_id, item, rule)
) WITHOUT ROWID;

-- Every time a belief about an activity changed: an edit of a fact, a deletion, a mended reject. All that is computed
-- for this athlete from from_date on may differ from what was believed before corrected_at.
CREATE TABLE IF NOT EXISTS silver_corrections (
    athlete_id   TEXT NOT NULL,
    from_date    TEXT NOT NULL,
    corrected_at TEXT NOT NULL,
    activity_id  TEXT NOT NULL,
    bronze_id    INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, from_date, bronze_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_corrections_by_activity ON silver_corrections (activity_id);

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       json_array((SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities),
                  (SELECT rows_hash(rule, severity, predicate, reason)
                   FROM (SELECT * FROM silver_rules WHERE table_name = 'silver_strava_activities' ORDER BY rule))) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '20_silver_activities') AS position_before;

-- Activities with a new version; all of them when a rule has changed.
CREATE TEMP TABLE changed AS
SELECT DISTINCT b.activity_id
FROM bronze_strava_activities AS b, stage_clock AS c
WHERE b.bronze_id > COALESCE(json_extract(c.position_before, '$[0]'), 0)
   OR json_extract(c.position_before, '$[1]') IS NOT json_extract(c.position, '$[1]');
CREATE UNIQUE INDEX temp.changed_by_activity ON changed (activity_id);

-- Every version of a changed activity with typed facts. start_date_local carries a false Z and the offset in the
-- label of `timezone` ignores daylight saving, so the local day comes from start_date and utc_offset.
CREATE TEMP TABLE version AS
WITH field AS (
    SELECT b.bronze_id, b.activity_id, b.stream, b.ingested_at, b.payload AS p,
           trim(b.payload -> '$.athlete.id', '"') AS athlete_id,
           -- SQLite takes 'now' and bare times and numbers for instants, too
           CASE WHEN json_extract(b.payload, '$.start_date') GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]?[0-9][0-9]:[0-9][0-9]*'
                THEN strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(b.payload, '$.start_date')) END AS start_time,
           COALESCE(CAST(json_extract(b.payload, '$.utc_offset') AS INTEGER),
                    CAST(strftime('%s', json_extract(b.payload, '$.start_date_local')) AS INTEGER)
                        - CAST(strftime('%s', json_extract(b.payload, '$.start_date')) AS INTEGER)) AS utc_offset_s,
           CAST(json_extract(b.payload, '$.elapsed_time') AS INTEGER) AS elapsed_s,
           CAST(json_extract(b.payload, '$.moving_time') AS INTEGER) AS moving_s,
           CAST(COALESCE(json_extract(b.payload, '$.distance'), 0) AS REAL) AS distance_m,
           CASE WHEN 'text' IN (json_type(b.payload, '$.sport_type'), json_type(b.payload, '$.type'))
                THEN COALESCE(json_extract(b.payload, '$.sport_type'), json_extract(b.payload, '$.type')) END AS sport_type,
           COALESCE(json_extract(b.payload, '$.workout_type'), 0) AS workout_code
    FROM changed
    JOIN bronze_strava_activities AS b USING (activity_id)
),
fact AS (
    SELECT *, sport_type IN ('Run', 'TrailRun', 'VirtualRun') AS is_run,
           -- a second or two of rounding between moving and elapsed time is not a fault
           CASE WHEN moving_s BETWEEN elapsed_s AND elapsed_s + 5 THEN elapsed_s ELSE moving_s END AS moving_clipped_s
    FROM field
)
SELECT bronze_id, activity_id, stream, ingested_at, athlete_id, start_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', start_time, elapsed_s || ' seconds') AS end_time,
       date(start_time, utc_offset_s || ' seconds') AS local_date,
       strftime('%Y-%m-%dT%H:%M:%S', start_time, utc_offset_s || ' seconds') AS local_start_time,
       utc_offset_s,
       json_extract(p, '$.name') AS name,
       sport_type,
       CASE WHEN workout_code IN (0, 10) THEN 'default' WHEN workout_code IN (1, 11) THEN 'race'
            WHEN workout_code = 2 THEN 'long_run' WHEN workout_code IN (3, 12) THEN 'workout' ELSE 'other' END AS workout_type,
       is_run,
       workout_code IN (1, 11) AS is_race,
       COALESCE(json_extract(p, '$.trainer'), 0) OR sport_type = 'VirtualRun' AS is_indoor,
       COALESCE(json_extract(p, '$.manual'), 0) AS is_manual,
       COALESCE(json_extract(p, '$.flagged'), 0) AS is_flagged,
       distance_m, moving_clipped_s AS moving_s, elapsed_s,
       CAST(json_extract(p, '$.total_elevation_gain') AS REAL) AS elevation_gain_m,
       CASE WHEN distance_m > 0 AND moving_clipped_s > 0 THEN distance_m / moving_clipped_s END AS speed_m_s,
       CASE WHEN is_run THEN pace_min_km(max(distance_m, 0), max(moving_clipped_s, 0)) END AS pace_min_km,
       CAST(json_extract(p, '$.max_speed') AS REAL) AS max_speed_m_s,
       CAST(json_extract(p, '$.average_heartrate') AS REAL) AS avg_hr,
       CAST(json_extract(p, '$.max_heartrate') AS REAL) AS max_hr,
       CASE WHEN is_run THEN 2.0 * json_extract(p, '$.average_cadence') END AS cadence_spm,
       CAST(json_extract(p, '$.average_temp') AS REAL) AS avg_temp_c,
       p AS payload
FROM fact;
CREATE UNIQUE INDEX temp.version_by_activity ON version (activity_id, bronze_id);

CREATE TEMP TABLE broken AS
SELECT v.c1 AS bronze_id, r.rule, r.severity, r.reason
FROM silver_rules AS r
JOIN select_rows('SELECT bronze_id FROM temp.version WHERE stream <> ''tombstone'' AND NOT (' || r.predicate || ')') AS v
WHERE r.table_name = 'silver_strava_activities';
CREATE INDEX temp.broken_by_version ON broken (bronze_id);

-- What was believed after each version: its facts, or nothing after a deletion or a reject.
CREATE TEMP TABLE belief AS
WITH state AS (
    SELECT v.*,
           CASE WHEN stream <> 'tombstone'
                 AND NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = v.bronze_id AND b.severity = 'reject')
                THEN row_hash(athlete_id, start_time, utc_offset_s, sport_type, workout_type, is_indoor, is_manual, is_flagged,
                                distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr, max_speed_m_s)
           END AS facts
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

DELETE FROM silver_corrections WHERE activity_id IN (SELECT activity_id FROM changed);
INSERT INTO silver_corrections (athlete_id, from_date, corrected_at, activity_id, bronze_id)
WITH differing AS (
    SELECT * FROM belief WHERE n_versions > 1 AND facts IS NOT facts_before
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
       CASE WHEN NOT bad_climb THEN v.elevation_gain_m END, v.speed_m_s, v.pace_min_km, v.max_speed_m_s,
       CASE WHEN NOT bad_hr THEN v.avg_hr END, CASE WHEN NOT bad_hr THEN v.max_hr END, v.cadence_spm, v.avg_temp_c,
       (SELECT group_concat(rule, ',') FROM (SELECT rule FROM broken AS b WHERE b.bronze_id = v.bronze_id ORDER BY rule)),
       v.n_versions, v.bronze_id,
       max(v.end_time, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.activity_id = v.activity_id), ''))
FROM (
    SELECT *, EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = belief.bronze_id AND b.rule = 'heart_rate_is_human') AS bad_hr,
           EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = belief.bronze_id AND b.rule = 'climb_is_possible') AS bad_climb
    FROM belief
    WHERE is_last AND facts IS NOT NULL
) AS v;

DELETE FROM silver_rejects
WHERE table_name = 'silver_strava_activities' AND activity_id IN (SELECT activity_id FROM changed);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload)
SELECT 'silver_strava_activities', v.activity_id, '', b.rule, b.reason, v.bronze_id, v.payload
FROM belief AS v
JOIN broken AS b USING (bronze_id)
WHERE v.is_last AND v.facts IS NULL AND b.severity = 'reject';

-- Audit: every changed activity is current, rejected or deleted, and only one of these.
SELECT assert_that(
    (SELECT COUNT(*) FROM changed)
    = (SELECT COUNT(*) FROM silver_strava_activities WHERE activity_id IN (SELECT activity_id FROM changed))
    + (SELECT COUNT(DISTINCT activity_id) FROM silver_rejects
       WHERE table_name = 'silver_strava_activities' AND activity_id IN (SELECT activity_id FROM changed))
    + (SELECT COUNT(*) FROM belief WHERE is_last AND stream = 'tombstone'),
    '20_silver_activities: an activity is lost or counted twice');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM version) AS rows_in,
       (SELECT COUNT(*) FROM belief WHERE is_last AND facts IS NOT NULL) AS rows_out,
       (SELECT COUNT(*) FROM belief WHERE is_last AND facts IS NULL AND stream <> 'tombstone') AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '20_silver_activities', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '20_silver_activities', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.belief;
DROP TABLE temp.broken;
DROP TABLE temp.version;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
