-- Statements whose every allocation is made to fail, by oom.c. Beside them, test_out_of_memory.py adds one plain call
-- of every function. Keep each one small: it runs twice as often as it allocates.
SELECT sha256('abc'), sha256(x'00ff'), athlete_version();
SELECT seq, line, object, fault, fault_offset FROM json_objects('[{"a": 1}, {"b": nope}, {"c": [1, 2, {"d": "é"}]}');
SELECT name, signature, arguments, returns FROM athlete_functions;
SELECT * FROM athlete_arguments;
SELECT assert_that(0, 'a message that is longer than a few bytes, so that it needs memory of its own');
SELECT sha256();
SELECT * FROM json_objects(x'00');
SELECT * FROM json_objects();
SELECT f.* FROM (SELECT '[{}]' AS t UNION ALL SELECT '{"x":1}') AS s, json_objects AS f WHERE f.text = s.t;
SELECT length(gbdt_train('{"num_boost_round": 2, "weight": 3, "validation": 4, "early_stopping_rounds": 1, "feature_names": ["a", "b", "w", "v"], "monotone_constraints": {"b": 1}, "interaction_constraints": [["a", "b"]], "objective": "quantile"}', y, a, b, w, v)) FROM (SELECT 1 AS y, 'x' AS a, 2 AS b, 1 AS w, 0 AS v UNION ALL SELECT 2, 'y', 3, 2, 0 UNION ALL SELECT 3, 'x', NULL, 2, 1);
SELECT metric, loss FROM gbdt_fit('{"num_boost_round": 2, "objective": "multiclass", "num_class": 2}', 'SELECT 0 AS y, ''run'' AS sport UNION ALL SELECT 1, ''ride''');
SELECT * FROM athlete_options;
SELECT key, class, value FROM gbdt_score((SELECT gbdt_train('{"num_boost_round": 2, "objective": "multiclass", "num_class": 3, "min_child_weight": 0, "nthread": 2}', column1, column2, column3) FROM (VALUES (0, 1, 'run'), (1, 2, 'ride'), (2, 3, 'run'), (0, NULL, 'swim'))), 'VALUES (1, 1.5, ''run''), (2, NULL, ''ski'')', '{"output": "probabilities", "match": "position"}');
SELECT key, output, feature, contribution FROM gbdt_explain((SELECT gbdt_train('{"num_boost_round": 2, "grow_policy": "lossguide", "max_leaves": 3}', column1, column2, column3) FROM (VALUES (1, 1, 5), (2, 2, 4), (4, 3, NULL), (3, 4, 4))), 'VALUES (1, 1.5, NULL), (2, 3.5, 4)');
SELECT * FROM gbdt_interactions((SELECT gbdt_train('{"num_boost_round": 1}', column1, column2) FROM (VALUES (1, 1), (2, 2), (4, 3))), 'VALUES (1, 1.5)');
SELECT * FROM gbdt_importance((SELECT gbdt_train('{"num_boost_round": 1}', column1, column2) FROM (VALUES (1, 1), (2, 2), (4, 3))), 'VALUES (1, 1.5)');
SELECT length(gbdt_import(gbdt_export(m, 'lightgbm'))) FROM (SELECT gbdt_train('{"num_boost_round": 2}', column1, column2, column3) AS m FROM (VALUES (1, 1, 'run'), (2, 2, 'ride'), (4, 3, 'run')));
CREATE VIRTUAL TABLE temp.f USING asof(sqlite_schema, entity='type, name', timestamp=rootpage, backfill=1);
CREATE VIRTUAL TABLE temp.f USING training_set('{"labels": "SELECT 1 AS a, 2 AS t", "as_of": "t", "computed": {"b": "a + t", "c": "a || ''!''"}, "exclude": ["a"]}');
SELECT * FROM leakage_report('SELECT 1 AS y, ''2024-03-01'' AS t, 2 AS x, ''2024-03-02'' AS known UNION ALL SELECT 2, ''2024-03-01'', 3, NULL', '{"label": "y", "as_of": "t", "available": {"x": "known"}}');
SELECT * FROM broken_rules('SELECT 1 AS k, 2.5 AS x, ''2024-03-01'' AS at', 'VALUES (''large'', ''x > 5''), (''early'', ''date(at) < at''), (''json'', ''json_extract(at, ''''$'''') > x''), (''none'', ''random() > x''), (''no rule'', NULL)');
SELECT * FROM stored_query('SELECT name, count(*), max(rank) OVER () FROM (SELECT *, rank() OVER (ORDER BY name) AS rank FROM pragma_table_list) GROUP BY 1');
SELECT * FROM stored_query('SELECT type, quantile(rootpage, 0.5) FROM (VALUES (1, 2)), json_each(''[1]'')');
SELECT stored_query_fault('SELECT upper(value) FROM json_each(''[1, 2]'')'), stored_query_fault('SELECT load_extension(1)');
SELECT json_fields('{"distance": 12345678901234567890.5, "name": "\u00e9", "at": "2024-05-01T10:00:00+02:00", "x": "1:30", "athlete": {"id": 7}}', '[{"field": "distance", "type": "number", "unit": "m"}, {"field": "at", "type": "instant"}, {"field": "x", "type": "number", "max": 7}, {"field": "athlete.id", "type": "id"}]');
SELECT json_plain_names('{"\u0061": [{"\/": 1}]}');
SELECT json_fields('[null]', '[{"field": "a", "type": "list"}]'), json_fields('{}', '[{"field": 1}]');
