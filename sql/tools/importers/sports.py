"""Sports by Strava's names, from what GPX and TCX say, in the words of whichever language Strava has one in."""

import csv
import functools
import pathlib

from importers import local_texts

# Strava's own GPX has numbers.
NAMES = {
    "running": "Run", "run": "Run", "9": "Run", "trail_running": "TrailRun", "trailrun": "TrailRun", "trail running": "TrailRun",
    "treadmill_running": "Run", "street_running": "Run", "track_running": "Run", "virtual_run": "VirtualRun", "virtualrun": "VirtualRun",
    "cycling": "Ride", "biking": "Ride", "ride": "Ride", "1": "Ride", "road_biking": "Ride", "mountain_biking": "MountainBikeRide",
    "gravel_cycling": "GravelRide", "indoor_cycling": "Ride", "virtual_ride": "VirtualRide", "virtualride": "VirtualRide",
    "hiking": "Hike", "hike": "Hike", "4": "Hike", "walking": "Walk", "walk": "Walk", "10": "Walk",
    "swimming": "Swim", "swim": "Swim", "16": "Swim", "lap_swimming": "Swim", "open_water_swimming": "Swim",
    "other": "Workout", "strength_training": "WeightTraining",
}  # fmt: skip


def named(text):
    """None where a file does not say."""
    text = (text or "").strip()
    if not text:
        return None
    return NAMES.get(text.casefold()) or of_words(text) or (text if text.isascii() and text.isalpha() else "Workout")


def of_words(text):
    """Of the words of Strava's languages, or None."""
    return _words().get(local_texts.plain(text.replace("_", " ").replace("-", " ")).replace(" ", ""))


@functools.cache
def _words():
    with open(pathlib.Path(__file__).resolve().parent / "strava_sports.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {local_texts.plain(word).replace(" ", ""): row["sport_type"] for row in rows for word in row["words"].split("|")}
    return found | {row["sport_type"].casefold(): row["sport_type"] for row in rows}


def guessed(metres_per_second):
    """From how fast it was, of a file that does not say."""
    if metres_per_second is None:
        return "Workout"
    return "Walk" if metres_per_second < 1.9 else "Run" if metres_per_second <= 6 else "Ride"
