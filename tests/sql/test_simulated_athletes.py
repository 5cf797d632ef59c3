"""The simulated athletes are the same everywhere, live plausibly, and what was planted in them is found by tools that did not plant it."""

import ast
import collections
import dataclasses
import json
import math
import os
import random
import statistics
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers import simulated, stages
from helpers.athletes.activities import pipeline, runner_objects
from helpers.extension import ROOT
from helpers.simulated import World, life, numbers, plan, simulate

ATHLETES, DAYS = 16, 560


@pytest.fixture(scope="module")
def lived():
    return simulate(World(seed=3), ATHLETES, DAYS)


def runs_of(truth):
    return {key: outing for key, outing in truth.outings.items() if outing.kind != "ride"}


# --- the same everywhere --------------------------------------------------------------------------------------------


def test_one_seed_gives_the_same_bytes_in_any_process_and_another_seed_gives_others():
    printed = [
        subprocess.run([sys.executable, "-m", "helpers.simulated", "2", "90", seed], cwd=ROOT / "tests", check=True, capture_output=True,
                       env=os.environ | {"PYTHONHASHSEED": hash_seed}).stdout
        for seed, hash_seed in (("5", "1"), ("5", "2"), ("6", "1"))]  # fmt: skip
    assert printed[0] == printed[1] != printed[2]
    here = simulate(World(seed=5), 2, 90)[0]
    assert [json.loads(line)["body"] for line in printed[0].splitlines()] == [arrival.body for arrival in here]


def test_no_number_comes_from_a_function_that_differs_between_machines():
    stable = {"frexp", "ldexp", "random", "shuffle", "Random"}
    for path in (ROOT / "tests" / "helpers" / "simulated").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("math", "random", "rng"):
                assert node.attr in stable, f"{path.name}: {node.value.id}.{node.attr}"
            assert not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow), path.name


def test_the_functions_of_its_own_are_those_of_libm():
    rng = random.Random(1)
    for _ in range(2000):
        x, y = rng.uniform(1e-6, 50000), rng.uniform(-8, 8)
        assert numbers.ln(x) == pytest.approx(math.log(x), rel=1e-13, abs=1e-15)
        assert numbers.exp(y) == pytest.approx(math.exp(y), rel=1e-13)
        assert numbers.power(x, y / 4) == pytest.approx(x ** (y / 4), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_longer_horizon_only_appends(seed):
    rng = random.Random(seed)
    days, more, world = rng.randrange(1, 120), rng.randrange(1, 90), World(seed=seed, late=0.3)
    (short, truth), (long, later) = simulate(world, 6, days), simulate(world, 6, days + more)
    assert long[: len(short)] == short
    for part in ("outings", "races", "duplicates"):
        before = getattr(truth, part)
        assert {k: v for k, v in getattr(later, part).items() if k in before} == before
    assert [d for d in later.days if d in set(truth.days)] == truth.days and set(truth.breaks) <= set(later.breaks)


def test_more_athletes_leave_the_others_as_they_were():
    few, many = simulate(World(seed=9), 2, 60)[0], simulate(World(seed=9), 5, 60)[0]
    assert [a for a in many if a.body.get("athlete", a.body)["id"] <= 2] == few


# --- plausible ------------------------------------------------------------------------------------------------------


def test_an_activity_has_the_fields_and_types_of_a_real_one(lived):
    real = collections.defaultdict(set)
    for body in runner_objects()[0]:
        for key, value in body.items():
            real[key].add(type(value))
    whole_or_real = {int, float}
    for arrival in lived[0][ATHLETES:]:
        for key, value in arrival.body.items():
            assert type(value) in real[key] or (type(value) in whole_or_real and real[key] & whole_or_real), (key, value)


def test_amateurs_run_the_distances_and_paces_of_amateurs_and_rest(lived):
    arrivals, truth = lived
    bodies = pd.DataFrame([a.body for a in arrivals[ATHLETES:]])
    runs = bodies[bodies.type == "Run"]
    km, pace = runs.distance / 1000, runs.moving_time / 60 / (runs.distance / 1000)
    assert 5 < km.median() < 12 and km.quantile(0.01) > 1.5 and km.max() < 45
    assert 4.5 < pace.median() < 7.5 and pace.min() > 2.9 and pace.max() < 13
    assert 1.5 < len(runs) / ATHLETES / (DAYS / 7) < 5.5
    for who in truth.athletes:
        days = [d for d in truth.days if d.athlete_id == who.id]
        assert len(days) == DAYS
        assert 0.15 < statistics.mean(d.load == 0 for d in days) < 0.8
        assert all(d.load == 0 for d in days if d.state != "well")
    hearts = bodies.dropna(subset=["average_heartrate"])
    assert (hearts.average_heartrate <= hearts.max_heartrate).all() and hearts.max_heartrate.max() <= 205
    assert 0 < hearts.shape[0] < bodies.shape[0]


def test_cycles_ease_off_before_the_race_that_they_lead_to(lived):
    world = World(seed=3)
    for who in lived[1].athletes:
        for cycle in plan.cycles(world, who, DAYS // 7):
            last = cycle.first_week + cycle.weeks - 1
            assert plan.session(world, who, 7 * last + 6).race == cycle.goal
            assert plan.load_of_week(cycle, last) < 0.65 * max(plan.load_of_week(cycle, w) for w in range(cycle.first_week, last))


def test_every_stage_takes_them_and_finds_the_races(lived):
    arrivals, truth = lived
    some = [a for a in arrivals if a.body.get("athlete", a.body)["id"] <= 4]
    db = pipeline([a.body for a in some])
    stages.run(db, ["450_race_results"])
    assert db.execute("SELECT rule, reason FROM silver_rejects").fetchall() == []
    kept = {int(r[0]) for r in db.execute("SELECT activity_id FROM silver_strava_activities")}
    assert kept >= {a.body["id"] for a in some if "athlete" in a.body} - truth.duplicates.keys()
    metres = {"5k": 5000, "10k": 10000, "21k": 21097.5, "42k": 42195}
    found = {int(r[0]): metres[r[1]] for r in db.execute("SELECT activity_id, distance_class FROM race_results")}
    raced = {key: m for key, m in truth.races.items() if key in kept}
    assert len(raced) > 5 and {k: m for k, m in found.items() if k in raced} == raced


# --- true -----------------------------------------------------------------------------------------------------------


def test_fitness_and_fatigue_are_banisters_sums_over_the_loads(lived):
    for who in lived[1].athletes[:5]:
        days = pd.DataFrame([dataclasses.asdict(d) for d in lived[1].days if d.athlete_id == who.id])
        for state, constant in (("fitness", who.fitness_days), ("fatigue", who.fatigue_days)):
            alone = pd.concat([days[state][:1], days.load]).ewm(alpha=1 / constant, adjust=False).mean()
            np.testing.assert_allclose(days[state], alone.iloc[:-1], rtol=1e-9)
        level = who.base_speed * (1 + who.fitness_gain * days.fitness - who.fatigue_cost * days.fatigue)
        well = (days.state == "well") & ~(days.state.shift(1, fill_value="well") != "well").rolling(8, min_periods=1).max().astype(bool)
        np.testing.assert_allclose(days.threshold_pace_min_km[well], 1000 / 60 / level[well], rtol=1e-9)


@pytest.mark.parametrize("heat, climb", [(0.003, 0.004), (0.008, 0.0), (0.0, 0.009), (0.0, 0.0)])
def test_what_heat_and_climb_cost_is_found_in_the_recordings(heat, climb):
    world = World(seed=11, heat_per_degree=heat, climb_per_m_km=climb)
    arrivals, truth = simulate(world, 12, 500)
    recorded, rows = {a.body["id"]: a.body for a in arrivals}, []
    threshold = {(d.athlete_id, d.date): d.threshold_pace_min_km for d in truth.days}
    for key, outing in truth.outings.items():
        if outing.kind in ("easy", "recovery", "long", "tempo", "intervals") and key in recorded:
            body = recorded[key]
            factor = plan.FACTOR_OF_THRESHOLD[outing.kind]
            pace = body["moving_time"] / 60 / (body["distance"] / 1000)
            expected = threshold[outing.athlete_id, body["start_date_local"][:10]] / factor
            rows.append([math.log(pace / expected), max(0, body["average_temp"] - 15), body["total_elevation_gain"] / (body["distance"] / 1000)]
                        if "average_temp" in body else [])  # fmt: skip
    y, warm, steep = np.array([r for r in rows if r]).T
    fitted, *_ = np.linalg.lstsq(np.column_stack([warm, steep, np.ones_like(warm)]), y, rcond=None)
    assert fitted[0] == pytest.approx(heat, abs=0.0009) and fitted[1] == pytest.approx(climb, abs=0.0009)


def test_race_times_keep_riegels_law_and_the_fitness_of_the_day():
    world = World(seed=4, heat_per_degree=0, climb_per_m_km=0)
    _, truth = simulate(world, 12, 700)
    days = {(d.athlete_id, d.date): d for d in truth.days}
    start = pd.Timestamp(world.begin)
    for outing in (truth.outings[key] for key in truth.races):
        who = truth.athletes[outing.athlete_id - 1]
        day = days[who.id, f"{start + pd.Timedelta(days=outing.day):%Y-%m-%d}"]
        hour_m = 60 / day.threshold_pace_min_km * 1000
        assert outing.expected_s == pytest.approx(3600 * (outing.distance_m / hour_m) ** who.endurance, rel=1e-9)


@pytest.mark.parametrize("power", [0.0, 3.0, 5.0])
def test_breaks_come_as_often_as_their_chance_and_follow_fatigue_only_where_that_was_planted(power):
    world = World(seed=21, break_by_ratio=power, illness_per_day=0, break_per_day=1 / 150)
    _, truth = simulate(world, 50, 500)
    well = [d for d in truth.days if d.break_chance > 0]
    expected, spread = sum(d.break_chance for d in well), math.sqrt(sum(d.break_chance * (1 - d.break_chance) for d in well))
    begins = {(b.athlete_id, b.begins) for b in truth.breaks}
    assert len(begins) > 60
    beginnings = [d for d in truth.days if (d.athlete_id, d.date) in begins]
    assert abs(len(begins) - expected) < 4 * spread
    ratio = lambda days: statistics.mean(d.fatigue / d.fitness for d in days)
    assert (ratio(beginnings) > 1.04 * ratio(well)) == (power > 0)


def test_second_recordings_are_as_many_as_asked_and_close_to_the_first(lived):
    arrivals, truth = simulate(World(seed=8, duplicated=0.2, late=0), 6, 300)
    bodies = {a.body["id"]: a.body for a in arrivals[6:]}
    pairs = [(bodies[k], bodies[o]) for k, o in truth.duplicates.items() if k in bodies]
    assert 0.15 < len(truth.duplicates) / len(truth.outings) < 0.25
    for again, first in pairs:
        apart = abs(pd.Timestamp(again["start_date"]) - pd.Timestamp(first["start_date"])).total_seconds()
        assert apart <= 90 and abs(again["distance"] / first["distance"] - 1) < 0.06 and again["id"] != first["id"]
    assert any(a == f | {"id": a["id"]} for a, f in pairs) and any("average_heartrate" not in a and "average_heartrate" in f for a, f in pairs)
    assert not simulate(World(seed=8, duplicated=0), 6, 100)[1].duplicates


def test_late_ones_arrive_late_and_the_others_within_the_hour():
    for share in (0.0, 0.3):
        arrivals, truth = simulate(World(seed=2, late=share), 5, 400)
        delay = [(pd.Timestamp(a.received_at) - pd.Timestamp(a.body["start_date"])).total_seconds() - a.body["elapsed_time"] for a in arrivals[5:]]
        assert min(delay) >= 20
        assert statistics.mean(d > 3600 for d in delay) == pytest.approx(share, abs=0.06)


def test_the_truth_stays_out_of_what_arrives(lived):
    known = {field.name for kind in (life.Day, life.Outing, life.Break) for field in dataclasses.fields(kind)} - {"kind", "race", "days"}
    for arrival in lived[0]:
        assert not known & arrival.body.keys()
    assert all(simulated.person(who)["firstname"].startswith("Simulated") for who in lived[1].athletes)
