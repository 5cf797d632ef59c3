"""Where a fleet lies: a folder of partitions, each written whole or not at all.

    manifest.json                    how many partitions there are, for ever
    pool.db, template.db             the models, and what an athlete's file begins as
    partition=00007                  a link to the version that holds
    .versions/00007-…/               files/<athlete>.db, <table>.parquet, athletes.parquet, rejects.parquet,
                                     refused/<athlete>.ndjson: objects of an athlete whose run failed, for the next one

A version is made beside the one that holds, and the link renamed over the link before: whoever reads has the one or the other. Two
tasks at the same partition make two versions with the same rows.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import uuid

from common.database import Failure
from keys import partition_of

FORMAT = 1


class Place:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self.pool, self.template = self.folder / "pool.db", self.folder / "template.db"
        self._manifest = self.folder / "manifest.json"

    # --- the folder --------------------------------------------------------------------------------------------------------

    def make(self, partitions):
        """Makes the folder, or keeps it: the number of partitions is told once."""
        if self._manifest.exists():
            if partitions not in (None, self.partitions):
                raise Failure(f"{self.folder} has {self.partitions} partitions, which stay; {partitions} were asked for")
            return
        if partitions is None:
            partitions = 16
        if not 1 <= partitions <= 99999:
            raise Failure(f"partitions is {partitions} where a number from 1 to 99999 belongs")
        (self.folder / ".versions").mkdir(parents=True, exist_ok=True)
        told = {"format": FORMAT, "partitions": partitions, "partition": "first 8 bytes of sha256(athlete_id), big-endian, modulo partitions"}
        _written(self._manifest, json.dumps(told, indent=2) + "\n")

    @property
    def partitions(self):
        try:
            told = json.loads(self._manifest.read_text())
        except FileNotFoundError:
            raise Failure(f"{self.folder} is no fleet: it has no {self._manifest.name}") from None
        if told["format"] != FORMAT:
            raise Failure(f"{self._manifest} is of format {told['format']}; this athlete reads {FORMAT}")
        return told["partitions"]

    @contextlib.contextmanager
    def alone(self):
        """One job at a time. What earlier ones left half done is removed."""
        with open(self._manifest) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"another job works in {self.folder}") from None
            held = {os.readlink(link) for link in self.folder.glob("partition=*")}
            for version in (self.folder / ".versions").iterdir():
                if f".versions/{version.name}" not in held:
                    shutil.rmtree(version)
            for link in self.folder.glob(".link-*"):
                link.unlink()
            yield

    # --- partitions --------------------------------------------------------------------------------------------------------

    def link(self, number):
        return self.folder / f"partition={number:05d}"

    def version(self, number):
        """The folder that holds now, None before the first."""
        try:
            return self.folder / os.readlink(self.link(number))
        except FileNotFoundError:
            return None

    def begin(self, number):
        version = self.folder / ".versions" / f"{number:05d}-{uuid.uuid4().hex}"
        for room in ("files", "refused"):
            (version / room).mkdir(parents=True)
        return version

    def publish(self, number, version):
        os.sync()  # whole on the disk before it is named
        fresh = self.folder / f".link-{uuid.uuid4().hex}"
        fresh.symlink_to(f".versions/{version.name}")
        os.replace(fresh, self.link(number))

    # --- reading -----------------------------------------------------------------------------------------------------------

    def files(self):
        return sorted(self.folder.glob("partition=*/files/*.db"))

    def file_of(self, athlete):
        path = self.link(partition_of(athlete, self.partitions)) / "files" / f"{athlete}.db"
        if not path.exists():
            raise Failure(f"there is no athlete {athlete} in {self.folder}")
        return path


def _written(path, text):
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text)
    os.replace(fresh, path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
