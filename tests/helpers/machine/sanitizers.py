"""Runs programs under AddressSanitizer, UBSan and LeakSanitizer and reads what they report about the extension.

Python is not built with the sanitizers, so their runtime is preloaded. The extension is preloaded with it, because
SQLite unloads an extension with its last connection and a leak found at exit would then have no symbols.
Python keeps its own allocator (no PYTHONMALLOC=malloc): our memory never comes from it, imports are eight times as
fast, and a forgotten address in a dead Python object cannot hide a leak, because LeakSanitizer does not look there.
Python itself leaks at exit: of the leaks, only those count whose stack passes through the extension (or through a
test program of ours). Memory errors and undefined behaviour always count.

LeakSanitizer's own reader falls now and then over a thread that ends while a process does (once in some ten thousand
processes, gcc 12). Such a process is named and counted apart, and more than FALLS of them fail the session.
"""

import pathlib
import re
import shutil
import subprocess

# Our own code in a stack: "#1 0x... in memory_alloc /.../ext/base/memory.c:18" or "(.../athlete.so+0x...)".
OURS = re.compile(r"\b(?:athlete|planted)\.so\b|\b(?:ext|tests/laws)/[\w/]+\.c:\d")

# LeakSanitizer fell while it read the memory of a process: it then says nothing about leaks of that process.
FALLEN = "LeakSanitizer has encountered a fatal error"
FALLS = 3


def runtime():
    """The path of gcc's libasan."""
    answer = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    return str(pathlib.Path(answer.stdout.strip()).resolve())


def split_leaks(text):
    """The records of a LeakSanitizer report, one string each."""
    starts = [m.start() for m in re.finditer(r"^(?:Direct|Indirect) leak of", text, re.M)]
    end = text.find("\nSUMMARY:")
    bounds = starts + [end if end >= 0 else len(text)]
    return [text[a:b].strip() for a, b in zip(bounds, bounds[1:])]


def counted(text):
    """The reports in one log that are about us."""
    if FALLEN in text and "ERROR: " not in text:
        return []
    if "ERROR: LeakSanitizer: detected memory leaks" in text:
        return [leak for leak in split_leaks(text) if OURS.search(leak)]
    return [text] if text.strip() else []


def undefined(text):
    """The reports of UBSan in a program's error output: gcc's runtime for it writes nowhere else."""
    return re.findall(r"^.*: runtime error: .*\n(?: +#.*\n?)*", text, re.M)


class Session:
    """A folder for the logs of everything that runs in the session's environment. What runs in it must have its
    error output in `session.stderr`."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.stderr = open(self.folder / "stderr", "w")
        return self

    def __exit__(self, *exception):
        self.stderr.close()

    def environment(self, traced, *libraries):
        """`traced` is the folder of the libraries that have frame pointers (helpers/machine/traced_libraries.py)."""
        log = self.folder / "log"
        return {
            "LD_LIBRARY_PATH": str(traced),
            "LD_PRELOAD": " ".join([runtime(), *map(str, libraries)]),
            "ASAN_OPTIONS": ":".join(
                [
                    f"log_path={log}",
                    "exitcode=99",
                    "detect_leaks=1",
                    "malloc_context_size=20",
                    "detect_stack_use_after_return=1",
                    "strict_string_checks=1",
                    "allocator_may_return_null=1",
                ]
            ),
            "LSAN_OPTIONS": "exitcode=0:report_objects=0",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        }

    def logs(self):
        return [log.read_text(errors="replace") for log in sorted(self.folder.glob("log.*"))]

    def reports(self):
        errors = (self.folder / "stderr").read_text(errors="replace")
        return [report for log in self.logs() for report in counted(log)] + undefined(errors) + self.fallen()[FALLS:]

    def fallen(self):
        """What LeakSanitizer said where it could not read a process to its end."""
        return [log for log in self.logs() if FALLEN in log]
