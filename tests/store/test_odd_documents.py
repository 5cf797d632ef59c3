"""A definition of a feature group, and a specification of a training set, with an odd value in any field: refused with a sentence that
names the field, or it works; no name is dead after it."""

import json
import sqlite3

import pytest

from helpers.stores.groups import SLEEP, register, script, store
from helpers.athletes.odd_documents import grid, odd, places
from helpers.machine.soak import soak
from helpers.stages import put


DEFINITION = {
    "feature_group": "nights", "version": "1.0.0", "description": "Of a night", "entity": "athlete", "keys": ["athlete_id"],
    "row_key": ["athlete_id", "event_timestamp"], "timestamp": "event_timestamp", "available": "available_at", "availability_delay_hours": 0,
    "expected_every_hours": 24, "lookback_days": 36500, "reject_limit": 1, "table": "nights_of_all", "owner": "a coach", "tags": ["sleep"], "status": "active",
    "computed": False, "reads": ["ops_config"], "rules": [{"name": "calm", "predicate": "sleep_h < 20 OR pulse < 90", "reason": "a long night with a racing heart"}],
    "features": [
        {"name": "sleep_h", "type": "numerical", "unit": "h", "description": "asleep", "owner": "a coach", "tags": ["x"], "status": "active", "default": 7.5,
         "not_null": True, "min": 0, "max": 24, "from": ["ops_config.value"]},
        {"name": "pulse", "type": "integer", "allowed": [50, 60], "default": 50, "unique": False},
        {"name": "device", "type": "text", "pattern": "W*", "default": "W1", "transformation": "upper(device)"},
        {"name": "mood", "type": "categorical", "allowed": ["good", "bad"]},
    ],
}  # fmt: skip
def named(definition, number):
    """With names of its own, so that many can be registered in one database; those that are odd stay."""
    return definition | {"feature_group": f"nights_{number}", "table": f"nights_of_all_{number}"}


def works(db, text):
    """Its tables, a row through the view and one of a batch, and both looked up; what it may not have is a reject."""
    told = json.loads(text)
    table = db.execute("SELECT table_name FROM feature_groups WHERE definition = ?", (text,)).fetchone()[0]
    script(db, db.execute("SELECT feature_group_ddl(?)", (text,)).fetchone()[0])
    if told.get("computed"):
        return
    columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
    before = db.total_changes
    key, time = told["keys"][0], told.get("timestamp", "event_timestamp")
    given = {key: "'a'", time: "'2024-01-02T00:00:00Z'", "pulse": "60", "device": "'W7'", "mood": "'good'"}
    given = {name: value for name, value in given.items() if name in columns}
    db.execute(f"INSERT INTO {table}_ingest ({', '.join(given)}) VALUES ({', '.join(given.values())})")
    source = "SELECT " + ", ".join(f"{given.get(c, 'NULL')} AS {c}" for c in columns).replace("'2024-01-02", "'2024-01-03")
    try:
        script(db, db.execute("SELECT feature_group_ingest(?, ?)", (text, source)).fetchone()[0])
    except sqlite3.DatabaseError as error:
        assert "rejected" in str(error) or "reject_limit" in str(error), error
    assert db.total_changes > before
    n = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    rejected = db.execute("SELECT COUNT(*) FROM feature_rejects WHERE group_name = ?", (told["feature_group"],)).fetchone()[0]
    assert n > 0 or rejected > 0
    db.execute(f"CREATE VIRTUAL TABLE temp.looked_up USING asof({told['feature_group']})")
    answer = db.execute(f"SELECT row_timestamp FROM temp.looked_up WHERE {key} = 'a' AND as_of = '2024-02-01T00:00:00Z'").fetchall()
    assert len(answer) <= n
    db.execute("DROP TABLE temp.looked_up")


@pytest.mark.parametrize("share, seed", [(0.015, 1), soak(1, 1)])
def test_a_definition_with_an_odd_value_anywhere_is_refused_with_a_sentence_or_works(share, seed):
    cases = [(path, value, named(DEFINITION, i)) for i, (path, value) in enumerate(grid(DEFINITION, share, seed))]
    # In a database of many groups each definition is tried beside all of them, so there is one for each few.
    judged = [judged_together(cases[at : at + 25]) for at in range(0, len(cases), 25)]
    refused, accepted = (sum(counts) for counts in zip(*judged))
    assert refused > len(cases) / 2 and accepted > len(cases) / 50


def judged_together(cases):
    """How many of them are refused, and accepted; afterwards the definitions without what is odd are taken."""
    db = store(SLEEP)
    texts = [odd(definition, path, value) for path, value, definition in cases]
    for number, text in enumerate(texts):
        db.execute("INSERT INTO bronze_inbox (source, body) VALUES (?, CAST(? AS TEXT))", (f"case {number}", text))
    db.commit()
    register(db)
    assert db.execute("SELECT COUNT(*) FROM bronze_inbox").fetchone() == (0,)
    refused, accepted = 0, []
    for number, (path, value, definition) in enumerate(cases):
        landed = db.execute("SELECT bronze_id, payload FROM bronze_documents WHERE source = ?", (f"case {number}",)).fetchone()
        reasons = db.execute("SELECT reason FROM bronze_rejects WHERE source = ?", (f"case {number}",)).fetchall()
        assert bool(landed) != bool(reasons), (path, value, reasons)
        if landed:
            reasons = db.execute("SELECT reason FROM feature_definition_rejects WHERE bronze_id = ?", landed[:1]).fetchall()
            registered = db.execute("SELECT name FROM feature_groups WHERE bronze_id = ?", landed[:1]).fetchone()
            assert bool(registered) != bool(reasons), (path, value, reasons)
            if registered:
                accepted.append(landed[1])
                continue
        refused += 1
        assert value != "name in escapes" or isinstance(path[-1], int), (path, reasons)
        # A text that is no JSON is read on behind its fault, and may be told of more than once.
        assert all(15 < len(reason) < 2000 for (reason,) in reasons) and (len(reasons) == 1 or not landed), (path, value, reasons)
    for text in accepted:
        works(db, text)
    registered = {name for (name,) in db.execute("SELECT name FROM feature_groups")}
    again = [definition for path, _, definition in cases if definition["feature_group"] not in registered]
    for definition in again:
        put(db, definition)
    register(db)
    for definition in again:
        if db.execute("SELECT 1 FROM feature_groups WHERE table_name = ? AND name <> ?", (definition["table"], definition["feature_group"])).fetchone():
            continue  # an odd name took the table, and has it
        assert db.execute("SELECT 1 FROM feature_groups WHERE name = ?", (definition["feature_group"],)).fetchone(), definition["feature_group"]
        works(db, json.dumps(definition))
    db.close()
    return refused, len(accepted)


SET = {"labels": "SELECT 'a' AS athlete_id, '2024-02-01T00:00:00Z' AS moment, 1 AS label", "as_of": "moment", "exclude": ["moment"], "computed": {"double": "label * 2"},
       "lookups": [{"group": "athlete_sleep", "keys": {"athlete_id": "athlete_id"}, "as_of": "moment", "features": ["sleep_h", "device"], "prefix": "p_", "lookback": "90 days",
                    "defaults": {"sleep_h": 7}, "strict": True, "ignore_nulls": False, "backfill": False},
                   {"group": "athlete_sleep", "prefix": "q_", "lookback_days": 30}]}  # fmt: skip


@pytest.mark.parametrize("share, seed", [(0.2, 1), soak(1, 1)])
def test_a_specification_with_an_odd_value_anywhere_is_refused_with_a_sentence_or_gives_its_rows(share, seed):
    db = store(SLEEP)
    db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, sleep_h, resting_hr, device) VALUES ('a', '2024-01-20T00:00:00Z', 8, 50, 'W-1')")
    refused = given = 0
    empty = [(path, value) for path in places(SET) for value in ("empty object", "empty list", "empty text")]
    for path, value in [*grid(SET, share, seed), *empty]:
        text = odd(SET, path, value)
        if b"\x00" in text:
            continue  # ends the statement
        statement = b"CREATE VIRTUAL TABLE temp.t USING training_set('" + text.replace(b"'", b"''") + b"')"
        try:
            # Not Python's own text: what is no UTF-8 gets through to SQLite, too.
            (statement,) = db.execute("SELECT CAST(? AS TEXT)", (statement,)).fetchone() if value not in ("no UTF-8", "a half of a pair, raw") else (None,)
        except sqlite3.OperationalError:
            statement = None
        if statement is None:
            continue
        try:
            db.execute(statement)
            rows = db.execute("SELECT * FROM temp.t").fetchall()
            assert len(rows) <= 1
            given += 1
        except sqlite3.DatabaseError as error:
            assert str(error).startswith(("training_set: ", "training_set()")) and len(str(error)) < 2500, (path, value, error)
            refused += 1
        db.execute("DROP TABLE IF EXISTS temp.t")
    assert refused > given > 5
