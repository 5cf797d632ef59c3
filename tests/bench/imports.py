"""An export with many files of watches: `sql/tools/import` beside the decoder alone, over all processors, and the same again.

    tests/bench/imports.py [--activities 5000] [--files 2000] [--kills 5] [--kept FOLDER] [STEP …]

The files are the bundled real ones, with their times shifted so that no two are of one day; the other activities are rows of the table
alone. The decoder alone is garmin-fit-sdk over the same files in as many processes, and makes nothing of what it reads. Prints seconds
and their ratio, of the first import and of the second, which decodes nothing; then the same into another file, killed so many times
at moments by chance and resumed: what that costs, and whether the two files have the same rows.

With a folder that is kept, the steps (export, decoder, first, second, killed, compared) can be run one at a time: `decoder:0:2` is the
decoder over the first half of the files, so that it can be measured before the import and after it where others use the machine, too.

--apart imports with a decoder that answers from memory, as the files are four real ones at other times: what the rest of an import costs
at the whole size, where the decoder's own time, which a part of the files tells, would be too long.
"""

import argparse
import concurrent.futures
import contextlib
import csv
import ctypes
import datetime
import gzip
import io
import os
import pathlib
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

import garmin_fit_sdk

ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL = ("sloatsburg", "portland", "trosku", "loup-blanc")
HEADERS = ("Activity ID", "Activity Date", "Activity Name", "Activity Type", "Elapsed Time", "Distance", "Filename", "Moving Time")


def times_of(content):
    """Where a recording has its times: every timestamp is field 253 of four bytes, and some other times are, too, so they are found by
    their value: seconds of the days around the recording's own."""
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(content))
    messages, _ = garmin_fit_sdk.Decoder(stream).read(convert_types_to_strings=False, convert_datetimes_to_dates=False, merge_heart_rates=False)
    begins = min(record["timestamp"] for record in messages["record_mesgs"])
    ends = max(record["timestamp"] for record in messages["record_mesgs"])
    places, at, end = [], content[0], struct.unpack_from("<I", content, 4)[0] + content[0] - 3
    while at < end:
        is_time = begins - 3600 <= struct.unpack_from("<I", content, at)[0] <= ends + 3600
        places += [at] if is_time else []
        at += 4 if is_time else 1
    return places


def shifted(content, places, days):
    """The same recording so many days later, with the checksum that this makes."""
    out, size = bytearray(content), struct.unpack_from("<I", content, 4)[0] + content[0]
    for at in places:
        struct.pack_into("<I", out, at, struct.unpack_from("<I", out, at)[0] + 86400 * days)
    struct.pack_into("<H", out, size, _crc(out[:size]))
    return bytes(out)


def _crc_table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
        yield byte


CRC = tuple(_crc_table())


def _crc(data):
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return crc


def export(path, n_activities, n_files):
    originals = [gzip.decompress((ROOT / "tests" / "data" / "device-files" / f"{name}.fit.gz").read_bytes()) for name in REAL]
    places = [times_of(content) for content in originals]
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(HEADERS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(n_activities):
            name = f"activities/{i}.fit.gz" if i < n_files else ""
            day = datetime.datetime(2005, 1, 1, 6) + datetime.timedelta(days=i, minutes=i % 600)
            rows.writerow([10**9 + i, day.strftime("%b %d, %Y, %I:%M:%S %p"), "x", "Run", 3600, "10.0", name, 3500])
            if name:
                archive.writestr(name, gzip.compress(shifted(originals[i % len(REAL)], places[i % len(REAL)], i // len(REAL)), 6))
        archive.writestr("activities.csv", table.getvalue())
        archive.writestr("profile.csv", "Athlete ID\n7\n")


def kept_decoder():
    """Decoders, by a recording's length, of what was decoded once: only its times are others. It stands in for the SDK's in the importers."""
    kept = {}
    for name in REAL:
        content = gzip.decompress((ROOT / "tests" / "data" / "device-files" / f"{name}.fit.gz").read_bytes())
        stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(content))
        messages, _ = garmin_fit_sdk.Decoder(stream).read(**READ)
        kept[len(content)] = (place := times_of(content)[0]), struct.unpack_from("<I", content, place)[0], messages

    class Kept:
        def __init__(self, stream):
            content = bytes(stream.read_bytes(stream.get_length()))
            place, before, self._messages = kept[len(content)]
            self._later = struct.unpack_from("<I", content, place)[0] - before

        def is_fit(self):
            return True

        def read(self, **_):
            times = ("timestamp", "start_time", "time_created", "local_timestamp")
            return {kind: [{name: value + self._later if name in times and isinstance(value, int) else value for name, value in one.items()} for one in told]
                    for kind, told in self._messages.items()}, []

    garmin_fit_sdk.Decoder = Kept


READ = {"convert_types_to_strings": False, "convert_datetimes_to_dates": False, "merge_heart_rates": False, "expand_sub_fields": False}
APART = f"""#!{sys.executable}
import runpy, sys
sys.path.insert(0, {str(ROOT / "tests" / "bench")!r})
import imports
imports.kept_decoder()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def python(given, folder):
    """What runs the importers."""
    if not given.apart:
        return sys.executable
    path = pathlib.Path(folder, "apart")
    path.write_text(APART)
    path.chmod(0o755)
    return str(path)


def decoded(content):
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(gzip.decompress(content)))
    messages, errors = garmin_fit_sdk.Decoder(stream).read(**READ)
    return len(messages["record_mesgs"]), len(errors)


def alone(path, part=0, parts=1):
    with zipfile.ZipFile(path) as archive, concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        contents = [archive.read(name) for name in archive.namelist() if name.endswith(".fit.gz")][part::parts]
        began, cpu = time.monotonic(), _cpu_s()
        counts = list(pool.map(decoded, contents, chunksize=4))
        seconds = time.monotonic() - began
    return seconds, _cpu_s() - cpu, sum(n for n, _ in counts), sum(n for _, n in counts)


def _cpu_s():
    """Of the children that have ended."""
    used = os.times()
    return used.children_user + used.children_system


PEAK = "import resource, subprocess, sys; c = subprocess.run(sys.argv[1:]).returncode; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(c)"


def imported(database, path, reader):
    """(seconds, of CPU, the most memory of one process in MiB, what it said)"""
    began, cpu = time.monotonic(), _cpu_s()
    done = subprocess.run([sys.executable, "-c", PEAK, sys.executable, ROOT / "sql" / "tools" / "import", "--", database, path], capture_output=True, text=True, check=True,
                          env=os.environ | {"ATHLETE_PYTHON": reader})
    said, _, peak_kb = done.stdout.strip().rpartition("\n")
    return time.monotonic() - began, _cpu_s() - cpu, int(peak_kb) / 1024, said


LANDED = ("SELECT activity_id, stream, content_hash FROM bronze_strava_activities ORDER BY 1, 2, 3", "SELECT activity_id, channel, content_hash FROM activity_streams ORDER BY 1, 2",
          "SELECT file_hash, activities FROM bronze_files ORDER BY 1")


def killed(database, path, reader, after_s, batch):
    """By SIGKILL after so many seconds: (whether it was over before, seconds, of CPU, how many files had landed)."""
    began, cpu = time.monotonic(), _cpu_s()
    process = subprocess.Popen([sys.executable, ROOT / "sql" / "tools" / "import", "--", database, path], stdout=subprocess.DEVNULL, start_new_session=True,
                               env=os.environ | {"ATHLETE_PYTHON": reader} | ({"ATHLETE_BATCH": str(batch)} if batch else {}))
    try:
        process.wait(after_s)
        is_over = True
    except subprocess.TimeoutExpired:
        is_over = False
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with contextlib.suppress(ChildProcessError):  # its readers, which find that nobody listens, and whose time counts
            while True:
                os.wait()
    seconds = time.monotonic() - began
    with sqlite3.connect(database) as db:
        has = db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'bronze_files'").fetchone()[0]
        return is_over, seconds, _cpu_s() - cpu, db.execute("SELECT COUNT(*) FROM bronze_files").fetchone()[0] if has else 0


def adopts():
    """What a child leaves behind becomes a child of this process (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def rows(database):
    with sqlite3.connect(database) as db:
        return [db.execute(sql).fetchall() for sql in LANDED]


def steps(given, folder):
    path, database, resumed = f"{folder}/export.zip", f"{folder}/athlete.db", f"{folder}/resumed.db"
    reader = python(given, folder)
    for step in given.step or ("export", "decoder", "first", "second", "killed", "compared"):
        step, *part = step.split(":")
        if step == "export":
            export(path, given.activities, given.files)
            yield f"{given.activities} activities, {given.files} FIT files, {os.path.getsize(path) / 1e6:.0f} MB"
        elif step == "decoder":
            seconds, cpu, n_records, n_errors = alone(path, *map(int, part))
            yield f"decoder {':'.join(part) or 'alone':9} {seconds:8.1f} s {cpu:8.1f} s CPU   {n_records} records, {n_errors} errors"
        elif step in ("first", "second"):
            seconds, cpu, peak_mb, said = imported(database, path, reader)
            yield f"{step + ' import':17} {seconds:8.1f} s {cpu:8.1f} s CPU {peak_mb:6.0f} MiB, {os.path.getsize(database) / 1e6:.1f} MB   {said}"
        elif step == "killed":
            chance = random.Random(given.seed)
            for _ in range(given.kills):
                is_over, seconds, cpu, n = killed(resumed, path, reader, chance.uniform(0.3, 1) * given.within, given.batch)
                yield f"{'over after' if is_over else 'killed after':17} {seconds:8.1f} s {cpu:8.1f} s CPU   {n} files landed"
                if is_over:
                    break
        elif step == "compared":
            seconds, cpu, peak_mb, said = imported(resumed, path, reader)
            yield f"{'resumed':17} {seconds:8.1f} s {cpu:8.1f} s CPU {peak_mb:6.0f} MiB   {said}"
            yield "the same rows as without" if rows(resumed) == rows(database) else "OTHER ROWS THAN WITHOUT"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--activities", type=int, default=5000)
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--kills", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--within", type=float, default=60, help="seconds within which it is killed")
    options.add_argument("--batch", type=int, default=0, help="files that land together before it is killed; 0: as always")
    options.add_argument("--kept", help="a folder that stays")
    options.add_argument("--apart", action="store_true")
    options.add_argument("step", nargs="*")
    given = options.parse_args()
    adopts()
    with tempfile.TemporaryDirectory() as folder:
        folder = given.kept or folder
        os.makedirs(folder, exist_ok=True)
        for line in steps(given, folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
