"""A setting is refused at once if it is what no stage could work with; whatever it may be, every stage works with it."""

import json
import random
import sqlite3

import pytest

from helpers.athletes.activities import file_of, make_history, seeded
from helpers.machine.soak import soak
from helpers.stages import new_database, one, rows, run

ODD = ["", "x", "1,5", "1.5 ", "0x10", "null", "NaN", "now", "tomorrow", "2026-02-30", "2024-5-1", "2024-05-01T10:00:00Z", "9999-12-31", "history,live", "Prod", b"", b"\x00", b"1",
       -1, 2**62, -(2**63), 1e308, -1e308, 1e999, -1e999, 1e-320, 0.5, 1.5, 2460000.5]  # fmt: skip
OPTIONAL = {"as_of_date", "arrivals"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    another = make_history(seeded(2), 2, 10, 40, first_number=100)
    return file_of(tmp_path_factory.mktemp("settings") / "a.db", make_history(seeded(1), 1, 25, 60), another, run=run).read_bytes()


def ranges(db):
    return rows(db, "SELECT c.name, c.value, c.unit, r.type, r.least, r.most, r.choices FROM ops_config AS c LEFT JOIN ops_config_ranges AS r USING (name) WHERE c.kind = 'setting' ORDER BY c.name")


def may_be(setting, value):
    """Told once more, in Python, of one setting and value."""
    kind = setting["type"]
    if kind in ("number", "whole"):
        return isinstance(value, (int, float) if kind == "number" else int) and setting["least"] <= value <= setting["most"]
    if kind == "date":
        return False  # none of those above is a day of the calendar between its ends
    return isinstance(value, str) and (value in setting["choices"].strip(",").split(",") if kind == "choice" else value != "" and "," not in value)


def drawn(setting, chance):
    """A value that it may have, often one of its ends."""
    if setting["type"] in ("number", "whole"):
        draw = chance.uniform if setting["type"] == "number" else chance.randint
        return chance.choice([setting["least"], setting["most"], draw(setting["least"], setting["most"]), setting["value"]])
    if setting["type"] == "choice":
        return chance.choice(setting["choices"].strip(",").split(","))
    return chance.choice(["2020-02-29", "2024-03-01"]) if setting["type"] == "date" else chance.choice(["UTC", "Asia/Tokyo"])


def test_every_setting_says_what_it_may_be_and_is_that_by_itself():
    db = new_database()
    run(db, ["000_ops_tables"])
    for setting in ranges(db):
        assert setting["type"], setting
        assert setting["value"] is None if setting["name"] in OPTIONAL else may_be(setting, setting["value"]), setting
    assert one(db, "SELECT COUNT(*) FROM ops_config_ranges WHERE name NOT IN (SELECT name FROM ops_config WHERE kind = 'setting')") == 0


@pytest.mark.parametrize("write", ["UPDATE ops_config SET value = :value WHERE name = :name", "REPLACE INTO ops_config (name, value, kind, unit, note) VALUES (:name, :value, 'setting', :unit, '')",
                                   "INSERT INTO ops_config (name, value, kind, unit, note) VALUES (:name, :value, 'setting', :unit, '') ON CONFLICT DO UPDATE SET value = excluded.value"])  # fmt: skip
def test_what_a_setting_cannot_be_is_refused_and_leaves_it_as_it_was(write):
    db = new_database()
    run(db, ["000_ops_tables"])
    refused = taken = 0
    for setting in ranges(db):
        for value in ODD:
            db.execute("BEGIN")
            try:
                db.execute(write, setting | {"value": value})
                assert may_be(setting, value), (setting, value)
                taken += 1
            except sqlite3.IntegrityError as error:
                assert "ops_config_ranges has what it may be" in str(error) and not may_be(setting, value), (setting, value)
                assert one(db, "SELECT value FROM ops_config WHERE name = ?", setting["name"]) == setting["value"]
                refused += 1
            db.execute("ROLLBACK")
    assert refused > 500 and taken > 30


@pytest.mark.parametrize("seed", [*range(4), *(soak(seed) for seed in range(4, 100))])
def test_the_stages_work_with_any_settings_that_may_be(file, tmp_path, seed):
    (tmp_path / "a.db").write_bytes(file)
    chance, db = random.Random(seed), new_database(tmp_path / "a.db")
    every = ranges(db)
    for setting in chance.sample(every, chance.choice([3, 10, len(every)])):
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (drawn(setting, chance), setting["name"]))
    run(db)
    assert one(db, "SELECT COUNT(DISTINCT athlete_id) FROM athlete_rolling_features") == 2
    assert rows(db, "SELECT * FROM ops_runs WHERE outcome <> 'ok'") == []
    db.close()


def test_an_odd_value_of_an_earlier_file_gives_way_to_the_default_and_the_audit_says_so():
    db = new_database()
    run(db)
    before = rows(db, "SELECT * FROM ops_config")
    for trigger in ("ops_config_values_stay_in_range", "ops_config_values_are_in_range"):
        db.execute(f"DROP TRIGGER {trigger}")
    odd = {"acwr_risk_threshold": "1,5", "threshold_lookback_days": 1e999, "time_zone": 7, "default_threshold_pace": b"\x01"}
    for name, value in odd.items():
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    run(db)
    assert rows(db, "SELECT * FROM ops_config") == before
    told = {name: json.loads(detail)["was"] for name, detail in db.execute("SELECT object, detail FROM ops_audit WHERE action = 'default'")}
    assert told == {"acwr_risk_threshold": "1,5", "threshold_lookback_days": "Inf", "time_zone": "7", "default_threshold_pace": "01"}
