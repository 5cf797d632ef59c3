"""Days of athletes of whom some are before something that nothing measured foretells: what is measured drifts, each athlete by himself,
so that a day is known by its neighbours, and whoever is told of these knows the label without knowing why."""

import random


def days(seed, n_athletes=30, n_days=160, episodes=2, lasts=12):
    """(athlete, day, label, x, y, noise) as helpers.models.modelled stores them."""
    chance = random.Random(seed)
    found = []
    for a in range(n_athletes):
        begins = [chance.randrange(n_days) for _ in range(episodes)]
        level = [chance.gauss(0, 4) for _ in range(3)]
        for d in range(n_days):
            level = [v + chance.gauss(0, 0.25) for v in level]
            found.append((f"athlete {a:02}", d, float(any(b <= d < b + lasts for b in begins)), *level))
    return found
