-- needs: silver_strava_activities
-- Activities that no stage had looked at.
INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT '410_activity_features', athlete_id FROM silver_strava_activities;
