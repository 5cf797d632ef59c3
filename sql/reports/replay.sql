-- Asks every version again what it was asked, with what was known then, and says where the answer is another one: no row, if the store
-- has kept what it should. sqlite3 -bail -cmd '.load build/athlete' athlete.db < sql/reports/replay.sql
-- Features of groups are looked up anew; columns of the rows themselves and what is computed of them are as they were logged.

CREATE TEMP TABLE asked AS
SELECT v.model, v.version, v.model_json, k.content AS calibrator, m.learner, m.columns_sql, m.definition ->> '$.base' AS base_name, m.definition ->> '$.link' IS 'log' AS is_log,
       json_object('labels', 'SELECT inference_id, entity AS "' || m.entity || '", prediction_date AS as_of_date, known_at FROM inference_log WHERE model = '''
                             || v.model || ''' AND version = ' || v.version, 'as_of', 'known_at', 'lookups', json(m.lookups)) AS spec
FROM ml_model_versions AS v
JOIN ml_runs AS r ON r.model = v.model AND r.version = v.version
JOIN ml_models AS m ON m.bronze_id = r.bronze_id
LEFT JOIN ml_run_artifacts AS k ON k.run_id = r.run_id AND k.name = 'calibrator'
WHERE EXISTS (SELECT 1 FROM inference_log AS g WHERE g.model = v.model AND g.version = v.version);

CREATE TEMP TABLE again (inference_id INTEGER PRIMARY KEY, model TEXT, version INTEGER, row TEXT, sources TEXT);
INSERT INTO again
SELECT r.row ->> '$.inference_id', a.model, a.version, r.row, r.sources
FROM asked AS a
CROSS JOIN training_rows(a.spec) AS r;
-- A value of the log stays where nothing is looked up; json_patch would lose what is null.
UPDATE again
SET row = (SELECT json_group_object(f.key, json(CASE WHEN json_type(again.row, '$."' || f.key || '"') IS NULL THEN g.features ELSE again.row END -> ('$."' || f.key || '"')))
           FROM inference_log AS g, json_each(g.features) AS f WHERE g.inference_id = again.inference_id);

CREATE TEMP TABLE answer AS
WITH question AS (
    SELECT a.*, 'SELECT s.inference_id, ' || a.columns_sql || ' FROM temp.again AS s WHERE s.model = ''' || a.model || ''' AND s.version = ' || a.version
                || ' ORDER BY s.inference_id' AS query
    FROM asked AS a
)
SELECT s.key AS inference_id,
       CASE WHEN a.calibrator IS NOT NULL THEN calibrate(a.calibrator, s.value) WHEN a.is_log THEN portable_exp(b.base + s.value) ELSE b.base + s.value END AS predicted
FROM question AS a
CROSS JOIN gbdt_score(a.model_json, a.query) AS s
JOIN (SELECT n.inference_id, CASE WHEN m.base_name IS NULL THEN 0.0 ELSE exact_real(n.row -> ('$.' || m.base_name)) END AS base
      FROM again AS n JOIN asked AS m USING (model, version)) AS b ON b.inference_id = s.key
WHERE a.learner IN ('gbdt', 'rule')
UNION ALL
SELECT s.key, s.cluster
FROM question AS a
CROSS JOIN kmeans_score(a.model_json, a.query) AS s
WHERE a.learner = 'kmeans';

SELECT g.inference_id, g.model, g.version, g.entity, g.prediction_date, g.predicted, r.predicted AS predicted_again, g.sources, n.sources AS sources_again
FROM inference_log AS g
LEFT JOIN answer AS r USING (inference_id)
LEFT JOIN again AS n USING (inference_id)
WHERE (SELECT COUNT(*) FROM ml_runs AS x WHERE x.model = g.model AND x.version = g.version) = 1 AND r.predicted IS NOT g.predicted;

DROP TABLE temp.answer;
DROP TABLE temp.again;
DROP TABLE temp.asked;
