"""The scorer at every level of vector instructions gives the bits of the plain way through the trees.

The C program beside this file makes the forests: chains, stumps, trees of hundreds of leaves, thresholds that are shared
by rows, denormal or huge, categories that fit a byte and that do not, several outputs; and rows of 1 to 256, with values
at and next to thresholds.
"""

import shutil
import subprocess

import pytest

from conftest import ROOT

TREES = ["model", "predict", "scorer", "scorer_compile", "scorer_avx2", "scorer_sse2", "scorer_neon", "walk", "float_sort", "float_math"]
SOURCES = [ROOT / f"ext/trees/{name}.c" for name in TREES] + [ROOT / f"ext/base/{name}.c" for name in ("memory", "poll", "simd")]
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
# clang's sanitized program cannot run under the library that is loaded ahead for gcc's.
BUILDS = [pytest.param(["-O3"], id="fast"), pytest.param(SANITIZED, id="sanitized", marks=pytest.mark.unsanitized)]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("flags", BUILDS)
def test_all_levels_give_the_same_margins(tmp_path, compiler, flags):
    program = tmp_path / "scorer_bits"
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-DSQLITE_CORE", f"-I{ROOT / 'ext'}", *flags]
    subprocess.run([compiler, *options, ROOT / "tests/trees/scorer_bits.c", *SOURCES, "-o", program, "-lsqlite3", "-lm"], check=True)
    compared, *differing = map(int, subprocess.run([program], capture_output=True, check=True).stdout.split())
    assert compared > 100_000 and differing == [0, 0, 0, 0]
