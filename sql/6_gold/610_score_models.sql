-- stage:    610_score_models
-- purpose:  ask the champion of every registered model about each athlete's last day, through the store, and log what it was told
-- reads:    ml_models_current; ml_looks, bronze_strava_activities, inference_log, inference_faults, ml_aliases, ml_model_versions, ml_models, ml_run_artifacts, ml_run_intervals, ml_runs, ops_audit, ops_config
-- writes:   inference_log; inference_faults, inference_intervals, ml_looks
-- follows:  -
-- grain:    model, entity, prediction_date, item
-- params:   as_of_date
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '610_score_models',
    'ask the champion of every registered model about each athlete''s last day, through the store, and log what it was told',
    '["ml_models_current"]',
    '["inference_log"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What was told to whom, by which version, from which rows. It can be asked again a year later: sql/reports/replay.sql.
CREATE TABLE IF NOT EXISTS inference_log (
    inference_id    INTEGER PRIMARY KEY,
    model           TEXT NOT NULL,
    version         INTEGER NOT NULL,
    entity          TEXT NOT NULL,
    prediction_date TEXT NOT NULL, -- the day asked about
    item            TEXT NOT NULL, -- tells several of a day apart
    prediction      TEXT NOT NULL, -- what it is called
    predicted       REAL NOT NULL,
    known_at        TEXT NOT NULL, -- nothing that became known later was used
    features        TEXT NOT NULL, -- JSON: the row as it was used
    sources         TEXT NOT NULL, -- JSON: of each group the row that was looked up
    predicted_at    TEXT NOT NULL,
    UNIQUE (model, entity, prediction_date, item)
);
CREATE INDEX IF NOT EXISTS inference_log_by_version ON inference_log (model, version);
CREATE INDEX IF NOT EXISTS inference_log_by_date ON inference_log (model, prediction_date);
-- append-only inference_log: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS inference_log_keep BEFORE UPDATE ON inference_log
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_log_stay BEFORE DELETE ON inference_log
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_log_once BEFORE INSERT ON inference_log
WHEN EXISTS (SELECT 1 FROM inference_log AS o WHERE (o.inference_id) = (new.inference_id) OR (o.model, o.entity, o.prediction_date, o.item) = (new.model, new.entity, new.prediction_date, new.item))
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;
-- end

-- Between which numbers the label will be, of a champion that was given intervals: with the chance that is the level.
CREATE TABLE IF NOT EXISTS inference_intervals (
    inference_id INTEGER PRIMARY KEY,
    lower        REAL NOT NULL,
    upper        REAL NOT NULL,
    level        REAL NOT NULL
);
-- append-only inference_intervals: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS inference_intervals_keep BEFORE UPDATE ON inference_intervals
BEGIN SELECT RAISE(ABORT, 'inference_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_intervals_stay BEFORE DELETE ON inference_intervals
BEGIN SELECT RAISE(ABORT, 'inference_intervals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_intervals_once BEFORE INSERT ON inference_intervals
WHEN EXISTS (SELECT 1 FROM inference_intervals AS o WHERE (o.inference_id) = (new.inference_id))
BEGIN SELECT RAISE(ABORT, 'inference_intervals is append-only'); END;
-- end

-- Why a champion could not be asked when it was last tried.
CREATE TABLE IF NOT EXISTS inference_faults (
    model   TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    reason  TEXT NOT NULL
) WITHOUT ROWID;

-- Every prediction of a registered model, as people ask for it.
CREATE VIEW IF NOT EXISTS gold_model_predictions (athlete_id, prediction_date, item, model, version, prediction, predicted, known_at, inference_id, lower, upper, level) AS
SELECT g.entity, g.prediction_date, g.item, g.model, g.version, g.prediction, g.predicted, g.known_at, g.inference_id, i.lower, i.upper, i.level
FROM inference_log AS g
LEFT JOIN inference_intervals AS i USING (inference_id);

-- In which cluster an athlete was on a day, by its name in the version that said so.
CREATE VIEW IF NOT EXISTS gold_athlete_clusters (athlete_id, as_of_date, cluster_id, cluster_name, model, version) AS
SELECT g.entity, g.prediction_date, c.cluster_id, c.cluster_name, g.model, g.version
FROM inference_log AS g
JOIN ml_clusters AS c ON (c.model, c.version, c.cluster_id) = (g.model, g.version, g.predicted);

-- Asked again where the champion is another one, something has arrived, or a day has passed.
CREATE TEMP TABLE champion AS
WITH now AS (
    SELECT c.started_at, (SELECT value FROM ops_config WHERE name = 'as_of_date') AS as_of_date,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit) AS news
    FROM stage_clock AS c
)
SELECT v.model, v.version, v.model_json, b.content AS calibrator, m.entity, m.learner, m.columns_sql, m.definition ->> '$.prediction' AS prediction, m.definition ->> '$.base' AS base_name, m.definition ->> '$.link' IS 'log' AS is_log, m.definition ->> '$.interval.scale' AS scale_name,
       r.run_id, m.definition ->> '$.interval.by' AS by_name,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NULL', 'as_of', 'known_at',
                   'lookups', json(m.lookups), 'computed', json(m.computed)) AS spec,
       json_array(v.version, n.as_of_date, n.news) AS seen, n.started_at
FROM ml_models_current AS k
JOIN ml_aliases AS a ON a.model = k.model AND a.alias = 'champion' AND k.learner IN ('gbdt', 'kmeans', 'rule')
JOIN ml_model_versions AS v ON v.model = a.model AND v.version = a.version
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version
JOIN ml_models AS m ON m.bronze_id = r.bronze_id
LEFT JOIN ml_run_artifacts AS b ON b.run_id = r.run_id AND b.name = 'calibrator'
CROSS JOIN now AS n
LEFT JOIN ml_looks AS w ON w.stage = '610_score_models' AND w.model = v.model
WHERE w.seen IS NULL OR (w.seen ->> '$[0]', w.seen ->> '$[1]', w.seen ->> '$[2]') IS NOT (v.version, n.as_of_date, n.news)
   OR julianday(n.started_at) - julianday(w.looked_at) >= 1;

-- rests here without champion, having counted 0, 0, (SELECT COUNT(*) FROM inference_faults), (SELECT group_concat(model || ': ' || reason, '; ') FROM inference_faults)
-- Each athlete's last day of which all that is asked for is known by now.
CREATE TEMP TABLE request (
    row_id INTEGER PRIMARY KEY, model TEXT, fault TEXT, entity TEXT, prediction_date TEXT, item TEXT, known_at TEXT, base REAL, row TEXT, sources TEXT
);
INSERT INTO request (model, fault, entity, prediction_date, item, known_at, base, row, sources)
SELECT model, fault, entity, prediction_date, item, known_at, base, row, sources
FROM (SELECT f.*, MAX(f.prediction_date) OVER (PARTITION BY f.model, f.entity) AS last_date
      FROM (SELECT c.model, a.fault, a.c1 ->> ('$."' || c.entity || '"') AS entity, a.c1 ->> '$.as_of_date' AS prediction_date,
                   COALESCE(a.c1 ->> '$.item', '') AS item, a.c1 ->> '$.known_at' AS known_at,
                   CASE WHEN c.base_name IS NULL THEN 0.0
                        WHEN json_type(a.c1, '$.' || c.base_name) IN ('integer', 'real') THEN exact_real(a.c1 -> ('$.' || c.base_name)) END AS base, a.c1 AS row, a.c2 AS sources, c.started_at
            FROM champion AS c
            CROSS JOIN attempt('SELECT row, sources FROM training_rows(?1)', c.spec) AS a) AS f
      WHERE f.fault IS NOT NULL OR julianday(f.known_at) <= julianday(f.started_at)) AS d
WHERE fault IS NOT NULL
   OR prediction_date = last_date
      AND NOT EXISTS (SELECT 1 FROM inference_log AS g WHERE (g.model, g.entity, g.prediction_date, g.item) = (d.model, d.entity, d.prediction_date, d.item))
ORDER BY model, entity, prediction_date, item;

CREATE TEMP TABLE answered AS
SELECT c.model, a.fault, a.c1 AS row_id, CASE WHEN c.calibrator IS NOT NULL THEN calibrate(c.calibrator, a.c2) WHEN c.is_log THEN portable_exp(r.base + a.c2) ELSE r.base + a.c2 END AS predicted
FROM champion AS c
CROSS JOIN attempt(CASE c.learner WHEN 'kmeans' THEN 'SELECT key, cluster FROM kmeans_score(?1, ?2)' ELSE 'SELECT key, value FROM gbdt_score(?1, ?2)' END, c.model_json,
                   'SELECT s.row_id, ' || c.columns_sql || ' FROM temp.request AS s WHERE s.model = ''' || c.model || ''' AND s.fault IS NULL ORDER BY s.row_id') AS a
LEFT JOIN request AS r ON r.row_id = a.c1
WHERE c.model IN (SELECT model FROM request);

INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)
SELECT c.model, c.version, r.entity, r.prediction_date, r.item, c.prediction, a.predicted, r.known_at, r.row, r.sources, c.started_at
FROM answered AS a
JOIN request AS r USING (row_id)
JOIN champion AS c ON c.model = r.model
WHERE a.fault IS NULL AND a.predicted IS NOT NULL
ORDER BY r.row_id;

INSERT INTO inference_intervals (inference_id, lower, upper, level)
SELECT inference_id, CASE WHEN is_log THEN predicted * portable_exp(lower * spread) ELSE predicted + lower * spread END,
       CASE WHEN is_log THEN predicted * portable_exp(upper * spread) ELSE predicted + upper * spread END, level
FROM (SELECT g.inference_id, g.predicted, i.lower, i.upper, i.level, c.is_log,
             CASE WHEN i.spread_power = 0 THEN 1.0 -- as in 547_model_intervals
                  WHEN g.predicted <> 0 THEN portable_exp(i.spread_power * portable_ln(abs(g.predicted / CASE
                       WHEN c.scale_name IS NULL THEN 1.0
                       WHEN json_type(r.row, '$.' || c.scale_name) IN ('integer', 'real') THEN NULLIF(exact_real(r.row -> ('$.' || c.scale_name)), 0) END))) END AS spread
      FROM request AS r
      JOIN champion AS c ON c.model = r.model
      JOIN inference_log AS g ON (g.model, g.entity, g.prediction_date, g.item) = (r.model, r.entity, r.prediction_date, r.item)
      JOIN ml_run_intervals AS i ON i.run_id = c.run_id AND i.interval_group = CASE WHEN c.by_name IS NULL THEN '' ELSE COALESCE(r.row ->> ('$.' || c.by_name), '') END)
WHERE spread > 0
ORDER BY inference_id;

DELETE FROM inference_faults WHERE model IN (SELECT model FROM champion);
INSERT INTO inference_faults (model, version, reason)
SELECT c.model, c.version, MIN(f.reason)
FROM champion AS c
JOIN (SELECT model, 'rows: ' || fault AS reason FROM request WHERE fault IS NOT NULL
      UNION ALL SELECT model, 'scoring: ' || fault FROM answered WHERE fault IS NOT NULL
      UNION ALL SELECT r.model, 'rows: the base, a number ' || k.base_name || ', is missing for ' || r.entity || ' on ' || r.prediction_date
                FROM request AS r JOIN champion AS k USING (model) WHERE r.fault IS NULL AND r.base IS NULL) AS f USING (model)
GROUP BY c.model;

INSERT INTO ml_looks (stage, model, seen, looked_at) SELECT '610_score_models', model, seen, started_at FROM champion WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM request WHERE fault IS NULL) AS rows_in,
       (SELECT COUNT(*) FROM answered WHERE fault IS NULL AND predicted IS NOT NULL) AS rows_out,
       (SELECT COUNT(*) FROM inference_faults) AS rows_rejected,
       (SELECT group_concat(model || ': ' || reason, '; ') FROM inference_faults) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '610_score_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.answered;
DROP TABLE temp.request;
DROP TABLE temp.champion;
DROP TABLE temp.stage_clock;

COMMIT;
