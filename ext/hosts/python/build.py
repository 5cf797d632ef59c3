"""Makes the wheel of a built extension: python ext/hosts/python/build.py build/wheel/athlete.so dist

What the wheel holds is gathered in a folder beside the extension: the package, and in athlete/project the library, the stages, the
definitions and the modules of the tools, as they stand in this repository. Its tag is the oldest C library that has every symbol which the
extension asks for, as auditwheel finds."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from project import STAGES, gather, version  # noqa: E402

TOOLS = ["sql/migrations/*/*.sql", "sql/migrations/*/*/*.sql", "sql/tools/common/**/*.py"]


MACHINES = {62: "x86_64", 183: "aarch64", 22: "s390x", 40: "armv7l"}  # as ELF numbers them


def machine(extension):
    """The processor that a library is for, which need not be this one; None where it is no ELF."""
    head = extension.read_bytes()[:20]
    return MACHINES.get(int.from_bytes(head[18:20], "little" if head[5:6] == b"\1" else "big")) if head[:4] == b"\x7fELF" else None


def tagged(wheel, folder):
    """The wheel under the name that says where it runs."""
    told = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True, check=True).stdout
    tag = re.search(r'platform tag:\s*"(\w+)"', told)[1]
    subprocess.run([sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", tag, wheel], check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob(f"*{tag}.whl"))


def main(extension, target):
    extension, target = pathlib.Path(extension).resolve(), pathlib.Path(target).resolve()
    folder, made = extension.parent / "package", extension.parent / "made"
    gather(HERE, folder, extension, "athlete/project", *STAGES, *TOOLS)
    (folder / "VERSION").write_text(version() + "\n")
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", made, folder]
    processor = machine(extension)
    subprocess.run(command, check=True, env={**os.environ, **({"_PYTHON_HOST_PLATFORM": f"linux-{processor}"} if processor else {})})
    wheel = next(made.glob("*.whl"))
    if processor:
        wheel = tagged(wheel, made)
    target.mkdir(parents=True, exist_ok=True)
    print(shutil.copy(wheel, target))


if __name__ == "__main__":
    main(*sys.argv[1:])
