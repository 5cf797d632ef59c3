-- needs: time_estimator_rows, ml_model_versions
--
-- The time estimator is trained, judged and searched as every model by definition is. What it was judged by before stays; what its own
-- search had tried goes, with its setting. The triggers by which a row made its training due are made anew without that.
DROP TRIGGER IF EXISTS time_estimator_rows_due_added;
DROP TRIGGER IF EXISTS time_estimator_rows_due_changed;
DROP TRIGGER IF EXISTS time_estimator_rows_due_gone;
DROP VIEW IF EXISTS ml_search_ranking;
DROP TABLE IF EXISTS ml_search_results;
DROP TABLE IF EXISTS ml_search_configurations;
DELETE FROM ops_config WHERE name = 'search_time_estimator';
DELETE FROM silver_rejects WHERE table_name = 'ml_model_versions';
DELETE FROM ops_stages WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
DELETE FROM ops_watermarks WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
DELETE FROM ops_due WHERE stage IN ('510_time_estimator_train', '520_time_estimator_search');
