"""C programs of the tests: one beside the test, compiled with the kernels that it checks."""

import shutil
import subprocess

from helpers.extension import ROOT

COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]


def libraries(*packages):
    """What the compiler needs to use libraries, as pkg-config says."""
    return subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True, text=True, check=True).stdout.split()


def compiled(folder, source, kernels, compiler, *flags, needs=("-lm",)):
    """tests/<source>.c with each kernel of ext, named as its file, linked with what it needs; the program, in `folder`."""
    program = folder / source.rpartition("/")[2]
    sources = [ROOT / "tests" / f"{source}.c", *(next((ROOT / "ext").rglob(f"{kernel}.c")) for kernel in kernels)]
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", f"-I{ROOT / 'ext'}", *flags]
    subprocess.run([compiler, *options, *sources, "-o", program, *needs], check=True)
    return program


def counts(program):
    """The whole numbers that a program prints."""
    return [int(word) for word in subprocess.run([program], capture_output=True, check=True).stdout.split()]
