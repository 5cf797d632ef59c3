"""GPX, by gpxpy. Heart rate and cadence are in extensions, of whichever namespace."""

import gpxpy
import gpxpy.gpx

from importers import sports, xml_texts
from importers.recording import Recording, Sample, Unreadable, checked, each, on_earth
from importers.tcx import instant, number

EXTENSIONS = {"hr": "heart_rate", "heartrate": "heart_rate", "cad": "cadence", "cadence": "cadence", "power": "power_w", "watts": "power_w",
              "atemp": "celsius", "temp": "celsius", "distance": "distance_m"}


def is_one(head):
    return xml_texts.root_of(head) == "gpx"


def read(content):
    text = xml_texts.unprefixed(xml_texts.begun(content))
    try:
        tracks = gpxpy.parse(text, version="1.1").tracks  # with which it reads extensions, whatever the file says
    except (gpxpy.gpx.GPXException, ValueError, TypeError, AttributeError, LookupError) as error:
        raise Unreadable(f"it is no GPX that can be read: {error}") from error
    found = [(track, samples) for track in tracks if (samples := [_sample(point) for segment in track.segments for point in segment.points if point.time])]
    if not found:
        raise Unreadable("none of its points has a time: a route that was planned, not recorded")
    return each(found, _recording)


def _recording(found):
    track, samples = found
    return Recording(checked(samples, notes=(notes := [])), sports.named(track.type), name=track.name, utc_offset_s=_offset_s(track), notes=notes)


def _offset_s(track):
    """Where its times tell one other than Z."""
    return next((offset_s for segment in track.segments for point in segment.points[:1] if point.time and (offset_s := instant(point.time.isoformat())[1])), None)


def _sample(point):
    values = {"altitude_m": number(point.elevation)}
    if on_earth(point.latitude, point.longitude):
        values |= {"latitude": point.latitude, "longitude": point.longitude}
    for extension in point.extensions:
        for element in extension.iter():
            name = EXTENSIONS.get(xml_texts.tag(element).lower()) if isinstance(element.tag, str) else None
            if name is not None:
                values[name] = number(element.text)
    return Sample(instant(point.time.isoformat())[0], **values)
