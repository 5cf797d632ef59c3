"""Programs that embed athlete: one symbol beside their own names, as an archive, as an installed library, as one file."""

import os
import shutil
import sqlite3
import subprocess

import pytest

from helpers.extension import BUILD, EXTENSION, ROOT
from helpers.machine.programs import libraries
from helpers.machine.soak import soak

HERE = ROOT / "tests" / "laws"
ANSWER = "ours 30 2024-02-26"
COMPILERS = ["gcc", "clang"]


def run(*command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, **options).stdout.strip()


def globals_of(path):
    return {line.split()[-1] for line in run("nm", "-g", "--defined-only", path).splitlines() if len(line.split()) == 3}


def test_the_archive_has_one_symbol_to_give():
    assert globals_of(BUILD / "libathlete.a") == {"sqlite3_athlete_init"}


def test_a_program_may_have_any_other_name_itself():
    assert run(BUILD / "laws" / "embedded_beside") == ANSWER


def test_kernels_of_the_same_names_would_clash_otherwise(tmp_path):
    """The archive of parts, in which every function is there, cannot be linked beside the program."""
    command = ["gcc", f"-I{ROOT}/ext", HERE / "embedded_beside.c", BUILD / "parts.a", *libraries("sqlite3", "libcjson"), "-lm", "-pthread", "-o", tmp_path / "p"]
    flags = ["-fsanitize=address,undefined"] if "asan" in str(BUILD) else []
    assert "multiple definition of `memory_alloc'" in subprocess.run(list(map(str, command)) + flags, capture_output=True, text=True).stderr


@pytest.mark.unsanitized
def test_an_installed_library_is_found_by_pkg_config(tmp_path):
    run("make", "-s", "-C", ROOT, f"BUILD={BUILD}", f"PREFIX={tmp_path}/usr", "install")
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == [
        "usr/include/athlete.h", f"usr/lib/{os.path.basename(EXTENSION)}.so", "usr/lib/libathlete.a", "usr/lib/pkgconfig/athlete.pc"]  # fmt: skip
    paths = {**os.environ, "PKG_CONFIG_PATH": f"{tmp_path}/usr/lib/pkgconfig"}
    flags = run("pkg-config", "--cflags", "--libs", "athlete", env=paths).split()
    run("gcc", "-Wall", "-Wextra", "-Werror", "-o", tmp_path / "p", HERE / "embedded_beside.c", *flags)
    assert run(tmp_path / "p") == ANSWER
    assert run("pkg-config", "--modversion", "athlete", env=paths) == run(BUILD / "laws" / "embedded", "SELECT athlete_version()")


# --- one file ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run("make", "-s", "-C", ROOT, f"DIST={folder}", "amalgamation")
    assert sorted(p.name for p in folder.iterdir()) == ["athlete.c", "athlete.h"]
    return folder


# What one file adds to its parts is seen without optimizing, in a third of the time; and gcc compiles it below.
BUILDS = [("clang", "-O0"), soak("gcc", "-O0"), *(soak(compiler, "-O1") for compiler in COMPILERS)]


def compile_one(dist, compiler, level, *flags):
    strict = ["-std=c11", level, "-Wall", "-Wextra", "-Werror", "-fPIC", "-ffp-contract=off", "-pthread"]
    needs = [flag for flag in libraries("libcjson") if "-c" not in flags or not flag.startswith("-l")]
    run(compiler, *strict, *flags, "-o", dist / "out", dist / "athlete.c", *needs)
    return dist / "out"


@pytest.mark.unsanitized
@pytest.mark.parametrize("compiler, level", BUILDS)
def test_one_file_compiles_without_a_warning_and_keeps_its_names_to_itself(dist, compiler, level):
    assert shutil.which(compiler), f"{compiler} is needed for this test"
    part = compile_one(dist, compiler, level, "-DSQLITE_CORE", "-c").rename(dist / f"{compiler}.o")
    assert globals_of(part) == {"sqlite3_athlete_init"}
    run(compiler, "-I", dist, HERE / "embedded_beside.c", part, *libraries("sqlite3", "libcjson"), "-lm", "-pthread", "-o", dist / "p")
    assert run(dist / "p") == ANSWER


def rows(library):
    """What the statements that any build must answer alike answer."""
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(str(library))
    answers, text = [], ""
    for line in (HERE / "architectures" / "statements.sql").read_text().splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            answers += db.execute(text).fetchall()
            text = ""
    answers += db.execute("SELECT * FROM athlete_functions").fetchall()
    db.close()
    return answers


@pytest.mark.unsanitized
@pytest.mark.parametrize("level", ["-O0", soak("-O1")])
def test_one_file_answers_as_its_parts_do(dist, level):
    """`make soak` runs every test on it: make pytest BUILD=build/one-file ONE_FILE=1."""
    library = compile_one(dist, "gcc", level, "-shared").rename(dist / "athlete.so")
    assert set(run("nm", "-D", "--defined-only", library).split()[2::3]) == {"sqlite3_athlete_init", "sqlite3_api"}  # the second is the header's, for what is loaded
    expected = rows(EXTENSION)
    assert len(expected) > 100 and rows(library) == expected
