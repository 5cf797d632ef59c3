--# What a definition asks of a row. {value} is the current column's where the row is: after "new." in a trigger, "s." in a
--# query, and with what NULL stands for where that is to be filled in.

--: usual_available
--# When a row can be known that does not say it: the delay after its timestamp.
{at_once|{timestamp_column|{>told_value}}}{delayed_text|strftime('{whole_seconds|%Y-%m-%dT%H:%M:%SZ}{milliseconds|%Y-%m-%dT%H:%M:%fZ}', {timestamp_column|{>told_value}}, '+{delay_s} seconds')}{delayed_number|{row}"{timestamp}" + {whole_delay_s}}

--: value
{as_it_is|{>told_value}}{with_default|COALESCE({>told_value}, {default})}{with_usual|COALESCE({>told_value}, {>usual_available})}

--: told_value
--# The times of a source are written in the group's form: a day is its end, by the athlete's own clock where that is known.
{source_time|COALESCE("feature form"({row}"{column}", {digits}), "feature instant"({row}"{column}", {digits}, {of_athlete|CASE length({row}"{column}") WHEN 10 THEN {>utc_offset} ELSE 0 END}{of_others|0}))}{plain|{row}"{column}"}

--: utc_offset
COALESCE((SELECT z.utc_offset_s FROM athlete_utc_offsets AS z WHERE z.athlete_id = {row}"{athlete_key}" AND z.local_date <= {row}"{column}" ORDER BY z.local_date DESC LIMIT 1),
         (SELECT z.utc_offset_s FROM athlete_utc_offsets AS z WHERE z.athlete_id = {row}"{athlete_key}" ORDER BY z.local_date LIMIT 1), 0)

--: is_in_form
--# Whether a time is written in the group's form and is one. In a trigger by what SQLite has: a modifier makes it count, and a later
--# day of the 30th of February and of 24:00; the day alone comes before the text that begins with it. A blob comes after ':', and
--# GLOB does not see what stands behind a zero byte. A letter is two bytes in a database of UTF-16.
{time_in_query|"feature time"({>value}, {digits})}{time_in_trigger|CASE {>form_tests}}

--: is_in_form_or_same
--# Most rows are known at their own time, of which this was asked before.
{time_in_query|"feature time"({>value}, {digits})}{time_in_trigger|CASE {is_available|WHEN {>value} = {timestamp_column|{>value}} THEN 1 }{>form_tests}}

--: form_tests
{whole_seconds|WHEN {>value} NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN {>value} NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST({>value} AS BLOB)) = 20 THEN date({>value}, '+0 seconds') < {>value} WHEN length(CAST({>value} AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date({>value}, '+0 seconds') < {>value} END}{milliseconds|WHEN {>value} NOT GLOB '????-??-??T??:??:??.[0-9][0-9][0-9]Z' THEN 0 WHEN {>value} NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST({>value} AS BLOB)) = 24 THEN date({>value}, '+0 seconds') < {>value} WHEN length(CAST({>value} AS BLOB)) = length(CAST('2025-10-20T06:00:00.000Z' AS BLOB)) THEN date({>value}, '+0 seconds') < {>value} END}

--: row_is_valid
--# 1 if the row keeps every rule, else 0: as few tests as say it, since they run for every row, and one beside the other, since
--# SQLite limits how deep an expression may be. A comparison with NULL is no reason: whether NULL may stand there is asked before.
CASE{was_looked_at|
    WHEN {row}_oddity AND (0{columns|{own_time| OR ({>is_in_form}) IS NOT TRUE}}) THEN 0}{>validity_tests}
    ELSE 1 END

--: validity_tests
{columns|{>type_tests}{>list_tests}}{predicates|
    WHEN {>predicate} IS 0 THEN 0}

--: type_tests
--# Type and range of a column, and whether it may be NULL. Numbers come before texts and blobs, so that one BETWEEN says both
--# range and type; and a text that is one of some texts is a text.
{null_is_asked|
    WHEN {>value} IS NULL THEN 0}{bounded_required|
    WHEN (+{>value} BETWEEN {min} AND {max}) IS NOT TRUE THEN 0}{bounded|
    WHEN +{>value} NOT BETWEEN {min} AND {max} THEN 0}{typed|
    WHEN {time_in_trigger|{may_be_null|{>value} IS NOT NULL AND }}({quick|{quick_check}) IS NOT TRUE}{slow|{check}) IS 0}{time_in_query|{may_be_null| AND {>value} IS NOT NULL}} THEN 0{minimum|
    WHEN +{>value} < {min} THEN 0}{maximum|
    WHEN +{>value} > {max} THEN 0}}{own_time|{not_looked_at|
    WHEN ({>is_in_form_or_same}) IS NOT TRUE THEN 0}}{own_number|
    WHEN +{>value} NOT {>is_of_years} THEN 0}

--: is_of_years
--# Seconds of the years 1 to 9999, so that milliseconds are refused.
BETWEEN -62135596800 AND 253402300799

--: list_tests
--# A CASE is faster than a list, for which SQLite makes an index; and in a query a column is read each time it is named.
{listed|
    WHEN {time_in_trigger|{>value} IS NOT NULL AND }CASE {listed_text|+}{>value}{allowed| WHEN {member} THEN 0} ELSE {time_in_trigger|1}{time_in_query|{>value} IS NOT NULL} END THEN 0}{patterned|
    WHEN {>value} NOT GLOB '{pattern}' THEN 0}

--: predicate
--# It names columns alone; in a trigger they stand in a row of their own.
{in_query|({predicate})}{in_trigger|(SELECT ({predicate}) FROM (SELECT {columns: {>value} AS "{column}"}))}

--: rule_holds
--# 1 if the row keeps this rule; whether NULL may stand there is another rule. The + takes a column's affinity away, which would
--# turn the limit into a text beside a text.
({rule_not_null|{>value} IS NOT NULL)}{rule_type|{>value} IS NULL OR ({check}){own_time| AND ({>is_in_form}) IS TRUE}{own_number| AND +{>value} {>is_of_years}}) IS NOT 0}{rule_min|+{>value} >= {min}) IS NOT 0}{rule_max|+{>value} <= {max}) IS NOT 0}{rule_allowed|{>value} IN ({allowed: {member}})) IS NOT 0}{rule_pattern|{>value} GLOB '{pattern}') IS NOT 0}{rule_predicate|{>predicate}) IS NOT 0}

--: rule_reason
--# What is wrong with a row that breaks this rule.
'{rule_not_null|{column} is missing}{rule_type|{column} is not of type {type}{own_time|: expected a day (2025-10-20) or an instant (2025-10-20T06:00:00Z, 2025-10-20 08:00:00.5+02:00)}{own_number|: expected whole seconds since 1970, of the years 1 to 9999}}{rule_min|{column} is below {min}}{rule_max|{column} is above {max}}{rule_allowed|{column} is none of {allowed: {text_member|{member_text}}{number_member|{member_number}}}}{rule_pattern|{column} is not like {pattern}}{rule_predicate|{reason}}{rule_unique|{column} is in another row}{rule_twice|another row of the batch has the same key and came first}'

--: rule_value
{of_column|{>value}}{of_row|NULL}

--: json_value
--# A value that JSON can hold, a blob as its hexadecimal digits.
CASE WHEN typeof({>value}) = 'blob' THEN hex({>value}) WHEN {>value} IN (9e999, -9e999) THEN CAST({>value} AS TEXT) ELSE {>value} END

--: row_json
--# Without SQLite's JSON functions, which some versions refuse in a trigger where the schema is not trusted. The row tells one
--# reject from another: a REAL has 15 digits in every version. The + keeps the name column2, which would be the column's own.
(SELECT printf('{{%s}}', group_concat(printf(CASE WHEN column3 THEN '"%s":"%s"' ELSE '"%s":%s' END, column1,
        column2))) FROM (SELECT column1, typeof(column2) IN ('text', 'blob') OR column2 IN (9e999, -9e999) AS column3,
        CASE WHEN column2 IS NULL THEN 'null' WHEN typeof(column2) = 'blob' OR instr(column2, char(0)) THEN hex(column2)
        WHEN typeof(column2) = 'text' THEN {>json_text}
        WHEN typeof(column2) = 'real' THEN printf('%!.15g', column2) ELSE column2 END AS column2 FROM (VALUES {columns: ('{column}', +{>value})})))

--: json_text
--# A text as it stands in JSON. Neither replace() nor printf() sees a zero byte: such a text is its bytes, as a blob is.
CASE WHEN column2 GLOB printf('*[%c-%c]*', char(1), char(31)) THEN (
        WITH RECURSIVE e(t, n) AS (
            SELECT replace(replace(column2, '\', '\\'), '"', '\"'), 1
            UNION ALL
            SELECT replace(t, char(n), CASE n WHEN 8 THEN '\b' WHEN 9 THEN '\t' WHEN 10 THEN '\n'
                   WHEN 12 THEN '\f' WHEN 13 THEN '\r' ELSE printf('\u%04x', n) END), n + 1
            FROM e WHERE n < 32)
        SELECT t FROM e WHERE n = 32)
        ELSE replace(replace(column2, '\', '\\'), '"', '\"') END
