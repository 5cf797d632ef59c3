# Databricks notebook source
# MAGIC %md
# MAGIC # A model of scikit-learn's inside a SELECT
# MAGIC
# MAGIC Gradient boosting, histogram gradient boosting and forests of scikit-learn, as the JSON text that `gbdt_predict`, `gbdt_score`,
# MAGIC `gbdt_explain` and XGBoost itself read. Trained here, scored where the data lives: in the `sqlite3` shell, a phone, Datasette.
# MAGIC
# MAGIC     make demo
# MAGIC     python notebooks/04_scikit_learn.py
# MAGIC
# MAGIC needs numpy and scikit-learn. Nothing is written.

# COMMAND ----------

# MAGIC %md
# MAGIC ## 1. Trees in another spelling
# MAGIC scikit-learn goes left where `x <= threshold` in double, XGBoost where `x < threshold` in float32. For a float32 `x` the two are
# MAGIC the same if the second threshold is the next float32 above the first: every row reaches the same leaf. Leaf values are
# MAGIC rounded to float32 and added in float32, so predictions agree to some 1e-6 of the size of what is added up.

# COMMAND ----------

import json

import numpy as np


def float32_above(threshold):
    """The lowest float32 above a double; the largest there is for infinity, below which all that is not missing lies."""
    if threshold == np.inf:
        return float(np.finfo(np.float32).max)
    nearest = np.float32(threshold)
    return float(nearest if nearest > threshold else np.nextafter(nearest, np.float32(np.inf)))


def nodes_of(tree):
    """(is leaf, left, right, feature, threshold, missing go left, value, rows) per node, of either kind of tree."""
    if hasattr(tree, "nodes"):  # of histogram gradient boosting
        if tree.nodes["is_categorical"].any():
            raise ValueError("splits by category are not translated: one column per category is")
        return [(n["is_leaf"], n["left"], n["right"], n["feature_idx"], n["num_threshold"], n["missing_go_to_left"], n["value"], n["count"]) for n in tree.nodes]
    t = tree.tree_
    columns = t.children_left < 0, t.children_left, t.children_right, t.feature, t.threshold, t.missing_go_to_left, t.value[:, 0, 0], t.weighted_n_node_samples
    return list(zip(*columns))


def xgboost_tree(nodes, n_features, number, scale=1.0):
    """XGBoost numbers the two children of a node one after the other, so nodes are numbered anew, level by level."""
    order, left, parents = [0], [], [2147483647]
    for at, old in enumerate(order):
        is_leaf, *children = nodes[old][:3]
        left.append(-1 if is_leaf else len(order))
        if not is_leaf:
            order += children
            parents += [at, at]
    new = [nodes[old] for old in order]
    n = len(new)
    return {
        "id": number,
        "tree_param": {"num_nodes": str(n), "num_feature": str(n_features), "size_leaf_vector": "1", "num_deleted": "0"},
        "left_children": left, "right_children": [c if c < 0 else c + 1 for c in left], "parents": parents,
        "split_indices": [0 if leaf else int(f) for leaf, _, _, f, *_ in new],
        "split_conditions": [float(np.float32(value * scale)) if leaf else float32_above(cut) for leaf, _, _, _, cut, _, value, _ in new],
        "default_left": [int(not leaf and goes_left) for leaf, _, _, _, _, goes_left, _, _ in new],
        "sum_hessian": [float(rows) for *_, rows in new],
        "loss_changes": [0.0] * n, "base_weights": [0.0] * n, "split_type": [0] * n,
        "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
    }  # fmt: skip


def parts_of(model):
    """What each output starts from, and per round its trees, with what their leaves are to be multiplied by."""
    if hasattr(model, "_predictors"):  # HistGradientBoosting…, whose leaves are shrunk
        return np.ravel(model._baseline_prediction), [list(trees) for trees in model._predictors], 1.0
    if hasattr(model, "init_"):  # GradientBoosting…
        start = np.ravel(model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32)))
        return start, [list(trees) for trees in model.estimators_], model.learning_rate
    return np.zeros(1), [[tree] for tree in model.estimators_], 1 / len(model.estimators_)  # a forest's mean


def xgboost_json(model, feature_names=None):
    """A fitted HistGradientBoosting…, GradientBoosting…, RandomForestRegressor or ExtraTreesRegressor as XGBoost's JSON text.

    Objectives of squared error, absolute error and quantiles become "reg:squarederror", whose output is the sum of the trees; the
    log loss becomes "binary:logistic" or "multi:softprob", Poisson's "count:poisson".
    """
    start, rounds, scale = parts_of(model)
    n_features, n_outputs = model.n_features_in_, len(start)
    objective = "reg:squarederror"
    if hasattr(model, "classes_"):
        objective = "binary:logistic" if n_outputs == 1 else "multi:softprob"
    elif getattr(model, "loss", None) == "poisson":
        objective = "count:poisson"
    trees = [xgboost_tree([(True, 0, 0, 0, 0.0, False, s, 0)], n_features, k) for k, s in enumerate(start)]
    trees += [xgboost_tree(nodes_of(t), n_features, n_outputs + i, scale) for i, t in enumerate(t for outputs in rounds for t in outputs)]
    neutral = {"binary:logistic": "0.5", "count:poisson": "1"}.get(objective, "0")  # a margin of 0
    parameters = {"base_score": neutral, "num_class": str(n_outputs if n_outputs > 1 else 0), "num_feature": str(n_features), "num_target": "1"}
    loss = {"softmax_multiclass_param": {"num_class": str(n_outputs)}} if n_outputs > 1 else {"reg_loss_param": {"scale_pos_weight": "1"}}
    if objective == "count:poisson":
        loss = {"poisson_regression_param": {"max_delta_step": "0.7"}}
    booster = {
        "gbtree_model_param": {"num_trees": str(len(trees)), "num_parallel_tree": "1"},
        "iteration_indptr": list(range(0, len(trees) + 1, n_outputs)),
        "tree_info": [i % n_outputs for i in range(len(trees))], "trees": trees,
    }  # fmt: skip
    names = [str(n) for n in feature_names] if feature_names is not None else []
    learner = {
        "attributes": {}, "feature_names": names, "feature_types": ["float"] * len(names), "gradient_booster": {"name": "gbtree", "model": booster},
        "learner_model_param": parameters, "objective": {"name": objective, **loss},
    }  # fmt: skip
    return json.dumps({"learner": learner, "version": [2, 1, 0]})


# COMMAND ----------

# MAGIC %md
# MAGIC ## 2. A pace model of scikit-learn's, scored in SQL
# MAGIC The runs of `demo.db`: pace from distance, climb and heart rate, by three of scikit-learn's learners.

# COMMAND ----------

import os
import sqlite3

from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor

db = sqlite3.connect(f"file:{os.environ.get('ATHLETE_DB', 'demo.db')}?mode=ro", uri=True)
db.enable_load_extension(True)
db.load_extension(os.environ.get("ATHLETE_EXTENSION", "build/athlete"))
QUERY = """
    SELECT activity_id, distance_km, elevation_gain_m, avg_hr FROM activity_features
    WHERE is_run AND pace_min_km IS NOT NULL AND elevation_gain_m IS NOT NULL AND avg_hr IS NOT NULL ORDER BY activity_id"""
NAMES = ["distance_km", "elevation_gain_m", "avg_hr"]
x = np.array([row[1:] for row in db.execute(QUERY)], np.float32)
y = np.array([row[0] for row in db.execute(QUERY.replace("activity_id, distance_km, elevation_gain_m, avg_hr", "pace_min_km"))])

LEARNERS = [
    HistGradientBoostingRegressor(max_iter=50, random_state=1),
    GradientBoostingRegressor(n_estimators=50, random_state=1),
    RandomForestRegressor(n_estimators=50, min_samples_leaf=3, random_state=1),
]
for learner in LEARNERS:
    model = xgboost_json(learner.fit(x, y), NAMES)
    scored = np.array([value for value, in db.execute("SELECT value FROM gbdt_score(?, ?)", (model, QUERY))])
    difference = np.abs(scored - learner.predict(x)).max()
    print(f"{type(learner).__name__:30} {len(model):9,} bytes, {len(x)} runs, largest difference of the pace: {difference:.1e} min/km")

# COMMAND ----------

# MAGIC %md
# MAGIC ## 3. Why this pace?
# MAGIC What the extension does with its own models it does with these: the forest's SHAP values for the last run.

# COMMAND ----------

for feature, value, minutes in db.execute("SELECT feature, value, contribution FROM gbdt_explain(?, ?)", (model, QUERY + " DESC LIMIT 1")):
    print(f"{feature or 'on average':20} {'' if value is None else round(value, 1):>8} {minutes:+.3f} min/km")
db.close()
