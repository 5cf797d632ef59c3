"""Gathers a release: python ext/hosts/release.py <target> [<name>=<file or folder> …]

Each becomes <target>/athlete-<version>-<name>: a file as it is, a folder as .tar.gz whose bytes say nothing of when or by whom it was packed.
Packages of pip and npm keep the names that those ask for (their name here ends with `/`). Beside them the reference, the notes of this version,
a bill of materials in CycloneDX's JSON and SHA256SUMS, which `sha256sum -c` reads."""

import gzip
import hashlib
import io
import json
import pathlib
import re
import shutil
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from project import ROOT, version  # noqa: E402

# What of others is in which of our files; versions are read where it is compiled from.
OTHERS = {
    "cJSON": {"licenses": [{"license": {"id": "MIT"}}], "purl": "pkg:github/DaveGamble/cJSON@v{}", "description": "inside the packages for pip, npm, browsers and applications"},
    "SQLite": {"licenses": [{"license": {"id": "blessing"}}], "purl": "pkg:generic/sqlite@{}", "description": "inside the page; elsewhere the host's"},
}
DATA = [
    {"type": "data", "name": "race-times", "description": "a survey of runners' race times, in the stages; its licence lies beside it: sql/data/race-times"},
]


def packed(folder, inside):
    """A folder as the bytes of a .tar.gz, the same for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{inside}/{file.relative_to(folder).as_posix()}")
            entry.size, entry.mode = file.stat().st_size, 0o755 if file.stat().st_mode & 0o100 else 0o644
            with file.open("rb") as opened:
                archive.addfile(entry, opened)
    return gzip.compress(out.getvalue(), 9, mtime=0)


def notes():
    """The section of this version."""
    found = re.search(rf"^## {re.escape(version())}\b.*?(?=^## |\Z)", (HERE / "NOTES.md").read_text(), re.M | re.S)
    if found is None:
        raise SystemExit(f"ext/hosts/NOTES.md says nothing of version {version()}")
    return found[0]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def versions(cjson, sqlite):
    """Of the sources that are compiled in."""
    numbers = re.findall(r"#define CJSON_VERSION_\w+ (\d+)", (cjson / "cJSON.h").read_text())
    return {"cJSON": ".".join(numbers), "SQLite": re.search(r'#define SQLITE_VERSION +"(.*)"', (sqlite / "sqlite3.h").read_text())[1]}


def bill(files, others):
    """The bill of materials of files, and of what of others they hold."""
    ours = {"type": "library", "bom-ref": "athlete", "name": "athlete", "version": version(), "licenses": [{"license": {"id": "MIT"}}]}
    parts = [{"type": "library", "bom-ref": name, "name": name, "version": others[name], **about, "purl": about["purl"].format(others[name])} for name, about in OTHERS.items()]
    parts += [{**about, "bom-ref": about["name"]} for about in DATA]
    made = [{"type": "file", "bom-ref": file.name, "name": file.name, "hashes": [{"alg": "SHA-256", "content": digest(file)}]} for file in files]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": {"component": ours}, "components": [*parts, *made],
            "dependencies": [{"ref": "athlete", "dependsOn": [part["bom-ref"] for part in parts]}]}  # fmt: skip


def main(target, cjson, sqlite, *given):
    target, name = pathlib.Path(target), f"athlete-{version()}"
    target.mkdir(parents=True, exist_ok=True)
    told = notes()
    for kind, path in (word.split("=", 1) for word in given):
        path = pathlib.Path(path)
        if path.is_dir():
            (target / f"{name}-{kind}.tar.gz").write_bytes(packed(path, f"{name}-{kind}"))
        else:
            shutil.copyfile(path, target / (path.name if kind.endswith("/") else f"{name}-{kind}"))
    shutil.copyfile(ROOT / "ext" / "REFERENCE.md", target / f"{name}-reference.md")
    (target / f"{name}-notes.md").write_text(told)
    files = sorted(file for file in target.iterdir() if file.name != "SHA256SUMS" and not file.name.endswith(".cdx.json"))
    bill_of = target / f"{name}-sbom.cdx.json"
    bill_of.write_text(json.dumps(bill(files, versions(pathlib.Path(cjson), pathlib.Path(sqlite))), indent=1) + "\n")
    files = sorted([*files, bill_of])
    (target / "SHA256SUMS").write_text("".join(f"{digest(file)}  {file.name}\n" for file in files))
    for file in files:
        print(f"{file.stat().st_size / 1e6:8.2f} MB  {file.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
