-- needs: time_estimator_rows, silver_rejects, ops_stages, ops_watermarks, ops_due
--
-- What its versions were judged by stays. The triggers by which a row made its training due are made anew without that.
DROP TRIGGER IF EXISTS time_estimator_rows_due_added;
DROP TRIGGER IF EXISTS time_estimator_rows_due_changed;
DROP TRIGGER IF EXISTS time_estimator_rows_due_gone;
DELETE FROM silver_rejects WHERE table_name = 'ml_model_versions';
DELETE FROM ops_stages WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
DELETE FROM ops_watermarks WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
DELETE FROM ops_due WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
