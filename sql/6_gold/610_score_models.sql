-- stage:    610_score_models
-- purpose:  ask the champion of every registered model about each athlete's last day, through the store, and log what it was told
-- reads:    ml_models_current; ml_looks, bronze_strava_activities, inference_log, inference_faults, ml_aliases, ml_model_versions, ml_models, ml_run_artifacts, ml_runs, ops_audit, ops_config
-- writes:   inference_log; inference_faults, ml_looks
-- follows:  -
-- grain:    model, entity, prediction_date, item
-- params:   as_of_date

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
CREATE TRIGGER IF NOT EXISTS inference_log_keep BEFORE UPDATE ON inference_log
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_log_stay BEFORE DELETE ON inference_log
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS inference_log_once BEFORE INSERT ON inference_log
WHEN EXISTS (SELECT 1 FROM inference_log AS g
             WHERE g.inference_id = new.inference_id
                OR (g.model, g.entity, g.prediction_date, g.item) = (new.model, new.entity, new.prediction_date, new.item))
BEGIN SELECT RAISE(ABORT, 'inference_log is append-only'); END;

-- Why a champion could not be asked when it was last tried.
CREATE TABLE IF NOT EXISTS inference_faults (
    model   TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    reason  TEXT NOT NULL
) WITHOUT ROWID;

-- Asked again where the champion is another one, something has arrived, or a day has passed.
CREATE TEMP TABLE champion AS
WITH now AS (
    SELECT c.started_at, (SELECT value FROM ops_config WHERE name = 'as_of_date') AS as_of_date,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit) AS news
    FROM stage_clock AS c
)
SELECT v.model, v.version, v.model_json, b.content AS calibrator, m.entity, m.columns_sql, m.definition ->> '$.prediction' AS prediction,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NULL', 'as_of', 'known_at',
                   'lookups', json(m.lookups), 'computed', json(m.computed)) AS spec,
       json_array(v.version, n.as_of_date, n.news) AS seen, n.started_at
FROM ml_models_current AS k
JOIN ml_aliases AS a ON a.model = k.model AND a.alias = 'champion'
JOIN ml_model_versions AS v ON v.model = a.model AND v.version = a.version
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version
JOIN ml_models AS m ON m.bronze_id = r.bronze_id
LEFT JOIN ml_run_artifacts AS b ON b.run_id = r.run_id AND b.name = 'calibrator'
CROSS JOIN now AS n
LEFT JOIN ml_looks AS w ON w.stage = '610_score_models' AND w.model = v.model
WHERE w.seen IS NULL OR (w.seen ->> '$[0]', w.seen ->> '$[1]', w.seen ->> '$[2]') IS NOT (v.version, n.as_of_date, n.news)
   OR julianday(n.started_at) - julianday(w.looked_at) >= 1;

-- Each athlete's last day of which all that is asked for is known by now.
CREATE TEMP TABLE request (
    row_id INTEGER PRIMARY KEY, model TEXT, fault TEXT, entity TEXT, prediction_date TEXT, item TEXT, known_at TEXT, row TEXT, sources TEXT
);
INSERT INTO request (model, fault, entity, prediction_date, item, known_at, row, sources)
SELECT model, fault, entity, prediction_date, item, known_at, row, sources
FROM (SELECT f.*, MAX(f.prediction_date) OVER (PARTITION BY f.model, f.entity) AS last_date
      FROM (SELECT c.model, a.fault, a.c1 ->> ('$."' || c.entity || '"') AS entity, a.c1 ->> '$.as_of_date' AS prediction_date,
                   COALESCE(a.c1 ->> '$.item', '') AS item, a.c1 ->> '$.known_at' AS known_at, a.c1 AS row, a.c2 AS sources, c.started_at
            FROM champion AS c
            CROSS JOIN attempt('SELECT row, sources FROM training_rows(?1)', c.spec) AS a) AS f
      WHERE f.fault IS NOT NULL OR julianday(f.known_at) <= julianday(f.started_at)) AS d
WHERE fault IS NOT NULL
   OR prediction_date = last_date
      AND NOT EXISTS (SELECT 1 FROM inference_log AS g WHERE (g.model, g.entity, g.prediction_date, g.item) = (d.model, d.entity, d.prediction_date, d.item))
ORDER BY model, entity, prediction_date, item;

CREATE TEMP TABLE answered AS
SELECT c.model, a.fault, a.c1 AS row_id, CASE WHEN c.calibrator IS NULL THEN a.c2 ELSE calibrate(c.calibrator, a.c2) END AS predicted
FROM champion AS c
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', c.model_json,
                   'SELECT s.row_id, ' || c.columns_sql || ' FROM temp.request AS s WHERE s.model = ''' || c.model || ''' AND s.fault IS NULL ORDER BY s.row_id') AS a
WHERE c.model IN (SELECT model FROM request);

INSERT INTO inference_log (model, version, entity, prediction_date, item, prediction, predicted, known_at, features, sources, predicted_at)
SELECT c.model, c.version, r.entity, r.prediction_date, r.item, c.prediction, a.predicted, r.known_at, r.row, r.sources, c.started_at
FROM answered AS a
JOIN request AS r USING (row_id)
JOIN champion AS c ON c.model = r.model
WHERE a.fault IS NULL AND a.predicted IS NOT NULL
ORDER BY r.row_id;

DELETE FROM inference_faults WHERE model IN (SELECT model FROM champion);
INSERT INTO inference_faults (model, version, reason)
SELECT c.model, c.version, MIN(f.reason)
FROM champion AS c
JOIN (SELECT model, 'rows: ' || fault AS reason FROM request WHERE fault IS NOT NULL
      UNION ALL SELECT model, 'scoring: ' || fault FROM answered WHERE fault IS NOT NULL) AS f USING (model)
GROUP BY c.model;

-- Every prediction of a registered model, as people ask for it.
CREATE VIEW IF NOT EXISTS gold_model_predictions (athlete_id, prediction_date, item, model, version, prediction, predicted, known_at, inference_id) AS
SELECT entity, prediction_date, item, model, version, prediction, predicted, known_at, inference_id FROM inference_log;

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
