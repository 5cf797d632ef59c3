-- needs: ops_config
--
-- The time estimator is trained, judged and searched as every model by definition is. What its own search had tried goes, with its setting.
DROP VIEW IF EXISTS ml_search_ranking;
DROP TABLE IF EXISTS ml_search_results;
DROP TABLE IF EXISTS ml_search_configurations;
DELETE FROM ops_config WHERE name = 'search_time_estimator';
