"""The training functions against an independent implementation, and what must hold for any input."""

import math
import random

import numpy
import pytest

N = 400
POINTS_AN_HOUR = [0, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140]  # of an exertion of 0, 1 … 10: Friel, Estimating TSS
CLOSE = 1e-12


@pytest.fixture
def rng():
    return random.Random(20240229)


# --- written from the papers, with Python's own math ---------------------------------------------------------


def py_trimp(minutes, hr, top, rest, sex):
    share = max(0.0, (hr - rest) / (top - rest))
    a, b = {"m": (0.64, 1.92), "f": (0.86, 1.67)}[sex]
    return minutes * share * a * math.exp(b * share)


def py_vdot(distance_m, seconds):
    t = seconds / 60
    v = distance_m / t
    vo2 = -4.60 + 0.182258 * v + 0.000104 * v**2
    return vo2 / (0.8 + 0.1894393 * math.exp(-0.012778 * t) + 0.2989558 * math.exp(-0.1932605 * t))


def py_cameron(t, d1, d2):
    def f(d):
        return 13.49681 - 0.000030363 * d + 835.7114 / d**0.7905

    return t * d2 / d1 * f(d1) / f(d2)


def py_strava(g):
    g = max(-40.0, min(40.0, 100 * g))
    terms = [1, 0.029290920646623777, 0.0018083953212790634, 4.0662425671715924e-7]
    terms += [-3.686186584867523e-7, -2.6628107325930747e-9]
    return sum(c * g**i for i, c in enumerate(terms))


def py_minetti(i):
    i = max(-0.45, min(0.45, i))
    return (155.4 * i**5 - 30.4 * i**4 - 43.3 * i**3 + 46.3 * i**2 + 19.5 * i + 3.6) / 3.6


def test_every_formula_equals_an_independent_implementation(value, rng):
    for _ in range(N):
        minutes, pace, threshold = rng.uniform(0, 300), rng.uniform(2.5, 12), rng.uniform(2.8, 7)
        rest, top = rng.uniform(35, 70), rng.uniform(150, 215)
        hr, threshold_hr = rng.uniform(20, 220), rng.uniform(120, 190)
        d1, d2, t = rng.uniform(800, 60000), rng.uniform(800, 60000), rng.uniform(150, 20000)
        watts, ftp, rpe = rng.uniform(0, 1500), rng.uniform(20, 500), rng.choice([rng.randint(0, 10), rng.uniform(0, 10)])
        sex, weekly, grade, climb = rng.choice("mf"), rng.uniform(0, 200), rng.uniform(-0.6, 0.6), d1 * rng.choice([0, rng.uniform(0, 0.15), rng.uniform(0, 2)])
        cases = {
            "pace_min_km(?, ?)": ((d1, t), t / 60 / (d1 / 1000)),
            "intensity_factor(?, ?)": ((pace, threshold), threshold / pace),
            "tss(?, ?, ?)": ((minutes, pace, threshold), minutes / 60 * 100 * (threshold / pace) ** 2),
            "efficiency_index(?, ?)": ((pace, hr), pace / hr),
            "trimp(?, ?, ?, ?, ?)": ((minutes, hr, top, rest, sex), py_trimp(minutes, hr, top, rest, sex)),
            "hr_tss(?, ?, ?, ?, ?, ?)": (
                (minutes, hr, top, rest, threshold_hr, sex),
                100 * py_trimp(minutes, hr, top, rest, sex) / py_trimp(60, threshold_hr, top, rest, sex),
            ),
            "power_tss(?, ?, ?)": ((minutes, watts, ftp), minutes / 60 * 100 * (watts / ftp) ** 2),
            "rpe_tss(?, ?)": ((minutes, rpe), minutes / 60 * float(numpy.interp(rpe, range(11), POINTS_AN_HOUR))),
            "grade_factor(?)": ((grade,), py_strava(grade)),
            "grade_factor(?, 'strava')": ((grade,), py_strava(grade)),
            "grade_factor(?, 'minetti')": ((grade,), py_minetti(grade)),
            "flat_distance(?, ?)": ((d1, climb), d1 * (py_strava(2 * climb / d1) + py_strava(-2 * climb / d1)) / 2),
            "riegel(?, ?, ?)": ((t, d1, d2), t * (d2 / d1) ** 1.06),
            "cameron(?, ?, ?)": ((t, d1, d2), py_cameron(t, d1, d2)),
            "vickers_marathon(?, ?, ?)": (
                (t, d1, weekly),
                42195
                / (0.16018617 + 0.83076202 * 42195 / (t * (42195 / d1) ** 1.07) + 0.06423826 * weekly / 16.09344),
            ),
        }
        for call, (arguments, expected) in cases.items():
            assert value(call, *arguments) == pytest.approx(expected, rel=CLOSE, abs=1e-300), (call, arguments)


def test_vdot_equals_an_independent_implementation(value, rng):
    for _ in range(N):
        distance, seconds = rng.uniform(800, 60000), rng.uniform(150, 20000)
        expected = py_vdot(distance, seconds)
        found = value("vdot(?, ?)", distance, seconds)
        if expected > 1e-6:
            assert found == pytest.approx(expected, rel=1e-9)
        elif expected < -1e-6:
            assert found is None  # slower than a slow walk


# --- load ----------------------------------------------------------------------------------------------------


def test_two_halves_of_a_workout_carry_the_load_of_the_whole(value, rng):
    for _ in range(N):
        a, b, pace, hr = rng.uniform(0, 200), rng.uniform(0, 200), rng.uniform(3, 9), rng.uniform(60, 190)
        for call in ("tss(?, {0}, 4.5)", "trimp(?, {1}, 190, 50)", "hr_tss(?, {1}, 190, 50, 165, 'f')"):
            call = call.format(pace, hr)
            assert value(call, a) + value(call, b) == pytest.approx(value(call, a + b), rel=CLOSE)


def test_load_grows_with_intensity(value):
    paces = [value("tss(60, ?, 5)", p / 10) for p in range(90, 29, -1)]
    assert paces == sorted(paces) and len(set(paces)) == len(paces)
    for sex in "mf":
        for call in ("trimp(60, ?, 190, 50, ?)", "hr_tss(60, ?, 190, 50, 165, ?)"):
            loads = [value(call, hr, sex) for hr in range(50, 230)]
            assert loads == sorted(loads) and len(set(loads)) == len(loads)


def test_an_hour_at_threshold_heart_rate_is_100_for_everyone(value, rng):
    for _ in range(N):
        rest, top = rng.uniform(35, 70), rng.uniform(150, 215)
        threshold = rng.uniform(rest + 1, top)
        assert value("hr_tss(60, ?, ?, ?, ?, ?)", threshold, top, rest, threshold, rng.choice("mf")) == 100


def test_grade_models_have_the_flat_as_one_and_stay_level_outside_their_range(value):
    for model, bound in (("strava", 0.40), ("minetti", 0.45)):
        assert value("grade_factor(0, ?)", model) == 1
        for sign in (-1, 1):
            edge = value("grade_factor(?, ?)", sign * bound, model)
            assert value("grade_factor(?, ?)", sign * 0.9, model) == edge
            assert value("grade_factor(?, ?)", sign * 1e308, model) == edge
        uphill = [value("grade_factor(?, ?)", g / 1000, model) for g in range(0, int(bound * 1000) + 1)]
        assert uphill == sorted(uphill)


def test_the_distance_on_the_flat_grows_with_the_climb_and_scales_with_the_run(value, rng):
    for _ in range(N):
        distance, climb, times = rng.uniform(100, 60000), rng.uniform(0, 3000), rng.uniform(0.1, 10)
        flat = value("flat_distance(?, ?)", distance, climb)
        assert distance <= flat <= value("flat_distance(?, ?)", distance, climb * 1.1) <= 3 * distance
        assert value("flat_distance(?, ?)", times * distance, times * climb) == pytest.approx(times * flat, rel=CLOSE)
    assert value("flat_distance(10000, 0)") == 10000 and value("flat_distance(0, 100)") is None


# --- races ---------------------------------------------------------------------------------------------------


def test_vdot_time_is_the_inverse_of_vdot(value, rng):
    for _ in range(N):
        vdot, distance = rng.uniform(3, 120), 10 ** rng.uniform(1.5, 6)
        assert value("vdot(?, vdot_time(?, ?))", distance, vdot, distance) == pytest.approx(vdot, rel=1e-13)
        seconds = distance / rng.uniform(1.5, 9)
        assert value("vdot_time(vdot(?, ?), ?)", distance, seconds, distance) == pytest.approx(seconds, rel=1e-13)


def test_threshold_pace_is_the_pace_of_a_race_of_an_hour(value, rng):
    for _ in range(N):
        vdot = rng.uniform(10, 100)
        distance_m = 60 / value("threshold_pace(?)", vdot) * 1000
        assert value("vdot(?, 3600)", distance_m) == pytest.approx(vdot, rel=1e-12)


@pytest.mark.parametrize("formula", ["riegel", "cameron"])
def test_an_equivalent_time_scales_returns_and_stays_at_its_own_distance(value, rng, formula):
    for _ in range(N):
        d1, d2, t = rng.uniform(1000, 50000), rng.uniform(1000, 50000), rng.uniform(200, 20000)
        there = value(f"{formula}(?, ?, ?)", t, d1, d2)
        assert value(f"{formula}(?, ?, ?)", there, d2, d1) == pytest.approx(t, rel=CLOSE)
        assert value(f"{formula}(?, ?, ?)", 2 * t, d1, d2) == 2 * there
        assert value(f"{formula}(?, ?, ?)", t, d1, d1) == t


def test_a_longer_distance_takes_longer_and_a_fitter_runner_less(value):
    distances = range(1000, 60000, 500)
    for call in ("riegel(1200, 5000, ?)", "cameron(1200, 5000, ?)", "vdot_time(50, ?)"):
        times = [value(call, d) for d in distances]
        paces = [t / d for t, d in zip(times, distances)]
        assert times == sorted(times) and paces == sorted(paces)
    for call in ("vdot_time(?, 10000)", "threshold_pace(?)"):
        times = [value(call, v) for v in range(20, 90)]
        assert times == sorted(times, reverse=True) and len(set(times)) == 70
    volumes = [value("vickers_marathon(6000, 21097.5, ?)", km) for km in range(0, 150, 10)]
    assert volumes == sorted(volumes, reverse=True)
    volumes = [value("vickers_marathon_two(1200, 5000, 5600, 21097.5, ?)", km) for km in range(0, 150, 10)]
    assert volumes == sorted(volumes, reverse=True)


# --- durations -----------------------------------------------------------------------------------------------


def test_every_whole_second_survives_hms_and_parse_hms(db, rng):
    seconds = list(range(0, 8000)) + [rng.randrange(10**12) for _ in range(2000)] + [10**12]
    for s in seconds:
        text, back = db.execute("SELECT hms(?1), parse_hms(hms(?1))", (s,)).fetchone()
        assert back == s
        fields = text.split(":")
        assert len(fields) == (3 if s >= 3600 else 2)
        assert all(len(f) == 2 and int(f) < 60 for f in fields[1:])
        assert fields[0] == str(int(fields[0]))


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "0:00"), (0.49, "0:00"), (0.5, "0:01"), (59.5, "1:00"), (3599.49, "59:59"), (3599.5, "1:00:00")]
    + [(3600, "1:00:00"), (86400, "24:00:00"), (360000, "100:00:00"), (1e12, "277777777:46:40")],
)
def test_hms_rounds_to_the_second_and_shows_hours_only_when_there_are_some(value, seconds, text):
    assert value("hms(?)", seconds) == text


@pytest.mark.parametrize(
    "text, seconds",
    [("3:42:02", 13322), ("75:30", 4530), ("20:00.25", 1200.25), ("1:02:03.5", 3723.5), ("90", 90), ("0", 0)]
    + [(" 4:05 ", 245), ("1.1", 1.1), ("59.999999999", 59.999999999), ("0:00", 0), ("007:05", 425)]
    + [("3.14159265358979", 3.141592653), ("1000000000000", 1e12)],
)
def test_parse_hms_reads_what_people_write(value, text, seconds):
    assert value("parse_hms(?)", text) == seconds


def test_parse_hms_reads_decimals_as_python_does(value, rng):
    for _ in range(N):
        text = f"{rng.randrange(10**6)}.{rng.randrange(10 ** rng.randint(1, 9))}"
        assert value("parse_hms(?)", text) == float(text)


def test_parse_hms_takes_plain_numbers_as_seconds(value):
    assert value("parse_hms(90)") == 90
    assert value("parse_hms(90.25)") == 90.25


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "1:2", "1:60", "1:60:00", "1:00:60", "1:2:03", ":30", "1:", "1:00:", "1:00:00:00", "-1", "-0:30"]
    + ["+5", "1e3", "1.", ".5", "1:30.", "20:00,5", "1 30", "0x10", "inf", "nan", "12:34x", "1.5:00", "1000000000001"]
    + ["9" * 400, "1:00\u00a0", "１:00"],
)
def test_parse_hms_refuses_everything_else(error, text):
    sentence = error("parse_hms(?)", text)
    assert sentence.startswith("parse_hms: argument 1 (text) must be 'h:mm:ss', 'm:ss' or seconds, up to 1e12 s, got text '")
