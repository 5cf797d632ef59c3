"""sql/tools/tell writes what a plain INSERT would, says what it wrote, and refuses what cannot be with a sentence."""

import random
import shutil
import sqlite3

import pytest

from helpers.athletes import lab
from helpers.athletes.activities import seeded
from helpers.machine.soak import soak
from helpers.tools import tool

from ..test_fitness_evidence import run_of, training
from ..test_page import page, section

TABLES = {"athlete_activity_settings": "athlete_id, activity_id, setting, value", "athlete_races": "athlete_id, race_date, distance_m, seconds",
          "athlete_plan": "athlete_id, plan_date, workout_type, minutes, intensity, distance_m", "athlete_names": "athlete_id, name", "athlete_separate_trainings": "athlete_id, activity_id", "athlete_profile_settings": "athlete_id, setting, valid_from, value"}
SINGLE = ["athlete_activity_settings", "athlete_races", "athlete_names"]  # of which NULL takes back what was told
WITHOUT_ROWID = {"athlete_profile_settings", "athlete_separate_trainings"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Two athletes, of whom one has raced."""
    path = tmp_path_factory.mktemp("tell") / "athlete.db"
    race = run_of(seeded(2), 1, 777, 60, 3.6, workout_type=1) | {"distance": 10030.0, "moving_time": 2800, "elapsed_time": 2800}
    fast = run_of(seeded(3), 1, 555, 62, 3.7) | {"distance": 21200.0, "moving_time": 5700, "elapsed_time": 5700}
    db = lab.database(training(seeded("tell"), 1, 3.0, n=30), training(seeded("told"), 2, 3.4, n=30), [race, fast])
    db.execute("VACUUM INTO ?", (str(path),))
    db.close()
    return path


@pytest.fixture
def told(tmp_path, finished):
    path = tmp_path / "it's mine.db"
    shutil.copy(finished, path)

    def tell(*words):
        done = tool("tell", path, *words)
        assert "Traceback" not in done.stderr and (done.returncode == 0) == (done.stderr == "")
        return done.stdout.strip() or done.stderr.strip()

    tell.path = path
    return tell


def rows(path):
    with sqlite3.connect(path) as db:
        found = {table: db.execute(f"SELECT {columns} FROM {table} ORDER BY rowid" if table not in WITHOUT_ROWID else f"SELECT {columns} FROM {table}").fetchall()
                 for table, columns in TABLES.items()}
    db.close()
    return {table: values for table, values in found.items() if values}


@pytest.mark.parametrize("words, written", [
    (["race", "777"], {"athlete_activity_settings": [("1", "777", "is_race", 1)]}),
    (["race", "777", "--time=45:10", "--distance=10k"],
     {"athlete_activity_settings": [("1", "777", "is_race", 1), ("1", "777", "official_m", 10000), ("1", "777", "official_s", 2710)]}),
    (["plan", "race", "--date=2027-04-11", "--distance=42k", "--athlete=1"], {"athlete_plan": [("1", "2027-04-11", "race", None, None, 42195)]}),
    (["plan", "long", "--date=2027-04-01", "--minutes=120", "--intensity=0.72", "--athlete=2"], {"athlete_plan": [("2", "2027-04-01", "long", 120, 0.72, None)]}),
    (["race", "777", "--distance=10K"], {"athlete_activity_settings": [("1", "777", "is_race", 1), ("1", "777", "official_m", 10000)]}),
    (["take-back", "race", "777"], {"athlete_activity_settings": [("1", "777", s, None) for s in ("is_race", "official_m", "official_s")]}),
    (["race", "--date=2024-02-03", "--distance=21k", "--time=1:45:00", "--athlete=2"], {"athlete_races": [("2", "2024-02-03", 21097.5, 6300)]}),
    (["race", "--date=2024-02-03", "--distance=12500", "--time=3600", "--athlete=2"], {"athlete_races": [("2", "2024-02-03", 12500, 3600)]}),
    (["no-race", "777"], {"athlete_activity_settings": [("1", "777", "is_race", 0)]}),
    (["not-mine", "777"], {"athlete_activity_settings": [("1", "777", "is_mine", 0)]}),
    (["take-back", "not-mine", "777"], {"athlete_activity_settings": [("1", "777", "is_mine", None)]}),
    (["rpe", "777", "6.5"], {"athlete_activity_settings": [("1", "777", "rpe", 6.5)]}),
    (["take-back", "rpe", "777"], {"athlete_activity_settings": [("1", "777", "rpe", None)]}),
    (["load", "777", "85"], {"athlete_activity_settings": [("1", "777", "load_tss", 85)]}),
    (["name", "Ann O'Hara", "--athlete=1"], {"athlete_names": [("1", "Ann O'Hara")]}),
    (["take-back", "name", "--athlete=1"], {"athlete_names": [("1", None)]}),
    (["separate", "777"], {"athlete_separate_trainings": [("1", "777")]}),
    (["setting", "ftp_w", "250", "--date=2024-01-01", "--athlete=2"], {"athlete_profile_settings": [("2", "ftp_w", "2024-01-01", 250)]}),
])  # fmt: skip
def test_one_command_writes_the_rows_that_it_says(told, words, written):
    assert told(*words).startswith("taken back: " if words[0] == "take-back" else "told: ")
    assert rows(told.path) == written


@pytest.mark.parametrize("told_before, words, written", [
    (["setting", "ftp_w", "240", "--date=2024-01-01", "--athlete=2"], ["setting", "ftp_w", "250", "--date=2024-01-01", "--athlete=2"],
     {"athlete_profile_settings": [("2", "ftp_w", "2024-01-01", 250)]}),
    (["separate", "777"], ["separate", "777"], {"athlete_separate_trainings": [("1", "777")]}),
    (["separate", "777"], ["take-back", "separate", "777"], {}),
])  # fmt: skip
def test_what_is_told_again_before_the_stages_run_takes_the_place_of_what_was_told(told, told_before, words, written):
    told(*told_before)
    assert told(*words).startswith(("told: ", "taken back: "))
    assert rows(told.path) == written


@pytest.mark.parametrize("words, sentence", [
    (["rpe", "777", "11"], "rpe is a number from 0 to 10 or, to take back, NULL; told was rpe 777 11"),
    (["rpe", "777", "hard"], "rpe is 'hard' where a number belongs"),
    (["rpe", "777", "nan"], "rpe is 'nan' where a number belongs"),
    (["load", "777", "1_0"], "load is '1_0' where a number belongs"),
    (["rpe", "777", "٧"], "rpe is '٧' where a number belongs"),
    (["race", "777", "--distance=NaN"], "--distance is 'NaN' where metres, or one of 10k, 10mi, 21k, 42k, 5k, 5mi, belong"),
    (["rpe", "777"], "rpe needs the activity's id and a number, and nothing else"),
    (["rpe", "778", "3"], "there is no activity 778"),
    (["separate"], "separate needs the activity's id, and nothing else"),
    (["take-back", "separate", "777"], "activity 777 of athlete 1 was not told to be a training of its own"),
    (["load", "777", "-3e3"], "load_tss is a number from 0 to 3000 or, to take back, NULL; told was load 777 -3e3"),
    (["race"], "a race needs its activity's id, or --date, --distance and --time; there is no --date"),
    (["race", "--date=2024-02-03", "--distance=10k", "--time=45:10"], "--athlete says whose it is: here are 1, 2"),
    (["race", "--date=2024-02-03", "--distance=10k", "--time=5:10", "--athlete=1"],
     "seconds is the time of a race between 0.5 and 7 m/s or, to take the race back, NULL; told was race --athlete 1 --date 2024-02-03 --distance 10k --time 5:10"),
    (["race", "777", "--distance=far"], "--distance is 'far' where metres, or one of 10k, 10mi, 21k, 42k, 5k, 5mi, belong"),
    (["race", "777", "--time=soon"], "--time is 'soon' where a time such as 45:10 or 3:58:12 belongs"),
    (["race", "777", "--date=2024-02-03"], "race takes no --date"),
    (["take-back", "race", "--date=2024-02-03", "--distance=10k", "--athlete=1"], "no race of athlete 1 over 10000 m was told on 2024-02-03"),
    (["name", "Ann", "--athlete=3"], "there is no athlete 3; here are 1, 2"),
    (["setting", "ftp_w", "5000", "--date=2024-01-01", "--athlete=1"],
     "value is 20 to 250 bpm, 2 to 20 min/km or 20 to 1000 W; told was setting ftp_w 5000 --athlete 1 --date 2024-01-01"),
    (["take-back", "setting", "ftp_w", "--date=2024-01-01", "--athlete=1"], "athlete 1 has no ftp_w from 2024-01-01 on"),
    (["plan"], "plan needs what is planned, race or a workout such as easy or long, and nothing else"),
    (["plan", "race", "--date=2027-04-11", "--athlete=1"], "plan race needs --distance"),
    (["plan", "race", "--date=2027-04-11", "--minutes=60", "--athlete=1"], "plan race takes no --minutes"),
    (["plan", "race", "--date=spring", "--distance=5k", "--athlete=1"],
     "plan_date is a day such as 2024-05-12; told was plan race --athlete 1 --date spring --distance 5k"),
    (["plan", "Tempo", "--date=2027-04-11", "--minutes=60", "--intensity=0.9", "--athlete=1"],
     "workout_type is race or a name such as easy, long, tempo or intervals; told was plan Tempo --athlete 1 --date 2027-04-11 --minutes 60 --intensity 0.9"),
    (["take-back", "plan", "long", "--date=2027-04-11", "--athlete=1"], "no long of athlete 1 is planned on 2027-04-11"),
    (["sing"], "sing is told where one of race, no-race, not-mine, rpe, load, name, setting, separate, plan belongs"),
    (["take-back"], "nothing is told where one of race, no-race, not-mine, rpe, load, name, setting, separate, plan belongs"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written(told, words, sentence):
    assert told(*(["--", *words] if any(w.startswith("-3") for w in words) else words)) == sentence
    assert rows(told.path) == {}


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 20))])
def test_whatever_is_told_is_told_in_one_piece_or_refused(told, seed):
    rng = random.Random(f"tell {seed}")
    kinds = ["race", "no-race", "not-mine", "rpe", "load", "name", "setting", "separate", "take-back", "'; DROP TABLE athlete_races; --"]
    values = ["777", "1000", "7", "ftp_w", "max_hr", "180", "Ann", "", "nan", "1e999", "-Infinity", "1_0", "٧", " 7", "$(touch made)", "\N{SNOWMAN}", "0x10", "2024-01-01"]
    options = ["--time=45:10", "--time=", "--distance=10k", "--distance=inf", "--distance=NaN", "--date=2024-02-03", "--date=now", "--athlete=1", "--athlete=", "--time=-5"]
    for _ in range(25):
        before = rows(told.path)
        said = told(*rng.sample(options, rng.randint(0, 3)), "--", *rng.sample(kinds, rng.randint(1, 2)), *rng.sample(values, rng.randint(0, 2)))
        assert len(said.splitlines()) == 1
        after = rows(told.path)
        assert (after != before) <= said.startswith(("told: ", "taken back: "))
        assert said.startswith("taken back: ") or all(None not in row[-1:] for table in SINGLE for row in after.get(table, [])[len(before.get(table, [])):])


def printed(path):
    """The page of the first athlete after the stages have run."""
    db = lab.new_database()
    with sqlite3.connect(path) as file:
        db.deserialize(file.serialize())
    lab.run(db)
    file.deserialize(db.serialize())
    file.close()
    text = page(db, 1)
    asked = [a for a, in db.execute("SELECT activity_id FROM race_candidates WHERE athlete_id = '1' ORDER BY local_date")]
    db.close()
    return text, asked


def test_the_page_calls_athletes_by_name_and_asks_which_runs_were_races_until_it_is_told(told):
    text, asked = printed(told.path)
    assert text.startswith("Athlete 1: 32 activities") and "1 race result\n" in text and asked
    assert [a for a in asked[-5:] if f"activity {a} " not in section(text, "A RACE")] == []
    told("name", "Ann", "--athlete=1")
    told("no-race", "777")
    for activity in asked:
        told("no-race", activity)
    text, left = printed(told.path)
    assert text.startswith("Athlete Ann, 1: 32 activities") and "0 race results" in text and not {*asked, "777"} & {*left}
    told("take-back", "no-race", "777")
    told("take-back", "name", "--athlete=1")
    assert printed(told.path)[0].startswith("Athlete 1: 32 activities") and "1 race result\n" in printed(told.path)[0]
