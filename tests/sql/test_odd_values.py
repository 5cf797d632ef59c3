"""One odd value stops nobody: it ends among the rejects with its field, its value and a rule, everyone else's rows are as
if it had not come, and a corrected version or a deletion heals it."""

import csv
import dataclasses
import json

import pytest
from helpers import odd_values, stages
from helpers.activities import deletion, make_activity, make_detail, make_history, make_laps, seeded
from helpers.extension import ROOT
from helpers.odd_values import MALFORMED, VALUES, with_value
from helpers.soak import soak
from helpers.stages import BRONZE, new_database, put, rows

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


def innocent_rows(db):
    """All that any table has of everyone else, to the bit, and the models."""
    found = {}
    for column in ("athlete_id", "subject"):
        for table in tables_of(db, column):
            where = f'"{column}" IN ({", ".join(INNOCENTS)}) OR "{column}" NOT GLOB \'1[0-9][0-9][0-9][0-9][0-9]*\' AND "{column}" <> \'\''
            found[table] = sorted(map(repr, db.execute(f"SELECT * FROM {table} WHERE {where}")))
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


@pytest.mark.parametrize("share", [0.15, soak(1)])
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
