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
CREATE VIRTUAL TABLE temp.f USING asof(sqlite_schema, entity='type, name', timestamp=rootpage, backfill=1);
CREATE VIRTUAL TABLE temp.f USING training_set('{"labels": "SELECT 1 AS a, 2 AS t", "as_of": "t", "computed": {"b": "a + t", "c": "a || ''!''"}, "exclude": ["a"]}');
SELECT * FROM leakage_report('SELECT 1 AS y, ''2024-03-01'' AS t, 2 AS x, ''2024-03-02'' AS known UNION ALL SELECT 2, ''2024-03-01'', 3, NULL', '{"label": "y", "as_of": "t", "available": {"x": "known"}}');
