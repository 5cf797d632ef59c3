"""A file is readable, all of it, under the limits that SQLite advises for hostile input, and where its schema is not trusted."""

import re
import sqlite3

import apsw
import pytest

from helpers import demo
from helpers.limits import ADVISED, advised
from helpers.stages import new_database

# SQLite marked its JSON functions unsafe in a schema from 3.38 to 3.40.
JSON_IS_UNSAFE = (3, 38, 0) <= sqlite3.sqlite_version_info < (3, 41, 0)
# To newer ones the views inside a view count towards the depth of an expression, those of a WITH each time that they are named.
DEEP_FOR_NEWER = {"feature_dependents", "openlineage_events"}


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


def test_a_newer_sqlite_reads_it_without_the_extension_where_the_schema_is_not_trusted(path):
    db = apsw.Connection(str(path))
    db.execute("PRAGMA trusted_schema = 0")
    for limit, value in ADVISED.items():
        db.limit(getattr(apsw, limit), value)
    for name, _ in schema(path):
        if name in DEEP_FOR_NEWER:
            with pytest.raises(apsw.SQLError, match="nested too deep"):
                db.execute(f'SELECT * FROM "{name}"').fetchall()
        else:
            db.execute(f'SELECT * FROM "{name}"').fetchall()
    db.close()


def test_where_the_schema_is_not_trusted_only_views_of_json_wait_for_a_newer_sqlite(path):
    db = advised(sqlite3.connect(path))
    db.execute("PRAGMA trusted_schema = 0")
    refused = set()
    for name, sql in schema(path):
        try:
            db.execute(f'SELECT * FROM "{name}"').fetchall()
        except sqlite3.OperationalError as error:
            assert re.match(r"unsafe use of json\w*\(\)", str(error)) and sql.startswith("CREATE VIEW") and "json" in sql, (name, error)
            refused.add(name)
    assert refused == set() or JSON_IS_UNSAFE
    db.close()


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
