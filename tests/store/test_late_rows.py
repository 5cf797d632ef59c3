"""Rows of a user's group that come after what was published of their keys: known from their arrival, whatever way they take."""

import json
import random

import pytest

from helpers.activities import new_database, one, run

DELAYS = [0, 6, 36]


def nights(db, delay):
    definition = {"feature_group": "sleep", "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"],
                  "availability_delay_hours": delay, "reject_limit": 1, "features": [{"name": "hours", "type": "numerical", "min": 0}]}
    db.executescript(one(db, "SELECT feature_group_ddl(?)", json.dumps(definition)))
    return json.dumps(definition)


def by_batch(db, definition, rows):
    db.execute("CREATE TEMP TABLE told (athlete_id TEXT, event_timestamp TEXT, hours REAL)")
    db.executemany("INSERT INTO temp.told VALUES (?, ?, ?)", rows)
    db.executescript(one(db, "SELECT feature_group_ingest(?, 'told')", definition))
    db.execute("DROP TABLE temp.told")


def by_query(db, definition, rows):
    values = ", ".join(f"('{a}', '{t}', {h})" for a, t, h in rows)
    db.executescript(one(db, "SELECT feature_group_ingest(?, ?)", definition,
                         f"SELECT column1 AS athlete_id, column2 AS event_timestamp, column3 AS hours FROM (VALUES {values})"))


def row_by_row(db, definition, rows):
    db.executemany("INSERT INTO sleep_ingest (athlete_id, event_timestamp, hours) VALUES (?, ?, ?)", rows)


def night(day, form):
    return form.format(f"2024-01-{day:02d}")


def seen(db, t):
    db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(sleep, entity='athlete_id', timestamp='event_timestamp', available='available_at')")
    found = [db.execute("SELECT hours, row_timestamp FROM temp.looked WHERE athlete_id = ? AND as_of = ?", (a, t)).fetchall() for a in "ab"]
    db.execute("DROP TABLE temp.looked")
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("way", [by_batch, by_query, row_by_row])
def test_what_comes_late_changes_no_answer_of_the_past(seed, way):
    rng, db = random.Random(seed), new_database()
    run(db, ["000_ops_tables", "100_bronze_strava", "300_feature_registry"])
    definition = nights(db, rng.choice(DELAYS))
    forms = ["{}T06:00:00Z", "{}T08:00:00+02:00", "{} 06:00:00.25", "{}"]
    days = rng.sample(range(1, 29), 12)
    first = [("a", night(d, rng.choice(forms)), float(d)) for d in days[:5]]
    by_batch(db, definition, first)
    assert one(db, "SELECT MAX(available_at) FROM sleep") < "2024-02-05"
    moments = [f"2024-0{rng.randint(1, 2)}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00Z" for _ in range(20)]
    before = {t: seen(db, t) for t in moments}
    last = max(days[:5])
    late = [("a", night(d, rng.choice(forms)), d + 0.5) for d in days[5:] if d < last]
    if late:
        way(db, definition, late)
        assert one(db, "SELECT COUNT(*) FROM sleep") == len(first) + len(late)
    gone = rng.choice(first)
    db.execute("DELETE FROM sleep WHERE hours = ?", gone[2:])
    way(db, definition, [gone])
    assert {t: seen(db, t) for t in moments} == before
    way(db, definition, [("b", night(3, forms[0]), 3.0), ("a", night(last + 1, forms[0]), 99.0)])
    assert one(db, "SELECT MAX(available_at) FROM sleep WHERE athlete_id = 'b' OR hours = 99") < "2024-02-05"
    assert one(db, "SELECT COUNT(*) FROM sleep_versions AS x JOIN sleep_versions AS y USING (athlete_id, event_timestamp) WHERE x.available_at < y.available_at"
                   " AND y.available_at < COALESCE(x.superseded_at, '9')") == 0
    db.close()
