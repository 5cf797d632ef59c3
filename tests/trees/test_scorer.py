"""The scorer at every level of vector instructions gives the bits of the plain way through the trees.

The C program beside this file makes the forests: chains, stumps, trees of hundreds of leaves, thresholds that are shared
by rows, denormal or huge, categories that fit a byte and that do not, several outputs; and rows of 1 to 256, with values
at and next to thresholds.
"""

import pytest

from helpers.machine.programs import COMPILERS, compiled, counts
from helpers.machine.soak import soak

TREES = ["model", "predict", "scorer", "scorer_compile", "scorer_avx2", "scorer_sse2", "scorer_neon", "walk", "float_sort", "float_math"]
KERNELS = [*TREES, "memory", "own_statement", "poll", "simd"]
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
# clang's sanitized program cannot run under the library that is loaded ahead for gcc's.
BUILDS = [*(soak(compiler, ["-O3"], id=f"{compiler} fast") for compiler in COMPILERS),
          pytest.param(COMPILERS[0], SANITIZED, id=f"{COMPILERS[0]} sanitized", marks=pytest.mark.unsanitized),
          *(soak(compiler, SANITIZED, id=f"{compiler} sanitized") for compiler in COMPILERS[1:])]


@pytest.mark.parametrize("compiler, flags", BUILDS)
def test_all_levels_give_the_same_margins(tmp_path, compiler, flags):
    program = compiled(tmp_path, "trees/scorer_bits", KERNELS, compiler, "-DSQLITE_CORE", *flags, needs=["-lsqlite3", "-lm"])
    compared, *differing = counts(program)
    assert compared > 100_000 and differing == [0, 0, 0, 0]
