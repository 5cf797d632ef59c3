--# Rows that are there, whose times are not in the group's form: written anew in it, superseded versions, too. What is no time,
--# and a row whose key another row has then, goes to feature_rejects. To be followed by the group's triggers.

--: times_rewritten
DROP TRIGGER IF EXISTS "{table}_replaced";
DROP TRIGGER IF EXISTS "{table}_deleted";
DROP TRIGGER IF EXISTS "{table}_once";
DROP TRIGGER IF EXISTS "{table}_moved";
DROP TRIGGER IF EXISTS "{table}_in_form";
DROP TRIGGER IF EXISTS "{table}_in_form_moved";
DROP TRIGGER IF EXISTS "{table}_history_in_form";
DROP TRIGGER IF EXISTS "{table}_history_in_form_moved";
CREATE TEMP TABLE feature_times AS
SELECT *, _new_timestamp IS NOT NULL AND _new_available IS NOT NULL AND _new_superseded IS NOT NULL AS _is_time, 0 AS _is_there, 0 AS _is_within, NULL AS _row
FROM (SELECT *, {r|CASE WHEN "feature time"({timestamp_column|{>told_value}}, {digits}) THEN {timestamp_column|{>told_value}} END AS _new_timestamp,
             CASE WHEN "feature time"({available_column|{>told_value}}, {digits}) THEN {available_column|{>told_value}} END AS _new_available}, _new_superseded
      FROM (SELECT {columns: "{column}"}, NULL AS _rowid, NULL AS superseded_at, NULL AS superseded_by, '' AS _new_superseded FROM "{table}"
            WHERE "feature time"("{timestamp}", {digits}) IS NOT TRUE OR "feature time"("{available}", {digits}) IS NOT TRUE
            UNION ALL
            SELECT {columns: "{column}"}, rowid, superseded_at, superseded_by, CASE WHEN "feature time"(_until, {digits}) THEN _until END
            FROM (SELECT *, rowid, "feature instant"(superseded_at, {digits}, {of_athlete|CASE length(superseded_at) WHEN 10 THEN {>superseded_offset} ELSE 0 END}{of_others|0}) AS _until FROM "{table}_history" AS h)
            WHERE "feature time"("{timestamp}", {digits}) IS NOT TRUE OR "feature time"("{available}", {digits}) IS NOT TRUE
               OR "feature time"(superseded_at, {digits}) IS NOT TRUE) AS r);
UPDATE temp.feature_times AS s SET _row = {s|{>row_json}};
DELETE FROM "{table}" WHERE ({row_key: "{column}"}) IN (SELECT {row_key: "{column}"} FROM temp.feature_times WHERE _rowid IS NULL);
DELETE FROM "{table}_history" WHERE rowid IN (SELECT _rowid FROM temp.feature_times);
UPDATE temp.feature_times SET "{timestamp}" = _new_timestamp, "{available}" = _new_available WHERE _is_time;
INSERT OR IGNORE INTO "{table}" ({columns: "{column}"})
SELECT {columns: "{column}"} FROM temp.feature_times WHERE _is_time AND _rowid IS NULL ORDER BY rowid;
-- Rows of several keys may be of one now. One version at a time is believed: each until the next, and none within another.
CREATE INDEX temp.feature_times_by_key ON feature_times ({row_key: "{column}"});
UPDATE temp.feature_times AS s SET _new_superseded = COALESCE((SELECT MIN(o."{available}") FROM (
    SELECT {row_key|"{column}", }"{available}" FROM "{table}_versions" UNION ALL SELECT {row_key|"{column}", }"{available}" FROM temp.feature_times WHERE _is_time AND _rowid IS NOT NULL) AS o
    WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"}) AND o."{available}" > s."{available}" AND o."{available}" < s._new_superseded), _new_superseded)
WHERE _is_time AND _rowid IS NOT NULL;
UPDATE temp.feature_times AS s SET _is_within = 1 WHERE _is_time AND _rowid IS NOT NULL AND (
    EXISTS (SELECT 1 FROM "{table}_versions" AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"}) AND o."{available}" <= s."{available}"
            AND (o.superseded_at IS NULL OR o.superseded_at > s."{available}"))
    OR EXISTS (SELECT 1 FROM temp.feature_times AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"}) AND o._is_time AND o._rowid IS NOT NULL
               AND (o."{available}" < s."{available}" OR o."{available}" = s."{available}" AND o._rowid > s._rowid) AND o._new_superseded > s."{available}"));
UPDATE temp.feature_times AS s SET _is_there = 1 WHERE _is_time AND NOT _is_within AND (_rowid IS NULL OR _new_superseded > "{available}")
    AND (_rowid IS NOT NULL OR EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({columns: o."{column}"}) IS ({columns: s."{column}"})));
INSERT INTO "{table}_history" (rowid, {columns: "{column}"}, superseded_at, superseded_by)
SELECT _rowid, {columns: "{column}"}, _new_superseded, superseded_by FROM temp.feature_times WHERE _is_there AND _rowid IS NOT NULL;
INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, reason, row, rejected_at)
SELECT '{group}', CASE WHEN _is_time THEN '' WHEN _new_timestamp IS NULL THEN '{timestamp}' WHEN _new_available IS NULL THEN '{available}' ELSE 'superseded_at' END,
       CASE WHEN _is_time THEN 'one_row_per_key' ELSE 'type' END,
       CASE WHEN _is_time THEN NULL WHEN _new_timestamp IS NULL THEN "{timestamp}" WHEN _new_available IS NULL THEN "{available}" ELSE superseded_at END,
       CASE WHEN _is_time AND _rowid IS NOT NULL THEN 'another version of the row is believed at that time when its times are written in the form of the group'
            WHEN _is_time THEN 'another row has the same key when its times are written in the form of the group'
            ELSE 'a time of a row that was there is neither a day (2025-10-20) nor an instant (2025-10-20T06:00:00Z)' END,
       _row, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
FROM temp.feature_times WHERE NOT _is_there;
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', '{group}',
       json_object('times_rewritten', SUM(_is_there), 'times_rejected', SUM(NOT _is_there))
FROM temp.feature_times GROUP BY NULL;
DROP TABLE temp.feature_times;

--: superseded_offset
--# A day from which on a row was no longer believed ends as that of the row which replaced it does.
COALESCE((SELECT z.utc_offset_s FROM athlete_utc_offsets AS z WHERE z.athlete_id = h."{athlete_key}" AND z.local_date <= superseded_at ORDER BY z.local_date DESC LIMIT 1),
         (SELECT z.utc_offset_s FROM athlete_utc_offsets AS z WHERE z.athlete_id = h."{athlete_key}" ORDER BY z.local_date LIMIT 1), 0)
