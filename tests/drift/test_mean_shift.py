"""mean_shift_test beside numpy, on series whose days are alike, and on a runner's own features."""

import math

import numpy as np
import pytest

from helpers.athletes import demo
from helpers.extension import connect

LIMIT = 1.1


@pytest.fixture(scope="module")
def days():
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE day(t INTEGER PRIMARY KEY, value, is_reference)")
        yield connection


def ours(db, reference, current):
    db.execute("DELETE FROM day")
    db.executemany("INSERT INTO day (value, is_reference) VALUES (?, ?)", [(x, 1) for x in reference] + [(x, 0) for x in current])
    queries = [f"SELECT value FROM temp.day WHERE is_reference = {side} ORDER BY t" for side in (1, 0)]
    return db.execute("SELECT shift, own_limit, is_drift, n_reference, n_current, reason FROM mean_shift_test(?, ?)", queries).fetchone()


def plainly(reference, current):
    """Shift and limit window by window, or None where something does not vary."""
    low, high = np.quantile(reference, [0.01, 0.99])
    r, c, n = np.clip(reference, low, high), np.clip(current, low, high), len(current)
    if low == high:
        return None
    rests = [np.concatenate([r[:i], r[i + n :]]) for i in range(len(r) - n + 1)]
    if min(np.ptp(rest) for rest in rests) == 0:
        return None
    own = max(abs(r[i : i + n].mean() - rest.mean()) / rest.std() for i, rest in enumerate(rests))
    steps = np.diff(np.unique(r))  # half of the smallest is what a mean of numbers on a grid is rounded by
    return (c.mean() - r.mean()) / r.std(), LIMIT * own + steps.min() / 2 / n / r.std()


def autoregressive(chance, n, phi):
    x = chance.standard_normal(n + 300) * math.sqrt(1 - phi * phi)
    for i in range(1, len(x)):
        x[i] += phi * x[i - 1]
    return x[300:]


def test_shift_and_limit_are_those_of_numpy(days):
    chance = np.random.default_rng(1)
    told = 0
    for _ in range(300):
        n = int(chance.integers(1, 40))
        m = int(chance.integers(3 * n, 6 * n + 90))
        make = [chance.standard_normal, chance.standard_cauchy, lambda k: chance.integers(0, 3, k), lambda k: autoregressive(chance, k, 0.9) * 1e150]
        kind = make[chance.integers(4)]
        reference, current = kind(m).tolist(), (kind(n) + chance.choice([0, 0, 1])).tolist()
        shift, limit, is_drift, *rest = ours(days, reference, current)
        expected = plainly(np.array(reference, float), np.array(current, float))
        assert rest[:2] == [m, n]
        if expected is None:
            assert (shift, limit, is_drift) == (None, None, None) and rest[2]
            continue
        told += 1
        assert math.isclose(shift, expected[0], rel_tol=1e-7, abs_tol=1e-9) and math.isclose(limit, expected[1], rel_tol=1e-7)
        assert is_drift == (abs(shift) > limit) and rest[2] is None
    assert told > 250


@pytest.mark.parametrize("seed", range(20))
def test_several_columns_are_answered_as_each_alone(days, seed):
    chance = np.random.default_rng(seed)
    k, m, n = chance.integers(1, 6), chance.integers(1, 200), chance.integers(1, 20)
    kinds = [lambda: float(chance.standard_normal()), lambda: int(chance.integers(0, 2)), lambda: None, lambda: 3, lambda: chance.choice([None, 1.5, 2])]
    make = [kinds[chance.integers(len(kinds))] for _ in range(k)]
    columns = [f"x{i}" for i in range(k)]
    days.execute("DROP TABLE IF EXISTS temp.wide")
    days.execute(f"CREATE TEMP TABLE wide (t INTEGER PRIMARY KEY, is_reference, {', '.join(columns)})")
    days.executemany(f"INSERT INTO wide VALUES (NULL, ?{', ?' * k})", [[int(i < m), *(each() for each in make)] for i in range(m + n)])
    sides = lambda names: [f"SELECT {names} FROM temp.wide WHERE is_reference = {side} ORDER BY t" for side in (1, 0)]  # noqa: E731
    answers = "SELECT column_name, shift, own_limit, is_drift, n_reference, n_current, reason FROM mean_shift_test(?, ?)"
    together = days.execute(answers, sides(", ".join(columns))).fetchall()
    assert together == [days.execute(answers, sides(name)).fetchone() for name in columns]
    with pytest.raises(Exception, match=f"^mean_shift_test: the queries must have as many columns: the reference has {k}, the current one {k + 1}$"):
        days.execute(answers, [sides(", ".join(columns))[0], sides(", ".join(columns) + ", t")[1]]).fetchall()


@pytest.mark.parametrize("phi", [0, 0.5, 0.8, 0.95])
def test_series_that_do_not_change_alarm_in_at_most_seven_of_a_hundred(days, phi):
    chance = np.random.default_rng(2)
    alarms = sum(ours(days, x[:365].tolist(), x[365:].tolist())[2] for x in (autoregressive(chance, 425, phi) for _ in range(600)))
    assert alarms <= 42


@pytest.mark.parametrize("phi, deviations", [(0, 1.5), (0.5, 1.5), (0.8, 2)])
def test_a_move_that_matters_is_found_in_ninety_five_of_a_hundred(days, phi, deviations):
    chance = np.random.default_rng(3)
    for sign in (-1, 1):
        found = sum(ours(days, x[:365].tolist(), (x[365:] + sign * deviations).tolist())[2] for x in (autoregressive(chance, 425, phi) for _ in range(600)))
        assert found >= 570


@pytest.mark.unsanitized  # many calls that the tests above make
def test_no_feature_of_a_real_runner_alarms_in_more_than_five_of_a_hundred_months():
    with connect(str(demo.database())) as db:
        names = [name for name, kind in db.execute("SELECT name, type FROM pragma_table_info('athlete_rolling_features')") if kind in ("REAL", "INTEGER")]
        rows = np.array(db.execute(f"SELECT {', '.join(names)} FROM athlete_rolling_features ORDER BY as_of_date").fetchall(), float)
    assert len(rows) > 2500 and len(names) > 30
    with connect() as db:
        db.execute("CREATE TEMP TABLE day(t INTEGER PRIMARY KEY, value, is_reference)")
        for name, column in zip(names, rows.T):
            if name == "history_days":  # which counts them
                continue
            verdicts = []
            for start in range(365, len(rows) - 29, 30):
                reference, current = (part[~np.isnan(part)].tolist() for part in (column[start - 365 : start], column[start : start + 30]))
                if len(reference) > 200 and len(current) > 14:
                    verdicts.append(ours(db, reference, current)[2])
            assert sum(v or 0 for v in verdicts) <= 0.05 * len(verdicts), name


@pytest.mark.parametrize(
    "reference, current, reason",
    [
        ([], [1], "the reference query has no values"),
        ([1, 2, 3], [], "the current query has no values"),
        ([], [None], "neither query has values"),
        ([1, 2, 3, 4, 5], [1, 2], "the reference has fewer than three times the current rows"),
        ([7] * 99, [8], "98 % of the reference are one number"),
        ([7] * 299 + [8], [8], "98 % of the reference are one number"),
        ([0, 0, 0, 0, 1], [1], "the reference varies in one stretch only"),
    ],
)
def test_where_there_is_no_verdict_there_is_a_reason(days, reference, current, reason):
    shift, limit, is_drift, n_reference, n_current, told = ours(days, reference, current)
    assert (shift, limit, is_drift, told) == (None, None, None, reason)
    assert (n_reference, n_current) == (len(reference), len([x for x in current if x is not None]))


def test_numbers_of_any_size_give_a_finite_answer(days):
    big = 1.7e308
    for reference, current in [([-big, big, 0, big, -big, 5], [big]), ([5e-324, 0, 0, 5e-324, 0, 0, 5e-324], [5e-324, 0]), ([1e300, 1, 2, 3, 4, 5, 6], [-1e300])]:
        shift, limit, is_drift, *_, reason = ours(days, reference, current)
        assert reason is not None or (math.isfinite(shift) and math.isfinite(limit))


def test_a_single_wild_number_neither_alarms_nor_hides_a_move(days):
    chance = np.random.default_rng(4)
    x = autoregressive(chance, 425, 0.5)
    calm, wild = ours(days, x[:365].tolist(), x[365:].tolist()), ours(days, [*x[:364].tolist(), 1e6], [*x[365:424].tolist(), -1e9])
    assert calm[2] == wild[2] == 0
    assert ours(days, [*x[:364].tolist(), 1e6], (x[365:] + 1.5).tolist())[2] == 1


@pytest.mark.parametrize("phi", [0, 0.5, 0.8, 0.95])
def test_months_of_a_series_that_stays_do_not_move_twice_as_far_as_its_own(days, phi):
    """So that an alert for one feature in sixteen is none by chance: drift_alert_ratio."""
    chance, far = np.random.default_rng(17), 0
    for _ in range(200):
        x = autoregressive(chance, 395, phi).tolist()
        shift, limit, *_ = ours(days, x[:365], x[365:])
        far += abs(shift) > 2 * limit
    assert far == 0
