-- needs: time_estimator_rows
--
-- Who returns from a break is estimated by the own past, faded. The rows of evidence are computed anew by their stage.
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
