"""Rows of a user's group in random order, some known before they could be, some only later: an instant that is past keeps its answer,
and of a row one version at a time is believed."""

import datetime
import json
import random
import sqlite3

import pytest

from helpers.machine.soak import soak
from helpers.stages import one
from helpers.stores.groups import script, store

DAY = 86400
BEGIN = 1704067200
CLOCKS = {"CAST(strftime('%s', 'now') AS INTEGER)": "(SELECT number FROM clock)", "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')": "(SELECT second FROM clock)",
          "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')": "(SELECT millisecond FROM clock)"}
FORMS = {"second": "%Y-%m-%dT%H:%M:%SZ", "millisecond": "%Y-%m-%dT%H:%M:%S.000Z"}
OVERLAPS = """SELECT COUNT(*) FROM sleep_versions AS a JOIN sleep_versions AS b USING ({row_key})
              WHERE a.available_at < b.available_at AND b.available_at < COALESCE(a.superseded_at, '9')
                 OR a.available_at = b.available_at AND a.superseded_at IS NOT b.superseded_at"""
GAPS = """SELECT COUNT(*) FROM sleep_history AS a WHERE NOT EXISTS (
              SELECT 1 FROM sleep_versions AS b WHERE b.available_at = a.superseded_at AND ({b}) = ({a}))"""


class Nights:
    """A group of its own definition, a clock that only the test moves, and what may happen to its rows."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.form = rng.choice(["second", "second", "millisecond", "number"])
        self.row_key = rng.choice([["athlete_id", "event_timestamp"], ["athlete_id", "night"]])
        self.definition = {"feature_group": "sleep", "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"],
                           "row_key": self.row_key, "availability_delay_hours": rng.choice([0, 0, 6, 36]), "reject_limit": 1,
                           "time_precision": "millisecond" if self.form == "millisecond" else "second",
                           "features": [{"name": "night", "type": "text"}, {"name": "hours", "type": "numerical"}]}
        if self.form == "number":
            self.definition["features"] += [{"name": name, "type": "integer"} for name in ("event_timestamp", "available_at")]
        self.db = store()
        self.db.execute("CREATE TABLE clock (second, millisecond, number)")
        self.db.execute("INSERT INTO clock VALUES (NULL, NULL, NULL)")
        self.now = BEGIN + 40 * DAY
        self.tick(0)
        self.run("SELECT feature_group_ddl(?)")
        self.db.execute(f"PRAGMA recursive_triggers = {rng.choice([0, 1])}")
        self.arrivals = rng.choice([None, None, "live", "history"])
        self.db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (self.arrivals,))
        self.db.execute("CREATE VIRTUAL TABLE temp.looked USING asof(sleep, entity='athlete_id', timestamp='event_timestamp', available='available_at')")
        self.deleted = set()

    def run(self, sql, *given):
        text = one(self.db, sql, json.dumps(self.definition), *given)
        for clock, ours in CLOCKS.items():
            text = text.replace(clock, ours)
        script(self.db, text)

    def written(self, second, form=None):
        if (form or self.form) == "number":
            return second
        return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime(FORMS[form or self.form])

    def tick(self, seconds):
        self.now += seconds
        self.db.execute("UPDATE clock SET second = ?, millisecond = ?, number = ?", [self.written(self.now, form) for form in (*FORMS, "number")])

    def seen(self, second):
        asked = "SELECT night, hours, row_timestamp FROM temp.looked WHERE athlete_id = ? AND as_of = ?"
        return [self.db.execute(asked, (a, self.written(second))).fetchall() for a in "ab"]

    def rows(self):
        """Some rows, and since when an answer may differ."""
        rng, may_differ, rows = self.rng, self.now, []
        told = rng.choice([None, None, "before", "after", "now"])
        for _ in range(rng.randint(1, 3)):
            who = rng.choice("ab")
            known = {None: None, "before": rng.randint(BEGIN, self.now), "after": self.now + rng.randint(1, 3 * DAY), "now": self.now}[told]
            rows.append((who, self.written(BEGIN + DAY * rng.randint(0, 6)), str(rng.randint(0, 4)), rng.randint(1, 5), known and self.written(known)))
            is_first = one(self.db, "SELECT NOT EXISTS (SELECT 1 FROM sleep_versions WHERE athlete_id = ?)", who)
            is_old = self.arrivals == "history" or is_first and self.arrivals is None
            may_differ = min(may_differ, known if known else 0 if is_old else self.now)
        return rows, may_differ

    def batch(self):
        rows, may_differ = self.rows()
        self.db.execute("DROP TABLE IF EXISTS arrived")
        self.db.execute("CREATE TABLE arrived (athlete_id, event_timestamp, night, hours, available_at)")
        self.db.executemany("INSERT INTO arrived VALUES (?, ?, ?, ?, ?)", rows)
        known_at = self.rng.choice([None, None, self.rng.randint(BEGIN, self.now + 2 * DAY)])
        options = {} if known_at is None else {"known_at": str(self.written(known_at))}
        self.run("SELECT feature_group_ingest(?, ?, ?)", self.rng.choice(["arrived", "SELECT * FROM arrived"]), json.dumps(options))
        return may_differ if known_at is None else min(may_differ, known_at)

    def singly(self):
        rows, may_differ = self.rows()
        self.db.executemany("INSERT INTO sleep_ingest (athlete_id, event_timestamp, night, hours, available_at) VALUES (?, ?, ?, ?, ?)", rows)
        return may_differ

    def plainly(self):
        """Into the table itself, which takes no row that would be believed beside another version of it."""
        rows, may_differ = self.rows()
        for who, at, night, hours, known in rows:
            row = {"athlete_id": who, "event_timestamp": at, "night": night, "hours": hours, "available_at": known or self.written(self.now)}
            key, given = ", ".join(self.row_key), [row[name] for name in self.row_key]
            is_beside = one(self.db, f"""SELECT EXISTS (SELECT 1 FROM sleep_versions WHERE ({key}) = (?, ?)
                                                        AND (superseded_at IS NULL OR superseded_at > ?))""", *given, row["available_at"])
            inserted = f"INSERT INTO sleep ({', '.join(row)}) VALUES (?, ?, ?, ?, ?)", [*row.values()]
            if is_beside:
                with pytest.raises(sqlite3.IntegrityError, match="^sleep: this row is there; UPDATE it"):
                    self.db.execute(*inserted)
            else:
                self.db.execute(*inserted)
        return may_differ

    def one_that_is_there(self):
        key = ", ".join(self.row_key)
        return f"({key}) = (SELECT {key} FROM sleep ORDER BY hours * {self.rng.randint(1, 9)} % 7, {key} LIMIT 1)"

    def edit(self):
        self.db.execute(f"UPDATE sleep SET hours = hours + 1 WHERE {self.rng.choice([self.one_that_is_there(), 'true'])}")
        return self.now

    def move(self):
        """To another time; where that is of the row's key it is another row then."""
        if "event_timestamp" not in self.row_key:
            self.db.execute(f"UPDATE sleep SET event_timestamp = ? WHERE {self.one_that_is_there()}", (self.written(BEGIN + DAY * self.rng.randint(0, 6)),))
        return self.now

    def delete(self):
        for who in self.db.execute(f"DELETE FROM sleep WHERE {self.one_that_is_there()} RETURNING {', '.join(self.row_key)}").fetchall():
            self.deleted.add(who)
        return self.now


@pytest.mark.parametrize("seeds", [range(0, 25), soak(range(25, 1000))], ids=lambda s: f"from {s[0]}")
def test_an_instant_that_is_past_keeps_its_answer_and_one_version_of_a_row_is_believed(seeds):
    for seed in seeds:
        nights, copies = Nights(seed), {}
        rng = nights.rng
        for step in range(rng.randint(4, 10)):
            nights.tick(rng.choice([0, 1, 3600, DAY, 3 * DAY]))
            for second in [nights.now - 1, *(rng.randint(BEGIN, nights.now - 1) for _ in range(3))]:
                copies.setdefault(second, nights.seen(second))
            may_differ = rng.choice([nights.batch, nights.singly, nights.singly, nights.plainly, nights.edit, nights.move, nights.delete])()
            assert one(nights.db, OVERLAPS.format(row_key=", ".join(nights.row_key))) == 0, (seed, step)
            assert one(nights.db, "SELECT COUNT(*) FROM sleep_history WHERE superseded_at <= available_at OR superseded_by = x''") == 0, (seed, step)
            if not nights.deleted:
                a, b = (", ".join(f"{table}.{k}" for k in nights.row_key) for table in "ab")
                assert one(nights.db, GAPS.format(a=a, b=b)) == 0, (seed, step)
            copies = {second: copy for second, copy in copies.items() if second < may_differ}
            for second, copy in copies.items():
                assert nights.seen(second) == copy, (seed, step, second)
        nights.db.close()
