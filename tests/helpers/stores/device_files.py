"""Files as devices write them: real ones, and the same recording written as FIT, TCX and GPX."""

import datetime
import gzip
import subprocess
import sys

import garmin_fit_sdk

from helpers.extension import DATA
from helpers.tools import command, environment, tool

FOLDER = DATA / "device-files"
FIT_EPOCH = 631065600
SEMICIRCLES = 2**31 / 180


def real(name):
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


def imported(database, *files, **options):
    """What sql/tools/import said and did; options such as athlete="me"."""
    named = [f"--{name}={value}" for name, value in options.items()]
    return tool("import", *named, "--", database, *files, ATHLETE_PYTHON=sys.executable)


# Of a process that starts no other: what else its parent has started does not count.
PEAK = "import resource, subprocess, sys; c = subprocess.run(sys.argv[1:]).returncode; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(c)"


def measured(database, *files, **options):
    """What sql/tools/import said and did, and the most memory of one of its processes in KiB."""
    named = [f"--{name}={value}" for name, value in options.items()]
    started = [sys.executable, "-c", PEAK, *command("import", *named, "--", database, *files)]
    done = subprocess.run(started, env=environment(ATHLETE_PYTHON=sys.executable), capture_output=True, text=True)
    said, _, peak = done.stdout.rstrip("\n").rpartition("\n")
    done.stdout = said + "\n"
    return done, int(peak)


def run(seconds, start=datetime.datetime(2024, 5, 12, 7, 0, tzinfo=datetime.timezone.utc), speed=3.0, pause=None, hills=20.0):
    """(seconds since 1970, metres, altitude, heart rate, latitude, longitude) of each second of a run along a meridian, with a pause."""
    points, metres = [], 0.0
    for i in range(seconds):
        if pause and pause[0] < i < pause[1]:
            continue
        points.append((int(start.timestamp()) + i, metres, 100 + hills * abs((i / 300) % 2 - 1), 140 + i % 20, 38.7 + metres / 111194.93, -9.1))
        metres += speed
    return points


def as_fit(points, sport=1, sub_sport=0, offset_s=0):
    encoder = garmin_fit_sdk.Encoder()
    profile = garmin_fit_sdk.Profile["mesg_num"]
    first, last = points[0][0] - FIT_EPOCH, points[-1][0] - FIT_EPOCH
    encoder.write_mesg({"mesg_num": profile["FILE_ID"], "type": 4, "manufacturer": 1, "time_created": first})
    for seconds, metres, altitude, rate, latitude, longitude in points:
        encoder.write_mesg({"mesg_num": profile["RECORD"], "timestamp": seconds - FIT_EPOCH, "distance": metres, "enhanced_altitude": altitude, "heart_rate": rate,
                            "position_lat": round(latitude * SEMICIRCLES), "position_long": round(longitude * SEMICIRCLES)})
    encoder.write_mesg({"mesg_num": profile["LAP"], "timestamp": last, "start_time": first})
    encoder.write_mesg({"mesg_num": profile["SESSION"], "timestamp": last, "start_time": first, "sport": sport, "sub_sport": sub_sport,
                        "total_elapsed_time": last - first, "total_timer_time": last - first})
    encoder.write_mesg({"mesg_num": profile["ACTIVITY"], "timestamp": last, "local_timestamp": last + offset_s, "num_sessions": 1})
    return bytes(encoder.close())


def as_tcx(points, sport="Running"):
    rows = "".join(
        f"<Trackpoint><Time>{_text(t)}</Time><Position><LatitudeDegrees>{lat}</LatitudeDegrees><LongitudeDegrees>{lon}</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{altitude}</AltitudeMeters><DistanceMeters>{metres}</DistanceMeters><HeartRateBpm><Value>{rate}</Value></HeartRateBpm></Trackpoint>\n"
        for t, metres, altitude, rate, lat, lon in points)
    return (f'<?xml version="1.0"?>\n<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity Sport="{sport}">'
            f'<Id>{_text(points[0][0])}</Id><Lap StartTime="{_text(points[0][0])}"><Track>{rows}</Track></Lap></Activity></Activities></TrainingCenterDatabase>').encode()


def as_gpx(points, type_="running"):
    rows = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><ele>{altitude}</ele><time>{_text(t)}</time><extensions><g:TrackPointExtension><g:hr>{rate}</g:hr>'
        "</g:TrackPointExtension></extensions></trkpt>\n" for t, _, altitude, rate, lat, lon in points)
    return (f'<?xml version="1.0"?>\n<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1" '
            f'xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"><trk><name>Rio</name><type>{type_}</type><trkseg>{rows}</trkseg></trk></gpx>').encode()


def _text(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
