"""What page and report say in another language, or in miles: their SQL says it in English and kilometres.

Texts are data, in schemas/texts.json: a literal of the SQL that stands there is bound as a parameter, with its translation. The numbers are
the same, but those that a distance is in, which the SQL takes from temp.unit. What stages have stored as a text is translated as it is read, by the
phrases of schemas/stored_texts.json, in which {} is a word or a number that stays. Names of months come from the charts and are those of
"pictures".
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
LABEL = re.compile(r'(<text [^>]*class="m"[^>]*>(?:\d{1,2} )?)([A-Z][a-z]{2}|[MWFS])</text>')


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


@functools.lru_cache(maxsize=None)
def stored():
    return json.loads((ROOT / "schemas" / "stored_texts.json").read_text(encoding="utf-8"))


WORD = r"([^\s;,()]+?)"


@functools.lru_cache(maxsize=None)
def _phrases(language):
    """One expression for all phrases, the longest first, and what stands for each."""
    told = sorted(stored()["phrases"], key=lambda each: -len(each["en"]))
    forms = [WORD.join(map(re.escape, each["en"].split("{}"))) for each in told]
    return re.compile("|".join(rf"(?:(?<!\w)|(?=\W)){form}(?![\w%])(?!\.\d)()" if form[-1] != " " else rf"(?<!\w){form}()" for form in forms)), [each[language].split("{}") for each in told]


def translated(text, language):
    """A text that a stage has stored; what no phrase knows stays."""
    if not isinstance(text, str):
        return text
    pattern, phrases = _phrases(language)

    def said(found):
        place = words = 0
        for parts in phrases:  # the groups of a phrase are its words, and an empty one that says that it was this phrase
            words = len(parts) - 1
            if found[place + words + 1] is not None:
                return "".join(part + word for part, word in zip(parts, [*found.groups()[place : place + words], ""]))
            place += words + 1
        return found[0]

    return pattern.sub(said, text)


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
        if self.language != "en":
            db.create_function("in_words", 1, lambda text: translated(text, self.language), deterministic=True)
            for table, columns in stored()["columns"].items():
                there = database.quoted(table)
                names = [row[1] for row in db.execute(f"PRAGMA main.table_info({there})")]
                shown = ", ".join(f"in_words({database.quoted(name)}) AS {database.quoted(name)}" if name in columns else database.quoted(name) for name in names)
                db.execute(f"CREATE TEMP VIEW {there} AS SELECT {shown} FROM main.{there}")
        for name, words in _told()["values"].items():
            if self.language in words:
                table, _, column = name.partition(".")
                there = database.quoted(table)
                db.execute(f"CREATE TEMP TABLE {there} AS SELECT * FROM main.{there}")
                for english, text in words[self.language].items():
                    db.execute(f"UPDATE temp.{there} SET {database.quoted(column)} = ? WHERE {database.quoted(column)} = ?", (text, english))

    def drawn(self, picture):
        """A picture whose axes say months and days of the week in this language."""
        names = _told()["pictures"].get(self.language, {})
        return LABEL.sub(lambda found: found[1] + names.get(found[2], found[2]) + "</text>", picture) if names and picture else picture

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
