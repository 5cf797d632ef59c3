"""Two connections that read the parts of a table in turn: one moment, and what one connection reads."""

import random
import sqlite3

import pyarrow as pa
import pytest

import snapshot
from groups import ExchangeError

COLUMNS = [("a", "TEXT"), ("b", "INTEGER"), ("x", "REAL"), ("note", "TEXT"), ("blob", "BLOB")]


def table(path, n, seed, without_rowid):
    """Whose columns but the keys are NULL for long stretches, each in places of its own."""
    rng = random.Random(seed)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, x REAL, note TEXT, blob BLOB, PRIMARY KEY (a, b))" + " WITHOUT ROWID" * without_rowid)
    there = [[rng.random() < 0.4 for _ in range(n // 50 + 1)] for _ in range(3)]
    rows = [(rng.choice(["", "Ä", "b", "c\0d"]), i, *(v if told[i // 50] else None for v, told in zip((i / 8, f"n{i}", bytes([i % 256])), there))) for i in range(n)]
    rng.shuffle(rows)
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    db.commit()
    return db


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 64 * 7, 1000])
def test_parts_read_in_turn_are_the_table_in_the_order_of_its_keys(tmp_path, n):
    db = table(tmp_path / "a.db", n, n, without_rowid=n % 2)
    orders = [["a", "b"]] if n % 2 else [["a", "b"], ["rowid"]]
    with snapshot.open_snapshots(tmp_path / "a.db") as readers:
        assert len(readers) == 2
        for keys in orders:
            expected = db.execute(f"SELECT a, b, x, note, blob FROM t ORDER BY {', '.join(keys)}").fetchall()
            for some in (readers, readers[:1]):
                found = list(snapshot.batches_in_turn(some, COLUMNS, "t", keys, 64))
                assert all(batch.schema.types == [snapshot.TYPES[storage] for _, storage in COLUMNS] for batch in found)
                assert [batch.num_rows for batch in found] == [64] * (n // 64) + [n % 64] * (n % 64 > 0)
                assert [tuple(row.values()) for batch in found for row in batch.to_pylist()] == expected
    db.close()


def test_a_value_of_another_type_stops_the_reading_with_a_sentence_and_what_is_given_up_ends(tmp_path):
    db = table(tmp_path / "a.db", 1000, 1, without_rowid=True)
    with snapshot.open_snapshots(tmp_path / "a.db") as readers:
        for _ in range(3):
            found = snapshot.batches_in_turn(readers, COLUMNS, "t", ["a", "b"], 64)
            assert next(found).num_rows == 64
            found.close()
    db.execute("UPDATE t SET x = 'of words' WHERE b = 500")
    db.commit()
    with snapshot.open_snapshots(tmp_path / "a.db") as readers, pytest.raises((ExchangeError, pa.ArrowException)):
        pa.Table.from_batches(snapshot.batches_in_turn(readers, COLUMNS, "t", ["a", "b"], 64), pa.schema([(n, snapshot.TYPES[s]) for n, s in COLUMNS]))
    db.close()


@pytest.mark.parametrize("commits", [0, 1, snapshot.ATTEMPTS - 1, 1000])
def test_both_connections_see_one_moment_whatever_others_commit(tmp_path, monkeypatch, commits):
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    left, own = [commits], snapshot.ask

    def ask(connection, sql, *parameters):
        answer = own(connection, sql, *parameters)
        if "sqlite_schema" in sql and left[0]:  # between the beginnings of the two
            left[0] -= 1
            db.execute("INSERT INTO t VALUES (1)")
        return answer

    monkeypatch.setattr(snapshot, "ask", ask)
    with snapshot.open_snapshots(tmp_path / "a.db") as readers:
        assert len(readers) == (2 if commits < snapshot.ATTEMPTS else 1)
        db.execute("INSERT INTO t VALUES (1)")
        seen = [own(reader, "SELECT COUNT(*) AS n FROM t")[0]["n"] for reader in readers]
        assert seen == [min(commits, snapshot.ATTEMPTS - 1) + 1] * len(readers)
    db.close()
