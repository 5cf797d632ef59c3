"""block_bootstrap: against scipy's bootstrap, its own level over many samples that have no effect, and invariants."""

import json
import sqlite3

import numpy as np
import pytest
from scipy import stats


def bootstrap(db, differences, blocks, **options):
    rows = json.dumps(list(zip(map(float, differences), blocks)))
    sql = "SELECT block_bootstrap(value ->> 0, value ->> 1, ?2) FROM json_each(?1)"
    return json.loads(db.execute(sql, (rows, json.dumps(options))).fetchone()[0])


def sample(chance, n_blocks, effect=0.0, heavy=False):
    """Rows whose block matters more than they do."""
    sizes = chance.integers(1, 12, n_blocks)
    of_block = chance.standard_t(4, n_blocks) if heavy else chance.normal(0, 1, n_blocks)
    blocks = np.repeat(np.arange(n_blocks), sizes)
    return of_block[blocks] + chance.normal(0, 0.5, len(blocks)) + effect, [f"athlete {b}" for b in blocks]


def test_mean_error_and_interval_are_those_of_scipy_over_the_blocks(db):
    chance = np.random.default_rng(1)
    for n_blocks in (5, 12, 60):
        differences, blocks = sample(chance, n_blocks, 0.2)
        means = [np.mean([d for d, b in zip(differences, blocks) if b == name]) for name in dict.fromkeys(blocks)]
        found = bootstrap(db, differences, blocks, method="percentile", resamples=20000, level=0.9)
        expected = stats.bootstrap((means,), np.mean, confidence_level=0.9, n_resamples=20000, method="percentile", random_state=1)
        error = np.std(means, ddof=1) / np.sqrt(n_blocks)
        assert found["mean"] == pytest.approx(np.mean(means), rel=1e-12)
        assert found["standard_error"] == pytest.approx(error, rel=1e-12)
        assert abs(found["lower"] - expected.confidence_interval.low) < 0.06 * error
        assert abs(found["upper"] - expected.confidence_interval.high) < 0.06 * error
        below = np.mean(expected.bootstrap_distribution <= 0)
        assert abs(found["p"] - max(below, 2.0**-n_blocks)) < 5 * np.sqrt(below * (1 - below) / 20000 * 2) + 1e-3
        assert (found["n"], found["blocks"]) == (len(differences), n_blocks)


def test_the_mean_of_rows_is_the_mean_of_all_rows(db):
    differences, blocks = sample(np.random.default_rng(2), 30)
    found = bootstrap(db, differences, blocks, mean_of="rows")
    assert found["mean"] == pytest.approx(np.mean(differences), rel=1e-12)
    assert bootstrap(db, differences, range(len(differences)), mean_of="rows")["standard_error"] == pytest.approx(stats.sem(differences), rel=1e-12)


@pytest.mark.parametrize("n_blocks", [8, 25])
@pytest.mark.parametrize("heavy", [False, True])
def test_contestants_that_are_equal_differ_as_often_as_the_level_says(db, n_blocks, heavy):
    chance = np.random.default_rng([n_blocks, heavy])
    n = 600
    found = sum(bootstrap(db, *sample(chance, n_blocks, heavy=heavy), resamples=399, seed=k)["p"] < 0.05 for k in range(n))
    assert found / n < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)
    assert found / n > 0.015


def test_a_better_one_is_seen_and_a_worse_one_is_not(db):
    chance = np.random.default_rng(3)
    better = [bootstrap(db, *sample(chance, 25, 0.8), resamples=399, seed=k)["p"] for k in range(100)]
    worse = [bootstrap(db, *sample(chance, 25, -0.4), resamples=399, seed=k)["p"] for k in range(100)]
    assert np.mean(np.array(better) < 0.05) > 0.9
    assert min(worse) > 0.05


def test_rows_that_depend_on_one_another_are_no_evidence_by_their_number(db):
    """Each row a hundred times over in its block: nothing changes, where rows taken one by one would be sure."""
    differences, blocks = sample(np.random.default_rng(4), 10, 0.3)
    once, often = bootstrap(db, differences, blocks), bootstrap(db, list(differences) * 100, blocks * 100)
    assert often == {**once, "n": 100 * once["n"]}
    assert bootstrap(db, list(differences) * 100, range(100 * len(blocks)))["p"] < once["p"]


def test_the_order_of_rows_changes_nothing_and_the_seed_does(db):
    differences, blocks = sample(np.random.default_rng(5), 20, 0.2)
    first = bootstrap(db, differences, blocks, seed=7)
    order = np.random.default_rng(6).permutation(len(blocks))
    assert bootstrap(db, differences[order], [blocks[i] for i in order], seed=7) == first
    other = bootstrap(db, differences, blocks, seed=8)
    assert other != first and abs(other["p"] - first["p"]) < 0.03


def test_differences_that_are_all_zero_are_no_difference(db):
    found = bootstrap(db, [0.0] * 40, list(range(20)) * 2)
    assert (found["mean"], found["p"], found["lower"], found["upper"]) == (0, 1, 0, 0)


def test_few_blocks_cannot_be_sure(db):
    for method in ("studentized", "percentile"):
        for n_blocks in (2, 3, 4):
            assert bootstrap(db, [1.0 + b / 100 for b in range(n_blocks)], range(n_blocks), method=method)["p"] >= 2.0**-n_blocks
        one = bootstrap(db, [1.0, 2.0, 3.0], ["a"] * 3, method=method)
        assert one == {"mean": 2.0, "p": None, "n": 3, "blocks": 1, "lower": None, "upper": None, "standard_error": None}


def test_nulls_are_skipped_and_numbers_that_are_equal_are_one_block(db):
    answer = db.execute("SELECT block_bootstrap(column1, column2) FROM (VALUES (1, 1), (2, 1.0), (NULL, 2), (3, NULL), (4, '1'), (5, 9007199254740993), (6, 9007199254740992))").fetchone()[0]
    assert (json.loads(answer)["n"], json.loads(answer)["blocks"]) == (5, 4)
    assert db.execute("SELECT block_bootstrap(NULL, 1)").fetchone() == (None,)
    assert db.execute("SELECT block_bootstrap(1, 1) WHERE 0").fetchone() == (None,)


@pytest.mark.parametrize("call, sentence", [
    ("block_bootstrap('x', 1)", "argument 1 (difference) must be"),
    ("block_bootstrap(1, 1, '{\"resamples\": 99}')", 'option "resamples" must be'),
    ("block_bootstrap(1, 1, '{\"trials\": 100}')", 'unknown option "trials"; known are resamples'),
    ("block_bootstrap(1, 1, column1)", "argument 3 (options) must be the same for all rows"),
])
def test_what_is_wrong_is_said(db, call, sentence):
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"SELECT {call} FROM (VALUES ('{{}}'), ('{{\"seed\": 1}}'))").fetchall()
    assert str(caught.value).startswith("block_bootstrap: " + sentence)
