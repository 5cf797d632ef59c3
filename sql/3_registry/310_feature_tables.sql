-- stage:    310_feature_tables
-- purpose:  the tables of the bundled feature groups with history, views and triggers
-- reads:    -
-- writes:   -; activity_features, activity_features_earlier, activity_features_history, athlete_daily_features, athlete_daily_features_earlier, athlete_daily_features_history, athlete_profile, athlete_profile_earlier, athlete_profile_history, athlete_rolling_features, athlete_rolling_features_earlier, athlete_rolling_features_history, athlete_weekly_features, athlete_weekly_features_earlier, athlete_weekly_features_history, race_results, race_results_earlier, race_results_history, similar_runs, similar_runs_earlier, similar_runs_history
-- follows:  -
-- grain:    -
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '310_feature_tables',
    'the tables of the bundled feature groups with history, views and triggers',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- tables: printed by `make stages`
-- activity_features 1.1.0: Pace, load, intensity and heart-rate zones of every activity, against what was known before its day
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
    "intensity_factor" REAL, -- ratio; threshold pace over pace; runs only
    "threshold_pace_min_km" REAL NOT NULL, -- min/km; threshold pace as known before this day
    "threshold_source" TEXT NOT NULL CHECK (CASE "threshold_source" WHEN 'profile' THEN 1 WHEN 'history' THEN 1 WHEN 'default' THEN 1 ELSE "threshold_source" IS NULL END), -- where the threshold pace came from
    "avg_hr" REAL, -- bpm; mean heart rate
    "max_hr" REAL, -- bpm; highest heart rate
    "reference_max_hr" REAL, -- bpm; the athlete's maximum as known before this day
    "hr_zone_1_pct" REAL, -- %; time in zone 1 (50 to 60 % of maximum) of the time with heart rate
    "hr_zone_2_pct" REAL, -- %; time in zone 2 (60 to 70 % of maximum) of the time with heart rate
    "hr_zone_3_pct" REAL, -- %; time in zone 3 (70 to 80 % of maximum) of the time with heart rate
    "hr_zone_4_pct" REAL, -- %; time in zone 4 (80 to 90 % of maximum) of the time with heart rate
    "hr_zone_5_pct" REAL, -- %; time in zone 5 (90 to 100 % of maximum) of the time with heart rate
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
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "activity_features"
UNION ALL
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by FROM "activity_features_history";
CREATE TRIGGER IF NOT EXISTS "activity_features_replaced" AFTER UPDATE ON "activity_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."event_timestamp", new."activity_date", new."utc_offset_s", new."sport_type", new."is_run", new."distance_km", new."moving_time_min", new."elapsed_time_min", new."pace_min_km", new."elevation_gain_m", new."elevation_per_km", new."estimated_tss", new."load_source", new."intensity_factor", new."threshold_pace_min_km", new."threshold_source", new."avg_hr", new."max_hr", new."reference_max_hr", new."hr_zone_1_pct", new."hr_zone_2_pct", new."hr_zone_3_pct", new."hr_zone_4_pct", new."hr_zone_5_pct", new."efficiency_index", new."available_at")
BEGIN
    INSERT INTO "activity_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "activity_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "activity_features_deleted" AFTER DELETE ON "activity_features"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at" FROM "activity_features_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "activity_features_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "utc_offset_s", "sport_type", "is_run", "distance_km", "moving_time_min", "elapsed_time_min", "pace_min_km", "elevation_gain_m", "elevation_per_km", "estimated_tss", "load_source", "intensity_factor", "threshold_pace_min_km", "threshold_source", "avg_hr", "max_hr", "reference_max_hr", "hr_zone_1_pct", "hr_zone_2_pct", "hr_zone_3_pct", "hr_zone_4_pct", "hr_zone_5_pct", "efficiency_index", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."utc_offset_s", old."sport_type", old."is_run", old."distance_km", old."moving_time_min", old."elapsed_time_min", old."pace_min_km", old."elevation_gain_m", old."elevation_per_km", old."estimated_tss", old."load_source", old."intensity_factor", old."threshold_pace_min_km", old."threshold_source", old."avg_hr", old."max_hr", old."reference_max_hr", old."hr_zone_1_pct", old."hr_zone_2_pct", old."hr_zone_3_pct", old."hr_zone_4_pct", old."hr_zone_5_pct", old."efficiency_index", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
END;
CREATE TRIGGER IF NOT EXISTS "activity_features_once" BEFORE INSERT ON "activity_features"
WHEN EXISTS (SELECT 1 FROM "activity_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "activity_features"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "activity_features" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'activity_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_in_form" BEFORE INSERT ON "activity_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "activity_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_history_in_form" BEFORE INSERT ON "activity_features_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'activity_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "activity_features_earlier_in_form" BEFORE INSERT ON "activity_features_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'activity_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "activity_features_earlier_keep" BEFORE UPDATE ON "activity_features_earlier"
BEGIN SELECT RAISE(ABORT, 'activity_features_earlier: what was published stays as it was'); END;

-- athlete_daily_features 1.0.1: The activities of each local day, added up
CREATE TABLE IF NOT EXISTS "athlete_daily_features" (
    "athlete_id" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL, -- local day
    "event_timestamp" TEXT NOT NULL, -- end of the day where the athlete was, UTC
    "activities" INTEGER NOT NULL, -- count; activities of the day
    "runs" INTEGER NOT NULL, -- count; of them runs
    "distance_km" REAL NOT NULL, -- km; distance of all sports
    "run_distance_km" REAL NOT NULL, -- km; distance of runs
    "moving_time_min" REAL NOT NULL, -- min; time in motion
    "elevation_gain_m" REAL NOT NULL, -- m; metres climbed
    "daily_tss" REAL NOT NULL, -- TSS; load of the activities whose load is known
    "unknown_load" INTEGER NOT NULL, -- count; activities whose load is not known
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
    "avg_pace" REAL,
    "avg_hr" REAL,
    "max_hr" REAL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "athlete_daily_features_earlier_asof" ON "athlete_daily_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_daily_features_versions" AS
SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "avg_pace", "avg_hr", "max_hr", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_daily_features"
UNION ALL
SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by FROM "athlete_daily_features_history";
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_replaced" AFTER UPDATE ON "athlete_daily_features"
WHEN (old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."avg_pace", old."avg_hr", old."max_hr", old."available_at") IS NOT (new."athlete_id", new."activity_date", new."event_timestamp", new."activities", new."runs", new."distance_km", new."run_distance_km", new."moving_time_min", new."elevation_gain_m", new."daily_tss", new."unknown_load", new."avg_pace", new."avg_hr", new."max_hr", new."available_at")
BEGIN
    INSERT INTO "athlete_daily_features_history" ("athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."avg_pace", old."avg_hr", old."max_hr", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_daily_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_deleted" AFTER DELETE ON "athlete_daily_features"
WHEN (old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."avg_pace", old."avg_hr", old."max_hr", old."available_at") IS NOT (SELECT "athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "avg_pace", "avg_hr", "max_hr", "available_at" FROM "athlete_daily_features_history"
    WHERE ("athlete_id", "activity_date") = (old."athlete_id", old."activity_date") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_daily_features_history" ("athlete_id", "activity_date", "event_timestamp", "activities", "runs", "distance_km", "run_distance_km", "moving_time_min", "elevation_gain_m", "daily_tss", "unknown_load", "avg_pace", "avg_hr", "max_hr", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_date", old."event_timestamp", old."activities", old."runs", old."distance_km", old."run_distance_km", old."moving_time_min", old."elevation_gain_m", old."daily_tss", old."unknown_load", old."avg_pace", old."avg_hr", old."max_hr", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_once" BEFORE INSERT ON "athlete_daily_features"
WHEN EXISTS (SELECT 1 FROM "athlete_daily_features" WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_moved" BEFORE UPDATE OF "athlete_id", "activity_date" ON "athlete_daily_features"
WHEN (new."athlete_id", new."activity_date") IS NOT (old."athlete_id", old."activity_date") AND EXISTS (SELECT 1 FROM "athlete_daily_features" WHERE ("athlete_id", "activity_date") = (new."athlete_id", new."activity_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_in_form" BEFORE INSERT ON "athlete_daily_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_daily_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_history_in_form" BEFORE INSERT ON "athlete_daily_features_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_earlier_in_form" BEFORE INSERT ON "athlete_daily_features_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_daily_features_earlier_keep" BEFORE UPDATE ON "athlete_daily_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_daily_features_earlier: what was published stays as it was'); END;

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
BEGIN
    INSERT INTO "athlete_profile_history" ("athlete_id", "sex", "birth_year", "first_activity_date", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."sex", old."birth_year", old."first_activity_date", old."event_timestamp", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_profile" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id") = (new."athlete_id") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
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
END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_once" BEFORE INSERT ON "athlete_profile"
WHEN EXISTS (SELECT 1 FROM "athlete_profile" WHERE ("athlete_id") = (new."athlete_id"))
BEGIN SELECT RAISE(ABORT, 'athlete_profile: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_moved" BEFORE UPDATE OF "athlete_id" ON "athlete_profile"
WHEN (new."athlete_id") IS NOT (old."athlete_id") AND EXISTS (SELECT 1 FROM "athlete_profile" WHERE ("athlete_id") = (new."athlete_id"))
BEGIN SELECT RAISE(ABORT, 'athlete_profile: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_in_form" BEFORE INSERT ON "athlete_profile"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_profile"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_history_in_form" BEFORE INSERT ON "athlete_profile_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'athlete_profile_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_profile_earlier_in_form" BEFORE INSERT ON "athlete_profile_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_profile_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_profile_earlier_keep" BEFORE UPDATE ON "athlete_profile_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_profile_earlier: what was published stays as it was'); END;

-- athlete_rolling_features 1.0.1: Load, form, trends and risk for every calendar day, looking back from the end of that day
CREATE TABLE IF NOT EXISTS "athlete_rolling_features" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL, -- local day at whose end the windows end
    "event_timestamp" TEXT NOT NULL, -- end of the day where the athlete was, UTC
    "daily_tss" REAL NOT NULL, -- TSS; load of the day
    "ctl_42d" REAL NOT NULL, -- TSS; fitness: mean daily load of 42 days
    "atl_7d" REAL NOT NULL, -- TSS; fatigue: mean daily load of 7 days
    "tsb" REAL NOT NULL, -- TSS; form: fitness less fatigue
    "acwr" REAL NOT NULL, -- ratio; fatigue over fitness; 0 without fitness
    "ctl_ewma" REAL NOT NULL, -- TSS; fitness, exponentially weighted
    "atl_ewma" REAL NOT NULL, -- TSS; fatigue, exponentially weighted
    "tsb_ewma" REAL NOT NULL, -- TSS; form, exponentially weighted
    "acwr_ewma" REAL NOT NULL, -- ratio; fatigue over fitness, exponentially weighted
    "total_tss_7d" REAL NOT NULL, -- TSS; load of 7 days
    "total_tss_28d" REAL NOT NULL, -- TSS; load of 28 days
    "total_tss_90d" REAL NOT NULL, -- TSS; load of 90 days
    "activities_7d" INTEGER NOT NULL, -- count; activities of 7 days
    "activities_28d" INTEGER NOT NULL, -- count; activities of 28 days
    "activities_30d" INTEGER NOT NULL, -- count; activities of 30 days
    "activities_42d" INTEGER NOT NULL, -- count; activities of 42 days
    "activities_90d" INTEGER NOT NULL, -- count; activities of 90 days
    "total_distance_7d_km" REAL NOT NULL, -- km; distance of 7 days
    "total_distance_28d_km" REAL NOT NULL, -- km; distance of 28 days
    "total_distance_30d_km" REAL NOT NULL, -- km; distance of 30 days
    "total_distance_42d_km" REAL NOT NULL, -- km; distance of 42 days
    "total_distance_90d_km" REAL NOT NULL, -- km; distance of 90 days
    "longest_distance_30d_km" REAL NOT NULL, -- km; longest activity of 30 days
    "longest_distance_90d_km" REAL NOT NULL, -- km; longest activity of 90 days
    "total_elevation_30d_m" REAL NOT NULL, -- m; metres climbed in 30 days
    "avg_pace_30d" REAL, -- min/km; mean pace of the runs of 30 days
    "best_pace_30d" REAL, -- min/km; fastest pace of the runs of 30 days
    "avg_pace_90d" REAL, -- min/km; mean pace of the runs of 90 days
    "best_pace_90d" REAL, -- min/km; fastest pace of the runs of 90 days
    "pace_trend_30d" REAL, -- min/km per day; slope of pace over 30 days; below 0: getting faster
    "distance_trend_30d" REAL, -- km per day; slope of distance over 30 days
    "pace_trend_90d" REAL, -- min/km per day; slope of pace over 90 days; below 0: getting faster
    "distance_trend_90d" REAL, -- km per day; slope of distance over 90 days
    "consistency_score" REAL NOT NULL, -- points; active days per week of what is expected, 0 to 100
    "training_monotony_7d" REAL, -- ratio; mean over standard deviation of daily load of 7 days; NULL when all days are alike
    "training_strain_7d" REAL, -- TSS; load of 7 days times monotony
    "rest_days_14d" INTEGER NOT NULL, -- days; days without activity of 14
    "unknown_load_42d" INTEGER NOT NULL, -- count; activities of 42 days whose load is not known
    "history_days" INTEGER NOT NULL, -- days; days since the first activity
    "is_overtraining_risk" INTEGER NOT NULL CHECK ("is_overtraining_risk" IN (0, 1)), -- ratio or monotony above its threshold
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "as_of_date")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_asof" ON "athlete_rolling_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "athlete_rolling_features_history" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "daily_tss" REAL NOT NULL,
    "ctl_42d" REAL NOT NULL,
    "atl_7d" REAL NOT NULL,
    "tsb" REAL NOT NULL,
    "acwr" REAL NOT NULL,
    "ctl_ewma" REAL NOT NULL,
    "atl_ewma" REAL NOT NULL,
    "tsb_ewma" REAL NOT NULL,
    "acwr_ewma" REAL NOT NULL,
    "total_tss_7d" REAL NOT NULL,
    "total_tss_28d" REAL NOT NULL,
    "total_tss_90d" REAL NOT NULL,
    "activities_7d" INTEGER NOT NULL,
    "activities_28d" INTEGER NOT NULL,
    "activities_30d" INTEGER NOT NULL,
    "activities_42d" INTEGER NOT NULL,
    "activities_90d" INTEGER NOT NULL,
    "total_distance_7d_km" REAL NOT NULL,
    "total_distance_28d_km" REAL NOT NULL,
    "total_distance_30d_km" REAL NOT NULL,
    "total_distance_42d_km" REAL NOT NULL,
    "total_distance_90d_km" REAL NOT NULL,
    "longest_distance_30d_km" REAL NOT NULL,
    "longest_distance_90d_km" REAL NOT NULL,
    "total_elevation_30d_m" REAL NOT NULL,
    "avg_pace_30d" REAL,
    "best_pace_30d" REAL,
    "avg_pace_90d" REAL,
    "best_pace_90d" REAL,
    "pace_trend_30d" REAL,
    "distance_trend_30d" REAL,
    "pace_trend_90d" REAL,
    "distance_trend_90d" REAL,
    "consistency_score" REAL NOT NULL,
    "training_monotony_7d" REAL,
    "training_strain_7d" REAL,
    "rest_days_14d" INTEGER NOT NULL,
    "unknown_load_42d" INTEGER NOT NULL,
    "history_days" INTEGER NOT NULL,
    "is_overtraining_risk" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_history_asof" ON "athlete_rolling_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_history_row" ON "athlete_rolling_features_history" ("athlete_id", "as_of_date");
CREATE TABLE IF NOT EXISTS "athlete_rolling_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "daily_tss" REAL NOT NULL,
    "ctl_42d" REAL NOT NULL,
    "atl_7d" REAL NOT NULL,
    "tsb" REAL NOT NULL,
    "acwr" REAL NOT NULL,
    "ctl_ewma" REAL NOT NULL,
    "atl_ewma" REAL NOT NULL,
    "tsb_ewma" REAL NOT NULL,
    "acwr_ewma" REAL NOT NULL,
    "total_tss_7d" REAL NOT NULL,
    "total_tss_28d" REAL NOT NULL,
    "total_tss_90d" REAL NOT NULL,
    "activities_7d" INTEGER NOT NULL,
    "activities_28d" INTEGER NOT NULL,
    "activities_30d" INTEGER NOT NULL,
    "activities_42d" INTEGER NOT NULL,
    "activities_90d" INTEGER NOT NULL,
    "total_distance_7d_km" REAL NOT NULL,
    "total_distance_28d_km" REAL NOT NULL,
    "total_distance_30d_km" REAL NOT NULL,
    "total_distance_42d_km" REAL NOT NULL,
    "total_distance_90d_km" REAL NOT NULL,
    "longest_distance_30d_km" REAL NOT NULL,
    "longest_distance_90d_km" REAL NOT NULL,
    "total_elevation_30d_m" REAL NOT NULL,
    "avg_pace_30d" REAL,
    "best_pace_30d" REAL,
    "avg_pace_90d" REAL,
    "best_pace_90d" REAL,
    "pace_trend_30d" REAL,
    "distance_trend_30d" REAL,
    "pace_trend_90d" REAL,
    "distance_trend_90d" REAL,
    "consistency_score" REAL NOT NULL,
    "training_monotony_7d" REAL,
    "training_strain_7d" REAL,
    "rest_days_14d" INTEGER NOT NULL,
    "unknown_load_42d" INTEGER NOT NULL,
    "history_days" INTEGER NOT NULL,
    "is_overtraining_risk" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_earlier_asof" ON "athlete_rolling_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_rolling_features_versions" AS
SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_rolling_features"
UNION ALL
SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by FROM "athlete_rolling_features_history";
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_replaced" AFTER UPDATE ON "athlete_rolling_features"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."history_days", old."is_overtraining_risk", old."available_at") IS NOT (new."athlete_id", new."as_of_date", new."event_timestamp", new."daily_tss", new."ctl_42d", new."atl_7d", new."tsb", new."acwr", new."ctl_ewma", new."atl_ewma", new."tsb_ewma", new."acwr_ewma", new."total_tss_7d", new."total_tss_28d", new."total_tss_90d", new."activities_7d", new."activities_28d", new."activities_30d", new."activities_42d", new."activities_90d", new."total_distance_7d_km", new."total_distance_28d_km", new."total_distance_30d_km", new."total_distance_42d_km", new."total_distance_90d_km", new."longest_distance_30d_km", new."longest_distance_90d_km", new."total_elevation_30d_m", new."avg_pace_30d", new."best_pace_30d", new."avg_pace_90d", new."best_pace_90d", new."pace_trend_30d", new."distance_trend_30d", new."pace_trend_90d", new."distance_trend_90d", new."consistency_score", new."training_monotony_7d", new."training_strain_7d", new."rest_days_14d", new."unknown_load_42d", new."history_days", new."is_overtraining_risk", new."available_at")
BEGIN
    INSERT INTO "athlete_rolling_features_history" ("athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."history_days", old."is_overtraining_risk", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_rolling_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_deleted" AFTER DELETE ON "athlete_rolling_features"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."history_days", old."is_overtraining_risk", old."available_at") IS NOT (SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk", "available_at" FROM "athlete_rolling_features_history"
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_rolling_features_history" ("athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."history_days", old."is_overtraining_risk", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_once" BEFORE INSERT ON "athlete_rolling_features"
WHEN EXISTS (SELECT 1 FROM "athlete_rolling_features" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_moved" BEFORE UPDATE OF "athlete_id", "as_of_date" ON "athlete_rolling_features"
WHEN (new."athlete_id", new."as_of_date") IS NOT (old."athlete_id", old."as_of_date") AND EXISTS (SELECT 1 FROM "athlete_rolling_features" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_in_form" BEFORE INSERT ON "athlete_rolling_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_rolling_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_history_in_form" BEFORE INSERT ON "athlete_rolling_features_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_earlier_in_form" BEFORE INSERT ON "athlete_rolling_features_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_earlier_keep" BEFORE UPDATE ON "athlete_rolling_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_earlier: what was published stays as it was'); END;

-- athlete_weekly_features 1.0.1: Volume, load, monotony and strain of every week from Monday to Sunday
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
    "training_monotony" REAL, -- ratio; mean over standard deviation of daily load; NULL in an incomplete week or when all days are alike
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
BEGIN
    INSERT INTO "athlete_weekly_features_history" ("athlete_id", "week_start", "event_timestamp", "days", "weekly_distance_km", "weekly_activities", "weekly_tss", "weekly_elevation_m", "avg_pace_week", "training_monotony", "training_strain", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."week_start", old."event_timestamp", old."days", old."weekly_distance_km", old."weekly_activities", old."weekly_tss", old."weekly_elevation_m", old."avg_pace_week", old."training_monotony", old."training_strain", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_weekly_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
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
END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_once" BEFORE INSERT ON "athlete_weekly_features"
WHEN EXISTS (SELECT 1 FROM "athlete_weekly_features" WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start"))
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_moved" BEFORE UPDATE OF "athlete_id", "week_start" ON "athlete_weekly_features"
WHEN (new."athlete_id", new."week_start") IS NOT (old."athlete_id", old."week_start") AND EXISTS (SELECT 1 FROM "athlete_weekly_features" WHERE ("athlete_id", "week_start") = (new."athlete_id", new."week_start"))
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_in_form" BEFORE INSERT ON "athlete_weekly_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_weekly_features"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_history_in_form" BEFORE INSERT ON "athlete_weekly_features_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_earlier_in_form" BEFORE INSERT ON "athlete_weekly_features_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_weekly_features_earlier_keep" BEFORE UPDATE ON "athlete_weekly_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_weekly_features_earlier: what was published stays as it was'); END;

-- race_results 1.1.0: Official distance and time of each race: the labels
CREATE TABLE IF NOT EXISTS "race_results" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL, -- local day
    "distance_class" TEXT NOT NULL, -- official distance
    "seconds" REAL NOT NULL, -- s; time over the official distance
    "source" TEXT NOT NULL CHECK (CASE "source" WHEN 'best_effort' THEN 1 WHEN 'race_tag' THEN 1 WHEN 'told' THEN 1 ELSE "source" IS NULL END), -- what the time was read from
    "measured_m" REAL NOT NULL, -- m; distance as the watch said; the class names the official one
    "event_timestamp" TEXT NOT NULL, -- the finish, UTC
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "race_results_asof" ON "race_results" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "race_results_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL,
    "distance_class" TEXT NOT NULL,
    "seconds" REAL NOT NULL,
    "source" TEXT NOT NULL,
    "measured_m" REAL NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "race_results_history_asof" ON "race_results_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "race_results_history_row" ON "race_results_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "race_results_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL,
    "distance_class" TEXT NOT NULL,
    "seconds" REAL NOT NULL,
    "source" TEXT NOT NULL,
    "measured_m" REAL NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "race_results_earlier_asof" ON "race_results_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "race_results_versions" AS
SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "race_results"
UNION ALL
SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by FROM "race_results_history";
CREATE TRIGGER IF NOT EXISTS "race_results_replaced" AFTER UPDATE ON "race_results"
WHEN (old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."race_date", new."distance_class", new."seconds", new."source", new."measured_m", new."event_timestamp", new."available_at")
BEGIN
    INSERT INTO "race_results_history" ("athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "race_results" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "race_results_deleted" AFTER DELETE ON "race_results"
WHEN (old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at" FROM "race_results_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "race_results_history" ("athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
END;
CREATE TRIGGER IF NOT EXISTS "race_results_once" BEFORE INSERT ON "race_results"
WHEN EXISTS (SELECT 1 FROM "race_results" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'race_results: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "race_results"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "race_results" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'race_results: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_in_form" BEFORE INSERT ON "race_results"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "race_results"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_history_in_form" BEFORE INSERT ON "race_results_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'race_results_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "race_results_earlier_in_form" BEFORE INSERT ON "race_results_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_earlier_keep" BEFORE UPDATE ON "race_results_earlier"
BEGIN SELECT RAISE(ABORT, 'race_results_earlier: what was published stays as it was'); END;

-- similar_runs 1.0.0: What the runs before a run, those over when it began, say of its pace: by distance, climb, hour, day of the week and age
CREATE TABLE IF NOT EXISTS "similar_runs" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL, -- start of the run, UTC; of the next run, the end of the last
    "activity_date" TEXT NOT NULL, -- local day; of the next run, the day after the last
    "distance_km" REAL NOT NULL, -- km; distance, known from the plan
    "elevation_per_km" REAL, -- m/km; climb, known from the plan
    "start_hour" REAL NOT NULL, -- h; local time of the start, known from the plan
    "weekday" INTEGER NOT NULL, -- weekday; 0 is Sunday, known from the plan
    "earlier_runs" INTEGER NOT NULL, -- count; runs before it
    "similar_pace_min_km" REAL NOT NULL, -- min/km; mean pace of similar runs, brought to this climb
    "similar_spread_min_km" REAL NOT NULL, -- min/km; standard deviation of their paces
    "similar_runs" REAL NOT NULL, -- count; how many runs of equal weight would say as much
    "similar_age_days" REAL NOT NULL, -- d; how long ago they were
    "longer_than_similar" REAL NOT NULL, -- ln(km/km); logarithm of this distance over theirs
    "steeper_than_similar" REAL NOT NULL, -- m/km; this climb less theirs
    "pace_ewma_20" REAL NOT NULL, -- min/km; mean pace of the runs before, each weighing half as much as the twentieth after it
    "last_pace_min_km" REAL NOT NULL, -- min/km; pace of the run before
    "mean_pace_5" REAL NOT NULL, -- min/km; mean pace of the last five
    "mean_pace_10" REAL NOT NULL, -- min/km; mean pace of the last ten
    "best_pace_20" REAL NOT NULL, -- min/km; fastest of the last twenty
    "pace_spread_20" REAL NOT NULL, -- min/km; standard deviation of the last twenty
    "usual_distance_km" REAL NOT NULL, -- km; geometric mean of the last twenty
    "usual_elevation_per_km" REAL NOT NULL, -- m/km; mean climb of the last twenty
    "last_distance_km" REAL NOT NULL, -- km; distance of the run before
    "days_since_run" INTEGER NOT NULL, -- d; local days since the run before
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "similar_runs_asof" ON "similar_runs" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "similar_runs_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "distance_km" REAL NOT NULL,
    "elevation_per_km" REAL,
    "start_hour" REAL NOT NULL,
    "weekday" INTEGER NOT NULL,
    "earlier_runs" INTEGER NOT NULL,
    "similar_pace_min_km" REAL NOT NULL,
    "similar_spread_min_km" REAL NOT NULL,
    "similar_runs" REAL NOT NULL,
    "similar_age_days" REAL NOT NULL,
    "longer_than_similar" REAL NOT NULL,
    "steeper_than_similar" REAL NOT NULL,
    "pace_ewma_20" REAL NOT NULL,
    "last_pace_min_km" REAL NOT NULL,
    "mean_pace_5" REAL NOT NULL,
    "mean_pace_10" REAL NOT NULL,
    "best_pace_20" REAL NOT NULL,
    "pace_spread_20" REAL NOT NULL,
    "usual_distance_km" REAL NOT NULL,
    "usual_elevation_per_km" REAL NOT NULL,
    "last_distance_km" REAL NOT NULL,
    "days_since_run" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "similar_runs_history_asof" ON "similar_runs_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "similar_runs_history_row" ON "similar_runs_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "similar_runs_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "distance_km" REAL NOT NULL,
    "elevation_per_km" REAL,
    "start_hour" REAL NOT NULL,
    "weekday" INTEGER NOT NULL,
    "earlier_runs" INTEGER NOT NULL,
    "similar_pace_min_km" REAL NOT NULL,
    "similar_spread_min_km" REAL NOT NULL,
    "similar_runs" REAL NOT NULL,
    "similar_age_days" REAL NOT NULL,
    "longer_than_similar" REAL NOT NULL,
    "steeper_than_similar" REAL NOT NULL,
    "pace_ewma_20" REAL NOT NULL,
    "last_pace_min_km" REAL NOT NULL,
    "mean_pace_5" REAL NOT NULL,
    "mean_pace_10" REAL NOT NULL,
    "best_pace_20" REAL NOT NULL,
    "pace_spread_20" REAL NOT NULL,
    "usual_distance_km" REAL NOT NULL,
    "usual_elevation_per_km" REAL NOT NULL,
    "last_distance_km" REAL NOT NULL,
    "days_since_run" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "similar_runs_earlier_asof" ON "similar_runs_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "similar_runs_versions" AS
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "similar_runs"
UNION ALL
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by FROM "similar_runs_history";
CREATE TRIGGER IF NOT EXISTS "similar_runs_replaced" AFTER UPDATE ON "similar_runs"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."event_timestamp", new."activity_date", new."distance_km", new."elevation_per_km", new."start_hour", new."weekday", new."earlier_runs", new."similar_pace_min_km", new."similar_spread_min_km", new."similar_runs", new."similar_age_days", new."longer_than_similar", new."steeper_than_similar", new."pace_ewma_20", new."last_pace_min_km", new."mean_pace_5", new."mean_pace_10", new."best_pace_20", new."pace_spread_20", new."usual_distance_km", new."usual_elevation_per_km", new."last_distance_km", new."days_since_run", new."available_at")
BEGIN
    INSERT INTO "similar_runs_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 'now') END AS _until)
    WHERE _until > old."available_at";
    UPDATE "similar_runs" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" <= old."available_at" AND strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > old."available_at";
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "similar_runs_deleted" AFTER DELETE ON "similar_runs"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at" FROM "similar_runs_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "similar_runs_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_once" BEFORE INSERT ON "similar_runs"
WHEN EXISTS (SELECT 1 FROM "similar_runs" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'similar_runs: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "similar_runs"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "similar_runs" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'similar_runs: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_in_form" BEFORE INSERT ON "similar_runs"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "similar_runs"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_history_in_form" BEFORE INSERT ON "similar_runs_history"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE AND strftime('%Y-%m-%dT%H:%M:%SZ', new.superseded_at, '+0 seconds') IS new.superseded_at)
BEGIN SELECT RAISE(ABORT, 'similar_runs_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "similar_runs_earlier_in_form" BEFORE INSERT ON "similar_runs_earlier"
WHEN NOT ((strftime('%Y-%m-%dT%H:%M:%SZ', new."event_timestamp", '+0 seconds') = new."event_timestamp" AND new."event_timestamp" >= '0001') IS TRUE AND (strftime('%Y-%m-%dT%H:%M:%SZ', COALESCE(new."available_at", new."event_timestamp"), '+0 seconds') = COALESCE(new."available_at", new."event_timestamp") AND COALESCE(new."available_at", new."event_timestamp") >= '0001') IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_earlier_keep" BEFORE UPDATE ON "similar_runs_earlier"
BEGIN SELECT RAISE(ABORT, 'similar_runs_earlier: what was published stays as it was'); END;
-- end

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '310_feature_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
