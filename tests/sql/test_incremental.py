"""Whatever arrives in whatever order, the database is the one that would have been computed from nothing, but for when it came
to know of it, of which test_late_arrivals.py tells."""

import pytest

from helpers.athletes.activities import (BRONZE, FEATURES, STAGES, assert_same, deletion, dump, epoch, instant, make_activity, make_detail, make_facts, make_history,
                                make_laps, new_database, pipeline, put, run, runner_objects, seeded, table_names)
from helpers.machine.soak import sized, soak


WHEN = {"without": ("available_at", "position"),
        "leave_out": ("ops_runs", "bronze_landings", "ops_published", "ops_audit", "silver_arrivals", "silver_corrections")}
SILVER_ON = [s for s in STAGES if s not in BRONZE]


class Sequence:
    """A random life of one to three athletes: what arrives (with its time), and what the user sets meanwhile."""

    def __init__(self, seed):
        self.rng = rng = seeded(seed)
        self.athletes = rng.sample([11, 12, 2 ** 60 + 7], rng.randint(1, 3))
        self.activities, self.deleted, self.clock, self.next_id = {}, {}, epoch("2024-03-01T00:00:00Z"), 1
        self.events = []
        for athlete in self.athletes:
            for _ in range(rng.randint(15, 40)):
                self.events.append((self.add, athlete))
            self.events += [(self.recorded_twice, athlete)] * rng.randint(0, 6) + [(self.apart, athlete)] * rng.randint(0, 1)
            self.events += [(self.edit, athlete)] * rng.randint(0, 6) + [(self.delete, athlete)] * rng.randint(0, 4)
            self.events += [(self.laps, athlete)] * rng.randint(0, 3) + [(self.detail, athlete)] * rng.randint(0, 3)
            self.events += [(self.come_back, athlete)] * rng.randint(0, 2) + [(self.again, athlete)] * rng.randint(0, 3)
            self.events += [(self.setting, athlete)] * rng.randint(0, 2) + [(self.person, athlete)] * rng.randint(0, 2)
        self.events += [(self.garbage, None)] * rng.randint(0, 2) + [(self.config, None)] * rng.randint(0, 1) + [(self.rule, None)] * rng.randint(0, 1)
        rng.shuffle(self.events)

    def pick(self, athlete, among=None):
        mine = [a for a in (self.activities if among is None else among).values() if a["athlete"]["id"] == athlete]
        return self.rng.choice(mine) if mine else None

    def add(self, athlete):
        day = self.rng.randint(0, 75)
        activity = make_activity(self.rng, athlete, self.next_id + self.rng.choice([0, 2 ** 63]), day)
        self.next_id += 1
        self.activities[activity["id"]] = activity
        return activity

    def recorded_twice(self, athlete):
        if activity := self.pick(athlete):
            start = epoch(activity["start_date"]) + self.rng.choice([-3600, -20, 0, 20, activity["elapsed_time"] // 2])
            copy = activity | {"id": self.next_id + self.rng.choice([0, 2 ** 63]), "start_date": instant(start)}
            self.next_id += 1
            self.activities[copy["id"]] = copy
            return copy

    def apart(self, athlete):
        if activity := self.pick(athlete):
            return (f"INSERT OR IGNORE INTO athlete_separate_trainings VALUES ('{athlete}', '{activity['id']}')",)

    def edit(self, athlete):
        if activity := self.pick(athlete):
            change = self.rng.choice([
                make_facts(self.rng, activity["sport_type"]), {"name": "renamed"}, {"sport_type": "Ride"}, {"flagged": True}, {"utc_offset": 7200},
                {"elapsed_time": -1}, {"distance": 1e6, "sport_type": "Run"}, {"average_heartrate": 240.0},
                {"start_date": instant(epoch("2023-11-01T00:00:00Z") + self.rng.randint(0, 75 * 86400))}])
            self.activities[activity["id"]] = activity = activity | change
            return activity

    def delete(self, athlete):
        if activity := self.pick(athlete):
            self.deleted[activity["id"]] = self.activities.pop(activity["id"])
            return deletion(activity["id"])

    def come_back(self, athlete):
        if activity := self.pick(athlete, self.deleted):
            self.activities[activity["id"]] = self.deleted.pop(activity["id"])
            return activity

    def again(self, athlete):
        return self.pick(athlete)

    def laps(self, athlete):
        if activity := self.pick(athlete):
            return make_laps(self.rng, activity, self.rng.randint(1, 4))

    def detail(self, athlete):
        if activity := self.pick(athlete):
            return make_detail(self.rng, activity)

    def person(self, athlete):
        born = {"birthdate": f"{self.rng.randint(1950, 2005)}-01-01"} if self.rng.random() < 0.7 else {}
        return {"id": athlete, "firstname": "A", "sex": self.rng.choice(["M", "F", None])} | born

    def garbage(self, _):
        return self.rng.choice(['{"id": 5, "sport_type": "Run", ', '{"id": 007}', '{"hello": "world"}', '{"message": "Rate Limit Exceeded", "errors": []}'])

    def setting(self, athlete):
        name, low, high = self.rng.choice([("max_hr", 170, 200), ("threshold_pace_min_km", 4, 6), ("resting_hr", 40, 60), ("threshold_hr", 150, 168)])
        return (f"INSERT OR REPLACE INTO athlete_profile_settings VALUES ('{athlete}', '{name}', '2023-12-{self.rng.randint(10, 31)}', "
                f"{self.rng.uniform(low, high)})",)

    def config(self, _):
        name, value = self.rng.choice([("default_threshold_pace", 6.1), ("max_hr_repeats", 1), ("acwr_risk_threshold", 1.1), ("as_of_date", "'2024-02-20'"),
                                       ("threshold_lookback_days", 20)])
        return (f"UPDATE ops_config SET value = {value} WHERE name = '{name}'",)

    def rule(self, _):
        return self.rng.choice([
            ("UPDATE silver_rules SET severity = 'reject' WHERE rule = 'not_flagged'",),
            ("UPDATE silver_rules SET predicate = 'avg_hr < 150' WHERE rule = 'average_heart_rate_is_human'",),
            ("INSERT INTO silver_rules VALUES ('silver_strava_activities', 'no_evening', 'reject', 'local_start_time NOT LIKE ''%T22%''', 'too late')",)])

    def batches(self):
        """Lists of (body or statement, received_at)."""
        events = list(self.events)
        while events:
            size = self.rng.choice([1, 10, 40, 80, 150])
            batch = []
            for make, athlete in events[:size]:
                self.clock += self.rng.randint(0, 40000)
                if (thing := make(athlete)) is not None:
                    batch.append((thing, instant(self.clock)))
            del events[:size]
            yield batch


def arrive(db, batch):
    for thing, received_at in batch:
        if isinstance(thing, tuple):
            db.execute(thing[0])
        else:
            put(db, thing, received_at)


def from_nothing(batches):
    db = new_database()
    run(db)
    for batch in batches:
        arrive(db, batch)
    run(db)
    return db


@pytest.mark.parametrize("tens", [0, *(soak(tens) for tens in range(1, 20))])
def test_two_hundred_random_sequences_end_where_computing_from_nothing_ends(tens):
    for seed in range(10 * tens, 10 * tens + sized(5, 10)):
        db, seen = new_database(), []
        run(db)
        for batch in Sequence(seed).batches():
            arrive(db, batch)
            run(db)
            seen.append(batch)
        fresh = from_nothing(seen)
        assert_same(dump(db, **WHEN), dump(fresh, **WHEN))
        assert db.execute("SELECT COUNT(*) FROM athlete_rolling_features").fetchone()[0] > 0
        db.close()
        fresh.close()


def count_writes(db):
    """Counts rows written from now on, by table and athlete ('' where a table has none)."""
    db.execute("CREATE TEMP TABLE written (table_name, athlete_id, n, PRIMARY KEY (table_name, athlete_id))")
    for table in table_names(db):
        if table == "ops_runs":
            continue
        columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
            who = f"{row}.athlete_id" if "athlete_id" in columns else "''"
            db.execute(f"CREATE TEMP TRIGGER count_{table}_{event} AFTER {event} ON main.{table} BEGIN "
                       f"INSERT INTO written VALUES ('{table}', {who}, 1) ON CONFLICT DO UPDATE SET n = n + 1; END")


def written(db):
    return {(t, a): n for t, a, n in db.execute("SELECT * FROM written")}


def test_running_every_stage_again_writes_nothing_but_the_run_log():
    db = pipeline(*runner_objects())
    before = dump(db, with_history=True)
    count_writes(db)
    run(db)
    assert written(db) == {}
    for name in STAGES:
        run(db, [name])
    assert written(db) == {}
    assert_same(before, dump(db, with_history=True))


def test_the_same_files_again_write_nothing_but_the_inbox():
    db = pipeline(*runner_objects())
    before = dump(db, with_history=True)
    count_writes(db)
    for body in runner_objects():
        put(db, body)
    run(db)
    assert {t for t, _ in written(db)} == {"bronze_inbox"}
    assert_same(before, dump(db, with_history=True))


@pytest.mark.parametrize("what", ["add", "edit", "delete", "laps", "setting"])
def test_a_change_of_one_athlete_touches_no_row_of_another(what):
    rng = seeded(3)
    mine, theirs = make_history(rng, 1, 30, 60), make_history(rng, 2, 30, 60, first_number=100)
    db = pipeline(mine + theirs)
    count_writes(db)
    if what == "setting":
        db.execute("INSERT INTO athlete_profile_settings VALUES ('1', 'threshold_pace_min_km', '2023-11-05', 4.9)")
    else:
        run_of_mine = next(a for a in mine if a["sport_type"] == "Run")
        put(db, {"add": make_activity(rng, 1, 999, 30, sport_type="Run", distance=9000.0, moving_time=3000, elapsed_time=3000),
                 "edit": run_of_mine | {"distance": 7000.0, "moving_time": 2400, "elapsed_time": 2400}, "delete": deletion(run_of_mine["id"]),
                 "laps": make_laps(rng, mine[3], 3)}[what])
    run(db)
    assert {a for t, a in written(db)} <= {"1", ""}
    assert any((t, "1") in written(db) for t in FEATURES) or what == "laps"


def test_an_activity_added_at_the_end_rewrites_only_what_depends_on_it():
    rng = seeded(4)
    history = [make_activity(rng, 1, i + 1, i) for i in range(60)]
    db = pipeline(history[:-1])
    count_writes(db)
    put(db, history[-1])
    run(db)
    touched = written(db)
    assert touched[("activity_features", "1")] == 1
    assert touched[("athlete_daily_features", "1")] <= 2
    assert touched[("athlete_rolling_features", "1")] <= 3
    assert touched[("silver_strava_activities", "1")] == 1
