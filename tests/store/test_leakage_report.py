"""The leakage report: its measures against scipy and scikit-learn, and leaks that it has to find."""

import datetime
import json
import random

import pytest

from helpers import stages
from helpers.extension import DATA
from helpers.stores import instants

NOT_YET = "not available at the label's time"
INSIDE = "the label lies in the feature's own window"
TOO_WELL = "tells the label too well to be true"


def report(db, query, **options):
    found = db.execute("SELECT * FROM leakage_report(?, ?)", (query, json.dumps(options)))
    names = [d[0] for d in found.description]
    return {row[0]: dict(zip(names, row)) for row in found}


@pytest.mark.parametrize("seed", range(20))
def test_strength_is_that_of_scipy_and_scikit_learn(db, seed):
    import numpy
    from scipy.stats import spearmanr
    from sklearn.metrics import roc_auc_score

    rng = numpy.random.default_rng(seed)
    n = int(rng.choice([2, 3, 10, 1000]))
    x = rng.choice([rng.normal(size=n), rng.integers(0, 4, n).astype(float)])
    y = x + rng.normal(size=n) * rng.choice([0.1, 3, 30])
    binary = (y > numpy.median(y)).astype(int)
    gaps = rng.random(n) < 0.2
    db.execute("CREATE TABLE t(x, y, b, at)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?, 0)", [(None if g else v, float(w), int(c)) for v, w, c, g in zip(x, y, binary, gaps)])
    known = ~gaps
    for label, of in (("y", y), ("b", binary)):
        got = report(db, f"SELECT {label}, x, at FROM t", label=label, as_of="at")["x"]
        values = numpy.unique(of[known])
        if known.sum() < 2 or len(values) < 2 or len(numpy.unique(x[known])) < 2:
            assert got["strength"] is None
        elif len(values) == 2:
            auc = roc_auc_score(of[known] == values[1], x[known])
            assert got["measure"] == "auc" and got["strength"] == pytest.approx(max(auc, 1 - auc), abs=1e-12)
        else:
            assert got["measure"] == "r2" and got["strength"] == pytest.approx(spearmanr(x[known], of[known])[0] ** 2, abs=1e-12)


def test_each_kind_of_leak_is_found_where_it_is_and_nowhere_else(db):
    rng = random.Random(1)
    db.execute("CREATE TABLE t(label, at, honest, late, late_known, wide, wide_end, echo, note)")
    for i in range(200):
        y = rng.random()
        at = f"2024-03-{i % 28 + 1:02d}T09:00:00Z"
        known = at if i % 4 else at.replace("T09", "T10")
        db.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'x')",
                   (y, at, rng.random(), rng.random(), known, rng.random() if i % 10 else None, "2024-02-29" if i % 2 else at[:10], y**3))  # fmt: skip
    found = report(db, "SELECT * FROM t", label="label", as_of="at", available={"late": "late_known"}, window_end={"wide": "wide_end"}, exclude=["note"])
    assert list(found) == ["honest", "late", "wide", "echo"]
    assert {f: r["reason"] for f, r in found.items()} == {"honest": None, "late": NOT_YET, "wide": INSIDE, "echo": TOO_WELL}
    assert {f: r["is_suspicious"] for f, r in found.items()} == {"honest": 0, "late": 1, "wide": 1, "echo": 1}
    assert (found["late"]["n_values"], found["late"]["n_unavailable"]) == (200, 50)
    assert found["wide"]["n_values"] == 180 and found["wide"]["n_unavailable"] is None
    assert found["wide"]["n_inside_window"] == sum(1 for i in range(200) if i % 10 and i % 2 == 0)
    assert report(db, "SELECT * FROM t", label="label", as_of="at", available={"*": "late_known"}, exclude=["note", "wide_end"])["honest"]["n_unavailable"] == 50


MISSING = "where it is missing " + TOO_WELL


def measured(db, columns, **options):
    """The report on columns {name: values}, of which y is the label."""
    names = list(columns)
    db.execute("DROP TABLE IF EXISTS measured")
    db.execute(f"CREATE TABLE measured({', '.join(names)})")
    db.executemany(f"INSERT INTO measured VALUES ({', '.join('?' * len(names))})", zip(*columns.values()))
    return report(db, "SELECT *, 0 AS at FROM measured", label="y", as_of="at", **options)


@pytest.mark.parametrize("levels", [1, 2, 12, 100, 900, None])
def test_texts_that_are_noise_tell_nothing_and_texts_of_the_label_are_found(db, levels):
    for seed in range(5):
        rng = random.Random(seed)
        n = 1000
        y = [rng.random() for _ in range(n)]
        noise = [str(i) if levels is None else f"level {rng.randrange(levels)}" for i in range(n)]
        told = [None if rng.random() < 0.1 else f"from {int(v * 20)}" for v in y]
        for label in (y, [int(v > 0.7) for v in y], ["high" if v > 0.7 else "low" for v in y]):
            found = measured(db, {"y": label, "noise": noise, "told": told})
            binary = label is not y
            assert found["noise"]["is_suspicious"] == 0 and (found["noise"]["strength"] or 0) < (0.6 if binary else 0.05)
            assert (found["noise"]["reason"] is None) == (levels in (2, 12, 100, 900))
            assert (found["told"]["measure"], found["told"]["reason"]) == ("auc" if binary else "r2", TOO_WELL)


def test_labels_that_take_turns_are_not_told_by_a_text_that_is_always_the_same(db):
    turns = [i % 2 for i in range(400)]
    assert measured(db, {"y": turns, "x": ["same"] * 400})["x"]["reason"].startswith("not judged: ")
    assert measured(db, {"y": turns, "x": [f"pair {i // 2}" for i in range(400)]})["x"]["is_suspicious"] == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_label_of_texts_is_judged_by_the_class_told_best_as_scikit_learn_has_it(db, seed):
    import numpy
    from sklearn.metrics import roc_auc_score

    rng = numpy.random.default_rng(seed)
    classes = [f"class {k}" for k in range(int(rng.integers(2, 7)))]
    y = rng.choice(classes, 300)
    x = numpy.array([classes.index(c) for c in y]) + rng.normal(size=300) * 3
    areas = [roc_auc_score(y == c, x) for c in classes]
    found = measured(db, {"y": y.tolist(), "x": x.tolist()})["x"]
    assert found["measure"] == "auc" and found["strength"] == pytest.approx(max(max(a, 1 - a) for a in areas), abs=1e-12)


def test_a_label_of_more_texts_than_classes_is_said_not_to_be_judged(db):
    found = measured(db, {"y": [f"name {i % 60}" for i in range(300)], "x": list(range(300))})["x"]
    assert (found["strength"], found["reason"]) == (None, "not judged: the label has more than 50 texts")


@pytest.mark.parametrize("seed", range(5))
def test_a_column_whose_gaps_are_the_label_is_found_with_scikit_learns_area(db, seed):
    from sklearn.metrics import roc_auc_score

    rng = random.Random(seed)
    y = [int(rng.random() < 0.15) for _ in range(2000)]
    gaps = [bool(v) != (rng.random() < 0.01) for v in y]
    honest = [rng.random() < 0.3 for _ in y]
    columns = {"y": y, "x": [None if g else rng.random() for g in gaps], "text": [None if g else rng.choice("ab") for g in gaps],
               "honest": [None if g else rng.random() for g in honest]}  # fmt: skip
    found = measured(db, columns)
    for name in ("x", "text"):
        assert found[name]["missing_strength"] == pytest.approx(roc_auc_score(y, gaps), abs=1e-12)
        assert found[name]["reason"].endswith(MISSING) and TOO_WELL not in found[name]["reason"].replace(MISSING, "")
    assert found["honest"]["is_suspicious"] == 0 and found["honest"]["missing_strength"] < 0.6


def test_few_rows_are_no_evidence_and_a_time_that_is_not_known_is_too_late(db):
    query = "SELECT value AS y, value AS x, '2024-01-01' AS at, NULL AS known FROM json_each('[1,2,3,4,5]')"
    found = report(db, query, label="y", as_of="at", available={"x": "known"})["x"]
    assert (found["strength"], found["n_unavailable"], found["reason"]) == (1, 5, NOT_YET)
    assert report(db, query, label="y", as_of="at", min_rows=5, exclude=["known"])["x"]["reason"] == TOO_WELL


TOO_FEW = "not judged: too few rows have it and the label, see min_rows"
KINDS = {"numbers": lambda rng, i: rng.random(), "one": lambda rng, i: 7, "text": lambda rng, i: "same", "names": lambda rng, i: f"n{i}",
         "words": lambda rng, i: rng.choice("abc"), "blobs": lambda rng, i: bytes([rng.randrange(3)]), "none": lambda rng, i: None,
         "mixed": lambda rng, i: rng.choice([1, 2.5, "1", b"1"]), "order_": lambda rng, i: i, "few": lambda rng, i: i if i % 20 == 0 else None}


def test_a_feature_is_clean_only_where_enough_rows_could_have_said_otherwise(db):
    for seed in range(60):
        rng = random.Random(seed)
        n, gaps, min_rows = rng.choice([0, 1, 3, 29, 30, 80]), rng.choice([0, 0, 0.3]), rng.choice([2, 10, 30])
        columns = {name: [None if rng.random() < gaps else KINDS[kind](rng, i) for i in range(n)]
                   for name, kind in {"y": rng.choice(list(KINDS)), **{k: k for k in KINDS}}.items()}
        for name, row in measured(db, columns, min_rows=min_rows).items():
            both = [(y, x) for y, x in zip(columns["y"], columns[name]) if y is not None and x is not None]
            assert row["is_suspicious"] == 0 or len([y for y in columns["y"] if y is not None]) >= min_rows, (seed, name)
            if len(both) < min_rows or len({y for y, _ in both}) < 2 or len({x for _, x in both}) < 2:
                assert row["reason"] is not None, (seed, name)
            assert row["is_suspicious"] or (row["reason"] or "not judged: ").startswith("not judged: "), (seed, name)


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_classes_of_so_few_rows_that_anything_tells_one_of_them_are_said_not_to_be_judged(db, rows):
    for seed in range(20):
        rng = random.Random(seed)
        found = measured(db, {"y": [f"class {i // rows}" for i in range(40)], "x": [rng.random() for _ in range(40)]})["x"]
        assert (found["is_suspicious"], found["reason"]) == (0, "not judged: no text of the label has 5 rows")


def test_a_time_is_late_as_a_lookup_has_it_however_the_two_are_written(db):
    rng, begin = random.Random(5), datetime.datetime(2024, 3, 1, tzinfo=instants.UTC)
    for _ in range(300):
        asked, known = (instants.written(rng, t) if rng.random() < 0.6 else f"{t:%Y-%m-%d}"
                        for t in (begin + datetime.timedelta(hours=rng.randrange(72)) for _ in range(2)))
        found = report(db, f"SELECT 1 AS y, '{asked}' AS at, 2 AS x, '{known}' AS known", label="y", as_of="at", available={"x": "known"}, window_end={"x": "known"})
        late = int(instants.of_row(known) > instants.of_request(asked))
        assert (found["x"]["n_unavailable"], found["x"]["n_inside_window"]) == (late, late), (asked, known)


REFUSED = {
    '{"as_of": "t"}': 'option "label" is missing',
    '{"label": "y"}': 'option "as_of" is missing',
    '{"label": "z", "as_of": "t"}': 'option "label": z is no column of the query',
    '{"label": "y", "as_of": "t", "available": {"x": "when"}}': 'option "available": when is no column of the query',
    '{"label": "y", "as_of": "t", "available": {"z": "known"}}': 'option "available": z is no column of the query',
    '{"label": "y", "as_of": "t", "window_end": ["known"]}': 'option "window_end" must be an object, got ["known"]',
    '{"label": "y", "as_of": "t", "exclude": [1]}': 'option "exclude" must be a list of columns',
    '{"label": "y", "as_of": "t", "available": {"x": "known"}}':
        "row 1: as_of '2024-03-01T00:00:00Z' and known 'in March' are not both numbers, or both days or instants",
}  # fmt: skip


@pytest.mark.parametrize("options", REFUSED)
def test_what_cannot_be_checked_is_refused_with_a_sentence(error, options):
    query = "SELECT 1 AS y, '2024-03-01T00:00:00Z' AS t, 2 AS x, 'in March' AS known"
    assert error("* FROM leakage_report(?, ?)", query, options) == "leakage_report: " + REFUSED[options]


# --- the seeds' R1: a race that sees itself -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runner():
    """The bundled runner's eight years up to the race results."""
    db = stages.new_database()
    stages.run(db, stages.BRONZE)
    stages.put(db, (DATA / "strava-api" / "runner" / "activities.json").read_text())
    stages.run(db, [name for name in stages.STAGES if name < "46"])
    db.execute("CREATE INDEX rolling_by_time ON athlete_rolling_features(athlete_id, event_timestamp, available_at)")
    yield db
    db.close()


FORM = ["ctl_42d", "atl_7d", "tsb"]
TIMES = {"available": {f: "available_at" for f in FORM}, "window_end": {f: "event_timestamp" for f in FORM}}
COLUMNS = f"r.seconds, a.start_time AS starts_at, {', '.join('f.' + f for f in FORM)}, f.available_at, f.event_timestamp"
RACES = "race_results AS r JOIN silver_strava_activities AS a USING (athlete_id, activity_id)"


def test_a_query_without_rows_shows_no_feature_to_be_suspicious(runner):
    found = report(runner, "SELECT 1.0 AS a, 2.0 AS label, '2024-01-01' AS at WHERE 0", label="label", as_of="at")
    assert [(row["n_values"], row["is_suspicious"], row["reason"]) for row in found.values()] == [(0, 0, "not judged: it has no values")]


def test_r1_form_joined_by_the_day_of_the_race_lights_up_in_every_row(runner):
    query = f"SELECT {COLUMNS} FROM {RACES} JOIN athlete_rolling_features AS f ON f.athlete_id = r.athlete_id AND f.as_of_date = r.race_date"
    found = report(runner, query, label="seconds", as_of="starts_at", **TIMES)
    assert len(found) == 3
    for row in found.values():
        assert row["n_unavailable"] == row["n_inside_window"] == row["n_values"] > 3
        assert row["reason"].startswith(f"{NOT_YET}; {INSIDE}")


def test_r1_form_looked_up_as_of_the_start_does_not(runner):
    runner.execute("CREATE VIRTUAL TABLE temp.form USING asof(athlete_rolling_features, entity=athlete_id, timestamp=event_timestamp, available=available_at)")
    query = f"SELECT {COLUMNS} FROM {RACES} JOIN form AS f ON f.athlete_id = r.athlete_id AND f.as_of = a.start_time"
    found = report(runner, query, label="seconds", as_of="starts_at", min_rows=1000, **TIMES)
    assert [(row["n_unavailable"], row["n_inside_window"], row["is_suspicious"], row["reason"]) for row in found.values()] == [(0, 0, 0, TOO_FEW)] * 3
    assert found["ctl_42d"]["n_values"] > 3
