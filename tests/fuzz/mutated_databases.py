"""Damaged database files through everything that reads one: the page, lookups, models, and of one in EVERY the stages.

    PYTHONPATH=tests python -m fuzz.mutated_databases --files 20000 [--first 0] [--build build]

The seeds are small databases that the tools make; mutate.c damages them, mutated_database.c opens each copy. A file that
ends its process (a report of AddressSanitizer or UBSan, a leak, a signal, two minutes without an end) makes the exit
code 1, and its number makes it again: --first NUMBER --files 1.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

from fuzz import fuzz

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STAGES = sorted((ROOT / "sql").glob("[0-9]_*/**/*.sql"))
ACTIVITIES, RUNNERS, ROUNDS, EVERY = 24, 40, 8, 25
PAGE_SIZES = (512, 4096)
PLANTED = """SELECT planted_element(n.value)
FROM ml_model_versions AS m, json_each(m.model_json, '$.learner.gradient_booster.model.trees') AS t, json_tree(t.value) AS n
WHERE n.path IN ('$.left_children', '$.right_children', '$.parents') AND n.value NOT IN (-1, 2147483647);
"""
STRICT = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=0:hard_rss_limit_mb=3000:quarantine_size_mb=4:malloc_context_size=4:max_malloc_fill_size=0", "UBSAN_OPTIONS": "print_stacktrace=1"}


def tool(name, *arguments):
    subprocess.run([ROOT / "sql" / "tools" / name, *arguments], check=True, env={"ATHLETE_EXTENSION": str(ROOT / "build" / "athlete")} | os.environ)


def some_of_the_runner(folder):
    """A few weeks of the bundled runner, one race of them in detail, a few runners of the survey, and a smaller model."""
    runner = ROOT / "tests" / "data" / "strava-api" / "runner"
    activities = json.loads((runner / "activities.json").read_text())[:ACTIVITIES]
    detail = json.loads((runner / "activity_marathon_detail.json").read_text())
    detail |= {name: activities[3][name] for name in ("id", "athlete", "start_date", "start_date_local")}
    survey = (ROOT / "sql" / "data" / "race-times" / "runners.csv").read_text().splitlines(keepends=True)
    model = json.loads((ROOT / "schemas" / "models" / "time_estimator.json").read_text())
    model["learner"]["options"]["num_boost_round"] = ROUNDS
    for name, text in (("model.json", json.dumps(model)), ("activities.json", json.dumps(activities)), ("detail.json", json.dumps(detail)), ("runners.csv", "".join(survey[: RUNNERS + 1]))):
        (folder / name).write_text(text)
        yield folder / name


def models_of(database, path):
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ATTACH ? AS whole", (str(database),))
        db.execute("CREATE TABLE ml_model_versions AS SELECT model_json FROM whole.ml_model_versions")
    return path


def make_seeds(folder, only_models=False):
    """One database in several page sizes, with each kind of row that the stages write, a model and a training set.

    `only_models` leaves nothing but the models: what is planted is found by damage to a tree, and among the tables that
    the project gains the trees are ever less of the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database, spec = folder / "seed.db", folder / "spec.json"
    database.unlink(missing_ok=True)
    tool("import", database, *sorted((ROOT / "schemas").glob("features/*.json")), *some_of_the_runner(folder))
    tool("run", database, *STAGES)
    labels = "SELECT athlete_id, event_timestamp AS at, pace_min_km AS label FROM activity_features"
    lookup = {"group": "athlete_rolling_features", "features": ["ctl_42d", "acwr"]}
    spec.write_text(json.dumps({"labels": labels, "as_of": "at", "lookups": [lookup]}))
    tool("training-set", database, spec)
    if only_models:
        database = models_of(database, folder / "models.db")
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        for size in PAGE_SIZES:
            seed = folder / f"seed{size}.db"
            seed.unlink(missing_ok=True)
            db.execute(f"PRAGMA page_size = {size}")
            db.execute("VACUUM INTO ?", (str(seed),))
            yield seed


def build(folder, options=fuzz.SHORT):
    """The driver, with the static library of the fuzz targets (clang, ASan and UBSan)."""
    program = folder / "mutated_database"
    fuzz.make_library(folder, options)
    flags = ["-std=c11", f"-I{ROOT}/ext", "-DSQLITE_CORE", *options.replace("fuzzer-no-link,", "").split(), *fuzz.package_flags("--cflags")]
    sources = [HERE / "mutated_database.c", HERE / "mutate.c", folder / "parts.a"]
    subprocess.run(["clang", *flags, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", program, *sources, *fuzz.package_flags("--libs"), "-lm", "-pthread"], check=True)
    return program


@dataclasses.dataclass
class Result:
    files: int
    done: int  # statements
    failed: int
    stopped: int  # of those that failed: they went on for too long
    rows: int
    findings: int
    output: str


def run(program, folder, first, files, option=None):
    seeds = list(make_seeds(folder, only_models=option == "--planted"))
    reads, stages = folder / "reads.sql", folder / "stages.sql"
    reads.write_text(PLANTED if option == "--planted" else (ROOT / "sql" / "reports" / "page.sql").read_text() + (HERE / "mutated_database.sql").read_text())
    stages.write_text("".join(p.read_text() for p in STAGES))
    command = [program, *([option] if option else []), str(first), str(files), "0" if option == "--planted" else str(EVERY), reads, stages, *seeds]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=os.environ | STRICT)
    counts = re.search(r"^(\d+) files, (\d+) statements done, (\d+) failed, (\d+) of them stopped, (\d+) rows, (\d+) findings$", process.stdout, re.M)
    if not counts:
        raise RuntimeError(f"the driver ended with exit code {process.returncode}:\n{process.stdout[-4000:]}")
    return Result(*map(int, counts.groups()), process.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--undamaged", action="store_const", const="--undamaged", help="plain copies of the seeds")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    options = parser.parse_args()
    folder = options.build.resolve() / "fuzz" / "long"
    result = run(build(folder, fuzz.LONG), folder / "databases" / str(options.first), options.first, options.files, options.undamaged)
    print(result.output[-20000:], end="")
    return result.findings > 0


if __name__ == "__main__":
    sys.exit(main())
