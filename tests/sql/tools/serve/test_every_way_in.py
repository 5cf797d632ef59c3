"""Rows by batch, one by one and over HTTP, with times of every form, late, corrected and deleted: what any moment is answered is what a
plain replay says, and what a file answered once it answers again."""

import datetime
import json
import random

import pytest

from helpers.athletes.belief import overlaps
from helpers.extension import connect
from helpers.machine.soak import soak
from helpers.stores import groups, instants, served
from helpers.stores.replay import Replay

CLOCKS = {0: "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')", 3: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"}
KINDS = [(0, 0), (6, 0), (36, 3), (0, 3)]  # hours of delay, digits of the times
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=instants.UTC)
SECOND, DAY = datetime.timedelta(seconds=1), datetime.timedelta(days=1)


def definition(delay, digits):
    return {"feature_group": f"pulse_{delay}_{digits}", "version": "1.0.0", "description": "of a morning", "entity": "athlete", "keys": ["athlete_id"],
            "availability_delay_hours": delay, "time_precision": "millisecond" if digits else "second", "reject_limit": 1,
            "features": [{"name": "bpm", "type": "integer", "min": 25, "max": 220, "not_null": True}]}  # fmt: skip


def by_clock(text):
    """The statements with the test's clock in the place of SQLite's."""
    for digits, clock in CLOCKS.items():
        text = text.replace(clock, f"(SELECT at_{digits} FROM clock)")
    return text


class Store:
    """A served file with a group of each kind, and a connection of another program."""

    def __init__(self, folder, monkeypatch):
        path = folder / "athlete.db"
        self.definitions = {kind: definition(*kind) for kind in KINDS}
        db = groups.store(path=str(path))
        groups.register(db, *self.definitions.values())
        db.execute("CREATE TABLE clock (at_0 TEXT, at_3 TEXT)")
        for each in self.definitions.values():
            groups.script(db, by_clock(db.execute("SELECT feature_group_ddl(?)", (json.dumps(each),)).fetchone()[0]))
        db.close()
        self.token = served.token(path, "all", "--athlete", "all", "--write", "*")
        self.api = served.Served(path)
        self.api.write_fast()
        self.db = connect(str(path), isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")
        for each in self.definitions.values():
            name = each["feature_group"]
            self.db.execute(f"CREATE VIRTUAL TABLE temp.at_{name} USING asof({name})")
        self.db.execute("CREATE TEMP TABLE came (athlete_id, event_timestamp, available_at, bpm)")
        self.db.execute("CREATE TEMP TABLE asked (id INTEGER PRIMARY KEY, athlete_id, at)")
        import feature_api.ingest

        statements = feature_api.ingest.statements
        monkeypatch.setattr(feature_api.ingest, "statements", lambda script: statements(by_clock(script)))

    def close(self):
        self.db.close()
        self.api.close()

    def run(self, definition, source, **options):
        script = self.db.execute("SELECT feature_group_ingest(?, ?, ?)", (json.dumps(definition), source, json.dumps(options))).fetchone()[0]
        groups.script(self.db, by_clock(script))


class History:
    def __init__(self, store, seed):
        self.store, self.rng, self.seed = store, random.Random(seed), seed
        self.kind = self.rng.choice(KINDS)
        self.definition = store.definitions[self.kind]
        self.group = self.definition["feature_group"]
        self.replay = Replay(*self.kind)
        self.athletes = [f"{seed}-{name}" for name in "ab"]
        self.arrivals = self.rng.choice([None, None, "live", "history"])
        self.tells = self.rng.random() < 0.5  # when rows were known
        self.clock = BEGIN + self.rng.randint(20, 200) * DAY + self.rng.randint(0, 86399) * SECOND
        store.db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (self.arrivals,))
        if self.rng.random() < 0.6:
            self.replay.offsets[self.athletes[0]] = [("2024-01-10", 3600), ("2024-03-01", -18000)]
            store.db.executemany("INSERT INTO athlete_utc_offsets VALUES (?, ?, ?)", [(self.athletes[0], *z) for z in self.replay.offsets[self.athletes[0]]])

    def tick(self):
        self.clock += self.rng.choice([1, 60, 86400, 86400 * 9]) * self.rng.randint(1, 3) * SECOND
        told = [instants.canonical(self.clock, digits, False) for digits in CLOCKS]
        self.store.db.execute("DELETE FROM clock")
        self.store.db.execute("INSERT INTO clock VALUES (?, ?)", told)

    def moment(self, until):
        us = self.rng.choice([0, 0, 0, 1, 500000, 999999, 123000])
        return BEGIN + self.rng.random() ** 0.5 * (until - BEGIN) // SECOND * SECOND + datetime.timedelta(microseconds=us)

    def time(self):
        """Of a row, in any form; often one that is there."""
        known = [at for _, at, *_ in self.replay.versions()]
        at = self.rng.choice(known) if known and self.rng.random() < 0.4 else self.moment(self.clock + self.rng.choice([0, 0, 0, 3]) * DAY)
        return self.rng.choice([*[instants.written(self.rng, at)] * 6, f"{at:%Y-%m-%d}", self.rng.choice(instants.BROKEN)])

    def row(self, athletes):
        told = instants.written(self.rng, self.moment(self.clock)) if self.tells and self.rng.random() < 0.4 else None
        value = self.rng.choice([40, 50, 60, 70, 300])
        return (self.rng.choice(athletes), self.time(), told, value, value <= 220)

    def rows(self, athletes=None):
        return [self.row(athletes or self.athletes) for _ in range(self.rng.randint(1, 6))]

    # --- what happens ---

    def by_batch(self):
        rows, options = self.rows(), {}
        if self.tells and self.rng.random() < 0.3:
            options["known_at"] = instants.written(self.rng, self.moment(self.clock))
        mode = self.rng.choice(["live", "history"]) if self.tells and self.rng.random() < 0.3 else None
        options |= {"arrivals": mode} if mode else {}
        self.store.db.execute("DELETE FROM came")
        self.store.db.executemany("INSERT INTO came VALUES (?, ?, ?, ?)", [row[:4] for row in rows])
        self.store.run(self.definition, self.rng.choice(["came", "SELECT * FROM came"]), **options)
        known_at = options.get("known_at")
        self.replay.batch(rows, self.clock, mode or self.arrivals, known_at and self.replay.read(None, known_at))

    def one_by_one(self):
        for row in self.rows():
            self.store.db.execute(f"INSERT INTO {self.group}_ingest (athlete_id, event_timestamp, available_at, bpm) VALUES (?, ?, ?, ?)", row[:4])
            self.replay.batch([row], self.clock, self.arrivals)

    def over_http(self):
        athlete = self.rng.choice(self.athletes)
        rows = self.rows([athlete])
        sent = [{"event_timestamp": time, "bpm": value} | ({"available_at": told} if told else {}) for _, time, told, value, _ in rows]
        answer = self.store.api.post(f"/ingest/{self.group}/{athlete}", {"rows": sent}, self.store.token)
        assert answer.status_code == 200, answer.text
        self.replay.batch(rows, self.clock, self.arrivals)

    def one_there(self):
        key, at = self.rng.choice(sorted(self.replay.now))
        return key, at, (key, instants.canonical(at, self.kind[1], False))

    def correction(self):
        if self.replay.now:
            key, at, found = self.one_there()
            value = self.rng.choice([40, 55])
            self.store.db.execute(f"UPDATE {self.group} SET bpm = ? WHERE (athlete_id, event_timestamp) = (?, ?)", (value, *found))
            self.replay.correct(key, at, value, self.clock)

    def deletion(self):
        if self.replay.now:
            key, at, found = self.one_there()
            self.store.db.execute(f"DELETE FROM {self.group} WHERE (athlete_id, event_timestamp) = (?, ?)", found)
            self.replay.delete(key, at, self.clock)

    # --- what is answered ---

    def requests(self, n):
        """Moments that are over, in any form."""
        return [(self.rng.choice(self.athletes), self.rng.choice([instants.written(self.rng, at)] * 4 + [f"{at:%Y-%m-%d}"])) for at in (self.moment(self.clock) for _ in range(n))]

    def answers(self, requests):
        self.store.db.execute("DELETE FROM asked")
        self.store.db.executemany("INSERT INTO asked (athlete_id, at) VALUES (?, ?)", requests)
        return self.store.db.execute(f"SELECT f.bpm, f.row_timestamp FROM asked AS r LEFT JOIN at_{self.group} AS f ON f.athlete_id = r.athlete_id"
                                     " AND f.as_of = r.at ORDER BY r.id").fetchall()  # fmt: skip

    def training_set(self, requests):
        self.store.db.execute("DELETE FROM asked")
        self.store.db.executemany("INSERT INTO asked (athlete_id, at) VALUES (?, ?)", requests)
        spec = {"labels": "SELECT id, athlete_id, at FROM asked ORDER BY id", "as_of": "at", "lookups": [{"group": self.group, "features": ["bpm"]}]}
        self.store.db.execute(f"CREATE VIRTUAL TABLE temp.made USING training_set('{json.dumps(spec)}')")
        found = [bpm for (bpm,) in self.store.db.execute("SELECT bpm FROM made ORDER BY id")]
        self.store.db.execute("DROP TABLE temp.made")
        return found

    def is_kept(self, request):
        """Whether what is answered to it now is answered for good: of a past that nobody tells anew, once anything was published."""
        return not self.tells and (self.arrivals == "live" or (self.arrivals is None and self.replay.is_published(request[0])))

    def live(self):
        given, every = [], []
        for _ in range(self.rng.randint(4, 8)):
            self.tick()
            self.rng.choice([self.by_batch, self.by_batch, self.one_by_one, self.over_http, self.over_http, self.correction, self.deletion])()
            requests = self.requests(8)
            found = self.answers(requests)
            assert found == [self.replay.answer(*r) for r in requests], (self.seed, requests)
            given += [(r, f) for r, f in zip(requests, found) if self.is_kept(r)]
            every += requests
        every += self.requests(20)
        assert self.answers(every) == [self.replay.answer(*r) for r in every], self.seed
        assert self.training_set(every) == [self.replay.answer(*r)[0] for r in every], self.seed
        assert self.answers([r for r, _ in given]) == [f for _, f in given], self.seed
        athlete, at = self.rng.choice(every)
        read = self.store.api.get(f"/features/{self.group}/{athlete}", self.store.token, params={"as_of": at})
        assert (read.json()["features"]["bpm"] if read.status_code == 200 else None) == self.replay.answer(athlete, at)[0], (self.seed, read.text)
        return len(given)


@pytest.mark.parametrize("seeds", [range(0, 60), *(soak(range(s, s + 250)) for s in range(1000, 3000, 250))], ids=lambda s: f"from {s[0]}")
def test_every_moment_is_answered_as_a_plain_replay_says_and_as_before(seeds, tmp_path, monkeypatch):
    store = Store(tmp_path, monkeypatch)
    kept = sum(History(store, seed).live() for seed in seeds)
    for each in store.definitions.values():
        assert overlaps(store.db, each["feature_group"], ("athlete_id", "event_timestamp")) == 0
        assert store.db.execute(f"SELECT COUNT(*) FROM {each['feature_group']}_versions WHERE superseded_at <= available_at").fetchone() == (0,)
    assert kept > 5 * len(seeds)
    store.close()
