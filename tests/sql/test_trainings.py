"""Two recordings of the same training count once: which are one is compared with union and find over every two of them."""

import re

import pytest

from common.migrations import bring_up_to_date
from helpers.athletes.activities import (FEATURES, assert_same, deletion, dump, epoch, instant, make_activity, make_detail, make_history, new_database, one, put, rows,
                                run, seeded, table_names)
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.stages import STAGES
from helpers.athletes.trainings import FAMILIES, Recording, same_training

TO_SILVER = [s for s in STAGES if s < "24"]
TO_EVIDENCE = [s for s in STAGES if s < "51"]
MIGRATION = int(next((ROOT / "sql" / "migrations").rglob("*_the_same_training_once.sql")).name.partition("_")[0])
LATER = "2026-02-01T00:00:00Z"
PLAIN = {"sport_type": "Run", "distance": 9000.0, "moving_time": 3600, "elapsed_time": 3600, "utc_offset": 0, "flagged": False, "trainer": False, "manual": False,
         "workout_type": 0, "average_heartrate": 150.0, "max_heartrate": 171.0, "total_elevation_gain": 20.0}


def recorded(number, start="2024-03-01T08:00:00Z", elapsed=3600, athlete=1, **given):
    facts = PLAIN | {"start_date": start, "start_date_local": start, "elapsed_time": elapsed, "moving_time": elapsed, "distance": 2.5 * elapsed}
    return make_activity(seeded(number), athlete, number, 0) | facts | given


def silver(*bodies):
    db = new_database()
    run(db, TO_SILVER)
    put(db, list(bodies))
    run(db, TO_SILVER)
    return db


def twice(db):
    return dict(db.execute("SELECT activity_id, same_training_as FROM silver_same_training"))


# --- which are one -----------------------------------------------------------------------------------------------------------


def crowd(rng, n, span_s, shortest_s):
    """Recordings of three athletes on a raster, so that exact halves are frequent, some of half a day, some with laps."""
    found = []
    for number in rng.sample(range(1, 2000), n):
        elapsed = shortest_s * rng.choice([1, 1, 2, 2, 3, 4, rng.randint(1, 12), 43200 // shortest_s])
        activity = recorded(number, instant(epoch("2024-03-01T00:00:00Z") + shortest_s // 2 * rng.randint(0, 2 * span_s // shortest_s)), elapsed, rng.choice([1, 2, 3]),
                            sport_type=rng.choice([*FAMILIES, "Run", "Run", "Run", "Ride", "Walk", "Yoga", "Rowing"]), distance=0.0)
        found.append(make_detail(rng, activity) if rng.random() < 0.3 else activity)
    return found


def described(objects):
    return [Recording(str(a["athlete"]["id"]), str(a["id"]), a["sport_type"], epoch(a["start_date"]), a["elapsed_time"],
                      sum(len(a.get(part, [])) for part in ("laps", "splits_metric", "best_efforts"))) for a in objects]


@pytest.mark.parametrize("seeds", [range(0, 12), soak(range(12, 25)), *(soak(range(s, s + 50)) for s in range(100, 600, 50))], ids=lambda s: f"from {s[0]}")
def test_what_counts_is_what_union_and_find_over_all_pairs_chooses(seeds):
    chains = 0
    for seed in seeds:
        rng = seeded(seed)
        objects = crowd(rng, rng.choice([20, 60, 120]), rng.choice([40_000, 400_000, 4_000_000]), rng.choice([2, 600]))
        separate = {str(a["id"]) for a in rng.sample(objects, 5)}
        db = new_database()
        run(db, TO_SILVER)
        put(db, objects)
        db.executemany("INSERT INTO athlete_separate_trainings VALUES (?, ?)", [(str(a["athlete"]["id"]), str(a["id"])) for a in objects if str(a["id"]) in separate])
        run(db, TO_SILVER)
        expected = same_training(described(objects), separate)
        assert twice(db) == expected, seed
        kept = {r[0] for r in db.execute("SELECT activity_id FROM silver_strava_activities")}
        assert kept == {str(a["id"]) for a in objects}
        assert {r[0] for r in db.execute("SELECT activity_id FROM silver_trainings")} == kept - set(expected)
        chains += len(expected)
        db.close()
    assert chains > 100


@pytest.mark.parametrize("second, is_same", [
    (recorded(2, "2024-03-01T08:30:00Z", 3600), False),  # exactly half
    (recorded(2, "2024-03-01T08:29:59Z", 3600), True),
    (recorded(2, "2024-03-01T08:50:00Z", 1200), False),  # half of the shorter one
    (recorded(2, "2024-03-01T08:49:59Z", 1200), True),
    (recorded(2, "2024-03-01T09:00:00Z", 3600), False),  # one after the other
    (recorded(2, "2024-03-01T08:00:00Z", 1), True),
    (recorded(2, "2024-02-29T22:00:00Z", 43200), True),  # half a day around it
    (recorded(2, sport_type="TrailRun"), True),
    (recorded(2, sport_type="VirtualRun"), True),
    (recorded(2, sport_type="Ride"), False),
    (recorded(2, sport_type="Walk"), False),
    (recorded(2, athlete=2), False),
])
def test_more_than_half_of_the_shorter_one_of_one_athlete_in_one_family_is_the_same_training(second, is_same):
    assert bool(twice(silver(recorded(1), second))) == is_same


def test_a_recording_without_any_time_is_the_same_as_none_even_where_no_rule_refuses_it():
    db = new_database()
    run(db, TO_SILVER)
    db.execute("UPDATE silver_rules SET predicate = 'elapsed_s IS NOT NULL' WHERE table_name = 'silver_strava_activities' AND rule = 'has_a_duration'")
    put(db, [recorded(1), recorded(2, "2024-03-01T08:30:00Z", 0), recorded(3, "2024-03-01T08:30:00Z", 0)])
    run(db, TO_SILVER)
    assert one(db, "SELECT COUNT(*) FROM silver_trainings") == 3 and twice(db) == {}


def test_half_a_day_that_covers_two_short_runs_is_one_training_with_them():
    short = [recorded(2, "2024-03-01T08:00:00Z", 1800), recorded(3, "2024-03-01T17:00:00Z", 1800)]
    assert twice(silver(*short)) == {}
    assert twice(silver(recorded(1, "2024-03-01T07:00:00Z", 43200), *short)) == {"2": "1", "3": "1"}


def test_the_reason_says_what_the_recording_that_counts_has_more_of():
    rng = seeded(1)
    detail = make_detail(rng, recorded(3))
    parts = sum(len(detail[part]) for part in ("laps", "splits_metric", "best_efforts"))
    for bodies, reason in (((recorded(10), recorded(9)), "recorded twice: 9 has the smaller number"),
                           ((recorded(10), recorded(9, elapsed=3599)), "recorded twice: 10 is 1 s longer"),
                           ((recorded(1, elapsed=7000), detail), f"recorded twice: 3 has {parts} laps, splits and efforts, and this 0")):
        assert one(silver(*bodies), "SELECT reason FROM silver_same_training") == reason


def test_a_family_that_a_user_changes_holds_for_everybody():
    db = silver(recorded(1), recorded(2, sport_type="Hike"), recorded(3, athlete=2), recorded(4, athlete=2, sport_type="Hike"))
    assert twice(db) == {}
    db.execute("UPDATE silver_sport_families SET family = 'run' WHERE sport_type = 'Hike'")
    run(db, TO_SILVER)
    assert twice(db) == {"2": "1", "4": "3"}


# --- what counts it ----------------------------------------------------------------------------------------------------------


def values(db):
    return dump(db, without=("available_at", "position", "bronze_id"))


def evidence(*bodies):
    db = new_database()
    run(db, TO_EVIDENCE)
    for body in bodies:
        put(db, body)
    run(db, TO_EVIDENCE)
    return db


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_lesser_recordings_of_any_trainings_change_no_feature_race_or_estimate(seed):
    rng = seeded(seed)
    history = [make_activity(rng, 5, i, i, workout_type=rng.choice([0, 0, 1])) for i in range(1, 120)]
    for a in history[::4]:
        a |= {"sport_type": "Run", "distance": 10050.0, "moving_time": 2900 + a["id"], "elapsed_time": 2900 + a["id"], "flagged": False, "workout_type": rng.choice([0, 1, 1])}
        a.pop("manual"), a.pop("trainer")
    alone = evidence(history)
    counted = {str(a["id"]) for a in history}
    assert counted == {r[0] for r in alone.execute("SELECT activity_id FROM silver_trainings")}
    copies = []
    for i, a in enumerate(history):
        while rng.random() < 0.5:
            shift = rng.randint(0, max(0, a["elapsed_time"] // 3 - 1))
            copies.append(a | {"id": 10_000 * len(copies) + 10_000 + i, "start_date": instant(epoch(a["start_date"]) + shift), "elapsed_time": a["elapsed_time"] - shift,
                               "moving_time": min(a["moving_time"], a["elapsed_time"] - shift), "max_heartrate": 219, "distance": 0.98 * a["distance"]})
            copies[-1].pop("start_date_local")
    both = evidence(history, copies)
    assert len(twice(both)) == len(copies) > 20
    tables = [*FEATURES, "race_results", "race_rejects", "time_estimator_rows", "athlete_profile"]
    assert one(both, "SELECT COUNT(*) FROM race_results") > 5 and one(both, "SELECT COUNT(*) FROM time_estimator_rows") > 5
    a, b = dump(alone), dump(both)
    assert_same({t: a[t] for t in tables}, {t: b[t] for t in tables})


def test_a_tag_on_the_lesser_recording_makes_the_training_a_race():
    race = {"distance": 10050.0, "moving_time": 3400, "elapsed_time": 3400}
    history = [recorded(i, f"2024-02-{i:02}T08:00:00Z") for i in range(10, 20)]
    db = evidence(history, [recorded(1) | race, recorded(2, workout_type=1) | race | {"elapsed_time": 3390, "moving_time": 3390}])
    assert twice(db) == {"2": "1"}
    assert rows(db, "SELECT activity_id, seconds FROM race_results") == [{"activity_id": "1", "seconds": 3400.0}]
    assert one(db, "SELECT standing FROM run_evidence WHERE activity_id = '1'") == 2


# --- when it is known --------------------------------------------------------------------------------------------------------


def features(db, now=None):
    past = "AND ? >= available_at AND (superseded_at IS NULL OR ? < superseded_at)" if now else "AND superseded_at IS NULL"
    return {r[0] for r in db.execute(f"SELECT activity_id FROM activity_features_versions WHERE true {past}", (now, now) if now else ())}


@pytest.mark.parametrize("better, with_samples", [
    (recorded(2, "2024-03-01T07:59:00Z", 3700), False),
    (recorded(2, "2024-02-29T23:30:00Z", 36000), False),  # begins on the day before
    (recorded(2, "2024-03-01T08:01:00Z", 3500), True),
])
def test_a_better_recording_that_comes_later_is_known_from_its_arrival_and_the_former_stays_believed_until_then(better, with_samples):
    db = new_database()
    run(db)
    history = [recorded(i, f"2024-02-{i:02}T08:00:00Z") for i in range(10, 20)]
    put(db, [*history, recorded(1), recorded(50, "2024-03-04T08:00:00Z")], "2024-03-05T00:00:00Z")
    run(db)
    before = dump(db, without=("position",))
    put(db, make_detail(seeded(1), better) if with_samples else better, LATER)
    run(db)
    others = {str(a["id"]) for a in history} | {"50"}
    assert features(db) == others | {"2"}
    assert features(db, "2026-01-31T23:59:59Z") == others | {"1"} and features(db, LATER) == others | {"2"}
    assert one(db, "SELECT superseded_at FROM activity_features_history WHERE activity_id = '1'") == LATER
    assert one(db, "SELECT available_at FROM activity_features WHERE activity_id = '2'") == LATER
    put(db, deletion(2), "2026-03-01T00:00:00Z")
    run(db)
    assert features(db) == others | {"1"} and features(db, "2026-02-28T00:00:00Z") == others | {"2"}
    assert one(db, "SELECT available_at FROM activity_features WHERE activity_id = '1'") == "2026-03-01T00:00:00Z"
    values_of = lambda tables: {t: [re.sub(r"'\d{4}-\d\d-\d\dT[\d:]+Z'", "", r) for r in tables[t]] for t in FEATURES}
    assert values_of(dump(db, without=("position",))) == values_of(before)


def test_a_recording_that_becomes_the_better_one_by_its_laps_counts_from_their_arrival():
    db = new_database()
    run(db)
    put(db, [recorded(1), recorded(2, elapsed=3500), recorded(50, "2024-03-04T08:00:00Z")], "2024-03-05T00:00:00Z")
    run(db)
    assert features(db) == {"1", "50"}
    put(db, [lap | {"id": 70 + i} for i, lap in enumerate(make_detail(seeded(1), recorded(2, elapsed=3500))["laps"])], LATER)
    run(db)
    assert features(db, "2026-01-31T23:59:59Z") == {"1", "50"} and features(db, LATER) == features(db) == {"2", "50"}


def test_a_row_says_that_these_are_two_trainings_and_without_it_they_are_one_again():
    db = evidence([recorded(i, f"2024-02-{i:02}T08:00:00Z") for i in range(10, 20)], [recorded(1), recorded(2)])
    before = values(db)
    assert features(db) == {str(i) for i in (1, *range(10, 20))}
    db.execute("INSERT INTO athlete_separate_trainings VALUES ('1', '2')")
    run(db, TO_EVIDENCE)
    assert twice(db) == {} and one(db, "SELECT activities FROM athlete_daily_features WHERE activity_date = '2024-03-01'") == 2
    put(db, [recorded(1), recorded(2, name="imported again")], LATER)
    run(db, TO_EVIDENCE)
    assert twice(db) == {}
    db.execute("DELETE FROM athlete_separate_trainings")
    run(db, TO_EVIDENCE)
    after = values(db)
    assert twice(db) == {"2": "1"} and {t: after[t] for t in FEATURES} == {t: before[t] for t in FEATURES}


# --- what it costs -----------------------------------------------------------------------------------------------------------


def test_only_the_changed_athletes_are_read_and_written():
    rng = seeded(3)
    db = silver(*[a for athlete in range(1, 30) for a in make_history(rng, athlete, 40, 20, first_number=1000 * athlete)])
    assert len(twice(db)) > 30
    db.execute("CREATE TEMP TABLE written (athlete_id)")
    for table in set(table_names(db)) & {"silver_same_training", "silver_corrections", "ops_watermarks"}:
        for event, row in (("INSERT", "new"), ("DELETE", "old")):
            db.execute(f"CREATE TEMP TRIGGER w_{table}_{event} AFTER {event} ON main.{table} BEGIN INSERT INTO written VALUES ({row}.athlete_id); END")
    put(db, [recorded(5, athlete=7), recorded(6, athlete=7)], LATER)
    run(db, TO_SILVER)
    assert {r[0] for r in db.execute("SELECT athlete_id FROM written WHERE athlete_id <> ''")} == {"7"}
    mine = one(db, "SELECT COUNT(*) FROM silver_strava_activities WHERE athlete_id = '7'")
    assert one(db, "SELECT rows_in FROM ops_runs WHERE stage = '230_silver_trainings' ORDER BY run_id DESC LIMIT 1") == mine


@pytest.mark.parametrize("apart_s", [86400, 60, 0])
def test_the_time_grows_with_the_recordings_and_not_with_their_pairs(apart_s):
    def steps(n):
        db = new_database()
        run(db, TO_SILVER)
        put(db, [recorded(i + 1, instant(epoch("2010-01-01T00:00:00Z") + apart_s * i), 7200) for i in range(n)])
        run(db, [s for s in TO_SILVER if s < "23"])
        taken = [0]
        db.set_progress_handler(lambda: taken.__setitem__(0, taken[0] + 1), 100)
        run(db, ["230_silver_trainings"])
        db.set_progress_handler(None, 0)
        db.close()
        return taken[0]

    few, many = steps(400), steps(1600)
    assert few > 50 and many < 6 * few


# --- files of before ---------------------------------------------------------------------------------------------------------


def test_a_file_in_which_they_counted_twice_is_mended_and_equals_a_fresh_one():
    rng = seeded(9)
    history = make_history(rng, 5, 60, 90)
    history += [a | {"id": a["id"] + 1000} for a in history[::3]]
    names = [s for s in STAGES if s < "46"]
    older = {name: re.sub(r"\('230_silver_trainings', \w+\.athlete_id\), ", "", text).replace("silver_trainings AS", "silver_strava_activities AS")
             .replace("silver_trainings USING", "silver_strava_activities USING").replace("silver_unusable_trainings", "silver_unusable_activities")
             .replace("_due_230_", "_due_400_" if name.startswith("200") else "_due_410_") for name, text in STAGES.items()}
    db = new_database()
    db.execute("CREATE TABLE silver_same_training (athlete_id, activity_id, same_training_as)")
    for body in ([], history):
        put(db, body) if body else None
        run(db, [s for s in names if s != "230_silver_trainings"], changed=older)
    db.executescript(f"DROP TABLE silver_same_training; PRAGMA user_version = {MIGRATION - 1}")
    assert one(db, "SELECT COUNT(*) FROM activity_features") == len(history)
    bring_up_to_date(db, "a file of before")
    run(db, names)
    fresh = new_database()
    run(fresh, names)
    put(fresh, history)
    run(fresh, names)
    assert one(fresh, "SELECT COUNT(*) FROM activity_features") < len(history)
    a, b = (dump(d, leave_out=("ops_runs", "bronze_landings", "ops_audit", "ops_published", "ops_watermarks"), without=("available_at",)) for d in (db, fresh))
    assert_same(a, b)
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    assert db.execute(schema).fetchall() == fresh.execute(schema).fetchall()
    no_more = {r[0] for r in db.execute("SELECT activity_id FROM activity_features_history EXCEPT SELECT activity_id FROM activity_features")}
    assert no_more == set(twice(db)) and {str(a["id"]) for a in history} == no_more | features(db)
