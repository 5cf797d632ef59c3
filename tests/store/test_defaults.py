"""What NULL stands for is one thing: whichever way a row comes in, and whatever its column is for."""

import random

import pytest

from helpers.machine.soak import soak
from helpers.stores.groups import ingest, store
from helpers.stages import rows

DEFAULTS = {"numerical": [2.5, -1.5], "integer": [3, 0], "categorical": ["good", "it's"], "text": ["none", '"x"'], "boolean": [True, False]}
VALUES = {"numerical": [2.5, 7.25, -1.5], "integer": [3, 4, 0], "categorical": ["good", "bad", "it's"], "text": ["none", '"x"', "y"], "boolean": [1, 0]}


def definition(rng):
    """A group whose row key has columns with a default, and so may others, unique ones too."""
    features = []
    for i in range(rng.randint(2, 4)):
        kind = rng.choice(sorted(DEFAULTS))
        features.append({"name": f"x{i}", "type": kind, "unique": rng.random() < 0.3} | ({"default": rng.choice(DEFAULTS[kind])} if i == 0 or rng.random() < 0.6 else {}))
    row_key = ["athlete_id", "event_timestamp", "x0"] if rng.random() < 0.7 else ["x0"]
    features[0]["unique"] = False
    return {"feature_group": "tried", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "timestamp": "event_timestamp",
            "row_key": row_key, "reject_limit": 1, "features": features}  # fmt: skip


def kept(db):
    """What is believed and what was refused; a version that lived for less than a second is in no history."""
    now = [{k: v for k, v in row.items() if k != "available_at"} for row in map(dict, rows(db, "SELECT * FROM tried"))]
    rejects = [row for (row,) in db.execute("SELECT DISTINCT row FROM feature_rejects")]  # a batch names one unique feature of those taken
    return sorted(map(repr, now)), sorted(map(repr, rejects))


@pytest.mark.parametrize("seed", [*range(10), *map(soak, range(10, 30))])
def test_a_row_with_nulls_does_alone_what_it_does_in_a_batch(seed):
    rng = random.Random(seed)
    group = definition(rng)
    names = ["athlete_id", "event_timestamp", "available_at", *(f["name"] for f in group["features"])]
    alone, batch = store(group), store(group)
    batch.execute(f"CREATE TABLE one ({', '.join(names)})")
    for step in range(12):
        at = f"2024-03-0{rng.randint(1, 2)}T00:00:00Z"
        row = [rng.choice("ab"), at, rng.choice([at, None]), *(rng.choice([None, *VALUES[f["type"]]]) for f in group["features"])]
        alone.execute(f"INSERT INTO tried_ingest ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", row)
        batch.execute("DELETE FROM one")
        batch.execute(f"INSERT INTO one VALUES ({', '.join('?' * len(names))})", row)
        ingest(batch, group, "one")
        assert kept(alone) == kept(batch), (step, row)
    before = kept(alone)
    alone.execute(f"INSERT INTO tried_ingest ({', '.join(names)}) SELECT {', '.join(names)} FROM tried")
    assert kept(alone) == before
