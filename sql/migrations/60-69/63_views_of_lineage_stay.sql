-- needs: feature_lineage
--
-- The views of lineage are made once and not by each run, which had everyone who reads the file read its schema anew.
DROP VIEW IF EXISTS prediction_activities;
DROP VIEW IF EXISTS openlineage_events;
