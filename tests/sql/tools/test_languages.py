"""Page and report in Portuguese and in miles: every text is in both languages, the numbers are the same, and what is long fits."""

import ast
import json
import os
import pathlib
import re
import sqlite3
import xml.etree.ElementTree as ElementTree

import pytest

from common import database, languages
from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.machine.browser import browser
from helpers.tools import tool

SCRIPTS = {name: database.script(ROOT / "sql" / "reports" / f"{name}.sql") for name in ("page", "report", "squad")}
TOLD = json.loads((ROOT / "schemas" / "texts.json").read_text())
TEXTS = {each["en"]: each for each in TOLD["texts"]}
DIRECTIVE = re.compile(r"%(?:\.\*f|[-+!0-9.]*[sdf](?![a-z])|%)")
# Words of the SQL that no person reads: names of columns, keys of options, marks, values that are compared.
CODE = set("""bad bar card champion dashed dot drift endurance failed feature features format gbdt good hatch high history kmeans learner line low marks min model none now object ok
    options owner refused rest riegel ring risk series simulation start steady survey there time title uncertainty unit vdot version zones decimals definition desc description
    ACWR ATL CTL TSB TSS BASELINE HOLD PROMOTE REJECT failure freshness kcal Riegel""".split())  # fmt: skip


def literals(text):
    return [found[1].replace("''", "'") for found in languages.PART.finditer(text) if found[1] is not None]


def is_code(text):
    return (not re.search(r"[A-Za-zÀ-ÿ]{2}", DIRECTIVE.sub("", text)) or text in CODE or re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", text) or re.fullmatch(r"[+-]\d+ (day|days|years)|\.[a-z]\w*", text)
            or text.startswith(("$.", "%Y", "SELECT ", ") AS s", " FROM (SELECT", " FROM gold_", "inputs ->> ", "' AS \"")) or text in ("% of %", "inference_log of %", "start of year", "weekday 0", "ATL / CTL", "& Vertosick", "  and "))  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_text_that_a_person_reads_is_in_both_languages(name):
    assert [text for text in literals(SCRIPTS[name]) if not is_code(text) and text not in TEXTS] == []


def test_no_text_is_kept_that_nobody_says_and_each_is_told_once():
    said = {text for script in SCRIPTS.values() for text in literals(script)}
    by_tools = "".join((ROOT / "sql" / "tools" / name).read_text() for name in ("report", "squad", "glossary", "common/pages.py"))
    assert [text for text in TEXTS if text not in said and f'"{text}"' not in by_tools and f"'{text}'" not in by_tools] == []
    assert len(TEXTS) == len(TOLD["texts"]) and all(set(each) <= {"en", "pt", "measured"} and each["pt"] for each in TOLD["texts"])


@pytest.mark.parametrize("english", TEXTS)
def test_a_translation_takes_the_same_values_and_keeps_its_columns(english):
    portuguese = TEXTS[english]["pt"]
    if "% of" not in english:
        assert DIRECTIVE.findall(english) == DIRECTIVE.findall(portuguese)
    assert len(english) - len(english.lstrip()) == len(portuguese) - len(portuguese.lstrip())
    if re.search(r"\S {3,}\S", english):  # the head of a table: its last column begins, or all of it ends, where that of the English does
        last = [re.search(r"\S+(?: \S+)*$", text) for text in (english, portuguese)]
        assert last[0].start() == last[1].start() or last[0].end() == last[1].end()
    assert (english in {each["en"] for each in TOLD["texts"] if each.get("measured")}) == ("km" in re.findall(r"\w+", english) and "no run of 5 km" not in english)


def test_words_of_the_tables_are_all_translated():
    with sqlite3.connect(demo.database()) as db:
        for name, translated in TOLD["values"].items():
            table, _, column = name.partition(".")
            there = {value for (value,) in db.execute(f'SELECT "{column}" FROM "{table}"')}
            assert set(translated["pt"]) == {value for value in there if not re.fullmatch(r"\d+ km", value)}


# Where stages say what page, report and squad repeat as it was stored.
STORED = [("4_features/410_activity_features", "'a load that nobody", "AS load_reason"), ("4_features/430_rolling_features", "THEN 'no load is known", "AS load_reason"),
          ("4_features/450_race_results", "THEN 'no official distance", "THEN 'climbs more"), ("2_silver/250_run_evidence", "CASE WHEN a.is_manual", "AS doubt"),
          ("6_gold/630_recommend_workouts", "said AS (", "MIN(s.place)"), ("6_gold/630_recommend_workouts", "CASE WHEN g.goal = 'steady'", "s.ctl_42d"),
          ("7_monitoring/720_alerts", "CREATE TEMP TABLE checked", "SELECT 'failure'"), ("5_models/550_promote_models", "THEN 'there is no champion", "AS reason")]  # fmt: skip


@pytest.mark.parametrize("stage, since, until", STORED)
def test_every_text_that_a_stage_stores_for_a_person_is_in_a_phrase(stage, since, until):
    text = (ROOT / "sql" / f"{stage}.sql").read_text()
    start = text.index(since)
    told = [each for each in literals(text[start : text.index(until, start)]) if re.search(r"[a-z]{2,} | [a-z]{2,}", each) and not re.match(r"[-+]\d+ days?$|SELECT |\" FROM |realized $", each)]
    phrases = " | ".join(each["en"] for each in languages.stored()["phrases"])
    assert told and [each for each in told if each.strip(" .,:;()") not in phrases] == []


def refusals_of_files():
    """The sentences with which a reader of files refuses one or leaves something out, in pieces where a value stands between."""
    for file in sorted((ROOT / "sql" / "tools" / "importers").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            is_said = isinstance(node, ast.Call) and (getattr(node.func, "id", None) in ("Unreadable", "NoActivity") or getattr(getattr(node.func, "value", None), "id", None) == "notes")
            for each in ast.walk(node) if is_said else ():
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(re.findall(r"[a-z]{2,}", each.value)) >= 3:
                    yield file.name, each.value


def test_every_reason_for_which_nothing_lands_is_in_a_phrase():
    stage = (ROOT / "sql" / "1_bronze" / "100_bronze_strava.sql").read_text()
    start = stage.index("WHEN errors IS NOT NULL THEN 'an error answer")
    told = [("100_bronze_strava", each) for each in literals(stage[start : stage.index("AS reason", start)]) if each not in ("delete", "activity")]
    told += refusals_of_files()
    phrases = " | ".join(each["en"] for each in languages.stored()["phrases"])
    assert len(told) > 50 and [each for each in told if each[1].strip(" .,:;()") not in phrases] == []


@pytest.mark.parametrize("phrase", languages.stored()["phrases"], ids=lambda each: each["en"])
def test_a_phrase_is_said_with_its_words_and_in_the_midst_of_others(phrase):
    assert set(phrase) == {"en", "pt"} and phrase["en"].count("{}") == phrase["pt"].count("{}")
    words = [f"{n}.{n}" for n in range(11, 11 + phrase["en"].count("{}"))]
    english, portuguese = phrase["en"].format(*words), phrase["pt"].format(*words)
    assert languages.translated(english, "pt") == portuguese and languages.translated(f"1 {english}; x", "pt").endswith(f"{portuguese}; x")


def test_reasons_of_the_rules_are_all_translated_and_what_is_no_phrase_stays():
    with sqlite3.connect(demo.database()) as db:
        reasons = [reason for (reason,) in db.execute("SELECT DISTINCT reason FROM silver_rules UNION SELECT DISTINCT reason FROM race_rejects")]
    known = {each["en"] for each in languages.stored()["phrases"]}
    assert len(reasons) > 25 and {reason for reason in reasons if reason not in known and languages.translated(reason, "pt") == reason} == set()
    for text in ("", None, 3, "a longer distance", "naïve <b>", "tempos", "easyjet", "x" * 9000):
        assert languages.translated(text, "pt") == text


@pytest.fixture(scope="module")
def files():
    """The runner, and three of the crowd."""
    crowded = demo.few()
    with sqlite3.connect(crowded) as db:
        return [(demo.database(), "4001")] + [(crowded, athlete) for (athlete,) in db.execute("SELECT athlete_id FROM gold_squad")]


def page(path, athlete, *options):
    done = tool("page", *options, path, athlete)
    assert (done.returncode, done.stderr) == (0, "")
    return re.sub(r"\n(SECONDS|SEGUNDOS)(?s:.*)", "", done.stdout)


def report(path, athlete, file, *options):
    done = tool("report", *options, path, file, athlete)
    assert (done.returncode, done.stderr) == (0, "")
    text = file.read_text(encoding="utf-8")
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n")), text


def numbers(text):
    return re.findall(r"\d+(?:[.:]\d+)*", text)


def read(root):
    return "\n".join(text for text in root.find("body").itertext())


MONTHS = re.compile(r"(?<!\w)(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|start|end)(?!\w)")


def text_of_pictures(root):
    return "\n".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))


def fragments(english):
    """What of a text stands whole in what is printed."""
    return [part.strip() for part in DIRECTIVE.split(english) if len(re.findall(r"[a-z]{2,}", part)) >= 2]


def test_the_numbers_are_the_same_in_both_languages_and_no_english_is_left(files, tmp_path):
    for path, athlete in files:
        english, portuguese = page(path, athlete), page(path, athlete, "--language=pt")
        assert numbers(english) == numbers(portuguese) and len(english.splitlines()) == len(portuguese.splitlines())
        (here, _), (there, text) = report(path, athlete, tmp_path / "en.html"), report(path, athlete, tmp_path / "pt.html", "--language=pt")
        assert numbers(read(here)) == numbers(read(there)) and there.get("lang") == "pt" and here.get("lang") == "en"
        for text in (portuguese, read(there)):
            left = {part for each in TEXTS.values() if each["pt"] != each["en"] for part in fragments(each["en"]) if part in text and part not in each["pt"]}
            assert left == set()
        assert not MONTHS.search(text_of_pictures(there)) and (not MONTHS.search(text_of_pictures(here)) or re.search(r"\b(jan|fev|abr|jul|set|out|dez)\b", text_of_pictures(there)))
        assert max(map(len, portuguese.splitlines())) <= 110
        # Nothing but names of tables and columns, and what a definition or a rejected object says in its own words.
        for line in re.sub(r"\n(MODELOS(?s:.*?))(?=\n\n)", "", portuguese).splitlines():
            assert "bronze_rejects" in line or "activity " in line or not re.search(r"(?<!\w)(the|of|is|was|and|with|for|since|would|than|before|after)(?!\w)", line), line


def test_the_same_in_english_and_kilometres_as_without_being_told(files, tmp_path):
    path, athlete = files[0]
    assert page(path, athlete) == page(path, athlete, "--language=en", "--units=metric")
    assert report(path, athlete, tmp_path / "a.html")[1] == report(path, athlete, tmp_path / "b.html", "--language=en", "--units=metric")[1]


def seconds(text):
    return sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":"))))


def weeks(text):
    return re.findall(r"^  (\d{4}-\d\d-\d\d) +([\d.]+) \S* +(\d+) +(\d+) +([\d:]+|-) +\S+ +([\d.]+|-)$", text, re.M)


def test_in_miles_distances_and_paces_are_those_of_the_rows(files, tmp_path):
    for path, athlete in files:
        text = page(path, athlete, "--units=imperial")
        with sqlite3.connect(path) as db:
            runs, metres = db.execute("SELECT COUNT(*), SUM(distance_m) FROM silver_trainings WHERE is_run AND athlete_id = ?", (athlete,)).fetchone()
            rows = {week: pace for week, pace in db.execute("SELECT week_start, avg_pace_week FROM athlete_weekly_features WHERE athlete_id = ?", (athlete,))}
            run_km = dict(db.execute("SELECT w.week_start, SUM(d.run_distance_km) FROM athlete_weekly_features AS w JOIN athlete_daily_features AS d ON d.athlete_id = w.athlete_id AND d.activity_date BETWEEN w.week_start AND date(w.week_start, '+6 days')"
                                     " WHERE w.athlete_id = ? GROUP BY 1", (athlete,)))
            races = [1609.344 * s / m for s, m in db.execute("SELECT r.seconds, d.distance_m FROM race_results AS r JOIN race_distances AS d USING (distance_class) WHERE athlete_id = ?", (athlete,))]
        if runs:
            assert f"  {runs} runs over {int(metres / 1609.344)} mi, " in text
        assert len(weeks(text)) == len(weeks(page(path, athlete))) > 0
        for week, distance, _, _, pace, _ in weeks(text):
            assert float(distance) == pytest.approx(run_km[week] / 1.609344, abs=0.0501)
            assert (pace == "-") == (rows[week] is None) and (pace == "-" or abs(seconds(pace) - 60 * rows[week] * 1.609344) <= 0.51)
        for line in text.splitlines():
            assert not re.match(r"  \d+ runs over|LAST WEEKS|NEXT WORKOUT|  from \d+ result", line) or not re.search(r"\bkm\b", line), line
        root, _ = report(path, athlete, tmp_path / "mi.html", "--units=imperial")
        told = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title") if ", past races: " in (each.text or "")]
        assert sorted(seconds(each.rsplit(": ", 1)[1]) for each in told) == pytest.approx(sorted(races), abs=0.51)


@pytest.mark.parametrize("option, words", [("--language=de", "--language is 'de' where en or pt belongs"), ("--units=cubits", "--units is 'cubits' where metric or imperial belongs")])
def test_what_there_is_not_is_a_sentence(option, words, tmp_path):
    for name, *more in (["page"], ["report", tmp_path / "none.html"]):
        done = tool(name, option, demo.database(), *more)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", words + "\n") and not (tmp_path / "none.html").exists()


# Of each text of a picture how far it stands out of it.
OUT = """Array.from(document.querySelectorAll('figure svg')).flatMap(svg => { const frame = svg.getBoundingClientRect();
    return Array.from(svg.querySelectorAll('text')).map(text => { const box = text.getBoundingClientRect();
        return [text.textContent, Math.max(frame.left - box.left, box.right - frame.right, 0)]; }).filter(each => each[1] > 1); })"""


@pytest.mark.soak
@pytest.mark.parametrize("width", [1100, 400])
def test_in_a_browser_portuguese_fits_its_pictures(files, tmp_path, width):
    kept = os.environ.get("ATHLETE_PICTURES")
    with browser() as screen:
        screen.look(width, 900)
        for n, (path, athlete) in enumerate(files):
            report(path, athlete, tmp_path / "pt.html", "--language=pt", "--units=imperial")
            screen.open((tmp_path / "pt.html").as_uri())
            assert screen.run(OUT) == [] and screen.complaints() == []
            assert screen.run("document.documentElement.scrollWidth <= window.innerWidth")
            if kept:
                screen.picture(pathlib.Path(kept) / f"report-pt-{n}-{width}.png")
