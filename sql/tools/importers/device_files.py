"""A file of a device, whichever format its content is of."""

import hashlib

from importers import fit, gpx, local_texts, summary, tcx, xml_texts
from importers.recording import NoActivity, Unreadable

FORMATS = (fit, gpx, tcx)
HEAD_BYTES = 65536  # comments may come first
OTHERS = {"html": "it is a web page, such as a download gives to who is not logged in", "HealthData": "it is Apple's export of health: healthkit-to-sqlite makes a database "
          "of it that can be imported", "kml": "it is KML, which has no times: export GPX"}  # fmt: skip
ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!")
FIRST, IDS = 10**15, 8 * 10**15  # above Strava's numbers, and exact as a double


def format_of(content):
    return next((format for format in FORMATS if format.is_one(content[:HEAD_BYTES])), None)


def documents(content, zone=None, with_positions=False):
    """(document without athlete and number, channels) of each activity in the file, and what was left out of it."""
    format = format_of(content)
    if format is None:
        raise NoActivity(_told(content[:HEAD_BYTES])) if content else Unreadable("it is empty")
    try:
        recordings = format.read(content)
        return [summary.document(recording, zone, with_positions) for recording in recordings], [note for recording in recordings for note in recording.notes]
    except MemoryError as error:
        raise Unreadable("it needs more memory than a file of a device may") from error
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error


def _told(head):
    if head[:4] == b"SQLi":
        return "it is a database: bring it by itself, SRC=its name"
    if head[:2] == b"PK":
        return "it is a zip within a zip that is damaged, swollen or within another one"
    if head[257:262] == b"ustar" or head[:6] in ARCHIVES or head[:4] in ARCHIVES:
        return "it is an archive of a kind that is not opened here: unpack it, and bring the folder"
    first = local_texts.decoded(head).lstrip("\ufeff").partition("\n")[0].strip()
    if first.isprintable() and max(map(first.count, ",;")) >= 4 and not first.startswith(("<", "{", "[")):
        return f"it is a table that is not known yet; its first line holds nothing personal, please report it: {first[:1000]}"
    return OTHERS.get(xml_texts.root_of(head) or "", "it is neither FIT nor GPX nor TCX")


def number(content, athlete, place):
    """The same of the same bytes, so that what was imported before is known."""
    digest = hashlib.sha256(b"%s/%d/" % (str(athlete).encode(), place) + content).digest()
    return FIRST + int.from_bytes(digest[:8], "big") % IDS
