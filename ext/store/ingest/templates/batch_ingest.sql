--# A batch comes in: rules in one pass over the source while the rows go in; only when some did not, a second look at those.
--# The source is a table with row ids, or a SELECT that is kept while it is looked at: asked twice, it might answer twice.

--: batch_ingest
-- Rows for {group} {version}, all or none.
BEGIN IMMEDIATE;
CREATE TEMP TABLE feature_batch AS SELECT 0 AS n, 0 AS n_new, 0 AS n_changed, 0 AS n_rejected, {known_at_now|{>now}}{known_at_told|{text_available|'{known_at}'}{number_available|CAST('{known_at}' AS INTEGER)}} AS known_at,
    {arrivals_told|'{arrivals}'}{arrivals_by_file|(SELECT value FROM ops_config WHERE name = 'arrivals')} AS arrivals;
{arrivals_by_file|SELECT assert_that(arrivals IS NULL OR arrivals IN ('history', 'live'), 'ops_config: arrivals is ' || arrivals || ' where ''history'', ''live'' or NULL belongs')
FROM temp.feature_batch;
}
{from_query|CREATE TEMP TABLE feature_source AS SELECT {text_times|{r|{>is_odd}}}{number_times|CASE WHEN {>is_untold} THEN 2 END} AS _oddity, {>source_values} FROM ({query}) AS r;
{text_times|-- Most times are written in the group's form. Where one is not, the row's are now; 2: the source did not say when it was known.
UPDATE temp.feature_source AS r SET {r|{columns|{in_source|{own_time|"{column}" = {>value}, }}}_oddity = CASE WHEN {>is_untold} THEN 2 ELSE 1 END
WHERE r._oddity};
}}DROP TRIGGER IF EXISTS "{table}_once"; -- what these refuse is asked for here
DROP TRIGGER IF EXISTS "{table}_in_form";

-- New rows that are known later than their times say: from their arrival those that do not say when they were known, where all
-- arrivals count so, or where anything was published of their keys before; and no row before it was deleted.
CREATE TEMP TABLE feature_late (_seq INTEGER PRIMARY KEY, _from, _is_live INTEGER NOT NULL);
INSERT INTO temp.feature_late
SELECT _seq, CASE WHEN _is_live THEN max(known_at, COALESCE(_gone, known_at)) ELSE _gone END, _is_live
FROM (SELECT s._seq, b.known_at, CASE WHEN b.has_history THEN {s|{>deleted_at}} END AS _gone,
             s._is_untold AND CASE b.arrivals WHEN 'live' THEN 1 WHEN 'history' THEN 0 ELSE {s|{>is_published}} END AS _is_live
      FROM (SELECT known_at, arrivals, EXISTS (SELECT 1 FROM "{table}_history") AS has_history FROM temp.feature_batch
            WHERE arrivals IS 'live' OR EXISTS (SELECT 1 FROM "{table}") OR EXISTS (SELECT 1 FROM "{table}_history")) AS b
      CROSS JOIN {>batch_rows}
      WHERE (b.has_history OR s._is_untold) AND NOT EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"})))
WHERE _is_live OR _gone IS NOT NULL;

-- What keeps every rule and is new.
INSERT INTO "{table}" ({columns: "{column}"})
SELECT {columns: {is_told|s."{column}"}{is_available|CASE WHEN EXISTS (SELECT 1 FROM temp.feature_late) THEN max(s."{column}", COALESCE((SELECT _from FROM temp.feature_late AS l WHERE l._seq = s._seq), s."{column}")) ELSE s."{column}" END}}
FROM {>batch_rows}
WHERE {s|{in_haste|{>row_is_valid}}}
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
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'arrive', '{group}',
       json_object('known', COALESCE(arrivals, 'live'), 'decided_by', {arrivals_told|'arrivals'}{arrivals_by_file|CASE WHEN arrivals IS NULL THEN 'default' ELSE 'ops_config' END}, 'rows', n)
FROM (SELECT b.arrivals, CASE WHEN b.arrivals IS 'history' THEN b.n_new ELSE (SELECT COUNT(*) FROM temp.feature_late AS f
          WHERE f._is_live AND NOT EXISTS (SELECT 1 FROM temp.feature_left AS l WHERE l._seq = f._seq AND l._verdict <> 'valid')) END AS n
      FROM temp.feature_batch AS b)
WHERE n > 0;
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

--: is_untold
--# Whether the source's row does not say when it was known.
{r|{available_column|{has_default|0}{has_usual|{in_source|r."{column}" IS NULL}{not_in_source|1}}}}

--: batch_values
--# Each column of the group out of the source r, where NULL is filled in.
{r|{columns: {in_source|{>value}}{not_in_source|{has_default|{default}}{has_usual|{>usual_available}}{has_nothing|NULL}} AS "{column}"}}

--: source_values
--# The same of a query, its times as they come. The + takes their affinity away, by which the group's index could not be used.
{r|{columns: {in_source|{own_time|+r."{column}"}{other_column|{>value}}}{not_in_source|{has_default|{default}}{has_usual|{>usual_available}}{has_nothing|NULL}} AS "{column}"}}

--: is_odd
--# Whether one of the times that the source's row has is written in another form.
"feature odd"({digits}{columns|{in_source|{own_time|, {row}"{column}"}}})

--: is_kept_untold
{available_column|{has_default|0}{has_usual|{in_source|r._oddity IS 2}{not_in_source|1}}}

--: kept_values
{from_table|{>batch_values}}{from_query|{columns: r."{column}"}}

--: batch_rows
(SELECT r.rowid AS _seq, {>kept_values}, {from_table|{>is_untold}}{from_query|{>is_kept_untold}} AS _is_untold, {from_table|{text_times|{r|{>is_odd}} AS }{number_times|NULL AS }}{from_query|r.}_oddity FROM {>batch_name} AS r) AS s

--: judged_rows
(SELECT *, {s|{in_haste|{>row_is_valid}}} AS _is_valid FROM {>batch_rows}) AS s
