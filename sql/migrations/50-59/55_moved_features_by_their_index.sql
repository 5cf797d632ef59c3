-- needs: mon_drift_metrics
--
-- The newest judgements of each athlete are found by the index of all of them.
DROP VIEW IF EXISTS gold_moved_features;
