"""Numbers that come out the same on every machine: additions, multiplications, divisions and random(), and no function of libm."""

import math

LN_2 = 0.6931471805599453


def ln(x):
    mantissa, exponent = math.frexp(x)  # exact
    z = (mantissa - 0.75) / (mantissa + 0.75)
    square, term, total = z * z, z, 0.0
    for n in range(1, 28, 2):
        total += term / n
        term *= square
    return 2 * total - 0.2876820724517809 + exponent * LN_2  # ln 0.75


def exp(x):
    whole = round(x / LN_2)
    rest, term, total = x - whole * LN_2, 1.0, 1.0
    for n in range(1, 18):
        term *= rest / n
        total += term
    return math.ldexp(total, whole)


def power(x, y):
    return exp(y * ln(x))


def normal(rng, mean=0.0, deviation=1.0):
    """Twelve uniform draws added up: normal enough, and never further than six deviations."""
    total = 0.0
    for _ in range(12):
        total += rng.random()
    return mean + deviation * (total - 6)


def between(rng, low, high):
    return low + (high - low) * rng.random()


def chance(rng, share):
    return rng.random() < share


def pick(rng, weighted):
    """One of the keys, as often as its weight says."""
    at = rng.random() * sum(weighted.values())
    for value, weight in weighted.items():
        at -= weight
        if at < 0:
            return value
    return value


def season(day_of_year):
    """-1 in mid-January, 1 in mid-July: two parabolas in place of a sine."""
    phase = (day_of_year - 105) % 365 / 365 * 2
    return 4 * phase * (1 - phase) if phase < 1 else -4 * (phase - 1) * (2 - phase)
