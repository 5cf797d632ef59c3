-- stage:    535_search_models
-- purpose:  try options of every model that a search was asked for, each as a run, on days before those that its gate asks about
-- reads:    ml_models_current; ml_pooled_rows, ml_search_requests, ml_searches, ml_runs, ops_config, silver_from_api
-- writes:   ml_searches; ml_runs, ml_run_params, ml_run_metrics, ml_run_tags, ml_search_requests
-- follows:  -
-- grain:    model, search_id
-- params:   cv_gap_days, search_every_days, train_on_api_rows
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '535_search_models',
    'try options of every model that a search was asked for, each as a run, on days before those that its gate asks about',
    '["ml_models_current"]',
    '["ml_searches"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Searched is who was asked for, or with search_every_days whose last search is so long ago; the metric is the first of the gate's by time,
-- and of its slice alone. Where a column says with whom a row is judged, its folds judge, since such rows may have no date.
CREATE TEMP TABLE due AS
WITH gate AS (
    SELECT m.bronze_id, g.value ->> '$.metric' AS metric, g.value ->> '$.slice' AS slice, json_type(g.value, '$.above') IS NOT NULL AS larger_is_better,
           ROW_NUMBER() OVER (PARTITION BY m.bronze_id ORDER BY g.value ->> '$.evaluation' = 'time' DESC, g.key) AS place
    FROM ml_models_current AS m
    CROSS JOIN json_each(m.definition, '$.gate') AS g
)
SELECT m.model, m.bronze_id, m.entity, m.learner, m.definition, m.columns_sql, m.options, m.is_binary, g.metric, g.slice AS gate_slice, g.larger_is_better, c.started_at,
       (SELECT value FROM ops_config WHERE name = 'train_on_api_rows') AS may_train,
       json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS NOT NULL', 'as_of', 'known_at',
                   'lookups', json(m.lookups), 'computed', json(m.computed)) AS spec,
       m.definition ->> '$.base' AS base_name, NULL AS fault,
       m.definition ->> '$.link' IS 'log' AS is_log, exact_real(m.definition -> '$.label_clip') AS label_clip, m.definition ->> '$.evaluation.fold' AS fold_name,
       NULL AS period, m.definition ->> '$.evaluation.slice' AS slice_name, m.definition ->> '$.evaluation.api_rows' AS api_rows,
       COALESCE(m.definition ->> '$.evaluation.gap_days', (SELECT value FROM ops_config WHERE name = 'cv_gap_days')) AS gap_days,
       COALESCE(m.definition ->> '$.evaluation.after', 1.0 / (1 + COALESCE(m.definition ->> '$.evaluation.splits', 5))) AS gate_after,
       COALESCE(m.definition -> '$.evaluation.by', '["time", "group"]') AS gate_asks,
       CASE WHEN json_type(m.definition, '$.evaluation.fold') IS NULL THEN '["time"]' ELSE '["group"]' END AS evaluations, 3 AS splits, 0.4 AS after,
       COALESCE(m.definition ->> '$.search.runs', 12) AS n_runs, COALESCE(m.definition ->> '$.search.seed', 1) AS seed,
       COALESCE(m.definition -> '$.search.space',
                '{"eta": [0.02, 0.03, 0.05, 0.1, 0.2], "num_boost_round": [50, 100, 200, 300], "max_depth": [2, 3, 4, 6], "min_child_weight": [1, 5, 20, 50],
                  "lambda": [1, 5, 20, 50], "subsample": [0.6, 0.8, 1], "colsample_bytree": [0.3, 0.6, 1]}') AS space
FROM ml_models_current AS m
JOIN gate AS g ON g.bronze_id = m.bronze_id AND g.place = 1
CROSS JOIN stage_clock AS c
CROSS JOIN (SELECT value AS every_days FROM ops_config WHERE name = 'search_every_days') AS e
WHERE m.learner = 'gbdt'
  AND (m.model IN (SELECT model FROM ml_search_requests)
       OR e.every_days > 0 AND COALESCE(julianday(c.started_at) - (SELECT MAX(julianday(s.searched_at)) FROM ml_searches AS s WHERE s.model = m.model) >= e.every_days, 1));

DELETE FROM ml_search_requests WHERE model IN (SELECT model FROM due) OR model IN (SELECT model FROM ml_models_current WHERE learner <> 'gbdt');

-- rests here without due
-- labelled: printed by `make stages`
-- A model none of whose rows may train, since all come from Strava's API and that was not allowed, needs none of its features.
-- Of its rows only what is asked below is written out, of the columns that they have: one row of nothing tells which.
CREATE TEMP TABLE asked_bare AS
SELECT model, entity, fold_name, slice_name, spec ->> '$.labels' AS labels, json_set(spec, '$.lookups', json('[]'), '$.computed', json('{}')) AS spec
FROM due
WHERE fault IS NULL AND may_train IS NOT 1 AND api_rows IS NOT 'judge'
  AND model NOT IN (SELECT model FROM ml_pooled_rows) AND EXISTS (SELECT 1 FROM silver_from_api);
CREATE TEMP TABLE bare_column AS
SELECT q.model, printf('"%w"', k.key) AS column_sql
FROM asked_bare AS q
CROSS JOIN attempt('SELECT row FROM training_rows(?1)',
                   json_set(q.spec, '$.labels', 'SELECT r.* FROM (SELECT 1) LEFT JOIN (SELECT * FROM (' || q.labels || char(10) || ') LIMIT 0) AS r')) AS f
CROSS JOIN json_each(f.c1) AS k
WHERE k.key IN ('as_of_date', 'item', 'known_at', 'label', 'label_at', 'origin', 'trains', q.entity, q.fold_name, q.slice_name);
CREATE TEMP TABLE bare AS
SELECT q.model, a.fault, a.c1 AS row
FROM (SELECT model, json_set(spec, '$.labels', COALESCE('SELECT ' || (SELECT group_concat(column_sql, ', ') FROM bare_column AS c WHERE c.model = b.model)
                                                        || ' FROM (' || labels || char(10) || ')', labels)) AS spec
      FROM asked_bare AS b) AS q
CROSS JOIN attempt('SELECT row FROM training_rows(?1)', q.spec) AS a;
CREATE TEMP TABLE bare_entity AS
SELECT e.*, (SELECT f.from_date FROM silver_from_api AS f WHERE f.athlete_id = e.entity) AS from_date
FROM (SELECT model, fault, origin, entity, MIN(max(label_until, as_of_date)) AS first_until
      FROM (SELECT b.model, b.fault, b.row ->> '$.origin' AS origin, b.row ->> ('$."' || d.entity || '"') AS entity, b.row ->> '$.as_of_date' AS as_of_date,
                   COALESCE(date(b.row ->> '$.label_at'), b.row ->> '$.as_of_date') AS label_until
            FROM bare AS b JOIN due AS d USING (model))
      GROUP BY model, fault, origin, entity) AS e;
CREATE TEMP TABLE left_out AS
SELECT model
FROM bare_entity
GROUP BY model
HAVING MIN(fault IS NULL AND COALESCE(origin = 'strava_api', from_date <= first_until, 0));

-- Rows with a label, each with what was known at its time, of this file and of others; base is what its model counts from. A row whose
-- as_of_date is '' has no date: it was always known.
CREATE TEMP TABLE found AS
SELECT d.model, a.fault, a.row, a.row ->> ('$."' || d.entity || '"') AS entity, a.row ->> '$.as_of_date' AS as_of_date,
       COALESCE(a.row ->> '$.item', '') AS item, a.row ->> '$.known_at' AS known_at, json_type(a.row, '$.label') AS label_type,
       CASE WHEN json_type(a.row, '$.label') IN ('integer', 'real') THEN exact_real(a.row -> '$.label') END AS label,
       CASE WHEN d.base_name IS NULL OR d.model IN (SELECT model FROM left_out) THEN 0.0
            WHEN json_type(a.row, '$.' || d.base_name) IN ('integer', 'real') THEN exact_real(a.row -> ('$.' || d.base_name)) END AS base,
       COALESCE(date(a.row ->> '$.label_at'), a.row ->> '$.as_of_date') AS label_until, a.origin,
       CASE json_type(a.row, '$.trains') WHEN 'null' THEN 1 WHEN 'integer' THEN a.row ->> '$.trains' ELSE COALESCE(a.row -> '$.trains', 1) END AS trains,
       a.row ->> ('$.' || d.fold_name) AS given_fold, NULLIF(a.row ->> ('$.' || d.slice_name), '') AS slice
FROM (SELECT d.model, a.fault, a.c1 AS row, a.c1 ->> '$.origin' AS origin
      FROM due AS d
      CROSS JOIN attempt('SELECT row FROM training_rows(?1)', d.spec) AS a
      WHERE d.fault IS NULL AND d.model NOT IN (SELECT model FROM left_out)
      UNION ALL
      SELECT model, NULL, row, row ->> '$.origin' FROM bare WHERE model IN (SELECT model FROM left_out)
      UNION ALL
      SELECT model, NULL, row, origin FROM ml_pooled_rows) AS a
JOIN due AS d USING (model)
WHERE d.fault IS NULL;

CREATE TEMP TABLE odd AS
SELECT f.model, CASE WHEN f.fault IS NOT NULL THEN 'rows: ' || f.fault
                   WHEN f.entity IS NULL THEN 'rows: one has no ' || d.entity
                   WHEN f.as_of_date IS NULL OR f.as_of_date <> '' AND f.as_of_date IS NOT date(f.as_of_date) THEN 'rows: as_of_date is no day: ' || COALESCE(f.as_of_date, 'NULL')
                   WHEN julianday(f.known_at) IS NULL AND f.as_of_date <> '' THEN 'rows: known_at is no time: ' || COALESCE(f.known_at, 'NULL')
                   WHEN f.label IS NULL THEN 'rows: label is no number'
                   WHEN d.is_binary AND f.label NOT IN (0, 1) THEN 'rows: label is neither 0 nor 1: ' || number_text(f.label)
                   WHEN d.is_log AND f.label <= 0 THEN 'rows: label has no logarithm: ' || number_text(f.label)
                   ELSE 'rows: trains is neither 0 nor 1: ' || f.trains END AS reason
FROM found AS f
JOIN due AS d USING (model)
WHERE f.fault IS NOT NULL OR f.entity IS NULL OR f.as_of_date IS NULL OR f.as_of_date <> '' AND (f.as_of_date IS NOT date(f.as_of_date) OR julianday(f.known_at) IS NULL) OR f.label IS NULL
   OR d.is_binary AND f.label NOT IN (0, 1) OR d.is_log AND f.label <= 0 OR f.trains NOT IN (0, 1)
UNION ALL
SELECT model, 'rows: two of ' || entity || ' on ' || as_of_date || ' are told apart by no item'
FROM found WHERE entity IS NOT NULL AND as_of_date IS NOT NULL GROUP BY model, entity, as_of_date, item HAVING COUNT(*) > 1
UNION ALL
SELECT model, 'rows: ' || f.entity || ' is in the folds ' || MIN(f.given_fold) || ' and ' || MAX(f.given_fold) || ' of ' || d.fold_name || ', so that one would be asked what another was told'
FROM found AS f JOIN due AS d USING (model)
WHERE f.given_fold IS NOT NULL AND f.entity IS NOT NULL
GROUP BY model, f.entity HAVING MIN(f.given_fold) <> MAX(f.given_fold)
UNION ALL
SELECT model, 'rows: ' || d.fold_name || ' has more than 50 values'
FROM found AS f JOIN due AS d USING (model) WHERE f.given_fold IS NOT NULL GROUP BY model HAVING COUNT(DISTINCT f.given_fold) > 50
UNION ALL
SELECT model, 'rows: ' || d.slice_name || ' has more than 50 values'
FROM found AS f JOIN due AS d USING (model) WHERE f.slice IS NOT NULL GROUP BY model HAVING COUNT(DISTINCT f.slice) > 50
UNION ALL
SELECT model, 'features: ' || name || ' is no column of the rows, nor computed'
FROM (SELECT d.model, f.row, CASE k.type WHEN 'object' THEN k.value ->> '$.name' ELSE k.value END AS name
      FROM due AS d
      JOIN found AS f ON f.rowid = (SELECT MIN(o.rowid) FROM found AS o WHERE o.model = d.model AND o.fault IS NULL)
      CROSS JOIN json_each(d.definition, '$.features') AS k
      WHERE d.model NOT IN (SELECT model FROM left_out))
WHERE json_type(row, '$."' || name || '"') IS NULL;

-- A row comes from Strava's API, unless it says where else from, when its athlete has an activity from there by the day on which its
-- label is known; such rows train only if that was allowed, and else are left out, or only judged where the definition says so. A row
-- without its base cannot be asked about, so it does not train. target is what is learned: the label, or its logarithm, less base; of
-- a rule, which says its base and no more, nothing.
CREATE TEMP TABLE from_api (athlete_id TEXT PRIMARY KEY, from_date TEXT) WITHOUT ROWID;
INSERT INTO from_api
SELECT e.athlete_id, (SELECT f.from_date FROM silver_from_api AS f WHERE f.athlete_id = e.athlete_id)
FROM (SELECT DISTINCT entity AS athlete_id FROM found WHERE origin IS NULL AND entity IS NOT NULL AND model NOT IN (SELECT model FROM left_out)) AS e;
CREATE TEMP TABLE sample (
    row_id INTEGER PRIMARY KEY, model TEXT, entity TEXT, as_of_date TEXT, item TEXT, known_at TEXT, label REAL, base REAL, label_until TEXT, row TEXT,
    group_fold INTEGER, target REAL, trains INTEGER, given_fold, slice TEXT
);
INSERT INTO sample (model, entity, as_of_date, item, known_at, label, base, label_until, row, target, trains, given_fold, slice)
SELECT f.model, f.entity, f.as_of_date, f.item, f.known_at, f.label, f.base, max(f.label_until, f.as_of_date), f.row,
       CASE WHEN d.learner = 'rule' THEN 0.0 WHEN d.is_log THEN portable_ln(f.label) - f.base ELSE f.label - f.base END, f.trains AND (d.may_train = 1 OR NOT f.is_api), f.given_fold, f.slice
FROM (SELECT *, COALESCE(origin, CASE WHEN EXISTS (SELECT 1 FROM from_api AS a WHERE a.athlete_id = entity AND a.from_date <= max(label_until, as_of_date))
                                      THEN 'strava_api' ELSE '' END) = 'strava_api' AS is_api FROM found) AS f
JOIN due AS d USING (model)
WHERE f.model NOT IN (SELECT model FROM odd)
  AND f.model NOT IN (SELECT model FROM left_out)
  AND f.base IS NOT NULL
  AND (d.may_train = 1 OR NOT f.is_api OR d.api_rows IS 'judge')
ORDER BY f.model, f.entity, f.as_of_date, f.item;
-- end

-- Known is what the first fold of the gate may train on: nothing of the days and labels that it is asked about; of a model with folds of
-- its own they alone.
CREATE TEMP TABLE early AS
WITH place AS (
    SELECT model, as_of_date, ROW_NUMBER() OVER (PARTITION BY model ORDER BY as_of_date, row_id) - 1 AS place, COUNT(*) OVER (PARTITION BY model) AS n FROM sample WHERE as_of_date <> ''
),
start AS (
    SELECT p.model, MIN(p.as_of_date) AS before_date FROM place AS p JOIN due AS d USING (model) WHERE p.place >= p.n * d.gate_after GROUP BY p.model
)
SELECT s.model, s.before_date, date(s.before_date, -d.gap_days || ' days') AS train_before FROM start AS s JOIN due AS d USING (model);
DELETE FROM sample
WHERE CASE WHEN model IN (SELECT model FROM due WHERE fold_name IS NOT NULL) THEN given_fold IS NULL
           ELSE NOT EXISTS (SELECT 1 FROM early AS e WHERE e.model = sample.model AND sample.as_of_date < e.train_before AND sample.label_until < e.before_date) END;

-- folds: printed by `make stages`
-- Athletes are parted by a hash of their names, or as a column of their rows says.
CREATE TEMP TABLE entity_fold (model TEXT, value TEXT, fold INTEGER);
INSERT INTO entity_fold (model, value, fold)
SELECT e.model, e.entity, 1 + (ROW_NUMBER() OVER (PARTITION BY e.model ORDER BY sha256(e.entity)) - 1) % d.splits AS fold
FROM (SELECT DISTINCT model, entity FROM sample WHERE model IN (SELECT model FROM due WHERE fold_name IS NULL)) AS e
JOIN due AS d USING (model)
UNION ALL
SELECT model, given_fold, ROW_NUMBER() OVER (PARTITION BY model ORDER BY given_fold)
FROM (SELECT DISTINCT model, given_fold FROM sample WHERE given_fold IS NOT NULL);
CREATE INDEX temp.entity_fold_by_value ON entity_fold (model, value);
UPDATE sample SET group_fold = f.fold FROM entity_fold AS f
WHERE f.model = sample.model AND f.value = CASE WHEN sample.model IN (SELECT model FROM due WHERE fold_name IS NULL) THEN sample.entity ELSE sample.given_fold END;
CREATE INDEX temp.sample_by_model ON sample (model, as_of_date, label_until, trains, group_fold);

-- By time each fold is asked of days after those that trained, with a gap between; by group, of athletes that did not train. Rows without
-- a date train each fold by time and are judged by none, rows without a fold take no part by group. The last task trains on all.
CREATE TEMP TABLE task (task_id INTEGER PRIMARY KEY, model TEXT, evaluation TEXT, fold INTEGER, from_date TEXT, until_date TEXT, train_before TEXT);
INSERT INTO task (model, evaluation, fold, from_date, until_date, train_before)
WITH RECURSIVE counter (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counter WHERE i < 50),
place AS (
    SELECT model, as_of_date, ROW_NUMBER() OVER (PARTITION BY model ORDER BY as_of_date, row_id) - 1 AS place, COUNT(*) OVER (PARTITION BY model) AS n
    FROM sample WHERE as_of_date <> '' AND model IN (SELECT model FROM due WHERE period IS NULL)
),
start AS (
    SELECT p.model, c.i, MIN(p.as_of_date) AS from_date
    FROM due AS d
    JOIN counter AS c ON c.i <= d.splits
    JOIN place AS p ON p.model = d.model AND p.place >= p.n * (d.after + (1 - d.after) * (c.i - 1) / d.splits)
    WHERE EXISTS (SELECT 1 FROM json_each(d.evaluations) WHERE value = 'time') AND d.period IS NULL
    GROUP BY p.model, c.i
    UNION
    SELECT s.model, CAST(substr(s.as_of_date, 1, 4) AS INTEGER), substr(s.as_of_date, 1, 4) || '-01-01'
    FROM due AS d
    JOIN sample AS s USING (model)
    WHERE EXISTS (SELECT 1 FROM json_each(d.evaluations) WHERE value = 'time') AND d.period = 'year' AND s.as_of_date <> ''
),
fold AS (
    SELECT model, MIN(i) AS fold, from_date, COALESCE(LEAD(from_date) OVER (PARTITION BY model ORDER BY from_date), '9999-12-31') AS until_date
    FROM start GROUP BY model, from_date
)
SELECT f.model, 'time', f.fold, f.from_date, f.until_date, date(f.from_date, -d.gap_days || ' days')
FROM fold AS f
JOIN due AS d USING (model)
UNION ALL
SELECT DISTINCT e.model, 'group', e.fold, NULL, NULL, NULL
FROM entity_fold AS e
JOIN due AS d USING (model)
WHERE EXISTS (SELECT 1 FROM json_each(d.evaluations) WHERE value = 'group')
UNION ALL
SELECT DISTINCT model, 'all', 0, NULL, NULL, NULL FROM sample WHERE trains
ORDER BY 1, 2, 3;

CREATE TEMP TABLE trains (task_id INTEGER, row_id INTEGER, PRIMARY KEY (task_id, row_id)) WITHOUT ROWID;
INSERT INTO trains
SELECT t.task_id, s.row_id
FROM task AS t
JOIN sample AS s USING (model)
WHERE s.trains AND CASE t.evaluation WHEN 'all' THEN 1 WHEN 'group' THEN s.group_fold <> t.fold ELSE s.as_of_date < t.train_before AND s.label_until < t.from_date END;
CREATE TEMP TABLE judges (task_id INTEGER, row_id INTEGER, PRIMARY KEY (task_id, row_id)) WITHOUT ROWID;
INSERT INTO judges
SELECT t.task_id, s.row_id
FROM task AS t
JOIN sample AS s USING (model)
WHERE CASE t.evaluation WHEN 'all' THEN 0 WHEN 'group' THEN s.group_fold = t.fold ELSE s.as_of_date >= t.from_date AND s.as_of_date < t.until_date END
  AND t.task_id IN (SELECT task_id FROM trains);

-- Audit: the rule is told again here, by athletes and days.
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    JOIN (SELECT j.task_id, MIN(s.as_of_date) AS first_day FROM judges AS j JOIN sample AS s USING (row_id)
          WHERE j.task_id IN (SELECT task_id FROM task WHERE evaluation = 'time') GROUP BY j.task_id) AS j USING (task_id)
    JOIN (SELECT r.task_id, MAX(s.as_of_date) AS last_day, MAX(s.label_until) AS last_label FROM trains AS r JOIN sample AS s USING (row_id)
          WHERE r.task_id IN (SELECT task_id FROM task WHERE evaluation = 'time') GROUP BY r.task_id) AS r USING (task_id)
    JOIN due AS d USING (model)
    WHERE t.evaluation = 'time' AND (r.last_day >= date(j.first_day, -d.gap_days || ' days') OR r.last_label >= j.first_day)),
    '535_search_models: a model is judged on a day that its training knew');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    WHERE t.evaluation = 'group'
      AND EXISTS (SELECT s.entity FROM judges AS j JOIN sample AS s USING (row_id) WHERE j.task_id = t.task_id
                  INTERSECT SELECT s.entity FROM trains AS r JOIN sample AS s USING (row_id) WHERE r.task_id = t.task_id)),
    '535_search_models: a model is judged on an athlete that trained it');

-- What is read often, without the row that it comes from.
CREATE TEMP TABLE aim (row_id INTEGER PRIMARY KEY, target REAL, label REAL, slice TEXT);
INSERT INTO aim SELECT row_id, target, label, slice FROM sample;

-- Labels that are clipped stay so near to their median, from which the trees then start; the mean of the labels is what a constant says.
CREATE TEMP TABLE centre AS
SELECT task_id, COALESCE(middle - clip, -9e999) AS low, COALESCE(middle + clip, 9e999) AS high, mean,
       CASE WHEN middle IS NULL THEN '{}' ELSE json_object('base_score', json(number_text(middle))) END AS start
FROM (SELECT t.task_id, d.label_clip AS clip, CASE WHEN d.label_clip IS NOT NULL THEN m.middle END AS middle, m.mean
      FROM task AS t
      JOIN due AS d USING (model)
      LEFT JOIN (SELECT r.task_id, quantile(s.target, 0.5) AS middle, exact_avg(s.label) AS mean
                 FROM trains AS r CROSS JOIN aim AS s USING (row_id) GROUP BY r.task_id) AS m USING (task_id));
CREATE UNIQUE INDEX temp.centre_by_task ON centre (task_id);

-- The features of each row, read once for all tasks. Of a model with more of them than there are columns, or of a row that cannot be
-- read, each task reads by itself and says why it cannot.
CREATE TEMP TABLE measure (row_id INTEGER PRIMARY KEY, model TEXT, fault TEXT, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40);
INSERT INTO measure
SELECT COALESCE(a.c1, -d.rowid), d.model, a.fault, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9, a.c10, a.c11, a.c12, a.c13, a.c14, a.c15, a.c16, a.c17, a.c18, a.c19, a.c20, a.c21, a.c22, a.c23, a.c24, a.c25, a.c26, a.c27, a.c28, a.c29, a.c30, a.c31, a.c32, a.c33, a.c34, a.c35, a.c36, a.c37, a.c38, a.c39, a.c40
FROM due AS d
CROSS JOIN attempt('SELECT s.row_id, ' || d.columns_sql || ' FROM temp.sample AS s WHERE s.model = ?1', d.model) AS a
WHERE json_array_length(d.definition, '$.features') < 40;
CREATE TEMP TABLE reading AS
SELECT r.model, CASE WHEN r.is_read THEN r.names ELSE r.columns_sql END AS columns_sql, CASE WHEN r.is_read THEN 'temp.measure AS m' ELSE 'temp.sample AS s' END AS source_sql
FROM (SELECT d.model, d.columns_sql, json_array_length(d.definition, '$.features') < 40 AND d.model NOT IN (SELECT model FROM measure WHERE fault IS NOT NULL) AS is_read,
             (SELECT group_concat('m.c' || (key + 2) || ' AS "' || name || '"', ', ')
              FROM (SELECT f.key, CASE f.type WHEN 'object' THEN f.value ->> '$.name' ELSE f.value END AS name FROM json_each(d.definition, '$.features') AS f ORDER BY f.key)) AS names
      FROM due AS d) AS r;
-- end

-- The definition's own options, and changes of them: all that its space has, or so many by chance, each value by the hash of the
-- seed, of the run's number and of itself.
CREATE TEMP TABLE choice AS
SELECT d.model, o.key AS name, ROW_NUMBER() OVER (PARTITION BY d.model ORDER BY o.key) AS position, json_array_length(o.value) AS n, o.value AS choices
FROM due AS d
CROSS JOIN json_each(d.space) AS o;
CREATE TEMP TABLE size AS
WITH RECURSIVE product (model, position, n) AS (
    SELECT model, 0, 1 FROM due
    UNION ALL
    SELECT p.model, c.position, min(p.n * c.n, 1000000) FROM product AS p JOIN choice AS c ON c.model = p.model AND c.position = p.position + 1
)
SELECT * FROM product;
CREATE TEMP TABLE change AS
WITH RECURSIVE counter (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counter WHERE i < 999),
trial AS (
    SELECT d.model, d.seed, d.n_runs, k.i, MAX(s.n) AS n
    FROM due AS d
    JOIN size AS s USING (model)
    CROSS JOIN counter AS k
    GROUP BY d.model, k.i
    HAVING k.i < CASE WHEN MAX(s.n) < d.n_runs THEN MAX(s.n) ELSE 5 * d.n_runs END
),
picked AS (
    SELECT t.model, t.i, t.n_runs, c.name, c.choices -> ('$[' || v.key || ']') AS value,
           ROW_NUMBER() OVER (PARTITION BY t.model, t.i, c.name
                              ORDER BY CASE WHEN t.n < t.n_runs THEN v.key <> (t.i / s.n) % c.n ELSE sha256(json_array(t.seed, t.i, c.name, v.key)) END) AS place
    FROM trial AS t
    JOIN choice AS c USING (model)
    JOIN size AS s ON s.model = c.model AND s.position = c.position - 1
    CROSS JOIN json_each(c.choices) AS v
),
changed AS (
    SELECT model, i, n_runs, json_group_object(name, json(value)) AS changes FROM (SELECT * FROM picked WHERE place = 1 ORDER BY model, i, name) GROUP BY model, i
),
patched AS (
    SELECT d.model, -1 AS i, json_patch(d.options, '{}') AS options, d.n_runs FROM due AS d
    UNION ALL
    SELECT c.model, c.i, json_patch(d.options, c.changes), c.n_runs FROM changed AS c JOIN due AS d USING (model)
),
distinct_ones AS (SELECT model, options, MIN(i) AS i, n_runs FROM patched GROUP BY model, options)
SELECT model, options, i, ROW_NUMBER() OVER (PARTITION BY model ORDER BY i) AS trial, n_runs FROM distinct_ones;

CREATE TEMP TABLE candidate AS
SELECT (SELECT COALESCE(MAX(run_id), 0) FROM ml_runs) + ROW_NUMBER() OVER (ORDER BY model, trial) AS run_id, model, trial, options
FROM change WHERE trial <= n_runs;

CREATE TEMP TABLE fitted AS
SELECT c.run_id, t.task_id, a.fault, a.c1 AS model_json
FROM candidate AS c
JOIN task AS t ON t.model = c.model AND t.evaluation <> 'all'
JOIN due AS d ON d.model = c.model
JOIN reading AS e ON e.model = c.model
JOIN centre AS k USING (task_id)
CROSS JOIN attempt('SELECT model FROM gbdt_fit(?1, ?2)', json_patch(c.options, k.start),
                   'SELECT min(max(t.target, c.low), c.high) AS label, ' || e.columns_sql || ' FROM temp.centre AS c CROSS JOIN temp.trains AS r USING (task_id) CROSS JOIN temp.aim AS t USING (row_id) CROSS JOIN ' || e.source_sql || ' USING (row_id) WHERE r.task_id = ' || t.task_id || ' ORDER BY r.row_id') AS a
WHERE t.task_id IN (SELECT task_id FROM judges);

CREATE TEMP TABLE answered AS
SELECT f.run_id, f.task_id, t.fold, a.fault, a.c1 AS row_id, CASE WHEN d.is_log THEN portable_exp(s.base + a.c2) ELSE s.base + a.c2 END AS predicted
FROM fitted AS f
JOIN task AS t USING (task_id)
JOIN due AS d USING (model)
JOIN reading AS e USING (model)
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', f.model_json,
                   'SELECT j.row_id, ' || e.columns_sql || ' FROM temp.judges AS j CROSS JOIN ' || e.source_sql || ' USING (row_id) WHERE j.task_id = ' || f.task_id || ' ORDER BY j.row_id') AS a
LEFT JOIN sample AS s ON s.row_id = a.c1
WHERE f.model_json IS NOT NULL;

-- A run is judged by all folds together (step 0) and by each, beside the mean of what trained it.
CREATE TEMP TABLE series (series INTEGER PRIMARY KEY, model, evaluation TEXT, predictor TEXT, is_binary INTEGER);
INSERT INTO series (model, evaluation, predictor, is_binary)
SELECT c.run_id, 'search', p.column1, d.is_binary
FROM candidate AS c
JOIN due AS d USING (model)
CROSS JOIN (VALUES ('constant'), ('model')) AS p
ORDER BY c.run_id, p.column1;
CREATE TEMP TABLE judged (series INTEGER, step INTEGER, row_id INTEGER, slice TEXT, label REAL, predicted REAL, PRIMARY KEY (series, step, row_id)) WITHOUT ROWID;
INSERT INTO judged (series, step, row_id, slice, label, predicted)
SELECT n.series, a.fold, a.row_id, NULL, r.label, CASE n.predictor WHEN 'model' THEN a.predicted ELSE k.mean END
FROM answered AS a
JOIN series AS n ON n.model = a.run_id
JOIN sample AS r USING (row_id)
JOIN due AS d ON d.model = r.model
JOIN centre AS k USING (task_id)
WHERE a.fault IS NULL AND a.predicted IS NOT NULL AND (d.gate_slice IS NULL OR r.slice = d.gate_slice);

-- metrics: printed by `make stages`
CREATE TEMP TABLE metric AS
WITH share AS (
    SELECT series, slice, step, COUNT(*) AS n, roc_auc(predicted, label) AS auc, MIN(predicted) >= 0 AND MAX(predicted) <= 1 AS is_sure,
           brier_score(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label) AS brier,
           expected_calibration_error(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label, 10, 'quantile') AS ece
    FROM (SELECT series, '' AS slice, 0 AS step, predicted, label FROM judged
          UNION ALL SELECT series, '', step, predicted, label FROM judged
          UNION ALL SELECT series, slice, 0, predicted, label FROM judged WHERE slice IS NOT NULL)
    WHERE series IN (SELECT series FROM series WHERE is_binary)
    GROUP BY series, slice, step
),
size AS ( -- each in the order of its key
    SELECT series, '' AS slice, 0 AS step, COUNT(*) AS n, mean_absolute_error(label, predicted) AS mae, root_mean_squared_error(label, predicted) AS rmse,
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted) AS mape_pct
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) GROUP BY series
    UNION ALL
    SELECT series, '', step, COUNT(*), mean_absolute_error(label, predicted), root_mean_squared_error(label, predicted),
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted)
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) GROUP BY series, step
    UNION ALL
    SELECT series, slice, 0, COUNT(*), mean_absolute_error(label, predicted), root_mean_squared_error(label, predicted),
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted)
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) AND slice IS NOT NULL GROUP BY series, slice
)
SELECT r.model, r.evaluation, r.predictor, s.slice, s.step, s.n, m.column1 AS metric, CASE m.column1 WHEN 'mae' THEN s.mae WHEN 'rmse' THEN s.rmse ELSE s.mape_pct END AS value
FROM size AS s
JOIN series AS r USING (series)
CROSS JOIN (VALUES ('mae'), ('rmse'), ('mape_pct')) AS m
WHERE m.column1 <> 'mape_pct' OR s.mape_pct IS NOT NULL
UNION ALL
SELECT r.model, r.evaluation, r.predictor, s.slice, s.step, s.n, m.column1,
       CASE m.column1 WHEN 'auc' THEN s.auc WHEN 'brier' THEN s.brier WHEN 'ece' THEN s.ece ELSE 1 - s.brier / NULLIF(c.brier, 0) END
FROM share AS s
JOIN series AS r USING (series)
LEFT JOIN series AS k ON (k.model, k.evaluation, k.predictor) = (r.model, r.evaluation, 'constant')
LEFT JOIN share AS c ON (c.series, c.slice, c.step) = (k.series, s.slice, s.step) AND c.is_sure
CROSS JOIN (VALUES ('auc'), ('brier'), ('brier_skill'), ('ece')) AS m
WHERE CASE m.column1 WHEN 'auc' THEN r.predictor <> 'constant' WHEN 'brier_skill' THEN s.is_sure AND c.series IS NOT NULL AND r.predictor <> 'constant' ELSE s.is_sure END;
-- end

CREATE TEMP TABLE outcome AS
WITH failure AS (
    SELECT c.run_id, 1 AS place, o.reason FROM candidate AS c JOIN odd AS o USING (model)
    UNION ALL
    SELECT c.run_id, 2, 'rows: the days before those that the gate asks about are too few to be told by days before them; a larger evaluation.after leaves more' FROM candidate AS c WHERE c.run_id NOT IN (SELECT run_id FROM fitted)
    UNION ALL SELECT run_id, 3, 'training: ' || fault FROM fitted WHERE fault IS NOT NULL
    UNION ALL SELECT run_id, 4, 'scoring: ' || fault FROM answered WHERE fault IS NOT NULL
    UNION ALL
    SELECT c.run_id, 5, d.metric || ' is no finite number'
    FROM candidate AS c JOIN due AS d USING (model)
    LEFT JOIN metric AS m ON (m.model, m.predictor, m.step, m.metric) = (c.run_id, 'model', 0, d.metric)
    WHERE m.value IS NULL OR abs(m.value) >= 9e999
)
SELECT c.*, (SELECT f.reason FROM failure AS f WHERE f.run_id = c.run_id ORDER BY f.place, f.reason LIMIT 1) AS reason, m.value
FROM candidate AS c
JOIN due AS d USING (model)
LEFT JOIN metric AS m ON (m.model, m.predictor, m.step, m.metric) = (c.run_id, 'model', 0, d.metric);

-- The same rows, definition and settings are not searched again.
CREATE TEMP TABLE search AS
WITH hashed AS (
    SELECT d.*, row_hash(d.definition, d.space, d.gap_days, d.may_train, (SELECT rows_hash(run, reason) FROM (SELECT options AS run, reason FROM outcome AS o WHERE o.model = d.model ORDER BY o.trial)),
                         (SELECT rows_hash(entity, as_of_date, item, known_at, label, label_until, row)
                          FROM (SELECT * FROM sample AS s WHERE s.model = d.model ORDER BY row_id))) AS search_hash
    FROM due AS d
),
best AS (
    SELECT o.model, o.run_id, o.options, o.trial, o.value, ROW_NUMBER() OVER (PARTITION BY o.model ORDER BY CASE WHEN d.larger_is_better THEN -o.value ELSE o.value END, o.trial) AS place
    FROM outcome AS o JOIN due AS d USING (model)
    WHERE o.reason IS NULL
)
SELECT (SELECT COALESCE(MAX(search_id), 0) FROM ml_searches) + ROW_NUMBER() OVER (ORDER BY h.model) AS search_id, h.*, b.run_id AS best_run, b.options AS best_options,
       b.trial AS best_trial, b.value, own.value AS own_value, CASE WHEN h.fold_name IS NULL THEN e.before_date END AS before_date,
       (SELECT COUNT(*) FROM sample AS s WHERE s.model = h.model) AS n_rows, (SELECT NULLIF(MAX(s.label_until), '') FROM sample AS s WHERE s.model = h.model) AS trained_until,
       (SELECT COUNT(*) FROM outcome AS o WHERE o.model = h.model) AS n_tried, (SELECT COUNT(o.reason) FROM outcome AS o WHERE o.model = h.model) AS n_failed
FROM hashed AS h
LEFT JOIN best AS b ON b.model = h.model AND b.place = 1
LEFT JOIN outcome AS own ON own.model = h.model AND own.trial = 1
LEFT JOIN early AS e ON e.model = h.model
WHERE h.search_hash IS NOT (SELECT s.search_hash FROM ml_searches AS s WHERE s.model = h.model ORDER BY s.search_id DESC LIMIT 1);

INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until, search_id)
SELECT o.run_id, o.model, s.bronze_id, s.started_at, CASE WHEN o.reason IS NULL THEN 'finished' ELSE 'failed' END, o.reason, NULL, s.n_rows, s.n_rows, s.spec,
       row_hash(s.search_hash, o.options), s.trained_until, s.search_id
FROM outcome AS o
JOIN search AS s USING (model)
ORDER BY o.run_id;

INSERT INTO ml_run_params (run_id, name, value)
SELECT o.run_id, p.key, CASE p.type WHEN 'real' THEN exact_real(o.options -> p.fullkey) ELSE p.value END
FROM outcome AS o
JOIN search AS s USING (model)
CROSS JOIN json_each(o.options) AS p;

INSERT INTO ml_run_metrics (run_id, evaluation, predictor, metric, step, value, n)
SELECT o.run_id, m.evaluation, m.predictor, m.metric, m.step, CAST(m.value AS REAL), m.n
FROM outcome AS o
JOIN search AS s USING (model)
JOIN metric AS m ON m.model = o.run_id
WHERE abs(m.value) < 9e999;

INSERT INTO ml_run_tags (run_id, name, value)
SELECT o.run_id, t.column1, CASE t.column1 WHEN 'search' THEN CAST(s.search_id AS TEXT) ELSE CASE o.trial WHEN 1 THEN 'as defined' ELSE 'trial ' || o.trial END END
FROM outcome AS o
JOIN search AS s USING (model)
CROSS JOIN (VALUES ('search'), ('options')) AS t;

-- The gate asks by time about none of these days. By group it asks about athletes of whom they are.
INSERT INTO ml_searches (search_id, model, bronze_id, searched_at, metric, larger_is_better, search_hash, n_rows, before_date, n_runs, n_failed, run_id, options, value, own_value, told)
SELECT s.search_id, s.model, s.bronze_id, s.started_at, s.metric, s.larger_is_better, s.search_hash, s.n_rows, s.before_date, s.n_tried, s.n_failed, s.best_run, s.best_options,
       s.value, s.own_value,
       CASE WHEN s.best_run IS NULL THEN 'none of ' || s.n_tried || ' runs could be measured: ' || (SELECT MIN(o.reason) FROM outcome AS o WHERE o.model = s.model)
            ELSE CASE s.best_trial WHEN 1 THEN 'the definition''s own options are the best of ' ELSE 'run ' || s.best_run || ' is the best of ' END || s.n_tried || ': ' || s.metric || ' '
                 || number_text(CAST(1000 * s.value + (s.value >= 0) - 0.5 AS INTEGER) / 1000.0)
                 || CASE WHEN s.best_trial = 1 THEN '' WHEN s.own_value IS NULL THEN ', which the definition''s own options have not'
                         ELSE ' beside ' || number_text(CAST(1000 * s.own_value + (s.own_value >= 0) - 0.5 AS INTEGER) / 1000.0) || ' of the definition''s own options' END
                 || CASE WHEN s.gate_slice IS NULL THEN '' ELSE ' of ' || s.gate_slice END
                 || ', on ' || s.n_rows || ' rows ' || COALESCE('whose labels were known before ' || s.before_date, 'parted by ' || s.fold_name)
                 || CASE WHEN s.gate_asks LIKE '%"group"%' THEN '; read the evaluation by group as optimistic: its athletes were among them' ELSE '' END END
FROM search AS s
ORDER BY s.search_id;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM sample) AS rows_in,
       (SELECT COUNT(*) FROM outcome JOIN search USING (model) WHERE outcome.reason IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM outcome JOIN search USING (model) WHERE outcome.reason IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(told, '; ')
        FROM (SELECT d.model || ': ' || COALESCE((SELECT s.told FROM ml_searches AS s JOIN search AS n USING (search_id) WHERE n.model = d.model), 'was searched before, with the same rows') AS told
              FROM due AS d ORDER BY d.model)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '535_search_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.search;
DROP TABLE temp.outcome;
DROP TABLE temp.metric;
DROP TABLE temp.judged;
DROP TABLE temp.series;
DROP TABLE temp.answered;
DROP TABLE temp.fitted;
DROP TABLE temp.candidate;
DROP TABLE temp.change;
DROP TABLE temp.size;
DROP TABLE temp.choice;
DROP TABLE temp.reading;
DROP TABLE temp.measure;
DROP TABLE temp.centre;
DROP TABLE temp.aim;
DROP TABLE temp.judges;
DROP TABLE temp.trains;
DROP TABLE temp.task;
DROP TABLE temp.entity_fold;
DROP TABLE temp.early;
DROP TABLE temp.sample;
DROP TABLE temp.from_api;
DROP TABLE temp.odd;
DROP TABLE temp.found;
DROP TABLE temp.left_out;
DROP TABLE temp.bare_entity;
DROP TABLE temp.bare;
DROP TABLE temp.bare_column;
DROP TABLE temp.asked_bare;
DROP TABLE temp.due;
DROP TABLE temp.stage_clock;

COMMIT;
