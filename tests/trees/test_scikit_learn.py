"""notebooks/04_scikit_learn.py: scikit-learn's models as JSON text predict here what they predict there, to float32."""

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier,
                              HistGradientBoostingRegressor, RandomForestRegressor)

from helpers.extension import ROOT
from helpers.models.tables import margins, rows

CELLS = (ROOT / "notebooks" / "04_scikit_learn.py").read_text().split("# COMMAND ----------\n")


@pytest.fixture(scope="module")
def xgboost_json():
    defined = {}
    exec(next(cell for cell in CELLS if "def xgboost_json" in cell), defined)
    return defined["xgboost_json"]


def whole(y):
    return np.round(np.abs(y))


def two(y):
    return y > 0.5


def three(y):
    return np.array(["slow", "middling", "fast"])[np.digitize(y, [-1, 2])]


LEARNERS = {
    "histograms": (HistGradientBoostingRegressor(max_iter=40), np.asarray),
    "histograms, absolute error": (HistGradientBoostingRegressor(max_iter=20, loss="absolute_error"), np.asarray),
    "histograms, a quantile": (HistGradientBoostingRegressor(max_iter=20, loss="quantile", quantile=0.8), np.asarray),
    "histograms, counts": (HistGradientBoostingRegressor(max_iter=20, loss="poisson"), whole),
    "histograms, two classes": (HistGradientBoostingClassifier(max_iter=30), two),
    "histograms, three classes": (HistGradientBoostingClassifier(max_iter=20), three),
    "boosting": (GradientBoostingRegressor(n_estimators=40, max_depth=4), np.asarray),
    "boosting, Huber": (GradientBoostingRegressor(n_estimators=20, loss="huber", subsample=0.7, random_state=1), np.asarray),
    "boosting, two classes": (GradientBoostingClassifier(n_estimators=30), two),
    "boosting, three classes": (GradientBoostingClassifier(n_estimators=15), three),
    "a forest": (RandomForestRegressor(n_estimators=30, random_state=1), np.asarray),
    "a forest of chance": (ExtraTreesRegressor(n_estimators=30, random_state=1), np.asarray),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_predictions_agree_to_float32_and_those_of_xgboost_to_the_bit(db, xgboost_json, name):
    learner, label = LEARNERS[name]
    boosts = "oosting, " in name or name == "boosting"
    x, y = rows(1, n=1500, missing=0.0 if boosts else 0.15)
    held, _ = rows(2, n=1500, missing=0.0 if boosts else 0.15)
    model = xgboost_json(learner.fit(x.astype(np.float32), label(y)))
    classifies = hasattr(learner, "predict_proba")
    ours = margins(db, model, held, output="probabilities" if classifies else "value")
    theirs = learner.predict_proba(held.astype(np.float32)) if classifies else learner.predict(held.astype(np.float32))[:, None]
    assert np.ptp(theirs) > 0.5
    np.testing.assert_allclose(ours, theirs, rtol=3e-6, atol=3e-6 * np.abs(theirs).max())
    loaded = xgboost.Booster()
    loaded.load_model(bytearray(model.encode()))
    sums = loaded.predict(xgboost.DMatrix(held), output_margin=True).reshape(len(held), -1)
    assert (margins(db, model, held) == sums.astype(float)).all()


def test_a_value_at_a_threshold_goes_the_way_it_goes_in_scikit_learn(db, xgboost_json):
    """Thresholds of whole numbers lie halfway, and those between neighbouring float32 values on one of them."""
    x = np.repeat(np.arange(40), 30).reshape(-1, 1) * 0.5
    close = np.nextafter(np.float32(1), np.float32(2)) - np.float32(1)
    for values in (x, 1 + x * close):
        learner = HistGradientBoostingRegressor(max_iter=10, min_samples_leaf=1).fit(values, np.sin(x[:, 0]))
        between = np.unique(np.concatenate([values[:, 0], [n["num_threshold"] for trees in learner._predictors for n in trees[0].nodes]]))
        held = between.astype(np.float32).reshape(-1, 1)
        np.testing.assert_allclose(margins(db, xgboost_json(learner), held.astype(float))[:, 0], learner.predict(held), rtol=1e-5, atol=1e-6)


def test_splits_by_category_are_refused(xgboost_json):
    x = np.tile(np.arange(10), 40).reshape(-1, 1)
    learner = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]).fit(x, x[:, 0] % 3)
    with pytest.raises(ValueError, match="splits by category are not translated"):
        xgboost_json(learner)
