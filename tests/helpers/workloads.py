"""Calls that would run for seconds if nobody stopped them: name -> (SQL, parameters).

One line for every function that can work long inside a single call. What runs long only because it is called for
many rows need not be here: between two rows SQLite looks by itself.
"""

import json


def nested_objects(n):
    """Broken at every line and nested, so that each line is a place where reading could go on and is tried, 64 deep."""
    return ('{"padding":"' + "x" * 2000 + '",\n"next":\n') * n


def chain_model(n_splits, n_trees, n_features):
    """Trees that are one long path, asking for every feature in turn."""
    n = 2 * n_splits + 1
    splits = [0, *range(1, n - 2, 2)]
    left, parents, features = [-1] * n, [2147483647] * n, [0] * n
    for i, split in enumerate(splits):
        left[split], features[split] = 2 * i + 1, i % n_features
        parents[2 * i + 1] = parents[2 * i + 2] = split
    right = [i + 1 if i >= 0 else -1 for i in left]
    numbers = {name: [1] * n for name in ("split_conditions", "default_left", "loss_changes", "sum_hessian", "base_weights")}
    empty = {name: [] for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")}
    tree = {
        "tree_param": {"num_nodes": str(n), "num_feature": str(n_features), "size_leaf_vector": "1", "num_deleted": "0"},
        "left_children": left, "right_children": right, "parents": parents, "split_indices": features, "split_type": [0] * n,
        **numbers, **empty,
    }  # fmt: skip
    model = {"gbtree_model_param": {"num_trees": str(n_trees), "size_leaf_vector": "0"}, "tree_info": [0] * n_trees, "trees": [tree] * n_trees}
    parameters = {"base_score": "0", "num_class": "0", "num_feature": str(n_features), "num_target": "1"}
    learner = {
        "attributes": {}, "feature_names": [], "feature_types": [], "gradient_booster": {"name": "gbtree", "model": model},
        "learner_model_param": parameters, "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }  # fmt: skip
    return json.dumps({"learner": learner, "version": [1, 7, 4]})


def trees_of_one_class(n):
    """A model of 1024 classes whose trees are all of the first: LightGBM wants as many of each."""
    arrays = {
        "left_children": "-1", "right_children": "-1", "parents": "2147483647", "split_indices": "0", "split_conditions": "0", "default_left": "0",
        "split_type": "0", "loss_changes": "0", "sum_hessian": "0", "base_weights": "0", "categories": "", "categories_nodes": "",
        "categories_segments": "", "categories_sizes": "",
    }  # fmt: skip
    tree = '{"tree_param":{"num_nodes":"1","num_feature":"1","size_leaf_vector":"1","num_deleted":"0"}' + "".join(f',"{k}":[{v}]' for k, v in arrays.items()) + "}"
    trees = f'"gbtree_model_param":{{"num_trees":"{n}"}},"tree_info":[{",".join("0" * n)}],"trees":[{",".join([tree] * n)}]'
    parameters = '"base_score":"0","num_class":"1024","num_feature":"1","num_target":"1"'
    booster = '"gradient_booster":{"name":"gbtree","model":{' + trees + "}}"
    return f'{{"learner":{{{booster},"learner_model_param":{{{parameters}}},"objective":{{"name":"multi:softprob"}}}}}}'


WORKLOADS = {
    "json_objects: nowhere to go on": lambda: ("SELECT count(*) FROM json_objects(?)", (nested_objects(20_000),)),
    "json_objects: long arrays": lambda: (
        "SELECT count(*) FROM json_objects(?)",
        (('{"a":[' + "1," * 1_000_000 + "\n") * 30,),
    ),
    "gbdt_train: many rounds": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
        "SELECT length(gbdt_train('{\"num_boost_round\": 20000}', i % 97, i * 7919 % 1009, i * 104729 % 7919, i % 31)) FROM n",
        (),
    ),
    "gbdt_fit: many rounds": lambda: (
        "SELECT rows FROM gbdt_fit('{\"num_boost_round\": 20000}', "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
        "SELECT i % 97 AS y, i * 7919 % 1009 AS a, i * 104729 % 7919 AS b, i % 31 AS c FROM n')",
        (),
    ),
    "ks_pvalue: an exact p-value of many numbers": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 90000) "
        "SELECT ks_pvalue(CASE WHEN i <= 30000 THEN i ELSE (i - 30000) / 2.0 + 20000 END, i <= 30000, 'exact') FROM n",
        (),
    ),
    "block_bootstrap: many blocks": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT block_bootstrap(i, i) FROM n",
        (),
    ),
    "svg_histogram: millions of values": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT length(svg_histogram(NULL, i)) FROM n",
        (),
    ),
    "kmeans_train: many rows": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        "SELECT length(kmeans_train('{\"k\": 40}', i * 7919 % 1009, i * 104729 % 7919, i % 31)) FROM n",
        (),
    ),
    "kmeans_choose: many resamples": lambda: (
        "SELECT k FROM kmeans_choose('{\"resamples\": 10000}', "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, i * 7919 % 1009, i * 104729 % 7919 FROM n')",
        (),
    ),
    "kmeans_score: a long query": lambda: (
        "SELECT count(*) FROM kmeans_score((SELECT kmeans_train('{\"k\": 2}', value) FROM json_each('[1, 2, 3]')), "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n')",
        (),
    ),
    "silhouette: many rows": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT silhouette(i % 3, i * 7919 % 1009, i % 31) FROM n",
        (),
    ),
    "calibration_fit: many rows": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT length(calibration_fit('platt', i * 7919 % 1009, i % 2)) FROM n",
        (),
    ),
    "cbpe: many rows in one chunk": lambda: (
        "SELECT count(*) FROM cbpe('SELECT 0.5, 1, 1', 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "SELECT i * 7919 % 1009 / 1009.0, i % 2, NULL, i * 104729 % 300007 FROM n', '{\"chunks\": 1}')",
        (),
    ),
    "dle: a long query": lambda: (
        "SELECT count(*) FROM dle('SELECT 1, 1', 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i, NULL FROM n')", ()),
    "drift_samples: a long query": lambda: ("SELECT count(*) FROM drift_samples('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT 3, i FROM n', 1)", ()),
    "profile: a long query": lambda: ("SELECT count(*) FROM profile('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n')", ()),
    "mean_shift_test: a long query": lambda: (
        "SELECT count(*) FROM mean_shift_test('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n', 'SELECT 1')", ()),
    "reconstruction_test: a long query": lambda: (
        "SELECT count(*) FROM reconstruction_test('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i, i % 7 FROM n', 'SELECT 1, 2')", ()),
    "reconstruction_test: many columns": lambda: (
        f"SELECT count(*) FROM reconstruction_test('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT {', '.join(f'i * {7919 + k} % 1009' for k in range(400))} FROM n',"
        f" 'SELECT {', '.join(['1'] * 400)}')", ()),
    "drift: a long query": lambda: (
        "SELECT count(*) FROM drift('SELECT 1 AS x', 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT ''a'' AS x FROM n')",
        (),
    ),
    "gbdt_score: a long query": lambda: (
        "SELECT count(*) FROM gbdt_score((SELECT gbdt_train('{}', value, value) FROM json_each('[1, 2, 3]')), "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n LIMIT 100000000')",
        (),
    ),
    "gbdt_explain: long paths of many features": lambda: (
        "SELECT sum(contribution) FROM gbdt_explain(?, 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) "
        "SELECT i" + ", i" * 256 + " FROM n')",
        (chain_model(5000, 4, 256),),
    ),
    "gbdt_interactions: a deep tree": lambda: (
        "SELECT sum(contribution) FROM gbdt_interactions(?, 'SELECT 1, 2, 3, 4')",
        (chain_model(32000, 1, 3),),
    ),
    "gbdt_export: classes without trees": lambda: ("SELECT length(gbdt_export(?, 'lightgbm'))", (trees_of_one_class(30_000),)),
    "quantile: a wide frame": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        "SELECT sum(q) FROM (SELECT quantile(i * 7919 % 1009, 0.5) OVER (ORDER BY i ROWS 50000 PRECEDING) AS q FROM n)",
        (),
    ),
    "training_load: a long life": lambda: (
        "SELECT count(*) FROM (SELECT a.value AS id FROM json_each('[' || substr(replace(hex(zeroblob(5000)), '00', ',1'), 2) || ']') AS a), "
        "training_load('SELECT 1, ''1900-01-01'', 50, 10, 50, 5, 10 UNION ALL SELECT 1, ''2099-01-01'', 50, 10, 50, 5, 10')",
        (),
    ),
    "training_forecast: many plans": lambda: (
        "SELECT count(*) FROM training_forecast('SELECT 1, ''1900-01-01'', 50, 10, 50, 5, 10, NULL UNION ALL"
        " SELECT 1, ''2090-01-01'', 50, 10, 50, 5, 10, key FROM json_each(''[1'' || substr(replace(hex(zeroblob(5000)), ''00'', '',1''), 3) || '']'')', '{\"end_date\": \"2099-01-01\"}')",
        (),
    ),
    "active_days: many days": lambda: (
        "SELECT count(*) FROM active_days('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT 1, i, i % 3 FROM n')", ()),
    "similar_pace: many questions": lambda: (
        "SELECT count(*) FROM similar_pace('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
        " SELECT 1, i, i, CASE WHEN i <= 100 THEN 5.0 END, i, 8, 4, 18, 2 FROM n')",
        (),
    ),
    "leakage_report: many features": lambda: (
        "SELECT count(*) FROM leakage_report('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " SELECT i * 7919 % 100003 AS y, i AS at, " + ", ".join(f"i * {k} % 99991 AS x{k}" for k in range(2, 60)) + " FROM n',"
        " '{\"label\": \"y\", \"as_of\": \"at\"}')",
        (),
    ),
}
