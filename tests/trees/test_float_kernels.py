"""The float32 exp and log are the C library's to the bit, and every float32 and double survives its text.

The oracle is glibc, which XGBoost's wheels call; the C program beside this file compares millions of values.
"""

import shutil
import subprocess

import pytest

from conftest import ROOT

COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_exp_log_and_text_agree_with_the_c_library(tmp_path, compiler, level):
    program = tmp_path / "float_bits"
    sources = [ROOT / "tests/trees/float_bits.c", ROOT / "ext/trees/float_math.c", ROOT / "ext/trees/float_text.c"]
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", level, "-ffp-contract=off", f"-I{ROOT / 'ext'}"]
    subprocess.run([compiler, *flags, *sources, "-o", program, "-lm"], check=True)
    tried, *differing = map(int, subprocess.run([program], capture_output=True, check=True).stdout.split())
    assert tried > 2_000_000 and differing == [0, 0, 0]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_vectors_of_floats_have_the_bits_of_single_ones(tmp_path, compiler, level):
    program = tmp_path / "float_lanes"
    sources = [ROOT / path for path in ("tests/trees/float_lanes.c", "ext/trees/float_each.c", "ext/trees/float_math.c", "ext/base/simd.c")]
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", level, "-ffp-contract=off", f"-I{ROOT / 'ext'}"]
    subprocess.run([compiler, *flags, *sources, "-o", program, "-lm"], check=True)
    tried, *differing = map(int, subprocess.run([program], capture_output=True, check=True).stdout.split())
    assert tried > 5_000_000 and differing == [0, 0, 0]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_decimal_text_of_doubles_is_that_of_the_c_library(tmp_path, compiler, level):
    program = tmp_path / "decimal_bits"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", level, f"-I{ROOT / 'ext'}"]
    cjson = subprocess.run(["pkg-config", "--cflags", "--libs", "libcjson"], capture_output=True, text=True).stdout.split()
    sources = [ROOT / "tests/trees/decimal_bits.c", ROOT / "ext/trees/decimal.c"]
    subprocess.run([compiler, *flags, *sources, "-o", program, *cjson, "-lm"], check=True)
    tried, *differing = map(int, subprocess.run([program], capture_output=True, check=True).stdout.split())
    assert tried > 200_000 and differing == [0, 0]
