-- needs: silver_rejects
--
-- What a rule kept out was kept with where it went, as in bronze.
UPDATE silver_rejects
SET payload = json_remove(
        payload, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos')
WHERE json_valid(payload)
  AND length(json_remove(
        payload, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
        '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
        '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson',
        '$.photos')) < length(json(payload));
