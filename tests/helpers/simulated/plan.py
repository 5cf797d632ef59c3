"""What an athlete means to do: cycles of weeks that build up, ease off every fourth week and taper to a race."""

import dataclasses
import functools

from helpers.simulated.numbers import between, chance, pick

RACES_M = {"5k": 5000.0, "10k": 10000.0, "21k": 21097.5, "42k": 42195.0}
TAPER_WEEKS = {"5k": 1, "10k": 1, "21k": 2, "42k": 3}
FACTOR_OF_THRESHOLD = {"recovery": 0.74, "easy": 0.8, "long": 0.79, "tempo": 0.93, "intervals": 0.9, "race": 1.0}  # mean speed


@dataclasses.dataclass(frozen=True)
class Session:
    kind: str
    load: float  # TSS that it is meant to cost
    race: str | None = None


@dataclasses.dataclass(frozen=True)
class Cycle:
    first_week: int
    weeks: int
    goal: str
    level: float  # of the athlete's ordinary load


@functools.lru_cache(maxsize=64)
def cycles(world, athlete, until_week):
    """The cycles that begin up to a week. The next is drawn by its number, so a longer list begins with the shorter."""
    found, week = [], 0
    while week <= until_week:
        rng = world.rng("cycle", athlete.id, len(found))
        weeks = int(between(rng, 10, 19))
        found.append(Cycle(week, weeks, pick(rng, {"5k": 2, "10k": 4, "21k": 3, "42k": 2}), between(rng, 0.85, 1.2)))
        week += weeks
    return found


def cycle_of(world, athlete, week):
    return max((c for c in cycles(world, athlete, week | 63) if c.first_week <= week), key=lambda c: c.first_week)


def load_of_week(cycle, week):
    """As a share of the athlete's ordinary week: a slow build-up, a light fourth week, a taper, and a rest after the race."""
    at, left = week - cycle.first_week, cycle.weeks - (week - cycle.first_week)
    share = cycle.level * (0.75 + 0.5 * at / cycle.weeks)
    if at == 0:
        return 0.6 * share
    if left <= TAPER_WEEKS[cycle.goal]:
        return share * (0.45 + 0.15 * (left - 1))
    return share * (0.7 if at % 4 == 3 else 1.0)


def session(world, athlete, day):
    """What stands in the plan for a day, or None."""
    week, weekday = divmod(day, 7)
    cycle = cycle_of(world, athlete, week)
    load = athlete.load_per_week * load_of_week(cycle, week)
    rng = world.rng("plan", athlete.id, day)
    race_week = week == cycle.first_week + cycle.weeks - 1
    if race_week and weekday == 6:
        return Session("race", 0.0, cycle.goal)
    if weekday not in athlete.run_days:
        return Session("ride", between(rng, 20, 60)) if athlete.rides and chance(rng, 0.35) else None
    if race_week and weekday == 5:
        return None
    if not race_week and weekday == 6 and chance(rng, 0.06):  # a race on the way, as a test
        return Session("race", 0.0, pick(rng, {"5k": 2, "10k": 3, "21k": 1 if cycle.goal in ("21k", "42k") else 0}))
    if weekday == 6:
        return Session("long", 0.36 * load)
    others = len(athlete.run_days) - 1
    hard = athlete.run_days[others // 2]
    if weekday == hard:
        return Session(pick(rng, {"tempo": 1, "intervals": 1}), 0.64 * load / others * 1.1)
    return Session(pick(rng, {"easy": 4, "recovery": 1}), 0.64 * load / others * between(rng, 0.8, 1.15))
