"""Builds and runs the fuzz targets: programs that feed a reader with texts that libFuzzer makes up.

    python tests/fuzz/fuzz.py --runs 5000000 [--build build] [target ...]

Each target starts from a few small seeds, which the extension and the libraries whose formats it reads write anew, and
a dictionary of their keys (keys.dict). It is built by clang with AddressSanitizer and UBSan. What a target finds is
kept in build/fuzz/long/found/<target>/, and a run that finds something makes the exit code 1.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SANITIZE = "-gline-tables-only -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
# A short run takes less time than an optimizer; a long one, `make fuzz`, has a folder of its own.
SHORT, LONG = f"-O0 {SANITIZE}", f"-O2 {SANITIZE}"
# A division by zero of floats is defined; what a run may take is set by its text, not by a number in it.
LIMITS = ["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1", "-verbosity=1", "-detect_leaks=1"]


# --- seeds ------------------------------------------------------------------------------------------------------


def small_rows():
    import numpy as np

    rng = np.random.default_rng(1)
    x = rng.integers(0, 5, (24, 3)).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, (x[:, 0] > 1) + 0.5 * (x[:, 1] == 2) + 0.0


def connect():
    import sqlite3

    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(os.environ.get("ATHLETE_EXTENSION", str(ROOT / "build" / "athlete")))
    return db


def own_models():
    db, (x, y) = connect(), small_rows()
    db.execute("CREATE TABLE t(y, a, b, c)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(b, *(None if v != v else v for v in a)) for a, b in zip(x, y)])
    for options in OPTIONS:
        label = "min(y, 1)" if "logistic" in json.dumps(options) else "y"
        small = {**options, "num_boost_round": 1, "max_depth": 2}
        yield db.execute(f"SELECT gbdt_train(?, {label}, a, b, c) FROM t", (json.dumps(small),)).fetchone()[0]


def xgboost_models():
    import numpy as np
    import xgboost

    x, y = small_rows()
    kinds = {"reg:squarederror": y, "binary:logistic": y > 0.7, "multi:softprob": np.nan_to_num(x[:, 0]) % 3, "count:poisson": y}
    for objective, label in kinds.items():
        for types in (["q", "q", "q"], ["q", "c", "q"]):
            data = xgboost.DMatrix(x, label, feature_types=types, enable_categorical=True, feature_names=["a", "b", "c"])
            options = {"objective": objective, "max_depth": 2, "min_child_weight": 0, "max_cat_to_onehot": 1}
            classes = {"num_class": 3} if objective.startswith("multi") else {}
            yield xgboost.train(options | classes, data, 1).save_raw("json").decode()


def lightgbm_models():
    import lightgbm

    x, y = small_rows()
    for objective, label in (("regression", y), ("binary", y > 0.7), ("multiclass", x[:, 2].clip(0, 2)), ("poisson", y)):
        for categories in ([], [1]):
            options = {"objective": objective, "num_leaves": 4, "min_data_in_leaf": 1, "min_data_per_group": 1, "verbosity": -1, "cat_smooth": 0}
            classes = {"num_class": 3} if objective == "multiclass" else {}
            import numpy as np

            data = lightgbm.Dataset(x, np.nan_to_num(label), categorical_feature=categories, params=options)
            text = lightgbm.train(options | classes, data, 1).model_to_string()
            yield re.sub(r"parameters:.*", "", text, flags=re.S)


OPTIONS = [
    {},
    {"objective": "binary:logistic", "eta": 0.5},
    {"objective": "reg:quantileerror", "quantile_alpha": 0.25},
    {"grow_policy": "lossguide", "max_leaves": 4, "min_data_in_leaf": 2},
    {"subsample": 0.5, "colsample_bytree": 0.5, "seed": 7, "lambda": 0, "alpha": 0.5, "gamma": 0.1},
    {"feature_names": ["a", "b", "c"], "base_score": 0.25},
]


def option_texts():
    for options in OPTIONS:
        yield json.dumps({**options, "num_boost_round": 2})


# --- targets ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    seeds: tuple  # functions that yield texts
    max_length: int


TARGETS = {
    "fuzz_model": Target("fuzz_model", (own_models, xgboost_models, lightgbm_models), 6000),
    "fuzz_lightgbm": Target("fuzz_lightgbm", (lightgbm_models,), 4000),
    "fuzz_options": Target("fuzz_options", (option_texts,), 600),
}


def write_seeds(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for i, text in enumerate(text for function in target.seeds for text in function()):
        (folder / f"seed{i}").write_text(text)


def package_flags(which):
    return subprocess.run(["pkg-config", which, "sqlite3", "libcjson"], capture_output=True, text=True, check=True).stdout.split()


def make_library(folder, options):
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", ROOT, f"BUILD={folder}", "BY_FOLDER=1", "DEBUG=1", "CC=clang", f"CFLAGS={options}", "parts"], check=True)


def build(name, folder, options=SHORT, trusting=False):
    """The target's program; `trusting` leaves out the checks of models, so that a fuzzer has something to find."""
    make_library(folder, options)
    program = folder / (name + ("_trusting" if trusting else ""))
    # Sources with a switch are compiled with it, each with its folder, and so come before their counterparts in the library.
    folders = {p.parent for p in (ROOT / "ext").rglob("*.c") if "ATHLETE_TRUST_MODELS" in p.read_text()} if trusting else ()
    switched = [p for folder in sorted(folders) for p in sorted(folder.glob("*.c"))]
    flags = ["-std=c11", "-ffp-contract=off", *options.replace("fuzzer-no-link", "fuzzer").split(), f"-I{ROOT}/ext", *package_flags("--cflags"), "-DSQLITE_CORE"]
    flags += ["-DATHLETE_TRUST_MODELS"] if trusting else []
    sources = [HERE / f"{name}.c", HERE / "numbers_mutator.c", HERE / "use_model.c", *switched]
    subprocess.run(["clang", *flags, "-Wall", "-Wextra", "-Werror", "-o", program, *sources, folder / "parts.a", *package_flags("--libs"), "-lm", "-pthread"],
                   check=True)  # fmt: skip
    return program


@dataclasses.dataclass
class Result:
    runs: int
    finding: str  # the first line of the report, or empty
    output: str


def run(program, target, folder, *limits):
    """Runs until a limit (libFuzzer's -runs= or -max_total_time=) or a finding."""
    write_seeds(target, folder / "seeds")
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    command = [program, *LIMITS, *limits, f"-max_len={target.max_length}", f"-dict={HERE / 'keys.dict'}", f"-artifact_prefix={folder}/", corpus, folder / "seeds"]
    process = subprocess.run(command, capture_output=True, text=True, errors="replace")
    report = re.search(r"^.*(?:ERROR: |runtime error: ).*", process.stderr, re.M)
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", process.stderr) or re.findall(r"^#(\d+)", process.stderr, re.M) or ["0"]
    finding = report.group().strip() if report else "" if process.returncode == 0 else f"exit code {process.returncode}"
    return Result(int(runs[-1]), finding, process.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer; 0 for a new one")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--flags", action="store_true", help="print what the library is compiled with, and end")
    options = parser.parse_args()
    if options.flags:
        return print(SHORT)
    folder, findings = options.build.resolve() / "fuzz" / "long", 0
    for name in options.targets or TARGETS:
        result = run(build(name, folder, LONG), TARGETS[name], folder / "found" / name, f"-runs={options.runs}", f"-seed={options.seed}")
        rate = re.findall(r"average_exec_per_sec: +(\d+)", result.output)
        print(f"{name}: {result.runs} runs, {rate[-1] if rate else '?'} a second, {result.finding or 'no finding'}", flush=True)
        if result.finding:
            findings += 1
            print(result.output[-6000:])
    return findings > 0


if __name__ == "__main__":
    sys.exit(main())
