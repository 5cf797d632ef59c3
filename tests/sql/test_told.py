"""What athletes tell holds, in whatever order it is told, imported, imported again and taken back; and it holds of them alone."""

import math
import sqlite3

import pytest

from helpers.athletes import telling
from helpers.athletes.activities import assert_same, dump, epoch, instant, make_activity, make_detail, new_database, one, put, rows, run, seeded
from helpers.machine.soak import sized, soak
from helpers.stages import STAGES

from .test_fitness_evidence import run_of, training
from .test_incremental import count_writes, written


TO_RACES = [name for name in STAGES if name < "490"]
TO_EVIDENCE = [name for name in STAGES if name < "510"]
NOW = "2026-01-01T00:00:00Z"
# When it came to be known depends on the order; what was taken back leaves rows behind.
WHEN = {"without": ("available_at", "position", "told_id", "told_at", "bronze_id", "n_versions", "event_timestamp"),
        "leave_out": ("ops_runs", "bronze_landings", "ops_published", "ops_audit", "silver_arrivals", "silver_corrections", "ops_watermarks", "bronze_inbox",
                      "bronze_strava_activities", "bronze_strava_sub_activity", "athlete_activity_settings", "athlete_races")}


def history(rng, athlete, first):
    """Runs, rides with and without a meter, races with and without a tag, of which some have laps and efforts of their own."""
    found, slots = [], rng.sample([(day, hour) for day in range(25) for hour in (5, 15)], rng.randint(12, 20))
    for i, (day, hour) in enumerate(slots):  # often two a day, and never two at once
        start = epoch("2023-11-05T00:00:00Z") + 86400 * day + 3600 * hour + rng.randint(0, 7200)
        a = make_activity(rng, athlete, first + i, 0, offset=3600, start_date=instant(start), start_date_local=instant(start + 3600))
        a |= rng.choice([{}, {}, {"sport_type": "Run", "distance": rng.choice([5010.0, 10050.0, 14500.0]), "moving_time": 2990, "elapsed_time": 3000},
                         {"sport_type": "Ride", "distance": 30000.0, "moving_time": 3600, "elapsed_time": 3700, "device_watts": rng.choice([True, False]),
                          "average_watts": rng.choice([150.5, None, 3000]), "weighted_average_watts": rng.choice([180, None, -4])}])
        if a["sport_type"] == "Run" and a["moving_time"] == 2990:
            a["workout_type"] = rng.choice([0, 1])
        if rng.random() < 0.4:
            for field in ("average_heartrate", "max_heartrate"):
                a.pop(field, None)
        found.append(make_detail(rng, a) if rng.random() < 0.2 else a)
    return found


class Telling:
    """One or two athletes, and what they tell; `said` is the last word on each thing."""

    def __init__(self, seed):
        self.rng = rng = seeded(f"telling {seed}")
        self.athletes = rng.sample([11, 12, 2 ** 60 + 7], rng.randint(1, 2))
        self.activities = {a["id"]: a for i, athlete in enumerate(self.athletes) for a in history(rng, athlete, 1 + 100 * i)}
        self.said, self.races = {}, {}

    def word(self):
        if self.rng.random() < 0.75:
            statement, row = telling.of_activity(self.rng, self.rng.choice(list(self.activities.values())), NOW)
            self.said[row[1], row[2]] = row[3]
        else:
            activity = self.rng.choice(list(self.activities.values()))  # often of a day with a run
            day = instant(self.epoch(activity))[:10]
            statement, row = telling.of_day(self.rng, activity["athlete"]["id"], day, NOW)
            self.races[row[:3]] = row[3]
        return statement, row

    @staticmethod
    def epoch(activity):
        return epoch(activity["start_date"]) + 3600

    def last_words(self):
        """In another order, and without what was taken back."""
        words = [(telling.SETTING, (self.owner(a), a, setting, value, NOW)) for (a, setting), value in self.said.items() if value is not None]
        words += [(telling.RACE, (*key, seconds, NOW)) for key, seconds in self.races.items() if seconds is not None]
        self.rng.shuffle(words)
        return words

    def owner(self, activity):
        return str(self.activities[int(activity)]["athlete"]["id"])

    def value(self, activity, setting):
        return self.said.get((str(activity), setting))


def lived(life):
    """Told, imported and imported again in random parts, with the stages between; some words come before what they speak of."""
    db, rng = new_database(), life.rng
    run(db, TO_RACES)
    for _ in range(2):
        for athlete in life.athletes:
            db.execute("INSERT OR REPLACE INTO athlete_profile_settings VALUES (?, 'ftp_w', '2023-11-20', ?)", (str(athlete), 240))
    waiting = list(life.activities.values())
    rng.shuffle(waiting)
    while waiting:
        n = rng.randint(3, 25)
        put(db, waiting[:n])
        del waiting[:n]
        if rng.random() < 0.5:
            put(db, rng.sample(list(life.activities.values()), 2) if not waiting else [rng.choice(list(life.activities.values()))])
        for _ in range(rng.randint(0, 12)):
            db.execute(*life.word())
        run(db, TO_RACES)
    put(db, list(life.activities.values()))  # all of it once more
    run(db, TO_RACES)
    return db


def told_at_once(life):
    db = new_database()
    run(db, TO_RACES)
    for athlete in life.athletes:
        db.execute("INSERT INTO athlete_profile_settings VALUES (?, 'ftp_w', '2023-11-20', ?)", (str(athlete), 240))
    for statement, row in life.last_words():
        db.execute(statement, row)
    put(db, list(life.activities.values()))
    run(db, TO_RACES)
    return db


@pytest.mark.parametrize("eights", [0, *map(soak, range(1, 3))])
def test_random_orders_of_telling_importing_and_taking_back_end_where_telling_once_ends(eights):
    for seed in range(8 * eights, 8 * eights + sized(4, 8)):
        life = Telling(seed)
        db = lived(life)
        fresh = told_at_once(life)
        assert_same(dump(db, **WHEN), dump(fresh, **WHEN))
        fresh.close()
        check(life, db)
        db.close()


def check(life, db):
    """The features against what was told, by formulas of our own."""
    gone = {str(a) for a in life.activities if life.value(a, "is_mine") == 0}
    assert gone == {a for a, in db.execute("SELECT activity_id FROM silver_rejects WHERE rule = 'is_mine'")}
    features = {r["activity_id"]: r for r in rows(db, "SELECT f.*, a.avg_power_w, a.weighted_power_w FROM activity_features AS f"
                                                      " JOIN silver_strava_activities AS a USING (athlete_id, activity_id)")}
    rejected = {a for a, in db.execute("SELECT DISTINCT activity_id FROM silver_rejects WHERE table_name = 'silver_strava_activities' AND severity = 'reject'")}
    assert features.keys() == {str(a) for a in life.activities} - rejected
    assert one(db, "SELECT COUNT(*) FROM silver_strava_sub_activity WHERE activity_id NOT IN (SELECT activity_id FROM silver_strava_activities)") == 0
    for activity, f in features.items():
        source, load = load_of(life, life.activities[int(activity)], f)
        assert f["load_source"] == source, (activity, f)
        if load is not None:
            assert math.isclose(f["estimated_tss"], load, rel_tol=1e-12), (activity, f)
    found = {(r["athlete_id"], r["activity_id"]): r for r in rows(db, "SELECT * FROM silver_races")}
    assert found.keys() == races(life, rejected)
    for r in rows(db, "SELECT r.*, s.official_s, s.official_m FROM race_results AS r JOIN silver_races AS s USING (athlete_id, activity_id)"):
        if r["official_m"] is not None:
            assert math.isclose(telling.DISTANCES[r["distance_class"]], r["official_m"], rel_tol=1e-3)
        assert (r["source"] == "told") == (r["official_s"] is not None) and (r["official_s"] is None or r["seconds"] == r["official_s"])
    results, refused = one(db, "SELECT COUNT(*) FROM race_results"), one(db, "SELECT COUNT(*) FROM race_rejects")
    assert results + refused == len(found)


def load_of(life, a, f):
    """The source of the load, and the load where it is not from pace or heart rate."""
    told, rpe, hours = life.value(a["id"], "load_tss"), life.value(a["id"], "rpe"), f["moving_time_min"] / 60
    if told is not None:
        return "told", told
    if f["is_run"] and f["pace_min_km"] is not None:
        return "pace", None
    watts = a.get("weighted_average_watts") if 0 <= (a.get("weighted_average_watts") or -1) <= 2000 else a.get("average_watts")
    if a.get("device_watts") and a["sport_type"] == "Ride" and watts is not None and 0 < watts <= 2000 and f["activity_date"] >= "2023-11-20":
        return "power", hours * (watts / 240) ** 2 * 100
    if f["load_source"] == "heart_rate":  # which the features tests compute
        assert f["avg_hr"] is not None
        return "heart_rate", None
    if rpe is None:
        return None, None
    points = [0, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140]
    below = min(int(rpe), 9)
    return "rpe", hours * (points[below] + (rpe - below) * (points[below + 1] - points[below]))


def races(life, rejected):
    """Keys of the races there should be: a told one is the run of its day that is nearest to its distance."""
    runs = [a for a in life.activities.values() if str(a["id"]) not in rejected and a["sport_type"] in ("Run", "TrailRun", "VirtualRun")
            and life.value(a["id"], "is_race") != 0]
    claimed = {a["id"] for a in runs if a.get("workout_type") == 1 or any(life.value(a["id"], s) is not None for s in ("is_race", "official_m", "official_s"))}
    tagged = {a["id"] for a in runs if a.get("workout_type") == 1 or life.value(a["id"], "is_race") == 1}
    nearest, by_run = {}, {}
    for key in (k for k, seconds in life.races.items() if seconds is not None):
        athlete, day, distance = key
        near = sorted((a["distance"] > 1.1 * distance, abs(a["distance"] - distance), str(a["id"])) for a in runs
                      if str(a["athlete"]["id"]) == athlete and instant(life.epoch(a))[:10] == day
                      and a["distance"] >= 0.95 * distance and (a["distance"] <= 1.1 * distance or a["id"] in tagged))
        if near:
            nearest[key] = near[0][2]
        for long, gap, activity in near:
            by_run.setdefault(activity, []).append((long, gap, distance, key))
    attached = {activity: min(found)[3] for activity, found in by_run.items()}
    taken = {key: activity for key, activity in nearest.items() if attached[activity] == key}
    keys = {(str(a["athlete"]["id"]), str(a["id"])) for a in runs if a["id"] in claimed or str(a["id"]) in taken.values()}
    alone = [k for k, seconds in life.races.items() if seconds is not None and k not in taken]
    return keys | {(athlete, f"race {day} {float(distance)}") for athlete, day, distance in alone}


@pytest.mark.parametrize("what", ["setting", "race", "name"])
def test_what_one_athlete_tells_touches_no_row_of_another(what):
    rng = seeded(what)
    mine, theirs = history(rng, 1, 1), history(rng, 2, 101)
    db = new_database()
    run(db, TO_RACES)
    put(db, mine + theirs)
    run(db, TO_RACES)
    count_writes(db)
    runner = next(a for a in mine if a["sport_type"] == "Run")
    db.execute({"setting": "INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('1', ?, 'is_mine', 0)",
                "race": "INSERT INTO athlete_races (athlete_id, race_date, distance_m, seconds) VALUES ('1', substr(?, 1, 0) || '2024-01-05', 10000, 2700)",
                "name": "INSERT INTO athlete_names (athlete_id, name) VALUES ('1', 'Ann ' || ?)"}[what], (str(runner["id"]),))
    run(db, TO_RACES)
    assert {a for _, a in written(db)} <= {"1", ""}
    assert ("activity_features", "1") in written(db) or what != "setting"
    assert ("race_results", "1") in written(db) or what != "race"
    before = dump(db, with_history=True)
    run(db, TO_RACES)
    assert_same(before, dump(db, with_history=True))


def test_a_race_that_was_told_moves_the_threshold_and_what_is_known_of_races_and_taking_it_back_moves_them_back():
    rng = seeded("a race of one's own")
    db = new_database()
    run(db, TO_EVIDENCE)
    put(db, training(rng, 5, 2.8, n=40))
    run(db, TO_EVIDENCE)
    day = one(db, "SELECT date(MAX(local_date), '-3 days') FROM silver_strava_activities")
    threshold = "SELECT threshold_pace_min_km FROM activity_features ORDER BY event_timestamp DESC LIMIT 1"
    evidence = "SELECT DISTINCT evidence FROM time_estimator_rows WHERE source = 'today'"
    today = "SELECT base_ln_s FROM time_estimator_rows WHERE source = 'today' AND distance_class = '10k'"
    before = one(db, threshold), one(db, evidence), one(db, today)
    tell = "INSERT INTO athlete_races (athlete_id, race_date, distance_m, seconds) VALUES ('5', ?, ?, ?)"
    seconds = 10000 / (2.8 * 1.25)
    db.execute(tell, (day, 10000, seconds))
    run(db, TO_EVIDENCE)
    assert one(db, threshold) < 0.97 * before[0]
    assert (one(db, evidence), before[1]) == ("race", "training_run")
    assert one(db, today) < before[2] - 0.03
    db.execute(tell, (day, 10000, None))
    run(db, TO_EVIDENCE)
    assert (one(db, threshold), one(db, evidence), one(db, today)) == before


def test_a_jogged_race_that_is_excluded_is_no_result_and_a_run_as_any_other():
    rng = seeded("jogged")
    jog = run_of(rng, 6, 1, 70, 2.2, workout_type=1) | {"distance": 10020.0, "moving_time": 4500, "elapsed_time": 4520}
    db = new_database()
    run(db, TO_EVIDENCE)
    put(db, [*training(rng, 6, 3.0, n=30), jog])
    run(db, TO_EVIDENCE)
    assert one(db, "SELECT activity_id, distance_class, seconds FROM race_results") == ("1", "10k", 4520)
    db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('6', '1', 'is_race', 0)")
    run(db, TO_EVIDENCE)
    assert one(db, "SELECT COUNT(*) FROM race_results") == 0 and one(db, "SELECT standing FROM run_evidence WHERE activity_id = '1'") == 1
    assert one(db, "SELECT COUNT(*) FROM race_candidates WHERE activity_id = '1'") == 0
    put(db, jog | {"name": "uploaded once more"})
    run(db, TO_EVIDENCE)
    assert one(db, "SELECT COUNT(*) FROM race_results") == 0


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_the_fastest_long_enough_run_of_a_season_near_an_official_distance_is_asked_about_until_it_is_told(seed):
    rng = seeded(f"season {seed}")
    found = [run_of(rng, 8, i, day, rng.uniform(2.4, 3.6), workout_type=rng.choice([0, 0, 0, 1])) for i, day in enumerate(rng.sample(range(300), 80))]
    for a in found[::2]:
        a["distance"] = rng.choice([4950.0, 4949.0, 5150.0, 5151.0, 10000.0, 10299.0, 21200.0])
        a["moving_time"] = a["elapsed_time"] = round(a["distance"] / rng.uniform(2.6, 4.0))
    db = new_database()
    run(db, TO_RACES)
    put(db, found)
    run(db, TO_RACES)
    asked = sorted(db.execute("SELECT activity_id, distance_class FROM race_candidates"))
    expected = []
    for a in found:
        for name, metres in telling.DISTANCES.items():
            season = [o for o in found if abs(day(o) - day(a)) <= 91 and o["distance"] >= 0.99 * metres]
            if 0.99 * metres <= a["distance"] <= 1.03 * metres and a["workout_type"] == 0 and a is max(season, key=lambda o: o["distance"] / o["elapsed_time"]):
                expected.append((str(a["id"]), name))
    assert asked == sorted(expected) and len(asked) > 0
    for activity, _ in asked:
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('8', ?, 'is_race', ?)", (activity, rng.choice([0, 1])))
    run(db, TO_RACES)
    assert not {a for a, _ in asked} & {a for a, in db.execute("SELECT activity_id FROM race_candidates")}


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 6))])
def test_a_race_within_a_longer_run_is_asked_about_by_its_distance_and_time(seed):
    """A half in 22.5 km, and others: with a way there and back that is slower. A long run at one pace has efforts, too, and asks nothing."""
    rng = seeded(f"within {seed}")
    name, metres = rng.choice([("10k", 10000.0), ("21k", 21097.5), ("5k", 5000.0)])
    effort = {"10k": "10K", "21k": "Half-Marathon", "5k": "5K"}[name]
    seconds, around = round(metres / rng.uniform(3.4, 4.2)), rng.choice([1400.0, 2500.0])
    as_lap = rng.random() < 0.5

    def long_run(number, day, part_s, rest_s):
        a = run_of(rng, 8, number, day, 3.0, minutes=60) | {"distance": metres + around, "moving_time": part_s + rest_s, "elapsed_time": part_s + rest_s, "resource_state": 3}
        part = {"distance": metres * (rng.uniform(0.991, 1.029) if as_lap else 1), "moving_time": part_s, "elapsed_time": part_s}
        return a | ({"laps": [{"id": 10 * number, "lap_index": 1, **part}]} if as_lap else {"best_efforts": [{"id": 10 * number, "name": effort, **part}]})

    raced = long_run(500, 150, seconds, round(around / 2.4))
    steady = long_run(501, 160, round(1.2 * seconds), round(around / (metres / (1.2 * seconds))))
    slower = long_run(502, 170, round(1.1 * seconds), round(around / 2.0))
    db = new_database()
    run(db, TO_RACES)
    put(db, [raced, steady, slower, *training(rng, 8, 2.4, n=20)])
    run(db, TO_RACES)
    within = "SELECT activity_id, distance_class, elapsed_s FROM race_candidates WHERE activity_id IN ('500', '501', '502')"
    assert db.execute(within).fetchall() == [("500", name, seconds)]
    db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('8', '500', 'official_m', ?), ('8', '500', 'official_s', ?)", (metres, seconds))
    run(db, TO_RACES)
    assert db.execute(within).fetchall() == [] and db.execute("SELECT distance_class, seconds FROM race_results").fetchall() == [(name, seconds)]
    db.execute("DELETE FROM athlete_activity_settings")
    put(db, long_run(503, 120, round(0.97 * seconds), round(around / (metres / (0.97 * seconds)))))  # faster, but at one pace: a longer race, perhaps
    run(db, TO_RACES)
    assert ("500", name, seconds) not in db.execute(within).fetchall()


def test_what_is_told_of_a_recording_that_does_not_count_is_told_of_its_training():
    rng = seeded("two devices")
    watch = run_of(rng, 9, 1, 1, 3.0, minutes=60) | {"sport_type": "WeightTraining", "distance": 0.0}
    phone = watch | {"id": 2, "elapsed_time": 3500, "moving_time": 3500}
    db = new_database()
    run(db, TO_RACES)
    put(db, [watch, phone])
    run(db, TO_RACES)
    assert db.execute("SELECT activity_id, load_source FROM activity_features").fetchall() == [("1", None)]
    for activity, rpe in (("1", 3), ("2", 7)):
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('9', ?, 'rpe', ?)", (activity, rpe))
        run(db, TO_RACES)
    told = "SELECT activity_id, load_source, estimated_tss FROM activity_features"
    assert one(db, told)[:2] == ("1", "rpe") and one(db, told)[2] in (40, 80)
    db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('9', '1', 'is_mine', 0)")
    run(db, TO_RACES)
    assert one(db, told)[:2] == ("2", "rpe") and math.isclose(one(db, told)[2], 80 * 3500 / 3600)


def day(activity):
    return Telling.epoch(activity) // 86400


SENTENCES = [
    ("athlete_activity_settings", {"setting": "rpe", "value": 11}, "rpe is a number from 0 to 10 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "rpe", "value": "hard"}, "rpe is a number from 0 to 10 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "is_mine", "value": 0.5}, "is_mine and is_race are 0, 1 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "is_race", "value": "no"}, "is_mine and is_race are 0, 1 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "load_tss", "value": -1}, "load_tss is a number from 0 to 3000 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "load_tss", "value": math.inf}, "load_tss is a number from 0 to 3000 or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "official_m", "value": 0}, "official_m is a distance from 400 to 500000 m or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "official_s", "value": b"45"}, "official_s is a time from 60 to 864000 s or, to take back, NULL"),
    ("athlete_activity_settings", {"setting": "mood", "value": 1}, "setting is is_mine, is_race, official_m, official_s, rpe or load_tss"),
    ("athlete_activity_settings", {"setting": "rpe", "value": 1, "activity_id": ""}, "activity_id is an activity's id, not an empty text"),
    ("athlete_activity_settings", {"setting": "rpe", "value": 1, "told_at": "today"}, "told_at is an instant such as 2024-05-12T07:30:00Z"),
    ("athlete_activity_settings", {"setting": "rpe", "value": 1, "athlete_id": "2"},
     "athlete_activity_settings: the activity is another athlete's than athlete_id says"),
    ("athlete_races", {"race_date": "12.5.2024", "distance_m": 10000, "seconds": 2700}, "race_date is a day such as 2024-05-12"),
    ("athlete_races", {"race_date": "2024-02-30", "distance_m": 10000, "seconds": 2700}, "race_date is a day such as 2024-05-12"),
    ("athlete_races", {"race_date": "0000-12-31", "distance_m": 10000, "seconds": 2700}, "race_date is a day of the years 1 to 9999"),
    ("athlete_races", {"race_date": "2999-01-01", "distance_m": 10000, "seconds": 2700},
     "a race is told when it is over: race_date is no later than the day on which it is told"),
    ("athlete_races", {"race_date": "2024-05-12", "distance_m": "10k", "seconds": 2700}, "distance_m is a distance from 400 to 500000 m"),
    ("athlete_races", {"race_date": "2024-05-12", "distance_m": 10000, "seconds": 270},
     "seconds is the time of a race between 0.5 and 7 m/s or, to take the race back, NULL"),
    ("athlete_names", {"name": ""}, "name has 1 to 100 characters that can be printed or, to take it back, is NULL"),
    ("athlete_names", {"name": "A\x1b[31mnn"}, "name has 1 to 100 characters that can be printed or, to take it back, is NULL"),
    ("athlete_names", {"name": "A\nnn"}, "name has 1 to 100 characters that can be printed or, to take it back, is NULL"),
    ("athlete_names", {"name": "n" * 101}, "name has 1 to 100 characters that can be printed or, to take it back, is NULL"),
    ("athlete_names", {"name": b"Ann"}, "name has 1 to 100 characters that can be printed or, to take it back, is NULL"),
    ("athlete_profile_settings", {"setting": "ftp_w", "valid_from": "2024-01-01", "value": 1001}, "value is 20 to 250 bpm, 2 to 20 min/km or 20 to 1000 W"),
    ("athlete_profile_settings", {"setting": "ftp", "valid_from": "2024-01-01", "value": 250},
     "setting is max_hr, resting_hr, threshold_hr, threshold_pace_min_km or ftp_w"),
    ("athlete_profile_settings", {"setting": "ftp_w", "valid_from": "2024", "value": 250}, "valid_from is a day such as 2024-01-01"),
]


@pytest.fixture(scope="module")
def asked():
    db = new_database()
    run(db, TO_RACES)
    put(db, run_of(seeded(1), 1, 1, 1, 3.0))
    run(db, TO_RACES)
    return db


@pytest.mark.parametrize("table, given, sentence", SENTENCES)
def test_what_cannot_be_is_refused_with_a_sentence_that_says_what_belongs_there(asked, table, given, sentence):
    row = {"athlete_id": "1"} | ({"activity_id": "1"} if table == "athlete_activity_settings" else {}) | given
    with pytest.raises(sqlite3.IntegrityError) as error:
        asked.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    assert str(error.value).removeprefix("CHECK constraint failed: ") == sentence
    assert one(asked, f"SELECT COUNT(*) FROM {table}") == 0
