--: history_triggers
--# A version stops being believed when the one that replaces it became known, or now. What was replaced before it could be
--# known was never believed: then the version before it ends where the new one begins, or now. Where triggers are recursive, the
--# update that dates the new version comes here, too: until that is done nobody has superseded the old one (x''), by which it is
--# told from an update of somebody's own.
{replaces|DROP TRIGGER IF EXISTS "{table}_replaced";
}CREATE TRIGGER IF NOT EXISTS "{table}_replaced" AFTER UPDATE ON "{table}"
WHEN ({columns: old."{column}"}) IS NOT ({columns: new."{column}"})
    AND (SELECT superseded_by FROM "{table}_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "{table}_history" ({columns: "{column}"}, superseded_at, superseded_by)
    SELECT {columns: "{column}"}, {>replaced_at}, superseded_by FROM "{table}_history"
    WHERE ({row_key: "{column}"}) = ({row_key: old."{column}"}) AND {>ends_earlier}
    UNION ALL
    SELECT {columns: old."{column}"}, CASE WHEN new."{available}" > old."{available}" THEN new."{available}" ELSE max({>now}, old."{available}") END,
        CASE WHEN new."{available}" > old."{available}" THEN {>who} ELSE x'' END;
    UPDATE "{table}" SET "{available}" = {>now} -- one belief begins where the other ended
    WHERE ({row_key: "{column}"}) = ({row_key: new."{column}"}) AND "{available}" < {>now}
        AND (SELECT superseded_by FROM "{table}_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "{table}_history" -- what was never believed leaves no version
    WHERE ({row_key: "{column}"}) = ({row_key: old."{column}"}) AND (superseded_at <= "{available}" OR {>ends_earlier});
    UPDATE "{table}_history" SET superseded_by = {>who} WHERE rowid = (SELECT MAX(rowid) FROM "{table}_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
{replaces|DROP TRIGGER IF EXISTS "{table}_deleted";
}CREATE TRIGGER IF NOT EXISTS "{table}_deleted" AFTER DELETE ON "{table}"
WHEN ({columns: old."{column}"}) IS NOT (SELECT {columns: "{column}"} FROM "{table}_history"
    WHERE ({row_key: "{column}"}) = ({row_key: old."{column}"}) ORDER BY rowid DESC LIMIT 1)
BEGIN
{>into_history}, {>who}
    FROM (SELECT {>now} AS _until)
    WHERE _until > old."{available}";
    UPDATE "{table}_history" SET superseded_at = {>now}
    WHERE old."{available}" > {>now} AND ({row_key: "{column}"}) = ({row_key: old."{column}"}) AND superseded_at > {>now};
    DELETE FROM "{table}_history"
    WHERE old."{available}" > {>now} AND ({row_key: "{column}"}) = ({row_key: old."{column}"}) AND superseded_at <= "{available}";
END;

--: replaced_at
max(new."{available}", {>now})

--: ends_earlier
--# A version that was to be believed until one that has been replaced before it could be known.
superseded_at > {>replaced_at}

--: into_history
    INSERT INTO "{table}_history" ({columns: "{column}"}, superseded_at, superseded_by)
    SELECT {columns: old."{column}"}, _until

--: who
(SELECT who FROM ops_actor)

--: now
--# This moment, in the form of the group's times.
{whole_seconds|strftime('%Y-%m-%dT%H:%M:%SZ', 'now')}{milliseconds|strftime('%Y-%m-%dT%H:%M:%fZ', 'now')}{number_times|CAST(strftime('%s', 'now') AS INTEGER)}

--: once_trigger
--# Refuses an INSERT of a row that is there. REPLACE takes out what is in its way without asking the triggers that keep it, and
--# inside a trigger it looks like any other INSERT or UPDATE. So nothing may be in the way. And of one that was believed until
--# later than it is said to have been known: there is one version at a time.
{replaces|DROP TRIGGER IF EXISTS "{table}_once";
}CREATE TRIGGER IF NOT EXISTS "{table}_once" BEFORE INSERT ON "{table}"
WHEN EXISTS (SELECT 1 FROM "{table}_history" WHERE ({row_key: "{column}"}) = ({row_key: new."{column}"}) AND superseded_at > new."{available}")
   OR {>is_there}
BEGIN SELECT RAISE(ABORT, '{table}: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;

--: moved_trigger
{replaces|DROP TRIGGER IF EXISTS "{table}_moved";
}CREATE TRIGGER IF NOT EXISTS "{table}_moved" BEFORE UPDATE OF {row_key: "{column}"}{unique|, "{column}"} ON "{table}"
WHEN ({row_key: new."{column}"}) IS NOT ({row_key: old."{column}"}) AND {>is_there}
BEGIN SELECT RAISE(ABORT, '{table}: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;

--: is_there
EXISTS (SELECT 1 FROM "{table}" WHERE ({row_key: "{column}"}) = ({row_key: new."{column}"})){stored|{unique|
   OR {>unique_taken}}}

--: unique_taken
--# Whether another row of the group's table has the value of this row's column, which is to be unique.
EXISTS (SELECT 1 FROM "{table}" AS o WHERE o."{column}" = {>value} AND ({row_key: o."{column}"}) IS NOT ({row_key: {>value}}))
