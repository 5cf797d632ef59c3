"""What becomes of the plan: Banister's fitness and fatigue day by day, illness, breaks, and what was really run."""

import dataclasses
import datetime

from helpers.simulated import plan
from helpers.simulated.numbers import between, chance, normal, power, season


@dataclasses.dataclass(frozen=True)
class Day:
    athlete_id: int
    date: str
    state: str  # well, ill or away: a break
    load: float  # TSS of the day
    fitness: float  # at its beginning, as everything below
    fatigue: float
    threshold_pace_min_km: float
    break_chance: float  # that an injury's begins on this day; of those who were well


@dataclasses.dataclass(frozen=True)
class Break:
    athlete_id: int
    begins: str
    days: int
    cause: str  # illness or injury


@dataclasses.dataclass(frozen=True)
class Outing:
    """A session as it was done, before any device has seen it."""

    athlete_id: int
    day: int
    kind: str
    race: str | None
    distance_m: float
    seconds: float
    expected_s: float  # without the noise of the day
    climb_m: float
    temperature_c: float
    heart_rate: float
    load: float


@dataclasses.dataclass(frozen=True)
class Lived:
    days: list
    breaks: list
    outings: list


def live(world, athlete, days):
    fitness = fatigue = athlete.load_per_week / 7 * 0.8
    lived, away_until, state = Lived([], [], []), 0, "well"
    for day in range(days):
        date = datetime.date.fromisoformat(world.begin) + datetime.timedelta(day)
        rng = world.rng("life", athlete.id, day)
        state = state if day < away_until else "well"
        ratio, fate = fatigue / max(fitness, 1.0) + 1e-9, rng.random()
        hazard = min(0.5, world.break_per_day * power(ratio, world.break_by_ratio)) if state == "well" else 0.0
        if state == "well" and fate < hazard + world.illness_per_day:
            state, cause, length = ("away", "injury", int(between(rng, 7, 43))) if fate < hazard else ("ill", "illness", int(between(rng, 3, 11)))
            away_until = day + length
            lived.breaks.append(Break(athlete.id, date.isoformat(), length, cause))
        speed = threshold_speed(athlete, fitness, fatigue) * (0.95 if state == "well" and 0 < away_until and day - away_until < 7 else 1)
        planned = plan.session(world, athlete, day) if state == "well" else None
        missed = planned is not None and planned.kind != "race" and chance(rng, world.skipped)
        outing = None if planned is None or missed else do(world, athlete, planned, day, date, speed, rng)
        load = outing.load if outing else 0.0
        lived.outings.extend([outing] if outing else [])
        lived.days.append(Day(athlete.id, date.isoformat(), state, load, fitness, fatigue, 1000 / 60 / speed, hazard))
        fitness += (load - fitness) / athlete.fitness_days
        fatigue += (load - fatigue) / athlete.fatigue_days
    return lived


def threshold_speed(athlete, fitness, fatigue):
    """Speed in m/s that can be held for an hour: Banister's difference of fitness and fatigue."""
    return athlete.base_speed * (1 + athlete.fitness_gain * fitness - athlete.fatigue_cost * fatigue)


def race_seconds(athlete, distance_m, speed):
    """Riegel's law through an hour at threshold speed."""
    return 3600 * power(distance_m / (3600 * speed), athlete.endurance)


def do(world, athlete, planned, day, date, speed, rng):
    temperature = normal(rng, 12 + 9 * season(date.timetuple().tm_yday), 4)
    if planned.kind == "ride":
        hours = planned.load / 36
        return Outing(athlete.id, day, "ride", None, hours * 3600 * between(rng, 6, 8.5), hours * 3600, hours * 3600, hours * between(rng, 50, 300),
                      temperature, athlete.resting_hr + 0.6 * (athlete.max_hr - athlete.resting_hr), planned.load)  # fmt: skip
    hilliness = athlete.hilliness * between(rng, 0.4, 1.6) * (0.6 if planned.race else 1)
    hindrance = 1 + world.heat_per_degree * max(0.0, temperature - 15) + world.climb_per_m_km * hilliness
    if planned.race:
        distance = plan.RACES_M[planned.race]
        expected = race_seconds(athlete, distance, speed) * hindrance
        intensity = distance / expected * hindrance / speed
    else:
        factor = plan.FACTOR_OF_THRESHOLD[planned.kind] * normal(rng, 1, 0.015)
        hours = max(0.3, min(4.0, planned.load / (100 * factor * factor)))
        distance, intensity = hours * 3600 * speed * factor / hindrance, factor
        if chance(rng, 0.5):  # many stop the watch at a whole kilometre
            distance = 1000.0 * max(3, int(distance / 1000 + 0.5)) + between(rng, 0, 60)
        expected = distance * hindrance / (speed * factor)
    seconds = expected * max(0.8, normal(rng, 1, world.pace_noise))
    heart_rate = athlete.resting_hr + (athlete.max_hr - athlete.resting_hr) * min(0.97, 0.15 + 0.72 * intensity + 0.002 * (temperature - 12))
    return Outing(athlete.id, day, planned.kind, planned.race, distance, seconds, expected, hilliness * distance / 1000, temperature,
                  normal(rng, heart_rate, 2), seconds / 36 * intensity * intensity)  # fmt: skip

