"""What other programs make of the formats is read all the same: compared with the recording that was written."""

import datetime
import gzip
import random
import re
import sqlite3
import zipfile

import garmin_fit_sdk
import pytest

from helpers.stores import device_files

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

UTC = datetime.timezone.utc
NUMBERS = garmin_fit_sdk.Profile["mesg_num"]


def landed(path):
    with sqlite3.connect(path) as db:
        return db.execute("SELECT start_time, utc_offset_s, sport_type, is_indoor, distance_m, moving_s, elapsed_s, avg_hr FROM silver_strava_activities ORDER BY 1").fetchall()


def prefixed(text, space, prefix):
    """Every name of the outermost element's namespace with a prefix."""
    return re.sub(r"<(/?)(?=[A-Za-z])(?![\w.-]+:)", rf"<\1{prefix}:", text).replace(f'xmlns="{space}', f'xmlns:{prefix}="{space}')


def mixed(text, tag):
    """The points in another order."""
    points = re.findall(rf"<{tag}.*?</{tag}>", text, re.S)
    at = text.index(points[0])
    return text[:at] + "\n".join(reversed(points)) + text[text.index(points[-1]) + len(points[-1]):]


GPX, TCX = "http://www.topografix.com/GPX/1/1", "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
DIALECTS = {  # of GPX and of TCX, as text
    "a prefix": lambda rng, text, is_gpx: prefixed(text, GPX if is_gpx else TCX, rng.choice(["gx", "ns3", "default"])),
    "Latin 1": lambda rng, text, is_gpx: text.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="ISO-8859-1"?><!-- São João -->').encode("latin-1"),
    "UTF-16": lambda rng, text, is_gpx: text.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"),
    "a long comment": lambda rng, text, is_gpx: text.replace('<?xml version="1.0"?>', f'<?xml version="1.0"?>\n<!-- <x> {"y" * rng.randrange(5000, 30000)} -->'),
    "no declaration": lambda rng, text, is_gpx: "\ufeff" * rng.randrange(2) + "\r\n" * rng.randrange(3) + text.replace('<?xml version="1.0"?>\n', ""),
    "an older version": lambda rng, text, is_gpx: text.replace("1.1", "1.0").replace("GPX/1/1", "GPX/1/0"),
    "another order": lambda rng, text, is_gpx: mixed(text, "trkpt" if is_gpx else "Trackpoint"),
    "an offset": lambda rng, text, is_gpx: text.replace("Z</", "+00:00</"),
    "a distance that the device does not count": lambda rng, text, is_gpx: re.sub("<DistanceMeters>.*?<", f"<DistanceMeters>{rng.choice(['0', '-5', '1e300'])}<", text),
    "a sport in the words of a language": lambda rng, text, is_gpx: text.replace("<type>running", f"<type>{rng.choice(['Laufen', 'corrida', 'Course à pied', 'RUNNING'])}"),
    "altitudes that are no numbers": lambda rng, text, is_gpx: re.sub("<(ele|AltitudeMeters)>.*?<", rf"<\1>{rng.choice(['NaN', 'inf'])}<", text),
    "points that are nowhere": lambda rng, text, is_gpx: re.sub(r"</trkseg>|</Track>", r'<trkpt lat="138" lon="1"></trkpt>\g<0>' if is_gpx else r"\g<0>", text),
    "milliseconds": lambda rng, text, is_gpx: text.replace("Z</", ".000Z</"),
    "packed twice": lambda rng, text, is_gpx: gzip.compress(gzip.compress(text.encode())),
}


@pytest.mark.parametrize("seed", range(2))
def test_a_run_is_the_same_in_whichever_dialect_it_was_written(tmp_path, seed):
    rng = random.Random(f"dialect {seed}")
    plain, odd = tmp_path / "plain", tmp_path / "odd"
    plain.mkdir(), odd.mkdir()
    for i, (name, change) in enumerate(DIALECTS.items()):
        for is_gpx in (True, False):
            points = device_files.run(rng.randrange(200, 500), datetime.datetime(2024, 1, 1, 7, tzinfo=UTC) + datetime.timedelta(days=i, hours=5 * is_gpx), rng.uniform(2.2, 4))
            text = (device_files.as_gpx if is_gpx else device_files.as_tcx)(points).decode()
            changed = change(rng, text, is_gpx)
            (plain / f"{name} {is_gpx}").write_text(text)
            (odd / f"{name} {is_gpx}").write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    for folder in (plain, odd):
        done = device_files.imported(tmp_path / f"{folder.name}.db", folder, athlete="me")
        assert (done.returncode, done.stdout) == (0, f"{2 * len(DIALECTS)} new\n"), done.stdout
    for one, other in zip(landed(tmp_path / "odd.db"), landed(tmp_path / "plain.db"), strict=True):
        assert one == (*other[:4], pytest.approx(other[4], rel=0.005), *other[5:])  # a distance of positions, where the device has none


def fit(records, sessions):
    encoder = garmin_fit_sdk.Encoder()
    encoder.write_mesg({"mesg_num": NUMBERS["FILE_ID"], "type": 4, "manufacturer": 1, "time_created": 0})
    for kind, messages in (("RECORD", records), ("SESSION", sessions)):
        for message in messages:
            encoder.write_mesg({"mesg_num": NUMBERS[kind], **message})
    return bytes(encoder.close())


@pytest.mark.parametrize("seed", range(2))
def test_what_a_file_says_of_the_whole_stands_where_its_seconds_say_nothing(tmp_path, seed):
    """FIT without records, or with heart rates alone; TCX whose laps have no points; TCX without a place."""
    rng = random.Random(f"totals {seed}")
    given, expected = tmp_path / "given", []
    given.mkdir()
    for day in range(8):
        at = int(datetime.datetime(2024, 3, 1 + day, rng.randrange(24), tzinfo=UTC).timestamp())
        timer, rate, kind = rng.randrange(900, 5000), rng.randrange(120, 170), ["no records", "rates alone", "laps alone", "no place"][day % 4]
        elapsed, metres = timer + rng.choice([0, rng.randrange(1, 30)]), round(timer * rng.uniform(2.3, 3.9), 1)
        start = at - device_files.FIT_EPOCH
        session = {"timestamp": start + elapsed, "start_time": start, "sport": 1, "sub_sport": 1, "total_elapsed_time": elapsed, "total_timer_time": timer,
                   "total_distance": metres, "avg_heart_rate": rate, "max_heart_rate": rate + 9}
        if kind == "no records":
            content = fit([], [session])
        elif kind == "rates alone":
            elapsed = timer
            content = fit([{"timestamp": start + i, "heart_rate": rate} for i in range(timer + 1)], [session | {"total_elapsed_time": timer, "avg_heart_rate": 99}])
        elif kind == "laps alone":
            timer = elapsed
            first, clock = rng.randrange(300, 600), lambda seconds: datetime.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            laps = "".join(f'<Lap StartTime="{clock(begin)}"><TotalTimeSeconds>{s}</TotalTimeSeconds><DistanceMeters>{m}</DistanceMeters><AverageHeartRateBpm><Value>{rate}</Value>'
                           "</AverageHeartRateBpm></Lap>" for begin, s, m in ((at, first, 1000), (at + first, elapsed - first, round(metres - 1000, 1))))
            content = f'<TrainingCenterDatabase><Activities><Activity Sport="Running"><Id>{clock(at)}</Id>{laps}</Activity></Activities></TrainingCenterDatabase>'.encode()
        else:
            points = [(at + i, metres * i / timer, 50, rate, 0, 0) for i in range(timer + 1)]
            elapsed, content = timer, re.sub(rb"<Position>.*?</Position>", b"", device_files.as_tcx(points))
        (given / str(day)).write_bytes(content)
        expected.append((datetime.datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "Run", int(kind != "laps alone"), metres, timer, elapsed, rate))
    done = device_files.imported(tmp_path / "a.db", given, athlete=7)
    assert (done.returncode, done.stdout) == (0, "8 new\n"), done.stdout
    found = [(start, sport, indoor, round(metres, 1), moving, elapsed, rate) for start, _, sport, indoor, metres, moving, elapsed, rate in landed(tmp_path / "a.db")]
    assert found == expected


def test_the_files_of_zips_within_a_zip_or_a_folder_come_in_and_what_is_no_zip_of_files_does_not(tmp_path):
    """As Garmin's account export has them; a document of an office is a zip, too, and a bomb grows as no zip does."""
    day = lambda i: device_files.as_fit(device_files.run(200, datetime.datetime(2024, 1, 1 + i, 7, tzinfo=UTC)))  # noqa: E731

    def packed(name, files):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        return (tmp_path / name).read_bytes()

    parts = {f"DI_CONNECT/part {i}": packed("part", {f"../../{i}.fit": day(i), "again.fit": day(10 + i)}) for i in range(3)}
    swollen = b"PK\3\4" + bytes(20_000_000)
    office = packed("office", {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
    twice = packed("twice", {"within.zip": parts["DI_CONNECT/part 0"]})
    packed("all.zip", parts | {"bomb.zip": swollen, "letter.docx": office, "deep.zip": twice})
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in (".DS_Store", "._one.fit", "Thumbs.db", "desktop.ini"):  # left by systems
        (folder / name).write_bytes(b"\0\5\x16\7")
    (folder / "takeout.zip").write_bytes(parts["DI_CONNECT/part 1"])
    (folder / "one.fit").write_bytes(day(20))
    before = {str(path) for path in tmp_path.rglob("*")}
    done, peak_kb = device_files.measured(tmp_path / "a.db", tmp_path / "all.zip", athlete=7)
    assert done.returncode == 0 and done.stdout.startswith("6 new, 3 unreadable:\n") and peak_kb < 1024 * 1024, (done.stdout, done.stderr)
    assert device_files.imported(tmp_path / "b.db", folder, athlete=7).stdout == "3 new\n"
    assert {str(path) for path in tmp_path.rglob("*")} - before == {str(tmp_path / "a.db"), str(tmp_path / "b.db")}
