-- stage:    540_train_models
-- purpose:  train every registered model that is due, judge it on days and athletes that it has not seen, and let its gate accept or refuse it
-- reads:    ml_models_current; ml_looks, bronze_strava_activities, ml_run_params, ml_runs, ml_model_versions, ml_pooled_rows, ml_searches, ml_training_decisions, ml_training_requests, ops_audit, ops_config, silver_from_api
-- writes:   ml_runs; ml_training_decisions, ml_training_requests, ml_model_versions, ml_run_params, ml_run_metrics, ml_run_slices, ml_run_artifacts, ml_run_predictions, ml_looks
-- follows:  -
-- grain:    model, version
-- params:   train_on_api_rows
-- rests:    never

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '540_train_models',
    'train every registered model that is due, judge it on days and athletes that it has not seen, and let its gate accept or refuse it',
    '["ml_models_current"]',
    '["ml_runs"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Nobody's rows are counted at each run: a model is asked whether it is due when its definition or the setting is another, when
-- twice as much has arrived, when its time has come, and when somebody has a reason; after a failure, and with a reason that waits, that is the next day.
CREATE TEMP TABLE asked AS
WITH last AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY model ORDER BY run_id DESC) AS age FROM ml_runs WHERE search_id IS NULL
),
now AS (
    SELECT c.started_at, julianday(c.started_at) AS day, (SELECT value FROM ops_config WHERE name = 'train_on_api_rows') AS may_train,
           (SELECT COALESCE(MAX(bronze_id), 0) FROM bronze_strava_activities) + (SELECT COALESCE(MAX(audit_id), 0) FROM ops_audit)
           + (SELECT COUNT(*) FROM ml_pooled_rows) AS news
    FROM stage_clock AS c
)
SELECT m.model, m.bronze_id, m.entity, m.learner, CASE WHEN s.options IS NULL THEN m.definition ELSE json_set(m.definition, '$.learner.options', json(s.options)) END AS definition,
       m.rows_sql, m.lookups, m.computed, m.columns_sql, COALESCE(s.options, m.options) AS options, s.search_id, m.is_binary, n.started_at, n.may_train, n.news, l.run_id AS run_before, l.bronze_id AS bronze_before, l.status AS status_before, l.labelled_rows AS labelled_before,
       l.training_hash AS hash_before, l.reason AS reason_before, n.day - julianday(l.started_at) AS days_since,
       COALESCE(m.definition ->> '$.schedule.every_days', 28) AS every_days, COALESCE(m.definition ->> '$.schedule.new_rows', 1) AS new_rows,
       COALESCE(m.definition ->> '$.schedule.cooling_off_days', 7) AS cooling_off_days,
       (SELECT p.kind FROM ml_training_requests AS p WHERE p.model = m.model ORDER BY p.asked_at, p.kind LIMIT 1) AS request_kind,
       (SELECT group_concat(told, '; ') FROM (SELECT p.told FROM ml_training_requests AS p WHERE p.model = m.model ORDER BY p.asked_at, p.kind)) AS request
FROM ml_models_current AS m
CROSS JOIN now AS n
LEFT JOIN last AS l ON l.model = m.model AND l.age = 1
LEFT JOIN ml_looks AS w ON w.stage = '540_train_models' AND w.model = m.model
LEFT JOIN ml_searches AS s ON s.search_id = (SELECT MAX(o.search_id) FROM ml_searches AS o WHERE o.bronze_id = m.bronze_id AND o.run_id IS NOT NULL)
WHERE m.learner IN ('gbdt', 'rule')
  AND (w.seen IS NULL
       OR (m.bronze_id, n.may_train, s.search_id) IS NOT (w.seen ->> '$[0]', w.seen ->> '$[1]', w.seen ->> '$[3]')
       OR n.news >= 2 * (w.seen ->> '$[2]') AND n.news > w.seen ->> '$[2]'
       OR EXISTS (SELECT 1 FROM ml_training_requests AS p WHERE p.model = m.model AND (p.asked_at > w.looked_at OR n.day - julianday(w.looked_at) >= 1))
       OR n.day - julianday(w.looked_at) >= CASE WHEN l.status = 'finished' THEN COALESCE(m.definition ->> '$.schedule.every_days', 28) ELSE 1 END);

-- rests here without asked
-- Trained is one that never was, or by another definition, or without success, or with other options than the last search has found; one
-- with twice the labels; and one that somebody has a reason for, or whose time has come, if it has so many new labels as its schedule
-- says and, for a reason, has cooled off. The labels of one that never was are counted when its rows are read.
CREATE TEMP TABLE decided AS
WITH question AS MATERIALIZED (
    SELECT *, run_before IS NULL AND stored_query_fault(count_sql) IS NULL AS is_counted_later
    FROM (SELECT *, 'SELECT COUNT(label) FROM (' || rows_sql || char(10) || ')' AS count_sql FROM asked)
),
counted AS (
    SELECT *, labelled_rows - COALESCE(labelled_before, 0) AS new_labels
    FROM (SELECT q.*, a.fault, COALESCE(a.c1, 0) + (SELECT COUNT(*) FROM ml_pooled_rows AS p WHERE p.model = q.model) AS labelled_rows
          FROM question AS q
          CROSS JOIN attempt(CASE WHEN q.is_counted_later THEN 'SELECT 0 FROM (SELECT ?1)' ELSE 'SELECT c1 FROM stored_query(?1)' END, q.count_sql) AS a)
),
reasoned AS (
    SELECT *, CASE WHEN run_before IS NULL THEN 'never_trained'
                   WHEN bronze_id <> bronze_before THEN 'definition'
                   WHEN status_before = 'failed' OR fault IS NOT NULL THEN 'failure'
                   WHEN search_id IS NOT (SELECT value FROM ml_run_params AS p WHERE p.run_id = run_before AND p.name = 'search_id') THEN 'search'
                   WHEN labelled_rows >= 2 * labelled_before AND labelled_rows > labelled_before THEN 'labels'
                   WHEN request IS NOT NULL THEN request_kind
                   WHEN days_since >= every_days THEN 'schedule' END AS kind
    FROM counted
)
SELECT *, CASE WHEN kind IN ('never_trained', 'definition', 'failure', 'search', 'labels') OR new_labels >= new_rows AND (kind = 'schedule' OR days_since >= cooling_off_days)
               THEN 'TRAIN' ELSE 'WAIT' END AS decision,
       CASE kind WHEN 'never_trained' THEN 'it was never trained'
                 WHEN 'definition' THEN 'its definition is another'
                 WHEN 'failure' THEN COALESCE('its rows cannot be counted: ' || fault, 'its last training failed')
                 WHEN 'search' THEN 'a search has found other options'
                 WHEN 'labels' THEN labelled_rows || ' labels, where there were ' || labelled_before
                 WHEN 'schedule' THEN CAST(days_since AS INTEGER) || ' days since the last training, and ' || new_labels || ' new labels of ' || new_rows || ' asked for'
                 ELSE request || CASE WHEN days_since < cooling_off_days THEN '; it was trained ' || CAST(days_since AS INTEGER) || ' days ago, and ' || cooling_off_days || ' are waited'
                                      WHEN new_labels < new_rows THEN '; it has ' || new_labels || ' new labels of ' || new_rows || ' asked for' ELSE '' END END AS why
FROM reasoned;

DELETE FROM ml_training_requests WHERE model IN (SELECT model FROM decided WHERE decision = 'TRAIN');

CREATE TEMP TABLE due AS
SELECT q.*,
       json_object('labels', 'SELECT * FROM (' || q.rows_sql || char(10) || ') WHERE label IS NOT NULL', 'as_of', 'known_at',
                   'lookups', json(q.lookups), 'computed', json(q.computed)) AS spec,
       COALESCE(q.definition ->> '$.evaluation.splits', 5) AS splits,
       COALESCE(q.definition ->> '$.evaluation.after', 1.0 / (1 + COALESCE(q.definition ->> '$.evaluation.splits', 5))) AS after,
       COALESCE(q.definition ->> '$.evaluation.gap_days', (SELECT value FROM ops_config WHERE name = 'cv_gap_days')) AS gap_days,
       COALESCE(q.definition -> '$.evaluation.by', '["time", "group"]') AS evaluations, q.definition ->> '$.base' AS base_name,
       q.definition ->> '$.link' IS 'log' AS is_log, exact_real(q.definition -> '$.label_clip') AS label_clip, q.definition ->> '$.evaluation.fold' AS fold_name,
       q.definition ->> '$.evaluation.period' AS period, q.definition ->> '$.evaluation.slice' AS slice_name, q.definition ->> '$.evaluation.api_rows' AS api_rows,
       CASE WHEN q.definition ->> '$.base' IN (SELECT value FROM json_each(q.definition, '$.baselines')) OR q.definition ->> '$.base' IS NULL
            THEN COALESCE(q.definition -> '$.baselines', '[]')
            ELSE json_insert(COALESCE(q.definition -> '$.baselines', '[]'), '$[#]', q.definition ->> '$.base') END AS baselines
FROM decided AS q
WHERE q.decision = 'TRAIN';

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

-- Rows that cannot all be read are counted by themselves, or it is told why they cannot.
CREATE TEMP TABLE late_count AS
SELECT d.model, a.fault, a.c1 AS n
FROM due AS d
CROSS JOIN attempt('SELECT c1 FROM stored_query(?1)', d.count_sql) AS a
WHERE d.is_counted_later AND d.model IN (SELECT model FROM found WHERE fault IS NOT NULL);
DELETE FROM found WHERE model IN (SELECT model FROM late_count WHERE fault IS NOT NULL);
INSERT INTO late_count SELECT d.model, NULL, (SELECT COUNT(*) FROM found AS f WHERE f.model = d.model) - (SELECT COUNT(*) FROM ml_pooled_rows AS p WHERE p.model = d.model)
FROM due AS d
WHERE d.is_counted_later AND d.model NOT IN (SELECT model FROM late_count);
UPDATE due SET fault = c.fault, labelled_rows = due.labelled_rows + COALESCE(c.n, 0), new_labels = due.new_labels + COALESCE(c.n, 0)
FROM late_count AS c WHERE c.model = due.model;
UPDATE decided SET labelled_rows = decided.labelled_rows + COALESCE(c.n, 0), new_labels = decided.new_labels + COALESCE(c.n, 0)
FROM late_count AS c WHERE c.model = decided.model;
INSERT INTO ml_training_decisions (model, decided_at, decision, kind, reason, days_since, labels, new_labels)
SELECT model, started_at, decision, kind, why, CAST(days_since AS INTEGER), labelled_rows, new_labels
FROM decided AS d
WHERE kind IS NOT NULL
  AND ((decision, kind) IS NOT (SELECT o.decision, o.kind FROM ml_training_decisions AS o WHERE o.model = d.model ORDER BY o.decision_id DESC LIMIT 1)
       OR decision = 'TRAIN' AND kind <> 'failure') -- who waits, or fails each day, has said so
ORDER BY model;
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
    '540_train_models: a model is judged on a day that its training knew');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    WHERE t.evaluation = 'group'
      AND EXISTS (SELECT s.entity FROM judges AS j JOIN sample AS s USING (row_id) WHERE j.task_id = t.task_id
                  INTERSECT SELECT s.entity FROM trains AS r JOIN sample AS s USING (row_id) WHERE r.task_id = t.task_id)),
    '540_train_models: a model is judged on an athlete that trained it');

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

CREATE TEMP TABLE fitted AS
SELECT t.task_id, a.fault, a.c1 AS model_json
FROM task AS t
JOIN due AS d USING (model)
JOIN reading AS e USING (model)
JOIN centre AS c USING (task_id)
CROSS JOIN attempt('SELECT model FROM gbdt_fit(?1, ?2)', json_patch(d.options, c.start),
                   'SELECT min(max(t.target, c.low), c.high) AS label, ' || e.columns_sql || ' FROM temp.centre AS c CROSS JOIN temp.trains AS r USING (task_id) CROSS JOIN temp.aim AS t USING (row_id) CROSS JOIN ' || e.source_sql || ' USING (row_id) WHERE r.task_id = ' || t.task_id || ' ORDER BY r.row_id') AS a
WHERE t.task_id IN (SELECT task_id FROM trains);

CREATE TEMP TABLE answered AS
SELECT t.model, t.task_id, t.evaluation, t.fold, a.fault, a.c1 AS row_id, CASE WHEN d.is_log THEN portable_exp(s.base + a.c2) ELSE s.base + a.c2 END AS predicted
FROM fitted AS f
JOIN task AS t USING (task_id)
JOIN due AS d USING (model)
JOIN reading AS e USING (model)
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', f.model_json,
                   'SELECT j.row_id, ' || e.columns_sql || ' FROM temp.judges AS j CROSS JOIN ' || e.source_sql || ' USING (row_id) WHERE j.task_id = ' || t.task_id || ' ORDER BY j.row_id') AS a
LEFT JOIN sample AS s ON s.row_id = a.c1
WHERE f.model_json IS NOT NULL AND t.evaluation <> 'all';

-- A calibrator learns from what models have said of rows that they had not seen; by time from what was known when the fold began.
CREATE TEMP TABLE lesson AS
SELECT t.task_id, d.definition ->> '$.learner.calibrator' AS kind, a.predicted, s.label
FROM (SELECT a.*, MAX(a.evaluation = 'time') OVER (PARTITION BY a.model) AS has_time FROM answered AS a
      WHERE a.fault IS NULL AND a.model IN (SELECT model FROM due WHERE definition ->> '$.learner.calibrator' IS NOT NULL)) AS a
JOIN sample AS s USING (row_id)
JOIN due AS d ON d.model = a.model
JOIN task AS t ON t.model = a.model
WHERE d.definition ->> '$.learner.calibrator' IS NOT NULL
  AND CASE t.evaluation WHEN 'all' THEN a.evaluation = 'time' OR NOT a.has_time
                        WHEN 'group' THEN a.evaluation = 'group' AND a.fold <> t.fold
                        ELSE a.evaluation = 'time' AND s.label_until < t.from_date END;
CREATE TEMP TABLE calibrator AS
SELECT task_id, calibration_fit(kind, predicted, label) AS content
FROM lesson
WHERE task_id IN (SELECT task_id FROM lesson GROUP BY task_id HAVING MIN(label) < MAX(label)) -- of one kind alone nothing can be learned
GROUP BY task_id;

CREATE TEMP TABLE told AS
SELECT a.model, a.task_id, a.evaluation, a.fold, a.row_id, CASE WHEN k.content IS NULL THEN a.predicted ELSE calibrate(k.content, a.predicted) END AS predicted
FROM answered AS a
LEFT JOIN calibrator AS k USING (task_id)
WHERE a.fault IS NULL;

-- Beside the model the mean of what trained it, its base, and each baseline: a series each, of which a step is a fold.
CREATE TEMP TABLE series (series INTEGER PRIMARY KEY, model, evaluation TEXT, predictor TEXT, is_binary INTEGER);
INSERT INTO series (model, evaluation, predictor, is_binary)
SELECT t.model, t.evaluation, p.predictor, d.is_binary
FROM (SELECT DISTINCT model, evaluation FROM task WHERE evaluation <> 'all') AS t
JOIN due AS d USING (model)
JOIN (SELECT model, 'model' AS predictor FROM due UNION SELECT model, 'constant' FROM due
      UNION SELECT d.model, n.value FROM due AS d CROSS JOIN json_each(d.baselines) AS n) AS p USING (model)
ORDER BY t.model, t.evaluation, p.predictor;
CREATE TEMP TABLE judged (series INTEGER, step INTEGER, row_id INTEGER, slice TEXT, label REAL, predicted REAL, PRIMARY KEY (series, step, row_id)) WITHOUT ROWID;
INSERT INTO judged (series, step, row_id, slice, label, predicted)
SELECT n.series, a.fold, a.row_id, r.slice, r.label, CASE n.predictor WHEN 'model' THEN a.predicted ELSE k.mean END
FROM series AS n
JOIN told AS a USING (model, evaluation)
JOIN aim AS r USING (row_id)
JOIN centre AS k USING (task_id)
WHERE n.predictor IN ('model', 'constant') AND a.predicted IS NOT NULL
UNION ALL
SELECT series, fold, row_id, slice, label, said
FROM (SELECT n.series, a.fold, a.row_id, r.slice, r.label,
             CASE WHEN d.is_log AND n.predictor = d.base_name THEN portable_exp(s.base)
                  WHEN json_type(s.row, '$.' || n.predictor) IN ('integer', 'real') THEN exact_real(s.row -> ('$.' || n.predictor)) END AS said
      FROM told AS a
      CROSS JOIN due AS d USING (model)
      CROSS JOIN sample AS s USING (row_id)
      CROSS JOIN aim AS r USING (row_id)
      CROSS JOIN series AS n ON (n.model, n.evaluation) = (a.model, a.evaluation) AND n.predictor NOT IN ('model', 'constant'))
WHERE said IS NOT NULL;

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

-- What became of each: the first reason why there is no model, or none.
CREATE TEMP TABLE outcome AS
WITH reason AS (
    SELECT model, 1 AS place, 'rows: ' || fault AS reason FROM due WHERE fault IS NOT NULL
    UNION ALL SELECT model, 2, reason FROM odd
    UNION ALL
    SELECT d.model, 3, CASE WHEN COUNT(f.model) = 0 THEN 'rows: none has a label'
                            WHEN COUNT(f.base) = 0 THEN 'rows: none has its base, a number ' || d.base_name
                            ELSE 'rows: all ' || COUNT(f.model) || ' come from Strava''s API, and train_on_api_rows is not 1' END
    FROM due AS d LEFT JOIN found AS f USING (model)
    WHERE d.fault IS NULL AND d.model NOT IN (SELECT model FROM sample) AND d.model NOT IN (SELECT model FROM odd)
    GROUP BY d.model
    UNION ALL
    SELECT model, 3, 'rows: ' || COUNT(*) || ' have a label, and none of them trains' FROM sample GROUP BY model HAVING MAX(trains) = 0
    UNION ALL
    SELECT t.model, 4, 'training: ' || f.fault FROM fitted AS f JOIN task AS t USING (task_id) WHERE f.fault IS NOT NULL
    UNION ALL SELECT model, 5, 'scoring: ' || fault FROM answered WHERE fault IS NOT NULL
    UNION ALL
    SELECT d.model, 6, 'evaluation: no row by time or group could be asked of a model that had not seen it'
    FROM due AS d WHERE d.model IN (SELECT model FROM sample) AND d.model NOT IN (SELECT model FROM answered)
    UNION ALL
    SELECT model, 7, metric || ' by ' || evaluation || ' is no finite number'
                     || COALESCE((SELECT CASE WHEN MIN(j.label) = MAX(j.label) THEN ': all labels that it was judged by, from ' || MIN(s.as_of_date) || ' to ' || MAX(s.as_of_date)
                                                   || ', are ' || CAST(MIN(j.label) AS INTEGER) END
                                  FROM judged AS j JOIN sample AS s USING (row_id)
                                  WHERE j.series = (SELECT n.series FROM series AS n WHERE n.is_binary AND (n.model, n.evaluation, n.predictor) = (metric.model, metric.evaluation, 'model'))), '')
    FROM metric
    WHERE predictor = 'model' AND step = 0 AND slice = '' AND (value IS NULL OR abs(value) >= 9e999)
)
SELECT d.*, (SELECT r.reason FROM reason AS r WHERE r.model = d.model ORDER BY r.place, r.reason LIMIT 1) AS reason,
       (SELECT COUNT(*) FROM sample AS s WHERE s.model = d.model AND s.trains) AS training_rows,
       (SELECT NULLIF(MAX(label_until), '') FROM sample AS s WHERE s.model = d.model) AS trained_until,
       row_hash(d.definition, d.gap_days, d.may_train,
                (SELECT rows_hash(CASE WHEN trains THEN entity ELSE 'judged ' || entity END, as_of_date, item, known_at, label, label_until, row)
                 FROM (SELECT * FROM sample AS s WHERE s.model = d.model ORDER BY row_id))) AS training_hash
FROM due AS d;

-- The same failure again, or the same rows, is no other run.
CREATE TEMP TABLE run AS
SELECT o.*, (SELECT COALESCE(MAX(run_id), 0) FROM ml_runs) + ROW_NUMBER() OVER (ORDER BY o.model) AS run_id,
       (SELECT COALESCE(MAX(version), 0) + 1 FROM ml_model_versions AS v WHERE v.model = o.model) AS version
FROM outcome AS o
WHERE (o.hash_before, o.reason_before) IS NOT (o.training_hash, o.reason);

INSERT INTO ml_runs (run_id, model, bronze_id, started_at, status, reason, version, labelled_rows, training_rows, training_spec, training_hash, trained_until)
SELECT r.run_id, r.model, r.bronze_id, c.started_at, CASE WHEN r.reason IS NULL THEN 'finished' ELSE 'failed' END, r.reason,
       CASE WHEN r.reason IS NULL THEN r.version END,
       r.labelled_rows, r.training_rows, r.spec, r.training_hash, r.trained_until
FROM run AS r, stage_clock AS c
ORDER BY r.run_id;

INSERT INTO ml_run_params (run_id, name, value)
SELECT r.run_id, p.key, CASE p.type WHEN 'real' THEN exact_real(r.options -> p.fullkey) ELSE p.value END
FROM run AS r
CROSS JOIN json_each(r.options) AS p
UNION ALL
SELECT r.run_id, 'evaluation.' || p.column1, p.column2
FROM run AS r
CROSS JOIN (SELECT run_id, 'splits' AS column1, splits AS column2 FROM run UNION ALL SELECT run_id, 'after', after FROM run
            UNION ALL SELECT run_id, 'gap_days', gap_days FROM run) AS p ON p.run_id = r.run_id
UNION ALL
SELECT run_id, 'search_id', search_id FROM run WHERE search_id IS NOT NULL;

INSERT INTO ml_run_metrics (run_id, evaluation, predictor, metric, step, value, n)
SELECT r.run_id, m.evaluation, m.predictor, m.metric, m.step, CAST(m.value AS REAL), m.n
FROM run AS r
JOIN metric AS m USING (model)
WHERE abs(m.value) < 9e999 AND m.slice = '';
INSERT INTO ml_run_slices (run_id, evaluation, slice, predictor, metric, value, n)
SELECT r.run_id, m.evaluation, m.slice, m.predictor, m.metric, CAST(m.value AS REAL), m.n
FROM run AS r
JOIN metric AS m USING (model)
WHERE abs(m.value) < 9e999 AND m.slice <> '';

INSERT INTO ml_run_predictions (run_id, evaluation, entity, as_of_date, item, fold, label, predicted, baselines, interval_group, interval_scale)
SELECT r.run_id, a.evaluation, s.entity, s.as_of_date, s.item, a.fold, s.label, a.predicted, b.said,
       CASE WHEN r.by_name IS NOT NULL THEN COALESCE(s.row ->> ('$.' || r.by_name), '') END,
       CASE WHEN json_type(s.row, '$.' || r.scale_name) IN ('integer', 'real') THEN exact_real(s.row -> ('$.' || r.scale_name)) END
FROM (SELECT model, run_id, reason, definition ->> '$.interval.by' AS by_name, definition ->> '$.interval.scale' AS scale_name FROM run) AS r
JOIN told AS a USING (model)
JOIN sample AS s USING (row_id)
LEFT JOIN (SELECT n.evaluation, j.row_id, json_group_object(n.predictor, json(number_text(j.predicted))) AS said
           FROM (SELECT * FROM judged ORDER BY row_id, series) AS j JOIN series AS n USING (series)
           WHERE n.predictor <> 'model' GROUP BY j.row_id, n.evaluation) AS b ON (b.row_id, b.evaluation) = (a.row_id, a.evaluation)
WHERE r.reason IS NULL;

-- Each condition of the gate, and what it was compared with: a number, a baseline's metric, or a setting.
CREATE TEMP TABLE gated AS
WITH condition AS (
    SELECT r.run_id, g.key AS position, g.value ->> '$.evaluation' AS evaluation, g.value ->> '$.metric' AS metric, COALESCE(g.value ->> '$.slice', '') AS slice,
           json_type(g.value, '$.above') IS NOT NULL AS is_above, COALESCE(g.value ->> '$.above', g.value ->> '$.below') AS than,
           COALESCE(json_type(g.value, '$.above'), json_type(g.value, '$.below')) AS type
    FROM run AS r
    CROSS JOIN json_each(r.definition, '$.gate') AS g
    WHERE r.reason IS NULL
),
measured AS (
    SELECT r.run_id, m.evaluation, m.slice, m.metric, m.predictor, m.value FROM run AS r JOIN metric AS m USING (model) WHERE m.step = 0 AND abs(m.value) < 9e999
)
SELECT c.*, m.value,
       CASE c.type WHEN 'text' THEN COALESCE((SELECT b.value FROM measured AS b WHERE (b.run_id, b.evaluation, b.slice, b.metric, b.predictor)
                                                                                 = (c.run_id, c.evaluation, c.slice, c.metric, c.than)),
                                             (SELECT value FROM ops_config WHERE name = c.than))
            ELSE c.than END AS bound
FROM condition AS c
LEFT JOIN measured AS m ON (m.run_id, m.evaluation, m.slice, m.metric, m.predictor) = (c.run_id, c.evaluation, c.slice, c.metric, 'model');

CREATE TEMP TABLE sentence AS
SELECT run_id, position, COALESCE(CASE WHEN is_above THEN value > bound ELSE value < bound END, 0) AS passes,
       metric || ' by ' || evaluation || CASE slice WHEN '' THEN '' ELSE ' of ' || slice END
       || CASE WHEN value IS NULL THEN ' could not be measured'
               WHEN bound IS NULL THEN ' has nothing to be compared with: there is no ' || than
               ELSE ' is ' || number_text(CAST(1000 * value + (value >= 0) - 0.5 AS INTEGER) / 1000.0) || ', asked for is ' || CASE WHEN is_above THEN 'more than ' ELSE 'less than ' END
                    || CASE type WHEN 'text' THEN than || ', ' ELSE '' END || number_text(CAST(1000 * bound + (bound >= 0) - 0.5 AS INTEGER) / 1000.0) END AS told
FROM gated;

INSERT INTO ml_model_versions (model, version, status, reason, specification, model_json, training_rows, training_hash, trained_at)
SELECT r.model, r.version, CASE WHEN g.passes THEN 'accepted' ELSE 'refused' END,
       (SELECT group_concat(told, '; ') FROM (SELECT told FROM sentence AS s WHERE s.run_id = r.run_id AND s.passes = g.passes ORDER BY s.position)),
       r.definition, f.model_json, r.training_rows, r.training_hash, c.started_at
FROM run AS r
JOIN (SELECT run_id, MIN(passes) AS passes FROM sentence GROUP BY run_id) AS g USING (run_id)
JOIN task AS t ON t.model = r.model AND t.evaluation = 'all'
JOIN fitted AS f USING (task_id), stage_clock AS c
WHERE r.reason IS NULL
ORDER BY r.model;

INSERT INTO ml_run_artifacts (run_id, name, content)
SELECT r.run_id, 'calibrator', k.content
FROM run AS r
JOIN task AS t ON t.model = r.model AND t.evaluation = 'all'
JOIN calibrator AS k USING (task_id)
WHERE r.reason IS NULL;

-- What the model asks for most.
INSERT INTO ml_run_artifacts (run_id, name, content)
SELECT r.run_id, 'importance',
       (SELECT json_group_array(json_object('feature', feature, 'gain', json(number_text(total_gain)), 'splits', weight))
        FROM (SELECT * FROM gbdt_importance(v.model_json) ORDER BY total_gain DESC, feature))
FROM run AS r
JOIN ml_model_versions AS v USING (model, version)
WHERE r.reason IS NULL;

INSERT INTO ml_looks (stage, model, seen, looked_at)
SELECT '540_train_models', model, json_array(bronze_id, may_train, news, search_id), started_at FROM asked WHERE true
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM found WHERE fault IS NULL) AS rows_in,
       (SELECT COUNT(*) FROM run WHERE reason IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM run WHERE reason IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(told, '; ')
        FROM (SELECT r.model || COALESCE(' version ' || v.version || ' ' || v.status || ': ' || v.reason, ' failed: ' || r.reason) AS told
              FROM run AS r LEFT JOIN ml_model_versions AS v USING (model, version) ORDER BY r.model)) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '540_train_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.sentence;
DROP TABLE temp.gated;
DROP TABLE temp.run;
DROP TABLE temp.outcome;
DROP TABLE temp.metric;
DROP TABLE temp.judged;
DROP TABLE temp.series;
DROP TABLE temp.told;
DROP TABLE temp.calibrator;
DROP TABLE temp.lesson;
DROP TABLE temp.answered;
DROP TABLE temp.fitted;
DROP TABLE temp.reading;
DROP TABLE temp.measure;
DROP TABLE temp.centre;
DROP TABLE temp.aim;
DROP TABLE temp.judges;
DROP TABLE temp.trains;
DROP TABLE temp.task;
DROP TABLE temp.entity_fold;
DROP TABLE temp.late_count;
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
DROP TABLE temp.decided;
DROP TABLE temp.asked;
DROP TABLE temp.stage_clock;

COMMIT;
