-- stage:    110_told
-- purpose:  places for what only the athlete knows: of an activity, of a race, plans, and a name; sql/tools/tell writes them, and so may anyone
-- reads:    -
-- writes:   athlete_activity_settings, athlete_races, athlete_names, athlete_plan
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '110_told',
    'places for what only the athlete knows: of an activity, of a race, plans, and a name; sql/tools/tell writes them, and so may anyone',
    '[]',
    '["athlete_activity_settings", "athlete_races", "athlete_names", "athlete_plan"]',
    '[]');
-- end

-- The newest row of its kind holds, whatever arrives or arrives again; one with NULL takes back what was told before:
--     INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('4001', '9876543210', 'rpe', 7);
-- is_mine      0: somebody else ran it
-- is_race      1: a race without a tag, 0: a tag without a race, or a race that says nothing
-- official_m, official_s   of a race, by its organiser
-- rpe          how hard it was as a whole, from 0 to 10 (CR-10)
-- load_tss     its load, in place of what would be computed
CREATE TABLE IF NOT EXISTS athlete_activity_settings (
    told_id     INTEGER PRIMARY KEY,
    athlete_id  TEXT NOT NULL CONSTRAINT "athlete_id is the athlete's id, not an empty text" CHECK (athlete_id <> ''),
    activity_id TEXT NOT NULL CONSTRAINT "activity_id is an activity's id, not an empty text" CHECK (activity_id <> ''),
    setting     TEXT NOT NULL CONSTRAINT "setting is is_mine, is_race, official_m, official_s, rpe or load_tss"
                CHECK (setting IN ('is_mine', 'is_race', 'official_m', 'official_s', 'rpe', 'load_tss')),
    value       REAL,
    told_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
                CONSTRAINT "told_at is an instant such as 2024-05-12T07:30:00Z" CHECK (told_at IS strftime('%Y-%m-%dT%H:%M:%SZ', told_at, '+0 days')),
    CONSTRAINT "is_mine and is_race are 0, 1 or, to take back, NULL" CHECK (setting NOT IN ('is_mine', 'is_race') OR value IS NULL OR value IN (0, 1)),
    CONSTRAINT "rpe is a number from 0 to 10 or, to take back, NULL"
    CHECK (setting <> 'rpe' OR value IS NULL OR typeof(value) = 'real' AND value BETWEEN 0 AND 10),
    CONSTRAINT "load_tss is a number from 0 to 3000 or, to take back, NULL"
    CHECK (setting <> 'load_tss' OR value IS NULL OR typeof(value) = 'real' AND value BETWEEN 0 AND 3000),
    CONSTRAINT "official_m is a distance from 400 to 500000 m or, to take back, NULL"
    CHECK (setting <> 'official_m' OR value IS NULL OR typeof(value) = 'real' AND value BETWEEN 400 AND 500000),
    CONSTRAINT "official_s is a time from 60 to 864000 s or, to take back, NULL"
    CHECK (setting <> 'official_s' OR value IS NULL OR typeof(value) = 'real' AND value BETWEEN 60 AND 864000)
);
CREATE INDEX IF NOT EXISTS athlete_activity_settings_by_activity
ON athlete_activity_settings (athlete_id, activity_id, setting, told_at, told_id);
-- due athlete_activity_settings for 200_silver_activities, 210_silver_sub_activity, 240_silver_races: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_200_added AFTER INSERT ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('200_silver_activities', new.athlete_id, ''), ('210_silver_sub_activity', new.athlete_id, ''), ('240_silver_races', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_200_changed AFTER UPDATE ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('200_silver_activities', old.athlete_id, ''), ('210_silver_sub_activity', old.athlete_id, ''), ('240_silver_races', old.athlete_id, ''), ('200_silver_activities', new.athlete_id, ''), ('210_silver_sub_activity', new.athlete_id, ''), ('240_silver_races', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_activity_settings_due_200_gone AFTER DELETE ON athlete_activity_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('200_silver_activities', old.athlete_id, ''), ('210_silver_sub_activity', old.athlete_id, ''), ('240_silver_races', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- A race whose activity has no tag or is not here: the run of that day over that distance, where there is one, else a race by itself.
--     INSERT INTO athlete_races (athlete_id, race_date, distance_m, seconds) VALUES ('4001', '2024-05-12', 10000, 2710);
CREATE TABLE IF NOT EXISTS athlete_races (
    told_id    INTEGER PRIMARY KEY,
    athlete_id TEXT NOT NULL CONSTRAINT "athlete_id is the athlete's id, not an empty text" CHECK (athlete_id <> ''),
    race_date  TEXT NOT NULL CONSTRAINT "race_date is a day such as 2024-05-12" CHECK (race_date IS date(race_date, '+0 days')),
    distance_m REAL NOT NULL CONSTRAINT "distance_m is a distance from 400 to 500000 m"
               CHECK (typeof(distance_m) = 'real' AND distance_m BETWEEN 400 AND 500000),
    seconds    REAL, -- NULL takes the race back
    told_at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
               CONSTRAINT "told_at is an instant such as 2024-05-12T07:30:00Z" CHECK (told_at IS strftime('%Y-%m-%dT%H:%M:%SZ', told_at, '+0 days')),
    CONSTRAINT "a race is told when it is over: race_date is no later than the day on which it is told" CHECK (race_date <= date(told_at, '+14 hours')),
    CONSTRAINT "seconds is the time of a race between 0.5 and 7 m/s or, to take the race back, NULL"
    CHECK (seconds IS NULL OR typeof(seconds) = 'real' AND distance_m BETWEEN 0.5 * seconds AND 7 * seconds)
);
CREATE INDEX IF NOT EXISTS athlete_races_by_day ON athlete_races (athlete_id, race_date, distance_m, told_at, told_id);
CREATE TRIGGER IF NOT EXISTS athlete_races_of_years BEFORE INSERT ON athlete_races WHEN new.race_date < '0001'
BEGIN SELECT RAISE(ABORT, 'race_date is a day of the years 1 to 9999'); END;
CREATE TRIGGER IF NOT EXISTS athlete_races_of_years_moved BEFORE UPDATE OF race_date ON athlete_races WHEN new.race_date < '0001'
BEGIN SELECT RAISE(ABORT, 'race_date is a day of the years 1 to 9999'); END;
-- due athlete_races for 240_silver_races: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_races_due_240_added AFTER INSERT ON athlete_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_races_due_240_changed AFTER UPDATE ON athlete_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', old.athlete_id, ''), ('240_silver_races', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_races_due_240_gone AFTER DELETE ON athlete_races
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('240_silver_races', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE TABLE IF NOT EXISTS athlete_names (
    told_id    INTEGER PRIMARY KEY,
    athlete_id TEXT NOT NULL CONSTRAINT "athlete_id is the athlete's id, not an empty text" CHECK (athlete_id <> ''),
    name       TEXT CONSTRAINT "name has 1 to 100 characters that can be printed or, to take it back, is NULL"
               CHECK (name IS NULL OR typeof(name) = 'text' AND length(name) BETWEEN 1 AND 100
                      AND name NOT GLOB char(42, 91, 1, 45, 31) || char(127, 45, 159, 93, 42)),
    told_at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
               CONSTRAINT "told_at is an instant such as 2024-05-12T07:30:00Z" CHECK (told_at IS strftime('%Y-%m-%dT%H:%M:%SZ', told_at, '+0 days'))
);
CREATE INDEX IF NOT EXISTS athlete_names_by_athlete ON athlete_names (athlete_id, told_at, told_id);

-- What is meant to be done: workouts, and races in the calendar. A day of rest is one without a row.
--     INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, distance_m) VALUES ('4001', '2024-10-13', 'race', 42195);
--     INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity) VALUES ('4001', '2024-09-01', 'long', 120, 0.72);
-- minutes      in motion; NULL takes the workout back
-- intensity    speed as a share of threshold speed
-- distance_m   of a race; NULL takes the race back
CREATE TABLE IF NOT EXISTS athlete_plan (
    told_id      INTEGER PRIMARY KEY,
    athlete_id   TEXT NOT NULL CONSTRAINT "athlete_id is the athlete's id, not an empty text" CHECK (athlete_id <> ''),
    plan_date    TEXT NOT NULL CONSTRAINT "plan_date is a day such as 2024-05-12" CHECK (plan_date IS date(plan_date, '+0 days')),
    workout_type TEXT NOT NULL CONSTRAINT "workout_type is race or a name such as easy, long, tempo or intervals"
                 CHECK (typeof(workout_type) = 'text' AND length(workout_type) BETWEEN 1 AND 30 AND workout_type NOT GLOB '*[^a-z_]*' AND workout_type <> 'rest'),
    minutes      REAL,
    intensity    REAL,
    distance_m   REAL,
    told_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
                 CONSTRAINT "told_at is an instant such as 2024-05-12T07:30:00Z" CHECK (told_at IS strftime('%Y-%m-%dT%H:%M:%SZ', told_at, '+0 days')),
    CONSTRAINT "a race has a distance_m from 400 to 500000 m or, to take it back, NULL, and neither minutes nor intensity"
    CHECK (workout_type <> 'race' OR minutes IS NULL AND intensity IS NULL AND (distance_m IS NULL OR typeof(distance_m) = 'real' AND distance_m BETWEEN 400 AND 500000)),
    CONSTRAINT "a workout has minutes from 5 to 1440 and an intensity from 0.3 to 1.5 or, to take it back, NULL for both, and no distance_m"
    CHECK (workout_type = 'race' OR distance_m IS NULL
           AND (minutes IS NULL AND intensity IS NULL
                OR typeof(minutes) = 'real' AND minutes BETWEEN 5 AND 1440 AND typeof(intensity) = 'real' AND intensity BETWEEN 0.3 AND 1.5))
);
CREATE INDEX IF NOT EXISTS athlete_plan_by_day ON athlete_plan (athlete_id, plan_date, workout_type, told_at, told_id);
-- due athlete_plan for 640_plan_outlook: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_plan_due_640_added AFTER INSERT ON athlete_plan
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_plan_due_640_changed AFTER UPDATE ON athlete_plan
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', old.athlete_id, ''), ('640_plan_outlook', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_plan_due_640_gone AFTER DELETE ON athlete_plan
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

-- What holds now.
CREATE VIEW IF NOT EXISTS athlete_activity_settings_now AS
SELECT athlete_id, activity_id, setting, value, told_at
FROM athlete_activity_settings AS s
WHERE value IS NOT NULL
  AND told_id = (SELECT n.told_id FROM athlete_activity_settings AS n
                 WHERE (n.athlete_id, n.activity_id, n.setting) = (s.athlete_id, s.activity_id, s.setting)
                 ORDER BY n.told_at DESC, n.told_id DESC LIMIT 1);
CREATE VIEW IF NOT EXISTS athlete_races_now AS
SELECT athlete_id, race_date, distance_m, seconds, told_at
FROM athlete_races AS s
WHERE seconds IS NOT NULL
  AND told_id = (SELECT n.told_id FROM athlete_races AS n
                 WHERE (n.athlete_id, n.race_date, n.distance_m) = (s.athlete_id, s.race_date, s.distance_m)
                 ORDER BY n.told_at DESC, n.told_id DESC LIMIT 1);
CREATE VIEW IF NOT EXISTS athlete_plan_now AS
SELECT athlete_id, plan_date, workout_type, minutes, intensity, distance_m, told_at
FROM athlete_plan AS s
WHERE (minutes IS NOT NULL OR distance_m IS NOT NULL)
  AND told_id = (SELECT n.told_id FROM athlete_plan AS n
                 WHERE (n.athlete_id, n.plan_date, n.workout_type) = (s.athlete_id, s.plan_date, s.workout_type)
                 ORDER BY n.told_at DESC, n.told_id DESC LIMIT 1);
CREATE VIEW IF NOT EXISTS athlete_names_now AS
SELECT athlete_id, name, told_at
FROM athlete_names AS s
WHERE name IS NOT NULL
  AND told_id = (SELECT n.told_id FROM athlete_names AS n WHERE n.athlete_id = s.athlete_id ORDER BY n.told_at DESC, n.told_id DESC LIMIT 1);

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '110_told', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
