"""What a simulated world is like: how often things go wrong, and the effects that are planted in it for a test to find."""

import dataclasses
import random

from helpers.athletes.activities import epoch
from helpers.simulated.numbers import between, chance, normal, pick

DAY_S = 86400


@dataclasses.dataclass(frozen=True)
class World:
    seed: int = 0
    begin: str = "2021-01-04"  # a Monday, as every beginning has to be
    # how often
    illness_per_day: float = 1 / 200
    break_per_day: float = 1 / 400  # while fatigue is as high as fitness
    skipped: float = 0.08  # of the planned sessions
    duplicated: float = 0.03  # recorded twice: by watch and phone, or uploaded twice
    late: float = 0.05  # synchronised days or weeks after
    without_heart_rate: float = 0.1  # of the activities of those who wear a strap at all
    # effects
    break_by_ratio: float = 3.0  # the chance of a break goes with this power of fatigue over fitness; 0: by chance alone
    heat_per_degree: float = 0.003  # slower, for each degree above 15
    climb_per_m_km: float = 0.004  # slower, for each metre climbed per kilometre
    pace_noise: float = 0.03

    @property
    def begin_s(self):
        return epoch(self.begin + "T00:00:00Z")

    def rng(self, *what):
        """Draws of their own for each thing on each day, so that nothing moves because something else was added."""
        return random.Random(" ".join(map(str, (self.seed, *what))))


@dataclasses.dataclass(frozen=True)
class Athlete:
    id: int
    sex: str
    birth_year: int
    utc_offset_s: int
    base_speed: float  # m/s at threshold when untrained
    fitness_gain: float  # share of speed for each point of fitness
    fatigue_cost: float
    fitness_days: float  # time constants of Banister's model
    fatigue_days: float
    endurance: float  # exponent of Riegel's law
    load_per_week: float  # of an ordinary week of the athlete, in TSS
    run_days: tuple  # days of the week, 0 is Monday; the last is the long run's
    hour: float  # of the day at which the athlete starts
    hilliness: float  # metres of climb per kilometre of an ordinary run
    resting_hr: float
    max_hr: float
    has_strap: bool
    rides: bool  # takes the bicycle on some days without a run


def athlete(world, number):
    rng = world.rng("athlete", number)
    sex = pick(rng, {"M": 3, "F": 2})
    birth_year = 1955 + int(between(rng, 0, 45))
    level = normal(rng)
    runs = pick(rng, {3: 3, 4: 4, 5: 3, 6: 2})
    weekdays = [0, 1, 2, 3, 4, 5]
    rng.shuffle(weekdays)
    return Athlete(
        id=number, sex=sex, birth_year=birth_year,
        utc_offset_s=pick(rng, {0: 3, 3600: 4, -18000: 3, -28800: 2, 19800: 1, 36000: 1}),
        base_speed=max(1.9, 3.15 + 0.3 * level - 0.3 * (sex == "F") - 0.012 * (1985 - birth_year)),
        fitness_gain=between(rng, 0.002, 0.004), fatigue_cost=between(rng, 0.0005, 0.0015),
        fitness_days=between(rng, 35, 50), fatigue_days=between(rng, 6, 11), endurance=between(rng, 1.05, 1.09),
        load_per_week=max(90, normal(rng, 72, 12) * runs), run_days=(*sorted(weekdays[: runs - 1]), 6),
        hour=pick(rng, {between(rng, 6, 8): 2, between(rng, 11, 13): 1, between(rng, 16, 19): 3}),
        hilliness=pick(rng, {between(rng, 2, 8): 3, between(rng, 8, 20): 1}),
        resting_hr=between(rng, 42, 62), max_hr=min(205, max(160, normal(rng, 208 - 0.7 * (2021 - birth_year), 6))),
        has_strap=chance(rng, 0.85), rides=chance(rng, 0.3),
    )  # fmt: skip
