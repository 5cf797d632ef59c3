"""A job: objects in, every partition that they touch written, and what became of each athlete."""

import collections
import gzip
import hashlib
import os
import pathlib
import tempfile
import zlib

import checks
import place
import template
from common import database
from common.database import Failure
from keys import athlete_of, partition_of
from scratch import at_hand

PIECE_BYTES = 64_000_000  # of a source, read by one worker
LIMIT_S = 600
REFUSED_SHARE = 0.05
REASONS = 10  # that are told


def made(folder, partitions=None, scratch=None, limit_s=LIMIT_S, delta=None):
    """What a task is told, as plain values that any engine can carry. Makes the folder, the pool's models and the template."""
    here = place.Place(folder)
    here.make(partitions)
    extension = _extension()
    scratch = str(scratch or tempfile.gettempdir())
    told = {"folder": str(here.folder), "extension": str(extension), "extension_sha256": place.digest(extension), "scratch": scratch, "limit_s": limit_s,
            "delta": delta and str(pathlib.Path(delta).absolute()), "tools": str(pathlib.Path(__file__).resolve().parents[1])}  # fmt: skip
    checks.worker(told["extension"], told["extension_sha256"], scratch)
    template.make(here.pool, here.template, scratch)
    told["stages_sha256"] = checks.stages_sha256()
    told["made_by"] = _made_by(here, told)
    return told


def _extension():
    named = pathlib.Path(os.environ.get("ATHLETE_EXTENSION") or database.ROOT / "build" / "athlete.so")
    return named if named.suffix else named.with_suffix(".so")


def _made_by(here, told):
    """The same for the same stages, library and models: what another one made is made again."""
    whole = hashlib.sha256(f"{told['extension_sha256']} {told['stages_sha256']}".encode())
    with at_hand(here.pool, told["scratch"]) as pool:
        for table, (_, _, rows) in sorted(template.champions(pool).items()):
            whole.update(f"{table} {rows!r}".encode())
    return whole.hexdigest()


# --- sources -----------------------------------------------------------------------------------------------------------------


def pieces(sources):
    """(file, first byte, end) of lines that one worker reads; a file in a gzip is one piece."""
    for source in sources:
        path = pathlib.Path(source)
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        if not files:
            raise Failure(f"{path} is empty")
        for file in files:
            try:
                size = file.stat().st_size
                with open(file, "rb") as stream:
                    is_packed = stream.read(2) == b"\x1f\x8b"
            except OSError as error:
                raise Failure(f"cannot read {file}: {error.strerror}") from error
            step = size if is_packed else PIECE_BYTES
            yield from ((str(file), first, min(first + step, size)) for first in range(0, size, max(step, 1)))


def lines_of(piece):
    """The lines that begin in a piece."""
    file, first, end = piece
    with open(file, "rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            try:
                yield from (line for raw in gzip.open(file) if (line := raw.strip()))
            except (OSError, EOFError, zlib.error) as error:
                raise Failure(f"{file} is a broken gzip: {error}") from error
            return
        stream.seek(max(first - 1, 0))
        if first:
            stream.readline()  # of the piece before, all of it that does not begin here
        while stream.tell() < end and (raw := stream.readline()):
            if line := raw.strip():
                yield line


def spooled(job, number, piece, folder):
    """Writes the lines of a piece into a file for each partition, for engines that have no shuffle of their own."""
    partitions = place.Place(job["folder"]).partitions
    found = collections.defaultdict(list)
    for line in lines_of(piece):
        found[partition_of(athlete_of(line) or "", partitions)].append(line)
    for partition, lines in found.items():
        room = pathlib.Path(folder) / f"{partition:05d}"
        room.mkdir(exist_ok=True)
        (room / f"{number:06d}").write_bytes(b"\n".join(lines))
    return sorted(found)


def arrived(number, folder):
    for file in sorted((pathlib.Path(folder) / f"{number:05d}").glob("*")):
        yield from file.read_bytes().split(b"\n")


# --- running -----------------------------------------------------------------------------------------------------------------


def run(engine, folder, sources, refused_share=REFUSED_SHARE, told=None, **options):
    """Sentences about a job that was done by an engine; fails if more than a share of the athletes was refused. `told` is for made()."""
    told = told or {}
    here = place.Place(folder)
    here.make(told.get("partitions"))
    with here.alone() as name:
        job = made(folder, **told) | {"job": name}
        if job["delta"]:
            here.add_delta(job["delta"])
        due = {number for number in here.numbers() if _is_due(here.version(number), job)}
        outcomes = list(engine.run(job, list(pieces(sources)), due, **options))
    return _told(outcomes, refused_share)


def _is_due(version, job):
    return place.made_by(version) != job["made_by"] or any((version / "refused").iterdir()) or (job["delta"] or "") not in ("", place.in_delta(version))


def _told(outcomes, refused_share):
    counted = collections.Counter(outcome["outcome"] for outcome in outcomes)
    refused = [outcome for outcome in outcomes if outcome["outcome"] == "refused"]
    athletes = len(outcomes) - counted["unclaimed"]
    sentences = [f"{counted['advanced']} athletes advanced, {counted['kept']} had nothing new, {len(refused)} refused; {counted['unclaimed']} objects name no athlete"]
    sentences += [f"  athlete {outcome['athlete_id']}, {outcome['stage']}: {outcome['message'].splitlines()[-1]}" for outcome in refused[:REASONS]]
    if len(refused) > REASONS:
        sentences.append(f"  and {len(refused) - REASONS} more, in rejects.parquet of their partitions")
    if refused and len(refused) > refused_share * athletes:
        raise Failure("\n".join([*sentences, f"{len(refused)} of {athletes} athletes are more than the share of {refused_share:g} that a job may refuse; the others are written"]))
    return sentences


def scratch_of(job):
    """A folder for what one job spools, on a disk that all its workers see."""
    return tempfile.TemporaryDirectory(dir=pathlib.Path(job["folder"]) / ".versions", prefix="arrivals-")
