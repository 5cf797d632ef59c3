-- stage:    530_model_definitions
-- purpose:  register the models that arrived as definitions; what cannot be a model is refused with the sentence that says why
-- reads:    -; bronze_documents, ml_models, ops_config
-- writes:   ml_models; ml_model_rejects
-- follows:  -
-- grain:    bronze_id
-- params:   -
-- rests:    ml_model_rejects; bronze_documents, ml_models, ops_config

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

-- Those that are not registered, the refused ones again: what one lacked may be there now. One without a learner, such as a file of
-- before has of the time estimator, is told of until another takes its place. A member that is null says nothing, and is left out.
CREATE TEMP TABLE arrived AS
SELECT d.bronze_id, d.document_id AS model, d.payload AS definition,
       json_fields(d.payload, '[{"field": "version", "type": "text"}, {"field": "description", "type": "text"}, {"field": "entity", "type": "text"},
           {"field": "label", "type": "text"}, {"field": "prediction", "type": "text"}, {"field": "features", "type": "list"},
           {"field": "computed", "type": "object"}, {"field": "base", "type": "text"}, {"field": "link", "type": "text"},
           {"field": "label_clip", "type": "number", "min": 0.000001, "max": 1000000}, {"field": "learner", "type": "object"}, {"field": "learner.kind", "type": "text"},
           {"field": "learner.options", "type": "object"}, {"field": "baselines", "type": "list"}, {"field": "evaluation", "type": "object"},
           {"field": "evaluation.by", "type": "list"}, {"field": "evaluation.splits", "type": "whole", "min": 2, "max": 50},
           {"field": "evaluation.after", "type": "number", "min": 0, "max": 0.95}, {"field": "evaluation.gap_days", "type": "whole", "min": 0, "max": 3650},
           {"field": "evaluation.fold", "type": "text"}, {"field": "evaluation.period", "type": "text"}, {"field": "evaluation.slice", "type": "text"},
           {"field": "evaluation.api_rows", "type": "text"}, {"field": "interval.evaluation", "type": "text"}, {"field": "interval.scale", "type": "text"},
           {"field": "gate", "type": "list"}, {"field": "promotion", "type": "object"}, {"field": "promotion.by", "type": "text"}, {"field": "promotion.min_rows", "type": "whole", "min": 1, "max": 1000000},
           {"field": "schedule", "type": "object"}, {"field": "schedule.every_days", "type": "number", "min": 0, "max": 3650},
           {"field": "schedule.new_rows", "type": "whole", "min": 0, "max": 1000000000},
           {"field": "interval", "type": "object"}, {"field": "interval.by", "type": "text"}, {"field": "interval.spread_power", "type": "number", "min": 0, "max": 4},
           {"field": "interval.spread_powers", "type": "object"},
           {"field": "schedule.cooling_off_days", "type": "number", "min": 0, "max": 365}, {"field": "schedule.loss_days", "type": "number", "min": 1, "max": 365},
           {"field": "search", "type": "object"}, {"field": "search.runs", "type": "whole", "min": 10, "max": 200},
           {"field": "search.seed", "type": "whole", "min": 0, "max": 1000000000}, {"field": "search.space", "type": "object"},
           {"field": "card", "type": "object"}, {"field": "card.use", "type": "text"}, {"field": "card.limits", "type": "list"}]') AS p,
       d.payload ->> '$.learner.kind' IS 'simulation' AS is_simulation, d.payload ->> '$.learner.kind' IS 'none' AS is_withdrawn,
       CASE json_type(d.payload, '$.rows') WHEN 'text' THEN d.payload ->> '$.rows'
            WHEN 'array' THEN (SELECT group_concat(value, char(10)) FROM json_each(d.payload, '$.rows')) END AS rows_sql,
       (SELECT COUNT(*) FROM json_each(d.payload, '$.features')) AS n_features,
       (SELECT min(max(COUNT(*), 1), 2000) FROM json_each(d.payload, '$.features')) AS n_tried, -- as many as options can be asked about
       json_remove(COALESCE(d.payload -> '$.learner.options', '{}'), '$.feature_names') AS options
FROM (SELECT bronze_id, document_id,
             CASE WHEN EXISTS (SELECT 1 FROM json_tree(payload) WHERE type = 'null') THEN json_patch('{}', payload) ELSE payload END AS payload
      FROM bronze_documents
      WHERE kind = 'model_specification' AND bronze_id NOT IN (SELECT bronze_id FROM ml_models)) AS d
WHERE json_type(d.payload, '$.learner') IS NOT NULL
   OR d.bronze_id = (SELECT MAX(n.bronze_id) FROM bronze_documents AS n WHERE (n.kind, n.document_id) = ('model_specification', d.document_id));

-- What each asks its features of: {"name", "group"}, or a name alone for a column of its rows.
CREATE TEMP TABLE feature AS
SELECT a.bronze_id, f.key AS position, f.value AS told,
       CASE WHEN f.type = 'text' THEN f.value WHEN f.type = 'object' AND json_type(f.value, '$.name') = 'text' THEN f.value ->> '$.name' END AS name,
       CASE f.type WHEN 'object' THEN f.value ->> '$.group' END AS group_name,
       CASE f.type WHEN 'object' THEN json_type(f.value, '$.group') END AS group_type
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.features') AS f;

CREATE TEMP TABLE gate AS
SELECT g.bronze_id, g.position, g.condition ->> '$.evaluation' AS evaluation, g.condition ->> '$.metric' AS metric,
       json_type(g.condition, '$.slice') AS slice, json_type(g.definition, '$.evaluation.slice') AS slices,
       json_type(g.condition, '$.above') AS above, json_type(g.condition, '$.below') AS below
FROM (SELECT a.bronze_id, a.definition, g.key AS position, CASE g.type WHEN 'object' THEN g.value ELSE '{}' END AS condition
      FROM arrived AS a
      CROSS JOIN json_each(a.definition, '$.gate') AS g) AS g;

-- What a learner that has no trees reads of its options; what else k-means does with its own is told when it trains.
CREATE TEMP TABLE other_options AS
SELECT bronze_id, options, definition ->> '$.learner.kind' AS kind,
       CASE WHEN is_simulation
            THEN json_fields(options, '[{"field": "workouts", "type": "list"}, {"field": "limits", "type": "list"}, {"field": "taper", "type": "list"},
                     {"field": "week_share", "type": "object"}, {"field": "days_in_a_row", "type": "whole", "min": 1, "max": 100}, {"field": "hard_gap_days", "type": "whole", "min": 0, "max": 30},
                     {"field": "hard_intensity", "type": "number", "min": 0.3, "max": 1.5}, {"field": "longest_growth", "type": "number", "min": 1, "max": 10},
                     {"field": "week_share.steady", "type": "number", "min": 0, "max": 2}, {"field": "week_share.race", "type": "number", "min": 0, "max": 2}]')
            ELSE json_fields(options, '[{"field": "min_rows", "type": "whole", "min": 3, "max": 1000000}, {"field": "names", "type": "list"}]') END AS p
FROM arrived
WHERE definition ->> '$.learner.kind' IN ('simulation', 'kmeans') AND json_type(options) = 'object';

-- What a simulation says of its workouts and limits. It learns nothing, so it has neither rows nor a gate.
CREATE TEMP TABLE simulation_fault AS
WITH option AS (SELECT bronze_id, definition, o.key, o.value, o.type FROM arrived CROSS JOIN json_each(options) AS o WHERE is_simulation),
item AS (
    SELECT o.bronze_id, o.key, i.key AS position, CASE i.type WHEN 'object' THEN i.value ELSE '{}' END AS value
    FROM option AS o CROSS JOIN json_each(CASE o.type WHEN 'array' THEN o.value END) AS i
),
workout AS (SELECT * FROM item WHERE key = 'workouts'),
bound AS (
    SELECT bronze_id, position, value ->> '$.feature' AS feature, COALESCE(json_type(value, '$.at_most'), json_type(value, '$.at_least')) AS type,
           (json_type(value, '$.at_most') IS NULL) + (json_type(value, '$.at_least') IS NULL) AS missing,
           COALESCE(value ->> '$.at_most', value ->> '$.at_least') AS than
    FROM item WHERE key = 'limits'
)
SELECT a.bronze_id, m.key || ' is not a simulation''s to say' AS reason
FROM arrived AS a CROSS JOIN json_each(a.definition) AS m
WHERE a.is_simulation AND m.key IN ('rows', 'label', 'computed', 'base', 'link', 'label_clip', 'baselines', 'evaluation', 'gate', 'interval', 'promotion', 'search')
UNION ALL
SELECT bronze_id, 'learner.options: a simulation has no ' || key
                  || '; it may have days_in_a_row, hard_gap_days, hard_intensity, limits, longest_growth, taper, week_share, workouts'
FROM option
WHERE key NOT IN ('workouts', 'limits', 'days_in_a_row', 'hard_gap_days', 'hard_intensity', 'longest_growth', 'taper', 'week_share')
UNION ALL
SELECT a.bronze_id, 'learner.options.workouts: there is none' FROM arrived AS a WHERE a.is_simulation AND a.bronze_id NOT IN (SELECT bronze_id FROM workout)
UNION ALL
SELECT bronze_id, 'learner.options.workouts[' || position || ']: expected {"type": a name other than rest, which is always among them, "intensity": a number from 0.3 to 1.5, "minutes": a list of numbers from 5 to 600}'
FROM workout AS w
WHERE json_type(value, '$.type') IS NOT 'text' OR value ->> '$.type' GLOB '*[^a-z_]*' OR value ->> '$.type' IN ('rest', 'race', '')
   OR COALESCE(json_type(value, '$.intensity'), '') NOT IN ('integer', 'real') OR value ->> '$.intensity' NOT BETWEEN 0.3 AND 1.5
   OR json_type(value, '$.minutes') IS NOT 'array' OR json_array_length(value, '$.minutes') NOT BETWEEN 1 AND 50
   OR EXISTS (SELECT 1 FROM json_each(w.value, '$.minutes') AS m WHERE m.type NOT IN ('integer', 'real') OR m.value NOT BETWEEN 5 AND 600)
   OR EXISTS (SELECT 1 FROM json_each(w.value) AS k WHERE k.key NOT IN ('type', 'intensity', 'minutes', 'is_hard', 'every_days'))
   OR COALESCE(json_type(value, '$.is_hard'), 'true') NOT IN ('true', 'false')
   OR COALESCE(json_type(value, '$.every_days'), 'real') NOT IN ('integer', 'real') OR COALESCE(value ->> '$.every_days', 7) NOT BETWEEN 1 AND 100
UNION ALL
SELECT bronze_id, 'learner.options.limits[' || position || ']: expected {"feature": a number that training_forecast returns, "at_most" or "at_least": a number or a setting}'
FROM bound
WHERE missing <> 1 OR type NOT IN ('integer', 'real', 'text') OR type <> 'text' AND than NOT BETWEEN -1e15 AND 1e15 OR feature IN ('athlete_id', 'plan', 'as_of_date')
   OR feature IS NULL OR feature NOT IN (SELECT name FROM pragma_table_info('training_forecast'))
   OR type = 'text' AND NOT EXISTS (SELECT 1 FROM ops_config AS c WHERE c.name = than AND typeof(c.value) IN ('integer', 'real'))
UNION ALL
SELECT bronze_id, 'learner.options.taper[' || position || ']: expected {"within_days": from 0 to 100, "at_least_m": from 0 to 500000, "share": from 0 to 2}'
FROM item AS t
WHERE key = 'taper'
  AND (COALESCE(json_type(t.value, '$.within_days'), '') <> 'integer' OR t.value ->> '$.within_days' NOT BETWEEN 0 AND 100
       OR COALESCE(json_type(t.value, '$.at_least_m'), '') NOT IN ('integer', 'real') OR t.value ->> '$.at_least_m' NOT BETWEEN 0 AND 500000
       OR COALESCE(json_type(t.value, '$.share'), '') NOT IN ('integer', 'real') OR t.value ->> '$.share' NOT BETWEEN 0 AND 2);

-- What may be tried: each option by itself must be one that its learner takes.
CREATE TEMP TABLE search_fault AS
WITH space AS (
    SELECT a.bronze_id, a.options, a.n_tried, o.key AS name, o.type, CASE o.type WHEN 'array' THEN o.value ELSE '[]' END AS choices
    FROM arrived AS a CROSS JOIN json_each(a.definition, '$.search.space') AS o
    WHERE a.definition ->> '$.learner.kind' = 'gbdt' AND json_type(a.options) = 'object' AND json_type(a.definition, '$.search.space') = 'object'
),
tried AS (
    SELECT s.bronze_id, s.name, c.key, gbdt_options_fault(json_object(s.name, json(s.choices -> ('$[' || c.key || ']'))), s.n_tried) AS reason
    FROM space AS s CROSS JOIN json_each(s.choices) AS c
),
size AS (SELECT bronze_id, portable_exp(exact_sum(portable_ln(json_array_length(choices)))) AS n FROM space WHERE json_array_length(choices) > 0 GROUP BY bronze_id)
SELECT a.bronze_id, 'search has no ' || m.key || '; it may have runs, seed, space' AS reason
FROM arrived AS a CROSS JOIN json_each(a.definition, '$.search') AS m
WHERE m.key NOT IN ('runs', 'seed', 'space')
UNION ALL
SELECT bronze_id, 'search.space.' || name || ': expected a list of 1 to 50 values, found ' || CASE type WHEN 'array' THEN json_array_length(choices) || ' of them' ELSE type END
FROM space WHERE json_array_length(choices) NOT BETWEEN 1 AND 50
UNION ALL
SELECT bronze_id, 'search.space: ' || name || ' is not a search''s to say'
FROM space WHERE name IN ('objective', 'eval_metric', 'weight', 'validation', 'early_stopping_rounds', 'group', 'feature_names', 'previous')
UNION ALL
SELECT bronze_id, 'search.space.' || name || '[' || key || ']: ' || reason FROM tried WHERE reason IS NOT NULL
UNION ALL
SELECT bronze_id, 'search.space: a search makes at least ten runs, and there are ' || CAST(n + 0.5 AS INTEGER) || ' to choose from' FROM size WHERE n < 9.5;

-- Each fault is a sentence; the first of a definition is told.
CREATE TEMP TABLE fault AS
SELECT bronze_id, 0 AS place, 'model: expected a name of letters, digits and _, found ' || model AS reason
FROM arrived
WHERE model NOT GLOB '[A-Za-z_]*' OR model GLOB '*[^A-Za-z0-9_]*' OR length(model) > 60
UNION ALL
SELECT bronze_id, 1, p ->> '$.faults[0].reason' FROM arrived WHERE p ->> '$.faults[0].reason' IS NOT NULL
UNION ALL
SELECT a.bronze_id, 1, v.key || ': expected a number, found "' || (a.definition ->> ('$.' || v.key)) || '"'
FROM arrived AS a
CROSS JOIN json_each(a.p, '$.values') AS v
WHERE v.type IN ('integer', 'real') AND json_type(a.definition, '$.' || v.key) = 'text'
UNION ALL
SELECT a.bronze_id, 2, substr(MIN(t.fullkey), 3) || ' comes twice'
FROM arrived AS a
CROSS JOIN json_tree(a.definition) AS t
GROUP BY a.bronze_id, t.parent, t.key
HAVING COUNT(*) > 1
UNION ALL
SELECT a.bronze_id, 2, 'a definition has no ' || m.key || '; it may have base, baselines, card, computed, description, entity, evaluation, features, gate, interval, label, label_clip, learner, link, model, owner, prediction, promotion, rows, schedule, search, version'
FROM arrived AS a
CROSS JOIN json_each(a.definition) AS m
WHERE m.key NOT IN ('model', 'version', 'description', 'entity', 'label', 'prediction', 'rows', 'features', 'computed', 'learner', 'baselines', 'evaluation',
                    'gate', 'promotion', 'schedule', 'search', 'owner', 'base', 'card', 'interval', 'link', 'label_clip')
UNION ALL
SELECT a.bronze_id, 3, r.field || ' is missing'
FROM arrived AS a
CROSS JOIN (SELECT column1 AS field, '$.' || column1 AS path
            FROM (VALUES ('version'), ('entity'), ('rows'), ('learner.kind'), ('prediction'))) AS r
WHERE json_type(a.definition, r.path) IS NULL AND NOT (a.is_simulation AND r.field = 'rows') AND NOT (a.is_withdrawn AND r.field IN ('entity', 'rows', 'prediction'))
UNION ALL
SELECT bronze_id, 4, 'entity and prediction: expected names of letters, digits and _, found ' || (definition ->> '$.entity') || ' and ' || (definition ->> '$.prediction')
FROM arrived
WHERE (definition ->> '$.entity') || 'a' || (definition ->> '$.prediction') GLOB '*[^A-Za-z0-9_]*'
UNION ALL
SELECT bronze_id, 5, 'rows: expected one SELECT as a text, or as a list of its lines'
FROM arrived WHERE rows_sql IS NULL AND NOT is_simulation AND NOT is_withdrawn
UNION ALL
SELECT bronze_id, 6, 'rows: ' || stored_query_fault(rows_sql) FROM arrived WHERE NOT is_withdrawn AND stored_query_fault(rows_sql) IS NOT NULL
UNION ALL
SELECT bronze_id, 7, 'features: there is none' FROM arrived WHERE n_features = 0 AND NOT is_simulation AND NOT is_withdrawn
UNION ALL
SELECT bronze_id, 7, 'features: expected at most 2000, found ' || n_features FROM arrived WHERE n_features > 2000
UNION ALL
SELECT bronze_id, 8, 'features[' || position || ']: expected a name of letters, digits and _, or {"name", "group"} of such, found ' || COALESCE(told, 'null')
FROM feature
WHERE name IS NULL OR name NOT GLOB '[A-Za-z_]*' OR name GLOB '*[^A-Za-z0-9_]*' OR length(name) > 60 OR group_type <> 'text' OR group_name GLOB '*[^A-Za-z0-9_]*'
UNION ALL
SELECT bronze_id, 9, 'features: ' || name || ' comes twice' FROM feature GROUP BY bronze_id, lower(name) HAVING COUNT(*) > 1
UNION ALL
-- What is known only afterwards is no feature, and who it is none that another athlete has.
SELECT f.bronze_id, 10, 'features: ' || f.name || ' is no feature: it says what is to be foretold, when it was known, or of whom'
FROM feature AS f
JOIN arrived AS a USING (bronze_id)
WHERE lower(f.name) IN ('label', 'label_at', 'known_at', 'as_of_date', 'item', 'origin', 'trains', lower(a.definition ->> '$.evaluation.fold'), lower(a.definition ->> '$.entity'))
UNION ALL
SELECT bronze_id, 11, 'learner.kind: expected gbdt, kmeans, rule, simulation or none, found ' || (definition ->> '$.learner.kind')
FROM arrived WHERE (definition ->> '$.learner.kind') NOT IN ('gbdt', 'kmeans', 'rule', 'simulation', 'none')
UNION ALL
SELECT bronze_id, 12, 'learner.options: ' || gbdt_options_fault(options, n_tried)
FROM arrived WHERE definition ->> '$.learner.kind' = 'gbdt' AND gbdt_options_fault(options, n_tried) IS NOT NULL
UNION ALL
SELECT bronze_id, 13, 'learner.options: ' || m.key || ' is not a definition''s to say'
FROM arrived
CROSS JOIN json_each(options) AS m
WHERE m.key IN ('weight', 'validation', 'early_stopping_rounds', 'group') OR m.key = 'base_score' AND json_type(definition, '$.label_clip') IS NOT NULL
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
SELECT bronze_id, 16, 'evaluation has no ' || m.key || '; it may have after, api_rows, by, fold, gap_days, period, slice, splits'
FROM arrived
CROSS JOIN json_each(definition, '$.evaluation') AS m
WHERE m.key NOT IN ('by', 'splits', 'after', 'gap_days', 'fold', 'period', 'slice', 'api_rows')
UNION ALL
SELECT a.bronze_id, 16, 'evaluation.' || c.column1 || ': expected the name of a column of its rows, found ' || (a.definition ->> ('$.evaluation.' || c.column1))
FROM arrived AS a CROSS JOIN (VALUES ('fold'), ('slice')) AS c
WHERE a.definition ->> ('$.evaluation.' || c.column1) GLOB '*[^A-Za-z0-9_]*' OR a.definition ->> ('$.evaluation.' || c.column1) NOT GLOB '[A-Za-z_]*'
   OR lower(a.definition ->> ('$.evaluation.' || c.column1)) IN ('label', 'label_at', 'known_at', 'trains')
UNION ALL
SELECT bronze_id, 16, 'evaluation.fold: it parts athletes, and nothing is judged by group'
FROM arrived
WHERE json_type(definition, '$.evaluation.fold') IS NOT NULL AND json_type(definition, '$.evaluation.by') = 'array'
  AND NOT EXISTS (SELECT 1 FROM json_each(definition, '$.evaluation.by') WHERE value = 'group')
UNION ALL
SELECT bronze_id, 16, 'evaluation.period: expected year, found ' || (definition ->> '$.evaluation.period') FROM arrived WHERE definition ->> '$.evaluation.period' <> 'year'
UNION ALL
SELECT bronze_id, 16, 'evaluation.period: it makes folds by time, and nothing is judged by time'
FROM arrived
WHERE json_type(definition, '$.evaluation.period') IS NOT NULL AND json_type(definition, '$.evaluation.by') = 'array'
  AND NOT EXISTS (SELECT 1 FROM json_each(definition, '$.evaluation.by') WHERE value = 'time')
UNION ALL
SELECT bronze_id, 16, 'evaluation.api_rows: expected judge or omit, found ' || (definition ->> '$.evaluation.api_rows')
FROM arrived WHERE (definition ->> '$.evaluation.api_rows') NOT IN ('judge', 'omit')
UNION ALL
SELECT a.bronze_id, 17, 'baselines[' || b.key || ']: expected the name of a column of its rows or of a feature, found ' || b.value
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.baselines') AS b
WHERE b.type <> 'text' OR b.value IN ('model', 'constant') OR b.value GLOB '*[^A-Za-z0-9_]*' OR b.value NOT GLOB '[A-Za-z_]*'
UNION ALL
SELECT bronze_id, 17, 'base: expected the name of a column of its rows or of a feature that is known at the time, found ' || (definition ->> '$.base')
FROM arrived
WHERE definition ->> '$.base' GLOB '*[^A-Za-z0-9_]*' OR definition ->> '$.base' NOT GLOB '[A-Za-z_]*'
   OR lower(definition ->> '$.base') IN ('model', 'constant', 'label', 'label_at', 'known_at', 'as_of_date', 'item', 'origin', lower(definition ->> '$.entity'))
UNION ALL
SELECT bronze_id, 17, 'link: expected identity or log, found ' || (definition ->> '$.link') FROM arrived WHERE (definition ->> '$.link') NOT IN ('identity', 'log')
UNION ALL
SELECT bronze_id, 17, CASE json_type(definition, '$.link') WHEN 'text' THEN 'link' ELSE 'label_clip' END || ': yes and no are no numbers that have one'
FROM arrived
WHERE (definition ->> '$.link' = 'log' OR json_type(definition, '$.label_clip') IS NOT NULL) AND COALESCE(options ->> '$.objective', '') = 'binary:logistic'
UNION ALL
SELECT bronze_id, 17, 'base: a probability has no number that it is counted from'
FROM arrived
WHERE json_type(definition, '$.base') IS NOT NULL AND definition ->> '$.learner.kind' IS NOT 'rule' AND COALESCE(options ->> '$.objective', '') = 'binary:logistic'
UNION ALL
SELECT a.bronze_id, 17, 'interval has no ' || m.key || '; it may have by, evaluation, level, scale, spread_power, spread_powers'
FROM arrived AS a
CROSS JOIN json_each(a.definition, '$.interval') AS m
WHERE json_type(a.definition, '$.interval') = 'object' AND m.key NOT IN ('by', 'evaluation', 'level', 'scale', 'spread_power', 'spread_powers')
UNION ALL
SELECT a.bronze_id, 17, 'interval.spread_powers: expected a number from 0 to 4 for each value of the column that by names, found ' || COALESCE(m.value, 'null') || ' for ' || m.key
FROM arrived AS a
CROSS JOIN json_each(CASE json_type(a.definition, '$.interval.spread_powers') WHEN 'object' THEN a.definition -> '$.interval.spread_powers' ELSE '{}' END) AS m
WHERE m.type NOT IN ('integer', 'real') OR m.value NOT BETWEEN 0 AND 4 OR m.key GLOB '*["\]*' OR json_type(a.definition, '$.interval.by') IS NULL
UNION ALL
SELECT bronze_id, 17, 'interval.level: expected a share from 0.5 to 0.99, or a setting that is one, found ' || (definition ->> '$.interval.level')
FROM arrived
WHERE CASE json_type(definition, '$.interval.level')
           WHEN 'text' THEN COALESCE((SELECT value NOT BETWEEN 0.5 AND 0.99 FROM ops_config WHERE name = definition ->> '$.interval.level' AND typeof(value) IN ('integer', 'real')), 1)
           WHEN 'real' THEN definition ->> '$.interval.level' NOT BETWEEN 0.5 AND 0.99 ELSE json_type(definition, '$.interval.level') IS NOT NULL END
UNION ALL
SELECT a.bronze_id, 17, 'interval.' || c.column1 || ': expected the name of a column of its rows or of a feature, found ' || (a.definition ->> ('$.interval.' || c.column1))
FROM arrived AS a CROSS JOIN (VALUES ('by'), ('scale')) AS c
WHERE a.definition ->> ('$.interval.' || c.column1) GLOB '*[^A-Za-z0-9_]*' OR a.definition ->> ('$.interval.' || c.column1) NOT GLOB '[A-Za-z_]*'
   OR lower(a.definition ->> ('$.interval.' || c.column1)) IN ('label', 'label_at', lower(a.definition ->> '$.entity'))
UNION ALL
SELECT bronze_id, 17, 'interval.evaluation: expected time or group, by which it is judged, found ' || (definition ->> '$.interval.evaluation')
FROM arrived
WHERE json_type(definition, '$.interval.evaluation') = 'text'
  AND NOT EXISTS (SELECT 1 FROM json_each(CASE json_type(definition, '$.evaluation.by') WHEN 'array' THEN definition -> '$.evaluation.by' ELSE '["time", "group"]' END) AS b
                  WHERE b.value = definition ->> '$.interval.evaluation')
UNION ALL
SELECT bronze_id, 17, 'interval: a probability says itself how sure it is'
FROM arrived
WHERE json_type(definition, '$.interval') IS NOT NULL AND COALESCE(options ->> '$.objective', '') = 'binary:logistic'
UNION ALL
SELECT bronze_id, 18, 'gate[' || position || ']: expected {"evaluation": "time" or "group", "metric": …, "above" or "below": a number, a baseline or a setting}'
FROM gate
WHERE evaluation IS NULL OR evaluation NOT IN ('time', 'group') OR metric IS NULL
   OR COALESCE(above, below, '') NOT IN ('integer', 'real', 'text') OR (above IS NULL) = (below IS NULL)
UNION ALL
SELECT bronze_id, 18, 'gate[' || position || ']: a slice is a text, a value of the column that evaluation.slice names'
FROM gate WHERE slice IS NOT NULL AND (slice <> 'text' OR slices IS NOT 'text')
UNION ALL
SELECT bronze_id, 19, 'gate: a model without one is accepted whatever it does'
FROM arrived WHERE bronze_id NOT IN (SELECT bronze_id FROM gate) AND definition ->> '$.learner.kind' IN ('gbdt', 'rule')
UNION ALL
SELECT bronze_id, 12, reason FROM simulation_fault
UNION ALL
SELECT bronze_id, 12, 'learner.options.' || (p ->> '$.faults[0].reason') FROM other_options WHERE p ->> '$.faults[0].reason' IS NOT NULL
UNION ALL
SELECT bronze_id, 12, 'learner.options.' || v.key || ': expected a number, found "' || (o.options ->> ('$.' || v.key)) || '"'
FROM other_options AS o CROSS JOIN json_each(o.p, '$.values') AS v
WHERE v.type IN ('integer', 'real') AND json_type(o.options, '$.' || v.key) = 'text'
UNION ALL
SELECT bronze_id, 12, 'learner.options: k, missing and previous are not a definition''s to say'
FROM other_options
WHERE kind = 'kmeans' AND COALESCE(json_type(options, '$.k'), json_type(options, '$.missing'), json_type(options, '$.previous')) IS NOT NULL
UNION ALL
SELECT a.bronze_id, 13, 'learner.options.names[' || n.key || ']: expected {"feature": one of its features, "high": a word, "low": a word}'
FROM arrived AS a
CROSS JOIN json_each(CASE WHEN json_type(a.options, '$.names') = 'array' THEN a.options -> '$.names' ELSE '[]' END) AS n
WHERE a.definition ->> '$.learner.kind' = 'kmeans'
  AND (n.type <> 'object' OR json_type(CASE n.type WHEN 'object' THEN n.value ELSE '{}' END, '$.high') IS NOT 'text' OR json_type(CASE n.type WHEN 'object' THEN n.value ELSE '{}' END, '$.low') IS NOT 'text'
       OR NOT EXISTS (SELECT 1 FROM feature AS f WHERE f.bronze_id = a.bronze_id AND f.name = CASE n.type WHEN 'object' THEN n.value ->> '$.feature' END))
UNION ALL
SELECT a.bronze_id, 12, 'learner.options: a rule has no ' || m.key || '; it may have objective'
FROM arrived AS a CROSS JOIN json_each(a.options) AS m
WHERE a.definition ->> '$.learner.kind' = 'rule' AND m.key <> 'objective'
UNION ALL
SELECT bronze_id, 14, 'base is missing: it is what a rule says' FROM arrived WHERE definition ->> '$.learner.kind' = 'rule' AND json_type(definition, '$.base') IS NULL
UNION ALL
SELECT a.bronze_id, 14, m.key || ' is not a rule''s to say: it learns nothing'
FROM arrived AS a CROSS JOIN json_each(a.definition) AS m
WHERE a.definition ->> '$.learner.kind' = 'rule' AND m.key IN ('label_clip', 'search')
UNION ALL
SELECT a.bronze_id, 14, m.key || ' is not a clustering''s to say: it has no label to be judged by'
FROM arrived AS a CROSS JOIN json_each(a.definition) AS m
WHERE a.definition ->> '$.learner.kind' = 'kmeans' AND m.key IN ('base', 'link', 'label_clip', 'baselines', 'evaluation', 'gate', 'interval', 'promotion', 'search')
UNION ALL
SELECT bronze_id, 19, 'promotion.by: expected rows, on which both are compared, or gate, found ' || (definition ->> '$.promotion.by')
FROM arrived WHERE (definition ->> '$.promotion.by') NOT IN ('rows', 'gate')
UNION ALL
SELECT bronze_id, 20, reason FROM search_fault
UNION ALL
SELECT a.bronze_id, 21, 'card has no ' || m.key || '; it may have limits, use'
FROM arrived AS a CROSS JOIN json_each(a.definition, '$.card') AS m
WHERE json_type(a.definition, '$.card') = 'object' AND m.key NOT IN ('use', 'limits')
UNION ALL
SELECT a.bronze_id, 21, 'card.limits[' || m.key || ']: expected a text, found ' || m.type
FROM arrived AS a CROSS JOIN json_each(a.definition, '$.card.limits') AS m
WHERE m.type <> 'text';

CREATE TEMP TABLE judged AS
SELECT *, CASE WHEN length(told) > 1000 THEN substr(told, 1, 1000) || '... (' || length(told) || ' characters)' ELSE told END AS fault
FROM (SELECT a.*, (SELECT f.reason FROM fault AS f WHERE f.bronze_id = a.bronze_id AND f.reason IS NOT NULL ORDER BY f.place, f.reason LIMIT 1) AS told
      FROM arrived AS a);

DELETE FROM ml_model_rejects;
INSERT INTO ml_model_rejects (bronze_id, model, reason, definition)
SELECT bronze_id, model, fault, definition FROM judged WHERE fault IS NOT NULL;

INSERT INTO ml_models (bronze_id, model, version, entity, learner, definition, registered_at, rows_sql, lookups, computed, columns_sql, options, is_binary)
SELECT j.bronze_id, j.model, j.definition ->> '$.version', COALESCE(j.definition ->> '$.entity', ''), j.definition ->> '$.learner.kind', j.definition, c.started_at,
       COALESCE(j.rows_sql, ''),
       (SELECT json_group_array(json_object('group', group_name, 'features', json(names)))
        FROM (SELECT f.group_name, json_group_array(f.name) AS names
              FROM (SELECT * FROM feature AS f WHERE f.bronze_id = j.bronze_id AND f.group_name IS NOT NULL ORDER BY f.position) AS f
              GROUP BY f.group_name ORDER BY f.group_name)),
       COALESCE(j.definition -> '$.computed', '{}'),
       (SELECT COALESCE(group_concat('exact_real(nullif(s.row -> ''$.' || name || ''', ''null'')) AS "' || name || '"', ', '), '')
        FROM (SELECT f.name FROM feature AS f WHERE f.bronze_id = j.bronze_id ORDER BY f.position)),
       CASE j.definition ->> '$.learner.kind' WHEN 'rule' THEN '{"objective":"reg:squarederror","num_boost_round":1,"max_depth":1,"base_score":0}' ELSE j.options END, -- a tree that says nothing
       COALESCE(j.options ->> '$.objective', '') = 'binary:logistic'
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
DROP TABLE temp.search_fault;
DROP TABLE temp.simulation_fault;
DROP TABLE temp.other_options;
DROP TABLE temp.gate;
DROP TABLE temp.feature;
DROP TABLE temp.arrived;
DROP TABLE temp.stage_clock;

COMMIT;
