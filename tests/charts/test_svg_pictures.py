"""Pictures from SQL: well formed whatever the texts, the same bytes for the same rows, and what they show is what was selected."""

import collections
import datetime
import json
import random
import re
import xml.etree.ElementTree as ElementTree

import pytest

from helpers.machine.looks import contrast

SVG = "{http://www.w3.org/2000/svg}"
TEXTS = ["plain", "<script>alert(1)</script>", "a & b", "\"quoted\" 'so'", "]]>", "<!--", "\x01\x0b\x7f", "\ufffe\uffff", "line\nbreak\ttab", "跑步" * 60, "🏃" * 300, "x" * 5000, ""]

# A picture of the rows of `made` (i, day, a, b, c): name -> SQL.
PICTURES = {
    "svg_line": "SELECT svg_line(?, day, a, b) FROM made",
    "svg_line of numbers": "SELECT svg_line(?, i, a, b) FROM made",
    "svg_line of texts": "SELECT svg_line(?, t, a, b) FROM made",
    "svg_band": "SELECT svg_band(?, day, a, a + c) FROM made",
    "svg_bars": "SELECT svg_bars(?, day, a, c) FROM made",
    "svg_bars of texts": "SELECT svg_bars(?, t, a, c) FROM made",
    "svg_histogram": "SELECT svg_histogram(?, a) FROM made",
    "svg_waterfall": "SELECT svg_waterfall(?, t, a) FROM (SELECT * FROM made LIMIT 50)",
    "svg_calendar": "SELECT svg_calendar(?, day, c) FROM made",
    "svg_sparkline": "SELECT svg_sparkline(?, a) FROM made",
}


def fill(db, rng, n, scale=100):
    db.execute("DROP TABLE IF EXISTS made")
    db.execute("CREATE TABLE made (i INTEGER PRIMARY KEY, day TEXT, t TEXT, a REAL, b REAL, c REAL)")
    days = [f"{rng.randint(2015, 2030)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" for _ in range(n)]
    gap = lambda x: None if rng.random() < 0.2 else x
    db.executemany("INSERT INTO made VALUES (?, ?, ?, ?, ?, ?)",
                   [(i, day, rng.choice(TEXTS), gap(rng.gauss(0, scale)), gap(rng.randint(-9, 9)), gap(rng.random() * scale)) for i, day in enumerate(days)])  # fmt: skip


def drawn(db, sql, **options):
    return db.execute(sql, (json.dumps(options) if options else None,)).fetchone()[0]


def told(picture):
    """What is shown under the pointer: name and value."""
    return [tuple(mark.find(SVG + "title").text.rsplit(": ", 1)) for mark in ElementTree.fromstring(picture).iter() if mark.tag in (SVG + "rect", SVG + "circle") and len(mark)]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("seed", range(6))
def test_any_rows_and_texts_give_well_formed_xml_within_its_frame_and_the_same_bytes_twice(db, name, seed):
    rng = random.Random(f"{name} {seed}")
    fill(db, rng, rng.choice([1, 2, 7, 60, 400]), rng.choice([1e-9, 1, 100, 1e11]))
    db.execute("UPDATE made SET a = 1 WHERE i = 0")
    db.execute("UPDATE made SET c = 1 WHERE i = 0")
    options = {"title": rng.choice(TEXTS), "desc": rng.choice(TEXTS), "width": rng.choice([200, 360, 720]), "theme": rng.choice(["auto", "light", "dark"])}
    picture = drawn(db, PICTURES[name], **options)
    assert picture == drawn(db, PICTURES[name], **options)
    root = ElementTree.fromstring(picture)
    assert root.find(SVG + "title") is not None and root.find(SVG + "desc") is not None
    assert not [mark for mark in root.iter() if "script" in mark.tag]
    width, height = float(root.get("width")), float(root.get("height"))
    for mark in root.iter():
        for key, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            if (at := mark.get(key)) is not None:
                assert -1 <= float(at) <= most + 1, (mark.tag, mark.attrib)
    assert not re.search(r'="[^"]*(nan|inf)', picture)


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in ("svg_line of texts", "svg_bars of texts", "svg_waterfall", "svg_sparkline")])
def test_the_order_of_rows_changes_nothing_where_x_has_one(db, name):
    rng = random.Random(name)
    fill(db, rng, 80)
    db.execute("DELETE FROM made WHERE rowid NOT IN (SELECT min(rowid) FROM made GROUP BY day)")
    forward, back = (drawn(db, PICTURES[name].replace("FROM made", f"FROM (SELECT * FROM made ORDER BY i {way})")) for way in ("ASC", "DESC"))
    assert forward == back


def test_the_bars_and_days_of_a_picture_are_the_values_of_a_select(db):
    fill(db, random.Random(5), 200)
    for name, sql, select in [
        ("bars", "SELECT svg_bars(?, day, c) FROM made", "SELECT day, c FROM made WHERE c IS NOT NULL"),
        ("dots", "SELECT svg_line('{\"marks\": [\"dot\"]}', day, a) FROM made WHERE ? IS NULL", "SELECT day, a FROM made WHERE a IS NOT NULL"),
        ("calendar", "SELECT svg_calendar(?, day, c) FROM made", "SELECT day, sum(c) FROM made WHERE c IS NOT NULL GROUP BY day"),
    ]:
        expected = sorted((day, f"{value:.1f}") for day, value in db.execute(select))
        assert sorted((day, value.removeprefix("-") if value == "-0.0" else value) for day, value in told(drawn(db, sql))) == \
            sorted((day, "0.0" if value == "-0.0" else value) for day, value in expected), name


def test_a_histogram_counts_every_value_once(db):
    rng = random.Random(6)
    for n in (1, 5, 1000):
        fill(db, rng, n)
        db.execute("UPDATE made SET a = 3.5 WHERE i = 0")
        values = [value for (value,) in db.execute("SELECT a FROM made WHERE a IS NOT NULL")]
        bars = told(drawn(db, PICTURES["svg_histogram"]))
        assert sum(int(float(count)) for _, count in bars) == len(values)
        for name, count in bars:
            low, high = map(float, name.split(" to "))
            inside = sum(low <= value < high for value in values)
            assert inside == int(float(count)) or max(values) == high


def test_a_waterfall_ends_at_the_sum_of_its_parts(db):
    rng = random.Random(7)
    parts = [(f"p{i}", rng.randint(-900, 900) / 8) for i in range(20)]
    db.execute("CREATE TABLE parts (name, value)")
    db.executemany("INSERT INTO parts VALUES (?, ?)", parts)
    picture = drawn(db, "SELECT svg_waterfall(?, name, value) FROM parts", start=100, end_name="all", decimals=3)
    shown = [mark.text for mark in ElementTree.fromstring(picture).iter(SVG + "text")]
    assert shown[-2:] == ["all", f"{100 + sum(value for _, value in parts):.3f}"]
    assert told(picture) == [(name, f"{value:+.3f}".replace("+", "")) for name, value in parts]


def test_times_are_shown_as_minutes_and_hours(db):
    picture = drawn(db, "SELECT svg_bars(?, column1, column2) FROM (VALUES ('a', 59.6), ('b', 330), ('c', 3725), ('d', -61))", format="time")
    assert told(picture) == [("a", "1:00"), ("b", "5:30"), ("c", "1:02:05"), ("d", "-1:01")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_and_marks_stand_out_from_the_page_as_wcag_asks(db, theme):
    picture = db.execute("SELECT svg_line(?, 1, 2)", (json.dumps({"theme": theme}),)).fetchone()[0]
    colours = dict(re.findall(r"--(\w+):#([0-9a-f]+)", picture))
    assert "prefers-color-scheme" not in picture
    for name in ("i", "m", *(f"c{i}" for i in range(6))):
        assert contrast(colours["p"], colours[name]) >= 4.5, name


def test_both_colour_schemes_are_in_a_picture_unless_one_is_asked_for(db):
    assert "@media(prefers-color-scheme:dark)" in drawn(db, "SELECT svg_bars(?, 1, 2)")


def test_without_rows_there_is_no_picture(db):
    fill(db, random.Random(8), 3)
    for sql in PICTURES.values():
        assert db.execute(sql.replace("FROM made", "FROM made WHERE i < 0").replace("LIMIT 50", "LIMIT 0"), (None,)).fetchone()[0] is None


WRONG = {
    "svg_line('{\"marks\": [\"low\"]}', 1, 2)": '"marks" have high behind each low, and nowhere else',
    "svg_line('{\"marks\": [\"pie\"]}', 1, 2)": '"marks" are line, dashed, bar, dot, ring, low, high or hatch',
    "svg_line('{\"series\": [\"a\", \"b\"]}', 1, 2)": '"series" must be a list of 1 texts',
    "svg_line('{\"zones\": [2, 1], \"zone_names\": [\"a\"], \"zone_tones\": [\"bad\"]}', 1, 2)": '"zones" must ascend: each edge above the one before',
    "svg_line('{\"zones\": [1, 2], \"zone_names\": [\"a\"], \"zone_tones\": [\"red\"]}', 1, 2)": '"zone_tones" are none, good, warn or bad',
    "svg_line('{\"y_min\": 2, \"y_max\": 1}', 1, 2)": '"y_min" must be below "y_max"',
}


@pytest.mark.parametrize("call", WRONG)
def test_an_option_that_cannot_be_is_a_sentence(error, call):
    assert error(call) == f"{call.split('(')[0]}: {WRONG[call]}"


def test_an_x_of_another_type_than_the_first_is_a_sentence(db):
    for first, second in (("1", "'a'"), ("'2024-01-01'", "1"), ("'2024-01-01'", "'a'"), ("'a'", "1"), ("1", "x'00'")):
        with pytest.raises(Exception, match=r"svg_line: argument 2 \(x\) must be a (date|number|text)"):
            db.execute(f"SELECT svg_line(NULL, column1, 1) FROM (VALUES ({first}), ({second}))").fetchall()


def test_more_than_a_picture_can_show_is_a_sentence(db):
    many = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT {} FROM n"
    for n, call, sentence in [
        (20001, "svg_line(NULL, i, i)", "svg_line: more than 20000 rows are no picture to look at"),
        (20001, "svg_sparkline(NULL, i)", "svg_sparkline: more than 20000 rows are no picture to look at"),
        (201, "svg_bars(NULL, 't' || i, i)", "svg_bars: more than 200 texts have no room beside one another"),
        (61, "svg_waterfall(NULL, i, i)", "svg_waterfall: more than 60 parts are no picture to look at"),
        (41, "svg_calendar(NULL, (1900 + i) || '-05-01', i)", "svg_calendar: days of more than 40 years are no picture to look at"),
        (1, "svg_line(NULL, 1" + ", i" * 25 + ")", "svg_line: 25 columns behind x are more than the 24 that can be told apart"),
        (10_000_000, "svg_histogram(NULL, i)", "svg_histogram: needs more memory than its limit: a picture of so many rows shows nothing"),
    ]:
        with pytest.raises(Exception) as caught:
            db.execute(many.format(n, call)).fetchall()
        assert str(caught.value) == sentence
        assert len(db.execute(many.format(n - 1 if n > 1 and n < 10_000_000 else 1, call.replace(", i" * 25, ", i"))).fetchone()[0]) < 8_000_000


@pytest.mark.parametrize("seed", range(4))
def test_a_dot_far_out_is_an_arrow_with_its_value_and_leaves_the_others_their_room(db, seed):
    rng = random.Random(seed)
    near = [rng.uniform(90, 110) for _ in range(40)]
    far = {i: rng.choice([-1, 1]) * rng.uniform(5_000, 50_000) for i in rng.sample(range(40), 2)}
    mark = rng.choice(["dot", "ring"])
    options = {"marks": [mark], "decimals": 0}
    draw = lambda values: ElementTree.fromstring(db.execute("SELECT svg_line(?, key, value) FROM json_each(?)", (json.dumps(options), json.dumps(values))).fetchone()[0])
    without = draw([value for i, value in enumerate(near) if i not in far])
    with_far = draw([far.get(i, value) for i, value in enumerate(near)])
    circles = lambda root: sorted(float(each.get("cy")) for each in root.iter(SVG + "circle"))
    assert circles(with_far) == circles(without) and len(circles(without)) == 38
    arrows = [each.find(SVG + "title").text for each in with_far.iter(SVG + "path") if len(each)]
    assert sorted(arrows) == sorted(f"{i}: {value:.0f}" for i, value in far.items())
    texts = [each.text for each in with_far.iter(SVG + "text")]
    assert all(f"{value:.0f}" in texts for value in far.values())
    assert not [each for each in draw(near[:5] + [1e6]).iter(SVG + "path") if len(each)]  # of six nobody knows which is the odd one


@pytest.mark.parametrize("mark", ["line", "dashed"])
def test_a_point_that_no_line_goes_through_is_a_dot(db, mark):
    for values in ([3], [None, 3, None], [1, 2, None, 3, None, 4, 5], [3, None, None, 4], [1, 2, 3]):
        root = ElementTree.fromstring(db.execute("SELECT svg_line(?, key, value) FROM json_each(?)", (json.dumps({"marks": [mark]}), json.dumps(values))).fetchone()[0])
        alone = [i for i, value in enumerate(values) if value is not None and not any(0 <= n < len(values) and values[n] is not None for n in (i - 1, i + 1))]
        dots = list(root.iter(SVG + "circle"))
        assert len(dots) == len(alone) and all(float(dot.get("r")) >= 3 for dot in dots)
        drawn = sum(len(re.findall("[ML]", path.get("d"))) for path in root.iter(SVG + "path") if path.get("class", "").startswith("l "))
        assert drawn == sum(value is not None for value in values) - len(alone)


def test_days_before_the_first_row_and_after_the_last_are_frames_and_those_between_rest(db):
    rng = random.Random(9)
    for _ in range(5):
        first = datetime.date(2023, 1, 1) + datetime.timedelta(rng.randrange(700))
        days = [first + datetime.timedelta(n) for n in sorted(rng.sample(range(500), 20))]
        db.execute("DROP TABLE IF EXISTS days")
        db.execute("CREATE TABLE days (day, value)")
        db.executemany("INSERT INTO days VALUES (?, ?)", [(day.isoformat(), rng.choice([0, 5])) for day in days])
        root = ElementTree.fromstring(db.execute("SELECT svg_calendar(NULL, day, value) FROM days").fetchone()[0])
        kinds = collections.Counter(mark.get("class")[:1] for mark in root.iter(SVG + "rect"))
        (busy,) = db.execute("SELECT COUNT(*) FROM days WHERE value > 0").fetchone()
        all_days = sum(366 if year % 4 == 0 else 365 for year in {day.year for day in (days[0] + datetime.timedelta(n) for n in range((days[-1] - days[0]).days + 1)) if any(each.year == day.year for each in days)})
        inside = sum((days[0] + datetime.timedelta(n)).year in {day.year for day in days} for n in range((days[-1] - days[0]).days + 1))
        assert kinds == collections.Counter({kind: n for kind, n in (("f", busy), ("q", inside - busy), ("g", all_days - inside)) if n})


def test_names_of_zones_stand_beside_the_plot(db):
    for width in (200, 720):
        options = {"width": width, "zones": [0, 40, 60, 100], "zone_names": ["low", "steady", "a name so long that it would take all the room there is"], "zone_tones": ["none", "good", "bad"]}
        root = ElementTree.fromstring(db.execute("SELECT svg_line(?, key, value) FROM json_each('[0, 50, 100]')", (json.dumps(options),)).fetchone()[0])
        zones = [each for each in root.iter(SVG + "rect") if each.get("class", "").startswith("z")]
        edge = float(zones[0].get("x")) + float(zones[0].get("width"))
        names = [each for each in root.iter(SVG + "text") if each.text in ("low", "steady") or each.text.startswith("a n")]
        assert len(zones) == len(names) == 3 and all(edge < float(each.get("x")) for each in names)
        assert edge > 0.6 * width
