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
    '{stage}: a model is judged on a day that its training knew');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM task AS t
    WHERE t.evaluation = 'group'
      AND EXISTS (SELECT s.entity FROM judges AS j JOIN sample AS s USING (row_id) WHERE j.task_id = t.task_id
                  INTERSECT SELECT s.entity FROM trains AS r JOIN sample AS s USING (row_id) WHERE r.task_id = t.task_id)),
    '{stage}: a model is judged on an athlete that trained it');

-- What is read often, without the row that it comes from.
CREATE TEMP TABLE aim (row_id INTEGER PRIMARY KEY, target REAL, label REAL, slice TEXT);
INSERT INTO aim SELECT row_id, target, label, slice FROM sample;

-- Labels that are clipped stay so near to their median, from which the trees then start; the mean of the labels is what a constant says.
CREATE TEMP TABLE centre AS
SELECT task_id, COALESCE(middle - clip, -9e999) AS low, COALESCE(middle + clip, 9e999) AS high, mean,
       CASE WHEN middle IS NULL THEN '{{}}' ELSE json_object('base_score', json(number_text(middle))) END AS start
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
