"""Makes the npm package of a built extension: python ext/hosts/npm/build.py build/wheel/athlete.so dist"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from project import STAGES, gather, version  # noqa: E402


def main(extension, target):
    extension, target = pathlib.Path(extension).resolve(), pathlib.Path(target).resolve()
    folder = extension.parent / "npm"
    gather(HERE, folder, extension, "project", *STAGES)
    about = json.loads((folder / "package.json").read_text())
    (folder / "package.json").write_text(json.dumps({**about, "version": version()}, indent=2) + "\n")
    target.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", target], cwd=folder, check=True, capture_output=True, text=True)
    print(target / done.stdout.strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
