"""What every training function does with NULL, zero, text, negative and enormous arguments."""

import math
import sqlite3

import pytest

CALLS = {  # a call that gives a number, as lists of arguments
    "pace_min_km": [10000, 3000],
    "intensity_factor": [5, 4.5],
    "tss": [60, 5, 4.5],
    "efficiency_index": [5, 150],
    "hr_zone": [150, 190],
    "hr_zone_pct": [150, 60, 190, 3],
    "max_hr_estimate": [40],
    "trimp": [60, 150, 190, 50],
    "hr_tss": [60, 150, 190, 50, 165],
    "power_tss": [60, 200, 250],
    "rpe_tss": [60, 7],
    "grade_factor": [0.05],
    "flat_distance": [20000, 900],
    "riegel": [1200, 5000, 10000],
    "cameron": [1200, 5000, 10000],
    "vdot": [5000, 1200],
    "vdot_time": [50, 10000],
    "threshold_pace": [50],
    "vickers_marathon": [5400, 21097.5, 60],
    "vickers_marathon_two": [1200, 5000, 5600, 21097.5, 60],
    "hms": [3661],
    "parse_hms": [3661],
}
SIGNED = {("grade_factor", 0)}
EACH = [(name, i) for name, arguments in CALLS.items() for i in range(len(arguments))]


def call(value, name, arguments):
    return value(f"{name}({', '.join('?' * len(arguments))})", *arguments)


def replaced(name, index, with_):
    return [with_ if i == index else a for i, a in enumerate(CALLS[name])]


def test_every_training_function_is_listed_with_meaning_return_and_tested_here(db):
    listed = dict(db.execute("SELECT name, returns FROM athlete_functions WHERE domain = 'training'"))
    assert set(listed) == set(CALLS)
    assert all(listed.values())
    for summary, arguments in db.execute("SELECT summary, arguments FROM athlete_functions WHERE domain = 'training'"):
        assert summary.endswith(".") and arguments


@pytest.mark.parametrize("name, index", EACH)
def test_null_in_null_out(value, name, index):
    assert call(value, name, CALLS[name]) is not None
    assert call(value, name, replaced(name, index, None)) is None


@pytest.mark.parametrize("name", CALLS)
def test_numbers_that_arrive_as_text_are_accepted(value, name):
    assert call(value, name, [str(a) for a in CALLS[name]]) == call(value, name, CALLS[name])


@pytest.mark.parametrize("name, index", [e for e in EACH if e not in SIGNED])
def test_a_negative_number_is_an_error_that_names_the_argument(db, name, index):
    with pytest.raises(sqlite3.OperationalError) as caught:
        call(lambda e, *a: db.execute("SELECT " + e, a).fetchone()[0], name, replaced(name, index, -1))
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: argument {index + 1} (") and sentence.endswith("got -1")


@pytest.mark.parametrize("name, index", [e for e in EACH if e[0] != "parse_hms"])
@pytest.mark.parametrize("wrong, found", [("fast", "text 'fast'"), (b"\x00", "a blob of 1 bytes"), ("12km", "text '12km'")])
def test_what_is_no_number_is_an_error_that_names_the_argument(db, name, index, wrong, found):
    with pytest.raises(sqlite3.OperationalError) as caught:
        call(lambda e, *a: db.execute("SELECT " + e, a).fetchone()[0], name, replaced(name, index, wrong))
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: argument {index + 1} (") and sentence.endswith(f"got {found}")


ZERO_IS_NULL = {
    "pace_min_km": [0, 1],
    "intensity_factor": [0, 1],
    "tss": [1, 2],
    "efficiency_index": [0, 1],
    "hr_zone": [0, 1],
    "hr_zone_pct": [0, 1, 2],
    "trimp": [1, 2],
    "hr_tss": [1, 2, 4],
    "power_tss": [2],
    "flat_distance": [0],
    "riegel": [0, 1, 2],
    "cameron": [0, 1, 2],
    "vdot": [0, 1],
    "vdot_time": [0, 1],
    "threshold_pace": [0],
    "vickers_marathon": [0, 1],
    "vickers_marathon_two": [0, 1, 2, 3],
}


@pytest.mark.parametrize("name, index", EACH)
def test_zero_is_null_where_it_says_nothing_and_a_finite_number_elsewhere(value, name, index):
    found = call(value, name, replaced(name, index, 0))
    if index in ZERO_IS_NULL.get(name, []):
        assert found is None
    elif name == "hms":
        assert found == "0:00"
    else:
        assert math.isfinite(found)


def test_no_combination_of_extreme_numbers_gives_an_infinity(db):
    """A finite number, NULL, or a sentence; every combination of up to four, a sample of the rest."""
    extremes = [0, 5e-324, 1e-300, 1e-9, 1, 1e9, 1e300, 1.7976931348623157e308]
    outcomes = {"number": 0, "null": 0, "error": 0}
    for name, arguments in CALLS.items():
        combinations = len(extremes) ** len(arguments)
        for c in range(0, combinations, max(1, combinations // 4096)):
            chosen = [extremes[c // len(extremes) ** i % len(extremes)] for i in range(len(arguments))]
            try:
                found = db.execute(f"SELECT {name}({', '.join('?' * len(chosen))})", chosen).fetchone()[0]
            except sqlite3.OperationalError as problem:
                assert str(problem).startswith(f"{name}: ")
                outcomes["error"] += 1
                continue
            outcomes["null" if found is None else "number"] += 1
            assert found is None or isinstance(found, str) or math.isfinite(found), (name, chosen)
    assert min(outcomes.values()) > 100


def test_infinity_is_refused(error):
    assert error("pace_min_km(9e999, 1)").startswith("pace_min_km: argument 1 (distance_m) must be a number")


# --- rules of single functions -------------------------------------------------------------------------------


def test_heart_rate_at_rest_or_below_is_no_load(value):
    for hr in (50, 49, 1):
        assert value("trimp(60, ?, 190, 50)", hr) == 0
        assert value("hr_tss(60, ?, 190, 50, 165)", hr) == 0


def test_a_maximum_or_threshold_at_rest_or_below_is_null(value):
    assert value("trimp(60, 120, 50, 50)") is None
    assert value("trimp(60, 120, 40, 50)") is None
    assert value("hr_tss(60, 120, 50, 50, 165)") is None
    assert value("hr_tss(60, 120, 190, 50, 50)") is None
    assert value("hr_tss(60, 120, 190, 50, 45)") is None


def test_an_unknown_sex_or_model_counts_as_not_given(value):
    assert value("trimp(60, 150, 190, 50, NULL)") == value("trimp(60, 150, 190, 50)") == value("trimp(60, 150, 190, 50, 'm')")
    assert value("hr_tss(60, 150, 190, 50, 165, NULL)") == value("hr_tss(60, 150, 190, 50, 165)")
    assert value("grade_factor(0.1, NULL)") == value("grade_factor(0.1)") == value("grade_factor(0.1, 'Strava')")
    assert value("trimp(60, 150, 190, 50, 'F')") == value("trimp(60, 150, 190, 50, 'female')")


def test_another_sex_or_model_is_an_error(error):
    assert error("trimp(60, 150, 190, 50, 'x')") == "trimp: argument 5 (sex) must be 'm' or 'f', got text 'x'"
    assert error("hr_tss(60, 150, 190, 50, 165, '')") == "hr_tss: argument 6 (sex) must be 'm' or 'f', got text ''"
    assert error("grade_factor(0, 'tobler')") == "grade_factor: argument 2 (model) must be 'strava' or 'minetti', got text 'tobler'"
    assert error("grade_factor(0, 1)") == "grade_factor: argument 2 (model) must be text, got 1"


def test_a_speed_below_a_walks_has_no_vdot(value):
    assert value("vdot(1000, 3600)") is None  # 17 m/min
    assert value("vdot(1800, 3600)") > 0


def test_cameron_ends_where_his_curve_does(value):
    assert value("cameron(1200, 5000, 445000)") > 0
    assert value("cameron(1200, 5000, 446000)") is None
    assert value("cameron(1200, 446000, 5000)") is None


def test_two_races_over_one_distance_say_nothing_about_endurance(value):
    assert value("vickers_marathon_two(1200, 5000, 1210, 5000, 60)") is None


def test_a_result_beyond_all_numbers_is_an_error(error):
    assert error("tss(1e300, 1e-300, 1e300)") == "tss: the result is too large for a number"
    assert error("trimp(60, 1e9, 190, 50)") == "trimp: the result is too large for a number"


def test_the_wrong_number_of_arguments_shows_the_form(error):
    assert error("trimp(1)") == "trimp: called with 1 argument, the form is trimp(minutes, hr, max_hr, rest_hr[, sex])"


def test_functions_may_be_used_in_indexes(db):
    """They are deterministic and touch nothing."""
    db.execute("CREATE TABLE run(distance_m, moving_s)")
    for name in sorted(set(CALLS) - {"hr_zone_pct"}):
        arguments = ", ".join(["distance_m"] * len(CALLS[name]))
        db.execute(f"CREATE INDEX i_{name} ON run({name}({arguments}))")
