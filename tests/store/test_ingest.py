"""Ingest with rules and history: against a model in Python, again with the same batch, and killed at any moment."""

import collections
import json
import random
import re
import sqlite3

import pytest

from helpers.athletes.belief import overlaps
from helpers.stores.groups import SLEEP, columns, ingest, store
from helpers.stores.killed_ingest import killed_ingest
from helpers.machine.soak import soak
from helpers.stages import one, rows

NAMES = columns(SLEEP)
INFINITY = float("inf")


def broken_rules(row):
    """What a row breaks, from the definition's words; a row is a dictionary, defaults filled in."""
    found = []
    for key in ("athlete_id", "event_timestamp", "available_at"):
        if row[key] is None:
            found.append((key, "not_null"))
        elif not isinstance(row[key], str) or (key != "athlete_id" and not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", row[key])):
            found.append((key, "type"))
    hours, rate, quality, device = (row[n] for n in ("sleep_h", "resting_hr", "quality", "device"))
    number = lambda x: isinstance(x, (int, float))  # noqa: E731
    if hours is not None and not number(hours):
        found += [("sleep_h", "type"), ("sleep_h", "max")]  # texts and blobs are above all numbers
    elif hours is not None:
        found += [("sleep_h", "min")] * (hours < 0) + [("sleep_h", "max")] * (hours > 24)
    if rate is None:
        found.append(("resting_hr", "not_null"))
    elif not number(rate):
        found += [("resting_hr", "type"), ("resting_hr", "max")]
    else:
        found += [("resting_hr", "type")] * (isinstance(rate, float) and not (abs(rate) < 2 ** 63 and rate.is_integer())) + [("resting_hr", "min")] * (rate < 25) + [("resting_hr", "max")] * (rate > 120)
    if not isinstance(quality, str):
        found += [("quality", "type"), ("quality", "allowed")]
    elif quality not in ("good", "bad"):
        found.append(("quality", "allowed"))
    if device is not None and not isinstance(device, str):
        found.append(("device", "type"))
    if device is not None and not str(device if not isinstance(device, bytes) else device.decode(errors="replace")).startswith("W-"):
        found.append(("device", "pattern"))
    above = lambda x, limit: x is not None and (not number(x) or x >= limit)  # noqa: E731, SQL's order: numbers, then the rest
    if above(rate, 100) and above(hours, 10):
        found.append(("", "calm_sleep"))
    return found


class Model:
    """What the group should hold: current rows by key, versions with the interval in which they were believed, rejects."""

    def __init__(self):
        self.current, self.history, self.rejects = {}, [], set()

    def value(self, row):
        return tuple(float(v) if n == "sleep_h" and v is not None else int(v) if n == "resting_hr" else v for n, v in row.items() if n != "available_at")

    def replace(self, key, until):
        row = self.current.pop(key)
        if until > row["available_at"]:
            self.history.append((row, until))

    def ingest(self, batch, at):
        first = {}
        for row in batch:
            row = {n: row.get(n) for n in NAMES}
            row["quality"] = "good" if row["quality"] is None else row["quality"]
            row["available_at"] = row["event_timestamp"] if row["available_at"] is None else row["available_at"]
            if found := broken_rules(row):
                self.rejects |= {(f, r, json.dumps([repr(v) for v in row.values()])) for f, r in found}
                continue
            key = (row["athlete_id"], row["event_timestamp"])
            if key in first:
                if self.value(first[key]) != self.value(row):
                    self.rejects.add(("", "one_row_per_key", json.dumps([repr(v) for v in row.values()])))
                continue
            first[key] = row
        published = {row["athlete_id"] for row in [*self.current.values(), *(row for row, _ in self.history)]}
        for key, row in first.items():
            old = self.current.get(key)
            if old is None:
                is_late = row["event_timestamp"] == row["available_at"] and row["athlete_id"] in published
                self.current[key] = row | {"available_at": max(row["available_at"], at)} if is_late else row
            elif self.value(old) != self.value(row):
                row = row | {"available_at": max(row["available_at"], at)}
                self.replace(key, row["available_at"])
                self.current[key] = row

    def believed(self, t):
        """Per key the version that was believed at t: the latest known of those not yet replaced."""
        found = {}
        versions = [(row, None) for row in self.current.values()] + self.history
        for row, until in versions:
            key = (row["athlete_id"], row["event_timestamp"])
            if row["available_at"] <= t and (until is None or t < until):
                if key not in found or found[key]["available_at"] < row["available_at"]:
                    found[key] = row
        return {k: self.value(v) for k, v in found.items()}


def random_row(rng, wild=0.15):
    row = {"athlete_id": rng.choice("abc"), "event_timestamp": f"2024-01-{rng.randint(1, 9):02d}T06:00:00Z",
           "sleep_h": rng.choice([None, 5, 6.5, 7.25, 8]), "resting_hr": rng.choice([44, 50, 61.0]), "quality": rng.choice([None, "good", "bad"]),
           "device": rng.choice([None, "W-1", "W-2"]), "available_at": rng.choice([None, None, f"2024-01-{rng.randint(10, 12)}T00:00:00Z"])}
    while rng.random() < wild:
        row[rng.choice(NAMES)] = rng.choice([None, "text", "", "12", -1, 0.5, 99, 1e300, INFINITY, b"", b"\x00\xff", "W-\u2028'\"", -(2 ** 63)])
    return row


def stage(db, batch):
    db.execute("DROP TABLE IF EXISTS staging")
    db.execute(f"CREATE TABLE staging ({', '.join(NAMES)})")
    db.executemany(f"INSERT INTO staging VALUES ({', '.join('?' * len(NAMES))})", [[row[n] for n in NAMES] for row in batch])


def held(db, table="athlete_sleep"):
    return db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def believed(db, t):
    versions = db.execute("""
        SELECT athlete_id, event_timestamp, sleep_h, resting_hr, quality, device FROM (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY athlete_id, event_timestamp ORDER BY available_at DESC, superseded_at IS NULL DESC) AS choice
            FROM athlete_sleep_versions
            WHERE available_at <= ?1 AND (superseded_at IS NULL OR superseded_at > ?1))
        WHERE choice = 1""", (t,))
    return {v[:2]: v for v in versions}


def rejected(db):
    return {(f, r) for f, r in db.execute("SELECT feature, rule FROM feature_rejects")}


@pytest.mark.parametrize("seed", [*range(12), *map(soak, range(12, 40))])
@pytest.mark.parametrize("how", ["table", "query", "view"])
def test_random_batches_corrections_and_deletions_end_where_the_model_ends(seed, how):
    rng = random.Random(f"{seed} {how}")
    db, model, seen = store(SLEEP, encoding=["UTF-8", "UTF-16le", "UTF-16be"][seed % 3]), Model(), []
    for step in range(8):
        at = f"2024-02-{10 + step}T00:00:00Z"
        batch = [random_row(rng) for _ in range(rng.choice([1, 5, 30]))]
        if how == "view":  # one row a transaction, believed from now on
            at = "2026-01-01T00:00:00Z"
            batch = [{**row, "available_at": None} for row in batch]
            for row in batch:
                db.execute(f"INSERT INTO athlete_sleep_ingest VALUES ({', '.join('?' * len(NAMES))})", [row[n] for n in NAMES])
                model.ingest([row], at)
        else:
            stage(db, batch)
            ingest(db, SLEEP, "staging" if how == "table" else "SELECT * FROM staging", known_at=at)
            model.ingest(batch, at)
        values = {tuple(r[:2]): r[:6] for r in held(db)}
        assert values == {k: model.value(v) for k, v in model.current.items()}
        assert rejected(db) == {r[:2] for r in model.rejects}
        counted = collections.Counter(r[:2] for r in model.rejects)
        assert collections.Counter(db.execute("SELECT feature, rule FROM feature_rejects").fetchall()) == counted
        if how != "view":
            assert {tuple(r[:2]): r[6] for r in held(db)} == {k: v["available_at"] for k, v in model.current.items()}
            seen.append((at, values))
    for at, values in seen:  # nothing that came later changed what was believed then
        assert values.items() <= believed(db, at).items()
    if how != "view":
        for t in ["2024-01-05T06:00:00Z", *(f"2024-02-{d:02d}T12:00:00Z" for d in range(8, 20))]:
            assert believed(db, t) == model.believed(t)
        for table, versions in (("athlete_sleep_history", len(model.history)),):
            assert one(db, f"SELECT COUNT(*) FROM {table}") == versions
    gone = rng.sample(sorted(model.current), len(model.current) // 2)
    for key in gone:
        db.execute("DELETE FROM athlete_sleep WHERE (athlete_id, event_timestamp) = (?, ?)", key)
    assert {r[:2] for r in held(db)} == set(model.current) - set(gone)
    last = believed(db, "2024-03-01T00:00:00Z" if how != "view" else "2026-06-01T00:00:00Z")
    assert how == "view" or last == model.believed("2024-03-01T00:00:00Z")
    assert set(believed(db, "2100-01-01T00:00:00Z")) == set(model.current) - set(gone)
    db.close()


@pytest.mark.parametrize("seed", range(10))
def test_the_same_batch_again_changes_nothing(seed):
    rng = random.Random(seed)
    db = store(SLEEP)
    for step in range(4):
        stage(db, [random_row(rng) for _ in range(40)])
        ingest(db, SLEEP, "staging", known_at=f"2024-02-{10 + step}T00:00:00Z")
        tables = ["athlete_sleep", "athlete_sleep_history", "feature_rejects"]
        before = [held(db, t) for t in tables]
        ingest(db, SLEEP, "staging", known_at="2025-01-01T00:00:00Z")
        ingest(db, SLEEP, "SELECT * FROM staging")
        assert [held(db, t) for t in tables] == before


@pytest.mark.parametrize("seed", range(10))
def test_what_validation_shows_is_what_an_ingest_does(seed):
    rng = random.Random(seed)
    db = store(SLEEP)
    for step in range(3):
        stage(db, [random_row(rng) for _ in range(30)])
        before, held_before = db.total_changes, held(db)
        shown = rows(db, "SELECT * FROM feature_validate('athlete_sleep', 'SELECT * FROM staging')")
        assert (db.total_changes, held(db)) == (before, held_before)
        known = {r for (r,) in db.execute("SELECT row FROM feature_rejects")}
        ingest(db, SLEEP, "staging", known_at=f"2024-02-{10 + step}T00:00:00Z")
        done = json.loads(one(db, "SELECT detail FROM ops_audit ORDER BY audit_id DESC LIMIT 1"))
        verdicts = [s["verdict"] for s in shown]
        assert (len(verdicts), verdicts.count("new"), verdicts.count("change"), verdicts.count("reject")) == (
            done["rows"], done["new"], done["changed"], done["rejected"])
        kept = {(r, f, n) for r, f, n in db.execute("SELECT row, feature, rule FROM feature_rejects")}
        assert all((s["row"], s["feature"], s["rule"]) in kept for s in shown if s["verdict"] == "reject")
        assert {s["row"] for s in shown if s["verdict"] == "reject"} == {r for r, _, _ in kept} - known | (known & {s["row"] for s in shown})
        for text, _, _ in kept:
            assert set(json.loads(text)) == set(NAMES)


ODD = [None, 0, 1, 2, -1, 1.0, 0.5, 1e300, INFINITY, 1e-05, 2451545, "", "0", "1", "a", "run", "ride", "now", "12:00", "2451545", "1.0e-05", "-00e-1",
       b"", b"\0", b"run", b"2024-01-05", b"\0\0\x80?", "2024-01-05", "2024-02-30", "2024-13-01", "2024-00-10", "2024-01-32", "2024-01-00", "2024-1-05",
       "202a-01-05", "2024-01-0a", "0000-01-01", "9999-12-31T23:59:59Z", "2024-01-05T10:00:00Z", "2024-01-05T10:00:00z", "2024-01-05T23:59:59Z",
       "2024-01-05T24:00:00Z", "2024-01-05T25:00:00Z", "2024-01-05T10:60:00Z", "2024-01-05T10:00:60Z", "2024-01-05T1a:00:00Z", "2024-01-05 10:00",
       "2024-01-05T10:00:00+02:00", "2024-01-05T10:00:00.5Z", "2024-01-05T10:00:00Z ", "-2024-01-05", "é024-01-05", "2024-01-05\0"]  # fmt: skip


@pytest.mark.parametrize("not_null", [False, True])
@pytest.mark.parametrize("type_name", ["numerical", "integer", "categorical", "boolean", "timestamp", "text", "embedding"])
def test_a_value_is_of_a_type_where_the_registry_says_so_in_a_batch_and_alone(type_name, not_null):
    features = [{"name": "v", "type": type_name, "not_null": not_null}]
    if type_name == "categorical":
        features[0]["allowed"] = ["run", "ride", "1"]
    if type_name == "numerical":
        features[0] |= {"min": -1e9, "max": 1e9}
    definition = {"feature_group": "odd", "version": "1.0.0", "description": "…", "entity": "athlete", "keys": ["athlete_id"], "features": features, "reject_limit": 1}
    db = store(definition)
    check = one(db, 'SELECT "check" FROM feature_types WHERE type = ?', type_name).replace("$", "v")
    extra = {"categorical": "v IN ('run', 'ride', '1')", "numerical": "v BETWEEN -1e9 AND 1e9"}.get(type_name, "1")
    for how in ("batch", "alone"):
        db.execute("CREATE TEMP TABLE staging (athlete_id TEXT, event_timestamp TEXT, v)")
        db.executemany("INSERT INTO staging VALUES (?, '2024-01-06', ?)", [(f"{how}{i:03d}", v) for i, v in enumerate(ODD)])
        if how == "batch":
            ingest(db, definition, "staging")
        else:
            db.execute("INSERT INTO odd_ingest (athlete_id, event_timestamp, v) SELECT * FROM staging")
        right = f"SELECT athlete_id FROM staging WHERE CASE WHEN v IS NULL THEN {int(not not_null)} ELSE ({check}) AND {extra} END"
        assert rows(db, f"SELECT athlete_id FROM odd WHERE athlete_id LIKE '{how}%' ORDER BY 1") == rows(db, f"{right} ORDER BY 1")
        told = f"SELECT DISTINCT json_extract(row, '$.athlete_id') AS athlete_id FROM feature_rejects WHERE json_extract(row, '$.athlete_id') LIKE '{how}%'"
        assert rows(db, f"{told} ORDER BY 1") == rows(db, f"SELECT athlete_id FROM staging WHERE athlete_id NOT IN ({right}) ORDER BY 1")
        db.execute("DROP TABLE temp.staging")


def test_a_batch_with_too_many_rejects_is_refused_whole():
    db = store(SLEEP | {"reject_limit": 0.25})
    good = {"athlete_id": "a", "sleep_h": 7, "resting_hr": 50, "quality": "good", "device": None, "available_at": None}
    batch = [good | {"event_timestamp": f"2024-01-0{d}T06:00:00Z"} for d in range(1, 8)] + [good | {"event_timestamp": "2024-01-09", "sleep_h": 90}] * 2
    stage(db, batch)
    ingest(db, SLEEP | {"reject_limit": 0.25}, "staging")
    assert (len(held(db)), one(db, "SELECT COUNT(*) FROM feature_rejects")) == (7, 1)
    stage(db, batch[4:] + [good | {"event_timestamp": "2024-01-08T06:00:00Z", "sleep_h": 8}])
    before = [held(db, t) for t in ("athlete_sleep", "athlete_sleep_history", "feature_rejects", "ops_audit")]
    with pytest.raises(sqlite3.OperationalError, match="athlete_sleep: 2 of 6 rows break a rule, more than the limit of 25.0 percent: the batch is refused"):
        ingest(db, SLEEP | {"reject_limit": 0.25}, "staging")
    assert [held(db, t) for t in ("athlete_sleep", "athlete_sleep_history", "feature_rejects", "ops_audit")] == before
    assert db.execute("SELECT name FROM temp.sqlite_schema").fetchall() == []


def test_a_unique_feature_is_in_one_row_only_whichever_way_it_comes():
    definition = {k: v for k, v in SLEEP.items() if k != "rules"} | {"features": [{"name": "night", "type": "text", "unique": True}]}
    db = store(definition)
    db.execute("CREATE TABLE staging (athlete_id TEXT, event_timestamp TEXT, night)")
    put_rows = "INSERT INTO staging VALUES ('a', '2024-01-01', 'x'), ('a', '2024-01-02', 'x'), ('a', '2024-01-03', 'y'), ('a', '2024-01-04', NULL), ('b', '2024-01-04', NULL)"
    db.execute(put_rows)
    ingest(db, definition, "staging")
    assert [n for (n,) in db.execute("SELECT night FROM athlete_sleep ORDER BY 1")] == [None, None, "x", "y"]
    db.execute("DELETE FROM staging")
    db.execute("INSERT INTO staging VALUES ('a', '2024-01-01', 'y'), ('a', '2024-01-04', 'z'), ('b', '2024-01-04', 'z')")
    ingest(db, definition, "staging")
    twice = "SELECT verdict, rule FROM feature_validate('athlete_sleep', 'SELECT ''c'' AS athlete_id, ? AS event_timestamp, ''x'' AS night')"
    assert db.execute(twice.replace("?", "''2024-01-01''")).fetchall() == [("reject", "unique")]
    assert db.execute(twice.replace("?", "''soon''")).fetchall() == [("reject", "type")]  # what asks other rows is asked of good ones
    db.execute("INSERT INTO athlete_sleep_ingest VALUES ('c', '2024-01-01', 'z', NULL), ('c', '2024-01-02', 'w', NULL)")
    assert [n for (n,) in db.execute("SELECT night FROM athlete_sleep ORDER BY 1")] == [None, "w", "x", "y", "z"]
    assert rows(db, "SELECT DISTINCT rule, feature, reason FROM feature_rejects") == [{"rule": "unique", "feature": "night", "reason": "night is in another row"}]
    assert one(db, "SELECT COUNT(*) FROM feature_rejects") == 4


def test_times_that_are_numbers_have_a_history_as_well():
    definition = {k: v for k, v in SLEEP.items() if k != "rules"} | {"features": [{"name": "event_timestamp", "type": "integer"}, {"name": "available_at", "type": "integer"}, {"name": "x", "type": "numerical"}],
                          "availability_delay_hours": 1}
    db = store(definition)
    db.execute("CREATE TABLE staging AS SELECT 'a' AS athlete_id, 1000 AS event_timestamp, 1.0 AS x")
    ingest(db, definition, "staging")
    db.execute("UPDATE staging SET x = 2")
    ingest(db, definition, "staging", known_at="9000")
    assert db.execute("SELECT x, available_at, superseded_at FROM athlete_sleep_versions ORDER BY x").fetchall() == [(1.0, 4600, 9000), (2.0, 9000, None)]


def test_a_source_without_a_required_column_is_refused_with_its_name():
    db = store(SLEEP)
    with pytest.raises(sqlite3.OperationalError, match="the source has no column resting_hr, which athlete_sleep requires"):
        ingest(db, SLEEP, "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp")
    with pytest.raises(sqlite3.OperationalError, match="feature_group_ingest: the query must be one SELECT"):
        ingest(db, SLEEP, "DELETE FROM ops_actor")


def test_whoever_updates_or_deletes_a_row_leaves_its_old_version_and_the_name():
    db = store(SLEEP)
    db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr) VALUES ('a', '2024-01-01', 50), ('b', '2024-01-01', 51)")
    db.execute("UPDATE ops_actor SET who = 'coach'")
    db.execute("UPDATE athlete_sleep SET resting_hr = 55 WHERE athlete_id = 'a'")
    db.execute("UPDATE athlete_sleep SET resting_hr = 55 WHERE athlete_id = 'a'")
    db.execute("DELETE FROM athlete_sleep WHERE athlete_id = 'b'")
    assert db.execute("SELECT athlete_id, resting_hr, superseded_by FROM athlete_sleep_history").fetchall() == [("a", 50, "coach"), ("b", 51, "coach")]
    assert one(db, "SELECT COUNT(*) FROM athlete_sleep_history WHERE superseded_at > '2026'") == 2


@pytest.mark.parametrize("recursive", [0, 1])
@pytest.mark.parametrize("seed", range(20))
def test_whoever_changes_a_row_and_however_one_version_ends_where_the_next_begins(seed, recursive):
    rng, db = random.Random(seed), store(SLEEP)
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    for i in range(12):
        values = (rng.choice("ab"), f"2024-01-0{rng.randint(1, 3)}", 40 + i)
        rng.choice([
            lambda: db.execute("INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, resting_hr) VALUES (?, ?, ?)", values),
            lambda: ingest(db, SLEEP, "SELECT '{}' AS athlete_id, '{}' AS event_timestamp, {} AS resting_hr".format(*values)),
            lambda: db.execute("UPDATE athlete_sleep SET resting_hr = ? WHERE athlete_id = ?", (values[2], values[0])),
            lambda: db.execute("UPDATE athlete_sleep SET athlete_id = ?, resting_hr = ? WHERE athlete_id = ?", (f"c{i}", values[2], values[0])),
        ])()
    assert overlaps(db, "athlete_sleep", ["athlete_id", "event_timestamp"]) == 0
    assert one(db, "SELECT COUNT(*) FROM athlete_sleep_history WHERE superseded_by IS NOT 'local'") == 0


@pytest.mark.parametrize("statement", [
    "INSERT OR REPLACE INTO athlete_sleep (athlete_id, event_timestamp, resting_hr, night, available_at) VALUES ('a', '2024-01-01T07:00:00Z', 60, 'y', '2024-01-01T07:00:00Z')",
    "REPLACE INTO athlete_sleep (athlete_id, event_timestamp, resting_hr, night, available_at) VALUES ('c', '2024-01-01T07:00:00Z', 60, 'x', '2024-01-01T07:00:00Z')",
    "INSERT OR REPLACE INTO athlete_sleep SELECT 'b', event_timestamp, 60, 'z', available_at FROM athlete_sleep WHERE athlete_id = 'a'",
    "INSERT INTO athlete_sleep (athlete_id, event_timestamp, resting_hr, available_at) VALUES ('a', '2024-01-01T07:00:00Z', 60, '2024-01-01T07:00:00Z') ON CONFLICT DO UPDATE SET resting_hr = 60",
    "UPDATE OR REPLACE athlete_sleep SET athlete_id = 'b' WHERE athlete_id = 'a'", "UPDATE OR REPLACE athlete_sleep SET night = 'x' WHERE athlete_id = 'b'"])
def test_no_statement_replaces_a_row_that_the_history_would_not_know(statement):
    definition = {k: v for k, v in SLEEP.items() if k != "rules"} | {"features": [SLEEP["features"][1], {"name": "night", "type": "text", "unique": True}]}
    db = store(definition)
    db.execute("INSERT INTO athlete_sleep_ingest VALUES ('a', '2024-01-01T07:00:00Z', 50, 'x', NULL), ('b', '2024-01-01T07:00:00Z', 51, 'w', NULL)")
    before = held(db)
    for recursive in (0, 1):
        db.execute(f"PRAGMA recursive_triggers = {recursive}")
        with pytest.raises(sqlite3.IntegrityError, match="athlete_sleep: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history"):
            db.execute(statement)
    assert held(db) == before and len(before) == 2
    db.execute("INSERT OR REPLACE INTO athlete_sleep_ingest VALUES ('a', '2024-01-01T07:00:00Z', 60, 'x', NULL)")
    db.execute("UPDATE OR REPLACE athlete_sleep SET athlete_id = 'd', night = 'v' WHERE athlete_id = 'b'")
    ingest(db, definition, "SELECT 'd' AS athlete_id, '2024-01-01T07:00:00Z' AS event_timestamp, 70 AS resting_hr, 'v' AS night")
    assert overlaps(db, "athlete_sleep", ["athlete_id", "event_timestamp"]) == 0
    kept = db.execute("SELECT athlete_id, resting_hr FROM athlete_sleep_history ORDER BY 2, 1").fetchall()
    assert kept[:2] == [("a", 50), ("b", 51)] and kept[2:] in ([], [("d", 51)])  # ("d", 51) was believed where a second passed until it was 70
    with pytest.raises(sqlite3.IntegrityError, match="this row is there"):  # an ingest leaves the trigger as it was
        db.execute("REPLACE INTO athlete_sleep SELECT * FROM athlete_sleep")


# --- killed at any moment ------------------------------------------------------------------------------------------------


@pytest.mark.unsanitized
@pytest.mark.parametrize("kills", [10, soak(200)])
@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_an_ingest_killed_at_random_moments_loses_nothing_and_leaves_no_half(tmp_path, journal, kills):
    assert killed_ingest(tmp_path / "killed.db", kills, journal, journal) >= kills
