"""The page says of each model's last version what changed: neither less nor more than that."""

import random
import re

import pytest

from helpers.athletes import lab
from helpers.extension import ROOT
from helpers.models import modelled
from helpers.models.modelled import days, definition
from helpers.stages import one, put, rows, run, statements

PAGE = (ROOT / "sql" / "reports" / "page.sql").read_text()
OPTIONS = {"num_boost_round": [10, 15, 20], "eta": [0.1, 0.3], "max_depth": [2, 3, 4], "lambda": [1, 5], "subsample": [0.5, 0.9]}


def page(db):
    lines = [row[0] for s in statements(PAGE) for row in db.execute(s).fetchall() if row and isinstance(row[0], str)]
    for (name,) in db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
        db.execute(f"DROP TABLE temp.{name}")
    return lines


def changed(lines, model):
    """What the page says of a model's last version, in one line."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"  {model} "))
    block = re.split(r"\n  \S|\n\n", "\n".join(lines[start:]))[0]
    found = re.search(r"version (\d+) \((\w+)\) beside version (\d+): (.*)", re.sub(r"\s*\n\s+", " ", block), re.S)
    return found and (int(found[1]), found[2], int(found[3]), found[4].strip().split("; "))


def some(chance, version):
    """A definition, its options and features drawn."""
    options = {name: chance.choice(values) for name, values in OPTIONS.items() if chance.random() < 0.7}
    features = chance.sample(["x", "y", "noise"], chance.randint(2, 3))
    return definition(version=version, features=features, learner={"kind": "gbdt", "options": options}, baselines=chance.choice([["x"], ["y"], []]))


def expected(old, new, rows_more, errors):
    found = [f"definition {old['version']} to {new['version']}"] + (["another baselines"] if old["baselines"] != new["baselines"] else [])
    found += [f"feature {n} " + ("new" if n in new["features"] else "gone") for n in set(old["features"]) ^ set(new["features"])]
    a, b = old["learner"]["options"], new["learner"]["options"]
    found += [f"{n} {a.get(n, 'none')} to {b.get(n, 'none')}" for n in a.keys() | b.keys() if a.get(n) != b.get(n)]
    found += [f"{abs(rows_more)} rows {'more' if rows_more > 0 else 'fewer'}"] if rows_more else []
    return {*found, *([f"mae by time {errors[0]:.3f} to {errors[1]:.3f}"] if errors[0] != errors[1] else [])}


@pytest.mark.parametrize("seed", range(4))
def test_the_page_says_what_the_last_version_has_that_the_one_before_had_not(seed):
    chance = random.Random(seed)
    old, new = some(chance, "1.0.0"), some(chance, "1.0.1")
    db = lab.copy("quick")
    db.execute("CREATE TABLE days (athlete_id TEXT, day TEXT, label REAL, x REAL, y REAL, noise REAL, PRIMARY KEY (athlete_id, day))")
    add = "INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)"
    found, more = days(seed), chance.choice([0, 30])
    db.executemany(add, found[: len(found) - more])
    for each in (old, new):
        put(db, each)
        run(db, ["100_bronze_strava", modelled.DEFINE, modelled.TRAIN])
        if each is old:
            assert "beside version" not in "\n".join(page(db))
            db.executemany(add, found[len(found) - more :])
    trained = rows(db, "SELECT r.version, r.training_rows, m.value FROM ml_runs AS r JOIN ml_run_metrics AS m USING (run_id)"
                       " WHERE r.model = 'days_model' AND m.metric = 'mae' AND m.evaluation = 'time' AND m.predictor = 'model' AND m.step = 0 ORDER BY r.version")  # fmt: skip
    version, status, before, text = changed(page(db), "days_model")
    assert (version, before, status) == (2, 1, one(db, "SELECT status FROM ml_model_versions WHERE model = 'days_model' AND version = 2"))
    assert set(text) == expected(old, new, trained[1]["training_rows"] - trained[0]["training_rows"], [t["value"] for t in trained]) and len(text) == len(set(text))


def test_the_estimator_of_races_says_it_too():
    db = lab.copy("quick")
    put(db, lab.specification(num_boost_round=12, eta=0.1))
    run(db)
    version, status, before, text = changed(page(db), "time_estimator")
    assert (version, status, before) == (2, "accepted", 1) and {"num_boost_round 10 to 12", "eta 0.08 to 0.1"} <= set(text)
    assert not any("rows" in t or "feature" in t or "definition" in t for t in text)
    errors = dict(db.execute("SELECT version, mae_s FROM ml_metrics WHERE model = 'time_estimator' AND source = 'survey' AND distance_class = '10k'"))
    assert f"error of the survey's 10k in s {errors[1]:.3f} to {errors[2]:.3f}" in text
