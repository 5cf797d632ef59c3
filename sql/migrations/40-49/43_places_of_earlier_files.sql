-- needs: bronze_strava_activities, bronze_strava_athlete, bronze_strava_sub_activity, bronze_rejects
--
-- Earlier versions kept objects of the API as they came, with the line of the run, its ends, segments and names of places. They go, from
-- what landed and from what was refused; the hash is that of what is left, so that the same object again is still the same. Channels
-- of positions stay: they were only ever kept for POSITIONS=1.
DROP TRIGGER IF EXISTS bronze_strava_activities_keep;
CREATE TEMP TABLE placeless AS
SELECT bronze_id, trimmed
FROM (SELECT bronze_id, payload, CASE WHEN json_valid(payload) THEN json_remove(
        payload, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos') END AS trimmed
      FROM bronze_strava_activities)
WHERE length(trimmed) < length(payload);
UPDATE bronze_strava_activities AS b SET payload = p.trimmed, content_hash = sha256(p.trimmed) FROM temp.placeless AS p WHERE p.bronze_id = b.bronze_id;
DROP TABLE temp.placeless;
CREATE TRIGGER IF NOT EXISTS bronze_strava_activities_keep BEFORE UPDATE ON bronze_strava_activities
BEGIN SELECT RAISE(ABORT, 'bronze_strava_activities is append-only'); END;
DROP TRIGGER IF EXISTS bronze_strava_athlete_keep;
CREATE TEMP TABLE placeless AS
SELECT bronze_id, trimmed
FROM (SELECT bronze_id, payload, CASE WHEN json_valid(payload) THEN json_remove(
        payload, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos') END AS trimmed
      FROM bronze_strava_athlete)
WHERE length(trimmed) < length(payload);
UPDATE bronze_strava_athlete AS b SET payload = p.trimmed, content_hash = sha256(p.trimmed) FROM temp.placeless AS p WHERE p.bronze_id = b.bronze_id;
DROP TABLE temp.placeless;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_keep BEFORE UPDATE ON bronze_strava_athlete
BEGIN SELECT RAISE(ABORT, 'bronze_strava_athlete is append-only'); END;
DROP TRIGGER IF EXISTS bronze_strava_sub_activity_keep;
CREATE TEMP TABLE placeless AS
SELECT bronze_id, trimmed
FROM (SELECT bronze_id, payload, CASE WHEN json_valid(payload) THEN json_remove(
        payload, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos') END AS trimmed
      FROM bronze_strava_sub_activity)
WHERE length(trimmed) < length(payload);
UPDATE bronze_strava_sub_activity AS b SET payload = p.trimmed, content_hash = sha256(p.trimmed) FROM temp.placeless AS p WHERE p.bronze_id = b.bronze_id;
DROP TABLE temp.placeless;
CREATE TRIGGER IF NOT EXISTS bronze_strava_sub_activity_keep BEFORE UPDATE ON bronze_strava_sub_activity
BEGIN SELECT RAISE(ABORT, 'bronze_strava_sub_activity is append-only'); END;
CREATE TEMP TABLE placeless AS
SELECT reject_id, trimmed
FROM (SELECT reject_id, object, CASE WHEN json_valid(object) THEN json_remove(
        object, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos') END AS trimmed
      FROM bronze_rejects)
WHERE length(trimmed) < length(json(object));
UPDATE OR REPLACE bronze_rejects AS b SET object = p.trimmed, content_hash = sha256(p.trimmed) FROM temp.placeless AS p WHERE p.reject_id = b.reject_id;
DROP TABLE temp.placeless;
