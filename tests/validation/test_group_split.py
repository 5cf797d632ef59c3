"""group_split: no group on both sides, every row tested once, balance, seeds; and why rows are not split at random."""

import collections
import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold


def folds(db, groups, splits, seed=None):
    db.execute("CREATE TEMP TABLE IF NOT EXISTS grouped (i INTEGER PRIMARY KEY, g)")
    db.execute("DELETE FROM grouped")
    db.executemany("INSERT INTO grouped VALUES (?, ?)", list(enumerate(groups)))
    found = db.execute(f"SELECT * FROM group_split('SELECT i, g FROM temp.grouped', ?{', ?' if seed is not None else ''})", (splits, seed)[: 1 + (seed is not None)]).fetchall()
    parts = collections.defaultdict(lambda: {"train": [], "test": []})
    for fold, part, key in found:
        parts[fold][part].append(key)
    return [(np.array(parts[f]["train"]), np.array(parts[f]["test"])) for f in sorted(parts)]


@pytest.mark.parametrize("seed", range(12))
def test_no_group_is_on_both_sides_and_every_row_is_tested_once(db, seed):
    chance = np.random.default_rng(seed)
    n_groups, splits = int(chance.integers(3, 40)), int(chance.integers(2, 4))
    sizes = chance.integers(1, 30, n_groups)
    groups = chance.permutation(np.repeat(np.arange(n_groups), sizes))
    names = [[int(g), float(g), f"runner {g}"][seed % 3] for g in groups]
    found = folds(db, names, splits, seed)
    assert len(found) == splits
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
        assert len(train) and len(test) and sorted([*train, *test]) == list(range(len(groups)))
        assert list(train) == sorted(train) and list(test) == sorted(test)
    assert sorted(i for _, test in found for i in test) == list(range(len(groups)))
    tested = [len(test) for _, test in found]
    assert max(tested) - min(tested) <= sizes.max()


def test_where_a_group_is_tested_depends_on_neither_the_order_of_rows_nor_their_keys(db):
    chance = np.random.default_rng(1)
    groups = chance.integers(0, 30, 200)

    def fold_of(order):
        return {int(groups[order][i]): f for f, (_, test) in enumerate(folds(db, [int(g) for g in groups[order]], 4, 3)) for i in test}

    assert fold_of(np.arange(200)) == fold_of(chance.permutation(200))
    assert [list(t) for _, t in folds(db, [int(g) for g in groups], 4)] == [list(t) for _, t in folds(db, [int(g) for g in groups], 4, 0)]
    assert len({json.dumps([t.tolist() for _, t in folds(db, [int(g) for g in groups], 4, s)]) for s in range(5)}) == 5


def test_groups_may_be_anything_but_null(db, error):
    assert [list(t) for _, t in folds(db, [1, 1.0, "1", b"1"], 3)] != []
    assert {frozenset(t.tolist()) for _, t in folds(db, [1, "1", 1.0, b"1"], 3)} == {frozenset({0, 2}), frozenset({1}), frozenset({3})}
    assert error("* FROM group_split('SELECT 1, NULL', 2)") == "group_split: row 1 of the query: group is NULL"
    assert error("* FROM group_split('SELECT 1, 2', 2)") == "group_split: 2 splits need at least as many groups, there are 1"
    assert error("* FROM group_split('SELECT 1', 2)").startswith("group_split: the query must have at least 2 columns (key, group)")
    assert error("* FROM group_split('SELECT 1, 2', 'random')").startswith("group_split: argument 2 (splits) must be an integer")


def test_a_random_split_finds_what_is_not_there_and_this_one_does_not(db):
    """Labels that follow from nothing but who it was and when: neighbours in time share them, as an injury lasts for weeks."""
    chance = np.random.default_rng(5)
    n, days = 20, 150
    athlete, day = np.repeat(np.arange(n), days), np.tile(np.arange(days), n)
    spells = chance.random((n, days // 15)) < 0.25
    label = np.repeat(spells, 15, axis=1).ravel().astype(int)
    drift = np.cumsum(chance.normal(0, 1, (n, days)), axis=1).ravel()
    db.execute("CREATE TEMP TABLE spells (i INTEGER PRIMARY KEY, label, drift, athlete, day)")
    db.executemany("INSERT INTO spells VALUES (?, ?, ?, ?, ?)", zip(range(n * days), label.tolist(), drift.tolist(), chance.permutation(n)[athlete].tolist(), day.tolist()))

    def auc(splits):
        scores = np.zeros(n * days)
        for train, test in splits:
            query = f"SELECT label, drift, athlete, day FROM temp.spells WHERE i IN (SELECT value FROM json_each('{json.dumps([int(i) for i in train])}'))"
            options = '{"objective": "binary:logistic", "num_boost_round": 60, "max_depth": 6, "min_child_weight": 1}'
            model = db.execute("SELECT model FROM gbdt_fit(?, ?)", (options, query)).fetchone()[0]
            score = dict(db.execute("SELECT key, value FROM gbdt_score(?, 'SELECT i, drift, athlete, day FROM temp.spells')", (model,)))
            scores[test] = [score[int(i)] for i in test]
        return roc_auc_score(label, scores)

    at_random = auc(KFold(4, shuffle=True, random_state=0).split(label))
    honest = auc(folds(db, athlete.tolist(), 4))
    assert at_random > 0.85
    assert honest < 0.6
