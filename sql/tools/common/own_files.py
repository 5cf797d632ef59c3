"""Files that are no JSON: of devices, and Strava's export. sql/tools/importers reads them, with a Python that has its packages.

What a file holds is told by its first bytes, never by its name.
"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zlib

from . import database, inbox, numbers, readiness
from .database import ROOT, Failure

HEAD_BYTES = 20_000
BATCH_TEXTS, BATCH_S = int(os.environ.get("ATHLETE_BATCH") or 250), 30  # land together; what has landed is not read again after a power cut
# Streams of Strava's API, of which the inbox could only say that they do not name their activity.
STREAMS = re.compile(rb'(\{\s*"activity_id"\s*:\s*"?\d+"?\s*,\s*|\{\s*)"(time|distance|latlng|altitude|velocity_smooth|heartrate|cadence|watts|temp|moving|grade_smooth)"\s*:\s*[\[{]'
                     rb'|\[\s*\{\s*"type"\s*:\s*"\w+"\s*,\s*"data"\s*:\s*\[')
TOOLS = (b'"summarizedActivitiesExport"', b'"icu_training_load"', b'"icu_athlete_id"')  # Garmin's export, and intervals.icu
MARKS = (b"PK\3\4", b"PK\5\6", b"SQLi")


def is_one(file):
    """Whether the importers read it. Of what is no file on a disk only the inbox can say."""
    try:
        if file == "-" or not stat.S_ISREG(os.stat(file).st_mode):
            return file != "-" and os.path.isdir(file)
        with open(file, "rb") as stream:
            begins = stream.read(HEAD_BYTES)
    except OSError:
        return False
    head = unpacked(begins)
    return is_theirs(head) or bool(begins) and not head


def is_theirs(head):
    """By the first bytes: a zip, a database, a FIT, XML, or the table of an export."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:2] in inbox.UTF_16:
        text = head.decode("utf-16", errors="ignore").encode()
    return head[:4] in MARKS or head[8:12] == b".FIT" or text[:1] == b"<" or _is_table(text) or STREAMS.match(text) is not None or (
        text[:1] in (b"{", b"[") and any(word in head for word in TOOLS))


def _is_table(text):
    """Its first line names the activity in one of many columns."""
    first = re.split(rb"[\r\n]", text, maxsplit=1)[0]
    first = (first if _is_utf_8(first) else first.decode("cp1252", errors="replace").encode()).decode().casefold()
    return max(map(first.count, ",;\t")) >= 4 and not first.startswith(("{", "[")) and any(
        word in first for word in ("activity id", "aktivitäts-id", "id da atividade", "id de l'activité", "id de actividad", "id de la actividad"))


def _is_utf_8(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def unpacked(head):
    """The beginning of what is in a gzip, or in two; a damaged one is nothing that the inbox could take, and its reader says so."""
    return _unpacked(_unpacked(head))


def _unpacked(head):
    if head[:2] != b"\x1f\x8b":
        return head
    try:
        return zlib.decompressobj(31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""


def spooled():
    """Standard input, where it holds what the importers read; None where it does not. They need all of it at once, on a disk."""
    if sys.stdin is None or not is_theirs(unpacked(sys.stdin.buffer.peek(HEAD_BYTES)[:HEAD_BYTES])):
        return None
    kept = tempfile.TemporaryFile()
    shutil.copyfileobj(sys.stdin.buffer, kept)
    kept.seek(0)
    return kept


def batches(file, athlete, zone, positions, known, stream=None):
    """What the importers say of one file, folder or zip, in pieces that can land one after the other."""
    batch, since, shown = Batch(), time.monotonic(), Progress()
    n_lines = 0
    for told in _told(file, athlete, zone, positions, known, stream):
        if "files" in told:
            shown.n_files = told["files"]
            continue
        n_lines += 1
        batch.add(told)
        shown.step()
        if len(batch.texts) >= BATCH_TEXTS or time.monotonic() - since > BATCH_S:
            yield batch
            batch, since = Batch(), time.monotonic()
    shown.end()
    if not n_lines:
        raise Failure(f"{file} holds no file")
    yield batch


class Batch:
    """Lines of the importers, sorted by what becomes of them."""

    def __init__(self):
        self.texts, self.n_documents, self.n_streams, self.faults, self.notes, self.owner = [], 0, 0, [], [], None
        self.recordings, self.files, self.activities, self.known, self.n_lost = [], [], set(), [], 0

    def add(self, told):
        self.owner = told.get("export", self.owner)
        self.activities.update(told.get("activities", []))
        if told.get("known"):
            self.known.append(told["key"])
            return
        if told.get("text"):
            self.texts.append((told["source"], told["text"].encode(errors="replace")))
            self.n_documents += told.get("documents", 0)
        elif told.get("streams"):
            self.n_streams += len(told["streams"])
        if told.get("fault"):
            self.faults.append((told["source"], told["fault"]))
            self.n_lost += not told.get("activities")
        if told.get("note"):
            self.notes.append((told["source"], told["note"]))
        self.recordings += [(told["source"], one) for one in told.get("streams", [])]
        if told.get("key") and not told.get("fault"):
            self.files.append((told["key"], json.dumps(told.get("activities", [])), told["source"]))


class Progress:
    """One line on a terminal: how many files of how many, and how long the rest will take."""

    def __init__(self):
        self.n_files, self.n, self.began, self.told_at = None, 0, time.monotonic(), 0.0
        self.is_told = sys.stderr is not None and sys.stderr.isatty()

    def step(self):
        self.n += 1
        now = time.monotonic()
        if not self.is_told or now - self.told_at < 0.2:
            return
        self.told_at = now
        print(f"\r{self}\033[K", end="", file=sys.stderr, flush=True)

    def __str__(self):
        if not self.n_files or self.n >= self.n_files:
            return f"{self.n} read"
        left_s = (time.monotonic() - self.began) / self.n * (self.n_files - self.n)
        return f"{self.n} of {self.n_files} read, {f'about {left_s / 60:.0f} min' if left_s > 90 else f'{left_s:.0f} s'} left"

    def end(self):
        if self.is_told:
            print(f"\r{self}\033[K", file=sys.stderr)


def _told(file, athlete, zone, positions, known, stream):
    """What the importers say, line by line."""
    python = os.environ.get("ATHLETE_PYTHON") or str(ROOT / "build" / "importers" / "bin" / "python")
    if not shutil.which(python):
        raise Failure(f"{file} is read by {python}, which is not there; `make import` makes it of a file, and `make build/importers/installed` of none")
    options = [f"--{name}={value}" for name, value in (("athlete", athlete), ("zone", zone)) if value is not None] + (["--positions"] if positions else [])
    with tempfile.NamedTemporaryFile("w") as hashes:
        hashes.write("\n".join(known))
        hashes.flush()
        arguments = [python, str(ROOT / "sql" / "tools" / "importers"), *options, f"--known={hashes.name}", "--", file]
        with subprocess.Popen(arguments, stdin=stream or subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True) as process:
            try:
                for line in process.stdout:
                    told = json.loads(line)
                    if told.get("asks"):
                        raise Failure(f"{told['source']} does not say whose it is; say it once: ATHLETE=me NAME=\"…\"")
                    yield told
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # and those that it has read for it
                raise
    if process.returncode:
        raise Failure(f"{file} could not be read: its reader ended with {process.returncode}")


# --- whose they are ------------------------------------------------------------------------------------------------------

KNOWN = """
    SELECT DISTINCT trim(payload -> '$.athlete.id', '"') FROM bronze_strava_activities WHERE stream <> 'tombstone'
    UNION SELECT athlete_id FROM bronze_strava_athlete LIMIT 3"""
FIRST = "1"


def athlete(db, told):
    """The athlete's number: as told, `me` being the only one here, or the first. None where nobody says."""
    known = [row[0] for row in db.execute(KNOWN)] if database.has(db, "bronze_strava_athlete") else []
    if told is None or told == "me":
        if len(known) > 1 and told == "me":
            raise Failure(f"ATHLETE=me says whose it is where there is one athlete; here are {', '.join(known)}, …")
        return known[0] if len(known) == 1 else FIRST if told == "me" else None
    return told if numbers.is_whole(told) else _named(db, told)


def _named(db, told):
    """The number of the only one who is called so; or a sentence that gives one."""
    called = readiness.called(db, told) if database.has(db, "athlete_names_now") else []
    if len(called) == 1:
        return called[0]
    taken = {row[0] for row in db.execute(KNOWN.replace("LIMIT 3", ""))} if database.has(db, "bronze_strava_athlete") else set()
    free = next(number for number in map(str, range(1, len(taken) + 2)) if number not in taken)
    raise Failure(f"ATHLETE is {told!r} where `me` or a number, such as Strava's, belongs" + ("" if called else f"; who has none gets one: ATHLETE={free} NAME={json.dumps(told, ensure_ascii=False)}"))


# --- what an export does not have any more -------------------------------------------------------------------------------

FROM_EXPORT = """
    SELECT activity_id FROM bronze_strava_activities AS b
    WHERE bronze_id = (SELECT MAX(bronze_id) FROM bronze_strava_activities AS l WHERE l.activity_id = b.activity_id)
      AND stream <> 'tombstone' AND payload ->> '$.provenance' = 'bulk_export' AND trim(payload -> '$.athlete.id', '"') = ?"""


def deletions(db, owner, here):
    """Of what an earlier export of this athlete had and this one has not: (a text that deletes it, of how many). `here` are numbers."""
    gone = [row[0] for row in db.execute(FROM_EXPORT, (owner,)) if row[0] not in here] if database.has(db, "bronze_strava_activities") else []
    return [("what the export does not have any more", "\n".join(
        json.dumps({"object_type": "activity", "aspect_type": "delete", "object_id": int(number)}) for number in gone).encode())] if gone else [], len(gone)
