"""Sports by Strava's names, from what GPX and TCX say."""

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
    return NAMES.get(text.casefold(), text if text.isascii() and text.isalpha() else "Workout") if text else None


def guessed(metres_per_second):
    """From how fast it was, of a file that does not say."""
    if metres_per_second is None:
        return "Workout"
    return "Walk" if metres_per_second < 1.9 else "Run" if metres_per_second <= 6 else "Ride"
