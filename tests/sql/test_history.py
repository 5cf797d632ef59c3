"""Corrections do not overwrite: what was believed at an instant is what a copy of the file made then would have said."""

import pytest

from helpers.athletes.activities import deletion, epoch, instant, make_activity, make_history, new_database, one, pipeline, put, run, seeded
from helpers.athletes.belief import ROW_KEYS, believed, clocked
from helpers.machine.soak import sized, soak


def life(seed):
    """What lands in two months: activities a minute after their end, some edited or deleted days later, some come back."""
    rng = seeded(seed)
    landed = []
    for a in make_history(rng, 1, 45, 60) + make_history(rng, 2, 15, 60, first_number=100):
        a |= {"utc_offset": 3600}
        end = epoch(a["start_date"]) + a["elapsed_time"]
        landed.append((end + 60, a))
        later = end + 86400 * rng.randint(1, 12) + rng.randint(0, 80000)
        fate = rng.random()
        if fate < 0.2:
            landed.append((later, a | {"distance": round(a["distance"] * 0.8 + 50, 1), "total_elevation_gain": 77.0}))
        elif fate < 0.35:
            landed.append((later, deletion(a["id"])))
            if fate < 0.25:
                landed.append((later + 86400 * 2, a))
    return sorted(landed, key=lambda e: e[0])


@pytest.mark.parametrize("seed", [0, soak(1), soak(2)])
def test_a_lookup_for_any_evening_gives_what_a_copy_of_that_evening_gave(seed):
    landed = life(seed)
    first = landed[0][0] // 86400
    db, copies = new_database(), {}
    run(db)
    for day in range(first, first + sized(60, 75)):
        evening = 86400 * (day + 1) - 3600 + 7200  # one o'clock where they live, an hour after their day ended
        arrived = [(at, thing) for at, thing in landed if at <= evening]
        landed = landed[len(arrived):]
        for at, thing in arrived:
            put(db, thing, instant(at))
        under_way = any(at - 60 <= evening for at, thing in landed[:1])
        db.execute("UPDATE ops_config SET value = ? WHERE name = 'as_of_date'", (instant(evening - 86400)[:10],))
        run(db, changed=clocked(instant(evening)))
        if not under_way and day % 3 == 0:
            copies[instant(evening)] = {t: believed(db, t, instant(evening)) for t in ROW_KEYS}
    assert one(db, "SELECT COUNT(*) FROM silver_corrections") > 5
    assert one(db, "SELECT COUNT(*) FROM athlete_rolling_features_history WHERE superseded_at < '2025'") > 50
    for t, copy in copies.items():
        for table in ROW_KEYS:
            assert believed(db, table, t) == copy[table], (t, table)
    assert len(copies) > 15


def test_a_past_lookup_loses_no_row_when_an_activity_is_corrected_or_deleted():
    rng = seeded(8)
    history = make_history(rng, 1, 40, 60)
    db = pipeline(history, received_at="2024-01-10T00:00:00Z")
    t = "2024-01-15T00:00:00Z"
    before = {table: believed(db, table, t) for table in ROW_KEYS}
    run_of_mine = next(a for a in history if a["sport_type"] == "Run")
    put(db, run_of_mine | {"distance": 7000.0, "moving_time": 2400, "elapsed_time": 2400}, "2024-02-01T00:00:00Z")
    put(db, deletion(history[5]["id"]), "2024-02-02T00:00:00Z")
    run(db)
    assert {table: believed(db, table, t) for table in ROW_KEYS} == before
    after = {table: believed(db, table, "2024-02-03T00:00:00Z") for table in ROW_KEYS}
    assert after == {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in ROW_KEYS}
    assert all(after[table] != before[table] for table in ROW_KEYS)
    held = [one(db, f"SELECT COUNT(*) FROM {table}_history") for table in ROW_KEYS]
    run(db)
    assert [one(db, f"SELECT COUNT(*) FROM {table}_history") for table in ROW_KEYS] == held


def test_what_was_never_believed_leaves_no_version():
    """A week that still runs is computed every day and known only when it is over."""
    rng = seeded(2)
    today = [make_activity(rng, 1, i + 1, 0, start_date=f"2999-01-0{i + 1}T10:00:00Z", offset=0) for i in range(3)]
    db = new_database()
    run(db)
    db.execute("UPDATE silver_rules SET severity = 'warn' WHERE rule = 'not_from_the_future'")
    for a in today:
        put(db, a, "2999-01-08T00:00:00Z")
        run(db)
    assert one(db, "SELECT weekly_activities FROM athlete_weekly_features") == 3
    assert one(db, "SELECT COUNT(*) FROM athlete_weekly_features_history") == 0
