"""A file of a device, whichever format its content is of."""

import hashlib

from importers import fit, gpx, summary, tcx
from importers.recording import Unreadable

FORMATS = (fit, gpx, tcx)
HEAD_BYTES = 4096
FIRST, IDS = 10**15, 8 * 10**15  # above Strava's numbers, and exact as a double


def format_of(content):
    return next((format for format in FORMATS if format.is_one(content[:HEAD_BYTES])), None)


def documents(content, zone=None, with_positions=False):
    """(document without athlete and number, channels) of each activity in the file."""
    format = format_of(content)
    if format is None:
        raise Unreadable("it is empty" if not content else "it is neither FIT nor GPX nor TCX")
    try:
        return [summary.document(recording, zone, with_positions) for recording in format.read(content)]
    except MemoryError as error:
        raise Unreadable("it needs more memory than a file of a device may") from error
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error


def number(content, athlete, place):
    """The same of the same bytes, so that what was imported before is known."""
    digest = hashlib.sha256(b"%s/%d/" % (str(athlete).encode(), place) + content).digest()
    return FIRST + int.from_bytes(digest[:8], "big") % IDS
