-- A model none of whose rows may train, since all come from Strava's API and that was not allowed, needs none of its features.
-- Of its rows only what is asked below is written out, of the columns that they have: one row of nothing tells which.
CREATE TEMP TABLE asked_bare AS
SELECT model, entity, fold_name, slice_name, spec ->> '$.labels' AS labels, json_set(spec, '$.lookups', json('[]'), '$.computed', json('{{}}')) AS spec
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
{from_api}CREATE TEMP TABLE sample (
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
