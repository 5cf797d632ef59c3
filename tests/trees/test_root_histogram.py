"""The next root's histogram, found from the leaves of the tree before it, is the one that is summed up from all rows."""

import subprocess

from helpers.extension import BUILD

PROGRAM = BUILD / "laws" / "root_histogram"


def test_roots_by_algebra_are_those_of_all_rows():
    done = subprocess.run([PROGRAM], capture_output=True, text=True, check=True)
    found, differing = map(int, done.stdout.split())
    assert found >= 20 and differing == 0
