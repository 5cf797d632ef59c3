"""What this machine has of what athlete needs, and what to do about what it lacks."""

import os
import pathlib
import re
import shutil
import subprocess

SHELL = (3, 38, 0)  # of the stages, which the shell may run, too
PYTHON = (3, 9)
ASK_PYTHON = "import sqlite3, sys; print(*sys.version_info[:2], sqlite3.sqlite_version, hasattr(sqlite3.Connection, 'enable_load_extension'))"

# How each system gets what may be missing: (what brings packages, names of packages by what is missing).
PACKAGES = {
    "debian": ("sudo apt-get install", {"sqlite3": "sqlite3", "sqlite.h": "libsqlite3-dev", "cjson.h": "libcjson-dev", "pkg-config": "pkg-config", "cc": "gcc", "make": "make", "python": "python3"}),
    "fedora": ("sudo dnf install", {"sqlite3": "sqlite", "sqlite.h": "sqlite-devel", "cjson.h": "cjson-devel", "pkg-config": "pkgconf-pkg-config", "cc": "gcc", "make": "make", "python": "python3"}),
    "macos": ("brew install", {"sqlite3": "sqlite", "sqlite.h": "sqlite", "cjson.h": "cjson", "pkg-config": "pkgconf", "cc": "gcc", "make": "make", "python": "python"}),
}  # fmt: skip
NAMES = {"debian": "Debian or Ubuntu", "fedora": "Fedora", "macos": "macOS", "windows": "Windows", "other": "a system that this program does not know"}


def system(kernel, release, version):
    """Which of PACKAGES this is, and whether below Windows, by `uname -s`, /etc/os-release and /proc/version."""
    if kernel == "Darwin":
        return "macos", False
    if re.match(r"MINGW|MSYS|CYGWIN|Windows", kernel):
        return "windows", False
    told = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)"?$', release, re.M))
    alike = f"{told.get('ID', '')} {told.get('ID_LIKE', '')}".split()
    kind = next((kind for names, kind in (({"debian", "ubuntu"}, "debian"), ({"fedora", "rhel", "centos"}, "fedora")) if names & set(alike)), "other")
    return kind, "microsoft" in version.lower()


def this_system():
    return system(os.uname().sysname if hasattr(os, "uname") else "Windows", _text("/etc/os-release"), _text("/proc/version"))


def _text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def said(*command, standard_input=""):
    """What a program prints, None where it fails or is not there."""
    try:
        done = subprocess.run(command, input=standard_input, capture_output=True, text=True, errors="replace", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def version(text):
    """Numbers of a version, None where there are none."""
    found = re.search(r"\d+(?:\.\d+)+", text or "")
    return tuple(map(int, found[0].split("."))) if found else None


def dotted(numbers):
    return ".".join(map(str, numbers))


# --- the parts: each says whether it will do, what was found, and what is missing of PACKAGES or what to do --------------------------


def shell(extension):
    there = shutil.which("sqlite3")
    if there is None:
        return False, "the sqlite3 shell is not there", "sqlite3"
    found = version(said(there, "-version"))
    if found is None:
        return False, f"{there} does not run", "sqlite3"
    if found < SHELL:
        return False, f"{there} is SQLite {dotted(found)} where at least {dotted(SHELL)} is needed", "sqlite3"
    options = said(there, "-init", os.devnull, "-batch", ":memory:", "PRAGMA compile_options") or ""
    if "OMIT_LOAD_EXTENSION" in options.split():
        return False, f"{there} is SQLite {dotted(found)} and can load no extension", "sqlite3"
    if extension.exists() and not said(there, "-init", os.devnull, "-batch", "-bail", "-cmd", f".load '{extension}'", ":memory:", "SELECT athlete_version()"):
        return False, f"{there} is SQLite {dotted(found)}, and cannot load {extension}", "build it anew: make clean all"
    return True, f"{there} is SQLite {dotted(found)} and can load extensions", None


def python(command, kind):
    told = (said(command, "-c", ASK_PYTHON) or "").split()
    if len(told) != 4:
        return False, f"{command} does not run, or has no sqlite3", "python"
    found, library = tuple(map(int, told[:2])), version(told[2])
    words = f"{command} is Python {dotted(found)} with SQLite {dotted(library)}"
    if found < PYTHON:
        return False, f"{words}, where at least Python {dotted(PYTHON)} is needed", "python"
    if library < SHELL:
        return False, f"{words}, where at least {dotted(SHELL)} is needed", "python"
    if told[3] != "True":
        return False, f"{words}, which can load no extension", 'make PYTHON="$(brew --prefix)/bin/python3" once brew has installed it' if kind == "macos" else "another Python does, such as the system's: make PYTHON=/usr/bin/python3"
    return True, f"{words}, which can load extensions", None


def compiler(command):
    there = shutil.which(command)
    return (True, f"{there} compiles", None) if there and said(there, "-dumpmachine") is not None else (False, f"there is no compiler {command}", "cc")


def library(name, needs):
    if shutil.which("pkg-config") is None:
        return False, f"without pkg-config nobody finds {name}", "pkg-config"
    found = said("pkg-config", "--modversion", name)
    return (True, f"{name} {found} is there to build with", None) if found is not None else (False, f"the headers of {name} are not there", needs)


def built(extension):
    return (True, f"{extension} is built", None) if extension.exists() else (True, f"{extension} is not built yet: make does it", None)


def place(folder, is_below_windows):
    """SQLite's locks do not hold on a drive of Windows as WSL shows it."""
    if is_below_windows and re.match(r"/mnt/[a-z](/|$)", str(folder)):
        return False, f"{folder} is on a drive of Windows, where locks of files do not hold and all is slow", "move it into the file system of Linux: mv it below ~"
    return True, f"{folder} is a place for a database" + (", in WSL" if is_below_windows else ""), None


def advice(kind, missing):
    """What to run for what is missing: one command for all packages, then the rest."""
    command, names = PACKAGES.get(kind, (None, {}))
    packages = list(dict.fromkeys(names[each] for each in missing if each in names))
    others = list(dict.fromkeys(each for each in missing if each not in PACKAGES["debian"][1]))
    unknown = [each for each in missing if not names and each in PACKAGES["debian"][1]]
    lines = [f"{command} {' '.join(packages)}"] if packages else []
    if kind == "macos" and {"sqlite3", "sqlite.h"} & set(missing):
        lines.append('export PATH="$(brew --prefix sqlite)/bin:$PATH" PKG_CONFIG_PATH="$(brew --prefix sqlite)/lib/pkgconfig"')
    if unknown:
        lines.append("install with this system's packages: " + ", ".join(unknown))
    return lines + others
