-- stage:    220_silver_race_survey
-- purpose:  the race survey as typed rows: one per runner, one per race; what breaks a rule goes to silver_rejects
-- reads:    bronze_documents; ops_watermarks, race_distances, silver_rules, silver_fields, silver_field_lists, silver_rejects, ops_due, silver_rule_rejects
-- writes:   silver_survey_runners, silver_survey_races; race_distances, silver_rejects, ops_seen, ops_due, silver_rule_rejects
-- follows:  -
-- grain:    runner_id; runner_id, distance_class
-- params:   -
-- rests:    ops_due; bronze_documents, ops_watermarks, race_distances, silver_field_lists, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '220_silver_race_survey',
    'the race survey as typed rows: one per runner, one per race; what breaks a rule goes to silver_rejects',
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
       json_array((SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_documents WHERE kind = 'race_survey'),
                  (SELECT rows_hash(rule, severity, predicate, reason)
                   FROM (SELECT * FROM silver_rules WHERE table_name = 'silver_survey_races' ORDER BY rule))
                      || (SELECT rows_hash(table_name, fields) FROM (SELECT * FROM silver_field_lists ORDER BY table_name))) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '220_silver_race_survey') AS position_before;

-- The newest answers of each runner, when there are new ones. An unanswered question is an empty text.
CREATE TEMP TABLE answer AS
SELECT d.bronze_id, d.document_id, CAST(p ->> '$.values.id' AS INTEGER) AS runner_id, p
FROM (SELECT b.bronze_id, b.document_id, json_fields(b.payload, l.fields) AS p
      FROM silver_field_lists AS l
      CROSS JOIN (SELECT MAX(bronze_id) AS bronze_id
                  FROM bronze_documents
                  WHERE kind = 'race_survey' AND (SELECT position IS NOT position_before FROM stage_clock)
                  GROUP BY document_id) AS newest
      CROSS JOIN bronze_documents AS b USING (bronze_id)
      WHERE l.table_name = 'silver_survey_runners') AS d;

DELETE FROM silver_survey_runners WHERE (SELECT position IS NOT position_before FROM stage_clock);
INSERT INTO silver_survey_runners
SELECT runner_id,
       exact_real(p -> '$.values.age'),
       CAST(p ->> '$.values.female' AS INTEGER),
       exact_real(p -> '$.values.bmi'),
       exact_real(p -> '$.values.endurancespeed'),
       CAST(p ->> '$.values.sprint' AS INTEGER),
       CAST(p ->> '$.values.tempo' AS INTEGER),
       exact_real(p -> '$.values.typical') * 1.609344,
       exact_real(p -> '$.values.max') * 1.609344
FROM answer
WHERE runner_id IS NOT NULL;

CREATE TEMP TABLE version AS
WITH question (distance_class, seconds, fitness, difficulty) AS (
    VALUES ('5k', '$.values.k5_ti', '$.values.k5_tr', '$.values.k5_di'), ('5mi', '$.values.m5_ti', '$.values.m5_tr', '$.values.m5_di'),
           ('10k', '$.values.k10_ti', '$.values.k10_tr', '$.values.k10_di'), ('10mi', '$.values.m10_ti', '$.values.m10_tr', '$.values.m10_di'),
           ('21k', '$.values.mh_ti', '$.values.mh_tr', '$.values.mh_di'), ('42k', '$.values.mf_ti', '$.values.mf_tr', '$.values.mf_di')
)
SELECT CAST(ROW_NUMBER() OVER (ORDER BY a.runner_id, q.distance_class) AS INTEGER) AS version_id, a.bronze_id, a.runner_id, q.distance_class, d.distance_m,
       exact_real(p -> q.seconds) AS seconds,
       exact_real(p -> q.fitness) AS fitness,
       exact_real(p -> q.difficulty) AS difficulty,
       substr(q.seconds, 10) AS field
FROM answer AS a
CROSS JOIN question AS q
JOIN race_distances AS d USING (distance_class)
WHERE a.runner_id IS NOT NULL AND p -> q.seconds IS NOT NULL;
CREATE UNIQUE INDEX temp.version_by_id ON version (version_id);

-- judge silver_survey_races by version_id: printed by `make stages`
-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
-- Where nothing is new and no rule has changed, nothing is asked: what was said of the rules stands.
CREATE TEMP TABLE judging AS
SELECT 1 FROM stage_clock WHERE position IS NOT position_before OR EXISTS (SELECT 1 FROM version);
CREATE TEMP TABLE judged AS
SELECT r.*
FROM judging
CROSS JOIN broken_rules('SELECT version_id, * FROM temp.version',
                        'SELECT rule, predicate FROM silver_rules WHERE table_name = ''silver_survey_races''') AS r;
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS version_id, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_survey_races' AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = 'silver_survey_races' AND EXISTS (SELECT 1 FROM judging)
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_survey_races' AND j.refusal IS NOT NULL;
-- end

DELETE FROM silver_survey_races WHERE (SELECT position IS NOT position_before FROM stage_clock);
INSERT INTO silver_survey_races
SELECT runner_id, distance_class, seconds, fitness, difficulty
FROM version
WHERE version_id NOT IN (SELECT version_id FROM broken_rule WHERE severity = 'reject');

DELETE FROM silver_rejects
WHERE table_name IN ('silver_survey_runners', 'silver_survey_races') AND (SELECT position IS NOT position_before FROM stage_clock);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'silver_survey_runners', '', 'runner ' || a.document_id, f.value ->> '$.rule', f.value ->> '$.reason', a.bronze_id, d.payload, s.severity,
       f.value ->> '$.field', f.value ->> '$.value'
FROM answer AS a
CROSS JOIN json_each(a.p, '$.faults') AS f
CROSS JOIN silver_fields AS s ON s.table_name = 'silver_survey_runners' AND s.field = f.value ->> '$.field'
CROSS JOIN bronze_documents AS d USING (bronze_id)
WHERE instr(a.p, '"faults":[')
UNION ALL
SELECT 'silver_survey_races', '', 'runner ' || v.runner_id || ' ' || v.distance_class, b.rule, b.reason, v.bronze_id, d.payload, b.severity,
       v.field, d.payload -> v.field
FROM broken_rule AS b
CROSS JOIN version AS v USING (version_id)
CROSS JOIN bronze_documents AS d USING (bronze_id);

SELECT assert_that(
    (SELECT COUNT(*) FROM version)
    = (SELECT COUNT(*) FROM silver_survey_races WHERE (SELECT position IS NOT position_before FROM stage_clock))
    + (SELECT COUNT(DISTINCT version_id) FROM broken_rule WHERE severity = 'reject'),
    '220_silver_race_survey: a race is lost or counted twice');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM answer) AS rows_in,
       (SELECT COUNT(*) FROM silver_survey_races) AS rows_out,
       (SELECT COUNT(DISTINCT version_id) FROM broken_rule WHERE severity = 'reject') AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '220_silver_race_survey', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '220_silver_race_survey', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '220_silver_race_survey';

DROP TABLE temp.counted;
DROP TABLE temp.broken_rule;
DROP TABLE temp.judged;
DROP TABLE temp.judging;
DROP TABLE temp.version;
DROP TABLE temp.answer;
DROP TABLE temp.stage_clock;

COMMIT;
