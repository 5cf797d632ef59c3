"""The greatest of numbers that another one bears out, against its definition."""

import random


def test_supported_max_is_the_greatest_that_another_bears_out(db):
    rng = random.Random("supported")
    for _ in range(400):
        x = [round(rng.choice([rng.uniform(30, 60), rng.gauss(45, 1), rng.randint(40, 44)]), 2) for _ in range(rng.randint(0, 30))]
        tolerance = rng.choice([0.0, 0.01, 0.03, 0.2])
        expected = max((a for i, a in enumerate(x) if any(i != j and b <= a <= b * (1 + tolerance) for j, b in enumerate(x))), default=None)
        found = db.execute("SELECT supported_max(value, ?) FROM json_each(?)", (tolerance, str(x))).fetchone()[0]
        assert found == expected, (x, tolerance)
        extreme = db.execute("SELECT supported_max(value, ?) FROM json_each(?)", (tolerance, str([*x, 1e6]))).fetchone()[0]
        assert extreme == found  # whatever is far from all others changes nothing
