"""Seven kinds of athlete, each made from a few facts about its person: how fast, how often, what the devices record.

Whatever is asked of a page can be asked against these facts: the 10 km that the person can run, the kilometres of a week, the hours."""

import dataclasses
import datetime
import itertools

from helpers.athletes.activities import seeded

BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)  # a Monday
EASY, STEADY, FAST, LONG = 0.76, 0.84, 0.94, 0.73  # of the speed over 10 km


@dataclasses.dataclass(frozen=True)
class Person:
    number: int
    ten_km_s: float
    max_hr: int = 188
    rest_hr: int = 52
    sex: str = "M"
    born: int = 1985

    def heart_rate(self, share):
        """At a share of the speed over 10 km, which is run at nine tenths of the reserve."""
        return self.rest_hr + (self.max_hr - self.rest_hr) * min(1, 0.9 * share)

    def profile(self):
        return {"id": self.number, "firstname": "A", "sex": self.sex, "birthdate": f"{self.born}-06-01"}


class Diary:
    """What a person's devices record, day after day."""

    def __init__(self, person):
        self.person, self.rng, self.activities = person, seeded(f"diary {person.number}"), []
        self.ids = itertools.count(person.number * 100_000 + 1)

    def record(self, day, hour, sport, minutes, speed, **given):
        """Without `share` of the speed over 10 km, which makes the heart rate, there is none."""
        moving = round(60 * minutes)
        start = BEGIN + datetime.timedelta(days=day, hours=hour, seconds=self.rng.randint(0, 1800))
        share = given.pop("share", None)
        activity = {"id": next(self.ids), "athlete": {"id": self.person.number}, "resource_state": 2, "name": sport, "sport_type": sport,
                    "start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "utc_offset": 0, "workout_type": 0, "trainer": False, "manual": False, "flagged": False,
                    "distance": round(speed * moving, 1), "moving_time": moving, "elapsed_time": moving + self.rng.randint(0, moving // 50),
                    "total_elevation_gain": round(speed * moving * 0.006), "max_speed": round(1.35 * speed, 2)}
        if share is not None:
            mean = self.person.heart_rate(share) + self.rng.gauss(0, 2)
            activity |= {"average_heartrate": round(mean, 1), "max_heartrate": min(self.person.max_hr, round(mean + 8 + 14 * share))}
        self.activities.append(activity | given)
        return self.activities[-1]

    def run(self, day, minutes, share, slower=1.0, has_heart_rate=True, **given):
        speed = 10_000 / self.person.ten_km_s * share * slower * self.rng.gauss(1, 0.015)
        return self.record(day, 7, given.pop("sport", "Run"), minutes, speed, **({"share": share} if has_heart_rate else {}), **given)

    def race(self, day, distance_m, seconds, **given):
        race = self.run(day, seconds / 60, 1.0, workout_type=1, **given)
        race |= {"distance": round(distance_m * self.rng.uniform(1.0, 1.01), 1), "moving_time": round(seconds), "elapsed_time": round(seconds)}
        return race

    def week(self, week, **given):
        """Four runs: easy, fast, easy and long."""
        for day, minutes, share in ((1, 45, EASY), (3, 40, FAST), (5, 50, STEADY), (6, 85, LONG)):
            self.run(7 * week + day, minutes * self.rng.uniform(0.9, 1.1), share, **given)


def runner(number=1):
    """Four runs a week for nine months, a 10 km and a half marathon."""
    diary = Diary(Person(number, 2640))
    for week in range(40):
        diary.week(week)
    diary.race(7 * 24 + 2, 10_000, 2650)
    diary.race(7 * 34 + 2, 21_097.5, 5850)
    return diary


def treadmill_runner(number=2):
    """Everything indoors; the belt's distance is what a foot pod makes of it, a tenth too much or too little from run to run."""
    diary = Diary(Person(number, 3000, sex="F"))
    for week in range(30):
        for day, minutes, share in ((1, 40, EASY), (3, 35, FAST), (5, 60, EASY)):
            run = diary.run(7 * week + day, minutes, share, trainer=True, total_elevation_gain=0)
            run["distance"] = round(run["distance"] * diary.rng.uniform(0.9, 1.1), 1)
    return diary


def trail_runner(number=3):
    """Mountains: 45 m of climb in a kilometre, which cost a third of the speed; one flat run a week."""
    diary = Diary(Person(number, 2580))
    for week in range(30):
        for day, minutes, share in ((1, 60, EASY), (5, 150, LONG), (6, 90, EASY)):
            run = diary.run(7 * week + day, minutes, share, slower=0.67, sport="TrailRun")
            run["total_elevation_gain"] = round(0.045 * run["distance"])
        diary.run(7 * week + 3, 40, STEADY)
    return diary


def cyclist(number=4):
    """Rides with heart rate, and no run at all."""
    diary = Diary(Person(number, 3000, max_hr=182))
    for week in range(30):
        for day, minutes, share in ((1, 75, 0.72), (3, 60, 0.88), (6, 180, 0.68)):
            diary.record(7 * week + day, 9, "Ride", minutes, 8 * diary.rng.gauss(1, 0.05), share=share)
    return diary


def with_duplicates(number=5):
    """The runner with two devices: what the watch records in laps the phone records, too, a bit later and with stops cut out."""
    diary = runner(number)
    for activity in list(diary.activities):
        if diary.rng.random() < 0.5:
            late = diary.rng.randint(5, 90)
            start = datetime.datetime.fromisoformat(activity["start_date"].replace("Z", "+00:00")) + datetime.timedelta(seconds=late)
            diary.activities.append(activity | {"id": next(diary.ids), "name": "phone", "start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "workout_type": 0,
                                                "elapsed_time": activity["elapsed_time"] - late, "moving_time": activity["moving_time"] - late,
                                                "distance": round(activity["distance"] * diary.rng.uniform(0.97, 1.0), 1), "average_heartrate": None})
    return diary


def without_heart_rate(number=6):
    """Runs and rides without a strap."""
    diary = Diary(Person(number, 2880))
    for week in range(30):
        diary.week(week, has_heart_rate=False)
        diary.record(7 * week + 2, 17, "Ride", 60, 7.5)
    return diary


def returning(number=7):
    """Seven months as the runner, five without a step, and three weeks of jogging, a sixth slower than before."""
    diary = Diary(Person(number, 2640))
    for week in range(30):
        diary.week(week)
    for week in range(52, 55):
        for day in (1, 4, 6):
            diary.run(7 * week + day, 35, EASY, slower=0.84)
    return diary


KINDS = {f.__name__: f for f in (runner, treadmill_runner, trail_runner, cyclist, with_duplicates, without_heart_rate, returning)}
