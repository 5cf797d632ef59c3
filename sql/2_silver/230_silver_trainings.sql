-- stage:    230_silver_trainings
-- purpose:  which recordings are of the same training: one of each counts, the others are kept and say which one that is
-- reads:    silver_strava_activities, silver_unusable_activities, silver_strava_sub_activity, athlete_separate_trainings; silver_sport_families, silver_same_training, silver_corrections, silver_arrivals, ops_watermarks, ops_due
-- writes:   silver_same_training; silver_sport_families, athlete_separate_trainings, silver_corrections, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   -
-- rests:    ops_due; silver_sport_families

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '230_silver_trainings',
    'which recordings are of the same training: one of each counts, the others are kept and say which one that is',
    '["silver_strava_activities", "silver_unusable_activities", "silver_strava_sub_activity", "athlete_separate_trainings"]',
    '["silver_same_training"]',
    '[]');
-- end

-- Which sports may be two recordings of one training; every other sport is of the family 'other'.
CREATE TABLE IF NOT EXISTS silver_sport_families (
    sport_type TEXT PRIMARY KEY,
    family     TEXT NOT NULL
) WITHOUT ROWID;
INSERT OR IGNORE INTO silver_sport_families (sport_type, family) VALUES
    ('Run', 'run'), ('TrailRun', 'run'), ('VirtualRun', 'run'),
    ('Ride', 'ride'), ('MountainBikeRide', 'ride'), ('GravelRide', 'ride'), ('EBikeRide', 'ride'), ('EMountainBikeRide', 'ride'),
    ('VirtualRide', 'ride'), ('Velomobile', 'ride'), ('Handcycle', 'ride'),
    ('Swim', 'swim'),
    ('Walk', 'walk'), ('Hike', 'walk');
CREATE TRIGGER IF NOT EXISTS silver_sport_families_due_230_added AFTER INSERT ON silver_sport_families
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT stage, athlete_id FROM ops_watermarks WHERE stage = '230_silver_trainings' ON CONFLICT DO NOTHING; END;
CREATE TRIGGER IF NOT EXISTS silver_sport_families_due_230_changed AFTER UPDATE ON silver_sport_families
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT stage, athlete_id FROM ops_watermarks WHERE stage = '230_silver_trainings' ON CONFLICT DO NOTHING; END;
CREATE TRIGGER IF NOT EXISTS silver_sport_families_due_230_gone AFTER DELETE ON silver_sport_families
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT stage, athlete_id FROM ops_watermarks WHERE stage = '230_silver_trainings' ON CONFLICT DO NOTHING; END;

-- Who trained twice at once, as with a friend's watch on the other arm, says which activity is a training of its own:
--     INSERT INTO athlete_separate_trainings VALUES ('4001', '9876543210');
CREATE TABLE IF NOT EXISTS athlete_separate_trainings (
    athlete_id  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
-- due athlete_separate_trainings for 230_silver_trainings: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_separate_trainings_due_230_added AFTER INSERT ON athlete_separate_trainings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_separate_trainings_due_230_changed AFTER UPDATE ON athlete_separate_trainings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, ''), ('230_silver_trainings', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_separate_trainings_due_230_gone AFTER DELETE ON athlete_separate_trainings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- Recordings that do not count, since another one of the same training does.
CREATE TABLE IF NOT EXISTS silver_same_training (
    athlete_id       TEXT NOT NULL,
    activity_id      TEXT NOT NULL,
    same_training_as TEXT NOT NULL, -- the recording that counts
    reason           TEXT NOT NULL,
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_same_training_by_training ON silver_same_training (athlete_id, same_training_as);
-- due silver_same_training for 240_silver_races, 410_activity_features since the day of activity_id, 410_activity_features since the day of same_training_as: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_same_training_due_240_added AFTER INSERT ON silver_same_training
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.same_training_as)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.same_training_as)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.same_training_as AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_same_training_due_240_changed AFTER UPDATE ON silver_same_training
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.same_training_as)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.same_training_as)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.same_training_as AND c.athlete_id = old.athlete_id), '')), ('240_silver_races', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.same_training_as)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.same_training_as)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.same_training_as AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_same_training_due_240_gone AFTER DELETE ON silver_same_training
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.same_training_as)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.same_training_as)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.same_training_as AND c.athlete_id = old.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- The recording that counts of each training. A tag of its runner says that the training was a race, on whichever recording.
CREATE VIEW IF NOT EXISTS silver_trainings AS
SELECT a.athlete_id, a.activity_id, a.start_time, a.end_time, a.local_date, a.local_start_time, a.utc_offset_s, a.name, a.sport_type,
       a.workout_type, a.is_run,
       max(a.is_race, (SELECT COALESCE(MAX(o.is_race), 0)
                       FROM silver_same_training AS t
                       JOIN silver_strava_activities AS o USING (athlete_id, activity_id)
                       WHERE (t.athlete_id, t.same_training_as) = (a.athlete_id, a.activity_id))) AS is_race,
       a.is_indoor, a.is_manual, a.is_flagged, a.distance_m, a.moving_s, a.elapsed_s, a.elevation_gain_m, a.speed_m_s, a.pace_min_km,
       a.max_speed_m_s, a.avg_hr, a.max_hr, a.cadence_spm, a.avg_temp_c, a.has_power_meter, a.avg_power_w, a.weighted_power_w, a.quality_flags, a.n_versions, a.bronze_id, a.available_at
FROM silver_strava_activities AS a
LEFT JOIN silver_same_training AS s USING (athlete_id, activity_id)
WHERE s.same_training_as IS NULL;

-- And of training that a rule keeps out. Nobody knows how hard it was.
CREATE VIEW IF NOT EXISTS silver_unusable_trainings AS
SELECT u.athlete_id, u.activity_id, u.start_time, u.end_time, u.local_date, u.utc_offset_s, u.is_run, u.moving_s, u.elapsed_s, u.reason, u.available_at
FROM silver_unusable_activities AS u
LEFT JOIN silver_same_training AS s USING (athlete_id, activity_id)
WHERE s.same_training_as IS NULL;

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

-- The last is the latest news of each athlete.
CREATE TEMP TABLE changed AS
SELECT athlete_id,
       EXISTS (SELECT 1 FROM silver_strava_activities AS a WHERE a.athlete_id = d.athlete_id)
           OR EXISTS (SELECT 1 FROM silver_unusable_activities AS u WHERE u.athlete_id = d.athlete_id) AS has_trained,
       json_array(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                  max(COALESCE((SELECT MAX(available_at) FROM silver_strava_sub_activity AS s WHERE s.athlete_id = d.athlete_id), ''),
                      COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.athlete_id = d.athlete_id), ''))) AS position
FROM ops_due AS d
WHERE stage = '230_silver_trainings';

-- Times in whole seconds. A middle is doubled, to stay whole.
CREATE TEMP TABLE recording (athlete_id TEXT, family TEXT, activity_id TEXT, is_usable INTEGER, elapsed_s INTEGER, start_s INTEGER);
INSERT INTO recording
WITH recorded AS (
    SELECT athlete_id, activity_id, sport_type, elapsed_s, start_time, 1 AS is_usable FROM changed CROSS JOIN silver_strava_activities USING (athlete_id)
    UNION ALL
    SELECT athlete_id, activity_id, sport_type, elapsed_s, start_time, 0 FROM changed CROSS JOIN silver_unusable_activities USING (athlete_id)
)
SELECT a.athlete_id, CASE WHEN a.sport_type IS NULL THEN 'unknown' ELSE COALESCE(f.family, 'other') END AS family, a.activity_id, a.is_usable, a.elapsed_s,
       CAST(strftime('%s', a.start_time) AS INTEGER) AS start_s
FROM recorded AS a
LEFT JOIN silver_sport_families AS f ON f.sport_type = a.sport_type
WHERE a.elapsed_s > 0
  AND NOT EXISTS (SELECT 1 FROM athlete_separate_trainings AS s WHERE s.athlete_id = a.athlete_id AND s.activity_id = a.activity_id);
CREATE INDEX temp.recording_by_start ON recording (is_usable, athlete_id, start_s);

-- What a rule keeps out counts for nothing beside a recording of the same training that can be used; of which sport it was may not
-- be known. It joins no two of those, for its times may be what is wrong with it.
CREATE TEMP TABLE beside (athlete_id TEXT, activity_id TEXT, usable_id TEXT, choice INTEGER, PRIMARY KEY (athlete_id, activity_id, choice)) WITHOUT ROWID;
INSERT INTO beside
WITH pair AS (
    SELECT u.athlete_id, u.activity_id, g.activity_id AS usable_id,
           min(g.start_s + g.elapsed_s, u.start_s + u.elapsed_s) - max(g.start_s, u.start_s) AS overlap_s, min(g.elapsed_s, u.elapsed_s) AS shorter_s
    FROM recording AS u
    CROSS JOIN recording AS g ON g.is_usable AND g.athlete_id = u.athlete_id AND g.start_s BETWEEN u.start_s - 864000 AND u.start_s + u.elapsed_s
    WHERE NOT u.is_usable AND u.family IN (g.family, 'unknown')
)
SELECT athlete_id, activity_id, usable_id,
       ROW_NUMBER() OVER (PARTITION BY athlete_id, activity_id ORDER BY overlap_s DESC, length(usable_id), usable_id) AS choice
FROM pair
WHERE 2 * overlap_s > shorter_s;
DELETE FROM recording WHERE NOT is_usable AND (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM beside);

-- Two overlap by more than half of the shorter one when the middle of one lies within the other. If one that starts before a
-- third and one that starts after it do, the third does so with one of the two: so a chain is a piece of the line in order of start,
-- and a piece ends where no middle before it reaches a start after it, and no middle after it an end before it. What touches no other
-- is a piece of its own, and most are.
CREATE TEMP TABLE chain AS
WITH doubled AS MATERIALIZED ( -- most have nobody's times within their own
    SELECT DISTINCT athlete_id, is_usable, family
    FROM recording AS r
    WHERE EXISTS (SELECT 1 FROM recording AS o
                  WHERE o.is_usable = r.is_usable AND o.athlete_id = r.athlete_id AND o.start_s BETWEEN r.start_s AND r.start_s + r.elapsed_s
                    AND o.family = r.family AND o.rowid <> r.rowid)
),
touching AS MATERIALIZED (
    SELECT recording_id
    FROM (SELECT r.rowid AS recording_id, start_s, start_s + elapsed_s AS end_s, MAX(start_s + elapsed_s) OVER earlier AS end_before,
                 LEAD(start_s) OVER (PARTITION BY athlete_id, is_usable, family ORDER BY start_s, activity_id) AS start_after
          FROM doubled CROSS JOIN recording AS r USING (athlete_id, is_usable, family)
          WINDOW earlier AS (PARTITION BY athlete_id, is_usable, family ORDER BY start_s, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
    WHERE start_s <= end_before OR start_after <= end_s
),
reach AS (
    SELECT *, MAX(2 * start_s + elapsed_s) OVER earlier AS middle_before, MAX(start_s + elapsed_s) OVER earlier AS end_before,
           MIN(2 * start_s + elapsed_s) OVER (PARTITION BY athlete_id, is_usable, family ORDER BY start_s DESC, activity_id DESC) AS middle_after
    FROM recording
    WHERE rowid IN (SELECT recording_id FROM touching)
    WINDOW earlier AS (PARTITION BY athlete_id, is_usable, family ORDER BY start_s, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
piece AS (
    SELECT athlete_id, is_usable, family, activity_id, elapsed_s,
           COUNT(*) FILTER (WHERE middle_before <= 2 * start_s AND 2 * end_before <= middle_after)
               OVER (PARTITION BY athlete_id, is_usable, family ORDER BY start_s, activity_id) AS number
    FROM reach
)
SELECT *, COUNT(*) OVER (PARTITION BY athlete_id, is_usable, family, number) AS n_recordings FROM piece;

-- The one with the most samples counts, then the longest, then the one with the smallest id.
CREATE TEMP TABLE better AS
WITH sampled AS (
    SELECT c.*, (SELECT COUNT(*) FROM silver_strava_sub_activity AS s WHERE s.athlete_id = c.athlete_id AND s.activity_id = c.activity_id) AS n_samples
    FROM chain AS c
    WHERE n_recordings > 1
),
chosen AS (
    SELECT *, FIRST_VALUE(activity_id) OVER best AS best_id, FIRST_VALUE(n_samples) OVER best AS best_samples, FIRST_VALUE(elapsed_s) OVER best AS best_s
    FROM sampled
    WINDOW best AS (PARTITION BY athlete_id, is_usable, family, number ORDER BY n_samples DESC, elapsed_s DESC, length(activity_id), activity_id)
)
SELECT athlete_id, activity_id, best_id AS same_training_as,
       'recorded twice: ' || best_id ||
       CASE WHEN best_samples > n_samples THEN ' has ' || best_samples || ' laps, splits and efforts, and this ' || n_samples
            WHEN best_s > elapsed_s THEN ' is ' || (best_s - elapsed_s) || ' s longer'
            ELSE ' has the smaller number' END AS reason
FROM chosen
WHERE activity_id <> best_id;
CREATE UNIQUE INDEX temp.better_by_activity ON better (athlete_id, activity_id);
CREATE TEMP TABLE computed AS
SELECT athlete_id, activity_id, same_training_as, reason FROM better
UNION ALL
SELECT o.athlete_id, o.activity_id, COALESCE(b.same_training_as, o.usable_id),
       'recorded twice: ' || COALESCE(b.same_training_as, o.usable_id) || ' can be used, and this cannot'
FROM beside AS o
LEFT JOIN better AS b ON b.athlete_id = o.athlete_id AND b.activity_id = o.usable_id
WHERE o.choice = 1;
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed AS c JOIN computed AS b ON b.athlete_id = c.athlete_id AND b.activity_id = c.same_training_as),
                   '230_silver_trainings: a recording counts and does not count');

-- Recordings that counted and do not, or the other way round; and what is of one training with them.
CREATE TEMP TABLE moved AS
SELECT athlete_id, activity_id FROM changed CROSS JOIN silver_same_training AS t USING (athlete_id)
WHERE NOT EXISTS (SELECT 1 FROM computed AS c WHERE c.athlete_id = t.athlete_id AND c.activity_id = t.activity_id)
UNION ALL
SELECT athlete_id, activity_id FROM computed AS c
WHERE NOT EXISTS (SELECT 1 FROM silver_same_training AS t WHERE t.athlete_id = c.athlete_id AND t.activity_id = c.activity_id);

-- That another recording counts is known since the news that brought it about, from the first day on that it touches.
CREATE TEMP TABLE news AS
WITH touched AS (
    SELECT m.athlete_id, MIN(COALESCE(a.local_date, u.local_date)) AS from_date, json_extract(w.position, '$[10]') AS heard_until
    FROM moved AS m
    LEFT JOIN silver_strava_activities AS a ON a.athlete_id = m.athlete_id AND a.activity_id = m.activity_id
    LEFT JOIN silver_unusable_activities AS u ON u.athlete_id = m.athlete_id AND u.activity_id = m.activity_id
    JOIN ops_watermarks AS w ON w.stage = '230_silver_trainings' AND w.athlete_id = m.athlete_id
    WHERE COALESCE(a.local_date, u.local_date) IS NOT NULL
    GROUP BY m.athlete_id
),
heard AS (
    SELECT t.*, max(COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.athlete_id = t.athlete_id), ''),
                    COALESCE((SELECT MAX(s.available_at) FROM silver_strava_sub_activity AS s
                              JOIN silver_arrivals AS r ON r.bronze_table = s.bronze_table AND r.bronze_id = s.bronze_id AND r.known = 'live'
                              WHERE s.athlete_id = t.athlete_id AND s.available_at > t.heard_until), '')) AS corrected_at
    FROM touched AS t
)
SELECT athlete_id, from_date, corrected_at FROM heard WHERE corrected_at > heard_until;
-- It is no activity's, and of each day the latest is enough.
DELETE FROM silver_corrections WHERE (athlete_id, from_date, bronze_id) IN (SELECT athlete_id, from_date, 0 FROM news);
INSERT INTO silver_corrections (athlete_id, from_date, bronze_id, corrected_at, activity_id)
SELECT athlete_id, from_date, 0, corrected_at, '' FROM news;

DELETE FROM silver_same_training
WHERE (athlete_id, activity_id, same_training_as, reason) IN (
    SELECT athlete_id, activity_id, same_training_as, reason FROM changed CROSS JOIN silver_same_training USING (athlete_id)
    EXCEPT
    SELECT athlete_id, activity_id, same_training_as, reason FROM computed);
INSERT INTO silver_same_training (athlete_id, activity_id, same_training_as, reason)
SELECT athlete_id, activity_id, same_training_as, reason FROM computed
EXCEPT
SELECT athlete_id, activity_id, same_training_as, reason FROM changed CROSS JOIN silver_same_training USING (athlete_id);

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM recording) + (SELECT COUNT(*) FROM beside WHERE choice = 1) AS rows_in,
       (SELECT COUNT(*) FROM recording) - (SELECT COUNT(*) FROM better) AS rows_out,
       0 AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position)
SELECT '230_silver_trainings', c.athlete_id, CASE WHEN c.has_trained THEN c.position END
FROM changed AS c
LEFT JOIN ops_watermarks AS m ON m.stage = '230_silver_trainings' AND m.athlete_id = c.athlete_id
WHERE m.position IS NOT c.position OR NOT c.has_trained;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '230_silver_trainings', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '230_silver_trainings';

DROP TABLE temp.counted;
DROP TABLE temp.news;
DROP TABLE temp.moved;
DROP TABLE temp.computed;
DROP TABLE temp.better;
DROP TABLE temp.chain;
DROP TABLE temp.beside;
DROP TABLE temp.recording;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
