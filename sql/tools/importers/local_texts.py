"""Numbers and dates as the languages of Strava's export write them."""

import datetime
import math
import re
import unicodedata

from common import numbers
from importers.recording import Unreadable

MONTHS = (("jan", "ene"), ("feb", "fev"), ("mar", "mrz", "maerz"), ("apr", "avr", "abr"), ("may", "mai"), ("jun", "juin"), ("jul", "juil"),
          ("aug", "aou", "ago"), ("sep", "set"), ("oct", "okt", "out"), ("nov",), ("dec", "dez", "dic"))
AFTERNOON = re.compile(r"\bp ?m\b")
MORNING = re.compile(r"\ba ?m\b")


def plain(text):
    """Without accents, dots and odd blanks, in small letters."""
    text = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).casefold().replace(".", " ").replace("’", "'").split())


def decoded(content):
    """A table's text: UTF-8, UTF-16 as Windows saves it, or else what Windows wrote before either."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # a head may end within a letter
        return content.decode("utf-8-sig", errors="ignore") if error.start > len(content) - 4 else content.decode("cp1252", errors="replace")


def has_decimal_comma(texts):
    """What the numbers of one column say of themselves; None where nothing does, as "1,234" alone."""
    commas = dots = 0
    for text in texts:
        text = (text or "").strip()
        comma, dot = text.rfind(","), text.rfind(".")
        if max(comma, dot) < 0:
            continue
        last = text[max(comma, dot)]
        is_decimal = min(comma, dot) >= 0 or text.count(last) == 1 and len(text) - max(comma, dot) != 4
        if min(comma, dot) < 0 and text.count(last) > 1:  # thousands
            last, is_decimal = ",.".replace(last, ""), True
        commas, dots = commas + (is_decimal and last == ","), dots + (is_decimal and last == ".")
    return None if commas == dots else commas > dots


def number(text, has_decimal_comma):
    """None of an empty text. With None nothing is known of the comma, and a dot alone is a decimal one."""
    text = (text or "").strip().replace("\xa0", "").replace("\u202f", "").replace(" ", "")
    if not text:
        return None
    if has_decimal_comma and re.fullmatch(r"-?\d{1,3}(\.\d{3})+", text):
        text = text.replace(".", "")
    comma, dot = text.rfind(","), text.rfind(".")
    if comma >= 0 and dot >= 0:
        text = text.replace("." if comma > dot else ",", "")
    elif comma >= 0 and not has_decimal_comma:
        text = text.replace(",", "")
    value = numbers.number(text.replace(",", "."))
    if value is None or not math.isfinite(value):
        raise Unreadable(f"{text[:100]!r} stands where a number belongs")
    return value


def moment(text, day_first):
    """As UTC, which Strava's export writes without saying so."""
    words = plain(text)
    clock = re.search(r"(\d{1,2}):(\d\d)(?::(\d\d))?", words)
    if clock is None:
        raise _no_date(text)
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if AFTERNOON.search(words) or MORNING.search(words):
        hour = hour % 12 + 12 * bool(AFTERNOON.search(words))
    date = words[: clock.start()]
    figures = [int(found) for found in re.findall(r"\d+", date)]
    month = next((i for word in re.findall(r"[a-z]+", date) for i, names in enumerate(MONTHS, 1) if word.startswith(names)), None)
    try:
        if month is not None and len(figures) == 2:
            day, year = sorted(figures)
        elif len(figures) == 3 and figures[0] > 31:
            year, month, day = figures
        else:
            day, month, year = figures if day_first else (figures[1], figures[0], figures[2])
        return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.timezone.utc)
    except (ValueError, IndexError):
        raise _no_date(text) from None


def is_day_first(texts, language):
    """Of dates in figures: what none of them contradicts, or else the custom of the language."""
    for text in texts:
        found = re.match(r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{4}", text)
        if found and max(int(found[1]), int(found[2])) > 12:
            return int(found[1]) > 12
        if found and "." in found[0]:
            return True
    return language != "en"


def _no_date(text):
    return Unreadable(f"{text!r} stands where a date with a time belongs")
