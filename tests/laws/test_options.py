"""An option's default, as athlete_options tells it, is what holds without the option."""

import json
import re
import sqlite3

import pytest
from importers.packed import packed

from helpers.extension import connect

# A call with room for options, of each function that has some with a value for a default.
CALLS = {
    "gbdt_train": "SELECT gbdt_train(?, y, a, b) FROM generated",
    "gbdt_fit": "SELECT * FROM gbdt_fit(?, 'SELECT y, a, b FROM generated')",
    "gbdt_score": "SELECT * FROM gbdt_score((SELECT gbdt_train('{\"num_boost_round\": 2}', y, a, b) FROM generated), 'SELECT rowid, a, b FROM generated', ?)",
    "training_load": "SELECT * FROM training_load('SELECT 1, date(''2024-01-01'', rowid || '' days''), 10, 60, 100, 150, 5 FROM generated', ?)",
    "training_forecast": "SELECT * FROM training_forecast('SELECT 1, date(''2024-01-01'', rowid || '' days''), 10, 60, 100, 150, 5, nullif(rowid > 40, 0) FROM generated', ?)",
    "block_bootstrap": "SELECT block_bootstrap(y - 60, a, ?) FROM generated",
    "kmeans_train": "SELECT kmeans_train(?, y, a, b) FROM generated",
    "kmeans_fit": "SELECT * FROM kmeans_fit(?, 'SELECT rowid, y, a, b FROM generated')",
    "cbpe": "SELECT * FROM cbpe('SELECT 0.3, 0, rowid % 3 = 0 FROM generated', 'SELECT 0.6, 1, NULL FROM generated', ?)",
    "dle": "SELECT * FROM dle('SELECT a, abs(y) FROM generated', 'SELECT y, NULL FROM generated', ?)",
    "kmeans_choose": "SELECT * FROM kmeans_choose(?, 'SELECT rowid, y, a FROM generated')",
    "svg_line": "SELECT svg_line(?, y, a, b) FROM generated",
    "svg_band": "SELECT svg_band(?, y, a, b) FROM generated",
    "svg_bars": "SELECT svg_bars(?, y, a, b) FROM generated",
    "svg_histogram": "SELECT svg_histogram(?, y) FROM generated",
    "svg_waterfall": "SELECT svg_waterfall(?, a, b) FROM generated WHERE rowid <= 20",
    "svg_calendar": "SELECT svg_calendar(?, date('2024-01-01', rowid || ' days'), y) FROM generated",
    "svg_sparkline": "SELECT svg_sparkline(?, y) FROM generated",
    "leakage_report": "SELECT * FROM leakage_report('SELECT y, ''2024-01-01'' AS t, a, b FROM generated', ?)",
}
ALWAYS = {"kmeans_train": {"k": 3}, "kmeans_fit": {"k": 3}, "kmeans_choose": {"k_max": 3, "resamples": 3}, "leakage_report": {"label": "y", "as_of": "t"}, "gbdt_train": {"num_boost_round": 3}, "gbdt_fit": {"num_boost_round": 3}}


def value_of(kind, text):
    """The default as JSON, or None where it is in words."""
    if kind == "choice":
        return text if " " not in text else None
    try:
        return json.loads(text) if kind in ("number", "integer") else None
    except ValueError:
        return None


def listed():
    db = connect()
    found = db.execute('SELECT function, name, type, min, max, choices, "default", meaning FROM athlete_options').fetchall()
    db.close()
    return found


OPTIONS = [(function, name, value) for function, name, kind, *_, default, _ in listed() if default and (value := value_of(kind, default)) is not None]


@pytest.fixture(scope="module")
def db():
    connection = connect()
    connection.execute("CREATE TEMP TABLE generated AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                       " SELECT i * 7919 % 1009 / 8.0 AS y, i % 7 AS a, i * 31 % 11 AS b FROM n")  # fmt: skip
    yield connection
    connection.close()


def answer(db, function, options):
    return db.execute(CALLS[function], (json.dumps({**ALWAYS.get(function, {}), **options}),)).fetchall()


def test_every_function_with_such_defaults_is_tried():
    assert {function for function, _, _ in OPTIONS} == set(CALLS)
    assert len(OPTIONS) > 50


@pytest.mark.parametrize("function, name, value", OPTIONS, ids=[f"{function} {name}" for function, name, _ in OPTIONS])
def test_giving_the_default_changes_nothing(db, function, name, value):
    if name in ALWAYS.get(function, {}):
        ours = db.execute(CALLS[function], (json.dumps({}),)).fetchall()
        assert db.execute(CALLS[function], (json.dumps({name: value}),)).fetchall() == ours
        return
    try:
        given = answer(db, function, {name: value})
    except sqlite3.OperationalError as refused:  # an option of some objectives, or one that needs another
        pytest.fail(f"{name} = {value} is refused: {refused}")
    assert given == answer(db, function, {})


def test_no_default_hides_in_a_meaning(db):
    meanings = [meaning for *_, meaning in listed()] + [meaning for (meaning,) in db.execute("SELECT meaning FROM athlete_arguments WHERE optional AND type <> 'options'")]
    assert [meaning for meaning in meanings if re.search(r"default|when left out|; [a-z0-9]+$", meaning)] == []


def test_a_default_is_in_its_range_and_among_its_choices():
    for function, name, kind, low, high, choices, default, _ in listed():
        value = value_of(kind, default) if default else None
        if kind in ("number", "integer") and value is not None:
            assert low <= value <= high, (function, name)
        if kind == "choice" and value is not None:
            assert value in choices.split("|"), (function, name)


# --- arguments -----------------------------------------------------------------------------------------------------------------

# A call of each function with room for its optional arguments, and a value of each that is not the default.
SHARES = "SELECT {}(y, a > 3{{}}) FROM generated"
ARGUMENTS = {
    "time_series_split": ("SELECT * FROM time_series_split(12, 3{})", {"gap": 1}),
    "time_series_split_dates": ("SELECT * FROM time_series_split_dates('SELECT rowid, date(''2024-01-01'', rowid || '' days'') FROM generated', 4{})", {"embargo_days": 3}),
    "group_split": ("SELECT * FROM group_split('SELECT rowid, a FROM generated', 3{})", {"seed": 1}),
    "expected_calibration_error": ("SELECT expected_calibration_error(y * y / 16384, b > 3{}) FROM generated", {"bins": 3, "strategy": "quantile"}),
    **{name: (SHARES.format(name), {"bins": 4}) for name in ("psi", "js_distance", "total_variation", "linf")},
    "ks_pvalue": ("SELECT ks_pvalue(y, a > 3{}) FROM generated", {"method": "asymp"}),
    "row_instant": ("SELECT row_instant('2025-10-20'{}), row_instant('2025-10-20T01:02:03.25Z'{})", {"precision": "millisecond", "utc_offset_s": 3600}),
    "as_of_instant": ("SELECT as_of_instant('2025-10-20T01:02:03.25Z'{})", {"precision": "millisecond"}),
    "trimp": ("SELECT trimp(60, 150, 190, 50{})", {"sex": "f"}),
    "hr_tss": ("SELECT hr_tss(60, 150, 190, 50, 170{})", {"sex": "f"}),
    "grade_factor": ("SELECT grade_factor(0.05{})", {"model": "minetti"}),
    **{name: (f"SELECT {name}(t, d, h{{}}) FROM recording", {"model": "minetti"}) for name in ("graded_pace", "normalized_graded_pace")},
}
ASOF = {"strict": 1, "ignore_nulls": 1, "backfill": 1}


def written(text):
    return text if re.fullmatch(r"NULL|-?[\d.]+", str(text)) else f"'{text}'"


def told(db):
    found = {}
    for function, name, default in db.execute("SELECT function, name, \"default\" FROM athlete_arguments WHERE optional ORDER BY function, position"):
        found.setdefault(function, []).append((name, default))
    return found


def test_an_argument_that_is_left_out_is_what_the_list_says(db):
    db.execute("CREATE TEMP TABLE recording (t, d, h)")
    db.execute("INSERT INTO recording VALUES (?, ?, ?)", (packed(range(300)), packed([3 * i for i in range(300)]), packed([10 + i % 60 / 5 for i in range(300)], 1)))
    tried = set()
    for function, arguments in told(db).items():
        values = [(name, default) for name, default in arguments if default and default[0] != "("]
        if function == "asof" or not values:
            continue
        call, others = ARGUMENTS[function]
        without = db.execute(call.replace("{}", "")).fetchall()
        before = ""
        for name, default in arguments[: 1 + max(i for i, pair in enumerate(arguments) if pair in values)]:
            if (name, default) in values:
                assert db.execute(call.replace("{}", before + f", {written(default)}")).fetchall() == without, (function, name)
                assert db.execute(call.replace("{}", before + f", {written(others[name])}")).fetchall() != without, (function, name, "makes no difference here")
                tried.add((function, name))
            before += f", {written(default)}"
    assert {(function, name) for function, (_, others) in ARGUMENTS.items() for name in others} == tried


def test_what_a_lookup_is_not_told_is_what_the_list_says(db):
    assert {name: default for name, default in told(db)["asof"] if default == "0"} == dict.fromkeys(ASOF, "0")
    db.executescript("""CREATE TEMP TABLE facts (k, event_timestamp TEXT, available_at TEXT, x);
                        CREATE INDEX temp.facts_asof ON facts (k, event_timestamp, available_at);
                        INSERT INTO facts VALUES (1, '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', 1), (1, '2024-01-02T00:00:00Z', '2024-01-02T00:00:00Z', NULL),
                                                 (1, '2024-01-03T00:00:00Z', '2024-01-09T00:00:00Z', 3)""")

    def looked_up(options):
        db.execute(f"CREATE VIRTUAL TABLE temp.looked USING asof(facts, entity = 'k', timestamp = 'event_timestamp', available = 'available_at'{options})")
        moments = [f"2024-01-0{n}T00:00:00Z" for n in range(1, 10)]
        found = [db.execute("SELECT x FROM looked WHERE k = 1 AND as_of = ?", (moment,)).fetchall() for moment in moments]
        db.execute("DROP TABLE temp.looked")
        return found

    for name, other in ASOF.items():
        assert looked_up(f", {name} = 0") == looked_up("") != looked_up(f", {name} = {other}"), name
