"""Race time formulas written a second time, from their publications and with the libraries of Python."""

import math

from scipy.optimize import brentq

MARATHON_M = 42195.0


def riegel(seconds, distance_m, target_m):
    """Riegel 1981, American Scientist 69:285-290."""
    return seconds * (target_m / distance_m) ** 1.06


def vdot(distance_m, seconds):
    """Daniels and Gilbert 1979: oxygen cost of the speed over the share of VO2max that can be held for the time."""
    minutes = seconds / 60
    speed = distance_m / minutes
    cost = -4.60 + 0.182258 * speed + 0.000104 * speed**2
    share = 0.8 + 0.1894393 * math.exp(-0.012778 * minutes) + 0.2989558 * math.exp(-0.1932605 * minutes)
    return cost / share


def vdot_time(value, distance_m):
    return brentq(lambda seconds: vdot(distance_m, seconds) - value, 60, 200000, xtol=1e-9, rtol=1e-15)


def vickers_one_race(seconds, distance_m, weekly_km):
    """Vickers and Vertosick 2016, model 1; the coefficients are those behind the predictions in their data."""
    speed = MARATHON_M / (seconds * (MARATHON_M / distance_m) ** 1.07)
    return MARATHON_M / (0.16018617 + 0.83076202 * speed + 0.06423826 * (weekly_km / 16.09344))


def vickers_two_races(shorter, longer, weekly_km):
    """Model 2: an exponent of one's own, from (distance, seconds) of two races."""
    exponent = math.log(longer[1] / shorter[1]) / math.log(longer[0] / shorter[0])
    to_marathon = 1.4510756 - 0.23797948 * exponent - 0.01410023 * (weekly_km / 16.09344)
    return longer[1] * (MARATHON_M / longer[0]) ** to_marathon
