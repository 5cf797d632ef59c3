"""Which recordings are of the same training, by comparing every two of them: union and find, from the definition alone."""

import dataclasses

FAMILIES = {"Run": "run", "TrailRun": "run", "VirtualRun": "run", "Ride": "ride", "MountainBikeRide": "ride", "GravelRide": "ride", "EBikeRide": "ride",
            "EMountainBikeRide": "ride", "VirtualRide": "ride", "Velomobile": "ride", "Handcycle": "ride", "Swim": "swim", "Walk": "walk", "Hike": "walk"}


@dataclasses.dataclass(frozen=True)
class Recording:
    athlete: str
    activity: str
    sport: str
    start_s: int
    elapsed_s: int
    samples: int = 0


def family(recording):
    return "unknown" if recording.sport is None else FAMILIES.get(recording.sport, "other")


def overlap(a, b):
    return min(a.start_s + a.elapsed_s, b.start_s + b.elapsed_s) - max(a.start_s, b.start_s)


def is_same(a, b):
    """More than half of the shorter one overlaps, of one athlete and one family."""
    return a.athlete == b.athlete and family(a) == family(b) and 2 * overlap(a, b) > min(a.elapsed_s, b.elapsed_s)


def trainings(recordings, separate=()):
    """Sets of recordings of one training; `separate` are activities that stand for themselves."""
    parent = {r: r for r in recordings}

    def root(r):
        while parent[r] is not r:
            r = parent[r]
        return r

    joined = [r for r in recordings if r.activity not in separate and r.elapsed_s > 0]
    for i, a in enumerate(joined):
        begin, end = a.start_s, a.start_s + a.elapsed_s
        for b in joined[:i]:
            if b.start_s < end and begin < b.start_s + b.elapsed_s and is_same(a, b):
                parent[root(a)] = root(b)
    found = {}
    for r in recordings:
        found.setdefault(root(r), set()).add(r)
    return list(found.values())


def counts(training):
    """Of one training the recording that counts: the most samples, then the longest, then the smallest id."""
    return min(training, key=lambda r: (-r.samples, -r.elapsed_s, len(r.activity), r.activity))


def same_training(recordings, separate=()):
    """The activities that do not count, each with the one that does."""
    return {r.activity: counts(group).activity for group in trainings(recordings, separate) for r in group if r is not counts(group)}


def same_training_kept_out(kept_out, usable, separate=()):
    """The same of what a rule keeps out: it counts for nothing beside a usable recording, of which sport it may be where that is
    not known, and what is left once for each training."""
    twice, found, rest = same_training(usable, separate), {}, []
    for r in kept_out:
        beside = [u for u in usable if not {u.activity, r.activity} & set(separate) and is_same(dataclasses.replace(r, sport=r.sport or u.sport), u)]
        if beside:
            most = min(beside, key=lambda u: (-overlap(r, u), len(u.activity), u.activity))
            found[r.activity] = twice.get(most.activity, most.activity)
        else:
            rest.append(r)
    return found | same_training(rest, separate)
