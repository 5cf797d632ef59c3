"""Whether another version of athlete answers the same: models to the byte, lookups, and every table that its stages leave.

    PYTHONPATH=tests tests/peers/version_answers.py ../before           a checkout of it, built by `make` there
    PYTHONPATH=tests tests/peers/version_answers.py ../before ../now    two others

Each library is loaded in a process of its own. What differs is printed, with a sample; a change that was meant is told where it
was made. Stages are compared under the names that they have here, clocks are not compared.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from helpers.athletes import crowd
from helpers.stores import histories
from helpers.athletes.demo import RUNNER
from helpers.extension import ROOT, connect

NEW_NAMES = dict(re.findall(r"\('(\d\d_\w+)', '(\d{3}_\w+)'\)", (ROOT / "sql" / "migrations" / "01-09" / "9_stage_names.sql").read_text()))
ARRIVALS = ("2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z")
LOGS = {"ops_runs", "ops_stages", "ops_announced", "ops_watermarks", "ops_seen", "bronze_landings", "sqlite_sequence"}


# --- one library in one process ------------------------------------------------------------------------------------------


def options_of(rng):
    objectives = {"reg:squarederror": {}, "binary:logistic": {}, "reg:absoluteerror": {}, "count:poisson": {},
                  "reg:quantileerror": {"quantile_alpha": rng.choice([0.1, 0.5, 0.9])}, "reg:pseudohubererror": {"huber_slope": rng.choice([0.2, 1])},
                  "multi:softprob": {"num_class": 3}}  # fmt: skip
    objective = rng.choice(list(objectives))
    options = {"objective": objective, "num_boost_round": rng.randint(1, 25), "seed": rng.randint(0, 99), **objectives[objective]}
    choices = {"max_depth": [2, 4, 6], "max_bin": [4, 16, 256], "eta": [0.05, 0.3, 1], "lambda": [0, 1, 5], "alpha": [0, 0.5], "gamma": [0, 0.1],
               "min_child_weight": [0, 1, 5], "subsample": [0.5, 0.9], "colsample_bytree": [0.5, 0.8]}  # fmt: skip
    options |= {name: rng.choice(values) for name, values in choices.items() if rng.random() < 0.4}
    return options | ({"grow_policy": "lossguide", "max_depth": 0, "max_leaves": rng.randint(2, 31)} if rng.random() < 0.2 else {})


def model(db, seed):
    """Trained in SQL on random rows with ties, gaps and sizes far apart."""
    rng = random.Random(seed)
    options, n_features = options_of(rng), rng.randint(1, 8)
    db.execute("DROP TABLE IF EXISTS t")
    db.execute(f"CREATE TABLE t (y, {', '.join(f'f{i}' for i in range(n_features))})")
    sizes = [10 ** rng.randint(-3, 6) for _ in range(n_features)]
    for _ in range(rng.randint(20, 400)):
        x = [None if rng.random() < 0.1 else round(rng.gauss(0, 1), rng.choice([0, 1, 9])) * size for size in sizes]
        score = rng.gauss(0, 0.3) + sum(1 for v in x if v is not None and v > 0)
        label = {"binary:logistic": int(score > 1), "multi:softprob": int(max(0, min(2, score))), "count:poisson": int(max(0, score))}
        db.execute(f"INSERT INTO t VALUES ({', '.join('?' * (n_features + 1))})", (label.get(options["objective"], score), *x))
    features = ", ".join(f"f{i}" for i in range(n_features))
    (made,) = db.execute(f"SELECT gbdt_train(?, y, {features}) FROM t", (json.dumps(options),)).fetchone()
    scored = db.execute(f"SELECT * FROM gbdt_score(?, 'SELECT rowid, {features} FROM t')", (made,)).fetchall()
    explained = db.execute(f"SELECT * FROM gbdt_explain(?, 'SELECT rowid, {features} FROM t LIMIT 20')", (made,)).fetchall() if "num_class" not in options else []
    return [made, scored, explained]


def lookups(db, seed):
    made = histories.world(seed)
    histories.build(db, made)
    db.execute("DROP TABLE IF EXISTS temp.f")
    db.execute(f"CREATE VIRTUAL TABLE temp.f USING asof(g, {histories.entity(made)}{made.rules.options()})")
    return db.execute(f"SELECT f.x, f.y, f.z, f.row_timestamp, f.row_available, f.row_superseded, f.row_age_days FROM r LEFT JOIN f ON {histories.on(made)}"
                      " AND f.as_of = r.at ORDER BY r.id").fetchall()  # fmt: skip


def answer(kind, n):
    """A line for each seed: the hash of what came, or the error."""
    db = connect(isolation_level=None)
    for seed in range(n):
        try:
            print(hashlib.sha256(repr({"model": model, "lookup": lookups}[kind](db, seed)).encode()).hexdigest())
        except sqlite3.Error as error:
            print(f"refused: {error}")


def compare_answers(versions, kind, n):
    lines = []
    for library in (checkout / "build" / "athlete" for checkout in versions):
        done = subprocess.run([sys.executable, __file__, "--answer", kind, "--seeds", str(n)], env=os.environ | {"ATHLETE_EXTENSION": str(library)},
                              capture_output=True, text=True, check=True)  # fmt: skip
        lines.append(done.stdout.splitlines())
    others = [seed for seed, (a, b) in enumerate(zip(*lines)) if a != b]
    refused = sum(line.startswith("refused") for line in lines[1])
    print(f"{n} {kind}s: {n - len(others)} the same, {refused} of them refused; others: {others[:10]}")
    for seed in others[:2]:
        print(f"  {kind} {seed}:", *(line[seed][:200] for line in lines), sep="\n    ")
    return not others


# --- the tables of two files -----------------------------------------------------------------------------------------------


def stages_over(checkout, path):
    """All of a version's stages over a database, with what they need besides an athlete's own data."""
    tools = checkout / "sql" / "tools"
    if tools.is_dir():
        commands = [[tools / "pipeline", path]]
    else:
        reference = [*(checkout / "schemas").glob("models/*.json"), *sorted((checkout / "schemas").glob("features/*.json")),
                     checkout / "sql" / "data" / "race-times" / "runners.csv"]  # fmt: skip
        commands = [[checkout / "sql" / "import", path, *reference], [checkout / "sql" / "run", path, *sorted((checkout / "sql").glob("[0-9]*.sql"))]]
    for command in commands:
        subprocess.run([*map(str, command)], cwd=checkout, env=os.environ | {"ATHLETE_EXTENSION": str(checkout / "build" / "athlete")}, check=True)


def arrive(path, texts, at):
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO bronze_inbox (source, body, received_at) VALUES (?, ?, ?)", [(name, text, at) for name, text in texts])


def make(checkout, path, first, later):
    """What came first and what came a month later, with all stages after each."""
    stages_over(checkout, path)
    for texts, at in zip((first, later), ARRIVALS):
        if texts:
            arrive(path, texts, at)
            stages_over(checkout, path)
    return path


def bundled():
    return [(file.name, file.read_text()) for file in RUNNER], []


def generated(athletes):
    """With corrections, deletions and late ones, so that there is a history."""
    rng = random.Random(athletes)
    all_of_them = [a for athlete in range(1, athletes + 1) for a in crowd.life(crowd.MIXED, athlete)]
    late = [a for a in all_of_them if rng.random() < 0.1]
    edited = [a | {"distance": a["distance"] * 1.02, "average_heartrate": rng.choice(["fast", 400, 140, None])} for a in rng.sample(all_of_them, len(all_of_them) // 10)]
    people = [crowd.person(athlete) for athlete in range(1, athletes + 1)]
    first = [a for a in all_of_them if a not in late]
    return [("first", "\n".join(map(json.dumps, people + first)))], [("later", "\n".join(map(json.dumps, late + edited)))]


def rows_of(path):
    """Table -> (columns, rows). A moment of this run is a clock's, and a stage has the name that it has here."""
    db = sqlite3.connect(path)
    begun = db.execute("SELECT MIN(started_at) FROM ops_runs").fetchone()[0]
    is_clock = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")

    def plain(value):
        if isinstance(value, str) and is_clock.fullmatch(value) and begun <= value < ARRIVALS[0]:
            return "now"
        return NEW_NAMES.get(value, value) if isinstance(value, str) else value

    tables = {}
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").fetchall():
        found = db.execute(f'SELECT * FROM "{name}"')
        tables[name] = [column[0] for column in found.description], [[*map(plain, row)] for row in found]
    return tables


def compare_files(title, before, now):
    print(title)
    a, b = rows_of(before), rows_of(now)
    print("  tables only before:", ", ".join(sorted(a.keys() - b.keys())) or "none", "· only now:", ", ".join(sorted(b.keys() - a.keys())) or "none")
    n_same, n_rows = 0, 0
    for name in sorted((a.keys() & b.keys()) - LOGS):
        (columns, rows), (columns_now, rows_now) = a[name], b[name]
        shared = [c for c in columns if c in columns_now]
        if set(columns) ^ set(columns_now):
            print(f"  {name}: columns only before {sorted(set(columns) - set(columns_now))}, only now {sorted(set(columns_now) - set(columns))}")
        counts = [collections.Counter(repr([row[where.index(c)] for c in shared]) for row in found)
                  for where, found in ((columns, rows), (columns_now, rows_now))]
        gone, new = counts[0] - counts[1], counts[1] - counts[0]
        n_same, n_rows = n_same + (not gone and not new), n_rows + len(rows_now)
        if gone or new:
            different = differing_columns(shared, *([row for row in found] for found in (gone, new)))
            print(f"  {name}: {gone.total()} of {len(rows)} rows only before, {new.total()} of {len(rows_now)} only now; columns: {different}")
            for which, found in (("before", gone), ("now", new)):
                for row in sorted(found)[:1]:
                    print(f"    {which}: {row[:400]}")
    print(f"  {n_same} tables are the same; {n_rows} rows compared")


def differing_columns(shared, gone, new):
    """Of rows that have a partner with the same first value: which columns are others."""
    partners, found = collections.defaultdict(list), collections.Counter()
    as_row = lambda text: eval(text, {"__builtins__": {}, "inf": float("inf"), "nan": float("nan")})  # noqa: E731, S307, of our own repr
    for row in map(as_row, sorted(new)):
        partners[repr(row[:1])].append(row)
    for row in map(as_row, sorted(gone)):
        best = max(partners[repr(row[:1])], key=lambda other: sum(x == y for x, y in zip(row, other)), default=None)
        found.update(c for c, x, y in zip(shared, row, best or ()) if x != y)
    return dict(found.most_common(8))


# --- all -------------------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", nargs="?", type=pathlib.Path)
    parser.add_argument("now", nargs="?", type=pathlib.Path, default=ROOT)
    parser.add_argument("--answer", choices=["model", "lookup"], help=argparse.SUPPRESS)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--athletes", type=int, default=6)
    told = parser.parse_args()
    if told.answer:
        return answer(told.answer, told.seeds)
    if told.before is None:
        parser.error("say which version: a folder with a checkout that has been built")
    versions = before, now = told.before.resolve(), told.now.resolve()
    compare_answers(versions, "model", told.seeds or 400)
    compare_answers(versions, "lookup", told.seeds or 2000)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, (first, later) in {"the bundled runner": bundled(), f"{told.athletes} generated athletes": generated(told.athletes)}.items():
            old, new = make(before, folder / f"old {name}.db", first, later), make(now, folder / f"new {name}.db", first, later)
            compare_files(f"{name}: a file made before, and one made now", old, new)
            shutil.copy(old, migrated := folder / f"migrated {name}.db")
            stages_over(now, migrated)
            compare_files(f"{name}: that file after the stages of now, and one made now", migrated, new)


if __name__ == "__main__":
    main()
