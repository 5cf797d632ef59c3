"""What a rule keeps out is training of which nobody knows how hard it was: once, not beside what can be used, and of files of before."""

import json
import re
import sqlite3

import pytest

from helpers.athletes.activities import FEATURES, RUNNER, epoch, instant, new_database, one, pipeline, put, rows, run, seeded
from helpers.athletes.oracle import read_activities, read_kept_out, recordings
from helpers.athletes.trainings import same_training, same_training_kept_out
from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.stages import STAGES
from helpers.stores import before_reasons

from .test_migrations import shell, stages
from .test_unknown_load import LATER, activity, broken, page

TO_DAYS = [s for s in STAGES if s < "43"]


def counted(db):
    return {r["activity_id"] for r in rows(db, "SELECT activity_id FROM silver_unusable_trainings")}


@pytest.mark.parametrize("seed", [0, 1, *map(soak, range(2, 4))])
def test_what_is_kept_out_counts_once_and_not_beside_what_can_be_used(seed):
    """Against every two of them compared, after each change; and no usable recording counts less for it."""
    rng, among = seeded(f"beside {seed}"), 0
    for _ in range(4):
        good = [activity(i, rng.randint(0, 6), rng.randint(10, 90), sport_type=rng.choice(["Run", "TrailRun", "Ride", "Yoga"]), workout_type=0) for i in range(25)]
        bad = [broken(rng, activity(100 + i, rng.randint(0, 6), rng.randint(10, 90), sport_type=rng.choice(["Run", "Ride", "Swim"]))) for i in range(25)]
        for a in good + bad:
            a["start_date"] = a["start_date_local"] = instant(epoch(a["start_date"]) + rng.randint(-20, 20) * 300)
        separate = {str(a["id"]) for a in rng.sample(good + bad, 6)}
        db = new_database()
        run(db)
        db.executemany("INSERT INTO athlete_separate_trainings VALUES ('7', ?)", [(i,) for i in separate])
        put(db, good + bad)
        run(db, TO_DAYS)
        usable, unusable = recordings(read_activities(good)), recordings(read_kept_out(bad))
        twice = same_training(usable, separate)
        expected = same_training_kept_out(unusable, usable, separate)
        assert dict(db.execute("SELECT activity_id, same_training_as FROM silver_same_training")) == twice | expected
        assert counted(db) == {r.activity for r in unusable} - set(expected)
        assert one(db, "SELECT SUM(activities) FROM athlete_daily_features") == len(good) + len(bad) - len(twice) - len(expected)
        among += len(expected)
        mended = next(a for a in bad if str(a["id"]) in expected)  # it can be used now, and may count before the other one
        again = activity(mended["id"] - 1000, 0, 60) | {"start_date": mended["start_date"], "start_date_local": mended["start_date"]}
        put(db, again, LATER[0])
        run(db, TO_DAYS)
        left = [a for a in bad if a is not mended]
        usable, unusable = recordings(read_activities(good + [again])), recordings(read_kept_out(left))
        assert counted(db) == {r.activity for r in unusable} - set(same_training_kept_out(unusable, usable, separate))
    assert among > 12


def test_a_recording_with_a_wrong_end_makes_one_training_of_no_two():
    """It covers both; and the other one, which can be used, is the one that counts of each."""
    runs = [activity(1, 5, 60), activity(2, 5, 50) | {"start_date": "2023-11-06T09:00:00Z", "start_date_local": "2023-11-06T09:00:00Z"}]
    db = pipeline(runs + [activity(3, 5, 600, distance=-1.0), activity(4, 5, 600, distance=-1.0, sport_type=None, type=None)])
    assert one(db, "SELECT COUNT(*) FROM silver_trainings") == 2 and counted(db) == set()
    assert rows(db, "SELECT reason FROM silver_same_training WHERE activity_id = '1003'") == [{"reason": "recorded twice: 1001 can be used, and this cannot"}]
    text = page(db)
    assert "recorded twice: 2 activities are kept and not counted" in text and "not used" not in text.partition("NOT USED")[0]


def test_what_is_told_to_be_another_persons_is_nobodys_training_until_it_is_taken_back():
    db = pipeline([activity(i, i, 55) for i in range(30)] + [activity(100, 29, 55, distance=-1.0) | {"start_date": "2023-11-30T15:00:00Z", "start_date_local": "2023-11-30T15:00:00Z"}])
    assert counted(db) == {"1100"}
    for activity_id in ("1100", "1010"):
        for value, expected in ((0, set()), (1, {"1100"})):
            db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES ('7', ?, 'is_mine', ?)", (activity_id, value))
            run(db, TO_DAYS)
            assert counted(db) == (expected if activity_id == "1100" else {"1100"})
            assert one(db, "SELECT SUM(activities) FROM athlete_daily_features") == 30 + value


@pytest.mark.parametrize("n_kept_out", [7, soak(0)])
def test_unknown_loads_of_an_earlier_file_get_their_reasons_and_what_is_told_no_more_stays_with_the_version_that_told_it(tmp_path, n_kept_out):
    """As a new file has them; and what rules had kept out is training from now on."""
    activities = json.loads((RUNNER / "activities.json").read_text())[-500:]
    for a in seeded(n_kept_out).sample(activities, n_kept_out):
        a["distance"] = -1.0
    (tmp_path / "activities.json").write_text(json.dumps(activities))
    path, definitions = tmp_path / "athlete.db", sorted((ROOT / "schemas" / "features").glob("*.json"))
    assert shell("import", path, *definitions, tmp_path / "activities.json").returncode == 0
    assert shell("run", path, *stages()).returncode == 0
    db = sqlite3.connect(path)
    columns = {t: ", ".join(c[1] for c in db.execute(f"PRAGMA table_info({t})") if c[1] != "available_at") for t in FEATURES}

    def read():
        return {t: sorted(map(repr, db.execute(f"SELECT {columns[t]} FROM {t}"))) for t in FEATURES}

    def layout():  # a table's comments are of the day on which it was made
        return sorted((name, re.sub(r" *-- .*", "", sql)) for name, sql in db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))

    of_today, layout_of_today = read(), layout()
    kept_out = db.execute("SELECT * FROM silver_unusable_activities").fetchall()
    assert len(kept_out) == n_kept_out and db.execute("SELECT COUNT(*) FROM activity_features WHERE load_reason IS NOT NULL").fetchone() > (0,)
    untold = db.execute("SELECT COUNT(*) FROM athlete_rolling_features WHERE tsb IS NULL").fetchone()[0]
    assert untold > 10
    before_reasons.take_back(db)
    db.commit()
    of_then = db.execute("SELECT as_of_date, tsb, acwr, is_overtraining_risk FROM athlete_rolling_features ORDER BY 1").fetchall()
    assert shell("import", path, *definitions).returncode == 0
    done = shell("run", path, *stages())
    assert done.returncode == 0, done.stderr
    assert layout() == layout_of_today and read() == of_today
    assert db.execute("SELECT * FROM silver_unusable_activities").fetchall() == kept_out
    earlier = db.execute("SELECT as_of_date, tsb, acwr, is_overtraining_risk FROM athlete_rolling_features_earlier ORDER BY 1").fetchall()
    assert earlier == of_then and db.execute("SELECT COUNT(*) FROM athlete_rolling_features_history").fetchone() == (0,)
    reader, told_by = new_database(path), {}
    for version in ("1.0.1", "2.0.0"):
        reader.execute(f"CREATE VIRTUAL TABLE temp.form USING asof('athlete_rolling_features@{version}')")
        told_by[version] = one(reader, "SELECT COUNT(*), COUNT(a.tsb) FROM athlete_rolling_features AS f JOIN form AS a ON a.athlete_id = f.athlete_id AND a.as_of = f.available_at")
        reader.execute("DROP TABLE temp.form")
    n = len(of_then)
    assert told_by["1.0.1"] == (n, n) and told_by["2.0.0"][0] == n and abs(n - untold - told_by["2.0.0"][1]) <= 5  # some are known a day later
    if not n_kept_out:
        assert db.execute("SELECT COUNT(*) FROM activity_features_earlier").fetchone() == (0,), "a reason is no correction"
    db.close()
