"""The glossary: each word has a name that one can SELECT, and numbers of page, report and squad are what these names hold."""

import random
import re
import sqlite3
import subprocess

import pytest

from common import glossary, languages
from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.tools import tool

WORDS = {entry["word"]: entry for entry in glossary.words()}


@pytest.fixture(scope="module")
def db():
    db = connect(str(demo.database()))
    yield db
    db.close()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_one_name_with_a_value_and_is_found_by_all_its_names(db, word):
    entry = WORDS[word]
    rows = db.execute(glossary.select(entry), ("4001",)).fetchall()
    assert len(rows) == 1 and (rows[0][0] is None) == (entry["name"].endswith(("energy_kcal", "unknown_load_share_42d")) and rows[0][0] is None)
    for name in (word, word.upper(), entry["name"], *entry["also"]):
        assert entry in glossary.find(name)
    assert db.execute(glossary.select(entry), ("nobody",)).fetchall() == []


def test_words_are_told_apart_and_say_something():
    assert len(WORDS) == len(glossary.words()) and all(len(entry["says"]) > 30 and entry["unit"] for entry in WORDS.values())
    assert not re.search(r"\b(diagnos|injured|ill|disease|must|should)", " ".join(e["says"] for e in WORDS.values()).replace("not a diagnosis", ""))


@pytest.mark.parametrize("word", [word for word, entry in WORDS.items() if {"bands", "bands_sql"} & set(entry)])
def test_bands_follow_one_another_and_every_number_is_in_one(db, word):
    found = glossary.bands(db, WORDS[word])
    lows = [low for low, _ in found]
    assert lows == sorted(set(lows)) and len({text for _, text in found}) == len(found) >= 2
    rng = random.Random(word)
    for _ in range(50):
        value = rng.uniform(lows[0], lows[-1] * 1.5 + 10)
        told = glossary.band(found, value)
        assert told == [text for low, text in found if low <= value][-1]


def test_a_changed_setting_changes_the_bands():
    db = sqlite3.connect(":memory:")
    sqlite3.connect(demo.database()).backup(db)
    db.execute("UPDATE ops_config SET value = 1.1 WHERE name = 'acwr_risk_threshold'")
    assert glossary.band(glossary.bands(db, WORDS["ACWR"]), 1.2) == "a sudden rise" and glossary.band(glossary.bands(db, WORDS["ACWR"]), 1.0) == "steady"


def test_ctl_81_is_much_for_somebody_with_a_job_and_not_for_a_professional(db):
    found = glossary.bands(db, WORDS["CTL"])
    assert "much for somebody with a job" in glossary.band(found, 81) and "professionals" in glossary.band(found, 130) and "begins" in glossary.band(found, 5)
    done = tool("glossary", demo.database(), "fitness")
    value = db.execute("SELECT ctl_42d FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1").fetchone()[0]
    (here,) = [line for line in done.stdout.splitlines() if line.startswith("  > ")]
    assert done.returncode == 0 and glossary.band(found, value)[:30] in here and f"athlete 4001: {value:.2f}".rstrip("0") in done.stdout
    statement = re.search(r"^  (SELECT .*;)$", done.stdout, re.M)[1]
    assert db.execute(statement).fetchone() == (value,)


def number(db, word, form):
    return format(db.execute(glossary.select(WORDS[word]), ("4001",)).fetchone()[0], form)


def test_the_numbers_of_page_report_and_squad_are_what_the_names_of_their_words_hold(db, tmp_path):
    page, squad = tool("page", demo.database()).stdout, tool("squad", demo.database()).stdout
    assert tool("report", demo.database(), tmp_path / "r.html").returncode == 0
    report = (tmp_path / "r.html").read_text()
    for words, form in ((("CTL", "CTL weighted"), ".1f"), (("ATL", "ATL weighted"), ".1f"), (("TSB", "TSB weighted"), ".1f"), (("ACWR", "ACWR weighted"), ".2f")):
        line = next(line for line in page.splitlines() if re.match(rf"  \w+ +{words[0]} ", line))
        assert re.findall(r"(?<= )-?\d+\.\d+(?= )", line) == [number(db, word, form) for word in words]
    assert f"fitness CTL {number(db, 'CTL', '.1f')}, fatigue ATL {number(db, 'ATL', '.1f')}" in report and f"exponentially weighted {number(db, 'CTL weighted', '.1f')} and {number(db, 'ATL weighted', '.1f')}" in report
    assert f"{number(db, 'TSB', '+.1f')}, exponentially weighted {number(db, 'TSB weighted', '+.1f')}" in report and f"{number(db, 'ACWR', '.2f')}, exponentially weighted {number(db, 'ACWR weighted', '.2f')}" in report
    row = next(line for line in squad.splitlines() if line.startswith("4001"))
    assert number(db, "TSB", ".1f") in row and number(db, "ACWR", ".2f") in row and f"{number(db, 'risk', 'd')} of 28 days flagged" in row
    assert f"{number(db, 'risk', 'd')} of the last 28 days flagged, {number(db, 'rest days', 'd')} rest days in the last 14" in page
    line = next(line for line in page.splitlines() if line.startswith("  10 km "))
    assert [db.execute("SELECT hms(?)", (float(number(db, word, "f")),)).fetchone()[0] for word in ("estimate", "Riegel", "VDOT")] == [line.split()[n] for n in (2, 6, 7)]
    week = re.findall(r"^  \d{4}-\d\d-\d\d .*$", page, re.M)[7].split() if "LAST WEEKS" in page else []
    assert db.execute("SELECT hms(60 * ?)", (float(number(db, "pace", "f")),)).fetchone()[0] in week


def test_every_abbreviation_and_name_of_a_rule_on_page_report_and_squad_is_in_the_glossary(tmp_path):
    assert tool("report", demo.database(), tmp_path / "r.html").returncode == 0
    text = tool("page", demo.database()).stdout + tool("squad", demo.database()).stdout + (tmp_path / "r.html").read_text()
    for word in ("CTL", "ATL", "TSB", "ACWR", "TSS", "VDOT", "Riegel", "Vickers", "Vertosick", "monotony", "Fitness", "Fatigue", "Form", "Ratio"):
        assert word in text and glossary.find(word), word
    assert {each for each in re.findall(r"\b[A-Z]{3,4}\b(?= weighted)", text)} <= {word.split()[0] for word in WORDS if word.endswith("weighted")}


def test_a_word_that_is_not_there_is_a_sentence_with_those_that_are():
    done = tool("glossary", demo.database(), "<karma>")
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("the glossary has no word <karma>; it has TSS, CTL")
    done = tool("glossary", demo.database())
    assert done.returncode == 0 and [line.split("  ")[0].strip() for line in done.stdout.splitlines()] == list(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_portuguese_says_all_that_english_does_with_the_same_numbers(db, word):
    entry = WORDS[word]
    assert set(entry["pt"]) >= {"says", "unit"} and ("of" in entry["pt"]) == ("of" in entry) and entry["pt"]["says"] != entry["says"]
    numbers = lambda text: sorted(re.findall(r"\d+", text.replace(",", ".")))
    assert numbers(entry["says"]) == numbers(entry["pt"]["says"]) and set(re.findall(r"\b[a-z]+_[a-z_0-9]+", entry["says"])) == set(re.findall(r"\b[a-z]+_[a-z_0-9]+", entry["pt"]["says"]))
    english, portuguese = glossary.bands(db, entry), glossary.bands(db, entry, "pt")
    assert [low for low, _ in english] == [low for low, _ in portuguese] and not {text for _, text in english} & {text for _, text in portuguese}
    done = tool("glossary", "--language=pt", demo.database(), word)
    statement = lambda text: re.search(r"^  (SELECT .*;)$", text, re.M)[1]
    assert done.returncode == 0 and statement(done.stdout) == statement(tool("glossary", demo.database(), word).stdout) and "atleta 4001: " in done.stdout
    for name in entry["pt"].get("also", []):
        assert entry in glossary.find(name)


def test_forms_are_called_in_the_glossary_as_on_the_page(db):
    forms = [form for (form,) in db.execute("SELECT form FROM gold_form_zones ORDER BY above")]
    words = languages._told()["values"]["gold_form_zones.form"]["pt"]
    assert [words[form] for form in forms] == WORDS["TSB"]["pt"]["bands"]
    texts = languages.texts("pt", "metric")
    assert [texts[text] for _, text in glossary.bands(db, WORDS["ACWR"])] == WORDS["ACWR"]["pt"]["bands"]
