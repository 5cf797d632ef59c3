-- needs: time_estimator_rows
--
-- Eight weeks of training are evidence for a race time, too. The rows of evidence are computed anew by their stage, and the
-- estimator is trained once more on them.
DROP TABLE time_estimator_rows;
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
