"""Whose an object is, and in which partition an athlete is."""

import hashlib
import json
import re

from common import numbers

# Of a line that is no JSON, so that it is refused in its athlete's own file and not in nobody's.
NAMED = re.compile(rb'"athlete"\s*:\s*\{\s*(?:"resource_state"\s*:\s*\d\s*,\s*)?"id"\s*:\s*"?(\d{1,40})\b')


def athlete_of(line):
    """The athlete's id of one object, as the stage 100_bronze_strava takes it; None where it names nobody."""
    try:
        found = json.loads(line, object_pairs_hook=_as_sqlite)
    except (ValueError, RecursionError):
        named = NAMED.search(line)
        return named[1].decode() if named else None
    if not isinstance(found, dict):
        return None
    owner = found["athlete"] if "athlete" in found else None
    if isinstance(owner, dict):
        return _id(owner.get("id"))
    if "owner_id" in found:  # a webhook's event
        return _id(found["owner_id"])
    return None if "athlete" in found or "start_date" in found else _id(found.get("id"))


def _id(value):
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) if is_id(str(value)) else None


def _as_sqlite(pairs):
    """Of two values of one name the first, as SQLite takes it: Python would take the last, and give the object to another athlete."""
    found = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def is_id(text):
    """Digits only, so that it is a name of a file, too."""
    return numbers.is_whole(text) and len(text) <= 40


def partition_of(athlete, partitions):
    """The same on every machine and for ever: the first eight bytes of the id's SHA-256."""
    return int.from_bytes(hashlib.sha256(athlete.encode()).digest()[:8], "big") % partitions
