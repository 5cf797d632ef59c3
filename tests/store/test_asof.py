"""asof against brute force over random histories, against peers where they mean the same."""

import collections
import random

import pytest

from helpers.stores import histories, instants
from helpers.extension import connect
from helpers.machine.soak import soak


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


@pytest.mark.parametrize("block", [0, 1, *map(soak, range(2, 8))])
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


@pytest.mark.parametrize("block", [0, *map(soak, range(1, 4))])
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
@pytest.mark.parametrize("reads_of_each", [2_500, soak(16_700)])
def test_readers_see_whole_batches_and_serve_what_training_sees_while_a_writer_corrects(tmp_path, reads_of_each):
    """Thousands of reads on three connections, and more until twenty batches have been written among them: of one row all features are
    of one batch, within a transaction all entities are, and the newest row is that of a lookup at a moment after all others."""
    import threading

    path = tmp_path / "online.db"
    writer = connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA synchronous = OFF")
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

    threads = [threading.Thread(target=read, args=(reads_of_each,)) for _ in range(3)]
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
