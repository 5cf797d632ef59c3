"""A call that is stopped says so, wherever it is: also where half of something is done, and half of it is of the time before.

The progress handler stops it after a number of instructions drawn from those that the whole call takes.
"""

import json
import random
import sqlite3

import pytest

from helpers.extension import connect
from helpers.machine.soak import sized

DRAWS = sized(1, 2)  # of each call
EVERY = 40  # instructions: some eight steps of the statement with which a kernel asks
A_ROW = "i * 7919 % 1009, i * 104729 % 7919, i % 31"


def rows(n):
    return f"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < {n}) "


def training(rng):
    objective = rng.choice(["reg:squarederror", "reg:absoluteerror", "binary:logistic", "multi:softprob", "reg:quantileerror"])
    options = {"num_boost_round": rng.choice([2, 5]), "nthread": rng.choice([1, 2, 8]), "max_depth": rng.choice([2, 6]), "objective": objective}
    options |= rng.choice([{}, {"grow_policy": "lossguide", "max_leaves": 31}, {"subsample": 0.7}, {"colsample_bytree": 0.5}])
    options |= {"multi:softprob": {"num_class": 7}, "reg:quantileerror": {"quantile_alpha": [0.1, 0.5, 0.9]}}.get(objective, {})
    category = rng.choice(["i % 31", "'c' || (i % 300)"])
    return rows(rng.choice([1000, 9000])) + f"SELECT gbdt_train('{json.dumps(options)}', i % {2 if 'binary' in objective else 7}, {A_ROW}, {category}) FROM n"


CALLS = {
    "training 1": training,
    "training 2": training,
    "training 3": training,
    "kmeans_train": lambda rng: rows(rng.choice([300, 3000])) + f"SELECT kmeans_train('{json.dumps({'k': rng.choice([2, 9])})}', {A_ROW}) FROM n",
    "kmeans_choose": lambda rng: f"SELECT * FROM kmeans_choose('{{\"resamples\": 3}}', '{rows(rng.choice([30, 100]))} SELECT {A_ROW} FROM n')",
    "silhouette": lambda rng: rows(rng.choice([1000, 4000])) + "SELECT silhouette(i % 3, i * 7919 % 1009, i % 31) FROM n",
    "calibration_fit": lambda rng: rows(5000) + f"SELECT calibration_fit('{rng.choice(['platt', 'isotonic'])}', i * 7919 % 1009, i % 2) FROM n",
    "block_bootstrap": lambda rng: rows(rng.choice([50, 300])) + "SELECT block_bootstrap(i, i) FROM n",
    "ks_pvalue": lambda rng: rows(1500) + "SELECT ks_pvalue(CASE WHEN i <= 500 THEN i ELSE (i - 500) / 2.0 + 200 END, i <= 500, 'exact') FROM n",
    "quantile": lambda rng: rows(1500) + "SELECT sum(q) FROM (SELECT quantile(i * 7919 % 1009, 0.5) OVER (ORDER BY i ROWS 300 PRECEDING) AS q FROM n)",
    "svg_histogram": lambda rng: rows(20_000) + "SELECT svg_histogram(NULL, i * 7919 % 1009) FROM n",
    "similar_pace": lambda rng: f"SELECT * FROM similar_pace('{rows(1000)} SELECT 1, i, i, CASE WHEN i % 3 = 0 THEN 5.0 END, i, 8, 4, 18, 2 FROM n')",
    "mean_shift_test": lambda rng: f"SELECT * FROM mean_shift_test('{rows(rng.choice([500, 5000]))} SELECT i * 7919 % 1009 FROM n', '{rows(30)} SELECT i FROM n')",
    "reconstruction_test": lambda rng: f"SELECT * FROM reconstruction_test('{rows(rng.choice([500, 5000]))} SELECT i * 7919 % 1009, i * 104729 % 997, i % 7 FROM n', '{rows(30)} SELECT i, i, i FROM n')",
    "cbpe": lambda rng: f"SELECT * FROM cbpe('SELECT 0.5, 1, 1', '{rows(3000)} SELECT i * 7919 % 1009 / 1009.0, i % 2, NULL, i FROM n', '{{\"chunks\": 1}}')",
    "leakage_report": lambda rng: (
        f"SELECT * FROM leakage_report('{rows(5000)} SELECT i * 7919 % 1009 AS y, i AS at, i * 3 % 991 AS a, i * 5 % 997 AS b FROM n', '{{\"label\": \"y\", \"as_of\": \"at\"}}')"
    ),
    "training_load": lambda rng: "SELECT * FROM training_load('SELECT 1, ''1900-01-01'', 50, 10, 50, 5, 10 UNION ALL SELECT 1, ''1930-01-01'', 50, 10, 50, 5, 10')",
}  # fmt: skip


def run(db, sql, allowed):
    """The rows, or None if it was stopped; and how often it asked whether to stop."""
    asked = 0

    def stop():
        nonlocal asked
        asked += 1
        return asked == allowed

    db.set_progress_handler(stop, EVERY)
    try:
        return db.execute(sql).fetchall(), asked
    except sqlite3.OperationalError as error:
        assert str(error) == "interrupted"
        return None, asked
    finally:
        db.set_progress_handler(None, 0)


@pytest.mark.sanitized
@pytest.mark.parametrize("name", CALLS)
def test_a_call_stopped_anywhere_says_so_and_afterwards_answers_as_ever(name):
    rng = random.Random(name)
    db = connect()
    for _ in range(DRAWS):
        sql = CALLS[name](rng)
        answer, asked = run(db, sql, None)
        assert asked > 20
        for at in sorted(rng.sample(range(1, asked), 8)) + list(range(max(1, asked - 6), asked)):
            assert run(db, sql, at)[0] is None
        assert run(db, sql, None)[0] == answer
    db.close()


MADE = {
    "asof": "asof(pulse, entity = 'athlete_id', timestamp = 'at', available = 'at')",
    "training_set": """training_set('{"labels": "SELECT athlete_id, at, bpm FROM pulse", "as_of": "at", "lookups": []}')""",
}  # fmt: skip


@pytest.mark.parametrize("module", MADE)
def test_a_table_whose_making_is_stopped_or_forbidden_says_so(module):
    db = connect(isolation_level=None)
    db.execute("CREATE TABLE pulse (athlete_id TEXT, at TEXT, bpm INTEGER)")
    db.execute("CREATE INDEX pulse_asof ON pulse (athlete_id, at, at)")
    make = f"CREATE VIRTUAL TABLE temp.made USING {MADE[module]}"
    said = set()
    for every in range(1, 400, 3):
        calls = []
        db.set_progress_handler(lambda: calls.append(1) or len(calls) == 2, every)
        try:
            db.execute(make)
            db.execute("DROP TABLE temp.made")
        except sqlite3.OperationalError as error:
            said.add(str(error))
        db.set_progress_handler(None, 0)
        db.execute("DROP TABLE IF EXISTS temp.made")
    assert said == {"interrupted"}
    for action in (sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION):
        db.set_authorizer(lambda done, *_, action=action: sqlite3.SQLITE_DENY if done == action else sqlite3.SQLITE_OK)
        try:
            db.execute(make)
        except sqlite3.DatabaseError as error:
            assert "authoriz" in str(error) or "prohibited" in str(error), error
        db.set_authorizer(None)
        db.execute("DROP TABLE IF EXISTS temp.made")
    db.close()


def test_a_table_function_that_is_forbidden_says_which_it_is():
    db = connect()
    tables = [name for (name,) in db.execute("SELECT name FROM athlete_functions WHERE kind = 'table'")]
    db.close()
    assert len(tables) > 20
    for action in (sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE):
        db = connect()
        db.set_authorizer(lambda done, *_, action=action: sqlite3.SQLITE_DENY if done == action else sqlite3.SQLITE_OK)
        for name in tables:
            with pytest.raises(sqlite3.DatabaseError, match=f"^{name}: .*(authoriz|prohibited)"):
                db.execute(f"SELECT * FROM {name}('a')")
        db.close()
