-- feature_freshness judged a group by when a value last became known, so that a correction of an old row made it fresh. Its
-- stage makes it anew.
DROP VIEW IF EXISTS feature_freshness;
