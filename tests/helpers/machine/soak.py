"""What `make soak` runs and `make test` leaves out: more cases of a test of which a sample stays."""

import os

import pytest


def soak(*values, **options):
    """A case of pytest.mark.parametrize for `make soak` alone."""
    return pytest.param(*values, marks=pytest.mark.soak, **options)


def sized(small, whole):
    """How many, or which: the small form in `make test`, the whole one in `make soak`, which runs every test again with it."""
    return whole if os.environ.get("ATHLETE_SOAK") else small
