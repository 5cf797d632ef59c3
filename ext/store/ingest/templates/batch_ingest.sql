--# A batch comes in: rules in one pass over the source while the rows go in; only when some did not, a second look at those.
--# The source is a table with row ids, or a SELECT that is kept while it is looked at: asked twice, it might answer twice.

--: batch_ingest
-- Rows for {group} {version}, all or none.
BEGIN IMMEDIATE;
CREATE TEMP TABLE feature_batch AS SELECT 0 AS n, 0 AS n_new, 0 AS n_changed, 0 AS n_rejected, {known_at_now|{>now}}{known_at_told|{text_available|'{known_at}'}{number_available|CAST('{known_at}' AS INTEGER)}} AS known_at;
{from_query|CREATE TEMP TABLE feature_source AS SELECT {>batch_values} FROM ({query}) AS r;
}DROP TRIGGER IF EXISTS "{table}_once"; -- what these refuse is asked for here
DROP TRIGGER IF EXISTS "{table}_in_form";

-- What does not say when it was known, and comes after what was published of its keys for its time or later, is known from its arrival.
CREATE TEMP TABLE feature_late (_seq INTEGER PRIMARY KEY);
INSERT INTO temp.feature_late
SELECT s._seq
FROM (SELECT EXISTS (SELECT 1 FROM "{table}") OR EXISTS (SELECT 1 FROM "{table}_history") AS is_published) AS b
CROSS JOIN {>batch_rows}
WHERE b.is_published{columns|{is_available|{in_source|{from_table| AND (SELECT r."{column}" FROM {>batch_name} AS r WHERE r.rowid = s._seq) IS NULL}{from_query| AND s."{column}" = {s|{>usual_available}}}}}}
  AND NOT EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"}))
  AND (EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({keys: o."{column}"}) = ({keys: s."{column}"}) AND o."{timestamp}" >= s."{timestamp}")
       OR EXISTS (SELECT 1 FROM "{table}_history" AS o WHERE ({keys: o."{column}"}) = ({keys: s."{column}"}) AND o."{timestamp}" >= s."{timestamp}"));

-- What keeps every rule and is new.
INSERT INTO "{table}" ({columns: "{column}"})
SELECT {columns: {is_told|s."{column}"}{is_available|CASE WHEN s._seq IN (SELECT _seq FROM temp.feature_late) THEN max(s."{column}", (SELECT known_at FROM temp.feature_batch)) ELSE s."{column}" END}}
FROM {>batch_rows}
WHERE {s|{>row_is_valid}}
ON CONFLICT DO NOTHING;
UPDATE temp.feature_batch SET n_new = changes(), n = (SELECT COUNT(*) FROM {>batch_name});

-- What is left: a broken rule, or a row that is there and differs.
CREATE TEMP TABLE feature_left (_seq INTEGER PRIMARY KEY, {columns|"{column}", }_verdict TEXT NOT NULL, _row TEXT);
INSERT INTO temp.feature_left
SELECT s._seq, {columns: s."{column}"}, CASE WHEN s._is_valid THEN 'valid' ELSE 'broken' END, NULL
FROM (SELECT 1 FROM temp.feature_batch WHERE n_new < n) AS b
CROSS JOIN {>judged_rows}
LEFT JOIN "{table}" AS o ON ({row_key: o."{column}"}) = ({row_key: s."{column}"})
WHERE NOT s._is_valid OR ({told: s."{column}"}) IS NOT ({told: o."{column}"});

-- Of several rows with one key the first counts.
{>batch_twice}{unique|UPDATE temp.feature_left AS l SET _verdict = 'unique {column}'
WHERE _verdict = 'valid' AND ({l|{>unique_taken}}
   OR EXISTS (SELECT 1 FROM temp.feature_left AS e WHERE e."{column}" = l."{column}" AND e._seq < l._seq AND e._verdict = 'valid'));
}
-- Every rule that a row breaks is a reject.
{s|{>batch_rejects}}UPDATE temp.feature_batch SET n_rejected = (SELECT COUNT(*) FROM temp.feature_left WHERE _verdict NOT IN ('valid', 'same')),
    n_changed = (SELECT COUNT(*) FROM temp.feature_left WHERE _verdict = 'valid');
SELECT assert_that(n_rejected <= {reject_limit} * n, '{group}: ' || n_rejected || ' of ' || n || ' rows break a rule, more than the limit of {reject_percent} percent: the batch is refused; the first: '
    || CASE WHEN n_rejected > {reject_limit} * n THEN (SELECT group_concat(reason, '; ') FROM (
        SELECT r.reason FROM (SELECT _seq, _row FROM temp.feature_left WHERE _verdict NOT IN ('valid', 'same') ORDER BY _seq LIMIT 3) AS l
        JOIN feature_rejects AS r ON (r.group_name, r.row) = ('{group}', l._row) ORDER BY l._seq, r.reject_id)) ELSE '' END)
FROM temp.feature_batch;

-- What differs replaces what is there, which the trigger moves to the history.
INSERT INTO "{table}" ({columns: "{column}"})
SELECT {columns: {is_told|l."{column}"}{is_available|max(l."{column}", b.known_at)}}
FROM temp.feature_batch AS b CROSS JOIN temp.feature_left AS l
WHERE l._verdict = 'valid' ORDER BY l._seq
ON CONFLICT ({row_key: "{column}"}) DO UPDATE SET {beside_row_key: "{column}" = excluded."{column}"};
{>once_trigger}{>times_trigger}
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'arrive', '{group}', json_object('known', 'live', 'rows', COUNT(*))
FROM temp.feature_late HAVING COUNT(*) > 0;
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'ingest', '{group}',
       json_object('rows', n, 'new', n_new, 'changed', n_changed, 'rejected', n_rejected)
FROM temp.feature_batch WHERE n_new > 0 OR n_changed > 0 OR n_rejected > 0;
DROP TABLE temp.feature_first;
DROP TABLE temp.feature_left;
DROP TABLE temp.feature_late;
{from_query|DROP TABLE temp.feature_source;
}DROP TABLE temp.feature_batch;
COMMIT;

--: batch_twice
--# Whatever the table held before: the same batch again then finds nothing to change.
CREATE TEMP TABLE feature_first AS
SELECT {row_key: s."{column}"}, MIN(s._seq) AS _first
FROM (SELECT 1 FROM temp.feature_left WHERE _verdict = 'valid' LIMIT 1) AS b
CROSS JOIN {>judged_rows}
WHERE s._is_valid AND ({row_key: s."{column}"}) IN (SELECT {row_key: "{column}"} FROM temp.feature_left WHERE _verdict = 'valid')
GROUP BY {row_key: s."{column}"}
HAVING COUNT(*) > 1;
CREATE UNIQUE INDEX temp.feature_first_by_key ON feature_first ({row_key: "{column}"});
INSERT OR REPLACE INTO temp.feature_left
SELECT s._seq, {columns: s."{column}"}, CASE WHEN ({told: s."{column}"}) IS NOT ({told: first."{column}"}) THEN 'twice' ELSE 'same' END, NULL
FROM (SELECT 1 FROM temp.feature_first LIMIT 1) AS b
CROSS JOIN {>judged_rows}
CROSS JOIN temp.feature_first AS f ON ({row_key: f."{column}"}) = ({row_key: s."{column}"})
CROSS JOIN (SELECT r.rowid AS _row, {>kept_values} FROM {>batch_name} AS r) AS first ON first._row = f._first
WHERE s._is_valid AND s._seq > f._first;

--: batch_rejects
UPDATE temp.feature_left AS s SET _row = {>row_json}
WHERE s._verdict NOT IN ('valid', 'same');
{every_rule|INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, reason, row, rejected_at)
SELECT '{group}', '{of_column|{column}}', '{rule}', {>rule_value}, {>rule_reason}, s._row, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
FROM temp.feature_left AS s WHERE s._verdict = {of_row_alone|'broken' AND NOT ({>rule_holds})}{rule_twice|'twice'}{rule_unique|'unique {column}'};
}

--: batch_name
{from_table|"{source}"}{from_query|temp.feature_source}

--: batch_values
--# Each column of the group out of the source r, where NULL is filled in.
{r|{columns: {in_source|{>value}}{not_in_source|{has_default|{default}}{has_usual|{>usual_available}}{has_nothing|NULL}} AS "{column}"}}

--: kept_values
{from_table|{>batch_values}}{from_query|{columns: r."{column}"}}

--: batch_rows
(SELECT r.rowid AS _seq, {>kept_values} FROM {>batch_name} AS r) AS s

--: judged_rows
(SELECT *, {s|{>row_is_valid}} AS _is_valid FROM {>batch_rows}) AS s
