"""What runs and races prove together, against its definition."""

import random

import numpy as np
import pytest

TOLD, RACED, ALIKE, BESIDE = 3, 2, 1, 0


def proven(rows, tolerance, gain, best_gain):
    v = sorted(x for x, _ in rows)
    borne_out = [high for low, high in zip(v, v[1:]) if high <= low * (1 + tolerance)]
    level = max([*borne_out, *(x for x, standing in rows if standing == TOLD)], default=None)
    usual = level
    if level is None:
        alone = [x for x, standing in rows if standing != BESIDE]
        usual = None if len(alone) < 2 else min(alone) if len(alone) == 2 else float(np.quantile(alone, 0.5))
    if usual is None:
        return None
    others = [x for x, standing in rows if standing in (ALIKE, TOLD) or x <= usual]
    races = [x for x, standing in rows if standing == RACED and others and x <= min(usual * (1 + gain), max(others) * (1 + best_gain))]
    return max([*races, *([] if level is None else [level])], default=None)


@pytest.mark.parametrize("kinds", [(TOLD, RACED, ALIKE, BESIDE), (RACED, ALIKE), (RACED, BESIDE), (ALIKE,), (RACED,)])
def test_proven_max_is_what_is_borne_out_or_told_or_raced_credibly(db, kinds):
    rng = random.Random(f"proven {kinds}")
    found = set()
    for _ in range(400):
        rows = [(round(rng.choice([rng.uniform(20, 90), rng.gauss(45, 3)]), 2), rng.choice(kinds)) for _ in range(rng.randint(0, rng.choice([4, 25])))]
        rule = rng.choice([0.0, 0.01, 0.03]), rng.choice([0.1, 0.45]), rng.choice([0.05, 0.3, 0.4])
        answer = db.execute(f"SELECT proven_max(value ->> 0, value ->> 1, {rule[0]}, {rule[1]}, {rule[2]}) FROM json_each(?)", (str([list(r) for r in rows]),)).fetchone()[0]
        assert answer == proven(rows, *rule), (rows, rule)
        found.add(answer)
    assert len(found) > (100 if ALIKE in kinds else 20)


def test_a_row_of_which_something_is_not_known_says_nothing(db):
    rows = "VALUES (44.0, 1), (43.9, 1), (NULL, 3), (80.0, NULL)"
    assert db.execute(f"SELECT proven_max(column1, column2, 0.03, 0.45, 0.4) FROM ({rows})").fetchone() == (44.0,)
    assert db.execute(f"SELECT proven_max(column1, column2, NULL, 0.45, 0.4) FROM ({rows})").fetchone() == (None,)
