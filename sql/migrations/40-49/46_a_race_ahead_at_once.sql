-- needs: time_estimator_rows
--
-- A race that is ahead counts at once, what is far behind does not. The rows of evidence are computed anew by their stage.
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
