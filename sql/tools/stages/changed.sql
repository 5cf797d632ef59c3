
CREATE TEMP TABLE changed AS
SELECT athlete_id, position, CAST('' AS TEXT) AS since FROM ops_stale WHERE stage = {stage}{upgrade};
