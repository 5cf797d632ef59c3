"""Hosts that finalize every statement of their connection, also those that virtual tables keep."""

import sqlite3
import subprocess

import pytest

from helpers import functions
from helpers.extension import BUILD, connect
from helpers.machine.soak import soak

GROUPS = """
CREATE TABLE daily(athlete_id INTEGER, event_timestamp TEXT, available_at TEXT, x REAL, y TEXT, PRIMARY KEY (athlete_id, event_timestamp));
CREATE TABLE daily_history(athlete_id INTEGER, event_timestamp TEXT, available_at TEXT, x REAL, y TEXT, superseded_at TEXT,
    PRIMARY KEY (athlete_id, event_timestamp, superseded_at));
CREATE TABLE races(athlete_id INTEGER, at TEXT);
WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 399)
INSERT INTO daily SELECT i / 100, date('2024-01-01', (i % 100) || ' days'), date('2024-01-01', (i % 100 + i % 7) || ' days'),
    CASE WHEN i % 3 THEN i * 0.5 END, CASE WHEN i % 5 THEN 'text ' || i END FROM n;
INSERT INTO daily_history SELECT athlete_id, event_timestamp, event_timestamp, -x, y, available_at FROM daily WHERE x % 4 < 2;
INSERT INTO races SELECT athlete_id, date(event_timestamp, '1 days') FROM daily;
"""

LOOKUPS = {
    "plain": "asof(daily, entity='athlete_id')",
    "nulls": "asof(daily, entity='athlete_id', ignore_nulls=1)",
    "back": "asof(daily, entity='athlete_id', lookback='3 days', history='daily_history')",
    "trained": """training_set('{"labels": "SELECT athlete_id, at, rowid AS label FROM races ORDER BY athlete_id, at",
        "as_of": "at", "lookups": [{"table": "daily", "keys": {"athlete_id": "athlete_id"}, "timestamp": "event_timestamp"}],
        "computed": {"z": "label * 2"}}')""",
}


def host_statements(folder):
    """A database, and a file of statements that leave cursors of every virtual table of the extension open."""
    path, text = folder / "host.db", folder / "statements.sql"
    with sqlite3.connect(path) as plain:
        plain.executescript(GROUPS)
    plain.close()
    db = connect(path)
    lines = [f"CREATE VIRTUAL TABLE temp.{name} USING {' '.join(module.split())}" for name, module in LOOKUPS.items()]
    for name in ("plain", "nulls", "back"):
        lines += [
            f"SELECT f.x, f.y, f.row_found_by FROM races r JOIN {name} f ON f.athlete_id = r.athlete_id AND f.as_of = r.at",
            f"SELECT f.x FROM races r LEFT JOIN {name} f ON f.athlete_id = r.athlete_id AND f.as_of = r.at ORDER BY r.at DESC",
            f"SELECT y FROM {name} WHERE athlete_id = 2 AND as_of = '2024-02-01'",
        ]
    lines += [
        "SELECT * FROM plain a, nulls b, back c, plain d, plain e, plain g, plain h WHERE 1 IN (a.athlete_id, b.athlete_id)" + "".join(
            f" AND {t}.athlete_id = 1 AND {t}.as_of = '2024-03-01'" for t in "abcdegh"),
        "SELECT * FROM trained", "SELECT x, z FROM trained WHERE label % 2",
        "SELECT c1, c2 FROM select_rows('SELECT x, y FROM daily')",
        "SELECT * FROM training_load('SELECT athlete_id, event_timestamp, 50, 10, 55, 5.5, 20 FROM daily')",
    ]  # fmt: skip
    for function in functions.declared(db):
        queries = list(function.queries(function.base()))
        lines += queries if function.kind == "table" else queries[:1]  # it is tables that leave statements open
    db.close()
    text.write_text("".join(" ".join(line.split()) + "\n" for line in lines))
    return path, text


def finalizing_host(folder, runs, seed):
    host = BUILD / "laws" / "finalizing_host"
    done = subprocess.run([host, *host_statements(folder), str(runs), str(seed)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@pytest.mark.sanitized
@pytest.mark.parametrize("seed, runs", [(0, 300), soak(1, 300), soak(2, 100_000)])
def test_a_host_may_finalize_every_statement_that_it_finds_whenever_it_likes(tmp_path, seed, runs):
    n_read, n_times, n_foreign = finalizing_host(tmp_path, runs, seed)
    assert n_read > runs and n_times > runs and n_foreign > runs
