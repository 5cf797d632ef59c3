"""C programs of the tests: one beside the test, compiled with the kernels that it checks."""

import re
import shutil
import subprocess

from helpers.extension import ROOT

COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]


def libraries(*packages):
    """What the compiler needs to use libraries, as pkg-config says."""
    return subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True, text=True, check=True).stdout.split()


def sources(kernels):
    """The files of these kernels, named as their files, and of all that their includes lead to."""
    ext = ROOT / "ext"
    found, waiting = [], [next(ext.rglob(f"{kernel}.c")) for kernel in kernels]
    while waiting:
        source = waiting.pop()
        if source in found or not source.exists():
            continue
        found.append(source)
        headers = source.with_suffix(".h").read_text() if source.with_suffix(".h").exists() else ""
        waiting += [(ext / header).with_suffix(".c") for header in re.findall(r'^#include "(.+/.+)"', source.read_text() + headers, re.M)]
    return found


def compiled(folder, source, kernels, compiler, *flags, needs=("-lm",)):
    """tests/<source>.c with the kernels that it checks, linked with what it needs; the program, in `folder`."""
    program = folder / source.rpartition("/")[2]
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", f"-I{ROOT / 'ext'}", *flags]
    subprocess.run([compiler, *options, ROOT / "tests" / f"{source}.c", *sources(kernels), "-o", program, *needs], check=True)
    return program


def counts(program):
    """The whole numbers that a program prints."""
    return [int(word) for word in subprocess.run([program], capture_output=True, check=True).stdout.split()]
