"""A row goes in, or to the rejects as JSON, where the schema of the file is not trusted and the extension is not there."""

import json
import math
import random
import sqlite3

import pytest
from helpers.stores.groups import SLEEP, store

NAMES = ["athlete_id", "event_timestamp", "sleep_h", "resting_hr", "quality", "device", "available_at"]
CHARACTERS = [chr(c) for c in range(1, 128)] + ["\x00", '"', "\\", "é", "\u2028", "\U0001f3c3"] * 4


def odd(rng):
    text = "~" + "".join(rng.choice(CHARACTERS) for _ in range(rng.randrange(12)))
    return rng.choice([None, rng.randrange(-(2**53), 2**53), rng.uniform(-99, 99), 1e300, math.inf, -math.inf, rng.randbytes(5), text, text, "W-" + text])


def as_told(value, encoding):
    """What JSON can hold of a value: a text with a zero byte is its bytes in the file, as a blob is."""
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, str) and "\0" in value:
        return value.encode(encoding).hex().upper()
    if isinstance(value, float) and math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return value


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_a_refused_row_is_told_as_valid_json_of_its_values(tmp_path, encoding):
    store(SLEEP, path=tmp_path / "athlete.db", encoding=encoding).close()
    db = sqlite3.connect(tmp_path / "athlete.db", isolation_level=None)
    db.execute("PRAGMA trusted_schema = 0")
    db.execute("BEGIN")
    rng = random.Random(17)
    for i in range(300):
        row = [f"a{i}", "2024-03-01T00:00:00Z", odd(rng), None, odd(rng) or "good", odd(rng), "2024-03-02T00:00:00Z"]
        db.execute("INSERT INTO athlete_sleep_ingest VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        (text,) = db.execute("SELECT row FROM feature_rejects WHERE rule = 'not_null' AND feature = 'resting_hr' ORDER BY reject_id DESC LIMIT 1").fetchone()
        told = json.loads(text)
        assert list(told) == NAMES
        for name, value in zip(NAMES, row):
            expected = as_told(value, encoding)
            assert told[name] == (pytest.approx(expected, rel=1e-14) if isinstance(expected, (int, float)) else expected), (name, value)
            if isinstance(value, str) and "\0" not in value:  # byte for byte what SQLite itself makes of a text
                assert f'"{name}":' + db.execute("SELECT json_quote(?)", (value,)).fetchone()[0] in text
    assert db.execute("SELECT COUNT(DISTINCT row) FROM feature_rejects").fetchone() == (300,)
    db.execute("INSERT INTO athlete_sleep_ingest VALUES ('a', '2024-03-01T00:00:00Z', 7.5, 50, NULL, 'W-1', NULL)")
    assert db.execute("SELECT quality, available_at FROM athlete_sleep").fetchall() == [("good", "2024-03-01T00:00:00Z")]
    db.close()
