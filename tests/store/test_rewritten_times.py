"""Rows of a file of before, whose times are written in any form: one form afterwards, and of a row one version at a time is believed."""

import datetime
import json
import random

import pytest

from helpers.machine.soak import soak
from helpers.stores import instants
from helpers.stores.groups import SLEEP, script, store

KEPT = ["athlete_sleep_in_form", "athlete_sleep_in_form_moved", "athlete_sleep_history_in_form", "athlete_sleep_history_in_form_moved"]
BEGIN = datetime.datetime(2024, 3, 1, tzinfo=instants.UTC)
OFFSETS = {"a": 3600, "b": -18000, "c": 0}


def chains(rng):
    """Of each row its versions: (athlete, timestamp, pulse, available, superseded or None), each until the next, as days or instants of any form."""
    found = []
    for who in "abc":
        for night in rng.sample(range(10), 4):
            at = BEGIN + instants.DAY * night
            days = sorted(rng.sample(range(12, 60), rng.randint(1, 4)))
            moments = [BEGIN + instants.DAY * d for d in days]
            texts = [f"{m:%Y-%m-%d}" if rng.random() < 0.4 else instants.written(rng, m) for m in moments]
            ends = [*texts[1:], None if rng.random() < 0.7 else f"{moments[-1] + instants.DAY * 3:%Y-%m-%d}"]
            for text, end in zip(texts, ends):
                found.append((who, f"{at:%Y-%m-%d}" if rng.random() < 0.1 else instants.written(rng, at), rng.randint(40, 99), text, end))
    return found


@pytest.mark.parametrize("seeds", [range(12), soak(range(12, 400))], ids=lambda s: f"from {s[0]}")
def test_versions_of_a_row_follow_one_another_once_their_times_have_one_form(seeds):
    for seed in seeds:
        rng = random.Random(seed)
        db = store(SLEEP)
        db.executemany("INSERT INTO athlete_utc_offsets VALUES (?, '2024-01-01', ?)", OFFSETS.items())
        for trigger in KEPT:
            db.execute(f"DROP TRIGGER {trigger}")
        told = chains(rng)
        for who, at, pulse, available, superseded in told:
            history = "" if superseded is None else "_history"
            names = "athlete_id, event_timestamp, resting_hr, available_at" + (", superseded_at" if history else "")
            values = (who, at, pulse, available, superseded)[: 5 if history else 4]
            db.execute(f"INSERT OR IGNORE INTO athlete_sleep{history} ({names}) VALUES ({', '.join('?' * len(values))})", values)
        script(db, db.execute("SELECT feature_group_times(?)", (json.dumps(SLEEP),)).fetchone()[0])
        versions = db.execute("SELECT athlete_id, event_timestamp, resting_hr, available_at, superseded_at FROM athlete_sleep_versions").fetchall()
        allowed = {(w, *(instants.canonical(instants.of_row(t, OFFSETS[w]), 0, True) for t in (at, known)), pulse) for w, at, pulse, known, _ in told}
        assert {(w, at, known, pulse) for w, at, pulse, known, _ in versions} <= allowed, seed
        by_row = {}
        for who, at, _, available, superseded in versions:
            by_row.setdefault((who, at), []).append((available, superseded or "9"))
        for row, beliefs in by_row.items():
            beliefs.sort()
            assert all(since < until for since, until in beliefs), (seed, row)
            assert all(until <= since for (_, until), (since, _) in zip(beliefs, beliefs[1:])), (seed, row, beliefs)
        rejected = {json.loads(r)["resting_hr"] for (r,) in db.execute("SELECT row FROM feature_rejects")}
        assert {pulse for _, _, pulse, _, _ in told} == rejected | {v[2] for v in versions}, seed
        db.close()
