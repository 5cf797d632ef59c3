"""Simulated athletes, seeded, of whom everything is known: what arrives is shaped as Strava's API, the truth comes beside it.

    arrivals, truth = simulate(World(seed=1), athletes=20, days=700)

They are made up and stand for nobody. They answer whether something that was planted is found, not how good a model is.
"""

import dataclasses

from helpers.athletes.activities import instant
from helpers.simulated import life, plan, recording
from helpers.simulated.world import DAY_S, Athlete, World, athlete

FIRST_MIDNIGHT_S = 14 * 3600  # no clock is further before UTC

__all__ = ["Arrival", "Athlete", "Truth", "World", "athlete", "person", "simulate"]


@dataclasses.dataclass(frozen=True)
class Arrival:
    received_at: str
    body: dict


@dataclasses.dataclass(frozen=True)
class Truth:
    athletes: list
    days: list  # of every athlete: fitness, fatigue and threshold pace, the load, whether well
    breaks: list  # planned by nobody: illness and injury, from their first day
    outings: dict  # by activity: what was done, and what it would have taken without noise
    races: dict  # by activity: its official distance in metres
    duplicates: dict  # by activity: the one of which it is the second recording


def person(who):
    return {"id": who.id, "resource_state": 2, "firstname": f"Simulated {who.id}", "sex": who.sex, "birthdate": f"{who.birth_year}-07-01"}


def simulate(world, athletes, days):
    """All that has arrived when the last day is over where it ends first, in that order, and the truth of all its days.

    More days or more athletes leave what came of the others before as it was."""
    people = [athlete(world, number) for number in range(1, athletes + 1)]
    truth = Truth(people, [], [], {}, {}, {})
    arrivals = [Arrival(instant(world.begin_s), person(who)) for who in people]
    end = instant(world.begin_s + days * DAY_S - FIRST_MIDNIGHT_S)
    for who in people:
        lived = life.live(world, who, days)
        truth.days.extend(lived.days)
        truth.breaks.extend(lived.breaks)
        for outing in lived.outings:
            for made in recording.record(world, who, outing):
                key = made.activity["id"]
                if made.original_id is None:
                    truth.outings[key] = outing
                    truth.races.update({key: plan.RACES_M[outing.race]} if outing.race else {})
                else:
                    truth.duplicates[key] = made.original_id
                if made.received_at <= end:
                    arrivals.append(Arrival(made.received_at, made.activity))
    return sorted(arrivals, key=lambda a: (a.received_at, a.body["id"])), truth
