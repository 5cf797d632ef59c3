"""A file is readable, all of it, under the limits that SQLite advises for hostile input, and where its schema is not trusted."""

import shutil
import sqlite3

import pytest

from helpers.athletes import demo
from helpers.machine import sqlites
from helpers.machine.limits import ADVISED, advised
from helpers.machine.soak import soak
from helpers.stages import new_database

@pytest.fixture(scope="module")
def path():
    return demo.database()


def schema(path):
    db = sqlite3.connect(path)
    found = db.execute("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
    db.close()
    assert len(found) > 40
    return found


def test_every_table_and_view_is_read_under_the_advised_limits(path):
    db = advised(new_database(path))
    for name, _ in schema(path):
        db.execute(f'SELECT * FROM "{name}"').fetchall()
        column = db.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchone()[0]
        db.execute(f'SELECT * FROM "{name}" WHERE "{column}" = ? ORDER BY 1', ("x",)).fetchall()
    db.close()


# Those from 3.38 to 3.40 call their JSON functions unsafe in a schema; for the newest the views in a statement count, too.
HOSTS = ["system", "apsw 3.39.4.0", "apsw 3.46.1.0", "apsw 3.54.1.0"]


@pytest.mark.parametrize("limits", [{}, ADVISED], ids=["", "limits"])
@pytest.mark.parametrize("host", [*HOSTS, soak("crate 0.24.2"), soak("apsw 3.40.1.0"), soak("apsw 3.43.2.0"), soak("apsw 3.50.4.0")])
def test_every_sqlite_reads_all_of_it_where_the_schema_is_not_trusted(path, tmp_path, host, limits):
    copy = shutil.copy(path, tmp_path / "copy.db")
    names = [name for name, _ in schema(path)]
    steps = [["run", "PRAGMA trusted_schema = 0"], *(["limit", *limit] for limit in limits.items())]
    _, (answer,) = sqlites.run(host, copy, [*steps, ["run", "PRAGMA trusted_schema"]])
    assert answer == [0]
    sqlites.run(host, copy, [*steps, *(["run", f'SELECT * FROM "{name}"'] for name in names)])


@pytest.mark.parametrize("trusted", [0, 1])
def test_lookups_answer_under_the_advised_limits(path, trusted):
    db = advised(new_database(path))
    db.execute(f"PRAGMA trusted_schema = {trusted}")
    db.execute("CREATE VIRTUAL TABLE temp.f USING asof(athlete_rolling_features)")
    days = db.execute("SELECT athlete_id, available_at FROM athlete_rolling_features ORDER BY 2 DESC LIMIT 5").fetchall()
    for athlete, at in days:
        assert db.execute("SELECT ctl_42d FROM f WHERE athlete_id = ? AND as_of = ?", (athlete, at)).fetchall()
    db.close()


LABELS = "SELECT athlete_id, available_at AS at, tsb, ctl_42d FROM athlete_rolling_features ORDER BY 2 LIMIT 40"


def test_a_model_is_trained_and_asked_under_the_advised_limits_as_without_them(path):
    answers = []
    for db in (new_database(path), advised(new_database(path))):
        (model,) = db.execute(f"SELECT gbdt_train('{{\"num_boost_round\": 5}}', tsb, ctl_42d) FROM ({LABELS})").fetchone()
        scored = db.execute("SELECT * FROM gbdt_score(?, ?)", (model, f"SELECT athlete_id || at, ctl_42d FROM ({LABELS})")).fetchall()
        predicted = db.execute(f"SELECT gbdt_predict(?, ctl_42d) FROM ({LABELS})", (model,)).fetchall()
        db.execute(f"CREATE VIRTUAL TABLE temp.t USING training_set('{{\"labels\": \"{LABELS}\", \"as_of\": \"at\"}}')")
        answers.append((model, scored, predicted, db.execute("SELECT * FROM t").fetchall()))
        db.close()
    assert answers[0] == answers[1] and [len(a) for a in answers[0][1:]] == [40, 40, 40]


def test_a_training_set_with_a_lookup_works_or_names_the_limit(path):
    db = advised(new_database(path))
    db.execute(f"""CREATE VIRTUAL TABLE temp.t USING training_set('{{"labels": "{LABELS}", "as_of": "at",
        "lookups": [{{"group": "athlete_weekly_features", "features": ["weekly_tss"]}}]}}')""")
    try:
        assert len(db.execute("SELECT * FROM t").fetchall()) == 40
    except sqlite3.OperationalError as error:
        assert str(error) == "training_set: lookup athlete_weekly_features: Expression tree is too large (maximum depth 10)"
    db.close()
