"""A threshold is written once: what a stage, a report, a tool or a chart compares with is read by its name from ops_config, or
from the one place that has it."""

import collections
import functools
import json
import random
import re

import pytest

from helpers.extension import ROOT, connect
from helpers.stages import new_database, run

pytestmark = pytest.mark.unsanitized  # it reads texts

PRINTED = re.compile(r"^-- [a-z-]+\b.*: printed by `make stages`\n(?:.*\n)*?(?:-- end\n|\Z)", re.M)
COLUMN, NUMBER = r"(?:\w+\.)?\b([a-z]\w*)\b\)?", r"(-?\d+(?:\.\d+)?)(?![\w.])"
COMPARED = [re.compile(rf"{COLUMN} (?:NOT )?(?:<=|>=|<|>|BETWEEN) {NUMBER}"), re.compile(rf"BETWEEN [^,;()]*? AND {NUMBER}(?: \* {COLUMN})"),
            re.compile(rf"{NUMBER} (?:<=|>=|<|>) \(?{COLUMN}"), re.compile(rf"(?:<=|>=|<|>|BETWEEN) {NUMBER} \* \(?{COLUMN}")]
STANDS_IN = re.compile(rf"\b(?:COALESCE|coalesce|ifnull|IFNULL)\({COLUMN}, {NUMBER}\)")
NOTHING = {0, 1, -1, 2}  # a sign, a share of all, a first or a second one


@functools.cache
def texts():
    """What is written in SQL, by file: queries in programs and in charts as well, without what is printed from elsewhere."""
    files = [p for p in sorted((ROOT / "sql").rglob("*")) if p.is_file() and p.suffix in (".sql", ".py", "") and not {"migrations", "data"} & set(p.parts)]
    found = {str(p.relative_to(ROOT)): PRINTED.sub("", p.read_text()) for p in [*files, *sorted((ROOT / "schemas" / "charts").glob("*.json"))]}
    return {name: re.sub(r"--[^\n]*", "", text) for name, text in found.items()}


@functools.cache
def thresholds(text):
    """Of a text each column with a number that it is held against."""
    pairs = [sorted(match.groups(), key=lambda part: part[0].isalpha()) for pattern in COMPARED for match in pattern.finditer(text)]
    return {(column, float(number)) for number, column in pairs if float(number) not in NOTHING}


def twice(texts):
    """What stands in two files."""
    places = collections.defaultdict(set)
    for name, text in texts.items():
        for found in thresholds(text):
            places[found].add(name)
    return {found: sorted(names) for found, names in places.items() if len(names) > 1}


def settings():
    db = new_database()
    run(db, ["000_ops_tables"])
    found = {name: (value, kind) for name, value, kind in db.execute("SELECT name, value, kind FROM ops_config")}
    db.close()
    return found


# What two files compare with for reasons of their own: what the kernel of the load takes at most, the seconds of a race that
# an estimate may give, metres of a track and of a kilometre, and seven metres per second, which no rule judges a race by.
OTHERS = {("pace_min_km", 1000), ("predicted_s", 300), ("distance_m", 400), ("distance_m", 1000), ("elapsed_s", 7)}


def test_no_threshold_stands_in_two_files():
    assert len(texts()) > 100 and len(set().union(*map(thresholds, texts().values()))) > 50
    assert {found: names for found, names in twice(texts()).items() if found not in OTHERS} == {}
    assert OTHERS <= set(twice(texts()))


def test_what_stands_in_for_a_value_stands_in_one_place():
    """A default of a definition's field is that of the stage that reads the field; one of a column is a setting."""
    places = collections.Counter((column, float(number)) for text in texts().values() for column, number in STANDS_IN.findall(text) if float(number) not in NOTHING)
    assert {found: n for found, n in places.items() if n > 1} == {}


@pytest.mark.parametrize("seed", range(5))
def test_a_second_copy_is_seen_however_it_is_written(seed):
    """A threshold of one file is put into another, in each form in which a query may hold something against it."""
    chance = random.Random(seed)
    known = sorted({(name, *found) for name, text in texts().items() for found in thresholds(text)} - {(name, *o) for name in texts() for o in OTHERS})
    for name, column, number in chance.sample(known, 40):
        other = chance.choice([n for n in texts() if n != name and (column, number) not in thresholds(texts()[n])])
        form = chance.choice(["WHERE {c} > {n}", "WHERE x.{c} <= {n}", "CASE WHEN {c} BETWEEN {n} AND y THEN 1 END", "WHERE a >= {n} * {c}", "WHERE {n} < b.{c}", "HAVING MAX(r.{c}) >= {n}"])
        changed = texts() | {other: texts()[other] + "\nSELECT 1 " + form.format(c=column, n=f"{number:g}" if abs(number) < 1e5 else f"{number:.0f}")}
        assert (column, number) in twice(changed), (form, column, number)


# --- settings and functions ------------------------------------------------------------------------------------------------------


def test_an_option_and_a_setting_of_one_name_have_one_default():
    """A function that is asked without the options goes by what the stages go by."""
    db = connect()
    options = db.execute("SELECT DISTINCT name, \"default\" FROM athlete_options WHERE type IN ('number', 'integer')").fetchall()
    db.close()
    here = settings()
    both = {name: (json.loads(default), here[name][0]) for name, default in options if name in here}
    assert len(both) >= 5 and {name: pair for name, pair in both.items() if pair[0] != pair[1]} == {}


def test_prose_tells_no_default_of_an_option():
    """It is in athlete_options, where the code reads it, too."""
    db = connect()
    names = {name for (name,) in db.execute("SELECT DISTINCT name FROM athlete_options")}
    columns = [d[0] for d in db.execute("SELECT * FROM athlete_functions LIMIT 0").description]
    told = [(row[0], column, match[0]) for row in db.execute("SELECT * FROM athlete_functions") for column, text in zip(columns, row) if column != "example"
            for match in re.finditer(r"\b(\w+) \((-?\d[\d.]*)\)", str(text)) if match[1] in names]  # fmt: skip
    db.close()
    assert told == []


def test_definitions_are_what_the_kernels_do():
    here = {name: value for name, (value, kind) in settings().items() if kind == "definition"}
    db = connect()
    for zone in range(1, 6):
        edge = round(1000 * here.pop(f"hr_zone_{zone}_min"))
        assert db.execute("SELECT hr_zone(?, 1000), hr_zone(?, 1000)", (edge, edge - 1)).fetchone() == (zone, zone - 1)
    for name, column in (("ctl_window_days", "ctl_42d"), ("atl_window_days", "atl_7d")):
        loads = db.execute(f"SELECT {column} FROM training_load('SELECT 1, ''2024-01-01'', 100, 10, 60, NULL, 0', '{{\"end_date\": \"2024-06-01\"}}')").fetchall()
        assert sum(load > 0 for (load,) in loads) == here.pop(name)
    db.close()
    assert here == {}
