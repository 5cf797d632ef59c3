"""Doubles are written and read as the C library does, which rounds correctly, but without its locale."""

import pytest

from helpers.machine.programs import COMPILERS, compiled, counts
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized  # programs of its own


@pytest.mark.parametrize("compiler, level", [(COMPILERS[0], "-O3"), soak(COMPILERS[-1], "-O1"), soak(COMPILERS[0], "-O0"), soak(COMPILERS[-1], "-O0"), soak(COMPILERS[-1], "-O3")])
def test_decimal_text_of_doubles_is_that_of_the_c_library(tmp_path, compiler, level):
    tried, *differing = counts(compiled(tmp_path, "base/decimal_bits", ["decimal", "decimal_digits", "decimal_shortest"], compiler, level))
    assert tried > 200_000 and differing == [0, 0]
