"""Whatever a group, its table or its features are called: it is refused with a sentence when it is registered, or it works in every
path, and what was there before is as it was."""

import json
import random
import re
import shutil

import pytest

from helpers.athletes import demo
from helpers.machine.soak import sized, soak
from helpers.stores import groups
from helpers.extension import connect
from helpers.stores.groups import register, script
from helpers.stages import STAGES, run

pytestmark = pytest.mark.unsanitized  # it is about SQL beside a full database: what reads definitions runs under the sanitizers in the tests beside this
COLUMNS = ["rowid", "oid", "_rowid_", "as_of", "superseded_at", "superseded_by", "row_timestamp", "row_available", "row_superseded", "row_age_days", "row_id", "row_found_by",
           "row_sources", "event_timestamp", "available_at", "athlete_id", "value", "reason", "row", "rule", "feature", "who", "at", "detail", "n", "known_at", "column1", "column2",
           "key", "seq", "verdict", "old", "new", "excluded", "s", "r", "o", "l", "b", "f", "x", "v0", "request", "label", "rank", "type", "status", "best", "valid", "judged", "first", "given", "e", "c", "q", "t"]
KEYWORDS = ["order", "group", "index", "table", "select", "from", "where", "values", "default", "check", "unique", "primary", "null", "case", "end", "with", "in", "not", "trigger", "view", "temp", "main"]
ODD = ["", " ", "a b", 'a"b', "a'b", "a.b", "a\nb", "a;b", "a--b", "a\x00b", "é", "K\u0130", "\u212aelvin", "日", "1a", "_a", "a" * 121, "a" * 1000, "[a]", "`a`", "main.a", "a/*", None, 7, []]


def cased(text, seed):
    chosen = random.Random(f"{text}{seed}")
    return "".join(chosen.choice([c.lower(), c.upper()]) for c in text)


def definition(name="nights", column="sleep_h", **changes):
    return {"feature_group": name, "version": "1.0.0", "description": "Of a night", "entity": "athlete", "keys": ["athlete_id"], "reject_limit": 1,
            "features": [{"name": column, "type": "numerical", "min": 0, "max": 24}, {"name": "device", "type": "text", "unique": True}]} | changes


def reason(db, wanted):
    """Why it was not registered, or None."""
    found = db.execute("SELECT reason FROM feature_definition_rejects ORDER BY bronze_id DESC LIMIT 1").fetchall()
    registered = db.execute("SELECT 1 FROM feature_groups WHERE definition = ?", (json.dumps(wanted),)).fetchone()
    return None if registered else found[0][0]


def contents(db, but=()):
    """Every table's rows and every object's text, without those of a group, and without what a registration itself writes."""
    kept = {"ops_runs", "ops_audit", "bronze_documents", "feature_groups", "features", "feature_definition_rejects", "feature_rejects", "sqlite_sequence", "bronze_landings", "bronze_rejects", "ops_actor", "ops_rests"}
    named = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name").fetchall()
    named = [each for each in named if not any(each[2].lower() in (t.lower() + s for s in ("", "_history", "_versions", "_ingest")) for t in but)]
    return named, {name: sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for kind, name, _, _ in named if kind == "table" and name not in kept}


def works(db, wanted):
    """Every path: ddl, batch, single row, correction, lookup, training set, validation."""
    text, table = json.dumps(wanted), wanted.get("table", wanted["feature_group"])
    script(db, db.execute("SELECT feature_group_ddl(?)", (text,)).fetchone()[0])
    column = wanted["features"][0]["name"]
    key, time = wanted["keys"][0], wanted.get("timestamp", "event_timestamp")
    more = "".join(f', "{feature["name"]}"' for feature in wanted["features"][2:])
    names, k = f'"{key}", "{time}", "{column}", "device"{more}', ", 'k'" * more.count(",")
    db.execute(f"CREATE TEMP TABLE my_batch AS WITH given({names}) AS (VALUES ('a', '2024-01-01T00:00:00Z', 7, 'd'{k})) SELECT * FROM given")
    assert db.execute("SELECT verdict FROM feature_validate(?, 'my_batch')", (text,)).fetchall() == [("new",)]
    script(db, db.execute("SELECT feature_group_ingest(?, 'my_batch')", (text,)).fetchone()[0])
    db.execute("DROP TABLE temp.my_batch")
    db.execute(f"INSERT INTO \"{table}_ingest\" ({names}) VALUES ('a', '2024-01-02T00:00:00Z', 8, 'e'{k})")
    db.execute(f"INSERT INTO \"{table}_ingest\" ({names}) VALUES ('a', '2024-01-01T00:00:00Z', 9, 'd'{k})")
    db.execute(f"INSERT INTO \"{table}_ingest\" ({names}) VALUES ('a', '2024-01-03T00:00:00Z', 99, 'f'{k})")
    assert db.execute(f'SELECT "{column}" FROM "{table}" ORDER BY "{time}"').fetchall() == [(9,), (8,)]
    assert db.execute(f'SELECT "{column}" FROM "{table}_history"').fetchall() == [(7,)]
    assert db.execute("SELECT feature, rule FROM feature_rejects WHERE group_name = ?", (wanted["feature_group"],)).fetchall() == [(column, "max")]
    db.execute(f"CREATE VIRTUAL TABLE temp.my_lookup USING asof(\"{wanted['feature_group']}\")")
    assert db.execute(f"SELECT \"{column}\", row_timestamp FROM temp.my_lookup WHERE \"{key}\" = 'a' AND as_of = '2024-01-01T12:00:00Z'").fetchall() == [(7, "2024-01-01T00:00:00Z")]
    db.execute("DROP TABLE temp.my_lookup")
    spec = {"labels": "SELECT 'a' AS \"%s\", '2024-01-02T12:00:00Z' AS moment, 1 AS my_label" % key, "as_of": "moment", "lookups": [{"group": wanted["feature_group"], "features": [column]}]}
    db.execute("CREATE VIRTUAL TABLE temp.my_set USING training_set({})".format("'" + json.dumps(spec).replace("'", "''") + "'"))
    assert len(db.execute("SELECT * FROM temp.my_set").fetchall()) == 1
    db.execute("DROP TABLE temp.my_set")


def tried(db, wanted, before):
    """Registers it; where it is refused, or worked, and everything else is as before."""
    register(db, wanted)
    why = reason(db, wanted)
    assert why is None or len(why) > 15, wanted
    if why is None:
        works(db, wanted)
    after = contents(db, [wanted.get("table") or wanted["feature_group"]] if why is None else [])
    assert after[0] == before[0], wanted
    assert after[1] == before[1], wanted
    return why


def few_at_a_time(wanted):
    """(definition, why it was refused or None) of each, a dozen to a database: what a registration costs grows with the groups that are there."""
    for start in range(0, len(wanted), 12):
        db = groups.store()
        before = contents(db)
        for each in wanted[start : start + 12]:
            yield each, tried(db, each, before)
            before = contents(db)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The demo's database, with all stages run."""
    path = tmp_path_factory.mktemp("names") / "demo.db"
    shutil.copy(demo.database(), path)
    return path


@pytest.fixture
def db(full, tmp_path):
    path = tmp_path / "athlete.db"
    shutil.copy(full, path)
    opened = connect(str(path), isolation_level=None)
    opened.execute("PRAGMA synchronous = OFF")
    yield opened
    opened.close()


def test_no_group_takes_the_name_of_anything_that_is_in_a_full_database(db):
    """All in one run of the stage: one that is refused stops no other."""
    taken = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_auto%' ESCAPE '\\'")]
    assert len(taken) > 150
    before = contents(db)
    taken = taken[:: sized(2, 1)]
    wanted = [definition(cased(name, 1)) for name in taken] + [definition(f"nights{i}", table=cased(name, 2)) for i, name in enumerate(taken)]
    wanted = [each for each in wanted if each["feature_group"] not in groups.BUNDLED]
    register(db, *wanted)
    for each in wanted:
        assert not db.execute("SELECT 1 FROM feature_groups WHERE name = ?", (each["feature_group"],)).fetchone(), each
        assert len(db.execute("SELECT reason FROM feature_definition_rejects WHERE name = ?", (each["feature_group"],)).fetchone()[0]) > 15
    assert contents(db) == before
    assert tried(db, definition(), before) is None


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 2))])
def test_names_that_a_group_derives_belong_to_it_whichever_comes_first(seed):
    db = groups.store()
    first = definition("nights")
    register(db, first)
    script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(first),)).fetchone()[0])
    derived = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'nights_%'")]
    assert len(derived) > 8
    for name in derived:
        for one, two in [(definition(cased(name, seed)), definition("nights")), (definition("other", table=cased(name, seed)), definition("nights"))]:
            for pair in ([one, two], [two, one]):
                fresh = groups.store()
                register(fresh, *pair)
                assert reason(fresh, one) is not None and reason(fresh, two) is None, name
                works(fresh, two)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("has_tables", [False, True])
def test_two_groups_never_share_a_table_or_an_index(order, has_tables):
    unique = {"name": "y_z", "type": "text", "unique": True}
    pairs = [(definition("nights"), definition("Nights")), (definition("a"), definition("b", table="A")), (definition("a", version="2.0.0"), definition("b", table="a_V2")),
             (definition("x", features=[unique]), definition("x_y", features=[unique | {"name": "z"}])), (definition("a", table="t"), definition("b", table="T"))]
    for pair in pairs:
        db = groups.store()
        for each in pair[::order]:
            register(db, each)
            if has_tables and reason(db, each) is None:
                script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(each),)).fetchone()[0])
        assert [reason(db, each) is None for each in pair[::order]] == [True, False], pair


@pytest.mark.parametrize("kind", ["TABLE {} (a)", "VIEW {} AS SELECT 1 AS a",
                                  *map(soak, ("INDEX {} ON mine (a)", "TRIGGER {} AFTER INSERT ON mine BEGIN SELECT 1; END", "VIRTUAL TABLE {} USING fts5(a)"))])
def test_a_table_of_the_users_own_is_not_taken(kind):
    for suffix in ("", "_history", "_versions", "_ingest", "_history_asof", "_device_unique", "_once", "_replaced", "_ingest_row", "_ingest_new"):
        db = groups.store()
        db.execute("CREATE TABLE mine (a)")
        db.execute(f"CREATE {kind.format('Nights' + suffix)}")
        db.execute("INSERT INTO mine VALUES (1)")
        before = contents(db)
        why = tried(db, definition(), before)
        assert why is not None and f"Nights{suffix}" in why and "already" in why, (kind, suffix)
        what = kind.split()[0] if "VIRTUAL" not in kind else "TABLE"
        db.execute(f"DROP {what} Nights{suffix}")
        before = contents(db)
        assert tried(db, definition(description="Once there is room"), before) is None


def test_the_tables_that_a_stage_made_for_a_bundled_group_are_taken_up():
    db = groups.store()
    run(db, [stage for stage in STAGES if stage.startswith("25")])
    register(db, *groups.BUNDLED.values())
    assert db.execute("SELECT COUNT(*) FROM feature_groups").fetchone()[0] == len(groups.BUNDLED)


REFUSED, WORKING = {"rowid", "oid", "as_of", "superseded_by", "row_id"}, {"order", "value", "column1", "select", "key", "old"}


@pytest.mark.parametrize("place, every", [("feature", 2), *((place, 8) for place in ("key", "timestamp", "available", "row_key")),
                                          *(soak(place, 1) for place in ("feature", "key", "timestamp", "available", "row_key"))])
def test_a_column_is_refused_or_works_whatever_it_is_called(place, every):
    own = {"event_timestamp", "available_at", "athlete_id"} if place in ("feature", "row_key") else set()  # of another type, or twice
    called = {}
    names = [name for i, name in enumerate(COLUMNS + KEYWORDS) if i % every == 0 or name in REFUSED | WORKING]
    for i, name in enumerate(each for each in names if each not in own):
        name = cased(name, 3)
        wanted = definition(f"nights{i}")
        if place == "feature":
            wanted["features"][0]["name"] = name
        elif place == "row_key":
            wanted["row_key"] = ["athlete_id", "event_timestamp", name]
            wanted["features"].append({"name": name, "type": "text"})
        else:
            wanted["keys" if place == "key" else place] = [name] if place == "key" else name
        called[f"nights{i}"] = (name.lower(), wanted)
    refused, worked = set(), set()
    for wanted, why in few_at_a_time([wanted for _, wanted in called.values()]):
        (worked if why is None else refused).add(called[wanted["feature_group"]][0])
    assert REFUSED <= refused and WORKING <= worked


GOOD, BAD = ("order", "group", "index", "rowid", "value"), ("old", "new", "excluded")


def test_a_group_is_refused_or_works_whatever_it_is_called():
    functions = [name for (name,) in groups.store().execute("SELECT name FROM pragma_module_list")]
    names = [cased(name, 4) for name in dict.fromkeys([*(KEYWORDS + COLUMNS + functions)[:: sized(3, 1)], *GOOD, *BAD, "pragma_table_list"])]
    worked = {wanted["feature_group"].lower() for wanted, why in few_at_a_time([definition(name) for name in names]) if why is None}
    assert set(GOOD) <= worked and not set(BAD) & worked
    assert not {name.lower() for name in functions} & worked


def test_a_group_called_like_a_table_that_a_stage_keeps_for_itself_changes_no_stage(db):
    temporary = sorted({name.lower() for text in STAGES.values() for name in re.findall(r"CREATE TEMP TABLE (\w+)", text)})
    assert len(temporary) > 30
    wanted = [definition(name) for name in temporary[:: sized(3, 1)]]
    register(db, *wanted)
    worked = [each for each in wanted if reason(db, each) is None]
    for each in worked:
        works(db, each)
    before = contents(db, [each["feature_group"] for each in worked])
    run(db)
    after = contents(db, [each["feature_group"] for each in worked])
    changes = [name for name in before[1] if before[1][name] != after[1][name]]
    assert set(changes) <= {"feature_extent", "ml_looks", "mon_monitors", "mon_profile_metrics", "ops_alert_positions", "ops_seen", "ops_watermarks"}
    assert db.execute("SELECT COUNT(*) FROM feature_extent WHERE n_rows = 2").fetchone()[0] == len(worked)


@pytest.mark.parametrize("place", ["feature_group", "table", "feature", "key", "timestamp", "available", "row_key"])
def test_what_is_no_name_is_refused(place):
    db = groups.store()
    before = contents(db)
    for name in ODD:
        wanted = definition()
        if place == "feature":
            wanted["features"][0]["name"] = name
        elif place in ("key", "row_key"):
            wanted["keys" if place == "key" else place] = ["athlete_id", name]
        else:
            wanted[place] = name
        register(db, wanted)
        assert db.execute("SELECT * FROM feature_groups").fetchall() == [], (place, name)
        if place != "feature_group" and not (name is None and place == "table"):
            assert len(db.execute("SELECT reason FROM feature_definition_rejects ORDER BY bronze_id DESC").fetchone()[0]) > 15, (place, name)
        assert contents(db) == before


def test_a_definition_that_was_refused_can_be_corrected_in_the_same_version():
    db = groups.store()
    wrong = [definition("ops_runs"), definition("nights", column="rowid"), definition("nights", features=[{"name": "a", "type": "boolean", "default": 7}]),
             definition("nights", rules=[{"name": "r", "predicate": "sleep_h > (WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t)", "reason": "never"}])]
    register(db, *wrong)
    assert [reason(db, each) is None for each in wrong] == [False, False, True, False] or [reason(db, each) is None for each in wrong] == [False] * 4
    db = groups.store()
    for each in wrong[:2] + wrong[3:]:
        register(db, each)
        assert reason(db, each) is not None
    register(db, definition())
    assert reason(db, definition()) is None
    works(db, definition())


# --- the next version ---


def random_feature(chosen, name):
    kind = chosen.choice(["numerical", "integer", "categorical", "boolean", "text", "timestamp"])
    feature = {"name": name, "type": kind}
    if chosen.random() < 0.4:
        feature["not_null"] = True
    if kind in ("numerical", "integer") and chosen.random() < 0.5:
        feature |= {"min": chosen.choice([0, 5]), "max": chosen.choice([10, 50])}
    if kind in ("categorical", "text", "integer") and chosen.random() < 0.4:
        feature["allowed"] = chosen.sample([6, 7, 8] if kind == "integer" else ["a", "b\\c", "d'e"], chosen.choice([1, 2, 3]))
    if chosen.random() < 0.5:
        feature["default"] = feature["allowed"][0] if "allowed" in feature else {"numerical": 7, "integer": 7, "boolean": 1, "timestamp": "2024-01-01"}.get(kind, "a")
        if chosen.random() < 0.2:
            feature["default"] = {"numerical": 60, "integer": 60, "boolean": 1}.get(kind, "zzz")
    if chosen.random() < 0.1:
        feature["unique"] = True
    return feature


def mutated(chosen, features):
    features = json.loads(json.dumps(features))
    for _ in range(chosen.choice([1, 1, 2])):
        how, one = chosen.choice(["add", "add", "drop", "change", "rename", "more", "less", "null", "unique", "none"]), chosen.choice(features)
        if how == "add":
            features.append(random_feature(chosen, f"n{len(features)}{chosen.randrange(9)}"))
        elif how == "drop" and len(features) > 1:
            features.remove(one)
        elif how == "change":
            one["type"] = chosen.choice(["numerical", "text"])
        elif how == "rename":
            one["name"] = chosen.choice([one["name"].upper(), one["name"] + "x"])
        elif how == "more" and "allowed" in one:
            one["allowed"] = one["allowed"] + [9 if one["type"] == "integer" else "new"]
        elif how == "less":
            one.pop(chosen.choice(["allowed", "min", "max", "default"]), None)
        elif how == "null":
            one["not_null"] = not one.get("not_null", False)
        elif how == "unique":
            one["unique"] = not one.get("unique", False)
    return features


def value_of(chosen, feature, nth):
    if "allowed" in feature:
        return chosen.choice(feature["allowed"])
    return {"numerical": 5.0 + nth / 100, "integer": 6 + nth % 4, "boolean": nth % 2, "timestamp": f"2024-02-{nth % 28 + 1:02d}"}.get(feature["type"], f"t{nth}")


def brought_in(db, wanted, chosen, first):
    """Twenty rows by batch, then the same one by one with a later one each; whether all rows that keep the rules are there."""
    names = ["athlete_id", "event_timestamp", *(f["name"] for f in wanted["features"])]
    rows = [["a", f"2024-01-{i % 28 + 1:02d}T{first:02d}:{i:02d}:00Z", *(value_of(chosen, f, first * 20 + i) for f in wanted["features"])] for i in range(20)]
    db.execute(f"CREATE TEMP TABLE my_batch ({', '.join(f'{chr(34)}{n}{chr(34)}' for n in names)})")
    db.executemany(f"INSERT INTO temp.my_batch VALUES ({', '.join('?' * len(names))})", rows)
    script(db, db.execute("SELECT feature_group_ingest(?, 'my_batch', '{\"reject_limit\": 1}')", (json.dumps(wanted),)).fetchone()[0])
    db.execute("DROP TABLE temp.my_batch")
    quoted = ", ".join(f'"{n}"' for n in names)
    for i, row in enumerate(rows):
        row[1] = row[1].replace(f"T{first:02d}", f"T{first + 10:02d}")
        db.execute(f"INSERT INTO nights_ingest ({quoted}) VALUES ({', '.join('?' * len(names))})", row)


@pytest.mark.parametrize("seed", [*range(12), *map(soak, range(12, 40))])
def test_a_next_version_is_refused_or_its_columns_come_to_a_table_that_has_rows(seed):
    chosen = random.Random(seed)
    features = [random_feature(chosen, f"c{i}") for i in range(chosen.choice([1, 2, 4]))]
    first = definition(features=features)
    db = groups.store()
    register(db, first)
    if reason(db, first) is not None:
        return
    script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(first),)).fetchone()[0])
    brought_in(db, first, chosen, 0)
    believed = first
    for version in ("1.1.0", "1.1.1", "1.2.0"):
        wanted = definition(features=mutated(chosen, believed["features"]), version=version)
        register(db, wanted)
        if reason(db, wanted) is not None:
            assert len(reason(db, wanted)) > 15
            continue
        before = db.execute("SELECT COUNT(*) FROM nights").fetchone()
        script(db, db.execute("SELECT feature_group_ddl(?, NULL, ?)", (json.dumps(wanted), json.dumps(believed))).fetchone()[0])
        assert db.execute("SELECT COUNT(*) FROM nights").fetchone() == before
        brought_in(db, wanted, chosen, int(version.replace(".", "")) - 109)
        believed = wanted
    db.execute("UPDATE nights SET available_at = '2030-01-01T00:00:00Z'")
    db.execute("DELETE FROM nights")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("text", ["a\\0047b", "\\", "a\nb", "a\r\n.shell x", "'", "''", "--", "/*", "%d%s%w", "$", "?1", "\u2028", "é", "x', NULL, 1);--"])
def test_texts_of_a_definition_are_kept_to_the_letter(text):
    wanted = definition(features=[{"name": "quality", "type": "categorical", "allowed": [text, "b"], "description": text, "unit": text or "u"}, {"name": "device", "type": "text", "pattern": "*"}],
                        rules=[{"name": "never", "predicate": "device IS NOT 'bad'", "reason": text}], description=text)
    db = groups.store()
    register(db, wanted)
    assert reason(db, wanted) is None
    script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(wanted),)).fetchone()[0])
    db.execute("INSERT INTO nights_ingest (athlete_id, event_timestamp, quality) VALUES ('a', '2024-01-01', ?)", (text,))
    assert db.execute("SELECT quality FROM nights").fetchall() == [(text,)]
    db.execute("INSERT INTO nights_ingest (athlete_id, event_timestamp, quality, device) VALUES ('a', '2024-01-02', 'b', 'bad')")
    db.execute("CREATE TEMP TABLE my_batch AS SELECT 'a' AS athlete_id, '2024-01-03' AS event_timestamp, 'b' AS quality, 'bad' AS device UNION ALL SELECT 'a', '2024-01-04', ?, 'good'", (text,))
    script(db, db.execute("SELECT feature_group_ingest(?, 'my_batch')", (json.dumps(wanted),)).fetchone()[0])
    assert db.execute("SELECT reason FROM feature_rejects").fetchall() == [(text,), (text,)]
    assert db.execute("SELECT quality FROM nights ORDER BY event_timestamp").fetchall() == [(text,), (text,)]
