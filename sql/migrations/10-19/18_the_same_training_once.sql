-- needs: silver_strava_activities
-- Two recordings of one training counted twice: whoever has activities is looked at once. These are made anew with another reader.
DROP VIEW IF EXISTS run_evidence;
DROP TRIGGER IF EXISTS silver_strava_activities_due_400_added;
DROP TRIGGER IF EXISTS silver_strava_activities_due_400_changed;
DROP TRIGGER IF EXISTS silver_strava_activities_due_400_gone;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_410_added;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_410_changed;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_410_gone;
INSERT OR IGNORE INTO ops_due (stage, athlete_id) SELECT '230_silver_trainings', athlete_id FROM silver_strava_activities;
