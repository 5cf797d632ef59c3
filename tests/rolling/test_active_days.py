"""active_days: what loops over the days say, whatever the order of the rows; no day knows of those after it."""

import math
import random
import statistics

import pytest

ANSWERS = ["active_days_7d", "active_days_28d", "active_days_90d", "active_share_14d", "active_share_28d", "days_since_activity", "longest_gap_28d", "longest_gap_90d",
           "gap_spread_56d", "breaks_365d", "days_since_break", "break_last_year"]  # fmt: skip


def answers(db, lives, shuffle=None):
    rows = [(athlete, day, active) for athlete, days in lives.items() for day, active in enumerate(days)]
    if shuffle:
        shuffle(rows)
    db.execute("CREATE TEMP TABLE IF NOT EXISTS life (athlete, day, active)")
    db.execute("DELETE FROM life")
    db.executemany("INSERT INTO life VALUES (?, ?, ?)", rows)
    return {row[:2]: dict(zip(ANSWERS, row[2:])) for row in db.execute("SELECT * FROM active_days('SELECT * FROM life; -- all')")}


def by_hand(days, today):
    """As of one day, from the list of all before it."""
    active = [d for d in range(today + 1) if days[d]]
    ended = [(b, b - a) for a, b in zip(active, active[1:])]
    since = today - active[-1] if active else today + 1
    begun = [a for a, b in zip(active, [*active[1:], today + 1]) if b - a > 7]
    is_one = [d + 7 for d in begun if d + 7 <= today]
    gaps = [g for d, g in ended if d > today - 56]
    share = lambda n: sum(0.5 ** ((today - d) / n) for d in active) / sum(0.5 ** (d / n) for d in range(today + 1))
    return {
        **{f"active_days_{n}d": sum(d > today - n for d in active) for n in (7, 28, 90)},
        **{f"active_share_{n}d": share(n) for n in (14, 28)},
        "days_since_activity": since,
        **{f"longest_gap_{n}d": max([g for d, g in ended if d > today - n] + [since]) for n in (28, 90)},
        "gap_spread_56d": statistics.stdev(gaps) if len(gaps) >= 3 else None,
        "breaks_365d": sum(d > today - 365 for d in is_one),
        "days_since_break": today - is_one[-1] if is_one else today + 1,
        "break_last_year": None if today < 350 else int(any(today - 364 <= d <= today - 350 for d in begun)),
    }


def life(rng, n):
    days = []
    while len(days) < n:
        share = rng.choice([0, 0.05, 0.2, 0.6, 1])
        days += [int(rng.random() < share) for _ in range(rng.randint(1, 80))]
    return days[:n]


@pytest.mark.parametrize("seed", range(12))
def test_each_day_is_what_loops_say(db, seed):
    rng = random.Random(seed)
    lives = {athlete: life(rng, rng.choice([1, 8, 100, 800])) for athlete in (7, "a'b", 2.5)}
    found = answers(db, lives, rng.shuffle)
    assert list(found) == [(athlete, day) for athlete in sorted((2.5, 7)) + ["a'b"] for day in range(len(lives[athlete]))]
    for (athlete, day), told in found.items():
        expected = by_hand(lives[athlete], day)
        assert told.keys() == expected.keys()
        for name, value in expected.items():
            assert told[name] == value or math.isclose(told[name], value, rel_tol=1e-9, abs_tol=1e-9), (name, athlete, day)
            assert isinstance(told[name], float) == (name.startswith("active_share") or name == "gap_spread_56d") or told[name] is None


def test_no_day_moves_when_what_comes_after_it_does(db):
    rng = random.Random(5)
    days = life(rng, 900)
    whole = answers(db, {1: days})
    for cut in rng.sample(range(1, 900), 5):
        assert answers(db, {1: days[:cut]}) == {key: row for key, row in whole.items() if key[1] < cut}


def test_a_bad_row_is_told_by_athlete_and_day(error):
    assert error("* FROM active_days('SELECT ''ann'', ''2024-01-01'', ''much''')") == "active_days: athlete ann, day 2024-01-01: is_active must be a number, got text 'much'"
    assert error("* FROM active_days('SELECT 1, 2')") == "active_days: the query must have at least 3 columns (athlete_id, day, is_active), it has 2"
    assert error("* FROM active_days('SELECT 1, 2, 3, 4')") == "active_days: the query must have 3 columns (athlete_id, day, is_active), it has 4"
