"""The page of one athlete: what it says is of that athlete alone, how old it is, what it rests on."""

import collections
import datetime
import re

import pytest

from helpers import stages
from helpers.athletes import lab
from helpers.athletes.activities import deletion, seeded
from helpers.machine.soak import soak
from helpers.stages import statements
from helpers.extension import ROOT

from .test_fitness_evidence import run_of, training


PAGE = (ROOT / "sql" / "reports" / "page.sql").read_text()


def page(db, athlete=None):
    copy = lab.new_database()
    copy.deserialize(db.serialize())
    if athlete is not None:
        copy.execute("CREATE TEMP TABLE page AS SELECT ? AS athlete_id", (str(athlete),))
    lines = []
    for statement in statements(PAGE):
        lines += ["|".join("" if v is None else str(v) for v in row) for row in copy.execute(statement)]
    return "\n".join(lines)


def section(text, title):
    found = re.search(rf"^{title}.*?(?=\n\n|\Z)", text, re.M | re.S)
    return found[0] if found else None


@pytest.fixture(scope="module")
def squad():
    rng = seeded("squad")
    runner, rider, broken = training(rng, 1, 3.0, n=40), training(rng, 2, 8.0, n=40, sport_type="Ride"), training(rng, 3, 3.4, n=40)
    broken[3] |= {"elapsed_time": -5, "moving_time": -5, "distance": -1.0}  # three rules at once
    broken[4] |= {"start_date": "yesterday"}
    race = run_of(rng, 1, 777, 60, 3.6, workout_type=1) | {"distance": 10030.0, "moving_time": 2800, "elapsed_time": 2800}
    return lab.database(lab.specification(num_boost_round=10), lab.survey(), runner, rider, broken, [race, deletion(1), {"nobody": "knows"}])


def test_refused_rows_are_those_of_the_athlete_and_each_counts_once(squad):
    total = lambda text: sum(int(n) for n in re.findall(r"^ +(\d+)  silver_rejects", section(text, "NOT USED") or "", re.M))
    assert squad.execute("SELECT COUNT(*) FROM silver_rejects WHERE activity_id = '3003'").fetchone()[0] >= 2
    assert (total(page(squad, 1)), total(page(squad, 2)), total(page(squad, 3))) == (0, 0, 2)
    for athlete in (1, 2, 3):  # what names no athlete is said to everybody
        assert "no known kind of object" in section(page(squad, athlete), "NOT USED")


def test_the_page_says_what_was_recorded_twice_and_counts_it_once():
    rng = seeded("two devices")
    runs = training(rng, 1, 3.0, n=10)
    copies = [a | {"id": a["id"] + 100, "elapsed_time": a["elapsed_time"] - 60, "moving_time": a["moving_time"] - 60} for a in runs[-3:]]
    alone, both = (stages.new_database() for _ in range(2))
    for db, bodies in ((alone, runs), (both, runs + copies)):
        stages.run(db)
        stages.put(db, bodies)
        stages.run(db)
    assert "recorded twice" not in page(alone)
    told = section(page(both), "DATA")
    last = max(copies, key=lambda a: a["start_date"])
    assert f"recorded twice: 3 activities are kept and not counted, and each training counts once (the last is {last['id']} of {last['start_date'][:10]}, " \
           f"{last['id'] - 100} counts)" in told and "tell athlete.db separate" in told
    rest = lambda text: re.sub(r"  recorded twice.*\n.*separate ID\n|(?s:\nSECONDS.*)", "", text + "\n")
    assert rest(page(both)) == rest(page(alone))


def test_the_page_says_how_old_the_data_are(squad):
    days, imported = re.search(r"the last activity was (\d+) days ago, the last import (less than a day|a day|\d+ days) ago", section(page(squad, 1), "DATA")).groups()
    last = squad.execute("SELECT julianday('now') - julianday(MAX(end_time)) FROM silver_strava_activities WHERE athlete_id = '1'").fetchone()[0]
    since = squad.execute("SELECT julianday('now') - julianday(MAX(ingested_at)) FROM bronze_strava_activities").fetchone()[0]
    assert int(days) == int(last) and imported == {0: "less than a day", 1: "a day"}.get(int(since), f"{int(since)} days")


def test_run_kilometres_are_not_added_to_those_of_other_sports(squad):
    for athlete, is_run in ((1, True), (2, False)):
        weeks = re.findall(r"^  \d{4}-\d\d-\d\d +([\d.]+) .* (\S+)$", section(page(squad, athlete), "LAST WEEKS"), re.M)
        stored = squad.execute("SELECT weekly_distance_km FROM athlete_weekly_features WHERE athlete_id = ? ORDER BY week_start DESC LIMIT 8", (str(athlete),)).fetchall()
        assert len(weeks) == len(stored) >= 5
        for (run_km, other), (km,) in zip(reversed(weeks), stored):
            assert (float(run_km), other) == (pytest.approx(km, abs=0.06), "-") if is_run else (0.0, f"{km:.1f}")


def test_the_race_behind_an_estimate_is_named_with_its_age(squad):
    race_times = section(page(squad, 1), "RACE TIMES")
    ran = squad.execute("SELECT race_date, (SELECT julianday(MAX(prediction_date)) FROM gold_athlete_predictions WHERE athlete_id = '1') - julianday(race_date)"
                        " FROM race_results").fetchone()
    assert f"the race of {ran[0]}: 10.0 km in 46:40, {int(ran[1])} days before" in race_times
    assert re.search(r"best of all the run of \d{4}-\d\d-\d\d: ", section(page(squad, 3), "RACE TIMES"))
    assert "they need a race, or runs" in section(page(squad, 2), "RACE TIMES")


def test_both_conventions_of_form_stand_side_by_side(squad):
    form = section(page(squad, 1), "FORM")
    today, before = squad.execute("SELECT tsb, tsb_ewma FROM athlete_rolling_features WHERE athlete_id = '1' ORDER BY as_of_date DESC LIMIT 2").fetchall()
    mean, weighted = re.search(r"Form     TSB +(-?[\d.]+) \S* +(-?[\d.]+)", form).groups()
    assert (float(mean), float(weighted)) == (round(today[0], 1), round(today[1], 1))
    assert f"TSB the evening before {before[1]:+.1f}" in form


def test_an_empty_file_has_an_empty_page():
    assert page(lab.database()) == "No activities yet: make import SRC=activities.json"
    text = page(lab.database(lab.specification(num_boost_round=10), lab.survey()))
    assert text == "No activities yet: make import SRC=activities.json"


RPE = "how hard one was, from 0 to 10, makes its load known: sql/tools/tell athlete.db rpe 2 5"
SINCE = "if you know it: sql/tools/tell athlete.db setting {} --date=2024-01-02 --athlete=1"
REASONS = [({"sport_type": "Ride"}, "no heart rate", RPE), ({"distance": 0.0}, "no distance and no heart rate", RPE),
           ({"distance": 0.0, "trainer": True}, "indoors without distance and no heart rate", RPE),
           ({"distance": 0.0, "moving_time": 0}, "no moving time and no heart rate", RPE),
           ({"sport_type": "Ride", "average_heartrate": 20.0, "max_heartrate": 22}, "a heart rate that no heart has", RPE),
           ({"sport_type": "Ride", "average_heartrate": 150.0, "max_heartrate": 171}, "heart rate, but no maximum to hold it against", SINCE.format("max_hr 190")),
           ({"sport_type": "Ride", "device_watts": True, "average_watts": 200.0}, "power, but no threshold power (ftp_w) of that day to hold it against", SINCE.format("ftp_w 250"))]


@pytest.mark.parametrize("given, why, cure", REASONS)
def test_the_page_says_of_each_activity_why_its_load_is_unknown_and_what_to_tell(given, why, cure):
    made = [run_of(seeded(n), 1, n, n, 3.0, **given) for n in (1, 2)]
    risk = section(page(lab.database(made)), "RISK")
    assert risk.endswith(f"the load of 2 activities in 2 days is unknown, 100 % of the moving time:\n       2  {why}\n    {cure}")


@pytest.mark.parametrize("seed", [0, 1, *map(soak, range(2, 4))])
def test_days_of_risk_that_follow_one_another_are_one_line_with_what_was_highest(seed):
    rng = seeded(f"risk {seed}")
    made = [run_of(rng, 1, n, day, 3.0, **dict.fromkeys(("moving_time", "elapsed_time"), s := rng.choice([600, 1800, 1800, 9000])), distance=3.0 * s)
            for n, day in enumerate(sorted(rng.choices(range(90), k=60)), 1)]
    db = lab.database(made)
    db.execute("UPDATE ops_config SET value = 1.2 WHERE name = 'acwr_risk_threshold'")
    lab.run(db)
    asked = "SELECT as_of_date, acwr, training_monotony_7d FROM athlete_rolling_features WHERE is_overtraining_risk ORDER BY 1"
    last = db.execute("SELECT MAX(as_of_date) FROM athlete_rolling_features").fetchone()[0]
    stretches = []
    for day, ratio, monotony in db.execute(asked):
        day = datetime.date.fromisoformat(day)
        if datetime.date.fromisoformat(last) - day < datetime.timedelta(28):
            if not stretches or day - stretches[-1][-1][0] > datetime.timedelta(1):
                stretches.append([])
            stretches[-1].append((day, ratio, monotony))
    expected = []
    for days in stretches:
        up_to, (since, *_), (until, *_) = "up to " if days[1:] else "", days[0], days[-1]
        said = [f"acute:chronic ratio {up_to}{r:.2f} is above 1.2" for r in [max(r for _, r, _ in days)] if r > 1.2]
        said += [f"monotony {up_to}{m:.2f} is above 2.0" for m in [max(m or 0 for *_, m in days)] if m > 2]
        said += ["seven days of the same load"] if any(r <= 1.2 and (m or 0) <= 2 for _, r, m in days) else []
        expected.append(f"  ! {since}{f' to {until}' if days[1:] else ''}  {', '.join(said)}")
    assert [line for line in section(page(db), "RISK").split("\n") if line.startswith("  !")] == expected and any(" to " in line for line in expected)


# --- what is unknown, why, and what cures it ---------------------------------------------------------------------------

POWER = "power, but no threshold power (ftp_w) of that day to hold it against"
NO_LIMIT = "heart rate, but no maximum to hold it against"
RECORDED = {  # what was recorded, and why that gives no load where neither a maximum nor a threshold power is known
    "run": ({}, None),
    "run without distance": ({"distance": 0.0}, "no distance and no heart rate"),
    "run without distance, with a strap": ({"distance": 0.0, "average_heartrate": 140.0}, NO_LIMIT),
    "on a belt": ({"distance": 0.0, "trainer": True}, "indoors without distance and no heart rate"),
    "ride": ({"sport_type": "Ride"}, "no heart rate"),
    "ride with a strap": ({"sport_type": "GravelRide", "average_heartrate": 130.0}, NO_LIMIT),
    "ride with a meter": ({"sport_type": "Ride", "device_watts": True, "average_watts": 180.0}, POWER),
    "indoors with a meter and a strap": ({"sport_type": "VirtualRide", "device_watts": True, "weighted_average_watts": 200.0, "average_heartrate": 150.0}, POWER),
    "with a meter that shows nothing": ({"sport_type": "Ride", "device_watts": True, "average_watts": 0.0}, "no heart rate"),
    "ride with an estimate": ({"sport_type": "Ride", "device_watts": False, "average_watts": 150.0}, "no heart rate"),
    "rowing with a handle": ({"sport_type": "Rowing", "device_watts": True, "average_watts": 150.0}, "no heart rate"),
    "walk": ({"sport_type": "Walk"}, "no heart rate"),
    "walk with a strap": ({"sport_type": "Walk", "average_heartrate": 90.0}, NO_LIMIT),
    "a strap that fails": ({"sport_type": "Swim", "average_heartrate": 20.0}, "a heart rate that no heart has"),
}


def reasons(db):
    """(reasons with their numbers, cures) of the page."""
    risk = section(page(db), "RISK")
    return collections.Counter({why: int(n) for n, why in re.findall(r"^ {2,}(\d+)  (\D.*)$", risk, re.M)}), re.findall(r"sql/tools/tell athlete\.db (.*)$", risk, re.M)


def follow(db, cure):
    """As sql/tools/tell does."""
    setting = re.fullmatch(r"setting (\w+) (\d+) --date=(\S+) --athlete=(\d+)", cure)
    if setting:
        name, value, since, athlete = setting.groups()
        db.execute("INSERT INTO athlete_profile_settings VALUES (?, ?, ?, ?)", (athlete, name, since, int(value)))
    else:
        number, rpe = re.fullmatch(r"rpe (\d+) (\d+)", cure).groups()
        db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('7', ?, 'rpe', ?)", (number, int(rpe)))
    lab.run(db)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 4))])
def test_what_is_unknown_says_why_and_is_known_when_the_cures_of_the_page_are_followed(seed):
    rng = seeded(f"reasons {seed}")
    kinds = [rng.choice(sorted(RECORDED)) for _ in range(rng.randint(8, 40))]
    db = lab.database([run_of(rng, 7, 1000 + i, i, 3.0, minutes=rng.randint(20, 90), **RECORDED[kind][0]) for i, kind in enumerate(kinds)])
    expected = collections.Counter(RECORDED[kind][1] for kind in kinds if RECORDED[kind][1])
    assert reasons(db)[0] == expected
    assert dict(db.execute("SELECT activity_id, load_reason FROM activity_features")) == {str(1000 + i): RECORDED[kind][1] for i, kind in enumerate(kinds)}
    minutes = dict(db.execute("SELECT activity_id, moving_time_min FROM activity_features"))
    share = sum(minutes[str(1000 + i)] for i, kind in enumerate(kinds) if RECORDED[kind][1]) / sum(minutes.values())
    assert db.execute("SELECT unknown_load_share_42d FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1").fetchone()[0] == pytest.approx(share, abs=1e-12)
    for _ in range(sum(expected.values())):
        before, cures = reasons(db)
        if not before:
            break
        follow(db, cures[0])
        after = reasons(db)[0]
        assert sum(after.values()) < sum(before.values()) and not after - before, (cures[0], before, after)
    assert reasons(db) == (collections.Counter(), [])
