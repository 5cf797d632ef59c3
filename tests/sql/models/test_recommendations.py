"""The next workout: never one that the rule forbids, told in the same words for the same history, and once for a day."""

import json
import random
import sqlite3

import numpy
import pytest

from helpers.athletes import recommended
from helpers.athletes.recommended import DEFINITION, STAGE, cut, date, lives
from helpers.stages import one, put, rows, run

OPTIONS = DEFINITION["learner"]["options"]


def answers(db):
    run(db, [STAGE])
    return {r["athlete_id"]: r for r in rows(db, "SELECT * FROM gold_training_recommendations")}


def unknown_share(history, today, minutes=0.0):
    """Of the moving time of 42 days that of unknown load, if so long is trained today."""
    lately = [(tss, m) for d, tss, _, m, _ in history if d > today - 42]
    return sum(m for tss, m in lately if tss is None) / (sum(m for _, m in lately) + minutes)


def evening(history, load=0.0):
    """Ratio, monotony, form and the rule of risk after one more day whose load is known, from the definitions alone."""
    days = numpy.zeros(history[-1][0] - history[0][0] + 2)
    for d, tss, *_ in history:
        days[d - history[0][0]] += tss or 0
    days[-1] = load
    week = days[-7:]
    ctl, atl = days[-42:].mean(), week.mean()
    ratio = atl / ctl if ctl > 0 else 0.0
    full, equal = len(week) == 7, week.min() == week.max()
    monotony = week.mean() / week.std() if full and not equal else 0.0
    return {"ctl": ctl, "atl": atl, "tsb": ctl - atl, "ratio": ratio, "monotony": monotony, "days": len(days), "week": week.sum(),
            "risk": ratio > 1.5 and len(days) >= 28 or monotony > 2 or full and equal and week[0] > 0}  # fmt: skip


def hard_days(history, today):
    longest = max((m for d, _, _, m, _ in history if d >= today - 30), default=0)
    return [d for d, tss, _, m, _ in history
            if d >= today - 90 and (m >= 20 and tss is not None and tss * 60 >= 100 * 0.85**2 * m or m >= max(75, 0.8 * longest))]  # fmt: skip


def assert_within_its_limits(history, told):
    today = history[-1][0] + 1
    candidates = json.loads(told["candidates"])
    assert [c["forbidden"] for c in candidates if c["type"] == "rest"] == [None]
    assert len(candidates) == 1 + sum(len(w["minutes"]) for w in OPTIONS["workouts"])
    kind, after = told["recommended_workout_type"], evening(history, told["load_tss"])
    chosen = [c for c in candidates if (c["type"], c["minutes"], c["intensity"]) == (kind, told["duration"], told["intensity"])]
    assert len(chosen) == 1 and chosen[0]["forbidden"] is None
    assert chosen[0]["cost"] == min(c["cost"] for c in candidates if c["forbidden"] is None)
    assert told["load_tss"] == pytest.approx(told["duration"] / 60 * told["intensity"] ** 2 * 100)
    assert (told["ctl_after"], told["atl_after"]) == pytest.approx((after["ctl"], after["atl"]), rel=1e-9)
    if unknown_share(history, today, told["duration"]) > 0.2:
        assert told["tsb_after"] is told["acwr_after"] is told["is_risk_after"] is None and kind in ("rest", "easy")
        assert "TSB" not in told["reason"] and ("too much of the load of six weeks is unknown" in told["reason"] or "days without a rest" in told["reason"])
        return
    assert (told["tsb_after"], told["acwr_after"]) == pytest.approx((after["tsb"], after["ratio"]), rel=1e-9, abs=1e-9)
    assert told["is_risk_after"] == after["risk"]
    if kind == "rest":
        assert (told["duration"], told["intensity"], told["pace_min_km"]) == (0, 0, None)
        return
    assert not after["risk"] and after["tsb"] >= -30
    assert len({d for d, *_ in history if d >= today - 6}) < 6
    assert told["duration"] <= max(30, 1.1 * max((m for d, _, _, m, _ in history if d >= today - 30), default=0))
    if kind != "easy":
        assert after["days"] - 1 >= 28 and today - max(hard_days(history, today), default=-99) >= 2
        assert unknown_share(history, today - 1) <= 0.2


def asked(seed, n, n_athletes):
    """Athlete-days drawn from simulated lives, by name."""
    chance = random.Random(seed)
    found = {}
    some = lives(seed, n_athletes, 420)
    while len(found) < n:
        life = chance.choice(some)
        history = cut(life, chance.choice([d for d, *_ in life[1:]]), chance, unknown=chance.choice([0, 0, 0, 0.1, 0.5]))
        found[f"athlete {len(found)}"] = history
    return found


@pytest.mark.parametrize(("seed", "n", "n_athletes"), [(1, 150, 6), *(pytest.param(s, 500, 25, marks=pytest.mark.soak) for s in range(2, 6))])
def test_no_recommendation_breaks_a_rule_of_risk_on_any_simulated_day(seed, n, n_athletes):
    histories = asked(seed, n, n_athletes)
    db = recommended.database(histories)
    told = answers(db)
    assert set(told) == set(histories)
    for athlete, history in histories.items():
        assert told[athlete]["recommendation_date"] == date(history[-1][0] + 1)
        assert_within_its_limits(history, told[athlete])
    kinds = [t["recommended_workout_type"] for t in told.values()]
    assert {"rest", "easy", "long"} <= set(kinds) and kinds.count("rest") < 0.7 * n
    # A candidate that is not forbidden is within the rule, too, and one that is forbidden by the rule breaks it.
    for athlete in [a for a, h in histories.items() if all(tss is not None for _, tss, *_ in h)][:40]:
        for c in json.loads(told[athlete]["candidates"]):
            risk = evening(histories[athlete], c["load_tss"])["risk"]
            if c["type"] != "rest":
                assert not (risk and c["forbidden"] is None)
                assert risk or not (c["forbidden"] or "").startswith(("the acute:chronic", "monotony", "it would be a week"))
    db.close()


def test_the_same_history_is_told_the_same_in_the_same_words():
    histories = asked(11, 40, 4)
    one_way = recommended.database(histories)
    other_way = recommended.database({a: histories[a][::-1] for a in reversed(histories)})
    strip = lambda told: {a: {k: v for k, v in t.items() if k not in ("recommendation_id", "recommended_at")} for a, t in told.items()}
    assert strip(answers(one_way)) == strip(answers(other_way))
    # Nor does it matter who else asks.
    alone = recommended.database({"athlete 7": histories["athlete 7"]})
    assert strip(answers(alone))["athlete 7"] == strip(answers(one_way))["athlete 7"]


def test_a_day_is_answered_once_whoever_is_champion_and_what_was_answered_stays():
    histories = asked(12, 5, 2)
    db = recommended.database(histories)
    before = answers(db)
    put(db, DEFINITION | {"version": "1.1.0", "learner": {"kind": "simulation", "options": OPTIONS | {"workouts": OPTIONS["workouts"][:1]}}})
    run(db, ["100_bronze_strava", "530_model_definitions", "542_register_simulations", "550_promote_models"])
    assert one(db, "SELECT version FROM ml_aliases WHERE (model, alias) = ('training_recommender', 'champion')") == 2
    assert one(db, "SELECT decision FROM ml_decisions WHERE challenger = 2") == "PROMOTE"
    assert answers(db) == before
    for statement in ("UPDATE gold_training_recommendations SET reason = 'other'", "DELETE FROM gold_training_recommendations",
                      "INSERT OR REPLACE INTO gold_training_recommendations SELECT * FROM gold_training_recommendations"):  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="gold_training_recommendations is append-only"):
            db.execute(statement)
    last = histories["athlete 3"][-1][0]
    recommended.add(db, "athlete 3", [(last + 401, 30.0, 6.0, 35.0, True)], "later")
    recommended.published(db)
    run(db, [STAGE])
    added = rows(db, "SELECT athlete_id, version, recommended_workout_type FROM gold_training_recommendations WHERE recommendation_date = ?", date(last + 402))
    assert [(r["athlete_id"], r["version"]) for r in added] == [("athlete 3", 2)] and added[0]["recommended_workout_type"] in ("rest", "easy")


def steady(days, minutes=60, load=55.0, rest=(6,)):
    return [(d, load + 5 * (d % 3), 11.0, float(minutes + d % 7), True) for d in range(days) if d % 7 not in rest]


def test_a_race_in_the_calendar_makes_the_week_lighter_and_leaves_its_eve_and_its_day_free_of_hard_work():
    history = steady(120, rest=(2, 6))
    today = history[-1][0] + 1
    ahead = {"none": None, "today": 0, "eve": 1, "week": 6, "fortnight": 13, "month": 30}
    for distance, shares in ((42195.0, {"week": 0.5, "fortnight": 0.75, "month": 1.05}), (5000.0, {"week": 0.6, "fortnight": 1.05, "month": 1.05})):
        plans = [(name, date(today + days), "race", None, None, distance) for name, days in ahead.items() if days is not None]
        db = recommended.database({name: history for name in ahead}, plans)
        told = answers(db)
        ctl = one(db, "SELECT ctl_42d FROM athlete_rolling_features WHERE athlete_id = 'none' ORDER BY as_of_date DESC LIMIT 1")
        for name, share in {"none": 1.0, **shares}.items():
            assert f"where {int(7 * ctl * share + 0.5)} is asked for" in told[name]["reason"], (name, told[name]["reason"])
        assert told["none"]["goal"] == "steady" and told["none"]["race_date"] is None
        assert told["today"]["recommended_workout_type"] == "rest" and "On the day of the race" in told["today"]["reason"]
        assert told["eve"]["recommended_workout_type"] in ("rest", "easy") and "For the race in 1 day:" in told["eve"]["reason"]
        for c in json.loads(told["eve"]["candidates"]):
            assert c["type"] in ("rest", "easy") or c["forbidden"]
        assert told["week"]["load_tss"] <= told["none"]["load_tss"] and told["week"]["race_date"] == date(today + 6)
        db.close()
    # A race taken back, or one that is over, is no goal.
    db = recommended.database({"a": history, "b": history}, [("a", date(today + 6), "race", None, None, 5000.0), ("a", date(today + 6), "race", None, None, None),
                                                             ("b", date(today - 1), "race", None, None, 5000.0)])  # fmt: skip
    assert {t["goal"] for t in answers(db).values()} == {"steady"}


def test_where_too_much_load_is_unknown_only_easy_days_are_recommended_and_the_reason_is_told():
    history = steady(90, rest=(1, 4, 6))
    unknown = [(d, None if n % 2 else tss, *rest) for n, (d, tss, *rest) in enumerate(history)]
    told = answers(recommended.database({"known": history, "unknown": unknown}))
    forbidden = {c["forbidden"] for c in json.loads(told["unknown"]["candidates"]) if c["type"] in ("long", "tempo", "intervals")}
    assert forbidden == {"too much of the load of six weeks is unknown"} and "too much of the load of six weeks is unknown" in told["unknown"]["reason"]
    assert "unknown" not in told["known"]["reason"] and told["unknown"]["recommended_workout_type"] in ("rest", "easy")


def test_a_limit_that_is_set_is_the_one_that_holds():
    history = steady(120, rest=(2, 6))
    free = answers(recommended.database({"a": history}))["a"]
    assert free["recommended_workout_type"] != "rest"
    for setting, value, why in (("acwr_risk_threshold", 0.5, "the acute:chronic ratio would be above 0.5"), ("monotony_risk_threshold", 0.3, "monotony would be above 0.3"),
                                ("form_risk_threshold", 25, "tsb would be below 25.0")):  # fmt: skip
        told = answers(recommended.database({"a": history}, settings={setting: value}))["a"]
        assert told["recommended_workout_type"] == "rest" and why in told["reason"]


WORKOUT = {"type": "easy", "intensity": 0.7, "minutes": [30]}
FAULTS = {
    "rows": ({"rows": "SELECT 1"}, {}, "rows is not a simulation's to say"),
    "a gate": ({"gate": [{"evaluation": "time", "metric": "mae", "below": 1}]}, {}, "gate is not a simulation's to say"),
    "no workout": ({}, {"workouts": []}, "learner.options.workouts: there is none"),
    "workouts as a text": ({}, {"workouts": "easy"}, "learner.options.workouts: expected a list, found \"easy\""),
    "a workout that is a text": ({}, {"workouts": ["easy"]}, "learner.options.workouts[0]: expected {\"type\""),
    "a rest": ({}, {"workouts": [WORKOUT, WORKOUT | {"type": "rest"}]}, "learner.options.workouts[1]: expected {\"type\": a name other than rest"),
    "no minutes": ({}, {"workouts": [{"type": "easy", "intensity": 0.7}]}, "learner.options.workouts[0]: expected"),
    "minutes of a text": ({}, {"workouts": [WORKOUT | {"minutes": ["30"]}]}, "learner.options.workouts[0]: expected"),
    "minutes that nobody has": ({}, {"workouts": [WORKOUT | {"minutes": [30, 1e9]}]}, "learner.options.workouts[0]: expected"),
    "an intensity that nobody has": ({}, {"workouts": [WORKOUT | {"intensity": 3}]}, "learner.options.workouts[0]: expected"),
    "a field that no workout has": ({}, {"workouts": [WORKOUT | {"hardness": 3}]}, "learner.options.workouts[0]: expected"),
    "an option that nobody has": ({}, {"workout": []}, "learner.options: a simulation has no workout; it may have days_in_a_row"),
    "a limit of no feature": ({}, {"limits": [{"feature": "mood", "at_most": 1}]}, "learner.options.limits[0]: expected {\"feature\": a number that training_forecast returns"),
    "a limit of a day": ({}, {"limits": [{"feature": "as_of_date", "at_most": 1}]}, "learner.options.limits[0]: expected"),
    "a limit by no setting": ({}, {"limits": [{"feature": "tsb", "at_least": "moon"}]}, "learner.options.limits[0]: expected"),
    "a limit on both sides": ({}, {"limits": [{"feature": "tsb", "at_least": 1, "at_most": 2}]}, "learner.options.limits[0]: expected"),
    "a limit that is a number": ({}, {"limits": [5]}, "learner.options.limits[0]: expected"),
    "a taper without a share": ({}, {"taper": [{"within_days": 7, "at_least_m": 0}]}, "learner.options.taper[0]: expected"),
    "a share that is a text": ({}, {"week_share": {"steady": "all"}}, "learner.options.week_share.steady"),
    "days that are no number": ({}, {"days_in_a_row": "six"}, "learner.options.days_in_a_row"),
    "another kind": ({"rows": "SELECT 1", "learner": {"kind": "oracle"}}, None, "learner.kind: expected gbdt, kmeans, rule, simulation or none, found oracle"),
}  # fmt: skip


def test_what_is_wrong_with_a_simulation_is_told_and_the_others_go_on():
    texts = {}
    for number, (changes, options, _) in enumerate(FAULTS.values()):
        text = DEFINITION | {"model": f"odd_{number}"} | changes
        texts[f"odd_{number}"] = text if options is None else text | {"learner": {"kind": "simulation", "options": {"workouts": [WORKOUT]} | options}}
    db = recommended.database({"a": steady(60)})
    for text in texts.values():
        put(db, text)
    run(db, ["100_bronze_strava", "530_model_definitions", "542_register_simulations", "550_promote_models", STAGE])
    reasons = dict(db.execute("SELECT model, reason FROM ml_model_rejects"))
    for number, (name, (_, _, expected)) in enumerate(FAULTS.items()):
        assert reasons[f"odd_{number}"].startswith(expected), (name, reasons[f"odd_{number}"])
    assert set(reasons) == set(texts) and one(db, "SELECT COUNT(*) FROM gold_training_recommendations") == 1


@pytest.mark.parametrize("seed", range(3))
def test_any_definition_within_the_bounds_answers_within_its_own_limits(seed):
    """Random workouts and limits of any feature of the kernel."""
    chance = random.Random(seed)
    histories = asked(30 + seed, 12, 2)
    workouts = [{"type": chance.choice(["easy", "hills", "swim_long"]) + "_" + "abcd"[n], "intensity": round(chance.uniform(0.3, 1.5), 3),
                 "minutes": chance.sample(range(5, 300), chance.randint(1, 5)), "is_hard": chance.random() < 0.5, "every_days": chance.randint(1, 20)}
                for n in range(chance.randint(1, 4))]  # fmt: skip
    features = chance.sample(["acwr", "atl_7d", "ctl_42d", "training_strain_7d", "total_tss_7d", "activities_7d", "acwr_ewma", "tsb_ewma"], 3)
    limits = [{"feature": f, "at_most": chance.uniform(0.2, 400)} for f in features]
    text = DEFINITION | {"learner": {"kind": "simulation", "options": {"workouts": workouts, "limits": limits, "days_in_a_row": chance.randint(1, 9)}}}
    db = recommended.database(histories, definition=text)
    for athlete, told in answers(db).items():
        assert len(json.loads(told["candidates"])) == 1 + sum(len(w["minutes"]) for w in workouts)
        if told["recommended_workout_type"] == "rest":
            continue
        after = db.execute("SELECT * FROM training_load(?, '{}')", (f"""
            SELECT 1, activity_date, estimated_tss, distance_km, moving_time_min, pace_min_km, elevation_gain_m FROM activity_features WHERE athlete_id = '{athlete}'
            UNION ALL SELECT 1, '{told["recommendation_date"]}', {told["load_tss"]!r}, 1, {told["duration"]!r}, NULL, 0""",))  # fmt: skip
        names = [d[0] for d in after.description]
        last = dict(zip(names, after.fetchall()[-1]))
        assert last["as_of_date"] == told["recommendation_date"] and not last["is_overtraining_risk"]
        for limit in limits:
            assert last[limit["feature"]] is None or last[limit["feature"]] <= limit["at_most"]
