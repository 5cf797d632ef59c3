"""The wheel's verbs give what Feast gives over the same rows, where both mean the same (tests/sql/tools/exchange/test_feast.py says where)."""

import datetime
import random

import pandas as pd
import pytest

from helpers.stores.exchange import feast, tool

# Feast's answers to the same questions are asked for in `make test` by tests/sql/tools/exchange/test_feast.py, pandas' by test_wheel.py.
pytestmark = [pytest.mark.unsanitized, pytest.mark.soak]

GROUPS = {"nights": None, "week_of_nights": 7}  # days of lookback
FEATURES = ["hours", "pulse", "place"]
ATHLETES = "abc"


def moment(hours):
    return (datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def definition(name, lookback_days):
    features = [{"name": "hours", "type": "numerical"}, {"name": "pulse", "type": "integer"}, {"name": "place", "type": "categorical"}]
    given = {"feature_group": name, "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"], "time_precision": "second", "features": features}
    return given | ({"lookback_days": lookback_days} if lookback_days else {})


def night(rng, athlete, hour, known):
    values = {"hours": rng.choice([None, rng.random() * 10]), "pulse": rng.randint(40, 60), "place": rng.choice(["home", "it's noisy", "größer"])}
    return {"athlete_id": athlete, "event_timestamp": moment(hour), "available_at": moment(known), **values}


@pytest.fixture(scope="module")
def asked(athlete, tmp_path_factory):
    """The store, the frame of requests, and Feast's answers to it for each group."""
    folder, rng = tmp_path_factory.mktemp("feast"), random.Random(5)
    athlete.create(folder / "athlete.db")
    store = athlete.Store(folder / "athlete.db")
    for name, lookback_days in GROUPS.items():
        store.register_feature_group(definition(name, lookback_days))
        times = [(a, h) for a in ATHLETES for h in rng.sample(range(480), 14)]
        arrived = [night(rng, a, h, h + rng.choice([0, 0, 5, 60])) for a, h in times]
        assert store.ingest_features(name, pd.DataFrame(arrived), known_at=moment(540))["new"] == len(times)
        for known in (600, 800):
            corrected = [night(rng, a, h, known) for a, h in rng.sample(times, 12)]
            assert store.ingest_features(name, pd.DataFrame(corrected), known_at=moment(known))["changed"] == 12
    requests = [{"athlete_id": rng.choice(ATHLETES + "x"), "event_timestamp": moment(rng.randrange(-1, 1000))} for _ in range(300)]
    requests += [{"athlete_id": a, "event_timestamp": "2099-01-01T00:00:00Z"} for a in ATHLETES + "x"]
    tool("out", folder / "athlete.db", folder / "out")
    questions = [{"requests": requests, "features": [f"{name}:{feature}" for feature in FEATURES], "filter": True} for name in GROUPS]
    found = feast(folder, {str(folder / "out"): questions})[str(folder / "out")]
    return store, pd.DataFrame(requests), dict(zip(GROUPS, found["answers"])), found["views"]


def values(rows):
    return [[row[feature] for feature in FEATURES] for row in rows]


@pytest.mark.parametrize("group", GROUPS)
def test_historical_features_are_those_of_feast(asked, group):
    store, requests, answers, _ = asked
    got = values(store.get_historical_features(requests, [f"{group}:{feature}" for feature in FEATURES]).to_pylist())
    assert got == [row[1:] for row in answers[group]]
    assert 20 < len({str(row) for row in got}) and any(row == [None] * 3 for row in got)


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_known_now_is_what_feast_gives_for_a_far_day(asked, group):
    store, _, answers, _ = asked
    got = values(store.get_online_features([group], [{"athlete_id": a} for a in ATHLETES + "x"]))
    assert got == [row[1:] for row in answers[group][-len(ATHLETES + "x") :]]


def test_the_features_listed_are_those_of_feasts_views(asked):
    store, _, _, views = asked
    listed = [(f["group"], f["feature"]) for f in store.list_features().to_pylist() if f["group"] in GROUPS]
    assert sorted(listed) == sorted((v["name"], feature) for v in views for feature in v["features"] if v["name"] in GROUPS) and len(listed) == 6
