"""The official distance and time behind each activity tagged as a race, or the reason why there is none."""

import json

import pytest

from helpers.athletes import lab

# Everything that a race result depends on.
STAGES = [s for s in lab.STAGES if s <= "450_race_results"]
NO_DISTANCE = "no official distance within 1 % below and 3 % above, and no best effort"
# What Strava names best efforts after.
EFFORT_M = {"400m": 400, "1/2 mile": 805, "1K": 1000, "1 mile": 1609, "2 mile": 3219, "5K": 5000, "10K": 10000, "15K": 15000,
            "10 mile": 16090, "20K": 20000, "Half-Marathon": 21097, "30K": 30000, "Marathon": 42195}


def activity(distance_m, seconds, efforts=None, **given):
    """A race as the Strava API gives it; with best efforts it is a detailed activity."""
    found = {
        "resource_state": 2, "id": 1, "athlete": {"id": 7}, "name": "a race", "sport_type": "Run", "workout_type": 1,
        "start_date": "2024-05-05T13:00:00Z", "utc_offset": -14400.0, "distance": distance_m, "moving_time": seconds, "elapsed_time": seconds,
        "total_elevation_gain": 0.0, "trainer": False, "manual": False, "flagged": False,
    } | given
    if efforts is not None:
        found["resource_state"] = 3
        found["best_efforts"] = [{"id": 100 + i, "name": name, "distance": EFFORT_M[name], "moving_time": s, "elapsed_time": s}
                                 for i, (name, s) in enumerate(efforts.items())]
    return found


def outcome(*activities):
    """(class, seconds, source) of the only race, or its reason."""
    db = lab.database(*activities, names=STAGES)
    results = db.execute("SELECT distance_class, seconds, source FROM race_results").fetchall()
    rejects = db.execute("SELECT reason FROM race_rejects").fetchall()
    db.close()
    assert len(results) + len(rejects) == 1, (results, rejects)
    return results[0] if results else rejects[0][0]


# --- the bundled runner --------------------------------------------------------------------------------------------


def test_each_tagged_race_of_the_runner_is_a_result_or_a_reject_with_a_reason():
    tagged = {str(a["id"]) for a in lab.runner_activities() if a.get("workout_type") == 1 and a["sport_type"] in ("Run", "TrailRun", "VirtualRun")}
    assert len(tagged) == 84
    db = lab.copy()
    results = {i for (i,) in db.execute("SELECT activity_id FROM race_results")}
    rejects = {i for (i,) in db.execute("SELECT activity_id FROM race_rejects WHERE length(reason) > 10")}
    assert results | rejects == tagged and not results & rejects


def test_the_runner_has_these_races():
    db = lab.copy()
    assert db.execute("SELECT distance_class, source, COUNT(*) FROM race_results GROUP BY 1, 2 ORDER BY 1, 2").fetchall() == [
        ("10k", "race_tag", 3), ("10mi", "race_tag", 3), ("21k", "race_tag", 17), ("42k", "best_effort", 1), ("42k", "race_tag", 4),
        ("5k", "race_tag", 3), ("5mi", "race_tag", 4)]
    assert dict(db.execute("SELECT reason, COUNT(*) FROM race_rejects GROUP BY 1")) == {
        NO_DISTANCE: 45, "climbs more than 20 m per km": 2, "entered by hand": 1, "paused for more than 4 % of the time": 1}


def test_every_result_follows_from_the_activity_as_received():
    """The rule told again over the JSON, for the races without best efforts."""
    official = {"5k": 5000, "5mi": 8046.72, "10k": 10000, "10mi": 16093.44, "21k": 21097.5, "42k": 42195}
    db = lab.copy()
    found = {r["activity_id"]: r for r in lab.rows(db, "SELECT * FROM race_results")}
    with_efforts = json.loads((lab.RUNNER / "activity_marathon_detail.json").read_text())["id"]
    for a in lab.runner_activities():
        if a.get("workout_type") != 1 or a["id"] == with_efforts:
            continue
        name = next((n for n, m in official.items() if 0.99 * m <= a["distance"] <= 1.03 * m), None)
        usable = (name and not a["manual"] and not a["flagged"] and a["elapsed_time"] - a["moving_time"] <= 0.04 * a["elapsed_time"]
                  and a["total_elevation_gain"] <= 0.02 * a["distance"])
        row = found.get(str(a["id"]))
        assert (row is not None) == bool(usable), a["name"]
        if row:
            assert (row["distance_class"], row["seconds"], row["measured_m"]) == (name, a["elapsed_time"], a["distance"])


def test_a_marathon_counts_by_its_best_effort_and_not_by_the_watch():
    """New York 2018: 3:42:02 in the official results; the activity has 42.27 km in 3:42:13."""
    detail = json.loads((lab.RUNNER / "activity_marathon_detail.json").read_text())
    assert detail["elapsed_time"] == 13333
    db = lab.copy()
    assert lab.one(db, "SELECT seconds, hms(seconds), distance_class, source FROM race_results WHERE activity_id = ?", str(detail["id"])) == (
        13322.0, "3:42:02", "42k", "best_effort")


# --- one race ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, metres", [("5k", 5000), ("5mi", 8046.72), ("10k", 10000), ("10mi", 16093.44), ("21k", 21097.5), ("42k", 42195)])
@pytest.mark.parametrize("share, counts", [(0.9899, False), (0.9901, True), (1, True), (1.0299, True), (1.0301, False)])
def test_a_watch_may_read_one_per_cent_short_to_three_long(name, metres, share, counts):
    found = outcome(activity(metres * share, int(metres / 3.5)))
    assert found == ((name, float(int(metres / 3.5)), "race_tag") if counts else NO_DISTANCE)


@pytest.mark.parametrize("metres", [9900.0, 10300.0])
def test_the_bounds_themselves_count(metres):
    assert outcome(activity(metres, 3000)) == ("10k", 3000.0, "race_tag")


def test_of_a_race_with_its_warm_up_the_effort_that_proves_most_is_the_race():
    # 29 km around a 10 km race: 10 km in 40:00 prove more than the slower half-marathon around it.
    efforts = {"1 mile": 370, "5K": 1215, "10K": 2400, "Half-Marathon": 6500}
    assert outcome(activity(29000, 9400, efforts)) == ("10k", 2400.0, "best_effort")


def test_an_effort_over_a_distance_without_races_is_no_race():
    assert outcome(activity(29000, 9400, {"1 mile": 370, "15K": 3700})) == NO_DISTANCE


def test_an_effort_over_the_measured_distance_wins_over_a_better_one():
    assert outcome(activity(10100, 2700, {"5K": 1100, "10K": 2670})) == ("10k", 2670.0, "best_effort")


def test_efforts_that_miss_the_measured_distance_leave_the_whole_activity():
    assert outcome(activity(21300, 6000, {"5K": 1300, "10K": 2700})) == ("21k", 6000.0, "race_tag")


def test_seconds_are_elapsed_and_not_moving():
    assert outcome(activity(10000, 2900, elapsed_time=3000)) == ("10k", 3000.0, "race_tag")


@pytest.mark.parametrize(
    "given, reason",
    [
        (dict(flagged=True), "flagged as not credible"),
        (dict(manual=True), "entered by hand"),
        (dict(trainer=True), "indoors: the distance is not a course"),
        (dict(sport_type="VirtualRun"), "indoors: the distance is not a course"),
        (dict(moving_time=2879), "paused for more than 4 % of the time"),
        (dict(total_elevation_gain=201.0), "climbs more than 20 m per km"),
        (dict(distance=12000.0), NO_DISTANCE),
        (dict(distance=0.0), NO_DISTANCE),
    ],
    ids=["flagged", "manual", "indoor", "virtual", "paused", "hilly", "other distance", "no distance"],
)
def test_what_is_no_race_result_says_why(given, reason):
    assert outcome(activity(10000, 3000, **given)) == reason


@pytest.mark.parametrize("given", [dict(flagged=True), dict(manual=True), dict(trainer=True)])
def test_a_best_effort_does_not_mend_what_cannot_be_believed(given):
    assert isinstance(outcome(activity(10000, 3000, {"10K": 2990}, **given)), str)


def test_a_best_effort_needs_no_even_course_and_no_unbroken_run():
    assert outcome(activity(14000, 5000, {"10K": 2990}, moving_time=4200, total_elevation_gain=400.0)) == ("10k", 2990.0, "best_effort")


@pytest.mark.parametrize("given", [dict(moving_time=2880), dict(total_elevation_gain=200.0)])
def test_a_pause_or_a_climb_at_the_bound_counts(given):
    assert outcome(activity(10000, 3000, **given)) == ("10k", 3000.0, "race_tag")


@pytest.mark.parametrize("given", [dict(workout_type=0), dict(workout_type=None), dict(workout_type=3), dict(sport_type="Ride", workout_type=11)])
def test_what_is_not_tagged_as_a_running_race_is_neither_result_nor_reject(given):
    db = lab.database(activity(10000, 3000, **given), names=STAGES)
    assert [lab.one(db, f"SELECT COUNT(*) FROM {t}") for t in ("race_results", "race_rejects")] == [0, 0]


# --- over time -----------------------------------------------------------------------------------------------------


def test_an_edit_moves_a_race_between_results_and_rejects_and_a_deletion_takes_it_out():
    db = lab.database(activity(10000, 3000), names=STAGES)

    def after(body):
        lab.put(db, body)
        lab.run(db, STAGES)
        return [db.execute(f"SELECT activity_id FROM {t}").fetchall() for t in ("race_results", "race_rejects")]

    assert after(activity(10000, 3000, flagged=True)) == [[], [("1",)]]
    assert after(activity(10000, 3000, name="no longer flagged")) == [[("1",)], []]
    assert after(activity(10000, 3000, workout_type=0)) == [[], []]
    assert after(activity(10000, 3000)) == [[("1",)], []]
    assert after({"aspect_type": "delete", "object_type": "activity", "object_id": 1, "owner_id": 7, "event_time": 1}) == [[], []]


def test_a_detail_that_arrives_later_brings_its_best_effort():
    assert outcome(activity(29000, 9400)) == NO_DISTANCE
    db = lab.database(activity(29000, 9400), names=STAGES)
    lab.put(db, activity(29000, 9400, {"10K": 2400}))
    lab.run(db, STAGES)
    assert lab.one(db, "SELECT distance_class, seconds FROM race_results") == ("10k", 2400.0)
    assert lab.one(db, "SELECT COUNT(*) FROM race_rejects") == 0


def test_a_corrected_effort_is_known_from_its_correction():
    db = lab.database(activity(29000, 9400, {"10K": 2400}), names=STAGES)
    finish = lab.one(db, "SELECT end_time FROM silver_strava_activities")
    assert lab.one(db, "SELECT event_timestamp, available_at FROM race_results") == (finish, finish)
    lab.put(db, activity(29000, 9400, {"10K": 2410}), received_at="2025-12-24T00:00:00Z")
    lab.run(db, STAGES)
    assert lab.one(db, "SELECT seconds, event_timestamp, available_at FROM race_results") == (2410.0, finish, "2025-12-24T00:00:00Z")


def test_the_races_of_one_athlete_do_not_touch_those_of_another():
    other = activity(5000, 1300, id=2, athlete={"id": 8})
    db = lab.database(activity(10000, 3000), other, names=STAGES)
    lab.put(db, activity(10000, 2950))
    lab.run(db, STAGES)
    assert db.execute("SELECT athlete_id, distance_class, seconds FROM race_results ORDER BY 1").fetchall() == [
        ("7", "10k", 2950.0), ("8", "5k", 1300.0)]
