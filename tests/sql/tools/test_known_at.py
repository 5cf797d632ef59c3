"""sql/tools/ingest --known-at and --known-at-column: what a file said at any earlier moment, against a plain replay of the versions."""

import datetime
import os
import random
import subprocess

import pytest

from helpers.extension import EXTENSION, ROOT
from helpers.stores import instants
from helpers.stores.groups import SLEEP, store

LOOKUP = "SELECT resting_hr FROM temp.looked WHERE athlete_id = ? AND as_of = ?"


@pytest.fixture
def nights(request, tmp_path):
    path = tmp_path / "nights.db"
    db = store(SLEEP | {"reject_limit": getattr(request, "param", 0)}, path=path)
    db.execute("CREATE TABLE staging (athlete_id, event_timestamp, resting_hr, seen)")

    def tool(*arguments):
        db.commit()
        program, named = ROOT / "sql" / "tools" / "ingest", [a for a in arguments if a.startswith("--")]
        given = [program, *named, path, "athlete_sleep", *(a for a in arguments if not a.startswith("--"))]
        return subprocess.run(given, capture_output=True, text=True, env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})

    yield db, tool
    db.close()


def fill(db, rows):
    db.execute("DELETE FROM staging")
    db.executemany("INSERT INTO staging VALUES (?, ?, ?, ?)", rows)


def seen(day, hour, rng):
    """A moment of March 2024, in one of the forms that people write."""
    return rng.choice((f"2024-03-{day:02d}T{hour:02d}:00:00Z", f"2024-03-{day:02d} {hour:02d}:00:00Z", f"2024-03-{day:02d}T{hour + 2:02d}:00:00+02:00"))


@pytest.mark.parametrize("seed", range(6))
def test_every_version_of_a_batch_in_any_order_is_what_was_believed_from_its_moment_on(nights, seed):
    db, tool = nights
    rng = random.Random(seed)
    versions = [(rng.choice("abc"), f"2024-01-0{rng.randint(1, 4)}T00:00:00Z", day, hour, rng.randint(40, 99))
                for day in range(1, 12) for hour in rng.sample(range(20), 2)]  # fmt: skip
    rng.shuffle(versions)
    fill(db, [(who, night, pulse, seen(day, hour, rng)) for who, night, day, hour, pulse in versions])
    said = tool("--known-at-column=seen", "staging")
    assert (said.returncode, said.stderr) == (0, "")
    db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(athlete_sleep)")
    for who in "abc":
        for at in [(d, h) for d in (1, 3, 6, 9, 12) for h in (0, 10, 19)]:
            told = [(day, hour, night, pulse) for w, night, day, hour, pulse in versions if w == who and (day, hour) <= at]
            night = max((t[2] for t in told), default=None)
            expected = max((t for t in told if t[2] == night), default=(None,))[-1]
            moment = f"2024-03-{at[0]:02d}T{at[1]:02d}:00:00Z"
            found = db.execute(LOOKUP, (who, moment)).fetchall()
            assert (found[0][0] if found else None) == expected, (who, moment)
    overlapping = """SELECT COUNT(*) FROM athlete_sleep_history AS h JOIN athlete_sleep AS t USING (athlete_id, event_timestamp)
                     WHERE h.superseded_at > t.available_at"""
    assert db.execute(overlapping).fetchone() == (0,)
    assert tool("--known-at-column=seen", "SELECT * FROM staging WHERE seen = (SELECT MAX(seen) FROM staging)").returncode == 0


@pytest.mark.parametrize("nights", [1], indirect=True)
@pytest.mark.parametrize("seed", range(3))
def test_moments_count_in_the_order_of_time_however_they_are_written(nights, seed):
    """Days, offsets and fractions: one version after the other as Python's datetime orders them, a day at its end."""
    db, tool = nights
    rng, begin = random.Random(seed), datetime.datetime(2024, 3, 1, tzinfo=instants.UTC)
    told = []
    for pulse in range(40, 70):
        at = begin + datetime.timedelta(hours=rng.randrange(96), milliseconds=rng.choice([0, 0, 1, 999]))
        text = rng.choice([f"{at:%Y-%m-%d}", instants.written(rng, at), instants.written(rng, at)])
        told.append((instants.of_row(text), pulse, text))
    told = [(at, pulse, text) for at, pulse, text in told if [a for a, _, _ in told].count(at) == 1]
    rng.shuffle(told)
    fill(db, [("a", "2024-01-01T00:00:00Z", pulse, text) for _, pulse, text in told])
    said = tool("--known-at-column=seen", "staging")
    assert (said.returncode, said.stderr) == (0, "")
    believed = {instants.canonical(at, 0, True): pulse for at, pulse, _ in sorted(told)}
    versions = db.execute("SELECT available_at, resting_hr, superseded_at FROM athlete_sleep_versions ORDER BY available_at").fetchall()
    assert [v[:2] for v in versions] == sorted(believed.items())
    assert [v[2] for v in versions] == [v[0] for v in versions[1:]] + [None]


def test_a_row_of_a_batch_of_versions_that_does_not_say_when_it_was_known_is_known_from_its_moment(nights):
    db, tool = nights
    rows = "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, 50 AS resting_hr, '2024-03-01T00:00:00Z' AS seen, NULL AS available_at"
    assert tool("--known-at-column=seen", f"{rows} UNION ALL SELECT 'a', '2024-01-02', 51, '2024-03-01', '2024-03-05T00:00:00Z'").returncode == 0
    assert db.execute("SELECT available_at FROM athlete_sleep ORDER BY 1").fetchall() == [("2024-03-01T00:00:00Z",), ("2024-03-05T00:00:00Z",)]


def test_a_correction_told_late_is_believed_from_the_moment_that_is_told(nights):
    db, tool = nights
    fill(db, [("a", "2024-01-01T00:00:00Z", 57, None)])
    assert tool("SELECT athlete_id, event_timestamp, resting_hr FROM staging").stdout == "1 rows: 1 new, 0 changed, 0 rejected\n"
    fill(db, [("a", "2024-01-01T00:00:00Z", 58, None)])
    assert tool("--known-at=2024-03-05", "SELECT athlete_id, event_timestamp, resting_hr FROM staging").stdout == "1 rows: 0 new, 1 changed, 0 rejected\n"
    db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(athlete_sleep)")
    for moment, pulse in (("2024-03-05T23:59:59Z", 57), ("2024-03-06T00:00:00Z", 58)):
        assert db.execute(LOOKUP, ("a", moment)).fetchall() == [(pulse,)]
    assert tool("SELECT athlete_id, event_timestamp, resting_hr FROM staging").stdout == "no row is new, changed or rejected\n"


REFUSED = {
    ("--known-at=yesterday", "staging"): 'option "known_at" must be',
    ("--known-at=2024-01-01", "--known-at-column=seen", "staging"): "one of the two",
    ("--known-at-column=when", "staging"): "the source has no column when",
    ("--known-at-column=seen", "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, NULL AS seen"): "a row of the source has no seen",
    ("--known-at-column=seen", "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, '2024-13-01' AS seen"): "2024-13-01",
    ("--known-at-column=seen",): "names no source of its own",
}  # fmt: skip


@pytest.mark.parametrize("arguments", REFUSED)
def test_a_moment_that_is_none_is_refused_with_a_sentence_and_nothing_is_written(nights, arguments):
    db, tool = nights
    fill(db, [("a", "2024-01-01T00:00:00Z", 57, "2024-03-01")])
    said = tool(*arguments)
    assert said.returncode == 1 and REFUSED[arguments] in said.stderr and said.stdout == ""
    assert db.execute("SELECT COUNT(*) FROM athlete_sleep").fetchone() == (0,)


def test_a_version_that_breaks_a_rule_leaves_none_of_the_batch(nights):
    db, tool = nights
    fill(db, [("a", "2024-01-01T00:00:00Z", 57, "2024-03-01"), ("a", "2024-01-01T00:00:00Z", 500, "2024-03-02")])
    said = tool("--known-at-column=seen", "staging")
    assert said.returncode == 1 and "the batch is refused" in said.stderr
    assert db.execute("SELECT (SELECT COUNT(*) FROM athlete_sleep) + (SELECT COUNT(*) FROM feature_rejects)").fetchone() == (0,)
