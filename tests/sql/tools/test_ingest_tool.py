"""sql/tools/ingest: a batch into a registered group from the command line, what it says, and what it refuses."""

import os
import subprocess

import pytest

from helpers.extension import EXTENSION, ROOT
from helpers.stores.groups import SLEEP, store

NIGHTS = "SELECT 'o''k' AS athlete_id, '2024-01-0' || value AS event_timestamp, 50 AS resting_hr FROM json_each('[1, 2, 3]')"


@pytest.fixture
def nights(tmp_path):
    """A database with the group, whose definition names the table `watch` as its source, and the tool over it."""
    path = tmp_path / "a b.db"
    db = store(SLEEP | {"source": "SELECT * FROM watch", "reject_limit": 0.3}, path=path)
    db.execute(f"CREATE TABLE watch AS {NIGHTS}")

    def tool(*arguments):
        environment = os.environ | {"ATHLETE_EXTENSION": EXTENSION}
        return subprocess.run([ROOT / "sql" / "tools" / "ingest", path, *arguments], capture_output=True, text=True, env=environment)

    yield db, tool
    db.close()


def test_a_batch_comes_from_the_definition_a_table_or_a_select_and_the_tool_says_how_many(nights):
    db, tool = nights
    assert tool("athlete_sleep").stdout == "3 rows: 3 new, 0 changed, 0 rejected\n"
    db.execute("UPDATE watch SET resting_hr = 51 WHERE event_timestamp = '2024-01-02'")
    assert tool("athlete_sleep", "watch").stdout == "3 rows: 0 new, 1 changed, 0 rejected\n"
    more = f"{NIGHTS} UNION ALL SELECT 'b', '2024-01-01', 500"
    assert tool("athlete_sleep", more).stdout == "4 rows: 0 new, 1 changed, 1 rejected\n"
    assert db.execute("SELECT resting_hr, COUNT(*) FROM athlete_sleep GROUP BY 1").fetchall() == [(50, 3)]
    assert db.execute("SELECT value FROM feature_rejects").fetchall() == [(500,)]


def test_a_refused_batch_fails_with_the_sentence_and_writes_nothing(nights):
    db, tool = nights
    bad = tool("athlete_sleep", "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, 500 AS resting_hr")
    assert bad.returncode != 0 and bad.stdout == ""
    assert "athlete_sleep: 1 of 1 rows break a rule, more than the limit of 30.0 percent: the batch is refused" in bad.stderr
    assert db.execute("SELECT (SELECT COUNT(*) FROM athlete_sleep) + (SELECT COUNT(*) FROM feature_rejects)").fetchone() == (0,)
    missing = tool("athlete_sleep", "SELECT 1 AS x")
    assert missing.returncode != 0 and "the source has no column athlete_id, which athlete_sleep requires" in missing.stderr


def test_a_group_that_is_not_registered_is_named(nights):
    _, tool = nights
    unknown = tool("it's")
    assert (unknown.returncode, unknown.stderr) == (1, "There is no feature group it's.\n")


def test_a_type_that_was_added_to_the_registry_is_known(tmp_path, nights):
    db, tool = nights
    db.execute("INSERT INTO feature_types VALUES ('mark', 'REAL', '$ BETWEEN 1 AND 6', 'a school mark')")
    definition = tmp_path / "marks.json"
    definition.write_text('{"feature_group": "marks", "version": "1.0.0", "description": "m", "entity": "athlete", "keys": ["athlete_id"],'
                          ' "reject_limit": 0.5, "features": [{"name": "mark", "type": "mark"}]}')
    subprocess.run([ROOT / "sql" / "tools" / "define", tmp_path / "a b.db", definition], check=True, env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})
    batch = "SELECT 'a' AS athlete_id, '2024-01-0' || value AS event_timestamp, value AS mark FROM json_each('[6, 7]')"
    assert tool("marks", batch).stdout == "2 rows: 1 new, 0 changed, 1 rejected\n"
    assert db.execute("SELECT rule, value FROM feature_rejects").fetchall() == [("type", 7)]
    assert db.execute("SELECT verdict, rule FROM feature_validate('marks', ?)", (batch,)).fetchall() == [("same", None), ("reject", "type")]
