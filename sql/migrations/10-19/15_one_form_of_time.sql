-- needs: ops_actor, feature_rejects
-- for each group: feature_group_times
--
-- The times by which rows are looked up are written in one form, which text order needs: UTC, with Z, in whole seconds. What is
-- no time goes to feature_rejects; ops_audit has the counts.
CREATE TABLE IF NOT EXISTS athlete_utc_offsets (
    athlete_id   TEXT NOT NULL,
    local_date   TEXT NOT NULL,
    utc_offset_s INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, local_date)
) WITHOUT ROWID;
