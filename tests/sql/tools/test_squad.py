"""sql/tools/squad: one row for each athlete whose numbers are those of a SELECT, on a terminal and as one page that needs nothing else."""

import datetime
import json
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree

import pytest

from common import database
from helpers.athletes import crowd, demo
from helpers.athletes.activities import seeded
from helpers.extension import ROOT, connect
from helpers.tools import tool


NAMES = ["Ann", "<script>alert('x')</script> & \"]]>", "跑步" * 20, "e\u0301" * 30, "W" * 100, "Zoë", "-rf", "'; DROP TABLE athlete_names; --"]
SVG = "{http://www.w3.org/2000/svg}"
WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]")
NONE = re.compile("[\u0300-\u036f]")


def columns(text):
    return len(text) + len(WIDE.findall(text)) - len(NONE.findall(text))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Fourteen athletes of the crowd, one with activities alone that no rule lets pass, names and races told."""
    folder = tmp_path_factory.mktemp("squad")
    path = folder / "athlete.db"
    lines = list(crowd.lines(crowd.MIXED, 14))
    broken = crowd.life(crowd.MIXED, 15)[0] | {"id": 999_999, "athlete": {"id": 15}, "distance": -5.0}
    (folder / "all.jsonl").write_text("\n".join([*lines, json.dumps(broken)]))
    demo.build(path, folder / "all.jsonl", *demo.REFERENCE)
    rng = seeded("squad names")
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO athlete_names (athlete_id, name, told_at) VALUES (?, ?, '2026-01-01T00:00:00Z')", [(str(i), name) for i, name in enumerate(NAMES, 1)])
        for athlete, in db.execute("SELECT athlete_id FROM athlete_profile ORDER BY athlete_id LIMIT 8").fetchall():
            (last,) = db.execute("SELECT MAX(as_of_date) FROM athlete_rolling_features WHERE athlete_id = ?", (athlete,)).fetchone()
            for _ in range(rng.randint(1, 3)):
                day = datetime.date.fromisoformat(last) + datetime.timedelta(rng.randint(-20, 60))
                db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, distance_m, told_at) VALUES (?, ?, 'race', ?, '2026-01-01T00:00:00Z')",
                           (athlete, day.isoformat(), rng.choice([5000, 10000, 10030, 15000, 21097.5, 42195])))  # fmt: skip
    return path


@pytest.fixture(scope="module")
def printed(path):
    done = tool("squad", path, path.with_suffix(".html"))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows(path, sql, *parameters):
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql, parameters).fetchall()


def text_of(element):
    """What is read, without what the pictures say of themselves."""
    return (element.text or "") + "".join(("" if each.tag == SVG + "svg" else text_of(each)) + (each.tail or "") for each in element)


def cells(path):
    text = path.with_suffix(".html").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    return [[text_of(cell).strip() for cell in row.iter("td")] for row in root.iter("tr")][1:], root, text


def test_everybody_has_one_row_and_its_numbers_are_those_of_the_features(path, printed):
    squad = {row["athlete_id"]: row for row in rows(path, "SELECT * FROM gold_squad")}
    assert sorted(squad) == sorted({row[0] for row in rows(path, "SELECT athlete_id FROM silver_strava_activities UNION SELECT athlete_id FROM silver_unusable_activities")})
    for athlete, row in squad.items():
        days = rows(path, "SELECT * FROM athlete_rolling_features WHERE athlete_id = ? ORDER BY as_of_date", athlete)
        last = days[-1]
        assert {name: row[name] for name in ("as_of_date", "ctl_42d", "atl_7d", "tsb", "acwr", "training_monotony_7d", "is_overtraining_risk")} == \
               {name: last[name] for name in ("as_of_date", "ctl_42d", "atl_7d", "tsb", "acwr", "training_monotony_7d", "is_overtraining_risk")}
        assert row["risk_days_28d"] == sum(day["is_overtraining_risk"] or 0 for day in days[-28:])
        dates = [each[0] for each in rows(path, "SELECT local_date FROM silver_strava_activities WHERE athlete_id = ? UNION ALL SELECT local_date FROM silver_unusable_activities WHERE athlete_id = ?", athlete, athlete)]
        assert row["last_activity_date"] == max(dates)


def test_the_race_is_the_next_that_is_planned_and_its_estimate_the_newest_of_that_distance(path, printed):
    planned = 0
    for row in rows(path, "SELECT * FROM gold_squad WHERE as_of_date IS NOT NULL"):
        plans = dict(rows(path, "SELECT plan_date, distance_m FROM athlete_plan_now WHERE athlete_id = ? AND workout_type = 'race' AND plan_date > ? ORDER BY plan_date DESC", row["athlete_id"], row["as_of_date"]))
        day = min(plans, default=None)
        assert (row["race_date"], row["race_m"]) == (day, plans.get(day, 10000.0))
        near = [d["distance_class"] for d in rows(path, "SELECT * FROM race_distances") if abs(d["distance_m"] / row["race_m"] - 1) < 0.03]
        assert [row["distance_class"]] == (near or [None])
        known = rows(path, "SELECT * FROM gold_athlete_predictions WHERE athlete_id = ? AND distance_class = ? AND prediction_date = date(?, '+1 day') AND model = 'time_estimator' ORDER BY prediction_id", row["athlete_id"], row["distance_class"], row["as_of_date"])
        assert (row["prediction_id"], row["predicted_s"]) == ((known[-1]["prediction_id"], known[-1]["predicted_s"]) if known else (None, None))
        planned += day is not None
    assert planned > 3 and any(row["predicted_s"] for row in rows(path, "SELECT * FROM gold_squad WHERE race_date IS NOT NULL"))


def test_what_is_printed_and_what_is_on_the_page_is_what_a_select_says(path, printed):
    told, _, _ = cells(path)
    squad = rows(path, "SELECT * FROM gold_squad")
    assert len(told) == len(squad) == len(printed.strip().split("\n")) - 5
    for row in squad:
        number = lambda value, decimals: "-" if value is None else f"{value:.{decimals}f}"
        (found,) = [each for each in told if each[0].endswith(row["athlete_id"]) and each[0].replace(row["athlete_id"], "").strip() == (row["name"] or "")]
        assert found[1].startswith(row["last_activity_date"]) and found[2].endswith(number(row["ctl_42d"], 0))
        assert found[3] == f"{number(row['tsb'], 1)} {row['form'] or 'not told'}" and found[4].endswith(number(row["acwr"], 2))
        signs = found[5].split("; ")
        assert (f"ratio {number(row['acwr'], 2)} is above 1.5" in signs) == ((row["acwr"] or 0) > 1.5 and row["history_days"] >= 28)
        assert any(sign.startswith("monotony") for sign in signs) == ((row["training_monotony_7d"] or 0) > 2)
        assert any("of 28 days flagged" in sign for sign in signs) == (row["risk_days_28d"] > 0 and row["is_overtraining_risk"] != 1)
    assert any(each[5] for each in told) and not all(each[5] for each in told)


def test_columns_stand_under_one_another_whatever_the_names(path, printed):
    _, _, heading, *lines = printed.rstrip("\n").split("\n")[:-2]
    place = columns(heading[: heading.index("LAST ")])
    for line in lines:
        date = re.search(r"\d{4}-\d\d-\d\d|  -{10}", line)
        assert columns(line[: date.start()]) == place, line
    assert "<script>alert" in printed


def test_the_page_is_well_formed_the_same_twice_and_asks_for_nothing(path, printed):
    _, root, text = cells(path)
    assert tool("squad", path, path.with_suffix(".html")).returncode == 0 and path.with_suffix(".html").read_text() == text
    assert not re.search(r"<script|<link|<img|@import|(?:src|href)=", text)
    low, high = 4 + 112 * 0.8 / 2, 4 + 112 * 1.5 / 2
    pictures = [svg for svg in root.iter(SVG + "svg") if svg.get("class") == "ratio"]
    assert len(pictures) == 15
    for picture in pictures:
        told = picture.find(SVG + "title").text
        for mark in picture.iter(SVG + "circle"):
            ratio, x = float(told.split(",")[0]), float(mark.get("cx"))
            assert x == pytest.approx(4 + 56 * min(ratio, 2), abs=0.4) and ("bad" in mark.get("class")) == (x > high + 0.1 or ratio > 1.5)
        assert float(picture.find(SVG + "rect").get("x")) == pytest.approx(low, abs=0.06)


def test_a_ratio_in_doubt_is_a_ring_and_a_form_of_long_ago_says_so(path, printed, tmp_path):
    copy = tmp_path / "athlete.db"
    shutil.copy(path, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE athlete_rolling_features SET unknown_load_share_42d = 0")
        new, old = [each for (each,) in db.execute("SELECT athlete_id FROM gold_squad_evening WHERE acwr IS NOT NULL AND days_without <= 7 AND history_days >= 28 AND name IS NULL ORDER BY athlete_id LIMIT 2")]
        db.execute("UPDATE athlete_rolling_features SET history_days = 1 WHERE athlete_id = ?", (new,))
    lines = lambda file: {athlete: line for line in tool("squad", file, file.with_suffix(".html")).stdout.splitlines() for athlete in (new, old) if re.search(rf"(^|, ){athlete} ", line)}
    found = lines(copy)
    assert "○" in found[new] and "one day of history" in found[new] and "●" in found[old] and "history" not in found[old] and "this form is of then" not in found[old]
    circles = [mark.get("class") for mark in cells(copy)[1].iter(SVG + "circle") if mark.get("class", "").startswith("v")]
    assert 1 <= sum("doubt" in each for each in circles) < len(circles)
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM athlete_rolling_features WHERE athlete_id = ? AND as_of_date < (SELECT MAX(n.as_of_date) FROM athlete_rolling_features AS n WHERE n.athlete_id = ?)", (new, new))
        db.execute("UPDATE athlete_rolling_features SET as_of_date = date(as_of_date, '+30 days') WHERE athlete_id = ?", (new,))
    assert re.search(r"no activity for \d+ days, this form is of then", lines(copy)[old])


def test_a_file_without_athletes_is_a_sentence(tmp_path):
    empty = demo.build(tmp_path / "empty.db", *demo.REFERENCE[:1])
    done = tool("squad", empty)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{empty} has no athletes yet: make import DB={empty} SRC=export.zip brings activities, make pipeline DB={empty} computes\n")


def test_the_work_for_an_athlete_does_not_grow_with_the_length_of_the_history(tmp_path):
    steps = []
    for n in (200, 1000):
        path = demo.build(tmp_path / f"{n}.db", *demo.REFERENCE[:1])
        db = connect(str(path))
        names = [column[1] for column in db.execute("PRAGMA table_info(athlete_rolling_features)")]
        zeros = dict.fromkeys(names, 0) | {"load_reason": None, "history_days": n}
        days = [(datetime.date(2022, 1, 1) + datetime.timedelta(day)).isoformat() for day in range(n)]
        made = [zeros | {"athlete_id": str(a), "as_of_date": day, "event_timestamp": f"{day}T00:00:00Z", "available_at": f"{day}T00:00:00Z"} for a in range(20) for day in days]
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO athlete_rolling_features ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})", made)
        db.executemany("INSERT INTO athlete_profile (athlete_id, first_activity_date, event_timestamp, available_at) VALUES (?, '2022-01-01', '2022-01-01T00:00:00Z', '2022-01-01T00:00:00Z')",
                       [(str(a),) for a in range(20)])  # fmt: skip
        db.execute("COMMIT")
        taken = []
        db.set_progress_handler(lambda: taken.append(1), 100)
        unit, squad = database.statements(database.script(ROOT / "sql/reports/squad.sql"))
        db.execute(unit)
        assert len(db.execute(squad).fetchall()) == 20
        steps.append(len(taken))
        db.close()
    assert 100 < steps[0] and steps[1] < 1.05 * steps[0], steps


def test_in_portuguese_and_miles_it_says_the_same_of_everybody(path, printed, tmp_path):
    done = tool("squad", "--language=pt", "--units=imperial", path, tmp_path / "squad.html")
    assert (done.returncode, done.stderr) == (0, "")
    english, portuguese = printed.splitlines(), done.stdout.splitlines()
    assert len(english) == len(portuguese) > 14
    for one, other in zip(english, portuguese):
        assert re.findall(r"\d+(?:[.:]\d+)*", re.sub(r"\d+\.\d (km|mi)", "", one)) == re.findall(r"\d+(?:[.:]\d+)*", re.sub(r"\d+\.\d (km|mi)", "", other))
    assert any("15.0 km" in line for line in english) == any("9.3 mi" in line for line in portuguese)
    words = re.compile(r"no estimate|not told|flagged|is above|is below|\bdays\b|ATHLETE|NEXT RACE|\bneutral\b|\bfresh\b|diagnosis|half-marathon")
    assert any(words.search(line) for line in english) and not any(words.search(line) for line in portuguese)
    page = (tmp_path / "squad.html").read_text(encoding="utf-8")
    assert '<html lang="pt">' in page and "Próxima prova" in page and not re.search("Next race|no estimate|Signs to look", page)
