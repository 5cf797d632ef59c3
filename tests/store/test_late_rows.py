"""Rows of a user's group that come after what was published of their keys: known from their arrival, whatever way they take."""

import json
import random
import sqlite3

import pytest

from helpers.athletes.activities import new_database, one, run

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
    way(db, definition, [("a", night(d, rng.choice(forms)), d + 0.5) for d in days[5:]])  # before, between and after those that were there
    assert one(db, "SELECT COUNT(*) FROM sleep") == len(days)
    gone = rng.choice(first)
    db.execute("DELETE FROM sleep WHERE hours = ?", gone[2:])
    way(db, definition, [gone])
    assert {t: seen(db, t) for t in moments} == before
    way(db, definition, [("b", night(3, forms[0]), 3.0)])
    assert one(db, "SELECT MAX(available_at) FROM sleep WHERE athlete_id = 'b'") < "2024-02-05"  # a first history
    assert one(db, "SELECT COUNT(*) FROM sleep_versions AS x JOIN sleep_versions AS y USING (athlete_id, event_timestamp) WHERE x.available_at < y.available_at"
                   " AND y.available_at < COALESCE(x.superseded_at, '9')") == 0
    db.close()


def history(*ways, arrivals, seed):
    """Rows of one key in random order, each part by one of the ways: (the database, for each row whether something was there before it)."""
    rng, db = random.Random(seed), new_database()
    run(db, ["000_ops_tables", "100_bronze_strava", "300_feature_registry"])
    definition = nights(db, rng.choice(DELAYS))
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (arrivals,))
    days, late = rng.sample(range(1, 29), 12), {}
    for i, way in enumerate(ways):
        part = days[i * 4:i * 4 + 4]
        way(db, definition, [("a", night(d, "{}T06:00:00Z"), float(d)) for d in part])
        late |= {d: i > 0 or (way is row_by_row and d != part[0]) for d in part}
    return db, late


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("arrivals", [None, "history", "live"])
def test_the_file_says_how_rows_count_that_do_not_say_when_they_were_known(arrivals, seed):
    ways = random.Random(seed).sample([by_batch, by_query, row_by_row], 3)
    db, late = history(*ways, arrivals=arrivals, seed=seed)
    from_arrival = {int(h): t > "2024-02-15" for h, t in db.execute("SELECT hours, available_at FROM sleep")}
    assert from_arrival == {d: {None: is_late, "history": False, "live": True}[arrivals] for d, is_late in late.items()}
    told = [json.loads(d) for (d,) in db.execute("SELECT detail FROM ops_audit WHERE object = 'sleep' AND action = 'arrive'")]
    assert all(t["decided_by"] == ("default" if arrivals is None else "ops_config") and t["known"] == (arrivals or "live") for t in told)
    assert arrivals is None or [t["rows"] for t in told] == [4, 4]
    db.close()


@pytest.mark.parametrize("arrivals", ["history", "live"])
def test_a_batch_says_for_itself_how_its_rows_count(arrivals):
    db = new_database()
    run(db, ["000_ops_tables", "100_bronze_strava", "300_feature_registry"])
    definition = nights(db, 0)
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", ({"history": "live", "live": "history"}[arrivals],))
    rows = "SELECT 'a' AS athlete_id, '2024-01-05' AS event_timestamp, 5 AS hours, NULL AS available_at UNION ALL SELECT 'a', '2024-01-06', 6, '2024-01-07'"
    db.executescript(one(db, "SELECT feature_group_ingest(?, ?, json_object('arrivals', ?))", definition, rows, arrivals))
    known = dict(db.execute("SELECT hours, available_at FROM sleep"))
    assert known[6] == "2024-01-08T00:00:00Z"  # told
    assert known[5] == "2024-01-06T00:00:00Z" if arrivals == "history" else known[5] > "2024-02"
    detail = json.loads(one(db, "SELECT detail FROM ops_audit WHERE action = 'arrive'"))
    assert (detail["known"], detail["decided_by"]) == (arrivals, "arrivals")
    db.close()


def test_a_wrong_word_for_arrivals_stops_a_batch_with_a_sentence():
    db = new_database()
    run(db, ["000_ops_tables", "100_bronze_strava", "300_feature_registry"])
    definition = nights(db, 0)
    db.execute("DROP TRIGGER ops_config_values_stay_in_range")  # in a file of before
    db.execute("UPDATE ops_config SET value = 'later' WHERE name = 'arrivals'")
    with pytest.raises(sqlite3.OperationalError, match="ops_config: arrivals is later where 'history', 'live' or NULL belongs"):
        by_batch(db, definition, [("a", "2024-01-05", 5)])
    with pytest.raises(sqlite3.OperationalError, match=r'option "arrivals" must be one of history.live, got "later"'):
        one(db, "SELECT feature_group_ingest(?, 'SELECT 1', '{\"arrivals\": \"later\"}')", definition)
    db.close()


@pytest.mark.parametrize("arrivals", [None, "history", "live"])
@pytest.mark.parametrize("way", [by_batch, by_query, row_by_row])
@pytest.mark.parametrize("is_told", [False, True])
def test_a_row_that_was_deleted_and_comes_again_is_believed_once_at_a_time(arrivals, way, is_told):
    db = new_database()
    run(db, ["000_ops_tables", "100_bronze_strava", "300_feature_registry"])
    definition = nights(db, 0)
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (arrivals,))
    db.execute("INSERT INTO sleep VALUES ('a', '2024-01-05T06:00:00Z', 5, '2024-01-05T06:00:00Z')")
    db.execute("DELETE FROM sleep")
    if is_told:
        known = "2024-01-05T06:00:00Z"
        rows = "SELECT 'a' AS athlete_id, '2024-01-05T06:00:00Z' AS event_timestamp, 7 AS hours, '" + known + "' AS available_at"
        if way is row_by_row:
            db.execute(f"INSERT INTO sleep_ingest (athlete_id, event_timestamp, hours, available_at) {rows}")
        else:
            db.execute(f"CREATE TABLE told AS {rows}")
            db.executescript(one(db, "SELECT feature_group_ingest(?, ?)", definition, "told" if way is by_batch else "SELECT * FROM told"))
    else:
        way(db, definition, [("a", "2024-01-05T06:00:00Z", 7)])
    (gone,) = db.execute("SELECT superseded_at FROM sleep_history").fetchone()
    assert one(db, "SELECT available_at FROM sleep") >= gone > "2024-02"
    assert seen(db, "2024-01-20")[0] == [(5.0, "2024-01-05T06:00:00Z")]
    db.close()
