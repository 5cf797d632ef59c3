-- stage:    700_watch
-- purpose:  what the values of each month were like, and whether they have moved from the month and the year before
-- reads:    inference_log; mon_monitors, mon_profile_metrics, feature_groups_current, features_current, feature_extent, feature_extent_athletes, ml_models_current, ops_due, ops_follows
-- writes:   mon_profile_metrics, mon_drift_metrics; mon_monitors, ops_due
-- follows:  400_athlete_profile, 410_activity_features, 420_daily_features, 430_rolling_features, 440_weekly_features, 450_race_results, 460_similar_runs, 470_training_breaks
-- grain:    monitor, window_start, slice_value, column_name
-- params:   -
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '700_watch',
    'what the values of each month were like, and whether they have moved from the month and the year before',
    '["inference_log"]',
    '["mon_profile_metrics", "mon_drift_metrics"]',
    '["400_athlete_profile", "410_activity_features", "420_daily_features", "430_rolling_features", "440_weekly_features", "450_race_results", "460_similar_runs", "470_training_breaks"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What is watched: of each athlete, or model, a window of a month or a week that is over, against the window and the days before it.
-- A row that a user changes stays as he left it. All athletes together are watched where there is no table of who has news,
-- and where it is asked for, since that reads everybody's rows.
CREATE TABLE IF NOT EXISTS mon_monitors (
    monitor       TEXT PRIMARY KEY,
    table_name    TEXT NOT NULL,
    timestamp_key TEXT NOT NULL,
    slice_key     TEXT CHECK (slice_key IN ('athlete_id', 'model')), -- each of whose values is watched by itself; NULL: none
    watches_all   INTEGER NOT NULL DEFAULT 0 CHECK (watches_all IN (0, 1)),
    granularity   TEXT NOT NULL DEFAULT '1 month' CHECK (granularity IN ('1 month', '1 week')),
    baseline_days INTEGER NOT NULL DEFAULT 365 CHECK (baseline_days > 0), -- before the window
    is_active     INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1))
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS mon_monitors_can_be_watched BEFORE INSERT ON mon_monitors
WHEN new.monitor <> 'inference_log' AND NOT EXISTS (SELECT 1 FROM feature_groups AS g WHERE g.name = new.monitor)
BEGIN SELECT RAISE(ABORT, 'mon_monitors: what is watched is a registered feature group, by its name, or inference_log'); END;
CREATE TRIGGER IF NOT EXISTS mon_monitors_have_a_baseline BEFORE INSERT ON mon_monitors WHEN typeof(new.baseline_days) <> 'integer' OR new.baseline_days > 36500
BEGIN SELECT RAISE(ABORT, 'mon_monitors: baseline_days is a whole number from 1 to 36500'); END;
CREATE TRIGGER IF NOT EXISTS mon_monitors_keep_a_baseline BEFORE UPDATE ON mon_monitors WHEN typeof(new.baseline_days) <> 'integer' OR new.baseline_days > 36500
BEGIN SELECT RAISE(ABORT, 'mon_monitors: baseline_days is a whole number from 1 to 36500'); END;
INSERT OR IGNORE INTO mon_monitors (monitor, table_name, timestamp_key, slice_key, watches_all)
SELECT name, table_name, timestamp_key, CASE WHEN is_told THEN 'athlete_id' END, NOT is_told
FROM (SELECT *, COALESCE(entity_keys = '["athlete_id"]' AND stage IN (SELECT upstream FROM ops_follows WHERE stage = '700_watch'), 0) AS is_told
      FROM feature_groups_current WHERE status = 'active')
UNION ALL VALUES ('inference_log', 'inference_log', 'prediction_date', 'model', 0);

-- One row for each column of a window, and one for all of it (:table). The names are those of Lakehouse Monitoring.
CREATE TABLE IF NOT EXISTS mon_profile_metrics (
    profile_id       INTEGER PRIMARY KEY,
    monitor          TEXT NOT NULL,
    window_start     TEXT NOT NULL,
    window_end       TEXT NOT NULL, -- the first day that does not count
    granularity      TEXT NOT NULL,
    slice_key        TEXT,          -- NULL: the whole table
    slice_value,
    column_name      TEXT NOT NULL,
    data_type        TEXT,
    count            INTEGER NOT NULL,
    num_nulls        INTEGER,
    num_zeros        INTEGER,
    distinct_count   INTEGER,
    avg              REAL,
    stddev           REAL,          -- of a sample
    min,
    max,
    quantile_05      REAL,
    quantile_25      REAL,
    median           REAL,
    quantile_75      REAL,
    quantile_95      REAL,
    min_length       INTEGER,
    max_length       INTEGER,
    avg_length       REAL,
    percent_null     REAL,
    percent_zeros    REAL,
    percent_distinct REAL,
    computed_at      TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS mon_profile_metrics_once ON mon_profile_metrics (monitor, window_start, COALESCE(slice_value, ''), slice_key IS NULL, column_name);

-- The same against the window before (CONSECUTIVE) and against the days before the window (BASELINE). p-values are of rows that are
-- independent, which an athlete's days are not: is_drift does not rest on them, but on how far the reference's own windows
-- lie from the rest of it. JOINT is one row for all columns that are numbers (:table), whether they still go together as in the baseline:
-- the shift is of what its principal components leave untold of a row.
CREATE TABLE IF NOT EXISTS mon_drift_metrics (
    drift_id              INTEGER PRIMARY KEY,
    monitor               TEXT NOT NULL,
    window_start          TEXT NOT NULL,
    window_end            TEXT NOT NULL,
    window_cmp_start      TEXT NOT NULL,
    window_cmp_end        TEXT NOT NULL,
    drift_type            TEXT NOT NULL CHECK (drift_type IN ('CONSECUTIVE', 'BASELINE', 'JOINT')),
    granularity           TEXT NOT NULL,
    slice_key             TEXT,
    slice_value,
    column_name           TEXT NOT NULL,
    data_type             TEXT NOT NULL,
    n_reference           INTEGER NOT NULL,
    n_current             INTEGER NOT NULL,
    ks_statistic          REAL,
    ks_pvalue             REAL,
    wasserstein_distance  REAL,
    js_distance           REAL,
    population_stability_index REAL,
    chi2_statistic        REAL,
    chi2_pvalue           REAL,
    tv_distance           REAL,
    l_infinity_distance   REAL,
    adjusted_pvalue       REAL,    -- of ks, or of chi2 where there are no numbers; Benjamini & Hochberg 1995 over the columns
    shift                 REAL,    -- of the mean, in standard deviations of the baseline
    own_limit             REAL,    -- how far it may be
    is_drift              INTEGER, -- NULL: no verdict
    reason                TEXT,    -- why there is none
    computed_at           TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS mon_drift_metrics_once
ON mon_drift_metrics (monitor, window_start, COALESCE(slice_value, ''), slice_key IS NULL, drift_type, column_name);

CREATE TEMP TABLE changed AS SELECT athlete_id FROM ops_due WHERE stage = '700_watch';

-- The last window that is over, of each athlete who has news, each model and, where asked for, of all, unless it has been looked at.
CREATE TEMP TABLE slice (
    slice_id INTEGER PRIMARY KEY, monitor TEXT, table_name TEXT, timestamp_key TEXT, granularity TEXT, slice_key TEXT, slice_value TEXT, is_text INTEGER,
    window_end TEXT, window_start TEXT, before_start TEXT, baseline_start TEXT
);
INSERT INTO slice (monitor, table_name, timestamp_key, granularity, slice_key, slice_value, is_text, window_end, window_start, before_start, baseline_start)
WITH newest AS (
    SELECT m.*, NULL AS slice_value, e.newest_timestamp AS newest
    FROM mon_monitors AS m JOIN feature_extent AS e ON e.group_name = m.monitor WHERE m.watches_all
    UNION ALL
    SELECT m.*, e.athlete_id, e.newest_timestamp
    FROM changed AS d
    CROSS JOIN mon_monitors AS m ON m.slice_key = 'athlete_id'
    CROSS JOIN feature_extent_athletes AS e ON (e.group_name, e.athlete_id) = (m.monitor, d.athlete_id)
    UNION ALL
    SELECT m.*, k.model, (SELECT MAX(l.prediction_date) FROM inference_log AS l WHERE l.model = k.model)
    FROM mon_monitors AS m
    CROSS JOIN ml_models_current AS k
    WHERE m.monitor = 'inference_log' AND m.slice_key = 'model'
),
ended AS (
    SELECT *, CASE granularity WHEN '1 week' THEN date(day, '-6 days', 'weekday 1') ELSE date(day, 'start of month') END AS window_end,
           CASE granularity WHEN '1 week' THEN '-7 days' ELSE '-1 month' END AS back
    FROM (SELECT *, CASE typeof(newest) WHEN 'text' THEN date(newest) ELSE date(newest, 'unixepoch') END AS day FROM newest WHERE is_active)
)
SELECT n.monitor, n.table_name, n.timestamp_key, n.granularity, CASE WHEN n.slice_value IS NOT NULL THEN n.slice_key END, n.slice_value, typeof(n.newest) = 'text',
       n.window_end, date(n.window_end, n.back), date(n.window_end, n.back, n.back), date(n.window_end, n.back, -n.baseline_days || ' days')
FROM ended AS n
WHERE n.window_end IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM mon_profile_metrics AS p
                  WHERE p.monitor = n.monitor AND p.window_start = date(n.window_end, n.back) AND COALESCE(p.slice_value, '') = COALESCE(n.slice_value, '')
                    AND (p.slice_key IS NULL) = (n.slice_value IS NULL) AND p.column_name = ':table')
ORDER BY n.monitor, n.slice_value;

-- rests here without slice
-- The same as the table's times are written, and from where on its rows are read.
CREATE TEMP TABLE span (slice_id INTEGER PRIMARY KEY, slice_value TEXT, since, baseline, before, start, until);
INSERT INTO span
SELECT slice_id, slice_value, min(baseline, before), baseline, before, start, until
FROM (SELECT slice_id, slice_value,
             CASE WHEN is_text THEN baseline_start ELSE CAST(strftime('%s', baseline_start) AS INTEGER) END AS baseline,
             CASE WHEN is_text THEN before_start ELSE CAST(strftime('%s', before_start) AS INTEGER) END AS before,
             CASE WHEN is_text THEN window_start ELSE CAST(strftime('%s', window_start) AS INTEGER) END AS start,
             CASE WHEN is_text THEN window_end ELSE CAST(strftime('%s', window_end) AS INTEGER) END AS until
      FROM slice);

CREATE TEMP TABLE watched (monitor TEXT, column_name TEXT, data_type TEXT, position INTEGER, column_sql TEXT, is_number INTEGER, PRIMARY KEY (monitor, column_name)) WITHOUT ROWID;
INSERT INTO watched
SELECT m.monitor, f.name, f.type, f.position, printf('"t"."%w"', f.name), f.type IN ('numerical', 'integer', 'boolean')
FROM mon_monitors AS m
JOIN features_current AS f ON f.group_name = m.monitor
WHERE f.type <> 'timestamp' AND m.monitor IN (SELECT monitor FROM slice)
UNION ALL
SELECT 'inference_log', 'predicted', 'numerical', 1, '"t"."predicted"', 1 WHERE EXISTS (SELECT 1 FROM slice WHERE monitor = 'inference_log');

-- One text for all slices of a table, which are numbered one after the other, and whose parameter is the slice, so that SQLite need
-- not read it anew for each: the rows of the window, and those of all spans in the order of time, each with whose it is, as
-- drift_samples is told.
CREATE TEMP TABLE source (first_slice INTEGER PRIMARY KEY, last_slice INTEGER, counted_sql TEXT, window_sql TEXT, all_sql TEXT, baseline_numbers_sql TEXT, window_numbers_sql TEXT);
INSERT INTO source
SELECT first_slice, last_slice, 'SELECT "s".slice_id, (SELECT COUNT(*) FROM ' || table_sql || ' WHERE ' || time_sql || ' >= "s".start' || until_sql || ') FROM temp.span AS "s" WHERE "s".slice_id BETWEEN ?1 AND ?2',
       'SELECT ' || columns_sql || from_sql || 'start' || until_sql || where_sql,
       'SELECT (' || time_sql || ' >= "s".start) + 2 * (' || time_sql || ' >= "s".before AND ' || time_sql || ' < "s".start) + 4 * ('
       || time_sql || ' >= "s".baseline AND ' || time_sql || ' < "s".start), '
       || columns_sql || from_sql || 'since' || until_sql || where_sql,
       'SELECT ' || numbers_sql || from_sql || 'baseline AND ' || time_sql || ' < "s".start' || of_slice_sql || where_sql,
       'SELECT ' || numbers_sql || from_sql || 'start' || until_sql || where_sql
FROM (SELECT *, ' FROM temp.span AS "s" CROSS JOIN ' || table_sql || ' ON ' || time_sql || ' >= "s".' AS from_sql, ' AND ' || time_sql || ' < "s".until' || of_slice_sql AS until_sql,
             ' WHERE "s".slice_id = ?1 ORDER BY ' || time_sql AS where_sql
      FROM (SELECT first_slice, last_slice, time_sql, printf('main."%w" AS "t"', table_name) AS table_sql,
                   CASE WHEN is_whole THEN '' ELSE printf(' AND "t"."%w" = "s".slice_value', slice_key) END AS of_slice_sql,
                   (SELECT group_concat(column_sql, ', ') FROM (SELECT column_sql FROM watched AS w WHERE w.monitor = m.monitor AND is_number ORDER BY position) GROUP BY NULL HAVING COUNT(*) > 1) AS numbers_sql,
                   (SELECT group_concat(column_sql, ', ') FROM (SELECT column_sql FROM watched AS w WHERE w.monitor = m.monitor ORDER BY position)) AS columns_sql
            FROM (SELECT MIN(slice_id) AS first_slice, MAX(slice_id) AS last_slice, monitor, table_name, slice_key, slice_key IS NULL AS is_whole, printf('"t"."%w"', timestamp_key) AS time_sql
                  FROM slice GROUP BY monitor, slice_key IS NULL) AS m));

CREATE TEMP TABLE counted_slice (slice_id INTEGER PRIMARY KEY, fault TEXT, n INTEGER);
INSERT OR REPLACE INTO counted_slice
SELECT COALESCE(a.c1, o.first_slice), a.fault, a.c2 FROM source AS o CROSS JOIN attempt(o.counted_sql, o.first_slice, o.last_slice) AS a;

INSERT INTO mon_profile_metrics (monitor, window_start, window_end, granularity, slice_key, slice_value, column_name, count, computed_at)
SELECT s.monitor, s.window_start, s.window_end, s.granularity, s.slice_key, s.slice_value, ':table', n.n, c.started_at
FROM stage_clock AS c
CROSS JOIN slice AS s
JOIN counted_slice AS n USING (slice_id)
WHERE n.fault IS NULL;

CREATE TEMP TABLE profiled (
    slice_id INTEGER, fault TEXT, column_name TEXT, n, n_known, n_zeros, n_distinct, mean, variance, least, most, quantile_05, quantile_25, median, quantile_75, quantile_95,
    min_length, max_length, mean_length
);
INSERT INTO profiled
SELECT COALESCE(a.c1, o.first_slice), a.fault, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9, a.c10, a.c11, a.c12, a.c13, a.c14, a.c15, a.c16, a.c17, a.c18
FROM source AS o
CROSS JOIN attempt('SELECT s.slice_id, p.* FROM temp.counted_slice AS s CROSS JOIN profile(?1, s.slice_id) AS p WHERE s.slice_id BETWEEN ?2 AND ?3 AND s.n > 0',
                   o.window_sql, o.first_slice, o.last_slice) AS a
WHERE o.window_sql IS NOT NULL;
CREATE TEMP TABLE measured (
    slice_id INTEGER, fault TEXT, column_name TEXT, reference INTEGER, n_reference, n_current, ks_statistic, ks_pvalue, wasserstein, js_distance, psi, chi2_statistic, chi2_pvalue,
    total_variation, linf, adjusted_pvalue, shift, own_limit, is_drift, reason
);
INSERT INTO measured
SELECT COALESCE(a.c1, o.first_slice), a.fault, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9, a.c10, a.c11, a.c12, a.c13, a.c14, a.c15, a.c16, a.c17, a.c18, a.c19
FROM source AS o
CROSS JOIN attempt('SELECT s.slice_id, d.* FROM temp.counted_slice AS s CROSS JOIN drift_samples(?1, 2, s.slice_id) AS d WHERE s.slice_id BETWEEN ?2 AND ?3 AND s.n > 0',
                   o.all_sql, o.first_slice, o.last_slice) AS a
WHERE o.all_sql IS NOT NULL;
CREATE TEMP TABLE joint (slice_id INTEGER PRIMARY KEY, fault TEXT, n_reference, n_current, shift, own_limit, is_drift, reason);
INSERT OR REPLACE INTO joint
SELECT COALESCE(a.c1, o.first_slice), a.fault, COALESCE(a.c2, 0), COALESCE(a.c3, 0), a.c4, a.c5, a.c6, COALESCE(a.fault, a.c7)
FROM source AS o
CROSS JOIN attempt('SELECT s.slice_id, r.n_reference, r.n_current, r.shift, r.own_limit, r.is_drift, r.reason
                    FROM temp.counted_slice AS s CROSS JOIN reconstruction_test(?1, ?2, NULL, s.slice_id) AS r WHERE s.slice_id BETWEEN ?3 AND ?4 AND s.n > 0',
                   o.baseline_numbers_sql, o.window_numbers_sql, o.first_slice, o.last_slice) AS a
WHERE o.baseline_numbers_sql IS NOT NULL;

-- Where something of one slice fails, each of its table's is asked alone.
CREATE TEMP TABLE alone AS
SELECT n.slice_id, o.*
FROM (SELECT slice_id FROM profiled WHERE fault IS NOT NULL UNION SELECT slice_id FROM measured WHERE fault IS NOT NULL UNION SELECT slice_id FROM joint WHERE fault IS NOT NULL) AS f
CROSS JOIN source AS o ON o.first_slice = f.slice_id
CROSS JOIN counted_slice AS n ON n.slice_id BETWEEN o.first_slice AND o.last_slice;
DELETE FROM profiled WHERE slice_id IN (SELECT slice_id FROM alone);
DELETE FROM measured WHERE slice_id IN (SELECT slice_id FROM alone);
DELETE FROM joint WHERE slice_id IN (SELECT slice_id FROM alone);
INSERT INTO profiled
SELECT o.slice_id, a.fault, a.c1, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9, a.c10, a.c11, a.c12, a.c13, a.c14, a.c15, a.c16, a.c17
FROM alone AS o
JOIN counted_slice AS n ON n.slice_id = o.slice_id AND n.n > 0
CROSS JOIN attempt('SELECT * FROM profile(?1, ?2)', o.window_sql, o.slice_id) AS a
WHERE o.window_sql IS NOT NULL;
INSERT INTO measured
SELECT o.slice_id, a.fault, a.c1, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9, a.c10, a.c11, a.c12, a.c13, a.c14, a.c15, a.c16, a.c17, a.c18
FROM alone AS o
JOIN counted_slice AS n ON n.slice_id = o.slice_id AND n.n > 0
CROSS JOIN attempt('SELECT * FROM drift_samples(?1, 2, ?2)', o.all_sql, o.slice_id) AS a
WHERE o.all_sql IS NOT NULL;
INSERT INTO joint
SELECT o.slice_id, a.fault, COALESCE(a.c1, 0), COALESCE(a.c2, 0), a.c3, a.c4, a.c5, COALESCE(a.fault, a.c6)
FROM alone AS o
JOIN counted_slice AS n ON n.slice_id = o.slice_id AND n.n > 0
CROSS JOIN attempt('SELECT n_reference, n_current, shift, own_limit, is_drift, reason FROM reconstruction_test(?1, ?2, NULL, ?3)',
                   o.baseline_numbers_sql, o.window_numbers_sql, o.slice_id) AS a
WHERE o.baseline_numbers_sql IS NOT NULL;

INSERT INTO mon_profile_metrics (monitor, window_start, window_end, granularity, slice_key, slice_value, column_name, data_type, count, num_nulls, num_zeros, distinct_count,
                                 avg, stddev, min, max, quantile_05, quantile_25, median, quantile_75, quantile_95, min_length, max_length, avg_length,
                                 percent_null, percent_zeros, percent_distinct, computed_at)
SELECT s.monitor, s.window_start, s.window_end, s.granularity, s.slice_key, s.slice_value, p.column_name, w.data_type, p.n, p.n - p.n_known,
       CASE WHEN p.n_known > 0 THEN p.n_zeros END, p.n_distinct, CASE WHEN w.is_number THEN p.mean END,
       CASE WHEN NOT w.is_number THEN NULL
            WHEN p.variance > 0 AND p.least < p.most THEN portable_exp(0.5 * portable_ln(p.variance))
            WHEN p.n_known > 1 AND p.mean IS NOT NULL THEN 0.0 END,
       p.least, p.most, CASE WHEN w.is_number THEN p.quantile_05 END, CASE WHEN w.is_number THEN p.quantile_25 END, CASE WHEN w.is_number THEN p.median END,
       CASE WHEN w.is_number THEN p.quantile_75 END, CASE WHEN w.is_number THEN p.quantile_95 END,
       CASE WHEN NOT w.is_number THEN p.min_length END, CASE WHEN NOT w.is_number THEN p.max_length END, CASE WHEN NOT w.is_number THEN p.mean_length END,
       100.0 * (p.n - p.n_known) / p.n, CASE WHEN p.n_known > 0 THEN 100.0 * p.n_zeros / p.n END, 100.0 * p.n_distinct / p.n, c.started_at
FROM stage_clock AS c
CROSS JOIN profiled AS p
CROSS JOIN slice AS s ON s.slice_id = p.slice_id
CROSS JOIN watched AS w ON (w.monitor, w.column_name) = (s.monitor, p.column_name)
ORDER BY p.slice_id, p.rowid;

-- The first reference is the window before, the second the baseline; the verdict is of numbers against the baseline.
INSERT INTO mon_drift_metrics (monitor, window_start, window_end, window_cmp_start, window_cmp_end, drift_type, granularity, slice_key, slice_value, column_name, data_type,
                               n_reference, n_current, ks_statistic, ks_pvalue, wasserstein_distance, js_distance, population_stability_index, chi2_statistic, chi2_pvalue,
                               tv_distance, l_infinity_distance, adjusted_pvalue, shift, own_limit, is_drift, reason, computed_at)
SELECT s.monitor, s.window_start, s.window_end, CASE m.reference WHEN 2 THEN s.baseline_start ELSE s.before_start END, s.window_start,
       CASE m.reference WHEN 2 THEN 'BASELINE' ELSE 'CONSECUTIVE' END, s.granularity, s.slice_key, s.slice_value, m.column_name, w.data_type, m.n_reference, m.n_current,
       m.ks_statistic, m.ks_pvalue, m.wasserstein, m.js_distance, m.psi, m.chi2_statistic, m.chi2_pvalue, m.total_variation, m.linf, m.adjusted_pvalue,
       CASE WHEN m.reference = 2 AND w.is_number THEN m.shift END, CASE WHEN m.reference = 2 AND w.is_number THEN m.own_limit END,
       CASE WHEN m.reference = 2 AND w.is_number THEN m.is_drift END,
       CASE WHEN m.reference = 1 THEN 'the verdict is that against the baseline' WHEN w.is_number THEN m.reason ELSE 'the verdict is of numbers' END, c.started_at
FROM stage_clock AS c
CROSS JOIN measured AS m
CROSS JOIN slice AS s ON s.slice_id = m.slice_id
CROSS JOIN watched AS w ON (w.monitor, w.column_name) = (s.monitor, m.column_name)
ORDER BY m.slice_id, m.reference DESC, m.rowid;

INSERT INTO mon_drift_metrics (monitor, window_start, window_end, window_cmp_start, window_cmp_end, drift_type, granularity, slice_key, slice_value, column_name, data_type,
                               n_reference, n_current, shift, own_limit, is_drift, reason, computed_at)
SELECT s.monitor, s.window_start, s.window_end, s.baseline_start, s.window_start, 'JOINT', s.granularity, s.slice_key, s.slice_value, ':table', 'table',
       j.n_reference, j.n_current, j.shift, j.own_limit, j.is_drift, j.reason, c.started_at
FROM stage_clock AS c
CROSS JOIN joint AS j
CROSS JOIN slice AS s USING (slice_id)
ORDER BY j.slice_id;

CREATE TEMP TABLE failed AS
SELECT slice_id, fault FROM counted_slice WHERE fault IS NOT NULL
UNION ALL SELECT slice_id, fault FROM profiled WHERE fault IS NOT NULL
UNION ALL SELECT slice_id, fault FROM measured WHERE fault IS NOT NULL;

CREATE TEMP TABLE counted AS
SELECT (SELECT COALESCE(exact_sum(n), 0) FROM counted_slice) AS rows_in, (SELECT COUNT(*) FROM measured WHERE fault IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM failed) AS rows_rejected,
       (SELECT group_concat(told, '; ') FROM (SELECT s.monitor || ': ' || f.fault AS told FROM failed AS f JOIN slice AS s USING (slice_id) ORDER BY s.slice_id LIMIT 20)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '700_watch', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '700_watch';

DROP TABLE temp.counted;
DROP TABLE temp.failed;
DROP TABLE temp.alone;
DROP TABLE temp.joint;
DROP TABLE temp.measured;
DROP TABLE temp.profiled;
DROP TABLE temp.counted_slice;
DROP TABLE temp.source;
DROP TABLE temp.watched;
DROP TABLE temp.span;
DROP TABLE temp.slice;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
