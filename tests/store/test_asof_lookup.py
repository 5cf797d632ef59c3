"""How an asof table is asked: by which index, what it reads and sees, and what it refuses."""

import random
import sqlite3

import pytest

from helpers.extension import connect
from helpers.stages import run
from helpers.stores import histories, instants
from helpers.stores.groups import REGISTRY


@pytest.fixture
def group(db):
    db.execute("CREATE TABLE g(athlete_id TEXT, event_timestamp TEXT, available_at TEXT, ctl REAL, atl REAL)")
    db.execute("CREATE INDEX g_i ON g(athlete_id, event_timestamp, available_at)")
    db.execute("INSERT INTO g VALUES ('a', '2024-01-01', '2024-01-02T00:00:00Z', 40, 50)")
    db.execute("CREATE TABLE r(athlete_id TEXT, at TEXT)")
    db.execute("INSERT INTO r VALUES ('a', '2024-01-05T00:00:00Z'), ('b', '2024-01-05T00:00:00Z')")
    return db


def test_the_plan_says_what_is_looked_up_and_by_which_index(group):
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id, lookback='90 days')")
    plan = group.execute("EXPLAIN QUERY PLAN SELECT f.ctl FROM r LEFT JOIN f ON f.athlete_id = r.athlete_id AND f.as_of = r.at").fetchall()
    assert plan[-1][3].startswith(
        "SCAN f VIRTUAL TABLE INDEX 0:newest row with athlete_id = ? and event_timestamp <= as_of and"
        " available_at <= as_of, at most 90.0 days old, by index g_i, a merge where many requests come in its order; reads athlete_id, ctl"
    )


def test_only_the_columns_that_are_asked_for_are_read(group):
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    read = set()
    group.set_authorizer(lambda action, a, b, *_: read.add(b) or 0 if action == sqlite3.SQLITE_READ and a == "g" else 0)
    assert group.execute("SELECT ctl FROM f WHERE athlete_id = 'a'").fetchall() == [(40,)]
    group.set_authorizer(None)
    assert read - {"ROWID"} == {"athlete_id", "event_timestamp", "available_at", "ctl"}


def test_a_caller_without_the_right_to_read_the_table_gets_nothing(group):
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    question = "SELECT ctl FROM f WHERE athlete_id = 'a'"
    assert group.execute(question).fetchall() == [(40,)]
    group.set_authorizer(lambda action, a, b, *_: action == sqlite3.SQLITE_READ and a == "g" and b == "ctl")
    with pytest.raises(sqlite3.DatabaseError, match="access to .*g.ctl is prohibited|not authorized"):
        group.execute(question).fetchall()
    group.set_authorizer(None)
    assert group.execute(question).fetchall() == [(40,)]


def test_each_request_keeps_its_row_and_the_other_rows_nothing(group):
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    joined = "FROM r {} JOIN f ON f.athlete_id = r.athlete_id AND f.as_of = r.at"
    assert group.execute("SELECT r.athlete_id, f.ctl, f.row_id, f.as_of " + joined.format("LEFT")).fetchall() == [
        ("a", 40, 1, "2024-01-05T00:00:00Z"), ("b", None, None, None)]  # fmt: skip
    assert group.execute("SELECT r.athlete_id, f.ctl " + joined.format("")).fetchall() == [("a", 40)]
    twice = "SELECT x.ctl, y.atl FROM r JOIN f AS x ON x.athlete_id = r.athlete_id AND x.as_of = r.at JOIN f AS y ON y.athlete_id = x.athlete_id AND y.as_of = r.at"
    assert group.execute(twice).fetchall() == [(40, 50)]
    assert group.execute("SELECT ctl FROM f WHERE athlete_id IN ('a', 'b', 'c') AND as_of = '2024-02-01'").fetchall() == [(40,)]


def test_the_table_may_be_changed_and_dropped_around_it(group):
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    question = "SELECT ctl FROM f WHERE athlete_id = 'a'"
    group.execute(question).fetchall()
    group.execute("ALTER TABLE g ADD COLUMN more")
    group.execute("UPDATE g SET ctl = 41")
    assert group.execute(question).fetchall() == [(41,)]
    group.execute("DROP INDEX g_i")
    with pytest.raises(sqlite3.OperationalError, match="^asof: no such index: g_i$"):
        group.execute(question).fetchall()
    group.execute("DROP TABLE g")
    with pytest.raises(sqlite3.OperationalError, match="^asof: no such table: main.g$"):
        group.execute(question).fetchall()
    group.execute("DROP TABLE temp.f")
    group.close()


def test_nothing_is_written_and_a_connection_closes_with_lookups_open(tmp_path):
    path = tmp_path / "a.db"
    db = connect(path)
    db.execute("CREATE TABLE g(k, event_timestamp, available_at, x, PRIMARY KEY (k, event_timestamp)) WITHOUT ROWID")
    db.execute("INSERT INTO g VALUES (1, 1, 1, 5)")
    db.commit()
    db.close()
    before = path.read_bytes()
    path.chmod(0o444)
    db = connect(f"file:{path}?mode=ro", uri=True)
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=k)")
    assert db.execute("SELECT x, row_id FROM f WHERE k = 1 AND as_of = 3").fetchone() == (5, None)
    db.close()
    assert path.read_bytes() == before


def test_a_registered_group_needs_no_names_and_the_version_in_use_counts(group):
    group.commit()
    group.isolation_level = None
    run(group, REGISTRY)
    register = ("INSERT INTO feature_groups (name, major, minor, patch, status, table_name, entity, entity_keys, row_key, timestamp_key, available_key,"
                " lookback_days, delay_hours, reject_limit, reads, description, tags, definition, bronze_id, registered_at, updated_at)"
                " VALUES ('load', ?, 0, 0, ?, ?, 'athlete', '[\"athlete_id\"]', '[\"athlete_id\", \"event_timestamp\"]', 'event_timestamp', 'available_at',"
                " 3, 0, 0, '[]', '', '[]', '{}', 1, '', '')")  # fmt: skip
    group.execute(register, (1, "active", "g"))
    group.execute(register, (2, "draft", "to_come"))
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(load)")
    question = "SELECT ctl FROM f WHERE athlete_id = 'a' AND as_of = ?"
    assert group.execute(question, ("2024-01-04T23:59:59Z",)).fetchall() == [(40,)]
    assert group.execute(question, ("2024-01-05T00:00:00Z",)).fetchall() == []
    for status in ("active", "deprecated", "archived"):
        group.execute("UPDATE feature_groups SET status = ? WHERE status <> ?", (status, status))
    with pytest.raises(sqlite3.OperationalError, match="^asof: load is archived$"):
        group.execute("CREATE VIRTUAL TABLE temp.g2 USING asof(load)")


# --- refusals -----------------------------------------------------------------------------------------------------

REFUSED = {
    "temp.f USING asof()": "argument 1 (group) is missing",
    "temp.f USING asof(nowhere)": "nowhere is neither a registered feature group nor a table",
    "temp.f USING asof(seen)": "seen is a view or a virtual table; a lookup needs a table with an index",
    "temp.f USING asof(g)": "g is not registered: name its keys, entity='…'",
    "main.f USING asof(g)": "must be created in temp (CREATE VIRTUAL TABLE temp.f …), because the file must open without the extension",
    "temp.f USING asof(g, entity=who)": "entity key who is no column of g",
    "temp.f USING asof(g, entity='athlete_id, athlete_id')": "entity key athlete_id is named twice",
    "temp.f USING asof(g, entity=athlete_id, timestamp=t)": "timestamp column t is no column of g",
    "temp.f USING asof(r, entity=athlete_id, timestamp=at)": "r has no column available_at: name it, available='…', or say backfill=1 to see values before they were known",
    "temp.f USING asof(r, entity=athlete_id, timestamp=at, backfill=1)":
        'without an index on the keys and the timestamp every request would scan r; make it with: CREATE INDEX "main"."r_asof" ON "r"("athlete_id", "at")',
    "temp.f USING asof(g, entity=ctl)":
        'without an index on the keys and the timestamp every request would scan g; make it with: CREATE INDEX "main"."g_asof" ON "g"("ctl", "event_timestamp", "available_at")',
    "temp.f USING asof(g, entity=athlete_id, lookback='soon')": "lookback must be a duration such as '90 days', got 'soon'",
    "temp.f USING asof(g, entity=athlete_id, lookback='-1 days')": "lookback must be a duration such as '90 days', got '-1 days'",
    "temp.f USING asof(g, entity=athlete_id, strict=2)": 'option "strict" must be 0 or 1, got \'2\'',
    "temp.f USING asof(g, entity=athlete_id, entity=athlete_id)": 'option "entity" is given twice',
    "temp.f USING asof(g, athlete_id)": "expected option=value, got athlete_id",
    "temp.f USING asof(g, keys=athlete_id)":
        'unknown option "keys"; known are entity, timestamp, available, lookback, strict, ignore_nulls, backfill, history',
    "temp.f USING asof(g, entity=athlete_id, history=g)": "g has no column superseded_at",
    "temp.f USING asof(g, entity=athlete_id, history=before)": "there is no table before",
    "temp.f USING asof(taken, entity=k)": "taken has a column as_of, which is a name of the lookup's own",
    "temp.f USING asof(folded, entity=k)": "timestamp column event_timestamp has a collation, which is no order of time",
}  # fmt: skip


@pytest.mark.parametrize("table", REFUSED)
def test_what_cannot_be_looked_up_is_refused_with_a_sentence(group, table):
    group.execute("CREATE VIEW seen AS SELECT * FROM g")
    group.execute("CREATE TABLE taken(k, event_timestamp, available_at, as_of)")
    group.execute("CREATE INDEX taken_i ON taken(k, event_timestamp)")
    group.execute("CREATE TABLE folded(k, event_timestamp COLLATE NOCASE, available_at)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        group.execute(f"CREATE VIRTUAL TABLE {table}")
    assert str(caught.value) == "asof: " + REFUSED[table]


def test_the_index_that_a_sentence_names_is_the_one_that_is_missing(group):
    group.execute("DROP INDEX g_i")
    with pytest.raises(sqlite3.OperationalError) as caught:
        group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    group.execute(str(caught.value).split("make it with: ")[1])
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    assert group.execute("SELECT atl FROM f WHERE athlete_id = 'a'").fetchall() == [(50,)]


EXPECTED = "a day (2025-10-20) or an instant (2025-10-20T06:00:00Z, 2025-10-20 08:00:00.5+02:00) of the years 1 to 9999"
MISUSED = {
    "SELECT * FROM f": "g needs athlete_id = … for each request",
    "SELECT * FROM f WHERE athlete_id > 'a'": "g needs athlete_id = … for each request",
    "SELECT * FROM f WHERE athlete_id = 'a' AND as_of < '2024-01-05'": "as_of must be given with =",
    "SELECT * FROM f WHERE athlete_id = 'a' AND as_of IS NULL": "as_of must be given with =",
    "SELECT * FROM f WHERE athlete_id = 'a' COLLATE NOCASE": "athlete_id is compared with the collation NOCASE, its index has BINARY",
    "SELECT * FROM f WHERE athlete_id = 'a' AND as_of = 1704585600":
        "as_of is 1704585600, and event_timestamp is text",
    "SELECT * FROM n WHERE k = 1 AND as_of = '2024-01-05'":
        "as_of is text '2024-01-05' and the rows' times are numbers: a text has no place in their order",
    "SELECT * FROM n WHERE k = 1 AND as_of = x'31'": f"as_of is a blob of 1 bytes where {EXPECTED} belongs",
    **{f"SELECT * FROM f WHERE athlete_id = 'a' AND as_of = '{text}'": f"as_of is text '{text}' where {EXPECTED} belongs" for text in instants.BROKEN},
}  # fmt: skip


@pytest.mark.parametrize("query", MISUSED)
def test_a_request_that_could_see_the_future_is_refused_with_a_sentence(group, query):
    group.execute("CREATE TABLE numbered(k, event_timestamp INTEGER, available_at INTEGER, PRIMARY KEY (k, event_timestamp))")
    group.execute("INSERT INTO numbered VALUES (1, 10, 10)")
    group.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
    group.execute("CREATE VIRTUAL TABLE temp.n USING asof(numbered, entity=k)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        group.execute(query).fetchall()
    assert str(caught.value) == "asof: " + MISUSED[query]


@pytest.mark.parametrize("seed", range(60))
def test_a_table_that_mixes_forms_of_time_answers_nothing(seed):
    """Whichever row, column and table the other form is in, and whenever it came."""
    rng = random.Random(seed)
    db = connect(isolation_level=None)
    columns = "k, event_timestamp TEXT, available_at TEXT, x"
    db.execute(f"CREATE TABLE g({columns}, PRIMARY KEY (k, event_timestamp))")
    db.execute(f"CREATE TABLE g_history({columns}, superseded_at TEXT)")
    db.execute("CREATE INDEX g_history_i ON g_history(k, event_timestamp)")
    begin = histories.BEGIN.replace(tzinfo=instants.UTC)
    when = lambda: (begin + histories.datetime.timedelta(minutes=rng.randrange(90000))).strftime("%Y-%m-%dT%H:%M:%SZ")
    for _ in range(rng.randrange(2, 40)):
        db.execute("INSERT OR IGNORE INTO g VALUES (?, ?, ?, 1)", (rng.randrange(3), when(), when()))
        db.execute("INSERT INTO g_history VALUES (?, ?, ?, 1, ?)", (rng.randrange(3), when(), when(), when()))
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=k)")
    question = "SELECT x FROM f WHERE k = 0 AND as_of = '2024-06-01'"
    if rng.random() < 0.5:
        db.execute(question).fetchall()  # it has been read and was right
    table = rng.choice(["g", "g_history"])
    column = rng.choice(["event_timestamp", "available_at"] + ["superseded_at"] * (table == "g_history"))
    other = rng.choice([*instants.BROKEN, "2024-01-05", "2024-01-05T00:00:00+05:00", "2024-01-05 00:00:00Z", "2024-01-05T00:00:00.123Z", 17, b"1"])
    db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)", (other,))
    with pytest.raises(sqlite3.OperationalError, match=f"^asof: {column} of g has .*(written differently|belongs)"):
        db.execute(question).fetchall()
    db.close()


def test_what_another_connection_has_changed_is_read_again(tmp_path):
    db, other = connect(tmp_path / "a.db", isolation_level=None), connect(tmp_path / "a.db", isolation_level=None)
    db.execute("CREATE TABLE g(k, event_timestamp TEXT, available_at TEXT, x, PRIMARY KEY (k, event_timestamp))")
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=k)")
    ask = lambda: db.execute("SELECT x FROM f WHERE k = 1 AND as_of = '2024-06-01'").fetchall()
    assert ask() == []
    for i, (form, at) in enumerate([("day", "2024-05-01"), ("blank", "2024-05-02 10:00"), ("offset", "2024-05-03T10:00:00+05:00")]):
        other.execute("DELETE FROM g")
        other.execute("INSERT INTO g VALUES (1, ?1, ?1, ?2)", (at, form))
        assert ask() == [(form,)]


def test_without_as_of_a_lookup_is_as_of_now(db):
    """A row of the future, one not available yet, and what is believed until then."""
    now = db.execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')").fetchone()[0]
    columns = "k, event_timestamp TEXT, available_at TEXT, x"
    db.execute(f"CREATE TABLE g({columns}, PRIMARY KEY (k, event_timestamp))")
    db.execute(f"CREATE TABLE g_history({columns}, superseded_at TEXT)")
    db.execute("CREATE INDEX g_history_i ON g_history(k, event_timestamp)")
    soon = "2099-01-01T00:00:00Z"
    db.executemany("INSERT INTO g VALUES (?, ?, ?, ?)", [
        (1, now, now, "today"), (1, soon, soon, "of 2099"), (2, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "old"), (2, now, soon, "not available"),
        (3, "2020-01-01T00:00:00Z", soon, "corrected from 2099 on")])
    db.execute("INSERT INTO g_history VALUES (3, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', 'believed until 2099', ?)", (soon,))
    for lookback in ("", ", lookback='36500 days'"):
        db.execute(f"CREATE VIRTUAL TABLE temp.f USING asof(g, entity=k{lookback})")
        asked = "SELECT n.value, f.x, f.row_age_days >= 0 FROM json_each('[1, 2, 3, 4]') AS n LEFT JOIN f ON f.k = n.value"
        found = db.execute(asked).fetchall()
        assert found == [(1, "today", 1), (2, "old", 1), (3, "believed until 2099", 1), (4, None, None)]
        assert found == db.execute(f"{asked} AND f.as_of = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')").fetchall()
        db.execute("DROP TABLE temp.f")


def test_numbers_in_text_as_web_forms_send_them_are_numbers(group):
    group.execute("CREATE TABLE numbered(k INTEGER, event_timestamp INTEGER, available_at INTEGER, PRIMARY KEY (k, event_timestamp))")
    group.execute("INSERT INTO numbered VALUES (1, 10, 10), (1, 20, 20)")
    group.execute("CREATE VIRTUAL TABLE temp.n USING asof(numbered, entity=k, lookback='5 seconds')")
    assert group.execute("SELECT event_timestamp FROM n WHERE k = '1' AND as_of = '15'").fetchall() == [(10,)]
    assert group.execute("SELECT event_timestamp FROM n WHERE k = '1' AND as_of = '16'").fetchall() == []
