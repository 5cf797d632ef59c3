"""The accuracy of athlete's trees beside LightGBM, XGBoost and scikit-learn: the same rows, settings and splits.

    python tests/bench/trees_accuracy.py [--seeds 10] [--first 0] [--only words of a data set's name]

Needs the built extension (ATHLETE_EXTENSION or build/athlete), and from PyPI: numpy, scikit-learn, lightgbm, xgboost-cpu.
The data sets and settings are in tests/helpers/models/contest.py. Each seed makes or splits the data anew; the table has the mean
over the seeds of what is measured on held-out rows, its standard error, and how far athlete is from the best peer: in
per cent for errors and log-losses (above 0 is worse), as a difference for the AUC (below 0 is worse). The standard error
behind it is that of the differences seed by seed. The best of three peers is a matter of luck too: the last column has
how far the second best is from the best. What was found on some seeds can be put to the test on others with --first.

With the same settings, learners still differ in what the settings leave open, to the better on one data set and to the worse
on the next:
- where a column is cut that has more different values than bins. The race times, some thousand runners, turn on that:
  scikit-learn with athlete's cuts has athlete's error to a few hundredths of a per cent. athlete makes fewer bins than asked
  for where one would have less than half the rows of the smallest leaf (boost.c);
- which split is taken of several that are worth exactly the same. Where many rows have one gradient, as in a first round of
  softmax, there are many. The trees for the digits are scikit-learn's but for such splits: athlete takes the first of
  them, scikit-learn the one that rounding favours;
- how few rows a leaf may have: XGBoost has a least hessian only, which is not the same unless every hessian is 1.
"""

import argparse
import os
import pathlib
import platform
import sqlite3

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
import lightgbm
import numpy as np
import sklearn
import xgboost

from helpers.models import contest
from helpers.extension import connect


def error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, LightGBM {lightgbm.__version__}, XGBoost {xgboost.__version__},"
          f" scikit-learn {sklearn.__version__}; mean of {options.seeds} seeds +- standard error")  # fmt: skip
    print(f"{'':36}{'athlete':>19}" + "".join(f"{p:>19}" for p in contest.PEERS) + f"{'from the best peer':>24}{'second peer':>14}")
    db = connect()
    for name, case in contest.CONTESTS.items():
        if options.only not in name:
            continue
        seeds = range(options.first, options.first + options.seeds)
        try:
            ours = np.array([contest.athlete_loss(db, name, seed) for seed in seeds])
        except sqlite3.OperationalError as refusal:
            print(f"{name:36}{refusal}", flush=True)
            continue
        peers = {p: np.array([contest.peer_loss(p, name, seed) for seed in seeds]) for p in contest.PEERS}
        upwards = case.metric == "auc"
        ranked = sorted(peers, key=lambda p: peers[p].mean(), reverse=upwards)
        best, second = peers[ranked[0]], peers[ranked[1]]
        scale, unit = (1, "") if upwards else (100 / best.mean(), " %")
        line = "".join(f"{v.mean():11.5f} ±{error(v):.4f}" for v in (ours, *peers.values()))
        print(f"{name + ', ' + case.metric:36}"[:36] + f"{line}{(ours.mean() - best.mean()) * scale:12.4f} ±{error(ours - best) * scale:.4f}{unit:2}"
              f"{(second.mean() - best.mean()) * scale:12.4f}{unit}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
