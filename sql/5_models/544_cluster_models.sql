-- stage:    544_cluster_models
-- purpose:  find the clusters of every registered model that groups, if there are any that come again from other rows, and name them by rule
-- reads:    ml_models_current; ml_looks, bronze_strava_activities, ml_aliases, ml_model_versions, ml_pooled_rows, ml_runs, ops_audit, ops_config, silver_from_api
-- writes:   ml_clusters; ml_looks, ml_model_versions, ml_run_metrics, ml_run_params, ml_runs
-- follows:  -
-- grain:    model, version
-- params:   train_on_api_rows
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '544_cluster_models',
    'find the clusters of every registered model that groups, if there are any that come again from other rows, and name them by rule',
    '["ml_models_current"]',
    '["ml_clusters"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What the clusters of a version are called, and how many rows were in each when it trained.
CREATE TABLE IF NOT EXISTS ml_clusters (
    model        TEXT NOT NULL,
    version      INTEGER NOT NULL,
    cluster_id   INTEGER NOT NULL,
    cluster_name TEXT NOT NULL,
    size         INTEGER NOT NULL,
    PRIMARY KEY (model, version, cluster_id)
) WITHOUT ROWID;
-- append-only ml_clusters: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_clusters_keep BEFORE UPDATE ON ml_clusters
BEGIN SELECT RAISE(ABORT, 'ml_clusters is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_clusters_stay BEFORE DELETE ON ml_clusters
BEGIN SELECT RAISE(ABORT, 'ml_clusters is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_clusters_once BEFORE INSERT ON ml_clusters
WHEN EXISTS (SELECT 1 FROM ml_clusters AS o WHERE (o.model, o.version, o.cluster_id) = (new.model, new.version, new.cluster_id))
BEGIN SELECT RAISE(ABORT, 'ml_clusters is append-only'); END;
-- end

-- As 540_train_models asks: nobody's rows are looked at each run.
CREATE TEMP TABLE due AS
WITH last AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY model ORDER BY run_id DESC) AS age FROM ml_runs WHERE search_id IS NULL),
now AS (
    SELECT c.started_at, (SELECT value FROM ops_config WHERE name = 'train_on_api_rows') AS may_train,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit)
           + (SELECT COUNT(*) FROM ml_pooled_rows) AS news
    FROM stage_clock AS c
)
SELECT m.model, m.bronze_id, m.entity, m.definition, m.columns_sql, m.options, n.started_at, n.may_train, n.news, l.training_hash AS hash_before, l.reason AS reason_before,
       COALESCE(m.options ->> '$.min_rows', 20) AS min_rows,
       json_remove(m.options, '$.min_rows', '$.names') AS choose_options,
       json_remove(m.options, '$.min_rows', '$.names', '$.k_min', '$.k_max', '$.resamples', '$.min_stability', '$.min_silhouette') AS fit_options,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NULL', 'as_of', 'known_at', 'lookups', json(m.lookups),
                   'computed', json(m.computed)) AS spec
FROM ml_models_current AS m
CROSS JOIN now AS n
LEFT JOIN last AS l ON l.model = m.model AND l.age = 1
LEFT JOIN ml_looks AS w ON w.stage = '544_cluster_models' AND w.model = m.model
WHERE m.learner = 'kmeans'
  AND (w.seen IS NULL OR (m.bronze_id, n.may_train) IS NOT (w.seen ->> '$[0]', w.seen ->> '$[1]')
       OR n.news >= 2 * (w.seen ->> '$[2]') AND n.news > w.seen ->> '$[2]'
       OR julianday(n.started_at) - julianday(w.looked_at) >= CASE WHEN l.status = 'finished' THEN COALESCE(m.definition ->> '$.schedule.every_days', 28) ELSE 1 END);

-- rests here without due
CREATE TEMP TABLE found AS
SELECT d.model, a.fault, a.row, a.row ->> ('$."' || d.entity || '"') AS entity, a.row ->> '$.as_of_date' AS as_of_date, a.origin
FROM (SELECT d.model, a.fault, a.c1 AS row, a.c1 ->> '$.origin' AS origin
      FROM due AS d
      CROSS JOIN attempt('SELECT row FROM training_rows(?1)', d.spec) AS a
      UNION ALL
      SELECT model, NULL, row, origin FROM ml_pooled_rows) AS a
JOIN due AS d USING (model);

-- from-api entity of found WHERE origin IS NULL AND entity IS NOT NULL: printed by `make stages`
CREATE TEMP TABLE from_api (athlete_id TEXT PRIMARY KEY, from_date TEXT) WITHOUT ROWID;
INSERT INTO from_api
SELECT e.athlete_id, (SELECT f.from_date FROM silver_from_api AS f WHERE f.athlete_id = e.athlete_id)
FROM (SELECT DISTINCT entity AS athlete_id FROM found WHERE origin IS NULL AND entity IS NOT NULL) AS e;
-- end

-- What is whole and, as 540_train_models has it, may train, in an order that does not hang on how it was found.
CREATE TEMP TABLE sample (row_id INTEGER PRIMARY KEY, model TEXT, entity TEXT, row TEXT);
INSERT INTO sample (model, entity, row)
SELECT f.model, f.entity, f.row
FROM found AS f
JOIN due AS d USING (model)
WHERE f.fault IS NULL AND f.entity IS NOT NULL
  AND (d.may_train = 1
       OR COALESCE(f.origin, CASE WHEN EXISTS (SELECT 1 FROM from_api AS a WHERE a.athlete_id = f.entity AND a.from_date <= f.as_of_date) THEN 'strava_api' ELSE '' END)
          <> 'strava_api')
  AND NOT EXISTS (SELECT 1 FROM json_each(d.definition, '$.features') AS n
                  WHERE COALESCE(json_type(f.row, '$."' || CASE n.type WHEN 'object' THEN n.value ->> '$.name' ELSE n.value END || '"'), 'null') NOT IN ('integer', 'real'))
ORDER BY f.model, f.entity, f.row;
CREATE INDEX temp.sample_by_model ON sample (model);

CREATE TEMP TABLE asked AS
SELECT d.*, (SELECT COUNT(*) FROM sample AS s WHERE s.model = d.model) AS n_rows,
       'SELECT s.row_id, ' || d.columns_sql || ' FROM temp.sample AS s WHERE s.model = ''' || d.model || ''' ORDER BY s.row_id' AS query,
       row_hash(d.definition, d.may_train, (SELECT rows_hash(entity, row) FROM (SELECT * FROM sample AS s WHERE s.model = d.model ORDER BY row_id))) AS training_hash
FROM due AS d;

CREATE TEMP TABLE tried AS
SELECT q.model, a.fault, a.c1 AS k, a.c2 AS inertia, a.c3 AS silhouette, a.c4 AS stability, a.c5 AS chosen, a.c6 AS reason
FROM asked AS q
CROSS JOIN attempt('SELECT k, inertia, silhouette, stability, chosen, reason FROM kmeans_choose(?1, ?2)', q.choose_options, q.query) AS a
WHERE q.n_rows >= q.min_rows;

-- If none is chosen, the one that comes again best is kept with the reason why it is refused. Clusters keep the ids of those of the
-- champion that they come nearest to.
CREATE TEMP TABLE fitted AS
SELECT t.model, t.k, t.silhouette, t.stability, t.chosen, t.reason, a.fault, a.c1 AS model_json
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY model ORDER BY chosen DESC, stability DESC, k) AS choice FROM tried WHERE fault IS NULL) AS t
JOIN asked AS q USING (model)
LEFT JOIN ml_aliases AS c ON c.model = t.model AND c.alias = 'champion'
LEFT JOIN ml_model_versions AS v ON v.model = c.model AND v.version = c.version
                                AND v.model_json -> '$.features' = (SELECT json_group_array(name) FROM (SELECT CASE n.type WHEN 'object' THEN n.value ->> '$.name' ELSE n.value END AS name
                                                                                                        FROM json_each(q.definition, '$.features') AS n ORDER BY n.key))
CROSS JOIN attempt('SELECT model FROM kmeans_fit(?1, ?2)',
                   CASE WHEN v.model IS NULL THEN json_set(q.fit_options, '$.k', t.k) ELSE json_set(q.fit_options, '$.k', t.k, '$.previous', json(v.model_json)) END, q.query) AS a
WHERE t.choice = 1;

CREATE TEMP TABLE run AS
WITH told AS (
    SELECT q.model, 1 AS place, 'rows: ' || f.fault AS reason FROM asked AS q JOIN found AS f USING (model) WHERE f.fault IS NOT NULL
    UNION ALL
    SELECT model, 2, 'no clusters worth naming: ' || n_rows || CASE n_rows WHEN 1 THEN ' row is whole' ELSE ' rows are whole' END || CASE may_train WHEN 1 THEN '' ELSE
           ' and may train' END || ', asked for are ' || min_rows
    FROM asked WHERE n_rows < min_rows
    UNION ALL
    SELECT model, 3, 'training: ' || fault FROM tried WHERE fault IS NOT NULL
    UNION ALL
    SELECT model, 4, 'training: ' || fault FROM fitted WHERE fault IS NOT NULL
),
outcome AS (SELECT q.*, (SELECT t.reason FROM told AS t WHERE t.model = q.model ORDER BY t.place, t.reason LIMIT 1) AS reason FROM asked AS q)
SELECT o.*, (SELECT COALESCE(MAX(run_id), 0) FROM ml_runs) + ROW_NUMBER() OVER (ORDER BY o.model) AS run_id,
       (SELECT COALESCE(MAX(version), 0) + 1 FROM ml_model_versions AS v WHERE v.model = o.model) AS version
FROM outcome AS o
WHERE (o.hash_before, o.reason_before) IS NOT (o.training_hash, o.reason);

INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until)
SELECT run_id, model, bronze_id, started_at, CASE WHEN reason IS NULL THEN 'finished' ELSE 'failed' END, reason, CASE WHEN reason IS NULL THEN version END, n_rows, n_rows, spec,
       training_hash, NULL
FROM run
ORDER BY run_id;

INSERT INTO ml_run_params (run_id, name, value) SELECT r.run_id, o.key, o.value FROM run AS r CROSS JOIN json_each(r.options) AS o;

-- The step is the number of clusters.
INSERT INTO ml_run_metrics (run_id, evaluation, predictor, metric, step, value, n)
SELECT r.run_id, 'bootstrap', 'model', m.column1, t.k, CAST(CASE m.column1 WHEN 'inertia' THEN t.inertia WHEN 'silhouette' THEN t.silhouette ELSE t.stability END AS REAL), r.n_rows
FROM run AS r
JOIN tried AS t USING (model)
CROSS JOIN (VALUES ('inertia'), ('silhouette'), ('stability')) AS m
WHERE t.fault IS NULL AND CASE m.column1 WHEN 'inertia' THEN t.inertia WHEN 'silhouette' THEN t.silhouette ELSE t.stability END IS NOT NULL;

INSERT INTO ml_model_versions (model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at)
SELECT r.model, r.version, CASE WHEN f.chosen THEN 'accepted' ELSE 'refused' END,
       CASE WHEN f.chosen THEN '' ELSE 'no clusters worth naming: ' || f.reason || '; ' END || f.k || ' clusters of ' || r.n_rows || ' rows, silhouette '
       || COALESCE(number_text(CAST(1000 * f.silhouette + (f.silhouette >= 0) - 0.5 AS INTEGER) / 1000.0), 'none') || ', stability '
       || number_text(CAST(1000 * f.stability + (f.stability >= 0) - 0.5 AS INTEGER) / 1000.0),
       r.definition, f.model_json, r.n_rows, r.training_hash, r.started_at
FROM run AS r
JOIN fitted AS f USING (model)
WHERE r.reason IS NULL
ORDER BY r.model;

-- A name says where a centre lies half a standard deviation or more from the mean of all; two that are alike are told apart by their ids.
CREATE TEMP TABLE named AS
WITH word AS (
    SELECT r.run_id, c.cluster, c.size, n.key AS position,
           CASE WHEN c.standardized >= 0.5 THEN n.value ->> '$.high' WHEN c.standardized <= -0.5 THEN n.value ->> '$.low' END AS word
    FROM run AS r
    JOIN fitted AS f USING (model)
    CROSS JOIN kmeans_centers(f.model_json) AS c
    LEFT JOIN json_each(r.options, '$.names') AS n ON n.value ->> '$.feature' = c.feature
    WHERE r.reason IS NULL
),
name AS (
    SELECT run_id, cluster, size, COALESCE(group_concat(word, ', '), 'in between') AS name
    FROM (SELECT * FROM word ORDER BY run_id, cluster, position) GROUP BY run_id, cluster, size
)
SELECT run_id, cluster, size, name || CASE WHEN COUNT(*) OVER (PARTITION BY run_id, name) > 1 THEN ' (' || cluster || ')' ELSE '' END AS name FROM name;

INSERT INTO ml_clusters (model, version, cluster_id, cluster_name, size)
SELECT r.model, r.version, n.cluster, n.name, n.size FROM named AS n JOIN run AS r USING (run_id) ORDER BY r.model, n.cluster;

INSERT INTO ml_looks (stage, model, seen, looked_at)
SELECT '544_cluster_models', model, json_array(bronze_id, may_train, news), started_at FROM due WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM sample) AS rows_in, (SELECT COUNT(*) FROM run WHERE reason IS NULL) AS rows_out, (SELECT COUNT(*) FROM run WHERE reason IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(told, '; ')
        FROM (SELECT r.model || COALESCE(' version ' || v.version || ' ' || v.status || ': ' || v.reason, ' failed: ' || r.reason) AS told
              FROM run AS r LEFT JOIN ml_model_versions AS v USING (model, version) ORDER BY r.model)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '544_cluster_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.named;
DROP TABLE temp.run;
DROP TABLE temp.fitted;
DROP TABLE temp.tried;
DROP TABLE temp.asked;
DROP TABLE temp.sample;
DROP TABLE temp.from_api;
DROP TABLE temp.found;
DROP TABLE temp.due;
DROP TABLE temp.stage_clock;

COMMIT;
