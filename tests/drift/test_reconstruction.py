"""reconstruction_test beside scikit-learn, and on series whose days are alike."""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.extension import connect
from helpers.machine.soak import soak

COLUMNS = "reconstruction_error, sampling_error, reference_error, n_components, shift, own_limit, is_drift, n_reference, n_current, reason"
LIMIT = 1.4


@pytest.fixture(scope="module")
def db():
    with connect() as connection:
        yield connection


def ours(db, reference, current, *explained):
    """Rows may hold NaN, which is NULL."""
    names = [f"x{i}" for i in range(max(len(reference[0]) if len(reference) else 1, 1))]
    db.execute("DROP TABLE IF EXISTS temp.wide")
    db.execute(f"CREATE TEMP TABLE wide (t INTEGER PRIMARY KEY, is_reference, {', '.join(names)})")
    told = [[side, *(None if isinstance(x, float) and math.isnan(x) else x for x in row)] for side, rows in ((1, reference), (0, current)) for row in rows]
    db.executemany(f"INSERT INTO wide VALUES (NULL, ?{', ?' * len(names)})", told)
    queries = [f"SELECT {', '.join(names)} FROM temp.wide WHERE is_reference = {side} ORDER BY t" for side in (1, 0)]
    return dict(zip(COLUMNS.split(", "), db.execute(f"SELECT {COLUMNS} FROM reconstruction_test(?, ?{', ?' * len(explained)})", [*queries, *explained]).fetchone()))


def by_scikit_learn(reference, current, explained=0.65):
    """Mean error of both, the sampling error of the second and the number of components, as NannyML computes them."""
    model = make_pipeline(SimpleImputer(), StandardScaler(), PCA(n_components=explained, svd_solver="full")).fit(reference)
    errors = []
    for rows in (reference, current):
        scaled = model[:-1].transform(rows)
        errors.append(np.linalg.norm(scaled - model[-1].inverse_transform(model[-1].transform(scaled)), axis=1))
    return errors[0].mean(), errors[1].mean(), errors[1].std(ddof=1) / math.sqrt(len(current)), model[-1].n_components_


def windows(reference, n, k):
    """How far each window lies from the rest, by components of that rest, in standard deviations of its rows."""
    scaled = make_pipeline(SimpleImputer(), StandardScaler()).fit_transform(reference)
    m = len(scaled)
    stride = max(n, math.ceil((m - n) / 24))
    for first in range((m - n) % stride, m - n + 1, stride):
        rest = np.delete(scaled, slice(first, first + n), axis=0)
        pca = PCA(n_components=k, svd_solver="full").fit(rest)
        window, others = (np.linalg.norm(rows - pca.inverse_transform(pca.transform(rows)), axis=1) for rows in (scaled[first : first + n], rest))
        yield abs(window.mean() - others.mean()) / others.std()


def mixed(chance, n, width, mixing, phi=0.0):
    """Columns that go together by `mixing`, day by day as alike as phi says."""
    x = chance.standard_normal((n + 200, width)) * math.sqrt(1 - phi * phi)
    for i in range(1, len(x)):
        x[i] += phi * x[i - 1]
    return x[200:] @ mixing + 0.3 * chance.standard_normal((n, width))


@pytest.mark.parametrize("seed", [*range(24), *map(soak, range(24, 200))])
def test_errors_components_shift_and_limit_are_those_of_scikit_learn(db, seed):
    chance = np.random.default_rng(seed)
    width, n, m = int(chance.integers(2, 45)), int(chance.integers(2, 40)), int(chance.integers(5, 300))
    scales = 10.0 ** chance.integers(-9, 9, width)
    rows = mixed(chance, m + n, width, chance.standard_normal((width, width)) * (chance.random(width) < 0.6), 0.5) * scales + chance.standard_normal(width) * scales * 5
    if seed % 3 == 0:
        rows[chance.random(rows.shape) < 0.1] = np.nan
    if seed % 4 == 0:
        rows[:, 0] = 7.25  # what does not vary keeps its unit
        rows[m:, 0] += chance.integers(0, 2) * 1.5
    reference, current = rows[:m], rows[m:]
    if np.isnan(reference).all(axis=0).any():
        reference[0] = 1
    explained = [0.65, 0.65, 0.3, 0.9, 0.99][seed % 5]
    found, expected = ours(db, reference.tolist(), current.tolist(), explained), by_scikit_learn(reference, current, explained)
    assert found["n_components"] == expected[3] and (found["n_reference"], found["n_current"]) == (m, n)
    for name, value in zip(["reference_error", "reconstruction_error", "sampling_error"], expected):
        assert math.isclose(found[name], value, rel_tol=1e-8, abs_tol=1e-9), name
    if m // 3 < n:
        assert found["reason"] == "the reference has fewer than three times the current rows" and found["is_drift"] is None
    elif found["reason"] is None:
        own = max(windows(reference, n, expected[3]))
        assert math.isclose(found["own_limit"], LIMIT * own, rel_tol=1e-6) and found["is_drift"] == (abs(found["shift"]) > found["own_limit"])


def test_without_a_third_argument_components_explain_65_percent(db):
    rows = mixed(np.random.default_rng(5), 120, 8, np.random.default_rng(6).standard_normal((8, 8)))
    assert ours(db, rows[:90].tolist(), rows[90:].tolist()) == ours(db, rows[:90].tolist(), rows[90:].tolist(), 0.65) == ours(db, rows[:90].tolist(), rows[90:].tolist(), None)


@pytest.mark.parametrize("phi", [0, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("width", [5, 20])
def test_series_that_go_together_as_before_alarm_in_at_most_seven_of_a_hundred(db, width, phi):
    chance = np.random.default_rng(width)
    n = 100
    found = [mixed(chance, 395, width, chance.standard_normal((width, width)) * (np.arange(width)[:, None] < width // 3), phi) for _ in range(n)]
    assert sum(ours(db, x[:365].tolist(), x[365:].tolist())["is_drift"] for x in found) <= 0.07 * n


@pytest.mark.parametrize("phi", [0, 0.5, 0.8])
def test_columns_that_part_are_found_though_none_of_them_has_moved(db, phi):
    chance, found, n = np.random.default_rng(3), 0, 100
    for _ in range(n):
        mixing = np.zeros((8, 8))
        mixing[:2] = chance.uniform(0.7, 1.5, (2, 8)) * chance.choice([-1, 1], (2, 8))
        x = mixed(chance, 395, 8, mixing, phi)
        x[365:, 3] = 2 * x[:, 3].mean() - x[365:, 3]  # as large as ever, and against the others
        found += ours(db, x[:365].tolist(), x[365:].tolist(), 0.9)["is_drift"]
    assert found > 0.95 * n


@pytest.mark.parametrize(
    "reference, current, reason",
    [
        ([], [[1]], "the reference query has no values"),
        ([[1]], [], "the current query has no values"),
        ([], [], "neither query has values"),
        ([[7, 7]] * 9, [[7, 8]], "no column of the reference varies"),
        ([[math.nan, 7]] * 9, [[7, 8]], "no column of the reference varies"),
        ([[math.nan, math.nan]] * 9, [[7, 8]], "no column of the reference varies"),
        ([[1], [2], [4], [9]], [[3]], "the components tell all of every row"),
        ([[1, 2], [2, 4.5], [4, 8], [9, 3]], [[3, 1], [4, 2]], "the reference has fewer than three times the current rows"),
    ],
)
def test_where_there_is_no_verdict_there_is_a_reason(db, reference, current, reason):
    found = ours(db, reference, current)
    assert found["reason"] == reason and (found["shift"], found["own_limit"], found["is_drift"]) == (None, None, None)
    assert (found["n_reference"], found["n_current"]) == (len(reference), len(current))


@pytest.mark.parametrize("seed", range(20))
def test_numbers_of_any_size_give_finite_answers_or_none(db, seed):
    chance = np.random.default_rng(seed)
    odd = [1.7e308, -1.7e308, 5e-324, 0, 1, -1e-300, 3.5, math.nan, 2**62, 1e150]
    rows = [[odd[i] for i in chance.integers(0, len(odd), 4)] for _ in range(40)]
    found = ours(db, rows[:34], rows[34:])
    assert all(value is None or isinstance(value, str) or math.isfinite(value) for value in found.values()) and (found["reconstruction_error"] is not None or found["reason"])


def test_what_is_no_number_or_no_column_is_refused_with_a_sentence(db):
    for reference, current, said in [
        ("SELECT 'a'", "SELECT 1", "row 1 of the reference query: expected a number or NULL, got text 'a'"),
        ("SELECT 1", "SELECT 1 UNION ALL SELECT 9e999", "row 2 of the current query: expected a number or NULL, got "),
        ("SELECT 1, 2", "SELECT 1", "the queries must have as many columns: the reference has 2, the current one 1"),
        (f"SELECT {', '.join(['1'] * 1001)}", "SELECT 1", "the queries must have at most 1000 columns, got 1001"),
    ]:
        with pytest.raises(Exception, match=f"^reconstruction_test: {said}"):
            db.execute("SELECT * FROM reconstruction_test(?, ?)", (reference, current)).fetchall()
