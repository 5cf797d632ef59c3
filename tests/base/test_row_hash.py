"""row_hash and rows_hash are SHA-256 over the bytes of values, which Python's hashlib and struct give, too."""

import hashlib
import math
import random
import struct

import pytest


def bytes_of(value):
    if value is None:
        return b"n"
    if isinstance(value, int):
        return b"i" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"r" + struct.pack(">d", value)
    data = value.encode() if isinstance(value, str) else value
    return (b"t" if isinstance(value, str) else b"b") + struct.pack(">Q", len(data)) + data


def digest(data):
    return hashlib.sha256(data).hexdigest()


def a_value(rng):
    return rng.choice([
        lambda: None, lambda: rng.randint(-(2**63), 2**63 - 1), lambda: rng.randint(-2, 2), lambda: rng.uniform(-1e3, 1e3),
        lambda: rng.choice([0.0, 1.0, math.inf, 1e-320, 5023.7]), lambda: "".join(chr(rng.choice([0, 39, 65, 233, 0x20AC, 0x1F3C3])) for _ in range(rng.randint(0, 90))),
        lambda: rng.randbytes(rng.randint(0, 200)), lambda: rng.choice(["", "1", "1.0", "i", "n"]),
    ])()  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_a_row_is_hashed_by_the_types_and_bytes_of_its_values(db, seed):
    rng = random.Random(seed)
    for _ in range(20):
        row = [a_value(rng) for _ in range(rng.randint(1, 12))]
        marks = ", ".join("?" * len(row))
        assert db.execute(f"SELECT row_hash({marks})", row).fetchone()[0] == digest(b"".join(map(bytes_of, row)))


@pytest.mark.parametrize("seed", range(10))
def test_rows_are_hashed_one_after_the_other(db, seed):
    rng = random.Random(seed)
    rows = [(a_value(rng), a_value(rng), a_value(rng)) for _ in range(rng.randint(0, 60))]
    db.execute("CREATE TEMP TABLE t(i INTEGER PRIMARY KEY, a, b, c)")
    db.executemany("INSERT INTO t (a, b, c) VALUES (?, ?, ?)", rows)
    expected = digest(b"".join(b"w" + struct.pack(">q", 3) + b"".join(map(bytes_of, row)) for row in rows))
    assert db.execute("SELECT rows_hash(a, b, c) FROM (SELECT * FROM t ORDER BY i)").fetchone()[0] == expected


def test_values_that_only_print_alike_have_different_hashes(value):
    alike = ["1", "1.0", "'1'", "x'31'", "NULL", "''", "x''", "'NULL'", "0.1 + 0.2", "0.3", "1, 1", "'11'", "'1', '1'"]
    assert len({value(f"row_hash({v})") for v in alike}) == len(alike)


@pytest.mark.parametrize("length", [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000])
def test_a_digest_does_not_depend_on_where_its_blocks_end(value, length):
    text = "x" * length
    assert value("sha256(?)", text) == digest(text.encode())
    assert value("row_hash(?, ?)", text, text) == digest(bytes_of(text) * 2)
