"""NannyML's CBPE and DLE of the samples on standard input, a JSON object a line; its answers a line each.

Run by an environment of its own. Scores are taken as calibrated, and the second model of DLE says what the column `expected` says: so
both sides have the same inputs.
"""

import json
import logging
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import nannyml  # noqa: E402, it logs where it is used unless told before
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from nannyml.performance_estimation.confidence_based import cbpe  # noqa: E402
from nannyml.performance_estimation.direct_loss_estimation import metrics  # noqa: E402


class Given:
    def predict(self, X):
        return X["expected"].to_numpy()


cbpe.needs_calibration = lambda *_, **__: False
metrics.Metric._train_direct_error_estimation_model = lambda *_, **__: Given()


def plain(value):
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and np.isnan(value) else value


for line in sys.stdin:
    case = json.loads(line)
    if "metric" in case:
        found = nannyml.DLE(feature_column_names=["expected"], y_pred="predicted", y_true="actual", metrics=[case["metric"]], **case["chunks"])
    else:
        found = nannyml.CBPE(y_pred_proba="p", y_pred="decision", y_true="label", problem_type="classification_binary", metrics=case["metrics"], **case["chunks"])
    found.fit(pd.DataFrame(case["reference"]))
    frame = found.estimate(pd.DataFrame(case["current"])).to_df().drop(columns=[("chunk", "start_date"), ("chunk", "end_date")])
    print(json.dumps([{"/".join(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")]))
