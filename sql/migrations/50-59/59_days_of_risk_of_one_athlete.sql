-- needs: features
--
-- The days that are flagged are counted for the day that is asked for, not for everybody's.
DROP VIEW IF EXISTS gold_risk_counts;
