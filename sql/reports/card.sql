-- A model's card: what it foretells, from what, how well beside simpler answers, who decided what, and what it is not for. Markdown,
-- from the registry alone. Reads only; `make card MODEL=pace_predictor` prints it as text, or writes it.
--
--     sqlite3 -bail -cmd '.load build/athlete' -cmd "CREATE TEMP TABLE card AS SELECT 'pace_predictor' AS model, NULL AS version" athlete.db < sql/reports/card.sql
--
-- Without a version it is the champion's, or the newest.

CREATE TEMP TABLE IF NOT EXISTS card (model TEXT, version INTEGER);
INSERT INTO temp.card SELECT MIN(model), NULL FROM ml_models WHERE NOT EXISTS (SELECT 1 FROM temp.card);

-- The version, the run that made it and the definition that it was made by; without a version the last run and definition.
CREATE TEMP TABLE told AS
WITH asked AS (
    SELECT c.model, COALESCE(c.version, (SELECT a.version FROM ml_aliases AS a WHERE (a.model, a.alias) = (c.model, 'champion')),
                             (SELECT MAX(v.version) FROM ml_model_versions AS v WHERE v.model = c.model)) AS version
    FROM temp.card AS c LIMIT 1
),
made AS (
    SELECT q.model, v.version, v.status, v.reason, v.trained_at, v.training_hash, v.training_rows, v.model_json, v.specification,
           (SELECT MAX(r.run_id) FROM ml_runs AS r WHERE r.model = q.model AND r.search_id IS NULL AND r.version IS v.version) AS run_id
    FROM asked AS q LEFT JOIN ml_model_versions AS v ON (v.model, v.version) = (q.model, q.version)
)
SELECT m.*, r.training_spec, r.trained_until, r.reason AS failure, r.started_at, d.learner, d.is_binary, d.registered_at,
       COALESCE(m.specification, d.definition) AS definition,
       (SELECT group_concat('@' || a.alias, ', ') FROM ml_aliases AS a WHERE (a.model, a.version) = (m.model, m.version)) AS aliases
FROM made AS m
LEFT JOIN ml_runs AS r ON r.run_id = m.run_id
LEFT JOIN ml_models AS d ON d.bronze_id = COALESCE(r.bronze_id, (SELECT MAX(o.bronze_id) FROM ml_models AS o WHERE o.model = m.model));

SELECT '# ' || model || CASE WHEN version IS NULL THEN ', no version yet' ELSE ', version ' || version || COALESCE(' (' || aliases || ')', '') END FROM told WHERE definition IS NOT NULL;
SELECT char(10) || (definition ->> '$.description') FROM told WHERE definition ->> '$.description' IS NOT NULL;
SELECT char(10) || 'The last training failed on ' || substr(r.started_at, 1, 10) || ': ' || r.reason || '.' ||
       CASE WHEN t.version IS NULL THEN ' Nothing is foretold until one succeeds.' ELSE ' The version before it goes on.' END
FROM told AS t
JOIN ml_runs AS r ON r.run_id = (SELECT MAX(o.run_id) FROM ml_runs AS o WHERE o.model = t.model AND o.search_id IS NULL)
WHERE r.status = 'failed';

CREATE TEMP TABLE trained_on AS
SELECT COUNT(DISTINCT entity) AS athletes, COUNT(DISTINCT CASE WHEN entity IN (SELECT athlete_id FROM silver_from_api) THEN entity END) AS from_api
FROM told JOIN ml_run_predictions USING (run_id);
CREATE TEMP TABLE fact (n INTEGER PRIMARY KEY, name TEXT, value TEXT);
INSERT INTO fact (name, value)
SELECT 'foretells', (definition ->> '$.prediction') || COALESCE(': ' || (definition ->> '$.label'), '') FROM told WHERE definition IS NOT NULL
UNION ALL SELECT 'entity', definition ->> '$.entity' FROM told
UNION ALL SELECT 'learner', learner || COALESCE(', ' || (definition ->> '$.learner.options.objective'), '') || COALESCE(', calibrated by ' || (definition ->> '$.learner.calibrator'), '')
                             || CASE WHEN definition ->> '$.link' = 'log' THEN ', of the logarithm' ELSE '' END || COALESCE(', counted from ' || (definition ->> '$.base'), '') FROM told
UNION ALL SELECT 'definition', (definition ->> '$.version') || ', registered ' || registered_at || COALESCE(', owner ' || (definition ->> '$.owner'), '') FROM told
UNION ALL SELECT 'trained', trained_at || ' on ' || training_rows || ' rows' || COALESCE(', labels known until ' || trained_until, '') FROM told WHERE training_rows > 0
UNION ALL SELECT 'training hash', training_hash FROM told
UNION ALL SELECT 'judged on', 'rows of ' || athletes || CASE athletes WHEN 1 THEN ' athlete, ' ELSE ' athletes, ' END || from_api || ' with activities from Strava''s API'
          FROM trained_on WHERE athletes > 0
UNION ALL SELECT 'licence', 'whoever brought the rows owns them. Rows from Strava''s API train only where its athletes have allowed it: train_on_api_rows is ' || value || ' here'
          FROM ops_config, told WHERE name = 'train_on_api_rows' AND training_rows > 0
UNION ALL SELECT 'gate', status || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END FROM told
UNION ALL SELECT 'options', 'from search ' || s.search_id || ': ' || s.told
          FROM told AS t JOIN ml_run_params AS p ON p.run_id = t.run_id AND p.name = 'search_id' JOIN ml_searches AS s ON s.search_id = p.value
UNION ALL SELECT 'options', 'chosen by whoever wrote the definition; where that was done on the rows below, read them as optimistic'
          FROM told AS t WHERE learner = 'gbdt' AND NOT EXISTS (SELECT 1 FROM ml_run_params AS p WHERE p.run_id = t.run_id AND p.name = 'search_id');
SELECT char(10) || '| | |' || char(10) || '|---|---|' FROM told WHERE definition IS NOT NULL;
SELECT '| ' || name || ' | ' || replace(replace(value, char(10), ' '), '|', '\|') || ' |' FROM fact WHERE value IS NOT NULL ORDER BY n;

SELECT char(10) || '## What it is for' || char(10) || char(10) || COALESCE(definition ->> '$.card.use', 'Its definition does not say.') FROM told WHERE definition IS NOT NULL;
SELECT char(10) || '## What it cannot see, and is not for' || char(10) FROM told WHERE definition IS NOT NULL;
SELECT '- ' || value FROM told CROSS JOIN json_each(definition, '$.card.limits');
SELECT '- Nobody but one athlete is among its rows: what it says of another was never measured.' FROM trained_on WHERE athletes = 1;
SELECT '- It was judged on ' || athletes || ' athletes; fewer than thirty tell little about anybody else.' FROM trained_on WHERE athletes BETWEEN 2 AND 29;
SELECT '- It knows what was recorded and known at the time, and nothing else.' FROM told WHERE definition IS NOT NULL;

-- Each group by the version that was registered when it trained.
SELECT char(10) || '## Features' || char(10) || char(10) || '| feature | group | what it is |' || char(10) || '|---|---|---|' FROM told WHERE json_array_length(definition, '$.features') > 0;
WITH named AS (
    SELECT f.key AS n, CASE f.type WHEN 'object' THEN f.value ->> '$.name' ELSE f.value END AS name, CASE f.type WHEN 'object' THEN f.value ->> '$.group' END AS group_name,
           t.definition, COALESCE(t.trained_at, t.started_at, '9999') AS at
    FROM told AS t CROSS JOIN json_each(t.definition, '$.features') AS f
),
grouped AS (
    SELECT n.*, g.major, g.minor, g.patch, ROW_NUMBER() OVER (PARTITION BY n.n ORDER BY g.registered_at <= n.at DESC, g.major DESC, g.minor DESC, g.patch DESC) AS age
    FROM named AS n LEFT JOIN feature_groups AS g ON g.name = n.group_name
)
SELECT '| ' || g.name || ' | ' || COALESCE(g.group_name || COALESCE('@' || g.major || '.' || g.minor || '.' || g.patch, ''), 'its rows') || ' | ' ||
       replace(COALESCE(f.description || COALESCE(', ' || f.unit, ''), CASE WHEN json_extract(g.definition, '$.computed.' || g.name) IS NOT NULL
                                                                            THEN '`' || json_extract(g.definition, '$.computed.' || g.name) || '`' END, ''), '|', '\|') || ' |'
FROM grouped AS g
LEFT JOIN features AS f ON (f.group_name, f.major, f.minor, f.patch, f.name) = (g.group_name, g.major, g.minor, g.patch, g.name)
WHERE g.age = 1
ORDER BY g.n;

SELECT char(10) || '## Options' || char(10) || char(10) || '| option | value |' || char(10) || '|---|---|' FROM told WHERE definition -> '$.learner.options' <> '{}';
SELECT '| ' || o.key || ' | ' || replace(CASE WHEN o.type IN ('array', 'object') THEN o.value ELSE o.atom END, '|', '\|') || ' |'
FROM told CROSS JOIN json_each(definition, '$.learner.options') AS o;

-- Rows of one athlete are alike: intervals draw whole athletes, of fewer than five their blocks of 28 days.
CREATE TEMP TABLE answer AS
WITH said AS (
    SELECT p.*, (SELECT COUNT(DISTINCT o.entity) FROM ml_run_predictions AS o WHERE o.run_id = p.run_id) AS n_entities
    FROM told JOIN ml_run_predictions AS p USING (run_id)
),
every AS (
    SELECT evaluation, 'model' AS predictor, entity, as_of_date, item, label, predicted, n_entities FROM said
    UNION ALL
    SELECT s.evaluation, b.key, s.entity, s.as_of_date, s.item, s.label, b.value, s.n_entities FROM said AS s CROSS JOIN json_each(s.baselines) AS b
)
SELECT e.*, CASE WHEN n_entities >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN entity ELSE entity || ' ' || COALESCE(CAST((julianday(as_of_date) - julianday('2000-01-01')) / 28 AS INTEGER), 'without a date') END AS unit,
       CASE WHEN t.is_binary THEN (predicted - label) * (predicted - label) ELSE abs(predicted - label) END AS loss
FROM every AS e CROSS JOIN told AS t
WHERE predicted IS NOT NULL;

-- The area under the curve is a mean, too: of the share of the others that each row stands above (Obuchowski 1997, Biometrics 53:567).
CREATE TEMP TABLE placed AS
WITH counted AS (
    SELECT a.evaluation, a.predictor, a.unit, a.label, SUM(label) OVER every AS n1, SUM(1 - label) OVER every AS n0,
           SUM(1 - label) OVER (PARTITION BY a.evaluation, a.predictor ORDER BY a.predicted) - 0.5 * SUM(1 - label) OVER alike AS others_below,
           SUM(label) OVER every - SUM(label) OVER (PARTITION BY a.evaluation, a.predictor ORDER BY a.predicted) + 0.5 * SUM(label) OVER alike AS ones_above
    FROM answer AS a CROSS JOIN told AS t
    WHERE t.is_binary AND a.predictor <> 'constant'
    WINDOW every AS (PARTITION BY a.evaluation, a.predictor), alike AS (PARTITION BY a.evaluation, a.predictor, a.predicted)
)
SELECT *, CASE WHEN label = 1 THEN others_below / n0 ELSE ones_above / n1 END AS place, CASE WHEN label = 1 THEN n1 ELSE n0 END AS n_alike, n0 + n1 AS n
FROM counted WHERE n0 > 0 AND n1 > 0;

CREATE TEMP TABLE interval AS
SELECT evaluation, predictor, CASE WHEN (SELECT is_binary FROM told) THEN 'brier' ELSE 'mae' END AS metric, block_bootstrap(loss, unit, '{"mean_of": "rows", "resamples": 1999}') AS told
FROM answer
WHERE NOT (SELECT is_binary FROM told) OR (evaluation, predictor) IN (SELECT evaluation, predictor FROM answer GROUP BY 1, 2 HAVING MIN(predicted) >= 0 AND MAX(predicted) <= 1)
GROUP BY evaluation, predictor
UNION ALL
SELECT evaluation, predictor, 'rmse', block_bootstrap(loss * loss, unit, '{"mean_of": "rows", "resamples": 1999}')
FROM answer WHERE NOT (SELECT is_binary FROM told) GROUP BY evaluation, predictor
UNION ALL
SELECT p.evaluation, p.predictor, 'auc', block_bootstrap(a.auc + (p.place - a.auc) * p.n / p.n_alike, p.unit, '{"mean_of": "rows", "resamples": 1999}')
FROM placed AS p
JOIN (SELECT evaluation, predictor, exact_avg(place) FILTER (WHERE label = 1) AS auc FROM placed GROUP BY 1, 2) AS a USING (evaluation, predictor)
GROUP BY p.evaluation, p.predictor;

CREATE TEMP TABLE measured AS
SELECT m.evaluation, m.metric, m.predictor, m.value, m.n,
       CASE m.metric WHEN 'rmse' THEN sqrt(max(i.told ->> '$.lower', 0)) ELSE i.told ->> '$.lower' END AS lower,
       CASE m.metric WHEN 'rmse' THEN sqrt(i.told ->> '$.upper') ELSE i.told ->> '$.upper' END AS upper, i.told ->> '$.blocks' AS n_units
FROM told AS t
JOIN ml_run_metrics AS m ON m.run_id = t.run_id AND m.step = 0
LEFT JOIN interval AS i USING (evaluation, metric, predictor);
SELECT char(10) || '## How good it is' || char(10) || char(10) ||
       'On what the predicting model had not seen: by time on days after those that trained it, with the gap between; by group on athletes that did not train it. ' ||
       COALESCE((SELECT 'Intervals of 95 % by bootstrap over ' || CASE WHEN MAX(n_entities) >= (SELECT value FROM ops_config WHERE name = 'min_athletes_as_units') THEN 'athletes.' WHEN MAX(n_entities) = 1 THEN 'blocks of 28 days of the one athlete.'
                                                                       ELSE 'blocks of 28 days of ' || MAX(n_entities) || ' athletes.' END FROM answer), 'It failed before there was more to measure.') ||
       char(10) || char(10) || '| evaluation | metric | who says it | value | 95 % | rows |' || char(10) || '|---|---|---|---|---|---|'
WHERE EXISTS (SELECT 1 FROM measured WHERE evaluation IN ('time', 'group'));
SELECT printf('| %s | %s | %s | %.4g | %s | %d |', evaluation, metric, predictor, value, CASE WHEN lower IS NULL OR upper IS NULL THEN '-' ELSE printf('%.4g to %.4g', lower, upper) END, n)
FROM measured WHERE evaluation IN ('time', 'group') ORDER BY evaluation DESC, metric, predictor <> 'model', predictor;

SELECT char(10) || CASE WHEN (SELECT is_binary FROM told) THEN 'Squared error' ELSE 'Error' END || ' of the others less the model''s, each unit counting once; above 0 the model is better:' || char(10) || char(10) ||
       '| evaluation | than | difference | 95 % | one-sided p | units | better for |' || char(10) || '|---|---|---|---|---|---|---|'
WHERE EXISTS (SELECT 1 FROM answer);
WITH pair AS (
    SELECT m.evaluation, o.predictor, m.unit, o.loss - m.loss AS difference
    FROM answer AS m
    JOIN answer AS o USING (evaluation, entity, as_of_date, item)
    WHERE m.predictor = 'model' AND o.predictor <> 'model' AND ((SELECT NOT is_binary FROM told) OR o.predicted BETWEEN 0 AND 1)
),
unit AS (SELECT evaluation, predictor, unit, exact_avg(difference) AS difference FROM pair GROUP BY evaluation, predictor, unit),
tested AS (SELECT evaluation, predictor, block_bootstrap(difference, unit, '{"resamples": 1999}') AS b, SUM(difference > 0) AS n_better FROM unit GROUP BY evaluation, predictor)
SELECT printf('| %s | %s | %.4g | %s | %s | %d | %d |', evaluation, predictor, b ->> '$.mean',
              CASE WHEN b ->> '$.lower' IS NULL OR b ->> '$.upper' IS NULL THEN '-' ELSE printf('%.4g to %.4g', b ->> '$.lower', b ->> '$.upper') END,
              CASE WHEN b ->> '$.p' IS NULL THEN '-' ELSE printf('%.4f', b ->> '$.p') END, b ->> '$.blocks', n_better)
FROM tested ORDER BY evaluation DESC, predictor;

SELECT char(10) || '## How good it is' || char(10) || char(10) || 'On races that the predicting model had not seen: survey runners by fold, an athlete''s own by date.' || char(10) || char(10) ||
       '| races of | distance | who says it | MAE s | RMSE s | MAPE % | in interval % | races |' || char(10) || '|---|---|---|---|---|---|---|---|'
WHERE EXISTS (SELECT 1 FROM told JOIN ml_metrics USING (model, version));
SELECT printf('| %s | %s | %s | %.1f | %.1f | %.2f | %s | %d |', m.source, m.distance_class, m.model, m.mae_s, m.rmse_s, m.mape_pct, CASE WHEN m.coverage_pct IS NULL THEN '-' ELSE printf('%.0f', m.coverage_pct) END, m.n)
FROM told AS t JOIN ml_metrics AS m ON m.version = t.version
WHERE EXISTS (SELECT 1 FROM ml_metrics AS o WHERE (o.model, o.version) = (t.model, t.version))
ORDER BY m.source DESC, m.distance_class, m.model <> t.model, m.model;

SELECT char(10) || 'Of parts of these rows:' || char(10) || char(10) || '| evaluation | of | metric | who says it | value | rows |' || char(10) || '|---|---|---|---|---|---|'
WHERE EXISTS (SELECT 1 FROM told JOIN ml_run_slices USING (run_id));
SELECT printf('| %s | %s | %s | %s | %.4g | %d |', evaluation, replace(slice, '|', '\|'), metric, predictor, value, n)
FROM told JOIN ml_run_slices USING (run_id) ORDER BY evaluation DESC, slice, metric, predictor <> 'model', predictor;

SELECT char(10) || '## Clusters' || char(10) || char(10) || '| id | name | athletes when it trained |' || char(10) || '|---|---|---|'
WHERE EXISTS (SELECT 1 FROM told JOIN ml_clusters USING (model, version));
SELECT printf('| %d | %s | %d |', cluster_id, cluster_name, size) FROM told JOIN ml_clusters USING (model, version) ORDER BY cluster_id;
SELECT char(10) || '| clusters | silhouette | stability |' || char(10) || '|---|---|---|' WHERE EXISTS (SELECT 1 FROM told JOIN ml_run_metrics USING (run_id) WHERE evaluation = 'bootstrap');
SELECT printf('| %d | %s | %s |', step, CASE WHEN COUNT(value) FILTER (WHERE metric = 'silhouette') = 0 THEN '-' ELSE printf('%.3f', MAX(value) FILTER (WHERE metric = 'silhouette')) END, CASE WHEN COUNT(value) FILTER (WHERE metric = 'stability') = 0 THEN '-' ELSE printf('%.3f', MAX(value) FILTER (WHERE metric = 'stability')) END)
FROM told JOIN ml_run_metrics USING (run_id) WHERE evaluation = 'bootstrap' GROUP BY step ORDER BY step;

SELECT char(10) || '## Gate' || char(10) || char(10) || '| by | metric | value | asked for | passes |' || char(10) || '|---|---|---|---|---|' FROM told WHERE version IS NOT NULL AND json_array_length(definition, '$.gate') > 0;
WITH condition AS (
    SELECT t.run_id, g.key AS n, g.value ->> '$.evaluation' AS evaluation, g.value ->> '$.metric' AS metric, COALESCE(g.value ->> '$.slice', '') AS slice,
           json_type(g.value, '$.above') IS NOT NULL AS is_above,
           COALESCE(g.value ->> '$.above', g.value ->> '$.below') AS than, COALESCE(json_type(g.value, '$.above'), json_type(g.value, '$.below')) AS type
    FROM told AS t CROSS JOIN json_each(CASE json_type(t.definition, '$.gate') WHEN 'array' THEN t.definition -> '$.gate' ELSE '[]' END) AS g
    WHERE t.version IS NOT NULL
),
every AS (
    SELECT run_id, evaluation, '' AS slice, metric, predictor, value FROM told JOIN ml_run_metrics USING (run_id) WHERE step = 0
    UNION ALL
    SELECT run_id, evaluation, slice, metric, predictor, value FROM told JOIN ml_run_slices USING (run_id)
),
compared AS (
    SELECT c.*, m.value, CASE WHEN c.type <> 'text' THEN c.than
                              ELSE COALESCE((SELECT b.value FROM every AS b WHERE (b.run_id, b.evaluation, b.slice, b.metric, b.predictor) = (c.run_id, c.evaluation, c.slice, c.metric, c.than)),
                                            (SELECT value FROM ops_config WHERE name = c.than)) END AS bound
    FROM condition AS c
    LEFT JOIN every AS m ON (m.run_id, m.evaluation, m.slice, m.metric, m.predictor) = (c.run_id, c.evaluation, c.slice, c.metric, 'model')
)
SELECT printf('| %s | %s | %s | %s %s%s | %s |', evaluation || CASE slice WHEN '' THEN '' ELSE ' of ' || replace(slice, '|', '\|') END, metric, CASE WHEN value IS NULL THEN 'not measured' ELSE printf('%.4g', value) END, CASE WHEN is_above THEN 'more than' ELSE 'less than' END,
              CASE type WHEN 'text' THEN than || ', ' ELSE '' END, CASE WHEN bound IS NULL THEN 'not there' ELSE printf('%.4g', bound) END,
              CASE WHEN COALESCE(CASE WHEN is_above THEN value > bound ELSE value < bound END, 0) THEN 'yes' ELSE 'no' END)
FROM compared ORDER BY n;

SELECT char(10) || '## Decisions' || char(10) || char(10) || '| when | champion | challenger | decision | why | rows | units | hash of the rows |' || char(10) || '|---|---|---|---|---|---|---|---|'
WHERE EXISTS (SELECT 1 FROM told JOIN ml_decisions USING (model));
SELECT printf('| %s | %s | %d | %s | %s | %d | %d | %s |', d.decided_at, COALESCE(d.champion, 'none'), d.challenger, d.decision, replace(d.reason, '|', '\|'), d.n_rows, d.n_units,
              CASE d.n_rows WHEN 0 THEN '-' ELSE substr(d.rows_hash, 1, 16) END)
FROM told JOIN ml_decisions AS d USING (model) ORDER BY d.decision_id;
SELECT char(10) || 'Somebody has chosen version ' || a.version || ' as the champion since.'
FROM told AS t JOIN ml_aliases AS a ON (a.model, a.alias) = (t.model, 'champion')
WHERE a.version <> (SELECT d.challenger FROM ml_decisions AS d WHERE (d.model, d.decision) = (t.model, 'PROMOTE') ORDER BY d.decision_id DESC LIMIT 1);
