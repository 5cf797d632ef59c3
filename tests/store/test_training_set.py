"""Training sets are the labels with what asof finds for each, whatever the specification asks for."""

import json
import random
import sqlite3

import pytest

SPEC = {
    "labels": "SELECT race_id, runner, start_time, seconds FROM races ORDER BY race_id",
    "as_of": "start_time",
    "lookups": [
        {"group": "form", "keys": {"athlete_id": "runner"}, "features": ["ctl", "tsb"], "defaults": {"tsb": 0}},
        {"group": "weekly", "keys": {"athlete_id": "runner"}, "prefix": "week_", "lookback_days": 14, "strict": True},
        {"group": "shoes", "keys": {"athlete_id": "runner"}, "features": ["km"], "prefix": "shoe_", "ignore_nulls": True,
         "defaults": {"km": 12.5}},
    ],
    "computed": {"strain": "ctl * coalesce(week_runs, 0)", "twice": "seconds * 2 -- of the label", "who": "runner || '!'"},
    "exclude": ["race_id", "week_note"],
}  # fmt: skip


@pytest.fixture(params=["UTF-8", "UTF-16"])
def world(request, db):
    rng = random.Random(3)
    db.execute(f"PRAGMA encoding = '{request.param}'")
    day = lambda: f"2024-{rng.randrange(1, 7):02d}-{rng.randrange(1, 29):02d}"
    groups = {"form": "ctl REAL, tsb REAL", "weekly": "runs INTEGER, note TEXT", "shoes": "km REAL, brand TEXT"}
    for name, columns in groups.items():
        db.execute(f"CREATE TABLE {name}(athlete_id INTEGER, event_timestamp TEXT, available_at TEXT, {columns})")
        db.execute(f"CREATE INDEX {name}_i ON {name}(athlete_id, event_timestamp, available_at)")
        for _ in range(300):
            at = day()
            late = rng.choice([at, at, day()])
            db.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?)",
                       (rng.randrange(6), at, max(at, late) + "T06:00:00Z", rng.choice([None, rng.randrange(100)]), rng.choice([None, rng.randrange(100)])))  # fmt: skip
    db.execute("CREATE TABLE races(race_id INTEGER PRIMARY KEY, runner INTEGER, start_time TEXT, seconds REAL)")
    for i in range(200):
        db.execute("INSERT INTO races VALUES (?, ?, ?, ?)", (i, rng.choice([None, *range(8)]), rng.choice([None, *[day() + "T09:00:00Z"] * 9]), rng.randrange(9000)))
    db.execute("INSERT INTO races SELECT race_id + 1000, runner, start_time, seconds FROM races WHERE race_id < 20")
    return db


def create(db, spec, name="ts"):
    text = json.dumps(spec).replace("'", "''")
    db.execute(f"CREATE VIRTUAL TABLE temp.{name} USING training_set('{text}')")


def test_it_is_the_labels_joined_with_each_lookup(world):
    create(world, SPEC)
    for name, options in {"form": "", "weekly": ", lookback='14 days', strict=1", "shoes": ", ignore_nulls=1"}.items():
        world.execute(f"CREATE VIRTUAL TABLE temp.v_{name} USING asof({name}, entity=athlete_id{options})")
    expected = world.execute(
        "SELECT r.runner, r.start_time, r.seconds, f.ctl, coalesce(f.tsb, 0), w.runs, coalesce(s.km, 12.5),"
        " f.ctl * coalesce(w.runs, 0), r.seconds * 2, r.runner || '!' FROM races AS r"
        " LEFT JOIN v_form AS f ON f.athlete_id = r.runner AND f.as_of = r.start_time"
        " LEFT JOIN v_weekly AS w ON w.athlete_id = r.runner AND w.as_of = r.start_time"
        " LEFT JOIN v_shoes AS s ON s.athlete_id = r.runner AND s.as_of = r.start_time ORDER BY r.race_id"
    ).fetchall()
    found = world.execute("SELECT * FROM ts")
    assert [d[0] for d in found.description] == ["runner", "start_time", "seconds", "ctl", "tsb", "week_runs", "shoe_km", "strain", "twice", "who"]
    rows = found.fetchall()
    assert rows == expected and len(rows) == 220
    assert sum(r[3] is not None for r in rows) > 50 and sum(r[5] is not None for r in rows) > 20
    assert world.execute("SELECT * FROM ts").fetchall() == rows


def test_it_names_the_rows_that_it_used(world):
    create(world, SPEC)
    used = 0
    for runner, at, ctl, sources in world.execute("SELECT runner, start_time, ctl, row_sources FROM ts"):
        form, weekly, shoes = json.loads(sources)
        if form is None:
            assert ctl is None
            continue
        used += 1
        row = world.execute("SELECT athlete_id, event_timestamp, available_at, ctl FROM form WHERE rowid = ?", (form["row_id"],)).fetchone()
        assert row == (runner, form["timestamp"], form["available"], ctl)
        assert form["available"] <= at and form["group"] == "form" and form["superseded"] is None
    assert used > 50


def test_all_features_come_when_none_are_named_and_keys_of_the_same_name_need_no_map(world):
    create(world, {"labels": "SELECT runner AS athlete_id, start_time AS t FROM races", "lookups": [{"table": "shoes", "keys": {"athlete_id": "athlete_id"}, "as_of": "t"}]})
    assert [d[0] for d in world.execute("SELECT * FROM ts").description] == ["athlete_id", "t", "km", "brand"]


def test_labels_alone_and_no_labels_are_training_sets_too(world):
    create(world, {"labels": "SELECT seconds FROM races WHERE race_id < 3 ORDER BY race_id", "computed": {"hours": "seconds / 3600"}})
    assert world.execute("SELECT hours, row_sources FROM ts").fetchall() == [(s / 3600, "[]") for (s,) in world.execute("SELECT seconds FROM races WHERE race_id < 3")]
    create(world, {**SPEC, "labels": "SELECT 1 AS race_id, 2 AS runner, 'x' AS start_time, 3 AS seconds WHERE false"}, "empty")
    assert world.execute("SELECT * FROM empty").fetchall() == []


def test_it_can_be_read_twice_at_once_and_stored(world):
    create(world, SPEC)
    assert world.execute("SELECT COUNT(*) FROM ts AS a, ts AS b WHERE a.seconds = b.seconds").fetchone()[0] >= 220
    world.execute("CREATE TABLE kept AS SELECT * FROM ts")
    assert world.execute("SELECT * FROM kept").fetchall() == world.execute("SELECT * FROM ts").fetchall()


def changed(**members):
    return {**SPEC, **members}


def with_lookup(**members):
    return changed(lookups=[{"group": "form", "keys": {"athlete_id": "runner"}, **members}])


REFUSED = {
    "no labels": ({"as_of": "x"}, 'the spec has no "labels"'),
    "unknown member": ({"label": "SELECT 1"}, 'unknown option "label"; known are labels, as_of, lookups, computed, exclude; did you mean "labels"?'),
    "labels that write": (changed(labels="DELETE FROM races"), "labels: the query must be one SELECT, it starts with 'DELETE FROM races'"),
    "labels of nowhere": (changed(labels="SELECT * FROM nowhere"), "labels: the query cannot be run: no such table: nowhere"),
    "lookups no list": (changed(lookups={}), 'option "lookups" must be a list, got {}'),
    "lookup of no group": (changed(lookups=[{}]), 'a lookup has no "group"'),
    "lookup with a typing error": (with_lookup(feature=["ctl"]),
        'unknown option "feature"; known are group (table), keys, as_of, features, prefix, lookback, lookback_days, defaults, timestamp,'
        ' available, history, strict, ignore_nulls, backfill; did you mean "features"?'),
    "group of nowhere": (with_lookup(group="nowhere"), "lookup nowhere: nowhere is neither a registered feature group nor a table"),
    "unknown feature": (with_lookup(features=["vo2"]), "lookup form has no feature vo2"),
    "features no list": (with_lookup(features="ctl"), 'option "features" must be a list, got "ctl"'),
    "keys as a list": (with_lookup(keys=["athlete_id"]), 'option "keys" must be an object, got ["athlete_id"]'),
    "keys as a text": (with_lookup(keys="athlete_id"), 'option "keys" must be an object, got "athlete_id"'),
    "feature numbers": (with_lookup(features=[1]), 'option "features" must be a list of texts'),
    "key of nowhere": (with_lookup(keys={"athlete_id": "who"}), "lookup form: key who is no column of the labels"),
    "moment of nowhere": (with_lookup(as_of="when"), "lookup form: as_of when is no column of the labels"),
    "no moment": ({k: v for k, v in SPEC.items() if k != "as_of"}, 'lookup form: name its moment, "as_of"'),
    "a name twice": (changed(lookups=[SPEC["lookups"][0]] * 2), "two columns are named ctl; give a lookup a prefix"),
    "default of nowhere": (with_lookup(features=["ctl"], defaults={"tsb": 1}), "lookup form has a default for tsb, which it does not read"),
    "default of no value": (with_lookup(defaults={"tsb": []}), "the default of tsb must be a number or a text"),
    "expression of nowhere": (changed(computed={"a": "vo2 + 1"}), "computed: no such column: vo2"),
    "expression cut off": (changed(computed={"a": "1) FROM races --"}), 'computed: near ")": syntax error'),
    "two expressions": (changed(computed={"a": "1, 2"}), "computed: row value misused"),
    "expression with a parameter": (changed(computed={"a": "seconds + ?99"}), "computed: an expression has parameters, which cannot be bound here"),
    "no JSON": ("nothing", "options are not JSON: an unknown word at byte 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_specification_that_cannot_be_met_is_refused_with_a_sentence(world, what):
    spec, sentence = REFUSED[what]
    with pytest.raises(sqlite3.OperationalError) as caught:
        world.execute(f"CREATE VIRTUAL TABLE temp.ts USING training_set('nothing')") if spec == "nothing" else create(world, spec)
    assert str(caught.value) == "training_set: " + sentence


def test_a_failing_label_or_expression_stops_with_a_sentence(world):
    create(world, {"labels": "SELECT race_id, abs(-9223372036854775807 - race_id) AS x FROM races ORDER BY race_id"})
    with pytest.raises(sqlite3.OperationalError, match="^training_set: labels: integer overflow$"):
        world.execute("SELECT * FROM ts").fetchall()
    create(world, {"labels": "SELECT race_id FROM races", "computed": {"x": "abs(-9223372036854775807 - race_id)"}}, "te")
    with pytest.raises(sqlite3.OperationalError, match="^training_set: computed: integer overflow$"):
        world.execute("SELECT * FROM te").fetchall()


def test_a_training_set_cannot_be_made_by_a_view_or_stay_in_the_file(world):
    with pytest.raises(sqlite3.OperationalError, match="must be created in temp"):
        world.execute("CREATE VIRTUAL TABLE main.ts USING training_set('{\"labels\": \"SELECT 1\"}')")


def test_the_caller_s_rights_hold_for_labels_and_lookups(world):
    create(world, SPEC)
    for table in ("races", "shoes"):
        world.set_authorizer(lambda action, a, *_: action == sqlite3.SQLITE_READ and a == table)
        with pytest.raises(sqlite3.DatabaseError, match="^training_set: .*prohibited"):
            world.execute("SELECT * FROM ts").fetchall()
    world.set_authorizer(None)
    assert len(world.execute("SELECT * FROM ts").fetchall()) == 220
