"""What a runner asks, the assistant's door answers in at most three calls, with the numbers of the page and the rows they came from."""

import asyncio
import json
import math
import re
import shutil
import sqlite3

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.stores import asked
from helpers.tools import tool

def of(answer, part, **where):
    """The first row of a part with these values."""
    return next(row for row in answer["answer"][part] if all(row[name] == value for name, value in where.items()))


def estimate(answer, distance, model="time_estimator"):
    return of(answer, "estimates", distance=distance, model=model)


# What is asked, the calls, and what of the answers stands on the page as it is printed there.
QUESTIONS = [
    ("How fit am I?", [("how_am_i", {})], lambda a: [rf"Fitness  CTL +{of(a, 'evening')['ctl_42d']:.1f} .* {of(a, 'evening')['ctl_ewma']:.1f} "]),
    ("How tired am I?", [("how_am_i", {})], lambda a: [rf"Fatigue  ATL +{of(a, 'evening')['atl_7d']:.1f} .* {of(a, 'evening')['atl_ewma']:.1f} "]),
    ("Am I fresh or worn out?", [("how_am_i", {})], lambda a: [rf"Form     TSB +{of(a, 'evening')['tsb']:.1f} .* {of(a, 'evening')['tsb_ewma']:.1f} .* {of(a, 'evening')['form']}, or {of(a, 'evening')['form_weighted']}"]),
    ("Do I do too much at once?", [("how_am_i", {})], lambda a: [rf"Ratio   ACWR +{of(a, 'evening')['acwr']:.2f} .* {of(a, 'evening')['acwr_ewma']:.2f} "]),
    ("How much did I rest?", [("risk", {})], lambda a: [rf"{of(a, 'today')['rest_days_14d']} rest days in the last 14"]),
    ("On how many days was I at risk?", [("risk", {"days": 28})], lambda a: [rf"{sum(row['is_overtraining_risk'] or 0 for row in a['answer']['flagged_days'])} of the last 28 days flagged"]),
    ("Since when, and why?", [("risk", {"days": 28})], lambda a: [rf"! {(row := a['answer']['stretches'][0])['first_date']} to {row['last_date']} .* ratio up to {row['highest_acwr']:.2f} is above {of(a, 'limits', name='acwr_risk_threshold')['value']:.1f}"]),
    ("How were my last weeks?", [("weeks", {"weeks": 8})], lambda a: [rf"{row['week_start']} .* {row['weekly_tss']:.0f} +{row['weekly_activities']} +{row['avg_pace_week_text']} +{row['training_monotony']:.2f}" for row in a["answer"]["weeks"]]),
    ("What can I run over 5 km?", [("race_estimates", {"distance": "5 km"})], lambda a: [rf"5 km +{estimate(a, '5 km')['time']} +{estimate(a, '5 km')['lower']} to +{estimate(a, '5 km')['upper']} "]),
    ("What over 10 km?", [("race_estimates", {"distance": "10k"})], lambda a: [rf"10 km +{estimate(a, '10 km')['time']} +{estimate(a, '10 km')['lower']} to +{estimate(a, '10 km')['upper']} "]),
    ("And the half?", [("race_estimates", {})], lambda a: [rf"half-marathon +{estimate(a, 'half-marathon')['time']} +{estimate(a, 'half-marathon')['lower']} to +{estimate(a, 'half-marathon')['upper']} "]),
    ("What do the formulas say of a marathon?", [("race_estimates", {"distance": "marathon"})], lambda a: [rf"marathon .* {estimate(a, 'marathon', 'riegel')['time']} +{estimate(a, 'marathon', 'vdot')['time']} +{estimate(a, 'marathon', 'vickers_two_races')['time']}"]),
    ("Which result does the estimate rest on?", [("why_estimate", {"distance": "marathon"}), ("races", {"limit": 100})], lambda a, b: [rf"from {of(a, 'inputs')['inputs']['n_evidence']} results, best of all the race of {of(a, 'evidence')['local_date']}: .* in {of(b, 'races', activity_id=of(a, 'evidence')['activity_id'])['time']}, "]),
    ("How good are your estimates for me?", [("model_record", {})], lambda a: [rf"this athlete {name} +{(row := of(a, 'own_errors', model='time_estimator', distance_class=kind))['races']} +{row['median_error']} +{row['in_interval_pct']:.0f} %" for name, kind in (("5 km", "5k"), ("10 km", "10k"), ("half-marathon", "21k"), ("marathon", "42k"))]),
    ("And for others?", [("model_record", {})], lambda a: [rf"survey +{name} +{(row := of(a, 'race_time_errors', model='time_estimator', distance_class=kind))['n']} +{row['mean_error']} +{row['coverage_pct']:.0f} %" for name, kind in (("5 km", "5k"), ("10 km", "10k"), ("half-marathon", "21k"), ("marathon", "42k"))]),
    ("Why was this model taken?", [("model_record", {})], lambda a: [rf"model version {(row := of(a, 'champions', model='time_estimator'))['version']} accepted: 10K error of {float(re.search(' is ([0-9.]+), asked', row['reason'])[1]):.1f} s on runners"]),
    ("What shall I do tomorrow?", [("next_workout", {})], lambda a: [rf"NEXT WORKOUT on {(row := of(a, 'workout'))['recommendation_date']}: {row['recommended_workout_type']}, {row['duration']:.0f} min at {100 * row['intensity']:.0f} % of threshold speed, {row['pace_text']} min/km"]),
    ("How many races have I run?", [("query", {"sql": "SELECT COUNT(*) FROM race_results"})], lambda a: [rf"{a['rows'][0][0]} race results"]),
    ("How much have I run at all?", [("find_activities", {}), ("query", {"sql": "SELECT CAST(SUM(distance_m) / 1000 AS INTEGER) FROM silver_trainings WHERE is_run"})], lambda a, b: [rf"{of(a, 'of_all')['activities']} activities from {of(a, 'of_all')['first']} to {of(a, 'of_all')['last']}", rf" runs over {b['rows'][0][0]} km"]),
    ("Was there a race that I forgot to tag?", [("races", {})], lambda a: [rf"{row['local_date']} .* {row['time']}  activity {row['activity_id']} " for row in a["answer"]["looks_like_a_race_and_is_not_tagged"]]),
    ("When did I last train?", [("how_am_i", {})], lambda a: [rf"to {of(a, 'last_activity')['local_date']}\n"]),
    ("How did my longest run of the year compare with similar ones?", [("find_activities", {"since": "2025-01-01", "sport": "Run", "order": "longest", "limit": 1}), ("activity", {"activity_id": "?"})], lambda a, b: []),
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    copy = tmp_path_factory.mktemp("asked") / "athlete.db"
    shutil.copy(demo.database(), copy)
    return copy


@pytest.fixture(scope="module")
def page(path):
    return tool("page", path).stdout


@pytest.fixture(scope="module")
def answered(path):
    """All at once, over one connection."""
    calls = [call for _, calls, _ in QUESTIONS for call in calls if call[1].get("activity_id") != "?"]
    answers = dict(zip(map(repr, calls), asked.ask(asked.stdio(path), *calls)))
    longest = of(answers[repr(QUESTIONS[-1][1][0])], "activities")["activity_id"]
    (answers[repr(QUESTIONS[-1][1][1])],) = asked.ask(asked.stdio(path), ("activity", {"activity_id": longest}))
    return answers


@pytest.mark.parametrize("question, calls, told", QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_a_question_is_answered_by_three_calls_at_most_with_the_numbers_of_the_page(answered, page, question, calls, told):
    answers = [answered[repr(call)] for call in calls]
    assert 1 <= len(calls) <= 3 and not any(isinstance(answer, asked.Refusal) for answer in answers), answers
    for pattern in told(*answers):
        assert re.search(pattern, page), f"{pattern} is not on the page"


def test_the_rows_that_an_answer_names_are_those_that_it_tells_of(path, answered):
    db = sqlite3.connect(path)
    checked = 0
    for call, answer in answered.items():
        assert answer["sources"], call
        for source in answer["sources"]:
            for keys in source.get("rows", []):
                condition = " AND ".join(f'"{name}" IS ?' for name in keys)
                names = [row[1] for row in db.execute(f'PRAGMA table_info("{source["table"]}")')]
                found = db.execute(f'SELECT * FROM "{source["table"]}" WHERE {condition}', tuple(keys.values())).fetchall()
                assert found and (len(found) == 1 or "own_errors" in answer["answer"]), (call, source["table"], keys)
                stored = dict(zip(names, found[0]))
                told = [row for part in answer["answer"].values() if isinstance(part, list) for row in part if keys.items() <= row.items()]
                plain = lambda row: {name for name in set(row) & set(stored) if not isinstance(row[name], (list, dict))}
                assert any(all(row[name] == stored[name] for name in plain(row)) for row in told) or len(found) > 1, (call, source["table"], keys)
                checked += 1
    assert checked > 150
    db.close()


def test_the_steps_of_an_estimate_add_up_to_it(answered):
    why = answered[repr(("why_estimate", {"distance": "marathon"}))]["answer"]
    steps, found = why["steps"], why["estimate"][0]["predicted_s"]
    start = math.exp(why["inputs"][0]["inputs"]["base_ln_s"])
    assert start + sum(step["seconds"] for step in steps) == pytest.approx(found, rel=1e-6)
    assert start * math.exp(sum(step["contribution"] for step in steps)) == pytest.approx(found, rel=1e-6)
    assert {step["feature"] for step in steps} - {""} == set(why["inputs"][0]["inputs"]) - {"evidence", "evidence_activity_id", "n_evidence", "base_ln_s"}
    assert all(step["label"] for step in steps)
    sizes = [abs(step["contribution"]) for step in steps[1:]]
    assert steps[0]["feature"] == "" and sizes == sorted(sizes, reverse=True)


def test_a_column_is_explained_by_its_definition_and_by_what_it_comes_from(path):
    definition = json.loads((ROOT / "schemas/features/athlete_rolling_features.json").read_text())
    names = [feature["name"] for feature in definition["features"]]
    answers = asked.ask(asked.stdio(path), *[("explain_column", {"name": name}) for name in names])
    for feature, answer in zip(definition["features"], answers):
        told = next(row for row in answer["answer"]["columns"] if row["group_name"] == "athlete_rolling_features")
        assert (told["unit"], told["description"]) == (feature.get("unit"), feature.get("description")) and told["comes_from"] == feature.get("from", [])
        for column in feature.get("from", []):
            assert any(row["from_name"] == column for row in answer["answer"]["comes_from"])


def test_every_tool_says_that_it_reads_only_and_what_it_is_for(path):
    told = asyncio.run(asked.tools(asked.stdio(path)))
    assert len(told) == 16 and all(each.annotations.read_only_hint and not each.annotations.destructive_hint and len(each.description) > 40 for each in told)
