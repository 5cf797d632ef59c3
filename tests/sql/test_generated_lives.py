"""Lives at random: both conventions of form on every day and on the page, breaks of any length, and what was told on the page."""

import datetime
import math
import re

import pandas as pd
import pytest

from helpers.athletes import lab
from helpers.athletes.activities import epoch, put, seeded
from helpers.machine.soak import soak

from .test_fitness_evidence import day_of, pipeline, race_of, run_of, training
from .test_page import page, section

TO_FORM = [name for name in lab.STAGES if name <= "430_rolling_features"]
BEGIN = datetime.date(2024, 1, 1)


def loads_of(rng, kind, n):
    """The load of each of n days; 0 is a rest."""
    if kind == "constant":
        return [rng.choice([40.0, 77.5])] * n
    if kind == "an impulse":
        return [rng.uniform(50, 400)] + [0.0] * (n - 2) + [1.0]
    if kind == "a break":
        gap = rng.randint(8, max(9, n - 20))
        at = rng.randint(5, max(6, n - gap))
        return [0.0 if at <= i < min(at + gap, n - 1) else rng.uniform(20, 150) for i in range(n)]
    return [rng.choice([0.0, 0.0, rng.uniform(1, 30), rng.uniform(30, 300)]) for _ in range(n - 1)] + [55.0]


def shown(text, label):
    """The two columns of a line of FORM."""
    return [None if v == "-" else float(v) for v in re.search(rf"^  {label} +(-?[\d.]+|-) .{{14}} +(-?[\d.]+|-)", section(text, "FORM"), re.M).groups()]


@pytest.mark.parametrize("kind, seed", [*((kind, 0) for kind in ("constant", "an impulse", "a break", "any")),
                                        *(soak(kind, seed) for kind in ("constant", "an impulse", "a break", "any") for seed in range(1, 16))])
def test_both_conventions_of_form_are_those_of_pandas_on_every_day_and_on_the_page(kind, seed):
    """Loads are told, so that nothing else decides them; rides, since a runner's would be known without."""
    rng = seeded(f"form {kind} {seed}")
    loads = loads_of(rng, kind, rng.choice([3, 8, 41, 43, rng.randint(30, 90), *([400] if seed else [])]))
    rest_after = rng.choice([0, 0, 1, 30])
    loads[0] = loads[0] or 60.0
    rides = [run_of(rng, 1, i + 1, i, 6.0, sport_type="Ride") for i, load in enumerate(loads) if load]
    db = lab.new_database()
    lab.run(db, lab.BRONZE)
    put(db, rides)
    lab.run(db, TO_FORM)
    db.executemany("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('1', ?, 'load_tss', ?)",
                   [(str(i + 1), load) for i, load in enumerate(loads) if load])
    last = BEGIN + datetime.timedelta(days=len(loads) - 1 + rest_after)
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (last.isoformat(),))
    lab.run(db)
    days = pd.Series([*loads, *[0.0] * rest_after])
    means = {n: days.rolling(n, min_periods=1).mean() for n in (7, 42)}
    weighted = {n: pd.concat([pd.Series([0.0]), days]).ewm(alpha=-math.expm1(-1 / n), adjust=False).mean().iloc[1:].reset_index(drop=True) for n in (7, 42)}
    found = lab.rows(db, "SELECT * FROM athlete_rolling_features ORDER BY as_of_date")
    assert [f["as_of_date"] for f in found] == [(BEGIN + datetime.timedelta(days=i)).isoformat() for i in range(len(days))]
    for of, names in ((means, ("ctl_42d", "atl_7d", "tsb", "acwr")), (weighted, ("ctl_ewma", "atl_ewma", "tsb_ewma", "acwr_ewma"))):
        for i, f in enumerate(found):
            ctl, atl = of[42][i], of[7][i]
            assert [f[n] for n in names] == pytest.approx([ctl, atl, ctl - atl, atl / ctl if ctl > 0 else 0], rel=1e-9, abs=1e-9), (i, names)
    if kind == "constant" and not rest_after:
        assert found[-1]["ctl_ewma"] == pytest.approx(loads[0] * -math.expm1(-len(loads) / 42), rel=1e-12) and found[-1]["tsb"] == pytest.approx(0, abs=1e-9)
    text = page(db, 1)
    for label, digits, values in (("Fitness  CTL", 1, [of[42].iloc[-1] for of in (means, weighted)]), ("Fatigue  ATL", 1, [of[7].iloc[-1] for of in (means, weighted)]),
                                  ("Form     TSB", 1, [of[42].iloc[-1] - of[7].iloc[-1] for of in (means, weighted)])):
        assert shown(text, label) == pytest.approx(values, abs=0.5001 * 10 ** -digits), label
    evening = weighted[42].iloc[-2] - weighted[7].iloc[-2]
    assert float(re.search(r"TSB the evening before ([-+][\d.]+)", text)[1]) == pytest.approx(evening, abs=0.0501)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 13))])
def test_after_breaks_of_any_length_the_threshold_is_near_the_last_own_one(seed):
    """A few breaks in one life, of a week to a year and a half; what is jogged after each proves little."""
    rng = seeded(f"breaks {seed}")
    histories = []
    for athlete in range(1, 9 if seed else 3):
        speed, begin, runs = rng.uniform(2.4, 4.2), 0, []
        for stretch in range(rng.randint(2, 3)):
            part = training(rng, athlete, speed if not stretch else speed * rng.uniform(0.6, 0.8), n=rng.randint(12, 40) if not stretch else rng.randint(1, 8), spread=0.03)
            for a in part:
                a |= {"id": 10_000 * athlete + 100 * stretch + len(runs), "start_date": run_of(rng, athlete, 0, begin + day_of(a), 3.0)["start_date"]}
                runs.append(a)
            begin = day_of(runs[-1]) + rng.choice([rng.randint(8, 60), rng.randint(85, 95), rng.randint(180, 560)])
            if begin > 640:  # the file is of the end of 2025
                break
        histories.append(runs)
    found = lab.rows(pipeline(*histories), "SELECT athlete_id, activity_date, threshold_pace_min_km AS pace, threshold_source AS source FROM activity_features ORDER BY athlete_id, event_timestamp")
    breaks = 0
    for athlete, runs in enumerate(histories, 1):
        of = [f for f in found if f["athlete_id"] == str(athlete)]
        assert len(of) == len(runs)
        for (a, f), (b, g) in zip(zip(runs, of), list(zip(runs, of))[1:]):
            if day_of(b) - day_of(a) >= 8 and f["source"] == "history":
                breaks += 1
                assert g["source"] == "history" and 1 / 1.15 <= g["pace"] / f["pace"] <= 1.15, (athlete, f, g)
    assert breaks >= len(histories)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 13))])
def test_a_page_says_what_was_told_after_every_import_and_nothing_of_what_was_taken_back(seed):
    """Names, races and what is another person's, told and taken back in any order, with all of it imported again between."""
    rng = seeded(f"told on the page {seed}")
    runs = training(rng, 1, 3.0, n=24, spread=0.02)
    raced = [race_of(rng, 1, 990_000 + i, 60 + 3 * i, rng.uniform(3.1, 3.4)) | {"workout_type": 0, "name": f"nobody's race {i}"} for i in range(3)]
    activities = {a["id"]: a for a in [*runs, *raced]}
    db = lab.new_database()
    lab.run(db, lab.BRONZE)
    put(db, list(activities.values()))
    lab.run(db)
    mine, races, name = {a: True for a in activities}, dict.fromkeys((a["id"] for a in raced), False), None
    for _ in range(rng.randint(2, 4) if seed else 2):
        for _ in range(rng.randint(1, 5)):
            what = rng.choice(["mine", "race", "name"])
            if what == "mine":
                which = rng.choice(list(activities))
                mine[which] = not mine[which]
                db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('1', ?, 'is_mine', ?)", (str(which), None if mine[which] else 0))
            elif what == "race":
                which = rng.choice(list(races))
                races[which] = not races[which]
                db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('1', ?, 'is_race', ?)", (str(which), 1 if races[which] else None))
            else:
                name = rng.choice(["Ann", "João", None])
                db.execute("INSERT INTO athlete_names (athlete_id, name) VALUES ('1', ?)", (name,))
        put(db, rng.sample(list(activities.values()), rng.randint(1, len(activities))))
        lab.run(db)
        text = page(db, 1)
        kept = [a for a in activities.values() if mine[a["id"]]]
        assert f"Athlete {name + ', 1' if name else '1'}: {len(kept)} activities from " in text
        n = sum(races[a] and mine[a] for a in races)
        assert re.search(rf"^  {len(kept)} runs over \d+ km, {n} race result{'' if n == 1 else 's'}$", text, re.M), text[:300]
        last = max(epoch(a["start_date"]) for a in kept)
        assert f" to {datetime.datetime.fromtimestamp(last, datetime.timezone.utc):%Y-%m-%d}" in text.splitlines()[0 if text.startswith("Athlete") else 1]
