"""What each test took of a processor, as tests/slow_tests.txt has it: "seconds longest file::function", of functions that take half
a second or more for all cases, with the programs that they start; and so of what several tests begin with, file::fixture. The longest files start first,
and `make check` leaves out what takes long. ATHLETE_WRITE_TIMES=1 make pytest writes the file anew, whatever else the machine does meanwhile."""

import collections
import pathlib
import resource

SLOW_S, LONG_S = 1, 0.5
SOME = 5  # cases of a test, where not all are run

LIST = pathlib.Path(__file__).resolve().parents[2] / "slow_tests.txt"


_last = 0


def taken():
    """Seconds of a processor that this process took, and the programs that it has waited for."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)


def since_last():
    """What was taken since this was asked before."""
    global _last
    now = taken()
    before, _last = _last, now
    return now - before


def fixture_name(definition):
    return f"{definition.baseid}::{definition.argname}"


def function_of(nodeid):
    return nodeid.partition("[")[0]


def listed():
    """function -> (seconds of all its cases, seconds of the longest)."""
    lines = [line.split(maxsplit=2) for line in LIST.read_text().splitlines()]
    return {name: (float(total), float(longest)) for total, longest, name in lines}


def write(seconds):
    """`seconds` has what each case took, by its node's name."""
    cases = collections.defaultdict(list)
    for nodeid, took in seconds.items():
        cases[function_of(nodeid)].append(took)
    found = [(sum(took), max(took), name) for name, took in cases.items() if sum(took) >= LONG_S]
    LIST.write_text("".join(f"{total:.1f} {longest:.1f} {name}\n" for total, longest, name in sorted(found, reverse=True)))
