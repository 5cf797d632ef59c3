"""What a run proves: one that stands alone moves neither the threshold nor a race estimate, a race and two that agree do."""

import functools

import pytest

from helpers.athletes import lab
from helpers.athletes.activities import epoch, instant, seeded
from helpers.athletes.formulas import vdot, vdot_time
from helpers.athletes.oracle import flat_km, hour_pace
from helpers.machine.soak import sized, soak


DAY = 86400
SHARE = 0.03  # one run moves nothing by more


def training(rng, athlete, speed, n=50, every=2, spread=0.04, **given):
    """Runs of an athlete from the first day on, every other day or so, each a little faster or slower than `speed`, m/s."""
    found, day = [], 0
    for i in range(n):
        found.append(run_of(rng, athlete, 1000 * athlete + i, day, speed * rng.uniform(1 - spread, 1 + spread), **given))
        day += rng.randint(1, 2 * every - 1)
    return found


def run_of(rng, athlete, number, day, speed, minutes=None, **given):
    moving = int(60 * (minutes or rng.uniform(30, 70)))
    start = instant(epoch("2024-01-01T07:00:00Z") + round(DAY * day))
    return {"id": number, "athlete": {"id": athlete}, "sport_type": "Run", "start_date": start, "utc_offset": 0, "workout_type": 0,
            "distance": round(speed * moving, 1), "moving_time": moving, "elapsed_time": moving, "max_speed": speed * 1.3} | given


def day_of(activity):
    return (epoch(activity["start_date"]) - epoch("2024-01-01T00:00:00Z")) // DAY


@functools.lru_cache(maxsize=None)
def surveyed():
    """The survey's estimator with few trees, without an athlete."""
    return lab.database(lab.specification(num_boost_round=10), lab.survey()).serialize()


def pipeline(*histories):
    db = lab.new_database()
    db.deserialize(surveyed())
    lab.put(db, [a for history in histories for a in history])
    lab.run(db)
    return db


def estimates(db):
    return {(athlete, distance): seconds for athlete, distance, seconds in db.execute(
        "SELECT athlete_id, distance_class, predicted_s FROM gold_athlete_predictions WHERE model = 'time_estimator'")}


def thresholds(db):
    """Of the last activity of each athlete."""
    return dict(db.execute("SELECT athlete_id, threshold_pace_min_km FROM activity_features AS f WHERE is_run AND event_timestamp ="
                           " (SELECT MAX(event_timestamp) FROM activity_features AS n WHERE n.athlete_id = f.athlete_id)"))


ABSURD = {
    "a GPS glitch that shows in the maximum speed": {"max_speed": 16.4},
    "a glitch that shows in nothing": {},
    "entered by hand": {"manual": True},
    "a treadmill": {"trainer": True},
    "a virtual run": {"sport_type": "VirtualRun"},
    "flagged as not credible": {"flagged": True},
    "a third of it paused": {"elapsed_time": 3000},
    "a race on a treadmill": {"trainer": True, "workout_type": 1},
    "a race entered by hand": {"manual": True, "workout_type": 1},
    "a race with a glitch": {"max_speed": 16.4, "workout_type": 1},
}


@pytest.mark.parametrize("kind", ABSURD)
def test_one_absurd_run_moves_no_threshold_and_no_race_estimate(kind):
    rng = seeded(kind)
    before, after = [], []
    athletes = range(1, sized(5, 9))
    for athlete in athletes:
        history = training(rng, athlete, rng.uniform(2.4, 4.2), n=rng.randint(12, 60), spread=rng.uniform(0.005, 0.08))
        last = run_of(rng, athlete, 999_000 + athlete, day_of(history[-1]) + 3, 2.5)
        fastest = max(a["distance"] / a["moving_time"] for a in history)
        absurd = run_of(rng, athlete, 990_000 + athlete, day_of(rng.choice(history[3:])), min(6.4, fastest * rng.uniform(1.25, 1.8)), minutes=40)
        absurd["start_date"] = absurd["start_date"].replace("T07", "T18")  # another run of the day
        before.append(history + [last])
        after.append(history + [absurd | ABSURD[kind], last])
    without, moved = pipeline(*before), pipeline(*after)
    assert thresholds(without).keys() == {str(a) for a in athletes} and len(estimates(without)) == 4 * len(athletes)
    for of in (thresholds, estimates):
        for key, value in of(without).items():
            assert abs(of(moved)[key] / value - 1) <= SHARE, (kind, of.__name__, key)
    loads = "SELECT activity_id, estimated_tss FROM activity_features WHERE activity_id NOT LIKE '99000_'"
    was = dict(without.execute(loads))
    assert all(abs(load / was[key] - 1) <= 2 * SHARE for key, load in moved.execute(loads))  # the load is the square of the pace


def race_of(rng, athlete, number, day, speed, metres=10000.0):
    """Over an official distance, as the watch reads it."""
    seconds = round(metres / speed)
    return run_of(rng, athlete, number, day, speed, workout_type=1) | {"distance": metres * rng.uniform(1.0, 1.01), "moving_time": seconds, "elapsed_time": seconds}


ABSURD_RACES = {
    "over an official distance": lambda rng, history, days, speed: [(rng.choice(days[3:]) + 0.4, speed, rng.choice([5000.0, 10000.0, 21097.5]))],
    "over another": lambda rng, history, days, speed: [(rng.choice(days[3:]) + 0.4, speed, 7300.0)],
    "before all else": lambda rng, history, days, speed: [(days[0] - 2, speed, rng.choice([5000.0, 10000.0]))],
    "two that are far from each other": lambda rng, history, days, speed: [(rng.choice(days[3:]) + 0.4, speed, 10000.0), (rng.choice(days[3:]) + 0.45, 1.12 * speed, 10000.0)],
    "faster than any world record": lambda rng, history, days, speed: [(rng.choice(days[3:]) + 0.4, 6.9, 10000.0), (rng.choice(days[3:]) + 0.45, 6.85, 10000.0)],
}


@pytest.mark.parametrize("kind, seed", [*((kind, 0) for kind in ABSURD_RACES), *(soak(kind, seed) for kind in ABSURD_RACES for seed in range(1, 9))])
def test_an_absurd_run_that_is_tagged_as_a_race_moves_no_threshold_and_no_race_estimate(kind, seed):
    """A ride, or a car: one and a half times as fast as the runner's fastest, or more, and nothing else is odd about it."""
    rng = seeded(f"{kind} {seed}")
    before, after = [], []
    for athlete in range(1, 7 if seed else 3):
        history = training(rng, athlete, rng.uniform(2.2, 3.2), n=rng.randint(12, 50), spread=rng.uniform(0.005, 0.08))
        last = run_of(rng, athlete, 999_000 + athlete, day_of(history[-1]) + 3, 2.0)
        fastest = max(a["distance"] / a["moving_time"] for a in history)
        absurd = ABSURD_RACES[kind](rng, history, [day_of(a) for a in history], fastest * rng.uniform(1.45, 2.0))
        before.append([*history, last])
        after.append([*history, *(race_of(rng, athlete, 990_000 + 10 * athlete + i, *race) for i, race in enumerate(absurd)), last])
    without, moved = pipeline(*before), pipeline(*after)
    assert len(estimates(without)) == 4 * len(before)
    for of in (thresholds, estimates):
        for key, value in of(without).items():
            assert abs(of(moved)[key] / value - 1) <= SHARE, (of.__name__, key)


KINDS = {  # of training, by which the fastest run is known
    "a road runner": {},
    "a treadmill runner": {"trainer": True},
    "a trail runner": {"total_elevation_gain": 25},  # m per km
    "a runner with a strap": {"average_heartrate": 140, "max_heartrate": 165, "has_heartrate": True},
}


def shown(activity):
    return vdot(1000 * flat_km(activity["distance"] / 1000, activity.get("total_elevation_gain")), activity["moving_time"])


def trained(rng, athlete, kind):
    """A history of this kind, and what the best of it shows on the flat."""
    history = training(rng, athlete, rng.uniform(2.2, 3.2), n=rng.randint(24, 44), spread=rng.uniform(0.005, 0.03))
    for a in history:
        a |= KINDS[kind]
        if "total_elevation_gain" in a:
            a["total_elevation_gain"] = round(25 * a["distance"] / 1000, 1)
    return history, max(map(shown, history))


@pytest.mark.parametrize("kind, seed", [*((kind, 0) for kind in KINDS), *(soak(kind, seed) for kind in KINDS for seed in range(1, 13))])
def test_how_much_faster_a_race_may_be_than_all_other_runs(kind, seed):
    """From as good as the best to more than 1.6 times as fast, all between: by 15 % to a quarter faster it counts at once, by much
    more than a third it moves nothing, whenever it was; and without the tag no run does that none is near."""
    rng, athletes = seeded(f"continuous {kind} {seed}"), range(1, 17 if seed else 7)
    worlds = {"none": [], "tagged": [], "not tagged": []}
    factors, of = {}, {}
    for athlete in athletes:
        history, best = trained(rng, athlete, kind)
        factors[athlete] = factor = 1 + 0.8 * (athlete - 1 + rng.random()) / len(athletes)
        days = [day_of(a) for a in history]
        at = days[-1] + 1 if 1.18 <= factor <= 1.35 else rng.choice([days[0] - 2, *days[3:], days[-1] + 1])
        of[athlete] = name = rng.choice(["10k", "21k"] if 1.18 <= factor <= 1.35 else ["5k", "10k", "21k"])
        metres = {"5k": 5000.0, "10k": 10000.0, "21k": 21097.5}[name]
        race = race_of(rng, athlete, 990_000 + athlete, at + 0.4, metres / vdot_time(factor * best, metres), metres)
        race |= {"average_heartrate": 140, "max_heartrate": 165, "has_heartrate": True} if "strap" in kind else {}
        last = run_of(rng, athlete, 999_000 + athlete, days[-1] + 3, 2.0)
        for world, more in (("none", []), ("tagged", [race]), ("not tagged", [race | {"workout_type": 0}])):
            worlds[world].append([*history, *more, last])
    found = {world: pipeline(*histories) for world, histories in worlds.items()}
    was, pace = estimates(found["none"]), thresholds(found["none"])
    assert len(was) == 4 * len(athletes)
    for world in ("tagged", "not tagged"):
        now, faster = estimates(found[world]), thresholds(found[world])
        for athlete, factor in factors.items():
            moved = {d: now[str(athlete), d] / was[str(athlete), d] - 1 for d in ("5k", "10k", "21k", "42k")}
            moved["threshold"] = faster[str(athlete)] / pace[str(athlete)] - 1
            if world == "not tagged" and factor > 1.05 or factor > 1.43:  # beside one that is near it a run is evidence
                assert max(map(abs, moved.values())) <= SHARE, (world, athlete, factor, of[athlete], moved)
            elif 1.18 <= factor <= 1.35:
                assert moved[of[athlete]] < -0.04, (world, athlete, factor, of[athlete], moved)


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 9))])
def test_a_race_that_stands_out_counts_at_once_within_reach_and_else_with_a_second_one_near_it(seed):
    rng = seeded(f"stands out {seed}")
    base, near, far, twice = [], [], [], []
    for athlete in range(1, 7 if seed else 3):
        history = training(rng, athlete, rng.uniform(2.2, 2.9), n=rng.randint(20, 50), spread=0.02)
        fastest, end = max(a["distance"] / a["moving_time"] for a in history), day_of(history[-1])
        last = run_of(rng, athlete, 999_000 + athlete, end + 9, 2.0)
        first, second = (race_of(rng, athlete, 990_000 + 10 * athlete + i, end + 2 + 3 * i, rng.uniform(1.55, 1.56) * fastest) for i in range(2))
        base.append([*history, last])
        near.append([*history, race_of(rng, athlete, 990_000 + athlete, end + 2, rng.uniform(1.15, 1.2) * fastest), last])
        far.append([*history, first, last])
        twice.append([*history, first, second, last])
    plain, once, doubted, believed = pipeline(*base), pipeline(*near), pipeline(*far), pipeline(*twice)
    for key, seconds in estimates(plain).items():
        assert estimates(once)[key] < (0.98 if key[1] == "42k" else 0.96) * seconds and abs(estimates(doubted)[key] / seconds - 1) <= SHARE and estimates(believed)[key] < 0.85 * seconds, key
    for athlete, pace in thresholds(plain).items():
        assert thresholds(once)[athlete] < 0.97 * pace and abs(thresholds(doubted)[athlete] / pace - 1) <= SHARE and thresholds(believed)[athlete] < 0.8 * pace
    assert doubted.execute("SELECT DISTINCT reason FROM race_rejects").fetchall() == [("much faster than all else that is known of its runner",)]
    assert believed.execute("SELECT COUNT(*), MIN(available_at > event_timestamp) FROM race_results").fetchone() == (2 * len(base), 1)  # since the second


def test_a_race_moves_the_estimate_and_two_fast_runs_of_a_week_the_threshold():
    rng = seeded("feats")
    speeds = {athlete: rng.uniform(2.6, 3.9) for athlete in range(1, 7)}
    base = {a: training(rng, a, v, spread=0.02) for a, v in speeds.items()}
    ends = {a: day_of(history[-1]) for a, history in base.items()}
    fast = {a: max(r["distance"] / r["moving_time"] for r in history) / 0.85 for a, history in base.items()}
    jog = {a: [run_of(rng, a, 999_000 + a, ends[a] + 9, 2.5)] for a in base}
    race = {a: [run_of(rng, a, 990_000 + a, ends[a] + 2, fast[a], workout_type=1) | {"distance": 10050.0, "moving_time": int(10050 / fast[a]),
                                                                                  "elapsed_time": int(10050 / fast[a])}] for a in base}
    pair = {a: [run_of(rng, a, 990_000 + 10 * a + i, ends[a] + 2 + 4 * i, fast[a], minutes=40) for i in range(2)] for a in base}
    plain, raced, twice = (pipeline(*[base[a] + (more[a] if more else []) + jog[a] for a in base]) for more in (None, race, pair))
    for key, seconds in estimates(plain).items():
        assert estimates(raced)[key] < (0.97 if key[1] == "42k" else 0.96) * seconds, key  # of a marathon a race of 10 km tells less
    for athlete, pace in thresholds(plain).items():
        assert thresholds(twice)[athlete] < 0.97 * pace and thresholds(raced)[athlete] < 0.97 * pace


@pytest.mark.parametrize("gap_days", [95, 130, 200, 365, 450])
def test_after_a_break_the_threshold_is_the_runners_own_and_fades(gap_days):
    rng = seeded(gap_days)
    histories = []
    for athlete in range(1, 7):
        history = training(rng, athlete, rng.uniform(2.4, 4.2), spread=0.03)
        back = day_of(history[-1]) + gap_days
        histories.append(history + [run_of(rng, athlete, 999_000 + athlete * 10 + i, back + 2 * i, 2.1) for i in range(4)])
    found = lab.rows(pipeline(*histories), "SELECT athlete_id, threshold_pace_min_km AS pace, threshold_source AS source FROM activity_features ORDER BY athlete_id, event_timestamp")
    for athlete in range(1, 7):
        paces = [f["pace"] for f in found if f["athlete_id"] == str(athlete)]
        last, returned = paces[-5], paces[-4:]
        assert all(last < pace <= 1.15 * last for pace in returned), (athlete, last, returned)
        assert all(f["source"] == "history" for f in found[-4:])


@pytest.mark.parametrize("gap_days", [95, 200, 400])
def test_after_a_break_the_last_run_before_it_counts_and_fades(gap_days):
    """Two runs that agree and are faster than all before are what is known of a runner who then stays away: the day of the second
    knew only the first, which proves nothing alone."""
    rng = seeded(f"stays away for {gap_days}")
    histories, fast = [], {}
    for athlete in range(1, 7):
        speed = rng.uniform(2.4, 3.6)
        history = training(rng, athlete, speed, spread=0.01)
        end = day_of(history[-1])
        fast[athlete] = [run_of(rng, athlete, 990_000 + 10 * athlete + i, end + 2 + 2 * i, 1.12 * speed, minutes=40) for i in range(2)]
        histories.append([*history, *fast[athlete], run_of(rng, athlete, 999_000 + athlete, end + 4 + gap_days, 2.0)])
    for athlete, pace in thresholds(pipeline(*histories)).items():
        shown = vdot(fast[int(athlete)][1]["distance"], fast[int(athlete)][1]["moving_time"])
        assert pace == pytest.approx(hour_pace(shown * 0.9 ** ((gap_days - 2) / 365)), rel=1e-3), athlete


def widths(db):
    return {(athlete, distance): (upper / lower) for athlete, distance, lower, upper in db.execute(
        "SELECT athlete_id, distance_class, lower_s, upper_s FROM gold_athlete_predictions WHERE model = 'time_estimator'")}


@pytest.mark.parametrize("gap_days, raced", [(120, False), (160, True), soak(200, False), soak(330, True), soak(500, False)])
def test_after_a_break_a_race_estimate_is_of_the_runners_own_past_slower_by_then_and_less_certain(gap_days, raced):
    rng = seeded(f"back after {gap_days}")
    before, after = [], []
    for athlete in range(1, 7):
        speed = rng.uniform(2.7, 4.0)
        history = training(rng, athlete, speed, n=rng.randint(45, 70), spread=0.04)
        end = day_of(history[-1])
        if raced:
            seconds = round(10050 / (1.06 * speed))
            history.append(run_of(rng, athlete, 990_000 + athlete, end + 2, speed, workout_type=1) | {"distance": 10050.0, "moving_time": seconds, "elapsed_time": seconds})
        jogs = [run_of(rng, athlete, 999_000 + athlete * 20 + i, end + gap_days + 3 * i, speed * rng.uniform(0.62, 0.72), minutes=35) for i in range(rng.randint(1, 6))]
        before.append(history)
        after.append([*history, *jogs])
    was, now = pipeline(*before), pipeline(*after)
    for key, seconds in estimates(was).items():
        assert 1.03 < estimates(now)[key] / seconds < (1.55 if key[1] in ("21k", "42k") else 1.35), key  # what is long asks for training
        assert widths(now)[key] > (1.1 if raced else 1.0) * widths(was)[key], key
    assert {e for (e,) in now.execute("SELECT DISTINCT evidence FROM time_estimator_rows WHERE source = 'today'")} == {"training_run"}


def test_a_runner_of_treadmills_alone_is_known_by_runs_that_agree():
    rng = seeded("treadmill")
    db = pipeline(training(rng, 1, 3.2, spread=0.02, trainer=True))
    last = thresholds(db)["1"]
    best = sorted(vdot(a["distance"], a["moving_time"]) for a in training(seeded("treadmill"), 1, 3.2, spread=0.02, trainer=True))
    assert 0.97 < threshold_of(db, best[-2]) / last < 1.03
    assert {d for (_, d) in estimates(db)} == {"5k", "10k", "21k", "42k"}


def threshold_of(db, fitness):
    return db.execute("SELECT threshold_pace(?)", (fitness,)).fetchone()[0]


def test_what_a_run_is_doubted_for_is_said():
    rng = seeded("doubts")
    changes = [{}, {"workout_type": 1}, {"manual": True}, {"trainer": True}, {"max_speed": 12.0}, {"elapsed_time": 4000}, {"flagged": True}]
    history = [run_of(rng, 1, i + 1, i, 3.0, minutes=50) | change for i, change in enumerate(changes)]
    found = {int(r["activity_id"]): (r["standing"], r["doubt"]) for r in lab.rows(pipeline(history), "SELECT * FROM run_evidence")}
    assert found == {1: (1, None), 2: (2, None), 3: (0, "entered by hand"), 4: (0, "indoors, or virtual"),
                     5: (0, "a maximum speed that nobody runs"), 6: (0, "paused")}
