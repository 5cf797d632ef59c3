"""Athletes to whom things happen at any time: a history, its publication, and then what arrives, changes and goes."""

import json

from helpers.athletes import telling
from helpers.athletes.activities import deletion, epoch, instant, make_activity, make_detail, make_facts, make_laps, put, run, seeded
from helpers.athletes.belief import ROW_KEYS, believed
from helpers.extension import ROOT

GROUPS = ROW_KEYS | {"race_results": ("athlete_id", "activity_id"), "athlete_profile": ("athlete_id",)}
STAGES_ON = ["000_ops_tables", "010_quality_rules", "100_bronze_strava", "110_told", "120_activity_streams", "200_silver_activities", "210_silver_sub_activity",
             "220_silver_race_survey", "230_silver_trainings", "240_silver_races", "250_run_evidence", "270_silver_streams", "300_feature_registry",
             "310_activity_tables", "312_calendar_tables", "314_outlook_tables", "316_run_tables", "400_athlete_profile", "410_activity_features",
             "420_daily_features", "430_rolling_features", "440_weekly_features",
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


def with_definitions(db):
    for definition in sorted((ROOT / "schemas" / "features").glob("*.json")):
        put(db, definition.read_text(), "2023-10-01T00:00:00Z")
    run(db, STAGES_ON)
