"""Trees as nested tuples, as a model's text, and as the game that SHAP values share out.

A leaf is (cover, value); a split (feature, threshold, missing_left, left, right), or with a set of categories, which go
right, for a threshold. The cover of a split is the sum of its children's.
"""

import itertools
import json
import math

import numpy as np


def is_leaf(tree):
    return len(tree) == 2


def cover(tree):
    return tree[0] if is_leaf(tree) else cover(tree[3]) + cover(tree[4])


def goes_left(tree, x):
    feature, threshold, missing_left = tree[:3]
    if math.isnan(x[feature]):
        return missing_left
    return x[feature] not in threshold if isinstance(threshold, set) else np.float32(x[feature]) < np.float32(threshold)


def worth(tree, x, known):
    """What the tree predicts when only the values of some features are known: the mean by cover over the others."""
    if is_leaf(tree):
        return tree[1]
    left, right = (worth(side, x, known) for side in tree[3:])
    if tree[0] in known:
        return left if goes_left(tree, x) else right
    total = cover(tree)
    share = cover(tree[3]) / total if total > 0 else 0.5
    return share * left + (1 - share) * right


def shapley(tree, x):
    """By definition: over all orders of the features, what each adds when it becomes known. The base value is last."""
    n = len(x)
    worths = {s: worth(tree, x, s) for r in range(n + 1) for s in itertools.combinations(range(n), r)}
    values = np.zeros(n + 1)
    for feature, (known, before) in itertools.product(range(n), worths.items()):
        if feature not in known:
            weight = math.factorial(len(known)) * math.factorial(n - len(known) - 1) / math.factorial(n)
            values[feature] += weight * (worths[tuple(sorted((*known, feature)))] - before)
    values[n] = worths[()]
    return values


def shapley_interactions(tree, x):
    """By definition (Lundberg et al. 2020, equations 5 to 7)."""
    n = len(x)
    matrix = np.zeros((n, n))
    for a, b in itertools.permutations(range(n), 2):
        others = [f for f in range(n) if f not in (a, b)]
        for r in range(n - 1):
            weight = math.factorial(r) * math.factorial(n - r - 2) / (2 * math.factorial(n - 1))
            for s in itertools.combinations(others, r):
                both = worth(tree, x, {*s, a, b}) - worth(tree, x, {*s, a}) - worth(tree, x, {*s, b}) + worth(tree, x, s)
                matrix[a, b] += weight * both
    np.fill_diagonal(matrix, shapley(tree, x)[:n] - matrix.sum(axis=1))
    return matrix


def model_text(trees, n_features, outputs=None, base_score="0E0"):
    """The trees as XGBoost's JSON; `outputs` has the class of each tree."""
    texts = []
    for number, tree in enumerate(trees):
        nodes, queue = [], [(tree, 2147483647)]
        n_pushed = 1
        lists = {name: [] for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")}
        for at, (node, parent) in enumerate(queue):  # the queue grows behind the loop
            if is_leaf(node):
                nodes.append((-1, -1, parent, 0, float(np.float32(node[1])), 0, 0, 0.0, float(node[0]), 0.0))
                continue
            categorical = isinstance(node[1], set)
            condition = 0.0 if categorical else float(np.float32(node[1]))
            if categorical:
                lists["categories_nodes"].append(at)
                lists["categories_segments"].append(len(lists["categories"]))
                lists["categories_sizes"].append(len(node[1]))
                lists["categories"] += sorted(node[1])
            nodes.append((n_pushed, n_pushed + 1, parent, node[0], condition, int(node[2]), int(categorical), 1.0, float(cover(node)), 0.0))
            n_pushed += 2
            queue += [(node[3], at), (node[4], at)]
        names = "left_children right_children parents split_indices split_conditions default_left split_type loss_changes sum_hessian base_weights"
        texts.append({
            "id": number,
            "tree_param": {"num_nodes": str(len(nodes)), "num_feature": str(n_features), "size_leaf_vector": "1", "num_deleted": "0"},
            **{name: list(column) for name, column in zip(names.split(), zip(*nodes))},
            **lists,
        })  # fmt: skip
    n_classes = max(outputs) + 1 if outputs else 0
    objective = {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}
    if n_classes:
        objective = {"name": "multi:softprob", "softmax_multiclass_param": {"num_class": str(n_classes)}}
    return json.dumps({
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_trees": str(len(trees)), "num_parallel_tree": "1", "size_leaf_vector": "0"},
                    "tree_info": list(outputs or [0] * len(trees)),
                    "trees": texts,
                },
            },
            "learner_model_param": {"base_score": base_score, "num_class": str(n_classes), "num_feature": str(n_features), "num_target": "1"},
            "objective": objective,
        },
        "version": [1, 7, 4],
    })  # fmt: skip


def random_tree(rng, n_features, depth, empty=0.0, categorical=()):
    """Splits ask for the same few features again and again; a share `empty` of the leaves has no cover."""
    if depth == 0 or rng.random() < 0.1:
        return (0 if rng.random() < empty else int(rng.integers(1, 50)), float(np.float32(rng.normal())))
    feature = int(rng.integers(n_features))
    threshold = set(rng.choice(6, 3, replace=False).tolist()) if feature in categorical else float(np.float32(rng.normal()))
    sides = (random_tree(rng, n_features, depth - 1, empty, categorical) for _ in range(2))
    return (feature, threshold, bool(rng.integers(2)), *sides)
