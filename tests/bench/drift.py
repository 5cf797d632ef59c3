"""The test of Kolmogorov and Smirnov of two large samples, and drift over 20 columns, beside scipy, NannyML and Evidently.

    PYTHONPATH=tests tests/bench/drift.py [ROWS]

They have their samples in memory; ours are read from a table. NannyML and Evidently run in environments of their own (make build/nannyml/installed
build/evidently/installed), where there are any. NannyML computes all its methods for numbers, from 10,000 rows on of histograms, and is fitted first;
Evidently its report of drift as it is, which from 1,000 rows on has one test for a column of numbers. Seconds are of the processor, so that what else
runs on the machine counts little.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy
from scipy import stats

from helpers.extension import connect

COLUMNS = [f"c{i}" for i in range(20)]
BUILD = pathlib.Path(sys.prefix).parent
NANNYML = """
import os, sys, time
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml, numpy, pandas
samples = [pandas.DataFrame(numpy.load(path), columns=[f"c{i}" for i in range(20)]) for path in sys.argv[1:3]]
start = time.process_time()
methods = ["kolmogorov_smirnov", "wasserstein", "jensen_shannon", "hellinger"]
found = nannyml.UnivariateDriftCalculator(column_names=list(samples[0]), continuous_methods=methods, chunk_number=1).fit(samples[0]).calculate(samples[1])
assert len(found.data) >= 1
print(nannyml.__version__, time.process_time() - start)
"""
EVIDENTLY = """
import sys, time
import evidently, numpy, pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
names = [f"c{i}" for i in range(20)]
reference, current = [Dataset.from_pandas(pandas.DataFrame(numpy.load(path), columns=names), DataDefinition(numerical_columns=names)) for path in sys.argv[1:3]]
start = time.process_time()
found = Report([DataDriftPreset()]).run(current, reference).dict()
seconds = time.process_time() - start
assert sum(m["metric_name"].startswith("ValueDrift") for m in found["metrics"]) == 20
print(evidently.__version__, seconds)
"""
PEERS = (("nannyml", "NannyML", NANNYML, "its four methods for numbers, fitting included"), ("evidently", "Evidently", EVIDENTLY, "its report of drift"))


def timed(work):
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def main(rows):
    chance = np.random.default_rng(1)
    reference, current = chance.normal(size=(rows, 20)), chance.normal(0.01, 1, size=(rows, 20))
    db = connect()
    db.execute(f"CREATE TABLE t(is_reference, {', '.join(COLUMNS)})")
    for side, sample in ((1, reference), (0, current)):
        db.executemany(f"INSERT INTO t VALUES ({side}{', ?' * 20})", (row.tolist() for row in sample))
    reading = min(timed(lambda: db.execute("SELECT COUNT(c0), SUM(is_reference) FROM t").fetchone())[0] for _ in range(3))
    theirs, expected = min((timed(lambda: stats.ks_2samp(reference[:, 0], current[:, 0])) for _ in range(3)), key=lambda r: r[0])
    ours, (found,) = min((timed(lambda: db.execute("SELECT ks_statistic(c0, is_reference) FROM t").fetchone()) for _ in range(3)), key=lambda r: r[0])
    assert abs(found - expected.statistic) < 1e-12
    print(f"KS of {rows} against {rows}: {ours:.3f} s; scipy {scipy.__version__} {theirs:.3f} s + reading {reading:.3f} s; ratio {ours / (theirs + reading):.2f}")
    queries = [f"SELECT {', '.join(COLUMNS)} FROM t WHERE is_reference = {side}" for side in (1, 0)]
    ours, answers = timed(lambda: db.execute("SELECT * FROM drift(?, ?)", queries).fetchall())
    print(f"drift of 20 columns, {rows} rows each: {ours:.2f} s for {len(answers)} metrics")
    theirs, _ = timed(lambda: [(stats.ks_2samp(a, b), stats.wasserstein_distance(a, b)) for a, b in zip(reference.T, current.T)])
    print(f"  scipy, KS and Wasserstein alone: {theirs:.2f} s, {theirs / ours:.1f} times ours")
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{name}.npy" for name in ("reference", "current")]
        for path, sample in zip(paths, (reference, current)):
            np.save(path, sample)
        for environment, name, program, what in PEERS:
            python = BUILD / environment / "bin" / "python"
            if python.exists():
                version, seconds = subprocess.run([python, "-c", program, *paths], capture_output=True, text=True, check=True).stdout.split()[-2:]
                print(f"  {name} {version}, {what}: {float(seconds):.2f} s, {float(seconds) / ours:.1f} times ours")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
