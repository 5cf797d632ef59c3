"""Lookups that leave the history out once it cannot answer: what they say is what both tables say, whoever writes in between."""

import random

import pytest

from helpers.extension import connect
from helpers.stores import groups

NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
ANSWER = """
    SELECT resting_hr FROM (SELECT *, NULL AS superseded_at FROM athlete_sleep UNION ALL SELECT {columns}, superseded_at FROM athlete_sleep_history)
    WHERE athlete_id = ?1 AND event_timestamp <= ?2 AND available_at <= ?2 AND (superseded_at IS NULL OR superseded_at > ?2)
    ORDER BY event_timestamp DESC, available_at DESC LIMIT 1"""


def agree(lookups, times, athletes=6):
    """What is asked of now and of some moments, again and again, each query by itself, as the tables have it."""
    columns = ", ".join(row[1] for row in lookups.execute("PRAGMA table_info(athlete_sleep)"))
    now = lookups.execute(f"SELECT {NOW}").fetchone()[0]
    seen = 0
    for _ in range(times):
        for i in range(athletes):
            for moment in (now, "2024-06-01T00:00:00Z", "2090-01-01T00:00:00Z"):
                here = lookups.execute("SELECT resting_hr FROM temp.sleep WHERE athlete_id = ? AND as_of = ?", (f"a{i}", moment)).fetchall()
                assert here == lookups.execute(ANSWER.format(columns=columns), (f"a{i}", moment)).fetchall(), (i, moment)
                seen += len(here)
            of_now = lookups.execute("SELECT resting_hr, row_timestamp IS NULL FROM temp.sleep WHERE athlete_id = ?", (f"a{i}",)).fetchall()
            assert [row[:1] for row in of_now] == lookups.execute(ANSWER.format(columns=columns), (f"a{i}", now)).fetchall()
            of_now = lookups.execute("SELECT resting_hr FROM temp.sleep WHERE athlete_id = ?", (f"a{i}",)).fetchall()
            assert of_now == lookups.execute(ANSWER.format(columns=columns), (f"a{i}", now)).fetchall()
    assert seen or not times


def store(path):
    db = groups.store(groups.SLEEP, path=path)
    db.executemany("INSERT INTO athlete_sleep (athlete_id, event_timestamp, available_at, resting_hr) VALUES (?, ?, ?, ?)",
                   [(f"a{i % 5}", f"2024-01-{1 + i // 5:02d}T00:00:00Z", f"2024-01-{1 + i // 5:02d}T00:00:00Z", 40 + i) for i in range(25)])  # fmt: skip
    db.execute("CREATE VIRTUAL TABLE temp.sleep USING asof(athlete_sleep)")
    return db


def change(db, rng):
    """Corrects, deletes or corrects from a time to come on, which leaves the older version believed until then."""
    athlete, day = f"a{rng.randrange(6)}", f"2024-01-{rng.randint(1, 5):02d}T00:00:00Z"
    known = rng.choice(["2024-02-01T00:00:00Z", "2024-07-01T00:00:00Z", "2095-01-01T00:00:00Z"])
    if rng.random() < 0.3:
        db.execute("DELETE FROM athlete_sleep WHERE athlete_id = ? AND event_timestamp = ?", (athlete, day))
    else:
        db.execute("UPDATE athlete_sleep SET resting_hr = ?, available_at = ? WHERE athlete_id = ? AND event_timestamp = ?", (rng.randint(40, 90), known, athlete, day))


@pytest.mark.parametrize("seed", range(3))
def test_answers_are_those_of_both_tables_while_this_and_another_connection_write(tmp_path, seed):
    rng = random.Random(seed)
    db = store(tmp_path / "a.db")
    other = connect(tmp_path / "a.db", isolation_level=None)
    agree(db, 3)
    for _ in range(6):
        way = rng.choice(["here", "there", "rolled back", "saved"])
        if way == "there":
            change(other, rng)
        elif way == "here":
            change(db, rng)
        else:
            db.execute("BEGIN")
            agree(db, 1)
            db.execute("SAVEPOINT s")
            change(db, rng)
            agree(db, rng.choice([0, 2]))
            if way == "saved":
                db.execute("ROLLBACK TO s")
                agree(db, 1)
            db.execute("ROLLBACK")
        agree(db, rng.choice([1, 3]))
    for left in (other, db):
        left.close()


@pytest.mark.parametrize("writes", ["here", "there"])
def test_a_version_that_is_believed_until_a_time_to_come_is_found_once_it_is_written(tmp_path, writes):
    db = store(tmp_path / "a.db")
    other = connect(tmp_path / "a.db", isolation_level=None)
    agree(db, 4)
    later = "UPDATE athlete_sleep SET resting_hr = 99, available_at = '2095-01-01T00:00:00Z' WHERE event_timestamp LIKE '2024-01-05%'"
    (db if writes == "here" else other).execute(later)
    agree(db, 4)
    assert db.execute("SELECT resting_hr, row_superseded FROM temp.sleep WHERE athlete_id = 'a0'").fetchall() == [(60, "2095-01-01T00:00:00Z")]
    for left in (other, db):
        left.close()


def test_a_statement_that_writes_the_history_reads_what_it_wrote(tmp_path):
    db = store(tmp_path / "a.db")
    db.execute("CREATE TABLE log (athlete_id, was, now)")
    # Each row that is corrected from a time to come on is believed until then, and its version is in the history alone.
    db.execute("""CREATE TEMP TRIGGER looks AFTER INSERT ON athlete_sleep_history BEGIN
        INSERT INTO log SELECT new.athlete_id, new.resting_hr, (SELECT f.resting_hr FROM temp.sleep AS f WHERE f.athlete_id = new.athlete_id); END""")
    agree(db, 4)
    db.execute("UPDATE athlete_sleep SET resting_hr = resting_hr + 100, available_at = '2095-01-01T00:00:00Z' WHERE event_timestamp LIKE '2024-01-05%'")
    rows = db.execute("SELECT was, now FROM log").fetchall()
    assert len(rows) == 5 and all(was == now for was, now in rows)
    agree(db, 1)
    db.close()
