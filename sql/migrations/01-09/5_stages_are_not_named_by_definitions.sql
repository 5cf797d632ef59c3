-- A group's definition named the stage that fills it. The stages say what they fill; the column goes, after the
-- view that reads it. A file in which 24_feature_registry has not run yet is given the table first.
CREATE TABLE IF NOT EXISTS feature_groups (
    name                 TEXT NOT NULL,
    major                INTEGER NOT NULL,
    minor                INTEGER NOT NULL,
    patch                INTEGER NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('draft', 'active', 'deprecated', 'archived')),
    table_name           TEXT NOT NULL,
    entity               TEXT NOT NULL,
    entity_keys          TEXT NOT NULL,
    row_key              TEXT NOT NULL,
    timestamp_key        TEXT NOT NULL,
    available_key        TEXT NOT NULL,
    lookback_days        REAL,
    delay_hours          REAL NOT NULL,
    expected_every_hours REAL,
    reject_limit         REAL NOT NULL,
    stage                TEXT,
    reads                TEXT NOT NULL,
    description          TEXT NOT NULL,
    owner                TEXT,
    tags                 TEXT NOT NULL,
    definition           TEXT NOT NULL,
    bronze_id            INTEGER NOT NULL,
    registered_at        TEXT NOT NULL,
    updated_at           TEXT NOT NULL,
    PRIMARY KEY (name, major, minor, patch)
) WITHOUT ROWID;
DROP VIEW IF EXISTS feature_groups_current;
CREATE VIEW feature_groups_current AS
SELECT name, major, minor, patch, status, table_name, entity, entity_keys, row_key, timestamp_key, available_key, lookback_days,
       delay_hours, expected_every_hours, reject_limit, reads, description, owner, tags, definition, bronze_id, registered_at, updated_at,
       COALESCE(json_extract(definition, '$.computed'), json_type(definition, '$.stage') IS NOT NULL) AS is_computed,
       (SELECT s.stage FROM ops_stages AS s, json_each(s.products) AS p WHERE p.value = table_name) AS stage
FROM (SELECT g.*, ROW_NUMBER() OVER (PARTITION BY name ORDER BY status = 'active' DESC, status = 'deprecated' DESC,
                                     status = 'draft' DESC, major DESC, minor DESC, patch DESC) AS choice FROM feature_groups AS g)
WHERE choice = 1;
ALTER TABLE feature_groups DROP COLUMN stage;
