"""The search compares configurations on the same unseen rows, and what it stores can be computed again by hand."""

import functools
import json

import pytest

from helpers.athletes import lab


SEARCH = "520_time_estimator_search"


@functools.cache
def image():
    db = lab.copy("quick")
    db.execute("UPDATE ops_config SET value = 1 WHERE name = 'search_time_estimator'")
    db.execute("UPDATE ml_search_configurations SET changes = json_remove(changes, '$.num_boost_round')")
    lab.run(db, [SEARCH])
    found = db.serialize()
    db.close()
    return found


def searched():
    """A database in which the search was made with ten rounds."""
    db = lab.new_database()
    db.deserialize(image())
    return db


def test_nothing_is_searched_unless_asked_for():
    assert lab.rows(lab.copy("quick"), "SELECT * FROM ml_search_results") == []


def test_at_least_ten_configurations_are_judged_on_the_same_rows():
    db = searched()
    ranking = lab.rows(db, "SELECT * FROM ml_search_ranking")
    assert len(ranking) >= 10 and len({(r["validation_rows"], r["folds"]) for r in ranking}) == 1
    assert [r["place"] for r in ranking] == sorted(r["place"] for r in ranking)
    races = db.execute("SELECT COUNT(*) FROM time_estimator_rows WHERE seconds IS NOT NULL AND source <> 'prior'").fetchone()[0]
    assert ranking[0]["validation_rows"] == races


def test_a_second_run_changes_nothing_and_a_new_configuration_starts_a_new_search():
    db = searched()
    before = lab.rows(db, "SELECT * FROM ml_search_results")
    lab.run(db, [SEARCH])
    assert lab.rows(db, "SELECT * FROM ml_search_results") == before
    db.execute("INSERT INTO ml_search_configurations VALUES ('time_estimator', 'mine', '{\"max_bin\": 16}')")
    lab.run(db, [SEARCH])
    after = lab.rows(db, "SELECT * FROM ml_search_results")
    assert len(after) > 2 * len(before) - 1 and "mine" in {r["configuration"] for r in after}
    same = [r["validation_loss"] for r in after if r["search_hash"] != before[0]["search_hash"] and r["configuration"] != "mine"]
    assert same == [r["validation_loss"] for r in before]


def test_a_year_trains_on_the_survey_and_on_races_before_the_gap():
    db = searched()
    gap = db.execute("SELECT value FROM ops_config WHERE name = 'cv_gap_days'").fetchone()[0]
    survey = db.execute("SELECT COUNT(*) FROM time_estimator_rows WHERE source = 'survey' AND seconds IS NOT NULL").fetchone()[0]
    found = lab.rows(db, "SELECT fold, training_rows, validation_rows FROM ml_search_results WHERE configuration = 'as specified' AND fold > 1000")
    assert len(found) > 3
    for row in found:
        year = f"{row['fold']}-01-01"
        earlier = "SELECT COUNT(*) FROM time_estimator_rows WHERE source = 'history' AND seconds IS NOT NULL AND as_of_date < date(?, ?)"
        assert row["training_rows"] == survey + db.execute(earlier, (year, f"-{gap} days")).fetchone()[0]
        during = "SELECT COUNT(*) FROM time_estimator_rows WHERE source = 'history' AND substr(as_of_date, 1, 4) = ?"
        assert row["validation_rows"] == db.execute(during, (year[:4],)).fetchone()[0]


def test_a_configuration_is_what_training_and_predicting_by_hand_gives():
    db = searched()
    stored = lab.rows(db, "SELECT * FROM ml_search_results WHERE configuration = 'depth 2' AND fold = 1")[0]
    options = json.loads(stored["options"])
    assert options["max_depth"] == 2 and options["num_boost_round"] == 10
    names = [n for n in options["feature_names"] if n != "validates"]
    columns = ", ".join(names)
    label, clip = "portable_ln(seconds) - base_ln_s", lab.specification()["label_clip"]
    db.execute(f"CREATE TEMP TABLE by_hand AS SELECT *, {label} AS label, fold % 3 = 1 AS held FROM time_estimator_rows WHERE source = 'survey' AND seconds IS NOT NULL")
    middle = db.execute("SELECT quantile(label, 0.5) FROM by_hand WHERE NOT held").fetchone()[0]
    options = {k: v for k, v in options.items() if k not in ("validation", "feature_names")}
    train = f"SELECT gbdt_train(?, min(max(label, ?), ?), {columns}) FROM by_hand WHERE NOT held"
    model = db.execute(train, (json.dumps(options), middle - clip, middle + clip)).fetchone()[0]
    predicted = db.execute(f"SELECT label, gbdt_predict(?, {columns}) FROM by_hand WHERE held", (model,)).fetchall()
    mse = sum((a - b) ** 2 for a, b in predicted) / len(predicted)
    assert stored["validation_loss"] == pytest.approx(mse**0.5, rel=1e-5)
    assert len(predicted) == stored["validation_rows"]
