"""k-means: scikit-learn's inertia, invariants of order, scale and seed, ids that last from model to model, refusals."""

import json
import sqlite3

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler


def table(db, x, name="points"):
    x = np.asarray(x, float)
    columns = [f"f{j}" for j in range(x.shape[1])]
    db.execute(f"DROP TABLE IF EXISTS temp.{name}")
    db.execute(f"CREATE TEMP TABLE {name} (key, {', '.join(columns)})")
    rows = [(i, *(None if np.isnan(v) else float(v) for v in row)) for i, row in enumerate(x)]
    db.executemany(f"INSERT INTO {name} VALUES (?{', ?' * len(columns)})", rows)
    return f"SELECT * FROM temp.{name}"


def fit(db, x, k, **options):
    model, rows, found_k, inertia, _ = db.execute("SELECT * FROM kmeans_fit(?, ?)", (json.dumps({"k": k, **options}), table(db, x))).fetchone()
    assert (rows, found_k) == (len(x), k)
    return model, inertia


def labels(db, model, x):
    return np.array([c for _, c, _ in db.execute("SELECT * FROM kmeans_score(?, ?) ORDER BY key", (model, table(db, x)))])


def tables():
    chance = np.random.default_rng(1)
    yield "blobs", datasets.make_blobs(300, 2, centers=5, random_state=1)[0], 5
    yield "many blobs", datasets.make_blobs(500, 2, centers=25, cluster_std=0.8, random_state=2)[0], 25
    yield "grid", np.array([(i, j) for i in range(6) for j in range(6)] * 8) + chance.normal(0, 0.08, (288, 2)), 20
    yield "uneven", datasets.make_blobs([400, 20, 10], 3, cluster_std=[3, 0.5, 0.2], random_state=3)[0], 4
    yield "noise", chance.normal(0, 1, (200, 8)), 6
    yield "moons", datasets.make_moons(300, noise=0.1, random_state=4)[0], 8
    yield "heavy tails", chance.standard_t(2, (250, 4)), 7
    yield "iris", datasets.load_iris().data, 3
    yield "wine", datasets.load_wine().data, 5
    yield "integers", chance.integers(0, 4, (400, 3)), 10


@pytest.mark.parametrize("name, x, k", list(tables()), ids=lambda v: v if isinstance(v, str) else "")
def test_inertia_is_not_above_the_best_of_ten_starts_of_scikit_learn(db, name, x, k):
    standardised = StandardScaler().fit_transform(x)
    model, inertia = fit(db, x, k)
    theirs = KMeans(k, n_init=10, random_state=0, max_iter=1000, tol=0).fit(standardised)
    assert inertia <= theirs.inertia_ * (1 + 1e-12)
    found = labels(db, model, x)
    centres = np.array([standardised[found == c].mean(axis=0) for c in range(k)])
    assert ((standardised - centres[found]) ** 2).sum() == pytest.approx(inertia, rel=1e-9)
    assert np.array_equal(np.bincount(found), json.loads(model)["sizes"])


def test_the_model_holds_what_standardisation_says(db):
    x = np.random.default_rng(2).normal(5, [1, 10, 0.1], (80, 3))
    x[:, 2] = 3.5  # a feature that says nothing
    scaler = StandardScaler().fit(x)
    model = json.loads(fit(db, x, 3)[0])
    assert model["means"] == pytest.approx(scaler.mean_, rel=1e-14)
    assert model["scales"] == pytest.approx(scaler.scale_, rel=1e-14)
    assert model["features"] == ["f0", "f1", "f2"]
    centers = db.execute("SELECT cluster, feature, center, standardized FROM kmeans_centers(?)", (json.dumps(model),)).fetchall()
    raw = scaler.inverse_transform(np.array(model["centers"]).reshape(3, 3))
    assert [c for *_, c, _ in centers] == pytest.approx(raw.ravel(), rel=1e-12)
    assert [(c, f) for c, f, *_ in centers] == [(c, f"f{j}") for c in range(3) for j in range(3)]


def test_a_prediction_is_the_nearest_centre_and_its_distance(db):
    x = np.random.default_rng(3).normal(0, 1, (60, 2))
    model, _ = fit(db, x, 4)
    parsed = json.loads(model)
    centres = np.array(parsed["centers"]).reshape(4, 2)
    for row in np.random.default_rng(4).normal(0, 2, (50, 2)):
        distances = np.linalg.norm((row - parsed["means"]) / parsed["scales"] - centres, axis=1)
        found = db.execute("SELECT kmeans_predict(?1, ?2, ?3), kmeans_distance(?1, ?2, ?3)", (model, *map(float, row))).fetchone()
        assert found == (distances.argmin(), pytest.approx(distances.min(), rel=1e-12))


def test_rows_in_any_order_give_the_same_bytes_and_units_the_same_clusters(db):
    chance = np.random.default_rng(5)
    x = chance.normal(0, 1, (150, 3))
    x[:40] = x[40:80]  # rows that are alike
    first, inertia = fit(db, x, 6, seed=3)
    for _ in range(3):
        assert fit(db, x[chance.permutation(len(x))], 6, seed=3)[0] == first
    units = x * [1024, 0.5, 8]  # powers of two, which round nothing
    scaled, other = fit(db, units, 6, seed=3)
    assert other == inertia and json.loads(scaled)["centers"] == json.loads(first)["centers"]
    assert np.array_equal(labels(db, scaled, units), labels(db, first, x))


def test_the_aggregate_trains_the_same_model_in_each_group(db):
    x = np.random.default_rng(6).normal(0, 1, (90, 2))
    query = table(db, x)
    whole = db.execute("SELECT model FROM kmeans_fit('{\"k\": 3}', ?)", (query,)).fetchone()[0]
    options = json.dumps({"k": 3, "feature_names": ["f0", "f1"]})
    assert db.execute("SELECT kmeans_train(?, f0, f1) FROM temp.points", (options,)).fetchone()[0] == whole
    groups = dict(db.execute("SELECT key % 2, kmeans_train('{\"k\": 3}', f0, f1) FROM temp.points GROUP BY 1"))
    for parity, model in groups.items():
        expected = db.execute("SELECT model FROM kmeans_fit('{\"k\": 3}', ?)", (f"SELECT key, f0, f1 FROM temp.points WHERE key % 2 = {parity}",)).fetchone()[0]
        assert {**json.loads(model), "features": ["f0", "f1"]} == json.loads(expected)


def test_clusters_keep_the_ids_of_those_before_that_lie_nearest(db):
    """Against scipy's assignment: over random models, of as many clusters, more or fewer."""
    chance = np.random.default_rng(7)
    for trial in range(20):
        k_before, k = chance.integers(2, 8, 2)
        x = chance.normal(0, 1, (80, 3))
        before = json.loads(fit(db, x, int(k_before), seed=1)[0])
        before["clusters"] = [int(c) for c in chance.permutation(50)[:k_before]]
        moved = x + chance.normal(0, 0.4, x.shape)
        model = json.loads(fit(db, moved, int(k), previous=before)[0])
        raw = [np.array(m["centers"]).reshape(-1, 3) * m["scales"] + m["means"] for m in (before, model)]
        old, new = ((r - model["means"]) / model["scales"] for r in raw)
        cost = ((new[:, None] - old[None]) ** 2).sum(axis=2)
        rows, columns = linear_sum_assignment(cost)
        expected = {int(r): before["clusters"][c] for r, c in zip(rows, columns)}
        fresh = [c for c in model["clusters"] if c not in before["clusters"]]
        assert {i: c for i, c in enumerate(model["clusters"]) if c in before["clusters"]} == expected, trial
        assert fresh == list(range(max(before["clusters"]) + 1, max(before["clusters"]) + 1 + max(0, k - k_before)))


def test_a_model_trained_again_on_nearly_the_same_rows_has_the_same_ids(db):
    x, truth = datasets.make_blobs(200, 3, centers=4, random_state=5)
    first, _ = fit(db, x, 4)
    again, _ = fit(db, np.r_[x, x[truth == 3], x[truth == 3]], 4, previous=json.loads(first))  # another is the largest now
    assert np.array_equal(labels(db, again, x), labels(db, first, x))


def test_what_is_missing_is_refused_or_the_mean(db):
    x = np.random.default_rng(8).normal(2, 1, (40, 2))
    x[7, 1] = x[20, 0] = np.nan
    with pytest.raises(sqlite3.OperationalError, match='kmeans_fit: row 8: feature 2 is NULL; option "missing" = "mean" takes its mean'):
        fit(db, x, 2)
    model, _ = fit(db, x, 2, missing="mean")
    means = np.nanmean(x, axis=0)
    filled = np.where(np.isnan(x), means, x)
    assert json.loads(model)["means"] == pytest.approx(means)
    assert np.array_equal(labels(db, model, x), labels(db, model, filled))
    complete, _ = fit(db, filled, 2)
    assert db.execute("SELECT kmeans_predict(?, 1, NULL)", (complete,)).fetchone() == (None,)
    assert db.execute("SELECT * FROM kmeans_score(?, 'SELECT 5, 1 AS f0, NULL AS f1')", (complete,)).fetchall() == [(5, None, None)]


def test_features_are_found_by_name_among_others(db):
    x = np.random.default_rng(9).normal(0, 1, (30, 2))
    model, _ = fit(db, x, 3)
    plain = db.execute("SELECT * FROM kmeans_score(?, 'SELECT key, f0, f1 FROM temp.points')", (model,)).fetchall()
    assert db.execute("SELECT * FROM kmeans_score(?, 'SELECT key, 1 AS other, F1, f0 FROM temp.points')", (model,)).fetchall() == plain


def test_a_model_of_the_registry_is_found_by_its_name(db):
    model, _ = fit(db, np.random.default_rng(12).normal(0, 1, (30, 2)), 3)
    plain = db.execute("SELECT * FROM kmeans_score(?, 'SELECT key, f0, f1 FROM temp.points')", (model,)).fetchall()
    with pytest.raises(sqlite3.OperationalError, match="kmeans_score: "):
        db.execute("SELECT * FROM kmeans_score('athlete_clustering@champion', 'SELECT key, f0, f1 FROM temp.points')").fetchall()
    db.execute("CREATE TABLE ml_model_versions (model, version, model_json)")
    db.execute("CREATE TABLE ml_aliases (model, alias, version)")
    db.execute("INSERT INTO ml_model_versions VALUES ('athlete_clustering', 1, ?)", (model,))
    db.execute("INSERT INTO ml_aliases VALUES ('athlete_clustering', 'champion', 1)")
    for name in ("athlete_clustering@champion", "athlete_clustering/1"):
        assert db.execute("SELECT * FROM kmeans_score(?, 'SELECT key, f0, f1 FROM temp.points')", (name,)).fetchall() == plain
        assert len(db.execute("SELECT * FROM kmeans_centers(?)", (name,)).fetchall()) == 6


def test_no_rows_give_no_model(db):
    assert db.execute("SELECT kmeans_train('{\"k\": 2}', 1) WHERE 0").fetchone() == (None,)
    assert db.execute("SELECT * FROM kmeans_fit('{\"k\": 2}', 'SELECT 1, 2 WHERE 0')").fetchall() == []


@pytest.mark.parametrize("call, sentence", [
    ("kmeans_train('{}', 1)", 'kmeans_train: option "k" is missing'),
    ("kmeans_train('{\"k\": 2}', 1)", "kmeans_train: 2 clusters need as many different rows, there are 1"),
    ("kmeans_train('{\"k\": 1}', 'slow')", "kmeans_train: row 1: feature 1 must be a number of at most 1e150 in size, or NULL, got text 'slow'"),
    ("kmeans_train('{\"k\": 1}', 1e200)", "kmeans_train: row 1: feature 1 must be a number"),
    ("kmeans_train('{\"k\": 1, \"feature_names\": [\"a\"]}', 1, 2)", 'kmeans_train: option "feature_names" must be a list of 2 texts'),
    ("kmeans_train('{\"k\": 1, \"previous\": {\"model\": \"gbdt\"}}', 1)", 'kmeans_train: option "previous" is no model: "model" must be "kmeans"'),
    ("kmeans_predict('{}', 1)", 'kmeans_predict: argument 1 (model) is no model of clusters: "model" is missing'),
    ("kmeans_predict((SELECT kmeans_train('{\"k\": 1}', 1)), 1, 2)", "kmeans_predict: the model has 1 features, 2 are given"),
    ("count(*) FROM kmeans_score((SELECT kmeans_train('{\"k\": 1, \"feature_names\": [\"km\"]}', 1)), 'SELECT 1, 2 AS pace')", "kmeans_score: feature 1 of the model (km) is no column of the query"),
])
def test_what_is_wrong_is_said(db, call, sentence):
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(f"SELECT {call}").fetchall()
    assert str(caught.value).startswith(sentence)


def test_a_model_with_anything_changed_is_refused_or_still_answers(db):
    model = json.loads(fit(db, np.random.default_rng(10).normal(0, 1, (30, 2)), 3)[0])
    chance = np.random.default_rng(11)
    wrong = [None, -1, "x", [], {}, [1], 1e308, float("inf"), [None, None], [0, 0, 0.5], [[1, 2], 3], True]
    refused = 0
    for name in model:
        for value in wrong:
            changed = {**model, name: value}
            if name != "features" and chance.random() < 0.3:
                changed.pop(name)
            try:
                assert isinstance(db.execute("SELECT kmeans_predict(?, 1, 2)", (json.dumps(changed),)).fetchone()[0], (int, type(None)))
            except sqlite3.OperationalError as fault:
                assert str(fault).startswith("kmeans_predict: ") and name in str(fault) or "JSON" in str(fault), (name, value, fault)
                refused += 1
    assert refused > 80
