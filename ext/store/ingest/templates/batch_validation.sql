--# What an ingest would do with each row: its number, the verdict, of a reject the first rule that it breaks, and its values. What
--# asks other rows comes last: an ingest asks it of rows that keep all other rules. What is told of a rule is a CASE of its own
--# over the rule's number, so that no expression is deep.

--: batch_validation
WITH r AS MATERIALIZED (SELECT {>batch_values} FROM ({query}) AS r),
valid AS (SELECT *, {s|{>row_is_valid}} AS _is_valid FROM (SELECT ROW_NUMBER() OVER () AS _seq, r.* FROM r) AS s),
s AS MATERIALIZED (SELECT *, CASE WHEN _is_valid THEN ROW_NUMBER() OVER (PARTITION BY _is_valid, {row_key: "{column}"} ORDER BY _seq) END AS _nth FROM valid),
judged AS MATERIALIZED (SELECT s.*, {s|{>first_broken}} AS _broken FROM s)
{s|SELECT s._seq, {>verdict}, CASE s._broken{numbered_rules|
    WHEN {number} THEN '{of_column|{column}}'} END, CASE s._broken{numbered_rules|
    WHEN {number} THEN '{rule}'} END, CASE s._broken{numbered_rules|
    WHEN {number} THEN {of_column|{>json_value}}{of_row|NULL}} END, CASE s._broken{numbered_rules|
    WHEN {number} THEN {>rule_reason}} END, {columns: {>value}}}
FROM judged AS s ORDER BY s._seq

--: first_broken
CASE{numbered_rules|
    WHEN {of_row_alone|NOT ({>rule_holds})}{rule_unique|{>unique_taken}}{rule_twice|s._nth > 1 AND EXISTS (SELECT 1 FROM s AS f WHERE f._nth = 1 AND ({row_key: f."{column}"}) = ({row_key: s."{column}"}) AND ({told: f."{column}"}) IS NOT ({told: s."{column}"}))} THEN {number}} END

--: verdict
CASE WHEN s._broken IS NOT NULL THEN 'reject' WHEN s._nth > 1 THEN 'same'{table_is_there| WHEN EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"}) AND ({told: s."{column}"}) IS NOT ({told: o."{column}"})) THEN 'change'
    WHEN EXISTS (SELECT 1 FROM "{table}" AS o WHERE ({row_key: o."{column}"}) = ({row_key: s."{column}"})) THEN 'same'} ELSE 'new' END
