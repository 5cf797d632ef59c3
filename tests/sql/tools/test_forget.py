"""Nothing in a file tells of an athlete who was forgotten; everything else in it is as it was."""

import datetime
import json
import pathlib
import random
import re
import sqlite3
import struct

import pytest

import delivery
from common import forgetting
from helpers import stages
from helpers.athletes import demo
from helpers.extension import connect
from helpers.machine.soak import soak
from helpers.stages import PATHS, STAGES
from helpers.stores import device_files
from helpers.tools import tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

GROUP = {"feature_group": "sleep_diary", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "owner": "o", "reject_limit": 0.5,
         "features": [{"name": "athlete_id", "type": "text"}, {"name": "hours", "type": "numerical", "min": 0, "max": 24}, {"name": "note", "type": "text"}]}


class Person:
    """With numbers, words and values that nobody else has."""

    def __init__(self, rng):
        self.rng = rng
        self.id = str(rng.randrange(10**8, 2**62))
        self.words, self.values, self.activities = [], [], []
        self.name = self.word()

    def word(self):
        self.words.append("".join(self.rng.choices("bcdfghjklmnpqrstvwxz", k=12)).title())
        return self.words[-1]

    def value(self, low, high, digits=9):
        self.values.append(round(self.rng.uniform(low, high), digits))
        return self.values[-1]

    def activity(self, day):
        number = self.rng.randrange(10**8, 2**53)
        self.activities.append(str(number))
        seconds = self.rng.randrange(1500, 5000)
        told = {"id": number, "athlete": {"id": int(self.id)}, "name": self.word(), "sport_type": self.rng.choice(["Run", "Run", "TrailRun", "Ride"]), "utc_offset": 3600,
                "start_date": (datetime.datetime(2023, 3, 1, 7) + datetime.timedelta(days=day, seconds=self.rng.randrange(3600))).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "distance": self.value(2.6, 3.6) * seconds, "moving_time": seconds, "elapsed_time": seconds + 9, "total_elevation_gain": self.value(0, 300),
                "average_heartrate": self.value(120, 160), "max_heartrate": self.value(165, 185), "workout_type": 1 if self.rng.random() < 0.1 else 0}
        self.values[-4] = told["distance"]
        odd = self.rng.random()
        if odd < 0.1:
            told["distance"] = self.word()  # kept out by a rule
        elif odd < 0.15:
            del told["start_date"]  # refused by the stage
        if self.rng.random() < 0.3:
            told |= {"resource_state": 3, "laps": [{"id": self.rng.randrange(10**8, 2**53), "lap_index": i, "distance": self.value(900, 1100), "elapsed_time": 300, "moving_time": 300,
                                                    "average_heartrate": self.value(120, 170), "name": self.word()} for i in range(3)]}
        return told


def written(path, folder, people, rng):
    """All the ways in: JSON, a device's file, what is told, a group of their own, tokens, the inbox."""
    objects = [person.activity(day) for person in people for day in sorted(rng.sample(range(400), 30))]
    rng.shuffle(objects)
    objects += [{"id": int(person.id), "firstname": person.name, "lastname": person.word(), "sex": "F"} for person in people]
    (folder / "a.json").write_text(json.dumps(objects))
    (folder / "group.json").write_text(json.dumps(GROUP))
    assert tool("import", path, folder / "a.json", *sorted((PATHS["000_ops_tables"].parents[2] / "schemas" / "features").glob("*.json"))).returncode == 0
    for person in people:
        file = folder / person.word()
        file.write_bytes(device_files.as_fit(device_files.run(rng.randrange(400, 900), start=datetime.datetime(2024, 6, 1, rng.randrange(5, 20), tzinfo=datetime.timezone.utc), speed=rng.uniform(2, 4))))
        done = device_files.imported(path, file, athlete=person.id, name=person.name)
        assert done.returncode == 0, done.stdout + done.stderr
    run(path)
    done = tool("define", path, folder / "group.json")
    assert done.returncode == 0, done.stdout + done.stderr
    for person in people:
        mine = [number for (number,) in sqlite3.connect(path).execute("SELECT activity_id FROM silver_strava_activities WHERE athlete_id = ?", (person.id,))]
        person.activities += mine
        for told in (["rpe", mine[0], "7"], ["race", mine[1], "--time=41:07", "--distance=10k"], ["not-mine", mine[2]], ["separate", mine[3]], ["load", mine[4], "77"],
                     ["setting", "max_hr", "191", "--date=2023-01-01", f"--athlete={person.id}"], ["plan", "long", "--date=2024-09-01", "--minutes=90", "--intensity=0.7", f"--athlete={person.id}"]):
            done = tool("tell", "--", path, *told) if told[-1].startswith("--") is False else tool("tell", path, *told)
            assert done.returncode == 0, (told, done.stdout, done.stderr)
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE staging (athlete_id, event_timestamp, hours, note)")
            db.executemany("INSERT INTO staging VALUES (?, ?, ?, ?)", [(person.id, f"2024-01-0{i}", hours, person.word()) for i, hours in enumerate([person.value(5, 9), 99, person.value(5, 9)], 1)])
        done = tool("ingest", path, "sleep_diary", "staging")
        assert done.returncode == 0, done.stdout + done.stderr
        with sqlite3.connect(path) as db:
            db.execute("DROP TABLE staging")
        assert tool("serve/token", path, person.word(), f"--athlete={person.id}").returncode == 0
    run(path)
    with sqlite3.connect(path) as db:  # what waits in the inbox
        db.executemany("INSERT INTO bronze_inbox (source, body) VALUES (?, ?)", [(person.word(), json.dumps(person.activity(500))) for person in people])


def run(path):
    done = tool("run", path, *(PATHS[name] for name in STAGES if name < "5"))
    assert done.returncode == 0, done.stdout + done.stderr


def bytes_of(path):
    return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))


def found(content, person):
    """What a search of the bytes still finds: texts, and numbers as SQLite keeps them and as a person writes them."""
    texts = [word for word in [person.id, *person.activities, *person.words] if word.encode() in content and re.search(rb"(?<!\d)" + word.encode() + rb"(?!\d)", content)]
    return texts + [value for value in person.values if struct.pack(">d", value) in content or repr(value).encode() in content]


def rows_of_others(path):
    """Of every table that tells whose a row is."""
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: sorted(map(repr, db.execute(f'SELECT * FROM "{table}"'))) for table in tables
                if "athlete_id" in {column for _, column, *_ in db.execute(f'PRAGMA table_info("{table}")')} and table not in ("ops_due", "feature_extent_athletes")}


@pytest.mark.parametrize("seed", [1, soak(0)])
def test_no_byte_of_the_file_tells_of_who_was_forgotten_and_the_others_are_as_they_were(tmp_path, seed):
    rng, path = random.Random(seed), tmp_path / "store.db"
    gone, *others = people = [Person(rng) for _ in range(rng.randrange(2, 4))]
    (tmp_path / "in").mkdir()
    written(path, tmp_path / "in", people, rng)
    if seed == 1:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
    before, content = rows_of_others(path), bytes_of(path)
    assert all(len(found(content, person)) > 60 for person in people)
    triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    made = sqlite3.connect(path).execute(triggers).fetchall()
    done = tool("forget", path, gone.id)
    assert done.returncode == 0, done.stdout + done.stderr
    content = bytes_of(path)
    assert found(content, gone) == []
    after = rows_of_others(path)
    kept = {table: [row for row in rows if gone.id not in row] for table, rows in before.items()}
    assert {t: rows for t, rows in after.items()} == kept
    for other in others:
        assert other.id.encode() in content and len(found(content, other)) > 60
    with sqlite3.connect(path) as db:
        assert db.execute(triggers).fetchall() == made
        assert db.execute("SELECT action, object FROM ops_audit ORDER BY audit_id DESC LIMIT 1").fetchone() == ("forget", "an athlete")
        assert db.execute("SELECT COUNT(*) FROM bronze_inbox").fetchone() == (len(others),)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    run(path)  # the stages go on
    assert found(bytes_of(path), gone) == []
    done = tool("forget", path, gone.id)
    assert done.returncode != 0 and f"nothing here is of an athlete {gone.id}" in done.stderr


def test_models_that_have_learned_from_them_are_named_and_predictions_for_them_are_gone(tmp_path):

    path = tmp_path / "demo.db"
    path.write_bytes(pathlib.Path(demo.database()).read_bytes())
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT COUNT(*) FROM gold_athlete_predictions WHERE athlete_id = '4001'").fetchone()[0] > 0
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"labels": "SELECT athlete_id, activity_id, seconds, event_timestamp FROM race_results", "as_of": "event_timestamp", "label": "seconds",
                                "lookups": [{"group": "athlete_rolling_features", "features": ["ctl_42d"]}]}))
    tool("training-set", path, spec)
    done = tool("forget", path, "4001")
    assert done.returncode == 0, done.stderr
    assert "trained with them, and to be trained again: " in done.stdout and "time_estimator/1" in done.stdout
    with sqlite3.connect(path) as db:
        for table in ("gold_athlete_predictions", "inference_log", "ml_run_predictions WHERE entity NOT LIKE 'survey %'", "ml_training_set_rows", "time_estimator_rows WHERE source = 'history'"):
            assert db.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table
    assert re.search(rb"(?<![\d.])4001(?![\d.]).{0,40}20\d\d-", bytes_of(path)) is None


def test_what_comes_after_somebody_was_forgotten_is_told_although_it_has_the_numbers_of_what_was_theirs(tmp_path):
    path = tmp_path / "demo.db"
    path.write_bytes(pathlib.Path(demo.database()).read_bytes())
    drifted = ("INSERT INTO mon_drift_metrics (monitor, window_start, window_end, window_cmp_start, window_cmp_end, drift_type, granularity, slice_key, slice_value, column_name, data_type,"
               " n_reference, n_current, shift, own_limit, is_drift, computed_at) VALUES ('g', ?2, ?2, ?2, ?2, 'BASELINE', '1 month', 'athlete_id', ?1, 'c', 'numerical', 9, 9, 9, 1, 1, '')")

    def opened():
        with connect(path) as db:
            stages.run(db, ["720_alerts"])
            pending = [row[3:5] for row in db.execute(delivery.PENDING, ("a channel",))]
            db.execute("INSERT INTO ops_alert_deliveries SELECT alert_id, 'opened', 'a channel', 1, '2025-10-20T00:00:00Z', '2025-10-20T00:00:00Z', '2025-10-20T00:00:00Z', NULL"
                       " FROM ops_alerts WHERE alert_id NOT IN (SELECT alert_id FROM ops_alert_deliveries)")
            return pending

    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM ops_alerts")
        db.execute(drifted, ("4001", "2025-08-01"))
    assert ("drift", "g of 4001") in opened()
    assert tool("forget", path, "4001").returncode == 0
    with sqlite3.connect(path) as db:
        db.execute(drifted, ("4002", "2025-08-01"))
    assert ("drift", "g of 4002") in opened()


def test_a_table_of_which_nobody_knows_whose_it_is_stops_everything(tmp_path):
    path = tmp_path / "a.db"
    (tmp_path / "a.json").write_text(json.dumps(Person(random.Random(7)).activity(1) | {"id": 5, "athlete": {"id": 7}}))
    assert tool("import", path, tmp_path / "a.json").returncode == 0
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE of_mine (person, secret)")
    done = tool("forget", path, "7")
    assert done.returncode != 0 and "whether rows of of_mine are of an athlete is not known; nothing was removed" in done.stderr
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone() == (1,)


def test_a_table_of_the_stages_that_only_names_them_is_searched_too(tmp_path):
    path = tmp_path / "a.db"
    (tmp_path / "a.json").write_text(json.dumps([Person(random.Random(n)).activity(1) | {"id": n, "athlete": {"id": n}} for n in (71, 711)]))
    assert tool("import", path, tmp_path / "a.json").returncode == 0
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE ops_news (subject, message, detail)")
        db.executemany("INSERT INTO ops_news VALUES (?, ?, ?)", [("risk:71", "a", None), ("athlete 71", "b", "{}"), ("x", "c", '{"entity": "71"}'), ("risk:711", "71 of 3", '{"n": 71}'), ("7 1", "d", "71.5")])
    assert tool("forget", path, "71").returncode == 0
    with sqlite3.connect(path) as db:
        assert [row for (row,) in db.execute("SELECT message FROM ops_news ORDER BY 1")] == ["71 of 3", "d"]
        assert db.execute("SELECT activity_id FROM bronze_strava_activities").fetchall() == [("711",)]


def test_every_table_of_ours_says_whose_its_rows_are():
    with sqlite3.connect(demo.database()) as db:
        assert [table for table in forgetting._tables(db) if forgetting._whose(db, table) is None] == []
        there = set(forgetting._tables(db)) | {"ops_tokens", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}
    assert set(forgetting.BY_TABLE) | forgetting.SHARED <= there
    assert not set(forgetting.BY_TABLE) & forgetting.SHARED
