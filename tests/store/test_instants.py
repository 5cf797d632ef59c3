"""Times in every form that people write, by every way in: what is kept is what Python's datetime reads, in one form."""

import datetime
import json
import random
import sqlite3

import pytest

from helpers.stores import instants
from helpers.stores.groups import SLEEP, ingest, store
from helpers.machine.soak import soak

FORMS = {"second": 0, "millisecond": 3}
OFFSETS = [("1", "2024-01-10", 3600), ("1", "2024-03-01", -18000)]


def told(rng):
    """A text, and the instant that a row of athlete 1 or 2 then stands at; None for no time."""
    begin = datetime.datetime(2024, 1, 1, tzinfo=instants.UTC)
    at = begin + datetime.timedelta(seconds=rng.randrange(10**7), microseconds=rng.choice([0, 0, 1, 500000, 999999, 123000]))
    text = rng.choice([rng.choice(instants.BROKEN), f"{at:%Y-%m-%d}", *[instants.written(rng, at)] * 5])
    athlete = rng.choice(["1", "2"])
    if instants.read(text) is None:
        return athlete, text, None
    offset = 0 if athlete == "2" else 3600 if text < "2024-03-01" else -18000
    return athlete, text, instants.of_row(text, offset)


@pytest.mark.parametrize("precision", FORMS)
@pytest.mark.parametrize("door", ["batch", "single"])
@pytest.mark.parametrize("cases", [150, soak(2000)])
def test_a_row_is_kept_at_the_instant_that_its_text_means_or_rejected_with_the_reason(door, precision, cases):
    rng = random.Random(f"{door} {precision}")
    definition = {**SLEEP, "time_precision": precision}
    db = store(definition)
    db.executemany("INSERT INTO athlete_utc_offsets VALUES (?, ?, ?)", OFFSETS)
    db.execute("CREATE TABLE arrived(athlete_id, event_timestamp, available_at, resting_hr)")
    for _ in range(cases):
        for table in ("athlete_sleep", "athlete_sleep_history", "feature_rejects", "arrived"):
            db.execute(f"DELETE FROM {table}")
        athlete, text, at = told(rng)
        target = "arrived" if door == "batch" else "athlete_sleep_ingest"
        db.execute(f"INSERT INTO {target} (athlete_id, event_timestamp, available_at, resting_hr) VALUES (?1, ?2, ?2, 50)", (athlete, text))
        if door == "batch":
            ingest(db, definition, "arrived")
        kept = db.execute("SELECT event_timestamp, available_at FROM athlete_sleep").fetchall()
        if at is None:
            reasons = [r for (r,) in db.execute("SELECT reason FROM feature_rejects")]
            assert kept == [] and reasons and all("expected a day (2025-10-20) or an instant" in r for r in reasons), text
        else:
            assert kept == [(instants.canonical(at, FORMS[precision], True),) * 2], text


@pytest.mark.parametrize("precision", FORMS)
def test_no_statement_brings_another_form_into_a_group(precision):
    rng = random.Random(precision)
    db = store({**SLEEP, "time_precision": precision})
    digits = FORMS[precision]
    good = instants.canonical(datetime.datetime(2024, 1, 1, tzinfo=instants.UTC), digits, True)
    db.execute("INSERT INTO athlete_sleep (athlete_id, event_timestamp, resting_hr, available_at) VALUES ('a', ?1, 50, ?1)", (good,))
    db.execute("UPDATE athlete_sleep SET resting_hr = 51")
    assert db.execute("SELECT COUNT(*) FROM athlete_sleep_history").fetchone() == (1,)
    for _ in range(100):
        _, text, at = told(rng)
        if at is not None and text == instants.canonical(at, digits, True):
            continue
        for statement in ("UPDATE athlete_sleep SET event_timestamp = ?", "UPDATE athlete_sleep SET available_at = ?",
                          "INSERT INTO athlete_sleep SELECT 'b', ?, sleep_h, resting_hr, quality, device, available_at FROM athlete_sleep",
                          "INSERT INTO athlete_sleep_history SELECT *, ?, 'me' FROM athlete_sleep", "UPDATE athlete_sleep_history SET superseded_at = ?",
                          "UPDATE athlete_sleep_history SET event_timestamp = ?", "UPDATE athlete_sleep_history SET available_at = ?"):
            with pytest.raises(sqlite3.IntegrityError, match="instants in UTC such as 2025-10-20"):
                db.execute(statement, (text,))


SECONDS = range(-62135596800, 253402300800)


def seconds(rng):
    """A whole number of seconds of the years 1 to 9999, or milliseconds, or what is none."""
    now = rng.randrange(1600000000, 1800000000)
    return rng.choice([now, -now, SECONDS[0], SECONDS[-1], SECONDS[0] - 1, SECONDS[-1] + 1, now * 1000, now * 10**6, now + 0.5, 2**63 - 1, -2**63,
                       "2024-01-01T00:00:00Z", "", b"1", None])


@pytest.mark.parametrize("door", ["batch", "query", "single", "table"])
def test_a_group_of_numbers_takes_seconds_and_no_milliseconds(door):
    rng = random.Random(door)
    definition = {**SLEEP, "features": [*SLEEP["features"], *({"name": n, "type": "integer"} for n in ("event_timestamp", "available_at"))]}
    db = store(definition)
    db.execute("CREATE TABLE arrived (athlete_id, event_timestamp, available_at, resting_hr)")
    for _ in range(40):
        for table in ("athlete_sleep", "athlete_sleep_history", "feature_rejects", "arrived"):
            db.execute(f"DELETE FROM {table}")
        moment = seconds(rng)
        is_time = isinstance(moment, int) and moment in SECONDS
        target = {"single": "athlete_sleep_ingest", "table": "athlete_sleep"}.get(door, "arrived")
        try:
            db.execute(f"INSERT INTO {target} (athlete_id, event_timestamp, available_at, resting_hr) VALUES ('a', ?1, ?1, 50)", (moment,))
        except sqlite3.IntegrityError as error:
            assert door == "table" and not is_time and "whole numbers of seconds, of the years 1 to 9999" in str(error)
        if target == "arrived":
            ingest(db, definition, "arrived" if door == "batch" else "SELECT * FROM arrived")
        assert db.execute("SELECT event_timestamp, available_at FROM athlete_sleep").fetchall() == ([(moment,) * 2] if is_time else []), moment
        reasons = [r for (r,) in db.execute("SELECT reason FROM feature_rejects")]
        assert bool(reasons) == (door != "table" and not is_time), moment
        assert all("is missing" in r or "whole seconds since 1970, of the years 1 to 9999" in r for r in reasons)


def test_milliseconds_are_no_moment_of_a_group_of_seconds(error):
    definition = {**SLEEP, "features": [*SLEEP["features"], *({"name": n, "type": "integer"} for n in ("event_timestamp", "available_at"))]}
    db = store(definition)
    db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(athlete_sleep)")
    for moment in (1704434400000, -62135596801, 253402300800.5, 1e300):
        with pytest.raises(sqlite3.OperationalError, match="seconds since 1970 belong, of the years 1 to 9999"):
            db.execute("SELECT * FROM temp.looked WHERE athlete_id = 'a' AND as_of = ?", (moment,)).fetchall()
    assert "known_at" in error("feature_group_ingest(?, 'SELECT 1', json_object('known_at', ?))", json.dumps(definition), "1704434400000")


@pytest.mark.parametrize("precision", FORMS)
def test_one_moment_has_one_answer_however_it_is_written(precision):
    """With the row's age, and with a lookback that ends about there."""
    rng = random.Random(precision)
    db = store({**SLEEP, "time_precision": precision, "lookback_days": 2.5})
    db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(athlete_sleep)")
    begin = datetime.datetime(2024, 1, 1, tzinfo=instants.UTC)
    for _ in range(60):
        at = instants.canonical(begin + datetime.timedelta(hours=rng.randrange(24 * 300)), FORMS[precision], True)
        db.execute("INSERT OR IGNORE INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr, available_at) VALUES ('a', ?1, 50, ?1)", (at,))
    answers = set()
    for _ in range(150):
        moment = begin + datetime.timedelta(days=rng.randrange(300))
        texts = [f"{moment:%Y-%m-%d}", *(instants.written(rng, moment) for _ in range(4))]
        found = {repr(db.execute("SELECT row_timestamp, row_age_days FROM temp.looked WHERE athlete_id = 'a' AND as_of = ?", (text,)).fetchall()) for text in texts}
        assert len(found) == 1, texts
        answers |= found
    assert "[]" in answers and len(answers) > 10


def test_what_is_no_time_is_no_known_at(error):
    for text in instants.BROKEN:
        assert "known_at" in error("feature_group_ingest(?, 'SELECT 1', json_object('known_at', ?))", json.dumps(SLEEP), text)


def test_a_refused_batch_names_its_first_reasons():
    db = store({**SLEEP, "reject_limit": 0})
    rows = "SELECT 'a' AS athlete_id, '2026-02-30' AS event_timestamp, 50 AS resting_hr UNION ALL SELECT 'a', '2024-01-02', 500"
    with pytest.raises(sqlite3.OperationalError, match="the batch is refused; the first: .*event_timestamp is not of type timestamp.*resting_hr is above 120"):
        ingest(db, {**SLEEP, "reject_limit": 0}, rows)


def test_a_training_set_refuses_to_leave_out_what_it_does_not_have(db):
    with pytest.raises(sqlite3.OperationalError, match="exclude: minuts is no column of the set"):
        db.execute("""CREATE VIRTUAL TABLE temp.t USING training_set('{"labels": "SELECT 1 AS minutes, ''2024-01-01'' AS at", "as_of": "at", "lookups": [], "exclude": ["minuts"]}')""")
    with pytest.raises(sqlite3.OperationalError, match="exclude: no column of the set is left"):
        db.execute("""CREATE VIRTUAL TABLE temp.t USING training_set('{"labels": "SELECT 1 AS y, ''2024-01-01'' AS at", "as_of": "at", "lookups": [], "exclude": ["AT", "y"]}')""")


@pytest.mark.parametrize("precision", ["second", "millisecond"])
def test_reading_other_forms_of_a_time_costs_a_row_no_large_program(precision):
    db = store(SLEEP | {"time_precision": precision})
    steps = db.execute("EXPLAIN INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr) VALUES ('a', '2024-01-01T00:00:00Z', 50)")
    assert len(steps.fetchall()) < 4000
