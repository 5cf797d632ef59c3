"""The sanitizer run finds what it is there for: each planted error is reported, and nothing else is."""

import os
import subprocess
import sys

import pytest

from helpers.machine import sanitizers
from helpers.extension import BUILD, ROOT

pytestmark = pytest.mark.unsanitized

PROGRAM = """
import sqlite3, sys
db = sqlite3.connect(":memory:")
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
for _ in range(3):
    db.execute(sys.argv[2]).fetchall()
if len(sys.argv) > 3:
    open_at_exit = db.execute(sys.argv[2])
else:
    db.close()
"""


@pytest.fixture(scope="module")
def asan(tmp_path_factory):
    """A build folder with the sanitized libraries."""
    environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "ASAN_OPTIONS")}
    build = BUILD
    if build.name != "asan":
        subprocess.run(["make", "-s", f"-j{os.cpu_count()}", f"BUILD={build}", "sanitized"], cwd=ROOT, env=environment, check=True)
        build = build / "asan"
    return build


def reports(asan, folder, library, sql, *more):
    with sanitizers.Session(folder) as session:
        environment = {**os.environ, **session.environment(asan.parent / "traced", asan / library)}
        command = [sys.executable, "-c", PROGRAM, str((asan / library).with_suffix("")), sql, *more]
        subprocess.run(command, env=environment, cwd=ROOT, stderr=session.stderr)
        return session.reports()


@pytest.mark.parametrize(
    "sql, found",
    [
        ("SELECT planted_leak(100)", "Direct leak of 3"),
        ("SELECT planted_text_leak('forgotten')", "Direct leak of"),
        ("SELECT planted_json_leak('[[1, 2], 3]')", "Direct leak of"),
        ("SELECT planted_overflow(0)", "heap-buffer-overflow"),
        ("SELECT planted_undefined(1)", "signed integer overflow"),
    ],
)
def test_a_planted_error_is_reported(asan, tmp_path, sql, found):
    text = "\n".join(reports(asan, tmp_path / "reports", "laws/planted.so", sql))
    assert found in text
    assert "planted.c:" in text


def test_a_sound_call_is_not_reported(asan, tmp_path):
    assert reports(asan, tmp_path / "reports", "laws/planted.so", "SELECT planted_undefined(-1)") == []
    assert reports(asan, tmp_path / "reports", "athlete.so", "SELECT * FROM athlete_functions") == []


def test_a_connection_left_open_is_not_a_leak(asan, tmp_path):
    sql = "SELECT * FROM athlete_functions"
    assert reports(asan, tmp_path / "reports", "athlete.so", sql, "leave it open") == []


def test_a_leak_reader_that_falls_is_no_report_but_three_are_the_most(tmp_path):
    """What LeakSanitizer printed when a thread of a test's worker ended under its eyes."""
    fall = "Tracer caught signal 11: addr=0x3c0 pc=0x7f00 sp=0x7f01\n==13071==LeakSanitizer has encountered a fatal error.\n"
    error = "==13072==ERROR: AddressSanitizer: heap-use-after-free on address 0x60\n"
    with sanitizers.Session(tmp_path / "reports") as session:
        for n in range(sanitizers.FALLS):
            (session.folder / f"log.{n}").write_text(fall)
        assert (session.reports(), len(session.fallen())) == ([], sanitizers.FALLS)
        (session.folder / "log.a").write_text(fall)
        assert session.reports() == [fall]
        (session.folder / "log.b").write_text(error + fall)
        assert error + fall in session.reports()
