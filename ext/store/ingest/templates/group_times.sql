--# The times by which rows are looked up have one form in all tables of a group, since texts compare in the order of time within
--# one form only: UTC, whole seconds or exactly three decimals.

--: times_trigger
--# Refuses any other form. A batch, which writes its rows in that form, goes without it.
{replaces|DROP TRIGGER IF EXISTS "{table}_in_form";
}CREATE TRIGGER IF NOT EXISTS "{table}_in_form" BEFORE INSERT ON "{table}"
WHEN NOT ({stored|{>are_in_form}{number_times|{columns|{own_number| AND {>value} {>is_of_years}}}}})
BEGIN SELECT RAISE(ABORT, '{table}: {>time_is_wrong}'); END;

--: kept_times_triggers
{replaces|DROP TRIGGER IF EXISTS "{table}_in_form_moved";
}CREATE TRIGGER IF NOT EXISTS "{table}_in_form_moved" BEFORE UPDATE OF "{timestamp}", "{available}" ON "{table}"
WHEN NOT ({stored|{>are_in_form}{number_times|{columns|{own_number| AND {>value} {>is_of_years}}}}})
BEGIN SELECT RAISE(ABORT, '{table}: {>time_is_wrong}'); END;
{replaces|DROP TRIGGER IF EXISTS "{table}_history_in_form";
}CREATE TRIGGER IF NOT EXISTS "{table}_history_in_form" BEFORE INSERT ON "{table}_history"
WHEN NOT ({>was_in_form})
BEGIN SELECT RAISE(ABORT, '{table}_history: {>time_is_wrong}'); END;
{replaces|DROP TRIGGER IF EXISTS "{table}_history_in_form_moved";
}CREATE TRIGGER IF NOT EXISTS "{table}_history_in_form_moved" BEFORE UPDATE OF "{timestamp}", "{available}", superseded_at ON "{table}_history"
WHEN NOT ({>was_in_form})
BEGIN SELECT RAISE(ABORT, '{table}_history: {>time_is_wrong}'); END;

{computed|{replaces|DROP TRIGGER IF EXISTS "{table}_earlier_in_form";
}CREATE TRIGGER IF NOT EXISTS "{table}_earlier_in_form" BEFORE INSERT ON "{table}_earlier"
WHEN NOT ({stored|{>are_in_form}})
BEGIN SELECT RAISE(ABORT, '{table}_earlier: {>time_is_wrong}'); END;
{replaces|DROP TRIGGER IF EXISTS "{table}_earlier_keep";
}CREATE TRIGGER IF NOT EXISTS "{table}_earlier_keep" BEFORE UPDATE ON "{table}_earlier"
BEGIN SELECT RAISE(ABORT, '{table}_earlier: what was published stays as it was'); END;
}
--: are_in_form
{text_times|({timestamp_column|{>is_in_form}}) IS TRUE AND ({available_column|{>is_in_form_or_same}}) IS TRUE}{number_times|typeof(new."{timestamp}") = 'integer' AND typeof(new."{available}") = 'integer'}

--: was_in_form
--# Of a version that was replaced.
{stored|{>are_in_form}} AND {whole_seconds|(CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE}{milliseconds|(CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??.[0-9][0-9][0-9]Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 24 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00.000Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE}{number_times|typeof(new.superseded_at) = 'integer'}

--: time_is_wrong
{timestamp}, {available} and superseded_at are {whole_seconds|instants in UTC such as 2025-10-20T06:00:00Z}{milliseconds|instants in UTC such as 2025-10-20T06:00:00.000Z}{number_times|whole numbers of seconds, of the years 1 to 9999}; an ingest takes other forms, too

--: single_times
--# Of a single row, where the extension may be missing: another form of a time is written in the group's, and the row comes in
--# once more. What is no time stays as it is, for the rules to refuse.
{replaces|DROP TRIGGER IF EXISTS "{table}_ingest_in_form";
}CREATE TRIGGER IF NOT EXISTS "{table}_ingest_in_form" INSTEAD OF INSERT ON "{table}_ingest"
WHEN {new|{timestamp_column|{>can_be_written}} OR {available_column|{>can_be_written}}}
BEGIN
    INSERT INTO "{table}_ingest" ({columns: "{column}"})
    VALUES ({new|{columns: {own_time|COALESCE({>written_time}, new."{column}")}{other_column|new."{column}"}}});
    SELECT RAISE(IGNORE);
END;

--: can_be_written
typeof(new."{column}") = 'text' AND ({>told_in_form}) IS NOT TRUE AND {>written_time} IS NOT NULL

--: told_in_form
{whole_seconds|CASE WHEN new."{column}" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."{column}" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."{column}" AS BLOB)) = 20 THEN date(new."{column}", '+0 seconds') < new."{column}" WHEN length(CAST(new."{column}" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."{column}", '+0 seconds') < new."{column}" END}{milliseconds|CASE WHEN new."{column}" NOT GLOB '????-??-??T??:??:??.[0-9][0-9][0-9]Z' THEN 0 WHEN new."{column}" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."{column}" AS BLOB)) = 24 THEN date(new."{column}", '+0 seconds') < new."{column}" WHEN length(CAST(new."{column}" AS BLOB)) = length(CAST('2025-10-20T06:00:00.000Z' AS BLOB)) THEN date(new."{column}", '+0 seconds') < new."{column}" END}

--: written_time
--# The text in parts: t to the second, f the digits of its fraction, z the zone. What the form has no digits for rounds up, as a
--# row is never known before its time. NULL for what is no time of the years 1 to 9999. LIMIT keeps SQLite from putting each part
--# into every place that names it, which made a program of 24,000 steps, whose frame every row paid for.
(SELECT CASE WHEN w >= '0001' THEN {whole_seconds|w || 'Z'}{milliseconds|w || printf('.%03dZ', n % 1000)} END FROM (
        SELECT {whole_seconds|strftime('%Y-%m-%dT%H:%M:%S', t, printf('%+d seconds', d - o + (ltrim(f, '0') <> '')))}{milliseconds|strftime('%Y-%m-%dT%H:%M:%S', t, printf('%+d seconds', d - o + n / 1000)) AS w, n FROM (SELECT *, CAST(substr(f || '000', 1, 3) AS INTEGER) + (ltrim(substr(f, 4), '0') <> '') AS n} {whole_seconds|AS w }FROM (
        SELECT t, f, d, CASE d WHEN 0 THEN iif(z GLOB '-*', -1, 1) * (3600 * substr(z, 2, 2) + 60 * substr(replace(z, ':', ''), 4, 2)) ELSE {of_athlete|{>utc_offset}}{of_others|0} END AS o
        FROM (SELECT t, d, f, CASE WHEN f = '' THEN r ELSE substr(r, 2 + length(f)) END AS z FROM (
            SELECT t, d, r, CASE WHEN r GLOB '.[0-9]*' THEN substr(r, 2, length(r) - 1 - length(ltrim(substr(r, 2), '0123456789'))) ELSE '' END AS f FROM (
            SELECT CASE WHEN length(v) = 10 THEN v || 'T00:00:00' WHEN substr(v, 17, 1) = ':' THEN replace(substr(v, 1, 19), ' ', 'T') ELSE replace(substr(v, 1, 16), ' ', 'T') || ':00' END AS t,
                   CASE WHEN length(v) = 10 THEN 86400 ELSE 0 END AS d, CASE WHEN length(v) = 10 THEN '' WHEN substr(v, 17, 1) = ':' THEN substr(v, 20) ELSE substr(v, 17) END AS r
            FROM (SELECT upper(new."{column}") AS v LIMIT 1) LIMIT 1) LIMIT 1) LIMIT 1)
        WHERE strftime('%Y-%m-%dT%H:%M:%S', t, '+0 seconds') = t AND t >= '0001' AND length(f) <= 9 AND (f = '' OR substr(new."{column}", 17, 1) = ':')
          AND (z IN ('', 'Z') OR (z GLOB '[+-][0-9][0-9]' OR z GLOB '[+-][0-9][0-9]:[0-9][0-9]' OR z GLOB '[+-][0-9][0-9][0-9][0-9]')
               AND substr(z, 2, 2) < '24' AND substr(replace(z, ':', ''), 4, 2) < '60') LIMIT 1){milliseconds| LIMIT 1)} LIMIT 1) LIMIT 1)
