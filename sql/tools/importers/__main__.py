"""Reads what was given and writes, line by line, what it holds, for sql/tools/import to land:

    python sql/tools/importers [--athlete=4001] [--zone=Europe/Lisbon] [--known=FILE] [--positions] export.zip

The first line is {"files": how many}; then one for each: {"source": name} with
    text         documents, one a line
    streams      [{"activity": its number, "athlete": whose, "channels": {name: base64 of the packed channel}}, …]
    key          the hash of the file and of all that its reading depends on, where it need not be read again; known: it is in FILE
    activities   the numbers of the activities that it is
    fault        why it gives none, or not all
    note         what of a recording was left out, and why
"""

import argparse
import itertools
import json
import os
import pathlib
import resource
import sys
import zoneinfo

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from importers import reading, strava_export, tool_databases  # noqa: E402
from importers.recording import Unreadable  # noqa: E402
from importers.sources import Files  # noqa: E402

MEMORY_BYTES = 800_000_000  # of each process


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--athlete")
    options.add_argument("--zone")
    options.add_argument("--known")
    options.add_argument("--positions", action="store_true")
    options.add_argument("given")
    given = options.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        zone = zoneinfo.ZoneInfo(given.zone) if given.zone else None
        if tool_databases.is_one(given.given):
            for line in tool_databases.lines(given.given, given.athlete, zone):
                _say(line)
            return
        files = Files(given.given)
        names = files.names()
        _say({"source": given.given, "files": len(names)})
        tables = strava_export.found_in(files, names)
        beside = [name for name in names if name not in tables and not any(name.startswith(strava_export.root_of(table)) for table in tables)]
        owner = next((found for table in tables if (found := strava_export.owner(files, table))), given.athlete)
        databases, silent = tool_databases.of_folder(given.given, beside) if os.path.isdir(given.given) else ([], [])
        beside = [name for name in beside if name not in silent]
        for line in itertools.chain.from_iterable(_of_database(os.path.join(given.given, name), given.athlete, zone) for name in databases):
            _say(line)
        work = itertools.chain(*(strava_export.work(files, table, given.athlete) for table in tables), _work(files, beside, owner))
        known = set(pathlib.Path(given.known).read_text().split()) if given.known else set()
        for line in reading.lines(work, reading.Way(zone, given.positions), known, len(names)):
            _say(line)
    except BrokenPipeError:
        sys.exit(1)  # nobody listens any more
    except (Unreadable, OSError) as error:
        _say({"source": os.path.basename(given.given.rstrip("/")) or given.given, "fault": str(error)})


def _of_database(path, athlete, zone):
    try:
        yield from tool_databases.lines(path, athlete, zone)
    except Unreadable as error:
        yield {"source": os.path.basename(path), "fault": str(error)}


def _say(line):
    """A name on a disk need not be UTF-8, and may have lines."""
    said = {name: value.encode(errors="replace").decode() if isinstance(value, str) else value for name, value in line.items()}
    print(json.dumps(said | {"source": " ".join(said["source"].split("\n"))}), flush=True)


def _work(files, names, athlete):
    """(source, whose it is, content or the fault) of each file. Garmin's account export has hundreds that are of no activity."""
    is_garmin = any(name.endswith("_summarizedActivities.json") for name in names)
    for name in names:
        try:
            yield name, {"athlete": athlete, "is_garmin": is_garmin}, files.packed(name)
        except Unreadable as error:
            yield name, {}, error


main()
