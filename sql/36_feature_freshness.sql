-- stage:    36_feature_freshness
-- purpose:  how far each feature group reaches, so that feature_freshness can say how late it is
-- reads:    activity_features, athlete_daily_features, athlete_profile, athlete_rolling_features, athlete_weekly_features, race_results, feature_groups_current, feature_extent
-- writes:   feature_extent
-- grain:    group_name
-- params:   -

BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS feature_extent (
    group_name       TEXT PRIMARY KEY,
    newest_timestamp,
    newest_available,          -- NULL: no rows
    n_rows           INTEGER NOT NULL
) WITHOUT ROWID;

-- Late: the newest row became known longer ago than the group's definition expects the next one.
CREATE VIEW IF NOT EXISTS feature_freshness AS
SELECT g.name AS group_name, e.n_rows, e.newest_timestamp, e.newest_available, g.expected_every_hours,
       round((julianday('now') - e.newest_available_day) * 24, 2) AS age_hours,
       CASE WHEN g.expected_every_hours IS NULL THEN 'not expected'
            WHEN e.newest_available IS NULL THEN 'empty'
            WHEN (julianday('now') - e.newest_available_day) * 24 > g.expected_every_hours + g.delay_hours THEN 'late'
            ELSE 'fresh' END AS state
FROM feature_groups_current AS g
LEFT JOIN (SELECT *, CASE typeof(newest_available) WHEN 'text' THEN julianday(newest_available)
                          WHEN 'null' THEN NULL ELSE julianday(newest_available, 'unixepoch') END AS newest_available_day
           FROM feature_extent) AS e ON e.group_name = g.name
WHERE g.status IN ('active', 'deprecated');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE computed AS
SELECT 'activity_features' AS group_name, MAX(event_timestamp) AS newest_timestamp, MAX(available_at) AS newest_available, COUNT(*) AS n_rows FROM activity_features
UNION ALL SELECT 'athlete_daily_features', MAX(event_timestamp), MAX(available_at), COUNT(*) FROM athlete_daily_features
UNION ALL SELECT 'athlete_profile', MAX(event_timestamp), MAX(available_at), COUNT(*) FROM athlete_profile
UNION ALL SELECT 'athlete_rolling_features', MAX(event_timestamp), MAX(available_at), COUNT(*) FROM athlete_rolling_features
UNION ALL SELECT 'athlete_weekly_features', MAX(event_timestamp), MAX(available_at), COUNT(*) FROM athlete_weekly_features
UNION ALL SELECT 'race_results', MAX(event_timestamp), MAX(available_at), COUNT(*) FROM race_results
UNION ALL
SELECT g.name, r.c1, r.c2, r.c3 -- groups that users have added
FROM feature_groups_current AS g
JOIN select_rows(printf('SELECT MAX("%w"), MAX("%w"), COUNT(*) FROM "%w"', g.timestamp_key, g.available_key, g.table_name)) AS r
WHERE g.stage IS NULL AND g.table_name IN (SELECT name FROM sqlite_schema WHERE type = 'table');

DELETE FROM feature_extent WHERE group_name NOT IN (SELECT group_name FROM computed);
INSERT OR REPLACE INTO feature_extent
SELECT * FROM computed
EXCEPT
SELECT * FROM feature_extent;

INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome)
SELECT '36_feature_freshness', started_at, (julianday('now') - started) * 86400000, (SELECT SUM(n_rows) FROM computed),
       (SELECT COUNT(*) FROM computed), 0, 'ok'
FROM stage_clock;

DROP TABLE temp.computed;
DROP TABLE temp.stage_clock;

COMMIT;
