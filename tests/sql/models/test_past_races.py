"""A runner's own races, each predicted from what was known the day before."""

import datetime
import functools
import json
import random

import numpy as np
import pytest

from helpers.athletes import evidence, formulas, future, lab
from helpers.machine.soak import soak


HISTORY = "SELECT * FROM time_estimator_rows WHERE source = 'history' ORDER BY as_of_date, distance_class"


@functools.lru_cache(maxsize=None)
def history():
    db = lab.copy()
    found = lab.rows(db, HISTORY)
    db.close()
    return found


# --- nothing of the race or after it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("race", [race if place < 3 else soak(race) for place, race in enumerate(random.Random(7).sample(range(35), 10))])
def test_a_race_is_predicted_from_the_same_bytes_whatever_it_and_the_days_after_it_brought(race):
    row = history()[race]
    _, garbage = future.worlds(row["as_of_date"])
    found = {(r["as_of_date"], r["distance_class"]): r for r in lab.rows(lab.database(garbage, names=lab.EVIDENCE), HISTORY)}
    mutated = found[row["as_of_date"], row["distance_class"]]
    assert mutated.pop("seconds") != row["seconds"]
    assert mutated == {k: v for k, v in row.items() if k != "seconds"}
    assert [found[r["as_of_date"], r["distance_class"]] for r in history()[:race]] == history()[:race]
    assert row["available_at"] == row["event_timestamp"]


def test_a_row_counts_as_known_from_the_correction_of_what_it_rests_on():
    db = lab.copy("quick")
    race = next(a for a in lab.runner_activities() if a.get("workout_type") == 1 and a["start_date"] < "2022-02-07")
    lab.put(db, dict(race, elapsed_time=race["elapsed_time"] + 30), received_at="2025-12-24T00:00:00Z")
    lab.run(db, lab.EVIDENCE)
    found = lab.rows(db, HISTORY)
    assert {r["available_at"] for r in found if r["as_of_date"] > race["start_date"][:10]} == {"2025-12-24T00:00:00Z"}
    assert [r for r in found if r["as_of_date"] < race["start_date"][:10]] == [r for r in history() if r["as_of_date"] < race["start_date"][:10]]


# --- the evidence, a second time -------------------------------------------------------------------------------------


def known_before(db, row):
    """(metres, seconds, days ago, whether a race, by what logarithm slower by now) of what counts as evidence, by the rule in stage 500."""
    day = datetime.date.fromisoformat(row["as_of_date"])
    days_ago = lambda date: (day - datetime.date.fromisoformat(date)).days
    metres = dict(db.execute("SELECT distance_class, distance_m FROM race_distances"))
    activities = dict(db.execute("SELECT as_of_date, activities_90d FROM athlete_rolling_features"))
    slower = functools.lru_cache(lambda date: after_break(activities, date, day))
    worth = lambda m, s, by: formulas.vdot(m, s * np.exp(by or 0.0))
    so_far = lambda date: None if slower(date) is None else slower(date) * weight(activities, date, day)
    races = [(metres[c], s, days_ago(d), True, so_far(d)) for c, s, d, at in db.execute(
        "SELECT distance_class, seconds, race_date, available_at FROM race_results") if 0 < days_ago(d) <= 730 and at <= row["event_timestamp"]]
    runs = [((m, float(s), days_ago(d), False, slower(d) if days_ago(d) > 90 else None), doubt) for m, s, d, end, doubt in db.execute(
        "SELECT distance_m, elapsed_s, local_date, end_time, is_manual OR is_indoor OR coalesce(max_speed_m_s, 0) > 9 OR elapsed_s - moving_s > 0.04 * elapsed_s"
        " FROM silver_strava_activities WHERE is_run AND NOT is_flagged AND distance_m >= 5000"
        " AND moving_s >= 1200 AND activity_id NOT IN (SELECT activity_id FROM race_results)")
        if (0 < days_ago(d) <= 90 or 90 < days_ago(d) <= 730 and slower(d) is not None) and end <= row["event_timestamp"]]
    recent, former = (best_of(sorted(((worth(r[0], r[1], r[4]), r, doubt) for r, doubt in runs if (r[2] > 90) == is_former), reverse=True)) for is_former in (False, True))
    found = races + [r for _, r in recent] + [r for v, r in former if not recent or v > recent[0][0]]
    enduring = [2 * 0.043 * max(0, np.log(f[0] / 10000)) * any(o is not f and f[0] <= row["distance_m"] and o[0] == f[0] and abs(behind(o, row) - behind(f, row)) <= 0.04 for o in found) for f in found]
    return [f for f, more in zip(found, enduring) if all(behind(f, row) - behind(o, row) <= (0.04 if o[3] else 0.06) + more + 0.05 / 365 * max(0, o[2] - f[2]) for o in found)]


def behind(known, row):
    """By what logarithm a piece of evidence is slower than volume alone would say; a run in training is taken as 5 % slower than a race."""
    metres, seconds, _, is_race, slower = known
    expected = evidence.prior(runner_of(row["weekly_km"]), np.log(metres / 10000))
    return np.log(seconds) + (slower or 0.0) - (0 if is_race else 0.05) - expected


def runner_of(weekly_km):
    return dict.fromkeys(["max", "age", "female", "bmi", "endurancespeed", "sprint", "tempo"], "") | {"typical": weekly_km / 1.609344}


def best_of(runs):
    """The best run that another one is near, or the middle of those that stand alone: (VDOT, run), or nothing."""
    backed = [v for (v, *_), (below, *_) in zip(runs, runs[1:]) if v <= below * 1.03]
    alone = sorted(v for v, _, doubt in runs if not doubt)
    shown = backed[0] if backed else alone[0] if 0 < len(alone) < 3 else np.quantile(alone, 0.5) if alone else 0
    return [(v, run) for v, run, _ in runs if v <= shown][:1]


def weight(activities, date, day):
    """How much of a break there has been since: 0 while half of the training is kept up, 1 from a quarter on."""
    eve = (day - datetime.timedelta(1)).isoformat()
    most = max((n for d, n in activities.items() if date <= d <= eve), default=0)
    return min(1.0, max(0.0, 2 - 4 * activities.get(eve, 0) / most)) if most else 0.0


def after_break(activities, date, day):
    """The logarithm by which what was shown on a date is slower on a day after a break, or None without one."""
    eve = (day - datetime.timedelta(1)).isoformat()
    most = max((n for d, n in activities.items() if date <= d <= eve), default=0)
    if 2 * activities.get(eve, 0) >= most:
        return None
    return 0.07 * (1 - activities[eve] / most) - 0.8 * np.log(0.9) / 365 * (day - datetime.date.fromisoformat(date)).days


def tanda(db, row):
    """A marathon by Tanda (2011) from what was run in the 56 days before and its variance, or two of None where that was on fewer than 8 days."""
    since = (datetime.date.fromisoformat(row["as_of_date"]) - datetime.timedelta(56)).isoformat()
    runs = [r for r in db.execute("SELECT activity_date, distance_km, moving_time_min, pace_min_km FROM activity_features WHERE is_run") if since <= r[0] < row["as_of_date"]]
    if row["distance_class"] != "42k" or len({day for day, *_ in runs}) < 8:
        return None, None
    days = {day: [(km, minutes) for d, km, minutes, pace in runs if d == day and pace is not None] for day, *_ in runs}
    pace_s_km = 60 * np.median([sum(minutes for _, minutes in paced) / sum(km for km, _ in paced) for paced in days.values() if paced])
    return 42.195 * (17.1 + 140 * np.exp(-0.0053 * sum(km for _, km, *_ in runs) / 8) + 0.55 * pace_s_km), 0.12**2 / min(1, (len({day for day, *_ in runs}) - 7) / 9)


def test_base_and_baselines_of_every_past_race_are_those_of_the_formulas():
    db = lab.copy()
    runs = db.execute("SELECT local_date, distance_m FROM silver_strava_activities WHERE is_run").fetchall()
    activities = dict(db.execute("SELECT as_of_date, activities_90d FROM athlete_rolling_features"))
    assert len(history()) == 35
    for row in history():
        found, target, day = known_before(db, row), row["distance_m"], datetime.date.fromisoformat(row["as_of_date"])
        since = (datetime.date.fromisoformat(row["as_of_date"]) - datetime.timedelta(90)).isoformat()
        weekly = sum(m for d, m in runs if since <= d < row["as_of_date"]) / 1000 * 7 / 90
        assert row["weekly_km"] == pytest.approx(weekly, rel=1e-9)
        assert row["n_evidence"] == len(found)

        metres, seconds, ago, is_race, slower = (np.array(c, float) for c in zip(*((*f[:4], f[4] or 0.0) for f in found)))
        runner = runner_of(weekly)
        x = np.log(metres / 10000)
        ln_s, (trained, trained_variance) = np.log(seconds) + slower - np.where(is_race == 1, 0, 0.05), tanda(db, row)
        level = 0.11 / np.sqrt(1 - 0.75 * max(weight(activities, since, day) for since in activities if 0 < (day - datetime.date.fromisoformat(since)).days <= 730))
        variance_by = [1 if raced or since_days <= 90 else weight(activities, (day - datetime.timedelta(int(since_days))).isoformat(), day) for raced, since_days in zip(is_race, ago)]
        variance = evidence.noise(x) + np.where(is_race == 1, 0, 0.0016) + np.where((is_race == 1) | (ago > 90), 0.004 * ago / 90, 0)
        variance = variance / variance_by
        assert row["tanda_s"] == (None if trained is None else pytest.approx(trained, rel=1e-9))
        fit = functools.partial(evidence.estimate, x=x, ln_s=ln_s, variance=variance, x_asked=np.log(target / 10000), level=level)
        line, endurance, uncertainty = fit(lambda at: evidence.prior(runner, at))
        assert [row["endurance"], row["uncertainty"]] == pytest.approx([endurance, uncertainty], rel=1e-9, abs=1e-9)
        if trained is not None:  # one observation more, at the distance asked for
            x, ln_s, variance = np.append(x, np.log(4.2195)), np.append(ln_s, np.log(trained)), np.append(variance, trained_variance)
            fit = functools.partial(evidence.estimate, x=x, ln_s=ln_s, variance=variance, x_asked=np.log(4.2195), level=level)
        base = fit(lambda at: evidence.prior(runner, at))[0]
        assert row["base_ln_s"] == pytest.approx(base, rel=1e-9)
        more = runner | {"typical": ((weekly + 10) * np.exp(1e-4) - 10) / 1.609344}
        assert row["volume_effect"] == pytest.approx((fit(lambda at: evidence.prior(more, at))[0] - base) / 1e-4, rel=1e-5, abs=1e-9)

        vdots = [formulas.vdot(m, s * np.exp(by)) for m, s, by in zip(metres, seconds, slower)]
        one = min(range(len(found)), key=lambda i: (ago[i] > 365, -vdots[i], metres[i], seconds[i]))
        assert row["riegel_s"] == pytest.approx(formulas.riegel(seconds[one], metres[one], target), rel=1e-9)
        assert row["vdot_s"] == pytest.approx(formulas.vdot_time(formulas.vdot(metres[one], seconds[one]), target), rel=1e-9)
        marathon = row["distance_class"] == "42k"
        assert (row["vickers_one_race_s"] is None) == (not marathon)
        if marathon:
            assert row["vickers_one_race_s"] == pytest.approx(formulas.vickers_one_race(seconds[one], metres[one], weekly), rel=1e-9)
            raced = [i for i in range(len(found)) if is_race[i]]
            best = {metres[i]: max((j for j in raced if metres[j] == metres[i]), key=vdots.__getitem__) for i in raced}
            two = [(m, seconds[best[m]]) for m in sorted(best, reverse=True)[:2]]
            assert (row["vickers_two_races_s"] is None) == (len(two) < 2)
            if len(two) == 2:
                assert row["vickers_two_races_s"] == pytest.approx(formulas.vickers_two_races(two[1], two[0], weekly), rel=1e-9)


def test_the_form_of_a_past_race_is_that_of_the_evening_before():
    db = lab.copy()
    for row in history():
        form = lab.one(db, "SELECT ctl_42d, pace_trend_30d, longest_distance_90d_km, total_elevation_30d_m / nullif(total_distance_30d_km, 0), event_timestamp"
                           " FROM athlete_rolling_features WHERE as_of_date = date(?, '-1 day')", row["as_of_date"])
        assert form == tuple(row[c] for c in ("ctl_42d", "pace_trend_30d", "longest_distance_90d_km", "climb_m_per_km_30d", "event_timestamp"))


# --- models that had not seen it -------------------------------------------------------------------------------------


def predicted_by_year(db, gap_days):
    """Each past race by a model of its year, trained on the survey and on races at least gap_days older than the year."""
    specification = lab.specification()
    columns = ", ".join(lab.FEATURES)
    names = f"INSERT INTO temp.training SELECT source, as_of_date, seconds, base_ln_s, {columns} FROM time_estimator_rows"
    db.execute(f"CREATE TEMP TABLE training AS SELECT source, as_of_date, seconds, base_ln_s, {columns} FROM time_estimator_rows WHERE false")
    found = {}
    for year in sorted({r["as_of_date"][:4] for r in history()}):
        before = (datetime.date(int(year), 1, 1) - datetime.timedelta(gap_days)).isoformat()
        db.execute("DELETE FROM temp.training")
        db.execute(f"{names} WHERE seconds IS NOT NULL AND evidence <> 'none' AND (source = 'survey' OR as_of_date < ?)", (before,))
        centre = lab.one(db, "SELECT quantile(portable_ln(seconds) - base_ln_s, 0.5) FROM temp.training")
        options = json.dumps(specification["learner"]["options"] | {"base_score": centre, "feature_names": lab.FEATURES})
        clip = specification["label_clip"]
        model = lab.one(db, f"SELECT gbdt_train(?, min(max(portable_ln(seconds) - base_ln_s, ? - ?), ? + ?), {columns}) FROM temp.training",
                        options, centre, clip, centre, clip)
        for date, distance, seconds in db.execute(
                f"SELECT as_of_date, distance_class, portable_exp(base_ln_s + gbdt_predict(?, {columns})) FROM time_estimator_rows"
                " WHERE source = 'history' AND substr(as_of_date, 1, 4) = ?", (model, year)):
            found[date, distance] = seconds
    db.execute("DROP TABLE temp.training")
    return found


def test_each_year_is_predicted_by_a_model_that_knows_races_older_than_the_gap_and_no_others():
    db = lab.copy()
    stored = {(d, c): s for d, c, s in db.execute(
        "SELECT as_of_date, distance_class, predicted_s FROM ml_validation_predictions WHERE model = 'time_estimator' AND source = 'history'")}
    assert len(stored) == 35
    assert predicted_by_year(db, 43) == stored
    assert predicted_by_year(db, 0) != stored


def test_intervals_of_past_races_are_those_of_the_survey_with_the_same_evidence():
    db = lab.copy()
    found = lab.rows(db, "SELECT v.*, d.distance_m, i.lower_ln, i.upper_ln, i.spread_power FROM ml_validation_predictions AS v JOIN race_distances AS d USING (distance_class)"
                         " JOIN ml_intervals AS i ON i.model = v.model AND i.version = v.version AND i.distance_class = d.interval_class"
                         " AND i.evidence = v.evidence WHERE v.source = 'history'")
    for row in found:
        spread = (row["predicted_s"] / (0.3 * row["distance_m"])) ** row["spread_power"]
        assert row["lower_s"] == pytest.approx(row["predicted_s"] * np.exp(row["lower_ln"] * spread), rel=1e-12)
        assert row["upper_s"] == pytest.approx(row["predicted_s"] * np.exp(row["upper_ln"] * spread), rel=1e-12)
    without = lab.rows(db, "SELECT model, evidence FROM ml_validation_predictions WHERE source = 'history' AND lower_s IS NULL")
    assert len(found) + len(without) == lab.one(db, "SELECT COUNT(*) FROM ml_validation_predictions WHERE source = 'history'")
    # The survey knows no training runs, and of no training its pace.
    assert all(w["model"] == "tanda" or w["model"] != "time_estimator" and w["evidence"] == "training_run" for w in without)


def test_the_kind_of_evidence_is_what_the_last_year_brought():
    db = lab.copy()
    kinds = set()
    for row in history():
        found = known_before(db, row)
        fresh = sum(is_race and ago <= 365 and slower is None for _, _, ago, is_race, slower in found)
        assert row["evidence"] == ("none" if not found else ("training_run", "race", "races")[min(fresh, 2)])
        kinds.add(row["evidence"])
    assert kinds >= {"training_run", "races"}


def test_errors_on_past_races_stand_beside_those_of_the_formulas():
    db = lab.copy()
    predictions = lab.rows(db, "SELECT * FROM ml_validation_predictions WHERE source = 'history'")
    classes = [c for (c,) in db.execute("SELECT distance_class FROM race_distances ORDER BY distance_m")]
    table, overall = [], {}
    for model in ("time_estimator", "riegel", "vdot", "vickers_one_race", "vickers_two_races", "tanda"):
        of = [p for p in predictions if p["model"] == model]
        error = lambda group: float(np.mean([abs(p["predicted_s"] - p["actual_s"]) for p in group])) if group else "-"
        overall[model] = float(np.mean([abs(p["predicted_s"] / p["actual_s"] - 1) for p in of])) * 100
        covered = 100 * float(np.mean([p["lower_s"] <= p["actual_s"] <= p["upper_s"] for p in of if p["lower_s"] is not None]))
        table.append([model, *(error([p for p in of if p["distance_class"] == c]) for c in classes), overall[model], covered])
    lab.report("past races: mean absolute error, s; over all: mean error, %, and coverage, %", ["", *classes, "MAPE", "covered"], table)
    for model in ("riegel", "vdot"):
        assert sum(p["model"] == model for p in predictions) == 35
        assert overall["time_estimator"] < overall[model]
