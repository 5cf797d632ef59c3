"""apt-get with lists of its own in a folder, where nothing is installed and no one's rights are needed."""

import pathlib
import re
import subprocess

SOURCES = pathlib.Path("/etc/apt")


def apt(folder, *options):
    """The command of an apt-get whose state is in a folder; options are apt's own, "Name=value"."""
    for name in ("state/lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "state" / "status").touch()
    own = [f"Dir::State={folder}/state", f"Dir::State::status={folder}/state/status", f"Dir::Cache={folder}/cache", "APT::Sandbox::User=root"]
    return ["apt-get", "-qq", *(word for option in [*own, *options] for word in ("-o", option))]


def fetch(folder, what, names, *options):
    """Downloads packages ("download") or their sources ("source") into <folder>/packages, which it returns."""
    command = apt(folder, *options)
    subprocess.run([*command, "update"])  # while a mirror is renewed one list may fail, which the download may not need
    subprocess.run([*command, what, *(["--download-only"] if what == "source" else []), *names], check=True, cwd=folder / "packages", stdout=subprocess.DEVNULL)
    return folder / "packages"


def of_sources(text):
    """A list of archives that asks for sources where it asked for packages: in one line each, or in paragraphs."""
    return re.sub(r"^(Types:.*?)\bdeb\b(?!-)|^deb\b(?!-)", lambda m: f"{m[1] or ''}deb-src", text, flags=re.M)


def fetch_sources(folder, *names):
    """The sources of packages from the archives that this machine installs from."""
    parts = folder / "lists"
    parts.mkdir(parents=True, exist_ok=True)
    found = [p for pattern in ("sources.list", "sources.list.d/*.list", "sources.list.d/*.sources") for p in SOURCES.glob(pattern)]
    for path in found:
        (parts / path.name).write_text(of_sources(path.read_text()))
    (parts / "sources.list").touch()
    return fetch(folder, "source", names, f"Dir::Etc::SourceList={parts}/sources.list", f"Dir::Etc::SourceParts={parts}")
