"""What a feature group is to answer, by a plain replay of what came to it: lists of Python, one version after the other."""

import datetime

from helpers.stores import instants


class Replay:
    """One group, whose rows have one value each."""

    def __init__(self, delay_h, digits):
        self.delay, self.digits = datetime.timedelta(hours=delay_h), digits
        self.now, self.past = {}, []  # (key, timestamp): (value, known); (key, timestamp, value, known, until)
        self.offsets = {}  # of keys: (local day, seconds), in the order of days

    def read(self, key, text):
        """A time of a row as the group keeps it, or None."""
        if instants.read(text) is None:
            return None
        zones = self.offsets.get(key, [])
        zone = [s for day, s in zones if day <= text][-1:] or [s for _, s in zones][:1] or [0]
        return instants.read(instants.canonical(instants.of_row(text, zone[0]), self.digits, True))[0]

    def versions(self):
        return [(key, at, value, known, None) for (key, at), (value, known) in self.now.items()] + self.past

    def is_published(self, key):
        return any(k == key for k, *_ in self.versions())

    def batch(self, rows, clock, arrivals, known_at=None):
        """Rows (key, time, known or None, value, whether it keeps the rules) that come at once."""
        moment, published, met = known_at or clock, {key for key, *_ in self.versions()}, set()
        for key, time, told, value, is_right in rows:
            at, known = self.read(key, time), told and self.read(key, told)
            if at is None or (told is not None and known is None) or not is_right or (key, at) in met:
                continue
            met.add((key, at))
            usual = known or at + self.delay
            if (key, at) not in self.now:
                is_live = told is None and {"live": True, "history": False, None: key in published}[arrivals]
                ends = [until for k, t, _, _, until in self.past if (k, t) == (key, at)]
                self.now[key, at] = (value, max([usual, *ends] + [moment] * is_live))
            elif self.now[key, at][0] != value:
                self.replace(key, at, value, max(usual, moment), clock)

    def replace(self, key, at, value, known, clock):
        old, since = self.now[key, at]
        until = known if known > since else clock
        if until > since:
            self.past.append((key, at, old, since, until))
            known = max(known, until)
        self.now[key, at] = (value, known)

    def correct(self, key, at, value, clock):
        if self.now[key, at][0] != value:
            self.replace(key, at, value, self.now[key, at][1], clock)

    def delete(self, key, at, clock):
        value, known = self.now.pop((key, at))
        if clock > known:
            self.past.append((key, at, value, known, clock))

    def answer(self, key, as_of):
        """(value, timestamp) of the newest row that was believed at the moment, or (None, None)."""
        t = instants.read(instants.canonical(instants.of_request(as_of), self.digits, False))[0]
        found = [(at, known, value) for k, at, value, known, until in self.versions()
                 if k == key and at <= t and known <= t and (until is None or until > t)]  # fmt: skip
        return (max(found)[2], instants.canonical(max(found)[0], self.digits, False)) if found else (None, None)
