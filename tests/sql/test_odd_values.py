"""One odd value stops nobody: it ends among the rejects with its field, its value and a rule, everyone else's rows are as
if it had not come, and a corrected version or a deletion heals it."""

import csv
import dataclasses
import json
import re

import pytest
from helpers import stages
from helpers.athletes import odd_values
from helpers.athletes.activities import deletion, epoch, instant, listed, make_activity, make_detail, make_history, make_laps, seeded
from helpers.extension import ROOT
from helpers.athletes.odd_values import MALFORMED, VALUES, with_value
from helpers.machine.soak import sized, soak
from helpers.stores.file_rows import CLOCKS, LOGS
from helpers.stages import BRONZE, new_database, one, put, rows

LATER, DELETED = "2025-12-05T00:00:00Z", "2025-12-06T00:00:00Z"
INNOCENTS = ["11", "12"]


def plain(athlete, number, day=100, **given):
    """A run that breaks no rule."""
    facts = {"sport_type": "Run", "type": "Run", "distance": 10000.0, "moving_time": 3000, "elapsed_time": 3100, "total_elevation_gain": 50.0, "average_heartrate": 150.0,
             "max_heartrate": 170.0, "flagged": False, "trainer": False, "manual": False, "max_speed": 5.0, "workout_type": 0, "average_cadence": 85.0, "average_temp": 20}
    return make_activity(seeded(athlete), athlete, number, day, offset=3600) | facts | given


def detailed(athlete, number):
    parts = make_detail(seeded(number), plain(athlete, number, 103))
    efforts = [e | {"average_heartrate": 150, "max_heartrate": 160} for e in parts["best_efforts"]]
    laps = [lap | {"lap_index": i, "max_heartrate": 165, "total_elevation_gain": 5.0} for i, lap in enumerate(make_laps(seeded(number), parts, 3), 1)]
    splits = [{"split": i, "name": f"km {i}", "distance": 1000.0, "moving_time": 300, "elapsed_time": 301, "elevation_difference": 1.5, "average_heartrate": 150, "max_heartrate": 160}
              for i in (1, 2)]
    return parts | {"laps": laps, "splits_metric": splits, "best_efforts": efforts}


@dataclasses.dataclass
class Case:
    field: str
    value: str      # a name of VALUES or MALFORMED
    is_allowed: bool
    athlete: int
    activity: int   # the odd one; the athlete has another, which is like everybody's
    odd: str        # JSON texts
    mended: str
    rejected_as: str  # what the row among the rejects is called; None: it is in bronze_rejects


def in_list(whole, name, field, value):
    """The detailed activity in which the first part of a list has the value."""
    return json.dumps(whole | {name: "\x1a list"}).replace('"\\u001a list"', f"[{with_value(whole[name][0], field, value)}, {json.dumps(whole[name][1:])[1:]}" if len(whole[name]) > 1
                                                           else f"[{with_value(whole[name][0], field, value)}]")


def activity_cases(chosen):
    """Odd values of an activity and its parts. `chosen` picks from (kind, field, value) and says which athlete that is."""
    kinds = {"activity": odd_values.ACTIVITY, "laps": odd_values.LAP, "splits_metric": odd_values.SPLIT, "best_efforts": odd_values.PART, "lap": odd_values.LAP,
             "identity": odd_values.IDENTITY}
    grid = [(kind, field, value) for kind, fields in kinds.items() for field in fields for value in [*VALUES, *MALFORMED]
            if (kind, field) != ("identity", "id") or value not in fields[field]]  # another identity is another activity
    for athlete, (kind, field, value) in chosen(grid):
        number = 10 * athlete + 1
        whole = detailed(athlete, number)
        is_allowed = value in kinds[kind][field]
        if kind == "activity":
            yield Case(field, value, is_allowed, athlete, number, with_value(whole, field, value), json.dumps(whole), "")
        elif kind == "identity":
            yield Case(field, value, is_allowed, athlete, number, with_value(whole, field, value), json.dumps(whole), None)
        elif kind == "lap":
            lap = whole["laps"][0] | {"lap_index": 7}
            yield Case(field, value, is_allowed, athlete, number, f"{json.dumps(whole)}\n{with_value(lap, field, value)}", f"{json.dumps(whole)}\n{json.dumps(lap)}", "lap")
        else:
            kind_name = {"laps": "lap", "splits_metric": "split", "best_efforts": "best_effort"}[kind]
            yield Case(field, value, is_allowed, athlete, number, in_list(whole, kind, field, value), json.dumps(whole), kind_name)


def everyone_else(db):
    """What is there besides the odd: two athletes with histories and laps of their own, the survey, the groups and the model."""
    run = [dict(line) for line in csv.DictReader((ROOT / "sql/data/race-times/runners.csv").open())][::4]
    put(db, json.dumps(run))
    for definition in sorted((ROOT / "schemas").glob("[fm]*/*.json")):
        put(db, definition.read_text())
    for athlete in map(int, INNOCENTS):
        history = make_history(seeded(athlete), athlete, 25, 200, first_number=1000 * athlete)
        put(db, [{"id": athlete, "firstname": "A", "sex": "F", "birthdate": "1980-02-03"}, *history, make_detail(seeded(1), history[0])])
        put(db, make_laps(seeded(2), history[1], 4))
        put(db, plain(athlete, 1000 * athlete + 500, day=210, workout_type=1))


def database(*texts):
    db = new_database()
    stages.run(db, BRONZE)
    everyone_else(db)
    for text in texts:
        put(db, text)
    stages.run(db)
    return db


def tables_of(db, column):
    return [t for (t,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
            if column in [r[1] for r in db.execute(f"PRAGMA table_info({t})")]]


NOT_THEIRS = ("recommendation_id", "recommended_at", "alert_id", "key", "opened_at", "last_bad_at", "closed_at")  # when, and how many others were told something


def innocent_rows(db):
    """All that any table has of everyone else, to the bit, and the models."""
    found = {}
    for column in ("athlete_id", "subject"):
        for table in tables_of(db, column):
            where = f'"{column}" IN ({", ".join(INNOCENTS)}) OR "{column}" NOT GLOB \'1[0-9][0-9][0-9][0-9][0-9]*\' AND "{column}" <> \'\''
            columns = listed(db, table, NOT_THEIRS)
            found[table] = sorted(map(repr, db.execute(f"SELECT {columns} FROM {table} WHERE {where}")))
    for table in ("ml_metrics", "ml_intervals", "silver_survey_runners", "silver_survey_races", "feature_groups", "features"):
        found[table] = sorted(map(repr, db.execute(f"SELECT * FROM {table}")))
    for clock in ("trained_at", "registered_at"):
        for table in tables_of(db, clock):
            found.pop(table, None)
    assert sum(map(len, found.values())) > 1000
    return found


def rejects_of(db, case):
    if case.rejected_as is None or case.value in MALFORMED:
        return rows(db, "SELECT field, value, reason AS rule, reason FROM bronze_rejects WHERE instr(object, ?)", str(case.activity))
    return rows(db, "SELECT field, value, rule, reason FROM silver_rejects WHERE activity_id = ? AND (item = ? OR item GLOB ? || ' *')",
                str(case.activity), case.rejected_as, case.rejected_as)


def is_told(db, case):
    """Whether the value is among the rejects by its field, or may be there and is not."""
    found = rejects_of(db, case)
    if case.value in MALFORMED:
        return any(" at byte " in r["reason"] for r in found)
    named = [r for r in found if case.field in (r["field"] or "").split(", ") and r["rule"] and r["reason"]]
    if case.is_allowed:
        return all(not r["rule"].startswith(f"{case.field}_is_") for r in named)
    return any(case.value == "twice" or VALUES[case.value][:40] in r["value"] for r in named)


BELIEVED = ["silver_strava_activities", "silver_strava_sub_activity", "activity_features", "athlete_daily_features", "athlete_rolling_features", "athlete_weekly_features",
            "athlete_profile", "race_results", "silver_rejects", "race_rejects"]
WHEN = {"available_at", "n_versions", "bronze_id", "bronze_table"}


def believed(db):
    """What is held for true now, without when it came."""
    found = {}
    for table in BELIEVED:
        columns = [f'"{r[1]}"' for r in db.execute(f"PRAGMA table_info({table})") if r[1] not in WHEN]
        found[table] = sorted(map(repr, db.execute(f"SELECT {', '.join(columns)} FROM {table}")))
    return found


def assert_same(a, b):
    for table in a:
        assert a[table] == b[table], (table, sorted(set(a[table]) ^ set(b[table]))[:4])


def chooser(share):
    rng = seeded(10)

    def chosen(grid):
        picked = grid if share == 1 else rng.sample(grid, int(share * len(grid)))
        return enumerate(picked, 100_000)

    return chosen


@pytest.mark.sanitized
@pytest.mark.parametrize("share", [0.05, soak(1)])
def test_an_odd_value_is_rejected_by_its_field_stops_nobody_and_heals(share):
    cases = list(activity_cases(chooser(share)))
    others = [json.dumps(plain(c.athlete, c.activity - 1)) for c in cases]
    db = database("\n".join(others), "\n".join(c.odd for c in cases))
    assert_same(innocent_rows(database()), innocent_rows(db))
    current = {r[0] for r in db.execute("SELECT activity_id FROM activity_features")}
    kept_out = {r[0] for r in db.execute("SELECT activity_id FROM silver_rejects WHERE severity = 'reject' AND item = ''")}
    assert not current & kept_out
    assert {str(c.activity - 1) for c in cases} <= current
    assert {str(c.activity) for c in cases if c.rejected_as == "" and c.value not in MALFORMED} <= current | kept_out
    assert [(c.rejected_as, c.field, c.value, rejects_of(db, c)) for c in cases if not is_told(db, c)] == []

    deleted = cases[::3]
    mended = [c for c in cases if c not in deleted]
    put(db, "\n".join(c.mended for c in mended), LATER)
    put(db, [deletion(c.activity) for c in deleted], DELETED)
    stages.run(db)
    assert_same(believed(database("\n".join(others), "\n".join(c.mended for c in mended))), believed(db))


def documents(name):
    return json.loads((ROOT / "schemas" / name).read_text())


def table(db, name, where="1"):
    return sorted(map(repr, db.execute(f"SELECT * FROM {name} WHERE {where}")))


RUNNERS = [dict(line) for line in csv.DictReader((ROOT / "sql/data/race-times/runners.csv").open())][:200]
GIVEN = {field: "1" for field in odd_values.RUNNER} | {"age": "40", "bmi": "22.5", "typical": "30", "max": "40", "k5_ti": "1500", "mf_ti": "14000", "mh_ti": "6600", "endurancespeed": "3"}


def test_an_odd_answer_of_a_survey_runner_is_left_out_and_every_other_runner_stays():
    cases = [(10_000 + i, field, value) for i, (field, value) in enumerate((f, v) for f in odd_values.RUNNER for v in VALUES)]
    survey = [s for s in stages.STAGES if s < "51"]

    def answered(*bodies):
        db = new_database()
        stages.run(db, BRONZE)
        for body in bodies:
            put(db, body)
        stages.run(db, survey)
        return db

    def rest(db):
        return {t: table(db, t, where) for t, where in (("silver_survey_runners", "runner_id < 10000"), ("silver_survey_races", "runner_id < 10000"),
                                                       ("time_estimator_rows", "length(subject) < 5"))}

    odd = "\n".join(with_value({"id": runner} | GIVEN, field, value) for runner, field, value in cases)
    db = answered(json.dumps(RUNNERS), odd)
    assert_same(rest(answered(json.dumps(RUNNERS))), rest(db))
    assert one(db, "SELECT COUNT(*) FROM silver_survey_runners WHERE runner_id >= 10000") == len(cases)
    for runner, field, value in cases:
        found = rows(db, "SELECT * FROM silver_rejects WHERE item = ? OR item GLOB ?", f"runner {runner}", f"runner {runner} *")
        told = [r for r in found if r["field"] == field and r["rule"] and (value == "twice" or VALUES[value][:40] in r["value"])]
        assert bool(told) != (value in odd_values.RUNNER[field]), (runner, field, value, found)
    put(db, json.dumps([{"id": runner} | GIVEN for runner, _, _ in cases]), LATER)
    stages.run(db, survey)
    mended = answered(json.dumps(RUNNERS), json.dumps([{"id": runner} | GIVEN for runner, _, _ in cases]))
    for name in ("silver_survey_runners", "silver_survey_races", "silver_rejects", "time_estimator_rows"):
        assert table(db, name) == table(mended, name)


def test_an_odd_word_of_an_athlete_about_himself_is_left_out_until_a_later_version_mends_it():
    cases = [(100_000 + i, field, value) for i, (field, value) in enumerate((f, v) for f in odd_values.ATHLETE for v in VALUES)]
    person = {"firstname": "A", "sex": "F", "birthdate": "1980-02-03"}
    runs = "\n".join(json.dumps(plain(athlete, 10 * athlete)) for athlete, _, _ in cases)
    db = database(runs, "\n".join(with_value(person | {"id": athlete}, field, value) for athlete, field, value in cases))
    column = {"sex": "sex", "birthdate": "birth_year"}
    for athlete, field, value in cases:
        told = rows(db, "SELECT * FROM silver_rejects WHERE item = ? AND field = ?", f"athlete {athlete}", field)
        assert bool(told) != (value in odd_values.ATHLETE[field]), (athlete, field, value, told)
        known = one(db, f"SELECT {column[field]} FROM athlete_profile WHERE athlete_id = ?", str(athlete))
        assert (known is None) == (value == "null" or bool(told)), (athlete, field, value)
    put(db, "\n".join(json.dumps(person | {"id": athlete}) for athlete, _, _ in cases), LATER)
    stages.run(db)
    assert one(db, "SELECT COUNT(*) FROM silver_rejects") == 0
    assert one(db, "SELECT COUNT(*) FROM athlete_profile WHERE athlete_id >= '100000' AND length(athlete_id) > 5 AND (sex IS NOT 'F' OR birth_year IS NULL)") == 0


def can_be_a_clip(text):
    return re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", text) and 1e-6 <= float(text) <= 1e6


def test_an_odd_specification_is_refused_by_its_field_and_the_one_before_it_holds():
    db = database()
    before = table(db, "ml_model_versions")
    good = documents("models/time_estimator.json")
    options = good["learner"]["options"]
    faults = [(field, value) for field in ("label_clip", "features", "learner") for value in VALUES
              if (field, value) not in {("label_clip", "null"), ("learner", "null")} and not (field == "label_clip" and can_be_a_clip(VALUES[value] or ""))]
    faults += [("learner", {"kind": "gbdt", "options": options | change}) for change in ({"eta": 2}, {"eta": "x"}, {"objective": "multi:softmax"}, {"unknown": 1}, {"num_boost_round": 1.5},
                                                                          {"monotone_constraints": [1]}, {"weight": "is_female"}, {"max_bin": 10 ** 30})]
    for field, value in faults:
        put(db, with_value(good, field, value) if isinstance(value, str) else json.dumps(good | {field: value}))
    stages.run(db)
    assert table(db, "ml_model_versions") == before
    refused = rows(db, "SELECT reason FROM ml_model_rejects")
    refused += rows(db, "SELECT reason FROM bronze_rejects WHERE instr(object, 'label_clip')")
    assert len(refused) == len(faults) and all(r["reason"] for r in refused)
    put(db, good | {"version": "2.0.9"})
    stages.run(db)
    assert one(db, "SELECT COUNT(*) FROM ml_model_versions WHERE model = 'time_estimator'") == 2


@pytest.mark.parametrize("n, seed", [(n, 0) for n in (0, 3)] + [soak(n, 0) for n in (1, 2, 5, 10, 20)] + [soak(n, seed) for n in range(1, 30) for seed in range(1, 4)])
def test_a_small_survey_costs_the_estimates_that_it_makes_absurd_and_no_stage(n, seed):
    rng = seeded(100 * n + seed)
    db = new_database()
    stages.run(db, BRONZE)
    put(db, documents("models/time_estimator.json"))
    for definition in sorted((ROOT / "schemas" / "features").glob("*.json")):
        put(db, definition.read_text())
    if n:
        put(db, rng.sample(RUNNERS, n))
    put(db, [plain(1, i, day=5 * i, workout_type=int(i % 4 == 0), distance=rng.choice([5000.0, 10000.0, 21097.5]), moving_time=9000, elapsed_time=rng.choice([9000, 9300]))
             for i in range(1, 40)])
    put(db, [plain(2, 1000 + i, day=5 * i) for i in range(1, 10)])
    for more in ([], [plain(2, 2000, day=60)]):
        put(db, more)
        stages.run(db)
    made = one(db, "SELECT COUNT(*) FROM gold_athlete_predictions") + one(db, "SELECT COUNT(*) FROM estimate_rejects WHERE stage = '600_predict_race_times'")
    assert (made > 0) == (one(db, "SELECT COUNT(*) FROM ml_model_versions WHERE status = 'accepted'") > 0)
    assert one(db, "SELECT COUNT(*) FROM gold_athlete_predictions WHERE predicted_s NOT BETWEEN lower_s AND upper_s") == 0


def test_a_day_that_nobody_has_costs_its_athlete_the_calendar_and_nobody_else():
    crowd = [plain(100_000, 1_000_000 + i, start_date=instant(epoch("2024-01-05T00:00:00Z") + 60 * i), distance=100.0, moving_time=60, elapsed_time=60)
             for i in range(1001)]
    db = database(crowd)
    assert_same(innocent_rows(database()), innocent_rows(db))
    assert one(db, "SELECT item, field, rule FROM silver_rejects") == ("athlete 100000", "start_date", "day_is_possible")
    put(db, deletion(1_000_000), DELETED)
    stages.run(db)
    assert one(db, "SELECT COUNT(*) FROM silver_rejects") == 0
    assert one(db, "SELECT activities_7d FROM athlete_rolling_features WHERE athlete_id = '100000'") == 1000


def test_an_odd_webhook_event_deletes_nothing_and_says_so():
    grid = [(field, value) for field in ("object_id", "object_type", "aspect_type") for value in [*VALUES, *MALFORMED]
            if (field, value) not in {("object_id", v) for v in ("2^63", "2^64", "numeric text")}]
    db = database(plain(100_000, 1_000_000))
    before = believed(db)
    for i, (field, value) in enumerate(grid):
        put(db, with_value(deletion(1_000_000), field, value), source=str(i))
    stages.run(db)
    assert_same(before, believed(db))
    assert one(db, "SELECT COUNT(*) FROM bronze_rejects") == len(grid)
    assert one(db, "SELECT COUNT(*) FROM bronze_rejects WHERE field IS NULL AND reason NOT LIKE '% at byte %'") == 0


EXTREMES = {
    "distance": [0, -0.0, 1e-9, 1e-3, 1, 399, 400, 401, 5000, 10300, 42195, 43000, 1e6, 1e7], "moving_time": [0, 0.5, 1, 5, 600, 1200, 3600, 86400, 864000],
    "total_elevation_gain": [0, None, 1e-9, 1e5, -1], "average_heartrate": [None, 30, 100, 230], "max_heartrate": [None, 30, 219, 220, 250],
    "workout_type": [0, 1, None], "sport_type": ["Run", "TrailRun", "VirtualRun", "Ride"], "average_cadence": [0, 1000, None], "utc_offset": [-50400, 0, 50400],
}


@pytest.mark.parametrize("seed", [1, *(soak(s) for s in range(2, 12))])
def test_values_that_each_rule_allows_overflow_nothing_together(seed):
    rng = seeded(seed)
    objects = [{"id": a, "firstname": "A", "sex": rng.choice(["M", "F"]), "birthdate": rng.choice(["1830-01-01", "1900-01-01", "2020-01-01"])} for a in range(100_000, 100_060)]
    for i in range(sized(300, 600)):
        run = plain(100_000 + i // 10, 1_000_000 + i, day=rng.choice([0, rng.randint(0, 60)])) | {field: rng.choice(values) for field, values in EXTREMES.items()}
        run["moving_time"] = rng.choice([run["moving_time"], max(run["moving_time"], int(run["distance"] / 6.5) + 1)])
        efforts = [{"name": rng.choice(["5K", "10K", "Marathon"]), "distance": rng.choice([1, 5000, 10000]), "moving_time": 1, "elapsed_time": rng.choice([0, 1, 1200, 10000, 864000])}
                   for _ in range(rng.choice([0, 1, 3]))]
        laps = [{"lap_index": k, "distance": rng.choice([0, 1e-9, 1e7]), "moving_time": rng.choice([0, 1, 864000]), "elapsed_time": rng.choice([0, 1, 864000]),
                 "average_heartrate": rng.choice([None, 30, 230])} for k in range(rng.choice([0, 1, 3]))]
        objects.append(run | {"elapsed_time": max(1, min(864000, int(run["moving_time"]) + rng.choice([0, 1, 86400, 864000]))), "resource_state": 3, "laps": laps, "best_efforts": efforts})
    db = database(objects)
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        for column in [r[1] for r in db.execute(f"PRAGMA table_info({name})")]:
            assert one(db, f'SELECT COUNT(*) FROM "{name}" WHERE "{column}" IN (9e999, -9e999)') == 0, (name, column)
    assert one(db, "SELECT COUNT(*) FROM activity_features WHERE athlete_id >= '100000'") > 100


WHEN_IT_RAN = {"trained_at", "ingested_at", "landed_at"}  # in any table


def test_a_name_in_escapes_is_the_name():
    objects = [plain(1, i, day=i, laps=[{"lap_index": 1, "distance": 1000.0, "moving_time": 300, "elapsed_time": 300}], resource_state=3) for i in range(1, 8)]
    objects += [{"id": 1, "firstname": "A", "sex": "F", "birthdate": "1980-02-03"}, deletion(7), *RUNNERS[:30], documents("models/time_estimator.json"),
                *(json.loads(p.read_text()) for p in sorted((ROOT / "schemas" / "features").glob("*.json")))]  # fmt: skip

    def told(texts):
        db = new_database()
        stages.run(db, BRONZE)
        for i, text in enumerate(texts):
            put(db, text, source=str(i))
        stages.run(db)
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")} - LOGS - {"bronze_landings"}
        return {t: sorted(map(repr, db.execute(f"SELECT {listed(db, t, WHEN_IT_RAN | {c for table, c in CLOCKS if table == t})} FROM {t}"))) for t in names}

    texts = [json.dumps(each) for each in objects]
    in_escapes = [re.sub(r'"(\w+)":', lambda m: '"' + "".join(rf"\u{ord(c):04x}" for c in m[1]) + '":', text) for text in texts]
    assert_same(told(texts), told(in_escapes))
