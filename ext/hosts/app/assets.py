"""Writes what an application carries besides the library: python ext/hosts/app/assets.py <folder>

In `stages` the stages, in the order of their names; in `inbox` the documents that land before the athlete's own data: definitions of feature
groups and models, and the race survey as JSON."""

import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "sql" / "tools")]
sys.dont_write_bytecode = True

from common import inbox, stages  # noqa: E402


def main(folder):
    folder = pathlib.Path(folder)
    for name in ("stages", "inbox"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for file in stages.all_of_them():
        shutil.copyfile(file, folder / "stages" / file.name)
    for file in stages.shipped():
        for source, text in inbox.opened(str(file)):
            (folder / "inbox" / f"{pathlib.Path(source).stem}.json").write_bytes(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
