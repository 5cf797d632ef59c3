"""Puts files into the inbox of a database, for the stage 100_bronze_strava to land.

A text becomes one row of the inbox. SQLite holds no value above a billion bytes; lines of objects that are more become several
rows, cut between lines, whose source says from which byte on they are.
"""

import gzip
import io
import itertools
import json
import os
import pathlib
import stat
import sys
import zlib

from . import csv_objects, database, stages
from .database import Failure

LIMIT_BYTES = 999_000_000  # of one text; a row of SQLite's has some bytes besides
PIECE_BYTES = 128_000_000  # of a text above the limit
UNPACKED_BYTES = 256_000_000  # of a text that came in a gzip: what is large unpacked may have been small


def put(db, path, found):
    """All texts or none, of files as opened() gives them. What is in the inbox already lands first: what comes now, if it has
    come before, is then known by its hash."""
    if not database.has(db, "bronze_inbox") or database.value(db, "SELECT EXISTS (SELECT 1 FROM bronze_inbox)"):
        land(db, path)
    is_utf8 = database.value(db, "PRAGMA encoding") == "UTF-8"
    with database.beside_readers(db), database.transaction(db):
        for texts in found:
            for source, text in texts:
                _insert(db, source, text, is_utf8)


def land(db, path):
    stages.run(db, path, stages.of("000_ops_tables", "100_bronze_strava"))


def _insert(db, source, text, is_utf8):
    """Bytes as they are, of which the stage rejects the objects that are not UTF-8; a UTF-16 database would take them for
    something else."""
    if is_utf8:
        db.execute("INSERT INTO bronze_inbox (source, body) VALUES (?, CAST(? AS TEXT))", (source, text))
        return
    try:
        db.execute("INSERT INTO bronze_inbox (source, body) VALUES (?, ?)", (source, str(text, "utf-8")))
    except UnicodeDecodeError as error:
        raise Failure(f"{source} is not UTF-8 at byte {error.start}") from error


GZIP = b"\x1f\x8b"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # as a shell of Windows writes what is sent to a file


# --- files ---------------------------------------------------------------------------------------------------------------


def opened(file):
    """(source, text) of a file, of which the first is read at once where it comes from elsewhere than a disk: the database is
    not kept locked while a program upstream is thinking."""
    if file == "-":
        if sys.stdin is None:
            raise Failure("standard input is closed")
        stream, source = sys.stdin.buffer, "standard input"
    else:
        stream, source = _open(file), os.fsencode(pathlib.Path(file).name).decode(errors="replace")
    size = os.fstat(stream.fileno())
    size = size.st_size if stat.S_ISREG(size.st_mode) else None
    try:
        is_packed = stream.peek(2)[:2] == GZIP
    except OSError as error:
        raise Failure(f"cannot read {source}: {error.strerror}") from error
    if is_packed:
        stream = io.BufferedReader(gzip.GzipFile(fileobj=stream))
        texts = _read(pieces(stream, source, None, UNPACKED_BYTES), source)
    else:
        texts = _read(csv_objects.read(stream, source, PIECE_BYTES) if source.endswith(".csv") else pieces(stream, source, size), source)
    return texts if size is not None else itertools.chain(list(itertools.islice(texts, 1)), texts)


def _read(texts, source):
    try:
        yield from texts
    except (OSError, EOFError, zlib.error) as error:
        raise Failure(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from error


def _open(file):
    try:
        return open(file, "rb")
    except IsADirectoryError:
        raise Failure(f"{file} is a folder; name the files in it") from None
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error


def pieces(stream, source, size, limit=LIMIT_BYTES, piece=PIECE_BYTES):
    """The texts that a stream of `size` bytes, None where that is not known, becomes."""
    text = stream.read(piece if size is not None and size > limit else limit + 1)
    if len(text) <= limit and (size is None or size <= limit):
        yield source, _in_utf_8(text, source)
        return
    if not _is_lines(text):
        raise Failure(f"{source} is one JSON text of more than {limit:,} bytes, which is the most; as lines of objects it may be larger")
    at = 0
    while text:
        end = len(text) if len(text) < piece else _line_end(text, piece, source, at)
        yield f"{source} from byte {at}", memoryview(text)[:end]
        at += end
        text = text[end:] + (stream.read(piece) if len(text) - end <= piece else b"")


def _in_utf_8(text, source):
    try:
        return text.decode("utf-16").encode() if text[:2] in UTF_16 else text
    except UnicodeError as error:
        raise Failure(f"{source} begins as UTF-16 and is not: {error.reason} at byte {error.start}") from error


def _is_lines(text):
    """Whether the first line is a JSON text of its own, as that of an array over several lines is not."""
    first, newline, _ = text.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return bool(newline) and not first.startswith(b"[")
    return True


def _line_end(text, piece, source, at):
    """Where the last line ends that begins an object, so that one over several lines stays whole."""
    end = max(text.rfind(b"\n{", 0, piece), text.rfind(b"\n[", 0, piece)) + 1
    if not end:
        raise Failure(f"{source} has a line of more than {piece:,} bytes, from byte {at} on")
    return end
