"""Strava's bulk export: activities.csv in the language of the account, and the files that it names.

Names of columns repeat; the second Distance is in metres and the second Elapsed Time is exact. strava_headers.csv has the names, and
where each was seen.
"""

import csv
import datetime
import io
import json
import pathlib
import re

from common import numbers
from importers import device_files, local_texts, sports, streams
from importers.recording import Unreadable
from importers.sources import TABLE_BYTES, unpacked_head

HERE = pathlib.Path(__file__).resolve().parent
BY_CONTENT = 1000  # files whose first bytes are looked at where no name says which is the table
NEEDED = ("id", "date", "type", "elapsed_s")
LANGUAGES = ("en", "de", "pt", "fr", "es")
TRUE = {"1", "1.0", "true", "wahr", "verdadeiro", "vrai", "verdadero"}
# A named column of the table beats the file for these: a runner may have mended them on Strava.
NUMBERS = {"moving_s": "moving_time", "climb_m": "total_elevation_gain", "avg_hr": "average_heartrate", "max_hr": "max_heartrate", "cadence": "average_cadence",
           "watts": "average_watts", "weighted_watts": "weighted_average_watts", "celsius": "average_temp", "max_speed": "max_speed"}
DETAILS = ("laps", "splits_metric", "best_efforts", "trainer", "device_watts")


def found_in(files, names):
    """The names of tables, the one with the most rows last: what it says is newest. By their content, whatever they are called; in a folder or
    zip only what is a table by its name may be one, for nobody wants all files read twice."""
    found = []
    for name in [name for name in names if name.lower().endswith(".csv")] or (names if len(names) == 1 else names[:BY_CONTENT]):
        try:
            if _is_table(unpacked_head(files.head(name, 20_000))):
                found.append((len(files.read(name, TABLE_BYTES)), name))
        except Unreadable:
            continue
    return [name for _, name in sorted(found)]


def _is_table(head):
    line = _first_line(local_texts.decoded(head))
    if "\0" in line:
        return False
    try:
        found = next(csv.reader([line], delimiter=_delimiter(line)), [])
    except csv.Error:
        return False
    cells = {local_texts.plain(cell) for cell in found}
    # more than one word of some language, so that another table with a column "Distance" is left alone
    return any(sum(plain in cells for lang, plain, _ in _dictionary() if lang == language) >= 3 for language in LANGUAGES) or (
        len(cells) > 40 and next(iter(found), "").casefold().startswith(("id ", "activity", "aktiv")))


def _first_line(text):
    return re.split(r"[\r\n]", text.lstrip("\ufeff"), maxsplit=1)[0]


def _delimiter(line):
    """What Strava writes is a comma; a spreadsheet that saves it may write another."""
    return max(",;\t", key=line.count)


def _lines(content):
    text = local_texts.decoded(content).lstrip("\ufeff").replace("\0", "")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(_first_line(text))))


def _dictionary():
    with open(HERE / "strava_headers.csv", encoding="utf-8", newline="") as file:
        return [(row["language"], local_texts.plain(row["header"]), row["field"]) for row in csv.DictReader(file)]


def columns_of(header):
    """(language, places of each field, in order); its numbers are repeated names."""
    cells = [local_texts.plain(cell.lstrip("\ufeff")) for cell in header]
    best = (0, None, {})
    for language in LANGUAGES:
        fields = {}
        for plain, field in [(plain, field) for lang, plain, field in _dictionary() if lang == language]:
            places = [i for i, cell in enumerate(cells) if cell == plain]
            fields.setdefault(field, []).extend(places)
        fields = {field: sorted(places) for field, places in fields.items() if places}
        best = max(best, (len(fields), language, fields), key=lambda found: found[0])
    missing = [field for field in NEEDED if field not in best[2]]
    if missing:
        raise Unreadable("activities.csv has headers of a language that is not known yet; they hold nothing personal, please report the first line: "
                         + ",".join(header)[:1500])
    return best[1], best[2]


def root_of(table):
    """What the names of its export begin with."""
    folder = str(pathlib.PurePosixPath(table).parent)
    return "" if folder == "." else f"{folder}/"


def work(files, table, athlete):
    """(source, {"row": …}, content of its file) of each activity of the table. First it says whose export it is."""
    csv.field_size_limit(10_000_000)
    try:
        lines = _lines(files.read(table, TABLE_BYTES))
    except csv.Error as error:
        raise Unreadable(f"{table} is no table that can be read: {error}") from error
    language, places = columns_of(lines[0] if lines else [])
    athlete = owner(files, table) or athlete
    if athlete is None:
        yield table, {"asks": True}, None
        return
    yield table, {"export": athlete}, None
    rows = [_fields(line, places) for line in lines[1:] if any(line)]
    day_first = local_texts.is_day_first([row.get("date", [""])[0] for row in rows], language)
    places_of_files = _Places(files, table)
    commas = _commas(rows, places, language)
    found = [places_of_files.named(next(iter(row.get("file", [])), "").strip()) for row in rows]
    for number, (row, place) in enumerate(zip(rows, found), 2):
        source, named = f"{table} line {number}", next(iter(row.get("file", [])), "").strip()
        try:
            told_row = {"row": _told(row, day_first, commas), "athlete": athlete}
        except Unreadable as error:
            yield source, {}, error
            continue
        if place is None:
            yield named or source, told_row, Unreadable("the table names it and it is not here") if named and any(found) else None
        else:
            yield place, told_row, _content(files, place)
    for place in places_of_files.others(found):
        yield place, {"athlete": athlete}, _content(files, place)


def _content(files, place):
    try:
        return files.packed(place)
    except Unreadable as error:
        return error


class _Places:
    """The files of an export by the names that its table has for them, whatever an archiver made of letters, strokes and gzip."""

    def __init__(self, files, table):
        self._files, self._root = files, root_of(table)
        self._by_name = {self._plain(name): name for name in reversed(files.names())}

    @staticmethod
    def _plain(name):
        return name.replace("\\", "/").casefold().removesuffix(".gz")

    def named(self, name):
        """None where there is none."""
        return next((found for place in (self._root + name, name) if name and (found := self._by_name.get(self._plain(place)))), None)

    def others(self, named):
        """What a device recorded beside the table, and it does not name; a route was planned, and not recorded."""
        for name in self._files.names():
            if name not in named and name.startswith(self._root) and not name.startswith(self._root + "routes/"):
                try:
                    head = unpacked_head(self._files.head(name, device_files.HEAD_BYTES))
                except Unreadable:
                    continue
                if device_files.format_of(head) is not None:
                    yield name


def _commas(rows, places, language):
    """Of each column of each field, whether its decimals have a comma: by its own numbers, those of all others, or the language."""
    columns = {(field, i): [row[field][i] for row in rows if len(row[field]) > i] for field in ("elapsed_s", "distance", *NUMBERS) for i in range(len(places.get(field, [])))}
    own = {key: local_texts.has_decimal_comma(texts) for key, texts in columns.items()}
    told = [is_comma for is_comma in own.values() if is_comma is not None]
    usual = 2 * sum(told) > len(told) if told else language != "en"
    return {key: usual if is_comma is None else is_comma for key, is_comma in own.items()}


def owner(files, table):
    """Whose export it is: profile.csv begins with a number."""
    for name in sorted(files.names(), key=lambda name: pathlib.PurePosixPath(name).parent != pathlib.PurePosixPath(table).parent):
        if pathlib.PurePosixPath(name).name == "profile.csv":
            try:
                lines = _lines(files.read(name))
            except (Unreadable, csv.Error):
                return None
            if len(lines) > 1 and lines[1] and _is_number(lines[1][0].strip()):
                return lines[1][0].strip()
    return None


def _fields(line, places):
    return {field: [line[place] for place in found if place < len(line)] for field, found in places.items()}


def _is_number(text):
    return numbers.is_whole(text) and len(text) <= 18


def _told(row, day_first, commas):
    first = {field: next((value for value in values if value.strip()), "") for field, values in row.items()}
    if not _is_number(first.get("id", "").strip()):
        raise Unreadable(f"{first.get('id', '')[:100]!r} stands where the number of an activity belongs")
    number = {field: _number(field, row[field], commas) for field in ("elapsed_s", *NUMBERS) if row.get(field)}
    if number.get("elapsed_s") is None:
        raise Unreadable(f"activity {first['id'].strip()} has no elapsed time: its line is cut off, or a quotation mark before it has no other")
    sport = sports.of_words(first["type"]) or sports.named(first["type"].replace(" ", ""))
    told = {"id": int(first["id"]), "name": first.get("name"), "type": sport, "sport_type": sport,
            "start_date": local_texts.moment(first["date"], day_first).isoformat()[:19] + "Z", "elapsed_time": number["elapsed_s"],
            "distance": _metres(row.get("distance", []), first, sport, commas), "flagged": first.get("flagged", "").casefold() in TRUE or None}
    told |= {name: number.get(field) for field, name in NUMBERS.items()}
    told["moving_time"] = told["moving_time"] if told["moving_time"] is not None else told["elapsed_time"]
    is_race, is_long = (first.get(field, "").strip().casefold() in TRUE for field in ("race", "long_run"))
    told["workout_type"] = 1 if is_race else 2 if is_long else None
    return {name: value for name, value in told.items() if value is not None}


def _number(field, cells, commas):
    """The first that is there; of those that come twice the second, which is exact."""
    place = len(cells) - 1 if field in ("elapsed_s", "max_hr") and cells[-1] else next((i for i, cell in enumerate(cells) if cell.strip()), 0)
    return local_texts.number(cells[place], commas.get((field, place)))


def _metres(cells, first, sport, commas):
    """The second Distance is in metres; a lone one in kilometres, but for swims, and for exports of long ago, which have ISO dates."""
    values = [local_texts.number(cell, commas.get(("distance", i))) for i, cell in enumerate(cells)]
    if len(values) > 1 and values[1] is not None:
        return values[1]
    if not values or values[0] is None:
        return 0.0
    return values[0] if sport == "Swim" or first["date"][:4].isdigit() and len(values) == 1 else 1000 * values[0]


# --- rows and their files ------------------------------------------------------------------------------------------------


def line(known, source, found, zone=None):
    """A row, with the details and channels that its file has."""
    told, number = dict(known["row"]), str(known["row"]["id"])
    own, channels = found[0] if found else ({}, {})
    for name, value in own.items():
        if name in DETAILS or name not in told:
            told[name] = value
    told |= {"athlete": {"id": int(known["athlete"])}, "provenance": "bulk_export", "resource_state": 3 if found else 2}
    if "utc_offset" not in told:
        told["utc_offset"] = _offset_s(told["start_date"], zone)
    told.pop("start_date_local", None)
    recorded = {"streams": [streams.recorded(number, known["athlete"], channels)]} if channels else {}
    return {"source": source, "documents": 1, "activities": [number], "text": json.dumps(told, allow_nan=False), **recorded}


def without_file(known, source, fault):
    """What the table says is worth having when the file is not."""
    return line(known, source, []) | {"fault": f"{fault}; what the table says of it is in"}


def _offset_s(start_date, zone):
    return int(datetime.datetime.fromisoformat(start_date.replace("Z", "+00:00")).astimezone(zone).utcoffset().total_seconds()) if zone else 0
