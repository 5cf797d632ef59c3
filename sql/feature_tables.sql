-- Writes the stage 25_feature_tables out of the definitions in schemas/features (make feature-tables).
.mode list
CREATE TABLE bundled AS
SELECT name, CAST(readfile(name) AS TEXT) AS definition FROM fsdir('schemas/features') WHERE name GLOB '*.json';
SELECT '-- stage:    25_feature_tables
-- purpose:  the tables of the bundled feature groups with history, views and triggers; made by `make feature-tables`, not by hand
-- reads:    -
-- writes:   ' || (SELECT group_concat(t || ', ' || t || '_history', ', ')
                   FROM (SELECT json_extract(definition, '$.feature_group') AS t FROM bundled ORDER BY name)) || '
-- grain:    -
-- params:   -

BEGIN IMMEDIATE;

CREATE TEMP TABLE stage_clock AS
SELECT strftime(''%Y-%m-%dT%H:%M:%SZ'', ''now'') AS started_at, julianday(''now'') AS started;
';
SELECT feature_group_ddl(definition) FROM bundled ORDER BY name;
SELECT 'INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome)
SELECT ''25_feature_tables'', started_at, (julianday(''now'') - started) * 86400000, 0, 0, 0, ''ok''
FROM stage_clock;

DROP TABLE temp.stage_clock;

COMMIT;';
