"""Times as people write them: what each means by Python's datetime, random forms of one, and texts that are none."""

import datetime
import re

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
FORM = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)?)?", re.ASCII)
EARLIEST, LATEST = datetime.datetime.min.replace(tzinfo=UTC), datetime.datetime.max.replace(tzinfo=UTC)


def read(text):
    """(the instant, whether it is a day) or None. Digits beyond microseconds are dropped."""
    told = FORM.fullmatch(text) if isinstance(text, str) else None
    if told is None:
        return None
    day, minute, second, fraction, _, hours, minutes = told.groups()
    try:
        if minute is None:
            return datetime.datetime.fromisoformat(day).replace(tzinfo=UTC), True
        if int(hours or 0) not in range(-23, 24) or int(minutes or 0) > 59:
            return None
        zone = f"{hours}:{minutes or '00'}" if hours else "+00:00"
        at = datetime.datetime.fromisoformat(f"{day}T{minute}:{second or '00'}.{(fraction or '')[:6].ljust(6, '0')}{zone}")
        return (at.astimezone(UTC), False) if int(minute[:2]) < 24 else None
    except (ValueError, OverflowError):
        return None


def of_row(text, offset_s=0):
    """When what a row describes is over."""
    at, is_day = read(text)
    return at + DAY - datetime.timedelta(seconds=offset_s) if is_day else at


def of_request(text):
    return read(text)[0]


def canonical(at, digits, up):
    """The instant in the store's form."""
    unit = datetime.timedelta(seconds=1) if digits == 0 else datetime.timedelta(milliseconds=1)
    rest = (at - EARLIEST) % unit
    at = at - rest + (unit if up and rest else datetime.timedelta())
    return f"{at.year:04d}-{at:%m-%dT%H:%M:%S}" + (f".{at.microsecond // 1000:03d}Z" if digits else "Z")


def written(rng, at):
    """The instant in one of the forms that lose nothing of it."""
    offset = rng.choice([0, 0, 0, 5.5, -5.5, 14, -11, 1, 5.75])
    local = at + datetime.timedelta(hours=offset)
    text = f"{local.year:04d}-{local:%m-%d}" + rng.choice("TTTt ") + f"{local:%H:%M}"
    if local.second or local.microsecond or rng.random() < 0.8:
        text += f":{local:%S}"
        if local.microsecond or rng.random() < 0.3:
            digits = f"{local.microsecond:06d}"
            shortest = len(digits.rstrip("0"))
            text += "." + digits.ljust(9, "0")[: rng.randint(max(1, shortest), 9)]
    if offset == 0:
        return text + rng.choice(["Z", "Z", "z", "", "+00:00", "-0000", "+00"])
    sign, minutes = "-" if offset < 0 else "+", int(abs(offset) * 60)
    zones = [f"{minutes // 60:02d}:{minutes % 60:02d}", f"{minutes // 60:02d}{minutes % 60:02d}"]
    return text + sign + rng.choice(zones + ([f"{minutes // 60:02d}"] if minutes % 60 == 0 else []))


BROKEN = [
    "", "now", "2026-02-30", "2026-02-29T00:00:00Z", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "0000-01-01", "0000-12-31T23:59:59Z",
    "10000-01-01", "2026-01-01T24:00:00Z", "2026-01-01T24:00Z", "2026-01-01T12:60:00Z", "2026-01-01T12:00:60Z", "2026-01-01T1:00:00Z", "2026-1-1",
    "2026-01-01T12", "2026-01-01T12:00:00.Z", "2026-01-01T12:00:00,5Z", "2026-01-01T12:00:00 Z", "2026-01-01T12:00:00+24:00", "2026-01-01T12:00:00+05:60",
    "2026-01-01T12:00:00+5", "2026-01-01T12:00:00+05:", "2026-01-01T12:00:00ZZ", " 2026-01-01", "2026-01-01 ", "2026-01-01T", "20260101", "2026-W01-1",
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-01-01T12:00:00.1234567890Z", "2026-01-01X12:00:00Z", "12:00:00", "２026-01-01",
]  # fmt: skip
