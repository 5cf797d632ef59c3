"""training_load: every column against pandas, published vectors, closed forms and invariants."""

import datetime
import json
import math
import random

import pandas as pd
import pytest

from helpers.athletes.load_reference import INPUT, INTEGERS, reference
from helpers.machine.soak import soak

COLUMNS = """athlete_id as_of_date daily_tss ctl_42d atl_7d tsb acwr ctl_ewma atl_ewma tsb_ewma acwr_ewma total_tss_7d
total_tss_28d total_tss_90d activities_7d activities_28d activities_30d activities_42d activities_90d
total_distance_7d_km total_distance_28d_km total_distance_30d_km total_distance_42d_km total_distance_90d_km
longest_distance_30d_km longest_distance_90d_km total_elevation_30d_m avg_pace_30d best_pace_30d avg_pace_90d
best_pace_90d pace_trend_30d distance_trend_30d pace_trend_90d distance_trend_90d consistency_score
training_monotony_7d training_strain_7d rest_days_14d unknown_load_42d unknown_load_share_42d history_days is_overtraining_risk""".split()

QUERY = f"SELECT {', '.join(INPUT)} FROM activity"


@pytest.fixture
def load(db):
    """load(rows, **options) runs training_load over the rows, in the order they have."""
    db.execute(f"CREATE TABLE activity({', '.join(INPUT)})")

    def run(rows, **options):
        db.execute("DELETE FROM activity")
        db.executemany("INSERT INTO activity VALUES(?, ?, ?, ?, ?, ?, ?)", rows)
        return db.execute("SELECT * FROM training_load(?, ?)", (QUERY, json.dumps(options))).fetchall()

    return run


def date(first, offset):
    return (datetime.date.fromisoformat(first) + datetime.timedelta(offset)).isoformat()


def loads(tss, first="2018-01-01", athlete=1):
    """One activity per entry of {day offset: tss} or of a list without gaps."""
    tss = dict(enumerate(tss)) if isinstance(tss, list) else tss
    return [(athlete, date(first, d), x, 10.0, 50.0, 5.0, 100.0) for d, x in tss.items()]


def history(rng, athlete, first, days, density=0.6):
    """A random runner: gaps, doubles, unknown loads, treadmill without pace or climb, missing fields."""
    rows, silent = [], 0
    for d in range(days):
        silent = silent - 1 if silent else (rng.randint(1, 120) if rng.random() < 0.01 else 0)
        if silent and d not in (0, days - 1):
            continue
        for _ in range(rng.choice([1, 1, 1, 2, 3]) if d in (0, days - 1) or rng.random() < density else 0):
            km = round(rng.uniform(0.5, 30), 2)
            pace = rng.uniform(3.5, 8) + 0.001 * d
            kind = rng.random()
            when = date(first, d) + rng.choice(["", "T07:30:00Z", " 18:00"])
            if kind < 0.1:  # treadmill
                rows.append((athlete, when, rng.uniform(1, 80), km, km * pace, None, None))
            elif kind < 0.2:  # no heart rate, no power
                rows.append((athlete, when, None, km, km * pace, pace, rng.uniform(0, 800)))
            elif kind < 0.25:  # strength
                rows.append((athlete, when, 30, None, 45, None, None))
            elif kind < 0.28:  # pace without a distance or a time
                rows.append((athlete, when, 12.5, rng.choice([None, 0, 5]), None, pace, 3))
            else:
                rows.append((athlete, when, rng.choice([0, 50, rng.uniform(0, 300)]), km, km * pace, pace, rng.randint(0, 900)))
    return rows


def assert_equal_to(rows, expected):
    got = pd.DataFrame(rows, columns=COLUMNS)
    assert list(expected.columns) == COLUMNS or set(expected.columns) == set(COLUMNS)
    assert len(got) == len(expected)
    for name in COLUMNS:
        for i, (a, b) in enumerate(zip(got[name], expected[name])):
            where = (name, expected["athlete_id"][i], expected["as_of_date"][i])
            if name in ("athlete_id", "as_of_date"):
                assert a == b, where
            elif math.isnan(b):
                assert a is None or math.isnan(a), where
            elif name in INTEGERS:
                assert a == b, where
            else:
                assert a == pytest.approx(b, rel=1e-9, abs=1e-9), where


# --- against pandas ---------------------------------------------------------------------------------------------


def test_the_columns_are_the_contract(db):
    cursor = db.execute(f"SELECT * FROM training_load('SELECT 1, ''2024-01-01'', 1, 1, 1, 1, 1')")
    assert [c[0] for c in cursor.description] == COLUMNS
    kinds = {r[1]: r[2] for r in db.execute("PRAGMA table_xinfo(training_load)")}
    assert {name for name, kind in kinds.items() if kind == "INTEGER"} == INTEGERS
    row = dict(zip(COLUMNS, cursor.fetchone()))
    assert all(isinstance(row[name], int) for name in INTEGERS)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_every_column_equals_pandas_on_random_histories(load, seed):
    rng = random.Random(seed)
    rows = []
    for athlete, days in ((3, 400), (7, 95), (11, 8), (12, 1), (20, 2), (21, 45)):
        rows += history(rng, athlete, date("2023-06-01", rng.randint(0, 300)), days, density=rng.choice([0.3, 0.6, 1.0]))
    rng.shuffle(rows)
    assert_equal_to(load(rows), reference(rows))


def test_options_change_what_they_say(load):
    rng = random.Random(9)
    rows = history(rng, 1, "2024-01-10", 120) + history(rng, 2, "2023-12-30", 60)
    options = dict(acwr_risk_threshold=1.1, monotony_risk_threshold=0.9, acwr_min_history_days=10, expected_days_per_week=6.5, unknown_load_max_share=0.11, end_date="2024-07-31")
    assert_equal_to(load(rows, **options), reference(rows, **options))


def test_athletes_may_have_text_ids(load):
    rng = random.Random(10)
    rows = history(rng, "anna", "2024-01-10", 40) + history(rng, "Ben", "2023-12-30", 30) + history(rng, "ben", "2024-01-01", 30)
    assert_equal_to(load(rows), reference(rows))


def test_ids_beyond_2_to_53_stay_apart(load):
    ids = [2**53, 2**53 + 1, 2**63 - 1]
    rows = [(i, "2024-01-01", 10, 5, 25, 5, 0) for i in ids]
    assert [r[0] for r in load(rows)] == ids
    assert [r[COLUMNS.index("activities_7d")] for r in load(rows)] == [1, 1, 1]


def test_athletes_of_a_case_blind_column_stay_apart_and_whole(db):
    db.execute("CREATE TABLE a(id TEXT COLLATE NOCASE, day TEXT, PRIMARY KEY(id, day)) WITHOUT ROWID")
    db.executemany("INSERT INTO a VALUES(?, ?)", [("a", "2024-01-03"), ("B", "2024-01-02")])
    db.execute("CREATE TABLE more AS SELECT 'A' AS id, '2024-01-01' AS day UNION ALL SELECT 'A', '2024-01-04'")
    query = "SELECT id COLLATE NOCASE, day, 1, 1, 1, 1, 1 FROM (SELECT id, day FROM a UNION ALL SELECT id, day FROM more)"
    rows = db.execute("SELECT athlete_id, count(*), max(history_days) FROM training_load(?) GROUP BY 1", (query,)).fetchall()
    assert rows == [("A", 4, 4), ("B", 1, 1), ("a", 1, 1)]


def test_an_index_makes_the_order_free(db):
    db.execute("CREATE TABLE activity(athlete_id, day, n, tss, km, PRIMARY KEY(athlete_id, day, n)) WITHOUT ROWID")
    plan = db.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM (SELECT athlete_id, day, tss, km FROM activity\n) ORDER BY 1 COLLATE BINARY, 2 COLLATE BINARY"
    ).fetchall()
    assert not [line for line in plan if "TEMP B-TREE" in line[3]]


# --- published vectors and closed forms -------------------------------------------------------------------------


def test_elevate_fitness_spec(load):
    """thomaschampagne/elevate fitness.service.spec.ts; its form is yesterday's fitness minus yesterday's fatigue."""
    tss = {0: 150, 1: 150, 14: 190, 29: 150, 32: 190, 33: 190, 37: 300, 38: 300, 39: 419, 42: 380, 43: 490, 44: 949}
    rows = [dict(zip(COLUMNS, r)) for r in load(loads(tss))]
    by_day = {r["as_of_date"]: r for r in rows}
    for day, ctl, atl, tsb in (
        ("2018-01-15", 9.5889, 31.1130, -1.4717),
        ("2018-02-03", 18.1439, 60.5571, -26.6763),
        ("2018-02-08", 30.0584, 104.2020, -50.5802),
        ("2018-02-12", 45.4473, 145.7672, -72.4111),
    ):
        assert by_day[day]["ctl_ewma"] == pytest.approx(ctl, abs=5e-5)
        assert by_day[day]["atl_ewma"] == pytest.approx(atl, abs=5e-5)
        assert by_day[date(day, -1)]["tsb_ewma"] == pytest.approx(tsb, abs=5e-5)


@pytest.mark.parametrize(
    "tss",
    [  # Menaspa's three athletes, Williams et al. 2017 BJSM 51(3):209; the mean of the last week is 50 for each
        [30] * 21 + [50] * 7,
        [15, 15, 20, 20, 20, 25, 25, 25, 25, 30, 30, 30, 35, 35, 35, 35, 35, 40, 45, 45, 45, 40, 40, 45, 45, 50, 60, 70],
        [55, 50, 40, 60, 45, 50, 50, 20, 30, 80, 25, 10, 30, 15, 20, 15, 5, 5, 15, 5, 5, 5, 5, 15, 45, 90, 95, 95],
    ],
)
def test_menaspa_athletes_have_the_published_rolling_average_ratio(load, tss):
    """28 days of history, where the mean over at most 42 days is the mean over 28."""
    row = dict(zip(COLUMNS, load(loads(tss))[-1]))
    assert row["acwr"] == pytest.approx(50 / 35, rel=1e-15)
    assert row["total_tss_7d"] / 7 / (row["total_tss_28d"] / 28) == pytest.approx(1.4286, abs=5e-5)


@pytest.mark.parametrize(
    "week, monotony, strain",
    [([0, 20, 10, 10, 10, 10, 10], 1.87083, 130.958), ([5, 15, 20, 20, 20, 25, 35], 2.36643, 331.30), ([0, 0, 0, 10, 20, 30, 40], 0.95346, 95.346)],
)
def test_published_weeks_have_their_monotony_and_strain(load, week, monotony, strain):
    row = dict(zip(COLUMNS, load(loads(week))[-1]))
    assert row["training_monotony_7d"] == pytest.approx(monotony, abs=5e-6)
    assert row["training_strain_7d"] == pytest.approx(strain, abs=5e-3)
    assert row["is_overtraining_risk"] == (monotony > 2)


def test_a_constant_load_is_the_closed_form(load):
    for n, row in enumerate((dict(zip(COLUMNS, r)) for r in load(loads([80.3] * 200))), 1):
        assert row["ctl_ewma"] == pytest.approx(80.3 * -math.expm1(-n / 42), rel=1e-12)
        assert row["atl_ewma"] == pytest.approx(80.3 * -math.expm1(-n / 7), rel=1e-12)
        assert row["ctl_42d"] == pytest.approx(80.3, rel=1e-15) and row["tsb"] == pytest.approx(0, abs=1e-13)
        assert row["pace_trend_30d"] == (None if n == 1 else 0) and row["distance_trend_90d"] == (None if n == 1 else 0)
        assert row["training_monotony_7d"] is None and row["training_strain_7d"] is None
        assert row["is_overtraining_risk"] == (n >= 7)


def test_an_impulse_is_the_closed_form_and_leaves_the_plain_windows(load):
    rows = load(loads({0: 1000.0}), end_date=date("2018-01-01", 120))
    for k, row in enumerate(dict(zip(COLUMNS, r)) for r in rows):
        assert row["ctl_ewma"] == pytest.approx(1000 * -math.expm1(-1 / 42) * math.exp(-k / 42), rel=1e-12)
        assert row["atl_ewma"] == pytest.approx(1000 * -math.expm1(-1 / 7) * math.exp(-k / 7), rel=1e-12)
        assert (row["total_tss_7d"], row["total_tss_28d"], row["total_tss_90d"]) == tuple(1000 if k < n else 0 for n in (7, 28, 90))
        assert row["ctl_42d"] == (1000 / min(k + 1, 42) if k < 42 else 0)
        assert row["acwr"] == (pytest.approx(row["atl_7d"] / row["ctl_42d"]) if k < 42 else 0)
    assert len(rows) == 121


def test_a_steady_gain_is_its_own_trend(load):
    rows = [(1, date("2024-01-01", d), 50, 5 + 0.125 * d, 50, 6 - 0.0078125 * d, 0) for d in range(200)]
    for row in (dict(zip(COLUMNS, r)) for r in load(rows)[1:]):
        assert row["pace_trend_30d"] == -0.0078125 and row["pace_trend_90d"] == -0.0078125
        assert row["distance_trend_30d"] == 0.125 and row["distance_trend_90d"] == 0.125


def test_a_single_activity_keeps_every_digit(load):
    rng = random.Random(11)
    for _ in range(50):
        tss, km, climb = rng.uniform(0, 300), rng.uniform(0, 42.2), rng.uniform(0, 2000)
        row = dict(zip(COLUMNS, load([(1, "2024-02-29", tss, km, 60.5, 5.1, climb)])[0]))
        assert (row["as_of_date"], row["daily_tss"], row["ctl_42d"], row["total_tss_90d"]) == ("2024-02-29", tss, tss, tss)
        assert (row["total_distance_30d_km"], row["longest_distance_90d_km"], row["total_elevation_30d_m"]) == (km, km, climb)
        assert row["best_pace_30d"] == 5.1 and row["pace_trend_30d"] is None and row["distance_trend_30d"] is None


def test_after_decades_of_rest_everything_is_zero(load):
    row = dict(zip(COLUMNS, load(loads({0: 1000.0}, first="1900-01-01"), end_date="2098-12-31")[-1]))
    assert (row["ctl_ewma"], row["atl_ewma"], row["acwr_ewma"], row["tsb_ewma"]) == (0, 0, 0, 0)
    assert repr(row["distance_trend_30d"]) == "0.0" and row["pace_trend_90d"] is None


# --- invariants, to the bit -------------------------------------------------------------------------------------


def test_the_order_of_the_input_changes_no_bit(load):
    rng = random.Random(12)
    rows = history(rng, 1, "2024-01-01", 200) + history(rng, 2, "2024-01-01", 50)
    expected = load(rows)
    for _ in range(5):
        rng.shuffle(rows)
        assert load(rows) == expected


def test_moving_a_history_in_time_changes_nothing_but_its_dates(load):
    rng = random.Random(13)
    rows = history(rng, 1, "2023-01-01", 300)
    expected = [r[2:] for r in load(rows)]
    for shift in (1, 6, 31, 59, 365, 1000, -20000):
        moved = load([(r[0], date(r[1][:10], shift), *r[2:]) for r in rows])
        assert [r[2:] for r in moved] == expected
        assert moved[0][1] == date("2023-01-01", shift)


def test_what_has_left_a_window_leaves_no_trace(load):
    """Two histories that differ only more than 90 days ago agree in every column but the weighted ones."""
    rng = random.Random(14)
    recent = history(rng, 1, "2024-04-01", 200)
    a = load([(1, "2024-01-01", 1e5 / 3, 9999.9, 1 / 3, 1 / 7, 1e5 / 7)] + recent)
    b = load([(1, "2024-01-01", 1e-9, 1e-9, 99999.9, 999.9, 1e-9)] + recent)
    weighted = {i for i, name in enumerate(COLUMNS) if name.endswith("_ewma")}
    compared = 0
    for x, y in zip(a, b):
        if x[1] > "2024-04-01":
            assert [v for i, v in enumerate(x) if i not in weighted] == [v for i, v in enumerate(y) if i not in weighted]
            compared += 1
    assert compared > 150


def test_an_athlete_does_not_see_another(load):
    rng = random.Random(15)
    alone = {a: history(rng, a, date("2024-01-01", rng.randint(0, 99)), rng.randint(1, 150)) for a in range(8)}
    together = load([r for rows in alone.values() for r in rows])
    assert together == [r for rows in alone.values() for r in load(rows)]


def test_start_date_returns_the_same_rows_from_that_day_on(load):
    rng = random.Random(16)
    rows = history(rng, 1, "2024-01-01", 200) + history(rng, 2, "2024-05-01", 30) + history(rng, 3, "2023-01-01", 40)
    everything = load(rows)
    for start in ("2023-01-20", "2024-02-29", "2024-05-15", "2030-01-01"):
        assert load(rows, start_date=start) == [r for r in everything if r[1] >= start]


def test_end_date_adds_rest_days_and_never_cuts(load):
    rng = random.Random(17)
    rows = history(rng, 1, "2024-01-01", 60) + history(rng, 2, "2024-01-01", 100)
    everything = load(rows)
    assert load(rows, end_date="2024-01-15") == everything
    longer = load(rows, end_date="2024-06-30")
    assert [r for r in longer if r in everything] == everything
    assert {r[0]: max(x[1] for x in longer if x[0] == r[0]) for r in longer} == {1: "2024-06-30", 2: "2024-06-30"}


def test_an_unknown_load_is_counted_and_is_not_a_load(load):
    row = dict(zip(COLUMNS, load([(1, "2024-01-01", None, 10, 50, 5, 0), (1, "2024-01-01", 40, 5, 25, 5, 0)])[0]))
    assert (row["daily_tss"], row["unknown_load_42d"], row["activities_7d"], row["rest_days_14d"]) == (40, 1, 2, 0)


def test_no_activities_give_no_rows(load):
    assert load([]) == [] and load([], end_date="2024-01-01") == []


# --- use --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["", ";", " ; ", " -- the end", "\n/* the end */ ;", "; -- the end"])
def test_a_query_may_end_as_people_end_queries(db, tail):
    query = "WITH a AS (SELECT 1 AS x) SELECT x, '2024-01-01', 1, 1, 1, 1, 1 FROM a" + tail
    assert db.execute("SELECT count(*) FROM training_load(?)", (query,)).fetchone() == (1,)


def test_numbers_may_be_text(load):
    texts = load([("7", "2024-01-01", "50.5", "10", "60", "6.0", "12")])
    assert texts[0][1:] == load([(7, "2024-01-01", 50.5, 10, 60, 6.0, 12)])[0][1:]


def test_the_result_can_be_stored_while_the_input_is_read(db, load):
    rng = random.Random(18)
    expected = load(history(rng, 1, "2024-01-01", 100))
    db.execute(f"CREATE TABLE stored({', '.join(COLUMNS)})")
    db.execute("INSERT INTO stored SELECT * FROM training_load(?)", (QUERY,))
    assert db.execute("SELECT * FROM stored").fetchall() == expected


def test_two_calls_in_one_statement_do_not_meet(db, load):
    load(loads([50] * 20))
    rows = db.execute(
        "SELECT count(*), sum(a.ctl_ewma = b.ctl_ewma) FROM training_load(?) a JOIN training_load(?) b ON a.as_of_date = b.as_of_date", (QUERY, QUERY)
    ).fetchone()
    assert rows == (20, 20)


def test_a_long_computation_can_be_stopped(db, load):
    load([(1, "1850-01-01", 1, 1, 1, 1, 1), (1, "2049-01-01", 1, 1, 1, 1, 1)])
    for options in ("{}", '{"start_date": "2100-01-01"}'):
        asked = []
        db.set_progress_handler(lambda: asked.append(1) or len(asked) > 50, 1)
        with pytest.raises(Exception, match="interrupted"):
            db.execute("SELECT count(*) FROM training_load(?, ?)", (QUERY, options)).fetchall()
        db.set_progress_handler(None, 0)


def test_it_is_refused_inside_a_view(db):
    db.execute("CREATE VIEW v AS SELECT * FROM training_load('SELECT 1, ''2024-01-01'', 1, 1, 1, 1, 1')")
    with pytest.raises(Exception, match='unsafe use of virtual table "training_load"'):
        db.execute("SELECT * FROM v")


# --- what is wrong is said --------------------------------------------------------------------------------------

GOOD = (7, "2024-01-31", 50, 10, 60, 6, 12)


def changed(**values):
    return tuple(values.get(name, value) for name, value in zip(INPUT, GOOD))


@pytest.mark.parametrize(
    "row, sentence",
    [
        (changed(athlete_id=None), "athlete NULL, day 2024-01-31: athlete_id must not be NULL"),
        (changed(day=None), "athlete 7, day NULL: day must be a date 'YYYY-MM-DD', got NULL"),
        (changed(day="2023-02-29"), "athlete 7, day 2023-02-29: day must be a date 'YYYY-MM-DD', got text '2023-02-29'"),
        (changed(day="31.01.2024"), "athlete 7, day 31.01.2024: day must be a date 'YYYY-MM-DD', got text '31.01.2024'"),
        (changed(day=20240131), "athlete 7, day 20240131: day must be a date 'YYYY-MM-DD', got 20240131"),
        (changed(tss="hard"), "athlete 7, day 2024-01-31: tss must be a number from 0 to 100000, got text 'hard'"),
        (changed(tss=-1), "athlete 7, day 2024-01-31: tss must be a number from 0 to 100000, got -1"),
        (changed(tss=math.inf), "athlete 7, day 2024-01-31: tss must be a number from 0 to 100000, got Inf"),
        (changed(distance_km=1e300), "athlete 7, day 2024-01-31: distance_km must be a number from 0 to 10000, got 1.0e+300"),
        (changed(moving_min=b"12"), "athlete 7, day 2024-01-31: moving_min must be a number from 0 to 100000, got a blob of 2 bytes"),
        (changed(pace_min_km=1000.5), "athlete 7, day 2024-01-31: pace_min_km must be a number from 0 to 1000, got 1000.5"),
        (changed(elevation_gain_m="1 m"), "athlete 7, day 2024-01-31: elevation_gain_m must be a number from 0 to 100000, got text '1 m'"),
    ],
)
def test_a_wrong_row_is_named(load, row, sentence):
    with pytest.raises(Exception) as caught:
        load([changed(day="2024-01-30", athlete_id=1), row])
    assert str(caught.value) == "training_load: " + sentence


def test_a_calendar_of_thousands_of_years_is_refused(load):
    with pytest.raises(Exception) as caught:
        load([(7, "0001-01-01", 1, 1, 1, 1, 1), (7, "9999-12-31", 1, 1, 1, 1, 1)])
    assert str(caught.value) == "training_load: athlete 7, day 9999-12-31: more than 200 years after the athlete's first day"
    with pytest.raises(Exception) as caught:
        load([(7, "0001-01-01", 1, 1, 1, 1, 1)], end_date="9999-12-31")
    assert str(caught.value) == 'training_load: athlete 7, day 0001-01-01: option "end_date" is more than 200 years after the athlete\'s first day'


def test_a_thousand_activities_a_day_are_the_most(load):
    assert load([GOOD] * 1000)[0][COLUMNS.index("activities_7d")] == 1000
    with pytest.raises(Exception) as caught:
        load([GOOD] * 1001)
    assert str(caught.value) == "training_load: athlete 7, day 2024-01-31: more than 1000 activities on one day"


def test_the_largest_values_allowed_do_not_overflow(load):
    rows = [(1, date("2024-01-01", d), 1e5, 1e4, 1e5, 1e3, 1e5) for d in range(95) for _ in range(1000)]
    last = dict(zip(COLUMNS, load(rows)[-1]))
    assert last["total_tss_90d"] == 9e9 and last["total_distance_90d_km"] == 9e8 and last["total_elevation_30d_m"] == 3e9
    assert last["pace_trend_90d"] == 0 and last["distance_trend_90d"] == 0 and last["avg_pace_90d"] == 10


FORM = "athlete_id, day, tss, distance_km, moving_min, pace_min_km, elevation_gain_m"


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ("", "argument 1 (query) is missing"),
        ("'DELETE FROM activity'", "the query must be one SELECT, it starts with 'DELETE FROM activity'"),
        ("'SELECT 1'", f"the query must have at least 7 columns ({FORM}), it has 1"),
        ("'SELECT 1, 2, 3, 4, 5, 6, 7, 8'", f"the query must have 7 columns ({FORM}), it has 8"),
        ("'SELECT * FROM nowhere'", "the query cannot be run: no such table: nowhere"),
        ("'SELECT 1; SELECT 2'", "the query must be one SELECT, more follows it: 'SELECT 2'"),
        ("'SELECT 1,2,3,4,5,6,7) UNION SELECT (1'", "the query cannot be run: near \")\": syntax error"),
        ("'SELECT 1, ?, 3, 4, 5, 6, 7'", "the query has parameters, which cannot be bound here"),
        ("'SELECT 1, abs(-9223372036854775808), 3, 4, 5, 6, 7'", "the query failed: integer overflow"),
        ("'SELECT 1', '{\"window\": 7}'", 'unknown option "window"; known are acwr_risk_threshold, monotony_risk_threshold, acwr_min_history_days, expected_days_per_week, unknown_load_max_share, start_date, end_date'),
        ("'SELECT 1', '{\"expected_days_per_week\": 0}'", 'option "expected_days_per_week" must be a number from 0.1 to 7, got 0'),
        ("'SELECT 1', '{\"start_date\": \"today\"}'", "option \"start_date\" must be a date 'YYYY-MM-DD', got 'today'"),
        ("'SELECT 1', '{\"end_date\": 20240101}'", 'option "end_date" must be text, got 20240101'),
    ],
)
def test_wrong_calls_are_sentences(load, error, arguments, sentence):
    assert error(f"* FROM training_load({arguments})") == "training_load: " + sentence
