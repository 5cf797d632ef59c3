-- needs: time_estimator_rows
--
-- What a race proves is held against its runner's other runs. The view that says what a run proves comes back with its stage, and
-- the rows of evidence are computed anew.
DROP VIEW IF EXISTS run_evidence;
DROP VIEW IF EXISTS unrecorded_race_evidence;
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
