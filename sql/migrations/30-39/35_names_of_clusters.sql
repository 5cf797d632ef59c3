-- The summary of an athlete's day names his cluster. It is made anew by its stage, and so is what reads it.
DROP VIEW IF EXISTS gold_squad;
DROP VIEW IF EXISTS gold_athlete_metrics_summary;
