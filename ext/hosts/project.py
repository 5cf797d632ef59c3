"""What a package of any host carries of this repository, in the places that it has here."""

import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = ["sql/[0-9]_*/**/*.sql", "sql/data/**/*.csv", "sql/data/**/*.md", "schemas/models/*.json", "schemas/features/*.json"]


def version():
    return re.search(r'ATHLETE_VERSION "(.*)"', (ROOT / "ext" / "base" / "version.h").read_text())[1]


def gather(host, folder, extension, project, *patterns):
    """A host's own files into a folder, and into its `project` the library and the files of these patterns; the licence beside."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(host, folder, ignore=shutil.ignore_patterns("__pycache__", "build.py"))
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    carried = {file.relative_to(ROOT): file for pattern in patterns for file in sorted(ROOT.glob(pattern))}
    carried[pathlib.Path("build") / extension.name] = extension
    for place, file in carried.items():
        target = folder / project / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
