-- stage:    320_training_sets
-- purpose:  where stored training sets are kept: what was asked for, what came, and the rows that it came from; sql/tools/training-set writes them
-- reads:    -
-- writes:   ml_training_sets, ml_training_set_rows
-- follows:  -
-- grain:    training_set_id, position
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '320_training_sets',
    'where stored training sets are kept: what was asked for, what came, and the rows that it came from; sql/tools/training-set writes them',
    '[]',
    '["ml_training_sets", "ml_training_set_rows"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

CREATE TABLE IF NOT EXISTS ml_training_sets (
    training_set_id INTEGER PRIMARY KEY,
    name            TEXT NOT NULL,
    spec            TEXT NOT NULL,    -- JSON, as training_set() reads it
    columns         TEXT NOT NULL,    -- JSON list, in their order
    definitions     TEXT NOT NULL,    -- JSON: version of each registered group that was looked up
    made_at         TEXT NOT NULL,    -- UTC
    n_rows          INTEGER NOT NULL,
    rows_sha256     TEXT NOT NULL     -- of the rows' texts, a line feed after each but the last
);

CREATE TABLE IF NOT EXISTS ml_training_set_rows (
    training_set_id INTEGER NOT NULL,
    position        INTEGER NOT NULL, -- from 1, in the order of the labels
    row             TEXT NOT NULL,    -- the values as SQL literals, exact to the bit, with commas
    sources         TEXT NOT NULL,    -- JSON: for each lookup the row of the group that was used, or null
    PRIMARY KEY (training_set_id, position)
) WITHOUT ROWID;

-- append-only ml_training_sets, ml_training_set_rows: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_training_sets_keep BEFORE UPDATE ON ml_training_sets
BEGIN SELECT RAISE(ABORT, 'ml_training_sets is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_sets_stay BEFORE DELETE ON ml_training_sets
BEGIN SELECT RAISE(ABORT, 'ml_training_sets is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_sets_once BEFORE INSERT ON ml_training_sets
WHEN EXISTS (SELECT 1 FROM ml_training_sets AS o WHERE (o.training_set_id) = (new.training_set_id))
BEGIN SELECT RAISE(ABORT, 'ml_training_sets is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_set_rows_keep BEFORE UPDATE ON ml_training_set_rows
BEGIN SELECT RAISE(ABORT, 'ml_training_set_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_set_rows_stay BEFORE DELETE ON ml_training_set_rows
BEGIN SELECT RAISE(ABORT, 'ml_training_set_rows is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_training_set_rows_once BEFORE INSERT ON ml_training_set_rows
WHEN EXISTS (SELECT 1 FROM ml_training_set_rows AS o WHERE (o.training_set_id, o.position) = (new.training_set_id, new.position))
BEGIN SELECT RAISE(ABORT, 'ml_training_set_rows is append-only'); END;
-- end

-- Who breaks if a feature goes: SELECT * FROM feature_dependents WHERE feature = 'athlete_rolling_features.ctl_42d';
-- Features computed from it with their owners, models with what the gate said of them, their predictions, and stored training sets.
-- Names of each kind have a form of their own. Under the limits for hostile files only few views, subqueries and conditions may
-- stand in one statement, all told.
CREATE VIEW IF NOT EXISTS feature_dependents AS
SELECT p.from_name AS feature, p.to_kind AS kind, p.to_name AS name, p.distance, COALESCE(f.owner, o.value) AS owner,
       CASE p.to_kind WHEN 'predictions' THEN ifnull(g.n, 0) || ' predictions' ELSE COALESCE(f.status, v.status) END AS status
FROM feature_lineage_paths AS p
LEFT JOIN features_current AS f ON p.to_name = f.group_name || '.' || f.name
LEFT JOIN ml_model_versions AS v ON p.to_name = v.model || '/' || v.version
LEFT JOIN json_each(v.specification) AS o ON o.key = 'owner'
LEFT JOIN (SELECT 'gold_athlete_predictions/' || model || '/' || version AS name, COUNT(*) AS n FROM gold_athlete_predictions GROUP BY model, version
           UNION ALL SELECT 'inference_log/' || model || '/' || version, COUNT(*) FROM inference_log GROUP BY model, version) AS g
       ON p.to_name = g.name
WHERE p.from_kind = 'column'
UNION ALL
-- Without a list of features a lookup has all of its group. A group may be asked for by its version.
SELECT f.group_name || '.' || f.name, 'training set', s.training_set_id || ' ' || s.name, 1, NULL, s.n_rows || ' rows'
FROM ml_training_sets AS s
JOIN json_each(s.spec, '$.lookups') AS l
JOIN json_each(l.value) AS g ON g.key = 'group'
LEFT JOIN json_each(l.value) AS n ON n.key = 'features'
JOIN features_current AS f ON g.value || '@' GLOB f.group_name || '@*' AND (n.value IS NULL OR f.name IN (SELECT value FROM json_each(n.value)));

CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '320_training_sets', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
