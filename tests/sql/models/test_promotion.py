"""A challenger takes the champion's place by a decision that is kept, on rows that neither has seen."""

import collections

import numpy
import pandas
import pytest
from scipy import stats

from helpers.models import modelled
from helpers.models.modelled import contests, days, definition, train
from helpers.machine.soak import soak
from helpers.stages import one, rows, run


def decisions(db):
    return rows(db, "SELECT * FROM ml_decisions ORDER BY decision_id")


def champion(db):
    return one(db, "SELECT MAX(version) FROM ml_aliases WHERE alias = 'champion'"), one(db, "SELECT MAX(version) FROM ml_aliases WHERE alias = 'challenger'")


def at_most(share, n):
    """How often an event of this chance may come in n, but for one seed of a thousand."""
    return stats.binom.ppf(0.999, n, share)


@pytest.mark.parametrize("n", [25, soak(500)])
@pytest.mark.parametrize("kind, champion_errs, challenger_errs", [("equal", 0.4, 0.4), ("better", 0.5, 0.3), ("worse", 0.3, 0.5)])
def test_over_many_contests_a_better_one_is_promoted_and_an_equal_a_worse_and_a_lucky_one_are_not(kind, champion_errs, challenger_errs, n):
    db = contests(7, n, champion_errs, challenger_errs)
    found = collections.Counter(d["decision"] for d in decisions(db))
    assert sum(found.values()) == n
    if kind == "equal":  # some are lucky by chance: of twenty one
        assert found["PROMOTE"] <= at_most(0.05, n) and found["REJECT"] <= at_most(0.05, n) and found["HOLD"] >= n - 2 * at_most(0.05, n)
    else:
        assert found["PROMOTE" if kind == "better" else "REJECT"] >= 0.9 * n
        assert found["REJECT" if kind == "better" else "PROMOTE"] == 0
    for d in decisions(db):
        assert d["p_value"] < 0.05 if d["decision"] == "PROMOTE" else d["p_value"] >= 0.05
    aliases = collections.Counter((r["alias"], r["version"]) for r in rows(db, "SELECT * FROM ml_aliases"))
    assert aliases["champion", 2] == found["PROMOTE"] and aliases["challenger", 2] == found["HOLD"] and aliases.total() == n + found["HOLD"]
    db.close()


def test_every_number_of_a_decision_comes_from_the_rows_that_it_keeps():
    db = contests(3, 3, 0.45, 0.35)
    for d in decisions(db):
        kept = pandas.read_sql_query("SELECT * FROM ml_decision_rows WHERE decision_id = ?", db, params=(d["decision_id"],))
        difference = (kept.champion - kept.label).abs() - (kept.challenger - kept.label).abs()
        means = difference.groupby(kept.unit).mean()
        assert (d["n_rows"], d["n_units"], d["unit"]) == (len(kept), len(means), "athlete")
        assert d["mean_difference"] == pytest.approx(means.mean(), abs=1e-12)
        assert d["champion_loss"] - d["challenger_loss"] == pytest.approx(d["mean_difference"], abs=1e-12)
        t = stats.ttest_1samp(means, 0, alternative="greater").pvalue
        assert d["p_value"] == pytest.approx(t, abs=0.04)
        assert kept.as_of_date.min() > d["after_date"] == "2025-01-11"
    assert len({d["rows_hash"] for d in decisions(db)}) == 3
    db.close()


def later(found, offset, label=lambda x: x):
    return [(a, d + offset, label(y), *rest) for a, d, y, *rest in found]


def arrive(db, found):
    db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", found)


def next_day(db):
    """What waited for a day has waited."""
    db.execute("UPDATE ml_looks SET looked_at = '2024-01-01T00:00:00Z'")
    run(db, [modelled.PROMOTE])


def test_a_model_comes_through_its_gate_waits_for_rows_and_goes_in_and_out_of_its_place():
    db = modelled.database(days(1))
    train(db, definition(version="1.0.0", features=["x"], promotion={"min_rows": 50}))
    run(db, [modelled.PROMOTE])
    assert [(d["decision"], d["champion"], d["challenger"]) for d in decisions(db)] == [("PROMOTE", None, 1)] and champion(db) == (1, None)
    train(db, definition(version="1.0.1", features=["x", "y"], promotion={"min_rows": 50}))
    run(db, [modelled.PROMOTE])
    assert decisions(db)[-1]["decision"] == "HOLD" and decisions(db)[-1]["reason"].startswith("0 rows after ") and champion(db) == (1, 2)
    arrive(db, later(days(2, n_days=8), 76))  # 48 rows, of which none is in the gap
    run(db, [modelled.PROMOTE])
    next_day(db)
    assert len(decisions(db)) == 2
    arrive(db, later(days(3, n_days=20), 90))
    run(db, [modelled.PROMOTE])  # on the same day nobody looks again
    assert len(decisions(db)) == 2
    next_day(db)
    last = decisions(db)[-1]
    assert (last["decision"], last["champion"], last["challenger"], last["n_rows"], last["unit"]) == ("PROMOTE", 1, 2, 168, "athlete") and champion(db) == (2, None)
    assert one(db, "SELECT MIN(as_of_date) FROM ml_decision_rows") > last["after_date"] == one(db, "SELECT date(MAX(trained_until), '+10 days') FROM ml_runs")
    # Going back is one statement, and nobody goes forward again by himself.
    db.execute("UPDATE ml_aliases SET version = 1 WHERE alias = 'champion'")
    next_day(db)
    assert champion(db) == (1, None) and len(decisions(db)) == 3
    db.close()


@pytest.mark.parametrize("next_training", ["none", "refused"])
@pytest.mark.parametrize("held", [1, 2, None])
def test_a_version_that_no_run_made_is_never_promoted_over_one_that_somebody_went_back_to(held, next_training):
    """As in a file of an earlier build, which has versions and an alias, and neither runs nor decisions."""
    db = modelled.database(days(1), definition(version="1.0.0"))
    for version in (1, 2, 3):
        db.execute("INSERT INTO ml_model_versions VALUES ('days_model', ?, 'accepted', '', '{}', '{}', 1, '', '2024-01-01T00:00:00Z')", (version,))
    if held:
        db.execute("INSERT INTO ml_aliases VALUES ('days_model', 'champion', ?)", (held,))
    if next_training == "refused":
        train(db, definition(version="1.0.1", gate=[{"evaluation": "time", "metric": "mae", "below": 0}]))
        assert one(db, "SELECT status FROM ml_model_versions WHERE version = 4") == "refused"
    run(db, [modelled.PROMOTE])
    assert champion(db) == (held, None) and decisions(db) == []
    train(db, definition(version="1.0.2"))
    next_day(db)
    assert [(d["decision"], d["champion"]) for d in decisions(db)] == [("HOLD" if held else "PROMOTE", held)]
    db.close()


def test_the_same_model_again_and_one_without_the_signal_do_not_take_the_champions_place():
    for features, expected in ((["x", "y", "noise"], "HOLD"), (["x"], "REJECT")):
        db = modelled.database(days(1))
        train(db, definition(version="1.0.0"))
        run(db, [modelled.PROMOTE])
        train(db, definition(version="1.0.1", features=features))
        arrive(db, later(days(3, n_days=40), 90))
        run(db, [modelled.PROMOTE])
        last = decisions(db)[-1]
        assert (last["decision"], champion(db)[0]) == (expected, 1)
        assert (last["mean_difference"] == 0) == (expected == "HOLD")
        db.close()


def test_a_model_of_one_athlete_is_decided_by_blocks_of_his_days():
    db = modelled.database(days(1, n_athletes=1, n_days=300))
    one_athlete = {"evaluation": {"by": ["time"], "splits": 4, "gap_days": 10}}
    train(db, definition(version="1.0.0", features=["x"], **one_athlete))
    run(db, [modelled.PROMOTE])
    train(db, definition(version="1.0.1", **one_athlete))
    arrive(db, later(days(3, n_athletes=1, n_days=280), 400))
    run(db, [modelled.PROMOTE])
    last = decisions(db)[-1]
    kept = pandas.read_sql_query("SELECT * FROM ml_decision_rows WHERE decision_id = ?", db, params=(last["decision_id"],))
    spans = pandas.to_datetime(kept.as_of_date).groupby(kept.unit).agg(lambda d: (d.max() - d.min()).days)
    assert last["unit"] == "block of 28 days" and last["decision"] == "PROMOTE" and last["n_units"] == len(spans) and 10 <= len(spans) <= 11 and spans.max() == 27
    db.close()


def test_decisions_stay_and_a_refused_version_never_challenges():
    db = modelled.database(days(1))
    train(db, definition(version="1.0.0"))
    train(db, definition(version="1.0.1", gate=[{"evaluation": "time", "metric": "mae", "below": 0}]))
    run(db, [modelled.PROMOTE])
    assert [(d["challenger"], d["decision"]) for d in decisions(db)] == [(1, "PROMOTE")]
    for statement in ("DELETE FROM ml_decisions", "UPDATE ml_decisions SET decision = 'HOLD'", "REPLACE INTO ml_decisions SELECT * FROM ml_decisions"):
        with pytest.raises(Exception, match="append-only"):
            db.execute(statement)
    assert numpy.isfinite(one(db, "SELECT n_rows FROM ml_decisions"))
    db.close()


def test_by_gate_the_newest_that_passes_holds_at_once_and_one_that_does_not_pass_never_does():
    db = modelled.database(days(1))
    by_gate = {"promotion": {"by": "gate"}}
    train(db, definition(version="1.0.0", features=["x"], **by_gate))
    run(db, [modelled.PROMOTE])
    train(db, definition(version="1.0.1", features=["x", "noise"], **by_gate))
    run(db, [modelled.PROMOTE])
    train(db, definition(version="1.0.2", gate=[{"evaluation": "time", "metric": "mae", "below": 0}], **by_gate))
    run(db, [modelled.PROMOTE])
    assert [(d["champion"], d["challenger"], d["decision"], d["n_rows"]) for d in decisions(db)] == [(None, 1, "PROMOTE", 0), (1, 2, "PROMOTE", 0)]
    assert champion(db) == (2, None)
    db.execute("UPDATE ml_aliases SET version = 1")  # whom somebody went back from does not come again
    next_day(db)
    assert champion(db) == (1, None) and len(decisions(db)) == 2
    db.close()
