-- stage:    490_feature_freshness
-- purpose:  how far each feature group reaches, so that feature_freshness can say how late it is
-- reads:    -; feature_extent_queries, feature_extent
-- writes:   feature_extent
-- follows:  -
-- grain:    group_name
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '490_feature_freshness',
    'how far each feature group reaches, so that feature_freshness can say how late it is',
    '[]',
    '["feature_extent"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

CREATE TABLE IF NOT EXISTS feature_extent (
    group_name       TEXT PRIMARY KEY,
    newest_timestamp,          -- of the values that are known, or will be when the group's delay is over; NULL: none
    newest_available,          -- when the last value became known, be it a correction of an old one
    n_rows           INTEGER NOT NULL
) WITHOUT ROWID;

-- What reads the extent of each group; a WHERE may follow. A row whose availability is farther off than the group's delay
-- does not count: it is held back, or its time is wrong.
CREATE VIEW IF NOT EXISTS feature_extent_queries AS
SELECT name AS group_name, table_name,
       printf('SELECT MAX("%w") FILTER (WHERE "%w" <= (SELECT CASE typeof("%w") WHEN ''text'' THEN %Q ELSE %s END FROM "%w" LIMIT 1)), ',
              timestamp_key, available_key, available_key, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', soon), strftime('%s', 'now', soon), table_name)
       || printf('MAX("%w"), COUNT(*) FROM "%w"', available_key, table_name) AS query
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
CREATE TEMP TABLE asked AS
SELECT group_name, query, stored_query_fault(query) AS fault
FROM feature_extent_queries
WHERE table_name IN (SELECT name FROM sqlite_schema WHERE type = 'table');

CREATE TEMP TABLE computed AS
SELECT a.group_name, r.c1 AS newest_timestamp, r.c2 AS newest_available, r.c3 AS n_rows
FROM (SELECT * FROM asked WHERE fault IS NULL) AS a
JOIN stored_query(a.query) AS r;

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

DROP TABLE temp.counted;
DROP TABLE temp.computed;
DROP TABLE temp.asked;
DROP TABLE temp.stage_clock;

COMMIT;
