-- stage:    312_calendar_tables
-- purpose:  the tables of the bundled groups of who an athlete is and what each day and week held, their history, views and triggers
-- reads:    -
-- writes:   -; athlete_profile, athlete_profile_earlier, athlete_profile_history, athlete_daily_features, athlete_daily_features_earlier, athlete_daily_features_history, athlete_weekly_features, athlete_weekly_features_earlier, athlete_weekly_features_history
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '312_calendar_tables',
    'the tables of the bundled groups of who an athlete is and what each day and week held, their history, views and triggers',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- tables athlete_profile, athlete_daily_features, athlete_weekly_features: printed by `make stages`
-- athlete_profile 1.0.1: Who an athlete is: the first values told, kept
CREATE TABLE IF NOT EXISTS "athlete_profile" (
    "athlete_id" TEXT NOT NULL,
    "sex" TEXT CHECK ("sex" IN ('M', 'F')), -- first value told
    "birth_year" INTEGER, -- year; first value told
    "first_activity_date" TEXT NOT NULL, -- local day of the first activity
    "event_timestamp" TEXT NOT NULL, -- start of the first activity, UTC
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "athlete_profile_asof" ON "athlete_profile" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "athlete_profile_history" (
    "athlete_id" TEXT NOT NULL,
    "sex" TEXT,
    "birth_year" INTEGER,
    "first_activity_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "athlete_profile_history_asof" ON "athlete_profile_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "athlete_profile_history_row" ON "athlete_profile_history" ("athlete_id");
CREATE TABLE IF NOT EXISTS "athlete_profile_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "sex" TEXT,
    "birth_year" INTEGER,
    "first_activity_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "athlete_profile_earlier_asof" ON "athlete_profile_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_profile_versions" AS
SELECT "athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_profile"
UNION ALL
SELECT "athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", superseded_at, superseded_by FROM "athlete_profile_history";
CREATE TRIGGER IF NOT EXISTS "athlete_profile_replaced" AFTER UPDATE ON "athlete_profile"
WHEN (old."athlete_id", old."sex", old."birth_year", old."first_activity_date", old."event_timestamp", old."available_at") IS NOT (new."athlete_id", new."sex", new."birth_year", new."first_activity_date", new."event_timestamp", new."available_at")
    AND (SELECT superseded_by FROM "athlete_profile_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "athlete_profile_history" ("athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "athlete_profile_history"
    WHERE ("athlete_id") = (old."athlete_id") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."sex", old."birth_year", old."first_activity_date", old."event_timestamp", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "athlete_profile" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id") = (new."athlete_id") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "athlete_profile_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "athlete_profile_history" -- what was never believed leaves no version
    WHERE ("athlete_id") = (old."athlete_id") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "athlete_profile_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "athlete_profile_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_profile_deleted" AFTER DELETE ON "athlete_profile"
WHEN (old."athlete_id", old."sex", old."birth_year", old."first_activity_date", old."event_timestamp", old."available_at") IS NOT (SELECT "athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at" FROM "athlete_profile_history"
    WHERE ("athlete_id") = (old."athlete_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_profile_history" ("athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."sex", old."birth_year", old."first_activity_date", old."event_timestamp", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_profile_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id") = (old."athlete_id") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "athlete_profile_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id") = (old."athlete_id") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_once" BEFORE INSERT ON "athlete_profile"
WHEN EXISTS (SELECT 1 FROM "athlete_profile_history" WHERE ("athlete_id") = (new."athlete_id") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "athlete_profile" WHERE ("athlete_id") = (new."athlete_id"))
BEGIN SELECT RAISE(ABORT, 'athlete_profile: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_moved" BEFORE UPDATE OF "athlete_id" ON "athlete_profile"
WHEN (new."athlete_id") IS NOT (old."athlete_id") AND EXISTS (SELECT 1 FROM "athlete_profile" WHERE ("athlete_id") = (new."athlete_id"))
BEGIN SELECT RAISE(ABORT, 'athlete_profile: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_in_form" BEFORE INSERT ON "athlete_profile"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_profile"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_history_in_form" BEFORE INSERT ON "athlete_profile_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "athlete_profile_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_profile_earlier_in_form" BEFORE INSERT ON "athlete_profile_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_earlier_keep" BEFORE UPDATE ON "athlete_profile_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_profile_earlier: what was published stays as it was'); END;

-- athlete_daily_features 1.1.0: The activities of each local day, added up
CREATE TABLE IF NOT EXISTS "athlete_daily_features" (
    "athlete_id" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL, -- local day
    "event_timestamp" TEXT NOT NULL, -- end of the day where the athlete was, UTC
    "activities" INTEGER NOT NULL, -- count; activities of the day; one that a rule keeps out is there with its moving time and no more
    "runs" INTEGER NOT NULL, -- count; of them runs
    "distance_km" REAL NOT NULL, -- km; distance of all sports
    "run_distance_km" REAL NOT NULL, -- km; distance of runs
    "moving_time_min" REAL NOT NULL, -- min; time in motion
    "elevation_gain_m" REAL NOT NULL, -- m; metres climbed
    "daily_tss" REAL NOT NULL, -- TSS; load of the activities whose load is known
    "unknown_load" INTEGER NOT NULL, -- count; activities whose load is not known
    "unknown_load_min" REAL, -- min; time in motion of the activities whose load is not known
    "avg_pace" REAL, -- min/km; moving time over distance of the day's runs
    "avg_hr" REAL, -- bpm; mean heart rate, weighted by moving time
    "max_hr" REAL, -- bpm; highest heart rate
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_date")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "athlete_daily_features_asof" ON "athlete_daily_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "athlete_daily_features_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activities" INTEGER NOT NULL,
    "runs" INTEGER NOT NULL,
    "distance_km" REAL NOT NULL,
    "run_distance_km" REAL NOT NULL,
    "moving_time_min" REAL NOT NULL,
    "elevation_gain_m" REAL NOT NULL,
    "daily_tss" REAL NOT NULL,
    "unknown_load" INTEGER NOT NULL,
    "unknown_load_min" REAL,
    "avg_pace" REAL,
    "avg_hr" REAL,
    "max_hr" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "athlete_daily_features_history_asof" ON "athlete_daily_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "athlete_daily_features_history_row" ON "athlete_daily_features_history" ("athlete_id", "activity_date");
CREATE TABLE IF NOT EXISTS "athlete_daily_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activities" INTEGER NOT NULL,
    "runs" INTEGER NOT NULL,
    "distance_km" REAL NOT NULL,
    "run_distance_km" REAL NOT NULL,
    "moving_time_min" REAL NOT NULL,
    "elevation_gain_m" REAL NOT NULL,
    "daily_tss" REAL NOT NULL,
    "unknown_load" INTEGER NOT NULL,
    "unknown_load_min" REAL,
    "avg_pace" REAL,
    "avg_hr" REAL,
    "max_hr" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "athlete_daily_features_earlier_asof" ON "athlete_daily_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_daily_features_versions" AS
SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_daily_features"
UNION ALL
SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by FROM "athlete_daily_features_history";
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_replaced" AFTER UPDATE ON "athlete_daily_features"
WHEN (old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."unknown_load_min", old."avg_pace", old."avg_hr", old."max_hr", old."available_at") IS NOT (new."athlete_id", new."activity_date", new."event_timestamp", new."activities", new."runs", new."distance_km", new."run_distance_km", new."moving_time_min", new."elevation_gain_m", new."daily_tss", new."unknown_load", new."unknown_load_min", new."avg_pace", new."avg_hr", new."max_hr", new."available_at")
    AND (SELECT superseded_by FROM "athlete_daily_features_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "athlete_daily_features_history" ("athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "athlete_daily_features_history"
    WHERE ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."unknown_load_min", old."avg_pace", old."avg_hr", old."max_hr", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "athlete_daily_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "athlete_daily_features_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "athlete_daily_features_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "athlete_daily_features_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "athlete_daily_features_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_deleted" AFTER DELETE ON "athlete_daily_features"
WHEN (old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."unknown_load_min", old."avg_pace", old."avg_hr", old."max_hr", old."available_at") IS NOT (SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at" FROM "athlete_daily_features_history"
    WHERE ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_daily_features_history" ("athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "unknown_load_min", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."unknown_load_min", old."avg_pace", old."avg_hr", old."max_hr", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_daily_features_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "athlete_daily_features_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_once" BEFORE INSERT ON "athlete_daily_features"
WHEN EXISTS (SELECT 1 FROM "athlete_daily_features_history" WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "athlete_daily_features" WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_moved" BEFORE UPDATE OF "athlete_id", "activity_date" ON "athlete_daily_features"
WHEN (new."athlete_id", new."activity_date") IS NOT (old."athlete_id", old."activity_date") AND EXISTS (SELECT 1 FROM "athlete_daily_features" WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_in_form" BEFORE INSERT ON "athlete_daily_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_daily_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_history_in_form" BEFORE INSERT ON "athlete_daily_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "athlete_daily_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_earlier_in_form" BEFORE INSERT ON "athlete_daily_features_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_earlier_keep" BEFORE UPDATE ON "athlete_daily_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_earlier: what was published stays as it was'); END;

-- athlete_weekly_features 1.0.2: Volume, load, monotony and strain of every week from Monday to Sunday
CREATE TABLE IF NOT EXISTS "athlete_weekly_features" (
    "athlete_id" TEXT NOT NULL,
    "week_start" TEXT NOT NULL, -- Monday
    "event_timestamp" TEXT NOT NULL, -- end of Sunday where the athlete was, UTC
    "days" INTEGER NOT NULL, -- days; days so far; fewer than 7 in the first and the current week
    "weekly_distance_km" REAL NOT NULL, -- km; distance of all sports
    "weekly_activities" INTEGER NOT NULL, -- count; activities
    "weekly_tss" REAL NOT NULL, -- TSS; training load
    "weekly_elevation_m" REAL NOT NULL, -- m; metres climbed
    "avg_pace_week" REAL, -- min/km; moving time over distance of the week's runs
    "training_monotony" REAL, -- ratio; mean over standard deviation of daily load; NULL in an incomplete week, when all days are alike or when too little load is known
    "training_strain" REAL, -- TSS; weekly load times monotony
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "week_start")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "athlete_weekly_features_asof" ON "athlete_weekly_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "athlete_weekly_features_history" (
    "athlete_id" TEXT NOT NULL,
    "week_start" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "days" INTEGER NOT NULL,
    "weekly_distance_km" REAL NOT NULL,
    "weekly_activities" INTEGER NOT NULL,
    "weekly_tss" REAL NOT NULL,
    "weekly_elevation_m" REAL NOT NULL,
    "avg_pace_week" REAL,
    "training_monotony" REAL,
    "training_strain" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "athlete_weekly_features_history_asof" ON "athlete_weekly_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "athlete_weekly_features_history_row" ON "athlete_weekly_features_history" ("athlete_id", "week_start");
CREATE TABLE IF NOT EXISTS "athlete_weekly_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "week_start" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "days" INTEGER NOT NULL,
    "weekly_distance_km" REAL NOT NULL,
    "weekly_activities" INTEGER NOT NULL,
    "weekly_tss" REAL NOT NULL,
    "weekly_elevation_m" REAL NOT NULL,
    "avg_pace_week" REAL,
    "training_monotony" REAL,
    "training_strain" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "athlete_weekly_features_earlier_asof" ON "athlete_weekly_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_weekly_features_versions" AS
SELECT "athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_weekly_features"
UNION ALL
SELECT "athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", superseded_at, superseded_by FROM "athlete_weekly_features_history";
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_replaced" AFTER UPDATE ON "athlete_weekly_features"
WHEN (old."athlete_id", old."week_start", old."event_timestamp", old."days", old."weekly_distance_km", old."weekly_activities", old."weekly_tss", old."weekly_elevation_m", old."avg_pace_week", old."training_monotony", old."training_strain", old."available_at") IS NOT (new."athlete_id", new."week_start", new."event_timestamp", new."days", new."weekly_distance_km", new."weekly_activities", new."weekly_tss", new."weekly_elevation_m", new."avg_pace_week", new."training_monotony", new."training_strain", new."available_at")
    AND (SELECT superseded_by FROM "athlete_weekly_features_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "athlete_weekly_features_history" ("athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "athlete_weekly_features_history"
    WHERE ("athlete_id", "week_start") = (old."athlete_id", old."week_start") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."week_start", old."event_timestamp", old."days", old."weekly_distance_km", old."weekly_activities", old."weekly_tss", old."weekly_elevation_m", old."avg_pace_week", old."training_monotony", old."training_strain", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "athlete_weekly_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "athlete_weekly_features_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "athlete_weekly_features_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "week_start") = (old."athlete_id", old."week_start") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "athlete_weekly_features_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "athlete_weekly_features_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_deleted" AFTER DELETE ON "athlete_weekly_features"
WHEN (old."athlete_id", old."week_start", old."event_timestamp", old."days", old."weekly_distance_km", old."weekly_activities", old."weekly_tss", old."weekly_elevation_m", old."avg_pace_week", old."training_monotony", old."training_strain", old."available_at") IS NOT (SELECT "athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at" FROM "athlete_weekly_features_history"
    WHERE ("athlete_id", "week_start") = (old."athlete_id", old."week_start") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_weekly_features_history" ("athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."week_start", old."event_timestamp", old."days", old."weekly_distance_km", old."weekly_activities", old."weekly_tss", old."weekly_elevation_m", old."avg_pace_week", old."training_monotony", old."training_strain", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_weekly_features_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "week_start") = (old."athlete_id", old."week_start") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "athlete_weekly_features_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "week_start") = (old."athlete_id", old."week_start") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_once" BEFORE INSERT ON "athlete_weekly_features"
WHEN EXISTS (SELECT 1 FROM "athlete_weekly_features_history" WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "athlete_weekly_features" WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start"))
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_moved" BEFORE UPDATE OF "athlete_id", "week_start" ON "athlete_weekly_features"
WHEN (new."athlete_id", new."week_start") IS NOT (old."athlete_id", old."week_start") AND EXISTS (SELECT 1 FROM "athlete_weekly_features" WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start"))
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_in_form" BEFORE INSERT ON "athlete_weekly_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_weekly_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_history_in_form" BEFORE INSERT ON "athlete_weekly_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "athlete_weekly_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_earlier_in_form" BEFORE INSERT ON "athlete_weekly_features_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_earlier_keep" BEFORE UPDATE ON "athlete_weekly_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_earlier: what was published stays as it was'); END;
-- end

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '312_calendar_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
