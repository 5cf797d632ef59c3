"""Whatever arrives late, however old it is: an instant that is past gives what the file gave then, in every group and every
training set that was stored."""

import json

import pytest

from helpers.athletes.activities import epoch, instant, make_activity, new_database, one, put, run, seeded
from helpers.athletes.belief import believed, clocked, overlaps
from helpers.athletes.lives import BEGIN, GROUPS, STAGES_ON, Life, arrive, seen, specification, training_set, with_definitions
from helpers.machine.soak import soak


@pytest.mark.parametrize("seeds", [range(0, 3), soak(range(3, 24)), *(soak(range(s, s + 50)) for s in range(1000, 3000, 50))], ids=lambda s: f"from {s[0]}")
def test_a_past_instant_gives_what_the_file_gave_then_whatever_arrives_late(seeds):
    for seed in seeds:
        life, db, copies, sets = Life(seed), new_database(), {}, []
        rng = seeded(seed)
        run(db, STAGES_ON)
        with_definitions(db)
        arrive(db, [(life.add(), instant(life.now)) for _ in range(rng.randint(5, 12))])
        for step in range(rng.randint(2, 5)):
            if step:
                until = life.now
                landed = life.next()
                first = epoch(landed[0][1]) if landed else life.now
                for t in {until, rng.randint(until, max(until, first - 1))}:  # until something arrived
                    copies[instant(t)] = (seed, step, seen(db, instant(t)))
                arrive(db, landed)
            run(db, STAGES_ON, changed=clocked(instant(life.now)))
            for t in (rng.randint(BEGIN, life.now) for _ in range(3)):
                copies.setdefault(instant(t), (seed, step, seen(db, instant(t))))
            spec = specification(rng, life.athletes, life.now)
            sets.append((spec, training_set(db, spec)))
        for t, (_, step, copy) in copies.items():
            after = seen(db, t)
            for group in GROUPS:
                assert after[group] == copy[group], (seed, step, t, group)
        for spec, made in sets:
            assert training_set(db, spec) == made, seed
        for group, keys in GROUPS.items():
            assert overlaps(db, group, keys) == 0, (seed, group)
            assert one(db, f"SELECT COUNT(*) FROM {group}_versions WHERE superseded_at <= available_at") == 0, (seed, group)
        db.close()


def activities(n):
    rng = seeded(n)
    return [make_activity(rng, 7, i + 1, i) for i in range(n)]


def published(*files, arrivals=None):
    db = new_database()
    run(db, STAGES_ON)
    with_definitions(db)
    db.execute("UPDATE ops_config SET value = ? WHERE name = 'arrivals'", (arrivals,))
    for i, file in enumerate(files):
        put(db, file, f"2025-12-0{i + 1}T00:00:00Z")
        run(db, ["100_bronze_strava"])
    run(db, STAGES_ON)
    return db


def test_files_of_one_history_may_come_in_any_order_before_the_first_publication():
    whole = activities(40)
    parts = [whole[20:], whole[:7], whole[7:20]]
    now = "2025-12-24T00:00:00Z"
    one_file, several = published(whole), published(*parts)
    assert {g: believed(several, g, now, keys) for g, keys in GROUPS.items()} == {g: believed(one_file, g, now, keys) for g, keys in GROUPS.items()}
    assert one(several, "SELECT MAX(available_at) FROM athlete_rolling_features") < "2024"


def test_the_choice_can_be_told_and_stands_in_the_audit():
    live = published(activities(10), arrivals="live")
    assert one(live, "SELECT MIN(available_at) FROM activity_features") == "2025-12-01T00:00:00Z"
    assert json.loads(one(live, "SELECT detail FROM ops_audit WHERE action = 'arrive'")) == {"known": "live", "decided_by": "ops_config", "activities": 10}
    default = published(activities(10))
    late = make_activity(seeded(1), 7, 99, 3, sport_type="Run", distance=9000.0, moving_time=3000, elapsed_time=3000)
    put(default, late, "2026-01-05T00:00:00Z")
    run(default, STAGES_ON)
    told = [json.loads(d)["known"] for (d,) in default.execute("SELECT detail FROM ops_audit WHERE action = 'arrive' ORDER BY audit_id")]
    assert told == ["history", "live"]
    assert one(default, "SELECT available_at FROM activity_features WHERE activity_id = '99'") == "2026-01-05T00:00:00Z"
