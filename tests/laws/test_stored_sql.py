"""SQL that is data only reads: rules, definitions, extents and labels call nothing of the host's, whatever they say.

Calls of every function of a connection are generated in many forms and put wherever a file or a definition may hold SQL.
What is accepted is compared with what SQLite itself says of the function (pragma_function_list), and functions of the host
write down whether anybody called them.
"""

import ctypes
import json
import os
import random
import sqlite3
import subprocess
import sys

import pytest

from helpers.athletes.activities import make_activity
from helpers.extension import EXTENSION, ROOT, connect
from helpers.machine.soak import soak
from helpers.stages import BRONZE, STAGES, new_database, put, run

DETERMINISTIC = 0x800
HOST = ["hidden", "writefile", "readfile", "edit", "load_extension", "regexp", "fts3_tokenizer"]
FORMS = ["{f}()", "{f}(x)", "{f}(x, 1)", "{f}(x, 1, 'a')", '"{f}"(x)', "[{f}] ( name )", "coalesce(1, {f}(x))", "CASE WHEN x IS NULL THEN {f}(x) END",
         "x IN (1, {f}(name))", "1 OR {f}(x, name)", "name < ({f}(x)) COLLATE NOCASE"]  # fmt: skip
OF_ROWS = ["{f}(x) OVER ()", "{f}(x) FILTER (WHERE x)", "(SELECT {f}(x))", "EXISTS (SELECT {f}(x, 2) LIMIT 0)", "x IN (SELECT {f}(x) FROM t)",
           "(WITH RECURSIVE c(i) AS (SELECT {f}(x) UNION ALL SELECT i FROM c LIMIT 1) SELECT i FROM c)"]  # fmt: skip


@pytest.fixture
def host():
    """A connection whose program has functions of its own, and what they were called with."""
    db, called = connect(isolation_level=None), []
    for name in HOST:
        db.create_function(name, -1, lambda *given, name=name: called.append((name, given)), deterministic=name == "hidden")
    db.executescript("""CREATE TABLE t(id INTEGER PRIMARY KEY, x REAL, name TEXT);
        INSERT INTO t VALUES (1, 5, 'a'), (2, -3, 'B'), (3, NULL, 'now'), (4, -9e18, '{'), (5, 1e308, NULL);
        CREATE VIEW behind_a_view AS SELECT hidden(x) AS y FROM t;
        CREATE TABLE behind_a_column(x, y AS (hidden(x)));
        CREATE VIRTUAL TABLE behind_a_module USING fts5(x);""")
    yield db, called
    assert called == []


def known(db):
    """Every function that a name may mean: whether SQLite's, what kind, and whether it is the same each time."""
    kinds = {}
    for name, builtin, kind, flags in db.execute("SELECT name, builtin, type, flags FROM pragma_function_list"):
        kinds.setdefault(name, []).append((builtin, kind, flags))
    return kinds


def calls(db, seed, per_function, forms):
    """(function, SQL) for every function of the connection."""
    rng = random.Random(seed)
    return [(f, form.format(f=f)) for f in sorted(known(db)) for form in rng.sample(forms, per_function)]


def is_of_row(kinds):
    return all(builtin for builtin, _, _ in kinds) and any(kind == "s" and flags & DETERMINISTIC for _, kind, flags in kinds)


def is_of_rows(kinds):
    return all(builtin for builtin, _, _ in kinds) and (is_of_row(kinds) or any(kind in "aw" for _, kind, _ in kinds))


def refusals(db, predicates):
    """The predicates that are refused, with the sentence."""
    db.execute("CREATE TEMP TABLE rules(rule INTEGER PRIMARY KEY, predicate)")
    found = {}
    for start in range(0, len(predicates), 400):
        db.execute("DELETE FROM rules")
        db.executemany("INSERT INTO rules VALUES (?, ?)", enumerate(predicates[start : start + 400]))
        for rule, sentence in db.execute("SELECT rule, refusal FROM broken_rules('SELECT id, * FROM t', 'SELECT * FROM rules') WHERE refusal IS NOT NULL"):
            found[predicates[start + rule]] = sentence
    db.execute("DROP TABLE rules")
    return found


@pytest.mark.parametrize("seed, n", [(1, 4), soak(2, len(FORMS))])
def test_a_rule_calls_deterministic_functions_of_sqlite_and_no_others(host, seed, n):
    db, _ = host
    kinds, generated = known(db), calls(db, seed, n, FORMS) + calls(db, seed, n // 2, OF_ROWS)
    refused = refusals(db, [sql for _, sql in generated])
    accepted = {f for f, sql in generated if sql not in refused}
    assert len(accepted) > 60 and all(is_of_row(kinds[f]) for f in accepted), [f for f in accepted if not is_of_row(kinds[f])]
    assert not [sql for f, sql in generated if sql not in refused and any(word in sql for word in ("SELECT", " OVER ", " FILTER "))]
    for sql, sentence in refused.items():
        assert sentence.startswith("the predicate") and len(sentence) > 20, sql


GROUP = {"feature_group": "g", "version": "1.0.0", "description": "d", "entity": "e", "keys": ["athlete_id"],
         "features": [{"name": "x", "type": "numerical"}, {"name": "name", "type": "text"}]}  # fmt: skip


def definitions(sql):
    """A definition, and types beside it, with the SQL in every field that takes some, and whether that is a query."""
    rule = {"name": "r", "predicate": sql, "reason": "r"}
    yield GROUP | {"rules": [rule]}, None, False
    odd = {"name": "odd", "type": "odd"}
    yield GROUP | {"features": [odd]}, {"odd": {"storage": "REAL", "check": sql.replace("x", "$").replace("name", "$")}}, False
    yield GROUP | {"source": f"SELECT {sql} AS y FROM t"}, None, True
    yield GROUP | {"source": "SELECT * FROM t", "features": [{"name": "odd", "type": "text", "transformation": sql}]}, None, True


@pytest.mark.parametrize("seed, n", [(3, 1), soak(4, len(FORMS))])
def test_a_definition_is_refused_for_what_its_sql_calls(host, seed, n):
    db, _ = host
    kinds, n_accepted = known(db), 0
    for f, sql in calls(db, seed, n, FORMS):
        for definition, types, is_query in definitions(sql):
            if f == "max" and types:
                continue  # the replaced x is its name
            (fault,) = db.execute("SELECT feature_group_fault(?, NULL, ?)", (json.dumps(definition), json.dumps(types) if types else None)).fetchone()
            ours = is_query and not any(builtin for builtin, _, _ in kinds[f]) and f not in HOST
            allowed = (is_of_rows if is_query else is_of_row)(kinds[f]) or ours
            assert fault or allowed, (sql, definition, types)
            n_accepted += fault is None
            if f in HOST:
                with pytest.raises(sqlite3.OperationalError):
                    db.execute("SELECT feature_group_ddl(?, ?)", (json.dumps(definition), json.dumps(types) if types else None))
    assert n_accepted > 100


def asked(db, query, position):
    """The failure of a query that is kept in one of several places, or None."""
    text = query.replace("'", "''")
    try:
        if position == "extent":
            db.execute("SELECT * FROM stored_query(?)", (query,)).fetchall()
        elif position == "labels":
            db.execute("CREATE VIRTUAL TABLE temp.made USING training_set('" + json.dumps({"labels": query}).replace("'", "''") + "')")
        else:
            db.execute("SELECT * FROM feature_validate(?)", (json.dumps(GROUP | {"source": query}),)).fetchall()
    except sqlite3.Error as error:
        return str(error)
    finally:
        db.execute("DROP TABLE IF EXISTS temp.made")
    return None


@pytest.mark.parametrize("position", ["extent", "labels", "source"])
@pytest.mark.parametrize("seed, n", [(5, 1), soak(6, len(FORMS + OF_ROWS))])
def test_a_query_that_is_kept_calls_nothing_of_the_hosts(host, position, seed, n):
    db, _ = host
    kinds = known(db)
    ours = {f for (f,) in db.execute("SELECT name FROM athlete_functions")}
    for f, sql in calls(db, seed, n, FORMS + OF_ROWS):
        if f == "edit" or f in HOST or not (is_of_rows(kinds[f]) or f in ours):
            assert asked(db, f"SELECT {sql} AS x FROM t", position), sql


REFUSED = {
    "SELECT * FROM behind_a_view": "calls hidden",
    "SELECT * FROM behind_a_column": "reads behind_a_column, which ",
    "SELECT * FROM behind_a_module": "reads behind_a_module, which is a virtual table",
    "SELECT * FROM dbstat": "reads dbstat, which is a virtual table",
    "SELECT * FROM pragma_table_info('t')": "reads pragma_table_info",
    "SELECT * FROM sqlite_schema": "reads sqlite_",
    "SELECT * FROM select_rows('SELECT hidden(1)')": "calls select_rows, which runs text",
    "SELECT * FROM stored_query('SELECT hidden(1)')": "calls stored_query, which runs text",
    "SELECT * FROM training_load('SELECT hidden(1)')": "calls training_load, which runs text",
    "SELECT x FROM t ORDER BY name COLLATE of_the_host": "no such collation sequence: of_the_host",
    "SELECT 1; SELECT hidden(1)": "more follows it",
    "SELECT 1 /* ; */ ; ATTACH 'x' AS y": "more follows it",
    "WITH c AS (SELECT hidden(1)) SELECT 1 FROM c, t": "calls hidden",
    "SELECT 1 FROM t WHERE name MATCH 'a'": "calls MATCH",
    "SELECT 1 FROM t WHERE name REGEXP 'a'": "calls REGEXP",
    "SELECT raise(abort, 'x')": "RAISE()",
    "SELECT date('now')": "asks for the time now",
    "SELECT date(name, 'localtime') FROM t": "asks for the time now",
    "SELECT current_timestamp": "calls current_timestamp",
    "SELECT date()": "asks for the time now",
    "SELECT ?1": "has parameters",
    "VACUUM INTO 'x'": "must be one SELECT",
    "ATTACH 'x' AS y": "must be one SELECT",
    "PRAGMA writable_schema = 1": "must be one SELECT",
    "EXPLAIN SELECT 1": "must be one SELECT",
    "WITH c AS (SELECT 1) DELETE FROM t": "does more than read",
}


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_reaches_further_is_refused_with_what_it_reaches(host, query):
    db, _ = host
    assert REFUSED[query] in asked(db, query, "extent")
    assert asked(db, query, "labels")
    assert db.execute("SELECT COUNT(*) FROM t").fetchone() == (5,)


@pytest.mark.parametrize("query", [
    "SELECT COUNT(*), MAX(x) FILTER (WHERE x < 9), total(x), group_concat(name) FROM t", "SELECT row_number() OVER (ORDER BY id), lag(x) OVER w FROM t WINDOW w AS (ORDER BY id)",
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n", "SELECT value, key FROM json_each('[1, 2]')",
    "SELECT quantile(x, 0.5), linear_trend(id, id) FROM t", "SELECT pace_min_km(5000, 1500), riegel(1500, 5000, 10000)", "SELECT * FROM calendar('2024-01-01', '2024-02-01')",
    "SELECT strftime('%Y', '2024-03-01'), unicode(name), name -> '$' FROM t WHERE json_valid(name)", "VALUES (1, 2), (3, 4)", "SELECT x FROM main.t UNION SELECT id FROM temp.other",
    "SELECT name, COUNT(*) FROM honest GROUP BY 1 HAVING COUNT(*) > 0", "/* why */ SELECT twice FROM honest_column"])  # fmt: skip
def test_an_honest_query_that_is_kept_answers_as_it_always_did(host, query):
    db, _ = host
    db.executescript("""CREATE TEMP TABLE other(id); INSERT INTO temp.other VALUES (7); CREATE VIEW honest AS SELECT upper(name) AS name FROM t;
                        CREATE TABLE honest_column(x, twice AS (abs(x) * 2)); INSERT INTO honest_column VALUES (-1);""")
    expected = [tuple(row) + (None,) * (4 - len(row)) for row in db.execute(query)]
    assert db.execute("SELECT * FROM stored_query(?)", (query,)).fetchall() == expected


def honest(rng, depth):
    """A random expression over a row."""
    if depth == 0:
        return rng.choice(["x", "name", "id", "NULL", "'a'", "2.5", "-1"])
    a, b, c = (honest(rng, depth - 1) for _ in range(3))
    return rng.choice([f"({a} < {b})", f"({a} IS NOT {b})", f"({a} AND {b})", f"NOT ({a})", f"coalesce({a}, {b})", f"CASE WHEN {a} THEN {b} ELSE {c} END",
                       f"({a} || {b})", f"({a} BETWEEN {b} AND {c})", f"{a} IN ({b}, {c})", f"lower({a})", f"round({a}, 1)", f"length({a})", f"({a} + {b})",
                       f"typeof({a})", f"max({a}, {b})", f"({a} LIKE {b})", f"substr({a}, 1, 2)", f"date({a})", f"({a} = {b} COLLATE NOCASE)"])  # fmt: skip


@pytest.mark.parametrize("seed, n", [(7, 300), soak(8, 20_000)])
def test_rules_break_the_rows_for_which_sqlite_says_that_they_are_false(host, seed, n):
    db, _ = host
    rng = random.Random(seed)
    db.execute("DELETE FROM t WHERE name = 'now'")
    predicates = [honest(rng, rng.randint(1, 3)) for _ in range(n)]
    db.execute("CREATE TEMP TABLE rules(rule INTEGER PRIMARY KEY, predicate)")
    for start in range(0, n, 300):
        db.execute("DELETE FROM rules")
        db.executemany("INSERT INTO rules VALUES (?, ?)", enumerate(predicates[start : start + 300]))
        found = db.execute("SELECT rule, key, error, refusal FROM broken_rules('SELECT id, * FROM t', 'SELECT * FROM rules')").fetchall()
        assert not [row for row in found if row[2] or row[3]]
        for rule, predicate in enumerate(predicates[start : start + 300]):
            expected = [i for (i,) in db.execute(f"SELECT id FROM t WHERE NOT ({predicate})")]
            assert [key for r, key, _, _ in found if r == rule] == expected, predicate


def test_a_function_that_the_host_put_in_the_place_of_sqlites_is_not_called(host):
    db, called = host
    for name in ("lower", "max", "like", "sum", "julianday", "quantile"):
        db.create_function(name, 2 if name in ("like", "max", "quantile") else 1, lambda *given, name=name: called.append(name))
    rules = "VALUES (''a'', ''lower(name) = ''''a'''' OR name LIKE ''''b'''''')"
    assert db.execute(f"SELECT key FROM broken_rules('SELECT id, name FROM t WHERE id < 4', '{rules}')").fetchall() == [(3,)]
    for sql in ("lower(name)", "max(x, 1)", "name LIKE 'a'", "sum(x)", "julianday(name)", "quantile(x, 0.5)"):
        assert "which the program has put in the place" in asked(db, f"SELECT {sql} FROM t", "extent")


def test_what_a_program_adds_to_every_connection_is_not_called():
    """sqlite3_auto_extension reaches also the connection on which rules are asked."""
    lib, called = ctypes.CDLL("libsqlite3.so.0"), []
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(lambda *_: called.append(1))
    opened = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
        lambda db, *_: sum(lib.sqlite3_create_function_v2(ctypes.c_void_p(db), name, -1 if name == b"hidden" else 1, 1 | DETERMINISTIC, None, call, None, None, None)
                           for name in (b"hidden", b"lower")))  # fmt: skip
    db = connect()
    lib.sqlite3_auto_extension(opened)
    try:
        found = db.execute("SELECT * FROM broken_rules('SELECT 1, ''A'' AS name', 'VALUES (1, ''lower(name) = ''''b''''''), (2, ''hidden(name)'')')").fetchall()
        assert [row[:2] for row in found] == [(None, 1), (None, 2)] and "lower" in found[0][3] and "calls hidden" in found[1][3]
        assert "lower" in asked(db, "SELECT lower('A')", "extent") and asked(db, "SELECT upper('a')", "extent") is None
        assert called == []
    finally:
        lib.sqlite3_cancel_auto_extension(opened)
        db.close()


def test_the_hosts_authorizer_stays_and_is_asked(host):
    db, _ = host
    seen = []
    db.set_authorizer(lambda action, *names: seen.append(names) or sqlite3.SQLITE_OK)
    db.execute("SELECT * FROM stored_query('SELECT x FROM t')").fetchall()
    del seen[:]
    db.execute("SELECT name FROM t").fetchall()
    assert any(names[:2] == ("t", "name") for names in seen)
    db.set_authorizer(None)


@pytest.mark.parametrize("predicate", ["length(replace(printf('%.*c', 9000000, 'x'), 'x', '123456789')) > 0", soak("length(hex(printf('%.*c', 60000000, 'x'))) > 0")])
def test_a_rule_cannot_fill_the_memory(host, predicate):
    db, _ = host
    db.execute("CREATE TEMP TABLE rules AS SELECT 1 AS rule, ? AS predicate", (predicate,))
    found = db.execute("SELECT DISTINCT error FROM broken_rules('SELECT id, * FROM t', 'SELECT * FROM rules')").fetchall()
    assert found == [("string or blob too big",)]


def test_hostile_extents_stand_in_the_log_and_the_other_groups_go_on():
    db, called = new_database(), []
    stages = [s for s in STAGES if s < "5"]
    run(db, [*BRONZE])
    for kind in sorted((ROOT / "schemas" / "features").glob("*.json")):
        put(db, kind.read_text())
    put(db, make_activity(random.Random(1), 4001, 1, 1))
    run(db, stages)
    before = db.execute("SELECT * FROM feature_extent").fetchall()
    db.create_function("hidden", -1, lambda *given: called.append(given))
    (view,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'feature_extent_queries'").fetchone()
    db.execute("DROP VIEW feature_extent_queries")
    db.execute(view.replace("CREATE VIEW feature_extent_queries AS", "CREATE VIEW honest_queries AS"))
    db.execute("""CREATE VIEW feature_extent_queries AS SELECT group_name, table_name,
        CASE group_name WHEN 'race_results' THEN 'SELECT hidden(1), 2, 3' ELSE query END AS query FROM honest_queries""")
    run(db, ["490_feature_freshness"])
    assert db.execute("SELECT * FROM feature_extent").fetchall() == [row for row in before if row[0] != "race_results"] and called == []
    assert db.execute("SELECT outcome, rows_rejected, message FROM ops_runs ORDER BY run_id DESC LIMIT 1").fetchone() == (
        "ok", 1, "race_results: the query calls hidden, and may call only deterministic functions of SQLite and of this extension")  # fmt: skip


def test_the_shell_makes_no_file_for_a_rule(tmp_path):
    """The sqlite3 shell has functions that write files and start programs."""
    path, made = tmp_path / "a.db", tmp_path / "made"
    tool = [ROOT / "sql" / "tools" / "run", path]
    environment = {**os.environ, "ATHLETE_EXTENSION": EXTENSION}
    stages = sorted(p for p in (ROOT / "sql").glob("[0-2]_*/*.sql"))
    subprocess.run([*tool, *stages], check=True, capture_output=True, env=environment)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("INSERT INTO bronze_inbox (source, body, received_at) VALUES ('t', ?, '2025-12-01T00:00:00Z')", (json.dumps(make_activity(random.Random(1), 4001, 1, 1)),))
    for i, call in enumerate((f"writefile('{made}', 'x')", f"edit('x', 'touch {made}; true')", "readfile('/etc/passwd') IS NULL", f"load_extension('{made}')")):
        db.execute("INSERT INTO silver_rules VALUES ('silver_strava_activities', ?, 'reject', ?, 'r')", (f"rule_{i}", call))
    db.close()
    subprocess.run([*tool, *stages], check=True, capture_output=True, env=environment)
    db = sqlite3.connect(path)
    assert not made.exists()
    assert db.execute("SELECT COUNT(*) FROM silver_strava_activities").fetchone() == (1,)
    assert [r for (r,) in db.execute("SELECT rule FROM silver_rule_rejects ORDER BY rule")] == [f"rule_{i}" for i in range(4)]
    db.close()


NEWEST = """
import apsw, json, sys
db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
kinds = {}
for name, builtin, kind, flags in db.execute("SELECT name, builtin, type, flags FROM pragma_function_list"):
    kinds.setdefault(name, []).append((builtin, kind, flags))
db.execute("CREATE TABLE rules(rule, predicate)")
accepted = set()
for form in ("{f}(x)", "{f}()", "{f}(x, 1)", "{f}(x, '$', 1)"):
    for name in sorted(kinds):
        db.execute("DELETE FROM rules")
        db.execute("INSERT INTO rules VALUES (1, ?)", (form.format(f=name),))
        sql = "SELECT refusal FROM broken_rules('SELECT 1, NULL AS x WHERE 0', 'SELECT * FROM rules')"
        if not db.execute(sql).fetchall():
            accepted.add(name)
print(json.dumps({name: kinds[name] for name in sorted(accepted)}))
"""


def test_the_newest_sqlite_says_the_same_of_the_functions_that_a_rule_may_call():
    """In a process of its own, since one has one SQLite."""
    done = subprocess.run([sys.executable, "-c", NEWEST, EXTENSION], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    accepted = json.loads(done.stdout)
    assert len(accepted) > 60 and all(is_of_row(kinds) for kinds in accepted.values())
