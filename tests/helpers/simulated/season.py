"""A season of the day's job over simulated athletes: what arrives each day, what has been planted in it, and which alerts were open
when."""

import collections
import contextlib
import dataclasses
import datetime
import json
import sqlite3
import sys

from helpers import simulated
from helpers.stages import PATHS
from helpers.tools import tool


@dataclasses.dataclass(frozen=True)
class Season:
    world: simulated.World
    athletes: int
    history: int  # days that come all at once, on the first day
    days: int

    def day(self, number):
        return datetime.date.fromisoformat(self.world.begin) + datetime.timedelta(self.history + number)

    def number(self, date):
        return (date - self.day(0)).days

    def first_of_month(self, after):
        """The number of the first day that begins a month, from day `after` on."""
        return next(n for n in range(after, self.days) if self.day(n).day == 1)


# --- what is planted: each takes arrivals and gives others ----------------------------------------------------------------


def started(arrival):
    return datetime.date.fromisoformat(arrival.body["start_date_local"][:10]) if "start_date_local" in arrival.body else None


def between(season, arrival, first, end, athlete=None):
    day = started(arrival)
    return day is not None and season.day(first) <= day < season.day(end) and athlete in (None, arrival.body["athlete"]["id"])


def changed(arrival, **values):
    return dataclasses.replace(arrival, body=arrival.body | values)


def sensor(season, athlete, first, beats=25):
    """From a day on the athlete's strap shows more beats."""

    def plant(arrivals):
        for a in arrivals:
            if between(season, a, first, season.days + 1, athlete) and a.body["has_heartrate"]:
                a = changed(a, average_heartrate=a.body["average_heartrate"] + beats, max_heartrate=a.body["max_heartrate"] + beats)
            yield a

    return plant


def injury(season, athlete, first, days):
    """The athlete does nothing for so many days."""
    return lambda arrivals: (a for a in arrivals if not between(season, a, first, first + days, athlete))


def slower(season, first, share):
    """From a day on everybody's runs take longer by a share: what was learnt of them holds no more."""

    def plant(arrivals):
        for a in arrivals:
            if between(season, a, first, season.days + 1) and "Run" in a.body["sport_type"]:
                a = changed(a, **{name: int(a.body[name] * (1 + share)) for name in ("moving_time", "elapsed_time")})
            yield a

    return plant


def silence(season, first, days):
    """Nothing arrives for so many days; it all comes afterwards."""
    begin, end = (f"{season.day(n)}T00:00:00Z" for n in (first, first + days))
    return lambda arrivals: (dataclasses.replace(a, received_at=end) if begin <= a.received_at < end else a for a in arrivals)


# --- the job of each day --------------------------------------------------------------------------------------------------


class Played:
    """A file, and of each alert, by fingerprint, the numbers of the days on which it was first and last seen open."""

    def __init__(self, season, path, *planted):
        self.season, self.path, self.opened, self.last = season, path, {}, {}
        arrivals, self.truth = simulated.simulate(season.world, season.athletes, season.history + season.days)
        for plant in planted:
            arrivals = [*plant(arrivals)]
        self._by_day = collections.defaultdict(list)
        for a in arrivals:
            self._by_day[max(0, season.number(datetime.date.fromisoformat(a.received_at[:10])))].append(a)

    def begin(self):
        """The history, and the first day's job."""
        assert tool("run", self.path, PATHS["000_ops_tables"], PATHS["100_bronze_strava"]).returncode == 0
        with self.file() as db:
            db.execute("UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'")
            db.execute("UPDATE ops_config SET value = 0 WHERE name = 'task_retry_wait_s'")
        return self.on(0)

    @contextlib.contextmanager
    def file(self):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            yield db

    def land(self, number):
        """Puts into the inbox what has come since it was done last, until the end of a day."""
        came = [a for day in sorted(d for d in self._by_day if d <= number) for a in self._by_day.pop(day)]
        with self.file() as db:
            db.executemany("INSERT INTO bronze_inbox (source, received_at, body) VALUES ('season', ?, ?)", [(a.received_at, json.dumps(a.body)) for a in came])

    def on(self, number, *options):
        self.land(number)
        done = tool("daily", f"--as-of={self.season.day(number)}", *options, "--", self.path, ATHLETE_NOTIFY_PYTHON=sys.executable)
        with self.file() as db:
            for fingerprint, in db.execute("SELECT fingerprint FROM ops_alerts WHERE closed_at IS NULL"):
                self.opened.setdefault(fingerprint, number)
                self.last[fingerprint] = number
        return done

    def alerts(self, kind, athlete=None):
        """Fingerprints of a kind, of an athlete's features where one is named, and the days on which they opened."""
        return {f: day for f, day in self.opened.items() if f.startswith(f"{kind}:") and (athlete is None or f.endswith(f" of {athlete}"))}
