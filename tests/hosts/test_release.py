"""A release: archives that are the same twice, checksums and a bill of materials that agree with them, and one place that says the version."""

import hashlib
import importlib.util
import json
import random
import re
import subprocess
import sys
import tarfile
import tomllib

import pytest

from helpers.extension import ROOT

pytestmark = pytest.mark.unsanitized  # it loads nothing

HOSTS = ROOT / "ext" / "hosts"


def release():
    spec = importlib.util.spec_from_file_location("athlete_release", HOSTS / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERSION = re.search(r'ATHLETE_VERSION "(.*)"', (ROOT / "ext/base/version.h").read_text())[1]


def sources(folder):
    """What stands in the headers of others."""
    folder.mkdir()
    (folder / "cJSON.h").write_text("#define CJSON_VERSION_MAJOR 1\n#define CJSON_VERSION_MINOR 7\n#define CJSON_VERSION_PATCH 42\n")
    (folder / "sqlite3.h").write_text('#define SQLITE_VERSION        "3.99.1"\n')
    return folder


def made(folder, seed):
    """A release of random files in an order of their own, and what it was made of."""
    rng, given = random.Random(seed), {}
    for name in rng.sample(["source", "amalgamation", "assets", "linux-x86_64"], 3):
        for _ in range(rng.randrange(1, 6)):
            file = folder / name / "/".join(rng.choice(["a", "b b", "é", "c.sql"]) for _ in range(rng.randrange(1, 4))) / f"{rng.randrange(100)}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(rng.randbytes(rng.randrange(3000)))
            given.setdefault(name, {})[file.relative_to(folder / name).as_posix()] = file.read_bytes()
    (folder / "x.whl").write_bytes(rng.randbytes(99))
    (folder / "page.html").write_bytes(rng.randbytes(99))
    named = [*(f"{name}={folder / name}" for name in given), f"wheel/={folder / 'x.whl'}", f"page.html={folder / 'page.html'}"]
    command = [sys.executable, HOSTS / "release.py", folder / "out", *[sources(folder / "others")] * 2, *named]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "out", given


@pytest.mark.parametrize("seed", range(3))
def test_archives_hold_what_was_given_are_the_same_twice_and_their_sums_are_those_of_sha256sum(tmp_path, seed):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (out, given), (again, _) = made(tmp_path / "one", seed), made(tmp_path / "two", seed)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {file.name: file.read_bytes() for file in again.iterdir()}
    for name, files in given.items():
        with tarfile.open(out / f"athlete-{VERSION}-{name}.tar.gz") as archive:
            assert {entry.name: archive.extractfile(entry).read() for entry in archive} == {f"athlete-{VERSION}-{name}/{path}": text for path, text in files.items()}
            assert {(entry.mtime, entry.uid, entry.uname) for entry in archive} == {(0, 0, "")}
    assert subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=out, capture_output=True).returncode == 0
    summed = {line.split("  ")[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    assert summed == {file.name for file in out.iterdir()} - {"SHA256SUMS"} and {"x.whl", f"athlete-{VERSION}-page.html", f"athlete-{VERSION}-notes.md"} <= summed


def test_the_bill_of_materials_names_every_file_by_its_hash_and_all_of_others_by_version(tmp_path):
    out, _ = made(tmp_path, 9)
    bill = json.loads((out / f"athlete-{VERSION}-sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "1.5", VERSION)
    files = {part["name"]: part["hashes"][0]["content"] for part in bill["components"] if part["type"] == "file"}
    assert files == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.iterdir() if file.name != "SHA256SUMS" and not file.name.endswith("cdx.json")}
    others = {part["name"]: part["version"] for part in bill["components"] if part["type"] == "library"}
    assert others == {"cJSON": "1.7.42", "SQLite": "3.99.1"}
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == len(references) and set(bill["dependencies"][0]["dependsOn"]) <= set(references)


def test_the_version_is_said_in_one_place_and_the_notes_have_a_section_for_it():
    project = tomllib.loads((HOSTS / "python" / "pyproject.toml").read_text())["project"]
    assert "version" not in project and "version" in project["dynamic"] and "version" not in json.loads((HOSTS / "npm" / "package.json").read_text())
    said = re.compile(rf"""["'/]v?{re.escape(VERSION)}["']""")
    tracked = subprocess.run(["git", "ls-files", "ext", "sql/tools", "Makefile"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    code = [name for name in tracked if name.endswith((".c", ".h", ".py", ".js", ".ts", ".json", ".toml", ".mk")) or name == "Makefile"]
    assert [name for name in code if said.search((ROOT / name).read_text(encoding="utf-8"))] == ["ext/base/version.h"]
    assert release().notes().startswith(f"## {VERSION}\n") and len(release().notes()) > 200


def test_a_version_without_notes_is_not_released(monkeypatch):
    module = release()
    monkeypatch.setattr(module, "version", lambda: "99.0.0")
    with pytest.raises(SystemExit, match="says nothing of version 99.0.0"):
        module.notes()
