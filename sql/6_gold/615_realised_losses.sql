-- stage:    615_realised_losses
-- purpose:  compare what each champion said with what became of it, and ask for a training where it loses more than its folds promised
-- reads:    inference_log; ml_looks, ml_aliases, ml_model_versions, ml_models_current, ml_models, ml_realised_losses, ml_run_predictions, ml_runs, ml_training_requests, ops_config
-- writes:   ml_realised_losses; ml_looks, ml_training_requests
-- follows:  -
-- grain:    model, version, judged_at
-- params:   min_athletes_as_units, significance_level
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '615_realised_losses',
    'compare what each champion said with what became of it, and ask for a training where it loses more than its folds promised',
    '["inference_log"]',
    '["ml_realised_losses"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Labels are looked for each week, or as often as a definition says, and of another champion at once.
CREATE TEMP TABLE champion AS
SELECT v.model, v.version, r.run_id, m.entity, m.is_binary, json_array(v.version) AS seen, c.started_at, COALESCE(k.definition ->> '$.promotion.min_rows', 30) AS min_rows,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NOT NULL AND as_of_date >= '''
                             || (SELECT MIN(g.prediction_date) FROM inference_log AS g WHERE (g.model, g.version) = (v.model, v.version)) || '''',
                   'as_of', 'known_at', 'lookups', json('[]'), 'computed', json('{}')) AS spec
FROM ml_models_current AS k
JOIN ml_aliases AS a ON a.model = k.model AND a.alias = 'champion' AND k.learner IN ('gbdt', 'rule')
JOIN ml_model_versions AS v ON v.model = a.model AND v.version = a.version
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version
JOIN ml_models AS m ON m.bronze_id = r.bronze_id
CROSS JOIN stage_clock AS c
LEFT JOIN ml_looks AS w ON w.stage = '615_realised_losses' AND w.model = v.model
WHERE EXISTS (SELECT 1 FROM inference_log AS g WHERE (g.model, g.version) = (v.model, v.version))
  AND (w.seen IS NOT json_array(v.version) OR julianday(c.started_at) - julianday(w.looked_at) >= COALESCE(k.definition ->> '$.schedule.loss_days', 7));

-- rests here without champion
CREATE TEMP TABLE became AS
SELECT c.model, a.fault, a.c1 ->> ('$."' || c.entity || '"') AS entity, a.c1 ->> '$.as_of_date' AS as_of_date, COALESCE(a.c1 ->> '$.item', '') AS item,
       CASE WHEN json_type(a.c1, '$.label') IN ('integer', 'real') THEN exact_real(a.c1 -> '$.label') END AS label
FROM champion AS c
CROSS JOIN attempt('SELECT row FROM training_rows(?1)', c.spec) AS a;

-- As 550_promote_models counts: days of one athlete are alike, so athletes are the units; of fewer than five their blocks of 28 days.
CREATE TEMP TABLE loss AS
WITH said AS (
    SELECT c.model, 'realised' AS kind, g.entity, g.prediction_date AS as_of_date, g.item, b.label, g.predicted, c.is_binary
    FROM champion AS c
    JOIN inference_log AS g ON (g.model, g.version) = (c.model, c.version)
    JOIN became AS b ON (b.model, b.entity, b.as_of_date, b.item) = (g.model, g.entity, g.prediction_date, g.item)
    WHERE b.label IS NOT NULL
    UNION ALL
    SELECT c.model, 'promised', p.entity, p.as_of_date, p.item, p.label, p.predicted, c.is_binary
    FROM champion AS c
    JOIN ml_run_predictions AS p USING (run_id)
    WHERE p.evaluation = (SELECT MAX(o.evaluation) FROM ml_run_predictions AS o WHERE o.run_id = c.run_id) -- by time, if there is one
),
counted AS (SELECT model, COUNT(DISTINCT entity) AS n_entities FROM said WHERE kind = 'realised' GROUP BY model)
SELECT s.model, s.kind, s.as_of_date, s.item, s.entity, n.n_entities,
       CASE WHEN n.n_entities >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN s.entity ELSE s.entity || ' ' || COALESCE(CAST((julianday(s.as_of_date) - julianday('2000-01-01')) / 28 AS INTEGER), 'without a date') END AS unit,
       CASE WHEN s.is_binary THEN (s.predicted - s.label) * (s.predicted - s.label) ELSE abs(s.predicted - s.label) END AS loss
FROM said AS s
JOIN counted AS n USING (model);

CREATE TEMP TABLE judged AS
WITH unit AS (SELECT model, kind, unit, exact_avg(loss) AS loss FROM loss GROUP BY model, kind, unit),
promised AS (SELECT model, exact_avg(loss) AS loss FROM unit WHERE kind = 'promised' GROUP BY model),
tested AS (
    SELECT l.model, COUNT(*) AS n_rows, COUNT(DISTINCT l.unit) AS n_units, MAX(l.n_entities) AS n_entities, p.loss AS promised_loss, block_bootstrap(l.loss - p.loss, l.unit) AS b
    FROM (SELECT * FROM loss WHERE kind = 'realised' ORDER BY model, entity, as_of_date, item) AS l
    JOIN promised AS p USING (model)
    GROUP BY l.model
)
SELECT c.*, t.n_rows, t.n_units, CASE WHEN t.n_entities >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN 'athlete' ELSE 'block of 28 days' END AS unit, t.promised_loss,
       (SELECT exact_avg(u.loss) FROM unit AS u WHERE (u.model, u.kind) = (c.model, 'realised')) AS realised_loss, exact_real(nullif(t.b -> '$.p', 'null')) AS p_value
FROM champion AS c
JOIN tested AS t USING (model);

INSERT INTO ml_realised_losses (model, version, judged_at, n_rows, unit, n_units, realised_loss, promised_loss, p_value)
SELECT model, version, started_at, n_rows, unit, n_units, realised_loss, promised_loss, p_value
FROM judged AS j
WHERE n_rows IS NOT (SELECT o.n_rows FROM ml_realised_losses AS o WHERE (o.model, o.version) = (j.model, j.version) ORDER BY o.judged_at DESC LIMIT 1)
ORDER BY model;

INSERT INTO ml_training_requests (model, kind, told, asked_at)
SELECT model, 'realised_loss', 'error ' || number_text(realised_loss) || ' on ' || n_rows || ' labels that came since, of ' || n_units || ' units (' || unit || '), where its folds promised '
                               || number_text(promised_loss) || ', p = ' || number_text(p_value), started_at
FROM judged
WHERE n_rows >= min_rows AND realised_loss > promised_loss AND p_value < (SELECT value FROM ops_config WHERE name = 'significance_level')
ON CONFLICT DO NOTHING;

INSERT INTO ml_looks (stage, model, seen, looked_at) SELECT '615_realised_losses', model, seen, started_at FROM champion WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM became WHERE fault IS NULL) AS rows_in, (SELECT COUNT(*) FROM judged) AS rows_out, (SELECT COUNT(*) FROM became WHERE fault IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(told, '; ') FROM (SELECT model || ': ' || fault AS told FROM became WHERE fault IS NOT NULL
                                              UNION ALL SELECT j.model || ': ' || p.told FROM judged AS j JOIN ml_training_requests AS p ON (p.model, p.kind) = (j.model, 'realised_loss'))) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '615_realised_losses', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.judged;
DROP TABLE temp.loss;
DROP TABLE temp.became;
DROP TABLE temp.champion;
DROP TABLE temp.stage_clock;

COMMIT;
