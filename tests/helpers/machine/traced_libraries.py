"""SQLite and cJSON as this machine has them, compiled with frame pointers.

    python tests/helpers/machine/traced_libraries.py <folder>                     leaves libsqlite3.so.0 and libcjson.so.1 there
    python tests/helpers/machine/traced_libraries.py --sqlite-alone <folder>      leaves the amalgamation with its shell there

AddressSanitizer notes the stack of every allocation. Debian's libraries have no frame pointers, so that it would have to
read their unwind tables each time, which makes the tests several times as slow; without, a stack ends in the library and
a leak does not say whose it is. The sources are Debian's of the same upstream version, the options those that the
library in use tells.
"""

import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

import debian

FLAGS = ["-O1", "-g1", "-fPIC", "-shared", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fno-strict-aliasing"]
# What changes SQLite's answers or its memory; the parser's own options would need another parser.
OPTION = re.compile(r"(?:ENABLE_(?!UPDATE_DELETE_LIMIT)|OMIT_|SECURE_DELETE|SOUNDEX|USE_URI|LIKE_DOESNT|MAX_VARIABLE_NUMBER|MAX_DEFAULT_PAGE_SIZE|THREADSAFE)")


def unpack(archive, folder):
    """The single folder that an archive of sources holds."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder)
        return folder / opened.getnames()[0].split("/")[0]


def compiled(folder, name, source, *flags):
    subprocess.run(["gcc", *FLAGS, f"-Wl,-soname,{name}", "-o", folder / name, source, *flags, "-lm", "-ldl", "-pthread"], check=True)


def made_sqlite(archives, folder, *files):
    """Where its sources are, with those that are made of others."""
    sqlite = unpack(next(archives.glob("sqlite3_*.orig.tar.*")), folder)
    with (folder / "log").open("w") as log:
        for command in (["./configure", "--disable-tcl", "--disable-readline"], ["make", *files]):
            subprocess.run(command, cwd=sqlite, stdout=log, stderr=log, check=True)
    return sqlite


def sqlite_alone(folder):
    files = "sqlite3.c", "sqlite3.h", "shell.c"
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        work = pathlib.Path(name)
        sqlite = made_sqlite(debian.fetch_sources(work / "apt", "sqlite3"), work, *files)
        (work / "made").mkdir()
        for file in files:
            shutil.copy(sqlite / file, work / "made")
        shutil.rmtree(folder, ignore_errors=True)
        (work / "made").rename(folder)


def main():
    folder = pathlib.Path(sys.argv[-1]).resolve()
    if sys.argv[1] == "--sqlite-alone":
        folder.parent.mkdir(parents=True, exist_ok=True)
        return sqlite_alone(folder)
    archives = debian.fetch_sources(folder / "apt", "sqlite3", "cjson")
    sqlite = made_sqlite(archives, folder, "sqlite3.c", "shell.c")
    options = [name for (name,) in sqlite3.connect(":memory:").execute("PRAGMA compile_options") if OPTION.match(name)]
    compiled(folder, "libsqlite3.so.0", sqlite / "sqlite3.c", "-DHAVE_ISNAN", *(f"-DSQLITE_{option}" for option in options))
    cjson = unpack(next(archives.glob("cjson_*.orig.tar.*")), folder)
    compiled(folder, "libcjson.so.1", cjson / "cJSON.c", "-DENABLE_LOCALES")


if __name__ == "__main__":
    main()
