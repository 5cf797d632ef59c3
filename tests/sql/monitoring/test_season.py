"""A season of the day's job: what was planted is found within the days that are stated here, and quiet athletes are left in peace.

A month is judged when it is over, on the next day that brings news of the athlete; so what begins with a month is found within
38 days. Nothing arriving is told after four days."""

import pytest

from helpers.simulated import World
from helpers.simulated.season import Played, Season, injury, sensor, silence

pytestmark = pytest.mark.unsanitized  # what it looks at is which alerts there are

FOUND_DAYS, LATE_DAYS = 38, 4
ONE = "SELECT COUNT(*) FROM {}"


def assert_told(played, what, since, within):
    """One of these was opened after a day and at most so many days later."""
    assert [day for day in what.values() if since < day <= since + within], (what, since, within, played.opened)


def counted(played, sql, *values):
    with played.file() as db:
        return db.execute(sql, values).fetchone()[0]


def strapped(season, quiet):
    """Who of them wears a strap."""
    return [a.id for a in Played(season, None).truth.athletes if a.has_strap and a.id in quiet]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Four athletes; of a season of 75 days those are played on which something is to be seen."""
    season = Season(World(seed=11, late=0, break_per_day=0, illness_per_day=0), athletes=4, history=400, days=75)
    first = season.first_of_month(15)
    hurt, sensed = [a for a in strapped(season, {1, 2, 3, 4})][:2]
    played = Played(season, tmp_path_factory.mktemp("season") / "a.db", sensor(season, sensed, first), injury(season, hurt, first, 42), silence(season, 5, 7))
    assert played.begin().returncode == 0
    for number in [4, 7, 9, 12, 13, 14, first + 2, first + 31, first + 34, first + 37]:
        done = played.on(number)
        assert done.returncode == 0, done.stderr
    return played, first, hurt, sensed


def test_a_new_sensor_and_an_injury_that_begin_with_a_month_are_found_when_it_is_over(short):
    played, first, hurt, sensed = short
    assert_told(played, played.alerts("drift", sensed), first, FOUND_DAYS)
    assert_told(played, played.alerts("drift", hurt), first, FOUND_DAYS)


def test_nothing_arriving_is_told_in_four_days_and_over_after_two_good_ones(short):
    played = short[0]
    assert_told(played, played.alerts("freshness"), 5, LATE_DAYS)
    assert all(played.last[f] <= 5 + 7 + 2 for f in played.alerts("freshness"))


def test_nobody_else_is_alarmed_of_and_no_task_fails(short):
    played, _, hurt, sensed = short
    others = [a for a in range(1, 5) if a not in (hurt, sensed)]
    assert {f for a in others for f in played.alerts("drift", a)} == set() == set(played.alerts("failure")) | set(played.alerts("realized_loss"))
    assert counted(played, ONE.format("ops_task_runs WHERE outcome NOT IN ('ok', 'skipped')")) == 0
