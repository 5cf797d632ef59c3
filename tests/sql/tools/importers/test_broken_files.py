"""Whatever is broken in a file ends as one sentence, and the rest is in."""

import datetime
import gzip
import io
import os
import random
import re
import sqlite3
import zipfile

import pytest

from helpers.machine.soak import soak
from helpers.stores import device_files

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

BOMB = b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a0 "ha">' + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12)) + b"]>"
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def whole(rng, day):
    points = device_files.run(rng.randrange(120, 300), start=datetime.datetime(2020, 1, 1, 7, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=day))
    return rng.choice([device_files.as_fit, device_files.as_tcx, device_files.as_gpx])(points)


def cut(rng, content):
    return content[: rng.randrange(len(content) - 40)]


def flipped(rng, _):
    content = bytearray(device_files.as_fit(device_files.run(200)))
    content[rng.randrange(40, len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def bomb(rng, _):
    return rng.choice([BOMB, OUTSIDE]) + rng.choice([b"<gpx><trk><name>&a9;</name></trk></gpx>", b"<TrainingCenterDatabase><Activities>&a;</Activities></TrainingCenterDatabase>"])


def swelling(rng, _):
    head = rng.choice([b"<gpx>" + b" " * 1000, b'\x0e\x20\x8b\x08\x40\x00\x00\x00.FIT' + bytes(100)])
    return gzip.compress(head + bytes(rng.randrange(66, 90) * 1_000_000), 1)


def absurd(rng, _):
    points = device_files.run(200)
    at = rng.randrange(10, 190)  # of a few points it would be known which are wrong
    points[at:] = [(rng.choice([4_102_444_800, 253_402_300_000]) + i, *rest[1:]) for i, rest in enumerate(points[at:])]
    return rng.choice([device_files.as_tcx, device_files.as_gpx])(points)


def noise(rng, _):
    return rng.choice([b"", b"\x0e\x20\x8b\x08\x40\x00\x00\x00.FIT", b"<gpx/>", b"\x1f\x8b\x08\x00"]) + bytes(rng.choices(range(1, 256), k=rng.randrange(1, 300)))


def timeless(rng, _):
    return b'<gpx version="1.1" creator="x"><trk><trkseg>' + b'<trkpt lat="%d" lon="1"/>' % rng.randrange(80) * rng.randrange(1, 9) + b"</trkseg></trk></gpx>"


BREAKERS = [cut, cut, cut, flipped, bomb, swelling, absurd, noise, timeless]


@pytest.mark.parametrize("form", ["zip", soak("folder")])
@pytest.mark.parametrize("n_broken, seed", [(24, ""), *(pytest.param(200, seed, marks=pytest.mark.soak) for seed in ("", " a", " b", " c"))])
def test_each_broken_file_ends_as_one_sentence_and_the_rest_is_in(tmp_path, form, n_broken, seed):
    rng = random.Random(f"{form} {n_broken}{seed}")
    files, broken = {}, set()
    for i in range(n_broken):
        name = f"activities/{i}.fit" if form == "folder" or rng.random() < 0.7 else f"../../{i}/../up.gpx"
        breaker = rng.choice(BREAKERS)
        files[name] = breaker(rng, whole(rng, i))
        broken.add(name)
    good = {f"activities/good {i}": whole(rng, 1000 + i) for i in range(6)}
    given = tmp_path / "given"
    if form == "folder":
        for name, content in (files | good).items():
            (given / name).parent.mkdir(parents=True, exist_ok=True)
            (given / name).write_bytes(content)
        os.symlink("/etc/hostname", given / "a link out")
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (files | good).items():
                archive.writestr(name, content)
            archive.writestr("activities/swollen.gpx", b"<gpx>" + bytes(80_000_000))
        broken.add("activities/swollen.gpx")
        given.write_bytes(packed.getvalue())
    before = {str(path) for path in tmp_path.rglob("*")}
    done, peak_kb = device_files.measured(tmp_path / "a.db", given, athlete=7)
    said = re.match(r"(\d+) new, (?:(\d+) refused, )?(\d+) unreadable:\n", done.stdout)  # refused is what may have been JSON
    n_new, n_refused, n_unreadable = [int(n or 0) for n in said.groups()] if said else [0, 0, 0]
    n_whole = n_new - 6 + n_unreadable
    assert done.returncode == 0 and n_whole + (n_refused > 0) <= len(broken) <= n_whole + n_refused, (done.stdout, done.stderr)  # of one file several objects may be refused
    assert "Traceback" not in done.stdout + done.stderr
    assert {str(path) for path in tmp_path.rglob("*")} - before == {str(tmp_path / "a.db")}
    assert peak_kb < 1024 * 1024
    with sqlite3.connect(tmp_path / "a.db") as db:
        told = dict(db.execute("SELECT source, reason FROM bronze_rejects"))
        assert db.execute("SELECT COUNT(*), SUM(is_flagged) FROM silver_strava_activities").fetchone() == (n_new, n_new - 6)
    assert told.keys() == broken and all("\n" not in reason and 10 < len(reason) < 300 for reason in told.values()), told
    assert sum(reason.endswith("is in, and proves nothing") for reason in told.values()) == n_new - 6


@pytest.mark.parametrize("write", [device_files.as_fit, device_files.as_tcx, device_files.as_gpx])
@pytest.mark.parametrize("place", [0, 1, 300, 598, 599])
def test_a_few_points_of_a_wild_clock_are_left_out_and_told_and_the_run_is_in(write, place):
    from importers import device_files as readers

    points = device_files.run(600)
    (whole, _), = readers.documents(write(points))[0]
    for moment in (4_102_444_800, 631_065_600, 820_454_400, *([points[300][0] + 7200] if place <= 300 else [])):
        for n in (1, 2, 3):
            wild = list(points)
            wild[place : place + n] = [(moment + i, *point[1:]) for i, point in enumerate(points[place : place + n])]
            ((told, channels),), (note,) = readers.documents(write(wild))
            n_wild = len(points[place : place + n])
            assert note.startswith(f"{n_wild} of 600 points left out: a clock that says {datetime.datetime.fromtimestamp(moment, datetime.timezone.utc):%Y-%m-%dT%H:%M}")
            assert abs(told["elapsed_time"] - whole["elapsed_time"]) <= n_wild and abs(told["distance"] - whole["distance"]) < 5 * n_wild and "flagged" not in told
    if place == 300:
        from importers.recording import Unreadable

        with pytest.raises(Unreadable, match="its times go from 2024-05-12 to 2100-01-01, more than ten days"):  # which of them are right?
            readers.documents(write([*points[:place], *((4_102_444_800 + i, *point[1:]) for i, point in enumerate(points[place:]))]))


@pytest.mark.parametrize("end", ["cut", "never closed"])
def test_what_a_fit_file_tells_before_it_ends_is_in_once_and_proves_nothing(tmp_path, end):
    content = device_files.as_fit(device_files.run(3600))
    content = content[: len(content) // 2] if end == "cut" else content[:4] + bytes(4) + content[8 : len(content) // 2]
    (tmp_path / "x.fit").write_bytes(content)
    said = device_files.imported(tmp_path / "a.db", tmp_path / "x.fit", athlete=7).stdout
    how = "it is cut off after 49 % of its bytes" if end == "cut" else "it was never closed"
    assert re.fullmatch(rf"1 new:\n  x.fit: {how}: its first 0:(29:5\d|30:0\d) is in, and proves nothing\n", said), said
    assert device_files.imported(tmp_path / "a.db", tmp_path / "x.fit", athlete=7).stdout == "0 new, 1 known already\n"
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT is_run, is_flagged, moving_s BETWEEN 1790 AND 1810, distance_m BETWEEN 5370 AND 5430 FROM silver_strava_activities").fetchall() == [(1, 1, 1, 1)]
        (reason,) = db.execute("SELECT r.reason FROM silver_rules AS r JOIN silver_strava_activities AS a ON instr(a.quality_flags, r.rule)").fetchone()
        assert reason == "flagged as not credible: on Strava, or since its file is cut off"


def test_a_name_that_is_no_utf_8_or_has_lines_is_one_line(tmp_path):
    (tmp_path / "x").mkdir()
    for name in (b"good \xff\n1", b"bad \xff\n\x1b[2J"):
        with open(os.path.join(os.fsencode(tmp_path / "x"), name), "wb") as file:
            file.write(device_files.as_gpx(device_files.run(200)) if name.startswith(b"good") else b"<gpx>")
    done = device_files.imported(tmp_path / "a.db", tmp_path / "x", athlete=7)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 2) and done.stdout.startswith("1 new, 1 unreadable:\n  bad ? "), done.stdout
    assert "\x1b" not in done.stdout


def test_an_archive_that_is_cut_off_anywhere_is_a_sentence_and_a_failure(tmp_path):
    rng = random.Random(1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("activities/1.fit", device_files.as_fit(device_files.run(200)))
    for i in range(4):
        (tmp_path / "x").write_bytes(packed.getvalue()[: rng.randrange(4, len(packed.getvalue()) - 22)])
        done = device_files.imported(tmp_path / f"{i}.db", tmp_path / "x", athlete="me")
        assert (done.returncode, done.stderr) == (1, "nothing that came could be used\n")
        assert done.stdout.startswith("0 new, 1 unreadable:\n  x: the zip is cut off or damaged: ") and done.stdout.count("\n") == 2
