"""Who came by whichever door leaves by one: no table has a row of theirs, and no byte of the file a name, a number or a place of theirs."""

import json
import re
import sqlite3

import pytest

from helpers.stages import PATHS, STAGES
from helpers.stores import device_files
from helpers.tools import tool

from .test_places import IMPORTERS

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

GONE, STAYS = "734512890123", "612345098765"
NAME, FILE = "Zebulonia", "holidaysecret"
SHORT = ("a FIT", "Strava's export", "Dreeve")
KEYS = {"athlete_id", "entity", "subject", "slice_value"}


def imported(path, folder, importer, athlete):
    """With the athlete's number wherever a fixture says one, and a name of theirs wherever an activity has one."""
    given = IMPORTERS[importer](folder)
    content = given.read_bytes()
    if not content.startswith((b"SQLite", b"PK")) and athlete != "4001":
        given.write_bytes(content.replace(b'"id": 4001', b'"id": ' + athlete.encode()).replace(b'"Morning"', b'"%s"' % NAME.encode()))
    if content.startswith(b"SQLite"):
        with sqlite3.connect(given) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                for _, column, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
                    db.execute(f"UPDATE {table} SET {column} = replace({column}, '4001', ?) WHERE typeof({column}) IN ('text', 'integer') AND {column} LIKE '%4001%'", (athlete,))
                    if column in ("name",):
                        db.execute(f"UPDATE {table} SET name = ?", (NAME,))
    named = given.rename(given.with_name(FILE))
    return device_files.imported(path, named, athlete=athlete, name=NAME, positions="1")


def of_the_athlete(path, athlete):
    """{table: n} of every table with a column that is whose a row is, found in the file itself."""
    found = {}
    with sqlite3.connect(path) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for column in KEYS & {column for _, column, *_ in db.execute(f'PRAGMA table_info("{table}")')}:
                n = db.execute(f'SELECT COUNT(*) FROM "{table}" WHERE CAST("{column}" AS TEXT) = ?1 OR CAST("{column}" AS TEXT) LIKE \'% \' || ?1', (athlete,)).fetchone()[0]
                found |= {table: n} if n else {}
    return found


def bytes_found(path, athlete, activities, recorded):
    content = b"".join(p.read_bytes() for p in path.parent.glob(path.name + "*"))
    numbers = [word for word in (athlete, *activities) if len(word) > 6 and re.search(rb"(?<!\d)" + word.encode() + rb"(?!\d)", content)]
    integers = [word for word in (athlete, *activities) if len(word) > 6 and int(word).to_bytes(8, "big").lstrip(b"\0") in content]
    return numbers + integers + [word for word in (NAME, FILE) if word.encode() in content] + [f"a recording of {channel}" for channel, samples in recorded if len(samples) > 24 and samples in content]


@pytest.mark.parametrize("importer", [*SHORT, *(pytest.param(name, marks=pytest.mark.soak) for name in IMPORTERS if name not in SHORT)])
def test_whoever_came_by_an_importer_leaves_nothing(tmp_path, importer):
    path = tmp_path / "a.db"
    (tmp_path / "given").mkdir()
    athlete = "4001" if importer == "Strava's export" else GONE  # the zip says itself whose it is
    other = {"id": 88, "athlete": {"id": int(STAYS)}, "sport_type": "Run", "start_date": "2024-02-09T07:00:00Z", "utc_offset": 0, "distance": 5000.0, "moving_time": 1500, "elapsed_time": 1600}
    (tmp_path / "other.json").write_text(json.dumps(other))
    assert tool("import", path, tmp_path / "other.json", *sorted((PATHS["000_ops_tables"].parents[2] / "schemas" / "features").glob("*.json"))).returncode == 0
    done = imported(path, tmp_path / "given", importer, athlete)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tool("run", path, *(PATHS[name] for name in STAGES if name < "5")).returncode == 0
    with sqlite3.connect(path) as db:
        activities = [a for (a,) in db.execute("SELECT activity_id FROM silver_strava_activities WHERE athlete_id = ?", (athlete,))]
        recorded = db.execute("SELECT channel, samples FROM activity_streams WHERE athlete_id = ?", (athlete,)).fetchall()
        others = db.execute("SELECT * FROM athlete_rolling_features WHERE athlete_id = ? ORDER BY 1, 2", (STAYS,)).fetchall()
    before = of_the_athlete(path, athlete)
    assert activities and len(before) > 8 and bytes_found(path, athlete, activities, recorded)
    done = tool("forget", path, athlete)
    assert done.returncode == 0, done.stdout + done.stderr
    assert of_the_athlete(path, athlete) == {}
    assert bytes_found(path, athlete, activities, recorded) == []
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT * FROM athlete_rolling_features WHERE athlete_id = ? ORDER BY 1, 2", (STAYS,)).fetchall() == others != []
