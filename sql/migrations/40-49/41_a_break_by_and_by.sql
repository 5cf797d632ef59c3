-- needs: time_estimator_rows
--
-- A break counts as one by and by. The rows of evidence are computed anew by their stage.
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
