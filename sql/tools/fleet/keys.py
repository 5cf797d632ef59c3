"""Whose an object is, and in which partition an athlete is."""

import hashlib
import json
import re

# Of a line that is no JSON, so that it is refused in its athlete's own file and not in nobody's.
NAMED = re.compile(rb'"athlete"\s*:\s*\{\s*(?:"resource_state"\s*:\s*\d\s*,\s*)?"id"\s*:\s*"?(\d{1,40})\b')


def athlete_of(line):
    """The athlete's id of one object, as the stage 100_bronze_strava takes it; None where it names nobody."""
    try:
        found = json.loads(line)
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
    text = str(value)
    return text if text.isascii() and text.isdigit() and len(text) <= 40 else None


def partition_of(athlete, partitions):
    """The same on every machine and for ever: the first eight bytes of the id's SHA-256."""
    return int.from_bytes(hashlib.sha256(athlete.encode()).digest()[:8], "big") % partitions
