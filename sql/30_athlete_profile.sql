-- stage:    30_athlete_profile
-- purpose:  who an athlete is (first values kept), and a place for the settings that an athlete dates
-- reads:    bronze_strava_athlete, silver_strava_activities; silver_corrections, ops_actor, athlete_profile
-- writes:   athlete_profile; athlete_profile_history, athlete_profile_settings
-- follows:  -
-- grain:    athlete_id
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '30_athlete_profile',
    'who an athlete is (first values kept), and a place for the settings that an athlete dates',
    '["bronze_strava_athlete", "silver_strava_activities"]',
    '["athlete_profile"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- A setting holds from its day until the next one of its kind; changing one does not rewrite the days before it:
--     INSERT INTO athlete_profile_settings VALUES ('4001', 'max_hr', '2024-01-01', 192);
CREATE TABLE IF NOT EXISTS athlete_profile_settings (
    athlete_id TEXT NOT NULL,
    setting    TEXT NOT NULL CHECK (setting IN ('max_hr', 'resting_hr', 'threshold_hr', 'threshold_pace_min_km')),
    valid_from TEXT NOT NULL CHECK (valid_from IS date(valid_from)),
    value      REAL NOT NULL CHECK (value BETWEEN CASE setting WHEN 'threshold_pace_min_km' THEN 2 ELSE 20 END
                                              AND CASE setting WHEN 'threshold_pace_min_km' THEN 20 ELSE 250 END),
    PRIMARY KEY (athlete_id, setting, valid_from)
) WITHOUT ROWID;

CREATE TEMP TABLE changed AS
SELECT athlete_id FROM silver_strava_activities
UNION
SELECT athlete_id FROM athlete_profile;

CREATE TEMP TABLE computed AS
WITH first_activity AS (
    SELECT athlete_id, local_date, start_time, available_at,
           ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY start_time, activity_id) AS age
    FROM silver_strava_activities
),
told AS (
    SELECT athlete_id, bronze_id,
           CASE WHEN json_extract(payload, '$.sex') IN ('M', 'F') THEN json_extract(payload, '$.sex') END AS sex,
           CAST(substr(json_extract(payload, '$.birthdate'), 1, 4) AS INTEGER) AS birth_year
    FROM bronze_strava_athlete
)
SELECT f.athlete_id,
       (SELECT t.sex FROM told AS t WHERE t.athlete_id = f.athlete_id AND t.sex IS NOT NULL ORDER BY bronze_id LIMIT 1) AS sex,
       (SELECT t.birth_year FROM told AS t WHERE t.athlete_id = f.athlete_id
          AND t.birth_year BETWEEN CAST(substr(f.local_date, 1, 4) AS INTEGER) - 100 AND CAST(substr(f.local_date, 1, 4) AS INTEGER)
        ORDER BY bronze_id LIMIT 1) AS birth_year,
       f.local_date AS first_activity_date, f.start_time AS event_timestamp,
       max(f.available_at, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c
                                     WHERE c.athlete_id = f.athlete_id AND c.from_date <= f.local_date), '')) AS available_at
FROM first_activity AS f
WHERE f.age = 1;

CREATE UNIQUE INDEX temp.computed_by_athlete ON computed (athlete_id);

-- publish athlete_profile, corrected from o.first_activity_date: printed by `make stages`
-- What changes or goes stays in the history, with the instant of the correction that ended the belief in it.
CREATE TEMP TABLE fresh AS
SELECT * FROM computed
EXCEPT
SELECT * FROM athlete_profile WHERE athlete_id IN (SELECT athlete_id FROM changed);
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id,
       COALESCE(CASE WHEN f.available_at > o.available_at THEN f.available_at END,
                (SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.first_activity_date AND s.corrected_at > o.available_at),
                k.started_at) AS superseded_at
FROM stage_clock AS k
CROSS JOIN changed AS c
JOIN athlete_profile AS o USING (athlete_id)
LEFT JOIN fresh AS f USING (athlete_id)
WHERE f.athlete_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id) = (o.athlete_id));
INSERT INTO athlete_profile_history
SELECT o.*, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN athlete_profile AS o USING (athlete_id)
WHERE d.superseded_at > o.available_at;
DELETE FROM athlete_profile
WHERE (athlete_id) IN (SELECT athlete_id FROM outdated);
INSERT INTO athlete_profile SELECT * FROM fresh;
-- end

SELECT assert_that((SELECT COUNT(*) FROM athlete_profile) = (SELECT COUNT(DISTINCT athlete_id) FROM silver_strava_activities),
                   '30_athlete_profile: an athlete with activities has no profile');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM silver_strava_activities) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '30_athlete_profile', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.fresh;
DROP TABLE temp.computed;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
