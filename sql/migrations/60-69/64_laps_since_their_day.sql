-- needs: ops_due
--
-- What is written of an activity marks its athlete from the activity's day on. The stages make these triggers anew; until then
-- nothing that is told marks anybody, so that all are looked at.
DROP TRIGGER IF EXISTS athlete_activity_settings_due_200_added;
DROP TRIGGER IF EXISTS athlete_activity_settings_due_200_changed;
DROP TRIGGER IF EXISTS athlete_activity_settings_due_200_gone;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_230_added;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_230_changed;
DROP TRIGGER IF EXISTS silver_strava_sub_activity_due_230_gone;
DROP TRIGGER IF EXISTS silver_same_training_due_240_added;
DROP TRIGGER IF EXISTS silver_same_training_due_240_changed;
DROP TRIGGER IF EXISTS silver_same_training_due_240_gone;
DROP TRIGGER IF EXISTS silver_stream_facts_due_410_added;
DROP TRIGGER IF EXISTS silver_stream_facts_due_410_changed;
DROP TRIGGER IF EXISTS silver_stream_facts_due_410_gone;
INSERT INTO ops_due (stage, athlete_id, since)
SELECT stage, athlete_id, '' FROM ops_watermarks WHERE stage = '410_activity_features' ON CONFLICT DO UPDATE SET since = excluded.since;
