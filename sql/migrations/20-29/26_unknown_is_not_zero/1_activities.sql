-- needs: activity_features, athlete_daily_features, athlete_rolling_features, athlete_weekly_features, silver_strava_activities, ops_actor
-- unless: activity_features.load_reason
--
-- Each activity without a load gets its reason, each day and calendar row how much of its time has no known load. What is told
-- no more (the ratio, the form and the flag where too little is known) is for the stages to withdraw, as the new version does.
DROP VIEW IF EXISTS gold_athlete_metrics_summary;
DROP VIEW IF EXISTS activity_features_versions;
CREATE TABLE IF NOT EXISTS activity_features_earlier AS SELECT 0 AS publication_id, * FROM activity_features_history WHERE false;
CREATE TEMP TABLE activity_features_before AS SELECT * FROM main.activity_features;
CREATE TEMP TABLE activity_features_history_before AS SELECT * FROM main.activity_features_history;
CREATE TEMP TABLE activity_features_earlier_before AS SELECT * FROM main.activity_features_earlier;
DROP TABLE main.activity_features;
DROP TABLE main.activity_features_history;
DROP TABLE main.activity_features_earlier;

CREATE TABLE "activity_features" (
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
    "intensity_factor" REAL, -- ratio; threshold pace over pace; runs only
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
CREATE INDEX "activity_features_asof" ON "activity_features" ("athlete_id", "event_timestamp", "available_at");
INSERT INTO activity_features (athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min,
    elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor,
    threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct,
    hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at)
SELECT b.athlete_id, b.activity_id, b.event_timestamp, b.activity_date, b.utc_offset_s, b.sport_type, b.is_run, b.distance_km,
       b.moving_time_min, b.elapsed_time_min, b.pace_min_km, b.elevation_gain_m, b.elevation_per_km, b.estimated_tss,
       b.load_source,
       CASE WHEN b.estimated_tss IS NOT NULL THEN NULL
            WHEN b.is_run AND b.pace_min_km IS NOT NULL THEN 'a load that nobody bears: a fault of the facts or of a setting'
            WHEN b.avg_hr IS NULL THEN
                CASE WHEN NOT b.is_run THEN '' WHEN b.moving_time_min = 0 THEN 'no moving time and ' WHEN a.is_indoor THEN 'indoors without distance and ' ELSE 'no distance and ' END
                || CASE WHEN instr(a.quality_flags, 'average_heart_rate_is_human') THEN 'a heart rate that no heart has' ELSE 'no heart rate' END
            WHEN b.reference_max_hr IS NULL THEN 'heart rate, but no maximum to hold it against'
            WHEN b.avg_hr > b.reference_max_hr THEN 'heart rate above the maximum known before, which it proves wrong'
            ELSE 'heart rate, but no threshold between rest and maximum' END,
       b.intensity_factor, b.threshold_pace_min_km, b.threshold_source, b.avg_hr, b.max_hr, b.reference_max_hr, b.hr_zone_1_pct,
       b.hr_zone_2_pct, b.hr_zone_3_pct, b.hr_zone_4_pct, b.hr_zone_5_pct, b.efficiency_index, b.available_at
FROM temp.activity_features_before AS b
LEFT JOIN silver_strava_activities AS a ON (a.athlete_id, a.activity_id) = (b.athlete_id, b.activity_id);

CREATE TABLE "activity_features_history" (
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
CREATE INDEX "activity_features_history_asof" ON "activity_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX "activity_features_history_row" ON "activity_features_history" ("athlete_id", "activity_id");
INSERT INTO activity_features_history (athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min,
    elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor,
    threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct,
    hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by)
SELECT athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min,
       elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source,
       NULL AS load_reason,
       intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct,
       hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by
FROM temp.activity_features_history_before;

CREATE TABLE "activity_features_earlier" (
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
CREATE INDEX "activity_features_earlier_asof" ON "activity_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
INSERT INTO activity_features_earlier (publication_id, athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km,
    moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason,
    intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct,
    hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by)
SELECT publication_id, athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km,
       moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source,
       NULL AS load_reason,
       intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct,
       hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by
FROM temp.activity_features_earlier_before;

DROP TABLE temp.activity_features_earlier_before;
DROP TABLE temp.activity_features_history_before;
DROP TABLE temp.activity_features_before;
