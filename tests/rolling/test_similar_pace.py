"""similar_pace: to the bit what loops over the runs give, with sums by math.fsum; and a bad row is told by athlete and run."""

import math
import random

import pytest

FORM = "athlete_id, at, run, pace_min_km, day, distance_km, climb_m_per_km, hour, weekday"
ANSWERS = ["earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar",
           "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km",
           "usual_elevation_per_km", "last_distance_km"]  # fmt: skip
RUN = dict(athlete_id="a", at=1, run="r", pace_min_km=5.0, day=1.0, distance_km=8.0, climb_m_per_km=4.0, hour=18.0, weekday=2)


def answers(db, rows):
    db.execute(f"CREATE TEMP TABLE IF NOT EXISTS event ({FORM})")
    db.execute("DELETE FROM event")
    db.executemany(f"INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [tuple(row.values()) for row in rows])
    found = db.execute("SELECT * FROM similar_pace('SELECT * FROM temp.event')").fetchall()
    return {row[:2]: dict(zip(ANSWERS, row[2:])) for row in found}


# --- the same by hand -----------------------------------------------------------------------------------------------


def by_hand(rows, exp, ln):
    """Each answer by loops, in the order of operations that the definition states."""
    found = {}
    for asked in (row for row in rows if row["pace_min_km"] is None):
        known = [r for r in rows if r["pace_min_km"] is not None and r["athlete_id"] == asked["athlete_id"] and r["at"] <= asked["at"]]
        known.sort(key=lambda r: (r["at"], r["run"]))
        found[asked["athlete_id"], asked["run"]] = answer(asked, known, exp, ln)
    return found


def climb_of(row):
    return min(row["climb_m_per_km"] or 0, 300)


def spread(variance, exp, ln):
    return exp(0.5 * ln(variance)) if variance > 0 else 0.0


def answer(asked, known, exp, ln):
    if not known:
        return dict.fromkeys(ANSWERS) | {"earlier_runs": 0}
    fsum, pace = math.fsum, [r["pace_min_km"] for r in known]
    twenty, n = known[-20:], min(len(known), 20)
    usual_km = exp(fsum(ln(r["distance_km"]) for r in twenty) / n)
    usual_climb = fsum(map(climb_of, twenty)) / n
    is_usual = asked["distance_km"] is None
    km, climb = (usual_km, usual_climb) if is_usual else (asked["distance_km"], climb_of(asked))
    faded = weight = 0.0
    alpha = -math.expm1(-1 / (20 / math.log(2)))
    for x in pace:
        faded += alpha * (x - faded)
        weight += alpha * (1 - weight)
    w, level, age, longer, steeper = [], [], [], [], []
    for r in known[-100:]:
        level.append(r["pace_min_km"] * (200 + climb) / (200 + climb_of(r)))
        age.append(max(asked["day"] - r["day"], 0.0))
        longer.append(ln(km) - ln(r["distance_km"]))
        steeper.append(climb - climb_of(r))
        hours = abs(asked["hour"] - r["hour"])
        other_day = 0.7 * (asked["weekday"] != r["weekday"])
        w.append(1e-12 + exp(-abs(longer[-1]) / 0.3 - age[-1] / 120 - abs(steeper[-1]) / 10 - min(hours, 24 - hours) / 3 - other_day))
    weighted = lambda values: fsum(a * b for a, b in zip(w, values))
    total, sum_level = fsum(w), weighted(level)
    mean = lambda last: fsum(pace[-last:]) / min(len(pace), last)
    squares = fsum(x * x for x in pace[-20:])
    return {
        "earlier_runs": len(known), "similar_pace_min_km": sum_level / total,
        "similar_spread_min_km": spread((fsum(a * b * b for a, b in zip(w, level)) - sum_level * sum_level / total) / total, exp, ln),
        "similar_runs": total * total / fsum(a * a for a in w), "similar_age_days": weighted(age) / total,
        "longer_than_similar": weighted(longer) / total, "steeper_than_similar": weighted(steeper) / total,
        "pace_ewma_20": pytest.approx(faded / weight, rel=1e-13), "last_pace_min_km": pace[-1], "mean_pace_5": mean(5), "mean_pace_10": mean(10),
        "best_pace_20": min(pace[-20:]),
        "pace_spread_20": spread((squares - fsum(pace[-20:]) * fsum(pace[-20:]) / n) / n, exp, ln),
        "usual_distance_km": usual_km, "usual_elevation_per_km": usual_climb, "last_distance_km": known[-1]["distance_km"],
    }  # fmt: skip


def some_row(rng, athlete, number, is_question):
    return dict(
        athlete_id=athlete, at=rng.randrange(80), run=f"{number:04}", pace_min_km=None if is_question else rng.uniform(2.5, 15),
        day=rng.choice([rng.uniform(0, 900), 3.0]), distance_km=rng.choice([rng.uniform(1, 60), 5.0, 1e-6, 100000]),
        climb_m_per_km=rng.choice([None, 0, rng.uniform(0, 300), 300.0, 5e5]), hour=rng.choice([0, 24, rng.uniform(0, 24)]), weekday=rng.randrange(7),
    ) | ({"distance_km": None, "climb_m_per_km": None} if is_question and rng.random() < 0.2 else {})  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_every_answer_is_to_the_bit_what_loops_with_exact_sums_give(db, seed):
    rng = random.Random(seed)
    function = lambda name: lambda x: db.execute(f"SELECT {name}(?)", (x,)).fetchone()[0]
    rows = [some_row(rng, athlete, number, rng.random() < 0.3)
            for athlete in ("a", "b", "only asked", 7) for number in range(rng.choice([1, 5, 30, 260]))]
    rows = [r for r in rows if r["athlete_id"] != "only asked" or r["pace_min_km"] is None]
    rng.shuffle(rows)  # in any order
    found = answers(db, rows)
    assert found == by_hand(rows, function("portable_exp"), function("portable_ln"))


def test_a_run_that_was_over_when_another_began_speaks_of_it_and_one_that_was_over_later_does_not(db):
    asked = RUN | {"at": 5, "run": "q", "pace_min_km": None}
    assert answers(db, [RUN | {"at": 5}, asked])["a", "q"]["earlier_runs"] == 1
    assert answers(db, [RUN | {"at": 6}, asked])["a", "q"]["earlier_runs"] == 0


@pytest.mark.parametrize(("change", "told"), [
    ({"day": None}, "day must be a number from -100000000 to 100000000, got NULL"),
    ({"day": "soon"}, "day must be a number from -100000000 to 100000000, got text 'soon'"),
    ({"pace_min_km": 0}, "pace_min_km must be a number from 1e-06 to 1000, got 0"),
    ({"pace_min_km": float("inf")}, "pace_min_km must be a number from 1e-06 to 1000, got Inf"),
    ({"distance_km": -1}, "distance_km must be a number from 1e-06 to 100000, got -1"),
    ({"distance_km": None}, "distance_km of a run that was over must be a number, got NULL"),
    ({"climb_m_per_km": -0.5}, "climb_m_per_km must be a number from 0 to 1000000, got -0.5"),
    ({"hour": 24.5}, "hour must be a number from 0 to 24, got 24.5"),
    ({"weekday": 7}, "weekday must be a number from 0 to 6, got 7"),
])  # fmt: skip
def test_a_number_that_is_missing_or_out_of_range_is_told_by_athlete_and_run(db, change, told):
    with pytest.raises(Exception, match="^similar_pace: athlete a, run r: ") as caught:
        answers(db, [RUN | change])
    assert str(caught.value) == f"similar_pace: athlete a, run r: {told}"


@pytest.mark.parametrize(("query", "told"), [
    ("SELECT 1", "at least 9 columns .*, it has 1"),
    ("SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10", "the query must have 9 columns"),
    ("DELETE FROM sqlite_master", "similar_pace: "),
    ("SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9) --", "similar_pace: "),
])  # fmt: skip
def test_a_query_that_is_none_of_runs_is_refused(db, query, told):
    with pytest.raises(Exception, match=told):
        db.execute("SELECT * FROM similar_pace(?)", (query,)).fetchall()


def test_a_query_may_end_in_a_comment_and_a_semicolon(db):
    text = "SELECT 'a', 1, 'r', 5, 1, 8, 4, 18, 2 UNION ALL SELECT 'a', 2, 'q', NULL, 2, 8, 4, 18, 2; -- so"
    assert db.execute("SELECT run, earlier_runs, similar_pace_min_km FROM similar_pace(?)", (text,)).fetchall() == [("q", 1, 5.0)]
