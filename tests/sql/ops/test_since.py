"""Stages that look only at the days that may differ leave the file that stages leave that compute all of them again, to the bit:
also when each row was known, and what was believed before."""

import pytest

from helpers.athletes import telling
from helpers.athletes.activities import assert_same, deletion, dump, epoch, instant, make_activity, make_detail, make_laps, new_database, run, seeded
from helpers.athletes.belief import clocked
from helpers.athletes.lives import STAGES_ON, Life, arrive, with_definitions
from helpers.machine.soak import soak
from importers.packed import packed

STAGES = sorted([*STAGES_ON, "415_stream_features", "330_model_tables", "332_time_estimator_tables", "460_similar_runs", "470_training_breaks", "500_time_estimator_rows"])
FOLLOWERS = ["410_activity_features", "420_daily_features", "430_rolling_features", "440_weekly_features", "450_race_results", "460_similar_runs",
             "470_training_breaks", "500_time_estimator_rows"]
SINCE = "date(MIN(since), '-2 days') AS day"
LEFT_OUT = ("ops_runs", "bronze_landings")
STREAM = """REPLACE INTO activity_streams
            VALUES (?1, 'time', ?2, ?3, 'test', ?4, ?5), (?1, 'distance', ?2, ?3, 'test', ?4, ?6), (?1, 'heart_rate', ?2, ?3, 'test', ?4, ?7)"""


class Latest(Life):
    """A life of which most is new at its end: of today, of a day that was left out, in another zone, over midnight, twice."""

    def recent(self, **given):
        self.number += 1
        start = self.now - self.rng.choice([self.rng.randint(0, 7200), self.rng.randint(0, 2 * 86400), self.rng.randint(0, 10 * 86400)]) - 7200
        activity = make_activity(self.rng, self.rng.choice(self.athletes), self.number, 0, start_date=instant(start),
                                 offset=self.rng.choice([-3600 * 12, -18000, 0, 3600 * 14]), workout_type=self.rng.choice([0, 0, 0, 1]), **given)
        activity.pop("start_date_local")
        self.kept[activity["id"]] = activity
        return activity

    def run(self):
        elapsed = self.rng.randint(2400, 9000)
        return self.recent(sport_type="Run", distance=elapsed * self.rng.choice([2.8, 3.2, 3.9]), moving_time=elapsed, elapsed_time=elapsed + 9)

    def raced(self):
        meters, elapsed = self.rng.choice([(5020, 1500), (10040, 3100), (21150, 6800)])
        elapsed = round(elapsed * self.rng.uniform(0.8, 1.2))
        return self.recent(sport_type="Run", distance=float(meters), moving_time=elapsed, elapsed_time=elapsed, max_speed=5.0) | {"workout_type": 1}

    def long(self):
        return self.recent(elapsed_time=self.rng.randint(86400, 4 * 86400))

    def of_last(self, make):
        """Of the last that came."""
        return (lambda: make(self.kept[max(self.kept)])) if self.kept else self.recent

    def edit_last(self, activity):
        self.kept[activity["id"]] = activity = activity | {"distance": activity["distance"] * 1.1, "flagged": self.rng.random() < 0.2}
        return activity

    def delete_last(self, activity):
        self.gone[activity["id"]] = self.kept.pop(activity["id"])
        return deletion(activity["id"])

    def laps_of(self, activity):
        return make_laps(self.rng, activity, self.rng.randint(1, 3))

    def detail_of(self, activity):
        return make_detail(self.rng, activity)

    def twice(self, activity):
        """By another device, which may go on for days."""
        self.number += 1
        self.kept[self.number] = copy = activity | {"id": self.number, "start_date": instant(epoch(activity["start_date"]) + self.rng.choice([0, 30, -600])),
                                                    "elapsed_time": activity["elapsed_time"] + self.rng.choice([0, -60, 300])}
        return copy

    def recorded(self, activity):
        """Its seconds, in a few samples."""
        seconds = list(range(0, 1200, 10))
        channels = packed(seconds, 0, 2), packed([3.1 * s for s in seconds], 1, 2), packed([self.rng.randint(110, 185) for _ in seconds], 0, 1)
        return (STREAM, (str(activity["id"]), str(activity["athlete"]["id"]), f"{self.rng.random()}", instant(self.now), *channels))

    def any_recorded(self):
        return (activity := self.pick(self.kept)) and self.recorded(activity)

    def told(self, activity):
        return telling.of_activity(self.rng, activity, instant(self.now))

    def setting_now(self):
        return ("INSERT OR REPLACE INTO athlete_profile_settings VALUES (?, 'max_hr', ?, ?)",
                (str(self.rng.choice(self.athletes)), instant(self.now - 86400 * self.rng.randint(0, 9))[:10], self.rng.uniform(170, 200)))

    def arrives(self):
        """What does until the stages run again: mostly one thing, which is new."""
        landed = []
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            self.now += self.rng.randint(1, 86400 * self.rng.choice([1, 1, 3, 20]))
            kinds = [self.run] * 12 + [self.recent] * 6 + [self.raced] * 6 + [self.long, self.of_last(self.edit_last), self.of_last(self.delete_last), self.setting_now]
            kinds += [self.of_last(f) for f in (self.laps_of, self.detail_of, self.twice, self.recorded, self.told) for _ in range(3)]
            kinds += [self.rng.choice([self.add, self.again, self.edit, self.delete, self.come_back, self.apart, self.any_recorded, self.laps, self.detail, self.setting, self.tell, self.race,
                                       self.config, self.person])]
            if thing := self.rng.choice(kinds)():
                landed.append((thing, instant(self.now)))
        self.now += self.rng.randint(0, 4000)
        return landed


def looked_at(db):
    """Rows that each stage computed so far."""
    return dict(db.execute("SELECT stage, SUM(rows_out) FROM ops_runs GROUP BY stage"))


def whole(stages):
    """Stages of which each computes all days again."""
    assert SINCE in stages["410_activity_features"]
    return stages | {"410_activity_features": stages["410_activity_features"].replace(SINCE, "NULL AS day")}


def live(seed, steps):
    """What two files are in the end, and what the stages computed in each: one of which looks only at what may differ."""
    life, files = Latest(seed), [new_database(), new_database()]
    rng, began = seeded(seed), []
    history = [(life.add(), instant(life.now)) for _ in range(rng.randint(0, 12))]
    run(files[0], STAGES)
    with_definitions(files[0])
    files[0].execute("UPDATE ops_config SET value = ? WHERE name = 'threshold_lookback_days'", (rng.choice([4, 4, 20, 90]),))  # that far back races are looked at again
    arrive(files[0], history)
    files[0].backup(files[1])
    for step in range(steps):
        landed = life.arrives() if step else []
        names = STAGES if step == steps - 1 or rng.random() < 0.8 else STAGES[:rng.randint(STAGES.index("200_silver_activities"), len(STAGES))]
        clock = clocked(instant(life.now))
        for db, stages in zip(files, [clock, whole(clock)]):
            arrive(db, landed)
            run(db, names, changed=stages)
        if step == 0:
            began = list(map(looked_at, files))
        narrow, wide = (dump(db, leave_out=LEFT_OUT, with_history=True, without=("position",)) for db in files)
        assert_same(narrow, wide)
    found = [{stage: n - began[i].get(stage, 0) for stage, n in looked_at(db).items()} for i, db in enumerate(files)]
    for db in files:
        db.close()
    return found


@pytest.mark.parametrize("seeds", [range(26, 27), soak(range(0, 40)), *(soak(range(s, s + 50)) for s in range(1000, 2000, 50))], ids=lambda s: f"from {s[0]}")
def test_a_life_of_which_each_stage_looks_only_at_what_may_differ_is_that_of_which_all_is_computed_again(seeds):
    narrow, wide = dict.fromkeys(FOLLOWERS, 0), dict.fromkeys(FOLLOWERS, 0)
    for seed in seeds:
        for total, found in zip((narrow, wide), live(seed, steps=8)):
            for stage in FOLLOWERS:
                total[stage] += found[stage]
    assert all(narrow[stage] < wide[stage] for stage in FOLLOWERS), (narrow, wide)
    assert all(narrow[stage] < 0.7 * wide[stage] for stage in FOLLOWERS[:4]), (narrow, wide)


def test_what_belongs_to_an_activity_is_looked_at_from_its_day_on():
    """Its laps, parts, seconds, a second recording, what is told of it, and that it goes with all of them."""
    life, files = Latest(5), [new_database(), new_database()]
    life.athletes = [11]
    history = [(life.add(), instant(life.now)) for _ in range(60)] + [(("INSERT INTO athlete_profile_settings VALUES ('11', 'max_hr', '2023-11-01', 190)", ()), "")]
    last = life.recent(sport_type="Run", distance=9000.0, moving_time=3000, elapsed_time=3009, flagged=False, manual=False) | {"start_date": instant(life.now - 7200)}
    double = last | {"id": last["id"] + 1000, "elapsed_time": 3300}
    apart = ("INSERT INTO athlete_separate_trainings VALUES ('11', ?)", (str(double["id"]),))
    told = [(telling.SETTING, ("11", str(last["id"]), "load_tss", value, instant(life.now))) for value in (88.5, None)]
    steps = [history, [last, make_laps(life.rng, last, 3)], [make_laps(life.rng, last, 3)], [make_detail(life.rng, last)], [told[0]], [told[1]], [life.recorded(last)],
             [double, make_laps(life.rng, double, 20)], [life.recorded(double)], [apart], [deletion(double["id"])], [deletion(last["id"])]]
    run(files[0], STAGES)
    with_definitions(files[0])
    files[0].backup(files[1])
    for step, things in enumerate(steps):
        life.now += 60
        clock = clocked(instant(life.now))
        for db, stages in zip(files, [clock, whole(clock)]):
            arrive(db, [(thing, instant(life.now)) for thing in things] if step else things)
            run(db, STAGES, changed=stages)
        assert_same(*(dump(db, leave_out=LEFT_OUT, with_history=True, without=("position",)) for db in files))
        since, = files[0].execute("SELECT json_extract(position, '$[14]') FROM ops_watermarks WHERE (stage, athlete_id) = ('410_activity_features', '11')").fetchone()
        seen = [db.execute("SELECT rows_out FROM ops_runs WHERE stage = '410_activity_features' ORDER BY run_id DESC LIMIT 1").fetchone()[0] for db in files]
        assert step == 0 or since > instant(life.now - 30 * 86400) and 2 * seen[0] < seen[1], things
    for db in files:
        db.close()
