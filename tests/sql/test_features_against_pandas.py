"""Every column of every row of the four feature tables equals an independent computation to 1e-9."""

import pytest

from helpers.athletes.activities import FEATURES, make_activity, make_detail, make_history, make_laps, new_database, one, pipeline, put, rows, run, runner_objects, seeded
from helpers.athletes.oracle import CONFIG, all_features, deviations, read_activities


def known_at(db, table):
    """When each row is said to be known, by its key; and what it says besides."""
    key = [name for _, name, _, _, _, place in db.execute(f"PRAGMA table_info({table})") if place]
    found = {}
    for row in rows(db, f"SELECT * FROM {table}"):
        found[tuple(row[name] for name in key)] = (row.pop("available_at"), row)
    return key, found


def with_known_at(db, expected, table, of):
    """What is expected, known when `of` says: a function of a row's key and of what is expected."""
    key, _ = known_at(db, table)
    frame = expected[table].copy()
    frame["available_at"] = [of(tuple(k), at) for k, at in zip(frame[key].itertuples(index=False), frame["available_at"])]
    return expected | {table: frame}


def assert_equal_features(db, expected):
    for table in FEATURES:
        worst = deviations(table, expected[table], db)
        assert worst and max(worst.values()) <= 1e-9, (table, {c: d for c, d in worst.items() if d > 1e-9})


def parts_of(details, laps):
    parts = {str(d["id"]): {"lap": d.get("laps", []), "split": d.get("splits_metric", []), "best_effort": d.get("best_efforts", [])} for d in details}
    for lap in laps:
        parts.setdefault(str(lap["activity"]["id"]), {}).setdefault("lap", []).append(lap)
    return parts


@pytest.fixture(scope="module")
def runner():
    activities, marathon, laps = runner_objects()
    current = [marathon if a["id"] == marathon["id"] else a for a in activities]
    return pipeline(activities, marathon, laps), all_features(current, parts_of([marathon], laps))


@pytest.mark.parametrize("table", FEATURES)
def test_every_feature_of_the_bundled_runner_equals_pandas(runner, table):
    db, expected = runner
    worst = deviations(table, expected[table], db)
    assert len(expected[table]) >= 400
    assert max(worst.values()) <= 1e-9, {c: d for c, d in worst.items() if d > 1e-9}


def synthetic(seed, person, settings=(), n=120, days=260):
    """An athlete with details, laps of their own and days with several activities, edited and deleted activities."""
    rng = seeded(seed)
    activities = make_history(rng, 7, n, days)
    details = [make_detail(rng, a) for a in activities[::5]]
    laps = [lap for a in activities[1::5] for lap in make_laps(rng, a, rng.randint(1, 4))]
    db = new_database()
    run(db)
    put(db, [person, *activities, *details, *laps])
    for setting in settings:
        db.execute("INSERT INTO athlete_profile_settings VALUES ('7', ?, ?, ?)", setting)
    run(db)
    current = {a["id"]: a for a in activities} | {d["id"]: d for d in details}
    return db, current, parts_of(details, laps)


SETTINGS = [("max_hr", "2024-01-10", 191.0), ("threshold_pace_min_km", "2024-03-01", 4.75), ("threshold_pace_min_km", "2024-04-01", 4.5),
            ("resting_hr", "2024-02-01", 48.0), ("threshold_hr", "2024-03-15", 166.0), ("max_hr", "2024-06-01", 150.0)]


@pytest.mark.parametrize("seed, person, settings", [
    (1, {"id": 7, "firstname": "A", "sex": "F", "birthdate": "1984-05-05"}, SETTINGS),
    (2, {"id": 7, "firstname": "A", "sex": "M", "birthdate": "1990-01-01"}, []),
    (3, {"id": 7, "firstname": "A"}, SETTINGS[1:3]),
])
def test_every_branch_of_a_synthetic_athlete_equals_pandas(seed, person, settings):
    db, current, parts = synthetic(seed, person, settings)
    born = int(person["birthdate"][:4]) if "birthdate" in person else None
    expected = all_features(list(current.values()), parts, sex=person.get("sex"), birth_year=born, settings=settings)
    assert_equal_features(db, expected)
    features = expected["activity_features"]
    assert {"history", "default"} <= set(features.threshold_source) <= {"profile", "history", "default"}
    assert ("profile" in set(features.threshold_source)) == bool(settings)
    assert {"pace", "heart_rate"} <= set(features.load_source.dropna()) and features.load_source.isna().any()
    assert features.reference_max_hr.isna().any() == (born is None)


def test_corrections_move_available_at_and_only_forward():
    db, current, parts = synthetic(4, {"id": 7, "firstname": "A", "sex": "M", "birthdate": "1990-01-01"})
    acts = read_activities(current.values()).sort_values("start")
    edited, deleted = (int(acts.activity_id.iloc[i]) for i in (40, 70))
    before = {table: known_at(db, table)[1] for table in FEATURES}
    put(db, current[edited] | {"distance": 4321.0, "moving_time": 1800, "elapsed_time": 1800}, "2026-01-01T08:00:00Z")
    put(db, {"object_type": "activity", "object_id": deleted, "aspect_type": "delete"}, "2026-02-01T08:00:00Z")
    run(db)
    corrections = [(acts.day.iloc[40], "2026-01-01T08:00:00Z"), (acts.day.iloc[70], "2026-02-01T08:00:00Z")]
    current[edited] |= {"distance": 4321.0, "moving_time": 1800, "elapsed_time": 1800}
    del current[deleted]
    expected = all_features(list(current.values()), parts, sex="M", birth_year=1990, corrections=corrections)
    for table in FEATURES:  # a row whose values stay is known since they first stood
        after = known_at(db, table)[1]
        stays = {key for key, (_, values) in after.items() if key in before[table] and before[table][key][1] == values}
        assert 0 < len(stays) < len(after)
        expected = with_known_at(db, expected, table, lambda key, at: before[table][key][0] if key in stays else at)
    assert_equal_features(db, expected)


def test_settings_of_the_pipeline_reach_every_column_they_name():
    rng = seeded(5)
    history = make_history(rng, 7, 80, 150)
    db = pipeline(history)
    config = CONFIG | {"default_threshold_pace": 6, "threshold_lookback_days": 30, "threshold_min_minutes": 40, "threshold_min_distance_km": 8,
                       "max_hr_plausible": 190, "max_hr_repeats": 2, "default_resting_hr": 50, "threshold_hr_reserve": 0.8,
                       "acwr_risk_threshold": 1.2, "acwr_min_history_days": 10, "monotony_risk_threshold": 0.5, "expected_days_per_week": 6}
    for name, value in config.items():
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    db.execute("UPDATE ops_config SET value = '2024-07-05' WHERE name = 'as_of_date'")
    began = one(db, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')")
    run(db)
    expected = all_features(history, {}, config=config, as_of_date="2024-07-05")
    for table in FEATURES:  # what a setting changes is known from the run that read it
        known = {key: at for key, (at, _) in known_at(db, table)[1].items()}
        expected = with_known_at(db, expected, table, lambda key, at: at if known[key] < began else known[key])
    assert_equal_features(db, expected)


def test_a_travelling_athlete_equals_pandas():
    """Auckland, then Honolulu a few hours later: the second run is on the day before the first."""
    rng = seeded(6)
    history = [make_activity(rng, 7, 1 + i, 2 * i, offset=0) for i in range(20)]
    fast = {"sport_type": "Run", "distance": 12000.0, "moving_time": 2600, "elapsed_time": 2600, "max_heartrate": 199.0, "average_heartrate": 180.0,
            "flagged": False}
    history.append(make_activity(rng, 7, 50, 0, offset=46800) | fast | {"start_date": "2024-05-02T17:00:00Z", "utc_offset": 46800})
    history.append(make_activity(rng, 7, 51, 0, offset=-36000) | fast | {"start_date": "2024-05-02T22:00:00Z", "utc_offset": -36000, "moving_time": 2500})
    db = pipeline(history)
    assert [r[0] for r in db.execute("SELECT activity_date FROM activity_features WHERE activity_id IN ('50', '51') ORDER BY 1 DESC")] == ["2024-05-03", "2024-05-02"]
    assert_equal_features(db, all_features(history, {}))
