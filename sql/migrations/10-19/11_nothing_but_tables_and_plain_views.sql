-- What was a view and called JSON functions, or was deep, is a table that its stage fills: to be read under the limits that SQLite
-- advises for hostile input, and where the schema is not trusted. The stages make anew what is dropped here.
DROP VIEW IF EXISTS openlineage_events;
DROP VIEW IF EXISTS feature_dependents;
DROP VIEW IF EXISTS feature_lineage_paths;
DROP VIEW IF EXISTS silver_field_lists;

-- A note named a stage as it was called before the ninth migration.
UPDATE ops_config SET note = replace(note, '42_time_estimator_search', '520_time_estimator_search') WHERE instr(note, '42_time_estimator_search');
