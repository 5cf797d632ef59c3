"""The float32 exp and log are the C library's to the bit, and every float32 survives its text.

The oracle is glibc, which XGBoost's wheels call; the C programs beside this file compare millions of values.
"""

import pytest

from helpers.machine.programs import COMPILERS, compiled, counts
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized

EVERY = [(compiler, level) for compiler in COMPILERS for level in ("-O0", "-O3")]
# Millions of values through code that is not optimized take seconds.
FEW = [(COMPILERS[0], "-O3")]


@pytest.mark.parametrize("compiler, level", [*((compiler, "-O3") for compiler in COMPILERS), *(soak(compiler, "-O0") for compiler in COMPILERS)])
def test_exp_log_and_text_agree_with_the_c_library(tmp_path, compiler, level):
    tried, *differing = counts(compiled(tmp_path, "trees/float_bits", ["float_math", "float_text"], compiler, level))
    assert tried > 2_000_000 and differing == [0, 0, 0]


@pytest.mark.parametrize("compiler, level", [*FEW, *(soak(*build) for build in EVERY if build not in FEW)])
def test_vectors_of_floats_have_the_bits_of_single_ones(tmp_path, compiler, level):
    kernels = ["float_each", "float_math", "simd"]
    tried, *differing = counts(compiled(tmp_path, "trees/float_lanes", kernels, compiler, level))
    assert tried > 5_000_000 and differing == [0, 0, 0]
