-- A setting that was NULL was the default of a function: it has that of its name. The views that speak of climb, and of loads told
-- of what a rule keeps out, come back with their stages.
DELETE FROM ops_config WHERE kind = 'setting' AND unit NOT IN ('date', 'choice') AND value IS NULL;
DROP VIEW IF EXISTS run_evidence;
DROP VIEW IF EXISTS training_done_unusable;
