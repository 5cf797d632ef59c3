"""The fleet read as one: DuckDB has what SQLite has, value by value; it reads nothing else; a forgotten athlete is in no byte of it."""

import datetime
import json
import pathlib
import sqlite3

import pytest

from helpers.machine.soak import soak
from helpers.stores import fleets

ATHLETES = (1, 2, 31415926)

pytestmark = pytest.mark.unsanitized  # the stages again


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    fleets.ran(folder / "out", fleets.written(folder / "all.ndjson", fleets.objects(ATHLETES)), partitions=2)
    return folder / "out"


def test_every_value_type_null_and_time_is_that_of_the_files(fleet):
    import asking

    nulls = 0
    with asking.connection(fleet) as db:
        tables = [name for (name,) in db.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()]
        assert len(tables) > 20
        for table in tables:
            if table in ("athletes", "rejects"):
                continue
            described = {name: kind for name, kind, *_ in db.execute(f"DESCRIBE {table}").fetchall()}
            columns = [name for name in described if name != "partition" and not (name.endswith("_text") and name.removesuffix("_text") in described)]
            ours = [f"{name}_text" if f"{name}_text" in described else name for name in columns]
            rows = db.execute(f"SELECT {', '.join(ours)} FROM {table}").fetchall()
            nulls += sum(value is None for row in rows for value in row)
            expected = fleets.in_sqlite(fleet, table, columns)
            assert sorted(repr(tuple(map(fleets.as_text, row))) for row in rows) == sorted(repr(tuple(map(fleets.as_text, row))) for row in expected), table
        days = db.execute("SELECT epoch(event_timestamp), event_timestamp_text FROM activity_features").fetchall()
    assert nulls > 100 and len(days) == len(ATHLETES) * fleets.KIND.activities
    assert all(at == datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp() for at, text in days)


@pytest.mark.parametrize("query", ["SELECT * FROM read_text('/etc/hostname')", "COPY (SELECT 1) TO '/tmp/fleet-leak.csv'", *map(soak, ("ATTACH '/tmp/other.db'", "INSTALL httpfs", "SET enable_external_access = true"))])
def test_a_query_reaches_nothing_but_the_fleet(fleet, query):
    done = fleets.fleet("sql", fleet, query)
    assert done.returncode == 1 and done.stderr.strip() and "Traceback" not in done.stderr
    assert not pathlib.Path("/tmp/fleet-leak.csv").exists()


def test_rows_are_printed_with_their_names(fleet):
    done = fleets.fleet("sql", fleet, "SELECT athlete_id, COUNT(*) AS n, MIN(event_timestamp) AS first, NULL AS nothing FROM activity_features GROUP BY 1 ORDER BY 1 LIMIT 1")
    lines = done.stdout.splitlines()
    assert lines[0] == "athlete_id|n|first|nothing" and lines[1].startswith(f"1|{fleets.KIND.activities}|2016-01-0") and lines[1].endswith("+00:00|")


def test_a_page_is_that_of_the_athletes_file_and_a_stranger_has_none(fleet):
    done = fleets.fleet("page", fleet, 31415926)
    assert done.returncode == 0 and "31415926" in done.stdout
    assert "there is no athlete 5 in" in fleets.fleet("page", fleet, 5).stderr


def test_a_forgotten_athlete_is_in_no_byte_and_the_others_are_as_before(fleet):
    before = fleets.tables_of_fleet(fleet)
    with sqlite3.connect(fleet / "pool.db") as db:
        db.execute("INSERT INTO ml_pooled_rows (model, entity, origin, row) VALUES ('pace_predictor', '31415926', '', ?)", (json.dumps({"athlete_id": "31415926"}),))
    db.close()
    assert any(b"31415926" in file.read_bytes() for file in fleet.rglob("*") if file.is_file())
    done = fleets.fleet("forget", fleet, 31415926)
    assert done.returncode == 0 and "pace_predictor, version" in done.stdout
    assert [str(file) for file in fleet.rglob("*") if file.is_file() and (b"31415926" in file.read_bytes() or "31415926" in file.name)] == []
    after = fleets.tables_of_fleet(fleet)
    for name, table in before.items():
        owner = "athlete_id" if "athlete_id" in table.column_names else "entity"
        kept = [row for row in table.to_pylist() if row[owner] != "31415926"]
        assert sorted(map(repr, after[name].to_pylist())) == sorted(map(repr, kept)), name
    assert "there is no athlete 31415926" in fleets.fleet("forget", fleet, 31415926).stderr
