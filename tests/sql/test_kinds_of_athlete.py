"""The pages of seven kinds of athlete, each read as its athlete would: beside the facts that the athlete was made from."""

import functools
import re

import pytest

from helpers.athletes.activities import dump, epoch
from helpers.athletes.kinds_of_athlete import KINDS

from .test_fitness_evidence import pipeline
from .test_page import page, section


@functools.lru_cache(maxsize=None)
def lived():
    """One file with all of them, and their diaries."""
    diaries = {name: make() for name, make in KINDS.items()}
    bodies = [[d.person.profile(), *d.activities] for d in diaries.values()]
    return pipeline(*bodies), diaries


def page_of(kind):
    db, diaries = lived()
    return page(db, diaries[kind].person.number)


def seconds(text):
    return sum(int(part) * 60 ** i for i, part in enumerate(reversed(text.split(":"))))


def estimate(kind, distance="10 km"):
    """Seconds: the estimate and its interval."""
    line = re.search(rf"^  {distance} +(\S+) +(\S+) to +(\S+)", section(page_of(kind), "RACE TIMES"), re.M)
    return [seconds(t) for t in line.groups()]


def weeks(kind):
    """Of each week the kilometres run, the load, the number of activities, and the kilometres of other sports."""
    found = re.findall(r"^  (\d{4}-\d\d-\d\d) +([\d.]+) +(?:[█▏▎▍▌▋▊▉]+ +)?(\d+) +(\d+) +\S+ +\S+ +(\S+)$", section(page_of(kind), "LAST WEEKS"), re.M)
    return {week: (float(km), int(load), int(n), 0 if other == "-" else float(other)) for week, km, load, n, other in found}


def week_of(activity):
    return (epoch(activity["start_date"]) - epoch("2024-01-01T00:00:00Z")) // (7 * 86400)


def told_by(activities):
    """What the weeks are, straight from the activities."""
    found = {}
    for a in activities:
        run, other, n = found.get(week_of(a), (0, 0, 0))
        is_run = a["sport_type"] in ("Run", "TrailRun")
        found[week_of(a)] = (run + is_run * a["distance"] / 1000, other + (not is_run) * a["distance"] / 1000, n + 1)
    return found


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "with_duplicates"])
def test_the_weeks_are_those_that_were_trained(kind):
    told = told_by(lived()[1][kind].activities)
    assert len(weeks(kind)) == 8
    for week, (km, _, n, other) in weeks(kind).items():
        run_km, other_km, count = told.get((epoch(f"{week}T00:00:00Z") - epoch("2024-01-01T00:00:00Z")) // (7 * 86400), (0, 0, 0))
        assert (abs(km - run_km) < 0.06, abs(other - other_km) < 0.06, n) == (True, True, count), week


def test_a_runner_with_races_reads_estimates_that_the_runner_can_run():
    middle, low, high = estimate("runner")
    assert low < 2640 < high and abs(middle / 2640 - 1) < 0.05
    text = page_of("runner")
    assert "162 runs over" in text and ", 2 race results" in text
    assert "best of all the race of 2024-08-28" in text and "40 days before" in text
    assert "0 of the last 28 days flagged" in text and "recorded twice" not in text and "unknown" not in section(text, "RISK")


def test_a_treadmill_runner_reads_that_the_run_behind_an_estimate_was_indoors():
    middle, low, high = estimate("treadmill_runner")
    assert low < 3000 < high and abs(middle / 3000 - 1) < 0.08
    assert re.search(r"best of all the run of \S+: [\d.]+ km in \S+, \d+ days before\n    by itself it would not count \(indoors, or virtual\), but another run near it bears it out$",
                     section(page_of("treadmill_runner"), "RACE TIMES"), re.M)
    assert "alone it proves nothing" not in page_of("runner") + page_of("without_heart_rate")


def test_a_trail_runner_s_slow_mountains_are_not_taken_for_slow_legs():
    middle, low, high = estimate("trail_runner")
    mountains = [a for a in lived()[1]["trail_runner"].activities if a["sport_type"] == "TrailRun"]
    as_trail = 10_000 * sum(a["moving_time"] for a in mountains) / sum(a["distance"] for a in mountains)
    assert low < 2580 < high < as_trail and middle < 1.15 * 2580
    assert "0 race results" in page_of("trail_runner")


def test_a_cyclist_has_load_by_heart_rate_and_is_promised_no_race_times():
    text = page_of("cyclist")
    assert "None: they need a race, or runs in the last 90 days." in text
    assert "HOW GOOD" not in text and "model version" not in text  # of estimates that are not there
    assert all(load > 200 for _, load, _, _ in weeks("cyclist").values())
    assert "unknown" not in section(text, "RISK")


def test_whoever_has_two_devices_reads_the_page_of_whoever_has_one():
    db, diaries = lived()
    diary = diaries["with_duplicates"]
    phone = {str(a["id"]) for a in diary.activities if a["name"] == "phone"}
    assert len(phone) > 60
    assert {r[0] for r in db.execute("SELECT activity_id FROM silver_same_training WHERE athlete_id = '5'")} == phone
    assert f"recorded twice: {len(phone)} activities are kept and not counted" in page_of("with_duplicates")
    alone = pipeline([diary.person.profile(), *(a for a in diary.activities if a["name"] != "phone")])
    rows = lambda db, table: [r for r in dump(db)[table] if r.startswith("('5',")]
    for table in ("activity_features", "athlete_daily_features", "athlete_rolling_features", "athlete_weekly_features", "race_results", "athlete_profile"):
        assert rows(db, table) == rows(alone, table) != [], table
    for title in ("FORM", "LAST WEEKS", "RISK"):
        assert section(page_of("with_duplicates"), title) == section(page(alone, 5), title)
    assert ", 2 race results" in page_of("with_duplicates")


def test_without_a_strap_runs_have_load_by_pace_and_rides_are_said_to_be_unknown():
    db, _ = lived()
    sources = dict(db.execute("SELECT is_run, MIN(COALESCE(load_source, 'none')) || MAX(COALESCE(load_source, 'none')) FROM activity_features WHERE athlete_id = '6' GROUP BY 1"))
    assert sources == {1: "pacepace", 0: "nonenone"}
    assert re.search(r"the load of 6 activities in 42 days is unknown", section(page_of("without_heart_rate"), "RISK"))
    middle, low, high = estimate("without_heart_rate")
    assert low < 2880 < high and abs(middle / 2880 - 1) < 0.08


def test_whoever_returns_is_held_against_the_own_past_and_not_a_stranger():
    db, diaries = lived()
    before, after = (db.execute(f"SELECT threshold_pace_min_km, threshold_source FROM activity_features WHERE athlete_id = '7' AND activity_date {when} "
                                f"ORDER BY activity_date {order} LIMIT 1").fetchone() for when, order in (("< '2024-08-01'", "DESC"), (">= '2024-12-01'", "ASC")))
    assert before[1] == after[1] == "history" and 1 < after[0] / before[0] < 1.15
    jogs = [a for a in diaries["returning"].activities if a["start_date"] >= "2024-12"]
    points_h = [r[0] for r in db.execute("SELECT 60 * estimated_tss / moving_time_min FROM activity_features WHERE athlete_id = '7' AND activity_date >= '2024-12-01'")]
    assert len(points_h) == len(jogs) == 9 and all(20 < p < 70 for p in points_h)
    assert "a sudden rise" in section(page_of("returning"), "FORM")
    middle, low, high = estimate("returning")
    assert low < 2640 / 0.84 < high and 1.05 < middle / 2640 < 1.35 and low > 2640  # what they could run by now, and nothing of before
    assert re.search(r"from 1 result, best of all the run of 2024-0[67]-\d\d: .* days before\n    before a break: up to \d+ activities in 90 days since then, 9 in the last; it counts as slower$",
                     section(page_of("returning"), "RACE TIMES"), re.M)
