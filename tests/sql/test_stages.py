"""How the stages behave as programs: failures, the run log, settings, and dates at the edges of the calendar."""

import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from helpers.athletes.activities import STAGES, assert_same, dump, file_of, make_activity, make_history, new_database, one, pipeline, put, rows, run, seeded
from helpers.athletes.belief import believed
from helpers.extension import EXTENSION, ROOT
from helpers.stages import PATHS

RUN = {"sport_type": "Run", "distance": 10000.0, "moving_time": 3000, "elapsed_time": 3000, "flagged": False, "total_elevation_gain": 10.0,
       "average_heartrate": 150.0, "max_heartrate": 170.0}


def run_at(number, start, offset=0, **given):
    return make_activity(seeded(number), 1, number, 0) | RUN | {"start_date": start, "utc_offset": offset} | given


# --- failures and the run log ----------------------------------------------------------------------------------------------


def shell_run(db_path, *files, extension=EXTENSION):
    return subprocess.run([str(ROOT / "sql" / "tools" / "run"), str(db_path), *map(str, files)], text=True, capture_output=True, cwd=ROOT,
                          env=os.environ | {"ATHLETE_EXTENSION": str(extension)})


@pytest.fixture(scope="module")
def of_one_athlete(tmp_path_factory):
    return file_of(tmp_path_factory.mktemp("one") / "athlete.db", make_history(seeded(1), 1, 20, 40))


@pytest.fixture
def on_disk(of_one_athlete, tmp_path):
    return pathlib.Path(shutil.copy(of_one_athlete, tmp_path / "it's an athlete.db"))


def with_another_athlete(path):
    db = new_database(path)
    put(db, make_history(seeded(2), 2, 10, 40, first_number=100))
    return db


def fails(path, db, stage, tmp_path):
    """A stage is run that fails, after those before it."""
    before = dump(db)
    text = STAGES[stage]
    failing = tmp_path / f"{stage}.sql"
    failing.write_text(text.replace("\nCOMMIT;", "\nSELECT assert_that(0, 'it isn''t \"so\"');\nCOMMIT;"))
    done = shell_run(path, failing, ROOT / "sql" / "0_ops/000_ops_tables.sql")
    assert done.returncode != 0 and f"{stage} failed" in done.stderr and "it isn't \"so\"" in done.stderr
    assert_same(before, dump(db))
    last = rows(db, "SELECT * FROM ops_runs ORDER BY run_id DESC LIMIT 1")[0]
    assert (last["stage"], last["outcome"]) == (stage, "failed") and "it isn't \"so\"" in last["message"]
    assert last["started_at"].endswith("Z") and last["duration_ms"] >= 0


def all_run(path, db):
    assert shell_run(path, *(PATHS[s] for s in STAGES)).returncode == 0
    assert one(db, "SELECT COUNT(DISTINCT athlete_id) FROM athlete_weekly_features") == 2


@pytest.fixture(scope="module")
def going_on(of_one_athlete, tmp_path_factory):
    """A function that runs the stages before one over a file to which another athlete has come: each of them once, whatever has failed."""
    path = pathlib.Path(shutil.copy(of_one_athlete, tmp_path_factory.mktemp("on") / "it's an athlete.db"))
    db, left = with_another_athlete(path), list(STAGES)

    def up_to(stage):
        if before := [s for s in left if s < stage]:
            run(db, before)
        left[:] = [s for s in left if s >= stage]
        return path, db

    yield up_to
    db.close()


@pytest.mark.unsanitized  # every stage runs in the tests below too
@pytest.mark.parametrize("stage", [s for s in STAGES if s > "1"])
def test_a_stage_that_fails_leaves_the_database_as_it_was_and_a_row_in_ops_runs(going_on, tmp_path, stage):
    fails(*going_on(stage), stage, tmp_path)


@pytest.mark.unsanitized
def test_after_each_stage_has_failed_all_of_them_run(going_on):
    all_run(*going_on("9"))


@pytest.mark.soak
@pytest.mark.unsanitized
@pytest.mark.parametrize("stage", [s for s in STAGES if s > "1"])
def test_after_a_stage_has_failed_all_of_them_run(on_disk, tmp_path, stage):
    db = with_another_athlete(on_disk)
    run(db, [s for s in STAGES if s < stage])
    fails(on_disk, db, stage, tmp_path)
    all_run(on_disk, db)
    db.close()


def test_an_extension_that_cannot_be_loaded_is_a_failure_that_is_logged(on_disk, tmp_path):
    done = shell_run(on_disk, ROOT / "sql" / "4_features/400_athlete_profile.sql", extension=tmp_path / "absent")
    assert done.returncode != 0 and "absent" in done.stderr
    assert one(sqlite3.connect(on_disk), "SELECT stage FROM ops_runs WHERE outcome = 'failed'") == "400_athlete_profile"


def test_an_extension_may_lie_in_a_folder_with_blanks(on_disk, tmp_path):
    folder = tmp_path / "my build"
    folder.mkdir()
    library = next(pathlib.Path(EXTENSION).parent.glob(pathlib.Path(EXTENSION).name.split(".")[0] + ".*"))
    (folder / library.name).symlink_to(library.resolve())
    assert shell_run(on_disk, ROOT / "sql" / "4_features/400_athlete_profile.sql", extension=folder / library.stem).returncode == 0


def test_each_stage_logs_start_duration_and_rows():
    db = pipeline([run_at(1, "2024-01-01T08:00:00Z"), run_at(2, "2024-01-03T08:00:00Z"), run_at(3, "2024-01-03T18:00:00Z", elapsed_time=-1), {"x": 1}])
    log = {r["stage"]: r for r in rows(db, "SELECT * FROM ops_runs ORDER BY run_id")}
    assert set(log) >= set(STAGES) - {"000_ops_tables"}
    assert all(r["outcome"] == "ok" and r["message"] is None and r["duration_ms"] >= 0 and len(r["started_at"]) == 20 for r in log.values())
    counts = {s: (r["rows_in"], r["rows_out"], r["rows_rejected"]) for s, r in log.items()}
    assert counts["100_bronze_strava"] == (4, 3, 1)
    assert counts["200_silver_activities"] == (3, 2, 1)
    assert counts["410_activity_features"] == (2, 2, 0)
    assert counts["420_daily_features"] == (3, 2, 0)  # the one that is kept out was training
    assert counts["430_rolling_features"] == (2, 3, 0)
    assert counts["440_weekly_features"] == (3, 1, 0)


def test_one_athlete_with_strange_numbers_does_not_stop_the_others():
    """A metre in an hour, ten days at full speed, an average heart rate above every maximum seen."""
    strange = [run_at(1, "2024-01-01T08:00:00Z", distance=0.5, moving_time=3600, elapsed_time=3600),
               run_at(2, "2024-01-02T08:00:00Z", distance=5616000.0, moving_time=864000, elapsed_time=864000),
               run_at(3, "2024-01-20T08:00:00Z", distance=399.0, moving_time=1, elapsed_time=1), run_at(4, "2024-01-21T08:00:00Z", distance=300.0, moving_time=0)]
    walks = [run_at(10 + i, f"2024-02-0{1 + i}T08:00:00Z", sport_type="Walk", average_heartrate=80.0, max_heartrate=95.0, athlete={"id": 3}) for i in range(4)]
    ride = run_at(20, "2024-02-10T08:00:00Z", sport_type="Ride", average_heartrate=150.0, max_heartrate=94.0, athlete={"id": 3})
    other = [a | {"athlete": {"id": 2}, "id": a["id"] + 100} for a in make_history(seeded(3), 2, 10, 30)]
    db = pipeline(strange + walks + [ride] + other)
    assert one(db, "SELECT COUNT(*) FROM activity_features") == 19
    assert one(db, "SELECT estimated_tss, reference_max_hr FROM activity_features WHERE activity_id = '20'") == (None, 95.0)
    assert one(db, "SELECT MAX(best_pace_30d) FROM athlete_rolling_features WHERE athlete_id = '1'") < 1000


# --- settings --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, value, table, column", [
    ("acwr_risk_threshold", 0.1, "athlete_rolling_features", "is_overtraining_risk"), ("acwr_min_history_days", 1, "athlete_rolling_features", "is_overtraining_risk"),
    ("monotony_risk_threshold", 0.01, "athlete_rolling_features", "is_overtraining_risk"), ("expected_days_per_week", 7, "athlete_rolling_features", "consistency_score"),
    ("default_threshold_pace", 6.5, "activity_features", "threshold_pace_min_km"), ("default_threshold_pace", 6.5, "athlete_weekly_features", "weekly_tss"),
    ("threshold_lookback_days", 5, "activity_features", "threshold_pace_min_km"), ("threshold_min_minutes", 80, "activity_features", "threshold_pace_min_km"),
    ("threshold_min_distance_km", 15, "activity_features", "threshold_pace_min_km"), ("max_hr_plausible", 180, "activity_features", "reference_max_hr"),
    ("max_hr_repeats", 1, "activity_features", "reference_max_hr"), ("default_resting_hr", 40, "activity_features", "estimated_tss"),
    ("threshold_hr_reserve", 0.7, "activity_features", "estimated_tss")])
def test_a_setting_changes_its_features_from_now_on_and_setting_it_back_restores_every_value(name, value, table, column):
    db = pipeline(make_history(seeded(4), 1, 60, 90))
    before, selected = dump(db, without=("available_at",)), db.execute(f"SELECT {column} FROM {table}").fetchall()
    known_before = believed(db, table, "2024-01-10T00:00:00Z")
    original = one(db, "SELECT value FROM ops_config WHERE name = ?", name)
    db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    run(db)
    assert db.execute(f"SELECT {column} FROM {table}").fetchall() != selected
    assert believed(db, table, "2024-01-10T00:00:00Z") == known_before
    db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (original, name))
    run(db)
    assert_same(before, dump(db, without=("available_at",)))
    assert believed(db, table, "2024-01-10T00:00:00Z") == known_before


def test_as_of_date_continues_every_calendar_and_never_cuts_it():
    db = pipeline([run_at(1, "2024-01-01T08:00:00Z"), run_at(2, "2024-01-03T08:00:00Z", athlete={"id": 2})])
    ends = "SELECT athlete_id, MAX(as_of_date) FROM athlete_rolling_features GROUP BY 1"
    assert db.execute(ends).fetchall() == [("1", "2024-01-01"), ("2", "2024-01-03")]
    for as_of, last in (("2024-03-01", ["2024-03-01", "2024-03-01"]), ("2024-01-02", ["2024-01-02", "2024-01-03"])):
        db.execute("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (as_of,))
        run(db)
        assert [r[1] for r in db.execute(ends)] == last


@pytest.mark.parametrize("statement", [
    "UPDATE ops_config SET value = 30 WHERE name = 'ctl_window_days'", "UPDATE ops_config SET name = 'x' WHERE name = 'ctl_window_days'",
    "UPDATE ops_config SET kind = 'setting' WHERE name = 'ctl_window_days'",
    "INSERT OR REPLACE INTO ops_config VALUES ('ctl_window_days', 30, 'definition', 'days', '')",
    "INSERT INTO ops_config VALUES ('ctl_window_days', 30, 'setting', 'days', '') ON CONFLICT DO UPDATE SET value = 30"])
def test_a_definition_cannot_be_changed(statement):
    db = pipeline()
    with pytest.raises(sqlite3.IntegrityError, match="part of a feature's name"):
        db.execute(statement)
    assert one(db, "SELECT value, kind FROM ops_config WHERE name = 'ctl_window_days'") == (42, "definition")


@pytest.mark.parametrize("setting, value", [("threshold_pace_min_km", 330), ("max_hr", 5), ("resting_hr", 2000)])
def test_a_dated_setting_in_the_wrong_unit_is_refused(setting, value):
    db = pipeline()
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        db.execute("INSERT INTO athlete_profile_settings VALUES ('1', ?, '2024-01-01', ?)", (setting, value))


def test_a_dated_setting_does_not_rewrite_the_days_before_it():
    db = pipeline([run_at(i, f"2024-01-{i:02}T08:00:00Z") for i in range(1, 29)])
    before = db.execute("SELECT * FROM activity_features WHERE activity_date < '2024-01-15'").fetchall()
    db.execute("INSERT INTO athlete_profile_settings VALUES ('1', 'threshold_pace_min_km', '2024-01-15', 4.0)")
    run(db)
    assert db.execute("SELECT * FROM activity_features WHERE activity_date < '2024-01-15'").fetchall() == before
    assert {r[0] for r in db.execute("SELECT threshold_pace_min_km FROM activity_features WHERE activity_date >= '2024-01-15'")} == {4.0}


# --- the calendar ------------------------------------------------------------------------------------------------------------


def test_a_week_crosses_the_year_and_starts_on_monday():
    db = pipeline([run_at(1, "2020-12-28T08:00:00Z"), run_at(2, "2021-01-03T08:00:00Z"), run_at(3, "2021-01-04T08:00:00Z")])
    assert db.execute("SELECT week_start, days, weekly_activities FROM athlete_weekly_features").fetchall() == [("2020-12-28", 7, 2), ("2021-01-04", 1, 1)]
    assert one(db, "SELECT event_timestamp FROM athlete_weekly_features WHERE days = 1") == "2021-01-11T00:00:00Z"


def test_a_leap_day_is_a_day():
    db = pipeline([run_at(1, "2024-02-28T08:00:00Z"), run_at(2, "2024-02-29T23:30:00Z", 0), run_at(3, "2024-03-01T08:00:00Z")])
    assert [r[0] for r in db.execute("SELECT as_of_date FROM athlete_rolling_features")] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert one(db, "SELECT event_timestamp, available_at FROM athlete_daily_features WHERE activity_date = '2024-02-29'") == ("2024-03-01T00:00:00Z", "2024-03-01T00:20:00Z")


def test_a_run_across_midnight_belongs_to_the_day_it_began_and_is_known_when_it_ended():
    db = pipeline([run_at(1, "2024-01-01T04:30:00Z", -18000), run_at(2, "2024-01-01T12:00:00Z", -18000), run_at(3, "2024-01-03T12:00:00Z", -18000)])
    assert db.execute("SELECT activity_date, event_timestamp, available_at FROM athlete_daily_features").fetchall() == [
        ("2023-12-31", "2024-01-01T05:00:00Z", "2024-01-01T05:20:00Z"), ("2024-01-01", "2024-01-02T05:00:00Z", "2024-01-02T05:00:00Z"),
        ("2024-01-03", "2024-01-04T05:00:00Z", "2024-01-04T05:00:00Z")]
    # it ended on the first of January, so only the days after that may use it
    assert [r[0] for r in db.execute("SELECT threshold_source FROM activity_features ORDER BY event_timestamp")] == ["default", "default", "history"]


def test_two_activities_of_one_day_are_one_day():
    db = pipeline([run_at(1, "2024-01-01T08:00:00Z"), run_at(2, "2024-01-01T18:00:00Z", moving_time=3600, elapsed_time=3600)])
    day, = rows(db, "SELECT * FROM athlete_daily_features")
    assert (day["activities"], day["runs"], day["distance_km"], day["moving_time_min"]) == (2, 2, 20.0, 110.0)
    assert day["avg_pace"] == pytest.approx(5.5, abs=1e-12)
    assert one(db, "SELECT history_days, activities_7d FROM athlete_rolling_features") == (1, 2)
    assert {r[0] for r in db.execute("SELECT threshold_source FROM activity_features")} == {"default"}


def test_an_athlete_who_travels_has_the_days_of_where_they_were():
    db = pipeline([run_at(1, "2024-03-01T22:00:00Z", 3600), run_at(2, "2024-03-01T23:30:00Z", 3600), run_at(3, "2024-03-03T06:00:00Z", -36000),
                   run_at(4, "2024-03-03T20:00:00Z", 32400)])
    assert [r[0] for r in db.execute("SELECT activity_date FROM activity_features ORDER BY activity_id")] == ["2024-03-01", "2024-03-02", "2024-03-02", "2024-03-04"]
    # the second of March began at +1 and ended at -10 hours, the third is over where the athlete was last
    assert db.execute("SELECT as_of_date, event_timestamp FROM athlete_rolling_features").fetchall() == [
        ("2024-03-01", "2024-03-01T23:00:00Z"), ("2024-03-02", "2024-03-03T10:00:00Z"), ("2024-03-03", "2024-03-04T10:00:00Z"), ("2024-03-04", "2024-03-04T15:00:00Z")]


def test_a_race_of_two_nights_is_in_no_row_that_was_known_before_its_end():
    db = new_database()
    run(db)
    db.execute("UPDATE ops_config SET value = '2024-06-05' WHERE name = 'as_of_date'")
    put(db, [run_at(1, "2024-06-01T04:00:00Z"), run_at(2, "2024-06-02T06:00:00Z", distance=170000.0, moving_time=130000, elapsed_time=150000)])
    run(db)
    assert [r[0] for r in db.execute("SELECT available_at FROM athlete_rolling_features")] == [
        "2024-06-02T00:00:00Z", "2024-06-03T23:40:00Z", "2024-06-04T00:00:00Z", "2024-06-05T00:00:00Z", "2024-06-06T00:00:00Z"]


def test_a_week_counts_only_kilometres_with_a_pace_in_its_pace():
    db = pipeline([run_at(1, "2024-01-01T08:00:00Z"), run_at(2, "2024-01-01T18:00:00Z", distance=300.0, moving_time=0), run_at(3, "2024-01-03T08:00:00Z", moving_time=2400)])
    assert one(db, "SELECT avg_pace_week FROM athlete_weekly_features") == pytest.approx(4.5, abs=1e-12)
