-- stage:    710_estimated_performance
-- purpose:  what each champion, and each before it, is worth while the labels of its predictions are still to come, and what it turned out to be worth as they come
-- reads:    inference_log; ml_models_current, ml_aliases, ml_models, ml_model_versions, ml_runs, ml_run_artifacts, ml_run_predictions, ml_looks, mon_performance_estimates, mon_labels, bronze_strava_activities, ops_audit, ops_config
-- writes:   mon_performance_estimates; mon_labels, ml_looks
-- follows:  -
-- grain:    model, version, chunk, metric
-- params:   label_wait_days
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '710_estimated_performance',
    'what each champion, and each before it, is worth while the labels of its predictions are still to come, and what it turned out to be worth as they come',
    '["inference_log"]',
    '["mon_performance_estimates"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What came of a prediction, from the day on which its label is known; a label that is corrected while its chunk is open is corrected here.
CREATE TABLE IF NOT EXISTS mon_labels (
    inference_id INTEGER PRIMARY KEY,
    label        REAL NOT NULL,
    realized_at  TEXT NOT NULL
);

-- Of so many predictions in a row as a chunk has: the error that is expected (of a number by the version's loss model, of a
-- yes or no from the probabilities), beside what came. Both see that rows came which are harder to tell. Neither sees that
-- the same row now means something else: that shows in realized alone.
CREATE TABLE IF NOT EXISTS mon_performance_estimates (
    model              TEXT NOT NULL,
    version            INTEGER NOT NULL,
    chunk              INTEGER NOT NULL, -- from 0
    metric             TEXT NOT NULL,
    method             TEXT NOT NULL CHECK (method IN ('dle', 'cbpe')),
    first_inference_id INTEGER NOT NULL,
    last_inference_id  INTEGER NOT NULL,
    start_date         TEXT NOT NULL,
    end_date           TEXT NOT NULL,
    n                  INTEGER NOT NULL,
    n_realized         INTEGER NOT NULL,
    estimated          REAL,
    sampling_error     REAL,
    lower_confidence   REAL,
    upper_confidence   REAL,
    realized           REAL,
    lower_threshold    REAL, -- of what came of the reference, the rows that the version's run had not seen
    upper_threshold    REAL,
    is_alert           INTEGER,
    is_worse           INTEGER, -- an alert to the worse
    is_final           INTEGER NOT NULL, -- all labels have come, or they are waited for no longer
    reason             TEXT,
    computed_at        TEXT NOT NULL,
    PRIMARY KEY (model, version, chunk, metric)
) WITHOUT ROWID;

-- Looked at anew where the champion is another one, something has been predicted or has arrived, or a day has passed. A version whose
-- predictions are waited for is judged with the champion that took its place: with a new one each month nothing would be judged else.
CREATE TEMP TABLE champion AS
WITH now AS (
    SELECT c.started_at, (SELECT value FROM ops_config WHERE name = 'label_wait_days') AS wait_days,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit) AS news
    FROM stage_clock AS c
),
asked AS (
    SELECT a.model, v.version, a.version AS champion, v.version = a.version AS is_champion, a.model || '/' || v.version AS subject, r.run_id, m.is_binary, m.entity, m.rows_sql, m.columns_sql,
           n.started_at, n.news,
           (SELECT MAX(g.inference_id) FROM inference_log AS g WHERE g.model = a.model) AS newest_id,
           (SELECT MAX(g.inference_id) FROM inference_log AS g WHERE g.model = a.model AND g.version = v.version) AS last_inference_id,
           (SELECT date(MAX(g.prediction_date), -n.wait_days || ' days') FROM inference_log AS g WHERE g.model = a.model) AS waits_since
    FROM ml_models_current AS k
    JOIN ml_aliases AS a ON a.model = k.model AND a.alias = 'champion' AND k.learner = 'gbdt'
    JOIN ml_model_versions AS v ON v.model = a.model
    JOIN ml_runs AS r ON (r.model, r.version) = (v.model, v.version)
    JOIN ml_models AS m ON m.bronze_id = r.bronze_id
    CROSS JOIN now AS n
    WHERE v.version = a.version
       OR (SELECT COUNT(*) FROM inference_log AS g
           WHERE (g.model, g.version) = (v.model, v.version)
             AND g.inference_id > COALESCE((SELECT MAX(e.last_inference_id) FROM mon_performance_estimates AS e
                                            WHERE (e.model, e.version) = (v.model, v.version) AND e.is_final), 0)) >= 10
)
SELECT q.*, json_array(q.champion, q.newest_id, q.news) AS seen,
       (SELECT content FROM ml_run_artifacts AS f WHERE f.run_id = q.run_id AND f.name = 'loss_model') AS loss_model,
       COALESCE((SELECT MAX(e.last_inference_id) FROM mon_performance_estimates AS e WHERE (e.model, e.version) = (q.model, q.version) AND e.is_final), 0) AS after_id,
       COALESCE((SELECT MAX(e.chunk) + 1 FROM mon_performance_estimates AS e WHERE (e.model, e.version) = (q.model, q.version) AND e.is_final), 0) AS first_chunk,
       CASE WHEN q.is_binary
            THEN 'SELECT predicted, predicted > 0.5, label FROM main.ml_run_predictions WHERE run_id = ' || q.run_id || ' AND evaluation = '''
                 || CASE WHEN EXISTS (SELECT 1 FROM ml_run_predictions AS p WHERE p.run_id = q.run_id AND p.evaluation = 'time') THEN 'time' ELSE 'group' END
                 || ''' ORDER BY as_of_date, entity, item'
            ELSE 'SELECT estimated_loss, loss FROM main.ml_run_losses WHERE run_id = ' || q.run_id || ' ORDER BY as_of_date, entity, item' END AS reference_sql
FROM asked AS q
LEFT JOIN ml_looks AS w ON w.stage = '710_estimated_performance' AND w.model = q.model
WHERE q.last_inference_id IS NOT NULL
  AND (w.seen IS NULL OR (w.seen ->> '$[0]', w.seen ->> '$[1]', w.seen ->> '$[2]') IS NOT (q.champion, q.newest_id, q.news)
       OR julianday(q.started_at) - julianday(w.looked_at) >= 1);

-- rests here without champion
-- Labels of days that are waited for: of the same item, or, where the item has none of its own, of the only one of its day.
CREATE TEMP TABLE matured (model TEXT, fault TEXT, entity TEXT, as_of_date TEXT, item TEXT, label REAL, n INTEGER);
INSERT INTO matured
SELECT model, fault, entity, as_of_date, item, label, COUNT(*) OVER (PARTITION BY model, entity, as_of_date)
FROM (SELECT c.model, a.fault, a.c1 ->> ('$."' || c.entity || '"') AS entity, a.c1 ->> '$.as_of_date' AS as_of_date, COALESCE(a.c1 ->> '$.item', '') AS item,
             CASE WHEN json_type(a.c1, '$.label') IN ('integer', 'real') THEN exact_real(a.c1 -> '$.label') END AS label
      FROM champion AS c
      CROSS JOIN attempt('SELECT row FROM training_rows(?1)',
                         json_object('labels', 'SELECT * FROM (' || c.rows_sql || char(10) || ') WHERE label IS NOT NULL AND as_of_date >= ''' || c.waits_since || '''',
                                     'as_of', 'known_at', 'lookups', json('[]'))) AS a
      WHERE c.is_champion);
CREATE INDEX temp.matured_by_day ON matured (model, entity, as_of_date, item);
CREATE TEMP TABLE realized AS
SELECT g.inference_id, m.label
FROM champion AS c
JOIN inference_log AS g ON c.is_champion AND g.model = c.model AND g.prediction_date >= c.waits_since
JOIN matured AS m ON m.fault IS NULL AND m.label IS NOT NULL AND (m.model, m.entity, m.as_of_date) = (g.model, g.entity, g.prediction_date)
WHERE m.item = g.item
   OR m.n = 1 AND NOT EXISTS (SELECT 1 FROM matured AS o WHERE (o.model, o.entity, o.as_of_date, o.item) = (g.model, g.entity, g.prediction_date, g.item));
UPDATE mon_labels SET label = r.label FROM realized AS r WHERE r.inference_id = mon_labels.inference_id AND r.label <> mon_labels.label;
INSERT INTO mon_labels (inference_id, label, realized_at)
SELECT r.inference_id, r.label, c.started_at FROM realized AS r, stage_clock AS c
WHERE r.inference_id NOT IN (SELECT l.inference_id FROM mon_labels AS l)
ORDER BY r.inference_id;

-- The predictions of chunks that are not final.
CREATE TEMP TABLE recent (row_id INTEGER PRIMARY KEY, subject TEXT, place INTEGER, predicted REAL, prediction_date TEXT, is_open INTEGER, label REAL, row TEXT, estimated REAL);
INSERT INTO recent (row_id, subject, place, predicted, prediction_date, is_open, label, row)
SELECT g.inference_id, c.subject, ROW_NUMBER() OVER (PARTITION BY c.subject ORDER BY g.inference_id) - 1, g.predicted, g.prediction_date, g.prediction_date >= c.waits_since, l.label, g.features
FROM champion AS c
JOIN inference_log AS g ON (g.model, g.version) = (c.model, c.version) AND g.inference_id > c.after_id
LEFT JOIN mon_labels AS l USING (inference_id);
CREATE INDEX temp.recent_by_subject ON recent (subject, place);

CREATE TEMP TABLE expected (row_id INTEGER PRIMARY KEY, subject TEXT, fault TEXT, estimated REAL);
INSERT INTO expected (row_id, subject, fault, estimated)
SELECT a.c1, c.subject, a.fault, a.c2
FROM champion AS c
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', c.loss_model,
                   'SELECT s.row_id, ' || c.columns_sql || ', s.predicted AS "predicted value" FROM temp.recent AS s WHERE s.subject = ''' || c.subject || ''' ORDER BY s.place') AS a
WHERE c.loss_model IS NOT NULL AND NOT c.is_binary;
UPDATE recent SET estimated = e.estimated FROM expected AS e WHERE e.row_id = recent.row_id;

-- A chunk has a tenth of the reference's rows: as few as 10, as many as 500; the last of a version that is asked no longer, what is left.
CREATE TEMP TABLE asked AS
SELECT c.model, c.version, c.subject, c.is_binary, c.first_chunk, c.started_at, c.reference_sql,
       CASE WHEN c.is_binary THEN 'SELECT predicted, predicted > 0.5, label FROM temp.recent WHERE subject = ''' || c.subject || ''' ORDER BY place'
            ELSE 'SELECT max(estimated, 0.0), abs(label - predicted) FROM temp.recent WHERE subject = ''' || c.subject || ''' ORDER BY place' END AS current_sql,
       CASE WHEN c.is_champion THEN max(10, min(500, a.c1 / 10)) ELSE min(max(10, min(500, a.c1 / 10)), (SELECT COUNT(*) FROM recent AS s WHERE s.subject = c.subject)) END AS chunk_size, a.fault
FROM champion AS c
CROSS JOIN attempt('SELECT COUNT(*) FROM (' || c.reference_sql || ')') AS a
WHERE (c.is_binary OR c.loss_model IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM expected AS e WHERE e.subject = c.subject AND e.fault IS NOT NULL) AND COALESCE(a.c1, 1) > 0;

CREATE TEMP TABLE estimate AS
SELECT q.model, q.version, q.is_binary, q.chunk_size, q.first_chunk + a.c1 AS chunk, a.fault, a.c2 AS start_index, a.c3 AS end_index, a.c4 AS metric, a.c5 AS numbers, a.c6 AS is_alert, a.c7 AS reason
FROM asked AS q
CROSS JOIN attempt('SELECT chunk, start_index, end_index, metric, json_array(number_text(estimated), number_text(sampling_error), number_text(lower_confidence), number_text(upper_confidence),'
                   || ' number_text(realized), number_text(lower_threshold), number_text(upper_threshold)), is_alert, reason'
                   || CASE WHEN q.is_binary THEN ' FROM cbpe(?1, ?2, ?3)' ELSE ' FROM dle(?1, ?2, ?3)' END || ' WHERE period = ''current''',
                   q.reference_sql, q.current_sql, json_object('chunk_size', q.chunk_size)) AS a
WHERE q.fault IS NULL;

CREATE TEMP TABLE told AS
SELECT e.*, r.first_id, r.last_id, r.start_date, r.end_date, r.n, r.n_realized, r.n_open,
       exact_real(e.numbers ->> '$[0]') AS estimated, exact_real(e.numbers ->> '$[1]') AS sampling_error, exact_real(e.numbers ->> '$[2]') AS lower_confidence,
       exact_real(e.numbers ->> '$[3]') AS upper_confidence, exact_real(e.numbers ->> '$[4]') AS realized, exact_real(e.numbers ->> '$[5]') AS lower_threshold,
       exact_real(e.numbers ->> '$[6]') AS upper_threshold
FROM (SELECT model, version, chunk, MIN(start_index) AS start_index, MIN(end_index) AS end_index FROM estimate WHERE fault IS NULL GROUP BY model, version, chunk) AS k
JOIN estimate AS e USING (model, version, chunk)
JOIN (SELECT q.model, q.version, s.place / q.chunk_size AS part, MIN(s.row_id) AS first_id, MAX(s.row_id) AS last_id, MIN(s.prediction_date) AS start_date, MAX(s.prediction_date) AS end_date,
             COUNT(*) AS n, COUNT(s.label) AS n_realized, COUNT(CASE WHEN s.label IS NULL AND s.is_open THEN 1 END) AS n_open
      FROM asked AS q JOIN recent AS s ON s.subject = q.subject GROUP BY q.model, q.version, part) AS r ON (r.model, r.version) = (e.model, e.version) AND r.part = e.start_index / e.chunk_size
WHERE e.fault IS NULL AND r.n = e.chunk_size;

DELETE FROM mon_performance_estimates WHERE NOT is_final AND (model, version) IN (SELECT model, version FROM champion);
INSERT INTO mon_performance_estimates (model, version, chunk, metric, method, first_inference_id, last_inference_id, start_date, end_date, n, n_realized, estimated, sampling_error,
                                       lower_confidence, upper_confidence, realized, lower_threshold, upper_threshold, is_alert, is_worse, is_final, reason, computed_at)
SELECT t.model, t.version, t.chunk, t.metric, CASE WHEN t.is_binary THEN 'cbpe' ELSE 'dle' END, t.first_id, t.last_id, t.start_date, t.end_date, t.n, t.n_realized, t.estimated, t.sampling_error,
       t.lower_confidence, t.upper_confidence, t.realized, t.lower_threshold, t.upper_threshold, t.is_alert,
       CASE WHEN t.is_alert THEN CASE WHEN t.is_binary THEN t.estimated < t.lower_threshold ELSE t.estimated > t.upper_threshold END ELSE t.is_alert END,
       MAX(t.n_open) OVER (PARTITION BY t.model, t.version ORDER BY t.chunk) = 0, t.reason, c.started_at
FROM told AS t, stage_clock AS c
ORDER BY t.model, t.version, t.chunk, t.metric;

INSERT INTO ml_looks (stage, model, seen, looked_at) SELECT '710_estimated_performance', model, seen, started_at FROM champion WHERE is_champion
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE failed AS
SELECT model, 'labels: ' || fault AS reason FROM matured WHERE fault IS NOT NULL
UNION ALL SELECT subject, 'loss model: ' || fault FROM expected WHERE fault IS NOT NULL
UNION ALL SELECT model, 'reference: ' || fault FROM asked WHERE fault IS NOT NULL
UNION ALL SELECT model, fault FROM estimate WHERE fault IS NOT NULL;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM recent) AS rows_in, (SELECT COUNT(*) FROM told) AS rows_out, (SELECT COUNT(*) FROM failed) AS rows_rejected,
       (SELECT group_concat(model || ': ' || reason, '; ') FROM failed) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '710_estimated_performance', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.failed;
DROP TABLE temp.told;
DROP TABLE temp.estimate;
DROP TABLE temp.asked;
DROP TABLE temp.expected;
DROP TABLE temp.recent;
DROP TABLE temp.realized;
DROP TABLE temp.matured;
DROP TABLE temp.champion;
DROP TABLE temp.stage_clock;

COMMIT;
