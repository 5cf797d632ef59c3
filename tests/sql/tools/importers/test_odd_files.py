"""What is odd and holds activities all the same gives them, each once; what holds none ends as the sentence that says what to do."""

import datetime
import gzip
import io
import json
import os
import random
import re
import sqlite3
import tarfile
import warnings
import zipfile

import garmin_fit_sdk
import pytest

from helpers.machine.soak import soak
from helpers.stores import device_files

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

FORMATS = (device_files.as_fit, device_files.as_tcx, device_files.as_gpx)
MESG = garmin_fit_sdk.Profile["mesg_num"]


class Days:
    """Runs, each of a day of its own and of a length of its own."""

    def __init__(self, rng):
        self.rng, self.taken = rng, []

    def run(self, seconds=None):
        start = datetime.datetime(2020, 1, 1, 7, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=len(self.taken))
        points = device_files.run(seconds or self.rng.randrange(120, 300), start=start)
        self.taken.append(start.strftime("%Y-%m-%d"))
        return points

    def file(self, *formats):
        return self.rng.choice(formats or FORMATS)(self.run())


def of_zip(*files):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # that a name comes twice
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def encrypted(content):
    """A zip of one file, which says that it has a password."""
    out = bytearray(of_zip(("x.fit", content)))
    out[6] |= 1
    out[out.rfind(b"PK\1\2") + 8] |= 1
    return bytes(out)


def several_sessions(days):
    """As of a triathlon, whose sessions are in any order."""
    points = days.run(900)
    parts = [points[:300], points[300:600], points[600:]]
    sessions = [{"mesg_num": MESG["SESSION"], "timestamp": part[-1][0] - device_files.FIT_EPOCH, "start_time": part[0][0] - device_files.FIT_EPOCH, "sport": sport,
                 "total_elapsed_time": 299, "total_timer_time": 299} for part, sport in zip(parts, (5, 2, 1))]
    days.rng.shuffle(sessions)
    days.taken += days.taken[-1:] * 2
    encoder = garmin_fit_sdk.Encoder()
    encoder.write_mesg({"mesg_num": MESG["FILE_ID"], "type": 4, "manufacturer": 1})
    for seconds, metres, *_ in points:
        encoder.write_mesg({"mesg_num": MESG["RECORD"], "timestamp": seconds - device_files.FIT_EPOCH, "distance": metres})
    for session in sessions:
        encoder.write_mesg(session)
    return bytes(encoder.close())


def settings():
    encoder = garmin_fit_sdk.Encoder()
    encoder.write_mesg({"mesg_num": MESG["FILE_ID"], "type": 2, "manufacturer": 1})
    return bytes(encoder.close())


def twofold(days, write, tag):
    """Two activities in one XML."""
    first, second = write(days.run()), write(days.run())
    inner = second[second.index(b"<%s" % tag):second.rindex(b"</%s>" % tag) + len(tag) + 3]
    at = first.rindex(b"</%s>" % tag) + len(tag) + 3
    return first[:at] + inner + first[at:]


def one_of_two_is_bad(days):
    bad = b'<trk><trkseg><trkpt lat="1" lon="2"><time>2021-05-05T00:00:00Z</time></trkpt></trkseg></trk></gpx>'
    return device_files.as_gpx(days.run()).replace(b"</gpx>", bad)


def wide(days):
    write, encoding = days.rng.choice(FORMATS[1:]), days.rng.choice(["utf-16", "utf-16-le", "utf-16-be"])
    text = write(days.run()).replace(b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="utf-16"?>').decode()
    return text.encode(encoding)


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x.fit"))
    return out.getvalue()


# What holds activities: bytes, and what is told besides, or None.
WHOLE = {
    "FIT after FIT": lambda days: (device_files.as_fit(days.run()) + device_files.as_fit(days.run()), None),
    "settings, then FIT": lambda days: (settings() + days.file(device_files.as_fit), None),
    "FIT, then zeros": lambda days: (days.file(device_files.as_fit) + bytes(days.rng.randrange(1, 600)), None),
    "FIT, then a text": lambda days: (days.file(device_files.as_fit) + b"no FIT at all", "13 bytes that follow its end are left out"),
    "FIT, then half a FIT": lambda days: (days.file(device_files.as_fit) + device_files.as_fit(device_files.run(200))[:40], "part 2 is not in: it is cut off after "),
    "several sessions": lambda days: (several_sessions(days), None),
    "TCX of two": lambda days: (twofold(days, device_files.as_tcx, b"Activity"), None),
    "GPX of two": lambda days: (twofold(days, device_files.as_gpx, b"trk"), None),
    "GPX of a good track and a bad": lambda days: (one_of_two_is_bad(days), "part 2 is not in: it has fewer than two points with a time"),
    "a mark and blanks first": lambda days: (b"\xef\xbb\xbf\r\n " + days.file(*FORMATS[1:]), None),
    "letters of two bytes": lambda days: (wide(days), None),
    "gzip with more behind": lambda days: (gzip.compress(days.file()) + days.rng.choice([bytes(512), b"garbage" * 9]), None),
    "gzip of two": lambda days: ((lambda content: gzip.compress(content[:3000]) + gzip.compress(content[3000:]))(days.file()), None),
    "a zip with a name thrice": lambda days: (of_zip(*[("x.fit", days.file())] * 2, ("x.fit", days.file()), ("x.fit", days.file())), None),
    "a zip within a zip": lambda days: (of_zip(("a.zip", of_zip(("x.fit", days.file())))), None),
}
# What holds none: bytes, and the sentence.
NONE = {
    "a zip with a password": lambda days: (encrypted(device_files.as_fit(device_files.run(200))), "it is encrypted: pack it anew, without a password"),
    "tar": lambda days: (tar(), "it is an archive of a kind that is not opened here: unpack it, and bring the folder"),
    "7z": lambda days: (b"7z\xbc\xaf\x27\x1c" + bytes(50), "it is an archive of a kind that is not opened here: unpack it, and bring the folder"),
    "a table of another tool": lambda days: (b"Activity Id,Date,Type,Route Name,Distance (km),Duration\nabc,x,y,z,1,2\n",
                                             "it is a table that is not known yet; its first line holds nothing personal, please report it: Activity Id,Date,Type,Route Name,"),
    "waypoints": lambda days: (b'<gpx version="1.1"><wpt lat="1" lon="2"><time>2021-01-01T00:00:00Z</time></wpt></gpx>', "none of its points has a time"),
    "a course": lambda days: (b"<TrainingCenterDatabase><Courses/></TrainingCenterDatabase>", "it holds no activity"),
    "FIT without end": lambda days: (device_files.as_fit(device_files.run(2)) * 102, "it holds more than 100 files, one after the other"),
}
NAMES = ("x{}.fit", "with a\nline {}", "quoted '\"{}", "🏃 {}.gpx", "{}.CSV.exe", "-{}", "$(touch x){}", "%s{}", "ÁÇÃ {}.tcx")


@pytest.mark.parametrize("form, seed", [("folder", 0), ("zip", 0), *(soak(form, seed) for form in ("folder", "zip") for seed in range(1, 9))])
def test_whatever_is_odd_gives_what_is_in_it_and_a_sentence_of_the_rest(tmp_path, form, seed):
    rng = random.Random(f"{form} {seed}")
    days, files, told = Days(rng), [], []
    kinds = [*WHOLE.items(), *NONE.items()]
    rng.shuffle(kinds)
    for i, (kind, make) in enumerate(kinds):
        content, sentence = make(days)
        # a zip within a zip within a zip is not opened
        if form == "zip" and kind == "a zip within a zip":
            days.taken.pop()
            sentence = "it is a zip within a zip that is damaged, swollen or within another one"
        files.append((rng.choice(NAMES).format(i), content))
        told += [sentence] if sentence else []
    given = tmp_path / "given"
    if form == "zip":
        given.write_bytes(of_zip(*files))
    else:
        given.mkdir()
        for name, content in files:
            (given / name).write_bytes(content)
        os.symlink(".", given / "around")
        os.mkfifo(given / "a pipe")
    before = {str(path) for path in tmp_path.rglob("*")}
    done = device_files.imported(tmp_path / "a.db", given, athlete=7)
    assert done.returncode == 0 and done.stdout.startswith(f"{len(days.taken)} new, ") and "not believed" not in done.stdout, (done.stdout, done.stderr)
    assert not re.search("Traceback|its reader fails", done.stdout + done.stderr) and {str(path) for path in tmp_path.rglob("*")} - before == {str(tmp_path / "a.db")}
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert [day for (day,) in db.execute("SELECT substr(start_time, 1, 10) FROM silver_strava_activities ORDER BY 1")] == sorted(days.taken)
        reasons = [reason for (reason,) in db.execute("SELECT reason FROM bronze_rejects")]
        assert db.execute("SELECT MIN(distance_m) > 300 FROM silver_strava_activities").fetchone() == (1,)
    assert len(reasons) == len(told) and all(any(reason.startswith(sentence) for reason in reasons) for sentence in told), (reasons, told)
    assert device_files.imported(tmp_path / "a.db", given, athlete=7).stdout.startswith(f"0 new, {len(days.taken)} known already")


def test_a_folder_that_may_not_be_looked_into_is_told_of(tmp_path, monkeypatch):
    from importers.recording import Unreadable
    from importers.sources import Files

    (tmp_path / "closed").mkdir()
    (tmp_path / "x.fit").write_bytes(b"x")
    look = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    files = Files(str(tmp_path))
    assert files.names() == ["closed/", "x.fit"] and files.read("x.fit") == b"x"
    with pytest.raises(Unreadable, match="^it cannot be read: Permission denied$"):
        files.packed("closed/")


def test_objects_that_nobody_has_sent_yet_end_in_a_request_for_their_names(tmp_path):
    """Of a watch's maker whose export is not known, and of a table in a language that is not."""
    (tmp_path / "x.json").write_text(json.dumps({"exportVersion": "1.6", "startTime": "2021-03-01T07:00:00.000", "distance": 10000.0, "exercises": [{"name": "Ann"}]}))
    (tmp_path / "x.csv").write_text("Aktywność,Dystans\n1,2\n")
    for name, names in (("x.json", "exportVersion, startTime, distance, exercises"), ("x.csv", "Aktywność, Dystans")):
        done = device_files.imported(tmp_path / f"{name}.db", tmp_path / name, athlete=7)
        assert done.returncode == 1 and re.search(f"\n  {name}: nobody has sent such objects yet; please report what wrote them, and the names in them: {names}\n", done.stdout), done.stdout
