"""The four feature tables computed a second time, from the Strava objects, with pandas, numpy and scipy.

Written from the definitions (what each column means), not from the stages. A table is a DataFrame with the columns of
the stage's table; instants and dates are texts as in the database, NULL is None or NaN.
"""

import math

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from helpers.athletes.trainings import Recording, same_training, same_training_kept_out

RUNS = {"Run", "TrailRun", "VirtualRun"}
CONFIG = {"default_threshold_pace": 5.5, "threshold_lookback_days": 90, "threshold_min_minutes": 20, "threshold_min_distance_km": 5,
          "evidence_tolerance": 0.03, "race_gain_max": 0.45, "race_best_gain_max": 0.4, "max_vdot": 88, "max_pause_share": 0.04, "fitness_fade_per_year": 0.1,
          "max_hr_plausible": 220, "max_hr_repeats": 3, "default_resting_hr": 60, "threshold_hr_reserve": 0.85,
          "acwr_risk_threshold": 1.5, "acwr_min_history_days": 28, "monotony_risk_threshold": 2.0, "expected_days_per_week": 4,
          "unknown_load_max_share": 0.2}


def text(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Daniels and Gilbert -------------------------------------------------------------------------------------------


def vdot(distance_m, seconds):
    t = seconds / 60
    v = distance_m / t
    return (-4.60 + 0.182258 * v + 0.000104 * v * v) / (0.8 + 0.1894393 * math.exp(-0.012778 * t) + 0.2989558 * math.exp(-0.1932605 * t))


def hour_pace(fitness):
    """The pace whose hour is worth the fitness, by root finding."""
    v = brentq(lambda m_min: vdot(60 * m_min, 3600) - fitness, 1, 2000, xtol=1e-13, rtol=1e-15)
    return 1000 / v


def flat_km(km, climb_m):
    """Half of it up by the climb and half of it down, each as far as Strava's grade-adjusted pace says."""
    if not km or not climb_m or pd.isna(climb_m):
        return km
    grade = min(100 * climb_m / (500 * km), 40)
    cost = lambda g: 1 + 0.029290920646623777 * g + 0.0018083953212790634 * g**2 + 4.0662425671715924e-7 * g**3 - 3.686186584867523e-7 * g**4 - 2.6628107325930747e-9 * g**5
    return km * (cost(grade) + cost(-grade)) / 2


def trimp(minutes, hr, max_hr, rest, sex):
    r = max(0.0, (hr - rest) / (max_hr - rest))
    return minutes * r * (0.86 * math.exp(1.67 * r) if sex == "F" else 0.64 * math.exp(1.92 * r))


# --- activities ----------------------------------------------------------------------------------------------------


def human(value, low, high):
    return value if value is not None and low <= value <= high else None


def read_activities(objects):
    table = []
    for a in objects:
        start = pd.Timestamp(a["start_date"])
        shift = pd.Timedelta(seconds=int(a["utc_offset"]))
        moving, elapsed = a["moving_time"], a["elapsed_time"]
        end = start + pd.Timedelta(seconds=elapsed)
        sport = a.get("sport_type") or a["type"]
        average, maximum = a.get("average_heartrate"), a.get("max_heartrate")
        table.append({
            "athlete_id": str(a["athlete"]["id"]), "activity_id": str(a["id"]), "start": start, "end": end,
            "day": (start + shift).tz_localize(None).normalize(), "end_day": (end + shift).tz_localize(None).normalize(),
            "offset": int(a["utc_offset"]), "sport": sport, "is_run": sport in RUNS, "flagged": bool(a.get("flagged")),
            "race": a.get("workout_type") == 1, # and of a run that proves nothing alone, which is doubted:
            "doubt": bool(a.get("manual") or a.get("trainer") or sport == "VirtualRun" or a.get("max_speed", 0) > 9
                          or elapsed - moving > CONFIG["max_pause_share"] * elapsed),
            "has_power": sport.endswith("Ride") and bool(a.get("device_watts")) and (a.get("weighted_average_watts") or a.get("average_watts") or 0) > 0,
            "indoor": bool(a.get("trainer") or sport == "VirtualRun"), "unhuman_hr": average is not None and human(average, 30, 230) is None,
            "km": a.get("distance", 0) / 1000, "m": float(a.get("distance", 0)), "moving_s": elapsed if elapsed < moving <= elapsed + 5 else moving,
            "elapsed_s": elapsed, "climb": a.get("total_elevation_gain"), "hr": human(average, 30, 230), "max_hr": human(maximum, 30, 250)})
    return pd.DataFrame(table)


def seconds_between(value, low, high):
    return value if isinstance(value, (int, float)) and low <= value <= high else None


def read_kept_out(objects):
    """Activities that a rule keeps out, of which it is known when they were and how long: training of unknown load."""
    table = []
    for a in objects:
        start = pd.Timestamp(a["start_date"])
        shift = a.get("utc_offset")
        shift = shift if isinstance(shift, (int, float)) and abs(shift) <= 14 * 3600 else None
        elapsed, moving = seconds_between(a.get("elapsed_time"), 1, 864000), seconds_between(a.get("moving_time"), 1, 864000)
        elapsed = moving if elapsed is None else elapsed
        end = start + pd.Timedelta(seconds=elapsed)
        table.append({
            "athlete_id": str(a["athlete"]["id"]), "activity_id": str(a["id"]), "start": start, "end": end, "offset": shift, "elapsed_s": elapsed,
            "sport": a.get("sport_type") or a.get("type"),
            "day": (start + pd.Timedelta(seconds=shift or 0)).tz_localize(None).normalize(), "is_run": a.get("sport_type") in RUNS,
            "moving_s": elapsed if moving is None else min(moving, elapsed)})
    return pd.DataFrame(table)


def as_features(kept_out, own_corrections, loads):
    """What a day gets of them: that they were, how long, and what load was told of them."""
    return pd.DataFrame([{
        "athlete_id": a.athlete_id, "activity_id": a.activity_id, "activity_date": a.day.strftime("%Y-%m-%d"), "utc_offset_s": a.offset,
        "is_run": int(a.is_run), "distance_km": 0.0, "moving_time_min": a.moving_s / 60, "elevation_gain_m": math.nan, "estimated_tss": loads.get(a.activity_id, math.nan),
        "pace_min_km": math.nan, "avg_hr": math.nan, "max_hr": math.nan,
        "available_at": max(text(a.end), (own_corrections or {}).get(a.activity_id, ""))} for a in kept_out.itertuples()])


def reason(a, max_hr):
    """Why the load of an activity without one is unknown."""
    if a.has_power:
        return "power, but no threshold power (ftp_w) of that day to hold it against"
    if pd.isna(a.hr):
        hr = "a heart rate that no heart has" if a.unhuman_hr else "no heart rate"
        if not a.is_run:
            return hr
        return f"no moving time and {hr}" if a.moving_s == 0 else f"indoors without distance and {hr}" if a.indoor else f"no distance and {hr}"
    if not max_hr:
        return "heart rate, but no maximum to hold it against"
    return "heart rate above the maximum known before, which it proves wrong" if a.hr > max_hr else "heart rate, but no threshold between rest and maximum"


def told(settings, name, day):
    valid = [(since, value) for setting, since, value in settings if setting == name and pd.Timestamp(since) <= day]
    return max(valid)[1] if valid else None


def zone_shares(samples, max_hr):
    """Percent of the time with heart rate in the zones from 50, 60, 70, 80 and 90 % of the maximum."""
    samples = [(hr, s) for hr, s in samples if hr and s]
    total = sum(s for _, s in samples)
    if not total or not max_hr:
        return [None] * 5
    low, high = [0.5, 0.6, 0.7, 0.8, 0.9], [0.6, 0.7, 0.8, 0.9, math.inf]
    return [100 * sum(s for hr, s in samples if lo <= hr / max_hr < hi) / total for lo, hi in zip(low, high)]


def heart_rate_samples(a, parts):
    """The laps or the splits, whichever more have a heart rate (laps when as many); without any, the average."""
    with_hr = {kind: [(p["average_heartrate"], p["moving_time"]) for p in found if human(p.get("average_heartrate"), 30, 230) is not None]
               for kind, found in parts.items()}
    best = "split" if len(with_hr.get("split", [])) > len(with_hr.get("lap", [])) else "lap"
    if with_hr.get(best):
        return with_hr[best]
    return [(a.hr, a.moving_s)] if pd.notna(a.hr) else []


def corrected(corrections, day):
    """When something from this day or an earlier one was last corrected."""
    return max((at for since, at in corrections if pd.Timestamp(since) <= day), default="")


def shown(vdots, doubt, race, config):
    """The best of runs that a second run bears out, or a race that is not too good beside the others; and what is believed while nothing does."""
    v = sorted(vdots)
    best = max((high for low, high in zip(v, v[1:]) if high <= low * (1 + config["evidence_tolerance"])), default=None)
    alone = vdots[~doubt]
    middle = None if len(alone) == 0 else alone.min() if len(alone) < 3 else float(np.quantile(alone, 0.5))
    usual = best or (middle if len(alone) > 1 else None)
    others = vdots[~race & ~doubt | (vdots <= (usual or 0))].max(initial=-math.inf)
    races = [v for v in vdots[race & ~doubt] if usual and v <= usual * (1 + config["race_gain_max"]) and v <= others * (1 + config["race_best_gain_max"])]
    return max([best or 0, *races]) or None, middle


def fitness_by_day(acts, qualified, config):
    """VDOT that was proven when each day of training began: the best of what all earlier days had shown, less what fades."""
    lookback = pd.Timedelta(days=config["threshold_lookback_days"])
    moments = [(day, group.start.min()) for day, group in acts.groupby("day")]
    trained = {day for day, _ in moments}
    for end_day in sorted(set(qualified.end_day)):
        if not any(end_day < day <= end_day + lookback for day in trained):
            after = end_day + pd.Timedelta(days=2)
            moments.append((after, after.tz_localize("UTC")))
    end_days, ends = qualified.end_day.to_numpy(), qualified.end.dt.tz_convert(None).to_numpy()
    values = [qualified[column].to_numpy(kind) for column, kind in (("vdot", float), ("doubt", bool), ("race", bool))]
    found, proven = {}, []
    for day, start in sorted(moments, key=lambda m: m[1]):
        known = (end_days < day.to_datetime64()) & (ends <= start.tz_convert(None).to_datetime64()) & (end_days >= (day - lookback).to_datetime64())
        best, believed = shown(*(column[known] for column in values), config)
        if best is not None:
            proven.append((best, day.toordinal()))
        values_then, days_then = np.array(proven).reshape(-1, 2).T
        faded = values_then * (1 - config["fitness_fade_per_year"]) ** ((day.toordinal() - days_then) / 365)
        found[day] = max(faded, default=believed)
    return found


def activity_features(acts, parts, sex=None, birth_year=None, settings=(), corrections=(), own_corrections=None, config=CONFIG):
    qualified = acts[acts.is_run & ~acts.flagged & (acts.moving_s >= 60 * config["threshold_min_minutes"])
                     & (acts.m >= 1000 * config["threshold_min_distance_km"])].copy()
    qualified["vdot"] = [vdot(m, s) for m, s in zip(qualified.m, qualified.moving_s)]
    hilly = qualified.copy()  # what climb adds is borne out by another run, or proves nothing
    hilly["m"] = [1000 * flat_km(km, climb) for km, climb in zip(hilly.km, hilly.climb)]
    hilly = hilly[hilly.m > (1 + config["evidence_tolerance"]) * qualified.m]
    hilly["vdot"] = [vdot(m, s) for m, s in zip(hilly.m, hilly.moving_s)]
    qualified = pd.concat([qualified, hilly.assign(doubt=True)])
    qualified = qualified[qualified.vdot <= config["max_vdot"]]
    fitness = fitness_by_day(acts, qualified, config)
    out, trained = [], {}
    for a in acts.itertuples():
        trained.setdefault(a.day, []).append(a)
    end_day, end, max_hrs = acts.end_day.to_numpy(), acts.end.dt.tz_convert(None).to_numpy(), acts.max_hr.to_numpy(float)
    for day, group in sorted(trained.items()):
        past = (end_day < day.to_datetime64()) & (end <= min(a.start for a in group).tz_convert(None).to_datetime64())
        pace_told = told(settings, "threshold_pace_min_km", day)
        if pace_told is not None:
            threshold, source = pace_told, "profile"
        elif fitness[day] is not None:
            threshold, source = hour_pace(fitness[day]), "history"
        else:
            threshold, source = config["default_threshold_pace"], "default"
        seen = sorted(max_hrs[past & (max_hrs <= config["max_hr_plausible"])], reverse=True)
        max_hr = told(settings, "max_hr", day)
        if max_hr is None and len(seen) >= config["max_hr_repeats"]:
            max_hr = seen[config["max_hr_repeats"] - 1]
        if max_hr is None and birth_year:
            max_hr = 220 - (day.year - birth_year)
        rest = told(settings, "resting_hr", day) or config["default_resting_hr"]
        threshold_hr = told(settings, "threshold_hr", day)
        if threshold_hr is None and max_hr is not None:
            threshold_hr = rest + config["threshold_hr_reserve"] * (max_hr - rest)
        for a in group:
            minutes = a.moving_s / 60
            pace = minutes / a.km if a.km > 0 and minutes > 0 else None
            effort_pace = min(pace, max(minutes / flat_km(a.km, a.climb), threshold)) if pace else None
            intensity = threshold / effort_pace if a.is_run and pace else None
            load, load_source = None, None
            if intensity:
                load, load_source = minutes * intensity ** 2 / 60 * 100, "pace"
            elif pd.notna(a.hr) and max_hr and rest < threshold_hr < max_hr and a.hr <= max_hr:
                load = 100 * trimp(minutes, a.hr, max_hr, rest, sex) / trimp(60, threshold_hr, max_hr, rest, sex)
                load_source = "heart_rate"
            samples = heart_rate_samples(a, parts.get(a.activity_id, {}))
            seconds = sum(s for _, s in samples)
            mean_hr = a.hr if pd.notna(a.hr) else sum(hr * s for hr, s in samples) / seconds if seconds else None
            zones = zone_shares(samples, None if max_hr and mean_hr and mean_hr > max_hr else max_hr)
            out.append({
                "athlete_id": a.athlete_id, "activity_id": a.activity_id, "event_timestamp": text(a.start),
                "activity_date": day.strftime("%Y-%m-%d"), "utc_offset_s": a.offset, "sport_type": a.sport, "is_run": int(a.is_run),
                "distance_km": a.km, "moving_time_min": minutes, "elapsed_time_min": a.elapsed_s / 60, "pace_min_km": pace,
                "elevation_gain_m": a.climb, "elevation_per_km": a.climb / a.km if a.km > 0 and pd.notna(a.climb) else None,
                "estimated_tss": load, "load_source": load_source, "load_reason": None if load is not None else reason(a, max_hr), "intensity_factor": intensity, "threshold_pace_min_km": threshold,
                "threshold_source": source, "avg_hr": a.hr, "max_hr": a.max_hr, "reference_max_hr": max_hr,
                **{f"hr_zone_{i + 1}_pct": z for i, z in enumerate(zones)},
                "efficiency_index": pace / a.hr if a.is_run and pace and pd.notna(a.hr) else None,
                "available_at": max(text(a.end), corrected(corrections, day), (own_corrections or {}).get(a.activity_id, ""))})
    return pd.DataFrame(out)


# --- days, weeks, windows ------------------------------------------------------------------------------------------


def end_of_day(day, offset):
    return text(pd.Timestamp(day) + pd.Timedelta(days=1) - pd.Timedelta(seconds=int(offset)))


def weighted(values, weights):
    known = ~np.isnan(values)
    total = weights[known].sum()
    return (values[known] * weights[known]).sum() / total if total > 0 else None


def daily_features(features, corrections=()):
    numbers = features[["is_run", "utc_offset_s", "distance_km", "moving_time_min", "elevation_gain_m", "estimated_tss", "pace_min_km", "avg_hr", "max_hr"]].astype(float)
    column, known_at, out = {name: numbers[name].to_numpy() for name in numbers}, features.available_at.tolist(), []
    for (athlete, day), at in sorted(features.groupby(["athlete_id", "activity_date"]).indices.items()):
        g = {name: values[at] for name, values in column.items()}
        runs = {name: values[g["is_run"] == 1] for name, values in g.items()}
        unknown = np.isnan(g["estimated_tss"])
        event = end_of_day(day, min((offset for offset in g["utc_offset_s"] if not math.isnan(offset)), default=0))
        out.append({
            "athlete_id": athlete, "activity_date": day, "event_timestamp": event, "activities": len(at), "runs": len(runs["is_run"]),
            "distance_km": np.nansum(g["distance_km"]), "run_distance_km": np.nansum(runs["distance_km"]), "moving_time_min": np.nansum(g["moving_time_min"]),
            "elevation_gain_m": np.nansum(g["elevation_gain_m"]), "daily_tss": np.nansum(g["estimated_tss"]), "unknown_load": int(unknown.sum()),
            "unknown_load_min": np.nansum(g["moving_time_min"][unknown]), "avg_pace": weighted(runs["pace_min_km"], runs["distance_km"]),
            "avg_hr": weighted(g["avg_hr"], g["moving_time_min"]), "max_hr": np.fmax.reduce(g["max_hr"]),
            "available_at": max(event, *(known_at[i] for i in at), corrected(corrections, pd.Timestamp(day)))})
    return pd.DataFrame(out)


def slope(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(np.unique(x)) < 2:
        return None
    dx = x - x.mean()
    return float((dx * (y - y.mean())).sum() / (dx * dx).sum())


def share_of(without, moving, unknown):
    """Of the moving time how much has no known load; where nobody knows the time, all."""
    return without.sum() / moving.sum() if moving.sum() > 0 else float(unknown.sum() > 0)


def rolling_features(acts, features, daily, corrections=(), config=CONFIG, as_of_date=None):
    calendar = pd.date_range(daily.activity_date.min(), max(daily.activity_date.max(), as_of_date or ""))
    by_day = daily.set_index(pd.to_datetime(daily.activity_date)).reindex(calendar)
    tss = by_day.daily_tss.fillna(0).to_numpy()
    km = by_day.distance_km.fillna(0).to_numpy()
    climb = by_day.elevation_gain_m.fillna(0).to_numpy()
    count = by_day.activities.fillna(0).to_numpy()
    unknown = by_day.unknown_load.fillna(0).to_numpy()
    moving, without = ((60 * by_day[column].fillna(0)).round().to_numpy() for column in ("moving_time_min", "unknown_load_min"))
    each = features.assign(n=(pd.to_datetime(features.activity_date) - calendar[0]).dt.days)
    paced = each[(each.is_run == 1) & (each.pace_min_km <= 1000)]
    from_zero = pd.concat([pd.Series([0.0]), pd.Series(tss)])
    ewma = {d: from_zero.ewm(alpha=1 - math.exp(-1 / d), adjust=False).mean().to_numpy()[1:] for d in (7, 42)}
    offsets = acts.groupby("day").offset.min().astype(float).fillna(0).reindex(calendar).ffill()
    over = acts.groupby("day").end.max().reindex(calendar).ffill().cummax()
    n, longest, pace_n, pace, pace_km, pace_min = (each.n.to_numpy(), each.distance_km.to_numpy(), paced.n.to_numpy(), paced.pace_min_km.to_numpy(),
                                                   paced.distance_km.to_numpy(), paced.moving_time_min.to_numpy())
    out = []
    for i, day in enumerate(calendar):
        def last(values, days):
            return values[max(0, i - days + 1) : i + 1]

        ctl, atl = last(tss, 42).mean(), last(tss, 7).mean()
        share = share_of(last(without, 42), last(moving, 42), last(unknown, 42))
        is_known = not share > config["unknown_load_max_share"]
        row = {"athlete_id": acts.athlete_id.iloc[0], "as_of_date": day.strftime("%Y-%m-%d"), "event_timestamp": end_of_day(day, offsets.iloc[i]),
               "daily_tss": tss[i], "ctl_42d": ctl, "atl_7d": atl, "tsb": ctl - atl, "acwr": atl / ctl if ctl > 0 else 0,
               "ctl_ewma": ewma[42][i], "atl_ewma": ewma[7][i], "tsb_ewma": ewma[42][i] - ewma[7][i],
               "acwr_ewma": ewma[7][i] / ewma[42][i] if ewma[42][i] > 0 else 0}
        row |= {f"total_tss_{d}d": last(tss, d).sum() for d in (7, 28, 90)}
        row |= {f"activities_{d}d": int(last(count, d).sum()) for d in (7, 28, 30, 42, 90)}
        row |= {f"total_distance_{d}d_km": last(km, d).sum() for d in (7, 28, 30, 42, 90)}
        for d in (30, 90):
            inside, p = (n <= i) & (n > i - d), (pace_n <= i) & (pace_n > i - d)
            row[f"longest_distance_{d}d_km"] = longest[inside].max() if inside.any() else 0
            row[f"avg_pace_{d}d"] = pace_min[p].sum() / pace_km[p].sum() if p.any() else None
            row[f"best_pace_{d}d"] = pace[p].min() if p.any() else None
            row[f"pace_trend_{d}d"] = slope(pace_n[p], pace[p])
            row[f"distance_trend_{d}d"] = slope(np.arange(len(last(km, d))), last(km, d))
        row["total_elevation_30d_m"] = last(climb, 30).sum()
        expected = len(last(tss, 30)) * config["expected_days_per_week"] / 7
        row["consistency_score"] = 100 * min(1, (last(count, 30) > 0).sum() / expected)
        week = last(tss, 7)
        is_whole = len(week) == 7 and not share_of(last(without, 7), last(moving, 7), last(unknown, 7)) > config["unknown_load_max_share"]
        is_varied = is_whole and np.ptp(week) > 0
        row["training_monotony_7d"] = week.mean() / week.std() if is_varied else None
        row["training_strain_7d"] = week.sum() * week.mean() / week.std() if is_varied else None
        row["rest_days_14d"] = int((last(count, 14) == 0).sum())
        row["unknown_load_42d"] = int(last(unknown, 42).sum())
        row["unknown_load_share_42d"] = share
        row["history_days"] = i + 1
        is_even = is_whole and not is_varied and week.sum() > 0
        row["is_overtraining_risk"] = int(
            (row["acwr"] > config["acwr_risk_threshold"] and i + 1 >= config["acwr_min_history_days"]) or is_even
            or (is_varied and row["training_monotony_7d"] > config["monotony_risk_threshold"]))
        row["load_reason"] = None
        if not is_known:
            row |= dict.fromkeys(["tsb", "acwr", "tsb_ewma", "acwr_ewma", "is_overtraining_risk"])
            row["load_reason"] = (f"no load is known for {row['unknown_load_42d']} of the {row['activities_42d']} activities of {min(42, i + 1)} days, "
                                  f"{math.floor(100 * share)} % of the moving time")
        row["available_at"] = max(row["event_timestamp"], text(over.iloc[i]), corrected(corrections, day))
        out.append(row)
    return pd.DataFrame(out)


def weekly_features(features, daily, rolling, config=CONFIG):
    dates = pd.to_datetime(rolling.as_of_date)
    out = []
    for monday, g in rolling.groupby(dates - pd.to_timedelta(dates.dt.day_of_week, unit="D")):
        days = daily[daily.activity_date.isin(g.as_of_date)]
        paced = features[features.activity_date.isin(g.as_of_date) & (features.is_run == 1) & features.pace_min_km.notna()]
        tss = g.daily_tss.to_numpy()
        missing = (monday + pd.Timedelta(days=6) - pd.Timestamp(g.as_of_date.max())).days
        event = text(pd.Timestamp(g.event_timestamp.max()) + pd.Timedelta(days=missing))
        share = share_of((60 * days.unknown_load_min).round(), (60 * days.moving_time_min).round(), days.unknown_load)
        is_whole = len(g) == 7 and np.ptp(tss) > 0 and not share > config["unknown_load_max_share"]
        out.append({
            "athlete_id": g.athlete_id.iloc[0], "week_start": monday.strftime("%Y-%m-%d"), "event_timestamp": event, "days": len(g),
            "weekly_distance_km": days.distance_km.sum(), "weekly_activities": int(days.activities.sum()), "weekly_tss": tss.sum(),
            "weekly_elevation_m": days.elevation_gain_m.sum(),
            "avg_pace_week": paced.moving_time_min.sum() / paced.distance_km.sum() if len(paced) else None,
            "training_monotony": tss.mean() / tss.std() if is_whole else None,
            "training_strain": tss.sum() * tss.mean() / tss.std() if is_whole else None,
            "available_at": max(event, g.available_at.max())})
    return pd.DataFrame(out)


def recordings(acts, parts=None):
    return [Recording(a.athlete_id, a.activity_id, None if pd.isna(a.sport) else a.sport, int(a.start.timestamp()), int(a.elapsed_s),
                      sum(map(len, (parts or {}).get(a.activity_id, {}).values()))) for a in acts.itertuples()]


def counted_once(acts, parts):
    """Of several recordings of one training the one that counts."""
    twice = same_training(recordings(acts, parts))
    tagged = {twice.get(i, i) for i in acts.activity_id[acts.race]}
    return acts[~acts.activity_id.isin(twice)].assign(race=lambda a: a.activity_id.isin(tagged))


def all_features(objects, parts, as_of_date=None, config=CONFIG, kept_out=(), told_loads=None, **known):
    """Every table of one athlete; `objects` are the current activities, `parts` the laps, splits and best efforts by activity id,
    `kept_out` the activities that a rule keeps out but that were training, `told_loads` their loads, where told."""
    recorded = read_activities(objects)
    acts = trained = counted_once(recorded, parts)
    corrections = known.get("corrections", ())
    features = with_kept_out = activity_features(acts, parts, config=config, **known)
    if kept_out:
        unusable = read_kept_out(kept_out)
        unusable = unusable[~unusable.activity_id.isin(same_training_kept_out(recordings(unusable), recordings(recorded, parts)))]
        trained = pd.concat([acts, unusable], ignore_index=True)
        with_kept_out = pd.concat([features, as_features(unusable, known.get("own_corrections"), told_loads or {})], ignore_index=True)
    daily = daily_features(with_kept_out, corrections)
    rolling = rolling_features(trained, features, daily, corrections, config, as_of_date)
    return {"activity_features": features, "athlete_daily_features": daily, "athlete_rolling_features": rolling,
            "athlete_weekly_features": weekly_features(features, daily, rolling, config)}


def deviations(table, expected, db):
    """The greatest deviation per column, relative above 1 and absolute below; a text, NULL or type that differs fails."""
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
    columns = [d[0] for d in cursor.description]
    found = cursor.fetchall()
    assert sorted(columns) == sorted(expected.columns), table
    expected = expected.sort_values(list(columns[:2]))
    assert len(found) == len(expected), table
    worst = {}
    for i, column in enumerate(columns):
        for row, want in zip(found, expected[column].tolist()):
            got = row[i]
            if want is None or want != want:
                assert got is None, (table, column, row[:2], got)
            elif isinstance(want, str) or got is None:
                assert got == want, (table, column, row[:2], got, want)
            else:
                worst[column] = max(worst.get(column, 0), abs(got - want) / max(1, abs(want)))
    return worst
