"""Parquet out and in: the same rows to the byte, the same types and units elsewhere, and the group's rules on the way in."""

import random

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import outlet
import snapshot
from helpers.athletes import demo
from helpers.machine.soak import sized, soak
from helpers.stores.exchange import Refused, everything, groups, history, metadata, tool
from helpers.extension import connect
from groups import ExchangeError

READINGS = "readings"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange")
    db = history(folder / "a.db", "shared")
    outlet.write(folder / "a.db", folder / "out", [], "month")
    yield db, folder / "out"
    db.close()


# --- out and in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["month", soak("day"), soak("year")])
@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
def test_every_type_and_the_whole_history_come_back_byte_for_byte(tmp_path, seed, by):
    with history(tmp_path / "a.db", f"{seed} {by}") as db:
        outlet.write(tmp_path / "a.db", tmp_path / "out", [], by)
        tool("in", tmp_path / "b.db", tmp_path / "out", READINGS)
        with connect(tmp_path / "b.db") as copy:
            assert len(everything(db, READINGS)[1]) > 20
            assert everything(copy, READINGS) == everything(db, READINGS)
            definition = "SELECT definition FROM feature_groups"
            assert copy.execute(definition).fetchall() == db.execute(definition).fetchall()


def test_the_bundled_groups_come_back_byte_for_byte(tmp_path):
    with connect(demo.database()) as db:  # without rows a group has no files
        names = [p.stem for p in demo.REFERENCE if p.parent.name == "features" and db.execute("SELECT n_rows FROM feature_extent WHERE group_name = ?", (p.stem,)).fetchone()[0]]
    assert len(names) >= 8
    names = names[:: sized(3, 1)]
    tool("out", demo.database(), tmp_path / "out")
    tool("in", tmp_path / "b.db", tmp_path / "out", *names)
    a, b = connect(demo.database()), connect(tmp_path / "b.db")
    for name in names:
        assert everything(b, name) == everything(a, name) and everything(a, name)[0]


def test_the_same_rows_give_the_same_files(tmp_path, out):
    _, before = out
    outlet.write(before.parent / "a.db", tmp_path / "again", [], "month")
    files = sorted(p.relative_to(before) for p in before.rglob("*.*"))
    assert len(files) > 10 and files == sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*.*"))
    assert all((before / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)


def test_columns_that_begin_with_many_nulls_keep_their_types(tmp_path):
    db = groups.store(groups.SLEEP, path=tmp_path / "a.db")
    n = outlet.BATCH_ROWS + 1000
    db.execute(f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n})
        INSERT INTO athlete_sleep SELECT printf('%07d', i), '2024-01-01T00:00:00Z', CASE WHEN i > {n - 10} THEN i % 100 / 8.0 END, 50, 'good',
               CASE WHEN i > {n - 10} THEN 'W-' || i END, '2024-01-01T00:00:00Z' FROM n""")
    outlet.write(tmp_path / "a.db", tmp_path / "out", [], "year")
    read = ds.dataset(tmp_path / "out" / "athlete_sleep", partitioning="hive").to_table().to_pandas()
    assert len(read) == n and list(read.device.dropna()) == [f"W-{i}" for i in range(n - 9, n + 1)] and read.sleep_h.sum() == sum(i % 100 / 8 for i in range(n - 9, n + 1))
    tool("in", tmp_path / "b.db", tmp_path / "out", "athlete_sleep")
    assert everything(connect(tmp_path / "b.db"), "athlete_sleep") == everything(db, "athlete_sleep")


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_many_athletes_and_months_are_few_row_groups_and_in_their_order(tmp_path, monkeypatch, seed):
    rng = random.Random(seed)
    monkeypatch.setattr(outlet, "BATCH_ROWS", rng.choice([512, 1024]))
    months, days, athletes = rng.randint(8, 16), 20, rng.randint(20, 40)
    db = groups.store(groups.SLEEP, path=tmp_path / "a.db")
    db.execute(f"""
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {athletes * months * days - 1})
        INSERT INTO athlete_sleep (athlete_id, event_timestamp, available_at, resting_hr)
        SELECT printf('%04d', i / {months * days}), t, t, 40 + i % 50
        FROM (SELECT i, strftime('%Y-%m-%dT00:00:00Z', '2023-01-01', (i / {days} % {months}) || ' months', (i % {days}) || ' days') AS t FROM n)""")
    outlet.write(tmp_path / "a.db", tmp_path / "out", [], "month")
    files = sorted((tmp_path / "out" / "athlete_sleep").rglob("*.parquet"))
    assert len(files) == months
    for file in files:
        of_file = pq.ParquetFile(file)
        assert of_file.metadata.num_rows == athletes * days
        assert of_file.metadata.num_row_groups <= 1 + athletes * days * 4 // outlet.BATCH_ROWS
        keys = of_file.read(["athlete_id", "event_timestamp"]).to_pylist()
        assert keys == sorted(keys, key=lambda row: (row["athlete_id"], row["event_timestamp"]))


@pytest.mark.parametrize("times", [
    {"event_timestamp": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"], "available_at": ["2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z"]},
    {"event_timestamp": ["2024-01-01T00:00:00.250Z", "2024-01-02T00:00:00.000Z"], "available_at": ["2024-01-01T00:00:00.250Z", "2024-01-02T00:00:00.125Z"]},
])  # fmt: skip
def test_times_come_back_as_they_were_written_whatever_their_form(tmp_path, times):
    precision = "millisecond" if "." in times["event_timestamp"][0] else "second"
    db = groups.store({**groups.SLEEP, "time_precision": precision}, path=tmp_path / "a.db")
    for row in zip(*times.values()):
        db.execute("INSERT INTO athlete_sleep (athlete_id, event_timestamp, available_at, resting_hr) VALUES ('a', ?, ?, 50)", row)
    outlet.write(tmp_path / "a.db", tmp_path / "out", [], "day")
    tool("in", tmp_path / "b.db", tmp_path / "out", "athlete_sleep")
    assert everything(connect(tmp_path / "b.db"), "athlete_sleep") == everything(db, "athlete_sleep")
    days = {d for (d,) in duckdb.sql(f"SELECT DISTINCT CAST(event_date AS TEXT) FROM '{tmp_path}/out/athlete_sleep/**/*.parquet'").fetchall()}
    assert days == {t[:10] for t in times["event_timestamp"]}


def test_an_export_sees_one_moment_while_others_write(tmp_path):
    db = groups.store(groups.SLEEP, path=tmp_path / "a.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("INSERT INTO athlete_sleep (athlete_id, event_timestamp, available_at, resting_hr) VALUES ('a', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', 50)")
    with snapshot.open_snapshot(tmp_path / "a.db") as reader:
        values = lambda: snapshot.ask(reader, "SELECT resting_hr, (SELECT COUNT(*) FROM athlete_sleep_history) AS n FROM athlete_sleep")  # noqa: E731
        before = values()
        db.execute("UPDATE athlete_sleep SET resting_hr = 51, available_at = '2024-02-01T00:00:00Z'")
        assert values() == before == [{"resting_hr": 50, "n": 0}]
    with snapshot.open_snapshot(tmp_path / "a.db") as reader:
        assert values() == [{"resting_hr": 51, "n": 1}]


def test_times_that_are_numbers_go_out_as_numbers(tmp_path):
    definition = {k: v for k, v in groups.SLEEP.items() if k != "rules"} | {"features": [{"name": "event_timestamp", "type": "integer"}, {"name": "available_at", "type": "integer"}, {"name": "x", "type": "numerical"}]}
    db = groups.store(definition, path=tmp_path / "a.db")
    db.execute("INSERT INTO athlete_sleep (athlete_id, event_timestamp, available_at, x) VALUES ('a', 1704067200, 1704067201, 1.5)")
    outlet.write(tmp_path / "a.db", tmp_path / "out", [], "day")
    assert duckdb.sql(f"SELECT event_timestamp, x, CAST(event_date AS TEXT) FROM '{tmp_path}/out/athlete_sleep/**/*.parquet'").fetchall() == [(1704067200, 1.5, "2024-01-01")]
    tool("in", tmp_path / "b.db", tmp_path / "out", "athlete_sleep")
    assert everything(connect(tmp_path / "b.db"), "athlete_sleep") == everything(db, "athlete_sleep")


# --- in other programs -------------------------------------------------------------------------------------------------


def test_duckdb_reads_the_registered_types_and_the_same_values(out):
    db, folder = out
    found = dict((n, t) for n, t, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{folder}/readings/**/*.parquet', hive_partitioning = true)").fetchall())
    assert found == {
        "athlete_id": "VARCHAR", "device": "BIGINT", "number": "BIGINT", "event_timestamp": "TIMESTAMP WITH TIME ZONE", "load": "DOUBLE", "steps": "BIGINT",
        "is_rest": "BOOLEAN", "mood": "VARCHAR", "note": "VARCHAR", "day": "DATE", "seen_at": "TIMESTAMP WITH TIME ZONE", "vector": "FLOAT[]",
        "available_at": "TIMESTAMP WITH TIME ZONE", "superseded_at": "TIMESTAMP WITH TIME ZONE", "superseded_by": "VARCHAR",
        "belief": "VARCHAR", "event_month": "VARCHAR"}  # fmt: skip
    there = duckdb.sql(f"""
        SELECT number, load, steps, CAST(is_rest AS INTEGER), mood, note, CAST(day AS TEXT), epoch_ms(seen_at), epoch_ms(event_timestamp) // 1000
        FROM '{folder}/readings/belief=current/**/*.parquet' ORDER BY number""").fetchall()
    here = db.execute("""
        SELECT number, load, steps, is_rest, mood, note, day, CAST(strftime('%s', seen_at) AS INTEGER) * 1000 + CAST(substr(seen_at, 21, 3) AS INTEGER),
               CAST(strftime('%s', event_timestamp) AS INTEGER) FROM readings ORDER BY number""").fetchall()
    assert there == here and len(here) == 54
    months = duckdb.sql(f"SELECT COUNT(*) FROM '{folder}/readings/**/*.parquet' WHERE event_month <> strftime(event_timestamp AT TIME ZONE 'UTC', '%Y-%m')").fetchall()
    assert months == [(0,)]


def test_pandas_reads_types_and_units(out):
    _, folder = out
    read = pd.read_parquet(folder / "readings" / "belief=current")
    assert read.attrs["units"] == {"load": "TSS", "steps": "1"} and read.attrs["version"] == "1.2.0" and read.attrs["feature_group"] == READINGS
    assert {n: str(read[n].dtype) for n in ("event_timestamp", "load", "mood", "number")} == {
        "event_timestamp": "datetime64[us, UTC]", "load": "float64", "mood": "category", "number": "int64"}  # fmt: skip


def test_spark_finds_its_own_schema_with_comments_and_units(out):
    """Spark keeps a schema in the footer and reads types and metadata from there; its types are those of the Parquet columns."""
    _, folder = out
    schema = pq.read_schema(next(folder.rglob("*.parquet")))
    fields = metadata(schema, b"org.apache.spark.sql.parquet.row.metadata")["fields"]
    types = {f["name"]: f["type"] for f in fields}
    assert list(types) == [n for n in schema.names]
    assert (types["load"], types["steps"], types["is_rest"], types["mood"], types["day"], types["seen_at"]) == ("double", "long", "boolean", "string", "date", "timestamp")
    assert types["vector"]["elementType"] == "float"
    load = next(f for f in fields if f["name"] == "load")["metadata"]
    assert (load["unit"], load["comment"], load["owner"]) == ("TSS", "training load", "coach")


def test_a_folder_answers_what_was_known_at_any_moment_as_the_database_does(out):
    db, folder = out
    db.execute("CREATE VIRTUAL TABLE temp.known USING asof(readings, backfill=0)")
    rng = random.Random(5)
    for _ in range(50):
        as_of = f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T00:00:00Z"
        key = (f"a{rng.randrange(5)}", rng.randrange(2) - 2 ** 62)
        here = db.execute("SELECT number, load, note FROM temp.known WHERE athlete_id = ? AND device = ? AND as_of = ?", (*key, as_of)).fetchall()
        there = duckdb.execute(f"""
            SELECT number, load, note FROM '{folder}/readings/**/*.parquet'
            WHERE athlete_id = ? AND device = ? AND event_timestamp <= $3::TIMESTAMPTZ AND available_at <= $3::TIMESTAMPTZ
              AND (superseded_at IS NULL OR superseded_at > $3::TIMESTAMPTZ) AND date_diff('second', event_timestamp, $3::TIMESTAMPTZ) <= 30 * 86400
            ORDER BY event_timestamp DESC, available_at DESC LIMIT 1""".replace("= ?", "= $1", 1).replace("= ?", "= $2", 1), (*key, as_of)).fetchall()  # fmt: skip
        assert there == here


# --- what other programs wrote -----------------------------------------------------------------------------------------


def test_what_pandas_and_duckdb_wrote_goes_through_the_rules(tmp_path):
    nights = pd.DataFrame({
        "athlete_id": ["a", "b", "c", "d"], "event_timestamp": pd.to_datetime(["2024-01-01 06:00:00"] * 4), "sleep_h": [8, 25.0, None, 7.5],
        "resting_hr": [50, 51, None, 49], "unknown": 1, "quality": pd.Categorical(["good", "bad", "good", None])})  # fmt: skip
    (tmp_path / "pandas" / "athlete_sleep").mkdir(parents=True)
    nights.to_parquet(tmp_path / "pandas" / "athlete_sleep" / "x.parquet")
    duckdb.sql(f"COPY (SELECT * FROM nights) TO '{tmp_path}/duckdb/athlete_sleep' (FORMAT parquet, PARTITION_BY (quality))".replace("duckdb/athlete_sleep", "duck"))
    (tmp_path / "duckdb").mkdir()
    (tmp_path / "duck").rename(tmp_path / "duckdb" / "athlete_sleep")
    for folder in ("pandas", "duckdb"):
        db = groups.store(groups.SLEEP, path=tmp_path / f"{folder}.db")
        tool("in", tmp_path / f"{folder}.db", tmp_path / folder, "athlete_sleep")
        assert db.execute("SELECT athlete_id, event_timestamp, sleep_h, resting_hr, available_at FROM athlete_sleep").fetchall() == [
            ("a", "2024-01-01T06:00:00Z", 8.0, 50, "2024-01-01T06:00:00Z"), ("d", "2024-01-01T06:00:00Z", 7.5, 49, "2024-01-01T06:00:00Z")]  # fmt: skip
        assert sorted(db.execute("SELECT feature, rule FROM feature_rejects").fetchall()) == [("resting_hr", "not_null"), ("sleep_h", "max")]


def test_too_many_rejects_refuse_the_whole_folder(tmp_path):
    db = groups.store(groups.SLEEP | {"reject_limit": 0.25}, path=tmp_path / "a.db")
    (tmp_path / "athlete_sleep").mkdir()
    nights = pd.DataFrame({"athlete_id": ["a", "b", "c"], "event_timestamp": ["2024-01-01"] * 3, "resting_hr": [50, 500, 51]})
    nights.to_parquet(tmp_path / "athlete_sleep" / "x.parquet")
    with pytest.raises(Refused, match="1 of 3 rows break a rule, more than the limit of 25.0 percent"):
        tool("in", tmp_path / "a.db", tmp_path, "athlete_sleep")
    assert db.execute("SELECT (SELECT COUNT(*) FROM athlete_sleep), (SELECT COUNT(*) FROM feature_rejects)").fetchone() == (0, 0)


def test_a_second_import_changes_nothing_and_a_correction_moves_the_old_row_to_the_history(tmp_path, out):
    _, folder = out
    tool("in", tmp_path / "b.db", folder, READINGS)
    db = connect(tmp_path / "b.db", isolation_level=None)
    before = everything(db, READINGS)
    tool("in", tmp_path / "b.db", folder, READINGS)
    assert everything(db, READINGS) == before
    number, load = db.execute("SELECT number, load FROM readings WHERE load IS NOT NULL LIMIT 1").fetchone()
    db.execute("UPDATE readings SET load = 77.5, available_at = '2024-10-01T00:00:00Z' WHERE number = ?", (number,))
    n = db.execute("SELECT COUNT(*) FROM readings_history").fetchone()[0]
    tool("in", tmp_path / "b.db", folder, READINGS)
    assert db.execute("SELECT load FROM readings WHERE number = ?", (number,)).fetchone() == (load,)
    assert db.execute("SELECT COUNT(*) FROM readings_history").fetchone()[0] == n + 1
    assert db.execute("SELECT load FROM readings_history ORDER BY rowid DESC LIMIT 1").fetchone() == (77.5,)


def test_a_superseded_version_that_breaks_rules_is_a_reject_for_each(tmp_path):
    """Also one whose unique value is another row's by now, which alone is no reason against a version of the past."""
    definition = {k: v for k, v in groups.SLEEP.items() if k != "rules"}
    definition["features"] = [*definition["features"], {"name": "night", "type": "text", "unique": True}]
    db = groups.store(definition, path=tmp_path / "a.db")
    for month in range(2, 6):
        row = f"SELECT 'a' AS athlete_id, '2024-01-01T00:00:00Z' AS event_timestamp, {month * 10 + 30} AS resting_hr, 'n{month}' AS night"
        groups.ingest(db, definition, row, known_at=f"2024-{month:02d}-01T00:00:00Z")
    db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr, night) VALUES ('b', '2024-01-01', 50, 'n2'), ('b', '2024-01-02', 50, 'n3')")
    db.execute("UPDATE athlete_sleep_history SET resting_hr = 500, sleep_h = 99 WHERE night = 'n3'")
    outlet.write(tmp_path / "a.db", tmp_path / "out", [], "month")
    tool("in", tmp_path / "b.db", tmp_path / "out", "athlete_sleep")
    with connect(tmp_path / "b.db") as copy:
        assert copy.execute("SELECT night, resting_hr FROM athlete_sleep_versions WHERE athlete_id = 'a' ORDER BY 1").fetchall() == [("n2", 50), ("n4", 70), ("n5", 80)]
        assert copy.execute("SELECT feature, rule, value FROM feature_rejects ORDER BY 1").fetchall() == [("resting_hr", "max", 500), ("sleep_h", "max", 99)]


# --- calls that stop with a sentence -----------------------------------------------------------------------------------


def test_a_bad_call_says_what_is_wrong(tmp_path, out):
    _, folder = out
    database = folder.parent / "a.db"
    (tmp_path / "mine" / "readings").mkdir(parents=True)
    (tmp_path / "mine" / "readings" / "thesis.tex").write_text("x")
    (tmp_path / "bare" / "sleep").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "bare" / "sleep" / "x.parquet")
    (tmp_path / "broken" / "sleep").mkdir(parents=True)
    (tmp_path / "broken" / "sleep" / "x.parquet").write_bytes(b"PAR1 no")
    for call, sentence in (
        (lambda: outlet.write(tmp_path / "no.db", tmp_path, [], "month"), "there is no database"),
        (lambda: outlet.write(database, tmp_path / "o", ["sleep"], "month"), "there is no feature group sleep; registered are: readings"),
        (lambda: outlet.write(database, tmp_path / "mine", [], "month"), "holds thesis.tex, which is no Parquet file"),
        (lambda: tool("in", database, tmp_path, "gone"), "there is no folder"),
        (lambda: tool("in", database, tmp_path / "bare", "sleep"), "sleep is not registered in .*, and its files hold no definition"),
        (lambda: tool("in", database, tmp_path / "broken", "sleep"), "cannot be read as Parquet"),
    ):
        with pytest.raises((ExchangeError, Refused), match=sentence):
            call()
    assert (tmp_path / "mine" / "readings" / "thesis.tex").exists() and not (tmp_path / "no.db").exists()


def test_an_export_that_fails_leaves_what_was_there(tmp_path, out, monkeypatch):
    _, folder = out
    outlet.write(folder.parent / "a.db", tmp_path / "out", [], "month")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.parquet")}
    calls = iter(range(100))
    original = outlet._convert
    monkeypatch.setattr(outlet, "_convert", lambda *a: original(*a) if next(calls) == 0 else (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        outlet.write(folder.parent / "a.db", tmp_path / "out", [], "month")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.parquet")} == before
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []
