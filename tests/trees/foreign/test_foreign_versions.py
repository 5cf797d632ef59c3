"""Models of ten versions of XGBoost and LightGBM give the library's own bits here, or are refused with the reason.

A sample of the grid of helpers/models/foreign_models.py is stored for each version (tests/data/foreign-models); `make soak` installs
every version in a folder of its own and goes through the whole grid.
"""

import collections
import gzip
import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from helpers.extension import DATA, ROOT
from helpers.models.tables import MIXED_TYPES, margins, mixed_rows, train

pytestmark = pytest.mark.unsanitized

VERSIONS = {
    "xgboost": ("1.7.6", "2.0.3", "2.1.4", "3.0.5", "3.1.3", "3.2.0"),
    "lightgbm": ("3.3.5", "4.3.0", "4.5.0", "4.7.0"),
}
EACH = [(library, version) for library, versions in VERSIONS.items() for version in versions]
# What libraries before these versions were made for.
OLD_NUMPY = (
    "numpy==1.26.4", "pandas==2.1.4", "scipy==1.11.4", "scikit-learn==1.3.2", "joblib==1.6.0", "python-dateutil==4.0.0", "pytz==2026.6",
    "threadpoolctl==3.8.0", "tzdata==2026.6",
)  # fmt: skip
NEW = {("xgboost", "3.1.3"), ("xgboost", "3.2.0"), ("lightgbm", "4.7.0")}
REFUSED = {
    'name is "dart", only "gbtree" is supported': {"dart", "classes dart"},
    'name is "gblinear", only "gbtree" is supported': {"linear", "classes linear"},
    'objective.name is "binary:hinge", which is not supported': {"hinge"},
    'objective.name is "survival:cox", which is not supported': {"survival"},
    "has leaves of 2 values, which are not supported": {"vector leaves"},
    'objective "multiclassova num_class:3 sigmoid:1" is not supported': {"one against all"},
    "zero counts as missing and goes the other way than its neighbours": {"zero is missing", "classes zero is missing"},
    "is_linear is not 0: linear trees are not supported": {"linear"},
    'objective "regression sqrt" is not supported': {"square root"},
}


def verdict(db, library, case):
    """"equal", or the sentence."""
    try:
        model = case["model"]
        if library == "lightgbm":
            model = db.execute("SELECT gbdt_import(?)", (model,)).fetchone()[0]
        rows = np.array(case["rows"], dtype=float)
        found = margins(db, model, rows)
    except sqlite3.OperationalError as refusal:
        return str(refusal)
    assert (found == np.array(case["margins"])).all(), case["case"]
    return "equal"


def judge(db, library, cases):
    counts = collections.Counter()
    for case in cases:
        if "untrained" in case:
            assert "bjective" in case["untrained"] or "quantile" in case["untrained"], case
            counts["not in this version"] += 1
            continue
        found = verdict(db, library, case)
        if found != "equal":
            assert any(reason in found and case["case"] in names for reason, names in REFUSED.items()), (case["case"], found)
        counts["equal" if found == "equal" else "refused"] += 1
    return counts


@pytest.mark.parametrize("library, version", EACH)
def test_a_sample_of_models_of_each_version_has_the_bits_of_that_version(db, library, version):
    with gzip.open(DATA / "foreign-models" / f"{library}-{version}.json.gz") as file:
        cases = json.load(file)
    counts = judge(db, library, cases)
    assert counts["equal"] >= 8


# --- the whole grid, with the libraries themselves ----------------------------------------------------------------


def installed(folder, *pins):
    """The folder, with what the pins name and nothing else in it."""
    if not (folder / "complete").exists():
        options = ["--quiet", "--no-deps", "--no-cache-dir", "--target", folder]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *pins], check=True)
        (folder / "complete").touch()
    return folder


def path_of(library, version):
    root = ROOT / "build" / "foreign"
    folders = [installed(root / f"{library}-{version}", f"{library}=={version}")]
    if (library, version) not in NEW:
        folders.append(installed(root / "numpy-1", *OLD_NUMPY))
    return os.pathsep.join(map(str, folders))


def run(library, version, *arguments, given=None):
    script = ROOT / "tests" / "helpers" / "models" / "foreign_models.py"
    environment = {**os.environ, "PYTHONPATH": path_of(library, version), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, script, *arguments], input=given, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


@pytest.mark.soak
@pytest.mark.parametrize("library, version", EACH)
def test_the_whole_grid_of_each_version_is_equal_or_refused(db, library, version):
    counts = judge(db, library, run(library, version, library))
    print(f"{library} {version}: {dict(counts)}")
    assert counts["equal"] + counts["refused"] >= 60 and counts["refused"] <= 8


OURS = [
    {},
    {"objective": "binary:logistic", "max_depth": 0, "max_leaves": 12, "grow_policy": "lossguide"},
    {"objective": "count:poisson"},
    {"objective": "multi:softprob", "num_class": 3},
    {"objective": "reg:absoluteerror", "base_score": 3},
]


@pytest.mark.soak
@pytest.mark.parametrize("version", VERSIONS["xgboost"])
def test_what_is_trained_here_has_the_same_bits_in_each_version(db, version):
    cases, expected = [], []
    for options in OURS:
        x, y = mixed_rows(3, n=600)
        y = np.abs(y)
        y = y > 5 if "logistic" in str(options) else np.digitize(y, [4, 8]) if "num_class" in options else y
        model = train(db, x, np.asarray(y, float), num_boost_round=8, categorical_features=[4, 5, 6], **options)
        rows = x[:60]
        cases.append({"model": model, "types": MIXED_TYPES, "rows": [[None if np.isnan(v) else v for v in row] for row in rows]})
        expected.append(margins(db, model, rows))
    for ours, theirs in zip(expected, run("xgboost", version, "load", given=json.dumps(cases))):
        assert (ours == np.array(theirs)).all()
