"""Clusters of athletes: found where they were planted, refused where there are none, named by their centres, and the same ones later."""

import random

import numpy
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.stages import BRONZE, new_database, one, put, rows, run, statements

REPLAY = (ROOT / "sql" / "reports" / "replay.sql").read_text()
STAGES = ["530_model_definitions", "544_cluster_models", "547_model_intervals", "550_promote_models", "610_score_models"]
FEATURES = ["volume", "fast", "regular", "longest", "sessions"]
NAMES = [{"feature": "volume", "high": "high volume", "low": "low volume"}, {"feature": "fast", "high": "mostly fast", "low": "mostly easy"}]
ROWS = "SELECT athlete_id, day AS as_of_date, day || 'T20:00:00Z' AS known_at, NULL AS label, volume, fast, regular, longest, sessions FROM people"


def definition(version="1.0.0", **options):
    learner = {"kind": "kmeans", "options": {"min_rows": 20, "names": NAMES} | options}
    return {"model": "kinds", "version": version, "entity": "athlete_id", "prediction": "cluster_id", "rows": ROWS, "features": FEATURES, "learner": learner}


def people(seed, centers, each=15, spread=0.5):
    """(athlete, its group, the features): as many of each group, around its centre, in units that are not alike."""
    chance = random.Random(seed)
    found = [(f"athlete {g} {n}", g, *(chance.gauss(c, spread) * u for c, u in zip(center, (100, 1, 0.01, 7, 1)))) for g, center in enumerate(centers) for n in range(each)]
    chance.shuffle(found)
    return found


def database(found, *definitions, day="2024-05-01"):
    db = new_database()
    run(db, [*BRONZE, "200_silver_activities", "260_silver_provenance", "330_model_tables"])
    db.execute("CREATE TABLE people (athlete_id TEXT PRIMARY KEY, day TEXT, volume REAL, fast REAL, regular REAL, longest REAL, sessions REAL)")
    arrive(db, found, day)
    define(db, *definitions)
    return db


def arrive(db, found, day):
    db.executemany("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", [(a, day, *values) for a, _, *values in found])


def define(db, *definitions):
    for each in definitions:
        put(db, each)
    run(db, ["100_bronze_strava", *STAGES])


def clusters(db):
    return dict(db.execute("SELECT athlete_id, cluster_id FROM gold_athlete_clusters ORDER BY as_of_date"))


CENTERS = [(10, 5, 3, 8, 2), (2, 9, 6, 1, 5), (6, 1, 9, 4, 9), (14, 13, 12, 12, 13)]


@pytest.mark.parametrize("seed", range(6))
def test_planted_groups_are_found_and_those_of_scikit_learn(seed):
    chance = random.Random(seed)
    found = people(seed, chance.sample(CENTERS, chance.choice([2, 3, 4])))
    db = database(found, definition())
    version = rows(db, "SELECT * FROM ml_model_versions")[0]
    assert version["status"] == "accepted" and one(db, "SELECT decision FROM ml_decisions") == "PROMOTE"
    given = clusters(db)
    truth = [g for _, g, *_ in found]
    assert metrics.adjusted_rand_score(truth, [given[a] for a, *_ in found]) == 1
    k, x = len(set(truth)), StandardScaler().fit_transform([values for _, _, *values in found])
    assert version["reason"].startswith(f"{k} clusters of {len(found)} rows, silhouette ")
    theirs = KMeans(k, n_init=20, random_state=0).fit(x)
    kept = {(m, s): v for m, s, v in db.execute("SELECT metric, step, value FROM ml_run_metrics WHERE evaluation = 'bootstrap'")}
    assert kept["inertia", k] == pytest.approx(theirs.inertia_, rel=1e-9)
    assert kept["silhouette", k] == pytest.approx(metrics.silhouette_score(x, theirs.labels_), rel=1e-9)
    assert kept["stability", k] >= 0.6 and {s for _, s in kept} == set(range(2, 9))


def test_a_name_says_where_the_centre_lies_and_two_that_are_alike_are_told_apart():
    found = people(3, [(10, 5, 3, 9, 9), (2, 9, 3, 3, 3), (2, 9, 9, 9, 3), (6, 5, 6, 3, 9)])
    db = database(found, definition())
    values = numpy.array([v for _, _, *v in found])
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    told = {r["athlete_id"]: r for r in rows(db, "SELECT * FROM gold_athlete_clusters")}
    for cluster in {r["cluster_id"] for r in told.values()}:
        members = [i for i, (a, *_) in enumerate(found) if told[a]["cluster_id"] == cluster]
        center = z[members].mean(axis=0)
        words = [n["high"] if center[j] >= 0.5 else n["low"] for j, n in enumerate(NAMES) if abs(center[j]) >= 0.5]
        name, = {told[found[i][0]]["cluster_name"] for i in members}
        alike = [c for c in {r["cluster_id"] for r in told.values()} if c != cluster and told_words(told, c) == ", ".join(words)]
        assert name == (", ".join(words) or "in between") + (f" ({cluster})" if alike else "")
    assert sorted(told_words(told, c) for c in {r["cluster_id"] for r in told.values()}) == ["high volume, mostly easy", "low volume, mostly fast", "low volume, mostly fast", "mostly easy"]


def told_words(told, cluster):
    return next(r["cluster_name"] for r in told.values() if r["cluster_id"] == cluster).split(" (")[0]


@pytest.mark.parametrize("seed", range(4))
def test_of_one_kind_of_people_no_clusters_are_named_and_the_reason_is_kept(seed):
    chance = random.Random(seed)
    found = people(seed, [(6, 5, 5, 6, 6)], each=chance.choice([40, 80]), spread=1)
    db = database(found, definition())
    version, = rows(db, "SELECT * FROM ml_model_versions")
    assert version["status"] == "refused" and version["reason"].startswith("no clusters worth naming: ")
    assert rows(db, "SELECT * FROM ml_aliases") == rows(db, "SELECT * FROM inference_log") == []
    kept = {(m, s): v for m, s, v in db.execute("SELECT metric, step, value FROM ml_run_metrics")}
    assert all(kept["stability", k] < 0.6 or kept["silhouette", k] < 0.2 for k in range(2, 9))


@pytest.mark.parametrize("n", [0, 1, 19])
def test_of_few_athletes_there_is_a_failed_run_with_its_reason_once(n):
    db = database(people(1, CENTERS[:2], each=10)[:n], definition())
    for _ in range(2):
        db.execute("UPDATE ml_looks SET looked_at = '2020-01-01T00:00:00Z'")
        run(db, STAGES)
        reason = f"no clusters worth naming: {n} {'row is' if n == 1 else 'rows are'} whole and may train, asked for are 20"
        assert rows(db, "SELECT status, reason FROM ml_runs") == [{"status": "failed", "reason": reason}]
    assert rows(db, "SELECT * FROM ml_model_versions") == []


def test_one_runner_is_no_kind_of_runners():
    db = connect(demo.database(), isolation_level=None)
    assert one(db, "SELECT reason FROM ml_runs WHERE model = 'athlete_clustering'") == "no clusters worth naming: 1 row is whole, asked for are 20"
    db.close()


def test_rows_of_the_api_and_rows_with_a_gap_do_not_train():
    found = people(5, CENTERS[:2], each=30)
    db = database(found)
    db.execute("UPDATE people SET fast = NULL WHERE athlete_id IN (SELECT athlete_id FROM people ORDER BY athlete_id LIMIT 5)")
    define(db, definition())
    assert one(db, "SELECT training_rows FROM ml_runs") == 55 and len(clusters(db)) == 55
    api = database(found)
    text = definition() | {"rows": ROWS.replace("NULL AS label", "NULL AS label, 'strava_api' AS origin")}
    define(api, text)
    assert one(api, "SELECT reason FROM ml_runs") == "no clusters worth naming: 0 rows are whole and may train, asked for are 20"
    api.execute("UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'")
    run(api, STAGES)
    assert one(api, "SELECT training_rows FROM ml_runs ORDER BY run_id DESC LIMIT 1") == 60


@pytest.mark.parametrize("seed", range(4))
def test_clusters_keep_their_ids_in_the_version_after(seed):
    centers = CENTERS[:3]
    found = people(seed, centers)
    db = database(found, definition(starts=10))
    before = clusters(db)
    replay_is_the_same(db)
    arrive(db, people(seed + 50, centers, each=9), "2024-06-01")
    arrive(db, [(a, g, v * 1.05, *rest) for a, g, v, *rest in found], "2024-06-01")
    define(db, definition("1.1.0", starts=10, seed=seed + 1))
    assert one(db, "SELECT COUNT(*) FROM ml_model_versions WHERE status = 'accepted'") == 2 and one(db, "SELECT version FROM ml_aliases") == 2
    assert "neither" not in one(db, "SELECT reason FROM ml_decisions WHERE challenger = 2")
    after = clusters(db)
    assert {a: after[a] for a in before} == before
    replay_is_the_same(db)
    log = rows(db, "SELECT * FROM inference_log")
    run(db, STAGES)
    assert rows(db, "SELECT * FROM inference_log") == log


def replay_is_the_same(db):
    """The report asks every version again: no answer is another one."""
    assert one(db, "SELECT COUNT(*) FROM inference_log") > 0
    assert [r for s in statements(REPLAY) for r in db.execute(s).fetchall()] == []


def test_what_is_wrong_with_a_clustering_is_told():
    odd = {
        "no list": (definition(names="low"), "learner.options.names: expected a list"),
        "no feature": (definition(names=[{"feature": "mood", "high": "a", "low": "b"}]), "learner.options.names[0]: expected"),
        "a text": (definition(names=["a"]), "learner.options.names[0]: expected"),
        "no low": (definition(names=[NAMES[0], {"feature": "fast", "high": "a"}]), "learner.options.names[1]: expected"),
        "few": (definition(min_rows=1), "learner.options.min_rows: expected a whole number from 3"),
        "a k": (definition(k=3), "learner.options: k, missing and previous are not a definition's to say"),
        "a gate": (definition() | {"gate": [{"evaluation": "time", "metric": "mae", "below": 1}]}, "gate is not a clustering's to say"),
    }
    db = database(people(1, CENTERS[:2]), *(text | {"model": f"odd_{n}"} for n, (text, _) in enumerate(odd.values())))
    reasons = dict(db.execute("SELECT model, reason FROM ml_model_rejects"))
    for n, (name, (_, expected)) in enumerate(odd.items()):
        assert reasons[f"odd_{n}"].startswith(expected), (name, reasons.get(f"odd_{n}"))
    # What only the learner knows is the reason of a failed run, and another model goes on.
    define(db, definition(moons=3) | {"model": "moons"}, definition(k_max=1) | {"model": "one"}, definition())
    assert {m: s for m, s in db.execute("SELECT model, status FROM ml_runs")} == {"moons": "failed", "one": "failed", "kinds": "finished"}
    assert "moons" in one(db, "SELECT reason FROM ml_runs WHERE model = 'moons'")
    assert one(db, "SELECT SUM(size) FROM ml_clusters WHERE (model, version) = ('kinds', 1)") == 30
