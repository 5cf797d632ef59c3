"""The assistant's door opens to one athlete's rows, for reading, and to nothing else: whatever is asked, over stdio and over HTTP."""

import asyncio
import hashlib
import json
import random
import time

import httpx2
import pytest
from mcp import Client

from helpers.athletes import crowd, demo
from helpers.extension import EXTENSION, connect
from helpers.machine.soak import soak
from helpers.stores import asked
from helpers.stores.served import token

ATHLETES = 3
FORBIDDEN = [
    "ATTACH '{file}' AS other", "ATTACH 'file:{file}?mode=rw' AS other", "DETACH main", "SELECT load_extension('{library}')", "SELECT load_extension('{library}', 'sqlite3_athlete_init')",
    "PRAGMA query_only = OFF", "PRAGMA writable_schema = ON", "PRAGMA trusted_schema = ON", "PRAGMA hard_heap_limit = 0", "SELECT * FROM pragma_query_only", "INSERT INTO athlete_names (athlete_id, name, told_at) VALUES ('1', 'x', '2026-01-01T00:00:00Z')",
    "UPDATE silver_strava_activities SET name = 'x'", "DELETE FROM athlete_rolling_features", "REPLACE INTO ops_config (name, value) VALUES ('x', 1)", "DROP TABLE race_results", "DROP VIEW gold_squad", "ALTER TABLE race_results RENAME TO x",
    "CREATE TABLE x (a)", "CREATE TEMP TABLE x AS SELECT 1", "CREATE VIEW x AS SELECT 1", "CREATE TEMP VIEW x AS SELECT 1", "CREATE INDEX x ON race_results (seconds)", "CREATE TRIGGER x AFTER INSERT ON ops_config BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE x USING asof(athlete_rolling_features)", "CREATE VIRTUAL TABLE temp.x USING fts5(a)", "BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE x", "VACUUM", "VACUUM INTO '{made}'", "REINDEX", "ANALYZE",
    "SELECT * FROM source.silver_strava_activities", "SELECT * FROM bronze_inbox", "SELECT * FROM bronze_strava_activities", "SELECT * FROM ops_tokens", "SELECT * FROM ops_audit", "SELECT readfile('{file}')", "SELECT writefile('{made}', 'x')",
    "SELECT * FROM fsdir('/')", "SELECT edit('x')", "SELECT fts3_tokenizer('simple')", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE race_results", "", ";", "-- nothing", "EXPLAIN", "no SQL at all", "SELECT",
    "SELECT * FROM training_load('DELETE FROM race_results')", "SELECT * FROM training_load('ATTACH ''{file}'' AS other')", "WITH x AS (SELECT 1) DELETE FROM race_results", "SELECT * FROM sqlite_dbpage", "SELECT zeroblob(1000000000)",
    "SELECT printf('%.*c', 900000000, 'x')", "SELECT format('%*s', 900000000, 'x')", "SELECT 'x' LIKE replace(hex(zeroblob(2000)), '0', '%_')", "SELECT '" + "x" * 30_000 + "'",
]  # fmt: skip
ENDLESS = [
    "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT COUNT(*) FROM t", "SELECT COUNT(*) FROM silver_trainings a, silver_trainings b, silver_trainings c, silver_trainings d, silver_trainings e",
    "WITH RECURSIVE t(x) AS (SELECT hex(randomblob(100000)) UNION ALL SELECT hex(randomblob(100000)) FROM t) SELECT COUNT(*) FROM (SELECT x FROM t ORDER BY x)",
    "SELECT COUNT(*) FROM training_load('SELECT 1, day, 80, 10, 50, 5.0, 60 FROM calendar(''0001-01-01'', ''9999-01-01'')') AS a, training_load('SELECT 1, day, 80, 10, 50, 5.0, 60 FROM calendar(''0001-01-01'', ''9999-01-01'')')",
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Three athletes, whose activities have names that say whose they are, tokens, and a table and a group of their user's own."""
    folder = tmp_path_factory.mktemp("door")
    lines = [json.dumps(crowd.person(a) | {"firstname": f"secret of {a}"}) for a in range(1, ATHLETES + 1)]
    lines += [json.dumps(run | {"name": f"secret of {a}"}) for a in range(1, ATHLETES + 1) for run in crowd.life(crowd.MIXED, a)]
    (folder / "all.jsonl").write_text("\n".join(lines))
    path = demo.build(folder / "athlete.db", folder / "all.jsonl", *demo.REFERENCE)
    db = connect(str(path))
    for a in range(1, ATHLETES + 1):
        db.execute("INSERT INTO athlete_names (athlete_id, name, told_at) VALUES (?, ?, '2026-01-01T00:00:00Z')", (str(a), f"secret of {a}"))
    db.execute("CREATE TABLE notes (Athlete_ID TEXT, note TEXT)")
    db.executemany("INSERT INTO notes VALUES (?, ?)", [(str(a), f"secret of {a}") for a in range(1, ATHLETES + 1)])
    db.execute("CREATE TABLE coach_only (note TEXT)")
    db.execute("INSERT INTO coach_only VALUES ('secret of 2')")
    db.execute("CREATE VIEW everyone AS SELECT * FROM coach_only")
    db.execute("CREATE VIEW of_the_view AS SELECT * FROM everyone")
    db.commit()
    db.close()
    return path


@pytest.fixture(scope="module")
def tokens(path):
    kinds = {"first": ["--athlete", "1"], "second": ["--athlete", "2"], "coach": ["--athlete", "all"], "writer": ["--athlete", "all", "--write", "*", "--no-read"], "race": ["--key", "race_id=7"], "gone": ["--athlete", "1"]}
    made = {name: token(path, name, *arguments) for name, arguments in kinds.items()}
    token(path, "--revoke", "gone")
    return made


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_nothing_but_reading_is_done_whatever_is_asked(path, tmp_path):
    before, beside = digest(path), sorted(each.name for each in path.parent.iterdir())
    made = tmp_path / "made"
    statements = [text.format(file=path, library=EXTENSION, made=made) for text in FORBIDDEN]
    rng = random.Random("odd spelling")
    spelled = [("/**/ " + "".join(rng.choice([c.lower(), c.upper()]) for c in text) if "'" not in text else "\n" + text + "\n") for text in statements]
    answers = asked.ask(asked.stdio(path, "--athlete=1"), *[("query", {"sql": text}) for text in statements + spelled], ("query", {"sql": "SELECT COUNT(*) FROM silver_strava_activities"}))
    for text, answer in zip(statements + spelled, answers):
        assert isinstance(answer, asked.Refusal) and "Traceback" not in answer, (text[:80], str(answer)[:200])
    assert answers[-1]["rows"] == [[len(crowd.life(crowd.MIXED, 1))]]  # it goes on
    assert digest(path) == before and not made.exists() and sorted(each.name for each in path.parent.iterdir()) == beside


@pytest.mark.parametrize("statement", [*map(soak, ENDLESS[:3]), *ENDLESS[3:]])
def test_what_takes_too_long_is_stopped(path, statement):
    began = time.monotonic()
    stopped, after = asked.ask(asked.stdio(path, "--athlete=1"), ("query", {"sql": statement}), ("query", {"sql": "SELECT 1"}))
    assert "took longer than 2 seconds" in stopped or "memory" in stopped, stopped
    assert after["rows"] == [[1]] and time.monotonic() - began < 60


def test_no_table_view_or_tool_shows_a_row_of_another_athlete(path):
    server = asked.stdio(path, "--athlete=1")
    (told,) = asked.ask(server, ("tables", {}))
    tables = told["answer"]
    assert {"notes", "silver_strava_activities", "gold_squad"} <= set(tables) and not {"coach_only", "everyone", "of_the_view", "bronze_inbox", "ops_tokens"} & set(tables)
    calls = [("query", {"sql": f'SELECT * FROM "{name}" LIMIT 500'}) for name in tables] + [("query", {"sql": f'SELECT * FROM "{name}" WHERE athlete_id <> \'1\''}) for name, columns in tables.items() if "athlete_id" in columns]
    calls += [(name, {}) for name in ("how_am_i", "what_changed", "weeks", "risk", "race_estimates", "why_estimate", "races", "next_workout", "plan", "find_activities", "model_record")]
    answers = asked.ask(server, *calls)
    seen = 0
    for call, answer in zip(calls, answers):
        assert not isinstance(answer, asked.Refusal), (call, answer)
        assert "secret of 2" not in json.dumps(answer) and "secret of 3" not in json.dumps(answer), call
        seen += "secret of 1" in json.dumps(answer)
        if "<>" in str(call):
            assert answer["rows"] == []
        elif call[0] == "query" and "athlete_id" in answer["columns"]:
            place = answer["columns"].index("athlete_id")
            assert {row[place] for row in answer["rows"]} <= {"1"}
    assert seen >= 4


TOOLS = {name: {} for name in ("how_am_i", "find_activities", "races", "plan", "tables")}
TOOLS |= {"query": {"sql": "SELECT 1"}, "activity": {"activity_id": "20001"}, "explain_column": {"name": "tsb"}}


@pytest.fixture(scope="module")
def of_another_of_ones_own_of_all(path):
    calls = [call for tool, needed in TOOLS.items() for call in ((tool, needed | {"athlete": "2"}), (tool, needed | {"athlete": "1"}), ("squad", {}))]
    answers = asked.ask(asked.stdio(path, "--athlete=1"), *calls)
    return {tool: answers[3 * i : 3 * i + 3] for i, tool in enumerate(TOOLS)}


@pytest.mark.parametrize("tool", TOOLS)
def test_another_athlete_is_refused_by_name(of_another_of_ones_own_of_all, tool):
    refused, own, squad = of_another_of_ones_own_of_all[tool]
    assert refused.endswith("this door is open to athlete 1 only") and squad.endswith("this door is open to athlete 1 only") and own["athlete"] == "1"
    assert not own["answer"]["activity"] if tool == "activity" else True


def test_over_http_a_token_says_whose_rows_are_read(path, tokens, tmp_path):
    log = tmp_path / "reads.jsonl"
    with asked.over_http(path, f"--log={log}") as address:
        for name in ("1", "2"):
            bearer = {"1": "first", "2": "second"}[name]
            own, other, squad = asked.bearing(address, tokens[bearer], ("how_am_i", {}), ("how_am_i", {"athlete": "3"}), ("squad", {}))
            assert own["answer"]["evening"][0]["athlete_id"] == name
            assert other.endswith(f"this door is open to athlete {name} only") and squad.endswith(f"this door is open to athlete {name} only")
        unsaid, third, squad = asked.bearing(address, tokens["coach"], ("how_am_i", {}), ("how_am_i", {"athlete": "3"}), ("squad", {}))
        assert unsaid.endswith("squad lists them") and third["athlete"] == "3"
        assert [row["athlete_id"] for row in squad["answer"]["athletes"]] == ["1", "2", "3"]
        token(path, "--revoke", "second")
        for bad in (None, "athlete_made_up", tokens["gone"], tokens["writer"], tokens["race"], tokens["second"]):
            assert httpx2.post(address, json={}, headers={"Authorization": f"Bearer {bad}"} if bad else {}).status_code == 401
            with pytest.raises(ExceptionGroup):
                asked.bearing(address, bad, ("how_am_i", {}))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["who"], line["athlete"], line["tool"], line["outcome"] == "ok") for line in lines] == [
        ("first", "1", "how_am_i", True), ("first", None, "how_am_i", False), ("first", None, "squad", False), ("second", "2", "how_am_i", True), ("second", None, "how_am_i", False), ("second", None, "squad", False),
        ("coach", None, "how_am_i", False), ("coach", "3", "how_am_i", True), ("coach", None, "squad", True)]  # fmt: skip
    assert "athlete_rolling_features" in lines[0]["read"] and not any(made in log.read_text() for made in tokens.values())


def test_an_answer_is_of_the_file_as_it_is_now(path):
    sql = {"sql": "SELECT name FROM athlete_names_now"}

    async def before_and_after():
        async with Client(asked.stdio(path, "--athlete=3")) as client:
            first = asked.said(await client.call_tool("query", sql))
            db = connect(str(path))
            db.execute("INSERT INTO athlete_names (athlete_id, name, told_at) VALUES ('3', 'Zoë', '2026-02-01T00:00:00Z')")
            db.commit()
            db.close()
            return first, asked.said(await client.call_tool("query", sql))

    first, second = asyncio.run(before_and_after())
    assert (first["rows"], second["rows"]) == ([["secret of 3"]], [["Zoë"]])


def test_limits_of_rows_and_of_bytes_are_told(path):
    many, wide, exact = asked.ask(
        asked.stdio(path, "--athlete=1"), ("query", {"sql": "SELECT a.as_of_date FROM athlete_rolling_features a, athlete_rolling_features b", "max_rows": 7}),
        ("query", {"sql": "SELECT replace(hex(zeroblob(45000)), '0', 'x') FROM athlete_rolling_features", "max_rows": 500}), ("query", {"sql": "SELECT as_of_date FROM athlete_rolling_features LIMIT 7", "max_rows": 7}))  # fmt: skip
    assert [(len(answer["rows"]), answer["has_more"]) for answer in (many, wide, exact)] == [(7, True), (2, True), (7, False)]
