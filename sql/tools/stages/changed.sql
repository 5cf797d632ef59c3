
CREATE TEMP TABLE changed AS
SELECT athlete_id, position FROM ops_stale WHERE stage = {stage}{upgrade};
