"""Builds of the extension that must give the same answers: other compilers, levels of optimisation, vector instructions,
with and without threads, other processors.

    python tests/laws/architectures/builds.py --build build        # what `make architectures` runs

Builds for arm64 and for s390x, whose numbers have their high byte first, with Debian's cross compilers; runs them under
qemu beside a build for this machine, and prints for each whether all answers to statements.sql are the same, bit for bit.
SQLite and cJSON for those processors are downloaded with apt-get into the build folder, where nothing is installed.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
PACKAGES = ["libsqlite3-0", "libsqlite3-dev", "libcjson1", "libcjson-dev"]
# On s390x gcc computes float as double when a standard is asked for, which elementary.c refuses.
PROCESSORS = {"arm64": ("aarch64-linux-gnu", "qemu-aarch64", "-O3"), "s390x": ("s390x-linux-gnu", "qemu-s390x", "-O3 -fexcess-precision=fast")}


def build(folder, compiler, flags, include=(), library=(), archiver="ar"):
    """The program that prints digests, with the extension linked to it."""
    cflags = " ".join([flags, *include])
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", ROOT, f"BUILD={folder}", f"CC={compiler}", f"AR={archiver}", f"CFLAGS={cflags}", "static"], check=True)
    program = folder / "digest"
    subprocess.run([compiler, "-std=c11", "-O1", *include, f"-I{ROOT}/ext", "-DSQLITE_CORE", "-o", program, HERE / "digest.c",
                    folder / "libathlete.a", *library, "-lsqlite3", "-lcjson", "-lm", "-pthread"], check=True)  # fmt: skip
    return program


def digests(program, *before):
    """name -> the set of digests of all rows of that name."""
    found = collections.defaultdict(set)
    out = subprocess.run([*before, program, HERE / "statements.sql"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    for line in out.stdout.splitlines():
        digest, _, name = line.partition("  ")
        found[name].add(digest)
    return dict(found)


def fetch_libraries(folder, architecture):
    """SQLite and cJSON of another processor, unpacked into a folder."""
    root = folder / "root"
    if not (root / "done").exists():
        for name in ("state/lists/partial", "cache/archives/partial", "root", "packages"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "state/status").touch()
        apt = ["apt-get", "-qq", "-o", f"APT::Architecture={architecture}", "-o", f"APT::Architectures={architecture}", "-o", f"Dir::State={folder}/state",
               "-o", f"Dir::State::status={folder}/state/status", "-o", f"Dir::Cache={folder}/cache", "-o", "APT::Sandbox::User=root"]  # fmt: skip
        subprocess.run([*apt, "update"], check=True)
        subprocess.run([*apt, "download", *PACKAGES], check=True, cwd=folder / "packages", stdout=subprocess.DEVNULL)
        for package in (folder / "packages").glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        (root / "done").touch()
    return root


def foreign(folder, architecture):
    """The digests of a build for another processor."""
    triple, qemu, flags = PROCESSORS[architecture]
    root = fetch_libraries(folder, architecture)
    libraries = root / "usr" / "lib" / triple
    program = build(folder, f"{triple}-gcc", flags, [f"-I{root}/usr/include"], [f"-L{libraries}"], f"{triple}-ar")
    return digests(program, qemu, "-L", f"/usr/{triple}", "-E", f"LD_LIBRARY_PATH={libraries}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    folder = parser.parse_args().build.resolve() / "architectures"
    here = digests(build(folder / "here", "gcc", "-O3"))
    wrong = [name for name, found in here.items() if len(found) > 1]
    for architecture in PROCESSORS:
        there = foreign(folder / architecture, architecture)
        different = wrong + [name for name in here if there.get(name) != here[name]] + [name for name in there if name not in here]
        print(f"{'FAIL' if different else 'PASS'} {architecture}: {len(there)} answers, {len(different)} different from those of this machine", flush=True)
        for name in different[:20]:
            print(f"     {name}")
        wrong += different
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
