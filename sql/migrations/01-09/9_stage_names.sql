-- Stages are numbered by their layer (hundreds) and topic (tens). What a stage has read goes on under its new name; old runs
-- keep the names that they ran under, and each stage announces itself when it runs.
-- A file may be so early that it has no marks yet.
CREATE TABLE IF NOT EXISTS ops_watermarks (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    position   TEXT NOT NULL,
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;
CREATE TEMP TABLE renamed (old TEXT PRIMARY KEY, new TEXT NOT NULL);
INSERT INTO renamed (old, new) VALUES
    ('00_ops_tables', '000_ops_tables'),
    ('10_bronze_strava', '100_bronze_strava'),
    ('20_silver_activities', '200_silver_activities'),
    ('21_silver_sub_activity', '210_silver_sub_activity'),
    ('22_silver_race_survey', '220_silver_race_survey'),
    ('24_feature_registry', '300_feature_registry'),
    ('25_feature_tables', '310_feature_tables'),
    ('30_athlete_profile', '400_athlete_profile'),
    ('31_activity_features', '410_activity_features'),
    ('32_daily_features', '420_daily_features'),
    ('33_rolling_features', '430_rolling_features'),
    ('34_weekly_features', '440_weekly_features'),
    ('35_race_results', '450_race_results'),
    ('36_feature_freshness', '490_feature_freshness'),
    ('40_time_estimator_rows', '500_time_estimator_rows'),
    ('41_time_estimator_train', '510_time_estimator_train'),
    ('42_time_estimator_search', '520_time_estimator_search'),
    ('50_predict_race_times', '600_predict_race_times'),
    ('60_feature_lineage', '800_feature_lineage'),
    ('61_training_sets', '320_training_sets');
UPDATE ops_watermarks SET stage = (SELECT new FROM renamed WHERE old = stage) WHERE stage IN (SELECT old FROM renamed);
DELETE FROM ops_stages WHERE stage IN (SELECT old FROM renamed);
DROP TABLE temp.renamed;
