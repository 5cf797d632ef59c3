"""A stored training set comes out the same again, after corrections too, and says when it does not."""

import hashlib
import json
import os
import sqlite3
import subprocess

import pytest

from helpers.extension import EXTENSION, ROOT

SPEC = {
    "labels": "SELECT race, athlete_id, at FROM races ORDER BY race",
    "as_of": "at",
    "lookups": [{"group": "form", "keys": {"athlete_id": "athlete_id"}, "defaults": {"note": "it's new"}}],
    "computed": {"third": "ctl / 3"},
}


def tool(path, *arguments):
    environment = {**os.environ, "ATHLETE_EXTENSION": EXTENSION}
    return subprocess.run([ROOT / "sql" / "tools" / "training-set", path, *arguments], capture_output=True, text=True, env=environment)


@pytest.fixture
def stored(tmp_path):
    """A database with one stored training set, and a connection without the extension."""
    path = tmp_path / "a.db"
    db = sqlite3.connect(path, isolation_level=None)
    columns = "athlete_id TEXT, event_timestamp TEXT, available_at TEXT, ctl REAL, note TEXT"
    db.execute(f"CREATE TABLE form({columns})")
    db.execute(f"CREATE TABLE form_history({columns}, superseded_at TEXT)")
    for table in ("form", "form_history"):
        db.execute(f"CREATE INDEX {table}_i ON {table}(athlete_id, event_timestamp, available_at)")
    db.executemany("INSERT INTO form VALUES ('o''k', ?, ?, ?, ?)",
                   [(f"2024-01-{d:02d}", f"2024-01-{d + 1:02d}T00:00:00Z", d / 7, None if d % 2 else "n") for d in range(1, 20)])  # fmt: skip
    db.execute("CREATE TABLE races(race INTEGER PRIMARY KEY, athlete_id TEXT, at TEXT)")
    db.executemany("INSERT INTO races VALUES (?, 'o''k', ?)", [(i, f"2024-01-{i:02d}T09:00:00Z") for i in (1, 5, 9, 14)])
    spec = tmp_path / "races of form.json"
    spec.write_text(json.dumps(SPEC))
    made = tool(path, spec)
    assert made.returncode == 0, made.stderr
    yield path, db, made.stdout
    db.close()


def test_it_keeps_what_was_asked_for_what_came_and_where_from(stored):
    _, db, said = stored
    row = db.execute("SELECT training_set_id, name, spec, columns, definitions, n_rows, rows_sha256 FROM ml_training_sets").fetchone()
    rows = db.execute("SELECT row, sources FROM ml_training_set_rows ORDER BY position").fetchall()
    assert row[:2] == (1, "races of form") and json.loads(row[2]) == SPEC and row[5] == 4
    assert json.loads(row[3]) == ["race", "athlete_id", "at", "ctl", "note", "third"] and row[4] == "{}"
    assert rows[0][0] == "1,'o''k','2024-01-01T09:00:00Z',NULL,'it''s new',NULL"
    assert json.loads(rows[0][1]) == [None] and json.loads(rows[1][1])[0]["row_id"] == 4
    assert db.execute(f"SELECT {rows[1][0]}").fetchone() == (5, "o'k", "2024-01-05T09:00:00Z", 4 / 7, "n", 4 / 7 / 3)
    assert row[6] == hashlib.sha256("\n".join(r for r, _ in rows).encode()).hexdigest()
    assert said == f"training set 1: 4 rows, SHA-256 {row[6]}\n"


def test_it_comes_out_the_same_again_after_a_correction_that_came_later(stored):
    path, db, _ = stored
    key = "event_timestamp = '2024-01-08'"
    db.execute(f"INSERT INTO form_history SELECT *, '2024-06-01T00:00:00Z' FROM form WHERE {key}")
    db.execute(f"UPDATE form SET ctl = 99, available_at = '2024-06-01T00:00:00Z' WHERE {key}")
    again = tool(path, "--rebuild", "1")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("training set 1: 4 rows, the same to the bit, SHA-256 ")


@pytest.mark.parametrize("written", ["{:.20e}", "{:.17g}", "{!r}", "{:.25f}"])
def test_a_set_that_another_sqlite_has_printed_comes_out_the_same_after_a_migration(stored, written):
    path, db, said = stored
    of_today = db.execute("SELECT * FROM ml_training_set_rows ORDER BY position").fetchall()
    for table in ("ml_training_sets", "ml_training_set_rows"):
        db.execute(f"DROP TRIGGER {table}_keep")
    for number, position, row, _ in of_today:
        values = db.execute(f"SELECT {row}").fetchone()
        printed = [written.format(v) if isinstance(v, float) else db.execute("SELECT quote(?)", (v,)).fetchone()[0] for v in values]
        printed = [p if not isinstance(v, float) or set(p) & set(".e") else p + ".0" for p, v in zip(printed, values)]
        db.execute("UPDATE ml_training_set_rows SET row = ? WHERE (training_set_id, position) = (?, ?)", (",".join(printed), number, position))
    texts = [r for (r,) in db.execute("SELECT row FROM ml_training_set_rows ORDER BY position")]
    before = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    db.execute("UPDATE ml_training_sets SET rows_sha256 = ?", (before,))
    db.execute("INSERT INTO ml_training_sets SELECT 2, name, spec, columns, definitions, made_at, n_rows, 'of other rows' FROM ml_training_sets")
    db.execute("INSERT INTO ml_training_set_rows SELECT 2, position, row, sources FROM ml_training_set_rows")
    db.execute("PRAGMA user_version = 6")
    done = subprocess.run([ROOT / "sql" / "tools" / "migrate", path], capture_output=True, text=True, env={**os.environ, "ATHLETE_EXTENSION": EXTENSION})
    assert done.returncode == 0, done.stderr
    again = tool(path, "--rebuild", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.split()[-1] == said.split()[-1]
    assert db.execute("SELECT * FROM ml_training_set_rows WHERE training_set_id = 1 ORDER BY position").fetchall() == of_today
    assert db.execute("SELECT row FROM ml_training_set_rows WHERE training_set_id = 2 ORDER BY position").fetchall() == [(t,) for t in texts]
    (object_, detail), = db.execute("SELECT object, detail FROM ops_audit WHERE action = 'migrate'").fetchall()
    assert object_ == "training set 1" and json.loads(detail) == {"sha256_before": before, "sha256": said.split()[-1]}
    with pytest.raises(sqlite3.IntegrityError, match="is append-only"):
        db.execute("UPDATE ml_training_set_rows SET row = ''")


def test_it_says_when_the_past_was_written_over(stored):
    path, db, _ = stored
    db.execute("UPDATE form SET ctl = 99 WHERE event_timestamp = '2024-01-08'")
    again = tool(path, "--rebuild", "1")
    assert again.returncode != 0
    assert again.stdout == "training set 1: 4 rows were stored, 4 came, and 1 of them differ\n"
    assert "training set 1 does not come out the same" in again.stderr
    assert db.execute("SELECT COUNT(*) FROM ml_training_sets").fetchone() == (1,)


def test_a_specification_that_is_refused_stores_nothing(stored, tmp_path):
    path, db, _ = stored
    (tmp_path / "bad.json").write_text(json.dumps({"labels": "SELECT * FROM nowhere"}))
    bad = tool(path, tmp_path / "bad.json")
    assert bad.returncode != 0 and "training_set: labels: the query cannot be run: no such table: nowhere" in bad.stderr
    assert tool(path, "--rebuild", "7").stderr == "There is no training set 7.\n"
    assert db.execute("SELECT COUNT(*) FROM ml_training_sets").fetchone() == (1,)


def test_what_is_stored_stays(stored):
    _, db, _ = stored
    copies = [f"INSERT OR REPLACE INTO {t} SELECT * FROM {t}" for t in ("ml_training_sets", "ml_training_set_rows")]
    for statement in (*copies, "UPDATE ml_training_sets SET spec = ''", "DELETE FROM ml_training_sets", "UPDATE ml_training_set_rows SET row = ''", "DELETE FROM ml_training_set_rows"):
        with pytest.raises(sqlite3.IntegrityError, match="is append-only"):
            db.execute(statement)
