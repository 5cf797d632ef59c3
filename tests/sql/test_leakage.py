"""Nothing sees the future: what was available at an instant T does not depend on anything that became known after T.

The check. Take everything that ever landed and replace what was not known at T by garbage: other distances, times, climbs,
heart rates and sports, other laps, other settings. Rebuild. In every table that has available_at, the rows with
available_at <= T must be the same, bit for bit, in both directions: none may change, vanish or appear.

When something is known, which is the documented design:
- the first version of an activity at its end, even when it was imported years later; so are laps, splits and efforts
  that arrive for the first time;
- a version with other facts when it arrived (ingested_at); so is the return after a deletion;
- a dated setting when the day it holds from begins; who the athlete is (first values kept) always.

What is kept, because it is not a fact of the future or because only histories of superseded rows could tell:
- id, athlete, start_date and utc_offset, hence also which days the calendar has;
- when something was corrected or deleted. A correction after T withdraws what it corrects from "available by T" (the row
  that is now there was not known then), so versions that repeat the facts before them stay repetitions, and versions
  that break a rule stay broken; everything else about them is garbage;
- the name, cadence and temperature of an activity are garbage, too, but not compared: they are no features, and an edit
  of them is no correction.
"""

import json
import zlib

import pytest

from helpers.athletes.activities import (BRONZE, STAGES, deletion, epoch, instant, make_activity, make_detail, make_history, make_laps, new_database, put, run,
                                runner_objects, seeded, table_names)
from helpers.machine.soak import soak


NOT_COMPARED = {"name", "cadence_spm", "avg_temp_c"}
ACTIVITY_FACTS = ["distance", "moving_time", "elapsed_time", "total_elevation_gain", "average_heartrate", "max_heartrate", "max_speed", "sport_type",
                  "type", "workout_type", "trainer", "manual", "flagged", "start_date", "utc_offset", "start_date_local"]
PART_FACTS = ["name", "distance", "moving_time", "elapsed_time", "total_elevation_gain", "elevation_difference", "average_heartrate", "max_heartrate"]


# --- garbage ---------------------------------------------------------------------------------------------------------


def facts_of(thing, names):
    return json.dumps([thing.get(n) for n in names])


def rng_of(*parts):
    return seeded(zlib.crc32(repr(parts).encode()))


def garbage_activity(activity, facts, running_at=None):
    """Wild but not rejected. One that had started and was not over at `running_at` is not over then as garbage."""
    rng = rng_of(activity["id"], facts)
    moving = rng.randint(1500, 30000)
    longer = max(0, running_at - epoch(activity["start_date"]) + 1 - moving) if running_at else 0
    return activity | {
        "sport_type": rng.choice(["Run", "Run", "Run", "Ride", "Swim"]), "distance": round(moving * rng.uniform(3, 6.4), 1), "moving_time": moving,
        "elapsed_time": moving + longer + rng.randint(0, 9000), "total_elevation_gain": rng.randint(0, 9000), "average_heartrate": rng.randint(60, 190),
        "max_heartrate": rng.randint(191, 219), "workout_type": rng.choice([0, 1, 2, 3]), "flagged": False, "manual": rng.random() < 0.5,
        "trainer": rng.random() < 0.5, "max_speed": rng.uniform(0, 20)}


def garbage_part(part, facts):
    rng = rng_of(facts)
    return part | {"distance": rng.randint(1, 9999), "moving_time": rng.randint(1, 9999), "elapsed_time": rng.randint(1, 9999),
                   "average_heartrate": rng.randint(60, 190), "name": f"garbage {rng.random()}"}


class Garbler:
    """Goes through what landed in its order, and knows per stream of versions what stood before."""

    def __init__(self, t):
        self.t, self.before, self.ends, self.is_new = t, {}, {}, {}

    def version(self, key, thing, names, known_at, garble):
        """A repetition stays what it was made before; what was known stays; the rest is garbage."""
        facts = facts_of(thing, names)
        facts_before, made_before = self.before.get(key, (None, None))
        if facts == facts_before:
            made = {n: made_before[n] for n in made_before if n in names}
            made = {k: v for k, v in thing.items() if k not in names} | made
        else:
            made = thing if known_at <= self.t else garble(thing, facts)
        self.before[key] = (facts, made)
        return made

    def part(self, activity_id, kind, item, part, received_at):
        key = ("part", activity_id, kind, item)
        known_at = received_at if key in self.before else self.ends.get(activity_id, received_at)
        return self.version(key, part, PART_FACTS, known_at, garbage_part)

    def activity(self, a, received_at):
        key = ("activity", a["id"])
        if a.get("elapsed_time", 0) <= 0:  # broken: in no table that has available_at
            self.before[key] = (None, None)
            self.is_new[a["id"]] = False
            return a
        end = instant(epoch(a["start_date"]) + a["elapsed_time"])
        is_first = self.is_new.setdefault(a["id"], True)
        self.is_new[a["id"]] = False
        self.ends.setdefault(a["id"], end)
        known_at = end if is_first else max(end, received_at)
        is_running = is_first and a["start_date"] <= self.t < end
        made = self.version(key, a, ACTIVITY_FACTS, known_at, lambda thing, f: garbage_activity(thing, f, epoch(self.t) if is_running else None))
        if received_at > self.t and (not is_first or known_at > self.t):
            made = made | {"name": "garbage", "average_cadence": 1.5, "average_temp": -99}
        for field, kind in (("laps", "lap"), ("splits_metric", "split"), ("best_efforts", "best_effort")):
            if field in a:
                made = made | {field: [self.part(a["id"], kind, i, p, received_at) for i, p in enumerate(a[field], 1)]}
        return made

    def __call__(self, thing, received_at):
        if isinstance(thing, list):
            return [self(each, received_at) for each in thing]
        if "aspect_type" in thing:
            self.before.pop(("activity", thing["object_id"]), None)
            self.is_new[thing["object_id"]] = False
            return thing
        if "lap_index" in thing:
            return self.part(thing["activity"]["id"], "lap", thing["lap_index"], thing, received_at)
        if "firstname" in thing:
            key = ("athlete", thing["id"])
            made = thing | {"sex": "F", "birthdate": "1931-01-01"} if key in self.before and received_at > self.t else thing
            self.before[key] = True
            return made
        return self.activity(thing, received_at)


# --- the check -------------------------------------------------------------------------------------------------------


def build(landed, settings=(), changed=None):
    db = new_database()
    run(db)
    for thing, received_at in landed:
        put(db, thing, received_at)
    for athlete, name, since, value in settings:
        db.execute("INSERT INTO athlete_profile_settings VALUES (?, ?, ?, ?)", (athlete, name, since, value))
    run(db, changed=changed)
    return db


def dated_tables(db):
    """Per table with available_at, the rows as texts with their available_at."""
    found = {}
    for table in table_names(db):
        columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
        if "available_at" in columns:
            listed = ", ".join(c for c in columns if c not in NOT_COMPARED)
            found[table] = [(row[0], repr(row[1:])) for row in db.execute(f"SELECT available_at, {listed} FROM {table}")]
    return found


def leaks(original, landed, t, settings=(), changed=None):
    """The rows available by t that garbage after t has changed, {} when none."""
    garble = Garbler(t)
    day = instant(epoch(t) + 14 * 3600)[:10]  # a later day has begun nowhere on Earth
    garbled = build([(garble(thing, at), at) for thing, at in landed],
                    [(a, name, since, value if since <= day else value * 1.1) for a, name, since, value in settings], changed)
    after = dated_tables(garbled)
    garbled.close()
    assert original.keys() == after.keys()
    found = {}
    for table in original:
        difference = {row for at, row in original[table] if at <= t} ^ {row for at, row in after[table] if at <= t}
        if difference:
            found[table] = sorted(difference)[:3]
    assert after != original, "the garbage changed nothing at all"
    return found


@pytest.fixture(scope="module")
def runner():
    landed = [(body, "2025-12-01T00:00:00Z") for body in runner_objects()]
    with_tables = build(landed)
    yield landed, dated_tables(with_tables)
    with_tables.close()


def runner_instants(n, seed=1):
    rng = seeded(seed)
    return [instant(rng.randint(epoch("2017-10-15T00:00:00Z"), epoch("2025-10-10T00:00:00Z"))) for _ in range(n)]


@pytest.mark.parametrize("five", [0, *(soak(five) for five in range(1, 10))])
def test_what_the_bundled_runner_knew_on_fifty_random_days_does_not_depend_on_what_came_later(runner, five):
    landed, original = runner
    assert set(original) >= {"activity_features", "athlete_daily_features", "athlete_weekly_features", "athlete_rolling_features",
                             "silver_strava_activities", "silver_strava_sub_activity", "athlete_profile"}
    for t in runner_instants(50)[5 * five : 5 * five + 5]:
        assert leaks(original, landed, t) == {}, t


FAST = {"sport_type": "Run", "distance": 12000.0, "moving_time": 2700, "elapsed_time": 2700, "max_heartrate": 205.0, "average_heartrate": 180.0,
        "flagged": False, "manual": False, "trainer": False, "workout_type": 1}  # a race, which proves its runner's fitness by itself


def synthetic_life():
    """Months of two athletes with soon edits, deletions and returns, laps and their edits, a race of two nights and a date
    line; and a third whose oldest activities change late, which withdraws nearly all that is known of them."""
    rng = seeded(21)
    history = make_history(rng, 1, 45, 110) + make_history(rng, 2, 20, 110, first_number=100) + make_history(rng, 3, 10, 90, first_number=300)
    history += [make_activity(rng, 1, 201, 60) | FAST | {"distance": 160000.0, "moving_time": 140000, "elapsed_time": 150000},
                make_activity(rng, 1, 202, 0) | FAST | {"start_date": "2024-01-25T17:00:00Z", "utc_offset": 46800},
                make_activity(rng, 1, 203, 0) | FAST | {"start_date": "2024-01-25T22:00:00Z", "utc_offset": -36000, "moving_time": 2500, "elapsed_time": 2500},
                make_activity(rng, 1, 204, 0) | FAST | {"start_date": "2024-02-01T06:00:00Z", "utc_offset": 0},
                make_activity(rng, 1, 205, 0) | FAST | {"start_date": "2024-02-01T18:00:00Z", "utc_offset": 0, "moving_time": 2200, "elapsed_time": 2200}]
    history.sort(key=lambda a: a["start_date"])
    landed = [({"id": 1, "firstname": "A", "sex": "M", "birthdate": "1985-01-01"}, "2023-11-01T00:00:00Z"),
              ({"id": 1, "firstname": "A", "sex": "F", "birthdate": "1986-01-01"}, "2024-01-01T00:00:00Z")]
    for i, a in enumerate(history):
        end = epoch(a["start_date"]) + a["elapsed_time"]
        soon, later = (instant(end + 3600 * rng.randint(10, 60)) for _ in range(2))
        soon, later = min(soon, later), instant(max(epoch(soon), epoch(later)) + 3600)
        if i % 13 == 5:
            landed.append((a | {"elapsed_time": -1}, instant(end + 60)))
        landed.append((a, instant(end + 300)))
        if i % 4 == 1:
            laps = make_laps(rng, a, 3)
            landed.append((laps, instant(end + 400)))
        if i % 8 == 1:
            landed.append(([lap | {"average_heartrate": 101.5, "moving_time": 77} for lap in laps], soon))
            landed.append(([lap | {"average_heartrate": 171.5, "moving_time": 177} for lap in laps], later))
        if i % 6 == 2:
            landed.append((make_detail(rng, a), soon))
        if i % 12 == 2:
            landed.append((make_detail(rng, a), later))
        if i % 10 == 3:
            landed.append((a | {"distance": round(a["distance"] * 0.8 + 50, 1), "name": "edited", "total_elevation_gain": 77.0}, soon))
        if i % 10 == 7:
            landed.append((a | {"name": "renamed"}, later))
        if i % 14 == 6:
            landed.append((deletion(a["id"]), soon))
        if i % 28 == 6:
            landed.append((a, later))
    third = [a for a in history if a["athlete"]["id"] == 3]
    landed.append((third[1] | {"distance": 1234.5}, "2024-02-01T00:00:00Z"))
    landed.append((deletion(third[0]["id"]), "2024-02-10T00:00:00Z"))
    landed.sort(key=lambda l: l[1])
    settings = [("1", "max_hr", "2024-02-07", 199.0), ("2", "threshold_pace_min_km", "2024-01-20", 4.4), ("2", "resting_hr", "2024-02-05", 45.0)]
    return landed, settings


LIKELY = 7


def synthetic_instants(landed):
    """Where leaks are LIKELY, first: in a race, in a day, across the date line, before something arrives."""
    ultra = next(a for a, _ in landed if isinstance(a, dict) and a.get("id") == 201)
    end = epoch(ultra["start_date"]) + ultra["elapsed_time"]
    instants = ["2024-01-25T20:00:00Z", "2024-02-01T12:00:00Z", "2024-02-05T12:00:00Z"] + [instant(end - s) for s in (1, 20000, 40000, 60000)]
    rng = seeded(5)
    instants += [instant(rng.randint(epoch("2023-11-05T00:00:00Z"), epoch("2024-02-08T00:00:00Z"))) for _ in range(20)]
    for thing, at in landed[::24]:  # just before and just after something became known
        instants += [instant(epoch(at) - 1), at]
        if isinstance(thing, dict) and thing.get("elapsed_time", 0) > 0:
            end = epoch(thing["start_date"]) + thing["elapsed_time"]
            instants += [instant(end - 1), instant(end)]
    return [t for t in instants if t < "2024-02-09T00:00:00Z"]


@pytest.fixture(scope="module")
def life():
    landed, settings = synthetic_life()
    return landed, settings, synthetic_instants(landed)


@pytest.mark.parametrize("every", [10, soak(1)])
def test_edits_deletions_laps_and_travel_do_not_leak(life, every):
    landed, settings, instants = life
    db = build(landed, settings)
    assert db.execute("SELECT COUNT(*) FROM silver_corrections").fetchone()[0] >= 10
    original = dated_tables(db)
    for t in [*instants[:LIKELY], *instants[LIKELY::every]]:
        assert leaks(original, landed, t, settings) == {}, t


LEAKS = {
    "a threshold pace from runs up to 30 days later": (
        "410_activity_features", "p.known_date < m.local_date AND p.end_time <= m.first_start", "p.known_date <= date(m.local_date, '+30 days')"),
    "a threshold pace from the day itself": (
        "410_activity_features", "p.known_date < m.local_date AND p.end_time <= m.first_start", "p.known_date <= m.local_date"),
    "a threshold pace from the other side of the date line": (
        "410_activity_features", "p.known_date < m.local_date AND p.end_time <= m.first_start", "p.known_date < m.local_date"),
    "the maximum heart rate of all history": ("410_activity_features", "AND o.known_date < d.local_date AND o.end_time <= d.first_start", ""),
    "corrected activities under their first date": ("410_activity_features", "COALESCE(l.corrected_at, '')", "''"),
    "a setting before its day": ("410_activity_features", "s.setting = 'max_hr' AND s.valid_from <= d.local_date", "s.setting = 'max_hr'"),
    "a day's sum when the day begins": ("420_daily_features", "max(event_timestamp, available_at,", "max(activity_date || 'T00:00:00Z',"),
    "rolling features when the day begins": (
        "430_rolling_features", "max(strftime('%Y-%m-%dT%H:%M:%SZ', r.as_of_date, '+1 day', -z.utc_offset_s || ' seconds'), z.over_at,",
        "max(strftime('%Y-%m-%dT%H:%M:%SZ', r.as_of_date, -z.utc_offset_s || ' seconds'),"),
    "a race of two nights after the first": ("430_rolling_features", ", z.over_at,", ","),
    "rolling features of corrected days": ("430_rolling_features", "c.from_date <= r.as_of_date", "c.from_date > '9999'"),
    "a week when it begins": ("440_weekly_features", "max(event_timestamp, available_at) AS available_at", "week_start || 'T00:00:00Z' AS available_at"),
    "edited laps under the date of the activity": ("210_silver_sub_activity", "max(a.available_at, COALESCE(c.corrected_at, ''))", "a.available_at"),
    "edited laps in zones known before": ("410_activity_features", "COALESCE(z.available_at, '')", "''"),
    "an edited activity under its first date": ("200_silver_activities", "max(v.end_time, COALESCE((SELECT MAX(corrected_at)", "max(v.end_time, COALESCE((SELECT ''"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_stage_that_leaks_is_caught(life, leak):
    landed, settings, instants = life
    stage, kept, leaking = LEAKS[leak]
    assert kept in STAGES[stage]
    changed = {stage: STAGES[stage].replace(kept, leaking)}
    db = build(landed, settings, changed)
    original = dated_tables(db)
    assert any(leaks(original, landed, t, settings, changed) for t in instants)


def test_a_leaking_threshold_of_the_bundled_runner_is_caught(runner):
    landed, _ = runner
    stage, kept, leaking = LEAKS["a threshold pace from runs up to 30 days later"]
    changed = {stage: STAGES[stage].replace(kept, leaking)}
    original = dated_tables(build(landed, changed=changed))
    assert any(leaks(original, landed, t, changed=changed) for t in runner_instants(50))


def test_bronze_alone_has_no_available_at():
    db = new_database()
    run(db, BRONZE)
    assert dated_tables(db) == {}
