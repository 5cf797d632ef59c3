"""What a word of page, report and squad means, whether a number of it is much, and the name by which one can SELECT it."""

import json

from . import database
from .database import ROOT
from .languages import LANGUAGES


def words():
    return json.loads((ROOT / "schemas" / "glossary.json").read_text(encoding="utf-8"))["words"]


def said(entry, language, what):
    """What an entry says in a language: its unit, says, of, also."""
    return entry.get(language, {}).get(what, entry.get(what))


def find(word):
    """The entries that a word of any language names, by itself, by another word for it or by its column."""
    asked = word.lower()
    also = lambda entry: [*entry["also"], *(name for other in LANGUAGES[1:] for name in entry[other].get("also", []))]
    return [each for each in words() if asked in {name.lower() for name in (each["word"], *also(each), each["name"], each["name"].partition(".")[2])}]


def select(entry):
    """The newest value of an athlete, as a statement with one parameter."""
    table, _, column = entry["name"].partition(".")
    where = f" AND {entry['where']}" if "where" in entry else ""
    return f"SELECT {database.quoted(column)} FROM {database.quoted(table)} WHERE athlete_id = ?{where} ORDER BY {database.quoted(entry['newest_by'])} DESC LIMIT 1"


def bands(db, entry, language="en"):
    """(from, words) in order; those of another word where it says so, and of settings where they are."""
    if isinstance(entry.get("bands"), str):
        return bands(db, next(each for each in words() if each["word"] == entry["bands"]), language)
    found = db.execute(entry["bands_sql"]).fetchall() if "bands_sql" in entry else [tuple(band) for band in entry.get("bands", [])]
    translated = entry.get(language, {}).get("bands")
    return [(low, text) for (low, _), text in zip(found, translated)] if translated else found


def band(found, value):
    """The words of the band that a value is in: the highest whose lower end it is above, or at."""
    return next((text for low, text in reversed(found) if value >= low), None)
