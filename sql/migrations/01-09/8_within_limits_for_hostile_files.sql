-- A file must be readable under the limits that SQLite advises for hostile input, and where its schema is not trusted, under
-- which SQLite 3.38 to 3.40 refuse their own JSON functions. The stages make the views and triggers anew.
DROP VIEW IF EXISTS ops_stale;
DROP VIEW IF EXISTS silver_field_lists;
DROP VIEW IF EXISTS feature_extent_queries;
DROP VIEW IF EXISTS openlineage_events;
DROP VIEW IF EXISTS feature_dependents;
DROP VIEW IF EXISTS feature_groups_current;
DROP TRIGGER IF EXISTS feature_groups_registered;
DROP TRIGGER IF EXISTS feature_groups_moved;
DROP TRIGGER IF EXISTS features_moved;

CREATE TABLE IF NOT EXISTS ml_search_configurations (model, configuration, changes);
CREATE TEMP TABLE tried AS SELECT model, configuration, changes FROM ml_search_configurations;
DROP TABLE ml_search_configurations;
CREATE TABLE ml_search_configurations (
    model         TEXT NOT NULL,
    configuration TEXT NOT NULL,
    changes       TEXT NOT NULL CHECK (changes LIKE '{%}'),
    PRIMARY KEY (model, configuration)
) WITHOUT ROWID;
INSERT INTO ml_search_configurations SELECT * FROM temp.tried;
DROP TABLE temp.tried;
