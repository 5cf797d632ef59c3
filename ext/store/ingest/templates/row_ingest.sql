--# The view <g>_ingest and its triggers: what a batch does for many rows they do for one. SQLite asks the trigger first that was made
--# last, and each pays for the largest program that it may run: most rows are new, valid and in form, and the first takes them.

--: ingest_view
{replaces|DROP VIEW IF EXISTS "{table}_ingest";
}CREATE VIEW IF NOT EXISTS "{table}_ingest" AS SELECT {columns: "{column}"} FROM "{table}";
{replaces|DROP TRIGGER IF EXISTS "{table}_ingest_reject";
}CREATE TRIGGER IF NOT EXISTS "{table}_ingest_reject" INSTEAD OF INSERT ON "{table}_ingest"
WHEN NOT {new|{>single_is_valid}}
BEGIN
{new|{>single_rejects}}END;
{text_times|{>single_times}}{replaces|DROP TRIGGER IF EXISTS "{table}_ingest_row";
}CREATE TRIGGER IF NOT EXISTS "{table}_ingest_row" INSTEAD OF INSERT ON "{table}_ingest"
WHEN {new|{>single_is_valid}}
BEGIN
{new|{>single_row}}END;
{replaces|DROP TRIGGER IF EXISTS "{table}_ingest_new";
}CREATE TRIGGER IF NOT EXISTS "{table}_ingest_new" INSTEAD OF INSERT ON "{table}_ingest"
WHEN {new|{>single_is_new}} AND {new|{>single_is_valid}}
BEGIN
{new|{>single_new}}END;

--: single_is_valid
CASE{>validity_tests}{unique|
    WHEN {>unique_taken} THEN 0}
    ELSE 1 END

--: single_rejects
--# A compound SELECT would be limited in its terms. The row of constants makes sure of the names column1 and so on.
    INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, reason, row, rejected_at)
    SELECT '{group}', column1, column2, column3, column4, _row, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    FROM (SELECT {>row_json} AS _row) CROSS JOIN (VALUES ('', '', NULL, '', 1){rules|,
        ('{of_column|{column}}', '{rule}', {>rule_value}, {>rule_reason}, {>rule_holds})}{unique|,
        ('{column}', 'unique', {>value}, '{column} is in another row', NOT {>unique_taken})})
    WHERE NOT column5;

--: single_row
--# RAISE(IGNORE) ends the work for the row: where it is there already, and so that no other trigger judges it again.
    UPDATE "{table}" SET "{available}" = max({available_column|{>value}}, {>now}){corrected|, "{column}" = {>value}}
    WHERE ({row_key: "{column}"}) = ({row_key: {>value}}) AND ({told: "{column}"}) IS NOT ({told: {>value}});
    SELECT RAISE(IGNORE) FROM "{table}" WHERE ({row_key: "{column}"}) = ({row_key: {>value}});
    INSERT INTO "{table}" ({columns: "{column}"})
    VALUES ({columns: {is_told|{>value}}{is_available|max({>value}, COALESCE({>deleted_at}, {>value}){has_usual|, CASE WHEN new."{column}" IS NULL AND {>is_live} THEN {>now} ELSE {>value} END})}});
    SELECT RAISE(IGNORE);

--: single_is_new
--# Whether nothing needs to be asked of a row but its rules: it says when it was known, and its like was never there.
new."{available}" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({row_key: o."{column}"}) = ({row_key: {>value}}))
   AND NOT EXISTS (SELECT 1 FROM "{table}_history" AS o WHERE ({row_key: o."{column}"}) = ({row_key: {>value}}))

--: single_new
    INSERT INTO "{table}" ({columns: "{column}"}) VALUES ({columns: {>value}});
    SELECT RAISE(IGNORE);

--: is_live
CASE (SELECT value FROM ops_config WHERE name = 'arrivals') WHEN 'live' THEN 1 WHEN 'history' THEN 0 ELSE {>is_published} END

--: is_published
--# Whether anything was published of the row's keys. Whoever looked since was answered without the row, also where it is the newest.
(EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({keys: o."{column}"}) = ({keys: {row}"{column}"}))
        OR EXISTS (SELECT 1 FROM "{table}_history" AS o WHERE ({keys: o."{column}"}) = ({keys: {row}"{column}"})))

--: deleted_at
--# Until when a row was believed that is not there; NULL if it never was.
(SELECT MAX(o.superseded_at) FROM "{table}_history" AS o WHERE ({row_key: o."{column}"}) = ({row_key: {row}"{column}"}))
