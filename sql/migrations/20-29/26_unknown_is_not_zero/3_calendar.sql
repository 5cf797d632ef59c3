-- The same of 42 days.
DROP VIEW IF EXISTS athlete_rolling_features_versions;
CREATE TABLE IF NOT EXISTS athlete_rolling_features_earlier AS SELECT 0 AS publication_id, * FROM athlete_rolling_features_history WHERE false;
CREATE TEMP TABLE athlete_rolling_features_before AS SELECT * FROM main.athlete_rolling_features;
CREATE TEMP TABLE athlete_rolling_features_history_before AS SELECT * FROM main.athlete_rolling_features_history;
CREATE TEMP TABLE athlete_rolling_features_earlier_before AS SELECT * FROM main.athlete_rolling_features_earlier;
DROP TABLE main.athlete_rolling_features;
DROP TABLE main.athlete_rolling_features_history;
DROP TABLE main.athlete_rolling_features_earlier;

CREATE TABLE "athlete_rolling_features" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL, -- local day at whose end the windows end
    "event_timestamp" TEXT NOT NULL, -- end of the day where the athlete was, UTC
    "daily_tss" REAL NOT NULL, -- TSS; load of the day
    "ctl_42d" REAL NOT NULL, -- TSS; fitness: mean daily load of 42 days, of what is known
    "atl_7d" REAL NOT NULL, -- TSS; fatigue: mean daily load of 7 days, of what is known
    "tsb" REAL, -- TSS; form: fitness less fatigue; NULL where too little load is known
    "acwr" REAL, -- ratio; fatigue over fitness; 0 without fitness, NULL where too little load is known
    "ctl_ewma" REAL NOT NULL, -- TSS; fitness, exponentially weighted, of what is known
    "atl_ewma" REAL NOT NULL, -- TSS; fatigue, exponentially weighted, of what is known
    "tsb_ewma" REAL, -- TSS; form, exponentially weighted; NULL as tsb
    "acwr_ewma" REAL, -- ratio; fatigue over fitness, exponentially weighted; NULL as acwr
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
    "training_monotony_7d" REAL, -- ratio; mean over standard deviation of daily load of 7 days; NULL when all days are alike or too little load of them is known
    "training_strain_7d" REAL, -- TSS; load of 7 days times monotony
    "rest_days_14d" INTEGER NOT NULL, -- days; days without activity of 14
    "unknown_load_42d" INTEGER NOT NULL, -- count; activities of 42 days whose load is not known
    "unknown_load_share_42d" REAL, -- share; of the moving time of 42 days, how much has no known load: ctl_42d and atl_7d are sums of the rest
    "load_reason" TEXT, -- why tsb, acwr and is_overtraining_risk are not told; NULL where they are
    "history_days" INTEGER NOT NULL, -- days; days since the first activity
    "is_overtraining_risk" INTEGER CHECK ("is_overtraining_risk" IN (0, 1)), -- ratio or monotony above its threshold; NULL where too little load is known
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "as_of_date")
) WITHOUT ROWID;
CREATE INDEX "athlete_rolling_features_asof" ON "athlete_rolling_features" ("athlete_id", "event_timestamp", "available_at");
INSERT INTO athlete_rolling_features (athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma,
    total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d,
    total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km,
    longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d,
    best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score,
    training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days,
    is_overtraining_risk, available_at)
SELECT b.athlete_id, b.as_of_date, b.event_timestamp, b.daily_tss, b.ctl_42d, b.atl_7d, b.tsb, b.acwr, b.ctl_ewma, b.atl_ewma,
       b.tsb_ewma, b.acwr_ewma, b.total_tss_7d, b.total_tss_28d, b.total_tss_90d, b.activities_7d, b.activities_28d,
       b.activities_30d, b.activities_42d, b.activities_90d, b.total_distance_7d_km, b.total_distance_28d_km,
       b.total_distance_30d_km, b.total_distance_42d_km, b.total_distance_90d_km, b.longest_distance_30d_km,
       b.longest_distance_90d_km, b.total_elevation_30d_m, b.avg_pace_30d, b.best_pace_30d, b.avg_pace_90d, b.best_pace_90d,
       b.pace_trend_30d, b.distance_trend_30d, b.pace_trend_90d, b.distance_trend_90d, b.consistency_score,
       b.training_monotony_7d, b.training_strain_7d, b.rest_days_14d, b.unknown_load_42d,
       CASE WHEN b.unknown_load_42d = 0 THEN 0.0
            ELSE (SELECT COALESCE(1.0 * exact_sum(CAST(f.moving_time_min * 60000 + 0.5 AS INTEGER)) FILTER (WHERE f.estimated_tss IS NULL)
                                  / nullif(exact_sum(CAST(f.moving_time_min * 60000 + 0.5 AS INTEGER)), 0), 1.0)
                  FROM activity_features AS f
                  WHERE f.athlete_id = b.athlete_id AND f.activity_date BETWEEN date(b.as_of_date, '-41 days') AND b.as_of_date) END,
       NULL AS load_reason,
       b.history_days, b.is_overtraining_risk, b.available_at
FROM temp.athlete_rolling_features_before AS b;

CREATE TABLE "athlete_rolling_features_history" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "daily_tss" REAL NOT NULL,
    "ctl_42d" REAL NOT NULL,
    "atl_7d" REAL NOT NULL,
    "tsb" REAL,
    "acwr" REAL,
    "ctl_ewma" REAL NOT NULL,
    "atl_ewma" REAL NOT NULL,
    "tsb_ewma" REAL,
    "acwr_ewma" REAL,
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
    "unknown_load_share_42d" REAL,
    "load_reason" TEXT,
    "history_days" INTEGER NOT NULL,
    "is_overtraining_risk" INTEGER,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX "athlete_rolling_features_history_asof" ON "athlete_rolling_features_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX "athlete_rolling_features_history_row" ON "athlete_rolling_features_history" ("athlete_id", "as_of_date");
INSERT INTO athlete_rolling_features_history (athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma,
    total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d,
    total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km,
    longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d,
    best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score,
    training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days,
    is_overtraining_risk, available_at, superseded_at, superseded_by)
SELECT athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma, acwr_ewma,
       total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d, activities_90d,
       total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km, total_distance_90d_km,
       longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d, avg_pace_90d,
       best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score,
       training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d,
       CASE WHEN unknown_load_42d = 0 THEN 0.0 END,
       NULL AS load_reason,
       history_days, is_overtraining_risk, available_at, superseded_at, superseded_by
FROM temp.athlete_rolling_features_history_before;

CREATE TABLE "athlete_rolling_features_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "daily_tss" REAL NOT NULL,
    "ctl_42d" REAL NOT NULL,
    "atl_7d" REAL NOT NULL,
    "tsb" REAL,
    "acwr" REAL,
    "ctl_ewma" REAL NOT NULL,
    "atl_ewma" REAL NOT NULL,
    "tsb_ewma" REAL,
    "acwr_ewma" REAL,
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
    "unknown_load_share_42d" REAL,
    "load_reason" TEXT,
    "history_days" INTEGER NOT NULL,
    "is_overtraining_risk" INTEGER,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX "athlete_rolling_features_earlier_asof" ON "athlete_rolling_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
INSERT INTO athlete_rolling_features_earlier (publication_id, athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma,
    acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d,
    activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km,
    total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d, best_pace_30d,
    avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d, consistency_score,
    training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d, unknown_load_share_42d, load_reason, history_days,
    is_overtraining_risk, available_at, superseded_at, superseded_by)
SELECT publication_id, athlete_id, as_of_date, event_timestamp, daily_tss, ctl_42d, atl_7d, tsb, acwr, ctl_ewma, atl_ewma, tsb_ewma,
       acwr_ewma, total_tss_7d, total_tss_28d, total_tss_90d, activities_7d, activities_28d, activities_30d, activities_42d,
       activities_90d, total_distance_7d_km, total_distance_28d_km, total_distance_30d_km, total_distance_42d_km,
       total_distance_90d_km, longest_distance_30d_km, longest_distance_90d_km, total_elevation_30d_m, avg_pace_30d,
       best_pace_30d, avg_pace_90d, best_pace_90d, pace_trend_30d, distance_trend_30d, pace_trend_90d, distance_trend_90d,
       consistency_score, training_monotony_7d, training_strain_7d, rest_days_14d, unknown_load_42d,
       CASE WHEN unknown_load_42d = 0 THEN 0.0 END,
       NULL AS load_reason,
       history_days, is_overtraining_risk, available_at, superseded_at, superseded_by
FROM temp.athlete_rolling_features_earlier_before;

DROP TABLE temp.athlete_rolling_features_earlier_before;
DROP TABLE temp.athlete_rolling_features_history_before;
DROP TABLE temp.athlete_rolling_features_before;
