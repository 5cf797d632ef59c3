"""A recording second by second, as one packed channel for each thing that it measured."""

import base64

from importers.packed import packed

# Of a sample, as activity_streams names it: decimals that are kept, and the order of the differences that are.
CHANNELS = {"altitude_m": ("altitude", 1, 1), "heart_rate": ("heart_rate", 0, 1), "cadence": ("cadence", 1, 1), "power_w": ("power", 0, 1),
            "celsius": ("temperature", 0, 1)}
POSITIONS = {"latitude": ("latitude", 6, 2), "longitude": ("longitude", 6, 2)}


def channels(track, with_positions=False):
    """Bytes by channel; none without a time that can be kept."""
    found = {"time": packed(track.times, 0 if all(time == int(time) for time in track.times) else 3, 2)}
    if found["time"] is None:
        return {}
    if track.metres is not None:
        found["distance"] = packed(track.metres, 2, 2)
    for name, (channel, decimals, order) in (CHANNELS | POSITIONS if with_positions else CHANNELS).items():
        values = [getattr(sample, name) for sample in track.samples]
        if any(value is not None for value in values):
            found[channel] = packed(values, decimals, order)
    return {channel: samples for channel, samples in found.items() if samples is not None}


def recorded(activity, athlete, channels):
    """Channels as a line tells them. Whose they are is left open where only the activity is known."""
    return {"activity": str(activity), "athlete": None if athlete is None else str(athlete),
            "channels": {name: base64.b64encode(samples).decode() for name, samples in channels.items()}}
