-- stage:    314_outlook_tables
-- purpose:  the tables of the bundled groups that look back from the end of each day, their history, views and triggers
-- reads:    -
-- writes:   -; athlete_rolling_features, athlete_rolling_features_earlier, athlete_rolling_features_history, training_breaks, training_breaks_earlier, training_breaks_history
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '314_outlook_tables',
    'the tables of the bundled groups that look back from the end of each day, their history, views and triggers',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- tables athlete_rolling_features, training_breaks: printed by `make stages`
-- athlete_rolling_features 2.0.0: Load, form, trends and risk for every calendar day, looking back from the end of that day
CREATE TABLE IF NOT EXISTS "athlete_rolling_features" (
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
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_asof" ON "athlete_rolling_features" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "athlete_rolling_features_history" (
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
CREATE INDEX IF NOT EXISTS "athlete_rolling_features_earlier_asof" ON "athlete_rolling_features_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "athlete_rolling_features_versions" AS
SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "athlete_rolling_features"
UNION ALL
SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by FROM "athlete_rolling_features_history";
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_replaced" AFTER UPDATE ON "athlete_rolling_features"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."unknown_load_share_42d", old."load_reason", old."history_days", old."is_overtraining_risk", old."available_at") IS NOT (new."athlete_id", new."as_of_date", new."event_timestamp", new."daily_tss", new."ctl_42d", new."atl_7d", new."tsb", new."acwr", new."ctl_ewma", new."atl_ewma", new."tsb_ewma", new."acwr_ewma", new."total_tss_7d", new."total_tss_28d", new."total_tss_90d", new."activities_7d", new."activities_28d", new."activities_30d", new."activities_42d", new."activities_90d", new."total_distance_7d_km", new."total_distance_28d_km", new."total_distance_30d_km", new."total_distance_42d_km", new."total_distance_90d_km", new."longest_distance_30d_km", new."longest_distance_90d_km", new."total_elevation_30d_m", new."avg_pace_30d", new."best_pace_30d", new."avg_pace_90d", new."best_pace_90d", new."pace_trend_30d", new."distance_trend_30d", new."pace_trend_90d", new."distance_trend_90d", new."consistency_score", new."training_monotony_7d", new."training_strain_7d", new."rest_days_14d", new."unknown_load_42d", new."unknown_load_share_42d", new."load_reason", new."history_days", new."is_overtraining_risk", new."available_at")
    AND (SELECT superseded_by FROM "athlete_rolling_features_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "athlete_rolling_features_history" ("athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "athlete_rolling_features_history"
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."unknown_load_share_42d", old."load_reason", old."history_days", old."is_overtraining_risk", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "athlete_rolling_features" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "athlete_rolling_features_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "athlete_rolling_features_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "athlete_rolling_features_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "athlete_rolling_features_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_deleted" AFTER DELETE ON "athlete_rolling_features"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."unknown_load_share_42d", old."load_reason", old."history_days", old."is_overtraining_risk", old."available_at") IS NOT (SELECT "athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at" FROM "athlete_rolling_features_history"
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "athlete_rolling_features_history" ("athlete_id", "as_of_date", "event_timestamp", "daily_tss", "ctl_42d", "atl_7d", "tsb", "acwr", "ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma", "total_tss_7d", "total_tss_28d", "total_tss_90d", "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d", "total_distance_7d_km", "total_distance_28d_km", "total_distance_30d_km", "total_distance_42d_km", "total_distance_90d_km", "longest_distance_30d_km", "longest_distance_90d_km", "total_elevation_30d_m", "avg_pace_30d", "best_pace_30d", "avg_pace_90d", "best_pace_90d", "pace_trend_30d", "distance_trend_30d", "pace_trend_90d", "distance_trend_90d", "consistency_score", "training_monotony_7d", "training_strain_7d", "rest_days_14d", "unknown_load_42d", "unknown_load_share_42d", "load_reason", "history_days", "is_overtraining_risk", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."daily_tss", old."ctl_42d", old."atl_7d", old."tsb", old."acwr", old."ctl_ewma", old."atl_ewma", old."tsb_ewma", old."acwr_ewma", old."total_tss_7d", old."total_tss_28d", old."total_tss_90d", old."activities_7d", old."activities_28d", old."activities_30d", old."activities_42d", old."activities_90d", old."total_distance_7d_km", old."total_distance_28d_km", old."total_distance_30d_km", old."total_distance_42d_km", old."total_distance_90d_km", old."longest_distance_30d_km", old."longest_distance_90d_km", old."total_elevation_30d_m", old."avg_pace_30d", old."best_pace_30d", old."avg_pace_90d", old."best_pace_90d", old."pace_trend_30d", old."distance_trend_30d", old."pace_trend_90d", old."distance_trend_90d", old."consistency_score", old."training_monotony_7d", old."training_strain_7d", old."rest_days_14d", old."unknown_load_42d", old."unknown_load_share_42d", old."load_reason", old."history_days", old."is_overtraining_risk", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "athlete_rolling_features_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "athlete_rolling_features_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_once" BEFORE INSERT ON "athlete_rolling_features"
WHEN EXISTS (SELECT 1 FROM "athlete_rolling_features_history" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "athlete_rolling_features" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_moved" BEFORE UPDATE OF "athlete_id", "as_of_date" ON "athlete_rolling_features"
WHEN (new."athlete_id", new."as_of_date") IS NOT (old."athlete_id", old."as_of_date") AND EXISTS (SELECT 1 FROM "athlete_rolling_features" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_in_form" BEFORE INSERT ON "athlete_rolling_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "athlete_rolling_features"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_history_in_form" BEFORE INSERT ON "athlete_rolling_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "athlete_rolling_features_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_earlier_in_form" BEFORE INSERT ON "athlete_rolling_features_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "athlete_rolling_features_earlier_keep" BEFORE UPDATE ON "athlete_rolling_features_earlier"
BEGIN SELECT RAISE(ABORT, 'athlete_rolling_features_earlier: what was published stays as it was'); END;

-- training_breaks 1.0.0: How regularly an athlete trains and how he has paused, for every calendar day, looking back from the end of that day
CREATE TABLE IF NOT EXISTS "training_breaks" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL, -- local day
    "event_timestamp" TEXT NOT NULL, -- end of the day where the athlete was, UTC
    "active_days_7d" INTEGER NOT NULL, -- d; days with an activity in 7
    "active_days_28d" INTEGER NOT NULL, -- d; days with an activity in 28
    "active_days_90d" INTEGER NOT NULL, -- d; days with an activity in 90
    "active_share_14d" REAL NOT NULL, -- share; share of days with an activity, each day weighing half as much as the fourteenth after it
    "active_share_28d" REAL NOT NULL, -- share; share of days with an activity, each day weighing half as much as the twenty-eighth after it
    "days_since_activity" INTEGER NOT NULL, -- d; days since the last day with an activity
    "longest_gap_28d" INTEGER NOT NULL, -- d; longest time from one active day to the next, of those that ended within 28 days, and to this day
    "longest_gap_90d" INTEGER NOT NULL, -- d; longest time from one active day to the next, of those that ended within 90 days, and to this day
    "gap_spread_56d" REAL, -- d; standard deviation of the times between active days that ended within 56 days; NULL for fewer than three
    "breaks_365d" INTEGER NOT NULL, -- count; breaks of seven days or more whose seventh day is within 365 days
    "days_since_break" INTEGER NOT NULL, -- d; days since the seventh day of the last such break, or, without one, of history
    "break_last_year" INTEGER, -- 0 or 1; 1 if 52 weeks ago such a break began on this day or within the next 14; NULL without that much history
    "season_sin1" REAL NOT NULL, -- ratio; sine of the angle of the day in its year
    "season_cos1" REAL NOT NULL, -- ratio; its cosine
    "season_sin2" REAL NOT NULL, -- ratio; sine of twice the angle
    "season_cos2" REAL NOT NULL, -- ratio; its cosine
    "season_sin3" REAL NOT NULL, -- ratio; sine of three times the angle
    "season_cos3" REAL NOT NULL, -- ratio; its cosine
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "as_of_date")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "training_breaks_asof" ON "training_breaks" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "training_breaks_history" (
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "active_days_7d" INTEGER NOT NULL,
    "active_days_28d" INTEGER NOT NULL,
    "active_days_90d" INTEGER NOT NULL,
    "active_share_14d" REAL NOT NULL,
    "active_share_28d" REAL NOT NULL,
    "days_since_activity" INTEGER NOT NULL,
    "longest_gap_28d" INTEGER NOT NULL,
    "longest_gap_90d" INTEGER NOT NULL,
    "gap_spread_56d" REAL,
    "breaks_365d" INTEGER NOT NULL,
    "days_since_break" INTEGER NOT NULL,
    "break_last_year" INTEGER,
    "season_sin1" REAL NOT NULL,
    "season_cos1" REAL NOT NULL,
    "season_sin2" REAL NOT NULL,
    "season_cos2" REAL NOT NULL,
    "season_sin3" REAL NOT NULL,
    "season_cos3" REAL NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "training_breaks_history_asof" ON "training_breaks_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "training_breaks_history_row" ON "training_breaks_history" ("athlete_id", "as_of_date");
CREATE TABLE IF NOT EXISTS "training_breaks_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "as_of_date" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "active_days_7d" INTEGER NOT NULL,
    "active_days_28d" INTEGER NOT NULL,
    "active_days_90d" INTEGER NOT NULL,
    "active_share_14d" REAL NOT NULL,
    "active_share_28d" REAL NOT NULL,
    "days_since_activity" INTEGER NOT NULL,
    "longest_gap_28d" INTEGER NOT NULL,
    "longest_gap_90d" INTEGER NOT NULL,
    "gap_spread_56d" REAL,
    "breaks_365d" INTEGER NOT NULL,
    "days_since_break" INTEGER NOT NULL,
    "break_last_year" INTEGER,
    "season_sin1" REAL NOT NULL,
    "season_cos1" REAL NOT NULL,
    "season_sin2" REAL NOT NULL,
    "season_cos2" REAL NOT NULL,
    "season_sin3" REAL NOT NULL,
    "season_cos3" REAL NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "training_breaks_earlier_asof" ON "training_breaks_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "training_breaks_versions" AS
SELECT "athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "training_breaks"
UNION ALL
SELECT "athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at", superseded_at, superseded_by FROM "training_breaks_history";
CREATE TRIGGER IF NOT EXISTS "training_breaks_replaced" AFTER UPDATE ON "training_breaks"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."active_days_7d", old."active_days_28d", old."active_days_90d", old."active_share_14d", old."active_share_28d", old."days_since_activity", old."longest_gap_28d", old."longest_gap_90d", old."gap_spread_56d", old."breaks_365d", old."days_since_break", old."break_last_year", old."season_sin1", old."season_cos1", old."season_sin2", old."season_cos2", old."season_sin3", old."season_cos3", old."available_at") IS NOT (new."athlete_id", new."as_of_date", new."event_timestamp", new."active_days_7d", new."active_days_28d", new."active_days_90d", new."active_share_14d", new."active_share_28d", new."days_since_activity", new."longest_gap_28d", new."longest_gap_90d", new."gap_spread_56d", new."breaks_365d", new."days_since_break", new."break_last_year", new."season_sin1", new."season_cos1", new."season_sin2", new."season_cos2", new."season_sin3", new."season_cos3", new."available_at")
    AND (SELECT superseded_by FROM "training_breaks_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "training_breaks_history" ("athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "training_breaks_history"
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."active_days_7d", old."active_days_28d", old."active_days_90d", old."active_share_14d", old."active_share_28d", old."days_since_activity", old."longest_gap_28d", old."longest_gap_90d", old."gap_spread_56d", old."breaks_365d", old."days_since_break", old."break_last_year", old."season_sin1", old."season_cos1", old."season_sin2", old."season_cos2", old."season_sin3", old."season_cos3", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "training_breaks" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "training_breaks_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "training_breaks_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "training_breaks_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "training_breaks_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "training_breaks_deleted" AFTER DELETE ON "training_breaks"
WHEN (old."athlete_id", old."as_of_date", old."event_timestamp", old."active_days_7d", old."active_days_28d", old."active_days_90d", old."active_share_14d", old."active_share_28d", old."days_since_activity", old."longest_gap_28d", old."longest_gap_90d", old."gap_spread_56d", old."breaks_365d", old."days_since_break", old."break_last_year", old."season_sin1", old."season_cos1", old."season_sin2", old."season_cos2", old."season_sin3", old."season_cos3", old."available_at") IS NOT (SELECT "athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at" FROM "training_breaks_history"
    WHERE ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "training_breaks_history" ("athlete_id", "as_of_date", "event_timestamp", "active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d", "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year", "season_sin1", "season_cos1", "season_sin2", "season_cos2", "season_sin3", "season_cos3", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."as_of_date", old."event_timestamp", old."active_days_7d", old."active_days_28d", old."active_days_90d", old."active_share_14d", old."active_share_28d", old."days_since_activity", old."longest_gap_28d", old."longest_gap_90d", old."gap_spread_56d", old."breaks_365d", old."days_since_break", old."break_last_year", old."season_sin1", old."season_cos1", old."season_sin2", old."season_cos2", old."season_sin3", old."season_cos3", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "training_breaks_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "training_breaks_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "as_of_date") = (old."athlete_id", old."as_of_date") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_once" BEFORE INSERT ON "training_breaks"
WHEN EXISTS (SELECT 1 FROM "training_breaks_history" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "training_breaks" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'training_breaks: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_moved" BEFORE UPDATE OF "athlete_id", "as_of_date" ON "training_breaks"
WHEN (new."athlete_id", new."as_of_date") IS NOT (old."athlete_id", old."as_of_date") AND EXISTS (SELECT 1 FROM "training_breaks" WHERE ("athlete_id", "as_of_date") = (new."athlete_id", new."as_of_date"))
BEGIN SELECT RAISE(ABORT, 'training_breaks: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_in_form" BEFORE INSERT ON "training_breaks"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'training_breaks: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "training_breaks"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'training_breaks: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_history_in_form" BEFORE INSERT ON "training_breaks_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'training_breaks_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "training_breaks_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'training_breaks_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "training_breaks_earlier_in_form" BEFORE INSERT ON "training_breaks_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'training_breaks_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "training_breaks_earlier_keep" BEFORE UPDATE ON "training_breaks_earlier"
BEGIN SELECT RAISE(ABORT, 'training_breaks_earlier: what was published stays as it was'); END;
-- end

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '314_outlook_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
