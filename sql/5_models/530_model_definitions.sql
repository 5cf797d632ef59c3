-- stage:    530_model_definitions
-- purpose:  register the models that arrived as definitions; what cannot be a model is refused with the sentence that says why
-- reads:    -; bronze_documents, ml_models
-- writes:   ml_models; ml_model_rejects
-- follows:  -
-- grain:    bronze_id
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '530_model_definitions',
    'register the models that arrived as definitions; what cannot be a model is refused with the sentence that says why',
    '[]',
    '["ml_models"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Those that are not registered, the refused ones again: what one lacked may be there now. A definition without a learner
-- belongs to a stage of its own.
CREATE TEMP TABLE arrived AS
SELECT d.bronze_id, d.document_id AS model, d.payload AS definition,
       json_fields(d.payload, '[{"field": "version", "type": "text"}, {"field": "description", "type": "text"}, {"field": "entity", "type": "text"},
           {"field": "label", "type": "text"}, {"field": "prediction", "type": "text"}, {"field": "features", "type": "list"},
           {"field": "computed", "type": "object"}, {"field": "learner", "type": "object"}, {"field": "learner.kind", "type": "text"},
           {"field": "learner.options", "type": "object"}, {"field": "baselines", "type": "list"}, {"field": "evaluation", "type": "object"},
           {"field": "evaluation.by", "type": "list"}, {"field": "evaluation.splits", "type": "whole", "min": 2, "max": 50},
           {"field": "evaluation.after", "type": "number", "min": 0, "max": 0.95}, {"field": "evaluation.gap_days", "type": "whole", "min": 0, "max": 3650},
           {"field": "gate", "type": "list"}, {"field": "promotion", "type": "object"}, {"field": "promotion.min_rows", "type": "whole", "min": 1, "max": 1000000},
           {"field": "schedule", "type": "object"}, {"field": "schedule.every_days", "type": "number", "min": 0, "max": 3650},
           {"field": "schedule.new_rows", "type": "whole", "min": 0, "max": 1000000000}]') AS p,
       CASE json_type(d.payload, '$.rows') WHEN 'text' THEN d.payload ->> '$.rows'
            WHEN 'array' THEN (SELECT group_concat(value, char(10)) FROM json_each(d.payload, '$.rows')) END AS rows_sql,
       (SELECT COUNT(*) FROM json_each(d.payload, '$.features')) AS n_features,
       json_remove(COALESCE(d.payload -> '$.learner.options', '{}'), '$.feature_names') AS options
FROM bronze_documents AS d
WHERE d.kind = 'model_specification'
  AND json_type(d.payload, '$.learner') IS NOT NULL
  AND d.bronze_id NOT IN (SELECT bronze_id FROM ml_models);

-- What each asks its features of: {"name", "group"}, or a name alone for a column of its rows.
CREATE TEMP TABLE feature AS
SELECT a.bronze_id, f.key AS position, f.type,
       CASE f.type WHEN 'text' THEN f.value WHEN 'object' THEN f.value ->> '$.name' END AS name,
       CASE f.type WHEN 'object' THEN f.value ->> '$.group' END AS group_name
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.features') AS f;

CREATE TEMP TABLE gate AS
SELECT a.bronze_id, g.key AS position, g.type, g.value ->> '$.evaluation' AS evaluation, g.value ->> '$.metric' AS metric,
       json_type(g.value, '$.above') AS above, json_type(g.value, '$.below') AS below
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.gate') AS g
WHERE g.type = 'object';

-- Each fault is a sentence; the first of a definition is told.
CREATE TEMP TABLE fault AS
SELECT bronze_id, 0 AS place, 'model: expected a name of letters, digits and _, found ' || model AS reason
FROM arrived
WHERE model NOT GLOB '[A-Za-z_]*' OR model GLOB '*[^A-Za-z0-9_]*' OR length(model) > 60
UNION ALL
SELECT bronze_id, 1, p ->> '$.faults[0].reason' FROM arrived WHERE p ->> '$.faults[0].reason' IS NOT NULL
UNION ALL
SELECT a.bronze_id, 2, 'a definition has no ' || m.key || '; it may have baselines, computed, description, entity, evaluation, features, gate, label, learner, model, owner, prediction, promotion, rows, schedule, version'
FROM arrived AS a
CROSS JOIN json_each(a.definition) AS m
WHERE m.key NOT IN ('model', 'version', 'description', 'entity', 'label', 'prediction', 'rows', 'features', 'computed', 'learner', 'baselines', 'evaluation',
                    'gate', 'promotion', 'schedule', 'owner')
UNION ALL
SELECT a.bronze_id, 3, r.field || ' is missing'
FROM arrived AS a
CROSS JOIN (SELECT column1 AS field, '$.' || column1 AS path
            FROM (VALUES ('version'), ('entity'), ('rows'), ('learner.kind'), ('prediction'))) AS r
WHERE json_type(a.definition, r.path) IS NULL
UNION ALL
SELECT bronze_id, 4, 'entity and prediction: expected names of letters, digits and _, found ' || (definition ->> '$.entity') || ' and ' || (definition ->> '$.prediction')
FROM arrived
WHERE (definition ->> '$.entity') || 'a' || (definition ->> '$.prediction') GLOB '*[^A-Za-z0-9_]*'
UNION ALL
SELECT bronze_id, 5, 'rows: expected one SELECT as a text, or as a list of its lines'
FROM arrived WHERE rows_sql IS NULL
UNION ALL
SELECT bronze_id, 6, 'rows: ' || stored_query_fault(rows_sql) FROM arrived WHERE stored_query_fault(rows_sql) IS NOT NULL
UNION ALL
SELECT bronze_id, 7, 'features: there is none' FROM arrived WHERE n_features = 0
UNION ALL
SELECT bronze_id, 8, 'features[' || position || ']: expected a name of letters, digits and _, or {"name", "group"} of such, found ' || COALESCE(name, 'none')
FROM feature
WHERE name IS NULL OR name NOT GLOB '[A-Za-z_]*' OR name GLOB '*[^A-Za-z0-9_]*' OR length(name) > 60 OR group_name GLOB '*[^A-Za-z0-9_]*'
UNION ALL
SELECT bronze_id, 9, 'features: ' || name || ' comes twice' FROM feature GROUP BY bronze_id, lower(name) HAVING COUNT(*) > 1
UNION ALL
-- What is known only afterwards is no feature, and who it is none that another athlete has.
SELECT f.bronze_id, 10, 'features: ' || f.name || ' is no feature: it says what is to be foretold, when it was known, or of whom'
FROM feature AS f
JOIN arrived AS a USING (bronze_id)
WHERE lower(f.name) IN ('label', 'label_at', 'known_at', 'as_of_date', 'item', 'origin', lower(a.definition ->> '$.entity'))
UNION ALL
SELECT bronze_id, 11, 'learner.kind: expected gbdt, found ' || (definition ->> '$.learner.kind')
FROM arrived WHERE (definition ->> '$.learner.kind') NOT IN ('gbdt')
UNION ALL
SELECT bronze_id, 12, 'learner.options: ' || gbdt_options_fault(options, max(n_features, 1))
FROM arrived WHERE gbdt_options_fault(options, max(n_features, 1)) IS NOT NULL
UNION ALL
SELECT bronze_id, 13, 'learner.options: ' || m.key || ' is not a definition''s to say'
FROM arrived
CROSS JOIN json_each(options) AS m
WHERE m.key IN ('weight', 'validation', 'early_stopping_rounds', 'group')
UNION ALL
SELECT bronze_id, 14, 'learner.options: the objective must be for a number (reg:…) or for yes and no (binary:logistic)'
FROM arrived
WHERE COALESCE(options ->> '$.objective', 'reg:squarederror') NOT IN ('reg:squarederror', 'reg:pseudohubererror', 'reg:absoluteerror', 'binary:logistic')
UNION ALL
SELECT bronze_id, 14, 'learner has no ' || m.key || '; it may have calibrator, kind, options'
FROM arrived
CROSS JOIN json_each(definition, '$.learner') AS m
WHERE m.key NOT IN ('kind', 'options', 'calibrator')
UNION ALL
SELECT bronze_id, 14, 'learner.calibrator: expected isotonic, platt or logit, beside the objective binary:logistic'
FROM arrived
WHERE json_type(definition, '$.learner.calibrator') IS NOT NULL
  AND (COALESCE(definition ->> '$.learner.calibrator', '') NOT IN ('isotonic', 'platt', 'logit') OR COALESCE(options ->> '$.objective', '') <> 'binary:logistic')
UNION ALL
SELECT bronze_id, 15, CASE WHEN b.value LIKE '%random%' OR b.value LIKE '%shuffle%' OR b.value LIKE '%kfold%'
                           THEN 'evaluation.by: a random split is refused: days of one athlete are alike, and the model would be asked what it was told; use time, group or both'
                           ELSE 'evaluation.by: expected time or group, found ' || b.value END
FROM arrived
CROSS JOIN json_each(definition, '$.evaluation.by') AS b
WHERE b.value NOT IN ('time', 'group')
UNION ALL
SELECT bronze_id, 16, 'evaluation has no ' || m.key || '; it may have after, by, gap_days, splits'
FROM arrived
CROSS JOIN json_each(definition, '$.evaluation') AS m
WHERE m.key NOT IN ('by', 'splits', 'after', 'gap_days')
UNION ALL
SELECT a.bronze_id, 17, 'baselines[' || b.key || ']: expected the name of a column of its rows or of a feature, found ' || b.value
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.baselines') AS b
WHERE b.type <> 'text' OR b.value IN ('model', 'constant') OR b.value GLOB '*[^A-Za-z0-9_]*' OR b.value NOT GLOB '[A-Za-z_]*'
UNION ALL
SELECT bronze_id, 18, 'gate[' || position || ']: expected {"evaluation": "time" or "group", "metric": …, "above" or "below": a number, a baseline or a setting}'
FROM gate
WHERE evaluation IS NULL OR evaluation NOT IN ('time', 'group') OR metric IS NULL
   OR COALESCE(above, below, '') NOT IN ('integer', 'real', 'text') OR (above IS NULL) = (below IS NULL)
UNION ALL
SELECT bronze_id, 19, 'gate: a model without one is accepted whatever it does'
FROM arrived WHERE bronze_id NOT IN (SELECT bronze_id FROM gate);

CREATE TEMP TABLE judged AS
SELECT a.*, (SELECT f.reason FROM fault AS f WHERE f.bronze_id = a.bronze_id AND f.reason IS NOT NULL ORDER BY f.place, f.reason LIMIT 1) AS fault
FROM arrived AS a;

DELETE FROM ml_model_rejects;
INSERT INTO ml_model_rejects (bronze_id, model, reason, definition)
SELECT bronze_id, model, fault, definition FROM judged WHERE fault IS NOT NULL;

INSERT INTO ml_models (bronze_id, model, version, entity, learner, definition, registered_at, rows_sql, lookups, computed, columns_sql, options, is_binary)
SELECT j.bronze_id, j.model, j.definition ->> '$.version', j.definition ->> '$.entity', j.definition ->> '$.learner.kind', j.definition, c.started_at,
       j.rows_sql,
       (SELECT json_group_array(json_object('group', group_name, 'features', json(names)))
        FROM (SELECT f.group_name, json_group_array(f.name) AS names
              FROM (SELECT * FROM feature AS f WHERE f.bronze_id = j.bronze_id AND f.group_name IS NOT NULL ORDER BY f.position) AS f
              GROUP BY f.group_name ORDER BY f.group_name)),
       COALESCE(j.definition -> '$.computed', '{}'),
       (SELECT group_concat('exact_real(s.row -> ''$.' || name || ''') AS "' || name || '"', ', ')
        FROM (SELECT f.name FROM feature AS f WHERE f.bronze_id = j.bronze_id ORDER BY f.position)),
       j.options, COALESCE(j.options ->> '$.objective', '') = 'binary:logistic'
FROM judged AS j, stage_clock AS c
WHERE j.fault IS NULL
ORDER BY j.bronze_id;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM arrived) AS rows_in,
       (SELECT COUNT(*) FROM judged WHERE fault IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM judged WHERE fault IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(model || ': ' || fault, '; ') FROM judged WHERE fault IS NOT NULL) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '530_model_definitions', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.judged;
DROP TABLE temp.fault;
DROP TABLE temp.gate;
DROP TABLE temp.feature;
DROP TABLE temp.arrived;
DROP TABLE temp.stage_clock;

COMMIT;
