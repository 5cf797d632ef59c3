"""Trains a grid of models with whatever version of XGBoost or LightGBM is on the path, and writes what they predict.

    python tests/helpers/models/foreign_models.py xgboost|lightgbm [every] > cases.json
    python tests/helpers/models/foreign_models.py load < models.json > margins.json

Needs nothing of this project, since it runs under libraries of other years. Each case has the model's text, rows (null is
missing), and the float32 margins that the library makes of them; LightGBM's are the sums of its leaves rounded to float32.
With `every` 7, each seventh case is written. `load` has XGBoost read models and rows, and writes the margins that it makes.
"""

import itertools
import json
import sys
import tempfile
import warnings

import numpy as np

ROWS, JUDGED = 160, 25


def table(seed, categories):
    """Float32 numbers with ties and gaps, and columns of categories; a label made of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, 5)).astype(np.float32)
    x[:, 1] = rng.integers(0, 6, ROWS)
    x[:, 2] *= np.float32(1e4)
    if categories:
        x[:, 3] = rng.integers(0, categories, ROWS)
        x[:, 4] = rng.integers(0, 3, ROWS)
    y = x[:, 0] + (x[:, 1] > 2) + np.where(x[:, 3] % 3 == 0, 1, 0) + 0.3 * rng.normal(size=ROWS)
    x[rng.random(x.shape) < 0.12] = np.nan
    return x, y


def labels(objective, y):
    if any(word in objective for word in ("binary", "logistic", "cross", "hinge")):
        return (y > np.median(y)).astype(float)
    if "multi" in objective:
        return np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(float)
    if any(word in objective for word in ("rank", "lambda", "xendcg")):
        return np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(int)
    if any(word in objective for word in ("poisson", "gamma", "tweedie", "log", "aft", "cox")):
        return np.exp(y / 2).round(2) + 0.1
    return 3 * y + 10


# --- XGBoost -----------------------------------------------------------------------------------------------------

XGBOOST_OBJECTIVES = (
    "reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:squaredlogerror", "reg:logistic", "binary:logistic", "binary:logitraw",
    "count:poisson", "reg:gamma", "reg:tweedie", "multi:softprob", "multi:softmax", "rank:pairwise", "rank:ndcg", "reg:quantileerror",
)  # fmt: skip
XGBOOST_SHAPES = {
    "plain": {},
    "leafwise": {"grow_policy": "lossguide", "max_leaves": 7, "max_depth": 0, "subsample": 0.8},
    "names": {"categories": 12},
    "one name": {"categories": 8, "max_cat_to_onehot": 20},
}
XGBOOST_OTHERS = {
    "exact": {"tree_method": "exact"},
    "approx names": {"tree_method": "approx", "categories": 20},
    "many names": {"categories": 90, "max_depth": 5},
    "forest": {"num_parallel_tree": 3, "subsample": 0.7, "colsample_bynode": 0.6},
    "dart": {"booster": "dart", "rate_drop": 0.5},
    "linear": {"booster": "gblinear", "tree_method": None},
    "stump": {"max_depth": 1},
    "pruned": {"gamma": 4, "tree_method": "exact", "max_depth": 6},
    "no split": {"gamma": 1e9},
    "base score": {"base_score": 0.4},
    "monotone": {"monotone_constraints": "(1,-1,0,0,0)"},
    "steep": {"eta": 1, "lambda": 0, "min_child_weight": 0},
    "alpha": {"alpha": 2, "max_delta_step": 0.3},
    "hinge": {"objective": "binary:hinge"},
    "survival": {"objective": "survival:cox"},
    "three levels": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]},
    "three levels of names": {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.9], "categories": 12},
    "two targets": {"targets": 2},
    "early stopping": {"stops": True},
    "early stopping of a forest": {"stops": True, "num_parallel_tree": 2, "subsample": 0.6},
    "vector leaves": {"targets": 2, "multi_strategy": "multi_output_tree"},
}


def xgboost_cases():
    for objective, (shape, settings) in itertools.product(XGBOOST_OBJECTIVES, XGBOOST_SHAPES.items()):
        yield f"{objective} {shape}", {"objective": objective, **settings}
    for name, settings in XGBOOST_OTHERS.items():
        yield name, {"objective": "reg:squarederror", **settings}
        if not {"objective", "targets"} & set(settings):
            yield f"classes {name}", {"objective": "multi:softprob", **settings}


def saved(model):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        model.save_model(file.name)
        return open(file.name, encoding="utf-8").read()


def stopped_model(seed, settings):
    """One of scikit-learn's wrappers, which predicts with the trees up to the best round."""
    import xgboost

    x, y = table(seed, 0)
    classes = settings.pop("objective") == "multi:softprob"
    kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    y = labels("multi" if classes else "", y).astype(int if classes else float)
    model = kind(n_estimators=40, learning_rate=0.6, max_depth=3, early_stopping_rounds=3, n_jobs=1, random_state=seed, **settings)
    model.fit(x[:100], y[:100], eval_set=[(x[100:], y[100:])], verbose=False)
    return saved(model), x[:JUDGED], model.predict(x[:JUDGED], output_margin=True)


def xgboost_model(seed, settings):
    import xgboost

    if settings.pop("stops", False):
        return stopped_model(seed, settings)

    settings = {"tree_method": "hist", "max_depth": 3, "eta": 0.3, "seed": seed, "verbosity": 0, "nthread": 1, **settings}
    categories, targets = settings.pop("categories", 0), settings.pop("targets", 1)
    settings = {k: v for k, v in settings.items() if v is not None}
    objective = settings["objective"]
    settings.update({"num_class": 3} if "multi" in objective else {})
    settings.update({"quantile_alpha": 0.7} if objective == "reg:quantileerror" and "quantile_alpha" not in settings else {})
    x, y = table(seed, categories)
    y = labels(objective, y)
    kinds = {"feature_types": ["q", "q", "q", "c", "c"], "enable_categorical": True} if categories else {}
    data = xgboost.DMatrix(x, y if targets == 1 else np.column_stack([y, -y]), **kinds)
    if "rank" in objective:
        data.set_group([ROWS // 4] * 4)
    booster = xgboost.train(settings, data, 4)
    judged = x[:JUDGED]
    margins = booster.predict(xgboost.DMatrix(judged, **kinds), output_margin=True)
    return saved(booster), judged, margins


# --- LightGBM ----------------------------------------------------------------------------------------------------

LIGHTGBM_OBJECTIVES = (
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "poisson", "gamma", "tweedie", "binary", "cross_entropy", "multiclass", "lambdarank",
    "rank_xendcg",
)  # fmt: skip
LIGHTGBM_SHAPES = {
    "plain": {},
    "no missing": {"use_missing": False},
    "names": {"categories": 12, "min_data_per_group": 5, "cat_smooth": 1},
    "bagged": {"bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.7, "num_leaves": 15},
}
LIGHTGBM_OTHERS = {
    "stumps": {"num_leaves": 2},
    "no split": {"min_gain_to_split": 1e9},
    "missing or not": {"max_bin": 2},
    "many names": {"categories": 90, "min_data_per_group": 2, "cat_smooth": 1, "cat_l2": 1, "max_cat_threshold": 60},
    "one name": {"categories": 8, "max_cat_to_onehot": 20},
    "zero is missing": {"zero_as_missing": True},
    "forest": {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1},
    "dart": {"boosting": "dart", "drop_rate": 0.5},
    "goss": {"boosting": "goss", "learning_rate": 0.5},
    "linear": {"linear_tree": True},
    "extra": {"extra_trees": True},
    "square root": {"reg_sqrt": True},
    "gaps": {"gaps": 0.9},
}


def lightgbm_cases():
    for objective, (shape, settings) in itertools.product(LIGHTGBM_OBJECTIVES, LIGHTGBM_SHAPES.items()):
        yield f"{objective} {shape}", {"objective": objective, **settings}
    yield "one against all", {"objective": "multiclassova"}
    for name, settings in LIGHTGBM_OTHERS.items():
        yield name, {"objective": "regression", **settings}
        if name not in ("linear", "square root"):
            yield f"classes {name}", {"objective": "multiclass", **settings}


def lightgbm_model(seed, settings):
    import lightgbm

    settings = {"num_leaves": 6, "min_data_in_leaf": 3, "learning_rate": 0.2, "seed": seed, "verbosity": -1, "num_threads": 1, **settings}
    categories, gaps = settings.pop("categories", 0), settings.pop("gaps", 0)
    objective = settings["objective"]
    settings.update({"num_class": 3} if "multi" in objective else {})
    x, y = table(seed, categories)
    x[np.random.default_rng(seed).random(x.shape) < gaps] = np.nan
    group = {"group": [ROWS // 4] * 4} if "rank" in objective else {}
    data = lightgbm.Dataset(x.astype(float), labels(objective, y), categorical_feature=[3, 4] if categories else [], free_raw_data=False, **group)
    booster = lightgbm.train(settings, data, 4)
    judged = x[:JUDGED].astype(float)
    n = booster.num_trees() // booster.num_model_per_iteration()
    outputs, shape = booster.num_model_per_iteration(), (len(judged), booster.num_model_per_iteration())
    margins = np.zeros(shape, np.float32)
    for i in range(n):
        leaves = np.reshape(booster.predict(judged, start_iteration=i, num_iteration=1, raw_score=True), shape)
        margins += (leaves * (1 / n) if settings.get("boosting") == "rf" else leaves).astype(np.float32)
    return booster.model_to_string(), judged, margins[:, 0] if outputs == 1 else margins


def load():
    import xgboost

    answers = []
    for case in json.load(sys.stdin):
        booster = xgboost.Booster()
        booster.load_model(bytearray(case["model"].encode()))
        x = np.array(case["rows"], dtype=float)
        kinds = {"feature_types": case["types"], "enable_categorical": True}
        margins = booster.predict(xgboost.DMatrix(x, feature_names=booster.feature_names, **kinds), output_margin=True)
        answers.append(np.reshape(margins, (len(x), -1)).astype(float).tolist())
    json.dump(answers, sys.stdout)


def main():
    warnings.filterwarnings("ignore")
    if sys.argv[1] == "load":
        return load()
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    cases, make = {"xgboost": (xgboost_cases, xgboost_model), "lightgbm": (lightgbm_cases, lightgbm_model)}[sys.argv[1]]
    written = []
    for seed, (name, settings) in enumerate(cases()):
        if seed % every:
            continue
        try:
            text, judged, margins = make(seed, settings)
        except Exception as error:  # an objective or option that this version has not
            written.append({"case": name, "untrained": str(error).splitlines()[0][:200]})
            continue
        rows = [[None if np.isnan(v) else float(v) for v in row] for row in judged]
        written.append({"case": name, "model": text, "rows": rows, "margins": np.reshape(margins, (len(judged), -1)).astype(float).tolist()})
    json.dump(written, sys.stdout)


if __name__ == "__main__":
    main()
