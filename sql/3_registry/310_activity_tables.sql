-- stage:    310_activity_tables
-- purpose:  the tables of the bundled groups with a row for each activity, their history, views and triggers, and what 410_activity_features keeps
-- reads:    -
-- writes:   -; activity_features, activity_features_earlier, activity_features_history, activity_stream_features, activity_stream_features_earlier, activity_stream_features_history, activity_fitness_shown, activity_heart_rate_records, unusable_training_loads
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '310_activity_tables',
    'the tables of the bundled groups with a row for each activity, their history, views and triggers, and what 410_activity_features keeps',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- tables activity_features, activity_stream_features: printed by `make stages`
-- activity_features 2.0.3: Pace, load, intensity and heart-rate zones of every activity, against what was known before its day
CREATE TABLE IF NOT EXISTS "activity_features" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL, -- start of the activity, UTC
    "activity_date" TEXT NOT NULL, -- local day
    "utc_offset_s" INTEGER NOT NULL, -- s; local time less UTC
    "sport_type" TEXT NOT NULL, -- Strava's sport type
    "is_run" INTEGER NOT NULL CHECK ("is_run" IN (0, 1)), -- Run, TrailRun or VirtualRun
    "distance_km" REAL NOT NULL, -- km; distance
    "moving_time_min" REAL NOT NULL, -- min; time in motion
    "elapsed_time_min" REAL NOT NULL, -- min; time from start to end
    "pace_min_km" REAL, -- min/km; moving time over distance; NULL without distance
    "elevation_gain_m" REAL, -- m; metres climbed
    "elevation_per_km" REAL, -- m/km; metres climbed per kilometre
    "estimated_tss" REAL, -- TSS; training load; NULL: the load is unknown, which is not a rest
    "load_source" TEXT CHECK (CASE "load_source" WHEN 'told' THEN 1 WHEN 'pace' THEN 1 WHEN 'power' THEN 1 WHEN 'heart_rate' THEN 1 WHEN 'rpe' THEN 1 ELSE "load_source" IS NULL END), -- what the load was computed from
    "load_reason" TEXT, -- why the load is unknown; NULL where it is known
    "intensity_factor" REAL, -- ratio; threshold pace over pace, climb counted as distance on the flat; runs only; of a recording by the second, its normalized graded pace
    "threshold_pace_min_km" REAL NOT NULL, -- min/km; threshold pace as known before this day
    "threshold_source" TEXT NOT NULL CHECK (CASE "threshold_source" WHEN 'profile' THEN 1 WHEN 'history' THEN 1 WHEN 'default' THEN 1 ELSE "threshold_source" IS NULL END), -- where the threshold pace came from
    "avg_hr" REAL, -- bpm; mean heart rate
    "max_hr" REAL, -- bpm; highest heart rate
    "reference_max_hr" REAL, -- bpm; the athlete's maximum as known before this day
    "hr_zone_1_pct" REAL, -- %; time in zone 1 (50 to 60 % of maximum) of the time with heart rate; NULL where the average is above the maximum
    "hr_zone_2_pct" REAL, -- %; time in zone 2 (60 to 70 % of maximum) of the time with heart rate; NULL where the average is above the maximum
    "hr_zone_3_pct" REAL, -- %; time in zone 3 (70 to 80 % of maximum) of the time with heart rate; NULL where the average is above the maximum
    "hr_zone_4_pct" REAL, -- %; time in zone 4 (80 to 90 % of maximum) of the time with heart rate; NULL where the average is above the maximum
    "hr_zone_5_pct" REAL, -- %; time in zone 5 (90 to 100 % of maximum) of the time with heart rate; NULL where the average is above the maximum
    "efficiency_index" REAL, -- min/km per bpm; pace over heart rate; runs only
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "activity_features_asof" ON "activity_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "activity_features_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "utc_offset_s" INTEGER NOT NULL,
    "sport_type" TEXT NOT NULL,
    "is_run" INTEGER NOT NULL,
    "distance_km" REAL NOT NULL,
    "moving_time_min" REAL NOT NULL,
    "elapsed_time_min" REAL NOT NULL,
    "pace_min_km" REAL,
    "elevation_gain_m" REAL,
    "elevation_per_km" REAL,
    "estimated_tss" REAL,
    "load_source" TEXT,
    "load_reason" TEXT,
    "intensity_factor" REAL,
    "threshold_pace_min_km" REAL NOT NULL,
    "threshold_source" TEXT NOT NULL,
    "avg_hr" REAL,
    "max_hr" REAL,
    "reference_max_hr" REAL,
    "hr_zone_1_pct" REAL,
    "hr_zone_2_pct" REAL,
    "hr_zone_3_pct" REAL,
    "hr_zone_4_pct" REAL,
    "hr_zone_5_pct" REAL,
    "efficiency_index" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "activity_features_history_asof" ON "activity_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "activity_features_history_row" ON "activity_features_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "activity_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "utc_offset_s" INTEGER NOT NULL,
    "sport_type" TEXT NOT NULL,
    "is_run" INTEGER NOT NULL,
    "distance_km" REAL NOT NULL,
    "moving_time_min" REAL NOT NULL,
    "elapsed_time_min" REAL NOT NULL,
    "pace_min_km" REAL,
    "elevation_gain_m" REAL,
    "elevation_per_km" REAL,
    "estimated_tss" REAL,
    "load_source" TEXT,
    "load_reason" TEXT,
    "intensity_factor" REAL,
    "threshold_pace_min_km" REAL NOT NULL,
    "threshold_source" TEXT NOT NULL,
    "avg_hr" REAL,
    "max_hr" REAL,
    "reference_max_hr" REAL,
    "hr_zone_1_pct" REAL,
    "hr_zone_2_pct" REAL,
    "hr_zone_3_pct" REAL,
    "hr_zone_4_pct" REAL,
    "hr_zone_5_pct" REAL,
    "efficiency_index" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "activity_features_earlier_asof" ON "activity_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "activity_features_versions" AS
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "activity_features"
UNION ALL
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by FROM "activity_features_history";
CREATE TRIGGER IF NOT EXISTS "activity_features_replaced" AFTER UPDATE ON "activity_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."load_reason", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."event_timestamp", new."activity_date", new."utc_offset_s", new."sport_type", new."is_run", new."distance_km", new."moving_time_min", new."elapsed_time_min", new."pace_min_km", new."elevation_gain_m", new."elevation_per_km", new."estimated_tss", new."load_source", new."load_reason", new."intensity_factor", new."threshold_pace_min_km", new."threshold_source", new."avg_hr", new."max_hr", new."reference_max_hr", new."hr_zone_1_pct", new."hr_zone_2_pct", new."hr_zone_3_pct", new."hr_zone_4_pct", new."hr_zone_5_pct", new."efficiency_index", new."available_at")
    AND (SELECT superseded_by FROM "activity_features_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "activity_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "activity_features_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."load_reason", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "activity_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "activity_features_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "activity_features_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "activity_features_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "activity_features_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "activity_features_deleted" AFTER DELETE ON "activity_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."load_reason", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at" FROM "activity_features_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "activity_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "load_reason", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."load_reason", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "activity_features_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "activity_features_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "activity_features_once" BEFORE INSERT ON "activity_features"
WHEN EXISTS (SELECT 1 FROM "activity_features_history" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "activity_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "activity_features"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "activity_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_in_form" BEFORE INSERT ON "activity_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "activity_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_history_in_form" BEFORE INSERT ON "activity_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "activity_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "activity_features_earlier_in_form" BEFORE INSERT ON "activity_features_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_earlier_keep" BEFORE UPDATE ON "activity_features_earlier"
BEGIN SELECT RAISE(ABORT, 'activity_features_earlier: what was published stays as it was'); END;

-- activity_stream_features 1.0.0: What a device recorded by the second, of every training that has such a recording
CREATE TABLE IF NOT EXISTS "activity_stream_features" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL, -- start of the activity, UTC
    "activity_date" TEXT NOT NULL, -- local day
    "recorded_as" TEXT NOT NULL, -- the activity whose recording this is: this one, or another one of the same training
    "graded_pace_min_km" REAL, -- min/km; grade-adjusted pace by Strava's curve, of the seconds in motion; runs only
    "minetti_pace_min_km" REAL, -- min/km; the same by the energy that slopes cost (Minetti); runs only
    "normalized_graded_pace_min_km" REAL, -- min/km; the steady pace on the flat that costs as much; runs only
    "decoupling_pct" REAL, -- %; how much less graded speed a heartbeat buys in the second half than in the first; runs only
    "recorded_avg_hr" REAL, -- bpm; average heart rate without dropouts and spikes
    "heart_rate_share" REAL, -- share; share of the recording with a heart rate to believe; NULL without a sensor
    "normalized_power_w" REAL, -- W; the steady power that costs as much
    "temperature_c" REAL, -- degrees Celsius; mean temperature at the device
    "load_basis" TEXT NOT NULL CHECK (CASE "load_basis" WHEN 'seconds' THEN 1 WHEN 'averages' THEN 1 WHEN 'told' THEN 1 WHEN 'none' THEN 1 ELSE "load_basis" IS NULL END), -- whether the load of the activity was computed from these seconds or from averages
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "activity_stream_features_asof" ON "activity_stream_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "activity_stream_features_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "recorded_as" TEXT NOT NULL,
    "graded_pace_min_km" REAL,
    "minetti_pace_min_km" REAL,
    "normalized_graded_pace_min_km" REAL,
    "decoupling_pct" REAL,
    "recorded_avg_hr" REAL,
    "heart_rate_share" REAL,
    "normalized_power_w" REAL,
    "temperature_c" REAL,
    "load_basis" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "activity_stream_features_history_asof" ON "activity_stream_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "activity_stream_features_history_row" ON "activity_stream_features_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "activity_stream_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "recorded_as" TEXT NOT NULL,
    "graded_pace_min_km" REAL,
    "minetti_pace_min_km" REAL,
    "normalized_graded_pace_min_km" REAL,
    "decoupling_pct" REAL,
    "recorded_avg_hr" REAL,
    "heart_rate_share" REAL,
    "normalized_power_w" REAL,
    "temperature_c" REAL,
    "load_basis" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "activity_stream_features_earlier_asof" ON "activity_stream_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "activity_stream_features_versions" AS
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "activity_stream_features"
UNION ALL
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at", superseded_at, superseded_by FROM "activity_stream_features_history";
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_replaced" AFTER UPDATE ON "activity_stream_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."recorded_as", old."graded_pace_min_km", old."minetti_pace_min_km", old."normalized_graded_pace_min_km", old."decoupling_pct", old."recorded_avg_hr", old."heart_rate_share", old."normalized_power_w", old."temperature_c", old."load_basis", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."event_timestamp", new."activity_date", new."recorded_as", new."graded_pace_min_km", new."minetti_pace_min_km", new."normalized_graded_pace_min_km", new."decoupling_pct", new."recorded_avg_hr", new."heart_rate_share", new."normalized_power_w", new."temperature_c", new."load_basis", new."available_at")
    AND (SELECT superseded_by FROM "activity_stream_features_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "activity_stream_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "activity_stream_features_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."recorded_as", old."graded_pace_min_km", old."minetti_pace_min_km", old."normalized_graded_pace_min_km", old."decoupling_pct", old."recorded_avg_hr", old."heart_rate_share", old."normalized_power_w", old."temperature_c", old."load_basis", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "activity_stream_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "activity_stream_features_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "activity_stream_features_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "activity_stream_features_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "activity_stream_features_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_deleted" AFTER DELETE ON "activity_stream_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."recorded_as", old."graded_pace_min_km", old."minetti_pace_min_km", old."normalized_graded_pace_min_km", old."decoupling_pct", old."recorded_avg_hr", old."heart_rate_share", old."normalized_power_w", old."temperature_c", old."load_basis", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at" FROM "activity_stream_features_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "activity_stream_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "recorded_as", "graded_pace_min_km", "minetti_pace_min_km", "normalized_graded_pace_min_km", "decoupling_pct", "recorded_avg_hr", "heart_rate_share", "normalized_power_w", "temperature_c", "load_basis", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."recorded_as", old."graded_pace_min_km", old."minetti_pace_min_km", old."normalized_graded_pace_min_km", old."decoupling_pct", old."recorded_avg_hr", old."heart_rate_share", old."normalized_power_w", old."temperature_c", old."load_basis", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "activity_stream_features_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "activity_stream_features_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_once" BEFORE INSERT ON "activity_stream_features"
WHEN EXISTS (SELECT 1 FROM "activity_stream_features_history" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "activity_stream_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_stream_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "activity_stream_features"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "activity_stream_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_stream_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_in_form" BEFORE INSERT ON "activity_stream_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_stream_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "activity_stream_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_stream_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_history_in_form" BEFORE INSERT ON "activity_stream_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_stream_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "activity_stream_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_stream_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "activity_stream_features_earlier_in_form" BEFORE INSERT ON "activity_stream_features_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_stream_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_stream_features_earlier_keep" BEFORE UPDATE ON "activity_stream_features_earlier"
BEGIN SELECT RAISE(ABORT, 'activity_stream_features_earlier: what was published stays as it was'); END;
-- end

CREATE INDEX IF NOT EXISTS activity_features_by_day ON activity_features (athlete_id, activity_date);

-- What the days before the first one that is asked for leave to the others.
CREATE TABLE IF NOT EXISTS activity_fitness_shown ( -- by the runs of each day's window, and of each break's
    athlete_id  TEXT NOT NULL,
    local_date  TEXT NOT NULL,
    first_start TEXT NOT NULL,
    shown_ln    REAL,            -- ln(VDOT), as if it were of the year 2000 and had not faded since
    PRIMARY KEY (athlete_id, local_date)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activity_heart_rate_records (
    athlete_id  TEXT NOT NULL,
    known_date  TEXT NOT NULL,
    end_time    TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    max_hr      REAL NOT NULL,
    PRIMARY KEY (athlete_id, known_date, end_time, activity_id)
) WITHOUT ROWID;

-- Of training that a rule keeps out, the load that its athlete told.
CREATE TABLE IF NOT EXISTS unusable_training_loads (
    athlete_id    TEXT NOT NULL,
    activity_id   TEXT NOT NULL,
    estimated_tss REAL NOT NULL,
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '310_activity_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
