"""What a worker must have before it begins: a sentence now instead of a thousand failures later."""

import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess

import place
import shell
from common import stages
from common.database import OLDEST, Failure, sqlite3
from scratch import remote

MACHINES = {0x3E: ("x86_64", "amd64"), 0xB7: ("aarch64", "arm64"), 0x28: ("armv7l", "armhf"), 0x16: ("s390x",), 0x03: ("i386", "i486", "i586", "i686")}


def worker(extension, extension_sha256, scratch, stages_are=None):
    """Raises Failure with what is missing here."""
    _library(pathlib.Path(extension), extension_sha256)
    if stages_are not in (None, stages_sha256()):
        raise Failure(f"the stages of this worker ({platform.node()}) are others than the driver's: install the same version everywhere")
    _sqlite(extension)
    _scratch(pathlib.Path(scratch))


def stages_sha256():
    """Of the stages and definitions that are here."""
    whole = hashlib.sha256()
    for file in [*stages.all_of_them(), *sorted(stages.SCHEMAS.glob("features/*.json"))]:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _library(extension, expected):
    if not extension.is_file():
        raise Failure(f"this worker ({platform.node()}) has no {extension}")
    if place.digest(extension) != expected:
        raise Failure(f"{extension} of this worker ({platform.node()}) is another build than the driver's: install the same one everywhere")
    with open(extension, "rb") as file:
        head = file.read(20)
    if head[:4] == b"\x7fELF":
        built_for = MACHINES.get(int.from_bytes(head[18:20], "little" if head[5] == 1 else "big"), ("another processor",))
        if platform.machine().lower() not in built_for:
            raise Failure(f"{extension} is built for {built_for[0]}, and this worker ({platform.node()}) is {platform.machine()}")


def _sqlite(extension):
    if not shell.is_needed():
        if sqlite3.sqlite_version_info < OLDEST:
            raise Failure(f"this worker's Python has SQLite {sqlite3.sqlite_version} where at least {_dotted(OLDEST)} is needed")
        db = sqlite3.connect(":memory:")
        db.enable_load_extension(True)
        try:
            db.load_extension(str(extension).removesuffix(".so"))
        except sqlite3.Error as error:
            raise Failure(f"this worker cannot load {extension}: {error}") from error
        finally:
            db.close()
        return
    program = shutil.which("sqlite3")
    if program is None:
        raise Failure("this worker's Python loads no SQLite extensions, and there is no sqlite3 shell to do it instead: apt-get install sqlite3")
    told = re.match(r"(\d+)\.(\d+)\.(\d+)", subprocess.run([program, "--version"], capture_output=True, text=True).stdout)
    version = tuple(map(int, told.groups())) if told else ()
    if version < OLDEST:
        raise Failure(f"this worker's Python loads no SQLite extensions, and its sqlite3 shell is {_dotted(version) or 'none'} where at least {_dotted(OLDEST)} is needed")


def _dotted(version):
    return ".".join(map(str, version))


def _scratch(folder):
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise Failure(f"scratch is {folder}, where this worker cannot write")
    if kind := remote(folder):
        raise Failure(f"scratch is {folder}, on {kind}: SQLite's locks need a disk of this machine's own")
