"""A database in UTF-16 gives the rows of one in UTF-8, whoever lands the documents: a host that binds text, or sql/tools/import."""

import json
import subprocess

import pytest

from helpers.athletes.activities import ARRIVED, assert_same, dump, make_history, new_database, one, put, run, seeded
from helpers.extension import ROOT

NAMES = ["Läufe um den Zürichsee", "朝のランニング", "🏃 tempo", "Ā before a", "\ud7ff\ue000 at the surrogates' edges"]


def documents():
    found = make_history(seeded(7), 1, 60, 120)
    for i, activity in enumerate(found):
        activity["name"] = NAMES[i % len(NAMES)]
    return json.dumps(found, ensure_ascii=False)


def landed_by_binding(db, path):
    put(db, documents())


def landed_by_the_tool(db, path):
    file = path.with_suffix(".json")
    file.write_text(documents(), encoding="utf-8")
    db.execute(f"CREATE TRIGGER arrives AFTER INSERT ON bronze_inbox BEGIN UPDATE bronze_inbox SET source = 'test', received_at = '{ARRIVED}'; END")
    subprocess.run([ROOT / "sql" / "tools" / "import", path, file], check=True, capture_output=True)
    db.execute("DROP TRIGGER arrives")


def pipeline(path, encoding, land):
    db = new_database(path)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    run(db)
    assert one(db, "PRAGMA encoding") == encoding
    land(db, path)
    run(db)
    result = dump(db, without=("at",))
    named = one(db, "SELECT COUNT(*) FROM silver_strava_activities WHERE name IN (SELECT value FROM json_each(?))", json.dumps(NAMES))
    db.close()
    return result, named


@pytest.fixture(scope="module", params=[landed_by_binding, landed_by_the_tool], ids=["by binding", "by the tool"])
def landed(request, tmp_path_factory):
    """How documents come, and what comes of them in UTF-8."""
    return request.param, *pipeline(tmp_path_factory.mktemp("eight") / "eight.db", "UTF-8", request.param)


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_every_table_has_the_rows_that_it_has_in_utf_8(tmp_path, landed, encoding):
    land, expected, named = landed
    assert named > 20
    got, also = pipeline(tmp_path / "sixteen.db", encoding, land)
    assert_same(expected, got)
    assert also == named
