"""What MLflow runs of a stored model: XGBoost on the model's own JSON."""

import urllib.request

import mlflow
import numpy
import pandas
import xgboost
from mlflow.models import set_model


def _path(told):
    """MLflow 2 tries a model that is being saved, of which it has no path yet."""
    return urllib.request.url2pathname(told.removeprefix("file://")) if told.startswith("file://") else told


class Stored(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self._booster = xgboost.Booster()
        self._booster.load_model(_path(context.artifacts["model"]))
        self._base, self._is_log = context.model_config.get("base"), context.model_config.get("link") == "log"

    def predict(self, context, model_input: pandas.DataFrame, params=None):
        """A number for each row, to the bit what gbdt_score returns; columns are found by name. Of a model that adds to a base, and a
        frame that has it: value, and predicted, which is base and value, or e to that where the link is the logarithm; of a base in
        ln(s) seconds, too, as the page shows them."""
        names = self._booster.feature_names
        rows = xgboost.DMatrix(model_input[names].to_numpy(dtype=numpy.float64, na_value=numpy.nan), feature_names=names)
        values = self._booster.predict(rows).astype(numpy.float64)
        if self._base not in model_input.columns:
            return values
        both = model_input[self._base].to_numpy(dtype=numpy.float64) + values
        told = {"value": values, "predicted": numpy.exp(both) if self._is_log else both} | ({"seconds": numpy.exp(both)} if self._base.endswith("ln_s") else {})
        return pandas.DataFrame(told, index=model_input.index)


set_model(Stored())
