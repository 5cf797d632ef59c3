"""The evidence rows of the survey computed a second time: the mixed model by matrices instead of sums."""

import numpy as np

from helpers.athletes import formulas

DISTANCES = {  # class: (metres, time, fitness, difficulty in the survey)
    "5k": (5000, "k5"), "5mi": (8046.72, "m5"), "10k": (10000, "k10"),
    "10mi": (16093.44, "m10"), "21k": (21097.5, "mh"), "42k": (42195, "mf"),
}
TARGETS = ["5k", "10k", "21k", "42k"]
PRIOR_VARIANCE = np.diag([0.11**2, 0.043**2])


def number(text):
    return float(text) if text != "" else None


def or_mean(value):
    return 0.0 if value is None else value


def prior(runner, x):
    """ln(seconds) of one who has raced nothing, by volume, age, sex and kind of training."""
    get = lambda name: number(runner[name])
    weekly, longest = (v if v is None else v * 1.609344 for v in (get("typical"), get("max")))
    volume = 0.0 if weekly is None else np.log((weekly + 10) / 60)
    peak = 0.0 if weekly is None or longest is None else np.log((longest + 10) / (weekly + 10)) - 0.2
    centred = lambda name, mean, scale: or_mean(None if get(name) is None else (get(name) - mean) / scale)
    age, female, bmi = centred("age", 36, 10), centred("female", 0.4, 1), centred("bmi", 23.5, 3)
    speed, sprints, tempo = centred("endurancespeed", 3.4, 2), centred("sprint", 0.5, 1), centred("tempo", 0.5, 1)
    level = np.dot([7.95, -0.22, 0.03, 0.003, 0.17, 0.06, -0.02, -0.02, -0.035, -0.045],
                   [1, volume, age, age**2, female, bmi, speed, sprints, tempo, peak])
    slope = 1.06 - 0.02 * volume - 0.007 * age + 0.003 * age**2 - 0.017 * female + 0.003 * speed
    return np.polyval([0.03, -0.01 - 0.025 * volume, slope, level], x)


def noise(x):
    """Variance of one race around its runner's line."""
    x = np.clip(x, -0.7, 1.44)
    return np.exp(-5.25 + 0.52 * x - 2.2 * x**2)


def estimate(expected, x, ln_s, variance, x_asked, level=0.11):
    """Best linear unbiased prediction at x_asked, the deviation of the slope, and the variance of the prediction: the
    line's covariance with the observations times the inverse of theirs."""
    design, asked = np.stack([np.ones_like(x), x], axis=1), np.array([1.0, x_asked])
    prior_variance = np.diag([level**2, 0.043**2])
    covariance = design @ prior_variance @ design.T + np.diag(variance)
    gain = prior_variance @ design.T @ np.linalg.inv(covariance)
    line = gain @ (ln_s - expected(x))
    return expected(x_asked) + asked @ line, line[1], asked @ (prior_variance - gain @ design @ prior_variance) @ asked


def volume_effect(x, variance, x_asked):
    """How the prediction at x_asked moves with the logarithm of volume, which moves the prior at every x."""
    design, asked = np.stack([np.ones_like(x), x], axis=1), np.array([1.0, x_asked])
    moved = lambda at: -0.22 - 0.02 * at - 0.025 * at**2
    gain = PRIOR_VARIANCE @ design.T @ np.linalg.inv(design @ PRIOR_VARIANCE @ design.T + np.diag(variance))
    return moved(x_asked) - asked @ gain @ moved(x)


def row(runner, target):
    """What the stage should say of one race of one runner, or None when no other race is known."""
    known = {}
    for name, (metres, key) in DISTANCES.items():
        seconds = number(runner[f"{key}_ti"])
        if name != target and seconds:
            known[name] = (metres, seconds, number(runner[f"{key}_tr"]), number(runner[f"{key}_di"]))
    if not known:
        return None
    metres, seconds, fitness, difficulty = zip(*known.values())
    metres, seconds, x_asked = np.array(metres, float), np.array(seconds), np.log(DISTANCES[target][0] / 10000)
    x = np.log(metres / 10000)
    ln_s = np.log(seconds)
    ln_s -= 0.015 * np.array([0 if f is None else f - 1.95 for f in fitness])
    ln_s += 0.009 * np.array([0 if d is None else d - 2.95 for d in difficulty])

    base, endurance, uncertainty = estimate(lambda at: prior(runner, at), x, ln_s, noise(x), x_asked)
    shorter, longer = [i for i in range(len(x)) if x[i] < x_asked], [i for i in range(len(x)) if x[i] > x_asked]
    nearest_shorter, nearest_longer = max(shorter, key=x.__getitem__, default=None), min(longer, key=x.__getitem__, default=None)
    brought = lambda i: None if i is None else ln_s[i] + 1.07 * (x_asked - x[i]) - base
    mean = lambda values, otherwise: np.mean([v for v in values if v is not None]) if any(v is not None for v in values) else otherwise

    one = nearest_shorter if nearest_shorter is not None else nearest_longer
    evidence, weekly = (metres[one], seconds[one]), number(runner["typical"])
    weekly = None if weekly is None else weekly * 1.609344
    longest = sorted(zip(metres, seconds))[-2:]
    marathon = target == "42k" and weekly is not None
    return {
        "seconds": number(runner[f"{DISTANCES[target][1]}_ti"]),
        "n_evidence": len(known), "base_ln_s": base, "ln_distance": np.log(DISTANCES[target][0]),
        "ln_speed": np.log(DISTANCES[target][0]) - base, "endurance": endurance, "uncertainty": uncertainty,
        "weekly_km": weekly, "is_female": number(runner["female"]),
        "from_shorter": brought(nearest_shorter), "from_longer": brought(nearest_longer),
        "evidence_fitness": mean(fitness, 2.0), "evidence_difficulty": mean(difficulty, 3.0),
        "ctl_42d": None, "pace_trend_30d": None, "longest_distance_90d_km": None, "climb_m_per_km_30d": None,
        "riegel_s": formulas.riegel(evidence[1], evidence[0], DISTANCES[target][0]),
        "vdot_s": formulas.vdot_time(formulas.vdot(*evidence), DISTANCES[target][0]),
        "vickers_one_race_s": formulas.vickers_one_race(evidence[1], evidence[0], weekly) if marathon else None,
        "vickers_two_races_s": formulas.vickers_two_races(*longest, weekly) if marathon and len(longest) == 2 else None,
        "tanda_s": None, "volume_effect": volume_effect(x, noise(x), x_asked),
    }
