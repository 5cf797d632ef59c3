-- stage:    240_silver_races
-- purpose:  which runs were races, by their tags and by what their athletes told, and since when what was told is known
-- reads:    silver_strava_activities, silver_same_training, athlete_activity_settings, athlete_races; silver_strava_sub_activity, silver_unusable_activities, silver_trainings, training_settings, athlete_races_now, bronze_strava_activities, silver_corrections, silver_races, race_candidates, race_distances, course_reading, ops_config, ops_published, ops_watermarks, ops_due
-- writes:   silver_races, race_candidates; silver_corrections, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   arrivals
-- rests:    ops_due

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '240_silver_races',
    'which runs were races, by their tags and by what their athletes told, and since when what was told is known',
    '["silver_strava_activities", "silver_same_training", "athlete_activity_settings", "athlete_races"]',
    '["silver_races", "race_candidates"]',
    '[]');
-- end

CREATE TABLE IF NOT EXISTS silver_races (
    athlete_id   TEXT NOT NULL,
    activity_id  TEXT NOT NULL, -- a race that was not recorded has one of its own
    race_date    TEXT NOT NULL,
    end_time     TEXT NOT NULL,
    official_m   REAL,          -- as told; NULL: only what the watch measured is known
    official_s   REAL,
    is_recorded  INTEGER NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('tag', 'told')),
    available_at TEXT NOT NULL,
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
-- due silver_races for 410_activity_features since race_date: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_races_due_410_added AFTER INSERT ON silver_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', new.athlete_id, COALESCE(new.race_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_races_due_410_changed AFTER UPDATE ON silver_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.race_date, '')), ('410_activity_features', new.athlete_id, COALESCE(new.race_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_races_due_410_gone AFTER DELETE ON silver_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.race_date, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- Runs near an official distance that nobody called a race, and than which no run of at least that length was faster for a quarter
-- of a year before and after: was it one? Distance and time are those of the race where it was a part of the run.
CREATE TABLE IF NOT EXISTS race_candidates (
    athlete_id     TEXT NOT NULL,
    activity_id    TEXT NOT NULL,
    distance_class TEXT NOT NULL,
    local_date     TEXT NOT NULL,
    name           TEXT,
    distance_m     REAL NOT NULL,
    elapsed_s      INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, activity_id, distance_class)
) WITHOUT ROWID;

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       json_array((SELECT COALESCE(MAX(told_id), 0) FROM athlete_activity_settings), (SELECT COALESCE(MAX(told_id), 0) FROM athlete_races)) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '240_silver_races' AND athlete_id = '') AS position_before;

CREATE TEMP TABLE changed AS
SELECT athlete_id FROM ops_due WHERE stage = '240_silver_races';

-- What was told of a recording is told of its training.
CREATE VIEW IF NOT EXISTS training_settings AS
SELECT s.athlete_id, COALESCE(t.same_training_as, s.activity_id) AS activity_id, s.activity_id AS told_of, s.setting, s.value, s.told_at
FROM athlete_activity_settings_now AS s
LEFT JOIN silver_same_training AS t ON t.athlete_id = s.athlete_id AND t.activity_id = s.activity_id;
-- due athlete_activity_settings for 410_activity_features since the day of activity_id, 410_activity_features since the day of the training of activity_id: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_410_added AFTER INSERT ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id) AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_410_changed AFTER UPDATE ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id) AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id) AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_410_gone AFTER DELETE ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id) AND c.athlete_id = old.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- The last word on each setting; a race that its athlete excluded is none, whatever else is said of it.
CREATE TEMP TABLE told AS
SELECT athlete_id, CAST(activity_id AS TEXT) AS activity_id, MAX(value) FILTER (WHERE setting = 'is_race') AS is_race, MAX(value) FILTER (WHERE setting = 'official_m') AS official_m,
       MAX(value) FILTER (WHERE setting = 'official_s') AS official_s
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY athlete_id, s.activity_id, s.setting ORDER BY s.told_at DESC, s.told_of) AS choice
      FROM changed
      CROSS JOIN training_settings AS s USING (athlete_id)
      WHERE s.setting IN ('is_race', 'official_m', 'official_s'))
WHERE choice = 1
GROUP BY athlete_id, activity_id;
CREATE UNIQUE INDEX temp.told_by_activity ON told (athlete_id, activity_id);

-- A race that was told by its day is the run of that day which comes nearest to its distance, or the one with a tag that holds it;
-- one run is one race.
CREATE TEMP TABLE found AS
WITH pair AS (
    SELECT r.athlete_id, r.race_date, r.distance_m, r.seconds, a.activity_id,
           ROW_NUMBER() OVER (PARTITION BY r.athlete_id, r.race_date, r.distance_m
                              ORDER BY a.distance_m > 1.1 * r.distance_m, abs(a.distance_m - r.distance_m), a.activity_id) AS of_race,
           ROW_NUMBER() OVER (PARTITION BY a.athlete_id, a.activity_id
                              ORDER BY a.distance_m > 1.1 * r.distance_m, abs(a.distance_m - r.distance_m), r.distance_m) AS of_run
    FROM changed
    CROSS JOIN athlete_races_now AS r USING (athlete_id)
    JOIN silver_trainings AS a ON a.athlete_id = r.athlete_id AND a.local_date = r.race_date
    LEFT JOIN told AS t ON t.athlete_id = a.athlete_id AND t.activity_id = a.activity_id
    WHERE a.is_run AND t.is_race IS NOT 0 AND a.distance_m >= 0.95 * r.distance_m AND (a.distance_m <= 1.1 * r.distance_m OR a.is_race OR t.is_race = 1)
)
SELECT athlete_id, race_date, distance_m, seconds, activity_id FROM pair WHERE of_race = 1 AND of_run = 1;
CREATE UNIQUE INDEX temp.found_by_activity ON found (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.found_by_race ON found (athlete_id, race_date, distance_m);

-- What is told of an athlete who has been published is known from then on: a correction of that day, with a number below those
-- that 400_athlete_profile gives, for the activity that it is told of. That may be gone from silver, being somebody else's.
INSERT OR IGNORE INTO silver_corrections (athlete_id, from_date, bronze_id, corrected_at, activity_id)
WITH news (athlete_id, activity_id, told_at, number, from_date) AS (
    SELECT s.athlete_id, COALESCE(t.same_training_as, s.activity_id), s.told_at, -1000000000000 - 2 * s.told_id AS number,
           COALESCE(a.local_date, u.local_date, (SELECT date(b.payload ->> '$.start_date', '-1 day') FROM bronze_strava_activities AS b
                                   WHERE b.activity_id = s.activity_id AND b.stream <> 'tombstone' ORDER BY b.bronze_id DESC LIMIT 1)) AS from_date
    FROM stage_clock AS c
    CROSS JOIN athlete_activity_settings AS s
    LEFT JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
    LEFT JOIN silver_unusable_activities AS u USING (athlete_id, activity_id)
    LEFT JOIN silver_same_training AS t USING (athlete_id, activity_id)
    WHERE s.told_id > COALESCE(json_extract(c.position_before, '$[0]'), 0)
    UNION ALL
    SELECT r.athlete_id, COALESCE(f.activity_id, 'race ' || r.race_date || ' ' || number_text(r.distance_m)), r.told_at, -1000000000001 - 2 * r.told_id, r.race_date
    FROM stage_clock AS c
    CROSS JOIN athlete_races AS r
    LEFT JOIN found AS f USING (athlete_id, race_date, distance_m)
    WHERE r.told_id > COALESCE(json_extract(c.position_before, '$[1]'), 0)
)
SELECT n.athlete_id, n.from_date, n.number, min(n.told_at, c.started_at), n.activity_id
FROM stage_clock AS c
CROSS JOIN ops_config AS s ON s.name = 'arrivals'
CROSS JOIN news AS n
LEFT JOIN ops_published AS p ON p.athlete_id = n.athlete_id
WHERE n.from_date IS NOT NULL AND COALESCE(s.value, CASE WHEN p.athlete_id IS NOT NULL THEN 'live' END) = 'live';

CREATE TEMP TABLE computed AS
WITH race AS (
    SELECT a.athlete_id, a.activity_id, a.local_date AS race_date, a.end_time, COALESCE(t.official_m, f.distance_m) AS official_m,
           COALESCE(t.official_s, CASE WHEN t.official_m IS NULL OR t.official_m = f.distance_m THEN f.seconds END) AS official_s, 1 AS is_recorded,
           a.is_race AS is_tagged, a.available_at
    FROM changed
    CROSS JOIN silver_trainings AS a USING (athlete_id)
    LEFT JOIN told AS t USING (athlete_id, activity_id)
    LEFT JOIN found AS f USING (athlete_id, activity_id)
    WHERE a.is_run AND t.is_race IS NOT 0
      AND (a.is_race OR t.is_race = 1 OR t.official_m IS NOT NULL OR t.official_s IS NOT NULL OR f.activity_id IS NOT NULL)
    UNION ALL
    SELECT r.athlete_id, 'race ' || r.race_date || ' ' || number_text(r.distance_m), r.race_date,
           -- it was over when its day was, by the clock of the athlete's last activity until then
           strftime('%Y-%m-%dT%H:%M:%SZ', r.race_date, '+1 day',
                    -COALESCE((SELECT utc_offset_s FROM silver_strava_activities AS a
                               WHERE a.athlete_id = r.athlete_id AND a.local_date <= r.race_date
                               ORDER BY local_date DESC, start_time DESC, activity_id LIMIT 1), 0) || ' seconds') AS end_time,
           r.distance_m, r.seconds, 0, 0, ''
    FROM changed
    CROSS JOIN athlete_races_now AS r USING (athlete_id)
    LEFT JOIN found AS f USING (athlete_id, race_date, distance_m)
    WHERE f.activity_id IS NULL
)
SELECT athlete_id, activity_id, race_date, end_time, official_m, official_s, is_recorded,
       CASE WHEN is_tagged AND official_m IS NULL AND official_s IS NULL THEN 'tag' ELSE 'told' END AS source,
       max(end_time, available_at, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c
                                             WHERE c.athlete_id = race.athlete_id AND c.activity_id = race.activity_id AND c.bronze_id < 0), '')) AS available_at
FROM race;
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

SELECT assert_that((SELECT COUNT(*) FROM computed WHERE NOT is_recorded) + (SELECT COUNT(*) FROM found)
                   = (SELECT COUNT(*) FROM changed CROSS JOIN athlete_races_now USING (athlete_id)),
                   '240_silver_races: a race that was told is lost or doubled');

DELETE FROM silver_races
WHERE athlete_id IN (SELECT athlete_id FROM changed)
  AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (silver_races.athlete_id, silver_races.activity_id));
INSERT OR REPLACE INTO silver_races
SELECT * FROM computed
EXCEPT
SELECT * FROM silver_races WHERE athlete_id IN (SELECT athlete_id FROM changed);

-- A watch reads a course 1 % short to 3 % long.
CREATE VIEW IF NOT EXISTS course_reading (shortest, longest) AS VALUES (0.99, 1.03);
-- Of a race within a longer run, with the way there and back, the lap or the best effort over its distance tells: by a tenth faster than the
-- rest of the run, which is not longer than the race itself, and than which nothing over that distance was faster for as long.
CREATE TEMP TABLE run (athlete_id TEXT, activity_id TEXT, local_date TEXT, name TEXT, distance_m REAL, elapsed_s INTEGER, speed REAL);
INSERT INTO run
SELECT a.athlete_id, a.activity_id, a.local_date, a.name, a.distance_m, a.elapsed_s, a.distance_m / a.elapsed_s
FROM changed
CROSS JOIN silver_trainings AS a USING (athlete_id)
WHERE a.is_run AND NOT a.is_flagged AND NOT a.is_manual AND NOT a.is_indoor AND a.distance_m BETWEEN a.elapsed_s AND 7 * a.elapsed_s;
CREATE INDEX temp.run_by_day ON run (athlete_id, local_date, speed, distance_m);
CREATE TEMP TABLE candidate AS
WITH part AS MATERIALIZED (
    SELECT a.athlete_id, a.activity_id, d.distance_class, a.local_date, a.name, s.distance_m, s.elapsed_s, s.distance_m / s.elapsed_s AS speed,
           a.distance_m > w.longest * d.distance_m AND a.distance_m - s.distance_m <= d.distance_m
           AND (a.distance_m - s.distance_m) * s.elapsed_s < 0.9 * s.distance_m * (a.elapsed_s - s.elapsed_s) AS stands_out
    FROM course_reading AS w
    CROSS JOIN run AS a
    CROSS JOIN silver_strava_sub_activity AS s USING (athlete_id, activity_id)
    JOIN race_distances AS d ON s.distance_m BETWEEN w.shortest * d.distance_m AND w.longest * d.distance_m
    WHERE s.kind IN ('lap', 'best_effort') AND s.distance_m BETWEEN s.elapsed_s AND 7 * s.elapsed_s
),
stood_out AS MATERIALIZED ( -- few have such a part, and only their runs are compared with it
    SELECT DISTINCT athlete_id, distance_class FROM part WHERE stands_out
),
over_that_distance AS (
    SELECT *, MAX(speed) OVER (PARTITION BY athlete_id, distance_class ORDER BY julianday(local_date) RANGE BETWEEN 91 PRECEDING AND 91 FOLLOWING) AS best_speed
    FROM (SELECT * FROM part WHERE (athlete_id, distance_class) IN (SELECT athlete_id, distance_class FROM stood_out)
          UNION ALL
          SELECT a.athlete_id, a.activity_id, o.distance_class, a.local_date, a.name, a.distance_m, a.elapsed_s, a.speed, 0
          FROM course_reading AS w
          CROSS JOIN stood_out AS o
          CROSS JOIN race_distances AS d USING (distance_class)
          CROSS JOIN run AS a ON a.athlete_id = o.athlete_id AND a.distance_m >= w.shortest * d.distance_m)
),
asked AS (
    SELECT a.athlete_id, a.activity_id, d.distance_class, a.local_date, a.name, a.distance_m, a.elapsed_s
    FROM course_reading AS w
    CROSS JOIN run AS a
    JOIN race_distances AS d ON a.distance_m BETWEEN w.shortest * d.distance_m AND w.longest * d.distance_m
    WHERE NOT EXISTS (SELECT 1 FROM run AS o
                      WHERE o.athlete_id = a.athlete_id AND o.local_date BETWEEN date(a.local_date, '-91 days') AND date(a.local_date, '+91 days')
                        AND o.speed > a.speed AND o.distance_m >= w.shortest * d.distance_m)
    UNION ALL
    SELECT athlete_id, activity_id, distance_class, local_date, name, distance_m, MIN(elapsed_s) FROM over_that_distance
    WHERE stands_out AND speed = best_speed
    GROUP BY athlete_id, activity_id, distance_class
)
SELECT athlete_id, activity_id, distance_class, local_date, name, distance_m, elapsed_s
FROM asked AS a
WHERE NOT EXISTS (SELECT 1 FROM silver_races AS r WHERE (r.athlete_id, r.activity_id) = (a.athlete_id, a.activity_id))
  AND NOT EXISTS (SELECT 1 FROM told AS t WHERE (t.athlete_id, t.activity_id) = (a.athlete_id, a.activity_id) AND t.is_race IS NOT NULL);
DELETE FROM race_candidates
WHERE athlete_id IN (SELECT athlete_id FROM changed)
  AND (athlete_id, activity_id, distance_class) IN (SELECT athlete_id, activity_id, distance_class
                                                    FROM (SELECT r.* FROM changed CROSS JOIN race_candidates AS r USING (athlete_id) EXCEPT SELECT * FROM candidate));
INSERT INTO race_candidates
SELECT * FROM candidate
EXCEPT
SELECT * FROM race_candidates WHERE athlete_id IN (SELECT athlete_id FROM changed);

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM changed) AS rows_in, (SELECT COUNT(*) FROM computed) AS rows_out, 0 AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '240_silver_races', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '240_silver_races', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '240_silver_races';

DROP TABLE temp.counted;
DROP TABLE temp.candidate;
DROP TABLE temp.run;
DROP TABLE temp.computed;
DROP TABLE temp.found;
DROP TABLE temp.told;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
