"""sql/tools/report: one file that needs nothing else, the same bytes twice, whose numbers are those of a SELECT."""

import datetime
import json
import random
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree

import pytest

from common import database, pages
from helpers.athletes import crowd, demo
from helpers.extension import ROOT, connect
from helpers.tools import tool

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('x')</script> & \"]]>"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    copy = tmp_path_factory.mktemp("report") / "athlete.db"
    shutil.copy(demo.database(), copy)
    return copy


def report(path, *athlete):
    file = path.with_suffix(".html")
    done = tool("report", "--", path, file, *athlete)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return file.read_text(encoding="utf-8")


def tree(text):
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def test_a_report_is_well_formed_the_same_twice_and_asks_for_nothing(path):
    text = report(path)
    assert text == report(path)
    root = tree(text)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}svg"))) == len(list(root.iter("section"))) >= 6
    assert not re.search(r"<script|<link|<img|@import|(?:src|href)=", text)
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#athlete-hatch"}


def test_what_a_report_says_is_what_a_select_says(path):
    with sqlite3.connect(path) as db:
        athlete, day, *numbers = db.execute("SELECT athlete_id, as_of_date, ctl_42d, atl_7d, ctl_ewma, atl_ewma, tsb, tsb_ewma, acwr, acwr_ewma FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1").fetchone()
        loads = dict(db.execute("SELECT as_of_date, daily_tss FROM athlete_rolling_features WHERE as_of_date > date(?, '-365 days') AND daily_tss > 0", (day,)))
    root = tree(report(path, athlete))
    words = [each.text for each in root.iter("p")]
    ctl, atl, ctl_ewma, atl_ewma, tsb, tsb_ewma, acwr, acwr_ewma = numbers
    assert words[0] == f"On the evening of {day}: fitness CTL {ctl:.1f}, fatigue ATL {atl:.1f} as means of 42 and 7 days; exponentially weighted {ctl_ewma:.1f} and {atl_ewma:.1f}."
    assert words[1] == f"Form TSB is fitness less fatigue: {tsb:+.1f}, exponentially weighted {tsb_ewma:+.1f}."
    assert words[2].startswith(f"{acwr:.2f}, exponentially weighted {acwr_ewma:.2f}.")
    bars = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title") if ", load of the day: " in title.text]
    assert bars == [f"{each}, load of the day: {load:.1f}" for each, load in sorted(loads.items())]


def test_the_pictures_by_themselves_name_trend_form_and_risk_as_the_page_does(path):
    trend, form, risk = [picture.find(SVG + "title").text for _, (_, picture) in list(sections(report(path)).items())[:3]]
    with sqlite3.connect(path) as db:
        (athlete, day, ctl), = db.execute("SELECT athlete_id, as_of_date, ctl_42d FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1")
        (before,) = db.execute("SELECT ctl_42d FROM athlete_rolling_features WHERE as_of_date = date(?, '-28 days')", (day,)).fetchone()
        (flagged,) = db.execute("SELECT SUM(is_overtraining_risk) FROM athlete_rolling_features WHERE as_of_date > date(?, '-28 days')", (day,)).fetchone()
        tsb, weighted, acwr, peak, since = db.execute("SELECT tsb, tsb_ewma, acwr, p.ratio, julianday(f.as_of_date) - julianday(p.day) FROM athlete_rolling_features AS f, (SELECT MAX(acwr) AS ratio, as_of_date AS day FROM athlete_rolling_features WHERE as_of_date > date(?, '-56 days')) AS p"
                                                       " WHERE f.as_of_date = ?", (day, day)).fetchone()  # fmt: skip
    page = tool("page", path, athlete).stdout
    assert trend == f"Fitness {ctl:.1f}, {ctl - before:+.1f} in four weeks"
    of_mean, of_weighted = re.search(r"Form     TSB .* {2,}(\S.*)", page)[1].split(", or ")
    assert form == f"Form: {of_mean}, {tsb:+.1f} (means); {of_weighted}, {weighted:+.1f} (weighted)"
    assert risk == f"Ratio: {re.search(r'Ratio   ACWR .* {2,}([a-z].*)', page)[1]}, {acwr:.2f}; peak {peak:.2f} {since:.0f} days before; {flagged} of 28 days flagged"


def test_what_is_not_known_of_the_last_evening_is_no_zero(path, tmp_path):
    copy = tmp_path / "unknown.db"
    shutil.copy(path, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE athlete_rolling_features SET tsb = NULL, tsb_ewma = NULL, acwr = NULL, acwr_ewma = NULL, is_overtraining_risk = NULL, load_reason = 'no load is known for 3 of the 9 activities of 42 days, 30 % of the moving time'"
                   " WHERE as_of_date = (SELECT MAX(as_of_date) FROM athlete_rolling_features)")  # fmt: skip
    told = sections(report(copy))
    assert told["Load, fitness and fatigue"][0].endswith(" Only what is known counts: no load is known for 3 of the 9 activities of 42 days, 30 % of the moving time.")
    assert told["Form"][0] == "Form TSB is fitness less fatigue; of the last evening it is not known." and told["Acute to chronic ratio"][0].startswith("Of the last evening it is not known. Hatched")
    assert told["Form"][1].find(SVG + "title").text == "Form: not known" and re.fullmatch(r"Ratio: not known; \d+ of 28 days flagged, 1 unknown", told["Acute to chronic ratio"][1].find(SVG + "title").text)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE athlete_rolling_features SET tsb = NULL, tsb_ewma = NULL, acwr = NULL, acwr_ewma = NULL, is_overtraining_risk = NULL")
    assert not {"Form", "Acute to chronic ratio"} & set(sections(report(copy)))


def among(path, copy, others, tables, which=""):
    """A copy in which so many others have the rows of this athlete, too."""
    db = connect(str(shutil.copy(path, copy)))
    for table in tables:
        columns = ", ".join(f'"{row[1]}"' for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "athlete_id")
        for other in range(others):
            db.execute(f"INSERT INTO {table} (athlete_id, {columns}) SELECT ?, {columns} FROM {table} WHERE athlete_id = '4001' {which}", (str(other),))
    return db


def steps_of(db, statement):
    """Tens of steps of SQLite's machine."""
    taken = []
    db.set_progress_handler(lambda: taken.append(1), 10)
    db.execute(statement).fetchall()
    db.set_progress_handler(None, 0)
    return len(taken)


def test_the_days_that_are_flagged_are_counted_for_one_athlete_however_many_there_are(path, tmp_path):
    steps = {}
    for others in (0, 20):
        db = among(path, tmp_path / f"{others}.db", others, ["athlete_rolling_features"], "ORDER BY as_of_date DESC LIMIT 100")
        for name, mark in (("page", "cannot be judged"), ("report", "CREATE TEMP TABLE shown")):
            db.execute(f"CREATE TEMP TABLE {name} AS SELECT '4001' AS athlete_id")
            for statement in database.statements(database.script(ROOT / "sql/reports" / f"{name}.sql")):
                taken = steps_of(db, statement)
                if mark in statement:
                    steps[name, others] = taken
                    break
        db.close()
    assert all(steps[name, 20] <= 1.05 * steps[name, 0] and steps[name, 0] > 10 for name in ("page", "report")), steps


def test_the_weeks_of_one_athlete_cost_the_same_however_many_there_are(path, tmp_path):
    steps = {}
    for others in (0, 5):
        db = among(path, tmp_path / f"{others}.db", others, ["activity_features", "silver_strava_activities", "athlete_daily_features", "athlete_weekly_features"])
        pages.tell_athlete(db, "4001")
        for statement in database.statements(database.script(ROOT / "sql/reports/report.sql")):
            taken = steps_of(db, statement)
            for view in ("gold_energy_weeks", "gold_energy_days", "gold_zone_weeks"):
                if f" {view} AS" in statement:
                    steps[view, others] = taken
        db.close()
    assert len(steps) == 6 and all(steps[view, 5] <= 1.05 * steps[view, 0] and steps[view, 0] > 10 for view, others in steps), steps


def test_a_week_without_training_is_a_gap_of_the_intensity(path, tmp_path):
    copy = tmp_path / "gap.db"
    shutil.copy(path, copy)
    lines = lambda file: len(re.findall("M", [each.get("d") for each in sections(report(file))["Intensity by week"][1].iter(SVG + "path") if each.get("class", "").startswith("l ")][-1]))
    before = lines(copy)
    with sqlite3.connect(copy) as db:
        (week,) = db.execute("SELECT week_start FROM gold_energy_weeks WHERE intensity IS NOT NULL ORDER BY week_start DESC LIMIT 1 OFFSET 5").fetchone()
        db.execute("DELETE FROM activity_features WHERE activity_date BETWEEN ? AND date(?, '+6 days')", (week, week))
    assert lines(copy) == before + 1


def test_columns_that_have_moved_are_called_by_words_and_shown_which_way(path):
    words = dict(re.findall(r"\('\.(\w+)', '([^']*)'\)", (ROOT / "sql/reports/column_labels.sql").read_text()))
    with sqlite3.connect(path) as db:
        moved = db.execute("SELECT column_name, shift FROM gold_moved_features WHERE is_drift AND shift IS NOT NULL ORDER BY abs(shift) DESC, column_name LIMIT 5").fetchall()
        watched = {name for (name,) in db.execute("SELECT column_name FROM gold_moved_features")}
    assert watched <= set(words) and max(map(len, words.values())) <= 21 and len(moved) > 2
    assert shown(sections(report(path))["What is not as it was"][1])[1:] == [f"{words[name]}: {shift:.2f}" for name, shift in moved]


def test_a_hostile_name_is_shown_and_does_nothing(path):
    with sqlite3.connect(path) as db:
        (athlete,) = db.execute("SELECT athlete_id FROM athlete_rolling_features LIMIT 1").fetchone()
    assert tool("tell", path, "name", HOSTILE, f"--athlete={athlete}").returncode == 0
    text = report(path)
    assert tree(text).find("body/h1").text == f"{HOSTILE}, {athlete}" and "<script" not in text


def test_an_athlete_who_is_not_there_is_a_sentence_and_no_file(path, tmp_path):
    done = tool("report", "--", path, tmp_path / "none.html", "<nobody>")
    assert (done.returncode, done.stderr) == (1, f"{path} has no activities of athlete <nobody>; here are 4001\n") and not (tmp_path / "none.html").exists()


def sections(text):
    """Words and picture by heading."""
    return {each.find("h2").text: (each.find("p").text, each.find("figure")[0]) for each in tree(text).iter("section")}


def shown(picture):
    return [each.text for each in picture.iter(SVG + "title")]


def seconds(text):
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * 60**place for place, part in enumerate(reversed(parts)))


def test_the_steps_to_an_estimate_lead_from_the_result_to_the_estimate(path):
    told = sections(report(path))
    heading, (words, picture) = next((h, s) for h, s in told.items() if h.startswith("Why "))
    with sqlite3.connect(path) as db:
        predicted, inputs = db.execute("SELECT predicted_s, inputs FROM gold_athlete_predictions WHERE (distance_class, model) = ('10k', 'time_estimator') ORDER BY prediction_id DESC LIMIT 1").fetchone()
    texts = [each.text for each in picture.iter(SVG + "text")]
    start, end = seconds(texts[texts.index("by the best race") + 1]), seconds(texts[texts.index("estimate") + 1])
    steps = [seconds(title.rsplit(": ", 1)[1]) for title in shown(picture)[1:]]
    assert abs(end - predicted) <= 0.5 and start + sum(steps) == end and len(steps) == 8
    assert texts[texts.index("by the best race") + 1] in words and seconds(heading.split()[1]) == end
    assert start == pytest.approx(2.718281828459045 ** json.loads(inputs)["base_ln_s"], abs=0.5)


def test_the_record_counts_the_races_that_were_foretold_within_their_intervals(path):
    words, picture = sections(report(path))["The record of the estimates"]
    with sqlite3.connect(path) as db:
        races = db.execute("SELECT v.predicted_s, v.lower_s, v.upper_s, r.seconds FROM race_results AS r JOIN ml_validation_predictions AS v ON (v.subject, v.as_of_date, v.distance_class) = (r.athlete_id, r.race_date, r.distance_class)"
                           " WHERE v.source = 'history' AND v.model = 'time_estimator'").fetchall()
    assert f": {sum(low <= run <= high for _, low, high, run in races)} of {len(races)} within the interval." in words and len(races) > 30
    dots = sorted(float(title.rsplit(": ", 1)[1]) for title in shown(picture) if ", run: " in title)
    assert dots == sorted(float(f"{100 * (run / foretold - 1):.1f}") for foretold, _, _, run in races)


def test_a_plan_is_drawn_with_the_form_that_it_leads_to(path, tmp_path):
    copy = tmp_path / "planned.db"
    shutil.copy(path, copy)
    rng = random.Random("plan")
    with sqlite3.connect(copy) as db:
        athlete, last = db.execute("SELECT athlete_id, MAX(as_of_date) FROM athlete_rolling_features").fetchone()
        day = lambda n: (datetime.date.fromisoformat(last) + datetime.timedelta(n)).isoformat()
        for n in sorted(rng.sample(range(1, 27), 14)):
            db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, told_at) VALUES (?, ?, 'easy', ?, 0.75, '2026-01-01T00:00:00Z')", (athlete, day(n), rng.randint(20, 90)))
        db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, distance_m, told_at) VALUES (?, ?, 'race', 21097.5, '2026-01-01T00:00:00Z')", (athlete, day(28)))
    assert "The plan and the form it leads to" not in sections(report(path))
    assert tool("run", copy, ROOT / "sql/6_gold/640_plan_outlook.sql").returncode == 0
    told = sections(report(copy))
    words, picture = told["The plan and the form it leads to"]
    with sqlite3.connect(copy) as db:
        days = db.execute("SELECT plan_date, load_tss, planned, is_overtraining_risk FROM gold_plan_outlook").fetchall()
        (eve,) = db.execute("SELECT tsb FROM gold_race_tapers WHERE share = 1").fetchone()
    assert words.startswith(f"Planned to {day(28)}: {sum(planned != 'rest' for _, _, planned, _ in days)} days of training, {sum(risk or 0 for *_, risk in days)} with a flag of risk. On the eve of the race on {day(28)} form is {eve:+.1f} as planned")
    assert [title for title in shown(picture) if ", planned: " in title] == [f"{each}, planned: {load:.1f}" for each, load, *_ in sorted(days) if load > 0]
    assert any(heading.startswith("Why ") and heading.endswith("(half-marathon)") for heading in told)


ODD = ["many", "500", True, False, None, [], {}, -3, 0, 1e9, 30000, float("1e-9")]


def test_energy_is_what_was_told_and_unknown_otherwise(tmp_path):
    rng = random.Random("energy")
    runs = crowd.life(crowd.MIXED, 1)
    for run in runs:
        for name in ("calories", "kilojoules"):
            if rng.random() < 0.7:
                run[name] = rng.choice([*ODD, *[round(rng.uniform(50, 2500), 1) for _ in range(12)], *[rng.randint(50, 2500) for _ in range(6)]])
    (tmp_path / "all.jsonl").write_text("\n".join(json.dumps(run) for run in runs))
    path = demo.build(tmp_path / "athlete.db", tmp_path / "all.jsonl", *demo.REFERENCE[:-1])
    number = lambda value: value if type(value) in (int, float) and 0 < value < 30000 else None
    with sqlite3.connect(path) as db:
        found = {row[0]: row[1:] for row in db.execute("SELECT activity_id, energy_kcal, energy_source, local_date, moving_s FROM gold_training_energy")}
        (last,) = db.execute("SELECT MAX(as_of_date) FROM athlete_rolling_features").fetchone()
    assert len(found) > 20
    days = {}
    for run in runs:
        if str(run["id"]) in found:
            kcal, source, day, moving = found[str(run["id"])]
            calories, work = number(run.get("calories")), number(run.get("kilojoules"))
            assert (kcal, source, moving) == (calories or work, "calories" if calories else "kilojoules" if work else None, run["moving_time"])
            if (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(day)).days < 28:
                days.setdefault(day, []).append(kcal)
    words, picture = sections(report(path))["Energy by day"]
    of_these = [kcal for each in days.values() for kcal in each]
    assert words == f"Of the last four weeks: {of_these.count(None)} of {len(of_these)} activities tell no energy." and None in of_these
    assert shown(picture)[1:] == [f"{day}: {sum(k or 0 for k in each):.0f}" for day, each in sorted(days.items()) if any(each)]
