"""Feast over an exported folder gives the historical features that `asof` gives, where their semantics agree.

Where they do not, and why ours is the safer answer:

- Knowledge time. `asof` uses a value from available_at on; Feast does so only when asked with filter_by_created_timestamp, and by
  default answers with values that were computed, corrected or delivered after the label.
- Deletions. Feast sees the version that was believed last, without knowing that it was withdrawn, and goes on using it.
- A correction that moves a row to another event time. For `asof` the old version has ended; for Feast it is a second row, and the
  newest of both when the row moved back in time.
- Ties. Of rows equal in both times `asof` takes the same one every time (the last by row key); Feast takes any.
- Lookback. A day counts whole for `asof`: on the evening of the second a row of the first is one day old. Feast
  counts hours and loses it. A lookback of 0 is "only this moment" for `asof` and "no limit" for Feast's ttl; the repository says 1 µs.
- Rows with NULL as key. `asof` gives them no match and keeps them; so does Feast's DuckDB store, while its Dask store drops requests that have
  only later rows (they come back neither with values nor without).
- Online. `asof` without a time is the same lookup with the same lookback; Feast copies values into a second store and does not apply its ttl.
"""

import datetime
import json
import random

import pytest

from helpers.athletes import demo
from helpers.stores.exchange import feast, groups, tool
from helpers.extension import connect


RUNNER = ["athlete_rolling_features:ctl_42d", "athlete_rolling_features:as_of_date", "athlete_rolling_features:rest_days_14d", "athlete_rolling_features:is_overtraining_risk",
          "athlete_weekly_features:weekly_tss", "race_results:seconds", "race_results:distance_class"]  # fmt: skip
LOOKBACKS = {"free": None, "week": 7, "moment": 0}


def ours(db, question):
    """The same by asof; rows in the order of the requests."""
    views = {}
    for name in question["features"]:
        group, feature = name.split(":")
        views.setdefault(group, []).append(feature)
    rows = []
    for i, request in enumerate(question["requests"]):
        row = [i]
        for group, features in views.items():
            db.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.known_{group} USING asof({group}, backfill={int(not question['filter'])})")
            keys = [k for k in request if k != "event_timestamp"]
            found = db.execute(f"SELECT {', '.join(features)} FROM temp.known_{group} WHERE as_of = ? AND {' AND '.join(f'{k} = ?' for k in keys)}",
                               (request["event_timestamp"], *(request[k] for k in keys))).fetchall()  # fmt: skip
            row += found[0] if found else [None] * len(features)
        rows.append(row)
    return rows


def hours(h):
    return (datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%SZ")


def history(db, name, rng):
    """Rows, late rows and corrections; each correction keeps its event time and comes later than what it corrects."""
    definition = groups.SLEEP | {"feature_group": name, "lookback_days": LOOKBACKS[name], "rules": []}
    definition = {k: v for k, v in definition.items() if v is not None and v != []}
    groups.register(db, definition)
    groups.script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(definition),)).fetchone()[0])
    nights = {(e, h) for e in "abc" for h in rng.sample(range(480), 12)}
    for e, h in sorted(nights):
        late = rng.choice([0, 0, 5, 60])
        db.execute(f"INSERT INTO {name} (athlete_id, event_timestamp, sleep_h, resting_hr, available_at) VALUES (?, ?, ?, ?, ?)",
                   (e, hours(h), rng.choice([None, rng.random() * 10]), rng.randint(40, 60), hours(h + late)))  # fmt: skip
    for e, h in rng.sample(sorted(nights), 18):
        db.execute(f"UPDATE {name} SET sleep_h = ?, available_at = ? WHERE (athlete_id, event_timestamp) = (?, ?)", (rng.random() * 10, hours(h + rng.randint(61, 200)), e, hours(h)))


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """One run of Feast for all of it: its import alone takes seconds."""
    folder, rng = tmp_path_factory.mktemp("feast"), random.Random(11)
    runner, made = connect(demo.database()), groups.store(path=folder / "made.db")
    for name in LOOKBACKS:
        history(made, name, rng)
    made.execute("INSERT INTO free (athlete_id, event_timestamp, resting_hr, available_at) VALUES ('gone', ?, 50, ?)", (hours(0), hours(0)))
    made.execute("DELETE FROM free WHERE athlete_id = 'gone'")

    starts = [s for (s,) in runner.execute("SELECT event_timestamp FROM activity_features ORDER BY event_timestamp")]
    moments = [*rng.sample(starts, 200), "2017-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]
    of_runner = [{"athlete_id": e, "event_timestamp": s} for s in moments for e in ("4001", "nobody")]
    of_made = [{"athlete_id": rng.choice("abcd"), "event_timestamp": hours(rng.randrange(-1, 700))} for _ in range(300)]
    of_made += of_made[:3] + [{"athlete_id": e, "event_timestamp": t} for e, t in made.execute("SELECT athlete_id, event_timestamp FROM moment")]
    questions = {
        "runner": [{"requests": of_runner, "features": RUNNER, "filter": True}],
        "made": [{"requests": of_made, "features": [f"{g}:{f}"], "filter": True} for g in LOOKBACKS for f in ("sleep_h", "resting_hr")],
        "leak": [{"requests": of_made, "features": ["free:sleep_h"], "filter": False}],
        "deletion": [{"requests": [{"athlete_id": "gone", "event_timestamp": "2099-01-01T00:00:00Z"}], "features": ["free:resting_hr"], "filter": True}],
    }  # fmt: skip
    tool("out", demo.database(), folder / "runner")
    tool("out", folder / "made.db", folder / "made")
    found = feast(folder, {str(folder / "runner"): questions["runner"], str(folder / "made"): questions["made"] + questions["leak"] + questions["deletion"]})
    answers = {"runner": found[str(folder / "runner")], "made": found[str(folder / "made")]}
    yield {"runner": runner, "made": made, "questions": questions, "answers": answers}


def test_the_repository_has_a_view_for_every_group_with_types_units_and_lookback(asked):
    views = {v["name"]: v for v in asked["answers"]["runner"]["views"]}
    assert set(views) == set(groups.BUNDLED) - {"activity_stream_features"}  # the runner has no streams: without rows no file
    assert views["athlete_rolling_features"]["features"]["ctl_42d"][::2] == ["Float64", "TSS"]
    assert views["race_results"]["features"]["distance_class"][:2] == ["String", "official distance"]
    assert views["activity_features"]["features"]["is_run"][0] == "Bool" and views["race_results"]["owner"] == "athlete"
    assert {tuple(v["keys"]) for v in views.values()} == {("athlete_id",)}
    assert {v["name"]: v["ttl_s"] for v in asked["answers"]["made"]["views"]} == {"free": None, "week": 7 * 86400, "moment": 1e-6}


def test_feast_gives_the_features_of_the_real_runner_that_asof_gives(asked):
    (question,) = asked["questions"]["runner"]
    expected = ours(asked["runner"], question)
    assert sum(r[1] is not None for r in expected) > 150
    (rows,) = asked["answers"]["runner"]["answers"]
    day, flag = RUNNER.index("athlete_rolling_features:as_of_date") + 1, RUNNER.index("athlete_rolling_features:is_overtraining_risk") + 1
    for row in rows:
        row[day] = row[day] and row[day][:10]
        row[flag] = None if row[flag] is None else int(row[flag])
    assert rows == expected


def test_feast_gives_what_asof_gives_on_random_histories_with_corrections_and_lookbacks(asked):
    for question, rows in zip(asked["questions"]["made"], asked["answers"]["made"]["answers"]):
        expected = ours(asked["made"], question)
        assert len({str(r[1]) for r in expected}) > 10
        assert rows == expected, question["features"]


def test_without_its_filter_feast_uses_what_was_not_known_yet_and_asof_does_not(asked):
    (question,) = asked["questions"]["leak"]
    safe = ours(asked["made"], question | {"filter": True})
    leaked = [a for a, b in zip(asked["answers"]["made"]["answers"][-2], safe) if a != b]
    assert len(leaked) > 20


def test_feast_goes_on_using_what_was_deleted_and_asof_does_not(asked):
    (question,) = asked["questions"]["deletion"]
    assert asked["answers"]["made"]["answers"][-1] == [[0, 50]]
    assert ours(asked["made"], question) == [[0, None]]
