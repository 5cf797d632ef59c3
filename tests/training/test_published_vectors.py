"""Numbers that other people printed or asserted, reproduced to the printed digit.

Vectors of the literature and of other tools that have no counterpart here, and why:
- power TSS, normalised power, grade-adjusted pace of whole files, decoupling: they need sample streams;
- CTL, ATL, TSB, ACWR, monotony, strain: they belong to the rolling functions and are tested with them;
- Edwards, Lucia and session-RPE loads, Friel and Karvonen zones, age-based maxima other than 220 - age: other metrics;
- Dreeve's 171 bpm for an hour -> 105: its default athlete's settings are not printed with it;
- Purdy points, Bock, Steffny, marathon shape, critical speed, age grading, heat and altitude: not offered;
- vVDOT (the speed at VO2max): not offered; threshold_pace is the 60-minute speed, not 90 % of vVDOT.
"""

import csv

import pytest

from helpers.extension import DATA


def minutes(text):
    total = 0.0
    for field in text.split(":"):
        total = total * 60 + float(field)
    return total


# --- load ----------------------------------------------------------------------------------------------------


def test_an_hour_at_threshold_is_100_and_at_four_fifths_64(value):
    assert value("tss(60, 5, 5)") == 100
    assert value("tss(60, 5 / 0.8, 5)") == pytest.approx(64, abs=1e-12)


def test_intensity_and_load_of_the_analyticszone_example(value):
    """A pace of 4:45 (285 s/km) against a threshold of 4:15 (255 s/km)."""
    assert round(value("intensity_factor(285 / 60.0, 255 / 60.0)"), 3) == 0.895
    assert round(value("tss(60, 285 / 60.0, 255 / 60.0)")) == 80


@pytest.mark.parametrize(
    "call, digits, printed",
    [
        ("trimp(30, 130, 200, 40)", 2, 31.80),  # Fellrnr; Runalyze CalculatorTest
        ("trimp(66.2, 138, 187, 44)", 5, 98.39022),  # intervals.icu forum t/68634
        ("trimp(60, 150, 190, 50)", 2, 108.10),
        ("trimp(60, 150, 190, 50, 'f')", 2, 121.50),
        ("trimp(60, 150, 190, 50, 'f') * 0.64 / 0.86", 2, 90.42),  # the factor some tools use for women
    ],
)
def test_training_impulse(value, call, digits, printed):
    assert round(value(call), digits) == printed


def test_training_impulse_of_clarke_and_skiba(value):
    """Their sheet 7 prints minutes and heart rate with five decimals, which leaves 1e-5 of the result open."""
    assert value("trimp(60.46471, 137.76197, 190, 45)") == pytest.approx(84.55247, abs=1.1e-5)


@pytest.mark.parametrize("threshold_hr, printed", [(163, 239.09), (170.5, 199.49)])
def test_heart_rate_stress_of_a_training_impulse_of_333(value, threshold_hr, printed):
    """Elevate's specification gives TRIMP 333, maximum 190, resting 60; whatever heart rate made it."""
    for hr in (110, 150, 175):
        stress = value("hr_tss(333 / trimp(1, ?, 190, 60), ?, 190, 60, ?)", hr, hr, threshold_hr)
        assert round(stress, 2) == printed


# --- grade ---------------------------------------------------------------------------------------------------

MINETTI = {-45: 1.1201, -40: 1.0027, -30: 0.6840, -20: 0.5, -15: 0.5099, -10: 0.5977, -5: 0.7628, -2: 0.8969}
MINETTI |= {-1: 0.9471, 0: 1, 1: 1.0554, 2: 1.1134, 5: 1.3014, 10: 1.6578, 15: 2.0603, 20: 2.5019, 30: 3.4942}
MINETTI |= {40: 4.6805, 45: 5.3961, -18.1: 0.4948}


@pytest.mark.parametrize("per_cent, ratio", MINETTI.items())
def test_minettis_cost_over_that_of_the_flat(value, per_cent, ratio):
    assert round(value("grade_factor(?, 'minetti')", per_cent / 100), 4) == ratio


@pytest.mark.parametrize(
    "pace, per_cent, flat",
    [
        ("3:00", -5, "3:45"),
        ("3:30", -3, "4:00"),
        ("3:45", 1, "3:35"),
        ("4:00", 2, "3:40"),
        ("4:15", -8, "6:02"),
        ("4:45", 10, "3:07"),
        ("5:00", 5, "4:01"),
        ("6:00", 5, "4:49"),
        ("6:30", 12, "3:58"),
    ],
)
def test_runalyzes_flat_paces_from_minetti(value, pace, per_cent, flat):
    """Runalyze turns the cost ratio into a pace with the exponent 0.83; its test allows half a second."""
    factor = value("grade_factor(?, 'minetti')", per_cent / 100)
    assert abs(minutes(pace) / factor**0.83 - minutes(flat)) <= 0.5


@pytest.mark.parametrize(
    "per_cent, factor",
    [(-30, 1.49), (-20, 1.085), (-18, 1.02), (-10, 0.875), (-9, 0.875), (-5, 0.9), (-2, 0.95), (0, 1), (2, 1.05)]
    + [(5, 1.19), (10, 1.48), (20, 2.28), (30, 3.16)],
)
def test_stravas_curve_runs_through_its_published_points(value, per_cent, factor):
    """Read off Strava's chart by GoldenCheetah; the polynomial passes within 0.04 of each point up to 30 %."""
    assert value("grade_factor(?)", per_cent / 100) == pytest.approx(factor, abs=0.04)


# --- races ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target, printed", [(10000, 2501.92), (21097.5, 5520.24), (42195, 11509.32)])
def test_riegel_from_five_km_in_twenty_minutes(value, target, printed):
    assert round(value("riegel(1200, 5000, ?)", target), 2) == printed


@pytest.mark.parametrize("target, printed", [(10000, 2499.66), (21097.5, 5511.22), (42195, 11711.47)])
def test_cameron_from_five_km_in_twenty_minutes(value, target, printed):
    assert round(value("cameron(1200, 5000, ?)", target), 2) == printed


@pytest.mark.parametrize(
    "time, distance, target, printed",
    [
        ("16:32", 5000, 3000, "9:33"),
        ("16:32", 5000, 10000, "34:26"),
        ("16:32", 5000, 21100, "1:15:56"),
        ("16:32", 5000, 42200, "2:41:22"),
    ],
)
def test_runalyzes_cameron_times(value, time, distance, target, printed):
    assert abs(value("cameron(?, ?, ?)", minutes(time), distance, target) - minutes(printed)) <= 1


def test_runalyzes_cameron_time_over_three_km(value):
    assert round(value("cameron(860, 2000, 3000)") / 60, 3) == 22.357


def test_the_predictions_that_running_tools_asserts(value):
    assert round(value("vdot(5000, 1200)"), 1) == 49.8
    assert round(value("vdot_time(vdot(5000, 1200), 10000)")) == 2488
    assert round(value("cameron(1200, 5000, 10000)")) == 2500
    assert round(value("riegel(1200, 5000, 10000)")) == 2502


def test_vdot_of_five_km_in_twenty_minutes_and_its_equivalents(value):
    assert round(value("vdot(5000, 1200)"), 3) == 49.806
    assert round(value("vdot_time(vdot(5000, 1200), 10000)"), 2) == 2487.85
    assert value("hms(vdot_time(vdot(5000, 1200), 21097.5))") == "1:31:50"
    assert value("hms(vdot_time(vdot(5000, 1200), 42195))") == "3:11:17"


BOOK = """
30 30:40 63:46 2:21:04 4:49:17
35 27:00 56:03 2:04:13 4:16:03
40 24:08 50:03 1:50:59 3:49:45
45 21:50 45:16 1:40:20 3:28:26
50 19:57 41:21 1:31:35 3:10:49
55 18:22 38:06 1:24:18 2:56:01
60 17:03 35:22 1:18:09 2:43:25
65 15:54 33:01 1:12:53 2:32:35
70 14:55 31:00 1:08:21 2:23:10
75 14:03 29:14 1:04:23 2:14:55
80 13:18 27:41 1:00:54 2:07:38
85 12:37 26:19 57:50 2:01:10
"""


@pytest.mark.parametrize("row", BOOK.split("\n")[1:-1])
def test_daniels_table_of_race_times(value, row):
    """The book's table is not the formula to the second; they differ by up to 0.2 %."""
    vdot, *times = row.split()
    for distance, printed in zip([5000, 10000, 21097.5, 42195], times):
        assert value("vdot_time(?, ?)", float(vdot), distance) == pytest.approx(minutes(printed), rel=0.002)


def test_the_book_marathon_for_vdot_30_by_the_formula(value):
    assert value("hms(vdot_time(30, 42195))") == "4:49:49"


# --- Vickers and Vertosick 2016 ------------------------------------------------------------------------------

RACES = {"k5": 5000, "m5": 8045, "k10": 10000, "m10": 16090, "mh": 21097.5}
MILE_KM = 1.609344


def runners(column):
    with open(DATA / "race-times" / "runners.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row[column]:
                races = [(float(row[f"{r}_ti_adj"]), d) for r, d in RACES.items() if row[f"{r}_ti_adj"]]
                yield races, float(row["typical"]) * MILE_KM, float(row[column])


def test_model_1_of_vickers_and_vertosick_is_reproduced_for_every_runner(value):
    """They used each runner's longest race below the marathon; printed are minutes in single precision."""
    found = list(runners("model1_time"))
    assert len(found) == 203
    for races, weekly_km, printed in found:
        time, distance = races[-1]
        assert value("vickers_marathon(?, ?, ?) / 60", time, distance, weekly_km) == pytest.approx(printed, abs=6e-5)


def test_model_2_of_vickers_and_vertosick_is_reproduced_for_every_runner(value):
    found = list(runners("model2_time"))
    assert len(found) == 119
    for races, weekly_km, printed in found:
        (t1, d1), (t2, d2) = races
        for numbers in [(t1, d1, t2, d2, weekly_km), (t2, d2, t1, d1, weekly_km)]:
            assert value("vickers_marathon_two(?, ?, ?, ?, ?) / 60", *numbers) == pytest.approx(printed, abs=6e-5)


# --- durations -----------------------------------------------------------------------------------------------


def test_the_official_time_of_a_marathon(value):
    """New York City Marathon, 13 322 s."""
    assert value("hms(13322)") == "3:42:02"
    assert value("parse_hms('3:42:02')") == 13322
