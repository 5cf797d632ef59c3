-- stage:    720_alerts
-- purpose:  open an alert once where risk, drift, a model's error, lateness or a failure asks for somebody, count its repeats, and close it after two good windows
-- reads:    mon_drift_metrics, mon_performance_estimates; ops_alerts, ops_alert_positions, ops_config, ops_due, ops_runs, athlete_rolling_features, feature_extent, feature_groups_current, inference_faults, ml_aliases, ml_models_current
-- writes:   ops_alerts; ml_training_requests, ops_alert_positions, ops_due
-- follows:  430_rolling_features
-- grain:    alert_id
-- params:   as_of_date, acwr_risk_threshold, monotony_risk_threshold, drift_alert_share, drift_alert_ratio, late_alert_periods
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '720_alerts',
    'open an alert once where risk, drift, a model''s error, lateness or a failure asks for somebody, count its repeats, and close it after two good windows',
    '["mon_drift_metrics", "mon_performance_estimates"]',
    '["ops_alerts"]',
    '["430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- How far the logs have been read.
CREATE TABLE IF NOT EXISTS ops_alert_positions (
    source   TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TEMP TABLE changed AS SELECT athlete_id FROM ops_due WHERE stage = '720_alerts';

CREATE TEMP TABLE today AS
SELECT COALESCE((SELECT value FROM ops_config WHERE name = 'as_of_date'), date(started_at)) AS day,
       COALESCE((SELECT position FROM ops_alert_positions WHERE source = 'mon_drift_metrics'), 0) AS drift_id,
       COALESCE((SELECT position FROM ops_alert_positions WHERE source = 'ops_runs'), 0) AS run_id,
       COALESCE((SELECT date(position * 86400, 'unixepoch') FROM ops_alert_positions WHERE source = 'day'), '') AS last_day
FROM stage_clock;

-- What the newest window of each subject says. A window that says nothing (a load that is not known, too few days for a verdict) is
-- neither a good one nor a bad one, and has no row.
CREATE TEMP TABLE checked (kind TEXT, subject TEXT, window TEXT, is_bad INTEGER, message TEXT, PRIMARY KEY (kind, subject)) WITHOUT ROWID;

-- A week-old flag alarms nobody.
INSERT INTO checked
SELECT 'risk', f.athlete_id, f.as_of_date, f.is_overtraining_risk,
       'on ' || f.as_of_date || ' ' || COALESCE((SELECT group_concat(told, ' and ') FROM (
           SELECT 'the acute load is ' || number_text(CAST(100 * f.acwr + 0.5 AS INTEGER) / 100.0) || ' times the chronic one' AS told
           WHERE f.acwr > (SELECT value FROM ops_config WHERE name = 'acwr_risk_threshold')
           UNION ALL
           SELECT 'monotony is ' || number_text(CAST(100 * f.training_monotony_7d + 0.5 AS INTEGER) / 100.0)
           WHERE f.training_monotony_7d > (SELECT value FROM ops_config WHERE name = 'monotony_risk_threshold'))), 'load is a risk')
FROM changed AS d
CROSS JOIN today AS t
CROSS JOIN athlete_rolling_features AS f ON f.athlete_id = d.athlete_id
                                         AND f.as_of_date = (SELECT MAX(o.as_of_date) FROM athlete_rolling_features AS o WHERE o.athlete_id = d.athlete_id AND o.as_of_date <= t.day)
WHERE f.is_overtraining_risk IS NOT NULL AND f.as_of_date >= date(t.day, '-7 days');

-- One feature in twenty leaves its own range by chance; half of them, or one two times as far, do not: what one sensor brings moves
-- a few features of many, and months of an autoregressive series, however alike its days are, do not get so far.
CREATE TEMP TABLE moved (drift_id INTEGER PRIMARY KEY, subject TEXT, window_start TEXT, column_name TEXT, is_drift INTEGER, ratio REAL);
INSERT INTO moved
SELECT d.drift_id, d.monitor || COALESCE(' of ' || d.slice_value, ''), d.window_start, d.column_name, d.is_drift, abs(d.shift) / nullif(d.own_limit, 0.0)
FROM mon_drift_metrics AS d
WHERE d.drift_id > (SELECT drift_id FROM today) AND d.drift_type = 'BASELINE' AND d.is_drift IS NOT NULL;
CREATE INDEX temp.moved_by_subject ON moved (subject, window_start);
INSERT INTO checked
SELECT 'drift', j.subject, j.window_start,
       j.n_drift > 0 AND (j.n_drift >= j.n * (SELECT value FROM ops_config WHERE name = 'drift_alert_share') OR j.ratio >= (SELECT value FROM ops_config WHERE name = 'drift_alert_ratio')),
       j.n_drift || ' of ' || j.n || ' features have left the range of their own windows: '
       || COALESCE((SELECT group_concat(column_name, ', ') FROM (
              SELECT m.column_name FROM moved AS m WHERE m.subject = j.subject AND m.window_start = j.window_start AND m.is_drift ORDER BY m.ratio DESC, m.column_name LIMIT 5)), 'none')
FROM (SELECT l.subject, l.window_start, COUNT(*) AS n, COUNT(CASE WHEN m.is_drift THEN 1 END) AS n_drift, MAX(m.ratio) AS ratio
      FROM (SELECT subject, MAX(window_start) AS window_start FROM moved GROUP BY subject) AS l
      CROSS JOIN moved AS m ON m.subject = l.subject AND m.window_start = l.window_start
      GROUP BY l.subject, l.window_start) AS j;

-- The newest chunk with an estimate of the version that is asked now; and of each model the worst of the chunks of which all labels have
-- come since the last look, of whichever version: who was replaced meanwhile has been asked all the same. Where labels still come, for days
-- without a run for months, those that are there tell of a bad chunk, never of a good one: thirty or more, held against limits that are as
-- much wider as fewer rows scatter more.
INSERT INTO checked
WITH told AS (
    SELECT e.*, a.version AS champion,
           ROW_NUMBER() OVER (PARTITION BY e.model ORDER BY e.version = a.version DESC, e.chunk DESC) AS age
    FROM ml_aliases AS a
    JOIN mon_performance_estimates AS e ON e.model = a.model AND e.metric IN ('mae', 'roc_auc')
    WHERE a.alias = 'champion'
),
came AS (
    SELECT *, CASE method WHEN 'cbpe' THEN lower_threshold - realized ELSE realized - upper_threshold END AS excess,
           chunk > COALESCE((SELECT position FROM ops_alert_positions AS o WHERE o.source = 'realized ' || told.model || '/' || told.version), -1)
           AND (looked_before OR NOT is_final) AS is_new,
           CASE method WHEN 'cbpe' THEN middle - realized ELSE realized - middle END AS off
    FROM (SELECT *, (lower_threshold + upper_threshold) / 2 AS middle, (upper_threshold - lower_threshold) / 2 AS half,
                 EXISTS (SELECT 1 FROM ops_alert_positions AS o WHERE o.source GLOB 'realized ' || told.model || '/*') AS looked_before FROM told) AS told
    WHERE realized IS NOT NULL AND lower_threshold IS NOT NULL
),
judged AS (
    SELECT *, excess > 0 AS is_bad FROM came
    WHERE is_final OR n_realized >= 30 AND excess > 0 AND off * off * n_realized > half * half * n
),
ranked AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY model ORDER BY is_new DESC, CASE WHEN is_new THEN is_bad END DESC, CASE WHEN is_new AND is_bad THEN excess END DESC, last_inference_id DESC, version DESC, chunk DESC) AS place
    FROM judged
)
SELECT 'estimated_loss', model, version || '/' || chunk, is_worse,
       'the ' || metric || ' that is expected of ' || start_date || ' to ' || end_date || ' is ' || number_text(CAST(1000 * estimated + 0.5 AS INTEGER) / 1000.0) || ', version ' || version || ' had from '
       || number_text(CAST(1000 * lower_threshold + 0.5 AS INTEGER) / 1000.0) || ' to ' || number_text(CAST(1000 * upper_threshold + 0.5 AS INTEGER) / 1000.0)
FROM told WHERE age = 1 AND version = champion AND is_worse IS NOT NULL
UNION ALL
SELECT 'realized_loss', model, version || '/' || chunk, is_bad,
       'the ' || metric || ' of ' || start_date || ' to ' || end_date || ' was ' || number_text(CAST(1000 * realized + 0.5 AS INTEGER) / 1000.0) || CASE WHEN is_final THEN '' ELSE ' by ' || n_realized || ' of ' || n || ' labels' END || ', version ' || version || ' had from '
       || number_text(CAST(1000 * lower_threshold + 0.5 AS INTEGER) / 1000.0) || ' to ' || number_text(CAST(1000 * upper_threshold + 0.5 AS INTEGER) / 1000.0)
FROM ranked WHERE place = 1 AND (is_new OR NOT looked_before);

-- By the end of the day.
INSERT INTO checked
SELECT 'freshness', group_name, day, age_hours > (SELECT value FROM ops_config WHERE name = 'late_alert_periods') * expected_every_hours + delay_hours,
       'the newest row is of ' || newest || ', one is expected every ' || CAST(expected_every_hours AS INTEGER) || ' hours'
FROM (SELECT g.name AS group_name, g.expected_every_hours, g.delay_hours, t.day, date(n.newest) AS newest, (julianday(t.day, '+1 day') - julianday(n.newest)) * 24 AS age_hours
      FROM today AS t
      CROSS JOIN feature_groups_current AS g
      JOIN (SELECT group_name, CASE typeof(newest_timestamp) WHEN 'text' THEN newest_timestamp ELSE datetime(newest_timestamp, 'unixepoch') END AS newest FROM feature_extent) AS n
          ON n.group_name = g.name
      WHERE g.status IN ('active', 'deprecated') AND g.expected_every_hours IS NOT NULL)
WHERE age_hours IS NOT NULL;

INSERT INTO checked
SELECT 'failure', r.stage, r.run_id, r.outcome = 'failed', COALESCE(r.message, '')
FROM (SELECT r.stage, MAX(r.run_id) AS run_id FROM today AS t CROSS JOIN ops_runs AS r ON r.run_id > t.run_id GROUP BY r.stage) AS l
JOIN ops_runs AS r USING (run_id);
INSERT INTO checked
SELECT 'failure', m.model || '@champion', t.day, f.model IS NOT NULL, COALESCE(f.reason, '')
FROM today AS t
CROSS JOIN (SELECT model FROM ml_aliases WHERE alias = 'champion' UNION SELECT model FROM inference_faults) AS m
LEFT JOIN inference_faults AS f ON f.model = m.model;

-- What is watched no more is over.
INSERT OR IGNORE INTO checked
SELECT a.kind, a.subject, t.day, 0, ''
FROM today AS t
CROSS JOIN ops_alerts AS a ON a.closed_at IS NULL
WHERE a.kind = 'freshness' AND NOT EXISTS (SELECT 1 FROM feature_groups_current AS g WHERE g.name = a.subject AND g.status IN ('active', 'deprecated') AND g.expected_every_hours IS NOT NULL)
   OR a.kind = 'failure' AND a.subject GLOB '*@champion';

-- Where a day before the last one is done again, what it says of days is no news: neither a new alert nor a good window. But a last day
-- that this machine's clock has not reached comes of a clock that was wrong, and holds up nothing.
DELETE FROM checked
WHERE (SELECT day < last_day AND last_day <= date(started_at, '+1 day') FROM today, stage_clock)
  AND window GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]';

CREATE TEMP TABLE news AS
SELECT c.*, a.alert_id, a.n_good, t.started_at, (SELECT COUNT(*) FROM ops_alerts AS o WHERE o.fingerprint = c.kind || ':' || c.subject) AS n_before
FROM checked AS c
CROSS JOIN stage_clock AS t
LEFT JOIN ops_alerts AS a ON a.fingerprint = c.kind || ':' || c.subject AND a.closed_at IS NULL
WHERE (a.alert_id IS NOT NULL OR c.is_bad)
  AND NOT EXISTS (SELECT 1 FROM ops_alerts AS o WHERE o.fingerprint = c.kind || ':' || c.subject AND o.last_window = c.window);

UPDATE ops_alerts
SET last_window = n.window, n_good = CASE WHEN n.is_bad THEN 0 ELSE n.n_good + 1 END, n_bad = n_bad + n.is_bad,
    last_bad_at = CASE WHEN n.is_bad THEN n.started_at ELSE last_bad_at END, message = CASE WHEN n.is_bad THEN n.message ELSE ops_alerts.message END,
    closed_at = CASE WHEN NOT n.is_bad AND n.n_good + 1 >= 2 THEN n.started_at END
FROM news AS n WHERE n.alert_id = ops_alerts.alert_id;

-- The key is made of the file, which its first run tells from others, and of what opened: a day that is done again after a backup has
-- been put back has the same.
INSERT INTO ops_alerts (fingerprint, key, kind, subject, message, opened_at, last_bad_at, last_window, n_bad, n_good)
SELECT n.kind || ':' || n.subject, substr(row_hash(f.started_at, f.duration_ms, n.kind, n.subject, CASE WHEN n.kind = 'failure' THEN t.day ELSE n.window END, n.n_before), 1, 32),
       n.kind, n.subject, n.message, n.started_at, n.started_at, n.window, 1, 0
FROM news AS n
CROSS JOIN today AS t
LEFT JOIN ops_runs AS f ON f.run_id = (SELECT MIN(run_id) FROM ops_runs)
WHERE n.alert_id IS NULL
ORDER BY n.kind, n.subject;

-- A champion whose error is expected to be larger, or of which what it reads has moved, is asked to be trained again.
INSERT INTO ml_training_requests (model, kind, told, asked_at)
SELECT m.model, n.kind, MIN(n.subject || ': ' || n.message), MIN(n.started_at)
FROM (SELECT *, substr(subject, 1, instr(subject || ' ', ' ') - 1) AS monitor FROM news WHERE alert_id IS NULL) AS n
JOIN ml_models_current AS m
    ON CASE n.kind WHEN 'drift' THEN n.subject = 'inference_log of ' || m.model OR instr(m.lookups, '"' || n.monitor || '"') OR instr(m.rows_sql, ' ' || n.monitor)
                   WHEN 'estimated_loss' THEN n.subject = m.model END
JOIN ml_aliases AS a ON a.model = m.model AND a.alias = 'champion'
WHERE m.learner = 'gbdt'
GROUP BY m.model, n.kind
ON CONFLICT DO NOTHING;

INSERT OR REPLACE INTO ops_alert_positions (source, position)
SELECT 'mon_drift_metrics', COALESCE(MAX(drift_id), 0) FROM mon_drift_metrics
UNION ALL SELECT 'ops_runs', COALESCE(MAX(run_id), 0) FROM ops_runs
UNION ALL SELECT 'day', strftime('%s', CASE WHEN last_day <= date(started_at, '+1 day') THEN max(day, last_day) ELSE day END) / 86400 FROM today, stage_clock
          WHERE EXISTS (SELECT 1 FROM ops_config WHERE name = 'as_of_date' AND value IS NOT NULL)
UNION ALL SELECT 'realized ' || model || '/' || version, MAX(chunk) FROM mon_performance_estimates WHERE is_final AND realized IS NOT NULL GROUP BY model, version;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM checked) AS rows_in, (SELECT COUNT(*) FROM news WHERE alert_id IS NULL) AS rows_out, 0 AS rows_rejected,
       (SELECT group_concat(told, '; ') FROM (SELECT kind || ' ' || subject || ': ' || message AS told FROM news WHERE alert_id IS NULL ORDER BY kind, subject)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '720_alerts', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '720_alerts';

DROP TABLE temp.counted;
DROP TABLE temp.news;
DROP TABLE temp.moved;
DROP TABLE temp.checked;
DROP TABLE temp.today;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
