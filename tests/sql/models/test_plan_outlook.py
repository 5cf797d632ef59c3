"""What a plan would bring is what the definitions of load and form say of its days, and the best taper is the readiest that raises no flag."""

import math
import random

import numpy
import pytest

from helpers.athletes import recommended
from helpers.athletes.recommended import cut, date, lives
from helpers.stages import rows, run

STAGE = "640_plan_outlook"


def loads(history, planned, until):
    """Of each day from the first: what was done, then what is planned."""
    first = history[0][0]
    days = numpy.zeros(until - first + 1)
    for d, tss, *_ in history:
        days[d - first] += tss
    for d, tss in planned:
        days[d - first] += tss
    return days


def form(days):
    """Ratio, form and rule of risk at the end, and both weighted means, from the definitions alone."""
    week, ctl, atl = days[-7:], days[-42:].mean(), days[-7:].mean()
    ratio, equal = atl / ctl if ctl > 0 else 0.0, week.min() == week.max()
    monotony = 0.0 if equal else week.mean() / week.std()
    long, short = 0.0, 0.0
    for x in days:
        long, short = long - math.expm1(-1 / 42) * (x - long), short - math.expm1(-1 / 7) * (x - short)
    return {"ctl_42d": ctl, "atl_7d": atl, "tsb": ctl - atl, "acwr": ratio, "ready": long - short / 3,
            "is_overtraining_risk": int(ratio > 1.5 and len(days) >= 28 or monotony > 2 or equal and week[0] > 0)}  # fmt: skip


def planned(chance, athlete, last, race):
    """Rows of athlete_plan: some workouts, and a race after them."""
    days = sorted(chance.sample(range(last + 1, last + race), min(race - 1, chance.randint(1, 25))))
    found = [(athlete, date(d), chance.choice(["easy", "long", "tempo"]), float(chance.randint(20, 120)), chance.uniform(0.6, 1), None) for d in days]
    return [*found, (athlete, date(last + race), "race", None, None, 10000.0)]


@pytest.mark.parametrize("seed", range(3))
def test_the_outlook_and_the_tapers_are_those_of_the_definitions(seed):
    chance = random.Random(seed)
    some = lives(60 + seed, 3, 300)
    histories, plans = {}, {}
    for n in range(6):
        life = chance.choice(some)
        history = cut(life, chance.choice([d for d, *_ in life if d > 60]), chance)
        histories[f"athlete {n}"] = history
        plans[f"athlete {n}"] = planned(chance, f"athlete {n}", history[-1][0], chance.randint(2, 60))
    db = recommended.database(histories, [p for plan in plans.values() for p in plan])
    run(db, [STAGE])
    outlook, tapers = rows(db, "SELECT * FROM gold_plan_outlook"), rows(db, "SELECT * FROM gold_race_tapers")
    number = {date(d): d for d in range(400)}
    for athlete, history in histories.items():
        plan, last = plans[athlete], history[-1][0]
        race = number[plan[-1][1]]
        own = [r for r in outlook if r["athlete_id"] == athlete]
        assert [r["plan_date"] for r in own] == [date(d) for d in range(last + 1, race + 1)]
        # The race is 5 % slower than at threshold, where nothing else is known of it.
        meant = {number[d]: minutes / 60 * intensity**2 * 100 for _, d, _, minutes, intensity, _ in plan[:-1]}
        meant[race] = 10 * 1.05 * 4.75 / 60 * (1 / 1.05) ** 2 * 100
        for r in own:
            d = number[r["plan_date"]]
            expected = form(loads(history, [(p, tss) for p, tss in meant.items() if p <= d], d))
            assert r["load_tss"] == pytest.approx(meant.get(d, 0), rel=1e-9) and (r["planned"] == "rest") == (d not in meant)
            assert {k: r[k] for k in ("ctl_42d", "atl_7d", "tsb", "acwr")} == pytest.approx({k: expected[k] for k in ("ctl_42d", "atl_7d", "tsb", "acwr")}, rel=1e-9, abs=1e-9)
            assert r["is_overtraining_risk"] == expected["is_overtraining_risk"]
        assert_tapers(history, {d: tss for d, tss in meant.items() if d < race}, race, [r for r in tapers if r["athlete_id"] == athlete])


def assert_tapers(history, meant, race, tapers):
    last, best = history[-1][0], {}
    assert {(t["days"], t["share"]) for t in tapers} == {(7, 1.0)} | {(d, s) for d in (7, 14, 21) for s in (0.4, 0.5, 0.6, 0.75)}
    for t in tapers:
        shortened = [(d, tss * (t["share"] if d >= race - t["days"] else 1)) for d, tss in meant.items()]
        ends = [form(loads(history, [(d, tss) for d, tss in shortened if d <= day], day)) for day in range(last + 1, race)]
        assert t["readiness"] == pytest.approx(ends[-1]["ready"], rel=1e-9) and t["tsb"] == pytest.approx(ends[-1]["tsb"], rel=1e-9, abs=1e-9)
        assert t["is_within"] == (not any(e["is_overtraining_risk"] for e in ends))
        best[t["days"], t["share"]] = t["readiness"] if t["is_within"] else -math.inf
    chosen = [t for t in tapers if t["is_best"]]
    assert len(chosen) == (max(best.values()) > -math.inf)
    assert not chosen or chosen[0]["readiness"] == max(best.values())


def test_what_is_taken_back_or_over_is_no_plan_and_a_change_is_looked_at():
    history = [(d, 50.0, 10.0, 60.0, True) for d in range(0, 100, 2)]
    plan = [("a", date(105), "easy", 60.0, 0.7, None), ("a", date(50), "easy", 60.0, 0.7, None), ("b", date(120), "race", None, None, 5000.0)]
    db = recommended.database({"a": history, "b": history, "c": history}, plan)

    def outlook():
        run(db, [STAGE])
        return {(r["athlete_id"], r["plan_date"]): r["planned"] for r in rows(db, "SELECT * FROM gold_plan_outlook WHERE planned <> 'rest'")}

    assert outlook() == {("a", date(105)): "easy 60 min", ("b", date(120)): "race 5.0 km"}
    assert rows(db, "SELECT DISTINCT athlete_id FROM gold_race_tapers") == [{"athlete_id": "b"}]
    db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, told_at) VALUES ('b', ?, 'race', '2030-01-01T00:00:00Z')", (date(120),))
    db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, told_at) VALUES ('a', ?, 'easy', 30, 0.7, '2030-01-01T00:00:00Z')", (date(105),))
    db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity) VALUES ('c', ?, 'tempo', 40, 0.9)", (date(101),))
    assert outlook() == {("a", date(105)): "easy 30 min", ("c", date(101)): "tempo 40 min"}
    assert rows(db, "SELECT * FROM gold_race_tapers") == []
