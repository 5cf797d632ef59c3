"""What page and report say in another language, or in miles: their SQL says it in English and kilometres.

Texts are data, in schemas/texts.json: a literal of the SQL that stands there is bound as a parameter, with its translation. The numbers are
the same, but those that a distance is in, which the SQL takes from temp.unit.
"""

import functools
import json
import re

from . import database
from .database import ROOT, Failure

LANGUAGES = ("en", "pt")
METRES = {"metric": 1000.0, "imperial": 1609.344}
PART = re.compile(r"""--[^\n]*|"(?:[^"]|"")*"|'((?:[^']|'')*)'""")
KILOMETRES = re.compile(r"\bkm\b")


@functools.lru_cache(maxsize=None)
def _told():
    return json.loads((ROOT / "schemas" / "texts.json").read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=None)
def texts(language, units):
    """What stands for each English text."""
    found = {}
    for each in _told()["texts"]:
        text = each.get(language, each["en"])
        found[each["en"]] = KILOMETRES.sub("mi", text) if each.get("measured") and units == "imperial" else text
    return found


class Speech:
    """How one reader wants it said: begin() on a connection, then said() for each statement."""

    def __init__(self, language=None, units=None):
        self.language, self.units = language or "en", units or "metric"
        if self.language not in LANGUAGES:
            raise Failure(f"--language is {self.language!r} where {' or '.join(LANGUAGES)} belongs")
        if self.units not in METRES:
            raise Failure(f"--units is {self.units!r} where {' or '.join(METRES)} belongs")
        self.texts = texts(self.language, self.units)

    def word(self, english):
        return self.texts[english]

    def begin(self, db):
        """Tables of this connection: the unit, and those whose words are translated, in front of the ones of the file."""
        db.execute("CREATE TEMP TABLE unit AS SELECT ? AS m, 1000.0 / ? AS per_km", (METRES[self.units],) * 2)
        for name, translated in _told()["values"].items():
            if self.language in translated:
                table, _, column = name.partition(".")
                there = database.quoted(table)
                db.execute(f"CREATE TEMP TABLE {there} AS SELECT * FROM main.{there}")
                for english, text in translated[self.language].items():
                    db.execute(f"UPDATE temp.{there} SET {database.quoted(column)} = ? WHERE {database.quoted(column)} = ?", (text, english))

    def said(self, statement):
        """A statement and its parameters."""
        if self.language == "en" and self.units == "metric":
            return statement, ()
        parameters = []

        def bound(found):
            english = None if found[1] is None else found[1].replace("''", "'")
            text = self.texts.get(english)
            if text is None or text == english:
                return found[0]
            parameters.append(text)
            return f"?{len(parameters)}"

        return PART.sub(bound, statement), parameters
