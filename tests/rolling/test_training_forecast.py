"""training_forecast: what a plan brings is what training_load says once it has been done, and a bad plan is told by its row."""

import datetime
import json
import random
import sqlite3

import pytest

from helpers.athletes.load_reference import INPUT

NAMES = f"{', '.join(INPUT)}, plan"


def day(offset):
    return (datetime.date(2023, 1, 1) + datetime.timedelta(offset)).isoformat()


def activity(chance, athlete, offset):
    km, pace = chance.uniform(1, 30), chance.uniform(3.5, 8)
    return (athlete, day(offset), chance.choice([None, 0, chance.uniform(1, 200)]), km, km * pace, chance.choice([None, pace]), chance.uniform(0, 500))


def asked(db, rows, **options):
    db.execute(f"CREATE TEMP TABLE IF NOT EXISTS line ({NAMES})")
    db.execute("DELETE FROM line")
    db.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return db.execute("SELECT * FROM training_forecast('SELECT * FROM temp.line', ?)", (json.dumps(options),)).fetchall()


def done(db, rows, **options):
    db.execute(f"CREATE TEMP TABLE IF NOT EXISTS history ({', '.join(INPUT)})")
    db.execute("DELETE FROM history")
    db.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return db.execute("SELECT * FROM training_load('SELECT * FROM temp.history', ?)", (json.dumps(options),)).fetchall()


@pytest.mark.parametrize("seed", range(12))
def test_a_forecast_is_to_the_bit_what_the_load_will_be_when_the_plan_was_done(db, seed):
    chance = random.Random(seed)
    rows, expected, horizon = [], [], 260
    options = {"acwr_risk_threshold": chance.uniform(0.8, 2), "monotony_risk_threshold": chance.uniform(1, 3), "end_date": day(horizon)}
    for athlete in chance.sample([1, 2, "ann", "bo", 2.5, b"\x00"], 4):
        last = chance.randrange(0, 200)
        history = [activity(chance, athlete, d) for d in sorted(chance.choices(range(last), k=last // 2)) + [last]] if chance.random() < 0.8 else []
        rows += [(*a, None) for a in history]
        for plan in chance.sample([1, 7, "taper", "rest", 0.5, b"p"], chance.randint(1, 4)):
            begin = last + 1 if history else chance.randrange(0, 30)
            meant = [activity(chance, athlete, d) for d in sorted(chance.choices(range(begin, begin + 30), k=chance.randint(1, 12)))]
            rests = [(athlete, day(d), chance.choice([None, 0, 50]), 0, 0, None, None) for d in chance.choices(range(begin, begin + 40), k=chance.randint(0, 4))]
            rows += [(*a, plan) for a in meant + rests]
            # Without a history the plan's first row, though it be a rest, is the first day.
            first = min(a[1] for a in meant + rests)
            base = history or [(athlete, first, 0, 0, None, None, None)]
            if not history and first not in {a[1] for a in meant}:
                continue_from = None  # no run of training_load begins with a day of rest
                expected.append((athlete, plan, continue_from))
                continue
            whole = done(db, (base if history else []) + meant, **options)
            expected.append((athlete, plan, [r for r in whole if r[1] > day(last) or not history]))
    chance.shuffle(rows)
    found = asked(db, rows, **options)
    for athlete, plan, table in expected:
        own = [(r[0], *r[2:]) for r in found if type(r[0]) is type(athlete) and r[0] == athlete and type(r[1]) is type(plan) and r[1] == plan]
        assert own and own[-1][1] == day(horizon)
        if table is not None:
            assert own == table, (athlete, plan)
    assert len({(type(r[0]), r[0], type(r[1]), r[1]) for r in found}) == len(expected)


def test_a_plan_ends_with_its_last_row_unless_an_end_is_named(db):
    rows = [(1, day(0), 50, 10, 50, 5, 0, None), (1, day(3), 0, 0, 0, None, 0, "a"), (1, day(5), 0, 0, 0, None, 0, "b")]
    assert [(r[1], r[2]) for r in asked(db, rows)] == [("a", day(d)) for d in (1, 2, 3)] + [("b", day(d)) for d in (1, 2, 3, 4, 5)]
    assert [(r[1], r[2]) for r in asked(db, rows, start_date=day(4))] == [("b", day(4)), ("b", day(5))]
    assert asked(db, rows[:1]) == [] and asked(db, []) == []


def test_a_plan_that_begins_before_what_was_done_has_ended_is_refused_by_its_day(db):
    done_twice = [(1, day(d), 50, 10, 50, 5, 0, None) for d in (0, 9)]
    for d in (0, 5, 9):
        with pytest.raises(sqlite3.OperationalError, match=f"training_forecast: athlete 1, day {day(d)}: a plan must begin after the last day without one, which is {day(9)}"):
            asked(db, [*done_twice, (1, day(12), 0, 0, 0, 5, 0, "a"), (1, day(d), 20, 4, 20, 5, 0, "b")])
    with pytest.raises(sqlite3.OperationalError, match="more than 200 years after the athlete's first day"):
        asked(db, [*done_twice, (1, "2300-01-01", 0, 0, 0, 5, 0, "a")])
    with pytest.raises(sqlite3.OperationalError, match=r"the query must have at least 8 columns \(.*, plan\), it has 7"):
        db.execute("SELECT * FROM training_forecast('SELECT 1, 2, 3, 4, 5, 6, 7')").fetchall()
