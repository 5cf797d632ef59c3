-- stage:    550_promote_models
-- purpose:  decide whether the newest accepted version of a model takes the champion's place, on rows that neither has seen
-- reads:    ml_models_current; ml_looks, ml_aliases, ml_decisions, ml_model_versions, ml_models, ml_run_artifacts, ml_runs, ops_config
-- writes:   ml_aliases; ml_decisions, ml_decision_rows, ml_looks
-- follows:  -
-- grain:    model, alias
-- params:   cv_gap_days, min_athletes_as_units, significance_level
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '550_promote_models',
    'decide whether the newest accepted version of a model takes the champion''s place, on rows that neither has seen',
    '["ml_models_current"]',
    '["ml_aliases"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Who challenges: the newest accepted version that a run of this registry made, unless it is the champion or older, or was promoted or
-- rejected before; so one that somebody went back from does not come again. Those who wait for rows are looked at once a day.
CREATE TEMP TABLE contest AS
WITH newest AS (
    SELECT v.model, MAX(v.version) AS challenger
    FROM ml_models_current AS m
    JOIN ml_model_versions AS v ON v.model = m.model AND v.status = 'accepted'
    JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version -- versions of an earlier build have none
    WHERE m.learner <> 'none'
    GROUP BY v.model
),
last AS (
    SELECT model, champion, challenger, decision, n_rows, ROW_NUMBER() OVER (PARTITION BY model, challenger ORDER BY decision_id DESC) AS age FROM ml_decisions
)
SELECT ROW_NUMBER() OVER (ORDER BY n.model) AS contest_id, n.model, m.learner, m.learner IN ('gbdt', 'rule') AND m.definition ->> '$.promotion.by' IS NOT 'gate' AS is_compared, a.version AS champion, n.challenger, l.n_rows AS rows_before,
       json_array(n.challenger, a.version) AS seen,
       COALESCE(m.definition ->> '$.promotion.min_rows', 30) AS min_rows,
       COALESCE(date(max(COALESCE(r.trained_until, ''), COALESCE(o.trained_until, '')), -- '': nothing that has a date trained either
                     COALESCE(m.definition ->> '$.evaluation.gap_days', (SELECT value FROM ops_config WHERE name = 'cv_gap_days')) || ' days'), '') AS after_date
FROM newest AS n
JOIN stage_clock AS c
JOIN ml_models_current AS m USING (model)
LEFT JOIN ml_aliases AS a ON a.model = n.model AND a.alias = 'champion'
LEFT JOIN ml_runs AS r ON r.model = n.model AND r.version = n.challenger
LEFT JOIN ml_runs AS o ON o.model = n.model AND o.version = a.version
LEFT JOIN last AS l ON l.model = n.model AND l.challenger = n.challenger AND l.age = 1
LEFT JOIN ml_looks AS w ON w.stage = '550_promote_models' AND w.model = n.model
WHERE n.challenger > COALESCE(a.version, 0)
  AND COALESCE(l.decision, '') NOT IN ('PROMOTE', 'REJECT')
  AND (w.seen IS NULL OR (w.seen ->> '$[0]', w.seen ->> '$[1]') IS NOT (n.challenger, a.version)
       OR julianday(c.started_at) - julianday(w.looked_at) >= 1);

-- rests here without contest
-- Each is asked by its own definition about the same days, later than what trained either by the gap.
CREATE TEMP TABLE contestant AS
SELECT x.contest_id * 2 + (x.role = 'challenger') AS contestant_id, x.contest_id, x.model, x.role, v.model_json, k.content AS calibrator, m.columns_sql, m.is_binary, m.entity, m.definition ->> '$.base' AS base_name, m.definition ->> '$.link' IS 'log' AS is_log,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NOT NULL AND as_of_date > ''' || x.after_date || '''',
                   'as_of', 'known_at', 'lookups', json(m.lookups), 'computed', json(m.computed)) AS spec
FROM (SELECT contest_id, model, 'champion' AS role, champion AS version, after_date FROM contest WHERE champion IS NOT NULL AND is_compared
      UNION ALL SELECT contest_id, model, 'challenger', challenger, after_date FROM contest WHERE champion IS NOT NULL AND is_compared) AS x
JOIN ml_model_versions AS v ON v.model = x.model AND v.version = x.version
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version
JOIN ml_models AS m ON m.bronze_id = r.bronze_id
LEFT JOIN ml_run_artifacts AS k ON k.run_id = r.run_id AND k.name = 'calibrator';

CREATE TEMP TABLE asked (
    row_id INTEGER PRIMARY KEY, contestant_id INTEGER, contest_id INTEGER, role TEXT, fault TEXT, entity TEXT, as_of_date TEXT, item TEXT, label REAL, base REAL,
    row TEXT
);
INSERT INTO asked (contestant_id, contest_id, role, fault, entity, as_of_date, item, label, base, row)
SELECT c.contestant_id, c.contest_id, c.role, a.fault, a.c2 ->> ('$."' || c.entity || '"'), a.c2 ->> '$.as_of_date', COALESCE(a.c2 ->> '$.item', ''),
       CASE WHEN json_type(a.c2, '$.label') IN ('integer', 'real') THEN exact_real(a.c2 -> '$.label') END,
       CASE WHEN c.base_name IS NULL THEN 0.0
            WHEN json_type(a.c2, '$.' || c.base_name) IN ('integer', 'real') THEN exact_real(a.c2 -> ('$.' || c.base_name)) END, a.c2
FROM contestant AS c
CROSS JOIN attempt('SELECT position, row FROM training_rows(?1)', c.spec) AS a;
CREATE INDEX temp.asked_by_contestant ON asked (contestant_id, entity, as_of_date, item);

CREATE TEMP TABLE answered AS
SELECT c.contest_id, c.role, a.fault, a.c1 AS row_id, CASE WHEN c.calibrator IS NOT NULL THEN calibrate(c.calibrator, a.c2) WHEN c.is_log THEN portable_exp(s.base + a.c2) ELSE s.base + a.c2 END AS predicted
FROM contestant AS c
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', c.model_json,
                   'SELECT s.row_id, ' || c.columns_sql || ' FROM temp.asked AS s WHERE s.contestant_id = ' || c.contestant_id || ' AND s.fault IS NULL ORDER BY s.row_id') AS a
LEFT JOIN asked AS s ON s.row_id = a.c1;

-- Both answers to one row, which stay; what one loses more than the other: the square of a probability's error, else the error's size.
-- Days of one athlete are alike, so athletes are the units; of fewer than five their blocks of 28 days.
CREATE TEMP TABLE pair AS
WITH answer AS (
    SELECT s.contest_id, s.role, s.entity, s.as_of_date, s.item, s.label, s.row, a.predicted
    FROM answered AS a
    JOIN asked AS s USING (row_id)
    WHERE a.fault IS NULL AND a.predicted IS NOT NULL AND s.label IS NOT NULL AND s.entity IS NOT NULL AND s.as_of_date IS NOT NULL
),
both AS (
    SELECT n.contest_id, n.entity, n.as_of_date, n.item, n.label, o.predicted AS champion, n.predicted AS challenger, row_hash(n.row, o.row) AS hash,
           k.is_binary, (SELECT COUNT(DISTINCT e.entity) FROM asked AS e WHERE e.contestant_id = k.contestant_id) AS n_entities
    FROM answer AS n
    JOIN contestant AS k ON k.contest_id = n.contest_id AND k.role = 'challenger'
    JOIN answer AS o ON o.role = 'champion' AND (o.contest_id, o.entity, o.as_of_date, o.item) = (n.contest_id, n.entity, n.as_of_date, n.item) AND o.label = n.label
    WHERE n.role = 'challenger'
)
SELECT b.*, CASE WHEN n_entities >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN entity ELSE entity || ' ' || CAST((julianday(as_of_date) - julianday('2000-01-01')) / 28 AS INTEGER) END AS unit,
       CASE WHEN is_binary THEN (champion - label) * (champion - label) ELSE abs(champion - label) END AS champion_loss,
       CASE WHEN is_binary THEN (challenger - label) * (challenger - label) ELSE abs(challenger - label) END AS challenger_loss
FROM both AS b;

CREATE TEMP TABLE result AS
WITH unit AS (
    SELECT contest_id, unit, exact_avg(champion_loss) AS champion_loss, exact_avg(challenger_loss) AS challenger_loss FROM pair GROUP BY contest_id, unit
),
mean AS (
    SELECT contest_id, COUNT(*) AS n_units, exact_avg(champion_loss) AS champion_loss, exact_avg(challenger_loss) AS challenger_loss FROM unit GROUP BY contest_id
),
tested AS (
    SELECT contest_id, COUNT(*) AS n_rows, MAX(n_entities) AS n_entities,
           block_bootstrap(champion_loss - challenger_loss, unit) AS better, block_bootstrap(challenger_loss - champion_loss, unit) AS worse
    FROM (SELECT * FROM pair ORDER BY contest_id, entity, as_of_date, item)
    GROUP BY contest_id
)
SELECT c.*, COALESCE(t.n_rows, 0) AS n_rows, COALESCE(m.n_units, 0) AS n_units, m.champion_loss, m.challenger_loss,
       CASE WHEN t.n_entities >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN 'athlete' WHEN t.n_entities > 0 THEN 'block of 28 days' END AS unit,
       exact_real(nullif(t.better -> '$.mean', 'null')) AS mean_difference, exact_real(nullif(t.better -> '$.p', 'null')) AS p_value,
       exact_real(nullif(t.worse -> '$.p', 'null')) AS p_worse,
       (SELECT rows_hash(hash, label) FROM (SELECT * FROM pair AS p WHERE p.contest_id = c.contest_id ORDER BY p.entity, p.as_of_date, p.item)) AS rows_hash,
       COALESCE((SELECT s.role || ': ' || s.fault FROM asked AS s WHERE s.contest_id = c.contest_id AND s.fault IS NOT NULL LIMIT 1),
                (SELECT a.role || ': ' || a.fault FROM answered AS a WHERE a.contest_id = c.contest_id AND a.fault IS NOT NULL LIMIT 1)) AS fault
FROM contest AS c
LEFT JOIN mean AS m USING (contest_id)
LEFT JOIN tested AS t USING (contest_id);

-- Who waited is decided again only on twice the rows: who looks each day finds some day by chance what he looks for.
CREATE TEMP TABLE decided AS
SELECT r.*,
       CASE WHEN champion IS NULL OR NOT is_compared THEN 'PROMOTE'
            WHEN fault IS NOT NULL OR n_rows < min_rows OR p_value IS NULL THEN 'HOLD'
            WHEN mean_difference > 0 AND p_value < (SELECT value FROM ops_config WHERE name = 'significance_level') THEN 'PROMOTE'
            WHEN mean_difference < 0 AND p_worse < (SELECT value FROM ops_config WHERE name = 'significance_level') THEN 'REJECT'
            ELSE 'HOLD' END AS decision,
       CASE WHEN champion IS NULL THEN 'there is no champion, and it has passed its gate'
            WHEN learner NOT IN ('gbdt', 'rule') THEN 'it foretells no label by which two could be compared, and the newer one holds'
            WHEN NOT is_compared THEN 'it has passed its gate, by which alone its definition asks'
            WHEN fault IS NOT NULL THEN fault
            WHEN n_rows < min_rows THEN n_rows || ' rows' || CASE after_date WHEN '' THEN '' ELSE ' after ' || after_date END || ' that neither has seen, asked for are ' || min_rows
            WHEN p_value IS NULL THEN n_units || ' units are too few to decide'
            ELSE 'error ' || number_text(challenger_loss) || ' beside the champion''s ' || number_text(champion_loss) || ' on ' || n_rows || ' rows of ' || n_units || ' units ('
                 || unit || '), p = ' || number_text(p_value) || CASE WHEN mean_difference < 0 AND p_worse < (SELECT value FROM ops_config WHERE name = 'significance_level') THEN ', and of being worse ' || number_text(p_worse) ELSE '' END END AS reason
FROM result AS r
WHERE rows_before IS NULL OR NOT is_compared OR n_rows >= max(min_rows, 2 * rows_before);

CREATE TEMP TABLE numbered AS
SELECT d.*, (SELECT COALESCE(MAX(decision_id), 0) FROM ml_decisions) + ROW_NUMBER() OVER (ORDER BY model) AS decision_id FROM decided AS d;
INSERT INTO ml_decisions (decision_id, model, champion, challenger, decided_at, decision, reason, rows_hash, after_date, n_rows, unit, n_units,
                          champion_loss, challenger_loss, mean_difference, p_value)
SELECT n.decision_id, n.model, n.champion, n.challenger, c.started_at, n.decision, n.reason, n.rows_hash, CASE WHEN n.champion IS NOT NULL THEN n.after_date END,
       n.n_rows, n.unit, n.n_units, n.champion_loss, n.challenger_loss, n.mean_difference, n.p_value
FROM numbered AS n, stage_clock AS c
ORDER BY n.decision_id;
INSERT INTO ml_decision_rows (decision_id, entity, as_of_date, item, unit, label, champion, challenger)
SELECT n.decision_id, p.entity, p.as_of_date, p.item, p.unit, p.label, p.champion, p.challenger
FROM numbered AS n
JOIN pair AS p USING (contest_id);

INSERT INTO ml_aliases (model, alias, version)
SELECT model, CASE decision WHEN 'PROMOTE' THEN 'champion' ELSE 'challenger' END, challenger FROM numbered WHERE decision <> 'REJECT'
ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version;
DELETE FROM ml_aliases
WHERE alias = 'challenger' AND (model, version) IN (SELECT model, challenger FROM numbered WHERE decision <> 'HOLD');

INSERT INTO ml_looks (stage, model, seen, looked_at) SELECT '550_promote_models', model, seen, started_at FROM contest, stage_clock WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM contest) AS rows_in, (SELECT COUNT(*) FROM numbered) AS rows_out, 0 AS rows_rejected,
       (SELECT group_concat(told, '; ') FROM (SELECT model || ' version ' || challenger || ': ' || decision || ', ' || reason AS told FROM numbered ORDER BY model)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '550_promote_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.numbered;
DROP TABLE temp.decided;
DROP TABLE temp.result;
DROP TABLE temp.pair;
DROP TABLE temp.answered;
DROP TABLE temp.asked;
DROP TABLE temp.contestant;
DROP TABLE temp.contest;
DROP TABLE temp.stage_clock;

COMMIT;
