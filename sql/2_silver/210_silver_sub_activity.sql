-- stage:    210_silver_sub_activity
-- purpose:  one typed, current row per lap, kilometre split and best effort of every current activity
-- reads:    bronze_strava_activities, bronze_strava_sub_activity, silver_strava_activities; athlete_activity_settings, silver_rules, silver_rule_empties, silver_rule_rejects, silver_fields, silver_field_lists, silver_rule_fields, silver_strava_sub_activity, silver_rejects, silver_arrivals, ops_config, ops_published, ops_watermarks, ops_due
-- writes:   silver_strava_sub_activity; silver_rule_rejects, silver_rejects, silver_arrivals, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id, kind, item
-- params:   arrivals
-- rests:    ops_due; bronze_strava_activities, bronze_strava_sub_activity, ops_watermarks, silver_field_lists, silver_rule_empties, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '210_silver_sub_activity',
    'one typed, current row per lap, kilometre split and best effort of every current activity',
    '["bronze_strava_activities", "bronze_strava_sub_activity", "silver_strava_activities"]',
    '["silver_strava_sub_activity"]',
    '[]');
-- end

CREATE TABLE IF NOT EXISTS silver_strava_sub_activity (
    athlete_id       TEXT NOT NULL,
    activity_id      TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('lap', 'split', 'best_effort')),
    item             INTEGER NOT NULL, -- lap, kilometre or effort, from 1
    name             TEXT,
    distance_m       REAL NOT NULL,
    moving_s         INTEGER NOT NULL,
    elapsed_s        INTEGER NOT NULL,
    elevation_gain_m REAL,             -- of a lap; the net difference of a split
    avg_hr           REAL,
    max_hr           REAL,
    quality_flags    TEXT,             -- names of broken 'warn' rules
    bronze_table     TEXT NOT NULL CHECK (bronze_table IN ('bronze_strava_activities', 'bronze_strava_sub_activity')),
    bronze_id        INTEGER NOT NULL,
    available_at     TEXT NOT NULL,    -- the activity's, or when a correction of its laps, splits or efforts arrived
    PRIMARY KEY (athlete_id, activity_id, kind, item)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_strava_sub_activity_by_activity ON silver_strava_sub_activity (activity_id);
-- due silver_strava_sub_activity for 230_silver_trainings, 410_activity_features since the day of activity_id: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_strava_sub_activity_due_230_added AFTER INSERT ON silver_strava_sub_activity
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_strava_sub_activity_due_230_changed AFTER UPDATE ON silver_strava_sub_activity
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('230_silver_trainings', new.athlete_id, ''), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_strava_sub_activity_due_230_gone AFTER DELETE ON silver_strava_sub_activity
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('230_silver_trainings', old.athlete_id, ''), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE TEMP TABLE stage_clock AS
WITH clock AS (
    SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
           json_array((SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities),
                      (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_sub_activity),
                      (SELECT rows_hash(table_name, rule, severity, predicate, reason) FROM (SELECT * FROM silver_rules ORDER BY table_name, rule))
                          || (SELECT rows_hash(table_name, rule, column_name) FROM (SELECT * FROM silver_rule_empties ORDER BY table_name, rule, column_name))
                          || (SELECT rows_hash(table_name, fields) FROM (SELECT * FROM silver_field_lists ORDER BY table_name))
           ) AS position,
           (SELECT position FROM ops_watermarks WHERE stage = '210_silver_sub_activity') AS position_before
)
-- When a rule has changed, all is read again.
SELECT *,
       CASE WHEN json_extract(position_before, '$[2]') IS json_extract(position, '$[2]') THEN COALESCE(json_extract(position_before, '$[0]'), 0) ELSE 0 END AS activities_read,
       CASE WHEN json_extract(position_before, '$[2]') IS json_extract(position, '$[2]') THEN COALESCE(json_extract(position_before, '$[1]'), 0) ELSE 0 END AS laps_read
FROM clock;

-- Laps of their own, as 200_silver_activities decides of activities.
INSERT OR IGNORE INTO silver_arrivals (bronze_table, bronze_id, athlete_id, known)
SELECT 'bronze_strava_sub_activity', bronze_id, athlete_id, known
FROM (SELECT b.bronze_id, a.athlete_id, COALESCE(s.value, CASE WHEN p.athlete_id IS NOT NULL THEN 'live' END) AS known
      FROM stage_clock AS c
      CROSS JOIN ops_config AS s ON s.name = 'arrivals'
      CROSS JOIN bronze_strava_sub_activity AS b
      JOIN silver_strava_activities AS a USING (activity_id)
      LEFT JOIN ops_published AS p USING (athlete_id)
      WHERE b.bronze_id > COALESCE(json_extract(c.position_before, '$[1]'), 0))
WHERE known IS NOT NULL;

CREATE TEMP TABLE changed AS
SELECT activity_id
FROM bronze_strava_activities
WHERE bronze_id > (SELECT activities_read FROM stage_clock)
UNION
SELECT seen.activity_id -- a lap may have been another activity's before
FROM bronze_strava_sub_activity AS new
CROSS JOIN bronze_strava_sub_activity AS seen USING (lap_id)
WHERE new.bronze_id > (SELECT laps_read FROM stage_clock)
UNION
SELECT s.activity_id -- it may be somebody else's, or not any more
FROM ops_due AS d
CROSS JOIN athlete_activity_settings AS s USING (athlete_id)
WHERE d.stage = '210_silver_sub_activity' AND s.setting = 'is_mine'
UNION
SELECT r.activity_id
FROM (SELECT athlete_id FROM ops_due WHERE stage = '210_silver_sub_activity') AS d
CROSS JOIN silver_strava_activities AS r USING (athlete_id)
WHERE EXISTS (SELECT 1 FROM silver_rejects AS l
              WHERE l.table_name = 'silver_strava_sub_activity' AND l.activity_id = r.activity_id AND l.rule = 'activity_is_current');

-- Detailed activities, the latest first in age; of two in a row, whether the later has fewer parts.
CREATE TEMP TABLE detail AS
SELECT activity_id, bronze_id, ingested_at, payload,
       ROW_NUMBER() OVER (PARTITION BY activity_id ORDER BY bronze_id DESC) AS age,
       COALESCE(n_laps < LAG(n_laps) OVER by_age OR n_splits < LAG(n_splits) OVER by_age
                OR n_efforts < LAG(n_efforts) OVER by_age, 0) AS has_lost_parts
FROM (SELECT b.*, COALESCE(json_array_length(payload, '$.laps'), 0) AS n_laps,
             COALESCE(json_array_length(payload, '$.splits_metric'), 0) AS n_splits,
             COALESCE(json_array_length(payload, '$.best_efforts'), 0) AS n_efforts
      FROM changed
      CROSS JOIN bronze_strava_activities AS b USING (activity_id)
      WHERE b.stream = 'detail')
WINDOW by_age AS (PARTITION BY activity_id ORDER BY bronze_id);

-- Every version of every part, with the fields that are what they should be and the faults of the others. What stands
-- where a list should be, or an object in it, has been said by 200_silver_activities, or is a part with nothing but faults.
CREATE TEMP TABLE reading AS
WITH object AS (
    SELECT activity_id, bronze_id, 'bronze_strava_activities' AS bronze_table, ingested_at, age = 1 AS is_latest, l.kind, e.key AS seat, NULL AS lap_id,
           CASE e.type WHEN 'object' THEN e.value ELSE detail.payload -> e.fullkey END AS payload
    FROM detail
    CROSS JOIN (SELECT column1 AS kind, column2 AS path
                FROM (VALUES ('lap', '$.laps'), ('split', '$.splits_metric'), ('best_effort', '$.best_efforts'))) AS l
    CROSS JOIN json_each(detail.payload, l.path) AS e
    WHERE json_type(detail.payload, l.path) = 'array'
    UNION ALL
    SELECT activity_id, bronze_id, 'bronze_strava_sub_activity', ingested_at,
           bronze_id = (SELECT MAX(bronze_id) FROM bronze_strava_sub_activity AS l WHERE l.lap_id = b.lap_id),
           'lap', lap_id, lap_id, payload
    FROM changed
    CROSS JOIN bronze_strava_sub_activity AS b USING (activity_id)
)
SELECT o.*, json_fields(o.payload, l.fields) AS p
FROM silver_field_lists AS l
CROSS JOIN object AS o
WHERE l.table_name = 'silver_strava_sub_activity';

-- With typed facts. A part without a number keeps its place in the file, to be told apart.
CREATE TEMP TABLE part AS
WITH numbered AS (
    SELECT *, CASE kind WHEN 'best_effort' THEN seat + 1
                        ELSE CAST(p ->> CASE kind WHEN 'lap' THEN '$.values.lap_index' ELSE '$.values.split' END AS INTEGER) END AS item
    FROM reading
)
SELECT activity_id, kind, item, CASE WHEN item IS NULL THEN seat END AS place, seat, lap_id, bronze_id, bronze_table, ingested_at, is_latest,
       p ->> '$.values.name' AS name,
       exact_real(p -> '$.values.distance') AS distance_m,
       CAST(exact_real(p -> '$.values.moving_time') AS INTEGER) AS moving_s,
       CAST(exact_real(p -> '$.values.elapsed_time') AS INTEGER) AS elapsed_s,
       exact_real(COALESCE(p -> '$.values.total_elevation_gain', p -> '$.values.elevation_difference')) AS elevation_gain_m,
       exact_real(p -> '$.values.average_heartrate') AS avg_hr,
       exact_real(p -> '$.values.max_heartrate') AS max_hr,
       p -> '$.faults' AS faults, payload
FROM numbered;

-- When the parts of an activity last turned out to be others than those first received. What arrives for the first
-- time is no correction, unless it is late.
CREATE TEMP TABLE correction AS
SELECT activity_id, MAX(ingested_at) AS corrected_at
FROM (
    SELECT activity_id, ingested_at,
           CASE WHEN ROW_NUMBER() OVER by_age = 1 THEN known = 'live'
                ELSE known IS NOT 'history' AND row_hash(name, distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr)
                     IS NOT LAG(row_hash(name, distance_m, moving_s, elapsed_s, elevation_gain_m, avg_hr, max_hr)) OVER by_age
           END AS is_correction
    FROM (SELECT p.*, (SELECT known FROM silver_arrivals AS a WHERE (a.bronze_table, a.bronze_id) = (p.bronze_table, p.bronze_id)) AS known FROM part AS p)
    WINDOW by_age AS (PARTITION BY activity_id, kind, item, place ORDER BY ingested_at, bronze_table, bronze_id, seat)
    UNION ALL
    SELECT activity_id, ingested_at, has_lost_parts FROM detail
    UNION ALL
    SELECT activity_id, MAX(ingested_at) OVER later, NOT is_latest AND (item, activity_id) IS NOT (LEAD(item) OVER later, LEAD(activity_id) OVER later)
    FROM part
    WHERE lap_id IS NOT NULL
    WINDOW later AS (PARTITION BY lap_id ORDER BY bronze_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
)
WHERE is_correction
GROUP BY activity_id;
CREATE UNIQUE INDEX temp.correction_by_activity ON correction (activity_id);

CREATE TEMP TABLE version AS
WITH latest AS (
    SELECT *, ROW_NUMBER() OVER by_age AS age,
           -- of several in one list the last is believed, and the others are not lost
           ROW_NUMBER() OVER by_age > 1 AND (bronze_table, bronze_id) = (FIRST_VALUE(bronze_table) OVER by_age, FIRST_VALUE(bronze_id) OVER by_age) AS is_repeated
    FROM part AS p
    WHERE is_latest -- what is deleted takes its parts with it
      AND (SELECT stream FROM bronze_strava_activities AS b WHERE b.activity_id = p.activity_id ORDER BY bronze_id DESC LIMIT 1) IS NOT 'tombstone'
    WINDOW by_age AS (PARTITION BY activity_id, kind, item, place ORDER BY ingested_at DESC, bronze_table DESC, bronze_id DESC, seat DESC)
)
SELECT ROW_NUMBER() OVER (ORDER BY l.activity_id, l.kind, l.item, l.place, l.age) AS version_id,
       a.athlete_id, l.activity_id, l.kind, l.item, COALESCE(l.place, CASE WHEN l.is_repeated THEN l.seat END) AS place, l.is_repeated, l.faults, l.name, l.distance_m, l.moving_s, l.elapsed_s, l.elevation_gain_m,
       l.avg_hr, l.max_hr, l.bronze_table, l.bronze_id, max(a.available_at, COALESCE(c.corrected_at, '')) AS available_at, l.payload
FROM latest AS l
LEFT JOIN silver_strava_activities AS a USING (activity_id)
LEFT JOIN correction AS c USING (activity_id)
WHERE l.age = 1 OR l.is_repeated;

-- judge silver_strava_sub_activity by version_id: printed by `make stages`
-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
-- Where nothing is new and no rule has changed, nothing is asked: what was said of the rules stands.
CREATE TEMP TABLE judging AS
SELECT 1 FROM stage_clock WHERE position IS NOT position_before OR EXISTS (SELECT 1 FROM version);
CREATE TEMP TABLE judged AS
SELECT r.*
FROM judging
CROSS JOIN broken_rules('SELECT version_id, * FROM temp.version',
                        'SELECT rule, predicate FROM silver_rules WHERE table_name = ''silver_strava_sub_activity''') AS r;
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS version_id, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_sub_activity' AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = 'silver_strava_sub_activity' AND EXISTS (SELECT 1 FROM judging)
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'silver_strava_sub_activity' AND j.refusal IS NOT NULL;
-- end

CREATE TEMP TABLE broken AS
SELECT *, NULL AS field, NULL AS value FROM broken_rule
UNION ALL
SELECT v.version_id, f.value ->> '$.rule', COALESCE(s.severity, 'reject'), f.value ->> '$.reason', f.value ->> '$.field', f.value ->> '$.value'
FROM version AS v
CROSS JOIN json_each(v.faults) AS f
LEFT JOIN silver_fields AS s ON s.table_name = 'silver_strava_sub_activity' AND s.field = f.value ->> '$.field'
WHERE v.faults IS NOT NULL;
CREATE INDEX temp.broken_by_version ON broken (version_id);
-- emptied silver_strava_sub_activity by version_id: printed by `make stages`
CREATE TEMP TABLE emptied AS
SELECT b.version_id, ',' || group_concat(DISTINCT e.column_name) || ',' AS columns
FROM broken AS b
JOIN silver_rule_empties AS e ON e.table_name = 'silver_strava_sub_activity' AND e.rule = b.rule
GROUP BY b.version_id;
CREATE UNIQUE INDEX temp.emptied_by_version ON emptied (version_id);
-- end

DELETE FROM silver_strava_sub_activity WHERE activity_id IN (SELECT activity_id FROM changed);
INSERT INTO silver_strava_sub_activity
SELECT athlete_id, activity_id, kind, item, name, distance_m, moving_s, elapsed_s,
       CASE WHEN NOT instr(emptied, ',elevation_gain_m,') THEN elevation_gain_m END,
       CASE WHEN NOT instr(emptied, ',avg_hr,') THEN avg_hr END, CASE WHEN NOT instr(emptied, ',max_hr,') THEN max_hr END,
       (SELECT group_concat(rule, ',') FROM (SELECT rule FROM broken AS b WHERE b.version_id = v.version_id ORDER BY rule)),
       bronze_table, bronze_id, available_at
FROM (
    SELECT version.*, COALESCE(e.columns, '') AS emptied
    FROM version
    LEFT JOIN emptied AS e USING (version_id)
) AS v
WHERE NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.version_id = v.version_id AND b.severity = 'reject');

DELETE FROM silver_rejects
WHERE table_name = 'silver_strava_sub_activity' AND activity_id IN (SELECT activity_id FROM changed);
-- rejected silver_strava_sub_activity by version_id of version as v.kind || COALESCE(' ' || v.item, '') || COALESCE(' at ' || v.place, ''): printed by `make stages`
-- Also of a row that is current, where a value was left out.
CREATE TEMP TABLE rule_field AS SELECT rule, field FROM silver_rule_fields WHERE table_name = 'silver_strava_sub_activity' AND rule IN (SELECT rule FROM broken);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'silver_strava_sub_activity', v.activity_id, v.kind || COALESCE(' ' || v.item, '') || COALESCE(' at ' || v.place, ''), b.rule, b.reason, v.bronze_id, v.payload, b.severity,
       COALESCE(b.field, (SELECT group_concat(r.field, ', ') FROM rule_field AS r WHERE r.rule = b.rule)),
       COALESCE(b.value, (SELECT group_concat(COALESCE(substr(v.payload -> r.field, 1, 60), 'null'), ', ') FROM rule_field AS r WHERE r.rule = b.rule))
FROM version AS v
JOIN broken AS b USING (version_id)
WHERE b.severity = 'reject' OR b.field IS NOT NULL OR b.rule IN (SELECT rule FROM silver_rule_empties WHERE table_name = 'silver_strava_sub_activity');
-- end

SELECT assert_that(
    (SELECT COUNT(*) FROM version)
    = (SELECT COUNT(*) FROM silver_strava_sub_activity WHERE activity_id IN (SELECT activity_id FROM changed))
    + (SELECT COUNT(DISTINCT version_id) FROM broken WHERE severity = 'reject'),
    '210_silver_sub_activity: a lap is lost or counted twice');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM version) AS rows_in,
       (SELECT COUNT(*) FROM version) - (SELECT COUNT(DISTINCT version_id) FROM broken WHERE severity = 'reject') AS rows_out,
       (SELECT COUNT(DISTINCT version_id) FROM broken WHERE severity = 'reject') AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '210_silver_sub_activity', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '210_silver_sub_activity', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '210_silver_sub_activity';

DROP TABLE temp.counted;
DROP TABLE temp.rule_field;
DROP TABLE temp.emptied;
DROP TABLE temp.broken;
DROP TABLE temp.broken_rule;
DROP TABLE temp.judged;
DROP TABLE temp.judging;
DROP TABLE temp.version;
DROP TABLE temp.correction;
DROP TABLE temp.part;
DROP TABLE temp.reading;
DROP TABLE temp.detail;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
