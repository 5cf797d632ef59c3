-- needs: ops_stages
--
-- The tables of the bundled groups have three stages for one, which announce themselves; runs keep the name that they ran under.
DELETE FROM ops_stages WHERE stage = '310_feature_tables';
