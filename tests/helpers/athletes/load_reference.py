"""Every column of training_load computed plainly with pandas and numpy, from the definitions alone."""

import math

import numpy as np
import pandas as pd

INTEGERS = {
    "activities_7d", "activities_28d", "activities_30d", "activities_42d", "activities_90d",
    "rest_days_14d", "unknown_load_42d", "history_days", "is_overtraining_risk",
}  # fmt: skip

DEFAULTS = {
    "acwr_risk_threshold": 1.5,
    "monotony_risk_threshold": 2.0,
    "acwr_min_history_days": 28,
    "expected_days_per_week": 4,
    "unknown_load_max_share": 0.2,
    "end_date": None,
}

INPUT = ["athlete_id", "day", "tss", "distance_km", "moving_min", "pace_min_km", "elevation_gain_m"]


def slope(x, y):
    """Ordinary least squares, NaN with fewer than two distinct x."""
    return np.polyfit(np.asarray(x, float) - np.mean(x), y, 1)[0] if len(set(x)) >= 2 else math.nan


def reference_of_athlete(rows, **options):
    options = {**DEFAULTS, **options}
    a = pd.DataFrame(rows, columns=INPUT).astype({name: float for name in INPUT[2:]})
    a["day"] = pd.to_datetime(a["day"].str[:10])
    end = a["day"].max()
    if options["end_date"]:
        end = max(end, pd.Timestamp(options["end_date"]))
    calendar = pd.date_range(a["day"].min(), end, freq="D")
    a["t"] = (a["day"] - calendar[0]).dt.days

    def daily(values):
        return values.groupby(a["day"]).sum().reindex(calendar, fill_value=0.0)

    tss, km = daily(a["tss"].fillna(0)), daily(a["distance_km"].fillna(0))
    count, elevation = daily(pd.Series(1.0, a.index)), daily(a["elevation_gain_m"].fillna(0))
    unknown, active = daily(a["tss"].isna().astype(float)), (count > 0).astype(float)
    milliseconds = (a["moving_min"].fillna(0) * 60000).round()
    moving, without = daily(milliseconds), daily(milliseconds.where(a["tss"].isna(), 0))
    longest = a["distance_km"].fillna(0).groupby(a["day"]).max().reindex(calendar, fill_value=0.0)
    paced = a[a["pace_min_km"].notna() & a["moving_min"].notna() & (a["distance_km"].fillna(0) > 0)]

    def total(series, days):
        return series.rolling(days, min_periods=1).sum()

    out = pd.DataFrame(index=calendar)
    out["daily_tss"] = tss
    out["ctl_42d"] = tss.rolling(42, min_periods=1).mean()
    out["atl_7d"] = tss.rolling(7, min_periods=1).mean()
    # pandas' sliding sums leave dust where the truth is zero
    out.loc[total((tss != 0).astype(float), 42) == 0, "ctl_42d"] = 0
    out.loc[total((tss != 0).astype(float), 7) == 0, "atl_7d"] = 0
    def share(days):
        whole = total(moving, days)
        return (total(without, days) / whole.where(whole > 0)).fillna((total(unknown, days) > 0).astype(float))

    week_share, untold = share(7), share(42) > options["unknown_load_max_share"]
    out["tsb"] = out["ctl_42d"] - out["atl_7d"]
    out["acwr"] = (out["atl_7d"] / out["ctl_42d"].where(out["ctl_42d"] > 0)).fillna(0)
    for name, days in (("ctl_ewma", 42), ("atl_ewma", 7)):
        alpha, y, ys = -math.expm1(-1 / days), 0.0, []
        for x in tss:
            y += alpha * (x - y)
            ys.append(y)
        out[name] = ys
    out["tsb_ewma"] = out["ctl_ewma"] - out["atl_ewma"]
    out["acwr_ewma"] = (out["atl_ewma"] / out["ctl_ewma"].where(out["ctl_ewma"] > 0)).fillna(0)
    for days in (7, 28, 90):
        out[f"total_tss_{days}d"] = total(tss, days)
    for days in (7, 28, 30, 42, 90):
        out[f"activities_{days}d"] = total(count, days)
    for days in (7, 28, 30, 42, 90):
        out[f"total_distance_{days}d_km"] = total(km, days)
    for days in (30, 90):
        out[f"longest_distance_{days}d_km"] = longest.rolling(days, min_periods=1).max()
    out["total_elevation_30d_m"] = total(elevation, 30)
    for i, day in enumerate(calendar):
        for days in (30, 90):
            w = paced[(paced["t"] > i - days) & (paced["t"] <= i)]
            out.loc[day, f"avg_pace_{days}d"] = w["moving_min"].sum() / w["distance_km"].sum() if len(w) else math.nan
            out.loc[day, f"best_pace_{days}d"] = w["pace_min_km"].min() if len(w) else math.nan
            out.loc[day, f"pace_trend_{days}d"] = slope(w["t"].to_numpy(), w["pace_min_km"].to_numpy())
            first = max(0, i - days + 1)
            out.loc[day, f"distance_trend_{days}d"] = slope(np.arange(first, i + 1), km.to_numpy()[first : i + 1])
        week = tss.to_numpy()[max(0, i - 6) : i + 1]
        full, equal = len(week) == 7 and not week_share.iloc[i] > options["unknown_load_max_share"], week.min() == week.max()
        out.loc[day, "training_monotony_7d"] = week.mean() / week.std() if full and not equal else math.nan
        out.loc[day, "training_strain_7d"] = week.sum() * out.loc[day, "training_monotony_7d"]
        out.loc[day, "equal_week"] = full and equal and week[0] > 0
    n = np.arange(1, len(calendar) + 1)
    expected = np.minimum(n, 30) * options["expected_days_per_week"] / 7
    out["consistency_score"] = 100 * np.minimum(1, total(active, 30) / expected)
    out["rest_days_14d"] = np.minimum(n, 14) - total(active, 14)
    out["unknown_load_42d"] = total(unknown, 42)
    out["unknown_load_share_42d"] = share(42)
    out["history_days"] = n
    out["is_overtraining_risk"] = (
        ((out["acwr"] > options["acwr_risk_threshold"]) & (out["history_days"] >= options["acwr_min_history_days"]))
        | (out["training_monotony_7d"] > options["monotony_risk_threshold"])
        | out.pop("equal_week").astype(bool)
    ).astype(float)
    out.loc[untold, ["tsb", "acwr", "tsb_ewma", "acwr_ewma", "is_overtraining_risk"]] = math.nan
    out.insert(0, "as_of_date", calendar.strftime("%Y-%m-%d"))
    out.insert(0, "athlete_id", rows[0][0])
    return out.reset_index(drop=True)


def reference(rows, **options):
    athletes = sorted({r[0] for r in rows}, key=lambda x: (isinstance(x, str), x))
    return pd.concat([reference_of_athlete([r for r in rows if r[0] == a], **options) for a in athletes], ignore_index=True)
