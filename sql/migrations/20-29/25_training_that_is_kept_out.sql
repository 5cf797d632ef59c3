-- needs: silver_rejects.severity, ops_watermarks
--
-- What a rule keeps out is training of unknown load where it is known when it was and how long. It is found when activities are
-- read once more, as after a change of a rule: nothing that is known becomes news by it.
UPDATE ops_watermarks SET position = json_set(position, '$[1]', '')
WHERE stage = '200_silver_activities' AND json_valid(position) AND json_type(position) = 'array'
  AND EXISTS (SELECT 1 FROM silver_rejects WHERE table_name = 'silver_strava_activities' AND severity = 'reject');
