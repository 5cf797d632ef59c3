"""Definitions of feature groups: what is registered, what follows what, and that tables are what definitions say."""

import json
import os
import pathlib
import random
import re
import sqlite3
import subprocess

import pytest

from helpers.extension import EXTENSION, ROOT
from helpers.machine.soak import soak
from helpers.stores.groups import BUNDLED, REGISTRY, SLEEP, columns, ingest, register, script, store
from helpers.stages import new_database, one, rows, run

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case

STORAGE = {"numerical": "REAL", "integer": "INTEGER", "categorical": "TEXT", "boolean": "INTEGER", "timestamp": "TEXT", "text": "TEXT",
           "embedding": "BLOB"}
SENTENCES = pathlib.Path(__file__).parent / "definition_sentences.txt"


def fault(db, definition, before=None):
    text = [d if d is None or isinstance(d, str) else json.dumps(d) for d in (definition, before)]
    return db.execute("SELECT feature_group_fault(?, ?)", text).fetchone()[0]


def changed(definition=SLEEP, feature=None, **fields):
    """A copy with other fields, of the group or of one feature; None takes a field away."""
    copy = json.loads(json.dumps(definition))
    target = copy if feature is None else next(f for f in copy["features"] if f["name"] == feature)
    for name, value in fields.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    return copy


# --- the bundled groups ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built():
    db = new_database()
    run(db)
    yield db
    db.close()


@pytest.mark.parametrize("group", BUNDLED)
def test_the_table_of_a_bundled_group_is_what_its_definition_says(built, group):
    definition = json.loads(BUNDLED[group])
    table = rows(built, f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{group}')")
    assert [c["name"] for c in table] == columns(definition)
    told = {f["name"]: f for f in definition["features"]}
    keys = definition["keys"] + definition["row_key"] + [definition["timestamp"], definition["available"]]
    for column in table:
        feature = told.get(column["name"], {"type": "text"})
        assert column["type"] == STORAGE[feature["type"]]
        assert bool(column["notnull"]) == (feature.get("not_null", False) or column["name"] in keys)
    by_place = sorted((c["pk"], c["name"]) for c in table if c["pk"])
    assert [n for _, n in by_place] == definition["row_key"]
    history = [r["name"] for r in rows(built, f"SELECT name FROM pragma_table_info('{group}_history')")]
    assert history == columns(definition) + ["superseded_at", "superseded_by"]


@pytest.mark.parametrize("group", BUNDLED)
def test_a_bundled_group_has_the_index_of_a_lookup_on_both_tables(built, group):
    definition = json.loads(BUNDLED[group])
    asked = definition["keys"] + [definition["timestamp"], definition["available"]]
    for table in (group, f"{group}_history"):
        found = [[c["name"] for c in rows(built, f"SELECT name FROM pragma_index_info('{i['name']}')")]
                 for i in rows(built, f"SELECT name FROM pragma_index_list('{table}')")]
        assert any(index[: len(asked)] == asked for index in found)


def test_every_column_of_a_bundled_group_has_a_description_and_every_measure_a_unit():
    for text in BUNDLED.values():
        for feature in json.loads(text)["features"]:
            assert feature["description"]
            if feature["type"] in ("numerical", "integer"):
                assert feature["unit"], feature["name"]


def test_the_types_of_a_new_database_are_those_that_the_extension_knows(built):
    for type_row in rows(built, "SELECT * FROM feature_types"):
        definition = changed(features=[{"name": "x", "type": type_row["type"]}], rules=None)
        given = json.dumps({type_row["type"]: {"storage": type_row["storage"], "check": type_row["check"]}})
        alone, told = (one(built, "SELECT feature_group_ddl(?, ?)", json.dumps(definition), types) for types in (None, given))
        assert alone == told
        assert STORAGE[type_row["type"]] == type_row["storage"]


def test_a_new_type_is_one_more_row():
    db = new_database()
    run(db, REGISTRY)
    db.execute("INSERT INTO feature_types VALUES ('grade', 'REAL', '$ BETWEEN -1 AND 1', 'metres per metre')")
    definition = changed(features=[{"name": "slope", "type": "grade"}], rules=None)
    register(db, definition)
    assert one(db, "SELECT type FROM features") == "grade"
    script(db, one(db, "SELECT feature_group_ddl(?)", json.dumps(definition)))
    db.execute("CREATE TABLE staging AS SELECT 'a' AS athlete_id, '2024-01-0' || column1 AS event_timestamp, column2 AS slope"
               " FROM (VALUES (1, 0.1), (2, 7.0), (3, -0.2))")
    other = {"grade": {"storage": "REAL", "check": "$ > 0"}}
    assert "BETWEEN -1 AND 1" not in one(db, "SELECT feature_group_ingest(?, 'staging', ?)", json.dumps(definition), json.dumps({"types": other}))
    ingest(db, definition, "staging")
    assert one(db, "SELECT COUNT(*) FROM athlete_sleep") == 2
    assert one(db, "SELECT rule || value FROM feature_rejects") == "type7.0"


def test_types_that_are_no_types_are_said_to_be(db):
    db.execute("CREATE TABLE feature_types (x)")
    with pytest.raises(sqlite3.OperationalError, match="feature_group_ddl: feature_types: no such column: type"):
        one(db, "SELECT feature_group_ddl(?)", json.dumps(SLEEP))


# --- registering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", BUNDLED)
def test_every_definition_reads_back_byte_for_byte(group):
    odd = BUNDLED[group].strip().replace('"keys":', '\t"keys" :\n\n', 1).replace('"description": "', '"description": "\\u00e4 ∂ 🏃 ', 1)
    db = store(odd)
    assert one(db, "SELECT CAST(definition AS BLOB) FROM feature_groups") == odd.encode()


def test_every_version_stays_readable_and_lookups_use_the_highest_active_one():
    second, third = changed(version="1.0.1", description="Nights"), changed(version="2.0.0", keys=["athlete_id", "device_id"])
    db = store(SLEEP)
    register(db, second, third)
    assert [json.loads(d) for (d,) in db.execute("SELECT definition FROM feature_groups ORDER BY major, minor, patch")] == [SLEEP, second, third]
    assert one(db, "SELECT table_name FROM feature_groups_current") == "athlete_sleep_v2"
    assert {r["action"] for r in rows(db, "SELECT * FROM ops_audit")} == {"register"}


def test_a_refused_definition_is_kept_with_the_sentence_and_the_others_go_on():
    db = store(SLEEP)
    register(db, changed(changed(feature="sleep_h", unit="min"), version="1.1.0"), changed(feature_group="other"), changed(version="1.0.2", owner="me"))
    assert [r["name"] for r in rows(db, "SELECT name, patch FROM feature_groups ORDER BY name, patch")] == ["athlete_sleep", "athlete_sleep", "other"]
    assert one(db, "SELECT reason FROM feature_definition_rejects") == (
        "athlete_sleep 1.1.0 cannot follow 1.0.0: the unit of sleep_h was h and is min, which needs a new major version")


def test_the_same_definition_again_in_any_layout_changes_nothing():
    db = store(SLEEP)
    before = db.execute("SELECT * FROM feature_groups").fetchall()
    register(db, json.dumps(SLEEP, indent=3), json.dumps(SLEEP))
    run(db, REGISTRY)
    assert db.execute("SELECT * FROM feature_groups").fetchall() == before
    assert db.execute("SELECT * FROM feature_definition_rejects").fetchall() == []


STATUSES = ["draft", "active", "deprecated", "archived"]


@pytest.mark.parametrize("table", ["feature_groups", "features"])
@pytest.mark.parametrize("start", STATUSES)
@pytest.mark.parametrize("end", STATUSES)
def test_a_status_moves_one_step_on_and_the_audit_says_who(table, start, end):
    db = store(changed(status=start))
    db.execute("UPDATE ops_actor SET who = 'coach'")
    if STATUSES.index(end) - STATUSES.index(start) in (0, 1):
        db.execute(f"UPDATE {table} SET status = ?", (end,))
        moved = rows(db, "SELECT who, detail FROM ops_audit WHERE action = 'status'")
        assert len(moved) == (0 if start == end else 1 if table == "feature_groups" else 4)
        assert all(m["who"] == "coach" and json.loads(m["detail"])["to"] == end for m in moved)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="moves from draft to active to deprecated to archived"):
            db.execute(f"UPDATE {table} SET status = ?", (end,))


@pytest.mark.parametrize("statement", [
    "UPDATE feature_groups SET definition = '{}'", "UPDATE feature_groups SET timestamp_key = 'x'", "DELETE FROM feature_groups",
    "INSERT OR REPLACE INTO feature_groups SELECT * FROM feature_groups", "UPDATE features SET unit = 'x'", "DELETE FROM features",
    "INSERT OR REPLACE INTO features SELECT * FROM features", "UPDATE ops_audit SET who = 'x'", "DELETE FROM ops_audit",
    "INSERT OR REPLACE INTO ops_audit SELECT * FROM ops_audit"])
def test_what_was_registered_or_audited_cannot_be_changed(statement):
    db = store(SLEEP)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(statement)


# --- what is refused -------------------------------------------------------------------------------------------------------

WRONG = {
    "no JSON": "{",
    "no object": "[]",
    "unknown field": changed(colour="red"),
    "twice": json.dumps(SLEEP)[:-1] + ', "entity": "x"}',
    "no name": changed(feature_group=None),
    "a name with a blank": changed(feature_group="my group"),
    "a name with a quote": changed(feature_group='g"; DROP TABLE ops_config; --'),
    "no version": changed(version="1.0"),
    "a version with zeros": changed(version="01.0.0"),
    "keys as a text": changed(keys="athlete_id"),
    "no keys": changed(keys=[]),
    "a key twice": changed(keys=["a", "A"]),
    "nine keys": changed(keys=list("abcdefghi")),
    "the timestamp as a key": changed(keys=["event_timestamp"]),
    "the timestamp as available": changed(available="event_timestamp"),
    "available in the row key": changed(row_key=["athlete_id", "available_at"]),
    "a status": changed(status="retired"),
    "a limit": changed(reject_limit=2),
    "a delay": changed(availability_delay_hours=-1),
    "no features": changed(features=[]),
    "a feature twice": changed(features=[{"name": "x", "type": "text"}, {"name": "X", "type": "text"}]),
    "a feature of the history": changed(features=[{"name": "superseded_at", "type": "text"}]),
    "an unknown type": changed(feature="sleep_h", type="float"),
    "an unknown field of a feature": changed(feature="sleep_h", units="h"),
    "min above max": changed(feature="sleep_h", min=25),
    "min of a text": changed(feature="device", min=1),
    "pattern of a number": changed(feature="sleep_h", pattern="8*"),
    "an allowed number of a text": changed(feature="quality", allowed=["good", 1]),
    "a default outside": changed(feature="sleep_h", default=25),
    "a default of another type": changed(feature="quality", default=1),
    "a rule without a reason": changed(rules=[{"name": "a", "predicate": "1"}]),
    "a rule twice": changed(rules=[{"name": "a", "predicate": "1", "reason": "r"}] * 2),
    "a predicate that gets out": changed(rules=[{"name": "a", "predicate": "1) OR (1", "reason": "r"}]),
    "a predicate with a comment": changed(rules=[{"name": "a", "predicate": "1 --", "reason": "r"}]),
    "a predicate with an open comment": changed(rules=[{"name": "a", "predicate": "1 /*", "reason": "r"}]),
    "a predicate with a semicolon": changed(rules=[{"name": "a", "predicate": "1; DROP TABLE x", "reason": "r"}]),
    "a predicate with an open quote": changed(rules=[{"name": "a", "predicate": "quality = 'x", "reason": "r"}]),
    "a predicate that is no SQL": changed(rules=[{"name": "a", "predicate": "sleep_h %", "reason": "r"}]),
    "a predicate of an unknown column": changed(rules=[{"name": "a", "predicate": "dreams > 1", "reason": "r"}]),
    "an empty predicate": changed(rules=[{"name": "a", "predicate": " ", "reason": "r"}]),
    "a transformation that gets out": changed(feature="sleep_h", transformation="a) FROM (SELECT 1"),
    "times that cannot be compared": changed(features=[{"name": "event_timestamp", "type": "integer"}]),
    "a time that is a number": changed(features=[{"name": "event_timestamp", "type": "numerical"}]),
}

# What a change needs: a version of this size is accepted, a smaller one refused.
CHANGES = {
    "the description": ("patch", dict(description="Sleep")),
    "the owner": ("patch", dict(owner="me")),
    "a description of a feature": ("patch", dict(feature="sleep_h", description="asleep")),
    "tags": ("patch", dict(tags=["rest"])),
    "a range": ("patch", dict(feature="sleep_h", max=20)),
    "a new feature": ("minor", dict(features=[*SLEEP["features"], {"name": "dreams", "type": "integer"}])),
    "a feature gone": ("major", dict(features=SLEEP["features"][1:], rules=None)),
    "the type": ("major", dict(feature="device", type="categorical")),
    "the unit": ("major", dict(feature="sleep_h", unit="min")),
    "a default": ("major", dict(feature="quality", default="bad")),
    "not_null no more": ("major", dict(feature="resting_hr", not_null=None)),
    "the keys": ("major", dict(keys=["athlete_id", "watch"])),
    "the row key": ("major", dict(row_key=["athlete_id"])),
    "the timestamp": ("major", dict(timestamp="night")),
    "the entity": ("major", dict(entity="watch")),
    "the delay": ("major", dict(availability_delay_hours=1)),
    "the lookback": ("major", dict(lookback_days=7)),
}
STEPS = {"patch": "1.0.1", "minor": "1.1.0", "major": "2.0.0"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_needs_a_version_of_its_size(db, change):
    needed, how = CHANGES[change]
    for step, version in STEPS.items():
        refused = fault(db, changed(changed(**how), version=version), SLEEP)
        large_enough = list(STEPS).index(step) >= list(STEPS).index(needed)
        assert (refused is None) == large_enough, refused
    assert "another definition needs another version" in fault(db, changed(**how), SLEEP)


def test_a_changed_transformation_is_another_meaning(db):
    before = changed(feature="sleep_h", transformation="minutes / 60.0")
    after = changed(changed(before, feature="sleep_h", transformation="minutes / 3600.0"), version="1.4.0")
    assert "the transformation of sleep_h was minutes / 60.0 and is minutes / 3600.0" in fault(db, after, before)


def test_what_is_refused_is_refused_with_these_sentences(db):
    found = [f"{name}: {fault(db, definition)}" for name, definition in WRONG.items()]
    for change, (needed, how) in CHANGES.items():
        found += [f"{change} as {s}: {fault(db, changed(changed(**how), version=v), SLEEP)}" for s, v in STEPS.items() if s != needed]
    found += [f"back in version: {fault(db, SLEEP, changed(version='1.2.0'))}", f"another group: {fault(db, SLEEP, changed(feature_group='x'))}",
              f"back in status: {fault(db, changed(version='1.0.1', status='draft'), SLEEP)}"]
    assert all(not line.startswith(tuple(f"{n}: None" for n in WRONG)) for line in found)
    text = "\n".join(found) + "\n"
    if os.environ.get("ATHLETE_WRITE_SENTENCES"):
        SENTENCES.write_text(text)
    assert text == SENTENCES.read_text()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_definition_makes_no_tables(error, name):
    definition = WRONG[name]
    said = error("feature_group_ddl(?)", definition if isinstance(definition, str) else json.dumps(definition))
    assert said.startswith("feature_group_ddl: ")


@pytest.mark.parametrize("seed", [*range(6), *map(soak, range(6, 20))])
def test_a_hostile_definition_is_refused_or_makes_tables_and_nothing_else(seed):
    rng = random.Random(seed)
    nasty = ["'", '"', "]", "--", "/*", ";", "x\ny", "\u0000", "%s%n%w", "$", "a'); DROP TABLE ops_config; --", "\u2028", "é" * 200, -1, 1e308, True, None, [], {}]
    for _ in range(40):
        definition = json.loads(json.dumps(SLEEP))
        for _ in range(rng.randint(1, 3)):
            spot = rng.choice([definition, *definition["features"], *definition["rules"]])
            name = rng.choice([*spot, "unit", "description", "pattern", "default", "owner"])
            spot[name] = rng.choice(nasty) if rng.random() < 0.7 else [rng.choice(nasty)]
            if name in ("features", "rules") and not (isinstance(spot[name], list) and all(isinstance(s, dict) for s in spot[name])):
                break
        db = new_database()
        run(db, REGISTRY)
        before = set(db.execute("SELECT type, name FROM sqlite_schema"))
        text = json.dumps(definition)
        if fault(db, text) is not None:
            with pytest.raises(sqlite3.OperationalError):
                db.execute("SELECT feature_group_ddl(?)", (text,)).fetchall()
            continue
        script(db, one(db, "SELECT feature_group_ddl(?)", text))
        made = set(db.execute("SELECT type, name FROM sqlite_schema"))
        assert before < made
        assert {re.sub(r"_(history|versions|ingest_new|ingest|asof|replaced|deleted|once|moved|in_form|row|reject|unique)", "", n) for _, n in made - before
                if not n.startswith("sqlite_")} == {definition.get("table", definition["feature_group"])}
        db.close()


# --- the tables grow with the definition --------------------------------------------------------------------------------


def test_a_minor_version_adds_its_columns_and_keeps_the_rows():
    db = store(SLEEP)
    insert = "INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, available_at, resting_hr{0}) VALUES ('a', ?1, ?1, 50{1})"
    db.execute(insert.format("", ""), ("2024-01-01T06:00:00Z",))
    after = changed(version="1.1.0", features=[*SLEEP["features"], {"name": "dreams", "type": "integer", "min": 0}])
    script(db, one(db, "SELECT feature_group_ddl(?, NULL, ?)", json.dumps(after), json.dumps(SLEEP)))
    db.execute(insert.format(", dreams", ", 3"), ("2024-01-02T06:00:00Z",))
    db.execute(insert.format(", dreams", ", -3"), ("2024-01-03T06:00:00Z",))
    assert [r["dreams"] for r in rows(db, "SELECT dreams FROM athlete_sleep ORDER BY event_timestamp")] == [None, 3]
    assert one(db, "SELECT feature FROM feature_rejects") == "dreams"
    db.execute("DELETE FROM athlete_sleep WHERE dreams = 3")
    assert one(db, "SELECT dreams FROM athlete_sleep_history") == 3


# --- the shell ----------------------------------------------------------------------------------------------------------------


def define(tmp_path, *files):
    environment = os.environ | {"ATHLETE_EXTENSION": EXTENSION}
    return subprocess.run([str(ROOT / "sql" / "tools" / "define"), str(tmp_path / "a.db"), *map(str, files)], text=True, capture_output=True, env=environment)


def shell(tmp_path, sql):
    return subprocess.run(["sqlite3", "-bail", "-cmd", f".load {EXTENSION}", str(tmp_path / "a.db")], input=sql, text=True, capture_output=True,
                          check=True).stdout


def test_a_user_adds_a_group_in_ten_lines_and_looks_it_up_as_of_a_moment(tmp_path):
    (tmp_path / "sleep.json").write_text("""{
  "feature_group": "athlete_sleep", "version": "1.0.0", "description": "Nights, from a watch",
  "entity": "athlete", "keys": ["athlete_id"], "timestamp": "event_timestamp", "expected_every_hours": 24,
  "features": [
    {"name": "sleep_h", "type": "numerical", "unit": "h", "min": 0, "max": 24},
    {"name": "resting_hr", "type": "integer", "unit": "bpm", "min": 25, "max": 120}]
}
""")
    assert define(tmp_path, tmp_path / "sleep.json").returncode == 0
    shell(tmp_path, """INSERT INTO athlete_sleep_ingest (athlete_id, event_timestamp, sleep_h, resting_hr) VALUES
        ('4001', '2025-10-17T06:10:00Z', 7.5, 48), ('4001', '2025-10-18T06:30:00Z', 71.0, 47), ('4001', '2025-10-19T05:00:00Z', 5.5, 52);""")
    seen = shell(tmp_path, """CREATE VIRTUAL TABLE temp.sleep USING asof(athlete_sleep);
        SELECT sleep_h, resting_hr FROM sleep WHERE athlete_id = '4001' AND as_of = '2025-10-18T12:00:00Z';
        SELECT reason FROM feature_rejects;""")
    assert seen.splitlines() == ["7.5|48", "sleep_h is above 24"]


def test_a_group_is_computed_from_others_by_the_transformations_of_its_definition(tmp_path):
    definition = changed(
        feature_group="form_ratio", rules=None, source="SELECT athlete_id, event_timestamp, available_at, tsb, ctl_42d FROM athlete_rolling_features",
        features=[{"name": "form", "type": "numerical", "unit": "ratio", "transformation": "tsb / nullif(ctl_42d, 0)"}, {"name": "tsb", "type": "numerical"}])
    db = store(definition)
    db.execute("CREATE TABLE athlete_rolling_features (athlete_id, event_timestamp, available_at, tsb, ctl_42d)")
    db.execute("INSERT INTO athlete_rolling_features VALUES ('a', '2024-01-01', '2024-01-02', 5.0, 10.0), ('a', '2024-01-02', '2024-01-03', 5.0, 0.0)")
    ingest(db, definition, None)
    assert db.execute("SELECT form, tsb, available_at FROM form_ratio").fetchall() == [(0.5, 5.0, "2024-01-03T00:00:00Z"), (None, 5.0, "2024-01-04T00:00:00Z")]


@pytest.mark.parametrize("name", ["hours", "HOURS", "other"])
def test_a_transformation_counts_also_where_the_source_has_a_column_of_its_name(name):
    definition = changed(feature_group="slept", rules=None, source="SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, 480.0 AS hours",
                         features=[{"name": name, "type": "numerical", "transformation": "hours / 60"}, {"name": "whole", "type": "numerical", "transformation": "hours"}])
    db = store(definition)
    ingest(db, definition, None)
    assert db.execute(f"SELECT {name}, whole FROM slept").fetchall() == [(8.0, 480.0)]


def test_the_shell_says_why_a_definition_is_refused_and_lets_the_others_in(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(changed(feature="sleep_h", type="float")))
    (tmp_path / "b.json").write_text(json.dumps(changed(feature_group="nights")))
    (tmp_path / "c.json").write_text(json.dumps(changed(feature_group="nights", version="1.1.0", features=[*SLEEP["features"], {"name": "n", "type": "integer"}])))
    result = define(tmp_path, tmp_path / "a.json", tmp_path / "b.json")
    assert (result.returncode, result.stderr) == (1, f"{tmp_path / 'a.json'}: features[0].type: there is no type float\n")
    assert result.stdout == "registered nights 1.0.0: table nights made\n"
    assert define(tmp_path, tmp_path / "c.json").returncode == 0
    assert define(tmp_path, tmp_path / "c.json").returncode == 0
    assert shell(tmp_path, "SELECT name FROM pragma_table_info('nights')").split()[-1] == "n"
