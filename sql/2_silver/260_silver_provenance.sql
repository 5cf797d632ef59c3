-- stage:    260_silver_provenance
-- purpose:  from which day on what is computed of an athlete owes anything to Strava's API, and not to files of their own
-- reads:    -
-- writes:   -
-- follows:  -
-- grain:    athlete_id
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '260_silver_provenance',
    'from which day on what is computed of an athlete owes anything to Strava''s API, and not to files of their own',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- The first day of each athlete of which an activity came from Strava's API, and not in a file of their own: what is computed of an
-- earlier day owes nothing to it.
CREATE VIEW IF NOT EXISTS silver_from_api AS
SELECT a.athlete_id, MIN(a.local_date) AS from_date
FROM silver_strava_activities AS a
JOIN bronze_strava_activities AS b USING (bronze_id)
LEFT JOIN json_each(b.payload, '$.provenance') AS p -- which every SQLite allows in a view
WHERE COALESCE(p.value, '') NOT IN ('device_file', 'bulk_export')
GROUP BY a.athlete_id;

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '260_silver_provenance', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
