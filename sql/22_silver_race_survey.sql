-- stage:    22_silver_race_survey
-- purpose:  the race survey as typed rows: one per runner, one per race
-- reads:    bronze_documents; ops_watermarks, race_distances, silver_survey_races
-- writes:   silver_survey_runners, silver_survey_races; race_distances, ops_seen
-- follows:  -
-- grain:    runner_id; runner_id, distance_class
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '22_silver_race_survey',
    'the race survey as typed rows: one per runner, one per race',
    '["bronze_documents"]',
    '["silver_survey_runners", "silver_survey_races"]',
    '[]');
-- end

-- The distances that races are run over; times are estimated for those with is_target.
CREATE TABLE IF NOT EXISTS race_distances (
    distance_class TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    distance_m     REAL NOT NULL,
    is_target      INTEGER NOT NULL,
    interval_class TEXT NOT NULL,  -- whose interval is borrowed where the survey has no estimates of its own
    effort_name    TEXT            -- what Strava calls a best effort over it
) WITHOUT ROWID;

INSERT OR IGNORE INTO race_distances (distance_class, name, distance_m, is_target, interval_class, effort_name) VALUES
    ('5k',   '5 km',          5000,     1, '5k',  '5K'),
    ('5mi',  '5 miles',       8046.72,  0, '10k', NULL),
    ('10k',  '10 km',         10000,    1, '10k', '10K'),
    ('10mi', '10 miles',      16093.44, 0, '21k', '10 mile'),
    ('21k',  'half-marathon', 21097.5,  1, '21k', 'Half-Marathon'),
    ('42k',  'marathon',      42195,    1, '42k', 'Marathon');

CREATE TABLE IF NOT EXISTS silver_survey_runners (
    runner_id       INTEGER PRIMARY KEY,
    age             REAL,
    is_female       INTEGER,
    bmi             REAL,
    endurance_speed REAL,    -- 1 all endurance … 10 all speed
    sprints         INTEGER, -- sprints, intervals or hill repeats in most weeks
    tempo_runs      INTEGER, -- tempo runs in most weeks
    weekly_km       REAL,    -- a typical week
    longest_week_km REAL
);

CREATE TABLE IF NOT EXISTS silver_survey_races (
    runner_id      INTEGER NOT NULL,
    distance_class TEXT NOT NULL,
    seconds        REAL NOT NULL,
    fitness        REAL,     -- 1 as fit as ever … 4 not well prepared
    difficulty     REAL,     -- 1 very difficult … 5 very fast
    PRIMARY KEY (runner_id, distance_class)
) WITHOUT ROWID;

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       (SELECT CAST(COALESCE(MAX(bronze_id), 0) AS TEXT) FROM bronze_documents WHERE kind = 'race_survey') AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '22_silver_race_survey') AS position_before;

-- The newest answers of each runner, when there are new ones. An unanswered question is an empty text.
CREATE TEMP TABLE answer AS
SELECT CAST(document_id AS INTEGER) AS runner_id, payload, MAX(bronze_id) AS bronze_id
FROM bronze_documents
WHERE kind = 'race_survey' AND (SELECT position IS NOT position_before FROM stage_clock)
GROUP BY document_id;

DELETE FROM silver_survey_runners WHERE (SELECT position IS NOT position_before FROM stage_clock);
INSERT INTO silver_survey_runners
SELECT runner_id,
       CAST(NULLIF(json_extract(payload, '$.age'), '') AS REAL),
       CAST(NULLIF(json_extract(payload, '$.female'), '') AS INTEGER),
       CAST(NULLIF(json_extract(payload, '$.bmi'), '') AS REAL),
       CAST(NULLIF(json_extract(payload, '$.endurancespeed'), '') AS REAL),
       CAST(NULLIF(json_extract(payload, '$.sprint'), '') AS INTEGER),
       CAST(NULLIF(json_extract(payload, '$.tempo'), '') AS INTEGER),
       CAST(NULLIF(json_extract(payload, '$.typical'), '') AS REAL) * 1.609344,
       CAST(NULLIF(json_extract(payload, '$.max'), '') AS REAL) * 1.609344
FROM answer;

DELETE FROM silver_survey_races WHERE (SELECT position IS NOT position_before FROM stage_clock);
INSERT INTO silver_survey_races
WITH question (distance_class, seconds, fitness, difficulty) AS (
    VALUES ('5k', '$.k5_ti', '$.k5_tr', '$.k5_di'), ('5mi', '$.m5_ti', '$.m5_tr', '$.m5_di'),
           ('10k', '$.k10_ti', '$.k10_tr', '$.k10_di'), ('10mi', '$.m10_ti', '$.m10_tr', '$.m10_di'),
           ('21k', '$.mh_ti', '$.mh_tr', '$.mh_di'), ('42k', '$.mf_ti', '$.mf_tr', '$.mf_di')
)
SELECT a.runner_id, q.distance_class,
       CAST(json_extract(a.payload, q.seconds) AS REAL) AS seconds,
       CAST(NULLIF(json_extract(a.payload, q.fitness), '') AS REAL),
       CAST(NULLIF(json_extract(a.payload, q.difficulty), '') AS REAL)
FROM answer AS a
CROSS JOIN question AS q
WHERE CAST(json_extract(a.payload, q.seconds) AS REAL) > 0;

SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM silver_survey_races JOIN race_distances USING (distance_class) WHERE distance_m / seconds NOT BETWEEN 1 AND 7),
    '22_silver_race_survey: a race slower than walking or faster than the world record');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM answer) AS rows_in,
       (SELECT COUNT(*) FROM silver_survey_races) AS rows_out,
       0 AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '22_silver_race_survey', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '22_silver_race_survey', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.answer;
DROP TABLE temp.stage_clock;

COMMIT;
