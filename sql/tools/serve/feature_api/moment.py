"""The moment of a request, in the form of the times that it is compared with: text order is time order within one form only."""

import datetime
import re

from feature_api.refusal import Refusal

DAY = r"\d{4}-\d\d-\d\d"
INSTANT = DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"


def as_of(text, column, sample):
    """Now without a text. `sample` is one of the group's times, or None. A day stays a day, which comes before its instants."""
    if text is None:
        return _in_form(datetime.datetime.now(datetime.timezone.utc), column, sample)
    if column.storage != "TEXT" and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", text):
        return float(text) if "." in text else int(text)
    told = text.upper()
    try:
        if re.fullmatch(DAY, told, re.ASCII) and column.storage == "TEXT":
            return datetime.date.fromisoformat(told).isoformat()
        if re.fullmatch(f"{DAY}|{INSTANT}", told, re.ASCII):
            moment = datetime.datetime.fromisoformat(told)
            utc = datetime.timezone.utc
            return _in_form(moment.astimezone(utc) if moment.tzinfo else moment.replace(tzinfo=utc), column, sample)
    except (ValueError, OverflowError):
        pass
    raise Refusal(400, f"as_of is '{text[:60]}' where a day (2025-10-20) or an instant in UTC (2025-10-20T06:00:00Z) belongs")


def _in_form(moment, column, sample):
    """Never later than the moment itself: what the form has no digits for is cut off."""
    if column.storage != "TEXT":
        return int(moment.timestamp())
    like = re.fullmatch(rf"{DAY}(?:([T ])\d\d:\d\d(:\d\d)?(?:\.(\d+))?(Z?))?", sample if isinstance(sample, str) else "")
    if not like or like[1] is None:
        like = re.fullmatch(r"(T)(:)()(Z)", "T:Z")
    separator, seconds, fraction, zone = like.groups()
    digits = f".{moment.microsecond:06d}".ljust(10, "0")[: 1 + len(fraction)] if fraction else ""
    return f"{moment:%Y-%m-%d}".rjust(10, "0") + separator + f"{moment:%H:%M}" + (f"{moment:%S}".rjust(3, ":") if seconds else "") + digits + zone
