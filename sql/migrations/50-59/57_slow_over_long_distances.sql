-- needs: time_estimator_rows
--
-- Long races that show little endurance are evidence where another over the same distance shows the same; the rows are computed anew.
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
