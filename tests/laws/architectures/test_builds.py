"""However the extension is built, its answers have the same bits: compilers, optimisation, vector instructions, threads.

The statements also train with 1, 2, 3 and 8 threads and on rows in several orders; answers of one name must be one.
`make architectures` does the same for other processors.
"""

import functools
import shutil

import pytest

from helpers.extension import BUILD
from laws.architectures import builds

pytestmark = pytest.mark.unsanitized

FOLDER = BUILD / "architectures"
BUILDS = {
    "gcc, plain C": ("gcc", "-O0 -DATHLETE_SIMD_LIMIT=0"),
    "gcc, vectors of 128 bits, unrolled": ("gcc", "-O2 -funroll-loops -DATHLETE_SIMD_LIMIT=1"),
    "clang, one thread": ("clang", "-O0 -DATHLETE_NO_THREADS"),
    "clang, plain C, vectors by the compiler": ("clang", "-O3 -mavx2 -DATHLETE_SIMD_LIMIT=0"),
}


@functools.cache
def usual():
    return builds.digests(builds.build(FOLDER / "here", "gcc", "-O3"))


def test_neither_threads_nor_the_order_of_rows_change_an_answer():
    assert len(usual()) > 50
    assert [name for name, found in usual().items() if len(found) != 1] == []


@pytest.mark.parametrize("name", BUILDS)
def test_every_build_gives_the_same_answers(name):
    compiler, flags = BUILDS[name]
    assert shutil.which(compiler), f"{compiler} is needed for this test"
    folder = FOLDER / "-".join(name.replace(",", "").split())
    assert builds.digests(builds.build(folder, compiler, flags)) == usual()
