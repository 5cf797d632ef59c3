-- needs: silver_rules
--
-- An activity is flagged by Strava, or since the file that it came from was cut off.
UPDATE silver_rules SET reason = 'flagged as not credible: on Strava, or since its file is cut off'
WHERE table_name = 'silver_strava_activities' AND rule = 'not_flagged' AND reason = 'flagged on Strava as not credible';
