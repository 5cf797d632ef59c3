"""Whichever allocation fails, the answer is the right one or SQLITE_NOMEM, and nothing is lost. See oom.c."""

import os
import pathlib
import re
import subprocess

import pytest

from helpers import functions
from helpers.extension import BUILD
from helpers.machine.soak import soak

STATEMENTS = pathlib.Path(__file__).with_name("oom_statements.sql")


def sweep(path, most=0):
    # It counts its leaks itself; under the sanitizers the stacks of a million allocations would cost minutes.
    quick = os.environ.get("ASAN_OPTIONS", "") + ":fast_unwind_on_malloc=1:malloc_context_size=2"
    environment = {**os.environ, "ASAN_OPTIONS": quick}
    process = subprocess.run([BUILD / "laws" / "oom", path, str(most)], capture_output=True, text=True, env=environment)
    print(process.stdout)
    counts = [tuple(map(int, c)) for c in re.findall(r"^ *(\d+) failures, +(\d+) times SQLITE_NOMEM", process.stdout, re.M)]
    violations = re.findall(r"^VIOLATION.*", process.stdout, re.M)
    assert violations == []
    assert process.returncode == 0, process.stderr
    return counts


@pytest.mark.sanitized
@pytest.mark.parametrize("most", [150, soak(0)], ids=["spread", "all"])
def test_every_allocation_of_the_listed_statements_may_fail(most):
    counts = sweep(STATEMENTS, most)
    assert len(counts) > 5
    assert all(failures > 0 and nomem > 0 for failures, nomem in counts)


@pytest.mark.sanitized
@pytest.mark.parametrize("most", [25, soak(0)], ids=["spread", "all"])
def test_every_allocation_of_a_plain_call_of_every_function_may_fail(db, tmp_path, most):
    calls = [next(iter(f.queries(f.base()))) for f in functions.declared(db)]
    wrong = [next(iter(f.queries(["x'00ff'"] * len(f.base())))) for f in functions.declared(db) if f.base()]
    path = tmp_path / "calls.sql"
    path.write_text("".join(f"{sql};\n" for sql in calls + wrong))
    assert len(sweep(path, most)) == len(calls) + len(wrong) + 1
