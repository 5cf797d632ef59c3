-- A week says what its monotony asks for.
DROP VIEW IF EXISTS athlete_weekly_features_versions;
CREATE TEMP TABLE week_before AS SELECT * FROM athlete_weekly_features;
DROP TABLE athlete_weekly_features;
CREATE TABLE "athlete_weekly_features" (
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
CREATE INDEX "athlete_weekly_features_asof" ON "athlete_weekly_features" ("athlete_id", "event_timestamp", "available_at");
INSERT INTO athlete_weekly_features (athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m,
    avg_pace_week, training_monotony, training_strain, available_at)
SELECT athlete_id, week_start, event_timestamp, days, weekly_distance_km, weekly_activities, weekly_tss, weekly_elevation_m,
       avg_pace_week, training_monotony, training_strain, available_at
FROM temp.week_before;
DROP TABLE temp.week_before;

INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'activity_features',
       json_object('loads_with_a_reason', (SELECT COUNT(*) FROM activity_features WHERE load_reason IS NOT NULL));
