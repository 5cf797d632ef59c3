"""What the tests of Parquet and Feast share: the tool, and a group with a column of every type."""

import json
import os
import pathlib
import random
import struct
import subprocess
import sys

from helpers.stores import groups
from helpers.extension import EXTENSION, ROOT


FEAST = pathlib.Path(sys.prefix).parent / "feast" / "bin" / "python"
LOOKUP = ROOT / "tests" / "sql" / "tools" / "exchange" / "feast_lookup.py"


class Refused(Exception):
    """The tool stopped with a sentence."""


def tool(*arguments):
    """In a process of its own, as a user calls it: it brings its own SQLite, which cannot share the extension with this one's."""
    environment = os.environ | {"ATHLETE_PYTHON": sys.executable, "ATHLETE_EXTENSION": EXTENSION}
    done = subprocess.run([ROOT / "sql" / "tools" / "parquet", *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        assert done.stderr.startswith("sql/tools/parquet: ") and done.stderr.count("\n") == 1, done.stderr
        raise Refused(done.stderr)


def feast(folder, questions):
    """Feast's answers to {folder: questions}."""
    (folder / "questions.json").write_text(json.dumps(questions))
    command = [FEAST, LOOKUP, folder / "questions.json", folder / "answers.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answers.json").read_text())


EVERY_TYPE = {
    "feature_group": "readings", "version": "1.2.0", "description": "One of each, „quoted“", "entity": "athlete", "keys": ["athlete_id", "device"],
    "row_key": ["athlete_id", "device", "number"], "lookback_days": 30, "owner": "coach", "reject_limit": 1,
    "features": [
        {"name": "device", "type": "integer"},
        {"name": "number", "type": "integer", "not_null": True},
        {"name": "load", "type": "numerical", "unit": "TSS", "description": "training load", "max": 1e300},
        {"name": "steps", "type": "integer", "unit": "1"},
        {"name": "is_rest", "type": "boolean", "owner": "someone else"},
        {"name": "mood", "type": "categorical", "allowed": ["good", "bad", "größer als \"gut\""]},
        {"name": "note", "type": "text"},
        {"name": "day", "type": "timestamp"},
        {"name": "seen_at", "type": "timestamp"},
        {"name": "vector", "type": "embedding"},
    ],
}  # fmt: skip
NAMES = groups.columns(EVERY_TYPE)


def instant(hours):
    return f"2024-{1 + hours // 720 % 12:02d}-{1 + hours // 24 % 28:02d}T{hours % 24:02d}:30:00Z"


def reading(rng, number):
    """A row as a caller would give it; a number's two entity keys are always the same."""
    values = {
        "athlete_id": f"a{number % 5}", "device": number % 2 - 2 ** 62, "number": number, "event_timestamp": instant(rng.randrange(3000)),
        "load": rng.choice([0.1 + 0.2, -0.0, 1e-320, 123456789.125, rng.random()]), "steps": rng.choice([0, 2 ** 53 + 1, -(2 ** 63), rng.randrange(99)]),
        "is_rest": rng.randrange(2), "mood": rng.choice(["good", "bad", "größer als \"gut\""]), "note": rng.choice(["", "x\ny", "日本", "'\"", "12"]),
        "day": f"2023-12-{rng.randint(1, 31):02d}", "seen_at": f"2023-12-{rng.randint(1, 31):02d}T01:02:03.{rng.randrange(1000):03d}Z",
        "vector": struct.pack(f"<{(n := rng.randrange(4))}f", *(rng.gauss(0, 1) for _ in range(n))), "available_at": None,
    }  # fmt: skip
    for name in values:
        if name not in ("athlete_id", "device", "number", "event_timestamp") and rng.random() < 0.2:
            values[name] = None
    return values


def history(path, seed, definition=EVERY_TYPE, n=60):
    """A file with the group, corrections of its rows and deletions."""
    rng = random.Random(seed)
    db = groups.store(definition, path=path)
    rows = [reading(rng, i) for i in range(n)]
    for step in range(3):
        batch = rows if step == 0 else [row | {"load": rng.random(), "note": rng.choice([None, "corrected"])} for row in rng.sample(rows, n // 3)]
        db.execute("CREATE TEMP TABLE batch (" + ", ".join(NAMES) + ")")
        db.executemany(f"INSERT INTO temp.batch VALUES ({', '.join('?' * len(NAMES))})", [[row[name] for name in NAMES] for row in batch])
        groups.ingest(db, definition, "batch", known_at=f"2024-{6 + step:02d}-01T00:00:00Z")
        db.execute("DROP TABLE temp.batch")
        db.execute("UPDATE ops_actor SET who = ?", (f"coach {step}",))
    for number in rng.sample(range(n), n // 10):
        db.execute(f"DELETE FROM {definition['feature_group']} WHERE number = ?", (number,))
    return db


def everything(db, group):
    """All rows of the group, current and not, with the type of every value."""
    names = [n for (n,) in db.execute(f"SELECT name FROM pragma_table_info('{group}_versions')")]
    literals = " || ',' || ".join(f"typeof(\"{n}\") || quote(\"{n}\")" for n in names)
    return [sorted(r for (r,) in db.execute(f"SELECT {literals} FROM \"{group}_{part}\"")) for part in ("versions", "history")]


def metadata(schema, key):
    return json.loads(schema.metadata[key])
