"""silhouette and adjusted_rand_index equal scikit-learn's; kmeans_choose finds the clusters that are there, and none where none are."""

import json
import sqlite3

import numpy as np
import pytest
from sklearn import datasets
from sklearn.metrics import adjusted_rand_score, silhouette_score


def rand(db, a, b):
    return db.execute("SELECT adjusted_rand_index(value ->> 0, value ->> 1) FROM json_each(?)", (json.dumps([list(p) for p in zip(a, b)]),)).fetchone()[0]


def silhouette(db, x, labels):
    features = ", ".join(f"value ->> {j + 1}" for j in range(x.shape[1]))
    rows = json.dumps([[c, *map(float, row)] for c, row in zip(labels, x)])
    return db.execute(f"SELECT silhouette(value ->> 0, {features}) FROM json_each(?)", (rows,)).fetchone()[0]


def test_the_adjusted_rand_index_is_that_of_scikit_learn_to_the_last_bit(db):
    chance = np.random.default_rng(1)
    for n in [2, 3, 5, 10, 100, 3000] * 6:
        a = chance.integers(0, chance.integers(1, 9), n)
        b = np.where(chance.random(n) < chance.random(), a, chance.integers(0, chance.integers(1, 30), n))
        assert rand(db, map(int, a), [f"group {c}" for c in b]) == adjusted_rand_score(a, b)


def test_names_of_groups_mean_nothing_and_order_neither(db):
    chance = np.random.default_rng(2)
    a, b = chance.integers(0, 4, (2, 200))
    order = chance.permutation(200)
    assert rand(db, map(int, a), map(int, b)) == rand(db, [str(9 - c) for c in a[order]], [c + 0.5 for c in b[order].tolist()])
    assert rand(db, map(int, a), [float(c) for c in a]) == 1
    assert rand(db, [1, 2, None, 3], [1, 1, 2, None]) == 0
    assert db.execute("SELECT adjusted_rand_index(1, NULL)").fetchone() == (None,)


def test_the_silhouette_is_that_of_scikit_learn(db):
    chance = np.random.default_rng(3)
    for n, width, k in [(5, 1, 2), (40, 2, 3), (200, 5, 7), (300, 3, 50)]:
        x, labels = chance.normal(0, 1, (n, width)), [int(c) for c in chance.integers(0, k, n)]
        x[: n // 4] = x[0]  # points that are alike
        assert silhouette(db, x, labels) == pytest.approx(silhouette_score(x, labels), rel=1e-12, abs=1e-13)


def test_rows_in_any_order_have_the_same_silhouette_to_the_last_bit(db):
    chance = np.random.default_rng(4)
    x, labels = chance.normal(0, 1, (80, 3)), chance.integers(0, 4, 80)
    order = chance.permutation(80)
    assert silhouette(db, x, map(int, labels)) == silhouette(db, x[order], map(int, labels[order]))


def test_there_is_no_silhouette_of_one_cluster_or_of_points_alone(db):
    x = np.array([[1.0], [2.0], [4.0]])
    assert silhouette(db, x, [1, 1, 1]) is None and silhouette(db, x, [1, 2, 3]) is None
    assert db.execute("SELECT silhouette(column1, column2) FROM (VALUES (1, NULL), (NULL, 3), ('a', 1), ('a', 2), ('b', 9))").fetchone()[0] == pytest.approx(silhouette_score([[1], [2], [9]], [0, 0, 1]))


# --- kmeans_choose --------------------------------------------------------------------------------------------------


def choose(db, x, **options):
    db.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (x TEXT)")
    db.execute("DELETE FROM chosen")
    db.executemany("INSERT INTO chosen VALUES (?)", [(json.dumps(list(map(float, row))),) for row in x])
    query = "SELECT rowid, " + ", ".join(f"x ->> {j} AS f{j}" for j in range(x.shape[1])) + " FROM temp.chosen"
    rows = db.execute("SELECT * FROM kmeans_choose(?, ?)", (json.dumps(options), query)).fetchall()
    return rows, [k for k, *_, chosen, _ in rows if chosen]


def test_the_clusters_that_are_there_are_found(db):
    for k, seed in [(2, 1), (3, 2), (4, 3), (5, 5)]:
        centers = np.random.default_rng(seed).permutation(np.array([(i, j) for i in range(3) for j in range(3)]))[:k] * 10.0
        x, _ = datasets.make_blobs(60, centers=centers, random_state=seed)
        rows, chosen = choose(db, x, resamples=10, starts=5)
        assert chosen == [k], rows
        assert [row[0] for row in rows] == list(range(2, 9))
        best = rows[k - 2]
        assert best[3] > 0.95 and best[2] == max(row[2] for row in rows)


def test_no_clusters_are_a_result(db):
    chance = np.random.default_rng(6)
    for _ in range(4):
        rows, chosen = choose(db, chance.normal(0, 1, (80, 7)), resamples=10, starts=5, k_max=6)
        assert chosen == [] and all(reason in ("the clusters do not come again from other rows", "the clusters are not apart") for *_, reason in rows)


def test_inertia_and_silhouette_are_those_of_the_fit_and_stability_is_by_scikit_learn(db):
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    x = StandardScaler().fit_transform(datasets.make_blobs(90, 4, centers=4, cluster_std=4, random_state=7)[0])
    rows, _ = choose(db, x, resamples=300, starts=5, k_max=5)
    chance = np.random.default_rng(8)
    for k, inertia, found, stability, *_ in rows:
        whole = KMeans(k, n_init=30, random_state=0).fit(x)
        assert inertia <= whole.inertia_ * (1 + 1e-9)
        assert found == pytest.approx(silhouette_score(x, whole.labels_), abs=0.03)
        theirs = [adjusted_rand_score(whole.labels_, KMeans(k, n_init=5, random_state=b).fit(x[chance.integers(0, 90, 90)]).predict(x)) for b in range(120)]
        assert abs(stability - np.mean(theirs)) < 4 * np.std(theirs) * np.sqrt(1 / 120 + 1 / 300) + 0.01


def test_of_what_is_as_good_the_fewest_clusters_are_chosen(db):
    """The rule by scikit-learn's silhouettes: the least k, stable and apart, within a standard error of the greatest mean."""
    from sklearn.metrics import silhouette_samples

    tried = 0
    for seed in range(8):
        x, _ = datasets.make_blobs(70, 3, centers=4, cluster_std=3, random_state=seed)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        rows, chosen = choose(db, x, resamples=5, k_max=6, min_stability=0.5)
        allowed = [row for row in rows if row[3] >= 0.5 and row[2] >= 0.2]
        if not allowed:
            assert chosen == []
            continue
        best = max(allowed, key=lambda row: row[2])
        model = db.execute("SELECT kmeans_train(?, x ->> 0, x ->> 1, x ->> 2) FROM temp.chosen", (json.dumps({"k": best[0]}),)).fetchone()[0]
        labels = [db.execute("SELECT kmeans_predict(?, ?, ?, ?)", (model, *map(float, row))).fetchone()[0] for row in x]
        error = np.std(silhouette_samples(x, labels)) / np.sqrt(len(x))
        assert chosen == [next(row[0] for row in allowed if row[2] >= best[2] - error)]
        tried += chosen != [best[0]]
    assert tried > 0


def test_the_same_rows_in_any_order_are_judged_the_same(db):
    x = np.random.default_rng(9).normal(0, 1, (50, 3))
    first = choose(db, x, resamples=5, k_max=4)
    assert choose(db, x[::-1], resamples=5, k_max=4) == first
    assert choose(db, x, resamples=5, k_max=4, seed=1) != first


def test_what_is_wrong_is_said(db, error):
    assert error("* FROM kmeans_choose('{}', 'SELECT 1, 2')") == "kmeans_choose: 2 clusters need more different rows, there are 1"
    assert error("* FROM kmeans_choose('{\"k_min\": 5, \"k_max\": 3}', 'SELECT 1, 2')") == 'kmeans_choose: option "k_max" is 3, below "k_min", 5'
    assert error("* FROM kmeans_choose('{}', 'SELECT 1, NULL')").startswith("kmeans_choose: row 1: feature 1 is NULL")
    assert error("silhouette(1, 'x')").startswith("silhouette: row 1: feature 1 must be a number")
    with pytest.raises(sqlite3.OperationalError, match="adjusted_rand_index: called with 1 argument"):
        db.execute("SELECT adjusted_rand_index(1)")
