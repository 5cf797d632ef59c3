"""asof against brute force over random histories, against peers where they mean the same, and what it refuses."""

import collections
import random
import sqlite3

import pytest

from helpers import histories, instants
from helpers.extension import connect
from helpers.groups import REGISTRY
from helpers.stages import run


def answers(db, made):
    db.execute("DROP TABLE IF EXISTS temp.f")
    db.execute(f"CREATE VIRTUAL TABLE temp.f USING asof(g, {histories.entity(made)}{made.rules.options()})")
    return db.execute(
        "SELECT f.x, f.y, f.z, f.row_timestamp, f.row_available, f.row_superseded, f.row_age_days, f.row_found_by"
        f" FROM r LEFT JOIN f ON {histories.on(made)} AND f.as_of = r.at ORDER BY r.id"
    ).fetchall()


def check_answers(db, made, seed):
    """Compares every answer with brute force; returns how many rows were found, by the way in which they were."""
    histories.build(db, made)
    got = answers(db, made)
    assert len(got) == len(made.requests)
    found_by = collections.Counter()
    for request, row, expected in zip(made.requests, got, made.expected()):
        if expected is None:
            assert row == (None,) * 8, (seed, request)
            continue
        winner, features = expected
        assert row[:6] == (*features, winner.timestamp, winner.available, winner.superseded), (seed, request, winner)
        assert row[6] == pytest.approx(histories.age_days(request[1], winner.timestamp), abs=1e-6), (seed, request)
        found_by[row[7]] += 1
    return found_by


@pytest.mark.parametrize("block", range(8))
def test_lookups_in_250_random_histories_are_those_of_brute_force(block):
    """With ties, late arrivals, unknown times, replaced and deleted rows, NULL keys, keys of any type, unknown keys,
    duplicate requests, lookbacks, ascending and descending indexes, tables without row ids, and every option."""
    db = connect(isolation_level=None)
    found_by = sum((check_answers(db, histories.world(seed), seed) for seed in range(250 * block, 250 * (block + 1))), collections.Counter())
    assert sum(found_by.values()) > 500
    db.close()


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_database_in_utf_16_has_the_same_answers(encoding):
    """Its indexes have texts in another order, in which 'Ā' may come before 'a'."""
    db = connect(isolation_level=None)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    found_by = collections.Counter()
    for seed in range(100):
        found_by += check_answers(db, histories.world(seed), seed)
        found_by += check_answers(db, histories.in_order(histories.world(seed), seed), seed)
    assert found_by["seek"] > 1000
    db.close()


# --- the merge ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(4))
def test_requests_in_the_order_of_the_index_are_merged_and_find_what_brute_force_finds(block):
    """In order, nearly, with jumps, with duplicates, with NULLs and strangers in between."""
    db = connect(isolation_level=None)
    found_by = collections.Counter()
    for seed in range(100 * block, 100 * (block + 1)):
        found_by += check_answers(db, histories.in_order(histories.world(seed), seed), seed)
    assert found_by["merge"] > 200 and found_by["seek"] > 1000
    db.close()


@pytest.fixture
def daily(db):
    """20 athletes with 300 days each, of which each is known in the morning after."""
    db.execute("CREATE TABLE daily(athlete_id INTEGER, event_timestamp TEXT, available_at TEXT, x, PRIMARY KEY (athlete_id, event_timestamp)) WITHOUT ROWID")
    db.execute("CREATE TABLE n AS WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 299) SELECT i FROM n")
    db.execute("INSERT INTO daily SELECT a.i, date('2024-01-01', d.i || ' days'), date('2024-01-01', (d.i + 1) || ' days') || 'T04:00:00Z', a.i * 1000 + d.i"
               " FROM n AS a, n AS d WHERE a.i < 20")  # fmt: skip
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(daily, entity=athlete_id)")
    return db


def ways(db, requests):
    """How many rows were found in which way, for requests (athlete_id, at) in this order; the answers are checked."""
    db.execute("CREATE TABLE r(id INTEGER PRIMARY KEY, athlete_id, at)")
    db.execute(f"INSERT INTO r(athlete_id, at) {requests}")
    joined = "FROM r LEFT JOIN f ON f.athlete_id = r.athlete_id AND f.as_of = r.at"
    search = "SELECT x FROM daily AS d WHERE d.athlete_id = r.athlete_id AND event_timestamp <= at AND available_at <= at ORDER BY event_timestamp DESC LIMIT 1"
    assert db.execute(f"SELECT r.id, f.x {joined}").fetchall() == db.execute(f"SELECT id, ({search}) FROM r").fetchall()
    return dict(db.execute(f"SELECT row_found_by, count(*) {joined} WHERE f.x IS NOT NULL GROUP BY 1").fetchall())


def test_a_request_for_each_row_in_order_is_merged_from_the_third_on_across_entities_too(daily):
    found = ways(daily, "SELECT athlete_id, event_timestamp || 'T06:00:00Z' FROM daily ORDER BY athlete_id, event_timestamp")
    assert found["seek"] < 5 and sum(found.values()) == 20 * 299


def test_few_requests_and_those_in_another_order_are_searched_for(daily):
    for requests in ("WHERE x % 40 = 0 ORDER BY athlete_id, event_timestamp", "ORDER BY athlete_id, event_timestamp DESC", "ORDER BY (x * 7919) % 10007"):
        found = ways(daily, f"SELECT athlete_id, event_timestamp || 'T06:00:00Z' FROM daily {requests}")
        assert found.get("merge", 0) < 0.03 * found["seek"], requests
        daily.execute("DROP TABLE r")


def test_a_merge_begins_again_after_a_jump(daily):
    found = ways(daily, "SELECT athlete_id, event_timestamp || 'T06:00:00Z' FROM daily WHERE event_timestamp >= '2024-06-01' ORDER BY athlete_id, event_timestamp")
    assert 20 <= found["seek"] < 100 < found["merge"]


def test_a_group_that_changes_under_a_merge_still_gives_rows_that_are_there(daily):
    """The two statements of a merge do not see the same rows then, which it must notice."""
    daily.execute("CREATE TABLE r(id INTEGER PRIMARY KEY, athlete_id, at)")
    daily.execute("INSERT INTO r(athlete_id, at) SELECT athlete_id, event_timestamp || 'T06:00:00Z' FROM daily WHERE athlete_id < 3 ORDER BY athlete_id, event_timestamp")
    asked = 0
    for athlete, at, day, x in daily.execute(
        "SELECT r.athlete_id, r.at, f.event_timestamp, f.x FROM r CROSS JOIN f ON f.athlete_id = r.athlete_id AND f.as_of = r.at"
    ):
        asked += 1
        assert day == daily.execute("SELECT date(?, '-1 day')", (at,)).fetchone()[0] and x // 1000 == athlete
        if asked % 7 == 3:
            before = f"athlete_id = {athlete} AND event_timestamp < date('{day}', '-3 days')"
            daily.execute(f"DELETE FROM daily WHERE {before} AND event_timestamp = (SELECT max(event_timestamp) FROM daily WHERE {before})")
    assert asked == 3 * 299


# --- peers -------------------------------------------------------------------------------------------------------


def test_where_nothing_is_late_or_tied_duckdb_and_pandas_find_the_same():
    """Where they do not mean the same, ours is the safer answer:

    - both look at one time only: a value that was corrected or became known late is handed to moments before it was known;
    - DuckDB's ASOF JOIN picks any of the rows that tie, pandas the last one in the order of the file;
    - pandas refuses keys or times that are NULL, and a frame that is not sorted by time; DuckDB drops requests with a
      NULL in an inner join as SQL does, as we do;
    - DuckDB has no lookback (a condition after the join turns a match into none, as ours does), pandas' tolerance is
      inclusive, as ours is;
    - Feast's SQL returns two rows for a request where two rows tie in both times, its file store drops duplicate requests.
    """
    import random

    import duckdb
    import pandas

    rng = random.Random(5)
    features = [(rng.randrange(40), t, rng.choice([None, t / 3])) for t in rng.sample(range(100_000), 5000)]
    requests = [(i, rng.randrange(44), rng.randrange(-100, 101_000)) for i in range(3000)]
    requests += [(3000 + i, *rng.choice(requests)[1:]) for i in range(300)]
    db = connect()
    db.execute("CREATE TABLE f(k INTEGER, event_timestamp INTEGER, available_at INTEGER, x REAL)")
    db.executemany("INSERT INTO f VALUES (?1, ?2, ?2, ?3)", features)
    db.execute("CREATE INDEX f_i ON f(k, event_timestamp, available_at)")
    db.execute("CREATE TABLE r(id INTEGER, k INTEGER, t INTEGER)")
    db.executemany("INSERT INTO r VALUES (?, ?, ?)", requests)
    f = pandas.DataFrame(features, columns=["k", "ft", "x"]).sort_values("ft")
    r = pandas.DataFrame(requests, columns=["id", "k", "t"]).sort_values("t")
    duck = duckdb.connect()
    duck.register("f", f)
    duck.register("r", r)
    for strict in (0, 1):
        for lookback in (None, 0, 250):
            named = "" if lookback is None else f", lookback='{lookback} seconds'"
            db.execute(f"CREATE VIRTUAL TABLE temp.v USING asof(f, entity=k, strict={strict}{named})")
            ours = db.execute("SELECT r.id, v.row_timestamp, v.x FROM r LEFT JOIN v ON v.k = r.k AND v.as_of = r.t ORDER BY r.id").fetchall()
            db.execute("DROP TABLE v")
            merged = pandas.merge_asof(r, f, left_on="t", right_on="ft", by="k", allow_exact_matches=not strict, tolerance=lookback)
            assert ours == rows_of(merged.sort_values("id")[["id", "ft", "x"]])
            old = "false" if lookback is None else f"t - ft > {lookback}"
            joined = duck.execute(
                f"SELECT id, CASE WHEN {old} THEN NULL ELSE ft END, CASE WHEN {old} THEN NULL ELSE x END"
                f" FROM r ASOF LEFT JOIN f ON r.k = f.k AND r.t {'>' if strict else '>='} f.ft ORDER BY id"
            ).df()
            assert ours == rows_of(joined)
            assert sum(t is not None for _, t, _ in ours) > (20 if lookback is None else 5 if lookback else -1)


def rows_of(frame):
    return [tuple(None if v != v else v for v in row) for row in frame.astype(float).itertuples(index=False)]


# --- knowing at a time -------------------------------------------------------------------------------------------


def believe(db, rng, at):
    """A batch that arrives at the instant `at`: new rows, corrections and deletions, as a feature group keeps them."""
    with db:
        for _ in range(rng.randrange(1, 6)):
            athlete, day = rng.randrange(4), f"2024-01-{rng.randint(1, int(at[8:10])):02d}"
            key = "athlete_id = ? AND event_timestamp = ?"
            db.execute(f"INSERT INTO g_history SELECT *, ? FROM g WHERE {key}", (at, athlete, day))
            db.execute(f"DELETE FROM g WHERE {key}", (athlete, day))
            if rng.random() < 0.8:
                db.execute("INSERT INTO g VALUES (?, ?, ?, ?, ?)", (athlete, day, at, rng.random(), rng.choice([None, "a", "b"])))


@pytest.mark.parametrize("ignore_nulls", [0, 1])
def test_a_lookup_today_for_a_past_instant_is_that_of_a_copy_of_the_file_made_then(ignore_nulls):
    import random

    rng = random.Random(ignore_nulls)
    db = connect()
    columns = "athlete_id INTEGER, event_timestamp TEXT, available_at TEXT, x REAL, y TEXT"
    db.execute(f"CREATE TABLE g({columns})")
    db.execute(f"CREATE TABLE g_history({columns}, superseded_at TEXT)")
    for table in ("g", "g_history"):
        db.execute(f"CREATE INDEX {table}_i ON {table}(athlete_id, event_timestamp, available_at)")
    instants = sorted(rng.sample(range(28 * 24), 200))
    written = [f"2024-01-{h // 24 + 1:02d}T{h % 24:02d}:00:00Z" for h in instants]
    copies = {}
    for at in written:
        believe(db, rng, at)
        copies[at] = db.serialize()
    question = (
        "SELECT a.value, f.event_timestamp, f.x, f.y, f.row_available FROM json_each('[0, 1, 2, 3, 4]') AS a"
        " LEFT JOIN f ON f.athlete_id = a.value AND f.as_of = ?"
    )
    make = f"CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id, ignore_nulls={ignore_nulls})"
    db.execute(make)
    differs = 0
    for at in rng.sample(written, 50):
        copy = connect()
        copy.deserialize(copies[at])
        copy.execute(make)
        then = copy.execute(question, (at,)).fetchall()
        now = copy.execute(question.replace("f.as_of = ?", "? IS NOT NULL"), (at,)).fetchall()
        assert now == copy.execute(question, ("2024-02-01T00:00:00Z",)).fetchall()
        copy.close()
        assert db.execute(question, (at,)).fetchall() == then
        differs += then != db.execute(question, ("2024-02-01T00:00:00Z",)).fetchall()
    assert differs > 40
    db.close()


# --- serving while it is written ----------------------------------------------------------------------------------

FEATURES = [f"x{i}" for i in range(6)]
ENTITIES = 50


@pytest.mark.unsanitized
def test_readers_see_whole_batches_and_serve_what_training_sees_while_a_writer_corrects(tmp_path):
    """50,000 reads on three connections, and more until twenty batches have been written among them: of one row all features are
    of one batch, within a transaction all entities are, and the newest row is that of a lookup at a moment after all others."""
    import threading

    path = tmp_path / "online.db"
    writer = connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode = WAL")
    columns = ", ".join(["athlete_id INTEGER", "event_timestamp TEXT", "available_at TEXT", *FEATURES])
    writer.execute(f"CREATE TABLE g({columns}, PRIMARY KEY (athlete_id, event_timestamp))")
    writer.execute(f"CREATE TABLE g_history({columns}, superseded_at TEXT)")
    for table in ("g", "g_history"):
        writer.execute(f"CREATE INDEX {table}_i ON {table}(athlete_id, event_timestamp, available_at)")

    def write(batch):
        at = f"2024-01-01T00:{batch // 60 % 60:02d}:{batch % 60:02d}Z"
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO g_history SELECT *, ? FROM g", (at,))
        writer.executemany(f"INSERT OR REPLACE INTO g VALUES (?, '2024-01-01', ?{', ?' * 6})", [(e, at, *[batch] * 6) for e in range(ENTITIES)])
        writer.execute("COMMIT")

    write(0)
    stop, enough, wrong = threading.Event(), threading.Event(), []

    def write_on():
        try:
            for batch in range(1, 3001):
                if stop.wait(0.002):
                    break
                write(batch)
                if batch > 20:
                    enough.set()
        finally:
            enough.set()

    def read(reads):
        db = connect(path, isolation_level=None)
        db.execute("CREATE VIRTUAL TABLE temp.f USING asof(g, entity=athlete_id)")
        names = ", ".join(FEATURES)
        done = 0
        while done < reads or not enough.is_set():
            done += 2 * ENTITIES
            db.execute("BEGIN")
            rows = [db.execute(f"SELECT {names} FROM f WHERE athlete_id = ?", (e,)).fetchone() for e in range(ENTITIES)]
            rows += [db.execute(f"SELECT {names} FROM f WHERE athlete_id = ? AND as_of = '2025-01-01T00:00:00Z'", (e,)).fetchone() for e in range(ENTITIES)]
            db.execute("COMMIT")
            if len(set(rows)) != 1 or len(set(rows[0])) != 1:
                wrong.append(rows)
        db.close()

    threads = [threading.Thread(target=read, args=(reads,)) for reads in (16_700, 16_700, 16_600)]
    writing = threading.Thread(target=write_on)
    for thread in (writing, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    writing.join()
    assert wrong == []
    assert writer.execute("SELECT MIN(x0) FROM g").fetchone()[0] > 20
    writer.close()


# --- what it reads and how ----------------------------------------------------------------------------------------


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
