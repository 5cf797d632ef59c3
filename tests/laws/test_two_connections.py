"""A table of ours is created, used and dropped while other connections change the file's tables: what SQLite then forgets and reads anew
may not be what it is making."""

import json
import random
import sqlite3

import pytest

from helpers.extension import connect
from helpers.machine.soak import soak
from helpers.stores.groups import SLEEP, store

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case

SET = {"labels": "SELECT 'a' AS athlete_id, '2024-02-01T00:00:00Z' AS moment, 1 AS label", "as_of": "moment",
       "lookups": [{"group": "athlete_sleep", "features": ["resting_hr"]}]}  # fmt: skip
MADE = {
    "asof": ("USING asof(athlete_sleep)", "SELECT resting_hr FROM {name} WHERE athlete_id = 'a' AND as_of = '2024-02-01T00:00:00Z'", (50,)),
    "training_set": (f"USING training_set('{json.dumps(SET).replace(chr(39), chr(39) * 2)}')", "SELECT label, resting_hr FROM {name}", (1, 50)),
}


@pytest.fixture
def path(tmp_path):
    db = store(SLEEP, path=tmp_path / "a.db")
    db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr) VALUES ('a', '2024-01-01T00:00:00Z', 50)")
    db.close()
    return tmp_path / "a.db"


@pytest.mark.parametrize("seed", [*range(4), *map(soak, range(4, 12))])
@pytest.mark.parametrize("module", MADE)
def test_others_may_change_the_tables_at_any_moment(path, tmp_path, module, seed):
    made, asked, row = MADE[module]
    rng, names = random.Random(seed), []
    db, other = connect(path, isolation_level=None), sqlite3.connect(path, isolation_level=None)
    for each in (db, other):
        each.execute("PRAGMA synchronous = OFF")
    if seed % 3 == 0:
        db.execute("ATTACH ? AS beside", (str(tmp_path / "beside.db"),))
        other.execute("ATTACH ? AS beside", (str(tmp_path / "beside.db"),))
    for step in range(40):
        what = rng.choice(("change", "change", "create", "create", "ask", "drop", "temporary", "transaction"))
        if what == "change" and not db.in_transaction:
            where = rng.choice(("main", "beside")) if seed % 3 == 0 else "main"
            other.execute(f"CREATE TABLE {where}.other_{step} (x)")
        elif what == "create":
            names.append(f"temp.made_{step}")
            db.execute(f"CREATE VIRTUAL TABLE {names[-1]} {made}")
        elif what == "ask" and names:
            assert db.execute(asked.format(name=rng.choice(names))).fetchall() == [row]
        elif what == "drop" and names:
            db.execute(f"DROP TABLE {names.pop(rng.randrange(len(names)))}")
        elif what == "temporary":
            db.execute(f"CREATE TEMP TABLE own_{step} (x)")
        elif what == "transaction":
            db.execute("COMMIT" if db.in_transaction else "BEGIN")
    for name in names:
        assert db.execute(asked.format(name=name)).fetchall() == [row]
    db.close()
    other.close()
