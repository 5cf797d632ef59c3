"""A recording as columns: seconds from the start, metres, and which of the time is moving.

    slow        below 1.5 km/h
    pause       more than 10 s between two samples, and slow: the recorder stopped. It notices late, so that up to 20 s of each
                are moving. Where the recorder does not stop by itself, what it recorded is moving.
"""

import math

EARTH_M = 6371008.8
SLOW_M_S = 1.5 / 3.6
PAUSE_S = 10
LATE_S = 20
ALIKE_S = 1  # positions are means of those so near, which takes the trembling of a receiver away


class Track:
    def __init__(self, recording):
        self.samples = recording.samples
        start = self.samples[0].seconds
        self.times = [sample.seconds - start for sample in self.samples]
        self.metres = _metres(self.samples, self.times)
        self.steps = _moving(self.times, self.metres)
        self.moving = [0.0]
        for step in self.steps:
            self.moving.append(self.moving[-1] + step)

    def at(self, seconds):
        """The last sample that is not after this time from the start."""
        low, high = 0, len(self.times)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.times[middle] <= seconds else (low, middle)
        return low

    def values(self, name, first, last):
        """(value, seconds it stands for) of the samples after the first that have one."""
        for i in range(first + 1, last + 1):
            value = getattr(self.samples[i], name)
            if value is not None:
                yield value, min(self.times[i] - self.times[i - 1], PAUSE_S)


def _metres(samples, times):
    """From the start. A sample without distance is where the one before was; a device that counts none is not asked."""
    metres = None
    if sum(sample.distance_m is not None for sample in samples) > len(samples) // 2:
        metres, reached = [], next(sample.distance_m for sample in samples if sample.distance_m is not None)
        begin = reached
        for sample in samples:
            reached = max(reached, sample.distance_m if sample.distance_m is not None else reached)
            metres.append(reached - begin)
        if metres[-1] > 0:
            return metres
    placed = [i for i, sample in enumerate(samples) if sample.latitude is not None and sample.longitude is not None]
    if len(placed) < 2:
        return metres
    latitudes = smoothed([times[i] for i in placed], [samples[i].latitude for i in placed], ALIKE_S)
    longitudes = smoothed([times[i] for i in placed], unwrapped([samples[i].longitude for i in placed]), ALIKE_S)
    metres, reached, next_placed = [], 0.0, 0
    for i in range(len(samples)):
        if next_placed < len(placed) and placed[next_placed] == i:
            if next_placed:
                k = next_placed
                reached += between(latitudes[k - 1], longitudes[k - 1], latitudes[k], longitudes[k])
            next_placed += 1
        metres.append(reached)
    return metres


def unwrapped(longitudes):
    """Across the line where 180 degrees become -180."""
    out = longitudes[:1]
    for longitude in longitudes[1:]:
        out.append(longitude + 360 * round((out[-1] - longitude) / 360))
    return out


def between(latitude, longitude, other_latitude, other_longitude):
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def smoothed(times, values, half_width_s):
    """Means over what lies within so many seconds."""
    out, low, high = [], 0, 0
    total = 0.0
    for time in times:
        while high < len(times) and times[high] <= time + half_width_s:
            total += values[high]
            high += 1
        while times[low] < time - half_width_s:
            total -= values[low]
            low += 1
        out.append(total / (high - low))
    return out


def _moving(times, metres):
    """Of each step between two samples, the seconds that are moving."""
    steps = [after - before for before, after in zip(times, times[1:])]
    if metres is None:
        return [step if step <= PAUSE_S else min(step, LATE_S) for step in steps]
    slow = [after - before < SLOW_M_S * step for before, after, step in zip(metres, metres[1:], steps)]
    stops = any(is_slow and step > PAUSE_S for is_slow, step in zip(slow, steps))
    return [step if not is_slow else min(step, LATE_S) if step > PAUSE_S else 0.0 if stops else step for is_slow, step in zip(slow, steps)]
