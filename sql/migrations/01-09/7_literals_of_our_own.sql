-- needs: ml_training_sets, ml_training_set_rows
--
-- The rows of stored training sets were printed by quote(), which writes a REAL otherwise from one SQLite to the next: a set
-- could not be made again after an upgrade. They get the form of row_literals(), with the hash that belongs to it; a set whose
-- rows did not have the hash that was stored stays as it is. A file may have stored sets before 24_feature_registry has run.

CREATE TABLE IF NOT EXISTS ops_actor (
    actor_id INTEGER PRIMARY KEY CHECK (actor_id = 1),
    who      TEXT NOT NULL
);
INSERT OR IGNORE INTO ops_actor (actor_id, who) VALUES (1, 'local');
CREATE TABLE IF NOT EXISTS ops_audit (
    audit_id INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL
);

DROP TRIGGER IF EXISTS ml_training_sets_keep;
DROP TRIGGER IF EXISTS ml_training_set_rows_keep;

CREATE TEMP TABLE intact AS
SELECT s.training_set_id, s.rows_sha256
FROM ml_training_sets AS s
WHERE s.rows_sha256 = (SELECT sha256(COALESCE(group_concat(row, char(10)), ''))
                       FROM (SELECT row FROM ml_training_set_rows AS r WHERE r.training_set_id = s.training_set_id ORDER BY position));
UPDATE ml_training_set_rows SET row = exact_literals(row) WHERE training_set_id IN (SELECT training_set_id FROM temp.intact);
UPDATE ml_training_sets AS s
SET rows_sha256 = (SELECT sha256(COALESCE(group_concat(row, char(10)), ''))
                   FROM (SELECT row FROM ml_training_set_rows AS r WHERE r.training_set_id = s.training_set_id ORDER BY position))
WHERE training_set_id IN (SELECT training_set_id FROM temp.intact);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'training set ' || training_set_id,
       json_object('sha256_before', i.rows_sha256, 'sha256', s.rows_sha256)
FROM temp.intact AS i
JOIN ml_training_sets AS s USING (training_set_id);

DROP TABLE temp.intact;

CREATE TRIGGER ml_training_sets_keep BEFORE UPDATE ON ml_training_sets
BEGIN SELECT RAISE(ABORT, 'ml_training_sets is append-only'); END;
CREATE TRIGGER ml_training_set_rows_keep BEFORE UPDATE ON ml_training_set_rows
BEGIN SELECT RAISE(ABORT, 'ml_training_set_rows is append-only'); END;
