-- How much of a day's time has no known load, from its activities.
DROP VIEW IF EXISTS athlete_daily_features_versions;
CREATE TABLE IF NOT EXISTS athlete_daily_features_earlier AS SELECT 0 AS publication_id, * FROM athlete_daily_features_history WHERE false;
CREATE TEMP TABLE athlete_daily_features_before AS SELECT * FROM main.athlete_daily_features;
CREATE TEMP TABLE athlete_daily_features_history_before AS SELECT * FROM main.athlete_daily_features_history;
CREATE TEMP TABLE athlete_daily_features_earlier_before AS SELECT * FROM main.athlete_daily_features_earlier;
DROP TABLE main.athlete_daily_features;
DROP TABLE main.athlete_daily_features_history;
DROP TABLE main.athlete_daily_features_earlier;

CREATE TABLE "athlete_daily_features" (
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
CREATE INDEX "athlete_daily_features_asof" ON "athlete_daily_features" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX activity_features_by_day ON activity_features (athlete_id, activity_date);
INSERT INTO athlete_daily_features (athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m,
    daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at)
SELECT b.athlete_id, b.activity_date, b.event_timestamp, b.activities, b.runs, b.distance_km, b.run_distance_km, b.moving_time_min,
       b.elevation_gain_m, b.daily_tss, b.unknown_load,
       (SELECT COALESCE(exact_sum(f.moving_time_min), 0.0) FROM activity_features AS f
        WHERE f.athlete_id = b.athlete_id AND f.activity_date = b.activity_date AND f.estimated_tss IS NULL),
       b.avg_pace, b.avg_hr, b.max_hr, b.available_at
FROM temp.athlete_daily_features_before AS b;

CREATE TABLE "athlete_daily_features_history" (
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
CREATE INDEX "athlete_daily_features_history_asof" ON "athlete_daily_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX "athlete_daily_features_history_row" ON "athlete_daily_features_history" ("athlete_id", "activity_date");
INSERT INTO athlete_daily_features_history (athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m,
    daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at, superseded_at, superseded_by)
SELECT athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min, elevation_gain_m,
       daily_tss, unknown_load,
       CASE WHEN unknown_load = 0 THEN 0.0 END,
       avg_pace, avg_hr, max_hr, available_at, superseded_at, superseded_by
FROM temp.athlete_daily_features_history_before;

CREATE TABLE "athlete_daily_features_earlier" (
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
CREATE INDEX "athlete_daily_features_earlier_asof" ON "athlete_daily_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
INSERT INTO athlete_daily_features_earlier (publication_id, athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min,
    elevation_gain_m, daily_tss, unknown_load, unknown_load_min, avg_pace, avg_hr, max_hr, available_at, superseded_at,
    superseded_by)
SELECT publication_id, athlete_id, activity_date, event_timestamp, activities, runs, distance_km, run_distance_km, moving_time_min,
       elevation_gain_m, daily_tss, unknown_load,
       CASE WHEN unknown_load = 0 THEN 0.0 END,
       avg_pace, avg_hr, max_hr, available_at, superseded_at, superseded_by
FROM temp.athlete_daily_features_earlier_before;

DROP TABLE temp.athlete_daily_features_earlier_before;
DROP TABLE temp.athlete_daily_features_history_before;
DROP TABLE temp.athlete_daily_features_before;
