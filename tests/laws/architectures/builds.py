"""Builds of the extension that must give the same answers: other compilers, levels of optimisation, vector instructions,
with and without threads, other processors.

    python tests/laws/architectures/builds.py --build build        # what `make architectures` runs

Builds for arm64, for arm of 32 bits, for s390x, whose numbers have their high byte first, and for x86 with 32 bits, with Debian's cross compilers; runs them under
qemu beside a build for this machine, and prints for each whether all answers to statements.sql are the same, bit for bit, and all
rows that the stages make of a real runner's activities.
SQLite and cJSON for those processors are downloaded with apt-get into the build folder, where nothing is installed. For 32
bits SQLite is compiled from source, in doubles of 64 bits.

The same for other systems of this processor: musl, and Windows, whose programs run under wine. There SQLite and
cJSON are compiled from source: the one that npm's better-sqlite3 carries, and Debian's. The shared library is also loaded
into that SQLite. The build for WebAssembly that the page has runs in Node. What is compared besides are the pictures of a report.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

sys.path.append(str(ROOT / "sql" / "tools"))

from common import database  # noqa: E402
from helpers.machine import debian  # noqa: E402
from helpers.stores.file_rows import differences, rows_of  # noqa: E402

PACKAGES = ["libsqlite3-0", "libsqlite3-dev", "libcjson1", "libcjson-dev"]
# On s390x gcc computes float as double when a standard is asked for, which elementary.c refuses.
PROCESSORS = {
    "arm64": ("aarch64-linux-gnu", "qemu-aarch64", "-O3"),
    "armhf": ("arm-linux-gnueabihf", "qemu-arm", "-O3 -Wno-psabi"),
    "s390x": ("s390x-linux-gnu", "qemu-s390x", "-O3 -fexcess-precision=fast"),
    "i386": ("i686-linux-gnu", "qemu-i386", "-O3 -msse2 -mfpmath=sse -ffp-contract=off -Wno-psabi"),
}
# Debian's SQLite for i386 computes in the registers of x87, of 80 bits: its own + and * round twice, whatever an extension does.
OWN_SQLITE = {"i386"}

# Compiler, flags, how its programs are run, name of the shared library.
SYSTEMS = {
    "musl": ("musl-gcc", "-O3", [], "athlete.so"),
    "windows": ("x86_64-w64-mingw32-gcc", "-O3", ["/usr/lib/wine/wine64"], "athlete.dll"),
}
BETTER_SQLITE = "better-sqlite3@12.11.1"


def build(folder, compiler, flags, include=(), library=(), archiver="ar"):
    """The program that prints digests, with the extension linked to it."""
    cflags = " ".join([flags, *include])
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", ROOT, f"BUILD={folder}", "BY_FOLDER=1", f"CC={compiler}", f"AR={archiver}", f"CFLAGS={cflags}", "parts"], check=True)
    return linked(folder, compiler, folder / "parts.a", include, library)


def linked(folder, compiler, parts, include=(), library=()):
    program = folder / "digest"
    subprocess.run([compiler, "-std=c11", "-O1", *include, f"-I{ROOT}/ext", "-DSQLITE_CORE", "-o", program, HERE / "digest.c",
                    parts, *library, "-lsqlite3", "-lcjson", "-lm", "-pthread"], check=True)  # fmt: skip
    return program


def digests(*program, script=HERE / "statements.sql", files=()):
    """name -> the set of digests of all rows of that name."""
    found = collections.defaultdict(set)
    out = subprocess.run([*program, script, *files], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    for line in out.stdout.splitlines():
        digest, _, name = line.partition("  ")
        found[name].add(digest)
    return dict(found)


DOCUMENTS = [*ROOT.glob("tests/data/strava-api/runner/*.json"), *ROOT.glob("schemas/features/*.json"), *ROOT.glob("schemas/models/*.json")]


def stages(folder, *program):
    """All rows of a real runner's file when every stage has run over it, within the build and its SQLite."""
    path, script = folder / "runner.db", folder / "stages.sql"
    path.unlink(missing_ok=True)
    run_layers(path, script, program, "[01]")  # which make the inbox
    fill_inbox(path)
    run_layers(path, script, program, "[0-9]")
    return rows_of(path)


REPORT = "CREATE TEMP TABLE report AS SELECT athlete_id FROM silver_strava_activities LIMIT 1;\n"


def pictures(folder, *program):
    """The digests of the sections of a report, by heading, of the file that stages() has left."""
    script = folder / "report.sql"
    script.write_text(REPORT + database.script(database.SQL / "reports" / "report.sql"))
    return digests(*program, script=script, files=[folder / "runner.db"])


def everything(folder, *program):
    """The digests of all statements and pictures, and the rows of the stages."""
    rows = stages(folder, *program)
    return {**digests(*program), **pictures(folder, *program)}, rows


def run_layers(path, script, program, layers):
    script.write_text("\n".join(file.read_text() for file in sorted(ROOT.glob(f"sql/{layers}_*/**/*.sql"))))
    out = subprocess.run([*program, script, path], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr


def fill_inbox(path):
    bodies = [(file.name, file.read_text()) for file in sorted(DOCUMENTS)]
    with (ROOT / "sql/data/race-times/runners.csv").open() as file:
        bodies.append(("runners.csv", json.dumps(list(csv.DictReader(file)))))
    db = sqlite3.connect(path)
    db.executemany("INSERT INTO bronze_inbox (source, body, received_at) VALUES (?, ?, '2025-12-01T00:00:00Z')", bodies)
    db.commit()
    db.close()


def fetch_libraries(folder, architecture):
    """SQLite and cJSON of another processor, unpacked into a folder."""
    root = folder / "root"
    if not (root / "done").exists():
        packages = debian.fetch(folder, "download", PACKAGES, f"APT::Architecture={architecture}", f"APT::Architectures={architecture}")
        for package in packages.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        (root / "done").touch()
    return root


def foreign(folder, architecture, sqlite):
    """The digests of a build for another processor, and the rows of its stages."""
    triple, qemu, flags = PROCESSORS[architecture]
    root = fetch_libraries(folder, architecture)
    libraries = root / "usr" / "lib" / triple.replace("i686", "i386")
    include, library = [f"-I{root}/usr/include"], [f"-L{libraries}"]
    if architecture in OWN_SQLITE:
        compile_sqlite(folder / "libsqlite3.a", triple, flags, sqlite)
        include, library = [f"-I{sqlite}", *include], [f"-L{folder}", *library]
    program = build(folder, f"{triple}-gcc", flags, include, library, f"{triple}-ar")
    started = [qemu, "-L", f"/usr/{triple}", "-E", f"LD_LIBRARY_PATH={libraries}"]
    return everything(folder, *started, program)


def compile_sqlite(archive, triple, flags, source):
    if not archive.exists():
        made = archive.with_suffix(".o")
        subprocess.run([f"{triple}-gcc", *flags.split(), "-w", "-c", "-o", made, source / "sqlite3.c"], check=True)
        subprocess.run([f"{triple}-ar", "rcs", archive, made], check=True)


def fetch_sources(folder):
    """The folders of the sources of SQLite, one file, and of cJSON with Debian's corrections."""
    sqlite, cjson = folder / "package" / "deps" / "sqlite3", folder / "cjson"
    if not (folder / "done").exists():
        packages = debian.fetch_sources(folder, "cjson")
        subprocess.run(["dpkg-source", "--no-check", "--extract", next(packages.glob("cjson_*.dsc")), cjson], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["npm", "pack", "--silent", BETTER_SQLITE], check=True, cwd=folder, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "xzf", *folder.glob("better-sqlite3-*.tgz"), "package/deps/sqlite3"], check=True, cwd=folder)
        (folder / "done").touch()
    return sqlite, cjson


def on_system(folder, name, sqlite, cjson):
    """The digests of a build for another system, the rows of its stages, and what its SQLite says when it loads the shared library."""
    compiler, flags, runner, library = SYSTEMS[name]
    folder.mkdir(parents=True, exist_ok=True)
    sqlite_object = folder / "sqlite3.o"
    if not sqlite_object.exists():
        subprocess.run([compiler, *flags.split(), "-w", "-c", "-o", sqlite_object, sqlite / "sqlite3.c"], check=True)
    cflags = f"{flags} -isystem {sqlite}"
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", ROOT, f"BUILD={folder}", f"CC={compiler}", f"CFLAGS={cflags}", f"CJSON_SRC={cjson}", "all", "parts"], check=True)

    def program(name, *needs):
        path = folder / f"{name}.exe"
        subprocess.run([compiler, "-std=c11", *cflags.split(), f"-I{ROOT}/ext", "-DSQLITE_CORE", "-o", path, HERE / f"{name}.c", *needs,
                        sqlite_object, "-lm", *([] if library.endswith(".dll") else ["-ldl"]), "-pthread"], check=True)  # fmt: skip
        return path

    os.environ.update(WINEPREFIX=str(folder / "wine"), WINEDEBUG="-all")
    loads = subprocess.run([*runner, program("loads"), folder / library], capture_output=True, text=True)
    return *everything(folder, *runner, program("digest", folder / "parts.a")), loads.stdout.strip()


def on_wasm(folder):
    """The same of the build that the page has, in Node."""
    subprocess.run(["make", "-s", "-C", ROOT, "wasm", f"BUILD={folder.parent.parent}", f"DIST={folder}"], check=True, stdout=subprocess.DEVNULL)
    folder.mkdir(parents=True, exist_ok=True)
    return everything(folder, "node", HERE / "digest.cjs", folder.parent.parent / "wasm")


def report(name, here, there, note=""):
    """Prints how the answers and rows of a build differ from those of this machine; what they are called."""
    (here, rows), (there, made) = here, there
    different = [each for each in here if there.get(each) != here[each]] + [each for each in there if each not in here]
    different += [f"table {each}" for each in differences(rows, made)]
    print(f"{'FAIL' if different else 'PASS'} {name}: {len(there)} answers and {sum(len(found) for _, found in made.values())} rows of the stages, "
          f"{len(different)} different from those of this machine{note}", flush=True)  # fmt: skip
    for each in different[:20]:
        print(f"     {each}")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    folder = parser.parse_args().build.resolve() / "architectures"
    program = build(folder / "here", "gcc", "-O3")
    here = everything(folder / "here", program)
    wrong = [name for name, found in here[0].items() if len(found) > 1]
    sources = fetch_sources(folder / "sources")
    for system in SYSTEMS:
        *there, said = on_system(folder / system, system, *sources)
        wrong += report(system, here, there, f"; loaded: {said}") + ([] if re.fullmatch(r"athlete \d+\.\d+\.\d+", said) else [said])
    wrong += report("wasm", here, on_wasm(folder / "wasm"))
    for architecture in PROCESSORS:
        wrong += report(architecture, here, foreign(folder / architecture, architecture, sources[0]))
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
