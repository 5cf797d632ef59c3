-- stage:    200_silver_activities
-- purpose:  one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule
-- reads:    bronze_strava_activities, athlete_activity_settings_now; athlete_activity_settings, silver_rules, silver_rule_empties, silver_rule_rejects, silver_fields, silver_field_lists, silver_rule_fields, silver_strava_activities, silver_unusable_activities, silver_rejects, silver_corrections, silver_arrivals, ops_config, ops_published, ops_actor, ops_watermarks, ops_due
-- writes:   silver_strava_activities, silver_unusable_activities; silver_rule_rejects, silver_rejects, silver_corrections, silver_arrivals, ops_audit, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   arrivals
-- rests:    ops_due; bronze_strava_activities, ops_watermarks, silver_field_lists, silver_rule_empties, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '200_silver_activities',
    'one typed, current row per activity; what breaks a quality rule goes to silver_rejects with the rule',
    '["bronze_strava_activities", "athlete_activity_settings_now"]',
    '["silver_strava_activities", "silver_unusable_activities"]',
    '[]');
-- end

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
-- due silver_strava_activities for 230_silver_trainings, 240_silver_races, 400_athlete_profile, 410_activity_features since local_date: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_added AFTER INSERT ON silver_strava_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', new.athlete_id, ''), ('240_silver_races', new.athlete_id, ''), ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE(new.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_changed AFTER UPDATE ON silver_strava_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, ''), ('240_silver_races', old.athlete_id, ''), ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE(old.local_date, '')), ('230_silver_trainings', new.athlete_id, ''), ('240_silver_races', new.athlete_id, ''), ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE(new.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_strava_activities_due_230_gone AFTER DELETE ON silver_strava_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, ''), ('240_silver_races', old.athlete_id, ''), ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE(old.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- What a rule keeps out though it is known when it was and how long: training all the same, of which nobody knows how hard it was.
-- One row of an activity, however many rules it breaks.
CREATE TABLE IF NOT EXISTS silver_unusable_activities (
    athlete_id   TEXT NOT NULL,
    activity_id  TEXT NOT NULL,
    start_time   TEXT NOT NULL,       -- UTC
    end_time     TEXT NOT NULL,       -- UTC, start and elapsed time
    local_date   TEXT NOT NULL,       -- the day of training; UTC's where the offset is not known
    utc_offset_s INTEGER,             -- NULL: not known
    sport_type   TEXT,                -- NULL: not known
    is_run       INTEGER NOT NULL,    -- 0 where the sport is not known
    moving_s     INTEGER NOT NULL,    -- the elapsed time where it is no better known
    elapsed_s    INTEGER NOT NULL,    -- the moving time where it is no better known
    reason       TEXT NOT NULL,       -- of the rules, one after the other
    bronze_id    INTEGER NOT NULL,
    available_at TEXT NOT NULL,       -- the end, or when a correction of it arrived
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_unusable_activities_by_day ON silver_unusable_activities (athlete_id, local_date);
CREATE INDEX IF NOT EXISTS silver_unusable_activities_by_activity ON silver_unusable_activities (activity_id);
-- due silver_unusable_activities for 410_activity_features since local_date: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_unusable_activities_due_410_added AFTER INSERT ON silver_unusable_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', new.athlete_id, COALESCE(new.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_unusable_activities_due_410_changed AFTER UPDATE ON silver_unusable_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.local_date, '')), ('410_activity_features', new.athlete_id, COALESCE(new.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_unusable_activities_due_410_gone AFTER DELETE ON silver_unusable_activities
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.local_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_are_of_the_athlete BEFORE INSERT ON athlete_activity_settings
WHEN EXISTS (SELECT 1 FROM silver_strava_activities AS a WHERE a.activity_id = new.activity_id AND a.athlete_id <> new.athlete_id)
BEGIN SELECT RAISE(ABORT, 'athlete_activity_settings: the activity is another athlete''s than athlete_id says'); END;

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
-- due silver_corrections for 400_athlete_profile, 410_activity_features since from_date: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_added AFTER INSERT ON silver_corrections
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE(new.from_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_changed AFTER UPDATE ON silver_corrections
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE(old.from_date, '')), ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE(new.from_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_corrections_due_400_gone AFTER DELETE ON silver_corrections
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE(old.from_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
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
WITH field AS MATERIALIZED ( -- each value is read out once, however often it is asked for
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

-- judge silver_strava_activities by bronze_id where stream <> 'tombstone': printed by `make stages`
-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
-- Where nothing is new and no rule has changed, nothing is asked: what was said of the rules stands.
CREATE TEMP TABLE judging AS
SELECT 1 FROM stage_clock WHERE position IS NOT position_before OR EXISTS (SELECT 1 FROM version);
CREATE TEMP TABLE judged AS
SELECT r.*
FROM judging
CROSS JOIN broken_rules('SELECT bronze_id, * FROM temp.version WHERE stream <> ''tombstone''',
                        'SELECT rule, predicate FROM silver_rules WHERE table_name = ''silver_strava_activities''') AS r;
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS bronze_id, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_activities' AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = 'silver_strava_activities' AND EXISTS (SELECT 1 FROM judging)
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_activities' AND j.refusal IS NOT NULL;
-- end

CREATE TEMP TABLE broken AS
SELECT *, NULL AS field, NULL AS value FROM broken_rule
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
-- emptied silver_strava_activities by bronze_id: printed by `make stages`
CREATE TEMP TABLE emptied AS
SELECT b.bronze_id, ',' || group_concat(DISTINCT e.column_name) || ',' AS columns
FROM broken AS b
JOIN silver_rule_empties AS e ON e.table_name = 'silver_strava_activities' AND e.rule = b.rule
GROUP BY b.bronze_id;
CREATE UNIQUE INDEX temp.emptied_by_version ON emptied (bronze_id);
-- end

-- What is kept out, and of it what no rule finds fault with: when it was, and how long.
CREATE TEMP TABLE unusable AS
WITH judges AS MATERIALIZED ( -- one that speaks of several columns leaves it open which of them is wrong
    SELECT r.rule, MIN(f.column_name) AS column_name
    FROM silver_rule_fields AS r
    JOIN silver_fields AS f USING (table_name, field)
    WHERE table_name = 'silver_strava_activities'
    GROUP BY r.rule
    HAVING COUNT(DISTINCT f.column_name) = 1
),
refused AS (
    SELECT bronze_id, group_concat(reason, '; ') AS reason, MAX(rule = 'is_mine') AS is_a_strangers, MAX(column_name IS 'start_time') AS bad_start, MAX(column_name IS 'utc_offset_s') AS bad_offset,
           MAX(column_name IS 'elapsed_s') AS bad_elapsed, MAX(column_name IS 'moving_s') AS bad_moving
    FROM (SELECT b.*, j.column_name FROM broken AS b LEFT JOIN judges AS j USING (rule) WHERE b.severity = 'reject' ORDER BY b.bronze_id, b.rule)
    GROUP BY bronze_id
),
fact AS (
    SELECT r.bronze_id, r.reason, v.start_time, COALESCE(v.is_run, 0) AS is_run, CASE WHEN NOT bad_offset THEN v.utc_offset_s END AS offset_s,
           CASE WHEN NOT bad_elapsed AND v.elapsed_s BETWEEN 1 AND 864000 THEN v.elapsed_s END AS elapsed,
           CASE WHEN NOT bad_moving AND v.moving_s BETWEEN 1 AND 864000 THEN v.moving_s END AS moving,
           is_a_strangers OR bad_start OR v.athlete_id IS NULL OR v.start_time IS NULL AS is_lost
    FROM refused AS r
    JOIN version AS v USING (bronze_id)
)
SELECT bronze_id, reason, is_run, offset_s AS utc_offset_s, COALESCE(elapsed, moving) AS elapsed_s,
       CASE WHEN moving <= elapsed THEN moving ELSE COALESCE(elapsed, moving) END AS moving_s,
       date(start_time, COALESCE(offset_s, 0) || ' seconds') AS local_date,
       strftime('%Y-%m-%dT%H:%M:%SZ', start_time, COALESCE(elapsed, moving) || ' seconds') AS end_time,
       NOT is_lost AND COALESCE(elapsed, moving) IS NOT NULL AS is_training
FROM fact;
CREATE UNIQUE INDEX temp.unusable_by_version ON unusable (bronze_id);

-- What was believed after each version: its facts, those of training that nobody can use, or nothing after a deletion or another reject.
CREATE TEMP TABLE belief AS
WITH state AS (
    SELECT v.rowid AS version_id, v.activity_id, v.bronze_id, v.stream, v.ingested_at, v.athlete_id, v.stream <> 'tombstone' AND u.bronze_id IS NULL AS is_usable,
           COALESCE(u.local_date, v.local_date) AS day, COALESCE(u.end_time, v.end_time) AS over,
           CASE WHEN v.stream = 'tombstone' THEN NULL
                WHEN u.bronze_id IS NULL
                THEN row_hash(v.athlete_id, v.start_time, v.utc_offset_s, v.sport_type, v.workout_type, v.is_indoor, v.is_manual, v.is_flagged, v.distance_m,
                              v.moving_s, v.elapsed_s, v.elevation_gain_m, v.avg_hr, v.max_hr, v.max_speed_m_s, v.has_power_meter, v.avg_power_w, v.weighted_power_w)
                WHEN u.is_training THEN row_hash(v.athlete_id, v.start_time, u.utc_offset_s, v.sport_type, u.moving_s, u.elapsed_s)
           END AS facts,
           (SELECT known FROM silver_arrivals AS a WHERE a.bronze_table = 'bronze_strava_activities' AND a.bronze_id = v.bronze_id) AS known
    FROM version AS v
    LEFT JOIN unusable AS u USING (bronze_id)
)
SELECT *,
       ROW_NUMBER() OVER by_age AS n_versions,
       LEAD(bronze_id) OVER by_age IS NULL AS is_last,
       LAG(facts) OVER by_age AS facts_before,
       LAG(athlete_id) OVER by_age AS athlete_before,
       LAG(day) OVER by_age AS date_before
FROM state
WINDOW by_age AS (PARTITION BY activity_id ORDER BY bronze_id);
CREATE UNIQUE INDEX temp.belief_by_activity ON belief (activity_id, bronze_id);

-- What was told stays.
DELETE FROM silver_corrections WHERE activity_id IN (SELECT activity_id FROM changed) AND bronze_id > 0;
INSERT INTO silver_corrections (athlete_id, from_date, corrected_at, activity_id, bronze_id)
WITH differing AS (
    SELECT b.* FROM belief AS b, stage_clock AS c
    WHERE CASE WHEN n_versions > 1 THEN facts IS NOT facts_before AND known IS NOT 'history'
               ELSE known = 'live' AND ingested_at > over AND c.started_at >= over END
),
touched AS (
    SELECT athlete_before AS athlete_id, date_before AS date, ingested_at, activity_id, bronze_id FROM differing WHERE facts_before IS NOT NULL
    UNION ALL
    SELECT athlete_id, day, ingested_at, activity_id, bronze_id FROM differing WHERE facts IS NOT NULL
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
    SELECT v.*, b.n_versions, COALESCE(e.columns, '') AS emptied
    FROM belief AS b
    CROSS JOIN version AS v ON v.rowid = b.version_id
    LEFT JOIN emptied AS e ON e.bronze_id = b.bronze_id
    WHERE b.is_last AND b.is_usable
) AS v;

DELETE FROM silver_unusable_activities WHERE activity_id IN (SELECT activity_id FROM changed);
INSERT INTO silver_unusable_activities
SELECT v.athlete_id, v.activity_id, v.start_time, u.end_time, u.local_date, u.utc_offset_s, v.sport_type, u.is_run, u.moving_s, u.elapsed_s, u.reason, u.bronze_id,
       max(u.end_time, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.activity_id = v.activity_id AND c.bronze_id > 0), ''))
FROM belief AS b
JOIN unusable AS u USING (bronze_id)
CROSS JOIN version AS v ON v.rowid = b.version_id
WHERE b.is_last AND u.is_training;

DELETE FROM silver_rejects
WHERE table_name = 'silver_strava_activities' AND activity_id IN (SELECT activity_id FROM changed);
-- rejected silver_strava_activities by bronze_id of (SELECT v.* FROM belief AS b CROSS JOIN version AS v ON v.rowid = b.version_id WHERE b.is_last) as '': printed by `make stages`
-- Also of a row that is current, where a value was left out.
CREATE TEMP TABLE rule_field AS SELECT rule, field FROM silver_rule_fields WHERE table_name = 'silver_strava_activities' AND rule IN (SELECT rule FROM broken);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'silver_strava_activities', v.activity_id, '', b.rule, b.reason, v.bronze_id, v.payload, b.severity,
       COALESCE(b.field, (SELECT group_concat(r.field, ', ') FROM rule_field AS r WHERE r.rule = b.rule)),
       COALESCE(b.value, (SELECT group_concat(COALESCE(substr(v.payload -> r.field, 1, 60), 'null'), ', ') FROM rule_field AS r WHERE r.rule = b.rule))
FROM (SELECT v.* FROM belief AS b CROSS JOIN version AS v ON v.rowid = b.version_id WHERE b.is_last) AS v
JOIN broken AS b USING (bronze_id)
WHERE b.severity = 'reject' OR b.field IS NOT NULL OR b.rule IN (SELECT rule FROM silver_rule_empties WHERE table_name = 'silver_strava_activities');
-- end

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
       (SELECT COUNT(*) FROM belief WHERE is_last AND is_usable) AS rows_out,
       (SELECT COUNT(*) FROM belief WHERE is_last AND NOT is_usable AND stream <> 'tombstone') AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '200_silver_activities', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '200_silver_activities', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '200_silver_activities';

DROP TABLE temp.counted;
DROP TABLE temp.rule_field;
DROP TABLE temp.belief;
DROP TABLE temp.unusable;
DROP TABLE temp.emptied;
DROP TABLE temp.broken;
DROP TABLE temp.broken_rule;
DROP TABLE temp.judged;
DROP TABLE temp.judging;
DROP TABLE temp.arrived;
DROP TABLE temp.version;
DROP TABLE temp.reading;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
