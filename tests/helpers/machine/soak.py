"""What `make soak` runs and `make test` leaves out: more cases of a test of which a sample stays."""

import pytest


def soak(*values, **options):
    """A case of pytest.mark.parametrize for `make soak` alone."""
    return pytest.param(*values, marks=pytest.mark.soak, **options)
