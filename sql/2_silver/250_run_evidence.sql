-- stage:    250_run_evidence
-- purpose:  what a run, or a race that was not recorded, may prove of its runner, and why another proves nothing
-- reads:    -
-- writes:   -
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   threshold_min_minutes, threshold_min_distance_km, max_pause_share
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '250_run_evidence',
    'what a run, or a race that was not recorded, may prove of its runner, and why another proves nothing',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What a run may prove of its runner: 3 by itself, being a race of which distance and time were told; 2 by itself, as a race within
-- `race_gain_max` of what the others show; 1 beside another that is near it; 0 only together with others (`doubt` says why). One rule
-- for the threshold pace and for race times.
CREATE VIEW IF NOT EXISTS run_evidence AS
WITH asked AS MATERIALIZED (
    SELECT 60 * MAX(value) FILTER (WHERE name = 'threshold_min_minutes') AS min_s,
           1000 * MAX(value) FILTER (WHERE name = 'threshold_min_distance_km') AS min_m,
           MAX(value) FILTER (WHERE name = 'max_pause_share') AS max_pause_share
    FROM ops_config
)
SELECT athlete_id, activity_id, local_date, known_date, end_time, available_at, distance_m, moving_s, elapsed_s, climb_m,
       CASE WHEN is_official THEN 3 WHEN doubt IS NOT NULL THEN 0 WHEN is_race THEN 2 ELSE 1 END AS standing,
       CASE WHEN NOT is_official THEN doubt END AS doubt, is_race
FROM (
    SELECT a.athlete_id, a.activity_id, a.local_date, date(a.end_time, a.utc_offset_s || ' seconds') AS known_date, a.end_time,
           CASE WHEN r.available_at > a.available_at THEN r.available_at ELSE a.available_at END AS available_at,
           r.activity_id IS NOT NULL AS is_race, r.official_m IS NOT NULL AND r.official_s IS NOT NULL AS is_official,
           COALESCE(r.official_m, a.distance_m) AS distance_m, COALESCE(r.official_s, a.moving_s) AS moving_s,
           COALESCE(r.official_s, a.elapsed_s) AS elapsed_s, a.is_flagged,
           CASE WHEN instr(a.quality_flags, 'climb_rate_is_human') THEN NULL ELSE a.elevation_gain_m END AS climb_m,
           CASE WHEN a.is_manual THEN 'entered by hand'
                WHEN a.is_indoor THEN 'indoors, or virtual'
                WHEN instr(a.quality_flags, 'speed_without_spikes') THEN 'a maximum speed that nobody runs'
                WHEN a.elapsed_s - a.moving_s > c.max_pause_share * a.elapsed_s THEN 'paused'
           END AS doubt, c.min_s, c.min_m
    FROM asked AS c
    CROSS JOIN silver_trainings AS a
    LEFT JOIN silver_races AS r ON r.athlete_id = a.athlete_id AND r.activity_id = a.activity_id
    WHERE a.is_run
)
WHERE (is_official OR NOT is_flagged) AND moving_s >= min_s AND distance_m >= min_m;
-- A race that was not recorded proves what was told of it.
CREATE VIEW IF NOT EXISTS unrecorded_race_evidence AS
SELECT r.athlete_id, r.activity_id, r.race_date AS local_date, r.race_date AS known_date, r.end_time, r.available_at,
       r.official_m AS distance_m, r.official_s AS moving_s, r.official_s AS elapsed_s, 3 AS standing
FROM silver_races AS r
WHERE NOT r.is_recorded
  AND r.official_s >= 60 * (SELECT value FROM ops_config WHERE name = 'threshold_min_minutes')
  AND r.official_m >= 1000 * (SELECT value FROM ops_config WHERE name = 'threshold_min_distance_km');

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '250_run_evidence', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
