"""Files made into lines, by as many processes as there are processors. One that has been read before is only looked at."""

import concurrent.futures
import dataclasses
import hashlib
import json
import multiprocessing.connection
import os
import threading
import zoneinfo

from importers import device_files, strava_export, strava_streams, streams, tool_json
from importers.recording import NoActivity, Unreadable
from importers.sources import unpacked

READER = b"3"  # of what is made of a file: with another one all are read again
AHEAD = 8  # files that wait, read, for a processor …
AHEAD_BYTES = 200_000_000  # … and their bytes


@dataclasses.dataclass
class Way:
    """What the reading of every file depends on."""

    zone: zoneinfo.ZoneInfo | None
    with_positions: bool


def lines(work, way, known, n_files):
    """Of (source, what is known of the activity, its file's bytes or the fault), in their order."""
    if n_files == 1:
        for piece in work:
            yield _known(piece, way, known) or _line(*_keyed(piece, way), way)
        return
    processes = len(os.sched_getaffinity(0))
    pool = concurrent.futures.ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork"), initializer=_end_with_its_parent)
    try:
        waiting = []  # (source, bytes, line or its future)
        for piece in work:
            told = _known(piece, way, known)
            size = len(piece[2]) if isinstance(piece[2], bytes) and told is None else 0
            waiting.append((piece[0], size, told if told is not None else pool.submit(_line, *_keyed(piece, way), way)))
            while waiting and (len(waiting) >= AHEAD * processes or isinstance(waiting[0][2], dict) or sum(one[1] for one in waiting) > AHEAD_BYTES):
                yield _outcome(*waiting.pop(0))
        for one in waiting:
            yield _outcome(*one)
    finally:
        pool.shutdown(cancel_futures=True)  # what waits is for nobody where nobody listens any more


def _end_with_its_parent():
    """A process that waits for work of one that was killed would wait for ever, and whoever waits for what it says, too."""
    threading.Thread(target=lambda: (multiprocessing.connection.wait([multiprocessing.parent_process().sentinel]), os._exit(1)), daemon=True).start()


def _outcome(source, _, told):
    if isinstance(told, dict):
        return told
    try:
        return told.result()
    except (concurrent.futures.BrokenExecutor, MemoryError):
        return {"source": source, "fault": "its reader was ended: it needs more than a file of a device may"}


def _key(piece, way):
    """None of what has no bytes."""
    _, known, content = piece
    if not isinstance(content, bytes):
        return None
    depends = [str(way.zone), way.with_positions, known.get("athlete"), known.get("row")]
    return hashlib.sha256(READER + json.dumps(depends, sort_keys=True).encode() + content).hexdigest()


def _keyed(piece, way):
    source, known, content = piece
    return source, known | {"key": _key(piece, way)}, content


def _known(piece, way, known):
    """The line of a file that has been read before; else None."""
    if not known:
        return None
    key = _key(piece, way)
    if key not in known:
        return None
    activities = {"activities": [str(piece[1]["row"]["id"])]} if "row" in piece[1] else {}
    return {"source": piece[0], "key": key, "known": True, **activities}


# --- one file, in a process of its own -----------------------------------------------------------------------------------


def _line(source, known, content, way):
    """What becomes of one file. Where its activity is known already, as from a table, the file adds to it."""
    if known.keys() & {"asks", "export"}:
        return {"source": source} | {name: value for name, value in known.items() if name in ("asks", "export")}
    try:
        return _read(source, known, content, way)
    except (Unreadable, MemoryError) as error:
        if isinstance(error, NoActivity) and known.get("is_garmin"):
            return {"source": source, "key": known["key"]}
        fault = str(error) or "it needs too much memory"
        return strava_export.without_file(known, source, fault) if "row" in known else {"source": source, "fault": fault}
    except Exception as error:  # one file of a thousand does not stop the others
        return {"source": source, "fault": f"its reader fails on it: {type(error).__name__}: {error}"}


def _read(source, known, content, way):
    if isinstance(content, Unreadable):
        raise content
    if content is None:
        return strava_export.line(known, source, [], way.zone)
    content = unpacked(content)
    if content.lstrip()[:1] in (b"{", b"[") and "row" not in known:
        return _json_line(source, known, content, way)
    if known.get("athlete") is None:
        return {"source": source, "asks": True}
    found, notes = device_files.documents(content, way.zone, way.with_positions)
    told = {"key": known["key"], **({"note": "; ".join(notes)} if notes else {})}
    if "row" in known:
        if any(document.get("flagged") for document, _ in found):
            raise Unreadable("it is cut off")  # and the table tells of the whole
        return strava_export.line(known, source, found, way.zone) | told
    numbers = [device_files.number(content, known["athlete"], place) for place in range(len(found))]
    texts = [json.dumps({"id": number, "athlete": {"id": int(known["athlete"])}, "provenance": "device_file", **told}, allow_nan=False)
             for number, (told, _) in zip(numbers, found)]
    return {"source": source, "documents": len(found), "text": "\n".join(texts), **told, "activities": [str(number) for number in numbers],
            "streams": [streams.recorded(number, known["athlete"], channels) for number, (_, channels) in zip(numbers, found)]}


def _json_line(source, known, content, way):
    """Of streams, of another tool's activities, or of whatever the inbox makes of it."""
    found = strava_streams.read(content, source, way.with_positions)
    if found is not None:
        activity, channels = found
        return {"source": source, "key": known["key"], "activities": [activity], "streams": [streams.recorded(activity, known.get("athlete"), channels)]}
    told = tool_json.documents(content, known.get("athlete") or "0", way.zone)
    if told is None:
        return {"source": source} | ({} if known.get("is_garmin") else {"text": content.decode(errors="replace")})
    if known.get("athlete") is None:
        return {"source": source, "asks": True}
    faults = [str(one) for one in told if isinstance(one, Unreadable)]
    kept = [one for one in told if not isinstance(one, Unreadable)]
    return {"source": source, "documents": len(kept), "text": "\n".join(json.dumps(one, allow_nan=False) for one in kept), "activities": [str(one["id"]) for one in kept]} | (
        {"fault": f"{len(faults)} of {len(told)} activities: {faults[0]}"} if faults else {"key": known["key"]})

