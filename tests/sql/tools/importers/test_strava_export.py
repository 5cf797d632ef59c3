"""Strava's export gives the same activities in whichever language, order and age it was written."""

import csv
import datetime
import gzip
import io
import json
import random
import re
import sqlite3
import zipfile

import pytest

from helpers.extension import ROOT
from helpers.machine.soak import soak
from helpers.stores import device_files
from helpers.tools import tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

FOLDER = ROOT / "sql" / "tools" / "importers"
UTC = datetime.timezone.utc
MONTHS = {
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.".split(), "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split(),
    "es": "ene feb mar abr may jun jul ago sept oct nov dic".split(), "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split(),
}  # fmt: skip


def date(language, at, rng):
    day, month, year, clock = at.day, MONTHS[language][at.month - 1], at.year, at.strftime("%H:%M:%S")
    figures = f"{day:02}{'.' if language == 'de' else '/'}{at.month:02}{'.' if language == 'de' else '/'}{year}, {clock}"
    if language == "en":
        return f"{month} {day}, {year}, {int(at.strftime('%I'))}:{at.strftime('%M:%S')}{rng.choice([' ', chr(0x202F)])}{at.strftime('%p')}"
    spelt = {"pt": f"{day} de {month} de {year}, {clock}", "fr": f"{day} {month} {year} à {clock}", "es": f"{day} {month} {year}, {clock}", "de": f"{day}. {month} {year}, {clock}"}[language]
    return rng.choice([spelt, figures])


def headers(language, rng):
    found = {}
    with open(FOLDER / "strava_headers.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["language"] == language:
                found.setdefault(row["field"], []).append(row["header"])
    return {field: rng.choice(names) for field, names in found.items()}


def activities(rng):
    start = datetime.datetime(2023, 1, 1, tzinfo=UTC)
    for i in range(rng.randrange(5, 12)):
        seconds = rng.randrange(1200, 9000)
        yield {"id": 900 + i, "at": start + datetime.timedelta(days=31 * i, seconds=rng.randrange(86400)), "elapsed": seconds + rng.randrange(600), "moving": seconds,
               "metres": round(seconds * rng.uniform(2, 4), 1), "climb": round(rng.uniform(0, 900), 1), "hr": rng.choice([None, rng.randrange(120, 170)])}


def table(rng, language, found, files=None):
    """As Strava writes one: Distance twice, Elapsed Time twice, a maximum heart rate twice, decimals and dates by the language."""
    h = headers(language, rng)
    comma = language != "en"
    number = lambda value: "" if value is None else str(value).replace(".", "," if comma else ".")  # noqa: E731
    sport = {"en": "Run", "de": "Lauf", "pt": "Corrida", "fr": "Course à pied", "es": "Carrera"}[language]
    order = ["id", "date", "name", "type", "elapsed_s", "distance", "max_hr", "file", "elapsed_s", "moving_s", "distance", "climb_m", "max_hr", "avg_hr"]
    if rng.random() < 0.5:
        order.insert(rng.randrange(3, 7), "a new column")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([h.get(field, field) for field in order])
    for a in found:
        first = {"elapsed_s": str(a["elapsed"]), "distance": number(round(a["metres"] / 1000, 2)), "max_hr": number(a["hr"] and a["hr"] + 20)}
        again = {"elapsed_s": number(float(a["elapsed"])), "distance": number(a["metres"]), "max_hr": first["max_hr"]}
        once = {"id": a["id"], "date": date(language, a["at"], rng), "name": 'a "run",\nof mine', "type": sport, "moving_s": number(float(a["moving"])), "climb_m": number(a["climb"]),
                "avg_hr": number(a["hr"]), "file": (files or {}).get(a["id"], ""), "a new column": "0"}
        seen = set()
        writer.writerow([_cell(field, once, first, again, seen) for field in order])
    return out.getvalue()


def _cell(field, once, first, again, seen):
    value = once[field] if field in once else (again if field in seen else first)[field]
    seen.add(field)
    return value


def landed(path):
    with sqlite3.connect(path) as db:
        return {int(row[0]): row[1:] for row in db.execute("SELECT activity_id, start_time, elapsed_s, moving_s, distance_m, elevation_gain_m, avg_hr, sport_type FROM silver_strava_activities")}


def expected(found):
    return {a["id"]: (a["at"].strftime("%Y-%m-%dT%H:%M:%SZ"), a["elapsed"], a["moving"], a["metres"], a["climb"], a["hr"], "Run") for a in found}


@pytest.mark.parametrize("language", ["en", "de", "pt", "fr", "es"])
@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 2))])
def test_an_export_gives_its_activities_in_whichever_language_it_was_written(tmp_path, language, seed):
    rng = random.Random(f"{language} {seed}")
    found = list(activities(rng))
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "activities.csv").write_text(("\ufeff" if seed else "") + table(rng, language, found), encoding="utf-8")
    (folder / "profile.csv").write_text("Kennung,Vorname\n4242,Ann\n", encoding="utf-8")
    done = device_files.imported(tmp_path / "a.db", folder)
    assert (done.returncode, done.stdout) == (0, f"{len(found)} new\n"), (done.stdout, done.stderr)
    assert landed(tmp_path / "a.db") == expected(found)
    alone = tmp_path / "a table"
    alone.write_bytes((folder / "activities.csv").read_bytes())
    if language == "en":  # alone it does not say whose it is
        assert device_files.imported(tmp_path / "b.db", alone, athlete=7).returncode == 0
        assert landed(tmp_path / "b.db") == expected(found)


def test_a_zip_adds_the_files_of_its_rows_and_a_newer_one_changes_and_removes(tmp_path):
    rng = random.Random(5)
    found = list(activities(rng))
    found[0]["hr"] = 150
    points = device_files.run(1500, start=found[0]["at"])

    def packed(rows, names):
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr("activities.csv", table(rng, "en", rows, names))
            archive.writestr("profile.csv", "Athlete ID,First Name\n4242,Ann\n")
            archive.writestr("activities/1.fit.gz", gzip.compress(device_files.as_fit(points, offset_s=7200)))
        return device_files.imported(tmp_path / "a.db", tmp_path / "export.zip")

    assert packed(found, {900: "activities/1.fit.gz"}).stdout == f"{len(found)} new\n"
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT COUNT(*) FROM silver_strava_sub_activity WHERE kind = 'split' AND activity_id = '900'").fetchone() == (5,)
        assert db.execute("SELECT utc_offset_s FROM silver_strava_activities WHERE activity_id = '900'").fetchone() == (7200,)
        assert {row[0] for row in db.execute("SELECT athlete_id FROM silver_strava_activities")} == {"4242"}
    assert packed(found, {900: "activities/1.fit.gz"}).stdout == f"0 new, {len(found)} known already\n"
    found[1]["metres"] += 100
    gone = found.pop(2)
    done = packed(found, {900: "activities/1.fit.gz"})
    assert done.stdout == f"0 new, 1 changed, 1 removed, {len(found) - 1} known already\n", (done.stdout, done.stderr)
    assert landed(tmp_path / "a.db") == expected(found) and gone["id"] not in landed(tmp_path / "a.db")


def test_headers_that_nobody_has_seen_end_in_a_request_for_the_first_line(tmp_path):
    (tmp_path / "x").mkdir()
    header = "Activity ID,Aktiviteitsdatum,Naam activiteit,Soort activiteit,Activity Type,Activity Name,Distance"
    (tmp_path / "x" / "activities.csv").write_text(header + "\n1,2,3,4,5,6,7\n")
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete="me")
    assert done.returncode == 1 and header in done.stdout and "please report the first line" in done.stdout


def test_an_activity_of_the_api_and_of_the_export_is_one(tmp_path):
    rng = random.Random(3)
    found = list(activities(rng))
    api = [{"id": a["id"], "athlete": {"id": 4242}, "sport_type": "Run", "start_date": a["at"].strftime("%Y-%m-%dT%H:%M:%SZ"), "utc_offset": 0, "distance": a["metres"],
            "moving_time": a["moving"], "elapsed_time": a["elapsed"], "resource_state": 2} for a in found]
    (tmp_path / "api.json").write_text(json.dumps(api))
    assert tool("import", tmp_path / "a.db", tmp_path / "api.json").returncode == 0
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "activities.csv").write_text(table(rng, "en", found), encoding="utf-8")
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x").stdout == f"0 new, {len(found)} changed\n"
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT COUNT(*) FROM silver_from_api").fetchone() == (0,)  # and owes nothing to the API any more
    assert landed(tmp_path / "a.db") == expected(found)


# --- what archivers and spreadsheets make of an export ------------------------------------------------------------------


def resaved(rng, language, text):
    """As bytes: with other ends of lines, other letters, other strokes between cells."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    out = io.StringIO()
    csv.writer(out, delimiter=rng.choice(",,;\t"), lineterminator=rng.choice(["\n", "\r\n", "\r"])).writerows(rows)
    encodings = ["utf-8", "utf-8-sig", "utf-16"] + ["cp1252"] * (chr(0x202F) not in text)
    return out.getvalue().encode(rng.choice(encodings))


@pytest.mark.parametrize("language", ["en", "de", "pt", "fr", "es"])
@pytest.mark.parametrize("seed", range(2))
def test_an_export_that_was_packed_saved_and_named_otherwise_gives_the_same(tmp_path, language, seed):
    rng = random.Random(f"resaved {language} {seed}")
    found = list(activities(rng))
    points = {a["id"]: device_files.run(a["elapsed"] // 8, start=a["at"]) for a in rng.sample(found, 3)}
    for a in found:  # what the table does not say is the file's
        a["hr"] = a["hr"] or (140 if a["id"] in points else None)
    names = {number: f"activities/{number}.fit.gz" for number in points}
    missing = rng.choice([a["id"] for a in found if a["id"] not in points])
    root = rng.choice(["", "export_4242/", "My stuff/export_4242/"])
    text = table(rng, language, found, names | {missing: "activities/1.gpx.gz"})
    if seed:  # decimals with a comma in an account in English, and with a dot in any other
        other = "en" if language != "en" else "de"
        decimal = re.compile(r"(?<![\d.,])(\d+)([.,])(\d+)(?![\d.,])")
        text = "".join(",".join(_requoted(decimal.sub(lambda m: f"{m[1]}{'.' if other == 'en' else ','}{m[3]}", cell)) for cell in row) + "\n"
                       for row in csv.reader(io.StringIO(text, newline="")))
    with zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{root}activities.csv", resaved(rng, language, text))
        archive.writestr(f"{root}profile.csv", "\ufeffAthlete ID,First Name\r\n4242,Ann\r\n")
        archive.writestr(f"{root}routes/1.gpx", '<gpx version="1.1"><rte><rtept lat="1" lon="2"/></rte></gpx>')
        archive.writestr(f"{root}media/1.jpg", b"\xff\xd8\xff\xe0")
        for number, recorded in points.items():
            content, name = device_files.as_fit(recorded, offset_s=7200), names[number]
            name, content = rng.choice([(name, gzip.compress(content)), (name.upper(), gzip.compress(content)), (name[:-3], content)])
            archive.writestr(root + name, content)
        archive.writestr(f"{root}activities/77.fit.gz", gzip.compress(device_files.as_fit(device_files.run(300, start=datetime.datetime(2022, 1, 1, 9, tzinfo=UTC)))))
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x")
    assert (done.returncode, done.stdout) == (0, f"{len(found) + 1} new, 1 unreadable:\n  activities/1.gpx.gz: the table names it and it is not here; "
                                                 "what the table says of it is in\n"), (done.stdout, done.stderr)
    told = landed(tmp_path / "a.db")
    unnamed = [number for number in told if number >= 10**15]
    assert len(unnamed) == 1 and told.pop(unnamed[0])[0] == "2022-01-01T09:00:00Z"
    assert told == expected(found)
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert {int(row[0]) for row in db.execute("SELECT activity_id FROM activity_streams")} == {*points, *unnamed}
        assert {row[0] for row in db.execute("SELECT athlete_id FROM silver_strava_activities")} == {"4242"}


def _requoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def test_a_line_that_says_what_cannot_be_is_told_of_and_the_others_are_in(tmp_path):
    rng = random.Random(9)
    found = list(activities(rng))
    text = table(rng, "en", found)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    date, elapsed = rows[0].index("Activity Date"), rows[0].index("Elapsed Time")
    spoilt = {0: "9" * 40, 1: "-5", 2: "1e3", 3: "\u00b2"}
    bad = [[*(f"{spoilt[i]}" if place == 0 else cell for place, cell in enumerate(rows[1]))] for i in spoilt]
    for place, cell in ((date, "Feb 30, 2024, 7:00:00 AM"), (date, "now"), (rows[0].index("Distance"), "inf"), (rows[0].index("Moving Time"), "nan")):
        bad.append([cell if i == place else value for i, value in enumerate(["5", *rows[1][1:]])])
    bad.append(["5", *rows[1][1:elapsed]])  # cut off
    rng.shuffle(bad)
    out = io.StringIO()
    csv.writer(out).writerows([rows[0], *bad, *rows[1:]])
    (tmp_path / "x").write_text(out.getvalue() + '6,"Jan 1, 2024')
    for given in ("x", "folder"):
        if given == "folder":
            (tmp_path / given).mkdir()
            (tmp_path / given / "activities.csv").write_bytes((tmp_path / "x").read_bytes())
            (tmp_path / given / "other.txt").write_text("hello")
        done = device_files.imported(tmp_path / f"{given}.db", tmp_path / given, athlete=7)
        assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith(f"{len(found)} new, {len(bad) + 1} unreadable:\n"), (done.stdout, done.stderr)
        assert landed(tmp_path / f"{given}.db") == expected(found)


def test_two_exports_and_files_beside_them_all_come_in_and_what_is_newer_holds(tmp_path):
    """As they lie in the folder of what was downloaded."""
    rng = random.Random(12)
    found = list(activities(rng))
    older = [a | {"metres": a["metres"] + 500} for a in found[:-2]]
    for name, rows in (("export_4242.zip", older), ("export_4242 (1).zip", found)):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("activities.csv", table(rng, "en", rows))
            archive.writestr("profile.csv", "Athlete ID,First Name\n4242,Ann\n")
    (tmp_path / "of the watch").write_bytes(device_files.as_fit(device_files.run(300, start=datetime.datetime(2022, 1, 1, 9, tzinfo=UTC))))
    done = device_files.imported(tmp_path / "a.db", tmp_path, athlete="me", name="Ann")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    told = landed(tmp_path / "a.db")
    assert told.pop(max(told))[0] == "2022-01-01T09:00:00Z" and told == expected(found)
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert {row[0] for row in db.execute("SELECT athlete_id FROM silver_strava_activities")} == {"4242"}
