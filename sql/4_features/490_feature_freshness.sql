-- stage:    490_feature_freshness
-- purpose:  how far each feature group reaches, so that feature_freshness can say how late it is
-- reads:    -; feature_extent_queries, feature_extent, feature_extent_athletes, feature_groups_current, ops_due, ops_follows
-- writes:   feature_extent; feature_extent_athletes, ops_due
-- follows:  400_athlete_profile, 410_activity_features, 415_stream_features, 420_daily_features, 430_rolling_features, 440_weekly_features, 450_race_results, 460_similar_runs, 470_training_breaks
-- grain:    group_name
-- params:   -
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '490_feature_freshness',
    'how far each feature group reaches, so that feature_freshness can say how late it is',
    '[]',
    '["feature_extent"]',
    '["400_athlete_profile", "410_activity_features", "415_stream_features", "420_daily_features", "430_rolling_features", "440_weekly_features", "450_race_results", "460_similar_runs", "470_training_breaks"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

CREATE TABLE IF NOT EXISTS feature_extent (
    group_name       TEXT PRIMARY KEY,
    newest_timestamp,          -- of the values that are known, or will be when the group's delay is over; NULL: none
    newest_available,          -- when the last value became known, be it a correction of an old one
    n_rows           INTEGER NOT NULL
) WITHOUT ROWID;

-- The same of each athlete, in groups that the stages above compute, so that only those are counted who are due: when a row of
-- theirs has changed, or one that was held back has become known.
CREATE TABLE IF NOT EXISTS feature_extent_athletes (
    group_name       TEXT NOT NULL,
    athlete_id       TEXT NOT NULL,
    newest_timestamp,
    newest_available,
    n_rows           INTEGER NOT NULL,
    held_back_until,           -- when the next row that does not count yet becomes known
    PRIMARY KEY (group_name, athlete_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS feature_extent_athletes_by_timestamp ON feature_extent_athletes (group_name, newest_timestamp);
CREATE INDEX IF NOT EXISTS feature_extent_athletes_by_availability ON feature_extent_athletes (group_name, newest_available);
CREATE INDEX IF NOT EXISTS feature_extent_athletes_held_back ON feature_extent_athletes (group_name, held_back_until);

-- What reads the extent of each group; a WHERE may follow. A row whose availability is farther off than the group's delay
-- does not count: it is held back, or its time is wrong.
CREATE VIEW IF NOT EXISTS feature_extent_queries AS
SELECT name AS group_name, table_name,
       printf('SELECT MAX("%w") FILTER (WHERE "%w" <= (SELECT CASE typeof("%w") WHEN ''text'' THEN %Q ELSE %s END FROM main."%w" LIMIT 1)), ',
              timestamp_key, available_key, available_key, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', soon), strftime('%s', 'now', soon), table_name)
       || printf('MAX("%w"), COUNT(*) FROM main."%w"', available_key, table_name) AS query
FROM (SELECT *, delay_hours || ' hours' AS soon FROM feature_groups_current);

-- Late: the event after the newest one has been expected, and the delay until it is known is over, too. A correction of an
-- old row is no new event.
CREATE VIEW IF NOT EXISTS feature_freshness AS
SELECT g.name AS group_name, e.n_rows, e.newest_timestamp, e.newest_available, g.expected_every_hours, round(e.age_hours, 2) AS age_hours,
       CASE WHEN g.expected_every_hours IS NULL THEN 'not expected'
            WHEN e.newest_timestamp IS NULL THEN 'empty'
            WHEN e.age_hours <= g.expected_every_hours + g.delay_hours THEN 'fresh'
            ELSE 'late' END AS state
FROM feature_groups_current AS g
LEFT JOIN (SELECT *, (julianday('now') - CASE typeof(newest_timestamp) WHEN 'text' THEN julianday(newest_timestamp)
                                         ELSE julianday(newest_timestamp, 'unixepoch') END) * 24 AS age_hours
           FROM feature_extent) AS e ON e.group_name = g.name
WHERE g.status IN ('active', 'deprecated');

-- A query that does more than read says why it is not run in the log, and its group has no extent.
-- Of a group that is counted by athlete that is judged which reads the athlete, too, and once; of a table of rows what is
-- written here word for word need not be.
CREATE TEMP TABLE asked AS
WITH told AS MATERIALIZED (
    SELECT q.group_name, q.table_name, q.query, g.available_key, g.delay_hours,
           COALESCE(g.entity_keys = '["athlete_id"]' AND g.stage IN (SELECT upstream FROM ops_follows WHERE stage = '490_feature_freshness'), 0) AS is_by_athlete,
           s.rootpage > 0
               AND q.query = printf('SELECT MAX("%w") FILTER (WHERE "%w" <= (SELECT CASE typeof("%w") WHEN ''text'' THEN %Q ELSE %s END FROM main."%w" LIMIT 1)), ',
                                    g.timestamp_key, g.available_key, g.available_key, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', g.delay_hours || ' hours'),
                                    strftime('%s', 'now', g.delay_hours || ' hours'), s.name)
                             || printf('MAX("%w"), COUNT(*) FROM main."%w"', g.available_key, s.name)
               AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(s.name, 'main') AS x WHERE x.hidden > 0) AS is_plain
    FROM feature_extent_queries AS q
    JOIN feature_groups_current AS g ON g.name = q.group_name
    JOIN sqlite_schema AS s ON s.name = q.table_name AND s.type = 'table'
),
judged AS MATERIALIZED (
    SELECT *, CASE WHEN is_by_athlete AND NOT is_plain THEN stored_query_fault('SELECT athlete_id, ' || substr(query, 8) || ' GROUP BY athlete_id') END AS fault_by_athlete FROM told
)
SELECT q.group_name, q.query, CASE WHEN NOT q.is_by_athlete OR q.fault_by_athlete IS NOT NULL THEN COALESCE(stored_query_fault(q.query), q.fault_by_athlete) END AS fault,
       q.is_by_athlete,
       NOT EXISTS (SELECT 1 FROM feature_extent AS e WHERE e.group_name = q.group_name)
           OR NOT EXISTS (SELECT 1 FROM feature_extent_athletes AS e WHERE e.group_name = q.group_name) AS is_new,
       q.available_key, q.table_name, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', q.delay_hours || ' hours') AS soon
FROM judged AS q;

CREATE TEMP TABLE changed AS
SELECT athlete_id FROM ops_due WHERE stage = '490_feature_freshness'
UNION
SELECT e.athlete_id
FROM asked AS a
CROSS JOIN feature_extent_athletes AS e ON e.group_name = a.group_name AND e.held_back_until <= a.soon
WHERE a.is_by_athlete;

CREATE TEMP TABLE counted_anew (group_name TEXT, athlete_id TEXT, newest_timestamp, newest_available, n_rows INTEGER, held_back_until, PRIMARY KEY (group_name, athlete_id));
INSERT INTO counted_anew (group_name, athlete_id, newest_timestamp, newest_available, n_rows)
SELECT a.group_name, r.c1, r.c2, r.c3, r.c4
FROM (SELECT *, CASE WHEN is_new THEN '' ELSE ' WHERE athlete_id IN (SELECT athlete_id FROM temp.changed)' END AS whom
      FROM asked WHERE fault IS NULL AND is_by_athlete) AS a
JOIN select_rows('SELECT athlete_id, ' || substr(a.query, 8) || a.whom || ' GROUP BY athlete_id') AS r;
-- Of those who have a row that does not count yet, when the next one becomes known.
UPDATE counted_anew SET held_back_until = h.until
FROM (SELECT a.group_name, r.c1 AS athlete_id, r.c2 AS until
      FROM (SELECT * FROM asked AS q
            WHERE fault IS NULL AND is_by_athlete
              AND EXISTS (SELECT 1 FROM counted_anew AS n WHERE n.group_name = q.group_name AND n.newest_available > q.soon)) AS a
      JOIN stored_query(printf('SELECT g.athlete_id, MIN(g."%w") FROM temp.counted_anew AS n CROSS JOIN main."%w" AS g ON g.athlete_id = n.athlete_id AND g."%w" > %Q'
                               || ' WHERE n.group_name = %Q AND n.newest_available > %Q GROUP BY g.athlete_id',
                               a.available_key, a.table_name, a.available_key, a.soon, a.group_name, a.soon)) AS r) AS h
WHERE (counted_anew.group_name, counted_anew.athlete_id) = (h.group_name, h.athlete_id);
CREATE TEMP TABLE outdated AS
SELECT e.*
FROM asked AS a
CROSS JOIN feature_extent_athletes AS e USING (group_name)
WHERE a.is_new
UNION ALL
SELECT e.*
FROM asked AS a
CROSS JOIN changed
CROSS JOIN feature_extent_athletes AS e USING (group_name, athlete_id)
WHERE NOT a.is_new;
DELETE FROM feature_extent_athletes WHERE (group_name, athlete_id) IN (SELECT group_name, athlete_id FROM outdated);
INSERT INTO feature_extent_athletes SELECT * FROM counted_anew;

CREATE TEMP TABLE computed AS
SELECT a.group_name, r.c1 AS newest_timestamp, r.c2 AS newest_available, r.c3 AS n_rows
FROM (SELECT * FROM asked WHERE fault IS NULL AND NOT is_by_athlete) AS a
JOIN stored_query(a.query) AS r
UNION ALL
SELECT a.group_name,
       (SELECT MAX(newest_timestamp) FROM feature_extent_athletes AS e WHERE e.group_name = a.group_name),
       (SELECT MAX(newest_available) FROM feature_extent_athletes AS e WHERE e.group_name = a.group_name),
       CASE WHEN a.is_new THEN 0
            ELSE (SELECT n_rows FROM feature_extent AS e WHERE e.group_name = a.group_name)
                 - COALESCE((SELECT SUM(n_rows) FROM outdated AS o WHERE o.group_name = a.group_name), 0) END
       + COALESCE((SELECT SUM(n_rows) FROM counted_anew AS n WHERE n.group_name = a.group_name), 0)
FROM asked AS a
WHERE a.fault IS NULL AND a.is_by_athlete;

DELETE FROM feature_extent WHERE group_name NOT IN (SELECT group_name FROM computed);
INSERT OR REPLACE INTO feature_extent
SELECT * FROM computed
EXCEPT
SELECT * FROM feature_extent;

CREATE TEMP TABLE counted AS
SELECT (SELECT SUM(n_rows) FROM computed) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       (SELECT COUNT(*) FROM asked WHERE fault IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(group_name || ': ' || fault, '; ') FROM asked WHERE fault IS NOT NULL) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '490_feature_freshness', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '490_feature_freshness';

DROP TABLE temp.counted;
DROP TABLE temp.computed;
DROP TABLE temp.outdated;
DROP TABLE temp.counted_anew;
DROP TABLE temp.changed;
DROP TABLE temp.asked;
DROP TABLE temp.stage_clock;

COMMIT;
