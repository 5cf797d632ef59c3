"""However the extension is built, its answers have the same bits: compilers, optimisation, vector instructions, threads.

The statements also train with 1, 2, 3 and 8 threads and on rows in several orders; answers of one name must be one.
`make architectures` does the same for other processors.
"""

import functools
import shutil

import pytest

from helpers.extension import BUILD
from helpers.machine.soak import soak
from helpers.stores.file_rows import differences
from laws.architectures import builds

pytestmark = pytest.mark.unsanitized

FOLDER = BUILD / "architectures"
BUILDS = {
    "gcc, plain C": ("gcc", "-O0 -DATHLETE_SIMD_LIMIT=0"),
    "gcc, vectors of 128 bits, unrolled": ("gcc", "-O2 -funroll-loops -DATHLETE_SIMD_LIMIT=1"),
    "clang, one thread": ("clang", "-O0 -DATHLETE_NO_THREADS"),
    "clang, plain C, vectors by the compiler": ("clang", "-O3 -mavx2 -DATHLETE_SIMD_LIMIT=0"),
}
# Each compiles everything, which takes least without optimizing.
FEW = ("clang, one thread",)


@functools.cache
def usual_program():
    (FOLDER / "here").mkdir(parents=True, exist_ok=True)
    return builds.linked(FOLDER / "here", "gcc", BUILD / "parts.a")


@functools.cache
def usual():
    return builds.digests(usual_program())


def test_neither_threads_nor_the_order_of_rows_change_an_answer():
    assert len(usual()) > 50
    assert [name for name, found in usual().items() if len(found) != 1] == []


def program_of(name):
    compiler, flags = BUILDS[name]
    assert shutil.which(compiler), f"{compiler} is needed for this test"
    return builds.build(FOLDER / "-".join(name.replace(",", "").split()), compiler, flags)


@pytest.mark.parametrize("name", [name if name in FEW else soak(name) for name in BUILDS])
def test_every_build_gives_the_same_answers(name):
    assert builds.digests(program_of(name)) == usual()


@pytest.mark.parametrize("name", [*FEW, soak("clang, plain C, vectors by the compiler")])
def test_another_build_makes_the_same_rows_of_the_stages(tmp_path, name):
    (tmp_path / "other").mkdir()
    here = builds.stages(tmp_path, usual_program())
    there = builds.stages(tmp_path / "other", program_of(name))
    assert differences(here, there) == {} and sum(len(found) for _, found in here.values()) > 10_000
