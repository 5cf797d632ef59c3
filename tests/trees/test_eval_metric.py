"""eval_metric: what the history is of and stopping goes by, equal to scikit-learn's and XGBoost's, with weights, in any order of rows."""

import json

import numpy as np
import pytest
from sklearn import metrics
import xgboost

from helpers.models.tables import feature_list, fill, margins, rows, score, train

CASES = [
    ("reg:squarederror", "mae"), ("reg:absoluteerror", "rmse"), ("count:poisson", "rmse"), ("reg:gamma", "mae"), ("reg:pseudohubererror", "mae"),
    ("binary:logistic", "auc"), ("binary:logistic", "error"), ("binary:logistic", "rmse"), ("multi:softprob", "merror"),
]  # fmt: skip


def table(objective, seed, n=700):
    x, y = rows(seed, n=n)
    x[:, 3] = np.arange(n) % 3 == 0  # a validation row
    x[:, 4] = np.nan_to_num(x[:, 4], nan=2) + 1  # a weight
    y = np.abs(y) + 0.1 if objective in ("count:poisson", "reg:gamma") else y
    return x, (y + np.sin(40 * y) > 0.5).astype(float) if "logistic" in objective else np.floor(np.abs(y)) % 3 if "softprob" in objective else y


def measured(metric, y, outputs, weight):
    if metric == "auc":
        return metrics.roc_auc_score(y, outputs, sample_weight=weight)
    if metric == "error":
        return np.average((outputs > 0.5) != y, weights=weight)
    if metric == "merror":
        return np.average(outputs != y, weights=weight)
    return np.average(np.abs(outputs - y), weights=weight) if metric == "mae" else np.sqrt(np.average((outputs - y) ** 2, weights=weight))


def history_of(model):
    return json.loads(json.loads(model)["learner"]["attributes"]["athlete_history"])


@pytest.mark.parametrize("objective, metric", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_round_is_measured_as_scikit_learn_measures_its_predictions(db, objective, metric, weighted):
    x, y = table(objective, 41)
    options = {"objective": objective, "eval_metric": metric, "num_boost_round": 5, "max_depth": 3, "validation": 4, **({"num_class": 3} if "softprob" in objective else {}), **({"weight": 5} if weighted else {})}
    model = train(db, x, y, **options)
    history, part, weight = history_of(model), x[:, 3] == 1, x[:, 4] if weighted else np.ones(len(x))
    features = np.delete(x, [3, 4] if weighted else [3], axis=1)
    assert history["metric"] == metric
    for end in range(1, 6):
        fill(db, features, y, "scored")
        query = f"SELECT rowid, {feature_list(features.shape[1])} FROM scored"
        outputs = np.array([v for (v,) in db.execute("SELECT value FROM gbdt_score(?, ?, ?)", (model, query, json.dumps({"iteration_range": [0, end]})))])
        for name, chosen in (("train", ~part), ("validation", part)):
            expected = measured(metric, y[chosen], outputs[chosen], weight[chosen])
            assert history[name][end - 1] == pytest.approx(expected, rel=1e-5, abs=1e-6), (name, end)


@pytest.mark.parametrize("objective, metric", CASES)
def test_the_metric_changes_no_tree_and_no_order_of_rows_changes_it(db, objective, metric):
    x, y = table(objective, 42)
    options = {"objective": objective, "num_boost_round": 4, "weight": 5, "validation": 4, **({"num_class": 3} if "softprob" in objective else {})}
    measured_, plain = (train(db, x, y, **options, **extra) for extra in ({"eval_metric": metric}, {}))
    assert json.loads(measured_)["learner"]["gradient_booster"] == json.loads(plain)["learner"]["gradient_booster"]
    order = np.random.default_rng(1).permutation(len(x))
    assert train(db, x[order], y[order], eval_metric=metric, **options) == measured_


@pytest.mark.parametrize("metric", ["auc", "error", "logloss"])
def test_stopping_goes_by_the_metric_as_in_xgboost(db, metric):
    """The best round is that of the best value of the validation rows, the highest area and the lowest error."""
    x, y = table("binary:logistic", 43)
    model = train(db, x, y, objective="binary:logistic", eval_metric=metric, validation=4, num_boost_round=60, early_stopping_rounds=6, eta=0.5)
    values = np.array(history_of(model)["validation"])
    best = int(np.argmax(values) if metric == "auc" else np.argmin(values))
    attributes = json.loads(model)["learner"]["attributes"]
    assert attributes["best_iteration"] == str(best) and len(values) in (60, best + 7)
    assert len(json.loads(model)["learner"]["gradient_booster"]["model"]["trees"]) == best + 1
    features, part = np.delete(x, 3, axis=1), x[:, 3] == 1
    loaded = xgboost.Booster(params={"eval_metric": metric})
    loaded.load_model(bytearray(model.encode()))
    told = loaded.eval(xgboost.DMatrix(features[part], y[part]))
    assert float(told.split(":")[-1]) == pytest.approx(values[best], abs=2e-6)
    assert score(db, model, features).shape == (len(x),) and margins(db, model, features).shape[0] == len(x)


def test_the_objectives_own_metric_is_what_holds_without_the_option(db):
    x, y = rows(44, n=300)
    for objective, metric in (("reg:squarederror", "rmse"), ("reg:absoluteerror", "mae"), ("reg:tweedie", "tweedie-nloglik")):
        options = {"objective": objective, "num_boost_round": 3}
        assert train(db, x, np.abs(y), eval_metric=metric, **options) == train(db, x, np.abs(y), **options)


def test_a_metric_of_another_objective_is_refused(db, error):
    for objective, metric in (("reg:squarederror", "auc"), ("reg:squarederror", "logloss"), ("binary:logistic", "merror"), ("reg:gamma", "tweedie-nloglik")):
        options = json.dumps({"objective": objective, "eval_metric": metric})
        assert f'option "eval_metric" is {metric}, which is none of the objective {objective} with 1 outputs' in error(f"gbdt_train('{options}', 1, 2)")
    several = json.dumps({"objective": "quantile", "quantile_alpha": [0.1, 0.9], "eval_metric": "mae"})
    assert 'option "eval_metric" is mae, which is none of the objective reg:quantileerror with 2 outputs' in error(f"gbdt_train('{several}', 1, 2)")
    assert 'option "eval_metric" is auc, and all training rows have the label 1' in error("""gbdt_train('{"objective": "binary", "eval_metric": "auc"}', 1, 2)""")
