"""An export with many files of watches: `sql/tools/import` beside the decoder alone, over all processors, and the same again.

    tests/bench/imports.py [--activities 5000] [--files 2000] [--kills 5]

The files are the bundled real ones, with their times shifted so that no two are of one day; the other activities are rows of the table
alone. The decoder alone is garmin-fit-sdk over the same files in as many processes, and makes nothing of what it reads. Prints seconds
and their ratio, of the first import and of the second, which decodes nothing; then the same into another file, killed so many times
at moments by chance and resumed: what that costs, and whether the two files have the same rows.
"""

import argparse
import concurrent.futures
import csv
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


def shifted(content, days):
    """The same recording so many days later: every timestamp is field 253 of four bytes, and some other times are, too, so they are
    found by their value: seconds of the days around the recording's own. The checksum is made anew."""
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(content))
    messages, _ = garmin_fit_sdk.Decoder(stream).read(convert_types_to_strings=False, convert_datetimes_to_dates=False, merge_heart_rates=False)
    begins = min(record["timestamp"] for record in messages["record_mesgs"])
    ends = max(record["timestamp"] for record in messages["record_mesgs"])
    out, size = bytearray(content), struct.unpack_from("<I", content, 4)[0] + content[0]
    for at in range(content[0], size - 3):
        value = struct.unpack_from("<I", out, at)[0]
        if begins - 3600 <= value <= ends + 3600:
            struct.pack_into("<I", out, at, value + 86400 * days)
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(out))
    crc = garmin_fit_sdk.CrcCalculator.calculate_crc(out, 0, size) if hasattr(garmin_fit_sdk, "CrcCalculator") else _crc(out[:size])
    struct.pack_into("<H", out, size, crc)
    return bytes(out)


def _crc(data):
    table = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)
    crc = 0
    for byte in data:
        for nibble in (byte & 15, byte >> 4):
            crc = (crc >> 4 & 0x0FFF) ^ table[crc & 15] ^ table[nibble]
    return crc


def export(path, n_activities, n_files):
    originals = [gzip.decompress((ROOT / "tests" / "data" / "device-files" / f"{name}.fit.gz").read_bytes()) for name in REAL]
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(HEADERS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(n_activities):
            name = f"activities/{i}.fit.gz" if i < n_files else ""
            day = datetime.datetime(2005, 1, 1, 6) + datetime.timedelta(days=i, minutes=i % 600)
            rows.writerow([10**9 + i, day.strftime("%b %d, %Y, %I:%M:%S %p"), "x", "Run", 3600, "10.0", name, 3500])
            if name:
                archive.writestr(name, gzip.compress(shifted(originals[i % len(originals)], i // len(originals)), 6))
        archive.writestr("activities.csv", table.getvalue())
        archive.writestr("profile.csv", "Athlete ID\n7\n")


def decoded(content):
    stream = garmin_fit_sdk.Stream.from_byte_array(bytearray(gzip.decompress(content)))
    messages, errors = garmin_fit_sdk.Decoder(stream).read(convert_types_to_strings=False, convert_datetimes_to_dates=False, merge_heart_rates=False, expand_sub_fields=False)
    return len(messages["record_mesgs"]), len(errors)


def alone(path):
    with zipfile.ZipFile(path) as archive, concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        contents = [archive.read(name) for name in archive.namelist() if name.endswith(".fit.gz")]
        began, cpu = time.monotonic(), os.times().children_user
        counts = list(pool.map(decoded, contents, chunksize=4))
    return time.monotonic() - began, os.times().children_user - cpu, sum(n for n, _ in counts), sum(n for _, n in counts)


def imported(database, path):
    began, cpu = time.monotonic(), os.times().children_user
    done = subprocess.run([sys.executable, ROOT / "sql" / "tools" / "import", "--", database, path], capture_output=True, text=True, check=True, env=os.environ | {"ATHLETE_PYTHON": sys.executable})
    return time.monotonic() - began, os.times().children_user - cpu, done.stdout.strip()


LANDED = ("SELECT activity_id, stream, content_hash FROM bronze_strava_activities ORDER BY 1, 2, 3", "SELECT activity_id, channel, content_hash FROM activity_streams ORDER BY 1, 2",
          "SELECT file_hash, activities FROM bronze_files ORDER BY 1")


def killed(database, path, chance, within_s):
    """After a time by chance; how many files had landed."""
    process = subprocess.Popen([sys.executable, ROOT / "sql" / "tools" / "import", "--", database, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                               env=os.environ | {"ATHLETE_PYTHON": sys.executable, "ATHLETE_BATCH": "10"})
    time.sleep(chance.uniform(0.3, within_s))
    is_over = process.poll() is not None
    os.killpg(process.pid, signal.SIGKILL) if not is_over else None
    process.wait()
    with sqlite3.connect(database) as db:
        has = db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'bronze_files'").fetchone()[0]
        return is_over, db.execute("SELECT COUNT(*) FROM bronze_files").fetchone()[0] if has else 0


def rows(database):
    with sqlite3.connect(database) as db:
        return [db.execute(sql).fetchall() for sql in LANDED]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--activities", type=int, default=5000)
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--kills", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, database = f"{folder}/export.zip", f"{folder}/athlete.db"
        export(path, given.activities, given.files)
        print(f"{given.activities} activities, {given.files} FIT files, {os.path.getsize(path) / 1e6:.0f} MB; garmin-fit-sdk {garmin_fit_sdk.__version__ if hasattr(garmin_fit_sdk, '__version__') else ''}")
        seconds, cpu, n_records, n_errors = alone(path)
        print(f"decoder alone     {seconds:8.1f} s {cpu:8.1f} s CPU   {n_records} records, {n_errors} errors")
        first = 0.0
        for name in ("first import", "second import"):
            took, used, said = imported(database, path)
            print(f"{name:17} {took:8.1f} s {used:8.1f} s CPU   {took / seconds:.2f} x the decoder, {used / cpu:.2f} x its CPU   {said}")
            first = max(first, took)
        print(f"{os.path.getsize(database) / 1e6:.1f} MB")
        chance, resumed = random.Random(1), f"{folder}/resumed.db"
        landed = [killed(resumed, path, chance, first / 2) for _ in range(given.kills)]
        took, used, said = imported(resumed, path)
        print(f"killed {sum(not over for over, _ in landed)} times, with {', '.join(str(n) for _, n in landed)} files landed; the last took {took:.1f} s   {said}")
        print("the same rows as without" if rows(resumed) == rows(database) else "OTHER ROWS THAN WITHOUT")


if __name__ == "__main__":
    main()
