"""Whatever arrives late, however old it is: an instant that is past gives what the file gave then, in every group and every
training set that was stored."""

import json

import pytest

from helpers import telling
from helpers.activities import deletion, epoch, instant, make_activity, make_detail, make_facts, make_laps, new_database, one, put, run, seeded
from helpers.belief import ROW_KEYS, believed, clocked, overlaps
from helpers.extension import ROOT
from helpers.soak import soak

pytestmark = pytest.mark.unsanitized  # the stages again and again: they run under the sanitizers in the tests beside this

GROUPS = ROW_KEYS | {"race_results": ("athlete_id", "activity_id"), "athlete_profile": ("athlete_id",)}
STAGES_ON = ["000_ops_tables", "100_bronze_strava", "110_told", "200_silver_activities", "210_silver_sub_activity", "220_silver_race_survey",
             "230_silver_trainings", "240_silver_races", "300_feature_registry",
             "310_feature_tables", "400_athlete_profile", "410_activity_features", "420_daily_features", "430_rolling_features", "440_weekly_features",
             "450_race_results"]
NAMES = {"activity_features": ["estimated_tss", "threshold_pace_min_km"], "athlete_daily_features": ["daily_tss", "distance_km"],
         "athlete_rolling_features": ["ctl_42d", "total_distance_28d_km", "history_days"], "athlete_weekly_features": ["weekly_tss", "days"]}
BEGIN = epoch("2023-11-01T00:00:00Z")


class Life:
    """A few athletes: a history, its publication, and then whatever may happen, at any time after it."""

    def __init__(self, seed):
        self.rng = rng = seeded(seed)
        self.athletes = rng.sample([11, 12, 2 ** 60 + 7], rng.randint(1, 2))
        self.kept, self.gone, self.number = {}, {}, 0
        self.now = BEGIN + 86400 * rng.randint(30, 60)

    def pick(self, among):
        return self.rng.choice(list(among.values())) if among else None

    def add(self):
        """Of any day that is over, seldom of the last hours."""
        day = self.rng.choice([self.rng.uniform(0, (self.now - BEGIN) / 86400 - 1), (self.now - BEGIN) / 86400 - self.rng.uniform(1, 1.5)])
        self.number += 1
        activity = make_activity(self.rng, self.rng.choice(self.athletes), self.number, 0, start_date=instant(BEGIN + int(day * 86400)),
                                 workout_type=self.rng.choice([0, 0, 1]), **self.rng.choice([{}, {"sport_type": "Run", "distance": 10050.0, "moving_time": 3000, "elapsed_time": 3010}]))
        activity.pop("start_date_local")
        self.kept[activity["id"]] = activity
        return activity

    def again(self):
        """The same by another device: a bit later or earlier, longer or shorter."""
        if activity := self.pick(self.kept):
            self.number += 1
            elapsed = activity["elapsed_time"] + self.rng.choice([0, -60, 300])
            copy = activity | {"id": self.number, "start_date": instant(epoch(activity["start_date"]) + self.rng.choice([0, -7200, 30, elapsed // 2])),
                               "elapsed_time": elapsed}
            self.kept[copy["id"]] = copy
            return copy

    def apart(self):
        if activity := self.pick(self.kept):
            return ("INSERT OR IGNORE INTO athlete_separate_trainings VALUES (?, ?)", (str(activity["athlete"]["id"]), str(activity["id"])))

    def edit(self):
        if activity := self.pick(self.kept):
            change = self.rng.choice([make_facts(self.rng, activity["sport_type"]), {"sport_type": "Ride"}, {"flagged": True}, {"utc_offset": 7200},
                                      {"elapsed_time": -1}, {"start_date": instant(self.now - self.rng.randint(40000, 40 * 86400))}])
            self.kept[activity["id"]] = activity = activity | change
            return activity

    def delete(self):
        if activity := self.pick(self.kept):
            self.gone[activity["id"]] = self.kept.pop(activity["id"])
            return deletion(activity["id"])

    def come_back(self):
        if activity := self.pick(self.gone):
            self.kept[activity["id"]] = self.gone.pop(activity["id"])
            return activity

    def laps(self):
        return (activity := self.pick(self.kept)) and make_laps(self.rng, activity, self.rng.randint(1, 3))

    def detail(self):
        return (activity := self.pick(self.kept)) and make_detail(self.rng, activity)

    def person(self):
        return {"id": self.rng.choice(self.athletes), "firstname": "A", "sex": self.rng.choice(["M", "F"]), "birthdate": f"{self.rng.randint(1950, 2005)}-01-01"}

    def setting(self):
        name, low, high = self.rng.choice([("max_hr", 170, 200), ("threshold_pace_min_km", 4, 6)])
        return ("INSERT OR REPLACE INTO athlete_profile_settings VALUES (?, ?, ?, ?)",
                (str(self.rng.choice(self.athletes)), name, f"2023-11-{self.rng.randint(10, 30)}", self.rng.uniform(low, high)))

    def config(self):
        return ("UPDATE ops_config SET value = ? WHERE name = ?",
                self.rng.choice([(6.1, "default_threshold_pace"), (1, "max_hr_repeats"), (instant(self.now)[:10], "as_of_date"), (20, "threshold_lookback_days")]))

    def rule(self):
        return ("UPDATE silver_rules SET severity = 'reject' WHERE rule = 'not_flagged'", ())

    def tell(self):
        if activity := self.pick(self.kept):
            return telling.of_activity(self.rng, activity, instant(self.now))

    def race(self):
        day = instant(self.now - 86400 * self.rng.randint(1, 30))[:10]
        return telling.of_day(self.rng, self.rng.choice(self.athletes), day, instant(self.now))

    def next(self):
        """What arrives until the stages run again: (thing, received_at)."""
        kinds = [self.add] * 8 + [self.again] * 3 + [self.apart] + [self.edit] * 4 + [self.delete] * 3 + [self.tell] * 5 + [self.race] * 3
        kinds += [self.come_back, self.laps, self.detail, self.person, self.setting, self.config, self.rule]
        landed = []
        for _ in range(self.rng.randint(1, 4)):
            self.now += self.rng.randint(1, 86400 * self.rng.choice([1, 1, 9]))
            if thing := self.rng.choice(kinds)():
                landed.append((thing, instant(self.now)))
        self.now += self.rng.randint(0, 4000)
        return landed


def arrive(db, landed):
    for thing, at in landed:
        if isinstance(thing, tuple):
            db.execute(*thing)
        else:
            put(db, thing, at)


def training_set(db, spec):
    db.execute(f"CREATE VIRTUAL TABLE temp.made USING training_set('{spec}')")
    found = list(map(repr, db.execute("SELECT * FROM temp.made")))
    db.execute("DROP TABLE temp.made")
    return found


def specification(rng, athletes, now):
    """Labels at random instants until now, with lookups of every group that has a time."""
    moments = ", ".join(f"(''{rng.choice(athletes)}'', ''{instant(rng.randint(BEGIN, now))}'')" for _ in range(6))
    lookups = [{"group": g, "features": names, "prefix": f"{g}_"} for g, names in NAMES.items()]
    return json.dumps({"labels": f"SELECT column1 AS athlete_id, column2 AS at FROM (VALUES {moments})", "as_of": "at", "lookups": lookups})


def seen(db, t):
    return {g: believed(db, g, t, keys) for g, keys in GROUPS.items()}


@pytest.mark.parametrize("seeds", [range(0, 12), range(12, 24), *(soak(range(s, s + 50)) for s in range(1000, 3000, 50))], ids=lambda s: f"from {s[0]}")
def test_a_past_instant_gives_what_the_file_gave_then_whatever_arrives_late(seeds):
    for seed in seeds:
        life, db, copies, sets = Life(seed), new_database(), {}, []
        rng = seeded(seed)
        run(db, STAGES_ON)
        with_definitions(db)
        arrive(db, [(life.add(), instant(life.now)) for _ in range(rng.randint(5, 12))])
        for step in range(rng.randint(2, 5)):
            if step:
                until = life.now
                landed = life.next()
                first = epoch(landed[0][1]) if landed else life.now
                for t in {until, rng.randint(until, max(until, first - 1))}:  # until something arrived
                    copies[instant(t)] = (seed, step, seen(db, instant(t)))
                arrive(db, landed)
            run(db, STAGES_ON, changed=clocked(instant(life.now)))
            for t in (rng.randint(BEGIN, life.now) for _ in range(3)):
                copies.setdefault(instant(t), (seed, step, seen(db, instant(t))))
            spec = specification(rng, life.athletes, life.now)
            sets.append((spec, training_set(db, spec)))
        for t, (_, step, copy) in copies.items():
            after = seen(db, t)
            for group in GROUPS:
                assert after[group] == copy[group], (seed, step, t, group)
        for spec, made in sets:
            assert training_set(db, spec) == made, seed
        for group, keys in GROUPS.items():
            assert overlaps(db, group, keys) == 0, (seed, group)
            assert one(db, f"SELECT COUNT(*) FROM {group}_versions WHERE superseded_at <= available_at") == 0, (seed, group)
        db.close()


def with_definitions(db):
    for definition in sorted((ROOT / "schemas" / "features").glob("*.json")):
        put(db, definition.read_text(), "2023-10-01T00:00:00Z")
    run(db, STAGES_ON)


def activities(n):
    rng = seeded(n)
    return [make_activity(rng, 7, i + 1, i) for i in range(n)]


def published(*files, arrivals=None):
    db = new_database()
    run(db, STAGES_ON)
    with_definitions(db)
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (arrivals,))
    for i, file in enumerate(files):
        put(db, file, f"2025-12-0{i + 1}T00:00:00Z")
        run(db, ["100_bronze_strava"])
    run(db, STAGES_ON)
    return db


def test_files_of_one_history_may_come_in_any_order_before_the_first_publication():
    whole = activities(40)
    parts = [whole[20:], whole[:7], whole[7:20]]
    now = "2025-12-24T00:00:00Z"
    one_file, several = published(whole), published(*parts)
    assert {g: believed(several, g, now, keys) for g, keys in GROUPS.items()} == {g: believed(one_file, g, now, keys) for g, keys in GROUPS.items()}
    assert one(several, "SELECT MAX(available_at) FROM athlete_rolling_features") < "2024"


def test_the_choice_can_be_told_and_stands_in_the_audit():
    live = published(activities(10), arrivals="live")
    assert one(live, "SELECT MIN(available_at) FROM activity_features") == "2025-12-01T00:00:00Z"
    assert json.loads(one(live, "SELECT detail FROM ops_audit WHERE action = 'arrive'")) == {"known": "live", "decided_by": "ops_config", "activities": 10}
    default = published(activities(10))
    late = make_activity(seeded(1), 7, 99, 3, sport_type="Run", distance=9000.0, moving_time=3000, elapsed_time=3000)
    put(default, late, "2026-01-05T00:00:00Z")
    run(default, STAGES_ON)
    told = [json.loads(d)["known"] for (d,) in default.execute("SELECT detail FROM ops_audit WHERE action = 'arrive' ORDER BY audit_id")]
    assert told == ["history", "live"]
    assert one(default, "SELECT available_at FROM activity_features WHERE activity_id = '99'") == "2026-01-05T00:00:00Z"
