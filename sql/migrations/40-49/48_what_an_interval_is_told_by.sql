-- needs: ml_run_predictions
--
-- What an interval is told by stands beside each answer, so that no row is read again. Of runs of before it is not known; they have theirs.
ALTER TABLE ml_run_predictions ADD COLUMN interval_group TEXT;
ALTER TABLE ml_run_predictions ADD COLUMN scale REAL;
